//! Text as the CLI has it: a row of UTF-16 code units. Every search is linear in the length of the text.

use std::ops::ControlFlow;

pub(super) const NEWLINE: u16 = 0x0A;
pub(super) const RETURN: u16 = 0x0D;
pub(super) const MARK: u16 = 0xFEFF;

pub(super) fn of(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// Half a surrogate pair becomes U+FFFD.
pub(super) fn to_text(units: &[u16]) -> String {
    String::from_utf16_lossy(units)
}

pub(super) fn is(unit: u16, c: char) -> bool {
    u32::from(unit) == u32::from(c)
}

/// What JavaScript takes for white space.
pub(super) fn is_space(unit: u16) -> bool {
    matches!(
        unit,
        0x09..=0x0D | 0x20 | 0xA0 | 0x1680 | 0x2000..=0x200A | 0x2028 | 0x2029 | 0x202F | 0x205F | 0x3000 | MARK
    )
}

/// Calls `found` with each place where the part stands, overlapping ones too, until it breaks.
pub(super) fn search(text: &[u16], part: &[u16], mut found: impl FnMut(usize) -> ControlFlow<()>) {
    if part.is_empty() || part.len() > text.len() {
        return;
    }
    // How much of the beginning of the part is also the end of each of its beginnings (Knuth, Morris and Pratt).
    let mut again = vec![0; part.len()];
    let mut n = 0;
    for at in 1..part.len() {
        while n > 0 && part[at] != part[n] {
            n = again[n - 1];
        }
        n += usize::from(part[at] == part[n]);
        again[at] = n;
    }
    n = 0;
    for (at, unit) in text.iter().enumerate() {
        while n > 0 && (n == part.len() || *unit != part[n]) {
            n = again[n - 1];
        }
        n += usize::from(*unit == part[n]);
        if n == part.len() && found(at + 1 - n).is_break() {
            return;
        }
    }
}

pub(super) fn find(text: &[u16], part: &[u16]) -> Option<usize> {
    let mut first = None;
    search(text, part, |at| {
        first = Some(at);
        ControlFlow::Break(())
    });
    first
}

/// The places where the part stands, none overlapping the one before it.
pub(super) fn places(text: &[u16], part: &[u16]) -> Vec<usize> {
    let mut places = Vec::new();
    let mut free_from = 0;
    search(text, part, |at| {
        if at >= free_from {
            places.push(at);
            free_from = at + part.len();
        }
        ControlFlow::Continue(())
    });
    places
}

/// The text with the part at these places replaced.
pub(super) fn put(text: &[u16], places: &[usize], len: usize, by: &[u16]) -> Vec<u16> {
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for at in places {
        out.extend_from_slice(&text[from..*at]);
        out.extend_from_slice(by);
        from = at + len;
    }
    out.extend_from_slice(&text[from..]);
    out
}
