//! Shows everything a text holds.
//!
//! For approvals, and more gently for what a person types and for other surfaces. Not for reading pleasure:
//! an emoji made of several characters shows its joiners, because a rule with exceptions is a place to hide.
//!
//! In an approval only characters stand raw that every terminal draws in the same cells and in the order in
//! which they run ([`certain`]): Latin, Greek, Cyrillic, Armenian, Georgian, Ethiopic, Chinese, Japanese, Korean,
//! signs, and emoji of one character. Everything else is shown by its number. That takes in Arabic and Hebrew,
//! which some terminals reorder, together with the signs between: what is read could be another command than
//! what runs. It takes in the scripts whose letters join, and letters with marks of their own, of which a
//! terminal may drop or move a part, and which look like the one character that means the same.

use unicode_segmentation::UnicodeSegmentation;

use super::invisible::{HiddenKind, hidden_kind};
use super::lookalike::{self, Lookalike};
use super::{CleanText, Mark, MarkKind, TAB_WIDTH};
use crate::tui::render::width;
use crate::tui::render::width::certain;
use crate::tui::theme::Glyphs;
use std::ops::Range;

/// Combining marks on one letter that the languages of the world write.
const MAX_COMBINING: usize = 3;

/// A text with everything visible, and the list of what was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revealed {
    /// What to show. Its marks say where hidden characters, tabs and look-alikes are.
    pub text: CleanText,
    /// The characters that would not have shown themselves, in order. Tabs are not among them.
    pub hidden: Vec<Hidden>,
    /// The words that imitate others, in order.
    pub lookalikes: Vec<Lookalike>,
}

impl Revealed {
    /// Whether the text is what it seems to be.
    pub fn is_plain(&self) -> bool {
        self.hidden.is_empty() && self.lookalikes.is_empty()
    }
}

/// A character that would not have shown itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// Its placeholder, in bytes of the revealed text.
    pub range: Range<usize>,
    /// The character.
    pub character: char,
    /// What it does.
    pub kind: HiddenKind,
}

impl Hidden {
    /// The code point as people write it: `U+202E`.
    pub fn label(&self) -> String {
        label(self.character)
    }
}

fn label(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

/// What may stand as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Raw {
    /// Whatever shows itself.
    Visible,
    /// What every terminal draws alike.
    Certain,
}

/// Shows everything `raw` holds: `\n` stays, a tab becomes an arrow and blanks, and whatever would
/// not show itself becomes `⟨U+202E⟩`. For surfaces that know how to draw every script.
pub fn reveal(raw: &str) -> Revealed {
    reveal_draft(raw, &Glyphs::unicode())
}

/// [`reveal`] with the marks of this terminal. For what a person types: they know what they meant.
pub fn reveal_draft(raw: &str, glyphs: &Glyphs) -> Revealed {
    revealed(raw, glyphs, Raw::Visible)
}

/// For approvals: what not every terminal draws alike is shown by its number too.
pub fn reveal_with(raw: &str, glyphs: &Glyphs) -> Revealed {
    revealed(raw, glyphs, Raw::Certain)
}

fn revealed(raw: &str, glyphs: &Glyphs, may: Raw) -> Revealed {
    let mut writer =
        Writer { glyphs, may, out: String::with_capacity(raw.len()), marks: Vec::new(), hidden: Vec::new(), column: 0 };
    for grapheme in raw.graphemes(true) {
        writer.grapheme(grapheme);
    }
    let lookalikes = lookalike::find(&writer.out);
    let mut marks = writer.marks;
    marks.extend(lookalikes.iter().map(|lookalike| Mark { range: lookalike.range.clone(), kind: MarkKind::Lookalike }));
    marks.sort_by_key(|mark| mark.range.start);
    Revealed { text: CleanText::from_parts(writer.out, marks), hidden: writer.hidden, lookalikes }
}

struct Writer<'a> {
    glyphs: &'a Glyphs,
    may: Raw,
    out: String,
    marks: Vec<Mark>,
    hidden: Vec<Hidden>,
    column: usize,
}

impl Writer<'_> {
    fn grapheme(&mut self, grapheme: &str) {
        let start = self.out.len();
        let mut has_letter = false;
        let mut n_combining = 0;
        for c in grapheme.chars() {
            let is_combining = width::of_char(c) == 0;
            match hidden_kind(c) {
                None if c == '\n' => {
                    self.out.push(c);
                    self.column = 0;
                    return;
                }
                Some(_) if c == '\t' => {
                    self.tab();
                    return;
                }
                Some(kind) => self.hidden(c, kind),
                None if self.may == Raw::Certain && !certain::is_certain(c) && !certain::is_plain_emoji(c) => {
                    self.hidden(c, HiddenKind::Doubtful);
                }
                None if is_combining => {
                    n_combining += 1;
                    if has_letter && n_combining <= MAX_COMBINING {
                        self.out.push(c);
                    } else {
                        self.hidden(c, HiddenKind::Combining);
                    }
                }
                None => {
                    has_letter = c.is_alphanumeric();
                    n_combining = 0;
                    self.out.push(c);
                }
            }
        }
        self.column += width::of(self.out.get(start..).unwrap_or_default());
    }

    fn tab(&mut self) {
        let start = self.out.len();
        let n_columns = TAB_WIDTH - self.column % TAB_WIDTH;
        self.out.push_str(self.glyphs.tab);
        let n_blanks = n_columns.saturating_sub(1);
        self.out.extend(std::iter::repeat_n(' ', n_blanks));
        self.column += n_columns;
        self.marks.push(Mark { range: start..self.out.len(), kind: MarkKind::Tab });
    }

    fn hidden(&mut self, character: char, kind: HiddenKind) {
        let [open, close] = self.glyphs.hidden_brackets;
        let start = self.out.len();
        self.out.push_str(open);
        self.out.push_str(&label(character));
        self.out.push_str(close);
        let range = start..self.out.len();
        self.marks.push(Mark { range: range.clone(), kind: MarkKind::Hidden });
        self.hidden.push(Hidden { range, character, kind });
    }
}
