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
    let Some(calls) = shell::calls(line) else { return Anatomy { several_lines, ..Anatomy::default() } };
    let mut steps = Vec::new();
    let mut moved = false;
    let mut downloads = false;
    for call in &calls.all {
        let place = Place { directory, moved };
        let line_no = call.at.map(|at| 1 + line[..line.floor_char_boundary(at)].matches('\n').count());
        for step in steps_of(call, &place, line_no, downloads) {
            downloads |= step.effect == Effect::Network && ["curl", "wget", "fetch"].contains(&step.program.as_str());
            steps.push(step);
        }
        moved |= matches!(call.words.first().map(String::as_str), Some("cd" | "pushd" | "popd" | "chdir"));
    }
    for (target, appends, at) in &calls.writes {
        let place = Place { directory, moved };
        let line_no = Some(1 + line[..line.floor_char_boundary(*at)].matches('\n').count());
        steps.extend(written(target, *appends, &place, line_no));
    }
    let whole = calls.whole && steps.len() <= MAX_STEPS;
    steps.truncate(MAX_STEPS);
    Anatomy { steps, whole, several_lines }
}

/// Where relative names begin, as far as it is known.
struct Place<'a> {
    directory: &'a Path,
    /// The line went elsewhere before.
    moved: bool,
}

impl Place<'_> {
    fn target(&self, named: &str) -> Target {
        let path = self.directory.join(named);
        let is_known = !named.contains(['$', '*', '?', '`']) && (!self.moved || Path::new(named).is_absolute());
        // A link on the way is what a reader of the line cannot see.
        let leads_to = is_known.then(|| paths::resolve(&path)).flatten().filter(|real| {
            let here = self.directory.canonicalize().unwrap_or_else(|_| self.directory.to_path_buf());
            *real != paths::flat(&here.join(named)) && *real != paths::flat(&path)
        });
        Target { named: named.to_owned(), leads_to: leads_to.map(|real| real.display().to_string()) }
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
    for start in &call.beginnings {
        let words = &call.words[*start..];
        let Some(first) = words.first() else { continue };
        let name = shell::name(first);
        let is_known = ROWS.iter().any(|row| row.program == name);
        // Behind a wrapper only what the table knows is surely a program.
        if *start > 0 && !is_known {
            continue;
        }
        let mut step = step(&name, words, place, line);
        if downloads && step.effect == Effect::RunsCode && shell::reads_commands(&name) {
            step.effect = Effect::RunsDownloaded;
        }
        // A text that some shell may read counts only for what is bad in it.
        if call.at.is_some() || step.effect.is_danger() {
            steps.push(step);
        }
    }
    steps
}

fn step(name: &str, words: &[String], place: &Place<'_>, line: Option<usize>) -> Step {
    let arguments = &words[1..];
    let Some(row) = ROWS.iter().find(|row| row.program == name && fits(row, arguments)) else {
        let sub = ROWS.iter().any(|row| row.program == name).then(|| operands(arguments).into_iter().next()).flatten();
        let program = sub.map_or_else(|| words[0].clone(), |sub| format!("{name} {sub}"));
        return Step { program, effect: Effect::Unknown, targets: Vec::new(), line };
    };
    let is_dry = row.effect.is_danger() && arguments.iter().any(|word| DRY.contains(&word.as_str()));
    let mut effect = if is_dry { Effect::Reads } else { row.effect };
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
