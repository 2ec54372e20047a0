//! Verbs beside a terminal: they see the same, and their answers count the same.

use serde_json::Value;

use super::ASKS;
use super::Stage;
use super::runner::adjutant;
use super::runner::text;
use crate::support::pty::Pty;

fn json(stage: &Stage, arguments: &[&str]) -> Value {
    let output = adjutant(stage, arguments);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {} {}", text(&output.stdout), text(&output.stderr)))
}

#[test]
fn without_a_runner_each_verb_says_so() {
    let stage = Stage::new(ASKS);
    for arguments in [&["list"][..], &["status"], &["send", "1", "hi"], &["approve", "1"], &["deny", "1"], &["tail"]] {
        let output = adjutant(&stage, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).contains("no runner is at work on"), "{arguments:?}: {}", text(&output.stderr));
    }
    let output = adjutant(&stage, &["search", "x"]);
    assert!(text(&output.stderr).contains("there is no store"), "{}", text(&output.stderr));
}

#[test]
fn a_prompt_is_sent_seen_and_answered_by_verbs() {
    let stage = Stage::new(ASKS);
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    let list = json(&stage, &["list", "--json"]);
    assert_eq!((list[0]["state"].as_str(), list[0]["id"].as_u64()), (Some("not_started"), Some(1)));

    let sent = json(&stage, &["send", "1", "look around", "--json"]);
    assert_eq!(sent["session"], 1);
    pty.wait_for("ls -la");
    let status = json(&stage, &["status", "--json"]);
    let waiting = &status["list"][0]["waiting"][0];
    assert_eq!(waiting["input"]["command"], "ls -la", "{status}");
    let id = waiting["id"].to_string();

    assert_eq!(adjutant(&stage, &["approve", "999"]).status.code(), Some(1));
    let approved = json(&stage, &["approve", &id, "--json"]);
    assert_eq!((approved["decision"].as_str(), approved["tool"].as_str()), (Some("allowed once"), Some("Bash")));
    pty.wait_for("it-was-allowed");
    pty.wait_for("by a script");
    let again = adjutant(&stage, &["deny", &id]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("does not wait"), "{}", text(&again.stderr));

    let detail = json(&stage, &["status", "web", "--json"]);
    assert_eq!(detail["prompt"], "look around", "{detail}");
    let tail = text(&adjutant(&stage, &["tail", "--once"]).stdout);
    assert!(tail.contains("you: look around") && tail.contains("it-was-allowed"), "{tail}");
    let wrong = adjutant(&stage, &["send", "nowhere", "x"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("adjutant list"), "{}", text(&wrong.stderr));
}

#[test]
fn a_denial_carries_its_reason_and_waiting_brings_the_answer() {
    let stage = Stage::new(&format!(r#"{ASKS} {{"turn": [{{"say": "the-second-answer"}}]}}"#));
    let pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    adjutant(&stage, &["send", "1", "look around"]);
    pty.wait_for("[y]");
    let denied = json(&stage, &["deny", "1", "-m", "not now", "--json"]);
    assert_eq!(denied["decision"], "denied");
    pty.wait_for("it-was-denied");
    let answer = adjutant(&stage, &["send", "1", "and then", "--wait"]);
    assert_eq!((answer.status.code(), text(&answer.stdout).trim()), (Some(0), "the-second-answer"));
}

#[test]
fn what_was_said_is_found_and_counted_after_the_runner_has_ended() {
    let stage = Stage::new(
        r#"{"turn": [{"say": "重试数据库连接"},
        {"say": "deploy with ghp_0123456789abcdefghijABCDEFGHIJ012345"}, {"say": "and the retry policy"}]}"#,
    );
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press("make it robust\r");
    pty.wait_for("the retry policy");
    pty.wait_for("what shall be done?");
    drop(pty);
    assert_eq!(adjutant(&stage, &["stop"]).status.code(), Some(0));
    for words in ["数据库", "robust", "retry pol"] {
        let hit = json(&stage, &["search", words, "--json"]);
        assert_eq!(hit["title"], "make it robust", "{words}");
    }
    assert_eq!(adjutant(&stage, &["search", "nothing-of-this-kind"]).status.code(), Some(1));
    let secret = json(&stage, &["search", "deploy", "--json"])["snippet"].to_string();
    assert!(secret.contains("[redacted:") && !secret.contains("ghp_0123456789"), "{secret}");
    let usage = json(&stage, &["usage", "--json", "--by", "project"]);
    assert!(usage[0]["what"].as_str().unwrap().ends_with("web") && usage[0]["turns"] == 1, "{usage}");
    assert!(text(&adjutant(&stage, &["usage"]).stdout).contains("total"));
}

/// What the store has is what the next terminal shows, at rest.
#[test]
fn tabs_come_back_with_their_queue_after_a_kill() {
    let stage = Stage::new(&format!(r#"{ASKS} {{"turn": [{{"say": "went-on"}}]}}"#));
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("look around\r");
    pty.wait_for("[y]");
    adjutant(&stage, &["send", "1", "then-this-one"]);
    pty.wait_for("QUEUE 1");
    rustix::process::kill_process(stage.runner_pid(), rustix::process::Signal::KILL).unwrap();
    assert_eq!(pty.wait_for_exit(), 1);
    let pty = stage.start(120, 40, &["web"]);
    pty.wait_for("look around");
    pty.wait_for("has expired");
    pty.wait_for("QUEUE 1");
    assert!(!pty.screen().contains("[y]"), "{}", pty.screen());
    let list = json(&stage, &["list", "--json"]);
    assert_eq!((list.as_array().unwrap().len(), list[0]["queue"].as_u64()), (1, Some(1)), "{list}");
    // Nothing starts by itself; a person's word works the queue off.
    Pty::let_it_arm();
    assert_eq!(json(&stage, &["list", "--json"])[0]["queue"], 1);
}

#[test]
fn what_was_said_is_found_from_the_keyboard() {
    let stage = Stage::new(r#"{"turn": [{"say": "重试数据库连接"}, {"say": "and the retry policy"}]}"#);
    let mut pty = stage.start(100, 30, &["web", "api"]);
    pty.wait_for("2 · api");
    assert!(adjutant(&stage, &["send", "2", "make it robust", "--wait"]).status.success());
    pty.press("\x1b/");
    pty.wait_for("type words that must all be there");
    pty.press("数据库");
    pty.wait_for("claude: 重试数据库连接");
    pty.press("\r");
    pty.wait_for("1 of 1");
    pty.press("\x1b");
    // Two escapes in one piece would be another key.
    std::thread::sleep(std::time::Duration::from_millis(300));
    pty.press("\x1b/");
    pty.wait_for("type words");
    pty.press("no-such-word");
    pty.wait_for("nothing matches");
}
