//! What the CLI sends, one type for each kind of line.
//!
//! For: giving every line a type. Not for: parsing it (`decode`).
//! Source: `StdoutMessage` in `sdk.d.ts` of the npm package `@anthropic-ai/claude-agent-sdk`, and
//! what versions 2.1.197 and 2.1.329 were seen to send.
//!
//! Invariants:
//! - What cannot be sorted is kept whole in an [`Unknown`].
//! - An optional field is `None` when it is absent, null or unreadable; a list is then empty and a
//!   text or number is then empty or zero.
//! - Nothing here is fit for a terminal: every string is as the CLI sent it.

/// Messages, content blocks and usage.
pub mod api;
/// The control protocol: requests of the CLI and answers to ours.
pub mod control;
/// Small lines that are neither conversation nor control.
pub mod notices;
/// The payloads of answers to our requests.
pub mod replies;
/// Pieces of a message while it is written.
pub mod stream;
/// What the CLI says about the session and itself.
pub mod system;
/// Tasks and hooks.
pub mod tasks;
/// Whole messages and the end of a turn.
pub mod turn;
/// Closed sets of words.
pub mod words;

use serde_json::Value;

/// Something of a kind that this version of the program does not know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unknown {
    /// Its type, or its subtype where the type is known; empty when it has none.
    pub kind: String,
    /// All of it.
    pub raw: Value,
}

/// One line from the CLI.
#[derive(Debug, Clone, PartialEq)]
pub struct Inbound {
    /// The session, on nearly every line that is not of the control protocol. It changes when the
    /// conversation is reset or forked.
    pub session_id: Option<String>,
    /// The line's own id.
    pub uuid: Option<String>,
    /// The line held half of a surrogate pair, as JavaScript leaves it when it cuts a text in the
    /// middle of an emoji; U+FFFD stands in its place. What is sent back is then not what came.
    pub repaired: bool,
    /// What it says.
    pub message: Message,
}

/// What a line says.
// An `Inbound` lives in a box; boxing its parts once more would only cost allocations.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// `assistant`
    Assistant(turn::Assistant),
    /// `user`
    User(turn::User),
    /// `result`
    Result(turn::TurnResult),
    /// `stream_event`
    StreamEvent(stream::StreamEvent),
    /// `system`
    System(System),
    /// `rate_limit_event`
    RateLimit(notices::RateLimitEvent),
    /// `tool_progress`
    ToolProgress(notices::ToolProgress),
    /// `tool_use_summary`
    ToolUseSummary(notices::ToolUseSummary),
    /// `auth_status`
    AuthStatus(notices::AuthStatus),
    /// `prompt_suggestion`
    PromptSuggestion(notices::PromptSuggestion),
    /// `conversation_reset`
    ConversationReset(notices::ConversationReset),
    /// `command_lifecycle`
    CommandLifecycle(notices::CommandLifecycle),
    /// `active_goal`
    ActiveGoal(notices::ActiveGoal),
    /// `keep_alive`
    KeepAlive,
    /// `control_request`: wants an answer.
    ControlRequest(control::ControlRequest),
    /// `control_response`: answers a request of ours.
    ControlResponse(control::ControlResponse),
    /// `control_cancel_request`: a request of the CLI is off.
    ControlCancel {
        /// The request; it gets no answer any more.
        request_id: String,
    },
    /// Anything else, and a control line without the ids to route it.
    Unknown(Unknown),
}

/// Declares [`System`] together with the two things that must agree with it.
macro_rules! system_lines {
    ($($subtype:literal => $variant:ident($type:ty)),* $(,)?) => {
        /// A `system` line by its subtype.
        #[allow(clippy::large_enum_variant)] // as for `Message`
        #[derive(Debug, Clone, PartialEq)]
        pub enum System {
            $(
                #[doc = concat!("`", $subtype, "`")]
                $variant($type),
            )*
            /// Any other subtype.
            Unknown(Unknown),
        }

        impl System {
            /// Reads a line of a known subtype; `None` for an unknown one.
            pub(crate) fn read(
                subtype: &str,
                line: &str,
            ) -> Option<Result<Self, serde_json::Error>> {
                match subtype {
                    $($subtype => Some(
                        crate::wire::lenient::from_text::<$type>(line)
                            .map(|line| Self::$variant(line.unwrap_or_default())),
                    ),)*
                    _ => None,
                }
            }

            /// The fields read of a line of that subtype; `None` for an unknown one.
            pub(crate) fn fields(subtype: &str) -> Option<&'static [&'static str]> {
                match subtype {
                    $($subtype => Some(<$type>::FIELDS),)*
                    _ => None,
                }
            }
        }
    };
}

system_lines! {
    "init" => Init(system::Init),
    "status" => Status(system::Status),
    "session_state_changed" => SessionStateChanged(system::SessionStateChanged),
    "api_retry" => ApiRetry(system::ApiRetry),
    "compact_boundary" => CompactBoundary(system::CompactBoundary),
    "thinking_tokens" => ThinkingTokens(system::ThinkingTokens),
    "permission_denied" => PermissionDenied(system::PermissionDenied),
    "session_title_changed" => SessionTitleChanged(system::SessionTitleChanged),
    "notification" => Notification(system::Notification),
    "informational" => Informational(system::Informational),
    "local_command_output" => LocalCommandOutput(system::LocalCommandOutput),
    "model_refusal_fallback" => ModelRefusalFallback(system::ModelRefusalFallback),
    "model_refusal_no_fallback" => ModelRefusalNoFallback(system::ModelRefusalNoFallback),
    "files_persisted" => FilesPersisted(system::FilesPersisted),
    "commands_changed" => CommandsChanged(system::CommandsChanged),
    "control_request_progress" => ControlRequestProgress(system::ControlRequestProgress),
    "plugin_install" => PluginInstall(system::PluginInstall),
    "worker_shutting_down" => WorkerShuttingDown(system::WorkerShuttingDown),
    "memory_recall" => MemoryRecall(system::MemoryRecall),
    "elicitation_complete" => ElicitationComplete(system::ElicitationComplete),
    "mirror_error" => MirrorError(system::MirrorError),
    "session_writes_lost" => SessionWritesLost(system::SessionWritesLost),
    "task_started" => TaskStarted(tasks::TaskStarted),
    "task_progress" => TaskProgress(tasks::TaskProgress),
    "task_updated" => TaskUpdated(tasks::TaskUpdated),
    "task_notification" => TaskNotification(tasks::TaskNotification),
    "background_tasks_changed" => BackgroundTasksChanged(tasks::BackgroundTasksChanged),
    "hook_started" => HookStarted(tasks::HookStarted),
    "hook_progress" => HookProgress(tasks::HookProgress),
    "hook_response" => HookResponse(tasks::HookResponse),
}
