//! Images that a text names: `@picture.png`, and pasted paths that become such a name. Pure; whether there is an image
//! in the file is not known here.

use std::ops::Range;

/// What the names of images end with, whatever the case.
const ENDINGS: [&str; 5] = [".png", ".jpg", ".jpeg", ".gif", ".webp"];
/// More mentions in one text are not looked at.
const MAX_MENTIONS: usize = 50;

/// An image that a text names behind an `@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// The whole of it in the text, with the `@`.
    pub range: Range<usize>,
    pub path: String,
}

fn is_image(path: &str) -> bool {
    let path = path.to_lowercase();
    ENDINGS.iter().any(|ending| path.len() > ending.len() && path.ends_with(ending))
}

/// The images that a text names, in its order. A name ends at a blank, or at the quote that began it; what punctuation
/// follows it belongs to the sentence.
pub fn mentions(text: &str) -> Vec<Mention> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let stands_alone = text[..at].chars().next_back().is_none_or(char::is_whitespace);
        if !stands_alone || found.len() >= MAX_MENTIONS {
            continue;
        }
        let rest = &text[at + 1..];
        let (path, len) = match rest.strip_prefix('"') {
            Some(quoted) => match quoted.split_once('"') {
                Some((path, _)) if !path.contains('\n') => (path, path.len() + 2),
                _ => continue,
            },
            None => {
                let word = rest.split(char::is_whitespace).next().unwrap_or_default();
                let path = word.trim_end_matches(|c: char| !c.is_alphanumeric());
                (path, path.len())
            }
        };
        if is_image(path) {
            found.push(Mention { range: at..at + 1 + len, path: path.to_owned() });
        }
    }
    found
}

/// Paths of images as terminals paste a file that is dropped on them, as mentions; `None` for any other text.
pub fn pasted(text: &str) -> Option<String> {
    let paths = words(text.trim())?;
    let is_path = |path: &String| (path.starts_with('/') || path.starts_with("~/")) && is_image(path);
    if paths.is_empty() || !paths.iter().all(is_path) {
        return None;
    }
    let mention = |path: &String| {
        if path.contains(char::is_whitespace) { format!("@\"{path}\"") } else { format!("@{path}") }
    };
    let mentions: Vec<String> = paths.iter().map(mention).collect();
    Some(format!("{} ", mentions.join(" ")))
}

/// The words of a line as a shell would part them, addresses of files as paths. `None` when they cannot be told apart, or
/// when a path could not stand behind an `@`.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
            continue;
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(c) = chars.next_if(|c| quote.is_some() || !c.is_whitespace()) {
            match (c, quote) {
                (c, Some(open)) if c == open => quote = None,
                ('\'' | '"', None) => quote = Some(c),
                ('\\', None) => word.push(chars.next()?),
                ('"' | '\n', _) => return None,
                _ => word.push(c),
            }
        }
        if quote.is_some() || word.contains(['"', '\n']) {
            return None;
        }
        words.push(word.strip_prefix("file://").map_or_else(|| Some(word.clone()), decoded)?);
    }
    Some(words)
}

/// A path out of an address: `%20` is a blank.
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (hex, behind) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
        rest = behind;
    }
    let path = String::from_utf8(bytes).ok()?;
    (!path.contains(['"', '\n', '\0'])).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_behind_an_at_are_found_with_their_place() {
        let text = "look at @a.png, (no@b.png) @\"my shot.JPG\" and @src/lib.rs @/tmp/c.webp. @.png @\"open.png";
        let found: Vec<(&str, String)> =
            mentions(text).into_iter().map(|mention| (&text[mention.range.clone()], mention.path)).collect();
        let expected = [("@a.png", "a.png"), ("@\"my shot.JPG\"", "my shot.JPG"), ("@/tmp/c.webp", "/tmp/c.webp")];
        assert_eq!(found, expected.map(|(whole, path)| (whole, path.to_owned())));
        assert!(mentions(&"@a.png ".repeat(1_000)).len() <= MAX_MENTIONS);
    }

    #[test]
    fn a_pasted_path_of_an_image_becomes_a_mention() {
        for (text, mention) in [
            ("/home/me/a.png", "@/home/me/a.png "),
            ("'/home/me/my shot.png'\n", "@\"/home/me/my shot.png\" "),
            ("/home/me/my\\ shot.png /b.JPEG", "@\"/home/me/my shot.png\" @/b.JPEG "),
            ("file:///home/me/my%20shot.png", "@\"/home/me/my shot.png\" "),
            ("~/图/截图.webp", "@~/图/截图.webp "),
        ] {
            assert_eq!(pasted(text).as_deref(), Some(mention), "{text}");
        }
        let other =
            ["", "a.png", "see /a.png", "/a.png /b.rs", "/a\n/b.png'", "/a\".png", "'/a\n.png'", "/a.txt", "/x\\"];
        for text in other.iter().chain(&["file:///a%2", "file:///a%22.png", "file:///%ff.png", "https://x/a.png"]) {
            assert_eq!(pasted(text), None, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "[@/a \"'\\\\.png%2é\n]{0,60}") {
            for mention in mentions(&text) {
                proptest::prop_assert!(text[mention.range].starts_with('@'));
            }
            let _ = pasted(&text);
        }
    }
}
