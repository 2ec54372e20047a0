//! A session in a git worktree of its own: the CLI works there and nowhere else, and is gone before it is removed.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command as Process;

use adjutant::core::approval::Decision;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use adjutant::core::worktree::Verdict;
use adjutant::core::worktree::WorktreeSpec;
use serde_json::json;

use super::rig;
use super::with_each_cli;
use crate::support::api::text;
use crate::support::api::tool;

fn git(directory: &Path, words: &[&str]) {
    let mut command = Process::new("git");
    command.args(["-c", "user.name=Me", "-c", "user.email=me@example.org"]).args(words).current_dir(directory);
    assert!(command.status().expect("git is installed").success(), "{words:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cli_works_in_the_worktree_and_its_work_is_seen() {
    async fn test(cli: PathBuf) {
        let run = tool("Bash", json!({"command": "pwd > where.txt", "description": "Say where"}));
        let (mut rig, api) = rig(cli, &[("where", vec![run, text("done")])]).await;
        let project = rig.project();
        git(&project, &["init", "-q", "-b", "main"]);
        git(&project, &["commit", "-q", "--allow-empty", "-m", "first"]);
        let worktree = Some(WorktreeSpec::Wanted { branch: Some("task".into()) });
        let directory = project.display().to_string();
        let id = rig.open_spec(SessionSpec { directory, worktree, ..SessionSpec::default() }).await;
        let tree = PathBuf::from(&rig.session(id).spec.directory);
        rig.prompt(id, "please say where").await;
        let approval = rig.approval().await;
        assert_eq!(approval.place.branch.as_deref(), Some("task"));
        rig.answer(id, approval.id, Decision::allow_once()).await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert_eq!(std::fs::read_to_string(tree.join("where.txt")).unwrap().trim(), tree.display().to_string());
        assert!(!project.join("where.txt").exists());

        rig.send(Command::LookAtWorktree { session: id }).await;
        let event = rig.wait("a report", |kind| matches!(kind, EventKind::WorktreeLooked(_))).await;
        let EventKind::WorktreeLooked(report) = &event.kind else { unreachable!("just matched") };
        assert_eq!(
            (report.verdict(), report.untracked.first.as_slice()),
            (Verdict::Named, &["where.txt".to_owned()][..])
        );
        assert_eq!(report.users, Vec::<String>::new(), "the CLI has ended");
        let (seen, by) = (report.mark.clone(), Surface::Terminal);
        rig.send(Command::RemoveWorktree { session: id, seen, named: Some("task".into()), by: by.clone() }).await;
        rig.wait("the removal", |kind| matches!(kind, EventKind::WorktreeAside { .. })).await;
        rig.send(Command::RestoreWorktree { session: id, by }).await;
        rig.wait("the return", |kind| matches!(kind, EventKind::WorktreeBack { .. })).await;
        // The conversation goes on where it was held.
        api.script("once more", vec![text("it goes on")]);
        rig.prompt(id, "once more").await;
        assert_eq!(rig.turn_end().await, TurnOutcome::Completed);
        assert!(tree.join("where.txt").exists());
        rig.end().await;
    }
    with_each_cli!(test);
}
