//! What people command from the phone is recorded, with what they were told came of it.
//!
//! Prompts and answers to requests are events of the engine, and recorded as such. Invariants: each command is recorded
//! once; a command that takes longer is recorded when it is known what came of it; a pairing code is none.

use super::Service;
use crate::core::ids::SessionId;
use crate::relay::commands::Wish;
use crate::relay::ledger::Reach;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::PersonId;

/// A command that was carried out, or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commanded {
    pub session: Option<SessionId>,
    pub person: PersonId,
    pub chat: ChatId,
    pub line: String,
    /// What the person was told.
    pub came: String,
}

type Record = dyn Fn(Commanded) -> bool + Send + Sync;

/// Who writes down what was commanded.
pub struct Witness(Box<Record>);

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").finish_non_exhaustive()
    }
}

impl Witness {
    /// `false` of it: it could not be written down.
    pub fn new(record: impl Fn(Commanded) -> bool + Send + Sync + 'static) -> Self {
        Self(Box::new(record))
    }
}

/// A command that is not done yet.
#[derive(Debug)]
pub(super) struct Order {
    reach: Reach,
    line: String,
}

/// Whether a wish is recorded by itself.
pub(super) fn is_command(wish: &Wish) -> bool {
    !matches!(wish, Wish::Prompt(_) | Wish::PromptTo(..) | Wish::Wrong(_))
}

impl<M: Messenger> Service<M> {
    /// A command begins: what is said from here on is what came of it.
    pub(super) fn begin_order(&mut self, message: &MessageId, reach: &Reach, line: &str) {
        self.last_said = None;
        self.ordered.insert(message.clone(), Order { reach: reach.clone(), line: line.to_owned() });
    }

    /// A command is done, unless it goes on beside the relay.
    pub(super) fn end_order(&mut self, message: &MessageId, session: Option<SessionId>) {
        let Some(Order { reach, line }) = self.ordered.remove(message) else { return };
        let came = self.last_said.take().unwrap_or_else(|| "under way".to_owned());
        let commanded = Commanded { session, person: reach.person, chat: reach.chat, line, came };
        if !(self.witness.0)(commanded) {
            tracing::error!("a command from the phone could not be written into the audit log");
        }
    }
}
