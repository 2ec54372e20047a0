//! Names of files that need a person's eye: those that look secret, and those that steer tools.
//!
//! **For:** what rules, automatic reads, grants and marks ask of a path. **Not for:** contents, and not for where a
//! path leads: whoever asks looks at the name as written and at the real place.
//!
//! Invariants: pure; letters of any width, case and accent are the same; a pattern covers such a name only by naming
//! it: a wildcard alone never does.

use std::borrow::Cow;
use std::ops::Range;

use globset::GlobBuilder;

/// Who gets in.
pub mod access;
/// What looks as if it held a secret.
pub mod secret;
/// What runs something, or loosens a guard, once it is changed.
pub mod steering;

pub use access::lets_in;
pub use secret::looks_secret;
pub use steering::steers;
pub use steering::takes_effect;

/// The folders and the name of a path, as they are compared.
fn parts(path: &str) -> Vec<String> {
    path.split(['/', '\\'])
        .filter(|part| !part.is_empty() && *part != ".")
        .map(|part| folded(part).into_owned())
        .collect()
}

/// One name in small letters, of usual width, without accents that stand apart.
fn folded(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let usual = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    let is_accent = |c: char| ('\u{300}'..='\u{36f}').contains(&c);
    Cow::Owned(name.chars().filter(|c| !is_accent(*c)).map(usual).flat_map(char::to_lowercase).collect())
}

/// Where a sequence of names stands among the parts.
fn sequence(parts: &[String], names: &[&str]) -> Option<Range<usize>> {
    let at = parts.windows(names.len()).position(|window| window.iter().zip(names).all(|(part, name)| part == name))?;
    Some(at..at + names.len())
}

/// The outermost parts of a path that are marked: by a folder, by folders that count only together, by being adjutant's
/// own, or else by the last name.
fn outermost(
    parts: &[String],
    folders: &[&str],
    sequences: &[&[&str]],
    is_name: fn(&str) -> bool,
) -> Option<Range<usize>> {
    let folder = parts.iter().position(|part| folders.contains(&part.as_str())).map(|at| at..at + 1);
    let together = sequences.iter().filter_map(|names| sequence(parts, names)).min_by_key(|range| range.start);
    let first = [folder, together, own(parts)].into_iter().flatten().min_by_key(|range| range.start);
    first.or_else(|| {
        let last = parts.len().checked_sub(1)?;
        is_name(&parts[last]).then(|| last..last + 1)
    })
}

/// adjutant's own configuration and data, but for the worktrees that it keeps for sessions.
fn own(parts: &[String]) -> Option<Range<usize>> {
    const PLACES: [&[&str]; 6] = [
        &[".config", "adjutant"],
        &[".local", "share", "adjutant"],
        &[".local", "state", "adjutant"],
        &[".cache", "adjutant"],
        &["application support", "adjutant"],
        &["preferences", "adjutant"],
    ];
    let found = PLACES.iter().find_map(|names| sequence(parts, names))?;
    (parts.get(found.end).map(String::as_str) != Some("worktrees")).then_some(found)
}

/// Whether a pattern of paths names everything that is marked about a path. What stands below a named folder is named.
fn is_named(path: &str, pattern: &str, marked: &dyn Fn(&[String]) -> Option<Range<usize>>) -> bool {
    let all = parts(path);
    let Some(range) = marked(&all) else { return true };
    let of_pattern = parts(pattern);
    range.into_iter().all(|at| of_pattern.iter().any(|named| names(named, &all[at], marked)))
}

/// Whether one part of a pattern names one part of a path.
fn names(named: &str, part: &str, marked: &dyn Fn(&[String]) -> Option<Range<usize>>) -> bool {
    if named == part || without_escapes(named) == part {
        return true;
    }
    let has_wildcard = named.contains(['*', '?', '[', '{']);
    // `.env*` and `*.pem` say what they are about; `*` and `*.json` do not.
    has_wildcard
        && marked(&[named.to_owned()]).is_some()
        && GlobBuilder::new(named).build().is_ok_and(|glob| glob.compile_matcher().is_match(part))
}

/// A name in which every wildcard was taken literally: `a[*]` is `a*`.
fn without_escapes(named: &str) -> String {
    let mut text = String::new();
    let mut chars = named.chars().peekable();
    while let Some(c) = chars.next() {
        let mut ahead = chars.clone();
        match (c, ahead.next(), ahead.next()) {
            ('[', Some(inner), Some(']')) if "*?[]{}!".contains(inner) => {
                text.push(inner);
                chars = ahead;
            }
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_width_and_accents() {
        assert_eq!(parts("/A/./ｐａｓｓＷＯＲＤ/cont\u{303}a"), ["a", "password", "conta"]);
        assert_eq!(without_escapes("a[*]b[[]"), "a*b[");
    }
}
