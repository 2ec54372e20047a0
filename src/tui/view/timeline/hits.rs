//! Marks of search hits over lines.

use crate::tui::render::spans;
use crate::tui::theme::Theme;
use crate::tui::view::paint::Spans;

/// The spans with every occurrence of the text marked; in the current hit more loudly.
pub(super) fn mark(line: Spans, text: Option<&str>, is_current: bool, theme: &Theme) -> Spans {
    let Some(wanted) = text.map(str::to_lowercase).filter(|text| !text.is_empty()) else { return line };
    let shown = spans::text_of(&line);
    let style = if is_current { theme.badge_waiting } else { theme.search_match };
    let mut overlays = Vec::new();
    let mut from = 0;
    while let Some(range) = find(&shown, &wanted, from) {
        from = range.end.max(range.start + 1);
        overlays.push((range, style));
    }
    spans::overlay(line, &overlays)
}

/// The next occurrence at or after `from`, whatever the case. Lower case may be longer than upper case, so
/// the comparison goes character by character.
fn find(shown: &str, wanted: &str, from: usize) -> Option<std::ops::Range<usize>> {
    let starts = shown.char_indices().map(|(at, _)| at).filter(|at| *at >= from);
    starts.into_iter().find_map(|start| {
        let mut left = wanted;
        for (at, c) in shown.get(start..)?.char_indices() {
            for lower in c.to_lowercase() {
                left = left.strip_prefix(lower)?;
            }
            if left.is_empty() {
                return Some(start..start + at + c.len_utf8());
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_whatever_the_case() {
        assert_eq!(find("Grüße GRÜSSE grüsse", "grüsse", 0), Some(8..15));
        assert_eq!(find("aXa", "xa", 0), Some(1..3));
        assert_eq!(find("abc", "d", 0), None);
        assert_eq!(find("İx", "x", 0), Some(2..3));
    }
}
