//! The only place that measures text.
//!
//! For widths in terminal cells, and for cutting and padding by them. Not for wrapping.
//!
//! Invariants:
//! - Widths are the cells that `view::paint` gives a text: grapheme by grapheme, control characters
//!   counting nothing because it drops them. Terminals that see it otherwise are led back to the right
//!   column by `terminal::screen`.
//! - Nothing here splits a grapheme.

pub mod certain;

use std::borrow::Cow;

use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

/// Cells that `text` occupies.
pub fn of(text: &str) -> usize {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return text.len();
    }
    text.graphemes(true).map(of_grapheme).sum()
}

/// Cells that one grapheme occupies. At least as many as its first character: a terminal that does not know
/// the selector behind it gives it those.
pub fn of_grapheme(grapheme: &str) -> usize {
    if grapheme.chars().any(char::is_control) {
        return 0;
    }
    grapheme.width().max(grapheme.chars().next().map_or(0, of_char))
}

/// Cells that a character occupies on its own; 0 for those that sit on another.
pub fn of_char(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// Cells that a row of spans occupies.
pub fn of_spans(spans: &[Span<'_>]) -> usize {
    spans.iter().map(|span| of(&span.content)).sum()
}

/// `text`, or as much of its beginning as fits with the ellipsis.
///
/// Where not even the ellipsis fits, the result is only what fits of the text.
pub fn truncate_end<'a>(text: &'a str, width: usize, ellipsis: &str) -> Cow<'a, str> {
    if of(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(of(ellipsis)) else {
        return Cow::Borrowed(take_start(text, width));
    };
    Cow::Owned(format!("{}{ellipsis}", take_start(text, room)))
}

/// `text`, or as much of its end as fits with the ellipsis. For paths, whose end says more.
pub fn truncate_start<'a>(text: &'a str, width: usize, ellipsis: &str) -> Cow<'a, str> {
    if of(text) <= width {
        return Cow::Borrowed(text);
    }
    let Some(room) = width.checked_sub(of(ellipsis)) else {
        return Cow::Borrowed(take_end(text, width));
    };
    Cow::Owned(format!("{ellipsis}{}", take_end(text, room)))
}

/// `text` with blanks after it up to `width`. Longer text stays as it is.
pub fn pad_end(text: &str, width: usize) -> String {
    let n_blanks = width.saturating_sub(of(text));
    format!("{text}{}", " ".repeat(n_blanks))
}

/// `text` with blanks before it up to `width`. Longer text stays as it is.
pub fn pad_start(text: &str, width: usize) -> String {
    let n_blanks = width.saturating_sub(of(text));
    format!("{}{text}", " ".repeat(n_blanks))
}

fn take_start(text: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += of_grapheme(grapheme);
        if used > room {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

fn take_end(text: &str, room: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += of_grapheme(grapheme);
        if used > room {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn measures_what_a_terminal_shows() {
        for (text, cells) in [
            ("", 0),
            ("abc", 3),
            ("中文", 4),
            ("👩‍👩‍👧", 2),
            ("👍🏽", 2),
            ("❤️", 2),
            ("e\u{301}", 1),
            ("🇩🇪", 2),
            ("ｶﾞﾊﾟ", 4),
            ("ガ", 2),
            ("ｶ\u{3099}", 1),
            ("⌚\u{fe0e}", 2),
            ("a\u{7}b", 2),
        ] {
            assert_eq!(of(text), cells, "{text:?}");
        }
    }

    #[test]
    fn truncates_without_splitting() {
        for (text, width, end, start) in [
            ("hello", 5, "hello", "hello"),
            ("hello", 4, "hel…", "…llo"),
            ("hello", 1, "…", "…"),
            ("hello", 0, "", ""),
            ("中文字", 5, "中文…", "…文字"),
            ("中文字", 4, "中…", "…字"),
            ("ab👩‍👩‍👧", 3, "ab…", "…👩‍👩‍👧"),
            ("ab👩‍👩‍👧c", 4, "ab…", "…👩‍👩‍👧c"),
        ] {
            assert_eq!(truncate_end(text, width, "…"), end);
            assert_eq!(truncate_start(text, width, "…"), start);
        }
    }

    #[test]
    fn pads_by_cells() {
        assert_eq!(pad_end("中", 4), "中  ");
        assert_eq!(pad_start("中", 4), "  中");
        assert_eq!(pad_end("toolong", 3), "toolong");
    }

    proptest! {
        #[test]
        fn truncation_fits(text in "\\PC{0,40}", width in 0usize..50) {
            prop_assert!(of(&truncate_end(&text, width, "…")) <= width);
            prop_assert!(of(&truncate_start(&text, width, "…")) <= width);
        }
    }
}
