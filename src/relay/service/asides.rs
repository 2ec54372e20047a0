//! What is told of somebody's own message, on a small card with what can be done about it: that it did nothing, or that
//! it waits in a queue.
//!
//! Invariants: only whoever wrote the message presses there; such a card answers no request by itself, and is never taken
//! for one; a message that is sent on after all is in the ledger before that is answered.

use super::Service;
use super::answering::Meant;
use super::presses::note;
use crate::clock;
use crate::core::approval::Decision;
use crate::core::ids::SessionId;
use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Style;
use crate::relay::card::Tone;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;
use crate::relay::messenger::Said;
use crate::relay::typed::Hint;

/// What a press on such a card does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// The message goes to its session as text.
    SendText,
    /// The request is denied, and the message is the reason.
    DenyWith,
    /// The prompt is taken out of the queue.
    TakeBack,
}

impl Deed {
    const ALL: [Self; 3] = [Self::SendText, Self::DenyWith, Self::TakeBack];

    fn act(self) -> &'static str {
        match self {
            Self::SendText => "aside_send",
            Self::DenyWith => "aside_deny",
            Self::TakeBack => "aside_drop",
        }
    }
}

impl<M: Messenger> Service<M> {
    /// Tells somebody that their message did nothing, why, and what else it could be.
    pub(super) fn hint(&mut self, said: &Said, reach: &Reach, hint: &Hint) -> Result<(), LedgerError> {
        let text = hint.describe(self.settings.language);
        // A command is never text for a session.
        if said.text.trim_start().starts_with(['/', '／', '、', '､']) {
            return self.say(&reach.chat, text);
        }
        let deeds: &[Deed] =
            if matches!(hint, Hint::Reason(_)) { &[Deed::DenyWith, Deed::SendText] } else { &[Deed::SendText] };
        self.aside(said, reach, &text, hint.request().unwrap_or(0), deeds)
    }

    pub(super) fn aside(
        &mut self,
        said: &Said,
        reach: &Reach,
        text: &str,
        about: u32,
        deeds: &[Deed],
    ) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let text = self.safe(text);
        let card = |id: i64| {
            let button = |deed: &Deed| {
                let label = match deed {
                    Deed::SendText => language.pick("Send it as a message", "当作消息发送"),
                    Deed::DenyWith => language.pick("Deny for this reason", "以此理由拒绝"),
                    Deed::TakeBack => language.pick("Take it back", "撤回这条"),
                };
                let value = serde_json::json!({ "v": 1, "act": deed.act(), "rid": id, "n": nonce });
                Button { label: label.to_owned(), style: Style::Plain, value, confirm: None }
            };
            let title = language.pick("Your message", "你的消息");
            Card::new(Tone::Warning, title, title)
                .with(Block::Text(text.clone()))
                .with(Block::Buttons(deeds.iter().map(button).collect()))
        };
        let id = self.ledger.make((Kind::Aside, about, SessionId(0)), &nonce, &reach.chat, card, clock::now())?;
        self.ledger.set_aside(id, said)
    }

    pub(super) fn aside_pressed(&mut self, card: &Entry, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let Some(mut said) = self.ledger.aside(card.id)? else {
            return Ok(note(Mood::Warning, language.pick("It is over by now.", "已结束。")));
        };
        if said.who.person != pressed.who.person {
            return Ok(note(Mood::Warning, language.pick("Somebody else wrote this.", "这条消息不是你发的。")));
        }
        let act = pressed.value.get("act").and_then(serde_json::Value::as_str).unwrap_or_default();
        let deed = Deed::ALL.into_iter().find(|deed| deed.act() == act && card.shown.offers(act).is_some());
        let Some(deed) = deed else {
            return Ok(note(Mood::Warning, language.pick("That was not offered.", "该操作不可用。")));
        };
        self.whole(|service| service.aside_done(card, pressed, &mut said, deed))
    }

    fn aside_done(
        &mut self,
        card: &Entry,
        pressed: &Pressed,
        said: &mut Said,
        deed: Deed,
    ) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        if !self.ledger.claim_one(card.id)? {
            return Ok(note(Mood::Info, language.pick("It was pressed already.", "已处理。")));
        }
        let reach = Reach { chat: pressed.chat.clone(), person: pressed.who.person.clone() };
        let now = clock::now();
        let tag = match deed {
            Deed::SendText => {
                (said.is_text, said.at) = (true, Some(now));
                self.ledger.take_again(said, now)?;
                self.act(said)?;
                language.pick("sent as a message", "已当作消息发送")
            }
            Deed::DenyWith => {
                let reason = Decision::deny(said.text.trim());
                self.answer(&reach, Some(card.about), &Meant::Deny(reason))?;
                language.pick("used as the reason", "已作为拒绝理由")
            }
            Deed::TakeBack => {
                self.taken_back(&pressed.chat, said.message.clone())?;
                language.pick("taken back", "已撤回")
            }
        };
        let mut over = card.shown.clone();
        over.blocks.retain(|block| !matches!(block, Block::Buttons(_)));
        over.tone = Tone::Over;
        let over = over.tagged(tag);
        self.ledger.want(card.id, &over, true, now)?;
        Ok(Reply::Note { mood: Mood::Success, text: tag.to_owned(), card: Some(Box::new(over)) })
    }
}
