//! The runner's front door: the engine behind a Unix socket, and the client's side of it.
//!
//! **For:** carrying the values of [`crate::link`] between processes, and saying who is at work on a data
//! directory. **Not for:** deciding anything, and not for starting processes (`cli` does).
//!
//! Invariants: only the same user gets in; a client that does not read costs the engine nothing; a client of
//! another version is told so in a sentence, and can always stop the runner.

/// A terminal's or a verb's side.
pub mod client;
/// Accepting clients and serving them.
pub mod door;
/// A length, and as many bytes.
mod frames;
/// Where the socket and the lock of a data directory are.
pub mod place;
/// Who is attached, and since when nobody is.
pub mod presence;
/// What goes over the socket.
pub mod protocol;
