//! Numbers of sessions: never given twice within a data directory, also by two programs at once.
//!
//! The next number stands in `next-session`, and beside it in the lock file, so that one of the two may be emptied or
//! damaged. What neither tells is known from the sessions that were restored, and from what this engine gave out.

use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::disk;

/// Whoever holds the lock writes a few bytes; longer means that it was stopped.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
/// A number is a few digits. A longer file holds something else.
const MAX_BYTES: u64 = 16;
/// A larger number was not counted up to: it is no number of ours.
const MAX_NUMBER: u32 = 1_000_000_000;
/// Numbers beginning with this are drawn by lot when they cannot be counted.
const DRAWN: u32 = MAX_NUMBER + 1;

/// Gives out the numbers of one engine.
#[derive(Debug)]
pub(crate) struct Numbers {
    data_dir: PathBuf,
    /// The highest number that is known to be used.
    last: u32,
    /// No other program works on the data directory for as long as this one.
    is_alone: bool,
}

impl Numbers {
    /// Numbers up to `last` were used: the file may have been lost since.
    pub(crate) fn new(data_dir: &Path, last: u32, is_alone: bool) -> Self {
        let last = if last > MAX_NUMBER { 0 } else { last };
        Self { data_dir: data_dir.to_owned(), last, is_alone }
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u32 {
        match self.count() {
            Ok(number) => {
                self.last = number;
                number
            }
            Err(error) => {
                tracing::warn!(%error, "the number of the session could not be kept");
                self.without_file()
            }
        }
    }

    fn count(&self) -> io::Result<u32> {
        disk::private_dir(&self.data_dir)?;
        let path = self.data_dir.join("next-session");
        let mut lock = disk::lock(&self.data_dir.join("next-session.lock"), LOCK_PATIENCE)?;
        let kept = disk::read(&path, MAX_BYTES);
        // Only what may be replaced is passed over.
        let kept = match kept {
            Ok(bytes) => number(&bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) if disk::is_refusal(&error) && !is_too_large(&error) => return Err(error),
            Err(_) => None,
        };
        let next = [kept, second(&mut lock), Some(self.last + 1)].into_iter().flatten().max().unwrap_or(1);
        let after = next.saturating_add(1).to_string();
        // One after the other: a cut leaves at least one of them whole.
        lock.rewind()?;
        lock.set_len(0)?;
        lock.write_all(after.as_bytes())?;
        lock.sync_data()?;
        disk::replace(&path, after.as_bytes())?;
        Ok(next)
    }

    /// Counted where nobody else counts; elsewhere drawn, from so many that nobody draws the same.
    fn without_file(&mut self) -> u32 {
        if self.is_alone {
            self.last += 1;
            return self.last;
        }
        fastrand::u32(DRAWN..=u32::MAX)
    }
}

/// The copy in the lock file.
fn second(lock: &mut File) -> Option<u32> {
    let mut bytes = Vec::new();
    lock.rewind().ok()?;
    lock.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    number(&bytes)
}

fn number(bytes: &[u8]) -> Option<u32> {
    std::str::from_utf8(bytes).ok()?.trim().parse().ok().filter(|number| (1..=MAX_NUMBER).contains(number))
}

fn is_too_large(error: &io::Error) -> bool {
    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<disk::Refused>());
    matches!(refused, Some(disk::Refused::TooLarge { .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What may come to stand in the file, and must not start the numbers anew.
    const DAMAGE: [&[u8]; 9] =
        [b"", b"nonsense", b"0", b"-3", b"1\n1", b"4294967295", b"\xff\xfe", b"99999999999999999999", &[b'1'; 4096]];

    #[test]
    fn numbers_grow_whatever_the_file_says() {
        for damage in DAMAGE {
            let folder = tempfile::tempdir().unwrap();
            let mut numbers = Numbers::new(folder.path(), 0, false);
            assert_eq!((numbers.next(), numbers.next()), (1, 2));
            std::fs::write(folder.path().join("next-session"), damage).unwrap();
            let mut other = Numbers::new(folder.path(), 0, false);
            assert_eq!(other.next(), 3, "another program, {damage:?}");
            std::fs::write(folder.path().join("next-session.lock"), damage).unwrap();
            assert_eq!(numbers.next(), 4, "the other copy, {damage:?}");
            for name in ["next-session", "next-session.lock"] {
                std::fs::write(folder.path().join(name), damage).unwrap();
            }
            assert_eq!(numbers.next(), 5, "what was given out, {damage:?}");
            std::fs::remove_file(folder.path().join("next-session")).unwrap();
            assert_eq!(Numbers::new(folder.path(), 0, false).next(), 6);
        }
    }

    #[test]
    fn restored_numbers_are_not_given_again() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Numbers::new(folder.path(), 7, true).next(), 8);
        assert_eq!(Numbers::new(folder.path(), 3, true).next(), 9);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_left_alone_and_no_number_comes_twice() {
        for name in ["next-session", "next-session.lock"] {
            let folder = tempfile::tempdir().unwrap();
            let victim = folder.path().join("victim");
            std::fs::write(&victim, "12").unwrap();
            std::os::unix::fs::symlink(&victim, folder.path().join(name)).unwrap();
            let mut alone = Numbers::new(folder.path(), 4, true);
            assert_eq!((alone.next(), alone.next()), (5, 6));
            let mut others = [Numbers::new(folder.path(), 4, false), Numbers::new(folder.path(), 4, false)];
            let drawn: Vec<u32> = others.iter_mut().flat_map(|numbers| [numbers.next(), numbers.next()]).collect();
            assert!(drawn.iter().all(|number| *number >= DRAWN), "{drawn:?}");
            assert_eq!(std::fs::read_to_string(&victim).unwrap(), "12");
        }
    }

    #[test]
    fn many_programs_at_once_get_different_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let take = || {
            let mut numbers = Numbers::new(folder.path(), 0, false);
            (0..25).map(|_| numbers.next()).collect::<Vec<_>>()
        };
        let mut all: Vec<u32> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(take)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort_unstable();
        assert_eq!(all, (1..=100).collect::<Vec<u32>>());
    }
}
