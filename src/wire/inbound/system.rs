//! `system` lines: what the CLI says about the session and itself.
//!
//! For: every subtype but those about tasks and hooks (`tasks`, `hooks`).
//! Source: the members of `SDKMessage` with type `system` in the npm package
//! `@anthropic-ai/claude-agent-sdk`, named beside each struct.

use crate::wire::inbound::words::{Activity, InformationLevel, PermissionMode, RunState};
use crate::wire::macros::wire_struct;

wire_struct! {
    /// `init` (`SDKSystemMessage`): comes at the beginning of every turn, not only of the first.
    pub struct Init {
        /// The directory of the session.
        pub cwd: String,
        /// The model's id.
        pub model: String,
        /// Names of the tools.
        pub tools: Vec<String>,
        /// The mode in force.
        pub permission_mode ["permissionMode"]: Option<PermissionMode>,
        /// Names of the slash commands, without the slash.
        pub slash_commands: Vec<String>,
        /// The part of them that only makes sense in the CLI's own terminal.
        pub terminal_slash_commands: Vec<String>,
        /// Names of the sub-agent types.
        pub agents: Vec<String>,
        /// Names of the skills.
        pub skills: Vec<String>,
        /// The MCP servers and how they are.
        pub mcp_servers: Vec<McpServer>,
        /// The plugins.
        pub plugins: Vec<Plugin>,
        /// Plugins that did not load.
        pub plugin_errors: Vec<PluginError>,
        /// The CLI's version, such as `2.1.197`.
        pub claude_code_version: String,
        /// Where the API key comes from; `none` for a login.
        pub api_key_source ["apiKeySource"]: Option<String>,
        /// The name of the output style.
        pub output_style: Option<String>,
        /// How hard the model thinks: `low` to `max`.
        pub effort: Option<String>,
        /// `off`, `cooldown` or `on`.
        pub fast_mode_state: Option<String>,
        /// Beta features in use.
        pub betas: Vec<String>,
        /// What this version of the protocol can do; an open set.
        pub capabilities: Vec<String>,
    }

    /// An MCP server in `init`.
    pub struct McpServer {
        /// Its name.
        pub name: String,
        /// `connected`, `failed`, `needs-auth`, `pending` or `disabled`.
        pub status: String,
        /// Where its definition comes from.
        pub source: Option<String>,
    }

    /// A plugin in `init`.
    pub struct Plugin {
        /// Its name.
        pub name: String,
        /// Where it lies.
        pub path: String,
        /// Its version, in its author's words.
        pub version: Option<String>,
    }

    /// A plugin that did not load.
    pub struct PluginError {
        /// Its name.
        pub plugin: String,
        /// The kind of error.
        pub kind ["type"]: String,
        /// What went wrong.
        pub message: String,
    }

    /// `status` (`SDKStatusMessage`).
    pub struct Status {
        /// What the session is busy with; `None` when with neither of the two.
        pub status: Option<Activity>,
        /// The mode, when it changed.
        pub permission_mode ["permissionMode"]: Option<PermissionMode>,
        /// `success` or `failed`, after a compaction.
        pub compact_result: Option<String>,
        /// Why a compaction failed.
        pub compact_error: Option<String>,
    }

    /// `session_state_changed` (`SDKSessionStateChangedMessage`); newer versions only, on request.
    pub struct SessionStateChanged {
        /// The new state.
        pub state: Option<RunState>,
    }

    /// `api_retry` (`SDKAPIRetryMessage`): the API failed and the CLI will try again.
    pub struct ApiRetry {
        /// From 1.
        pub attempt: u64,
        /// After which the CLI gives up.
        pub max_retries: u64,
        /// The wait before it.
        pub retry_delay_ms: f64,
        /// The HTTP status; `None` when the connection failed.
        pub error_status: Option<u64>,
        /// Such as `rate_limit` or `overloaded`.
        pub error: Option<String>,
    }

    /// `compact_boundary` (`SDKCompactBoundaryMessage`): the conversation was summarised here.
    pub struct CompactBoundary {
        /// How.
        pub compact_metadata: CompactMetadata,
    }

    /// Facts about a compaction.
    pub struct CompactMetadata {
        /// `manual` or `auto`.
        pub trigger: String,
        /// Tokens before.
        pub pre_tokens: u64,
        /// Tokens after.
        pub post_tokens: Option<u64>,
        /// How long it took.
        pub duration_ms: Option<f64>,
    }

    /// `thinking_tokens` (`SDKThinkingTokensMessage`): how much was thought while it is not shown.
    pub struct ThinkingTokens {
        /// So far.
        pub estimated_tokens: u64,
        /// Since the last one.
        pub estimated_tokens_delta: u64,
    }

    /// `permission_denied` (`SDKPermissionDeniedMessage`): denied without asking anybody.
    pub struct PermissionDenied {
        /// The tool.
        pub tool_name: String,
        /// The call.
        pub tool_use_id: String,
        /// The sub-agent that made it.
        pub agent_id: Option<String>,
        /// Such as `rule`, `mode` or `classifier`.
        pub decision_reason_type: Option<String>,
        /// A sentence for a person.
        pub decision_reason: Option<String>,
        /// What the model was told.
        pub message: String,
    }

    /// `session_title_changed`: the session has a new title. Not in the declared types; seen on the
    /// wire of 2.1.329, more than once for one change.
    pub struct SessionTitleChanged {
        /// The title.
        pub title: String,
    }

    /// `notification` (`SDKNotificationMessage`).
    pub struct Notification {
        /// A new one takes the place of an old one with the same key.
        pub key: String,
        /// What it says.
        pub text: String,
        /// `low`, `medium`, `high` or `immediate`.
        pub priority: Option<String>,
        /// How long to show it.
        pub timeout_ms: Option<f64>,
    }

    /// `informational` (`SDKInformationalMessage`).
    pub struct Informational {
        /// What it says.
        pub content: String,
        /// How loud.
        pub level: Option<InformationLevel>,
        /// The tool call it is about.
        pub tool_use_id: Option<String>,
        /// The turn stops after this.
        pub prevent_continuation: bool,
    }

    /// `local_command_output` (`SDKLocalCommandOutputMessage`): a slash command's own output.
    pub struct LocalCommandOutput {
        /// The text.
        pub content: String,
    }

    /// `model_refusal_fallback` (`SDKModelRefusalFallbackMessage`): another model took over.
    pub struct ModelRefusalFallback {
        /// `retry`, `revert` or `sticky`.
        pub direction: Option<String>,
        /// `session` when the session's model changed, `local` when only one request did.
        pub scope: Option<String>,
        /// The model that refused.
        pub original_model: String,
        /// The model that took over.
        pub fallback_model: String,
        /// Why, as a category.
        pub api_refusal_category: Option<String>,
        /// Why, as a sentence.
        pub api_refusal_explanation: Option<String>,
        /// Lines that no longer count.
        pub retracted_message_uuids: Vec<String>,
        /// The user message that was refused.
        pub refused_user_message_uuid: Option<String>,
        /// A sentence for a person.
        pub content: String,
    }

    /// `model_refusal_no_fallback` (`SDKModelRefusalNoFallbackMessage`).
    pub struct ModelRefusalNoFallback {
        /// The model that refused.
        pub original_model: String,
        /// Why, as a category.
        pub api_refusal_category: Option<String>,
        /// Why, as a sentence.
        pub api_refusal_explanation: Option<String>,
        /// The user message that was refused.
        pub refused_user_message_uuid: Option<String>,
        /// A sentence for a person.
        pub content: String,
    }

    /// `files_persisted` (`SDKFilesPersistedEvent`).
    pub struct FilesPersisted {
        /// Saved.
        pub files: Vec<PersistedFile>,
        /// Not saved.
        pub failed: Vec<UnpersistedFile>,
        /// When, ISO 8601.
        pub processed_at: Option<String>,
    }

    /// A file that was saved.
    pub struct PersistedFile {
        /// Its name.
        pub filename: String,
        /// Its id.
        pub file_id: String,
    }

    /// A file that was not saved.
    pub struct UnpersistedFile {
        /// Its name.
        pub filename: String,
        /// Why.
        pub error: String,
    }

    /// `commands_changed` (`SDKCommandsChangedMessage`): the whole new list.
    pub struct CommandsChanged {
        /// All slash commands.
        pub commands: Vec<SlashCommand>,
    }

    /// A slash command (`SlashCommand`).
    pub struct SlashCommand {
        /// Without the slash.
        pub name: String,
        /// What it does.
        pub description: String,
        /// What to write behind it.
        pub argument_hint ["argumentHint"]: String,
        /// Other names.
        pub aliases: Vec<String>,
        /// The CLI's own.
        pub builtin: bool,
    }

    /// `control_request_progress` (`SDKControlRequestProgressMessage`): a request of ours is being
    /// worked on.
    pub struct ControlRequestProgress {
        /// The request.
        pub request_id: String,
        /// `started` or `api_retry`.
        pub status: String,
        /// Which retry.
        pub attempt: Option<u64>,
        /// Of how many.
        pub max_retries: Option<u64>,
    }

    /// `plugin_install` (`SDKPluginInstallMessage`).
    pub struct PluginInstall {
        /// `started`, `installed`, `failed` or `completed`.
        pub status: String,
        /// Which plugin.
        pub name: Option<String>,
        /// What went wrong.
        pub error: Option<String>,
    }

    /// `worker_shutting_down` (`SDKWorkerShuttingDownMessage`).
    pub struct WorkerShuttingDown {
        /// Such as `host_exit`.
        pub reason: String,
    }

    /// `memory_recall` (`SDKMemoryRecallMessage`): notes from earlier sessions came into play.
    pub struct MemoryRecall {
        /// `select` or `synthesize`.
        pub mode: Option<String>,
        /// The notes.
        pub memories: Vec<Memory>,
    }

    /// One note.
    pub struct Memory {
        /// Its file, or a stand-in.
        pub path: String,
        /// `personal`, `team` or `organization`.
        pub scope: Option<String>,
        /// Its text.
        pub content: Option<String>,
    }

    /// `elicitation_complete` (`SDKElicitationCompleteMessage`): an MCP server's question is done.
    pub struct ElicitationComplete {
        /// The server.
        pub mcp_server_name: String,
        /// The question.
        pub elicitation_id: String,
    }

    /// `mirror_error` (`SDKMirrorErrorMessage`): a copy of the transcript could not be written.
    pub struct MirrorError {
        /// Why.
        pub error: String,
    }

    /// `session_writes_lost` (`SDKSessionWritesLostMessage`): the disk is full.
    pub struct SessionWritesLost {
        /// `ENOSPC` or `EDQUOT`.
        pub error_code: String,
        /// `transcript`, `global_config` or both.
        pub lost: Vec<String>,
        /// Sessions whose transcripts have gaps.
        pub transcript_session_ids: Vec<String>,
    }
}
