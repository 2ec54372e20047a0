//! Rules, secrets and records reach every call of the real CLI, not only those that it asks about.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command as Program;

use adjutant::config;
use adjutant::core::approval::Decision;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::event::EventKind;
use adjutant::core::grant::GrantRule;
use adjutant::core::grant::GrantTerms;
use adjutant::core::permission::PermissionMode;
use adjutant::core::session::SessionSpec;
use serde_json::json;

use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::Reply;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::rig::Rig;

fn bash(command: &str) -> Reply {
    tool("Bash", json!({ "command": command, "description": "look" }))
}

/// An engine with these rules in a repository that has a secret file and a folder.
async fn rig_with(cli: &Path, rules: &str, script: impl Fn(&Path) -> Vec<Reply>) -> (Rig, Api) {
    let api = Api::start(&[]).await;
    let parsed = config::parse(rules).unwrap().approvals;
    let rig = Rig::with(vec![cli.display().to_string()], Some(&api), |config| {
        config.approvals = parsed;
        // Without it the CLI refuses to run everything unasked as the superuser, as whom some machines run tests.
        let profile = config.profiles.values_mut().next().unwrap();
        profile.env.insert("IS_SANDBOX".into(), "1".into());
    });
    let project = rig.project();
    std::fs::create_dir_all(project.join("sub")).unwrap();
    for name in [".env", "a.txt", "sub/b.txt"] {
        std::fs::write(project.join(name), "KEY=stands-in-for-a-secret\n").unwrap();
    }
    for arguments in [
        &["init", "-q"][..],
        &["add", "-A"],
        &["-c", "user.email=a@b.c", "-c", "user.name=n", "commit", "-qm", "first"],
    ] {
        let done = Program::new("git").args(arguments).current_dir(&project).output().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    let real = std::fs::canonicalize(&project).unwrap();
    api.script("look at it", script(&real));
    (rig, api)
}

fn rule(tool: &str, condition: &str, action: &str) -> String {
    format!("[[approvals.rules]]\ntool = \"{tool}\"\n{condition}\naction = \"{action}\"\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn deny_rules_reach_calls_that_the_cli_would_run_unasked() {
    async fn test(cli: PathBuf) {
        for mode in [PermissionMode::Default, PermissionMode::AcceptEdits, PermissionMode::BypassPermissions] {
            let rules = [
                rule("Read", "path = \"**/.env*\"", "deny"),
                rule("Bash", "command = \"cat\"", "deny"),
                rule("Bash", "command = \"git log\"", "deny"),
            ]
            .concat();
            let (mut rig, api) = rig_with(&cli, &rules, |project| {
                let read = |name: &str| tool("Read", json!({ "file_path": project.join(name) }));
                vec![read(".env"), bash("cat a.txt"), bash("ls; git log -1"), read("a.txt"), bash("ls"), text("done")]
            })
            .await;
            let directory = rig.project().display().to_string();
            let spec = SessionSpec { directory, mode: Some(mode), ..SessionSpec::default() };
            let id = rig.open_spec(spec).await;
            rig.prompt(id, "look at it").await;
            assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
            let denied = rig.events.iter().filter(|event| matches!(event.kind, EventKind::DeniedByPolicy { .. }));
            assert_eq!(denied.count(), 3, "{mode:?}");
            let results = api.tool_results();
            assert_eq!(results.iter().filter(|result| result.contains("A rule of the user denies")).count(), 3);
            // The file's text came only from the one that may be read.
            assert_eq!(results.iter().filter(|result| result.contains("stands-in-for")).count(), 1, "{results:?}");
            let passed =
                rig.events.iter().filter(|event| matches!(&event.kind, EventKind::CallJudged { asked: None, .. }));
            assert_eq!(passed.count(), 2);
            rig.end().await;
        }
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn ask_rules_and_secret_files_are_asked_in_every_mode() {
    async fn test(cli: PathBuf) {
        for mode in PermissionMode::ALL {
            let (mut rig, api) = rig_with(&cli, &rule("Bash", "command = \"ls\"", "ask"), |project| {
                vec![
                    bash("ls"),
                    bash("head -n1 .env"),
                    tool("Read", json!({ "file_path": project.join(".env") })),
                    text("done"),
                ]
            })
            .await;
            let directory = rig.project().display().to_string();
            let id = rig.open_spec(SessionSpec { directory, mode: Some(mode), ..SessionSpec::default() }).await;
            rig.prompt(id, "look at it").await;
            let first = rig.approval().await;
            assert_eq!(first.binding.asked_by_rule.as_deref(), Some("ask Bash “ls” (config.toml line 1)"), "{mode:?}");
            assert!(first.grants.is_empty(), "an ask rule is for a person each time");
            rig.answer(id, first.id, Decision::allow_once()).await;
            let second = rig.approval().await;
            assert_eq!(second.reason.as_deref(), Some("“.env” looks secret"), "{mode:?}");
            rig.answer(id, second.id, Decision::deny("not that")).await;
            let third = rig.approval().await;
            assert_eq!(third.tool, "Read");
            rig.answer(id, third.id, Decision::deny("nor that")).await;
            assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
            assert!(!api.tool_results().iter().any(|result| result.contains("stands-in-for")), "{mode:?}");
            rig.end().await;
        }
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_judged_where_the_shell_is_and_a_grant_holds_where_it_was_given() {
    async fn test(cli: PathBuf) {
        let rules = rule("Bash", "command = \"touch a.txt\"", "allow");
        let (mut rig, _api) = rig_with(&cli, &rules, |_| {
            vec![
                bash("touch a.txt"),
                bash("mkdir -p made"),
                bash("cd sub"),
                bash("touch a.txt"),
                bash("mkdir -p made"),
                text("done"),
            ]
        })
        .await;
        let project = std::fs::canonicalize(rig.project()).unwrap().display().to_string();
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        let first = rig.approval().await;
        assert_eq!(first.input["command"], "mkdir -p made", "the rule has allowed what came before");
        let same = GrantRule::Same { tool: "Bash".into(), input: first.input.clone() };
        assert!(first.grants.contains(&same), "{:?}", first.grants);
        rig.answer(id, first.id, Decision::Grant(GrantTerms { rule: same, minutes: 20, uses: None })).await;
        // There is no a.txt where the shell is now.
        let second = rig.approval().await;
        assert_eq!((second.input["command"].as_str(), second.place.session_in.is_some()), (Some("touch a.txt"), true));
        assert!(second.place.directory.ends_with("/sub"), "{:?}", second.place);
        rig.answer(id, second.id, Decision::deny("no")).await;
        let third = rig.approval().await;
        assert_eq!(third.input["command"], "mkdir -p made", "the grant was given elsewhere ({project})");
        rig.answer(id, third.id, Decision::deny("no")).await;
        rig.turn_end().await;
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_model_moves_is_shown_and_asked_where_it_works() {
    async fn test(cli: PathBuf) {
        let (mut rig, _api) = rig_with(&cli, "", |_| {
            vec![tool("EnterWorktree", json!({ "name": "feat" })), bash("touch here.txt"), text("moved")]
        })
        .await;
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        let approval = rig.approval().await;
        assert!(approval.place.directory.ends_with("/.claude/worktrees/feat"), "{:?}", approval.place);
        rig.answer(id, approval.id, Decision::allow_once()).await;
        rig.turn_end().await;
        rig.prompt(id, "and now").await;
        rig.turn_end().await;
        assert!(rig.session(id).directory().ends_with("/.claude/worktrees/feat"), "{}", rig.session(id).directory());
        let rig = rig.restart().await;
        assert!(rig.session(id).directory().ends_with("/.claude/worktrees/feat"));
        rig.engine.shutdown().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_a_sub_agent_in_a_worktree_are_judged_there() {
    async fn test(cli: PathBuf) {
        let rules = rule("Bash", "command = \"rm build/out.txt\"", "allow");
        let (mut rig, api) = rig_with(&cli, &rules, |_| Vec::new()).await;
        let project = rig.project();
        std::fs::create_dir_all(project.join("build")).unwrap();
        std::fs::write(project.join("build/out.txt"), "x").unwrap();
        let agent = json!({ "description": "clean", "prompt": "agent work: clean it", "isolation": "worktree",
            "subagent_type": "general-purpose", "run_in_background": false });
        api.script("agent work", vec![bash("rm build/out.txt"), text("cleaned")]);
        api.script("delegate", vec![tool("Agent", agent), text("delegated")]);
        let id = rig.open().await;
        rig.prompt(id, "delegate this").await;
        let approval = rig.approval().await;
        assert_eq!(approval.input["command"], "rm build/out.txt", "the rule is about a file that is not there");
        assert!(approval.place.directory.contains("/.claude/worktrees/agent-"), "{:?}", approval.place);
        rig.answer(id, approval.id, Decision::deny("no")).await;
        rig.turn_end().await;
        assert!(project.join("build/out.txt").exists());
        rig.end().await;
    }
    with_each_cli!(test);
}

/// The tools that a CLI names in its first line of a turn.
#[tokio::test(flavor = "multi_thread")]
async fn every_tool_that_a_cli_names_is_known() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig_with(&cli, "", |_| vec![text("hello")]).await;
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        rig.turn_end().await;
        let offered: Vec<String> = api
            .requests()
            .iter()
            .filter_map(|request| request["tools"].as_array().cloned())
            .flatten()
            .filter_map(|tool| tool["name"].as_str().map(str::to_owned))
            .collect();
        assert!(offered.iter().any(|name| name == "Bash"));
        let unknown: Vec<&String> =
            offered.iter().filter(|name| adjutant::core::tool::table::is_unknown(name)).collect();
        assert_eq!(unknown, Vec::<&String>::new());
        let gone = adjutant::core::tool::table::gone(offered.iter().map(String::as_str));
        assert_eq!(gone, Vec::<&str>::new(), "said to be gone");
        rig.end().await;
    }
    with_each_cli!(test);
}

/// All hooks of a call are asked at once: ours sees the call as the model made it. What a hook makes of it is seen where
/// it is asked, and there rules hold for what would run.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_hook_changes_is_asked_and_judged_as_changed() {
    async fn test(cli: PathBuf) {
        let rules = rule("Bash", "command = \"touch denied\"", "deny");
        let (mut rig, api) = rig_with(&cli, &rules, |_| vec![bash("touch one"), bash("touch two"), text("done")]).await;
        let project = rig.project();
        let changed = |name: &str| {
            let input = json!({ "command": format!("touch {name}"), "description": "look" });
            json!({ "hookSpecificOutput": { "hookEventName": "PreToolUse", "updatedInput": input } }).to_string()
        };
        std::fs::write(project.join("denied.json"), changed("denied")).unwrap();
        std::fs::write(project.join("other.json"), changed("other")).unwrap();
        // The first call becomes one that a rule denies, the second another one.
        let hook = "if [ -e seen ]; then cat other.json; else : > seen; cat denied.json; fi";
        let hooks = json!([{ "matcher": "Bash", "hooks": [{ "type": "command", "command": hook }] }]);
        std::fs::create_dir_all(project.join(".claude")).unwrap();
        let settings = json!({ "hooks": { "PreToolUse": hooks } }).to_string();
        std::fs::write(project.join(".claude/settings.json"), settings).unwrap();
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        let asked = rig.approval().await;
        assert_eq!(asked.input["command"], "touch other", "what is shown is what would run");
        rig.answer(id, asked.id, Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let is_there = |name: &str| project.join(name).exists();
        assert_eq!(
            [is_there("one"), is_there("two"), is_there("denied"), is_there("other")],
            [false, false, false, true]
        );
        assert_eq!(api.tool_results().len(), 2);
        rig.end().await;
    }
    with_each_cli!(test);
}
