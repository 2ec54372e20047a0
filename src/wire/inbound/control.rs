//! The control protocol as the CLI speaks it: its requests, and its answers to ours.
//!
//! For: `control_request` and `control_response`. Not for: what we send (`outbound`).
//! Source: `SDKControlRequest`, `SDKControlResponse` in the npm package
//! `@anthropic-ai/claude-agent-sdk`.
//!
//! Invariants:
//! - A request has an id: without one nothing could be answered, and the line is `Unknown`.
//! - A request of an unknown kind still has its id, so that it can be answered with an error; the
//!   CLI waits for every answer.

use serde_json::Value;

use crate::wire::inbound::Unknown;
use crate::wire::lenient::{self, Loose};
use crate::wire::macros::wire_struct;
use crate::wire::permission::CanUseTool;
use crate::wire::permission::McpServerProvenance;
use crate::wire::scan::scan;

/// A request of the CLI. Answer each once, unless it is withdrawn.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlRequest {
    /// The answer names it.
    pub request_id: String,
    /// What is wanted.
    pub request: Request,
    /// Names of fields that a newer version added to the request. For `can_use_tool` they may bind
    /// the dialog in a way that we do not know.
    pub unknown_fields: Vec<String>,
}

/// What the CLI wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `can_use_tool`
    CanUseTool(Box<CanUseTool>),
    /// `hook_callback`
    HookCallback(Box<HookCallback>),
    /// `mcp_message`
    McpMessage(McpMessage),
    /// `elicitation`
    Elicitation(Box<Elicitation>),
    /// `request_user_dialog`
    UserDialog(UserDialog),
    /// Any other subtype; answer it with an error.
    Unknown(Unknown),
    /// `can_use_tool` in a form that no person can be shown as what it is: answer it with this error.
    Unfit(String),
    /// `hook_callback` about a call in such a form: refuse the call. An error would let it through.
    UnfitCall(String),
}

wire_struct! {
    /// `hook_callback`: a hook that we registered with `initialize` fires.
    pub struct HookCallback {
        /// The id we gave it.
        pub callback_id: String,
        /// The tool call it is about.
        pub tool_use_id: Option<String>,
        /// What a hook is told.
        pub input: HookInput,
    }

    /// What a hook is told; which fields there are depends on the event.
    pub struct HookInput {
        /// Such as `PreToolUse`.
        pub hook_event_name: String,
        /// The session.
        pub session_id: Option<String>,
        /// Its transcript on disk.
        pub transcript_path: Option<String>,
        /// Its directory.
        pub cwd: Option<String>,
        /// The prompt that it belongs to.
        pub prompt_id: Option<String>,
        /// Its permission mode.
        pub permission_mode: Option<String>,
        /// The sub-agent.
        pub agent_id: Option<String>,
        /// Its type.
        pub agent_type: Option<String>,
        /// The tool.
        pub tool_name: Option<String>,
        /// The MCP server behind it.
        pub mcp_server: Option<McpServerProvenance>,
        /// Its arguments.
        pub tool_input: Option<Value>,
        /// What it gave back.
        pub tool_response: Option<Value>,
        /// Why it failed, for `PostToolUseFailure`.
        pub error: Option<String>,
        /// How long it took.
        pub duration_ms: Option<u64>,
        /// The call.
        pub tool_use_id: Option<String>,
        /// What the user wrote, for `UserPromptSubmit`.
        pub prompt: Option<String>,
        /// What a notification says.
        pub message: Option<String>,
        /// `manual` or `auto`, for `PreCompact`.
        pub trigger: Option<String>,
    }

    /// `mcp_message`: a message for an MCP server that lives on our side.
    pub struct McpMessage {
        /// The server.
        pub server_name: String,
        /// JSON-RPC 2.0: a request, a notification or a response.
        pub message: Value,
    }

    /// `elicitation`: an MCP server asks the user something.
    pub struct Elicitation {
        /// The server.
        pub mcp_server_name: String,
        /// The question.
        pub message: String,
        /// `form` or `url`.
        pub mode: Option<String>,
        /// The page to open, for `url`.
        pub url: Option<String>,
        /// Its id, for `url`.
        pub elicitation_id: Option<String>,
        /// A JSON schema of the answer, for `form`.
        pub requested_schema: Option<Value>,
        /// The order of the schema's properties.
        pub property_order: Vec<String>,
        /// A title.
        pub title: Option<String>,
        /// A short name of the tool or server.
        pub display_name: Option<String>,
        /// More words.
        pub description: Option<String>,
    }

    /// `request_user_dialog`: sent only for kinds that `initialize` declared. An unknown kind must be
    /// answered with `cancelled`.
    pub struct UserDialog {
        /// Which dialog.
        pub dialog_kind: String,
        /// Its data.
        pub payload: Value,
        /// The tool call it is about.
        pub tool_use_id: Option<String>,
    }

    /// The line of a request as it stands.
    struct RawRequest {
        pub request_id: Option<String>,
        pub request: Value,
    }

    /// The line of an answer as it stands.
    struct RawResponse {
        pub response: RawResponseBody,
    }

    /// The answer in its envelope.
    struct RawResponseBody {
        pub subtype: String,
        pub request_id: Option<String>,
        pub response: Value,
        pub error: Option<Value>,
        pub error_code: Option<String>,
        pub pending_permission_requests: Vec<Value>,
        pub pending_user_dialog_requests: Vec<Value>,
        pub pending_elicitation_requests: Vec<Value>,
    }
}

impl HookCallback {
    /// Whether it asks what is to become of a call that has not begun.
    pub fn is_about_a_call(&self) -> bool {
        self.input.hook_event_name == "PreToolUse"
    }
}

impl ControlRequest {
    /// Takes out a request for permission, or a callback about a call, that could not be shown or judged as what it
    /// is; `line` is the text it stood in.
    pub(crate) fn judge(&mut self, line: &str) {
        let (tool, input) = match &self.request {
            Request::CanUseTool(request) => (Some(request.tool_name.as_str()), Some(&request.input)),
            Request::HookCallback(callback) if callback.is_about_a_call() => {
                (callback.input.tool_name.as_deref(), callback.input.tool_input.as_ref())
            }
            _ => return,
        };
        let why = if tool.is_none_or(|tool| tool.trim().is_empty()) {
            Some("it names no tool".to_owned())
        } else if !input.is_some_and(Value::is_object) {
            Some("its input is no object".to_owned())
        } else {
            scan(line).objection()
        };
        if let Some(why) = why {
            let is_callback = matches!(self.request, Request::HookCallback(_));
            self.request = if is_callback { Request::UnfitCall(why) } else { Request::Unfit(why) };
        }
    }

    /// Reads a line; `None` when there is no id to answer to.
    pub(crate) fn read(line: &str) -> Result<Option<Self>, serde_json::Error> {
        Ok(lenient::from_text(line)?.and_then(Self::from_raw))
    }

    fn from_raw(raw: RawRequest) -> Option<Self> {
        let request_id = raw.request_id?;
        let (request, unknown_fields) = Request::from_value(raw.request);
        Some(Self { request_id, request, unknown_fields })
    }
}

impl Request {
    /// Reads the request and the names of the fields that were not read.
    fn from_value(raw: Value) -> (Self, Vec<String>) {
        match raw["subtype"].as_str().unwrap_or_default() {
            "can_use_tool" => {
                let (request, unread) = read(raw, CanUseTool::FIELDS);
                (Self::CanUseTool(Box::new(request)), unread)
            }
            "hook_callback" => {
                let (request, unread) = read(raw, HookCallback::FIELDS);
                (Self::HookCallback(Box::new(request)), unread)
            }
            "mcp_message" => {
                let (request, unread) = read(raw, McpMessage::FIELDS);
                (Self::McpMessage(request), unread)
            }
            "elicitation" => {
                let (request, unread) = read(raw, Elicitation::FIELDS);
                (Self::Elicitation(Box::new(request)), unread)
            }
            "request_user_dialog" => {
                let (request, unread) = read(raw, UserDialog::FIELDS);
                (Self::UserDialog(request), unread)
            }
            kind => {
                let kind = kind.to_owned();
                (Self::Unknown(Unknown { kind, raw }), Vec::new())
            }
        }
    }
}

fn read<T: Loose + Default>(raw: Value, fields: &[&str]) -> (T, Vec<String>) {
    let unread = raw
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys())
        .filter(|name| *name != "subtype" && !fields.contains(&name.as_str()))
        .cloned()
        .collect();
    (lenient::from_value(raw).unwrap_or_default(), unread)
}

/// The answer to a request of ours.
///
/// With `--replay-user-messages` the CLI also repeats our own answers to its requests, so an answer
/// to an id that we did not give out is to be ignored.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlResponse {
    /// The request.
    pub request_id: String,
    /// What came of it.
    pub outcome: Outcome,
    /// Requests of the CLI that were open before we came and still want an answer; newer versions,
    /// on `initialize`. The same request may also come as a line of its own.
    pub pending: Vec<ControlRequest>,
}

/// What came of a request of ours.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was done; the payload depends on the request, see [`replies`](super::replies).
    Success(Value),
    /// It was not.
    Error {
        /// Why.
        message: String,
        /// Such as `unsupported_request`; absent in older versions.
        code: Option<String>,
    },
}

impl ControlResponse {
    /// Reads a line; `None` when it does not say which request it answers.
    pub(crate) fn read(line: &str) -> Result<Option<Self>, serde_json::Error> {
        let raw: Option<RawResponse> = lenient::from_text(line)?;
        Ok(raw.and_then(|raw| Self::from_body(raw.response)))
    }

    fn from_body(body: RawResponseBody) -> Option<Self> {
        let outcome = match body.subtype.as_str() {
            "success" => Outcome::Success(body.response),
            subtype => Outcome::Error {
                message: match body.error {
                    Some(Value::String(message)) => message,
                    Some(other) => other.to_string(),
                    None => format!("answered with `{subtype}` and no reason"),
                },
                code: body.error_code,
            },
        };
        let pending =
            [body.pending_permission_requests, body.pending_user_dialog_requests, body.pending_elicitation_requests];
        Some(Self {
            request_id: body.request_id?,
            outcome,
            pending: pending
                .into_iter()
                .flatten()
                .filter_map(|raw| ControlRequest::from_raw(lenient::from_value(raw)?))
                .collect(),
        })
    }
}
