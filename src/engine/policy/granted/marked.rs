//! Words that a person marks as free: which may be marked, and which later calls such a grant covers.
//!
//! Invariants: only words whose other values change neither which programs run nor what a table knows these to do; no
//! rule that denies or asks is weaker for it; what is covered was shown: the line with its free places.

use std::path::Path;

use serde_json::Value;

use super::super::anatomy;
use super::super::paths::Own;
use super::super::rules;
use super::super::shell;
use super::super::shell::Ground;
use super::MAX_SAME;
use super::Scene;
use super::decide;
use super::may_be_granted;
use super::without_words;
use crate::config::Approvals;
use crate::core::anatomy::Effect;
use crate::core::approval::Approval;
use crate::core::approval::danger::DangerClass;
use crate::core::grant::marked;
use crate::core::grant::marked::Hole;
use crate::core::grant::marked::Takes;
use crate::core::tool::table;
use crate::core::tool::table::Does;

/// Words of one line that are offered.
const MAX_HOLES: usize = 16;

/// The words of a call that may be marked as free.
pub(crate) fn markable(approval: &Approval, config: &Approvals, scene: &Scene) -> Vec<Hole> {
    let Some(line) = line_of(approval) else { return Vec::new() };
    let is_small = approval.input.to_string().len() <= MAX_SAME;
    let is_mild = |effect: &Effect| effect.class() != DangerClass::Dangerous;
    let known = effects(line, approval);
    let may_be = is_small
        && may_be_granted(approval)
        && !approval.place.is_doubtful
        && approval.risks.iter().all(|risk| matches!(risk, Effect::Network))
        && known.as_ref().is_some_and(|known| known.iter().all(is_mild));
    if !may_be {
        return Vec::new();
    }
    let hole = |word: shell::FreeWord| {
        let takes = Takes::of(&word.text).filter(|takes| *takes == Takes::Number || !word.is_behind_option)?;
        let hole = Hole { start: word.at.start, end: word.at.end, takes };
        // What stands in the line is what the word says, byte for byte.
        (line.get(word.at)? == word.text).then_some(hole)
    };
    let holes = shell::free_words(line).into_iter().filter_map(hole);
    // A word that another value could not take the place of, as a secret file's, is not offered either.
    let input = &approval.input;
    let serves = |hole: &Hole| covers(input, std::slice::from_ref(hole), approval, config, scene);
    holes.filter(serves).take(MAX_HOLES).collect()
}

/// Whether a call is the granted one with other values in the free places.
pub(super) fn covers(input: &Value, holes: &[Hole], approval: &Approval, config: &Approvals, scene: &Scene) -> bool {
    let (Some(granted), Some(line)) = (input.get("command").and_then(Value::as_str), line_of(approval)) else {
        return false;
    };
    let Some(values) = marked::values(granted, holes, line).filter(|values| !values.is_empty()) else { return false };
    if without_command(input) != without_command(&approval.input) {
        return false;
    }
    // A value that the tables know must not make the line do more.
    let was = Approval { input: input.clone(), ..approval.clone() };
    let (Some(now), Some(before)) = (effects(line, approval), effects(granted, &was)) else { return false };
    if now != before || !approval.risks.iter().all(|risk| matches!(risk, Effect::Network)) {
        return false;
    }
    let roots = rules::roots(scene);
    let directory = Path::new(&approval.place.directory);
    let ground = Ground::new(directory, &roots, Own(&config.own), None, true);
    let is_harmless = |value: &&str| shell::is_harmless_operand(value, &ground);
    values.iter().all(is_harmless) && decide(approval, config, scene).rule.is_none()
}

/// The command line of a call of a shell.
fn line_of(approval: &Approval) -> Option<&str> {
    let is_shell = matches!(table::of(&approval.tool).map(|tool| tool.does), Some(Does::Runs { .. }));
    approval.input.get("command").and_then(Value::as_str).filter(|_| is_shell)
}

fn without_command(input: &Value) -> Value {
    let mut input = without_words(input);
    if let Some(fields) = input.as_object_mut() {
        fields.remove("command");
    }
    input
}

/// What each step of the line does; nothing when not all of it could be read.
fn effects(line: &str, approval: &Approval) -> Option<Vec<Effect>> {
    let anatomy = anatomy::of(line, Path::new(&approval.place.directory));
    anatomy.whole.then(|| anatomy.steps.iter().map(|step| step.effect).collect())
}

#[cfg(test)]
mod tests;
