//! Searches of folders: whether what they print would come out of a file that looks secret.
//!
//! **For:** `grep -r`, `rg`, `git grep`, `diff -r` and the tool Grep, which name a folder and print lines of the files in it.
//! **Not for:** files that a call names (`secrets`).
//!
//! A search is asked about only when it would print such a line: the pattern is tried on the secret-looking files that
//! the search would come by. What cannot be tried counts as found. Bounded in folders, files, bytes and time; beyond
//! these nothing is found, so this is a help for the person and no wall.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use globset::Glob;
use globset::GlobMatcher;
use ignore::WalkBuilder;
use regex::RegexBuilder;
use serde_json::Value;

use super::shell;
use crate::config::places::below_home;
use crate::core::approval::Approval;
use crate::core::sensitive::looks_secret;
use crate::core::tool::table;
use crate::core::tool::table::Does;

/// The words of a searching program.
mod arguments;

/// What one search may cost.
const MAX_ENTRIES: usize = 50_000;
const MAX_DEPTH: usize = 20;
const MAX_TIME: Duration = Duration::from_millis(200);
/// A secret file is small; of a larger one the beginning is tried.
const MAX_BYTES: u64 = 256 << 10;
/// Searches of one line.
const MAX_SEARCHES: usize = 20;
/// Folders of other people's code and of what is built: large, and full of names that mean nothing.
const PASSED_OVER: [&str; 5] = ["node_modules", "target", ".venv", "venv", "__pycache__"];

/// What is searched for, and where.
#[derive(Debug)]
struct Search {
    /// `None`: every line is printed, or what is printed cannot be told.
    pattern: Option<String>,
    ignores_case: bool,
    places: Vec<PathBuf>,
    /// Names that files must have, where there are any, and those that they must not.
    only: Vec<GlobMatcher>,
    never: Vec<GlobMatcher>,
    /// Only files with an ending, as a kind of file has.
    with_ending: bool,
    sees_hidden: bool,
    minds_ignore_files: bool,
    follows_links: bool,
}

impl Search {
    fn of_everything(places: Vec<PathBuf>) -> Self {
        Self {
            pattern: None,
            ignores_case: false,
            places,
            only: Vec::new(),
            never: Vec::new(),
            with_ending: false,
            sees_hidden: true,
            minds_ignore_files: false,
            follows_links: false,
        }
    }
}

/// The first secret-looking file of which the call would print a line. Blocking.
pub(super) fn secret(approval: &Approval) -> Option<String> {
    let directory = Path::new(&approval.place.directory);
    let text = |field: &str| approval.input.get(field).and_then(Value::as_str);
    match table::of(&approval.tool).map(|tool| tool.does) {
        Some(Does::Runs { field } | Does::RunsOther { field }) => of_line(text(field)?, directory),
        Some(Does::Reads) if approval.tool == "Grep" => run(&of_tool(approval, directory)?, directory),
        _ => None,
    }
}

fn of_line(line: &str, directory: &Path) -> Option<String> {
    // Most lines search for nothing.
    if !["grep", "rg", "diff", "ag", "ack"].iter().any(|name| line.contains(name)) {
        return None;
    }
    let calls = shell::flow::read(line)?;
    let mut here = directory.to_owned();
    let mut n_searches = 0;
    for call in &calls.all {
        for search in call.beginnings.iter().filter_map(|start| arguments::read(call.words.get(*start..)?, &here)) {
            n_searches += 1;
            if n_searches > MAX_SEARCHES {
                return None;
            }
            if let Some(found) = run(&search, directory) {
                return Some(found);
            }
        }
        // What follows a `cd` searches from there.
        if let [program, target, ..] = call.words.as_slice()
            && program == "cd"
        {
            here = below_home(target).unwrap_or_else(|| here.join(target));
        }
    }
    None
}

/// The search of the CLI's own tool, which looks into hidden files and minds `.gitignore`.
fn of_tool(approval: &Approval, directory: &Path) -> Option<Search> {
    let text = |field: &str| approval.input.get(field).and_then(Value::as_str);
    if !matches!(text("output_mode"), Some("content")) {
        return None;
    }
    let place = text("path").map_or_else(|| directory.to_owned(), |path| directory.join(path.trim()));
    let only = text("glob").and_then(|glob| Glob::new(glob).ok()).map(|glob| glob.compile_matcher());
    Some(Search {
        pattern: text("pattern").map(str::to_owned),
        ignores_case: approval.input.get("-i").is_some_and(|flag| *flag == Value::Bool(true)),
        only: only.into_iter().collect(),
        with_ending: text("type").is_some(),
        minds_ignore_files: true,
        ..Search::of_everything(vec![place])
    })
}

fn run(search: &Search, directory: &Path) -> Option<String> {
    let matches = |text: &str| match &search.pattern {
        None => !text.trim().is_empty(),
        Some(pattern) => {
            let regex = RegexBuilder::new(pattern).case_insensitive(search.ignores_case).size_limit(1 << 20).build();
            // What cannot be read here may match there.
            regex.map_or(true, |regex| text.lines().any(|line| regex.is_match(line)))
        }
    };
    let began = Instant::now();
    for place in &search.places {
        // Without the dots that a search of “.” leaves in every name.
        let place: PathBuf = place.components().collect();
        let mut walk = WalkBuilder::new(&place);
        walk.hidden(!search.sees_hidden)
            .ignore(search.minds_ignore_files)
            .git_ignore(search.minds_ignore_files)
            .git_exclude(search.minds_ignore_files)
            .git_global(false)
            .parents(search.minds_ignore_files)
            .follow_links(search.follows_links)
            .max_depth(Some(MAX_DEPTH))
            .filter_entry(|entry| !PASSED_OVER.iter().any(|passed| entry.file_name() == *passed));
        for entry in walk.build().take(MAX_ENTRIES) {
            if began.elapsed() > MAX_TIME {
                return None;
            }
            let Ok(entry) = entry else { continue };
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            if is_file && is_meant(search, entry.path()) && looks_secret_below(entry.path(), &place) {
                let Some(text) = beginning(entry.path()) else { continue };
                if matches(&text) {
                    let shown = entry.path().strip_prefix(directory).unwrap_or(entry.path());
                    return Some(shown.display().to_string());
                }
            }
        }
    }
    None
}

/// The place itself was named: only what lies below it decides.
fn looks_secret_below(path: &Path, place: &Path) -> bool {
    let below = path.strip_prefix(place).unwrap_or(path);
    let below = if below.as_os_str().is_empty() { path } else { below };
    looks_secret(&below.to_string_lossy())
}

fn is_meant(search: &Search, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    let fits = |glob: &GlobMatcher| glob.is_match(name) || glob.is_match(path);
    if search.with_ending && path.extension().is_none() {
        return false;
    }
    (search.only.is_empty() || search.only.iter().any(fits)) && !search.never.iter().any(fits)
}

fn beginning(path: &Path) -> Option<String> {
    use std::io::Read as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    // A pipe that somebody put there meanwhile must not be waited for.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut content = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut content).ok()?;
    Some(String::from_utf8_lossy(&content).into_owned())
}

#[cfg(test)]
mod tests;
