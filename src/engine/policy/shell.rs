//! Command lines: which simple commands are in them, and what the rules say of each.
//!
//! **For:** judging a line for Bash. **Not for:** other tools, and not for what a program does once it
//! runs: its configuration files, its environment and the repository it works in are not looked at.
//!
//! Invariants:
//! - To deny and to ask, a line is read liberally: whatever may be a command in it counts, also inside
//!   wrappers, substitutions and texts for a shell.
//! - To allow, it is read strictly: by two independent readings that must find the same words at the same
//!   places. What only one of them understands is asked.

use std::path::Path;
use std::path::PathBuf;

use super::Part;
use super::Ruling;
use super::paths;
use crate::config::rules::Rule;
use crate::core::permission::RuleBehavior;
use crate::core::risk::looks_secret;

mod fit;
mod harmless;
mod plain;
mod programs;
mod scripts;
mod tree;
mod wrappers;

use fit::Fit;
use fit::allows;
use fit::may_be;
use plain::PlainCommand;
use tree::Line;
use tree::Simple;
use tree::Word;
pub(super) use wrappers::name;
pub(super) use wrappers::reads_commands;

/// Texts within texts: `sh -c "sh -c …"`.
const MAX_TEXTS_DEEP: usize = 4;
/// Texts that one line may hand to shells.
const MAX_TEXTS: usize = 200;

/// Where a command would run.
#[derive(Debug)]
pub(super) struct Ground<'a> {
    directory: &'a Path,
    /// Where reading is allowed, links resolved.
    roots: &'a [PathBuf],
    /// The line changes the directory: what a relative path means is open.
    moved: bool,
    /// It runs elsewhere than where the session was opened, or perhaps does.
    elsewhere: bool,
}

/// Programs that do the same wherever they run: no file of a directory steers them, and what they are to read is
/// looked at where they would run.
const STEERED_BY_NOTHING: [&str; 32] = [
    "basename",
    "cat",
    "cd",
    "cmp",
    "comm",
    "cut",
    "date",
    "df",
    "diff",
    "dirname",
    "du",
    "echo",
    "false",
    "file",
    "grep",
    "head",
    "jq",
    "ls",
    "md5sum",
    "nl",
    "printf",
    "pwd",
    "realpath",
    "sha256sum",
    "sort",
    "stat",
    "tail",
    "tr",
    "tree",
    "true",
    "uniq",
    "wc",
];

/// Whether files of the directory may decide what the command does: a Makefile, a package's scripts, a repository's
/// configuration.
fn is_steered_by_place(plain: &Result<PlainCommand, String>) -> bool {
    let program = plain.as_ref().ok().and_then(|words| words.first());
    !program.is_some_and(|word| STEERED_BY_NOTHING.contains(&word.text.as_str()))
}

impl Ground<'_> {
    fn exists(&self, text: &str) -> bool {
        self.directory.join(text).symlink_metadata().is_ok()
    }

    /// Whether a word that may be a path may be read; the sentence says why not.
    fn readable(&self, text: &str, must_exist: bool) -> Result<(), String> {
        if text == "-" || text == "/dev/null" {
            return Ok(());
        }
        if text.is_empty() {
            return Err("it has an empty word".into());
        }
        let path = self.directory.join(text);
        if self.moved && !Path::new(text).is_absolute() {
            return Err(format!("“{text}” is relative, and the line changes the directory"));
        }
        let real = paths::resolve(&path).ok_or_else(|| format!("where “{text}” leads cannot be told"))?;
        if !self.roots.iter().any(|root| real.starts_with(root)) {
            return Err(format!("“{text}” is outside the session's directories"));
        }
        if looks_secret(text) || looks_secret(&real.to_string_lossy()) {
            return Err(format!("“{text}” looks secret"));
        }
        if must_exist && !self.exists(text) {
            return Err(format!("there is no “{text}” in the session's directory"));
        }
        Ok(())
    }
}

/// The simple commands of a line that is plain in every shell: each as it stands there, and its words.
pub(super) fn plain_commands(line: &str) -> Option<Vec<(&str, Vec<String>)>> {
    let with_text = |command: PlainCommand| {
        let span = command.first()?.span.start..command.last()?.span.end;
        Some((line.get(span)?, command.into_iter().map(|word| word.text).collect()))
    };
    plain::read(line).ok()?.into_iter().map(with_text).collect()
}

/// One simple command as a reader of the whole line finds it.
pub(super) struct Call {
    pub(super) words: Vec<String>,
    /// Where in these words a command may begin.
    pub(super) beginnings: Vec<usize>,
    /// Where in the line it stands; none for what stands in a text that some shell may run.
    pub(super) at: Option<usize>,
}

/// Everything that a line may run and write.
pub(super) struct Calls {
    pub(super) all: Vec<Call>,
    /// Files that the shell opens: name, whether it appends, and where it stands.
    pub(super) writes: Vec<(String, bool, usize)>,
    /// Files that the shell opens to read.
    pub(super) reads: Vec<String>,
    pub(super) whole: bool,
}

/// All commands of a line, read liberally; `None` when it is too long or too deep.
pub(super) fn calls(line: &str) -> Option<Calls> {
    let tree = tree::read(line)?;
    let call = |command: &Simple, is_text: bool| Call {
        words: command.words.iter().map(|word| word.text.clone()).collect(),
        beginnings: wrappers::beginnings(&command.words),
        at: Some(command.span.start).filter(|at| !is_text && *at < line.len()),
    };
    let mut all: Vec<Call> = tree.commands.iter().map(|command| call(command, false)).collect();
    for text in texts(&tree).ok()? {
        all.extend(tree::read(&text)?.commands.iter().map(|command| call(command, true)));
    }
    all.retain(|call| !call.words.is_empty());
    let writes = tree.redirects.iter().map(|it| (it.target.text.clone(), it.appends, it.target.span.start)).collect();
    Some(Calls { all, writes, reads: tree.inputs, whole: tree.whole })
}

/// One simple command, and all that may run inside it.
struct Found {
    shown: String,
    words: Vec<Word>,
    /// Where in these words a command may begin.
    beginnings: Vec<usize>,
    /// A text that a shell may run; it only counts when a rule speaks of it.
    is_text: bool,
    /// Its words, when both readings agree on them.
    plain: Result<PlainCommand, String>,
}

impl Found {
    fn new(command: &Simple, plain: Result<PlainCommand, String>, is_text: bool) -> Self {
        let shown = command.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let beginnings = wrappers::beginnings(&command.words);
        Self { shown, words: command.words.clone(), beginnings, is_text, plain }
    }

    /// Every command that it may run.
    fn candidates(&self) -> impl Iterator<Item = &[Word]> {
        self.beginnings.iter().map(|start| &self.words[*start..])
    }
}

/// Judges a line by rules that are all for Bash, in their order.
pub(super) fn judge(line: &str, rules: &[&Rule], directory: &Path, roots: &[PathBuf], at_home: bool) -> Ruling {
    let (found, whole) = match read(line) {
        Ok(found) => found,
        Err(why) => return unread(rules, &why),
    };
    let parts: Vec<Part> = {
        let n_commands = found.iter().filter(|found| !found.is_text).count();
        let n_moves = found.iter().filter(|found| is_cd(found)).count();
        // Only a first `cd` begins where the session is.
        let is_first = |at: usize| at == 0 && n_moves == 1 && line.trim_start().starts_with("cd ");
        let parts = found.iter().enumerate().map(|(at, found)| {
            let moved = n_commands > 1 && n_moves > 0 && !is_first(at);
            let elsewhere = moved || !at_home;
            (found.is_text, part(found, rules, &Ground { directory, roots, moved, elsewhere }))
        });
        parts.filter(|(is_text, part)| !is_text || part.rule.is_some()).map(|(_, part)| part).collect()
    };
    let Some(worst) = parts.iter().max_by_key(|part| severity(part.action)) else {
        return unread(rules, "it runs no command");
    };
    let by = worst_part(&parts, worst.action);
    let mut ruling = Ruling { action: by.action, rule: by.rule.clone(), why: by.why.clone(), parts: Vec::new() };
    if parts.len() > 1 {
        ruling.why = match by.action {
            RuleBehavior::Allow => "every command of the line is allowed by a rule".into(),
            _ => format!("of “{}”: {}", by.command, by.why),
        };
    }
    if let (RuleBehavior::Ask, Err(why), None) = (ruling.action, &whole, &ruling.rule) {
        ruling.why = format!("no rule can allow the line: {why}");
    }
    ruling.parts = parts;
    ruling
}

/// The first part of that severity; one with a rule tells more than one without.
fn worst_part(parts: &[Part], action: RuleBehavior) -> &Part {
    let mut of_action = parts.iter().filter(|part| part.action == action);
    let first = of_action.clone().next();
    of_action.find(|part| part.rule.is_some()).or(first).unwrap_or(&parts[0])
}

fn severity(action: RuleBehavior) -> u8 {
    match action {
        RuleBehavior::Allow => 0,
        RuleBehavior::Ask => 1,
        RuleBehavior::Deny => 2,
    }
}

/// A line that cannot be read: only rules for every command can apply, and none that allows.
fn unread(rules: &[&Rule], why: &str) -> Ruling {
    let rule = rules.iter().find(|rule| rule.command.is_none() && rule.action != RuleBehavior::Allow);
    match rule {
        Some(rule) => Ruling::by_rule(rule, "the rule is for every command".into()),
        None => Ruling::ask(format!("no rule can allow the line: {why}")),
    }
}

/// All commands of a line; the second result says why the line as a whole is not plain.
fn read(line: &str) -> Result<(Vec<Found>, Result<(), String>), String> {
    let tree = tree::read(line).ok_or("it is too long or too deep to be read")?;
    let (plain, whole) = match plain::read(line).and_then(|plain| agree(&tree, plain)) {
        Ok(plain) => (plain.into_iter().map(Ok).collect(), Ok(())),
        Err(why) => (vec![Err(why.clone()); tree.commands.len()], Err(why)),
    };
    let mut found: Vec<Found> = tree
        .commands
        .iter()
        .zip(plain)
        .map(|(command, plain)| {
            let shown = line.get(command.span.clone()).filter(|text| !text.is_empty()).map(str::to_owned);
            let found = Found::new(command, plain, false);
            Found { shown: shown.unwrap_or(found.shown), ..found }
        })
        .collect();
    for text in texts(&tree)? {
        let inner = tree::read(&text).ok_or("a text in it is too long or too deep to be read")?;
        let why = "it is a text that a shell in the line may run";
        found.extend(inner.commands.iter().map(|command| Found::new(command, Err(why.into()), true)));
    }
    Ok((found, whole))
}

/// The plain reading, when the whole one found exactly the same words.
fn agree(tree: &Line, plain: Vec<PlainCommand>) -> Result<Vec<PlainCommand>, String> {
    if !tree.whole {
        return Err("it is no complete shell grammar".into());
    }
    let of_tree =
        tree.commands.iter().map(|command| command.words.iter().map(|word| word.span.clone()).collect::<Vec<_>>());
    let of_plain = plain.iter().map(|command| command.iter().map(|word| word.span.clone()).collect::<Vec<_>>());
    let same_words = tree
        .commands
        .iter()
        .zip(&plain)
        .all(|(command, plain)| command.words.iter().zip(plain).all(|(word, plain)| word.text == plain.text));
    if of_tree.eq(of_plain) && same_words { Ok(plain) } else { Err("it can be read in more than one way".into()) }
}

/// Texts that shells on the line may be given, and texts in these.
fn texts(line: &Line) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    let mut level = texts_of(line);
    for _ in 0..MAX_TEXTS_DEEP {
        let mut next = Vec::new();
        for text in level {
            if all.len() >= MAX_TEXTS {
                return Err("it hands too many texts to shells".into());
            }
            let inner = tree::read(&text).ok_or("a text in it is too long or too deep to be read")?;
            next.extend(texts_of(&inner));
            all.push(text);
        }
        if next.is_empty() {
            return Ok(all);
        }
        level = next;
    }
    Err("it hands texts to shells within shells".into())
}

fn texts_of(line: &Line) -> Vec<String> {
    let mut texts = Vec::new();
    let mut has_shell = false;
    for command in &line.commands {
        for start in wrappers::beginnings(&command.words) {
            let words = &command.words[start..];
            has_shell |= words.first().is_some_and(|word| wrappers::reads_commands(&word.text));
            let Some(shell) = words.first().filter(|word| wrappers::takes_text(&word.text)) else { continue };
            let behind_c = |at: usize| words[at - 1].text.starts_with('-') && words[at - 1].text.contains('c');
            let is_text = |at: usize| {
                behind_c(at) || words[at].text.contains([' ', '\t', '\n', ';', '|', '&', '$', '`', '<', '>'])
            };
            texts.extend((1..words.len()).filter(|at| is_text(*at)).map(|at| words[at].text.clone()));
            if wrappers::joins_words(&shell.text) {
                texts.push(words[1..].iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "));
            }
        }
    }
    if has_shell {
        texts.extend(line.texts.iter().cloned());
    }
    texts.retain(|text| !text.trim().is_empty());
    texts.sort();
    texts.dedup();
    texts
}

fn is_cd(found: &Found) -> bool {
    let moves = |words: &[Word]| {
        words.first().is_some_and(|word| ["cd", "chdir", "pushd", "popd"].contains(&word.text.as_str()))
    };
    found.candidates().any(moves)
}

/// What the rules say of one simple command.
fn part(found: &Found, rules: &[&Rule], ground: &Ground<'_>) -> Part {
    let mut nearest = None;
    for rule in rules {
        let why = match (rule.action, &rule.command) {
            (RuleBehavior::Allow, None) => continue,
            (RuleBehavior::Allow, Some(_)) if ground.elsewhere && is_steered_by_place(&found.plain) => {
                nearest.get_or_insert(format!(
                    "the rule “{rule}” holds where the session was opened, and this would run elsewhere"
                ));
                continue;
            }
            (RuleBehavior::Allow, Some(pattern)) => match allows(pattern, &found.plain, ground) {
                Fit::Yes => "it is exactly what the rule names, with harmless further words".into(),
                Fit::Nearly(why) => {
                    nearest.get_or_insert(format!("the rule “{rule}” does not allow it: {why}"));
                    continue;
                }
                Fit::No => continue,
            },
            (_, None) => "the rule is for every command".into(),
            (_, Some(pattern)) => match found.candidates().find(|words| may_be(pattern, words)) {
                Some(_) => format!("it is or may run “{pattern}”"),
                None => continue,
            },
        };
        return Part { command: found.shown.clone(), action: rule.action, rule: Some(rule.to_string()), why };
    }
    let why = match (&found.plain, nearest) {
        (_, Some(why)) => why,
        (Err(why), None) => format!("no rule can allow it: {why}"),
        (Ok(_), None) => "no rule is for it".into(),
    };
    Part { command: found.shown.clone(), action: RuleBehavior::Ask, rule: None, why }
}

#[cfg(test)]
mod tests;
