//! How the relay comes back from trouble: of the way, of one chat, of its disk.

use std::time::Duration;

use adjutant::core::event::EventKind;

use crate::support::feishu::Act;
use crate::support::feishu::Taken;
use crate::support::feishu::html;
use crate::support::stage::Stage;
use crate::support::stage::person;
use crate::support::stage::said;

/// The texts of a person's chat, in order.
fn texts(stage: &Stage, at: usize) -> Vec<String> {
    let chat = person(at).1;
    let taken = stage.feishu.taken().into_iter().filter(|taken| taken.chat_id == chat);
    taken.filter_map(|taken| taken.content["text"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_after_many_failures_goes_out_when_the_connection_is_back() {
    let stage = Stage::start(1).await;
    stage.settled().await;
    // After so many failures the next try would be half a minute away.
    stage.feishu.script("send", (0..40).map(|_| html(502)));
    stage.feishu.push(&said(0, "om_1", "/list"));
    for n_tries in 1..=3 {
        stage.feishu.until("a try", |state| (state.scripts["send"].len() + n_tries <= 40).then_some(())).await;
    }
    let ledger = rusqlite::Connection::open(stage.folder.path().join("data/relay.db")).unwrap();
    // As after an hour of failures.
    let waits = async {
        loop {
            let now = adjutant::clock::now().0;
            let sql = "UPDATE outbox SET due = ?1, tries = 12 WHERE due > ?2";
            if ledger.execute(sql, [now + 3_600_000, now]).unwrap() == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waits).await.expect("a try fails, and the next waits");
    let n_calls = stage.feishu.n_calls("send");
    stage.feishu.with(|state| state.scripts.clear());
    let number = stage.feishu.with(|state| state.n_connections);
    stage.feishu.break_connection();
    stage.feishu.connected(number + 1).await;
    stage.settled().await;
    assert!(texts(&stage, 0).last().unwrap().contains("▸ 1"), "{:?}", texts(&stage, 0));
    assert_eq!(stage.feishu.n_calls("send"), n_calls + 1, "one try was enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_hangs_holds_up_no_other_chat() {
    let stage = Stage::start(2).await;
    stage.settled().await;
    stage.feishu.script("send", [Act::Slow(Duration::from_secs(8))]);
    stage.feishu.push(&said(0, "om_slow", "/list"));
    stage.feishu.until("the slow one to be sent", |state| state.scripts["send"].is_empty().then_some(())).await;
    // The first try of the other fails: it must be tried again while the slow one still hangs.
    stage.feishu.script("send", [Act::DropBefore]);
    stage.feishu.push(&said(1, "om_quick", "/list"));
    stage
        .feishu
        .until("the other chat's answer", |state| {
            let chat = person(1).1;
            state.taken.iter().filter(|taken| taken.chat_id == chat).nth(1).map(drop)
        })
        .await;
    assert_eq!(texts(&stage, 0).len(), 1, "the slow one hangs still: {:?}", texts(&stage, 0));
    stage.settled().await;
    assert_eq!(texts(&stage, 0).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_ended_while_there_was_no_relay_is_not_shown_as_running() {
    let mut stage = Stage::start(1).await;
    let session = stage.sessions[0];
    stage.feishu.push(&said(0, "om_1", "long 1"));
    stage
        .feishu
        .until("a card", |state| state.taken.iter().find(|it| it.content.to_string().contains("working")).map(drop))
        .await;
    stage.settled().await;
    stage.kill().await;
    stage.clerk.with(|books| books.finish(session));
    stage.begin().await;
    stage.feishu.connected(2).await;
    stage
        .feishu
        .until("the card's last state", |state| {
            let card = state.taken.iter().find(|it| it.content.to_string().contains("long 1"));
            card.is_none_or(|it| !it.content.to_string().contains("working")).then_some(())
        })
        .await;
    // A later turn has a card of its own.
    let number = stage.feishu.taken().len();
    stage.feishu.push(&said(0, "om_2", "long 2"));
    stage.feishu.until("the other card", |state| state.taken.get(number).map(drop)).await;
    stage.clerk.with(|books| books.finish(session));
    stage.feishu.until("the end", |state| (state.taken.len() > number + 1).then_some(())).await;
    let works = |taken: &Taken| taken.content.to_string().contains("working");
    stage.feishu.until("no card that works", |state| (!state.taken.iter().any(works)).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_kept_from_the_ledger_is_told_when_there_is_room() {
    let stage = Stage::start(1).await;
    stage.settled().await;
    let session = stage.sessions[0];
    let ledger = rusqlite::Connection::open(stage.folder.path().join("data/relay.db")).unwrap();
    let full = |table: &str, what: &str| {
        let sql = format!("CREATE TRIGGER full_{table} BEFORE {what} BEGIN SELECT RAISE(FAIL, 'disk full'); END");
        ledger.execute_batch(&sql).unwrap();
    };
    full("cards", "INSERT ON cards");
    stage.feishu.push(&said(0, "om_1", "ask 1"));
    stage.clerk.tell(session, EventKind::Stalled { silent_ms: 600_000 });
    let wait = async {
        while !stage.view().trouble.is_some_and(|trouble| trouble.contains("disk full")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the trouble is shown");
    ledger.execute_batch("DROP TRIGGER full_cards").unwrap();
    stage
        .feishu
        .until("the request", |state| {
            state.taken.iter().find(|it| it.content.to_string().contains("touch for-ask-1")).map(drop)
        })
        .await;
    stage
        .feishu
        .until("the notice", |state| {
            state.taken.iter().find(|it| it.content.to_string().contains("silent for")).map(drop)
        })
        .await;
    stage.settled().await;
    assert_eq!(stage.view().trouble, None);
    // Something heard that cannot be put down is not acknowledged; something put down is acted on later.
    full("seen", "INSERT ON seen");
    let number = stage.feishu.push(&said(0, "om_2", "/list"));
    assert_eq!(stage.feishu.ack(number).await.code, 500);
    ledger.execute_batch("DROP TRIGGER full_seen").unwrap();
    full("seen", "UPDATE ON seen");
    let number = stage.feishu.push(&said(0, "om_2", "do the rest"));
    assert_eq!(stage.feishu.ack(number).await.code, 200);
    ledger.execute_batch("DROP TRIGGER full_seen").unwrap();
    stage.clerk.until("the prompt", |books| books.prompts.len() == 2).await;
}
