//! Sessions that are opened from the phone: in a directory, on an earlier conversation, or in a copy of one.
//!
//! Invariants: a session is opened only where its person may work, wherever the conversation says that it was held; a
//! conversation that somebody else opened from their phone is as if it were not there.

use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

use super::Opening;
use super::Service;
use super::errands::Errand;
use super::undertakings::Stage;
use super::undertakings::tag_of;
use crate::core::command::Command;
use crate::core::ids::ConversationId;
use crate::core::ids::SessionId;
use crate::core::language;
use crate::core::language::Language;
use crate::core::session::SessionSpec;
use crate::core::session::title_of;
use crate::core::worktree::Place;
use crate::relay::access;
use crate::relay::access::Grounds;
use crate::relay::access::Shut;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::transcripts;
use crate::transcripts::list;

/// Where a session is to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Where {
    /// In a directory, as a person names it.
    Directory(String),
    /// Where this conversation was held.
    Held(ConversationId),
}

/// The directory of a conversation, and what it is called. Blocking.
fn held_in(projects: &Path, id: &ConversationId) -> Option<(String, Option<String>)> {
    let entry = list::entry(&transcripts::find(projects, id, "")?)?;
    Some((entry.directory?, entry.title.as_deref().map(title_of)))
}

impl<M: Messenger> Service<M> {
    /// Looks whether a session may be opened there, then opens it.
    pub(super) fn find_and_open(
        &mut self,
        (reach, message): (&Reach, &MessageId),
        place: Where,
        prompt: Option<String>,
        mut spec: Box<SessionSpec>,
    ) -> Result<(), LedgerError> {
        let roots = self.settings.roots.clone();
        let places = self.places(reach)?;
        let tag = tag_of(message);
        if self.openings.contains_key(&tag) {
            return Ok(());
        }
        self.undertake(message, Stage::Work);
        if let Some(session) = self.session_of(tag) {
            self.openings.insert(tag, Opening { reach: reach.clone(), message: message.clone(), prompt });
            return self.opened(session, tag);
        }
        let (reach, message) = (reach.clone(), message.clone());
        let projects = self.settings.conversations.clone();
        self.errands.spawn_blocking(move || {
            let grounds = Grounds::survey(&roots, &places);
            let directory = match place {
                Where::Directory(directory) => directory,
                Where::Held(id) => match held_in(&projects, &id) {
                    Some((directory, title)) => {
                        spec.title = title;
                        directory
                    }
                    None => return Errand::Open { reach, message, found: Err(Shut::NoConversation), prompt, spec },
                },
            };
            let found = access::directory(&directory, &grounds).map_err(|shut| {
                let meant = prompt.as_deref().filter(|_| shut == Shut::Missing);
                meant.and_then(|rest| access::with_blanks(&directory, rest, &grounds)).map_or(shut, Shut::Blank)
            });
            let found = match (found, &spec.worktree) {
                (Ok(found), Some(_)) => access::repository(&found, &grounds).map(|()| found),
                (found, _) => found,
            };
            Errand::Open { reach, message, found, prompt, spec }
        });
        Ok(())
    }

    /// The worktrees of sessions that a person reaches.
    pub(super) fn places(&self, reach: &Reach) -> Result<Vec<Place>, LedgerError> {
        let mine = self.reached(reach)?;
        let places = mine.into_iter().filter_map(|session| self.fleet.get(session)?.worktree.as_ref());
        Ok(places.map(|worktree| worktree.place.clone()).collect())
    }

    /// Whether the session may be opened is known now.
    pub(super) fn may_open(
        &mut self,
        (reach, message): (Reach, MessageId),
        found: Result<PathBuf, Shut>,
        prompt: Option<String>,
        spec: Box<SessionSpec>,
    ) -> Result<(), LedgerError> {
        let language = self.settings.language;
        match (found, spec) {
            (Ok(directory), mut spec) => {
                spec.directory = directory.to_string_lossy().into_owned();
                let tag = tag_of(&message);
                if !self.give(&reach, Command::Open { spec, tag: Some(tag) })? {
                    self.end_order(&message, None);
                    return self.came_about(&message);
                }
                self.undertake(&message, Stage::Opening);
                self.openings.insert(tag, Opening { reach, message, prompt });
                Ok(())
            }
            (Err(shut), _) => {
                let text = match shut {
                    Shut::NoRoots => language.pick(
                        "No directory may be opened from here: [relay.feishu] roots names none.",
                        "未配置可用目录：[relay.feishu] roots 为空。",
                    ),
                    Shut::Missing => language.pick("There is no such directory.", "目录不存在。"),
                    Shut::NoConversation => language.pick(
                        "There is no such conversation; /resume shows those there are.",
                        "没有该对话；发送 /resume 查看可恢复的对话。",
                    ),
                    Shut::Outside => language.pick(
                        "This directory, or the repository that it is a part of, is outside the roots.",
                        "目录或其所属仓库不在允许范围内。",
                    ),
                    Shut::NotText => language.pick(
                        "Its name is not UTF-8, and the CLI's protocol can carry no other.",
                        "目录名不是 UTF-8，无法使用。",
                    ),
                    Shut::Blank(name) => {
                        let shown = self.safe(&name);
                        let text = match language {
                            Language::English => {
                                format!("A name with a blank in it stands in quotes: /new \"{shown}\" …")
                            }
                            Language::Chinese => format!("含空格的目录名需加引号：/new \"{shown}\" …"),
                        };
                        self.say(&reach.chat, text)?;
                        self.end_order(&message, None);
                        return self.came_about(&message);
                    }
                };
                self.say(&reach.chat, text)?;
                self.end_order(&message, None);
                self.came_about(&message)
            }
        }
    }

    /// A session is there that was asked for from the phone: it belongs to who asked.
    pub(super) fn opened(&mut self, session: SessionId, tag: u64) -> Result<(), LedgerError> {
        let Some(opening) = self.openings.get(&tag).cloned() else { return Ok(()) };
        let (reach, message) = (&opening.reach, &opening.message);
        if self.ledger.owner(session)?.is_none() {
            self.ledger.own(session, reach)?;
            self.tell_opened(session, &reach.chat)?;
        }
        self.end_order(message, Some(session));
        match opening.prompt {
            Some(prompt) if !self.is_there(message) => {
                self.prompt((reach, message), session, (prompt, Vec::new()))?;
            }
            _ => self.came_about(message)?,
        }
        self.openings.remove(&tag);
        Ok(())
    }

    fn tell_opened(&mut self, session: SessionId, chat: &ChatId) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let spec = self.fleet.get(session).map(|session| (session.spec.resume.is_some(), session.spec.fork));
        let opened = match spec {
            Some((true, true)) => language.pick("Opened a copy as session", "已分叉为会话"),
            Some((true, false)) => language.pick("Went on with it as session", "已恢复为会话"),
            _ => language.pick("Opened session", "已打开会话"),
        };
        let name =
            if spec.is_some_and(|(is_resumed, _)| is_resumed) { self.title(session) } else { session.to_string() };
        let mut text = match language {
            Language::English => format!("{opened} {name} in {}", self.directory(session)),
            Language::Chinese => format!("{opened} {name}：{}", self.directory(session)),
        };
        if let Some(tree) = self.fleet.get(session).and_then(|session| session.worktree.as_ref()) {
            let _ = match self.settings.language {
                Language::English => write!(text, "\nin the git worktree of the branch {}", tree.place.branch),
                Language::Chinese => write!(text, "\n位于分支 {} 的 git worktree", tree.place.branch),
            };
        }
        self.say(chat, text)
    }

    /// A session that was asked for from the phone cannot be: whoever asked is told why.
    pub(super) fn open_refused(&mut self, tag: u64, why: &str, instead: Option<&str>) -> Result<(), LedgerError> {
        let Some(opening) = self.openings.get(&tag).cloned() else { return Ok(()) };
        let mut text = match self.settings.language {
            Language::English => format!("No session was opened, and nothing was sent: {why}."),
            Language::Chinese => format!("未打开会话，也未发送任何内容：{}。", language::told(why, Language::Chinese)),
        };
        if let Some(instead) = instead {
            let _ = match self.settings.language {
                Language::English => write!(text, " This name is free: --worktree={instead}"),
                Language::Chinese => write!(text, " 可用名称：--worktree={instead}"),
            };
        }
        self.say(&opening.reach.chat, text)?;
        self.end_order(&opening.message, None);
        self.came_about(&opening.message)?;
        self.openings.remove(&tag);
        Ok(())
    }
}
