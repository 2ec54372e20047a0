//! What a command line does to the world, worked out from the line, a table of programs, and the disk.
//!
//! **For:** [`Anatomy`] of a request. **Not for:** deciding, and not for what a program does once it runs.
//!
//! Invariants: deterministic; reads only where names lead; what the table does not know is unknown, never harmless.

use std::path::Path;

use super::paths;
use super::shell;
use super::shell::Call;
use crate::core::anatomy::Anatomy;
use crate::core::anatomy::Effect;
use crate::core::anatomy::Step;
use crate::core::anatomy::Target;
use crate::core::file_name;
use programs::About;
use programs::DRY;
use programs::ROWS;
use programs::Row;

/// What programs do.
mod programs;

/// More steps of one line are not told; it says that there are more.
const MAX_STEPS: usize = 60;
/// Targets of one step that are named.
const MAX_TARGETS: usize = 20;

/// The anatomy of a command line that runs in this directory.
pub(crate) fn of(line: &str, directory: &Path) -> Anatomy {
    let several_lines = line.trim_end().contains('\n');
    let line_of = |at: usize| 1 + line[..line.floor_char_boundary(at)].matches('\n').count();
    let real = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
    let Some(calls) = shell::calls(line) else { return Anatomy { several_lines, ..Anatomy::default() } };
    let mut steps = Vec::new();
    let mut moved = false;
    let mut downloads = false;
    for call in &calls.all {
        let place = Place { directory, real: &real, moved };
        for step in steps_of(call, &place, call.at.map(line_of), downloads) {
            downloads |= step.effect == Effect::Network && ["curl", "wget", "fetch"].contains(&step.program.as_str());
            steps.push(step);
        }
        moved |= matches!(call.words.first().map(String::as_str), Some("cd" | "pushd" | "popd" | "chdir"));
    }
    for (target, appends, at) in &calls.writes {
        let place = Place { directory, real: &real, moved };
        steps.extend(written(target, *appends, &place, Some(line_of(*at))));
    }
    let whole = calls.whole && steps.len() <= MAX_STEPS;
    steps.truncate(MAX_STEPS);
    Anatomy { steps, whole, several_lines }
}

/// Where relative names begin, as far as it is known.
struct Place<'a> {
    directory: &'a Path,
    /// The same, links followed.
    real: &'a Path,
    /// The line went elsewhere before.
    moved: bool,
}

impl Place<'_> {
    fn target(&self, named: &str) -> Target {
        let path = self.directory.join(named);
        let is_known = !named.contains(['$', '*', '?', '`']) && (!self.moved || Path::new(named).is_absolute());
        // A link on the way is what a reader of the line cannot see.
        let leads_to = is_known
            .then(|| paths::resolve(&path))
            .flatten()
            .filter(|real| *real != paths::flat(&self.real.join(named)) && *real != paths::flat(&path));
        Target { named: named.to_owned(), leads_to: leads_to.map(|real| file_name::shown(&real)) }
    }

    fn exists(&self, named: &str) -> bool {
        // A device is always somebody's, also where it is not plugged in.
        let is_open = named.starts_with("/dev/") || self.moved && !Path::new(named).is_absolute();
        is_open || self.directory.join(named).symlink_metadata().is_ok()
    }
}

/// A file that the shell opens to write: it is overwritten only when there is one.
fn written(target: &str, appends: bool, place: &Place<'_>, line: Option<usize>) -> Option<Step> {
    if ["/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"].contains(&target) {
        return None;
    }
    let effect = if appends || !place.exists(target) { Effect::Writes } else { Effect::Overwrites };
    let program = if appends { ">>" } else { ">" };
    Some(Step { program: program.into(), effect, targets: vec![place.target(target)], line })
}

/// What one simple command does: itself, and what it runs as a wrapper.
fn steps_of(call: &Call, place: &Place<'_>, line: Option<usize>, downloads: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    let outer = call.words.first().map(|word| shell::name(word)).unwrap_or_default();
    let mut has_inner = false;
    for start in &call.beginnings {
        let words = &call.words[*start..];
        let Some(first) = words.first() else { continue };
        let name = shell::name(first);
        let is_known = ROWS.iter().any(|row| row.program == name);
        // Behind a wrapper only what the table knows is surely a program.
        if *start > 0 && !is_known {
            continue;
        }
        has_inner |= *start > 0;
        let mut step = step(&name, &settled(&name, words), place, line);
        if *start > 0 {
            given_by_wrapper(&outer, &call.words, &mut step);
        }
        if downloads && step.effect == Effect::RunsCode && shell::reads_commands(&name) {
            step.effect = Effect::RunsDownloaded;
        }
        // What only speaks or looks at nothing in particular is no news.
        let is_silent = step.effect == Effect::Reads && step.targets.is_empty() && is_only_itself(&name);
        // A text that some shell may read counts only for what is bad in it.
        if (call.at.is_some() && !is_silent) || step.effect.is_danger() {
            steps.push(step);
        }
    }
    // A program behind a wrapper that nobody knows.
    let inner = call.beginnings.iter().find(|start| **start > 0).filter(|_| !has_inner && call.at.is_some());
    if let Some(program) = inner.and_then(|start| call.words.get(*start)) {
        steps.push(Step { program: program.clone(), effect: Effect::Unknown, targets: Vec::new(), line });
    }
    steps
}

fn is_only_itself(name: &str) -> bool {
    let mut rows = ROWS.iter().filter(|row| row.program == name).peekable();
    rows.peek().is_some() && rows.all(|row| row.effect == Effect::Reads && row.about == About::Itself)
}

/// What a wrapper hands on stands for files that the line does not name.
fn given_by_wrapper(wrapper: &str, words: &[String], step: &mut Step) {
    let is_find = matches!(wrapper, "find" | "fd");
    if !is_find && wrapper != "xargs" {
        return;
    }
    step.targets.retain(|target| !matches!(target.named.as_str(), "{}" | ";" | "+" | "\\;"));
    let named = match words.get(1).filter(|word| is_find && !word.starts_with('-')) {
        Some(place) => format!("what {wrapper} finds in {place}"),
        None => format!("what {wrapper} hands it"),
    };
    step.targets.push(Target { named, leads_to: None });
}

/// The words as the table expects them.
fn settled(name: &str, words: &[String]) -> Vec<String> {
    let mut words = words.to_vec();
    match name {
        // `git -C DIR -c KEY=VALUE push`
        "git" => {
            while words.len() > 2 && matches!(words[1].as_str(), "-C" | "-c" | "--git-dir" | "--work-tree") {
                words.drain(1..3);
            }
        }
        // `tar xf`: the first word is letters of options.
        "tar" => {
            if let Some(letters) = words.get_mut(1).filter(|word| !word.starts_with('-')) {
                letters.insert(0, '-');
            }
        }
        _ => {}
    }
    words
}

/// What the words of a call say beyond its row.
fn beyond_the_row(name: &str, arguments: &[String], effect: Effect) -> Effect {
    let any = |is: &dyn Fn(&str) -> bool| arguments.iter().any(|word| is(word));
    match name {
        // A refspec that begins so rewrites or deletes the branch there.
        "git" if effect == Effect::Publishes && any(&|word| word.starts_with(['+', ':'])) => Effect::RewritesHistory,
        // Programs of awk can write files and run commands.
        "awk" | "gawk" if any(&|word| word.contains("system(") || word.contains(['|', '>'])) => Effect::RunsCode,
        "psql" | "mysql" | "mongosh" | "sqlite3"
            if any(&|word| {
                let word = word.to_ascii_uppercase();
                ["DROP ", "TRUNCATE ", "DELETE "].iter().any(|verb| word.contains(verb))
            }) =>
        {
            Effect::Deletes
        }
        _ => effect,
    }
}

fn step(name: &str, words: &[String], place: &Place<'_>, line: Option<usize>) -> Step {
    let arguments = &words[1..];
    let Some(row) = ROWS.iter().find(|row| row.program == name && fits(row, arguments)) else {
        let sub = ROWS.iter().any(|row| row.program == name).then(|| operands(arguments).into_iter().next()).flatten();
        let program = sub.map_or_else(|| words[0].clone(), |sub| format!("{name} {sub}"));
        return Step { program, effect: Effect::Unknown, targets: Vec::new(), line };
    };
    // What a wrapper runs has options of its own.
    let is_wrapper = matches!(row.effect, Effect::Privilege | Effect::Network);
    let is_dry = row.effect.is_danger() && !is_wrapper && only_tells(arguments, row.words.len());
    let mut effect = if is_dry { Effect::Reads } else { beyond_the_row(name, arguments, row.effect) };
    let operands = operands(arguments);
    let mut named: Vec<&str> = operands.iter().skip(row.words.len()).copied().collect();
    match row.about {
        About::Itself => named.clear(),
        About::Operands => {}
        About::Last => named = named.last().copied().into_iter().collect(),
        About::First => named.truncate(1),
        About::AllButFirst => named = named.into_iter().skip(1).collect(),
        About::Behind(mark) => {
            named = arguments.iter().filter_map(|word| word.strip_prefix(mark)).collect();
        }
    }
    // What is not there yet is made.
    if effect == Effect::Overwrites && named.len() == 1 && !place.exists(named[0]) && !named[0].contains(['$', '*']) {
        effect = Effect::Writes;
    }
    let targets = named.into_iter().take(MAX_TARGETS).map(|named| place.target(named)).collect();
    let program = std::iter::once(name).chain(row.words.iter().copied()).collect::<Vec<_>>().join(" ");
    Step { program, effect, targets, line }
}

fn fits(row: &Row, arguments: &[String]) -> bool {
    let operands = operands(arguments);
    let follows = row.words.iter().enumerate().all(|(at, word)| operands.get(at) == Some(word));
    let has = |option: &&str| arguments.iter().any(|word| is_option(word, option));
    follows && (row.with.is_empty() || row.with.iter().any(has))
}

/// Whether an option makes the program only say something. Some programs take no option behind the first operand, so
/// that help is none there.
fn only_tells(arguments: &[String], n_words: usize) -> bool {
    let mut n_operands = 0;
    for word in arguments.iter().take_while(|word| *word != "--") {
        n_operands += usize::from(!word.starts_with('-'));
        if word == "--dry-run" || (n_operands <= n_words && DRY.contains(&word.as_str())) {
            return true;
        }
    }
    false
}

/// Whether a word is this option: whole, with a value behind `=`, or as a letter among others.
fn is_option(word: &str, option: &str) -> bool {
    if word == option || word.strip_prefix(option).is_some_and(|rest| option.starts_with("--") && rest.starts_with('='))
    {
        return true;
    }
    let letter = option.strip_prefix('-').filter(|letter| letter.len() == 1);
    let letters = word.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    matches!((letter, letters), (Some(letter), Some(letters)) if letters.contains(letter))
}

/// The words that are no options.
fn operands(arguments: &[String]) -> Vec<&str> {
    let mut only_operands = false;
    let mut operands = Vec::new();
    for word in arguments {
        if !only_operands && word == "--" {
            only_operands = true;
        } else if only_operands || !word.starts_with('-') || word == "-" {
            operands.push(word.as_str());
        }
    }
    operands
}

#[cfg(test)]
mod tests;
