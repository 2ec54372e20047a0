//! The whole service on a stage: the messenger, the relay and its ledger, between a stand-in for Feishu and an engine
//! that keeps books. It can be killed and begun anew on the same ledger, as often as a test likes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use adjutant::clock;
use adjutant::config::feishu::Presence;
use adjutant::core::ids::SessionId;
use adjutant::core::language::Language;
use adjutant::core::phone::PhoneView;
use adjutant::link::attention::Attention;
use adjutant::redact::Redactor;
use adjutant::relay::feishu::account::Account;
use adjutant::relay::feishu::connection::Timing;
use adjutant::relay::feishu::messenger;
use adjutant::relay::ledger::Ledger;
use adjutant::relay::messenger::PersonId;
use adjutant::relay::service;
use adjutant::relay::service::Ends;
use adjutant::relay::service::Settings;
use adjutant::relay::service::Witness;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::clerk::Clerk;
use super::feishu::APP_ID;
use super::feishu::APP_SECRET;
use super::feishu::Feishu;
use super::feishu::pushes;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// Seconds that a token is good for, where time is simulated.
pub const TOKEN_S: u64 = 1_800;

pub struct Stage {
    pub feishu: Feishu,
    pub clerk: Clerk,
    pub folder: TempDir,
    pub timing: Timing,
    pub n_people: usize,
    /// On the test's own thread, whose time may be no real one; then it cannot be killed.
    is_here: bool,
    /// The session of each person, once it is open.
    pub sessions: Vec<SessionId>,
    running: Option<Running>,
}

/// A relay, which ends when its runtime does.
struct Running {
    /// None when it runs in the test's own.
    runtime: Option<Runtime>,
    view: watch::Receiver<Option<PhoneView>>,
    _wishes: mpsc::Sender<adjutant::core::phone::PhoneWish>,
}

/// The times of the real thing, but for the pauses between attempts and the patience with a dead connection.
fn quick() -> Timing {
    Timing {
        sign_of_life: Duration::from_millis(300),
        retry: (Duration::from_millis(5), Duration::from_millis(20)),
        refused: Duration::from_millis(20),
        ..Timing::default()
    }
}

/// Who a person is, and where they and the bot talk.
pub fn person(at: usize) -> (String, String) {
    (format!("ou_person{at}"), format!("oc_chat{at}"))
}

/// A text of this person, written now.
pub fn said(at: usize, message_id: &str, text: &str) -> Value {
    let (person, chat) = person(at);
    let mut payload = pushes::message(message_id, text);
    payload["event"]["sender"]["sender_id"]["open_id"] = person.into();
    payload["event"]["message"]["chat_id"] = chat.into();
    payload["event"]["message"]["create_time"] = clock::now().0.to_string().into();
    payload
}

/// A press of this person.
pub fn pressed(at: usize, message_id: &str, value: &Value) -> Value {
    let (person, chat) = person(at);
    let mut payload = pushes::press(message_id, value);
    payload["event"]["operator"]["open_id"] = person.into();
    payload["event"]["context"]["open_chat_id"] = chat.into();
    payload
}

/// What the button of this act carries, wherever it stands on the card.
pub fn button(card: &Value, act: &str) -> Option<Value> {
    match card {
        Value::Object(fields) if fields.get("act").is_some_and(|found| found == act) => Some(card.clone()),
        Value::Object(fields) => fields.values().find_map(|value| button(value, act)),
        Value::Array(values) => values.iter().find_map(|value| button(value, act)),
        _ => None,
    }
}

impl Stage {
    /// A relay that is connected, and people who have a session each.
    pub async fn start(n_people: usize) -> Self {
        Self::with(n_people, quick(), false).await
    }

    /// One that runs in the test's own runtime, by its clock.
    pub async fn here(n_people: usize) -> Self {
        Self::with(n_people, Timing::default(), true).await
    }

    async fn with(n_people: usize, timing: Timing, is_here: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["data", "project"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let (feishu, clerk) = (Feishu::start().await, Clerk::new());
        // Then tokens are renewed in a test of hours.
        feishu.with(|state| state.expire = if is_here { TOKEN_S } else { state.expire });
        let mut stage = Self { feishu, clerk, folder, timing, n_people, is_here, sessions: Vec::new(), running: None };
        stage.begin().await;
        stage.feishu.connected(1).await;
        for at in 0..n_people {
            stage.feishu.push(&said(at, &format!("om_new{at}"), "/new project"));
            let chat = person(at).1;
            let text = stage
                .feishu
                .until("a session", |state| {
                    let mut mine = state.taken.iter().filter(|taken| taken.chat_id == chat);
                    mine.find_map(|taken| taken.content["text"].as_str().map(str::to_owned))
                })
                .await;
            let number = text.strip_prefix("Opened session ").and_then(|rest| rest.split(' ').next()).unwrap();
            stage.sessions.push(SessionId(number.parse().unwrap()));
        }
        stage
    }

    /// Begins a relay on the ledger that is there.
    pub async fn begin(&mut self) {
        let link = self.clerk.connect().await;
        let ledger = Ledger::open(&self.folder.path().join("data")).unwrap();
        let settings = Settings {
            name: "Feishu".into(),
            language: Language::English,
            allowed: (0..self.n_people).map(|at| PersonId(person(at).0)).collect(),
            roots: vec![self.folder.path().display().to_string()],
            presence: Presence::Always,
            away_ms: 0,
            groups: false,
            deadline_s: 0,
            urgent_ms: None,
            files: self.folder.path().join("files"),
            conversations: self.folder.path().join("conversations"),
            gather: Duration::ZERO,
            progress_every: Duration::from_millis(if self.is_here { 2_000 } else { 200 }),
            progress_after: Duration::ZERO,
        };
        // As many as a runner has.
        let apart = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let runtime = (!self.is_here).then(apart);
        let inside = runtime.as_ref().map(Runtime::enter);
        let cancel = CancellationToken::new();
        let (messenger, heard, connection) = messenger::start(
            Account::new(APP_ID, APP_SECRET.into(), &self.feishu.url).unwrap(),
            Language::English,
            self.timing,
            cancel.clone(),
        );
        let (view_end, view) = watch::channel(None);
        let (wishes, wishes_end) = mpsc::channel(8);
        let attention = Arc::new(Attention::default());
        let ends = Ends {
            link,
            heard,
            connection,
            wishes: wishes_end,
            view: view_end,
            attention,
            witness: Witness::new(|_| true),
            quit: cancel,
        };
        tokio::spawn(service::run(settings, Arc::new(messenger), ledger, Arc::new(Redactor::default()), ends));
        drop(inside);
        self.running = Some(Running { runtime, view, _wishes: wishes });
    }

    /// Ends the relay where it stands: whatever is under way is cut.
    pub async fn kill(&mut self) {
        let Some(Running { runtime: Some(runtime), .. }) = self.running.take() else { panic!("it runs apart") };
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await.unwrap();
    }

    /// Kills the relay and begins it anew, while the engine holds still.
    pub async fn kill_and_begin(&mut self) {
        let mut still = self.clerk.hold().await;
        self.kill().await;
        let stay = Clerk::lose_prompts(&mut still);
        self.begin().await;
        for command in stay {
            self.clerk.command(command);
        }
        drop(still);
    }

    /// Tasks of the relay that have not ended.
    pub fn n_tasks(&self) -> usize {
        let runtime = self.running.as_ref().and_then(|running| running.runtime.as_ref());
        runtime.expect("it runs apart").metrics().num_alive_tasks()
    }

    pub fn view(&self) -> PhoneView {
        self.running.as_ref().and_then(|running| running.view.borrow().clone()).expect("a relay runs")
    }

    /// Waits until nothing more is to be sent.
    pub async fn settled(&self) {
        all_sent(&self.folder.path().join("data")).await;
        let mut view = self.running.as_ref().expect("a relay runs").view.clone();
        let wait = view.wait_for(|view| view.as_ref().is_some_and(|view| view.n_waiting == 0));
        let found = tokio::time::timeout(PATIENCE, wait).await.map(|view| view.is_ok());
        assert_eq!(found, Ok(true), "not everything is sent: {:?}", self.view());
    }
}

/// Waits until the ledger knows of everything in it that it has arrived: what the relay shows may be from before.
pub async fn all_sent(folder: &Path) {
    let ledger = rusqlite::Connection::open(folder.join("relay.db")).unwrap();
    let waiting = "SELECT (SELECT count(*) FROM outbox) +
                   (SELECT count(*) FROM cards WHERE wanted IS NOT NULL AND message IS NOT NULL)";
    let n_waiting = || ledger.query_row(waiting, [], |row| row.get::<_, i64>(0)).unwrap();
    let sent = async {
        while n_waiting() > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, sent).await.is_ok(), "{} wait to be sent", n_waiting());
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(Running { runtime: Some(runtime), .. }) = self.running.take() {
            runtime.shutdown_background();
        }
    }
}
