//! Paths and patterns of paths: where they really lead.
//!
//! **For:** the places that a call names, and whether a rule's glob covers them. **Not for:** deciding. It
//! reads the disk.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use globset::GlobBuilder;
use globset::GlobMatcher;

use crate::core::sensitive::looks_secret;
use crate::core::sensitive::secret;
use crate::core::sensitive::steering;
use crate::core::sensitive::steers;

/// Links on the way to one place; more are a circle.
const MAX_LINKS: usize = 40;
/// Places that mean something else for each process, or are no files.
const OF_THE_SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

/// The real place of a path: links followed as far as it exists, the rest taken as written. Nothing for a place that
/// another process would find elsewhere, such as `/proc/self/cwd`.
pub(super) fn resolve(path: &Path) -> Option<PathBuf> {
    // What is still to be walked, the next last, and whether a link says so.
    let parts = path.components().rev().filter(|part| *part != Component::CurDir);
    let mut ahead: Vec<(OsString, bool)> = parts.map(|part| (part.as_os_str().to_owned(), false)).collect();
    ahead.pop_if(|(root, _)| root == "/")?;
    let mut real = PathBuf::from("/");
    let mut n_links = 0;
    while let Some((name, by_link)) = ahead.pop() {
        if name == "/" {
            real = PathBuf::from("/");
            continue;
        }
        if name == ".." {
            real.pop();
            continue;
        }
        let next = real.join(&name);
        if OF_THE_SYSTEM.iter().any(|place| next.starts_with(place)) {
            return None;
        }
        match next.symlink_metadata() {
            Ok(meta) if meta.is_symlink() => {
                n_links += 1;
                if n_links > MAX_LINKS {
                    return None;
                }
                let target = next.read_link().ok()?;
                let parts = target.components().rev().filter(|part| *part != Component::CurDir);
                ahead.extend(parts.map(|part| (part.as_os_str().to_owned(), true)));
            }
            Ok(meta) if !meta.is_dir() && !ahead.is_empty() => return None,
            Ok(_) => real = next,
            // A link that leads nowhere yet may lead anywhere later.
            Err(error) if error.kind() == ErrorKind::NotFound && !by_link => {
                let rest = std::iter::once(name).chain(ahead.into_iter().rev().map(|(name, _)| name));
                let mut place = real;
                for name in rest {
                    if name == ".." {
                        return None;
                    }
                    place.push(name);
                }
                return Some(place);
            }
            Err(_) => return None,
        }
    }
    Some(real)
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

/// What of adjutant's own lies where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own<'a>(pub(super) &'a crate::config::OwnPlaces);

impl Own<'_> {
    /// Whether the place is adjutant's own, and the pattern does not name it.
    fn holds(self, real: &Path, pattern: Option<&str>) -> bool {
        let within =
            |places: &[PathBuf]| places.iter().any(|place| real.starts_with(resolve(place).as_ref().unwrap_or(place)));
        let is_named = |pattern: &str| self.0.private.iter().any(|place| Path::new(pattern).starts_with(place));
        within(&self.0.private) && !within(&self.0.open) && !pattern.is_some_and(is_named)
    }
}

/// Why a place is not one that a pattern covers by the way, if so: as written and where it leads. Without a pattern
/// nothing names it.
pub(super) fn is_private(written: &str, real: &Path, pattern: Option<&str>, own: Own<'_>) -> bool {
    let is_named = |path: &str| match pattern {
        Some(pattern) => secret::names_secret(pattern, path),
        None => !looks_secret(path),
    };
    !is_named(written) || !is_named(&real.to_string_lossy()) || own.holds(real, pattern)
}

/// The same for what steers tools, shells or adjutant itself.
pub(super) fn is_steering(written: &str, real: &Path, pattern: Option<&str>, own: Own<'_>) -> bool {
    let is_named = |path: &str| match pattern {
        Some(pattern) => steering::names_steering(pattern, path),
        None => !steers(path),
    };
    !is_named(written) || !is_named(&real.to_string_lossy()) || own.holds(real, pattern)
}

/// A rule's glob, made absolute.
#[derive(Debug)]
pub(super) struct Cover(Vec<GlobMatcher>);

impl Cover {
    pub(super) fn is_match(&self, path: &Path) -> bool {
        self.0.iter().any(|glob| glob.is_match(path))
    }
}

/// A rule's glob to allow; `None` when its home is not known. The session's directory and the home are where they
/// really are; every other link is a place of its own, which the pattern does not name, but for those of the system.
pub(super) fn strict(pattern: &str, directory: &Path) -> Option<Cover> {
    let (base, rest) = base(pattern, directory)?;
    let base = match base {
        Base::Root => PathBuf::from("/"),
        Base::Place(place) => resolve(&place)?,
    };
    let (named, rest) = without_wildcards(rest);
    let mut place = base.clone();
    let roots = [resolve(directory), std::env::home_dir().and_then(|home| resolve(&home))];
    for part in &named {
        place.push(part);
        place = followed_by_system(&place, &roots).unwrap_or(place);
    }
    Some(Cover(vec![matcher(&place, &rest, false)?]))
}

/// A rule's glob to deny or ask: by the place as it is written and by where it leads.
pub(super) fn liberal(pattern: &str, directory: &Path) -> Option<Cover> {
    let (base, rest) = base(pattern, directory)?;
    let base = match base {
        Base::Root => PathBuf::from("/"),
        Base::Place(place) => place,
    };
    let (named, rest) = without_wildcards(rest);
    let written = named.iter().fold(base, |place, part| place.join(part));
    let real = resolve(&written).filter(|real| *real != written);
    let both = std::iter::once(written).chain(real);
    Some(Cover(both.map(|place| matcher(&place, &rest, true)).collect::<Option<_>>()?))
}

enum Base {
    Root,
    Place(PathBuf),
}

/// What a pattern is relative to, and the rest of it.
fn base<'a>(pattern: &'a str, directory: &Path) -> Option<(Base, &'a str)> {
    if let Some(rest) = pattern.strip_prefix('~') {
        let home = std::env::home_dir().filter(|home| home.is_absolute())?;
        return Some((Base::Place(home), rest.trim_start_matches('/')));
    }
    // The same directory by its name.
    let inside = Path::new(pattern).strip_prefix(directory).ok().and_then(Path::to_str);
    Some(match (pattern.strip_prefix('/'), inside) {
        (Some(_), Some(rest)) => (Base::Place(directory.to_owned()), rest),
        (Some(rest), None) => (Base::Root, rest.trim_start_matches('/')),
        (None, _) => (Base::Place(directory.to_owned()), pattern.strip_prefix("./").unwrap_or(pattern)),
    })
}

/// The parts before the first wildcard, and those from there on.
fn without_wildcards(rest: &str) -> (Vec<&str>, Vec<&str>) {
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let n_named = parts.iter().take_while(|part| !part.contains(['*', '?', '[', '{', '\\'])).count();
    let rest = parts.split_off(n_named);
    (parts, rest)
}

/// Where a link of the system leads, such as `/tmp` on some systems: nobody but root could have put it, and it lies
/// neither in the session's directory nor in the home.
fn followed_by_system(link: &Path, roots: &[Option<PathBuf>]) -> Option<PathBuf> {
    let is_of_root = |path: &Path| {
        path.symlink_metadata().is_ok_and(|meta| meta.uid() == 0 && (meta.is_symlink() || meta.mode() & 0o022 == 0))
    };
    let is_inside = roots.iter().flatten().any(|root| link.starts_with(root));
    let is_link = link.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    (is_link && !is_inside && is_of_root(link) && is_of_root(link.parent()?)).then(|| resolve(link))?
}

fn matcher(base: &Path, rest: &[&str], liberal: bool) -> Option<GlobMatcher> {
    let mut text = globset::escape(&base.to_string_lossy());
    for part in rest {
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
        let covers = |pattern: &str, path: &str| strict(pattern, &root).unwrap().is_match(&root.join(path));
        assert!(covers("src/**", "src/a/b.rs") && covers("src/*.rs", "src/a.rs") && covers("**/*.rs", "a.rs"));
        assert!(covers("./src/a.rs", "src/a.rs") && covers("{src,lib}/*", "lib/x"));
        assert!(!covers("src/*.rs", "src/a/b.rs") && !covers("src/**", "srcs/a") && !covers("*.rs", "SRC.RS"));
        assert!(!covers("/src/**", "src/a"));
        assert!(liberal("*.RS", &root).unwrap().is_match(&root.join("a.rs")));
    }

    #[test]
    fn a_link_in_the_session_is_no_part_of_what_a_pattern_names() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let root = base.join("web");
        std::fs::create_dir_all(&root).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("docs")).unwrap();
        std::os::unix::fs::symlink(&root, base.join("alias")).unwrap();
        let named = |pattern: &str| strict(pattern, &root).unwrap();
        let whole = format!("{}/docs/**", root.display());
        for pattern in ["docs/**", "docs/passwd", "**", whole.as_str()] {
            assert!(!named(pattern).is_match(Path::new("/etc/passwd")), "{pattern}");
            assert!(
                pattern == "**" || liberal(pattern, &root).unwrap().is_match(Path::new("/etc/passwd")),
                "{pattern}"
            );
        }
        // The directory itself may be reached by a link.
        let cover = strict("src/**", &base.join("alias")).unwrap();
        assert!(cover.is_match(&root.join("src/a.rs")));
    }

    #[test]
    fn places_that_differ_by_process_are_no_places() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::os::unix::fs::symlink("/proc/self/cwd", root.join("here")).unwrap();
        std::os::unix::fs::symlink("circle", root.join("circle")).unwrap();
        for path in ["/proc/self/cwd/x", "/proc/1/environ", "/dev/fd/3", "/dev/stdin", "/sys/x"] {
            assert_eq!(resolve(Path::new(path)), None, "{path}");
        }
        for path in ["here", "here/x", "circle", "circle/x"] {
            assert_eq!(resolve(&root.join(path)), None, "{path}");
        }
        assert_eq!(resolve(&root.join("a/../b")), None);
        assert_eq!(resolve(&root.join("a/b")), Some(root.join("a/b")));
        assert_eq!(resolve(&root.join("./x")), Some(root.join("x")));
    }

    #[test]
    fn paths_are_flattened_without_the_disk() {
        assert_eq!(flat(Path::new("/a/./b/../c")), Path::new("/a/c"));
        assert_eq!(flat(Path::new("/../../c")), Path::new("/c"));
    }

    #[test]
    fn what_is_adjutants_own_is_nobody_elses_but_for_its_worktrees() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap().join("data");
        let own = crate::config::OwnPlaces { private: vec![data.clone()], open: vec![data.join("worktrees")] };
        let steering = |path: &str, pattern: &str| is_steering("x", &data.join(path), Some(pattern), Own(&own));
        assert!(steering("x.db", "**") && steering("x.db", "/**") && !steering("worktrees/web/a.rs", "**"));
        assert!(!steering("x.db", &format!("{}/x.db", data.display())));
    }
}
