//! The progress panel: what the session is doing and what it has cost, without reading the timeline.
//!
//! Sections in the order in which they are looked for; where the panel is too low, the last ones go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Scene;
use super::cells::tool_label;
use super::modal;
use super::paint::Spans;
use super::paint::fit;
use super::paint::flat;
use super::paint::join;
use super::paint::one_line;
use super::paint::put;
use super::paint::span;
use super::pulse::Pulse;
use super::state;
use super::strip;
use crate::core::cell::CellBody;
use crate::core::cell::TurnOutcome;
use crate::core::figures;
use crate::core::figures::count;
use crate::core::grant::Granted;
use crate::core::phone::Connection;
use crate::core::session::Session;
use crate::core::todo::TodoState;
use crate::core::usage::ContextUse;
use crate::tui::render::paths;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::theme::Theme;

/// Steps of the list that show; the one in hand is among them.
const MAX_TODO: usize = 9;
/// Cells looked back over for the tools that were used.
const TOOLS_REACH: usize = 400;
const MAX_TASKS: usize = 4;
const MAX_GRANTS: usize = 3;
const MAX_QUEUE: usize = 3;

pub(super) fn draw(buf: &mut Buffer, area: Rect, scene: &Scene<'_>, session: &Session, pulse: &mut Pulse) {
    let room = usize::from(area.width.saturating_sub(3)).max(1);
    let lines = lines(scene, session, room, pulse);
    for (at, line) in lines.iter().take(usize::from(area.height)).enumerate() {
        let y = area.y + u16::try_from(at).unwrap_or(0);
        put(buf, area.x + 2, y, area.width.saturating_sub(3), &line.spans);
    }
}

/// A section: a heading and its lines. An empty one is left out.
struct Sheet<'s> {
    theme: &'s Theme,
    room: usize,
    lines: Vec<Line<'static>>,
}

impl Sheet<'_> {
    fn line(&mut self, spans: Spans) {
        self.lines.push(Line::from(fit(spans, self.room, self.theme)));
    }

    fn heading(&mut self, text: &str, fact: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let mut spans = vec![span(text, self.theme.heading)];
        if !fact.is_empty() {
            spans.push(span(format!(" {fact}"), self.theme.dim));
        }
        self.line(spans);
    }
}

/// The panel as lines; also the page that shows it on a screen without room beside the timeline.
pub(super) fn lines(scene: &Scene<'_>, session: &Session, room: usize, pulse: &mut Pulse) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let mut sheet = Sheet { theme, room, lines: Vec::new() };
    sheet.line(state::words(session, theme, pulse));
    if let Some(quiet) = state::quiet(session, pulse) {
        sheet.line(vec![span(format!("  {quiet}"), theme.warning)]);
    }
    if let Some(turn) = &session.turn
        && !turn.prompt_line.is_empty()
    {
        let prompt = one_line(&turn.prompt_line, theme);
        let indent = Indent::hanging(vec![span(format!("{} ", theme.glyphs.prompt), theme.prompt)]);
        sheet.lines.extend(wrap(&[span(prompt, theme.text)], room, &indent).into_iter().take(3));
    }
    sheet.lines.push(Line::default());
    identity(&mut sheet, scene, session);
    pending(&mut sheet, scene, session);
    granted(&mut sheet, scene, session, pulse);
    todo(&mut sheet, session);
    tasks(&mut sheet, session, pulse);
    queue(&mut sheet, session);
    usage(&mut sheet, session);
    tools(&mut sheet, session);
    last(&mut sheet, session);
    phone(&mut sheet, scene, pulse);
    sheet.lines
}

fn identity(sheet: &mut Sheet<'_>, scene: &Scene<'_>, session: &Session) {
    let theme = sheet.theme;
    let model = state::model(session).map(|model| vec![span(model, theme.text)]);
    sheet.line(join(vec![model.unwrap_or_default(), state::mode(session.mode, theme)], theme));
    let room = sheet.room;
    let directory = sanitize(session.directory());
    let path = paths::short(&directory, Some(&scene.ui.home), room, theme.glyphs.ellipsis).replace('\n', " ");
    sheet.line(vec![span(path, theme.dim)]);
    if let Some(branch) = &session.branch {
        let mark = if session.worktree.is_some() { format!("{} ", theme.glyphs.worktree) } else { String::new() };
        sheet.line(vec![span("on ", theme.dim), span(mark, theme.accent), span(flat(branch), theme.text)]);
    }
    if let Some(worktree) = &session.worktree {
        let label = "worktree of ";
        let room = sheet.room.saturating_sub(label.len());
        let origin = sanitize(&worktree.place.origin);
        let origin = paths::short(&origin, Some(&scene.ui.home), room, theme.glyphs.ellipsis).replace('\n', " ");
        sheet.line(vec![span(label, theme.dim), span(origin, theme.dim)]);
    }
}

/// Requests that the panel names.
const MAX_WAITING: usize = 3;

fn pending(sheet: &mut Sheet<'_>, scene: &Scene<'_>, session: &Session) {
    let theme = sheet.theme;
    let mut waiting = state::waiting(scene.fleet, scene.ui);
    waiting.retain(|open| open.approval.session == session.id);
    if waiting.is_empty() {
        return;
    }
    sheet.heading("WAITING FOR YOU", &waiting.len().to_string());
    for open in waiting.iter().take(MAX_WAITING) {
        let mut line = vec![span(format!("{} ", theme.glyphs.waiting), theme.state_waiting)];
        line.extend(strip::wish_in(&open.approval, scene));
        sheet.line(line);
    }
    let n_more = waiting.len().saturating_sub(MAX_WAITING);
    if n_more > 0 {
        sheet.line(vec![span(format!("  {} {n_more} more", theme.glyphs.ellipsis), theme.dim)]);
    }
}

/// The relay: whether a message would reach the phone now, and what is in its way.
fn phone(sheet: &mut Sheet<'_>, scene: &Scene<'_>, pulse: &mut Pulse) {
    let theme = sheet.theme;
    let Some(phone) = &scene.ui.phone else { return };
    sheet.heading("PHONE", &flat(&phone.messenger));
    let glyphs = &theme.glyphs;
    let (mark, style, text) = match &phone.connection {
        _ if phone.paused => (glyphs.pending, theme.warning, "paused".to_owned()),
        Connection::Connected { since } => {
            (glyphs.idle, theme.state_idle, format!("connected {}", pulse.minutes_since(*since)))
        }
        Connection::Connecting { .. } => (glyphs.working, theme.state_working, "connecting".to_owned()),
        Connection::Refused { .. } => (glyphs.error, theme.state_error, "refused".to_owned()),
    };
    sheet.line(vec![span(format!("{mark} "), style), span(text, theme.text)]);
    let why = match &phone.connection {
        Connection::Connecting { trouble: Some(why), .. } | Connection::Refused { why } => Some(why),
        _ => phone.trouble.as_ref(),
    };
    if let Some(why) = why {
        let indent = Indent::hanging(vec![span("  ", theme.text)]);
        sheet.lines.extend(wrap(&[span(one_line(why, theme), theme.warning)], sheet.room, &indent).into_iter().take(3));
    }
    if phone.n_waiting > 0 {
        sheet.line(vec![span(format!("  {} to be sent", phone.n_waiting), theme.dim)]);
    }
    if phone.n_people == 0 && phone.pairing.is_none() {
        sheet.line(vec![span("  nobody is paired yet", theme.warning)]);
    }
    if let Some(pairing) = &phone.pairing {
        let left = pulse.until(pairing.until);
        sheet.line(vec![
            span("  send it ", theme.text),
            span(pairing.code.clone(), theme.strong),
            span(format!(" {left}"), theme.dim),
        ]);
    }
}

/// What runs unasked for a while, with what is left of it.
fn granted(sheet: &mut Sheet<'_>, scene: &Scene<'_>, session: &Session, pulse: &mut Pulse) {
    let theme = sheet.theme;
    let held = || scene.fleet.grants().of(session.id).filter(|grant| matches!(grant.granted, Granted::Boxed { .. }));
    let n_held = held().count();
    if n_held == 0 {
        return;
    }
    sheet.heading("UNASKED", &n_held.to_string());
    for grant in held().take(MAX_GRANTS) {
        if let Granted::Boxed { until, .. } = &grant.granted {
            // What stands there changes with the minute.
            pulse.minutes_until(*until);
        }
        let what = one_line(&grant.describe(), theme);
        sheet.line(vec![span(format!("{} ", theme.glyphs.success), theme.warning), span(what, theme.text)]);
        sheet.line(vec![span(format!("  {}", grant.remaining(scene.now)), theme.dim)]);
    }
    if n_held > MAX_GRANTS {
        sheet.line(vec![span(format!("  {} {} more", theme.glyphs.ellipsis, n_held - MAX_GRANTS), theme.dim)]);
    }
}

fn todo(sheet: &mut Sheet<'_>, session: &Session) {
    let theme = sheet.theme;
    let items = &session.todo.items;
    if items.is_empty() {
        return;
    }
    sheet.heading("TODO", &format!("{}/{}", session.todo.done(), items.len()));
    // Nothing is in hand while nobody works.
    let is_idle = session.turn.is_none() && session.running_tasks().next().is_none();
    // The step in hand stays in view, with a step or two that went before.
    let current = items.iter().position(|item| item.state != TodoState::Done).unwrap_or(items.len());
    let first = if items.len() <= MAX_TODO { 0 } else { current.saturating_sub(2).min(items.len() - MAX_TODO) };
    for item in items.iter().skip(first).take(MAX_TODO) {
        let (mark, mark_style, style) = match item.state {
            TodoState::Done => (theme.glyphs.success, theme.success, theme.dim),
            TodoState::InProgress if is_idle => (theme.glyphs.pending, theme.dim, theme.text),
            TodoState::InProgress => (theme.glyphs.folded, theme.accent, theme.strong),
            TodoState::Pending => (theme.glyphs.pending, theme.dim, theme.text),
        };
        sheet.line(vec![span(format!("{mark} "), mark_style), span(one_line(&item.text, theme), style)]);
    }
    let n_more = items.len().saturating_sub(first + MAX_TODO);
    if n_more > 0 {
        sheet.line(vec![span(format!("  {} {n_more} more", theme.glyphs.ellipsis), theme.dim)]);
    }
}

fn tasks(sheet: &mut Sheet<'_>, session: &Session, pulse: &mut Pulse) {
    let theme = sheet.theme;
    let running: Vec<_> = session.background_tasks().collect();
    if running.is_empty() {
        return;
    }
    sheet.heading("BACKGROUND", &running.len().to_string());
    for task in running.iter().take(MAX_TASKS) {
        let elapsed = pulse.since(task.started);
        let kind = task.kind_in_words();
        let text = one_line(if task.description.is_empty() { &kind } else { &task.description }, theme);
        let room = sheet.room.saturating_sub(width::of(&elapsed) + 3);
        let text = width::truncate_end(&text, room, theme.glyphs.ellipsis).into_owned();
        sheet.line(vec![
            span(format!("{} ", theme.glyphs.background), theme.state_working),
            span(text, theme.text),
            span(format!(" {elapsed}"), theme.dim),
        ]);
    }
    if running.len() > MAX_TASKS {
        let text = format!("  {} {} more", theme.glyphs.ellipsis, running.len() - MAX_TASKS);
        sheet.line(vec![span(text, theme.dim)]);
    }
}

fn queue(sheet: &mut Sheet<'_>, session: &Session) {
    let theme = sheet.theme;
    if session.queue.is_empty() {
        return;
    }
    let n = session.queue.len();
    let fact = if session.queue_is_held() { format!("{n}, held") } else { n.to_string() };
    sheet.heading("QUEUE", &fact);
    for (idx, prompt) in session.queue.iter().take(MAX_QUEUE).enumerate() {
        sheet.line(vec![span(format!("{} ", idx + 1), theme.dim), span(one_line(&prompt.shown(), theme), theme.text)]);
    }
}

fn usage(sheet: &mut Sheet<'_>, session: &Session) {
    let theme = sheet.theme;
    let tokens = session.usage.all_tokens();
    let has_context = session.usage.context.is_some();
    if tokens.is_zero() && !has_context && session.usage.cost_usd <= 0.0 {
        return;
    }
    let cost = if session.usage.cost_usd > 0.0 { figures::money(session.usage.cost_usd) } else { String::new() };
    sheet.heading("USAGE", &cost);
    if let Some(context) = session.usage.context {
        sheet.line(context_bar(context, sheet.room, theme));
    }
    if tokens.is_zero() {
        return;
    }
    let glyphs = &theme.glyphs;
    let fact = |mark: &str, n: u64, what: &str| {
        vec![span(mark, theme.accent), span(figures::tokens(n), theme.text), span(format!(" {what}"), theme.dim)]
    };
    let rows = [
        [fact(glyphs.sent, tokens.uncached, "in"), fact(glyphs.received, tokens.output, "out")],
        [fact(glyphs.cached, tokens.cache_read, "cached"), fact(glyphs.stored, tokens.cache_write, "stored")],
    ];
    for [left, right] in rows {
        let gap = (sheet.room / 2).saturating_sub(width::of_spans(&left)).max(1);
        let mut line = left;
        line.push(span(" ".repeat(gap), theme.text));
        line.extend(right);
        sheet.line(line);
    }
}

/// `context ▓▓▓▓░░░░ 41%`; nearly full is a warning.
fn context_bar(context: ContextUse, room: usize, theme: &Theme) -> Spans {
    const BAR: usize = 10;
    let percent = context.percent().min(999);
    let n_full = usize::try_from(percent).unwrap_or(BAR).saturating_mul(BAR).div_ceil(100).min(BAR);
    let full_style = if percent >= 85 { theme.warning } else { theme.bar_full };
    let mut spans = vec![
        span("context ", theme.dim),
        span(theme.glyphs.bar_full.repeat(n_full), full_style),
        span(theme.glyphs.bar_empty.repeat(BAR - n_full), theme.bar_empty),
        span(format!(" {percent}%"), if percent >= 85 { theme.warning } else { theme.text }),
    ];
    let of = format!(" of {}", figures::tokens(context.limit));
    if width::of_spans(&spans) + of.len() <= room {
        spans.push(span(of, theme.dim));
    }
    spans
}

fn tools(sheet: &mut Sheet<'_>, session: &Session) {
    let theme = sheet.theme;
    let mut used: Vec<(&str, u64)> = Vec::new();
    let transcript = &session.transcript;
    for id in transcript.order().iter().rev().take(TOOLS_REACH) {
        let Some(CellBody::Tool(call)) = transcript.get(*id).map(|cell| &cell.body) else { continue };
        match used.iter_mut().find(|(name, _)| *name == call.name) {
            Some((_, n)) => *n += 1,
            None => used.push((&call.name, 1)),
        }
    }
    if used.is_empty() {
        return;
    }
    used.sort_by(|(name, n), (other_name, other)| other.cmp(n).then(name.cmp(other_name)));
    sheet.heading("TOOLS", &count(used.iter().map(|(_, n)| n).sum(), "call", "calls"));
    let times = if theme.glyphs.ellipsis.is_ascii() { "x" } else { "×" };
    let piece = |(name, n): &(&str, u64)| {
        vec![span(tool_label(name, theme), theme.text), span(format!("{times}{n}"), theme.dim)]
    };
    let lines = modal::flow(used.iter().take(8).map(piece).collect(), sheet.room, theme);
    sheet.lines.extend(lines.into_iter().take(3));
}

fn last(sheet: &mut Sheet<'_>, session: &Session) {
    let theme = sheet.theme;
    if session.turn.is_some() {
        return;
    }
    if let Some(trouble) = session.last_trouble() {
        sheet.heading("LAST ERROR", "");
        let room = sheet.room;
        sheet.lines.extend(wrap(&[span(flat(&trouble.what()), theme.failure)], room, &Indent::default()));
        return;
    }
    let Some(end) = &session.last_turn else { return };
    let text = end.text.as_deref().map(|text| one_line(text, theme)).unwrap_or_default();
    let (heading, text) = match &end.outcome {
        TurnOutcome::Interrupted => ("LAST TURN", "interrupted".to_owned()),
        TurnOutcome::Completed | TurnOutcome::Failed(_) => ("LAST ANSWER", text),
    };
    if text.is_empty() {
        return;
    }
    sheet.heading(heading, "");
    let room = sheet.room;
    sheet.lines.extend(wrap(&[span(text, theme.dim)], room, &Indent::default()).into_iter().take(4));
}

/// The panel in one line, for a screen without room for it.
pub(super) fn status_line(scene: &Scene<'_>, session: &Session, pulse: &mut Pulse) -> Spans {
    let theme = scene.theme;
    let mut facts = vec![state::words(session, theme, pulse)];
    if let Some(quiet) = state::quiet(session, pulse) {
        facts.push(vec![span(quiet, theme.warning)]);
    }
    if !session.todo.items.is_empty() {
        facts.push(vec![span(format!("todo {}/{}", session.todo.done(), session.todo.items.len()), theme.text)]);
    }
    let n_tasks = session.background_tasks().count();
    if n_tasks > 0 && session.turn.is_some() {
        facts.push(vec![span(format!("{} {n_tasks} running", theme.glyphs.background), theme.state_working)]);
    }
    if let Some(context) = session.usage.context {
        let style = if context.percent() >= 85 { theme.warning } else { theme.dim };
        facts.push(vec![span(format!("context {}%", context.percent()), style)]);
    }
    if session.usage.cost_usd > 0.0 {
        facts.push(vec![span(figures::money(session.usage.cost_usd), theme.dim)]);
    }
    if let Some(branch) = &session.branch {
        let mark = if session.worktree.is_some() { format!("{} ", theme.glyphs.worktree) } else { String::new() };
        facts.push(vec![span(format!("{mark}{}", flat(branch)), theme.dim)]);
    }
    join(facts, theme)
}
