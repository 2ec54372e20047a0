//! Rows of a diff: a number, a sign, the line, wrapped hard.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::tui::render::sanitize::CleanLine;
use crate::tui::render::spans;
use crate::tui::render::wrap::{Indent, wrap, wrap_hard};
use crate::tui::theme::Theme;

/// Fewest columns of text beside line numbers; with fewer the numbers go and the signs stay.
const MIN_TEXT: usize = 12;

#[derive(Debug)]
pub(super) struct Rows<'a> {
    width: usize,
    n_digits: usize,
    no_newline: &'static str,
    theme: &'a Theme,
    lines: Vec<Line<'static>>,
}

impl<'a> Rows<'a> {
    /// Rows for numbers up to `highest`; without numbers when that is zero.
    pub(super) fn new(width: usize, highest: usize, no_newline: &'static str, theme: &'a Theme) -> Self {
        let n_digits = highest.to_string().len().max(3);
        let has_room = highest > 0 && width >= n_digits + MIN_TEXT;
        Self { width, n_digits: if has_room { n_digits } else { 0 }, no_newline, theme, lines: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Line<'static>> {
        self.lines
    }

    pub(super) fn context(&mut self, number: usize, line: &CleanLine<'_>) {
        let styles = &self.theme.diff;
        let content = spans::of_line(line, styles.context, self.theme);
        self.push(number, " ", styles.gutter, &content, line);
    }

    pub(super) fn removed(&mut self, number: usize, line: &CleanLine<'_>, words: &[Range<usize>]) {
        let styles = &self.theme.diff;
        let content = self.changed(line, styles.remove, styles.remove_word, words);
        self.push(number, "-", styles.remove_gutter, &content, line);
    }

    pub(super) fn added(&mut self, number: usize, line: &CleanLine<'_>, words: &[Range<usize>]) {
        let styles = &self.theme.diff;
        let content = self.changed(line, styles.add, styles.add_word, words);
        self.push(number, "+", styles.add_gutter, &content, line);
    }

    /// Says that unchanged lines were left out, and how many.
    pub(super) fn gap(&mut self, n_lines: usize) {
        let mark = self.theme.glyphs.gap;
        let text = format!("{}{mark} {n_lines}", " ".repeat(self.n_digits));
        self.remark(text, self.theme.diff.gutter);
    }

    pub(super) fn note(&mut self, text: &str) {
        self.remark(text.to_owned(), self.theme.diff.note);
    }

    fn remark(&mut self, text: String, style: Style) {
        let spans = [Span::styled(text, style)];
        self.lines.extend(wrap(&spans, self.width, &Indent::default()));
    }

    fn changed(
        &self,
        line: &CleanLine<'_>,
        style: Style,
        word_style: Style,
        words: &[Range<usize>],
    ) -> Vec<Span<'static>> {
        let mut overlays: Vec<_> = words.iter().map(|r| (r.clone(), word_style)).collect();
        // Blanks at the end of a line are invisible in any colour but a ground.
        let text_end = line.as_str().trim_end().len();
        overlays.retain(|(range, _)| range.start < text_end);
        if let Some((last, _)) = overlays.last_mut() {
            last.end = last.end.min(text_end);
        }
        if text_end < line.as_str().len() {
            overlays.push((text_end..line.as_str().len(), word_style));
        }
        let content = vec![Span::styled(line.as_str().to_owned(), style)];
        let content = spans::overlay(content, &overlays);
        spans::overlay(content, &spans::mark_overlays(line, self.theme))
    }

    fn push(
        &mut self,
        number: usize,
        sign: &'static str,
        gutter: Style,
        content: &[Span<'static>],
        line: &CleanLine<'_>,
    ) {
        let n_digits = self.n_digits;
        let first = if n_digits > 0 { format!("{number:>n_digits$} {sign} ") } else { format!("{sign} ") };
        let rest = " ".repeat(first.len());
        let indent = Indent { first: vec![Span::styled(first, gutter)], rest: vec![Span::styled(rest, gutter)] };
        self.lines.extend(wrap_hard(content, self.width, &indent));
        if !line.ends() {
            let note = format!("{}\\ {}", " ".repeat(n_digits + 1), self.no_newline);
            self.remark(note, self.theme.diff.note);
        }
    }
}
