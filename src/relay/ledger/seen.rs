//! What stands in a chat, as somebody sees it who writes there: which message is about what, and which is the newest.

use rusqlite::OptionalExtension as _;
use rusqlite::params;

use super::Ledger;
use super::LedgerError;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Parcel;

/// What a message of ours is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Topic {
    pub session: SessionId,
    /// The request that it asks about.
    pub approval: Option<ApprovalId>,
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
            let approval = (card.kind == super::Kind::Approval.word()).then_some(ApprovalId(card.about));
            return Ok(Some(Topic { session: card.session, approval }));
        }
        let sql = "SELECT session FROM notices WHERE message = ?1";
        let session = self.connection.query_row(sql, [&message.0], |row| row.get(0)).optional()?;
        Ok(session.map(|session| Topic { session: SessionId(session), approval: None }))
    }

    /// The card that is the newest message of the chat, files aside.
    pub fn newest(&self, chat: &ChatId) -> Result<Option<i64>, LedgerError> {
        let sql = "SELECT card FROM newest WHERE chat = ?1";
        Ok(self.connection.query_row(sql, [&chat.0], |row| row.get(0)).optional()?.flatten())
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
