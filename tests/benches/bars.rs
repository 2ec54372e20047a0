//! What a person feels, measured on the real program in a pseudo-terminal: the first frame, idleness,
//! memory, a key while sessions stream, an approval on its way in and its answer on its way out.
//!
//! This binary also plays the CLI (`--as-cli`): it writes down when a line went out and when the answer
//! came in, so that both ends are on the same clock.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a benchmark talks")]

use std::io::BufRead as _;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use adjutant::core::cell::BlockKind;
use adjutant::core::event::Event;
use adjutant::core::event::EventKind;
use adjutant::core::ids::Generation;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::prompt::Prompt;
use adjutant::core::prompt::PromptOrigin;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use portable_pty::CommandBuilder;
use portable_pty::PtySize;
use portable_pty::native_pty_system;
use serde_json::Value;
use serde_json::json;

/// Beside Claude Code's own terminal.
mod beside;
/// The person's own programs.
mod hooks;
/// From the phone.
mod phone;
/// What these stand on, and tests too.
#[allow(dead_code, unreachable_pub, reason = "each user takes its part")]
#[path = "../support"]
mod support {
    pub mod api;
    pub mod clerk;
    pub mod feishu;
    pub mod stage;
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--as-cli") {
        as_cli(&arguments.next().unwrap());
        return;
    }
    println!("{:<58} {:>10} {:>10} {:>8}", "what", "median", "p99", "bar");
    // `cargo bench --bench bars -- phone` measures those alone.
    if std::env::args().any(|argument| argument == "phone") {
        return phone::measure();
    }
    if std::env::args().any(|argument| argument == "beside") {
        return beside::measure();
    }
    if std::env::args().any(|argument| argument == "hooks") {
        return hooks::measure();
    }
    first_frame();
    attach();
    search();
    store_delay();
    idle();
    approvals();
    calls();
    keys_while_streaming();
    hooks::measure();
    beside::measure();
    phone::measure();
}

/// Calls that are told, one after the other.
const N_CALLS: usize = 500;

fn now_us() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()
}

fn report(what: &str, mut times: Vec<Duration>, bar: &str) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!("{what:<58} {:>7.1} ms {:>7.1} ms {bar:>8}", at(50).as_secs_f64() * 1e3, at(99).as_secs_f64() * 1e3);
}

/// The program in a pseudo-terminal.
struct Program {
    writer: Box<dyn std::io::Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    seen: Arc<Mutex<Vec<u8>>>,
    data: std::path::PathBuf,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Program {
    fn start(folder: &Path, script: &str, n_sessions: usize) -> Self {
        Self::start_with(folder, script, n_sessions, "")
    }

    fn start_with(folder: &Path, script: &str, n_sessions: usize, more: &str) -> Self {
        let size = PtySize { rows: 40, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let me = std::env::current_exe().unwrap();
        let log = folder.join("times");
        let config = folder.join("config.toml");
        let word = |text: &Path| Value::from(text.display().to_string()).to_string();
        let command = match script {
            "" => format!("[{}, \"--as-cli\", {}]", word(&me), word(&log)),
            script => {
                let path = folder.join("script");
                std::fs::write(&path, script).unwrap();
                format!("[{}, \"__stand-in\", {}]", word(Path::new(env!("CARGO_BIN_EXE_adjutant"))), word(&path))
            }
        };
        std::fs::write(&config, format!("[claude]\ncommand = {command}\n{more}")).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_adjutant"));
        command.env("TERM", "xterm-256color");
        command.env("ADJUTANT_DATA_DIR", folder.join("data"));
        command.env("ADJUTANT_CONFIG", config);
        for number in 0..n_sessions {
            let directory = folder.join(format!("p{number}"));
            std::fs::create_dir_all(&directory).unwrap();
            command.arg(directory);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let bytes = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                bytes.lock().unwrap().extend_from_slice(&buffer[..n]);
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { writer, child, seen, data: folder.join("data"), _master: pair.master }
    }

    fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    fn wait_for(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.seen.lock().unwrap().windows(text.len()).any(|part| part == text.as_bytes()) {
            assert!(Instant::now() < end, "waited in vain for {text}");
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// The terminal and the runner that the sessions live in.
    fn pids(&self) -> [u32; 2] {
        let runner = std::fs::read_to_string(self.data.join("runner.lock")).unwrap();
        [self.child.process_id().unwrap(), runner.trim().parse().unwrap()]
    }

    /// Ends the terminal; the runner goes on.
    fn leave(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn quit(self) {
        let data = self.data.clone();
        self.leave();
        let mut stop = std::process::Command::new(env!("CARGO_BIN_EXE_adjutant"));
        stop.arg("--data-dir").arg(data).arg("stop").stdout(std::process::Stdio::null()).status().unwrap();
    }
}

fn first_frame() {
    let times = (0..20)
        .map(|_| {
            let folder = tempfile::tempdir().unwrap();
            let started = Instant::now();
            let program = Program::start(folder.path(), "", 1);
            program.wait_for("palette");
            let time = started.elapsed();
            program.quit();
            time
        })
        .collect();
    report("first frame after the start of terminal and runner", times, "50 ms");
}

/// Twenty sessions of 10,000 cells each are there when a terminal attaches: from the start of its process to
/// the frame that shows them.
fn attach() {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("data"), folder.path(), 20, 10_000);
    let program = Program::start(folder.path(), "", 1);
    program.wait_for("message-9999-of-1");
    program.leave();
    let times = (0..20)
        .map(|_| {
            let started = Instant::now();
            let program = Program::start(folder.path(), "", 1);
            program.wait_for("message-9999-of-1");
            let time = started.elapsed();
            program.leave();
            time
        })
        .collect();
    report("attach and first full frame, 20 sessions of 10,000 cells", times, "100 ms");
    Program::start(folder.path(), "", 1).quit();
}

/// A store as an engine would have written it: so many sessions with so many messages each.
fn fill(data: &Path, projects: &Path, n_sessions: u32, n_messages: u64) {
    std::fs::create_dir_all(data).unwrap();
    let (mut tap, recorder) = adjutant::link::tap::tap();
    let disk = tap.settled();
    let thread = adjutant::store::keep(adjutant::store::Store::open(data).unwrap(), recorder, None).unwrap();
    let mut seq = 0;
    let mut write = |session: u32, kind: EventKind| {
        seq += 1;
        let at = Timestamp(1_700_000_000_000 + seq as i64);
        let event = Event { seq, session: SessionId(session), generation: Generation(0), at, kind };
        tap.offer(&[Arc::new(event)]);
        // So that the tap is never full and nothing is lost.
        if seq % 1000 == 0 {
            wait_for(&disk, seq);
        }
    };
    for session in 1..=n_sessions {
        let directory = projects.join(format!("p{}", session - 1)).display().to_string();
        let spec = SessionSpec { directory, ..SessionSpec::default() };
        write(session, EventKind::Opened { spec, tag: None });
        for number in 0..n_messages {
            let words = ["retry", "policy", "client", "table", "schema", "数据库", "index", "cache"];
            let word = |n: u64| words[usize::try_from((number * 7 + n * 3 + u64::from(session)) % 8).unwrap()];
            let text = format!("message-{number}-of-{session} {} {} and the {}", word(1), word(2), word(5));
            let block = format!("b{number}").as_str().into();
            write(session, EventKind::BlockEnded { block, parent: None, kind: BlockKind::Text, text });
        }
    }
    drop(tap);
    thread.join().unwrap();
}

/// Searching a store of 200 sessions with 5,000 messages each.
fn search() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path(), folder.path(), 200, 5_000);
    let store = adjutant::store::Store::read(folder.path()).unwrap();
    for (what, typed) in [
        ("a rare word", "message-4321-of-77"),
        ("a common word", "retry"),
        ("two words", "retry 据库"),
        ("CJK", "数据"),
    ] {
        let times = (0..30)
            .map(|_| {
                let started = Instant::now();
                assert!(!store.search(typed, 50).unwrap().is_empty());
                started.elapsed()
            })
            .collect();
        report(&format!("search of 1,000,000 messages: {what}"), times, "100 ms");
    }
}

/// Waits until the disk has this event.
fn wait_for(disk: &tokio::sync::watch::Receiver<adjutant::link::tap::Settled>, seq: u64) {
    while !disk.borrow().is_past(seq) {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// How long a prompt's event waits for the store before it is shown.
fn store_delay() {
    let folder = tempfile::tempdir().unwrap();
    let (mut tap, recorder) = adjutant::link::tap::tap_awaited();
    let disk = tap.settled();
    let store = adjutant::store::Store::open(folder.path()).unwrap();
    let thread = adjutant::store::keep(store, recorder, None).unwrap();
    let times = (1..=2000)
        .map(|seq| {
            let prompt = Prompt::new("p".into(), "x".repeat(200), PromptOrigin::Surface(Surface::Terminal));
            let kind = EventKind::PromptSent(prompt);
            let event = Event { seq, session: SessionId(1), generation: Generation(0), at: Timestamp(1), kind };
            let started = Instant::now();
            tap.offer(&[Arc::new(event)]);
            wait_for(&disk, seq);
            started.elapsed()
        })
        .collect();
    report("delay of a prompt's event by the store", times, "5 ms");
    drop(tap);
    thread.join().unwrap();
}

/// Clock ticks used and times woken up, over all threads.
fn effort(pid: u32) -> (u64, u64) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    let mut n_wakes = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt_switches")).unwrap_or_default();
        n_wakes += line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    }
    (ticks, n_wakes)
}

fn idle() {
    let folder = tempfile::tempdir().unwrap();
    let script = "{\"turn\": [{\"say\": \"hello\"}]}";
    let mut program = Program::start(folder.path(), script, 4);
    program.wait_for("palette");
    for tab in 1..=4 {
        program.press(&format!("\x1b{tab}"));
        std::thread::sleep(Duration::from_millis(200));
        program.press("go\r");
        std::thread::sleep(Duration::from_secs(2));
    }
    std::thread::sleep(Duration::from_secs(8));
    let before = program.pids().map(effort);
    std::thread::sleep(Duration::from_secs(5));
    let after = program.pids().map(effort);
    for (pid, (name, (before, after))) in
        program.pids().into_iter().zip(["terminal", "runner"].into_iter().zip(before.into_iter().zip(after)))
    {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let memory = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0) as f64 / 1024.0
        };
        println!(
            "{:<58} {:>7} ticks, {} wake-ups {:>8}",
            format!("5 s with 4 idle sessions: {name}"),
            after.0 - before.0,
            after.1.saturating_sub(before.1),
            "0"
        );
        println!(
            "{:<58} {:>7.1} MB, {:.1} MB of it its own {:>6}",
            format!("memory with 4 idle sessions: {name}"),
            memory("VmRSS"),
            memory("RssAnon"),
            "40 MB"
        );
    }
    program.quit();
}

fn approvals() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "", 1);
    program.wait_for("Claude");
    let (mut shown, mut held) = (Vec::new(), Vec::new());
    for n in 0..40 {
        program.forget();
        program.press("go\r");
        program.wait_for(&format!("dialog-{n}-"));
        let seen = now_us();
        std::thread::sleep(Duration::from_millis(900));
        let pressed = now_us();
        program.press("y");
        let times = wait_for_answer(&folder.path().join("times"), n);
        shown.push(Duration::from_micros(u64::try_from(seen.saturating_sub(times.0)).unwrap()));
        held.push(Duration::from_micros(u64::try_from(times.1.saturating_sub(pressed)).unwrap()));
    }
    report("from the CLI's line to the dialog on the screen", shown, "50 ms");
    // Each follows on a prompt that was typed: it is the first answer, and held for 250 ms.
    report("from the key to a held answer on the CLI's input", held, "300 ms");
    program.quit();
}

/// Calls that the CLI tells of before it runs them: from its line to our answer, with rules to be asked.
fn calls() {
    let folder = tempfile::tempdir().unwrap();
    let rule =
        |n: usize| format!("[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"program-{n}\"\naction = \"deny\"\n");
    let rules: String = (0..20).map(rule).collect();
    let mut program = Program::start_with(folder.path(), "", 1, &rules);
    program.wait_for("Claude");
    program.press("calls\r");
    let end = Instant::now() + Duration::from_mins(1);
    let times = loop {
        let text = std::fs::read_to_string(folder.path().join("times")).unwrap_or_default();
        let took = text.lines().filter_map(|line| line.strip_prefix("told ")?.parse::<u64>().ok());
        let took: Vec<Duration> = took.map(Duration::from_micros).collect();
        if took.len() >= N_CALLS {
            break took;
        }
        assert!(Instant::now() < end, "{} calls were answered", took.len());
        std::thread::sleep(Duration::from_millis(20));
    };
    report("from a call that is told to our answer", times, "1 ms");
    program.quit();
}

fn wait_for_answer(log: &Path, n: usize) -> (u128, u128) {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let find = |what: &str| {
            let start = format!("{what} {n} ");
            text.lines().find_map(|line| line.strip_prefix(&start)?.parse::<u128>().ok())
        };
        if let (Some(asked), Some(answered)) = (find("asked"), find("answered")) {
            return (asked, answered);
        }
        assert!(Instant::now() < end, "no answer {n}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn keys_while_streaming() {
    let folder = tempfile::tempdir().unwrap();
    let script = "{\"turn\": [{\"deltas\": {\"count\": 60000, \"per_second\": 1000}}]}";
    let mut program = Program::start(folder.path(), script, 8);
    program.wait_for("palette");
    for tab in 1..=8 {
        program.press(&format!("\x1b{tab}"));
        std::thread::sleep(Duration::from_millis(100));
        program.press("go\r");
        std::thread::sleep(Duration::from_millis(500));
    }
    std::thread::sleep(Duration::from_secs(2));
    let ticks = |program: &Program| program.pids().map(|pid| effort(pid).0);
    let before = ticks(&program);
    let started = Instant::now();
    // Letters that stand in no streamed text and no frame of the program.
    let letters: Vec<char> = ('\u{4e00}'..'\u{4e3c}').collect();
    let times = letters
        .iter()
        .map(|letter| {
            program.forget();
            let pressed = Instant::now();
            program.press(&letter.to_string());
            program.wait_for(&letter.to_string());
            let time = pressed.elapsed();
            std::thread::sleep(Duration::from_millis(60));
            time
        })
        .collect();
    let after = ticks(&program);
    let busy = [0, 1].map(|place| (after[place] - before[place]) as f64 / started.elapsed().as_secs_f64());
    report("a key on the screen while 8 sessions stream 1,000 deltas/s", times, "16 ms");
    println!("{:<58} {:>7.0} % of one core", "the terminal's own work meanwhile", busy[0]);
    println!("{:<58} {:>7.0} % of one core", "the runner's own work meanwhile", busy[1]);
    program.quit();
}

/// Plays a CLI that asks once for each prompt.
fn as_cli(log: &str) {
    let mut log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut out = std::io::stdout();
    let mut put = |line: Value| {
        out.write_all(format!("{line}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    };
    let (mut n, mut n_told, mut told_at) = (0, 0, 0);
    let tell = |n: usize| {
        json!({ "type": "control_request", "request_id": format!("h{n}"), "request": {
        "subtype": "hook_callback", "callback_id": "adjutant-call", "tool_use_id": format!("told{n}"), "input": {
        "hook_event_name": "PreToolUse", "cwd": "/tmp", "tool_name": "Bash", "tool_use_id": format!("told{n}"),
        "tool_input": { "command": format!("cargo test --lib number-{n} && git status --short | head -n 5") } } } })
    };
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let came = now_us();
        let Ok(line) = serde_json::from_str::<Value>(&line) else { continue };
        match line["type"].as_str() {
            Some("control_request") => {
                let id = &line["request_id"];
                put(
                    json!({ "type": "control_response", "response": { "subtype": "success", "request_id": id, "response": {} } }),
                );
            }
            Some("user") if line["message"]["content"].to_string().contains("calls") => {
                told_at = now_us();
                put(tell(n_told));
            }
            Some("control_response")
                if line["response"]["request_id"].as_str().is_some_and(|id| id.starts_with('h')) =>
            {
                writeln!(log, "told {}", came - told_at).unwrap();
                n_told += 1;
                if n_told < N_CALLS {
                    std::thread::sleep(Duration::from_millis(5));
                    told_at = now_us();
                    put(tell(n_told));
                }
            }
            Some("user") => {
                let tool = json!({ "type": "tool_use", "id": format!("call{n}"), "name": "Bash", "input": { "command": format!("echo number-{n}-") } });
                put(
                    json!({ "type": "system", "subtype": "init", "session_id": "s", "model": "m", "permissionMode": "default" }),
                );
                put(
                    json!({ "type": "assistant", "session_id": "s", "message": { "id": format!("m{n}"), "role": "assistant", "model": "m", "content": [tool] } }),
                );
                // A model thinks before it asks.
                std::thread::sleep(Duration::from_millis(100));
                writeln!(log, "asked {n} {}", now_us()).unwrap();
                put(json!({ "type": "control_request", "request_id": format!("r{n}"), "request": {
                    "subtype": "can_use_tool", "tool_name": "Bash", "description": format!("dialog-{n}-"), "tool_use_id": format!("call{n}"), "input": { "command": format!("echo number-{n}-") } } }));
            }
            Some("control_response") => {
                writeln!(log, "answered {n} {came}").unwrap();
                put(
                    json!({ "type": "user", "session_id": "s", "message": { "role": "user", "content": [{ "type": "tool_result", "tool_use_id": format!("call{n}"), "content": "ok" }] } }),
                );
                put(
                    json!({ "type": "result", "subtype": "success", "session_id": "s", "is_error": false, "result": "ok", "total_cost_usd": 0.0, "usage": {} }),
                );
                n += 1;
            }
            _ => {}
        }
    }
}
