//! What somebody means by what they typed: an answer to a request, something for a session, or neither for certain.
//!
//! Pure. **For:** one decision from the message, what it replies to, what waits and what stood before the eyes of whoever
//! wrote it. **Not for:** carrying it out; who may answer what was asked before.
//!
//! Invariants: a text allows or denies only the request that it was written for: the one it names, the one it replies to,
//! or the only one that waits, when nothing else that could be meant came after it. A word that names nothing never
//! allows what has a mark that wants a look ([`Approval::wants_a_look`]). What may be an answer and is not certain does
//! nothing, and is told so; it is never sent on while something waits.

use super::approvals;
use super::commands;
use super::commands::Conversation;
use super::commands::Wish;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Question;
use crate::core::ids::Timestamp;
use crate::core::language::Language;

/// The words that people answer with.
mod answer;
/// Text brought to one form to be compared.
pub mod fold;
/// What is told where nothing was done.
mod hint;

pub use answer::Word;
pub use answer::word;
pub use hint::Hint;

/// What a message is a reply to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyTo {
    /// To none; or to a hint, which asks for a word.
    Nothing,
    /// To the card of this request, whether it waits still or not.
    Request(u32),
    /// To another message of this session.
    Session(u32),
    /// To something that is not known here.
    Elsewhere,
}

/// The newest message of the chat that somebody may answer. Progress and notices of ours are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Newest {
    Nothing,
    /// The card of this request, and when it had arrived.
    Request(u32, Timestamp),
    /// The model's own words: a yes may be an answer to them.
    Model,
    /// A list of conversations, of which a number means one.
    Conversations,
    /// A card that asks something else.
    Other,
}

/// A request that waits and belongs to the chat.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    pub approval: &'a Approval,
    /// Its card has arrived, and everything on it was let through.
    pub shown: bool,
}

impl Waiting<'_> {
    fn id(&self) -> u32 {
        self.approval.id.0
    }

    fn questions(&self) -> Option<&[Question]> {
        if let Ask::Questions(questions) = &self.approval.ask { Some(questions) } else { None }
    }
}

/// What stood before the eyes of whoever wrote a message, and when that was.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub reply_to: ReplyTo,
    pub waiting: &'a [Waiting<'a>],
    pub newest: Newest,
    pub at: Option<Timestamp>,
}

/// What is to be done about a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// An answer, which names its request; a command; or text for a session.
    Wish(Wish),
    /// Nothing, and that is told.
    Hint(Hint),
}

/// What was written so much earlier than a request was asked cannot mean it; clocks differ by less.
const BEFORE_MS: u64 = 5_000;

/// What a message means.
pub fn read(text: &str, scene: &Scene<'_>, language: Language) -> Meaning {
    match commands::read(text, language) {
        Wish::Prompt(text) if !text.starts_with(['/', '／']) => said(text, scene, language),
        Wish::Approve(Some(id)) if scene.is_before(id) => Meaning::Hint(Hint::Before(id)),
        Wish::Approve(None) => scene.target().map_or_else(Meaning::Hint, |target| scene.allowed(target, language)),
        Wish::Deny { request, reason } => denied(request, reason, scene),
        Wish::Answer { request, text } => Meaning::Wish(Wish::Answer { request, text }),
        wish => Meaning::Wish(for_session(wish, scene.reply_to)),
    }
}

/// Text that is no command of ours.
fn said(text: String, scene: &Scene<'_>, language: Language) -> Meaning {
    let word = word(&text);
    let prompt = |text| Meaning::Wish(for_session(Wish::Prompt(text), scene.reply_to));
    if text.is_empty() {
        return prompt(text);
    }
    match scene.reply_to {
        ReplyTo::Request(id) => match scene.find(id) {
            Some(waiting) => replied(waiting, text, word, scene, language),
            None => match word {
                Some(Word::Yes | Word::No) => Meaning::Hint(Hint::Ended(Some(id))),
                Some(Word::Weak | Word::Numbers) if !scene.waiting.is_empty() => scene.uncertain(),
                _ => prompt(text),
            },
        },
        ReplyTo::Session(_) | ReplyTo::Elsewhere => match word {
            Some(_) if !scene.waiting.is_empty() => scene.uncertain(),
            _ => prompt(text),
        },
        ReplyTo::Nothing => alone(text, word, scene, language),
    }
}

/// A reply to the card of a request that waits.
fn replied(waiting: &Waiting<'_>, text: String, word: Option<Word>, scene: &Scene<'_>, language: Language) -> Meaning {
    let request = waiting.id();
    match (&waiting.approval.ask, word) {
        (Ask::Questions(questions), _) => answered(request, questions, text, language),
        (_, Some(Word::Yes)) => scene.allowed(waiting, language),
        (_, Some(Word::No)) => Meaning::Wish(Wish::Deny { request: Some(request), reason: None }),
        (_, Some(Word::Weak | Word::Numbers)) => Meaning::Hint(Hint::Weak(vec![request])),
        (Ask::Elicitation(_), None) => Meaning::Hint(Hint::Form(request)),
        (Ask::Trust(_), None) => Meaning::Hint(Hint::WantsALook { id: request, by_number: false }),
        // What should be different about a plan is an answer to it.
        (Ask::Plan(_), None) => Meaning::Wish(Wish::Deny { request: Some(request), reason: Some(text) }),
        (Ask::Tool, None) => Meaning::Hint(Hint::Reason(request)),
    }
}

/// A message that replies to nothing.
fn alone(text: String, word: Option<Word>, scene: &Scene<'_>, language: Language) -> Meaning {
    // What an option is called is meant before anything else it could say.
    let questions = || scene.waiting.iter().filter_map(|waiting| Some((waiting, waiting.questions()?)));
    if let Some((waiting, asked)) = questions().find(|(_, asked)| approvals::are_options(asked, &text)) {
        let is_the_one = questions().count() == 1 && scene.is_newest(waiting);
        return if is_the_one { answered(waiting.id(), asked, text, language) } else { scene.uncertain() };
    }
    match word {
        None => Meaning::Wish(Wish::Prompt(text)),
        Some(Word::Yes | Word::No) if scene.waiting.is_empty() => match scene.newest {
            Newest::Model => Meaning::Wish(Wish::Prompt(text)),
            Newest::Request(id, _) => Meaning::Hint(Hint::Ended(Some(id))),
            Newest::Conversations | Newest::Other | Newest::Nothing => Meaning::Hint(Hint::Ended(None)),
        },
        Some(Word::Numbers) if scene.waiting.is_empty() && scene.newest == Newest::Conversations => {
            let nth = fold::number(text.trim_end_matches(['。', '.', '!', '！']));
            nth.map_or(Meaning::Wish(Wish::Prompt(text)), |nth| {
                Meaning::Wish(Wish::Resume { which: Some(Conversation::Nth(nth)), prompt: None })
            })
        }
        Some(_) if scene.waiting.is_empty() => Meaning::Wish(Wish::Prompt(text)),
        Some(Word::Yes) => scene.only().map_or_else(Meaning::Hint, |waiting| scene.allowed(waiting, language)),
        Some(Word::No) => match scene.only() {
            // It may be the answer.
            Ok(waiting) if waiting.questions().is_some() => scene.uncertain(),
            Ok(waiting) => Meaning::Wish(Wish::Deny { request: Some(waiting.id()), reason: None }),
            Err(hint) => Meaning::Hint(hint),
        },
        Some(Word::Numbers) => match questions().next() {
            // Numbers in a form that names no option are no words of one's own either.
            Some((waiting, asked)) if scene.waiting.len() == 1 && scene.is_newest(waiting) => {
                match answered(waiting.id(), asked, text.clone(), language) {
                    Meaning::Wish(_) if !approvals::are_choices(asked, &text) => scene.uncertain(),
                    meaning => meaning,
                }
            }
            _ => scene.uncertain(),
        },
        Some(Word::Weak) => scene.uncertain(),
    }
}

fn answered(request: u32, questions: &[Question], text: String, language: Language) -> Meaning {
    match approvals::answers_in_words(questions, &text, language) {
        Ok(_) => Meaning::Wish(Wish::Answer { request, text }),
        Err(why) => Meaning::Hint(Hint::NoAnswer(request, why)),
    }
}

/// `/deny`, which denies what it names; or, where it names nothing, what a word alone would.
fn denied(request: Option<u32>, reason: Option<String>, scene: &Scene<'_>) -> Meaning {
    let target = match request {
        Some(id) => id,
        None => match scene.target() {
            Ok(waiting) => waiting.id(),
            Err(hint) => return Meaning::Hint(hint),
        },
    };
    let named = reason.as_deref().map(commands::requests_in).unwrap_or_default();
    let other = named.into_iter().find(|id| *id != target && request.is_none());
    match other {
        Some(other) => Meaning::Hint(Hint::Names(target, other)),
        None => Meaning::Wish(Wish::Deny { request: Some(target), reason }),
    }
}

/// A reply goes to the session that the message is of.
fn for_session(wish: Wish, reply_to: ReplyTo) -> Wish {
    let ReplyTo::Session(session) = reply_to else { return wish };
    match wish {
        Wish::Prompt(text) => Wish::PromptTo(session, text),
        Wish::Progress(None) => Wish::Progress(Some(session)),
        Wish::Tail(None) => Wish::Tail(Some(session)),
        Wish::Stop(None) => Wish::Stop(Some(session)),
        Wish::Close(None) => Wish::Close(Some(session)),
        Wish::Queue(None) => Wish::Queue(Some(session)),
        Wish::Fork { session: None, prompt } => Wish::Fork { session: Some(session), prompt },
        Wish::Worktree(None) => Wish::Worktree(Some(session)),
        wish => wish,
    }
}

impl<'a> Scene<'a> {
    fn find(&self, id: u32) -> Option<&'a Waiting<'a>> {
        self.waiting.iter().find(|waiting| waiting.id() == id)
    }

    /// The request that a command without a number means.
    fn target(&self) -> Result<&'a Waiting<'a>, Hint> {
        match self.reply_to {
            ReplyTo::Request(id) => self.find(id).ok_or(Hint::Ended(Some(id))),
            ReplyTo::Nothing => self.only(),
            // It is about something else.
            ReplyTo::Session(_) | ReplyTo::Elsewhere if self.waiting.is_empty() => Err(Hint::Ended(None)),
            ReplyTo::Session(_) | ReplyTo::Elsewhere => Err(Hint::Unsure(self.ids())),
        }
    }

    /// The request that a word alone means: the only one that waits, if it is what was seen last.
    fn only(&self) -> Result<&'a Waiting<'a>, Hint> {
        match self.waiting {
            [] => Err(Hint::Ended(None)),
            [one] if self.is_newest(one) => Ok(one),
            _ => Err(Hint::Unsure(self.ids())),
        }
    }

    /// Whether its card had arrived before the message was written, and nothing that could be meant came after it.
    fn is_newest(&self, waiting: &Waiting<'_>) -> bool {
        let Newest::Request(id, sent) = self.newest else { return false };
        id == waiting.id() && waiting.shown && self.at.is_some_and(|at| at >= sent)
    }

    fn is_before(&self, id: u32) -> bool {
        let asked = self.find(id).map(|waiting| waiting.approval.asked);
        asked.zip(self.at).is_some_and(|(asked, at)| asked.millis_since(at) > BEFORE_MS)
    }

    /// Allows a request by a word that does not name it.
    fn allowed(&self, waiting: &Waiting<'_>, language: Language) -> Meaning {
        let id = waiting.id();
        let hint = match &waiting.approval.ask {
            _ if !waiting.shown => Some(Hint::NotShown(id)),
            _ if self.is_before(id) => Some(Hint::Before(id)),
            Ask::Questions(questions) => {
                Some(Hint::Question(id, approvals::usage(waiting.approval.id, questions, language)))
            }
            Ask::Elicitation(_) => Some(Hint::Form(id)),
            Ask::Trust(_) => Some(Hint::WantsALook { id, by_number: false }),
            Ask::Tool | Ask::Plan(_) if waiting.approval.wants_a_look() => {
                Some(Hint::WantsALook { id, by_number: !waiting.approval.binding.default_to_no })
            }
            Ask::Tool | Ask::Plan(_) => None,
        };
        hint.map_or(Meaning::Wish(Wish::Approve(Some(id))), Meaning::Hint)
    }

    /// It may be an answer, and nothing is done.
    fn uncertain(&self) -> Meaning {
        match self.waiting {
            [one] if one.questions().is_some() => Meaning::Hint(Hint::AskedHere(one.id())),
            _ => Meaning::Hint(Hint::Weak(self.ids())),
        }
    }

    fn ids(&self) -> Vec<u32> {
        self.waiting.iter().map(Waiting::id).collect()
    }
}

#[cfg(test)]
mod tests;
