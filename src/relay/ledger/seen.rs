//! What stands in a chat, as somebody sees it who writes there: which message is about what, and which is the newest.

use rusqlite::OptionalExtension as _;
use rusqlite::params;

use super::Ledger;
use super::LedgerError;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Parcel;
use crate::relay::messenger::Said;

/// What a message of ours is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A request of this session asks on it.
    Request(ApprovalId, SessionId),
    Session(SessionId),
    /// It told of somebody's message.
    Aside,
}

impl Topic {
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::Request(_, session) | Self::Session(session) => Some(session),
            Self::Aside => None,
        }
    }
}

/// The newest message of a chat that somebody may answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest {
    /// A card that asks; none: the model's own words.
    pub card: Option<i64>,
    /// When it had arrived.
    pub at: Timestamp,
}

impl Ledger {
    /// The same as [`post`](Self::post), for news of a session: a reply to it is a reply to the session.
    pub fn post_of(&mut self, session: SessionId, chat: &ChatId, parcel: &Parcel) -> Result<usize, LedgerError> {
        let given_up = self.post(chat, parcel)?;
        self.connection.execute(
            "INSERT OR REPLACE INTO topics (item, session) SELECT max(id), ?2 FROM outbox WHERE chat = ?1",
            params![chat.0, session.0],
        )?;
        Ok(given_up)
    }

    /// What a message that stands in this chat is about.
    pub fn topic(&self, chat: &ChatId, message: &MessageId) -> Result<Option<Topic>, LedgerError> {
        let cards = self.entries("message = ?1 AND chat = ?2", &[&message.0, &chat.0])?;
        if let Some(card) = cards.into_iter().next() {
            return Ok(Some(match card.kind.as_str() {
                "approval" => Topic::Request(ApprovalId(card.about), card.session),
                "aside" => Topic::Aside,
                _ => Topic::Session(card.session),
            }));
        }
        let sql = "SELECT session FROM notices WHERE message = ?1";
        let session = self.connection.query_row(sql, [&message.0], |row| row.get(0)).optional()?;
        Ok(session.map(|session| Topic::Session(SessionId(session))))
    }

    pub fn latest(&self, chat: &ChatId) -> Result<Option<Latest>, LedgerError> {
        let latest = |row: &rusqlite::Row<'_>| Ok(Latest { card: row.get(0)?, at: Timestamp(row.get(1)?) });
        let sql = "SELECT card, at FROM latest WHERE chat = ?1";
        Ok(self.connection.query_row(sql, [&chat.0], latest).optional()?)
    }

    /// The message that a card tells of.
    pub fn set_aside(&self, card: i64, said: &Said) -> Result<(), LedgerError> {
        let body = serde_json::to_string(said).unwrap_or_default();
        self.connection.execute("INSERT OR REPLACE INTO asides (card, said) VALUES (?1, ?2)", params![card, body])?;
        Ok(())
    }

    pub fn aside(&self, card: i64) -> Result<Option<Said>, LedgerError> {
        let sql = "SELECT said FROM asides WHERE card = ?1";
        let body: Option<String> = self.connection.query_row(sql, [card], |row| row.get(0)).optional()?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()))
    }

    /// A message is to be acted on after all, even after a crash.
    pub fn take_again(&self, said: &Said, now: Timestamp) -> Result<(), LedgerError> {
        let body = serde_json::to_string(said).unwrap_or_default();
        self.connection.execute(
            "INSERT INTO seen (message, at, body) VALUES (?1, ?2, ?3) ON CONFLICT (message) DO UPDATE SET body = ?3",
            params![said.message.0, now.0, body],
        )?;
        Ok(())
    }

    /// The card of this item was not let through: nobody has seen what it asks.
    pub fn withhold(&self, item: i64) -> Result<(), LedgerError> {
        let sql = "INSERT OR IGNORE INTO withheld (card) SELECT card FROM outbox WHERE id = ?1 AND card IS NOT NULL";
        self.connection.execute(sql, [item])?;
        Ok(())
    }

    pub fn is_withheld(&self, card: i64) -> Result<bool, LedgerError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM withheld WHERE card = ?1")?.exists([card])?)
    }
}
