//! Secrets that are known by the words before them: headers, addresses, lines of known files, calls, options of programs.

use std::sync::LazyLock;
use std::sync::OnceLock;

use regex::Captures;
use regex::Regex;

use super::MARK;
use super::assigned::is_reference;
use super::assigned::looks_random;
use super::windows::Found;
use super::windows::Rules;

/// Headers, addresses, lines of files, calls.
mod lines;
mod programs;

/// What a secret in its place must look like to be taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Any,
    Random,
    /// Not a plain word, as in "authorization: please ask".
    NoWord,
    /// Not a number, as in `docker run -u 1000:1000`.
    NotDigits,
}

/// Words of which a text must have one (any case), the kind, a pattern with the secret in group 2, and its look.
type Row = (&'static str, &'static str, &'static str, Look);

/// Words, kind, the names of programs, the options before a secret, and its look.
type ProgramRow = (&'static str, &'static str, &'static str, &'static str, Look);

struct Rule {
    kind: &'static str,
    look: Look,
    /// What is looked for in the rest of a command, each time.
    options: Option<OneOption>,
}

struct OneOption {
    pattern: &'static str,
    regex: OnceLock<Option<Regex>>,
}

static RULES: LazyLock<Option<Rules<Rule>>> = LazyLock::new(|| {
    let words = |words: &'static str| words.split('|').collect();
    let lines = lines::ROWS
        .iter()
        .map(|(own, kind, pattern, look)| (words(own), (*pattern).into(), Rule { kind, look: *look, options: None }));
    let programs = programs::ROWS.iter().map(|(own, kind, names, pattern, look)| {
        let options = OneOption { pattern, regex: OnceLock::new() };
        (words(own), programs::command(names).into(), Rule { kind, look: *look, options: Some(options) })
    });
    Rules::of_texts(lines.chain(programs))
});

/// What stands where secrets stand.
pub(super) fn find(text: &str) -> Vec<Found> {
    let Some(rules) = RULES.as_ref() else { return Vec::new() };
    rules.find(text, |rule, found, all| {
        let Some(options) = &rule.options else {
            all.extend(rule.judge(found, 0));
            return;
        };
        if let (Some(command), Some(options)) = (found.get(0), options.regex()) {
            all.extend(options.captures_iter(command.as_str()).filter_map(|found| rule.judge(&found, command.start())));
        }
    })
}

impl OneOption {
    // A test holds that it is one.
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(&programs::option(self.pattern)).ok()).as_ref()
    }
}

impl Rule {
    /// The secret is in group 2, or, where quotes decide, in a later one.
    fn judge(&self, found: &Captures<'_>, offset: usize) -> Option<Found> {
        let secret = found.iter().skip(2).flatten().next()?;
        let is_secret = self.look.accepts(secret.as_str());
        is_secret.then(|| (offset + secret.start()..offset + secret.end(), self.kind))
    }
}

impl Look {
    fn accepts(self, secret: &str) -> bool {
        match self {
            _ if secret.contains(MARK) || secret.is_empty() => false,
            Self::Any => !secret.starts_with(['$', '<']),
            Self::Random => looks_random(secret),
            Self::NoWord if is_reference(secret) => false,
            Self::NoWord => !secret.bytes().all(|byte| byte.is_ascii_lowercase() || b".,;:!?)=".contains(&byte)),
            Self::NotDigits => !secret.bytes().all(|byte| byte.is_ascii_digit()) && !secret.starts_with('$'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(RULES.as_ref().unwrap().wrong(), (Vec::new(), lines::ROWS.len() + programs::ROWS.len()));
        assert!(programs::ROWS.iter().all(|(_, _, _, pattern, _)| Regex::new(&programs::option(pattern)).is_ok()));
    }
}
