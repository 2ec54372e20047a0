//! The long connection: pushes come in by it, and only their answers go out.
//!
//! **For:** being connected, for ever: a lost connection, a machine that slept and a Feishu that is down are
//! waited out, and so are mistakes of the configuration, slowly, with their text in the status. **Not for:**
//! acting on pushes, remembering which were seen, or sending anything else: see [`super::api`].
//!
//! Invariants: every push is answered within three seconds of its coming; a slow consumer holds up neither
//! other pushes nor the signs of life; all that waits is bounded; the address of a connection, which is a
//! credential, is used once and never shown.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::answer;
use super::answer::Push;
use crate::clock;
use crate::core::ids::Timestamp;

/// How long to wait before the next attempt.
mod backoff;
/// Where to connect to.
mod discovery;
/// The beginning of a connection.
mod handshake;
/// One short connection, to see whether it can be.
pub mod probe;
/// One connection, from its first ping to its end.
mod session;
/// When to ping, when to give up, and whether the machine slept.
mod watchdog;

use backoff::Backoff;

/// Pushes that wait for the consumer.
const PUSH_BUFFER: usize = 2_048;
/// Bytes of the pushes that nobody has answered.
const PUSH_BYTES: usize = 16 << 20;

/// How the connection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Not connected; `attempt` counts from one since the last connection that held.
    Connecting { attempt: u32, last_error: Option<String> },
    Connected {
        since: Timestamp,
        /// What Feishu calls this connection, for its support.
        device_id: String,
    },
    /// A person must change something; it is tried again every minute or two.
    Refused { why: String },
}

/// The times that everything goes by. Tests shorten them.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Discovery, and after it the handshake.
    pub handshake: Duration,
    /// Something must come within this after a ping (three seconds were too short in practice).
    pub sign_of_life: Duration,
    /// Bounds of the pause between pings, whatever the server asks for.
    pub ping: (Duration, Duration),
    /// How long a consumer may take to answer.
    pub answer: Duration,
    /// How often it is asked whether the machine slept.
    pub sleep_check: Duration,
    /// The first pause before trying again, and the longest.
    pub retry: (Duration, Duration),
    /// The shortest pause after a refusal.
    pub refused: Duration,
    /// A connection that held this long begins the pauses anew; a third of it makes them short.
    pub held: Duration,
    /// The wall clock.
    pub wall: fn() -> Timestamp,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(15),
            sign_of_life: Duration::from_secs(25),
            ping: (Duration::from_secs(10), Duration::from_mins(2)),
            answer: answer::PATIENCE,
            sleep_check: Duration::from_secs(5),
            retry: (Duration::from_millis(500), Duration::from_mins(1)),
            refused: Duration::from_mins(1),
            held: Duration::from_mins(1),
            wall: clock::now,
        }
    }
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trouble {
    /// Another attempt may do better.
    Passing(String),
    /// A person must change something first.
    Refused(String),
}

/// The running connection. Dropping it does not end it: cancelling does.
#[derive(Debug)]
pub struct Connection {
    pub pushes: mpsc::Receiver<Push>,
    pub status: watch::Receiver<Status>,
    pub task: JoinHandle<()>,
}

/// Connects, and stays connected until it is cancelled, on the runtime this is called in.
pub fn start(account: Arc<Account>, timing: Timing, cancel: CancellationToken) -> Connection {
    let (push_sender, pushes) = mpsc::channel(PUSH_BUFFER);
    let (status_sender, status) = watch::channel(Status::Connecting { attempt: 1, last_error: None });
    let room = Arc::new(Semaphore::new(PUSH_BYTES));
    let keeper = Keeper { account, timing, cancel, pushes: push_sender, room, status: status_sender };
    let task = tokio::spawn(keeper.keep());
    Connection { pushes, status, task }
}

/// A connection that has just been opened.
struct Opened {
    socket: handshake::Socket,
    device_id: String,
    service_id: i32,
    config: discovery::ClientConfig,
}

/// Keeps a connection open.
#[derive(Debug)]
struct Keeper {
    account: Arc<Account>,
    timing: Timing,
    cancel: CancellationToken,
    pushes: mpsc::Sender<Push>,
    room: Arc<Semaphore>,
    status: watch::Sender<Status>,
}

impl Keeper {
    async fn keep(self) {
        let mut backoff = Backoff::new(self.timing.retry, self.timing.refused);
        let mut last_error = None;
        loop {
            self.connecting(backoff.attempt(), last_error.as_ref());
            let opened = tokio::select! {
                () = self.cancel.cancelled() => return,
                opened = self.open() => opened,
            };
            let trouble = match opened {
                Ok(opened) => self.run(opened, &mut backoff).await,
                Err(trouble) => trouble,
            };
            if self.cancel.is_cancelled() {
                return;
            }
            let (text, pause) = match trouble {
                Trouble::Passing(text) => (text, backoff.pause(fastrand::f64())),
                Trouble::Refused(text) => {
                    self.status.send_replace(Status::Refused { why: text.clone() });
                    (text, backoff.long_pause(fastrand::f64()))
                }
            };
            tracing::warn!(why = text, pause_ms = pause.as_millis(), "no connection to Feishu");
            last_error = Some(text);
            self.connecting(backoff.attempt(), last_error.as_ref());
            tokio::select! {
                () = self.cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                () = self.slept() => tracing::info!("the machine slept: trying again at once"),
            }
        }
    }

    /// A refusal stays on show while it is tried again.
    fn connecting(&self, attempt: u32, last_error: Option<&String>) {
        self.status.send_if_modified(|status| {
            let is_other = !matches!(status, Status::Refused { .. });
            if is_other {
                *status = Status::Connecting { attempt, last_error: last_error.cloned() };
            }
            is_other
        });
    }

    async fn open(&self) -> Result<Opened, Trouble> {
        let found = discovery::find(&self.account, self.timing.handshake).await?;
        let socket = handshake::open(&self.account, found.url, self.timing.handshake).await?;
        Ok(Opened { socket, device_id: found.device_id, service_id: found.service_id, config: found.config })
    }

    /// One connection, to its end.
    async fn run(&self, opened: Opened, backoff: &mut Backoff) -> Trouble {
        let Opened { socket, device_id, service_id, config } = opened;
        backoff.set_ceiling(config.reconnect);
        tracing::info!(device_id, "connected to Feishu");
        self.status.send_replace(Status::Connected { since: (self.timing.wall)(), device_id: device_id.clone() });
        let since = Instant::now();
        let (account, timing, pushes, room) = (&self.account, &self.timing, &self.pushes, &self.room);
        let with = session::With { account, timing, pushes, room, service_id };
        let ended = session::run(socket, config, with, self.slept(), self.cancel.cancelled()).await;
        let lasted = since.elapsed();
        if lasted >= self.timing.held {
            backoff.reset();
        } else if lasted >= self.timing.held / 3 {
            backoff.ease();
        }
        tracing::info!(device_id, lasted_s = lasted.as_secs(), why = ended, "the connection to Feishu ended");
        // From here on no status of an earlier failure counts.
        self.status.send_replace(Status::Connecting { attempt: backoff.attempt(), last_error: Some(ended.clone()) });
        Trouble::Passing(ended)
    }

    /// Returns when the machine turns out to have slept.
    async fn slept(&self) {
        watchdog::slept(self.timing.sleep_check, self.timing.wall).await;
    }
}
