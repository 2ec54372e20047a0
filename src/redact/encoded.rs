//! Secrets in other clothes: in base64, in hexadecimal, as in an address, as in JSON, over several lines, in pieces that a
//! program puts together.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use regex::Regex;

use super::shapes;
use super::windows::Found;

/// Longer ones are files, not secrets.
const MAX_DECODED_BYTES: usize = 4096;
/// A piece of base64 that is shorter is found in ordinary text.
const MIN_FORM_BYTES: usize = 10;

/// A shorter run of letters and digits holds no secret.
const MIN_ENCODED_BYTES: usize = 20;
/// A longer one is a file.
const MAX_ENCODED_BYTES: usize = 5500;
/// Two pieces of a text that a program or a shell joins.
static JOINT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&joint("[+.&]")).ok());
/// The same, where a list of texts is joined.
static LIST_JOINT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&joint("[+.&,]")).ok());

fn joint(sign: &str) -> String {
    let between =
        [&format!(r"\s{{0,3}}{sign}\s{{0,3}}"), r"\s{0,3}\\\r?\n\s{0,40}", r"\s{0,3}[+.]\s{0,3}\r?\n\s{0,40}"]
            .join("|");
    format!(r#"(["'])(?:{between}|)(["'])|\\\r?\n[ \t]{{0,40}}"#)
}

/// Whether a quote is followed by what joins texts, or a line is continued.
fn has_joints(text: &[u8]) -> bool {
    let mut before = 0;
    text.iter().any(|byte| {
        let is_joint = match byte {
            b' ' | b'\t' => return false,
            b'+' | b'.' | b'&' | b'\\' | b'"' | b'\'' => before == b'"' || before == b'\'',
            b'\n' | b'\r' => before == b'\\',
            _ => false,
        };
        before = if *byte == b'\n' && before == b'"' { before } else { *byte };
        is_joint
    })
}

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

/// What is a secret once it is decoded.
pub(super) fn find(text: &str, is_secret: impl Fn(&str) -> bool) -> Vec<Found> {
    let bytes = text.as_bytes();
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/_-".contains(byte);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = bytes[at..].iter().position(is_part).map(|n| at + n) {
        at = start + bytes[start..].iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len() - start);
        if (MIN_ENCODED_BYTES..=MAX_ENCODED_BYTES).contains(&(at - start))
            && let Some(token) = text.get(start..at)
            && decoded(token).iter().any(|inner| is_secret(inner))
        {
            let n_padding = bytes[at..].iter().take(2).take_while(|byte| **byte == b'=').count();
            found.push((start..at + n_padding, "encoded"));
        }
    }
    found
}

/// What the letters and digits may stand for.
fn decoded(token: &str) -> Vec<String> {
    let base64 = BASE64_STANDARD_NO_PAD.decode(token).or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(token)).ok();
    [base64, unhex(token)].into_iter().flatten().filter_map(readable).collect()
}

fn unhex(token: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = token.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?)).collect()
}

fn readable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_DECODED_BYTES)?;
    text.chars().all(|c| !c.is_control() || c.is_whitespace()).then_some(text)
}

/// Words that come together at joints, and are a key then.
pub(super) fn joined(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    // A list of texts is one text only where it is joined.
    let has_lists = text.contains("join");
    if !has_lists && !has_joints(text.as_bytes()) {
        return found;
    }
    let Some(rule) = (if has_lists { LIST_JOINT.as_ref() } else { JOINT.as_ref() }) else { return found };
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.+/=".contains(c);
    let mut close = |chain: Option<(usize, usize, String)>| {
        let Some((start, end, whole)) = chain else { return };
        if whole.len() >= MIN_ENCODED_BYTES && !shapes::find(&whole).is_empty() {
            found.push((start..end, "split"));
        }
    };
    let mut chain: Option<(usize, usize, String)> = None;
    for joint in rule.find_iter(text) {
        let (before, after) = (&text[..joint.start()], &text[joint.end()..]);
        let start = before.len() - before.chars().rev().take_while(|c| is_part(*c)).map(char::len_utf8).sum::<usize>();
        let n_after: usize = after.chars().take_while(|c| is_part(*c)).map(char::len_utf8).sum();
        let next = &after[..n_after];
        chain = match chain.take() {
            Some((first, end, whole)) if end == joint.start() => Some((first, joint.end() + n_after, whole + next)),
            other => {
                close(other);
                Some((start, joint.end() + n_after, format!("{}{next}", &text[start..joint.start()])))
            }
        };
    }
    close(chain);
    found
}
