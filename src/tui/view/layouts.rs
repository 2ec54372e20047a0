//! Lines laid out before, kept from frame to frame.
//!
//! A cell is laid out when it first comes near the window, and again when its revision, its fold, the
//! width or the theme changes. The window is found from its anchor, cell by cell, so that no frame lays
//! out a whole transcript; heights of cells far away are never needed.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use ratatui::text::Line;

use super::cells;
use super::cells::Env;
use super::cells::Laid;
use super::cells::Shape;
use crate::core::cell::Cell;
use crate::core::ids::ApprovalId;
use crate::core::ids::CellId;
use crate::core::ids::SessionId;
use crate::tui::theme::Theme;

/// Cells kept, over all sessions; beyond it those go that have not been near a window for longest.
const MAX_KEPT: usize = 4_096;

/// The cache of laid-out cells. Owned by the run loop; what is in it can always be computed anew.
#[derive(Debug)]
pub struct Layouts {
    zone: TimeZone,
    theme: Theme,
    cells: HashMap<(SessionId, CellId), Kept>,
    frame: u64,
    approval: Option<(ApprovalKey, ApprovalLines)>,

    page: Option<(PageKey, Vec<Line<'static>>)>,
}

#[derive(Debug)]
struct Kept {
    rev: u32,
    shape: Shape,
    used: u64,
    laid: Laid,
}

/// What the lines of an approval depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApprovalKey {
    pub(super) id: ApprovalId,
    pub(super) width: usize,
    /// The request as it came instead of what it means.
    pub(super) whole: bool,
    pub(super) n_same: usize,
}

/// An approval, laid out.
#[derive(Debug, Default)]
pub(super) struct ApprovalLines {
    pub(super) lines: Vec<Line<'static>>,
    /// The rows of what is dangerous, the worst first.
    pub(super) danger_rows: Vec<usize>,
}

/// What the lines of a page depend on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageKey {
    pub(super) text: String,
    pub(super) width: usize,
}

impl Default for Layouts {
    fn default() -> Self {
        Self::with_zone(TimeZone::system())
    }
}

impl Layouts {
    /// An empty cache that shows times in this zone.
    pub fn with_zone(zone: TimeZone) -> Self {
        Self { zone, theme: Theme::default(), cells: HashMap::new(), frame: 0, approval: None, page: None }
    }

    pub(super) fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    /// A new frame begins: another theme forgets everything, and too much is thinned out.
    pub(super) fn begin(&mut self, theme: &Theme) {
        if self.theme != *theme {
            self.theme = theme.clone();
            self.cells.clear();
            self.approval = None;
            self.page = None;
        }
        self.frame += 1;
        if self.cells.len() > MAX_KEPT {
            let mut ages: Vec<u64> = self.cells.values().map(|kept| kept.used).collect();
            ages.sort_unstable();
            let median = ages.get(ages.len() / 2).copied().unwrap_or(0);
            let frame = self.frame;
            self.cells.retain(|_, kept| kept.used > median || kept.used + 1 >= frame);
        }
    }

    /// The cell in this shape, laid out now if it was not.
    pub(super) fn cell(&mut self, session: SessionId, cell: &Cell, shape: Shape, env: &Env<'_>) -> &Laid {
        let kept = self.cells.entry((session, cell.id)).or_insert_with(|| Kept {
            rev: cell.rev.wrapping_sub(1),
            shape,
            used: 0,
            laid: Laid::default(),
        });
        kept.used = self.frame;
        if kept.rev != cell.rev || kept.shape != shape {
            let before = std::mem::take(&mut kept.laid);
            kept.laid = cells::lay(cell, shape, env, Some(before));
            kept.rev = cell.rev;
            kept.shape = shape;
        }
        &kept.laid
    }

    /// The lines of an approval, made by `make` if they are not those of the last frame.
    pub(super) fn approval(&mut self, key: ApprovalKey, make: impl FnOnce() -> ApprovalLines) -> &ApprovalLines {
        kept(&mut self.approval, key, make)
    }

    /// The lines of a page, made by `make` if they are not those of the last frame.
    pub(super) fn page(&mut self, key: PageKey, make: impl FnOnce() -> Vec<Line<'static>>) -> &[Line<'static>] {
        kept(&mut self.page, key, make).as_slice()
    }
}

fn kept<K: PartialEq, V>(slot: &mut Option<(K, V)>, key: K, make: impl FnOnce() -> V) -> &V {
    let old = slot.take().filter(|(kept, _)| *kept == key);
    &slot.insert(old.unwrap_or_else(|| (key, make()))).1
}
