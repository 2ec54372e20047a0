//! The one boundary for outside text.
//!
//! For turning whatever a model, a tool, a file or a person sent into [`CleanText`], the only form
//! that the rest of this room accepts. [`sanitize`] is for reading: it drops what would disturb the
//! screen. [`reveal_with`] is for deciding: it drops nothing and shows everything, because an approval
//! must not look harmless for want of a glyph, nor differ from one terminal to the next. Not for
//! redacting secrets, and not for data that is sent on: what is approved goes out as it came in.
//!
//! Invariants:
//! - A `CleanText` holds no control character but `\n`.
//! - `sanitize` is idempotent.
//! - From a [`Revealed`] the original can be restored exactly.

mod escapes;
mod invisible;
mod lookalike;
mod reveal;
#[cfg(test)]
mod tests;

pub use invisible::HiddenKind;
pub use invisible::hidden_kind;
pub use lookalike::Lookalike;
pub use reveal::{Hidden, Revealed, reveal, reveal_draft, reveal_with};

use std::fmt;
use std::ops::Range;

use invisible::Joiners;

/// Columns between tab stops where tabs are expanded.
pub const TAB_WIDTH: usize = 4;

/// Text that may go to the terminal. Made by [`sanitize`] and [`reveal`] only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct CleanText {
    text: String,
    marks: Vec<Mark>,
}

/// A stretch of a text that stands for something else or deserves a second look.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Where, in bytes of the clean text.
    pub range: Range<usize>,
    /// Why.
    pub kind: MarkKind,
}

/// Why a stretch is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MarkKind {
    /// It stands for a character that would not show itself.
    Hidden,
    /// It stands for a tab.
    Tab,
    /// It is a word that imitates another.
    Lookalike,
}

/// One line of a [`CleanText`].
///
/// Equal only if the marks are equal too: a text that spells out a placeholder must not pass for
/// the character the placeholder stands for, in a diff least of all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CleanLine<'a> {
    text: &'a str,
    marks: Vec<Mark>,
    ends: bool,
}

/// Cleans text for reading.
///
/// Escape sequences go as a whole, unfinished ones too; a line rewritten after `\r` keeps its last
/// version; tabs become blanks; control, bidirectional and invisible characters go. So do joiners, so
/// that what they joined stands apart, because terminals disagree about the cells of it; a character
/// that joins whatever follows it is shown by its number.
pub fn sanitize(raw: &str) -> CleanText {
    clean(raw, Joiners::Dropped)
}

/// Only what would steer a terminal is taken out; every other character stays as it came.
pub use escapes::strip as strip_escapes;

/// The same for text that leaves the screen, such as by the clipboard: it keeps the joiners that emoji
/// and the scripts of South and West Asia need.
pub fn sanitize_joined(raw: &str) -> CleanText {
    clean(raw, Joiners::Kept)
}

fn clean(raw: &str, joiners: Joiners) -> CleanText {
    // Most text is plain, and this runs on every delta of a stream.
    if raw.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n')) {
        return CleanText::from_parts(raw.to_owned(), Vec::new());
    }
    CleanText::from_parts(invisible::drop_invisible(&escapes::strip(raw), joiners), Vec::new())
}

impl CleanText {
    fn from_parts(text: String, marks: Vec<Mark>) -> Self {
        Self { text, marks }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The marked stretches, in order and without overlap.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// The lines, without their `\n`. A final `\n` ends the last line and starts none.
    pub fn lines(&self) -> Vec<CleanLine<'_>> {
        let mut lines = Vec::new();
        let mut marks = self.marks.iter().peekable();
        let mut start = 0;
        for piece in self.text.split_inclusive('\n') {
            let end = start + piece.len();
            let mut line_marks = Vec::new();
            while let Some(mark) = marks.next_if(|mark| mark.range.start < end) {
                line_marks.push(Mark { range: mark.range.start - start..mark.range.end - start, kind: mark.kind });
            }
            let text = piece.strip_suffix('\n').unwrap_or(piece);
            lines.push(CleanLine { text, marks: line_marks, ends: text.len() < piece.len() });
            start = end;
        }
        lines
    }
}

impl fmt::Display for CleanText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'a> CleanLine<'a> {
    /// The text of the line.
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The marked stretches, relative to the line.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Whether a `\n` ended the line.
    pub fn ends(&self) -> bool {
        self.ends
    }

    /// The line without a marked carriage return at its end, and whether there was one.
    #[must_use]
    pub fn without_carriage_return(&self) -> (Self, bool) {
        let mut line = self.clone();
        let is_last = |mark: &Mark| {
            mark.kind == MarkKind::Hidden
                && mark.range.end == self.text.len()
                && self.text.get(mark.range.clone()).is_some_and(|t| t.contains("U+000D"))
        };
        let Some(mark) = line.marks.pop_if(|mark| is_last(mark)) else {
            return (line, false);
        };
        line.text = self.text.get(..mark.range.start).unwrap_or(self.text);
        (line, true)
    }
}
