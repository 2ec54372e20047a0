//! The folders that count for a session: where it works, what lies above, and the repository that it is a part of.
//!
//! Found without git, which could run what the folder names.

use std::path::Path;
use std::path::PathBuf;

use crate::core::file_name;
use crate::repository::MAX_ABOVE;
use crate::repository::Repository;

/// Where a session works and what lies around it. All paths are real.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Places {
    /// The session's own folder.
    pub(super) folder: PathBuf,
    /// From the folder's parent upwards, to the file system's root.
    pub(super) above: Vec<PathBuf>,
    /// The top of the work tree that the folder lies in.
    pub(super) top: Option<PathBuf>,
    /// Its git folder.
    pub(super) git: Option<PathBuf>,
    /// The git folder that all work trees of the repository share.
    pub(super) common: Option<PathBuf>,
    /// The main work tree, when the folder lies in a linked one that it knows of.
    pub(super) main: Option<PathBuf>,
}

impl Places {
    pub(super) fn of(directory: &Path) -> Result<Self, String> {
        let folder =
            directory.canonicalize().map_err(|error| format!("{} cannot be reached: {error}", directory.display()))?;
        let above: Vec<PathBuf> = folder.ancestors().skip(1).take(MAX_ABOVE).map(Path::to_owned).collect();
        let repository = Repository::around(&folder);
        let main = repository.as_ref().and_then(Repository::main_tree);
        let (top, git, common) = match repository {
            Some(Repository { top, git, common }) => (Some(top), Some(git), Some(common)),
            None => (None, None, None),
        };
        Ok(Self { folder, above, top, git, common, main })
    }

    /// The folders whose decisions count for this one: itself, and the same place in the main work tree.
    pub(super) fn kin(&self) -> Vec<PathBuf> {
        let mut kin = vec![self.folder.clone()];
        if let (Some(main), Some(top)) = (&self.main, &self.top)
            && let Ok(below) = self.folder.strip_prefix(top)
        {
            kin.push(if below.as_os_str().is_empty() { main.clone() } else { main.join(below) });
        }
        kin
    }

    /// The folder and those above it up to the top of its work tree; all of them where there is none.
    pub(super) fn rooms(&self) -> Vec<PathBuf> {
        let all = std::iter::once(&self.folder).chain(&self.above);
        match &self.top {
            Some(top) => all.filter(|at| at.starts_with(top)).cloned().collect(),
            None => all.cloned().collect(),
        }
    }
}

/// A path as it is shown: below the folder, or whole.
pub(super) fn shown(path: &Path, folder: &Path) -> String {
    file_name::shown(path.strip_prefix(folder).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_linked_work_tree_is_kin_only_when_its_repository_says_so() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let git = base.join("main/.git/worktrees/w");
        put(&git.join("commondir"), "../..\n");
        put(&git.join("gitdir"), &format!("{}\n", base.join("w/.git").display()));
        for tree in ["w", "evil"] {
            put(&base.join(tree).join(".git"), &format!("gitdir: {}\n", git.display()));
            std::fs::create_dir(base.join(tree).join("pkg")).unwrap();
        }
        put(&git.join("HEAD"), "ref: refs/heads/w\n");
        put(&base.join("main/.git/HEAD"), "ref: refs/heads/main\n");
        for inner in ["objects", "refs"] {
            std::fs::create_dir(base.join("main/.git").join(inner)).unwrap();
        }
        let own = Places::of(&base.join("w/pkg")).unwrap();
        assert_eq!(own.kin(), [base.join("w/pkg"), base.join("main/pkg")]);
        assert_eq!(own.rooms(), [base.join("w/pkg"), base.join("w")]);
        assert_eq!(own.common, Some(base.join("main/.git")));
        let evil = Places::of(&base.join("evil/pkg")).unwrap();
        assert_eq!(evil.kin(), [base.join("evil/pkg")]);
        let plain = Places::of(&base.join("main")).unwrap();
        assert_eq!((plain.kin(), plain.main), (vec![base.join("main")], None));
    }

    #[test]
    fn without_a_repository_everything_above_counts() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("a/b")).unwrap();
        let places = Places::of(&base.join("a/b")).unwrap();
        assert!(places.rooms().contains(&base) && places.rooms().contains(&PathBuf::from("/")));
        assert!(Places::of(&base.join("none")).is_err());
    }
}
