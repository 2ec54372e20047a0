//! From events to lines, also when the disk does not take them.

use std::path::Path;

use serde_json::Value;
use serde_json::json;

use super::*;
use crate::audit::verify::verify;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::ids::Generation;
use crate::core::ids::PromptId;
use crate::core::ids::Timestamp;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::link::tap::Tap;
use crate::link::tap::tap;

fn options(folder: &Path) -> Options {
    Options {
        folder: folder.to_owned(),
        limits: Limits { file_bytes: 1 << 20, keep: 0 },
        redactor: Arc::new(Redactor::new(["the-known-secret".to_owned()])),
        required: true,
    }
}

fn started() -> Body {
    Body::Started { version: "1".into(), pid: 1, config: "c".into(), config_sha256: None }
}

fn event(seq: u64, kind: EventKind) -> Arc<Event> {
    Arc::new(Event { seq, session: SessionId(1), generation: Generation(1), at: Timestamp(1), kind })
}

fn prompt(seq: u64, text: &str) -> Arc<Event> {
    let prompt = Prompt::new(PromptId::from("p"), text, PromptOrigin::Surface(Surface::Terminal));
    event(seq, EventKind::PromptSent(prompt))
}

fn records(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn kinds(folder: &Path) -> Vec<String> {
    records(folder).iter().map(|record| record["kind"].as_str().unwrap().to_owned()).collect()
}

/// Waits until the tap is asked to tell something.
async fn told(tap: &mut Tap) -> Notice {
    let waited = async {
        loop {
            if let Some(notice) = tap.offer(&[event(99, EventKind::Stopping)]) {
                return notice;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waited).await.expect("something is told")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_written_in_order_and_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let (mut tap, recorder) = tap();
    let audit = Audit::start(options(folder.path()), started(), recorder);
    assert_eq!(kinds(folder.path()), ["started"]);
    let input = json!({"command": "curl -u me:hunter2 x", "env": {"API_TOKEN": "t"}});
    let call = EventKind::ToolStarted { call: "c1".into(), parent: None, name: "Bash".into(), input, changed: None };
    tap.offer(&[prompt(1, "use the-known-secret"), event(2, call), event(3, EventKind::Closed)]);
    let (person, chat) = (Some("ou_me".into()), Some("oc_mine".into()));
    let (text, came) = ("/new web use the-known-secret".into(), Some("Opened session 1".into()));
    assert!(audit.notes().note(None, Body::Command { who: "phone".into(), person, chat, text, came }));
    drop(tap);
    audit.finish().await.unwrap();
    let mut found = kinds(folder.path());
    let note = found.iter().position(|kind| kind == "command").unwrap();
    found.remove(note);
    assert_eq!(found, ["started", "prompt", "tool_started", "closed", "stopped"]);
    let records = records(folder.path());
    let of = |kind: &str| records.iter().find(|record| record["kind"] == kind).unwrap();
    assert_eq!(
        (of("prompt")["text"].as_str(), of("prompt")["who"].as_str()),
        (Some("use [redacted:known]"), Some("terminal"))
    );
    let command = of("command");
    let words = ["who", "person", "chat", "text", "came"].map(|name| command[name].as_str().unwrap_or_default());
    assert_eq!(words, ["phone", "ou_me", "oc_mine", "/new web use [redacted:known]", "Opened session 1"]);
    let expected = json!({"command": "curl -u me:[redacted:password] x", "env": {"API_TOKEN": "[redacted:token]"}});
    assert_eq!(of("tool_started")["input"], expected);
    assert!(verify(folder.path()).unwrap().ok);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_is_told_once_kept_in_memory_and_written_later() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("audit.jsonl");
    std::fs::create_dir(&place).unwrap();
    let (mut tap, recorder) = tap();
    let health = tap.health();
    let audit = Audit::start(options(folder.path()), started(), recorder);
    assert!(health.is_failing(), "known before anything runs");
    let first = tap.offer(&[prompt(1, "one")]).unwrap();
    assert!(first.text.starts_with("The audit log cannot be written."), "{first:?}");
    assert_eq!(tap.offer(&[prompt(2, "two")]), None);
    std::fs::remove_dir(&place).unwrap();
    assert_eq!(told(&mut tap).await.text, "The audit log is written again.");
    assert!(!health.is_failing());
    drop(tap);
    audit.finish().await.unwrap();
    let texts: Vec<Value> = records(folder.path()).iter().map(|record| record["text"].clone()).collect();
    assert_eq!(texts, [json!(null), json!("one"), json!("two"), json!(null)]);
    assert!(verify(folder.path()).unwrap().ok);
}

#[test]
fn what_does_not_fit_in_memory_is_counted_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("audit.jsonl");
    std::fs::create_dir(&place).unwrap();
    let mut keeper = Keeper::new(options(folder.path()));
    let text = "x".repeat(15_000);
    let n_offered = 2 * MAX_WAITING_BYTES / text.len();
    for seq in 0..n_offered {
        keeper.take(vec![Tapped::Event(prompt(seq as u64, &text))]);
    }
    keeper.take(vec![Tapped::Event(event(0, EventKind::Interrupting))]);
    keeper.flush();
    assert!(keeper.trouble.is_some() && keeper.lost > 0 && keeper.waiting_bytes <= MAX_WAITING_BYTES);
    std::fs::remove_dir(&place).unwrap();
    let (waiting, lost) = (keeper.waiting.len(), keeper.lost);
    keeper.flush();
    assert_eq!((&keeper.trouble, keeper.waiting.len(), keeper.waiting_bytes, keeper.lost), (&None, 0, 0, 0));
    assert_eq!(waiting as u64 + lost, n_offered as u64 + 1);
    assert_eq!(records(folder.path()).last().unwrap()["records"], lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_written_is_said_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("audit.jsonl")).unwrap();
    let (mut tap, recorder) = tap();
    let audit = Audit::start(options(folder.path()), started(), recorder);
    tap.offer(&[prompt(1, "one")]);
    drop(tap);
    let unwritten = audit.finish().await.unwrap_err().to_string();
    assert!(unwritten.starts_with("3 records of the audit log in "), "{unwritten}");
}
