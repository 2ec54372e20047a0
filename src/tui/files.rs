//! The files the terminal itself keeps or looks for: the history of prompts, names for a completion.

use std::fs::OpenOptions;
use std::io;
use std::io::BufRead as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use nucleo_matcher::Config;
use nucleo_matcher::Matcher;
use nucleo_matcher::Utf32Str;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;

use super::ui::PastPrompt;
use crate::config::places::make_private_dir;

/// Prompts of earlier days, one JSON object a line, newest last.
#[derive(Debug, Clone)]
pub struct HistoryFile {
    path: PathBuf,
}

/// Prompts that are read back; older lines stay in the file.
const MAX_LOADED: usize = 2_000;
/// A longer prompt is not kept in the history: it was a paste.
const MAX_PROMPT_BYTES: usize = 64 << 10;
/// Names that a completion looks at in one directory.
const MAX_NAMES: usize = 5_000;
/// Folders within folders that a completion looks into, and for how long: the keyboard waits meanwhile.
const MAX_FOLDERS_DEEP: usize = 12;
const MAX_WALK: Duration = Duration::from_millis(60);
/// Names that a completion offers.
const MAX_OFFERED: usize = 200;

impl HistoryFile {
    pub fn new(data_dir: &Path) -> Self {
        Self { path: data_dir.join("history.jsonl") }
    }

    /// All that can be read; a damaged line is skipped, a missing file is an empty history.
    pub fn load(&self) -> Vec<PastPrompt> {
        let Ok(file) = std::fs::File::open(&self.path) else { return Vec::new() };
        let lines = io::BufReader::new(file).lines().map_while(Result::ok);
        let mut all: Vec<PastPrompt> = lines.filter_map(|line| serde_json::from_str(&line).ok()).collect();
        all.split_off(all.len().saturating_sub(MAX_LOADED))
    }

    /// Adds a prompt; a history that cannot be written is no reason to lose the prompt itself.
    pub fn append(&self, past: &PastPrompt) {
        if past.text.len() > MAX_PROMPT_BYTES {
            return;
        }
        if let Err(error) = self.try_append(past) {
            tracing::warn!(%error, path = %self.path.display(), "could not keep a prompt in the history");
        }
    }

    fn try_append(&self, past: &PastPrompt) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            make_private_dir(folder)?;
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let line = serde_json::to_string(past)? + "\n";
        options.open(&self.path)?.write_all(line.as_bytes())
    }
}

/// Paths below `directory` for what was typed: names in the folder that begin so, folders with a slash behind them;
/// then files anywhere below whose path has these letters in this order, the best first. What git ignores and what
/// is hidden is found only by its whole beginning.
pub fn find(directory: &str, typed: &str) -> Vec<String> {
    let (folder, start) = match typed.rfind('/') {
        Some(slash) => typed.split_at(slash + 1),
        None => ("", typed),
    };
    let mut found = named(directory, folder, start);
    if !start.is_empty() {
        for path in below(directory, typed) {
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found.truncate(MAX_OFFERED);
    found
}

fn named(directory: &str, folder: &str, start: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(Path::new(directory).join(folder)) else { return Vec::new() };
    let mut found: Vec<String> = entries
        .take(MAX_NAMES)
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let wanted = name.starts_with(start) && (start.starts_with('.') || !name.starts_with('.'));
            let is_folder = entry.path().is_dir();
            wanted.then(|| format!("{folder}{name}{}", if is_folder { "/" } else { "" }))
        })
        .collect();
    found.sort();
    found
}

fn below(directory: &str, typed: &str) -> Vec<String> {
    let began = Instant::now();
    let walk = ignore::WalkBuilder::new(directory).max_depth(Some(MAX_FOLDERS_DEEP)).require_git(false).build();
    let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT.match_paths());
    let mut buffer = Vec::new();
    let mut scored: Vec<(u32, String)> = walk
        .take(MAX_NAMES)
        .take_while(|_| began.elapsed() < MAX_WALK)
        .filter_map(|entry| {
            let entry = entry.ok().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))?;
            let path = entry.path().strip_prefix(directory).ok()?.to_str()?.to_owned();
            let score = pattern.score(Utf32Str::new(&path, &mut buffer), &mut matcher)?;
            Some((score, path))
        })
        .collect();
    scored.sort_by(|(one, a), (other, b)| other.cmp(one).then_with(|| a.cmp(b)));
    scored.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_survives_damage_and_keeps_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = HistoryFile::new(folder.path());
        assert!(file.load().is_empty());
        let past = |text: &str| PastPrompt { directory: "/p".into(), text: text.into() };
        file.append(&past("one\nline"));
        std::fs::write(folder.path().join("history.jsonl"), {
            let mut text = std::fs::read_to_string(folder.path().join("history.jsonl")).unwrap();
            text.push_str("{damaged\n");
            text
        })
        .unwrap();
        file.append(&past("two"));
        file.append(&past(&"x".repeat(MAX_PROMPT_BYTES + 1)));
        assert_eq!(file.load(), [past("one\nline"), past("two")]);
    }

    #[test]
    fn completes_names_and_folders() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        for name in ["src/main.rs", "src/map.rs", "setup.cfg", ".hidden"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let find = |typed: &str| find(&folder.path().display().to_string(), typed);
        assert_eq!(find("s"), ["setup.cfg", "src/", "src/main.rs", "src/map.rs"]);
        assert_eq!(find("map"), ["src/map.rs"]);
        assert_eq!(find("smain"), ["src/main.rs"]);
        std::fs::write(folder.path().join(".gitignore"), "built\n").unwrap();
        std::fs::create_dir(folder.path().join("built")).unwrap();
        std::fs::write(folder.path().join("built/map.js"), "").unwrap();
        assert_eq!(find("mapj"), Vec::<String>::new(), "git ignores it");
        assert_eq!(find("built/m"), ["built/map.js"], "but it can be named");
        assert_eq!(find("src/ma"), ["src/main.rs", "src/map.rs"]);
        assert_eq!(find(".h"), [".hidden"]);
        assert!(find("nothing/here").is_empty());
    }
}
