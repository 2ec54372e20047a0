//! The bot's menu, and the wish for quiet.
//!
//! Invariants: the menu can do nothing that a message could not; quiet is a person's own, and what waits is told when
//! it ends.

use super::Service;
use super::hearing::TOO_OLD_MS;
use crate::clock;
use crate::core::approval::Approval;
use crate::core::ids::Timestamp;
use crate::relay::access;
use crate::relay::commands;
use crate::relay::commands::Wish;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Who;
use crate::relay::words::Tongue;

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
                let text = match self.settings.tongue {
                    Tongue::English => {
                        "This item of the menu is not known here. The keys are status, list, help, pause and resume."
                    }
                    Tongue::Chinese => "未知的菜单项。可用的 event_key：status、list、help、pause、resume。",
                };
                self.say(&reach.chat, text)
            }
        }
    }

    pub(super) fn set_quiet(&mut self, reach: &Reach, quiet: bool) -> Result<(), LedgerError> {
        self.ledger.set_quiet(&reach.person, quiet)?;
        let tongue = self.settings.tongue;
        if quiet {
            let text = tongue.pick(
                "Quiet: no news and no requests come to you until /unpause. Requests with a deadline are denied meanwhile.",
                "已暂停推送，直到 /unpause。有期限的请求到期仍会被拒绝。",
            );
            return self.say(&reach.chat, text);
        }
        self.say(&reach.chat, tongue.pick("News and requests come again.", "已恢复推送。"))?;
        let waiting: Vec<Approval> = self.fleet.inbox().into_iter().map(|open| open.approval.clone()).collect();
        waiting.iter().try_for_each(|approval| self.offer(approval))
    }
}
