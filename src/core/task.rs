//! Background tasks and sub-agents, as the CLI reports them beside the tool calls that started them.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;

use super::ids::TaskId;
use super::ids::Timestamp;
use super::ids::ToolCallId;

/// Bytes of what a task has printed that are kept: the newest.
pub const MAX_OUTPUT: usize = 8 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskState {
    Running,
    Done,
    Failed,
    Stopped,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    /// The call that started it, when the CLI says so.
    pub call: Option<ToolCallId>,
    /// The CLI's word for the kind: a shell, an agent, a workflow.
    pub kind: String,
    pub description: String,
    pub state: TaskState,
    pub started: Timestamp,
    pub ended: Option<Timestamp>,
    pub tool_uses: u64,
    pub tokens: u64,
    /// The last tool it used, or the summary it ended with.
    pub last: Option<String>,
    /// The end of what it has printed, when somebody asked.
    #[serde(default)]
    pub output: Option<String>,
}

/// What a progress or end report says about a task.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskReport {
    pub tool_uses: Option<u64>,
    pub tokens: Option<u64>,
    pub last: Option<String>,
    /// The end of what it has printed.
    #[serde(default)]
    pub output: Option<String>,
}

/// The kinds of what the model has begin later: they wait, and do nothing until then.
pub const WAITING_KINDS: [&str; 2] = ["wake-up", "schedule"];

impl Task {
    /// Its kind as a person would say it.
    pub fn kind_in_words(&self) -> Cow<'_, str> {
        match self.kind.as_str() {
            "local_bash" => Cow::Borrowed("shell"),
            "local_agent" => Cow::Borrowed("agent"),
            "local_workflow" => Cow::Borrowed("workflow"),
            other => Cow::Owned(other.replace('_', " ")),
        }
    }

    /// Whether it only waits for its time.
    pub fn only_waits(&self) -> bool {
        WAITING_KINDS.contains(&self.kind.as_str())
    }

    pub fn note(&mut self, report: TaskReport) {
        self.tool_uses = report.tool_uses.unwrap_or(self.tool_uses);
        self.tokens = report.tokens.unwrap_or(self.tokens);
        if report.last.is_some() {
            self.last = report.last;
        }
        if report.output.is_some() {
            self.output = report.output;
        }
    }
}
