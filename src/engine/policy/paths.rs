//! Paths and patterns of paths: where they really lead.
//!
//! **For:** the places that a call names, and whether a rule's glob covers them. **Not for:** deciding. It
//! reads the disk.

use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use globset::GlobBuilder;
use globset::GlobMatcher;

/// Folders and files whose change runs something or loosens a guard later.
const STEERS: [&str; 12] = [
    ".git",
    ".claude",
    ".mcp.json",
    ".vscode",
    ".idea",
    ".envrc",
    ".husky",
    ".bashrc",
    ".zshrc",
    ".profile",
    ".bash_profile",
    ".gitconfig",
];

/// The real place of a path: links followed as far as it exists, the rest taken as written.
pub(super) fn resolve(path: &Path) -> Option<PathBuf> {
    let mut rest: Vec<&std::ffi::OsStr> = Vec::new();
    let mut existing = path;
    loop {
        match existing.canonicalize() {
            Ok(real) => return Some(rest.iter().rev().fold(real, |place, part| place.join(part))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
        // A link that leads nowhere yet may lead anywhere later.
        if existing.symlink_metadata().is_ok() {
            return None;
        }
        match existing.components().next_back()? {
            Component::Normal(part) => rest.push(part),
            _ => return None,
        }
        existing = existing.parent()?;
    }
}

/// A path without `.` and `..`, no link followed.
pub(super) fn flat(path: &Path) -> PathBuf {
    let mut flat = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                flat.pop();
            }
            Component::CurDir => {}
            part => flat.push(part),
        }
    }
    flat
}

/// Whether a path steers the tools of the project, and the pattern does not name what does.
pub(super) fn steers(path: &Path, pattern: &str) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str().to_string_lossy().to_lowercase();
        STEERS.contains(&part.as_str()) && !pattern.to_lowercase().split('/').any(|named| named == part)
    })
}

/// A rule's glob, made absolute; `None` when its home is not known.
pub(super) fn glob(pattern: &str, directory: &Path, liberal: bool) -> Option<GlobMatcher> {
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    let (base, rest) = match pattern.strip_prefix('~') {
        Some(rest) => (home()?, rest.trim_start_matches('/')),
        None if pattern.starts_with('/') => (PathBuf::from("/"), pattern.trim_start_matches('/')),
        None => (directory.to_owned(), pattern.strip_prefix("./").unwrap_or(pattern)),
    };
    // What stands before the first wildcard is a place and may be behind links.
    let mut base = base;
    let mut parts = rest.split('/').filter(|part| !part.is_empty() && *part != ".").peekable();
    while let Some(part) = parts.next_if(|part| !part.contains(['*', '?', '[', '{', '\\'])) {
        base.push(part);
    }
    let base = resolve(&base).unwrap_or(base);
    let mut text = globset::escape(&base.to_string_lossy());
    for part in parts {
        text = format!("{}/{part}", text.trim_end_matches('/'));
    }
    let glob = GlobBuilder::new(&text).literal_separator(true).case_insensitive(liberal).build().ok()?;
    Some(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_relative_to_the_session_and_cross_folders_only_with_two_stars() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap().join("we[ir]d");
        std::fs::create_dir_all(root.join("src")).unwrap();
        let covers = |pattern: &str, path: &str| glob(pattern, &root, false).unwrap().is_match(root.join(path));
        assert!(covers("src/**", "src/a/b.rs") && covers("src/*.rs", "src/a.rs") && covers("**/*.rs", "a.rs"));
        assert!(covers("./src/a.rs", "src/a.rs") && covers("{src,lib}/*", "lib/x"));
        assert!(!covers("src/*.rs", "src/a/b.rs") && !covers("src/**", "srcs/a") && !covers("*.rs", "SRC.RS"));
        assert!(!covers("/src/**", "src/a"));
        assert!(glob("*.RS", &root, true).unwrap().is_match(root.join("a.rs")));
    }

    #[test]
    fn paths_are_flattened_without_the_disk() {
        assert_eq!(flat(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(flat(Path::new("/../../c")), Path::new("/c"));
        assert!(steers(Path::new("/p/.git/hooks/x"), "**") && !steers(Path::new("/p/.git/x"), ".git/**"));
        assert!(steers(Path::new("/p/.GIT/hooks/x"), "**") && !steers(Path::new("/p/src/x"), "**"));
    }
}
