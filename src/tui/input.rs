//! Keys and what they mean. One table defines every action; nothing else names a key.

/// The table of actions.
pub mod action;
/// Keys as people write them.
pub mod key;
/// The resolved keymap.
pub mod keymap;
/// Keyboards of other scripts.
pub mod layout;
