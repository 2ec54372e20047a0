//! What several groups of tests build on.

/// A fleet told as a story, and the frames drawn from it.
pub(crate) mod fleet;
/// Frames as text.
pub(crate) mod screen;
