//! Ready-made rules: what they allow of a day's work, and what they never allow.

use std::fs;
use std::sync::LazyLock;

use super::Project;
use super::cases;
use super::characters;
use crate::config::presets;
use crate::config::rules::Rule;
use crate::core::permission::RuleBehavior;
use crate::engine::policy::Ruling;
use crate::engine::policy::paths::Own;
use crate::engine::policy::shell::Ground;
use crate::engine::policy::shell::judge;

/// Of the everyday lines at least so many in a hundred are allowed.
const AT_LEAST: usize = 75;

/// A project as agents find it: several languages, nothing secret in it.
static PROJECT: LazyLock<Project> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap().join("app");
    for name in [
        ".git/objects",
        "src",
        "tests",
        "docs",
        "dist",
        "crates/core/src",
        "web",
        "node_modules/.bin",
        "scripts",
        "pkg/foo",
    ] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    for name in [
        "src/a.rs",
        "src/b.rs",
        "src/lib.rs",
        "src/main.rs",
        "src/a.ts",
        "src/a.js",
        "src/a.py",
        "tests/test_a.py",
        "README.md",
        "data.txt",
        "data.json",
        "Makefile",
    ] {
        fs::write(root.join(name), "x").unwrap();
    }
    fs::write(root.join("Cargo.toml"), "[workspace]\nmembers = [\"crates/*\"]\n").unwrap();
    fs::write(root.join("crates/core/Cargo.toml"), "[package]\nname = \"core\"\n").unwrap();
    fs::write(root.join("package.json"), "{\"workspaces\": [\"web\"]}").unwrap();
    fs::write(root.join("web/package.json"), "{}").unwrap();
    for name in ["tsc", "eslint", "prettier", "vitest", "jest"] {
        fs::write(root.join("node_modules/.bin").join(name), "x").unwrap();
    }
    for name in ["fixtures/evil/.git", "fixtures/bare/objects", "fixtures/bare/refs"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    for name in
        ["evil/Makefile", "evil/Cargo.toml", "evil/package.json", "evil/go.mod", "evil/conftest.py", "bare/HEAD"]
    {
        fs::write(root.join("fixtures").join(name), "x").unwrap();
    }
    Project { _folder: folder, root }
});

fn every_rule() -> Vec<Rule> {
    presets::rules(&presets::PRESETS.map(|(name, _)| name.to_owned())).unwrap()
}

fn by(rules: &[Rule], line: &str, project: &Project) -> Ruling {
    let rules: Vec<&Rule> = rules.iter().collect();
    let own = crate::config::OwnPlaces::default();
    judge(line, &rules, &Ground::new(&project.root, std::slice::from_ref(&project.root), Own(&own), None, true))
}

#[test]
fn most_of_a_days_work_is_allowed() {
    let rules = every_rule();
    let (mut n_allowed, mut n_lines, mut asked) = (0, 0, Vec::new());
    for case in cases(include_str!("../everyday.txt")).filter(|case| !case.starts_with("# ") || case.contains('⏎')) {
        let line = case.replace('⏎', "\n").replace("ROOT", &PROJECT.root.to_string_lossy());
        let ruling = by(&rules, &line, &PROJECT);
        n_lines += 1;
        if ruling.action == RuleBehavior::Allow {
            n_allowed += 1;
        } else {
            asked.push(format!("{case}: {}", ruling.why));
        }
    }
    println!("{n_allowed} of {n_lines} everyday lines are allowed; asked:\n{}", asked.join("\n"));
    assert!(n_lines >= 300, "{n_lines}");
    assert!(n_allowed * 100 >= AT_LEAST * n_lines, "{n_allowed} of {n_lines}:\n{}", asked.join("\n"));
}

#[test]
fn no_preset_allows_one_of_its_own_hostile_lines() {
    let mut wrong = Vec::new();
    for (name, _) in presets::PRESETS {
        let rules = presets::rules(&[name.to_owned()]).unwrap();
        for line in presets::hostile(name) {
            for project in [&*PROJECT, &*super::PROJECT] {
                if by(&rules, &line, project).action == RuleBehavior::Allow {
                    wrong.push(format!("{name}: {line:?}"));
                }
            }
        }
    }
    wrong.dedup();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lines of the table that are asked there only because nobody wrote a rule for them.
const NAMED_BY_PRESETS: &[&str] = &["git commit", "command -v rm"];

#[test]
fn all_presets_together_allow_no_hostile_line() {
    let rules = every_rule();
    let mut wrong = Vec::new();
    for case in cases(include_str!("../hostile.txt")) {
        let (_, line) = case.split_once(' ').unwrap();
        let is_allowed = by(&rules, &characters(line), &super::PROJECT).action == RuleBehavior::Allow;
        if is_allowed && !NAMED_BY_PRESETS.contains(&line) {
            wrong.push(line.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
