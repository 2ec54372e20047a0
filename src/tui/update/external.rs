//! What came back from outside: a text from an external editor, files found for a completion.

use super::EditTarget;
use super::World;
use super::compose;
use super::keys;
use crate::core::ids::SessionId;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Completion;

/// The person left their editor.
pub fn edited(ui: &mut Ui, world: World<'_>, target: &EditTarget, text: &str) {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let composer = match target {
        EditTarget::Composer(session) => ui.tabs.get_mut(session).map(|tab| &mut tab.composer),
        EditTarget::Dialog => keys::text_box(ui, world),
    };
    if let Some(composer) = composer {
        composer.set_text(text);
    }
}

/// Files whose path begins with what was typed behind an @.
pub fn files_found(ui: &mut Ui, world: World<'_>, session: SessionId, typed: &str, found: Vec<String>) {
    if found.is_empty() {
        ui.say(format!("No file is like “{typed}”."), false, world.now);
        return;
    }
    let is_quoted = ui.tab().is_some_and(|tab| tab.composer.before_cursor().ends_with(&format!("@\"{typed}")));
    let word = |path: String| {
        let is_folder = path.ends_with('/');
        // A name with blanks stands in quotes, which stay open while a folder is being gone into.
        match (is_quoted || path.contains(char::is_whitespace), is_folder) {
            (true, true) => format!("@\"{path}"),
            (true, false) => format!("@\"{path}\" "),
            (false, true) => format!("@{path}"),
            (false, false) => format!("@{path} "),
        }
    };
    let words = found.into_iter().map(|path| Completion { text: word(path), detail: String::new() }).collect();
    compose::offer(ui, session, typed.chars().count() + 1 + usize::from(is_quoted), words);
}
