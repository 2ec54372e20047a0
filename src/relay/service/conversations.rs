//! Earlier conversations on the phone: which there are, going on with one, and copies.
//!
//! Invariants: whoever may not reach a session learns nothing of its conversation, also when it is closed; a conversation
//! that is open is not opened a second time; a press means what its words would.

use std::collections::BTreeSet;

use serde_json::json;

use super::Service;
use super::errands::Errand;
use super::openings::Where;
use super::presses::note;
use super::progress::MAX_LINE;
use super::undertakings::Stage;
use crate::clock;
use crate::core::ids::ConversationId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::language::Language;
use crate::core::language::ago;
use crate::core::session::SessionSpec;
use crate::relay::access;
use crate::relay::access::Grounds;
use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Style;
use crate::relay::card::Tone;
use crate::relay::commands::Conversation;
use crate::relay::ledger::Entry as CardEntry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;
use crate::relay::words;
use crate::transcripts::list::Entry;
use crate::transcripts::list::list_in_batches;

/// Conversations on a card.
const MAX_SHOWN: usize = 8;
/// Conversations that are looked for, so that those of others leave enough.
const MAX_FOUND: usize = 200;
/// Chats whose last list is remembered.
const MAX_LISTS: usize = 256;

impl<M: Messenger> Service<M> {
    /// Remembers whose conversation a session goes on with, for when it is closed.
    pub(super) fn note_conversation(&mut self, session: SessionId) -> Result<(), LedgerError> {
        let session_now = self.fleet.get(session);
        // What a copy is made of stays whose it was.
        let id = session_now.and_then(|now| now.conversation.clone().filter(|id| now.is_on(id)));
        let Some(id) = id else { return Ok(()) };
        if self.noted.contains(&(session, id.clone())) {
            return Ok(());
        }
        let owner = self.ledger.owner(session)?.map(|owner| owner.person);
        self.ledger.own_conversation(&id, owner.as_ref())?;
        self.noted.insert((session, id));
        Ok(())
    }

    /// Whether a person may know of a conversation. One of which nobody knows whose it is may be another member's.
    fn may_know(&self, person: &PersonId, id: &ConversationId) -> Result<bool, LedgerError> {
        if let Some(open) = self.open_on(id) {
            let owner = self.ledger.owner(open)?.map(|owner| owner.person);
            return Ok(access::reaches(owner.as_ref(), person));
        }
        Ok(match self.ledger.conversation_owner(id)? {
            Some(owner) if owner.0.is_empty() => true,
            Some(owner) => owner == *person,
            None => self.members()?.iter().map(|member| &member.person).collect::<BTreeSet<_>>().len() < 2,
        })
    }

    fn open_on(&self, id: &ConversationId) -> Option<SessionId> {
        self.fleet.sessions().find(|session| session.is_on(id)).map(|session| session.id)
    }

    /// `/resume`: goes on with a conversation, or shows which there are.
    pub(super) fn resume(
        &mut self,
        reach: &Reach,
        which: Option<Conversation>,
        prompt: Option<String>,
        message: &MessageId,
    ) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let id = match which {
            // Quiet began with a word that this used to end.
            None if self.ledger.is_quiet(&reach.person)? => return self.set_quiet(reach, false),
            None => return self.look_for_conversations(reach, message),
            Some(Conversation::Id(id)) => ConversationId::from(id.as_str()),
            Some(Conversation::Nth(nth)) => {
                let listed = self.listed.get(&(reach.chat.clone(), reach.person.clone()));
                let place = usize::try_from(nth).unwrap_or(0).checked_sub(1);
                match place.and_then(|place| listed?.get(place)) {
                    Some(id) => id.clone(),
                    None => {
                        let text = language.pick(
                            "No conversation of this number was shown here: /resume shows them.",
                            "此处没有这个编号的对话，请先发送 /resume 查看。",
                        );
                        return self.say(&reach.chat, text);
                    }
                }
            }
        };
        if !self.may_know(&reach.person, &id)? {
            let text = language.pick(
                "There is no such conversation; /resume shows those there are.",
                "没有该对话；发送 /resume 查看可恢复的对话。",
            );
            return self.say(&reach.chat, text);
        }
        if let Some(session) = self.open_on(&id) {
            self.ledger.activate(&reach.chat, Some(session))?;
            let text =
                format!("{}{}", language.pick("It is open already: ", "已经打开，已切换到："), self.title(session));
            self.say(&reach.chat, text)?;
            return match prompt {
                Some(prompt) => self.prompt((reach, message), session, (prompt, Vec::new())),
                None => Ok(()),
            };
        }
        let deadline_s = Some(self.settings.deadline_s);
        let spec = SessionSpec { resume: Some(id.clone()), deadline_s, ..SessionSpec::default() };
        self.find_and_open((reach, message), Where::Held(id), prompt, Box::new(spec))
    }

    /// `/fork`: a copy of a session's conversation, in a session of its own.
    pub(super) fn fork(
        &mut self,
        reach: &Reach,
        number: Option<u32>,
        prompt: Option<String>,
        message: &MessageId,
    ) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let id = match self.session(reach, number)? {
            Ok(session) => session,
            Err(why) => return self.say(&reach.chat, why),
        };
        let Some(session) = self.fleet.get(id) else { return Ok(()) };
        let Some(conversation) = session.conversation.clone() else {
            let text = language.pick(
                "There is no conversation yet to make a copy of: send it something first.",
                "该会话还没有对话，无法分叉，请先发送消息。",
            );
            return self.say(&reach.chat, text);
        };
        let spec = SessionSpec {
            title: Some(format!("{} (fork)", session.title)),
            profile: session.spec.profile.clone(),
            resume: Some(conversation),
            fork: true,
            deadline_s: Some(self.settings.deadline_s),
            ..SessionSpec::default()
        };
        let directory = Where::Directory(session.spec.directory.clone());
        self.find_and_open((reach, message), directory, prompt, Box::new(spec))
    }

    fn look_for_conversations(&mut self, reach: &Reach, message: &MessageId) -> Result<(), LedgerError> {
        let places = self.places(reach)?;
        let (roots, projects) = (self.settings.roots.clone(), self.settings.conversations.clone());
        self.undertake(message, Stage::Work);
        let (reach, message) = (reach.clone(), message.clone());
        self.errands.spawn_blocking(move || {
            let grounds = Grounds::survey(&roots, &places);
            let may_work = |entry: &Entry| {
                entry.directory.as_deref().is_some_and(|directory| access::directory(directory, &grounds).is_ok())
            };
            let mut entries = Vec::new();
            list_in_batches(&projects, &mut |batch| {
                entries.extend(batch.into_iter().filter(may_work));
                entries.len() < MAX_FOUND
            });
            Errand::Listed { reach, message, entries }
        });
        Ok(())
    }

    /// The conversations are known now.
    pub(super) fn listed(
        &mut self,
        (reach, message): (&Reach, &MessageId),
        entries: Vec<Entry>,
    ) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let mut mine = Vec::new();
        for entry in entries {
            if mine.len() < MAX_SHOWN && self.may_know(&reach.person, &entry.id)? {
                mine.push(entry);
            }
        }
        if mine.is_empty() {
            let text = language.pick(
                "There is no conversation to go on with in the directories that you may work in.",
                "在允许的目录中没有可恢复的对话。",
            );
            self.say(&reach.chat, text)?;
        } else {
            self.conversations_card(reach, &mine)?;
        }
        if self.listed.len() >= MAX_LISTS {
            self.listed.clear();
        }
        let ids = mine.into_iter().map(|entry| entry.id).collect();
        self.listed.insert((reach.chat.clone(), reach.person.clone()), ids);
        self.end_order(message, None);
        self.came_about(message)
    }

    fn conversations_card(&mut self, reach: &Reach, entries: &[Entry]) -> Result<(), LedgerError> {
        let (language, now) = (self.settings.language, clock::now());
        let rows: Vec<String> = entries.iter().map(|entry| self.conversation_row(entry, now)).collect();
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let card = |card: i64| {
            let title = language.pick("Earlier conversations", "以前的对话");
            let mut shown = Card::new(Tone::Over, title, title);
            let mut keys = Vec::new();
            for (at, (entry, row)) in entries.iter().zip(rows).enumerate() {
                shown = shown.with(Block::Text(format!("{}. {row}", at + 1)));
                let label = match language {
                    Language::English => format!("Go on with {}", at + 1),
                    Language::Chinese => format!("恢复 {}", at + 1),
                };
                let value = json!({ "v": 1, "act": "resume", "rid": card, "n": nonce, "conversation": entry.id.0 });
                keys.push(Button { label, style: Style::Plain, value, confirm: None });
            }
            shown.with(Block::Buttons(keys)).with(Block::Small(language.pick("/resume N", "/resume 编号").to_owned()))
        };
        let what = (Kind::Conversations, 0, SessionId(0));
        self.ledger.make(what, &nonce, &reach.chat, card, now)?;
        self.last_said = Some("shown".to_owned());
        Ok(())
    }

    fn conversation_row(&self, entry: &Entry, now: Timestamp) -> String {
        let language = self.settings.language;
        let title = entry.title.as_deref().map(|title| self.line(words::whole(title)));
        let title = title.filter(|title| !title.is_empty());
        let title = title.unwrap_or_else(|| language.pick("(no prompt)", "（没有消息）").to_owned());
        let directory: String = entry.directory.as_deref().unwrap_or_default().chars().take(MAX_LINE).collect();
        let age = ago(now.millis_since(entry.modified), language);
        let open = self.open_on(&entry.id).map(|session| match language {
            Language::English => format!(" · open as session {session}"),
            Language::Chinese => format!(" · 已打开（会话 {session}）"),
        });
        format!("{title}\n    {} · {age}{}", self.safe(&directory), open.unwrap_or_default())
    }

    /// A press on such a card is the command that it stands for, kept in the ledger like one that was typed.
    pub(super) fn conversation_pressed(&mut self, card: &CardEntry, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let offered = card.shown.carried().find(|value| **value == pressed.value);
        let Some(id) = offered.and_then(|value| value.get("conversation")?.as_str()) else {
            return Ok(note(Mood::Warning, language.pick("That was not offered.", "该操作不可用。")));
        };
        let id_of_press = MessageId(format!("press-{}-{id}", card.id));
        if !self.act_on_press(pressed, id_of_press, format!("/resume {id}"))? {
            let text = language
                .pick("It was pressed already; /resume shows a new list.", "已处理；发送 /resume 查看新的列表。");
            return Ok(note(Mood::Info, text));
        }
        Ok(note(Mood::Success, language.pick("On it.", "正在恢复。")))
    }
}
