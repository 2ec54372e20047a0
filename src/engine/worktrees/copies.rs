//! Files that git does not have, brought along into a new worktree.
//!
//! Both trees hold what somebody else wrote: no link is followed on the way from one or into the other.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::io::Errno;

/// A larger file is not what this is for.
const MAX_BYTES: u64 = 16 << 20;

/// Copies the files that are there. Tells which were not copied, and why. Blocking.
pub(super) fn bring(from: &Path, to: &Path, names: &[String]) -> Vec<String> {
    let failed = |name: &String| match copy(from, to, name) {
        Ok(()) => None,
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(format!("{name} was not copied: {error}")),
    };
    names.iter().filter_map(failed).collect()
}

fn copy(from: &Path, to: &Path, name: &str) -> io::Result<()> {
    let pieces: Vec<&str> = name.split('/').filter(|piece| !piece.is_empty() && *piece != ".").collect();
    let Some((file, folders)) = pieces.split_last() else { return Ok(()) };
    if pieces.contains(&"..") {
        return Err(io::Error::other("it leads out of the repository"));
    }
    let mut from = open_folder(from)?;
    for folder in folders {
        from = step(&from, folder)?;
    }
    let read = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let source = File::from(rustix::fs::openat(&from, *file, read, Mode::empty()).map_err(explain)?);
    let meta = source.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if meta.len() > MAX_BYTES {
        return Err(io::Error::other("it is too large"));
    }
    let mut to = open_folder(to)?;
    for folder in folders {
        match rustix::fs::mkdirat(&to, *folder, Mode::from_raw_mode(0o777)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        to = step(&to, folder)?;
    }
    let mode = std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o777;
    let write = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = match rustix::fs::openat(&to, *file, write, Mode::from_raw_mode(mode)) {
        // The repository has a file of its own there.
        Err(Errno::EXIST) => return Ok(()),
        opened => opened.map_err(explain)?,
    };
    let mut bytes = Vec::new();
    source.take(MAX_BYTES).read_to_end(&mut bytes)?;
    File::from(opened).write_all(&bytes)
}

fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn step(folder: &OwnedFd, name: &str) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, name, flags, Mode::empty()).map_err(explain)
}

fn explain(error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::NOTDIR | Errno::MLINK => io::Error::other("a link is in the way"),
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_along_and_links_lead_nowhere() {
        let root = tempfile::tempdir().unwrap();
        let (from, to, secret) = (root.path().join("from"), root.path().join("to"), root.path().join("secret"));
        for folder in [&from, &to, &secret, &from.join("config"), &from.join("trap")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(from.join(".env"), "A=1").unwrap();
        std::fs::write(from.join("config/local.env"), "B=2").unwrap();
        std::fs::write(from.join("trap/key"), "mine").unwrap();
        std::fs::write(from.join("own"), "from").unwrap();
        std::fs::write(to.join("own"), "to").unwrap();
        std::fs::write(secret.join("key"), "secret").unwrap();
        std::os::unix::fs::symlink(secret.join("key"), from.join("link")).unwrap();
        std::os::unix::fs::symlink(&secret, from.join("linked")).unwrap();
        std::os::unix::fs::symlink(&secret, to.join("trap")).unwrap();
        let names = [".env", "config/local.env", "own", "missing", "link", "linked/key", "trap/key", "config", "../x"];
        let names = names.map(str::to_owned);
        let told = bring(&from, &to, &names);
        let refused: Vec<&str> = told.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(refused, ["link", "linked/key", "trap/key", "config", "../x"], "{told:?}");
        let text = |name: &str| std::fs::read_to_string(to.join(name)).unwrap();
        assert_eq!((text(".env"), text("config/local.env"), text("own")), ("A=1".into(), "B=2".into(), "to".into()));
        assert_eq!(std::fs::read_to_string(secret.join("key")).unwrap(), "secret");
        assert!(!to.join("link").exists() && !to.join("linked").exists());
    }
}
