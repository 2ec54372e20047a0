//! Changes of files for the timeline: lines are counted on the whole before what is kept of it is cut.
//!
//! The CLI reports an edit with the whole file beside the hunks. Only the hunks are kept, and of them what fits.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use similar::Algorithm;
use similar::capture_diff_slices;

use super::bound;
use super::bound::DETAIL_BYTES;
use crate::core::change::is_change;
use crate::core::tool::ChangedLines;

/// More lines than these, without those that both texts begin and end with, are not compared: all of them count.
const MAX_COMPARED: usize = 5_000;
/// What a line of a patch takes beside its text.
const LINE_BYTES: usize = 8;

/// The lines of a change whose input is cut before it is kept; `None` where the input itself tells them.
pub(super) fn of_input(tool: &str, whole: &Value, kept: &Value) -> Option<ChangedLines> {
    if !is_change(tool) || whole == kept {
        return None;
    }
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let swap = |edit: &Value| count(&text(edit, "old_string"), &text(edit, "new_string"));
    Some(match (tool, whole.get("edits").and_then(Value::as_array)) {
        ("Write", _) => count("", &text(whole, "content")),
        ("NotebookEdit", _) => count("", &text(whole, "new_source")),
        ("MultiEdit", Some(edits)) => edits.iter().map(swap).fold(ChangedLines::default(), ChangedLines::plus),
        _ => swap(whole),
    })
}

/// The structured result of a change as it is kept, and the lines that it names; other results stay as they are.
pub(super) fn of_result(detail: Option<Value>) -> (Value, Option<ChangedLines>) {
    let whole = detail.unwrap_or(Value::Null);
    if let Some(hunks) = whole.get("structuredPatch").and_then(Value::as_array).filter(|hunks| !hunks.is_empty()) {
        let (hunks, lines) = patch(hunks);
        return (json!({ "structuredPatch": hunks }), Some(lines));
    }
    if whole.get("structuredPatch").is_some() {
        // A new file: its text stands in the input.
        return (Value::Null, None);
    }
    if let Some(cell) = cell(&whole) {
        return cell;
    }
    (bound::detail(Some(whole)), None)
}

fn patch(hunks: &[Value]) -> (Vec<Value>, ChangedLines) {
    let mut lines = ChangedLines::default();
    let mut kept = Vec::new();
    let mut room = DETAIL_BYTES;
    for hunk in hunks {
        let mut kept_lines = Vec::new();
        for line in hunk.get("lines").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            match line.as_bytes().first() {
                Some(b'+') => lines.added += 1,
                Some(b'-') => lines.removed += 1,
                _ => {}
            }
            match room.checked_sub(line.len() + LINE_BYTES) {
                Some(rest) => {
                    room = rest;
                    kept_lines.push(line);
                }
                // What comes behind a line that is left out is left out too.
                None => {
                    room = 0;
                    lines.omitted += 1;
                }
            }
        }
        if !kept_lines.is_empty() {
            kept.push(json!({ "newStart": hunk.get("newStart"), "lines": kept_lines }));
        }
    }
    (kept, lines)
}

/// The result of a `NotebookEdit`: the old text of the cell instead of the two notebooks.
fn cell(whole: &Value) -> Option<(Value, Option<ChangedLines>)> {
    let text = |key: &str| whole.get(key).and_then(Value::as_str);
    let (original, source) = (text("original_file")?, text("new_source")?);
    let mode = text("edit_mode").unwrap_or("replace");
    let old = (mode != "insert").then(|| old_source(original, text("cell_id")?)).flatten();
    let new = if mode == "delete" { "" } else { source };
    let mut kept = Map::new();
    kept.insert("edit_mode".into(), bound::word(mode).into());
    let mut lines = count(old.as_deref().unwrap_or_default(), new);
    if let Some(old) = old {
        let end = old.floor_char_boundary(DETAIL_BYTES);
        lines.omitted += n_lines(&old[end..]);
        kept.insert("old_source".into(), old[..end].into());
    }
    Some((kept.into(), Some(lines)))
}

/// The text of a cell, by its id or, where cells have none, by its place.
fn old_source(notebook: &str, id: &str) -> Option<String> {
    let notebook: Value = serde_json::from_str(notebook).ok()?;
    let cells = notebook.get("cells")?.as_array()?;
    let by_id = cells.iter().find(|cell| cell.get("id").and_then(Value::as_str) == Some(id));
    let by_place = || cells.get(id.strip_prefix("cell-")?.parse::<usize>().ok()?);
    match by_id.or_else(by_place)?.get("source")? {
        Value::String(source) => Some(source.clone()),
        Value::Array(pieces) => Some(pieces.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn n_lines(text: &str) -> u64 {
    text.lines().count() as u64
}

/// Lines that one text has and the other has not. That the last one does not end means nothing.
fn count(before: &str, after: &str) -> ChangedLines {
    let lines = |text| -> Vec<&str> { str::split_terminator(text, '\n').collect() };
    let (before, after) = (lines(before), lines(after));
    let n_head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[n_head..], &after[n_head..]);
    let n_tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[..before.len() - n_tail], &after[..after.len() - n_tail]);
    let (mut added, mut removed) = (after.len(), before.len());
    if added > 0 && removed > 0 && added + removed <= MAX_COMPARED {
        let n_same: usize = capture_diff_slices(Algorithm::Myers, before, after)
            .iter()
            .filter(|op| matches!(op, similar::DiffOp::Equal { .. }))
            .map(|op| op.old_range().len())
            .sum();
        (added, removed) = (added - n_same, removed - n_same);
    }
    ChangedLines { added: added as u64, removed: removed as u64, omitted: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(lines: ChangedLines) -> (u64, u64, u64) {
        (lines.added, lines.removed, lines.omitted)
    }

    fn of_cut(tool: &str, input: &Value) -> Option<(u64, u64, u64)> {
        of_input(tool, input, &bound::input(input)).map(counted)
    }

    #[test]
    fn lines_of_a_long_input_are_counted_before_it_is_cut() {
        let numbered = |n: usize| (0..n).map(|n| format!("line {n}\n")).collect::<Vec<_>>().concat();
        assert_eq!(of_cut("Write", &json!({"file_path": "a", "content": numbered(20_000)})), Some((20_000, 0, 0)));
        let (old, new) = (numbered(9_000), numbered(9_000).replace("line 8000\n", "other\nand more\n"));
        let edit = json!({"file_path": "a", "old_string": old, "new_string": new});
        assert_eq!(of_cut("Edit", &edit), Some((2, 1, 0)));
        let small = json!({"old_string": "x", "new_string": "y\nz"});
        let many = json!({"file_path": "a", "edits": [{"old_string": old, "new_string": new}, small]});
        assert_eq!(of_cut("MultiEdit", &many), Some((4, 2, 0)));
        assert_eq!(of_cut("Edit", &small), None, "the kept input tells it");
        assert_eq!(of_cut("Bash", &json!({"command": numbered(20_000)})), None);
    }

    #[test]
    fn a_long_patch_is_counted_whole_and_its_beginning_kept() {
        let lines: Vec<String> = (0..5_000).map(|n| format!("{}line {n}", ["+", "-", " ", "+"][n % 4])).collect();
        let hunk = json!({"oldStart": 1, "oldLines": 2500, "newStart": 7, "newLines": 3750, "lines": lines});
        let detail = json!({"filePath": "/a", "originalFile": "x".repeat(1 << 20), "structuredPatch": [hunk, hunk]});
        let (kept, counted) = of_result(Some(detail));
        let counted = counted.unwrap();
        assert_eq!((counted.added, counted.removed), (5_000, 2_500));
        let first = kept["structuredPatch"][0]["lines"].as_array().unwrap();
        assert_eq!(kept["structuredPatch"][0]["newStart"], 7);
        assert_eq!(kept["structuredPatch"].as_array().unwrap().len(), 1);
        assert_eq!(first.len() as u64 + counted.omitted, 10_000);
        assert!(kept.to_string().len() < 2 * DETAIL_BYTES && first.len() > 500);
    }

    #[test]
    fn a_small_patch_of_a_large_file_is_kept() {
        let hunk = json!({"newStart": 900, "lines": [" a", "-b", "+c", "\\ No newline at end of file"]});
        let detail = json!({"originalFile": "x".repeat(1 << 20), "structuredPatch": [hunk]});
        let (kept, lines) = of_result(Some(detail));
        assert_eq!(lines.map(counted), Some((1, 1, 0)));
        assert_eq!(kept["structuredPatch"][0]["newStart"], 900);
    }

    #[test]
    fn a_cell_keeps_what_it_was() {
        let notebook = json!({"cells": [{"id": "a", "source": ["one\n", "two"]}, {"source": "three"}]}).to_string();
        let result = |mode: &str, cell: &str| {
            of_result(Some(json!({"original_file": notebook, "updated_file": "x", "new_source": "one\n2\n3",
                "edit_mode": mode, "cell_id": cell})))
        };
        let (kept, lines) = result("replace", "a");
        assert_eq!((kept["old_source"].as_str(), lines.map(counted)), (Some("one\ntwo"), Some((2, 1, 0))));
        assert_eq!(result("replace", "cell-1").0["old_source"], "three");
        assert_eq!(result("delete", "a").1.map(counted), Some((0, 2, 0)));
        assert_eq!(result("insert", "a").1.map(counted), Some((3, 0, 0)));
        assert!(result("replace", "cell-99999999999999999999").0.get("old_source").is_none());
    }

    #[test]
    fn other_results_stay_as_they_are() {
        assert_eq!(of_result(Some(json!({"task": 1}))), (json!({"task": 1}), None));
        assert_eq!(of_result(None), (Value::Null, None));
        assert_eq!(of_result(Some(json!({"structuredPatch": [], "content": "x"}))), (Value::Null, None));
        assert_eq!(of_result(Some(json!({"structuredPatch": [{}, 1, {"lines": 7}]}))).1, Some(ChangedLines::default()));
    }
}
