//! What waits is sent: in order for each chat, one at a time there, until it has arrived.

use std::sync::Arc;

use super::Service;
use crate::clock;
use crate::core::ids::Timestamp;
use crate::core::language;
use crate::core::language::Language;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::outbox::Change;
use crate::relay::ledger::outbox::Item;
use crate::relay::messenger::Failure;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Parcel;

/// Waiting begins here and doubles up to the other.
const FIRST_WAIT_MS: u64 = 500;
const LONGEST_WAIT_MS: u64 = 60_000;
/// When the settings are wrong, somebody must change them first.
const SETTINGS_WAIT_MS: i64 = 60_000;

/// A file is tried no more often.
const MAX_FILE_TRIES: u32 = 8;

/// What is not taken in its plainest form is tried no more often.
const MAX_PLAIN_TRIES: u32 = 3;

/// What became of a try.
#[derive(Debug)]
pub(super) enum Done {
    Sent(Item, Result<MessageId, Failure>),
    Changed(Change, Result<(), Failure>),
}

fn backoff(n_tries: u32) -> u64 {
    (FIRST_WAIT_MS << n_tries.min(10)).min(LONGEST_WAIT_MS)
}

impl<M: Messenger> Service<M> {
    /// Begins to send whatever is due.
    pub(super) fn send_due(&mut self) -> Result<(), LedgerError> {
        let now = clock::now();
        for item in self.ledger.due(now, &self.busy_lanes)? {
            self.busy_lanes.push(item.lane());
            let messenger = Arc::clone(&self.messenger);
            self.sending.spawn(async move {
                let sent = messenger.send(&item.chat, &item.parcel, &item.key).await;
                Done::Sent(item, sent)
            });
        }
        for change in self.ledger.changes(now, &self.busy_cards)? {
            self.busy_cards.push(change.id);
            let messenger = Arc::clone(&self.messenger);
            self.sending.spawn(async move {
                let changed = messenger.update(&change.message, &change.card).await;
                Done::Changed(change, changed)
            });
        }
        Ok(())
    }

    pub(super) fn sent(&mut self, done: Result<Done, tokio::task::JoinError>) -> Result<(), LedgerError> {
        let now = clock::now();
        match done {
            // Nothing is known of it but that it is not under way any more: the next look finds it again.
            Err(error) => {
                tracing::error!(%error, "sending failed by a defect");
                if self.sending.is_empty() {
                    self.busy_lanes.clear();
                    self.busy_cards.clear();
                }
                Ok(())
            }
            Ok(Done::Sent(item, sent)) => {
                let lane = item.lane();
                self.busy_lanes.retain(|busy| *busy != lane);
                self.settle_item(&item, sent, now)
            }
            Ok(Done::Changed(change, changed)) => {
                self.busy_cards.retain(|card| *card != change.id);
                self.settle_change(&change, changed, now)
            }
        }
    }

    fn settle_item(
        &mut self,
        item: &Item,
        sent: Result<MessageId, Failure>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let later = |millis: u64| Timestamp(now.0.saturating_add_unsigned(millis));
        match sent {
            Ok(message) => {
                self.trouble = None;
                self.ledger.sent(item, &message, now)
            }
            Err(Failure::Later(_)) if item.parcel.is_file() && item.tries >= MAX_FILE_TRIES => {
                self.give_up_file(item, "it was tried too often")
            }
            Err(Failure::Settings(why)) if item.parcel.is_file() => self.give_up_file(item, &why),
            Err(Failure::Later(wait)) => {
                let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(backoff(item.tries));
                self.ledger.again(item.id, later(wait.min(LONGEST_WAIT_MS * 10)), None)
            }
            Err(Failure::Settings(why)) => {
                self.trouble = Some(why);
                self.ledger.again(item.id, Timestamp(now.0.saturating_add(SETTINGS_WAIT_MS)), None)
            }
            Err(Failure::Form(why)) => {
                tracing::warn!(why, "a message is not taken in this form");
                match plainer(&item.parcel) {
                    Some(plain) => self.ledger.again(item.id, now, Some(&plain)),
                    // Not every code is known for what it is.
                    None if item.tries < MAX_PLAIN_TRIES => {
                        self.ledger.again(item.id, later(backoff(item.tries)), None)
                    }
                    None => {
                        self.trouble = Some(format!("a message could not be sent: {why}"));
                        self.ledger.give_up(item.id)
                    }
                }
            }
            Err(Failure::Withheld) => {
                let text = self.settings.language.pick(
                    "The content is withheld by a filter of your organisation; see the terminal.",
                    "内容被贵组织的过滤规则拦截，请查看终端。",
                );
                let notice = Parcel::Text(text.to_owned());
                if item.parcel == notice {
                    return self.ledger.give_up(item.id);
                }
                self.ledger.withhold(item.id)?;
                self.ledger.again(item.id, now, Some(&notice))
            }
            Err(Failure::Gone(why)) => {
                tracing::warn!(why, "a chat is gone; what was for it is given up");
                self.ledger.give_up(item.id)?;
                self.move_from(&item.chat)
            }
        }
    }

    /// A file cannot be sent: whoever waits for it is told, and nothing else waits for it.
    fn give_up_file(&mut self, item: &Item, why: &str) -> Result<(), LedgerError> {
        let (Parcel::File { name, .. } | Parcel::TextFile { name, .. }) = &item.parcel else { return Ok(()) };
        self.ledger.give_up(item.id)?;
        let text = match self.settings.language {
            Language::English => format!("{name} could not be sent: {why}. The terminal has it."),
            Language::Chinese => format!("{name} 未能发送：{}。可在终端查看。", language::told(why, Language::Chinese)),
        };
        self.say(&item.chat, text)
    }

    fn settle_change(
        &mut self,
        change: &Change,
        changed: Result<(), Failure>,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let wait = match changed {
            Ok(()) => return self.ledger.changed(change, now),
            Err(Failure::Later(wait)) => {
                u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(backoff(change.tries)).min(LONGEST_WAIT_MS)
            }
            Err(Failure::Settings(why)) => {
                self.trouble = Some(why);
                SETTINGS_WAIT_MS.unsigned_abs()
            }
            // It went out as text, most likely. No press on it counts any more, but whoever was asked must see so.
            Err(Failure::Form(why)) => {
                tracing::warn!(why, "a card could not be changed");
                self.ledger.changed(change, now)?;
                return if change.is_request { self.say(&change.chat, change.card.in_short()) } else { Ok(()) };
            }
            Err(Failure::Gone(why)) => {
                tracing::warn!(why, "a card could not be changed");
                return self.ledger.changed(change, now);
            }
            Err(Failure::Withheld) => return self.ledger.changed(change, now),
        };
        self.ledger.change_again(change, Timestamp(now.0.saturating_add_unsigned(wait)))
    }
}

/// The same in a form that more messengers take.
fn plainer(parcel: &Parcel) -> Option<Parcel> {
    match parcel {
        Parcel::Card(card) => Some(Parcel::Text(card.plain())),
        Parcel::TextFile { text, .. } => {
            let beginning: String = text.chars().take(3_000).collect();
            let rest = if beginning.len() < text.len() { "\n…" } else { "" };
            Some(Parcel::Text(beginning + rest))
        }
        Parcel::Text(_) | Parcel::File { .. } => None,
    }
}
