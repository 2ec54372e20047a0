//! Interrupts, crashes, errors of the API.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use adjutant::core::approval::Decision;
use adjutant::core::approval::Withdrawal;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::Timestamp;
use adjutant::core::trouble::TroubleKind;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::Reply;
use crate::support::api::error;
use crate::support::api::slow_text;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_is_interrupted_in_a_text_a_tool_and_an_approval() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("talkative", vec![slow_text(&"word ".repeat(300), 30)])]).await;
        api.script(
            "hammer",
            vec![tool("Bash", json!({ "command": "touch begun; sleep 4313", "description": "wait" }))],
        );
        api.script("permit", vec![tool("Bash", json!({ "command": "touch never", "description": "wait" }))]);
        let id = rig.open().await;

        rig.prompt(id, "be talkative").await;
        rig.wait("streaming", |kind| matches!(kind, EventKind::BlockDelta { .. })).await;
        rig.send(Command::Interrupt { session: id }).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);

        rig.prompt(id, "use the hammer").await;
        let approval = rig.approval().await;
        rig.answer(id, approval.id, Decision::allow_once()).await;
        let begun = rig.project().join("begun");
        while !begun.exists() {
            rig.listen(Duration::from_millis(50)).await;
        }
        rig.send(Command::Interrupt { session: id }).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);

        rig.prompt(id, "ask for a permit").await;
        let approval = rig.approval().await;
        rig.send(Command::Interrupt { session: id }).await;
        let withdrawn = rig.wait("the withdrawal", |kind| matches!(kind, EventKind::ApprovalWithdrawn { .. })).await;
        assert!(
            matches!(&withdrawn.kind, EventKind::ApprovalWithdrawn { approval: id, why: Withdrawal::ByCli } if *id == approval.id)
        );
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);
        rig.answer(id, approval.id, Decision::allow_once()).await;
        rig.wait("the refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
        assert!(!rig.project().join("never").exists());
        let open = rig
            .session(id)
            .transcript
            .iter()
            .any(|cell| matches!(&cell.body, CellBody::Tool(call) if call.state.is_open()));
        assert!(!open, "no spinner is left");

        rig.prompt(id, "and now").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_cli_is_shown_and_goes_on_with_the_next_prompt() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("hello", vec![text("good day")]), ("go on", vec![text("here I am")])]).await;
        api.script("wait", vec![tool("Bash", json!({ "command": "touch never", "description": "wait" }))]);
        let id = rig.open().await;
        rig.prompt(id, "hello").await;
        rig.turn_end().await;
        rig.prompt(id, "wait").await;
        rig.approval().await;
        rig.prompt(id, "go on").await;
        rig.wait("the queue", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
        // The CLI writes its transcript with a delay; what it has not written, no resume can know.
        rig.listen(Duration::from_secs(2)).await;
        let pid = rig.session(id).cli.pid.expect("the CLI tells its pid");
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid as i32).unwrap(),
            rustix::process::Signal::KILL,
        )
        .unwrap();
        let exited = rig.wait("the exit", |kind| matches!(kind, EventKind::Exited(_))).await;
        let EventKind::Exited(exit) = &exited.kind else { unreachable!("just matched") };
        assert!(!exit.expected && exit.trouble.is_some(), "{exit:?}");
        let session = rig.session(id);
        assert!(session.approvals.is_empty(), "nothing is left to answer");
        assert_eq!(session.queue.len(), 1, "the queue is kept");
        rig.prompt(id, "are you there").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        for text in ["hello", "go on", "are you there"] {
            assert!(last.contains(text), "{text} is in the conversation");
        }
        assert!(!rig.project().join("never").exists());
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overloaded_api_is_retried_and_shown() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("hello", vec![text("good day")])]).await;
        api.first(vec![error(529, "overloaded_error", "Overloaded")]);
        let id = rig.open().await;
        rig.prompt(id, "hello").await;
        let retry = rig.wait("the retry", |kind| matches!(kind, EventKind::Retrying { .. })).await;
        assert!(
            matches!(&retry.kind, EventKind::Retrying { trouble, .. } if trouble.kind == TroubleKind::Overloaded),
            "{retry:?}"
        );
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let over =
            rig.session(id).transcript.iter().all(|cell| !matches!(&cell.body, CellBody::Retry(retry) if !retry.over));
        assert!(over, "no countdown is left");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_sign_in_and_a_broken_connection_are_named_and_can_be_interrupted() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let id = rig.open().await;
        api.first(vec![error(401, "authentication_error", "invalid x-api-key"); 12]);
        rig.prompt(id, "one").await;
        let event =
            rig.wait("trouble", |kind| matches!(kind, EventKind::Retrying { .. } | EventKind::TurnEnded { .. })).await;
        let named = match &event.kind {
            EventKind::Retrying { trouble, .. } => trouble.clone(),
            EventKind::TurnEnded { outcome: TurnOutcome::Failed(trouble), .. } => trouble.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(named.kind, TroubleKind::Authentication, "{named:?}");
        if matches!(event.kind, EventKind::Retrying { .. }) {
            rig.send(Command::Interrupt { session: id }).await;
            rig.turn_end().await;
        }
        api.first(vec![Reply::Broken, Reply::Broken]);
        rig.prompt(id, "two").await;
        let outcome = rig.turn_end().await;
        assert!(matches!(outcome, TurnOutcome::Completed | TurnOutcome::Failed(_)), "{outcome:?}");
        api.first(Vec::new());
        rig.prompt(id, "three").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_a_usage_limit_the_queue_waits_and_going_on_is_planned() {
    async fn test(cli: PathBuf) {
        let api = Api::start(&[("two", vec![text("second")])]).await;
        let mut rig = Rig::with(vec![cli.display().to_string()], Some(&api), |config| {
            for profile in config.profiles.values_mut() {
                profile.env.insert("CLAUDE_CODE_MAX_RETRIES".into(), "0".into());
                // Only who is signed in has such a limit.
                profile.env.insert("ANTHROPIC_API_KEY".into(), String::new());
                profile.env.insert("CLAUDE_CODE_OAUTH_TOKEN".into(), "test-token".into());
                profile.go_on_after_limit = true;
            }
        });
        let lifts = jiff::Timestamp::now().as_second() + 3600;
        api.first(vec![Reply::Limit { lifts }]);
        let id = rig.open().await;
        rig.prompt(id, "one").await;
        rig.prompt(id, "two").await;
        let outcome = rig.turn_end().await;
        let lifts = Timestamp(lifts * 1000);
        assert!(
            matches!(&outcome, TurnOutcome::Failed(trouble) if trouble.kind == TroubleKind::UsageLimit { lifts: Some(lifts) }),
            "{outcome:?}"
        );
        let planned = rig.wait("the plan", |kind| matches!(kind, EventKind::ResumePlanned(Some(_)))).await;
        assert!(
            matches!(&planned.kind, EventKind::ResumePlanned(Some(resume)) if resume.at > lifts && resume.text == "one")
        );
        rig.listen(Duration::from_millis(300)).await;
        assert_eq!(rig.session(id).queue.len(), 1, "the queue is not burned against the limit");
        rig.send(Command::Retry { session: id }).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(rig.session(id).queue.is_empty() && rig.session(id).resume.is_none());
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_is_too_long_says_so() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let id = rig.open().await;
        let too_long = error(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum");
        api.first(vec![too_long.clone(), too_long.clone(), too_long]);
        rig.prompt(id, "one").await;
        let outcome = rig.turn_end().await;
        assert!(
            matches!(&outcome, TurnOutcome::Failed(trouble) if trouble.kind == TroubleKind::ContextTooLong),
            "{outcome:?}"
        );
        rig.end().await;
    }
    with_each_cli!(test);
}

/// What a kill in the middle of a write may leave of the CLI's own file: it must go on, and the session with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_transcript_is_gone_on_with() {
    async fn test(cli: PathBuf) {
        let replies = vec![tool("Bash", json!({ "command": "touch made", "description": "make" })), text("made it")];
        let (mut rig, _api) = rig(cli, &[("make", replies), ("go on", vec![text("here I am")])]).await;
        for damage in ["a call without its result", "half a line", "nothing but zeros at the end"] {
            let id = rig.open().await;
            rig.prompt(id, "make it").await;
            let approval = rig.approval().await;
            rig.answer(id, approval.id, Decision::allow_once()).await;
            assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
            rig.send(Command::Stop { session: id }).await;
            rig.wait("the stop", |kind| matches!(kind, EventKind::Exited(_))).await;
            let conversation = rig.session(id).conversation.clone().unwrap();
            let file = transcript(&rig.folder.path().join("home/.claude/projects"), &conversation.0);
            let whole = std::fs::read_to_string(&file).unwrap();
            let call = whole.find(r#""type":"tool_use""#).unwrap();
            let end = call + whole[call..].find('\n').unwrap();
            let damaged = match damage {
                "a call without its result" => whole[..=end].to_owned(),
                "half a line" => whole[..call].to_owned(),
                _ => format!("{whole}\0\0\0\0"),
            };
            std::fs::write(&file, damaged).unwrap();
            rig.prompt(id, "go on").await;
            assert_eq!(rig.turn_end().await, TurnOutcome::Completed, "{damage}");
            let last = rig.session(id).last_turn.as_ref().and_then(|turn| turn.text.clone());
            assert_eq!(last.as_deref(), Some("here I am"), "{damage}");
        }
        rig.end().await;
    }
    with_each_cli!(test);
}

/// The CLI's file of a conversation, in whichever of its project folders.
fn transcript(projects: &Path, conversation: &str) -> PathBuf {
    let folders = std::fs::read_dir(projects).unwrap().flatten();
    let mut files = folders.map(|folder| folder.path().join(format!("{conversation}.jsonl")));
    files.find(|file| file.is_file()).expect("the CLI has written the conversation")
}
