//! What a call touches that looks secret: of files, those that are there.
//!
//! **For:** asking about calls that the CLI would run. **Not for:** allowing: a call of which nothing is found here may
//! still read a secret, by a name that is worked out as it runs.

use std::path::Path;
use std::path::PathBuf;

use globset::GlobBuilder;
use serde_json::Value;

use super::folders;
use super::folders::Seen;
use super::paths;
use super::searches;
use super::shell;
use crate::config::places::below_home;
use crate::core::approval::Approval;
use crate::core::sensitive::looks_secret;
use crate::core::tool::table;
use crate::core::tool::table::Does;

/// Names of one directory that a pattern is compared with.
const MAX_NAMES: usize = 2000;
/// Words of a line that are looked at.
const MAX_WORDS: usize = 400;
/// Fields of an input that name a place on the disk, or a pattern of places.
const PATHS: [&str; 6] = ["file_path", "notebook_path", "path", "directory", "dir_path", "filePath"];
const PATTERNS: [&str; 2] = ["glob", "pattern"];

/// The first thing that the call touches and that looks secret, as the call names it. Blocking.
pub(crate) fn secret(approval: &Approval) -> Option<String> {
    named(approval).or_else(|| searches::secret(approval))
}

/// ... that the call names.
fn named(approval: &Approval) -> Option<String> {
    let directory = Path::new(&approval.place.directory);
    let text = |field: &str| approval.input.get(field).and_then(Value::as_str);
    match table::of(&approval.tool).map(|tool| tool.does) {
        Some(Does::Runs { field }) => {
            let line = text(field)?;
            of_line(line, directory).or_else(|| match folders::seen(line, directory) {
                Seen::Secret(found) => Some(found),
                // Nothing is known to be there: the CLI does as it would.
                Seen::Harmless | Seen::Unknown(_) => None,
            })
        }
        Some(Does::RunsOther { field }) => of_line(text(field)?, directory),
        Some(Does::Reads | Does::Changes { .. }) => {
            let named = PATHS.into_iter().filter_map(text).map(str::trim);
            if let Some(path) = named.clone().find(|path| is_secret_path(path, directory)) {
                return Some(path.to_owned());
            }
            let patterns = PATTERNS.into_iter().filter(|field| *field == "glob" || approval.tool == "Glob");
            patterns.filter_map(text).find(|pattern| looks_secret(pattern)).map(str::to_owned)
        }
        _ => None,
    }
}

/// Whether a path names a secret, or a link to one; it need not be there, since a tool may make it.
fn is_secret_path(path: &str, directory: &Path) -> bool {
    if path.is_empty() {
        return false;
    }
    let path = at(path, directory);
    let real = paths::resolve(&path);
    looks_secret(&path.to_string_lossy()) || real.is_some_and(|real| looks_secret(&real.to_string_lossy()))
}

pub(super) fn at(path: &str, directory: &Path) -> PathBuf {
    below_home(path).unwrap_or_else(|| directory.join(path))
}

fn of_line(line: &str, directory: &Path) -> Option<String> {
    let opened = shell::opened(line)?;
    let mut here = directory.to_owned();
    let mut n_words = 0;
    for words in &opened.commands {
        for word in words.iter().skip(1) {
            n_words += 1;
            if n_words > MAX_WORDS {
                return None;
            }
            if let Some(found) = operands(word).find(|text| touches(text, &here)) {
                return Some(found.to_owned());
            }
        }
        // What follows a `cd` names its files from there.
        if let [program, target, ..] = words.as_slice()
            && program == "cd"
        {
            here = at(target, &here);
        }
    }
    opened
        .writes
        .iter()
        .chain(&opened.reads)
        .map(String::as_str)
        .find(|name| touches(name, &here) || touches(name, directory))
        .map(str::to_owned)
}

/// The texts in a word that may name a file: itself, what is attached to an option, and the path behind a revision.
fn operands(word: &str) -> impl Iterator<Item = &str> {
    let attached = word.strip_prefix('-').and_then(|_| word.split_once('=')).map(|(_, text)| text);
    let short = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).and_then(|rest| rest.get(1..));
    let at_revision = word.split_once(':').map(|(_, path)| path);
    [Some(word), attached, short, at_revision].into_iter().flatten().filter(|text| !text.is_empty())
}

fn touches(text: &str, directory: &Path) -> bool {
    if text.contains(['*', '?', '[']) {
        return matches_secret(text, directory);
    }
    // A name that only looks secret and names nothing is a word: `grep token src`.
    let path = at(text, directory);
    let is_there = path.symlink_metadata().is_ok_and(|meta| !meta.is_dir());
    // In a revision the file need not be on the disk any more, but then its name says it.
    let is_plain_secret = text.rsplit('/').next().is_some_and(|name| name.starts_with(".env")) && looks_secret(text);
    (is_there && is_secret_path(text, directory)) || is_plain_secret
}

/// Whether a pattern matches a file that looks secret, as the shell would find it.
fn matches_secret(pattern: &str, directory: &Path) -> bool {
    let (folder, name) = pattern.rsplit_once('/').map_or((".", pattern), |(folder, name)| (folder, name));
    if folder.contains(['*', '?', '[']) {
        return looks_secret(name);
    }
    let Ok(glob) = GlobBuilder::new(name).literal_separator(true).build() else { return false };
    let glob = glob.compile_matcher();
    let Ok(entries) = std::fs::read_dir(at(folder, directory)) else { return false };
    entries.take(MAX_NAMES).filter_map(Result::ok).any(|entry| {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        // The shell leaves hidden names out unless the pattern begins with the dot.
        let is_meant = !found.starts_with('.') || name.starts_with('.');
        is_meant && glob.is_match(&*found) && looks_secret(&found)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::approval::Place;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;

    fn found(directory: &Path, tool: &str, input: Value) -> Option<String> {
        let place = Place { directory: directory.to_string_lossy().into_owned(), ..Place::default() };
        secret(&Approval { place, ..Approval::new(ApprovalId(1), SessionId(1), tool, input) })
    }

    #[test]
    fn files_that_look_secret_are_found_however_the_call_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("sub")).unwrap();
        for name in [".env", "sub/.env.local", "id_rsa", "a.txt"] {
            std::fs::write(base.join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(base.join(".env"), base.join("plain.txt")).unwrap();
        for line in [
            "cat .env",
            "cat ./.env",
            "base64 < .env",
            "head -n1 .env",
            "nl sub/../.env",
            "strings .env*",
            "od -c id_*",
            "rg KEY .env",
            "grep -f.env x",
            "grep --file=.env x",
            "git show HEAD:.env",
            "git log -p -- .env.production",
            "cd sub && cat .env.local",
            "cat plain.txt",
            "ls; bash -c 'cat .env'",
            "grep -r token sub",
            "rg password",
        ] {
            assert!(found(&base, "Bash", json!({"command": line})).is_some(), "{line}");
            assert!(found(&base, "Monitor", json!({"command": line})).is_some(), "{line}");
        }
        for line in ["grep token sub", "rg password sub", "cat a.txt", "cat a*", "git log", "echo secret", "ls"] {
            assert_eq!(found(&base, "Bash", json!({"command": line})), None, "{line}");
        }
        assert!(found(&base, "Read", json!({"file_path": base.join(".env")})).is_some());
        assert!(found(&base, "Read", json!({"file_path": base.join("plain.txt")})).is_some());
        assert!(found(&base, "Grep", json!({"pattern": "x", "glob": ".env*"})).is_some());
        assert!(found(&base, "Glob", json!({"pattern": "**/.env*"})).is_some());
        assert_eq!(found(&base, "Grep", json!({"pattern": "token"})), None);
        assert_eq!(found(&base, "Read", json!({"file_path": base.join("a.txt")})), None);
    }
}
