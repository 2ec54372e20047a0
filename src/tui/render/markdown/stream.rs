//! A document that is still growing.
//!
//! A block is settled once another one follows it at the top level: nothing that comes later can
//! change it, but for a link definition, which is why a finished message is rendered once more as
//! a whole with [`markdown`](super::markdown). Settled blocks are rendered once; each update
//! renders only the last block.

use pulldown_cmark::{Event, Parser};
use ratatui::text::Line;

use super::code::CodeCache;
use super::{options, render};
use crate::tui::render::sanitize::CleanText;
use crate::tui::theme::Theme;

/// Renders a growing document at the cost of its last block.
#[derive(Debug, Default)]
pub struct MarkdownStream {
    settled: String,
    pub(super) n_settled_lines: usize,
    lines: Vec<Line<'static>>,
    cache: CodeCache,
    /// What the lines were made for; when it changes, they are made anew.
    made_for: Option<(usize, Theme)>,
}

impl MarkdownStream {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// The lines of the document as it is now. A text that does not continue the last one, another
    /// width or another theme start over.
    pub fn update(&mut self, text: &CleanText, width: usize, theme: &Theme) -> &[Line<'static>] {
        let is_same = (self.made_for.as_ref())
            .is_some_and(|(last_width, last_theme)| *last_width == width && last_theme == theme);
        if !is_same || !text.as_str().starts_with(&self.settled) {
            *self = Self { made_for: Some((width, theme.clone())), ..Self::default() };
        }
        self.lines.truncate(self.n_settled_lines);
        let tail = text.as_str().get(self.settled.len()..).unwrap_or_default();
        let (done, open) = tail.split_at(last_block_start(tail));
        if !done.is_empty() {
            self.append(done, width, theme);
            self.settled.push_str(done);
            self.n_settled_lines = self.lines.len();
        }
        self.append(open, width, theme);
        &self.lines
    }

    /// The lines as the last update left them.
    pub fn lines(&self) -> &[Line<'static>] {
        &self.lines
    }

    fn append(&mut self, source: &str, width: usize, theme: &Theme) {
        let lines = render(source, width, theme, &mut self.cache);
        if !lines.is_empty() && !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        self.lines.extend(lines);
    }
}

/// Where the last block at the top level starts, at the beginning of its line.
fn last_block_start(source: &str) -> usize {
    // Half a line says little: `|` is a paragraph, and `| a |` goes on with a table.
    let n_complete = source.rfind('\n').map_or(0, |newline| newline + 1);
    let source = source.get(..n_complete).unwrap_or_default();
    let mut depth = 0_usize;
    let mut start = 0;
    for (event, range) in Parser::new_ext(source, options()).into_offset_iter() {
        let is_block = depth == 0;
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ => {}
        }
        if is_block {
            start = range.start;
        }
    }
    // The indent of a block is part of it but not of its range.
    source.get(..start).and_then(|head| head.rfind('\n')).map_or(0, |newline| newline + 1)
}
