//! Which calls a person holds up. Their durations leave that time out.
//!
//! Held are the calls that are asked about, the sub-agents that made them, and the calls of the same message that come
//! later: the CLI begins with most of them only when the earlier one is over.

use std::collections::HashSet;

use super::Session;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::ids::CellId;
use crate::core::ids::Timestamp;
use crate::core::tool::ToolCall;
use crate::core::tool::ToolState;

impl Session {
    /// Lets the clocks of open calls stand or go on, by the requests that are open now.
    pub(super) fn settle_waits(&mut self, at: Timestamp) {
        let held = self.held_calls();
        for id in self.transcript.open_cells() {
            let Some(call) = self.transcript.get(id).and_then(call_in) else { continue };
            let is_held = held.contains(&id);
            if call.waits_since.is_some() == is_held {
                continue;
            }
            self.transcript.change_at(id, |cell| {
                if let CellBody::Tool(call) = &mut cell.body {
                    if is_held { call.hold(at) } else { call.release(at) }
                }
            });
        }
    }

    fn held_calls(&self) -> HashSet<CellId> {
        let mut held = HashSet::new();
        let asked = self.approvals.iter().filter_map(|open| open.approval.call.as_ref());
        let asked: Vec<&Cell> = asked.filter_map(|call| self.transcript.cell_of(call)).collect();
        for cell in &asked {
            let mut above = Some(*cell);
            // A cell that stands twice in its own chain ends it.
            while let Some(cell) = above.filter(|cell| held.insert(cell.id)) {
                above = cell.parent.as_ref().and_then(|parent| self.transcript.cell_of(parent));
            }
        }
        if asked.is_empty() {
            return held;
        }
        for id in self.transcript.open_cells() {
            let Some(cell) = self.transcript.get(id) else { continue };
            let comes_later = |first: &&Cell| first.parent == cell.parent && first.id < id;
            if call_in(cell).is_some_and(has_not_begun) && asked.iter().any(comes_later) {
                held.insert(id);
            }
        }
        held
    }
}

fn call_in(cell: &Cell) -> Option<&ToolCall> {
    match &cell.body {
        CellBody::Tool(call) => Some(call),
        _ => None,
    }
}

/// Nothing is known of it that shows that it has begun.
fn has_not_begun(call: &ToolCall) -> bool {
    call.state == ToolState::Running && call.verdict.is_none() && call.task.is_none() && call.n_calls == 0
}
