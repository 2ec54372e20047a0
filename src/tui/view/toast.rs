//! Short messages: in the last line where they fit, else whole above it, else cut so that what to do stays.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Scene;
use super::main_screen::Regions;
use super::modal;
use super::paint::Spans;
use super::paint::flat;
use super::paint::span;
use super::paint::spelled;
use super::paint::wipe;
use super::pulse::Pulse;
use crate::tui::input::action::Action;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::ui::Toast;

/// Rows that a message takes of the timeline, and those that it leaves.
const MAX_ROWS: u16 = 4;
const MIN_TIMELINE: u16 = 4;

fn current<'s>(scene: &Scene<'s>) -> Option<&'s Toast> {
    scene.ui.toast.as_ref().filter(|toast| toast.until > scene.now)
}

fn mark(toast: &Toast, scene: &Scene<'_>) -> Spans {
    let theme = scene.theme;
    let (mark, style) =
        if toast.is_error { (theme.glyphs.failure, theme.failure) } else { (theme.glyphs.pending, theme.accent) };
    vec![span(format!("{mark} "), style)]
}

/// The message for one row of this width. Nothing where it stands whole elsewhere.
pub(super) fn line(scene: &Scene<'_>, regions: &Regions, pulse: &mut Pulse, room: usize) -> Option<Spans> {
    let toast = current(scene)?;
    pulse.change_at(toast.until);
    let theme = scene.theme;
    let style = if toast.is_error { theme.failure } else { theme.text };
    let mut out = mark(toast, scene);
    let text = flat(&toast.text);
    let room = room.saturating_sub(width::of_spans(&out));
    if width::of(&text) <= room {
        out.push(span(text, style));
        return Some(out);
    }
    if has_rows(scene, regions) {
        return None;
    }
    let key = scene.keymap.key_of(Action::Messages).map(|key| (key, " whole"));
    let wide = key.as_ref().map_or(0, |(key, words)| width::of(key) + words.len() + 2);
    out.push(span(shortened(&text, room.saturating_sub(wide), theme.glyphs.ellipsis), style));
    if let Some((key, words)) = key {
        out.extend([span("  ", theme.text), span(key, theme.key), span(words, theme.dim)]);
    }
    Some(out)
}

fn has_rows(scene: &Scene<'_>, regions: &Regions) -> bool {
    scene.ui.layers.is_empty() && regions.timeline.height >= MIN_TIMELINE && regions.timeline.width >= 20
}

/// Draws a message that has no room in one line over the rows above the input box.
pub(super) fn draw(buf: &mut Buffer, regions: &Regions, scene: &Scene<'_>, room: usize) {
    let Some(toast) = current(scene).filter(|_| has_rows(scene, regions)) else { return };
    let theme = scene.theme;
    let text = flat(&toast.text);
    if width::of(&text) + 2 <= room {
        return;
    }
    let style = if toast.is_error { theme.failure } else { theme.text };
    let area = regions.timeline;
    let inside = usize::from(area.width.saturating_sub(2));
    let mut lines = wrap(&[span(text.clone(), style)], inside, &Indent::hanging(mark(toast, scene)));
    let most = MAX_ROWS.min(area.height - 1);
    if lines.len() > usize::from(most) {
        let room = (inside.saturating_sub(8)) * usize::from(most - 1);
        let key = scene.keymap.key_of(Action::Messages).unwrap_or_default();
        let cut = vec![
            span(shortened(&text, room, theme.glyphs.ellipsis), style),
            span(format!("  {key}"), theme.key),
            span(spelled(" shows all", theme).into_owned(), theme.dim),
        ];
        lines = wrap(&cut, inside, &Indent::hanging(mark(toast, scene)));
    }
    let n_rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(most);
    // The menu stands at the lower edge.
    let y = if scene.ui.completing.n_rows().is_some() { area.y } else { area.bottom() - n_rows };
    let at = Rect { y, height: n_rows, ..area };
    wipe(buf, at, theme.text);
    modal::window(buf, Rect { x: at.x + 1, width: at.width - 2, ..at }, &lines, 0);
}

/// A message cut to a width: what to do stands at its end and stays, then what happened, from its beginning.
fn shortened(text: &str, room: usize, ellipsis: &str) -> String {
    let ends = text.char_indices().filter(|(at, c)| {
        let is_end = matches!(c, '.' | ':' | ';' | '!' | '?' | '。' | '；' | '：');
        is_end && text.get(at + c.len_utf8()..).is_some_and(|rest| rest.starts_with(' ') || !c.is_ascii())
    });
    let tails = ends.filter_map(|(at, c)| text.get(at + c.len_utf8()..)).map(str::trim_start);
    let most = (room * 3 / 4).max(room.saturating_sub(24));
    // The longest end that leaves something for the beginning.
    match tails.filter(|tail| !tail.is_empty()).find(|tail| width::of(tail) <= most) {
        Some(tail) => {
            let head = room.saturating_sub(width::of(tail) + 1);
            format!("{} {tail}", width::truncate_end(text, head, ellipsis))
        }
        None => width::truncate_end(text, room, ellipsis).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_to_do_stays() {
        let long = "The editor “code --wait --new-window” could not be started: no such file or directory (os error 2). \
                    Set $EDITOR or [ui] editor.";
        for (room, expected) in [
            (60, "The editor “code --wait --new-w… Set $EDITOR or [ui] editor."),
            (40, "The editor … Set $EDITOR or [ui] editor."),
            (20, "The editor “code --…"),
        ] {
            assert_eq!(shortened(long, room, "…"), expected);
        }
        let chinese = "工作树无法删除，因为有未提交的更改：src/客户端.rs。请先提交或者保留它。";
        assert!(shortened(chinese, 40, "…").ends_with("请先提交或者保留它。"));
    }

    proptest! {
        #[test]
        fn no_message_is_wider_than_its_place(text in "[a-z .:;中。]{0,80}", room in 0usize..60) {
            prop_assert!(width::of(&shortened(&text, room, "…")) <= room);
        }
    }
}
