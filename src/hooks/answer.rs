//! What a hook may answer, as types. Whatever is none of these is no answer.
//!
//! Invariants: nothing is guessed: a field of another kind makes the whole answer count for nothing; what is kept of a
//! hook's words is bounded, and has no control characters.

use serde_json::Value;

use crate::config::hooks::is_name;

/// Bytes that are kept of a sentence.
const MAX_WORDS: usize = 4 << 10;
/// Bytes of a tool's schema.
const MAX_SCHEMA: usize = 64 << 10;
/// Tools of one hook.
const MAX_TOOLS: usize = 64;
/// Things that come with a result.
const MAX_MEDIA: usize = 16;

/// A tool that a hook offers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) schema: Value,
}

/// The result of a tool.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct ToolResult {
    pub(super) for_llm: String,
    pub(super) for_user: String,
    pub(super) is_error: bool,
    pub(super) media: Vec<String>,
    pub(super) response_handled: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum BeforeTool {
    Continue,
    Modify(Value),
    Respond(Box<ToolResult>),
    Deny { reason: String },
    Abort { reason: String, hard: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ApproveTool {
    Approved,
    Denied { reason: String },
    Abort { reason: String, hard: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum AfterTool {
    Continue,
    Modify(String),
    Abort { reason: String, hard: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum BeforeLlm {
    Continue,
    Modify { text: Option<String>, tools: Vec<Tool>, remarks: Vec<String> },
    Abort { reason: String, hard: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AfterLlm {
    Continue,
    /// Nothing can be changed any more.
    Modify,
    Abort {
        reason: String,
        hard: bool,
    },
}

/// The words for what to do.
enum Action {
    Continue,
    Modify,
    Respond,
    DenyTool,
    Abort { hard: bool },
}

/// A sentence of a hook: without control characters, and not too long.
pub(super) fn clean(text: &str) -> String {
    let is_plain = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let mut cleaned: String = text.chars().filter(is_plain).collect();
    if cleaned.len() > MAX_WORDS {
        cleaned.truncate(cleaned.floor_char_boundary(MAX_WORDS));
        cleaned.push('…');
    }
    cleaned.trim().to_owned()
}

fn action(answer: &Value) -> Result<Action, String> {
    let word = answer.get("action").ok_or("it has no \"action\"")?;
    Ok(match word.as_str().ok_or("\"action\" is no text")? {
        "continue" => Action::Continue,
        "modify" => Action::Modify,
        "respond" => Action::Respond,
        "deny_tool" => Action::DenyTool,
        "abort_turn" => Action::Abort { hard: false },
        "hard_abort" => Action::Abort { hard: true },
        other => return Err(format!("there is no action “{}”", clean(other))),
    })
}

fn reason(answer: &Value) -> String {
    let given = answer.get("reason").and_then(Value::as_str).map(clean).filter(|reason| !reason.is_empty());
    given.unwrap_or_else(|| "no reason given".to_owned())
}

fn not_here(action: &str) -> String {
    format!("“{action}” means nothing here")
}

/// `tool`: the one it was asked about.
pub(super) fn before_tool(answer: &Value, tool: &str) -> Result<BeforeTool, String> {
    Ok(match action(answer)? {
        Action::Continue => BeforeTool::Continue,
        Action::DenyTool => BeforeTool::Deny { reason: reason(answer) },
        Action::Abort { hard } => BeforeTool::Abort { reason: reason(answer), hard },
        Action::Respond => BeforeTool::Respond(Box::new(result(answer.get("result").ok_or("it has no \"result\"")?)?)),
        Action::Modify => {
            let call = answer.get("call").ok_or("it has no \"call\"")?;
            match call.get("tool").map(|tool| tool.as_str().ok_or("\"call.tool\" is no text")).transpose()? {
                Some(other) if !other.is_empty() && other != tool => {
                    return Err(format!(
                        "it wants {} in the place of {tool}; a call's tool cannot be changed",
                        clean(other)
                    ));
                }
                _ => {}
            }
            let arguments = call.get("arguments").ok_or("it has no \"call.arguments\"")?;
            if !arguments.is_object() {
                return Err("\"call.arguments\" is no object".to_owned());
            }
            BeforeTool::Modify(arguments.clone())
        }
    })
}

pub(super) fn approve_tool(answer: &Value) -> Result<ApproveTool, String> {
    if answer.get("action").is_some() {
        return match action(answer)? {
            Action::Abort { hard } => Ok(ApproveTool::Abort { reason: reason(answer), hard }),
            Action::DenyTool => Ok(ApproveTool::Denied { reason: reason(answer) }),
            _ => Err("it says an action where \"approved\" is wanted".to_owned()),
        };
    }
    match answer.get("approved").and_then(Value::as_bool) {
        Some(true) => Ok(ApproveTool::Approved),
        Some(false) => Ok(ApproveTool::Denied { reason: reason(answer) }),
        None => Err("it has no \"approved\" that is true or false".to_owned()),
    }
}

pub(super) fn after_tool(answer: &Value) -> Result<AfterTool, String> {
    Ok(match action(answer)? {
        Action::Continue => AfterTool::Continue,
        Action::Abort { hard } => AfterTool::Abort { reason: reason(answer), hard },
        Action::Modify => {
            let result = answer.get("result").ok_or("it has no \"result\"")?;
            AfterTool::Modify(result_text(result)?)
        }
        Action::Respond => return Err(not_here("respond")),
        Action::DenyTool => return Err(not_here("deny_tool")),
    })
}

/// `offered`: names of the tools that it was sent.
pub(super) fn before_llm(answer: &Value, offered: &[String]) -> Result<BeforeLlm, String> {
    Ok(match action(answer)? {
        Action::Continue => BeforeLlm::Continue,
        Action::Abort { hard } => BeforeLlm::Abort { reason: reason(answer), hard },
        Action::Modify => {
            let request = answer.get("request").ok_or("it has no \"request\"")?;
            let text = request.get("messages").map(last_user_text).transpose()?;
            let (mut tools, remarks) = tools(request.get("tools"));
            tools.retain(|tool| !offered.contains(&tool.name));
            BeforeLlm::Modify { text, tools, remarks }
        }
        Action::Respond => return Err(not_here("respond")),
        Action::DenyTool => return Err(not_here("deny_tool")),
    })
}

pub(super) fn after_llm(answer: &Value) -> Result<AfterLlm, String> {
    Ok(match action(answer)? {
        Action::Continue => AfterLlm::Continue,
        Action::Modify => AfterLlm::Modify,
        Action::Abort { hard } => AfterLlm::Abort { reason: reason(answer), hard },
        Action::Respond => return Err(not_here("respond")),
        Action::DenyTool => return Err(not_here("deny_tool")),
    })
}

fn last_user_text(messages: &Value) -> Result<String, String> {
    let messages = messages.as_array().ok_or("\"request.messages\" is no list")?;
    let is_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
    let last = messages.iter().rev().find(is_user).ok_or("\"request.messages\" has none of the user")?;
    let text = last.get("content").and_then(Value::as_str).ok_or("the user's message has no text")?;
    if text.trim().is_empty() { Err("the user's message is empty".to_owned()) } else { Ok(text.to_owned()) }
}

fn result_text(result: &Value) -> Result<String, String> {
    match result.get("for_llm") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err("\"result.for_llm\" is no text".to_owned()),
        None => Err("it has no \"result.for_llm\"".to_owned()),
    }
}

fn result(result: &Value) -> Result<ToolResult, String> {
    let flag = |key: &str| match result.get(key) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(value)) => Ok(*value),
        Some(_) => Err(format!("\"result.{key}\" is neither true nor false")),
    };
    let media = match result.get("media") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) if items.len() <= MAX_MEDIA => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.ok_or("\"result.media\" has something that is no text")?
        }
        Some(Value::Array(_)) => return Err(format!("\"result.media\" has more than {MAX_MEDIA} entries")),
        Some(_) => return Err("\"result.media\" is no list".to_owned()),
    };
    let has_media = !media.is_empty();
    Ok(ToolResult {
        for_llm: match result_text(result) {
            Err(_) if has_media && result.get("for_llm").is_none_or(Value::is_null) => String::new(),
            text => text?,
        },
        for_user: result.get("for_user").and_then(Value::as_str).unwrap_or_default().to_owned(),
        is_error: flag("is_error")?,
        media,
        response_handled: flag("response_handled")?,
    })
}

/// Tools as a hook lists them, flat or as functions; what is wrong with the others.
pub(super) fn tools(list: Option<&Value>) -> (Vec<Tool>, Vec<String>) {
    let (mut found, mut remarks): (Vec<Tool>, Vec<String>) = (Vec::new(), Vec::new());
    let items = match list {
        None | Some(Value::Null) => return (found, remarks),
        Some(Value::Array(items)) => items,
        Some(_) => return (found, vec!["its tools are no list".to_owned()]),
    };
    for item in items {
        if found.len() >= MAX_TOOLS {
            remarks.push(format!("it offers more than {MAX_TOOLS} tools; the rest is left out"));
            break;
        }
        match tool(item.get("function").unwrap_or(item)) {
            Ok(tool) if found.iter().any(|other| other.name == tool.name) => {
                remarks.push(format!("it offers the tool {} twice; the first counts", tool.name));
            }
            Ok(tool) => found.push(tool),
            Err(why) => remarks.push(why),
        }
    }
    (found, remarks)
}

fn tool(item: &Value) -> Result<Tool, String> {
    let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
    if !is_name(name) {
        let shown = clean(name);
        return Err(format!("the tool “{shown}” has no name of 1 to 64 letters, digits, - and _; it is left out"));
    }
    let schema = match item.get("parameters") {
        None | Some(Value::Null) => serde_json::json!({ "type": "object" }),
        Some(Value::Object(schema)) if schema.is_empty() => serde_json::json!({ "type": "object" }),
        Some(schema @ Value::Object(fields)) if fields.get("type").is_none_or(|kind| kind == "object") => {
            schema.clone()
        }
        Some(_) => return Err(format!("the parameters of the tool {name} are no schema of an object; it is left out")),
    };
    if schema.to_string().len() > MAX_SCHEMA {
        return Err(format!("the schema of the tool {name} is longer than 64 KiB; it is left out"));
    }
    let description = clean(item.get("description").and_then(Value::as_str).unwrap_or_default());
    Ok(Tool { name: name.to_owned(), description, schema })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_quite_an_answer_is_none() {
        for answer in [
            json!(null),
            json!({}),
            json!([]),
            json!("continue"),
            json!({"action": null}),
            json!({"action": "allow"}),
            json!({"action": "approve"}),
            json!({"action": ["continue"]}),
            json!({"action": "modify"}),
            json!({"action": "modify", "call": {"arguments": "x"}}),
            json!({"action": "modify", "call": {"tool": "Write", "arguments": {}}}),
            json!({"action": "modify", "call": {"tool": 3, "arguments": {}}}),
            json!({"action": "respond"}),
            json!({"action": "respond", "result": {"for_llm": 3}}),
            json!({"action": "respond", "result": {"for_llm": "x", "is_error": "no"}}),
            json!({"action": "respond", "result": {"for_llm": "x", "media": [1]}}),
            json!({"approved": true}),
        ] {
            assert!(before_tool(&answer, "Bash").is_err(), "{answer}");
        }
        for answer in
            [json!({}), json!({"approved": "true"}), json!({"approved": 1}), json!({"action": "continue"}), json!(true)]
        {
            assert!(approve_tool(&answer).is_err(), "{answer}");
        }
        for answer in
            [json!({"action": "deny_tool"}), json!({"action": "modify", "result": {}}), json!({"action": "respond"})]
        {
            assert!(after_tool(&answer).is_err(), "{answer}");
        }
        for answer in [
            json!({"action": "modify", "request": {"messages": []}}),
            json!({"action": "modify", "request": {"messages": [{"role": "user", "content": " "}]}}),
            json!({"action": "modify", "request": {"messages": [{"role": "assistant", "content": "x"}]}}),
        ] {
            assert!(before_llm(&answer, &[]).is_err(), "{answer}");
        }
    }

    #[test]
    fn answers_are_what_they_say() {
        let changed = json!({"action": "modify", "call": {"tool": "Bash", "arguments": {"command": "ls"}}});
        assert_eq!(before_tool(&changed, "Bash"), Ok(BeforeTool::Modify(json!({"command": "ls"}))));
        let denied = json!({"action": "deny_tool", "reason": "no\u{1b}[2J\u{7}"});
        assert_eq!(before_tool(&denied, "Bash"), Ok(BeforeTool::Deny { reason: "no[2J".into() }));
        assert_eq!(approve_tool(&json!({"approved": true})), Ok(ApproveTool::Approved));
        let hard = json!({"action": "hard_abort", "reason": "stop"});
        assert_eq!(approve_tool(&hard), Ok(ApproveTool::Abort { reason: "stop".into(), hard: true }));
        assert_eq!(
            after_tool(&json!({"action": "modify", "result": {"for_llm": "y"}})),
            Ok(AfterTool::Modify("y".into()))
        );
        let request = json!({"action": "modify", "request": {
            "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
            "tools": [{"type": "function", "function": {"name": "known"}}, {"name": "new", "parameters": {}}],
        }});
        let Ok(BeforeLlm::Modify { text, tools, remarks }) = before_llm(&request, &["known".into()]) else { panic!() };
        assert_eq!((text.as_deref(), tools.len(), remarks.len()), (Some("c"), 1, 0));
        assert_eq!((tools[0].name.as_str(), &tools[0].schema), ("new", &json!({"type": "object"})));
    }

    #[test]
    fn tools_that_cannot_be_offered_are_named() {
        let long = json!({"type": "object", "x": "y".repeat(70_000)});
        let list = json!([
            {"name": "good", "description": "d", "parameters": {"type": "object"}},
            {"name": "bad name"}, {"name": ""}, {"name": "x".repeat(65)}, {}, 3,
            {"name": "list", "parameters": []}, {"name": "text", "parameters": {"type": "string"}},
            {"name": "long", "parameters": long}, {"name": "good"},
        ]);
        let (tools, remarks) = tools(Some(&list));
        assert_eq!(tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["good"]);
        assert_eq!(remarks.len(), 9, "{remarks:#?}");
        assert!(super::tools(Some(&json!({}))).1[0].contains("no list"));
    }
}
