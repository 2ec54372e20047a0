//! Photos and files that are sent one after the other, without a word, are one prompt; so is the text that follows them.
//!
//! A messenger sends each photo as a message of its own. Invariants: each message stays in the ledger until it was joined
//! to another, and from then on the other one stands for both; what is taken back meanwhile is not sent; commands and
//! answers wait for nothing.

use super::Service;
use super::attached::MAX_FILES;
use super::recalls;
use crate::clock;
use crate::core::ids::Timestamp;
use crate::relay::access;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Said;

/// Messages that were joined to another and may still be taken back.
const MAX_JOINED: usize = 256;

/// Series that are not complete yet.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    open: Vec<Series>,
    /// Which message stands for one that was joined to it.
    joined: Vec<(MessageId, MessageId)>,
}

/// What one person has sent in one chat, as a reply to the same message or to none.
#[derive(Debug)]
struct Series {
    parts: Vec<Said>,
    due: Timestamp,
}

impl Series {
    fn n_files(&self) -> usize {
        self.parts.iter().map(|said| said.attachments.len()).sum()
    }

    fn is_of(&self, chat: &ChatId, person: &PersonId) -> bool {
        self.parts.first().is_some_and(|said| said.chat == *chat && said.who.person == *person)
    }

    fn answers(&self, message: Option<&MessageId>) -> bool {
        self.parts.first().is_some_and(|said| said.reply_to.as_ref() == message)
    }
}

impl Gathering {
    pub(super) fn holds(&self, message: &MessageId) -> bool {
        self.open.iter().flat_map(|series| &series.parts).any(|said| said.message == *message)
    }

    /// When the next series is complete.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.open.iter().map(|series| series.due).min()
    }

    /// Adds a message; the series waits again for as long.
    fn add(&mut self, said: &Said, due: Timestamp) {
        let fits = |series: &&mut Series| {
            series.is_of(&said.chat, &said.who.person)
                && series.answers(said.reply_to.as_ref())
                && series.n_files() + said.attachments.len() <= MAX_FILES
        };
        match self.open.iter_mut().find(fits) {
            Some(series) => {
                series.parts.push(said.clone());
                series.due = due;
            }
            None => self.open.push(Series { parts: vec![said.clone()], due }),
        }
    }

    /// Takes the series out that a text of this person ends.
    fn ended_by(&mut self, said: &Said) -> Option<Vec<Said>> {
        let fits = |series: &Series| {
            series.is_of(&said.chat, &said.who.person)
                && (said.reply_to.is_none() || series.answers(said.reply_to.as_ref()))
                && series.n_files() + said.attachments.len() <= MAX_FILES
        };
        let at = self.open.iter().position(fits)?;
        Some(self.open.remove(at).parts)
    }

    fn due(&mut self, now: Timestamp) -> Option<Vec<Said>> {
        let at = self.open.iter().position(|series| series.due <= now)?;
        Some(self.open.remove(at).parts)
    }

    /// Forgets a message that was taken back; `false`: it is not here.
    fn forget(&mut self, message: &MessageId) -> bool {
        let held = self.holds(message);
        self.open.iter_mut().for_each(|series| series.parts.retain(|said| said.message != *message));
        self.open.retain(|series| !series.parts.is_empty());
        held
    }

    fn join(&mut self, part: &MessageId, main: &MessageId) {
        if self.joined.len() >= MAX_JOINED {
            self.joined.remove(0);
        }
        self.joined.push((part.clone(), main.clone()));
    }

    /// The message that stands for this one.
    pub(super) fn main_of(&self, message: MessageId) -> MessageId {
        let main = self.joined.iter().find(|(part, _)| *part == message).map(|(_, main)| main.clone());
        main.unwrap_or(message)
    }
}

/// The files of a message, each with the message that it came with.
fn files_of(said: &Said) -> impl Iterator<Item = Attachment> {
    let of = move |attachment: &Attachment| Some(attachment.of.clone().unwrap_or_else(|| said.message.clone()));
    said.attachments.iter().map(move |attachment| Attachment { of: of(attachment), ..attachment.clone() })
}

impl<M: Messenger> Service<M> {
    /// Puts a message aside that has nothing but files: more may follow.
    pub(super) fn gathers(&mut self, said: &Said) -> bool {
        let wait = i64::try_from(self.settings.gather.as_millis()).unwrap_or(0);
        let is_bare = !said.attachments.is_empty() && said.text.trim().is_empty();
        // One that was joined together before is complete.
        let is_joined = said.attachments.iter().any(|attachment| attachment.of.is_some());
        if wait == 0 || !is_bare || is_joined || self.gathering.holds(&said.message) {
            return self.gathering.holds(&said.message);
        }
        let due = Timestamp(clock::now().0.saturating_add(wait));
        self.gathering.add(said, due);
        true
    }

    /// A text that ends a series: the message with everything that belongs to it.
    pub(super) fn with_gathered(&mut self, said: &Said) -> Result<Option<Said>, LedgerError> {
        if said.text.trim_start().starts_with(['/', '／']) {
            return Ok(None);
        }
        match self.gathering.ended_by(said) {
            Some(parts) => self.joined(said.clone(), &parts).map(Some),
            None => Ok(None),
        }
    }

    /// Sends what no more was added to.
    pub(super) fn send_gathered(&mut self) -> Result<(), LedgerError> {
        while let Some(mut parts) = self.gathering.due(clock::now()) {
            let main = parts.remove(0);
            let done = self.whole(|service| {
                let said = service.joined(main, &parts)?;
                // Who was a member when the first came may be none any more.
                if !access::admits(&service.members()?, &said.who) {
                    return service.ledger.acted_on(&said.message);
                }
                let reach = Reach { chat: said.chat.clone(), person: said.who.person.clone() };
                service.fetch(&said, reach)?;
                // Where nothing could be begun, whoever sent it was told.
                if service.is_underway(&said.message) { Ok(()) } else { service.ledger.acted_on(&said.message) }
            });
            self.is_unsettled |= done.is_err();
            done?;
        }
        Ok(())
    }

    /// The message with the files of the others, in the ledger from now on instead of them.
    fn joined(&mut self, main: Said, parts: &[Said]) -> Result<Said, LedgerError> {
        if parts.is_empty() {
            return Ok(main);
        }
        let (own, others) = (files_of(&main), parts.iter().flat_map(files_of));
        // They come in the order in which they were sent.
        let is_first = main.text.trim().is_empty();
        let attachments = if is_first { own.chain(others).collect() } else { others.chain(own).collect() };
        let main = Said { attachments, ..main };
        self.ledger.take_again(&main, clock::now())?;
        for part in parts {
            self.ledger.acted_on(&part.message)?;
            self.gathering.join(&part.message, &main.message);
        }
        Ok(main)
    }

    /// A photo was taken back that had not been sent on; `false`: it is not here.
    pub(super) fn forget_gathered(&mut self, chat: &ChatId, message: &MessageId) -> Result<bool, LedgerError> {
        if !self.gathering.forget(message) {
            return Ok(false);
        }
        self.say(chat, recalls::taken_out(self.settings.language))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::messenger::Who;

    fn photo(n: usize, person: &str, reply_to: Option<&str>) -> Said {
        Said {
            message: MessageId(format!("om_{n}")),
            chat: ChatId("oc".into()),
            who: Who { person: PersonId(person.into()), ..Who::default() },
            reply_to: reply_to.map(|id| MessageId(id.into())),
            attachments: vec![Attachment { key: format!("k{n}"), is_image: true, name: None, of: None }],
            ..Said::default()
        }
    }

    #[test]
    fn a_series_is_one_persons_and_never_longer_than_one_prompt_takes() {
        let mut gathering = Gathering::default();
        for n in 0..=MAX_FILES {
            gathering.add(&photo(n, "ou_a", None), Timestamp(100 + n as i64));
        }
        gathering.add(&photo(50, "ou_b", None), Timestamp(60));
        gathering.add(&photo(51, "ou_b", Some("om_card")), Timestamp(70));
        assert_eq!(gathering.open.iter().map(Series::n_files).collect::<Vec<_>>(), [MAX_FILES, 1, 1, 1]);
        assert_eq!(gathering.next_due(), Some(Timestamp(60)));
        assert!(gathering.due(Timestamp(59)).is_none());
        assert_eq!(gathering.due(Timestamp(65)).map(|parts| parts.len()), Some(1));
        // What replies to another message is about something else.
        let text = Said { attachments: Vec::new(), text: "x".into(), ..photo(60, "ou_b", Some("om_other")) };
        assert!(gathering.ended_by(&text).is_none());
        assert!(gathering.ended_by(&Said { reply_to: None, ..text }).is_some());
    }

    #[test]
    fn what_is_taken_back_is_gone_and_what_was_joined_is_known_by_the_other() {
        let mut gathering = Gathering::default();
        gathering.add(&photo(1, "ou_a", None), Timestamp(1));
        gathering.add(&photo(2, "ou_a", None), Timestamp(1));
        assert!(gathering.forget(&MessageId("om_1".into())) && !gathering.forget(&MessageId("om_1".into())));
        assert!(!gathering.holds(&MessageId("om_1".into())) && gathering.holds(&MessageId("om_2".into())));
        assert!(gathering.forget(&MessageId("om_2".into())) && gathering.open.is_empty());
        gathering.join(&MessageId("om_3".into()), &MessageId("om_4".into()));
        assert_eq!(gathering.main_of(MessageId("om_3".into())), MessageId("om_4".into()));
        assert_eq!(gathering.main_of(MessageId("om_5".into())), MessageId("om_5".into()));
    }
}
