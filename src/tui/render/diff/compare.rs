//! What changed: first by lines, then within the lines that replaced each other.

use std::ops::Range;
use std::time::Duration;
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices, capture_diff_slices_deadline, diff_ratio};
use unicode_segmentation::UnicodeSegmentation;

use crate::tui::render::sanitize::CleanLine;

/// Longer lines are not compared word by word: minified code has no words worth a colour.
const MAX_WORD_DIFF_BYTES: usize = 2_000;

/// Texts with little in common take the square of their length to compare well; after this time the rest
/// is compared badly, which shows more lines as changed and none as unchanged that is not.
const MAX_COMPARING_TIME: Duration = Duration::from_millis(100);

/// Lines less alike than this share words by chance, and colouring those confuses.
const MIN_LIKENESS: f32 = 0.4;

/// A run of lines, as indices into the two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Lines that both sides have, where the new side has them.
    Same { new: Range<usize> },
    /// Lines that gave way to others. `pairs` says whether looking for changed words makes sense.
    Changed { old: Range<usize>, new: Range<usize>, pairs: bool },
}

impl Step {
    pub(super) fn removed(&self) -> Range<usize> {
        match self {
            Self::Same { .. } => 0..0,
            Self::Changed { old, .. } => old.clone(),
        }
    }

    pub(super) fn added(&self) -> Range<usize> {
        match self {
            Self::Same { .. } => 0..0,
            Self::Changed { new, .. } => new.clone(),
        }
    }
}

/// How many lines both sides begin with and how many they end with.
pub(super) fn common_edges(old: &[CleanLine<'_>], new: &[CleanLine<'_>]) -> (usize, usize) {
    let both = old.iter().zip(new);
    let n_head = both.take_while(|(a, b)| a == b).count();
    let rest = old.iter().skip(n_head).rev().zip(new.iter().skip(n_head).rev());
    let n_tail = rest.take_while(|(a, b)| a == b).count();
    (n_head, n_tail)
}

/// The runs of equal and changed lines, covering both sides in order.
pub(super) fn steps(old: &[CleanLine<'_>], new: &[CleanLine<'_>]) -> Vec<Step> {
    let mut all: Vec<Step> = Vec::new();
    let deadline = Instant::now() + MAX_COMPARING_TIME;
    for op in capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(deadline)) {
        let (old, new) = (op.old_range(), op.new_range());
        let is_same = matches!(op, DiffOp::Equal { .. });
        match all.last_mut() {
            _ if is_same => all.push(Step::Same { new }),
            // A deletion beside an insertion is a replacement.
            Some(Step::Changed { old: last_old, new: last_new, .. }) => {
                last_old.end = old.end;
                last_new.end = new.end;
            }
            _ => all.push(Step::Changed { old, new, pairs: true }),
        }
    }
    all
}

/// The changed stretches of each line, in bytes.
#[derive(Debug, Default)]
pub(super) struct Emphasis {
    pub(super) removed: Vec<Vec<Range<usize>>>,
    pub(super) added: Vec<Vec<Range<usize>>>,
}

/// Compares the lines that replaced each other, pair by pair.
pub(super) fn emphasis(old: &[CleanLine<'_>], new: &[CleanLine<'_>], pairs: bool) -> Emphasis {
    let mut found = Emphasis::default();
    if !pairs {
        return found;
    }
    for (old, new) in old.iter().zip(new) {
        let (removed, added) = changed_words(old.as_str(), new.as_str()).unwrap_or_default();
        found.removed.push(removed);
        found.added.push(added);
    }
    found
}

type Ranges = Vec<Range<usize>>;

fn changed_words(old: &str, new: &str) -> Option<(Ranges, Ranges)> {
    if old.len().max(new.len()) > MAX_WORD_DIFF_BYTES {
        return None;
    }
    let old_words: Vec<&str> = old.split_word_bounds().collect();
    let new_words: Vec<&str> = new.split_word_bounds().collect();
    let ops = capture_diff_slices(Algorithm::Myers, &old_words, &new_words);
    // Blanks alone make nothing alike, but a change in blanks alone is one to show.
    let is_blank_change = old.split_whitespace().eq(new.split_whitespace());
    let likeness = diff_ratio(&ops, old_words.len(), new_words.len());
    if likeness < MIN_LIKENESS && !is_blank_change {
        return None;
    }
    let mut removed = Vec::new();
    let mut added = Vec::new();
    for op in ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. })) {
        push_bytes(&mut removed, &old_words, op.old_range());
        push_bytes(&mut added, &new_words, op.new_range());
    }
    Some((removed, added))
}

fn push_bytes(ranges: &mut Ranges, words: &[&str], changed: Range<usize>) {
    let bytes_before = |n_words: usize| words.iter().take(n_words).map(|w| w.len()).sum::<usize>();
    let (start, end) = (bytes_before(changed.start), bytes_before(changed.end));
    match ranges.last_mut() {
        Some(last) if last.end == start => last.end = end,
        _ if start < end => ranges.push(start..end),
        _ => {}
    }
}
