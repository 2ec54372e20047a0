//! The timeline: a window over the cells, found from its anchor.
//!
//! Invariants: the anchor is a cell and a line within it, so that it stays under the eyes when cells
//! arrive or the width changes; only cells near the window are laid out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::cells;
use super::cells::Env;
use super::cells::Shape;
use super::layouts::Layouts;
use super::paint::Spans;
use super::paint::put;
use super::paint::row;
use super::paint::select;
use super::paint::span;
use super::pulse::Pulse;
use crate::core::cell::Cell;
use crate::core::figures::count;
use crate::core::ids::CellId;
use crate::core::session::Session;
use crate::tui::input::action::Action;
use crate::tui::render::width;
use crate::tui::ui::tab::Scroll;
use crate::tui::ui::tab::ScrollBy;
use crate::tui::ui::tab::Tab;

/// Marks of search hits over lines.
mod hits;

/// Columns of the margin: the selection's bar, the fold mark, a blank.
const MARGIN: u16 = 3;
/// Columns that each level of sub-agents moves to the right.
const STEP: u16 = 2;
/// Deeper levels move no further.
const MAX_STEPS: u16 = 6;
/// Fewer columns than this beside the margin, and the margin goes.
const MIN_TEXT: u16 = 16;

/// A row: a place in the display order, and a line within that cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    place: usize,
    line: usize,
}

/// A walk over the cells of one session.
pub(super) struct Timeline<'t> {
    pub(super) session: &'t Session,
    pub(super) tab: &'t Tab,
    pub(super) env: &'t Env<'t>,
    pub(super) layouts: &'t mut Layouts,
    pub(super) width: u16,
    pub(super) height: usize,
}

impl Timeline<'_> {
    fn n_cells(&self) -> usize {
        self.session.transcript.order().len()
    }

    fn cell(&self, place: usize) -> Option<&Cell> {
        let transcript = &self.session.transcript;
        transcript.get(*transcript.order().get(place)?)
    }

    /// Columns before the text of a cell.
    fn inset(&self, cell: &Cell) -> u16 {
        let steps = u16::from(cell.depth).min(MAX_STEPS);
        let wanted = MARGIN + STEP * steps;
        if wanted + MIN_TEXT <= self.width { wanted } else { MARGIN.min(self.width.saturating_sub(1)).min(1) }
    }

    fn shape(&self, cell: &Cell) -> Shape {
        // One column stays free at the right edge.
        let room = self.width.saturating_sub(self.inset(cell) + 1).max(1);
        Shape { width: usize::from(room), unfolded: self.tab.is_unfolded(cell.id, &cell.body) }
    }

    /// The next place at or after `place` that is not hidden in a folded sub-agent.
    fn shown_from(&self, place: usize) -> Option<usize> {
        (place..self.n_cells()).find(|place| self.is_shown(*place))
    }

    fn shown_before(&self, place: usize) -> Option<usize> {
        (0..place).rev().find(|place| self.is_shown(*place))
    }

    fn is_shown(&self, place: usize) -> bool {
        self.cell(place).is_some_and(|cell| self.tab.is_shown(&self.session.transcript, cell))
    }

    /// The place of a cell, or of the folded call that hides it.
    fn place_of(&self, id: CellId) -> Option<usize> {
        let place = self.session.transcript.order().iter().position(|other| *other == id)?;
        if self.is_shown(place) { Some(place) } else { self.shown_before(place) }
    }

    /// Rows of a cell, the blank one after it included.
    fn n_rows(&mut self, place: usize) -> usize {
        let Some(cell) = self.session.transcript.order().get(place) else { return 0 };
        let Some(cell) = self.session.transcript.get(*cell) else { return 0 };
        let n_lead = usize::from(place == 0 && self.session.transcript.n_dropped() > 0);
        let shape = self.shape(cell);
        let n_lines = self.layouts.cell(self.session.id, cell, shape, self.env).lines().len();
        let next = self.shown_from(place + 1).and_then(|next| self.cell(next));
        let n_gap = usize::from(next.is_some_and(|next| cells::is_apart(cell, next)));
        n_lead + usize::from(cells::has_head(cell)) + n_lines + n_gap
    }

    /// The row so many rows above, and how many were missing.
    fn up(&mut self, mut row: Row, mut n: usize) -> Row {
        while n > row.line {
            n -= row.line;
            let Some(above) = self.shown_before(row.place) else { return Row { line: 0, ..row } };
            row = Row { place: above, line: self.n_rows(above) };
        }
        Row { line: row.line - n, ..row }
    }

    fn down(&mut self, mut row: Row, mut n: usize) -> Row {
        loop {
            let n_rows = self.n_rows(row.place);
            if row.line + n < n_rows {
                return Row { line: row.line + n, ..row };
            }
            let Some(below) = self.shown_from(row.place + 1) else {
                return Row { line: n_rows.saturating_sub(1), ..row };
            };
            n -= n_rows.saturating_sub(row.line);
            row = Row { place: below, line: 0 };
        }
    }

    /// The top row when the end is in view.
    fn last_top(&mut self) -> Row {
        let Some(last) = self.shown_before(self.n_cells()) else { return Row { place: 0, line: 0 } };
        let end = Row { place: last, line: self.n_rows(last) };
        self.up(end, self.height)
    }

    fn first(&self) -> Row {
        Row { place: self.shown_from(0).unwrap_or(0), line: 0 }
    }

    /// Carries out the requests and tells where the window stands then.
    fn top(&mut self) -> (Row, Scroll) {
        let last = self.last_top();
        let mut at = match self.tab.scroll {
            Scroll::Follow => last,
            Scroll::At { cell, line } => match self.place_of(cell) {
                Some(place) => Row { place, line: line.min(self.n_rows(place).saturating_sub(1)) },
                // It has left the memory: what is oldest now is nearest to it.
                None => self.first(),
            },
        };
        for request in &self.tab.scroll_by {
            at = match *request {
                ScrollBy::HalfPages(n) => {
                    let rows = (self.height / 2).max(1).saturating_mul(n.unsigned_abs().min(1_000));
                    if n < 0 { self.up(at, rows) } else { self.down(at, rows) }
                }
                ScrollBy::Top => self.first(),
                ScrollBy::Reveal(cell) => self.reveal(at.min(last), cell),
            };
        }
        if at >= last {
            return (last, Scroll::Follow);
        }
        let cell = self.session.transcript.order().get(at.place).copied().unwrap_or_default();
        (at, Scroll::At { cell, line: at.line })
    }

    fn reveal(&mut self, top: Row, id: CellId) -> Row {
        let Some(place) = self.place_of(id) else { return top };
        let first = Row { place, line: 0 };
        if first <= top {
            return first;
        }
        let end = Row { place, line: self.n_rows(place) };
        let lowest = self.up(end, self.height);
        // A cell taller than the window shows its beginning.
        if lowest > first { first } else { top.max(lowest) }
    }

    /// Draws the window; tells where it stands.
    pub(super) fn draw(&mut self, buf: &mut Buffer, area: Rect, pulse: &mut Pulse) -> Scroll {
        if self.n_cells() == 0 || area.height == 0 || area.width == 0 {
            return Scroll::Follow;
        }
        let (top, scroll) = self.top();
        let selected = self.tab.selected.and_then(|id| self.place_of(id));
        let mut y = i32::from(area.y) - i32::try_from(top.line).unwrap_or(i32::MAX);
        let mut place = top.place;
        let mut below = 0;
        loop {
            if y >= i32::from(area.bottom()) {
                below = self.n_cells() - place;
                break;
            }
            y = self.draw_cell(buf, area, y, place, selected == Some(place), pulse);
            let Some(next) = self.shown_from(place + 1) else { break };
            place = next;
        }
        if scroll != Scroll::Follow {
            self.draw_below(buf, area, below.max(1));
        }
        scroll
    }

    fn draw_cell(
        &mut self,
        buf: &mut Buffer,
        area: Rect,
        y: i32,
        place: usize,
        is_selected: bool,
        pulse: &mut Pulse,
    ) -> i32 {
        let transcript = &self.session.transcript;
        let Some(cell) = transcript.order().get(place).and_then(|id| transcript.get(*id)) else { return y };
        let env = self.env;
        let theme = env.theme;
        let shape = self.shape(cell);
        let inset = self.inset(cell);
        let next = self.shown_from(place + 1).and_then(|next| self.cell(next));
        let (next_at, has_gap) = (next.map(|next| next.at), next.is_some_and(|next| cells::is_apart(cell, next)));
        let is_hit = self.tab.find.as_ref().is_some_and(|find| find.hits.contains(&cell.id));
        let find = self.tab.find.as_ref().filter(|_| is_hit).map(|find| find.text.as_str());
        let is_current = self.tab.find.as_ref().is_some_and(|find| find.hits.get(find.current) == Some(&cell.id));
        let width = self.width;
        let laid = self.layouts.cell(self.session.id, cell, shape, env);

        let mut at = y;
        let on_screen = |at: i32| u16::try_from(at).ok().filter(|at| (area.top()..area.bottom()).contains(at));
        if place == 0 && transcript.n_dropped() > 0 {
            if let Some(at) = on_screen(at) {
                let text = format!(
                    "{} {} left the memory",
                    theme.glyphs.gap,
                    count(transcript.n_dropped(), "earlier entry", "earlier entries")
                );
                put(buf, area.x + MARGIN.min(area.width), at, width.saturating_sub(MARGIN), &[span(text, theme.dim)]);
            }
            at += 1;
        }
        let first = at;
        let text_x = area.x + inset;
        let text_area = |at: u16| Rect::new(text_x, at, width.saturating_sub(inset + 1), 1);
        if cells::has_head(cell) {
            // Made only where it shows: a spinner out of sight must not wake the loop.
            if let Some(at) = on_screen(at) {
                let mut head = cells::head(cell, laid, next_at, env, pulse);
                head.left = hits::mark(head.left, find, is_current, theme);
                row(buf, text_area(at), head.left, &head.right, theme);
            }
            at += 1;
        }
        for (idx, line) in laid.lines().iter().enumerate() {
            if at >= i32::from(area.bottom()) {
                at += i32::try_from(laid.lines().len() - idx).unwrap_or(i32::MAX / 4);
                break;
            }
            if let Some(at) = on_screen(at) {
                let line_area = text_area(at);
                match find {
                    Some(_) => {
                        let marked = hits::mark(line.spans.clone(), find, is_current, theme);
                        put(buf, line_area.x, at, line_area.width, &marked);
                    }
                    None => {
                        put(buf, line_area.x, at, line_area.width, &line.spans);
                    }
                }
            }
            at += 1;
        }
        let last = at;
        if let Some(first_on) = on_screen(first) {
            let aside = cells::aside(cell, env, pulse.now);
            let wide = u16::try_from(width::of_spans(&aside)).unwrap_or(u16::MAX);
            let used = laid.lines().first().map_or(0, |line| width::of_spans(&line.spans));
            if usize::from(inset) + used + usize::from(wide) + 3 <= usize::from(width) {
                put(buf, area.x + width - wide - 1, first_on, wide, &aside);
            }
        }
        let mark: Spans = if laid.foldable {
            let glyph = if shape.unfolded { theme.glyphs.unfolded } else { theme.glyphs.folded };
            vec![span(glyph, theme.dim)]
        } else {
            Vec::new()
        };
        let own = cells::margin(cell, env);
        let mark = if own.is_empty() { mark } else { own };
        for at in first.max(i32::from(area.top()))..last.min(i32::from(area.bottom())) {
            let Some(row_y) = on_screen(at) else { continue };
            draw_guides(buf, area, row_y, cell, inset, theme);
            if at == first && inset >= MARGIN {
                put(buf, area.x + inset - 2, row_y, 1, &mark);
            }
            if is_selected {
                put(buf, area.x, row_y, 1, &[span(theme.glyphs.quote_bar, theme.border_focus)]);
            } else if is_hit {
                put(buf, area.x, row_y, 1, &[span(theme.glyphs.quote_bar, theme.warning)]);
            }
            if is_selected && at == first {
                select(buf, Rect::new(area.x + 1, row_y, width.saturating_sub(2), 1), theme);
            }
        }
        last + i32::from(has_gap)
    }

    /// Says that the window does not stand at the end.
    fn draw_below(&self, buf: &mut Buffer, area: Rect, n_below: usize) {
        let theme = self.env.theme;
        let mut text = format!(" {} {} ", theme.glyphs.down, count(n_below as u64, "more below", "more below"));
        if let Some(key) = self.env.keymap.key_of(Action::PageDown) {
            text = format!("{text}{} {key} ", theme.glyphs.separator);
        }
        let wide = u16::try_from(width::of(&text)).unwrap_or(u16::MAX);
        if wide + 4 <= area.width {
            put(buf, area.right() - wide - 1, area.bottom() - 1, wide, &[span(text, theme.badge)]);
        }
    }
}

/// Lines that lead from a sub-agent's call to what it does.
fn draw_guides(buf: &mut Buffer, area: Rect, y: u16, cell: &Cell, inset: u16, theme: &crate::tui::theme::Theme) {
    if inset < MARGIN {
        return;
    }
    for step in 0..u16::from(cell.depth).min(MAX_STEPS) {
        put(buf, area.x + MARGIN + STEP * step, y, 1, &[span(theme.glyphs.border.vertical, theme.border)]);
    }
}
