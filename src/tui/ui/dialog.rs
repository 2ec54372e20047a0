//! Dialogs over the main screen. Data, not trait objects: the set is closed and matched whole.

use std::sync::Arc;

use super::composer::Composer;
use crate::core::approval::Approval;
use crate::core::ids::ApprovalId;
use crate::core::ids::CellId;
use crate::core::ids::GrantId;
use crate::core::ids::PromptId;
use crate::core::ids::SessionId;
use crate::core::ids::TaskId;
use crate::core::ids::Timestamp;
use crate::core::permission::PermissionMode;
use crate::store::search::Hit;
use crate::transcripts::list::Entry;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;

#[derive(Debug)]
pub enum Layer {
    /// A text to read: help, details of an entry.
    Page(Page),
    Confirm(Confirm),
    List(ListDialog),
    Text(TextDialog),
}

impl Layer {
    /// Which keys it takes.
    pub fn context(&self) -> Context {
        match self {
            Self::Page(_) => Context::Page,
            Self::Confirm(_) => Context::Confirm,
            Self::List(_) => Context::List,
            Self::Text(_) => Context::Editor,
        }
    }
}

/// What lies over the main screen: while it stays the same, so does what it covers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Over {
    pub approval: Option<ApprovalId>,
    /// The layers from below, by kind.
    pub layers: Vec<std::mem::Discriminant<Layer>>,
    /// Rows of the menu over the input box.
    pub menu: Option<usize>,
    /// Until when a message shows.
    pub message: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageContent {
    Help,
    /// Everything there is about a cell, as text.
    Text(String),
    /// What a background task has printed.
    Task(SessionId, TaskId),
    /// The progress panel, on a screen without room for it.
    Progress,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub content: PageContent,
    pub scroll: usize,
    /// How far it can be scrolled; reported by the view.
    pub max_scroll: usize,
}

/// What "yes" does.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfirmKind {
    Quit,
    /// Leaves the sessions to the runner, or stops them.
    Leave,
    CloseTab(SessionId),
    SetMode(SessionId, PermissionMode),
    /// Closes a session; what becomes of its worktree is the question.
    Worktree(SessionId, Offer),
    /// Allows these once, as they were then; all of each stands in the details.
    AllowTogether(Vec<Approval>),
}

/// What may become of a worktree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// Nothing would be lost, as the report with this mark says.
    Free {
        seen: String,
    },
    /// It goes only when its branch is named.
    Named {
        seen: String,
    },
    Kept,
}

impl ConfirmKind {
    /// The answers there are, and what each means here.
    pub fn answers(&self) -> &'static [(Action, &'static str)] {
        match self {
            Self::Leave => &[
                (Action::ConfirmYes, "quit, leave them running"),
                (Action::ConfirmStop, "stop them"),
                (Action::ConfirmNo, "stay"),
            ],
            Self::Worktree(_, Offer::Free { .. }) => &[
                (Action::ConfirmRemove, "close and remove the worktree"),
                (Action::ConfirmKeep, "close and keep it"),
                (Action::ConfirmNo, "do not close"),
            ],
            Self::Worktree(_, Offer::Named { .. }) => &[
                (Action::ConfirmKeep, "close and keep it"),
                (Action::ConfirmRemove, "remove it all the same…"),
                (Action::ConfirmNo, "do not close"),
            ],
            Self::Worktree(_, Offer::Kept) => {
                &[(Action::ConfirmKeep, "close and keep it"), (Action::ConfirmNo, "do not close")]
            }
            Self::Quit | Self::CloseTab(_) | Self::SetMode(..) | Self::AllowTogether(_) => {
                &[(Action::ConfirmYes, "yes"), (Action::ConfirmNo, "no")]
            }
        }
    }
}

/// How far a text in a box was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    pub scroll: usize,
    /// Reported by the view: how many lines there are, how many show at once, and the first that never did.
    pub n_lines: usize,
    pub page: usize,
    pub seen_to: usize,
}

impl Reading {
    /// Takes note of a frame. Lines of another width are other lines.
    pub fn note(&mut self, drawn: Self) {
        let before = if self.n_lines == drawn.n_lines { self.seen_to } else { 0 };
        *self = Self { seen_to: before.max(drawn.seen_to).min(drawn.n_lines), ..drawn };
    }

    /// All of it was on the screen.
    pub fn is_whole(&self) -> bool {
        self.n_lines > 0 && self.seen_to >= self.n_lines
    }

    /// Goes to the first line that was not on the screen yet.
    pub fn read_on(&mut self) {
        self.scroll = self.seen_to.min(self.n_lines.saturating_sub(self.page));
    }

    /// Scrolls by a page, of which the last line stays on the screen.
    pub fn page(&mut self, is_down: bool) {
        let step = self.page.saturating_sub(1).max(1);
        let last = self.n_lines.saturating_sub(self.page);
        self.scroll = if is_down { (self.scroll + step).min(last) } else { self.scroll.saturating_sub(step) };
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    pub kind: ConfirmKind,
    pub question: String,
    /// What "yes" cuts off or sets loose, a line each.
    pub details: Vec<String>,
    pub is_dangerous: bool,
    /// When it opened: a key pressed right after was meant for something else.
    pub opened: Timestamp,
    pub reading: Reading,
}

impl Confirm {
    pub fn new(kind: ConfirmKind, question: String, details: Vec<String>, opened: Timestamp) -> Self {
        Self { kind, question, details, is_dangerous: false, opened, reading: Reading::default() }
    }

    /// "Yes" is no answer before all of it was on the screen.
    pub fn must_be_read(&self) -> bool {
        matches!(self.kind, ConfirmKind::AllowTogether(_)) && !self.reading.is_whole()
    }
}

/// What a list is for; its entries are computed from the state whenever they are needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListKind {
    Palette,
    Modes(SessionId),
    Models(SessionId),
    Queue(SessionId),
    Tasks(SessionId),
    Inbox,
    /// What is allowed beyond single calls, by any session.
    Grants,
    History(SessionId),
    /// Conversations of the CLI, as far as they were found.
    Conversations {
        found: Vec<Arc<Entry>>,
        is_reading: bool,
    },
    /// What the store has found for the words in the filter.
    Found {
        /// The words that were asked for last.
        asked: String,
        hits: Vec<Arc<Hit>>,
        /// Why nothing can be found.
        trouble: Option<String>,
    },
}

#[derive(Debug)]
pub struct ListDialog {
    pub kind: ListKind,
    pub filter: Composer,
    pub selected: usize,
    /// Entries marked to be taken together.
    pub marked: Vec<ListItem>,
}

impl ListDialog {
    pub fn new(kind: ListKind) -> Self {
        Self { kind, filter: Composer::default(), selected: 0, marked: Vec::new() }
    }
}

/// What taking an entry acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListItem {
    Action(Action),
    Mode(PermissionMode),
    Model(String),
    Prompt(PromptId),
    Task(TaskId),
    Approval(ApprovalId),
    Grant(GrantId),
    Conversation(Arc<Entry>),
    Hit(Arc<Hit>),
    Text(String),
}

/// An entry as it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListEntry {
    pub item: ListItem,
    pub label: String,
    pub detail: String,
    /// A key that does the same, at the right edge.
    pub key: String,
    pub is_dangerous: bool,
}

/// A worktree that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWorktree {
    pub directory: String,
    pub profile: Option<String>,
    /// A prompt that waits for it.
    pub draft: Option<String>,
}

/// What a text is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextKind {
    NewTab,
    /// The branch of a worktree for a new session.
    NewWorktree(NewWorktree),
    /// The branch of a worktree whose loss is meant.
    RemoveWorktree {
        session: SessionId,
        branch: String,
        /// The mark of the report that was shown.
        seen: String,
    },
    Rename(SessionId),
    Find {
        from: Option<CellId>,
    },
    EditQueued {
        session: SessionId,
        prompt: PromptId,
    },
}

#[derive(Debug)]
pub struct TextDialog {
    pub kind: TextKind,
    pub title: String,
    pub hint: String,
    pub composer: Composer,
    pub error: Option<String>,
}
