//! adjutant: a control room for several Claude Code sessions.
//!
//! The map of the program; `ARCHITECTURE.md` says who may import whom.

/// The configuration file: defaults, layers, and every mistake with its line.
pub mod config;
/// The domain: events, commands, and the pure fold that everything shown is computed from.
pub mod core;
/// The sessions: one CLI process each, its protocol, its permissions, its end.
pub mod engine;
/// The boundary between the engine and its clients: commands one way, updates the other.
pub mod link;
/// A scripted stand-in for the CLI, for tests and the demo.
pub mod standin;
/// The CLI's line protocol as types: bytes to lines to messages, and back.
pub mod wire;
