//! Lines of a file, none too long for the memory.

use std::io;
use std::io::BufRead;

/// Longer lines are no records; only their beginning is kept.
pub const MAX_LINE_BYTES: usize = 2 * 1024 * 1024;

/// Reads the next line into `line`, without its break. Returns `None` at the end, else whether the line
/// ended with a break.
pub fn next(source: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    let mut has_begun = false;
    loop {
        let bytes = match source.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            return Ok(has_begun.then_some(false));
        }
        has_begun = true;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        let room = MAX_LINE_BYTES.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let n_read = part.len() + usize::from(end.is_some());
        source.consume(n_read);
        if end.is_some() {
            return Ok(Some(true));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_one_by_one_and_the_last_says_whether_it_ended() {
        let mut source = io::BufReader::with_capacity(3, &b"one\n\nthree"[..]);
        let mut line = Vec::new();
        let mut read = Vec::new();
        while let Some(ended) = next(&mut source, &mut line).unwrap() {
            read.push((String::from_utf8(line.clone()).unwrap(), ended));
        }
        assert_eq!(read, [("one".into(), true), (String::new(), true), ("three".into(), false)]);
        let long = vec![b'x'; MAX_LINE_BYTES + 10];
        let mut source = io::BufReader::new(&long[..]);
        assert_eq!(next(&mut source, &mut line).unwrap(), Some(false));
        assert_eq!(line.len(), MAX_LINE_BYTES);
        assert_eq!(next(&mut source, &mut line).unwrap(), None);
    }
}
