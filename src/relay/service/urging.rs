//! A request that waits too long rings the phone, once, where that is configured.
//!
//! Invariants: one ring for a request, whatever becomes of it; what goes wrong with it is logged and costs nothing else.

use std::sync::Arc;
use std::time::Duration;

use super::LOOK_AGAIN;
use super::Service;
use crate::clock;
use crate::core::approval::ApprovalState;
use crate::core::ids::ApprovalId;
use crate::core::ids::Timestamp;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::State;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::PersonId;

impl<M: Messenger> Service<M> {
    /// Requests that are to ring, with when.
    fn to_urge(&self) -> Vec<(ApprovalId, Timestamp)> {
        let Some(wait) = self.settings.urgent_ms else { return Vec::new() };
        let pending = self.fleet.inbox().into_iter().filter(|open| open.state == ApprovalState::Pending);
        let pending =
            pending.map(|open| (open.approval.id, Timestamp(open.approval.asked.0.saturating_add_unsigned(wait))));
        pending.filter(|(id, _)| !self.urged.contains(id)).collect()
    }

    /// How long no phone is to be rung.
    pub(super) fn next_urge(&self) -> Option<Duration> {
        let now = clock::now();
        // One that is due and not sent yet is looked at again.
        let wait = |due: Timestamp| if due > now { Duration::from_millis(due.millis_since(now)) } else { LOOK_AGAIN };
        self.to_urge().into_iter().map(|(_, due)| wait(due)).min()
    }

    pub(super) fn urge_due(&mut self) -> Result<(), LedgerError> {
        if self.settings.urgent_ms.is_none() {
            return Ok(());
        }
        let now = clock::now();
        for (id, _) in self.to_urge().into_iter().filter(|(_, due)| *due <= now) {
            let cards = self.ledger.cards_of(Kind::Approval, id.0)?;
            let sent: Vec<Entry> =
                cards.into_iter().filter(|card| card.state == State::Open && card.message.is_some()).collect();
            if sent.is_empty() {
                continue;
            }
            self.urged.insert(id);
            // Before the call: a ring that failed is not tried for ever.
            if self.ledger.urge(id, now)? {
                for card in sent {
                    self.ring(&card)?;
                }
            }
        }
        let waiting: Vec<ApprovalId> = self.fleet.inbox().into_iter().map(|open| open.approval.id).collect();
        self.urged.retain(|id| waiting.contains(id));
        Ok(())
    }

    fn ring(&self, card: &Entry) -> Result<(), LedgerError> {
        let owner = self.ledger.owner(card.session)?.filter(|owner| owner.chat == card.chat);
        let person = match owner {
            Some(owner) => Some(owner.person),
            None => self.person_of(card)?,
        };
        let members = self.members()?;
        let known = person.filter(|person| members.iter().any(|member| member.person == *person));
        let (Some(person), Some(message)) = (known, card.message.clone()) else { return Ok(()) };
        let messenger = Arc::clone(&self.messenger);
        tokio::spawn(async move {
            if let Err(failure) = messenger.urge(&message, &person).await {
                tracing::warn!(?failure, "a phone could not be rung");
            }
        });
        Ok(())
    }

    /// Whose direct chat a card was sent to.
    fn person_of(&self, card: &Entry) -> Result<Option<PersonId>, LedgerError> {
        let reach = self.ledger.reaches()?.into_iter().find(|reach| reach.chat == card.chat);
        Ok(reach.map(|reach| reach.person).filter(|person| !person.0.is_empty()))
    }
}
