//! Text as people type it on a phone, brought to one form to be compared: never to be shown or sent on.

use icu_normalizer::ComposingNormalizerBorrowed;

/// Full and half width made one, without marks that nobody sees, in small letters and trimmed.
pub fn folded(text: &str) -> String {
    wide(text).chars().filter(|c| !is_unseen(*c)).collect::<String>().trim().to_lowercase()
}

/// Full and half width made one, and nothing else: `／ｓｔｏｐ　２` is `/stop 2`.
pub fn wide(text: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(text).into_owned()
}

/// What keyboards add and nobody sees: joiners, variants and tones of emoji, marks of direction.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{1f3fb}'..='\u{1f3ff}'
    )
}

/// Quotation marks that people put around a name, with what closes them.
pub const QUOTES: [(char, char); 8] =
    [('"', '"'), ('\'', '\''), ('“', '”'), ('‘', '’'), ('「', '」'), ('『', '』'), ('《', '》'), ('＂', '＂')];

/// The text without quotation marks that stand around the whole of it.
pub fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    QUOTES.iter().find_map(inside).unwrap_or(text)
}

/// A whole number, in any width, and nothing beside it.
pub fn number(text: &str) -> Option<u32> {
    let text = wide(text);
    let text = text.trim();
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_the_same_is_the_same() {
        for (text, expected) in [
            (" Ｙ ", "y"),
            ("ＹＥＳ！", "yes!"),
            ("１２", "12"),
            ("①", "1"),
            ("👍🏽\u{fe0f}", "👍"),
            ("允\u{200b}许", "允许"),
            ("｡", "。"),
            ("　ok　", "ok"),
        ] {
            assert_eq!(folded(text), expected, "{text:?}");
        }
        assert_eq!((number("１２"), number("1a"), number(""), number("-1")), (Some(12), None, None, None));
        assert_eq!(number("4294967296"), None);
        assert_eq!(
            (unquoted("「目录」"), unquoted("“a b”"), unquoted("'a"), unquoted("a")),
            ("目录", "a b", "'a", "a")
        );
    }
}
