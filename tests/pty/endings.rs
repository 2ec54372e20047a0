//! The terminal is given back and nothing is left behind, however it ends.

use rustix::process::Pid;
use rustix::process::Signal;
use rustix::process::kill_process;

use super::ASKS;
use super::Stage;
use crate::support::pty::Pty;

/// What must have been written before the end: every mode that was entered is left.
fn is_restored(pty: &Pty) {
    let raw = pty.raw();
    let last = |sequence: &str| raw.rfind(sequence).unwrap_or_else(|| panic!("{sequence:?} was never written"));
    for (enter, leave) in
        [("\x1b[?1049h", "\x1b[?1049l"), ("\x1b[?2004h", "\x1b[?2004l"), ("\x1b[?1004h", "\x1b[?1004l")]
    {
        assert!(last(enter) < last(leave), "{leave:?} comes last");
    }
    assert!(last("\x1b[>") < last("\x1b[<1u"), "the keyboard's flags are taken back");
    assert!(last("\x1b[?25l") < last("\x1b[?25h"), "the cursor is shown");
}

pub(super) fn pid(pty: &Pty) -> Pid {
    Pid::from_raw(pty.child.process_id().unwrap() as i32).unwrap()
}

#[test]
fn quitting_and_signals_give_the_terminal_back() {
    for how in ["keys", "term", "hup"] {
        let stage = Stage::new(ASKS);
        let mut pty = stage.start(100, 30, &["web"]);
        pty.wait_for("❯");
        match how {
            "keys" => {
                pty.press("\x03");
                pty.wait_for("ctrl-c once more");
                pty.press("\x03");
            }
            "term" => kill_process(pid(&pty), Signal::TERM).unwrap(),
            _ => kill_process(pid(&pty), Signal::HUP).unwrap(),
        }
        assert_eq!(pty.wait_for_exit(), 0, "{how}");
        is_restored(&pty);
    }
}

#[test]
fn quitting_names_what_is_running() {
    let stage = Stage::new(r#"{"turn": [{"deltas": {"count": 100000, "per_second": 100}}]}"#);
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press("go\r");
    pty.wait_for("interrupt");
    pty.press("\x11");
    pty.wait_for("a turn is running");
    Pty::let_it_arm();
    pty.press("n");
    pty.wait_until("the question to close", |screen| !screen.contains("a turn is running"));
    pty.press("\x11");
    pty.wait_for("a turn is running");
    Pty::let_it_arm();
    pty.press("y");
    assert_eq!(pty.wait_for_exit(), 0);
    is_restored(&pty);
}

#[test]
fn it_stops_with_ctrl_z_and_comes_back() {
    let stage = Stage::new(r#"{"turn": [{"say": "hello-again"}]}"#);
    let config = stage.path().join("config.toml").display().to_string();
    // A shell with job control: without one there is nobody to come back from.
    let line = r#"set -m; "$0" web; echo stopped-with-$?; sleep 1; fg"#;
    let arguments = ["-c", line, env!("CARGO_BIN_EXE_adjutant")];
    let mut pty = Pty::run("bash", stage.path(), (100, 30), &arguments, &[("ADJUTANT_CONFIG", &config)]);
    pty.wait_for("❯");
    pty.press("\x1a");
    pty.wait_for("stopped-with-148");
    is_restored(&pty);
    pty.wait_for("❯");
    pty.press("hello\r");
    pty.wait_for("hello-again");
}

/// Set in the process that is to panic.
const PANICS: &str = "ADJUTANT_TEST_PANICS";

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_reported() {
    if std::env::var_os(PANICS).is_some() {
        let _guard = adjutant::tui::terminal::guard::Guard::take().unwrap();
        panic!("on-purpose");
    }
    // This very test, in a terminal of its own and with the word that makes it panic.
    let me = std::env::current_exe().unwrap().display().to_string();
    let name = "pty::endings::a_panic_gives_the_terminal_back_before_it_is_reported";
    let folder = tempfile::tempdir().unwrap();
    let mut pty = Pty::run(&me, folder.path(), (100, 30), &["--exact", name, "--nocapture"], &[(PANICS, "1")]);
    assert_ne!(pty.wait_for_exit(), 0);
    let raw = pty.raw();
    let place =
        |sequence: &str| raw.rfind(sequence).unwrap_or_else(|| panic!("{sequence:?} was never written: {raw:?}"));
    let told = place("on-purpose");
    for leave in ["\x1b[?1049l", "\x1b[?2004l", "\x1b[?1004l", "\x1b[<1u", "\x1b[?25h"] {
        assert!(place(leave) < told, "{leave:?} comes before the report");
    }
}

/// Processes whose environment or command line names this folder.
fn survivors(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().chars().all(|c| c.is_ascii_digit()))
        .filter_map(|entry| {
            let read = |name: &str| {
                std::fs::read(entry.path().join(name)).map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " "))
            };
            let (line, env) = (read("cmdline").ok()?, read("environ").unwrap_or_default());
            (line.contains(folder) || env.contains(folder)).then_some(line)
        })
        .filter(|line| !line.is_empty())
        .collect()
}

#[test]
fn nothing_survives_a_kill_not_even_children_in_sessions_of_their_own() {
    let script =
        r#"{"turn": [{"child": 600}, {"say": "child-started"}, {"deltas": {"count": 100000, "per_second": 50}}]}"#;
    for arguments in [&["--foreground", "web"][..], &["web"]] {
        let stage = Stage::new(script);
        let folder = stage.path().display().to_string();
        let mut pty = stage.start(100, 30, arguments);
        pty.wait_for("❯");
        pty.press("go\r");
        pty.wait_for("child-started");
        assert!(survivors(&folder).len() >= 3, "adjutant, the stand-in and its child run: {:?}", survivors(&folder));
        // Whoever the sessions live in is killed: this process, or the runner.
        let is_foreground = arguments.contains(&"--foreground");
        let victim = if is_foreground { pid(&pty) } else { stage.runner_pid() };
        kill_process(victim, Signal::KILL).unwrap();
        let code = pty.wait_for_exit();
        assert!(is_foreground || code == 1, "a terminal without its runner says so");
        assert!(is_foreground || pty.screen().contains("the runner has ended"), "{}", pty.screen());
        let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !survivors(&folder).is_empty() {
            assert!(std::time::Instant::now() < end, "left behind: {:?}", survivors(&folder));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
}
