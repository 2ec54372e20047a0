//! What is asked, as text that fits a card.

use serde_json::Value;

use super::MAX_SHOWN;
use crate::core::approval::Approval;
use crate::core::approval::FileBefore;
use crate::relay::words::Tongue;

/// What would run or be written, as a person reads it: language and text.
pub(super) fn content(approval: &Approval) -> (&'static str, String) {
    let text = |field: &str| approval.input.get(field).and_then(Value::as_str);
    let before = match approval.preview.as_ref().map(|preview| &preview.before) {
        Some(FileBefore::Text(text)) => Some(text.as_str()),
        _ => None,
    };
    let known: &[&str] = match approval.tool.as_str() {
        "Bash" => &["command", "description"],
        "Write" => &["file_path", "content"],
        "Edit" => &["file_path", "old_string", "new_string"],
        _ => &[],
    };
    // A field beyond those that are shown must not go unseen.
    let is_known =
        approval.input.as_object().is_some_and(|fields| fields.keys().all(|key| known.contains(&key.as_str())));
    let changed = |path: &str, old: &str, new: &str| {
        let diff = similar::TextDiff::from_lines(old, new).unified_diff().context_radius(3).to_string();
        format!("{path}\n{diff}")
    };
    match (approval.tool.as_str(), is_known) {
        ("Bash", true) => ("bash", text("command").unwrap_or_default().to_owned()),
        ("Write", true) => {
            let (path, new) = (text("file_path").unwrap_or_default(), text("content").unwrap_or_default());
            ("diff", changed(path, before.unwrap_or_default(), new))
        }
        ("Edit", true) => {
            let path = text("file_path").unwrap_or_default();
            ("diff", changed(path, text("old_string").unwrap_or_default(), text("new_string").unwrap_or_default()))
        }
        _ => ("json", serde_json::to_string_pretty(&approval.input).unwrap_or_default()),
    }
}

/// Both ends of a text, with what is missing said between them.
pub(super) fn cut_middle(text: &str, tongue: Tongue) -> String {
    let floor = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (head, tail) = (floor(MAX_SHOWN * 2 / 3), floor(text.len() - MAX_SHOWN / 3));
    let n_cut = tail - head;
    let gap = match tongue {
        Tongue::English => format!("… {n_cut} bytes cut …"),
        Tongue::Chinese => format!("… 省略 {n_cut} 字节 …"),
    };
    format!("{}\n{gap}\n{}", &text[..head], &text[tail..])
}
