//! One writer for a conversation: a lock among all adjutants of a person, whatever data directories they use.
//!
//! **For:** the right to run a CLI on a conversation, and saying who has it. **Not for:** CLIs that no
//! adjutant started, which know nothing of it (`transcripts::holder`). Invariants: the lock of a dead process
//! is none, because the system drops it; a lock file that was taken away meanwhile does not count; nobody
//! else may enter the folder.

use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::Serialize;

use crate::core::ids::ConversationId;
use crate::core::ids::Timestamp;
use crate::disk;
use crate::disk::Content;
use crate::transcripts;

/// A file that is taken away between opening and locking is made anew; more often than this nobody does that.
const MAX_TRIES: usize = 10;
/// A lock that somebody has is tried for again so many times, with a pause in between.
const TRIES_OF_HELD: usize = 4;
const BETWEEN_TRIES: Duration = Duration::from_millis(15);
/// The holder's own words are short.
const MAX_WORDS: u64 = 8 << 10;

/// The right to work on a conversation, until it is dropped or the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    pub(crate) conversation: ConversationId,
    path: PathBuf,
    // Held for its lock.
    _file: File,
}

/// Who has the right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pid: u32,
    data_dir: PathBuf,
    since: Timestamp,
}

/// Why the right was not given.
#[derive(Debug)]
pub(crate) enum NotLocked {
    Held(Holder),
    Unusable(io::Error),
}

impl Holder {
    pub(crate) fn new(data_dir: &Path, since: Timestamp) -> Self {
        Self { pid: std::process::id(), data_dir: data_dir.to_owned(), since }
    }

    /// In words that fit after "by".
    pub(crate) fn describe(&self) -> String {
        if self.pid == 0 {
            return "an adjutant".into();
        }
        if self.pid == std::process::id() {
            return format!("another session of this adjutant{}", self.began());
        }
        format!("the adjutant that works on {} (process {}){}", self.data_dir.display(), self.pid, self.began())
    }

    fn began(&self) -> String {
        let at = jiff::Timestamp::from_millisecond(self.since.0).unwrap_or_default();
        at.to_zoned(jiff::tz::TimeZone::system()).strftime(", since %b %-d %H:%M").to_string()
    }
}

/// Where the locks of this person are, whatever the data directory: `~/.local/state/adjutant/locks`.
pub(crate) fn folder() -> PathBuf {
    let home = directories::BaseDirs::new().map(|dirs| dirs.home_dir().join(".local/state/adjutant"));
    home.unwrap_or_else(|| PathBuf::from(format!("/tmp/adjutant-{}", rustix::process::getuid().as_raw()))).join("locks")
}

/// Makes the folder of the locks. Where there is no home it is below one that anybody could have made before.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    if let Some(above) = folder.parent().filter(|above| above.parent() == Some(Path::new("/tmp"))) {
        disk::private_dir(above)?;
    }
    disk::private_dir(folder)
}

/// Takes a conversation for this process.
pub(crate) fn lock(folder: &Path, conversation: &ConversationId, holder: &Holder) -> Result<Lock, NotLocked> {
    let path = place(folder, conversation).map_err(NotLocked::Unusable)?;
    make_folder(folder).map_err(NotLocked::Unusable)?;
    for n_tries in 1..=MAX_TRIES {
        let mut file = disk::open_private(&path, Content::Keep).map_err(NotLocked::Unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            // Whoever only asks who has it holds it for a moment.
            Err(TryLockError::WouldBlock) if n_tries < TRIES_OF_HELD => {
                std::thread::sleep(BETWEEN_TRIES);
                continue;
            }
            Err(TryLockError::WouldBlock) => return Err(NotLocked::Held(read(&mut file))),
            Err(TryLockError::Error(error)) => return Err(NotLocked::Unusable(error)),
        }
        if !is_at(&file, &path) {
            continue;
        }
        write(&mut file, holder).map_err(NotLocked::Unusable)?;
        return Ok(Lock { conversation: conversation.clone(), path, _file: file });
    }
    Err(NotLocked::Unusable(io::Error::other("the lock is taken and given up all the time")))
}

/// Who works on a conversation, if an adjutant does.
pub(crate) fn holder(folder: &Path, conversation: &ConversationId) -> Option<Holder> {
    let path = place(folder, conversation).ok()?;
    let mut file = disk::open_read(&path).ok()?;
    match file.try_lock() {
        // Dropped with the file.
        Ok(()) => None,
        Err(_) => Some(read(&mut file)),
    }
}

fn place(folder: &Path, conversation: &ConversationId) -> io::Result<PathBuf> {
    if !transcripts::is_id(&conversation.0) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "that is no name of a conversation"));
    }
    Ok(folder.join(format!("{conversation}.lock")))
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), std::fs::symlink_metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

fn write(file: &mut File, holder: &Holder) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(serde_json::to_string(holder)?.as_bytes())
}

fn read(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(MAX_WORDS).read_to_string(&mut text));
    // Whoever is about to write it down holds it already.
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still locked: whoever opened the file meanwhile finds that it is no longer there, and makes its own.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_has_one_writer_who_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let id = ConversationId::from("abc-1");
        let me = Holder::new(Path::new("/data"), Timestamp(1));
        let first = lock(folder.path(), &id, &me).unwrap();
        assert_eq!(holder(folder.path(), &id), Some(me.clone()));
        let Err(NotLocked::Held(by)) = lock(folder.path(), &id, &me) else { panic!("two writers") };
        assert!(by.describe().contains("another session of this adjutant"), "{}", by.describe());
        let other = Holder { pid: 1, ..me.clone() };
        assert!(other.describe().contains("/data (process 1)"), "{}", other.describe());
        assert!(lock(folder.path(), &"abc-2".into(), &me).is_ok(), "another conversation is free");
        drop(first);
        assert_eq!(holder(folder.path(), &id), None);
        assert!(lock(folder.path(), &id, &me).is_ok());
    }

    #[test]
    fn what_a_dead_process_left_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        let id = ConversationId::from("abc");
        let me = Holder::new(Path::new("/data"), Timestamp(1));
        std::fs::write(folder.path().join("abc.lock"), r#"{"pid":1,"data_dir":"/x","since":5}"#).unwrap();
        assert_eq!(holder(folder.path(), &id), None);
        let _lock = lock(folder.path(), &id, &me).unwrap();
        assert_eq!(holder(folder.path(), &id), Some(me));
    }

    #[test]
    fn no_name_leads_out_of_the_folder_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let me = Holder::default();
        for name in ["../x", "a/b", "", ".", "-a"] {
            assert!(matches!(lock(folder.path(), &name.into(), &me), Err(NotLocked::Unusable(_))), "{name}");
        }
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "precious").unwrap();
        std::os::unix::fs::symlink(&victim, folder.path().join("abc.lock")).unwrap();
        assert!(lock(folder.path(), &"abc".into(), &me).is_err());
        assert_eq!(std::fs::read_to_string(victim).unwrap(), "precious");
    }
}
