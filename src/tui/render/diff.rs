//! Two texts to a unified diff.
//!
//! For showing what an edit did or, in an approval, would do. Not for applying patches, and not
//! for reading files: both texts come from the caller. In an approval they come from
//! [`reveal`](super::sanitize::reveal), so that even a changed line ending can be seen.
//!
//! Invariants:
//! - Every removed and every added line is shown whole, wrapped hard. Only unchanged lines are
//!   left out, and a gap says how many.
//! - Lines are equal only if what is hidden in them is equal too.
//! - Beyond [`MAX_DIFF_LINES`] nothing is compared and everything is shown.

mod compare;
mod rows;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ratatui::text::Line;

use self::compare::{Step, common_edges, steps};
use self::rows::Rows;
use super::sanitize::{CleanLine, CleanText};
use crate::tui::theme::Theme;

/// Lines of both sides, the equal ones at the beginning and the end apart, that are compared.
pub const MAX_DIFF_LINES: usize = 20_000;

/// Unchanged lines shown around a change.
pub const CONTEXT_LINES: usize = 3;

/// The words in a diff that are not part of it.
#[derive(Debug, Clone, Copy)]
pub struct DiffWords {
    /// After a last line without its newline.
    pub no_newline: &'static str,
    /// Before a diff that was too large to compare.
    pub too_large: &'static str,
    /// Before a diff whose lines all end in a carriage return on both sides.
    pub crlf: &'static str,
    /// In place of a diff without a change.
    pub unchanged: &'static str,
    /// In place of the lines of an empty new or deleted file.
    pub empty: &'static str,
}

impl DiffWords {
    /// The words in English.
    pub const ENGLISH: Self = Self {
        no_newline: "no newline at end of file",
        too_large: "too large to compare: everything removed, then everything added",
        crlf: "CRLF line endings on both sides",
        unchanged: "no change",
        empty: "empty file",
    };
}

/// How to show a diff.
#[derive(Debug, Clone)]
pub struct DiffOptions {
    /// Columns to wrap at.
    pub width: usize,
    /// Unchanged lines around a change.
    pub context: usize,
    /// Number of the first line, for a piece from the middle of a file; zero where nobody knows it: then
    /// the lines have no numbers.
    pub first_line: usize,
    /// The words around it.
    pub words: DiffWords,
}

impl DiffOptions {
    /// A whole file with the usual context.
    pub fn new(width: usize) -> Self {
        Self { width, context: CONTEXT_LINES, first_line: 1, words: DiffWords::ENGLISH }
    }
}

/// A diff ready to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffView {
    /// The lines.
    pub lines: Vec<Line<'static>>,
    /// Lines added.
    pub n_added: usize,
    /// Lines removed.
    pub n_removed: usize,
    /// Whether the sides were compared. If not, the counts are those of the whole middle part.
    pub is_compared: bool,
}

/// The diff from `before` to `after`. `None` stands for a file that does not exist.
pub fn diff(before: Option<&CleanText>, after: Option<&CleanText>, options: &DiffOptions, theme: &Theme) -> DiffView {
    let mut old = before.map(CleanText::lines).unwrap_or_default();
    let mut new = after.map(CleanText::lines).unwrap_or_default();
    let highest = if options.first_line == 0 { 0 } else { options.first_line + old.len().max(new.len()) };
    let mut rows = Rows::new(options.width, highest, options.words.no_newline, theme);
    if drop_common_carriage_returns(&mut old, &mut new) {
        rows.note(options.words.crlf);
    }
    let is_compared = is_comparable(&old, &new);
    if !is_compared {
        rows.note(options.words.too_large);
    }
    let all = if is_compared { steps(&old, &new) } else { everything(&old, &new) };
    let (mut n_added, mut n_removed) = (0, 0);
    for step in &all {
        n_removed += step.removed().len();
        n_added += step.added().len();
    }
    let mut printer = Printer { rows: &mut rows, old: &old, new: &new, options };
    printer.print(&all);
    if n_added + n_removed == 0 {
        let both_exist = before.is_some() && after.is_some();
        rows.note(if both_exist { options.words.unchanged } else { options.words.empty });
    }
    DiffView { lines: rows.finish(), n_added, n_removed, is_compared }
}

/// Where every line ends in a carriage return, saying so once says it all.
fn drop_common_carriage_returns<'a>(old: &mut [CleanLine<'a>], new: &mut [CleanLine<'a>]) -> bool {
    let ended = || (old.iter().chain(new.iter())).filter(|line| line.ends());
    if ended().next().is_none() || !ended().all(|line| line.without_carriage_return().1) {
        return false;
    }
    for line in old.iter_mut().chain(new.iter_mut()).filter(|line| line.ends()) {
        *line = line.without_carriage_return().0;
    }
    true
}

fn is_comparable(old: &[CleanLine<'_>], new: &[CleanLine<'_>]) -> bool {
    let (n_head, n_tail) = common_edges(old, new);
    old.len() + new.len() - 2 * (n_head + n_tail) <= MAX_DIFF_LINES
}

/// All of the one side for all of the other, but for what both begin and end with.
fn everything(old: &[CleanLine<'_>], new: &[CleanLine<'_>]) -> Vec<Step> {
    let (n_head, n_tail) = common_edges(old, new);
    vec![
        Step::Same { new: 0..n_head },
        Step::Changed { old: n_head..old.len() - n_tail, new: n_head..new.len() - n_tail, pairs: false },
        Step::Same { new: new.len() - n_tail..new.len() },
    ]
}

/// Walks the steps and prints rows.
struct Printer<'p, 'a> {
    rows: &'p mut Rows<'a>,
    old: &'p [CleanLine<'p>],
    new: &'p [CleanLine<'p>],
    options: &'p DiffOptions,
}

impl Printer<'_, '_> {
    fn print(&mut self, all: &[Step]) {
        let has_change = all.iter().any(|step| matches!(step, Step::Changed { .. }));
        if !has_change {
            return;
        }
        for (step_idx, step) in all.iter().enumerate() {
            match step {
                Step::Same { new } => {
                    let is_first = step_idx == 0;
                    let is_last = step_idx + 1 == all.len();
                    self.same(new, is_first, is_last);
                }
                Step::Changed { old, new, pairs } => self.changed(old, new, *pairs),
            }
        }
    }

    /// Context after the last change, a gap, context before the next.
    fn same(&mut self, new: &Range<usize>, is_first: bool, is_last: bool) {
        let n_after = if is_first { 0 } else { self.options.context };
        let n_before = if is_last { 0 } else { self.options.context };
        let n_lines = new.len();
        // A gap of one line would take as much room as the line.
        if n_lines <= n_after + n_before + 1 {
            self.context(new.clone());
            return;
        }
        self.context(new.start..new.start + n_after);
        self.rows.gap(n_lines - n_after - n_before);
        self.context(new.end - n_before..new.end);
    }

    /// Unchanged lines have the number they have now.
    fn context(&mut self, new: Range<usize>) {
        for at in new {
            if let Some(line) = self.new.get(at) {
                self.rows.context(self.options.first_line + at, line);
            }
        }
    }

    fn changed(&mut self, old: &Range<usize>, new: &Range<usize>, pairs: bool) {
        let old_lines = self.old.get(old.clone()).unwrap_or_default();
        let new_lines = self.new.get(new.clone()).unwrap_or_default();
        let emphasis = compare::emphasis(old_lines, new_lines, pairs);
        for (at, line) in old_lines.iter().enumerate() {
            let words = emphasis.removed.get(at).map_or(&[][..], Vec::as_slice);
            self.rows.removed(self.options.first_line + old.start + at, line, words);
        }
        for (at, line) in new_lines.iter().enumerate() {
            let words = emphasis.added.get(at).map_or(&[][..], Vec::as_slice);
            self.rows.added(self.options.first_line + new.start + at, line, words);
        }
    }
}
