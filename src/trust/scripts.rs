//! What a command line names inside the folder: when such a file changes, the command is another one.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::files;

/// Words of a command that are looked at.
const MAX_WORDS: usize = 200;
/// Programs whose task list stands in a file, and that file.
const TASK_FILES: [(&str, &[&str]); 5] = [
    ("make", &["Makefile", "makefile", "GNUmakefile"]),
    ("just", &["justfile", "Justfile", ".justfile"]),
    ("task", &["Taskfile.yml", "Taskfile.yaml"]),
    ("rake", &["Rakefile"]),
    ("pre-commit", &[".pre-commit-config.yaml"]),
];
/// Programs that run what `package.json` calls its scripts.
const PACKAGE_RUNNERS: [&str; 5] = ["npm", "pnpm", "yarn", "bun", "npx"];

/// The files below `top` that a command line names, seen from `folder`, with the digest of each.
pub(super) fn named(command: &str, folder: &Path, top: &Path) -> Vec<(PathBuf, String)> {
    let at = folder.display().to_string();
    let command = ["${CLAUDE_PROJECT_DIR}", "$CLAUDE_PROJECT_DIR", "${PWD}", "$PWD"]
        .iter()
        .fold(command.to_owned(), |command, variable| command.replace(variable, &at));
    let is_end = |c: char| c.is_whitespace() || "'\"`;|&()<>=,$".contains(c);
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    // Quotes may be around a part of a word, or around a command of its own.
    let joined = command.replace(['"', '\''], "");
    let words = command.split(is_end).chain(joined.split(is_end));
    for word in words.filter(|word| !word.is_empty()).take(MAX_WORDS) {
        let path = folder.join(word);
        let program = word.rsplit('/').next().unwrap_or(word);
        let tasks = TASK_FILES.iter().find(|(name, _)| *name == program).map_or(&[][..], |(_, files)| files);
        // A folder may stand for the program in it.
        let inner = ["__main__.py", "index.js"].iter().map(|name| path.join(name));
        let named = std::iter::once(path.clone()).chain(inner).chain(tasks.iter().map(|name| folder.join(name)));
        for path in named {
            note(&mut found, &path, top);
        }
        if PACKAGE_RUNNERS.contains(&program) {
            let package = folder.join("package.json");
            if let Ok(content) = files::bytes(&package) {
                let scripts = serde_json::from_slice::<Value>(&content).ok();
                let scripts = scripts.as_ref().and_then(|package| package.get("scripts")).map(Value::to_string);
                let digest = files::digest(&[scripts.unwrap_or_default().as_bytes()]);
                if !found.iter().any(|(known, _)| *known == package) {
                    found.push((package, digest));
                }
            }
        }
    }
    found
}

fn note(found: &mut Vec<(PathBuf, String)>, path: &Path, top: &Path) {
    let Ok(real) = path.canonicalize() else { return };
    if !real.is_file() || !real.starts_with(top) || found.iter().any(|(known, _)| *known == real) {
        return;
    }
    let digest = match files::bytes(&real) {
        Ok(content) => files::digest(&[&content]),
        Err(why) => files::digest(&[b"unread", why.as_bytes()]),
    };
    found.push((real, digest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_inside_are_found_however_the_line_names_them() {
        let base = tempfile::tempdir().unwrap();
        let top = base.path().canonicalize().unwrap();
        let put = |name: &str, text: &str| {
            std::fs::create_dir_all(top.join(name).parent().unwrap()).unwrap();
            std::fs::write(top.join(name), text).unwrap();
        };
        put("tools/check.sh", "1");
        put("Makefile", "all:");
        put("package.json", r#"{"version": "1", "scripts": {"x": "y"}}"#);
        put("pkg/__main__.py", "1");
        let names = |command: &str| -> Vec<String> {
            let found = named(command, &top, &top);
            found.iter().map(|(path, _)| path.strip_prefix(&top).unwrap().display().to_string()).collect()
        };
        for (command, expected) in [
            ("sh tools/check.sh --fast", vec!["tools/check.sh"]),
            ("\"$CLAUDE_PROJECT_DIR\"/tools/check.sh", vec!["tools/check.sh"]),
            ("${CLAUDE_PROJECT_DIR}/tools/check.sh; echo", vec!["tools/check.sh"]),
            ("bash -c 'cd . && ./tools/check.sh'", vec!["tools/check.sh"]),
            ("FOO=tools/check.sh true", vec!["tools/check.sh"]),
            ("make test", vec!["Makefile"]),
            ("npm run x", vec!["package.json"]),
            ("python -m pkg", vec!["pkg/__main__.py"]),
            ("cat /etc/passwd ../x", vec![]),
        ] {
            assert_eq!(names(command), expected, "{command}");
        }
        let before = named("npm run x", &top, &top);
        put("package.json", r#"{"version": "2", "scripts": {"x": "y"}}"#);
        assert_eq!(named("npm run x", &top, &top), before, "a new version is no new script");
        put("package.json", r#"{"version": "2", "scripts": {"x": "z"}}"#);
        assert_ne!(named("npm run x", &top, &top), before);
    }
}
