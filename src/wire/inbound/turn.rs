//! The lines a turn is made of: `assistant`, `user`, `result`.
//!
//! For: whole messages and the end of a turn. Not for: their streamed pieces (`stream`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::inbound::api::{ApiMessage, Usage};
use crate::wire::inbound::words::{ResultKind, TerminalReason};
use crate::wire::macros::wire_struct;

wire_struct! {
    /// `assistant` (`SDKAssistantMessage`): one block of a message of the model.
    pub struct Assistant {
        /// The message with this one block.
        pub message: ApiMessage,
        /// The call of the sub-agent tool that this belongs to; `None` for the main conversation.
        pub parent_tool_use_id: Option<String>,
        /// The sub-agent, which is also the `task_id` of its task events. Absent in older versions.
        pub agent_id: Option<String>,
        /// The sub-agent's type.
        pub subagent_type: Option<String>,
        /// What the sub-agent was asked to do.
        pub task_description: Option<String>,
        /// Such as `rate_limit` or `authentication_failed`: the text is the CLI's error message.
        pub error: Option<String>,
        /// The API's own id of the call.
        pub request_id: Option<String>,
        /// The user message that the turn answers, by the uuid it was sent with.
        pub user_message_uuid: Option<String>,
        /// Uuids of earlier lines that this one takes the place of, after a refusal.
        pub supersedes: Vec<String>,
        /// Cut off by an interrupt.
        pub aborted: bool,
        /// When the block was complete, ISO 8601.
        pub timestamp: Option<String>,
        /// `/context` as data, on the CLI's own answer to that command.
        pub context_usage: Option<Value>,
        /// `/usage` as data, on the CLI's own answer to that command.
        pub usage_report: Option<Value>,
    }

    /// `user` (`SDKUserMessage`, `SDKUserMessageReplay`): tool results, the summary after a
    /// compaction, notes of the CLI, and the user's own messages when they are replayed.
    pub struct User {
        /// The message.
        pub message: ApiMessage,
        /// The call of the sub-agent tool that this belongs to; `None` for the main conversation.
        pub parent_tool_use_id: Option<String>,
        /// The sub-agent, which is also the `task_id` of its task events. Absent in older versions.
        pub agent_id: Option<String>,
        /// The sub-agent's type.
        pub subagent_type: Option<String>,
        /// What the sub-agent was asked to do.
        pub task_description: Option<String>,
        /// Written by the CLI, not by a person.
        pub is_synthetic ["isSynthetic"]: bool,
        /// A message that was there before.
        pub is_replay ["isReplay"]: bool,
        /// The tool's output as data; its shape depends on the tool and the version.
        pub tool_use_result: Option<Value>,
        /// Who wrote it.
        pub origin: Option<Origin>,
        /// When it was written, ISO 8601.
        pub timestamp: Option<String>,
    }

    /// Who caused a message or a turn (`SDKMessageOrigin`). Absent means unattributed.
    pub struct Origin {
        /// `human`, `channel`, `peer`, `task-notification`, `auto-continuation`, …
        pub kind: String,
        /// The sending session, for `peer` and `observer`.
        pub from: Option<String>,
        /// Its display name, for `peer`.
        pub name: Option<String>,
        /// The MCP server, for `channel`.
        pub server: Option<String>,
        /// More about `task-notification`.
        pub subkind: Option<String>,
    }

    /// `result` (`SDKResultSuccess`, `SDKResultError`): the end of a turn.
    ///
    /// `is_error` may be true with the subtype `success`: the API failed, and `result` is the text.
    pub struct TurnResult {
        /// How it ended.
        pub kind ["subtype"]: Option<ResultKind>,
        /// Whether it ended badly.
        pub is_error: bool,
        /// The last text of the model, or the text of the error.
        pub result: Option<String>,
        /// Sentences about what went wrong.
        pub errors: Vec<String>,
        /// The HTTP status of the API's failure.
        pub api_error_status: Option<u64>,
        /// Why the turn ended. Absent in older versions.
        pub terminal_reason: Option<TerminalReason>,
        /// The model's last reason to stop.
        pub stop_reason: Option<String>,
        /// Length of the turn.
        pub duration_ms: u64,
        /// The part spent in API calls.
        pub duration_api_ms: u64,
        /// Time to the first token.
        pub ttft_ms: Option<f64>,
        /// API calls with tools in between.
        pub num_turns: u64,
        /// Running total of the process, not of the turn, in US dollars.
        pub total_cost_usd: Option<f64>,
        /// Tokens of the turn, main conversation only.
        pub usage: Option<Usage>,
        /// Running totals of the process by model, sub-agents included.
        pub model_usage ["modelUsage"]: BTreeMap<String, ModelUsage>,
        /// The same since the `result` before; newer versions only.
        pub model_usage_since_last_result: BTreeMap<String, ModelUsage>,
        /// Tool calls that were denied in the turn.
        pub permission_denials: Vec<PermissionDenial>,
        /// User messages still waiting: more than zero means another turn follows.
        pub queued_turn_count: Option<u64>,
        /// Which result of the process this is, from zero.
        pub result_index: Option<u64>,
        /// The user message that the turn answers, by the uuid it was sent with.
        pub user_message_uuid: Option<String>,
        /// All user messages that the turn took in.
        pub user_message_uuids: Vec<String>,
        /// Who caused the turn.
        pub origin: Option<Origin>,
        /// The slash command that the CLI handled itself.
        pub local_command: Option<String>,
        /// The answer to a JSON schema.
        pub structured_output: Option<Value>,
        /// A tool call that was put off.
        pub deferred_tool_use: Option<Value>,
        /// Why the process could not start, on the result it writes before it exits.
        pub startup_failure_reason: Option<String>,
        /// `off`, `cooldown` or `on`.
        pub fast_mode_state: Option<String>,
        /// When the login ends for good, ISO 8601.
        pub credential_expires_at: Option<String>,
    }

    /// Totals of one model (`ModelUsage`).
    pub struct ModelUsage {
        /// Input outside the cache.
        pub input_tokens ["inputTokens"]: u64,
        /// Output.
        pub output_tokens ["outputTokens"]: u64,
        /// Input read from the cache.
        pub cache_read_input_tokens ["cacheReadInputTokens"]: u64,
        /// Input written to the cache.
        pub cache_creation_input_tokens ["cacheCreationInputTokens"]: u64,
        /// Searches on the API's side.
        pub web_search_requests ["webSearchRequests"]: u64,
        /// US dollars.
        pub cost_usd ["costUSD"]: f64,
        /// Tokens the model can hold; zero when not reported.
        pub context_window ["contextWindow"]: u64,
        /// Tokens it can write at once.
        pub max_output_tokens ["maxOutputTokens"]: u64,
    }

    /// A tool call that was denied (`SDKPermissionDenial`).
    pub struct PermissionDenial {
        /// The tool.
        pub tool_name: String,
        /// The call.
        pub tool_use_id: String,
        /// Its arguments.
        pub tool_input: Value,
    }
}
