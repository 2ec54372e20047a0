//! Prompts, the queue, interrupts.

use std::time::Duration;

use adjutant::core::cell::BlockKind;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::permission::PermissionMode;
use adjutant::core::prompt::MoveWay;
use adjutant::core::prompt::SendHow;
use adjutant::core::session::ProcessState;

use super::play;

const SLOW: &str =
    r#"{"turn": [{"say": {"text": "one two three four five six seven eight", "chars_per_second": 20}}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_before_the_first_prompt() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"think": "hm"}, {"say": "good day"}]}"#]);
    let id = rig.open().await;
    rig.send(Command::SetMode { session: id, mode: PermissionMode::Plan }).await;
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(rig.session(id).process, ProcessState::NotStarted);
    rig.prompt(id, "hello").await;
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    let session = rig.session(id);
    assert_eq!(session.mode, PermissionMode::Plan);
    assert_eq!(session.title, "hello");
    assert_eq!(session.last_turn.as_ref().and_then(|turn| turn.text.clone()).as_deref(), Some("good day"));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_block_is_shown_once() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "alpha beta"}, {"think": "gamma"}, {"say": "delta"}]}"#]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.turn_end().await;
    let shown: Vec<(BlockKind, String)> = rig
        .session(id)
        .transcript
        .iter()
        .filter_map(|cell| match &cell.body {
            adjutant::core::cell::CellBody::Block(block) => Some((block.kind, block.text.clone())),
            _ => None,
        })
        .collect();
    let expected = [(BlockKind::Text, "alpha beta"), (BlockKind::Thinking, "gamma"), (BlockKind::Text, "delta")];
    assert_eq!(shown, expected.map(|(kind, text)| (kind, text.to_owned())));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_queue_and_the_queue_can_be_changed() {
    let (mut rig, _script) = play(&[SLOW]);
    let id = rig.open().await;
    for text in ["first", "second", "third", "fourth"] {
        rig.prompt(id, text).await;
    }
    rig.wait("the first turn", |kind| matches!(kind, EventKind::TurnStarted { .. })).await;
    let queued: Vec<_> = rig.session(id).queue.iter().cloned().collect();
    assert_eq!(queued.len(), 3);
    rig.send(Command::MoveQueued { session: id, prompt: queued[2].id.clone(), way: MoveWay::Up }).await;
    rig.send(Command::DropQueued { session: id, prompt: queued[1].id.clone() }).await;
    rig.send(Command::EditQueued { session: id, prompt: queued[0].id.clone(), text: "changed".into() }).await;
    for _ in 0..3 {
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    }
    let sent: Vec<String> = rig
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::PromptSent(prompt) => Some(prompt.text.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(sent, ["first", "changed", "fourth"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupt_and_send_goes_before_the_queue() {
    let (mut rig, _script) = play(&[SLOW]);
    let id = rig.open().await;
    rig.prompt(id, "first").await;
    rig.prompt(id, "second").await;
    rig.wait("text", |kind| matches!(kind, EventKind::BlockDelta { .. })).await;
    rig.prompt_how(id, "urgent", SendHow::InterruptFirst).await;
    assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);
    let sent = rig.wait("the next prompt", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    assert!(matches!(&sent.kind, EventKind::PromptSent(prompt) if prompt.text == "urgent"));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_does_not_end_costs_the_process_and_the_conversation_goes_on() {
    let (mut rig, _script) = play(&[r#""deaf""#, SLOW]);
    let id = rig.open().await;
    rig.prompt(id, "first").await;
    rig.wait("text", |kind| matches!(kind, EventKind::BlockDelta { .. })).await;
    let conversation = rig.session(id).conversation.clone();
    rig.prompt_how(id, "urgent", SendHow::InterruptFirst).await;
    let exit = super::exit(&mut rig).await;
    assert_eq!((exit.expected, exit.trouble), (true, None));
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    assert_eq!(rig.session(id).conversation, conversation);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_error_is_a_trouble_and_retry_sends_again() {
    let (mut rig, _script) = play(&[
        r#"{"turn": [{"fail": {"status": 529, "text": "Overloaded"}}]}"#,
        r#"{"turn": [{"say": "now it works"}]}"#,
    ]);
    let id = rig.open().await;
    rig.prompt(id, "try").await;
    let TurnOutcome::Failed(trouble) = rig.turn_end().await else { panic!("it failed") };
    assert_eq!(trouble.kind, adjutant::core::trouble::TroubleKind::Overloaded);
    rig.send(Command::Retry { session: id }).await;
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    rig.end().await;
}
