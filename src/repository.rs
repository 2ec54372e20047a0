//! Which repository git would find for a folder, found without git, which could run what the repository names.
//!
//! **For:** the git folder of a folder, and the main work tree that a linked one belongs to. **Not for:** what is in them.
//! Blocking.
//!
//! Invariant: the same folder as git's own search, also for one that is laid out to be overlooked: a folder that is a
//! git folder itself, a `.git` that is none, a pointer with odd blanks.

use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::disk;

/// Folders above one that are looked at.
pub const MAX_ABOVE: usize = 64;
/// A pointer is one line.
const MAX_POINTER: u64 = 16 << 10;
/// Git reads no more of a `HEAD`.
const MAX_HEAD: usize = 255;

/// A repository as git finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The folder that names it: that which holds `.git`, or the git folder itself.
    pub top: PathBuf,
    /// Its git folder.
    pub git: PathBuf,
    /// The git folder that all its work trees share.
    pub common: PathBuf,
}

impl Repository {
    /// The repository around a folder whose path is real.
    pub fn around(folder: &Path) -> Option<Self> {
        folder.ancestors().take(MAX_ABOVE).find_map(at)
    }

    /// The main work tree, when this is a linked one that the repository itself says is its own: the pointer from the
    /// tree to the repository could have been written by anybody.
    pub fn main_tree(&self) -> Option<PathBuf> {
        let Self { top, git, common } = self;
        let is_listed = git != common && git.parent().is_some_and(|parent| parent == common.join("worktrees"));
        let points_back = pointer(&git.join("gitdir"), "")? == top.join(".git").canonicalize().ok()?;
        let is_plain = common.file_name().is_some_and(|name| name == ".git");
        (is_listed && points_back && is_plain).then(|| common.parent().map(Path::to_owned)).flatten()
    }
}

/// The folder that stands for a project: the top of its repository's main work tree, or the folder itself where there
/// is no repository. All work trees of a repository have one.
pub fn project_of(folder: &Path) -> std::io::Result<PathBuf> {
    let real = folder.canonicalize()?;
    Ok(match Repository::around(&real) {
        Some(repository) => repository.main_tree().unwrap_or(repository.top),
        None => real,
    })
}

fn at(top: &Path) -> Option<Repository> {
    let inner = top.join(".git");
    let named = if inner.is_file() { pointer(&inner, "gitdir: ") } else { inner.canonicalize().ok() };
    // Where `.git` is no git folder, the folder may be one itself.
    let git = named.into_iter().chain([top.to_owned()]).find(|git| is_git_folder(git))?;
    let common = common_folder(&git);
    Some(Repository { top: top.to_owned(), git, common })
}

/// What git asks of a folder before it takes it for a repository.
fn is_git_folder(git: &Path) -> bool {
    let common = common_folder(git);
    let is_open = |path: PathBuf| rustix::fs::access(&path, rustix::fs::Access::EXEC_OK).is_ok();
    has_head(git) && is_open(common.join("objects")) && is_open(common.join("refs"))
}

fn has_head(git: &Path) -> bool {
    let head = git.join("HEAD");
    if let Ok(target) = head.read_link() {
        return target.starts_with("refs") || head_says_a_reference(&head);
    }
    head_says_a_reference(&head)
}

fn head_says_a_reference(head: &Path) -> bool {
    let Ok(mut text) = bytes(head) else { return false };
    text.truncate(MAX_HEAD);
    if let Some(name) = text.strip_prefix(b"ref:") {
        return name.trim_ascii_start().starts_with(b"refs/");
    }
    text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count() >= 40
}

fn common_folder(git: &Path) -> PathBuf {
    pointer(&git.join("commondir"), "").unwrap_or_else(|| git.to_owned())
}

/// A short file, links followed.
fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    disk::open_read(&path.canonicalize()?)?.take(MAX_POINTER).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The folder that such a file names, read as git reads it: all of it but the line ends behind.
fn pointer(file: &Path, word: &str) -> Option<PathBuf> {
    let mut named = bytes(file).ok()?.strip_prefix(word.as_bytes())?.to_vec();
    while named.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        named.pop();
    }
    file.parent()?.join(std::ffi::OsString::from_vec(named)).canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git_folder(at: &Path) {
        put(&at.join("HEAD"), "ref: refs/heads/main\n");
        std::fs::create_dir_all(at.join("objects")).unwrap();
        std::fs::create_dir_all(at.join("refs")).unwrap();
        put(&at.join("config"), "[core]\n\trepositoryformatversion = 0\n");
    }

    /// Where the real git finds the repository.
    fn by_git(folder: &Path) -> Option<PathBuf> {
        let asked = Command::new("git")
            .args(["rev-parse", "--absolute-git-dir"])
            .current_dir(folder)
            .env_remove("GIT_DIR")
            .env("GIT_CEILING_DIRECTORIES", "/")
            .env("GIT_CONFIG_COUNT", "1")
            .envs([("GIT_CONFIG_KEY_0", "safe.directory"), ("GIT_CONFIG_VALUE_0", "*")])
            .output()
            .unwrap();
        let text = String::from_utf8(asked.stdout).unwrap();
        asked.status.success().then(|| PathBuf::from(text.trim_end()).canonicalize().unwrap())
    }

    type Make = fn(&Path);

    #[test]
    fn git_itself_finds_the_same_repository() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        git_folder(&base.join(".git"));
        let cases: [(&str, Make); 12] = [
            ("plain", |at| git_folder(&at.join(".git"))),
            ("bare", git_folder),
            ("empty", |at| std::fs::create_dir_all(at.join(".git")).unwrap()),
            ("no-head", |at| {
                git_folder(&at.join(".git"));
                put(&at.join(".git/HEAD"), "nothing of the kind");
            }),
            ("objects-is-a-file", |at| {
                git_folder(&at.join(".git"));
                std::fs::remove_dir(at.join(".git/objects")).unwrap();
                put(&at.join(".git/objects"), "");
            }),
            ("both", |at| {
                git_folder(at);
                std::fs::create_dir_all(at.join(".git")).unwrap();
            }),
            ("common", |at| {
                git_folder(&at.join("elsewhere"));
                put(&at.join("sub/HEAD"), "0123456789012345678901234567890123456789");
                put(&at.join("sub/commondir"), "../elsewhere\n\r\n");
            }),
            ("pointer", |at| {
                git_folder(&at.join("elsewhere"));
                put(&at.join(".git"), "gitdir: elsewhere\n");
            }),
            ("pointer-of-two-lines", |at| {
                git_folder(&at.join("a"));
                git_folder(&at.join("a\nb"));
                put(&at.join(".git"), "gitdir: a\nb\n");
            }),
            ("pointer-with-a-blank", |at| {
                git_folder(&at.join("a"));
                git_folder(&at.join(" a"));
                put(&at.join(".git"), "gitdir:  a");
            }),
            ("head-is-a-link", |at| {
                git_folder(at);
                std::fs::remove_file(at.join("HEAD")).unwrap();
                std::os::unix::fs::symlink("refs/heads/none", at.join("HEAD")).unwrap();
            }),
            ("nothing", |at| std::fs::create_dir_all(at).unwrap()),
        ];
        for (name, make) in cases {
            let at = base.join(name);
            make(&at);
            let folder = if at.join("sub").exists() { at.join("sub") } else { at };
            let found = Repository::around(&folder);
            assert_eq!(found.map(|found| found.git), by_git(&folder), "{name}");
        }
    }

    #[test]
    fn linked_work_trees_are_one_project_only_when_their_repository_says_so() {
        let base = tempfile::tempdir().unwrap();
        let base = base.path().canonicalize().unwrap();
        let git = base.join("main/.git/worktrees/w");
        git_folder(&base.join("main/.git"));
        put(&git.join("commondir"), "../..\n");
        put(&git.join("HEAD"), "ref: refs/heads/w\n");
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
