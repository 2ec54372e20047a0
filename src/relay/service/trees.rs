//! Worktrees of sessions from the phone: looked at, removed after a question, put back for a moment.

use super::Service;
use super::presses::note;
use crate::clock;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::SessionId;
use crate::core::language;
use crate::core::prompt::Surface;
use crate::core::worktree::Aside;
use crate::core::worktree::Place;
use crate::core::worktree::Report;
use crate::core::worktree::Verdict;
use crate::core::worktree::Worktree;
use crate::relay::approvals;
use crate::relay::approvals::Around;
use crate::relay::approvals::Mark;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Tone;
use crate::relay::ledger::Entry;
use crate::relay::ledger::Kind;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::ledger::State;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::Pressed;
use crate::relay::messenger::Reply;
use crate::relay::trees;
use crate::relay::trees::Choice;

/// How a card about a worktree ended.
struct End {
    tone: Tone,
    tag: String,
    last: Block,
}

impl<M: Messenger> Service<M> {
    /// Looks what removing the worktree of a session would lose. That stops its process, so not while it works.
    pub(super) fn look_at_tree(&mut self, reach: &Reach, id: SessionId) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let Some(session) = self.fleet.get(id) else { return Ok(()) };
        let why = if session.worktree.is_none() {
            Some(language.pick("This session has no worktree of its own.", "此会话没有独立的 worktree。"))
        } else if session.is_aside() {
            Some(language.pick("Its worktree is removed already.", "其 worktree 已删除。"))
        } else if session.is_busy() {
            Some(language.pick(
                "The session is at work: looking at its worktree would stop it. /stop it first, or wait.",
                "会话正在运行，查看 worktree 会使其停止。请先 /stop 或等待。",
            ))
        } else {
            None
        };
        if let Some(why) = why {
            return self.say(&reach.chat, why);
        }
        if self.give(reach, Command::LookAtWorktree { session: id })? {
            self.looks.insert(id, reach.chat.clone());
        }
        Ok(())
    }

    pub(super) fn tree_event(&mut self, session: SessionId, kind: &EventKind) -> Result<(), LedgerError> {
        match kind {
            EventKind::WorktreeLooked(report) => self.tree_looked(session, report),
            EventKind::WorktreeKept { why } => self.tree_kept(session, why),
            EventKind::WorktreeAside { place, aside, by, lost } => {
                let last = self.done_by("removed", "已删除", by);
                let asked = self.end_tree_cards(session, false, &self.end(Tone::Warning, "removed", "已删除", last))?;
                self.tree_aside(session, (place, aside), lost, &asked)
            }
            EventKind::WorktreeBack { by, .. } => {
                let last = self.done_by("put back", "已恢复", by);
                let end = self.end(Tone::Good, "put back", "已恢复", last);
                self.end_tree_cards(session, true, &end).map(drop)
            }
            EventKind::WorktreeGone { .. } => {
                let text = self.settings.language.pick("It is deleted.", "已彻底删除。").to_owned();
                let end = self.end(Tone::Over, "deleted", "已彻底删除", Block::Text(text));
                self.end_tree_cards(session, true, &end).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn end(&self, tone: Tone, english: &str, chinese: &str, last: Block) -> End {
        End { tone, tag: self.settings.language.pick(english, chinese).to_owned(), last }
    }

    fn done_by(&self, english: &str, chinese: &str, by: &Surface) -> Block {
        approvals::by(self.settings.language.pick(english, chinese), by, self.settings.language)
    }

    fn live_tree_cards(&self, session: SessionId) -> Result<Vec<Entry>, LedgerError> {
        let cards = self.ledger.cards_of(Kind::Worktree, session.0)?;
        Ok(cards.into_iter().filter(|card| card.state != State::Over).collect())
    }

    /// Ends the cards that ask, or those that offer the way back too; returns the chats where a press began it.
    fn end_tree_cards(&mut self, session: SessionId, with_undo: bool, end: &End) -> Result<Vec<ChatId>, LedgerError> {
        let mut chats = Vec::new();
        for card in self.live_tree_cards(session)? {
            if trees::offers_undo(&card.shown) && !with_undo {
                continue;
            }
            let over = trees::over_with(&card.shown, end.tone, &end.tag, end.last.clone());
            self.ledger.want(card.id, &over, true, clock::now())?;
            if card.state == State::Claimed {
                chats.push(card.chat);
            }
        }
        Ok(chats)
    }

    /// The session has ended: nothing on its cards can be pressed any more.
    pub(super) fn close_tree_cards(&mut self, session: SessionId) -> Result<(), LedgerError> {
        self.looks.remove(&session);
        let text = self.settings.language.pick("The session is closed.", "会话已关闭。").to_owned();
        let end = self.end(Tone::Over, "over", "已失效", Block::Text(text));
        self.end_tree_cards(session, true, &end).map(drop)
    }

    /// What happened to worktrees while nobody listened.
    pub(super) fn catch_up_trees(&mut self) -> Result<(), LedgerError> {
        for card in self.ledger.live(Kind::Worktree)? {
            let worktree = self.fleet.get(card.session).and_then(|session| session.worktree.as_ref());
            let (is_aside, is_here) = (worktree.is_some_and(|it| it.aside.is_some()), worktree.is_some());
            if if trees::offers_undo(&card.shown) { is_aside } else { is_here && !is_aside } {
                // Whatever was pressed and not done can be pressed again.
                if card.state == State::Claimed {
                    self.ledger.reopen(Kind::Worktree, card.about)?;
                    self.ledger.want(card.id, &card.shown, false, clock::now())?;
                }
                continue;
            }
            let text = self.settings.language.pick("It is over by now.", "已结束。");
            let over = trees::over(&card.shown, Tone::Over, self.settings.language.pick("over", "已失效"), text);
            self.ledger.want(card.id, &over, true, clock::now())?;
        }
        Ok(())
    }

    fn tree_looked(&mut self, id: SessionId, report: &Report) -> Result<(), LedgerError> {
        let text = self.settings.language.pick("It has changed since.", "内容已变化。");
        let tag = self.settings.language.pick("outdated", "已过期");
        let mut chats: Vec<ChatId> = self.looks.remove(&id).into_iter().collect();
        for card in self.live_tree_cards(id)?.into_iter().filter(|card| !trees::offers_undo(&card.shown)) {
            let is_asked = chats.contains(&card.chat);
            if card.state == State::Open && !is_asked && trees::shown_mark(&card.shown) == Some(&report.mark) {
                continue;
            }
            let over = trees::over(&card.shown, Tone::Over, tag, text);
            self.ledger.want(card.id, &over, true, clock::now())?;
            if card.state == State::Claimed && !is_asked {
                chats.push(card.chat);
            }
        }
        let Some(place) = self.place_of(id) else { return Ok(()) };
        if let Verdict::Kept(why) = report.verdict() {
            return chats.iter().try_for_each(|chat| self.say(chat, trees::kept(&why, self.settings.language)));
        }
        chats.iter().try_for_each(|chat| {
            self.tree_card(id, chat, |mark, around| trees::looked(id, &place, report, mark, around))
        })
    }

    fn place_of(&self, session: SessionId) -> Option<Place> {
        Some(self.fleet.get(session)?.worktree.as_ref()?.place.clone())
    }

    fn tree_card(
        &mut self,
        id: SessionId,
        chat: &ChatId,
        make: impl Fn(Mark<'_>, Around<'_>) -> Card,
    ) -> Result<(), LedgerError> {
        let nonce = uuid::Uuid::new_v4().simple().to_string();
        let title = self.title(id);
        let around = Around { session: &title, language: self.settings.language, redactor: &self.redactor };
        let card = |card: i64| make(Mark { card, nonce: &nonce }, around);
        self.ledger.make((Kind::Worktree, id.0, id), &nonce, chat, card, clock::now()).map(drop)
    }

    /// It was not looked at, not removed, or not put back.
    fn tree_kept(&mut self, id: SessionId, why: &str) -> Result<(), LedgerError> {
        let mut chats: Vec<ChatId> = self.looks.remove(&id).into_iter().collect();
        for card in self.live_tree_cards(id)?.into_iter().filter(|card| card.state == State::Claimed) {
            self.ledger.want(card.id, &card.shown, false, clock::now())?;
            chats.push(card.chat);
        }
        self.ledger.reopen(Kind::Worktree, id.0)?;
        chats.dedup();
        chats.iter().try_for_each(|chat| self.say(chat, trees::kept(why, self.settings.language)))
    }

    /// It is removed: where that was asked for, the way back is offered.
    fn tree_aside(
        &mut self,
        id: SessionId,
        (place, aside): (&Place, &Aside),
        lost: &[String],
        asked: &[ChatId],
    ) -> Result<(), LedgerError> {
        // One that could not be put back, or deleted: the way back stays open.
        let undos = self.live_tree_cards(id)?;
        for card in &undos {
            self.ledger.want(card.id, &card.shown, false, clock::now())?;
            let language = self.settings.language;
            let why: Vec<String> = lost.iter().map(|line| language::told(line, language)).collect();
            let text = format!("{}{}", language.pick("It was not possible: ", "未能完成："), why.join(" · "));
            self.say(&card.chat, text)?;
        }
        self.ledger.reopen(Kind::Worktree, id.0)?;
        let seconds = aside.until.map(|until| until.millis_since(clock::now()) / 1000);
        for chat in asked.iter().filter(|chat| !undos.iter().any(|card| card.chat == **chat)) {
            self.tree_card(id, chat, |mark, around| trees::aside(place, seconds, lost, mark, around))?;
        }
        Ok(())
    }

    pub(super) fn tree_pressed(&mut self, card: &Entry, pressed: &Pressed) -> Result<Reply, LedgerError> {
        let language = self.settings.language;
        let session = card.session;
        let worktree = self.fleet.get(session).and_then(|session| session.worktree.as_ref());
        let Some(Worktree { place, aside, .. }) = worktree else {
            return Ok(note(Mood::Warning, language.pick("The session is closed.", "会话已关闭。")));
        };
        let is_over = aside.as_ref().and_then(|aside| aside.until).is_some_and(|until| until <= clock::now());
        let choice = match trees::decide(&card.shown, &place.branch, &pressed.value, &pressed.form, language) {
            Ok(Choice::Restore) if is_over => {
                return Ok(note(Mood::Warning, language.pick("Its time is over.", "已超时。")));
            }
            Ok(choice) => choice,
            Err(why) => return Ok(note(Mood::Warning, why)),
        };
        let by = Surface::Phone(pressed.who.person.to_string());
        let (command, said) = match choice {
            Choice::Leave => {
                let text = language.pick("It stays.", "已保留。");
                let over = trees::over(&card.shown, Tone::Over, language.pick("kept", "已保留"), text);
                self.ledger.want(card.id, &over, true, clock::now())?;
                return Ok(Reply::Note { mood: Mood::Info, text: text.to_owned(), card: Some(Box::new(over)) });
            }
            Choice::Remove { seen, named } => (
                Command::RemoveWorktree { session, seen, named, by },
                language.pick("It is being removed.", "正在删除。"),
            ),
            Choice::Restore => {
                (Command::RestoreWorktree { session, by }, language.pick("It is being put back.", "正在恢复。"))
            }
        };
        if !self.ledger.claim_one(card.id)? {
            return Ok(note(Mood::Info, language.pick("It was pressed already.", "已处理。")));
        }
        if self.orders.try_command(command).is_err() {
            self.ledger.reopen(Kind::Worktree, card.about)?;
            return Ok(note(Mood::Error, language.pick("The engine is too busy; press again.", "引擎繁忙，请重试。")));
        }
        let shown = trees::over(&card.shown, Tone::Working, language.pick("under way", "处理中"), said);
        Ok(Reply::Note { mood: Mood::Success, text: said.to_owned(), card: Some(Box::new(shown)) })
    }
}
