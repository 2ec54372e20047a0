//! adjutant: a control room for several Claude Code sessions.
//!
//! The map of the program; `ARCHITECTURE.md` says who may import whom.

/// The configuration file: defaults, layers, and every mistake with its line.
pub mod config;
/// The domain: events, commands, and the pure fold that everything shown is computed from.
pub mod core;
/// The boundary between the engine and its clients: commands one way, updates the other.
pub mod link;
/// The CLI's line protocol as types: bytes to lines to messages, and back.
pub mod wire;

/// The terminal side: what it draws and, later, what it hears.
pub mod tui;
