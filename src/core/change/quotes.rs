//! Curly quotes: a file's are found by straight ones, and what replaces them is curled alike.

use super::units;

const CURLY_SINGLE: [char; 2] = ['\u{2018}', '\u{2019}'];
const CURLY_DOUBLE: [char; 2] = ['\u{201C}', '\u{201D}'];

fn is_any(unit: u16, chars: [char; 2]) -> bool {
    chars.iter().any(|c| units::is(unit, *c))
}

/// The text with straight quotes; as long as before.
pub(super) fn straight(text: &[u16]) -> Vec<u16> {
    let one = |unit: &u16| match *unit {
        unit if is_any(unit, CURLY_SINGLE) => u16::from(b'\''),
        unit if is_any(unit, CURLY_DOUBLE) => u16::from(b'"'),
        unit => unit,
    };
    text.iter().map(one).collect()
}

/// The new text with the kinds of quotes that the replaced one has.
pub(super) fn curl(new: &[u16], actual: &[u16]) -> Vec<u16> {
    let has = |chars| actual.iter().any(|unit| is_any(*unit, chars));
    let (single, double) = (has(CURLY_SINGLE), has(CURLY_DOUBLE));
    let opens = |at: usize| {
        let before = at.checked_sub(1).map(|at| new[at]);
        before.is_none_or(|before| " \t\n\r([{\u{2014}\u{2013}".chars().any(|c| units::is(before, c)))
    };
    let side = |at: usize, [open, close]: [char; 2]| units::of(&(if opens(at) { open } else { close }).to_string());
    let mut out = Vec::with_capacity(new.len());
    for (at, unit) in new.iter().enumerate() {
        if double && units::is(*unit, '"') {
            out.extend(side(at, CURLY_DOUBLE));
        } else if single && units::is(*unit, '\'') {
            out.extend(side(at, CURLY_SINGLE));
        } else {
            out.push(*unit);
        }
    }
    out
}
