//! What messages asked for and what has not come about yet.
//!
//! A message stays in the ledger until what it asked for is the engine's. Invariants: in one process nothing is asked
//! for twice; after a restart it is asked for again only if it has not come about, which is told by ids that are
//! made of the message's.

use std::collections::HashMap;

use sha2::Digest as _;
use sha2::Sha256;

use super::Service;
use crate::core::cell::CellBody;
use crate::core::ids::PromptId;
use crate::core::ids::SessionId;
use crate::core::session::Session;
use crate::relay::ledger::LedgerError;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;

/// Messages for which something is on its way, by the prompts that they lead to.
#[derive(Debug, Default)]
pub(super) struct Undertakings(HashMap<PromptId, Undertaking>);

#[derive(Debug)]
struct Undertaking {
    message: MessageId,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Work of our own, which can be done again.
    Work,
    /// The engine is to open a session.
    Opening,
    /// The engine is to send the prompt.
    Prompt,
}

fn hash_of(what: &str, message: &MessageId) -> [u8; 32] {
    Sha256::new().chain_update(what).chain_update(&message.0).finalize().into()
}

/// What the prompt is called that comes from a message.
pub(super) fn prompt_of(message: &MessageId) -> PromptId {
    let hash = hash_of("prompt of ", message);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    PromptId::from(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string().as_str())
}

/// What the session is known by that is opened for a message.
pub(super) fn tag_of(message: &MessageId) -> u64 {
    let hash = hash_of("session of ", message);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    // Other clients count theirs from one.
    u64::from_le_bytes(bytes) | 1 << 63
}

fn has_prompt(session: &Session, prompt: &PromptId) -> bool {
    let is_it = |body: &CellBody| matches!(body, CellBody::Prompt(sent) if sent.id == *prompt);
    session.queue.iter().any(|queued| queued.id == *prompt)
        || session.transcript.iter().rev().any(|cell| is_it(&cell.body))
}

impl<M: Messenger> Service<M> {
    /// Something is on its way for the message: it is not over with it before that has come about.
    pub(super) fn undertake(&mut self, message: &MessageId, stage: Stage) {
        self.undertakings.0.insert(prompt_of(message), Undertaking { message: message.clone(), stage });
    }

    /// Whether the engine was asked already to send the prompt.
    pub(super) fn is_prompted(&self, message: &MessageId) -> bool {
        self.undertakings.0.get(&prompt_of(message)).is_some_and(|undertaking| undertaking.stage == Stage::Prompt)
    }

    /// Our own part of it failed. It is begun again, unless the engine had been asked before.
    pub(super) fn begin_again(&mut self, message: &MessageId) {
        self.undertakings.0.retain(|_, of| of.stage != Stage::Work || of.message != *message);
        self.is_unsettled = true;
    }

    pub(super) fn is_underway(&self, message: &MessageId) -> bool {
        self.undertakings.0.contains_key(&prompt_of(message)) || self.gathering.holds(message)
    }

    /// What the message asked for is there, or never will be and the person was told.
    pub(super) fn came_about(&mut self, message: &MessageId) -> Result<(), LedgerError> {
        self.ledger.acted_on(message)?;
        self.undertakings.0.remove(&prompt_of(message));
        Ok(())
    }

    /// The engine has these prompts.
    pub(super) fn arrived<'p>(&mut self, prompts: impl Iterator<Item = &'p PromptId>) -> Result<(), LedgerError> {
        let ours = prompts.filter_map(|prompt| self.undertakings.0.get(prompt));
        let ours: Vec<MessageId> = ours.map(|undertaking| undertaking.message.clone()).collect();
        ours.iter().try_for_each(|message| self.came_about(message))
    }

    /// Whether the prompt of the message is the engine's, whoever brought it there.
    pub(super) fn is_there(&self, message: &MessageId) -> bool {
        let prompt = prompt_of(message);
        self.fleet.sessions().any(|session| has_prompt(session, &prompt))
    }

    /// The session that was opened for the message.
    pub(super) fn session_of(&self, tag: u64) -> Option<SessionId> {
        self.fleet.sessions().find(|session| session.tag == Some(tag)).map(|session| session.id)
    }

    /// After events were missed: what has come about meanwhile.
    pub(super) fn catch_up_undertakings(&mut self) -> Result<(), LedgerError> {
        let opened: Vec<(SessionId, u64)> =
            self.openings.keys().filter_map(|tag| Some((self.session_of(*tag)?, *tag))).collect();
        opened.into_iter().try_for_each(|(session, tag)| self.opened(session, tag))?;
        let underway: Vec<PromptId> = self.undertakings.0.keys().cloned().collect();
        let there = underway.iter().filter(|prompt| self.fleet.sessions().any(|session| has_prompt(session, prompt)));
        let there: Vec<PromptId> = there.cloned().collect();
        self.arrived(there.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_a_message_is_called_by_its_id_alone() {
        let (one, other) = (MessageId("om_1".into()), MessageId("om_2".into()));
        assert_eq!((prompt_of(&one), tag_of(&one)), (prompt_of(&one), tag_of(&one)));
        assert_ne!(prompt_of(&one), prompt_of(&other));
        assert_ne!(tag_of(&one), tag_of(&other));
        assert!(tag_of(&one) >= 1 << 63);
    }
}
