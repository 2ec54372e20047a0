//! Whether a folder may have what it brings take effect.
//!
//! **For:** reading what a folder brings that would run or decide something (hooks, helpers, servers, rules, skills
//! and the like), and keeping what the person answered when that was shown. **Not for:** asking, showing, or starting
//! anything: the engine asks through [`crate::engine::trust::Gate`], which [`gate::Keeper`] is.
//!
//! Invariants: reading runs nothing, follows no link out of the folder, opens regular files only, and is bounded;
//! what cannot be read counts as something to ask about, never as nothing; a decision is for a folder's real place
//! and for the content that was shown; the records are written whole or not at all.

/// The CLI's own record of folders that were trusted.
mod cli_record;
/// Reading files that anybody may have put there.
mod files;
/// What the engine asks.
pub mod gate;
/// Programs that git runs by itself.
mod git;
/// All of it, for one folder.
pub mod inventory;
/// The folders that count for a session.
mod places;
/// What was answered.
pub mod records;
/// Skills, slash commands, agents and the like.
mod rooms;
/// Files that a command line names.
mod scripts;
/// MCP servers.
mod servers;
/// Settings files of the CLI.
mod settings;
/// The project's instructions, for a session that is started without its settings.
mod words;
