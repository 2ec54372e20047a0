//! Removing a worktree: put aside first, put back if somebody wants it, deleted when the time is up.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::DISK_PATIENCE;
use super::Outcome;
use super::UNDO;
use super::git::Git;
use super::git::LOOK;
use super::git::WRITE;
use super::journal;
use super::journal::Entry;
use super::journal::Phase;
use super::look;
use super::make;
use super::on_disk;
use super::root_of;
use crate::clock;
use crate::core::ids::Timestamp;
use crate::core::worktree::Aside;
use crate::core::worktree::Place;
use crate::core::worktree::Verdict;

/// How long another git may hold a lock before a branch is left for the next start.
const LOCK_PAUSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
];

/// Puts it aside, if it is as it was seen and nothing is lost that was not named.
pub(super) async fn put_aside(place: &Place, seen: &str, named: Option<&str>) -> Result<Outcome, String> {
    let report = look::look(place).await?;
    let refuse = |why: String| Ok(Outcome::Refused { why, report: Some(report.clone()) });
    if let Verdict::Kept(why) = report.verdict() {
        return refuse(why);
    }
    if report.mark != seen {
        return refuse("something in it has changed since it was looked at".into());
    }
    let is_named = named == Some(place.branch.as_str());
    if report.verdict() == Verdict::Named && !is_named {
        return refuse(format!("what is in it would be lost, and the branch {} was not named", place.branch));
    }
    let git = Git::on(Path::new(&place.common_dir), None).await?;
    let end = look::own_branch(&git, place).await?;
    let branch_goes = end.filter(|_| report.is_merged || is_named);
    let id = uuid::Uuid::new_v4().to_string();
    let folder = root_of(place).and_then(|root| journal::folder(&root, &id)).ok_or("there is no place to put it")?;
    let entry = Entry::new(Phase::Aside, place, branch_goes.clone());
    let at = folder.clone();
    on_disk("it could not be put aside", DISK_PATIENCE, move || journal::write(&at, &entry)).await?;
    let (from, to) = (PathBuf::from(&place.path), journal::tree(&folder));
    if let Err(why) = carry(&git, from.clone(), to.clone()).await {
        // Whichever step it was: the folder is where it was, or is brought there. Its entry stays as long as not.
        let _ = carry(&git, to, from).await;
        close(folder).await;
        return Err(why);
    }
    let until = clock::now().0.saturating_add(i64::try_from(UNDO.as_millis()).unwrap_or(0));
    let aside = Aside {
        id,
        path: to.to_string_lossy().into_owned(),
        until: Some(Timestamp(until)),
        tip: report.tip.clone(),
        branch_goes: branch_goes.is_some(),
    };
    let mut lost = report.losses();
    lost.extend(report.remarks(place));
    Ok(Outcome::Aside { aside, lost })
}

/// Moves a worktree's folder, and tells git where it is. Git's own move would refuse one with submodules.
async fn carry(git: &Git, from: PathBuf, to: PathBuf) -> Result<(), String> {
    let (source, target) = (from.clone(), to.clone());
    on_disk("the worktree could not be moved", DISK_PATIENCE, move || {
        if target.symlink_metadata().is_ok() {
            return Err(io::Error::other(format!("{} is in the way", target.display())));
        }
        if let Some(above) = target.parent() {
            crate::disk::private_dir(above)?;
        }
        std::fs::rename(source, target)
    })
    .await?;
    git.want(&["worktree".as_ref(), "repair".as_ref(), "--".as_ref(), to.as_os_str()], LOOK).await?;
    Ok(())
}

async fn close(folder: PathBuf) {
    if let Err(why) = on_disk("an entry could not be closed", DISK_PATIENCE, move || journal::close(&folder)).await {
        tracing::warn!(why, "the entry of a removal stays");
    }
}

fn folder_of(place: &Place, id: &str) -> Result<PathBuf, String> {
    let folder = root_of(place).and_then(|root| journal::folder(&root, id));
    folder.ok_or_else(|| "the entry of the removal has a strange name".into())
}

/// Puts it where it was.
pub(super) async fn put_back(place: &Place, aside: &Aside) -> Result<(), String> {
    let folder = folder_of(place, &aside.id)?;
    put_back_from(place, folder).await
}

pub(super) async fn put_back_from(place: &Place, folder: PathBuf) -> Result<(), String> {
    let git = Git::on(Path::new(&place.common_dir), None).await?;
    let (from, to) = (journal::tree(&folder), PathBuf::from(&place.path));
    let (is_aside, is_back) = (from.clone(), to.clone());
    let is_back = on_disk("the worktree could not be found", DISK_PATIENCE, move || {
        Ok(!is_aside.exists() && is_back.join(".git").exists())
    });
    if !is_back.await? {
        carry(&git, from, to).await?;
    }
    close(folder).await;
    Ok(())
}

/// Deletes it for good, unless it is back where it was.
pub(super) async fn delete(place: &Place, aside: &Aside) -> Result<Outcome, String> {
    let folder = folder_of(place, &aside.id)?;
    let (at, is_back) = (folder.clone(), PathBuf::from(&place.path));
    let entry =
        on_disk("the entry of the removal could not be read", DISK_PATIENCE, move || match journal::read(&at) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        });
    let Some(entry) = entry.await? else {
        let is_back = on_disk("the worktree could not be found", DISK_PATIENCE, move || Ok(is_back.exists())).await?;
        return Ok(if is_back { Outcome::Back } else { Outcome::Gone { branch_gone: false, trouble: None } });
    };
    let (branch_gone, trouble) = delete_from(entry, folder).await;
    Ok(Outcome::Gone { branch_gone, trouble })
}

/// Deletes what an entry names. Tells whether the branch is gone, and what went wrong; that is tried again when
/// the next engine starts.
pub(super) async fn delete_from(mut entry: Entry, folder: PathBuf) -> (bool, Option<String>) {
    entry.phase = Phase::Doomed;
    let place = entry.place.clone();
    let (at, goes) = (folder.clone(), entry.branch_goes.clone());
    let tree = journal::tree(&folder);
    let deleting = on_disk("what was removed could not be deleted", WRITE, move || {
        journal::write(&at, &entry)?;
        delete_tree(&journal::tree(&at))
    });
    if let Err(why) = deleting.await {
        return (false, Some(why));
    }
    let forgotten = match Git::on(Path::new(&place.common_dir), None).await {
        Ok(git) => forget(&git, &place, &tree, goes).await,
        Err(error) => Err(error.to_string()),
    };
    match forgotten {
        Ok(branch_gone) => {
            close(folder).await;
            if let Some(root) = root_of(&place) {
                let gone = place.clone();
                // An entry of what is gone is found again when the next engine starts.
                let _ = on_disk("", DISK_PATIENCE, move || journal::forget(&root, &gone)).await;
            }
            make::leave(&place).await;
            (branch_gone, None)
        }
        // A repository that is gone keeps nothing.
        Err(_) if !Path::new(&place.common_dir).exists() => {
            close(folder).await;
            (true, None)
        }
        Err(why) => (false, Some(why)),
    }
}

/// Takes it out of git's lists, and the branch with it if it is as it was.
async fn forget(git: &Git, place: &Place, tree: &Path, goes: Option<String>) -> Result<bool, String> {
    let words = ["worktree", "remove", "--force", "--force", "--"].map(std::ffi::OsStr::new);
    let words: Vec<&std::ffi::OsStr> = words.into_iter().chain([tree.as_os_str()]).collect();
    let removed = git.run(&words, LOOK).await?;
    if !removed.is_ok && Path::new(&place.git_dir).exists() {
        return Err(removed.failed("worktree remove").to_string());
    }
    let Some(end) = goes else { return Ok(false) };
    if look::own_branch(git, place).await?.as_deref() != Some(end.as_str()) {
        return Ok(false);
    }
    for pause in LOCK_PAUSES {
        let deleted = git.run(&["branch", "-q", "-D", "--", &place.branch], LOOK).await?;
        if deleted.is_ok {
            return Ok(true);
        }
        // It refuses one that is checked out elsewhere meanwhile; what another git holds is free again soon.
        if !deleted.is_locked() {
            return Ok(false);
        }
        tokio::time::sleep(pause).await;
    }
    Err(format!("the branch {} could not be deleted: another git holds a lock in the repository", place.branch))
}

/// Deletes a folder. One that lets nobody write into it, as package caches do, is opened first. Blocking.
fn delete_tree(tree: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(tree) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            open_folders(tree)?;
            std::fs::remove_dir_all(tree)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn open_folders(tree: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut folders = vec![tree.to_owned()];
    while let Some(folder) = folders.pop() {
        let mode = folder.symlink_metadata()?.permissions().mode();
        if mode & 0o700 != 0o700 {
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode | 0o700))?;
        }
        for entry in std::fs::read_dir(&folder)? {
            let entry = entry?;
            // Of the entry itself: no link is followed.
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}
