//! The files the terminal itself keeps or looks for: the history of prompts, names for a completion.

use std::fs::OpenOptions;
use std::io;
use std::io::BufRead as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

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

/// Paths below `directory` that begin with what was typed; folders end with a slash.
pub fn find(directory: &str, typed: &str) -> Vec<String> {
    let (folder, start) = match typed.rfind('/') {
        Some(slash) => typed.split_at(slash + 1),
        None => ("", typed),
    };
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
    found.truncate(MAX_OFFERED);
    found
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
        assert_eq!(find("s"), ["setup.cfg", "src/"]);
        assert_eq!(find("src/ma"), ["src/main.rs", "src/map.rs"]);
        assert_eq!(find(".h"), [".hidden"]);
        assert!(find("nothing/here").is_empty());
    }
}
