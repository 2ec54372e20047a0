//! One line that says what a call is about, per tool. An unknown tool shows its input as compact JSON: a
//! new tool must not look like nothing.

use serde_json::Value;

use super::Env;
use crate::core::tool::is_agent_tool;
use crate::tui::render::paths;
use crate::tui::render::sanitize::sanitize;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::one_line;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::span;

fn text<'v>(input: &'v Value, key: &str) -> Option<&'v str> {
    input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn number(input: &Value, key: &str) -> Option<u64> {
    input.get(key).and_then(Value::as_u64)
}

/// A path as people say it: without the session's directory, else with `~`.
pub(in crate::tui::view) fn short_path(raw: &str, directory: &str, home: &str, room: usize, ellipsis: &str) -> String {
    let inside = raw
        .strip_prefix(directory.trim_end_matches('/'))
        .and_then(|rest| rest.strip_prefix('/'))
        .filter(|rest| !directory.is_empty() && !rest.is_empty());
    let clean = sanitize(inside.unwrap_or(raw));
    paths::short(&clean, Some(home), room, ellipsis).replace('\n', " ")
}

/// What the call is about.
pub(in crate::tui::view) fn summary(tool: &str, input: &Value, env: &Env<'_>) -> Spans {
    const PATH_ROOM: usize = 80;
    let theme = env.theme;
    let path = |raw: &str| short_path(raw, env.directory, env.home, PATH_ROOM, theme.glyphs.ellipsis);
    let path_of = |key: &str| text(input, key).map(path);
    let plain = |text: String| vec![span(text, theme.text)];
    let quoted = |text: &str| quoted(&one_line(text, theme), theme);
    let with_dim = |first: String, rest: String| {
        let mut spans = plain(first);
        if !rest.is_empty() {
            spans.push(span(format!(" {rest}"), theme.dim));
        }
        spans
    };
    let place = || path_of("path").map(|path| format!("in {path}")).unwrap_or_default();
    let found = match tool {
        "Bash" | "PowerShell" | "Monitor" => text(input, "command").map(|command| plain(one_line(command, theme))),
        "ScheduleWakeup" | "CronCreate" => text(input, "prompt").map(|prompt| {
            let when = text(input, "cron")
                .map(flat)
                .or_else(|| input.get("delaySeconds").and_then(Value::as_u64).map(|seconds| format!("in {seconds} s")));
            with_dim(one_line(prompt, theme), when.unwrap_or_default())
        }),
        "EnterWorktree" => text(input, "name").or_else(|| text(input, "path")).map(|name| plain(flat(name))),
        "Read" => path_of("file_path").map(|path| with_dim(path, read_range(input))),
        "Edit" | "MultiEdit" | "Write" => path_of("file_path").map(plain),
        "NotebookEdit" => path_of("notebook_path").map(plain),
        "Glob" => text(input, "pattern").map(|pattern| with_dim(flat(pattern), place())),
        "Grep" => text(input, "pattern").map(|pattern| {
            let kind = text(input, "glob").or_else(|| text(input, "type"));
            let only = kind.map(|kind| format!("only {}", flat(kind)));
            let rest = [place(), only.unwrap_or_default()];
            with_dim(
                quoted(pattern),
                rest.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(" "),
            )
        }),
        "LS" => path_of("path").map(plain),
        "WebFetch" => text(input, "url").map(|url| vec![span(flat(url), theme.link)]),
        "WebSearch" => text(input, "query").map(|query| plain(quoted(query))),
        "TodoWrite" => Some(plain(String::new())),
        "TaskCreate" => text(input, "subject").map(|subject| plain(one_line(subject, theme))),
        "BashOutput" | "KillShell" | "KillBash" => {
            text(input, "bash_id").or_else(|| text(input, "shell_id")).map(|id| with_dim("shell".into(), flat(id)))
        }
        "Skill" => text(input, "command").or_else(|| text(input, "skill")).map(|skill| plain(flat(skill))),
        "AskUserQuestion" => input
            .get("questions")
            .and_then(|questions| text(questions.get(0)?, "question"))
            .map(|question| plain(one_line(question, theme))),
        "ExitPlanMode" => Some(plain("proposes a plan".into())),
        _ if is_agent_tool(tool) => text(input, "description").map(|what| {
            let kind = text(input, "subagent_type").map(|kind| format!("({})", flat(kind)));
            with_dim(one_line(what, theme), kind.unwrap_or_default())
        }),
        _ => None,
    };
    found.unwrap_or_else(|| compact(input, env))
}

fn read_range(input: &Value) -> String {
    match (number(input, "offset"), number(input, "limit")) {
        (Some(offset), Some(limit)) => format!("lines {offset} to {}", offset.saturating_add(limit).saturating_sub(1)),
        (Some(offset), None) => format!("from line {offset}"),
        (None, Some(limit)) => format!("first {}", crate::core::figures::count(limit, "line", "lines")),
        (None, None) => String::new(),
    }
}

/// The input as JSON in one line; a single field shows its value alone.
fn compact(input: &Value, env: &Env<'_>) -> Spans {
    let theme = env.theme;
    let text = match input {
        Value::Null => String::new(),
        Value::Object(fields) if fields.is_empty() => String::new(),
        Value::Object(fields) => match (fields.len(), fields.values().next()) {
            (1, Some(Value::String(only))) => one_line(only, theme),
            _ => one_line(&input.to_string(), theme),
        },
        other => one_line(&other.to_string(), theme),
    };
    vec![span(text, theme.dim)]
}
