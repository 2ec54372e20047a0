//! The engine room: runs the sessions and tells everybody what happens.
//!
//! **For:** one CLI process per session, its protocol, its permissions, and the end of both. **Not for:**
//! showing anything, or keeping anything beyond its own life.
//!
//! Inside: the `hub` is the only producer of events and routes commands; each session has a task
//! (`session`) that performs what its pure `machine` decides; lines are read by `crate::translate`;
//! `approvals` and `policy` handle requests for permission; `process`, `spawn` and `guard` run the CLI
//! so that nothing of it is ever left behind.
//!
//! Invariants: no path answers "allow" on an error; no process outlives its session, no session the
//! engine; no client can block the engine; an idle engine does not wake up.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::core::fleet::Fleet;
use crate::link;
use crate::link::Link;
use crate::link::Order;
use crate::link::Peer;
use crate::link::phone::PhoneLine;
use crate::link::tap::Tap;

mod approvals;
mod branch;
mod budget;
/// The process that stands between adjutant and the CLI; `main` calls it first.
pub mod guard;
/// The person's own programs that are asked.
pub mod hooks;
mod hub;
mod images;
mod lock;
mod machine;
mod numbers;
/// Which requests are answered without a person.
pub mod policy;
/// Trying the CLI before it is needed.
pub mod probe;
mod process;
mod remembered;
/// MCP servers that live in this program.
pub mod served;
mod session;
mod spawn;
mod tasks;
/// Whether what a folder brings may take effect.
pub mod trust;
/// Settings of the CLI under which nobody is asked.
mod unasked;
mod watch;
mod worktrees;

/// Clients that may connect at the same moment.
const PEER_BUFFER: usize = 64;

/// What the engine is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    pub config: Arc<Config>,
    /// Where the numbers of sessions are kept.
    pub data_dir: PathBuf,
    /// The program that guards each CLI: one whose `main` calls [`guard::run`]. `None`: no guard, and
    /// only the CLI's process group is ended with it.
    pub guard_program: Option<PathBuf>,
    /// Where all engines of a person keep who works on which conversation.
    pub locks: PathBuf,
    /// What an earlier engine left.
    pub restored: Restored,
    /// To the relay, if there is one.
    pub phone: Arc<PhoneLine>,
    /// Nobody else works on the data directory: what was left half done in it may be settled.
    pub is_alone: bool,
    /// Knows folders; without one, whatever a folder brings takes effect.
    pub trust: Option<Arc<dyn trust::Gate>>,
    /// The person's own programs that are asked.
    pub hooks: Option<Arc<dyn hooks::Hooks>>,
    /// Knows the MCP servers that live in this program; without one there are none.
    pub servers: Option<Arc<dyn served::Servers>>,
}

/// The sessions of an earlier engine, and the numbers it used.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    pub fleet: Fleet,
    pub last_approval: u32,
    pub last_session: u32,
    pub last_grant: u32,
    /// Dollars that today's turns have cost already.
    pub spent_today: f64,
}

/// The CLI's own folder in sessions of a profile.
pub fn claude_home(config: &Config, profile: Option<&str>) -> PathBuf {
    spawn::claude_home(&config.claude, &config.profile(profile).unwrap_or_default())
}

/// Where all adjutants of a person keep who works on what; it is there when this returns.
pub fn lock_folder() -> std::io::Result<PathBuf> {
    let folder = lock::folder();
    lock::make_folder(&folder)?;
    Ok(folder)
}

impl Settings {
    /// Settings with this very program as the guard.
    pub fn new(config: Arc<Config>, data_dir: PathBuf) -> Self {
        let guard_program = cfg!(target_os = "linux").then(guard::tree::own_program).and_then(Result::ok);
        Self {
            config,
            data_dir,
            guard_program,
            locks: lock::folder(),
            restored: Restored::default(),
            phone: Arc::default(),
            is_alone: false,
            trust: None,
            hooks: None,
            servers: None,
        }
    }
}

/// A handle on the running engine. When every handle and every link is dropped, it stops by itself.
#[derive(Debug, Clone)]
pub struct Engine {
    orders: mpsc::Sender<Order>,
    peers: mpsc::Sender<Peer>,
    quit: CancellationToken,
    ended: CancellationToken,
}

impl Engine {
    /// Starts the engine on the runtime this is called in.
    pub fn start(settings: Settings) -> Self {
        Self::start_tapped(settings, Vec::new())
    }

    /// The same with taps, which get every lasting event from the first.
    pub fn start_tapped(settings: Settings, taps: Vec<Tap>) -> Self {
        let (orders, receiver) = link::order_channel();
        let (peers, newcomers) = mpsc::channel(PEER_BUFFER);
        let (quit, ended) = (CancellationToken::new(), CancellationToken::new());
        let channels = hub::Channels { orders: receiver, peers: newcomers, taps, quit: quit.clone() };
        let guard = ended.clone().drop_guard();
        tokio::spawn(async move {
            hub::Hub::run(settings, channels).await;
            drop(guard);
        });
        Self { orders, peers, quit, ended }
    }

    /// Connects a client. Its first update is a snapshot of everything; after the engine has stopped,
    /// the link ends at once.
    pub fn connect(&self) -> Link {
        self.connect_holding(link::UPDATE_BUFFER)
    }

    /// Connects a client for whom so many updates are kept before it misses any.
    pub fn connect_holding(&self, n_updates: usize) -> Link {
        let (link, peer) = link::connect_holding(self.orders.clone(), n_updates);
        if self.peers.try_send(peer).is_err() {
            tracing::warn!("a client came while the engine could take none");
        }
        link
    }

    /// Stops every session in order, all at the same time; returns when no process is left.
    pub async fn shutdown(&self) {
        self.quit.cancel();
        self.ended.cancelled().await;
    }
}
