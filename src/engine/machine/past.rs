//! Conversations that began elsewhere: their history, and those that are only looked at.

use super::Effect;
use super::Machine;
use super::lifecycle::Life;
use crate::core::cell::CellBody;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::Timestamp;
use crate::core::session::Followed;
use crate::core::session::Session;
use crate::transcripts::read::Told;

/// When the newest thing in a session was said that stands in the CLI's own record too.
pub(super) fn known_until(session: &Session) -> Timestamp {
    let said = session.transcript.iter().filter(|cell| !matches!(cell.body, CellBody::Notice(_)));
    said.map(|cell| cell.at).max().unwrap_or(Timestamp(i64::MIN))
}

impl Machine {
    /// The session's task begins: what was before is asked for, if it is not known.
    pub(super) fn begin(&mut self) {
        self.begin_tree();
        if self.followed.is_some() {
            self.watch();
        } else if self.wants_history
            && let Some(conversation) = self.conversation.clone()
        {
            self.reading = true;
            self.effects.push(Effect::ReadHistory { conversation, before: self.fork_at.clone() });
        }
    }

    /// What was before is known, as far as it could be read. Prompts have waited for it.
    pub(super) fn history(&mut self, read: Result<Vec<Told>, String>) {
        self.reading = false;
        match read {
            Ok(told) => self.tell_past(told),
            Err(why) => {
                let text = "What was said before cannot be shown. The conversation itself goes on.";
                self.emit(EventKind::Noted(Notice::info(text).with_detail(why)));
            }
        }
        self.advance();
    }

    fn tell_past(&mut self, told: Vec<Told>) {
        for (at, kind) in told {
            match &kind {
                EventKind::TurnStarted { turn, .. } => self.last_turn = self.last_turn.max(*turn),
                EventKind::PromptSent(prompt) => self.last_prompt = Some(prompt.clone()),
                _ => {}
            }
            self.known_until = self.known_until.max(at);
            self.emit(EventKind::Past { at, kind: Box::new(kind) });
        }
    }

    fn watch(&mut self) {
        let Some(conversation) = self.conversation.clone() else {
            self.followed = None;
            self.emit(EventKind::Followed(None));
            return;
        };
        self.effects.push(Effect::Watch(conversation));
    }

    pub(super) fn follow(&mut self) {
        self.cancel_resume();
        if self.followed.is_some() {
            return;
        }
        if !matches!(self.life, Life::Absent) || self.conversation.is_none() {
            let text = "This session works on the conversation itself: there is nobody to follow.";
            self.emit(EventKind::Noted(Notice::warning(text)));
            return;
        }
        self.wanted = false;
        self.skip_until = self.known_until;
        self.followed = Some(Followed::default());
        self.emit(EventKind::Followed(self.followed.clone()));
        self.watch();
    }

    /// Somebody went on with a conversation that is followed, or ended.
    pub(super) fn watched(&mut self, told: Vec<Told>, by: Option<String>) {
        if self.followed.is_none() {
            return;
        }
        // What was known before it was followed comes again with the first piece.
        let known = std::mem::replace(&mut self.skip_until, Timestamp(i64::MIN));
        self.tell_past(told.into_iter().filter(|(at, _)| *at > known).collect());
        let followed = Some(Followed { by });
        if self.followed != followed {
            self.followed.clone_from(&followed);
            self.emit(EventKind::Followed(followed));
        }
    }

    /// Goes on with a conversation that was followed. Nothing starts before the next prompt, and then the
    /// conversation must be free.
    pub(super) fn take_over(&mut self) {
        let Some(followed) = &self.followed else { return };
        if let Some(by) = &followed.by {
            let text = format!("The conversation cannot be taken over yet: {by} works on it.");
            self.emit(EventKind::Noted(Notice::warning(text)));
            return;
        }
        self.followed = None;
        self.effects.push(Effect::EndWatch);
        self.emit(EventKind::Followed(None));
    }

    /// Refuses what a session that only looks on cannot do.
    pub(super) fn refuse_followed(&mut self) -> bool {
        if self.followed.is_some() {
            let text = "The conversation is only followed: the prompt was not sent. Take it over first.";
            self.emit(EventKind::Noted(Notice::warning(text)));
        }
        self.followed.is_some()
    }
}
