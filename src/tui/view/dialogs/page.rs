//! Pages that are read: every key and what it does, all there is about an entry, the progress panel.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::Reported;
use super::inside;
use crate::core::figures::count;
use crate::core::ids::SessionId;
use crate::core::ids::TaskId;
use crate::core::task::TaskState;
use crate::tui::input::action::ACTIONS;
use crate::tui::input::action::Context;
use crate::tui::render::sanitize::sanitize;
use crate::tui::render::width;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::render::wrap::wrap_text_hard;
use crate::tui::ui::dialog::Page;
use crate::tui::ui::dialog::PageContent;
use crate::tui::view::Scene;
use crate::tui::view::layouts::Layouts;
use crate::tui::view::layouts::PageKey;
use crate::tui::view::modal;
use crate::tui::view::modal::Edges;
use crate::tui::view::paint::Spans;
use crate::tui::view::paint::flat;
use crate::tui::view::paint::span;
use crate::tui::view::panel;
use crate::tui::view::pulse::Pulse;

const MAX_WIDTH: u16 = 110;
const HELP_WIDTH: u16 = 84;
const PROGRESS_WIDTH: u16 = 60;
/// Keys stand in a column of this width; more of them get a line of their own.
const KEY_COLUMN: usize = 18;

pub(super) fn draw(
    buf: &mut Buffer,
    body: Rect,
    page: &Page,
    scene: &Scene<'_>,
    layouts: &mut Layouts,
    pulse: &mut Pulse,
    keys: Spans,
) -> Reported {
    let theme = scene.theme;
    let max_width = match page.content {
        PageContent::Help => HELP_WIDTH,
        PageContent::Progress => PROGRESS_WIDTH,
        PageContent::Text(_) | PageContent::Task(..) => MAX_WIDTH,
    };
    let wide = modal::fitting(body.width, max_width);
    let room = inside(wide);
    let owned;
    let lines: &[Line<'static>] = match &page.content {
        PageContent::Help => {
            owned = help(scene, room);
            &owned
        }
        PageContent::Progress => {
            owned = scene
                .ui
                .session(scene.fleet)
                .map(|session| panel::lines(scene, session, room, pulse))
                .unwrap_or_default();
            &owned
        }
        PageContent::Task(session, task) => {
            owned = wrap_text_hard(&sanitize(&of_task(scene, *session, task)), room, theme.text, theme);
            &owned
        }
        PageContent::Text(text) => {
            let key = PageKey { text: text.clone(), width: room };
            layouts.page(key, || wrap_text_hard(&sanitize(text), room, theme.text, theme))
        }
    };
    let high = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let area = modal::centered(body, wide, high);
    let height = usize::from(area.height.saturating_sub(2));
    let max_scroll = lines.len().saturating_sub(height);
    let scroll = page.scroll.min(max_scroll);
    let n_below = max_scroll - scroll;
    let mut right = Vec::new();
    if n_below > 0 {
        let text = format!("{} {}", theme.glyphs.down, count(n_below as u64, "more line", "more lines"));
        right.push(span(text, theme.dim));
    }
    let edges = Edges { title: vec![span(flat(&page.title), theme.strong)], right, bottom: keys };
    let inner = modal::draw(buf, area, edges, theme.border_focus, theme);
    modal::window(buf, inner, lines, scroll);
    Reported { page_max_scroll: Some(max_scroll), ..Reported::default() }
}

/// A task as it is known: what it does, and the end of what it has printed.
fn of_task(scene: &Scene<'_>, session: SessionId, task: &TaskId) -> String {
    let known = scene.fleet.get(session).and_then(|session| session.tasks.iter().find(|known| known.id == *task));
    let Some(task) = known else { return "This task is not known any more.".to_owned() };
    let state = match task.state {
        TaskState::Running => "running",
        TaskState::Done => "done",
        TaskState::Failed => "failed",
        TaskState::Stopped => "stopped",
    };
    let printed = match (&task.output, &task.last) {
        (Some(output), _) => output.as_str(),
        (None, Some(last)) => last.as_str(),
        (None, None) => "nothing is known of what it has printed",
    };
    format!("{} ({}, {state})\n\n{printed}", task.description, task.kind_in_words())
}

/// Every key and what it does, from the table and the keymap as they are.
fn help(scene: &Scene<'_>, room: usize) -> Vec<Line<'static>> {
    let theme = scene.theme;
    let keys_of = |action| scene.keymap.keys_of(action).join("  ");
    let column = KEY_COLUMN.min(room / 3).max(8);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for context in Context::ALL {
        let of_context = ACTIONS.iter().filter(|def| def.context == context);
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.push(Line::from(span(context.title(), theme.heading)));
        for def in of_context {
            let keys = keys_of(def.action);
            let (keys, style) = if keys.is_empty() { ("(palette)".to_owned(), theme.dim) } else { (keys, theme.key) };
            if width::of(&keys) > column {
                lines.extend(wrap(&[span(keys, style)], room, &Indent::default()));
                let under = " ".repeat(column + 2);
                let indent =
                    Indent { first: vec![span(under.clone(), theme.text)], rest: vec![span(under, theme.text)] };
                lines.extend(wrap(&[span(def.doc, theme.text)], room, &indent));
                continue;
            }
            let indent = Indent::hanging(vec![span(format!("{}  ", width::pad_end(&keys, column)), style)]);
            lines.extend(wrap(&[span(def.doc, theme.text)], room, &indent));
        }
    }
    lines
}
