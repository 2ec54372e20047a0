//! What we send, one type for each kind of line.
//!
//! For: user messages, requests to the CLI, answers to its requests. Not for: the text of the line
//! (`encode`). Source: `SDKUserMessage` and `SDKControl*Request` in the npm package
//! `@anthropic-ai/claude-agent-sdk`; each request was tried on the CLI.
//!
//! Invariant: an optional field that is not set is left out, since older versions know fewer.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;

use crate::wire::inbound::words::PermissionMode;
use crate::wire::permission::PermissionAnswer;

/// One line to the CLI.
#[derive(Debug, Clone, PartialEq)]
pub enum Outbound {
    /// A message of the user. While a turn runs, the CLI queues it.
    User(UserMessage),
    /// A request; its answer names the id.
    Request {
        /// Ours to choose, unique among open requests.
        request_id: String,
        /// What is wanted.
        request: ClientRequest,
    },
    /// The answer to a request of the CLI. Each request gets one, unless it is withdrawn.
    Answer {
        /// The id of the request.
        request_id: String,
        /// What came of it.
        answer: Answer,
    },
    /// A request of ours is off.
    CancelRequest {
        /// Its id.
        request_id: String,
    },
}

/// A message of the user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserMessage {
    /// What it says.
    pub content: UserContent,
    /// Ours to choose; a UUID. With it the CLI reports on the message (`command_lifecycle`) and
    /// the message can be withdrawn or rewound to.
    pub uuid: Option<String>,
    /// The session; may be empty.
    pub session_id: String,
    /// When it is its turn; `None` is the CLI's own choice.
    pub priority: Option<Priority>,
    /// Who wrote it. A message without one does not count as a person's.
    pub origin: Option<UserOrigin>,
}

/// The content of a user message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum UserContent {
    /// One text.
    Text(String),
    /// Texts and images.
    Blocks(Vec<UserBlock>),
}

impl Default for UserContent {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// A block of a user message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserBlock {
    /// A text.
    Text {
        /// The text.
        text: String,
    },
    /// An image.
    Image {
        /// Its bytes.
        source: UserImage,
    },
}

/// The bytes of an image.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum UserImage {
    /// In the line itself.
    Base64 {
        /// Their format.
        media_type: ImageType,
        /// The bytes in base64.
        data: String,
    },
}

/// The image formats that the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum ImageType {
    /// PNG
    #[serde(rename = "image/png")]
    Png,
    /// JPEG
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// GIF
    #[serde(rename = "image/gif")]
    Gif,
    /// WebP
    #[serde(rename = "image/webp")]
    Webp,
}

/// When a message that comes during a turn is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// At once.
    Now,
    /// At the next opportunity.
    Next,
    /// After the turn.
    Later,
}

/// Who wrote a user message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum UserOrigin {
    /// A person, at the keyboard.
    Human,
}

/// A request to the CLI. One that the CLI's version does not know is answered with an error.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "subtype", rename_all = "snake_case")]
pub enum ClientRequest {
    /// The first one; answered by `InitializeReply`.
    Initialize(Box<Initialize>),
    /// Ends the turn; answered by `InterruptReply`.
    Interrupt {
        /// Withdraw queued messages as well; newer versions only.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        cancel_queued: bool,
    },
    /// Changes the permission mode.
    SetPermissionMode {
        /// The new one.
        mode: PermissionMode,
    },
    /// Changes the model.
    SetModel {
        /// The new one; `None` is the default.
        model: Option<String>,
    },
    /// Changes how much the model may think.
    SetMaxThinkingTokens {
        /// `None` is the default, 0 is off.
        max_thinking_tokens: Option<u64>,
    },
    /// What fills the context; answered by `ContextUsageReply`.
    GetContextUsage,
    /// Answered by `SessionCostReply`.
    GetSessionCost,
    /// Plan limits and session totals, as data.
    GetUsage,
    /// The settings in force.
    GetSettings,
    /// Answered by `ListModelsReply`.
    ListModels,
    /// The permission rules in force.
    ListPermissionRules,
    /// Answered by `McpStatusReply`.
    McpStatus,
    /// Connects an MCP server again.
    McpReconnect {
        /// Which.
        #[serde(rename = "serverName")]
        server_name: String,
    },
    /// Turns an MCP server on or off.
    McpToggle {
        /// Which.
        #[serde(rename = "serverName")]
        server_name: String,
        /// On.
        enabled: bool,
    },
    /// Files to name behind an `@`; answered by `FileSuggestionsReply`.
    FileSuggestions {
        /// What was typed so far.
        query: String,
    },
    /// Stops a task.
    StopTask {
        /// Which.
        task_id: String,
    },
    /// Moves calls that run into the background.
    BackgroundTasks {
        /// Which; `None` is all.
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_use_id: Option<String>,
    },
    /// What a background shell has printed.
    GetTaskOutput {
        /// Which.
        task_id: String,
    },
    /// Puts files back to where they were at a user message; answered by `RewindFilesReply`. The
    /// CLI must have been started with checkpoints on.
    RewindFiles {
        /// The user message, by its uuid.
        user_message_id: String,
        /// Only say what would happen.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        dry_run: bool,
    },
    /// Withdraws a queued user message.
    CancelAsyncMessage {
        /// By the uuid it was sent with.
        message_uuid: String,
    },
    /// Gives the session a title.
    RenameSession {
        /// The title.
        title: String,
    },
    /// Changes settings for this process.
    ApplyFlagSettings {
        /// The settings, in the shape of the settings file.
        settings: Value,
    },
    /// Something that this list does not have.
    #[serde(untagged)]
    Other(Value),
}

/// The first request.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Initialize {
    /// Hooks by event, such as `PreToolUse`; when one fires, a `hook_callback` comes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hooks: BTreeMap<String, Vec<HookMatcher>>,
    /// Names of MCP servers that live on our side.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sdk_mcp_servers: Vec<String>,
    /// Sub-agent types by name, in the shape the CLI documents.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, Value>,
    /// Text behind the system prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub append_system_prompt: Option<String>,
    /// A title for the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Send `prompt_suggestion`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_suggestions: Option<bool>,
    /// Send summaries in `task_progress`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_progress_summaries: Option<bool>,
    /// Send the text of sub-agents too, not only their tool calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_subagent_text: Option<bool>,
    /// Dialogs that we can show (`request_user_dialog`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub supported_dialog_kinds: Vec<String>,
    /// We let the user stop single tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_task_stop_affordance: Option<bool>,
}

/// Hooks for some tools (`SDKHookCallbackMatcher`).
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookMatcher {
    /// Which tools; `None` is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<String>,
    /// Ours to choose; they come back as `callback_id`.
    pub hook_callback_ids: Vec<String>,
    /// How long the CLI waits for our answer, in seconds. Its timer counts milliseconds in 31 bits: more than 24 days
    /// are no time at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// What an error for an answer, or one that cannot be read, means; newer versions only. Older ones let the call
    /// through then, so no callback is ever answered with an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// What a callback that fails means for its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The call does not run.
    Block,
}

/// What a host says of a call that has not begun (`PreToolUseHookSpecificOutput`). It never says "allow": that would
/// take the CLI's own checks away.
#[derive(Debug, Clone, PartialEq)]
pub enum CallAnswer {
    /// Nothing: the CLI goes on as it would.
    Pass,
    /// A request for permission comes for it, whatever the mode.
    Ask {
        /// Comes back as the request's `decision_reason`.
        reason: String,
    },
    /// It is another call: the CLI judges this input as it would have judged the model's.
    Change {
        /// In the place of the model's.
        input: Value,
        /// A request for permission comes for it, whatever the mode.
        ask: Option<String>,
    },
    /// It does not run.
    Deny {
        /// The model reads it.
        reason: String,
    },
}

impl Serialize for CallAnswer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (decision, input) = match self {
            Self::Pass => return serializer.serialize_map(Some(0))?.end(),
            Self::Ask { reason } => (Some(("ask", reason)), None),
            Self::Deny { reason } => (Some(("deny", reason)), None),
            Self::Change { input, ask } => (ask.as_ref().map(|reason| ("ask", reason)), Some(input)),
        };
        let mut output = serde_json::json!({ "hookEventName": "PreToolUse" });
        if let Some((decision, reason)) = decision {
            output["permissionDecision"] = decision.into();
            output["permissionDecisionReason"] = reason.as_str().into();
        }
        if let Some(input) = input {
            output["updatedInput"] = input.clone();
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("hookSpecificOutput", &output)?;
        map.end()
    }
}

/// The answer to a request of the CLI.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To `can_use_tool`.
    Permission(PermissionAnswer),
    /// To `hook_callback` about a call.
    Call(CallAnswer),
    /// To any other `hook_callback`; `{}` lets things take their course.
    Hook(Value),
    /// To a request that nobody could read: no, whether it was for permission or about a call.
    Refuse {
        /// The model reads it.
        reason: String,
    },
    /// To `mcp_message`: the server's JSON-RPC reply.
    Mcp(Value),
    /// To `mcp_message` for a server that we do not have.
    McpNoSuchServer {
        /// The `id` of the JSON-RPC request; null for a notification.
        id: Value,
        /// The server asked for.
        server_name: String,
    },
    /// To `elicitation`.
    Elicitation(ElicitationAnswer),
    /// To `request_user_dialog`.
    UserDialog(UserDialogAnswer),
    /// To anything: it could not be done.
    Error(String),
}

/// The answer to an MCP server's question.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ElicitationAnswer {
    /// Answered.
    Accept {
        /// What was filled in; null for a page that was opened.
        #[serde(skip_serializing_if = "Value::is_null")]
        content: Value,
    },
    /// The user does not want to.
    Decline,
    /// The user went away.
    Cancel,
}

/// The answer to a dialog.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "behavior", rename_all = "snake_case")]
pub enum UserDialogAnswer {
    /// Answered.
    Completed {
        /// In the shape of the dialog.
        result: Value,
    },
    /// Not answered, or a dialog that we do not know.
    Cancelled,
}
