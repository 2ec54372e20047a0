//! Private keys in PEM form, whole: also when the end is missing or the lines carry numbers or quote marks.

use std::sync::LazyLock;

use regex::Regex;

use super::windows::Found;

static BEGIN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----").ok());
static END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----").ok());

/// An end that is further away belongs to something else.
const MAX_KEY_BYTES: usize = 64 * 1024;

/// Every private key.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let (Some(begin), Some(end)) = (BEGIN.as_ref(), END.as_ref()) else { return all };
    let Some(mut found) = begin.find(text) else { return all };
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
        all.push((found.start()..stop, "private-key"));
        match begin.find_at(text, stop) {
            Some(next) => found = next,
            None => break,
        }
    }
    all
}

/// How far a key goes that has no end: as long as the text could be one.
fn body_bytes(text: &str) -> usize {
    let is_body = |c: char| c.is_ascii_alphanumeric() || c.is_whitespace() || "+/=\\:,-→>|".contains(c);
    text.find(|c| !is_body(c)).unwrap_or(text.len())
}
