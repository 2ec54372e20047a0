//! What was answered, in one file of the data directory: for each folder the digests of what was shown and trusted.
//!
//! Invariants: written whole, under a lock, or not at all; a file that cannot be understood trusts nothing and is
//! left as it is.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::core::ids::Timestamp;
use crate::disk;

const FILE: &str = "trust.json";
const LOCK: &str = "trust.lock";
const VERSION: u32 = 1;
/// The records of all folders.
const MAX_BYTES: u64 = 64 << 20;
/// A change of them takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was decided of one folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Record {
    /// When it was last decided, and by whom; `None`: only rules that answers of ours had the CLI remember.
    #[serde(default)]
    pub decided: Option<Timestamp>,
    #[serde(default)]
    pub by: String,
    /// Whatever lies in it or below is trusted, whatever it brings.
    #[serde(default)]
    pub below: bool,
    /// What was trusted: a digest, and what it was called.
    #[serde(default)]
    pub items: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Book {
    version: u32,
    folders: BTreeMap<PathBuf, Record>,
}

/// The records of one data directory.
#[derive(Debug, Clone)]
pub struct Records {
    folder: PathBuf,
}

impl Records {
    pub fn of(data_dir: &Path) -> Self {
        Self { folder: data_dir.to_owned() }
    }

    /// All of them.
    pub fn all(&self) -> Result<BTreeMap<PathBuf, Record>, String> {
        let path = self.folder.join(FILE);
        if path.symlink_metadata().is_err() {
            return Ok(BTreeMap::new());
        }
        let cannot = |why: String| {
            format!("{} cannot be used ({why}); no folder is trusted until it is mended or moved away", path.display())
        };
        let content = disk::read(&path, MAX_BYTES).map_err(|error| cannot(error.to_string()))?;
        let book: Book = serde_json::from_slice(&content).map_err(|error| cannot(error.to_string()))?;
        if book.version > VERSION {
            return Err(cannot("a newer adjutant has written it".into()));
        }
        Ok(book.folders)
    }

    /// Changes the records; everybody else waits for so long.
    pub fn change(&self, change: impl FnOnce(&mut BTreeMap<PathBuf, Record>)) -> Result<(), String> {
        let cannot = |error: std::io::Error| format!("{} cannot be written: {error}", self.folder.join(FILE).display());
        disk::private_dir(&self.folder).map_err(cannot)?;
        let _lock = disk::lock(&self.folder.join(LOCK), PATIENCE).map_err(cannot)?;
        let mut folders = self.all()?;
        change(&mut folders);
        let text =
            serde_json::to_vec_pretty(&Book { version: VERSION, folders }).map_err(|error| cannot(error.into()))?;
        disk::replace(&self.folder.join(FILE), &text).map_err(cannot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_kept_and_a_damaged_file_trusts_nothing_and_stays() {
        let data = tempfile::tempdir().unwrap();
        let records = Records::of(data.path());
        assert_eq!(records.all(), Ok(BTreeMap::new()));
        let one = Record {
            decided: Some(Timestamp(7)),
            by: "x".into(),
            below: true,
            items: [("d".into(), "hook".into())].into(),
        };
        records.change(|all| drop(all.insert("/a".into(), one.clone()))).unwrap();
        assert_eq!(records.all().unwrap(), BTreeMap::from([(PathBuf::from("/a"), one)]));
        for damaged in ["{", "{\"version\": 99, \"folders\": {}}", "[]"] {
            std::fs::write(data.path().join(FILE), damaged).unwrap();
            assert!(records.all().unwrap_err().contains("trust.json"));
            assert!(records.change(BTreeMap::clear).is_err());
            assert_eq!(std::fs::read_to_string(data.path().join(FILE)).unwrap(), damaged);
        }
        std::fs::remove_file(data.path().join(FILE)).unwrap();
        std::os::unix::fs::symlink("/dev/zero", data.path().join(FILE)).unwrap();
        assert!(records.all().is_err());
    }

    #[test]
    fn many_writers_lose_nothing() {
        let data = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..8 {
                let records = Records::of(data.path());
                scope.spawn(move || {
                    for k in 0..10 {
                        let path = PathBuf::from(format!("/{n}/{k}"));
                        records.change(|all| drop(all.insert(path, Record::default()))).unwrap();
                    }
                });
            }
        });
        assert_eq!(Records::of(data.path()).all().unwrap().len(), 80);
    }
}
