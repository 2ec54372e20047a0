//! Names and values that markup, calls and lists of fields keep apart: elements and attributes, `define()`, `ENV`, lists
//! of a name and a value.

use std::sync::LazyLock;

use regex::Captures;

use super::assigned::is_reference;
use super::assigned::looks_likely;
use super::names;
use super::windows::Found;
use super::windows::Rules;

/// Words of which a text must have one, and the pattern, with a group `name` and a group `value`.
const PAIRS: [(&str, &str); 12] = [
    (
        "</",
        r"<(?:[A-Za-z][\w.-]*:)?(?P<name>[A-Za-z][\w.-]*)(?:\s[^<>]*)?>(?:<!\[CDATA\[)?\s*(?P<value>[^<>\n]+?)\s*(?:\]\]>)?</",
    ),
    ("&lt;/", r"&lt;(?:[A-Za-z][\w.-]*:)?(?P<name>[A-Za-z][\w.-]*)(?:\s[^<>&]*)?&gt;\s*(?P<value>[^<>&\n]+?)\s*&lt;/"),
    (
        "value\":|value\" :|value':|value' :|value=|value =|value:|value\\\":|content=",
        r#"(?i)(?-u:\b)(?:name|key|id|property|field)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?(?P<name>[\w.-]+)\\?["']?[\s,]{0,20}(?:\\?["']?(?:value|content)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?|>)(?P<value>[^"'<>\s\\,]+)"#,
    ),
    (
        "<value>",
        r#"(?i)(?-u:\b)(?:name|key|id|property|field)\s{0,3}=\s{0,3}["'](?P<name>[\w.-]+)["'][^<>]*>\s*<value>\s*(?P<value>[^<>\n]+)"#,
    ),
    // A field and what is said of it, the value among it.
    (
        "value\":|value\" :|value':|value\\\":",
        r#"(?i)\\*["'](?P<name>[\w.-]+)\\*["']\s{0,3}:\s{0,3}\{[^{}]*?(?-u:\b)value\\*["']\s{0,3}:\s{0,3}\\*["'](?P<value>[^"'\n\\]+)"#,
    ),
    (
        "\">|'>",
        r#"(?i)(?-u:\b)(?:name|key|id|property|field)\s{0,3}=\s{0,3}["'](?P<name>[\w.-]+)["']\s{0,3}>(?P<value>[^<>\n]+)"#,
    ),
    ("<key>", r"(?i)<key>\s{0,3}(?P<name>[\w.-]+)\s{0,3}</key>\s{0,40}<(?:string|data)>\s*(?P<value>[^<>]+?)\s*</"),
    (
        "(\"|('|( \"|( '|(\n",
        r#"(?i)(?-u:\b)(?:define|putenv|(?:os\.)?setenv|set\w*|put\w*|add\w*|header|with\w*|env|getenv)\s{0,2}\(\s{0,3}["'](?P<name>[\w.-]+)["']\s{0,3}(?:,|=>)\s{0,3}["'](?P<value>[^"'\n]+)["']"#,
    ),
    // The name of a section first.
    (
        ".set",
        r#"(?i)\.set\s{0,2}\(\s{0,3}["'][\w.-]+["'],\s{0,3}["'](?P<name>[\w.-]+)["'],\s{0,3}["'](?P<value>[^"'\n]+)["']"#,
    ),
    (
        "(\"|('|( \"|( '|(\n",
        r#"(?i)(?-u:\b)(?:set|with|use)_?(?P<name>password|passwd|passphrase|secret|secret_?key|api_?key|(?:access|auth|bearer)_?token|credentials?)\s{0,2}\(\s{0,3}["'](?P<value>[^"'\n]+)["']"#,
    ),
    ("]=|] =|]:|] :", r#"\[\s?["'](?P<name>[\w.-]+)["']\s?\]\s{0,3}(?:=|=>|:)\s{0,3}["'](?P<value>[^"'\n]+)["']"#),
    (
        "env |arg |setx |set -",
        r#"(?:(?m:^)\s{0,8}(?:ENV|ARG)|(?-u:\b)(?:setx|set -Ux?|set -gx|set -x))\s{1,3}(?P<name>\w+)\s{1,3}["']?(?P<value>[^\s"']+)"#,
    ),
];

static RULES: LazyLock<Option<Rules<()>>> = LazyLock::new(|| {
    let rule = |(words, pattern): &(&'static str, &'static str)| (words.split('|').collect(), (*pattern).into(), ());
    Rules::of_texts(PAIRS.iter().map(rule))
});

/// Every such value.
pub(super) fn find(text: &str) -> Vec<Found> {
    let Some(rules) = RULES.as_ref() else { return Vec::new() };
    rules.find(text, |(), found, all| all.extend(secret(found)))
}

fn secret(found: &Captures<'_>) -> Option<Found> {
    let (name, value) = (found.name("name")?, found.name("value")?);
    let text = value.as_str();
    let last = name.as_str().rsplit('.').next().unwrap_or_default();
    let kind = names::kind(last)?;
    let says_itself = names::kind(text).is_some() && !text.bytes().any(|byte| byte.is_ascii_digit());
    let says_rules = text.split_once('|').is_some_and(|(first, _)| names::is_said_of(first));
    let is_secret = !says_itself
        && !says_rules
        && !text.contains(super::MARK)
        && !is_reference(text)
        && !names::is_said_of(text)
        && (kind.is_certain || looks_likely(text));
    is_secret.then(|| (value.range(), kind.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(RULES.as_ref().unwrap().wrong(), (Vec::new(), PAIRS.len()));
    }
}
