//! The page of an approval while it is being written: everything from outside goes through `reveal`, and
//! what it found is said in a line of its own.

use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::text::Span;

use crate::core::figures::count;
use crate::tui::render::highlight::Language;
use crate::tui::render::highlight::highlight;
use crate::tui::render::sanitize::CleanText;
use crate::tui::render::sanitize::HiddenKind;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::spans;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::render::wrap::wrap_hard;
use crate::tui::theme::Theme;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// Labels of rows stand in a column of this width.
const LABEL_WIDTH: usize = 18;
/// Narrower pages put labels before their text instead of beside it.
const MIN_BESIDE: usize = 52;
/// More blank lines in a row than these are folded.
const MAX_BLANK_LINES: usize = 2;
/// So many blanks in a row are folded: no code is indented that far.
const MAX_BLANKS: usize = 40;
/// Look-alikes that get a line each.
const MAX_LOOKALIKES: usize = 3;

#[derive(Debug)]
pub(super) struct Sheet<'s> {
    pub(super) theme: &'s Theme,
    pub(super) room: usize,
    pub(super) lines: Vec<Line<'static>>,
    /// How many characters would not have shown themselves, and the first of them.
    hidden: (usize, Option<String>),
    /// The same of those that not every terminal draws alike.
    doubtful: (usize, Option<String>),
    lookalikes: Vec<(String, String)>,
    /// The row at which each line of the command begins, the first line first.
    pub(super) command_rows: Vec<usize>,
}

impl<'s> Sheet<'s> {
    pub(super) fn new(room: usize, theme: &'s Theme) -> Self {
        Self {
            theme,
            room,
            lines: Vec::new(),
            hidden: (0, None),
            doubtful: (0, None),
            lookalikes: Vec::new(),
            command_rows: Vec::new(),
        }
    }

    /// A text from outside with everything visible; what was not is remembered.
    pub(super) fn reveal(&mut self, raw: &str) -> CleanText {
        let revealed = reveal_with(raw, &self.theme.glyphs);
        // Carriage returns that end lines are how some systems write files, and no trick.
        let ends_lines = raw.matches('\r').count() == raw.matches("\r\n").count();
        for hidden in revealed.hidden.iter().filter(|hidden| !(ends_lines && hidden.character == '\r')) {
            let found = if hidden.kind == HiddenKind::Doubtful { &mut self.doubtful } else { &mut self.hidden };
            found.0 += 1;
            found.1.get_or_insert_with(|| hidden.label());
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

    /// A command: like code, but blank lines and blanks that only push something out of sight are folded, with
    /// their number. The raw request has them all.
    /// `dangers`: lines, counted from 1, and the programs on them that do what has to be looked at.
    pub(super) fn command(&mut self, raw: &str, language: Option<Language>, dangers: &[(usize, &str)]) {
        let text = self.reveal(raw);
        let rows = highlight(&text, language, self.theme);
        let is_blank = |row: &Spans| row.iter().all(|span| span.content.trim().is_empty());
        let mut rows = rows.into_iter().enumerate().peekable();
        while let Some((n, mut row)) = rows.next() {
            let mut n_blank = usize::from(is_blank(&row));
            let mut skipped = Vec::new();
            while n_blank > 0
                && let Some((_, next)) = rows.next_if(|(_, next)| is_blank(next))
            {
                n_blank += 1;
                skipped.push(next);
            }
            if n_blank > MAX_BLANK_LINES {
                self.command_rows.extend(std::iter::repeat_n(self.lines.len(), n_blank));
                let text = format!("{} {n_blank} blank lines", self.theme.glyphs.gap);
                self.lines.push(Line::from(span(text, self.theme.hidden_char)));
                continue;
            }
            for (_, program) in dangers.iter().filter(|(line, _)| *line == n + 1) {
                // `git push` is a word and its first argument.
                let program = program.split(' ').next();
                let names = |word: &str| Some(word) == program || word.rsplit('/').next() == program;
                for span in row.iter_mut().filter(|span| names(span.content.trim())) {
                    span.style = self.theme.strong.patch(self.theme.warning);
                }
            }
            for row in std::iter::once(row).chain(skipped) {
                self.command_rows.push(self.lines.len());
                let row: Spans = row.into_iter().flat_map(|span| fold_blanks(span, self.theme)).collect();
                self.lines.extend(wrap_hard(&row, self.room, &Indent::default()));
            }
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
        let wide = width::of(label);
        let beside = if self.room >= MIN_BESIDE { " ".repeat(LABEL_WIDTH) } else { String::new() };
        let rest = if beside.is_empty() { Vec::new() } else { vec![span(beside.clone(), theme.dim)] };
        let first = if wide * 2 > self.room {
            // Too long to stand before its text: it stands above it.
            self.lines.extend(wrap_hard(&[span(label.to_owned(), theme.dim)], self.room, &Indent::default()));
            vec![span(beside, theme.dim)]
        } else if wide < LABEL_WIDTH && self.room >= MIN_BESIDE {
            vec![span(width::pad_end(label, LABEL_WIDTH), theme.dim)]
        } else {
            vec![span(format!("{label} "), theme.dim)]
        };
        let indent = Indent { first, rest };
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
        let [open, close] = theme.glyphs.hidden_brackets;
        if let (n, Some(first)) = &self.hidden {
            let n = count(*n as u64, "hidden character is", "hidden characters are");
            let text = format!("{n} shown as {open}{first}{close}: other programs would show this text differently.");
            lines.extend(wrap(&[span(text, theme.warning)], self.room, &mark));
        }
        if let (n, Some(first)) = &self.doubtful {
            let n = count(*n as u64, "character is", "characters are");
            let text = format!("{n} shown as {open}{first}{close}: terminals do not draw them alike.");
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
                format!("  {} {}", theme.glyphs.ellipsis, count(n_more as u64, "more look-alike", "more look-alikes")),
                theme.warning,
            )));
        }
        lines
    }
}

/// A run of blanks that is longer than any indentation becomes its number.
fn fold_blanks(text: Span<'static>, theme: &Theme) -> Spans {
    if !text.content.contains(&" ".repeat(MAX_BLANKS)) {
        return vec![text];
    }
    let mut out = Spans::new();
    let mut rest = text.content.as_ref();
    while let Some(start) = rest.find(&" ".repeat(MAX_BLANKS)) {
        let after = rest[start..].trim_start_matches(' ');
        let n = rest.len() - start - after.len();
        out.push(Span::styled(rest[..start].to_owned(), text.style));
        let [open, close] = theme.glyphs.hidden_brackets;
        out.push(span(format!("{open}{n} blanks{close}"), theme.hidden_char));
        rest = after;
    }
    out.push(Span::styled(rest.to_owned(), text.style));
    out
}

/// Prose is wrapped between words; a line with marks keeps every blank.
fn wrap_hard_or_soft(line: &[Span<'static>], room: usize, indent: &Indent) -> Vec<Line<'static>> {
    if line.len() > 1 { wrap_hard(line, room, indent) } else { wrap(line, room, indent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dangerous_programs_have_the_colour_of_the_marks() {
        let theme = Theme::ansi();
        let mut sheet = Sheet::new(80, &theme);
        let command = "ls rm\n\n\n\n\n/bin/rm -rf x\ngit push -f\ncurl x | sh";
        let dangers = [(6, "rm"), (7, "git push"), (8, "sh")];
        sheet.command(command, Language::from_token("bash"), &dangers);
        let marked: Vec<String> = sheet
            .lines
            .iter()
            .flat_map(|line| &line.spans)
            .filter(|span| span.style == theme.strong.patch(theme.warning))
            .map(|span| span.content.to_string())
            .collect();
        assert_eq!(marked, ["/bin/rm", "git", "sh"]);
    }

    #[test]
    fn no_label_touches_its_text() {
        let theme = Theme::ansi();
        for room in [20, 35, 36, 80] {
            for n in 1..60 {
                let label = "x".repeat(n);
                let mut sheet = Sheet::new(room, &theme);
                sheet.row(&label, "watch the log", theme.text);
                let rows: Vec<String> = sheet.lines.iter().map(ToString::to_string).collect();
                let text = rows.join("\n");
                assert!(
                    text.contains("x watch") || text.contains("x  ") || text.contains("x\n"),
                    "{room} {n}: {text:?}"
                );
                assert!(!text.contains("xwatch"), "{room} {n}: {text:?}");
                assert!(rows.iter().all(|row| width::of(row) <= room), "{room} {n}: {text:?}");
            }
        }
    }
}
