//! What a folder brings, on a real process: what it is started with, and when.

use std::path::Path;
use std::path::PathBuf;

use adjutant::core::approval::Ask;
use adjutant::core::approval::Decision;
use adjutant::core::event::EventKind;
use adjutant::core::trust::TrustAnswer;
use adjutant::core::trust::TrustState;
use tempfile::TempDir;

use crate::support::rig::Rig;

const HOOK: &str = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "sh check.sh"}]}]}}"#;

/// An engine that asks about folders; each process notes its arguments.
fn gated() -> (Rig, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.jsonl");
    std::fs::write(&script, r#"{"turn": [{"say": "done"}]}"#).unwrap();
    let line = format!(
        "printf '%s\\n' \"$@\" == >> {}/started; exec {} __stand-in {} \"$@\"",
        folder.path().display(),
        env!("CARGO_BIN_EXE_adjutant"),
        script.display()
    );
    (Rig::gated(vec!["sh".into(), "-c".into(), line, "sh".into()], None), folder)
}

fn put(path: PathBuf, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The arguments of each process so far.
fn started(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("started")).unwrap_or_default();
    text.split("==\n").filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_runs_before_the_answer_and_what_was_trusted_is_not_asked_again() {
    let (mut rig, folder) = gated();
    put(rig.project().join(".claude/settings.json"), HOOK);
    put(rig.project().join("check.sh"), "1");
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let asked = rig.approval().await;
    let Ask::Trust(brought) = &asked.ask else { panic!("{asked:?}") };
    assert_eq!(brought.items[0].text, "sh check.sh");
    assert!(started(folder.path()).is_empty());
    rig.answer(id, asked.id, Decision::Trust(TrustAnswer::Trust)).await;
    rig.turn_end().await;
    assert!(!started(folder.path())[0].contains("--setting-sources"));
    assert_eq!(rig.session(id).trust, Some(TrustState::Trusted));
    // Over a restart it is known, and what has changed since is asked about.
    let mut rig = rig.restart().await;
    rig.prompt(id, "more").await;
    rig.turn_end().await;
    rig.idle(id).await;
    put(rig.project().join("check.sh"), "2");
    rig.prompt(id, "and more").await;
    let again = rig.approval().await;
    rig.answer(id, again.id, Decision::Trust(TrustAnswer::Without)).await;
    rig.turn_end().await;
    let all = started(folder.path());
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[2].contains("--setting-sources=user") && all[2].contains("--resume"), "{}", all[2]);
    rig.engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_brings_nothing_starts_at_once_and_what_appears_in_it_is_asked_about() {
    let (mut rig, folder) = gated();
    put(rig.project().join("CLAUDE.md"), "words");
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.turn_end().await;
    rig.idle(id).await;
    assert!(started(folder.path())[0].contains("--setting-sources=user"));
    assert_eq!(rig.session(id).trust, Some(TrustState::Nothing));
    put(rig.project().join(".mcp.json"), r#"{"mcpServers": {"m": {"command": "m"}}}"#);
    rig.prompt(id, "more").await;
    let asked = rig.approval().await;
    assert!(matches!(&asked.ask, Ask::Trust(brought) if brought.summary() == "1 MCP server"), "{asked:?}");
    assert_eq!(rig.session(id).queue.len(), 1, "the prompt waits");
    rig.answer(id, asked.id, Decision::deny("")).await;
    rig.wait("the answer", |kind| matches!(kind, EventKind::ApprovalResolved { .. })).await;
    assert_eq!(started(folder.path()).len(), 1);
    assert_eq!(rig.session(id).queue.len(), 1);
    rig.engine.shutdown().await;
}
