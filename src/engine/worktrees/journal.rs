//! What was begun, on the disk, so that an engine that was killed in between can be followed by one that knows.
//!
//! Each worktree, and each undertaking with one, has a folder `<worktrees>/.adjutant/<id>` with its entry,
//! and, while a worktree is aside, the worktree itself.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::core::worktree::Place;
use crate::disk;

const FOLDER: &str = ".adjutant";
const ENTRY: &str = "entry.json";
/// An entry is short.
const MAX_ENTRY: u64 = 64 << 10;
/// Undertakings that are looked at.
const MAX_ENTRIES: usize = 1_000;

/// How far it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Phase {
    /// A worktree is being made, for a session that nobody has heard of yet.
    Making,
    /// A worktree is there.
    Made,
    /// A worktree is removed, and can be put back.
    Aside,
    /// It is being deleted: there is no way back.
    Doomed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) phase: Phase,
    pub(super) place: Place,
    /// What the branch pointed to when it was put aside, if it goes with it.
    pub(super) branch_goes: Option<String>,
    /// Whose it is.
    pub(super) pid: u32,
}

impl Entry {
    pub(super) fn new(phase: Phase, place: &Place, branch_goes: Option<String>) -> Self {
        Self { phase, place: place.clone(), branch_goes, pid: std::process::id() }
    }
}

/// The folder of an undertaking.
pub(super) fn folder(root: &Path, id: &str) -> Option<PathBuf> {
    // The name comes back from a store: it must lead nowhere else.
    let is_name = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_name.then(|| root.join(FOLDER).join(id))
}

/// Where a worktree is while it is aside.
pub(super) fn tree(folder: &Path) -> PathBuf {
    folder.join("tree")
}

/// Writes an entry; it is on the disk when this returns.
pub(super) fn write(folder: &Path, entry: &Entry) -> io::Result<()> {
    disk::private_dir(folder)?;
    disk::replace(&folder.join(ENTRY), serde_json::to_string_pretty(entry)?.as_bytes())
}

pub(super) fn read(folder: &Path) -> io::Result<Entry> {
    Ok(serde_json::from_slice(&disk::read(&folder.join(ENTRY), MAX_ENTRY)?)?)
}

/// The undertaking is over. One that still has a worktree in its folder is not.
pub(super) fn close(folder: &Path) -> io::Result<()> {
    if tree(folder).symlink_metadata().is_ok() {
        return Err(io::Error::other(format!("there is still a worktree in {}", folder.display())));
    }
    disk::remove(&folder.join(ENTRY))?;
    match std::fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A worktree is no more: nothing has to be known of it.
pub(super) fn forget(root: &Path, place: &Place) -> io::Result<()> {
    for (_, folder, entry) in list(root) {
        if entry.phase == Phase::Made && entry.place.path == place.path {
            close(&folder)?;
        }
    }
    Ok(())
}

/// The undertakings that are not over, by their names.
pub(super) fn list(root: &Path) -> Vec<(String, PathBuf, Entry)> {
    let Ok(folders) = std::fs::read_dir(root.join(FOLDER)) else { return Vec::new() };
    let found = folders.flatten().take(MAX_ENTRIES).filter_map(|found| {
        let id = found.file_name().into_string().ok()?;
        let folder = folder(root, &id)?;
        let entry = read(&folder).ok()?;
        Some((id, folder, entry))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_there_until_it_is_closed_and_its_name_leads_nowhere_else() {
        let root = tempfile::tempdir().unwrap();
        let place = Place {
            path: "/w/r/x".into(),
            git_dir: "/r/.git/worktrees/x".into(),
            common_dir: "/r/.git".into(),
            origin: "/r".into(),
            branch: "adjutant/x".into(),
            base: "0".into(),
            base_branch: None,
        };
        let at = folder(root.path(), "a-1").unwrap();
        let entry = Entry::new(Phase::Aside, &place, Some("1".into()));
        write(&at, &entry).unwrap();
        assert_eq!(list(root.path()), [("a-1".to_owned(), at.clone(), entry)]);
        std::fs::create_dir(tree(&at)).unwrap();
        assert!(close(&at).is_err() && !list(root.path()).is_empty(), "the way to a worktree is not lost");
        std::fs::remove_dir(tree(&at)).unwrap();
        close(&at).unwrap();
        close(&at).unwrap();
        assert!(list(root.path()).is_empty() && !at.exists());
        for bad in ["", "..", "a/b", "/etc"] {
            assert_eq!(folder(root.path(), bad), None, "{bad}");
        }
    }
}
