//! A line as graphemes, and graphemes back to a line.
//!
//! Graphemes are found over the whole line, not span by span: a combining mark at the start of a
//! span still belongs to the letter before it.

use std::borrow::Cow;

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use crate::tui::render::{spans, width};

/// Shown for a grapheme that is wider than the line.
const TOO_WIDE: &str = "\u{fffd}";

/// One grapheme, its width and the span that gives its style.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) text: Cow<'static, str>,
    pub(super) width: usize,
    pub(super) span_idx: usize,
    pub(super) is_blank: bool,
}

impl Cell {
    fn new(text: Cow<'static, str>, width: usize, span_idx: usize) -> Self {
        let is_blank = text == " ";
        Self { text, width, span_idx, is_blank }
    }

    /// Whether a line may end between this and `next`, neither of them a blank.
    pub(super) fn allows_break_before(&self, next: &Cell) -> bool {
        let is_wide = self.width > 1 || next.width > 1;
        is_wide && !self.opens() && !next.closes()
    }

    fn opens(&self) -> bool {
        "（［｛《〈「『【〔〖“‘([{<".contains(self.text.as_ref())
    }

    fn closes(&self) -> bool {
        "），。、；：！？］｝》〉」』】〕〗”’…—～·％‰)]},.;:!?>%\"'ーぁぃぅぇぉっゃゅょァィゥェォッャュョ"
            .contains(self.text.as_ref())
    }
}

/// The cells of a line, none of them wider than `max`.
pub(super) fn cells(line: &[Span<'static>], max: usize) -> Vec<Cell> {
    let text = spans::text_of(line);
    let mut cells = Vec::with_capacity(text.len());
    let mut span_idx = 0;
    let mut span_end = line.first().map_or(0, |span| span.content.len());
    for (at, grapheme) in text.grapheme_indices(true) {
        while at >= span_end && span_idx + 1 < line.len() {
            span_idx += 1;
            span_end += line.get(span_idx).map_or(0, |span| span.content.len());
        }
        let cell_width = width::of_grapheme(grapheme);
        if cell_width <= max {
            let text = Cow::Owned(grapheme.to_owned());
            cells.push(Cell::new(text, cell_width, span_idx));
        } else {
            push_in_pieces(&mut cells, grapheme, max, span_idx);
        }
    }
    cells
}

/// A cluster too wide for the line may still fit character by character.
fn push_in_pieces(cells: &mut Vec<Cell>, grapheme: &str, max: usize, span_idx: usize) {
    for c in grapheme.chars() {
        let cell_width = width::of_char(c);
        cells.push(if cell_width <= max {
            Cell::new(Cow::Owned(c.to_string()), cell_width, span_idx)
        } else {
            Cell::new(Cow::Borrowed(TOO_WIDE), 1, span_idx)
        });
    }
}

/// Collects graphemes into as few spans as their styles allow.
#[derive(Debug)]
pub(super) struct LineBuilder {
    spans: Vec<Span<'static>>,
    text: String,
    style: Style,
}

impl LineBuilder {
    pub(super) fn new(prefix: &[Span<'static>]) -> Self {
        Self { spans: prefix.to_vec(), text: String::new(), style: Style::new() }
    }

    pub(super) fn push(&mut self, grapheme: &str, style: Style) {
        if style != self.style {
            self.close_span();
            self.style = style;
        }
        self.text.push_str(grapheme);
    }

    pub(super) fn finish(mut self) -> Line<'static> {
        self.close_span();
        Line::from(self.spans)
    }

    fn close_span(&mut self) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text);
            self.spans.push(Span::styled(text, self.style));
        }
    }
}
