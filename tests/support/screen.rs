//! Frames as text: what stands where, and in which style.

use std::fmt::Write;

use adjutant::core::approval::Approval;
use adjutant::core::fleet::Fleet;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::tui::input::keymap::Keymap;
use adjutant::tui::theme::Theme;
use adjutant::tui::ui::Ui;
use adjutant::tui::ui::approval::ApprovalFocus;
use adjutant::tui::ui::approval::ApprovalForm;
use adjutant::tui::ui::dialog::ListEntry;
use adjutant::tui::ui::tab::Tab;
use adjutant::tui::view;
use adjutant::tui::view::Drawn;
use adjutant::tui::view::Layouts;
use adjutant::tui::view::Scene;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::fleet::Story;

/// Everything a frame needs beside the fleet.
pub struct Stage {
    pub ui: Ui,
    pub keymap: Keymap,
    pub theme: Theme,
    pub layouts: Layouts,
    pub entries: Option<Vec<ListEntry>>,
}

impl Stage {
    /// A terminal with a tab for each session, the first one active.
    pub fn of(fleet: &Fleet) -> Self {
        let mut ui = Ui { home: "/home/me".into(), here: "/home/me/src/api".into(), ..Ui::default() };
        for session in fleet.sessions() {
            ui.order.push(session.id);
            let seen = session.transcript.n_ever();
            ui.tabs.insert(session.id, Tab { seen, ..Tab::default() });
        }
        ui.active = ui.order.first().copied();
        Self {
            ui,
            keymap: Keymap::default(),
            theme: Theme::ansi(),
            layouts: Layouts::with_zone(TimeZone::UTC),
            entries: None,
        }
    }

    pub fn tab(&mut self, id: u32) -> &mut Tab {
        self.ui.tabs.get_mut(&SessionId(id)).expect("the tab is open")
    }

    pub fn draw(&mut self, fleet: &Fleet, now: Timestamp, width: u16, height: u16) -> (Buffer, Drawn) {
        self.ui.screen.width = width;
        self.ui.screen.height = height;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let scene = Scene {
            fleet,
            ui: &self.ui,
            keymap: &self.keymap,
            theme: &self.theme,
            now,
            entries: self.entries.as_deref(),
        };
        let drawn = view::draw(&mut buffer, &scene, &mut self.layouts);
        (buffer, drawn)
    }
}

/// A request in a story, and a terminal whose eyes have been on it for a second.
pub fn looked_at(mut story: Story, approval: Approval) -> (Story, Stage) {
    let id = approval.id;
    let form = ApprovalForm::new(&approval);
    story.ask(approval);
    story.wait(1_000);
    let mut stage = Stage::of(&story.fleet);
    stage.ui.forms.insert(id, form);
    stage.ui.approval =
        Some(ApprovalFocus { drawn: Some(Timestamp(story.now.0 - 1_000)), ..ApprovalFocus::new(id, None) });
    (story, stage)
}

/// The rows of a buffer, without the blanks at their ends.
pub fn rows(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    let row = |y: u16| {
        let mut text = String::new();
        let mut skip = 0;
        for x in area.left()..area.right() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = symbol.width().saturating_sub(1);
            text.push_str(symbol);
        }
        text.trim_end().to_owned()
    };
    (area.top()..area.bottom()).map(row).collect()
}

/// Text, cursor, and a map of styles: a letter for each style, a legend below.
pub fn snapshot(buffer: &Buffer, cursor: Option<Position>) -> String {
    let area = buffer.area;
    let mut out = rows(buffer).join("\n");
    let cursor = cursor.map_or("hidden".to_owned(), |at| format!("{},{}", at.x, at.y));
    let _ = write!(out, "\n--- {}x{}, cursor {cursor} ---\n", area.width, area.height);
    let mut known: Vec<Style> = Vec::new();
    for y in area.top()..area.bottom() {
        let mut line = String::new();
        for x in area.left()..area.right() {
            let style = buffer[(x, y)].style();
            if is_plain(style) {
                line.push('.');
                continue;
            }
            let place = known.iter().position(|other| *other == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            line.push(letter(place));
        }
        out.push_str(line.trim_end_matches('.'));
        out.push('\n');
    }
    for (place, style) in known.iter().enumerate() {
        let _ = writeln!(out, "{} {}", letter(place), describe(*style));
    }
    out
}

fn is_plain(style: Style) -> bool {
    let no = |colour: Option<Color>| colour.is_none_or(|colour| colour == Color::Reset);
    no(style.fg) && no(style.bg) && style.add_modifier.is_empty()
}

fn letter(place: usize) -> char {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    LETTERS.chars().nth(place).unwrap_or('?')
}

fn describe(style: Style) -> String {
    let mut parts = Vec::new();
    if let Some(colour) = style.fg.filter(|colour| *colour != Color::Reset) {
        parts.push(colour.to_string().to_lowercase());
    }
    if let Some(colour) = style.bg.filter(|colour| *colour != Color::Reset) {
        parts.push(format!("on {}", colour.to_string().to_lowercase()));
    }
    for (name, _) in Modifier::all().iter_names().filter(|(_, modifier)| style.add_modifier.contains(*modifier)) {
        parts.push(name.to_lowercase());
    }
    parts.join(" ")
}
