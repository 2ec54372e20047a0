//! The outbox: what waits to be sent, in order for each chat, and the changes of cards, the newest first and only.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;

use super::Kind;
use super::Ledger;
use super::LedgerError;
use crate::core::ids::Timestamp;
use crate::relay::card::Card;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Parcel;

/// A card is changed at most so often.
const CHANGE_MS: i64 = 1_000;
/// What waits in one chat at most; what is older is given up, and that is told.
pub const MAX_WAITING: i64 = 500;

/// The first of each lane.
const HEADS: &str =
    r#"SELECT min(id) FROM outbox GROUP BY chat, parcel LIKE '{"File":%' OR parcel LIKE '{"TextFile":%'"#;

/// Something to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub id: i64,
    pub chat: ChatId,
    /// The same for every try.
    pub key: String,
    pub parcel: Parcel,
    pub tries: u32,
}

/// What goes one after the other. Files have a lane of their own: one that takes long, or is refused, holds up no
/// request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    pub chat: ChatId,
    pub files: bool,
}

impl Item {
    pub fn lane(&self) -> Lane {
        Lane { chat: self.chat.clone(), files: self.parcel.is_file() }
    }
}

/// A card to be changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub id: i64,
    pub chat: ChatId,
    pub message: MessageId,
    pub card: Card,
    /// It asks for an answer: how that ended must be seen, on the card or beside it.
    pub is_request: bool,
    /// Which wish this is; a newer one may come while it is under way.
    pub version: i64,
    pub tries: u32,
}

/// Puts something into the outbox; part of the caller's transaction, if there is one.
pub(super) fn put(connection: &Connection, chat: &ChatId, parcel: &Parcel, card: Option<i64>) -> rusqlite::Result<i64> {
    let body = serde_json::to_string(parcel).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let key = uuid::Uuid::new_v4().simple().to_string();
    connection.execute(
        "INSERT INTO outbox (chat, key, parcel, card) VALUES (?1, ?2, ?3, ?4)",
        params![chat.0, key, body, card],
    )?;
    Ok(connection.last_insert_rowid())
}

impl Ledger {
    /// Sends something as soon as it can be. Returns how many older things were given up for it.
    pub fn post(&mut self, chat: &ChatId, parcel: &Parcel) -> Result<usize, LedgerError> {
        let part = self.connection.savepoint()?;
        put(&part, chat, parcel, None)?;
        // Notices only: a card stays until it is over.
        let given_up = part.execute(
            "DELETE FROM outbox WHERE chat = ?1 AND card IS NULL AND tries = 0 AND id <= (
                 SELECT id FROM outbox WHERE chat = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            params![chat.0, MAX_WAITING],
        )?;
        part.commit()?;
        Ok(given_up)
    }

    /// The first thing of each chat, and the first file, if its time has come. Those are counted as tried.
    pub fn due(&mut self, now: Timestamp, busy: &[Lane]) -> Result<Vec<Item>, LedgerError> {
        let part = self.connection.savepoint()?;
        let mut items = Vec::new();
        {
            let mut rows = part.prepare_cached(&format!(
                "SELECT id, chat, key, parcel, tries, due FROM outbox WHERE id IN ({HEADS}) ORDER BY id"
            ))?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                let chat = ChatId(row.get(1)?);
                if row.get::<_, i64>(5)? > now.0 {
                    continue;
                }
                let id = row.get(0)?;
                match serde_json::from_str::<Parcel>(&row.get::<_, String>(3)?) {
                    Ok(parcel) if busy.contains(&Lane { chat: chat.clone(), files: parcel.is_file() }) => {}
                    Ok(parcel) => items.push(Item { id, chat, key: row.get(2)?, parcel, tries: row.get(4)? }),
                    Err(error) => {
                        tracing::error!(%error, "what was to be sent cannot be read, and is given up");
                        part.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
                    }
                }
            }
        }
        for item in &items {
            part.execute("UPDATE outbox SET tries = tries + 1 WHERE id = ?1", [item.id])?;
        }
        part.commit()?;
        Ok(items)
    }

    /// It has arrived, as this message.
    pub fn sent(&mut self, item: &Item, message: &MessageId, now: Timestamp) -> Result<(), LedgerError> {
        let part = self.connection.savepoint()?;
        let id = item.id;
        let card: Option<i64> =
            part.query_row("SELECT card FROM outbox WHERE id = ?1", [id], |row| row.get(0)).optional()?.flatten();
        if let Some(card) = card {
            part.execute("UPDATE cards SET message = ?2 WHERE id = ?1", params![card, message.0])?;
        }
        // What somebody may answer: a card that asks, or news of a session, which are the model's own words. What tells
        // how it goes, and answers of ours, leave what was asked where it is.
        part.execute(
            "INSERT OR REPLACE INTO latest (chat, card, at) SELECT ?1, ?2, ?3
             WHERE EXISTS (SELECT 1 FROM cards WHERE id = ?2 AND kind NOT IN ('progress', 'aside', 'queue', 'help'))
                OR EXISTS (SELECT 1 FROM topics WHERE item = ?4)",
            params![item.chat.0, card, now.0, id],
        )?;
        part.execute(
            "INSERT OR REPLACE INTO notices (message, session, at) SELECT ?2, session, ?3 FROM topics WHERE item = ?1",
            params![id, message.0, now.0],
        )?;
        part.execute("DELETE FROM topics WHERE item = ?1", [id])?;
        part.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        part.commit()?;
        Ok(())
    }

    /// It is tried again then, in this form.
    pub fn again(&self, id: i64, due: Timestamp, form: Option<&Parcel>) -> Result<(), LedgerError> {
        self.connection.execute("UPDATE outbox SET due = ?2 WHERE id = ?1", params![id, due.0])?;
        if let Some(body) = form.and_then(|parcel| serde_json::to_string(parcel).ok()) {
            // Another form is another message: under the old key nothing would come.
            let key = uuid::Uuid::new_v4().simple().to_string();
            self.connection.execute("UPDATE outbox SET parcel = ?2, key = ?3 WHERE id = ?1", params![id, body, key])?;
        }
        Ok(())
    }

    /// It will never arrive.
    pub fn give_up(&self, id: i64) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM outbox WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Cards that are to be changed now.
    pub fn changes(&self, now: Timestamp, busy: &[i64]) -> Result<Vec<Change>, LedgerError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT id, chat, message, wanted, version, tries, kind = ?2 FROM cards
             WHERE wanted IS NOT NULL AND message IS NOT NULL AND due <= ?1 ORDER BY due, id LIMIT 50",
        )?;
        let mut rows = rows.query(params![now.0, Kind::Approval.word()])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let card = match serde_json::from_str(&row.get::<_, String>(3)?) {
                Ok(card) => card,
                Err(error) => {
                    tracing::error!(%error, "what a card was to become cannot be read, and is given up");
                    self.connection.execute("UPDATE cards SET wanted = NULL WHERE id = ?1", [id])?;
                    continue;
                }
            };
            if busy.contains(&id) {
                continue;
            }
            let (chat, message) = (ChatId(row.get(1)?), MessageId(row.get(2)?));
            let (version, tries, is_request) = (row.get(4)?, row.get(5)?, row.get(6)?);
            changes.push(Change { id, chat, message, card, is_request, version, tries });
        }
        Ok(changes)
    }

    /// The card shows what was wanted, unless something newer is by now.
    pub fn changed(&self, change: &Change, now: Timestamp) -> Result<(), LedgerError> {
        let due = now.0.saturating_add(CHANGE_MS);
        self.connection.execute("UPDATE cards SET due = ?2 WHERE id = ?1", params![change.id, due])?;
        let sql = "UPDATE cards SET wanted = NULL, tries = 0 WHERE id = ?1 AND version = ?2";
        self.connection.execute(sql, params![change.id, change.version])?;
        Ok(())
    }

    pub fn change_again(&self, change: &Change, due: Timestamp) -> Result<(), LedgerError> {
        let sql = "UPDATE cards SET due = ?2, tries = tries + 1 WHERE id = ?1";
        self.connection.execute(sql, params![change.id, due.0])?;
        Ok(())
    }

    /// What failed before is tried again at once, and its pauses begin anew; so is what waits for a time that was set by
    /// a clock that went wrong.
    pub fn hurry(&self, now: Timestamp) -> Result<(), LedgerError> {
        self.connection.execute("UPDATE outbox SET due = 0, tries = 1 WHERE tries > 0", [])?;
        // One that was changed well waits for its turn.
        let latest = now.0.saturating_add(CHANGE_MS);
        self.connection.execute("UPDATE cards SET due = 0, tries = 0 WHERE tries > 0 OR due > ?1", [latest])?;
        Ok(())
    }

    /// The next moment at which something is to be sent or changed; `None` when nothing waits.
    pub fn next_due(&self) -> Result<Option<Timestamp>, LedgerError> {
        let sql = format!(
            "SELECT min(due) FROM (
                 SELECT due FROM outbox WHERE id IN ({HEADS})
                 UNION ALL SELECT due FROM cards WHERE wanted IS NOT NULL AND message IS NOT NULL)"
        );
        let due: Option<i64> = self.connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
        Ok(due.map(Timestamp))
    }

    /// Grows with every change of the ledger: what was read of it before holds for as long as this does not.
    pub fn revision(&self) -> u64 {
        self.connection.total_changes()
    }

    /// How much waits.
    pub fn n_waiting(&self) -> Result<usize, LedgerError> {
        let sql = "SELECT (SELECT count(*) FROM outbox) +
                   (SELECT count(*) FROM cards WHERE wanted IS NOT NULL AND message IS NOT NULL)";
        let n: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        Ok(usize::try_from(n).unwrap_or(0))
    }
}
