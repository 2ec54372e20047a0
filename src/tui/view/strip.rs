//! Lines docked above the input: requests that wait and are not being looked at, and the queue.

use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::Value;

use super::Scene;
use super::cells::Env;
use super::cells::summary;
use super::cells::tool_label;
use super::paint::Spans;
use super::paint::exact;
use super::paint::exact_lines;
use super::paint::flat;
use super::paint::one_line;
use super::paint::row;
use super::paint::span;
use super::pulse::Pulse;
use super::state;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::figures::count;
use crate::core::session::Session;
use crate::core::tool::table;
use crate::tui::input::action::Action;
use crate::tui::theme::Theme;

/// Requests that get a line each; the others are counted.
const MAX_DOCKED: usize = 3;

/// A line above the input.
#[derive(Debug)]
pub(super) struct Docked {
    left: Spans,
    right: Spans,
}

/// What a request wants, where no cell is being laid out.
pub(super) fn wish_in(approval: &Approval, scene: &Scene<'_>) -> Spans {
    let env = Env {
        theme: scene.theme,
        keymap: scene.keymap,
        home: &scene.ui.home,
        directory: &approval.place.directory,
        output_lines: 0,
        zone: &TimeZone::UTC,
    };
    wish(approval, &env)
}

/// What a request wants, in words: `Bash wants to run rm -rf …`.
fn wish(approval: &Approval, env: &Env<'_>) -> Spans {
    let theme = env.theme;
    let tool = exact(&tool_label(&approval.tool, theme), theme);
    let (verb, about) = match &approval.ask {
        Ask::Questions(questions) => {
            let n = questions.len() as u64;
            let first = questions.first().map(|question| exact_lines(&question.text, theme)).unwrap_or_default();
            let first = one_line(&first, theme);
            return vec![
                span(format!("asks {}: ", count(n, "question", "questions")), theme.text),
                span(first, theme.strong),
            ];
        }
        Ask::Elicitation(asked) => {
            let server = exact(&asked.server, theme);
            let message = one_line(&exact_lines(&asked.message, theme), theme);
            return vec![span(format!("the MCP server {server} asks: "), theme.text), span(message, theme.strong)];
        }
        Ask::Trust(brought) => {
            return vec![span("the folder brings ", theme.text), span(brought.summary(), theme.strong)];
        }
        Ask::Plan(_) => return vec![span("has a plan and wants to begin", theme.text)],
        Ask::Tool => (verb(&approval.tool), summary(&approval.tool, &revealed(&approval.input, theme), env)),
    };
    let mut spans = vec![span(format!("{tool} wants to {verb} "), theme.text)];
    spans.extend(about.into_iter().map(|part| part.patch_style(theme.strong)));
    spans
}

/// What a request wants, as a word for the tool and what it is about.
pub(super) fn tool_and_target(approval: &Approval, scene: &Scene<'_>) -> (String, Spans) {
    let theme = scene.theme;
    match &approval.ask {
        Ask::Questions(questions) => {
            let first = questions.first().map(|question| exact_lines(&question.text, theme)).unwrap_or_default();
            ("asks".to_owned(), vec![span(one_line(&first, theme), theme.text)])
        }
        Ask::Elicitation(asked) => {
            let message = one_line(&exact_lines(&asked.message, theme), theme);
            (format!("{} asks", exact(&asked.server, theme)), vec![span(message, theme.text)])
        }
        Ask::Trust(brought) => ("trust".to_owned(), vec![span(brought.summary(), theme.text)]),
        Ask::Plan(plan) => {
            let text = plan.trim_start_matches(['#', ' ', '\n']);
            ("plan".to_owned(), vec![span(one_line(&exact_lines(text, theme), theme), theme.text)])
        }
        Ask::Tool => {
            let env = Env {
                theme,
                keymap: scene.keymap,
                home: &scene.ui.home,
                directory: &approval.place.directory,
                output_lines: 0,
                zone: &TimeZone::UTC,
            };
            let about = summary(&approval.tool, &revealed(&approval.input, theme), &env);
            let words = match verb(&approval.tool) {
                "run with" => exact(&tool_label(&approval.tool, theme), theme),
                verb => verb.to_owned(),
            };
            (words, about)
        }
    }
}

/// An input with everything visible, as in its dialog: no summary of a request drops what would be shown there.
fn revealed(input: &Value, theme: &Theme) -> Value {
    match input {
        Value::String(text) => Value::String(exact_lines(text, theme)),
        Value::Array(items) => items.iter().map(|item| revealed(item, theme)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (key.clone(), revealed(value, theme))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => input.clone(),
    }
}

/// What a tool does, after "wants to" and before what it is about.
fn verb(tool: &str) -> &'static str {
    match tool {
        _ if table::runs_text(tool) => "run",
        "Edit" | "MultiEdit" | "NotebookEdit" => "change",
        "Write" => "write",
        "Read" | "NotebookRead" => "read",
        "WebFetch" => "fetch",
        "WebSearch" | "Grep" | "Glob" => "search for",
        "Agent" | "Task" => "start",
        _ => "run with",
    }
}

/// The requests that are not shown as a dialog, then the queue.
pub(super) fn lines(scene: &Scene<'_>, env: &Env<'_>, session: Option<&Session>, pulse: &mut Pulse) -> Vec<Docked> {
    let mut out = approvals(scene, env, pulse);
    if let Some(session) = session {
        out.extend(queue(scene, session));
    }
    out
}

fn approvals(scene: &Scene<'_>, env: &Env<'_>, pulse: &mut Pulse) -> Vec<Docked> {
    let theme = scene.theme;
    let shown = scene.ui.shown_approval(scene.fleet).map(|open| open.approval.id);
    let mut waiting = state::waiting(scene.fleet, scene.ui);
    let same = shown.map(|id| scene.fleet.same_requests(id)).unwrap_or_default();
    waiting.retain(|open| Some(open.approval.id) != shown && !same.contains(&open.approval.id));
    let n_docked = if waiting.len() > MAX_DOCKED { MAX_DOCKED - 1 } else { waiting.len() };
    let key = scene.keymap.key_of(Action::NextWaiting);
    let mut out = Vec::new();
    for (idx, open) in waiting.iter().take(n_docked).enumerate() {
        let approval = &open.approval;
        let title = scene.fleet.get(approval.session).map(|session| flat(&session.title)).unwrap_or_default();
        let mut left = vec![
            span(format!("{} ", theme.glyphs.waiting), theme.state_waiting),
            span(format!("{title}: "), theme.state_waiting),
        ];
        if !approval.dangers().is_empty() {
            left.push(span(format!("{} ", theme.glyphs.warning), theme.warning));
        }
        let own = Env { directory: &approval.place.directory, ..*env };
        left.extend(wish(approval, &own));
        let mut right = Vec::new();
        if let Some(deadline) = approval.deadline {
            right.push(span(format!("{} left", pulse.until(deadline)), theme.warning));
        }
        if let Some(key) = key.as_ref().filter(|_| idx == 0) {
            let gap = if right.is_empty() { "" } else { "  " };
            right.push(span(format!("{gap}{key}"), theme.key));
            right.push(span(" to look", theme.dim));
        }
        out.push(Docked { left, right });
    }
    let n_more = waiting.len() - n_docked;
    if n_more > 0 {
        let text =
            format!("  {} {n_more} more {} for you", theme.glyphs.ellipsis, if n_more == 1 { "waits" } else { "wait" });
        let right =
            scene.keymap.key_of(Action::Inbox).map(|key| vec![span(key, theme.key), span(" lists all", theme.dim)]);
        out.push(Docked { left: vec![span(text, theme.state_waiting)], right: right.unwrap_or_default() });
    }
    out
}

fn queue(scene: &Scene<'_>, session: &Session) -> Option<Docked> {
    let theme = scene.theme;
    let next = session.queue.iter().next()?;
    let mut left = vec![
        span(format!("{} ", theme.glyphs.gap), theme.accent),
        span(format!("{} queued ", session.queue.len()), theme.accent),
        span(one_line(&next.text, theme), theme.text),
    ];
    if session.queue.len() > 1 {
        left.insert(2, span("next: ", theme.dim));
    }
    let right = scene.keymap.key_of(Action::Queue).map(|key| vec![span(key, theme.key), span(" queue", theme.dim)]);
    Some(Docked { left, right: right.unwrap_or_default() })
}

pub(super) fn draw(buf: &mut Buffer, area: Rect, lines: Vec<Docked>, scene: &Scene<'_>) {
    for (line, y) in lines.into_iter().zip(area.top()..area.bottom()) {
        let at = Rect::new(area.x + 1, y, area.width.saturating_sub(2), 1);
        row(buf, at, line.left, &line.right, scene.theme);
    }
}
