//! Text, a width and a theme in; lines for the terminal out.
//!
//! For turning what a session said into `ratatui` lines. Not for layout, scrolling or caching: a
//! view decides where the lines go and when to ask again.
//!
//! Invariants:
//! - No function here reads a clock, a file or the environment; equal arguments give equal lines.
//! - Outside text enters as [`sanitize::CleanText`] and in no other form.
//! - No line is wider than the width asked for, and no width from 1 up panics or loops.

/// Two texts to a unified diff.
pub mod diff;
/// Source code to coloured lines.
pub mod highlight;
/// Markdown to lines, whole or while it streams in.
pub mod markdown;
/// Paths that fit.
pub mod paths;
/// The one boundary for outside text.
pub mod sanitize;
/// Cutting and restyling runs of styled text.
pub mod spans;
/// The only place that measures text.
pub mod width;
/// Styled text to lines of a given width.
pub mod wrap;
