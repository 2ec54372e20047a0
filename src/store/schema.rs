//! The tables, and how each format becomes the next.

use rusqlite::Connection;
use rusqlite::TransactionBehavior;

/// Counted up with every step below.
pub(super) const FORMAT: i64 = STEPS.len() as i64;

/// Step `n` makes format `n + 1` out of format `n`. A step that was released never changes.
const STEPS: [&str; 2] = [
    "
    CREATE TABLE events (
        seq INTEGER PRIMARY KEY,
        session INTEGER NOT NULL,
        at INTEGER NOT NULL,
        body TEXT NOT NULL
    );
    CREATE INDEX events_of_session ON events (session, seq);
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        directory TEXT NOT NULL,
        title TEXT NOT NULL,
        profile TEXT,
        conversation TEXT,
        model TEXT,
        opened INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        closed INTEGER
    );
    CREATE TABLE approvals (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL,
        asked INTEGER NOT NULL,
        tool TEXT NOT NULL,
        state TEXT NOT NULL,
        who TEXT,
        ended INTEGER
    );
    CREATE TABLE turns (
        seq INTEGER PRIMARY KEY,
        session INTEGER NOT NULL,
        at INTEGER NOT NULL,
        model TEXT,
        outcome TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        input INTEGER NOT NULL,
        cache_read INTEGER NOT NULL,
        cache_write INTEGER NOT NULL,
        output INTEGER NOT NULL,
        cost_usd REAL NOT NULL
    );
    CREATE INDEX turns_by_time ON turns (at);
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        at INTEGER NOT NULL,
        who TEXT NOT NULL,
        text TEXT NOT NULL
    );
    CREATE VIRTUAL TABLE words USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
",
    "
    CREATE TABLE grants (
        id INTEGER PRIMARY KEY,
        session INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        ended INTEGER
    );
",
];

/// The format of what is there.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings the tables to this version's format. Returns the format that was found, which a newer program may
/// have written: then nothing was changed.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    let found = format(connection)?;
    if found > FORMAT {
        return Ok(found);
    }
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // A reader never waits for the writer, nor the writer for a reader; neither a killed process nor a loss of power
    // loses anything that was committed. All that came meanwhile is one commit.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    for (step, sql) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", step as i64 + 1)?;
        transaction.commit()?;
    }
    Ok(found)
}
