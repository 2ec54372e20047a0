//! Process hooks, as far as everybody must know of them: what they may be asked, what they did, how they are.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::ids::Timestamp;

/// What a hook wants to be asked or told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookMode {
    /// Told what happens; no answer counts.
    Observe,
    /// Asked before and after each call.
    Tool,
    /// Asked about each request for permission.
    Approve,
    /// Asked before a prompt is sent, and after each message of the model.
    Llm,
}

impl HookMode {
    pub const ALL: [Self; 4] = [Self::Observe, Self::Tool, Self::Approve, Self::Llm];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Tool => "tool",
            Self::Approve => "approve",
            Self::Llm => "llm",
        }
    }
}

/// What a hook that gives no answer means. There is no "allow".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The person decides.
    #[default]
    Ask,
    Deny,
}

/// The kinds of events that a hook can be told of, as the protocol names them.
pub const EVENTS: [&str; 14] = [
    "turn_start",
    "turn_end",
    "llm_request",
    "llm_response",
    "tool_exec_start",
    "tool_exec_end",
    "tool_exec_skipped",
    "steering_injected",
    "interrupt_received",
    "error",
    "approval_asked",
    "approval_resolved",
    "session_opened",
    "session_closed",
];

/// Bytes of what there was before that are told beside a request.
const MAX_BEFORE: usize = 400;

/// One thing that a hook did to a call, a prompt or a turn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HookMark {
    /// Its name in the configuration.
    pub hook: String,
    pub did: HookDid,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum HookDid {
    /// It put other arguments, or another text, in the place of what there was.
    Changed { from: Value, to: Value },
    /// It refused, and the model is told why.
    Refused { reason: String },
    /// It answered in the tool's place.
    Answered { text: String },
    /// It allowed in the person's place.
    Allowed,
    /// It put another result in the place of the tool's own; `added`: the CLI only took it as a remark beside it.
    ChangedResult { from: String, to: String, added: bool },
    /// It ended the turn; `hard`: the process too.
    Aborted { reason: String, hard: bool },
    /// It gave no answer that counts.
    Failed { why: String, then: OnFailure },
}

impl HookMark {
    pub fn new(hook: impl Into<String>, did: HookDid) -> Self {
        Self { hook: hook.into(), did }
    }

    /// In one sentence.
    pub fn sentence(&self) -> String {
        let hook = &self.hook;
        match &self.did {
            HookDid::Changed { .. } => format!("changed by hook {hook}"),
            HookDid::Refused { reason } => format!("refused by hook {hook}: {reason}"),
            HookDid::Answered { .. } => format!("answered by hook {hook}"),
            HookDid::Allowed => format!("allowed by hook {hook}"),
            HookDid::ChangedResult { added: false, .. } => format!("result changed by hook {hook}"),
            HookDid::ChangedResult { added: true, .. } => {
                format!("hook {hook} added a remark: this tool's result cannot be changed")
            }
            HookDid::Aborted { reason, hard } => {
                let what = if *hard { "turn and process ended" } else { "turn ended" };
                format!("{what} by hook {hook}: {reason}")
            }
            HookDid::Failed { why, then: OnFailure::Ask } => format!("hook {hook} failed: {why}"),
            HookDid::Failed { why, then: OnFailure::Deny } => format!("hook {hook} failed: {why}; denied"),
        }
    }

    /// In one sentence, with what there was before in short: only what is other now.
    pub fn with_before(&self) -> String {
        let HookDid::Changed { from, to } = &self.did else { return self.sentence() };
        let (Some(before), Some(after)) = (from.as_object(), to.as_object()) else { return self.sentence() };
        let names = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
        let changed: Vec<String> = names
            .filter(|key| before.get(*key) != after.get(*key))
            .map(|key| match before.get(key) {
                Some(Value::String(text)) => format!("{key}: {text}"),
                Some(value) => format!("{key}: {value}"),
                None => format!("without {key}"),
            })
            .collect();
        let before = changed.join("; ");
        let end = before.floor_char_boundary(MAX_BEFORE.min(before.len()));
        let more = if end < before.len() { "…" } else { "" };
        format!("{}; before: {}{more}", self.sentence(), &before[..end])
    }

    /// As a sentence of its own.
    pub fn headline(&self) -> String {
        let sentence = match &self.did {
            HookDid::Changed { .. } => format!("the prompt was changed by hook {}", self.hook),
            _ => self.sentence(),
        };
        let mut chars = sentence.chars();
        let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{}.", chars.as_str().trim_end_matches('.'))
    }

    /// Both versions, where it changed something.
    pub fn detail(&self) -> Option<String> {
        let shown = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => serde_json::to_string_pretty(other).unwrap_or_default(),
        };
        match &self.did {
            HookDid::Changed { from, to } => Some(format!("before:\n{}\nafter:\n{}", shown(from), shown(to))),
            HookDid::ChangedResult { from, to, .. } => Some(format!("before:\n{from}\nafter:\n{to}")),
            HookDid::Answered { text } => Some(text.clone()),
            HookDid::Refused { .. } | HookDid::Allowed | HookDid::Aborted { .. } | HookDid::Failed { .. } => None,
        }
    }
}

/// How a hook is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum HookState {
    /// Started, and not greeted yet.
    Starting,
    Up {
        pid: u32,
        since: Timestamp,
    },
    /// It ended, and is started again.
    Waiting {
        why: String,
        until: Timestamp,
    },
    /// It ended too often: it stays off until somebody starts it.
    Off {
        why: String,
    },
    /// The program ends.
    Stopped,
}

/// A hook as `adjutant hooks` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HookStatus {
    pub name: String,
    #[serde(flatten)]
    pub state: HookState,
    pub modes: Vec<HookMode>,
    pub order: u64,
    pub calls: u64,
    pub failures: u64,
    /// Of its answers, in milliseconds.
    pub p50_ms: Option<f64>,
    pub p99_ms: Option<f64>,
    /// Names of the tools it offers.
    pub tools: Vec<String>,
    /// What it was told once that it wants and cannot have.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// All hooks, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HooksView {
    pub hooks: Vec<HookStatus>,
    /// Why a wish was not followed.
    pub trouble: Option<String>,
}

/// What somebody wants of the hooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookWish {
    /// How they are.
    List,
    Restart(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_there_was_before_is_told_as_far_as_it_is_other_now() {
        let did = HookDid::Changed {
            from: json!({"command": "rm old", "description": "same", "n": 1}),
            to: json!({"command": "trash old", "description": "same", "timeout": 5}),
        };
        let mark = HookMark::new("gate", did);
        assert_eq!(mark.with_before(), "changed by hook gate; before: command: rm old; n: 1; without timeout");
        assert!(mark.detail().is_some_and(|detail| detail.contains("rm old") && detail.contains("trash old")));
        let long = HookDid::Changed { from: json!({"a": "é".repeat(1000)}), to: json!({}) };
        assert!(HookMark::new("gate", long).with_before().len() < 500);
        let failed = HookDid::Failed { why: "it slept".into(), then: OnFailure::Ask };
        assert_eq!(HookMark::new("gate", failed).headline(), "Hook gate failed: it slept.");
    }
}
