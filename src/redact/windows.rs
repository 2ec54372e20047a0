//! Patterns that are tried only near words without which they cannot match: one search for all words, and then each
//! pattern where its words stand. The price of a text is that of the search, whatever the number of patterns.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use aho_corasick::AhoCorasickBuilder;
use aho_corasick::MatchKind;
use regex::Captures;
use regex::Regex;
use regex::RegexBuilder;

use super::MARK;
use super::mark;

/// How far before a word a match may begin, and how far behind it one is looked for. One that reaches the end of its
/// window is looked for in a larger one.
const BEFORE: usize = 400;
const BEHIND: usize = 800;
/// Words of a form that is known by its length alone are at least so long.
const LONG_WORD: usize = 26;

/// A place of a text and the kind of secret that stands there.
pub(super) type Found = (Range<usize>, &'static str);

/// A rule as it is given: words, one of which every match has near it (without any, a long word), the pattern, and what is
/// known of it.
pub(super) type Given<'a, T> = (Vec<&'a str>, Cow<'static, str>, T);

/// Patterns with what is known of each.
pub(super) struct Rules<T> {
    words: AhoCorasick,
    /// Which rule each word belongs to.
    owners: Vec<usize>,
    /// Those that long words alone announce.
    by_length: Vec<usize>,
    all: Vec<Rule<T>>,
    is_unicode: bool,
}

struct Rule<T> {
    pattern: Cow<'static, str>,
    /// Made when one of its words is there for the first time.
    regex: OnceLock<Option<Regex>>,
    about: T,
}

impl<T> Rules<T> {
    /// Whose words are of any case, for text.
    pub(super) fn of_texts<'a>(rules: impl Iterator<Item = Given<'a, T>>) -> Option<Self> {
        Self::new(rules, true)
    }

    /// Whose words are of just this case and whose patterns are about bytes, for keys.
    pub(super) fn of_keys<'a>(rules: impl Iterator<Item = Given<'a, T>>) -> Option<Self> {
        Self::new(rules, false)
    }

    fn new<'a>(rules: impl Iterator<Item = Given<'a, T>>, is_unicode: bool) -> Option<Self> {
        let (mut words, mut owners, mut by_length, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, (own, pattern, about)) in rules.enumerate() {
            if own.is_empty() {
                by_length.push(place);
            }
            owners.extend(own.iter().map(|_| place));
            words.extend(own);
            kept.push(Rule { pattern, regex: OnceLock::new(), about });
        }
        let words = AhoCorasickBuilder::new()
            .match_kind(MatchKind::Standard)
            .ascii_case_insensitive(is_unicode)
            .build(words)
            .ok()?;
        Some(Self { words, owners, by_length, all: kept, is_unicode })
    }

    /// The patterns that are none, and how many rules there are.
    #[cfg(test)]
    pub(super) fn wrong(&self) -> (Vec<&str>, usize) {
        let wrong = self.all.iter().filter(|rule| self.regex(rule).is_none());
        (wrong.map(|rule| &*rule.pattern).collect(), self.all.len())
    }

    // A test holds that every pattern is one.
    fn regex<'r>(&self, rule: &'r Rule<T>) -> Option<&'r Regex> {
        let build = || RegexBuilder::new(&rule.pattern).unicode(self.is_unicode).build().ok();
        rule.regex.get_or_init(build).as_ref()
    }

    /// What the rules find in a text, in the order of the rules.
    pub(super) fn find(&self, text: &str, mut judge: impl FnMut(&T, &Captures<'_>, &mut Vec<Found>)) -> Vec<Found> {
        let mut all = Vec::new();
        let mut before = (usize::MAX, 0);
        for (place, window) in self.windows(text) {
            let Some((rule, regex)) = self.all.get(place).and_then(|rule| Some((rule, self.regex(rule)?))) else {
                continue;
            };
            let done = if before.0 == place { before.1 } else { 0 };
            let window = done.max(window.start)..window.end;
            before = (place, search(text, regex, window, |found| judge(&rule.about, found, &mut all)));
        }
        all
    }

    /// Where each rule has to be tried, by rule and place. They do not overlap.
    fn windows(&self, text: &str) -> Vec<(usize, Range<usize>)> {
        let mut hits: Vec<(usize, Range<usize>)> = Vec::new();
        for word in self.words.find_overlapping_iter(text) {
            if let Some(owner) = self.owners.get(word.pattern().as_usize()) {
                hits.push((*owner, word.start().saturating_sub(BEFORE)..(word.end() + BEHIND).min(text.len())));
            }
        }
        if !self.by_length.is_empty() {
            for word in long_words(text.as_bytes()) {
                hits.extend(self.by_length.iter().map(|rule| (*rule, word.clone())));
            }
        }
        hits.sort_by_key(|(rule, window)| (*rule, window.start));
        let mut windows: Vec<(usize, Range<usize>)> = Vec::new();
        for (rule, window) in hits {
            match windows.last_mut() {
                Some((last, wide)) if *last == rule && window.start <= wide.end => wide.end = wide.end.max(window.end),
                _ => windows.push((rule, window)),
            }
        }
        for (_, window) in &mut windows {
            *window = text.floor_char_boundary(window.start)..text.ceil_char_boundary(window.end);
        }
        windows
    }
}

/// Finds every match that begins in the window; gives the end of what was looked at.
fn search(text: &str, rule: &Regex, window: Range<usize>, mut found: impl FnMut(&Captures<'_>)) -> usize {
    let (mut from, mut end) = (window.start, window.end);
    while from < end {
        let Some(captures) = rule.captures_at(&text[..end], from) else { return end };
        let Some(whole) = captures.get(0) else { return end };
        // It may go on behind the window.
        if whole.end() == end && end < text.len() {
            end = text.ceil_char_boundary((end + 2 * (end - whole.start()).max(BEHIND)).min(text.len()));
            continue;
        }
        found(&captures);
        from = if whole.end() > from { whole.end() } else { text.ceil_char_boundary(from + 1) };
    }
    end
}

/// Words that are long enough for a key.
fn long_words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.~+/=".contains(byte);
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at + text[at..].iter().position(is_part)?;
            at = start + text[start..].iter().position(|byte| !is_part(byte)).unwrap_or(text.len() - start);
            if at - start >= LONG_WORD {
                return Some(start..at);
            }
        }
        None
    })
}

/// The text with marks in all these places; `None` when there are none. Where places overlap, all of them go, under the
/// kind of the first. What begins or ends within a mark that is there is left as it is.
pub(super) fn replaced(text: &str, mut places: Vec<Found>) -> Option<String> {
    if places.is_empty() {
        return None;
    }
    let marks: Vec<Range<usize>> = text
        .match_indices(MARK)
        .map(|(start, _)| start..text[start..].find(']').map_or(text.len(), |end| start + end + 1))
        .collect();
    let cuts =
        |at: usize| marks[..marks.partition_point(|mark| mark.start < at)].last().is_some_and(|mark| at < mark.end);
    places.retain(|(place, _)| !cuts(place.start) && !cuts(place.end));
    places.sort_by_key(|(place, _)| place.start);
    let mut redacted = String::new();
    let mut done = 0;
    let mut places = places.into_iter().peekable();
    while let Some((mut place, kind)) = places.next() {
        while let Some((next, _)) = places.next_if(|(next, _)| next.start < place.end) {
            place.end = place.end.max(next.end);
        }
        redacted.push_str(text.get(done..place.start)?);
        redacted.push_str(&mark(kind));
        done = place.end;
    }
    if done == 0 {
        return None;
    }
    redacted.push_str(text.get(done..)?);
    Some(redacted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_patterns_alone_would_find() {
        let rule = Regex::new(r"key=([a-z]+)").unwrap();
        let rules = Rules::of_texts(std::iter::once((vec!["key"], "key=([a-z]+)".into(), ()))).unwrap();
        let long = "x".repeat(5_000);
        for text in
            ["", "key", "key=", "key=abc key=d", &format!("{long}key={long} key=b{long}"), "é key=é key=éb key=c"]
        {
            let mut places: Vec<_> =
                rules.find(text, |(), found, all| all.push((found.get(1).unwrap().range(), "key")));
            places.sort_by_key(|(place, _)| place.start);
            let plain: Vec<_> = rule.captures_iter(text).map(|found| (found.get(1).unwrap().range(), "key")).collect();
            assert_eq!(places, plain);
        }
    }

    #[test]
    fn places_that_overlap_go_together() {
        assert_eq!(
            replaced("0123456789", vec![(4..8, "b"), (1..3, "a"), (6..9, "c")]).unwrap(),
            "0[redacted:a]3[redacted:b]9"
        );
        assert_eq!(replaced("x", Vec::new()), None);
        assert_eq!(replaced("a[redacted:b]c", vec![(2..5, "x"), (0..4, "y")]), None);
    }
}
