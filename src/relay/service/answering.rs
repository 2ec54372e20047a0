//! Requests answered by words: `/approve`, `/deny`, `/answer`, `y` and `n`.
//!
//! Invariants: only what was shown in the chat can be answered there; a word means no more than one press would.

use super::Service;
use super::presses::Given;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::ids::ApprovalId;
use crate::core::permission::PermissionMode;
use crate::redact::Redactor;
use crate::relay::access;
use crate::relay::approvals;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::Messenger;
use crate::relay::words::Tongue;

/// What somebody's words mean for a request.
#[derive(Debug)]
pub(super) enum Meant {
    Allow,
    Deny(Decision),
    Answer(String),
}

impl<M: Messenger> Service<M> {
    /// Answers by a message: the request named, or the only one that was shown in this chat and waits.
    pub(super) fn answer(&mut self, reach: &Reach, id: Option<u32>, meant: &Meant) -> Result<(), LedgerError> {
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
        let decision = match decision(&open.approval, meant, tongue, &self.redactor) {
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

/// What the words decide, if they can; the sentence says why they do not.
fn decision(approval: &Approval, meant: &Meant, tongue: Tongue, redactor: &Redactor) -> Result<Decision, String> {
    let only_deny = approvals::only_deny(approval, redactor).map(|why| why.describe(tongue).to_owned());
    match (meant, &approval.ask) {
        (Meant::Deny(decision), _) => Ok(decision.clone()),
        (Meant::Answer(text), Ask::Questions(questions)) => {
            approvals::answers_in_words(questions, text, tongue).map(Decision::Answers)
        }
        (Meant::Answer(_), _) => Err(match tongue {
            Tongue::English => format!("This is no question: /approve {0} or /deny {0}.", approval.id),
            Tongue::Chinese => format!("这不是提问：请用 /approve {0} 或 /deny {0}。", approval.id),
        }),
        (Meant::Allow, Ask::Questions(questions)) => Err(match tongue {
            Tongue::English => "A question wants an answer, on its card or as in ",
            Tongue::Chinese => "请回答问题：使用卡片，或 ",
        }
        .to_owned()
            + &approvals::usage(approval.id, questions, tongue)),
        (Meant::Allow, _) if only_deny.is_some() => Err(only_deny.unwrap_or_default()),
        (Meant::Allow, _) if approval.binding.default_to_no => {
            let text = tongue.pick("This one wants more than a word: use its card.", "此请求需要在卡片上确认。");
            Err(text.to_owned())
        }
        (Meant::Allow, Ask::Tool) => Ok(Decision::allow_once()),
        // The mode that the person is in now asks for no less than before.
        (Meant::Allow, Ask::Plan(_)) => Ok(Decision::AcceptPlan { mode: PermissionMode::Default }),
    }
}
