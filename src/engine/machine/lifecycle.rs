//! The life of the process: started lazily, stopped down a ladder, its end explained.

use std::path::PathBuf;
use std::time::Duration;

use super::Asked;
use super::Effect;
use super::Ending;
use super::MAX_STDERR;
use super::Machine;
use super::calls;
use super::hooking;
use super::trusting::SETTINGS_CALLBACK;
use super::trusting::Trusting;
use crate::core::approval::Ask;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::session::Exit;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::engine::approvals::dialog;
use crate::engine::guard;
use crate::engine::hooks::Point;
use crate::engine::process::Rung;
use crate::engine::spawn::Launch;
use crate::translate::Translator;
use crate::translate::bound;
use crate::wire::outbound::ClientRequest;
use crate::wire::outbound::HookMatcher;
use crate::wire::outbound::Initialize;

/// How long the guard may take to end everything at once.
const KILL_GRACE: Duration = Duration::from_secs(6);
/// How long the system may take to report the end of a killed process.
const LAST_GRACE: Duration = Duration::from_secs(3);
/// A line of standard error is kept to this length.
const MAX_STDERR_BYTES: usize = 1000;

#[derive(Debug)]
pub(super) enum Life {
    Absent,
    /// Until the answer to `initialize`.
    Starting {
        until: Duration,
    },
    Up,
    Stopping(Stopping),
}

#[derive(Debug)]
pub(super) struct Stopping {
    /// The signal that comes next.
    next: Rung,
    until: Duration,
    /// Why it is stopped, when that is something wrong.
    trouble: Option<Trouble>,
}

/// What a session declares. Summaries of sub-agents (`agentProgressSummaries`) are left out: for each of them the CLI
/// asks the model again, about twice a minute and agent, on the person's bill; what a sub-agent does is told without.
fn introduction(trust: &Trusting, asks_after_calls: bool) -> Initialize {
    let watch = HookMatcher { hook_callback_ids: vec![SETTINGS_CALLBACK.to_owned()], ..HookMatcher::default() };
    let of_settings = trust.watches_settings().then(|| ("ConfigChange".to_owned(), vec![watch]));
    // Nothing is asked for that nobody looks at: each callback holds the CLI up.
    let after = hooking::AFTER.iter().filter(|_| asks_after_calls);
    let of_calls =
        calls::EVENTS.iter().chain(after).map(|event| ((*event).to_owned(), vec![calls::declaration(event)]));
    Initialize {
        // An interrupt ends the turn alone; what runs in the background is stopped by itself.
        per_task_stop_affordance: Some(true),
        forward_subagent_text: Some(true),
        supported_dialog_kinds: dialog::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        append_system_prompt: trust.instructions(),
        hooks: of_calls.chain(of_settings).collect(),
        ..Initialize::default()
    }
}

impl Machine {
    pub(super) fn start(&mut self) {
        self.generation = self.generation.next();
        self.renew = false;
        self.translator = Translator::named(format!("{}.", self.generation));
        self.desk.forget_requests();
        self.calls.begin(None);
        self.changes.forget();
        self.trust.process_starts();
        self.hooking.process_starts();
        self.requests.clear();
        self.task_files.clear();
        self.server_calls.clear();
        self.reads_task_files = false;
        self.says_unanswered = false;
        self.stderr.clear();
        self.startup_error = None;
        self.garbage_told = false;
        self.tells_state = false;
        self.emit(EventKind::Starting);
        if let Err(reason) = &self.profile {
            let trouble = Trouble::new(TroubleKind::Other, reason.clone());
            self.launch_failed(trouble);
            return;
        }
        let timeout = Duration::from_secs(self.config.claude.initialize_timeout_s);
        self.life = Life::Starting { until: self.now.mono + timeout };
        self.resumed = self.conversation.is_some();
        self.effects.push(Effect::Launch(Launch {
            directory: self.directory.clone(),
            resume: self.conversation.clone(),
            fork: self.fork,
            fork_at: self.fork_at.clone().filter(|_| self.fork),
            resume_at: None,
            mode: self.mode,
            model: self.model.clone(),
            trust: self.trust.start(),
            servers: self.offers.iter().map(|offer| offer.server.clone()).collect(),
        }));
        self.trust.is_used();
    }

    pub(super) fn launched(&mut self, plans: PathBuf, real: Option<PathBuf>) {
        self.translator.plans_are_in(plans);
        self.calls.begin(real);
        self.last_line = self.now.mono;
        let asked = Asked::Initialize { mode: self.mode, model: self.model.clone() };
        self.request(
            ClientRequest::Initialize(Box::new(introduction(&self.trust, self.wants_hooks(Point::AfterCall, None)))),
            asked,
        );
    }

    pub(super) fn launch_failed(&mut self, trouble: Trouble) {
        self.life = Life::Absent;
        self.wanted = false;
        self.emit(EventKind::Exited(Exit { trouble: Some(trouble), ..Exit::default() }));
        self.finish_if_ending();
    }

    /// Stops the process in order. `trouble`: what is wrong with it, when that is the reason.
    pub(super) fn stop(&mut self, trouble: Option<Trouble>) {
        if matches!(self.life, Life::Absent | Life::Stopping(_)) {
            return;
        }
        let grace = Duration::from_secs(self.config.claude.stop_grace_s);
        if matches!(self.life, Life::Up) && self.turn.as_ref().is_some_and(|turn| turn.report.is_none()) {
            self.request(ClientRequest::Interrupt { cancel_queued: false }, Asked::Interrupt);
            self.translator.note_interrupt();
        }
        // One that is wrong need not be asked nicely: it gets no more time than the signal gives it.
        let until = if trouble.is_some() { self.now.mono } else { self.now.mono + grace };
        self.life = Life::Stopping(Stopping { next: Rung::Terminate, until, trouble });
        self.emit(EventKind::Stopping);
        self.cancel_elicitations(Withdrawal::SessionGone);
        self.withdraw_all();
        self.effects.push(Effect::CloseInput);
    }

    /// Ends the session itself, after its process.
    pub(super) fn end(&mut self, ending: Ending) {
        if self.ending != Some(Ending::Close) {
            self.ending = Some(ending);
        }
        self.stop(None);
        if matches!(self.life, Life::Absent) {
            self.finish_if_ending();
        }
    }

    fn finish_if_ending(&mut self) {
        let Some(ending) = self.ending else { return };
        self.tell_queue();
        if ending == Ending::Close {
            self.end_all_grants();
            self.emit(EventKind::Closed);
        }
        self.effects.push(Effect::Finish);
    }

    pub(super) fn life_deadline(&self) -> Option<Duration> {
        match &self.life {
            Life::Absent | Life::Up => None,
            Life::Starting { until } => Some(*until),
            Life::Stopping(stopping) => Some(stopping.until),
        }
    }

    pub(super) fn life_overdue(&mut self) {
        let now = self.now.mono;
        let grace = Duration::from_secs(self.config.claude.stop_grace_s);
        match &mut self.life {
            Life::Absent | Life::Up => {}
            Life::Starting { .. } => {
                let seconds = self.config.claude.initialize_timeout_s;
                let raw = format!(
                    "no answer within {}\n{}",
                    crate::core::figures::count(seconds, "second", "seconds"),
                    self.stderr_text()
                );
                self.stop(Some(Trouble::new(TroubleKind::CliSilent, raw)));
            }
            Life::Stopping(stopping) => {
                let rung = stopping.next;
                (stopping.next, stopping.until) = match rung {
                    Rung::Interrupt | Rung::Terminate => (Rung::Kill, now + grace),
                    Rung::Kill => (Rung::Destroy, now + KILL_GRACE),
                    Rung::Destroy => (Rung::Destroy, now + LAST_GRACE),
                };
                self.effects.push(Effect::Signal(rung));
            }
        }
    }

    /// A line could not be handed over. When the process has ended, its end explains it.
    pub(super) fn unwritable(&mut self) {
        let raw = "it does not read its input";
        self.stop(Some(Trouble::new(TroubleKind::Crashed, raw)));
        if let Life::Stopping(stopping) = &mut self.life {
            stopping.until = self.now.mono + Duration::from_secs(1);
        }
    }

    pub(super) fn stderr_lines(&mut self, lines: Vec<String>) {
        // What floods is not read by anybody: the end of it is what explains.
        let skip = lines.len().saturating_sub(MAX_STDERR);
        for line in lines.into_iter().skip(skip) {
            let line = bound::cut(&line, MAX_STDERR_BYTES);
            if self.stderr.len() >= MAX_STDERR {
                self.stderr.pop_front();
            }
            self.stderr.push_back(line.clone());
            self.emit(EventKind::Stderr(line));
        }
    }

    fn stderr_text(&self) -> String {
        self.stderr.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }

    /// The process has ended, whoever wanted it.
    pub(super) fn gone(&mut self, code: Option<i32>, signal: Option<i32>) {
        self.withdraw_all();
        let life = std::mem::replace(&mut self.life, Life::Absent);
        let signalled =
            self.turn.as_ref().is_some_and(|turn| turn.interrupt.is_some_and(|interrupt| interrupt.signalled));
        let started = !matches!(life, Life::Starting { .. });
        let (asked, trouble) = match life {
            Life::Stopping(Stopping { trouble, .. }) => (true, trouble),
            Life::Absent | Life::Starting { .. } | Life::Up => (signalled, None),
        };
        let trouble = if asked { trouble } else { Some(self.explain(code, signal, started)) };
        if let Some(prompt) = self.turn.take().filter(|turn| !turn.begun).and_then(|turn| turn.prompt) {
            self.queue.push_front(prompt);
            let text = "The process ended before it began with the prompt, which waits in the queue again.";
            self.emit(EventKind::Noted(Notice::info(text)));
        }
        if let Some(trouble) = &trouble {
            self.wanted = false;
            if trouble.kind == TroubleKind::ConversationGone {
                self.conversation = None;
                self.fork = false;
            }
        }
        self.emit(EventKind::Exited(Exit { code, signal, expected: asked && trouble.is_none(), trouble }));
        self.end_grants_of_process();
        self.finish_if_ending();
        self.advance();
    }

    fn withdraw_all(&mut self) {
        for request_id in self.desk.request_ids() {
            // The question about the folder is the session's own, with a process or without.
            if self.desk.of_request(&request_id).is_some_and(|pending| matches!(pending.approval.ask, Ask::Trust(_))) {
                continue;
            }
            self.withdraw(&request_id, Withdrawal::SessionGone);
        }
    }

    fn explain(&self, code: Option<i32>, signal: Option<i32>, started: bool) -> Trouble {
        let said = self.stderr_text();
        let mut raw = match (code, signal) {
            (_, Some(signal)) => format!("ended by signal {signal}"),
            // The guard reports the CLI's signal as shells do.
            (Some(code), None) if code > 128 => format!("ended by signal {}", code - 128),
            (Some(code), None) => format!("ended with exit code {code}"),
            (None, None) => "ended, nobody knows how".into(),
        };
        for text in [Some(said.clone()), self.startup_error.clone()].into_iter().flatten() {
            if !text.is_empty() {
                raw.push('\n');
                raw.push_str(&text);
            }
        }
        let says = |words: &str| raw.to_lowercase().contains(words);
        if says("no conversation found") {
            return Trouble::new(TroubleKind::ConversationGone, raw);
        }
        if !started {
            if code == Some(i32::from(guard::CANNOT_START)) {
                let command = self.profile.as_ref().ok().and_then(|profile| profile.command.as_ref());
                let program = command.unwrap_or(&self.config.claude.command).first().cloned().unwrap_or_default();
                return Trouble::new(TroubleKind::CliMissing { program }, raw);
            }
            if says("unknown option") || says("unknown argument") || says("unrecognized option") {
                return Trouble::new(TroubleKind::CliTooOld, raw);
            }
        }
        let trouble = Trouble::from_words(raw);
        match trouble.kind {
            TroubleKind::Authentication | TroubleKind::Billing => trouble,
            _ => Trouble { kind: TroubleKind::Crashed, ..trouble },
        }
    }
}
