//! Scripts given as a word that surely only print.
//!
//! **For:** the part of sed, awk and jq that people write every day. **Not for:** these languages: what the readers
//! here do not know is asked.

/// awk: patterns, prints and arithmetic.
mod awk;
/// jq: paths, selections, and functions that only compute.
mod jq;
/// sed: addresses, prints, deletions and substitutions.
mod sed;

pub(super) use awk::only_prints as awk_only_prints;
pub(super) use jq::only_selects as jq_only_selects;
pub(super) use sed::only_prints as sed_only_prints;
