//! Names that look secret, as patterns for another program that is to leave such files alone.

use super::BEGINNINGS;
use super::ENDS;
use super::FOLDERS;
use super::NAMES;

/// Patterns of whole paths; `below`: the folder in which also what lies in secret folders is meant. It may itself lie in one.
pub fn globs(below: &str) -> Vec<String> {
    let is_plain = !below.contains(['*', '?', '[', ']', '{', '}', '(', ')', '!', '+', '@', '\\', '|']);
    let folders = FOLDERS.iter().filter(|_| is_plain).map(|folder| format!("{below}/**/{folder}/**"));
    let names = NAMES.iter().map(|name| format!("**/{name}"));
    let ends = ENDS.iter().map(|end| format!("**/*{end}"));
    // With any end, pages that only speak of secrets would be meant too.
    let starts = BEGINNINGS.iter().flat_map(|start| [format!("**/{start}"), format!("**/{start}*.json")]);
    names.chain(ends).chain(starts).chain(["**/.env.*".to_owned()]).chain(folders).collect()
}

#[cfg(test)]
mod tests {
    use globset::Glob;

    use super::*;

    #[test]
    fn secret_files_fit_and_instructions_do_not() {
        let made = globs("/w/secrets/app");
        let fits = |path: &str| made.iter().any(|glob| Glob::new(glob).unwrap().compile_matcher().is_match(path));
        for path in [
            "/w/secrets/app/.env",
            "/w/secrets/app/.env.local",
            "/elsewhere/.env",
            "/w/secrets/app/id_rsa",
            "/w/secrets/app/certs/x.pem",
            "/w/secrets/app/.ssh/config",
            "/w/secrets/app/deep/secrets/x",
        ] {
            assert!(fits(path), "{path}");
        }
        for path in [
            "/w/secrets/app/CLAUDE.md",
            "/w/secrets/app/.claude/rules/secrets.md",
            "/w/secrets/app/docs/credentials.md",
            "/w/CLAUDE.md",
        ] {
            assert!(!fits(path), "{path}");
        }
        assert!(globs("/a[b").iter().all(|glob| !glob.starts_with("/a")), "what would mean something else is left out");
    }
}
