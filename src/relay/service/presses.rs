//! Presses on cards become decisions, after every check, once.

use super::Service;
use crate::clock;
use crate::core::approval::Approval;
use crate::core::approval::ApprovalState;
use crate::core::approval::Decision;
use crate::core::command::Command;
use crate::core::ids::ApprovalId;
use crate::core::prompt::Surface;
use crate::relay::access;
use crate::relay::approvals;
use crate::relay::approvals::End;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::ledger::State;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;

/// Whether an answer was handed to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Yes,
    /// Somebody was first.
    Late,
    /// It takes no more just now; the request can be answered again.
    Busy,
}

pub(super) fn note(mood: Mood, text: impl Into<String>) -> Reply {
    Reply::Note { mood, text: text.into(), card: None }
}

impl<M: Messenger> Service<M> {
    /// What a press does, and what the phone is told at once.
    pub(super) fn pressed(&mut self, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let stranger = || {
            tracing::warn!(person = %pressed.who.person, chat = %pressed.chat, "a press by somebody who may not");
            note(Mood::Warning, language.pick("You may not answer this.", "这个请求不由你处理。"))
        };
        if !access::admits(&self.members()?, &pressed.who) {
            return Ok(stranger());
        }
        let Some(card) = self.ledger.of_press(&pressed.value)? else {
            let text = language.pick(
                "This card is not known here; perhaps another computer sent it.",
                "此卡片不属于本机，可能来自另一台电脑。",
            );
            return Ok(note(Mood::Warning, text));
        };
        let owner = self.ledger.owner(card.session)?.map(|reach| reach.person);
        if !access::reaches(owner.as_ref(), &pressed.who.person) {
            return Ok(stranger());
        }
        if card.message.is_none() {
            // Until it is known as which message it was sent, a copy of it cannot be told from it.
            let text =
                language.pick("The card is still being sent; press again in a moment.", "卡片仍在发送，请稍后再点。");
            return Ok(note(Mood::Warning, text));
        }
        // The very message in the very chat that it was sent to: a copy of a card is no card. A chat that was known by
        // its person alone is known by that message now.
        let is_theirs = card.chat == pressed.chat || card.chat.0 == pressed.who.person.0;
        if card.message.as_ref() != Some(&pressed.message) || !is_theirs {
            tracing::warn!(card = card.id, chat = %pressed.chat, "a press on a copy of a card");
            return Ok(note(Mood::Warning, language.pick("This is not the card that was sent.", "这不是原始卡片。")));
        }
        if card.chat != pressed.chat {
            self.ledger.meet(&Reach { chat: pressed.chat.clone(), person: pressed.who.person.clone() })?;
        }
        if card.state == State::Over {
            let text = card.shown.tag.clone().unwrap_or_default();
            let text = format!("{} {text}", language.pick("Already:", "已处理："));
            return Ok(Reply::Note { mood: Mood::Info, text, card: Some(Box::new(card.shown)) });
        }
        if card.kind == "test" {
            return self.test_pressed(&card);
        }
        if card.kind == "aside" {
            return self.aside_pressed(&card, pressed);
        }
        if card.kind == "queue" {
            return self.queue_pressed(&card, pressed);
        }
        if card.kind == "conversations" {
            return self.conversation_pressed(&card, pressed);
        }
        if card.kind == "help" {
            return self.help_pressed(&card, pressed);
        }
        if card.kind == "worktree" {
            return self.tree_pressed(&card, pressed);
        }
        self.decided(&card, pressed)
    }

    fn decided(&mut self, card: &Entry, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let id = ApprovalId(card.about);
        let open = self.fleet.approval(id).filter(|open| open.state == ApprovalState::Pending);
        let is_claimed = card.state == State::Claimed;
        let Some(open) = open.filter(|_| card.kind == "approval" && !is_claimed) else {
            let text = language.pick("It has been answered already.", "已有答复。");
            return Ok(note(Mood::Info, text));
        };
        // Its time is over, whether the engine has said so by now or not.
        if open.approval.deadline.is_some_and(|deadline| deadline <= clock::now()) {
            return Ok(note(Mood::Warning, language.pick("Its time is over.", "已超时。")));
        }
        let decision = match approvals::decide(
            &card.shown,
            &open.approval,
            &pressed.value,
            &pressed.form,
            language,
            &self.redactor,
        ) {
            Ok(decision) => decision,
            Err(why) => return Ok(note(Mood::Warning, why)),
        };
        let (said, approval) = (approvals::how(&decision, language), open.approval.clone());
        match self.give_answer(card, &approval, decision, &pressed.who.person)? {
            Given::Yes => {}
            Given::Late => return Ok(note(Mood::Info, language.pick("It has been answered already.", "已有答复。"))),
            Given::Busy => {
                return Ok(note(
                    Mood::Error,
                    language.pick("The engine is too busy; press again.", "引擎繁忙，请重试。"),
                ));
            }
        }
        let claimed = approvals::ended(&card.shown, &End::Claimed, language, &self.redactor);
        Ok(Reply::Note { mood: Mood::Success, text: said.to_owned(), card: Some(Box::new(claimed)) })
    }

    /// Answers a request from the phone: the claim comes first, so that of all presses and words one counts.
    pub(super) fn give_answer(
        &mut self,
        card: &Entry,
        approval: &Approval,
        decision: Decision,
        person: &PersonId,
    ) -> Result<Given, LedgerError> {
        if !self.ledger.claim(card)? {
            return Ok(Given::Late);
        }
        let command = Command::Answer {
            session: approval.session,
            approval: approval.id,
            decision: Box::new(decision),
            by: Surface::Phone(person.to_string()),
        };
        if self.orders.try_command(command).is_err() {
            self.ledger.reopen(Kind::Approval, approval.id.0)?;
            return Ok(Given::Busy);
        }
        Ok(Given::Yes)
    }

    fn test_pressed(&mut self, card: &Entry) -> Result<Reply, LedgerError> {
        let mut over = card.shown.clone();
        over.blocks.retain(|block| !matches!(block, crate::relay::card::Block::Buttons(_)));
        over.tone = crate::relay::card::Tone::Good;
        let over = over.tagged(self.settings.language.pick("it works", "可用"));
        self.ledger.want(card.id, &over, true, clock::now())?;
        self.tested = Some(clock::now());
        let text = self.settings.language.pick("Presses arrive.", "已收到点击。").to_owned();
        Ok(Reply::Note { mood: Mood::Success, text, card: Some(Box::new(over)) })
    }
}
