//! The colours and attributes that the terminal writes in, changed by as little as it takes.

use std::io;

use crossterm::queue;
use crossterm::style::Attribute;
use crossterm::style::Colors;
use crossterm::style::SetAttribute;
use crossterm::style::SetColors;
use crossterm::style::SetUnderlineColor;
use ratatui::backend::IntoCrossterm as _;
use ratatui::buffer::Cell;
use ratatui::style::Color;
use ratatui::style::Modifier;

/// Attributes that are seen where nothing is written.
const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::SLOW_BLINK)
    .union(Modifier::RAPID_BLINK)
    .union(Modifier::CROSSED_OUT);

const ATTRIBUTES: [(Modifier, Attribute); 9] = [
    (Modifier::BOLD, Attribute::Bold),
    (Modifier::DIM, Attribute::Dim),
    (Modifier::ITALIC, Attribute::Italic),
    (Modifier::UNDERLINED, Attribute::Underlined),
    (Modifier::SLOW_BLINK, Attribute::SlowBlink),
    (Modifier::RAPID_BLINK, Attribute::RapidBlink),
    (Modifier::REVERSED, Attribute::Reverse),
    (Modifier::HIDDEN, Attribute::Hidden),
    (Modifier::CROSSED_OUT, Attribute::CrossedOut),
];

/// What a cell looks like, apart from its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Look {
    fg: Color,
    bg: Color,
    underline: Color,
    modifier: Modifier,
}

impl Look {
    pub(super) fn of(cell: &Cell) -> Self {
        Self { fg: cell.fg, bg: cell.bg, underline: cell.underline_color, modifier: cell.modifier }
    }

    /// Whether a blank in it is a cleared cell.
    pub(super) fn is_plain_ground(&self) -> bool {
        self.bg == Self::default().bg && !self.modifier.intersects(SEEN_ON_BLANKS)
    }
}

/// What the terminal writes in now. It begins and ends each frame with its own.
#[derive(Debug, Default)]
pub(super) struct Pen {
    look: Look,
}

impl Pen {
    /// Writes on in this look.
    pub(super) fn take(&mut self, out: &mut Vec<u8>, look: Look) -> io::Result<()> {
        if look == self.look {
            return Ok(());
        }
        // Attributes go only all at once: some share the sequence that ends them.
        if !look.modifier.contains(self.look.modifier) {
            self.rest(out)?;
        }
        for (modifier, attribute) in ATTRIBUTES {
            if look.modifier.contains(modifier) && !self.look.modifier.contains(modifier) {
                queue!(out, SetAttribute(attribute))?;
            }
        }
        let fg = (look.fg != self.look.fg).then(|| look.fg.into_crossterm());
        let bg = (look.bg != self.look.bg).then(|| look.bg.into_crossterm());
        if fg.is_some() || bg.is_some() {
            queue!(out, SetColors(Colors { foreground: fg, background: bg }))?;
        }
        if look.underline != self.look.underline {
            queue!(out, SetUnderlineColor(look.underline.into_crossterm()))?;
        }
        self.look = look;
        Ok(())
    }

    /// Back to the terminal's own colours, without attributes.
    pub(super) fn rest(&mut self, out: &mut Vec<u8>) -> io::Result<()> {
        if self.look != Look::default() {
            queue!(out, SetAttribute(Attribute::Reset))?;
            self.look = Look::default();
        }
        Ok(())
    }
}
