//! How keys, pastes and events change the terminal's state, and what they ask of the world.
//!
//! **For:** deciding. **Not for:** doing: everything outside the state is an [`Effect`] that `run`
//! performs. Nothing here draws, awaits or reads a clock.

use crate::core::approval::OpenApproval;
use crate::core::command::Command;
use crate::core::fleet::Fleet;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::phone::PhoneWish;
use crate::tui::input::keymap::Keymap;
use crate::tui::ui::PastPrompt;
use crate::tui::ui::Ui;

/// Answers to approvals.
pub mod approvals;
/// What happened while nobody looked.
pub mod away;
/// The input box: sending, history.
pub mod compose;
/// Conversations that began elsewhere.
pub mod conversations;
/// What the engine's events change here.
pub mod events;
/// Edits that came back from an external editor.
pub mod external;
/// The list of what is allowed beyond single calls.
mod grants;
/// Keys and pastes on their way through the layers.
pub mod keys;
/// Lists: their entries, and what taking one does.
pub mod lists;
/// The menu that completes what is typed.
pub mod menu;
/// Pages, questions and texts that are asked for.
pub mod pages;
/// Words in everything that was said.
pub mod search;
/// Tabs, modes, turns, quitting.
pub mod sessions;
/// Moving through the timeline.
pub mod timeline;
/// Sessions in git worktrees of their own.
pub mod worktrees;

/// What an update may look at but not change.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    pub fleet: &'a Fleet,
    pub keymap: &'a Keymap,
    pub now: Timestamp,
}

/// Where the text of an external editor goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditTarget {
    Composer(SessionId),
    /// The text box of the topmost dialog or of the shown approval.
    Dialog,
}

/// Something to do outside the state.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    Send(Command),
    /// Something is wanted of the relay.
    Phone(PhoneWish),
    Copy(String),
    /// Call the person: something needs them or is done.
    Attention {
        title: String,
        body: String,
    },
    /// Let the person write in their own editor.
    Edit {
        text: String,
        target: EditTarget,
    },
    OpenFile {
        path: String,
        line: u64,
    },
    SavePrompt(PastPrompt),
    /// Look for conversations of the CLI; they come piece by piece.
    FindConversations,
    StartDemo,
    Redraw,
    Suspend,
    /// Leaves. In one process the sessions end with it.
    Quit,
    /// Leaves, and ends the runner.
    StopRunner,
}

/// Brings the terminal's state in line with the fold: tabs, the dialog that has the eyes, what was seen.
/// Called after every change of either.
pub fn settle(ui: &mut Ui, world: World<'_>) {
    sessions::settle(ui, world.fleet);
    approvals::settle(ui, world);
    menu::settle(ui, world);
    if ui.toast.as_ref().is_some_and(|toast| toast.until <= world.now) {
        ui.toast = None;
    }
}

/// Gives an answer that was held for a moment and not taken back.
pub fn give_held(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    keys::guarded::give_held(ui, world)
}

/// When something changes by itself although nothing happens: a dialog that waits for quiet, a message
/// that disappears, a dialog whose keys begin to count.
pub fn next_wake(ui: &Ui, world: World<'_>) -> Option<Timestamp> {
    let toast = ui.toast.as_ref().map(|toast| toast.until);
    [toast, approvals::next_wake(ui, world), menu::next_wake(ui)]
        .into_iter()
        .flatten()
        .filter(|at| *at > world.now)
        .min()
}

/// The approvals that wait for an answer from here, oldest first.
pub fn waiting<'f>(ui: &Ui, fleet: &'f Fleet) -> Vec<&'f OpenApproval> {
    let mut waiting = fleet.inbox();
    waiting.retain(|open| approvals::is_pending(ui, open));
    waiting
}

#[cfg(test)]
mod tests;
