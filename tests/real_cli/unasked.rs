//! Settings of the CLI under which nobody is asked: named in the tab and by the probe, and true.

use std::path::Path;
use std::path::PathBuf;

use adjutant::config::Config;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use adjutant::core::permission::PermissionMode;
use adjutant::engine::probe::probe;
use serde_json::Value;
use serde_json::json;

use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::rig::Rig;

/// A session under these settings of the person, and the configuration that it runs on.
async fn under(cli: &Path, settings: Value) -> (Rig, Api, SessionId, Config) {
    let api = Api::start(&[]).await;
    let mut config = None;
    let mut rig = Rig::with(vec![cli.display().to_string()], Some(&api), |changed| config = Some(changed.clone()));
    let folder = rig.folder.path().join("home/.claude");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("settings.json"), settings.to_string()).unwrap();
    api.script("make it", vec![tool("Bash", json!({ "command": "touch made.txt" })), text("done")]);
    let id = rig.open().await;
    rig.prompt(id, "make it").await;
    (rig, api, id, config.unwrap())
}

async fn probed(config: &Config) -> Vec<String> {
    probe(&config.claude, &config.profiles["test"]).await.expect("it starts").unasked
}

fn is_told(rig: &Rig, words: &str) -> bool {
    let told = |kind: &EventKind| matches!(kind, EventKind::Noted(notice) if notice.text.contains(words));
    rig.events.iter().any(|event| told(&event.kind))
}

fn is_asked(rig: &Rig) -> bool {
    rig.events.iter().any(|event| matches!(event.kind, EventKind::ApprovalAsked(_)))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_denies_instead_of_asking_is_named_before_it_does() {
    async fn test(cli: PathBuf) {
        let is_old = cli.display().to_string().contains("2.1.197");
        let settings = json!({"permissions": {"denyInsteadOfPrompting": true, "defaultMode": "auto"}});
        let (mut rig, _api, id, config) = under(&cli, settings).await;
        if is_old {
            // It knows no such setting, and asks.
            rig.approval().await;
        } else {
            assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
            assert!(!is_asked(&rig) && !rig.project().join("made.txt").exists());
        }
        assert!(is_told(&rig, "permissions.denyInsteadOfPrompting is on in your settings"));
        assert_eq!(rig.session(id).mode, PermissionMode::Default, "a mode from the settings does not count here");
        let found = probed(&config).await;
        assert!(found.iter().any(|text| text.contains("denyInsteadOfPrompting")), "{found:?}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_answers_is_named_with_its_command() {
    async fn test(cli: PathBuf) {
        let allow = r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"allow"}}"#;
        let hook = json!({"type": "command", "command": format!("echo '{allow}'")});
        let settings = json!({"hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": [hook]}]}});
        let (mut rig, _api, _id, config) = under(&cli, settings).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(!is_asked(&rig) && rig.project().join("made.txt").exists(), "it ran and nobody was asked");
        assert!(is_told(&rig, "A PreToolUse hook in your settings may answer requests before you see them: echo"));
        let found = probed(&config).await;
        assert!(found.iter().any(|text| text.contains("PreToolUse hook in your settings")), "{found:?}");
        rig.end().await;
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_of_settings_that_keep_nothing_from_the_person() {
    async fn test(cli: PathBuf) {
        let hook = json!({"type": "command", "command": "true"});
        let settings = json!({"permissions": {"allow": ["Bash(ls)"]}, "hooks": {"Stop": [{"hooks": [hook]}]}});
        let (mut rig, _api, _id, config) = under(&cli, settings).await;
        rig.approval().await;
        assert!(!rig.events.iter().any(|event| matches!(event.kind, EventKind::Noted(_))));
        assert_eq!(probed(&config).await, Vec::<String>::new());
        rig.end().await;
    }
    with_each_cli!(test);
}
