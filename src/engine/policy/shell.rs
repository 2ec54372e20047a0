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
use crate::config::rules::Rule;
use crate::core::permission::RuleBehavior;

/// Loops and patterns of file names.
mod expand;
mod fit;
/// How the calls of a line hang together.
pub(super) mod flow;
/// Words that another value may take the place of.
mod free;
/// Where a command would run.
mod ground;
mod harmless;
mod plain;
mod programs;
/// Whether a directory below is a project of its own.
mod project;
mod scripts;
/// The session's own temporary folder.
mod temporary;
mod tree;
/// Where `cd` leads.
mod whereabouts;
mod wrappers;
/// Programs that are given the names of files by a pipe.
mod xargs;

use fit::Fit;
use fit::allows;
use fit::may_be;
pub(super) use free::FreeWord;
pub(super) use free::free_words;
pub(super) use free::is_harmless_operand;
pub(super) use ground::Ground;
use plain::Plain;
use plain::PlainCommand;
use plain::PlainWord;
use tree::Line;
use tree::Simple;
use tree::Word;
pub(super) use wrappers::name;
pub(super) use wrappers::reads_commands;

/// Texts within texts: `sh -c "sh -c …"`.
const MAX_TEXTS_DEEP: usize = 4;
/// Texts that one line may hand to shells.
const MAX_TEXTS: usize = 200;

/// The session's own temporary folder, if there is one.
pub(super) fn temporary_folder(directory: &Path) -> Option<PathBuf> {
    temporary::of(directory)
}

/// The simple commands of a line that is plain in every shell: each as it stands there, and its words.
pub(super) fn plain_commands(line: &str) -> Option<Vec<(&str, Vec<String>)>> {
    let with_text = |command: PlainCommand| {
        let words = command.words;
        let span = words.first()?.span.start..words.last()?.span.end;
        Some((line.get(span)?, words.into_iter().map(|word| word.text).collect()))
    };
    let plain = plain::read(line).ok()?;
    // A word of a loop or a here-document means something only in its line.
    let is_alone = |command: &PlainCommand| command.words.iter().all(|word| word.uses.is_empty());
    let commands: Vec<PlainCommand> = plain.commands.into_iter().filter(|command| !command.is_text).collect();
    if !commands.iter().all(is_alone) {
        return None;
    }
    commands.into_iter().map(with_text).collect()
}

/// Whether the table has a program, so that further words of it can be judged.
pub(super) fn is_in_table(words: &[String]) -> bool {
    harmless::is_known(&words.iter().map(String::as_str))
}

/// Everything that a line may run, and the files that it opens.
pub(super) struct Opened {
    /// The words of each simple command.
    pub(super) commands: Vec<Vec<String>>,
    /// Files that the shell opens to write.
    pub(super) writes: Vec<String>,
    /// Files that the shell opens to read.
    pub(super) reads: Vec<String>,
}

/// All commands of a line, read liberally; `None` when it is too long or too deep.
pub(super) fn opened(line: &str) -> Option<Opened> {
    let tree = tree::read(line)?;
    let words = |command: &Simple| command.words.iter().map(|word| word.text.clone()).collect::<Vec<_>>();
    let mut commands: Vec<Vec<String>> = tree.commands.iter().map(words).collect();
    for text in texts(&tree).ok()? {
        commands.extend(tree::read(&text)?.commands.iter().map(words));
    }
    commands.retain(|words| !words.is_empty());
    let writes = tree.redirects.iter().map(|it| it.target.text.clone()).collect();
    Some(Opened { commands, writes, reads: tree.inputs })
}

/// One simple command, and all that may run inside it.
struct Found {
    shown: String,
    words: Vec<Word>,
    /// Where in these words a command may begin.
    beginnings: Vec<usize>,
    /// A text that a shell may run; it only counts when a rule speaks of it.
    is_text: bool,
    /// Which command of the strict reading it is, when both readings agree.
    plain: Result<usize, String>,
}

impl Found {
    fn new(command: &Simple, plain: Result<usize, String>, is_text: bool) -> Self {
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
pub(super) fn judge(line: &str, rules: &[&Rule], ground: &Ground<'_>) -> Ruling {
    let (found, whole) = match read(line) {
        Ok(found) => found,
        Err(why) => return unread(rules, &why),
    };
    let parts = parts(&found, whole.as_ref().ok(), rules, ground);
    let whole = whole.and_then(|plain| streams(&plain, ground));
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
    if let Err(why) = &whole {
        match (ruling.action, &ruling.rule) {
            (RuleBehavior::Allow, _) => {
                ruling = Ruling::ask(format!("no rule can allow the line: {why}"));
            }
            (RuleBehavior::Ask, None) => ruling.why = format!("no rule can allow the line: {why}"),
            (RuleBehavior::Ask | RuleBehavior::Deny, _) => {}
        }
    }
    ruling.parts = parts;
    ruling
}

/// What the rules say of each command.
fn parts(found: &[Found], plain: Option<&Plain>, rules: &[&Rule], ground: &Ground<'_>) -> Vec<Part> {
    let moves = found.iter().any(is_cd);
    let is_plain_move =
        |command: &Found| !is_cd(command) || command.words.first().is_some_and(|word| word.text == "cd");
    let places =
        plain.filter(|_| found.iter().all(is_plain_move)).and_then(|plain| whereabouts::of_commands(plain, ground));
    let mut parts = Vec::new();
    for command in found {
        let judged = match (&command.plain, plain) {
            (Ok(index), Some(plain)) => {
                let here = places.as_ref().and_then(|places| places.get(*index));
                // Where the places cannot be told, relative names mean nothing.
                let unknown = [ground.directory.to_path_buf()];
                let grounds = here.map_or(unknown.as_slice(), Vec::as_slice);
                let moved = moves && here.is_none();
                let each = grounds.iter().map(|place| {
                    let ground = Ground { moved, ..ground.at(place) };
                    everywhere(command, plain, *index, rules, &ground)
                });
                each.max_by_key(|part| severity(part.action))
            }
            (Err(why), _) => Some(part(command, Err(why), false, rules, ground)),
            (Ok(_), None) => None,
        };
        let Some(judged) = judged else { continue };
        let is_text = command.is_text
            || plain.zip(command.plain.as_ref().ok()).is_some_and(|(plain, index)| plain.commands[*index].is_text);
        if !is_text || (judged.rule.is_some() && judged.action != RuleBehavior::Allow) {
            parts.push(judged);
        }
    }
    parts
}

/// What the rules say of a command in each of the forms that it may take in one place: the worst.
fn everywhere(found: &Found, plain: &Plain, index: usize, rules: &[&Rule], ground: &Ground<'_>) -> Part {
    let command = &plain.commands[index];
    let forms = expand::variants(&command.words, &plain.loops, ground).and_then(|forms| {
        let is_given_names = command.words.first().is_some_and(|word| word.text == "xargs");
        if is_given_names {
            xargs::unfolded(&plain.commands, index, ground).and_then(|words| {
                let only_reads = programs::ONLY_READ.contains(&words.first().map_or("", |word| word.text.as_str()));
                if only_reads {
                    Ok(vec![words])
                } else {
                    Err("xargs would run a program that does more than read".into())
                }
            })
        } else {
            Ok(forms)
        }
    });
    let forms = forms.and_then(|forms| {
        let has_patterns = command.words.iter().any(|word| word.is_pattern);
        if has_patterns && !programs::takes_names(&command.words) {
            return Err("it has a pattern that the shell expands to file names".into());
        }
        for target in &command.writes {
            ground.writable(&target.text)?;
        }
        for source in &command.reads {
            ground.readable(&source.text)?;
        }
        Ok(forms)
    });
    let has_input = command.has_input || !command.reads.is_empty();
    match forms {
        Err(why) => part(found, Err(&why), has_input, rules, ground),
        Ok(forms) => {
            let each = forms.iter().map(|words| part(found, Ok(words), has_input, rules, ground));
            let worst = each.max_by_key(|part| severity(part.action));
            worst.unwrap_or_else(|| part(found, Err("it may run in no form at all"), has_input, rules, ground))
        }
    }
}

/// Whether the files that are opened for whole blocks may be.
fn streams(plain: &Plain, ground: &Ground<'_>) -> Result<(), String> {
    let is_moved = plain.commands.iter().any(|command| command.words.first().is_some_and(|word| word.text == "cd"));
    let ground = Ground { moved: is_moved, ..*ground };
    plain.block_writes.iter().try_for_each(|target| ground.writable(&target.text))?;
    plain.block_reads.iter().try_for_each(|source| ground.readable(&source.text))?;
    // What stands in a block may read what the block is given.
    let is_given = !plain.block_reads.is_empty();
    let all_known = plain.commands.iter().all(|command| programs::only_reads(&command.words));
    if is_given && !all_known { Err("it gives a file to commands that may run it".into()) } else { Ok(()) }
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

/// All commands of a line; the second result is the strict reading, or says why there is none.
fn read(line: &str) -> Result<(Vec<Found>, Result<Plain, String>), String> {
    let tree = tree::read(line).ok_or("it is too long or too deep to be read")?;
    let whole = plain::read(line).and_then(|plain| agree(&tree, plain));
    let plain = |at: usize| whole.as_ref().map(|_| at).map_err(Clone::clone);
    let mut found: Vec<Found> = tree
        .commands
        .iter()
        .enumerate()
        .map(|(at, command)| {
            let shown = line.get(command.span.clone()).filter(|text| !text.is_empty()).map(str::to_owned);
            let found = Found::new(command, plain(at), false);
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
fn agree(tree: &Line, plain: Plain) -> Result<Plain, String> {
    if !tree.whole {
        return Err("it is no complete shell grammar".into());
    }
    let is_test =
        |command: &PlainCommand| command.words.first().is_some_and(|word| ["[", "[["].contains(&word.text.as_str()));
    let is_same = |(command, plain): (&Simple, &PlainCommand)| {
        if is_test(plain) {
            return same_test(command, plain);
        }
        let is_same_word = |(word, plain): (&Word, &PlainWord)| {
            let has_text = plain.uses.iter().any(|part| matches!(part.of, plain::Value::Here(_)));
            word.span == plain.span && (has_text || word.text == plain.text)
        };
        // Before a here-document the grammar drops a lone dash, which means nothing by itself.
        let is_dash = |word: &PlainWord| plain.has_input && word.text == "-" && !word.quoted;
        let n_missing = plain.words.len().saturating_sub(command.words.len());
        let words: Vec<&PlainWord> = match n_missing {
            0 => plain.words.iter().collect(),
            _ => plain.words.iter().filter(|word| !is_dash(word)).collect(),
        };
        command.words.len() == words.len() && command.words.iter().zip(words).all(is_same_word)
    };
    let same_words =
        tree.commands.len() == plain.commands.len() && tree.commands.iter().zip(&plain.commands).all(is_same);
    let targets: Vec<_> = tree.redirects.iter().map(|redirect| redirect.target.span.clone()).collect();
    if same_words && targets == plain.targets { Ok(plain) } else { Err("it can be read in more than one way".into()) }
}

/// A test in brackets: the grammar makes expressions of its words, which must be the same text at the same place.
fn same_test(command: &Simple, plain: &PlainCommand) -> bool {
    let (Some(first), Some(last)) = (plain.words.first(), plain.words.last()) else { return false };
    let joined =
        |words: &mut dyn Iterator<Item = &str>| words.flat_map(str::chars).filter(|c| *c != ' ').collect::<String>();
    let of_tree = joined(&mut command.words.iter().map(|word| word.text.as_str()));
    let of_plain = joined(&mut plain.words.iter().map(|word| word.text.as_str()));
    let is_closed = matches!((first.text.as_str(), last.text.as_str()), ("[", "]") | ("[[", "]]"));
    is_closed && command.span == (first.span.start..last.span.end) && of_tree == of_plain
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
            if wrappers::name(&shell.text) == "alias" {
                texts.extend(words[1..].iter().filter_map(|word| Some(word.text.split_once('=')?.1.to_owned())));
            }
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

/// What the rules say of one simple command in one form.
fn part(
    found: &Found,
    words: Result<&Vec<PlainWord>, &str>,
    has_input: bool,
    rules: &[&Rule],
    ground: &Ground<'_>,
) -> Part {
    let mut nearest = None;
    for rule in rules {
        let why = match (rule.action, &rule.command) {
            (RuleBehavior::Allow, None) => continue,
            (RuleBehavior::Allow, Some(_))
                if !ground.at_home && !words.is_ok_and(|words| programs::is_unsteered(words)) =>
            {
                nearest.get_or_insert(format!(
                    "the rule “{rule}” holds where the session was opened, and this would run elsewhere"
                ));
                continue;
            }
            (RuleBehavior::Allow, Some(pattern)) => {
                match words.map_or(Fit::No, |words| allows(pattern, words, has_input, ground)) {
                    Fit::Yes => "it is exactly what the rule names, with harmless further words".into(),
                    Fit::Nearly(why) => {
                        nearest.get_or_insert(format!("the rule “{rule}” does not allow it: {why}"));
                        continue;
                    }
                    Fit::No => continue,
                }
            }
            (_, None) => "the rule is for every command".into(),
            (_, Some(pattern)) => match found.candidates().find(|words| may_be(pattern, words)) {
                Some(_) => format!("it is or may run “{pattern}”"),
                None => continue,
            },
        };
        return Part { command: found.shown.clone(), action: rule.action, rule: Some(rule.to_string()), why };
    }
    let why = match (words, nearest) {
        (_, Some(why)) => why,
        (Err(why), None) => format!("no rule can allow it: {why}"),
        (Ok(_), None) => "no rule is for it".into(),
    };
    Part { command: found.shown.clone(), action: RuleBehavior::Ask, rule: None, why }
}

#[cfg(test)]
mod tests;
