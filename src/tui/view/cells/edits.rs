//! Diffs of edits that were made or are waited for.
//!
//! After the fact the CLI reports the hunks with their line numbers; before it only the strings to be
//! replaced are known, and then no numbers are shown: an approval compares with the file itself.

use ratatui::text::Line;
use serde_json::Value;

use super::Env;
use super::output;
use crate::core::tool::ToolCall;
use crate::tui::render::diff::DiffOptions;
use crate::tui::render::diff::diff;
use crate::tui::render::sanitize::CleanText;
use crate::tui::render::sanitize::sanitize;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// Rows of a diff that show in the timeline, as a multiple of those of an output.
const DIFF_FACTOR: usize = 3;

/// One place of a file, before and after.
struct Hunk {
    /// Zero when nobody knows.
    first_line: usize,
    before: Option<String>,
    after: String,
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

fn hunks(call: &ToolCall) -> Vec<Hunk> {
    let detail = call.output.as_ref().map_or(&Value::Null, |output| &output.detail);
    let patch = detail.get("structuredPatch").and_then(Value::as_array);
    if let Some(patch) = patch.filter(|patch| !patch.is_empty()) {
        return patch.iter().filter_map(from_patch).collect();
    }
    match call.name.as_str() {
        "Write" => {
            let after = text(&call.input, "content").unwrap_or_default().to_owned();
            vec![Hunk { first_line: 1, before: None, after }]
        }
        "NotebookEdit" => {
            let after = text(&call.input, "new_source").unwrap_or_default().to_owned();
            vec![Hunk { first_line: 0, before: None, after }]
        }
        "MultiEdit" => {
            let edits = call.input.get("edits").and_then(Value::as_array);
            edits.map(|edits| edits.iter().filter_map(from_strings).collect()).unwrap_or_default()
        }
        _ => from_strings(&call.input).into_iter().collect(),
    }
}

fn from_patch(hunk: &Value) -> Option<Hunk> {
    let lines = hunk.get("lines")?.as_array()?;
    let (mut before, mut after) = (String::new(), String::new());
    for line in lines.iter().filter_map(Value::as_str) {
        let (sign, rest) = line.split_at_checked(1).unwrap_or(("", ""));
        if sign == "\\" {
            continue;
        }
        for (side, other) in [(&mut before, "+"), (&mut after, "-")] {
            if sign != other {
                side.push_str(rest);
                side.push('\n');
            }
        }
    }
    let first_line = hunk.get("newStart").and_then(Value::as_u64).unwrap_or(0);
    Some(Hunk { first_line: usize::try_from(first_line).unwrap_or(0), before: Some(before), after })
}

fn from_strings(edit: &Value) -> Option<Hunk> {
    let (old, new) = (text(edit, "old_string")?, text(edit, "new_string")?);
    // Pieces of lines, not a file: a missing newline at their end means nothing.
    let ended =
        |piece: &str| if piece.is_empty() { String::new() } else { format!("{}\n", piece.trim_end_matches('\n')) };
    Some(Hunk { first_line: 0, before: Some(ended(old)), after: ended(new) })
}

/// Lines added and removed.
fn count_changes(call: &ToolCall, env: &Env<'_>) -> (usize, usize) {
    let options = DiffOptions { context: 0, ..DiffOptions::new(80) };
    let views = hunks(call).into_iter().map(|hunk| {
        let (before, after) = sides(&hunk);
        diff(before.as_ref(), Some(&after), &options, env.theme)
    });
    views.fold((0, 0), |(added, removed), view| (added + view.n_added, removed + view.n_removed))
}

fn sides(hunk: &Hunk) -> (Option<CleanText>, CleanText) {
    (hunk.before.as_deref().map(sanitize), sanitize(&hunk.after))
}

/// `+14 −3`.
pub(super) fn facts(call: &ToolCall, env: &Env<'_>) -> Spans {
    if call.input.is_null() {
        return Vec::new();
    }
    let theme = env.theme;
    let (added, removed) = count_changes(call, env);
    let mut spans = vec![span(format!("+{added}"), theme.diff.add_gutter)];
    if removed > 0 || call.name != "Write" {
        spans.push(span(format!(" {}{removed}", spelled("−", theme)), theme.diff.remove_gutter));
    }
    spans
}

/// The diff, cut where it gets long.
pub(super) fn lines(call: &ToolCall, room: usize, env: &Env<'_>) -> Vec<Line<'static>> {
    let n_shown = env.output_lines.saturating_mul(DIFF_FACTOR).max(1);
    let mut out: Vec<Line<'static>> = Vec::new();
    for hunk in hunks(call) {
        let (before, after) = sides(&hunk);
        let options = DiffOptions { first_line: hunk.first_line, ..DiffOptions::new(room) };
        if !out.is_empty() {
            out.push(Line::from(span(env.theme.glyphs.gap, env.theme.diff.gutter)));
        }
        out.extend(diff(before.as_ref(), Some(&after), &options, env.theme).lines);
    }
    if out.len() > n_shown + 1 {
        let n_more = out.len() - n_shown;
        out.truncate(n_shown);
        out.push(output::more(n_more as u64, env));
    }
    out
}
