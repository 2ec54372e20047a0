//! Diffs of edits that were made or are waited for.
//!
//! After the fact the CLI reports the hunks with their line numbers; before it only the strings to be
//! replaced are known, and then no numbers are shown: an approval compares with the file itself.

use ratatui::text::Line;
use serde_json::Value;

use super::Env;
use super::output;
use crate::core::figures;
use crate::core::tool::ChangedLines;
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

/// A text of the input without the mark where it was cut, and how many bytes are behind it.
fn without_mark<'t>(call: &ToolCall, text: &'t str) -> (&'t str, u64) {
    let cut = || {
        let (text, rest) = text.rsplit_once("… (")?;
        Some((text, rest.strip_suffix(" bytes more)")?.parse().ok()?))
    };
    call.changed.and_then(|_| cut()).unwrap_or((text, 0))
}

/// Bytes of the texts of a change that are not kept.
fn bytes_left_out(call: &ToolCall) -> u64 {
    let edits = call.input.get("edits").and_then(Value::as_array).into_iter().flatten();
    let texts = std::iter::once(&call.input).chain(edits).flat_map(|edit| {
        ["content", "old_string", "new_string", "new_source"].into_iter().filter_map(|key| text(edit, key))
    });
    texts.map(|text| without_mark(call, text).1).sum()
}

fn hunks(call: &ToolCall) -> Vec<Hunk> {
    let whole = |key| {
        let (text, n_more) = without_mark(call, text(&call.input, key).unwrap_or_default());
        // Where it was cut is no end of the file.
        if n_more > 0 { format!("{text}\n") } else { text.to_owned() }
    };
    let detail = call.output.as_ref().map_or(&Value::Null, |output| &output.detail);
    let patch = detail.get("structuredPatch").and_then(Value::as_array);
    if let Some(patch) = patch.filter(|patch| !patch.is_empty()) {
        return patch.iter().filter_map(from_patch).collect();
    }
    match call.name.as_str() {
        "Write" => {
            vec![Hunk { first_line: 1, before: None, after: whole("content") }]
        }
        "NotebookEdit" => {
            let ended =
                |text: String| if text.is_empty() { text } else { format!("{}\n", text.trim_end_matches('\n')) };
            let before = text(detail, "old_source").map(|old| ended(old.to_owned()));
            let is_gone = text(&call.input, "edit_mode") == Some("delete");
            let after = if is_gone { String::new() } else { ended(whole("new_source")) };
            // Of a cell that is gone there is nothing to show until it is known what it was.
            if is_gone && before.is_none() { Vec::new() } else { vec![Hunk { first_line: 0, before, after }] }
        }
        "MultiEdit" => {
            let edits = call.input.get("edits").and_then(Value::as_array);
            edits.map(|edits| edits.iter().filter_map(|edit| from_strings(call, edit)).collect()).unwrap_or_default()
        }
        _ => from_strings(call, &call.input).into_iter().collect(),
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

fn from_strings(call: &ToolCall, edit: &Value) -> Option<Hunk> {
    let whole = |key| Some(without_mark(call, text(edit, key)?).0);
    let (old, new) = (whole("old_string")?, whole("new_string")?);
    // Pieces of lines, not a file: a missing newline at their end means nothing.
    let ended =
        |piece: &str| if piece.is_empty() { String::new() } else { format!("{}\n", piece.trim_end_matches('\n')) };
    Some(Hunk { first_line: 0, before: Some(ended(old)), after: ended(new) })
}

/// What the engine counted on the whole of the change, where what is kept is less than that.
fn counted(call: &ToolCall) -> Option<ChangedLines> {
    call.output.as_ref().and_then(|output| output.changed).or(call.changed)
}

/// Lines added and removed.
fn count_changes(call: &ToolCall, env: &Env<'_>) -> (u64, u64) {
    if let Some(lines) = counted(call) {
        return (lines.added, lines.removed);
    }
    let options = DiffOptions { context: 0, ..DiffOptions::new(80) };
    let views = hunks(call).into_iter().map(|hunk| {
        let (before, after) = sides(&hunk);
        diff(before.as_ref(), Some(&after), &options, env.theme)
    });
    views.fold((0, 0), |(added, removed), view| (added + view.n_added as u64, removed + view.n_removed as u64))
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
    // What was there before is known from the result, or never.
    let is_one_side = call.name == "Write" || (call.name == "NotebookEdit" && counted(call).is_none());
    if added == 0 && removed == 0 && is_one_side {
        return Vec::new();
    }
    if removed > 0 || !is_one_side {
        spans.push(span(format!(" {}{removed}", spelled("−", theme)), theme.diff.remove_gutter));
    }
    spans
}

/// What of the change is nowhere here: the CLI alone had it.
fn not_kept(call: &ToolCall) -> Option<String> {
    let has_patch = call.output.as_ref().is_some_and(|output| output.detail.get("structuredPatch").is_some());
    let n_lines = counted(call).map_or(0, |lines| lines.omitted);
    if n_lines > 0 {
        return Some(format!(
            "({} not kept)",
            figures::count(n_lines, "line of the change is", "lines of the change are")
        ));
    }
    let n_bytes = if has_patch { 0 } else { bytes_left_out(call) };
    (n_bytes > 0).then(|| format!("({} of the change are not kept)", figures::bytes(n_bytes)))
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
    if let Some(text) = not_kept(call) {
        out.push(Line::from(span(text, env.theme.dim)));
    }
    out
}
