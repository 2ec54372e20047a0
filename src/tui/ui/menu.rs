//! The menu that completes a /command or an @file while it is typed. It is no dialog: every key that is not one of
//! its own goes to the input box, and the menu follows what stands there.

use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::tui::mention::FileName;

/// Rows that show at once; further ones scroll.
pub const MAX_ROWS: usize = 10;

/// What is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuKind {
    Commands,
    Files,
}

/// Where the word begins that is completed: a line, and a column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordAt {
    pub session: SessionId,
    pub row: usize,
    pub column: usize,
}

/// The word before the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub at: WordAt,
    pub kind: MenuKind,
    /// As it stands in the input box, with its mark.
    pub text: String,
    /// What was typed of the name.
    pub name: String,
    pub is_quoted: bool,
}

/// What taking an entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// This stands in the place of the word.
    Put(String),
    /// Nothing; and why.
    Refuse(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuItem {
    pub label: String,
    pub detail: String,
    pub take: Take,
    /// The file it stands for.
    pub file: Option<FileName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    pub word: Word,
    pub items: Vec<MenuItem>,
    pub selected: usize,
    /// Something to say under the entries, or in their place.
    pub note: Option<String>,
    /// When the first entries came: a key pressed right after was not meant for them.
    pub opened: Option<Timestamp>,
    /// The name that files were asked for last.
    pub asked: Option<String>,
    /// The only entry is taken without being shown: the person asked for a completion.
    pub takes_only: bool,
}

impl Menu {
    pub fn new(word: Word) -> Self {
        Self { word, items: Vec::new(), selected: 0, note: None, opened: None, asked: None, takes_only: false }
    }

    pub fn current(&self) -> Option<&MenuItem> {
        self.items.get(self.selected)
    }

    pub fn is_shown(&self) -> bool {
        !self.items.is_empty() || self.note.is_some()
    }

    /// Entries come; what was selected stays selected if it is still there and was gone to.
    pub fn fill(&mut self, items: Vec<MenuItem>, now: Timestamp) {
        let kept = self.current().filter(|_| self.selected > 0).map(|item| item.label.clone());
        let place = kept.and_then(|label| items.iter().position(|item| item.label == label));
        self.selected = place.unwrap_or(0);
        self.items = items;
        if self.items.is_empty() {
            self.opened = None;
        } else {
            self.opened.get_or_insert(now);
        }
    }

    pub fn step(&mut self, step: isize) {
        let n_items = self.items.len().max(1) as isize;
        self.selected = (self.selected as isize + step).rem_euclid(n_items) as usize;
    }
}

/// The menu, and when it may open.
#[derive(Debug, Clone, Default)]
pub struct Completing {
    pub menu: Option<Menu>,
    /// When a key last typed in the input box by itself. What came in one piece or was put there opens nothing.
    pub typed: Option<Timestamp>,
    /// The word whose menu the person has closed.
    pub closed: Option<WordAt>,
}

impl Completing {
    /// Whether the menu has entries that keys act on.
    pub fn is_open(&self) -> bool {
        self.menu.as_ref().is_some_and(|menu| !menu.items.is_empty())
    }

    /// Rows that it takes of the screen.
    pub fn n_rows(&self) -> Option<usize> {
        self.menu.as_ref().filter(|menu| menu.is_shown()).map(|menu| menu.items.len().clamp(1, MAX_ROWS))
    }

    /// Something else than typing happened: no menu is due.
    pub fn stop(&mut self) {
        self.typed = None;
        self.menu = None;
    }
}
