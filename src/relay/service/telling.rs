//! Events become cards and notices: what needs an answer at once, what has ended, and how it goes.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::clock;
use crate::core::approval::Approval;
use crate::core::approval::ApprovalState;
use crate::core::approval::Verdict;
use crate::core::cell::TurnOutcome;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::figures;
use crate::core::fleet::Fleet;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::language;
use crate::core::language::Language;
use crate::core::prompt::Surface;
use crate::relay::approvals;
use crate::relay::approvals::Around;
use crate::relay::approvals::End;
use crate::relay::approvals::Mark;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Tone;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::State;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Parcel;

/// Characters of an answer in a notice.
const MAX_PREVIEW: usize = 800;

impl<M: Messenger> Service<M> {
    /// The whole state is here, at the beginning or after events were missed: whatever waits is told, whatever ended
    /// meanwhile is closed.
    pub(super) fn catch_up(&mut self, fleet: Fleet) -> Result<(), LedgerError> {
        self.fleet = fleet;
        self.untold.clear();
        self.settle()
    }

    /// Brings cards and messages in line with the state.
    pub(super) fn settle(&mut self) -> Result<(), LedgerError> {
        self.is_unsettled = true;
        for approval in self.ledger.open_approvals()? {
            match self.fleet.approval(approval) {
                Some(open) if open.state == ApprovalState::Pending => self.open_again(approval)?,
                Some(_) => {}
                None => self.close(approval, &End::Unknown)?,
            }
        }
        let waiting: Vec<Approval> = self.fleet.inbox().into_iter().map(|open| open.approval.clone()).collect();
        for approval in waiting {
            self.offer(&approval)?;
        }
        self.catch_up_undertakings()?;
        self.catch_up_trees()?;
        let ids: Vec<SessionId> = self.fleet.sessions().map(|session| session.id).collect();
        for id in ids {
            self.drop_recalled(id)?;
            self.note_conversation(id)?;
            self.tell_queue_cards(id)?;
        }
        self.end_missed_progress()?;
        self.resume_hearing()?;
        self.is_unsettled = false;
        Ok(())
    }

    /// Takes in what happened. What the ledger does not take just now is kept, to be told when it does.
    pub(super) fn events(&mut self, events: impl IntoIterator<Item = Arc<Event>>) -> Result<(), LedgerError> {
        self.untold.extend(events);
        while let Some(event) = self.untold.front().cloned() {
            self.whole(|service| service.event(&event))?;
            self.untold.pop_front();
        }
        Ok(())
    }

    fn event(&mut self, event: &Event) -> Result<(), LedgerError> {
        self.fleet.apply(event);
        let session = event.session;
        match &event.kind {
            EventKind::Opened { tag: Some(tag), .. } => self.opened(session, *tag),
            EventKind::OpenRefused { tag: Some(tag), why, instead } => self.open_refused(*tag, why, instead.as_deref()),
            EventKind::WorktreeLooked(_)
            | EventKind::WorktreeKept { .. }
            | EventKind::WorktreeAside { .. }
            | EventKind::WorktreeBack { .. }
            | EventKind::WorktreeGone { .. } => self.tree_event(session, &event.kind),
            EventKind::ApprovalAsked(approval) => self.offer(approval),
            EventKind::ApprovalResolved { approval, verdict } => self.resolved(session, *approval, verdict),
            EventKind::ApprovalWithdrawn { approval, why } => self.close(*approval, &End::Withdrawn(*why)),
            EventKind::AnswerRefused { approval, why } => self.refused(*approval, why),
            EventKind::TurnStarted { .. } => self.begin_progress(session),
            EventKind::TurnEnded { outcome, duration_ms, cost_usd, text, .. } => {
                self.end_progress(session)?;
                self.turn_ended(session, outcome, *duration_ms, *cost_usd, text.as_deref())
            }
            EventKind::PromptSent(prompt) => {
                self.arrived([&prompt.id].into_iter())?;
                self.sent_after_all(session, &prompt.id)
            }
            EventKind::Stalled { silent_ms } => {
                let minutes = silent_ms / 60_000;
                let text = match self.settings.language {
                    Language::English => format!(
                        "⚠ {} has been silent for {}.",
                        self.title(session),
                        figures::count(minutes, "minute", "minutes")
                    ),
                    Language::Chinese => format!("⚠ {} 已 {minutes} 分钟无响应。", self.title(session)),
                };
                self.tell(session, &text)
            }
            EventKind::Exited(exit) => match &exit.trouble {
                Some(trouble) => {
                    self.end_progress(session)?;
                    let colon = self.settings.language.pick(": ", "：");
                    let text = format!("✗ {}{colon}{}", self.title(session), self.in_full(trouble));
                    self.tell(session, &text)
                }
                None => Ok(()),
            },
            EventKind::Conversation { .. } => self.note_conversation(session),
            EventKind::Closed => {
                self.end_progress(session)?;
                self.tell_closed(session)?;
                self.close_tree_cards(session)
            }
            EventKind::ToolStarted { .. } | EventKind::ToolEnded { .. } | EventKind::BlockEnded { .. } => {
                self.stale_progress(session);
                Ok(())
            }
            EventKind::QueueChanged(queue) => {
                self.arrived(queue.iter().map(|queued| &queued.id))?;
                self.stale_progress(session);
                self.tell_queue_cards(session)?;
                self.drop_recalled(session)
            }
            _ => Ok(()),
        }
    }

    fn tell(&mut self, session: SessionId, text: &str) -> Result<(), LedgerError> {
        for chat in self.chats_of(session)? {
            self.say(&chat, text)?;
        }
        Ok(())
    }

    /// Sends a card for a request, to where it belongs; none while somebody is at the terminal.
    pub(super) fn offer(&mut self, approval: &Approval) -> Result<(), LedgerError> {
        let chats = self.chats_of(approval.session)?;
        if chats.is_empty() {
            // Whoever wanted quiet is told when that ends; until then nobody looks again and again.
            let is_quiet = self.is_away() && self.ledger.is_anybody_quiet()?;
            if self.ledger.owner(approval.session)?.is_none() && !is_quiet {
                self.held.insert(approval.id);
            }
            return Ok(());
        }
        self.held.remove(&approval.id);
        let cards = self.ledger.cards_of(Kind::Approval, approval.id.0)?;
        // It waits, and its cards are over: they were another's, before the numbers began anew.
        let is_another = !cards.is_empty() && cards.iter().all(|card| card.state == State::Over);
        if is_another {
            self.ledger.forget_cards(Kind::Approval, approval.id.0)?;
        }
        let told: Vec<ChatId> = if is_another { Vec::new() } else { cards.into_iter().map(|card| card.chat).collect() };
        for chat in chats.iter().filter(|chat| !told.contains(chat)) {
            self.send_approval(approval, chat)?;
        }
        Ok(())
    }

    fn send_approval(&mut self, approval: &Approval, chat: &ChatId) -> Result<(), LedgerError> {
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let title = self.title(approval.session);
        let around = Around { session: &title, language: self.settings.language, redactor: &self.redactor };
        let mut whole = None;
        let make = |id: i64| {
            let shown = approvals::asked(approval, Mark { card: id, nonce: &nonce }, around);
            whole = shown.whole;
            shown.card
        };
        let what = (Kind::Approval, approval.id.0, approval.session);
        self.ledger.make(what, &nonce, chat, make, clock::now())?;
        if let Some(text) = whole {
            let name = format!("request-{}.txt", approval.id);
            self.post(chat, &Parcel::TextFile { name, text })?;
        }
        Ok(())
    }

    /// Requests that were kept from the phone because somebody was at the terminal, who has left meanwhile.
    pub(super) fn tell_held(&mut self) -> Result<(), LedgerError> {
        if self.held.is_empty() || !self.is_away() {
            return Ok(());
        }
        for id in self.held.clone() {
            self.held.remove(&id);
            let Some(approval) = self.fleet.approval(id).map(|open| open.approval.clone()) else { continue };
            if let Err(error) = self.whole(|service| service.offer(&approval)) {
                self.held.insert(id);
                return Err(error);
            }
        }
        Ok(())
    }

    fn resolved(&mut self, session: SessionId, id: ApprovalId, verdict: &Verdict) -> Result<(), LedgerError> {
        self.close(id, &End::Decided(verdict))?;
        if verdict.by == Surface::Engine {
            let text = match self.settings.language {
                Language::English => {
                    format!("Request {id} of {} was denied: nobody answered in time.", self.title(session))
                }
                Language::Chinese => format!("{} 的请求 {id} 超时未答复，已拒绝。", self.title(session)),
            };
            self.tell(session, &text)?;
        }
        Ok(())
    }

    /// Makes every card of a request show how it ended.
    pub(super) fn close(&mut self, id: ApprovalId, end: &End<'_>) -> Result<(), LedgerError> {
        self.held.remove(&id);
        for card in self.ledger.cards_of(Kind::Approval, id.0)? {
            if card.state != State::Over {
                let over = approvals::ended(&card.shown, end, self.settings.language, &self.redactor);
                self.ledger.want(card.id, &over, true, clock::now())?;
            }
        }
        Ok(())
    }

    /// An answer did not count. If the request waits still, it can be answered again.
    fn refused(&mut self, id: ApprovalId, why: &str) -> Result<(), LedgerError> {
        if self.fleet.approval(id).is_none_or(|open| open.state != ApprovalState::Pending) {
            return Ok(());
        }
        for card in self.ledger.cards_of(Kind::Approval, id.0)? {
            if card.state == State::Claimed {
                let text = match self.settings.language {
                    Language::English => format!("{id}: {why}"),
                    Language::Chinese => {
                        format!("请求 {id} 的答复未生效：{}。", language::told(why, Language::Chinese))
                    }
                };
                self.say(&card.chat, text)?;
            }
        }
        self.open_again(id)
    }

    /// No answer to a request has counted: its cards can be pressed again, and show it.
    fn open_again(&mut self, id: ApprovalId) -> Result<(), LedgerError> {
        for card in self.ledger.cards_of(Kind::Approval, id.0)? {
            if card.state == State::Claimed {
                self.ledger.want(card.id, &card.shown, false, clock::now())?;
            }
        }
        self.ledger.reopen(Kind::Approval, id.0)
    }

    fn turn_ended(
        &mut self,
        session: SessionId,
        outcome: &TurnOutcome,
        duration_ms: u64,
        cost_usd: f64,
        text: Option<&str>,
    ) -> Result<(), LedgerError> {
        let chats = self.chats_of(session)?;
        if chats.is_empty() {
            return Ok(());
        }
        let language = self.settings.language;
        let title = self.title(session);
        let word = language::outcome(outcome, language);
        let tone = match outcome {
            TurnOutcome::Completed => Tone::Good,
            TurnOutcome::Interrupted => Tone::Over,
            TurnOutcome::Failed(_) => Tone::Bad,
        };
        let n_calls =
            self.fleet.get(session).and_then(|session| session.last_turn.as_ref()).map_or(0, |turn| turn.n_calls);
        let mut facts = vec![
            language::duration(Duration::from_millis(duration_ms), language),
            language::tool_calls(n_calls, language),
        ];
        if cost_usd > 0.0 {
            facts.push(figures::money(cost_usd));
        }
        let summary = format!("{session}: {word}");
        let mut card = Card::new(tone, title, summary).tagged(word).with(Block::Small(facts.join(" · ")));
        match outcome {
            TurnOutcome::Failed(trouble) => {
                card = card.with(Block::Text(self.in_full(trouble)));
            }
            TurnOutcome::Completed | TurnOutcome::Interrupted => {
                let safe = self.redactor.text(text.unwrap_or_default()).into_owned();
                let preview = preview(&safe);
                if !preview.is_empty() {
                    card = card.with(Block::Prose(preview));
                }
            }
        }
        for chat in chats {
            self.post_of(session, &chat, &Parcel::Card(Box::new(card.clone())))?;
        }
        Ok(())
    }

    pub(super) fn test_card(&mut self) -> Result<(), LedgerError> {
        let language = self.settings.language;
        for reach in self.everybody()? {
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            let card = |id: i64| {
                let value = serde_json::json!({ "v": 1, "act": "test", "rid": id, "n": nonce });
                let label = language.pick("It works", "可用").to_owned();
                let button = crate::relay::card::Button {
                    label,
                    style: crate::relay::card::Style::Primary,
                    value,
                    confirm: None,
                };
                let title = language.pick("A test of adjutant", "adjutant 测试");
                let text = language
                    .pick("Press the button: it shows whether presses arrive.", "请点击按钮，以确认点击可以送达。");
                Card::new(Tone::Pending, title, title)
                    .with(Block::Text(text.to_owned()))
                    .with(Block::Buttons(vec![button]))
            };
            self.ledger.make((Kind::Test, 0, SessionId(0)), &nonce, &reach.chat, card, clock::now())?;
        }
        Ok(())
    }

    pub(super) fn stale_progress(&mut self, session: SessionId) {
        if self.stale.insert(session) && self.progress_due.is_none() {
            let wait = u64::try_from(self.settings.progress_every.as_millis()).unwrap_or(0);
            self.progress_due = Some(Timestamp(clock::now().0.saturating_add_unsigned(wait)));
        }
    }
}

/// The beginning of a text, cut where a word ends.
fn preview(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_PREVIEW) {
        None => text.to_owned(),
        Some((end, _)) => {
            let cut = text[..end].rfind(char::is_whitespace).filter(|at| *at > end / 2).unwrap_or(end);
            format!("{}…", &text[..cut])
        }
    }
}
