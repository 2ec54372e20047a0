//! Boxes over the screen: a frame with titles in its edges, and flows of keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::paint::Spans;
use super::paint::fit;
use super::paint::put;
use super::paint::span;
use super::paint::wipe;
use crate::tui::render::width;
use crate::tui::theme::Theme;

/// What stands in the edges of a box.
#[derive(Debug, Default)]
pub(super) struct Edges {
    pub(super) title: Spans,
    pub(super) right: Spans,
    pub(super) bottom: Spans,
}

/// The width of a box: all there is, unless enough would stay free beside it. A few columns of what is
/// behind would only look torn.
pub(super) fn fitting(room: u16, most: u16) -> u16 {
    const MIN_FREE: u16 = 10;
    if room <= most.saturating_add(MIN_FREE) { room } else { most }
}

/// A box in the middle of `body`, no larger than it.
pub(super) fn centered(body: Rect, wide: u16, high: u16) -> Rect {
    let (width, height) = (wide.min(body.width), high.min(body.height));
    Rect { x: body.x + (body.width - width) / 2, y: body.y + (body.height - height) / 2, width, height }
}

/// Draws an empty box and tells what is inside: a column free at either side where there is room.
pub(super) fn draw(buf: &mut Buffer, area: Rect, edges: Edges, style: Style, theme: &Theme) -> Rect {
    wipe(buf, area, theme.text);
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let glyphs = &theme.glyphs.border;
    let wide = usize::from(area.width);
    let [top_left, top_right, bottom_right, bottom_left] = glyphs.corners;
    let across = glyphs.horizontal.repeat(wide - 2);
    let last = area.bottom() - 1;
    put(buf, area.x, area.y, area.width, &[span(format!("{top_left}{across}{top_right}"), style)]);
    put(buf, area.x, last, area.width, &[span(format!("{bottom_left}{across}{bottom_right}"), style)]);
    for y in area.y + 1..last {
        put(buf, area.x, y, 1, &[span(glyphs.vertical, style)]);
        put(buf, area.right() - 1, y, 1, &[span(glyphs.vertical, style)]);
    }
    let right_width = width::of_spans(&edges.right);
    let keeps_right = right_width > 0 && right_width + 14 <= wide;
    let title_room = wide.saturating_sub(if keeps_right { right_width + 9 } else { 6 });
    edge(buf, area.x + 2, area.y, fit(edges.title, title_room, theme), theme);
    if keeps_right {
        let x = area.right() - u16::try_from(right_width + 4).unwrap_or(area.width);
        edge(buf, x, area.y, edges.right, theme);
    }
    let bottom = fit(edges.bottom, wide.saturating_sub(6), theme);
    let x = area.right().saturating_sub(u16::try_from(width::of_spans(&bottom) + 4).unwrap_or(area.width));
    edge(buf, x, last, bottom, theme);
    let pad = if area.width >= 30 { 2 } else { 1 };
    Rect { x: area.x + pad, y: area.y + 1, width: area.width - 2 * pad, height: area.height - 2 }
}

/// A text in an edge, with a blank at either end.
fn edge(buf: &mut Buffer, x: u16, y: u16, text: Spans, theme: &Theme) {
    if text.is_empty() {
        return;
    }
    let mut spans = vec![span(" ", theme.text)];
    spans.extend(text);
    spans.push(span(" ", theme.text));
    put(buf, x, y, u16::MAX, &spans);
}

/// A line across a box, from edge to edge.
pub(super) fn divide(buf: &mut Buffer, area: Rect, y: u16, style: Style, theme: &Theme) {
    if area.width < 4 {
        return;
    }
    let glyphs = &theme.glyphs.border;
    let across = glyphs.horizontal.repeat(usize::from(area.width) - 2);
    put(buf, area.x, y, area.width, &[span(format!("{}{across}{}", glyphs.tees[0], glyphs.tees[1]), style)]);
}

/// Columns of the left text that the right one must leave.
const MIN_LEFT: usize = 24;

/// A rule across the whole width with texts in it; the right one goes first where there is no room.
pub(super) fn rule(buf: &mut Buffer, area: Rect, left: Spans, right: Spans, style: Style, theme: &Theme) {
    if area.width < 4 || area.height == 0 {
        return;
    }
    let wide = usize::from(area.width);
    put(buf, area.x, area.y, area.width, &[span(theme.glyphs.border.horizontal.repeat(wide), style)]);
    let right_width = width::of_spans(&right);
    // Who asks for what is worth more than where and how many.
    let keeps_right = right_width > 0 && right_width + 9 + width::of_spans(&left).min(MIN_LEFT) <= wide;
    let room = wide.saturating_sub(if keeps_right { right_width + 9 } else { 5 });
    edge(buf, area.x + 1, area.y, fit(left, room, theme), theme);
    if keeps_right {
        let x = area.right() - u16::try_from(right_width + 3).unwrap_or(area.width);
        edge(buf, x, area.y, right, theme);
    }
}

/// Pieces that stay whole, in columns: as many to a line as fit, each column as wide as its widest piece.
pub(super) fn grid(pieces: &[Spans], most: usize, room: usize, gap: usize) -> Vec<Line<'static>> {
    let columns_of = |n: usize| -> Vec<usize> {
        let widest = |column: usize| pieces.iter().skip(column).step_by(n).map(|piece| width::of_spans(piece)).max();
        (0..n.min(pieces.len())).filter_map(widest).collect()
    };
    let fits = |n: &usize| columns_of(*n).iter().sum::<usize>() + gap * (n - 1) <= room;
    let n = (1..=most.max(1)).rev().find(fits).unwrap_or(1);
    let columns = columns_of(n);
    let line = |row: &[Spans]| -> Line<'static> {
        let mut spans: Spans = Vec::new();
        for (piece, wide) in row.iter().zip(&columns) {
            let filled = width::of_spans(piece);
            spans.extend(piece.iter().cloned());
            spans.push(span(" ".repeat(wide.saturating_sub(filled) + gap), Style::default()));
        }
        spans.pop();
        Line::from(spans)
    };
    pieces.chunks(n).map(line).collect()
}

/// Pieces that stay whole, as many to a line as fit.
pub(super) fn flow(pieces: Vec<Spans>, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    const GAP: usize = 3;
    let mut lines: Vec<Spans> = Vec::new();
    for piece in pieces {
        let piece = fit(piece, room, theme);
        let wide = width::of_spans(&piece);
        match lines.last_mut() {
            Some(line) if width::of_spans(line) + GAP + wide <= room => {
                line.push(span(" ".repeat(GAP), theme.text));
                line.extend(piece);
            }
            _ => lines.push(piece),
        }
    }
    lines.into_iter().map(Line::from).collect()
}

/// The window over lines; tells how far it can go.
pub(super) fn window(buf: &mut Buffer, area: Rect, lines: &[Line<'static>], scroll: usize) -> usize {
    let height = usize::from(area.height);
    let max_scroll = lines.len().saturating_sub(height);
    for (line, y) in lines.iter().skip(scroll.min(max_scroll)).zip(area.top()..area.bottom()) {
        put(buf, area.x, y, area.width, &line.spans);
    }
    max_scroll
}
