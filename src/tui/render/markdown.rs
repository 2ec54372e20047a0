//! Markdown to lines, whole or while it streams in.
//!
//! For what a model says. Not for approvals: markup hides its own signs, so what is to be approved
//! is shown as it stands. Not a browser either: images and HTML appear as text.
//!
//! Invariants:
//! - Any beginning of a document renders; an unclosed fence is code to the end.
//! - Text that the parser decodes from entities is cleaned again: `&#27;` is an escape character.
//! - No line is wider than the width.

mod code;
mod containers;
mod inline;
mod stream;
mod table;
#[cfg(test)]
mod tests;
mod writer;

pub use stream::MarkdownStream;

use pulldown_cmark::{Options, Parser};
use ratatui::text::Line;

use self::code::CodeCache;
use self::writer::Writer;
use super::sanitize::CleanText;
use crate::tui::theme::Theme;

/// Renders a document.
pub fn markdown(text: &CleanText, width: usize, theme: &Theme) -> Vec<Line<'static>> {
    render(text.as_str(), width, theme, &mut CodeCache::default())
}

fn render(source: &str, width: usize, theme: &Theme, cache: &mut CodeCache) -> Vec<Line<'static>> {
    let mut writer = Writer::new(width, theme, cache);
    for event in Parser::new_ext(source, options()) {
        writer.event(event);
    }
    writer.finish()
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES
}
