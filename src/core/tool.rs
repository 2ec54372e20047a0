//! Tool calls and their life: announced while the model still writes the input, started when the input
//! is whole, perhaps waiting for an approval, ended by a result or by the end of the turn.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::approval::Verdict;
use super::hook::HookMark;
use super::ids::TaskId;
use super::ids::Timestamp;
use super::ids::ToolCallId;

/// What each built-in tool does.
pub mod table;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolState {
    /// The model is still writing the input.
    Receiving,
    Running,
    /// An approval for it is pending.
    Waiting,
    /// The call has returned, but the task it started goes on.
    Background,
    Done,
    Failed,
    Denied,
    /// Interrupted, or its process ended, or the turn ended without a result.
    Cut,
}

impl ToolState {
    /// Whether something still happens: only such a call may show a spinner.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Receiving | Self::Running | Self::Waiting | Self::Background)
    }
}

/// The lines of a change of a file, counted on the whole of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChangedLines {
    pub added: u64,
    pub removed: u64,
    /// Lines of the change that are not kept.
    pub omitted: u64,
}

impl ChangedLines {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            added: self.added.saturating_add(other.added),
            removed: self.removed.saturating_add(other.removed),
            omitted: self.omitted.saturating_add(other.omitted),
        }
    }
}

/// What a tool call returned, bounded: the CLI has the whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ToolOutput {
    pub text: String,
    /// Bytes left out of the middle of `text`.
    pub omitted: u64,
    /// The structured result of the tool, when the CLI sent one of a reasonable size; else null.
    pub detail: Value,
    /// What became of a file, where the CLI told it line by line.
    #[serde(default)]
    pub changed: Option<ChangedLines>,
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToolOutcome {
    Done,
    Failed,
    Denied,
    Cut,
}

impl From<ToolOutcome> for ToolState {
    fn from(outcome: ToolOutcome) -> Self {
        match outcome {
            ToolOutcome::Done => Self::Done,
            ToolOutcome::Failed => Self::Failed,
            ToolOutcome::Denied => Self::Denied,
            ToolOutcome::Cut => Self::Cut,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: ToolCallId,
    pub name: String,
    /// Null until the input is whole.
    pub input: Value,
    /// What it changes in a file, where `input` is too short to tell.
    #[serde(default)]
    pub changed: Option<ChangedLines>,
    /// Bytes of input received so far, while the model writes it.
    pub received: u64,
    pub state: ToolState,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// How long a person held it up, so far as that is over; all the time before its own request counts to it.
    #[serde(default)]
    pub waited_ms: u64,
    /// Since when a person holds it up: by a request of its own, or by another that it stands behind.
    #[serde(default)]
    pub waits_since: Option<Timestamp>,
    pub output: Option<ToolOutput>,
    /// Calls made by this one, when it is a sub-agent.
    pub n_calls: u32,
    /// The background task it started.
    pub task: Option<TaskId>,
    /// How its approval was decided, when there was one.
    pub verdict: Option<Verdict>,
    /// What hooks did to it.
    #[serde(default)]
    pub hooks: Vec<HookMark>,
    /// The hook that it waits for, and since when.
    #[serde(default)]
    pub hook_waits: Option<(String, Timestamp)>,
}

impl ToolCall {
    pub fn new(id: ToolCallId, name: String, at: Timestamp) -> Self {
        Self {
            id,
            name,
            input: Value::Null,
            changed: None,
            received: 0,
            state: ToolState::Receiving,
            started: at,
            ended: None,
            waited_ms: 0,
            waits_since: None,
            output: None,
            n_calls: 0,
            task: None,
            verdict: None,
            hooks: Vec::new(),
            hook_waits: None,
        }
    }

    /// Whether this is the sub-agent tool, under its present or its former name.
    pub fn is_agent(&self) -> bool {
        is_agent_tool(&self.name)
    }

    /// It asks for a person's permission.
    pub fn begin_wait(&mut self, at: Timestamp) {
        if self.state.is_open() {
            self.state = ToolState::Waiting;
            self.begins_not_before(at);
            self.waits_since = Some(at);
        }
    }

    /// Nobody has to be waited for any more.
    pub fn end_wait(&mut self, at: Timestamp) {
        if self.state == ToolState::Waiting {
            self.state = ToolState::Running;
        }
        self.release(at);
    }

    /// The CLI asks before it begins: what was before that is none of the call's own time.
    pub fn begins_not_before(&mut self, at: Timestamp) {
        self.waited_ms = at.millis_since(self.started);
        self.waits_since = None;
    }

    /// It stands behind a request that a person has not answered.
    pub fn hold(&mut self, at: Timestamp) {
        self.waits_since.get_or_insert(at);
    }

    /// It does no longer.
    pub fn release(&mut self, at: Timestamp) {
        if let Some(since) = self.waits_since.take() {
            self.waited_ms = self.waited_ms.saturating_add(at.millis_since(since));
        }
    }

    /// When it would have begun had nobody been waited for: what has passed since is its own time.
    pub fn began(&self) -> Timestamp {
        Timestamp(self.started.0.saturating_add_unsigned(self.waited_ms))
    }

    /// How long it worked, without the time that a person took.
    pub fn took_ms(&self) -> u64 {
        self.ended.map_or(0, |ended| ended.millis_since(self.began()))
    }

    /// How long it has worked so far.
    pub fn works_ms(&self, now: Timestamp) -> u64 {
        self.waits_since.unwrap_or(now).millis_since(self.began())
    }

    /// Ends the call; one that has ended stays as it ended.
    pub fn end(&mut self, outcome: ToolOutcome, at: Timestamp) {
        if self.state.is_open() {
            let has_result = matches!(outcome, ToolOutcome::Done | ToolOutcome::Failed);
            if has_result && self.state != ToolState::Waiting {
                // It did not stand behind the other's request after all.
                self.waits_since = None;
            }
            self.end_wait(at);
            self.hook_waits = None;
            self.state = outcome.into();
            self.ended = Some(at);
        }
    }
}

/// The sub-agent tool is `Agent`; older CLIs, and some lists of newer ones, say `Task`.
pub fn is_agent_tool(name: &str) -> bool {
    matches!(name, "Agent" | "Task")
}
