//! Tables: columns as wide as their text, narrower where the screen is, rows as records where it
//! is too narrow for columns at all.

use pulldown_cmark::Alignment;
use ratatui::style::Style;
use ratatui::text::Span;

use crate::tui::render::width;
use crate::tui::render::wrap::{Indent, wrap};
use crate::tui::theme::Theme;

/// Narrower columns are unreadable; then the rows become records.
const MIN_COLUMN: usize = 5;

/// Columns between two columns.
const GAP: usize = 3;

type Spans = Vec<Span<'static>>;

/// A table as it is collected; the first row is the heading.
#[derive(Debug, Default)]
pub(super) struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Spans>>,
}

impl Table {
    pub(super) fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new() }
    }

    pub(super) fn start_row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub(super) fn push_cell(&mut self, cell: Spans) {
        if let Some(row) = self.rows.last_mut() {
            row.push(cell);
        }
    }

    /// The table as lines of at most `room` columns, as far as words can be broken.
    pub(super) fn lines(&self, room: usize, theme: &Theme) -> Vec<Spans> {
        match self.column_widths(room) {
            Some(widths) => self.as_columns(&widths, theme),
            None => self.as_records(room, theme),
        }
    }

    fn n_columns(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or(0)
    }

    fn column_widths(&self, room: usize) -> Option<Vec<usize>> {
        let n_columns = self.n_columns();
        let budget = room.checked_sub(GAP * n_columns.saturating_sub(1))?;
        let natural = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let widest = cells.map(|cell| width::of_spans(cell)).max();
            widest.unwrap_or(0).clamp(1, room.max(1))
        };
        let mut widths: Vec<usize> = (0..n_columns).map(natural).collect();
        let mut total: usize = widths.iter().sum();
        while total > budget {
            // The widest column has the most to give.
            let widest = widths.iter_mut().max_by_key(|width| **width)?;
            if *widest <= MIN_COLUMN {
                return None;
            }
            *widest -= 1;
            total -= 1;
        }
        Some(widths)
    }

    fn as_columns(&self, widths: &[usize], theme: &Theme) -> Vec<Spans> {
        let border = &theme.glyphs.border;
        let separator = Span::styled(format!(" {} ", border.vertical), theme.border);
        let mut lines = Vec::new();
        for (row_idx, row) in self.rows.iter().enumerate() {
            let is_heading = row_idx == 0;
            let cells: Vec<Vec<Spans>> = widths
                .iter()
                .enumerate()
                .map(|(column, &width)| {
                    let cell = row.get(column).map_or(&[][..], Vec::as_slice);
                    let wrapped = wrap(&styled(cell, is_heading, theme), width, &Indent::default());
                    wrapped.into_iter().map(|line| line.spans).collect()
                })
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for line_idx in 0..height {
                let mut line = Vec::new();
                for (column, &width) in widths.iter().enumerate() {
                    if column > 0 {
                        line.push(separator.clone());
                    }
                    let cell = cells.get(column).and_then(|cell| cell.get(line_idx));
                    let alignment = self.alignments.get(column).copied();
                    let is_last = column + 1 == widths.len();
                    line.extend(aligned(cell.cloned().unwrap_or_default(), width, alignment, is_last));
                }
                lines.push(line);
            }
            if is_heading {
                let join = format!("{0}{1}{0}", border.horizontal, border.cross);
                let parts: Vec<String> = widths.iter().map(|&n| border.horizontal.repeat(n)).collect();
                lines.push(vec![Span::styled(parts.join(&join), theme.border)]);
            }
        }
        lines
    }

    fn as_records(&self, room: usize, theme: &Theme) -> Vec<Spans> {
        let mut lines: Vec<Spans> = Vec::new();
        let mut rows = self.rows.iter();
        let heading = rows.next().cloned().unwrap_or_default();
        let rule = theme.glyphs.border.horizontal.repeat(room.min(8));
        for row in rows {
            if !lines.is_empty() {
                lines.push(vec![Span::styled(rule.clone(), theme.border)]);
            }
            for (column, cell) in row.iter().enumerate() {
                let name = heading.get(column).map_or(&[][..], Vec::as_slice);
                let mut record = styled(name, true, theme);
                record.push(Span::styled(": ", theme.dim));
                record.extend(cell.iter().cloned());
                let wrapped = wrap(&record, room, &Indent::default());
                lines.extend(wrapped.into_iter().map(|line| line.spans));
            }
        }
        if lines.is_empty() {
            // Only a heading so far, as at the start of a stream.
            for name in &heading {
                let wrapped = wrap(&styled(name, true, theme), room, &Indent::default());
                lines.extend(wrapped.into_iter().map(|line| line.spans));
            }
        }
        lines
    }
}

fn styled(cell: &[Span<'static>], is_heading: bool, theme: &Theme) -> Spans {
    let over = if is_heading { theme.strong } else { Style::new() };
    let patched = cell.iter().map(|span| {
        let style = span.style.patch(over);
        Span::styled(span.content.clone(), style)
    });
    patched.collect()
}

/// Blanks after the last column would only be copied along.
fn aligned(mut cell: Spans, width: usize, alignment: Option<Alignment>, is_last: bool) -> Spans {
    let n_blanks = width.saturating_sub(width::of_spans(&cell));
    let n_before = match alignment {
        Some(Alignment::Right) => n_blanks,
        Some(Alignment::Center) => n_blanks / 2,
        _ => 0,
    };
    let n_after = if is_last { 0 } else { n_blanks - n_before };
    if n_before > 0 {
        cell.insert(0, Span::raw(" ".repeat(n_before)));
    }
    if n_after > 0 {
        cell.push(Span::raw(" ".repeat(n_after)));
    }
    cell
}
