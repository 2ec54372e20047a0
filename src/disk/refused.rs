//! What may not stand under a name that the program uses, each with what to do about it.

use std::fs::FileType;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

/// Rights of the group and of others to write.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why a file or directory is not used. Nothing was read from it or written to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{} is a link, and adjutant follows none there: put the real one in its place, or move it away", .0.display())]
    Link(PathBuf),
    #[error("{} is {what}, not a regular file: move it away", path.display())]
    NotAFile { path: PathBuf, what: &'static str },
    #[error("{} is {what}, not a directory: move it away, or name another place", path.display())]
    NotADirectory { path: PathBuf, what: &'static str },
    #[error(
        "{} belongs to another user (uid {owner}; you are uid {user}): use one of your own, or change its owner with \
         `chown {user} {}`",
        path.display(), path.display()
    )]
    Foreign { path: PathBuf, owner: u32, user: u32 },
    #[error(
        "others may write to {} (mode {mode:o}): look at what is in it, then run `chmod go-w {}`",
        path.display(), path.display()
    )]
    Open { path: PathBuf, mode: u32 },
    #[error("{} is larger than {max_bytes} bytes, so it is not what it should be: move it away", path.display())]
    TooLarge { path: PathBuf, max_bytes: u64 },
    #[error("another process holds the lock {}", .0.display())]
    Locked(PathBuf),
}

impl From<Refused> for io::Error {
    fn from(refused: Refused) -> Self {
        let kind = match refused {
            Refused::Locked(_) => io::ErrorKind::WouldBlock,
            _ => io::ErrorKind::PermissionDenied,
        };
        Self::new(kind, refused)
    }
}

/// Whether an error tells of something that was refused, and not of a disk that fails.
pub fn is_refusal(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Refused>())
}

/// Whose file it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Somebody's: it is only looked at.
    Anyone,
    /// This user's alone, and nobody else may write to it.
    Me,
    /// This user's or the administrator's.
    MeOrRoot,
}

/// A regular file, and whose it has to be.
pub(super) fn check_file(path: &Path, meta: &Metadata, owner: Owner) -> Result<(), Refused> {
    if meta.is_symlink() {
        return Err(Refused::Link(path.to_owned()));
    }
    if !meta.is_file() {
        return Err(Refused::NotAFile { path: path.to_owned(), what: describe(meta.file_type()) });
    }
    check_owner(path, meta, owner)?;
    if owner == Owner::Me { check_mode(path, meta) } else { Ok(()) }
}

/// A directory of this user that nobody else may change.
pub(super) fn check_directory(path: &Path, meta: &Metadata) -> Result<(), Refused> {
    if meta.is_symlink() {
        return Err(Refused::Link(path.to_owned()));
    }
    if !meta.is_dir() {
        return Err(Refused::NotADirectory { path: path.to_owned(), what: describe(meta.file_type()) });
    }
    check_owner(path, meta, Owner::Me)?;
    check_mode(path, meta)
}

pub(super) fn check_owner(path: &Path, meta: &Metadata, wanted: Owner) -> Result<(), Refused> {
    let (owner, user) = (meta.uid(), rustix::process::geteuid().as_raw());
    let is_right = match wanted {
        Owner::Anyone => true,
        Owner::Me => owner == user,
        Owner::MeOrRoot => owner == user || owner == 0,
    };
    if is_right { Ok(()) } else { Err(Refused::Foreign { path: path.to_owned(), owner, user }) }
}

/// Nobody else may write to it.
pub(super) fn check_mode(path: &Path, meta: &Metadata) -> Result<(), Refused> {
    let mode = meta.mode() & 0o7777;
    if mode & WRITABLE_BY_OTHERS == 0 { Ok(()) } else { Err(Refused::Open { path: path.to_owned(), mode }) }
}

fn describe(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_block_device() || kind.is_char_device() => "a device",
        kind if kind.is_symlink() => "a link",
        kind if kind.is_file() => "a regular file",
        _ => "something unknown",
    }
}
