//! The runner outlives its terminals.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::process::Output;

use rustix::process::Signal;
use rustix::process::kill_process;

use super::ASKS;
use super::Stage;
use super::endings::pid;
use crate::support::pty::Pty;

pub(super) fn adjutant(stage: &Stage, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adjutant"));
    command.args(arguments).current_dir(stage.path());
    command.env("ADJUTANT_CONFIG", stage.path().join("config.toml"));
    command.env("ADJUTANT_DATA_DIR", stage.path().join("data"));
    command.output().unwrap()
}

pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_request_waits_for_the_next_terminal_when_the_first_is_killed() {
    let stage = Stage::new(ASKS);
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("look around\r");
    pty.wait_for("[y]");
    kill_process(pid(&pty), Signal::KILL).unwrap();
    pty.wait_for_exit();
    let mut pty = stage.start(80, 24, &["web"]);
    pty.wait_for("ls -la");
    assert!(!pty.screen().contains("2 · "), "the session is not opened a second time:\n{}", pty.screen());
    pty.wait_for("[y]");
    Pty::let_it_arm();
    pty.press("y");
    pty.wait_for("it-was-allowed");
}

#[test]
fn two_terminals_see_the_same_and_the_first_answer_wins() {
    let stage = Stage::new(ASKS);
    let mut one = stage.start(120, 40, &["web"]);
    one.wait_for("❯");
    let mut two = stage.start(80, 24, &["web"]);
    two.wait_for("❯");
    two.press("look around\r");
    for pty in [&one, &two] {
        pty.wait_for("ls -la");
        pty.wait_for("[y]");
    }
    Pty::let_it_arm();
    one.press("n");
    for pty in [&one, &two] {
        pty.wait_for("it-was-denied");
        pty.wait_until("the dialog to close", |screen| !screen.contains("[y]"));
    }
    // A tab that one opens is there for both.
    let api = stage.path().join("api").display().to_string();
    one.press("\x14");
    one.wait_for("Open a session in");
    one.press(&"\x7f".repeat(200));
    one.press(&format!("{api}\r"));
    one.wait_for("2 · api");
    two.wait_for("2 · api");
}

#[test]
fn quitting_leaves_the_sessions_or_stops_them() {
    let stage = Stage::new(r#"{"turn": [{"deltas": {"count": 100000, "per_second": 100}}]}"#);
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press("go\r");
    pty.wait_for("word word");
    pty.press("\x11");
    pty.wait_for("leave them running");
    Pty::let_it_arm();
    pty.press("y");
    assert_eq!(pty.wait_for_exit(), 0);
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("word word");
    pty.press("\x11");
    pty.wait_for("[s] stop them");
    Pty::let_it_arm();
    pty.press("s");
    assert_eq!(pty.wait_for_exit(), 0);
    assert!(pty.screen().contains("has ended"), "{}", pty.screen());
    let again = adjutant(&stage, &["stop"]);
    assert!(text(&again.stdout).contains("No runner is at work"), "{}", text(&again.stdout));
    assert_eq!(again.status.code(), Some(0));
}

#[test]
fn a_data_directory_has_one_owner_and_a_closed_door() {
    let stage = Stage::new(ASKS);
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    let data = stage.path().join("data");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data.join("runner.sock")), 0o600);
    let is_refused = |said: &str| said.contains("another adjutant works on") && said.contains("adjutant stop");
    let second = adjutant(&stage, &["serve"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(is_refused(&text(&second.stderr)), "{}", text(&second.stderr));
    let mut third = stage.start(200, 30, &["--foreground", "web"]);
    assert_eq!(third.wait_for_exit(), 1);
    assert!(is_refused(&third.screen()), "{}", third.screen());
}

#[test]
fn a_client_of_another_version_is_told_so_and_can_still_stop_the_runner() {
    use std::io::Read as _;
    use std::io::Write as _;
    let stage = Stage::new(ASKS);
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    let greet = |purpose: &str| {
        let mut socket = std::os::unix::net::UnixStream::connect(stage.path().join("data/runner.sock")).unwrap();
        let hello = format!(r#"{{"protocol":99,"version":"9.9.9","purpose":"{purpose}"}}"#);
        socket.write_all(&u32::try_from(hello.len()).unwrap().to_be_bytes()).unwrap();
        socket.write_all(hello.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        text(&answer[4..])
    };
    let refused = greet("attach");
    assert!(refused.contains("you are adjutant 9.9.9"), "{refused}");
    let stopped = greet("stop");
    assert!(stopped.contains(r#""refused":null"#), "{stopped}");
    let again = adjutant(&stage, &["stop"]);
    assert!(text(&again.stdout).contains("No runner is at work"), "{}", text(&again.stdout));
}

/// What is no client of ours gets no answer and changes nothing.
#[test]
fn noise_at_the_door_is_sent_away() {
    use std::io::Write as _;
    let stage = Stage::new(r#"{"turn": [{"say": "still-here"}]}"#);
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    let socket = || std::os::unix::net::UnixStream::connect(stage.path().join("data/runner.sock")).unwrap();
    let hello = br#"{"protocol":1,"version":"0","purpose":"attach"}"#;
    let frame = |body: &[u8]| [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat();
    for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 64], &[0, 0, 0, 2, b'{', b'}'], &[0; 4096]] {
        // It may be sent away before it has said everything.
        let _ = socket().write_all(noise);
    }
    let mut greeted = socket();
    greeted.write_all(&frame(hello)).unwrap();
    let _ = greeted.write_all(&frame(br#"{"Command":{"Fly":{"to":"the moon"}}}"#));
    pty.press("go\r");
    pty.wait_for("still-here");
}

#[test]
fn attaching_shows_what_runs_and_opens_nothing() {
    let stage = Stage::new(ASKS);
    let mut none = stage.start(200, 30, &["attach"]);
    assert_eq!(none.wait_for_exit(), 1);
    assert!(none.screen().contains("no runner is at work on"), "{}", none.screen());
    let first = stage.start(100, 30, &["web", "api"]);
    first.wait_for("2 · api");
    let second = stage.start(100, 30, &["attach"]);
    second.wait_for("2 · api");
    assert!(!second.screen().contains("3 · "), "{}", second.screen());
}

#[test]
fn without_a_relay_its_verbs_say_how_to_get_one() {
    let stage = Stage::new(ASKS);
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    for verb in [&["relay"][..], &["relay", "pair"], &["relay", "pause"]] {
        let said = adjutant(&stage, verb);
        assert_eq!(said.status.code(), Some(1), "{verb:?}");
        assert!(text(&said.stderr).contains("[relay.feishu] enabled"), "{}", text(&said.stderr));
    }
}
