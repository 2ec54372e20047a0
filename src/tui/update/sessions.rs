//! Tabs, modes, turns, quitting: the actions that work everywhere.

use super::Effect;
use super::World;
use super::approvals;
use super::conversations;
use super::keys::act as act_on;
use super::pages;
use super::timeline;
use super::worktrees;
use crate::core::command::Command;
use crate::core::fleet::Fleet;
use crate::core::ids::CellId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::permission::PermissionMode;
use crate::core::phone::PhoneView;
use crate::core::phone::PhoneWish;
use crate::core::session::Session;
use crate::core::session::SessionSpec;
use crate::core::session::title_of;
use crate::core::task::Task;
use crate::core::worktree::WorktreeSpec;
use crate::tui::input::action::Action;
use crate::tui::ui::Panel;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Confirm;
use crate::tui::ui::dialog::ConfirmKind;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::ListDialog;
use crate::tui::ui::dialog::ListKind;
use crate::tui::ui::dialog::TextKind;
use crate::tui::ui::tab::ScrollBy;
use crate::tui::ui::tab::Tab;

/// A second ctrl-c within this time quits.
const QUIT_AGAIN_MS: u64 = 2_000;

/// Makes a tab for every session and takes those away whose session is gone.
pub(super) fn settle(ui: &mut Ui, fleet: &Fleet) {
    for session in fleet.sessions() {
        ui.tabs.entry(session.id).or_insert_with(|| {
            ui.order.push(session.id);
            Tab::default()
        });
    }
    let place = ui.active.and_then(|active| ui.order.iter().position(|id| *id == active));
    ui.order.retain(|id| fleet.get(*id).is_some());
    ui.tabs.retain(|id, _| fleet.get(*id).is_some());
    if ui.active.is_none_or(|active| fleet.get(active).is_none()) {
        // The neighbour takes the place of a closed tab.
        let neighbour = place.map_or(0, |place| place.min(ui.order.len().saturating_sub(1)));
        ui.active = ui.order.get(neighbour).copied();
    }
    if let Some(session) = ui.session(fleet) {
        let seen = session.transcript.n_ever();
        let first = session.transcript.n_dropped();
        if let Some(tab) = ui.tab_mut() {
            tab.seen = seen;
            if tab.selected.is_some_and(|cell| cell.0 < first) {
                tab.selected = None;
            }
        }
    }
}

/// The older cells of the shown session that are not here yet, by the one they stand before.
pub fn missing_history(ui: &Ui, fleet: &Fleet) -> Option<(SessionId, CellId)> {
    let session = ui.session(fleet)?;
    let first = CellId(session.transcript.n_dropped());
    let is_new = ui.tabs.get(&session.id)?.asked_before != Some(first);
    (first.0 > 0 && is_new).then_some((session.id, first))
}

/// A session that stands for what somebody wants to open: the same conversation, or the same directory and the
/// same profile.
pub fn already_open(fleet: &Fleet, spec: &SessionSpec) -> Option<SessionId> {
    if matches!(spec.worktree, Some(WorktreeSpec::Wanted { .. })) {
        return None;
    }
    let same = |session: &&Session| match &spec.resume {
        Some(conversation) => !spec.fork && session.is_on(conversation),
        None => {
            session.spec.directory == spec.directory && (spec.profile.is_none() || session.spec.profile == spec.profile)
        }
    };
    fleet.sessions().find(same).map(|session| session.id)
}

/// Shows a session's tab.
pub fn go_to(ui: &mut Ui, id: SessionId) {
    if ui.tabs.contains_key(&id) {
        ui.active = Some(id);
        ui.escape_armed = None;
    }
}

/// Asks the engine for a session in a directory and remembers to show it.
pub fn open(ui: &mut Ui, spec: SessionSpec) -> Effect {
    let tag = ui.next_tag;
    ui.next_tag += 1;
    ui.awaited_tags.insert(tag);
    if spec.worktree.is_some() {
        ui.worktrees_wanted.insert(tag, spec.clone());
    }
    Effect::Send(Command::Open { spec: Box::new(spec), tag: Some(tag) })
}

pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    match action {
        Action::Messages => pages::open_messages(ui, world.now),
        Action::Help => pages::open_help(ui),
        Action::Palette => open_list(ui, ListKind::Palette),
        Action::NewTab => {
            let directory =
                ui.session(world.fleet).map_or_else(|| ui.here.clone(), |session| session.spec.directory.clone());
            pages::ask_text(ui, TextKind::NewTab, "Open a session in", "a directory · ~ is your home", &directory);
        }
        Action::NewWorktree => worktrees::ask_here(ui, world),
        Action::UndoRemoval => return worktrees::undo(ui, world),
        Action::SearchAll => {
            let kind = ListKind::Found { asked: String::new(), hits: Vec::new(), trouble: None };
            open_list(ui, kind);
        }
        Action::Conversations => return vec![conversations::pick(ui)],
        Action::ReopenTab => match ui.closed.pop() {
            Some(spec) => return vec![open(ui, spec)],
            None => ui.say("No session was closed here.", false, world.now),
        },
        Action::NextTab => step_tab(ui, 1),
        Action::PreviousTab => step_tab(ui, -1),
        Action::MoveTabLeft => move_tab(ui, -1),
        Action::MoveTabRight => move_tab(ui, 1),
        Action::Tab1 => nth_tab(ui, 0),
        Action::Tab2 => nth_tab(ui, 1),
        Action::Tab3 => nth_tab(ui, 2),
        Action::Tab4 => nth_tab(ui, 3),
        Action::Tab5 => nth_tab(ui, 4),
        Action::Tab6 => nth_tab(ui, 5),
        Action::Tab7 => nth_tab(ui, 6),
        Action::Tab8 => nth_tab(ui, 7),
        Action::Tab9 => nth_tab(ui, 8),
        Action::NextWaiting => {
            ui.layers.clear();
            approvals::look_at_next(ui, world, 1);
        }
        Action::Inbox => open_list(ui, ListKind::Inbox),
        Action::PausePhone => return phone(ui, world, |phone| PhoneWish::Pause(!phone.paused)),
        Action::PairPhone => return phone(ui, world, |phone| PhoneWish::Pair(phone.pairing.is_none())),
        Action::Grants => open_list(ui, ListKind::Grants),
        Action::Panel => toggle_panel(ui),
        Action::Redraw => return vec![Effect::Redraw],
        Action::Suspend => return vec![Effect::Suspend],
        Action::Quit => return quit(ui, world),
        Action::ClearOrQuit => return clear_or_quit(ui, world),
        _ => {
            let Some(session) = ui.session(world.fleet) else {
                ui.say("There is no session yet: open one first.", true, world.now);
                return Vec::new();
            };
            return act_on_session(ui, world, session, action);
        }
    }
    Vec::new()
}

fn act_on_session(ui: &mut Ui, world: World<'_>, session: &Session, action: Action) -> Vec<Effect> {
    let id = session.id;
    match action {
        Action::ForkTab => match &session.conversation {
            Some(conversation) => return vec![open(ui, conversations::fork_of(session, conversation))],
            None => ui.say("There is no conversation yet to make a copy of.", false, world.now),
        },
        Action::FollowTab => return conversations::follow(ui, world, session),
        Action::TakeOver => return conversations::take_over(ui, world, session),
        Action::CloseTab => return close(ui, world.now, session),
        Action::RemoveWorktree if session.worktree.is_none() => {
            ui.say("This session has no worktree of its own.", false, world.now);
        }
        Action::RemoveWorktree => return close(ui, world.now, session),
        Action::RenameTab => pages::ask_text(ui, TextKind::Rename(id), "Title of this session", "", &session.title),
        Action::Interrupt => return interrupt(ui, world, session),
        Action::CycleMode => return set_mode(ui, world.now, session, session.mode.next()),
        Action::ChooseMode => open_list(ui, ListKind::Modes(id)),
        Action::ChooseModel => open_list(ui, ListKind::Models(id)),
        Action::Queue => open_list(ui, ListKind::Queue(id)),
        Action::Tasks => {
            open_list(ui, ListKind::Tasks(id));
            let read = |task: &Task| Effect::Send(Command::ReadTask { session: id, task: task.id.clone() });
            return session.running_tasks().map(read).collect();
        }
        Action::GoOnAfterLimit => {
            let goes_on = !session.goes_on;
            let who = if goes_on { "goes on by itself" } else { "waits for you" };
            let text = &format!("This session {who} when a usage limit has lifted.");
            ui.say(text, false, world.now);
            return vec![Effect::Send(Command::SetGoesOn { session: session.id, goes_on })];
        }
        Action::Retry => return retry(ui, world, session),
        Action::StopSession => return vec![Effect::Send(Command::Stop { session: id })],
        Action::MeasureContext => return vec![Effect::Send(Command::MeasureContext { session: id })],
        Action::FoldAll => {
            if let Some(tab) = ui.tab_mut() {
                tab.toggle_all();
            }
        }
        Action::PageUp => timeline::scroll(ui, ScrollBy::HalfPages(-2)),
        Action::PageDown => timeline::scroll(ui, ScrollBy::HalfPages(2)),
        _ => {}
    }
    Vec::new()
}

pub(super) fn open_list(ui: &mut Ui, kind: ListKind) {
    ui.layers.push(Layer::List(ListDialog::new(kind)));
}

fn step_tab(ui: &mut Ui, step: isize) {
    let Some(place) = ui.active.and_then(|active| ui.order.iter().position(|id| *id == active)) else { return };
    let next = (place as isize + step).rem_euclid(ui.order.len() as isize) as usize;
    nth_tab(ui, next);
}

fn nth_tab(ui: &mut Ui, place: usize) {
    if let Some(id) = ui.order.get(place).copied() {
        go_to(ui, id);
    }
}

fn move_tab(ui: &mut Ui, step: isize) {
    let Some(place) = ui.active.and_then(|active| ui.order.iter().position(|id| *id == active)) else { return };
    if let Some(other) = place.checked_add_signed(step).filter(|other| *other < ui.order.len()) {
        ui.order.swap(place, other);
    }
}

fn toggle_panel(ui: &mut Ui) {
    const ROOM_FOR_PANEL: u16 = 100;
    if ui.screen.width < ROOM_FOR_PANEL {
        pages::open_progress(ui);
        return;
    }
    ui.panel = match ui.panel {
        Panel::Hidden => Panel::Auto,
        Panel::Auto | Panel::Overlay => Panel::Hidden,
    };
}

/// Interrupts the running turn; with nothing running it says so.
pub(super) fn interrupt(ui: &mut Ui, world: World<'_>, session: &Session) -> Vec<Effect> {
    if session.turn.is_none() {
        ui.say("No turn is running.", false, world.now);
        return Vec::new();
    }
    vec![Effect::Send(Command::Interrupt { session: session.id })]
}

/// Asks before the one mode that asks nothing any more.
pub(super) fn set_mode(ui: &mut Ui, now: Timestamp, session: &Session, mode: PermissionMode) -> Vec<Effect> {
    if mode.is_dangerous() && session.mode != mode {
        let question = format!("Let “{}” run everything without asking?", session.title);
        let details = vec![
            "Every command and every edit runs at once, whatever it destroys.".into(),
            format!("It works in {}.", session.directory()),
        ];
        let kind = ConfirmKind::SetMode(session.id, mode);
        let confirm = Confirm { is_dangerous: true, ..Confirm::new(kind, question, details, now) };
        ui.layers.push(Layer::Confirm(confirm));
        return Vec::new();
    }
    vec![Effect::Send(Command::SetMode { session: session.id, mode })]
}

fn retry(ui: &mut Ui, world: World<'_>, session: &Session) -> Vec<Effect> {
    if session.turn.is_none() && session.last_trouble().is_some() {
        return vec![Effect::Send(Command::Retry { session: session.id })];
    }
    ui.say("There is nothing to send again: the last turn did not fail.", false, world.now);
    Vec::new()
}

fn close(ui: &mut Ui, now: Timestamp, session: &Session) -> Vec<Effect> {
    let has_draft = ui.tabs.get(&session.id).is_some_and(|tab| !tab.composer.is_blank());
    if !session.is_busy() && !has_draft && session.worktree.is_some() {
        return worktrees::begin_closing(ui, now, session);
    }
    if !session.is_busy() && !has_draft && session.transcript.is_empty() {
        return vec![closing(ui, session)];
    }
    let mut details = cut_off(session);
    if has_draft {
        details.push("the prompt you are writing is lost".into());
    }
    let question = if session.is_busy() {
        format!("Close “{}” although it is busy?", session.title)
    } else {
        format!("Close “{}”?", session.title)
    };
    ui.layers.push(Layer::Confirm(Confirm::new(ConfirmKind::CloseTab(session.id), question, details, now)));
    Vec::new()
}

/// Closes a session and remembers how to open it again.
pub(super) fn closing(ui: &mut Ui, session: &Session) -> Effect {
    let title = session.titled.then(|| session.title.clone());
    let (mode, model) = (Some(session.mode).filter(|mode| !mode.is_dangerous()), session.spec.model.clone());
    let (directory, profile) = (session.spec.directory.clone(), session.spec.profile.clone());
    let resume = session.conversation.clone();
    ui.closed.push(SessionSpec { directory, title, profile, mode, model, resume, ..SessionSpec::default() });
    Effect::Send(Command::Close { session: session.id })
}

/// What ending a session cuts off, a line each.
fn cut_off(session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    let title = &session.title;
    if session.turn.is_some() {
        lines.push(format!("{title}: a turn is running"));
    }
    let count = |n: usize, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    let n_tasks = session.running_tasks().filter(|task| !task.only_waits()).count();
    for task in session.running_tasks().filter(|task| task.only_waits()) {
        lines.push(format!("{title}: a {} of the model, {}", task.kind, title_of(&task.description)));
    }
    if n_tasks > 0 {
        lines.push(format!("{title}: {}", count(n_tasks, "background task", "background tasks")));
    }
    if !session.approvals.is_empty() {
        lines.push(format!(
            "{title}: {} will be denied",
            count(session.approvals.len(), "open request", "open requests")
        ));
    }
    if !session.queue.is_empty() {
        lines.push(format!("{title}: {} not sent yet", count(session.queue.len(), "prompt", "prompts")));
    }
    lines
}

fn quit(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    let details: Vec<String> = world.fleet.sessions().filter(|session| session.is_busy()).flat_map(cut_off).collect();
    if details.is_empty() {
        return vec![Effect::Quit];
    }
    let (kind, question) = if ui.is_attached {
        (ConfirmKind::Leave, "Quit? The sessions can go on without this terminal. Stopping them would cut off:")
    } else {
        (ConfirmKind::Quit, "Quit and stop what is running?")
    };
    let is_open = ui.layers.iter().any(|layer| matches!(layer, Layer::Confirm(confirm) if confirm.kind == kind));
    if !is_open {
        let question = question.to_owned();
        ui.layers.push(Layer::Confirm(Confirm::new(kind, question, details, world.now)));
    }
    Vec::new()
}

fn clear_or_quit(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    if ui.quit_armed.is_some_and(|armed| world.now.millis_since(armed) <= QUIT_AGAIN_MS) {
        return vec![Effect::Quit];
    }
    let on_input = ui.layers.is_empty() && ui.approval.is_none();
    if let Some(tab) = ui.tab_mut().filter(|tab| on_input && !tab.composer.is_blank()) {
        tab.composer.clear();
        return Vec::new();
    }
    ui.quit_armed = Some(world.now);
    ui.say("Press ctrl-c once more to quit.", false, world.now);
    let busy = world.fleet.sessions().any(Session::is_busy);
    if busy { quit(ui, world) } else { Vec::new() }
}

/// What "yes" to a question of ours does.
pub(super) fn confirmed(ui: &mut Ui, world: World<'_>, kind: &ConfirmKind) -> Vec<Effect> {
    match kind {
        ConfirmKind::Quit | ConfirmKind::Leave => vec![Effect::Quit],
        ConfirmKind::CloseTab(id) if world.fleet.get(*id).is_some_and(|session| session.worktree.is_some()) => {
            let session = world.fleet.get(*id);
            session.map(|session| worktrees::begin_closing(ui, world.now, session)).unwrap_or_default()
        }
        ConfirmKind::CloseTab(id) => world.fleet.get(*id).map(|session| closing(ui, session)).into_iter().collect(),
        ConfirmKind::SetMode(session, mode) => vec![Effect::Send(Command::SetMode { session: *session, mode: *mode })],
        // It has answers of its own.
        ConfirmKind::Worktree(..) => Vec::new(),
        ConfirmKind::AllowTogether(ids) => approvals::together::allow_together(ui, world, ids),
    }
}

/// Does what the palette was asked for.
pub(super) fn from_palette(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    act_on(ui, world, action, None)
}

/// Wants something of the relay, if there is one.
fn phone(ui: &mut Ui, world: World<'_>, wish: impl FnOnce(&PhoneView) -> PhoneWish) -> Vec<Effect> {
    match &ui.phone {
        Some(phone) => vec![Effect::Phone(wish(phone))],
        None => {
            ui.say("There is no relay: [relay.feishu] in config.toml sets it up.", false, world.now);
            Vec::new()
        }
    }
}
