//! What a tool returned: facts for the head, text for the body.

use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

use super::Env;
use super::edits;
use crate::core::figures;
use crate::core::figures::count;
use crate::core::tool::ToolCall;
use crate::core::tool::ToolOutput;
use crate::core::tool::ToolState;
use crate::tui::input::action::Action;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::wrap::wrap_text_hard;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::span;

/// A single row of output is not wrapped to more lines than this.
const MAX_ROWS_PER_LINE: usize = 6;

fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

fn number(value: &Value, path: &[&str]) -> Option<u64> {
    at(value, path).and_then(Value::as_u64)
}

/// What came back, in a word or two.
pub(super) fn facts(call: &ToolCall, env: &Env<'_>) -> Spans {
    let theme = env.theme;
    if matches!(call.name.as_str(), "Edit" | "MultiEdit" | "Write" | "NotebookEdit") {
        let denied = matches!(call.state, ToolState::Denied | ToolState::Failed | ToolState::Cut);
        return if denied { Vec::new() } else { edits::facts(call, env) };
    }
    if call.name == "TodoWrite" {
        return todo_facts(&call.input).map(|text| vec![span(text, theme.dim)]).unwrap_or_default();
    }
    let Some(output) = &call.output else { return Vec::new() };
    let detail = &output.detail;
    let lines = || (!output.text.is_empty()).then(|| count(n_lines(&output.text), "line", "lines"));
    let text = match call.name.as_str() {
        "Read" => number(detail, &["file", "numLines"]).map(|n| count(n, "line", "lines")).or_else(lines),
        "Glob" => number(detail, &["numFiles"]).map(|n| count(n, "file", "files")).or_else(lines),
        "Grep" => number(detail, &["numMatches"])
            .or_else(|| number(detail, &["numLines"]).filter(|n| *n > 0))
            .map(|n| count(n, "hit", "hits"))
            .or_else(|| number(detail, &["numFiles"]).map(|n| count(n, "file", "files")))
            .or_else(lines),
        "Bash" | "PowerShell" => exit_code(call, output).or_else(lines),
        "WebFetch" => number(detail, &["code"])
            .map(|code| match number(detail, &["bytes"]) {
                Some(bytes) => format!("{code} {} {}", theme.glyphs.separator, figures::bytes(bytes)),
                None => code.to_string(),
            })
            .or_else(lines),
        _ if call.is_agent() => None,
        _ if call.state == ToolState::Failed => None,
        _ => lines(),
    };
    text.map(|text| vec![span(text, theme.dim)]).unwrap_or_default()
}

fn exit_code(call: &ToolCall, output: &ToolOutput) -> Option<String> {
    if call.state != ToolState::Failed {
        return None;
    }
    let code = output.text.trim_start().strip_prefix("Exit code ")?;
    let digits: String = code.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("exit {digits}"))
}

fn todo_facts(input: &Value) -> Option<String> {
    let todos = input.get("todos")?.as_array()?;
    let is_done = |todo: &&Value| todo.get("status").and_then(Value::as_str) == Some("completed");
    Some(format!("{}/{} done", todos.iter().filter(is_done).count(), todos.len()))
}

/// Lines of a text; what follows the last newline counts too.
pub(super) fn n_lines(text: &str) -> u64 {
    let n_ends = text.bytes().filter(|byte| *byte == b'\n').count() as u64;
    n_ends + u64::from(!text.is_empty() && !text.ends_with('\n'))
}

/// The beginning of an output, and how much more there is.
pub(super) fn lines(
    output: &ToolOutput,
    style: Style,
    n_shown: usize,
    room: usize,
    env: &Env<'_>,
) -> Vec<Line<'static>> {
    let theme = env.theme;
    let text = output.text.trim_matches('\n');
    let mut out = Vec::new();
    // A program that redraws its line sends carriage returns: the cut is made before they are resolved.
    for raw in text.split('\n').take(n_shown) {
        let mut rows = wrap_text_hard(&sanitize(raw), room, style, theme);
        if rows.is_empty() {
            rows.push(Line::default());
        }
        if rows.len() > MAX_ROWS_PER_LINE {
            rows.truncate(MAX_ROWS_PER_LINE);
            rows.push(Line::from(span(theme.glyphs.ellipsis, theme.dim)));
        }
        out.extend(rows);
    }
    let n_more = n_lines(text).saturating_sub(n_shown as u64);
    if n_more > 0 {
        out.push(more(n_more, env));
    }
    if output.omitted > 0 {
        let note = format!("{} of the middle were left out", figures::bytes(output.omitted));
        out.push(Line::from(span(note, theme.diff.note)));
    }
    out
}

/// `… 38 more lines · d details`.
pub(super) fn more(n_more: u64, env: &Env<'_>) -> Line<'static> {
    let theme = env.theme;
    let mut text = format!("{} {}", theme.glyphs.ellipsis, count(n_more, "more line", "more lines"));
    if let (Some(enter), Some(key)) = (env.keymap.key_of(Action::EnterTimeline), env.keymap.key_of(Action::ShowRaw)) {
        text = format!("{text} {} {enter} {key} shows all", theme.glyphs.separator);
    }
    Line::from(span(text, theme.dim))
}
