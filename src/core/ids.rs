//! Newtypes for everything that is referred to, so that a turn is never mistaken for a session.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::Serialize;

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl $name {
            /// The one after this; at the end of the range it stays where it is.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub Arc<str>);

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id! {
    /// A session of ours (a tab). Never reused within a data directory.
    SessionId(u32)
}
number_id! {
    /// Which start of the session's process an event belongs to. Zero: before the first start.
    Generation(u32)
}
number_id! {
    /// A turn within a session, counted from 1.
    TurnId(u32)
}
number_id! {
    /// An approval, counted over all sessions; what a person types in `approve 7`.
    ApprovalId(u32)
}
number_id! {
    /// A grant, counted over all sessions; what a person types in `grants revoke 3`.
    GrantId(u32)
}
number_id! {
    /// A feature of a project's backlog; what a person types in `backlog show 4`. Never reused within the project.
    FeatureId(u32)
}
number_id! {
    /// A cell of one session's transcript, counted from 0 in order of arrival.
    CellId(u64)
}
text_id! {
    /// A prompt: a UUID, because the CLI reports the life of a queued message under it.
    PromptId
}
text_id! {
    /// A tool call: the `tool_use` id the model's API gave it.
    ToolCallId
}
text_id! {
    /// A text or thinking block: API message id and the block's place in it.
    BlockId
}
text_id! {
    /// A background task, as the CLI names it.
    TaskId
}
text_id! {
    /// The conversation on the CLI's side: what `--resume` takes.
    ConversationId
}

/// Milliseconds since the Unix epoch. The engine stamps them; nobody else reads a clock for the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds from `earlier` to here; a clock that went backwards gives zero.
    pub fn millis_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}
