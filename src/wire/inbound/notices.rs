//! The small top-level lines that are neither conversation nor control.
//!
//! For: `rate_limit_event`, `tool_progress` and their like; each is named beside its struct.
//! Source: the members of `StdoutMessage` in the npm package `@anthropic-ai/claude-agent-sdk`.

use serde_json::Value;

use crate::wire::inbound::words::{CommandState, RateLimitStatus};
use crate::wire::macros::wire_struct;

wire_struct! {
    /// `rate_limit_event` (`SDKRateLimitEvent`).
    pub struct RateLimitEvent {
        /// The limits.
        pub rate_limit_info: RateLimitInfo,
    }

    /// Limits of a subscription (`SDKRateLimitInfo`).
    pub struct RateLimitInfo {
        /// Whether the account may go on.
        pub status: Option<RateLimitStatus>,
        /// When the limit starts anew, in seconds since 1970.
        pub resets_at ["resetsAt"]: Option<u64>,
        /// Such as `five_hour` or `seven_day`.
        pub rate_limit_type ["rateLimitType"]: Option<String>,
        /// The part used, 0 to 1.
        pub utilization: Option<f64>,
        /// The warning threshold that was passed, 0 to 1.
        pub surpassed_threshold ["surpassedThreshold"]: Option<f64>,
        /// Whether paid use beyond the limit is allowed.
        pub overage_status ["overageStatus"]: Option<RateLimitStatus>,
        /// When that starts anew, in seconds since 1970.
        pub overage_resets_at ["overageResetsAt"]: Option<u64>,
        /// Why it is not allowed.
        pub overage_disabled_reason ["overageDisabledReason"]: Option<String>,
        /// Paid use has begun.
        pub is_using_overage ["isUsingOverage"]: bool,
    }

    /// `tool_progress` (`SDKToolProgressMessage`): a call is still running.
    pub struct ToolProgress {
        /// The call.
        pub tool_use_id: String,
        /// The tool.
        pub tool_name: String,
        /// The call of the sub-agent tool that this belongs to.
        pub parent_tool_use_id: Option<String>,
        /// Since it began.
        pub elapsed_time_seconds: f64,
        /// The task, when it is one.
        pub task_id: Option<String>,
        /// Nothing but a sign of life.
        pub heartbeat: bool,
        /// The sub-agent's type.
        pub subagent_type: Option<String>,
        /// The sub-agent waits for the API.
        pub subagent_retry: Option<SubagentRetry>,
    }

    /// A retry inside a sub-agent.
    pub struct SubagentRetry {
        /// The sub-agent.
        pub agent_id: String,
        /// From 1.
        pub attempt: u64,
        /// After which it gives up.
        pub max_retries: u64,
        /// The wait before it.
        pub retry_delay_ms: f64,
        /// The HTTP status.
        pub error_status: Option<u64>,
        /// The kind of error.
        pub error_category: Option<String>,
    }

    /// `tool_use_summary` (`SDKToolUseSummaryMessage`): several calls in one sentence.
    pub struct ToolUseSummary {
        /// The sentence.
        pub summary: String,
        /// The calls.
        pub preceding_tool_use_ids: Vec<String>,
    }

    /// `auth_status` (`SDKAuthStatusMessage`): a login is under way.
    pub struct AuthStatus {
        /// It is.
        pub is_authenticating ["isAuthenticating"]: bool,
        /// What it says, line by line.
        pub output: Vec<String>,
        /// What went wrong.
        pub error: Option<String>,
    }

    /// `prompt_suggestion` (`SDKPromptSuggestionMessage`): what the user might ask next.
    pub struct PromptSuggestion {
        /// The text.
        pub suggestion: String,
    }

    /// `conversation_reset` (`SDKConversationResetMessage`): the conversation was thrown away.
    pub struct ConversationReset {
        /// The session id from now on.
        pub new_conversation_id: String,
        /// Such as `clear` or `plan_mode_exit`.
        pub trigger: Option<String>,
        /// The user message whose `/clear` did it.
        pub user_message_uuid: Option<String>,
        /// When, ISO 8601.
        pub timestamp: Option<String>,
    }

    /// `command_lifecycle`: where a user message that was sent with a `uuid` stands. Not in the
    /// declared types; seen on the wire.
    pub struct CommandLifecycle {
        /// The uuid it was sent with.
        pub command_uuid: String,
        /// Where it stands.
        pub state: Option<CommandState>,
    }

    /// `active_goal` (`SDKActiveGoalMessage`).
    pub struct ActiveGoal {
        /// The goal as received; `None` when there is none any more.
        pub value: Option<Value>,
    }
}
