//! Errors as people say them: what happened, what to do, and the raw text one key away.

use serde::Deserialize;
use serde::Serialize;

use super::ids::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TroubleKind {
    Authentication,
    /// A usage or rate limit, with the time it lifts when the CLI said so.
    RateLimit {
        lifts: Option<Timestamp>,
    },
    Overloaded,
    Network,
    ContextTooLong,
    Billing,
    /// No program of that name could be started.
    CliMissing {
        program: String,
    },
    /// The CLI runs but does not speak the protocol.
    CliTooOld,
    /// The CLI did not answer its first request in time.
    CliSilent,
    DirectoryGone {
        path: String,
    },
    /// `--resume` named a conversation that the CLI does not have.
    ConversationGone,
    /// Another process works on the conversation.
    ConversationHeld {
        by: String,
    },
    /// The process ended by itself in the middle of things.
    Crashed,
    MaxTurns,
    Budget,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// What the CLI, the API or the system said, as it said it.
    pub raw: String,
}

impl Trouble {
    pub fn new(kind: TroubleKind, raw: impl Into<String>) -> Self {
        Self { kind, raw: raw.into() }
    }

    /// Reads the kind out of an API error: the HTTP status when there is one, else the text.
    pub fn from_api(status: Option<u64>, raw: impl Into<String>) -> Self {
        let raw = raw.into();
        let text = raw.to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        let kind = if says(&["prompt is too long", "context window", "prompt_too_long", "context length"]) {
            TroubleKind::ContextTooLong
        } else if matches!(status, Some(401 | 403))
            || says(&["authentication", "invalid api key", "invalid x-api-key", "/login", "oauth token", "401"])
        {
            TroubleKind::Authentication
        } else if status == Some(402) || says(&["credit balance", "billing"]) {
            TroubleKind::Billing
        } else if status == Some(429)
            || says(&["rate limit", "rate_limit", "usage limit", "limit reached", "hit your limit"])
        {
            TroubleKind::RateLimit { lifts: None }
        } else if matches!(status, Some(500 | 502 | 503 | 504 | 529)) || says(&["overloaded"]) {
            TroubleKind::Overloaded
        } else if says(&[
            "connection",
            "network",
            "econn",
            "enotfound",
            "fetch failed",
            "socket",
            "timed out",
            "timeout",
            "dns",
        ]) {
            TroubleKind::Network
        } else if says(&["no conversation found"]) {
            TroubleKind::ConversationGone
        } else {
            TroubleKind::Other
        };
        Self { kind, raw }
    }

    /// What happened, as one sentence.
    pub fn headline(&self) -> String {
        match &self.kind {
            TroubleKind::Authentication => "Claude does not accept the sign-in.".into(),
            TroubleKind::RateLimit { .. } => "The usage limit is reached.".into(),
            TroubleKind::Overloaded => "Claude's servers are overloaded.".into(),
            TroubleKind::Network => "The connection to Claude's servers failed.".into(),
            TroubleKind::ContextTooLong => "The conversation no longer fits into the model's context.".into(),
            TroubleKind::Billing => "The account cannot pay for this request.".into(),
            TroubleKind::CliMissing { program } => format!("The Claude Code CLI “{program}” could not be started."),
            TroubleKind::CliTooOld => {
                "This version of the Claude Code CLI does not speak the protocol adjutant needs.".into()
            }
            TroubleKind::CliSilent => "The Claude Code CLI started but does not answer.".into(),
            TroubleKind::DirectoryGone { path } => format!("The directory {path} does not exist any more."),
            TroubleKind::ConversationGone => "The CLI has no such conversation to resume.".into(),
            TroubleKind::ConversationHeld { by } => format!("Another process works on this conversation: {by}."),
            TroubleKind::Crashed => "The Claude Code process ended unexpectedly.".into(),
            TroubleKind::MaxTurns => "The limit of model turns for one prompt is reached.".into(),
            TroubleKind::Budget => "The budget for this session is used up.".into(),
            TroubleKind::Other => "The turn ended with an error.".into(),
        }
    }

    /// What to do about it, as one sentence.
    pub fn advice(&self) -> &'static str {
        match self.kind {
            TroubleKind::Authentication => {
                "Run `claude` once in a shell and sign in, or set ANTHROPIC_API_KEY; then send the prompt again."
            }
            TroubleKind::RateLimit { .. } => {
                "Wait until it lifts, or use another model or account; then send the prompt again."
            }
            TroubleKind::Overloaded => "Nothing is wrong here: send the prompt again in a minute.",
            TroubleKind::Network => "Check the network, the proxy and ANTHROPIC_BASE_URL; then send the prompt again.",
            TroubleKind::ContextTooLong => "Send /compact, or go on in a new session.",
            TroubleKind::Billing => "Check the plan or the credit of the account; then send the prompt again.",
            TroubleKind::CliMissing { .. } => {
                "Install it with `npm install -g @anthropic-ai/claude-code`, or set [claude] command in config.toml."
            }
            TroubleKind::CliTooOld => "Update it with `claude update` or `npm install -g @anthropic-ai/claude-code`.",
            TroubleKind::CliSilent => {
                "Run `claude -p hello` in a shell to see what holds it up; the next prompt starts it again."
            }
            TroubleKind::DirectoryGone { .. } => "Create it again, or open a session in another directory.",
            TroubleKind::ConversationGone => "Send the prompt again: it starts a new conversation.",
            TroubleKind::ConversationHeld { .. } => {
                "Close it there and send the prompt again, follow it (alt-l), or go on in a copy of it (alt-f)."
            }
            TroubleKind::Crashed => "The next prompt starts it again and goes on with the same conversation.",
            TroubleKind::MaxTurns => "Send “go on” to continue.",
            TroubleKind::Budget => "Raise the budget in config.toml, or open a new session.",
            TroubleKind::Other => "Look at the details; the next prompt goes on with the same conversation.",
        }
    }

    /// Whether sending the same prompt again can help.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.kind,
            TroubleKind::Authentication
                | TroubleKind::RateLimit { .. }
                | TroubleKind::Overloaded
                | TroubleKind::Network
                | TroubleKind::CliMissing { .. }
                | TroubleKind::CliSilent
                | TroubleKind::Crashed
                | TroubleKind::ConversationGone
                | TroubleKind::ConversationHeld { .. }
                | TroubleKind::Other
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_errors_become_kinds() {
        let kind = |status, text: &str| Trouble::from_api(status, text).kind;
        assert_eq!(kind(Some(401), "x"), TroubleKind::Authentication);
        assert_eq!(kind(None, "Invalid API key · Please run /login"), TroubleKind::Authentication);
        assert_eq!(kind(Some(400), "prompt is too long: 210000 tokens > 200000 maximum"), TroubleKind::ContextTooLong);
        assert_eq!(kind(Some(429), "x"), TroubleKind::RateLimit { lifts: None });
        assert_eq!(kind(Some(529), "x"), TroubleKind::Overloaded);
        assert_eq!(kind(None, "Connection error."), TroubleKind::Network);
        assert_eq!(kind(None, "No conversation found with session ID: x"), TroubleKind::ConversationGone);
        assert_eq!(kind(None, "boom"), TroubleKind::Other);
    }
}
