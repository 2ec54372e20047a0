//! How the relay is set up, and the ends that it holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::record::Witness;
use crate::config::feishu::Presence;
use crate::core::language::Language;
use crate::core::phone::Connection;
use crate::core::phone::PhoneView;
use crate::core::phone::PhoneWish;
use crate::link::Link;
use crate::link::attention::Attention;
use crate::relay::messenger::Heard;
use crate::relay::messenger::PersonId;

/// How the relay is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The messenger's name, as people know it.
    pub name: String,
    pub language: Language,
    pub allowed: Vec<PersonId>,
    pub roots: Vec<String>,
    pub presence: Presence,
    pub away_ms: u64,
    pub groups: bool,
    /// Seconds until a request of a session of the phone is denied by itself; zero never.
    pub deadline_s: u64,
    /// A request that has waited for so long rings the phone; `None`: none does.
    pub urgent_ms: Option<u64>,
    /// Where files of the phone are put.
    pub files: PathBuf,
    /// Where the CLI keeps its record of conversations.
    pub conversations: PathBuf,
    /// Files that come without a word wait for so long for what belongs to them.
    pub gather: Duration,
    /// Changes of a progress card are gathered for so long.
    pub progress_every: Duration,
    /// How long a turn runs before a card shows how it goes.
    pub progress_after: Duration,
}

/// The ends that the relay holds.
#[derive(Debug)]
pub struct Ends {
    pub link: Link,
    pub heard: mpsc::Receiver<Heard>,
    pub connection: watch::Receiver<Connection>,
    pub wishes: mpsc::Receiver<PhoneWish>,
    pub view: watch::Sender<Option<PhoneView>>,
    pub attention: Arc<Attention>,
    pub witness: Witness,
    pub quit: CancellationToken,
}
