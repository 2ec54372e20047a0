//! Pushes as happenings, and replies as their answers.
//!
//! Invariants: a message with mentions is not handed on before it is known who the bot is: it comes again; each push
//! has one answer.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Answered;
use super::files;
use crate::core::language::Language;
use crate::relay::feishu::answer::Answer;
use crate::relay::feishu::answer::Push;
use crate::relay::feishu::answer::ToastKind;
use crate::relay::feishu::api::Api;
use crate::relay::feishu::event::Chat;
use crate::relay::feishu::event::Content;
use crate::relay::feishu::event::Event;
use crate::relay::feishu::event::Message;
use crate::relay::feishu::event::Press;
use crate::relay::feishu::render;
use crate::relay::feishu::render::text;
use crate::relay::messenger::Attachment;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Happening;
use crate::relay::messenger::Heard;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Mood;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;
use crate::relay::messenger::Said;
use crate::relay::messenger::TenantId;
use crate::relay::messenger::Who;

/// A message waits for the bot's id no longer than this: its answer is due.
const BOT_PATIENCE: Duration = Duration::from_secs(1);
/// Pauses between attempts to learn it.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_mins(1));

/// What is needed to hear.
#[derive(Debug)]
pub(super) struct Ear {
    /// The bot's id, once it is known.
    pub(super) bot: watch::Receiver<Option<String>>,
    pub(super) language: Language,
    pub(super) answered: Answered,
}

/// Asks who the bot is until Feishu has told.
pub(super) fn learn(api: Arc<Api>, cancel: CancellationToken) -> watch::Receiver<Option<String>> {
    let (sender, bot) = watch::channel(None);
    tokio::spawn(async move {
        let mut pause = RETRY.0;
        loop {
            match api.bot().await {
                Ok(bot) if !bot.open_id.is_empty() => {
                    sender.send_replace(Some(bot.open_id));
                    return;
                }
                Ok(_) => tracing::warn!("Feishu does not tell the bot's id"),
                Err(fault) => tracing::warn!(%fault, "the bot's id could not be asked for"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(RETRY.1),
                () = cancel.cancelled() => return,
            }
        }
    });
    bot
}

/// Hands on what is pushed until the connection or the relay has ended.
pub(super) async fn listen(mut pushes: mpsc::Receiver<Push>, heard: mpsc::Sender<Heard>, mut ear: Ear) {
    while let Some(Push { event, answer }) = pushes.recv().await {
        let Some(what) = ear.understood(event).await else {
            answer.failed();
            continue;
        };
        let Some(what) = what else {
            answer.done();
            continue;
        };
        let pressed = match &what {
            Happening::Pressed(pressed) => Some(pressed.message.0.clone()),
            _ => None,
        };
        let (language, answered) = (ear.language, ear.answered.clone());
        let reply = move |reply| {
            if let Some(message) = &pressed {
                answered.note(message);
            }
            give(answer, reply, language);
        };
        if heard.send(Heard::new(what, reply)).await.is_err() {
            return;
        }
    }
}

fn give(answer: Answer, reply: Reply, language: Language) {
    let is_in_time = match reply {
        Reply::Done => answer.done(),
        Reply::Failed => answer.failed(),
        Reply::Note { mood, text, card: None } => answer.toast(kind(mood), &text::note(&text)),
        Reply::Note { mood, text, card: Some(card) } => {
            answer.card(&render::card(&card, language).json, Some((kind(mood), &text::note(&text))))
        }
    };
    if !is_in_time {
        tracing::warn!("an answer to Feishu came too late");
    }
}

fn kind(mood: Mood) -> ToastKind {
    match mood {
        Mood::Info => ToastKind::Info,
        Mood::Success => ToastKind::Success,
        Mood::Warning => ToastKind::Warning,
        Mood::Error => ToastKind::Error,
    }
}

impl Ear {
    /// What happened; nothing that matters; or none at all while the bot is not known and would have to be.
    async fn understood(&mut self, event: Event) -> Option<Option<Happening>> {
        let who = event.person().map(|person| Who {
            person: PersonId(person.open_id.clone()),
            tenant: TenantId(person.tenant.clone()),
            of: TenantId(event.envelope().tenant.clone()),
        });
        let who = who.unwrap_or_default();
        Some(match event {
            Event::Message(message) => Some(Happening::Said(said(&message, who, &self.bot_for(&message).await?))),
            Event::Press(press) => Some(Happening::Pressed(pressed(press, who))),
            Event::ChatEntered(entered) => Some(Happening::Entered { chat: ChatId(entered.chat_id), who }),
            Event::Recalled(recalled) => {
                Some(Happening::Recalled { chat: ChatId(recalled.chat_id), message: MessageId(recalled.message_id) })
            }
            Event::Menu(menu) => {
                let id = MessageId(format!("menu {}", menu.envelope.event_id));
                Some(Happening::Chosen { id, who, at: menu.envelope.created, key: menu.key })
            }
        })
    }

    /// The bot's id, which may be empty where nobody is mentioned.
    async fn bot_for(&mut self, message: &Message) -> Option<String> {
        if message.mentions.is_empty() {
            return Some(self.bot.borrow().clone().unwrap_or_default());
        }
        let known = tokio::time::timeout(BOT_PATIENCE, self.bot.wait_for(Option::is_some)).await;
        known.ok()?.ok()?.clone()
    }
}

fn said(message: &Message, who: Who, bot: &str) -> Said {
    let (attachments, unsupported) = attached(&message.content);
    Said {
        message: MessageId(message.message_id.clone()),
        chat: ChatId(message.chat_id.clone()),
        is_group: message.chat == Chat::Group,
        mentions_us: message.mentions(bot),
        who,
        at: message.created,
        reply_to: message.parent_id.clone().map(MessageId),
        text: message.text_for(bot).unwrap_or_default(),
        attachments,
        unsupported,
        is_text: false,
        is_press: false,
    }
}

/// What came with the words, and what of it is of no use.
fn attached(content: &Content) -> (Vec<Attachment>, Option<String>) {
    let image = |key: &String| Attachment { key: key.clone(), is_image: true, name: None, of: None };
    let file =
        |key: &String, name: &str| Attachment { key: key.clone(), is_image: false, name: files::name(name), of: None };
    match content {
        Content::Text(_) => (Vec::new(), None),
        Content::Post { images, files, .. } => {
            let all = images.iter().map(image).chain(files.iter().map(|key| file(key, "")));
            (all.collect(), None)
        }
        Content::Image { key } => (vec![image(key)], None),
        Content::File { key, name } | Content::Video { key, name, .. } => (vec![file(key, name)], None),
        Content::Audio { key, .. } => (vec![file(key, "audio.opus")], None),
        Content::Unsupported(kind) => (Vec::new(), Some(text::note(kind))),
    }
}

fn pressed(press: Press, who: Who) -> Pressed {
    Pressed {
        message: MessageId(press.message_id),
        chat: ChatId(press.chat_id),
        who,
        value: press.value,
        form: press.form,
    }
}
