//! The rules of the house that the compiler does not know: who may import whom, how long a file may be,
//! what stands at the top level.

use std::path::Path;
use std::path::PathBuf;

/// Longer files do two jobs.
const MAX_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has no sources");
    found
}

/// The part of a file that is not its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

fn is_test_file(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests") || path.components().any(|part| part.as_os_str() == "tests")
}

#[test]
fn files_have_one_job() {
    for (path, text) in sources("src") {
        if is_test_file(&path) {
            continue;
        }
        let n_lines = without_tests(&text).lines().count();
        assert!(n_lines <= MAX_LINES, "{} has {n_lines} lines; more than {MAX_LINES} are two jobs", path.display());
        assert!(
            path.file_name().is_some_and(|name| name != "mod.rs"),
            "{}: name the module's file after it",
            path.display()
        );
    }
}

#[test]
fn modules_say_what_they_are_for() {
    for (path, text) in sources("src") {
        if !is_test_file(&path) {
            assert!(text.starts_with("//! "), "{} begins without a word on what it is for", path.display());
        }
    }
}

/// A room, and what its files may not mention.
const WALLS: &[(&str, &[&str])] = &[
    (
        "src/wire",
        &["tokio", "crate::core", "crate::engine", "crate::tui", "Instant::now", "SystemTime::now", "std::fs"],
    ),
    (
        "src/core",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "crate::wire",
            "crate::engine",
            "crate::tui",
            "crate::config",
            "Instant::now",
            "SystemTime::now",
            "std::fs",
            "std::env",
        ],
    ),
    ("src/engine", &["ratatui", "crossterm", "crate::tui", "crate::cli", "crate::server"]),
    (
        "src/store",
        &["tokio", "ratatui", "crossterm", "crate::tui", "crate::cli", "crate::wire", "crate::engine", "crate::server"],
    ),
    (
        "src/server",
        &["crate::store", "ratatui", "crossterm", "crate::tui", "crate::cli", "crate::wire", "crate::engine"],
    ),
    (
        "src/transcripts",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "crate::tui",
            "crate::cli",
            "crate::engine",
            "crate::server",
            "crate::store",
        ],
    ),
    (
        "src/translate",
        &[
            "tokio",
            "crate::tui",
            "crate::cli",
            "crate::engine",
            "crate::server",
            "crate::store",
            "std::fs",
            "Instant::now",
        ],
    ),
    (
        "src/redact",
        &["tokio", "crate::core", "crate::engine", "crate::tui", "crate::config", "std::fs", "std::env", "std::time"],
    ),
    (
        "src/relay",
        &[
            "ratatui",
            "crossterm",
            // Only the cleaning of texts from outside is shared with the terminal.
            "crate::tui::view",
            "crate::tui::ui",
            "crate::tui::update",
            "crate::tui::input",
            "crate::tui::app",
            "crate::tui::run",
            "crate::tui::terminal",
            "crate::tui::theme",
            "crate::tui::files",
            "crate::tui::render::diff",
            "crate::tui::render::highlight",
            "crate::tui::render::markdown",
            "crate::tui::render::spans",
            "crate::tui::render::time",
            "crate::tui::render::width",
            "crate::tui::render::wrap",
            "crate::cli",
            "crate::wire",
            "crate::engine",
            "crate::store",
            "crate::server",
            "crate::audit",
            "SystemTime::now",
        ],
    ),
    // Variables are looked up by whoever starts it.
    ("src/relay/feishu", &["std::env", "crate::link"]),
    // What is asked of the clock or the disk is asked around it.
    (
        "src/relay/feishu/event",
        &["tokio", "reqwest", "crate::config", "crate::link", "Instant::now", "std::fs", "std::time"],
    ),
    ("src/relay/feishu/chunks", &["tokio", "reqwest", "Instant::now"]),
    ("src/relay/feishu/limits", &["tokio", "reqwest", "Instant::now"]),
    ("src/relay/feishu/fault", &["tokio", "reqwest", "Instant::now"]),
    (
        "src/trust",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "crate::tui",
            "crate::cli",
            "crate::wire",
            "crate::store",
            "crate::server",
            "crate::relay",
            "crate::audit",
            "SystemTime::now",
        ],
    ),
    (
        "src/hooks",
        &[
            "ratatui",
            "crossterm",
            "crate::tui",
            "crate::cli",
            "crate::wire",
            "crate::store",
            "crate::server",
            "crate::relay",
            "crate::audit",
            "crate::trust",
            "SystemTime::now",
        ],
    ),
    (
        "src/backlog",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "rmcp",
            "crate::tui",
            "crate::cli",
            "crate::wire",
            "crate::engine",
            "crate::store",
            "crate::server",
            "crate::relay",
            "crate::audit",
            "SystemTime::now",
        ],
    ),
    ("src/mcp", &["crate::core", "crate::engine", "crate::tui", "crate::cli", "crate::backlog", "std::fs"]),
    ("src/audit", &["ratatui", "crossterm", "crate::tui", "crate::cli", "crate::engine", "crate::wire", "std::env"]),
    ("src/config", &["tokio", "crate::engine", "crate::tui", "crate::wire", "crate::relay"]),
    ("src/tui/render", &["tokio", "crate::engine", "crate::link", "crate::tui::ui", "crate::tui::update"]),
    (
        "src/tui/view",
        &[
            "tokio",
            "crate::engine",
            "crate::link",
            "crate::tui::update",
            "Instant::now",
            "SystemTime::now",
            "std::fs",
            "std::env",
        ],
    ),
    (
        "src/tui/update",
        &[
            "tokio",
            "crate::engine",
            "crate::link",
            "crate::tui::view",
            "Frame",
            "Instant::now",
            "SystemTime::now",
            "std::fs",
            "std::env",
        ],
    ),
    (
        "src/tui/ui",
        &["tokio", "crate::engine", "crate::link", "crate::tui::view", "crate::tui::update", "std::fs", "std::env"],
    ),
];

#[test]
fn rooms_import_only_what_they_may() {
    for (room, forbidden) in WALLS {
        let file = format!("{room}.rs");
        for (path, text) in sources("src") {
            let inside = path.starts_with(room) || path == Path::new(&file);
            if !inside || is_test_file(&path) {
                continue;
            }
            for line in without_tests(&text).lines().filter(|line| !line.trim_start().starts_with("//")) {
                for word in *forbidden {
                    let found = line.find(word).is_some_and(|place| {
                        let after = line[place + word.len()..].chars().next();
                        let before = line[..place].chars().next_back();
                        let is_word = |c: char| c.is_alphanumeric() || c == '_';
                        !after.is_some_and(is_word) && !before.is_some_and(|c| is_word(c) || c == '-')
                    });
                    assert!(!found, "{}: {room} must not know {word}: {}", path.display(), line.trim());
                }
            }
        }
    }
}

#[test]
fn nobody_switches_the_checks_of_tls_off() {
    for (path, text) in sources("src") {
        let found = ["danger_accept", ".dangerous()", "with_custom_certificate_verifier"];
        let found = found.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{}", path.display());
    }
}

#[test]
fn only_the_theme_names_colours() {
    for (path, text) in sources("src") {
        let allowed = path.starts_with("src/tui/theme") || path == Path::new("src/tui/theme.rs") || is_test_file(&path);
        let names = without_tests(&text).lines().find(|line| line.contains("Color::"));
        assert!(allowed || names.is_none(), "{} names a colour: {names:?}", path.display());
    }
}

#[test]
fn nothing_unexpected_stands_at_the_top_level() {
    let known = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "assets",
        "tests",
        "config.example.toml",
        "README.md",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        "target",
    ];
    for entry in std::fs::read_dir(root()).unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        assert!(name.starts_with('.') || known.contains(&name.as_str()), "{name} does not belong at the top level");
    }
}
