//! Tool calls and their life: announced while the model still writes the input, started when the input
//! is whole, perhaps waiting for an approval, ended by a result or by the end of the turn.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::approval::Verdict;
use super::ids::TaskId;
use super::ids::Timestamp;
use super::ids::ToolCallId;

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

/// What a tool call returned, bounded: the CLI has the whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ToolOutput {
    pub text: String,
    /// Bytes left out of the middle of `text`.
    pub omitted: u64,
    /// The structured result of the tool, when the CLI sent one of a reasonable size; else null.
    pub detail: Value,
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
    /// Bytes of input received so far, while the model writes it.
    pub received: u64,
    pub state: ToolState,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    /// How long it waited for a person, so far as that is over.
    #[serde(default)]
    pub waited_ms: u64,
    /// Since when it waits for a person.
    #[serde(default)]
    pub waits_since: Option<Timestamp>,
    pub output: Option<ToolOutput>,
    /// Calls made by this one, when it is a sub-agent.
    pub n_calls: u32,
    /// The background task it started.
    pub task: Option<TaskId>,
    /// How its approval was decided, when there was one.
    pub verdict: Option<Verdict>,
}

impl ToolCall {
    pub fn new(id: ToolCallId, name: String, at: Timestamp) -> Self {
        Self {
            id,
            name,
            input: Value::Null,
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
            self.waits_since.get_or_insert(at);
        }
    }

    /// Nobody has to be waited for any more.
    pub fn end_wait(&mut self, at: Timestamp) {
        if self.state == ToolState::Waiting {
            self.state = ToolState::Running;
        }
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

    /// Ends the call; one that has ended stays as it ended.
    pub fn end(&mut self, outcome: ToolOutcome, at: Timestamp) {
        if self.state.is_open() {
            self.end_wait(at);
            self.state = outcome.into();
            self.ended = Some(at);
        }
    }
}

/// The sub-agent tool is `Agent`; older CLIs, and some lists of newer ones, say `Task`.
pub fn is_agent_tool(name: &str) -> bool {
    matches!(name, "Agent" | "Task")
}
