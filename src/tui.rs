//! The terminal: keys in, screens out.
//!
//! **For:** showing the fold and turning keys into commands. **Not for:** talking to the engine except
//! through values: `update` returns effects, `run` performs them.
//!
//! Invariants: `view` and `render` change nothing and know no engine; `update` draws nothing and awaits
//! nothing; text from outside is cleaned once, by `render::sanitize`, before it becomes a span.

/// The whole state, and the one place that performs effects.
pub mod app;
/// The history of prompts.
pub mod files;
/// Looking for files by what is typed of their names.
pub mod finder;
/// Keys and what they mean.
pub mod input;
/// Files that a prompt names with an `@`.
pub mod mention;
/// Text machinery: cleaning, measuring, wrapping, Markdown, highlighting, diffs.
pub mod render;
/// The loop that waits and draws.
pub mod run;
/// The terminal itself: modes, clipboard, visitors.
pub mod terminal;
/// Styles and marks by role; the only place that names a colour.
pub mod theme;
/// What the terminal remembers beside the fold.
pub mod ui;
/// How keys and events change the terminal's state, and what they ask of the world.
pub mod update;
/// The fold and the terminal's state as one frame.
pub mod view;
