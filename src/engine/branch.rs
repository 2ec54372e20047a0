//! The git branch of a directory, read from the repository's own files: no process, no library.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// No such file is longer; a larger one is something else.
const MAX_BYTES: usize = 4096;

/// The branch that is checked out, or the beginning of the commit when none is. Blocking.
pub(crate) fn of(directory: &Path) -> Option<String> {
    let head = directory.ancestors().find_map(|folder| git_folder(&folder.join(".git")))?.join("HEAD");
    let text = read(&head)?;
    match text.trim().strip_prefix("ref: ") {
        Some(name) => Some(name.strip_prefix("refs/heads/").unwrap_or(name).to_owned()),
        None => text.trim().get(..12).map(str::to_owned),
    }
}

/// A worktree or a submodule has a file there that names the folder.
fn git_folder(place: &Path) -> Option<PathBuf> {
    if place.is_dir() {
        return Some(place.to_owned());
    }
    let text = read(place)?;
    let folder = text.trim().strip_prefix("gitdir: ")?;
    Some(place.parent()?.join(folder))
}

fn read(path: &Path) -> Option<String> {
    let is_small = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES as u64);
    is_small.then(|| fs::read_to_string(path).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_branch_from_below_and_through_worktrees() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name);
        fs::create_dir_all(path("repo/.git/worktrees/w")).unwrap();
        fs::create_dir_all(path("repo/a/b")).unwrap();
        fs::create_dir_all(path("w")).unwrap();
        fs::write(path("repo/.git/HEAD"), "ref: refs/heads/feat/x\n").unwrap();
        fs::write(path("repo/.git/worktrees/w/HEAD"), "0123456789abcdef0123\n").unwrap();
        fs::write(path("w/.git"), "gitdir: ../repo/.git/worktrees/w\n").unwrap();
        assert_eq!(of(&path("repo/a/b")).as_deref(), Some("feat/x"));
        assert_eq!(of(&path("w")).as_deref(), Some("0123456789ab"));
        assert_eq!(of(Path::new("/")), None);
    }
}
