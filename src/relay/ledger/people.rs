//! Who is known, where they are told things, and whose which session is.

use rusqlite::OptionalExtension as _;
use rusqlite::params;

use super::Ledger;
use super::LedgerError;
use super::Reach;
use crate::core::ids::ConversationId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::relay::access::Member;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::TenantId;

impl Ledger {
    pub fn pair(&self, member: &Member, chat: &ChatId, now: Timestamp) -> Result<(), LedgerError> {
        let tenant = member.tenant.as_ref().map_or("", |tenant| tenant.0.as_str());
        self.connection.execute(
            "INSERT OR REPLACE INTO people (person, tenant, chat, paired) VALUES (?1, ?2, ?3, ?4)",
            params![member.person.0, tenant, chat.0, now.0],
        )?;
        self.meet(&Reach { chat: chat.clone(), person: member.person.clone() })
    }

    /// Nobody is paired any more.
    pub fn unpair(&self) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM people", [])?;
        Ok(())
    }

    pub fn members(&self) -> Result<Vec<Member>, LedgerError> {
        let mut rows = self.connection.prepare_cached("SELECT person, tenant FROM people ORDER BY paired")?;
        let member =
            |row: &rusqlite::Row<'_>| Ok(Member { person: PersonId(row.get(0)?), tenant: Some(TenantId(row.get(1)?)) });
        Ok(rows.query_map([], member)?.collect::<Result<_, _>>()?)
    }

    /// A member speaks in this chat of their own: here they are told things.
    pub fn meet(&self, reach: &Reach) -> Result<(), LedgerError> {
        let (chat, person) = (&reach.chat.0, &reach.person.0);
        let known: Option<String> = self
            .connection
            .query_row("SELECT person FROM chats WHERE chat = ?1", [chat], |row| row.get(0))
            .optional()?;
        if known.as_ref() == Some(person) {
            return Ok(());
        }
        self.connection.execute(
            "INSERT INTO chats (chat, person) VALUES (?1, ?2) ON CONFLICT (chat) DO UPDATE SET person = ?2",
            params![chat, person],
        )?;
        // Until now it was known by the person alone.
        if !person.is_empty() {
            for table in ["cards", "outbox", "latest"] {
                let sql = format!("UPDATE OR REPLACE {table} SET chat = ?1 WHERE chat = ?2");
                self.connection.execute(&sql, params![chat, person])?;
            }
        }
        Ok(())
    }

    /// Every chat that somebody is told in.
    pub fn reaches(&self) -> Result<Vec<Reach>, LedgerError> {
        let mut rows = self.connection.prepare_cached("SELECT chat, person FROM chats ORDER BY rowid")?;
        let reach = |row: &rusqlite::Row<'_>| Ok(Reach { chat: ChatId(row.get(0)?), person: PersonId(row.get(1)?) });
        Ok(rows.query_map([], reach)?.collect::<Result<_, _>>()?)
    }

    pub fn active(&self, chat: &ChatId) -> Result<Option<SessionId>, LedgerError> {
        let found = self.connection.query_row("SELECT active FROM chats WHERE chat = ?1", [&chat.0], |row| row.get(0));
        Ok(found.optional()?.flatten().map(SessionId))
    }

    pub fn activate(&self, chat: &ChatId, session: Option<SessionId>) -> Result<(), LedgerError> {
        let session = session.map(|session| session.0);
        self.connection.execute("UPDATE chats SET active = ?2 WHERE chat = ?1", params![chat.0, session])?;
        Ok(())
    }

    pub fn own(&self, session: SessionId, reach: &Reach) -> Result<(), LedgerError> {
        self.connection.execute(
            "INSERT OR REPLACE INTO owners (session, person, chat) VALUES (?1, ?2, ?3)",
            params![session.0, reach.person.0, reach.chat.0],
        )?;
        self.activate(&reach.chat, Some(session))
    }

    /// The sessions that were opened from a chat, and by whom.
    pub fn owned_in(&self, chat: &ChatId) -> Result<Vec<(SessionId, PersonId)>, LedgerError> {
        let mut rows = self.connection.prepare_cached("SELECT session, person FROM owners WHERE chat = ?1")?;
        let owned = |row: &rusqlite::Row<'_>| Ok((SessionId(row.get(0)?), PersonId(row.get(1)?)));
        Ok(rows.query_map([&chat.0], owned)?.collect::<Result<_, _>>()?)
    }

    /// News of the session go there from now on.
    pub fn tell_in(&self, session: SessionId, chat: &ChatId) -> Result<(), LedgerError> {
        self.connection.execute("UPDATE owners SET chat = ?2 WHERE session = ?1", params![session.0, chat.0])?;
        Ok(())
    }

    /// Who opened the session from the phone; nobody did one that was opened in the terminal.
    pub fn owner(&self, session: SessionId) -> Result<Option<Reach>, LedgerError> {
        let mut rows = self.connection.prepare_cached("SELECT chat, person FROM owners WHERE session = ?1")?;
        let reach = |row: &rusqlite::Row<'_>| Ok(Reach { chat: ChatId(row.get(0)?), person: PersonId(row.get(1)?) });
        Ok(rows.query_row([session.0], reach).optional()?)
    }

    /// Whose conversation it is from now on: of whoever goes on with it from the phone; nobody's, where it is gone on
    /// with in the terminal and was nobody's before.
    pub fn own_conversation(&self, id: &ConversationId, person: Option<&PersonId>) -> Result<(), LedgerError> {
        let person = person.map_or("", |person| person.0.as_str());
        self.connection.execute(
            "INSERT INTO conversations (conversation, person) VALUES (?1, ?2)
             ON CONFLICT (conversation) DO UPDATE SET person = ?2 WHERE ?2 != ''",
            params![id.0, person],
        )?;
        Ok(())
    }

    /// Whose conversation it is: `None` when nobody knows, an empty id when it is everybody's.
    pub fn conversation_owner(&self, id: &ConversationId) -> Result<Option<PersonId>, LedgerError> {
        let sql = "SELECT person FROM conversations WHERE conversation = ?1";
        Ok(self.connection.query_row(sql, [&id.0], |row| row.get(0)).optional()?.map(PersonId))
    }

    /// Where a person is told things directly.
    pub fn direct_chat(&self, person: &PersonId) -> Result<Option<ChatId>, LedgerError> {
        let sql = "SELECT chat FROM chats WHERE person = ?1 ORDER BY rowid DESC LIMIT 1";
        Ok(self.connection.query_row(sql, [&person.0], |row| row.get(0)).optional()?.map(ChatId))
    }

    /// Whether nothing is sent and nothing counts, also after a restart.
    pub fn set_paused(&self, paused: bool, now: Timestamp) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM paused", [])?;
        if paused {
            self.connection.execute("INSERT INTO paused (since) VALUES (?1)", [now.0])?;
        }
        Ok(())
    }

    pub fn is_paused(&self) -> Result<bool, LedgerError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM paused")?.exists([])?)
    }

    /// Whether a person wants no news, until they say otherwise.
    pub fn set_quiet(&self, person: &PersonId, quiet: bool) -> Result<(), LedgerError> {
        let sql = if quiet {
            "INSERT OR IGNORE INTO quiet (person) VALUES (?1)"
        } else {
            "DELETE FROM quiet WHERE person = ?1"
        };
        self.connection.execute(sql, [&person.0])?;
        Ok(())
    }

    pub fn is_quiet(&self, person: &PersonId) -> Result<bool, LedgerError> {
        let found = self.connection.prepare_cached("SELECT 1 FROM quiet WHERE person = ?1")?.exists([&person.0])?;
        Ok(found)
    }

    pub fn is_anybody_quiet(&self) -> Result<bool, LedgerError> {
        Ok(self.connection.prepare_cached("SELECT 1 FROM quiet LIMIT 1")?.exists([])?)
    }
}
