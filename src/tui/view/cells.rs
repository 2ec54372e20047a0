//! What a cell of the transcript looks like: a body that is laid out once and kept, and a head that may
//! change with the clock.

use jiff::tz::TimeZone;
use ratatui::text::Line;

use super::paint::Spans;
use super::pulse::Pulse;
use crate::core::cell::BlockKind;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::ids::Timestamp;
use crate::tui::input::keymap::Keymap;
use crate::tui::render::markdown::MarkdownStream;
use crate::tui::theme::Theme;

/// Text of the model, thinking, and answers of the CLI itself.
mod block;
/// Diffs of edits that were made or are waited for.
mod edits;
/// Prompts, notices, retries, compactions and the ends of turns.
mod events;
/// What a tool returned: facts for the head, text for the body.
mod output;
/// One line that says what a call is about.
mod summary;
/// Tool calls.
mod tool;

pub(super) use summary::short_path;
pub(super) use summary::summary;
pub(super) use tool::tool_label;

/// What cells are laid out with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Env<'a> {
    pub(super) theme: &'a Theme,
    pub(super) keymap: &'a Keymap,
    pub(super) home: &'a str,
    /// Where the session works: paths inside are shown without it.
    pub(super) directory: &'a str,
    /// Lines of output that show unfolded.
    pub(super) output_lines: usize,
    pub(super) zone: &'a TimeZone,
}

/// How a cell is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) width: usize,
    pub(super) unfolded: bool,
}

/// A cell laid out, but for what changes with the clock.
#[derive(Debug, Default)]
pub(super) struct Laid {
    lines: Vec<Line<'static>>,
    /// A text that still grows.
    stream: Option<MarkdownStream>,
    /// What the head says beside the state; empty for cells without a head.
    pub(super) title: Spans,
    /// What the head says at the right edge, before the time it took.
    pub(super) facts: Spans,
    /// There is more to see than is shown folded.
    pub(super) foldable: bool,
}

impl Laid {
    fn of(lines: Vec<Line<'static>>) -> Self {
        Self { lines, ..Self::default() }
    }

    /// The lines under the head.
    pub(super) fn lines(&self) -> &[Line<'static>] {
        self.stream.as_ref().map_or(&self.lines, MarkdownStream::lines)
    }
}

/// Lays out what does not change with the clock. `before` is the cell's previous layout, whose stream goes on.
pub(super) fn lay(cell: &Cell, shape: Shape, env: &Env<'_>, before: Option<Laid>) -> Laid {
    match &cell.body {
        CellBody::Prompt(prompt) => events::prompt(prompt, shape, env),
        CellBody::Block(block) => block::lay(block, shape, env, before),
        CellBody::Tool(call) => tool::lay(call, shape, env),
        CellBody::Notice(notice) => events::notice(notice, shape, env),
        CellBody::Retry(_) => Laid::default(),
        CellBody::Compaction(compaction) => events::compaction(compaction, shape, env),
        CellBody::TurnEnd(end) => events::turn_end(end, cell.at, shape, env),
    }
}

/// A row that is made anew in each frame.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) left: Spans,
    pub(super) right: Spans,
}

/// Whether a cell begins with a head.
pub(super) fn has_head(cell: &Cell) -> bool {
    match &cell.body {
        CellBody::Tool(_) | CellBody::Retry(_) | CellBody::Compaction(_) => true,
        CellBody::Block(block) => block.kind == BlockKind::Thinking,
        CellBody::Prompt(_) | CellBody::Notice(_) | CellBody::TurnEnd(_) => false,
    }
}

/// The head of a cell that has one. `next` is when the cell after it began.
pub(super) fn head(cell: &Cell, laid: &Laid, next: Option<Timestamp>, env: &Env<'_>, pulse: &mut Pulse) -> Head {
    match &cell.body {
        CellBody::Tool(call) => tool::head(call, laid, env, pulse),
        CellBody::Retry(retry) => events::retry(retry, env, pulse),
        CellBody::Compaction(compaction) => events::compaction_head(compaction, cell.at, env, pulse),
        CellBody::Block(block) => block::thinking_head(block, cell.at, next, laid, env, pulse),
        CellBody::Prompt(_) | CellBody::Notice(_) | CellBody::TurnEnd(_) => Head::default(),
    }
}

/// What stands at the right edge of the first line of a cell without a head.
pub(super) fn aside(cell: &Cell, env: &Env<'_>, now: Timestamp) -> Spans {
    match &cell.body {
        CellBody::Prompt(_) => events::clock(cell.at, now, env),
        _ => Vec::new(),
    }
}

/// The mark in the margin beside the first line of a cell without a fold.
pub(super) fn margin(cell: &Cell, env: &Env<'_>) -> Spans {
    events::margin(cell, env)
}

/// Kinds of cells that stand together without a blank line between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Asked,
    Said,
    Done,
    Ended,
}

fn group(cell: &Cell) -> Group {
    match &cell.body {
        CellBody::Prompt(_) => Group::Asked,
        CellBody::Block(block) if block.kind == BlockKind::Thinking => Group::Done,
        CellBody::Block(_) => Group::Said,
        CellBody::Tool(_) | CellBody::Notice(_) | CellBody::Retry(_) | CellBody::Compaction(_) => Group::Done,
        CellBody::TurnEnd(_) => Group::Ended,
    }
}

/// Whether a blank line stands between two cells.
pub(super) fn is_apart(above: &Cell, below: &Cell) -> bool {
    let (above_group, below_group) = (group(above), group(below));
    if above.depth > 0 && below.depth > 0 {
        return false;
    }
    above_group != below_group || matches!(below_group, Group::Said | Group::Asked)
}
