//! The lines of the protocol, from our side of it.

use std::io::BufRead;
use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;

use serde_json::Value;
use serde_json::json;

/// What the host sends.
#[derive(Debug)]
pub(super) enum Heard {
    Prompt { uuid: Option<String>, text: String },
    Request { id: String, request: Value },
    Answer { id: String, response: Value },
    End,
}

pub(super) fn to_stderr(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Writes bytes; without a reader there is nothing left to do.
pub(super) fn put(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

pub(super) fn put_line(value: &Value) {
    let mut line = value.to_string();
    line.push('\n');
    put(line.as_bytes());
}

/// Set: what comes in stays in the pipe.
static DEAF: AtomicBool = AtomicBool::new(false);

/// From now on nothing more than the line under way is read.
pub(super) fn stop_listening() {
    DEAF.store(true, Ordering::Relaxed);
}

/// Reads standard input on a thread of its own.
pub(super) fn listen() -> mpsc::Receiver<Heard> {
    let (sender, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            while DEAF.load(Ordering::Relaxed) {
                std::thread::park();
            }
            let Ok(line) = line else { break };
            let Some(message) = serde_json::from_str(&line).ok().and_then(|value| read(&value)) else { continue };
            if sender.send(message).is_err() {
                return;
            }
        }
        let _ = sender.send(Heard::End);
    });
    heard
}

fn read(value: &Value) -> Option<Heard> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(match value["type"].as_str()? {
        "user" => {
            let content = &value["message"]["content"];
            let blocks = content.as_array().into_iter().flatten().filter_map(|block| block["text"].as_str());
            let text_of = text(content).unwrap_or_else(|| blocks.collect::<Vec<_>>().join("\n"));
            Heard::Prompt { uuid: text(&value["uuid"]), text: text_of }
        }
        "control_request" => Heard::Request { id: text(&value["request_id"])?, request: value["request"].clone() },
        "control_response" => {
            let response = &value["response"];
            Heard::Answer { id: text(&response["request_id"])?, response: response["response"].clone() }
        }
        _ => return None,
    })
}

pub(super) fn success(id: &str, response: &Value) -> Value {
    json!({"type": "control_response",
        "response": {"subtype": "success", "request_id": id, "response": response}})
}

pub(super) fn failure(id: &str, error: &str) -> Value {
    json!({"type": "control_response", "response": {"subtype": "error", "request_id": id, "error": error}})
}

/// The answer to `initialize`.
pub(super) fn introduction() -> Value {
    let model =
        |value: &str, name: &str, about: &str| json!({"value": value, "displayName": name, "description": about});
    let command =
        |name: &str, about: &str, hint: &str| json!({"name": name, "description": about, "argumentHint": hint});
    json!({
        "commands": [
            command("compact", "Summarise the conversation so far", "[what to keep]"),
            command("context", "Show what fills the context", ""),
            command("review", "Review the changes on this branch", "[branch]"),
        ],
        "models": [
            model("default", "Default", "The recommended model"),
            model("opus", "Opus", "For hard problems"),
            model("haiku", "Haiku", "Fast answers"),
        ],
        "agents": [], "account": {}, "pid": std::process::id(), "claude_code_version": "0.0.0-stand-in",
    })
}
