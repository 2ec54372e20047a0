//! Approvals on the real CLI: what is answered is what runs.

use std::path::PathBuf;

use adjutant::core::approval::Answer;
use adjutant::core::approval::Ask;
use adjutant::core::approval::Decision;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::grant::GrantRule;
use adjutant::core::grant::GrantTerms;
use adjutant::core::permission::PermissionMode;
use adjutant::core::permission::PermissionUpdate;
use adjutant::core::permission::Scope;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use adjutant::core::tool::ToolState;
use serde_json::Value;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::api::tools;
use crate::support::rig::Rig;

fn bash(command: &str) -> Value {
    json!({ "command": command, "description": "try it" })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_allowed_command_runs_and_a_denied_one_does_not() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let project = rig.project();
        api.script(
            "try both",
            vec![
                tool("Bash", bash("touch allowed.txt")),
                tool("Bash", bash("touch denied.txt")),
                tool("Bash", bash("touch stopped.txt")),
            ],
        );
        let id = rig.open().await;
        rig.prompt(id, "try both").await;
        let first = rig.approval().await;
        assert_eq!((first.tool.as_str(), &first.input["command"]), ("Bash", &json!("touch allowed.txt")));
        assert_eq!(first.place.directory, std::fs::canonicalize(&project).unwrap().display().to_string());
        rig.answer(id, first.id, Decision::allow_once()).await;
        let second = rig.approval().await;
        rig.answer(id, second.id, Decision::deny("use another name")).await;
        let third = rig.approval().await;
        rig.answer(id, third.id, Decision::Deny { message: "enough".into(), stop: true }).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);
        assert!(project.join("allowed.txt").exists());
        assert!(!project.join("denied.txt").exists() && !project.join("stopped.txt").exists());
        let results = api.tool_results();
        assert!(results.iter().any(|result| result.contains("use another name")), "the model hears why: {results:?}");
        let states: Vec<ToolState> = rig
            .session(id)
            .transcript
            .iter()
            .filter_map(|cell| if let CellBody::Tool(call) = &cell.body { Some(call.state) } else { None })
            .collect();
        assert_eq!(states[..2], [ToolState::Done, ToolState::Denied]);
        assert!(!states[2].is_open(), "{states:?}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_edited_is_what_runs() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let file = rig.project().join("new.txt");
        api.script(
            "edit them",
            vec![
                tool("Bash", bash("echo one > made.txt")),
                tool("Write", json!({ "file_path": file, "content": "as asked\n" })),
                text("done"),
            ],
        );
        let id = rig.open().await;
        rig.prompt(id, "edit them").await;
        let first = rig.approval().await;
        let mut edited = first.input.clone();
        edited["command"] = json!("echo two > made.txt");
        rig.answer(id, first.id, Decision::Allow { edited: Some(edited), remember: Vec::new(), comment: None }).await;
        let second = rig.approval().await;
        let mut edited = second.input.clone();
        edited["content"] = json!("as edited\n");
        rig.answer(
            id,
            second.id,
            Decision::Allow { edited: Some(edited), remember: Vec::new(), comment: Some("mind the style".into()) },
        )
        .await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(std::fs::read_to_string(rig.project().join("made.txt")).unwrap(), "two\n");
        assert_eq!(std::fs::read_to_string(file).unwrap(), "as edited\n");
        rig.turn_end().await;
        assert!(
            api.user_texts().iter().any(|text| text.contains("mind the style")),
            "the comment follows as a message"
        );
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_remembered_is_not_asked_again() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        api.script(
            "twice",
            vec![tool("Bash", bash("curl --version")), tool("Bash", bash("curl --version")), text("done")],
        );
        let id = rig.open().await;
        rig.prompt(id, "twice").await;
        let first = rig.approval().await;
        let rule = first
            .suggestions
            .iter()
            .find(|update| matches!(update, PermissionUpdate::AddRules { .. }))
            .unwrap_or_else(|| panic!("a rule is suggested: {:?}", first.suggestions))
            .with_scope(Scope::Local);
        rig.answer(
            id,
            first.id,
            Decision::Allow {
                edited: None,
                remember: vec![rule.clone(), rule.with_scope(Scope::Session)],
                comment: None,
            },
        )
        .await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(api.tool_results().len(), 2, "both calls ran");
        let n_asked = rig.events.iter().filter(|event| matches!(event.kind, EventKind::ApprovalAsked(_))).count();
        assert_eq!(n_asked, 1);
        let saved = std::fs::read_to_string(rig.project().join(".claude/settings.local.json")).unwrap();
        assert!(saved.contains("curl"), "{saved}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_requests_are_answered_in_any_order() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let file = |n: u32| rig.project().join(format!("{n}.txt"));
        let write = |n: u32| ("Write", json!({ "file_path": file(n), "content": format!("{n}\n") }));
        api.script("three", vec![tools(&[write(1), write(2), write(3)]), text("done")]);
        let paths = [file(1), file(2), file(3)];
        let id = rig.open().await;
        rig.prompt(id, "three").await;
        let mut open = vec![rig.approval().await];
        rig.listen(std::time::Duration::from_millis(700)).await;
        open = rig.session(id).approvals.iter().map(|open| open.approval.clone()).collect();
        // The newest first; those that only come after an answer follow.
        let mut n_answered = 0;
        while n_answered < 3 {
            let Some(next) = open.pop() else {
                open.push(rig.approval_pending().await);
                continue;
            };
            rig.answer(id, next.id, if n_answered == 1 { Decision::deny("not this") } else { Decision::allow_once() })
                .await;
            rig.wait("the verdict", |kind| matches!(kind, EventKind::ApprovalResolved { .. })).await;
            n_answered += 1;
        }
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(paths.iter().filter(|path| path.exists()).count(), 2);
        assert!(api.tool_results().iter().any(|result| result.contains("not this")));
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_get_their_answers() {
    async fn test(cli: PathBuf) {
        let option = |label: &str| json!({ "label": label, "description": format!("take {label}") });
        let questions = json!({ "questions": [
            { "question": "Which colour?", "header": "Colour", "multiSelect": false, "options": [option("red"), option("blue")] },
            { "question": "Which sizes?", "header": "Sizes", "multiSelect": true, "options": [option("small"), option("large")] },
            { "question": "Which name?", "header": "Name", "multiSelect": false, "options": [option("anna"), option("bert")] },
        ]});
        let (mut rig, api) = rig(cli, &[("ask me", vec![tool("AskUserQuestion", questions), text("thanks")])]).await;
        let id = rig.open().await;
        rig.prompt(id, "ask me").await;
        let approval = rig.approval().await;
        let Ask::Questions(asked) = &approval.ask else { panic!("{:?}", approval.ask) };
        assert_eq!(asked.iter().map(|question| question.multiple).collect::<Vec<_>>(), [false, true, false]);
        let answers = [("Which colour?", "blue"), ("Which sizes?", "small, large"), ("Which name?", "Zoë, of course")]
            .map(|(question, answer)| Answer { question: question.into(), answer: answer.into() });
        rig.answer(id, approval.id, Decision::Answers(answers.into())).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let result = api.tool_results().concat();
        for answer in ["blue", "small, large", "Zoë, of course"] {
            assert!(result.contains(answer), "{answer}: {result}");
        }
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_shown_rejected_and_accepted() {
    async fn test(cli: PathBuf) {
        let plan = || tool("ExitPlanMode", json!({ "plan": "# The plan\n\n1. write the file" }));
        let (mut rig, api) = rig(cli, &[]).await;
        let file = rig.project().join("planned.txt");
        api.script(
            "plan it",
            vec![plan(), plan(), tool("Write", json!({ "file_path": file, "content": "planned\n" })), text("done")],
        );
        let directory = rig.project().display().to_string();
        let spec = SessionSpec { directory, mode: Some(PermissionMode::Plan), ..SessionSpec::default() };
        let id = rig.open_spec(spec).await;
        rig.prompt(id, "plan it").await;
        let first = rig.approval().await;
        assert!(matches!(&first.ask, Ask::Plan(text) if text.contains("write the file")), "{:?}", first.ask);
        rig.answer(id, first.id, Decision::deny("test it too")).await;
        let second = rig.approval().await;
        assert!(api.tool_results().concat().contains("test it too"));
        assert_eq!(rig.session(id).mode, PermissionMode::Plan);
        rig.answer(id, second.id, Decision::AcceptPlan { mode: PermissionMode::AcceptEdits }).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(std::fs::read_to_string(file).unwrap(), "planned\n");
        assert_eq!(rig.session(id).mode, PermissionMode::AcceptEdits);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_plan_does_not_bring_back_a_looser_mode() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("hello", vec![text("good day")])]).await;
        let file = rig.project().join("planned.txt");
        api.script(
            "plan it",
            vec![
                tool("ExitPlanMode", json!({ "plan": "# The plan" })),
                tool("Write", json!({ "file_path": file, "content": "planned\n" })),
                text("done"),
            ],
        );
        let directory = rig.project().display().to_string();
        let spec = SessionSpec { directory, mode: Some(PermissionMode::AcceptEdits), ..SessionSpec::default() };
        let id = rig.open_spec(spec).await;
        rig.prompt(id, "hello").await;
        rig.turn_end().await;
        rig.send(Command::SetMode { session: id, mode: PermissionMode::Plan }).await;
        rig.wait("the mode", |kind| matches!(kind, EventKind::ModeChanged(PermissionMode::Plan))).await;
        rig.prompt(id, "plan it").await;
        let plan = rig.approval().await;
        rig.answer(id, plan.id, Decision::AcceptPlan { mode: PermissionMode::Default }).await;
        let write = rig.approval().await;
        assert_eq!(write.tool, "Write", "edits are asked one by one, as the person was told");
        rig.answer(id, write.id, Decision::deny("no")).await;
        rig.turn_end().await;
        assert!(!file.exists());
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_comes_with_the_file_as_it_is() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let file = rig.project().join("text.txt");
        std::fs::write(&file, "one\ntwo\nthree\n").unwrap();
        api.script(
            "edit",
            vec![
                tool("Read", json!({ "file_path": file })),
                tool("Edit", json!({ "file_path": file, "old_string": "two", "new_string": "zwei" })),
                text("done"),
            ],
        );
        let id = rig.open().await;
        rig.prompt(id, "edit").await;
        let approval = rig.approval().await;
        let preview = approval.preview.clone().expect("an edit has a preview");
        assert_eq!(preview.before, adjutant::core::approval::FileBefore::Text("one\ntwo\nthree\n".into()));
        assert!(!preview.changed_since_read);
        rig.answer(id, approval.id, Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(std::fs::read_to_string(file).unwrap(), "one\nzwei\nthree\n");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_persons_own_rules_answer_in_their_place() {
    async fn test(cli: PathBuf) {
        let api = Api::start(&[]).await;
        let rules = r#"
            [[approvals.rules]]
            tool = "Bash"
            command = "rm"
            action = "deny"
            [[approvals.rules]]
            tool = "Bash"
            command = "touch allowed.txt"
            action = "allow"
        "#;
        let mut rig = Rig::with(vec![cli.display().to_string()], Some(&api), |config| {
            config.approvals = adjutant::config::parse(rules).unwrap().approvals;
        });
        let kept = rig.project().join("kept.txt");
        std::fs::write(&kept, "x").unwrap();
        api.script(
            "by rules",
            vec![
                tool("Bash", bash("touch allowed.txt")),
                tool("Bash", bash("touch allowed.txt && sh -c 'rm kept.txt'")),
                text("done"),
            ],
        );
        let id = rig.open().await;
        rig.prompt(id, "by rules").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(rig.project().join("allowed.txt").exists() && kept.exists());
        let results = api.tool_results();
        assert!(results.iter().any(|result| result.contains("deny Bash “rm”")), "the model hears why: {results:?}");
        let count = |wanted: fn(&EventKind) -> bool| rig.events.iter().filter(|event| wanted(&event.kind)).count();
        assert_eq!(count(|kind| matches!(kind, EventKind::ApprovedByPolicy { .. })), 1);
        assert_eq!(count(|kind| matches!(kind, EventKind::DeniedByPolicy { .. })), 1);
        assert_eq!(count(|kind| matches!(kind, EventKind::ApprovalAsked(_))), 0);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_granted_runs_unasked_until_it_is_used_up() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let at = |name: &str| rig.project().join(name);
        let write = |name: &str| tool("Write", json!({ "file_path": at(name), "content": "x" }));
        api.script(
            "write",
            vec![write("a"), write("b"), write("c"), tool("Bash", bash("touch d")), write("e"), text("done")],
        );
        let id = rig.open().await;
        rig.prompt(id, "write").await;
        let first = rig.approval().await;
        let below = |rule: &&GrantRule| matches!(rule, GrantRule::Edits { below: true, .. });
        let rule = first.grants.iter().find(below).unwrap_or_else(|| panic!("offered: {:?}", first.grants)).clone();
        rig.answer(id, first.id, Decision::Grant(GrantTerms { rule, minutes: 60, uses: Some(2) })).await;
        let second = rig.approval().await;
        assert_eq!(second.input["command"], "touch d", "what was not granted is asked");
        let grant = rig.fleet.grants().iter().next().cloned();
        assert!(grant.is_none(), "two changes have used it up: {grant:?}");
        rig.answer(id, second.id, Decision::allow_once()).await;
        let third = rig.approval().await;
        assert_eq!(third.tool, "Write");
        rig.answer(id, third.id, Decision::deny("no")).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        for (name, is_there) in [("a", true), ("b", true), ("c", true), ("d", true), ("e", false)] {
            assert_eq!(rig.project().join(name).exists(), is_there, "{name}");
        }
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cli_remembers_is_listed_and_can_be_taken_back() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let once = || vec![tool("Bash", bash("curl --version")), text("done")];
        api.script("first", once());
        api.script("second", once());
        api.script("third", once());
        let id = rig.open().await;
        rig.prompt(id, "first").await;
        let first = rig.approval().await;
        let is_rule = |update: &&PermissionUpdate| matches!(update, PermissionUpdate::AddRules { .. });
        let rule = first.suggestions.iter().find(is_rule).unwrap().with_scope(Scope::Local);
        let remember = vec![rule.clone(), rule.with_scope(Scope::Session)];
        rig.answer(id, first.id, Decision::Allow { edited: None, remember, comment: None }).await;
        rig.turn_end().await;
        rig.prompt(id, "second").await;
        rig.turn_end().await;
        assert!(rig.fleet.inbox().is_empty());
        let grants: Vec<_> = rig.fleet.grants().iter().map(|grant| (grant.id, grant.describe())).collect();
        let [(grant, text)] = grants.as_slice() else { panic!("one is listed: {grants:?}") };
        assert!(text.contains("curl"), "{text}");
        let saved = rig.project().join(".claude/settings.local.json");
        assert!(std::fs::read_to_string(&saved).unwrap().contains("curl"));

        rig.send(Command::Revoke { session: id, grant: *grant, by: Surface::Terminal }).await;
        rig.wait("its end", |kind| matches!(kind, EventKind::GrantEnded { .. })).await;
        rig.wait("the end of the process", |kind| matches!(kind, EventKind::Exited(_))).await;
        assert!(!std::fs::read_to_string(&saved).unwrap().contains("curl"));
        assert!(rig.fleet.grants().iter().next().is_none());
        rig.prompt(id, "third").await;
        let again = rig.approval().await;
        assert_eq!(again.input["command"], "curl --version", "it is asked again, in the same conversation");
        rig.answer(id, again.id, Decision::deny("no")).await;
        rig.turn_end().await;
        rig.end().await;
    }
    with_each_cli!(test);
}
