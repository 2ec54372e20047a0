//! The program's own files: opened, replaced and locked in one way.
//!
//! **For:** every file and directory that the program finds by a fixed name: records, heads, numbers, locks, logs,
//! settings. **Not for:** files of a project, which sessions read and write, and not for what a file means. Blocking.
//!
//! Invariants: a link, a pipe, a socket or a device under such a name is refused before it is opened, so nothing waits
//! for it and nothing is written through it; a file of another user, or one that others may write, is refused; after a
//! cut at any point a replaced file has its old content or its new one; waiting for a lock ends.

use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::Metadata;
use std::fs::TryLockError;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use rustix::fs::OFlags;

mod refused;

pub use refused::Owner;
pub use refused::Refused;
pub use refused::is_refusal;

/// Only this user reads and writes.
const PRIVATE: u32 = 0o600;
/// How often a lock that somebody holds is tried for.
const LOCK_PAUSE: Duration = Duration::from_millis(5);
/// What the name of a file ends with while it is written.
const UNFINISHED: &str = ".new";

/// What happens to the content of a file that is opened for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Keep,
    Append,
    Empty,
}

/// Opens or makes a file that only this user may use.
pub fn open_private(path: &Path, content: Content) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).append(content == Content::Append);
    let file = open(path, &options, Owner::Me)?;
    if content == Content::Empty {
        // Only now: what is no file of ours keeps its content.
        file.set_len(0)?;
    }
    Ok(file)
}

/// Opens a regular file for reading, whosever it is.
pub fn open_read(path: &Path) -> io::Result<File> {
    open(path, File::options().read(true), Owner::Anyone)
}

/// Reads a file of this user that has no reason to be longer than this.
pub fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    bounded(path, &open(path, File::options().read(true), Owner::Me)?, max_bytes)
}

/// Reads a file that the person wrote. A link of their own to a file of their own is followed, as those are that keep
/// their settings in one repository; the administrator may have written it, too. Tells whether others may write to it.
pub fn read_of_person(path: &Path, max_bytes: u64) -> io::Result<(Vec<u8>, Result<(), Refused>)> {
    let named = path.symlink_metadata()?;
    refused::check_owner(path, &named, Owner::MeOrRoot)?;
    let real = if named.is_symlink() {
        path.canonicalize().map_err(|error| {
            io::Error::other(format!(
                "{} is a link that leads to no file ({error}): mend it or remove it",
                path.display()
            ))
        })?
    } else {
        path.to_owned()
    };
    let file = open(&real, File::options().read(true), Owner::MeOrRoot)?;
    let is_closed = refused::check_mode(&real, &file.metadata()?);
    Ok((bounded(&real, &file, max_bytes)?, is_closed))
}

/// Replaces a file whole, or makes it. It is on the disk when this returns.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let before = existing(path)?;
    if let Some(meta) = &before {
        refused::check_file(path, meta, Owner::Me)?;
    }
    let mut new = tempfile::Builder::new().prefix(&unfinished(path)).suffix(UNFINISHED).tempfile_in(folder)?;
    if let Some(meta) = before {
        new.as_file().set_permissions(meta.permissions())?;
    }
    new.write_all(bytes)?;
    new.as_file().sync_all()?;
    new.persist(path).map_err(|error| error.error)?;
    sync_directory(folder)
}

/// Removes a file, and what a kill left of a write to it. One that is not there is removed.
pub fn remove(path: &Path) -> io::Result<()> {
    let (Some(folder), prefix) = (path.parent(), unfinished(path)) else { return Ok(()) };
    let is_left = |name: &OsStr| {
        let name = name.as_encoded_bytes();
        name.starts_with(prefix.as_encoded_bytes()) && name.ends_with(UNFINISHED.as_bytes())
    };
    let entries = folder.read_dir().into_iter().flatten().flatten();
    for left in entries.filter(|entry| is_left(&entry.file_name())) {
        absent_is_fine(std::fs::remove_file(left.path()))?;
    }
    absent_is_fine(std::fs::remove_file(path))
}

/// Makes what was renamed or made in a directory last.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    match File::open(path)?.sync_all() {
        // Some file systems have no such thing.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        done => done,
    }
}

/// Opens or makes a lock file and waits for its lock, but not for longer than this. The lock goes with the file.
pub fn lock(path: &Path, patience: Duration) -> io::Result<File> {
    let file = open_private(path, Content::Keep)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if start.elapsed() < patience => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(Refused::Locked(path.to_owned()).into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Makes a directory that only this user may enter. One that is there must be this user's, and closed to the writing
/// of others.
pub fn private_dir(path: &Path) -> io::Result<()> {
    // A slash at the end would follow a link.
    let path: PathBuf = path.components().collect();
    if existing(&path)?.is_none() {
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
    }
    check_directory(&path)
}

/// Refuses what [`private_dir`] would refuse; a directory that is not there is fine.
pub fn check_directory(path: &Path) -> io::Result<()> {
    let path: PathBuf = path.components().collect();
    match existing(&path)? {
        Some(meta) => Ok(refused::check_directory(&path, &meta)?),
        None => Ok(()),
    }
}

/// Refuses a link, wherever it leads.
pub fn check_no_link(path: &Path) -> io::Result<()> {
    let path: PathBuf = path.components().collect();
    match existing(&path)? {
        Some(meta) if meta.is_symlink() => Err(Refused::Link(path).into()),
        _ => Ok(()),
    }
}

/// Refuses what may not stand under the name of a file of ours; one that is not there is fine.
pub fn check_file(path: &Path) -> io::Result<()> {
    match existing(path)? {
        Some(meta) => Ok(refused::check_file(path, &meta, Owner::Me)?),
        None => Ok(()),
    }
}

/// Where a database may be opened: its name with no link in it. One that is not there is made, closed to others.
pub fn database(path: &Path) -> io::Result<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let path = folder.canonicalize()?.join(name);
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = name.to_owned();
        name.push(ending);
        check_file(&path.with_file_name(name))?;
    }
    // One that is there is not opened: closing it again would give up this process's locks on it.
    match File::options().write(true).create_new(true).mode(PRIVATE).open(&path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(path),
    }
}

/// What is under a name itself, if something is.
fn existing(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(meta) => Ok(Some(meta)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn open(path: &Path, options: &std::fs::OpenOptions, owner: Owner) -> io::Result<File> {
    // Looked at before: opening a device or a pipe has effects of its own.
    if let Some(meta) = existing(path)? {
        refused::check_file(path, &meta, owner)?;
    }
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = options.clone().mode(PRIVATE).custom_flags(flags.bits().cast_signed()).open(path)?;
    // ... and after: it may have been changed in between.
    refused::check_file(path, &file.metadata()?, owner)?;
    Ok(file)
}

fn bounded(path: &Path, file: &File, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(Refused::TooLarge { path: path.to_owned(), max_bytes }.into());
    }
    Ok(bytes)
}

/// How the name of a file begins while it is written.
fn unfinished(path: &Path) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    prefix
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests;
