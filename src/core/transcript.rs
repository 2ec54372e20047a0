//! The bounded list of cells in display order: a sub-agent's cells stand under the call that started it.
//!
//! Invariants: `order` holds each kept cell once; ids grow with arrival; a cell's `rev` grows with each
//! change of what it shows; the whole stays below [`MAX_CELLS`] and about [`MAX_BYTES`].

use std::collections::HashMap;
use std::collections::VecDeque;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::cell::Block;
use super::cell::BlockKind;
use super::cell::Cell;
use super::cell::CellBody;
use super::ids::BlockId;
use super::ids::CellId;
use super::ids::Timestamp;
use super::ids::ToolCallId;
use super::tool::ToolCall;

/// Older cells leave the memory beyond this many.
pub const MAX_CELLS: usize = 20_000;
/// ... or beyond about this many bytes of text.
pub const MAX_BYTES: usize = 16 << 20;
/// A single streamed block grows no further than this.
pub const MAX_BLOCK_BYTES: usize = 4 << 20;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Transcript {
    /// In order of arrival: the cell with id `n` stands at `n - first`.
    cells: VecDeque<Cell>,
    first: u64,
    order: Vec<CellId>,
    calls: HashMap<ToolCallId, CellId>,
    blocks: HashMap<BlockId, CellId>,
    bytes: usize,
    /// Grows whenever `order` changes.
    shape: u64,
}

impl Transcript {
    /// All cells as they are shown, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Cell> + ExactSizeIterator {
        self.order.iter().filter_map(|id| self.get(*id)).collect::<Vec<_>>().into_iter()
    }

    /// Ids in display order.
    pub fn order(&self) -> &[CellId] {
        &self.order
    }

    /// Changes whenever cells were added or dropped.
    pub fn shape(&self) -> u64 {
        self.shape
    }

    pub fn len(&self) -> usize {
        self.cells.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// How many older cells have left the memory.
    pub fn n_dropped(&self) -> u64 {
        self.first
    }

    /// How many cells there have ever been.
    pub fn n_ever(&self) -> u64 {
        self.first + self.cells.len() as u64
    }

    pub fn get(&self, id: CellId) -> Option<&Cell> {
        self.cells.get(self.place(id)?)
    }

    pub fn last(&self) -> Option<&Cell> {
        self.order.last().and_then(|id| self.get(*id))
    }

    pub fn call(&self, id: &ToolCallId) -> Option<&ToolCall> {
        match &self.cell_of(id)?.body {
            CellBody::Tool(call) => Some(call),
            _ => None,
        }
    }

    /// The cell of a tool call.
    pub fn cell_of(&self, id: &ToolCallId) -> Option<&Cell> {
        self.get(*self.calls.get(id)?)
    }

    fn place(&self, id: CellId) -> Option<usize> {
        usize::try_from(id.0.checked_sub(self.first)?).ok()
    }

    /// Adds a cell: under its parent's call when that is known, else at the end.
    pub fn push(&mut self, at: Timestamp, parent: Option<ToolCallId>, body: CellBody) -> CellId {
        let id = CellId(self.n_ever());
        let above = parent.as_ref().and_then(|parent| self.calls.get(parent)).copied();
        let depth = above.and_then(|above| self.get(above)).map_or(0, |cell| cell.depth.saturating_add(1));
        match &body {
            CellBody::Tool(call) => {
                self.calls.insert(call.id.clone(), id);
            }
            CellBody::Block(block) => {
                self.blocks.insert(block.id.clone(), id);
            }
            _ => {}
        }
        let cell = Cell { id, rev: 0, at, depth, parent, body };
        self.bytes = self.bytes.saturating_add(weight(&cell));
        self.cells.push_back(cell);
        let place = above.and_then(|above| self.end_of(above)).unwrap_or(self.order.len());
        self.order.insert(place, id);
        self.shape += 1;
        if let Some(above) = above {
            self.change_at(above, |cell| {
                if let CellBody::Tool(call) = &mut cell.body {
                    call.n_calls = call.n_calls.saturating_add(1);
                }
            });
        }
        self.trim();
        id
    }

    /// The newest `n` cells, and more where something may still happen to an older one: what a client needs
    /// to go on from here. It asks for the rest with [`prepend`](Self::prepend) in mind.
    #[must_use]
    pub fn tail(&self, n: usize) -> Self {
        let newest = self.n_ever().saturating_sub(n as u64).max(self.first);
        let start = self.open_cells().first().map_or(newest, |open| newest.min(open.0));
        let mut tail = Self { first: start, shape: self.shape, ..Self::default() };
        tail.order = self.order.iter().filter(|id| id.0 >= start).copied().collect();
        tail.cells = self.between(start, self.n_ever()).cloned().collect();
        for cell in self.between(start, self.n_ever()) {
            tail.take_in(cell);
        }
        tail
    }

    /// At most `n` cells that stand right before a cell, oldest first.
    pub fn before(&self, id: CellId, n: usize) -> Vec<Cell> {
        self.between(id.0.saturating_sub(n as u64).max(self.first), id.0).cloned().collect()
    }

    fn between(&self, start: u64, end: u64) -> impl Iterator<Item = &Cell> {
        let place =
            |id: u64| usize::try_from(id.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.cells.len());
        self.cells.range(place(start)..place(end).max(place(start)))
    }

    /// Puts older cells, as [`before`](Self::before) gives them, back in front. Cells that do not end right
    /// before the first one here change nothing.
    pub fn prepend(&mut self, older: Vec<Cell>) {
        let fits = older.iter().rev().zip(1..).all(|(cell, back)| self.first.checked_sub(back) == Some(cell.id.0));
        if !fits || older.is_empty() {
            return;
        }
        self.first -= older.len() as u64;
        for cell in older.into_iter().rev() {
            self.take_in(&cell);
            self.cells.push_front(cell);
        }
        self.order_anew();
        self.shape += 1;
    }

    /// Counts and names a cell that is already known elsewhere.
    fn take_in(&mut self, cell: &Cell) {
        self.bytes = self.bytes.saturating_add(weight(cell));
        match &cell.body {
            CellBody::Tool(call) => {
                self.calls.insert(call.id.clone(), cell.id);
            }
            CellBody::Block(block) => {
                self.blocks.insert(block.id.clone(), cell.id);
            }
            _ => {}
        }
    }

    /// Finds each cell's place again, in order of arrival.
    fn order_anew(&mut self) {
        let ids: Vec<(CellId, Option<CellId>)> = self
            .cells
            .iter()
            .map(|cell| (cell.id, cell.parent.as_ref().and_then(|parent| self.calls.get(parent)).copied()))
            .collect();
        self.order.clear();
        for (id, above) in ids {
            let place = above.filter(|above| *above < id).and_then(|above| self.end_of(above));
            self.order.insert(place.unwrap_or(self.order.len()), id);
        }
    }

    /// The place in `order` behind the last descendant of a cell.
    fn end_of(&self, id: CellId) -> Option<usize> {
        let place = self.order.iter().rposition(|other| *other == id)?;
        let depth = self.get(id)?.depth;
        let deeper = |other: &CellId| self.get(*other).is_some_and(|cell| cell.depth > depth);
        Some(place + 1 + self.order[place + 1..].iter().take_while(|other| deeper(other)).count())
    }

    /// Changes a cell and counts its revision up.
    pub fn change_at(&mut self, id: CellId, change: impl FnOnce(&mut Cell)) {
        let Some(place) = self.place(id) else { return };
        let Some(cell) = self.cells.get_mut(place) else { return };
        let before = weight(cell);
        change(cell);
        cell.rev = cell.rev.wrapping_add(1);
        let after = weight(cell);
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        if after > before {
            self.trim();
        }
    }

    /// Changes a tool call that the transcript still holds; tells whether it does.
    pub fn change_call(&mut self, id: &ToolCallId, change: impl FnOnce(&mut ToolCall)) -> bool {
        let Some(cell_id) = self.calls.get(id).copied() else { return false };
        self.change_at(cell_id, |cell| {
            if let CellBody::Tool(call) = &mut cell.body {
                change(call);
            }
        });
        true
    }

    /// Makes sure that a call has a cell.
    pub fn ensure_call(&mut self, id: &ToolCallId, parent: Option<&ToolCallId>, name: &str, at: Timestamp) {
        if !self.calls.contains_key(id) {
            let call = ToolCall::new(id.clone(), name.to_owned(), at);
            self.push(at, parent.cloned(), CellBody::Tool(Box::new(call)));
        }
    }

    /// Makes sure that a block has a cell.
    pub fn ensure_block(&mut self, id: &BlockId, parent: Option<&ToolCallId>, kind: BlockKind, at: Timestamp) {
        if !self.blocks.contains_key(id) {
            let block = Block { id: id.clone(), kind, text: String::new(), done: false };
            self.push(at, parent.cloned(), CellBody::Block(block));
        }
    }

    pub fn append(&mut self, id: &BlockId, text: &str) {
        self.change_block(id, |block| {
            let room = MAX_BLOCK_BYTES.saturating_sub(block.text.len());
            block.text.push_str(&text[..text.floor_char_boundary(room)]);
        });
    }

    pub fn finish(&mut self, id: &BlockId, mut text: String) {
        text.truncate(text.floor_char_boundary(MAX_BLOCK_BYTES));
        self.change_block(id, |block| {
            block.text = text;
            block.done = true;
        });
    }

    fn change_block(&mut self, id: &BlockId, change: impl FnOnce(&mut Block)) {
        let Some(cell_id) = self.blocks.get(id).copied() else { return };
        self.change_at(cell_id, |cell| {
            if let CellBody::Block(block) = &mut cell.body {
                change(block);
            }
        });
    }

    /// Ids of the cells that something may still happen to, in order of arrival.
    pub fn open_cells(&self) -> Vec<CellId> {
        let open = |cell: &&Cell| match &cell.body {
            CellBody::Block(block) => !block.done,
            CellBody::Tool(call) => call.state.is_open(),
            CellBody::Retry(retry) => !retry.over,
            CellBody::Compaction(compaction) => !compaction.done,
            CellBody::Prompt(_) | CellBody::Notice(_) | CellBody::TurnEnd(_) => false,
        };
        self.cells.iter().filter(open).map(|cell| cell.id).collect()
    }

    /// The newest cell that `wanted` accepts, looking back over at most `reach` cells.
    pub fn find_last(&self, reach: usize, wanted: impl Fn(&Cell) -> bool) -> Option<CellId> {
        self.cells.iter().rev().take(reach).find(|cell| wanted(cell)).map(|cell| cell.id)
    }

    /// Drops the oldest cells in bulk, so that a full transcript does not pay for every new cell.
    fn trim(&mut self) {
        if self.cells.len() <= MAX_CELLS && self.bytes <= MAX_BYTES {
            return;
        }
        while self.cells.len() > 1 && (self.cells.len() > MAX_CELLS * 9 / 10 || self.bytes > MAX_BYTES * 9 / 10) {
            let Some(cell) = self.cells.pop_front() else { break };
            self.first += 1;
            self.bytes = self.bytes.saturating_sub(weight(&cell));
            match &cell.body {
                CellBody::Tool(call) => {
                    self.calls.remove(&call.id);
                }
                CellBody::Block(block) => {
                    self.blocks.remove(&block.id);
                }
                _ => {}
            }
        }
        let first = self.first;
        self.order.retain(|id| id.0 >= first);
        self.shape += 1;
    }
}

/// About how many bytes a cell holds on to.
fn weight(cell: &Cell) -> usize {
    const BASE: usize = 256;
    BASE + match &cell.body {
        CellBody::Prompt(prompt) => {
            prompt.text.len()
                + prompt.images.iter().map(|image| 64 + image.path.len() + image.name.len()).sum::<usize>()
        }
        CellBody::Block(block) => block.text.len(),
        CellBody::Tool(call) => {
            let output = call.output.as_ref().map_or(0, |output| output.text.len() + value_weight(&output.detail));
            value_weight(&call.input) + output
        }
        CellBody::Notice(notice) => notice.text.len() + notice.detail.as_ref().map_or(0, String::len),
        CellBody::Retry(retry) => retry.trouble.raw.len(),
        CellBody::Compaction(compaction) => compaction.summary.as_ref().map_or(0, String::len),
        CellBody::TurnEnd(end) => end.text.as_ref().map_or(0, String::len),
    }
}

fn value_weight(value: &Value) -> usize {
    const NODE: usize = 32;
    NODE + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(value_weight).sum(),
        Value::Object(fields) => fields.iter().map(|(key, value)| key.len() + value_weight(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::Notice;
    use super::super::tool::ToolState;
    use super::*;

    fn note(text: &str) -> CellBody {
        CellBody::Notice(Notice::info(text))
    }

    fn texts(transcript: &Transcript) -> Vec<String> {
        let text = |cell: &Cell| match &cell.body {
            CellBody::Notice(notice) => format!("{}{}", " ".repeat(cell.depth.into()), notice.text),
            CellBody::Tool(call) => format!("{}{}", " ".repeat(cell.depth.into()), call.id),
            _ => String::new(),
        };
        transcript.iter().map(text).collect()
    }

    #[test]
    fn children_stand_under_their_call() {
        let mut transcript = Transcript::default();
        let at = Timestamp(1);
        let agent = |name: &str| ToolCallId::from(name);
        transcript.ensure_call(&agent("a"), None, "Agent", at);
        transcript.ensure_call(&agent("b"), None, "Agent", at);
        transcript.push(at, Some(agent("a")), note("1"));
        transcript.ensure_call(&agent("c"), Some(&agent("a")), "Agent", at);
        transcript.push(at, Some(agent("b")), note("2"));
        transcript.push(at, Some(agent("c")), note("3"));
        transcript.push(at, Some(agent("a")), note("4"));
        transcript.push(at, Some(agent("unknown")), note("5"));
        assert_eq!(texts(&transcript), ["a", " 1", " c", "  3", " 4", "b", " 2", "5"]);
        assert_eq!(transcript.call(&agent("a")).map(|call| call.n_calls), Some(3));
    }

    #[test]
    fn stays_within_its_bounds_and_forgets_the_oldest() {
        let mut transcript = Transcript::default();
        for n in 0..MAX_CELLS + 10 {
            transcript.push(Timestamp(1), None, note(&n.to_string()));
        }
        assert!(transcript.len() <= MAX_CELLS);
        assert_eq!(transcript.n_ever(), MAX_CELLS as u64 + 10);
        assert_eq!(transcript.order().len(), transcript.len());
        assert_eq!(transcript.last().map(|cell| cell.id), Some(CellId(MAX_CELLS as u64 + 9)));

        let big = "x".repeat(1 << 20);
        for _ in 0..40 {
            transcript.push(Timestamp(1), None, note(&big));
        }
        assert!(transcript.bytes <= MAX_BYTES);
        assert!(transcript.len() >= 10);
    }

    /// A tail with all that was before it put back is the whole again.
    #[test]
    fn a_tail_grows_back_into_the_whole() {
        let mut whole = Transcript::default();
        let at = Timestamp(1);
        for n in 0..50 {
            let call = ToolCallId::from(format!("c{n}").as_str());
            let parent = (n % 3 != 0).then(|| ToolCallId::from(format!("c{}", n / 3 * 3).as_str()));
            whole.ensure_call(&call, parent.as_ref(), "Agent", at);
            whole.change_call(&call, |call| call.state = ToolState::Done);
            whole.push(at, parent, note(&n.to_string()));
        }
        for n in [0, 1, 7, 40, 99, 100, 1000] {
            let mut tail = whole.tail(n);
            assert_eq!(tail.len(), n.min(whole.len()), "{n}");
            while tail.n_dropped() > whole.n_dropped() {
                let first = CellId(tail.n_dropped());
                tail.prepend(whole.before(first, 9));
            }
            tail.shape = whole.shape;
            assert_eq!(tail, whole, "{n}");
        }
        let mut tail = whole.tail(10);
        tail.prepend(whole.before(CellId(5), 3));
        assert_eq!(tail, whole.tail(10), "cells that do not fit change nothing");
        whole.change_call(&"c2".into(), |call| call.state = ToolState::Running);
        assert!(whole.tail(3).call(&"c2".into()).is_some(), "what is open is always there");
    }

    #[test]
    fn a_block_grows_no_further_than_its_limit_and_stays_utf8() {
        let mut transcript = Transcript::default();
        let id = BlockId::from("m:0");
        transcript.ensure_block(&id, None, BlockKind::Text, Timestamp(1));
        let piece = "é".repeat(1 << 20);
        for _ in 0..5 {
            transcript.append(&id, &piece);
        }
        let Some(CellBody::Block(block)) = transcript.last().map(|cell| &cell.body) else { panic!() };
        assert_eq!(block.text.len(), MAX_BLOCK_BYTES);
    }
}
