//! Names of branches and folders. Pure.

use std::collections::HashSet;
use std::path::Path;

use sha2::Digest as _;
use sha2::Sha256;

/// Branches of our choice begin with this.
const PREFIX: &str = "adjutant";
/// Characters of a name that is made from a title.
const MAX_SLUG: usize = 40;
/// Bytes of a branch's name: its file must fit into any file system, with room for a lock's ending.
pub(super) const MAX_BRANCH: usize = 200;
/// Names that are tried, with a number at the end.
pub(super) const MAX_TRIES: u32 = 1_000;

/// Words as a piece of a name.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            c if c.is_alphanumeric() => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let cut: String = slug.chars().take(MAX_SLUG).collect();
    cut.trim_matches('-').to_owned()
}

/// The branches that there are.
#[derive(Debug, Default)]
pub(super) struct Branches(HashSet<String>);

impl Branches {
    /// From a list of `refs/heads/…`, one a line. Kept in small letters: on some disks their case does not count.
    pub(super) fn read(listed: &str) -> Self {
        Self(listed.lines().filter_map(|line| line.strip_prefix("refs/heads/")).map(str::to_lowercase).collect())
    }

    /// The branch that keeps this name from being used: itself, one that its folder would be, or one inside.
    pub(super) fn in_the_way(&self, name: &str) -> Option<String> {
        let name = name.to_lowercase();
        let above = name.match_indices('/').map(|(end, _)| &name[..end]).find(|above| self.0.contains(*above));
        if let Some(taken) = above.or_else(|| self.0.contains(&name).then_some(&name)) {
            return Some(taken.to_owned());
        }
        let inside = format!("{name}/");
        self.0.iter().find(|other| other.starts_with(&inside)).cloned()
    }

    /// The first free name that begins with this one.
    pub(super) fn free(&self, name: &str) -> Option<String> {
        let numbered = (2..MAX_TRIES).map(|n| format!("{name}-{n}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| self.in_the_way(name).is_none())
    }

    /// A free name of our choice.
    pub(super) fn choose(&self, title: Option<&str>, session: u32) -> Option<String> {
        let slug = title.map(slug).filter(|slug| !slug.is_empty()).unwrap_or_else(|| format!("session-{session}"));
        // A branch that is called like the prefix leaves no room below it.
        self.free(&format!("{PREFIX}/{slug}")).or_else(|| self.free(&format!("{PREFIX}-{slug}")))
    }
}

/// What is wrong with a name before git is asked.
pub(super) fn check(name: &str) -> Result<(), String> {
    if name.len() > MAX_BRANCH {
        return Err(format!("the name is longer than {MAX_BRANCH} bytes"));
    }
    if name.chars().any(char::is_control) {
        return Err("the name has characters in it that nobody can see".into());
    }
    Ok(())
}

/// The folder of a branch's worktree.
pub(super) fn folder(branch: &str) -> String {
    let name = branch.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix(['/', '-'])).unwrap_or(branch);
    let slug = slug(name);
    if slug.is_empty() { "worktree".into() } else { slug }
}

/// The folder of a repository's worktrees: its name, and a mark of where it is.
pub(super) fn of_repository(common_dir: &Path) -> String {
    let digest = Sha256::digest(common_dir.as_os_str().as_encoded_bytes());
    let mark: String = format!("{digest:x}").chars().take(8).collect();
    let name = match common_dir.file_name() {
        Some(name) if name == ".git" => common_dir.parent().and_then(Path::file_name),
        name => name,
    };
    let name = slug(&name.unwrap_or_default().to_string_lossy());
    if name.is_empty() { mark } else { format!("{name}-{mark}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names_and_taken_ones_get_a_number() {
        let none = Branches::default();
        assert_eq!(none.choose(Some("  Fix the Login: page! "), 3).as_deref(), Some("adjutant/fix-the-login-page"));
        assert_eq!(none.choose(Some("修复登录"), 3).as_deref(), Some("adjutant/修复登录"));
        assert_eq!(none.choose(Some("../.."), 3).as_deref(), Some("adjutant/session-3"));
        let some = Branches::read("refs/heads/main\nrefs/heads/adjutant/session-3\nrefs/heads/Adjutant/session-3-2\n");
        assert_eq!(some.choose(None, 3).as_deref(), Some("adjutant/session-3-3"));
        let taken = Branches::read("refs/heads/adjutant\n");
        assert_eq!(taken.choose(None, 3).as_deref(), Some("adjutant-session-3"));
        assert!(none.choose(Some(&"x".repeat(500)), 3).unwrap().len() < 60);
    }

    #[test]
    fn a_branch_above_or_below_is_in_the_way() {
        let branches = Branches::read("refs/heads/a/b\nrefs/heads/main\n");
        assert_eq!(branches.in_the_way("a/b/c").as_deref(), Some("a/b"));
        assert_eq!(branches.in_the_way("a").as_deref(), Some("a/b"));
        assert_eq!(branches.in_the_way("MAIN").as_deref(), Some("main"));
        assert_eq!(branches.in_the_way("a/bc"), None);
    }

    #[test]
    fn folders_lead_nowhere_else() {
        for (branch, expected) in [
            ("adjutant/fix", "fix"),
            ("../../etc", "etc"),
            ("feat/x y", "feat-x-y"),
            ("..", "worktree"),
            (".git", "git"),
        ] {
            assert_eq!(folder(branch), expected);
        }
        let name = of_repository(Path::new("/home/me/My Repo/.git"));
        assert!(name.starts_with("my-repo-") && name.len() == 16, "{name}");
        assert_ne!(name, of_repository(Path::new("/home/you/My Repo/.git")));
    }

    #[test]
    fn names_that_hide_something_are_refused() {
        assert!(check("a\u{1b}[31m").is_err() && check("a\nb").is_err() && check(&"x".repeat(300)).is_err());
        assert!(check("feat/登录").is_ok());
    }
}
