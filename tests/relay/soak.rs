//! Two hours of the whole service, in simulated time: pings, tokens that run out, cards that change, requests that are
//! answered late, and a machine that sleeps for ten minutes. Nothing grows, and no limit is broken.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adjutant::clock;
use adjutant::core::event::EventKind;
use adjutant::core::ids::Timestamp;
use adjutant::core::phone::Connection;
use adjutant::core::tool::ToolOutcome;
use adjutant::core::tool::ToolOutput;
use adjutant::relay::ledger::Ledger;
use serde_json::Value;
use serde_json::json;

use crate::support::stage::Stage;
use crate::support::stage::TOKEN_S;
use crate::support::stage::button;
use crate::support::stage::person;
use crate::support::stage::pressed;
use crate::support::stage::said;

/// Two hours.
const LENGTH_S: u32 = 7_200;
/// The lid is closed then, for ten minutes.
const SLEEP_AT_S: u32 = 3_700;
const SLEEP_MS: i64 = 600_000;
/// A request comes so often, and is answered so much later.
const ASK_EVERY_S: u32 = 300;
const ANSWERED_AFTER_S: u32 = 140;
/// A turn that takes long begins so often, lasts so long, and uses a tool so often.
const LONG_EVERY_S: u32 = 120;
const LONG_S: u32 = 75;
const TOOL_EVERY_S: u32 = 7;
const STALL_EVERY_S: u32 = 900;

/// Milliseconds that passed while everything stood still.
static SLEPT: AtomicI64 = AtomicI64::new(0);

/// A wall clock that goes on while the machine sleeps; time itself does not.
fn wall() -> Timestamp {
    const MIDNIGHT: i64 = 1_795_219_200_000;
    thread_local! {
        static BEGAN: tokio::time::Instant = tokio::time::Instant::now();
    }
    let passed = BEGAN.with(tokio::time::Instant::elapsed);
    Timestamp(MIDNIGHT + i64::try_from(passed.as_millis()).unwrap() + SLEPT.load(Ordering::Relaxed))
}

/// Returns when nothing is under way any more: no task has run for a moment of real time.
async fn quiet() {
    let metrics = tokio::runtime::Handle::current().metrics();
    loop {
        let before = metrics.worker_park_unpark_count(0);
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_micros(200))).await.unwrap();
        // It parked to wait for this, and was woken by it.
        if metrics.worker_park_unpark_count(0) <= before + 2 {
            return;
        }
    }
}

/// A second passes.
async fn second() {
    tokio::time::advance(Duration::from_secs(1)).await;
    quiet().await;
}

/// Something is pushed, and taken in: to sockets no time passes here.
async fn arrives(stage: &Stage, payload: &Value) {
    let push = stage.feishu.push(payload);
    stage.feishu.ack(push).await;
    quiet().await;
}

/// How much there is of everything that could grow.
fn n_tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

fn n_rows(stage: &Stage, table: &str) -> i64 {
    let ledger = rusqlite::Connection::open(stage.folder.path().join("data/relay.db")).unwrap();
    ledger.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// The newest card of the first person's chat that can be answered.
fn asking(stage: &Stage) -> Option<(String, Value)> {
    let taken = stage.feishu.taken();
    taken.iter().rev().find_map(|taken| Some((taken.message_id.clone(), button(&taken.content, "allow")?)))
}

#[tokio::test(start_paused = true)]
async fn two_hours_pass_and_nothing_grows() {
    let _clock = clock::go_by(wall);
    // Time passes only when this test lets it: a thread that waits holds the runtime's own jumps back.
    let (held, wait) = std::sync::mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || wait.recv().is_ok());
    let stage = Stage::here(2).await;
    let (asks, works) = (stage.sessions[0], stage.sessions[1]);
    let (mut n_asked, mut n_worked, mut n_tasks_early, mut n_calls) = (0, 0, 0, 0_u32);
    for at in 1..=LENGTH_S {
        second().await;
        let into = |every: u32| at % every;
        if into(ASK_EVERY_S) == 1 {
            n_asked += 1;
            arrives(&stage, &said(0, &format!("om_ask{at}"), &format!("ask {n_asked}"))).await;
        }
        if into(ASK_EVERY_S) == 1 + ANSWERED_AFTER_S {
            let (card, value) = asking(&stage).expect("a card asks");
            let push = stage.feishu.push(&pressed(0, &card, &value));
            quiet().await;
            let ack = stage.feishu.ack(push).await.data.unwrap();
            assert_eq!(ack["toast"]["type"], "success", "{ack}");
        }
        if into(LONG_EVERY_S) == 2 {
            n_worked += 1;
            arrives(&stage, &said(1, &format!("om_long{at}"), &format!("long {n_worked}"))).await;
        }
        let is_at_work = (5..LONG_S).contains(&into(LONG_EVERY_S));
        if is_at_work && into(TOOL_EVERY_S) == 0 {
            n_calls += 1;
            let call = adjutant::core::ids::ToolCallId::from(format!("c{n_calls}").as_str());
            let input = json!({ "command": format!("step {n_calls}") });
            stage.clerk.tell(
                works,
                EventKind::ToolStarted { call: call.clone(), parent: None, name: "Bash".into(), input, changed: None },
            );
            let (outcome, output) = (ToolOutcome::Done, ToolOutput::default());
            stage.clerk.tell(works, EventKind::ToolEnded { call, outcome, output });
        }
        if into(LONG_EVERY_S) == 2 + LONG_S {
            stage.clerk.with(|books| books.finish(works));
        }
        if into(STALL_EVERY_S) == 0 {
            stage.clerk.tell(asks, EventKind::Stalled { silent_ms: 600_000 });
        }
        if at == SLEEP_AT_S {
            SLEPT.store(SLEEP_MS, Ordering::Relaxed);
        }
        if at == 600 {
            n_tasks_early = n_tasks();
        }
    }
    for _ in 0..100 {
        second().await;
    }
    let view = stage.view();
    assert!(matches!(view.connection, Connection::Connected { .. }), "{view:?}");
    assert_eq!((view.n_waiting, &view.trouble), (0, &None));
    assert!(n_tasks() <= n_tasks_early, "{} tasks, and {n_tasks_early} after ten minutes", n_tasks());
    let (n_connections, n_limited, n_tokens) =
        stage.feishu.with(|state| (state.n_connections, state.n_limited, state.n_tokens));
    assert_eq!(n_connections, 2, "one connection, and another after the machine slept");
    assert_eq!(n_limited, 0, "no limit of Feishu's was broken");
    // Each is used until ten minutes are left of it.
    let n_needed = LENGTH_S / (TOKEN_S as u32 - 600);
    assert!((n_needed..=n_needed + 1).contains(&n_tokens), "{n_tokens} tokens");
    check_cards(&stage, n_asked, n_worked);
    check_ledger(&stage);
    drop(held);
}

/// Each card is in its last state.
fn check_cards(stage: &Stage, n_asked: usize, n_worked: usize) {
    let taken = stage.feishu.taken();
    let count = |at: usize, what: &str| {
        let of_chat = taken.iter().filter(|taken| taken.chat_id == person(at).1);
        of_chat.filter(|taken| taken.content.to_string().contains(what)).count()
    };
    assert_eq!(stage.clerk.with(|books| books.decisions.len()), n_asked);
    assert_eq!(count(0, "allowed once by"), n_asked);
    assert_eq!((count(0, "answer-to-ask"), count(1, "answer-to-long")), (n_asked, n_worked));
    assert_eq!(count(0, "silent for 10 minutes"), (LENGTH_S / STALL_EVERY_S) as usize);
    assert!(asking(stage).is_none(), "nothing can be pressed any more");
    for taken in &taken {
        let text = taken.content.to_string();
        assert!(!text.contains("working") && !text.contains("waits for you"), "left behind: {text}");
    }
    let n_changes: u32 = taken.iter().map(|taken| taken.n_changes).sum();
    eprintln!("{} messages, {n_changes} changes, {} pings", taken.len(), stage.feishu.with(|state| state.n_pings));
}

/// The ledger forgets what no longer can matter.
fn check_ledger(stage: &Stage) {
    assert_eq!(n_rows(stage, "outbox"), 0);
    let before = (n_rows(stage, "cards"), n_rows(stage, "seen"));
    let later = |days: i64| Timestamp(clock::now().0 + days * 24 * 3_600_000);
    let ledger = Ledger::open(&stage.folder.path().join("data")).unwrap();
    ledger.tidy(later(1)).unwrap();
    assert_eq!((n_rows(stage, "cards"), n_rows(stage, "seen")), before, "what may be pressed or pushed again is kept");
    ledger.tidy(later(32)).unwrap();
    assert_eq!((n_rows(stage, "cards"), n_rows(stage, "seen")), (0, 0));
    assert_eq!((n_rows(stage, "chats"), n_rows(stage, "owners")), (2, 2));
}
