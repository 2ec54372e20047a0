//! The bot's menu, and the wish for quiet.
//!
//! Invariants: the menu can do nothing that a message could not; quiet is a person's own, and what waits is told when
//! it ends.

use serde_json::json;

use super::Service;
use super::hearing::TOO_OLD_MS;
use super::presses::note;
use crate::clock;
use crate::core::approval::Approval;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::language::Language;
use crate::relay::access;
use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Style;
use crate::relay::card::Tone;
use crate::relay::commands;
use crate::relay::commands::Wish;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;
use crate::relay::messenger::Said;
use crate::relay::messenger::Who;

impl<M: Messenger> Service<M> {
    /// Somebody chose from the menu: they are answered in their own chat.
    pub(super) fn chosen(
        &mut self,
        id: &MessageId,
        who: &Who,
        at: Option<Timestamp>,
        key: &str,
    ) -> Result<(), LedgerError> {
        if at.is_some_and(|at| clock::now().millis_since(at) > TOO_OLD_MS) {
            return Ok(());
        }
        if !access::admits_to_own_chat(&self.members()?, who) {
            tracing::warn!(person = %who.person, "a choice from the menu by somebody who may not");
            return Ok(());
        }
        let chat = self.ledger.direct_chat(&who.person)?.unwrap_or_else(|| ChatId(who.person.0.clone()));
        let reach = Reach { chat, person: who.person.clone() };
        let line = format!("menu: {key}");
        match commands::chosen(key) {
            // Without a session that is meant, all of them are told of.
            Some(Wish::Progress(None)) if self.session(&reach, None)?.is_err() => {
                self.ordered(&reach, Wish::List, id, &line)
            }
            Some(wish) => self.ordered(&reach, wish, id, &line),
            None => {
                let text = match self.settings.language {
                    Language::English => {
                        "This item of the menu is not known here. The keys are status, list, help, pause and resume."
                    }
                    Language::Chinese => "未知的菜单项。可用的 event_key：status、list、help、pause、resume。",
                };
                self.say(&reach.chat, text)
            }
        }
    }

    /// The commands, in groups, and the most wanted of them to press.
    pub(super) fn show_help(&mut self, reach: &Reach) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let card = |card: i64| {
            let title = language.pick("What you can do here", "可用命令");
            let mut shown = Card::new(Tone::Over, title, title);
            for (title, rows) in commands::help(language) {
                shown = shown.with(Block::Small(title.to_owned())).with(Block::Text(rows));
            }
            let key = |((english, chinese), command): &((&str, &str), &str)| {
                let value = json!({ "v": 1, "act": "command", "rid": card, "n": nonce, "command": command });
                Button { label: language.pick(english, chinese).to_owned(), style: Style::Plain, value, confirm: None }
            };
            shown.with(Block::Buttons(commands::SHORTCUTS.iter().map(key).collect()))
        };
        self.ledger.make((Kind::Help, 0, SessionId(0)), &nonce, &reach.chat, card, clock::now())?;
        self.last_said = Some("shown".to_owned());
        Ok(())
    }

    /// A press on the help is the command that stands there, as if it was typed.
    pub(super) fn help_pressed(&mut self, card: &Entry, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let offered = card.shown.carried().find(|value| **value == pressed.value);
        let Some(command) = offered.and_then(|value| value.get("command")?.as_str()) else {
            return Ok(note(Mood::Warning, language.pick("That was not offered.", "该操作不可用。")));
        };
        // It may be pressed again and again.
        let id = MessageId(format!("press-{}-{}", card.id, uuid::Uuid::new_v4().simple()));
        self.act_on_press(pressed, id, command.to_owned())?;
        Ok(note(Mood::Success, command))
    }

    /// Does what the words of a button say, kept in the ledger like a message. `false`: it was pressed before.
    pub(super) fn act_on_press(&mut self, pressed: &Pressed, id: MessageId, text: String) -> Result<bool, LedgerError> {
        let said = Said {
            message: id,
            chat: pressed.chat.clone(),
            who: pressed.who.clone(),
            at: Some(clock::now()),
            text,
            is_press: true,
            ..Said::default()
        };
        if !self.ledger.take_in(&said, clock::now())? {
            return Ok(false);
        }
        let done = self.whole(|service| service.act(&said));
        self.is_unsettled |= done.is_err();
        done.map(|()| true)
    }

    pub(super) fn set_quiet(&mut self, reach: &Reach, quiet: bool) -> Result<(), LedgerError> {
        self.ledger.set_quiet(&reach.person, quiet)?;
        let language = self.settings.language;
        if quiet {
            let text = language.pick(
                "Quiet: no news and no requests come to you until /unpause. Requests with a deadline are denied meanwhile.",
                "已暂停推送，直到 /unpause。有期限的请求到期仍会被拒绝。",
            );
            return self.say(&reach.chat, text);
        }
        self.say(&reach.chat, language.pick("News and requests come again.", "已恢复推送。"))?;
        let waiting: Vec<Approval> = self.fleet.inbox().into_iter().map(|open| open.approval.clone()).collect();
        waiting.iter().try_for_each(|approval| self.offer(approval))
    }
}
