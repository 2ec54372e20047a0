//! Who may speak, and which directories and sessions they reach.
//!
//! Invariants: an empty list admits nobody; a guest of another organisation is nobody; a name that a person chose
//! for themselves means nothing; a directory is judged by where it really leads.

use std::path::Path;
use std::path::PathBuf;

use super::messenger::PersonId;
use super::messenger::TenantId;
use super::messenger::Who;
use crate::config::places::below_home;
use crate::core::worktree::Place;

/// Somebody who may speak: named in the configuration, or paired by a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub person: PersonId,
    /// The organisation that was seen at the pairing; one of the configuration is bound to the bot's own.
    pub tenant: Option<TenantId>,
}

/// Whether it is a person of the organisation that the event is for.
pub fn is_of_the_house(who: &Who) -> bool {
    !who.person.0.is_empty() && !who.of.0.is_empty() && who.tenant == who.of
}

/// Whether somebody may speak at all.
pub fn admits(members: &[Member], who: &Who) -> bool {
    let is_known = |member: &&Member| {
        member.person == who.person && member.tenant.as_ref().is_none_or(|tenant| *tenant == who.tenant)
    };
    is_of_the_house(who) && members.iter().any(|member| is_known(&member))
}

/// Whether somebody may be answered in their own chat, where nothing is decided: not every event names the
/// organisation of whoever caused it, and then the one that the event is for is taken for theirs.
pub fn admits_to_own_chat(members: &[Member], who: &Who) -> bool {
    let tenant = if who.tenant.0.is_empty() { &who.of } else { &who.tenant };
    admits(members, &Who { tenant: tenant.clone(), ..who.clone() })
}

/// Whose session it is: one that was opened in the terminal is reached by every member, one that a member opened
/// from the phone by that member alone.
pub fn reaches(owner: Option<&PersonId>, person: &PersonId) -> bool {
    owner.is_none_or(|owner| owner == person)
}

/// Why a directory may not be worked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shut {
    /// The configuration names no root.
    NoRoots,
    /// It is not there, or cannot be told.
    Missing,
    /// The conversation that it would be the directory of is not there, or does not say.
    NoConversation,
    /// Its name is no text, which neither the CLI nor a message can carry.
    NotText,
    /// There is none of that name, but one whose name goes on behind a blank.
    Blank(String),
    /// It is, or leads, outside the roots.
    Outside,
}

/// The directory that was probably meant when a name with a blank was written without quotes: `first`, and as much of
/// `rest` as names one. Blocking.
pub fn with_blanks(first: &str, rest: &str, grounds: &Grounds) -> Option<String> {
    const MOST_WORDS: usize = 8;
    let mut name = first.to_owned();
    for word in rest.split_whitespace().take(MOST_WORDS) {
        name = format!("{name} {word}");
        if directory(&name, grounds).is_ok() {
            return Some(name);
        }
    }
    None
}

/// Where a person may work: below the roots, and in worktrees of repositories that lie there.
#[derive(Debug, Clone, Default)]
pub struct Grounds {
    roots: Vec<PathBuf>,
    trees: Vec<PathBuf>,
}

fn at_home(text: &str) -> PathBuf {
    let home = || std::env::home_dir().filter(|_| text == "~");
    below_home(text).or_else(home).unwrap_or_else(|| text.into())
}

impl Grounds {
    /// What of it is really there. A worktree of a session lies elsewhere, and counts as its repository does. Blocking.
    pub fn survey(roots: &[String], worktrees: &[Place]) -> Self {
        let roots: Vec<PathBuf> = roots.iter().filter_map(|root| at_home(root).canonicalize().ok()).collect();
        let mut grounds = Self { roots, trees: Vec::new() };
        let is_inside = |place: &&Place| {
            Path::new(&place.common_dir).canonicalize().is_ok_and(|repository| grounds.is_below_a_root(&repository))
        };
        let inside = worktrees.iter().filter(is_inside);
        grounds.trees = inside.filter_map(|place| Path::new(&place.path).canonicalize().ok()).collect();
        grounds
    }

    fn is_below_a_root(&self, real: &Path) -> bool {
        self.roots.iter().any(|root| real.starts_with(root))
    }

    fn hold(&self, real: &Path) -> bool {
        self.is_below_a_root(real) || self.trees.iter().any(|tree| real.starts_with(tree))
    }
}

/// The real directory that a person means, when they may work there. Blocking.
pub fn directory(named: &str, grounds: &Grounds) -> Result<PathBuf, Shut> {
    if grounds.roots.is_empty() {
        return Err(Shut::NoRoots);
    }
    let named = at_home(named);
    // A relative name is looked for below each root, the first one first.
    let candidates = grounds.roots.iter().map(|root| root.join(&named));
    let found = candidates.filter_map(|path| path.canonicalize().ok()).find(|path| path.is_dir());
    let real = found.ok_or(Shut::Missing)?;
    match grounds.hold(&real) {
        true if real.to_str().is_none() => Err(Shut::NotText),
        true => Ok(real),
        false => Err(Shut::Outside),
    }
}

/// Whether the repository around a directory may be used: a worktree has all of it, not only what is below the
/// directory. That there is none is for git to say. Blocking.
pub fn repository(directory: &Path, grounds: &Grounds) -> Result<(), Shut> {
    let Some(top) = directory.ancestors().find(|path| path.join(".git").symlink_metadata().is_ok()) else {
        return Ok(());
    };
    let shared = shared_folder(top).ok_or(Shut::Outside)?;
    if grounds.hold(top) && grounds.is_below_a_root(&shared) { Ok(()) } else { Err(Shut::Outside) }
}

/// Where git keeps what all worktrees of a repository share.
fn shared_folder(top: &Path) -> Option<PathBuf> {
    let mark = top.join(".git").canonicalize().ok()?;
    if mark.is_dir() {
        return shared_by(mark);
    }
    let text = short_text(&mark)?;
    shared_by(top.join(text.strip_prefix("gitdir:")?.trim()).canonicalize().ok()?)
}

fn shared_by(git_dir: PathBuf) -> Option<PathBuf> {
    let pointer = git_dir.join("commondir");
    match pointer.symlink_metadata() {
        Ok(_) => git_dir.join(short_text(&pointer)?.trim()).canonicalize().ok(),
        Err(_) => Some(git_dir),
    }
}

/// The text of a file that has no reason to be long.
fn short_text(path: &Path) -> Option<String> {
    const MAX_BYTES: u64 = 16 << 10;
    let is_short = path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_BYTES);
    if is_short { std::fs::read_to_string(path).ok() } else { None }
}

/// The real file of a session that a person wants, when it lies in the session's directory and looks like nothing
/// secret. Blocking.
pub fn file(named: &str, directory: &Path) -> Result<PathBuf, Shut> {
    let root = directory.canonicalize().map_err(|_| Shut::Missing)?;
    let real = root.join(named).canonicalize().map_err(|_| Shut::Missing)?;
    if !real.starts_with(&root) {
        return Err(Shut::Outside);
    }
    let looks_secret = |path: &Path| crate::core::sensitive::looks_secret(&path.to_string_lossy());
    match real.metadata() {
        Ok(meta) if meta.is_file() && !looks_secret(&real) && !looks_secret(Path::new(named)) => Ok(real),
        Ok(_) => Err(Shut::Outside),
        Err(_) => Err(Shut::Missing),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn who(person: &str, tenant: &str, of: &str) -> Who {
        Who { person: PersonId(person.into()), tenant: TenantId(tenant.into()), of: TenantId(of.into()) }
    }

    fn member(person: &str, tenant: Option<&str>) -> Member {
        Member { person: PersonId(person.into()), tenant: tenant.map(|tenant| TenantId(tenant.into())) }
    }

    #[test]
    fn only_known_people_of_the_own_organisation_may_speak() {
        let members = [member("ou_me", None), member("ou_paired", Some("t1"))];
        assert!(admits(&members, &who("ou_me", "t1", "t1")));
        assert!(admits(&members, &who("ou_paired", "t1", "t1")));
        for stranger in [
            who("ou_you", "t1", "t1"),
            who("ou_me", "t2", "t1"),
            who("ou_me", "", "t1"),
            who("ou_me", "", ""),
            who("ou_paired", "t2", "t2"),
            who("", "t1", "t1"),
        ] {
            assert!(!admits(&members, &stranger), "{stranger:?}");
        }
        for (who, is_admitted) in [
            (who("ou_me", "", "t1"), true),
            (who("ou_me", "t1", "t1"), true),
            (who("ou_paired", "", "t1"), true),
            (who("ou_paired", "", "t2"), false),
            (who("ou_me", "t2", "t1"), false),
            (who("ou_me", "", ""), false),
            (who("ou_you", "", "t1"), false),
            (who("", "", "t1"), false),
        ] {
            assert_eq!(admits_to_own_chat(&members, &who), is_admitted, "{who:?}");
        }
        assert!(!admits(&[], &who("ou_me", "t1", "t1")), "an empty list admits nobody");
        assert!(!admits(&[member("", None)], &who("", "t1", "t1")));
    }

    #[test]
    fn a_session_from_the_phone_is_its_openers_alone() {
        let (me, you) = (PersonId("me".into()), PersonId("you".into()));
        assert!(reaches(None, &me) && reaches(Some(&me), &me) && !reaches(Some(&you), &me));
    }

    #[test]
    fn directories_are_judged_by_where_they_lead() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for name in ["src/web", "src/web/deep", "elsewhere", "src-not"] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        fs::write(base.join("src/file"), "x").unwrap();
        symlink(base.join("elsewhere"), base.join("src/out")).unwrap();
        symlink(base.join("src/web"), base.join("src/in")).unwrap();
        let roots = [base.join("src").display().to_string()];
        let at = |path: &str| base.join(path).display().to_string();
        for (named, expected) in [
            ("web".to_owned(), Ok(base.join("src/web"))),
            (at("src/web/deep"), Ok(base.join("src/web/deep"))),
            ("in".to_owned(), Ok(base.join("src/web"))),
            ("web/../web".to_owned(), Ok(base.join("src/web"))),
            (".".to_owned(), Ok(base.join("src"))),
            ("out".to_owned(), Err(Shut::Outside)),
            ("../elsewhere".to_owned(), Err(Shut::Outside)),
            (at("src-not"), Err(Shut::Outside)),
            ("/".to_owned(), Err(Shut::Outside)),
            ("file".to_owned(), Err(Shut::Missing)),
            ("nowhere".to_owned(), Err(Shut::Missing)),
            ("web\0".to_owned(), Err(Shut::Missing)),
        ] {
            assert_eq!(directory(&named, &Grounds::survey(&roots, &[])), expected, "{named:?}");
        }
        assert_eq!(directory("web", &Grounds::default()), Err(Shut::NoRoots));
        assert_eq!(directory("web", &Grounds::survey(&["/does/not/exist".into()], &[])), Err(Shut::NoRoots));
    }

    fn place(base: &Path, path: &str, common_dir: &str) -> Place {
        let at = |path: &str| base.join(path).display().to_string();
        Place {
            path: at(path),
            git_dir: String::new(),
            common_dir: at(common_dir),
            origin: String::new(),
            branch: "b".into(),
            base: String::new(),
            base_branch: None,
        }
    }

    #[test]
    fn a_repository_may_be_used_when_all_of_it_lies_below_a_root() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        for name in [
            "src/web/.git/worktrees/t",
            "src/web/deep",
            "src/plain",
            "src/linked",
            "src/odd",
            "big/.git/worktrees/x",
            "big/src/part",
            "data/t/deep",
            "data/x",
        ] {
            fs::create_dir_all(base.join(name)).unwrap();
        }
        let write = |name: &str, text: String| fs::write(base.join(name), text).unwrap();
        write("data/t/.git", format!("gitdir: {}\n", base.join("src/web/.git/worktrees/t").display()));
        write("src/web/.git/worktrees/t/commondir", "../..\n".into());
        write("data/x/.git", format!("gitdir: {}\n", base.join("big/.git/worktrees/x").display()));
        write("big/.git/worktrees/x/commondir", "../..\n".into());
        write("src/linked/.git", "gitdir: ../../big/.git/worktrees/x\n".into());
        write("src/odd/.git", "not what git writes".into());
        let roots = [base.join("src").display().to_string(), base.join("big/src").display().to_string()];
        let trees = [place(&base, "data/t", "src/web/.git"), place(&base, "data/x", "big/.git")];
        let grounds = Grounds::survey(&roots, &trees);
        for (name, expected) in [
            ("src/web", Ok(())),
            ("src/web/deep", Ok(())),
            ("src/plain", Ok(())),
            ("data/t/deep", Ok(())),
            ("src/linked", Err(Shut::Outside)),
            ("src/odd", Err(Shut::Outside)),
            ("big/src/part", Err(Shut::Outside)),
            ("data/x", Err(Shut::Outside)),
        ] {
            assert_eq!(repository(&base.join(name), &grounds), expected, "{name}");
        }
        // A session's worktree counts as its repository does.
        let at = |path: &str| base.join(path).display().to_string();
        assert_eq!(directory(&at("data/t/deep"), &grounds), Ok(base.join("data/t/deep")));
        assert_eq!(directory(&at("data/x"), &grounds), Err(Shut::Outside));
        assert_eq!(directory(&at("data/t"), &Grounds::survey(&roots, &[])), Err(Shut::Outside));
    }

    #[test]
    fn files_are_those_of_the_session_that_look_like_nothing_secret() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let web = base.join("web");
        fs::create_dir_all(web.join("src")).unwrap();
        for name in ["web/src/a.rs", "web/.env", "other"] {
            fs::write(base.join(name), "x").unwrap();
        }
        symlink(base.join("other"), web.join("link")).unwrap();
        symlink(web.join(".env"), web.join("plain")).unwrap();
        assert_eq!(file("src/a.rs", &web), Ok(web.join("src/a.rs")));
        for (named, why) in [
            ("link", Shut::Outside),
            ("../other", Shut::Outside),
            ("/etc/passwd", Shut::Outside),
            (".env", Shut::Outside),
            ("plain", Shut::Outside),
            ("src", Shut::Outside),
            ("gone", Shut::Missing),
        ] {
            assert_eq!(file(named, &web), Err(why), "{named}");
        }
    }

    #[test]
    fn a_name_with_a_blank_that_lacks_its_quotes_is_recognised() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        fs::create_dir_all(base.join("my web shop")).unwrap();
        let grounds = Grounds::survey(&[base.display().to_string()], &[]);
        assert_eq!(with_blanks("my", "web shop fix it", &grounds).as_deref(), Some("my web shop"));
        assert_eq!(with_blanks("my", "fix the web shop", &grounds), None);
    }
}
