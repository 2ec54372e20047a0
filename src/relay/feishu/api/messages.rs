//! Messages: sent, answered, changed.

use reqwest::Method;
use serde_json::Value;
use serde_json::json;

use super::Api;
use super::Fault;
use super::Key;
use super::message_path;

/// The longest text, as JSON.
pub const MAX_TEXT: usize = 150_000;
/// The longest card or rich text, as JSON. Feishu counts some of it more than once, so stay well below.
pub const MAX_CARD: usize = 30_000;
/// The longest uuid.
const MAX_UUID: usize = 50;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Chat(String),
    /// The direct chat with a person; it is made when there is none.
    Person(String),
}

impl Target {
    fn id(&self) -> &str {
        match self {
            Self::Chat(id) | Self::Person(id) => id,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Chat(_) => "chat_id",
            Self::Person(_) => "open_id",
        }
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// Plain text. Whoever writes it takes out `<at …>`, which would ring people.
    Text(String),
    /// Rich text in Markdown, with a title that may be empty.
    Markdown {
        title: String,
        text: String,
    },
    Card(Value),
    /// Keys of what was uploaded.
    Image(String),
    File(String),
}

impl Outgoing {
    fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Markdown { .. } => "post",
            Self::Card(_) => "interactive",
            Self::Image(_) => "image",
            Self::File(_) => "file",
        }
    }

    /// The content as Feishu takes it: a text that holds JSON.
    fn content(&self) -> Result<String, Fault> {
        let (content, most) = match self {
            Self::Text(text) => (json!({ "text": text }).to_string(), MAX_TEXT),
            Self::Markdown { title, text } => {
                let post = json!({ "title": title, "content": [[{ "tag": "md", "text": text }]] });
                (json!({ "zh_cn": post }).to_string(), MAX_CARD)
            }
            Self::Card(card) => (card.to_string(), MAX_CARD),
            Self::Image(key) => (json!({ "image_key": key }).to_string(), MAX_TEXT),
            Self::File(key) => (json!({ "file_key": key }).to_string(), MAX_TEXT),
        };
        match content.len() {
            n_bytes if n_bytes > most => Err(Fault::TooBig(format!("{n_bytes} bytes, and {most} are the most"))),
            _ => Ok(content),
        }
    }
}

/// A message that Feishu has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub message_id: String,
    pub chat_id: String,
}

impl Sent {
    fn read(answer: &Value) -> Result<Self, Fault> {
        let text = |name: &str| answer["data"][name].as_str().unwrap_or_default().to_owned();
        let sent = Self { message_id: text("message_id"), chat_id: text("chat_id") };
        if sent.message_id.is_empty() {
            return Err(Fault::Transport("an answer without a message id came back".to_owned()));
        }
        Ok(sent)
    }
}

impl Api {
    /// Sends a message. The uuid (at most 50 characters) is the same however often this message is tried:
    /// Feishu sends it once within an hour.
    pub async fn send(&self, to: &Target, what: &Outgoing, uuid: &str) -> Result<Sent, Fault> {
        let path = format!("/open-apis/im/v1/messages?receive_id_type={}", to.kind());
        let body = json!({ "receive_id": to.id(), "msg_type": what.kind(), "content": what.content()?, "uuid": checked(uuid)? });
        let key = Key::Chat(to.id().to_owned());
        Sent::read(&self.post(Method::POST, &path, Some(&key), &body).await?)
    }

    /// Answers a message; `chat_id` is where it stands, for the pace.
    pub async fn reply(&self, to: &str, chat_id: &str, what: &Outgoing, uuid: &str) -> Result<Sent, Fault> {
        let path = message_path(to, "/reply")?;
        let body = json!({ "msg_type": what.kind(), "content": what.content()?, "reply_in_thread": false, "uuid": checked(uuid)? });
        let key = Key::Chat(chat_id.to_owned());
        Sent::read(&self.post(Method::POST, &path, Some(&key), &body).await?)
    }

    /// Makes the card of an earlier message another one. Rings nobody's phone; possible for 14 days.
    pub async fn patch_card(&self, message_id: &str, card: &Value) -> Result<(), Fault> {
        let path = message_path(message_id, "")?;
        let body = json!({ "content": Outgoing::Card(card.clone()).content()? });
        let key = Key::Message(message_id.to_owned());
        self.post(Method::PATCH, &path, Some(&key), &body).await.map(|_| ())
    }

    /// Changes an earlier text; about twenty times at most.
    pub async fn edit(&self, message_id: &str, what: &Outgoing) -> Result<(), Fault> {
        let path = message_path(message_id, "")?;
        let body = json!({ "msg_type": what.kind(), "content": what.content()? });
        let key = Key::Message(message_id.to_owned());
        self.post(Method::PUT, &path, Some(&key), &body).await.map(|_| ())
    }
}

fn checked(uuid: &str) -> Result<&str, Fault> {
    if uuid.is_empty() || uuid.len() > MAX_UUID {
        return Err(Fault::Format(format!("a uuid has 1 to {MAX_UUID} characters")));
    }
    Ok(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_a_text_that_holds_json() {
        let text = Outgoing::Text("a \"b\"".into());
        assert_eq!((text.kind(), text.content().unwrap().as_str()), ("text", r#"{"text":"a \"b\""}"#));
        let post = Outgoing::Markdown { title: "t".into(), text: "**x**".into() }.content().unwrap();
        assert_eq!(post, r#"{"zh_cn":{"title":"t","content":[[{"tag":"md","text":"**x**"}]]}}"#);
    }

    #[test]
    fn what_is_too_long_is_not_sent_at_all() {
        assert!(Outgoing::Text("x".repeat(MAX_TEXT - 11)).content().is_ok());
        assert!(matches!(Outgoing::Text("x".repeat(MAX_TEXT)).content(), Err(Fault::TooBig(_))));
        assert!(matches!(Outgoing::Card(json!("x".repeat(MAX_CARD))).content(), Err(Fault::TooBig(_))));
    }

    #[test]
    fn ids_cannot_lead_to_another_call() {
        for bad in ["", "../x", "a/b", "om_1?x", "om_1#", "om 1", "%2e%2e", "..", "om_\u{0}"] {
            assert!(message_path(bad, "/reply").is_err(), "{bad}");
        }
        assert_eq!(message_path("om_1-A", "/reply").unwrap(), "/open-apis/im/v1/messages/om_1-A/reply");
        assert!(checked("").is_err() && checked(&"x".repeat(51)).is_err() && checked(&"x".repeat(50)).is_ok());
    }
}
