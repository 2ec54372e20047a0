//! Entries to lines, each with the hash of the one before.
//!
//! A line is `{"n":NUMBER,…,"prev":"HASH","hash":"HASH"}`. Its hash is the SHA-256 of the very bytes of the
//! line before `,"hash":"`; `prev` is the hash of the line before, or zeros in the first one of all. What is
//! checked are bytes at fixed places: no reading of JSON decides whether a line is genuine.

use serde::Deserialize;
use serde::Serialize;

use super::entry::Entry;
use super::entry::sha256;

/// What the first line of all is chained to.
pub const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const HASH_CHARS: usize = START.len();

/// The last line of a chain, or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    pub n: u64,
    pub hash: String,
}

impl Default for Tip {
    fn default() -> Self {
        Self { n: 0, hash: START.to_owned() }
    }
}

/// Adds the line of an entry to `lines` and moves the tip on to it.
pub fn seal(tip: &mut Tip, entry: &Entry, lines: &mut String) {
    let n = tip.n.saturating_add(1);
    let text = format!(r#"{{"n":{n},{},"prev":"{}""#, entry.fields, tip.hash);
    let hash = sha256(text.as_bytes());
    lines.push_str(&text);
    lines.push_str(r#","hash":""#);
    lines.push_str(&hash);
    lines.push_str("\"}\n");
    *tip = Tip { n, hash };
}

/// A line that is what its own hash says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed<'a> {
    pub n: u64,
    pub prev: &'a str,
    pub hash: &'a str,
}

impl Sealed<'_> {
    pub fn tip(&self) -> Tip {
        Tip { n: self.n, hash: self.hash.to_owned() }
    }
}

/// Reads a line without its line break; `None` when it is no line of a chain, or was changed.
pub fn read(line: &[u8]) -> Option<Sealed<'_>> {
    let line = str::from_utf8(line).ok()?;
    let (text, hash) = split_hash(line.strip_suffix('}')?, r#","hash":""#)?;
    let (_, prev) = split_hash(text, r#","prev":""#)?;
    let n = claimed_number(line.as_bytes())?;
    (sha256(text.as_bytes()) == hash).then_some(Sealed { n, prev, hash })
}

/// The number that a line gives itself, also when it was changed.
pub fn claimed_number(line: &[u8]) -> Option<u64> {
    let rest = line.strip_prefix(br#"{"n":"#)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

/// Takes a field with a hash off the end.
fn split_hash<'a>(text: &'a str, field: &str) -> Option<(&'a str, &'a str)> {
    let text = text.strip_suffix('"')?;
    let place = text.len().checked_sub(HASH_CHARS)?;
    let (text, hash) = text.split_at_checked(place)?;
    let is_hash = hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    is_hash.then_some(())?;
    Some((text.strip_suffix(field)?, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_the_hash_of_the_one_before() {
        let entry = Entry { fields: r#""at":"x","kind":"closed""#.into(), is_urgent: false };
        let (mut tip, mut lines) = (Tip::default(), String::new());
        seal(&mut tip, &entry, &mut lines);
        seal(&mut tip, &entry, &mut lines);
        let read: Vec<Sealed<'_>> = lines.lines().map(|line| read(line.as_bytes()).unwrap()).collect();
        assert_eq!((read[0].n, read[0].prev), (1, START));
        assert_eq!((read[1].n, read[1].prev), (2, read[0].hash));
        assert_eq!(read[1].tip(), tip);
        let value: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(value["kind"], "closed");
    }

    #[test]
    fn anything_else_is_no_line_of_a_chain() {
        for text in ["", "{}", "}", "\"}", "{\"n\":1}", "\u{e9}\"}", &"é".repeat(80), &format!("{START}\"}}")] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
        assert_eq!(read(&[0xff; 200]), None);
        assert_eq!(claimed_number(b"{\"n\":99999999999999999999999}"), None);
    }
}
