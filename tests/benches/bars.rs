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

use portable_pty::CommandBuilder;
use portable_pty::PtySize;
use portable_pty::native_pty_system;
use serde_json::Value;
use serde_json::json;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--as-cli") {
        as_cli(&arguments.next().unwrap());
        return;
    }
    println!("{:<58} {:>10} {:>10} {:>8}", "what", "median", "p99", "bar");
    first_frame();
    idle();
    approvals();
    keys_while_streaming();
}

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
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Program {
    fn start(folder: &Path, script: &str, n_sessions: usize) -> Self {
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
        std::fs::write(&config, format!("[claude]\ncommand = {command}\n")).unwrap();
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
        Self { writer, child, seen, _master: pair.master }
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

    fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    fn quit(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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
    report("first frame after the start of the process", times, "50 ms");
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
    let before = effort(program.pid());
    std::thread::sleep(Duration::from_secs(5));
    let after = effort(program.pid());
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.pid())).unwrap();
    let memory = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0) as f64 / 1024.0
    };
    println!(
        "{:<58} {:>7} ticks, {} wake-ups {:>8}",
        "5 s with 4 idle sessions",
        after.0 - before.0,
        after.1.saturating_sub(before.1),
        "0"
    );
    println!(
        "{:<58} {:>7.1} MB, {:.1} MB of it its own {:>6}",
        "memory with 4 idle sessions",
        memory("VmRSS"),
        memory("RssAnon"),
        "40 MB"
    );
    program.quit();
}

fn approvals() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(folder.path(), "", 1);
    program.wait_for("Claude");
    let (mut shown, mut answered) = (Vec::new(), Vec::new());
    for n in 0..40 {
        program.forget();
        program.press("go\r");
        program.wait_for(&format!("dialog-{n}-"));
        let seen = now_us();
        std::thread::sleep(Duration::from_millis(600));
        let pressed = now_us();
        program.press("y");
        let times = wait_for_answer(&folder.path().join("times"), n);
        shown.push(Duration::from_micros(u64::try_from(seen.saturating_sub(times.0)).unwrap()));
        answered.push(Duration::from_micros(u64::try_from(times.1.saturating_sub(pressed)).unwrap()));
        // The keyboard must rest before the next dialog may open by itself.
        std::thread::sleep(Duration::from_millis(300));
    }
    report("from the CLI's line to the dialog on the screen*", shown, "50 ms");
    report("from the key to the answer on the CLI's input", answered, "5 ms");
    println!("* the guard that keeps a dialog away for 1 s after a key was pressed is taken off");
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
    let before = effort(program.pid()).0;
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
    let busy = (effort(program.pid()).0 - before) as f64 / started.elapsed().as_secs_f64();
    report("a key on the screen while 8 sessions stream 1,000 deltas/s", times, "16 ms");
    println!("{:<58} {busy:>7.0} % of one core", "the program's own work meanwhile");
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
    let mut n = 0;
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
            Some("user") => {
                let tool = json!({ "type": "tool_use", "id": format!("call{n}"), "name": "Bash", "input": { "command": format!("echo number-{n}-") } });
                put(
                    json!({ "type": "system", "subtype": "init", "session_id": "s", "model": "m", "permissionMode": "default" }),
                );
                put(
                    json!({ "type": "assistant", "session_id": "s", "message": { "id": format!("m{n}"), "role": "assistant", "model": "m", "content": [tool] } }),
                );
                // The person's keyboard must have been quiet for a second before a dialog opens by itself.
                std::thread::sleep(Duration::from_millis(1300));
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
