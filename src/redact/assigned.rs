//! Values that stand after a name which says secret: `.env` lines, JSON and YAML in text, options of
//! commands, parameters of addresses.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

use super::MARK;
use super::is_mark;
use super::mark;
use super::names;

/// A name with a telling part, and what joins it to its value. Signs may be of full width, or encoded as in an address.
static ASSIGNED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let foreign = names::foreign().collect::<Vec<_>>().join("|");
    Regex::new(&format!(
        r#"(?P<dashes>--?)?(?P<name>[\w.-]*(?i:passw|passphrase|passcode|passe|pwd|pass|pswd?|\bpw|pword|mdp|secret|token|key|credential|auth|cookie|jwt|bearer|sig|{foreign})[\w.-]*?)(?P<quote>\\*["'`”»]|%22)?(?P<join>\s{{0,3}}(?:=>|:=|[:=：＝]|%3[AaDd])\s{{0,3}}(?:%22)?|\s{{0,3}}(?:是|为|為|は|는)\s{{0,3}}[:：]?\s{{0,2}}|\s(?:is|ist|lautet|est|es|è|é|jest|är|on)\s[:]?\s?|\s{{1,3}})"#
    ))
    .ok()
});

/// The content of a block in YAML: the lines that are indented deeper than its name.
static BLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[|>][+-]?[0-9]?[ \t]*(?:#[^\n]*)?\r?\n").ok());

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
        if let Some((start, end, label)) = block(text, &found) {
            redacted.push_str(&text[done..start]);
            redacted.push_str(&mark(label));
            done = end;
            from = done;
            continue;
        }
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

/// Where the block of lines after a telling name begins and ends.
fn block(text: &str, found: &Captures<'_>) -> Option<(usize, usize, &'static str)> {
    let (name, place) = (found.name("name")?, found.get(0)?.end());
    let head = BLOCK.as_ref()?.find(&text[place..])?;
    let kind = names::kind(name.as_str().rsplit('.').next().unwrap_or_default())
        .filter(|kind| kind.is_certain || kind.label == "key")?;
    let line = text[..name.start()].rfind('\n').map_or(0, |end| end + 1);
    let depth = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let outside = depth(&text[line..]);
    let start = place + head.end();
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        if !line.trim().is_empty() && depth(line) <= outside {
            break;
        }
        end += line.len();
    }
    let content = text[start..end].trim_end();
    let first = depth(content);
    let is_done = content.trim().is_empty() || is_mark(content.trim());
    (!is_done).then_some((start + first, start + content.len(), kind.label))
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

    fn is_followed_by(&self, sign: char) -> bool {
        self.text[self.start + self.beginning.len()..].starts_with(sign)
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
                let ends = |c: char| c.is_whitespace() || "\"'`,;&|<>(){}[]\\，。；！？）（」』、”»".contains(c);
                let end = text.find(ends).unwrap_or(text.len());
                // Of an address that is encoded.
                text[..end].find("%26").or_else(|| text[..end].find("%22")).unwrap_or(end)
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
    let is_sentence = !is_spaced && join.chars().any(char::is_alphabetic) && !join.contains('%');
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
    if is_sentence {
        let is_quoted_word = !is_bare && !text.contains(char::is_whitespace);
        let is_told = !names::is_said_of(text) && (is_quoted_word || (text.len() >= 5 && looks_made(text)));
        return (kind.is_certain && is_told && !is_code(name, text)).then_some(kind.label);
    }
    // A list of fields that ends in `;`, as connection strings are.
    let in_list = join == "=" && value.is_followed_by(';');
    let is_secret = if !is_bare {
        // A quoted name or a variable may have a sentence for its value; a quoted sentence after a word in
        // code is a message.
        let is_data = found.name("quote").is_some() || is_variable || is_option;
        let is_one_word = !text.contains(char::is_whitespace) && text.len() > 2 && !names::is_said_of(text);
        if kind.is_certain || (kind.label == "password" && is_variable) {
            is_data || is_one_word
        } else {
            is_one_word && looks_likely(text)
        }
    } else if is_option {
        let is_prose = text.starts_with('-') || (is_spaced && PROSE.contains(&text));
        !is_prose && (kind.is_certain || kind.label == "password" || looks_likely(text))
    } else if is_variable && join == "=" {
        if kind.is_certain || kind.label == "password" { !is_constant(text) } else { looks_likely(text) }
    } else if join == "=" || join.starts_with('%') {
        if kind.is_certain || (in_list && kind.label == "password") { !is_code(name, text) } else { looks_random(text) }
    } else {
        let has_form = text.len() >= 4 && looks_made(text);
        looks_random(text) && !is_code(name, text)
            || (kind.is_certain && has_form && !is_code(name, text))
            || (kind.is_certain && is_whole_line(found, value) && !names::is_said_of(text) && !is_code(name, text))
    };
    is_secret.then_some(kind.label)
}

/// Whether a line holds nothing but a name and one word, as lines of data do.
fn is_whole_line(found: &Captures<'_>, value: &Value<'_>) -> bool {
    let Some(name) = found.get(0) else { return false };
    let text = value.text;
    let before = text[..name.start()].rsplit('\n').next().unwrap_or_default();
    let is_first = before.trim_start_matches(['-', '*', '•', '"', '\'', ' ', '\t']).is_empty();
    // A comma ends a line of a program.
    let rest = &text[value.start + value.beginning.len()..];
    let rest = rest.split('\n').next().unwrap_or_default().trim();
    let is_new = !found["join"].contains('\n');
    is_first && is_new && value.beginning.len() > 2 && (rest.is_empty() || rest.starts_with('#'))
}

/// A digit or a sign beside letters, or letters of both cases: nobody's word.
fn looks_made(value: &str) -> bool {
    let letters = value.chars().any(char::is_alphanumeric);
    let sign = value.chars().any(|c| c.is_ascii_digit() || "!@#$%^*+=~".contains(c));
    letters && sign
}

/// A place where a value would stand: `$TOKEN`, `${{ secrets.X }}`, `<token>`, `%s`, `***`.
pub(super) fn is_reference(value: &str) -> bool {
    value.starts_with(['$', '<', '%', '{'])
        || value.starts_with("http://")
        || value.starts_with("https://")
        || value.bytes().all(|byte| b"*.x_-".contains(&byte))
        || is_place(value)
}

/// Words that say "put yours here".
fn is_place(value: &str) -> bool {
    let lower = value.to_lowercase();
    ["your", "<", "example_", "placeholder", "changeme_", "insert_"].iter().any(|word| lower.starts_with(word))
        && !value.bytes().any(|byte| byte.is_ascii_digit())
        && lower.contains(['_', '-', ' ', '<'])
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
pub(super) fn looks_likely(value: &str) -> bool {
    looks_random(value)
        || (value.len() >= 12 && !value.contains(['/', '.']) && !value.bytes().all(|b| b.is_ascii_digit()))
}
