//! The transport to Feishu against a stand-in on loopback: pushes in, calls out, and everything that goes wrong.

mod answering;
mod calls;
mod cards;
mod chinese;
mod conversations;
mod encrypted;
mod end_to_end;
mod faults;
mod flood;
mod groups;
mod lints;
mod looks;
mod matrix;
mod members;
mod menu;
mod messenger;
mod official_sdk;
mod pictures;
mod pushes;
mod queues;
mod recalls;
mod recovery;
mod service;
mod silence;
mod soak;
mod staying;
mod trees;

use std::sync::Arc;
use std::time::Duration;

use adjutant::relay::feishu::account::Account;
use adjutant::relay::feishu::answer::Push;
use adjutant::relay::feishu::api::Api;
use adjutant::relay::feishu::connection;
use adjutant::relay::feishu::connection::Connection;
use adjutant::relay::feishu::connection::Status;
use adjutant::relay::feishu::connection::Timing;
use adjutant::relay::feishu::event::Event;
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

use crate::support::feishu::APP_ID;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::Feishu;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn account(feishu: &Feishu) -> Arc<Account> {
    Account::new(APP_ID, APP_SECRET.into(), &feishu.url).unwrap()
}

/// The times of the real thing, but for the pauses between attempts.
fn quick() -> Timing {
    Timing {
        retry: (Duration::from_millis(5), Duration::from_millis(20)),
        refused: Duration::from_millis(20),
        ..Timing::default()
    }
}

/// A stand-in and a connection to it.
struct Rig {
    feishu: Feishu,
    connection: Connection,
    cancel: DropGuard,
}

impl Rig {
    /// Returns when it is connected.
    async fn start(timing: Timing) -> Self {
        let mut rig = Self::beginning(timing, |_| {}).await;
        rig.status(|status| matches!(status, Status::Connected { .. })).await;
        rig.feishu.connected(1).await;
        rig
    }

    /// Returns at once, with a stand-in that was prepared.
    async fn beginning(timing: Timing, prepare: impl FnOnce(&Feishu)) -> Self {
        let feishu = Feishu::start().await;
        prepare(&feishu);
        let cancel = CancellationToken::new();
        let connection = connection::start(account(&feishu), timing, cancel.clone());
        Self { feishu, connection, cancel: cancel.drop_guard() }
    }

    /// Waits for a status.
    async fn status(&mut self, is_it: impl Fn(&Status) -> bool) -> Status {
        let wait = self.connection.status.wait_for(|status| is_it(status));
        tokio::time::timeout(PATIENCE, wait).await.expect("the status never came").unwrap().clone()
    }

    async fn pushed(&mut self) -> Push {
        let wait = self.connection.pushes.recv();
        tokio::time::timeout(PATIENCE, wait).await.expect("no push came").expect("the connection ended")
    }

    /// The id of the next message, whose push is answered.
    async fn message(&mut self) -> String {
        let push = self.pushed().await;
        assert!(push.answer.done());
        match push.event {
            Event::Message(message) => message.message_id,
            other => panic!("no message: {other:?}"),
        }
    }

    /// Ends the connection.
    fn cancel(&mut self) {
        let guard = std::mem::replace(&mut self.cancel, CancellationToken::new().drop_guard());
        drop(guard);
    }

    fn api(&self) -> Api {
        Api::new(account(&self.feishu))
    }
}
