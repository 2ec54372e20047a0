//! The backlog, kept: what is to be built in each project.
//!
//! **For:** one SQLite file beside the store, changed by the runner, by verbs and by MCP servers at the same time.
//! **Not for:** the rules of a change, which are pure (`core::backlog`). Blocking.
//!
//! Invariants: a change reads the whole backlog of its project, obeys the rules and is written, in one transaction
//! that no other can come between; what was refused wrote nothing; each change is in the history with who made it.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::TransactionBehavior;

use self::rows::ProjectRow;
use crate::clock;
use crate::core::backlog::Backlog;
use crate::core::backlog::Refused;
use crate::core::backlog::What;
use crate::core::backlog::Who;
use crate::core::ids::FeatureId;
use crate::core::ids::Timestamp;
use crate::disk;
use crate::repository;

/// Features as a file that can be read again.
pub mod export;
/// Lists, JSON files and issues as features.
pub mod import;
mod rows;
/// What models see of the backlog, and what they may ask for.
pub mod tools;

/// The file in the data directory.
const FILE: &str = "backlog.db";
const FORMAT: i64 = 1;
/// How long a change waits for others.
const PATIENCE: Duration = Duration::from_secs(5);
/// Lines of a feature's history that are told.
const MAX_HISTORY: u32 = 200;

const TABLES: &str = "
    CREATE TABLE projects (
        id INTEGER PRIMARY KEY,
        root BLOB NOT NULL UNIQUE,
        last_feature INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE features (
        project INTEGER NOT NULL,
        id INTEGER NOT NULL,
        position INTEGER NOT NULL,
        category TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        steps TEXT NOT NULL,
        status TEXT NOT NULL,
        skipped INTEGER NOT NULL,
        depends_on TEXT NOT NULL,
        worker TEXT,
        evidence TEXT,
        made_by TEXT NOT NULL,
        made INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        PRIMARY KEY (project, id)
    ) WITHOUT ROWID;
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        project INTEGER NOT NULL,
        feature INTEGER NOT NULL,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        what TEXT NOT NULL
    );
    CREATE INDEX history_of ON history (project, feature);
";

#[derive(Debug, thiserror::Error)]
pub enum BacklogError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("{} cannot be reached: {source}", folder.display())]
    NoProject { folder: PathBuf, source: std::io::Error },
    #[error(
        "{} was written by a newer adjutant (its format is {found}, this one knows {FORMAT}); it is left as it is: use \
         the newer program, or another --data-dir",
        path.display()
    )]
    Newer { path: PathBuf, found: i64 },
    #[error("the backlog cannot be used: {0}")]
    Unfit(std::io::Error),
    #[error("the backlog {} cannot be used: {source}", path.display())]
    Unusable { path: PathBuf, source: rusqlite::Error },
    #[error("the backlog {} has something that cannot be read ({what}); it is left as it is", path.display())]
    Unreadable { path: PathBuf, what: String },
}

/// One thing that happened to a feature.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Happened {
    pub at: Timestamp,
    pub who: Who,
    pub what: What,
}

/// The open database, at one project.
#[derive(Debug)]
pub struct Project {
    connection: Connection,
    path: PathBuf,
    root: PathBuf,
}

impl Project {
    /// Opens the backlog of the project that a folder belongs to.
    pub fn open(data_dir: &Path, folder: &Path) -> Result<Self, BacklogError> {
        let root = repository::project_of(folder)
            .map_err(|source| BacklogError::NoProject { folder: folder.to_owned(), source })?;
        disk::private_dir(data_dir).map_err(BacklogError::Unfit)?;
        let path = disk::database(&data_dir.join(FILE)).map_err(BacklogError::Unfit)?;
        let failed = |source| BacklogError::Unusable { path: path.clone(), source };
        let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        let found = prepare(&mut connection).map_err(failed)?;
        if found > FORMAT {
            return Err(BacklogError::Newer { path, found });
        }
        Ok(Self { connection, path, root })
    }

    /// The folder that stands for the project.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The backlog as it is.
    pub fn read(&mut self) -> Result<Backlog, BacklogError> {
        let transaction = self.connection.transaction();
        let read = transaction.map_err(Failed::from).and_then(|at| found(&at, &self.root));
        read.map(|(_, backlog)| backlog).map_err(|error| told(&self.path, error))
    }

    /// Makes a change by the rules. Returns what the change says, and what happened to which features.
    pub fn change<T>(
        &mut self,
        who: &Who,
        change: impl FnOnce(&mut Backlog, Timestamp) -> Result<T, Refused>,
    ) -> Result<(T, Vec<(FeatureId, What)>), BacklogError> {
        let now = clock::now();
        let failed = |error| told(&self.path, error);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = transaction.map_err(|error| failed(error.into()))?;
        let (project, before) = found(&transaction, &self.root).map_err(failed)?;
        let mut after = before.clone();
        let said = change(&mut after, now)?;
        let happened = after.log().to_vec();
        if !happened.is_empty() {
            let project = project.map_or_else(|| rows::add_project(&transaction, &self.root), Ok).map_err(failed)?;
            rows::write(&transaction, project, &before, &after).map_err(failed)?;
            rows::note(&transaction, project, who, now, &happened).map_err(failed)?;
            transaction.commit().map_err(|error| failed(error.into()))?;
        }
        Ok((said, happened))
    }

    /// What happened to a feature, the oldest first.
    pub fn history(&self, id: FeatureId) -> Result<Vec<Happened>, BacklogError> {
        let read = match rows::project(&self.connection, &self.root) {
            Ok(Some((project, _))) => rows::history(&self.connection, project, id, MAX_HISTORY),
            Ok(None) => Ok(Vec::new()),
            Err(error) => Err(error),
        };
        read.map_err(|error| told(&self.path, error))
    }
}

/// The backlog of a project, empty for one that is not known yet.
fn found(connection: &Connection, root: &Path) -> Result<(Option<ProjectRow>, Backlog), Failed> {
    Ok(match rows::project(connection, root)? {
        Some((project, last)) => (Some(project), Backlog::new(rows::features(connection, project)?, last)),
        None => (None, Backlog::default()),
    })
}

/// Why rows could not be read or written.
#[derive(Debug)]
enum Failed {
    Database(rusqlite::Error),
    /// What stands there is nothing that this program writes.
    Content(String),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

fn told(path: &Path, failed: Failed) -> BacklogError {
    let path = path.to_owned();
    match failed {
        Failed::Database(source) => BacklogError::Unusable { path, source },
        Failed::Content(what) => BacklogError::Unreadable { path, what },
    }
}

/// Makes the tables where there are none. Returns the format that was found, which a newer program may have written.
fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    connection.busy_timeout(PATIENCE)?;
    let format = |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    if format(connection)? > FORMAT {
        return format(connection);
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if format(&transaction)? == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    transaction.commit()?;
    Ok(FORMAT)
}

#[cfg(test)]
mod tests;
