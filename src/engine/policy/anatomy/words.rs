//! The words of a call, told apart: options with their values, and operands.

use super::table::Table;
use crate::engine::policy::shell;

/// What the words behind a program are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words<'a> {
    /// Each option as it is written, and each letter of a cluster of its own; with its value, if it has one.
    pub(super) options: Vec<(String, Option<&'a str>)>,
    pub(super) operands: Vec<&'a str>,
    /// How many operands stand before each option.
    before: Vec<usize>,
}

impl<'a> Words<'a> {
    /// Reads words; `takes` are the options that have a value.
    pub(super) fn read(words: &'a [String], takes: &dyn Fn(&str) -> bool) -> Self {
        let mut read = Self::default();
        let mut rest = words.iter().map(String::as_str);
        while let Some(word) = rest.next() {
            if word == "--" {
                read.operands.extend(rest.by_ref());
            } else if !word.starts_with('-') || word == "-" {
                read.operands.push(word);
            } else if let Some((name, value)) = word.split_once('=').filter(|_| word.starts_with("--")) {
                read.push(name.to_owned(), Some(value));
            } else if word.starts_with("--") || takes(word) {
                let value = if takes(word) { rest.next() } else { None };
                read.push(word.to_owned(), value);
            } else {
                read.push(word.to_owned(), None);
                if let Some(value_of) = read.cluster(word, takes) {
                    read.push(value_of, rest.next());
                }
            }
        }
        read
    }

    fn push(&mut self, option: String, value: Option<&'a str>) {
        self.options.push((option, value));
        self.before.push(self.operands.len());
    }

    /// The letters of `-abc`; the option whose value is the next word, if one is.
    fn cluster(&mut self, word: &'a str, takes: &dyn Fn(&str) -> bool) -> Option<String> {
        for (at, letter) in word.char_indices().skip(1) {
            let option = format!("-{letter}");
            if takes(&option) {
                let value = &word[at + letter.len_utf8()..];
                if value.is_empty() {
                    return Some(option);
                }
                self.push(option, Some(value.strip_prefix('=').unwrap_or(value)));
                return None;
            }
            if !letter.is_ascii_alphanumeric() {
                return None;
            }
            self.push(option, None);
        }
        None
    }

    /// The option right before the first operand, if it seems to have no value.
    pub(super) fn before_first(&self) -> Option<&str> {
        let (option, value) = self.options.iter().zip(&self.before).rfind(|(_, before)| **before == 0)?.0;
        self.operands.first().filter(|_| value.is_none()).map(|_| option.as_str())
    }

    /// Whether one of the options stands before an operand.
    pub(super) fn leads_with(&self, options: &[&str], n_operands: usize) -> bool {
        self.options
            .iter()
            .zip(&self.before)
            .any(|((name, _), before)| *before <= n_operands && options.contains(&name.as_str()))
    }

    pub(super) fn has(&self, option: &str) -> bool {
        match option.split_once('=').filter(|_| option.starts_with("--")) {
            Some((name, value)) => self.value(name) == Some(value),
            None => self.options.iter().any(|(name, _)| name == option),
        }
    }

    pub(super) fn has_any(&self, options: &[&str]) -> bool {
        options.iter().any(|option| self.has(option))
    }

    /// The value of the last of these options.
    pub(super) fn value(&self, option: &str) -> Option<&'a str> {
        self.options.iter().rev().find(|(name, _)| name == option).and_then(|(_, value)| *value)
    }

    /// All values of these options.
    pub(super) fn values(&self, options: &[&str]) -> Vec<&'a str> {
        self.options
            .iter()
            .filter(|(name, _)| options.contains(&name.as_str()))
            .filter_map(|(_, value)| *value)
            .collect()
    }

    /// Whether the call only says what it would do. Some programs take no option behind the first operand, so that help
    /// is none there.
    pub(super) fn only_tells(&self, is_rehearsed: bool, n_words: usize) -> bool {
        let real = self.options.iter().any(|(name, value)| match (name.as_str(), *value) {
            ("--no-dry-run", _) => true,
            ("--dry-run", Some(value)) => !matches!(value, "client" | "server" | "true"),
            _ => false,
        });
        self.options.iter().zip(&self.before).any(|((name, _), before)| match name.as_str() {
            "--dry-run" | "--dryrun" | "--dry" => is_rehearsed && !real,
            "-WhatIf" | "-whatif" => true,
            "--help" | "--version" => *before <= n_words,
            _ => false,
        })
    }
}

/// The words of a program. What stands behind an option that no table knows may be its value, where the sub-command is
/// found only then.
pub(super) fn read_words<'w>(
    table: &Table,
    name: &str,
    words: &'w [String],
    takes: &dyn Fn(&str) -> bool,
) -> Words<'w> {
    let first = Words::read(words, takes);
    let mut valued: Vec<String> = Vec::new();
    for _ in 0..3 {
        let read = Words::read(words, &|option| takes(option) || valued.iter().any(|it| it == option));
        if table.speaks_of(name, &read.operands) {
            return read;
        }
        match read.before_first() {
            Some(option) => valued.push(option.to_owned()),
            None => return first,
        }
    }
    first
}

/// Whether the text of a program is nothing but what the line computes.
pub(super) fn is_computed_text(word: &str) -> bool {
    word.starts_with("$(") && word.ends_with(')') || word.len() > 1 && word.starts_with('`') && word.ends_with('`')
}

/// Whether a shell gets its command line from what hands it words.
pub(super) fn is_fed_code(name: &str, words: &[String]) -> bool {
    let text = words.iter().position(|word| word == "-c").map(|at| words.get(at + 1));
    shell::reads_commands(name) && text.is_some_and(|text| text.is_none_or(|text| text.trim() == "{}"))
}

/// The words as the table expects them.
pub(super) fn settled(name: &str, words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    match name {
        // `tar xf`: the first word is letters of options.
        "tar" | "bsdtar" | "unrar" => {
            if let Some(letters) = words.get_mut(1).filter(|word| !word.starts_with('-')) {
                letters.insert(0, '-');
            }
        }
        // `cargo +nightly test`
        "cargo" | "rustc" | "rustup" if words.get(1).is_some_and(|word| word.starts_with('+')) => {
            words.remove(1);
        }
        _ => {}
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_their_values_are_told_apart() {
        let words: Vec<String> =
            ["-n", "prod", "delete", "-vf", "a.yaml", "--x=1", "-oyaml", "--", "-z"].map(Into::into).into();
        let read = Words::read(&words, &|option| ["-n", "-f", "-o"].contains(&option));
        assert_eq!(read.operands, ["delete", "-z"]);
        assert_eq!(read.value("-n"), Some("prod"));
        assert_eq!(read.value("-f"), Some("a.yaml"));
        assert_eq!(read.value("-o"), Some("yaml"));
        assert!(read.has("-v") && read.has("--x=1") && !read.has("-z"));
    }

    #[test]
    fn a_rehearsal_counts_only_where_it_is_one() {
        let tells = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            Words::read(&words, &|option| option == "-o").only_tells(true, 1)
        };
        assert!(
            tells(&["push", "--dry-run"]) && tells(&["delete", "x", "--dry-run=client"]) && tells(&["push", "--help"])
        );
        for real in [
            &["push", "-o", "--dry-run"][..],
            &["push", "--", "--dry-run"],
            &["delete", "--dry-run=none"],
            &["delete", "--dry-run=client", "--dry-run=none"],
            &["x", "y", "--help"],
        ] {
            assert!(!tells(real), "{real:?}");
        }
    }
}
