//! What the host is told and asked of a call before it runs.

use std::process::ExitCode;
use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use super::INTERRUPTED;
use super::Player;
use super::Stop;
use super::Tool;
use super::Value;
use super::put_line;

/// How long the host may take to answer a callback.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the host says of a call.
pub(super) enum Told {
    Pass,
    Ask(String),
    Deny(String),
}

impl Player {
    /// Tells the host of a call, as the CLI does before it runs one, and waits for what it says.
    pub(super) fn tell(&mut self, tool: &Tool, call: &str) -> Result<Told, Stop> {
        let Some(callback) = self.callback.clone().filter(|_| !tool.untold) else { return Ok(Told::Pass) };
        let id = self.id("hook");
        let cwd = tool.directory.clone().map_or_else(std::env::current_dir, Ok).unwrap_or_default();
        let input = if tool.input.is_null() { json!({}) } else { tool.input.clone() };
        put_line(&json!({"type": "control_request", "request_id": id, "request": {"subtype": "hook_callback",
            "callback_id": callback, "tool_use_id": call, "input": {"hook_event_name": "PreToolUse",
            "session_id": self.session, "cwd": cwd, "permission_mode": self.mode, "tool_name": tool.name,
            "tool_input": input, "tool_use_id": call}}}));
        let until = Instant::now() + PATIENCE;
        while !self.answers.contains_key(&id) {
            let heard = self.hear(Some(until));
            if self.interrupted {
                put_line(&json!({"type": "control_cancel_request", "request_id": id}));
                self.result(call, INTERRUPTED, &Value::Null, true);
                return Err(Stop::Interrupted);
            }
            if self.ended {
                return Err(Stop::Exit(ExitCode::from(1)));
            }
            if !heard {
                put_line(&json!({"type": "control_cancel_request", "request_id": id}));
                return Ok(Told::Deny("no answer in time".to_owned()));
            }
        }
        let answer = self.answers.remove(&id).unwrap_or_default();
        let said = &answer["hookSpecificOutput"];
        let reason = said["permissionDecisionReason"].as_str().unwrap_or_default().to_owned();
        Ok(match said["permissionDecision"].as_str() {
            Some("deny") => Told::Deny(reason),
            Some("ask") => Told::Ask(reason),
            _ => Told::Pass,
        })
    }

    pub(super) fn ask(&mut self, tool: &Tool, call: &str, why: &Value) -> String {
        let id = self.id("req");
        let input = if tool.input.is_null() { json!({}) } else { tool.input.clone() };
        let mut request = json!({"subtype": "can_use_tool", "tool_name": tool.name, "input": input,
            "tool_use_id": call});
        for (key, value) in why.as_object().into_iter().chain(tool.request.as_object()).flatten() {
            request[key] = value.clone();
        }
        put_line(&json!({"type": "control_request", "request_id": id, "request": request}));
        id
    }
}
