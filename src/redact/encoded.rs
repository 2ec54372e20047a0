//! Secrets in other clothes: in base64, in hexadecimal, as in an address, as in JSON, over several lines, in pieces that a
//! program puts together.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use regex::Captures;
use regex::Regex;

use super::mark;

/// Longer ones are files, not secrets.
const MAX_DECODED_BYTES: usize = 4096;
/// A piece of base64 that is shorter is found in ordinary text.
const MIN_FORM_BYTES: usize = 10;

static BASE64: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?-u:\b)[A-Za-z0-9+/_-]{20,5500}={0,2}").ok());
/// Two pieces of a text that a program or a shell joins.
static JOINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(["'])(?:\s{0,3}[+.&]\s{0,3}|\s{0,3}\\\r?\n\s{0,40}|\s{0,3}[+.]\s{0,3}\r?\n\s{0,40}|)(["'])|\\\r?\n[ \t]{0,40}"#).ok()
});

/// The patterns that a known value is found by.
pub(super) fn forms(literal: &str) -> Vec<String> {
    let mut forms = vec![wrapped(literal)];
    let mut add = |text: String| {
        if text.len() >= MIN_FORM_BYTES && text != literal {
            forms.push(regex::escape(&text));
        }
    };
    let url: String = url::form_urlencoded::byte_serialize(literal.as_bytes()).collect();
    add(url.replace('+', "%20"));
    add(url);
    let json = serde_json::Value::from(literal).to_string();
    add(json.trim_matches('"').to_owned());
    let hex = literal.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    add(hex.to_uppercase());
    add(hex);
    // It may begin at any of three places within what was encoded; the letters that mix with others are left out.
    for shift in 0..3 {
        let mut bytes = vec![0; shift];
        bytes.extend_from_slice(literal.as_bytes());
        let n_whole = bytes.len() / 3 * 4;
        let first = if shift == 0 { 0 } else { shift + 1 };
        for encoded in [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)] {
            add(encoded.get(first..n_whole).unwrap_or_default().to_owned());
        }
    }
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// The value, also where a long line was broken in it.
fn wrapped(literal: &str) -> String {
    const MIN_BYTES: usize = 16;
    if literal.len() < MIN_BYTES || literal.contains(char::is_whitespace) {
        return regex::escape(literal);
    }
    let letters: Vec<String> = literal.chars().map(|c| regex::escape(&c.to_string())).collect();
    letters.join(r"(?:\\?\r?\n[ \t]{0,8})?")
}

/// Takes out what is a secret once it is decoded or put together; `None` when there is nothing.
pub(super) fn redact(text: &str, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    let decoded = BASE64.as_ref().map(|rule| {
        rule.replace_all(text, |found: &Captures<'_>| {
            let hides = decode(&found[0]).is_some_and(|inner| is_secret(&inner));
            if hides { mark("encoded") } else { found[0].to_owned() }
        })
    })?;
    let joined = join(&decoded, &is_secret);
    let redacted = joined.unwrap_or_else(|| decoded.into_owned());
    (redacted != text).then_some(redacted)
}

fn decode(token: &str) -> Option<String> {
    let token = token.trim_end_matches('=');
    let bytes = BASE64_STANDARD_NO_PAD.decode(token).or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(token)).ok()?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_DECODED_BYTES)?;
    text.chars().all(|c| !c.is_control() || c.is_whitespace()).then_some(text)
}

/// Words that come together at joints, and are a key then.
fn join(text: &str, is_secret: &impl Fn(&str) -> bool) -> Option<String> {
    let rule = JOINT.as_ref()?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.+/=".contains(c);
    let mut redacted = String::new();
    let (mut done, mut chain): (usize, Option<(usize, usize, String)>) = (0, None);
    let mut close = |chain: Option<(usize, usize, String)>, done: &mut usize| {
        let Some((start, end, whole)) = chain else { return };
        if start >= *done && super::shapes::redact(&whole).is_some() && is_secret(&whole) {
            redacted.push_str(&text[*done..start]);
            redacted.push_str(&mark("split"));
            *done = end;
        }
    };
    for joint in rule.find_iter(text) {
        let before = &text[..joint.start()];
        let start = before.len() - before.chars().rev().take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
        let after = &text[joint.end()..];
        let n_after: usize = after.chars().take_while(|c| is_part(*c)).map(char::len_utf8).sum();
        let next = &after[..n_after];
        chain = match chain.take() {
            Some((first, end, whole)) if end == joint.start() => Some((first, joint.end() + n_after, whole + next)),
            other => {
                close(other, &mut done);
                Some((start, joint.end() + n_after, format!("{}{next}", &text[start..joint.start()])))
            }
        };
    }
    close(chain, &mut done);
    if done == 0 {
        return None;
    }
    redacted.push_str(&text[done..]);
    Some(redacted)
}
