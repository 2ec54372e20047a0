//! The page of an approval while it is being written: everything from outside goes through `reveal`, and
//! what it found is said in a line of its own.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::tui::render::highlight::Language;
use crate::tui::render::highlight::highlight;
use crate::tui::render::sanitize::CleanText;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::spans;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::render::wrap::wrap_hard;
use crate::tui::theme::Theme;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::count;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// Labels of rows stand in a column of this width.
const LABEL_WIDTH: usize = 10;
/// Narrower pages put labels before their text instead of beside it.
const MIN_BESIDE: usize = 36;
/// Look-alikes that get a line each.
const MAX_LOOKALIKES: usize = 3;

#[derive(Debug)]
pub(super) struct Sheet<'s> {
    pub(super) theme: &'s Theme,
    pub(super) room: usize,
    pub(super) lines: Vec<Line<'static>>,
    n_hidden: usize,
    first_hidden: Option<String>,
    lookalikes: Vec<(String, String)>,
}

impl<'s> Sheet<'s> {
    pub(super) fn new(room: usize, theme: &'s Theme) -> Self {
        Self { theme, room, lines: Vec::new(), n_hidden: 0, first_hidden: None, lookalikes: Vec::new() }
    }

    /// A text from outside with everything visible; what was not is remembered.
    pub(super) fn reveal(&mut self, raw: &str) -> CleanText {
        let revealed = reveal_with(raw, &self.theme.glyphs);
        // Carriage returns that end lines are how some systems write files, and no trick.
        let ends_lines = raw.matches('\r').count() == raw.matches("\r\n").count();
        for hidden in revealed.hidden.iter().filter(|hidden| !(ends_lines && hidden.character == '\r')) {
            self.n_hidden += 1;
            self.first_hidden.get_or_insert_with(|| hidden.label());
        }
        for lookalike in revealed.lookalikes {
            let pair = (lookalike.word, lookalike.imitates);
            if !self.lookalikes.contains(&pair) {
                self.lookalikes.push(pair);
            }
        }
        revealed.text
    }

    pub(super) fn blank(&mut self) {
        if self.lines.last().is_some_and(|line| !line.spans.is_empty()) {
            self.lines.push(Line::default());
        }
    }

    /// Code, wrapped where the line is full: nothing of it is dropped.
    pub(super) fn code(&mut self, raw: &str, language: Option<Language>) {
        let text = self.reveal(raw);
        for row in highlight(&text, language, self.theme) {
            self.lines.extend(wrap_hard(&row, self.room, &Indent::default()));
        }
    }

    /// Words of ours.
    pub(super) fn say(&mut self, text: &str, style: Style) {
        self.lines.extend(wrap(&[span(text, style)], self.room, &Indent::default()));
    }

    /// A warning: a mark, then words of ours.
    pub(super) fn warn(&mut self, text: &str, style: Style) {
        let mark = Indent::hanging(vec![span(format!("{} ", self.theme.glyphs.warning), self.theme.warning)]);
        self.lines.extend(wrap(&[span(text, style)], self.room, &mark));
    }

    /// A label and a text from outside.
    pub(super) fn row(&mut self, label: &str, raw: &str, style: Style) {
        let text = self.reveal(raw.trim_end());
        let lines = spans::of_text(&text, style, self.theme);
        self.labelled(label, &lines);
    }

    /// A label and spans that are already clean, line by line.
    pub(super) fn labelled(&mut self, label: &str, lines: &[Vec<Span<'static>>]) {
        let theme = self.theme;
        let first = if self.room >= MIN_BESIDE {
            vec![span(width::pad_end(label, LABEL_WIDTH), theme.dim)]
        } else {
            vec![span(format!("{label} "), theme.dim)]
        };
        let indent = if self.room >= MIN_BESIDE { Indent::hanging(first) } else { Indent { first, rest: Vec::new() } };
        let rest = Indent { first: indent.rest.clone(), rest: indent.rest.clone() };
        for (idx, line) in lines.iter().enumerate() {
            let indent = if idx == 0 { &indent } else { &rest };
            self.lines.extend(wrap_hard_or_soft(line, self.room, indent));
        }
    }

    /// What would not have shown itself, in so many words.
    pub(super) fn findings(&self) -> Vec<Line<'static>> {
        let theme = self.theme;
        let mark = Indent::hanging(vec![span(format!("{} ", theme.glyphs.warning), theme.warning)]);
        let mut lines = Vec::new();
        if let Some(first) = &self.first_hidden {
            let [open, close] = theme.glyphs.hidden_brackets;
            let n = count(self.n_hidden as u64, "hidden character is", "hidden characters are");
            let text = format!("{n} shown as {open}{first}{close}: what you read is not what a person would see.");
            lines.extend(wrap(&[span(text, theme.warning)], self.room, &mark));
        }
        for (word, imitates) in self.lookalikes.iter().take(MAX_LOOKALIKES) {
            let quote = |text: &str| spelled(text, theme).into_owned();
            let imitated = quoted(imitates, theme);
            let text: Spans = vec![
                span(quote("“"), theme.text),
                span(word.clone(), theme.lookalike),
                span(quote("”"), theme.text),
                span(format!(" only looks like {imitated}: it has letters of another script."), theme.warning),
            ];
            lines.extend(wrap(&text, self.room, &mark));
        }
        let n_more = self.lookalikes.len().saturating_sub(MAX_LOOKALIKES);
        if n_more > 0 {
            lines.push(Line::from(span(
                format!("  {} {n_more} more look-alikes", theme.glyphs.ellipsis),
                theme.warning,
            )));
        }
        lines
    }
}

/// Prose is wrapped between words; a line with marks keeps every blank.
fn wrap_hard_or_soft(line: &[Span<'static>], room: usize, indent: &Indent) -> Vec<Line<'static>> {
    if line.len() > 1 { wrap_hard(line, room, indent) } else { wrap(line, room, indent) }
}
