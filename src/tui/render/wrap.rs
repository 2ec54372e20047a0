//! Styled text to lines of a given width.
//!
//! [`wrap`] is for prose: it breaks between words, keeps addresses and paths whole while they fit,
//! and breaks Chinese, Japanese and Korean anywhere but before a closing or after an opening sign.
//! [`wrap_hard`] is for code and commands: it cuts where the line is full and drops nothing, not
//! even a blank. Neither is for deciding what is shown.
//!
//! Invariants:
//! - No line is wider than the width; a width of 0 counts as 1.
//! - `wrap` loses blanks at a break and nothing else; `wrap_hard` loses nothing. The exception is
//!   a grapheme wider than the whole line, which shows as `U+FFFD`.
//! - Styles stay with their text.

mod cells;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use self::cells::{Cell, LineBuilder, cells};
use super::sanitize::CleanText;
use super::{spans, width};
use crate::tui::theme::Theme;

/// Columns that must remain beside an indent; with fewer the indent goes.
const MIN_CONTENT: usize = 4;

/// What stands before the first and before each further line.
#[derive(Debug, Clone, Default)]
pub struct Indent {
    /// Before the first line: a bullet, a mark, a line number.
    pub first: Vec<Span<'static>>,
    /// Before the others; usually as wide.
    pub rest: Vec<Span<'static>>,
}

impl Indent {
    /// A mark first and blanks of the same width after.
    pub fn hanging(first: Vec<Span<'static>>) -> Self {
        let blanks = " ".repeat(width::of_spans(&first));
        Self { first, rest: vec![Span::raw(blanks)] }
    }

    /// The same indent without what leaves too little room beside it.
    pub(super) fn fitting(&self, width: usize) -> Self {
        let fit = |prefix: &[Span<'static>]| {
            if width::of_spans(prefix) + MIN_CONTENT <= width { prefix.to_vec() } else { Vec::new() }
        };
        Self { first: fit(&self.first), rest: fit(&self.rest) }
    }
}

/// Wraps one line of prose.
pub fn wrap(line: &[Span<'static>], width: usize, indent: &Indent) -> Vec<Line<'static>> {
    fold(line, width, indent, word_break)
}

/// Wraps one line of code where it is full.
pub fn wrap_hard(line: &[Span<'static>], width: usize, indent: &Indent) -> Vec<Line<'static>> {
    fold(line, width, indent, |_, _, full| Break { shown_to: full, next_from: full })
}

/// Wraps a text of prose in one style.
pub fn wrap_text(text: &CleanText, width: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    spans::of_text(text, style, theme).iter().flat_map(|line| wrap(line, width, &Indent::default())).collect()
}

/// Wraps a text hard in one style. For what is shown to be approved.
pub fn wrap_text_hard(text: &CleanText, width: usize, style: Style, theme: &Theme) -> Vec<Line<'static>> {
    spans::of_text(text, style, theme).iter().flat_map(|line| wrap_hard(line, width, &Indent::default())).collect()
}

/// Where a line ends and where the next begins, as cell numbers. Blanks between are dropped.
struct Break {
    shown_to: usize,
    next_from: usize,
}

/// Fills lines greedily. `find_break` gets all cells, the start of the line and the first cell
/// that does not fit any more.
fn fold(
    line: &[Span<'static>],
    width: usize,
    indent: &Indent,
    find_break: impl Fn(&[Cell], usize, usize) -> Break,
) -> Vec<Line<'static>> {
    let width = width.max(1);
    let indent = indent.fitting(width);
    let room_first = width - width::of_spans(&indent.first);
    let room_rest = width - width::of_spans(&indent.rest);
    let cells = cells(line, room_first.min(room_rest));
    let mut lines = Vec::new();
    let mut start = 0;
    loop {
        let is_first = lines.is_empty();
        let (prefix, room) = if is_first { (&indent.first, room_first) } else { (&indent.rest, room_rest) };
        let full = first_beyond(&cells, start, room);
        let found = if full >= cells.len() {
            Break { shown_to: cells.len(), next_from: cells.len() }
        } else {
            find_break(&cells, start, full)
        };
        lines.push(build(prefix, &cells, start..found.shown_to, line));
        if found.next_from >= cells.len() {
            return lines;
        }
        // Each round takes a cell at least: no cell is wider than the room.
        start = found.next_from.max(start + 1);
    }
}

fn first_beyond(cells: &[Cell], start: usize, room: usize) -> usize {
    let mut used = 0;
    for (at, cell) in cells.iter().enumerate().skip(start) {
        used += cell.width;
        if used > room {
            return at;
        }
    }
    cells.len()
}

fn build(prefix: &[Span<'static>], cells: &[Cell], shown: Range<usize>, source: &[Span<'static>]) -> Line<'static> {
    let mut builder = LineBuilder::new(prefix);
    for cell in cells.get(shown).unwrap_or_default() {
        let style = source.get(cell.span_idx).map_or_else(Style::new, |s| s.style);
        builder.push(&cell.text, style);
    }
    builder.finish()
}

/// The last good place to break between `start` and `full`.
fn word_break(cells: &[Cell], start: usize, full: usize) -> Break {
    let is_blank = |at: usize| cells.get(at).is_some_and(|cell| cell.is_blank);
    let after_blanks = |from: usize| (from..cells.len()).find(|&at| !is_blank(at));
    let ending_at = |at: usize| {
        let shown_to = (start..at).rev().find(|&i| !is_blank(i));
        Break { shown_to: shown_to.map_or(start, |i| i + 1), next_from: after_blanks(at).unwrap_or(cells.len()) }
    };
    if is_blank(full) {
        return ending_at(full);
    }
    // A break inside the leading blanks would only make an empty line.
    let first_word = after_blanks(start).unwrap_or(full);
    let good = (first_word + 1..=full).rev().find(|&at| {
        let (Some(left), Some(right)) = (cells.get(at - 1), cells.get(at)) else {
            return false;
        };
        left.is_blank || left.allows_break_before(right)
    });
    if let Some(at) = good {
        return ending_at(at);
    }
    // One word longer than the line: cut it after a slash if there is one in its second half.
    let half = start + (full - start) / 2;
    let cut = (half.max(start + 1)..=full)
        .rev()
        .find(|&at| cells.get(at - 1).is_some_and(|cell| cell.text == "/"))
        .unwrap_or(full);
    Break { shown_to: cut, next_from: cut }
}
