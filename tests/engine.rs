//! The engine against a stand-in that misbehaves on cue: what no real CLI does when asked.

mod approvals;
mod endings;
mod floods;
mod hooks;
mod images;
mod records;
mod trust;
mod turns;
pub(crate) mod worktrees;

use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use adjutant::config::Config;
use adjutant::core::event::EventKind;
use adjutant::core::session::Exit;
use tempfile::TempDir;

use crate::support::rig::Rig;

/// An engine whose CLI is a stand-in that plays this script; deadlines are short. The folder holds the script.
pub(crate) fn play(script: &[&str]) -> (Rig, TempDir) {
    play_with(script, |_| {})
}

fn play_with(script: &[&str], change: impl FnOnce(&mut Config)) -> (Rig, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script.jsonl");
    std::fs::write(&path, script.join("\n")).unwrap();
    let command = vec![env!("CARGO_BIN_EXE_adjutant").into(), "__stand-in".into(), path.display().to_string()];
    let rig = Rig::with(command, None, |config| {
        config.claude.stop_grace_s = 1;
        config.claude.interrupt_wait_s = 1;
        change(config);
    });
    (rig, folder)
}

async fn exit(rig: &mut Rig) -> Exit {
    let event = rig.wait("the end of the process", |kind| matches!(kind, EventKind::Exited(_))).await;
    match &event.kind {
        EventKind::Exited(exit) => exit.clone(),
        _ => unreachable!("just matched"),
    }
}

/// Processes whose environment or command line names this text.
fn processes_naming(text: &str) -> Vec<PathBuf> {
    let names = |path: &PathBuf| {
        ["environ", "cmdline"].iter().any(|file| {
            let bytes = std::fs::read(path.join(file)).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    };
    let entries = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let me = PathBuf::from(format!("/proc/{}", std::process::id()));
    entries.filter(|path| *path != me && path.join("environ").exists() && names(path)).collect()
}

/// Waits until no process names the text.
async fn all_gone(text: &str) {
    let start = Instant::now();
    while !processes_naming(text).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(20), "left: {:?}", processes_naming(text));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
