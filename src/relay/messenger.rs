//! What the relay needs of a messenger, and what it hears from one.
//!
//! **For:** the border between what is common to all messengers and the folder of each. **Not for:** deciding
//! anything. A second messenger is one more folder that speaks these types.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::card::Card;
use crate::core::ids::Timestamp;
pub use crate::core::phone::Connection;

macro_rules! outside_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        pub struct $name(pub String);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

outside_id! {
    /// Where people and the bot talk. A person's id stands for the direct chat with them.
    ChatId
}
outside_id! {
    /// One message in a chat.
    MessageId
}
outside_id! {
    /// A person, as this bot sees them.
    PersonId
}
outside_id! {
    /// An organisation.
    TenantId
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Who {
    pub person: PersonId,
    /// The person's own organisation; empty where the messenger does not tell.
    pub tenant: TenantId,
    /// The organisation that the push was for.
    pub of: TenantId,
}

/// A text or a file that somebody sent.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Said {
    pub message: MessageId,
    pub chat: ChatId,
    pub is_group: bool,
    /// In a group: the bot was spoken to.
    pub mentions_us: bool,
    pub who: Who,
    /// When it was written, which may be hours ago.
    pub at: Option<Timestamp>,
    /// The message that it is a reply to.
    #[serde(default)]
    pub reply_to: Option<MessageId>,
    pub text: String,
    pub attachments: Vec<Attachment>,
    /// Something of a kind that cannot be used, named.
    pub unsupported: Option<String>,
    /// Whoever wrote it has said since that it is text for a session, and no answer.
    #[serde(default)]
    pub is_text: bool,
    /// They pressed a button that means these words: no message of theirs stands in the chat.
    #[serde(default)]
    pub is_press: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// What the messenger fetches it by.
    pub key: String,
    pub is_image: bool,
    /// The sender's name for it: never a path.
    pub name: Option<String>,
    /// The message that it came with, where that is another than the one it stands in now.
    #[serde(default)]
    pub of: Option<MessageId>,
}

/// A button or form of a card.
#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    pub message: MessageId,
    pub chat: ChatId,
    pub who: Who,
    pub value: Value,
    pub form: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    Said(Said),
    Pressed(Pressed),
    /// Somebody opened the chat with the bot.
    Entered {
        chat: ChatId,
        who: Who,
    },
    /// Somebody chose from the bot's menu; where, nobody tells.
    Chosen {
        /// The same when it is heard again.
        id: MessageId,
        who: Who,
        at: Option<Timestamp>,
        key: String,
    },
    /// A message was taken back.
    Recalled {
        chat: ChatId,
        message: MessageId,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Info,
    Success,
    Warning,
    Error,
}

/// What the messenger is told at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It is taken care of and on the disk.
    Done,
    /// A word at the edge of the phone, and perhaps what the pressed card becomes.
    Note { mood: Mood, text: String, card: Option<Box<Card>> },
    /// It is not: a message is to come again.
    Failed,
}

/// Something that happened, and the one answer to it.
pub struct Heard {
    pub what: Happening,
    reply: Box<dyn FnOnce(Reply) + Send>,
}

impl std::fmt::Debug for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Heard").field("what", &self.what).finish_non_exhaustive()
    }
}

impl Heard {
    pub fn new(what: Happening, reply: impl FnOnce(Reply) + Send + 'static) -> Self {
        Self { what, reply: Box::new(reply) }
    }

    /// Takes it apart, for those who first look and then answer.
    pub fn split(self) -> (Happening, Box<dyn FnOnce(Reply) + Send>) {
        (self.what, self.reply)
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Parcel {
    Text(String),
    Card(Box<Card>),
    /// A file of this machine under a name for the other side.
    File {
        path: String,
        name: String,
    },
    /// Text that is too long for a card, as a file.
    TextFile {
        name: String,
        text: String,
    },
}

impl Parcel {
    pub fn is_file(&self) -> bool {
        matches!(self, Self::File { .. } | Self::TextFile { .. })
    }
}

/// Why something was not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Not now: again after so long, with the same key.
    Later(Duration),
    /// It will never be taken in this form; a plainer one may be.
    Form(String),
    /// The messenger withholds its content, by a rule of the organisation.
    Withheld,
    /// The chat or message is gone, or is not ours.
    Gone(String),
    /// Nothing can be sent until somebody changes the settings.
    Settings(String),
}

/// A messenger. Sending the same thing twice under the same key shows it once.
pub trait Messenger: Send + Sync + 'static {
    fn send(&self, chat: &ChatId, what: &Parcel, key: &str) -> impl Future<Output = Result<MessageId, Failure>> + Send;

    /// Makes a card that was sent into this one.
    fn update(&self, message: &MessageId, card: &Card) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Marks a message as seen. It is no harm when that fails.
    fn seen(&self, message: &MessageId) -> impl Future<Output = ()> + Send;

    /// Rings the phone of a person for a message of ours.
    fn urge(&self, message: &MessageId, person: &PersonId) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Fetches what was attached to a message into a file that exists not yet; at most so many bytes. Returns the
    /// name that the messenger gives it.
    fn fetch(
        &self,
        message: &MessageId,
        attachment: &Attachment,
        to: &Path,
        max_bytes: u64,
    ) -> impl Future<Output = Result<Option<String>, Failure>> + Send;
}
