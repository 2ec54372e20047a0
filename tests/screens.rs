//! Screens, compared with files that a person has looked at.

/// The screen under all dialogs.
mod main_screen;
