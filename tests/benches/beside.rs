//! Requests beside Claude Code's own terminal: the same CLI, the same scripted model, the same screens, in turn.
//!
//! From enter to the first request on the screen, and from an answer to the next request. All guards are on: a
//! person reads for longer than the guard of either program asks for. Needs `ADJUTANT_TEST_CLAUDE`; the last CLI
//! named there is measured.

use std::io::Read as _;
use std::io::Write as _;
use std::num::NonZeroU16;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use portable_pty::CommandBuilder;
use portable_pty::PtySize;
use portable_pty::native_pty_system;
use serde_json::json;

use crate::report;
use crate::support::api;
use crate::support::api::Api;

const N_ROUNDS: usize = 8;
/// How long the person reads.
const READING: Duration = Duration::from_millis(1_200);
const KEY: &str = "sk-ant-api03-benchmark-benchmark-benchmark";

/// A program in a terminal, and when its screen last changed.
struct Terminal {
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    screen: Arc<Mutex<(vt100::Parser, Instant)>>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Terminal {
    fn start(mut command: CommandBuilder, home: &Path, api: &Api) -> Self {
        let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        for (name, value) in [
            ("HOME", home.to_str().unwrap()),
            ("TERM", "xterm-256color"),
            ("LANG", "C.UTF-8"),
            ("ANTHROPIC_BASE_URL", &api.url),
            ("ANTHROPIC_API_KEY", KEY),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("DISABLE_AUTOUPDATER", "1"),
            ("DISABLE_TELEMETRY", "1"),
        ] {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let (rows, columns) = (NonZeroU16::new(40).unwrap(), NonZeroU16::new(120).unwrap());
        let screen = Arc::new(Mutex::new((vt100::Parser::new(rows, columns, 0), Instant::now())));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let drawn = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                let at = Instant::now();
                let mut drawn = drawn.lock().unwrap();
                drawn.0.process(&buffer[..n]);
                drawn.1 = at;
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { writer, child, screen, _master: pair.master }
    }

    fn press(&mut self, keys: &str) -> Instant {
        let now = Instant::now();
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
        now
    }

    /// When the bytes came after which the screen was first like this.
    fn wait_for(&self, what: &str, is: impl Fn(&[String]) -> bool) -> Instant {
        let end = Instant::now() + Duration::from_secs(30);
        let mut seen = None;
        loop {
            let (lines, at) = {
                let drawn = self.screen.lock().unwrap();
                if seen == Some(drawn.1) { (None, drawn.1) } else { (Some(drawn.0.screen().contents()), drawn.1) }
            };
            if let Some(text) = lines {
                seen = Some(at);
                let lines: Vec<String> = text.lines().map(str::to_owned).collect();
                if is(&lines) {
                    return at;
                }
                assert!(Instant::now() < end, "waited in vain for {what}:\n{text}");
            }
            assert!(Instant::now() < end, "waited in vain for {what}");
            std::thread::sleep(Duration::from_micros(300));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the request with this word has the keys, in either program.
fn asks(lines: &[String], word: &str) -> bool {
    let has = |line: Option<&String>| line.is_some_and(|line| line.contains(word));
    // Ours begins under its title; a row below it names the request that comes next.
    let ours = lines.iter().position(|line| line.contains("· Bash ─"));
    let theirs = lines.iter().rposition(|line| line.contains("proceed?"));
    ours.is_some_and(|at| has(lines.get(at + 1)) && lines[at..].iter().any(|line| line.contains("[y] ")))
        || theirs.is_some_and(|at| {
            lines[at.saturating_sub(8)..at].iter().any(|line| line.contains(word))
                && lines[at..].iter().any(|line| line.contains("No"))
        })
}

/// Enter to the first request, the first answer to the second request, the second answer to the third.
fn rounds(terminal: &mut Terminal, key: &str) -> [Vec<Duration>; 3] {
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    // The round before the first starts the process.
    for round in 0..=N_ROUNDS {
        std::thread::sleep(READING);
        terminal.press(&format!("please RUN{round}x now"));
        std::thread::sleep(READING);
        let mut pressed = terminal.press("\r");
        for (place, times) in all.iter_mut().enumerate() {
            let word = format!("made-{round}-{place}");
            let shown = terminal.wait_for(&word, |lines| asks(lines, &word));
            if round > 0 {
                times.push(shown - pressed);
            }
            std::thread::sleep(READING);
            pressed = terminal.press(key);
        }
        terminal
            .wait_for("the end of the turn", |lines| lines.iter().any(|line| line.contains(&format!("end-{round}"))));
    }
    all
}

fn settled_home(folder: &Path, work: &Path, version: &str) -> PathBuf {
    let home = folder.join("home");
    std::fs::create_dir_all(home.join(".claude")).unwrap();
    let approved = &KEY[KEY.len() - 20..];
    let state = json!({
        "hasCompletedOnboarding": true,
        "lastOnboardingVersion": version,
        "theme": "dark",
        "autoUpdates": false,
        "customApiKeyResponses": { "approved": [approved], "rejected": [] },
        "projects": { work.to_str().unwrap(): { "hasTrustDialogAccepted": true, "hasCompletedProjectOnboarding": true } },
    });
    std::fs::write(home.join(".claude.json"), state.to_string()).unwrap();
    home
}

pub(crate) fn measure() {
    let Some(cli) =
        std::env::var("ADJUTANT_TEST_CLAUDE").ok().and_then(|all| all.rsplit(':').next().map(str::to_owned))
    else {
        println!("beside Claude Code's own terminal: not measured, ADJUTANT_TEST_CLAUDE names no CLI");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let scripts: Vec<(String, Vec<api::Reply>)> = (0..=N_ROUNDS)
        .map(|round| {
            let call = |place: usize| {
                let command = format!("mkdir made-{round}-{place}");
                ("Bash", json!({ "command": command, "description": "Make a folder" }))
            };
            (format!("RUN{round}x"), vec![api::tools(&[call(0), call(1), call(2)]), api::text(&format!("end-{round}"))])
        })
        .collect();
    let scripts: Vec<(&str, Vec<api::Reply>)> =
        scripts.iter().map(|(word, replies)| (word.as_str(), replies.clone())).collect();
    let version = std::process::Command::new(&cli).arg("--version").output().unwrap();
    let version = String::from_utf8_lossy(&version.stdout).split(' ').next().unwrap_or_default().to_owned();
    let mut measured = Vec::new();
    for (name, key) in [("Claude Code's own terminal", "1"), ("adjutant", "y")] {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        std::fs::create_dir(&work).unwrap();
        let home = settled_home(folder.path(), &work, &version);
        let api = runtime.block_on(Api::start(&scripts));
        let data = folder.path().join("data");
        let command = if key == "1" {
            let mut command = CommandBuilder::new(&cli);
            command.args(["--permission-mode", "default"]);
            command.cwd(&work);
            command
        } else {
            let config = folder.path().join("config.toml");
            std::fs::write(&config, format!("[claude]\ncommand = {}\n", json!([cli]))).unwrap();
            let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_adjutant"));
            command.env("ADJUTANT_DATA_DIR", &data);
            command.env("ADJUTANT_CONFIG", config);
            command.arg(&work);
            command
        };
        let mut terminal = Terminal::start(command, &home, &api);
        terminal.wait_for("the input", |lines| lines.iter().any(|line| line.trim_start().starts_with(['❯', '>'])));
        measured.push((name, rounds(&mut terminal, key)));
        drop(terminal);
        let mut stop = std::process::Command::new(env!("CARGO_BIN_EXE_adjutant"));
        let _ = stop.arg("--data-dir").arg(data).arg("stop").stdout(std::process::Stdio::null()).status();
    }
    println!("requests beside Claude Code {version}, {N_ROUNDS} rounds each:");
    for (name, [first, held, row]) in measured {
        let bars = if name == "adjutant" { ["its own", "+300 ms", "+50 ms"] } else { [""; 3] };
        report(&format!("{name}: enter to the first request"), first, bars[0]);
        report(&format!("{name}: an answer to the next request"), held, bars[1]);
        report(&format!("{name}: an answer in a row to the next"), row, bars[2]);
    }
}
