//! Where a value begins and ends: a word, or whatever stands between quotes.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::redact::MARK;

/// How much of a value is looked at before it is known to be a secret. Bounded, because what is none is
/// looked at again for names in it.
const MAX_LOOK_BYTES: usize = 256;
/// A list that goes on longer is one of something else.
const MAX_LIST_BYTES: usize = 4096;

/// What ends a sentence rather than a value.
pub(super) const SENTENCE_ENDS: [char; 4] = ['.', '!', '?', ':'];

/// What stands between a sign and a quote: `b"…"`, `N'…'`, `String::from("…")`.
static WRAPPER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"^(?:[bBuUrRfFNL@]{1,2}|\[\]byte\(|new\s\w+\(|\w*(?:String|Secret|SecretStr|Bytes|str|bytes|Buffer|Cow|Some|Ok)(?:::\w+|\.\w+)?\()["']"#).ok()
});

/// How a value stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A word.
    Bare,
    /// Up to this quote, with so many backslashes before each.
    Quoted { end: char, n_escapes: usize },
}

/// What stands after a name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a> {
    pub text: &'a str,
    /// The first byte of the value itself.
    pub start: usize,
    pub form: Form,
    /// As much as is looked at.
    pub beginning: &'a str,
}

impl<'a> Value<'a> {
    pub(super) fn at(text: &'a str, place: usize) -> Self {
        let window = &text[place..text.floor_char_boundary((place + MAX_LOOK_BYTES).min(text.len()))];
        let wrapper = WRAPPER.as_ref().and_then(|wrapper| wrapper.find(window)).map_or(0, |found| found.end() - 1);
        let place = place + wrapper;
        let rest = &text[place..];
        let n_escapes = rest.bytes().take_while(|byte| *byte == b'\\').count();
        let quote = rest[n_escapes..].chars().next().and_then(|quote| Some((quote, closing(quote)?)));
        let (start, form) = match quote {
            Some((quote, end)) => (place + n_escapes + quote.len_utf8(), Form::Quoted { end, n_escapes }),
            None => (place, Form::Bare),
        };
        Self::new(text, start, form)
    }

    /// Between braces, as in a list of `name={value};`.
    pub(super) fn in_braces(text: &'a str, place: usize) -> Option<Self> {
        text[place..].strip_prefix('{')?;
        let value = Self::new(text, place + 1, Form::Quoted { end: '}', n_escapes: 0 });
        value.is_followed_by('}').then_some(value)
    }

    fn new(text: &'a str, start: usize, form: Form) -> Self {
        let window = &text[start..text.floor_char_boundary((start + MAX_LOOK_BYTES).min(text.len()))];
        let mut value = Self { text, start, form, beginning: window };
        value.beginning = &window[..value.length_in(window)];
        value
    }

    pub(super) fn is_followed_by(&self, sign: char) -> bool {
        self.text[self.start + self.beginning.len()..].starts_with(sign)
    }

    /// From the first to the last byte of the value.
    pub(super) fn place(&self) -> Range<usize> {
        let rest = &self.text[self.start..];
        let value = &rest[..self.length_in(rest)];
        let is_sentence_end = self.form == Form::Bare && !value.ends_with(']');
        let value = if is_sentence_end { value.trim_end_matches(SENTENCE_ENDS) } else { value };
        self.start..self.start + value.len()
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
            Form::Quoted { end, n_escapes } => quoted_length(text, end, n_escapes),
        }
    }
}

/// The quote that ends what this one begins.
fn closing(quote: char) -> Option<char> {
    match quote {
        '"' | '\'' | '`' => Some(quote),
        '“' | '„' => Some('”'),
        '‘' => Some('’'),
        '«' => Some('»'),
        '「' => Some('」'),
        '『' => Some('』'),
        _ => None,
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

/// The items of a list in brackets, or of lines that begin with a dash.
pub(super) fn list(text: &str, place: usize) -> Vec<Value<'_>> {
    let rest = &text[place..text.floor_char_boundary((place + MAX_LIST_BYTES).min(text.len()))];
    if let Some(inner) = rest.strip_prefix('[') {
        let inner = &inner[..inner.find(']').unwrap_or(inner.len())];
        let items = inner.split(',').scan(place + 1, |at, item| {
            let start = *at + item.len() - item.trim_start().len();
            *at += item.len() + 1;
            Some((start, item.trim()))
        });
        return items.filter(|(_, item)| !item.is_empty()).map(|(start, _)| Value::at(text, start)).collect();
    }
    let mut at = place;
    let lines = rest.split_inclusive('\n').map(|line| {
        at += line.len();
        (at - line.len(), line)
    });
    let lines = lines.skip_while(|(start, line)| *start == place && line.trim().is_empty());
    lines
        .map_while(|(start, line)| {
            let item = line.trim_start().strip_prefix("- ")?;
            (!item.contains(": ")).then(|| Value::at(text, start + line.len() - item.trim_start().len()))
        })
        .collect()
}
