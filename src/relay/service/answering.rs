//! Requests answered by words: `/approve`, `/deny`, `/answer`, `y` and `n`.
//!
//! Invariants: only what was shown in the chat can be answered there; a word means no more than one press would, and
//! allows only what whoever wrote it had before their eyes.

use super::Service;
use super::presses::Given;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::OpenApproval;
use crate::core::ids::ApprovalId;
use crate::core::permission::PermissionMode;
use crate::redact::Redactor;
use crate::relay::access;
use crate::relay::approvals;
use crate::relay::commands::Wish;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::ledger::seen::Topic;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Said;
use crate::relay::words::Tongue;

/// What somebody's words mean for a request.
#[derive(Debug)]
pub(super) enum Meant {
    Allow,
    Deny(Decision),
    Answer(String),
}

/// What was written so much earlier than a request was asked cannot mean it; clocks differ by less.
const BEFORE_MS: u64 = 5_000;

impl<M: Messenger> Service<M> {
    /// What the message is about that this one is a reply to.
    pub(super) fn topic_of(&self, said: &Said) -> Result<Option<Topic>, LedgerError> {
        said.reply_to.as_ref().map_or(Ok(None), |message| self.ledger.topic(&said.chat, message))
    }

    /// What somebody means, by what stood before their eyes when they wrote it.
    pub(super) fn meant(&self, said: &Said, reach: &Reach, wish: Wish) -> Result<Wish, LedgerError> {
        let topic = self.topic_of(said)?;
        let session = topic.map(|topic| topic.session.0);
        let replied = topic.and_then(|topic| topic.approval).map(|id| id.0);
        let wish = match wish {
            Wish::Yes | Wish::Approve(None) => match replied {
                None => return self.approved(reach, said),
                id => Wish::Approve(id),
            },
            Wish::No => replied.map_or(Wish::No, |id| Wish::Deny { request: Some(id), reason: None }),
            Wish::Deny { request: None, reason } => Wish::Deny { request: replied, reason },
            Wish::Progress(None) => Wish::Progress(session),
            Wish::Tail(None) => Wish::Tail(session),
            Wish::Stop(None) => Wish::Stop(session),
            Wish::Close(None) => Wish::Close(session),
            Wish::Worktree(None) => Wish::Worktree(session),
            Wish::Prompt(text) => match session {
                Some(session) => Wish::PromptTo(session, text),
                None => Wish::Prompt(text),
            },
            wish => wish,
        };
        match wish {
            Wish::Approve(Some(id)) if self.is_from_before(said, ApprovalId(id)) => {
                Ok(Wish::Wrong(match self.settings.tongue {
                    Tongue::English => format!("Request {id} was asked after you wrote this; nothing was allowed."),
                    Tongue::Chinese => format!("请求 {id} 晚于您的消息，未允许任何操作。"),
                }))
            }
            wish => Ok(wish),
        }
    }

    /// A "yes" that names nothing allows the request that is the newest message of the chat, and no other.
    fn approved(&self, reach: &Reach, said: &Said) -> Result<Wish, LedgerError> {
        let newest = self.ledger.newest(&reach.chat)?.map_or(Ok(None), |card| self.ledger.card(card))?;
        let newest = newest.filter(|card| card.kind == "approval").map(|card| ApprovalId(card.about));
        let waiting = self.waiting_here(reach, None)?;
        let is_newest = |open: &OpenApproval| newest == Some(open.approval.id);
        match waiting.iter().find(|(open, _)| is_newest(open)) {
            Some((open, _)) if !self.is_from_before(said, open.approval.id) => {
                Ok(Wish::Approve(Some(open.approval.id.0)))
            }
            _ if waiting.is_empty() => Ok(Wish::Approve(None)),
            _ => {
                let ids: Vec<String> =
                    waiting.iter().map(|(open, _)| format!("/approve {}", open.approval.id)).collect();
                let ids = ids.join(self.settings.tongue.pick(" or ", " 或 "));
                Ok(Wish::Wrong(match self.settings.tongue {
                    Tongue::English => {
                        format!("It is not certain what you mean. Reply to the request, or write {ids}.")
                    }
                    Tongue::Chinese => format!("无法确定您指的是哪个请求。请回复该请求，或发送 {ids}。"),
                }))
            }
        }
    }

    fn is_from_before(&self, said: &Said, id: ApprovalId) -> bool {
        let asked = self.fleet.approval(id).map(|open| open.approval.asked);
        asked.zip(said.at).is_some_and(|(asked, at)| asked.millis_since(at) > BEFORE_MS)
    }

    /// Requests that wait and whose cards were sent to this chat.
    fn waiting_here(&self, reach: &Reach, id: Option<u32>) -> Result<Vec<(OpenApproval, Entry)>, LedgerError> {
        let mut waiting = Vec::new();
        for open in self.fleet.inbox() {
            if id.is_some_and(|id| open.approval.id != ApprovalId(id)) {
                continue;
            }
            let cards = self.ledger.cards_of(Kind::Approval, open.approval.id.0)?;
            // Who knows its number has seen it, also where we wait for word that it has arrived.
            let is_seen = |card: &Entry| card.chat == reach.chat && (card.message.is_some() || id.is_some());
            if let Some(card) = cards.into_iter().find(is_seen) {
                let owner = self.ledger.owner(open.approval.session)?.map(|owner| owner.person);
                if access::reaches(owner.as_ref(), &reach.person) {
                    waiting.push((open.clone(), card));
                }
            }
        }
        Ok(waiting)
    }

    /// Answers by a message: the request named, or the only one that was shown in this chat and waits.
    pub(super) fn answer(&mut self, reach: &Reach, id: Option<u32>, meant: &Meant) -> Result<(), LedgerError> {
        let tongue = self.settings.tongue;
        let waiting = self.waiting_here(reach, id)?;
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
        if matches!(meant, Meant::Allow) && (card.message.is_none() || self.ledger.is_withheld(card.id)?) {
            let text = tongue.pick(
                "This request has not been shown here; look at it first, here or at the terminal.",
                "此请求尚未在此显示，请先在此处或终端查看。",
            );
            return self.say(&reach.chat, text);
        }
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
        (Meant::Allow, Ask::Elicitation(_)) => {
            Err(tongue.pick("A form is filled in on its card or at the terminal.", "请在卡片上或终端填写。").to_owned())
        }
        (Meant::Allow, Ask::Trust(_)) => Err(tongue
            .pick("A folder is trusted on its card or at the terminal.", "请在卡片上或终端决定是否信任。")
            .to_owned()),
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
