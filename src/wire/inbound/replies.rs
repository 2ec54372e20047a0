//! The payloads of the answers to our requests, for those that somebody reads.
//!
//! For: turning the `Value` of a successful answer into a type, with `from_payload`.
//! Not for: requests that are merely acknowledged.
//! Source: `SDKControl*Response` in the npm package `@anthropic-ai/claude-agent-sdk`; `pid`,
//! `current_permission_mode` and `capabilities` were seen on the wire only.

use serde_json::Value;

use crate::wire::inbound::system::SlashCommand;
use crate::wire::inbound::words::PermissionMode;
use crate::wire::lenient;
use crate::wire::macros::wire_struct;

wire_struct! {
    /// Of `initialize`.
    pub struct InitializeReply {
        /// All slash commands.
        pub commands: Vec<SlashCommand>,
        /// Models to choose from.
        pub models: Vec<ModelInfo>,
        /// Sub-agent types.
        pub agents: Vec<AgentInfo>,
        /// The output style in use.
        pub output_style: Option<String>,
        /// Output styles to choose from.
        pub available_output_styles: Vec<String>,
        /// Who is logged in.
        pub account: Account,
        /// The CLI's process.
        pub pid: Option<u64>,
        /// The CLI's version; absent in older ones.
        pub claude_code_version: Option<String>,
        /// The mode in force; absent in older versions.
        pub current_permission_mode: Option<PermissionMode>,
        /// What this version of the protocol can do; an open set.
        pub capabilities: Vec<String>,
        /// Whether our hooks were taken; absent in older versions.
        pub hooks_applied: Option<bool>,
        /// `off`, `cooldown` or `on`.
        pub fast_mode_state: Option<String>,
    }

    /// A model to choose (`ModelInfo`).
    pub struct ModelInfo {
        /// What `set_model` takes.
        pub value: String,
        /// The model's id behind it.
        pub resolved_model ["resolvedModel"]: Option<String>,
        /// Its name.
        pub display_name ["displayName"]: String,
        /// A few words.
        pub description: String,
        /// Whether it can be told how hard to think.
        pub supports_effort ["supportsEffort"]: bool,
        /// How hard.
        pub supported_effort_levels ["supportedEffortLevels"]: Vec<String>,
        /// Whether the `auto` permission mode works with it.
        pub supports_auto_mode ["supportsAutoMode"]: Option<bool>,
    }

    /// A sub-agent type (`AgentInfo`).
    pub struct AgentInfo {
        /// Its name.
        pub name: String,
        /// When to use it.
        pub description: String,
        /// Its model, if it has one of its own.
        pub model: Option<String>,
    }

    /// Who is logged in (`AccountInfo`).
    pub struct Account {
        /// Address.
        pub email: Option<String>,
        /// Organisation.
        pub organization: Option<String>,
        /// Plan.
        pub subscription_type ["subscriptionType"]: Option<String>,
        /// Where the login comes from.
        pub token_source ["tokenSource"]: Option<String>,
        /// Where the API key comes from.
        pub api_key_source ["apiKeySource"]: Option<String>,
        /// Such as `firstParty` or `bedrock`.
        pub api_provider ["apiProvider"]: Option<String>,
    }

    /// Of `interrupt`.
    pub struct InterruptReply {
        /// Uuids of user messages that will still run.
        pub still_queued: Vec<String>,
        /// Uuids of those withdrawn, when that was asked for.
        pub cancelled: Vec<String>,
    }

    /// Of `get_context_usage`.
    pub struct ContextUsageReply {
        /// What fills the window.
        pub categories: Vec<ContextCategory>,
        /// In use.
        pub total_tokens ["totalTokens"]: u64,
        /// The window, less what is set aside.
        pub max_tokens ["maxTokens"]: u64,
        /// The window.
        pub raw_max_tokens ["rawMaxTokens"]: u64,
        /// 0 to 100.
        pub percentage: f64,
        /// The model.
        pub model: Option<String>,
        /// Tokens at which the conversation is summarised.
        pub auto_compact_threshold ["autoCompactThreshold"]: Option<u64>,
        /// Whether it is.
        pub is_auto_compact_enabled ["isAutoCompactEnabled"]: Option<bool>,
    }

    /// A row of the context window.
    pub struct ContextCategory {
        /// A stable name; absent in older versions.
        pub id: Option<String>,
        /// An English name.
        pub name: String,
        /// Its size.
        pub tokens: u64,
        /// `used`, `free`, `buffer` or `deferred`; absent in older versions.
        pub kind: Option<String>,
        /// Not loaded yet.
        pub is_deferred ["isDeferred"]: bool,
    }

    /// Of `list_models`.
    pub struct ListModelsReply {
        /// Models to choose from.
        pub models: Vec<ModelInfo>,
    }

    /// Of `mcp_status`.
    pub struct McpStatusReply {
        /// All servers.
        pub servers ["mcpServers"]: Vec<McpServerStatus>,
    }

    /// An MCP server (`McpServerStatus`).
    pub struct McpServerStatus {
        /// Its name.
        pub name: String,
        /// `connected`, `failed`, `needs-auth`, `pending` or `disabled`.
        pub status: String,
        /// Why it failed.
        pub error: Option<String>,
        /// The configuration it stands in.
        pub scope: Option<String>,
        /// Where its definition comes from.
        pub source: Option<String>,
        /// Its tools.
        pub tools: Vec<McpTool>,
    }

    /// A tool of an MCP server.
    pub struct McpTool {
        /// Its name.
        pub name: String,
        /// What it does, in the server's words.
        pub description: Option<String>,
    }

    /// Of `get_session_cost`.
    pub struct SessionCostReply {
        /// A report for a person.
        pub text: String,
    }

    /// Of `file_suggestions`.
    pub struct FileSuggestionsReply {
        /// The best first.
        pub suggestions: Vec<FileSuggestion>,
        /// The directory the paths start from; absent when that is the session's own.
        pub cwd: Option<String>,
    }

    /// A file or directory to name.
    pub struct FileSuggestion {
        /// The path, as it goes behind the `@`.
        pub path: String,
    }

    /// Of `cancel_async_message`.
    pub struct CancelAsyncMessageReply {
        /// Whether it came in time.
        pub cancelled: bool,
    }

    /// Of `rewind_files`.
    pub struct RewindFilesReply {
        /// Whether it can be done.
        pub can_rewind ["canRewind"]: bool,
        /// Why not.
        pub error: Option<String>,
        /// The files.
        pub files_changed ["filesChanged"]: Vec<String>,
        /// Lines that come back.
        pub insertions: Option<u64>,
        /// Lines that go.
        pub deletions: Option<u64>,
    }
}

macro_rules! replies {
    ($($type:ty),* $(,)?) => {$(
        impl $type {
            /// Reads the payload of a successful answer; what cannot be read is empty.
            pub fn from_payload(payload: Value) -> Self {
                lenient::from_value(payload).unwrap_or_default()
            }
        }
    )*};
}

replies!(
    InitializeReply,
    InterruptReply,
    ContextUsageReply,
    ListModelsReply,
    McpStatusReply,
    SessionCostReply,
    FileSuggestionsReply,
    CancelAsyncMessageReply,
    RewindFilesReply,
);
