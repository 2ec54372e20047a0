//! Whether a program means the same in a directory below as in the session's own.
//!
//! **For:** programs that run what the files of a directory say: builds, tests, git. **Not for:** programs that only
//! read: to these a directory is a directory.
//!
//! Invariant: what is not known to belong to the project of the session's directory does not.

use std::path::Path;
use std::path::PathBuf;

use globset::Glob;

use super::Ground;
use super::plain::PlainWord;
use super::programs;
use crate::engine::policy::paths;

/// Files that make a directory a project of its own to a program, or steer the program there.
const OWN: &[(&str, &[&str])] = &[
    ("git", &[".git"]),
    ("go", &["go.mod", "go.work", "vendor"]),
    ("gofmt", &[]),
    ("cargo", &[".cargo", "rust-toolchain", "rust-toolchain.toml"]),
    ("npm", &[".npmrc"]),
    ("pnpm", &[".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"]),
    ("yarn", &[".yarnrc", ".yarnrc.yml", ".yarn", ".npmrc"]),
    ("npx", &[".npmrc", "node_modules"]),
    ("pytest", &["pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml", "conftest.py", ".pytest.ini"]),
    ("ruff", &["ruff.toml", ".ruff.toml", "pyproject.toml"]),
];

/// Whether the command may run there; the sentence says why not.
pub(super) fn belongs(words: &[PlainWord], ground: &Ground<'_>) -> Result<(), String> {
    let program = words.first().map_or("", |word| word.text.as_str());
    if programs::ONLY_SPEAK.contains(&program) {
        return Ok(());
    }
    let is_start =
        ground.directory == ground.start || paths::resolve(ground.start).as_deref() == Some(ground.directory);
    if ground.at_home && is_start {
        return Ok(());
    }
    let place = ground.inside(".")?;
    if programs::ONLY_READ.contains(&program) || program == "cd" {
        return Ok(());
    }
    if ground.roots.contains(&place) {
        return Ok(());
    }
    let root = ground.roots.iter().filter(|root| place.starts_with(root)).max_by_key(|root| root.components().count());
    let Some(root) = root else { return Err("it would run outside of the session's directories".into()) };
    let is_pytest = program.starts_with("python") && words.get(2).is_some_and(|word| word.text == "pytest");
    let name = if is_pytest { "pytest" } else { program };
    let Some((_, own)) = OWN.iter().find(|(known, _)| *known == name) else {
        return Err(format!("{program} may do something else in a directory below the session's own"));
    };
    let between: Vec<PathBuf> =
        place.ancestors().take_while(|folder| *folder != root.as_path()).map(Path::to_path_buf).collect();
    let has = |folder: &Path, name: &str| folder.join(name).symlink_metadata().is_ok();
    for folder in &between {
        // A git folder without `.git`; what else it needs may lie elsewhere.
        let is_bare = || name == "git" && has(folder, "HEAD");
        if own.iter().any(|file| has(folder, file)) || is_bare() {
            return Err(format!("{program} finds another project in “{}”", folder.display()));
        }
    }
    let manifest = match name {
        "cargo" => "Cargo.toml",
        "npm" | "pnpm" | "yarn" | "npx" => "package.json",
        _ => return Ok(()),
    };
    for folder in between.iter().filter(|folder| has(folder, manifest)) {
        if !members(root, name).iter().any(|member| is_member(member, root, folder)) {
            return Err(format!("the session's project does not name “{}” as a part", folder.display()));
        }
    }
    Ok(())
}

/// The parts that the project in a directory names.
fn members(root: &Path, program: &str) -> Vec<String> {
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
    let texts = |list: Option<&Vec<toml::Value>>| -> Vec<String> {
        list.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    if program == "cargo" {
        let table: toml::Table = read("Cargo.toml").parse().unwrap_or_default();
        let workspace = table.get("workspace").and_then(toml::Value::as_table);
        return texts(workspace.and_then(|workspace| workspace.get("members")).and_then(toml::Value::as_array));
    }
    let value: serde_json::Value = serde_json::from_str(&read("package.json")).unwrap_or_default();
    let workspaces = value.get("workspaces").map(|found| found.get("packages").unwrap_or(found).clone());
    let listed = workspaces.as_ref().and_then(serde_json::Value::as_array).into_iter().flatten();
    let mut all: Vec<String> = listed.filter_map(|item| item.as_str().map(str::to_owned)).collect();
    // One `- "packages/*"` a line is how everybody writes it.
    for line in read("pnpm-workspace.yaml").lines() {
        all.extend(line.trim().strip_prefix("- ").map(|item| item.trim_matches(['"', '\'', ' ']).to_owned()));
    }
    all
}

fn is_member(member: &str, root: &Path, folder: &Path) -> bool {
    let Some(below) = paths::resolve(folder).and_then(|real| real.strip_prefix(root).ok().map(Path::to_path_buf))
    else {
        return false;
    };
    let member = member.trim_start_matches("./").trim_end_matches('/');
    let is_named = !member.is_empty() && member != "*" && !member.starts_with("**");
    is_named && Glob::new(member).is_ok_and(|glob| glob.compile_matcher().is_match(&below))
}
