//! Words of a command that a person marks as free: the same line again, with other values in these places.
//!
//! **For:** what a free word may be, and comparing two lines. **Not for:** which words may be marked: the engine knows.
//!
//! Invariant: outside of the free words two lines are the same, byte for byte; a free word is one word in every shell,
//! no option, no path and no assignment.

use serde::Deserialize;
use serde::Serialize;

/// A longer word is no value that a person had in mind.
const MAX_WORD: usize = 100;
/// A number of so many digits fits everywhere.
const MAX_DIGITS: usize = 18;

/// What may stand in a free place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Takes {
    Number,
    Word,
}

impl Takes {
    /// What a word is, as narrowly as can be said; `None` where it may not be free.
    pub fn of(text: &str) -> Option<Self> {
        [Self::Number, Self::Word].into_iter().find(|takes| takes.fits(text))
    }

    /// Whether a word may stand there.
    pub fn fits(self, text: &str) -> bool {
        match self {
            Self::Number => (1..=MAX_DIGITS).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Word => {
                let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
                (1..=MAX_WORD).contains(&text.len())
                    && text.as_bytes()[0].is_ascii_alphanumeric()
                    && text.bytes().all(is_inner)
                    && !text.contains("..")
            }
        }
    }

    /// How the place is shown.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Number => "‹number›",
            Self::Word => "‹word›",
        }
    }

    /// What it takes, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Number => "a number: digits only",
            Self::Word => {
                "one word of letters, digits, “_”, “.” and “-”: no option, no path, nothing that looks secret"
            }
        }
    }

    /// Another value than this one, for an example.
    fn another(self, than: &str) -> &'static str {
        let (one, other) = match self {
            Self::Number => ("42", "7"),
            Self::Word => ("anything", "another"),
        };
        if than == one { other } else { one }
    }
}

/// A word of a command line that is free, by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hole {
    pub start: usize,
    pub end: usize,
    pub takes: Takes,
}

/// The line with what `put` says in its free places; `None` when they do not lie in it one after another.
fn with(line: &str, holes: &[Hole], mut put: impl FnMut(&Hole, &str) -> String) -> Option<String> {
    let mut out = String::new();
    let mut at = 0;
    for hole in holes {
        out.push_str(line.get(at..hole.start)?);
        out.push_str(&put(hole, line.get(hole.start..hole.end)?));
        at = hole.end;
    }
    out.push_str(line.get(at..)?);
    Some(out)
}

/// The line as it is shown, with its free places.
pub fn pattern(line: &str, holes: &[Hole]) -> String {
    with(line, holes, |hole, _| hole.takes.shown().to_owned()).unwrap_or_else(|| line.to_owned())
}

/// Another line that it would allow too.
pub fn example(line: &str, holes: &[Hole]) -> String {
    with(line, holes, |hole, was| hole.takes.another(was).to_owned()).unwrap_or_else(|| line.to_owned())
}

/// What another line has in the free places of this one; `None` when it is not the same line otherwise.
pub fn values<'a>(line: &str, holes: &[Hole], other: &'a str) -> Option<Vec<&'a str>> {
    let mut found = Vec::new();
    let (mut at, mut rest) = (0, other);
    for hole in holes {
        rest = rest.strip_prefix(line.get(at..hole.start)?)?;
        let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        let end = rest.bytes().position(|byte| !is_inner(byte)).unwrap_or(rest.len());
        let (value, behind) = rest.split_at(end);
        if !hole.takes.fits(value) {
            return None;
        }
        found.push(value);
        (at, rest) = (hole.end, behind);
    }
    (line.get(at..)? == rest).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes(line: &str, words: &[(&str, Takes)]) -> Vec<Hole> {
        let hole = |(word, takes): &(&str, Takes)| {
            let start = line.find(word).unwrap();
            Hole { start, end: start + word.len(), takes: *takes }
        };
        words.iter().map(hole).collect()
    }

    #[test]
    fn a_free_word_is_one_word_and_neither_option_nor_path_nor_assignment() {
        for text in ["test", "v1.2.3", "a_b-c", "7b", "x.rs"] {
            assert_eq!(Takes::of(text), Some(Takes::Word), "{text}");
        }
        for text in ["7", "0042"] {
            assert_eq!(Takes::of(text), Some(Takes::Number), "{text}");
        }
        let long = "x".repeat(200);
        for text in [
            "",
            "-x",
            "--",
            "a/b",
            "/",
            "..",
            "a..b",
            ".env",
            "_x",
            "a=b",
            "a:b",
            "a b",
            "a\nb",
            "a;b",
            "$x",
            "`x`",
            "a*",
            "a?",
            "[x]",
            "{a,b}",
            "~",
            "~root",
            "@f",
            "a@b",
            "+x",
            "é",
            "a\u{200b}",
            "a\\b",
            "'a'",
            "\"a\"",
            "#a",
            "!x",
            "^x",
            "a&",
            "a|b",
            "a<b",
            "a>b",
            "(a)",
            "%1",
            "=ls",
            "a\u{0}b",
            &long,
        ] {
            assert_eq!(Takes::of(text), None, "{text:?}");
        }
        assert!(!Takes::Number.fits("1a") && !Takes::Number.fits("") && !Takes::Number.fits(&"1".repeat(40)));
    }

    #[test]
    fn only_a_line_that_is_the_same_otherwise_has_values() {
        let line = "tool run test --jobs 4 # test";
        let free = holes(line, &[("test", Takes::Word), ("4", Takes::Number)]);
        assert_eq!(pattern(line, &free), "tool run ‹word› --jobs ‹number› # test");
        assert_eq!(example(line, &free), "tool run anything --jobs 42 # test");
        assert_eq!(values(line, &free, line), Some(vec!["test", "4"]));
        assert_eq!(values(line, &free, "tool run lint --jobs 16 # test"), Some(vec!["lint", "16"]));
        for other in [
            "tool run lint --jobs 16 # other",
            "tool run lint --jobs 16",
            "tool  run lint --jobs 16 # test",
            "tool run lint --jobs x # test",
            "tool run --jobs 16 # test",
            "tool run  --jobs 16 # test",
            "tool run -x --jobs 16 # test",
            "tool run a b --jobs 16 # test",
            "tool run a/b --jobs 16 # test",
            "tool run lint; id --jobs 16 # test",
            "tool run lint\n--jobs 16 # test",
            "tool run $x --jobs 16 # test",
            "tool run lint --jobs 16 # test; id",
            "",
        ] {
            assert_eq!(values(line, &free, other), None, "{other}");
        }
    }

    #[test]
    fn places_that_do_not_lie_in_the_line_match_nothing() {
        for (start, end) in [(0, 99), (5, 2), (99, 100), (1, 2)] {
            let free = [Hole { start, end, takes: Takes::Word }];
            assert_eq!(values("é x", &free, "é x"), None, "{start} {end}");
            assert!(!pattern("é x", &free).is_empty());
        }
        let twice = [Hole { start: 3, end: 4, takes: Takes::Word }, Hole { start: 3, end: 4, takes: Takes::Word }];
        assert_eq!(values("ab x", &twice, "ab x"), None);
    }
}
