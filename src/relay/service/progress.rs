//! What a session is doing: a card that is kept up to date, and the same as text.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::Service;
use crate::clock;
use crate::core::cell::BlockKind;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::figures;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::language;
use crate::core::language::Language;
use crate::core::session::Activity;
use crate::core::session::Session;
use crate::core::todo::TodoState;
use crate::core::tool::ToolCall;
use crate::core::tool::ToolState;
use crate::core::trouble::Trouble;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Tone;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::messenger::Messenger;
use crate::relay::words;

/// Texts and calls of a snapshot.
const N_TEXTS: usize = 5;
const N_CALLS: usize = 10;
/// Characters of each, and of the last result.
pub(super) const MAX_LINE: usize = 160;
const MAX_RESULT: usize = 1_000;

impl<M: Messenger> Service<M> {
    /// A turn begins: whoever is told of the session gets a card that shows how it goes, if it takes a while. Every card
    /// rings, and the end of a short turn rings as well.
    pub(super) fn begin_progress(&mut self, session: SessionId) -> Result<(), LedgerError> {
        if self.settings.progress_after.is_zero() {
            return self.show_progress(session);
        }
        let wait = i64::try_from(self.settings.progress_after.as_millis()).unwrap_or(i64::MAX);
        self.running.insert(session, Timestamp(clock::now().0.saturating_add(wait)));
        Ok(())
    }

    fn show_progress(&mut self, session: SessionId) -> Result<(), LedgerError> {
        let chats = self.chats_of(session)?;
        let Some(card) = self.progress_card(session) else { return Ok(()) };
        for chat in chats {
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            let what = (Kind::Progress, session.0, session);
            self.ledger.make(what, &nonce, &chat, |_| card.clone(), clock::now())?;
        }
        Ok(())
    }

    pub(super) fn end_progress(&mut self, session: SessionId) -> Result<(), LedgerError> {
        self.running.remove(&session);
        self.stale.remove(&session);
        self.change_progress(session, true)
    }

    /// Brings the cards of sessions up to date in which something happened, not more often than is set.
    pub(super) fn tell_progress(&mut self) -> Result<(), LedgerError> {
        let now = clock::now();
        let due: Vec<SessionId> = self.running.iter().filter(|(_, due)| **due <= now).map(|(id, _)| *id).collect();
        for session in due {
            if self.fleet.get(session).is_some_and(|session| session.turn.is_some()) {
                self.whole(|service| service.show_progress(session))?;
            }
            self.running.remove(&session);
        }
        if self.progress_due.is_none_or(|due| due > clock::now()) {
            return Ok(());
        }
        self.progress_due = None;
        for session in std::mem::take(&mut self.stale) {
            self.change_progress(session, false)?;
        }
        Ok(())
    }

    fn change_progress(&mut self, session: SessionId, over: bool) -> Result<(), LedgerError> {
        let mut live = self.ledger.live_progress()?;
        live.retain(|card| card.session == session);
        if live.is_empty() {
            return Ok(());
        }
        let now = self.progress_card(session);
        for entry in live {
            let card = now.clone().map_or_else(|| self.ended(entry.shown), |card| self.at_rest(card, session, over));
            self.ledger.want(entry.id, &card, over, clock::now())?;
        }
        Ok(())
    }

    /// The last word of a card is never that something goes on: a session that is being closed would seem to for ever.
    fn at_rest(&self, card: Card, session: SessionId, over: bool) -> Card {
        let activity = self.fleet.get(session).map(Session::activity);
        let goes_on = matches!(activity, Some(Activity::Stopping | Activity::Starting | Activity::Working));
        if over && goes_on { self.ended(card) } else { card }
    }

    /// The card of a session that is there no more.
    fn ended(&self, card: Card) -> Card {
        Card { tone: Tone::Over, ..card }.tagged(self.settings.language.pick("ended", "已结束"))
    }

    /// After events were missed: what ended meanwhile gets its last word, or it would look as if it went on.
    pub(super) fn end_missed_progress(&mut self) -> Result<(), LedgerError> {
        let sessions: BTreeSet<SessionId> = self.ledger.live_progress()?.iter().map(|card| card.session).collect();
        for session in sessions {
            if self.fleet.get(session).is_none_or(|session| session.turn.is_none()) {
                self.end_progress(session)?;
            }
        }
        Ok(())
    }

    fn progress_card(&self, session: SessionId) -> Option<Card> {
        let session = self.fleet.get(session)?;
        let language = self.settings.language;
        let tone = match session.activity() {
            Activity::Working | Activity::Starting => Tone::Working,
            Activity::Waiting(_) => Tone::Pending,
            Activity::Failed | Activity::Limited => Tone::Bad,
            _ => Tone::Over,
        };
        let word = language::activity(session, language);
        let mut card = Card::new(tone, self.title(session.id), format!("{}: {word}", session.id)).tagged(word);
        if let Some(turn) = &session.turn {
            card = card.with(Block::Text(self.safe(words::whole(&turn.prompt_line))));
        }
        let todo: Vec<String> = session
            .todo
            .items
            .iter()
            .map(|item| {
                let mark = match item.state {
                    TodoState::Done => "✓",
                    TodoState::InProgress => "▸",
                    TodoState::Pending => "·",
                };
                format!("{mark} {}", self.line(&item.text))
            })
            .collect();
        if !todo.is_empty() {
            card = card.with(Block::Code { language: String::new(), text: todo.join("\n") });
        }
        let calls = self.calls(session, N_CALLS / 2);
        if !calls.is_empty() {
            card = card.with(Block::Code { language: String::new(), text: calls.join("\n") });
        }
        Some(card.with(Block::Small(facts(session, language))))
    }

    /// What went wrong and what to do, without secrets.
    pub(super) fn in_full(&self, trouble: &Trouble) -> String {
        self.safe(&language::in_full(trouble, self.settings.language, words::time_of_day))
    }

    pub(super) fn safe(&self, text: &str) -> String {
        self.redactor.text(text).into_owned()
    }

    /// Everything in a few lines, as `/progress` tells it.
    pub(super) fn progress_text(&self, session: &Session, now: Timestamp) -> String {
        let language = self.settings.language;
        let mut text = format!("{} · {}\n", self.title(session.id), language::activity(session, language));
        let _ = writeln!(text, "{}", session.directory());
        if let Some(turn) = &session.turn {
            let elapsed = language::duration(Duration::from_millis(now.millis_since(turn.started)), language);
            let _ = writeln!(
                text,
                "{}: {} ({elapsed})",
                language.pick("prompt", "任务"),
                self.line(words::whole(&turn.prompt_line))
            );
        }
        for call in self.calls(session, N_CALLS) {
            let _ = writeln!(text, "{call}");
        }
        // Of a turn that has ended its result says more.
        let texts = if session.turn.is_some() { self.texts(session) } else { Vec::new() };
        for said in texts {
            let _ = writeln!(text, "“{said}”");
        }
        for open in &session.approvals {
            let waits = language.pick("waits for an answer", "待处理");
            let _ = writeln!(text, "▲ {} {}: {waits}", open.approval.id, open.approval.tool);
        }
        if let Some(trouble) = session.last_trouble() {
            let _ = writeln!(text, "✗ {}", self.in_full(trouble));
        } else if let (None, Some(last)) = (&session.turn, &session.last_turn) {
            let result: String = self.safe(last.text.as_deref().unwrap_or_default()).chars().take(MAX_RESULT).collect();
            if !result.trim().is_empty() {
                let _ = writeln!(text, "{}", result.trim());
            }
        }
        let _ = write!(text, "{}", facts(session, language));
        text
    }

    /// The last lines of a session, as `/tail` tells them.
    pub(super) fn tail_text(&self, session: &Session) -> String {
        let mut lines = Vec::new();
        for cell in session.transcript.iter().rev().take(12) {
            match &cell.body {
                CellBody::Prompt(prompt) => lines.push(format!("❯ {}", self.line(&prompt.shown()))),
                CellBody::Block(block) => lines.push(self.line(&block.text)),
                CellBody::Tool(call) => lines.push(format!("⚙ {}", self.call_line(call, session))),
                CellBody::Notice(notice) => {
                    lines.push(format!("· {}", self.line(&language::told(&notice.text, self.settings.language))));
                }
                _ => {}
            }
        }
        lines.reverse();
        lines.join("\n")
    }

    /// A text in one line: what is cut is clean before, or half a secret would be no secret any more.
    pub(super) fn line(&self, text: &str) -> String {
        let safe = self.redactor.text(text);
        let flat: Vec<&str> = safe.split_whitespace().collect();
        let flat = flat.join(" ");
        match flat.char_indices().nth(MAX_LINE) {
            Some((end, _)) => format!("{}…", &flat[..end]),
            None => flat,
        }
    }

    fn texts(&self, session: &Session) -> Vec<String> {
        let said = of_turn(session).filter_map(|cell| match &cell.body {
            CellBody::Block(block) if block.kind == BlockKind::Text => Some(self.line(&block.text)),
            _ => None,
        });
        let mut said: Vec<String> = said.take(N_TEXTS).collect();
        said.reverse();
        said
    }

    fn calls(&self, session: &Session, n: usize) -> Vec<String> {
        let calls = of_turn(session).filter_map(|cell| match &cell.body {
            CellBody::Tool(call) => {
                let inside = if cell.depth > 0 { "  " } else { "" };
                Some(format!("{inside}{}", self.call_line(call, session)))
            }
            _ => None,
        });
        let mut calls: Vec<String> = calls.take(n).collect();
        calls.reverse();
        calls
    }

    fn call_line(&self, call: &ToolCall, session: &Session) -> String {
        let mark = match call.state {
            ToolState::Done => "✓",
            ToolState::Failed | ToolState::Denied | ToolState::Cut => "✗",
            ToolState::Waiting => "▲",
            ToolState::Receiving | ToolState::Running | ToolState::Background => "…",
        };
        let about = self.line(&subject(call, session.directory(), self.settings.language));
        format!("{mark} {} {about}", call.name).trim_end().to_owned()
    }
}

fn facts(session: &Session, language: Language) -> String {
    // Of the turn that runs, or of the last one.
    let running = session.turn.as_ref().map(|turn| turn.n_calls);
    let n_calls = running.or(session.last_turn.as_ref().map(|turn| turn.n_calls)).unwrap_or(0);
    let mut facts = vec![language::tool_calls(n_calls, language)];
    let n_queued = session.queue.len();
    if n_queued > 0 {
        facts.push(match language {
            Language::English => format!("{n_queued} queued"),
            Language::Chinese => format!("排队 {n_queued}"),
        });
    }
    if session.usage.cost_usd > 0.0 {
        facts.push(figures::money(session.usage.cost_usd));
    }
    facts.join(" · ")
}

/// The cells of the turn that runs, or of the last one: the newest first.
fn of_turn(session: &Session) -> impl Iterator<Item = &Cell> {
    let is_end = |cell: &Cell| matches!(cell.body, CellBody::TurnEnd(_));
    let newest = || session.transcript.iter().rev();
    let n_after = if session.turn.is_some() { 0 } else { newest().position(is_end).map_or(0, |at| at + 1) };
    newest().skip(n_after).take_while(move |cell| !is_end(cell))
}

/// What a call is about, in the one of its fields that says so.
fn subject<'c>(call: &'c ToolCall, directory: &str, language: Language) -> Cow<'c, str> {
    let text = |value: &'c Value| value.as_str().filter(|text| !text.is_empty());
    let field = |key: &&str| text(call.input.get(*key)?);
    if call.name == "ExitPlanMode" {
        return language.pick("proposes a plan", "提出计划").to_owned().into();
    }
    if let Some(path) = ["file_path", "notebook_path"].iter().find_map(field) {
        let inside = path.strip_prefix(directory).and_then(|rest| rest.strip_prefix('/'));
        return inside.unwrap_or(path).into();
    }
    let question = || text(call.input.get("questions")?.get(0)?.get("question")?);
    let known = ["command", "pattern", "url", "query", "description", "subject", "skill", "path"];
    let only = || call.input.as_object().filter(|fields| fields.len() == 1)?.values().next().and_then(text);
    known.iter().find_map(field).or_else(question).or_else(only).unwrap_or_default().into()
}
