//! Values that stand after a name which says secret: `.env` lines, JSON and YAML in text, options of
//! commands, parameters of addresses, sentences.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use aho_corasick::AhoCorasickBuilder;
use aho_corasick::Input;
use regex::Captures;
use regex::Regex;

use self::looks::is_code;
use self::looks::is_constant;
pub(super) use self::looks::is_reference;
pub(super) use self::looks::looks_likely;
use self::looks::looks_made;
pub(super) use self::looks::looks_random;
use self::value::Form;
use self::value::SENTENCE_ENDS;
use self::value::Value;
use super::MARK;
use super::is_mark;
use super::names;
use super::windows::Found;

mod looks;
mod value;

/// A joint that is further away belongs to something else.
const MAX_JOINT_BYTES: usize = 400;

/// The telling parts of names.
static PARTS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasickBuilder::new().ascii_case_insensitive(true).build(names::parts()).ok());

/// Words that make a sentence of a name and a value.
macro_rules! is {
    () => {
        "(?:is|ist|lautet|est|es|è|é|jest|är|on|là)"
    };
}

/// What joins a name to its value. Signs may be of full width, or encoded as in an address or in markup.
macro_rules! sign {
    () => {
        r#"(?P<sign>\s{0,3}[ \t]{0,60}(?:=>|:=|={1,3}|[:：＝]|%3[AaDd])(?:\*\*)?\s{0,3}[ \t]{0,60}(?:%20){0,3}(?:%22|&quot;|&#3[49];)?(?:(?:&\w+|!!?\w*)\s)?)"#
    };
}

/// The rest of a name, and what joins it to its value.
static JOINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r#"^(?P<tail>[\w.-]*?)(?P<quote>\\*["'`”»」』]|%22|&quot;|&#3[49];|\*\*)?(?:"#,
        // With a type in between: the value is one in quotes.
        r#"(?P<typed>\s?:\s?&?(?:'static\s)?[\w<>\[\].|?]+\s?=\s?)["']|"#,
        sign!(),
        r"|(?P<told>\s{0,3}(?:是|为|為|は|는|은)\s{0,3}[:：]?\s{0,2}|\s",
        is!(),
        r"\s:?\s?|\s{0,3}(?:→|⇒|—|–|->)\s{1,3})|(?P<table>[ \t]{0,40}\|[ \t]{1,40})|(?P<farther>(?:\s[\p{L}\p{M}-]+){1,3}(?:\s?[:：=]\s{1,3}|\s",
        is!(),
        r"\s))|(?P<wide>[ \t]{2,60}))"
    ))
    .ok()
});

/// The same of an option.
static OPTION_JOINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(r#"^(?P<tail>[\w.-]*?)(?P<quote>\\*["'`]|%22)?(?:"#, sign!(), r"|(?P<spaced>\s{1,3}))")).ok()
});

/// The content of a block in YAML: the lines that are indented deeper than its name.
static BLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[|>][+-]?[0-9]?[ \t]*(?:#[^\n]*)?\r?\n").ok());

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

/// How a name and a value come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    Sign,
    Typed,
    /// By the words of a sentence.
    Told,
    Table,
    /// By blanks, as after an option.
    Spaced,
    /// By several blanks, as in a table.
    Wide,
}

/// A name that may say secret, in its text.
struct Name<'a> {
    text: &'a str,
    place: Range<usize>,
    is_option: bool,
    is_quoted: bool,
    join: Join,
    /// As it is written.
    joint: &'a str,
    /// Where the value begins.
    end: usize,
}

/// Every such value.
pub(super) fn find(text: &str) -> Vec<Found> {
    let mut all = Vec::new();
    let Some(parts) = PARTS.as_ref() else { return all };
    let mut from = 0;
    while let Some(part) = parts.find(Input::new(text).range(from..)) {
        let word = word(text, from, part.range());
        let name = Some(&text[word.clone()]).filter(|word| !says_nothing(word));
        let Some(name) = name.and_then(|_| Name::new(text, word.start, part.end())) else {
            from = word.end;
            continue;
        };
        // What is no value may be the next name.
        from = name.end;
        let Some(kind) = name.kind() else { continue };
        if let Some(place) = name.block(kind) {
            from = place.end;
            all.push((place, kind.label));
            continue;
        }
        let value = Value::at(text, name.end);
        let braced = Value::in_braces(text, name.end).filter(|_| name.is_in_list());
        let value = braced.unwrap_or(value);
        if name.is_secret(kind, &value) {
            let place = value.place();
            from = place.end;
            all.push((place, kind.label));
        } else if name.join == Join::Sign {
            let items = value::list(text, name.end);
            let items = items.iter().filter(|item| is_secret_item(kind, item.beginning));
            all.extend(items.map(|item| (item.place(), kind.label)));
        }
    }
    all
}

/// The word in which a part of a name is.
fn word(text: &str, from: usize, part: Range<usize>) -> Range<usize> {
    let before: usize = text[from..part.start].chars().rev().take_while(|c| is_in_name(*c)).map(char::len_utf8).sum();
    let end = text[part.end..].find(|c: char| !is_in_name(c)).map_or(text.len(), |end| part.end + end);
    part.start - before..end
}

/// Whether a word is no telling name, whatever stands behind it. In other scripts a name may end within a word.
fn says_nothing(word: &str) -> bool {
    let last = word.rsplit('.').next().unwrap_or(word).trim_matches('-');
    word.is_ascii() && !last.is_empty() && names::kind(last).is_none() && !names::is_directory(last)
}

fn is_in_name(c: char) -> bool {
    c.is_alphanumeric() || "_.-".contains(c) || (!c.is_ascii() && is_mark_above(c))
}

/// Signs above and below letters, as some scripts have them.
fn is_mark_above(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{97f}' | '\u{e31}'..='\u{e4e}')
}

impl<'a> Name<'a> {
    /// The name that begins here and has a telling part up to there, with what joins it to a value.
    fn new(text: &'a str, start: usize, part_end: usize) -> Option<Self> {
        let is_option = text[start..].starts_with('-');
        let joints = if is_option { &OPTION_JOINT } else { &JOINT };
        let rest = &text[part_end..text.floor_char_boundary((part_end + MAX_JOINT_BYTES).min(text.len()))];
        let found = joints.as_ref()?.captures(rest)?;
        let (join, joint) = joined(&found)?;
        let name = start..part_end + found.name("tail")?.end();
        let joint = part_end + joint.start()..part_end + joint.end();
        let (is_quoted, end) = (found.name("quote").is_some(), joint.end);
        Some(Self { text, place: name, is_option, is_quoted, join, joint: &text[joint], end })
    }

    fn name(&self) -> &'a str {
        &self.text[self.place.clone()]
    }

    fn kind(&self) -> Option<names::Kind> {
        // The last part of a path of names: `config.api_key`.
        let name = self.name();
        let last = name.rsplit('.').next().unwrap_or(name).trim_matches('-');
        let before = &self.text[..self.place.start];
        if names::is_directory(last) {
            // In a list of a connection it is a password.
            let is_password = before.ends_with(';') && !self.text[self.end..].starts_with(['/', '~']);
            return is_password.then_some(names::PASSWORD);
        }
        let kind = names::kind(last)?;
        // What is worth little alone is certain in these words.
        let is_phrase = last.eq_ignore_ascii_case("passe")
            && before.get(before.len().saturating_sub(7)..).is_some_and(|end| end.eq_ignore_ascii_case("mot de "));
        Some(names::Kind { is_certain: kind.is_certain || is_phrase, ..kind })
    }

    fn is_in_list(&self) -> bool {
        self.joint == "=" && self.text[..self.place.start].ends_with(';')
    }

    /// Where the block of lines after it begins and ends.
    fn block(&self, kind: names::Kind) -> Option<Range<usize>> {
        let (text, place) = (self.text, self.end);
        if !kind.is_certain && kind.label != "key" {
            return None;
        }
        let head = BLOCK.as_ref()?.find(&text[place..])?;
        let line = text[..self.place.start].rfind('\n').map_or(0, |end| end + 1);
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
        (!is_done).then_some(start + first..start + content.len())
    }

    /// Whether the value is a secret.
    fn is_secret(&self, kind: names::Kind, value: &Value<'_>) -> bool {
        let is_bare = value.form == Form::Bare;
        let name = self.name();
        let text = value.beginning;
        if text.is_empty() || is_mark(text) {
            return false;
        }
        let is_variable = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        let text = if is_bare { text.trim_end_matches(SENTENCE_ENDS) } else { text };
        if text.is_empty() || is_reference(text) || text.contains(MARK) {
            return false;
        }
        let is_password = kind.is_certain || kind.label == "password";
        match self.join {
            Join::Told | Join::Table => {
                let is_quoted_word = !is_bare && !text.contains(char::is_whitespace);
                let is_made = text.len() >= 5 && looks_made(text) && !is_measure(text) && !text.contains("://");
                let is_told = !names::is_said_of(text) && (is_quoted_word || is_made);
                let is_key = kind.label != "password" && looks_random(text) && !text.contains(['/', '(']);
                let is_certain = kind.is_certain || is_key;
                return is_certain && is_told && !is_code(name, text);
            }
            Join::Typed => return is_password && !text.contains(char::is_whitespace) && !names::is_said_of(text),
            Join::Wide => {
                let is_made = text.len() >= 5 && looks_made(text) && !is_measure(text) && !text.contains(['(', '/']);
                return is_bare && kind.is_certain && is_made && self.is_whole_line(value);
            }
            Join::Sign | Join::Spaced => {}
        }
        if self.joint.trim().starts_with("==") {
            return !is_bare && is_password && looks_made(text) && !text.contains(char::is_whitespace);
        }
        // A list of fields that ends in `;`, as connection strings are.
        let in_list = self.joint == "=" && (value.is_followed_by(';') || self.is_in_list());
        if !is_bare {
            // A quoted name or a variable may have a sentence for its value; a quoted sentence after a word in
            // code is a message.
            let is_data = self.is_quoted || is_variable || self.is_option || in_list;
            let is_one_word = !text.contains(char::is_whitespace) && text.len() > 2 && !names::is_said_of(text);
            if kind.is_certain || (kind.label == "password" && is_variable) {
                let is_rules = text.split_once('|').is_some_and(|(first, _)| names::is_said_of(first));
                return (!is_rules && (is_data || is_one_word)) || self.is_phrase(kind, value);
            }
            return is_one_word && looks_likely(text);
        }
        if self.is_option {
            let is_spaced = self.join == Join::Spaced;
            let is_prose = text.starts_with('-') || (is_spaced && PROSE.contains(&text));
            // The name of a secret that is kept elsewhere.
            let is_name = name.ends_with("secret-id") && text.contains('/');
            return !is_prose && !is_name && (is_password || looks_likely(text));
        }
        if is_variable && self.joint == "=" {
            return if is_password { !is_constant(text) } else { looks_likely(text) };
        }
        if self.joint == "=" || self.joint.starts_with('%') {
            let is_certain = kind.is_certain || (in_list && kind.label == "password");
            return if is_certain { !is_code(name, text) } else { looks_random(text) };
        }
        let has_form = text.len() >= 4 && looks_made(text);
        let is_word = self.is_whole_line(value) && !names::is_said_of(text) && !says_itself(text);
        !is_code(name, text) && (looks_random(text) || (kind.is_certain && (has_form || is_word)))
    }

    /// Whether a line holds nothing but a name and one word, as lines of data do.
    fn is_whole_line(&self, value: &Value<'_>) -> bool {
        let text = self.text;
        let before = text[..self.place.start].rsplit('\n').next().unwrap_or_default();
        let is_first = before.trim_start_matches(['-', '+', '~', '*', '•', '"', '\'', ' ', '\t']).is_empty();
        // A comma ends a line of a program.
        let rest = &text[value.start + value.beginning.len()..];
        let rest = rest.split('\n').next().unwrap_or_default().trim();
        let is_new = !self.joint.contains('\n');
        is_first && is_new && value.beginning.len() > 2 && (rest.is_empty() || rest.starts_with('#'))
    }

    /// A password of some words, in a line of its own or in a list of `name=value`.
    fn is_phrase(&self, kind: names::Kind, value: &Value<'_>) -> bool {
        let mut line = self.text[..self.place.start].rsplit('\n').next().unwrap_or_default().trim_end().rsplit(' ');
        let in_fields =
            self.joint == "=" && line.next().is_some_and(|field| field.contains('=') && !field.contains(['(', ',']));
        let after = &self.text[value.start + value.beginning.len()..];
        let ends_line =
            after.trim_start_matches(['"', '\'']).split('\n').next().is_some_and(|rest| rest.trim().is_empty());
        let is_alone = ends_line
            && self.text[..self.place.start].rsplit('\n').next().is_some_and(|before| before.trim().is_empty());
        let is_word = |word: &str| names::kind(word).is_none() && !names::is_said_of(word) && !PROSE.contains(&word);
        let words = value.beginning.split_whitespace();
        kind.label == "password" && (in_fields || is_alone) && words.clone().count() <= 4 && words.clone().all(is_word)
    }
}

fn joined<'t>(found: &Captures<'t>) -> Option<(Join, regex::Match<'t>)> {
    let kinds = [
        ("sign", Join::Sign),
        ("typed", Join::Typed),
        ("told", Join::Told),
        ("table", Join::Table),
        ("farther", Join::Told),
        ("spaced", Join::Spaced),
        ("wide", Join::Wide),
    ];
    kinds.into_iter().find_map(|(name, join)| Some((join, found.name(name)?)))
}

/// A number with a unit or a word of another script: "12 characters".
fn is_measure(value: &str) -> bool {
    let rest = value.trim_start_matches(|c: char| c.is_ascii_digit() || ".,-".contains(c));
    rest.len() < value.len()
        && rest.chars().all(|c| c.is_alphabetic() || "()%°".contains(c))
        && (rest.len() < 3 || !rest.is_ascii())
}

/// A name in the place of a value: `db_password`.
fn says_itself(value: &str) -> bool {
    value.contains(['_', '-', '.']) && names::kind(value).is_some() && !value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether one of several values under a telling name is a secret.
fn is_secret_item(kind: names::Kind, item: &str) -> bool {
    let is_name = names::kind(item).is_some() && item.contains(['_', '-']);
    let is_made = looks_random(item) || (kind.label == "password" && item.len() > 3 && looks_made(item));
    !item.contains(char::is_whitespace)
        && !item.contains(MARK)
        && !is_name
        && !is_reference(item)
        && !is_code("", item)
        && is_made
}
