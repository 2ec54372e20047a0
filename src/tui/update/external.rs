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
        ui.say(format!("No file begins with “{typed}”."), false, world.now);
        return;
    }
    let words = found
        .into_iter()
        .map(|path| {
            let end = if path.ends_with('/') { "" } else { " " };
            Completion { text: format!("@{path}{end}"), detail: String::new() }
        })
        .collect();
    compose::offer(ui, session, typed.chars().count() + 1, words);
}
