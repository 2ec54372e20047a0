//! Private keys in PEM form, whole: also when the end is missing or the lines carry numbers or quote marks.

use std::sync::LazyLock;

use regex::Regex;

use super::mark;

static BEGIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----").ok());
static END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----").ok());

/// An end that is further away belongs to something else.
const MAX_KEY_BYTES: usize = 64 * 1024;

/// Takes out every private key; `None` when there is none.
pub(super) fn redact(text: &str) -> Option<String> {
    let (begin, end) = (BEGIN.as_ref()?, END.as_ref()?);
    let mut found = begin.find(text)?;
    let mut redacted = String::with_capacity(text.len());
    let mut done = 0;
    // Each end is looked for once, so that many beginnings without one cost no more than one.
    let mut next_end = end.find_at(text, found.end());
    loop {
        if next_end.is_some_and(|next| next.start() < found.end()) {
            next_end = end.find_at(text, found.end());
        }
        let stop = match next_end {
            Some(next) if next.start() - found.end() <= MAX_KEY_BYTES => next.end(),
            _ => found.end() + body_bytes(&text[found.end()..]),
        };
        redacted.push_str(&text[done..found.start()]);
        redacted.push_str(&mark("private-key"));
        done = stop;
        match begin.find_at(text, done) {
            Some(next) => found = next,
            None => break,
        }
    }
    redacted.push_str(&text[done..]);
    Some(redacted)
}

/// How far a key goes that has no end: as long as the text could be one.
fn body_bytes(text: &str) -> usize {
    let is_body = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || "+/=\\:,-→>|".contains(c);
    text.find(|c| !is_body(c)).unwrap_or(text.len())
}
