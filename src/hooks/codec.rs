//! Bytes to lines, capped. A line that is too long, or no text, is an item and no error: the stream goes on behind it.

use std::io;

use tokio_util::bytes::Buf as _;
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;

/// A line is at most so long, both ways, without its end.
pub(super) const MAX_LINE: usize = 1 << 20;
/// What is kept of a longer one, from both of its ends: which call it would have answered may stand there.
const KEPT: usize = 512;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Line {
    Whole(String),
    /// The call that it seems to answer.
    TooLong {
        id: Option<u64>,
    },
    NotUtf8,
}

/// Reads lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// So many bytes of the buffer hold no end of a line.
    seen: usize,
    long: Option<Long>,
}

/// A line that is being thrown away.
#[derive(Debug)]
struct Long {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Long {
    fn add(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(KEPT)..]);
        let surplus = self.tail.len().saturating_sub(KEPT);
        self.tail.drain(..surplus);
    }

    fn id(&self) -> Option<u64> {
        first_id(&String::from_utf8_lossy(&self.head)).or_else(|| first_id(&String::from_utf8_lossy(&self.tail)))
    }
}

/// The number behind the first `"id":`.
fn first_id(text: &str) -> Option<u64> {
    let rest = &text[text.find("\"id\"")? + 4..];
    let digits = rest.trim_start().strip_prefix(':')?.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

impl Decoder for Lines {
    type Item = Line;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Line>> {
        loop {
            let end = memchr::memchr(b'\n', &buffer[self.seen..]).map(|place| self.seen + place);
            let Some(end) = end else {
                if self.long.is_some() || buffer.len() > MAX_LINE {
                    let long = self.long.get_or_insert_with(|| Long { head: Vec::new(), tail: Vec::new() });
                    long.add(buffer);
                    buffer.clear();
                }
                self.seen = buffer.len();
                return Ok(None);
            };
            self.seen = 0;
            let mut line = buffer.split_to(end);
            buffer.advance(1);
            if let Some(mut long) = self.long.take() {
                long.add(&line);
                return Ok(Some(Line::TooLong { id: long.id() }));
            }
            if line.last() == Some(&b'\r') {
                line.truncate(line.len() - 1);
            }
            if !line.is_empty() {
                return Ok(Some(whole(&line)));
            }
        }
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Line>> {
        if let Some(line) = self.decode(buffer)? {
            return Ok(Some(line));
        }
        // What has no end may have lost the rest of itself.
        buffer.clear();
        self.seen = 0;
        Ok(None)
    }
}

fn whole(bytes: &[u8]) -> Line {
    if bytes.len() > MAX_LINE {
        let mut long = Long { head: Vec::new(), tail: Vec::new() };
        long.add(bytes);
        return Line::TooLong { id: long.id() };
    }
    std::str::from_utf8(bytes).map_or(Line::NotUtf8, |text| Line::Whole(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the bytes in pieces of a size.
    fn lines(bytes: &[u8], piece: usize) -> Vec<Line> {
        let (mut lines, mut buffer, mut found) = (Lines::default(), BytesMut::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            buffer.extend_from_slice(piece);
            while let Some(line) = lines.decode(&mut buffer).unwrap() {
                found.push(line);
            }
            assert!(buffer.len() <= MAX_LINE, "no more is kept than a line may have");
        }
        while let Some(line) = lines.decode_eof(&mut buffer).unwrap() {
            found.push(line);
        }
        found
    }

    #[test]
    fn a_line_that_is_too_long_is_told_and_the_next_is_read() {
        let long = "x".repeat(2 << 20);
        let text =
            format!("{{\"id\":1}}\r\n\n{{\"result\":\"{long}\",\"id\": 7}}\n{{\"id\":8,\"r\":\"{long}\"}}\nend\n");
        for piece in [1 << 14, 1 << 20, 100 << 20] {
            assert_eq!(
                lines(text.as_bytes(), piece),
                [
                    Line::Whole("{\"id\":1}".into()),
                    Line::TooLong { id: Some(7) },
                    Line::TooLong { id: Some(8) },
                    Line::Whole("end".into())
                ]
            );
        }
    }

    #[test]
    fn exactly_the_cap_is_no_byte_too_many() {
        let line = "x".repeat(MAX_LINE);
        assert_eq!(lines(format!("{line}\ny\n").as_bytes(), 4096), [Line::Whole(line), Line::Whole("y".into())]);
        let line = "x".repeat(MAX_LINE + 1);
        assert_eq!(
            lines(format!("{line}\ny\n").as_bytes(), 1 << 21),
            [Line::TooLong { id: None }, Line::Whole("y".into())]
        );
    }

    #[test]
    fn bytes_that_are_no_text_cost_their_line_alone_and_a_piece_without_end_is_none() {
        assert_eq!(lines(b"\xff\xfe\nok\nhalf", 3), [Line::NotUtf8, Line::Whole("ok".into())]);
    }
}
