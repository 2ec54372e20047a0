//! Takes secrets out of text before it is written to a log or leaves the machine.
//!
//! **For:** the audit log, the log file, exports. **Not for:** what is shown in the terminal to the person
//! who has to decide about it. Invariants: pure; linear in the text; applying it twice changes nothing
//! more; in doubt about a value whose name says secret, the value goes; ordinary text stays.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

mod assigned;
/// Secrets known by the words before them.
mod context;
/// Secrets that are encoded, split or wrapped.
mod encoded;
/// Objects of Kubernetes that hold secrets.
mod manifests;
/// Names that say that their value is a secret.
pub mod names;
/// Names and values that markup and calls keep apart.
mod paired;
mod pem;
mod shapes;
/// Statements of SQL that write a secret into a column.
mod statements;
mod windows;

/// Shorter values from the environment are too likely to be ordinary words.
const MIN_LITERAL_BYTES: usize = 8;
/// One pass can leave something for the next; a few always settle it.
const MAX_PASSES: usize = 8;
/// What every mark begins with.
const MARK: &str = "[redacted:";

/// Without anything known beforehand.
static PLAIN: LazyLock<Redactor> = LazyLock::new(Redactor::default);

/// Takes out what looks like a secret.
pub fn redact(text: &str) -> Cow<'_, str> {
    PLAIN.text(text)
}

/// The same for JSON: all texts, and whatever stands under a key that says secret.
pub fn redact_json(value: &Value) -> Value {
    PLAIN.json(value)
}

/// Knows some secrets word by word, besides what secrets look like.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    literals: Option<Regex>,
}

impl Redactor {
    /// Also takes out these very texts. Short ones are ignored.
    pub fn new(literals: impl IntoIterator<Item = String>) -> Self {
        let mut literals: Vec<String> = literals
            .into_iter()
            .map(|text| text.trim().to_owned())
            .filter(|text| text.len() >= MIN_LITERAL_BYTES && !text.contains(MARK))
            .collect();
        // The longest first: one secret may begin with another.
        literals.sort_by_key(|text| std::cmp::Reverse(text.len()));
        literals.dedup();
        if literals.is_empty() {
            return Self::default();
        }
        // Marks come first, so that a secret that is part of one does not grow it with each pass.
        let mut pattern = String::from(r"\[redacted:[a-z-]+\]");
        let words = pattern.clone();
        for literal in &literals {
            for form in encoded::forms(literal) {
                pattern.push('|');
                pattern.push_str(&form);
            }
        }
        let plain = || literals.iter().fold(words.clone(), |all, literal| all + "|" + &regex::escape(literal));
        // With very many of them, they are at least found as they are.
        Self { literals: Regex::new(&pattern).or_else(|_| Regex::new(&plain())).ok() }
    }

    /// Knows the values of all variables whose names say secret.
    pub fn of_variables(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let secret = variables.into_iter().filter(|(name, value)| names::is_secret_variable(name, value));
        Self::new(secret.map(|(_, value)| value))
    }

    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for _ in 0..MAX_PASSES {
            match self.pass(&text) {
                Some(changed) => text = Cow::Owned(changed),
                None => break,
            }
        }
        text
    }

    pub fn json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text).into_owned()),
            Value::Array(items) => items.iter().map(|item| self.json(item)).collect(),
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| {
                    let value = match names::kind(key) {
                        Some(kind) => self.blank(value, kind),
                        None => self.json(value),
                    };
                    (self.text(key).into_owned(), value)
                })
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// Everything under a key that says secret.
    fn blank(&self, value: &Value, kind: names::Kind) -> Value {
        match value {
            Value::String(text) if text.is_empty() || is_mark(text) => value.clone(),
            Value::String(_) => Value::String(mark(kind.label)),
            Value::Number(_) if kind.is_certain => Value::String(mark(kind.label)),
            Value::Array(items) => items.iter().map(|item| self.blank(item, kind)).collect(),
            Value::Object(fields) if kind.is_certain => {
                fields.iter().map(|(key, value)| (self.text(key).into_owned(), self.blank(value, kind))).collect()
            }
            Value::Object(_) => self.json(value),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// What a text that was decoded is looked through for.
    fn is_secret(&self, text: &str) -> bool {
        self.literals.as_ref().is_some_and(|literals| literals.find_iter(text).any(|found| !is_mark(found.as_str())))
            || !look(text).is_empty()
    }

    /// One pass over the text; `None` when there was nothing to do.
    fn pass(&self, text: &str) -> Option<String> {
        let mut text = Cow::Borrowed(text);
        if let Some(literals) = &self.literals {
            let replace =
                |found: &regex::Captures<'_>| if is_mark(&found[0]) { found[0].into() } else { mark("known") };
            set(&mut text, |text| changed(text, literals.replace_all(text, replace)));
        }
        set(&mut text, |text| windows::replaced(text, pem::find(text)));
        set(&mut text, |text| windows::replaced(text, encoded::joined(text)));
        set(&mut text, |text| windows::replaced(text, look(text)));
        set(&mut text, |text| windows::replaced(text, encoded::find(text, |text| self.is_secret(text))));
        match text {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text),
        }
    }
}

/// All that stands in a text as it is. What is named first gives its kind where several find the same.
fn look(text: &str) -> Vec<windows::Found> {
    [context::find, manifests::find, statements::find, paired::find, assigned::find, shapes::find, pem::find]
        .into_iter()
        .flat_map(|find| find(text))
        .collect()
}

/// Whether nothing but keys was taken out of a text: single words of a kind that no command, path or text is. Where a
/// person decides on what is left, nothing else may hide behind a mark.
pub fn hides_keys_alone(text: &str, redacted: &str) -> bool {
    static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[redacted:[a-z-]+\]").ok());
    let Some(marks) = MARKS.as_ref() else { return false };
    let mut parts = marks.split(redacted);
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    // Any way to read the text so that keys alone are missing is a right one: with those keys it is the text.
    for part in middle {
        let Some(at) = Some(part).filter(|part| !part.is_empty()).and_then(|part| rest.find(*part)) else {
            return false;
        };
        if !is_key(&rest[..at]) {
            return false;
        }
        rest = &rest[at + part.len()..];
    }
    rest.strip_suffix(last).is_some_and(is_key)
}

fn is_key(text: &str) -> bool {
    (16..=512).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.+/=".contains(&byte))
        && !text.starts_with(['/', '.', '-'])
        && !text.contains("..")
        && assigned::looks_random(text)
}

/// Replaces the text when the step has something else for it.
fn set(text: &mut Cow<'_, str>, step: impl FnOnce(&str) -> Option<String>) {
    if let Some(changed) = step(text) {
        *text = Cow::Owned(changed);
    }
}

/// A replacement that left everything as it was is none.
fn changed(text: &str, replaced: Cow<'_, str>) -> Option<String> {
    match replaced {
        Cow::Borrowed(_) => None,
        Cow::Owned(new) => (new != text).then_some(new),
    }
}

fn mark(kind: &str) -> String {
    format!("{MARK}{kind}]")
}

/// Whether this is one mark and nothing else.
fn is_mark(text: &str) -> bool {
    text.strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|kind| !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
