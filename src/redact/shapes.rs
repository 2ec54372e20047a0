//! Secrets that tell by their form what they are. The forms stand in `assets/secrets/shapes.txt`.

use std::sync::LazyLock;

use super::windows::Found;
use super::windows::Rules;

/// A kind, a pattern and often words of each match a line, with tabs in between.
const DATA: &str = include_str!("../../assets/secrets/shapes.txt");

static SHAPES: LazyLock<Option<Rules<&'static str>>> = LazyLock::new(|| {
    let rule = |(kind, pattern): (&'static str, &'static str)| {
        let (pattern, words) =
            pattern.split_once('\t').map_or((pattern, None), |(pattern, words)| (pattern, Some(words)));
        let words = words
            .map_or_else(|| beginning(pattern).into_iter().collect(), |words| words.split_terminator('|').collect());
        (words, pattern.into(), kind)
    };
    Rules::of_keys(lines().map(rule))
});

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    DATA.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// Kinds and patterns.
#[cfg(test)]
pub(super) fn patterns() -> impl Iterator<Item = (&'static str, &'static str)> {
    lines().map(|(kind, rest)| (kind, rest.split('\t').next().unwrap_or_default()))
}

/// The letters that a pattern begins with.
fn beginning(pattern: &str) -> Option<&str> {
    let pattern = pattern.trim_start_matches(r"\b");
    let end = pattern.find(|c: char| !c.is_ascii_alphanumeric() && !"-_/:~".contains(c)).unwrap_or(pattern.len());
    pattern.get(..end).filter(|word| word.len() > 1)
}

/// Keys that tell by their form what they are.
pub(super) fn find(text: &str) -> Vec<Found> {
    let Some(shapes) = SHAPES.as_ref() else { return Vec::new() };
    shapes.find(text, |kind, found, all| all.extend(found.get(0).map(|key| (key.range(), *kind))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_kind_and_a_pattern_with_words() {
        let is_kind = |kind: &str| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(lines().all(|(kind, _)| is_kind(kind)));
        assert_eq!(DATA.lines().filter(|line| !line.starts_with('#')).count(), lines().count());
        assert_eq!(SHAPES.as_ref().unwrap().wrong(), (Vec::new(), lines().count()));
        let without: Vec<_> = lines().filter(|(_, rest)| !rest.contains('\t') && beginning(rest).is_none()).collect();
        assert!(without.is_empty(), "{without:?}");
    }
}
