//! What is granted by keyboard, over restarts, and taken back by a verb.

use rustix::process::Signal;
use rustix::process::kill_process;
use serde_json::Value;

use super::ASKS;
use super::Stage;
use super::runner::adjutant;
use super::runner::text;
use crate::support::pty::Pty;

fn listed(stage: &Stage) -> Vec<Value> {
    let listed = adjutant(stage, &["grants", "--json"]);
    serde_json::from_slice(&listed.stdout).unwrap_or_else(|_| panic!("{}", text(&listed.stderr)))
}

#[test]
fn a_grant_outlives_a_killed_runner_and_is_taken_back() {
    let stage = Stage::new(&vec![ASKS.replace('\n', " "); 4].join("\n"));
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("look around\r");
    pty.wait_for("[y]");
    Pty::let_it_arm();
    pty.press("a");
    pty.wait_for("allow exactly this again for 20 minutes");
    pty.press("\x13");
    pty.wait_for("allow exactly this again for an hour");
    Pty::let_it_arm();
    pty.press("\r");
    pty.wait_for("it-was-allowed");
    pty.wait_for("UNASKED 1");
    let grants = listed(&stage);
    assert_eq!(grants.len(), 1, "{grants:?}");
    let place = stage.path().join("web").display().to_string();
    assert_eq!(grants[0]["rule"], format!("exactly this Bash command: ls -la in {place}"));

    kill_process(stage.runner_pid(), Signal::KILL).unwrap();
    pty.wait_for_exit();
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("UNASKED 1");
    pty.press("once more\r");
    pty.wait_until("the call to run unasked", |_| listed(&stage)[0]["used"] == 1);
    assert!(!pty.screen().contains("[y]"), "{}", pty.screen());

    let gone = adjutant(&stage, &["grants", "revoke", "1"]);
    assert!(text(&gone.stdout).contains("taken back: exactly this Bash command: ls -la"), "{}", text(&gone.stderr));
    pty.wait_until("it to leave the panel", |screen| !screen.contains("UNASKED"));
    pty.press("and again\r");
    pty.wait_for("[y]");
    assert!(listed(&stage).is_empty());
    let unknown = adjutant(&stage, &["grants", "revoke", "1"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("there is no grant 1"), "{}", text(&unknown.stderr));
}
