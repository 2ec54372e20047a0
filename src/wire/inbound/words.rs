//! The closed sets of words that steer the program, each with room for words yet to come.
//!
//! For: words that somebody branches on. Not for: words that are only shown, which stay strings.
//! Source: the type declarations of the npm package `@anthropic-ai/claude-agent-sdk`.

use crate::wire::macros::wire_words;

wire_words! {
    /// How tool calls are permitted (`PermissionMode`).
    pub enum PermissionMode {
        /// Ask for what is dangerous.
        Default = "default",
        /// File edits pass without asking.
        AcceptEdits = "acceptEdits",
        /// Everything passes.
        BypassPermissions = "bypassPermissions",
        /// Read and plan only.
        Plan = "plan",
        /// What would be asked is denied.
        DontAsk = "dontAsk",
        /// A classifier decides most calls.
        Auto = "auto",
    }

    /// `system/session_state_changed`.
    pub enum RunState {
        /// Waiting for a user message.
        Idle = "idle",
        /// A turn runs.
        Running = "running",
        /// A request of the CLI waits for an answer.
        RequiresAction = "requires_action",
    }

    /// `system/status`; null on the wire means neither.
    pub enum Activity {
        /// The conversation is being summarised.
        Compacting = "compacting",
        /// A request to the model is under way.
        Requesting = "requesting",
    }

    /// What a task is doing (`task_updated`, `task_notification`).
    pub enum TaskStatus {
        /// Not begun.
        Pending = "pending",
        /// Under way.
        Running = "running",
        /// Ended well.
        Completed = "completed",
        /// Ended in an error.
        Failed = "failed",
        /// Ended by a signal or a stop.
        Killed = "killed",
        /// Held.
        Paused = "paused",
        /// Ended on request; only in `task_notification`.
        Stopped = "stopped",
    }

    /// Where a queued user message stands (`command_lifecycle`).
    pub enum CommandState {
        /// Waiting for the turn before it.
        Queued = "queued",
        /// Taken into a turn.
        Started = "started",
        /// Its turn has ended.
        Completed = "completed",
        /// Withdrawn before it ran.
        Cancelled = "cancelled",
    }

    /// The subtype of a `result`.
    pub enum ResultKind {
        /// The turn ended by itself; `is_error` may be set all the same.
        Success = "success",
        /// An error or an interrupt ended it.
        ErrorDuringExecution = "error_during_execution",
        /// The limit of turns was reached.
        ErrorMaxTurns = "error_max_turns",
        /// The budget was spent.
        ErrorMaxBudgetUsd = "error_max_budget_usd",
        /// The structured answer did not fit its schema.
        ErrorMaxStructuredOutputRetries = "error_max_structured_output_retries",
    }

    /// Why a turn ended (`TerminalReason`); only the words somebody branches on.
    pub enum TerminalReason {
        /// By itself.
        Completed = "completed",
        /// Interrupted while a tool ran.
        AbortedTools = "aborted_tools",
        /// Interrupted while the model wrote.
        AbortedStreaming = "aborted_streaming",
        /// The context window is full.
        PromptTooLong = "prompt_too_long",
        /// The API failed.
        ApiError = "api_error",
        /// The model failed.
        ModelError = "model_error",
        /// An image could not be used.
        ImageError = "image_error",
        /// The context window is so full that nothing was sent.
        BlockingLimit = "blocking_limit",
        /// The context window was full again soon after each summary.
        RapidRefillBreaker = "rapid_refill_breaker",
        /// The model wrote calls that could not be read, several times in a row.
        MalformedToolUseExhausted = "malformed_tool_use_exhausted",
        /// The answer never fitted the schema.
        StructuredOutputRetryExhausted = "structured_output_retry_exhausted",
        /// A hook put a call off.
        ToolDeferred = "tool_deferred",
        /// A call that was put off cannot be made any more.
        ToolDeferredUnavailable = "tool_deferred_unavailable",
        /// The work was sent to the background.
        BackgroundRequested = "background_requested",
        /// The turn could not begin.
        TurnSetupFailed = "turn_setup_failed",
        /// The limit of turns was reached.
        MaxTurns = "max_turns",
        /// The budget was spent.
        BudgetExhausted = "budget_exhausted",
        /// A hook stopped it.
        HookStopped = "hook_stopped",
        /// A Stop hook kept it from ending.
        StopHookPrevented = "stop_hook_prevented",
    }

    /// Whether the account may go on (`SDKRateLimitInfo`).
    pub enum RateLimitStatus {
        /// Yes.
        Allowed = "allowed",
        /// Yes, but the limit is near.
        AllowedWarning = "allowed_warning",
        /// No, until `resets_at`.
        Rejected = "rejected",
    }

    /// How a hook ended.
    pub enum HookOutcome {
        /// Well.
        Success = "success",
        /// Badly.
        Error = "error",
        /// It was cut short.
        Cancelled = "cancelled",
    }

    /// How loud a notice of the CLI is (`system/informational`).
    pub enum InformationLevel {
        /// For the full transcript only.
        Info = "info",
        /// Worth a quiet line.
        Notice = "notice",
        /// A hint what to do.
        Suggestion = "suggestion",
        /// A warning.
        Warning = "warning",
    }
}
