//! Requests for permission: each is answered once, or withdrawn, or its session is gone.

use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use adjutant::core::approval::Decision;
use adjutant::core::approval::Withdrawal;
use adjutant::core::cell::CellBody;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::prompt::Surface;
use adjutant::core::tool::ToolOutcome;
use adjutant::core::tool::ToolState;

use super::exit;
use super::play;
use super::play_with;

const THREE: &str = r#"{"turn": [{"tools": [
    {"name": "Bash", "input": {"command": "a"}, "ask": true, "result": "A"},
    {"name": "Bash", "input": {"command": "b"}, "ask": true, "result": "B"},
    {"name": "Bash", "input": {"command": "c"}, "ask": true, "result": "C"}]}, {"say": "done"}]}"#;

fn one_line(script: &str) -> String {
    script.replace('\n', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_requests_are_answered_in_any_order() {
    let (mut rig, _script) = play(&[&one_line(THREE)]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(rig.approval().await);
    }
    let ids: BTreeSet<_> = asked.iter().map(|approval| approval.id).collect();
    assert_eq!(ids.len(), 3);
    for approval in asked.iter().rev() {
        let is_b = approval.input["command"] == "b";
        let decision = if is_b { Decision::deny("not b") } else { Decision::allow_once() };
        rig.answer(id, approval.id, decision).await;
    }
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    let ended: Vec<(ToolOutcome, String)> = rig
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolEnded { outcome, output, .. } => Some((*outcome, output.text.clone())),
            _ => None,
        })
        .collect();
    let expected = [(ToolOutcome::Done, "A"), (ToolOutcome::Denied, "not b"), (ToolOutcome::Done, "C")];
    assert_eq!(ended, expected.map(|(outcome, text)| (outcome, text.to_owned())));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_wins_and_late_ones_are_refused() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "takes_ms": 100}}]}"#]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    rig.answer(id, approval.id, Decision::deny("no")).await;
    rig.answer(id, approval.id, Decision::allow_once()).await;
    rig.wait("the refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
    rig.idle(id).await;
    rig.answer(id, approval.id, Decision::allow_once()).await;
    let refused = rig.wait("the second refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
    assert!(
        matches!(&refused.kind, EventKind::AnswerRefused { why, .. } if why.contains("denied by you")),
        "{refused:?}"
    );
    let verdicts = rig.events.iter().filter(|event| matches!(event.kind, EventKind::ApprovalResolved { .. }));
    assert_eq!(verdicts.count(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_request_closes_and_cannot_be_answered() {
    let tool = r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "withdraw_after_ms": 150, "denied": [{"sleep_ms": 300}]}}]}"#;
    let (mut rig, _script) = play(&[tool]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    let withdrawn = rig.wait("the withdrawal", |kind| matches!(kind, EventKind::ApprovalWithdrawn { .. })).await;
    assert!(matches!(withdrawn.kind, EventKind::ApprovalWithdrawn { why: Withdrawal::ByCli, .. }));
    rig.answer(id, approval.id, Decision::allow_once()).await;
    rig.wait("the refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
    assert!(rig.fleet.inbox().is_empty());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_with_an_open_request_keeps_the_queue() {
    let script = r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "allowed": ["die"]}}, {"say": "x"}]}"#;
    let (mut rig, _script) = play(&[
        r#"{"turn": [{"tools": [{"name": "Bash", "ask": true, "allowed": ["die"]}, {"name": "Bash", "ask": true}]}]}"#,
        script,
    ]);
    let id = rig.open().await;
    rig.prompt(id, "first").await;
    rig.prompt(id, "second").await;
    let approval = rig.approval().await;
    rig.approval().await;
    rig.answer(id, approval.id, Decision::allow_once()).await;
    let withdrawn = rig.wait("the withdrawal", |kind| matches!(kind, EventKind::ApprovalWithdrawn { .. })).await;
    assert!(matches!(withdrawn.kind, EventKind::ApprovalWithdrawn { why: Withdrawal::SessionGone, .. }));
    let ended = exit(&mut rig).await;
    assert!(!ended.expected && ended.trouble.is_some());
    assert_eq!(rig.session(id).queue.len(), 1);
    rig.prompt(id, "third").await;
    let sent = rig.wait("the kept prompt", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    assert!(matches!(&sent.kind, EventKind::PromptSent(prompt) if prompt.text == "second"));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_denies_and_says_so() {
    let script = r#"{"turn": [{"tool": {"name": "Bash", "ask": true}}]}"#;
    let (mut rig, _script) = play_with(&[script], |config| config.approvals.deadline_s = 1);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    assert!(approval.deadline.is_some());
    let resolved = rig.wait("the verdict", |kind| matches!(kind, EventKind::ApprovalResolved { .. })).await;
    let EventKind::ApprovalResolved { verdict, .. } = &resolved.kind else { unreachable!() };
    assert_eq!(verdict.by, Surface::Engine);
    assert!(!verdict.decision.is_allow());
    rig.idle(id).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_terminal_approves_what_needs_a_person() {
    let script =
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "request": {"requires_user_interaction": true}}}]}"#;
    let (mut rig, _script) = play(&[script]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    let answer = |decision: Decision| Command::Answer {
        session: id,
        approval: approval.id,
        decision: Box::new(decision),
        by: Surface::Headless,
    };
    rig.send(answer(Decision::allow_once())).await;
    rig.wait("the refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
    rig.send(answer(Decision::deny("no"))).await;
    rig.wait("the verdict", |kind| matches!(kind, EventKind::ApprovalResolved { .. })).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policy_answers_without_a_dialog() {
    let script = r#"{"turn": [{"tool": {"name": "Grep", "input": {"pattern": "x"}, "ask": true, "result": "x"}},
        {"tool": {"name": "Read", "input": {"file_path": "/etc/shadow"}, "ask": true}}]}"#;
    let (mut rig, _script) = play(&[&one_line(script)]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    assert_eq!(approval.input["file_path"], "/etc/shadow");
    let by_policy = rig.events.iter().filter(|event| matches!(event.kind, EventKind::ApprovedByPolicy { .. }));
    assert_eq!(by_policy.count(), 1);
    rig.answer(id, approval.id, Decision::deny("no")).await;
    rig.turn_end().await;
    rig.end().await;
}

const RULES: &str = r#"
    [[approvals.rules]]
    tool = "Bash"
    command = "rm"
    action = "deny"
    [[approvals.rules]]
    tool = "Bash"
    command = "git status"
    action = "allow"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn rules_allow_and_deny_and_everybody_is_told() {
    let suggestion =
        r#"{"permission_suggestions": [{"type": "setMode", "mode": "bypassPermissions", "destination": "session"}]}"#;
    let script = format!(
        r#"{{"turn": [{{"tool": {{"name": "Bash", "input": {{"command": "git status -s"}}, "ask": true, "result": "S", "request": {suggestion}}}}},
        {{"tool": {{"name": "Bash", "input": {{"command": "git status; sudo rm -rf x"}}, "ask": true}}}},
        {{"tool": {{"name": "Bash", "input": {{"command": "rm x"}}, "ask": true, "request": {{"requires_user_interaction": true}}}}}},
        {{"tool": {{"name": "Bash", "input": {{"command": "git status"}}, "ask": true, "request": {{"mcp_server": {{"name": "x", "source": "user"}}}}}}}},
        {{"tool": {{"name": "Bash", "input": {{"command": "git status > x"}}, "ask": true}}}}]}}"#
    );
    let (mut rig, _script) =
        play_with(&[&one_line(&script)], |config| config.approvals = adjutant::config::parse(RULES).unwrap().approvals);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    for asked in ["git status", "git status > x"] {
        let approval = rig.approval().await;
        assert_eq!(approval.input["command"], asked);
        rig.answer(id, approval.id, Decision::deny("no")).await;
    }
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    let calls: Vec<_> = rig
        .session(id)
        .transcript
        .iter()
        .filter_map(|cell| if let CellBody::Tool(call) = &cell.body { Some(call) } else { None })
        .collect();
    let verdict = |at: usize| calls[at].verdict.clone().unwrap();
    assert_eq!(verdict(0).decision, Decision::allow_once());
    assert_eq!(verdict(0).by, Surface::Policy("allow Bash “git status” (config.toml line 6)".into()));
    for (at, denied) in [(1, "sudo rm -rf x"), (2, "rm x")] {
        assert_eq!(verdict(at).by, Surface::Policy("deny Bash “rm” (config.toml line 2)".into()), "{denied}");
        assert_eq!(calls[at].state, ToolState::Denied);
        let output = &calls[at].output.as_ref().unwrap().text;
        assert!(output.contains("deny Bash “rm”"), "the model reads which rule it was: {output}");
    }
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_edited_is_what_is_sent_and_a_comment_follows() {
    let (mut rig, _script) =
        play(&[r#"{"turn": [{"tool": {"name": "Bash", "input": {"command": "a"}, "ask": true}}, {"say": "x"}]}"#]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let approval = rig.approval().await;
    let bad = Decision::Allow { edited: Some("text".into()), remember: Vec::new(), comment: None };
    rig.answer(id, approval.id, bad).await;
    rig.wait("the refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
    let edited = Some(serde_json::json!({"command": "b"}));
    let good = Decision::Allow { edited, remember: Vec::new(), comment: Some("mind the gap".into()) };
    rig.answer(id, approval.id, good).await;
    rig.turn_end().await;
    let sent = rig.wait("the comment", |kind| matches!(kind, EventKind::PromptSent(_))).await;
    assert!(matches!(&sent.kind, EventKind::PromptSent(prompt) if prompt.text == "mind the gap"));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_on_its_way_at_once_while_others_flood() {
    let flood = r#"{"turn": [{"tool": {"name": "Bash", "ask": true}}, {"deltas": {"count": 20000, "per_second": 0}}]}"#;
    let (mut rig, _script) = play(&[flood]);
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let id = rig.open().await;
        rig.prompt(id, "go").await;
        sessions.push(id);
    }
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(rig.approval().await);
    }
    let mut slowest = 0;
    for approval in asked {
        let sent = Instant::now();
        rig.answer(approval.session, approval.id, Decision::allow_once()).await;
        rig.wait_event(
            "the verdict",
            |event| matches!(&event.kind, EventKind::ApprovalResolved { approval: id, .. } if *id == approval.id),
        )
        .await;
        slowest = slowest.max(sent.elapsed().as_millis());
    }
    // The measure includes the way back through the flood of events, on a busy machine.
    assert!(slowest < 2_000, "{slowest} ms");
    rig.listen(Duration::from_millis(10)).await;
    rig.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_shown_in_the_order_in_which_they_came() {
    let calls: Vec<String> =
        (0..40).map(|n| format!(r#"{{"name": "Bash", "input": {{"command": "echo {n}"}}, "ask": true}}"#)).collect();
    let script = format!(r#"{{"turn": [{{"tools": [{}]}}]}}"#, calls.join(","));
    let (mut rig, _script) = play(&[&script]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    for n in 0..40 {
        assert_eq!(rig.approval().await.input["command"], format!("echo {n}"));
    }
    rig.end().await;
}
