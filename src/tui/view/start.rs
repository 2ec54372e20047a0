//! What an empty timeline shows: where we are and what to do first; or what is missing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Scene;
use super::paint::Spans;
use super::paint::flat;
use super::paint::put;
use super::paint::quoted;
use super::paint::span;
use crate::core::session::Session;
use crate::tui::input::action::Action;
use crate::tui::render::paths;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;

/// The page is no wider than this: lines that short are read at a glance.
const MAX_WIDTH: u16 = 64;

pub(super) fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>, session: Option<&Session>) {
    if area.width < 2 || area.height == 0 {
        return;
    }
    let wide = area.width.saturating_sub(4).clamp(1, MAX_WIDTH);
    let room = usize::from(wide);
    let lines = match &scene.ui.cli_missing {
        Some(program) => missing(scene, program, room),
        None => welcome(scene, session, room),
    };
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    // A little above the middle, where the eye rests.
    let top = area.y + area.height.saturating_sub(height) / 3;
    let left = area.x + (area.width - wide) / 2;
    for (line, y) in lines.iter().zip(top..area.bottom()) {
        put(buf, left, y, wide, &line.spans);
    }
}

fn welcome(scene: &Scene<'_>, session: Option<&Session>, room: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let mut lines = vec![Line::from(span("adjutant", theme.heading)), Line::default()];
    let directory = session.map_or(scene.ui.here.as_str(), |session| session.spec.directory.as_str());
    let path = paths::short(&sanitize(directory), Some(&scene.ui.home), room, theme.glyphs.ellipsis).replace('\n', " ");
    let mut place: Spans = vec![span(path, theme.text)];
    if let Some(branch) = session.and_then(|session| session.branch.as_deref()) {
        let mark = if session.is_some_and(|session| session.worktree.is_some()) { "worktree " } else { "" };
        place.push(span(format!(" on {mark}{}", flat(branch)), theme.dim));
    }
    lines.extend(wrap(&place, room, &Indent::default()));
    lines.push(Line::default());
    let first = match session {
        Some(_) => {
            "Say what shall be done, and press enter. Claude starts with the first prompt and asks before it changes anything."
        }
        None => "No session is open. Open one in a directory to begin.",
    };
    lines.extend(wrap(&[span(first, theme.text)], room, &Indent::default()));
    lines.push(Line::default());
    let hints: &[(Action, &str)] = match session {
        Some(_) => &[
            (Action::NewTab, "another session, beside this one"),
            (Action::Conversations, "an earlier conversation"),
            (Action::CycleMode, "how much may happen without asking"),
            (Action::Palette, "everything else, by name"),
            (Action::Help, "all keys"),
        ],
        None => &[
            (Action::NewTab, "open a session"),
            (Action::Conversations, "an earlier conversation"),
            (Action::Palette, "everything else, by name"),
            (Action::Quit, "quit"),
        ],
    };
    let keys: Vec<(String, &str)> =
        hints.iter().filter_map(|(action, words)| Some((scene.keymap.key_of(*action)?, *words))).collect();
    lines.extend(key_table(scene, &keys, room));
    lines
}

fn key_table(scene: &Scene<'_>, keys: &[(String, &str)], room: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let wide = keys.iter().map(|(key, _)| width::of(key)).max().unwrap_or(0);
    let row = |(key, words): &(String, &str)| {
        let indent = Indent::hanging(vec![span(width::pad_end(key, wide), theme.key), span("  ", theme.text)]);
        wrap(&[span(*words, theme.dim)], room, &indent)
    };
    keys.iter().flat_map(row).collect()
}

fn missing(scene: &Scene<'_>, program: &str, room: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let mark = Indent::hanging(vec![span(format!("{} ", theme.glyphs.warning), theme.warning)]);
    let none = Indent::default();
    let mut lines = wrap(
        &[span(format!("There is no program {} on the PATH.", quoted(&flat(program), theme)), theme.strong)],
        room,
        &mark,
    );
    lines.push(Line::default());
    lines.extend(wrap(
        &[span("adjutant drives the Claude Code CLI, and it is not installed here. To install it:", theme.text)],
        room,
        &none,
    ));
    lines.push(Line::default());
    let under = Indent { first: vec![span("  ", theme.text)], rest: vec![span("  ", theme.text)] };
    lines.extend(wrap(&[span("npm install -g @anthropic-ai/claude-code", theme.code)], room, &under));
    lines.push(Line::default());
    let other = "If it is somewhere else, name it in config.toml: [claude] command = \"/path/to/claude\"";
    lines.extend(wrap(&[span(other, theme.dim)], room, &none));
    lines.push(Line::default());
    let quit = scene.keymap.key_of(Action::Quit).unwrap_or_default();
    let keys = [("d".to_owned(), "look around in the demo: no account, no network"), (quit, "quit")];
    lines.extend(key_table(scene, &keys, room));
    lines
}
