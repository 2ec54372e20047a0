//! Programs that borrow the terminal: an editor, and whatever runs while adjutant is suspended.

use std::io;

use super::App;
use crate::clock::now;
use crate::tui::terminal::visit;
use crate::tui::update;
use crate::tui::update::EditTarget;

/// Somebody borrows the terminal.
#[derive(Debug)]
pub(super) enum Visit {
    Edit { text: String, target: EditTarget },
    Open { path: String, line: u64 },
    Suspend,
}

impl App {
    /// Lends the terminal to the program that asked for it.
    pub async fn visit(&mut self) -> io::Result<()> {
        let Some(visit) = self.visit.take() else { return Ok(()) };
        let editor = self.editor.as_deref();
        let trouble = match visit {
            Visit::Suspend => visit::suspend().err().map(|error| format!("Could not suspend: {error}.")),
            Visit::Open { path, line } => visit::open(editor, &path, line).await.err(),
            Visit::Edit { text, target } => match visit::edit(editor, &self.folder, &text).await {
                Ok(text) => {
                    self.update(|ui, world| update::external::edited(ui, world, &target, &text));
                    None
                }
                Err(trouble) => Some(trouble),
            },
        };
        if let Some(trouble) = trouble {
            self.ui.say(trouble, true, now());
        }
        // The visitor may have left the screen in any state and at any size.
        self.screen.clear();
        (self.ui.screen.width, self.ui.screen.height) = crossterm::terminal::size()?;
        self.see_anew();
        self.changed();
        Ok(())
    }
}
