//! What a command line does to the world, worked out from the line, tables of programs, and the disk.
//!
//! **For:** [`Anatomy`] of a request, which its marks are made of. **Not for:** deciding, and not for what a program does
//! once it runs.
//!
//! Invariants: deterministic; reads only where names lead, and small scripts of the project; what no table knows is unknown, never harmless; what the line
//! computes as it runs is said to be unread.

use std::path::Path;

use crate::core::anatomy::Anatomy;
use crate::core::anatomy::Effect;
use crate::core::anatomy::Step;

use super::shell::flow;
use super::shell::flow::Calls;
use place::Place;
use steps::Reader;
use table::Table;

/// What is said to databases.
mod data;
/// Calls of git.
mod git;
/// Programs that a line brings as a text.
mod inline;
/// Secrets, and places outside.
mod names;
/// Where names lead.
mod place;
/// Lines for PowerShell.
mod powershell;
/// Scripts of the project.
mod scripts;
/// Variables by which others run something.
mod settings;
/// Programs of which a table cannot say all.
mod special;
/// From one call to what it does.
mod steps;
/// What programs do.
mod table;
/// Files that go to other machines, or come from them.
mod transfer;
/// Options and operands.
mod words;

/// More steps of one line are not told; it says that there are more.
const MAX_STEPS: usize = 60;
/// Targets of one step that are named.
const MAX_TARGETS: usize = 20;

/// The anatomy of a command line that runs in this directory.
pub(crate) fn of(line: &str, directory: &Path) -> Anatomy {
    anatomy(line, flow::read(line), Place::new(directory), table::programs())
}

/// The anatomy of a line for PowerShell.
pub(crate) fn of_powershell(line: &str, directory: &Path) -> Anatomy {
    anatomy(line, powershell::calls(line), Place::new(directory), table::powershell())
}

/// The anatomy of a text of which nothing else is known: no name in it is looked up.
fn within(text: &str) -> Anatomy {
    anatomy(text, flow::read(text), Place::new(Path::new("/")).elsewhere(), table::programs())
}

fn anatomy(line: &str, calls: Option<Calls>, mut place: Place, table: &'static Table) -> Anatomy {
    let several_lines = line.trim_end().contains('\n');
    let line_of = |at: usize| 1 + line[..line.floor_char_boundary(at)].matches('\n').count();
    let Some(calls) = calls else { return Anatomy { several_lines, ..Anatomy::default() } };
    let mut reader = Reader::new(table, line, &calls);
    let mut steps: Vec<Step> =
        calls.settings.iter().filter_map(|(setting, at)| Reader::set(setting, &place, at.map(line_of))).collect();
    let mut writes = calls.writes.iter().peekable();
    for (at, call) in calls.all.iter().enumerate() {
        // What the shell writes is judged from where the line then is.
        while let Some(write) = writes.next_if(|write| write.at.is_some_and(|at| call.at.is_none_or(|call| at < call)))
        {
            steps.extend(Reader::written(write, &place, write.at.map(line_of)));
        }
        steps.extend(reader.steps(at, &place, call.at.map(line_of)));
        place.follow(&call.words, at == 0);
    }
    for write in writes {
        steps.extend(Reader::written(write, &place, write.at.map(line_of)));
    }
    let whole = calls.whole && steps.len() <= MAX_STEPS;
    // The worst must not be what is left out.
    if steps.len() > MAX_STEPS {
        steps.sort_by_key(|step: &Step| step.effect);
        steps.truncate(MAX_STEPS);
    }
    Anatomy { steps, whole, several_lines }
}

/// Whether every effect of the line is one that may come again in other words: nothing dangerous, nothing outside.
pub(super) fn is_tame(anatomy: &Anatomy) -> bool {
    let is_tame = |step: &Step| {
        matches!(step.effect, Effect::Reads | Effect::Writes | Effect::Network | Effect::Installs | Effect::RunsCode)
            || step.effect == Effect::Unknown
    };
    anatomy.whole && anatomy.steps.iter().all(is_tame)
}

/// Whether the tables may tell sub-commands of this program apart by the word at this place.
pub(super) fn is_sub_command(words: &[String], idx: usize) -> bool {
    let (Some(program), Some(before)) = (words.first(), words.get(1..idx)) else { return true };
    table::programs().reaches(&super::shell::name(program), before)
}

#[cfg(test)]
mod tests;
