//! Files that a prompt names with an `@`, as the CLI reads them: where such a name begins, and how one is written so
//! that the CLI finds the file.
//!
//! Observed on 2.1.197, 2.1.331 and 2.1.332: a name begins behind a blank or one of `。、？！`. Without quotes it ends
//! with the last ASCII letter, digit or underscore of the word; in quotes it may hold blanks and end with anything.
//! `#` and what follows is a line of the file in both forms, and blanks at either end are lost.

use std::path::Path;

use crate::core::file_name;

/// The name that is being typed before the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed<'a> {
    /// The word with its mark, as it stands there.
    pub word: &'a str,
    /// The name alone.
    pub name: &'a str,
    pub is_quoted: bool,
}

/// Finds it in the part of a line that stands before the cursor.
pub fn at_cursor(before: &str) -> Option<Typed<'_>> {
    let begins = |at: usize| {
        before
            .get(..at)
            .and_then(|head| head.chars().next_back())
            .is_none_or(|c| c.is_whitespace() || "。、？！".contains(c))
    };
    let quoted = before.rmatch_indices("@\"").find(|(at, _)| begins(*at)).and_then(|(at, mark)| {
        let word = before.get(at..)?;
        let name = word.get(mark.len()..)?;
        (!name.contains('"')).then_some(Typed { word, name, is_quoted: true })
    });
    quoted.or_else(|| {
        let (at, _) = before.rmatch_indices('@').find(|(at, _)| begins(*at))?;
        let word = before.get(at..)?;
        let name = word.get(1..)?;
        (!name.contains(char::is_whitespace)).then_some(Typed { word, name, is_quoted: false })
    })
}

/// A file or folder as it was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileName {
    /// Its path; bytes that are no text stand as `\xE9`.
    pub shown: String,
    /// It is the path itself, not a picture of it.
    pub is_text: bool,
    pub is_folder: bool,
}

impl FileName {
    pub fn new(path: &Path, is_folder: bool) -> Self {
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
        let mut shown = file_name::shown(path);
        if is_folder && !shown.ends_with('/') {
            shown.push('/');
        }
        Self { shown, is_text: std::str::from_utf8(bytes).is_ok(), is_folder }
    }
}

/// How a file is named in a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// The mention, open at its end for a folder.
    Mention(String),
    /// The path alone: the CLI would look for another file. And why.
    Plain(String, &'static str),
    /// No prompt can carry this name.
    Never(&'static str),
}

/// Writes a name so that the CLI finds the file. `is_quoted`: the person has begun it in quotes.
pub fn written(file: &FileName, is_quoted: bool) -> Written {
    let path = file.shown.as_str();
    if !file.is_text {
        return Written::Never("the name is not UTF-8: Claude Code cannot be told it; rename the file");
    }
    if path.chars().any(char::is_control) {
        return Written::Never("the name has control characters: rename the file");
    }
    let name = path.trim_end_matches('/');
    let plain = |why| Written::Plain(format!("{path} "), why);
    if path.contains('#') {
        return plain("after @, # would mean a line: stands as plain text");
    }
    if name.trim() != name {
        return plain("after @, blanks at an end are lost: stands as plain text");
    }
    if name.ends_with(" (agent)") {
        return plain("after @, it would mean an agent: stands as plain text");
    }
    let ends_plainly = name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_bare = !is_quoted && ends_plainly && !path.contains(char::is_whitespace) && !path.starts_with('"');
    match (is_bare, path.contains('"'), file.is_folder) {
        (true, _, true) => Written::Mention(format!("@{path}")),
        (true, _, false) => Written::Mention(format!("@{path} ")),
        (false, true, _) => plain("after @, “\"” cannot stand in this name: stands as plain text"),
        // The quotes stay open while a folder is being gone into.
        (false, false, true) => Written::Mention(format!("@\"{path}")),
        (false, false, false) => Written::Mention(format!("@\"{path}\" ")),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn a_name_begins_where_the_cli_sees_one() {
        for (before, expected) in [
            ("@", Some("")),
            ("see @src/ma", Some("src/ma")),
            ("看、@src", Some("src")),
            ("看@src", None),
            ("me@example.org", None),
            ("@a done", None),
            ("see @\"my no", Some("my no")),
            ("see @\"my notes\"", None),
            ("see @\"my notes\" and @b", Some("b")),
            ("x@\"a", None),
            ("@types/@scope", Some("types/@scope")),
            ("", None),
        ] {
            assert_eq!(at_cursor(before).map(|typed| typed.name), expected, "{before}");
        }
        assert_eq!(at_cursor("a @\"b").unwrap().word, "@\"b");
    }

    #[test]
    fn names_are_written_as_the_cli_finds_them() {
        let file = |path: &str| FileName::new(Path::new(path), path.ends_with('/'));
        for (path, expected) in [
            ("plain.txt", "@plain.txt "),
            ("a b.txt", "@\"a b.txt\" "),
            ("it\"s.txt", "@it\"s.txt "),
            ("文件", "@\"文件\" "),
            ("文件.txt", "@文件.txt "),
            ("x(1)", "@\"x(1)\" "),
            ("x(1).txt", "@x(1).txt "),
            ("end.", "@\"end.\" "),
            ("a:b@c.txt", "@a:b@c.txt "),
            ("sub/", "@sub/"),
            ("dir (2)/", "@\"dir (2)/"),
            ("目录/", "@\"目录/"),
        ] {
            assert_eq!(written(&file(path), false), Written::Mention(expected.into()), "{path}");
        }
        for path in ["a\"b c.txt", "a#b.txt", " lead.txt", "trail ", "x (agent)", "\"q\"", "文\""] {
            let Written::Plain(text, _) = written(&file(path), false) else { panic!("{path}") };
            assert_eq!(text, format!("{path} "));
        }
        for name in [b"caf\xe9.txt".as_slice(), b"a\nb", b"\xff\xfe/"] {
            let file = FileName::new(Path::new(OsStr::from_bytes(name)), false);
            assert!(matches!(written(&file, false), Written::Never(_)), "{file:?}");
        }
        assert_eq!(FileName::new(Path::new(OsStr::from_bytes(b"caf\xe9.txt")), false).shown, "caf\\xE9.txt");
    }

    #[test]
    fn what_was_begun_in_quotes_goes_on_in_them() {
        let file = FileName::new(Path::new("src/main.rs"), false);
        assert_eq!(written(&file, true), Written::Mention("@\"src/main.rs\" ".into()));
    }
}
