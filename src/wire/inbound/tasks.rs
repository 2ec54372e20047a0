//! `system` lines about tasks (sub-agents, background shells, workflows) and hooks.
//!
//! For: following what runs beside the conversation. Not for: the calls that began it, which are
//! `tool_use` blocks. A sub-agent's `task_id` is the `agent_id` of its lines.
//! Source: `SDKTask*Message`, `SDKBackgroundTasksChangedMessage` and `SDKHook*Message` in the npm
//! package `@anthropic-ai/claude-agent-sdk`.

use crate::wire::inbound::words::{HookOutcome, TaskStatus};
use crate::wire::macros::wire_struct;

wire_struct! {
    /// `task_started`
    pub struct TaskStarted {
        /// The task.
        pub task_id: String,
        /// One run of it; a task can be resumed.
        pub run_id: Option<String>,
        /// The tool call that began it.
        pub tool_use_id: Option<String>,
        /// A few words.
        pub description: String,
        /// The sub-agent's type.
        pub subagent_type: Option<String>,
        /// Such as `local_agent` or `local_bash`.
        pub task_type: Option<String>,
        /// The workflow's name.
        pub workflow_name: Option<String>,
        /// The tool call came back at once.
        pub is_backgrounded: Option<bool>,
        /// 1 for a sub-agent of the main conversation, 2 for a sub-agent of that one.
        pub spawn_depth: Option<u64>,
        /// The task whose agent began this one.
        pub parent_task_id: Option<String>,
        /// What it was asked to do.
        pub prompt: Option<String>,
        /// Housekeeping, not for the transcript.
        pub skip_transcript: bool,
        /// Not an activity to wait for.
        pub ambient: bool,
    }

    /// `task_progress`
    pub struct TaskProgress {
        /// The task.
        pub task_id: String,
        /// One run of it.
        pub run_id: Option<String>,
        /// The tool call that began it.
        pub tool_use_id: Option<String>,
        /// A few words.
        pub description: String,
        /// The sub-agent's type.
        pub subagent_type: Option<String>,
        /// So far.
        pub usage: Option<TaskUsage>,
        /// The tool it used last.
        pub last_tool_name: Option<String>,
        /// How it is getting on.
        pub summary: Option<String>,
    }

    /// `task_updated`: fields that changed.
    pub struct TaskUpdated {
        /// The task.
        pub task_id: String,
        /// One run of it.
        pub run_id: Option<String>,
        /// What changed; `None` is "as before".
        pub patch: TaskPatch,
    }

    /// The changes in `task_updated`.
    pub struct TaskPatch {
        /// New status.
        pub status: Option<TaskStatus>,
        /// New description.
        pub description: Option<String>,
        /// The end, in milliseconds since 1970.
        pub end_time: Option<u64>,
        /// How long it was held.
        pub total_paused_ms: Option<u64>,
        /// What went wrong.
        pub error: Option<String>,
        /// It moved to the background, or back.
        pub is_backgrounded: Option<bool>,
    }

    /// `task_notification`: a task ended. A turn without a user message follows.
    pub struct TaskNotification {
        /// The task.
        pub task_id: String,
        /// One run of it.
        pub run_id: Option<String>,
        /// The tool call that began it.
        pub tool_use_id: Option<String>,
        /// How it ended.
        pub status: Option<TaskStatus>,
        /// Set when it ended in none of the usual ways.
        pub reason: Option<String>,
        /// A file with its whole output.
        pub output_file: Option<String>,
        /// What came of it.
        pub summary: String,
        /// What it used.
        pub usage: Option<TaskUsage>,
        /// Housekeeping, not for the transcript.
        pub skip_transcript: bool,
        /// Not an activity to wait for.
        pub ambient: bool,
    }

    /// What a task has used.
    pub struct TaskUsage {
        /// Tokens.
        pub total_tokens: u64,
        /// Tool calls.
        pub tool_uses: u64,
        /// Time.
        pub duration_ms: u64,
    }

    /// `background_tasks_changed`: the whole list, which replaces the one before.
    pub struct BackgroundTasksChanged {
        /// All live tasks in the background.
        pub tasks: Vec<BackgroundTask>,
    }

    /// A live task in the background.
    pub struct BackgroundTask {
        /// The task.
        pub task_id: String,
        /// One run of it.
        pub run_id: Option<String>,
        /// Such as `local_agent` or `local_bash`.
        pub task_type: Option<String>,
        /// The sub-agent's type.
        pub subagent_type: Option<String>,
        /// A few words.
        pub description: String,
        /// The task whose agent began this one.
        pub parent_task_id: Option<String>,
        /// Not an activity to wait for.
        pub ambient: bool,
    }

    /// `hook_started`
    pub struct HookStarted {
        /// One run of the hook.
        pub hook_id: String,
        /// Its name.
        pub hook_name: String,
        /// Such as `PreToolUse`.
        pub hook_event: String,
    }

    /// `hook_progress`
    pub struct HookProgress {
        /// One run of the hook.
        pub hook_id: String,
        /// Its name.
        pub hook_name: String,
        /// Such as `PreToolUse`.
        pub hook_event: String,
        /// Standard output so far.
        pub stdout: String,
        /// Standard error so far.
        pub stderr: String,
        /// Both.
        pub output: String,
    }

    /// `hook_response`
    pub struct HookResponse {
        /// One run of the hook.
        pub hook_id: String,
        /// Its name.
        pub hook_name: String,
        /// Such as `PreToolUse`.
        pub hook_event: String,
        /// Standard output.
        pub stdout: String,
        /// Standard error.
        pub stderr: String,
        /// Both.
        pub output: String,
        /// The exit code, if it came to that.
        pub exit_code: Option<i64>,
        /// How it ended.
        pub outcome: Option<HookOutcome>,
    }
}
