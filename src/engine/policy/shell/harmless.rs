//! Whether the further words of a command are harmless: they neither write, run nor load anything.
//!
//! **For:** the words behind those that a rule names. **Not for:** which rule applies.
//!
//! Invariants: an option is harmless only when it is listed for exactly this program, in exactly this
//! spelling; a path must lie in the session's directories and must not look secret.

use globset::GlobBuilder;

use super::Ground;
use super::plain::PlainWord;
use super::programs;
use super::programs::Program;
use crate::core::sensitive::looks_secret;
use crate::core::sensitive::secret;

/// Conditions of the shell.
mod conditions;

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
    /// A format of `printf` whose directives only print, then anything.
    Printed,
    /// At most one small number.
    Number,
    /// Names that are looked up or built: letters, digits and a few marks.
    Plain,
    /// One such name.
    OneName,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Files, when one of these options says that they are only looked at.
    Checked(&'static [&'static str]),
    /// A condition of the shell.
    Test,
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
    programs::all().filter(fits).max_by_key(|program| program.words.len())
}

/// Whether the table has an entry that these words begin with.
pub(super) fn is_known<'a>(words: &(impl Iterator<Item = &'a str> + Clone)) -> bool {
    programs::all().any(|program| program.words.split(' ').eq(words.clone().take(program.words.split(' ').count())))
}

/// Whether the table lets a command have operands that no rule names.
pub(super) fn has_free_operands(words: &[PlainWord]) -> bool {
    program(words).is_some_and(|program| !matches!(program.operands, Operands::None))
}

/// Whether the table tells sub-commands apart by the word at this place.
pub(super) fn is_sub_command(words: &[String], idx: usize) -> bool {
    programs::all().any(|program| {
        let names: Vec<&str> = program.words.split(' ').collect();
        names.len() > idx && names[..idx].iter().zip(words).all(|(name, word)| name == word)
    })
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
    let operands = words.get(n_names..).unwrap_or_default();
    if let Operands::Test = program.operands {
        return conditions::judge(program.words, operands, ground);
    }
    if let Operands::Checked(options) = program.operands
        && !operands.iter().any(|word| options.contains(&word.text.as_str()))
    {
        return Err(format!("{} would change files", program.words));
    }
    // The pattern stands behind an option then, and every operand is a file.
    let mut n_operands = usize::from(gives_pattern(program, operands)?);
    let mut is_behind_dashes = false;
    let mut at = n_names;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        let is_named = at < n_named;
        at += 1;
        if text == "--" && !is_behind_dashes {
            if hands_on(program, words) {
                return known(&programs::TEST_RUNNER, &behind(words, at), 0, false, ground);
            }
            is_behind_dashes = true;
        } else if text.len() > 1 && text.starts_with('-') {
            // Behind dashes the same word is an operand, but cargo hands it on as an option.
            if is_behind_dashes && !program.words.starts_with("cargo ") {
                return Err(format!("“{text}” behind -- may be an option of something else"));
            }
            match option(program, text)? {
                Takes::Nothing => {}
                Takes::Attached(Value::Place, value) => place(program, value, ground)?,
                Takes::Attached(kind, value) => of_kind(program, text, kind, value)?,
                Takes::Next(kind) => {
                    value(program, text, kind, words.get(at), ground)?;
                    at += 1;
                }
            }
        } else {
            n_operands += 1;
            operand(program, text, n_operands, is_named, more, ground)?;
        }
    }
    Ok(())
}

/// Whether a script of the project is told what it tests: its name says that it does.
fn hands_on(program: &Program, words: &[PlainWord]) -> bool {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let script = if ["run", "run-script"].contains(&word(1)) { word(2) } else { word(1) };
    let is_manager = ["npm", "pnpm", "yarn", "bun"].contains(&word(0)) && !program.words.starts_with("npx");
    is_manager && (script.starts_with("test") || ["t", "e2e", "unit"].contains(&script))
}

/// What stands behind `--`, as a command of its own.
fn behind(words: &[PlainWord], at: usize) -> Vec<PlainWord> {
    let name = |text: &str| PlainWord { text: text.to_owned(), ..PlainWord::default() };
    ["npm", "test", "--"].map(name).into_iter().chain(words.get(at..).unwrap_or_default().iter().cloned()).collect()
}

/// Whether `npx` finds the program in the project: otherwise it fetches one.
pub(super) fn is_local(words: &[PlainWord], ground: &Ground<'_>) -> Result<(), String> {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let name = word(1);
    if word(0) != "npx" || name.starts_with('-') {
        return Ok(());
    }
    let place = ground.inside(".")?;
    let within = |folder: &&std::path::Path| ground.roots.iter().any(|root| folder.starts_with(root));
    let found = place.ancestors().take_while(within).map(|folder| folder.join("node_modules/.bin").join(name));
    let is_inside = |path: std::path::PathBuf| path.exists() && ground.inside(&path.to_string_lossy()).is_ok();
    if found.into_iter().any(is_inside) {
        return Ok(());
    }
    Err(format!("“{name}” is not among the project's own programs, so npx would fetch it"))
}

/// Whether an option gives the pattern or script that otherwise is the first operand.
fn gives_pattern(program: &Program, operands: &[PlainWord]) -> Result<bool, String> {
    let mut words = operands.iter().take_while(|word| word.text != "--");
    let mut found = false;
    while let Some(word) = words.next() {
        if word.text.len() < 2 || !word.text.starts_with('-') {
            continue;
        }
        match option(program, &word.text)? {
            Takes::Next(kind) => {
                found |= kind == Value::Pattern;
                words.next();
            }
            Takes::Attached(Value::Pattern, _) => found = true,
            Takes::Attached(..) | Takes::Nothing => {}
        }
    }
    Ok(found)
}

/// What an option has for its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes<'a> {
    Nothing,
    /// In the same word.
    Attached(Value, &'a str),
    /// The next word.
    Next(Value),
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Words and numbers, but perhaps the name of a file.
    Place,
    /// A text that is only printed or compared, whatever it says.
    Text,
    /// What is searched for, or a script.
    Pattern,
    /// `name=text` for a script.
    Setting,
}

impl Value {
    fn of(mark: char) -> Option<Self> {
        Some(match mark {
            ':' => Self::Place,
            '~' => Self::Text,
            '!' => Self::Pattern,
            '@' => Self::Setting,
            _ => return None,
        })
    }
}

/// Judges a value that is no place.
fn of_kind(program: &Program, option: &str, kind: Value, text: &str) -> Result<(), String> {
    let is_fine = match (kind, program.operands) {
        (Value::Pattern, Operands::Script(only_prints)) => only_prints(text),
        (Value::Setting, _) => {
            let name = text.split('=').next().unwrap_or_default();
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            is_name && text.contains('=') && !["ARGV", "ARGC", "ENVIRON", "PROCINFO", "RS"].contains(&name)
        }
        (Value::Place | Value::Text | Value::Pattern, _) => true,
    };
    if is_fine { Ok(()) } else { Err(format!("what {option} of {} is given may do more than print", program.words)) }
}

/// Judges the value of an option that stands in a word of its own. Some versions of a program take none
/// there, so it is judged as the file that it then would be.
fn value(
    program: &Program,
    option: &str,
    kind: Value,
    word: Option<&PlainWord>,
    ground: &Ground<'_>,
) -> Result<(), String> {
    let Some(word) = word else { return Err(format!("{option} of {} has no value", program.words)) };
    let text = word.text.as_str();
    if kind != Value::Place {
        return of_kind(program, option, kind, text);
    }
    if text == "-" {
        return Ok(());
    }
    let is_number = text.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if text.is_empty() || (text.starts_with('-') && !(is_number && program.long_with_one_dash)) {
        return Err(format!("{option} of {} has no plain value", program.words));
    }
    place(program, text, ground)
}

/// Judges a text that may name a file, or a pattern of names.
fn place(program: &Program, text: &str, ground: &Ground<'_>) -> Result<(), String> {
    let pieces = std::iter::once(text).chain(text.match_indices([':', '=']).map(|(at, _)| &text[at + 1..]));
    for piece in pieces.filter(|piece| !piece.is_empty()) {
        let is_place = piece.contains('/') || piece.starts_with('~') || looks_secret(piece) || ground.exists(piece);
        if is_place {
            ground.readable(piece)?;
        }
    }
    // A pattern of ripgrep that matches a hidden file has it searched.
    let is_pattern = text.contains(['*', '?', '[', '{']);
    if is_pattern && program.words.starts_with("rg") && !text.starts_with('!') && matches_secret(text) {
        return Err(format!("“{text}” may match names that look secret"));
    }
    Ok(())
}

/// Whether a pattern of names may match one that looks secret. Of a folder's name nothing is known.
pub(super) fn matches_secret(pattern: &str) -> bool {
    let name = pattern.rsplit('/').next().unwrap_or(pattern);
    if secret::is_source(name) {
        return false;
    }
    let glob = GlobBuilder::new(pattern).case_insensitive(true).build().map(|glob| glob.compile_matcher());
    let name_glob = GlobBuilder::new(name).case_insensitive(true).build().map(|glob| glob.compile_matcher());
    let (Ok(glob), Ok(name_glob)) = (glob, name_glob) else { return true };
    secret::samples().any(|sample| glob.is_match(&sample) || name_glob.is_match(&sample))
}

/// Whether the option is harmless, and what its value is.
fn option<'a>(program: &Program, text: &'a str) -> Result<Takes<'a>, String> {
    let not_known = || format!("{text} is not among the options of {} that surely only read", program.words);
    let listed = |name: &str| {
        program.options.split_whitespace().find(|option| option.trim_end_matches([':', '=', '~', '!', '@']) == name)
    };
    // These two show a manual, by a program that their configuration names.
    let opens_manual = text == "--help" && ["git ", "cargo "].iter().any(|start| program.words.starts_with(start));
    if EVERYWHERE.contains(&text) && !opens_manual {
        return Ok(Takes::Nothing);
    }
    let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
    if name.starts_with("--") || program.long_with_one_dash {
        let found = listed(name).ok_or_else(not_known)?;
        let mark = found.chars().next_back().unwrap_or_default();
        return match (value, Value::of(mark)) {
            (None, Some(kind)) => Ok(Takes::Next(kind)),
            (Some(value), Some(kind)) => Ok(Takes::Attached(kind, value)),
            (Some(value), None) if mark == '=' => Ok(Takes::Attached(Value::Place, value)),
            (None, None) => Ok(Takes::Nothing),
            (Some(_), None) => Err(not_known()),
        };
    }
    let letters = &text[1..];
    if letters.bytes().all(|byte| byte.is_ascii_digit()) && listed("-0").is_some() {
        return Ok(Takes::Nothing);
    }
    for (place, letter) in letters.char_indices() {
        let found = listed(&format!("-{letter}")).ok_or_else(not_known)?;
        let rest = &letters[place + letter.len_utf8()..];
        let mark = found.chars().next_back().unwrap_or_default();
        match Value::of(mark) {
            // The rest of the word, or else the next one, is its value.
            Some(kind) if rest.is_empty() => return Ok(Takes::Next(kind)),
            Some(kind) => return Ok(Takes::Attached(kind, rest.strip_prefix('=').unwrap_or(rest))),
            None if mark == '=' && !rest.is_empty() => return Ok(Takes::Attached(Value::Place, rest)),
            None if mark == '=' => return Ok(Takes::Nothing),
            None => {}
        }
    }
    Ok(Takes::Nothing)
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
    let stranger = || Err(format!("“{text}” is an operand of {name} that the rule does not name"));
    match program.operands {
        Operands::Text => Ok(()),
        Operands::Printed if n_operands > 1 || only_prints(text) => Ok(()),
        Operands::Printed => Err(format!("the format “{text}” may do more than print")),
        Operands::Number if n_operands == 1 && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(())
        }
        Operands::Number => Err(format!("“{text}” is no small number, and some shells compute it")),
        Operands::Plain if is_plain_name(text) => Ok(()),
        Operands::OneName if n_operands == 1 && is_plain_name(text) => Ok(()),
        Operands::OneOf(words) if words.contains(&text) => Ok(()),
        Operands::Checked(_) => ground.readable(text),
        Operands::Test => stranger(),
        Operands::TextThenFiles if n_operands == 1 => Ok(()),
        Operands::Script(only_prints) if n_operands == 1 => {
            if only_prints(text) {
                Ok(())
            } else {
                Err(format!("the script of {name} may do more than print"))
            }
        }
        // awk takes such an operand for an assignment.
        Operands::Script(_) if name == "awk" && text.contains('=') => stranger(),
        Operands::Format if text.starts_with('+') => Ok(()),
        Operands::Files | Operands::TextThenFiles | Operands::Script(_) => ground.readable(text),
        Operands::OneFile if n_operands == 1 => ground.readable(text),
        Operands::Names => names(text, ground),
        Operands::Expression if ["(", ")", "!", ","].contains(&text) => Ok(()),
        Operands::Expression => ground.readable(text),
        Operands::None if more && !text.contains(['=', ':']) => ground.harmless(text),
        Operands::None
        | Operands::Format
        | Operands::OneFile
        | Operands::Plain
        | Operands::OneName
        | Operands::OneOf(_) => stranger(),
    }
}

/// A revision, a path, a path in a revision, or a pattern of paths.
fn names(text: &str, ground: &Ground<'_>) -> Result<(), String> {
    if text.starts_with(":(") {
        return Err(format!("“{text}” is a pattern of paths with rules of its own"));
    }
    ground.readable(text)?;
    for (at, _) in text.match_indices(':') {
        let path = text[at + 1..].trim_start_matches(['!', '^']);
        if !path.is_empty() {
            ground.readable(path)?;
        }
    }
    let path = text.rsplit(':').next().unwrap_or(text);
    if path.contains(['*', '?', '[', '\\']) && matches_secret(path) {
        return Err(format!("“{text}” may match names that look secret"));
    }
    Ok(())
}

/// Whether a format of `printf` prints and no more: some shells compute what `%d` and `%n` are given.
fn only_prints(format: &str) -> bool {
    let mut rest = format;
    while let Some((_, behind)) = rest.split_once('%') {
        let digits = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
        match behind.strip_prefix('%').or_else(|| digits.strip_prefix(['s', 'b', 'q'])) {
            Some(next) => rest = next,
            None => return false,
        }
    }
    true
}

fn is_plain_name(text: &str) -> bool {
    !text.starts_with('@') && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./@:+".contains(c))
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
        ground.harmless(text)?;
    }
    Ok(())
}
