//! The words of a call, told apart: options with their values, and operands.

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
