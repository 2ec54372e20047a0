//! `stream_event` lines: the events of one API call while it runs.
//!
//! For: showing text while the model writes it. Not for: what is kept; each block comes again
//! whole in an `assistant` line with the same message id.
//!
//! Invariants:
//! - These lines come by the thousand, so a known event is read in one pass over the text.
//! - Only an event or delta of an unknown kind is parsed again, to keep all of it.

use serde_json::Value;

use crate::wire::inbound::Unknown;
use crate::wire::inbound::api::{ApiMessage, ContentBlock, Usage};
use crate::wire::macros::wire_struct;

/// A `stream_event` line (`SDKPartialAssistantMessage`).
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// The call of the sub-agent tool that this belongs to; `None` for the main conversation.
    pub parent_tool_use_id: Option<String>,
    /// Milliseconds to the first token, on the first event of a message.
    pub ttft_ms: Option<f64>,
    /// The user message that the turn answers, by the uuid it was sent with.
    pub user_message_uuid: Option<String>,
    /// What happened.
    pub event: Event,
}

/// One event of the API's stream (`BetaRawMessageStreamEvent`).
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A message begins, without content.
    MessageStart(Box<ApiMessage>),
    /// A block begins, empty but for its kind, id and name.
    BlockStart {
        /// Its place in the message.
        index: u64,
        /// The block.
        block: ContentBlock,
    },
    /// A block grows.
    BlockDelta {
        /// Its place in the message.
        index: u64,
        /// By what.
        delta: Delta,
    },
    /// A block is complete.
    BlockStop {
        /// Its place in the message.
        index: u64,
    },
    /// The message is about to end.
    MessageDelta {
        /// Why.
        stop_reason: Option<String>,
        /// Totals of the message, not increments.
        usage: Option<Usage>,
    },
    /// The message has ended.
    MessageStop,
    /// A sign of life.
    Ping,
    /// The API broke off.
    Error {
        /// Such as `overloaded_error`.
        kind: String,
        /// Its sentence.
        message: String,
    },
    /// Anything newer.
    Unknown(Unknown),
}

/// What is added to a block (`BetaRawContentBlockDelta`).
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    /// Text.
    Text(String),
    /// Thinking.
    Thinking(String),
    /// The signature under the thinking.
    Signature(String),
    /// A piece of a tool's arguments; the pieces together are JSON.
    InputJson(String),
    /// Anything else, citations and compaction among them.
    Unknown(Unknown),
}

wire_struct! {
    /// The line as it stands, before its tags are looked at: their place in it is not fixed.
    pub(crate) struct RawStreamEvent {
        pub uuid: Option<String>,
        pub session_id: Option<String>,
        pub parent_tool_use_id: Option<String>,
        pub ttft_ms: Option<f64>,
        pub user_message_uuid: Option<String>,
        pub event: RawEvent,
    }

    /// All fields of all events.
    pub(crate) struct RawEvent {
        pub kind ["type"]: String,
        pub index: u64,
        pub message: Option<ApiMessage>,
        pub content_block: Option<ContentBlock>,
        pub delta: RawDelta,
        pub usage: Option<Usage>,
        pub error: RawError,
    }

    /// All fields of all deltas.
    pub(crate) struct RawDelta {
        pub kind ["type"]: String,
        pub text: String,
        pub thinking: String,
        pub signature: String,
        pub partial_json: String,
        pub stop_reason: Option<String>,
    }

    /// The API's error object.
    pub(crate) struct RawError {
        pub kind ["type"]: String,
        pub message: String,
    }
}

impl RawStreamEvent {
    /// Sorts the line by its tags. `reread` parses the whole line again and is called only when
    /// something unknown has to be kept.
    pub(crate) fn sort(self, reread: impl FnOnce() -> Value) -> StreamEvent {
        StreamEvent {
            parent_tool_use_id: self.parent_tool_use_id,
            ttft_ms: self.ttft_ms,
            user_message_uuid: self.user_message_uuid,
            event: self.event.sort(|| reread()["event"].take()),
        }
    }
}

impl RawEvent {
    fn sort(self, reread: impl FnOnce() -> Value) -> Event {
        let index = self.index;
        match self.kind.as_str() {
            "content_block_delta" => Event::BlockDelta { index, delta: self.delta.sort(|| reread()["delta"].take()) },
            "content_block_start" => match self.content_block {
                Some(block) => Event::BlockStart { index, block },
                None => unknown_event(self.kind, reread),
            },
            "content_block_stop" => Event::BlockStop { index },
            "message_start" => Event::MessageStart(Box::new(self.message.unwrap_or_default())),
            "message_delta" => Event::MessageDelta { stop_reason: self.delta.stop_reason, usage: self.usage },
            "message_stop" => Event::MessageStop,
            "ping" => Event::Ping,
            "error" => Event::Error { kind: self.error.kind, message: self.error.message },
            _ => unknown_event(self.kind, reread),
        }
    }
}

fn unknown_event(kind: String, reread: impl FnOnce() -> Value) -> Event {
    Event::Unknown(Unknown { kind, raw: reread() })
}

impl RawDelta {
    fn sort(self, reread: impl FnOnce() -> Value) -> Delta {
        match self.kind.as_str() {
            "text_delta" => Delta::Text(self.text),
            "thinking_delta" => Delta::Thinking(self.thinking),
            "signature_delta" => Delta::Signature(self.signature),
            "input_json_delta" => Delta::InputJson(self.partial_json),
            _ => Delta::Unknown(Unknown { kind: self.kind, raw: reread() }),
        }
    }
}
