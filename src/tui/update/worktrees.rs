//! Sessions in git worktrees: asking for one, and what becomes of it when its session is closed.

use super::Effect;
use super::World;
use super::pages;
use super::sessions;
use crate::core::command::Command;
use crate::core::fleet::Fleet;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::prompt::Surface;
use crate::core::session::Session;
use crate::core::session::SessionSpec;
use crate::core::worktree::Report;
use crate::core::worktree::Verdict;
use crate::core::worktree::WorktreeSpec;
use crate::tui::input::action::Action;
use crate::tui::render::paths;
use crate::tui::render::sanitize::sanitize;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Confirm;
use crate::tui::ui::dialog::ConfirmKind;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::NewWorktree;
use crate::tui::ui::dialog::Offer;
use crate::tui::ui::dialog::TextKind;

/// Room for a directory in the words of a dialog.
const DIRECTORY_WIDTH: usize = 40;

/// Asks for the branch of a worktree of the repository that is looked at.
pub(super) fn ask_here(ui: &mut Ui, world: World<'_>) {
    let session = ui.session(world.fleet);
    let of_worktree = |session: &Session| session.worktree.as_ref().map(|worktree| worktree.place.origin.clone());
    let directory = session.map_or_else(
        || ui.here.clone(),
        |session| of_worktree(session).unwrap_or_else(|| session.spec.directory.clone()),
    );
    let profile = session.and_then(|session| session.spec.profile.clone());
    ask(ui, NewWorktree { directory, profile, draft: None }, "", None);
}

/// Asks for the branch of a worktree.
pub(super) fn ask(ui: &mut Ui, wanted: NewWorktree, branch: &str, error: Option<String>) {
    let directory = paths::short(&sanitize(&wanted.directory), Some(&ui.home), DIRECTORY_WIDTH, "…");
    let hint = format!(
        "a name for the new branch, or nothing to have one chosen · it begins at the commit that is checked out in \
         {directory}; what is not committed there is not in it"
    );
    pages::ask_text(ui, TextKind::NewWorktree(wanted), "Open a session in a git worktree of its own", &hint, branch);
    if let Some(Layer::Text(dialog)) = ui.layers.last_mut() {
        dialog.error = error;
    }
}

/// Opens a session in a worktree; an empty name leaves it to the engine.
pub(super) fn open(ui: &mut Ui, wanted: NewWorktree, branch: &str) -> Effect {
    let branch = Some(branch.trim().to_owned()).filter(|branch| !branch.is_empty());
    let worktree = Some(WorktreeSpec::Wanted { branch });
    let spec = SessionSpec {
        directory: wanted.directory.clone(),
        profile: wanted.profile.clone(),
        worktree,
        ..SessionSpec::default()
    };
    let tag = ui.next_tag;
    ui.drafts.extend(wanted.draft.map(|draft| (tag, draft)));
    sessions::open(ui, spec)
}

/// A worktree that was asked for could not be made: it is asked for again, with the reason.
pub(super) fn refused(ui: &mut Ui, tag: u64, why: &str, instead: Option<&str>) {
    ui.awaited_tags.remove(&tag);
    let draft = ui.drafts.remove(&tag);
    let Some(spec) = ui.worktrees_wanted.remove(&tag) else { return };
    let asked = match &spec.worktree {
        Some(WorktreeSpec::Wanted { branch: Some(branch) }) => branch.clone(),
        _ => String::new(),
    };
    let wanted = NewWorktree { directory: spec.directory, profile: spec.profile, draft };
    ask(ui, wanted, instead.unwrap_or(&asked), Some(format!("That was not possible: {why}.")));
}

/// Begins to close a session that has a worktree: what it holds is looked at first.
pub(super) fn begin_closing(ui: &mut Ui, now: Timestamp, session: &Session) -> Vec<Effect> {
    if session.is_aside() {
        ui.say("The session closes by itself when its worktree is deleted.", false, now);
        return Vec::new();
    }
    ui.closing = Some(session.id);
    ui.say("Looking at the worktree…", false, now);
    vec![Effect::Send(Command::LookAtWorktree { session: session.id })]
}

/// The worktree of a session was looked at, or could not be.
pub(super) fn looked(ui: &mut Ui, fleet: &Fleet, id: SessionId, found: Result<&Report, &str>, now: Timestamp) {
    let Some(session) = fleet.get(id) else { return };
    let Some(worktree) = &session.worktree else { return };
    if ui.closing != Some(id) {
        if let Err(why) = found {
            ui.say(format!("The worktree stays: {why}"), true, now);
        }
        return;
    }
    ui.closing = None;
    ui.toast = None;
    if ui.active != Some(id) || !ui.layers.is_empty() {
        ui.say("The worktree was looked at; close its session again to go on.", false, now);
        return;
    }
    let branch = &worktree.place.branch;
    let (offer, question, mut details) = match found.map(|report| (report, report.verdict())) {
        Ok((report, Verdict::Free)) => {
            let question = format!("Close “{}”? Nothing in its worktree would be lost.", session.title);
            (Offer::Free { seen: report.mark.clone() }, question, Vec::new())
        }
        Ok((report, Verdict::Named)) => {
            let question =
                format!("Close “{}”? In the worktree of {branch} there is what is nowhere else:", session.title);
            (Offer::Named { seen: report.mark.clone() }, question, report.losses())
        }
        Ok((_, Verdict::Kept(why))) => {
            (Offer::Kept, format!("Close “{}”? Its worktree cannot be removed:", session.title), vec![why])
        }
        Err(why) => {
            (Offer::Kept, format!("Close “{}”? Its worktree cannot be removed:", session.title), vec![why.to_owned()])
        }
    };
    if let (Ok(report), Offer::Free { .. } | Offer::Named { .. }) = (found, &offer) {
        details.extend(report.remarks(&worktree.place));
    }
    details.push(paths::short(&sanitize(&worktree.place.path), Some(&ui.home), DIRECTORY_WIDTH + 20, "…"));
    let is_dangerous = matches!(offer, Offer::Named { .. });
    let kind = ConfirmKind::Worktree(id, offer);
    ui.layers.push(Layer::Confirm(Confirm { is_dangerous, ..Confirm::new(kind, question, details, now) }));
}

/// An answer to the question what becomes of a worktree. Other keys do nothing.
pub(super) fn answered(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    let Some(Layer::Confirm(Confirm { kind: ConfirmKind::Worktree(id, offer), .. })) = ui.layers.last() else {
        return Vec::new();
    };
    let (id, offer) = (*id, offer.clone());
    let Some(session) = world.fleet.get(id) else {
        ui.layers.pop();
        return Vec::new();
    };
    match (action, offer) {
        (Action::ConfirmKeep, _) => {
            ui.layers.pop();
            vec![sessions::closing(ui, session)]
        }
        (Action::ConfirmRemove, Offer::Free { seen }) => {
            ui.layers.pop();
            vec![remove(id, seen, None)]
        }
        (Action::ConfirmRemove, Offer::Named { seen }) => {
            ui.layers.pop();
            ask_name(ui, session, seen);
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn ask_name(ui: &mut Ui, session: &Session, seen: String) {
    let Some(worktree) = &session.worktree else { return };
    let branch = worktree.place.branch.clone();
    let losses = worktree.report.as_ref().map(Report::losses).unwrap_or_default().join(" · ");
    let hint = format!("type the name of the branch, {branch} · lost with it: {losses}");
    let kind = TextKind::RemoveWorktree { session: session.id, branch, seen };
    pages::ask_text(ui, kind, "Remove the worktree and its branch", &hint, "");
}

fn remove(session: SessionId, seen: String, named: Option<String>) -> Effect {
    Effect::Send(Command::RemoveWorktree { session, seen, named, by: Surface::Terminal })
}

/// The name of the branch was typed, or something else.
pub(super) fn named(ui: &mut Ui, kind: TextKind, text: &str) -> Vec<Effect> {
    let TextKind::RemoveWorktree { session, branch, seen } = kind else { return Vec::new() };
    if text == branch {
        ui.layers.pop();
        return vec![remove(session, seen, Some(branch))];
    }
    if let Some(Layer::Text(dialog)) = ui.layers.last_mut() {
        dialog.error = Some(format!("That is not {branch}. Nothing was removed; esc leaves it so."));
    }
    Vec::new()
}

/// The removal that can be undone: the one that ends first.
fn undoable(fleet: &Fleet) -> Option<(&Session, Option<Timestamp>)> {
    let aside = |session: &Session| session.worktree.as_ref()?.aside.as_ref().map(|aside| aside.until);
    let removed = fleet.sessions().filter_map(|session| Some((session, aside(session)?)));
    removed.min_by_key(|(_, until)| until.unwrap_or(Timestamp(i64::MAX)))
}

pub(super) fn undo(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    // The one that is looked at, else the one that is about to be over.
    let shown = ui.session(world.fleet).filter(|session| session.is_aside());
    match shown.or_else(|| undoable(world.fleet).map(|(session, _)| session)) {
        Some(session) => {
            vec![Effect::Send(Command::RestoreWorktree { session: session.id, by: Surface::Terminal })]
        }
        None => {
            ui.say("No worktree was just removed.", false, world.now);
            Vec::new()
        }
    }
}

/// A worktree is put aside: its tab has nothing to show any more but the way back.
pub(super) fn put_aside(ui: &mut Ui, fleet: &Fleet, id: SessionId) {
    if ui.active != Some(id) {
        return;
    }
    let place = ui.order.iter().position(|other| *other == id).unwrap_or(0);
    let stays = |other: &&SessionId| fleet.get(**other).is_some_and(|session| !session.is_aside());
    let next = ui.order.iter().skip(place).find(stays).or_else(|| ui.order.iter().take(place).rfind(stays)).copied();
    if let Some(next) = next {
        sessions::go_to(ui, next);
    }
}
