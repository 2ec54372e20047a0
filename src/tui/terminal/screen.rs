//! Frames as bytes: what was drawn is what stands on the screen, whatever the terminal makes of a cluster.
//!
//! **For:** writing what has changed since the last frame, and nothing else. **Not for:** deciding what is drawn.
//!
//! Terminals disagree about the cells of a cluster of several code points (flags, families, letters with marks)
//! and of young characters. So a row that holds such a cluster, or held one, is written whole when it changes,
//! from its first column on, and the cursor is placed anew behind each of them: whatever the terminal drew too
//! far is written over, whatever it drew too short was blank before. A row of certain characters costs only the
//! cells that changed, and a frame without a change costs nothing.
//!
//! Invariants:
//! - No cell depends on where the terminal believes its cursor to be after a cluster that is not certain.
//! - Nothing is written that joins the cell before it, that could pass the right edge, or that is a control.
//! - A frame is one synchronized update, in one write.

use std::io;
use std::io::Write;

use crossterm::cursor::Hide;
use crossterm::cursor::MoveTo;
use crossterm::cursor::Show;
use crossterm::queue;
use crossterm::terminal::BeginSynchronizedUpdate;
use crossterm::terminal::Clear;
use crossterm::terminal::ClearType;
use crossterm::terminal::EndSynchronizedUpdate;
use ratatui::buffer::Buffer;
use ratatui::buffer::Cell;
use ratatui::layout::Position;
use ratatui::layout::Rect;

use pen::Pen;
use piece::Piece;

/// The colours and attributes that the terminal writes in.
mod pen;
/// A row as the pieces that it is written in.
mod piece;

/// How much of the last frame can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// The terminal shows it.
    Shown,
    /// Every row is written whole, over whatever stands there.
    Rewrite,
    /// Anything may stand there: the screen is cleared first.
    Clear,
}

/// Where the cursor was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Unknown,
    Hidden,
    At(Position),
}

/// The screen of the terminal: what it shows, and the frame that comes next.
#[derive(Debug)]
pub struct Screen<W> {
    out: W,
    shown: Buffer,
    next: Buffer,
    trust: Trust,
    cursor: Cursor,
    bytes: Vec<u8>,
}

impl<W: Write> Screen<W> {
    /// Of what the terminal shows so far, nothing is taken for drawn.
    pub fn new(out: W, width: u16, height: u16) -> Self {
        let empty = Buffer::empty(Rect::new(0, 0, width, height));
        Self { out, shown: empty.clone(), next: empty, trust: Trust::Clear, cursor: Cursor::Unknown, bytes: Vec::new() }
    }

    /// The next frame has this size. A terminal that changed its size may have moved its text about, also when
    /// it has its old size again.
    pub fn resize(&mut self, width: u16, height: u16) {
        let area = Rect::new(0, 0, width, height);
        self.next = Buffer::empty(area);
        self.shown = Buffer::empty(area);
        self.clear();
    }

    /// Begins with an empty screen: somebody else wrote on it.
    pub fn clear(&mut self) {
        self.trust = Trust::Clear;
        self.cursor = Cursor::Unknown;
    }

    /// Writes every row again with the next frame.
    pub fn rewrite(&mut self) {
        if self.trust == Trust::Shown {
            self.trust = Trust::Rewrite;
        }
    }

    pub fn size(&self) -> (u16, u16) {
        (self.next.area.width, self.next.area.height)
    }

    /// The next frame, to be drawn on; it is empty.
    pub fn canvas(&mut self) -> &mut Buffer {
        &mut self.next
    }

    /// Brings the frame to the terminal.
    pub fn show(&mut self, cursor: Option<Position>) -> io::Result<()> {
        let cursor = cursor.map_or(Cursor::Hidden, Cursor::At);
        self.bytes.clear();
        let written = self.compose(cursor).and_then(|()| self.send());
        match written {
            Ok(()) => {
                std::mem::swap(&mut self.shown, &mut self.next);
                self.trust = Trust::Shown;
                self.cursor = cursor;
            }
            // Nobody knows how much of it arrived.
            Err(_) => self.clear(),
        }
        self.next.reset();
        written
    }

    fn send(&mut self) -> io::Result<()> {
        if self.bytes.is_empty() {
            return Ok(());
        }
        self.out.write_all(&self.bytes)?;
        self.out.flush()
    }

    fn compose(&mut self, cursor: Cursor) -> io::Result<()> {
        let out = &mut self.bytes;
        queue!(out, BeginSynchronizedUpdate)?;
        let n_begin = out.len();
        if self.trust == Trust::Clear {
            queue!(out, Clear(ClearType::All))?;
            self.shown.reset();
        }
        let mut pen = Pen::default();
        for y in 0..self.next.area.height {
            let (before, row) = (row_of(&self.shown, y), row_of(&self.next, y));
            if self.trust == Trust::Shown && before == row {
                continue;
            }
            let (before, row) = (piece::pieces(before), piece::pieces(row));
            if self.trust != Trust::Shown || before.iter().chain(&row).any(Piece::is_doubtful) {
                write_whole(out, &mut pen, y, &row, usize::from(self.next.area.width))?;
            } else {
                write_changes(out, &mut pen, y, &before, &row)?;
            }
        }
        pen.rest(out)?;
        let is_moved = out.len() > n_begin || self.cursor != cursor;
        if !is_moved {
            out.clear();
            return Ok(());
        }
        match (cursor, self.cursor) {
            (Cursor::At(at), Cursor::At(_)) => queue!(out, MoveTo(at.x, at.y))?,
            (Cursor::At(at), _) => queue!(out, MoveTo(at.x, at.y), Show)?,
            (Cursor::Hidden, Cursor::Hidden) => {}
            (Cursor::Hidden | Cursor::Unknown, _) => queue!(out, Hide)?,
        }
        queue!(out, EndSynchronizedUpdate)
    }
}

fn row_of(buffer: &Buffer, y: u16) -> &[Cell] {
    let wide = usize::from(buffer.area.width);
    let start = usize::from(y) * wide;
    buffer.content.get(start..start + wide).unwrap_or_default()
}

/// Writes a row from its first column on, so that nothing of what stood there is left.
fn write_whole(out: &mut Vec<u8>, pen: &mut Pen, y: u16, row: &[Piece<'_>], wide: usize) -> io::Result<()> {
    // Blanks at the end are cleared, unless a cluster may have reached that far.
    let end = row.iter().filter(|piece| !piece.is_blank()).map(Piece::reach).max().unwrap_or(0).min(wide);
    queue!(out, MoveTo(0, y))?;
    for piece in row.iter().take_while(|piece| usize::from(piece.x) < end) {
        pen.take(out, piece.look())?;
        if !piece.is_doubtful() {
            piece.write(out);
            continue;
        }
        if piece.wide > 1 {
            // A terminal that draws it narrower must not leave there what another cluster spilled.
            out.extend(std::iter::repeat_n(b' ', usize::from(piece.wide)));
            queue!(out, MoveTo(piece.x, y))?;
        }
        piece.write(out);
        if usize::from(piece.end()) < wide {
            queue!(out, MoveTo(piece.end(), y))?;
        }
    }
    if end < wide {
        pen.rest(out)?;
        queue!(out, Clear(ClearType::UntilNewLine))?;
    }
    Ok(())
}

/// Writes the pieces that cover a changed column. Both rows hold certain characters only.
fn write_changes(out: &mut Vec<u8>, pen: &mut Pen, y: u16, before: &[Piece<'_>], row: &[Piece<'_>]) -> io::Result<()> {
    let mut old = before.iter().peekable();
    let mut at = None;
    for piece in row {
        // A piece is as it was when exactly the same one stood in its columns.
        let mut is_same = false;
        while let Some(other) = old.next_if(|other| other.x < piece.end()) {
            is_same = other == piece;
        }
        if is_same {
            continue;
        }
        if at != Some(piece.x) {
            queue!(out, MoveTo(piece.x, y))?;
        }
        pen.take(out, piece.look())?;
        piece.write(out);
        at = Some(piece.end());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
