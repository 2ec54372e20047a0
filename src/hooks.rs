//! Process hooks: programs of the person that watch, change, answer and refuse what happens in sessions.
//!
//! **For:** one process a hook and runner, JSON-RPC 2.0 over its standard input and output, a message a line, and the
//! chain through which a question goes. **Not for:** what an answer means for a session: the engine asks by the trait
//! `engine::hooks::Hooks` and decides.
//!
//! How a question travels: `chain` takes the hooks that want it in their order, and hands each what the one before made
//! of it; `params` writes the question, `life` sees to it that a process is there, `calls` gives it a number and waits;
//! `codec` and `message` read what comes back, `answer` makes one of a few typed answers of it. Whatever is none of
//! these, an error, a time-out and an exit alike, is a failure, and a failure asks or denies.
//!
//! ```text
//! engine ──question──> chain ──params──> calls ──line──> process (guard ─> the hook)
//!    <──── verdict ──── chain <─ answer ─ calls <─line── codec
//! ```
//!
//! Invariants: no failure of a hook allows, loses or doubles anything; each question has one answer; an answer counts
//! for the question whose number it has, of the process that was asked, once; a slow hook delays only what waits for
//! it; a hook's environment has none of our secrets; no process of a hook outlives the program.

/// What a hook may answer, as types.
mod answer;
/// Questions under way, by their numbers.
mod calls;
/// The order in which hooks are asked.
mod chain;
/// Bytes to lines.
mod codec;
/// What hooks are told.
mod events;
/// All hooks of a runner.
pub mod keeper;
/// From the start of a process to the next.
mod life;
/// JSON-RPC.
mod message;
/// What hooks are asked.
mod params;
/// One run of a process.
mod process;
/// How fast and how well it answers.
mod stats;
#[cfg(test)]
mod tests;
