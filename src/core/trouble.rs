//! Errors as people say them: what happened, what to do, and the raw text one key away.

use serde::Deserialize;
use serde::Serialize;

use super::ids::Timestamp;

mod api;

pub use api::ApiFault;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TroubleKind {
    Authentication,
    /// The account's usage limit, with the time it lifts when the CLI said so.
    #[serde(alias = "RateLimit")]
    UsageLimit {
        lifts: Option<Timestamp>,
    },
    /// Too many requests in a short time: it passes by itself.
    Throttled,
    Overloaded,
    /// The API failed at its own end.
    ServerFault,
    Network,
    ContextTooLong,
    Billing,
    /// The API does not take what was sent, and would not take it again.
    Refused,
    /// The model does not exist, or the account may not use it.
    ModelMissing,
    /// An image could not be used.
    ImageRefused,
    /// The model wrote calls that nobody could read, until the CLI gave up.
    MalformedCall,
    /// The answer never fitted the schema that was asked for.
    StructuredOutput,
    /// The CLI could not begin the turn.
    TurnSetup,
    /// A call that had been put off could not be made any more.
    DeferredCall,
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

    /// What happened, as one sentence.
    pub fn headline(&self) -> String {
        match &self.kind {
            TroubleKind::Authentication => "Claude does not accept the sign-in.".into(),
            TroubleKind::UsageLimit { .. } => "The usage limit is reached.".into(),
            TroubleKind::Throttled => "Rate limited: too many requests in a short time.".into(),
            TroubleKind::Overloaded => "Claude's servers are overloaded.".into(),
            TroubleKind::ServerFault => "Claude's servers failed.".into(),
            TroubleKind::Network => "The connection to Claude's servers failed.".into(),
            TroubleKind::ContextTooLong => "The conversation no longer fits into the model's context.".into(),
            TroubleKind::Billing => "The account cannot pay for this request.".into(),
            TroubleKind::Refused => "The API refuses the conversation as it is.".into(),
            TroubleKind::ModelMissing => "The model does not exist, or the account may not use it.".into(),
            TroubleKind::ImageRefused => "An image could not be used.".into(),
            TroubleKind::MalformedCall => "The model's tool calls could not be read, several times in a row.".into(),
            TroubleKind::StructuredOutput => "The answer did not fit the schema that was asked for.".into(),
            TroubleKind::TurnSetup => "The CLI could not begin the turn.".into(),
            TroubleKind::DeferredCall => "A tool call that was put off cannot be made any more.".into(),
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
            TroubleKind::UsageLimit { .. } => {
                "Wait until it lifts, or use another model or account; then send the prompt again."
            }
            TroubleKind::Throttled => "Wait a minute; then send the prompt again.",
            TroubleKind::Overloaded | TroubleKind::ServerFault => {
                "Nothing is wrong here: send the prompt again in a minute."
            }
            TroubleKind::Network => "Check the network, the proxy and ANTHROPIC_BASE_URL; then send the prompt again.",
            TroubleKind::ContextTooLong => {
                "Send /compact; if that does not help, fork the conversation before an earlier prompt (choose it in the \
                 timeline, then f)."
            }
            TroubleKind::Refused => {
                "What it refuses stays in the conversation, so the next prompt would be refused too: fork the \
                 conversation before the prompt that brought it (choose it in the timeline, then f), and go on there."
            }
            TroubleKind::ModelMissing => "Choose another model (alt-o, or /model); then send the prompt again.",
            TroubleKind::ImageRefused => {
                "Send the prompt without it, or with a smaller one; if that is refused too, fork the conversation before \
                 the prompt that brought it (choose it in the timeline, then f)."
            }
            TroubleKind::MalformedCall => "Send the prompt again, or ask for smaller steps.",
            TroubleKind::StructuredOutput => "Send the prompt again, or ask for a simpler answer.",
            TroubleKind::TurnSetup => "Look at the details; then send the prompt again.",
            TroubleKind::DeferredCall => "Send “go on” to continue without it.",
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
        match self.kind {
            TroubleKind::Authentication
            | TroubleKind::UsageLimit { .. }
            | TroubleKind::Throttled
            | TroubleKind::Overloaded
            | TroubleKind::ServerFault
            | TroubleKind::Network
            | TroubleKind::Billing
            | TroubleKind::MalformedCall
            | TroubleKind::StructuredOutput
            | TroubleKind::TurnSetup
            | TroubleKind::CliMissing { .. }
            | TroubleKind::CliSilent
            | TroubleKind::Crashed
            | TroubleKind::ConversationGone
            | TroubleKind::ConversationHeld { .. }
            | TroubleKind::Other => true,
            TroubleKind::ContextTooLong
            | TroubleKind::Refused
            | TroubleKind::ModelMissing
            | TroubleKind::ImageRefused
            | TroubleKind::DeferredCall
            | TroubleKind::CliTooOld
            | TroubleKind::DirectoryGone { .. }
            | TroubleKind::MaxTurns
            | TroubleKind::Budget => false,
        }
    }

    /// What the API itself said, on one line, where our own sentence does not say as much.
    pub fn said(&self) -> Option<String> {
        match self.kind {
            TroubleKind::Authentication
            | TroubleKind::Throttled
            | TroubleKind::ServerFault
            | TroubleKind::Network
            | TroubleKind::Billing
            | TroubleKind::Refused
            | TroubleKind::ModelMissing
            | TroubleKind::ImageRefused
            | TroubleKind::MalformedCall
            | TroubleKind::StructuredOutput
            | TroubleKind::TurnSetup
            | TroubleKind::DeferredCall
            | TroubleKind::Other => api::sentence(&self.raw),
            TroubleKind::UsageLimit { .. }
            | TroubleKind::Overloaded
            | TroubleKind::ContextTooLong
            | TroubleKind::CliMissing { .. }
            | TroubleKind::CliTooOld
            | TroubleKind::CliSilent
            | TroubleKind::DirectoryGone { .. }
            | TroubleKind::ConversationGone
            | TroubleKind::ConversationHeld { .. }
            | TroubleKind::Crashed
            | TroubleKind::MaxTurns
            | TroubleKind::Budget => None,
        }
    }

    /// What happened, with what the API said about it.
    pub fn what(&self) -> String {
        match self.said() {
            Some(said) => format!("{} “{said}”", self.headline()),
            None => self.headline(),
        }
    }

    /// What happened, what was said about it, and what to do: for places with room for a paragraph.
    pub fn in_full(&self) -> String {
        format!("{} {}", self.what(), self.advice())
    }
}
