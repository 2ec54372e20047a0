//! The approval dialog: a sheet at the bottom of the screen, under the timeline of the session that asks. What is
//! asked, whole and revealed, then the marks, then the answers, whose rows never move.
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
use super::paint::Spans;
use super::paint::exact;
use super::paint::fit;
use super::paint::join;
use super::paint::put;
use super::paint::row;
use super::paint::span;
use super::paint::wipe;
use super::pulse::Pulse;
use super::state;
use super::strip;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::OpenApproval;
use crate::core::approval::danger::Danger;
use crate::core::figures::count;
use crate::core::ids::Timestamp;
use crate::tui::input::action::Action;
use crate::tui::render::paths;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::approval::Seen;
use crate::tui::ui::guard::ARMING_MS;
use crate::tui::ui::guard::Status;
use content::Known;
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
/// A server's form.
mod elicitation;
/// What a folder brings.
mod folder;
/// The part under the line, for each pane.
mod panes;
/// Questions as a form.
mod questions;
/// The page while it is being written.
mod sheet;

/// Text is no wider than this: longer lines are hard to read.
const MAX_WIDTH: usize = 120;
/// Rows of a text that is written in the sheet.
const MAX_TEXT: u16 = 6;
/// Below this height every row counts.
const TIGHT_HEIGHT: u16 = 16;
/// From this height on the timeline of the session keeps some rows above the sheet.
const CONTEXT_HEIGHT: u16 = 20;
/// Rows of marks beside the answers.
const MAX_DANGERS: usize = 2;

/// What the sheet reports.
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
    /// Columns of text.
    room: usize,
    /// Columns left free before it.
    pad: u16,
}

/// The rows of the sheet, from top to bottom: a title, what is asked, a divider, the marks, the answers or what is
/// being written, and what comes next.
struct Rows<'d> {
    n_upper: u16,
    dangers: Vec<Line<'static>>,
    lower: Lower<'d>,
    n_text: u16,
    n_lower: u16,
    has_next: bool,
}

impl Rows<'_> {
    fn total(&self) -> u16 {
        2 + self.n_upper + self.dangers.len() as u16 + self.n_lower + u16::from(self.has_next)
    }
}

fn dialog<'d, 's>(area: Rect, scene: &'d Scene<'s>) -> Option<Dialog<'d, 's>> {
    let focus = scene.ui.approval.as_ref()?;
    let open = scene.ui.shown_approval(scene.fleet)?;
    let was_seen = focus.drawn.is_some_and(|drawn| scene.now.millis_since(drawn) >= ARMING_MS);
    let is_tight = area.height < TIGHT_HEIGHT || area.width < 60;
    let pad = if area.width >= 60 { 2 } else { 1 };
    Some(Dialog {
        scene,
        open,
        form: scene.ui.forms.get(&focus.id),
        is_armed: was_seen && scene.ui.screen.focused,
        is_tight,
        room: usize::from(area.width.saturating_sub(2 * pad)).clamp(1, MAX_WIDTH),
        pad,
    })
}

/// Rows that the request under the eyes takes of the screen; none where there is no request.
pub(super) fn height(screen: Rect, scene: &Scene<'_>, layouts: &mut Layouts) -> u16 {
    let Some(dialog) = dialog(screen, scene) else { return 0 };
    let (owned, _) = dialog.form_lines(dialog.room);
    let n_upper = dialog.upper(owned.as_deref(), layouts).0.len();
    dialog.rows(n_upper, screen.height).total()
}

/// Draws the approval that has the focus, if one has. `covered`: a dialog lies over it.
pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    scene: &Scene<'_>,
    layouts: &mut Layouts,
    pulse: &mut Pulse,
    covered: bool,
) -> Reported {
    let Some(dialog) = dialog(buf.area, scene) else { return Reported::default() };
    if let Some(drawn) = scene.ui.approval.as_ref().and_then(|focus| focus.drawn) {
        pulse.change_at(Timestamp(drawn.0.saturating_add(i64::try_from(ARMING_MS).unwrap_or(0))));
    }
    if let Some(wake) = scene.ui.guard.next_wake() {
        pulse.change_at(wake);
    }
    let reported = dialog.draw(buf, area, layouts, pulse);
    if covered { Reported::default() } else { reported }
}

impl<'d> Dialog<'d, '_> {
    fn approval(&self) -> &'d Approval {
        &self.open.approval
    }

    fn pane(&self) -> &'d Pane {
        self.form.map_or(&Pane::Main, |form| &form.pane)
    }

    fn is_edit(&self) -> bool {
        matches!(self.pane(), Pane::Edit(_))
    }

    /// What is asked, as lines, and the rows of what is dangerous in it.
    fn upper<'l>(
        &self,
        owned: Option<&'l [Line<'static>]>,
        layouts: &'l mut Layouts,
    ) -> (&'l [Line<'static>], &'l [usize]) {
        if self.is_edit() {
            return (&[], &[]);
        }
        if let Some(lines) = owned {
            return (lines, &[]);
        }
        let theme = self.scene.theme;
        let n_same = self.scene.fleet.same_requests(self.approval().id).len();
        let whole = matches!(self.pane(), Pane::Whole);
        let key = ApprovalKey { id: self.approval().id, width: self.room, whole, n_same };
        let known =
            Known { n_same, home: &self.scene.ui.home, grant_key: self.scene.keymap.key_of(Action::AllowForAWhile) };
        let laid = layouts.approval(key, || {
            let sheet = Sheet::new(self.room, theme);
            if whole { content::whole(self.approval(), sheet) } else { content::lines(self.approval(), known, sheet) }
        });
        (&laid.lines, &laid.danger_rows)
    }

    /// How the rows of the sheet are shared out. The answers keep theirs; what is asked scrolls.
    fn rows(&self, n_lines: usize, screen: u16) -> Rows<'d> {
        let bars = if self.is_tight && screen < TIGHT_HEIGHT { 0 } else { 2 };
        let body = screen.saturating_sub(bars);
        let context = if screen >= CONTEXT_HEIGHT { (screen / 5).max(3) } else { 0 };
        let most = body.saturating_sub(context).max(6);
        let has_next = most >= 10;
        let dangers = self.dangers(if most >= 10 { MAX_DANGERS } else { 1 });
        let n_dangers = dangers.len() as u16;
        let inside = most.saturating_sub(2 + n_dangers + u16::from(has_next));
        let lower = self.lower(self.room, 0);
        let n_text = self.text_rows(&lower, self.room, inside);
        let rows = |lines: &[Line<'_>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let min_upper = if self.is_edit() { 0 } else { (inside / 3).clamp(1, 4) };
        let wanted = rows(&lower.lines).saturating_add(n_text).saturating_add(rows(&lower.keys));
        let n_lower = wanted.min(inside.saturating_sub(min_upper));
        let n_upper = u16::try_from(n_lines).unwrap_or(u16::MAX).max(u16::from(!self.is_edit()));
        Rows { n_upper: n_upper.min(inside - n_lower), dangers, lower, n_text, n_lower, has_next }
    }

    fn draw(&self, buf: &mut Buffer, area: Rect, layouts: &mut Layouts, pulse: &mut Pulse) -> Reported {
        let theme = self.scene.theme;
        let (owned, keep_upper) = self.form_lines(self.room);
        let (upper, danger_rows) = self.upper(owned.as_deref(), layouts);
        let mut rows = self.rows(upper.len(), buf.area.height);
        wipe(buf, area, theme.text);
        // What cannot be read cannot be answered: without a report its keys never count.
        if area.height < rows.total() || area.width < 12 || (rows.n_upper == 0 && !self.is_edit()) {
            return Reported::default();
        }
        let (title, facts) = self.title(pulse);
        modal::rule(buf, Rect { height: 1, ..area }, title, facts, theme.border_focus, theme);
        let inner = Rect { x: area.x + self.pad, width: area.width.saturating_sub(2 * self.pad), ..area };
        let top = Rect { y: area.y + 1, height: rows.n_upper, ..inner };

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
            rows.lower = self.lower(self.room, n_unseen);
        }
        let divider = Rect { y: top.bottom(), height: 1, ..area };
        let below = self.below(upper.len() - seen_now, n_unseen);
        modal::rule(buf, divider, self.status(), below, theme.border, theme);
        let marks = Rect { y: divider.bottom(), height: rows.dangers.len() as u16, ..inner };
        modal::window(buf, marks, &rows.dangers, 0);
        let bottom = Rect { y: marks.bottom(), height: rows.n_lower, ..inner };
        let cursor = self.draw_lower(buf, bottom, &rows.lower, rows.n_text);
        if rows.has_next {
            let at = Rect { y: bottom.bottom(), height: 1, ..inner };
            let (left, right) = self.next();
            row(buf, at, left, &right, theme);
        }

        let id = self.approval().id;
        let is_main = !matches!(self.pane(), Pane::Whole | Pane::Edit(_));
        let (n_lines, seen_to) = match self.form.filter(|_| !is_main) {
            Some(form) => (form.n_lines, form.seen_to),
            None => (upper.len(), seen_to),
        };
        let danger_rows = danger_rows.to_vec();
        let seen = Seen { n_lines, seen_to, max_scroll, page: height, danger_rows };
        let drawn = ApprovalDrawn { id, seen };
        Reported { drawn: Some(drawn), cursor }
    }

    /// The marks that must be in view whenever an answer is: the worst first.
    fn dangers(&self, most: usize) -> Vec<Line<'static>> {
        let theme = self.scene.theme;
        let dangers = self.approval().dangers();
        if matches!(self.pane(), Pane::Whole) || dangers.is_empty() {
            return Vec::new();
        }
        let jump = self.scene.keymap.key_of(Action::NextDanger);
        let piece = |danger: &Danger| -> Spans {
            let mut sheet = Sheet::new(usize::MAX, theme);
            let words = sheet.reveal(&danger.describe()).as_str().replace('\n', " ");
            let mut piece = vec![
                span(format!("{} ", theme.glyphs.warning), theme.warning),
                span(words, theme.warning.patch(theme.strong)),
            ];
            if let Danger::Does { lines, .. } = danger
                && let Some(first) = lines.first()
            {
                let more = if lines.len() > 1 { format!(" +{}", lines.len() - 1) } else { String::new() };
                piece.push(span(format!(" {} line {first}{more}", theme.glyphs.separator), theme.warning));
                piece.extend(jump.iter().map(|key| span(format!(" {key}"), theme.key)));
            }
            fit(piece, self.room, theme)
        };
        let pieces: Vec<Spans> = dangers.iter().map(piece).collect();
        let all = modal::flow(pieces.clone(), self.room, theme);
        if all.len() <= most {
            return all;
        }
        // What has no room is counted: as many as fit with the count behind them.
        let counted = (1..pieces.len()).rev().find_map(|n_shown| {
            let mut shown = pieces.get(..n_shown)?.to_vec();
            shown.push(vec![span(format!("+{} more", pieces.len() - n_shown), theme.warning)]);
            Some(modal::flow(shown, self.room, theme)).filter(|lines| lines.len() <= most)
        });
        counted.unwrap_or_else(|| all.into_iter().take(most).collect())
    }

    /// What is said of the keys that were pressed.
    fn status(&self) -> Spans {
        let theme = self.scene.theme;
        match self.scene.ui.guard.status(self.scene.now) {
            Some(Status::Holding(action)) => vec![span(holding(action), theme.badge_waiting)],
            Some(Status::PressAgain) => vec![span(" press again ", theme.badge)],
            None => Vec::new(),
        }
    }

    /// The request that comes after this one, and the way out.
    fn next(&self) -> (Spans, Spans) {
        let theme = self.scene.theme;
        let key = |action: Action| self.scene.keymap.key_of(action);
        let shown = self.approval();
        let waiting = state::waiting(self.scene.fleet, self.scene.ui);
        let here = waiting.iter().position(|open| open.approval.id == shown.id).unwrap_or(0);
        let after = waiting.iter().cycle().skip(here + 1).take(waiting.len().saturating_sub(1));
        let next = after.map(|open| &open.approval).find(|next| !next.is_same_request(shown));
        let mut left = Vec::new();
        if let (Some(next), Some(key)) = (next, key(Action::NextApproval)) {
            let session =
                self.scene.fleet.get(next.session).map(|session| exact(&session.title, theme)).unwrap_or_default();
            left.push(span(key, theme.key));
            left.push(span(format!(" next {} {session}: ", theme.glyphs.waiting), theme.dim));
            left.extend(strip::wish_in(next, self.scene));
        }
        let later = match shown.ask {
            Ask::Tool => Action::Later,
            Ask::Questions(_) | Ask::Elicitation(_) => Action::LaterQuestions,
            Ask::Plan(_) => Action::LaterPlan,
            Ask::Trust(_) => Action::LaterTrust,
        };
        let is_main = matches!(self.pane(), Pane::Main);
        let words = if waiting.len() > 1 { " decide later (all)" } else { " decide later" };
        let right = key(later).filter(|_| is_main);
        let right = right.map(|key| vec![span(key, theme.key), span(words, theme.dim)]).unwrap_or_default();
        (left, right)
    }

    /// Questions are drawn from the form, which changes with each key: they are not kept.
    fn form_lines(&self, room: usize) -> (Option<Vec<Line<'static>>>, Option<std::ops::Range<usize>>) {
        match &self.approval().ask {
            Ask::Questions(questions) if !matches!(self.pane(), Pane::Whole) => {
                let (lines, keep) = questions::lines(questions, self.form, Sheet::new(room, self.scene.theme));
                (Some(lines), Some(keep))
            }
            Ask::Elicitation(asked) if !matches!(self.pane(), Pane::Whole) => {
                let (lines, keep) = elicitation::lines(asked, self.form, Sheet::new(room, self.scene.theme));
                (Some(lines), Some(keep))
            }
            _ => (None, None),
        }
    }

    /// Who asks for what; and where, since when, and how many wait.
    fn title(&self, pulse: &mut Pulse) -> (Spans, Spans) {
        let (scene, approval) = (self.scene, self.approval());
        let theme = scene.theme;
        let what = match &approval.ask {
            Ask::Tool => exact(&tool_label(&approval.tool, theme), theme),
            Ask::Questions(questions) => count(questions.len() as u64, "question for you", "questions for you"),
            Ask::Elicitation(_) => "an MCP server asks you".to_owned(),
            Ask::Plan(_) => "plan ready for review".to_owned(),
            Ask::Trust(_) => "trust this folder?".to_owned(),
        };
        let session = scene.fleet.get(approval.session).map(|session| exact(&session.title, theme)).unwrap_or_default();
        let separator = format!(" {} ", theme.glyphs.separator);
        let title = vec![
            span(format!("{} {session}", theme.glyphs.waiting), theme.state_waiting),
            span(separator, theme.dim),
            span(what, theme.strong),
        ];
        let home = Some(scene.ui.home.as_str());
        let directory = reveal_with(&approval.place.directory, &theme.glyphs).text;
        let directory = paths::short(&directory, home, 30, theme.glyphs.ellipsis).replace('\n', " ");
        let mut place = vec![span(directory, theme.text)];
        if let Some(branch) = &approval.place.branch {
            place.push(span(format!(" ({})", exact(branch, theme)), theme.dim));
        }
        let mut facts: Vec<Spans> = vec![place];
        let mut waiting = state::waiting(scene.fleet, scene.ui);
        // Those that one decision answers together count as one.
        let mut decisions: Vec<&Approval> = Vec::new();
        waiting.retain(|open| {
            let is_new = !decisions.iter().any(|decision| decision.is_same_request(&open.approval));
            decisions.extend(is_new.then_some(&open.approval));
            is_new
        });
        let place = decisions.iter().position(|first| first.id == approval.id || first.is_same_request(approval));
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
        (title, join(facts, theme))
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
            Ask::Trust(_) => Action::TrustPageDown,
            Ask::Tool | Ask::Questions(_) | Ask::Elicitation(_) => Action::DialogPageDown,
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

/// What is about to happen, unless another key follows.
fn holding(action: Action) -> &'static str {
    match action {
        Action::AllowOnce | Action::AllowForAWhile | Action::AcceptPlan | Action::AcceptPlanEdits => " allowing… ",
        Action::TrustFolder => " trusting… ",
        Action::StartWithout => " starting without it… ",
        Action::DoNotStart => " not starting… ",
        Action::Deny | Action::DenyAndStop | Action::StopPlanning => " denying… ",
        _ => " opening… ",
    }
}

/// Columns of the mark before a text.
const TEXT_MARK: u16 = 2;

fn age(age_ms: u64) -> String {
    let minutes = age_ms / 60_000;
    if minutes < 60 { format!("{minutes}m") } else { format!("{}h {:02}m", minutes / 60, minutes % 60) }
}
