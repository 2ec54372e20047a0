//! Text that is being typed: the input box, and the boxes and lines inside dialogs.
//!
//! The text area wraps and keeps the cursor; the rows are drawn here, from its own map, so that the box
//! can be measured before it is placed and the window never hangs behind a text that has shrunk.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use tui_textarea::TextArea;

use super::paint::Spans;
use super::paint::put;
use super::paint::span;
use crate::tui::render::sanitize::reveal_draft;
use crate::tui::render::spans;
use crate::tui::render::width;
use crate::tui::theme::Theme;
use crate::tui::ui::composer::Composer;

/// A text laid out for a width.
#[derive(Debug)]
pub(super) struct Typed {
    rows: Vec<String>,
    cursor_row: usize,
    cursor_column: usize,
    /// The row that was at the top in the last frame.
    top: usize,
}

/// Rows looked at around the cursor at most: a text of megabytes stands in a token, not in rows.
const MAX_ROWS: usize = 2_000;

/// Lays a text out for a box of at most so many rows; one column is kept free for the cursor behind the
/// last character.
pub(super) fn lay(composer: &Composer, wide: u16, max_height: u16) -> Typed {
    let area = composer.area();
    let wide = wide.max(2);
    // Drawing is what makes the area map its rows for a width and follow the cursor with its window; what
    // is drawn here is not looked at.
    let scratch = Rect::new(0, 0, wide - 1, max_height.max(1));
    area.render(scratch, &mut Buffer::empty(scratch));
    let cursor = area.screen_cursor();
    let first = cursor.row.saturating_sub(MAX_ROWS / 2);
    let mut rows = Vec::new();
    let mut start = area.screen_to_data(first, 0);
    for row in first..first + MAX_ROWS {
        let next = area.screen_to_data(row + 1, 0);
        let is_last = next <= start;
        rows.push(piece(area, start, (!is_last).then_some(next)));
        if is_last {
            break;
        }
        start = next;
    }
    let cursor_row = cursor.row - first;
    let at = area.cursor();
    let row_start = area.screen_to_data(cursor.row, 0);
    let before: String = area
        .lines()
        .get(at.0)
        .map(|line| line.chars().skip(row_start.1).take(at.1.saturating_sub(row_start.1)).collect())
        .unwrap_or_default();
    let top = usize::from(area.scroll_offset().0).saturating_sub(first);
    Typed { rows, cursor_row, cursor_column: width::of(&shown(&before)), top }
}

fn piece(area: &TextArea<'_>, start: tui_textarea::DataCursor, next: Option<tui_textarea::DataCursor>) -> String {
    let Some(line) = area.lines().get(start.0) else { return String::new() };
    let rest = line.chars().skip(start.1);
    let text: String = match next.filter(|next| next.0 == start.0) {
        Some(next) => rest.take(next.1.saturating_sub(start.1)).collect(),
        None => rest.collect(),
    };
    shown(&text)
}

/// Typed text as it shows: what a terminal would act on takes no room.
fn shown(text: &str) -> String {
    text.replace('\t', "    ").chars().filter(|c| !c.is_control()).collect()
}

impl Typed {
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Draws the rows around the cursor and tells where it stands.
    pub(super) fn draw(&self, buf: &mut Buffer, area: Rect, style: Style, theme: &Theme) -> Option<Position> {
        if area.width == 0 || area.height == 0 {
            return None;
        }
        let height = usize::from(area.height);
        let lowest = self.rows.len().saturating_sub(height);
        let top = self.top.clamp((self.cursor_row + 1).saturating_sub(height), self.cursor_row).min(lowest);
        for (at, row) in self.rows.iter().skip(top).take(height).enumerate() {
            let y = area.y + u16::try_from(at).unwrap_or(0);
            put(buf, area.x, y, area.width, &tokens(row, style, theme));
        }
        let row = u16::try_from(self.cursor_row.saturating_sub(top)).unwrap_or(u16::MAX);
        let column = u16::try_from(self.cursor_column).unwrap_or(u16::MAX);
        let x = area.x.saturating_add(column.min(area.width - 1));
        Some(Position::new(x, area.y.saturating_add(row.min(area.height - 1))))
    }
}

/// A row with its paste tokens marked, and with what would not show itself shown.
fn tokens(row: &str, style: Style, theme: &Theme) -> Spans {
    let mut overlays = Vec::new();
    let mut from = 0;
    while let Some(start) = row.get(from..).and_then(|rest| rest.find("⟦paste ")).map(|at| at + from) {
        let end = row.get(start..).and_then(|rest| rest.find('⟧')).map_or(row.len(), |at| start + at + '⟧'.len_utf8());
        overlays.push((start..end, theme.badge));
        from = end;
    }
    spans::overlay(vec![span(row, style)], &overlays)
}

/// A line of text in a dialog: no wrapping, the end under the cursor in view.
pub(super) fn draw_line(buf: &mut Buffer, area: Rect, composer: &Composer, theme: &Theme) -> Option<Position> {
    let typed = lay(composer, area.width, 1);
    typed.draw(buf, Rect { height: area.height.min(1), ..area }, theme.text, theme)
}

/// A text from elsewhere, as one line, with the cursor behind it.
pub(super) fn draw_plain(buf: &mut Buffer, area: Rect, text: &str, theme: &Theme) -> Option<Position> {
    if area.width == 0 || area.height == 0 {
        return None;
    }
    let clean = reveal_draft(text, &theme.glyphs).text;
    let room = usize::from(area.width.saturating_sub(1));
    let shown = width::truncate_start(clean.as_str(), room, theme.glyphs.ellipsis);
    let end = put(buf, area.x, area.y, area.width, &[span(shown.replace('\n', " "), theme.text)]);
    Some(Position::new(end.min(area.right() - 1), area.y))
}
