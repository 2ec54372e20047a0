//! adjutant: a control room for several Claude Code sessions.
//!
//! The map of the program; `ARCHITECTURE.md` says who may import whom.

/// The audit log: who asked for what, what ran, and who allowed it, in a chain of lines.
pub mod audit;
/// What is to be built in a project, kept: features, their order and who works on them.
pub mod backlog;
/// The command line: verbs and their wiring.
pub mod cli;
/// The wall clock.
pub mod clock;
/// The configuration file: defaults, layers, and every mistake with its line.
pub mod config;
/// The domain: events, commands, and the pure fold that everything shown is computed from.
pub mod core;
/// The scripted sessions that show everything without an account.
pub mod demo;
/// The program's own files: opened, replaced and locked in one way.
pub mod disk;
/// The asynchronous world: sessions, processes, approvals.
pub mod engine;
/// Programs of the person that are asked about what happens.
pub mod hooks;
/// The boundary between the engine and its clients: commands one way, updates the other.
pub mod link;
/// Tools for models over the Model Context Protocol.
pub mod mcp;
/// HTTP to the outside.
pub mod net;
/// Takes secrets out of text before it is written to a log or leaves the machine.
pub mod redact;
/// The phone: messengers that a person is told by, and answers by.
pub mod relay;
/// Where a folder's git repository is, found without git.
pub mod repository;
/// A language model for small words about the sessions.
pub mod secretary;
/// The runner's front door: the engine behind a socket, and the client's side of it.
pub mod server;
/// The scripted CLI behind the demo and the tests: this program in another role.
pub mod standin;
/// The store: everything that happened, in SQLite.
pub mod store;
/// The CLI's own record of conversations: found, read and watched, never written.
pub mod transcripts;
/// What the CLI says, as events of the domain.
mod translate;
/// Whether a folder may have what it brings take effect.
pub mod trust;
/// The terminal: keys in, screens out.
pub mod tui;
/// The CLI's line protocol as types: bytes to lines to messages, and back.
pub mod wire;
