//! The files that older CLIs write the output of background shells to. Blocking.
//!
//! Invariants: only a regular file is read, no link is followed to it, and no more of it than its end.

use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;

use crate::core::task::MAX_OUTPUT;
use crate::disk;

/// The end of what was printed; `None` when it cannot be read.
pub(crate) fn read(file: &Path) -> Option<String> {
    let mut file = disk::open_read(file).ok()?;
    let meta = file.metadata().ok()?;
    file.seek(SeekFrom::Start(meta.len().saturating_sub(MAX_OUTPUT as u64))).ok()?;
    let mut bytes = Vec::new();
    file.take(MAX_OUTPUT as u64).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_regular_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("a"), [&vec![b'x'; MAX_OUTPUT * 3][..], b"caf\xff\nend"].concat()).unwrap();
        let text = read(&at("a")).unwrap();
        assert!(text.ends_with("end") && text.contains('\u{fffd}') && text.len() < MAX_OUTPUT + 8);
        std::os::unix::fs::symlink(at("a"), at("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        for none in ["link", "pipe", ".", "gone"] {
            assert_eq!(read(&at(none)), None, "{none}");
        }
    }
}
