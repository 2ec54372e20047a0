//! The CLI's line protocol as types: bytes to lines to messages, and back.
//!
//! For: `claude --output-format stream-json --input-format stream-json`, versions 2.1.197 and
//! later. Not for: processes, time, or what a message means for a session; the engine knows those.
//!
//! The way in: [`framing`] cuts bytes into lines, [`decode`] makes a line an
//! [`inbound::Inbound`]. The way out: the engine builds an [`outbound::Outbound`] and [`encode`]
//! makes it a line. [`permission`] is the part of both that a person decides about.
//!
//! Invariants:
//! - What is new in a later version is kept, never an error: an unknown type, subtype, block,
//!   delta or request becomes an [`inbound::Unknown`] with all that was received.
//! - A field that is missing or of an odd type costs that field, not the message.
//! - Every line of ours is one line, whatever is in it.
//! - No tokio, no clock, no I/O, nothing of `core`.

/// A line to a message.
pub mod decode;
/// A message to a line.
pub mod encode;
/// Bytes to lines.
pub mod framing;
/// What the CLI sends.
pub mod inbound;
mod lenient;
mod macros;
/// What we send.
pub mod outbound;
/// The question whether a tool may run, and its answer.
pub mod permission;
#[cfg(test)]
mod public;
mod scan;
/// A line of the CLI's own record of a conversation.
pub mod transcript;
