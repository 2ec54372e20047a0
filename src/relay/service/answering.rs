//! Requests answered by words: what stood in the chat is gathered for [`typed`], and what was meant is done.
//!
//! Invariants: only what was shown in the chat can be answered there; a word means no more than one press would.

use super::Service;
use super::presses::Given;
use crate::core::approval::Approval;
use crate::core::approval::ApprovalState;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::OpenApproval;
use crate::core::ids::ApprovalId;
use crate::core::language::Language;
use crate::core::permission::PermissionMode;
use crate::redact::Redactor;
use crate::relay::access;
use crate::relay::approvals;
use crate::relay::commands::Wish;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::ledger::seen::Latest;
use crate::relay::ledger::seen::Topic;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Said;
use crate::relay::typed;
use crate::relay::typed::Meaning;
use crate::relay::typed::Newest;
use crate::relay::typed::ReplyTo;
use crate::relay::typed::Scene;
use crate::relay::typed::Waiting;

/// What somebody's words mean for a request.
#[derive(Debug)]
pub(super) enum Meant {
    Allow,
    Deny(Decision),
    Answer(String),
}

impl<M: Messenger> Service<M> {
    /// What the message is about that this one is a reply to.
    pub(super) fn topic_of(&self, said: &Said) -> Result<Option<Topic>, LedgerError> {
        said.reply_to.as_ref().map_or(Ok(None), |message| self.ledger.topic(&said.chat, message))
    }

    /// What somebody means, by what stood before their eyes when they wrote it.
    pub(super) fn meant(&self, said: &Said, reach: &Reach) -> Result<Meaning, LedgerError> {
        let reply_to = match (self.topic_of(said)?, &said.reply_to) {
            (Some(Topic::Request(id, _)), _) => ReplyTo::Request(id.0),
            (Some(Topic::Session(session)), _) => ReplyTo::Session(session.0),
            (Some(Topic::Aside), _) | (None, None) => ReplyTo::Nothing,
            (None, Some(_)) => ReplyTo::Elsewhere,
        };
        if said.is_text {
            let text = said.text.trim().to_owned();
            let session = self.topic_of(said)?.and_then(Topic::session);
            return Ok(Meaning::Wish(
                session.map_or(Wish::Prompt(text.clone()), |session| Wish::PromptTo(session.0, text)),
            ));
        }
        let newest = match self.ledger.latest(&reach.chat)? {
            None => Newest::Nothing,
            Some(Latest { card: None, .. }) => Newest::Model,
            Some(Latest { card: Some(card), at }) => match self.ledger.card(card)? {
                Some(card) if card.kind == "approval" => Newest::Request(card.about, at),
                Some(card) if card.kind == "conversations" => Newest::Conversations,
                _ => Newest::Other,
            },
        };
        let open = self.waiting_here(reach, None, false)?;
        let waiting: Vec<(OpenApproval, bool)> = open
            .into_iter()
            .filter(|(open, _)| open.state == ApprovalState::Pending)
            .map(|(open, card)| Ok((open, card.message.is_some() && !self.ledger.is_withheld(card.id)?)))
            .collect::<Result<_, LedgerError>>()?;
        let waiting: Vec<Waiting<'_>> =
            waiting.iter().map(|(open, shown)| Waiting { approval: &open.approval, shown: *shown }).collect();
        let scene = Scene { reply_to, waiting: &waiting, newest, at: said.at };
        Ok(match typed::read(&said.text, &scene, self.settings.language) {
            // A request that is over has a session still.
            Meaning::Wish(Wish::Prompt(text)) => {
                let session = self.topic_of(said)?.and_then(Topic::session);
                Meaning::Wish(session.map_or(Wish::Prompt(text.clone()), |session| Wish::PromptTo(session.0, text)))
            }
            meaning => meaning,
        })
    }

    /// Requests that wait and whose cards are for this chat; `only_sent`: those that are known to have arrived there.
    pub(super) fn waiting_here(
        &self,
        reach: &Reach,
        id: Option<u32>,
        only_sent: bool,
    ) -> Result<Vec<(OpenApproval, Entry)>, LedgerError> {
        let mut waiting = Vec::new();
        for open in self.fleet.inbox() {
            if id.is_some_and(|id| open.approval.id != ApprovalId(id)) {
                continue;
            }
            let cards = self.ledger.cards_of(Kind::Approval, open.approval.id.0)?;
            let is_seen = |card: &Entry| card.chat == reach.chat && (card.message.is_some() || !only_sent);
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
        let language = self.settings.language;
        // Who knows its number has seen it, also where we wait for word that it has arrived.
        let waiting = self.waiting_here(reach, id, id.is_none())?;
        let (open, card) = match waiting.as_slice() {
            [one] => one.clone(),
            [] => {
                let text = language.pick("No such request waits here.", "没有等待中的请求。");
                return self.say(&reach.chat, text);
            }
            several => {
                let numbers: Vec<String> = several.iter().map(|(open, _)| open.approval.id.to_string()).collect();
                let text = match language {
                    Language::English => format!("Several wait: say which, as in /approve {}", numbers.join(" or ")),
                    Language::Chinese => format!("有多个请求：请指明，例如 /approve {}", numbers.join(" / ")),
                };
                return self.say(&reach.chat, text);
            }
        };
        if matches!(meant, Meant::Allow) && (card.message.is_none() || self.ledger.is_withheld(card.id)?) {
            let text = language.pick(
                "This request has not been shown here; look at it first, here or at the terminal.",
                "此请求尚未在此显示，请先在此处或终端查看。",
            );
            return self.say(&reach.chat, text);
        }
        let decision = match decision(&open.approval, meant, language, &self.redactor) {
            Ok(decision) => decision,
            Err(why) => return self.say(&reach.chat, why),
        };
        match self.give_answer(&card, &open.approval, decision, &reach.person)? {
            Given::Yes => Ok(()),
            Given::Late => self.say(&reach.chat, language.pick("It has been answered already.", "已有答复。")),
            Given::Busy => {
                self.say(&reach.chat, language.pick("The engine is too busy; send it again.", "引擎繁忙，请重新发送。"))
            }
        }
    }
}

/// What the words decide, if they can; the sentence says why they do not.
fn decision(approval: &Approval, meant: &Meant, language: Language, redactor: &Redactor) -> Result<Decision, String> {
    let only_deny = approvals::only_deny(approval, redactor).map(|why| why.describe(language).to_owned());
    match (meant, &approval.ask) {
        (Meant::Deny(decision), _) => Ok(decision.clone()),
        (Meant::Answer(text), Ask::Questions(questions)) => {
            approvals::answers_in_words(questions, text, language).map(Decision::Answers)
        }
        (Meant::Answer(_), _) => Err(match language {
            Language::English => format!("This is no question: /approve {0} or /deny {0}.", approval.id),
            Language::Chinese => format!("这不是提问：请用 /approve {0} 或 /deny {0}。", approval.id),
        }),
        (Meant::Allow, Ask::Questions(questions)) => Err(match language {
            Language::English => "A question wants an answer, on its card or as in ",
            Language::Chinese => "请回答问题：使用卡片，或 ",
        }
        .to_owned()
            + &approvals::usage(approval.id, questions, language)),
        (Meant::Allow, Ask::Elicitation(_)) => Err(language
            .pick("A form is filled in on its card or at the terminal.", "请在卡片上或终端填写。")
            .to_owned()),
        (Meant::Allow, Ask::Trust(_)) => Err(language
            .pick("A folder is trusted on its card or at the terminal.", "请在卡片上或终端决定是否信任。")
            .to_owned()),
        (Meant::Allow, _) if only_deny.is_some() => Err(only_deny.unwrap_or_default()),
        (Meant::Allow, _) if approval.binding.default_to_no => {
            let text = language.pick("This one wants more than a word: use its card.", "此请求需要在卡片上确认。");
            Err(text.to_owned())
        }
        (Meant::Allow, Ask::Tool) => Ok(Decision::allow_once()),
        // The mode that the person is in now asks for no less than before.
        (Meant::Allow, Ask::Plan(_)) => Ok(Decision::AcceptPlan { mode: PermissionMode::Default }),
    }
}
