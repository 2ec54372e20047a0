//! The menu over the input box: what completes the word that is being typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::main_screen::Regions;
use super::modal;
use super::modal::Edges;
use super::paint::Spans;
use super::paint::exact;
use super::paint::fit;
use super::paint::flat;
use super::paint::put;
use super::paint::row;
use super::paint::select;
use super::paint::span;
use super::paint::spelled;
use super::paint::wipe;
use crate::tui::input::action::Action;
use crate::tui::render::width;
use crate::tui::theme::Theme;
use crate::tui::ui::menu::MAX_ROWS;
use crate::tui::ui::menu::Menu;
use crate::tui::ui::menu::MenuItem;
use crate::tui::ui::menu::MenuKind;
use crate::tui::ui::menu::Take;

const MAX_WIDTH: u16 = 100;
/// From this height on there is room for a frame.
const FRAME_HEIGHT: u16 = 8;
/// Rows of requests and of the timeline that it leaves.
const MIN_ABOVE: u16 = 1;

/// Draws it over the rows above the input box.
pub(super) fn draw(buf: &mut Buffer, regions: &Regions, scene: &Scene<'_>) {
    let Some(menu) = scene.ui.completing.menu.as_ref().filter(|menu| menu.is_shown()) else { return };
    // Requests that wait stay in view while there is room without them.
    let above_docked = regions.timeline.height >= FRAME_HEIGHT;
    let bottom = if above_docked { regions.timeline.bottom() } else { regions.rule.y };
    let room = bottom.saturating_sub(regions.body.y + MIN_ABOVE);
    if room == 0 || regions.input.width < 8 {
        return;
    }
    let theme = scene.theme;
    let has_frame = room >= FRAME_HEIGHT;
    let n_notes = u16::from(menu.note.is_some());
    let n_items = u16::try_from(menu.items.len().min(MAX_ROWS)).unwrap_or(u16::MAX);
    let high = (n_items + n_notes + if has_frame { 2 } else { 0 }).min(room);
    let wide = modal::fitting(regions.timeline.width, MAX_WIDTH);
    let area = Rect { x: regions.timeline.x, y: bottom - high, width: wide, height: high };
    let inner = if has_frame {
        modal::draw(buf, area, edges(menu, scene), theme.border_focus, theme)
    } else {
        wipe(buf, area, theme.text);
        Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area }
    };
    let n_notes = n_notes.min(inner.height);
    let rows = Rect { height: inner.height - n_notes, ..inner };
    let height = usize::from(rows.height);
    let first = (menu.selected + 1).saturating_sub(height).min(menu.items.len().saturating_sub(height));
    let column = column(menu, usize::from(inner.width), theme);
    for (at, (idx, item)) in menu.items.iter().enumerate().skip(first).take(height).enumerate() {
        let line = Rect { y: rows.y + u16::try_from(at).unwrap_or(0), height: 1, ..rows };
        draw_item(buf, line, item, idx == menu.selected, column, scene);
    }
    if let Some(note) = menu.note.as_ref().filter(|_| n_notes > 0) {
        let text = vec![span(spelled(note, theme).into_owned(), theme.dim)];
        put(buf, inner.x, rows.bottom(), inner.width, &fit(text, usize::from(inner.width), theme));
    }
}

fn edges(menu: &Menu, scene: &Scene<'_>) -> Edges {
    let theme = scene.theme;
    let title = match menu.word.kind {
        MenuKind::Commands => "Commands",
        MenuKind::Files => "Files",
    };
    let place = (!menu.items.is_empty()).then(|| format!("{} of {}", menu.selected + 1, menu.items.len()));
    let right: Spans = place.map(|place| vec![span(place, theme.dim)]).unwrap_or_default();
    let mut bottom: Spans = Vec::new();
    for action in [Action::MenuTake, Action::MenuClose] {
        let Some(key) = scene.keymap.key_of(action).filter(|_| !menu.items.is_empty()) else { continue };
        if !bottom.is_empty() {
            bottom.push(span("  ", theme.dim));
        }
        bottom.push(span(key, theme.key));
        bottom.push(span(format!(" {}", action.def().hint), theme.dim));
    }
    Edges { title: vec![span(title, theme.strong)], right, bottom }
}

/// The width of the labels, where details have room beside them.
fn column(menu: &Menu, room: usize, theme: &Theme) -> usize {
    let widest = menu.items.iter().map(|item| width::of(&exact(&item.label, theme))).max().unwrap_or(0);
    widest.min(room / 2)
}

fn draw_item(buf: &mut Buffer, line: Rect, item: &MenuItem, is_selected: bool, column: usize, scene: &Scene<'_>) {
    let theme = scene.theme;
    let refused = matches!(item.take, Take::Refuse(_));
    let cursor = if is_selected { theme.glyphs.folded } else { " " };
    let style = if refused { theme.dim } else { theme.text };
    let label = exact(&item.label, theme);
    let mut left = vec![span(format!("{cursor} "), theme.key)];
    if item.detail.is_empty() {
        // A path's end says more than its beginning.
        let room = usize::from(line.width).saturating_sub(2);
        left.push(span(width::truncate_start(&label, room, theme.glyphs.ellipsis).into_owned(), style));
    } else {
        let label = width::truncate_end(&label, column, theme.glyphs.ellipsis).into_owned();
        left.push(span(width::pad_end(&label, column), style));
        // Of a file it is a word of ours, of a command one of the CLI.
        let detail = match item.file {
            Some(_) => spelled(&item.detail, theme).into_owned(),
            None => flat(&item.detail),
        };
        left.push(span(format!("  {detail}"), if refused { theme.warning } else { theme.dim }));
    }
    row(buf, line, left, &[], theme);
    if is_selected {
        select(buf, line, theme);
    }
}
