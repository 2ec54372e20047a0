//! Files that look secret in the folders that a command reads or copies whole, and behind its patterns.
//!
//! **For:** `grep -r`, `rg`, `tar c`, `cp -r`, `cat *` and their like. **Not for:** files that a command names: `secrets`
//! looks at those. Blocking.
//!
//! Invariants: never more than `MAX_ENTRIES` names are looked at for one line; what was not looked at is said to be unknown.

use std::io::Read as _;
use std::path::Path;

use globset::GlobBuilder;
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;

use super::secrets::at;
use super::shell;
use super::shell::flow;
use crate::core::sensitive::looks_secret;
use crate::disk;

mod reach;

use reach::Reach;

/// Names that are looked at for one line, at most.
const MAX_ENTRIES: usize = 2000;
/// As much of git's configuration is read.
const MAX_CONFIG_BYTES: u64 = 64 * 1024;

/// What a line would read besides the files that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing that looks secret.
    Harmless,
    /// This file, as the command would find it.
    Secret(String),
    /// It could not be looked through; the sentence says why.
    Unknown(String),
}

/// Looks through the folders and patterns of a line. Blocking.
pub(super) fn seen(line: &str, directory: &Path) -> Seen {
    let Some(calls) = flow::read(line) else { return Seen::Unknown("the line cannot be read".to_owned()) };
    let mut here = directory.to_owned();
    let mut look = Look { left: MAX_ENTRIES };
    let mut unknown = None;
    for call in &calls.all {
        // A wrapper comes before the program that it runs.
        for start in &call.beginnings {
            match look.at_call(&call.words[*start..], &here) {
                Ok(()) => {}
                Err(Seen::Unknown(why)) => unknown = unknown.or(Some(why)),
                Err(found) => return found,
            }
        }
        if let [program, target, ..] = call.words.as_slice()
            && program == "cd"
        {
            here = at(target, &here);
        }
    }
    unknown.map_or(Seen::Harmless, Seen::Unknown)
}

struct Look {
    /// Names that may still be looked at.
    left: usize,
}

impl Look {
    fn at_call(&mut self, words: &[String], here: &Path) -> Result<(), Seen> {
        let Some(program) = words.first() else { return Ok(()) };
        if reach::only_names(&shell::name(program)) {
            return Ok(());
        }
        let reach = Reach::of(words, here);
        let own_patterns = words.windows(2).filter(|pair| reach::takes_pattern(&pair[0])).map(|pair| pair[1].as_str());
        let own_patterns: Vec<&str> = own_patterns.collect();
        let is_meant =
            |word: &&String| !word.starts_with('-') && is_pattern(word) && !own_patterns.contains(&word.as_str());
        for word in words.iter().skip(1).filter(is_meant) {
            for path in self.expand(word, here)? {
                if !at(&path, here).is_dir() && looks_secret(&path) {
                    return Err(Seen::Secret(path));
                }
                if let Some(reach) = &reach {
                    self.below(&path, here, reach)?;
                }
            }
        }
        let Some(reach) = reach else { return Ok(()) };
        reach.roots.iter().try_for_each(|root| self.below(root, here, &reach))
    }

    /// Looks at all that the command reads below a folder.
    fn below(&mut self, root: &str, here: &Path, reach: &Reach) -> Result<(), Seen> {
        let base = at(root, here);
        if !base.is_dir() {
            return Ok(());
        }
        let cannot =
            |error: &dyn std::fmt::Display| Seen::Unknown(format!("“{root}” cannot be looked through: {error}"));
        let mut walk = WalkBuilder::new(&base);
        walk.hidden(!reach.hidden).follow_links(false).max_depth(reach.max_depth);
        walk.sort_by_file_name(std::ffi::OsStr::cmp);
        let minds = reach.minds_ignored;
        walk.ignore(minds).git_ignore(minds).git_global(minds).git_exclude(minds).parents(minds);
        if minds {
            walk.add_custom_ignore_filename(".rgignore");
        }
        let mut overrides = OverrideBuilder::new(&base);
        for glob in &reach.globs {
            overrides.add(glob).map_err(|error| cannot(&error))?;
        }
        walk.overrides(overrides.build().map_err(|error| cannot(&error))?);
        // What git keeps for itself is many files and one that may hold a secret.
        walk.filter_entry(|entry| !is_inside_git(entry.path()));
        for entry in walk.build() {
            self.count(root)?;
            let entry = entry.map_err(|error| cannot(&error))?;
            let path = entry.path();
            let kind = entry.file_type();
            if kind.is_none_or(|kind| kind.is_dir()) && !is_git(path) {
                continue;
            }
            let named = if root == "." { "" } else { root };
            let shown = Path::new(named).join(path.strip_prefix(&base).unwrap_or(path)).display().to_string();
            if is_git(path) {
                if !reach.only_tracked && has_credentials(&path.join("config")) {
                    return Err(Seen::Secret(format!("{shown}/config")));
                }
                continue;
            }
            let name = entry.file_name().to_string_lossy();
            if !reach.takes(&name) || reach.leaves_out(path.strip_prefix(&base).unwrap_or(path)) {
                continue;
            }
            if looks_secret(&shown) {
                return Err(Seen::Secret(shown));
            }
            if kind.is_some_and(|kind| kind.is_symlink()) && reach.follows_links {
                let target = path.canonicalize().unwrap_or_default();
                if looks_secret(&target.to_string_lossy()) {
                    return Err(Seen::Secret(shown));
                }
                if target.is_dir() {
                    return Err(Seen::Unknown(format!("“{shown}” is a link to a folder")));
                }
            }
        }
        Ok(())
    }

    /// The names that a pattern stands for, as a shell finds them.
    fn expand(&mut self, pattern: &str, here: &Path) -> Result<Vec<String>, Seen> {
        let mut found = vec![if pattern.starts_with('/') { "/".to_owned() } else { String::new() }];
        for part in pattern.split('/').filter(|part| !part.is_empty()) {
            let join = |folder: &str, name: &str| {
                if folder.is_empty() || folder.ends_with('/') {
                    format!("{folder}{name}")
                } else {
                    format!("{folder}/{name}")
                }
            };
            if !is_pattern(part) {
                for folder in &mut found {
                    *folder = join(folder, part);
                }
                continue;
            }
            let glob = GlobBuilder::new(part).literal_separator(true).build().ok().map(|glob| glob.compile_matcher());
            let mut next = Vec::new();
            for folder in &found {
                let place = if folder.is_empty() { here.to_owned() } else { at(folder, here) };
                // Two stars stand for any folders in some shells.
                if part == "**" {
                    next.push(folder.clone());
                }
                let Ok(entries) = std::fs::read_dir(place) else { continue };
                for entry in entries.filter_map(Result::ok) {
                    self.count(pattern)?;
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    let is_meant = !name.starts_with('.') || part.starts_with('.');
                    if is_meant && glob.as_ref().is_none_or(|glob| glob.is_match(&*name)) {
                        next.push(join(folder, &name));
                    }
                }
            }
            found = next;
        }
        Ok(found)
    }

    fn count(&mut self, what: &str) -> Result<(), Seen> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Seen::Unknown(format!("“{what}” holds more than {MAX_ENTRIES} names, too many to look for secrets in them"))
        })?;
        Ok(())
    }
}

fn is_pattern(word: &str) -> bool {
    word.contains(['*', '?', '['])
}

fn is_git(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".git")
}

fn is_inside_git(path: &Path) -> bool {
    path.parent().is_some_and(is_git)
}

/// Whether git's configuration has a password in an address, or a header for one.
fn has_credentials(config: &Path) -> bool {
    let mut text = String::new();
    let Ok(file) = disk::open_read(config) else { return false };
    // What cannot be read as text is no reason to hide it.
    let is_read = file.take(MAX_CONFIG_BYTES).read_to_string(&mut text).is_ok();
    is_read && crate::redact::redact(&text) != text
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn project() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in
            [".env", "src/a.rs", "conf/.env.local", "conf/a.txt", "keys/id_rsa", "keys/a.txt", "kept/x.txt", "ign/.env"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        fs::create_dir_all(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git/config"), "[core]\n\tbare = false\n").unwrap();
        fs::write(folder.path().join(".gitignore"), "keys/\n").unwrap();
        folder
    }

    #[test]
    fn secrets_below_what_is_read_whole_are_found() {
        let folder = project();
        let secret = |line: &str| match seen(line, folder.path()) {
            Seen::Secret(found) => Some(found),
            Seen::Harmless => None,
            Seen::Unknown(why) => panic!("{line}: {why}"),
        };
        for (line, found) in [
            ("grep -r x conf", "conf/.env.local"),
            ("grep -rn x conf/", "conf/.env.local"),
            ("grep -R x keys src", "keys/id_rsa"),
            ("grep --recursive x", ".env"),
            ("grep -rn --include=.env* x src conf", "conf/.env.local"),
            ("egrep -r x conf", "conf/.env.local"),
            ("cd conf && grep -r x .", ".env.local"),
            ("sudo grep -r x conf", "conf/.env.local"),
            ("timeout 5 grep -r x keys", "keys/id_rsa"),
            ("ls; (grep -r x conf) | head", "conf/.env.local"),
            ("rg -uu x keys", "keys/id_rsa"),
            ("rg --hidden x conf", "conf/.env.local"),
            ("rg --no-ignore x keys", "keys/id_rsa"),
            ("rg -g '.env*' x conf", "conf/.env.local"),
            ("ack x keys", "keys/id_rsa"),
            ("diff -r keys kept", "keys/id_rsa"),
            ("find conf -type f -exec cat {} +", "conf/.env.local"),
            ("find . -name 'id_*' -exec head {} \\;", "keys/id_rsa"),
            ("tar czf out.tgz conf", "conf/.env.local"),
            ("tar -cf out.tar --exclude=a.txt keys", "keys/id_rsa"),
            ("cp -r keys out", "keys/id_rsa"),
            ("cp -a conf/ /tmp/x", "conf/.env.local"),
            ("rsync -av keys/ host:x", "keys/id_rsa"),
            ("zip -r out.zip conf", "conf/.env.local"),
            ("cat keys/*", "keys/id_rsa"),
            ("head -n1 */id_*", "keys/id_rsa"),
            ("cat conf/.e*", "conf/.env.local"),
            ("cp -r key* out", "keys/id_rsa"),
        ] {
            let shown = secret(line).map(|found| found.trim_start_matches("./").replace("//", "/"));
            assert_eq!(shown.as_deref(), Some(found), "{line}");
        }
        for line in [
            "grep x conf/a.txt",
            "grep -r x src",
            "grep -rn x kept src/",
            "grep -rn --include='*.txt' x conf",
            "grep -r --exclude-dir=conf --exclude-dir=keys --exclude-dir=ign --exclude='.env*' x .",
            "rg x",
            "rg x conf",
            "rg -n x .",
            "rg --files -uu",
            "find . -name '*.rs' -exec cat {} +",
            "find . -name .env -exec ls {} +",
            "find . -type f",
            "tar tzf out.tgz",
            "tar xzf out.tgz conf",
            "cp -r src out",
            "cp -r src keys",
            "cat src/*",
            "cat conf/*",
            "ls -R keys",
            "ls keys/*",
            "rm -r keys",
            "echo *",
            "git log -p",
        ] {
            assert_eq!(secret(line), None, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_looked_through_is_unknown() {
        let folder = project();
        for n in 0..MAX_ENTRIES {
            fs::write(folder.path().join(format!("kept/{n}")), "").unwrap();
        }
        symlink(folder.path().join("keys"), folder.path().join("src/link")).unwrap();
        for (line, why) in
            [("grep -r x kept", "more than"), ("cat kept/*", "more than"), ("grep -R x src", "a link to a folder")]
        {
            assert!(matches!(seen(line, folder.path()), Seen::Unknown(found) if found.contains(why)), "{line}");
        }
        // One that is found is told whatever else is not known.
        assert!(matches!(seen("grep -r x keys kept", folder.path()), Seen::Secret(_)));
        symlink(folder.path().join("keys/id_rsa"), folder.path().join("conf/plain")).unwrap();
        fs::remove_file(folder.path().join("conf/.env.local")).unwrap();
        assert!(matches!(seen("grep -R x conf", folder.path()), Seen::Secret(found) if found == "conf/plain"));
        assert_eq!(seen("grep -r x conf", folder.path()), Seen::Harmless);
    }

    #[test]
    fn the_configuration_of_git_counts_where_it_holds_a_password() {
        let folder = project();
        fs::remove_file(folder.path().join(".env")).unwrap();
        let line = "grep -r x --exclude-dir=conf --exclude-dir=keys --exclude-dir=ign .";
        assert_eq!(seen(line, folder.path()), Seen::Harmless);
        let config = "[remote \"origin\"]\n\turl = https://me:hunter22@git.example.com/x.git\n";
        fs::write(folder.path().join(".git/config"), config).unwrap();
        assert!(matches!(seen(line, folder.path()), Seen::Secret(found) if found.ends_with(".git/config")));
        assert_eq!(seen("git grep x", folder.path()), Seen::Secret("conf/.env.local".into()));
    }
}
