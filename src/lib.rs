//! adjutant: a control room for several Claude Code sessions.
//!
//! The map of the program; `ARCHITECTURE.md` says who may import whom.

/// The CLI's line protocol as types: bytes to lines to messages, and back.
pub mod wire;

/// The terminal side: what it draws and, later, what it hears.
pub mod tui;
