//! Which lines belong to the conversation as it stands.
//!
//! Lines form a tree: each names the one it follows. Going back and changing a prompt begins a new branch at
//! the prompt before it, and the old one stays in the file. What belongs is everything but the subtrees of
//! abandoned prompts; a plain walk from the last line to the first would lose the results of parallel calls,
//! which are leaves.

use std::collections::HashMap;
use std::collections::HashSet;

use super::tell;
use crate::wire::transcript::Record;

/// Takes the lines of abandoned branches away, and those that stand twice.
pub(super) fn active(records: Vec<Record>) -> Vec<Record> {
    let records = once_each(records);
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for (idx, record) in records.iter().enumerate() {
        if let Some(uuid) = &record.uuid {
            ids.insert(uuid, idx);
        }
    }
    let above: Vec<Option<usize>> = (0..records.len()).map(|idx| above(&records, &ids, idx)).collect();
    let last = records.iter().rposition(|record| record.uuid.is_some() && !record.is_sidechain);
    let mut on_path = vec![false; records.len()];
    let mut next = last;
    while let Some(idx) = next.filter(|idx| !on_path[*idx]) {
        on_path[idx] = true;
        next = above[idx];
    }
    let mut dropped = vec![false; records.len()];
    for idx in 0..records.len() {
        // A line stands behind the one it follows, so that one has been judged; a line that does not is kept.
        let is_abandoned =
            !on_path[idx] && !records[idx].is_sidechain && records[idx].uuid.is_some() && is_turn(&records[idx]);
        dropped[idx] = is_abandoned || above[idx].is_some_and(|above| above < idx && dropped[above] && !on_path[idx]);
    }
    let mut dropped = dropped.into_iter();
    records.into_iter().filter(|_| !dropped.next().unwrap_or(false)).collect()
}

/// Whether a turn begins with the line: where branches begin.
fn is_turn(record: &Record) -> bool {
    record.kind == "user" && tell::prompt_of(record).is_some()
}

/// After a compaction the CLI writes lines that it keeps once more.
fn once_each(records: Vec<Record>) -> Vec<Record> {
    let mut seen = HashSet::new();
    records.into_iter().filter(|record| record.uuid.clone().is_none_or(|uuid| seen.insert(uuid))).collect()
}

/// The line that a line follows. One that is not in the file, because it is older than what was read or was
/// never written, is taken for the line before.
fn above(records: &[Record], ids: &HashMap<&str, usize>, idx: usize) -> Option<usize> {
    let record = records.get(idx)?;
    record.uuid.as_ref()?;
    let before = || records[..idx].iter().rposition(|other| other.uuid.is_some() && !other.is_sidechain);
    match (&record.parent_uuid, &record.logical_parent_uuid) {
        (Some(parent), _) | (None, Some(parent)) => ids.get(parent.as_str()).copied().or_else(before),
        (None, None) if record.kind == "system" => before(),
        (None, None) => None,
    }
}
