//! The input box, and every other place where text is typed: a thin wrapper over the text area.
//!
//! A large paste is kept whole beside the text and stands in it as one token, so that a megabyte costs
//! nothing to draw, moves and is deleted as one thing, and is sent byte for byte as it was pasted.

use tui_textarea::CursorMove;
use tui_textarea::Input;
use tui_textarea::TextArea;
use tui_textarea::WrapMode;

use crate::core::figures;
use crate::tui::render::sanitize::strip_escapes;

/// A paste longer than this becomes a token.
const MAX_INLINE_CHARS: usize = 2_000;
/// ... or one with more lines than this.
const MAX_INLINE_LINES: usize = 20;

#[derive(Debug, Clone)]
pub struct Composer {
    area: TextArea<'static>,
    /// Tokens in the text and what they stand for.
    pastes: Vec<Paste>,
    n_pastes: usize,
    /// Where in the history the text came from, if it did.
    pub recall: Option<Recall>,
}

/// A place in the history, counted back from the newest prompt, and the draft that was left for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recall {
    pub back: usize,
    pub draft: String,
}

#[derive(Debug, Clone)]
struct Paste {
    token: String,
    content: String,
}

impl Default for Composer {
    fn default() -> Self {
        Self { area: area(Vec::new()), pastes: Vec::new(), n_pastes: 0, recall: None }
    }
}

fn area(lines: Vec<String>) -> TextArea<'static> {
    let mut area = TextArea::new(lines);
    area.set_wrap_mode(WrapMode::WordOrGlyph);
    area.set_cursor_line_style(ratatui::style::Style::default());
    // The real cursor is placed by the view, because input methods follow it.
    area.set_cursor_style(ratatui::style::Style::default());
    area.set_max_histories(200);
    area
}

impl Composer {
    pub fn with_text(text: &str) -> Self {
        let mut composer = Self::default();
        composer.set_text(text);
        composer
    }

    pub fn area(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The text as it shows, tokens and all.
    pub fn shown(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The text as it is sent: every paste in its place.
    pub fn text(&self) -> String {
        let shown = self.shown();
        let mut text = String::with_capacity(shown.len());
        let mut rest = shown.as_str();
        // One pass, so that a paste that itself contains a token's text stays as it was pasted.
        loop {
            let places = self.pastes.iter().filter_map(|paste| Some((rest.find(&paste.token)?, paste)));
            let Some((place, paste)) = places.min_by_key(|(place, _)| *place) else { break };
            text.push_str(&rest[..place]);
            text.push_str(&paste.content);
            rest = &rest[place + paste.token.len()..];
        }
        text.push_str(rest);
        text
    }

    /// Nothing in it but blanks.
    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// Replaces everything; the cursor goes to the end.
    pub fn set_text(&mut self, text: &str) {
        self.pastes.clear();
        self.area = area(text.split('\n').map(str::to_owned).collect());
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
        self.recall = None;
    }

    pub fn clear(&mut self) {
        self.set_text("");
    }

    /// A plain key: characters, deleting, moving, undo and the usual control keys of a line editor.
    pub fn key(&mut self, input: Input) {
        if input.key == tui_textarea::Key::Backspace && self.delete_token() {
            return;
        }
        match input {
            // As in every shell.
            Input { key: tui_textarea::Key::Char('u'), ctrl: true, alt: false, .. } => {
                self.area.delete_line_by_head();
            }
            Input { key: tui_textarea::Key::Char('_' | '/' | '7'), ctrl: true, alt: false, .. } => {
                self.area.undo();
            }
            input => {
                self.area.input(input);
            }
        }
    }

    pub fn newline(&mut self) {
        self.area.insert_newline();
    }

    /// Text pasted by the terminal. Some terminals write keys into it as they do outside: an enter that way is a
    /// newline, and whatever else steers a terminal is no text.
    pub fn paste(&mut self, text: &str) {
        let text =
            ["\x1b[13u", "\x1b[13;1u", "\x1b[13;2u", "\x1b[27;2;13~", "\x1b[27;5;106~", "\x1b[106;5u", "\r\n", "\r"]
                .into_iter()
                .fold(text.to_owned(), |text, enter| text.replace(enter, "\n"));
        let text = strip_escapes(&text);
        let n_lines = text.split('\n').count();
        if n_lines <= MAX_INLINE_LINES && text.chars().nth(MAX_INLINE_CHARS).is_none() {
            self.area.insert_str(text);
            return;
        }
        self.n_pastes += 1;
        let token = format!("⟦paste {}: {}, {n_lines} lines⟧", self.n_pastes, figures::bytes(text.len() as u64));
        self.area.insert_str(&token);
        self.pastes.push(Paste { token, content: text });
    }

    /// Inserts text as if it had been typed.
    pub fn insert(&mut self, text: &str) {
        self.area.insert_str(text);
    }

    /// Deletes the token that ends at the cursor, whole: half a token would stand for nothing.
    fn delete_token(&mut self) -> bool {
        let before = self.before_cursor();
        let token = self.pastes.iter().map(|paste| &paste.token).find(|token| before.ends_with(token.as_str()));
        let Some(n_chars) = token.map(|token| token.chars().count()) else { return false };
        self.delete_before(n_chars);
        true
    }

    /// The part of the cursor's line that stands before it.
    pub fn before_cursor(&self) -> String {
        let cursor = self.area.cursor();
        let line = self.area.lines().get(cursor.0);
        line.map(|line| line.chars().take(cursor.1).collect()).unwrap_or_default()
    }

    /// The part of the cursor's line that stands behind it.
    pub fn after_cursor(&self) -> String {
        let cursor = self.area.cursor();
        let line = self.area.lines().get(cursor.0);
        line.map(|line| line.chars().skip(cursor.1).collect()).unwrap_or_default()
    }

    /// The line and the column in characters where the cursor stands.
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// Deletes so many characters before the cursor.
    pub fn delete_before(&mut self, n_chars: usize) {
        for _ in 0..n_chars {
            self.area.delete_char();
        }
    }

    pub fn is_on_first_line(&self) -> bool {
        self.area.cursor().0 == 0
    }

    pub fn is_on_last_line(&self) -> bool {
        self.area.cursor().0 + 1 >= self.area.lines().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_megabyte_is_one_token_and_is_sent_whole() {
        let mut composer = Composer::default();
        let big = "x\n".repeat(500_000);
        composer.insert("before ");
        composer.paste(&big);
        composer.insert(" after");
        assert!(composer.shown().len() < 100, "{}", composer.shown());
        assert_eq!(composer.text(), format!("before {big} after"));
    }

    #[test]
    fn backspace_takes_a_token_whole() {
        let mut composer = Composer::default();
        composer.paste(&"y".repeat(5_000));
        composer.key(Input { key: tui_textarea::Key::Backspace, ..Input::default() });
        assert!(composer.is_blank());
    }

    #[test]
    fn a_paste_that_holds_another_pastes_token_stays_as_it_is() {
        let mut composer = Composer::default();
        composer.paste(&"y".repeat(5_000));
        let tricky = format!("{}{}", composer.shown(), "z".repeat(5_000));
        composer.paste(&tricky);
        assert_eq!(composer.text(), format!("{}{tricky}", "y".repeat(5_000)));
    }

    #[test]
    fn keys_and_escapes_in_a_paste_are_newlines_or_nothing() {
        for (pasted, expected) in [
            ("a\x1b[13;2ub", "a\nb"),
            ("a\x1b[27;2;13~b", "a\nb"),
            ("\x1b[31mred\x1b[0m", "red"),
            ("a\tb\x07", "a\tb"),
            ("a\x1b]0;title\x07b", "ab"),
            ("中文\u{200d}x", "中文\u{200d}x"),
        ] {
            let mut composer = Composer::default();
            composer.paste(pasted);
            assert_eq!(composer.text(), expected, "{pasted:?}");
        }
    }

    #[test]
    fn the_line_is_edited_as_in_a_shell() {
        let ctrl = |c: char| Input { key: tui_textarea::Key::Char(c), ctrl: true, alt: false, shift: false };
        let mut composer = Composer::with_text("one two three");
        composer.key(ctrl('w'));
        assert_eq!(composer.text(), "one two ");
        composer.key(ctrl('u'));
        assert_eq!(composer.text(), "");
        composer.key(ctrl('_'));
        assert_eq!(composer.text(), "one two ");
    }

    #[test]
    fn small_pastes_are_text_and_line_ends_are_ours() {
        let mut composer = Composer::default();
        composer.paste("a\r\nb\rc");
        assert_eq!(composer.shown(), "a\nb\nc");
    }
}
