//! Moving through the timeline: selecting, folding, copying, finding.

use std::collections::HashMap;

use super::Effect;
use super::World;
use super::conversations;
use super::pages;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::ids::CellId;
use crate::core::session::Session;
use crate::tui::input::action::Action;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::TextKind;
use crate::tui::ui::tab::Find;
use crate::tui::ui::tab::Scroll;
use crate::tui::ui::tab::ScrollBy;
use crate::tui::ui::tab::Tab;

/// Asks for scrolling; the layout carries it out with the next frame.
pub(super) fn scroll(ui: &mut Ui, by: ScrollBy) {
    if let Some(tab) = ui.tab_mut() {
        tab.scroll_by.push(by);
    }
}

/// Gives the timeline the keys, with its last entry selected.
pub(super) fn enter(ui: &mut Ui, session: &Session) {
    let shown = |cell: &&Cell| ui.tab().is_some_and(|tab| tab.is_shown(&session.transcript, cell));
    if let Some(last) = session.transcript.iter().rev().find(shown) {
        select(ui, last.id);
    }
}

fn select(ui: &mut Ui, id: CellId) {
    if let Some(tab) = ui.tab_mut() {
        tab.selected = Some(id);
        tab.scroll_by.push(ScrollBy::Reveal(id));
    }
}

pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    let Some(session) = ui.session(world.fleet) else { return Vec::new() };
    let Some(selected) = ui.tab().and_then(|tab| tab.selected) else { return Vec::new() };
    let cell = session.transcript.get(selected);
    match action {
        Action::CellDown => step(ui, session, selected, 1, |_| true),
        Action::CellUp => step(ui, session, selected, -1, |_| true),
        Action::NextPrompt => step(ui, session, selected, 1, is_prompt),
        Action::PreviousPrompt => step(ui, session, selected, -1, is_prompt),
        Action::Unfold => {
            if let (Some(tab), Some(cell)) = (ui.tab_mut(), cell) {
                tab.toggle(cell.id, &cell.body);
                tab.scroll_by.push(ScrollBy::Reveal(cell.id));
            }
        }
        Action::CopyCell => {
            let text = cell.map(Cell::plain_text).unwrap_or_default();
            return vec![Effect::Copy(text)];
        }
        Action::OpenInEditor => match cell.and_then(Cell::file) {
            Some((path, line)) => {
                // From the session's directory, and never a name that an editor could take for an option.
                let path = std::path::Path::new(session.directory()).join(path).display().to_string();
                return vec![Effect::OpenFile { path, line }];
            }
            None => ui.say("This entry is not about a file.", false, world.now),
        },
        Action::ForkHere => return conversations::fork_here(ui, world, session, selected),
        Action::ShowRaw => {
            if let Some(cell) = cell {
                pages::open_text(ui, "Details", details(cell));
            }
        }
        Action::Find => {
            let hint = "letters count, case does not";
            pages::ask_text(ui, TextKind::Find { from: Some(selected) }, "Find in the timeline", hint, "");
        }
        Action::FindNext => step_find(ui, world, 1),
        Action::FindPrevious => step_find(ui, world, -1),
        Action::Top => {
            if let Some(first) = session.transcript.order().first() {
                select(ui, *first);
                scroll(ui, ScrollBy::Top);
            }
        }
        Action::Bottom => {
            if let (Some(tab), Some(last)) = (ui.tab_mut(), session.transcript.last()) {
                tab.selected = Some(last.id);
                tab.scroll = Scroll::Follow;
                tab.scroll_by.clear();
            }
        }
        Action::HalfPageUp => scroll(ui, ScrollBy::HalfPages(-1)),
        Action::HalfPageDown => scroll(ui, ScrollBy::HalfPages(1)),
        Action::LeaveTimeline => leave(ui),
        _ => {}
    }
    Vec::new()
}

fn leave(ui: &mut Ui) {
    if let Some(Tab { selected, find, scroll, .. }) = ui.tab_mut() {
        *selected = None;
        *find = None;
        *scroll = Scroll::Follow;
    }
}

fn is_prompt(cell: &Cell) -> bool {
    matches!(cell.body, CellBody::Prompt(_))
}

fn step(ui: &mut Ui, session: &Session, from: CellId, step: isize, wanted: impl Fn(&Cell) -> bool) {
    let order = session.transcript.order();
    let Some(mut place) = order.iter().position(|id| *id == from) else { return };
    let Some(tab) = ui.tab() else { return };
    while let Some(next) = place.checked_add_signed(step).filter(|next| *next < order.len()) {
        place = next;
        let cell = session.transcript.get(order[place]);
        if cell.is_some_and(|cell| wanted(cell) && tab.is_shown(&session.transcript, cell)) {
            select(ui, order[place]);
            return;
        }
    }
}

/// Everything there is about an entry, as text.
fn details(cell: &Cell) -> String {
    match &cell.body {
        CellBody::Tool(call) => {
            let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
            let mut text = format!("{} {}\n\ninput\n{}\n", call.name, call.id, pretty(&call.input));
            if let Some(verdict) = &call.verdict {
                text.push_str(&format!(
                    "\ndecision\n{} by {}\n{:?}\n",
                    verdict.decision.describe(),
                    verdict.by.describe(),
                    verdict.decision
                ));
            }
            for mark in &call.hooks {
                text.push_str(&format!("\nhook\n{}\n{}\n", mark.sentence(), mark.detail().unwrap_or_default()));
            }
            if let Some(output) = &call.output {
                text.push_str(&format!("\noutput\n{}\n", output.text));
                if output.omitted > 0 {
                    text.push_str(&format!("({} bytes left out of the middle)\n", output.omitted));
                }
                if !output.detail.is_null() {
                    text.push_str(&format!("\nresult\n{}\n", pretty(&output.detail)));
                    if let Some(lines) = output.changed.filter(|lines| lines.omitted > 0) {
                        text.push_str(&format!("({} lines of the change are not kept)\n", lines.omitted));
                    }
                }
            }
            text
        }
        _ => cell.plain_text(),
    }
}

/// Finds a text in the session's entries and goes to the nearest one at or before the selected.
pub(super) fn find(ui: &mut Ui, world: World<'_>, text: &str, from: Option<CellId>) {
    let Some(session) = ui.session(world.fleet) else { return };
    let needle = text.to_lowercase();
    if needle.is_empty() {
        return;
    }
    let has = |cell: &&Cell| cell.plain_text().to_lowercase().contains(&needle);
    let hits: Vec<CellId> = session.transcript.iter().filter(has).map(|cell| cell.id).collect();
    if hits.is_empty() {
        ui.say(format!("“{text}” is not in this timeline."), true, world.now);
        return;
    }
    let order = session.transcript.order();
    let places: HashMap<CellId, usize> = order.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let place = |id: CellId| places.get(&id).copied().unwrap_or(order.len());
    let from = from.map_or(order.len(), place);
    let current = hits.iter().rposition(|hit| place(*hit) <= from).unwrap_or(0);
    if let Some(tab) = ui.tab_mut() {
        tab.find = Some(Find { text: text.to_owned(), hits, current });
    }
    step_find(ui, world, 0);
}

fn step_find(ui: &mut Ui, world: World<'_>, step: isize) {
    let Some(find) = ui.tab_mut().and_then(|tab| tab.find.as_mut()) else {
        ui.say("Search first, with /.", false, world.now);
        return;
    };
    find.current = (find.current as isize + step).rem_euclid(find.hits.len().max(1) as isize) as usize;
    let Some(hit) = find.hits.get(find.current).copied() else { return };
    let message = format!("{} of {} entries", find.current + 1, find.hits.len());
    select(ui, hit);
    ui.say(message, false, world.now);
}
