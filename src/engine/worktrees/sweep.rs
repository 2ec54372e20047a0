//! What an engine that was killed left half done: finished or taken back, whichever loses nothing.

use std::collections::HashSet;
use std::path::PathBuf;

use super::DISK_PATIENCE;
use super::journal;
use super::journal::Entry;
use super::journal::Phase;
use super::make;
use super::on_disk;
use super::remove;
use super::root_of;
use crate::core::worktree::Place;
use crate::core::worktree::Worktree;

/// What the sessions of the earlier engine know.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Folders in which worktrees may be.
    roots: HashSet<PathBuf>,
    /// Worktrees that are a session's own.
    paths: HashSet<String>,
    /// Removals that a session goes on with by itself.
    removals: HashSet<String>,
}

impl Known {
    pub(crate) fn new<'a>(root: PathBuf, worktrees: impl Iterator<Item = &'a Worktree>) -> Self {
        let mut known = Self { roots: [root].into(), ..Self::default() };
        for Worktree { place, aside, .. } in worktrees {
            known.roots.extend(root_of(place));
            known.paths.insert(place.path.clone());
            known.removals.extend(aside.as_ref().map(|aside| aside.id.clone()));
        }
        known
    }
}

/// Looks through what was begun, once, and settles it. Tells which worktrees are there.
pub(crate) async fn sweep(known: Known) -> Vec<Place> {
    let mut places = Vec::new();
    let roots: Vec<PathBuf> = known.roots.iter().cloned().collect();
    let listed = on_disk("", DISK_PATIENCE, move || Ok(roots.iter().flat_map(|root| journal::list(root)).collect()));
    let mut listed: Vec<(String, PathBuf, Entry)> = listed.await.unwrap_or_default();
    // What comes back is there when it is looked for.
    listed.sort_by_key(|(_, _, entry)| entry.phase == Phase::Made);
    for (id, folder, entry) in listed {
        let place = entry.place.clone();
        let is_foreign = entry.phase != Phase::Made && is_anothers(entry.pid);
        if is_foreign || known.removals.contains(&id) {
            continue;
        }
        match entry.phase {
            Phase::Made => {
                let path = PathBuf::from(&place.path);
                let is_there = on_disk("", DISK_PATIENCE, move || Ok(path.exists())).await;
                if is_there == Ok(false) && !known.paths.contains(&place.path) {
                    close(folder).await;
                } else {
                    places.push(place);
                }
            }
            // The session was told of before the entry was completed.
            Phase::Making if known.paths.contains(&place.path) => make::keep(folder, place).await,
            Phase::Making => {
                make::take_back(&place).await;
                close(folder).await;
                tracing::warn!(path = place.path, "a worktree was never finished, and is taken back");
            }
            // Nobody was told that it is removed, so it is not.
            Phase::Aside => restore(&place, folder).await,
            Phase::Doomed => match remove::delete_from(entry, folder).await {
                (_, None) => tracing::info!(path = place.path, "a worktree is deleted now"),
                (_, Some(why)) => tracing::warn!(path = place.path, why, "a worktree could not be deleted"),
            },
        }
    }
    places
}

async fn restore(place: &Place, folder: PathBuf) {
    let aside = journal::tree(&folder);
    match remove::put_back_from(place, folder).await {
        Ok(()) => tracing::warn!(path = place.path, "a worktree is where it was: its removal was cut short"),
        Err(why) => tracing::error!(path = place.path, ?aside, why, "a worktree could not be put back"),
    }
}

async fn close(folder: PathBuf) {
    // It is found again when the next engine starts.
    let _ = on_disk("", DISK_PATIENCE, move || journal::close(&folder)).await;
}

/// Whether another engine that is alive has begun it.
fn is_anothers(pid: u32) -> bool {
    if pid == std::process::id() {
        return false;
    }
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    matches!(rustix::process::test_kill_process(pid), Ok(()) | Err(rustix::io::Errno::PERM))
}
