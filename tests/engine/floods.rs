//! Output that no well-behaved CLI sends, and more of it than a client can read.

use std::time::Duration;

use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::fleet::Fleet;
use adjutant::core::session::SessionSpec;
use adjutant::link::Update;

use super::play;
use super::play_with;

#[tokio::test(flavor = "multi_thread")]
async fn garbage_between_the_lines_is_told_once_and_costs_nothing() {
    let (mut rig, _script) = play(&[
        r#"{"raw": "npm warn deprecated"}"#,
        r#"{"turn": ["invalid_utf8", {"deep": 100000}, {"raw": [1]}, {"raw": {"type": "brand_new", "x": 1}},
            {"raw": {"type": "assistant", "message": 7}}, {"raw": "{\"type\":\"control_request\",\"request_id\":\"q\",\"request\":7}"},
            {"say": "still here"}]}"#.replace('\n', " ").as_str(),
    ]);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    let notices = rig.events.iter().filter(|event| matches!(event.kind, EventKind::Noted(_))).count();
    assert_eq!(notices, 1);
    assert_eq!(rig.session(id).n_unknown, 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_an_end_is_thrown_away_and_told() {
    let (mut rig, _script) =
        play_with(&[r#"{"turn": [{"flood": 104857600}, {"raw": ""}, {"say": "after the flood"}]}"#], |config| {
            config.claude.max_line_mib = 1;
        });
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let told = rig.wait("the notice", |kind| matches!(kind, EventKind::Noted(_))).await;
    assert!(matches!(&told.kind, EventKind::Noted(notice) if notice.text.contains("1 MiB")));
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_too_long_to_be_read_is_refused() {
    let request = serde_json::json!({"type": "control_request", "request_id": "big", "request": {
        "subtype": "can_use_tool", "tool_name": "Bash", "tool_use_id": "t", "input": {"command": "x".repeat(2 << 20)}}});
    let script = serde_json::json!({"turn": [{"raw": request}, {"say": "after it"}]}).to_string();
    let (mut rig, _script) = play_with(&[&script], |config| config.claude.max_line_mib = 1);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let told = rig.wait("the notice", |kind| matches!(kind, EventKind::Noted(_))).await;
    assert!(matches!(&told.kind, EventKind::Noted(notice) if notice.text.contains("it was refused")), "{told:?}");
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    assert!(!rig.events.iter().any(|event| matches!(event.kind, EventKind::ApprovalAsked(_))));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_in_a_turn_is_told() {
    let (mut rig, _script) =
        play_with(&[r#"{"turn": [{"sleep_ms": 2500}, {"say": "x"}]}"#], |config| config.claude.stall_after_s = 1);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.wait("the stall", |kind| matches!(kind, EventKind::Stalled { .. })).await;
    rig.turn_end().await;
    let stalls = rig.events.iter().filter(|event| matches!(event.kind, EventKind::Stalled { .. })).count();
    assert_eq!(stalls, 1);
    rig.end().await;
}

/// Sixteen sessions stream as fast as they can; one client reads nothing for a while, another everything.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_client_misses_nothing_in_the_end_and_holds_up_nobody() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"deltas": {"count": 2000, "per_second": 0}}]}"#]);
    let mut slow = rig.engine.connect();
    let directory = rig.project().display().to_string();
    let mut sessions = Vec::new();
    for _ in 0..16 {
        let spec = SessionSpec { directory: directory.clone(), ..SessionSpec::default() };
        sessions.push(rig.open_spec(spec).await);
    }
    for id in &sessions {
        rig.prompt(*id, "go").await;
    }
    for _ in 0..16 {
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    }
    for id in &sessions {
        let text = rig.session(*id).last_turn.as_ref().and_then(|turn| turn.text.clone()).unwrap();
        assert!(text.starts_with("word word"));
    }
    let mut seen = Fleet::default();
    let mut n_snapshots = 0;
    while seen != rig.fleet {
        match tokio::time::timeout(Duration::from_secs(20), slow.recv()).await {
            Ok(Some(Update::Snapshot(fleet))) => {
                n_snapshots += 1;
                seen = *fleet;
            }
            Ok(Some(Update::Events(events))) => events.iter().for_each(|event| seen.apply(event)),
            Ok(Some(Update::History { session, cells })) => seen.prepend(session, cells),
            Ok(Some(Update::Phone(_) | Update::Hooks(_))) => {}
            Ok(None) | Err(_) => panic!("the slow client never caught up"),
        }
        rig.listen(Duration::from_millis(1)).await;
    }
    assert!(n_snapshots >= 1);
    rig.send(Command::Close { session: sessions[0] }).await;
    rig.wait("the end of one", |kind| matches!(kind, EventKind::Closed)).await;
    rig.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_sessions_work_at_once() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"deltas": {"count": 100, "per_second": 100}}, {"say": "done"}]}"#]);
    let mut ids = Vec::new();
    for _ in 0..32 {
        ids.push(rig.open().await);
    }
    for id in &ids {
        rig.prompt(*id, "go").await;
    }
    for _ in &ids {
        rig.wait("the end of a turn", |kind| matches!(kind, EventKind::TurnEnded { .. })).await;
    }
    for id in &ids {
        assert_eq!(rig.session(*id).last_turn.as_ref().and_then(|turn| turn.text.as_deref()), Some("done"));
    }
    rig.end().await;
}
