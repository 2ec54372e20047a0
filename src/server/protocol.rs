//! What goes over the socket: frames of a length and one JSON value.
//!
//! The greeting is read by every version, now and later: its fields may only grow. All else may change with
//! [`PROTOCOL`].

use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::bytes::Bytes;

use super::frames::Frames;
use crate::core::command::Command;
use crate::core::hook::HookWish;
use crate::core::ids::CellId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::phone::PhoneWish;
use crate::link::Update;

/// Counted up with each change of what follows the greeting.
pub const PROTOCOL: u32 = 9;
/// This program's version, for people.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// No frame of the runner is longer. The longest are snapshots.
const MAX_UPDATE: usize = 512 << 20;
/// No frame of a client is longer. The longest are prompts and the inputs of tool calls that a person has edited.
const MAX_ORDER: usize = 64 << 20;
/// What the CLI sends is at most a hundred levels deep; around it stand a few more.
const MAX_DEPTH: usize = 250;
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
    Hooks(HookWish),
    Key,
}

/// What the runner sends after the greeting.
pub type ToClient = Update;

/// What a client sends after the greeting, and what it is sent.
pub fn codec_of_client() -> Frames {
    Frames { max_in: MAX_UPDATE, max_out: MAX_ORDER }
}

/// The same, from the runner's side.
pub fn codec_of_runner() -> Frames {
    Frames { max_in: MAX_ORDER, max_out: MAX_UPDATE }
}

/// The frames of a connection that has not been greeted.
pub fn greeting_codec() -> Frames {
    Frames { max_in: MAX_GREETING, max_out: MAX_GREETING }
}

/// One frame's content.
pub fn pack(value: &impl Serialize) -> std::io::Result<Bytes> {
    Ok(Bytes::from(serde_json::to_vec(value)?))
}

/// Reads one frame's content.
pub fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> std::io::Result<T> {
    if is_deeper_than(MAX_DEPTH, bytes) {
        let text = format!("a frame is nested more than {MAX_DEPTH} levels deep");
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // Bounded above: what is nested may be deeper than this reader allows by itself.
    reader.disable_recursion_limit();
    T::deserialize(&mut reader).map_err(|error| std::io::Error::new(std::io::ErrorKind::InvalidData, error))
}

/// Whether brackets outside of texts are nested so deep. One pass, whatever the bytes are.
fn is_deeper_than(max: usize, bytes: &[u8]) -> bool {
    let (mut depth, mut in_text, mut is_escaped) = (0_usize, false, false);
    for byte in bytes {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_nested_too_deep_is_refused_and_not_followed_down() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(unpack::<serde_json::Value>(deep(MAX_DEPTH).as_bytes()).is_ok());
        for n in [MAX_DEPTH + 1, 10_000_000] {
            assert!(unpack::<serde_json::Value>(deep(n).as_bytes()).unwrap_err().to_string().contains("levels deep"));
            assert!(unpack::<ToRunner>("{\"Key\":".repeat(n).as_bytes()).is_err());
        }
        let text = serde_json::json!("[".repeat(1000) + "\\\"").to_string();
        assert!(unpack::<String>(text.as_bytes()).is_ok(), "brackets in a text nest nothing");
    }

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
