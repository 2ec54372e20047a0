//! What people write becomes commands.
//!
//! Invariants: a message counts once, and not when it is old; who may not speak is told at most who they are; a
//! message is in the ledger before it is acknowledged, and until what it asked for has come about.

use std::path::Path;
use std::sync::Arc;

use super::Service;
use super::answering::Meant;
use super::asides::Deed;
use super::errands::Errand;
use super::openings::Where;
use super::recalls;
use super::record;
use super::undertakings::Stage;
use super::undertakings::prompt_of;
use crate::clock;
use crate::core::approval::Decision;
use crate::core::command::Command;
use crate::core::ids::SessionId;
use crate::core::image::ImageRef;
use crate::core::language;
use crate::core::language::Language;
use crate::core::permission::PermissionMode;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::core::session::Session;
use crate::core::session::SessionSpec;
use crate::core::session::SlashCommand;
use crate::relay::access;
use crate::relay::approvals;
use crate::relay::commands;
use crate::relay::commands::Wish;
use crate::relay::ledger::LedgerError;
use crate::relay::ledger::Reach;
use crate::relay::messenger::Happening;
use crate::relay::messenger::Heard;
use crate::relay::messenger::MessageId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::Mood;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Reply;
use crate::relay::messenger::Said;
use crate::relay::messenger::Who;
use crate::relay::typed::Meaning;

/// Older messages are not acted on: whoever wrote them has long gone on.
pub(super) const TOO_OLD_MS: u64 = 10 * 60_000;

impl<M: Messenger> Service<M> {
    pub(super) fn heard(&mut self, heard: Heard) -> Result<(), LedgerError> {
        let (what, reply) = heard.split();
        if self.paused {
            let text = self.settings.language.pick("Paused at the terminal.", "已在终端暂停。").to_owned();
            reply(Reply::Note { mood: Mood::Warning, text, card: None });
            return Ok(());
        }
        match what {
            Happening::Pressed(pressed) => match self.pressed(&pressed) {
                Ok(answer) => {
                    reply(answer);
                    Ok(())
                }
                Err(error) => {
                    reply(Reply::Failed);
                    Err(error)
                }
            },
            Happening::Said(said) => match self.ledger.take_in(&said, clock::now()) {
                Ok(is_new) => {
                    reply(Reply::Done);
                    let done = if is_new { self.whole(|service| service.act(&said)) } else { Ok(()) };
                    self.is_unsettled |= done.is_err();
                    done
                }
                Err(error) => {
                    reply(Reply::Failed);
                    Err(error)
                }
            },
            Happening::Entered { chat, who } => {
                reply(Reply::Done);
                if access::admits_to_own_chat(&self.members()?, &who) {
                    self.ledger.meet(&Reach { chat, person: who.person })
                } else if access::is_of_the_house(&who) || who.tenant.0.is_empty() {
                    self.tell_who_they_are(&chat, &who.person, clock::now())
                } else {
                    Ok(())
                }
            }
            Happening::Chosen { id, who, at, key } => match self.ledger.note(&id, clock::now()) {
                Ok(is_new) => {
                    reply(Reply::Done);
                    if is_new { self.chosen(&id, &who, at, &key) } else { Ok(()) }
                }
                Err(error) => {
                    reply(Reply::Failed);
                    Err(error)
                }
            },
            Happening::Recalled { chat, message } => match self.ledger.recall(&message, clock::now()) {
                Ok(()) => {
                    reply(Reply::Done);
                    self.taken_back(&chat, message)
                }
                Err(error) => {
                    reply(Reply::Failed);
                    Err(error)
                }
            },
        }
    }

    /// What was taken in and is not over: before a crash, or while the ledger failed.
    pub(super) fn resume_hearing(&mut self) -> Result<(), LedgerError> {
        for said in self.ledger.left_over()? {
            if self.is_there(&said.message) {
                self.came_about(&said.message)?;
            } else if !self.is_underway(&said.message) {
                self.whole(|service| service.act(&said))?;
            }
        }
        Ok(())
    }

    /// Acts on a message. It is over with it then, unless something is on its way.
    pub(super) fn act(&mut self, said: &Said) -> Result<(), LedgerError> {
        self.heed_message(said)?;
        if self.is_underway(&said.message) { Ok(()) } else { self.ledger.acted_on(&said.message) }
    }

    fn heed_message(&mut self, said: &Said) -> Result<(), LedgerError> {
        let now = clock::now();
        let late = said.at.map(|at| now.millis_since(at)).filter(|late| *late > TOO_OLD_MS);
        if !access::admits(&self.members()?, &said.who) {
            return if late.is_none() { self.stranger(said, now) } else { Ok(()) };
        }
        if said.is_group && !(self.settings.groups && said.mentions_us) {
            return Ok(());
        }
        if let Some(late) = late {
            let minutes = late / 60_000;
            let text = match self.settings.language {
                Language::English => format!(
                    "Your message came {} late, and nothing was done: send it again. If that is wrong, look at \
                     the computer's clock.",
                    crate::core::figures::count(minutes, "minute", "minutes")
                ),
                Language::Chinese => {
                    format!("消息延迟 {minutes} 分钟才到，未执行，请重新发送。如不属实，请检查电脑时钟。")
                }
            };
            return self.say(&said.chat, text);
        }
        // In a group there is no telling who would read the news.
        let person = if said.is_group { PersonId::default() } else { said.who.person.clone() };
        // A button may stand in a group too.
        if !said.is_press {
            self.ledger.meet(&Reach { chat: said.chat.clone(), person })?;
        }
        let reach = Reach { chat: said.chat.clone(), person: said.who.person.clone() };
        if !said.is_press {
            let messenger = Arc::clone(&self.messenger);
            let message = said.message.clone();
            tokio::spawn(async move { messenger.seen(&message).await });
        }
        if let Some(kind) = &said.unsupported {
            let text = match self.settings.language {
                Language::English => format!("A message of the kind “{kind}” cannot be used here."),
                Language::Chinese => format!("不支持「{kind}」类型的消息。"),
            };
            return self.say(&reach.chat, text);
        }
        // A word that could be a code is one only while somebody is to be paired.
        if self.pairing.is_pending(now) && commands::code(&said.text).is_some() {
            return self.say(&reach.chat, self.settings.language.pick("You are known here already.", "你已配对。"));
        }
        if said.text.trim().is_empty() && said.attachments.is_empty() {
            return Ok(());
        }
        if self.gathers(said) {
            return Ok(());
        }
        let meant = self.meant(said, &reach)?;
        if let Meaning::Wish(Wish::Prompt(_) | Wish::PromptTo(..)) = &meant
            && let Some(whole) = self.with_gathered(said)?
        {
            return self.fetch(&whole, reach);
        }
        match meant {
            Meaning::Wish(Wish::Prompt(_) | Wish::PromptTo(..)) if !said.attachments.is_empty() => {
                self.fetch(said, reach)
            }
            // With something attached it is no answer.
            Meaning::Hint(_) if !said.attachments.is_empty() => self.fetch(said, reach),
            Meaning::Wish(wish) => self.ordered(&reach, wish, &said.message, &said.text),
            Meaning::Hint(hint) => self.hint(said, &reach, &hint),
        }
    }

    /// Does what is wished, and records it if it is a command.
    pub(super) fn ordered(
        &mut self,
        reach: &Reach,
        wish: Wish,
        message: &MessageId,
        line: &str,
    ) -> Result<(), LedgerError> {
        if !record::is_command(&wish) {
            return self.wished(reach, wish, message);
        }
        let n_errands = self.errands.len();
        self.begin_order(message, reach, line);
        let done = self.wished(reach, wish, message);
        if self.errands.len() == n_errands {
            self.end_order(message, None);
        }
        done
    }

    fn wished(&mut self, reach: &Reach, wish: Wish, message: &MessageId) -> Result<(), LedgerError> {
        let language = self.settings.language;
        match wish {
            Wish::New { directory, prompt, timeout_minutes, idle_minutes, worktree } => {
                let deadline_s = Some(self.settings.deadline_s);
                let spec =
                    SessionSpec { idle_minutes, timeout_minutes, deadline_s, worktree, ..SessionSpec::default() };
                self.find_and_open((reach, message), Where::Directory(directory), prompt, Box::new(spec))
            }
            Wish::Worktree(number) => match self.session(reach, number)? {
                Ok(session) => self.look_at_tree(reach, session),
                Err(why) => self.say(&reach.chat, why),
            },
            Wish::Resume { which, prompt } => self.resume(reach, which, prompt, message),
            Wish::Fork { session, prompt } => self.fork(reach, session, prompt, message),
            Wish::Queue(number) => self.show_queue(reach, number),
            Wish::List => {
                let lines = self.list(reach)?;
                let nothing =
                    language.pick("There is no session. /new DIR opens one.", "还没有会话，发送 /new 目录 开始。");
                self.say(&reach.chat, if lines.is_empty() { nothing.to_owned() } else { lines })
            }
            Wish::Switch(number) => match self.session(reach, Some(number))? {
                Ok(session) => {
                    self.ledger.activate(&reach.chat, Some(session))?;
                    let text = format!("{} {}", language.pick("Active:", "当前："), self.title(session));
                    self.say(&reach.chat, text)
                }
                Err(why) => self.say(&reach.chat, why),
            },
            Wish::Close(number) => self.close_session(reach, number),
            Wish::Stop(number) => self.stop(reach, number),
            Wish::Mode(PermissionMode::BypassPermissions) => {
                let text = language.pick(
                    "This mode runs everything without asking; it is chosen at the terminal.",
                    "此模式不再询问任何操作，只能在终端选择。",
                );
                self.say(&reach.chat, text)
            }
            Wish::Mode(mode) => {
                let done = format!("{}{}", language.pick("Mode: ", "模式："), language::mode(mode, language));
                self.command(reach, None, |session| Command::SetMode { session, mode }, &done)
            }
            Wish::Progress(number) => {
                self.show_session(reach, number, |service, session| service.progress_text(session, clock::now()))
            }
            Wish::Tail(number) => self.show_session(reach, number, |service, session| service.tail_text(session)),
            Wish::Approve(id) => self.answer(reach, id, &Meant::Allow),
            Wish::Deny { request, reason } => {
                let decision = reason.map_or_else(approvals::denied, Decision::deny);
                self.answer(reach, request, &Meant::Deny(decision))
            }
            Wish::Answer { request, text } => self.answer(reach, Some(request), &Meant::Answer(text)),
            Wish::File(path) => match self.session(reach, None)? {
                Ok(session) => {
                    let directory = self.fleet.get(session).map(|session| session.spec.directory.clone());
                    self.undertake(message, Stage::Work);
                    let (reach, message) = (reach.clone(), message.clone());
                    self.errands.spawn_blocking(move || {
                        let found = access::file(&path, Path::new(&directory.unwrap_or_default()));
                        Errand::File { reach, message, found }
                    });
                    Ok(())
                }
                Err(why) => self.say(&reach.chat, why),
            },
            Wish::Quiet(quiet) => self.set_quiet(reach, quiet),
            Wish::Help => self.show_help(reach),
            Wish::Wrong(why) => self.say(&reach.chat, why),
            Wish::Prompt(text) => self.wants(reach, None, text, message),
            Wish::PromptTo(session, text) => self.wants(reach, Some(session), text, message),
        }
    }

    /// Text for a session.
    fn wants(
        &mut self,
        reach: &Reach,
        number: Option<u32>,
        text: String,
        message: &MessageId,
    ) -> Result<(), LedgerError> {
        if number.is_none() && self.openings.values().any(|opening| opening.reach.chat == reach.chat) {
            let text = self.settings.language.pick(
                "A session is being opened here: send this again when it is there.",
                "正在打开会话，请稍后重新发送。",
            );
            return self.say(&reach.chat, text);
        }
        match self.session(reach, number)? {
            Ok(session) if self.is_no_command(session, &text) => {
                let text = self.settings.language.pick(
                    "Neither this bot nor the session knows this command; /help tells those of the bot.",
                    "机器人和会话都没有此命令；/help 可查看机器人的命令。",
                );
                self.say(&reach.chat, text)
            }
            Ok(session) => self.prompt((reach, message), session, (text, Vec::new())),
            Err(why) => self.say(&reach.chat, why),
        }
    }

    /// Sends a prompt, unless the message that it came with was taken back meanwhile.
    pub(super) fn send_prompt(
        &mut self,
        (reach, message): (&Reach, &MessageId),
        session: SessionId,
        (text, images): (String, Vec<ImageRef>),
    ) -> Result<(), LedgerError> {
        if self.is_prompted(message) {
            return Ok(());
        }
        if self.recalls.has(message) {
            self.came_about(message)?;
            return self.say(&reach.chat, recalls::taken_out(self.settings.language));
        }
        let by = Surface::Phone(reach.person.to_string());
        let command = Command::Send { session, text, how: SendHow::Queue, by, id: Some(prompt_of(message)), images };
        let is_busy = self.fleet.get(session).is_some_and(|session| session.turn.is_some());
        if !self.give(reach, command)? {
            return self.came_about(message);
        }
        self.undertake(message, Stage::Prompt);
        let place = is_busy.then(|| self.fleet.get(session).map_or(0, |session| session.queue.len()) + 1);
        self.tell_placed((reach, message), place)
    }

    /// Tells that a prompt waits in a queue, or that something else waits for an answer beside it.
    fn tell_placed(&mut self, (reach, message): (&Reach, &MessageId), place: Option<usize>) -> Result<(), LedgerError> {
        let language = self.settings.language;
        let waiting = self.waiting_here(reach, None, true)?;
        let ids: Vec<String> = waiting.iter().map(|(open, _)| open.approval.id.to_string()).collect();
        let waits = match (ids.is_empty(), language) {
            (true, _) => None,
            (false, Language::English) => Some(format!("Request {} waits for an answer.", ids.join(", "))),
            (false, Language::Chinese) => Some(format!("另有请求 {} 待审批。", ids.join("、"))),
        };
        let queued = place.map(|n| match language {
            Language::English => format!("Queued as number {n}: it is sent when this turn ends."),
            Language::Chinese => format!("已排队（第 {n} 条），本轮结束后执行。"),
        });
        match (queued, waits) {
            (None, None) => Ok(()),
            (None, Some(waits)) => {
                let text = format!("{} {waits}", language.pick("Sent.", "已发送。"));
                self.say(&reach.chat, text)
            }
            (Some(queued), waits) => {
                let text = [Some(queued), waits].into_iter().flatten().collect::<Vec<_>>().join(" ");
                let who = Who { person: reach.person.clone(), ..Who::default() };
                let said = Said { message: message.clone(), chat: reach.chat.clone(), who, ..Said::default() };
                self.aside(&said, reach, &text, 0, &[Deed::TakeBack])
            }
        }
    }

    /// Hands a command to the engine, or says that it did not take it.
    pub(super) fn give(&mut self, reach: &Reach, command: Command) -> Result<bool, LedgerError> {
        if self.orders.try_command(command).is_ok() {
            return Ok(true);
        }
        let text = self.settings.language.pick("The engine is too busy; send it again.", "引擎繁忙，请重新发送。");
        self.say(&reach.chat, text).map(|()| false)
    }

    /// Whether it looks like a command, and the session is known to have none of this name: a mistyped answer to a
    /// request must not become a prompt.
    fn is_no_command(&self, session: SessionId, text: &str) -> bool {
        let Some(command) = text.strip_prefix('/') else { return false };
        let name = command.split_whitespace().next().unwrap_or_default();
        let known = self.fleet.get(session).map(|session| session.cli.commands.as_slice()).unwrap_or_default();
        let has = |command: &SlashCommand| command.name == name || command.aliases.iter().any(|alias| alias == name);
        // A path is text.
        !name.contains('/') && !known.is_empty() && !known.iter().any(has)
    }

    fn command(
        &mut self,
        reach: &Reach,
        number: Option<u32>,
        command: impl FnOnce(SessionId) -> Command,
        done: &str,
    ) -> Result<(), LedgerError> {
        match self.session(reach, number)? {
            Ok(session) => {
                let text = format!("{done} · {}", self.title(session));
                if self.give(reach, command(session))? { self.say(&reach.chat, text) } else { Ok(()) }
            }
            Err(why) => self.say(&reach.chat, why),
        }
    }

    fn show_session(
        &mut self,
        reach: &Reach,
        number: Option<u32>,
        text: impl FnOnce(&Self, &Session) -> String,
    ) -> Result<(), LedgerError> {
        let text = match self.session(reach, number)? {
            Ok(session) => self.fleet.get(session).map(|session| text(self, session)).unwrap_or_default(),
            Err(why) => why,
        };
        self.say(&reach.chat, text)
    }

    /// The session that is meant: the one named, the active one of the chat, or the only one there is.
    pub(super) fn session(&self, reach: &Reach, number: Option<u32>) -> Result<Result<SessionId, String>, LedgerError> {
        let language = self.settings.language;
        let mine = self.reached(reach)?;
        if let Some(number) = number {
            let found = mine.into_iter().find(|session| session.0 == number);
            return Ok(found.ok_or_else(|| match language {
                Language::English => format!("There is no session {number}; /list shows those there are."),
                Language::Chinese => format!("没有会话 {number}；/list 可查看。"),
            }));
        }
        let active = self.ledger.active(&reach.chat)?.filter(|session| mine.contains(session));
        let only = if let [only] = mine.as_slice() { Some(*only) } else { None };
        Ok(active.or(only).ok_or_else(|| {
            language
                .pick(
                    "No session is active: /list, then /switch N, or /new DIR.",
                    "没有当前会话：请用 /list 与 /switch N，或 /new 目录。",
                )
                .to_owned()
        }))
    }

    /// The sessions that the person reaches.
    pub(super) fn reached(&self, reach: &Reach) -> Result<Vec<SessionId>, LedgerError> {
        let mut mine = Vec::new();
        for session in self.fleet.sessions() {
            let owner = self.ledger.owner(session.id)?.map(|owner| owner.person);
            if access::reaches(owner.as_ref(), &reach.person) {
                mine.push(session.id);
            }
        }
        Ok(mine)
    }

    fn list(&self, reach: &Reach) -> Result<String, LedgerError> {
        let active = self.ledger.active(&reach.chat)?;
        let mine = self.reached(reach)?;
        let lines = mine.iter().filter_map(|id| self.fleet.get(*id)).map(|session| {
            let mark = if active == Some(session.id) { "▸" } else { " " };
            let state = language::activity(session, self.settings.language);
            format!("{mark} {} · {state}\n    {}", self.title(session.id), session.directory())
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }
}
