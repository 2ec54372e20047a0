//! Messages that are taken back: what came of one is taken out of the queue, if it is still there.
//!
//! Invariant: what was not acted on yet never is.

use std::collections::VecDeque;

use super::Service;
use super::undertakings::prompt_of;
use crate::core::command::Command;
use crate::core::ids::PromptId;
use crate::core::ids::SessionId;
use crate::core::language::Language;
use crate::relay::ledger::LedgerError;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;

/// Messages whose prompts may still be on their way.
const MAX_REMEMBERED: usize = 256;

#[derive(Debug)]
struct Recall {
    chat: ChatId,
    message: MessageId,
    prompt: PromptId,
    /// The prompt was in a queue, and the engine is told to take it out.
    dropped: bool,
}

/// Messages that were taken back not long ago.
#[derive(Debug, Default)]
pub(super) struct Recalls(VecDeque<Recall>);

impl Recalls {
    pub(super) fn has(&self, message: &MessageId) -> bool {
        self.0.iter().any(|recall| recall.message == *message)
    }

    fn note(&mut self, chat: ChatId, message: MessageId) {
        if self.0.len() >= MAX_REMEMBERED {
            self.0.pop_front();
        }
        let prompt = prompt_of(&message);
        self.0.push_back(Recall { chat, message, prompt, dropped: false });
    }

    fn of(&mut self, prompt: &PromptId) -> Option<&mut Recall> {
        self.0.iter_mut().find(|recall| recall.prompt == *prompt)
    }
}

pub(super) fn taken_out(language: Language) -> &'static str {
    language.pick("Your message was taken back, and its prompt with it.", "消息已撤回，没有执行。")
}

impl<M: Messenger> Service<M> {
    /// A message was taken back that had been acted on, or will not be any more.
    pub(super) fn taken_back(&mut self, chat: &ChatId, message: MessageId) -> Result<(), LedgerError> {
        if self.forget_gathered(chat, &message)? {
            return Ok(());
        }
        let message = self.gathering.main_of(message);
        let prompt = prompt_of(&message);
        self.recalls.note(chat.clone(), message);
        let ids: Vec<SessionId> = self.fleet.sessions().map(|session| session.id).collect();
        ids.into_iter().try_for_each(|id| self.drop_recalled(id))?;
        let is_running = |turn: &crate::core::session::Turn| turn.prompt.as_ref() == Some(&prompt);
        let running = self.fleet.sessions().find(|session| session.turn.as_ref().is_some_and(is_running));
        match running.map(|session| session.id) {
            Some(session) => self.too_late(chat, session),
            None => Ok(()),
        }
    }

    /// Takes out of a queue what came from messages that were taken back.
    pub(super) fn drop_recalled(&mut self, id: SessionId) -> Result<(), LedgerError> {
        if self.recalls.0.is_empty() {
            return Ok(());
        }
        let Some(session) = self.fleet.get(id) else { return Ok(()) };
        let mut told = Vec::new();
        for queued in session.queue.iter() {
            let Some(recall) = self.recalls.of(&queued.id).filter(|recall| !recall.dropped) else { continue };
            let command = Command::DropQueued { session: id, prompt: queued.id.clone() };
            // An engine that is too busy is told with the next change of the queue.
            if self.orders.try_command(command).is_ok() {
                recall.dropped = true;
                told.push(recall.chat.clone());
            }
        }
        told.iter().try_for_each(|chat| self.say(chat, taken_out(self.settings.language)))
    }

    fn too_late(&mut self, chat: &ChatId, session: SessionId) -> Result<(), LedgerError> {
        let text = match self.settings.language {
            Language::English => {
                format!("The message was taken back, but its prompt had been sent; /stop {session} interrupts it.")
            }
            Language::Chinese => format!("消息已撤回，但任务已开始；/stop {session} 可中断。"),
        };
        self.say(chat, text)
    }

    /// A prompt is sent: perhaps one whose message was taken back a moment too late.
    pub(super) fn sent_after_all(&mut self, session: SessionId, prompt: &PromptId) -> Result<(), LedgerError> {
        match self.recalls.of(prompt).map(|recall| recall.chat.clone()) {
            Some(chat) => self.too_late(&chat, session),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten() {
        let message = |n: usize| MessageId(format!("om_{n}"));
        let mut recalls = Recalls::default();
        for n in 0..=MAX_REMEMBERED {
            recalls.note(ChatId("oc".into()), message(n));
        }
        assert!(!recalls.has(&message(0)) && recalls.has(&message(1)));
        assert_eq!(recalls.of(&prompt_of(&message(1))).map(|recall| recall.message.clone()), Some(message(1)));
        assert_eq!(recalls.0.len(), MAX_REMEMBERED);
    }
}
