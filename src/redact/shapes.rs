//! Secrets that tell by their form what they are. The forms stand in `assets/secrets/shapes.txt`.

use std::sync::LazyLock;

use regex::Regex;
use regex::RegexBuilder;
use regex::RegexSet;
use regex::RegexSetBuilder;

use super::mark;

/// A kind and a pattern a line, with a tab in between.
const DATA: &str = include_str!("../../assets/secrets/shapes.txt");

struct Shapes {
    set: RegexSet,
    rules: Vec<(&'static str, Regex)>,
}

// A test holds that every line of the data is one.
static SHAPES: LazyLock<Option<Shapes>> = LazyLock::new(|| {
    // Bytes, not characters: a key has no other letters, and what stands beside it does not matter.
    let rule = |(kind, pattern)| Some((kind, RegexBuilder::new(pattern).unicode(false).build().ok()?));
    let set = RegexSetBuilder::new(lines().map(|(_, pattern)| pattern)).unicode(false).build().ok()?;
    Some(Shapes { set, rules: lines().map(rule).collect::<Option<_>>()? })
});

pub(super) fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    DATA.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// Takes out keys that tell by their form what they are; `None` when there are none.
pub(super) fn redact(text: &str) -> Option<String> {
    let shapes = SHAPES.as_ref()?;
    let mut redacted: Option<String> = None;
    for place in shapes.set.matches(text) {
        let Some((kind, rule)) = shapes.rules.get(place) else { continue };
        let text = redacted.as_deref().unwrap_or(text);
        redacted = Some(rule.replace_all(text, mark(kind).as_str()).into_owned());
    }
    redacted.filter(|redacted| redacted != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_kind_and_a_pattern() {
        let is_kind = |kind: &str| kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(lines().all(|(kind, _)| is_kind(kind)));
        assert_eq!(DATA.lines().filter(|line| !line.starts_with('#')).count(), lines().count());
        assert_eq!(SHAPES.as_ref().unwrap().rules.len(), lines().count());
    }
}
