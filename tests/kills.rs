//! The runner, its terminal or the CLI is killed at a random moment, again and again: whatever was
//! acknowledged is there afterwards, and nothing is left running.

use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command as Process;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use adjutant::core::approval::Decision;
use adjutant::core::cell::CellBody;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::fleet::Fleet;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::SessionId;
use adjutant::core::prompt::SendHow;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use adjutant::link::Link;
use adjutant::link::Update;
use adjutant::server::client;
use adjutant::server::protocol::Purpose;
use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;
use serde_json::json;

use crate::support::api::Api;
use crate::support::api::slow_text;
use crate::support::api::tool;
use crate::support::cli;
use crate::support::rig::environment;

/// How often to kill; `.ci/run` asks for more than a plain `cargo test` does.
const ROUNDS: &str = "ADJUTANT_TEST_KILLS";
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_the_stand_in() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script");
    let turn = r#"{"turn": [{"say": "one moment"}, {"tool": {"name": "Bash", "ask": true, "input": {"command": "touch x"},
        "result": "ok", "takes_ms": 20, "allowed": [{"say": "was allowed"}], "denied": [{"say": "was denied"}]}},
        {"deltas": {"count": 40, "per_second": 400}}, {"say": "done"}]}"#;
    std::fs::write(&script, format!("{turn}\n").repeat(50)).unwrap();
    let command = [env!("CARGO_BIN_EXE_adjutant"), "__stand-in", script.to_str().unwrap()].map(str::to_owned);
    Ground::new(&command, None).kill_at_random(rounds(30), 11).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_with_the_real_cli() {
    for cli in cli::all() {
        eprintln!("with {}", cli.display());
        let api = Api::start(&[]).await;
        let make = tool("Bash", json!({ "command": "touch made && sleep 0.1", "description": "make" }));
        api.script("prompt", vec![make, slow_text(&"word ".repeat(20), 10)]);
        Ground::new(&[cli.display().to_string()], Some(&api)).kill_at_random(rounds(10), 7).await;
    }
}

fn rounds(default: usize) -> usize {
    std::env::var(ROUNDS).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What is expected to be there whatever happens.
#[derive(Default)]
struct Promised {
    prompts: HashSet<String>,
    decisions: HashSet<ApprovalId>,
}

struct Ground {
    folder: tempfile::TempDir,
    runner: Option<Child>,
    promised: Promised,
    n_asked: usize,
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(mut runner) = self.runner.take() {
            let _ = runner.kill();
            let _ = runner.wait();
        }
    }
}

impl Ground {
    fn new(command: &[String], api: Option<&Api>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data", "web"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let command = serde_json::to_string(command).unwrap();
        let mut config = format!("[claude]\ncommand = {command}\ndefault_profile = \"test\"\n[profiles.test.env]\n");
        for (name, value) in environment(&folder.path().join("home"), api) {
            config.push_str(&format!("{name} = {value:?}\n"));
        }
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder, runner: None, promised: Promised::default(), n_asked: 0 }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn kill_at_random(mut self, n_rounds: usize, seed: u64) {
        let mut dice = Dice(seed);
        let (mut link, mut fleet) = self.start().await;
        let directory = self.path("web").display().to_string();
        for _ in 0..2 {
            let spec = Box::new(SessionSpec { directory: directory.clone(), ..SessionSpec::default() });
            link.send(Command::Open { spec, tag: None }).await.unwrap();
        }
        while fleet.len() < 2 {
            self.learn(&mut link, &mut fleet, Duration::from_secs(1)).await;
        }
        for round in 0..n_rounds {
            let sessions: Vec<SessionId> = fleet.sessions().map(|session| session.id).collect();
            assert_eq!(sessions.len(), 2, "round {round}: the sessions are there");
            let session = sessions[round % 2];
            // A queue that was left by a kill waits for a word; this is it.
            let _ = link.send(Command::Retry { session }).await;
            let text = format!("prompt {round} of {seed}");
            let (how, by) = (SendHow::Queue, Surface::Terminal);
            let _ = link.send(Command::Send { session, text, how, by, id: None, images: Vec::new() }).await;
            if round % 3 == 0 {
                // A CLI takes its time to start: without this, all kills would fall into that.
                let asked = self.n_asked;
                for _ in 0..100 {
                    if self.n_asked == asked {
                        self.learn(&mut link, &mut fleet, Duration::from_millis(100)).await;
                    }
                }
            }
            let until = Duration::from_millis(dice.below(400));
            self.learn(&mut link, &mut fleet, until).await;
            match dice.below(10) {
                0..=5 => {
                    self.kill_runner().await;
                    (link, fleet) = self.start().await;
                }
                6..=7 => {
                    let pids = fleet.sessions().filter_map(|session| session.cli.pid);
                    for pid in pids.filter_map(|pid| Pid::from_raw(pid as i32)) {
                        // It may have gone by itself, or the number may be of a process that ended before.
                        let _ = is_ours(pid, self.folder.path()).then(|| kill_process(pid, Signal::KILL));
                    }
                }
                _ => {
                    drop(link);
                    (link, fleet) = self.attach().await;
                }
            }
            self.check(&fleet, round);
        }
        self.kill_runner().await;
        let Promised { prompts, decisions } = &self.promised;
        eprintln!("{n_rounds} kills, {} prompts and {} decisions kept", prompts.len(), decisions.len());
        assert!(prompts.len() > n_rounds / 4 && !decisions.is_empty(), "something was promised in between");
    }

    /// Starts the runner and attaches to it.
    async fn start(&mut self) -> (Link, Fleet) {
        let mut process = Process::new(env!("CARGO_BIN_EXE_adjutant"));
        process.arg("--config").arg(self.path("config.toml")).arg("--data-dir").arg(self.path("data"));
        process.arg("serve").stdin(Stdio::null()).stdout(Stdio::null());
        self.runner = Some(process.spawn().unwrap());
        self.attach().await
    }

    async fn attach(&mut self) -> (Link, Fleet) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok((mut link, welcome)) = client::connect(&self.path("data"), Purpose::Attach).await {
                assert_eq!(welcome.trouble, None);
                match link.recv().await {
                    Some(Update::Snapshot(fleet)) => return (link, *fleet),
                    other => panic!("a snapshot comes first, not {other:?}"),
                }
            }
            assert!(Instant::now() < deadline, "the runner does not come up");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn kill_runner(&mut self) {
        if let Some(mut runner) = self.runner.take() {
            runner.kill().unwrap();
            runner.wait().unwrap();
        }
        let deadline = Instant::now() + PATIENCE;
        while processes(self.folder.path()).next().is_some() {
            let left: Vec<String> = processes(self.folder.path()).map(|(_, line)| line).collect();
            assert!(Instant::now() < deadline, "left behind: {left:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Takes in what comes, answers what is asked, and remembers what was acknowledged.
    async fn learn(&mut self, link: &mut Link, fleet: &mut Fleet, time: Duration) {
        let deadline = tokio::time::Instant::now() + time;
        while let Ok(Some(update)) = tokio::time::timeout_at(deadline, link.recv()).await {
            let events = match update {
                Update::Events(events) => events,
                Update::Snapshot(newer) => {
                    *fleet = *newer;
                    continue;
                }
                Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => continue,
            };
            for event in events {
                fleet.apply(&event);
                match &event.kind {
                    EventKind::PromptSent(prompt) => drop(self.promised.prompts.insert(prompt.text.clone())),
                    EventKind::QueueChanged(queue) => {
                        self.promised.prompts.extend(queue.iter().map(|prompt| prompt.text.clone()));
                    }
                    EventKind::ApprovalResolved { approval, .. } => drop(self.promised.decisions.insert(*approval)),
                    EventKind::ApprovalAsked(approval) => {
                        self.n_asked += 1;
                        let (session, approval) = (approval.session, approval.id);
                        let decision = Box::new(Decision::allow_once());
                        let by = Surface::Terminal;
                        let _ = link.send(Command::Answer { session, approval, decision, by }).await;
                    }
                    _ => {}
                }
            }
        }
    }

    fn check(&self, fleet: &Fleet, round: usize) {
        let mut found: HashSet<&str> = HashSet::new();
        for session in fleet.sessions() {
            found.extend(session.queue.iter().map(|prompt| prompt.text.as_str()));
            found.extend(session.transcript.iter().filter_map(|cell| match &cell.body {
                CellBody::Prompt(prompt) => Some(prompt.text.as_str()),
                _ => None,
            }));
        }
        let store = rusqlite::Connection::open(self.path("data/adjutant.db")).unwrap();
        for prompt in &self.promised.prompts {
            // A snapshot has only the newest cells; the store has all.
            let is_kept = found.contains(prompt.as_str())
                || store
                    .query_row("SELECT count(*) FROM messages WHERE text = ?1", [prompt], |row| row.get::<_, i64>(0))
                    .unwrap()
                    > 0;
            assert!(is_kept, "round {round}: “{prompt}” is lost");
        }
        for decision in &self.promised.decisions {
            let state: String =
                store.query_row("SELECT state FROM approvals WHERE id = ?1", [decision.0], |row| row.get(0)).unwrap();
            assert_eq!(state, "allowed once", "round {round}: the decision on {decision} is lost");
        }
        let is_sound: String = store.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
        assert_eq!(is_sound, "ok", "round {round}");
    }
}

/// Processes whose command line or environment names the folder.
fn processes(folder: &Path) -> impl Iterator<Item = (Pid, String)> + use<> {
    let folder = folder.display().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().filter_map(move |entry| {
        let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?)?;
        let read = |name: &str| {
            String::from_utf8_lossy(&std::fs::read(entry.path().join(name)).unwrap_or_default()).replace('\0', " ")
        };
        let line = read("cmdline");
        // One that has ended and was not waited for yet has no command line any more.
        (!line.is_empty() && (line.contains(&folder) || read("environ").contains(&folder))).then_some((pid, line))
    })
}

fn is_ours(pid: Pid, folder: &Path) -> bool {
    processes(folder).any(|(found, _)| found == pid)
}
