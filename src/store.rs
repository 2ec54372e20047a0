//! The store: everything that happened, in SQLite, so that a restart loses nothing and all of it can be found.
//!
//! **For:** the log of lasting events and what is derived from it for searching and counting; giving the
//! sessions back after a restart. **Not for:** decisions, and not for secrets of the configuration, which
//! never become events. Invariants: an event is written whole or not at all, in the order of its number; a
//! database that cannot be used is left as it is; the engine never waits for longer than its tap allows.

use std::path::Path;
use std::path::PathBuf;

use rusqlite::Connection;
use rusqlite::OpenFlags;

use self::usage::By;
use crate::core::cell::Notice;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::disk;

/// What of an event can be searched for.
mod index;
mod schema;
/// Finding words in everything that was said.
pub mod search;
/// What was used, by day, session, model or project.
pub mod usage;
mod writer;

pub use writer::keep;

/// The file in the data directory.
const FILE: &str = "adjutant.db";

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store at {} yet", .0.display())]
    Missing(PathBuf),
    #[error(
        "the store {} was written by a newer adjutant (its format is {found}, this one knows {}); it is left as it \
         is: use the newer program, or another --data-dir",
        path.display(), schema::FORMAT
    )]
    Newer { path: PathBuf, found: i64 },
    #[error(
        "the store {} is damaged ({source}); it is left as it is: move it away to begin a new one, `sqlite3 \
         {} .recover` may bring back what is in it",
        path.display(), path.display()
    )]
    Damaged { path: PathBuf, source: rusqlite::Error },
    #[error("the store cannot be used: {0}")]
    Refused(std::io::Error),
    #[error("the store {} cannot be used: {source}", path.display())]
    Unusable { path: PathBuf, source: rusqlite::Error },
}

impl StoreError {
    fn new(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::DatabaseCorrupt;
        use rusqlite::ErrorCode::NotADatabase;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { path, source },
            _ => Self::Unusable { path, source },
        }
    }
}

/// What a restart begins with.
#[derive(Debug, Default)]
pub struct LeftOff {
    /// The sessions that were open, as they were.
    pub fleet: Fleet,
    /// The highest number of an approval, of all sessions that ever were.
    pub last_approval: u32,
    pub last_session: u32,
    pub last_grant: u32,
    /// Dollars that the turns of this day have cost.
    pub spent_today: f64,
}

/// The open database.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
}

impl Store {
    /// Opens the store of a data directory, or makes it.
    pub fn open(data_dir: &Path) -> Result<Self, StoreError> {
        let path = disk::database(&data_dir.join(FILE)).map_err(StoreError::Refused)?;
        let failed = |source| StoreError::new(&path, source);
        let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        let found = schema::prepare(&mut connection).map_err(failed)?;
        if found > schema::FORMAT {
            return Err(StoreError::Newer { path, found });
        }
        Ok(Self { connection, path })
    }

    /// Opens the store for reading only; several may, while one writes.
    pub fn read(data_dir: &Path) -> Result<Self, StoreError> {
        let path = data_dir.join(FILE);
        if path.symlink_metadata().is_err() {
            return Err(StoreError::Missing(path));
        }
        let path = disk::database(&path).map_err(StoreError::Refused)?;
        let failed = |source| StoreError::new(&path, source);
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        let found = schema::format(&connection).map_err(failed)?;
        if found > schema::FORMAT {
            return Err(StoreError::Newer { path, found });
        }
        Ok(Self { connection, path })
    }

    /// What is wrong with the file, if something is. It reads all of it.
    pub fn damage(&self) -> Result<Option<String>, StoreError> {
        let checked = self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
        let said = checked.map_err(|source| StoreError::new(&self.path, source))?;
        Ok((said != "ok").then_some(said))
    }

    /// The highest number of a session that ever was.
    pub fn last_session(&self) -> Result<u32, StoreError> {
        let last =
            self.connection.query_row("SELECT coalesce(max(id), 0) FROM sessions", [], |row| row.get::<_, i64>(0));
        last.map(|last| u32::try_from(last).unwrap_or(u32::MAX)).map_err(|source| StoreError::new(&self.path, source))
    }

    /// The sessions that were open when the last engine ended, however it did.
    pub fn restore(&self) -> Result<LeftOff, StoreError> {
        self.read_back().map_err(|source| StoreError::new(&self.path, source))
    }

    fn read_back(&self) -> rusqlite::Result<LeftOff> {
        let number = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        let last_seq = number("SELECT coalesce(max(seq), 0) FROM events")?;
        let small = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let mut left_off = LeftOff {
            fleet: Fleet::default(),
            last_approval: small(number("SELECT coalesce(max(id), 0) FROM approvals")?),
            last_session: small(number("SELECT coalesce(max(id), 0) FROM sessions")?),
            last_grant: small(number("SELECT coalesce(max(id), 0) FROM grants")?),
            spent_today: self.count(By::Day, Some(1))?.iter().map(|line| line.cost_usd).sum(),
        };
        let mut events = self.connection.prepare(
            "SELECT body, seq, session, at FROM events WHERE session IN (SELECT id FROM sessions WHERE closed IS NULL)
             OR seq IN (SELECT seq FROM grants WHERE ended IS NULL) ORDER BY seq",
        )?;
        let mut rows = events.query([])?;
        while let Some(row) = rows.next()? {
            let body = row.get_ref(0)?.as_str()?;
            match read_event(body) {
                Ok(event) => left_off.fleet.apply(&event),
                // One event that an older or newer version wrote differently must not cost all others.
                Err(error) => {
                    let (seq, session) = (row.get::<_, i64>(1)?, SessionId(small(row.get(2)?)));
                    tracing::warn!(seq, %session, %error, "an event of the store cannot be read");
                    let text =
                        format!("One event is missing here: the store has it as number {seq}, but it cannot be read.");
                    left_off.fleet.apply(&Event {
                        seq: u64::try_from(seq).unwrap_or_default(),
                        session,
                        generation: left_off.fleet.get(session).map(|session| session.generation).unwrap_or_default(),
                        at: Timestamp(row.get(3)?),
                        kind: EventKind::Noted(Notice::warning(text)),
                    });
                }
            }
        }
        left_off.fleet.go_on_after(u64::try_from(last_seq).unwrap_or(0));
        Ok(left_off)
    }
}

/// An event as it was written. Its input may be nested as deep as a line of the CLI, and a few levels more.
fn read_event(body: &str) -> serde_json::Result<Event> {
    let mut reader = serde_json::Deserializer::from_str(body);
    reader.disable_recursion_limit();
    serde::Deserialize::deserialize(&mut reader)
}

#[cfg(test)]
mod tests;
