//! Feishu (feishu.cn) and Lark (larksuite.com) as a messenger.
//!
//! **For:** the long connection that pushes come in by, the calls that messages go out by, and how a card is written.
//! **Not for:** who may do what, what a message means, what stands on a card, what is kept on the disk.
//!
//! Invariants: every push is answered within three seconds, whatever its consumer does; the connection is
//! tried again for ever; only TLS is spoken, but to this machine itself; the app secret, tokens, the
//! address of a connection and the token of a card reach no log and no error; all that waits is bounded.

/// The app: its id, its secret, and the way to Feishu.
pub mod account;
/// Where Feishu is, and which addresses are safe to send a secret to.
pub mod address;
/// The consumer's answer to a push.
pub mod answer;
/// The calls: messages, cards, files.
pub mod api;
/// Whether everything that is needed of Feishu works.
pub mod check;
/// A message in parts, put together.
pub mod chunks;
/// The long connection.
pub mod connection;
/// What a push says.
pub mod event;
/// Why a call failed, and what to do about it.
pub mod fault;
/// What goes over the long connection.
pub mod frame;
/// HTTP as all of this needs it.
mod http;
/// How fast calls may follow each other.
pub mod limits;
/// All of it as a messenger.
pub mod messenger;
/// Cards as Feishu takes them.
pub mod render;
/// The app secret: where it may stand.
pub mod secret;
/// The token that calls carry.
mod token;
