//! The relay to the phone, as every surface sees it.

use serde::Deserialize;
use serde::Serialize;

use super::ids::Timestamp;

/// How the connection to the messenger is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Connection {
    Connecting {
        attempt: u32,
        trouble: Option<String>,
    },
    Connected {
        since: Timestamp,
    },
    /// The settings are wrong, as far as the messenger says; it is tried again, slowly.
    Refused {
        why: String,
    },
}

/// A code that somebody may send to the bot to become known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairingCode {
    pub code: String,
    pub until: Timestamp,
}

/// What a terminal shows of the relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneView {
    /// By name, such as Feishu.
    pub messenger: String,
    pub connection: Connection,
    pub paused: bool,
    /// What waits to be sent.
    pub n_waiting: usize,
    /// People that may speak.
    pub n_people: usize,
    /// Why something could not be sent lately.
    pub trouble: Option<String>,
    pub pairing: Option<PairingCode>,
    /// When the button of a test card was pressed last.
    pub tested: Option<Timestamp>,
}

/// What a terminal wants of the relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PhoneWish {
    Pause(bool),
    /// Show a code for a few minutes, or no longer.
    Pair(bool),
    /// Nobody is paired any more.
    Unpair,
    /// Sends a card with a button to everybody, to see whether presses arrive.
    TestCard,
}
