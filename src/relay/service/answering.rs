//! Requests answered by words: `/approve`, `/deny`, `y` and `n`.
//!
//! Invariants: only what was shown in the chat can be answered there; a word means no more than one press would.

use super::Service;
use super::presses::Given;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::OpenApproval;
use crate::core::ids::ApprovalId;
use crate::core::permission::PermissionMode;
use crate::relay::access;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::Messenger;
use crate::relay::words::Tongue;

impl<M: Messenger> Service<M> {
    /// Answers by a message: the request named, or the only one that was shown in this chat and waits.
    pub(super) fn answer(
        &mut self,
        reach: &Reach,
        id: Option<u32>,
        denial: Option<Decision>,
    ) -> Result<(), LedgerError> {
        let tongue = self.settings.tongue;
        let mut waiting = Vec::new();
        for open in self.fleet.inbox() {
            let cards = self.ledger.cards_of(Kind::Approval, open.approval.id.0)?;
            // Only what was seen here can be answered here. Who knows its number has seen it, also where we wait for
            // word that it has arrived.
            let is_named = id == Some(open.approval.id.0);
            let is_seen = |card: &Entry| card.chat == reach.chat && (card.message.is_some() || is_named);
            if let Some(card) = cards.into_iter().find(is_seen) {
                let owner = self.ledger.owner(open.approval.session)?.map(|owner| owner.person);
                if access::reaches(owner.as_ref(), &reach.person) {
                    waiting.push((open.clone(), card));
                }
            }
        }
        if let Some(id) = id {
            waiting.retain(|(open, _)| open.approval.id == ApprovalId(id));
        }
        let (open, card) = match waiting.as_slice() {
            [one] => one.clone(),
            [] => {
                let text = tongue.pick("No such request waits here.", "没有等待中的请求。");
                return self.say(&reach.chat, text);
            }
            several => {
                let numbers: Vec<String> = several.iter().map(|(open, _)| open.approval.id.to_string()).collect();
                let text = match tongue {
                    Tongue::English => format!("Several wait: say which, as in /approve {}", numbers.join(" or ")),
                    Tongue::Chinese => format!("有多个请求：请指明，例如 /approve {}", numbers.join(" / ")),
                };
                return self.say(&reach.chat, text);
            }
        };
        let decision = match denial.map_or_else(|| allow(&open, tongue), Ok) {
            Ok(decision) => decision,
            Err(why) => return self.say(&reach.chat, why),
        };
        match self.give_answer(&card, &open.approval, decision, &reach.person)? {
            Given::Yes => Ok(()),
            Given::Late => self.say(&reach.chat, tongue.pick("It has been answered already.", "已有答复。")),
            Given::Busy => {
                self.say(&reach.chat, tongue.pick("The engine is too busy; send it again.", "引擎繁忙，请重新发送。"))
            }
        }
    }
}

/// What "yes" means for a request, if one word may mean it.
fn allow(open: &OpenApproval, tongue: Tongue) -> Result<Decision, String> {
    let approval = &open.approval;
    if approval.binding.default_to_no {
        let text = tongue.pick("This one wants more than a word: use its card.", "此请求需要在卡片上确认。");
        return Err(text.to_owned());
    }
    match &approval.ask {
        Ask::Tool => Ok(Decision::allow_once()),
        // The mode that the person is in now asks for no less than before.
        Ask::Plan(_) => Ok(Decision::AcceptPlan { mode: PermissionMode::Default }),
        Ask::Questions(_) => {
            Err(tongue.pick("A question wants an answer: use its card.", "请在卡片上回答问题。").to_owned())
        }
    }
}
