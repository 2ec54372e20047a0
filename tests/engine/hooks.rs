//! Processes of hooks under the guard: nothing of them stays.

use std::path::Path;
use std::time::Duration;

use adjutant::config;
use adjutant::core::hook::HookState;
use adjutant::hooks::keeper::Keeper;

use super::all_gone;
use super::processes_naming;
use crate::support::rig::hook_folder;

fn hostile(way: &str, mark: &str) -> String {
    format!(
        "[[hooks]]\nname = \"bad\"\ncommand = [\"python3\", \"hostile.py\"]\nmodes = [\"tool\"]\n\
         env = {{ WAY = \"{way}\", MARK = \"{mark}\" }}\n"
    )
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = std::time::Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn children_of_a_hook_end_with_it_also_those_in_sessions_of_their_own() {
    let guard = Path::new(env!("CARGO_BIN_EXE_adjutant"));
    for way in ["children", "deaf"] {
        let mark = format!("hook-{}", uuid::Uuid::new_v4());
        let hooks = config::parse(&hostile(way, &mark)).unwrap().hooks;
        let keeper = Keeper::start(&hooks, &hook_folder(), Some(guard));
        if way == "children" {
            keeper.up("bad").await.unwrap();
            wait_until("its children", || processes_naming(&mark).len() >= 4).await;
        }
        keeper.stop().await;
        assert_eq!(keeper.statuses()[0].state, HookState::Stopped);
        all_gone(&mark).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_ends_again_and_again_stays_off_until_somebody_starts_it() {
    let guard = Path::new(env!("CARGO_BIN_EXE_adjutant"));
    let hooks = config::parse(&hostile("exit at once", "off")).unwrap().hooks;
    let keeper = Keeper::start(&hooks, &hook_folder(), Some(guard));
    let state = || keeper.statuses()[0].state.clone();
    wait_until("the end of trying", || matches!(state(), HookState::Off { .. })).await;
    let HookState::Off { why } = state() else { panic!("off") };
    assert!(why.contains("no such module: nothing"), "{why}");
    keeper.restart("bad").unwrap();
    wait_until("another try", || matches!(state(), HookState::Waiting { .. })).await;
    keeper.stop().await;
}

/// The hook of the manual does what the manual says.
#[tokio::test(flavor = "multi_thread")]
async fn the_hook_of_the_manual_works() {
    let manual = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let block = |kind: &str| {
        let chapter = &manual[manual.find("## Hooks").unwrap()..];
        let start = chapter.find(&format!("```{kind}\n")).unwrap() + kind.len() + 4;
        chapter[start..start + chapter[start..].find("```").unwrap()].to_owned()
    };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gate.py"), block("python")).unwrap();
    assert!(block("python").lines().count() <= 34);
    let hooks = config::parse(&block("toml")).unwrap().hooks;
    let keeper = Keeper::start(&hooks, folder.path(), Some(Path::new(env!("CARGO_BIN_EXE_adjutant"))));
    let ask = async |command: &str| {
        let params = serde_json::json!({ "tool": "Bash", "arguments": { "command": command } });
        keeper.call("gate", "hook.before_tool", &params).await.unwrap()
    };
    assert_eq!(ask("git push --force").await["action"], "deny_tool");
    assert_eq!(ask("ls").await["action"], "continue");
    assert_eq!(ask("git commit --no-verify -m x").await["call"]["arguments"]["command"], "git commit -m x");
    keeper.stop().await;
}
