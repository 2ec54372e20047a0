//! The domain: what a session is and how it changes.
//!
//! **For:** the events that describe a session's life, the commands that ask for a change, and the
//! pure fold that turns events into the state everybody looks at.
//! **Not for:** I/O, clocks, terminals, the CLI's JSON (the one exception is a tool's input, kept as
//! the JSON value it arrived as, because an approval must send back exactly what it showed).
//!
//! Invariants: [`Fleet::apply`](fleet::Fleet::apply) cannot fail and never panics, whatever the
//! sequence of events; the fold of a saved log equals the live state; an event of an earlier process
//! generation changes nothing; nothing here reads the time, so every timestamp comes in an event.

/// What a command line does to the world.
pub mod anatomy;
/// Pending approvals: what is asked, what it would do, how it was decided.
pub mod approval;
/// The backlog of a project, and the rules of its changes.
pub mod backlog;
/// Cells: the entries of a transcript.
pub mod cell;
/// What a call would change in a file.
pub mod change;
/// What a surface may ask of the engine.
pub mod command;
/// What happened: the closed enum of everything the engine tells.
pub mod event;
/// Durations, counts, money and sizes as people write them.
pub mod figures;
/// Names of files as text.
pub mod file_name;
/// All sessions together, and the one inbox over them.
pub mod fleet;
/// What a rule with free words gives away.
pub mod gives_away;
/// What a person allowed beyond one call.
pub mod grant;
/// Process hooks: what they did, and how they are.
pub mod hook;
/// Newtypes for everything that is referred to.
pub mod ids;
/// Images that go with a prompt.
pub mod image;
/// The two languages, and what core says in both.
pub mod language;
/// Permission modes and permission updates ("always allow" in its various forms).
pub mod permission;
/// The relay to the phone, as every surface sees it.
pub mod phone;
/// Prompts and the queue of those not sent yet.
pub mod prompt;
/// What a tool call may do to the person's machine, judged from its input alone.
pub mod risk;
/// Names of files that look secret or steer tools.
pub mod sensitive;
/// One session: process, turn, transcript, progress.
pub mod session;
/// Background tasks and sub-agents.
pub mod task;
/// The session's own list of steps.
pub mod todo;
/// Tool calls and their life.
pub mod tool;
/// The bounded list of cells in display order.
pub mod transcript;
/// Errors as people say them.
pub mod trouble;
/// What a folder brings, and whether that may take effect.
pub mod trust;
/// Tokens and money.
pub mod usage;
/// A git worktree of a session, and what removing it would lose.
pub mod worktree;

#[cfg(test)]
mod properties;
