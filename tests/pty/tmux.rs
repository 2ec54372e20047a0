//! The real program in a real tmux, whose idea of a cluster's cells is not ours.

use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use super::Stage;
use crate::support::tmux;
use crate::support::tmux::Tmux;
use crate::terminals::clusters;

const SIZE: (u16, u16) = (100, 30);
const PATIENCE: Duration = Duration::from_mins(1);

/// The rows, with what turns and counts by itself made still.
fn still(tmux: &Tmux) -> Vec<String> {
    let still = |c: char| match c {
        '\u{2800}'..='\u{28ff}' => '*',
        '0'..='9' => '0',
        c => c,
    };
    tmux.rows().iter().map(|row| row.chars().map(still).collect()).collect()
}

fn wait_for(tmux: &Tmux, text: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !tmux.rows().iter().any(|row| row.contains(text)) {
        assert!(Instant::now() < deadline, "waited in vain for {text}:\n{}", tmux.rows().join("\n"));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The rows as they stay: what was on its way has arrived.
fn settled(tmux: &Tmux) -> Vec<String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = still(tmux);
        std::thread::sleep(Duration::from_millis(150));
        if before == still(tmux) {
            return before;
        }
        assert!(Instant::now() < deadline, "it never stands still:\n{}", before.join("\n"));
    }
}

#[test]
fn a_request_over_text_of_every_script_is_what_a_new_picture_shows() {
    if !tmux::is_there() {
        return;
    }
    let clusters = clusters::all(3);
    let says = |part: &[String]| {
        let lines: Vec<String> = part.chunks(7).map(|few| few.join("left")).collect();
        json!({"say": lines.join("\n\n")})
    };
    let command = format!("rm -rf build {}", clusters[..20].join(" "));
    let parts: Vec<_> = clusters.chunks(120).map(says).collect();
    let ask = json!({"tool": {"name": "Bash", "ask": true, "input": {"command": command}, "result": "x",
        "allowed": [], "denied": []}});
    let steps = [parts, vec![ask]].concat();
    let stage = Stage::new(&json!({"turn": steps}).to_string());
    let folder = stage.path();
    let path = |name: &str| folder.join(name).display().to_string();
    let program = [
        "env".to_owned(),
        "-i".into(),
        format!("PATH={}", std::env::var("PATH").unwrap()),
        "TERM=tmux-256color".into(),
        "LANG=C.UTF-8".into(),
        format!("HOME={}", path("home")),
        format!("ADJUTANT_DATA_DIR={}", path("data")),
        format!("ADJUTANT_CONFIG={}", path("config.toml")),
        env!("CARGO_BIN_EXE_adjutant").into(),
        path("web"),
    ];
    let tmux = Tmux::start(folder, SIZE, &program);
    wait_for(&tmux, "❯");
    tmux.ask(&["send-keys", "say it", "Enter"]);
    wait_for(&tmux, "[n] deny");
    let first = settled(&tmux);
    tmux.ask(&["send-keys", "C-l"]);
    std::thread::sleep(Duration::from_millis(300));
    let anew = settled(&tmux);
    drop(tmux);
    assert_eq!(first, anew, "a picture drawn anew shows something else");
    assert!(first.iter().any(|row| row.contains("rm -rf build")), "{}", first.join("\n"));
}
