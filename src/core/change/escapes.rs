//! Characters that an edit, or the file, spells as `\uXXXX`.

use std::ops::ControlFlow;

use super::rules::CliRules;
use super::units;

const BACKSLASH: u16 = 0x5C;
/// A backslash, `u` and four digits.
const LEN: usize = 6;
/// Units that are compared at most while a spelling is looked for.
const MAX_WORK: usize = 1 << 26;

/// The character that an escape at the beginning of these units stands for.
fn read(units: &[u16]) -> Option<u16> {
    let digits = units.strip_prefix(&[BACKSLASH, u16::from(b'u')])?.get(..4)?;
    digits.iter().try_fold(0, |value: u16, digit| {
        let digit = char::from_u32(u32::from(*digit))?.to_digit(16)?;
        Some(value << 4 | u16::try_from(digit).ok()?)
    })
}

fn n_backslashes(units: &[u16]) -> usize {
    units.iter().rev().take_while(|unit| **unit == BACKSLASH).count()
}

/// The text with each escape as its character, where its backslash is not escaped itself.
pub(super) fn unescape(text: &[u16]) -> Vec<u16> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let run = text[at..].iter().take_while(|unit| **unit == BACKSLASH).count();
        if run == 0 {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let escape = if run % 2 == 1 { read(&text[at + run - 1..]) } else { None };
        out.resize(out.len() + run - usize::from(escape.is_some()), BACKSLASH);
        out.extend(escape);
        at += if escape.is_some() { run - 1 + LEN } else { run };
    }
    out
}

fn is_spelled(unit: u16) -> bool {
    unit >= 0x80
}

fn spell(unit: u16, upper: bool) -> Vec<u16> {
    units::of(&if upper { format!("\\u{unit:04X}") } else { format!("\\u{unit:04x}") })
}

/// Whether the old text, each of its characters beyond ASCII spelled as an escape, stands at the beginning.
fn stands(text: &[u16], old: &[u16]) -> bool {
    let mut at = 0;
    old.iter().all(|unit| {
        let rest = text.get(at..).unwrap_or_default();
        at += if is_spelled(*unit) { LEN } else { 1 };
        if is_spelled(*unit) { read(rest) == Some(*unit) } else { rest.first() == Some(unit) }
    })
}

/// Finds the old text where the file spells it with escapes; tells what stands there and what is put there.
pub(super) fn find(rules: CliRules, text: &[u16], old: &[u16], new: &[u16]) -> Option<(Vec<u16>, Vec<u16>)> {
    if !old.iter().any(|unit| is_spelled(*unit)) {
        return None;
    }
    let lower = |units: &[u16]| -> Vec<u16> {
        units.iter().map(|unit| u8::try_from(*unit).map_or(*unit, |byte| byte.to_ascii_lowercase().into())).collect()
    };
    let spelled: Vec<u16> =
        old.iter().flat_map(|unit| if is_spelled(*unit) { spell(*unit, false) } else { vec![*unit] }).collect();
    let (mut start, mut work) = (None, 0);
    units::search(&lower(text), &lower(&spelled), |at| {
        work += spelled.len();
        if stands(&text[at..], old) {
            start = Some(at);
        }
        if start.is_some() || work > MAX_WORK { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let start = start?;
    let actual = &text[start..start + spelled.len()];
    let is_real = is_real(actual, old) && !(actual[0] == BACKSLASH && n_backslashes(&text[..start]) % 2 == 1);
    if !rules.is_old() && !is_real {
        return None;
    }
    Some((actual.to_vec(), respell(actual, old, new)))
}

/// Whether every escape in it is one, and its end begins none.
fn is_real(actual: &[u16], old: &[u16]) -> bool {
    let mut at = 0;
    let all = old.iter().all(|unit| {
        let is_odd = is_spelled(*unit) && n_backslashes(&actual[..at]) % 2 == 1;
        at += if is_spelled(*unit) { LEN } else { 1 };
        !is_odd
    });
    all && n_backslashes(actual).is_multiple_of(2)
}

/// The new text spelled as the file spells the old one.
fn respell(actual: &[u16], old: &[u16], new: &[u16]) -> Vec<u16> {
    let mut known = std::collections::HashMap::new();
    let (mut at, mut n_upper, mut n_lower) = (0, 0, 0);
    for unit in old {
        if !is_spelled(*unit) {
            at += 1;
            continue;
        }
        let form = &actual[at..at + LEN];
        let digits = form[2..].iter().filter_map(|digit| u8::try_from(*digit).ok());
        for digit in digits {
            n_upper += usize::from(digit.is_ascii_uppercase());
            n_lower += usize::from(digit.is_ascii_lowercase());
        }
        known.insert(*unit, form.to_vec());
        at += LEN;
    }
    let one = |unit: &u16| match known.get(unit) {
        _ if !is_spelled(*unit) => vec![*unit],
        Some(form) => form.clone(),
        None => spell(*unit, n_upper > n_lower),
    };
    new.iter().flat_map(one).collect()
}
