//! Prompts and the queue of those not sent yet.

use std::borrow::Cow;

use serde::Deserialize;
use serde::Serialize;

use super::ids::ApprovalId;
use super::ids::PromptId;
use super::image::ImageRef;

/// Who asked for something or answered something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Surface {
    /// A person at the keyboard.
    Terminal,
    /// A person on their phone; the text is how the messenger knows them.
    Phone(String),
    /// A script: `adjutant run` or another verb.
    Headless,
    /// A policy rule of the configuration; the text names it.
    Policy(String),
    /// The engine itself: a deadline, a session that ended.
    Engine,
}

impl Surface {
    /// Whether a person sits behind it, who has read what they answer.
    pub fn is_person(&self) -> bool {
        matches!(self, Self::Terminal | Self::Phone(_))
    }

    /// Who it was, in words that fit after "by".
    pub fn describe(&self) -> String {
        match self {
            Self::Terminal => "you".into(),
            Self::Phone(who) => format!("{} on the phone", short(who)),
            Self::Headless => "a script".into(),
            Self::Policy(rule) if rule.starts_with("grant ") => rule.clone(),
            Self::Policy(rule) => format!("rule {rule}"),
            Self::Engine => "adjutant".into(),
        }
    }
}

/// An id that a person can take in: what they are called is not known here, and the audit log has the whole.
fn short(id: &str) -> Cow<'_, str> {
    const ENDS: (usize, usize) = (6, 4);
    let n = id.chars().count();
    if n <= 16 {
        return id.into();
    }
    let (head, tail): (String, String) = (id.chars().take(ENDS.0).collect(), id.chars().skip(n - ENDS.1).collect());
    format!("{head}..{tail}").into()
}

/// What brought a prompt about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PromptOrigin {
    Surface(Surface),
    /// The comment that came with an "allow": the protocol has no place for one, so it follows as a message.
    Comment(ApprovalId),
    /// The model itself: it had scheduled this turn.
    Scheduled,
}

/// A message to the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    pub id: PromptId,
    pub text: String,
    pub origin: PromptOrigin,
    /// What is to be seen with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageRef>,
}

impl Prompt {
    pub fn new(id: PromptId, text: impl Into<String>, origin: PromptOrigin) -> Self {
        Self { id, text: text.into(), origin, images: Vec::new() }
    }

    /// The text, and each image in so many words.
    pub fn shown(&self) -> String {
        let images = self.images.iter().map(ImageRef::describe);
        let parts = [self.text.clone()].into_iter().filter(|text| !text.is_empty()).chain(images);
        parts.collect::<Vec<_>>().join("\n")
    }
}

/// What sending does while a turn runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendHow {
    /// Wait for the turn to end; the default.
    Queue,
    /// Interrupt the turn, wait for it to settle, then send this before the rest of the queue.
    InterruptFirst,
}

/// Which way a queued prompt moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MoveWay {
    Up,
    Down,
}

/// The prompts of a session that wait for their turn, first out first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Queue {
    prompts: Vec<Prompt>,
}

impl Queue {
    pub fn iter(&self) -> std::slice::Iter<'_, Prompt> {
        self.prompts.iter()
    }

    pub fn len(&self) -> usize {
        self.prompts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.prompts.is_empty()
    }

    pub fn push(&mut self, prompt: Prompt) {
        self.prompts.push(prompt);
    }

    /// Puts a prompt before all others, for interrupt-and-send.
    pub fn push_front(&mut self, prompt: Prompt) {
        self.prompts.insert(0, prompt);
    }

    pub fn pop(&mut self) -> Option<Prompt> {
        (!self.prompts.is_empty()).then(|| self.prompts.remove(0))
    }

    /// Replaces a prompt's text; `false` when it was sent meanwhile.
    pub fn edit(&mut self, id: &PromptId, text: String) -> bool {
        let found = self.prompts.iter_mut().find(|prompt| prompt.id == *id);
        found.map(|prompt| prompt.text = text).is_some()
    }

    /// Takes a prompt out; `None` when it was sent meanwhile.
    pub fn take(&mut self, id: &PromptId) -> Option<Prompt> {
        let place = self.prompts.iter().position(|prompt| prompt.id == *id)?;
        Some(self.prompts.remove(place))
    }

    /// Swaps a prompt with its neighbour; `false` at the end or when it was sent meanwhile.
    pub fn shift(&mut self, id: &PromptId, way: MoveWay) -> bool {
        let Some(place) = self.prompts.iter().position(|prompt| prompt.id == *id) else {
            return false;
        };
        let other = match way {
            MoveWay::Up => place.checked_sub(1),
            MoveWay::Down => Some(place + 1).filter(|next| *next < self.prompts.len()),
        };
        other.map(|other| self.prompts.swap(place, other)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(names: &str) -> Queue {
        let mut queue = Queue::default();
        for name in names.split(' ') {
            queue.push(Prompt::new(name.into(), name, PromptOrigin::Surface(Surface::Terminal)));
        }
        queue
    }

    fn names(queue: &Queue) -> String {
        queue.iter().map(|prompt| prompt.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_long_id_of_a_person_is_cut_and_a_short_one_is_not() {
        let phone = |id: &str| Surface::Phone(id.into()).describe();
        assert_eq!(phone("ou_me"), "ou_me on the phone");
        assert_eq!(phone("ou_84aad35d084aa403a838cf73ee18467"), "ou_84a..8467 on the phone");
        assert_eq!(phone(&"名".repeat(17)), "名名名名名名..名名名名 on the phone");
    }

    #[test]
    fn entries_can_be_edited_moved_and_dropped() {
        let mut queue = queue("a b c");
        assert!(queue.shift(&"c".into(), MoveWay::Up));
        assert!(!queue.shift(&"a".into(), MoveWay::Up));
        assert!(!queue.shift(&"b".into(), MoveWay::Down));
        assert!(queue.edit(&"a".into(), "A".into()));
        assert!(!queue.edit(&"z".into(), "Z".into()));
        assert_eq!(names(&queue), "A c b");
        assert_eq!(queue.take(&"c".into()).map(|prompt| prompt.text), Some("c".into()));
        assert_eq!(queue.take(&"c".into()), None);
        assert_eq!(queue.pop().map(|prompt| prompt.text), Some("A".into()));
        assert_eq!(names(&queue), "b");
    }
}
