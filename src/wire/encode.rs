//! One message to one line.
//!
//! For: the text of what we send. Not for: writing it anywhere.
//!
//! Invariants:
//! - The line ends with the only newline in it. U+2028 and U+2029 are escaped as well: JavaScript
//!   takes them for line ends in places.
//! - An approved tool input goes out with its keys in the order in which they came.

use serde::Serialize;
use serde_json::{Value, json};

use crate::wire::outbound::{Answer, CallAnswer, Outbound, Priority, UserContent, UserMessage, UserOrigin};

/// Makes the line, newline included. It fails only when a value has no JSON at all, which the
/// types of this room do not allow; the caller need not tell the cases apart.
pub fn encode(outbound: &Outbound) -> Result<String, serde_json::Error> {
    let mut line = match outbound {
        Outbound::User(message) => serde_json::to_string(&UserLine::from(message)),
        Outbound::Request { request_id, request } => {
            serde_json::to_string(&RequestLine { kind: "control_request", request_id, request })
        }
        Outbound::Answer { request_id, answer } => answer_line(request_id, answer),
        Outbound::CancelRequest { request_id } => {
            serde_json::to_string(&CancelLine { kind: "control_cancel_request", request_id })
        }
    }?;
    if line.contains(['\u{2028}', '\u{2029}']) {
        // Outside of strings JSON has no such characters, so this changes no meaning.
        line = line.replace('\u{2028}', "\\u2028");
        line = line.replace('\u{2029}', "\\u2029");
    }
    line.push('\n');
    Ok(line)
}

fn answer_line(request_id: &str, answer: &Answer) -> Result<String, serde_json::Error> {
    match answer {
        Answer::Permission(answer) => success(request_id, answer),
        Answer::Call(answer) => success(request_id, answer),
        Answer::Hook(output) => success(request_id, output),
        Answer::Refuse { reason } => success(request_id, &Refusal::new(reason)),
        Answer::Mcp(reply) => success(request_id, &McpReply { mcp_response: reply }),
        Answer::McpNoSuchServer { id, server_name } => {
            let reply = no_such_server(id, server_name);
            let mcp_response = &reply;
            success(request_id, &McpReply { mcp_response })
        }
        Answer::Elicitation(answer) => success(request_id, answer),
        Answer::UserDialog(answer) => success(request_id, answer),
        Answer::Error(error) => serde_json::to_string(&ResponseLine {
            kind: "control_response",
            response: ResponseBody::Error::<()> { request_id, error },
        }),
    }
}

fn success<T: Serialize>(request_id: &str, response: &T) -> Result<String, serde_json::Error> {
    serde_json::to_string(&ResponseLine {
        kind: "control_response",
        response: ResponseBody::Success { request_id, response },
    })
}

/// JSON-RPC's "method not found", as the npm SDK has it.
const METHOD_NOT_FOUND: i64 = -32601;

fn no_such_server(id: &Value, server_name: &str) -> Value {
    let message = format!("there is no MCP server named `{server_name}` here");
    json!({
        "jsonrpc": "2.0",
        "id": id,
        "error": { "code": METHOD_NOT_FOUND, "message": message },
    })
}

#[derive(Serialize)]
struct UserLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: UserBody<'a>,
    parent_tool_use_id: Option<&'a str>,
    session_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Priority>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<UserOrigin>,
}

#[derive(Serialize)]
struct UserBody<'a> {
    role: &'static str,
    content: &'a UserContent,
}

impl<'a> From<&'a UserMessage> for UserLine<'a> {
    fn from(message: &'a UserMessage) -> Self {
        Self {
            kind: "user",
            message: UserBody { role: "user", content: &message.content },
            parent_tool_use_id: None,
            session_id: &message.session_id,
            uuid: message.uuid.as_deref(),
            priority: message.priority,
            origin: message.origin,
        }
    }
}

#[derive(Serialize)]
struct RequestLine<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    request_id: &'a str,
    request: &'a T,
}

#[derive(Serialize)]
struct CancelLine<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    request_id: &'a str,
}

#[derive(Serialize)]
struct ResponseLine<'a, T> {
    #[serde(rename = "type")]
    kind: &'static str,
    response: ResponseBody<'a, T>,
}

#[derive(Serialize)]
#[serde(tag = "subtype", rename_all = "snake_case")]
enum ResponseBody<'a, T> {
    Success { request_id: &'a str, response: &'a T },
    Error { request_id: &'a str, error: &'a str },
}

/// A refusal in both shapes: each CLI reads the one that it waits for.
#[derive(Serialize)]
struct Refusal<'a> {
    behavior: &'static str,
    message: &'a str,
    #[serde(flatten)]
    call: CallAnswer,
}

impl<'a> Refusal<'a> {
    fn new(reason: &'a str) -> Self {
        Self { behavior: "deny", message: reason, call: CallAnswer::Deny { reason: reason.to_owned() } }
    }
}

#[derive(Serialize)]
struct McpReply<'a> {
    mcp_response: &'a Value,
}

#[cfg(test)]
mod tests;
