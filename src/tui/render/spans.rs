//! Cutting and restyling runs of styled text.
//!
//! For laying one kind of meaning over another: hidden characters over code, changed words over a
//! line. Not for wrapping.
//!
//! Invariant: no function here changes the text, only its styles.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Span;

use super::sanitize::{CleanLine, CleanText, MarkKind};
use crate::tui::theme::Theme;

/// A stretch of bytes and the style to lay over it.
pub type Overlay = (Range<usize>, Style);

/// A line in one style, its marks on top.
pub fn of_line(line: &CleanLine<'_>, style: Style, theme: &Theme) -> Vec<Span<'static>> {
    let base = vec![Span::styled(line.as_str().to_owned(), style)];
    overlay(base, &mark_overlays(line, theme))
}

/// Each line of a text in one style, its marks on top.
pub fn of_text(text: &CleanText, style: Style, theme: &Theme) -> Vec<Vec<Span<'static>>> {
    text.lines().iter().map(|line| of_line(line, style, theme)).collect()
}

/// What the marks of a line look like.
pub fn mark_overlays(line: &CleanLine<'_>, theme: &Theme) -> Vec<Overlay> {
    let style_of = |kind| match kind {
        MarkKind::Hidden => theme.hidden_char,
        MarkKind::Tab => theme.tab,
        MarkKind::Lookalike => theme.lookalike,
    };
    line.marks().iter().map(|mark| (mark.range.clone(), style_of(mark.kind))).collect()
}

/// Patches the styles of the overlays over the spans. Overlays count bytes over all spans; they
/// must be in order and must not overlap.
pub fn overlay(spans: Vec<Span<'static>>, overlays: &[Overlay]) -> Vec<Span<'static>> {
    if overlays.is_empty() {
        return spans;
    }
    let mut out = Vec::with_capacity(spans.len() + 2 * overlays.len());
    let mut pending = overlays.iter().peekable();
    let mut span_start = 0;
    for span in spans {
        let span_end = span_start + span.content.len();
        let mut at = span_start;
        let mut push = |from: usize, to: usize, style: Style| {
            let piece = span.content.get(from - span_start..to - span_start);
            if let Some(text) = piece.filter(|text| !text.is_empty()) {
                out.push(Span::styled(text.to_owned(), style));
            }
        };
        while let Some((range, style)) = pending.peek() {
            if range.start >= span_end {
                break;
            }
            let from = range.start.clamp(at, span_end);
            let to = range.end.clamp(from, span_end);
            push(at, from, span.style);
            push(from, to, span.style.patch(*style));
            at = to;
            if range.end > span_end {
                break;
            }
            pending.next();
        }
        push(at, span_end, span.style);
        span_start = span_end;
    }
    out
}

/// The text of some spans in one piece.
pub fn text_of(spans: &[Span<'_>]) -> String {
    spans.iter().map(|span| span.content.as_ref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ratatui::style::Stylize;

    #[test]
    fn overlays_cross_span_borders() {
        let spans = vec![Span::raw("abc"), "def".bold()];
        let out = overlay(spans, &[(1..2, Style::new().italic()), (2..5, Style::new().dim())]);
        assert_eq!(out, vec![Span::raw("a"), "b".italic(), "c".dim(), "de".bold().dim(), "f".bold(),]);
    }

    proptest! {
        #[test]
        fn overlay_keeps_text(
            parts in proptest::collection::vec("[ab中]{0,6}", 0..5),
            cuts in proptest::collection::vec(0usize..40, 0..8),
        ) {
            let spans: Vec<Span<'static>> = parts.iter().cloned().map(Span::raw).collect();
            let text = parts.concat();
            let mut cuts: Vec<usize> =
                cuts.into_iter().filter(|&at| text.is_char_boundary(at)).collect();
            cuts.sort_unstable();
            let overlays: Vec<Overlay> = cuts
                .chunks_exact(2)
                .map(|pair| (pair[0]..pair[1], Style::new().bold()))
                .collect();
            prop_assert_eq!(text_of(&overlay(spans, &overlays)), text);
        }
    }
}
