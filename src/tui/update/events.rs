//! What the engine's events change here: new tabs, calls for attention, refused answers.

use super::Effect;
use crate::core::cell::TurnOutcome;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::ids::Timestamp;
use crate::core::prompt::Surface;
use crate::tui::ui::Ui;

/// Takes note of an event that the fold already has.
pub fn note(ui: &mut Ui, fleet: &Fleet, event: &Event, now: Timestamp) -> Vec<Effect> {
    match &event.kind {
        EventKind::OpenRefused { tag: Some(tag), why, instead } => {
            super::worktrees::refused(ui, *tag, why, instead.as_deref());
        }
        EventKind::WorktreeLooked(report) => super::worktrees::looked(ui, fleet, event.session, Ok(report), now),
        EventKind::WorktreeKept { why } => super::worktrees::looked(ui, fleet, event.session, Err(why), now),
        EventKind::WorktreeAside { .. } => super::worktrees::put_aside(ui, fleet, event.session),
        EventKind::WorktreeBack { .. } => {
            super::sessions::go_to(ui, event.session);
            ui.say("The worktree is where it was.", false, now);
        }
        EventKind::Opened { tag: Some(tag), .. } if ui.awaited_tags.remove(tag) => {
            ui.worktrees_wanted.remove(tag);
            super::sessions::settle(ui, fleet);
            super::sessions::go_to(ui, event.session);
            super::conversations::place_draft(ui, *tag, event.session);
        }
        EventKind::AnswerRefused { approval, why } => {
            ui.answered.remove(approval);
            ui.say(format!("Your answer did not count: {why}"), true, now);
        }
        EventKind::ApprovalResolved { approval, verdict } => {
            let elsewhere = verdict.by != Surface::Terminal;
            if elsewhere && ui.approval.as_ref().is_some_and(|focus| focus.id == *approval) {
                ui.say(
                    format!("{} by {}.", capitalised(verdict.decision.describe()), verdict.by.describe()),
                    false,
                    now,
                );
            }
        }
        EventKind::ApprovalAsked(approval) => {
            let title = fleet.get(event.session).map(|session| session.title.clone()).unwrap_or_default();
            return call(ui, event, format!("{title}: {} waits for you", approval.tool));
        }
        EventKind::TurnEnded { outcome, .. } => {
            let title = fleet.get(event.session).map(|session| session.title.clone()).unwrap_or_default();
            let what = match outcome {
                TurnOutcome::Completed => "is done",
                TurnOutcome::Interrupted => return Vec::new(),
                TurnOutcome::Failed(_) => "failed",
            };
            return call(ui, event, format!("{title} {what}"));
        }
        EventKind::Exited(exit) if exit.trouble.is_some() => {
            let title = fleet.get(event.session).map(|session| session.title.clone()).unwrap_or_default();
            return call(ui, event, format!("{title} stopped with an error"));
        }
        _ => {}
    }
    Vec::new()
}

/// Calls the person, unless they are looking at it already.
fn call(ui: &Ui, event: &Event, body: String) -> Vec<Effect> {
    if ui.screen.focused && ui.active == Some(event.session) {
        return Vec::new();
    }
    vec![Effect::Attention { title: "adjutant".into(), body }]
}

pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
