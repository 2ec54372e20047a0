//! The input box: sending, history.

use crossterm::event::KeyEvent;
use tui_textarea::Input;

use super::EditTarget;
use super::Effect;
use super::World;
use super::conversations;
use super::sessions;
use super::timeline;
use crate::core::command::Command;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::core::session::Session;
use crate::tui::input::action::Action;
use crate::tui::ui::PastPrompt;
use crate::tui::ui::Ui;
use crate::tui::ui::composer::Composer;
use crate::tui::ui::composer::Recall;
use crate::tui::ui::dialog::ListKind;
use crate::tui::ui::tab::Scroll;
use crate::tui::ui::tab::ScrollBy;

/// A second esc within this time clears the input of an idle session.
const ESCAPE_AGAIN_MS: u64 = 1_000;
/// For so long after a dialog went away esc does nothing.
const AFTER_DIALOG_MS: u64 = 1_000;
/// Prompts kept in memory for the history.
const MAX_HISTORY: usize = 2_000;

pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action, event: Option<KeyEvent>) -> Vec<Effect> {
    let Some(session) = ui.session(world.fleet) else {
        if action == Action::Send || action == Action::Escape {
            ui.say("There is no session yet: open one first.", true, world.now);
        }
        return Vec::new();
    };
    match action {
        Action::Send => return send(ui, world, session, SendHow::Queue),
        Action::SendNow => return send(ui, world, session, SendHow::InterruptFirst),
        Action::Escape => return escape(ui, world, session),
        Action::Newline => with_composer(ui, Composer::newline),
        Action::HistoryPrevious | Action::HistoryNext => history(ui, session, action, event),
        Action::HistorySearch => sessions::open_list(ui, ListKind::History(session.id)),
        Action::ExternalEditor => {
            let text = ui.tab().map(|tab| tab.composer.text()).unwrap_or_default();
            return vec![Effect::Edit { text, target: EditTarget::Composer(session.id) }];
        }
        Action::Complete => super::menu::complete(ui, world),
        Action::ScrollUp => timeline::scroll(ui, ScrollBy::HalfPages(-1)),
        Action::ScrollDown => timeline::scroll(ui, ScrollBy::HalfPages(1)),
        Action::EnterTimeline => timeline::enter(ui, session),
        _ => {}
    }
    Vec::new()
}

fn with_composer(ui: &mut Ui, change: impl FnOnce(&mut Composer)) {
    if let Some(tab) = ui.tab_mut() {
        change(&mut tab.composer);
    }
}

fn send(ui: &mut Ui, world: World<'_>, session: &Session, how: SendHow) -> Vec<Effect> {
    if ui.cli_missing.is_some() {
        ui.say("There is no Claude Code CLI to send this to; see above how to install it.", true, world.now);
        return Vec::new();
    }
    let Some(tab) = ui.tab_mut() else { return Vec::new() };
    let text = tab.composer.text();
    if text.trim().is_empty() {
        // Nothing new to say, and something waits for a word: this is it.
        let session = session.queue_is_held().then_some(session.id);
        return session.map(|session| Effect::Send(Command::Retry { session })).into_iter().collect();
    }
    if let Some(followed) = &session.followed {
        ui.say(conversations::why_not(world, followed), true, world.now);
        return Vec::new();
    }
    tab.composer.clear();
    ui.last_typed = None;
    let Some(tab) = ui.tab_mut() else { return Vec::new() };
    tab.scroll = Scroll::Follow;
    tab.scroll_by.clear();
    let past = PastPrompt { directory: session.spec.directory.clone(), text: text.clone() };
    ui.history.retain(|old| *old != past);
    ui.history.push(past.clone());
    if ui.history.len() > MAX_HISTORY {
        ui.history.remove(0);
    }
    let by = Surface::Terminal;
    vec![
        Effect::SavePrompt(past),
        Effect::Send(Command::Send { session: session.id, text, how, by, id: None, images: Vec::new() }),
    ]
}

fn escape(ui: &mut Ui, world: World<'_>, session: &Session) -> Vec<Effect> {
    // The same key puts a dialog away: pressed twice it must not end the turn as well.
    if ui.dialog_closed.is_some_and(|closed| world.now.millis_since(closed) < AFTER_DIALOG_MS) {
        return Vec::new();
    }
    if session.turn.is_some() && !session.approvals.is_empty() {
        let key = world.keymap.key_of(Action::NextWaiting).unwrap_or_default();
        ui.say(format!("Claude waits for your answer: {key} shows what it asks."), false, world.now);
        return Vec::new();
    }
    if session.turn.is_some() {
        ui.escape_armed = None;
        return sessions::interrupt(ui, world, session);
    }
    let again = ui.escape_armed.is_some_and(|armed| world.now.millis_since(armed) <= ESCAPE_AGAIN_MS);
    if again {
        ui.escape_armed = None;
        with_composer(ui, Composer::clear);
    } else if ui.tab().is_some_and(|tab| !tab.composer.is_blank()) {
        ui.escape_armed = Some(world.now);
        ui.say("Press esc once more to clear the input.", false, world.now);
    }
    Vec::new()
}

/// Prompts of a project, newest first.
pub(super) fn past_of<'u>(ui: &'u Ui, directory: &str) -> Vec<&'u PastPrompt> {
    ui.history.iter().rev().filter(|past| past.directory == directory).collect()
}

fn history(ui: &mut Ui, session: &Session, action: Action, event: Option<KeyEvent>) {
    let back = action == Action::HistoryPrevious;
    let Some(tab) = ui.tab() else { return };
    let at_edge = if back { tab.composer.is_on_first_line() } else { tab.composer.is_on_last_line() };
    let recall = tab.composer.recall.clone();
    if !at_edge || (!back && recall.is_none()) {
        if let Some(event) = event {
            with_composer(ui, |composer| composer.key(Input::from(event)));
        }
        return;
    }
    let next = match (&recall, back) {
        (None, _) => Some(0),
        (Some(recall), true) => Some(recall.back + 1),
        (Some(recall), false) => recall.back.checked_sub(1),
    };
    let draft = recall.map_or_else(|| tab.composer.text(), |recall| recall.draft);
    let past = past_of(ui, &session.spec.directory);
    let text = match next {
        None => Some(draft.clone()),
        Some(next) => past.get(next).map(|past| past.text.clone()),
    };
    let Some(text) = text else { return };
    with_composer(ui, |composer| {
        composer.set_text(&text);
        composer.recall = next.map(|back| Recall { back, draft });
    });
}
