//! Prompts, streaming, reading tools, slash commands, resuming.

use std::path::PathBuf;

use adjutant::core::cell::BlockKind;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::permission::PermissionMode;
use adjutant::core::prompt::SendHow;
use adjutant::core::session::SessionSpec;
use adjutant::core::tool::ToolState;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::Block;
use crate::support::api::message;
use crate::support::api::slow_text;
use crate::support::api::text;
use crate::support::api::tool;

#[tokio::test(flavor = "multi_thread")]
async fn streams_a_text_and_shows_each_block_once() {
    async fn test(cli: PathBuf) {
        let reply = message(vec![Block::Thinking("let me see".into()), Block::Text("one two three four".into())]);
        let (mut rig, api) = rig(cli, &[("count", vec![reply])]).await;
        let id = rig.open().await;
        rig.prompt(id, "please count").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let blocks: Vec<(BlockKind, String, bool)> = rig
            .session(id)
            .transcript
            .iter()
            .filter_map(|cell| match &cell.body {
                CellBody::Block(block) => Some((block.kind, block.text.clone(), block.done)),
                _ => None,
            })
            .collect();
        assert_eq!(
            blocks,
            [(BlockKind::Thinking, "let me see".into(), true), (BlockKind::Text, "one two three four".into(), true)]
        );
        let n_deltas = rig.events.iter().filter(|event| matches!(event.kind, EventKind::BlockDelta { .. })).count();
        assert!(n_deltas > 0, "the text was streamed");
        assert!(api.user_texts().contains(&"please count".to_owned()), "{:?}", api.user_texts());
        let session = rig.session(id);
        assert_eq!(session.title, "please count");
        assert!(session.conversation.is_some() && session.cli.version.is_some());
        assert!(session.usage.tokens.output > 0 && session.usage.tokens.cache_read > 0, "{:?}", session.usage);
        assert!(session.n_unknown == 0, "{} unknown messages", session.n_unknown);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_inside_the_project_without_asking_and_outside_only_when_allowed() {
    async fn test(cli: PathBuf) {
        let outside = tempfile::tempdir().unwrap();
        let secret = outside.path().join("notes.txt");
        std::fs::write(&secret, "the outside text").unwrap();
        let (mut rig, api) = rig(cli, &[]).await;
        let inside = rig.project().join("inside.txt");
        std::fs::write(&inside, "the inside text").unwrap();
        api.script(
            "read both",
            vec![
                tool("Read", json!({ "file_path": inside })),
                tool("Read", json!({ "file_path": secret })),
                text("read"),
            ],
        );
        let id = rig.open().await;
        rig.prompt(id, "read both").await;
        let approval = rig.approval().await;
        assert_eq!(approval.input["file_path"], json!(secret), "only the outside one is asked");
        rig.answer(id, approval.id, adjutant::core::approval::Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let results = api.tool_results();
        assert!(results[0].contains("the inside text") && results[1].contains("the outside text"), "{results:?}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_while_busy_waits_and_an_urgent_one_interrupts() {
    async fn test(cli: PathBuf) {
        let long = "word ".repeat(200);
        let scripts =
            [("first", vec![slow_text(&long, 30)]), ("second", vec![text("two")]), ("urgent", vec![text("now")])];
        let (mut rig, api) = rig(cli, &scripts).await;
        let id = rig.open().await;
        rig.prompt(id, "the first").await;
        rig.wait("streaming", |kind| matches!(kind, EventKind::BlockDelta { .. })).await;
        rig.prompt(id, "the second").await;
        rig.wait("the queue", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
        rig.prompt_how(id, "the urgent", SendHow::InterruptFirst).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let texts = api.user_texts();
        let place = |word: &str| {
            texts.iter().position(|text| text.contains(word)).unwrap_or_else(|| panic!("{word}: {texts:?}"))
        };
        assert!(place("urgent") < place("second"), "{texts:?}");
        assert!(rig.session(id).queue.is_empty());
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn slash_commands_answer_and_compaction_is_shown() {
    async fn test(cli: PathBuf) {
        let (mut rig, _api) =
            rig(cli, &[("hello", vec![text("good day")]), ("summar", vec![text("a short summary")])]).await;
        let id = rig.open().await;
        // Less than a few messages are not worth a summary to the CLI.
        for n in 0..4 {
            rig.prompt(id, &format!("hello {n}")).await;
            assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        }
        rig.prompt(id, "/context").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let has_output = rig.session(id).transcript.iter().any(|cell| {
            matches!(&cell.body, CellBody::Block(block) if block.kind == BlockKind::CommandOutput && !block.text.is_empty())
        });
        assert!(has_output, "the answer of the command is shown");
        rig.prompt(id, "/compact").await;
        rig.wait("the compaction", |kind| matches!(kind, EventKind::Compacted { .. })).await;
        rig.turn_end().await;
        let compactions = rig
            .session(id)
            .transcript
            .iter()
            .filter(|cell| matches!(&cell.body, CellBody::Compaction(c) if c.done))
            .count();
        assert_eq!(compactions, 1);
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn goes_on_with_the_same_conversation_after_a_stop() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[("remember", vec![text("noted")]), ("what was", vec![text("a pear")])]).await;
        let id = rig.open().await;
        rig.prompt(id, "remember the pear").await;
        rig.turn_end().await;
        let conversation = rig.session(id).conversation.clone().unwrap();
        rig.send(Command::Stop { session: id }).await;
        rig.wait("the exit", |kind| matches!(kind, EventKind::Exited(exit) if exit.expected)).await;
        rig.prompt(id, "what was it").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        assert!(last.contains("remember the pear") && last.contains("what was it"), "the history went along");
        // A second session, opened on the same conversation, as --resume does.
        rig.send(Command::Close { session: id }).await;
        rig.wait("the close", |kind| matches!(kind, EventKind::Closed)).await;
        let directory = rig.project().display().to_string();
        let fork = SessionSpec {
            directory: directory.clone(),
            resume: Some(conversation.clone()),
            fork: true,
            ..SessionSpec::default()
        };
        let id = rig.open_spec(fork).await;
        rig.prompt(id, "what was it in the fork").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(api.requests().pop().unwrap().to_string().contains("remember the pear"));
        assert_ne!(rig.session(id).conversation, Some(conversation.clone()), "a fork has a name of its own");
        let id = rig.open_spec(SessionSpec { directory, resume: Some(conversation), ..SessionSpec::default() }).await;
        rig.prompt(id, "what was it again").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        let last = api.requests().pop().unwrap().to_string();
        assert!(last.contains("remember the pear") && last.contains("what was it again"));
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mode_changes_live_as_the_cli_reports_it() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let file = rig.project().join("new.txt");
        api.script(
            "write it",
            vec![tool("Write", json!({ "file_path": file, "content": "hello\n" })), text("written")],
        );
        let id = rig.open().await;
        rig.prompt(id, "hello").await;
        rig.turn_end().await;
        rig.send(Command::SetMode { session: id, mode: PermissionMode::AcceptEdits }).await;
        rig.wait("the mode", |kind| matches!(kind, EventKind::ModeChanged(PermissionMode::AcceptEdits))).await;
        rig.prompt(id, "write it").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(std::fs::read_to_string(file).unwrap(), "hello\n");
        assert!(rig.events.iter().all(|event| !matches!(event.kind, EventKind::ApprovalAsked(_))), "edits run unasked");
        let all_done = rig.session(id).transcript.iter().all(|cell| match &cell.body {
            CellBody::Tool(call) => call.state == ToolState::Done,
            _ => true,
        });
        assert!(all_done);
        rig.end().await;
    }
    with_each_cli!(test);
}
