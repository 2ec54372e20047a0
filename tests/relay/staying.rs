//! Staying connected, whatever happens.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adjutant::core::ids::Timestamp;
use adjutant::relay::feishu::connection::Status;
use adjutant::relay::feishu::connection::Timing;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::PATIENCE;
use super::Rig;
use super::quick;
use crate::support::feishu::Act;
use crate::support::feishu::Pongs;
use crate::support::feishu::code;
use crate::support::feishu::html;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::press;

fn refused_handshake(headers: &[(&'static str, &str)]) -> Act {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Act::Answer { status: 400, headers, body: String::new() }
}

async fn works(rig: &mut Rig) {
    let number = rig.feishu.push(&message("om_works", "hello"));
    assert_eq!(rig.message().await, "om_works");
    rig.feishu.ack(number).await;
}

#[tokio::test]
async fn it_connects_and_tells_by_which_name() {
    let mut rig = Rig::start(quick()).await;
    let status = rig.status(|_| true).await;
    let Status::Connected { device_id, .. } = status else { panic!("{status:?}") };
    assert_eq!(device_id, "7441873153905737730");
    works(&mut rig).await;
}

#[tokio::test]
async fn everything_that_can_fail_on_the_way_is_tried_again() {
    let acts = [
        ("discovery", html(502)),
        ("discovery", Act::DropBefore),
        ("discovery", Act::DropAfter),
        ("discovery", code(200, 1, "system busy")),
        ("discovery", code(500, 1_000_040_343, "internal error")),
        (
            "discovery",
            Act::Answer {
                status: 200,
                headers: vec![],
                body: json!({ "code": 0, "data": { "URL": "ws://example.org/?service_id=1" } }).to_string(),
            },
        ),
        ("discovery", Act::Answer { status: 200, headers: vec![], body: json!({ "code": 0 }).to_string() }),
        (
            "discovery",
            Act::Answer {
                status: 302,
                headers: vec![("location", "https://example.org/".into())],
                body: String::new(),
            },
        ),
        ("handshake", html(503)),
        ("handshake", Act::DropBefore),
        ("handshake", refused_handshake(&[("handshake-status", "514"), ("HANDSHAKE-MSG", "auth failed")])),
        ("handshake", Act::Answer { status: 200, headers: vec![], body: "no socket".into() }),
    ];
    let n_acts = acts.len() as u32;
    let mut rig = Rig::beginning(quick(), |feishu| {
        for (name, act) in acts {
            feishu.script(name, [act]);
        }
    })
    .await;
    rig.feishu.connected(1).await;
    works(&mut rig).await;
    assert!(rig.feishu.n_calls("discovery") as u32 > n_acts - 2, "an address is asked for each time");
}

#[tokio::test]
async fn a_wrong_secret_is_shown_and_still_tried_again() {
    let timing = Timing { refused: Duration::from_millis(200), ..quick() };
    let wrong = code(200, 1_000_040_345, "app_id or app_secret is invalid");
    let mut rig = Rig::beginning(timing, |feishu| feishu.script("discovery", [wrong.clone(), wrong])).await;
    let status = rig.status(|status| matches!(status, Status::Refused { .. })).await;
    let Status::Refused { why } = status else { panic!("{status:?}") };
    assert!(why.contains("app_id or app_secret is invalid (code 1000040345); compare app_id"), "{why}");
    rig.status(|status| matches!(status, Status::Connected { .. })).await;
    rig.feishu.connected(1).await;
    works(&mut rig).await;
}

#[tokio::test]
async fn too_many_connections_and_a_ban_are_shown_and_still_tried_again() {
    for (headers, expected) in [
        (
            vec![("Handshake-Status", "514"), ("handshake-autherrcode", "1000040350"), ("Handshake-Msg", "exceed")],
            "more than 50",
        ),
        (vec![("Handshake-Status", "403"), ("Handshake-Msg", "forbidden")], "banned"),
    ] {
        let timing = Timing { refused: Duration::from_millis(200), ..quick() };
        let act = refused_handshake(&headers);
        let mut rig = Rig::beginning(timing, |feishu| feishu.script("handshake", [act])).await;
        let Status::Refused { why } = rig.status(|status| matches!(status, Status::Refused { .. })).await else {
            panic!("not refused")
        };
        assert!(why.contains(expected), "{why}");
        rig.status(|status| matches!(status, Status::Connected { .. })).await;
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_replaced_though_the_server_says_to_try_once() {
    let mut rig = Rig::start(quick()).await;
    for number in 2..8 {
        match number % 3 {
            0 => rig.feishu.break_connection(),
            1 => rig.feishu.send(Message::Close(None)),
            // A frame that no client can take.
            _ => rig.feishu.send(Message::binary(vec![0; 6 << 20])),
        }
        rig.feishu.connected(number).await;
        works(&mut rig).await;
    }
}

#[tokio::test]
async fn a_connection_that_looks_open_and_is_dead_is_left() {
    let timing = Timing { sign_of_life: Duration::from_millis(300), ..quick() };
    let mut rig = Rig::beginning(timing, |feishu| feishu.with(|state| state.pongs = Pongs::Never)).await;
    rig.feishu.connected(2).await;
    let status = rig.status(|status| matches!(status, Status::Connecting { last_error: Some(_), .. })).await;
    let Status::Connecting { last_error: Some(why), .. } = status else { panic!("{status:?}") };
    assert!(why.starts_with("nothing came for"), "{why}");
    rig.feishu.with(|state| state.pongs = Pongs::Plain);
}

#[tokio::test]
async fn a_pong_may_ask_for_another_pause_and_may_be_nonsense() {
    let ping = (Duration::from_millis(20), Duration::from_mins(2));
    let mut rig = Rig::beginning(Timing { ping, ..quick() }, |feishu| {
        feishu.with(|state| state.pongs = Pongs::With("{\"PingInterval\":".into()));
    })
    .await;
    rig.feishu.connected(1).await;
    rig.feishu.break_connection();
    rig.feishu.with(|state| {
        // Zero is no pause, and a second is shorter than what the server asked for at first.
        state.pongs = Pongs::With(json!({ "PingInterval": 1, "ReconnectCount": 0 }).to_string());
    });
    rig.feishu.connected(2).await;
    rig.feishu.until("more pings", |state| (state.n_pings >= 2).then_some(())).await;
    works(&mut rig).await;
}

#[tokio::test]
async fn a_machine_that_slept_connects_anew() {
    static SLEPT_MS: AtomicI64 = AtomicI64::new(0);
    fn wall() -> Timestamp {
        Timestamp(adjutant::clock::now().0 + SLEPT_MS.load(Ordering::Relaxed))
    }
    let timing = Timing { sleep_check: Duration::from_millis(50), wall, ..quick() };
    let mut rig = Rig::start(timing).await;
    SLEPT_MS.store(3_600_000, Ordering::Relaxed);
    rig.feishu.connected(2).await;
    works(&mut rig).await;
}

#[tokio::test]
async fn sleep_ends_a_long_pause_too() {
    static SLEPT_MS: AtomicI64 = AtomicI64::new(0);
    fn wall() -> Timestamp {
        Timestamp(adjutant::clock::now().0 + SLEPT_MS.load(Ordering::Relaxed))
    }
    let long = Duration::from_hours(1);
    let timing = Timing { sleep_check: Duration::from_millis(50), wall, refused: long, ..quick() };
    let wrong = code(200, 1_000_040_345, "app_id or app_secret is invalid");
    let mut rig = Rig::beginning(timing, |feishu| feishu.script("discovery", [wrong])).await;
    rig.status(|status| matches!(status, Status::Refused { .. })).await;
    SLEPT_MS.store(60_000, Ordering::Relaxed);
    rig.feishu.connected(1).await;
    works(&mut rig).await;
}

#[tokio::test]
async fn an_answer_for_a_connection_that_ended_is_lost_and_says_so() {
    let mut rig = Rig::start(quick()).await;
    rig.feishu.push(&press("om_1", &json!({})));
    let push = rig.pushed().await;
    rig.feishu.break_connection();
    rig.feishu.connected(2).await;
    assert!(!push.answer.done());
    works(&mut rig).await;
}

#[tokio::test]
async fn a_server_that_never_opens_the_connection_is_not_waited_for() {
    let timing = Timing { handshake: Duration::from_millis(300), ..quick() };
    let hour = Act::Slow(Duration::from_hours(1));
    let mut rig = Rig::beginning(timing, |feishu| {
        feishu.script("discovery", [hour.clone()]);
        feishu.script("handshake", [hour]);
    })
    .await;
    rig.feishu.connected(1).await;
    works(&mut rig).await;
}

#[tokio::test]
async fn cancelling_ends_it_at_any_moment() {
    for phase in ["discovery", "handshake", "connected", "pause"] {
        let timing = Timing { refused: Duration::from_hours(1), ..quick() };
        let hour = Act::Slow(Duration::from_hours(1));
        let feishu = crate::support::feishu::Feishu::start().await;
        match phase {
            "pause" => feishu.script("discovery", [code(200, 1_000_040_344, "no credential")]),
            "connected" => {}
            phase => feishu.script(phase, [hour]),
        }
        let cancel = tokio_util::sync::CancellationToken::new();
        let account = super::account(&feishu);
        let mut connection = adjutant::relay::feishu::connection::start(account, timing, cancel.clone());
        match phase {
            "connected" => feishu.connected(1).await,
            "pause" => {
                let refused = connection.status.wait_for(|status| matches!(status, Status::Refused { .. }));
                tokio::time::timeout(PATIENCE, refused).await.unwrap().unwrap();
            }
            _ => tokio::task::yield_now().await,
        }
        cancel.cancel();
        tokio::time::timeout(PATIENCE, connection.task).await.expect(phase).unwrap();
        assert!(connection.pushes.recv().await.is_none(), "{phase}");
    }
}
