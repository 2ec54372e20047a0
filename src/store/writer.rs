//! The thread that writes: whatever has come meanwhile in one transaction.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::Transaction;
use rusqlite::params;

use super::Store;
use super::StoreError;
use super::index::said;
use super::index::spaced;
use crate::core::cell::Notice;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::prompt::Prompt;
use crate::link::tap::Lost;
use crate::link::tap::Recorder;
use crate::link::tap::Tapped;
use crate::redact::Redactor;

/// Events of one transaction, at most.
const MAX_BATCH: usize = 256;
/// A disk that took nothing is asked again after this.
const RETRY: Duration = Duration::from_secs(2);
/// ... and so many times when the engine has ended, and nothing more will come.
const LAST_TRIES: usize = 2;

/// Keeps what the recorder hears until the engine has ended. The thread ends with it.
pub fn keep(store: Store, recorder: Recorder, redactor: Option<Arc<Redactor>>) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("store".into()).spawn(move || run(store, recorder, redactor.as_deref()))
}

fn run(store: Store, mut recorder: Recorder, redactor: Option<&Redactor>) {
    let Store { mut connection, path } = store;
    let mut batch = Vec::new();
    let mut is_failing = false;
    let mut n_missed = recorder.n_missed();
    while recorder.blocking_recv_many(&mut batch, MAX_BATCH) {
        let mut n_tries = 0;
        while let Err(source) = write(&mut connection, &batch, redactor) {
            let error = StoreError::new(&path, source);
            recorder.set_stuck(true);
            if !std::mem::replace(&mut is_failing, true) {
                tracing::error!(%error, "the store cannot be written");
                recorder.tell(Notice::error(format!("What happens is not kept: {error}. The sessions go on.")));
            }
            n_tries += 1;
            let is_hopeless = matches!(error, StoreError::Damaged { .. });
            if is_hopeless || (recorder.has_ended() && n_tries >= LAST_TRIES) {
                return;
            }
            std::thread::sleep(RETRY);
        }
        if std::mem::take(&mut is_failing) {
            recorder.set_stuck(false);
            recorder.tell(match recorder.n_missed() - n_missed {
                0 => Notice::info("The store is written again; nothing was lost in between."),
                lost => Notice::warning(format!(
                    "The store is written again. {} of what happened meanwhile did not fit and will be missing after \
                     a restart; each session says where.",
                    events(lost)
                )),
            });
        }
        n_missed = if is_failing { n_missed } else { recorder.n_missed() };
        let last = batch.iter().rev().find_map(|tapped| match tapped {
            Tapped::Event(event) => Some(event.seq),
            Tapped::Lost(lost) => lost.iter().map(|lost| lost.last.seq).max(),
        });
        recorder.settle(last.unwrap_or(0));
        batch.clear();
    }
    // What a reader would otherwise have to read from the log of changes.
    let _ = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)");
}

fn write(connection: &mut Connection, batch: &[Tapped], redactor: Option<&Redactor>) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for tapped in batch {
        match tapped {
            Tapped::Event(event) => match redactor {
                Some(redactor) => write_event(&transaction, &redacted(event, redactor))?,
                None => write_event(&transaction, event)?,
            },
            Tapped::Lost(lost) => lost.iter().try_for_each(|lost| write_event(&transaction, &gap(lost)))?,
        }
    }
    transaction.commit()
}

/// The event with no secret in it. One that would be none any more is not kept, and says so.
fn redacted(event: &Event, redactor: &Redactor) -> Event {
    let clean = serde_json::to_value(event).and_then(|whole| serde_json::from_value(redactor.json(&whole)));
    clean.unwrap_or_else(|error| {
        tracing::error!(%error, seq = event.seq, "an event could not be kept without its secrets");
        let text = "Something is missing here: it could not be kept without the secrets in it.";
        Event { kind: EventKind::Noted(Notice::warning(text)), ..event.clone() }
    })
}

/// What stands in the log in the place of events that did not fit, under the number of the last one: whoever folds the
/// log is told that the session's history has a gap here.
fn gap(lost: &Lost) -> Event {
    tracing::error!(session = %lost.last.session, events = lost.events, "events did not reach the store");
    let text = format!("{} are missing here: the disk took nothing for too long.", events(lost.events));
    let kind = EventKind::Noted(Notice::warning(text));
    Event { kind, ..Event::clone(&lost.last) }
}

fn events(n: u64) -> String {
    format!("{n} event{}", if n == 1 { "" } else { "s" })
}

fn write_event(transaction: &Transaction<'_>, event: &Event) -> rusqlite::Result<()> {
    let body = serde_json::to_string(event).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let (seq, session, at) = (event.seq as i64, event.session.0, event.at.0);
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| transaction.prepare_cached(sql)?.execute(values).map(drop);
    run("INSERT INTO events (seq, session, at, body) VALUES (?1, ?2, ?3, ?4)", params![seq, session, at, body])?;
    if let Some((who, text)) = said(&event.kind) {
        let said_at = match &event.kind {
            EventKind::Past { at, .. } => at.0,
            _ => at,
        };
        run(
            "INSERT INTO messages (session, seq, at, who, text) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![session, seq, said_at, who.word(), text],
        )?;
        let id = transaction.last_insert_rowid();
        run("INSERT INTO words (rowid, text) VALUES (?1, ?2)", params![id, spaced(&text)])?;
    }
    let set = |column: &str, value: &dyn rusqlite::ToSql| {
        run(&format!("UPDATE sessions SET {column} = ?2, changed = ?3 WHERE id = ?1"), params![session, value, at])
    };
    let name_by = |prompt: &Prompt| {
        let title = crate::core::session::title_of(&prompt.text);
        run(
            "UPDATE sessions SET title = iif(title = '', ?2, title), changed = ?3 WHERE id = ?1",
            params![session, title, at],
        )
    };
    match &event.kind {
        EventKind::Opened { spec, .. } => run(
            "INSERT INTO sessions (id, directory, title, profile, conversation, model, opened, changed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
             ON CONFLICT (id) DO UPDATE SET closed = NULL, changed = ?7",
            params![
                session,
                spec.directory,
                spec.title.as_deref().unwrap_or_default(),
                spec.profile,
                spec.resume.as_ref().map(|id| id.to_string()),
                spec.model,
                at
            ],
        ),
        EventKind::Closed => set("closed", &at),
        EventKind::Renamed { title } | EventKind::TitleSuggested { title } => set("title", title),
        EventKind::Past { kind, .. } => match &**kind {
            EventKind::PromptSent(prompt) => name_by(prompt),
            _ => Ok(()),
        },
        EventKind::PromptSent(prompt) => name_by(prompt),
        EventKind::Conversation { id, model, .. } => {
            set("conversation", &id.to_string())?;
            set("model", model)
        }
        EventKind::TurnEnded { outcome, duration_ms, tokens, cost_usd, .. } => {
            let outcome = outcome.word();
            run(
                "INSERT INTO turns (seq, session, at, model, outcome, duration_ms, input, cache_read, cache_write, output,
                 cost_usd) SELECT ?1, ?2, ?3, model, ?4, ?5, ?6, ?7, ?8, ?9, ?10 FROM sessions WHERE id = ?2",
                params![
                    seq,
                    session,
                    at,
                    outcome,
                    *duration_ms as i64,
                    tokens.uncached as i64,
                    tokens.cache_read as i64,
                    tokens.cache_write as i64,
                    tokens.output as i64,
                    cost_usd
                ],
            )
        }
        EventKind::ApprovalAsked(approval) => run(
            "INSERT OR REPLACE INTO approvals (id, session, asked, tool, state) VALUES (?1, ?2, ?3, ?4, 'pending')",
            params![approval.id.0, session, at, approval.tool],
        ),
        EventKind::ApprovalClaimed { approval, by } => {
            run("UPDATE approvals SET state = 'claimed', who = ?2 WHERE id = ?1", params![approval.0, by.describe()])
        }
        EventKind::ApprovalResolved { approval, verdict } => run(
            "UPDATE approvals SET state = ?2, who = ?3, ended = ?4 WHERE id = ?1",
            params![approval.0, verdict.decision.describe(), verdict.by.describe(), at],
        ),
        EventKind::ApprovalWithdrawn { approval, why } => {
            run("UPDATE approvals SET state = ?2, ended = ?3 WHERE id = ?1", params![approval.0, why.describe(), at])
        }
        EventKind::Granted(grant) => run(
            "INSERT OR REPLACE INTO grants (id, session, seq) VALUES (?1, ?2, ?3)",
            params![grant.id.0, session, seq],
        ),
        EventKind::GrantEnded { grant, .. } => run("UPDATE grants SET ended = ?2 WHERE id = ?1", params![grant.0, at]),
        _ => Ok(()),
    }
}
