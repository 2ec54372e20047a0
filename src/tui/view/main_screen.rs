//! The screen under all dialogs: tabs, timeline, panel, what is docked, input, footer.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;

use super::Scene;
use super::cells::Env;
use super::composer;
use super::footer;
use super::layouts::Layouts;
use super::paint::Spans;
use super::paint::fit;
use super::paint::flat;
use super::paint::join;
use super::paint::put;
use super::paint::quoted;
use super::paint::rule;
use super::paint::span;
use super::paint::wipe;
use super::panel;
use super::pulse::Pulse;
use super::start;
use super::state;
use super::strip;
use super::tabs;
use super::timeline::Timeline;
use super::toast;
use crate::core::ids::SessionId;
use crate::core::session::Followed;
use crate::core::session::Session;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;
use crate::tui::render::width;
use crate::tui::ui::Panel;
use crate::tui::ui::tab::Scroll;
use crate::tui::ui::tab::Tab;

/// Below this the timeline and the input remain.
const MIN_WIDTH: u16 = 60;
const MIN_HEIGHT: u16 = 15;
/// From this width on the panel stands beside the timeline.
const PANEL_FROM: u16 = 100;
const PANEL_MIN: u16 = 30;
const PANEL_MAX: u16 = 44;
/// Rows that docked lines leave to the timeline.
const MIN_TIMELINE: u16 = 3;

/// Where everything stands. Regions that have no room have no height.
#[derive(Debug, Clone, Copy)]
pub(super) struct Regions {
    pub(super) tabs: Rect,
    pub(super) timeline: Rect,
    pub(super) panel: Option<Rect>,
    pub(super) docked: Rect,
    pub(super) rule: Rect,
    pub(super) input: Rect,
    pub(super) footer: Rect,
    /// Everything between tabs and footer.
    pub(super) body: Rect,
    /// The rows of a request, at the bottom of the body and in the place of the input.
    pub(super) sheet: Rect,
}

fn regions(area: Rect, has_panel: bool, n_docked: u16, n_input: u16, n_sheet: u16) -> Regions {
    let is_small = area.width < MIN_WIDTH || area.height < MIN_HEIGHT;
    let bar = u16::from(!is_small);
    let tabs = Rect { height: bar, ..area };
    let footer = Rect { y: area.bottom() - bar, height: bar, ..area };
    let body = Rect { y: area.y + bar, height: area.height - 2 * bar, ..area };
    let n_sheet = n_sheet.min(body.height);
    let sheet = Rect { y: body.bottom() - n_sheet, height: n_sheet, ..body };
    let above = Rect { height: body.height - n_sheet, ..body };
    let panel_width = (area.width / 4).clamp(PANEL_MIN, PANEL_MAX);
    let panel = (has_panel && !is_small && area.width >= PANEL_FROM).then(|| Rect {
        x: above.right() - panel_width,
        width: panel_width,
        ..above
    });
    let main = Rect { width: above.width - panel.map_or(0, |panel| panel.width), ..above };
    if n_sheet > 0 {
        let none = Rect { y: main.bottom(), height: 0, ..main };
        return Regions { tabs, timeline: main, panel, docked: none, rule: none, input: none, footer, body, sheet };
    }
    let n_input = n_input.clamp(1, (area.height / 3).max(1)).min(main.height);
    let mut left = main.height - n_input;
    let n_rule = u16::from(left >= 2);
    left -= n_rule;
    let n_docked = n_docked.min(left.saturating_sub(MIN_TIMELINE));
    let n_timeline = left - n_docked;
    let at = |y: u16, height: u16| Rect { y: main.y + y, height, ..main };
    Regions {
        tabs,
        timeline: at(0, n_timeline),
        panel,
        docked: at(n_timeline, n_docked),
        rule: at(n_timeline + n_docked, n_rule),
        input: at(n_timeline + n_docked + n_rule, n_input),
        footer,
        body,
        sheet,
    }
}

/// What the main screen reports.
#[derive(Debug)]
pub(super) struct MainDrawn {
    pub(super) regions: Regions,
    pub(super) cursor: Option<Position>,
    pub(super) scroll: Option<(SessionId, Scroll)>,
}

pub(super) fn draw(
    buf: &mut Buffer,
    area: Rect,
    scene: &Scene<'_>,
    layouts: &mut Layouts,
    pulse: &mut Pulse,
    n_sheet: u16,
) -> MainDrawn {
    let session = scene.session();
    let zone = layouts.zone();
    let env = Env {
        theme: scene.theme,
        keymap: scene.keymap,
        home: &scene.ui.home,
        directory: session.map_or("", |session| session.directory()),
        output_lines: scene.ui.output_lines,
        zone: &zone,
    };
    let has_panel = session.is_some() && scene.ui.panel != Panel::Hidden;
    let panel_width =
        if has_panel && area.width >= PANEL_FROM { (area.width / 4).clamp(PANEL_MIN, PANEL_MAX) } else { 0 };
    let text_width = area.width.saturating_sub(panel_width + PROMPT_WIDTH + 1).max(1);
    let max_input = (area.height / 3).max(1);
    let typed = scene.ui.tab().map(|tab| composer::lay(&tab.composer, text_width, max_input));
    let n_input = typed.as_ref().map_or(1, |typed| u16::try_from(typed.n_rows()).unwrap_or(u16::MAX));
    let docked = strip::lines(scene, &env, session, pulse);
    let regions = regions(area, has_panel, u16::try_from(docked.len()).unwrap_or(u16::MAX), n_input, n_sheet);

    let mut scroll = None;
    match (session, scene.tab()) {
        (Some(session), Some(tab)) if !session.transcript.is_empty() => {
            let at = Rect { width: regions.timeline.width, ..regions.timeline };
            let moved = timeline(session, tab, &env, layouts, at).draw(buf, at, pulse);
            scroll = Some((session.id, moved));
        }
        _ => start::draw(buf, regions.timeline, scene, session),
    }
    if let (Some(at), Some(session)) = (regions.panel, session) {
        for y in at.top()..at.bottom() {
            put(buf, at.x, y, 1, &[span(scene.theme.glyphs.border.vertical, scene.theme.border)]);
        }
        panel::draw(buf, at, scene, session, pulse);
    }
    strip::draw(buf, regions.docked, docked, scene);
    draw_rule(buf, &regions, scene, session, pulse);
    let cursor = if n_sheet > 0 { None } else { draw_input(buf, regions.input, scene, typed) };
    if regions.tabs.height > 0 {
        tabs::draw(buf, regions.tabs, scene);
    }
    let message_room = footer::draw(buf, &regions, scene, pulse);
    if let Some(session) = session.filter(|_| scene.ui.panel == Panel::Overlay && regions.panel.is_none()) {
        overlay(buf, regions.timeline, scene, session, pulse);
    }
    toast::draw(buf, &regions, scene, message_room);
    MainDrawn { regions, cursor, scroll }
}

fn timeline<'t>(
    session: &'t Session,
    tab: &'t Tab,
    env: &'t Env<'t>,
    layouts: &'t mut Layouts,
    at: Rect,
) -> Timeline<'t> {
    Timeline { session, tab, env, layouts, width: at.width, height: usize::from(at.height) }
}

/// Columns of the prompt's mark before the input.
const PROMPT_WIDTH: u16 = 3;

fn draw_input(buf: &mut Buffer, area: Rect, scene: &Scene<'_>, typed: Option<composer::Typed>) -> Option<Position> {
    let theme = scene.theme;
    let has_focus = matches!(scene.ui.focus(scene.fleet), Context::Input | Context::Menu);
    let wide = if area.width > 12 { PROMPT_WIDTH } else { 0 };
    if wide > 0 {
        let style = if has_focus { theme.prompt } else { theme.dim };
        put(buf, area.x + 1, area.y, 1, &[span(theme.glyphs.prompt, style)]);
    }
    let text = Rect { x: area.x + wide, width: area.width.saturating_sub(wide + u16::from(wide > 0)), ..area };
    let Some(typed) = typed else {
        placeholder(buf, text, scene);
        return None;
    };
    if scene.ui.tab().is_some_and(|tab| tab.composer.shown().is_empty()) {
        placeholder(buf, text, scene);
    }
    let style = if has_focus { theme.text } else { theme.dim };
    typed.draw(buf, text, style, theme).filter(|_| has_focus)
}

fn placeholder(buf: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let session = scene.session();
    let text = match (session, session.and_then(|session| session.followed.as_ref())) {
        (None, _) if !scene.ui.awaited_tags.is_empty() => "opening: what you type waits for it".to_owned(),
        (None, _) => "no session is open".to_owned(),
        (_, Some(Followed { by: Some(by) })) => format!("read-only: {} works on it", flat(by)),
        (_, Some(Followed { by: None })) => "read-only: nobody works on it any more".to_owned(),
        (Some(session), None) if session.turn.is_some() => "type ahead: it waits in the queue".to_owned(),
        (Some(_), None) => "what shall be done?  / commands  @ files".to_owned(),
    };
    let spans = fit(vec![span(text, theme.dim)], usize::from(area.width), theme);
    put(buf, area.x, area.y, area.width, &spans);
}

/// The line above the input carries what has no place of its own: the status without a panel, the mode of
/// the keys, a search, and on a small screen what tabs and footer would say.
fn draw_rule(buf: &mut Buffer, regions: &Regions, scene: &Scene<'_>, session: Option<&Session>, pulse: &mut Pulse) {
    let area = regions.rule;
    if area.height == 0 {
        return;
    }
    let theme = scene.theme;
    rule(buf, area.x, area.y, area.width, theme);
    if let Some(panel) = regions.panel {
        put(buf, panel.x, area.y, 1, &[span(theme.glyphs.border.tees[1], theme.border)]);
    }
    let is_bare = regions.footer.height == 0;
    let mut left: Spans = Vec::new();
    let mut right: Vec<Spans> = Vec::new();
    if is_bare {
        let n_waiting = state::waiting(scene.fleet, scene.ui).len();
        if n_waiting > 0 && regions.docked.height == 0 {
            right.push(vec![span(format!(" {n_waiting} waiting "), theme.badge_waiting)]);
        }
        if let Some(session) = session.filter(|session| session.mode.is_dangerous()) {
            right.push(state::mode(session.mode, theme));
        }
    }
    if let Some(session) = session.filter(|_| regions.panel.is_none()) {
        left = panel::status_line(scene, session, pulse);
    }
    if let Some(find) = scene.ui.tab().and_then(|tab| tab.find.as_ref()) {
        let at = if find.hits.is_empty() {
            "not found".into()
        } else {
            format!("{} of {}", find.current + 1, find.hits.len())
        };
        right.push(vec![span(format!("{} {at}", quoted(&flat(&find.text), theme)), theme.accent)]);
    }
    if scene.ui.focus(scene.fleet) == Context::Timeline {
        let key = scene.keymap.key_of(Action::LeaveTimeline).map(|key| format!("{key} leaves ")).unwrap_or_default();
        right.push(vec![span(format!(" TIMELINE {} {key}", theme.glyphs.separator), theme.badge)]);
    }
    let right = join(right, theme);
    let right_width = width::of_spans(&right);
    let wide = usize::from(area.width);
    let left_room = wide.saturating_sub(if right.is_empty() { 4 } else { right_width + 8 });
    if is_bare && let Some(toast) = toast::line(scene, regions, pulse, left_room.saturating_sub(2)) {
        left = toast;
    }
    if !left.is_empty() && left_room > 6 {
        let mut boxed = vec![span(" ", theme.text)];
        boxed.extend(fit(left, left_room.saturating_sub(2), theme));
        boxed.push(span(" ", theme.text));
        put(buf, area.x + 1, area.y, area.width.saturating_sub(1), &boxed);
    }
    if !right.is_empty() && right_width + 4 <= wide {
        let mut boxed = vec![span(" ", theme.text)];
        boxed.extend(right);
        boxed.push(span(" ", theme.text));
        let wide = u16::try_from(right_width + 2).unwrap_or(area.width);
        put(buf, area.right() - wide - 1, area.y, wide, &boxed);
    }
}

/// The panel over the timeline, where there is no room beside it.
fn overlay(buf: &mut Buffer, area: Rect, scene: &Scene<'_>, session: &Session, pulse: &mut Pulse) {
    let wide = PANEL_MAX.min(area.width.saturating_sub(8));
    if wide < 20 || area.height < 4 {
        return;
    }
    let at = Rect { x: area.right() - wide, width: wide, ..area };
    wipe(buf, at, scene.theme.text);
    for y in at.top()..at.bottom() {
        put(buf, at.x, y, 1, &[span(scene.theme.glyphs.border.vertical, scene.theme.border)]);
    }
    panel::draw(buf, at, scene, session, pulse);
}
