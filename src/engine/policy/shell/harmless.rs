//! Whether the further words of a command are harmless: they neither write, run nor load anything.
//!
//! **For:** the words behind those that a rule names. **Not for:** which rule applies.
//!
//! Invariants: an option is harmless only when it is listed for exactly this program, in exactly this
//! spelling; a path must lie in the session's directories and must not look secret.

use super::Ground;
use super::plain::PlainWord;
use super::programs::PROGRAMS;
use super::programs::Program;

/// What a program's operands are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operands {
    /// There are none that would be harmless.
    None,
    /// Files that are read: they exist, where reading is allowed.
    Files,
    /// Files or names, such as revisions; where they could be files, reading must be allowed.
    Names,
    /// Anything: it is only printed or compared.
    Text,
    /// A text, then files.
    TextThenFiles,
    /// A script that only prints, then files.
    Script(fn(&str) -> bool),
    /// `+FORMAT`.
    Format,
    /// A single file; a second one would be written.
    OneFile,
    /// Files and the words of `find`'s expressions.
    Expression,
}

/// Options that are harmless wherever they are understood.
const EVERYWHERE: [&str; 5] = ["--help", "--version", "--verbose", "--quiet", "--no-color"];

/// The entry whose words the command begins with; the longest wins.
pub(super) fn program(words: &[PlainWord]) -> Option<&'static Program> {
    let fits = |program: &&Program| {
        let mut names = program.words.split(' ');
        let n_names = program.words.split(' ').count();
        words.len() >= n_names && words.iter().take(n_names).all(|word| names.next() == Some(word.text.as_str()))
    };
    PROGRAMS.iter().filter(fits).max_by_key(|program| program.words.len())
}

/// Judges a command of a known program: the sentence says what is not harmless. The first `n_named` words
/// stand in the rule itself: the person named them, whatever places they are.
pub(super) fn known(
    program: &Program,
    words: &[PlainWord],
    n_named: usize,
    more: bool,
    ground: &Ground<'_>,
) -> Result<(), String> {
    let n_names = program.words.split(' ').count();
    let mut n_operands = 0;
    let mut is_behind_dashes = false;
    let mut at = n_names;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        let is_named = at < n_named;
        at += 1;
        if text == "--" {
            is_behind_dashes = true;
        } else if text.len() > 1 && text.starts_with('-') {
            // Behind dashes the same word is an operand, but cargo hands it on as an option.
            if is_behind_dashes && !program.words.starts_with("cargo ") {
                return Err(format!("“{text}” behind -- may be an option of something else"));
            }
            if option(program, text)? {
                value(program, text, words.get(at), ground)?;
                at += 1;
            }
        } else {
            n_operands += 1;
            operand(program, text, n_operands, is_named, more, ground)?;
        }
    }
    Ok(())
}

/// Judges the value of an option that stands in a word of its own. Some versions of a program take none
/// there, so it is judged as the file that it then would be.
fn value(program: &Program, option: &str, word: Option<&PlainWord>, ground: &Ground<'_>) -> Result<(), String> {
    let text = word.map_or("", |word| word.text.as_str());
    let is_number = text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if text.is_empty() || (text.starts_with('-') && !(is_number && program.long_with_one_dash)) {
        return Err(format!("{option} of {} has no plain value", program.words));
    }
    if text.contains('/') || ground.exists(text) { ground.readable(text, false) } else { Ok(()) }
}

/// Whether the option is harmless, and takes the next word as its value.
fn option(program: &Program, text: &str) -> Result<bool, String> {
    let not_known = || format!("{text} is not among the options of {} that surely only read", program.words);
    let listed =
        |name: &str| program.options.split_whitespace().find(|option| option.trim_end_matches([':', '=']) == name);
    // These two show a manual, by a program that their configuration names.
    let opens_manual = text == "--help" && ["git ", "cargo "].iter().any(|start| program.words.starts_with(start));
    if EVERYWHERE.contains(&text) && !opens_manual {
        return Ok(false);
    }
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    if name.starts_with("--") || program.long_with_one_dash {
        let found = listed(name).ok_or_else(not_known)?;
        return match (value, found.chars().next_back()) {
            (None, Some(':')) => Ok(true),
            (Some(_), Some(':' | '=')) | (None, _) => Ok(false),
            (Some(_), _) => Err(not_known()),
        };
    }
    let letters = &text[1..];
    if letters.bytes().all(|byte| byte.is_ascii_digit()) && listed("-0").is_some() {
        return Ok(false);
    }
    for (place, letter) in letters.char_indices() {
        let found = listed(&format!("-{letter}")).ok_or_else(not_known)?;
        let rest = &letters[place + letter.len_utf8()..];
        match found.chars().next_back() {
            // The rest of the word, or else the next one, is its value.
            Some(':') => return Ok(rest.is_empty()),
            Some('=') => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

fn operand(
    program: &Program,
    text: &str,
    n_operands: usize,
    is_named: bool,
    more: bool,
    ground: &Ground<'_>,
) -> Result<(), String> {
    if is_named {
        return Ok(());
    }
    let name = program.words;
    // Some programs read their words from the file behind an @; git means a revision.
    let is_text = matches!(program.operands, Operands::Text)
        || matches!(program.operands, Operands::TextThenFiles if n_operands == 1);
    if text.starts_with('@') && !is_text && !name.starts_with("git ") {
        return Err(format!("“{text}” may name a file of options"));
    }
    match program.operands {
        Operands::Text => Ok(()),
        Operands::TextThenFiles if n_operands == 1 => Ok(()),
        Operands::Script(only_prints) if n_operands == 1 => {
            if only_prints(text) {
                Ok(())
            } else {
                Err(format!("the script of {name} may do more than print"))
            }
        }
        Operands::Format if text.starts_with('+') => Ok(()),
        Operands::Files | Operands::TextThenFiles | Operands::Script(_) => ground.readable(text, true),
        Operands::OneFile if n_operands == 1 => ground.readable(text, true),
        Operands::Names => ground.readable(text, false),
        Operands::Expression if ["(", ")", "!", ","].contains(&text) => Ok(()),
        Operands::Expression => ground.readable(text, true),
        Operands::None if more => ground.readable(text, false),
        Operands::None | Operands::Format | Operands::OneFile => {
            Err(format!("“{text}” is an operand of {name} that the rule does not name"))
        }
    }
}

/// Judges the words behind a rule that ends in `*` and names a program that is not known.
pub(super) fn unknown(words: &[PlainWord], ground: &Ground<'_>) -> Result<(), String> {
    for word in words {
        let text = word.text.as_str();
        if EVERYWHERE.contains(&text) {
            continue;
        }
        if text.starts_with(['-', '+', '@']) || text.contains('=') {
            return Err(format!("“{text}” may be an option that writes, runs or loads something"));
        }
        ground.readable(text, false)?;
    }
    Ok(())
}
