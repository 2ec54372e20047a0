//! A stand-in for Feishu on loopback: tokens, discovery, the long connection, messages, files.
//!
//! It keeps all that it is told, misbehaves by script, and complains: about each acknowledgement and each
//! card that the real one would not take. A test that ends with complaints fails. That it speaks as Feishu
//! does is checked with the official SDK (`tests/relay/official_sdk.rs`).

use axum::serve::ListenerExt as _;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use adjutant::relay::feishu::frame::Frame;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Notify;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

pub mod calls;
pub mod lint;
pub mod pushes;
pub mod socket;

pub const APP_ID: &str = "cli_a1b2c3d4e5f60718";
pub const APP_SECRET: &str = "S3cretOfTheApp0123456789abcdef";
pub const TENANT: &str = "t_home";
pub const BOT: &str = "ou_bot";
pub const USER: &str = "ou_user";
pub const CHAT: &str = "oc_direct";
pub const SERVICE: i32 = 33_554_678;
/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub type Headers = Vec<(&'static str, String)>;

/// What happens instead of an answer, or after one.
#[derive(Debug, Clone)]
pub enum Act {
    /// Nothing is done, and this is the answer.
    Answer { status: u16, headers: Headers, body: String },
    /// The connection breaks before anything is done.
    DropBefore,
    /// It is done, and the connection breaks before the answer.
    DropAfter,
    /// It is done, later.
    Slow(Duration),
}

/// A code of Feishu's as the answer.
pub fn code(status: u16, code: i64, msg: &str) -> Act {
    Act::Answer {
        status,
        headers: vec![("content-type", "application/json".into()), ("x-tt-logid", "LOG123".into())],
        body: json!({ "code": code, "msg": msg, "error": { "log_id": "LOG123" } }).to_string(),
    }
}

/// A page of a gateway.
pub fn html(status: u16) -> Act {
    Act::Answer {
        status,
        headers: vec![("content-type", "text/html".into())],
        body: "<html><h1>Bad Gateway</h1></html>".into(),
    }
}

/// How pings are answered.
#[derive(Debug, Clone)]
pub enum Pongs {
    Plain,
    /// With what the server wants from now on.
    With(String),
    Never,
}

/// A message that was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    pub message_id: String,
    pub chat_id: String,
    pub kind: String,
    pub content: Value,
    pub uuid: String,
    pub reply_to: Option<String>,
    pub n_changes: u32,
}

/// A call, as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    pub name: &'static str,
    pub path: String,
    pub body: Value,
}

/// An upload.
#[derive(Debug, Clone)]
pub struct Upload {
    pub name: Option<String>,
    pub fields: HashMap<String, String>,
    pub bytes: Vec<u8>,
}

/// A push that was sent and what came back for it.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The frame that is to be sent back: of a message in parts, the last that was sent.
    pub frame: Frame,
    pub is_callback: bool,
    pub sent: Instant,
    pub ack: Option<Ack>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Ack {
    pub code: i64,
    pub data: Option<Value>,
    pub after: Duration,
}

#[derive(Debug)]
pub struct State {
    pub seen: Vec<Seen>,
    pub taken: Vec<Taken>,
    pub uploads: Vec<Upload>,
    /// By key: the bytes, and the headers they come with.
    pub resources: HashMap<String, (Vec<u8>, Headers)>,
    pub scripts: HashMap<&'static str, VecDeque<Act>>,
    pub complaints: Vec<String>,
    pub pongs: Pongs,
    pub client_config: Value,
    pub n_pings: u32,
    pub n_connections: u32,
    pub pushed: HashMap<u64, Pushed>,
    /// Addresses of connections that were given out and not used.
    pub tickets: HashSet<String>,
    pub tokens: Vec<String>,
    pub n_tokens: u32,
    pub expire: u64,
    pub limits: HashMap<String, VecDeque<Instant>>,
    pub n_limited: u32,
    /// Chats that the bot is not in, with what is answered.
    pub lost: HashMap<String, (i64, String)>,
    socket: Option<mpsc::UnboundedSender<Message>>,
    n_ids: u64,
}

#[derive(Debug)]
pub struct Shared {
    pub state: Mutex<State>,
    changed: Notify,
}

impl Shared {
    /// Changes something, and wakes those who wait for it.
    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.state.lock().unwrap());
        self.changed.notify_waiters();
        done
    }
}

impl State {
    pub fn next_id(&mut self) -> u64 {
        self.n_ids += 1;
        self.n_ids
    }

    pub fn complain(&mut self, what: impl Into<String>) {
        self.complaints.push(what.into());
    }

    pub fn act(&mut self, name: &str) -> Option<Act> {
        self.scripts.get_mut(name)?.pop_front()
    }
}

/// The running stand-in; it ends with the test.
#[derive(Debug)]
pub struct Feishu {
    pub url: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Feishu {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.with(|state| state.socket = None);
        if !std::thread::panicking() {
            assert_eq!(self.complaints(), Vec::<String>::new(), "Feishu would have minded");
        }
    }
}

impl Feishu {
    pub async fn start() -> Self {
        Self::start_as(None).await
    }

    /// One that names this address as its own in discovery: it is reached through something else.
    pub async fn start_as(known_as: Option<&str>) -> Self {
        let state = State {
            seen: Vec::new(),
            taken: Vec::new(),
            uploads: Vec::new(),
            resources: HashMap::new(),
            scripts: HashMap::new(),
            complaints: Vec::new(),
            pongs: Pongs::Plain,
            client_config: json!({ "ReconnectCount": 1, "ReconnectInterval": 120, "ReconnectNonce": 30, "PingInterval": 120 }),
            n_pings: 0,
            n_connections: 0,
            pushed: HashMap::new(),
            tickets: HashSet::new(),
            tokens: Vec::new(),
            n_tokens: 0,
            expire: 7200,
            limits: HashMap::new(),
            n_limited: 0,
            lost: HashMap::new(),
            socket: None,
            n_ids: 0,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Notify::new() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = calls::app(Arc::clone(&shared), known_as.unwrap_or(&url));
        let task = tokio::spawn(async move {
            // Without it a frame may wait 40 ms for word of the one before.
            let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket takes it"));
            let _ = axum::serve(listener, app).await;
        });
        Self { url, shared, task }
    }

    /// The next calls of this name go by these acts, one each.
    pub fn script(&self, name: &'static str, acts: impl IntoIterator<Item = Act>) {
        self.shared.with(|state| state.scripts.entry(name).or_default().extend(acts));
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        self.shared.with(look)
    }

    /// What it minded so far.
    pub fn complaints(&self) -> Vec<String> {
        self.shared.with(|state| state.complaints.clone())
    }

    /// Takes what it minded: a test that provoked it.
    pub fn take_complaints(&self) -> Vec<String> {
        self.shared.with(|state| std::mem::take(&mut state.complaints))
    }

    /// No token that was given out is good any more.
    pub fn expire_tokens(&self) {
        self.shared.with(|state| state.tokens.clear());
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.shared.with(|state| state.taken.clone())
    }

    /// How often a call of this name came.
    pub fn n_calls(&self, name: &str) -> usize {
        self.shared.with(|state| state.seen.iter().filter(|seen| seen.name == name).count())
    }

    /// Waits until `look` finds something.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let wait = async {
            loop {
                let changed = self.shared.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(&mut self.shared.state.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, wait).await.ok();
        found.unwrap_or_else(|| panic!("waited in vain for {what}; complaints: {:?}", self.complaints()))
    }

    /// Waits for the connection of this number, from one, and its first ping.
    pub async fn connected(&self, number: u32) {
        self.until(&format!("connection {number}"), |state| {
            (state.n_connections >= number && state.socket.is_some() && state.n_pings > 0).then_some(())
        })
        .await;
    }
}
