//! In which directories each command of a line may run.
//!
//! **For:** `cd DIR && …`. **Not for:** what a program does there (`project` asks whether it means the same).
//!
//! Invariants: every place that the shell may then be in is among those that are told; where one cannot be told, none is.

use std::path::Path;
use std::path::PathBuf;

use super::Ground;
use super::expand;
use super::plain::Joint;
use super::plain::Plain;
use super::plain::PlainCommand;
use crate::engine::policy::paths;

/// A line that may end up in more places is not judged.
const MAX_PLACES: usize = 16;

/// Where the shell may be.
#[derive(Debug, Clone)]
struct Here {
    /// While every command since the last one that moved has to succeed.
    sure: Vec<PathBuf>,
    /// However things went.
    all: Vec<PathBuf>,
}

/// The places of every command, in order; nothing when one cannot be told.
pub(super) fn of_commands(plain: &Plain, ground: &Ground<'_>) -> Option<Vec<Vec<PathBuf>>> {
    let start = paths::resolve(ground.directory)?;
    let mut here = Here { sure: vec![start.clone()], all: vec![start] };
    // What held where a parenthesis was opened.
    let mut outside: Vec<(usize, Here)> = Vec::new();
    let mut found = Vec::with_capacity(plain.commands.len());
    for command in &plain.commands {
        while outside.last().is_some_and(|(shell, _)| !command.shells.contains(shell)) {
            if let Some((_, before)) = outside.pop() {
                here = Here { sure: before.all.clone(), ..before };
            }
        }
        for shell in &command.shells {
            if !outside.iter().any(|(open, _)| open == shell) {
                outside.push((*shell, here.clone()));
            }
        }
        if command.joint != Joint::And && !command.is_text {
            here.sure.clone_from(&here.all);
        }
        let places = here.sure.clone();
        if is_cd(command) {
            if command.in_loop {
                return None;
            }
            let mut reached = Vec::new();
            for place in &places {
                reached.extend(targets(command, plain, &ground.at(place))?);
            }
            if command.is_apart {
                reached.extend(places.iter().cloned());
            }
            here.all.extend(reached.iter().cloned());
            here.all.sort();
            here.all.dedup();
            here.sure = reached;
            if here.all.len() > MAX_PLACES || here.sure.len() > MAX_PLACES {
                return None;
            }
        }
        found.push(places);
    }
    Some(found)
}

fn is_cd(command: &PlainCommand) -> bool {
    command.words.first().is_some_and(|word| word.text == "cd")
}

/// Where one `cd` leads from one place.
fn targets(command: &PlainCommand, plain: &Plain, ground: &Ground<'_>) -> Option<Vec<PathBuf>> {
    let variants = expand::variants(&command.words, &plain.loops, ground).ok()?;
    variants
        .iter()
        .map(|words| {
            let target = named(words.iter().skip(1).map(|word| word.text.as_str()))?;
            // The variable may send a name anywhere.
            let is_explicit = target.starts_with(['/', '.']) || std::env::var_os("CDPATH").is_none();
            let written = paths::flat(&ground.directory.join(target));
            let real = ground.inside(target).ok()?;
            // Behind a link, `..` is one thing to a shell and another to a program.
            let is_same = real == written || !target.contains("..") && Path::new(target).is_absolute();
            (is_explicit && is_same).then_some(real)
        })
        .collect()
}

/// The one directory that `cd` is told; nothing for anything else that it may be told.
pub(super) fn named<'a>(mut operands: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let first = operands.next()?;
    let target = if first == "--" { operands.next()? } else { first };
    let is_plain = !target.is_empty() && !target.starts_with(['-', '+']) && operands.next().is_none();
    is_plain.then_some(target)
}
