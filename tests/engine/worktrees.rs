//! Sessions in git worktrees of their own, with the real git: made, looked at, removed, put back.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command as Process;

use adjutant::config::Config;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use adjutant::core::worktree::Aside;
use adjutant::core::worktree::Place;
use adjutant::core::worktree::Report;
use adjutant::core::worktree::Verdict;
use adjutant::core::worktree::WorktreeSpec;

use super::play_with;
use crate::support::rig::Rig;

/// A remote and a clone of it with one commit, in a folder whose name is not easy.
struct Repo {
    rig: Rig,
    script: tempfile::TempDir,
    path: PathBuf,
}

pub(crate) fn git(directory: &Path, words: &[&str]) -> String {
    let output = Process::new("git")
        .args(["-c", "user.name=Me", "-c", "user.email=me@example.org", "-c", "protocol.file.allow=always"])
        .args(words)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .expect("git is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {words:?} in {}: {said}", directory.display());
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl Repo {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (rig, script) = play_with(&[r#"{"turn": [{"say": "hi"}]}"#], change);
        let root = std::fs::canonicalize(rig.project()).unwrap();
        let path = root.join("my 仓库");
        git(&root, &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        git(&root, &["clone", "-q", "remote.git", path.to_str().unwrap()]);
        git(&path, &["checkout", "-q", "-b", "main"]);
        write(&path.join("a.txt"), "one\n");
        write(&path.join("sub/b.txt"), "two\n");
        write(&path.join(".gitignore"), "target/\n.env\n");
        git(&path, &["add", "."]);
        git(&path, &["commit", "-q", "-m", "first"]);
        git(&path, &["push", "-q", "-u", "origin", "main"]);
        Self { rig, script, path }
    }

    async fn open(&mut self, branch: Option<&str>) -> (SessionId, Place) {
        let directory = self.path.clone();
        self.open_in(&directory, branch).await
    }

    async fn open_in(&mut self, directory: &Path, branch: Option<&str>) -> (SessionId, Place) {
        let id = self.rig.open_spec(spec(directory, branch)).await;
        let worktree = self.rig.session(id).worktree.clone().expect("it has a worktree");
        assert_eq!(self.rig.session(id).branch.as_deref(), Some(worktree.place.branch.as_str()));
        (id, worktree.place)
    }

    async fn refused(&mut self, directory: &Path, branch: Option<&str>) -> (String, Option<String>) {
        let command = Command::Open { spec: Box::new(spec(directory, branch)), tag: Some(77) };
        self.rig.send(command).await;
        let event =
            self.rig.wait("the refusal", |kind| matches!(kind, EventKind::OpenRefused { tag: Some(77), .. })).await;
        let EventKind::OpenRefused { why, instead, .. } = &event.kind else { unreachable!("just matched") };
        assert!(self.rig.fleet.get(event.session).is_none());
        (why.clone(), instead.clone())
    }

    async fn look(&mut self, id: SessionId) -> Report {
        self.rig.send(Command::LookAtWorktree { session: id }).await;
        let event = self.rig.wait("a report", |kind| matches!(kind, EventKind::WorktreeLooked(_))).await;
        let EventKind::WorktreeLooked(report) = &event.kind else { unreachable!("just matched") };
        (**report).clone()
    }

    async fn remove(&mut self, id: SessionId, seen: &Report, named: Option<&str>) -> Result<Aside, String> {
        let (seen, named) = (seen.mark.clone(), named.map(str::to_owned));
        self.rig.send(Command::RemoveWorktree { session: id, seen, named, by: Surface::Terminal }).await;
        let done = |kind: &EventKind| matches!(kind, EventKind::WorktreeAside { .. } | EventKind::WorktreeKept { .. });
        let event = self.rig.wait("the removal", done).await;
        match &event.kind {
            EventKind::WorktreeAside { aside, .. } => Ok((**aside).clone()),
            EventKind::WorktreeKept { why } => Err(why.clone()),
            _ => unreachable!("just matched"),
        }
    }

    async fn undo(&mut self, id: SessionId) {
        self.rig.send(Command::RestoreWorktree { session: id, by: Surface::Terminal }).await;
        self.rig.wait("the return", |kind| matches!(kind, EventKind::WorktreeBack { .. })).await;
    }

    async fn gone(&mut self) -> bool {
        let event = self.rig.wait("the end", |kind| matches!(kind, EventKind::WorktreeGone { .. })).await;
        self.rig.wait("the session's end", |kind| matches!(kind, EventKind::Closed)).await;
        matches!(event.kind, EventKind::WorktreeGone { branch_gone: true, .. })
    }

    fn branches(&self) -> String {
        git(&self.path, &["for-each-ref", "--format=%(refname:short)", "refs/heads"])
    }

    /// Nothing of a worktree is left, nor of an undertaking.
    fn nothing_left(&self) {
        assert_eq!(git(&self.path, &["worktree", "list"]).lines().count(), 1);
        let root = self.rig.folder.path().join("data/worktrees");
        let left: Vec<PathBuf> = walk(&root).into_iter().filter(|path| !path.is_dir()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        found.push(entry.path());
        found.extend(walk(&entry.path()));
    }
    found
}

fn spec(directory: &Path, branch: Option<&str>) -> SessionSpec {
    let branch = branch.map(str::to_owned);
    let directory = directory.display().to_string();
    SessionSpec { directory, worktree: Some(WorktreeSpec::Wanted { branch }), ..SessionSpec::default() }
}

/// What `git status` says of a worktree, and where it is registered.
fn state(place: &Place) -> (String, String, String) {
    let tree = Path::new(&place.path);
    let list = git(Path::new(&place.common_dir), &["worktree", "list", "--porcelain"]);
    (
        git(tree, &["status", "--porcelain=v2", "--branch", "--ignored"]),
        git(tree, &["log", "--format=%H %s", "-3"]),
        list,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_gets_a_worktree_of_its_own_and_the_cli_runs_in_it() {
    let mut repo = Repo::with(|config| config.worktrees.copy = vec![".env".into()]);
    write(&repo.path.join("left.txt"), "not committed");
    write(&repo.path.join(".env"), "A=1");
    let sub = repo.path.join("sub");
    let (id, place) = repo.open_in(&sub, None).await;
    assert_eq!(place.branch, format!("adjutant/session-{id}"));
    assert_eq!(place.base_branch.as_deref(), Some("main"));
    let tree = PathBuf::from(&place.path);
    assert!(tree.starts_with(repo.rig.folder.path().join("data/worktrees")), "{}", place.path);
    assert!(tree.join("a.txt").exists() && !tree.join("left.txt").exists());
    assert_eq!(std::fs::read_to_string(tree.join(".env")).unwrap(), "A=1");
    assert_eq!(repo.rig.session(id).spec.directory, tree.join("sub").display().to_string());
    let noted = repo.rig.wait("the notice", |kind| matches!(kind, EventKind::Noted(_))).await;
    let EventKind::Noted(notice) = &noted.kind else { unreachable!("just matched") };
    assert!(notice.text.contains("1 change that is not committed"), "{}", notice.text);
    repo.rig.prompt(id, "hello").await;
    repo.rig.turn_end().await;
    let (other, second) = repo.open(None).await;
    assert_ne!((id, &place.path), (other, &second.path));
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_directory_leads_to_the_same_repository_and_never_out_of_the_worktree() {
    let mut repo = Repo::new();
    let root = repo.path.parent().unwrap().to_owned();
    let outside = root.join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&repo.path, root.join("link")).unwrap();
    let (first, place) = repo.open_in(&root.join("link/sub"), None).await;
    assert_eq!(repo.rig.session(first).spec.directory, format!("{}/sub", place.path));
    // What is a folder here is a link out of the tree in what is committed.
    std::fs::rename(repo.path.join("sub"), repo.path.join("moved")).unwrap();
    std::os::unix::fs::symlink(&outside, repo.path.join("sub")).unwrap();
    git(&repo.path, &["add", "-A"]);
    git(&repo.path, &["commit", "-q", "-m", "a link"]);
    std::fs::remove_file(repo.path.join("sub")).unwrap();
    std::fs::create_dir(repo.path.join("sub")).unwrap();
    let sub = repo.path.join("sub");
    let (second, place) = repo.open_in(&sub, None).await;
    assert!(Path::new(&place.path).join("sub").is_symlink());
    assert_eq!(repo.rig.session(second).spec.directory, place.path);
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_is_said_and_leaves_nothing() {
    let mut repo = Repo::new();
    let path = repo.path.clone();
    let root = path.parent().unwrap().to_owned();
    git(&path, &["branch", "taken"]);
    let (why, instead) = repo.refused(&path, Some("taken")).await;
    assert_eq!((why.as_str(), instead.as_deref()), ("there is a branch taken already", Some("taken-2")));
    let (why, _) = repo.refused(&path, Some("taken/below")).await;
    assert!(why.contains("is in the way"), "{why}");
    for bad in ["-x", "a..b", "@{-1}", "a b", "a\u{1b}[31m", "refs/../x", "x.lock", "HEAD", ""] {
        let (why, _) = repo.refused(&path, Some(bad)).await;
        assert!(why.contains("cannot be the name") || why.contains("nobody can see"), "{bad:?}: {why}");
    }
    let plain = root.join("plain");
    std::fs::create_dir(&plain).unwrap();
    assert!(repo.refused(&plain, None).await.0.contains("not in a git repository"));
    let (why, _) = repo.refused(&root.join("remote.git"), None).await;
    assert!(why.contains("bare repository"), "{why}");
    let (why, _) = repo.refused(&path.join(".git"), None).await;
    assert!(why.contains("git's own folder"), "{why}");
    let (why, _) = repo.refused(&root.join("nowhere"), None).await;
    assert!(why.contains("there is no directory"), "{why}");
    git(&root, &["init", "-q", "empty"]);
    assert!(repo.refused(&root.join("empty"), None).await.0.contains("no commit yet"));
    assert_eq!(repo.branches(), "main\ntaken");
    repo.nothing_left();
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worktree_that_fails_half_way_is_taken_back() {
    let mut repo = Repo::new();
    // An object that is not there any more: the branch and the folder are made, and then git gives up.
    let blob = git(&repo.path, &["rev-parse", "HEAD:sub/b.txt"]);
    let object = repo.path.join(".git/objects").join(&blob[..2]).join(&blob[2..]);
    std::fs::remove_file(object).unwrap();
    let path = repo.path.clone();
    let (why, _) = repo.refused(&path, Some("half")).await;
    assert!(why.contains("worktree add"), "{why}");
    assert_eq!(repo.branches(), "main");
    repo.nothing_left();
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_worktree_goes_with_its_branch_and_comes_back_as_it_was() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("feat/login")).await;
    let tree = PathBuf::from(&place.path);
    write(&tree.join("target/big.bin"), "ignored");
    let before = state(&place);
    let report = repo.look(id).await;
    assert_eq!((report.verdict(), report.is_merged, report.ignored.n), (Verdict::Free, true, 1));
    let aside = repo.remove(id, &report, None).await.unwrap();
    assert!(!tree.exists() && Path::new(&aside.path).join("target/big.bin").exists() && aside.branch_goes);
    assert!(repo.branches().contains("feat/login"), "the branch goes only at the end");
    // A session whose folder is away takes nothing.
    repo.rig.prompt(id, "hello").await;
    repo.rig
        .wait(
            "the refusal",
            |kind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("nothing was sent")),
        )
        .await;
    git(&repo.path, &["worktree", "prune"]);
    repo.undo(id).await;
    assert_eq!(state(&place), before);
    assert!(tree.join("target/big.bin").exists());
    repo.rig.prompt(id, "hello").await;
    repo.rig.turn_end().await;
    let report = repo.look(id).await;
    repo.remove(id, &report, None).await.unwrap();
    assert!(repo.gone().await);
    assert_eq!(repo.branches(), "main");
    repo.nothing_left();
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_lost_is_listed_and_goes_only_when_the_branch_is_named() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("work")).await;
    let tree = PathBuf::from(&place.path);
    write(&tree.join("a.txt"), "changed");
    write(&tree.join("new\nline 新.txt"), "x");
    git(&tree, &["stash", "-q"]);
    write(&tree.join("b.txt"), "x");
    git(&tree, &["add", "b.txt"]);
    git(&tree, &["commit", "-q", "-m", "work that is nowhere else"]);
    write(&tree.join("a.txt"), "changed again");
    let before = state(&place);
    let report = repo.look(id).await;
    assert_eq!(report.verdict(), Verdict::Named);
    let losses = report.losses().join("\n");
    for expected in [
        "1 changed file: a.txt",
        "1 untracked file: new⏎line 新.txt",
        "1 commit that is on no remote and not merged:",
        "work that is nowhere else",
        "1 stash that was made here",
    ] {
        assert!(losses.contains(expected), "{losses}");
    }
    for wrong in [None, Some("wor"), Some("WORK"), Some("main")] {
        assert!(repo.remove(id, &report, wrong).await.unwrap_err().contains("was not named"), "{wrong:?}");
    }
    write(&tree.join("more.txt"), "x");
    let why = repo.remove(id, &report, Some("work")).await.unwrap_err();
    assert!(why.contains("has changed"), "{why}");
    std::fs::remove_file(tree.join("more.txt")).unwrap();
    let report = repo.look(id).await;
    repo.remove(id, &report, Some("work")).await.unwrap();
    repo.undo(id).await;
    assert_eq!(state(&place), before);
    let report = repo.look(id).await;
    repo.remove(id, &report, Some("work")).await.unwrap();
    assert!(repo.gone().await);
    assert_eq!(repo.branches(), "main");
    assert!(git(&repo.path, &["stash", "list"]).contains("WIP on work"), "stashes are the repository's");
    repo.nothing_left();
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_another_git_locks_is_tried_again_and_said() {
    let mut repo = Repo::new();
    for (branch, is_soon) in [("soon", true), ("late", false)] {
        let (id, place) = repo.open(Some(branch)).await;
        let report = repo.look(id).await;
        repo.remove(id, &report, None).await.unwrap();
        let lock = Path::new(&place.common_dir).join(format!("refs/heads/{branch}.lock"));
        std::fs::write(&lock, "").unwrap();
        if is_soon {
            let lock = lock.clone();
            tokio::spawn(async move {
                tokio::time::sleep(std::time::Duration::from_secs(11)).await;
                std::fs::remove_file(lock).unwrap();
            });
        } else {
            let told = |kind: &EventKind| {
                matches!(kind, EventKind::Noted(notice)
                    if notice.detail.as_deref().is_some_and(|why| why.contains("the branch late could not be deleted")))
            };
            repo.rig.wait("a word about it", told).await;
        }
        assert_eq!(repo.gone().await, is_soon, "{branch}");
        assert_eq!(repo.branches().contains(branch), !is_soon);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_or_merged_is_not_lost() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("pushed")).await;
    let tree = PathBuf::from(&place.path);
    write(&tree.join("b.txt"), "x");
    git(&tree, &["add", "b.txt"]);
    git(&tree, &["commit", "-q", "-m", "more"]);
    assert_eq!(repo.look(id).await.verdict(), Verdict::Named);
    git(&tree, &["push", "-q", "origin", "pushed"]);
    let report = repo.look(id).await;
    assert_eq!((report.verdict(), report.is_merged), (Verdict::Free, false));
    let aside = repo.remove(id, &report, None).await.unwrap();
    assert!(!aside.branch_goes, "it is not merged, and nobody named it");
    assert!(!repo.gone().await);
    assert!(repo.branches().contains("pushed"));

    let (id, place) = repo.open(Some("merged")).await;
    let tree = PathBuf::from(&place.path);
    write(&tree.join("c.txt"), "x");
    git(&tree, &["add", "c.txt"]);
    git(&tree, &["commit", "-q", "-m", "merged"]);
    git(&repo.path, &["merge", "-q", "merged"]);
    let report = repo.look(id).await;
    assert_eq!((report.verdict(), report.is_merged), (Verdict::Free, true));
    repo.remove(id, &report, None).await.unwrap();
    assert!(repo.gone().await);
    assert!(!repo.branches().contains("merged"));
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_locked_elsewhere_or_in_use_is_seen() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("busy")).await;
    let tree = PathBuf::from(&place.path);
    write(&tree.join("a.txt"), "mine\n");
    git(&tree, &["commit", "-q", "-a", "-m", "mine"]);
    write(&repo.path.join("a.txt"), "theirs\n");
    git(&repo.path, &["commit", "-q", "-a", "-m", "theirs"]);
    let rebase = Process::new("git")
        .args(["-c", "user.name=Me", "-c", "user.email=me@x", "rebase", "main"])
        .current_dir(&tree)
        .env("GIT_EDITOR", "true")
        .output();
    assert!(!rebase.unwrap().status.success());
    let report = repo.look(id).await;
    assert_eq!((report.under_way.as_deref(), report.head.as_deref()), (Some("a rebase"), None));
    assert_eq!(report.verdict(), Verdict::Named);
    git(&tree, &["rebase", "--abort"]);

    git(&repo.path, &["worktree", "lock", "--reason", "on a stick", &place.path]);
    let report = repo.look(id).await;
    let why = repo.remove(id, &report, Some("busy")).await.unwrap_err();
    assert!(why.contains("locked (“on a stick”)"), "{why}");
    git(&repo.path, &["worktree", "unlock", &place.path]);

    let mut child = Process::new("sleep").arg("100").current_dir(tree.join("sub")).spawn().unwrap();
    let report = repo.look(id).await;
    let why = repo.remove(id, &report, Some("busy")).await.unwrap_err();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(why.contains(&format!("sleep (process {})", child.id())), "{why}");

    // Another session in the same folder: it has the worktree too.
    let other = repo.rig.open_spec(SessionSpec { directory: place.path.clone(), ..SessionSpec::default() }).await;
    assert_eq!(repo.rig.session(other).worktree.as_ref().map(|tree| &tree.place), Some(&place));
    repo.rig.send(Command::LookAtWorktree { session: id }).await;
    let kept = repo.rig.wait("the refusal", |kind| matches!(kind, EventKind::WorktreeKept { .. })).await;
    assert!(matches!(&kept.kind, EventKind::WorktreeKept { why } if why.contains(&format!("session {other}"))));

    repo.rig.send(Command::Close { session: other }).await;
    repo.rig.wait("its end", |kind| matches!(kind, EventKind::Closed)).await;
    git(&tree, &["checkout", "-q", "--detach"]);
    write(&tree.join("d.txt"), "x");
    git(&tree, &["add", "."]);
    git(&tree, &["commit", "-q", "-m", "on no branch"]);
    let report = repo.look(id).await;
    assert!(report.losses().join("\n").contains("on no branch"), "{:?}", report.losses());

    // Its .git file leads elsewhere now: git is not sent there.
    std::fs::write(tree.join(".git"), format!("gitdir: {}/.git\n", repo.path.display())).unwrap();
    let report = repo.look(id).await;
    assert!(matches!(report.verdict(), Verdict::Kept(why) if why.contains(".git file")));
    std::fs::remove_dir_all(&tree).unwrap();
    let report = repo.look(id).await;
    assert!(matches!(report.verdict(), Verdict::Kept(why) if why.contains("is not there")));
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn submodules_count_with_what_they_have_of_their_own() {
    let mut repo = Repo::new();
    let root = repo.path.parent().unwrap().to_owned();
    git(&root, &["init", "-q", "-b", "main", "lib"]);
    write(&root.join("lib/l.txt"), "x");
    git(&root.join("lib"), &["add", "."]);
    git(&root.join("lib"), &["commit", "-q", "-m", "lib"]);
    git(&repo.path, &["submodule", "--quiet", "add", "../lib", "the lib"]);
    git(&repo.path, &["commit", "-q", "-a", "-m", "with a submodule"]);
    let (id, place) = repo.open(Some("subs")).await;
    let tree = PathBuf::from(&place.path);
    assert!(!tree.join("the lib/l.txt").exists(), "it is not checked out by itself");
    assert_eq!(repo.look(id).await.verdict(), Verdict::Free);
    git(&tree, &["submodule", "--quiet", "update", "--init"]);
    assert_eq!(repo.look(id).await.verdict(), Verdict::Free);
    write(&tree.join("the lib/own.txt"), "x");
    let report = repo.look(id).await;
    assert_eq!(report.losses(), ["1 submodule with work of its own: the lib (1 file, 0 commits)"]);
    git(&tree.join("the lib"), &["add", "."]);
    git(&tree.join("the lib"), &["commit", "-q", "-m", "own"]);
    let report = repo.look(id).await;
    assert!(report.losses().join("\n").contains("the lib (0 files, 1 commit)"), "{:?}", report.losses());
    let before = state(&place);
    repo.remove(id, &report, Some("subs")).await.unwrap();
    repo.undo(id).await;
    assert_eq!(state(&place), before);
    let report = repo.look(id).await;
    repo.remove(id, &report, Some("subs")).await.unwrap();
    assert!(repo.gone().await);
    repo.nothing_left();
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_repository_defines_is_run() {
    let mut repo = Repo::new();
    let trap = repo.rig.folder.path().join("sprung");
    let spring = format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", trap.display());
    let script = repo.path.join(".git/trap.sh");
    write(&script, &spring);
    let run = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    run(&script);
    write(&repo.path.join(".gitattributes"), "*.txt filter=evil diff=evil\n");
    git(&repo.path, &["add", "."]);
    git(&repo.path, &["commit", "-q", "-m", "attributes"]);
    for hook in ["post-checkout", "reference-transaction", "post-index-change", "pre-commit", "fsmonitor-watchman"] {
        write(&repo.path.join(".git/hooks").join(hook), &spring);
        run(&repo.path.join(".git/hooks").join(hook));
    }
    let script = script.display().to_string();
    write(&repo.path.join(".git/more"), &format!("[filter \"evil\"]\n\tsmudge = {script}\n\tprocess = {script}\n"));
    for (key, value) in [
        ("core.fsmonitor", script.as_str()),
        ("core.hooksPath", repo.path.join(".git/hooks").to_str().unwrap()),
        ("core.pager", &script),
        ("core.editor", &script),
        ("core.sshCommand", &script),
        ("core.askPass", &script),
        ("credential.helper", &script),
        ("diff.external", &script),
        ("diff.evil.textconv", &script),
        ("diff.evil.command", &script),
        ("filter.evil.clean", &script),
        ("filter.evil.required", "true"),
        ("gpg.program", &script),
        ("log.showSignature", "true"),
        ("hook.evil.command", &script),
        ("hook.evil.event", "post-checkout"),
        ("alias.status", &format!("!{script}")),
        ("include.path", "more"),
    ] {
        git(&repo.path, &["-c", "core.hooksPath=/dev/null", "config", key, value]);
    }
    let _ = std::fs::remove_file(&trap);
    let (id, place) = repo.open(Some("safe")).await;
    let tree = PathBuf::from(&place.path);
    write(&tree.join("a.txt"), "changed\n");
    let report = repo.look(id).await;
    assert_eq!(report.changed.first, ["a.txt"]);
    repo.remove(id, &report, Some("safe")).await.unwrap();
    repo.undo(id).await;
    let report = repo.look(id).await;
    repo.remove(id, &report, Some("safe")).await.unwrap();
    assert!(repo.gone().await);
    assert!(!trap.exists(), "{}", std::fs::read_to_string(&trap).unwrap_or_default());
    // The trap does spring for one who does not take care.
    let careless = Process::new("git").args(["worktree", "add", "-q", "../careless"]).current_dir(&repo.path).output();
    assert!(careless.is_ok() && trap.exists());
    repo.rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_within_the_time_keeps_the_way_back() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("again")).await;
    let before = state(&place);
    let report = repo.look(id).await;
    repo.remove(id, &report, None).await.unwrap();
    let Repo { rig, script, path } = repo;
    let mut repo = Repo { rig: rig.restart().await, script, path };
    assert!(repo.rig.session(id).is_aside());
    repo.undo(id).await;
    assert_eq!(state(&place), before);
    let report = repo.look(id).await;
    repo.remove(id, &report, None).await.unwrap();
    let Repo { rig, script, path } = repo;
    let mut repo = Repo { rig: rig.restart().await, script, path };
    assert!(repo.gone().await, "what nobody undid is finished");
    repo.nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_left_half_done_is_settled_at_the_next_start() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("cut")).await;
    let (gone, doomed) = repo.open(Some("doomed")).await;
    let before = state(&place);
    let root = repo.rig.folder.path().join("data/worktrees/.adjutant");
    let note = |name: &str, phase: &str, place: &Place, branch: Option<&str>| {
        // Of a process that is no more.
        let entry = serde_json::json!({"phase": phase, "place": place, "branch_goes": branch, "pid": i32::MAX});
        write(&root.join(name).join("entry.json"), &entry.to_string());
    };
    for session in [id, gone] {
        repo.rig.send(Command::Close { session }).await;
        repo.rig.wait("its end", |kind| matches!(kind, EventKind::Closed)).await;
    }
    // Moved, and not told; half deleted; half made.
    note("moved", "Aside", &place, Some(&place.base));
    std::fs::rename(&place.path, root.join("moved/tree")).unwrap();
    note("deleting", "Doomed", &doomed, Some(&doomed.base));
    std::fs::rename(&doomed.path, root.join("deleting/tree")).unwrap();
    git(&repo.path, &["worktree", "repair", root.join("deleting/tree").to_str().unwrap()]);
    std::fs::remove_file(root.join("deleting/tree/.git")).unwrap();
    let half = Place {
        path: doomed.path.replace("doomed", "half"),
        branch: "half".into(),
        git_dir: String::new(),
        ..place.clone()
    };
    note("making", "Making", &half, None);
    git(&repo.path, &["branch", "half"]);
    git(&repo.path, &["worktree", "add", "-q", &half.path, "half"]);
    let Repo { rig, script, path } = repo;
    let mut repo = Repo { rig: rig.restart().await, script, path };
    let start = std::time::Instant::now();
    while root.join("moved").exists() || root.join("deleting").exists() || root.join("making").exists() {
        assert!(start.elapsed().as_secs() < 60, "left: {:?}", walk(&root));
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(!Path::new(&half.path).exists() && !Path::new(&doomed.path).exists());
    assert_eq!(repo.branches(), "cut\nmain");
    let after = state(&place);
    assert_eq!((after.0, after.1), (before.0, before.1));
    // The worktree that was kept is known again.
    let again = repo.rig.open_spec(SessionSpec { directory: place.path.clone(), ..SessionSpec::default() }).await;
    assert_eq!(repo.rig.session(again).worktree.as_ref().map(|tree| &tree.place), Some(&place));
    let report = repo.look(again).await;
    repo.remove(again, &report, None).await.unwrap();
    assert!(repo.gone().await);
    repo.nothing_left();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_the_way_of_the_return_keeps_both() {
    let mut repo = Repo::new();
    let (id, place) = repo.open(Some("blocked")).await;
    write(&PathBuf::from(&place.path).join("work.txt"), "precious");
    let report = repo.look(id).await;
    let aside = repo.remove(id, &report, Some("blocked")).await.unwrap();
    write(&PathBuf::from(&place.path).join("other.txt"), "x");
    repo.rig.send(Command::RestoreWorktree { session: id, by: Surface::Terminal }).await;
    let held = |kind: &EventKind| matches!(kind, EventKind::WorktreeAside { aside, .. } if aside.until.is_none());
    repo.rig.wait("that it is kept", held).await;
    assert!(Path::new(&aside.path).join("work.txt").exists());
    std::fs::remove_dir_all(&place.path).unwrap();
    repo.undo(id).await;
    assert!(PathBuf::from(&place.path).join("work.txt").exists());
    repo.rig.end().await;
}
