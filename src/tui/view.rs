//! The screen: everything the fold and the terminal's own state say, as one frame.
//!
//! **For:** turning state into a frame. **Not for:** changing state: what only drawing knows (how far a
//! dialog was seen, where a scroll request led, when the picture changes by itself) goes back as a value.
//!
//! Invariants: drawing never panics, whatever the size; text from outside passes `render::sanitize`
//! before it becomes a span; a frame costs what is visible, not what is stored.

use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use crate::core::fleet::Fleet;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::session::Session;
use crate::tui::input::keymap::Keymap;
use crate::tui::theme::Theme;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::Seen;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::Reading;
use crate::tui::ui::tab::Scroll;
use crate::tui::ui::tab::Tab;
use pulse::Pulse;

/// The approval dialog.
mod approval;
/// What a cell of the transcript looks like.
mod cells;
/// Text that is being typed.
mod composer;
/// Dialogs over the screen.
mod dialogs;
/// The last line.
mod footer;
/// Lines laid out before, kept from frame to frame.
mod layouts;
/// The screen under all dialogs.
mod main_screen;
/// The menu over the input box.
mod menu;
/// Boxes over the screen.
mod modal;
/// Putting styled text onto the buffer.
mod paint;
/// The progress panel.
mod panel;
/// What changes by itself.
mod pulse;
/// What an empty timeline shows.
mod start;
/// What a session is doing, in a mark and a word.
mod state;
/// Lines docked above the input.
mod strip;
/// The tab bar.
mod tabs;
/// The window over the cells.
mod timeline;
/// Short messages.
mod toast;

pub use layouts::Layouts;

/// Everything the frame is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub fleet: &'a Fleet,
    pub ui: &'a Ui,
    pub keymap: &'a Keymap,
    pub theme: &'a Theme,
    pub now: Timestamp,
    /// Rows of the topmost list dialog, computed by update.
    pub entries: Option<&'a [ListEntry]>,
}

/// What only drawing knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Where the cursor stands: input methods follow it.
    pub cursor: Option<Position>,
    /// The active tab's scroll after its `scroll_by` was carried out; the caller stores it and clears
    /// the requests.
    pub scroll: Option<(SessionId, Scroll)>,
    /// The approval dialog was on the screen with the focus, covered by nothing.
    pub approval: Option<ApprovalDrawn>,
    /// How far the topmost page can be scrolled.
    pub page_max_scroll: Option<usize>,
    /// How far the topmost question of ours was read.
    pub confirm: Option<Reading>,
    /// Something turns: the next frame is due within a tenth of a second.
    pub animates: bool,
    /// When something that counts, or that goes away by itself, changes next.
    pub next_change: Option<Timestamp>,
}

/// How much of an approval has been under the person's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalDrawn {
    pub id: ApprovalId,
    pub seen: Seen,
}

impl<'a> Scene<'a> {
    /// The session whose timeline shows.
    fn session(&self) -> Option<&'a Session> {
        self.fleet.get(self.ui.in_view(self.fleet)?)
    }

    /// Its tab.
    fn tab(&self) -> Option<&'a Tab> {
        self.ui.tabs.get(&self.ui.in_view(self.fleet)?)
    }
}

/// Draws the frame and reports what only drawing knows; changes nothing but the cache.
pub fn draw(buf: &mut Buffer, scene: &Scene<'_>, layouts: &mut Layouts) -> Drawn {
    let mut drawn = Drawn::default();
    let area = buf.area;
    if area.is_empty() {
        return drawn;
    }
    layouts.begin(scene.theme);
    let mut pulse = Pulse::new(scene.now);
    let n_sheet = approval::height(area, scene, layouts);
    let main = main_screen::draw(buf, area, scene, layouts, &mut pulse, n_sheet);
    drawn.cursor = main.cursor;
    drawn.scroll = main.scroll;
    if n_sheet == 0 && scene.ui.layers.is_empty() {
        menu::draw(buf, &main.regions, scene);
    }
    if n_sheet > 0 {
        let covered = !scene.ui.layers.is_empty();
        let reported = approval::draw(buf, main.regions.sheet, scene, layouts, &mut pulse, covered);
        drawn.approval = reported.drawn;
        drawn.cursor = reported.cursor;
    }
    if let Some(reported) = dialogs::draw(buf, &main.regions, scene, layouts, &mut pulse) {
        drawn.cursor = reported.cursor;
        drawn.page_max_scroll = reported.page_max_scroll;
        drawn.confirm = reported.confirm;
    }
    drawn.animates = pulse.animates;
    drawn.next_change = pulse.next;
    drawn
}
