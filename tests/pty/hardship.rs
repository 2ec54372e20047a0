//! A disk that is full or damaged, a terminal that stands still, a stranger at the door.

use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;
use rustix::process::kill_process;

use super::Stage;
use super::endings::pid;
use super::runner::adjutant;
use super::runner::text;

#[test]
fn a_terminal_that_stands_still_holds_up_nobody_and_catches_up() {
    let stage = Stage::new(r#"{"turn": [{"deltas": {"count": 12000, "per_second": 4000}}, {"say": "the-end"}]}"#);
    let still = stage.start(100, 30, &["web"]);
    still.wait_for("❯");
    let mut other = stage.start(100, 30, &["web"]);
    other.wait_for("❯");
    kill_process(pid(&still), Signal::STOP).unwrap();
    other.press("go\r");
    other.wait_for("the-end");
    other.press("\x03");
    assert!(!still.screen().contains("the-end"));
    kill_process(pid(&still), Signal::CONT).unwrap();
    still.wait_for("the-end");
    // It is whole again: what happens next arrives as events.
    let sent = adjutant(&stage, &["send", "1", "once more"]);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
    still.wait_for("once more");
}

#[test]
fn a_full_disk_costs_the_keeping_and_never_the_work() {
    let turn = r#"{"turn": [{"say": "answer-of-the-turn"}]}"#;
    let stage = Stage::new(&turn.repeat(6));
    let first = stage.start(100, 30, &["web"]);
    first.wait_for("❯");
    let long = format!("kept {}", "x ".repeat(60_000));
    assert!(adjutant(&stage, &["send", "1", &long, "--wait"]).status.success());
    drop(first);
    assert!(adjutant(&stage, &["stop"]).status.success());

    // No file may grow far: the store can be opened, and soon no write of it succeeds, as on a full disk.
    let serve = format!(
        "trap '' XFSZ; ulimit -f 128; exec \"{}\" --config '{}' --data-dir '{}' serve",
        env!("CARGO_BIN_EXE_adjutant"),
        stage.path().join("config.toml").display(),
        stage.path().join("data").display()
    );
    let mut runner = Command::new("sh").args(["-c", &serve]).stdout(std::process::Stdio::null()).spawn().unwrap();
    while !stage.path().join("data/runner.sock").exists() {
        std::thread::sleep(Duration::from_millis(20));
        assert!(runner.try_wait().unwrap().is_none(), "the runner works");
    }
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("answer-of-the-turn");
    let large = format!("on a full disk {}", "y ".repeat(60_000));
    for prompt in [&large, "and one more"] {
        assert!(adjutant(&stage, &["send", "1", prompt, "--wait"]).status.success(), "the sessions go on");
    }
    pty.wait_for("and one more");
    let status = text(&adjutant(&stage, &["tail", "--once"]).stdout);
    assert!(status.contains("What happens is not kept"), "{status}");
    drop(pty);
    assert!(adjutant(&stage, &["stop"]).status.success());
    runner.wait().unwrap();

    // What was kept before is there as it was.
    let hit = adjutant(&stage, &["search", "kept"]);
    assert!(text(&hit.stdout).contains("kept x x"), "{}", text(&hit.stderr));
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("answer-of-the-turn");
}

/// What runs with the data on a small disk of its own: full, and then not full any more.
const ON_A_SMALL_DISK: &str = r#"
    set -e
    mount -t tmpfs -o size=8m tmpfs "$SMALL"
    cp -a "$DATA/." "$SMALL"
    adjutant() { "$PROGRAM" --config "$CONFIG" --data-dir "$SMALL" "$@"; }
    adjutant serve > /dev/null &
    until [ -S "$SMALL/runner.sock" ]; do sleep 0.05; done
    cat /dev/zero > "$SMALL/filler" 2> /dev/null || true
    adjutant send 1 "on a full disk" --wait
    adjutant send 1 "and one more" --wait
    echo "--- full:"
    adjutant tail --once
    rm "$SMALL/filler"
    sleep 3
    adjutant send 1 "after-the-flood" --wait
    echo "--- again:"
    adjutant tail --once
    adjutant stop
    echo "--- found:"
    adjutant search flood
    adjutant search "full disk"
    adjutant audit verify
"#;

#[test]
fn a_disk_that_was_full_is_written_again_and_nothing_is_missing() {
    let turn = r#"{"turn": [{"say": "answer-of-the-turn"}]}"#;
    let stage = Stage::new(&turn.repeat(6));
    let small = stage.path().join("small");
    std::fs::create_dir(&small).unwrap();
    let unshared = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--map-root-user", "timeout", "60", "sh", "-c", script]).env("SMALL", &small);
        command
    };
    let can_mount = unshared("mount -t tmpfs tmpfs \"$SMALL\"").stderr(std::process::Stdio::null()).status();
    if !can_mount.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no disk can be made on this machine (unshare --mount)");
        return;
    }
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    drop(pty);
    assert!(adjutant(&stage, &["stop"]).status.success());
    let done = unshared(ON_A_SMALL_DISK)
        .env("DATA", stage.path().join("data"))
        .env("CONFIG", stage.path().join("config.toml"))
        .env("PROGRAM", env!("CARGO_BIN_EXE_adjutant"))
        .output()
        .unwrap();
    let (said, complained) = (text(&done.stdout), text(&done.stderr));
    assert!(done.status.success(), "{said}\n{complained}");
    assert!(said.matches("answer-of-the-turn").count() >= 3, "{said}");
    let (_, full) = said.split_once("--- full:").unwrap();
    let (full, again) = full.split_once("--- again:").unwrap();
    assert!(full.contains("What happens is not kept"), "{full}");
    assert!(again.contains("The store is written again; nothing was lost"), "{again}");
    let (_, found) = said.split_once("--- found:").unwrap();
    assert!(found.contains("after-the-flood") && found.contains("on a full disk"), "{found}");
}

#[test]
fn a_damaged_store_is_told_and_not_touched() {
    let stage = Stage::new(r#"{"turn": [{"say": "works-all-the-same"}]}"#);
    let file = stage.path().join("data/adjutant.db");
    let junk = "somebody's own text, no database at all. ".repeat(500);
    std::fs::write(&file, &junk).unwrap();
    let mut pty = stage.start(120, 30, &["web"]);
    pty.wait_for("Nothing of this is kept");
    pty.press("go\r");
    pty.wait_for("works-all-the-same");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), junk);
    let status = text(&adjutant(&stage, &["status"]).stdout);
    assert!(status.contains("is damaged") && status.contains("left as it is"), "{status}");
    let search = adjutant(&stage, &["search", "x"]);
    assert!(text(&search.stderr).contains("is damaged"), "{}", text(&search.stderr));
}

/// Set in the process that plays the stranger: the socket.
const KNOCKS_AT: &str = "ADJUTANT_TEST_KNOCKS_AT";

#[test]
fn a_stranger_gets_no_word_through_an_open_door() {
    if let Some(socket) = std::env::var_os(KNOCKS_AT) {
        knock(Path::new(&socket));
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can play another user");
        return;
    }
    let stage = Stage::new("");
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    let data = stage.path().join("data");
    // Everything that the permissions would do is taken away.
    for (path, mode) in [(stage.path(), 0o755), (&*data, 0o755), (&data.join("runner.sock"), 0o777)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let me = std::env::current_exe().unwrap();
    let copy = stage.path().join("stranger");
    std::fs::copy(&me, &copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o755)).unwrap();
    let name = "pty::hardship::a_stranger_gets_no_word_through_an_open_door";
    let stranger = Command::new(&copy)
        .args(["--exact", name, "--nocapture"])
        .env(KNOCKS_AT, data.join("runner.sock"))
        .current_dir("/")
        .uid(65_534)
        .gid(65_534)
        .output()
        .unwrap();
    let said = text(&stranger.stdout) + &text(&stranger.stderr);
    assert!(stranger.status.success() && said.contains("the door stays shut"), "{said}");
}

fn knock(socket: &Path) {
    let mut stream = std::os::unix::net::UnixStream::connect(socket).unwrap();
    let hello = br#"{"protocol":1,"version":"0","purpose":"stop"}"#;
    // It may be shut before it has been said.
    let _ = stream.write_all(&u32::try_from(hello.len()).unwrap().to_be_bytes());
    let _ = stream.write_all(hello);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty(), "{}", text(&answer));
    eprintln!("the door stays shut");
}

/// A window that is dragged changes its size while somebody types: the kernel tells both at the same moment.
#[test]
fn keys_that_come_together_with_a_resize_are_not_kept_waiting() {
    let stage = Stage::new("");
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    let mut typed = String::new();
    for (n, letter) in ('a'..='z').cycle().take(52).enumerate() {
        pty.press(&letter.to_string());
        pty.resize(100 + u16::from(n % 2 == 0), 30);
        typed.push(letter);
        let shown = format!("❯ {typed}");
        pty.wait_until(&shown, |screen| screen.contains(&shown));
    }
}

/// A terminal that does not mark what is pasted sends it as keys; more of them than are read at once.
#[test]
fn the_end_of_a_long_paste_without_marks_is_not_kept_waiting() {
    let stage = Stage::new("");
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press(&format!("{}the very end", "some words ".repeat(340)));
    pty.wait_for("the very end");
}
