//! The terminal: keys in, screens out.
//!
//! **For:** showing the fold and turning keys into commands. **Not for:** talking to the engine except
//! through values: `update` returns effects, `run` performs them.
//!
//! Invariants: `view` and `render` change nothing and know no engine; `update` draws nothing and awaits
//! nothing; text from outside is cleaned once, by `render::sanitize`, before it becomes a span.

/// Keys and what they mean.
pub mod input;
/// Text machinery: cleaning, measuring, wrapping, Markdown, highlighting, diffs.
pub mod render;
/// Styles and marks by role; the only place that names a colour.
pub mod theme;
/// What the terminal remembers beside the fold.
pub mod ui;
/// How keys and events change the terminal's state, and what they ask of the world.
pub mod update;
/// The fold and the terminal's state as one frame.
pub mod view;
