//! Prompts, notices, retries, compactions and the ends of turns.

use std::time::Duration;

use ratatui::text::Line;

use super::Env;
use super::Head;
use super::Laid;
use super::Shape;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::cell::Compaction;
use crate::core::cell::Notice;
use crate::core::cell::NoticeLevel;
use crate::core::cell::Retry;
use crate::core::cell::TurnEnd;
use crate::core::cell::TurnOutcome;
use crate::core::figures;
use crate::core::figures::count;
use crate::core::ids::Timestamp;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::core::usage::Tokens;
use crate::tui::input::action::Action;
use crate::tui::render::markdown::markdown;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::render::wrap::wrap_text;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::join;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;
use crate::tui::view::pulse::Pulse;

/// Columns kept free for the time at the right of a prompt.
const CLOCK_WIDTH: usize = 14;
/// Lines of a prompt that show folded: a long one is a paste, and its author knows it.
const PROMPT_LINES: usize = 12;

pub(super) fn prompt(prompt: &Prompt, shape: Shape, env: &Env<'_>) -> Laid {
    let theme = env.theme;
    let room = if shape.width > 3 * CLOCK_WIDTH { shape.width - CLOCK_WIDTH } else { shape.width };
    let mut lines = Vec::new();
    match &prompt.origin {
        PromptOrigin::Comment(_) => lines.push(Line::from(span("your comment on the call you allowed", theme.dim))),
        PromptOrigin::Scheduled => {
            lines.push(Line::from(span("scheduled by the model, no one wrote this now", theme.dim)));
        }
        PromptOrigin::Surface(Surface::Terminal) => {}
        PromptOrigin::Surface(other) => {
            lines.push(Line::from(span(format!("from {}", flat(&other.describe())), theme.dim)));
        }
    }
    lines.extend(wrap_text(&sanitize(prompt.shown().trim_end()), room, theme.prompt, theme));
    let n_lines = lines.len();
    let foldable = n_lines > PROMPT_LINES + 1;
    if foldable && !shape.unfolded {
        lines.truncate(PROMPT_LINES);
        let n_more = (n_lines - PROMPT_LINES) as u64;
        let text = format!("{} {}", theme.glyphs.ellipsis, count(n_more, "more line", "more lines"));
        lines.push(Line::from(span(text, theme.dim)));
    }
    Laid { foldable, ..Laid::of(lines) }
}

/// When it was sent: the time today, the day before that.
pub(super) fn clock(at: Timestamp, now: Timestamp, env: &Env<'_>) -> Spans {
    let zoned = |at: Timestamp| Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(env.zone.clone()));
    let (Some(at), Some(now)) = (zoned(at), zoned(now)) else { return Vec::new() };
    let format = if at.date() == now.date() { "%H:%M" } else { "%-d %b %H:%M" };
    vec![span(at.strftime(format).to_string(), env.theme.dim)]
}

/// The mark beside the first line.
pub(super) fn margin(cell: &Cell, env: &Env<'_>) -> Spans {
    let theme = env.theme;
    match &cell.body {
        CellBody::Prompt(_) => vec![span(theme.glyphs.prompt, theme.prompt)],
        _ => Vec::new(),
    }
}

pub(super) fn notice(notice: &Notice, shape: Shape, env: &Env<'_>) -> Laid {
    let theme = env.theme;
    let (mark, mark_style, style) = match notice.level {
        NoticeLevel::Info => (theme.glyphs.pending, theme.dim, theme.dim),
        NoticeLevel::Warning => (theme.glyphs.warning, theme.warning, theme.text),
        NoticeLevel::Error => (theme.glyphs.failure, theme.failure, theme.text),
    };
    let clean = sanitize(notice.text.trim());
    let mut lines = Vec::new();
    for line in clean.as_str().lines() {
        let first = if lines.is_empty() { format!("{mark} ") } else { "  ".into() };
        let indent = Indent::hanging(vec![span(first, mark_style)]);
        lines.extend(wrap(&[span(line, style)], shape.width, &indent));
    }
    let detail = notice.detail.as_deref().map(str::trim).filter(|detail| !detail.is_empty());
    if let Some(detail) = detail.filter(|_| shape.unfolded) {
        lines.extend(indented(wrap_text(&sanitize(detail), shape.width.saturating_sub(2).max(1), theme.dim, theme)));
    }
    Laid { foldable: detail.is_some(), ..Laid::of(lines) }
}

fn indented(lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
    let shift = |mut line: Line<'static>| {
        line.spans.insert(0, span("  ", ratatui::style::Style::new()));
        line
    };
    lines.into_iter().map(shift).collect()
}

pub(super) fn retry(retry: &Retry, env: &Env<'_>, pulse: &mut Pulse) -> Head {
    let theme = env.theme;
    let headline = retry.trouble.headline();
    if retry.over {
        let text = format!("{} Asked again {}.", flat(&headline), count(retry.attempt, "time", "times"));
        let mark = format!("{} ", theme.glyphs.pending);
        return Head { left: vec![span(mark, theme.dim), span(text, theme.dim)], right: Vec::new() };
    }
    let left = vec![
        span(format!("{} ", pulse.spin(theme)), theme.warning),
        span(flat(&headline), theme.text),
        span(format!(" Asking again in {}", pulse.until(retry.until)), theme.warning),
    ];
    let right = vec![span(format!("attempt {} of {}", retry.attempt, retry.max), theme.dim)];
    Head { left, right }
}

pub(super) fn compaction(compaction: &Compaction, shape: Shape, env: &Env<'_>) -> Laid {
    let summary = compaction.summary.as_deref().map(str::trim).filter(|summary| !summary.is_empty());
    let lines = match summary.filter(|_| shape.unfolded) {
        Some(summary) => markdown(&sanitize(summary), shape.width, env.theme),
        None => Vec::new(),
    };
    Laid { foldable: summary.is_some(), ..Laid::of(lines) }
}

pub(super) fn compaction_head(compaction: &Compaction, at: Timestamp, env: &Env<'_>, pulse: &mut Pulse) -> Head {
    let theme = env.theme;
    if !compaction.done {
        let text = format!("summarising the conversation to make room {}", pulse.since(at));
        return Head {
            left: vec![span(format!("{} ", pulse.spin(theme)), theme.state_working), span(text, theme.text)],
            right: Vec::new(),
        };
    }
    let why = if compaction.automatic { "The context was full: the" } else { "The" };
    let text = format!("{why} conversation so far was replaced by a summary");
    let right = match (compaction.tokens_before, compaction.tokens_after) {
        (Some(before), Some(after)) => {
            format!("{} {} {} tokens", figures::tokens(before), theme.glyphs.arrow, figures::tokens(after))
        }
        (Some(before), None) => format!("{} tokens before", figures::tokens(before)),
        _ => String::new(),
    };
    let left = vec![span(format!("{} ", theme.glyphs.cached), theme.accent), span(text, theme.text)];
    Head { left, right: vec![span(right, theme.dim)] }
}

/// `↑12.4k ↓3.1k`: what was sent and not in a cache, and what came back.
fn tokens_short(tokens: Tokens, env: &Env<'_>) -> String {
    let glyphs = &env.theme.glyphs;
    let sent = tokens.uncached.saturating_add(tokens.cache_write);
    format!("{}{} {}{}", glyphs.sent, figures::tokens(sent), glyphs.received, figures::tokens(tokens.output))
}

pub(super) fn turn_end(end: &TurnEnd, at: Timestamp, shape: Shape, env: &Env<'_>) -> Laid {
    let theme = env.theme;
    let dim = |text: String| vec![span(text, theme.dim)];
    let mut facts = vec![dim(figures::duration(Duration::from_millis(end.duration_ms)))];
    if end.n_calls > 0 {
        facts.push(dim(count(u64::from(end.n_calls), "call", "calls")));
    }
    if end.cost_usd > 0.0 {
        facts.push(dim(figures::money(end.cost_usd)));
    }
    if !end.tokens.is_zero() {
        facts.push(dim(tokens_short(end.tokens, env)));
    }
    let facts = join(facts, theme);
    let marked = |mark: &str, style, text: Spans| {
        wrap(&text, shape.width, &Indent::hanging(vec![span(format!("{mark} "), style)]))
    };
    match &end.outcome {
        TurnOutcome::Completed => Laid::of(marked(theme.glyphs.success, theme.success, facts)),
        TurnOutcome::Interrupted => {
            let mut text = vec![span("interrupted after ", theme.warning)];
            text.extend(facts);
            Laid::of(marked(theme.glyphs.failure, theme.warning, text))
        }
        TurnOutcome::Failed(trouble) => failed(trouble, at, facts, shape, env),
    }
}

fn failed(trouble: &Trouble, at: Timestamp, facts: Spans, shape: Shape, env: &Env<'_>) -> Laid {
    let theme = env.theme;
    let room = shape.width;
    let mut headline = flat(&spelled(&trouble.headline(), theme));
    if let TroubleKind::UsageLimit { lifts: Some(lifts) } = trouble.kind {
        let at = clock(lifts, at, env).into_iter().map(|span| span.content.into_owned()).collect::<String>();
        headline = format!("{headline} It lifts at {at}.");
    }
    let mark = Indent::hanging(vec![span(format!("{} ", theme.glyphs.failure), theme.failure)]);
    let under = Indent { first: vec![span("  ", theme.text)], rest: vec![span("  ", theme.text)] };
    let mut lines = wrap(&[span(headline, theme.failure)], room, &mark);
    if let Some(said) = trouble.said() {
        let said = format!("{} {}", theme.glyphs.quote_bar, flat(&said));
        lines.extend(wrap(&[span(said, theme.text)], room, &under));
    }
    lines.extend(wrap(&[span(spelled(trouble.advice(), theme), theme.text)], room, &under));
    let key = |action| env.keymap.key_of(action);
    let mut keys: Vec<Spans> = Vec::new();
    if let Some(retry) = key(Action::Retry).filter(|_| trouble.is_retryable()) {
        keys.push(vec![span(retry, theme.key), span(" retry", theme.dim)]);
    }
    if let Some(go_on) = key(Action::GoOnAfterLimit).filter(|_| matches!(trouble.kind, TroubleKind::UsageLimit { .. }))
    {
        keys.push(vec![span(go_on, theme.key), span(" go on by itself, or not", theme.dim)]);
    }
    if let (Some(enter), Some(raw)) = (key(Action::EnterTimeline), key(Action::ShowRaw))
        && !trouble.raw.trim().is_empty()
    {
        keys.push(vec![span(format!("{enter} {raw}"), theme.key), span(" details", theme.dim)]);
    }
    keys.push(facts);
    lines.extend(wrap(&join(keys, theme), room, &under));
    let raw = trouble.raw.trim();
    if shape.unfolded && !raw.is_empty() {
        lines.extend(indented(wrap_text(&sanitize(raw), room.saturating_sub(2).max(1), theme.dim, theme)));
    }
    Laid { foldable: !raw.is_empty(), ..Laid::of(lines) }
}
