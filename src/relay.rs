//! The phone: messengers through which a person is told and answers while away from the terminal.
//!
//! **For:** what is common to all of them: who may do what, commands, cards as data, what is sent and kept until it
//! has arrived. One folder for each messenger turns its pushes into [`messenger::Happening`] and carries cards there.
//! **Not for:** deciding anything: sessions and approvals change by commands of the engine alone.
//!
//! Invariants: whoever is not known is answered with nothing of ours; a press counts once, on the card that it was
//! made for, by somebody who may; nothing that goes wrong means "allow"; what was promised to be sent is on the disk
//! first, and arrives once and in order.

/// Who may speak, and which directories and sessions they reach.
pub mod access;
/// Approvals on a card.
pub mod approvals;
/// Cards as data.
pub mod card;
/// What a message asks for.
pub mod commands;
/// Feishu and Lark, over their long connection: no public address is needed.
pub mod feishu;
/// What must not be forgotten: people, cards, what is to be sent.
pub mod ledger;
/// Files that a prompt names.
pub mod mentions;
/// The border to a messenger.
pub mod messenger;
/// The relay at work.
pub mod service;
/// Plans that are too long for a card.
mod steps;
/// The worktree of a session on a card.
pub mod trees;
/// What somebody means by what they typed.
pub mod typed;
/// Pieces of text that cards and answers have in common.
pub mod words;
