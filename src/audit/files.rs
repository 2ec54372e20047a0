//! The files of the log and their order: `audit.jsonl` is written to, `audit-000001.jsonl` and so on are
//! full, `audit.head` names the last line, `audit.lock` is held while any of them changes.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use super::chain;
use super::chain::Tip;
use crate::disk;

/// Whoever holds the lock writes a few lines; longer means that it was stopped.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
/// The last line is looked for in the last part of this size, then in ever larger ones.
const TAIL_BYTES: u64 = 512 * 1024;
const MAX_HEAD_BYTES: u64 = 1024;

/// The folder that holds the log.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// What stands at the end of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tail {
    /// The last line of the chain in it.
    pub tip: Option<Tip>,
    /// What comes after it and is no line of a chain.
    pub rest: Vec<u8>,
    /// The last byte is a line break, or there is none.
    pub ends_line: bool,
}

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that is written to.
    pub fn active(&self) -> PathBuf {
        self.path.join("audit.jsonl")
    }

    pub fn full(&self, number: u64) -> PathBuf {
        self.path.join(format!("audit-{number:06}.jsonl"))
    }

    /// The full files, the oldest first.
    pub fn all_full(&self) -> io::Result<Vec<(u64, PathBuf)>> {
        let mut found = Vec::new();
        for entry in self.path.read_dir()? {
            let entry = entry?;
            let name = entry.file_name();
            let number = name.to_str().and_then(|name| name.strip_prefix("audit-")?.strip_suffix(".jsonl"));
            if let Some(number) = number.and_then(|digits| digits.parse().ok()) {
                found.push((number, entry.path()));
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Waits for the lock, but not for ever. It goes with the file.
    pub fn lock(&self) -> io::Result<File> {
        disk::lock(&self.path.join("audit.lock"), LOCK_PATIENCE)
    }

    /// What `audit.head` says; `None` when there is none or it cannot be understood.
    pub fn head(&self) -> io::Result<Option<Tip>> {
        match disk::open_read(&self.path.join("audit.head")) {
            Ok(file) => Ok(serde_json::from_reader(file.take(MAX_HEAD_BYTES)).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the head in one step.
    pub fn set_head(&self, tip: &Tip) -> io::Result<()> {
        let text = serde_json::to_string(tip).map_err(io::Error::other)?;
        disk::replace(&self.path.join("audit.head"), format!("{text}\n").as_bytes())
    }
}

/// Looks for the last line of a chain.
pub fn tail(file: &mut File) -> io::Result<Tail> {
    let length = file.metadata()?.len();
    let mut window = TAIL_BYTES;
    loop {
        let start = length.saturating_sub(window);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.take(length - start).read_to_end(&mut bytes)?;
        // Whatever begins before the window may be the end of a longer line.
        let whole = match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) if start > 0 => end + 1,
            None if start > 0 => bytes.len(),
            _ => 0,
        };
        let tail = last_line(&bytes[whole..]);
        if tail.tip.is_some() || start == 0 {
            return Ok(tail);
        }
        window = window.saturating_mul(8);
    }
}

fn last_line(bytes: &[u8]) -> Tail {
    let ends_line = bytes.last().is_none_or(|byte| *byte == b'\n');
    let mut end = bytes.len();
    while end > 0 {
        let line_end = if bytes[end - 1] == b'\n' { end - 1 } else { end };
        let start = bytes[..line_end].iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
        if let Some(line) = chain::read(&bytes[start..line_end]) {
            return Tail { tip: Some(line.tip()), rest: bytes[end..].to_vec(), ends_line };
        }
        end = start;
    }
    Tail { tip: None, rest: bytes.to_vec(), ends_line }
}
