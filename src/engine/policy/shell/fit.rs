//! Whether a simple command is what a rule names.
//!
//! **For:** the strict comparison that allows and the liberal one that denies and asks. **Not for:** what the
//! further words of a command do (`harmless`).

use super::Ground;
use super::harmless;
use super::plain::PlainWord;
use super::programs;
use super::project;
use super::tree::Word;
use super::whereabouts;
use super::wrappers;
use crate::config::rules::CommandPattern;
use crate::core::permission::changes_shell;

/// How a rule that allows fits.
pub(super) enum Fit {
    Yes,
    /// It names the command, but something about it is not harmless.
    Nearly(String),
    No,
}

/// Whether a rule allows a command: strictly.
pub(super) fn allows(pattern: &CommandPattern, words: &[PlainWord], has_input: bool, ground: &Ground<'_>) -> Fit {
    let mut words = words;
    loop {
        match fits(pattern, words, has_input, ground) {
            Fit::No => {}
            fit => return fit,
        }
        match wrappers::transparent(words) {
            0 => return Fit::No,
            n_before => words = words.get(n_before..).unwrap_or_default(),
        }
    }
}

fn fits(pattern: &CommandPattern, words: &[PlainWord], has_input: bool, ground: &Ground<'_>) -> Fit {
    let mut words: Vec<PlainWord> = words.to_vec();
    // Its only effect is that no pager starts.
    let asks_for_no_pager = |words: &[PlainWord]| {
        words.first().is_some_and(|word| word.text == "git")
            && words.get(1).is_some_and(|word| word.text == "--no-pager")
    };
    if asks_for_no_pager(&words) && pattern.words.get(1).is_none_or(|word| word != "--no-pager") {
        words.remove(1);
    }
    let n_named = pattern.words.len();
    let begins = words.len() >= n_named && pattern.words.iter().zip(&words).all(|(named, word)| *named == word.text);
    if !begins {
        return Fit::No;
    }
    let is_tricky = |word: &PlainWord| {
        word.quoted && !word.text.contains(|c: char| !c.is_ascii_alphanumeric() && !"-_./=%:".contains(c))
    };
    if words[0].quoted || words[..n_named].iter().any(is_tricky) {
        return Fit::Nearly("a word that the rule names is quoted".into());
    }
    let operands = words[1..].iter().map(|word| word.text.as_str());
    if is_cd_word(&words[0]) && whereabouts::named(operands).is_none() {
        return Fit::Nearly("it does not name one directory".into());
    }
    let only_looks =
        words[0].text == "command" && words.get(1).is_some_and(|word| ["-v", "-V"].contains(&word.text.as_str()));
    if changes_shell(&words[0].text) && !only_looks {
        return Fit::Nearly("it changes what later commands mean".into());
    }
    if ground.moved && !is_cd_word(&words[0]) && !programs::ONLY_READ.contains(&words[0].text.as_str()) {
        return Fit::Nearly("the line changes the directory, and the program may mean something else there".into());
    }
    if let Err(why) = project::belongs(&words, ground).and_then(|()| harmless::is_local(&words, ground)) {
        return Fit::Nearly(why);
    }
    if has_input && !programs::only_reads(&words) {
        return Fit::Nearly("it is given a text that it may run".into());
    }
    if words.len() == n_named {
        return Fit::Yes;
    }
    let checked = match harmless::program(&words) {
        Some(program) if program.words.split(' ').count() > n_named => {
            Err(format!("the rule must name “{}” in full", program.words))
        }
        Some(program) => harmless::known(program, &words, n_named, pattern.more, ground),
        None if pattern.more => harmless::unknown(&words[n_named..], ground),
        None => Err("its further words are not named, and adjutant does not know what they do".into()),
    };
    checked.map_or_else(Fit::Nearly, |()| Fit::Yes)
}

fn is_cd_word(word: &PlainWord) -> bool {
    word.text == "cd"
}

/// Whether a command may be what a rule names: liberally. Between the rule's words there may be options and
/// their values; options may be written together, apart or shortened.
pub(super) fn may_be(pattern: &CommandPattern, words: &[Word]) -> bool {
    let (Some(named), Some(first)) = (pattern.words.first(), words.first()) else { return false };
    let same_name = first.text.eq_ignore_ascii_case(named) || wrappers::name(&first.text) == wrappers::name(named);
    if !same_name {
        return false;
    }
    let mut at = 1;
    for named in &pattern.words[1..] {
        if named.starts_with('-') {
            if !words[1..].iter().any(|word| word.dynamic) && !has_option(named, &words[1..]) {
                return false;
            }
            continue;
        }
        let mut behind_option = false;
        let next = words[at.min(words.len())..].iter().position(|word| {
            let here = word.text == *named || word.dynamic;
            let skipped = word.text.starts_with('-') || behind_option;
            behind_option = word.text.starts_with('-');
            here || !skipped
        });
        match next {
            Some(offset) if words[at + offset].text == *named || words[at + offset].dynamic => at += offset + 1,
            _ => return false,
        }
    }
    true
}

/// Whether the words have an option, also as letters of others or shortened.
fn has_option(named: &str, words: &[Word]) -> bool {
    let options = || words.iter().map(|word| word.text.as_str()).filter(|text| text.starts_with('-'));
    if options().any(|text| text.starts_with(named)) {
        return true;
    }
    if named.starts_with("--") {
        let name = |text: &str| text.split('=').next().unwrap_or_default().len();
        return options().any(|text| name(text) > 2 && named.starts_with(&text[..name(text)]));
    }
    let letters: String = options().filter(|text| !text.starts_with("--")).map(|text| &text[1..]).collect();
    named[1..].chars().all(|letter| letters.contains(letter))
}
