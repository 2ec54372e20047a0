//! What a session is doing: a mark, a style and a word. One place, so that the tab, the panel and the
//! status line never disagree.

use ratatui::style::Style;

use super::paint::Spans;
use super::paint::flat;
use super::paint::span;
use super::pulse::Pulse;
use crate::core::approval::ApprovalState;
use crate::core::approval::OpenApproval;
use crate::core::figures::count;
use crate::core::fleet::Fleet;
use crate::core::permission::PermissionMode;
use crate::core::session::Activity;
use crate::core::session::Session;
use crate::core::trouble::TroubleKind;
use crate::tui::theme::Theme;
use crate::tui::ui::Ui;

/// A session that has been silent for this long while it should be working is said to be quiet.
const QUIET_AFTER_MS: u64 = 10_000;

/// The mark of an activity; its shape differs as well as its colour.
pub(super) fn mark(activity: Activity, theme: &Theme) -> (&'static str, Style) {
    let glyphs = &theme.glyphs;
    match activity {
        Activity::NotStarted => (glyphs.pending, theme.dim),
        Activity::Starting | Activity::Working | Activity::Stopping => (glyphs.working, theme.state_working),
        Activity::Waiting(_) => (glyphs.waiting, theme.state_waiting),
        Activity::Background(_) => (glyphs.background, theme.state_working),
        Activity::Idle => (glyphs.idle, theme.state_idle),
        Activity::Failed => (glyphs.error, theme.state_error),
        Activity::Limited => (glyphs.limited, theme.state_error),
        Activity::Followed | Activity::FollowedToEnd => (glyphs.followed, theme.state_idle),
    }
}

/// The activity in words, with how long it has been going on.
pub(super) fn words(session: &Session, theme: &Theme, pulse: &mut Pulse) -> Spans {
    let activity = session.activity();
    let (mark, style) = mark(activity, theme);
    let turn = session.turn.as_ref();
    let (mark, text) = match activity {
        Activity::NotStarted => (mark, "not started".to_owned()),
        Activity::Starting => (pulse.spin(theme), "starting".to_owned()),
        Activity::Working => {
            let verb = if turn.is_some_and(|turn| turn.interrupting) { "interrupting" } else { "working" };
            let elapsed = turn.map(|turn| pulse.since(turn.started)).unwrap_or_default();
            (pulse.spin(theme), format!("{verb} {elapsed}"))
        }
        Activity::Waiting(1) => (mark, "waiting for you".to_owned()),
        Activity::Waiting(n) => (mark, format!("{n} wait for you")),
        Activity::Background(n) => (mark, format!("{} in the background", count(n as u64, "task", "tasks"))),
        Activity::Idle => (mark, "ready".to_owned()),
        Activity::Failed => (mark, "stopped by an error".to_owned()),
        Activity::Limited => (mark, limited(session, pulse)),
        Activity::Stopping => (mark, "stopping".to_owned()),
        Activity::Followed => (mark, "followed, read-only".to_owned()),
        Activity::FollowedToEnd => (mark, "followed, has ended".to_owned()),
    };
    vec![span(format!("{mark} "), style), span(text, style)]
}

/// A usage limit: when the session goes on by itself, or else when it could.
fn limited(session: &Session, pulse: &mut Pulse) -> String {
    let lifts = match session.last_trouble().map(|trouble| &trouble.kind) {
        Some(TroubleKind::UsageLimit { lifts }) => lifts.filter(|lifts| *lifts > pulse.now),
        _ => None,
    };
    match (&session.resume, lifts) {
        (Some(resume), _) => format!("limit, goes on in {}", pulse.minutes_until(resume.at)),
        (None, Some(lifts)) => format!("limit lifts in {}", pulse.minutes_until(lifts)),
        (None, None) => "stopped by a usage limit".to_owned(),
    }
}

/// `quiet for 14s`, when a session that should be working says nothing.
pub(super) fn quiet(session: &Session, pulse: &mut Pulse) -> Option<String> {
    if session.turn.is_none() || session.activity() != Activity::Working {
        return None;
    }
    let start = session.heard;
    if pulse.now.millis_since(start) < QUIET_AFTER_MS {
        let due = start.0.saturating_add(i64::try_from(QUIET_AFTER_MS).unwrap_or(i64::MAX));
        pulse.change_at(crate::core::ids::Timestamp(due));
        return None;
    }
    let verb = if session.stalled { "stalled: quiet for" } else { "quiet for" };
    Some(format!("{verb} {}", pulse.since(start)))
}

/// The mode; what switches the rules off is never quiet.
pub(super) fn mode(mode: PermissionMode, theme: &Theme) -> Spans {
    if mode.is_dangerous() {
        return vec![span(format!(" {} ", mode.as_str()), theme.danger)];
    }
    let style = if mode == PermissionMode::Default { theme.dim } else { theme.accent };
    vec![span(mode.as_str(), style)]
}

/// The model without the words that every model's name begins and ends with.
pub(super) fn model(session: &Session) -> Option<String> {
    let raw = session.model.as_deref()?;
    let known = session.cli.models.iter().find(|choice| choice.value == raw).map(|choice| choice.label.as_str());
    if let Some(label) = known.filter(|label| !label.is_empty()) {
        return Some(flat(label));
    }
    let name = raw.strip_prefix("claude-").unwrap_or(raw);
    let is_date = |part: &str| part.len() == 8 && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut out = String::new();
    for part in name.split('-').filter(|part| !is_date(part)) {
        let is_number = |text: Option<char>| text.is_some_and(|c| c.is_ascii_digit());
        if !out.is_empty() {
            // `opus-5-5` is version 5.5 of opus.
            let joins = is_number(out.chars().next_back()) && is_number(part.chars().next());
            out.push(if joins { '.' } else { ' ' });
        }
        out.push_str(part);
    }
    Some(flat(&out))
}

/// Requests that still wait for an answer from here, first come first.
pub(super) fn waiting<'f>(fleet: &'f Fleet, ui: &Ui) -> Vec<&'f OpenApproval> {
    let mut open = fleet.inbox();
    open.retain(|open| open.state == ApprovalState::Pending && !ui.answered.contains(&open.approval.id));
    open
}
