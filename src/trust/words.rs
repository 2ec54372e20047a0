//! The project's instructions for the model, for a session that is started without the project's settings.
//!
//! Such a session reads the `CLAUDE.md` and the rules of its own folder by itself; what lies above it, and its local
//! file, it does not. These are words for the model: they run nothing.

use std::path::Path;

use super::files;
use super::files::Found;
use super::places::Places;
use super::places::shown;

/// All texts together; what is beyond is left out, and said so.
const MAX_BYTES: usize = 200 << 10;
/// Instruction files below the folder that are named.
const MAX_NAMED: usize = 40;

/// The instructions as a text behind the system prompt; `None` when there are none. `below`: instruction files of
/// folders below.
pub(super) fn gather(places: &Places, claude_home: &Path, below: &[std::path::PathBuf]) -> Option<String> {
    let mut text = String::new();
    let above = places.above.iter().rev().flat_map(|at| {
        [at.join("CLAUDE.md"), at.join(".claude/CLAUDE.md"), at.join("CLAUDE.local.md")].map(|path| (path, at.clone()))
    });
    let own = std::iter::once((places.folder.join("CLAUDE.local.md"), places.folder.clone()));
    let root = places.top.clone().unwrap_or_else(|| places.folder.clone());
    for (path, at) in above.chain(own) {
        if path.parent() == Some(claude_home) {
            continue;
        }
        let within = if at.starts_with(&root) { &root } else { &at };
        let Found::Text(words) = files::read(&path, within) else { continue };
        if words.trim().is_empty() {
            continue;
        }
        if text.len() + words.len() > MAX_BYTES {
            text.push_str(&format!("\n{} is too long to be given here; read it.\n", path.display()));
            continue;
        }
        text.push_str(&format!("\nContents of {} (project instructions):\n\n{}\n", path.display(), words.trim()));
    }
    let named: Vec<String> =
        below.iter().take(MAX_NAMED).map(|path| format!("- {}", shown(path, &places.folder))).collect();
    if !named.is_empty() {
        text.push_str("\nFurther instructions lie in these files. Read one before you work in its folder:\n");
        text.push_str(&named.join("\n"));
        text.push('\n');
    }
    (!text.is_empty()).then_some(text)
}
