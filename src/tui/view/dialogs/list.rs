//! Lists with a filter: the palette, the inbox, the queue, choices.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;

use crate::tui::render::width;
use crate::tui::theme::Theme;
use crate::tui::ui::dialog::ListDialog;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::ListKind;
use crate::tui::view::Scene;
use crate::tui::view::composer;
use crate::tui::view::dialogs::inbox;
use crate::tui::view::modal;
use crate::tui::view::modal::Edges;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::fit;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::put;
use crate::tui::view::paint::row;
use crate::tui::view::paint::select;
use crate::tui::view::paint::span;
use crate::tui::view::pulse::Pulse;

const MAX_WIDTH: u16 = 96;
/// A table says more the wider it is.
const INBOX_WIDTH: u16 = 170;
/// Rows that show at once; further ones scroll.
const MAX_ROWS: u16 = 24;

fn title(kind: &ListKind) -> &'static str {
    match kind {
        ListKind::Palette => "What shall be done?",
        ListKind::Modes(_) => "Permission mode",
        ListKind::Models(_) => "Model",
        ListKind::Queue(_) => "Prompts that wait",
        ListKind::Tasks(_) => "Background tasks",
        ListKind::Inbox => "Waiting for you",
        ListKind::Grants => "What is allowed for a time or for good",
        ListKind::History(_) => "Earlier prompts",
        ListKind::Conversations { is_reading: true, .. } => "Earlier conversations (reading)",
        ListKind::Conversations { .. } => "Earlier conversations",
        ListKind::Found { .. } => "Find in everything that was said",
    }
}

fn nothing(kind: &ListKind, is_filtered: bool) -> &str {
    match kind {
        ListKind::Found { trouble: Some(trouble), .. } => trouble,
        ListKind::Found { .. } if !is_filtered => "type words that must all be there; the last may be a beginning",
        _ if is_filtered => "nothing matches",
        ListKind::Queue(_) => "no prompt waits",
        ListKind::Tasks(_) => "nothing runs in the background",
        ListKind::Inbox => "nothing waits for you",
        ListKind::Grants => "every call is asked, but for what the configuration and the CLI's own settings allow",
        ListKind::Models(_) => "the CLI has named no models yet: it does so when it has started",
        ListKind::History(_) => "no earlier prompt in this directory",
        ListKind::Conversations { is_reading: true, .. } => "looking for conversations",
        ListKind::Conversations { .. } => "the CLI has kept no conversation here",
        ListKind::Palette | ListKind::Modes(_) | ListKind::Found { .. } => "nothing here",
    }
}

pub(super) fn draw(
    buf: &mut Buffer,
    body: Rect,
    list: &ListDialog,
    scene: &Scene<'_>,
    pulse: &mut Pulse,
    keys: Spans,
) -> Option<Position> {
    let theme = scene.theme;
    let entries = scene.entries.unwrap_or_default();
    let is_table = list.kind == ListKind::Inbox && !entries.is_empty();
    let mut n_rows = u16::try_from(entries.len()).unwrap_or(u16::MAX).clamp(1, MAX_ROWS);
    if is_table {
        n_rows = n_rows.saturating_add(inbox::DETAIL_ROWS + 1);
    }
    let wide = modal::fitting(body.width, if list.kind == ListKind::Inbox { INBOX_WIDTH } else { MAX_WIDTH });
    let high = n_rows.saturating_add(4).min(body.height);
    // The filter stays where it is while the list below it gets shorter.
    let area = Rect { height: high, ..modal::centered(body, wide, (MAX_ROWS + 4).max(high)) };
    let selected = list.selected.min(entries.len().saturating_sub(1));
    let mut right = Vec::new();
    if !list.marked.is_empty() {
        right.push(span(format!("{} marked {} ", list.marked.len(), theme.glyphs.separator), theme.accent));
    }
    if !entries.is_empty() {
        right.push(span(format!("{} of {}", selected + 1, entries.len()), theme.dim));
    }
    let edges = Edges { title: vec![span(title(&list.kind), theme.strong)], right, bottom: keys };
    let inner = modal::draw(buf, area, edges, theme.border_focus, theme);
    if inner.height == 0 || inner.width == 0 {
        return None;
    }
    put(buf, inner.x, inner.y, 1, &[span(theme.glyphs.prompt, theme.prompt)]);
    let filter_at = Rect { x: inner.x + 2, width: inner.width.saturating_sub(2), height: 1, ..inner };
    let is_filtered = !list.filter.is_blank();
    if !is_filtered {
        let hint = fit_text("type to filter", filter_at.width, theme);
        put(buf, filter_at.x, filter_at.y, filter_at.width, &hint);
    }
    let cursor = composer::draw_line(buf, filter_at, &list.filter, theme);
    let has_line = inner.height > 3;
    if has_line {
        modal::divide(buf, area, inner.y + 1, theme.border_focus, theme);
    }
    let used = 1 + u16::from(has_line);
    let rows = Rect { y: inner.y + used, height: inner.height.saturating_sub(used), ..inner };
    if entries.is_empty() {
        put(
            buf,
            rows.x,
            rows.y,
            if rows.height > 0 { rows.width } else { 0 },
            &[span(nothing(&list.kind, is_filtered), theme.dim)],
        );
        return cursor;
    }
    if is_table {
        inbox::draw(buf, rows, list, scene, pulse);
        return cursor;
    }
    let height = usize::from(rows.height);
    let first = (selected + 1)
        .saturating_sub(height)
        .max(selected.saturating_sub(height / 2))
        .min(entries.len().saturating_sub(height));
    let column = label_column(entries, usize::from(rows.width));
    for (at, entry) in entries.iter().enumerate().skip(first).take(height) {
        let y = rows.y + u16::try_from(at - first).unwrap_or(0);
        let line = Rect { y, height: 1, ..rows };
        let is_marked = list.marked.contains(&entry.item);
        draw_entry(buf, line, entry, at == selected, is_marked, column, theme);
    }
    cursor
}

fn fit_text(text: &'static str, room: u16, theme: &Theme) -> Spans {
    fit(vec![span(text, theme.dim)], usize::from(room), theme)
}

/// Details stand in a column of their own where the labels leave room for one.
fn label_column(entries: &[ListEntry], room: usize) -> usize {
    let widest = entries.iter().map(|entry| width::of(&entry.label)).max().unwrap_or(0);
    if widest * 5 <= room * 3 { widest } else { 0 }
}

pub(super) fn draw_entry(
    buf: &mut Buffer,
    line: Rect,
    entry: &ListEntry,
    is_selected: bool,
    is_marked: bool,
    column: usize,
    theme: &Theme,
) {
    let cursor = if is_selected { theme.glyphs.folded } else { " " };
    let mark = if is_marked { theme.glyphs.success } else { " " };
    let style = if entry.is_dangerous { theme.failure } else { theme.text };
    let label = flat(&entry.label);
    let label = if column > 0 { width::pad_end(&label, column) } else { label };
    let mut left = vec![span(cursor, theme.key), span(format!("{mark} "), theme.success)];
    if entry.is_dangerous {
        left.push(span(format!("{} ", theme.glyphs.warning), theme.warning));
    }
    left.push(span(label, style));
    if !entry.detail.is_empty() {
        left.push(span(format!("  {}", flat(&entry.detail)), theme.dim));
    }
    let right = if entry.key.is_empty() { Vec::new() } else { vec![span(flat(&entry.key), theme.key)] };
    row(buf, line, left, &right, theme);
    if is_selected {
        select(buf, line, theme);
    }
}
