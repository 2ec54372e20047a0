//! Which characters do not show themselves, and how to live without them.
//!
//! For the second half of `sanitize` and for the classes that `reveal` reports. The classes name
//! what a character does to a reader, not its Unicode category.

use unicode_segmentation::UnicodeSegmentation as _;

use super::TAB_WIDTH;
use crate::tui::render::width;

/// What a hidden character does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HiddenKind {
    /// A control character, such as the start of an escape sequence.
    Control,
    /// Changes the direction of text, so that it reads otherwise than it runs.
    Bidi,
    /// Takes no room, or only blank room.
    Invisible,
    /// Changes the look of its neighbour; can carry data.
    Variation,
    /// A tag: an invisible twin of an ASCII character; can carry hidden text.
    Tag,
    /// A blank that is not the ordinary space.
    Space,
    /// A combining mark without a letter to sit on, or too many on one.
    Combining,
    /// Has no agreed meaning or glyph.
    PrivateUse,
    /// Unassigned or a formatting character not named above.
    Unprintable,
    /// Visible, but not in the same place and form on every terminal.
    Doubtful,
}

/// Marks on one base that a script may need; more are only there to spill over other lines.
const MAX_COMBINING: usize = 6;

/// Why `c` would not show itself on its own, or `None` if it would.
pub fn hidden_kind(c: char) -> Option<HiddenKind> {
    match c {
        ' '..='~' | '\n' => None,
        _ if c.is_control() => Some(HiddenKind::Control),
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(HiddenKind::Bidi)
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d159}'
        | '\u{1d173}'..='\u{1d17a}' => Some(HiddenKind::Invisible),
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            Some(HiddenKind::Variation)
        }
        '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}' => Some(HiddenKind::Tag),
        _ if c.is_whitespace() => Some(HiddenKind::Space),
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(HiddenKind::PrivateUse),
        _ if !is_printable(c) => Some(HiddenKind::Unprintable),
        _ => None,
    }
}

/// Whether the standard library would print `c` in a debug string.
///
/// It escapes what Unicode calls control, format, surrogate, private, unassigned and separator,
/// and it keeps those tables up to date. After a letter it leaves combining marks alone.
fn is_printable(c: char) -> bool {
    let mut bytes = [b'a', 0, 0, 0, 0];
    let Some(tail) = bytes.get_mut(1..) else {
        return false;
    };
    let n_bytes = 1 + c.encode_utf8(tail).len();
    bytes
        .get(..n_bytes)
        .and_then(|used| std::str::from_utf8(used).ok())
        .is_some_and(|text| text.escape_debug().count() == 2)
}

/// What becomes of the characters that join their neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joiners {
    /// They stay where they do what they are for.
    Kept,
    /// They go, and what they joined stands apart: terminals do not agree on what they make of it.
    Dropped,
}

/// Drops what a reader cannot see and expands tabs. `text` has no other control character.
pub(super) fn drop_invisible(text: &str, joiners: Joiners) -> String {
    let mut out = String::with_capacity(text.len());
    let mut previous = '\n';
    let mut n_combining = 0;
    let mut column = 0;
    let mut measured = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\t' => {
                column += width::of(out.get(measured..).unwrap_or_default());
                let n_blanks = TAB_WIDTH - column % TAB_WIDTH;
                out.extend(std::iter::repeat_n(' ', n_blanks));
                column += n_blanks;
                measured = out.len();
                previous = ' ';
                continue;
            }
            '\n' => {
                out.push(c);
                column = 0;
                measured = out.len();
                previous = c;
                continue;
            }
            '\u{200c}' | '\u{200d}' => {
                if joiners == Joiners::Dropped {
                    continue;
                }
                // Room for the joiner and for what it joins, or it would join nothing.
                let has_room = n_combining + 2 <= MAX_COMBINING;
                if !has_room || !chars.peek().is_some_and(|&next| joins(c, previous, next)) {
                    continue;
                }
            }
            '\u{fe0e}' | '\u{fe0f}' if takes_presentation(previous) => {}
            _ if matches!(
                hidden_kind(c),
                Some(HiddenKind::Bidi | HiddenKind::Invisible | HiddenKind::Variation | HiddenKind::Tag)
            ) =>
            {
                continue;
            }
            // It would join what follows, or on some terminals what precedes.
            _ if joiners == Joiners::Dropped && is_prepended(c) => {
                out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
                n_combining = 0;
                previous = '⟩';
                continue;
            }
            _ => {}
        }
        if width::of_char(c) == 0 {
            n_combining += 1;
            if n_combining > MAX_COMBINING {
                continue;
            }
        } else {
            n_combining = 0;
        }
        out.push(c);
        previous = c;
    }
    out
}

/// Whether `c` makes one cluster with whatever follows it.
fn is_prepended(c: char) -> bool {
    c > '\u{5ff}' && format!("{c}a").graphemes(true).count() == 1
}

/// Whether a joiner between the two does what joiners are for.
fn joins(joiner: char, previous: char, next: char) -> bool {
    let is_script = |c: char| {
        matches!(c, '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
            && hidden_kind(c).is_none()
    };
    let is_emoji = |c: char| is_pictograph(c) || matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    (joiner == '\u{200d}' && is_emoji(previous) && is_pictograph(next)) || (is_script(previous) && is_script(next))
}

/// Whether text or emoji presentation can be chosen for `c`.
fn takes_presentation(c: char) -> bool {
    is_pictograph(c) || matches!(c, '#' | '*' | '0'..='9' | '©' | '®')
}

fn is_pictograph(c: char) -> bool {
    matches!(
        c,
        '\u{203c}'
            | '\u{2049}'
            | '\u{2122}'
            | '\u{2139}'
            | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{27bf}'
            | '\u{2934}'
            | '\u{2935}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{3030}'
            | '\u{303d}'
            | '\u{3297}'
            | '\u{3299}'
            | '\u{1f000}'..='\u{1f3fa}'
            | '\u{1f400}'..='\u{1faff}'
    )
}
