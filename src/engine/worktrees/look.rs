//! What is in a worktree: everything that a removal could lose. What cannot be found out is an error, never "clean".

use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

use super::DISK_PATIENCE;
use super::git::Git;
use super::git::LOOK;
use super::on_disk;
use super::status;
use super::status::short;
use super::users;
use crate::core::file_name;
use crate::core::worktree::Listed;
use crate::core::worktree::Place;
use crate::core::worktree::Report;

/// Commits that are counted.
const MAX_COMMITS: &str = "--max-count=10000";
/// Submodules inside submodules that are looked at.
const MAX_DEPTH: usize = 5;
/// A reason for a lock is a line.
const MAX_REASON: usize = 200;

/// What is under way in a repository's own folder, as git itself tells it.
const UNDER_WAY: [(&str, &str); 6] = [
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("MERGE_HEAD", "a merge"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("BISECT_LOG", "a bisection"),
];

/// What the files themselves tell.
struct Outside {
    odd: Option<String>,
    locked: Option<String>,
    under_way: Option<String>,
    users: Vec<String>,
}

pub(super) async fn look(place: &Place) -> Result<Report, String> {
    let known = place.clone();
    let outside = on_disk("the worktree could not be looked at", DISK_PATIENCE, move || Ok(outside(&known))).await?;
    if outside.odd.is_some() {
        return Ok(Report { odd: outside.odd, ..Report::default() });
    }
    let (tree, git_dir) = (Path::new(&place.path), Path::new(&place.git_dir));
    let git = Git::on(git_dir, Some(tree)).await?;
    let mut seen = Sha256::new();
    let bytes = git.want(&status::WORDS, LOOK).await?;
    seen.update(&bytes);
    let status = status::read(&bytes).ok_or("git's list of changes could not be read")?;
    let mut report = Report {
        head: status.head,
        tip: status.tip,
        changed: status.changed,
        untracked: status.untracked,
        ignored: status.ignored,
        locked: outside.locked,
        under_way: outside.under_way,
        users: outside.users,
        ..Report::default()
    };
    let branch = own_branch(&git, place).await?;
    seen.update(format!("{branch:?}"));
    let ends: Vec<String> = report.tip.iter().chain(&branch).cloned().collect();
    let bases = bases(&git, place).await?;
    report.commits = commits(&git, &ends, &bases, true).await?;
    report.is_merged = match &branch {
        Some(tip) => commits(&git, std::slice::from_ref(tip), &bases, false).await?.is_empty(),
        None => false,
    };
    report.stashes = stashes(&git, place, report.head.as_deref()).await?;
    report.submodules = submodules(&git, tree).await?;
    seen.update(format!("{report:?}"));
    report.mark = format!("{:x}", seen.finalize());
    Ok(report)
}

/// What its files tell without git. Blocking.
fn outside(place: &Place) -> Outside {
    let git_dir = Path::new(&place.git_dir);
    let exists = |name: &str| git_dir.join(name).symlink_metadata().is_ok();
    let reason = std::fs::read_to_string(git_dir.join("locked")).unwrap_or_default();
    Outside {
        odd: odd(place),
        locked: exists("locked").then(|| reason.trim().chars().take(MAX_REASON).collect()),
        under_way: UNDER_WAY.iter().find(|(name, _)| exists(name)).map(|(_, what)| (*what).to_owned()),
        users: users::of(Path::new(&place.path)),
    }
}

/// Why it is not the worktree that was made.
fn odd(place: &Place) -> Option<String> {
    let (tree, git_dir) = (Path::new(&place.path), Path::new(&place.git_dir));
    if !tree.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return Some(format!("its folder {} is not there", place.path));
    }
    if !git_dir.join("HEAD").is_file() {
        return Some(format!("the repository in {} does not know it any more", place.common_dir));
    }
    // Whoever works in it can write there: git must not be led elsewhere.
    let said = std::fs::read_to_string(tree.join(".git")).unwrap_or_default();
    let said = said.trim_end_matches('\n').strip_prefix("gitdir: ").map(|path| tree.join(path));
    let leads = said.and_then(|path| std::fs::canonicalize(path).ok());
    let expected = std::fs::canonicalize(git_dir).ok();
    (leads.is_none() || leads != expected).then(|| "its .git file is not as git wrote it".to_owned())
}

/// The end of the branch that was made for it.
pub(super) async fn own_branch(git: &Git, place: &Place) -> Result<Option<String>, String> {
    let name = format!("refs/heads/{}", place.branch);
    Ok(git.line_if(&["rev-parse", "--verify", "-q", &name]).await?)
}

/// What its commits are compared with: where it began, and the branch that it began on as it is now.
async fn bases(git: &Git, place: &Place) -> Result<Vec<String>, String> {
    let mut bases = Vec::new();
    let named = place.base_branch.iter().map(|name| format!("refs/heads/{name}"));
    for name in named.chain([place.base.clone()]) {
        bases.extend(git.line_if(&["rev-parse", "--verify", "-q", &format!("{name}^{{commit}}")]).await?);
    }
    Ok(bases)
}

/// Commits of these ends that are not in the others, nor on any remote.
async fn commits(git: &Git, ends: &[String], others: &[String], remotes: bool) -> Result<Listed, String> {
    let mut listed = Listed::default();
    if ends.is_empty() {
        return Ok(listed);
    }
    let mut words: Vec<&str> = vec!["rev-list", MAX_COMMITS, "--format=%h %s"];
    words.extend(ends.iter().map(String::as_str));
    words.push("--not");
    words.extend(others.iter().map(String::as_str));
    if remotes {
        words.push("--remotes");
    }
    words.push("--");
    let bytes = git.want(&words, LOOK).await?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter(|line| !line.starts_with("commit ")).for_each(|line| listed.push(short(line)));
    Ok(listed)
}

/// Stashes that name the branch. They are the repository's and stay, but somebody meant to come back to them.
async fn stashes(git: &Git, place: &Place, head: Option<&str>) -> Result<Listed, String> {
    let mut listed = Listed::default();
    if git.line_if(&["rev-parse", "--verify", "-q", "refs/stash"]).await?.is_none() {
        return Ok(listed);
    }
    let bytes = git.want(&["log", "-g", "--no-show-signature", "--format=%gs", "refs/stash", "--"], LOOK).await?;
    let text = String::from_utf8_lossy(&bytes);
    for line in text.lines() {
        let on = line.strip_prefix("WIP on ").or_else(|| line.strip_prefix("On "));
        let is_of =
            |branch: &str| on.is_some_and(|on| on.strip_prefix(branch).is_some_and(|rest| rest.starts_with(':')));
        if is_of(&place.branch) || head.is_some_and(is_of) {
            listed.push(short(line));
        }
    }
    Ok(listed)
}

/// Submodules that were checked out in it and have something of their own. What git keeps of them goes with the
/// worktree.
async fn submodules(git: &Git, tree: &Path) -> Result<Listed, String> {
    let mut listed = Listed::default();
    let mut open: Vec<(PathBuf, usize)> = below(git, tree).await?.into_iter().map(|path| (path, 1)).collect();
    while let Some((path, depth)) = open.pop() {
        let has_own = path.join(".git").symlink_metadata().is_ok();
        if !has_own {
            continue;
        }
        let name = short(&file_name::shown(path.strip_prefix(tree).unwrap_or(&path)));
        let inner = Git::open(&path).await?;
        // Git must have found the submodule, and not what it lies in.
        let top = inner.line(&["rev-parse", "--path-format=absolute", "--show-toplevel"]).await?;
        if std::fs::canonicalize(&top).ok() != std::fs::canonicalize(&path).ok() {
            listed.push(format!("{name} (cannot be looked at)"));
            continue;
        }
        let bytes = inner.want(&status::WORDS, LOOK).await?;
        let status = status::read(&bytes).ok_or("git's list of changes in a submodule could not be read")?;
        let n_files = status.changed.n + status.untracked.n;
        let words = ["rev-list", "--count", "--branches", "HEAD", "--not", "--remotes", "--"];
        let n_commits = match status.tip {
            Some(_) => inner.line(&words).await?,
            None => "0".into(),
        };
        let is_deep = depth >= MAX_DEPTH;
        if n_files > 0 || n_commits != "0" || is_deep {
            listed.push(format!(
                "{name} ({}, {n_commits} {})",
                crate::core::figures::count(n_files as u64, "file", "files"),
                if n_commits == "1" { "commit" } else { "commits" }
            ));
        } else {
            open.extend(below(&inner, &path).await?.into_iter().map(|path| (path, depth + 1)));
        }
    }
    Ok(listed)
}

/// The places of submodules in a tree.
async fn below(git: &Git, tree: &Path) -> Result<Vec<PathBuf>, String> {
    use std::os::unix::ffi::OsStrExt as _;
    let bytes = git.want(&["ls-files", "--stage", "-z"], LOOK).await?;
    let links = bytes.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 "));
    let names = links.filter_map(|entry| entry.splitn(2, |byte| *byte == b'\t').nth(1));
    Ok(names.map(|name| tree.join(std::ffi::OsStr::from_bytes(name))).collect())
}
