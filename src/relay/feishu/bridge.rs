//! Feishu as a messenger: its events as what happens, our parcels as its messages.
//!
//! Invariants: what Feishu says of a person or an organisation is handed on as it came; an answer is given once; a
//! card is not changed within a second after a press on it was answered, because the two would race.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::account::Account;
use super::answer::Answer;
use super::answer::Push;
use super::answer::ToastKind;
use super::api::Api;
use super::api::Outgoing;
use super::api::Resource;
use super::api::Target;
use super::connection;
use super::connection::Status;
use super::connection::Timing;
use super::event::Chat;
use super::event::Content;
use super::event::Envelope;
use super::event::Event;
use super::event::Message;
use super::event::Person;
use super::fault::Fault;
use super::render;
use crate::relay::card::Card;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Connection;
use crate::relay::messenger::Failure;
use crate::relay::messenger::Happening;
use crate::relay::messenger::Heard;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::Parcel;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;
use crate::relay::messenger::Said;
use crate::relay::messenger::TenantId;
use crate::relay::messenger::Who;
use crate::relay::words::Tongue;

/// Happenings that wait for the relay.
const HEARD_BUFFER: usize = 64;
/// A card is left alone for so long after a press on it was answered.
const AFTER_PRESS: Duration = Duration::from_millis(1_200);
/// Characters of one message; a longer text is sent in parts.
const MAX_PART: usize = 3_500;
/// The bot is asked for again after so long, when it did not tell who it is.
const BOT_AGAIN: Duration = Duration::from_secs(30);
/// What a message is marked with that was seen.
const SEEN: &str = "OnIt";

/// When cards were pressed last.
type Presses = Arc<Mutex<HashMap<String, Instant>>>;

/// The messenger.
#[derive(Debug)]
pub struct Feishu {
    api: Api,
    tongue: Tongue,
    presses: Presses,
}

/// Its ends.
#[derive(Debug)]
pub struct Started {
    pub messenger: Arc<Feishu>,
    pub heard: mpsc::Receiver<Heard>,
    pub connection: watch::Receiver<Connection>,
}

/// Connects, and stays connected until it is cancelled.
pub fn start(account: &Arc<Account>, tongue: Tongue, timing: Timing, cancel: &CancellationToken) -> Started {
    let (sender, heard) = mpsc::channel(HEARD_BUFFER);
    let (shown, connection) = watch::channel(Connection::Connecting { attempt: 1, trouble: None });
    let presses = Presses::default();
    let messenger = Arc::new(Feishu { api: Api::new(Arc::clone(account)), tongue, presses: Arc::clone(&presses) });
    let connection::Connection { mut pushes, mut status, .. } =
        connection::start(Arc::clone(account), timing, cancel.clone());
    let (bot_sender, bot) = watch::channel(String::new());
    tokio::spawn(learn_bot(Api::new(Arc::clone(account)), bot_sender, cancel.clone()));
    tokio::spawn(async move {
        loop {
            shown.send_replace(connection_of(&status.borrow_and_update()));
            if status.changed().await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some(push) = pushes.recv().await {
            let bot = bot.borrow().clone();
            let heard = heard_of(push, &bot, tongue, &presses);
            if let Some(heard) = heard
                && sender.send(heard).await.is_err()
            {
                return;
            }
        }
    });
    Started { messenger, heard, connection }
}

/// Who the bot is, to take its own name out of what is said to it.
async fn learn_bot(api: Api, bot: watch::Sender<String>, cancel: CancellationToken) {
    loop {
        match api.bot().await {
            Ok(found) => {
                bot.send_replace(found.open_id);
                return;
            }
            Err(fault) => tracing::debug!(%fault, "the bot does not tell who it is"),
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(BOT_AGAIN) => {}
        }
    }
}

fn connection_of(status: &Status) -> Connection {
    match status {
        Status::Connecting { attempt, last_error } => {
            Connection::Connecting { attempt: *attempt, trouble: last_error.clone() }
        }
        Status::Connected { since, .. } => Connection::Connected { since: *since },
        Status::Refused { why } => Connection::Refused { why: why.clone() },
    }
}

fn who(person: &Person, envelope: &Envelope) -> Who {
    Who {
        person: PersonId(person.open_id.clone()),
        tenant: TenantId(person.tenant.clone()),
        of: TenantId(envelope.tenant.clone()),
    }
}

fn heard_of(push: Push, bot: &str, tongue: Tongue, presses: &Presses) -> Option<Heard> {
    let Push { event, answer } = push;
    let what = match event {
        Event::Message(message) => Happening::Said(said(&message, bot)),
        Event::Press(press) => {
            let pressed = Pressed {
                message: MessageId(press.message_id.clone()),
                chat: ChatId(press.chat_id.clone()),
                who: who(&press.operator, &press.envelope),
                value: press.value,
                form: press.form,
            };
            let (presses, message) = (Arc::clone(presses), press.message_id);
            let reply = move |reply: Reply| {
                let mut presses = presses.lock().unwrap_or_else(PoisonError::into_inner);
                presses.retain(|_, at| at.elapsed() < AFTER_PRESS);
                presses.insert(message, Instant::now());
                drop(presses);
                answered(answer, reply, tongue);
            };
            return Some(Heard::new(Happening::Pressed(pressed), reply));
        }
        Event::ChatEntered(entered) => {
            Happening::Entered { chat: ChatId(entered.chat_id), who: who(&entered.operator, &entered.envelope) }
        }
        Event::Recalled(recalled) => {
            Happening::Recalled { chat: ChatId(recalled.chat_id), message: MessageId(recalled.message_id) }
        }
        Event::Menu(_) => {
            answer.done();
            return None;
        }
    };
    Some(Heard::new(what, move |reply| answered(answer, reply, tongue)))
}

fn answered(answer: Answer, reply: Reply, tongue: Tongue) {
    let in_time = match reply {
        Reply::Done => answer.done(),
        Reply::Failed => answer.failed(),
        Reply::Note { mood, text, card } => {
            let kind = match mood {
                Mood::Info => ToastKind::Info,
                Mood::Success => ToastKind::Success,
                Mood::Warning => ToastKind::Warning,
                Mood::Error => ToastKind::Error,
            };
            match card {
                Some(card) => answer.card(&render::card(&card, tongue).json, Some((kind, &text))),
                None => answer.toast(kind, &text),
            }
        }
    };
    if !in_time {
        tracing::warn!("an answer to Feishu came too late");
    }
}

fn said(message: &Message, bot: &str) -> Said {
    let mut said = Said {
        message: MessageId(message.message_id.clone()),
        chat: ChatId(message.chat_id.clone()),
        is_group: message.chat != Chat::Direct,
        mentions_us: message.mentions(bot),
        who: who(&message.sender, &message.envelope),
        at: message.created,
        text: message.text_for(bot).unwrap_or_default(),
        ..Said::default()
    };
    let image = |key: &String| Attachment { key: key.clone(), is_image: true, name: None };
    let file = |key: &String, name: &str| Attachment { key: key.clone(), is_image: false, name: Some(name.to_owned()) };
    match &message.content {
        Content::Text(_) => {}
        Content::Post { images, files, .. } => {
            said.attachments.extend(images.iter().map(image));
            said.attachments.extend(files.iter().map(|key| file(key, "")));
        }
        Content::Image { key } => said.attachments.push(image(key)),
        Content::File { key, name } => said.attachments.push(file(key, name)),
        Content::Video { key, name, .. } => said.attachments.push(file(key, name)),
        Content::Audio { key, .. } => said.attachments.push(file(key, "audio.opus")),
        Content::Unsupported(kind) => said.unsupported = Some(kind.clone()),
    }
    said
}

fn failure(fault: Fault) -> Failure {
    if let Some(after) = fault.again_after() {
        return Failure::Later(after);
    }
    match fault {
        Fault::TooBig(why) | Fault::Format(why) => Failure::Form(why),
        Fault::Withheld => Failure::Withheld,
        Fault::Gone(why) => Failure::Gone(why),
        fault @ (Fault::Configuration(_) | Fault::NoRight(_) | Fault::Quota) => Failure::Settings(fault.to_string()),
        fault => Failure::Form(fault.to_string()),
    }
}

/// A text in parts that are not too long, cut at lines where that can be.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while !rest.is_empty() {
            let last = parts.last_mut().map_or(0, |part| part.chars().count());
            if last + rest.chars().count() > MAX_PART && last > 0 {
                parts.push(String::new());
                continue;
            }
            let end = rest.char_indices().nth(MAX_PART).map_or(rest.len(), |(end, _)| end);
            if let Some(part) = parts.last_mut() {
                part.push_str(&rest[..end]);
            }
            rest = &rest[end..];
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

impl Feishu {
    async fn send_text(&self, chat: &Target, text: &str, key: &str) -> Result<MessageId, Failure> {
        // A mention in plain text would ring people.
        let safe = crate::tui::render::sanitize::reveal(text).text.to_string().replace("<at", "<\u{2060}at");
        let mut first = None;
        for (at, part) in parts(&safe).into_iter().enumerate() {
            let sent = self.api.send(chat, &Outgoing::Text(part), &format!("{key}{at}")).await.map_err(failure)?;
            first.get_or_insert(MessageId(sent.message_id));
        }
        first.ok_or_else(|| Failure::Form("there is nothing in it".into()))
    }

    async fn send_file(&self, chat: &Target, name: &str, bytes: Vec<u8>, key: &str) -> Result<MessageId, Failure> {
        let file = self.api.upload_file(name, bytes.into()).await.map_err(failure)?;
        let sent = self.api.send(chat, &Outgoing::File(file), key).await.map_err(failure)?;
        Ok(MessageId(sent.message_id))
    }
}

impl Messenger for Feishu {
    async fn send(&self, chat: &ChatId, what: &Parcel, key: &str) -> Result<MessageId, Failure> {
        let target = Target::Chat(chat.0.clone());
        match what {
            Parcel::Text(text) => self.send_text(&target, text, key).await,
            Parcel::Card(card) => {
                let json = render::card(card, self.tongue).json;
                let sent = self.api.send(&target, &Outgoing::Card(json), key).await.map_err(failure)?;
                Ok(MessageId(sent.message_id))
            }
            Parcel::File { path, name } => {
                let bytes = tokio::fs::read(path).await.map_err(|error| Failure::Gone(format!("{name}: {error}")))?;
                self.send_file(&target, name, bytes, key).await
            }
            Parcel::TextFile { name, text } => self.send_file(&target, name, text.clone().into_bytes(), key).await,
        }
    }

    async fn update(&self, message: &MessageId, card: &Card) -> Result<(), Failure> {
        let pressed = self.presses.lock().unwrap_or_else(PoisonError::into_inner).get(&message.0).copied();
        if let Some(wait) = pressed.and_then(|at| AFTER_PRESS.checked_sub(at.elapsed())) {
            tokio::time::sleep(wait).await;
        }
        self.api.patch_card(&message.0, &render::card(card, self.tongue).json).await.map_err(failure)
    }

    async fn seen(&self, message: &MessageId) {
        if let Err(fault) = self.api.react(&message.0, SEEN).await {
            tracing::debug!(%fault, "a message could not be marked as seen");
        }
    }

    async fn fetch(
        &self,
        message: &MessageId,
        attachment: &Attachment,
        to: &Path,
        max_bytes: u64,
    ) -> Result<Option<String>, Failure> {
        let kind = if attachment.is_image { Resource::Image } else { Resource::File };
        let failed = |error: std::io::Error| Failure::Form(error.to_string());
        let mut file = tokio::fs::File::create_new(to).await.map_err(failed)?;
        let fetched = self.api.download(&message.0, &attachment.key, kind, &mut file, max_bytes).await;
        if fetched.is_err() {
            // Half of a file is none.
            let _ = tokio::fs::remove_file(to).await;
        }
        fetched.map(|_| None).map_err(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_its_lines_and_nothing_is_lost() {
        let text = format!("{}\n{}\n{}", "a".repeat(3_000), "b".repeat(3_000), "字".repeat(8_000));
        let parts = parts(&text);
        assert!(parts.iter().all(|part| part.chars().count() <= MAX_PART));
        assert_eq!(parts.concat(), text);
        assert_eq!(parts.len(), 5);
        assert!(super::parts(" \n").is_empty());
    }
}
