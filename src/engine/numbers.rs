//! Numbers of sessions: never used twice within a data directory, also by two programs at once.

use std::fs::File;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use crate::config::places::make_private_dir;

/// Numbers for when the directory cannot be used: unique in this process at least.
static FALLBACK: AtomicU32 = AtomicU32::new(1);

/// The next number.
pub(crate) fn next_session(data_dir: &Path) -> u32 {
    match take(data_dir) {
        Ok(number) => {
            FALLBACK.fetch_max(number.saturating_add(1), Ordering::Relaxed);
            number
        }
        Err(error) => {
            tracing::warn!(%error, "the number of the session could not be kept");
            FALLBACK.fetch_add(1, Ordering::Relaxed)
        }
    }
}

/// Numbers up to this one were used: the file may have been lost since.
pub(crate) fn go_on_after(data_dir: &Path, last: u32) {
    FALLBACK.fetch_max(last.saturating_add(1), Ordering::Relaxed);
    if last > 0
        && let Err(error) = take_from(data_dir, last)
    {
        tracing::warn!(%error, "the number of the last session could not be kept");
    }
}

fn take(data_dir: &Path) -> std::io::Result<u32> {
    take_from(data_dir, 1)
}

fn take_from(data_dir: &Path, least: u32) -> std::io::Result<u32> {
    make_private_dir(data_dir)?;
    let path = data_dir.join("next-session");
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
    // Whoever holds it writes a few bytes: waiting is short. The lock goes with the file.
    file.lock()?;
    let mut text = String::new();
    (&mut file).take(32).read_to_string(&mut text)?;
    let number = text.trim().parse::<u32>().unwrap_or(1).max(least);
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(number.saturating_add(1).to_string().as_bytes())?;
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_whatever_the_file_says() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(take(folder.path()).unwrap(), 1);
        assert_eq!(take(folder.path()).unwrap(), 2);
        std::fs::write(folder.path().join("next-session"), "nonsense").unwrap();
        assert_eq!(take(folder.path()).unwrap(), 1);
    }
}
