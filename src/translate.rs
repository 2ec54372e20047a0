//! What the CLI says, as events of the domain.
//!
//! **For:** everything that is shown: text, thinking, tool calls, tasks, retries, notices, usage.
//! **Not for:** what is answered or decided: control requests, prompts, the begin and end of turns are
//! the machine's. Pure: no clock, no I/O; a line in, events out.
//!
//! Invariants: each block is shown once, although it comes as deltas and again whole; whatever is kept
//! of a tool's input or output is bounded; no line of any shape panics.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use crate::core::event::EventKind;
use crate::core::ids::ConversationId;
use crate::core::ids::ToolCallId;
use crate::core::permission::PermissionMode;
use crate::core::usage::Tokens;
use crate::wire::inbound::Message;
use crate::wire::inbound::api::Usage;

mod blocks;
/// Cutting what is kept to a bearable size.
pub(crate) mod bound;
mod changes;
mod notices;
mod results;
mod schedules;
mod system;
mod tasks;
mod turn;

pub(crate) use tasks::KnownTask;
pub(crate) use turn::TurnReport;

/// Calls whose denial or plan is remembered; a turn has far fewer at the same time.
const MAX_REMEMBERED: usize = 256;

/// The memory of one process that is needed to read its lines.
#[derive(Debug, Default)]
pub(crate) struct Translator {
    blocks: blocks::Blocks,
    tasks: tasks::Tasks,
    /// Calls that were denied; their results say only "error".
    denied: HashSet<ToolCallId>,
    /// An interrupt is under way: failing results are cut ones.
    cutting: bool,
    /// Inputs of plan calls, which newer CLIs leave out of the request for permission.
    plans: HashMap<ToolCallId, Value>,
    /// The CLI's own folder for plans.
    plans_folder: PathBuf,
    /// The file that the session has written its plan to, when newer CLIs have it do so.
    plan_file: Option<PathBuf>,
    /// Files named in calls under way, to note when the session read or wrote them.
    files: HashMap<ToolCallId, TouchedFile>,
    tokens: Tokens,
    message_tokens: Tokens,
    context_tokens: Option<u64>,
    model: Option<String>,
    cost_usd: f64,
    /// The next user text is the summary of a compaction.
    summary_due: bool,
    /// After a compaction the CLI repeats what it keeps of the conversation, until the next message begins.
    repeating: bool,
    /// Turns that the model has begin later.
    schedules: schedules::Schedules,
    last_synthetic: String,
    /// The last notice about a limit, so that the same is not told at each turn.
    limit: Option<(String, String)>,
    lifts: Option<i64>,
    /// The account's limit is reached, as far as the CLI has said.
    at_limit: bool,
    /// The CLI's word for the last failure of the API in the turn.
    fault_word: Option<String>,
    n_local: u64,
    /// Tells the names of blocks that only the CLI wrote from those of another translator.
    name: String,
}

#[derive(Debug)]
struct TouchedFile {
    path: String,
    /// Once written, it is the plan of the session itself.
    is_plan: bool,
}

/// What the lines of one batch came to.
#[derive(Debug, Default)]
pub(crate) struct Output {
    pub(crate) events: Vec<EventKind>,
    /// Files that the session has just read or written.
    pub(crate) touched: Vec<String>,
}

impl Output {
    pub(crate) fn push(&mut self, event: EventKind) {
        self.events.push(event);
    }
}

impl Translator {
    /// A translator whose blocks are not mistaken for those of another one of the same session.
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Reads one message. What the machine itself acts on yields nothing here.
    pub(crate) fn read(&mut self, message: Message, output: &mut Output) {
        match message {
            Message::StreamEvent(event) => self.stream(event, output),
            Message::Assistant(line) => self.assistant(line, output),
            Message::User(line) => self.user(line, output),
            Message::System(system) => self.system(system, output),
            Message::RateLimit(event) => self.rate_limit(&event.rate_limit_info, output),
            Message::AuthStatus(status) => notices::auth_status(&status, output),
            Message::Unknown(unknown) => {
                tracing::debug!(kind = unknown.kind, "a message of an unknown kind");
                output.push(EventKind::UnknownMessage { kind: unknown.kind.chars().take(80).collect() });
            }
            Message::Result(_)
            | Message::ToolProgress(_)
            | Message::ToolUseSummary(_)
            | Message::PromptSuggestion(_)
            | Message::ConversationReset(_)
            | Message::CommandLifecycle(_)
            | Message::ActiveGoal(_)
            | Message::KeepAlive
            | Message::ControlRequest(_)
            | Message::ControlResponse(_)
            | Message::ControlCancel { .. } => {}
        }
    }

    /// Remembers that a call was denied, so that its failing result is told as that.
    pub(crate) fn note_denied(&mut self, call: ToolCallId) {
        if self.denied.len() < MAX_REMEMBERED {
            self.denied.insert(call);
        }
    }

    /// An interrupt was sent: what fails from now on was cut.
    pub(crate) fn note_interrupt(&mut self) {
        self.cutting = true;
    }

    /// A turn begins: its tokens are counted from zero.
    pub(crate) fn begin_turn(&mut self) {
        self.tokens = Tokens::default();
        self.message_tokens = Tokens::default();
        self.cutting = false;
        self.repeating = false;
        self.fault_word = None;
    }

    /// The input of a plan call, as the model wrote it.
    pub(crate) fn plan_of(&self, call: &ToolCallId) -> Option<&Value> {
        self.plans.get(call)
    }

    /// The file with the plan, when the plan is in no call.
    pub(crate) fn plan_file(&self) -> Option<&Path> {
        self.plan_file.as_deref()
    }

    /// Learns where the CLI has its plans written: a file elsewhere is no plan, whatever it is called.
    pub(crate) fn plans_are_in(&mut self, folder: PathBuf) {
        self.plans_folder = folder;
    }

    /// What is known of a sub-agent.
    pub(crate) fn task(&self, id: &str) -> Option<&KnownTask> {
        self.tasks.get(id)
    }

    /// Sub-agents that go on after their call, in words.
    pub(crate) fn background_agents(&self) -> Vec<String> {
        self.tasks.background_agents()
    }

    pub(crate) fn has_running_tasks(&self) -> bool {
        self.tasks.any_running()
    }

    /// The same without what only waits for its time.
    pub(crate) fn has_working_tasks(&self) -> bool {
        self.tasks.any_working()
    }

    /// The conversation as `init` names it.
    pub(crate) fn conversation(&mut self, id: &ConversationId, model: &str, mode: PermissionMode) -> EventKind {
        self.model = Some(model.to_owned());
        EventKind::Conversation { id: id.clone(), model: model.to_owned(), mode }
    }
}

pub(crate) fn tokens_of(usage: &Usage) -> Tokens {
    Tokens {
        uncached: usage.input_tokens.unwrap_or(0),
        cache_read: usage.cache_read_input_tokens.unwrap_or(0),
        cache_write: usage.cache_creation_input_tokens.unwrap_or(0),
        output: usage.output_tokens.unwrap_or(0),
    }
}

/// Joins neighbours that say the same thing about the same block: one read may bring hundreds of deltas.
pub(crate) fn coalesce(events: Vec<EventKind>) -> Vec<EventKind> {
    let mut joined: Vec<EventKind> = Vec::with_capacity(events.len());
    for event in events {
        match (joined.last_mut(), &event) {
            (Some(EventKind::BlockDelta { block: last, text }), EventKind::BlockDelta { block, text: more })
                if last == block =>
            {
                text.push_str(more);
            }
            (Some(EventKind::ToolInputGrew { call: last, bytes }), EventKind::ToolInputGrew { call, bytes: grown })
                if last == call =>
            {
                *bytes = *grown;
            }
            (Some(last @ EventKind::TokensCounted(_)), EventKind::TokensCounted(_)) => *last = event,
            _ => joined.push(event),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
