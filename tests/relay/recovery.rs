//! How the relay comes back from trouble: of the way, of one chat, of its disk.

use std::time::Duration;

use super::stage::Stage;
use super::stage::person;
use super::stage::said;
use crate::support::feishu::Act;
use crate::support::feishu::html;

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
    let n_calls = stage.feishu.n_calls("send");
    stage.feishu.with(|state| state.scripts.clear());
    let ledger = rusqlite::Connection::open(stage.folder.path().join("data/relay.db")).unwrap();
    // As after an hour of failures.
    let far = adjutant::clock::now().0 + 3_600_000;
    stage.feishu.until("the failed try to be noted", |_| {
        let n_rows = ledger.execute("UPDATE outbox SET due = ?1, tries = 12 WHERE due > 0", [far]).unwrap();
        (n_rows == 1).then_some(())
    })
    .await;
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
    stage.feishu.until("the other chat's answer", |state| {
        let chat = person(1).1;
        state.taken.iter().filter(|taken| taken.chat_id == chat).nth(1).map(drop)
    })
    .await;
    assert_eq!(texts(&stage, 0).len(), 1, "the slow one hangs still: {:?}", texts(&stage, 0));
    stage.settled().await;
    assert_eq!(texts(&stage, 0).len(), 2);
}
