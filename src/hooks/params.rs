//! What hooks are asked, in the protocol's words.

use serde_json::Value;
use serde_json::json;

use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Meta;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Permission;
use crate::engine::hooks::Said;

/// The channel that everything comes from.
const CHANNEL: &str = "adjutant";

/// Where something happens; `source`: what happens there.
pub(super) fn meta(meta: &Meta, source: &str) -> Value {
    let turn = format!("{}.{}", meta.session.0, meta.turn.0);
    // The turn of a sub-agent is its own, inside of the session's.
    let (turn, parent) = match &meta.agent {
        Some(agent) => (format!("{turn}.{agent}"), turn),
        None => (turn, String::new()),
    };
    let trace = if parent.is_empty() { turn.clone() } else { format!("{parent}/{turn}") };
    json!({
        "AgentID": meta.agent.as_deref().unwrap_or("main"),
        "TurnID": turn,
        "ParentTurnID": parent,
        "SessionKey": session_key(meta),
        "Iteration": meta.iteration,
        "TracePath": trace,
        "Source": source,
        "directory": meta.directory,
        "branch": meta.branch,
        "profile": meta.profile,
        "title": meta.title,
    })
}

fn session_key(meta: &Meta) -> String {
    format!("adjutant:{}", meta.session.0)
}

fn with_place(meta: &Meta, source: &str, mut fields: Value) -> Value {
    if let Value::Object(fields) = &mut fields {
        fields.shift_insert(0, "meta".to_owned(), self::meta(meta, source));
        fields.insert("channel".to_owned(), CHANNEL.into());
        fields.insert("chat_id".to_owned(), meta.session.0.to_string().into());
    }
    fields
}

pub(super) fn before_tool(call: &Call, arguments: &Value) -> Value {
    with_place(&call.meta, "turn.tool.before", json!({ "tool": call.tool, "arguments": arguments }))
}

pub(super) fn approve_tool(request: &Permission) -> Value {
    let Permission { call, reason, suggestions, risk } = request;
    let fields = json!({
        "tool": call.tool, "arguments": call.input, "reason": reason, "suggestions": suggestions, "risk": risk,
    });
    with_place(&call.meta, "turn.tool.approve", fields)
}

pub(super) fn after_tool(finished: &Finished, result: &str) -> Value {
    let Finished { call, is_error, duration_ns, .. } = finished;
    let fields = json!({
        "tool": call.tool,
        "arguments": call.input,
        "result": {
            "for_llm": result,
            "for_user": "",
            "silent": false,
            "is_error": is_error,
            "async": false,
            "media": [],
            "artifact_tags": [],
            "response_handled": false,
        },
        "duration": duration_ns,
    });
    with_place(&call.meta, "turn.tool.after", fields)
}

/// `tools`: name, description and schema of those that hooks offer.
pub(super) fn before_llm(prompt: &Outgoing, text: &str, tools: &[Value]) -> Value {
    let fields = json!({
        "model": prompt.meta.model,
        "messages": [{ "role": "user", "content": text }],
        "tools": tools,
        "options": {},
    });
    with_place(&prompt.meta, "turn.llm.request", fields)
}

pub(super) fn after_llm(said: &Said) -> Value {
    let calls: Vec<Value> = said
        .calls
        .iter()
        .map(|(id, name, arguments)| {
            json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments.to_string() } })
        })
        .collect();
    let response = json!({ "role": "assistant", "content": said.text, "tool_calls": calls });
    with_place(&said.meta, "turn.llm.response", json!({ "model": said.meta.model, "response": response }))
}
