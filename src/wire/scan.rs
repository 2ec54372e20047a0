//! A look at the text of a line, before and beside its meaning.
//!
//! For: what a parser takes without a word and a person must not be left to guess: how deep it nests, whether a key
//! stands twice in an object, whether a number has digits that reading it loses. Not for: telling whether it is JSON.
//!
//! Invariants:
//! - No recursion, and one pass: a line of any depth costs its length.
//! - What is no JSON gives some answer, and no panic.

use std::collections::HashSet;

use serde_json::Number;

/// Levels of nesting that are read. `serde_json` gives up at 128; the rest is for what we put around a value.
pub(crate) const MAX_DEPTH: usize = 100;

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    /// Levels of objects and arrays.
    pub(crate) depth: usize,
    /// The first key that stands twice in its object.
    pub(crate) doubled: Option<String>,
    /// The first number that would not be sent back as it came.
    pub(crate) inexact: Option<String>,
}

impl Scan {
    /// Why a request in such a line cannot be shown as what it is, in words.
    pub(crate) fn objection(&self) -> Option<String> {
        if self.depth > MAX_DEPTH {
            return Some(format!("it is nested more than {MAX_DEPTH} levels deep"));
        }
        if let Some(key) = &self.doubled {
            return Some(format!("the key {key} stands twice in one object"));
        }
        let number = self.inexact.as_ref()?;
        Some(format!("the number {number} would lose digits"))
    }
}

/// Looks at a line.
pub(crate) fn scan(line: &str) -> Scan {
    let mut found = Scan::default();
    let mut open: Vec<Option<HashSet<String>>> = Vec::new();
    walk(line, |token, _, text| match token {
        Token::Open(kind) => {
            open.push((kind == b'{').then(HashSet::new));
            found.depth = found.depth.max(open.len());
        }
        Token::Close => {
            open.pop();
        }
        Token::Key => {
            let key = serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned());
            if let Some(Some(keys)) = open.last_mut()
                && !keys.insert(key)
                && found.doubled.is_none()
            {
                found.doubled = Some(head(text));
            }
        }
        Token::Number => {
            if found.inexact.is_none() && !is_exact(text) {
                found.inexact = Some(head(text));
            }
        }
        Token::Other => {}
    });
    found
}

/// The line with `null` in the place of whatever is nested deeper than is read.
pub(crate) fn shallow(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let (mut depth, mut copied) = (0_usize, 0);
    walk(line, |token, at, _| match token {
        Token::Open(_) => {
            depth += 1;
            if depth == MAX_DEPTH + 1 {
                out.push_str(line.get(copied..at).unwrap_or_default());
                out.push_str("null");
            }
        }
        Token::Close => {
            if depth == MAX_DEPTH + 1 {
                copied = at + 1;
            }
            depth = depth.saturating_sub(1);
        }
        Token::Key | Token::Number | Token::Other => {}
    });
    // What is not closed is no JSON, and is not made to look like it.
    let copied = if depth > MAX_DEPTH { line.len() } else { copied };
    out.push_str(line.get(copied..).unwrap_or_default());
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Open(u8),
    Close,
    /// A string with a colon behind it.
    Key,
    Number,
    /// Any other string, and what stands between.
    Other,
}

/// Calls for each token, with where it begins and its text.
fn walk<'t>(line: &'t str, mut each: impl FnMut(Token, usize, &'t str)) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (token, end) = match byte {
            b'{' | b'[' => (Token::Open(byte), at + 1),
            b'}' | b']' => (Token::Close, at + 1),
            b'"' => {
                let end = string_end(bytes, at);
                let next = bytes.get(end..).unwrap_or_default().iter().find(|byte| !byte.is_ascii_whitespace());
                (if next == Some(&b':') { Token::Key } else { Token::Other }, end)
            }
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &&u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                let n_bytes = bytes.get(at..).unwrap_or_default().iter().take_while(is_part).count();
                (Token::Number, at + n_bytes)
            }
            _ => {
                at += 1;
                continue;
            }
        };
        each(token, at, line.get(at..end).unwrap_or_default());
        at = end;
    }
}

/// Behind the closing quotation mark of the string that begins at `at`.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'"' => return end + 1,
            b'\\' => end += 2,
            _ => end += 1,
        }
    }
    bytes.len()
}

/// Whether a number means after reading and writing what it meant before.
fn is_exact(text: &str) -> bool {
    let Ok(number) = serde_json::from_str::<Number>(text) else { return false };
    decimal(&number.to_string()) == decimal(text)
}

/// A number's significant digits and the power of ten behind them.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (is_negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok()?;
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{part}");
    let kept = digits.trim_end_matches('0');
    let n_cut = i64::try_from(digits.len() - kept.len()).ok()?;
    let exponent = exponent - i64::try_from(part.len()).ok()? + n_cut;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some((is_negative, String::new(), 0));
    }
    Some((is_negative, kept.to_owned(), exponent))
}

fn head(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn finds_keys_that_stand_twice_however_they_are_written() {
        for text in [
            r#"{"a":1,"a":2}"#,
            r#"{"x":[{"b":1,"\u0062" : 2}]}"#,
            r#"{"a":{"a":1},"c":[{"a":1}],"a":0}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert!(scan(text).doubled.is_some(), "{text}");
        }
        for text in [r#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#, r#"{"a":"a\":1,\"a","b":"a"}"#, r#"["a","a"]"#] {
            assert_eq!(scan(text).doubled, None, "{text}");
        }
    }

    #[test]
    fn finds_numbers_that_lose_digits() {
        for text in [
            "0.10000000000000000555",
            "18446744073709551617",
            "-9223372036854775809",
            "1e400",
            "1e-400",
            "123456789012345678901234567890",
        ] {
            assert!(scan(text).inexact.is_some(), "{text}");
        }
        for text in
            ["0", "-0", "1.50", "1e3", "1E+21", "100000000000000000000", "18446744073709551615", "5e-324", "0.1"]
        {
            assert_eq!(scan(text).inexact, None, "{text}");
        }
        assert_eq!(scan(r#"{"t":"0.10000000000000000555"}"#).inexact, None, "a text is no number");
    }

    #[test]
    fn what_is_too_deep_is_cut_out_and_the_rest_stands() {
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        let line = format!(r#"{{"a":"]}}","deep":{deep},"type":"result","more":[{deep},2]}}"#);
        assert_eq!(scan(&line).depth, 5002);
        let cut: Value = serde_json::from_str(&shallow(&line)).unwrap();
        assert_eq!((&cut["type"], &cut["more"][1], &cut["a"]), (&"result".into(), &2.into(), &"]}".into()));
        assert_eq!(scan(&shallow(&line)).depth, MAX_DEPTH);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,80}", json in r#"[\[\]{}",:\\0-9a-e.+-]{0,60}"#) {
            scan(&text);
            shallow(&text);
            scan(&json);
            shallow(&json);
        }

        /// Where nothing is objected, reading and writing changes no value.
        #[test]
        fn what_is_not_objected_to_is_sent_back_as_it_came(whole in any::<i64>(), part in "[0-9]{1,25}", exponent in -30..30_i32) {
            let text = format!("{whole}.{part}e{exponent}");
            let value: Value = serde_json::from_str(&text).unwrap();
            let same = decimal(&value.to_string()) == decimal(&text);
            prop_assert_eq!(scan(&format!(r#"{{"n":[{text}]}}"#)).inexact.is_none(), same);
        }

        #[test]
        fn a_shallow_line_is_left_alone(n in 0..MAX_DEPTH, text in "[a-z\"\\\\]{0,9}") {
            let text = serde_json::to_string(&text).unwrap();
            let line = format!("{}{text}{}", "[".repeat(n), "]".repeat(n));
            prop_assert_eq!(shallow(&line), line);
        }
    }
}
