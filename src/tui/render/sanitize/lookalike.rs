//! Finds words that imitate others.
//!
//! For approvals: `pаypal.com` with a Cyrillic letter, `ｒｍ` in full width, a slash that is none.
//! Not a spell checker and not complete: it looks for letters of other scripts inside Latin words,
//! and for signs that a shell or an address would read differently from a person. Words wholly in
//! one script are left alone unless the rest of their address is Latin.

use std::ops::Range;

/// A word that imitates another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookalike {
    /// Where, in bytes of the revealed text.
    pub range: Range<usize>,
    /// The word as it is.
    pub word: String,
    /// The word it could be taken for.
    pub imitates: String,
}

/// The words of `text` that imitate others, in order.
pub(super) fn find(text: &str) -> Vec<Lookalike> {
    let mut found = Vec::new();
    if text.is_ascii() {
        return found;
    }
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (is_token_char(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                find_in_token(text, from..at, &mut found);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        find_in_token(text, from..text.len(), &mut found);
    }
    found
}

/// A token is an argument or an address: words and the signs that hold them together.
fn is_token_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '/' | ':' | '~') || imitated_sign(c).is_some()
}

fn find_in_token(text: &str, token: Range<usize>, found: &mut Vec<Lookalike>) {
    let token_text = text.get(token.clone()).unwrap_or_default();
    if token_text.is_ascii() {
        return;
    }
    let has_latin = token_text.chars().any(|c| c.is_ascii_alphabetic());
    let mut at = token.start;
    for piece in token_text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let letters = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let (word, sign) = piece.split_at(letters.len());
        for part in [word, sign] {
            if imitates(part, has_latin) {
                add(found, at, part);
            }
            at += part.len();
        }
    }
}

/// Adds a find, or lengthens the one it touches: one imitated word need not be said twice.
fn add(found: &mut Vec<Lookalike>, at: usize, part: &str) {
    let range = at..at + part.len();
    match found.last_mut() {
        Some(last) if last.range.end == range.start => {
            last.range.end = range.end;
            last.word.push_str(part);
            last.imitates.extend(part.chars().map(imitated));
        }
        _ => found.push(Lookalike { range, word: part.to_owned(), imitates: part.chars().map(imitated).collect() }),
    }
}

/// Whether a word or a sign pretends to be another.
fn imitates(word: &str, token_has_latin: bool) -> bool {
    if word.chars().any(|c| imitated_sign(c).is_some() || compatible(c).is_some()) {
        return true;
    }
    let letters = || word.chars().filter(|c| c.is_alphabetic());
    let n_imitations = letters().filter(|&c| imitated_letter(c).is_some()).count();
    if n_imitations == 0 {
        return false;
    }
    let is_mixed = letters().any(|c| c.is_ascii_alphabetic());
    is_mixed || (token_has_latin && n_imitations == letters().count())
}

fn imitated(c: char) -> char {
    imitated_letter(c).or_else(|| compatible(c)).or_else(|| imitated_sign(c)).unwrap_or(c)
}

/// Other forms of ASCII letters and digits: full width and mathematical.
fn compatible(c: char) -> Option<char> {
    let code = u32::from(c);
    let (base, offset) = match code {
        0xff10..=0xff19 => ('0', code - 0xff10),
        0xff21..=0xff3a => ('A', code - 0xff21),
        0xff41..=0xff5a => ('a', code - 0xff41),
        0x1d400..=0x1d6a3 => match (code - 0x1d400) % 52 {
            upper @ 0..26 => ('A', upper),
            lower => ('a', lower - 26),
        },
        0x1d7ce..=0x1d7ff => ('0', (code - 0x1d7ce) % 10),
        _ => return None,
    };
    char::from_u32(u32::from(base) + offset)
}

/// Signs that pass for ones that a shell, a path or an address gives a meaning to.
///
/// Full-width commas, colons and brackets are missing on purpose: Chinese and Japanese use them as
/// ordinary punctuation.
fn imitated_sign(c: char) -> Option<char> {
    Some(match c {
        '\u{2024}' | '\u{ff0e}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' | '\u{ff0f}' => '/',
        '\u{29f5}' | '\u{29f9}' | '\u{fe68}' | '\u{ff3c}' => '\\',
        '\u{2236}' | '\u{a789}' => ':',
        '\u{2010}' | '\u{2011}' | '\u{2212}' | '\u{ff0d}' => '-',
        '\u{ff04}' => '$',
        '\u{ff06}' => '&',
        '\u{ff0a}' | '\u{2217}' => '*',
        '\u{ff1c}' => '<',
        '\u{ff1d}' => '=',
        '\u{ff1e}' => '>',
        '\u{ff20}' => '@',
        '\u{ff3f}' => '_',
        '\u{ff40}' => '`',
        '\u{ff5c}' | '\u{01c0}' => '|',
        '\u{037e}' => ';',
        _ => return None,
    })
}

/// Latin letters and the Cyrillic, Greek, Armenian and rare Latin letters that pass for them.
const IMITATED_LETTERS: [(char, &str); 47] = [
    ('a', "аαɑ"),
    ('c', "сⅽϲ"),
    ('d', "ԁⅾ"),
    ('e', "е"),
    ('g', "ɡ"),
    ('h', "һհ"),
    ('i', "іιıⅰ"),
    ('j', "јϳ"),
    ('k', "кκ"),
    ('l', "ӏⅼ"),
    ('m', "ⅿ"),
    ('n', "ո"),
    ('o', "оοօ"),
    ('p', "рρ"),
    ('q', "ԛ"),
    ('r', "г"),
    ('s', "ѕ"),
    ('t', "τ"),
    ('u', "υս"),
    ('v', "ѵνⅴ"),
    ('w', "ԝ"),
    ('x', "хχⅹ"),
    ('y', "уγ"),
    ('A', "АΑ"),
    ('B', "ВΒ"),
    ('C', "СⅭ"),
    ('D', "Ⅾ"),
    ('E', "ЕΕ"),
    ('G', "Ԍ"),
    ('H', "НΗ"),
    ('I', "ІӀΙⅠ"),
    ('J', "Ј"),
    ('K', "КΚ"),
    ('L', "Ⅼ"),
    ('M', "МΜⅯ"),
    ('N', "Ν"),
    ('O', "ОΟ"),
    ('P', "РΡ"),
    ('Q', "Ԛ"),
    ('S', "Ѕ"),
    ('T', "ТΤ"),
    ('V', "ѴⅤ"),
    ('W', "Ԝ"),
    ('X', "ХΧⅩ"),
    ('Y', "УΥ"),
    ('Z', "Ζ"),
    ('z', "ᴢ"),
];

/// The Latin letter that a letter of another script passes for.
fn imitated_letter(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    IMITATED_LETTERS.iter().find(|(_, imitations)| imitations.contains(c)).map(|&(latin, _)| latin)
}
