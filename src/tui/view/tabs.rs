//! The tab bar: a tab a session with its state, and what holds for the whole fleet at the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::paint::Spans;
use super::paint::flat;
use super::paint::join;
use super::paint::put;
use super::paint::rule;
use super::paint::span;
use super::state;
use crate::core::figures;
use crate::core::session::Activity;
use crate::core::session::Session;
use crate::tui::render::width;

/// Titles get no longer than this, and no shorter than [`MIN_TITLE`] before tabs scroll out.
const MAX_TITLE: usize = 24;
const MIN_TITLE: usize = 8;

pub(super) fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let theme = scene.theme;
    rule(buf, area.x, area.y, area.width, theme);
    let fleet = fleet_line(scene);
    let fleet_width = u16::try_from(width::of_spans(&fleet)).unwrap_or(u16::MAX);
    let shows_fleet = fleet_width > 0 && fleet_width + 20 <= area.width;
    let right = if shows_fleet { fleet_width + 1 } else { 0 };
    let room = usize::from(area.width - right);
    let end = put_tabs(buf, area, room, scene);
    if shows_fleet {
        let x = area.right() - fleet_width - 1;
        if end < x {
            put(buf, x, area.y, fleet_width, &fleet);
        }
    }
}

/// Draws as many tabs as fit, the active one among them; tells where they end.
fn put_tabs(buf: &mut Buffer, area: Rect, room: usize, scene: &Scene<'_>) -> u16 {
    let theme = scene.theme;
    let sessions: Vec<&Session> = scene.ui.order.iter().filter_map(|id| scene.fleet.get(*id)).collect();
    let make = |max_title: usize| -> Vec<Spans> {
        sessions.iter().enumerate().map(|(idx, session)| tab(scene, session, idx + 1, max_title)).collect()
    };
    let total = |tabs: &[Spans]| tabs.iter().map(|tab| width::of_spans(tab)).sum::<usize>();
    let mut tabs = make(MAX_TITLE);
    if total(&tabs) > room {
        let spare = (room / sessions.len().max(1)).saturating_sub(8);
        tabs = make(spare.clamp(MIN_TITLE, MAX_TITLE));
    }
    let active = sessions.iter().position(|session| Some(session.id) == scene.ui.in_view(scene.fleet)).unwrap_or(0);
    let widths: Vec<usize> = tabs.iter().map(|tab| width::of_spans(tab)).collect();
    let (first, last) = window(&widths, active, room);
    let mut x = area.x;
    let end = area.x + u16::try_from(room).unwrap_or(area.width);
    if first > 0 {
        x = put(buf, x, area.y, end - x, &[span(format!("‹{first} ").replace('‹', mark_left(theme)), theme.dim)]);
    }
    for tab in tabs.get(first..last).unwrap_or_default() {
        x = put(buf, x, area.y, end.saturating_sub(x), tab);
    }
    let n_after = tabs.len() - last;
    if n_after > 0 {
        let text = format!(" {n_after}{} ", mark_right(theme));
        x = put(buf, x, area.y, end.saturating_sub(x), &[span(text, theme.dim)]);
    }
    x
}

fn mark_left(theme: &crate::tui::theme::Theme) -> &'static str {
    if theme.glyphs.ellipsis.is_ascii() { "<" } else { "‹" }
}

fn mark_right(theme: &crate::tui::theme::Theme) -> &'static str {
    if theme.glyphs.ellipsis.is_ascii() { ">" } else { "›" }
}

/// The stretch of tabs around the active one that fits, with room for the marks at its ends.
fn window(widths: &[usize], active: usize, room: usize) -> (usize, usize) {
    const MARKS: usize = 8;
    if widths.iter().sum::<usize>() <= room {
        return (0, widths.len());
    }
    let room = room.saturating_sub(MARKS);
    let (mut first, mut last) = (active, (active + 1).min(widths.len()));
    let mut used = widths.get(active).copied().unwrap_or(0);
    loop {
        let after = widths.get(last).copied().filter(|wide| used + wide <= room);
        let before = first.checked_sub(1).and_then(|at| widths.get(at)).copied().filter(|wide| used + wide <= room);
        match (after, before) {
            (Some(wide), _) => {
                used += wide;
                last += 1;
            }
            (None, Some(wide)) => {
                used += wide;
                first -= 1;
            }
            (None, None) => return (first, last),
        }
    }
}

fn tab(scene: &Scene<'_>, session: &Session, number: usize, max_title: usize) -> Spans {
    let theme = scene.theme;
    let is_active = Some(session.id) == scene.ui.in_view(scene.fleet);
    let activity = session.activity();
    let (mark, mark_style) = state::mark(activity, theme);
    let title = flat(&session.title);
    let title = width::truncate_end(title.trim(), max_title, theme.glyphs.ellipsis).into_owned();
    let title_style = match activity {
        _ if is_active => theme.strong,
        Activity::Waiting(_) => theme.state_waiting,
        _ => theme.text,
    };
    let mut spans = vec![span(" ", theme.text)];
    if number <= 9 {
        spans.push(span(format!("{number} "), theme.dim));
    }
    let mark = match activity {
        Activity::Waiting(n) if n > 1 => format!("{mark}{n} "),
        _ => format!("{mark} "),
    };
    spans.push(span(mark, mark_style));
    if session.worktree.is_some() {
        spans.push(span(format!("{} ", theme.glyphs.worktree), theme.dim));
    }
    spans.push(span(title, title_style));
    let n_unread = scene.ui.tabs.get(&session.id).map_or(0, |tab| tab.n_unread(&session.transcript));
    if !is_active && n_unread > 0 {
        let text = if n_unread > 99 { " +99".to_owned() } else { format!(" +{n_unread}") };
        spans.push(span(text, theme.accent));
    }
    if session.mode.is_dangerous() {
        spans.push(span(" ", theme.text));
        spans.push(span(if is_active { " bypass " } else { theme.glyphs.warning }, theme.danger));
    }
    spans.push(span(" ", theme.text));
    if is_active {
        // One colour for the whole tab; what switches the rules off keeps its own.
        let dress = |part: ratatui::text::Span<'static>| {
            if part.style == theme.danger { part } else { ratatui::text::Span::styled(part.content, theme.selection) }
        };
        spans = spans.into_iter().map(dress).collect();
    }
    spans
}

/// `3 waiting · $1.84`.
fn fleet_line(scene: &Scene<'_>) -> Spans {
    let theme = scene.theme;
    let mut facts: Vec<Spans> = Vec::new();
    if scene.ui.is_demo {
        facts.push(vec![span("demo", theme.accent)]);
    }
    let n_waiting = state::waiting(scene.fleet, scene.ui).len();
    if n_waiting > 0 {
        facts.push(vec![span(format!(" {n_waiting} waiting "), theme.badge_waiting)]);
    }
    let working = |session: &&Session| matches!(session.activity(), Activity::Working | Activity::Starting);
    let n_working = scene.fleet.sessions().filter(working).count();
    if n_working > 0 && scene.fleet.len() > 1 {
        facts.push(vec![span(format!("{n_working} working"), theme.state_working)]);
    }
    let cost = scene.fleet.cost_usd();
    if cost > 0.0 {
        facts.push(vec![span(figures::money(cost), theme.dim)]);
    }
    let mut line = join(facts, theme);
    if !line.is_empty() {
        line.insert(0, span(" ", theme.text));
        line.push(span(" ", theme.text));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::window;

    #[test]
    fn the_active_tab_is_always_in_the_window() {
        assert_eq!(window(&[5, 5, 5], 0, 20), (0, 3));
        assert_eq!(window(&[10; 10], 0, 38), (0, 3));
        assert_eq!(window(&[10; 10], 9, 38), (7, 10));
        assert_eq!(window(&[10; 10], 5, 38), (5, 8));
        assert_eq!(window(&[50; 3], 1, 20), (1, 2));
        assert_eq!(window(&[], 0, 20), (0, 0));
    }
}
