//! Dialogs over the screen: pages, questions of ours, lists and texts. Only the topmost is drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Scene;
use super::composer;
use super::footer;
use super::layouts::Layouts;
use super::main_screen::Regions;
use super::modal;
use super::modal::Edges;
use super::paint;
use super::paint::Spans;
use super::paint::flat;
use super::paint::put;
use super::paint::span;
use super::pulse::Pulse;
use crate::core::figures::count;
use crate::tui::input::action::Action;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::ui::dialog::Confirm;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::Reading;
use crate::tui::ui::dialog::TextDialog;

/// The requests that wait, as a table.
mod inbox;
/// Lists with a filter.
mod list;
/// Pages that are read: help, details, progress.
mod page;

/// Questions and texts are no wider than this.
const ASK_WIDTH: u16 = 72;
/// Rows of a text that is asked for.
const MAX_TEXT: u16 = 8;

/// What a dialog reports.
#[derive(Debug, Default)]
pub(super) struct Reported {
    pub(super) cursor: Option<Position>,
    pub(super) page_max_scroll: Option<usize>,
    pub(super) confirm: Option<Reading>,
}

/// Draws the topmost dialog, if one is open.
pub(super) fn draw(
    buf: &mut Buffer,
    regions: &Regions,
    scene: &Scene<'_>,
    layouts: &mut Layouts,
    pulse: &mut Pulse,
) -> Option<Reported> {
    let layer = scene.ui.layers.last()?;
    let body = regions.body;
    paint::dim(buf, body, scene.theme);
    // Without a footer the keys stand in the edge of the box.
    let keys = |room: u16| -> Spans {
        if regions.footer.height > 0 { Vec::new() } else { footer::hints(scene, usize::from(room.saturating_sub(6))) }
    };
    let reported = match layer {
        Layer::Page(it) => page::draw(buf, body, it, scene, layouts, pulse, keys(body.width)),
        Layer::Confirm(confirm) => {
            let reading = draw_confirm(buf, body, confirm, scene);
            Reported { confirm: Some(reading), ..Reported::default() }
        }
        Layer::List(list) => {
            Reported { cursor: list::draw(buf, body, list, scene, pulse, keys(body.width)), ..Reported::default() }
        }
        Layer::Text(text) => Reported {
            cursor: draw_text(buf, body, text, scene, keys(body.width.min(ASK_WIDTH))),
            ..Reported::default()
        },
    };
    Some(reported)
}

/// The room inside a box of this width.
fn inside(wide: u16) -> usize {
    usize::from(wide.saturating_sub(if wide >= 30 { 4 } else { 2 })).max(1)
}

fn draw_confirm(buf: &mut Buffer, body: Rect, confirm: &Confirm, scene: &Scene<'_>) -> Reading {
    let theme = scene.theme;
    let wide = body.width.min(ASK_WIDTH);
    let room = inside(wide);
    let question_style = if confirm.is_dangerous { theme.failure } else { theme.strong };
    let mut lines = wrap(&[span(flat(&confirm.question), question_style)], room, &Indent::default());
    if !confirm.details.is_empty() {
        lines.push(Line::default());
    }
    for detail in &confirm.details {
        let bullet = Indent::hanging(vec![span(format!("{} ", theme.glyphs.bullets[0]), theme.dim)]);
        lines.extend(wrap(&[span(flat(detail), theme.text)], room, &bullet));
    }
    let keys_for = |must_read: bool| {
        let piece = |(action, what): &(Action, &str)| -> Option<Spans> {
            let key = scene.keymap.key_of(*action)?;
            let what = if must_read && *action == Action::ConfirmYes { "read on" } else { *what };
            Some(vec![span(format!("[{key}]"), theme.key), span(format!(" {what}"), theme.text)])
        };
        modal::flow(confirm.kind.answers().iter().filter_map(piece).collect(), room, theme)
    };
    // The answers stay, whatever else has no room.
    let n_keys = keys_for(confirm.must_be_read()).len() + 1;
    let room_for_lines = usize::from(body.height).saturating_sub(2 + n_keys).max(1);
    let n_lines = lines.len();
    let page = n_lines.min(room_for_lines);
    let scroll = confirm.reading.scroll.min(n_lines - page);
    let n_below = n_lines - scroll - page;
    // The keys say what they do once this frame is seen.
    let mut read = confirm.reading;
    read.note(Reading { scroll, n_lines, page, seen_to: scroll + page });
    let must_read = confirm.must_be_read() && !read.is_whole();
    let keys = keys_for(must_read);
    let mut right = Vec::new();
    if n_below > 0 {
        let text = format!(" {} {} ", theme.glyphs.down, count(n_below as u64, "more line", "more lines"));
        right.push(span(text, if must_read { theme.badge_waiting } else { theme.dim }));
        right.extend(scene.keymap.key_of(Action::ConfirmDown).map(|key| span(format!(" {key}"), theme.key)));
    }
    let high = u16::try_from(page + n_keys + 2).unwrap_or(u16::MAX);
    let (mark, style) = if confirm.is_dangerous {
        (vec![span(format!(" {} careful ", theme.glyphs.warning), theme.danger)], theme.failure)
    } else {
        (Vec::new(), theme.border_focus)
    };
    let area = modal::centered(body, wide, high);
    let inner = modal::draw(buf, area, Edges { title: mark, right, ..Edges::default() }, style, theme);
    let n_shown = u16::try_from(page).unwrap_or(u16::MAX).min(inner.height);
    modal::window(buf, Rect { height: n_shown, ..inner }, &lines, scroll);
    let below = Rect { y: inner.y + n_shown, height: inner.height - n_shown, ..inner };
    // The blank line between goes first where there is no room.
    let keys_at =
        Rect { y: below.bottom().saturating_sub(u16::try_from(keys.len()).unwrap_or(0)).max(below.y), ..below };
    modal::window(buf, Rect { height: below.bottom() - keys_at.y, ..keys_at }, &keys, 0);
    // What has no room for its keys was not read.
    let is_usable = usize::from(n_shown) == page && usize::from(below.bottom() - keys_at.y) >= keys.len();
    let seen_to = if is_usable { scroll + page } else { 0 };
    Reading { scroll, n_lines, page, seen_to }
}

fn draw_text(buf: &mut Buffer, body: Rect, text: &TextDialog, scene: &Scene<'_>, keys: Spans) -> Option<Position> {
    let theme = scene.theme;
    let wide = body.width.min(ASK_WIDTH);
    let room = inside(wide);
    let typed = composer::lay(&text.composer, u16::try_from(room.saturating_sub(2)).unwrap_or(u16::MAX), MAX_TEXT);
    let n_text = u16::try_from(typed.n_rows()).unwrap_or(u16::MAX).clamp(1, MAX_TEXT);
    let mut below: Vec<Line<'static>> = Vec::new();
    if let Some(error) = &text.error {
        below.extend(wrap(&[span(flat(error), theme.failure)], room, &Indent::default()));
    } else if !text.hint.is_empty() {
        below.extend(wrap(&[span(flat(&text.hint), theme.dim)], room, &Indent::default()));
    }
    let high = u16::try_from(below.len()).unwrap_or(u16::MAX).saturating_add(n_text + 2);
    let area = modal::centered(body, wide, high);
    let title = vec![span(flat(&text.title), theme.strong)];
    let inner = modal::draw(buf, area, Edges { title, right: Vec::new(), bottom: keys }, theme.border_focus, theme);
    put(buf, inner.x, inner.y, 1.min(inner.width), &[span(theme.glyphs.prompt, theme.prompt)]);
    let n_text = n_text.min(inner.height);
    let text_at = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), height: n_text, ..inner };
    let below_at = Rect { y: inner.y + n_text, height: inner.height - n_text, ..inner };
    modal::window(buf, below_at, &below, 0);
    typed.draw(buf, text_at, theme.text, theme)
}
