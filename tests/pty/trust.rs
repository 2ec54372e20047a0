//! A folder that brings something, from the keyboard and from scripts.

use serde_json::Value;

use super::Stage;
use super::runner::adjutant;
use super::runner::text;
use crate::support::pty::Pty;

const SAYS: &str = r#"{"turn": [{"say": "it-has-started"}]}"#;
const HOOK: &str = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "sh check.sh"}]}]}}"#;

fn stage() -> Stage {
    let stage = Stage::new(&[SAYS; 4].join("\n"));
    std::fs::create_dir(stage.path().join("web/.claude")).unwrap();
    std::fs::write(stage.path().join("web/.claude/settings.json"), HOOK).unwrap();
    stage
}

#[test]
fn a_folder_is_asked_about_and_typing_answers_nothing() {
    let stage = stage();
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("go\r");
    pty.wait_for("trust this folder?");
    pty.wait_for("sh check.sh");
    // Somebody goes on typing.
    pty.press("yes we will");
    pty.wait_for("yes we will");
    assert!(!pty.screen().contains("it-has-started"));
    let waiting: Value = serde_json::from_slice(&adjutant(&stage, &["status", "--json"]).stdout).unwrap();
    assert_eq!(waiting["list"][0]["waiting"][0]["tool"], "Folder", "{waiting}");
    // The draft is put away, and the question looked at again.
    pty.press("\x15\x1ba");
    pty.wait_for("start without it");
    Pty::let_it_arm();
    pty.press("w");
    pty.wait_for("it-has-started");
    let listed = adjutant(&stage, &["list", "--json"]);
    assert!(text(&listed.stdout).contains(r#""trust":"without""#), "{}", text(&listed.stdout));
}

#[test]
fn scripts_run_without_it_or_say_that_they_trust_it() {
    let stage = stage();
    let web = stage.path().join("web").display().to_string();
    let run = |more: &[&str]| {
        let arguments: Vec<&str> = ["run", "-p", "hi"].iter().chain(more).copied().chain([web.as_str()]).collect();
        let run = adjutant(&stage, &arguments);
        assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
        text(&run.stderr)
    };
    assert!(run(&[]).contains("takes no effect, because nobody has trusted it: 1 hook"));
    let shown = adjutant(&stage, &["trust", "show", &web]);
    assert!(text(&shown.stdout).contains("Not trusted:") && text(&shown.stdout).contains("sh check.sh"));
    assert!(run(&["--trust"]).contains("trusted with what it brings: 1 hook"));
    assert_eq!(run(&[]), "");
    let listed: Value = serde_json::from_slice(&adjutant(&stage, &["trust", "--json"]).stdout).unwrap();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["by"]), (1, &Value::from("a script")), "{listed}");
    let removed = adjutant(&stage, &["trust", "remove", &web]);
    assert_eq!(removed.status.code(), Some(0), "{}", text(&removed.stderr));
    assert!(run(&[]).contains("takes no effect"));
    assert_eq!(adjutant(&stage, &["trust", "remove", &web]).status.code(), Some(1));
    let records = std::fs::read_to_string(stage.path().join("data/audit.jsonl")).unwrap();
    let decided = records.lines().filter(|line| line.contains("folder trusted") || line.contains("started without"));
    assert_eq!(decided.count(), 3, "{records}");
    // No runner was needed; the stage ends one that was there.
    adjutant(&stage, &["status"]);
}
