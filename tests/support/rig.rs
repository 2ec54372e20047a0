//! An engine with a client at its side: what a test sends, what it saw, what it waits for.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use adjutant::config;
use adjutant::config::Config;
use adjutant::config::Profile;
use adjutant::core::approval::Approval;
use adjutant::core::approval::Decision;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::Event;
use adjutant::core::event::EventKind;
use adjutant::core::fleet::Fleet;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::SessionId;
use adjutant::core::prompt::SendHow;
use adjutant::core::prompt::Surface;
use adjutant::core::session::Session;
use adjutant::core::session::SessionSpec;
use adjutant::engine::Engine;
use adjutant::engine::Restored;
use adjutant::engine::Settings;
use adjutant::hooks::keeper::Keeper as Hooks;
use adjutant::link::Link;
use adjutant::link::Update;
use adjutant::store::Store;
use adjutant::trust::gate::Keeper;
use serde_json::Value;
use tempfile::TempDir;

use super::api::Api;

/// Nothing that a test waits for takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// A test must not miss an event, however busy the machine is.
const HELD_UPDATES: usize = 100_000;

/// Marks the folder of an engine that asks about folders, also over a restart.
const GATED: &str = "gated";

pub struct Rig {
    pub engine: Engine,
    link: Link,
    config: Arc<Config>,
    locks: PathBuf,
    pub fleet: Fleet,
    /// Everything that happened, in order.
    pub events: Vec<Arc<Event>>,
    /// How far `wait` has looked.
    looked: usize,
    next_tag: u64,
    keeper: Option<std::thread::JoinHandle<()>>,
    pub hooks: Option<Arc<Hooks>>,
    /// Holds the home, the data and the project of the test.
    pub folder: TempDir,
}

impl Rig {
    /// An engine that drives this command, with a profile that leads a real CLI to the scripted API.
    pub fn start(command: Vec<String>, api: Option<&Api>) -> Self {
        Self::with(command, api, |_| {})
    }

    /// The same with somebody who knows which folders are trusted.
    pub fn gated(command: Vec<String>, api: Option<&Api>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(GATED), "").unwrap();
        Self::in_folder(folder, command, api, |_| {})
    }

    pub fn with(command: Vec<String>, api: Option<&Api>, change: impl FnOnce(&mut Config)) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), command, api, change)
    }

    fn in_folder(folder: TempDir, command: Vec<String>, api: Option<&Api>, change: impl FnOnce(&mut Config)) -> Self {
        for name in ["home", "data", "project"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let mut config = config::parse("").unwrap();
        config.claude.command = command;
        config.claude.default_profile = Some("test".into());
        let profile = Profile { env: environment(&folder.path().join("home"), api), ..Profile::default() };
        config.profiles.insert("test".into(), profile);
        change(&mut config);
        let locks = folder.path().join("locks");
        Self::on(folder, Arc::new(config), locks)
    }

    /// Another engine with the same configuration and the same home, and data of its own.
    pub fn beside(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        Self::on(folder, Arc::clone(&self.config), self.locks.clone())
    }

    /// Ends the engine and starts another one that goes on with what it left.
    pub async fn restart(mut self) -> Self {
        self.engine.shutdown().await;
        drop(self.link);
        self.keeper.take().unwrap().join().unwrap();
        let left = Store::read(&self.folder.path().join("data")).and_then(|store| store.restore()).unwrap();
        let adjutant::store::LeftOff { fleet, last_approval, last_session, last_grant, spent_today } = left;
        let restored = Restored { fleet, last_approval, last_session, last_grant, spent_today };
        let mut next = Self::going_on(self.folder, self.config, self.locks, restored);
        let Some(Update::Snapshot(fleet)) = next.link.recv().await else { panic!("a snapshot comes first") };
        next.fleet = *fleet;
        next
    }

    fn on(folder: TempDir, config: Arc<Config>, locks: PathBuf) -> Self {
        Self::going_on(folder, config, locks, Restored::default())
    }

    fn going_on(folder: TempDir, config: Arc<Config>, locks: PathBuf, restored: Restored) -> Self {
        let mut settings = Settings::new(Arc::clone(&config), folder.path().join("data"));
        settings.restored = restored;
        settings.locks.clone_from(&locks);
        settings.is_alone = true;
        if folder.path().join(GATED).exists() {
            settings.trust = Some(Arc::new(Keeper::of(&folder.path().join("data"))));
        }
        let guard_program = PathBuf::from(env!("CARGO_BIN_EXE_adjutant"));
        let hooks =
            (!config.hooks.is_empty()).then(|| Hooks::start(&config.hooks, &hook_folder(), Some(&guard_program)));
        settings.hooks = hooks.clone().map(|hooks| hooks as Arc<dyn adjutant::engine::hooks::Hooks>);
        settings.guard_program = Some(guard_program);
        let (tap, recorder) = adjutant::link::tap::tap_awaited();
        let store = Store::open(&folder.path().join("data")).unwrap();
        let keeper = adjutant::store::keep(store, recorder, None).unwrap();
        let engine = Engine::start_tapped(settings, vec![tap]);
        let link = engine.connect_holding(HELD_UPDATES);
        let (fleet, events) = (Fleet::default(), Vec::new());
        Self { engine, link, config, locks, fleet, events, looked: 0, next_tag: 1, keeper: Some(keeper), hooks, folder }
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub async fn send(&self, command: Command) {
        self.link.send(command).await.unwrap();
    }

    /// Opens a session in the test's project.
    pub async fn open(&mut self) -> SessionId {
        let directory = self.project().display().to_string();
        self.open_spec(SessionSpec { directory, ..SessionSpec::default() }).await
    }

    pub async fn open_spec(&mut self, spec: SessionSpec) -> SessionId {
        let tag = self.next_tag;
        self.next_tag += 1;
        self.send(Command::Open { spec: Box::new(spec), tag: Some(tag) }).await;
        let opened = self
            .wait("the session", |kind| matches!(kind, EventKind::Opened { tag: Some(found), .. } if *found == tag));
        opened.await.session
    }

    pub async fn prompt(&self, session: SessionId, text: &str) {
        self.prompt_how(session, text, SendHow::Queue).await;
    }

    pub async fn prompt_how(&self, session: SessionId, text: &str, how: SendHow) {
        self.send(Command::Send {
            session,
            text: text.to_owned(),
            how,
            by: Surface::Terminal,
            id: None,
            images: Vec::new(),
        })
        .await;
    }

    pub async fn answer(&self, session: SessionId, approval: ApprovalId, decision: Decision) {
        self.send(Command::Answer { session, approval, decision: Box::new(decision), by: Surface::Terminal }).await;
    }

    /// The next event of a kind, from where the last wait ended.
    pub async fn wait(&mut self, what: &str, wanted: impl Fn(&EventKind) -> bool) -> Arc<Event> {
        self.wait_event(what, |event| wanted(&event.kind)).await
    }

    pub async fn wait_event(&mut self, what: &str, wanted: impl Fn(&Event) -> bool) -> Arc<Event> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            while self.looked < self.events.len() {
                let event = Arc::clone(&self.events[self.looked]);
                self.looked += 1;
                if wanted(&event) {
                    return event;
                }
            }
            match tokio::time::timeout_at(deadline, self.link.recv()).await {
                Ok(Some(update)) => self.take(update),
                Ok(None) => panic!("the engine ended while waiting for {what}; {}", self.tail()),
                Err(elapsed) => panic!("waited in vain for {what} ({elapsed}); {}", self.tail()),
            }
        }
    }

    fn take(&mut self, update: Update) {
        match update {
            Update::Snapshot(fleet) => self.fleet = *fleet,
            Update::History { session, cells } => self.fleet.prepend(session, cells),
            Update::Phone(_) | Update::Hooks(_) => {}
            Update::Events(events) => {
                for event in events {
                    self.fleet.apply(&event);
                    self.events.push(event);
                }
            }
        }
    }

    /// Takes in whatever comes for a while, for what must not happen.
    pub async fn listen(&mut self, time: Duration) {
        let deadline = tokio::time::Instant::now() + time;
        while let Ok(Some(update)) = tokio::time::timeout_at(deadline, self.link.recv()).await {
            self.take(update);
        }
    }

    fn tail(&self) -> String {
        let last: Vec<String> = self.events.iter().rev().take(30).rev().map(|event| brief(event)).collect();
        format!("the last events were:\n{}", last.join("\n"))
    }

    pub async fn approval(&mut self) -> Approval {
        let event = self.wait("an approval", |kind| matches!(kind, EventKind::ApprovalAsked(_))).await;
        match &event.kind {
            EventKind::ApprovalAsked(approval) => (**approval).clone(),
            _ => unreachable!("just matched"),
        }
    }

    /// An approval that is open and not looked at yet, already here or still to come.
    pub async fn approval_pending(&mut self) -> Approval {
        if let Some(open) = self.fleet.inbox().first() {
            return open.approval.clone();
        }
        self.approval().await
    }

    pub async fn turn_end(&mut self) -> TurnOutcome {
        let event = self.wait("the end of the turn", |kind| matches!(kind, EventKind::TurnEnded { .. })).await;
        match &event.kind {
            EventKind::TurnEnded { outcome, .. } => outcome.clone(),
            _ => unreachable!("just matched"),
        }
    }

    /// Waits until a turn has ended and none runs, in whatever order the end and other events came.
    pub async fn idle(&mut self, id: SessionId) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !self.fleet.get(id).is_some_and(|session| session.turn.is_none() && session.last_turn.is_some()) {
            assert!(tokio::time::Instant::now() < deadline, "the turn does not end; {}", self.tail());
            self.listen(Duration::from_millis(20)).await;
        }
    }

    pub fn session(&self, id: SessionId) -> &Session {
        self.fleet.get(id).expect("the session is open")
    }

    /// Stops everything and checks that the fold of what was seen equals the last state.
    pub async fn end(mut self) {
        self.engine.shutdown().await;
        if let Some(hooks) = &self.hooks {
            hooks.stop().await;
        }
        self.listen(Duration::from_secs(5)).await;
        let mut again = Fleet::default();
        for event in &self.events {
            again.apply(event);
        }
        assert_eq!(again, self.fleet, "the fold of the log is the live state");
        self.keeper.take().unwrap().join().unwrap();
        let kept = Store::read(&self.folder.path().join("data")).and_then(|store| store.restore()).unwrap();
        let (kept, live) = (at_rest(&kept.fleet), at_rest(&self.fleet));
        let differing = kept.lines().zip(live.lines()).find(|(kept, live)| kept != live);
        assert_eq!(differing, None, "the fold of the store is the live state");
        assert_eq!(kept.len(), live.len());
    }
}

/// Where the hooks of the tests are.
pub fn hook_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hooks")
}

/// What stays of a state: not how often it changed on the way, nor when a process last gave a sign of life.
fn at_rest(fleet: &Fleet) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for passing in ["rev", "heard", "received", "shape", "seq"] {
                    fields.remove(passing);
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(fleet).unwrap();
    strip(&mut value);
    value.sort_all_objects();
    serde_json::to_string_pretty(&value).unwrap()
}

/// An event in so many words that a failure can be read.
fn brief(event: &Event) -> String {
    const MAX_CHARS: usize = 300;
    format!("{} {:?}", event.session, event.kind).chars().take(MAX_CHARS).collect()
}

/// An environment in which the real CLI needs no network and no account.
pub fn environment(home: &Path, api: Option<&Api>) -> BTreeMap<String, String> {
    let mut env: BTreeMap<String, String> = [
        ("HOME", home.display().to_string()),
        ("ANTHROPIC_API_KEY", "test-key".into()),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".into()),
        ("DISABLE_AUTOUPDATER", "1".into()),
        ("DISABLE_TELEMETRY", "1".into()),
        ("DISABLE_ERROR_REPORTING", "1".into()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    if let Some(api) = api {
        env.insert("ANTHROPIC_BASE_URL".into(), api.url.clone());
    }
    env
}
