//! A row as the pieces that it is written in: a cluster, its columns, and whether terminals agree on them.

use ratatui::buffer::Cell;
use unicode_segmentation::UnicodeSegmentation as _;

use super::pen::Look;
use crate::tui::render::sanitize::HiddenKind;
use crate::tui::render::sanitize::hidden_kind;
use crate::tui::render::width;
use crate::tui::render::width::certain;

/// Stands for what cannot be written where it is.
const STAND_IN: &str = "□";

const JOINER: char = '\u{200d}';

/// A cluster and the columns that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'c> {
    pub(super) x: u16,
    pub(super) wide: u16,
    text: &'c str,
    look: Look,
    is_doubtful: bool,
}

impl Piece<'_> {
    /// The column behind it.
    pub(super) fn end(&self) -> u16 {
        self.x + self.wide
    }

    pub(super) fn look(&self) -> Look {
        self.look
    }

    /// Whether a terminal may put it into other cells than these.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Whether a cleared cell is all it is.
    pub(super) fn is_blank(&self) -> bool {
        self.text == " " && self.look.is_plain_ground()
    }

    /// The column behind everything that any terminal may draw of it.
    pub(super) fn reach(&self) -> usize {
        let reach = if self.is_doubtful { certain::widest(self.text) } else { 0 };
        usize::from(self.x) + reach.max(usize::from(self.wide))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.as_bytes());
        if self.text == STAND_IN {
            out.extend(std::iter::repeat_n(b' ', usize::from(self.wide.saturating_sub(1))));
        }
    }
}

/// The pieces of a row, from edge to edge.
pub(super) fn pieces(row: &[Cell]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::with_capacity(row.len());
    let mut at = 0;
    while let Some(cell) = row.get(at) {
        let piece = piece(cell, at, row);
        at += usize::from(piece.wide);
        pieces.push(piece);
    }
    pieces
}

fn piece<'c>(cell: &'c Cell, at: usize, row: &[Cell]) -> Piece<'c> {
    let x = u16::try_from(at).unwrap_or(u16::MAX);
    let look = Look::of(cell);
    let symbol = cell.symbol();
    if symbol.is_empty() || matches!(symbol.as_bytes(), [b' '..=b'~']) {
        let text = if symbol.is_empty() { " " } else { symbol };
        return Piece { x, wide: 1, text, look, is_doubtful: false };
    }
    let wide = width::of_grapheme(symbol).max(1);
    // What is drawn over its second half has cut it.
    let is_whole = row.get(at + 1..at + wide).is_some_and(|rest| rest.iter().all(|cell| cell.symbol() == " "));
    if !is_whole {
        return Piece { x, wide: 1, text: " ", look, is_doubtful: false };
    }
    let wide = u16::try_from(wide).unwrap_or(u16::MAX);
    let is_certain = is_single(symbol, certain::is_certain);
    if is_certain || (stands_alone(symbol) && at + certain::widest(symbol) <= row.len()) {
        return Piece { x, wide, text: symbol, look, is_doubtful: !is_certain };
    }
    Piece { x, wide, text: STAND_IN, look, is_doubtful: false }
}

fn is_single(symbol: &str, is_it: impl Fn(char) -> bool) -> bool {
    let mut chars = symbol.chars();
    chars.next().is_some_and(is_it) && chars.next().is_none()
}

/// Whether a cluster changes no cell but its own and those behind it: it begins with a character that takes a cell
/// on every terminal, and neither joins what stands before it nor waits for what comes behind it.
fn stands_alone(symbol: &str) -> bool {
    let Some(first) = symbol.chars().next() else { return false };
    let begins = matches!(hidden_kind(first), None | Some(HiddenKind::PrivateUse | HiddenKind::Space))
        && matches!(width::of_char(first), 1 | 2)
        && format!("a{first}").graphemes(true).count() == 2
        && format!("{first}a").graphemes(true).count() == 2;
    let acts = |c: char| match hidden_kind(c) {
        Some(HiddenKind::Control | HiddenKind::Bidi | HiddenKind::Tag) => true,
        Some(HiddenKind::Invisible) => !matches!(c, '\u{200c}' | JOINER),
        _ => false,
    };
    let is_half_a_flag = is_single(symbol, |c| matches!(c, '\u{1f1e6}'..='\u{1f1ff}'));
    begins && !is_half_a_flag && !symbol.ends_with(JOINER) && !symbol.chars().any(acts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    /// The pieces of a row of ten columns in which these symbols stand.
    fn texts(symbols: &[(u16, &str)]) -> Vec<(u16, u16, String, bool)> {
        let mut buf = Buffer::empty(Rect::new(0, 0, 10, 1));
        for (x, symbol) in symbols {
            buf[(*x, 0)].set_symbol(symbol);
        }
        let pieces = pieces(&buf.content);
        assert_eq!(pieces.iter().map(|piece| piece.wide).sum::<u16>(), 10);
        let told = |piece: &Piece<'_>| (piece.x, piece.wide, piece.text.to_owned(), piece.is_doubtful);
        pieces.iter().filter(|piece| !piece.is_blank()).map(told).collect()
    }

    #[test]
    fn tells_what_terminals_agree_on() {
        for (symbol, wide, is_doubtful) in [
            ("a", 1, false),
            ("中", 2, false),
            ("─", 1, false),
            ("⚠", 1, false),
            ("⚡", 2, true),
            ("e\u{301}", 1, true),
            ("🇩🇪", 2, true),
            ("ｶﾞ", 2, true),
            ("ب", 1, true),
        ] {
            assert_eq!(texts(&[(3, symbol)]), [(3, wide, symbol.to_owned(), is_doubtful)]);
        }
    }

    #[test]
    fn what_would_touch_other_cells_is_not_written() {
        for symbol in [
            "\u{301}",
            "\u{903}",
            "\u{600}1",
            "\u{d4e}ക",
            "\u{200d}",
            "👩\u{200d}",
            "🇩",
            "🏽",
            "\u{1160}",
            "\u{ad}",
            "\u{fff9}",
            "\u{1b}",
            "a\u{202e}",
            "x\u{e0041}",
            "\u{378}",
        ] {
            let told = texts(&[(3, symbol)]);
            assert!(told.iter().all(|(_, _, text, _)| text == STAND_IN || text == " "), "{symbol:?}: {told:?}");
        }
    }

    #[test]
    fn nothing_is_written_that_could_pass_the_edge() {
        assert_eq!(texts(&[(6, "🇩🇪")])[0].2, "🇩🇪");
        assert_eq!(texts(&[(7, "🇩🇪")]), [(7, 2, STAND_IN.to_owned(), false)]);
        assert_eq!(texts(&[(9, "e\u{301}")])[0].2, "e\u{301}");
        assert_eq!(texts(&[(9, "中")]), []);
    }

    #[test]
    fn a_cluster_that_is_cut_is_gone() {
        assert_eq!(texts(&[(3, "中"), (4, "│")]), [(4, 1, "│".to_owned(), false)]);
    }
}
