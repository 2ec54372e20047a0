//! The terminal side of the program.
//!
//! For everything a person sees or types. Not for deciding what happens: state is folded elsewhere,
//! and this room only shows it and turns keys into commands.
//!
//! Invariant: outside text reaches a cell only through [`render::sanitize`].

/// Pure functions from text, a width and a theme to lines.
pub mod render;
/// Colours and marks by role.
pub mod theme;
