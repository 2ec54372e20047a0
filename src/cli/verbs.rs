//! Verbs that talk to the runner: what is going on, prompts, answers, and following a session.
//!
//! **For:** scripts and quick looks. Each fails with a sentence and exit code 1 when no runner is at work.
//! **Not for:** starting anything. Text from outside is cleaned before it reaches a terminal, and is left as
//! it came in JSON, which escapes it.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::Global;
use super::print::say;
use super::setup;
use super::setup::Stop;
use crate::core::fleet::Fleet;
use crate::core::session::Session;
use crate::link::Link;
use crate::link::Update;
use crate::server::client;
use crate::server::protocol::Purpose;
use crate::server::protocol::Welcome;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;

/// `approve`, `deny`.
pub mod answer;
/// `grants`.
pub mod grants;
/// `import`: the conversations of the CLI.
pub mod import;
/// `list`, `status`.
pub mod look;
/// `search`, `usage`: what the store knows.
pub mod records;
/// `relay`.
pub mod relay;
/// `send`.
pub mod send;
/// `tail`.
pub mod tail;

/// The runner's first update comes at once.
const FIRST_UPDATE: Duration = Duration::from_secs(10);

/// A connection to the runner, with everything as it is now.
pub(super) struct Attached {
    pub(super) link: Link,
    fleet: Fleet,
    welcome: Welcome,
}

pub(super) async fn attach(global: &Global) -> Result<Attached, Stop> {
    let places = setup::places(global)?;
    let (mut link, welcome) =
        client::connect(&places.data_dir, Purpose::Verb).await.map_err(|error| Stop::failed(error.to_string()))?;
    match tokio::time::timeout(FIRST_UPDATE, link.recv()).await {
        Ok(Some(Update::Snapshot(fleet))) => Ok(Attached { link, fleet: *fleet, welcome }),
        _ => Err(Stop::failed("the runner does not say what is going on; its log may say why")),
    }
}

/// Runs a verb that waits for the runner.
fn block_on(done: impl Future<Output = Result<u8, Stop>>) -> Result<u8, Stop> {
    setup::runtime()?.block_on(done)
}

/// The session that is meant: by number, by title, or by directory.
fn find<'f>(fleet: &'f Fleet, named: &str) -> Result<&'f Session, Stop> {
    let by_number = named.parse().ok().and_then(|number| fleet.get(crate::core::ids::SessionId(number)));
    if let Some(session) = by_number {
        return Ok(session);
    }
    let directory = std::fs::canonicalize(named).ok().map(|path| path.display().to_string());
    // A name that somebody gave goes before one that a folder happens to have.
    let ways: [&dyn Fn(&Session) -> bool; 2] = [
        &|session| session.title == named || directory.as_deref() == Some(session.spec.directory.as_str()),
        &|session| is_folder_of(session, named),
    ];
    for way in ways {
        let matching: Vec<&Session> = fleet.sessions().filter(|session| way(session)).collect();
        match matching.as_slice() {
            [] => {}
            [one] => return Ok(one),
            several => return Err(Stop::usage(ambiguous(named, several))),
        }
    }
    Err(Stop::usage(format!("there is no session “{}”; `adjutant list` shows those there are", flat(named))))
}

/// Whether a session works in a folder of that name, or in a worktree of that name or on that branch.
fn is_folder_of(session: &Session, named: &str) -> bool {
    let named = named.trim_end_matches('/');
    let is_last = |path: &str| Path::new(path).file_name().is_some_and(|last| last == named);
    if named.is_empty() || named == "." || named == ".." {
        return false;
    }
    is_last(&session.spec.directory)
        || session.worktree.as_ref().is_some_and(|worktree| {
            let place = &worktree.place;
            is_last(&place.path) || is_last(&place.origin) || place.branch == named
        })
}

fn ambiguous(named: &str, several: &[&Session]) -> String {
    let list: Vec<String> = several
        .iter()
        .map(|session| format!("{} ({}, in {})", session.id, flat(&session.title), flat(&session.spec.directory)))
        .collect();
    format!("“{}” names several sessions: {}; say which by number", flat(named), list.join(", "))
}

pub(super) fn say_json(value: &impl Serialize) -> Result<(), Stop> {
    let line = serde_json::to_string(value).map_err(|error| Stop::failed(format!("could not be written: {error}")))?;
    say(&line)
}

/// A text from outside in one line.
pub(super) fn flat(text: &str) -> String {
    sanitize(text).as_str().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Columns as wide as their widest entry, but for the last, which is as long as it is.
pub fn say_table(rows: &[Vec<String>]) -> Result<(), Stop> {
    let n_columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width::of(cell)).max();
    let widths: Vec<usize> = (0..n_columns).map(|column| widest(column).unwrap_or(0)).collect();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, wide)| width::pad_end(cell, *wide)).collect();
        say(cells.join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Event;
    use crate::core::event::EventKind;
    use crate::core::ids::Generation;
    use crate::core::ids::SessionId;
    use crate::core::ids::Timestamp;
    use crate::core::session::SessionSpec;

    fn fleet(sessions: &[(&str, &str)]) -> Fleet {
        let mut fleet = Fleet::default();
        for (n, (directory, title)) in (1..).zip(sessions) {
            let spec = SessionSpec { directory: (*directory).to_owned(), ..SessionSpec::default() };
            let kind = EventKind::Opened { spec, tag: None };
            let renamed = EventKind::Renamed { title: (*title).to_owned() };
            for kind in [kind, renamed] {
                let seq = fleet.seq() + 1;
                fleet.apply(&Event { seq, session: SessionId(n), generation: Generation(0), at: Timestamp(0), kind });
            }
        }
        fleet
    }

    #[test]
    fn a_session_is_found_by_what_a_person_calls_it() {
        let fleet = fleet(&[("/src/shop", "till"), ("/old/shop/", "archive"), ("/src/bank", "shop"), ("/a/till", "x")]);
        let found = |named: &str| find(&fleet, named).map(|session| session.id.0).map_err(|stop| stop.to_string());
        assert_eq!(found("2"), Ok(2));
        assert_eq!(found("archive"), Ok(2));
        assert_eq!(found("bank"), Ok(3), "by its folder's name");
        assert_eq!(found("bank/"), Ok(3));
        assert_eq!(found("shop"), Ok(3), "a title goes before a folder's name");
        assert_eq!(found("till"), Ok(1));
        assert!(found("nothing").unwrap_err().contains("no session"));
        assert!(found("..").is_err());
    }

    #[test]
    fn a_name_of_several_lists_them() {
        let fleet = fleet(&[("/src/shop", "one"), ("/old/shop", "two")]);
        let why = find(&fleet, "shop").unwrap_err().to_string();
        for part in ["1 (one, in /src/shop)", "2 (two, in /old/shop)", "by number"] {
            assert!(why.contains(part), "{why}");
        }
    }
}
