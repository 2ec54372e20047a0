//! Sending, from cards down to plain text.
//!
//! A card that is too large is sent smaller; one that is not taken is sent as text, in parts where it is long. Each
//! of these is a message of its own to Feishu, with a uuid of its own, which is the same for every try.

use std::fmt::Write as _;

use sha2::Digest as _;
use sha2::Sha256;
use tokio_util::bytes::Bytes;

use super::Feishu;
use super::files;
use crate::core::image;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::feishu::api::Outgoing;
use crate::relay::feishu::api::Target;
use crate::relay::feishu::fault::Fault;
use crate::relay::feishu::render;
use crate::relay::feishu::render::text;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Parcel;

/// Bytes of the hash that are a uuid's; as text twice as many, and 50 are the most.
const UUID_BYTES: usize = 20;

impl Feishu {
    pub(super) async fn send_parcel(&self, chat: &ChatId, what: &Parcel, key: &str) -> Result<MessageId, Fault> {
        match what {
            Parcel::Text(text) => self.text(chat, text, key).await,
            Parcel::Card(card) => self.card(chat, card, key).await,
            Parcel::File { path, name } => {
                let read = files::read(path, name, self.language).await;
                self.file(chat, (name, read), key).await
            }
            Parcel::TextFile { name, text } => {
                let read = files::checked(text.clone().into_bytes(), name, self.language);
                self.file(chat, (name, read), key).await
            }
        }
    }

    async fn post(&self, chat: &ChatId, what: &Outgoing, uuid: &str) -> Result<MessageId, Fault> {
        let sent = self.api.send(&target(chat), what, uuid).await?;
        Ok(MessageId(sent.message_id))
    }

    /// In parts where it is long; gives the first.
    async fn text(&self, chat: &ChatId, text: &str, key: &str) -> Result<MessageId, Fault> {
        let mut first = None;
        for (nth, part) in text::messages(text).into_iter().enumerate() {
            let sent = self.post(chat, &Outgoing::Text(part), &uuid(key, &format!("text {nth}"))).await?;
            first.get_or_insert(sent);
        }
        first.ok_or_else(|| Fault::Format("there is no text to send".to_owned()))
    }

    async fn card(&self, chat: &ChatId, card: &Card, key: &str) -> Result<MessageId, Fault> {
        let whole = render::card(card, self.language);
        let mut sent = self.post(chat, &Outgoing::Card(whole.json), &uuid(key, "card")).await;
        if let Err(Fault::TooBig(_)) = sent {
            let smaller = render::within(card, self.language, render::SMALLER);
            sent = self.post(chat, &Outgoing::Card(smaller.json), &uuid(key, "smaller card")).await;
        }
        match sent {
            Err(fault @ (Fault::TooBig(_) | Fault::Format(_) | Fault::Other { .. })) => {
                tracing::warn!(%fault, "a card was not taken, and goes as text");
                self.text(chat, &card.plain(), key).await
            }
            sent => sent,
        }
    }

    /// A picture where it is one, else a file, or the sentence that says why it is none.
    async fn file(
        &self,
        chat: &ChatId,
        (name, read): (&str, Result<Vec<u8>, String>),
        key: &str,
    ) -> Result<MessageId, Fault> {
        match read {
            Ok(bytes) => {
                let bytes = Bytes::from(bytes);
                if image::recognise(&bytes).is_some() {
                    match self.picture(chat, bytes.clone(), key).await {
                        Err(fault @ (Fault::TooBig(_) | Fault::Format(_) | Fault::Other { .. })) => {
                            tracing::warn!(%fault, "a picture was not taken, and goes as a file");
                        }
                        sent => return sent,
                    }
                }
                let name = files::name(name).unwrap_or_else(|| "file".to_owned());
                let file = self.api.upload_file(&name, bytes).await?;
                self.post(chat, &Outgoing::File(file), &uuid(key, "file")).await
            }
            Err(why) => self.text(chat, &why, key).await,
        }
    }

    async fn picture(&self, chat: &ChatId, bytes: Bytes, key: &str) -> Result<MessageId, Fault> {
        let picture = self.api.upload_image(bytes).await?;
        self.post(chat, &Outgoing::Image(picture), &uuid(key, "picture")).await
    }

    /// Makes a card that was sent into this one.
    pub(super) async fn change(&self, message: &MessageId, card: &Card) -> Result<(), Fault> {
        let patch = async |json| self.api.patch_card(&message.0, &json).await;
        match patch(render::card(card, self.language).json).await {
            Err(Fault::TooBig(_)) => patch(render::within(card, self.language, render::SMALLER).json).await,
            // What became of it must show, or it looks as if it could still be pressed.
            Err(Fault::Withheld) => patch(render::card(&self.withheld(card), self.language).json).await,
            done => done,
        }
    }

    /// The card without its content.
    fn withheld(&self, card: &Card) -> Card {
        let text = self.language.pick(
            "The content is withheld by a filter of your organisation; see the terminal.",
            "内容被贵组织的过滤规则拦截，请查看终端。",
        );
        Card { title: "adjutant".to_owned(), blocks: vec![Block::Text(text.to_owned())], ..card.clone() }
    }
}

/// A person's id stands for the direct chat with them.
fn target(chat: &ChatId) -> Target {
    if chat.0.starts_with("ou_") { Target::Person(chat.0.clone()) } else { Target::Chat(chat.0.clone()) }
}

/// Of the key and of what is sent under it: at most 50 characters, whatever they are.
fn uuid(key: &str, what: &str) -> String {
    let hash = Sha256::new().chain_update(key).chain_update([0]).chain_update(what).finalize();
    hash.iter().take(UUID_BYTES).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_short_and_the_same_for_the_same_thing_only() {
        let long = "k".repeat(500);
        assert_eq!(uuid(&long, "card").len(), 40);
        assert_eq!(uuid("a", "card"), uuid("a", "card"));
        assert_ne!(uuid("a", "card"), uuid("a", "text 0"));
        assert_ne!(uuid("a", "text 1"), uuid("a", "text 11"));
        assert_ne!(uuid("ab", "c"), uuid("a", "bc"));
    }
}
