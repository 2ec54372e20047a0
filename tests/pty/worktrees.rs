//! A session in a git worktree, from the command line to its removal over a killed runner.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use rustix::process::kill_process;
use serde_json::Value;

use super::Stage;
use super::runner::adjutant;
use super::runner::text;
use crate::support::pty::Pty;

fn git(directory: &Path, words: &[&str]) -> String {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Me", "-c", "user.email=me@example.org"]).args(words).current_dir(directory);
    let output = command.output().expect("git is installed");
    assert!(output.status.success(), "{words:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

fn worktree(stage: &Stage) -> Value {
    let listed = adjutant(stage, &["list", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap_or_else(|_| panic!("{}", text(&listed.stderr)));
    listed[0]["worktree"].clone()
}

#[test]
fn a_worktree_is_opened_by_name_and_its_removal_is_undone_after_a_kill() {
    let stage = Stage::new(r#"{"turn": [{"say": "done"}]}"#);
    let web = stage.path().join("web");
    git(&web, &["init", "-q", "-b", "main"]);
    git(&web, &["commit", "-q", "--allow-empty", "-m", "first"]);
    git(&web, &["branch", "taken"]);
    let mut pty = stage.start(120, 40, &["web", "-p", "look around", "--worktree", "taken"]);
    pty.wait_for("there is a branch taken already");
    pty.wait_for("taken-2");
    pty.press("\r");
    pty.wait_for("worktree of");
    // The prompt has waited in the input box.
    pty.wait_for("look around");
    pty.press("\r");
    pty.wait_for("done");
    pty.wait_for("✓");
    let made = worktree(&stage);
    assert_eq!((&made["branch"], &made["removed"]), (&"taken-2".into(), &false.into()));
    let tree = Path::new(made["path"].as_str().unwrap()).to_owned();
    assert!(text(&adjutant(&stage, &["list"]).stdout).contains("taken-2 (worktree)"));

    std::fs::write(tree.join("work.txt"), "precious").unwrap();
    pty.press("\x1bx");
    pty.wait_for("1 untracked file: work.txt");
    Pty::let_it_arm();
    pty.press("r");
    pty.wait_for("type the name of the branch, taken-2");
    pty.press("taken-2\r");
    pty.wait_for("alt-z undo");
    assert!(!tree.exists());
    kill_process(stage.runner_pid(), Signal::KILL).unwrap();
    pty.wait_for_exit();
    let mut pty = stage.start(120, 40, &["api"]);
    pty.wait_for("alt-z undo");
    pty.press("\x1bz");
    pty.wait_for("The worktree is where it was.");
    assert_eq!(git(&tree, &["status", "--porcelain"]).trim(), "?? work.txt");

    std::fs::remove_file(tree.join("work.txt")).unwrap();
    pty.press("\x1bx");
    pty.wait_for("Nothing in its worktree would be lost.");
    Pty::let_it_arm();
    pty.press("r");
    pty.wait_until("the end of the session", |_| worktree(&stage).is_null());
    assert_eq!(git(&web, &["for-each-ref", "--format=%(refname:short)"]), "main\ntaken\n");
    let audit = text(&adjutant(&stage, &["audit", "search", "worktree"]).stdout);
    for kind in ["worktree_made", "worktree_removed", "worktree_restored", "worktree_deleted"] {
        assert!(audit.contains(kind), "{audit}");
    }
}
