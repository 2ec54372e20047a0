//! Highlighted code that is still growing.
//!
//! A fenced block may stream in for a minute, and highlighting it anew with every delta would cost
//! its whole length each time. The cache keeps the finished lines and the parser behind them.

use ratatui::text::Span;

use crate::tui::render::highlight::{Highlighter, Language, MAX_HIGHLIGHT_BYTES, MAX_HIGHLIGHT_LINES};
use crate::tui::render::sanitize::{CleanText, sanitize};
use crate::tui::render::spans;
use crate::tui::theme::Theme;

/// The last block that was highlighted, as far as its lines were complete.
#[derive(Debug, Default)]
pub(super) struct CodeCache(Option<Growing>);

#[derive(Debug)]
struct Growing {
    language: Language,
    source: String,
    rows: Vec<Vec<Span<'static>>>,
    highlighter: Highlighter,
}

impl CodeCache {
    /// The rows of a block, taking over what the last call found out about its beginning.
    pub(super) fn rows(
        &mut self,
        code: &CleanText,
        language: Option<Language>,
        theme: &Theme,
    ) -> Vec<Vec<Span<'static>>> {
        let n_lines = code.as_str().bytes().filter(|&b| b == b'\n').count();
        let is_small = code.as_str().len() <= MAX_HIGHLIGHT_BYTES && n_lines <= MAX_HIGHLIGHT_LINES;
        let Some(language) = language.filter(|_| is_small) else {
            return spans::of_text(code, theme.code, theme);
        };
        let last =
            self.0.take().filter(|growing| growing.language == language && code.as_str().starts_with(&growing.source));
        let mut growing = last.unwrap_or_else(|| Growing {
            language,
            source: String::new(),
            rows: Vec::new(),
            highlighter: Highlighter::new(language),
        });
        let fresh = code.as_str().get(growing.source.len()..);
        let n_complete = fresh.and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
        let (complete, partial) = fresh.unwrap_or_default().split_at(n_complete);
        for line in sanitize(complete).lines() {
            growing.rows.push(growing.highlighter.line(&line, theme));
        }
        growing.source.push_str(complete);
        let mut rows = growing.rows.clone();
        let mut ahead = growing.highlighter.clone();
        for line in sanitize(partial).lines() {
            rows.push(ahead.line(&line, theme));
        }
        self.0 = Some(growing);
        rows
    }
}
