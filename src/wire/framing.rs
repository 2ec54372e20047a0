//! Bytes to lines: the first step of reading the CLI's standard output.
//!
//! For: cutting a byte stream into lines as it arrives, in chunks of any size.
//! Not for: knowing what a line means (`decode`), nor for reading from anything (the engine does).
//!
//! Invariants:
//! - The frames depend on the bytes alone, never on how they were cut into chunks.
//! - Each byte is looked at once, so the cost is linear even when it arrives byte by byte.
//! - The memory held is at most the cap: a longer line is counted and thrown away up to its
//!   newline, and the lines behind it are read as if nothing had happened.

/// The default cap for one line. The CLI sends whole tool results, images included, as one line;
/// the largest seen were a few megabytes.
pub const DEFAULT_MAX_LINE_BYTES: usize = 32 * 1024 * 1024;

/// How much of a line that cannot be read is kept to be shown, in characters.
pub const PREVIEW_CHARS: usize = 200;
/// How much of a line over the cap is kept: enough to tell a request's id, which the CLI writes first.
const HEAD_BYTES: usize = 4 << 10;

/// One step of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A line without its ending, never blank.
    Line(String),
    /// A line over the cap. It is gone; `bytes` says how long it was.
    TooLong {
        /// Length of the line without its newline.
        bytes: u64,
        /// Its beginning, with U+FFFD where it could not be read.
        head: String,
    },
    /// A line that is not UTF-8. The CLI writes only UTF-8, so something else wrote to its stdout.
    NotUtf8 {
        /// Length of the line without its newline.
        bytes: u64,
        /// Its beginning, with U+FFFD where it could not be read.
        preview: String,
    },
}

/// An incremental line decoder; feed it with [`push`](Self::push), end it with
/// [`finish`](Self::finish).
#[derive(Debug)]
pub struct LineDecoder {
    max_bytes: usize,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The line so far, at most `max_bytes` long.
    Collecting(Vec<u8>),
    /// The line went over the cap; only its length and its beginning are kept until the newline comes.
    Discarding { bytes: u64, head: Vec<u8> },
}

impl Default for LineDecoder {
    fn default() -> Self {
        Self::new(DEFAULT_MAX_LINE_BYTES)
    }
}

impl LineDecoder {
    /// A decoder whose lines may be `max_bytes` long, not counting the newline.
    pub fn new(max_bytes: usize) -> Self {
        Self { max_bytes, state: State::Collecting(Vec::new()) }
    }

    /// Takes the next bytes and returns the frames they complete, often none.
    pub fn push(&mut self, mut bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.extend(&bytes[..end]);
            frames.extend(self.end_line());
            bytes = &bytes[end + 1..];
        }
        self.extend(bytes);
        frames
    }

    /// The stream has ended: returns what stood behind the last newline, if anything.
    pub fn finish(mut self) -> Option<Frame> {
        self.end_line()
    }

    /// How many bytes of an unfinished line are held.
    pub fn buffered_bytes(&self) -> usize {
        match &self.state {
            State::Collecting(line) => line.len(),
            State::Discarding { head, .. } => head.len(),
        }
    }

    /// The beginning of the line that is being thrown away, if one is.
    pub fn discarded_head(&self) -> Option<String> {
        match &self.state {
            State::Collecting(_) => None,
            State::Discarding { head, .. } => Some(String::from_utf8_lossy(head).into_owned()),
        }
    }

    fn extend(&mut self, part: &[u8]) {
        match &mut self.state {
            State::Collecting(line) if line.len() + part.len() <= self.max_bytes => {
                line.extend_from_slice(part);
            }
            State::Collecting(line) => {
                let bytes = (line.len() + part.len()) as u64;
                let head = line.iter().chain(part).take(HEAD_BYTES.min(self.max_bytes)).copied().collect();
                self.state = State::Discarding { bytes, head };
            }
            State::Discarding { bytes, .. } => *bytes += part.len() as u64,
        }
    }

    fn end_line(&mut self) -> Option<Frame> {
        match std::mem::replace(&mut self.state, State::Collecting(Vec::new())) {
            State::Collecting(line) => line_frame(line),
            State::Discarding { bytes, head } => {
                Some(Frame::TooLong { bytes, head: String::from_utf8_lossy(&head).into_owned() })
            }
        }
    }
}

fn line_frame(mut line: Vec<u8>) -> Option<Frame> {
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    if line.trim_ascii().is_empty() {
        return None;
    }
    match String::from_utf8(line) {
        Ok(text) => Some(Frame::Line(text)),
        Err(error) => {
            let line = error.as_bytes();
            // A character is at most four bytes, so this prefix holds all that is shown.
            let head = &line[..line.len().min(PREVIEW_CHARS * 4)];
            Some(Frame::NotUtf8 {
                bytes: line.len() as u64,
                preview: String::from_utf8_lossy(head).chars().take(PREVIEW_CHARS).collect(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frames_of(max_bytes: usize, chunks: &[&[u8]]) -> Vec<Frame> {
        let mut decoder = LineDecoder::new(max_bytes);
        let mut frames: Vec<Frame> = chunks.iter().flat_map(|c| decoder.push(c)).collect();
        frames.extend(decoder.finish());
        frames
    }

    fn line(text: &str) -> Frame {
        Frame::Line(text.to_owned())
    }

    fn too_long(bytes: u64, head: &str) -> Frame {
        Frame::TooLong { bytes, head: head.to_owned() }
    }

    #[test]
    fn cuts_lines_whatever_their_ending() {
        let cases: &[(&[u8], Vec<Frame>)] = &[
            (b"", vec![]),
            (b"\n\r\n  \n", vec![]),
            (b"a\nb\r\nc", vec![line("a"), line("b"), line("c")]),
            (b"a\rb\n", vec![line("a\rb")]),
            ("\u{e9}\u{2028}lo\n".as_bytes(), vec![line("\u{e9}\u{2028}lo")]),
            (b"12345678\n", vec![line("12345678")]),
            (b"123456789\nok\n", vec![too_long(9, "12345678"), line("ok")]),
            (b"ok\n1234567890", vec![line("ok"), too_long(10, "12345678")]),
        ];
        for (input, expected) in cases {
            assert_eq!(&frames_of(8, &[input]), expected, "{input:?}");
        }
    }

    #[test]
    fn shows_the_beginning_of_a_line_that_is_not_utf8() {
        let mut input = vec![b'x'; 1000];
        input[1] = 0xff;
        let frames = frames_of(4096, &[&input]);
        let [Frame::NotUtf8 { bytes: 1000, preview }] = frames.as_slice() else {
            panic!("{frames:?}");
        };
        assert!(preview.starts_with("x\u{fffd}x"));
        assert_eq!(preview.chars().count(), PREVIEW_CHARS);
    }

    #[test]
    fn holds_no_more_than_the_cap_of_an_endless_line() {
        let mut decoder = LineDecoder::new(1 << 16);
        let chunk = vec![b'x'; 10_000];
        for _ in 0..10_000 {
            assert_eq!(decoder.push(&chunk), vec![]);
            assert!(decoder.buffered_bytes() <= 1 << 16);
        }
        assert_eq!(decoder.push(b"\nnext\n"), vec![too_long(100_000_000, &"x".repeat(HEAD_BYTES)), line("next")]);
    }

    proptest! {
        #[test]
        fn chunking_does_not_matter(
            input in prop::collection::vec(
                prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'a'), Just(0xc3), any::<u8>()], 0..200),
            cuts in prop::collection::vec(0usize..200, 0..20),
            max_bytes in 1usize..40,
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(input.len())).collect();
            cuts.sort_unstable();
            let mut chunks = Vec::new();
            let mut start = 0;
            for cut in cuts {
                chunks.push(&input[start..cut]);
                start = cut;
            }
            chunks.push(&input[start..]);
            prop_assert_eq!(frames_of(max_bytes, &chunks), frames_of(max_bytes, &[&input]));
        }
    }
}
