//! Conversations that began elsewhere: picking one, forking at a prompt, following, taking over.

use std::sync::Arc;

use super::Effect;
use super::World;
use super::sessions;
use crate::core::cell::CellBody;
use crate::core::command::Command;
use crate::core::fleet::Fleet;
use crate::core::ids::CellId;
use crate::core::ids::ConversationId;
use crate::core::ids::SessionId;
use crate::core::session::Followed;
use crate::core::session::Session;
use crate::core::session::SessionSpec;
use crate::core::session::title_of;
use crate::transcripts::list::Entry;
use crate::tui::input::action::Action;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::ListItem;
use crate::tui::ui::dialog::ListKind;

/// Opens the list at once; it fills while it is read.
pub fn pick(ui: &mut Ui) -> Effect {
    sessions::open_list(ui, ListKind::Conversations { found: Vec::new(), is_reading: true });
    Effect::FindConversations
}

/// More conversations were found; `None`: these are all.
pub fn found(ui: &mut Ui, batch: Option<&[Entry]>) {
    for layer in &mut ui.layers {
        let Layer::List(list) = layer else { continue };
        let ListKind::Conversations { found, is_reading } = &mut list.kind else { continue };
        match batch {
            Some(batch) => found.extend(batch.iter().cloned().map(Arc::new)),
            None => *is_reading = false,
        }
    }
}

/// Where "the current project" is.
fn here(ui: &Ui, fleet: &Fleet) -> String {
    ui.session(fleet).map_or_else(|| ui.here.clone(), |session| session.spec.directory.clone())
}

/// The rows, those of the current project first, the newest first in both parts.
pub(super) fn rows(ui: &Ui, world: World<'_>, found: &[Arc<Entry>]) -> Vec<ListEntry> {
    let here = here(ui, world.fleet);
    let (mut rows, others): (Vec<&Arc<Entry>>, Vec<&Arc<Entry>>) =
        found.iter().partition(|entry| entry.directory.as_deref() == Some(here.as_str()));
    rows.extend(others);
    rows.into_iter().map(|entry| row(ui, world, entry)).collect()
}

fn row(ui: &Ui, world: World<'_>, entry: &Arc<Entry>) -> ListEntry {
    use crate::core::figures;
    use crate::tui::render::paths;
    use crate::tui::render::sanitize::sanitize;
    const PROJECT_WIDTH: usize = 32;
    let project = entry.directory.as_deref().unwrap_or("an unknown directory");
    let project = paths::short(&sanitize(project), Some(&ui.home), PROJECT_WIDTH, "…");
    let age = figures::duration(std::time::Duration::from_millis(world.now.millis_since(entry.modified)));
    let detail = format!("{project} · {age} ago · {}", figures::bytes(entry.bytes));
    let is_open = world.fleet.sessions().any(|session| session.is_on(&entry.id));
    ListEntry {
        item: ListItem::Conversation(Arc::clone(entry)),
        label: sanitize(entry.title.as_deref().unwrap_or("(no prompt)")).as_str().replace('\n', " "),
        detail,
        key: if is_open { "open".into() } else { String::new() },
        is_dangerous: false,
    }
}

/// Does with a conversation what the key says: go on, copy, or look on.
pub(super) fn take(ui: &mut Ui, world: World<'_>, entry: &Entry, how: Action) -> Vec<Effect> {
    let Some(directory) = entry.directory.clone() else {
        ui.say("The conversation does not say in which directory it was held.", true, world.now);
        return Vec::new();
    };
    let is_fork = how == Action::ListFork;
    let open = world.fleet.sessions().find(|session| session.is_on(&entry.id)).map(|session| session.id);
    if let Some(open) = open.filter(|_| !is_fork) {
        sessions::go_to(ui, open);
        ui.say("It is open already.", false, world.now);
        return Vec::new();
    }
    let title = entry.title.as_deref().map(title_of);
    let spec = SessionSpec {
        directory,
        title: if is_fork { title.map(|title| format!("{title} (fork)")) } else { title },
        resume: Some(entry.id.clone()),
        fork: is_fork,
        follow: how == Action::ListFollow,
        ..SessionSpec::default()
    };
    vec![sessions::open(ui, spec)]
}

/// A copy of the conversation that ends before the selected prompt, which stands in its input box.
pub(super) fn fork_here(ui: &mut Ui, world: World<'_>, session: &Session, selected: CellId) -> Vec<Effect> {
    let cell = session.transcript.get(selected);
    let Some(CellBody::Prompt(prompt)) = cell.map(|cell| &cell.body) else {
        ui.say("Select a prompt to fork before it: [ and ] go from one to the next.", false, world.now);
        return Vec::new();
    };
    let Some(conversation) = &session.conversation else {
        ui.say("There is no conversation yet to make a copy of.", false, world.now);
        return Vec::new();
    };
    let spec = SessionSpec { fork_at: Some(prompt.id.clone()), ..fork_of(session, conversation) };
    ui.drafts.insert(ui.next_tag, prompt.text.clone());
    vec![sessions::open(ui, spec)]
}

/// What opens a session on a copy of a conversation.
pub(super) fn fork_of(session: &Session, conversation: &ConversationId) -> SessionSpec {
    SessionSpec {
        directory: session.spec.directory.clone(),
        title: Some(format!("{} (fork)", session.title)),
        profile: session.spec.profile.clone(),
        resume: Some(conversation.clone()),
        fork: true,
        ..SessionSpec::default()
    }
}

/// The new session begins with a text in its input box, when one waits for it.
pub(super) fn place_draft(ui: &mut Ui, tag: u64, session: SessionId) {
    if let Some(text) = ui.drafts.remove(&tag)
        && let Some(tab) = ui.tabs.get_mut(&session)
    {
        tab.composer.set_text(&text);
    }
}

pub(super) fn follow(ui: &mut Ui, world: World<'_>, session: &Session) -> Vec<Effect> {
    if session.followed.is_some() {
        ui.say("It is followed already.", false, world.now);
        return Vec::new();
    }
    if session.conversation.is_none() || session.is_busy() {
        ui.say("Only a conversation in which nothing runs here can be followed.", true, world.now);
        return Vec::new();
    }
    vec![Effect::Send(Command::Follow { session: session.id })]
}

pub(super) fn take_over(ui: &mut Ui, world: World<'_>, session: &Session) -> Vec<Effect> {
    match &session.followed {
        None => ui.say("It is yours already: it is not followed.", false, world.now),
        Some(Followed { by: Some(by) }) => {
            ui.say(format!("It cannot be taken over yet: {by} works on it."), true, world.now);
        }
        Some(Followed { by: None }) => return vec![Effect::Send(Command::TakeOver { session: session.id })],
    }
    Vec::new()
}

/// Why nothing can be sent to a conversation that is only looked at.
pub(super) fn why_not(world: World<'_>, followed: &Followed) -> String {
    let key = |action: Action| world.keymap.key_of(action).unwrap_or_else(|| "the palette".into());
    match &followed.by {
        Some(by) => format!(
            "You only look on: {by} works on it. {} goes on in a copy; when it has ended, {} takes it over.",
            key(Action::ForkTab),
            key(Action::TakeOver)
        ),
        None => format!("It is followed; nobody works on it any more. {} takes it over.", key(Action::TakeOver)),
    }
}
