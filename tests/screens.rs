//! Screens, compared with files that a person has looked at.

#![allow(clippy::expect_used, reason = "a test may fail where it stands")]

/// The approval dialog.
mod approvals;
/// What becomes of files.
mod changes;
/// Pages, lists, questions of ours and texts.
mod dialogs;
/// What MCP servers ask.
mod elicitation;
/// The requests that wait, as a table.
mod inbox;
/// The screen under all dialogs.
mod main_screen;
/// The menu that completes what is typed.
mod menu;
/// Any size and any state.
mod sizes;
/// The timeline.
mod timeline;
mod trust;
mod worktrees;
