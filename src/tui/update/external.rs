//! What came back from outside: a text from an external editor.

use super::EditTarget;
use super::World;
use super::keys;
use crate::tui::ui::Ui;

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
