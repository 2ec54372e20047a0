//! The file the terminal itself keeps: the history of prompts.

use std::io;
use std::io::BufRead as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use super::ui::PastPrompt;
use crate::disk;
use crate::disk::Content;
use crate::redact::Redactor;

/// Prompts of earlier days, one JSON object a line, newest last.
#[derive(Debug, Clone)]
pub struct HistoryFile {
    path: PathBuf,
    /// Takes secrets out of what is kept, where that is wanted.
    redactor: Option<Arc<Redactor>>,
}

/// Prompts that are read back; older lines stay in the file.
const MAX_LOADED: usize = 2_000;
/// A longer prompt is not kept in the history: it was a paste.
const MAX_PROMPT_BYTES: usize = 64 << 10;

impl HistoryFile {
    pub fn new(data_dir: &Path, redactor: Option<Arc<Redactor>>) -> Self {
        Self { path: data_dir.join("history.jsonl"), redactor }
    }

    /// All that can be read; a damaged line is skipped, a missing file is an empty history.
    pub fn load(&self) -> Vec<PastPrompt> {
        let Ok(file) = disk::open_read(&self.path) else { return Vec::new() };
        // Damage may be anything, also what is no text.
        let lines = io::BufReader::new(file).split(b'\n').map_while(Result::ok);
        let mut all: Vec<PastPrompt> = lines.filter_map(|line| serde_json::from_slice(&line).ok()).collect();
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
            disk::private_dir(folder)?;
        }
        let line = match &self.redactor {
            Some(redactor) => {
                let text = redactor.text(&past.text).into_owned();
                serde_json::to_string(&PastPrompt { text, ..past.clone() })?
            }
            None => serde_json::to_string(past)?,
        } + "\n";
        disk::open_private(&self.path, Content::Append)?.write_all(line.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_survives_damage_and_keeps_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = HistoryFile::new(folder.path(), None);
        assert!(file.load().is_empty());
        let past = |text: &str| PastPrompt { directory: "/p".into(), text: text.into() };
        file.append(&past("one\nline"));
        std::fs::write(folder.path().join("history.jsonl"), {
            let mut bytes = std::fs::read(folder.path().join("history.jsonl")).unwrap();
            bytes.extend_from_slice(b"{damaged\n\xff\xfe no text\n");
            bytes
        })
        .unwrap();
        file.append(&past("two"));
        file.append(&past(&"x".repeat(MAX_PROMPT_BYTES + 1)));
        assert_eq!(file.load(), [past("one\nline"), past("two")]);
    }

    #[test]
    fn secrets_are_left_out_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let file = HistoryFile::new(folder.path(), Some(Arc::default()));
        file.append(&PastPrompt { directory: "/p".into(), text: "use password=hunter22 here".into() });
        assert_eq!(file.load()[0].text, "use password=[redacted:password] here");
    }
}
