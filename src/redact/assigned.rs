//! Values that stand after a name which says secret: `.env` lines, JSON and YAML in text, options of
//! commands, parameters of addresses.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

use super::MARK;
use super::is_mark;
use super::mark;
use super::names;

/// A name with a telling part, and what joins it to its value.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?P<dashes>--?)?(?P<name>[A-Za-z0-9_.-]*(?i-u:passw|passphrase|passcode|pwd|pass|secret|token|key|credential|auth|cookie|jwt|bearer|sig)[A-Za-z0-9_.-]*)",
        r#"(?P<quote>\\*["'])?(?P<join>\s{0,3}(?:=>|:=|[:=])\s{0,3}|\s{1,3})"#,
    ))
    .ok()
});

/// How much of a value is looked at before it is known to be a secret. Bounded, because what is none is
/// looked at again for names in it.
const MAX_LOOK_BYTES: usize = 256;

/// What ends a sentence rather than a value.
const SENTENCE_ENDS: [char; 4] = ['.', '!', '?', ':'];

/// What follows an option in a sentence about it.
const PROSE: [&str; 32] = [
    "flag",
    "option",
    "options",
    "argument",
    "parameter",
    "to",
    "is",
    "and",
    "or",
    "with",
    "instead",
    "on",
    "for",
    "in",
    "if",
    "as",
    "from",
    "are",
    "was",
    "must",
    "should",
    "can",
    "value",
    "the",
    "a",
    "an",
    "it",
    "which",
    "that",
    "when",
    "then",
    "by",
];

/// Takes out every such value; `None` when there is none.
pub(super) fn redact(text: &str) -> Option<String> {
    let rule = ASSIGNED.as_ref()?;
    let mut redacted = String::new();
    let (mut done, mut from) = (0, 0);
    while let Some(found) = rule.captures_at(text, from) {
        let Some(joined) = found.get(0) else { break };
        from = joined.end();
        let value = Value::at(text, joined.end());
        // What was no value may be the next name.
        if let Some(label) = secret(&found, &value) {
            redacted.push_str(&text[done..value.start]);
            redacted.push_str(&mark(label));
            done = value.end();
            from = done;
        }
    }
    if done == 0 {
        return None;
    }
    redacted.push_str(&text[done..]);
    Some(redacted)
}

/// How a value stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A word.
    Bare,
    /// Between quotes of this kind, with so many backslashes before each.
    Quoted { quote: char, n_escapes: usize },
}

/// What stands after a name.
#[derive(Debug, Clone, Copy)]
struct Value<'a> {
    text: &'a str,
    /// The first byte of the value itself.
    start: usize,
    form: Form,
    /// As much as is looked at.
    beginning: &'a str,
}

impl<'a> Value<'a> {
    fn at(text: &'a str, place: usize) -> Self {
        let rest = &text[place..];
        let n_escapes = rest.bytes().take_while(|byte| *byte == b'\\').count();
        let (start, form) = match rest[n_escapes..].chars().next() {
            Some(quote @ ('"' | '\'' | '`')) => (place + n_escapes + 1, Form::Quoted { quote, n_escapes }),
            _ => (place, Form::Bare),
        };
        let window = &text[start..text.floor_char_boundary((start + MAX_LOOK_BYTES).min(text.len()))];
        let mut value = Self { text, start, form, beginning: window };
        value.beginning = &window[..value.length_in(window)];
        value
    }

    /// The byte after the value.
    fn end(&self) -> usize {
        let rest = &self.text[self.start..];
        let value = &rest[..self.length_in(rest)];
        let is_sentence_end = self.form == Form::Bare && !value.ends_with(']');
        let value = if is_sentence_end { value.trim_end_matches(SENTENCE_ENDS) } else { value };
        self.start + value.len()
    }

    fn length_in(&self, text: &str) -> usize {
        match self.form {
            Form::Bare if text.starts_with(MARK) => text.find(']').map_or(text.len(), |end| end + 1),
            Form::Bare => {
                let ends = |c: char| c.is_whitespace() || "\"'`,;&|<>(){}[]\\".contains(c);
                text.find(ends).unwrap_or(text.len())
            }
            Form::Quoted { quote, n_escapes } => quoted_length(text, quote, n_escapes),
        }
    }
}

/// Up to the quote that closes, or the end of the line.
fn quoted_length(text: &str, quote: char, n_escapes: usize) -> usize {
    let mut n_backslashes = 0;
    for (place, c) in text.char_indices() {
        match c {
            '\\' => n_backslashes += 1,
            // A quote with more backslashes than the first one belongs to the value.
            c if c == quote && n_backslashes <= n_escapes => return place - n_backslashes,
            '\n' => return place,
            _ => n_backslashes = 0,
        }
        if c == quote {
            n_backslashes = 0;
        }
    }
    text.len()
}

/// Which kind of secret the value is; `None` when it is none.
fn secret(found: &Captures<'_>, value: &Value<'_>) -> Option<&'static str> {
    let name = found.name("name")?.as_str();
    let join = found.name("join")?.as_str();
    let is_option = found.name("dashes").is_some() || name.starts_with('-');
    let is_bare = value.form == Form::Bare;
    let is_spaced = join.trim().is_empty();
    let text = value.beginning;
    if text.is_empty() || is_mark(text) || (is_spaced && !is_option) {
        return None;
    }
    // The last part of a path of names: `config.api_key`.
    let kind = names::kind(name.rsplit('.').next().unwrap_or(name).trim_matches('-'))?;
    let is_variable = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    let text = if is_bare { text.trim_end_matches(SENTENCE_ENDS) } else { text };
    if text.is_empty() || is_reference(text) {
        return None;
    }
    let is_secret = if !is_bare {
        // A quoted name or a variable may have a sentence for its value; a quoted sentence after a word in
        // code is a message.
        let is_data = found.name("quote").is_some() || is_variable || is_option;
        let is_one_word = !text.contains(char::is_whitespace) && text.len() > 2;
        if kind.is_certain { is_data || is_one_word } else { is_one_word && looks_likely(text) }
    } else if is_option {
        let is_prose = text.starts_with('-') || (is_spaced && PROSE.contains(&text));
        !is_prose && (kind.is_certain || looks_likely(text))
    } else if is_variable && join == "=" {
        if kind.is_certain { !is_constant(text) } else { looks_likely(text) }
    } else if join == "=" {
        if kind.is_certain { !is_code(name, text) } else { looks_random(text) }
    } else {
        looks_random(text) || (kind.is_certain && text.len() >= 6 && has_digit(text) && !is_code(name, text))
    };
    is_secret.then_some(kind.label)
}

/// A place where a value would stand: `$TOKEN`, `${{ secrets.X }}`, `<token>`, `%s`, `***`.
pub(super) fn is_reference(value: &str) -> bool {
    value.starts_with(['$', '<', '%', '{'])
        || value.starts_with("http://")
        || value.starts_with("https://")
        || value.bytes().all(|byte| b"*.x_-".contains(&byte))
}

fn is_constant(value: &str) -> bool {
    matches!(value, "true" | "false" | "null" | "none" | "None" | "nil" | "undefined" | "yes" | "no" | "0" | "1")
}

/// An expression of a program rather than a value.
fn is_code(name: &str, value: &str) -> bool {
    let is_path = value.contains('.') && value.split('.').all(is_identifier);
    is_constant(value) || is_path || value.eq_ignore_ascii_case(name) || value.starts_with(['&', '*', '!', '@'])
}

fn is_identifier(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Eight characters with letters and digits, or a long mixture of cases.
pub(super) fn looks_random(value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.as_bytes().iter().any(is);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let is_path = value.starts_with(['/', '.', '~']) || value.split('.').filter(|part| !part.is_empty()).count() > 1;
    let long_digits = value.len() >= 8 && has_digit(value) && has(u8::is_ascii_alphabetic);
    let long_mixture = value.len() >= 24 && mixed && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (long_digits && !(is_path && value.split(['.', '/']).all(is_identifier))) || long_mixture
}

/// For a variable or an option whose name is not certain.
fn looks_likely(value: &str) -> bool {
    looks_random(value)
        || (value.len() >= 12 && !value.contains(['/', '.']) && !value.bytes().all(|b| b.is_ascii_digit()))
}
