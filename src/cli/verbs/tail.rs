//! `tail`: what happens, as it happens.

use super::Attached;
use super::attach;
use super::block_on;
use super::find;
use super::flat;
use super::say;
use super::say_json;
use crate::cli::Global;
use crate::cli::Tail;
use crate::cli::exit;
use crate::cli::setup::Stop;
use crate::core::cell::BlockKind;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::ids::SessionId;
use crate::link::Update;

pub fn main(global: &Global, tail: &Tail) -> Result<u8, Stop> {
    block_on(follow(global, tail))
}

async fn follow(global: &Global, tail: &Tail) -> Result<u8, Stop> {
    let Attached { mut link, mut fleet, .. } = attach(global).await?;
    let only = tail.session.as_deref().map(|named| find(&fleet, named).map(|session| session.id)).transpose()?;
    let is_meant = |id: SessionId| only.is_none_or(|only| only == id);
    if !tail.json {
        let mut cells: Vec<(&Cell, SessionId)> = fleet
            .sessions()
            .filter(|session| is_meant(session.id))
            .flat_map(|session| session.transcript.iter().map(|cell| (cell, session.id)))
            .collect();
        cells.sort_by_key(|(cell, id)| (cell.at, *id, cell.id));
        let skip = cells.len().saturating_sub(tail.lines);
        for (cell, id) in cells.into_iter().skip(skip) {
            tell(&fleet, id, cell)?;
        }
    }
    if tail.once {
        return Ok(exit::OK);
    }
    loop {
        let Some(update) = link.recv().await else { return Err(Stop::failed("the runner has ended")) };
        let events = match update {
            Update::Events(events) => events,
            Update::Snapshot(newer) => {
                fleet = *newer;
                continue;
            }
            Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => continue,
        };
        for event in events {
            fleet.apply(&event);
            if !is_meant(event.session) {
                continue;
            }
            if tail.json {
                say_json(&event)?;
            } else if ends_a_cell(&event.kind)
                && let Some(cell) = fleet.get(event.session).and_then(|session| {
                    let changed = session.transcript.find_last(50, |cell| is_of(cell, &event.kind));
                    changed.and_then(|id| session.transcript.get(id))
                })
            {
                tell(&fleet, event.session, cell)?;
            }
            if matches!(event.kind, EventKind::Closed) && only == Some(event.session) {
                return Ok(exit::OK);
            }
        }
    }
}

/// Events after which a cell says what it has to say.
fn ends_a_cell(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::PromptSent(_)
            | EventKind::BlockEnded { .. }
            | EventKind::ToolEnded { .. }
            | EventKind::TurnEnded { .. }
            | EventKind::Noted(_)
            | EventKind::WorktreeKept { .. }
            | EventKind::WorktreeAside { .. }
            | EventKind::WorktreeBack { .. }
    )
}

fn is_of(cell: &Cell, kind: &EventKind) -> bool {
    match (&cell.body, kind) {
        (CellBody::Prompt(prompt), EventKind::PromptSent(sent)) => prompt.id == sent.id,
        (CellBody::Block(block), EventKind::BlockEnded { block: ended, .. }) => block.id == *ended,
        (CellBody::Tool(call), EventKind::ToolEnded { call: ended, .. }) => call.id == *ended,
        (CellBody::TurnEnd(end), EventKind::TurnEnded { turn, .. }) => end.turn == *turn,
        (CellBody::Notice(notice), EventKind::Noted(noted)) => notice == noted,
        (
            CellBody::Notice(_),
            EventKind::WorktreeKept { .. } | EventKind::WorktreeAside { .. } | EventKind::WorktreeBack { .. },
        ) => true,
        _ => false,
    }
}

fn tell(fleet: &Fleet, id: SessionId, cell: &Cell) -> Result<(), Stop> {
    let who = match &cell.body {
        CellBody::Prompt(_) => "you",
        CellBody::Block(block) if block.kind == BlockKind::Thinking => return Ok(()),
        CellBody::Block(_) => "claude",
        CellBody::Tool(_) => "tool",
        CellBody::Notice(_) | CellBody::Retry(_) | CellBody::Compaction(_) => "note",
        CellBody::TurnEnd(_) => "end",
    };
    let text = match &cell.body {
        CellBody::TurnEnd(end) => format!("turn {:?}", end.outcome).to_lowercase(),
        _ => cell.plain_text(),
    };
    let at = jiff::Timestamp::from_millisecond(cell.at.0).unwrap_or_default();
    let clock = at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string();
    let title = fleet.get(id).map(|session| flat(&session.title)).unwrap_or_default();
    say(&format!("{clock} {id} {title} · {who}: {}", flat(&text)))
}
