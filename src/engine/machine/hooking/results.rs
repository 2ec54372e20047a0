//! Results of calls, as far as hooks may change them.
//!
//! Seen on 2.1.197, 2.1.331 and 2.1.332: `updatedMCPToolOutput` takes the place of an MCP tool's result;
//! `updatedToolOutput` that of a built-in tool, when it has the tool's own shape, and is left out silently otherwise; the
//! error of a failed call cannot be changed. What cannot be changed is a remark beside the result.

use serde_json::Value;
use serde_json::json;

use super::Asking;
use super::bounded;
use crate::core::event::EventKind;
use crate::core::hook::HookDid;
use crate::core::ids::ToolCallId;
use crate::engine::hooks::Aftermath;
use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Point;
use crate::engine::hooks::Reply;
use crate::engine::machine::Effect;
use crate::engine::machine::Machine;
use crate::wire::inbound::control::HookCallback;
use crate::wire::outbound::Answer;

/// The events that tell of a call that is over.
pub(in crate::engine::machine) const AFTER: [&str; 2] = ["PostToolUse", "PostToolUseFailure"];

/// A result that hooks look at.
#[derive(Debug)]
pub(super) struct Awaited {
    event: String,
    call: ToolCallId,
    tool: String,
    response: Value,
}

impl Machine {
    /// A call is over. `false`: it is nothing that hooks are asked about.
    pub(in crate::engine::machine) fn result_came(&mut self, request_id: &str, callback: &HookCallback) -> bool {
        let input = &callback.input;
        let tool = input.tool_name.clone().unwrap_or_default();
        if !AFTER.contains(&input.hook_event_name.as_str()) || !self.wants_hooks(Point::AfterCall, Some(&tool)) {
            return false;
        }
        let call = callback.tool_use_id.as_deref().or(input.tool_use_id.as_deref()).unwrap_or_default();
        let call = ToolCallId::from(call);
        let response = input.tool_response.clone().unwrap_or_default();
        let (result, is_error) = match &input.error {
            Some(error) => (error.clone(), true),
            None => (text_of(&response), false),
        };
        let finished = Finished {
            call: Call {
                meta: self.meta(input.agent_id.clone()),
                tool: tool.clone(),
                input: input.tool_input.clone().unwrap_or_default(),
            },
            result,
            is_error,
            duration_ns: input.duration_ms.unwrap_or_default().saturating_mul(1_000_000),
        };
        let awaited = Awaited { event: input.hook_event_name.clone(), call: call.clone(), tool, response };
        self.hooking.results.insert(request_id.to_owned(), awaited);
        let asking = Asking::Result { request_id: request_id.to_owned(), about: call, finished };
        self.effects.push(Effect::AskHooks(Box::new(asking)));
        true
    }

    pub(super) fn result_hooked(&mut self, request_id: &str, reply: &Reply<Aftermath>) {
        let Some(Awaited { event, call, tool, response }) = self.hooking.results.remove(request_id) else { return };
        self.waits_no_more(&call);
        let (output, is_added) = match &reply.outcome {
            Aftermath::Change { hook, text } => changed(&event, &tool, &response, hook, text),
            Aftermath::Keep | Aftermath::Abort(_) => (Value::Object(serde_json::Map::new()), false),
        };
        for mark in &reply.marks {
            let mut mark = bounded(mark);
            if let HookDid::ChangedResult { added, .. } = &mut mark.did {
                *added = is_added;
            }
            self.emit(EventKind::HookActed { call: Some(call.clone()), mark });
        }
        self.answer(request_id.to_owned(), Answer::Hook(output));
        if let Aftermath::Abort(abort) = &reply.outcome {
            self.abort(abort);
        }
    }
}

/// A result as text.
fn text_of(response: &Value) -> String {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Value::String(text) = response {
        return text.clone();
    }
    if let Value::Array(blocks) = response {
        let texts: Vec<String> = blocks.iter().filter_map(|block| text(block, "text")).collect();
        return texts.join("\n");
    }
    if let Some(stdout) = text(response, "stdout") {
        let stderr = text(response, "stderr").filter(|stderr| !stderr.is_empty());
        return stderr.map_or(stdout.clone(), |stderr| format!("{stdout}\n{stderr}"));
    }
    let of_file = response.get("file").and_then(|file| text(file, "content"));
    of_file.unwrap_or_else(|| if response.is_null() { String::new() } else { response.to_string() })
}

/// What the callback is answered, and whether it is only a remark.
fn changed(event: &str, tool: &str, response: &Value, hook: &str, text: &str) -> (Value, bool) {
    let output = |key: &str, value: Value| {
        let mut output = json!({ "hookEventName": event });
        output[key] = value;
        json!({ "hookSpecificOutput": output })
    };
    let remark = || {
        let text = format!("The user's hook {hook} says that this is to be taken for the result of the call:\n{text}");
        (output("additionalContext", text.into()), true)
    };
    if event != AFTER[0] {
        return remark();
    }
    if tool.starts_with("mcp__") {
        return (output("updatedMCPToolOutput", text.into()), false);
    }
    let mut response = response.clone();
    let is_shell =
        response.get("stdout").is_some_and(Value::is_string) && response.get("isImage") != Some(&true.into());
    if is_shell {
        response["stdout"] = text.into();
        response["stderr"] = "".into();
        return (output("updatedToolOutput", response), false);
    }
    if response.get("type").and_then(Value::as_str) == Some("text")
        && response.get("file").is_some_and(|file| file.get("content").is_some_and(Value::is_string))
    {
        let n_lines = text.split('\n').count();
        response["file"]["content"] = text.into();
        response["file"]["numLines"] = n_lines.into();
        return (output("updatedToolOutput", response), false);
    }
    remark()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_changed_in_the_tools_own_shape_or_else_remarked_upon() {
        let shell = json!({"stdout": "a", "stderr": "b", "interrupted": false, "isImage": false});
        assert_eq!(text_of(&shell), "a\nb");
        let (output, added) = changed("PostToolUse", "Bash", &shell, "h", "x");
        let expected = json!({"stdout": "x", "stderr": "", "interrupted": false, "isImage": false});
        assert_eq!((&output["hookSpecificOutput"]["updatedToolOutput"], added), (&expected, false));
        let file = json!({"type": "text", "file": {"filePath": "/a", "content": "one", "numLines": 1, "startLine": 1}});
        assert_eq!(text_of(&file), "one");
        let (output, _) = changed("PostToolUse", "Read", &file, "h", "x\ny");
        assert_eq!(output["hookSpecificOutput"]["updatedToolOutput"]["file"]["numLines"], 2);
        let blocks = json!([{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]);
        assert_eq!(text_of(&blocks), "a\nb");
        let (output, _) = changed("PostToolUse", "mcp__x__y", &blocks, "h", "x");
        assert_eq!(output["hookSpecificOutput"]["updatedMCPToolOutput"], "x");
        for (event, tool, response) in
            [("PostToolUseFailure", "Bash", json!(null)), ("PostToolUse", "Glob", json!({"n": 1}))]
        {
            let (output, added) = changed(event, tool, &response, "h", "x");
            assert!(added && output["hookSpecificOutput"]["additionalContext"].as_str().unwrap().ends_with("\nx"));
            assert_eq!(output["hookSpecificOutput"]["hookEventName"], event);
        }
    }
}
