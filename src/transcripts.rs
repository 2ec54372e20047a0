//! The CLI's own record of conversations: found, read and watched, never written.
//!
//! **For:** listing the conversations under the CLI's folder, reading one as the events a session would have
//! told, watching one that grows, and finding who works on it. **Not for:** running anything, or keeping what
//! was read. Invariants: only regular files are opened, never a link, a pipe or a device; a file of any size
//! costs a bounded amount of memory and time; no content makes it fail: lines that cannot be read are skipped
//! and counted.

use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::core::ids::ConversationId;

/// The sub-agents of a conversation.
mod agents;
/// Which lines belong to the conversation as it stands.
mod branch;
/// Who works on a conversation.
pub mod holder;
/// Which conversations there are.
pub mod list;
/// One conversation as events.
pub mod read;
/// What lines mean, one after the other.
mod tell;

#[cfg(test)]
mod tests;

/// How a file of the CLI ends.
const ENDING: &str = "jsonl";
/// Some editors begin a file with it; the CLI passes over it there, and nowhere else.
const BOM: &[u8] = b"\xef\xbb\xbf";
/// No conversation has a longer name.
const MAX_ID: usize = 64;

/// The CLI's folder with one folder for each project.
pub fn projects(claude_home: &Path) -> PathBuf {
    claude_home.join("projects")
}

/// Whether a text may be the name of a conversation, and so of a file: letters, digits and hyphens.
pub fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MAX_ID
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The file of a conversation: under its own directory's name, or else wherever it is.
pub fn find(projects: &Path, id: &ConversationId, directory: &str) -> Option<PathBuf> {
    if !is_id(&id.0) {
        return None;
    }
    let name = format!("{}.{ENDING}", id.0);
    let is_there = |path: &PathBuf| std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
    let folder: String = directory.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let expected = projects.join(folder).join(&name);
    if is_there(&expected) {
        return Some(expected);
    }
    let folders = std::fs::read_dir(projects).ok()?.flatten();
    let folders = folders.filter(|folder| folder.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|folder| folder.path().join(&name)).find(is_there)
}

/// Opens a regular file; anything else is an error, and nothing waits for a pipe.
fn open_regular(path: &Path) -> io::Result<(File, u64)> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits() as i32).open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    Ok((file, meta.len()))
}
