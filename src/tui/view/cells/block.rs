//! Text of the model, thinking, and answers of the CLI itself.

use super::Env;
use super::Head;
use super::Laid;
use super::Shape;
use crate::core::cell::Block;
use crate::core::cell::BlockKind;
use crate::core::ids::Timestamp;
use crate::tui::render::markdown::markdown;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::wrap::wrap_text;
use crate::tui::view::paint::one_line;
use crate::tui::view::paint::span;
use crate::tui::view::pulse::Pulse;
use crate::tui::view::pulse::seconds_text;

pub(super) fn lay(block: &Block, shape: Shape, env: &Env<'_>, before: Option<Laid>) -> Laid {
    let theme = env.theme;
    let clean = || sanitize(&block.text);
    match block.kind {
        BlockKind::Thinking => thinking(block, shape, env),
        // A stream renders its last paragraph only; the whole once more at the end, for links defined late.
        BlockKind::Text if !block.done => {
            let mut stream = before.and_then(|laid| laid.stream).unwrap_or_default();
            stream.update(&clean(), shape.width, theme);
            Laid { stream: Some(stream), ..Laid::default() }
        }
        BlockKind::Text => Laid::of(markdown(&clean(), shape.width, theme)),
        // The CLI lays its own answers out for a terminal: each line stays one.
        BlockKind::CommandOutput => Laid::of(wrap_text(&clean(), shape.width, theme.text, theme)),
    }
}

fn thinking(block: &Block, shape: Shape, env: &Env<'_>) -> Laid {
    let theme = env.theme;
    // While it streams, the newest line is the one to read; afterwards the first says what it was about.
    let line = if block.done {
        one_line(&block.text, theme)
    } else {
        let newest = block.text.trim_end().rsplit('\n').next().unwrap_or_default();
        one_line(newest, theme)
    };
    let mut title = Vec::new();
    if !line.is_empty() && !shape.unfolded {
        title.push(span(format!(" {} {line}", theme.glyphs.separator), theme.thinking));
    }
    let text = sanitize(block.text.trim());
    let lines = if shape.unfolded { wrap_text(&text, shape.width, theme.thinking, theme) } else { Vec::new() };
    Laid { title, foldable: !text.is_empty(), ..Laid::of(lines) }
}

pub(super) fn thinking_head(
    block: &Block,
    at: Timestamp,
    next: Option<Timestamp>,
    laid: &Laid,
    env: &Env<'_>,
    pulse: &mut Pulse,
) -> Head {
    let theme = env.theme;
    let mut left = Vec::new();
    if block.done {
        let seconds = next.map_or(0, |next| next.millis_since(at) / 1_000);
        let text = if seconds == 0 { "thought".into() } else { format!("thought for {}", seconds_text(seconds)) };
        left.push(span(text, theme.thinking));
    } else {
        left.push(span(format!("{} ", pulse.spin(theme)), theme.state_working));
        left.push(span(format!("thinking {}", pulse.since(at)), theme.thinking));
    }
    left.extend(laid.title.iter().cloned());
    Head { left, right: Vec::new() }
}
