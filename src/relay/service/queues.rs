//! What waits in the queue of a session: shown, taken back, and told of where stopping or closing touches it.
//!
//! Invariants: a press takes back the very prompt that stood on the card, or nothing; whoever stops or closes a session
//! is told what that does to prompts that were not sent yet.

use serde_json::Value;
use serde_json::json;

use super::Service;
use super::presses::note;
use crate::clock;
use crate::core::command::Command;
use crate::core::ids::PromptId;
use crate::core::ids::SessionId;
use crate::core::language::Language;
use crate::core::prompt::Prompt;
use crate::core::session::Session;
use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Style;
use crate::relay::card::Tone;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;

/// Prompts that a card shows; the others are counted.
const MAX_SHOWN: usize = 8;
/// Prompts that are told of one by one where they are dropped.
const MAX_TOLD: usize = 5;
/// Characters of a prompt in a sentence.
const MAX_QUOTE: usize = 40;

/// The prompt that a button takes back.
fn prompt_on(value: &Value) -> Option<PromptId> {
    Some(PromptId::from(value.get("prompt")?.as_str()?))
}

impl<M: Messenger> Service<M> {
    /// The beginning of a prompt, in quotation marks.
    fn quote(&self, prompt: &Prompt) -> String {
        let line = self.line(&prompt.shown());
        let cut: String = line.chars().take(MAX_QUOTE).collect();
        let rest = if cut.len() < line.len() { "…" } else { "" };
        match self.settings.language {
            Language::English => format!("“{cut}{rest}”"),
            Language::Chinese => format!("「{cut}{rest}」"),
        }
    }

    /// `/queue`: what waits, with a button to take each back.
    pub(super) fn show_queue(&mut self, reach: &Reach, number: Option<u32>) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let id = match self.session(reach, number)? {
            Ok(session) => session,
            Err(why) => return self.say(&reach.chat, why),
        };
        let Some(session) = self.fleet.get(id).filter(|session| !session.queue.is_empty()) else {
            let text = format!("{} · {}", self.title(id), language.pick("nothing is queued.", "没有排队的消息。"));
            return self.say(&reach.chat, text);
        };
        let prompts: Vec<(PromptId, String)> =
            session.queue.iter().map(|prompt| (prompt.id.clone(), self.line(&prompt.shown()))).collect();
        let (is_held, title) = (session.queue_is_held(), self.title(id));
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let n = prompts.len();
        let card = |card: i64| {
            let word = match language {
                Language::English => crate::core::figures::count(n as u64, "message queued", "messages queued"),
                Language::Chinese => format!("{n} 条排队"),
            };
            let mut shown = Card::new(Tone::Over, title, format!("{id}: {word}")).tagged(word);
            let mut keys = Vec::new();
            for (at, (prompt, line)) in prompts.iter().take(MAX_SHOWN).enumerate() {
                shown = shown.with(Block::Text(format!("{}. {line}", at + 1)));
                let label = match language {
                    Language::English => format!("Take back {}", at + 1),
                    Language::Chinese => format!("撤回第 {} 条", at + 1),
                };
                let value = json!({ "v": 1, "act": "queue_drop", "rid": card, "n": nonce, "prompt": prompt.0 });
                keys.push(Button { label, style: Style::Plain, value, confirm: None });
            }
            if n > MAX_SHOWN {
                shown = shown.with(Block::Small(match language {
                    Language::English => format!("… and {} more", n - MAX_SHOWN),
                    Language::Chinese => format!("… 另有 {} 条", n - MAX_SHOWN),
                }));
            }
            if is_held {
                let text = language
                    .pick("They are held because the turn was interrupted.", "因本轮被中断，排队的消息暂停发送。");
                shown = shown.with(Block::Small(text.to_owned()));
                let value = json!({ "v": 1, "act": "queue_go", "rid": card, "n": nonce });
                let label = language.pick("Send them now", "继续发送").to_owned();
                keys.push(Button { label, style: Style::Plain, value, confirm: None });
            }
            shown.with(Block::Buttons(keys))
        };
        self.ledger.make((Kind::Queue, id.0, id), &nonce, &reach.chat, card, clock::now()).map(drop)
    }

    pub(super) fn queue_pressed(&mut self, card: &Entry, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let session = card.session;
        let Some(offered) = card.shown.carried().find(|value| **value == pressed.value) else {
            return Ok(note(Mood::Warning, language.pick("That was not offered.", "该操作不可用。")));
        };
        let busy = || note(Mood::Error, language.pick("The engine is too busy; press again.", "引擎繁忙，请重试。"));
        let Some(prompt) = prompt_on(offered) else {
            let is_held = self.fleet.get(session).is_some_and(Session::queue_is_held);
            if !is_held {
                return Ok(note(Mood::Info, language.pick("Nothing is held any more.", "已经在发送。")));
            }
            let given = self.orders.try_command(Command::Retry { session }).is_ok();
            let text = language.pick("They are sent, one after the other.", "已继续发送。");
            return Ok(if given { note(Mood::Success, text) } else { busy() });
        };
        let waits = |session: &Session| session.queue.iter().any(|queued| queued.id == prompt);
        if !self.fleet.get(session).is_some_and(waits) {
            let text = language.pick("It waits no more: it was sent or taken back.", "已不在队列中：已发送或已撤回。");
            return Ok(note(Mood::Info, text));
        }
        if self.orders.try_command(Command::DropQueued { session, prompt: prompt.clone() }).is_err() {
            return Ok(busy());
        }
        let left = self.queue_left(&card.shown, session, Some(&prompt));
        self.ledger.want(card.id, &left, !left.is_live(), clock::now())?;
        let text = language.pick("Taken back.", "已撤回。").to_owned();
        Ok(Reply::Note { mood: Mood::Success, text, card: Some(Box::new(left)) })
    }

    /// What of a card's prompts still waits, without the one that is being taken back.
    fn queue_left(&self, card: &Card, session: SessionId, without: Option<&PromptId>) -> Card {
        let waits = |id: &PromptId| {
            let queue = self.fleet.get(session).map(|session| &session.queue);
            queue.is_some_and(|queue| queue.iter().any(|queued| queued.id == *id)) && Some(id) != without
        };
        let all: Vec<PromptId> = card.carried().filter_map(prompt_on).collect();
        let mut nth = 0;
        let mut left = card.clone();
        left.blocks.retain(|block| match block {
            // The first texts are the prompts, in their order.
            Block::Text(_) if nth < all.len() => {
                nth += 1;
                waits(&all[nth - 1])
            }
            _ => true,
        });
        for block in &mut left.blocks {
            if let Block::Buttons(keys) = block {
                keys.retain(|key| prompt_on(&key.value).is_some_and(|id| waits(&id)));
            }
        }
        left.blocks.retain(|block| !matches!(block, Block::Buttons(keys) if keys.is_empty()));
        if !left.is_live() {
            left.blocks.retain(|block| !matches!(block, Block::Small(_)));
            let text = self.settings.language.pick("Nothing of it waits any more.", "已全部发送或撤回。");
            left = left.with(Block::Text(text.to_owned())).tagged(self.settings.language.pick("over", "已结束"));
        }
        left
    }

    /// Cards that show the queue of a session show what is left of it.
    pub(super) fn tell_queue_cards(&mut self, session: SessionId) -> Result<(), LedgerError> {
        for card in self.ledger.cards_of(Kind::Queue, session.0)? {
            if card.state != crate::relay::ledger::State::Over {
                let left = self.queue_left(&card.shown, session, None);
                if left != card.shown {
                    self.ledger.want(card.id, &left, !left.is_live(), clock::now())?;
                }
            }
        }
        Ok(())
    }

    /// `/stop`: interrupts, and says what becomes of prompts that wait.
    pub(super) fn stop(&mut self, reach: &Reach, number: Option<u32>) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let id = match self.session(reach, number)? {
            Ok(session) => session,
            Err(why) => return self.say(&reach.chat, why),
        };
        let Some(session) = self.fleet.get(id) else { return Ok(()) };
        let held = session.queue.iter().next().map(|next| self.held_text(session, next));
        if session.turn.is_none() && session.tasks.is_empty() {
            let text = language.pick("Nothing is running there.", "没有正在运行的任务。");
            return self
                .say(&reach.chat, [Some(text.to_owned()), held].into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
        let mut text = format!("{} · {}", language.pick("Interrupting", "正在中断"), self.title(id));
        if let Some(held) = held {
            text = format!("{text}\n{held}");
        }
        if self.give(reach, Command::Interrupt { session: id })? { self.say(&reach.chat, text) } else { Ok(()) }
    }

    fn held_text(&self, session: &Session, next: &Prompt) -> String {
        let (n, next) = (session.queue.len(), self.quote(next));
        match self.settings.language {
            Language::English => format!(
                "{} held: nothing starts by itself. Your next message lets {next} go first; /queue shows and takes back.",
                crate::core::figures::count(n as u64, "queued message is", "queued messages are")
            ),
            Language::Chinese => {
                format!("{n} 条排队消息暂停发送，不会自动开始。再发任意消息后，先执行{next}；/queue 可查看或撤回。")
            }
        }
    }

    /// `/close`: closes, and says what is dropped with it.
    pub(super) fn close_session(&mut self, reach: &Reach, number: Option<u32>) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let id = match self.session(reach, number)? {
            Ok(session) => session,
            Err(why) => return self.say(&reach.chat, why),
        };
        let title = self.title(id);
        let mut text = format!("{} · {title}", language.pick("Closing", "正在关闭"));
        for line in self.fleet.get(id).map(|session| self.dropped(session)).unwrap_or_default() {
            text = format!("{text}\n{line}");
        }
        if !self.give(reach, Command::Close { session: id })? {
            return Ok(());
        }
        self.closing.insert(id, (reach.chat.clone(), title));
        self.say(&reach.chat, text)
    }

    /// What is lost when a session is closed now.
    fn dropped(&self, session: &Session) -> Vec<String> {
        let language = self.settings.language;
        let mut lines = Vec::new();
        if session.followed.is_some() {
            return lines;
        }
        if let Some(turn) = &session.turn {
            let prompt = self.line(crate::relay::words::whole(&turn.prompt_line));
            lines.push(match language {
                Language::English => format!("The running turn is cut off: “{prompt}”"),
                Language::Chinese => format!("正在运行的任务会中断：「{prompt}」"),
            });
        }
        let n_requests = session.approvals.len();
        if n_requests > 0 {
            lines.push(match language {
                Language::English => {
                    format!(
                        "{} not answered",
                        crate::core::figures::count(n_requests as u64, "request is", "requests are")
                    )
                }
                Language::Chinese => format!("{n_requests} 个请求不再答复"),
            });
        }
        let n_tasks = session.background_tasks().count();
        if n_tasks > 0 {
            lines.push(match language {
                Language::English => {
                    format!(
                        "{} stopped",
                        crate::core::figures::count(n_tasks as u64, "background task is", "background tasks are")
                    )
                }
                Language::Chinese => format!("{n_tasks} 个后台任务会停止"),
            });
        }
        let n = session.queue.len();
        if n > 0 {
            let quoted: Vec<String> = session.queue.iter().take(MAX_TOLD).map(|prompt| self.quote(prompt)).collect();
            let rest = if n > MAX_TOLD { " …" } else { "" };
            lines.push(match language {
                Language::English => format!(
                    "{} dropped: {}{rest}",
                    crate::core::figures::count(n as u64, "queued message is", "queued messages are"),
                    quoted.join(", ")
                ),
                Language::Chinese => format!("{n} 条排队消息不再发送：{}{rest}", quoted.join("、")),
            });
        }
        lines
    }

    /// The session is closed: whoever closed it is told.
    pub(super) fn tell_closed(&mut self, session: SessionId) -> Result<(), LedgerError> {
        self.tell_queue_cards(session)?;
        let Some((chat, title)) = self.closing.remove(&session) else { return Ok(()) };
        let text = match self.settings.language {
            Language::English => format!("Closed · {title}. /resume brings its conversation back."),
            Language::Chinese => format!("已关闭 · {title}。发送 /resume 可恢复对话。"),
        };
        self.say(&chat, text)
    }
}
