//! The menu that completes a /command or an @file: when it opens, what stands in it, what its keys do.
//!
//! It opens by itself a moment after a key, never for what is pasted or recalled, and follows the word before the
//! cursor. Files are found by [`finder`](crate::tui::finder), which answers when it can.

use super::Effect;
use super::World;
use super::compose;
use crate::core::ids::Timestamp;
use crate::core::session::Session;
use crate::core::session::SlashCommand;
use crate::tui::finder::Answer;
use crate::tui::finder::Query;
use crate::tui::input::action::Action;
use crate::tui::mention;
use crate::tui::mention::FileName;
use crate::tui::mention::Written;
use crate::tui::ui::Ui;
use crate::tui::ui::menu::Menu;
use crate::tui::ui::menu::MenuItem;
use crate::tui::ui::menu::MenuKind;
use crate::tui::ui::menu::Take;
use crate::tui::ui::menu::Word;
use crate::tui::ui::menu::WordAt;

/// No paste pauses for so long, whatever the line.
const QUIET_MS: u64 = 40;
/// Enter that follows faster on the first entries was meant for the prompt.
const ARMING_MS: u64 = 250;
/// Commands that are offered.
const MAX_COMMANDS: usize = 200;

/// The word before the cursor that can be completed.
fn word_here(ui: &Ui, world: World<'_>) -> Option<Word> {
    if !ui.layers.is_empty() || ui.shown_approval(world.fleet).is_some() {
        return None;
    }
    let session = ui.session(world.fleet).filter(|session| session.followed.is_none())?;
    let tab = ui.tab().filter(|tab| tab.selected.is_none() && tab.composer.recall.is_none())?;
    let composer = &tab.composer;
    let before = composer.before_cursor();
    let (row, column) = composer.cursor();
    // In the middle of a word there is nothing to complete.
    if composer.after_cursor().chars().next().is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let at = |text: &str| WordAt { session: session.id, row, column: column.saturating_sub(text.chars().count()) };
    if row == 0 && before.starts_with('/') && !before.contains(char::is_whitespace) {
        let name = before.trim_start_matches('/').to_owned();
        return Some(Word { at: at(&before), kind: MenuKind::Commands, name, text: before, is_quoted: false });
    }
    let typed = mention::at_cursor(&before)?;
    Some(Word {
        at: at(typed.word),
        kind: MenuKind::Files,
        text: typed.word.to_owned(),
        name: typed.name.to_owned(),
        is_quoted: typed.is_quoted,
    })
}

/// Follows what stands before the cursor.
pub(super) fn settle(ui: &mut Ui, world: World<'_>) {
    let word = word_here(ui, world);
    if ui.completing.closed.is_some() && ui.completing.closed != word.as_ref().map(|word| word.at) {
        ui.completing.closed = None;
    }
    let Some(word) = word.filter(|word| Some(word.at) != ui.completing.closed) else {
        ui.completing.menu = None;
        return;
    };
    match &mut ui.completing.menu {
        Some(menu) if menu.word == word => {}
        Some(menu) if menu.word.at == word.at && menu.word.kind == word.kind => {
            menu.word = word;
            menu.takes_only = false;
            menu.selected = 0;
            refill(ui, world);
        }
        _ => {
            let is_quiet = ui.completing.typed.is_some_and(|typed| world.now.millis_since(typed) >= QUIET_MS);
            ui.completing.menu = None;
            if is_quiet {
                ui.completing.menu = Some(Menu::new(word));
                refill(ui, world);
            }
        }
    }
}

/// When a menu is due that waits for a pause.
pub(super) fn next_wake(ui: &Ui) -> Option<Timestamp> {
    let typed = ui.completing.typed.filter(|_| ui.completing.menu.is_none())?;
    Some(Timestamp(typed.0.saturating_add(QUIET_MS as i64)))
}

/// Entries for the word as it stands now. Files that were found for its beginning stay until better ones come.
fn refill(ui: &mut Ui, world: World<'_>) {
    let Some(menu) = &mut ui.completing.menu else { return };
    let items = match menu.word.kind {
        MenuKind::Files => {
            let is_like =
                |item: &MenuItem| item.file.as_ref().is_some_and(|file| has_letters(&file.shown, &menu.word.name));
            let files = menu.items.iter().filter(|item| is_like(item)).filter_map(|item| item.file.clone());
            files.map(|file| file_item(file, menu.word.is_quoted)).collect()
        }
        MenuKind::Commands => {
            let session = world.fleet.get(menu.word.at.session);
            let known = session.map(|session| commands_of(session, world)).unwrap_or_default();
            menu.note =
                known.is_empty().then(|| "Claude Code lists its commands once it runs: send a first prompt".into());
            commands(known, &menu.word.name)
        }
    };
    menu.fill(items, world.now);
}

/// Whether a text has these letters in this order.
fn has_letters(text: &str, wanted: &str) -> bool {
    let mut letters = text.chars().flat_map(char::to_lowercase);
    wanted.chars().flat_map(char::to_lowercase).all(|wanted| letters.any(|letter| letter == wanted))
}

/// The commands of the CLI: its own list, or that of another session in the same directory before it runs.
fn commands_of<'f>(session: &'f Session, world: World<'f>) -> &'f [SlashCommand] {
    let same =
        |other: &&Session| other.spec.directory == session.spec.directory && other.spec.profile == session.spec.profile;
    let others = world.fleet.sessions().filter(same);
    let known = [session].into_iter().chain(others).map(|session| session.cli.commands.as_slice());
    known.into_iter().find(|commands| !commands.is_empty()).unwrap_or_default()
}

/// Those that begin so, then those with a part or an alias that does, then those that contain it, then those with
/// these letters in this order.
fn commands(known: &[SlashCommand], typed: &str) -> Vec<MenuItem> {
    let typed = typed.to_lowercase();
    let rank = |command: &SlashCommand| {
        let name = command.name.to_lowercase();
        let begins = |text: &str| text.to_lowercase().starts_with(&typed);
        let parts = name.split([':', '-', '_', '/']);
        match () {
            () if begins(&name) => Some(0),
            () if command.aliases.iter().any(|alias| begins(alias)) || parts.clone().any(begins) => Some(1),
            () if name.contains(&typed) => Some(2),
            () if has_letters(&name, &typed) => Some(3),
            () => None,
        }
    };
    let mut found: Vec<(i32, &SlashCommand)> =
        known.iter().filter_map(|command| Some((rank(command)?, command))).collect();
    found.sort_by(|(one, a), (other, b)| one.cmp(other).then_with(|| a.name.cmp(&b.name)));
    let item = |(_, command): (i32, &SlashCommand)| {
        let aliases = command.aliases.iter().map(|alias| format!("/{alias}")).collect::<Vec<_>>().join(" ");
        let parts = [command.argument_hint.as_str(), aliases.as_str(), command.description.as_str()];
        let detail = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ");
        MenuItem {
            label: format!("/{}", command.name),
            detail,
            take: Take::Put(format!("/{} ", command.name)),
            file: None,
        }
    };
    found.into_iter().take(MAX_COMMANDS).map(item).collect()
}

fn file_item(file: FileName, is_quoted: bool) -> MenuItem {
    let (take, detail) = match mention::written(&file, is_quoted) {
        Written::Mention(text) => (Take::Put(text), ""),
        Written::Plain(text, why) => (Take::Put(text), why),
        Written::Never(why) => (Take::Refuse(format!("{}: {why}.", file.shown)), why),
    };
    MenuItem { label: file.shown.clone(), detail: detail.to_owned(), take, file: Some(file) }
}

/// The files that are to be looked for now, if the word has changed. They count as asked for from here on.
pub fn wanted(ui: &mut Ui, world: World<'_>) -> Option<Query> {
    let home = ui.home.clone();
    let menu = ui.completing.menu.as_mut().filter(|menu| menu.word.kind == MenuKind::Files)?;
    if menu.asked.as_ref() == Some(&menu.word.name) {
        return None;
    }
    let session = world.fleet.get(menu.word.at.session)?;
    menu.asked = Some(menu.word.name.clone());
    Some(Query { directory: session.spec.directory.clone(), home, typed: menu.word.name.clone() })
}

/// Files were found. An answer to a word that has changed meanwhile is not shown.
pub fn found(ui: &mut Ui, world: World<'_>, answer: Answer) {
    let Some(menu) = &mut ui.completing.menu else { return };
    let is_here =
        world.fleet.get(menu.word.at.session).is_some_and(|session| session.spec.directory == answer.query.directory);
    if menu.word.kind != MenuKind::Files || menu.word.name != answer.query.typed || !is_here {
        return;
    }
    let is_quoted = menu.word.is_quoted;
    let items: Vec<MenuItem> = answer.found.into_iter().map(|file| file_item(file, is_quoted)).collect();
    menu.note = answer.is_cut.then(|| "there are more files here than are looked through".to_owned());
    menu.fill(items, world.now);
    if !menu.takes_only || !answer.is_complete {
        return;
    }
    menu.takes_only = false;
    match menu.items.as_slice() {
        [] => {
            let text = format!("No file is like “{}”.", menu.word.name);
            ui.say(text, false, world.now);
        }
        [_] => take(ui, world),
        _ => {}
    }
}

/// A key typed in the input box. What came in one piece with others opens nothing.
pub(super) fn typed(ui: &mut Ui, world: World<'_>, writes: bool, is_burst: bool) {
    ui.completing.typed = (writes && !is_burst).then_some(world.now);
}

/// The person asks for a completion: the only one is taken at once.
pub(super) fn complete(ui: &mut Ui, world: World<'_>) {
    let Some(word) = word_here(ui, world) else {
        ui.say("Tab completes a /command or an @file.", false, world.now);
        return;
    };
    ui.completing.closed = None;
    ui.completing.menu = Some(Menu { takes_only: true, ..Menu::new(word) });
    refill(ui, world);
    let Some(menu) = &mut ui.completing.menu else { return };
    if menu.word.kind == MenuKind::Commands {
        menu.takes_only = false;
        if menu.items.len() == 1 {
            take(ui, world);
        } else if menu.items.is_empty() && menu.note.is_none() {
            let text = format!("Claude Code has no command like “{}”.", menu.word.text);
            ui.say(text, false, world.now);
        }
    }
}

pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    let Some(menu) = &mut ui.completing.menu else { return Vec::new() };
    match action {
        Action::MenuDown => menu.step(1),
        Action::MenuUp => menu.step(-1),
        Action::MenuTake => take(ui, world),
        Action::MenuTakeOrSend => {
            let was_seen = menu.opened.is_some_and(|opened| world.now.millis_since(opened) >= ARMING_MS);
            let is_whole = match menu.current().map(|item| &item.take) {
                Some(Take::Put(text)) => text.trim_end() == menu.word.text,
                Some(Take::Refuse(_)) | None => false,
            };
            if is_whole || !was_seen {
                return compose::act(ui, world, Action::Send, None);
            }
            take(ui, world);
        }
        Action::MenuClose => {
            ui.completing.closed = Some(menu.word.at);
            ui.completing.stop();
            // As after any dialog: a second esc must not end the turn.
            ui.dialog_closed = Some(world.now);
        }
        _ => {}
    }
    Vec::new()
}

/// Puts the selected entry in the place of the word.
fn take(ui: &mut Ui, world: World<'_>) {
    let Some(menu) = ui.completing.menu.take() else { return };
    let Some(item) = menu.current() else { return };
    match &item.take {
        Take::Put(text) => {
            if let Some(tab) = ui.tab_mut() {
                tab.composer.delete_before(menu.word.text.chars().count());
                tab.composer.insert(text);
            }
            ui.last_typed = Some(world.now);
            // A folder is gone into at once.
            let goes_on = item.file.as_ref().is_some_and(|file| file.is_folder);
            ui.completing.typed = goes_on.then_some(Timestamp(0));
        }
        Take::Refuse(why) => {
            let why = why.clone();
            ui.completing.closed = Some(menu.word.at);
            ui.say(why, true, world.now);
        }
    }
}
