//! What a push says.
//!
//! **For:** typed events out of Feishu's JSON, read leniently: what is absent is empty, what is unknown is
//! ignored. **Not for:** whether the sender may say it: the tenants and ids are handed on for that.
//!
//! Invariants: pure; no content makes it fail in another way than [`Reading::Ignored`]; an event of another
//! app, or without what its answer needs, is never handed on; the token of a card shows in no `Debug`.

use serde_json::Map;
use serde_json::Value;

use super::secret::SecretString;
use crate::core::ids::Timestamp;

/// What people write, by its kind.
pub mod content;

pub use content::Content;

/// A push that somebody must act on.
#[derive(Debug, Clone)]
pub enum Event {
    Message(Message),
    Press(Press),
    ChatEntered(ChatEntered),
    Recalled(Recalled),
    Menu(Menu),
}

/// What every push carries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The same when it is pushed again; of messages trust the message's id more.
    pub event_id: String,
    pub event_type: String,
    /// The organisation that the push is for.
    pub tenant: String,
    pub created: Option<Timestamp>,
}

/// A person, as this app sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub open_id: String,
    pub union_id: String,
    pub user_id: String,
    /// Their own organisation: another than the envelope's for guests. Empty where Feishu does not tell.
    pub tenant: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chat {
    Direct,
    /// A group, or anything else that more than one person may see.
    Group,
}

/// A text, picture or file that a person sent.
#[derive(Debug, Clone)]
pub struct Message {
    pub envelope: Envelope,
    pub sender: Person,
    pub message_id: String,
    /// The message that the thread of answers began with, and the one that is answered.
    pub root_id: Option<String>,
    pub parent_id: Option<String>,
    pub thread_id: Option<String>,
    pub chat_id: String,
    pub chat: Chat,
    /// When it was written, which may be hours ago.
    pub created: Option<Timestamp>,
    pub content: Content,
    pub mentions: Vec<Mention>,
}

/// Somebody named in a message by a placeholder such as `@_user_1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mention {
    pub key: String,
    pub open_id: String,
    pub name: String,
    pub tenant: String,
}

impl Message {
    /// Whether the person or bot of this id is mentioned. `@all` mentions nobody in particular.
    pub fn mentions(&self, open_id: &str) -> bool {
        !open_id.is_empty() && self.mentions.iter().any(|mention| mention.open_id == open_id)
    }

    /// The text with names for placeholders, and without the mention of the bot itself.
    pub fn text_for(&self, bot: &str) -> Option<String> {
        let text = self.content.text()?;
        let mut mentions: Vec<&Mention> = self.mentions.iter().filter(|mention| !mention.key.is_empty()).collect();
        // @_user_1 is the beginning of @_user_10.
        mentions.sort_by_key(|mention| std::cmp::Reverse(mention.key.len()));
        let mut named = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('@') {
            named.push_str(&rest[..at]);
            rest = &rest[at..];
            match mentions.iter().find(|mention| rest.starts_with(&mention.key)) {
                Some(mention) => {
                    rest = &rest[mention.key.len()..];
                    if bot.is_empty() || mention.open_id != bot {
                        named.push('@');
                        named.push_str(&mention.name);
                    }
                }
                None => {
                    named.push('@');
                    rest = &rest[1..];
                }
            }
        }
        named.push_str(rest);
        Some(named.trim().to_owned())
    }
}

/// Somebody pressed a button of a card, or sent its form.
#[derive(Debug, Clone)]
pub struct Press {
    pub envelope: Envelope,
    pub operator: Person,
    /// The card that was pressed.
    pub message_id: String,
    pub chat_id: String,
    /// For a later change of the card; a credential.
    pub token: SecretString,
    /// What the button carries, as it was sent: an object for ours.
    pub value: Value,
    pub tag: String,
    pub name: String,
    /// The fields of a form.
    pub form: Map<String, Value>,
    pub input: Option<String>,
    pub option: Option<String>,
    pub options: Vec<String>,
    pub checked: Option<bool>,
}

/// Somebody opened the direct chat with the bot.
#[derive(Debug, Clone)]
pub struct ChatEntered {
    pub envelope: Envelope,
    pub chat_id: String,
    pub operator: Person,
}

/// A message was taken back.
#[derive(Debug, Clone)]
pub struct Recalled {
    pub envelope: Envelope,
    pub message_id: String,
    pub chat_id: String,
}

/// Somebody chose from the bot's menu. Feishu does not tell where.
#[derive(Debug, Clone)]
pub struct Menu {
    pub envelope: Envelope,
    pub operator: Person,
    pub key: String,
}

/// What a payload turned out to be.
#[derive(Debug)]
pub enum Reading {
    Event(Box<Event>),
    /// Nothing for us; whether it waits for data as the answer, and why.
    Ignored {
        is_callback: bool,
        why: String,
    },
}

/// Reads a payload that is meant for `app_id`.
pub fn read(payload: &[u8], app_id: &str) -> Reading {
    let Ok(value) = serde_json::from_slice::<Value>(payload) else {
        // It may have been a press, and those need data.
        return Reading::Ignored { is_callback: true, why: "it is no JSON".to_owned() };
    };
    let header = &value["header"];
    let event_type = text(&header["event_type"]);
    let is_callback = event_type.starts_with("card.") || event_type.starts_with("url.");
    let ignored = |why: String| Reading::Ignored { is_callback, why };
    if event_type.is_empty() {
        return ignored("it has no event type".to_owned());
    }
    if text(&header["app_id"]) != app_id {
        return ignored(format!("{} is for another app", shown(&event_type)));
    }
    let envelope = Envelope {
        event_id: text(&header["event_id"]),
        tenant: text(&header["tenant_key"]),
        created: time(&header["create_time"]),
        event_type,
    };
    let kind = envelope.event_type.clone();
    match typed(envelope, &value["event"]) {
        Ok(Some(event)) => Reading::Event(Box::new(event)),
        Ok(None) => ignored(format!("{} is nothing we act on", shown(&kind))),
        Err(missing) => ignored(format!("{} has no {missing}", shown(&kind))),
    }
}

/// The event, none for a type that is not known, or what is missing in it.
fn typed(envelope: Envelope, event: &Value) -> Result<Option<Event>, &'static str> {
    match envelope.event_type.as_str() {
        "im.message.receive_v1" => message(envelope, event),
        "card.action.trigger" => press(envelope, event).map(|press| Some(Event::Press(press))),
        "im.chat.access_event.bot_p2p_chat_entered_v1" => Ok(Some(Event::ChatEntered(ChatEntered {
            envelope,
            chat_id: needed(&event["chat_id"], "chat")?,
            operator: person(&event["operator_id"], &event["operator_id"])?,
        }))),
        "im.message.recalled_v1" => Ok(Some(Event::Recalled(Recalled {
            envelope,
            message_id: needed(&event["message_id"], "message id")?,
            chat_id: text(&event["chat_id"]),
        }))),
        "application.bot.menu_v6" => Ok(Some(Event::Menu(Menu {
            envelope,
            operator: person(&event["operator"]["operator_id"], &event["operator"])?,
            key: text(&event["event_key"]),
        }))),
        _ => Ok(None),
    }
}

/// A message of a person; those of bots and of Feishu itself are none.
fn message(envelope: Envelope, event: &Value) -> Result<Option<Event>, &'static str> {
    if event["sender"]["sender_type"] != "user" {
        return Ok(None);
    }
    let message = &event["message"];
    let mentions = message["mentions"].as_array().into_iter().flatten().map(mention).collect();
    Ok(Some(Event::Message(Message {
        envelope,
        sender: person(&event["sender"]["sender_id"], &event["sender"])?,
        message_id: needed(&message["message_id"], "message id")?,
        root_id: some(&message["root_id"]),
        parent_id: some(&message["parent_id"]),
        thread_id: some(&message["thread_id"]),
        chat_id: needed(&message["chat_id"], "chat")?,
        chat: if message["chat_type"] == "p2p" { Chat::Direct } else { Chat::Group },
        created: time(&message["create_time"]),
        content: Content::read(&text(&message["message_type"]), &message["content"]),
        mentions,
    })))
}

fn mention(value: &Value) -> Mention {
    // The id is an object in messages that are pushed, a text in messages that are asked for.
    let id = &value["id"];
    Mention {
        key: text(&value["key"]),
        open_id: id.as_str().map_or_else(|| text(&id["open_id"]), str::to_owned),
        name: text(&value["name"]),
        tenant: text(&value["tenant_key"]),
    }
}

fn press(envelope: Envelope, event: &Value) -> Result<Press, &'static str> {
    let (action, context) = (&event["action"], &event["context"]);
    let value = match &action["value"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
        other => other.clone(),
    };
    let options = action["options"].as_array().into_iter().flatten().map(text).collect();
    Ok(Press {
        envelope,
        operator: person(&event["operator"], &event["operator"])?,
        message_id: needed(&context["open_message_id"], "message id")?,
        chat_id: text(&context["open_chat_id"]),
        token: SecretString::from(text(&event["token"])),
        value,
        tag: text(&action["tag"]),
        name: text(&action["name"]),
        form: action["form_value"].as_object().cloned().unwrap_or_default(),
        input: some(&action["input_value"]),
        option: some(&action["option"]),
        options,
        checked: action["checked"].as_bool(),
    })
}

/// Somebody whose ids stand in one place and whose tenant stands in another.
fn person(ids: &Value, around: &Value) -> Result<Person, &'static str> {
    Ok(Person {
        open_id: needed(&ids["open_id"], "open_id of who did it")?,
        union_id: text(&ids["union_id"]),
        user_id: text(&ids["user_id"]),
        tenant: text(&around["tenant_key"]),
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn some(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn needed(value: &Value, what: &'static str) -> Result<String, &'static str> {
    some(value).ok_or(what)
}

/// A time in seconds, milliseconds or microseconds, as a number or a text: Feishu writes all of them.
fn time(value: &Value) -> Option<Timestamp> {
    let number = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())?;
    match number {
        ..=0 => None,
        1..100_000_000_000 => Some(Timestamp(number * 1000)),
        100_000_000_000..100_000_000_000_000 => Some(Timestamp(number)),
        _ => Some(Timestamp(number / 1000)),
    }
}

/// A type's name as a log may have it.
fn shown(event_type: &str) -> String {
    event_type.chars().filter(|c| c.is_ascii_graphic()).take(80).collect()
}

#[cfg(test)]
mod tests;
