//! Source code to coloured lines.
//!
//! For code blocks, file contents and commands. Not for diffs, whose colours mean something else,
//! and not for deciding how code wraps: lines come out as long as they went in.
//!
//! Invariants:
//! - Colours are roles of the theme, so the same code reads well on dark, on light and without
//!   colour. No colour of a syntax definition reaches the screen.
//! - Highlighting never changes the text; the marks of hidden characters stay on top.
//! - Beyond [`MAX_HIGHLIGHT_BYTES`] or [`MAX_HIGHLIGHT_LINES`] the text stays plain: a parser
//!   manages about seven lines a millisecond.

mod roles;

use std::path::Path;
use std::sync::LazyLock;

use ratatui::text::Span;
use syntect::parsing::{ParseState, ScopeStack, SyntaxReference, SyntaxSet};

use self::roles::style_of;
use super::sanitize::{CleanLine, CleanText};
use super::spans;
use crate::tui::theme::Theme;

/// Longer texts stay plain.
pub const MAX_HIGHLIGHT_BYTES: usize = 512 * 1024;

/// Texts with more lines stay plain.
pub const MAX_HIGHLIGHT_LINES: usize = 10_000;

/// Longer lines stay plain: minified code costs seconds and nobody reads it.
const MAX_LINE_BYTES: usize = 4 * 1024;

/// Loading takes milliseconds and megabytes, so it waits for the first code.
static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// A language that can be highlighted.
#[derive(Debug, Clone, Copy)]
pub struct Language(&'static SyntaxReference);

impl PartialEq for Language {
    fn eq(&self, other: &Self) -> bool {
        self.0.scope == other.0.scope
    }
}

impl Language {
    /// The language that a fenced block or a person calls `token`: `rust`, `ts`, `sh`.
    pub fn from_token(token: &str) -> Option<Self> {
        let token = match token {
            "shell" | "console" | "shell-session" | "zsh" => "bash",
            "jsonc" | "json5" => "json",
            "golang" => "go",
            other => other,
        };
        SYNTAXES.find_syntax_by_token(token).map(Self)
    }

    /// The language of a file, by its name and extension; the file is not opened.
    pub fn from_path(path: &str) -> Option<Self> {
        let path = Path::new(path);
        let name = path.file_name()?.to_str()?;
        let by_extension = || {
            let extension = path.extension()?.to_str()?;
            SYNTAXES.find_syntax_by_extension(extension)
        };
        SYNTAXES.find_syntax_by_extension(name).or_else(by_extension).map(Self)
    }
}

/// Highlights a text, one row of spans for each line. Without a language, or beyond the limits,
/// the rows are plain.
pub fn highlight(code: &CleanText, language: Option<Language>, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    let lines = code.lines();
    let is_small = code.as_str().len() <= MAX_HIGHLIGHT_BYTES && lines.len() <= MAX_HIGHLIGHT_LINES;
    let Some(language) = language.filter(|_| is_small) else {
        return spans::of_text(code, theme.code, theme);
    };
    let mut highlighter = Highlighter::new(language);
    lines.iter().map(|line| highlighter.line(line, theme)).collect()
}

/// Highlights a command for a shell.
pub fn highlight_shell(command: &CleanText, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    highlight(command, Language::from_token("bash"), theme)
}

/// Highlights line by line, for code that is still coming in.
#[derive(Debug, Clone)]
pub struct Highlighter {
    parser: ParseState,
    scopes: ScopeStack,
    /// A line that the parser gives up on leaves it in no known state; the rest stays plain.
    is_lost: bool,
}

impl Highlighter {
    /// Starts at the beginning of a text.
    pub fn new(language: Language) -> Self {
        Self { parser: ParseState::new(language.0), scopes: ScopeStack::new(), is_lost: false }
    }

    /// Highlights the next line.
    pub fn line(&mut self, line: &CleanLine<'_>, theme: &Theme) -> Vec<Span<'static>> {
        let coloured = self
            .coloured(line.as_str(), theme)
            .unwrap_or_else(|| vec![Span::styled(line.as_str().to_owned(), theme.text)]);
        spans::overlay(coloured, &spans::mark_overlays(line, theme))
    }

    fn coloured(&mut self, text: &str, theme: &Theme) -> Option<Vec<Span<'static>>> {
        if self.is_lost || text.len() > MAX_LINE_BYTES {
            return None;
        }
        let with_end = format!("{text}\n");
        let Ok(ops) = self.parser.parse_line(&with_end, &SYNTAXES) else {
            self.is_lost = true;
            return None;
        };
        let mut out: Vec<Span<'static>> = Vec::new();
        let mut at = 0;
        let end = text.len();
        for (from, op) in ops {
            push(&mut out, text.get(at..from.min(end)), || style_of(&self.scopes, theme));
            at = from.min(end);
            if self.scopes.apply(&op).is_err() {
                self.is_lost = true;
            }
        }
        push(&mut out, text.get(at..), || style_of(&self.scopes, theme));
        Some(out)
    }
}

fn push(out: &mut Vec<Span<'static>>, text: Option<&str>, style: impl FnOnce() -> ratatui::style::Style) {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return;
    };
    let style = style();
    match out.last_mut() {
        Some(last) if last.style == style => last.content.to_mut().push_str(text),
        _ => out.push(Span::styled(text.to_owned(), style)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::render::sanitize::{reveal, sanitize};
    use proptest::prelude::*;
    use ratatui::style::Style;

    fn styles(code: &str, language: &str, theme: &Theme) -> Vec<(String, Style)> {
        let rows = highlight(&sanitize(code), Language::from_token(language), theme);
        rows.concat()
            .into_iter()
            .map(|span| (span.content.trim().to_owned(), span.style))
            .filter(|(text, _)| !text.is_empty())
            .collect()
    }

    #[test]
    fn colours_are_roles() {
        let theme = Theme::dark();
        let rust = styles("// why\nlet s = \"x\"; fn go() -> u8 { 7 }", "rust", &theme);
        for (text, style) in [
            ("// why", theme.syntax.comment),
            ("let", theme.syntax.keyword),
            ("\"x\"", theme.syntax.string),
            ("go", theme.syntax.function),
            ("7", theme.syntax.constant),
        ] {
            assert!(rust.contains(&(text.to_owned(), style)), "{text} in {rust:?}");
        }
    }

    #[test]
    fn knows_the_usual_languages() {
        for token in [
            "rust",
            "rs",
            "ts",
            "tsx",
            "toml",
            "bash",
            "sh",
            "shell",
            "json",
            "python",
            "go",
            "diff",
            "dockerfile",
            "yaml",
            "sql",
        ] {
            assert!(Language::from_token(token).is_some(), "{token}");
        }
        for path in ["src/main.rs", "Makefile", "a/b.tsx", "Cargo.toml", "Dockerfile"] {
            assert!(Language::from_path(path).is_some(), "{path}");
        }
        assert!(Language::from_token("no such").is_none());
        assert!(Language::from_path("..").is_none());
    }

    #[test]
    fn shell_commands_show_their_parts() {
        let theme = Theme::dark();
        let rows = highlight_shell(&sanitize("cargo test --all | tee 'out.txt' # run"), &theme);
        let texts: Vec<_> =
            rows[0].iter().filter(|span| span.style != theme.text).map(|span| span.content.trim()).collect();
        for part in ["cargo", "--all", "|", "'out.txt'", "# run"] {
            assert!(texts.contains(&part), "{part} in {texts:?}");
        }
    }

    #[test]
    fn beyond_the_limits_text_stays_plain() {
        let long = "let x = 1;\n".repeat(MAX_HIGHLIGHT_LINES + 1);
        let theme = Theme::ansi();
        let rows = highlight(&sanitize(&long), Language::from_token("rust"), &theme);
        assert_eq!(rows.len(), MAX_HIGHLIGHT_LINES + 1);
        assert_eq!(rows[0], [Span::styled("let x = 1;", theme.code)]);
    }

    #[test]
    fn hidden_characters_stay_visible_over_code() {
        let theme = Theme::ansi();
        let rows = highlight_shell(&reveal("echo 'a\u{202e}b'").text, &theme);
        let hidden = rows[0].iter().find(|span| span.content == "⟨U+202E⟩");
        assert!(hidden.is_some_and(|span| {
            span.style.bg == theme.hidden_char.bg && span.style.add_modifier.contains(theme.hidden_char.add_modifier)
        }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn highlighting_keeps_the_text(code in "\\PC{0,80}", token in "rust|bash|html|md|tsx") {
            let clean = sanitize(&code);
            let rows = highlight(&clean, Language::from_token(&token), &Theme::ansi());
            let text: Vec<String> = rows.iter().map(|row| spans::text_of(row)).collect();
            let lines: Vec<String> = clean.lines().iter().map(|line| line.as_str().to_owned()).collect();
            prop_assert_eq!(text, lines);
        }
    }
}
