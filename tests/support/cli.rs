//! The real CLIs on this machine. `.ci/run` names them and makes them mandatory; without one, a test that
//! needs it says that it was skipped.

use std::path::PathBuf;

/// Paths of real CLIs, separated by colons.
const NAMED: &str = "ADJUTANT_TEST_CLAUDE";
/// When set, a missing CLI is a failure.
const REQUIRED: &str = "ADJUTANT_REQUIRE_CLAUDE";

/// Every real CLI that tests can use, the newest last.
pub fn all() -> Vec<PathBuf> {
    let named = std::env::var_os(NAMED).map(|paths| std::env::split_paths(&paths).collect::<Vec<_>>());
    let on_path = || {
        std::env::split_paths(&std::env::var_os("PATH")?)
            .map(|folder| folder.join("claude"))
            .find(|path| path.is_file())
    };
    let found: Vec<PathBuf> = named.unwrap_or_else(|| on_path().into_iter().collect());
    let found: Vec<PathBuf> = found.into_iter().filter(|path| path.is_file()).collect();
    if found.is_empty() {
        assert!(std::env::var_os(REQUIRED).is_none(), "no real CLI: {NAMED} names none that exists");
        eprintln!("skipped: there is no Claude Code CLI on this machine ({NAMED} or PATH)");
    }
    found
}
