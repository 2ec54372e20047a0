//! The audit log: who asked for what, what ran, and who allowed it, in a chain of lines.
//!
//! **For:** writing down what the engine tells, one JSON object a line, each chained to the one before by
//! its hash; finding what was changed afterwards; searching. **Not for:** deciding, and not for the
//! transcript, which the store keeps.
//!
//! Inside: `derive` makes a [`record::Record`] of an event; `entry` redacts and bounds it; `chain` seals
//! entries into lines; `append` puts lines on the disk under a lock; `writer` is the task between the
//! engine's tap and the disk; `verify` and `search` read.
//!
//! Invariants: nothing is written unredacted; lines are only ever added; what could not be written is
//! counted in the log; a log that cannot be written never allows anything by itself.
//!
//! **What the chain shows, and what it cannot.** Whoever can write the files can edit, remove, insert or
//! reorder lines, and `verify` names the first line where that shows; cutting off the end shows against
//! `audit.head`. Whoever can write the files and computes all hashes anew, those of every later line and
//! of `audit.head`, leaves no trace in the directory, and neither does whoever puts back an earlier copy
//! of all the files: only a copy of the head kept elsewhere (`audit verify --json` prints it) shows that.

/// Lines on the disk, under a lock that all processes share.
pub mod append;
/// Entries to lines, each with the hash of the one before.
pub mod chain;
/// What events mean for the log.
pub mod derive;
/// A record made ready to be written: redacted, and no longer than allowed.
pub mod entry;
/// The files of the log and their order.
pub mod files;
/// Lines of a file, none too long for the memory.
pub mod lines;
/// What is recorded.
pub mod record;
/// Finding records.
pub mod search;
/// Finding what was changed.
pub mod verify;
/// The task between the engine's tap and the disk.
pub mod writer;
