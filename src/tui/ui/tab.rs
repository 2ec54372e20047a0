//! One tab's view of its session: input, scrolling, folding, the selected entry, the search.

use std::collections::HashMap;

use super::composer::Composer;
use crate::core::cell::BlockKind;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::ids::CellId;
use crate::core::transcript::Transcript;

/// Where the timeline stands. Never an absolute row: rows change with every new cell and every resize.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scroll {
    /// At the end, and staying there.
    #[default]
    Follow,
    /// This line of this cell is at the top of the view.
    At { cell: CellId, line: usize },
}

/// A request to scroll that only the layout, which knows the rows, can carry out. It is kept until the
/// next frame and then turned into a new [`Scroll`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScrollBy {
    /// Halves of the view's height; negative is up.
    HalfPages(isize),
    Top,
    /// As little as it takes to make the cell visible.
    Reveal(CellId),
}

/// A search in the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Find {
    pub text: String,
    /// Cells that contain it, in display order.
    pub hits: Vec<CellId>,
    pub current: usize,
}

#[derive(Debug, Default)]
pub struct Tab {
    pub composer: Composer,
    pub scroll: Scroll,
    pub scroll_by: Vec<ScrollBy>,
    /// Cells folded or unfolded by hand.
    pub folds: HashMap<CellId, bool>,
    /// What `fold_all` last said; `None` leaves each kind its own default.
    pub all_unfolded: Option<bool>,
    /// The entry the timeline's keys act on; `Some` while the timeline has the focus.
    pub selected: Option<CellId>,
    pub find: Option<Find>,
    /// Cells that had arrived when the tab was last looked at.
    pub seen: u64,
    /// The cell whose predecessors were asked for last.
    pub asked_before: Option<CellId>,
}

impl Tab {
    /// Whether a cell shows its whole content.
    pub fn is_unfolded(&self, id: CellId, body: &CellBody) -> bool {
        self.folds.get(&id).copied().or(self.all_unfolded).unwrap_or_else(|| is_unfolded_by_default(body))
    }

    /// Whether a cell has a place in the timeline: what a sub-agent did is folded away with its call, and
    /// a text that has not begun is nothing yet.
    pub fn is_shown(&self, transcript: &Transcript, cell: &Cell) -> bool {
        if let CellBody::Block(block) = &cell.body
            && block.kind != BlockKind::Thinking
            && block.text.trim().is_empty()
        {
            return false;
        }
        let mut parent = cell.parent.as_ref();
        // The depth is a u8, so that no chain is longer.
        for _ in 0..=u8::MAX {
            let Some(above) = parent.and_then(|parent| transcript.cell_of(parent)) else { return true };
            if !self.is_unfolded(above.id, &above.body) {
                return false;
            }
            parent = above.parent.as_ref();
        }
        true
    }

    pub fn toggle(&mut self, id: CellId, body: &CellBody) {
        let now = self.is_unfolded(id, body);
        self.folds.insert(id, !now);
    }

    pub fn toggle_all(&mut self) {
        self.all_unfolded = Some(!self.all_unfolded.unwrap_or(false));
        self.folds.clear();
    }

    /// How many cells have arrived since the tab was looked at.
    pub fn n_unread(&self, transcript: &Transcript) -> u64 {
        transcript.n_ever().saturating_sub(self.seen)
    }
}

/// What runs shows its output, edits show what they change; everything else its first line until asked.
fn is_unfolded_by_default(body: &CellBody) -> bool {
    match body {
        CellBody::Tool(call) => {
            call.state.is_open() || matches!(call.name.as_str(), "Edit" | "MultiEdit" | "Write" | "NotebookEdit")
        }
        CellBody::Block(block) => block.kind != BlockKind::Thinking,
        CellBody::Prompt(_)
        | CellBody::Notice(_)
        | CellBody::Retry(_)
        | CellBody::Compaction(_)
        | CellBody::TurnEnd(_) => false,
    }
}
