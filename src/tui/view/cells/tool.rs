//! Tool calls: a head with state, name, summary and facts; a body with what was decided and what came out.

use std::time::Duration;

use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

use super::Env;
use super::Head;
use super::Laid;
use super::Shape;
use super::edits;
use super::output;
use super::summary::summary;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::figures;
use crate::core::figures::count;
use crate::core::prompt::Surface;
use crate::core::tool::ToolCall;
use crate::core::tool::ToolState;
use crate::tui::render::highlight::highlight_shell;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::render::wrap::wrap_hard;
use crate::tui::theme::Theme;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::join;
use crate::tui::view::paint::one_line;
use crate::tui::view::paint::span;
use crate::tui::view::pulse::Pulse;
use crate::tui::view::pulse::seconds_text;

/// Names of tools stand in a column of this width; longer ones push their summary to the right.
const NAME_WIDTH: usize = 5;
/// Lines of a command that show under its head.
const MAX_COMMAND_LINES: usize = 8;

/// The tool as people call it: `mcp__github__search` is `github · search`.
pub(in crate::tui::view) fn tool_label(name: &str, theme: &Theme) -> String {
    let parts = name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__"));
    match parts {
        Some((server, tool)) => format!("{} {} {}", flat(server), theme.glyphs.separator, flat(tool)),
        None => flat(name),
    }
}

pub(super) fn lay(call: &ToolCall, shape: Shape, env: &Env<'_>) -> Laid {
    let theme = env.theme;
    let room = shape.width;
    let mut title = vec![span(width::pad_end(&tool_label(&call.name, theme), NAME_WIDTH), theme.strong)];
    let about = summary(&call.name, &call.input, env);
    if !about.iter().all(|part| part.content.is_empty()) {
        title.push(span(" ", theme.text));
        title.extend(about);
    }
    let mut lines = Vec::new();
    if let Some(verdict) = call.verdict.as_ref().filter(|verdict| shape.unfolded || is_worth_a_line(verdict)) {
        lines.extend(verdict_line(verdict, room, env));
    }
    for hook in &call.hooks {
        let text = one_line(&hook.sentence(), theme);
        let indent = Indent::hanging(vec![span(format!("{} ", theme.glyphs.separator), theme.warning)]);
        lines.extend(wrap(&[span(text, theme.dim)], room, &indent));
    }
    let foldable = has_body(call);
    if shape.unfolded {
        lines.extend(body(call, room, env));
    } else if (call.state == ToolState::Failed && !was_denied(call)) || is_denied_by_cli(call) {
        lines.extend(first_error(call, room, theme));
    }
    let facts = if was_denied(call) { Vec::new() } else { output::facts(call, env) };
    Laid { title, facts, foldable, ..Laid::of(lines) }
}

fn is_edit(call: &ToolCall) -> bool {
    matches!(call.name.as_str(), "Edit" | "MultiEdit" | "Write" | "NotebookEdit")
}

fn was_denied(call: &ToolCall) -> bool {
    call.state == ToolState::Denied || call.verdict.as_ref().is_some_and(|verdict| !verdict.decision.is_allow())
}

/// The CLI denied it by itself, without asking: only its own words tell why.
fn is_denied_by_cli(call: &ToolCall) -> bool {
    call.state == ToolState::Denied && call.verdict.as_ref().is_none_or(|verdict| verdict.decision.is_allow())
}

fn hides_output(call: &ToolCall) -> bool {
    was_denied(call) && !is_denied_by_cli(call)
}

fn has_body(call: &ToolCall) -> bool {
    if call.is_agent() {
        return call.n_calls > 0 || call.output.as_ref().is_some_and(|output| !output.text.is_empty());
    }
    (is_edit(call) && !call.input.is_null())
        || (call.name == "TodoWrite" && !call.input.is_null())
        || is_long_command(call)
        || (!hides_output(call) && call.output.as_ref().is_some_and(|output| !output.text.trim().is_empty()))
}

fn command(call: &ToolCall) -> Option<&str> {
    matches!(call.name.as_str(), "Bash" | "PowerShell" | "Monitor")
        .then(|| call.input.get("command")?.as_str())
        .flatten()
}

fn is_long_command(call: &ToolCall) -> bool {
    command(call).is_some_and(|command| command.trim().contains('\n'))
}

fn body(call: &ToolCall, room: usize, env: &Env<'_>) -> Vec<Line<'static>> {
    let theme = env.theme;
    let mut lines = Vec::new();
    if is_edit(call) && !call.input.is_null() {
        lines.extend(edits::lines(call, room, env));
        if call.state == ToolState::Failed || is_denied_by_cli(call) {
            lines.extend(first_error(call, room, theme));
        }
        return lines;
    }
    if call.name == "TodoWrite" {
        return todo_lines(&call.input, room, theme);
    }
    if let Some(command) = command(call).filter(|_| is_long_command(call)) {
        let rows = highlight_shell(&sanitize(command.trim()), theme);
        let n_more = rows.len().saturating_sub(MAX_COMMAND_LINES);
        let wrapped = rows.iter().take(MAX_COMMAND_LINES).flat_map(|row| wrap_hard(row, room, &Indent::default()));
        lines.extend(wrapped);
        if n_more > 0 {
            lines.push(output::more(n_more as u64, env));
        }
    }
    if let Some(output) = call.output.as_ref().filter(|_| !hides_output(call)) {
        lines.extend(output::lines(output, theme.dim, env.output_lines.max(1), room, env));
    }
    lines
}

fn first_error(call: &ToolCall, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let Some(output) = &call.output else { return Vec::new() };
    let text = output.text.trim_start();
    // The head already names the exit code.
    let text = if text.starts_with("Exit code ") { text.split_once('\n').map_or("", |(_, rest)| rest) } else { text };
    let text = text.strip_prefix("<tool_use_error>").unwrap_or(text);
    let line = one_line(text.strip_suffix("</tool_use_error>").unwrap_or(text), theme);
    if line.is_empty() {
        return Vec::new();
    }
    wrap(&[span(line, theme.failure)], room, &Indent::default()).into_iter().take(2).collect()
}

fn todo_lines(input: &Value, room: usize, theme: &Theme) -> Vec<Line<'static>> {
    let todos = input.get("todos").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let line = |todo: &Value| {
        let text = todo.get("content").and_then(Value::as_str).unwrap_or_default();
        let (mark, mark_style, style) = match todo.get("status").and_then(Value::as_str) {
            Some("completed") => (theme.glyphs.success, theme.success, theme.dim),
            Some("in_progress") => (theme.glyphs.folded, theme.accent, theme.text),
            _ => (theme.glyphs.pending, theme.dim, theme.text),
        };
        let indent = Indent::hanging(vec![span(format!("{mark} "), mark_style)]);
        wrap(&[span(one_line(text, theme), style)], room, &indent)
    };
    todos.iter().flat_map(line).collect()
}

/// What a person decided is worth a line; what a rule decided is one of the details.
fn is_worth_a_line(verdict: &Verdict) -> bool {
    !verdict.decision.is_allow() || !matches!(verdict.by, Surface::Policy(_))
}

fn verdict_line(verdict: &Verdict, room: usize, env: &Env<'_>) -> Vec<Line<'static>> {
    let theme = env.theme;
    let (mark, style) = if verdict.decision.is_allow() {
        (theme.glyphs.success, theme.success)
    } else {
        (theme.glyphs.failure, theme.failure)
    };
    let mut text = format!("{} by {}", verdict.decision.describe(), flat(&verdict.by.describe()));
    let detail = match &verdict.decision {
        Decision::Deny { message, .. } => one_line(message, theme),
        Decision::Answers(answers) => {
            let given: Vec<String> = answers.iter().map(|given| one_line(&given.answer, theme)).collect();
            given.join(&format!(" {} ", theme.glyphs.separator))
        }
        Decision::Grant(terms) => one_line(&format!("{} {}", terms.rule.describe(), terms.limit()), theme),
        Decision::Allow { .. }
        | Decision::AcceptPlan { .. }
        | Decision::Fill(_)
        | Decision::Trust(_)
        | Decision::Dismiss => String::new(),
    };
    if !detail.trim().is_empty() {
        text = format!("{text}: {detail}");
    }
    let mut spans = vec![span(text, theme.dim)];
    if verdict.after_ms >= 1_000 {
        let after = seconds_text(verdict.after_ms / 1_000);
        spans.push(span(format!(" {} {after}", theme.glyphs.separator), theme.dim));
    }
    let indent = Indent::hanging(vec![span(format!("{mark} "), style)]);
    wrap(&spans, room, &indent)
}

pub(super) fn head(call: &ToolCall, laid: &Laid, env: &Env<'_>, pulse: &mut Pulse) -> Head {
    let theme = env.theme;
    let (mark, style) = mark(call, theme, pulse);
    let mut left = vec![span(format!("{mark} "), style)];
    left.extend(laid.title.iter().cloned());
    let mut facts: Vec<Spans> = vec![laid.facts.clone()];
    let dim = |text: String| vec![span(text, theme.dim)];
    if call.is_agent() && call.n_calls > 0 {
        facts.push(dim(count(u64::from(call.n_calls), "call", "calls")));
    }
    match call.state {
        ToolState::Receiving => {
            let n_received = (call.received > 0).then(|| figures::bytes(call.received));
            facts.push(dim(n_received.map_or_else(|| "being written".into(), |size| format!("{size} written"))));
        }
        ToolState::Waiting => {
            let text = format!("{} waits for you", theme.glyphs.waiting);
            facts = vec![laid.facts.clone(), vec![span(text, theme.state_waiting)]];
        }
        ToolState::Running if call.hook_waits.is_some() => {
            if let Some((hook, since)) = &call.hook_waits {
                facts.push(dim(format!("hook {} {} {}", flat(hook), theme.glyphs.ellipsis, pulse.since(*since))));
            }
        }
        // Its clock stands while it is behind a request that nobody has answered.
        ToolState::Running if call.waits_since.is_some() => facts.push(dim(pulse.so_far(call))),
        ToolState::Running => facts.push(dim(pulse.since(call.began()))),
        ToolState::Background => {
            facts.push(vec![span("in the background", theme.accent)]);
            facts.push(dim(pulse.since(call.started)));
        }
        ToolState::Denied => facts.push(vec![span("denied", theme.failure)]),
        ToolState::Failed if was_denied(call) => facts.push(vec![span("denied", theme.failure)]),
        ToolState::Cut => facts.push(vec![span("cut off", theme.warning)]),
        ToolState::Done | ToolState::Failed => {
            // What took no time to speak of says nothing about it.
            let took_ms = call.took_ms();
            if took_ms >= 50 {
                facts.push(dim(figures::duration(Duration::from_millis(took_ms))));
            }
        }
    }
    Head { left, right: join(facts, theme) }
}

fn mark(call: &ToolCall, theme: &Theme, pulse: &mut Pulse) -> (&'static str, Style) {
    let glyphs = &theme.glyphs;
    match call.state {
        ToolState::Receiving | ToolState::Running => (pulse.spin(theme), theme.state_working),
        ToolState::Waiting => (glyphs.waiting, theme.state_waiting),
        ToolState::Background => (glyphs.background, theme.state_working),
        ToolState::Done => (glyphs.success, theme.success),
        ToolState::Failed | ToolState::Denied => (glyphs.failure, theme.failure),
        ToolState::Cut => (glyphs.failure, theme.warning),
    }
}
