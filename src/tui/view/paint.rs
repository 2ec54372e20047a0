//! Putting styled text onto the buffer, clipped, and short forms of text from outside.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::style::Style;
use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::theme::Theme;

/// A piece of styled text on the way to the screen.
pub(super) type Spans = Vec<Span<'static>>;

/// No summary reads further than this into a text from outside.
const MAX_SUMMARY_CHARS: usize = 2_000;

/// A span that owns its text.
pub(super) fn span(text: impl Into<String>, style: Style) -> Span<'static> {
    Span::styled(text.into(), style)
}

/// Writes spans from `x` on, over at most `room` columns; tells where they end. What stood there before
/// leaves no trace: styles do not mix.
pub(super) fn put(buf: &mut Buffer, x: u16, y: u16, room: u16, spans: &[Span<'_>]) -> u16 {
    let area = buf.area;
    if y < area.y || y >= area.bottom() || x < area.x {
        return x;
    }
    let end = x.saturating_add(room).min(area.right());
    if x < end {
        uncut(buf, x, y);
    }
    let mut at = x;
    for span in spans {
        if at >= end {
            break;
        }
        for grapheme in span.content.graphemes(true) {
            let wide = u16::try_from(width::of_grapheme(grapheme)).unwrap_or(u16::MAX);
            if wide == 0 {
                continue;
            }
            let Some(next) = at.checked_add(wide).filter(|next| *next <= end) else { return at };
            for x in at..next {
                buf[(x, y)].reset();
                buf[(x, y)].set_style(Style::reset().patch(span.style));
            }
            buf[(at, y)].set_symbol(grapheme);
            at = next;
        }
    }
    at
}

/// Takes away a cluster of several columns that reaches over the border before `x`: half of it would hide what
/// is drawn beside it.
fn uncut(buf: &mut Buffer, x: u16, y: u16) {
    /// Nothing that people write is wider.
    const MAX_WIDTH: u16 = 32;
    for left in (x.saturating_sub(MAX_WIDTH).max(buf.area.left())..x).rev() {
        let cell = &mut buf[(left, y)];
        if cell.symbol().len() > 1 && width::of(cell.symbol()) > usize::from(x - left) {
            cell.set_symbol(" ");
        }
    }
}

/// One row: `left` cut with an ellipsis where it meets `right`, which stands at the right edge. On a
/// narrow row the right side goes first.
pub(super) fn row(buf: &mut Buffer, area: Rect, left: Spans, right: &[Span<'_>], theme: &Theme) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let room = usize::from(area.width);
    let wanted = width::of_spans(right);
    // What stands left says what it is; what stands right says how it went.
    let keeps_right = wanted > 0 && wanted + 2 + width::of_spans(&left).min(room / 2) <= room;
    let left_room = if keeps_right { room - wanted - 2 } else { room };
    let left = fit(left, left_room, theme);
    put(buf, area.x, area.y, area.width, &left);
    if keeps_right {
        let x = area.right() - u16::try_from(wanted).unwrap_or(area.width);
        put(buf, x, area.y, area.width, right);
    }
}

/// Spans cut to a width, with an ellipsis where something is missing.
pub(super) fn fit(spans: Spans, room: usize, theme: &Theme) -> Spans {
    if width::of_spans(&spans) <= room {
        return spans;
    }
    let ellipsis = theme.glyphs.ellipsis;
    let room_for_text = room.saturating_sub(width::of(ellipsis));
    let mut out = Vec::with_capacity(spans.len() + 1);
    let mut used = 0;
    for span in spans {
        let wide = width::of(&span.content);
        if used + wide <= room_for_text {
            used += wide;
            out.push(span);
            continue;
        }
        let cut = width::truncate_end(&span.content, room - used, ellipsis).into_owned();
        out.push(Span::styled(cut, span.style));
        break;
    }
    out
}

/// Joins facts with the separator, the separator dimmed.
pub(super) fn join(facts: Vec<Spans>, theme: &Theme) -> Spans {
    let mut out = Vec::new();
    for fact in facts.into_iter().filter(|fact| !fact.is_empty()) {
        if !out.is_empty() {
            out.push(span(format!(" {} ", theme.glyphs.separator), theme.dim));
        }
        out.extend(fact);
    }
    out
}

/// Blanks everything and gives it one style.
pub(super) fn wipe(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        if area.width > 0 {
            uncut(buf, area.left(), y);
        }
        for x in area.left()..area.right() {
            buf[(x, y)].reset();
            buf[(x, y)].set_style(style);
        }
    }
}

/// Takes the colours and weights out of what is drawn, so that what is drawn above it stands alone.
pub(super) fn dim(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            let cell = &mut buf[(x, y)];
            cell.set_style(Style::reset());
            cell.modifier = Modifier::empty();
            cell.set_style(theme.backdrop);
        }
    }
}

/// Shows a row as the selected one: in one style, whatever its parts had.
pub(super) fn select(buf: &mut Buffer, area: Rect, theme: &Theme) {
    let area = area.intersection(buf.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            buf[(x, y)].set_style(Style::reset().patch(theme.selection));
        }
    }
}

/// A horizontal line of the frame's kind.
pub(super) fn rule(buf: &mut Buffer, x: u16, y: u16, wide: u16, theme: &Theme) {
    let line = theme.glyphs.border.horizontal.repeat(usize::from(wide));
    put(buf, x, y, wide, &[span(line, theme.border)]);
}

/// The first line of a text from outside that holds something, cleaned, with an ellipsis when there is
/// more.
pub(super) fn one_line(raw: &str, theme: &Theme) -> String {
    let head: &str = raw.char_indices().nth(MAX_SUMMARY_CHARS).map_or(raw, |(end, _)| raw.get(..end).unwrap_or(raw));
    let clean = sanitize(head);
    let mut lines = clean.as_str().lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    if lines.next().is_some() || head.len() < raw.len() {
        return format!("{first} {}", theme.glyphs.ellipsis);
    }
    first
}

/// A short text from outside in one line: a title, a name, a path.
pub(super) fn flat(raw: &str) -> String {
    let head: String = raw.chars().take(MAX_SUMMARY_CHARS).collect();
    let clean = sanitize(&head);
    if clean.as_str().contains('\n') { clean.as_str().replace('\n', " ") } else { clean.as_str().to_owned() }
}

/// The same in an approval, where every terminal must show the same.
pub(super) fn exact(raw: &str, theme: &Theme) -> String {
    exact_lines(raw, theme).replace('\n', " ")
}

/// As much of a text in an approval as a summary reads, and one character more if there is more.
pub(super) fn exact_lines(raw: &str, theme: &Theme) -> String {
    let head: String = raw.chars().take(MAX_SUMMARY_CHARS + 1).collect();
    reveal_with(&head, &theme.glyphs).text.to_string()
}

/// Words of ours in the spelling of the theme: quotation marks and dashes have ASCII twins too. Never for
/// what comes from outside: that is shown as it is.
pub(super) fn spelled<'t>(text: &'t str, theme: &Theme) -> Cow<'t, str> {
    if !theme.glyphs.ellipsis.is_ascii() || text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '“' | '”' => out.push('"'),
            '…' => out.push_str("..."),
            '–' | '−' | '·' => out.push('-'),
            other => out.push(other),
        }
    }
    Cow::Owned(out)
}

/// A text from outside between quotation marks of ours.
pub(super) fn quoted(text: &str, theme: &Theme) -> String {
    if theme.glyphs.ellipsis.is_ascii() { format!("\"{text}\"") } else { format!("“{text}”") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_keep_what_it_is_when_there_is_no_room_for_how_it_went() {
        let theme = Theme::no_color();
        let draw = |wide: u16| {
            let mut buf = Buffer::empty(Rect::new(0, 0, wide, 1));
            let left = vec![span("a long summary", theme.text)];
            row(&mut buf, Rect::new(0, 0, wide, 1), left, &[span("9 hits", theme.dim)], &theme);
            (0..wide).map(|x| buf[(x, 0)].symbol().to_owned()).collect::<String>()
        };
        assert_eq!(draw(24), "a long summary    9 hits");
        assert_eq!(draw(18), "a long su…  9 hits");
        assert_eq!(draw(10), "a long su…");
        assert_eq!(draw(0), "");
    }

    #[test]
    fn what_is_drawn_over_a_part_of_a_cluster_takes_all_of_it() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 1));
        put(&mut buf, 0, 0, 4, &[Span::raw("a中b")]);
        put(&mut buf, 2, 0, 4, &[Span::raw("x")]);
        assert_eq!(buf, Buffer::with_lines(["a xb"]));
        put(&mut buf, 0, 0, 4, &[Span::raw("a中b")]);
        put(&mut buf, 3, 0, 4, &[Span::raw("x")]);
        assert_eq!(buf, Buffer::with_lines(["a中x"]));
    }

    proptest! {
        #[test]
        fn what_is_measured_is_what_is_put(text in "\\PC{0,40}|[ｶﾞﾊﾟ中é👩\u{200d}\u{fe0f}🇩🇪⌚]{0,20}", room in 0u16..60) {
            let mut buf = Buffer::empty(Rect::new(0, 0, 500, 1));
            prop_assert_eq!(usize::from(put(&mut buf, 0, 0, 500, &[Span::raw(&text)])), width::of(&text));
            prop_assert!(put(&mut buf, 0, 0, room, &[Span::raw(&text)]) <= room);
        }
    }

    #[test]
    fn one_line_says_that_there_is_more() {
        let theme = Theme::no_color();
        assert_eq!(one_line("\n  a\u{1b}[31mb\n", &theme), "ab");
        assert_eq!(one_line("a\nb", &theme), "a …");
    }
}
