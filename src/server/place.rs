//! Where a data directory's socket is, and who works on it: one runner at a time.

use std::fs::File;
use std::fs::TryLockError;
use std::hash::Hash as _;
use std::hash::Hasher as _;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::disk;
use crate::disk::Content;

/// The system's limit for a socket's path is 104 bytes on some systems, 108 on others.
const MAX_SOCKET_PATH: usize = 100;

/// The right to run the engine on a data directory; it ends with the process.
#[derive(Debug)]
pub struct Lock {
    // Held for its lock.
    _file: File,
}

/// Why the right was not given.
#[derive(Debug, thiserror::Error)]
pub enum NotLocked {
    #[error(
        "another adjutant works on {}{}; attach to it with `adjutant`, or end it with `adjutant stop`",
        data_dir.display(),
        pid.map_or_else(String::new, |pid| format!(" (process {pid})"))
    )]
    Held { data_dir: PathBuf, pid: Option<u32> },
    #[error("the data directory {} cannot be used: {error}", data_dir.display())]
    Unusable { data_dir: PathBuf, error: io::Error },
}

/// Takes the data directory for this process. The lock of a dead process is none: the system drops it.
pub fn lock(data_dir: &Path) -> Result<Lock, NotLocked> {
    let unusable = |error| NotLocked::Unusable { data_dir: data_dir.to_owned(), error };
    disk::private_dir(data_dir).map_err(unusable)?;
    let mut file = disk::open_private(&data_dir.join("runner.lock"), Content::Keep).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = (&mut file).take(32).read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(NotLocked::Held { data_dir: data_dir.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    file.set_len(0).and_then(|()| file.write_all(std::process::id().to_string().as_bytes())).map_err(unusable)?;
    Ok(Lock { _file: file })
}

/// Where the runner of a data directory listens: inside it, or, where that path is too long for a socket, in
/// the user's own runtime folder.
pub fn socket(data_dir: &Path) -> PathBuf {
    let inside = data_dir.join("runner.sock");
    if inside.as_os_str().len() <= MAX_SOCKET_PATH {
        return inside;
    }
    let mut hasher = std::hash::DefaultHasher::new();
    data_dir.as_os_str().as_bytes().hash(&mut hasher);
    let user = rustix::process::getuid().as_raw();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = runtime.map_or_else(|| PathBuf::from(format!("/tmp/adjutant-{user}")), |dir| dir.join("adjutant"));
    folder.join(format!("{:016x}.sock", hasher.finish()))
}

/// Makes the socket's folder. One that somebody else may write to is refused.
pub fn prepare_folder(socket: &Path) -> io::Result<()> {
    disk::private_dir(socket.parent().ok_or(io::ErrorKind::InvalidInput)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_directory_has_one_owner_and_a_dead_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path()).unwrap();
        let Err(refused) = lock(folder.path()) else { panic!("two owners") };
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
        assert!(refused.to_string().contains("adjutant stop"));
        drop(first);
        assert!(lock(folder.path()).is_ok());
    }

    #[test]
    fn a_long_path_gets_a_socket_elsewhere_and_always_the_same() {
        let long = PathBuf::from(format!("/{}", "x/".repeat(80)));
        assert_eq!(socket(Path::new("/d")), Path::new("/d/runner.sock"));
        assert!(socket(&long).as_os_str().len() <= MAX_SOCKET_PATH);
        assert_eq!(socket(&long), socket(&long));
        assert_ne!(socket(&long), socket(&long.join("y")));
    }

    #[test]
    fn a_folder_that_is_open_to_others_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let open = folder.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        let refused = prepare_folder(&open.join("s")).unwrap_err().to_string();
        assert!(refused.contains("chmod go-w"), "{refused}");
        std::os::unix::fs::symlink(&open, folder.path().join("link")).unwrap();
        assert!(prepare_folder(&folder.path().join("link/s")).is_err());
        assert!(lock(&folder.path().join("link")).unwrap_err().to_string().contains("is a link"));
    }
}
