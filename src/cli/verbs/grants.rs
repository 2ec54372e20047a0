//! `grants`: what is allowed beyond single calls, and taking it back.

use serde::Serialize;

use super::Attached;
use super::attach;
use super::block_on;
use super::flat;
use super::say;
use super::say_json;
use super::say_table;
use crate::cli::Global;
use crate::cli::exit;
use crate::cli::setup::Stop;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::grant::Grant;
use crate::core::grant::Granted;
use crate::core::ids::GrantId;
use crate::core::ids::Timestamp;
use crate::core::prompt::Surface;
use crate::link::Update;

/// A grant as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: u32,
    session: u32,
    /// None when it was closed meanwhile.
    title: Option<&'a str>,
    directory: &'a str,
    rule: String,
    scope: String,
    by: String,
    given: Timestamp,
    request: u32,
    /// Milliseconds since 1970; null for what the CLI remembers.
    until: Option<Timestamp>,
    /// Calls that are left, where they are counted.
    left: Option<u32>,
    /// Calls it has allowed; null where the CLI does not tell.
    used: Option<u32>,
}

fn row<'a>(fleet: &'a Fleet, grant: &'a Grant) -> Row<'a> {
    let until = match &grant.granted {
        Granted::Boxed { until, .. } => Some(*until),
        Granted::Remembered(_) => None,
    };
    Row {
        id: grant.id.0,
        session: grant.session.0,
        title: fleet.get(grant.session).map(|session| session.title.as_str()),
        directory: &grant.directory,
        rule: grant.describe(),
        scope: grant.scope(),
        by: grant.by.describe(),
        given: grant.at,
        request: grant.approval.0,
        until,
        left: grant.left(),
        used: until.map(|_| grant.used),
    }
}

pub fn list(global: &Global, json: bool) -> Result<u8, Stop> {
    block_on(async {
        let Attached { fleet, .. } = attach(global).await?;
        if json {
            say_json(&fleet.grants().iter().map(|grant| row(&fleet, grant)).collect::<Vec<_>>())?;
            return Ok(exit::OK);
        }
        let now = crate::clock::now();
        let head = ["ID", "LEFT", "SESSION", "HOLDS FOR", "BY", "WHAT"].map(str::to_owned).to_vec();
        let mut rows = vec![head];
        for grant in fleet.grants().iter() {
            let row = row(&fleet, grant);
            rows.push(vec![
                row.id.to_string(),
                grant.remaining(now),
                row.title.map_or_else(|| "closed".into(), flat),
                flat(&row.scope),
                flat(&row.by),
                flat(&row.rule),
            ]);
        }
        match rows.len() {
            1 => say("Nothing is allowed beyond single calls.")?,
            _ => say_table(&rows)?,
        }
        Ok(exit::OK)
    })
}

pub fn revoke(global: &Global, id: u32, json: bool) -> Result<u8, Stop> {
    block_on(async {
        let Attached { mut link, fleet, .. } = attach(global).await?;
        let id = GrantId(id);
        let Some(grant) = fleet.grants().get(id) else {
            return Err(Stop::failed(format!("there is no grant {id}; `adjutant grants` shows those there are")));
        };
        let gone = || Stop::failed("the runner has ended");
        let command = Command::Revoke { session: grant.session, grant: id, by: Surface::Headless };
        link.send(command).await.map_err(|_| gone())?;
        loop {
            let events = match link.recv().await.ok_or_else(gone)? {
                Update::Events(events) => events,
                Update::Snapshot(fleet) if fleet.grants().get(id).is_none() => Vec::new(),
                Update::Snapshot(_) | Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => continue,
            };
            let refused = events.iter().find_map(|event| match &event.kind {
                // How the engine says that it could not be done.
                EventKind::Noted(notice) if notice.text.starts_with(&format!("Grant {id} ")) => {
                    Some(notice.text.clone())
                }
                _ => None,
            });
            let has_ended = events.is_empty()
                || events.iter().any(|event| matches!(event.kind, EventKind::GrantEnded { grant, .. } if grant == id));
            if has_ended {
                if json {
                    say_json(&row(&fleet, grant))?;
                } else {
                    say(&format!("taken back: {}", flat(&grant.describe())))?;
                }
                return Ok(exit::OK);
            }
            if let Some(why) = refused {
                return Err(Stop::failed(why));
            }
        }
    })
}
