//! A group that the bot was taken out of: what was told there is told its people directly.

use super::Service;
use crate::core::approval::Approval;
use crate::core::language::Language;
use crate::relay::ledger::LedgerError;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Messenger;

impl<M: Messenger> Service<M> {
    /// Sessions that were opened from this chat are told of in the direct chats of those who opened them, with
    /// whatever waits.
    pub(super) fn move_from(&mut self, lost: &ChatId) -> Result<(), LedgerError> {
        for (session, person) in self.ledger.owned_in(lost)? {
            let direct = self.ledger.direct_chat(&person)?.filter(|chat| chat != lost);
            let (Some(chat), Some(_)) = (direct, self.fleet.get(session)) else { continue };
            self.ledger.tell_in(session, &chat)?;
            let title = self.title(session);
            let text = match self.settings.language {
                Language::English => {
                    format!("The group of session {session} (“{title}”) cannot be reached: its news come here.")
                }
                Language::Chinese => format!("会话 {session}（「{title}」）所在的群已不可用，消息改发到此处。"),
            };
            self.say(&chat, text)?;
            let inbox = self.fleet.inbox().into_iter().filter(|open| open.approval.session == session);
            let waiting: Vec<Approval> = inbox.map(|open| open.approval.clone()).collect();
            waiting.iter().try_for_each(|approval| self.offer(approval))?;
        }
        Ok(())
    }
}
