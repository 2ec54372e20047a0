//! What goes over the socket: frames of a length and one JSON value.
//!
//! The greeting is read by every version, now and later: its fields may only grow. All else may change with
//! [`PROTOCOL`].

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::bytes::Bytes;
use tokio_util::codec::LengthDelimitedCodec;

use crate::core::command::Command;
use crate::core::ids::CellId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::phone::PhoneWish;
use crate::link::Update;

/// Counted up with each change of what follows the greeting.
pub const PROTOCOL: u32 = 8;
/// This program's version, for people.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// No frame is longer. The longest are snapshots and the inputs of tool calls.
const MAX_FRAME: usize = 512 << 20;
/// A greeting is short: whoever sends more before it is no client of ours.
const MAX_GREETING: usize = 64 << 10;

/// What a client wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A terminal: somebody looks.
    Attach,
    /// A verb: the same rights, but nobody looks.
    Verb,
    /// To end the runner in order.
    Stop,
}

/// The client's first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    pub version: String,
    pub purpose: Purpose,
}

impl Hello {
    pub fn new(purpose: Purpose) -> Self {
        Self { protocol: PROTOCOL, version: VERSION.into(), purpose }
    }
}

/// The runner's first frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    pub protocol: u32,
    pub version: String,
    pub pid: u32,
    /// Which configuration it works with: changes with the file.
    pub config: String,
    /// What the person must know of how it works.
    #[serde(default)]
    pub trouble: Option<String>,
    /// When the last terminal left, if none is attached now.
    #[serde(default)]
    pub left: Option<Timestamp>,
    /// Why the client is not let in; the connection ends.
    #[serde(default)]
    pub refused: Option<String>,
}

/// What a client sends after the greeting.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToRunner {
    Command(Command),
    History { session: SessionId, before: CellId },
    Phone(PhoneWish),
    Key,
}

/// What the runner sends after the greeting.
pub type ToClient = Update;

/// The frames of a connection that has been greeted.
pub fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(MAX_FRAME).new_codec()
}

/// The frames of one that has not.
pub fn greeting_codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(MAX_GREETING).new_codec()
}

/// One frame's content.
pub fn pack(value: &impl Serialize) -> std::io::Result<Bytes> {
    Ok(Bytes::from(serde_json::to_vec(value)?))
}

/// Reads one frame's content.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> std::io::Result<T> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // An input of a tool call may be nested as deep as a line of the CLI, which its own reader bounds; here
    // it stands a few levels deeper.
    reader.disable_recursion_limit();
    T::deserialize(&mut reader).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What other versions send must be readable for ever.
    #[test]
    fn greetings_of_other_versions_are_understood() {
        let old = br#"{"protocol":0,"version":"0.0.1","purpose":"stop","more":[1]}"#;
        assert_eq!(unpack::<Hello>(old).unwrap().purpose, Purpose::Stop);
        let welcome = br#"{"protocol":9,"version":"2.0","pid":7,"config":"x","more":{}}"#;
        assert_eq!(unpack::<Welcome>(welcome).unwrap().refused, None);
        assert!(unpack::<Hello>(b"GET / HTTP/1.1").is_err());
    }
}
