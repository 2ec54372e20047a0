//! Names and values that markup, calls and lists of fields keep apart: elements and attributes, `define()`, `ENV`, lists
//! of a name and a value.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

use super::assigned::is_reference;
use super::assigned::looks_likely;
use super::is_mark;
use super::mark;
use super::names;

/// What a text with one must have, and the pattern, with a group `name` and a group `value`.
const PAIRS: [(&str, &str); 7] = [
    (
        "</",
        r"<(?:[A-Za-z][\w.-]*:)?(?P<name>[A-Za-z][\w.-]*)(?:\s[^<>]{0,200})?>(?:<!\[CDATA\[)?\s*(?P<value>[^<>\n]{1,500}?)\s*(?:\]\]>)?</",
    ),
    (
        "alue",
        r#"(?i)(?-u:\b)(?:name|key|id|property|field)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?P<name>[\w.-]{2,80})\\?["']?[\s,]{0,20}(?:\\?["']?value\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?|>)(?P<value>[^"'<>\s\\,]{1,300})"#,
    ),
    (
        ">",
        r#"(?i)(?-u:\b)(?:name|key|id|property|field)\s{0,3}=\s{0,3}["'](?P<name>[\w.-]{2,80})["']\s{0,3}>(?P<value>[^<>\n]{1,300})"#,
    ),
    (
        "(",
        r#"(?i)(?-u:\b)(?:define|putenv|(?:os\.)?setenv|set\w{0,20}|put\w{0,20}|add\w{0,20}|header|with\w{0,20}|env|getenv)\s{0,2}\(\s{0,3}["'](?P<name>[\w.-]{2,80})["']\s{0,3}(?:,|=>)\s{0,3}["'](?P<value>[^"'\n]{1,300})["']"#,
    ),
    (
        "(",
        r#"(?i)(?-u:\b)(?:set|with|use)_?(?P<name>password|passwd|passphrase|secret|secret_?key|api_?key|(?:access|auth|bearer)_?token|credentials?)\s{0,2}\(\s{0,3}["'](?P<value>[^"'\n]{1,300})["']"#,
    ),
    ("]", r#"\[\s?["'](?P<name>[\w.-]{2,80})["']\s?\]\s{0,3}(?:=|=>|:)\s{0,3}["'](?P<value>[^"'\n]{1,300})["']"#),
    (
        " ",
        r#"(?:(?m:^)\s{0,8}(?:ENV|ARG)|(?-u:\b)(?:setx|set -Ux?|set -gx|set -x))\s{1,3}(?P<name>\w{2,80})\s{1,3}["']?(?P<value>[^\s"']{1,300})"#,
    ),
];

// A test holds that every pattern is one. Without a set of them: it would be very large.
static RULES: LazyLock<Vec<Regex>> =
    LazyLock::new(|| PAIRS.iter().filter_map(|(_, pattern)| Regex::new(pattern).ok()).collect());

/// Takes out every such value; `None` when there is none.
pub(super) fn redact(text: &str) -> Option<String> {
    let mut redacted: Option<String> = None;
    for ((needle, _), rule) in PAIRS.iter().zip(RULES.iter()) {
        let before = redacted.as_deref().unwrap_or(text);
        if before.contains(needle) {
            redacted = Some(rule.replace_all(before, |found: &Captures<'_>| replaced(found)).into_owned());
        }
    }
    redacted.filter(|redacted| redacted != text)
}

fn replaced(found: &Captures<'_>) -> String {
    let whole = found[0].to_owned();
    let (Some(all), Some(name), Some(value)) = (found.get(0), found.name("name"), found.name("value")) else {
        return whole;
    };
    let text = value.as_str();
    let last = name.as_str().rsplit('.').next().unwrap_or_default();
    let Some(kind) = names::kind(last) else { return whole };
    let says_itself = names::kind(text).is_some() && !text.bytes().any(|byte| byte.is_ascii_digit());
    let is_secret = !says_itself
        && !text.contains(super::MARK)
        && !is_mark(text)
        && !is_reference(text)
        && !names::is_said_of(text)
        && (kind.is_certain || looks_likely(text));
    if !is_secret {
        return whole;
    }
    let (start, end) = (value.start() - all.start(), value.end() - all.start());
    format!("{}{}{}", &whole[..start], mark(kind.label), &whole[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(RULES.len(), PAIRS.len());
    }
}
