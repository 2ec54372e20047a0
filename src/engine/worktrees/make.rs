//! Making a worktree for a session that is being opened. What fails leaves nothing behind.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use super::DISK_PATIENCE;
use super::copies;
use super::git::Git;
use super::git::GitError;
use super::git::LOOK;
use super::git::WRITE;
use super::journal;
use super::journal::Entry;
use super::journal::Phase;
use super::names;
use super::names::Branches;
use super::on_disk;
use super::status;
use crate::core::cell::Notice;
use crate::core::worktree::Place;

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// The number of the session, for a name.
    pub(crate) session: u32,
    pub(crate) title: Option<String>,
    pub(crate) directory: PathBuf,
    pub(crate) branch: Option<String>,
    /// The folder of all worktrees.
    pub(crate) root: PathBuf,
    /// Files to bring along, seen from the repository's top.
    pub(crate) copy: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) place: Place,
    /// The directory in it that is as far below its top as the one that it was asked for in.
    pub(crate) directory: String,
    pub(crate) notice: Notice,
    /// Of the entry that [`confirm`] completes.
    entry: PathBuf,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotMade {
    pub(crate) why: String,
    /// A name that is free.
    pub(crate) instead: Option<String>,
}

impl From<String> for NotMade {
    fn from(why: String) -> Self {
        Self { why, instead: None }
    }
}

impl From<GitError> for NotMade {
    fn from(error: GitError) -> Self {
        error.to_string().into()
    }
}

/// What a worktree is made from.
struct Source {
    git: Git,
    top: PathBuf,
    prefix: String,
    common_dir: PathBuf,
    base: String,
    base_branch: Option<String>,
}

/// Makes it: a branch, a folder, and what is committed in it.
pub(crate) async fn make(order: &Order) -> Result<Made, NotMade> {
    let source = find(&order.directory).await?;
    let branch = name(order, &source).await?;
    let root = order.root.clone();
    let wanted = (names::of_repository(&source.common_dir), names::folder(&branch));
    let path = on_disk("the folder of the worktree could not be made", DISK_PATIENCE, move || reserve(&root, &wanted));
    let path = text(&path.await?)?;
    let mut place = Place {
        path,
        git_dir: String::new(),
        common_dir: text(&source.common_dir)?,
        origin: order.directory.to_string_lossy().into_owned(),
        branch,
        base: source.base.clone(),
        base_branch: source.base_branch.clone(),
    };
    let id = uuid::Uuid::new_v4().to_string();
    let root = super::root_of(&place).unwrap_or_default();
    let entry = journal::folder(&root, &id).unwrap_or_default();
    let (at, begun) = (entry.clone(), Entry::new(Phase::Making, &place, None));
    let noted = on_disk("its entry could not be written", DISK_PATIENCE, move || journal::write(&at, &begun)).await;
    let filled = match noted {
        Ok(()) => fill(&source, &mut place).await,
        Err(why) => Err(why.into()),
    };
    if let Err(why) = filled {
        take_back(&place).await;
        close(entry).await;
        return Err(why);
    }
    let (from, to, names) = (source.top.clone(), PathBuf::from(&place.path), order.copy.clone());
    let brought = on_disk("files could not be copied", DISK_PATIENCE, move || Ok(copies::bring(&from, &to, &names)));
    let remarks = brought.await.unwrap_or_else(|why| vec![why]);
    let directory = inside(&place, &source.prefix).await;
    let notice = told(&source, &place, remarks).await;
    Ok(Made { place, directory, notice, entry })
}

/// The session is known: the worktree is its own from now on.
pub(crate) async fn confirm(made: Made) {
    keep(made.entry, made.place).await;
}

/// Notes that the worktree is there.
pub(super) async fn keep(folder: PathBuf, place: Place) {
    let entry = Entry::new(Phase::Made, &place, None);
    let noted = on_disk("its entry could not be written", DISK_PATIENCE, move || journal::write(&folder, &entry));
    if let Err(why) = noted.await {
        tracing::warn!(why, "a worktree is not noted");
    }
}

async fn close(entry: PathBuf) {
    if let Err(why) = on_disk("an entry could not be closed", DISK_PATIENCE, move || journal::close(&entry)).await {
        tracing::warn!(why, "a worktree's entry stays");
    }
}

async fn find(directory: &Path) -> Result<Source, NotMade> {
    let shown = directory.display();
    let git = Git::open(directory).await.map_err(|error| explain(&error, directory))?;
    let bare = git.line(&["rev-parse", "--is-bare-repository"]).await.map_err(|error| explain(&error, directory))?;
    if bare == "true" {
        return Err(is_bare(directory).into());
    }
    if git.line(&["rev-parse", "--is-inside-work-tree"]).await? != "true" {
        return Err(format!("{shown} is inside of git's own folder").into());
    }
    git.check_age().await?;
    let absolute = "--path-format=absolute";
    let top = PathBuf::from(git.line(&["rev-parse", absolute, "--show-toplevel"]).await?);
    let common_dir = PathBuf::from(git.line(&["rev-parse", absolute, "--git-common-dir"]).await?);
    let prefix = git.line(&["rev-parse", "--show-prefix"]).await?;
    let base = git.line_if(&["rev-parse", "--verify", "-q", "HEAD^{commit}"]).await?;
    let base = base.ok_or_else(|| format!("the repository at {} has no commit yet", top.display()))?;
    let base_branch = git.line_if(&["symbolic-ref", "-q", "--short", "HEAD"]).await?;
    Ok(Source { git, top, prefix, common_dir, base, base_branch })
}

fn is_bare(directory: &Path) -> String {
    format!("{} is a bare repository; ask for a worktree in one of its working directories", directory.display())
}

fn explain(error: &GitError, directory: &Path) -> String {
    let shown = directory.display();
    match error.said() {
        said if said.contains("not a git repository") => format!("{shown} is not in a git repository"),
        said if said.contains("bare repository") => is_bare(directory),
        said if said.contains("dubious ownership") => {
            format!("git does not trust {shown}: it belongs to somebody else (see `git help config`, safe.directory)")
        }
        _ => error.to_string(),
    }
}

/// The name of the new branch: the one asked for, if it can be had, or one of ours.
async fn name(order: &Order, source: &Source) -> Result<String, NotMade> {
    let listed = source.git.want(&["for-each-ref", "--format=%(refname)", "refs/heads/"], LOOK).await?;
    let branches = Branches::read(&String::from_utf8_lossy(&listed));
    let Some(name) = &order.branch else {
        let chosen = branches.choose(order.title.as_deref(), order.session);
        return chosen.ok_or_else(|| "no name for a branch is free".to_owned().into());
    };
    names::check(name)?;
    // It also takes names such as @{-1}, which stand for another.
    let checked = source.git.line_if(&["check-ref-format", "--branch", name]).await?;
    if checked.as_ref() != Some(name) {
        return Err(format!("“{name}” cannot be the name of a branch").into());
    }
    match branches.in_the_way(name) {
        None => Ok(name.clone()),
        Some(taken) => {
            let why = if taken.eq_ignore_ascii_case(name) {
                format!("there is a branch {taken} already")
            } else {
                format!("the branch {taken} is in the way of {name}")
            };
            Err(NotMade { why, instead: branches.free(name) })
        }
    }
}

/// Makes a folder that nobody has, below the one of the repository.
fn reserve(root: &Path, (repository, name): &(String, String)) -> io::Result<PathBuf> {
    let above = root.join(repository);
    crate::disk::private_dir(&above)?;
    let above = std::fs::canonicalize(above)?;
    for n in 1..names::MAX_TRIES {
        let path = above.join(if n == 1 { name.clone() } else { format!("{name}-{n}") });
        match std::fs::create_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path),
        }
    }
    Err(io::Error::other("no name is free in it"))
}

fn text(path: &Path) -> Result<String, String> {
    let text = path.to_str().ok_or_else(|| format!("the name {} is not UTF-8", path.display()))?;
    if text.contains('\n') {
        return Err(format!("git cannot keep a worktree in {}: there is a line break in the name", path.display()));
    }
    Ok(text.to_owned())
}

/// Makes the branch and checks it out.
async fn fill(source: &Source, place: &mut Place) -> Result<(), NotMade> {
    let git = Git::on(&source.common_dir, None).await?;
    // By itself, so that it is known to be ours from here on.
    git.want(&["branch", "--no-track", &place.branch, &place.base], LOOK).await?;
    git.want(&["worktree", "add", "-q", "--", &place.path, &place.branch], WRITE).await?;
    let tree = Git::open(Path::new(&place.path)).await?;
    place.git_dir = tree.line(&["rev-parse", "--absolute-git-dir"]).await?;
    Ok(())
}

/// Takes back what was made, as far as it was: the branch only if nothing has come onto it.
pub(super) async fn take_back(place: &Place) {
    if let Ok(git) = Git::on(Path::new(&place.common_dir), None).await {
        // Each fails when there is nothing to take back.
        let _ = git.run(&["worktree", "remove", "--force", "--force", "--", &place.path], WRITE).await;
        clear(PathBuf::from(&place.path)).await;
        let branch = format!("refs/heads/{}", place.branch);
        let _ = git.run(&["update-ref", "-d", &branch, &place.base], LOOK).await;
    }
    clear(PathBuf::from(&place.path)).await;
    leave(place).await;
}

async fn clear(path: PathBuf) {
    let cleared = on_disk("a folder could not be removed", WRITE, move || match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    });
    if let Err(why) = cleared.await {
        tracing::warn!(why, "a worktree that failed was not cleared away");
    }
}

/// Removes the folder of the repository's worktrees, if none is left in it.
pub(super) async fn leave(place: &Place) {
    let Some(above) = Path::new(&place.path).parent().map(Path::to_owned) else { return };
    // It stays while there is anything in it.
    let _ = on_disk("", DISK_PATIENCE, move || std::fs::remove_dir(above)).await;
}

/// The same place below the top, if that is there and inside.
async fn inside(place: &Place, prefix: &str) -> String {
    let top = PathBuf::from(&place.path);
    let wanted = top.join(prefix.trim_end_matches('/'));
    let found = on_disk("", DISK_PATIENCE, move || {
        let found = std::fs::canonicalize(wanted)?;
        if found.starts_with(&top) && found.is_dir() { Ok(found) } else { Err(io::Error::other("elsewhere")) }
    });
    found.await.ok().and_then(|found| text(&found).ok()).unwrap_or_else(|| place.path.clone())
}

/// What the person must know of it.
async fn told(source: &Source, place: &Place, mut remarks: Vec<String>) -> Notice {
    let from = place.base_branch.clone().unwrap_or_else(|| "no branch".into());
    let commit: String = place.base.chars().take(10).collect();
    let words = [
        "status",
        "--porcelain=v2",
        "-z",
        "--branch",
        "--untracked-files=normal",
        "--ignore-submodules=all",
        "--no-renames",
    ];
    let status = source.git.want(&words, LOOK).await.ok().and_then(|bytes| status::read(&bytes));
    let n_left = status.as_ref().map(|status| status.changed.n + status.untracked.n);
    let left = match n_left {
        Some(0) => String::new(),
        Some(1) => format!(" 1 change that is not committed in {} is not in it.", source.top.display()),
        Some(n) => format!(" {n} changes that are not committed in {} are not in it.", source.top.display()),
        None => format!(" What is not committed in {} is not in it.", source.top.display()),
    };
    if source.git.has_own_programs() {
        remarks.push("Filters and hooks that the repository itself defines were not run.".into());
    }
    if Path::new(&place.path).join(".gitmodules").exists() {
        remarks.push("Submodules are not checked out in it.".into());
    }
    let notice = Notice::info(format!(
        "This session works in a git worktree of its own, on the new branch {}, made from {from} ({commit}).{left}",
        place.branch
    ));
    remarks.insert(0, place.path.clone());
    notice.with_detail(remarks.join("\n"))
}
