//! Feishu as a messenger of the relay.
//!
//! **For:** [`Messenger`] by calls to Feishu, and its pushes as [`Heard`]. **Not for:** who may do what, or what is
//! kept: whoever calls has the order, the keys and the patience to try again.
//!
//! Invariants: the same parcel under the same key arrives once; what Feishu does not take in one form is sent in a
//! plainer one, and what its filter withholds is said to be withheld; a card is not changed within a second of the
//! answer to a press on it, because Feishu would take one of the two back; a file that is fetched is a new one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::api::Api;
use super::connection;
use super::connection::Status;
use super::connection::Timing;
use super::fault::Fault;
use crate::core::language::Language;
use crate::relay::card::Card;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Connection;
use crate::relay::messenger::Failure;
use crate::relay::messenger::Heard;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Parcel;
use crate::relay::messenger::PersonId;

/// Files, both ways.
mod files;
/// Pushes as happenings.
mod hearing;
/// From cards down to plain text.
mod sending;

/// Happenings that wait for the relay.
const HEARD_BUFFER: usize = 64;
/// After the answer to a press a card is left alone for so long.
const AFTER_PRESS: Duration = Duration::from_millis(1_200);
/// Put under a message that was seen.
const SEEN: &str = "OnIt";
/// Messages that are marked as seen at the same time; of a flood some are not, so that what matters can be sent.
const MAX_MARKING: usize = 4;
/// When Feishu was not reached.
const SOON: Duration = Duration::from_millis(500);

/// When presses were answered, by the message of the card.
#[derive(Debug, Clone, Default)]
struct Answered(Arc<Mutex<HashMap<String, Instant>>>);

impl Answered {
    fn note(&self, message: &str) {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        times.retain(|_, at| *at + AFTER_PRESS > now);
        times.insert(message.to_owned(), now);
    }

    async fn settled(&self, message: &str) {
        let at = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(message).copied();
        if let Some(at) = at {
            tokio::time::sleep_until(at + AFTER_PRESS).await;
        }
    }
}

/// A bot of Feishu's or Lark's.
#[derive(Debug)]
pub struct Feishu {
    api: Arc<Api>,
    language: Language,
    answered: Answered,
    marking: Semaphore,
}

/// Connects, and stays connected until it is cancelled, on the runtime this is called in.
pub fn start(
    account: Arc<Account>,
    language: Language,
    timing: Timing,
    cancel: CancellationToken,
) -> (Feishu, mpsc::Receiver<Heard>, watch::Receiver<Connection>) {
    let api = Arc::new(Api::new(Arc::clone(&account)));
    let answered = Answered::default();
    let (heard_sender, heard) = mpsc::channel(HEARD_BUFFER);
    let connection::Connection { pushes, status, task: _ } = connection::start(account, timing, cancel.clone());
    let bot = hearing::learn(Arc::clone(&api), cancel);
    tokio::spawn(hearing::listen(pushes, heard_sender, hearing::Ear { bot, language, answered: answered.clone() }));
    (Feishu { api, language, answered, marking: Semaphore::new(MAX_MARKING) }, heard, shown(status))
}

/// The status in the words of all messengers.
fn shown(mut status: watch::Receiver<Status>) -> watch::Receiver<Connection> {
    let told = |status: &Status| match status {
        Status::Connecting { attempt, last_error } => {
            Connection::Connecting { attempt: *attempt, trouble: last_error.clone() }
        }
        Status::Connected { since, .. } => Connection::Connected { since: *since },
        Status::Refused { why } => Connection::Refused { why: why.clone() },
    };
    let (sender, connection) = watch::channel(told(&status.borrow_and_update()));
    tokio::spawn(async move {
        while status.changed().await.is_ok() {
            sender.send_replace(told(&status.borrow_and_update()));
        }
    });
    connection
}

impl Messenger for Feishu {
    async fn send(&self, chat: &ChatId, what: &Parcel, key: &str) -> Result<MessageId, Failure> {
        self.send_parcel(chat, what, key).await.map_err(|fault| failure(&fault))
    }

    async fn update(&self, message: &MessageId, card: &Card) -> Result<(), Failure> {
        self.answered.settled(&message.0).await;
        self.change(message, card).await.map_err(|fault| failure(&fault))
    }

    async fn seen(&self, message: &MessageId) {
        let Ok(_place) = self.marking.try_acquire() else { return };
        if let Err(fault) = self.api.react(&message.0, SEEN).await {
            tracing::debug!(%fault, "a message could not be marked as seen");
        }
    }

    async fn urge(&self, message: &MessageId, person: &PersonId) -> Result<(), Failure> {
        let missed = self.api.urge(&message.0, &[&person.0]).await.map_err(|fault| failure(&fault))?;
        if missed.is_empty() { Ok(()) } else { Err(Failure::Gone(format!("{person} cannot be rung"))) }
    }

    async fn fetch(
        &self,
        message: &MessageId,
        attachment: &Attachment,
        to: &Path,
        max_bytes: u64,
    ) -> Result<Option<String>, Failure> {
        self.fetch_into(message, attachment, to, max_bytes).await
    }
}

/// What a fault means to those who know no Feishu.
fn failure(fault: &Fault) -> Failure {
    match fault {
        Fault::Retry { after, .. } | Fault::RateLimited { after } => Failure::Later(*after),
        Fault::Transport(_) => Failure::Later(SOON),
        Fault::Configuration(_) | Fault::NoRight(_) | Fault::Quota => Failure::Settings(fault.to_string()),
        Fault::TooBig(_) | Fault::Format(_) | Fault::Other { .. } => Failure::Form(fault.to_string()),
        Fault::Withheld => Failure::Withheld,
        Fault::Gone(_) => Failure::Gone(fault.to_string()),
    }
}
