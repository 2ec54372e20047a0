//! Hooks on the real CLI: what they change is what is asked and what runs, and what they refuse does not run.

use std::path::PathBuf;

use adjutant::config;
use adjutant::core::approval::Decision;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::event::EventKind;
use adjutant::core::hook::HookDid;
use serde_json::json;

use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::Reply;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::rig::Rig;

fn hook(name: &str, script: &str, modes: &str, more: &str) -> String {
    format!("[[hooks]]\nname = \"{name}\"\ncommand = [\"python3\", \"{script}\"]\nmodes = {modes}\n{more}\n")
}

async fn rig_with(cli: &std::path::Path, toml: &str, script: Vec<Reply>) -> (Rig, Api) {
    let api = Api::start(&[]).await;
    let parsed = config::parse(toml).unwrap();
    let rig = Rig::with(vec![cli.display().to_string()], Some(&api), |config| {
        config.hooks = parsed.hooks;
        config.approvals.rules = parsed.approvals.rules;
    });
    api.script("look at it", script);
    (rig, api)
}

fn bash(command: &str) -> Reply {
    tool("Bash", json!({ "command": command, "description": "look" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_call_is_asked_as_changed_and_a_refused_one_does_not_run() {
    async fn test(cli: PathBuf) {
        let script = vec![bash("rm old"), bash("git push --force"), bash("ls"), text("done")];
        let toml = hook("gate", "gate.py", "[\"tool\", \"approve\"]", "");
        let (mut rig, api) = rig_with(&cli, &toml, script).await;
        std::fs::write(rig.project().join("old"), "").unwrap();
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        let asked = rig.approval().await;
        assert_eq!(asked.input["command"], "trash old");
        assert_eq!(asked.hooks[0].sentence(), "changed by hook gate");
        assert!(matches!(&asked.hooks[0].did, HookDid::Changed { from, .. } if from["command"] == "rm old"));
        rig.answer(id, asked.id, Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(rig.project().join("old").exists(), "what ran is what was shown");
        let results = api.tool_results();
        assert!(results[1].contains("no force here"), "{results:?}");
        let calls: Vec<_> = rig
            .session(id)
            .transcript
            .iter()
            .filter_map(|cell| match &cell.body {
                CellBody::Tool(call) => Some((call.input["command"].clone(), call.hooks.len())),
                _ => None,
            })
            .collect();
        assert_eq!(calls, [(json!("trash old"), 1), (json!("git push --force"), 1), (json!("ls"), 0)]);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_and_results_reach_the_model_as_hooks_made_them() {
    async fn test(cli: PathBuf) {
        let toml = hook("redact", "redact.py", "[\"tool\", \"llm\"]", "");
        let (mut rig, api) = rig_with(&cli, &toml, vec![text("done")]).await;
        let file = rig.project().join("a.txt");
        std::fs::write(&file, "KEY=stands-in-for-a-secret\n").unwrap();
        let read = tool("Read", json!({ "file_path": file }));
        api.script("read all", vec![bash("cat a.txt"), read, bash("mkdir no/stands-in-for-a-secret/x"), text("done")]);
        let id = rig.open().await;
        rig.prompt(id, "read all, stands-in-for-a-secret").await;
        let asked = rig.approval().await;
        rig.answer(id, asked.id, Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let results = api.tool_results();
        for result in &results[..2] {
            assert!(result.contains("KEY=[taken out]") && !result.contains("stands-in"), "{results:?}");
        }
        let sent = rig.events.iter().find_map(|event| match &event.kind {
            EventKind::PromptSent(prompt) => Some(prompt.text.clone()),
            _ => None,
        });
        assert_eq!(sent.as_deref(), Some("read all, [taken out]"));
        let added: Vec<bool> = rig
            .events
            .iter()
            .filter_map(|event| match &event.kind {
                EventKind::HookActed { mark, .. } => match mark.did {
                    HookDid::ChangedResult { added, .. } => Some(added),
                    _ => None,
                },
                _ => None,
            })
            .collect();
        assert_eq!(added, [false, false, true], "the error of a failed call cannot be changed");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_may_allow_allows_and_never_against_a_rule() {
    async fn test(cli: PathBuf) {
        let script = vec![bash("mkdir one"), bash("mkdir two"), text("done")];
        let rule = "[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"mkdir two\"\naction = \"ask\"\n";
        let toml = format!("{}{rule}", hook("gate", "gate.py", "[\"approve\"]", "may_allow = true"));
        let (mut rig, _api) = rig_with(&cli, &toml, script).await;
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        let asked = rig.approval().await;
        assert_eq!(asked.input["command"], "mkdir two", "the first was allowed by the hook");
        assert!(rig.project().join("one").exists());
        rig.answer(id, asked.id, Decision::deny("no")).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let by = rig.events.iter().find_map(|event| match &event.kind {
            EventKind::ApprovedByPolicy { rule, .. } => Some(rule.clone()),
            _ => None,
        });
        assert_eq!(by.as_deref(), Some("hook gate"));
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_fails_puts_the_call_to_the_person_in_every_mode_and_an_abort_ends_the_turn() {
    async fn test(cli: PathBuf) {
        let allow = "[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"ls\"\naction = \"allow\"\n";
        let bad = hook("bad", "hostile.py", "[\"tool\"]", "env = { WAY = \"hang\" }\ntimeout_ms = 300");
        let (mut rig, _api) = rig_with(&cli, &format!("{bad}{allow}"), vec![bash("ls"), text("done")]).await;
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        let asked = rig.approval().await;
        assert!(asked.binding.asked_by_hook.is_some(), "neither the CLI nor the rule would have asked");
        rig.answer(id, asked.id, Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        rig.end().await;
        let gate = hook("gate", "gate.py", "[\"tool\"]", "");
        let (mut rig, _api) = rig_with(&cli, &gate, vec![bash("touch EVIL"), text("done")]).await;
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);
        assert!(!rig.project().join("EVIL").exists());
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logger_is_told_what_happens() {
    async fn test(cli: PathBuf) {
        let log = tempfile::NamedTempFile::new().unwrap();
        let env = format!("env = {{ LOG = \"{}\" }}", log.path().display());
        let toml = hook("log", "logger.py", "[\"observe\"]", &env);
        let (mut rig, _api) = rig_with(&cli, &toml, vec![bash("ls"), text("done")]).await;
        let id = rig.open().await;
        rig.prompt(id, "look at it").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        rig.end().await;
        let told = std::fs::read_to_string(log.path()).unwrap();
        let kinds: Vec<&str> = told.lines().filter_map(|line| line.split(' ').next()).collect();
        let wanted = [
            "session_opened",
            "llm_request",
            "turn_start",
            "tool_exec_start",
            "tool_exec_end",
            "llm_response",
            "turn_end",
        ];
        let mut places = wanted.iter().map(|kind| kinds.iter().position(|told| told == kind));
        let in_order = places.clone().collect::<Option<Vec<_>>>().is_some_and(|places| places.is_sorted());
        assert!(in_order || places.all(|place| place.is_some()), "{kinds:?}");
        assert!(told.lines().all(|line| line.contains(" adjutant:1 ")));
    }
    with_each_cli!(test);
}
