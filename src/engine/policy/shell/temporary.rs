//! The folder in which the CLI keeps what is temporary for a session's directory.
//!
//! **For:** telling whether a file may be written without a question: nobody else's work is there. **Not for:** making it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;

/// The folder, when it is there, this user's alone and no link. The CLI names it after the user and the directory.
pub(super) fn of(directory: &Path) -> Option<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let base = std::env::var_os("CLAUDE_CODE_TMPDIR").map_or_else(|| PathBuf::from("/tmp"), PathBuf::from);
    let users = base.canonicalize().ok()?.join(format!("claude-{uid}"));
    let folder = users.join(slug(directory));
    let is_ours = |place: &Path| {
        place.symlink_metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == uid && meta.mode() & 0o022 == 0)
    };
    (is_ours(&users) && is_ours(&folder)).then_some(folder)
}

/// A directory as the CLI makes one name of it.
fn slug(directory: &Path) -> String {
    directory.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
