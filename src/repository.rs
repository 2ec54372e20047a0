//! Where a folder's git repository is, found without git, which could run what the folder names.
//!
//! **For:** the top of a work tree, its git folder, and the main work tree that a linked one belongs to.
//! **Not for:** what is in them. Blocking. Only a pointer that the repository itself confirms is believed: a file
//! named `.git` could have been written by anybody.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use crate::disk;

/// Folders above one that are looked at.
pub const MAX_ABOVE: usize = 64;
/// A pointer is one line.
const MAX_POINTER: u64 = 16 << 10;

/// The repository that a folder lies in. All paths are real.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The top of the work tree.
    pub top: PathBuf,
    /// Its git folder.
    pub git: Option<PathBuf>,
    /// The git folder that all work trees of the repository share.
    pub common: Option<PathBuf>,
    /// The main work tree, when this is a linked one that it knows of.
    pub main: Option<PathBuf>,
}

impl Repository {
    /// The repository around a folder whose path is real.
    pub fn around(folder: &Path) -> Option<Self> {
        let top = folder.ancestors().take(MAX_ABOVE).find(|at| at.join(".git").symlink_metadata().is_ok())?;
        let git = git_folder(top);
        let common = git.as_deref().map(common_folder);
        let main = match (&git, &common) {
            (Some(git), Some(common)) if git != common => main_tree(top, git, common),
            _ => None,
        };
        Some(Self { top: top.to_owned(), git, common, main })
    }
}

/// The folder that stands for a project: the top of its repository's main work tree, or the folder itself where there
/// is no repository. All work trees of a repository have one.
pub fn project_of(folder: &Path) -> std::io::Result<PathBuf> {
    let real = folder.canonicalize()?;
    Ok(match Repository::around(&real) {
        Some(repository) => repository.main.unwrap_or(repository.top),
        None => real,
    })
}

fn pointer(path: &Path, word: &str) -> Option<PathBuf> {
    let mut text = String::new();
    disk::open_read(&path.canonicalize().ok()?).ok()?.take(MAX_POINTER).read_to_string(&mut text).ok()?;
    let named = text.lines().next()?.strip_prefix(word)?.trim();
    path.parent()?.join(named).canonicalize().ok()
}

fn git_folder(top: &Path) -> Option<PathBuf> {
    let at = top.join(".git");
    if at.is_dir() { at.canonicalize().ok() } else { pointer(&at, "gitdir:") }
}

fn common_folder(git: &Path) -> PathBuf {
    pointer(&git.join("commondir"), "").unwrap_or_else(|| git.to_owned())
}

fn main_tree(top: &Path, git: &Path, common: &Path) -> Option<PathBuf> {
    let is_listed = git.parent().is_some_and(|parent| parent == common.join("worktrees"));
    let points_back = pointer(&git.join("gitdir"), "")? == top.join(".git").canonicalize().ok()?;
    let is_plain = common.file_name().is_some_and(|name| name == ".git");
    (is_listed && points_back && is_plain).then(|| common.parent().map(Path::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn linked_work_trees_are_one_project_only_when_their_repository_says_so() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let git = base.join("main/.git/worktrees/w");
        put(&git.join("commondir"), "../..\n");
        put(&git.join("gitdir"), &format!("{}\n", base.join("w/.git").display()));
        for tree in ["w", "evil"] {
            put(&base.join(tree).join(".git"), &format!("gitdir: {}\n", git.display()));
            std::fs::create_dir(base.join(tree).join("pkg")).unwrap();
        }
        std::fs::create_dir_all(base.join("plain/sub")).unwrap();
        let project = |name: &str| project_of(&base.join(name)).unwrap();
        assert_eq!(project("w/pkg"), base.join("main"));
        assert_eq!(project("main"), base.join("main"));
        assert_eq!(project("evil/pkg"), base.join("evil"));
        assert_eq!(project("plain/sub"), base.join("plain/sub"));
        assert!(project_of(&base.join("none")).is_err());
    }
}
