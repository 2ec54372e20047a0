//! Processes that end, do not end, or never were: always a clear trouble, never a process left behind.

use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::session::SessionSpec;
use adjutant::core::trouble::TroubleKind;

use super::all_gone;
use super::exit;
use super::play;
use super::play_with;
use super::processes_naming;

#[tokio::test(flavor = "multi_thread")]
async fn a_cli_that_ends_at_once_is_a_trouble_with_its_reason() {
    let (mut rig, _script) = play(&[r#"{"stderr": "bad luck"}"#, r#"{"exit": 3}"#]);
    let id = rig.open().await;
    rig.prompt(id, "hello").await;
    let ended = exit(&mut rig).await;
    let trouble = ended.trouble.expect("it was not asked for");
    assert_eq!((ended.code, trouble.kind), (Some(3), TroubleKind::Crashed));
    assert!(trouble.raw.contains("bad luck"), "{}", trouble.raw);
    assert_eq!(rig.session(id).queue.len(), 1, "the prompt is not lost");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named() {
    let (mut rig, _script) = play_with(&[], |config| config.claude.command = vec!["no-such-program".into()]);
    let id = rig.open().await;
    rig.prompt(id, "hello").await;
    let trouble = exit(&mut rig).await.trouble.expect("it is missing");
    assert_eq!(trouble.kind, TroubleKind::CliMissing { program: "no-such-program".into() });
    let directory = rig.project().join("gone").display().to_string();
    let spec = SessionSpec { directory: directory.clone(), ..SessionSpec::default() };
    let id = rig.open_spec(spec).await;
    rig.prompt(id, "hello").await;
    let trouble = exit(&mut rig).await.trouble.expect("it is missing");
    assert_eq!(trouble.kind, TroubleKind::DirectoryGone { path: directory });
    let directory = rig.project().display().to_string();
    let spec = SessionSpec { directory, profile: Some("careful".into()), ..SessionSpec::default() };
    let id = rig.open_spec(spec).await;
    rig.prompt(id, "hello").await;
    let trouble = exit(&mut rig).await.trouble.expect("there is no such profile");
    assert!(trouble.raw.contains("profiles.careful"));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cli_that_never_answers_is_given_up() {
    let (mut rig, _script) = play_with(&[r#""never_initialize""#], |config| config.claude.initialize_timeout_s = 1);
    let id = rig.open().await;
    rig.prompt(id, "hello").await;
    let trouble = exit(&mut rig).await.trouble.expect("it is silent");
    assert_eq!(trouble.kind, TroubleKind::CliSilent);
    assert_eq!(rig.session(id).queue.len(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_survives_a_stop_that_is_ignored() {
    let (mut rig, _script) =
        play(&[r#""ignore_sigterm""#, r#"{"child": 300}"#, r#"{"turn": [{"sleep_ms": 60000}]}"#, r#""deaf""#]);
    let id = rig.open().await;
    rig.prompt(id, "hello").await;
    rig.wait("the turn", |kind| matches!(kind, EventKind::TurnStarted { .. })).await;
    let folder = rig.folder.path().display().to_string();
    assert!(processes_naming(&folder).len() >= 3, "guard, CLI and child");
    let start = Instant::now();
    rig.send(Command::Close { session: id }).await;
    rig.wait("the end", |kind| matches!(kind, EventKind::Closed)).await;
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(processes_naming(&folder), Vec::<std::path::PathBuf>::new());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_guard_takes_everything_with_it() {
    let (mut rig, _script) = play(&[r#"{"child": 300}"#, r#"{"turn": [{"sleep_ms": 60000}]}"#]);
    let id = rig.open().await;
    rig.prompt(id, "hello").await;
    rig.wait("the turn", |kind| matches!(kind, EventKind::TurnStarted { .. })).await;
    let folder = rig.folder.path().display().to_string();
    let is_guard = |path: &std::path::PathBuf| {
        let line = std::fs::read(path.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains("__guard\0")
    };
    let guard = processes_naming(&folder).into_iter().find(is_guard).expect("there is a guard");
    let pid = guard.file_name().unwrap().to_str().unwrap().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let ended = exit(&mut rig).await;
    assert!(ended.trouble.is_some());
    assert_eq!(processes_naming(&folder), Vec::<std::path::PathBuf>::new());
    assert!(rig.session(id).turn.is_none());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_sessions_stop_at_the_same_time() {
    let (mut rig, _script) = play(&[r#""ignore_sigterm""#, r#"{"turn": [{"sleep_ms": 60000}]}"#, r#""deaf""#]);
    let mut sessions = Vec::new();
    for _ in 0..16 {
        sessions.push(rig.open().await);
    }
    for id in sessions {
        rig.prompt(id, "hello").await;
    }
    for _ in 0..16 {
        rig.wait("a turn", |kind| matches!(kind, EventKind::TurnStarted { .. })).await;
    }
    let folder = rig.folder.path().display().to_string();
    let start = Instant::now();
    rig.engine.shutdown().await;
    // One after the other would take more than half a minute.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(processes_naming(&folder), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_was_never_begun_goes_back_to_the_queue() {
    let (mut rig, _script) = play(&[r#""stop_reading""#, r#"{"sleep_ms": 700}"#, r#""die""#]);
    let id = rig.open().await;
    rig.prompt(id, "precious").await;
    let ended = exit(&mut rig).await;
    assert!(ended.trouble.is_some());
    let queued: Vec<_> = rig.session(id).queue.iter().map(|prompt| prompt.text.clone()).collect();
    assert_eq!(queued, ["precious"]);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_session_goes_on_with_the_next_prompt() {
    let (mut rig, _script) = play(&[r#"{"turn": [{"say": "hi"}]}"#]);
    let id = rig.open().await;
    rig.prompt(id, "one").await;
    rig.turn_end().await;
    let conversation = rig.session(id).conversation.clone();
    rig.send(Command::Stop { session: id }).await;
    let ended = exit(&mut rig).await;
    assert_eq!((ended.expected, ended.trouble, ended.code), (true, None, Some(0)));
    rig.prompt(id, "two").await;
    assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
    assert_eq!(rig.session(id).conversation, conversation);
    rig.end().await;
}

/// Where the engine of `host` works; set only in its own process.
const HOST_FOLDER: &str = "TEST_ENGINE_HOST";

/// No test of its own: an engine in a process that the next test kills.
#[tokio::test(flavor = "multi_thread")]
async fn host() {
    let Some(folder) = std::env::var_os(HOST_FOLDER) else { return };
    let (mut rig, _script) =
        play(&[r#""ignore_sigterm""#, r#"{"child": 300}"#, r#"{"turn": [{"sleep_ms": 60000}]}"#, r#""deaf""#]);
    let id = rig.open().await;
    rig.prompt(id, "hello").await;
    rig.wait("the turn", |kind| matches!(kind, EventKind::TurnStarted { .. })).await;
    let ready = std::path::PathBuf::from(folder).join("ready");
    std::fs::write(&ready, rig.folder.path().display().to_string()).unwrap();
    tokio::time::sleep(Duration::from_mins(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_survives_a_kill_of_adjutant_itself() {
    let folder = tempfile::tempdir().unwrap();
    let mut host = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["engine::endings::host", "--exact"])
        .env(HOST_FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let ready = folder.path().join("ready");
    let start = Instant::now();
    while std::fs::read_to_string(&ready).map_or(true, |text| text.is_empty()) {
        assert!(start.elapsed() < Duration::from_mins(1), "the host did not start");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let work = std::fs::read_to_string(&ready).unwrap();
    assert!(processes_naming(&work).len() >= 3, "guard, CLI and child");
    host.kill().unwrap();
    host.wait().unwrap();
    all_gone(&work).await;
    let _ = std::fs::remove_dir_all(work);
}
