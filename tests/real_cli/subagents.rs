//! Sub-agents and background work.

use std::path::PathBuf;
use std::time::Duration;

use adjutant::core::approval::Decision;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::session::Activity;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::slow_text;
use crate::support::api::text;
use crate::support::api::tool;

#[tokio::test(flavor = "multi_thread")]
async fn a_sub_agent_asks_for_itself_also_after_the_turn() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let agent = json!({ "description": "make a file", "prompt": "agent work: make it", "subagent_type": "general-purpose" });
        api.script(
            "agent work",
            vec![tool("Bash", json!({ "command": "touch by-agent.txt", "description": "make it" })), text("made it")],
        );
        api.script("delegate", vec![tool("Agent", agent), text("delegated")]);
        let id = rig.open().await;
        rig.prompt(id, "delegate this").await;
        let approval = rig.approval().await;
        assert_eq!(approval.input["command"], "touch by-agent.txt");
        assert!(approval.agent.is_some(), "the sub-agent is named: {approval:?}");
        rig.answer(id, approval.id, Decision::allow_once()).await;
        let made = rig.project().join("by-agent.txt");
        for _ in 0..200 {
            if made.exists() && rig.session(id).activity() == Activity::Idle {
                break;
            }
            rig.listen(std::time::Duration::from_millis(100)).await;
        }
        assert!(made.exists());
        let session = rig.session(id);
        assert_eq!(session.activity(), Activity::Idle, "{:?}", session.tasks);
        let nested = session
            .transcript
            .iter()
            .any(|cell| cell.depth > 0 && matches!(&cell.body, CellBody::Tool(call) if call.name == "Bash"));
        assert!(nested, "the agent's call stands under the agent");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_background_shell_is_seen_and_ends_with_the_session() {
    async fn test(cli: PathBuf) {
        let (mut rig, api) = rig(cli, &[]).await;
        let command = "sleep 3217";
        api.script(
            "in the background",
            vec![
                tool("Bash", json!({ "command": format!("touch begun; {command}"), "description": "wait", "run_in_background": true })),
                text("started"),
            ],
        );
        let id = rig.open().await;
        rig.prompt(id, "in the background").await;
        let approval = rig.approval().await;
        rig.answer(id, approval.id, Decision::allow_once()).await;
        rig.wait("the task", |kind| matches!(kind, EventKind::TaskStarted { .. })).await;
        rig.turn_end().await;
        // The turn may be over before the shell has begun.
        let begun = rig.project().join("begun");
        while !begun.exists() || !runs(command) {
            rig.listen(Duration::from_millis(20)).await;
        }
        rig.engine.shutdown().await;
        assert!(!runs(command), "nothing is left of it");
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_leaves_a_background_agent_alone_and_its_words_stand_under_it() {
    async fn test(cli: PathBuf) {
        let is_old = cli.display().to_string().contains("2.1.197");
        let (mut rig, api) = rig(cli, &[]).await;
        let agent = json!({ "description": "look around", "prompt": "agent work: look", "subagent_type": "general-purpose",
            "run_in_background": true });
        let words = "the agent found what it was sent for and says so at some length";
        api.script("agent work", vec![slow_text(words, 300)]);
        api.script(
            "delegate",
            vec![tool("Agent", agent), slow_text("and now the main thread talks on and on and on", 300)],
        );
        let id = rig.open().await;
        rig.prompt(id, "delegate this").await;
        rig.wait("the agent", |kind| matches!(kind, EventKind::TaskStarted { .. })).await;
        rig.listen(Duration::from_millis(500)).await;
        rig.send(Command::Interrupt { session: id }).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Interrupted);
        if is_old {
            // It knows no other way: its background agents end with the turn, which is said.
            let told = |kind: &EventKind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("with an interrupt: look around"));
            assert!(rig.events.iter().any(|event| told(&event.kind)));
            rig.end().await;
            return;
        }
        let spoke = |kind: &EventKind| matches!(kind, EventKind::BlockEnded { parent: Some(_), text, .. } if text.contains("found what it was sent for"));
        rig.wait("the agent's words", spoke).await;
        let nested = rig.session(id).transcript.iter().any(|cell| {
            cell.depth > 0
                && matches!(&cell.body, CellBody::Block(block) if block.text.contains("found what it was sent for"))
        });
        assert!(nested, "its words stand under its call");
        rig.end().await;
    }
    with_each_cli!(test);
}

/// Whether a process with these words runs on this machine.
fn runs(words: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).replace('\0', " ").trim_end() == words
    })
}
