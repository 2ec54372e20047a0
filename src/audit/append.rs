//! Lines on the disk, under a lock that all processes share: they continue one chain.
//!
//! Invariants: lines reach the disk before the head names them; nothing that stands in a file is changed,
//! only what a failed write of our own left behind is taken back; what is found at the end and is no line
//! stays, and is named by the next one.

use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::Path;

use super::chain;
use super::chain::Tip;
use super::entry::Entry;
use super::entry::sha256;
use super::files;
use super::files::Folder;
use super::record::Body;
use super::record::Record;
use crate::core::ids::Timestamp;
use crate::disk;
use crate::disk::Content;
use crate::redact::Redactor;

/// What the chain adds to an entry: number, two hashes and their names.
const SEAL_BYTES: u64 = 180;

/// How large files get and how many are kept.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A file is full when the next lines would make it larger.
    pub file_bytes: u64,
    /// Full files that are kept; zero keeps all.
    pub keep: u64,
}

/// Appends to the log of one folder.
#[derive(Debug)]
pub struct Appender {
    folder: Folder,
    limits: Limits,
    /// The active file as this process left it.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    file: File,
    length: u64,
    tip: Tip,
}

/// What has to be written besides the entries, because of how the log was found.
#[derive(Debug, Default)]
struct Found {
    bodies: Vec<Body>,
    /// The last line has no break yet.
    unfinished: bool,
}

impl Appender {
    pub fn new(folder: &Path, limits: Limits) -> Self {
        Self { folder: Folder::new(folder), limits, held: None }
    }

    /// Appends all of the entries or none; they are on the disk when this returns. Blocking.
    pub fn append(&mut self, entries: &[Entry], now: Timestamp) -> io::Result<()> {
        disk::private_dir(self.folder.path())?;
        let _lock = self.folder.lock()?;
        let held = self.held.take();
        let (mut held, found) = match held.filter(|held| held.is_current(&self.folder)) {
            Some(held) => (held, Found::default()),
            None => self.find()?,
        };
        let mut bodies = found.bodies;
        let mut forgotten = Vec::new();
        let n_bytes: u64 = entries.iter().map(|entry| entry.len() as u64 + SEAL_BYTES).sum();
        let is_full = held.length > 0 && held.length + n_bytes > self.limits.file_bytes;
        // What was found at the end is named in the same file.
        if is_full && bodies.is_empty() && !found.unfinished {
            held = self.rotate(held)?;
            forgotten = self.to_forget()?;
            bodies.extend(forgotten.iter().map(|(_, body)| body.clone()));
        }
        let mut text = String::from(if found.unfinished { "\n" } else { "" });
        let redactor = Redactor::default();
        for body in bodies {
            let entry = Entry::new(&Record { at: now, session: None, body }, &redactor);
            chain::seal(&mut held.tip, &entry, &mut text);
        }
        for entry in entries {
            chain::seal(&mut held.tip, entry, &mut text);
        }
        if let Err(error) = held.file.write_all(text.as_bytes()).and_then(|()| held.file.sync_data()) {
            // Ours alone, and nobody was told that it is there. When this fails too, it is named as torn.
            let _ = held.file.set_len(held.length);
            return Err(error);
        }
        held.length += text.len() as u64;
        if let Err(error) = self.folder.set_head(&held.tip) {
            // The lines are there; until the next head a cut end can be found up to the last one only.
            tracing::warn!(%error, "audit.head could not be written");
        }
        for (path, _) in forgotten {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(%error, path = %path.display(), "an old audit file could not be deleted");
            }
        }
        self.held = Some(held);
        Ok(())
    }

    /// Opens the active file and finds out where the chain stands.
    fn find(&self) -> io::Result<(Held, Found)> {
        let mut file = disk::open_private(&self.folder.active(), Content::Append)?;
        let length = file.metadata()?.len();
        let tail = files::tail(&mut file)?;
        let mut found = Found { bodies: Vec::new(), unfinished: !tail.ends_line };
        if !tail.rest.is_empty() {
            let torn = tail.rest.strip_suffix(b"\n").unwrap_or(&tail.rest);
            found.bodies.push(Body::Torn {
                bytes: torn.len() as u64,
                sha256: sha256(torn),
                text: String::from_utf8_lossy(torn).into_owned(),
            });
        }
        let tip = match tail.tip {
            Some(tip) => tip,
            None => self.tip_of_full()?,
        };
        let head = self.folder.head()?;
        let is_new = tip == Tip::default() && tail.rest.is_empty();
        let is_ahead = |head: &Tip| head.n > tip.n || (head.n == tip.n && head.hash != tip.hash);
        match head {
            // A log has a head before it has a line.
            None if is_new => self.folder.set_head(&tip)?,
            Some(head) if !is_ahead(&head) => {}
            head => found.bodies.push(Body::Broken {
                found: tip.n,
                expected: head.as_ref().map(|head| head.n),
                expected_hash: head.map(|head| head.hash),
            }),
        }
        Ok((Held { file, length, tip }, found))
    }

    /// The last line of the newest full file that has one.
    fn tip_of_full(&self) -> io::Result<Tip> {
        for (_, path) in self.folder.all_full()?.iter().rev() {
            if let Some(tip) = files::tail(&mut disk::open_read(path)?)?.tip {
                return Ok(tip);
            }
        }
        Ok(Tip::default())
    }

    /// Puts the active file aside and begins a new one that continues the chain.
    fn rotate(&self, held: Held) -> io::Result<Held> {
        let number = self.folder.all_full()?.last().map_or(1, |(number, _)| number.saturating_add(1));
        std::fs::rename(self.folder.active(), self.folder.full(number))?;
        let file = disk::open_private(&self.folder.active(), Content::Append)?;
        // The new names must survive a loss of power as the lines do.
        disk::sync_directory(self.folder.path())?;
        Ok(Held { file, length: 0, tip: held.tip })
    }

    /// The full files that are too many, and what the log says about each.
    fn to_forget(&self) -> io::Result<Vec<(std::path::PathBuf, Body)>> {
        let full = self.folder.all_full()?;
        let keep = usize::try_from(self.limits.keep).unwrap_or(usize::MAX);
        let n_over = if keep == 0 { 0 } else { full.len().saturating_sub(keep) };
        let mut forgotten = Vec::new();
        for (_, path) in full.into_iter().take(n_over) {
            // What has no line of the chain explains nothing by its absence, and stays.
            let Some(tip) = files::tail(&mut disk::open_read(&path)?)?.tip else { continue };
            let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            forgotten.push((path, Body::Forgot { file, last: tip.n, last_hash: tip.hash }));
        }
        Ok(forgotten)
    }
}

impl Held {
    /// Whether the file is still the active one, and nobody wrote to it since.
    fn is_current(&self, folder: &Folder) -> bool {
        let Ok(named) = std::fs::symlink_metadata(folder.active()) else { return false };
        let Ok(open) = self.file.metadata() else { return false };
        #[cfg(unix)]
        let is_same = {
            use std::os::unix::fs::MetadataExt as _;
            (named.dev(), named.ino()) == (open.dev(), open.ino())
        };
        #[cfg(not(unix))]
        let is_same = false;
        is_same && open.len() == self.length
    }
}

#[cfg(test)]
mod tests;
