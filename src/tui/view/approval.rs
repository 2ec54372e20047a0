//! The approval dialog: what is asked, whole and revealed, above the answers.
//!
//! Invariants: the text shown is the text that would run, every character of it visible; the answers stay
//! on the screen whatever its size, and what is asked scrolls; the dialog reports how far it was seen.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::ApprovalDrawn;
use super::Scene;
use super::cells::tool_label;
use super::composer;
use super::layouts::ApprovalKey;
use super::layouts::Layouts;
use super::modal;
use super::modal::Edges;
use super::paint::Spans;
use super::paint::count;
use super::paint::flat;
use super::paint::put;
use super::paint::span;
use super::pulse::Pulse;
use super::state;
use super::strip;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::OpenApproval;
use crate::core::ids::Timestamp;
use crate::tui::input::action::Action;
use crate::tui::render::paths;
use crate::tui::render::sanitize::sanitize;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::guard::ARMING_MS;
use panes::Lower;
use panes::Text;
use sheet::Sheet;

/// What could be remembered.
mod always;
/// The keys under a request.
mod answers;
/// Diffs of what would change.
mod change;
/// What is asked, and what is known about it.
mod content;
/// The part under the line, for each pane.
mod panes;
/// Questions as a form.
mod questions;
/// The page while it is being written.
mod sheet;

/// The dialog is no wider than this: longer lines are hard to read.
const MAX_WIDTH: u16 = 120;
/// Rows of a text that is written in the dialog.
const MAX_TEXT: u16 = 6;
/// Below this height every row counts.
const TIGHT_HEIGHT: u16 = 16;

/// What the dialog reports.
#[derive(Debug, Default)]
pub(super) struct Reported {
    pub(super) drawn: Option<ApprovalDrawn>,
    pub(super) cursor: Option<Position>,
}

struct Dialog<'d, 's> {
    scene: &'d Scene<'s>,
    open: &'d OpenApproval,
    form: Option<&'d ApprovalForm>,
    is_armed: bool,
    is_tight: bool,
}

/// Draws the approval that has the eyes, if one has. `covered`: a dialog lies over it.
pub(super) fn draw(
    buf: &mut Buffer,
    body: Rect,
    scene: &Scene<'_>,
    layouts: &mut Layouts,
    pulse: &mut Pulse,
    covered: bool,
) -> Reported {
    let Some(focus) = scene.ui.approval.as_ref() else { return Reported::default() };
    let Some(open) = scene.ui.shown_approval(scene.fleet) else { return Reported::default() };
    let form = scene.ui.forms.get(&focus.id);
    let is_tight = body.height < TIGHT_HEIGHT || body.width < 60;
    if let Some(drawn) = focus.drawn {
        pulse.change_at(Timestamp(drawn.0.saturating_add(i64::try_from(ARMING_MS).unwrap_or(0))));
    }
    let was_seen = focus.drawn.is_some_and(|drawn| scene.now.millis_since(drawn) >= ARMING_MS);
    let is_armed = was_seen && scene.ui.screen.focused;
    let dialog = Dialog { scene, open, form, is_armed, is_tight };
    let mut reported = dialog.draw(buf, body, layouts, pulse);
    if covered {
        reported = Reported::default();
    }
    reported
}

impl<'d> Dialog<'d, '_> {
    fn approval(&self) -> &'d Approval {
        &self.open.approval
    }

    fn pane(&self) -> &'d Pane {
        self.form.map_or(&Pane::Main, |form| &form.pane)
    }

    fn draw(&self, buf: &mut Buffer, body: Rect, layouts: &mut Layouts, pulse: &mut Pulse) -> Reported {
        let theme = self.scene.theme;
        let wide = modal::fitting(body.width, MAX_WIDTH);
        let pad = if wide >= 30 { 4 } else { 2 };
        let room = usize::from(wide.saturating_sub(pad)).max(1);
        let (owned, keep_upper) = match self.pane() {
            Pane::Edit(_) => (Some(Vec::new()), None),
            _ => self.form_lines(room),
        };
        let n_same = self.scene.fleet.same_requests(self.approval().id).len();
        let whole = matches!(self.pane(), Pane::Whole);
        let key = ApprovalKey { id: self.approval().id, width: room, whole, n_same };
        let home = &self.scene.ui.home;
        let make = || {
            let sheet = Sheet::new(room, theme);
            if whole {
                content::whole(self.approval(), sheet)
            } else {
                content::lines(self.approval(), n_same, sheet, home)
            }
        };
        let upper: &[Line<'static>] = match &owned {
            Some(lines) => lines,
            None => layouts.approval(key, make),
        };

        // Two rows of frame, one that divides, and as much of what is asked as can be had.
        let inside = body.height.saturating_sub(3);
        let mut lower = self.lower(room, 0);
        let n_text = self.text_rows(&lower, room, inside);
        let n_keys = u16::try_from(lower.keys.len()).unwrap_or(u16::MAX);
        let n_lines = u16::try_from(lower.lines.len()).unwrap_or(u16::MAX);
        let min_upper = if matches!(self.pane(), Pane::Edit(_)) { 0 } else { (inside / 4).clamp(1, 4) };
        let n_lower = n_lines.saturating_add(n_text).saturating_add(n_keys).min(inside.saturating_sub(min_upper));
        let is_edit = matches!(self.pane(), Pane::Edit(_));
        let n_upper = u16::try_from(upper.len()).unwrap_or(u16::MAX).max(u16::from(!is_edit)).min(inside - n_lower);
        let n_divide = u16::from(!is_edit);
        let area = modal::centered(body, wide, n_upper + n_lower + n_divide + 2);
        let inner = modal::draw(buf, area, self.edges(pulse), theme.border_focus, theme);
        // What cannot be read cannot be answered: without a report its keys never count.
        if area.height < 4 || inner.width < 8 || (n_upper == 0 && !is_edit) {
            return Reported::default();
        }
        let top = Rect { height: n_upper.min(inner.height), ..inner };

        let wanted = self.form.map_or(0, |form| form.scroll);
        let height = usize::from(top.height);
        let max_scroll = upper.len().saturating_sub(height);
        let mut scroll = wanted.min(max_scroll);
        if let Some(keep) = keep_upper {
            scroll = scroll
                .clamp(keep.end.saturating_sub(height), keep.start.max(keep.end.saturating_sub(height)))
                .min(max_scroll);
        }
        modal::window(buf, top, upper, scroll);
        let seen_now = (scroll + height).min(upper.len());
        let seen_before = self.form.filter(|form| form.n_lines == upper.len()).map_or(0, |form| form.seen_to);
        let seen_to = seen_before.max(seen_now);
        let n_unseen = upper.len() - seen_to.min(upper.len());
        if n_unseen > 0 {
            lower = self.lower(room, n_unseen);
        }
        let n_below = upper.len() - seen_now;
        let below = self.below(n_below, n_unseen);
        let y = top.bottom();
        if !is_edit && y + 1 < area.bottom() {
            modal::divide(buf, area, y, below, theme.border_focus, theme);
        }
        let bottom = Rect { y: y + n_divide, height: area.bottom().saturating_sub(y + n_divide + 1), ..inner };
        let cursor = self.draw_lower(buf, bottom, &lower, n_text);

        let id = self.approval().id;
        let is_main = !matches!(self.pane(), Pane::Whole | Pane::Edit(_));
        let drawn = match self.form.filter(|_| !is_main) {
            Some(form) => ApprovalDrawn { id, n_lines: form.n_lines, seen_to: form.seen_to, max_scroll, page: height },
            None => ApprovalDrawn { id, n_lines: upper.len(), seen_to, max_scroll, page: height },
        };
        Reported { drawn: Some(drawn), cursor }
    }

    /// Questions are drawn from the form, which changes with each key: they are not kept.
    fn form_lines(&self, room: usize) -> (Option<Vec<Line<'static>>>, Option<std::ops::Range<usize>>) {
        match &self.approval().ask {
            Ask::Questions(questions) if !matches!(self.pane(), Pane::Whole) => {
                let (lines, keep) = questions::lines(questions, self.form, Sheet::new(room, self.scene.theme));
                (Some(lines), Some(keep))
            }
            _ => (None, None),
        }
    }

    fn edges(&self, pulse: &mut Pulse) -> Edges {
        let (scene, approval) = (self.scene, self.approval());
        let theme = scene.theme;
        let tool = tool_label(&approval.tool, theme);
        let verb = match &approval.ask {
            Ask::Tool => format!("{tool} wants to {}", strip::deed(&approval.tool)),
            Ask::Questions(questions) => count(questions.len() as u64, "question for you", "questions for you"),
            Ask::Plan(_) => "a plan to accept".to_owned(),
        };
        let mut title =
            vec![span(format!("{} ", theme.glyphs.waiting), theme.state_waiting), span(verb, theme.state_waiting)];
        let session = scene.fleet.get(approval.session).map(|session| flat(&session.title)).unwrap_or_default();
        let home = Some(scene.ui.home.as_str());
        let directory =
            paths::short(&sanitize(&approval.place.directory), home, 30, theme.glyphs.ellipsis).replace('\n', " ");
        let separator = format!(" {} ", theme.glyphs.separator);
        title.push(span(format!("{separator}{session}"), theme.strong));
        title.push(span(format!("{separator}{directory}"), theme.dim));
        if let Some(branch) = &approval.place.branch {
            title.push(span(format!(" ({})", flat(branch)), theme.dim));
        }

        let mut waiting = state::waiting(scene.fleet, scene.ui);
        // Those that one decision answers together count as one.
        let mut decisions: Vec<&Approval> = Vec::new();
        waiting.retain(|open| {
            let is_new = !decisions.iter().any(|decision| decision.is_same_request(&open.approval));
            decisions.extend(is_new.then_some(&open.approval));
            is_new
        });
        let place = decisions.iter().position(|first| first.id == approval.id || first.is_same_request(approval));
        let mut facts: Vec<Spans> = Vec::new();
        if let Some(place) = place.filter(|_| waiting.len() > 1) {
            facts.push(vec![span(format!("{} of {}", place + 1, waiting.len()), theme.text)]);
        }
        if let Some(deadline) = approval.deadline {
            facts.push(vec![span(format!("{} left", pulse.until(deadline)), theme.warning)]);
        } else {
            // The first minute needs no clock.
            let age_ms = scene.now.millis_since(approval.asked);
            if age_ms >= 60_000 {
                facts.push(vec![span(format!("for {}", age(age_ms)), theme.dim)]);
            }
            let minute = i64::try_from(age_ms / 60_000 + 1).unwrap_or(i64::MAX).saturating_mul(60_000);
            pulse.change_at(Timestamp(approval.asked.0.saturating_add(minute)));
        }
        let mut bottom: Spans = Vec::new();
        let keys = (scene.keymap.key_of(Action::NextApproval), scene.keymap.key_of(Action::PreviousApproval));
        if let (Some(next), Some(previous)) = keys
            && waiting.len() > 1
            && matches!(approval.ask, Ask::Tool)
            && matches!(self.pane(), Pane::Main)
        {
            bottom = vec![span(format!("{next}/{previous}"), theme.key), span(" next/previous", theme.dim)];
        }
        Edges { title, right: super::paint::join(facts, theme), bottom }
    }

    /// What is out of sight below.
    fn below(&self, n_below: usize, n_unseen: usize) -> Spans {
        let theme = self.scene.theme;
        if n_below == 0 {
            return Vec::new();
        }
        let text = format!("{} {}", theme.glyphs.down, count(n_below as u64, "more line", "more lines"));
        let style = if n_unseen > 0 { theme.badge_waiting } else { theme.dim };
        let mut spans = vec![span(if n_unseen > 0 { format!(" {text} ") } else { text }, style)];
        let action = match &self.approval().ask {
            Ask::Plan(_) => Action::PlanPageDown,
            Ask::Tool | Ask::Questions(_) => Action::DialogPageDown,
        };
        if let Some(key) = self.scene.keymap.key_of(action).filter(|_| matches!(self.pane(), Pane::Main)) {
            spans.push(span(format!(" {key}"), theme.key));
        }
        spans
    }

    fn draw_lower(&self, buf: &mut Buffer, area: Rect, lower: &Lower<'_>, n_text: u16) -> Option<Position> {
        let theme = self.scene.theme;
        // The text comes first where there is no room for all, then the keys.
        let n_text = n_text.min(area.height);
        let n_keys = u16::try_from(lower.keys.len()).unwrap_or(u16::MAX).min(area.height - n_text);
        let n_lines = area.height - n_text - n_keys;
        let lines_at = Rect { height: n_lines, ..area };
        let height = usize::from(n_lines);
        // What is selected begins on the screen, and ends there if it fits.
        let scroll = lower.keep.end.saturating_sub(height).min(lower.keep.start);
        modal::window(buf, lines_at, &lower.lines, scroll);
        let text_at = Rect { y: lines_at.bottom(), height: n_text, ..area };
        let keys_at = Rect { y: text_at.bottom(), height: n_keys, ..area };
        modal::window(buf, keys_at, &lower.keys, 0);
        let inside = Rect { x: text_at.x + TEXT_MARK, width: text_at.width.saturating_sub(TEXT_MARK), ..text_at };
        match &lower.text {
            None => None,
            Some(text) => {
                put(buf, text_at.x, text_at.y, 1, &[span(theme.glyphs.prompt, theme.prompt)]);
                match text {
                    Text::Line(text) => composer::draw_plain(buf, inside, text, theme),
                    Text::Box(composer) => {
                        composer::lay(composer, inside.width, n_text).draw(buf, inside, theme.text, theme)
                    }
                }
            }
        }
    }
}

/// Columns of the mark before a text.
const TEXT_MARK: u16 = 2;

fn age(age_ms: u64) -> String {
    let minutes = age_ms / 60_000;
    if minutes < 60 { format!("{minutes}m") } else { format!("{}h {:02}m", minutes / 60, minutes % 60) }
}
