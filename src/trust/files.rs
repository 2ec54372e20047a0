//! Reading files that anybody may have put there: regular files only, bounded, and never out of the folder.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use sha2::Digest as _;
use sha2::Sha256;

/// A settings file, a skill or a script is never longer.
pub(super) const MAX_BYTES: u64 = 1 << 20;
/// Entries of one folder that are looked at.
pub(super) const MAX_ENTRIES: usize = 1_000;

/// A file, or why it is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Text(String),
    /// It is there, but is not what it should be.
    Unfit {
        why: String,
        digest: String,
    },
}

/// The digest of several parts, each with its length, so that no two lists of parts are taken for one another.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}

/// Reads a file that lies below `root`, which is real. What leads out of it is not opened but for its digest.
pub(super) fn read(path: &Path, root: &Path) -> Found {
    let unfit = |why: String, content: &[u8]| {
        let digest = digest(&[b"unfit", path.as_os_str().as_encoded_bytes(), why.as_bytes(), content]);
        Found::Unfit { why, digest }
    };
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) if path.symlink_metadata().is_err() => return Found::Nothing,
        Err(error) => return unfit(format!("it cannot be reached: {error}"), b""),
    };
    match bytes(&real) {
        Err(why) => unfit(why, b""),
        Ok(content) if !real.starts_with(root) => {
            unfit(format!("it leads out of the folder, to {}", real.display()), &content)
        }
        Ok(content) => match String::from_utf8(content) {
            Ok(text) => Found::Text(text.trim_start_matches('\u{feff}').to_owned()),
            Err(error) => unfit("it is no UTF-8 text".into(), error.as_bytes()),
        },
    }
}

/// The content of a regular file, or a sentence about why it is not read. Never waits: a FIFO has no content.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("it cannot be read: {error}");
    // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut file: File = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(cannot)?;
    let meta = file.metadata().map_err(cannot)?;
    if !meta.is_file() {
        return Err("it is no regular file".into());
    }
    if meta.len() > MAX_BYTES {
        return Err(format!("it is larger than {} KiB", MAX_BYTES >> 10));
    }
    let mut content = Vec::new();
    file.by_ref().take(MAX_BYTES + 1).read_to_end(&mut content).map_err(cannot)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(format!("it is larger than {} KiB", MAX_BYTES >> 10));
    }
    Ok(content)
}

/// The entries of a folder, sorted, or why they are not listed. No folder has none.
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("it cannot be listed: {error}")),
    };
    let mut found = Vec::new();
    for entry in entries {
        found.push(entry.map_err(|error| format!("it cannot be listed: {error}"))?.path());
        if found.len() > MAX_ENTRIES {
            return Err(format!("it has more than {MAX_ENTRIES} entries"));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// A digest over everything in a folder, as far as it is bounded: which of it runs is for the CLI to know.
pub(super) fn tree_digest(folder: &Path) -> String {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0_u32)];
    while let Some((at, depth)) = folders.pop() {
        let entries = list(&at).unwrap_or_else(|why| {
            parts.push(why.into_bytes());
            Vec::new()
        });
        for path in entries {
            parts.push(path.strip_prefix(folder).unwrap_or(&path).as_os_str().as_encoded_bytes().to_vec());
            let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
            if is_folder && depth < 8 {
                folders.push((path, depth + 1));
            } else if !is_folder {
                parts.push(match bytes(&path) {
                    Ok(content) => digest(&[&content]).into_bytes(),
                    Err(why) => why.into_bytes(),
                });
            }
            if parts.len() > 4 * MAX_ENTRIES {
                parts.push(b"and more".to_vec());
                folders.clear();
                break;
            }
        }
    }
    digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_inside_are_read_and_nothing_waits() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(root.join("a"), "\u{feff}text").unwrap();
        std::fs::write(root.join("binary"), [0xff, 0xfe]).unwrap();
        std::fs::write(root.join("big"), vec![b'x'; 2 << 20]).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("out")).unwrap();
        std::os::unix::fs::symlink("gone", root.join("dangling")).unwrap();
        std::os::unix::fs::symlink("a", root.join("in")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(root.join("fifo")).status().unwrap();
        assert!(made.success());
        assert_eq!(read(&root.join("a"), &root), Found::Text("text".into()));
        assert_eq!(read(&root.join("in"), &root), Found::Text("text".into()));
        assert_eq!(read(&root.join("none"), &root), Found::Nothing);
        for (name, says) in [
            ("fifo", "no regular file"),
            ("big", "larger than"),
            ("binary", "no UTF-8"),
            ("out", "leads out of the folder"),
            ("dangling", "cannot be reached"),
            ("", "no regular file"),
        ] {
            let Found::Unfit { why, .. } = read(&root.join(name), &root) else { panic!("{name} was read") };
            assert!(why.contains(says), "{name}: {why}");
        }
        let before = read(&root.join("out"), &root);
        std::fs::write(outside.path(), "another").unwrap();
        assert_ne!(read(&root.join("out"), &root), before, "what is behind a link is part of the digest");
    }

    #[test]
    fn a_tree_is_another_when_any_file_of_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        std::fs::write(folder.path().join("a/b/c"), "1").unwrap();
        let before = tree_digest(folder.path());
        assert_eq!(tree_digest(folder.path()), before);
        std::fs::write(folder.path().join("a/b/c"), "2").unwrap();
        let changed = tree_digest(folder.path());
        assert_ne!(changed, before);
        std::fs::rename(folder.path().join("a/b/c"), folder.path().join("a/b/d")).unwrap();
        assert_ne!(tree_digest(folder.path()), changed);
    }
}
