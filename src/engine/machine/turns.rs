//! Turns: prompts going out, their ends coming in, interrupts in between.

use std::path::PathBuf;
use std::time::Duration;

use super::Asked;
use super::Effect;
use super::Machine;
use super::lifecycle::Life;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::cell::TurnOutcome;
use crate::core::event::EventKind;
use crate::core::ids::TurnId;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::usage::Tokens;
use crate::engine::process::Rung;
use crate::translate::TurnReport;
use crate::wire::inbound::turn::TurnResult;
use crate::wire::inbound::words::RunState;
use crate::wire::outbound::ClientRequest;
use crate::wire::outbound::Outbound;
use crate::wire::outbound::UserMessage;
use crate::wire::outbound::UserOrigin;

/// How long after a `result` the CLI may take to say that it is idle.
const SETTLE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Turn {
    pub(super) id: TurnId,
    /// `None`: the CLI began by itself, after a background task.
    pub(super) prompt: Option<Prompt>,
    pub(super) started: Duration,
    /// The CLI has begun with it: the prompt is in the conversation.
    pub(super) begun: bool,
    pub(super) interrupt: Option<Interrupt>,
    /// Time that went by while it waited for a person.
    pub(super) waited: Duration,
    /// Since when it does.
    pub(super) waits_since: Option<Duration>,
    /// The result is there, the CLI is about to be idle.
    pub(super) report: Option<TurnReport>,
    pub(super) settle_until: Option<Duration>,
}

/// An interrupt under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interrupt {
    pub(super) until: Duration,
    /// The request had no effect, and the process got the signal.
    pub(super) signalled: bool,
}

/// What a conversation looks like that a stop at a bad moment has damaged.
const DAMAGED: &str = "The conversation answered with nothing: no turn, no cost. A stop at a bad moment may have \
                       damaged it. Open a fork of it (alt-f), which goes on from a copy.";

/// A turn that ended well without anything having happened in it.
fn is_nothing(result: &TurnResult) -> bool {
    let is_silent = result.result.as_deref().unwrap_or_default().trim().is_empty();
    let is_free = result.total_cost_usd.is_none_or(|cost| cost == 0.0);
    !result.is_error && result.num_turns == 0 && is_silent && is_free
}

impl Machine {
    /// Does what can be done next: starts the process, or sends the next prompt.
    pub(super) fn advance(&mut self) {
        if self.ending.is_some() || self.reading || self.followed.is_some() || self.is_tree_away() {
            return;
        }
        let is_due = match self.life {
            Life::Absent => self.wanted,
            Life::Up => self.turn.is_none(),
            Life::Starting { .. } | Life::Stopping(_) => false,
        };
        if !is_due || self.queue.is_empty() || self.limit_holds() || self.interrupt_holds() || self.is_held() {
            return;
        }
        if !self.is_folder_settled() {
            return;
        }
        if matches!(self.life, Life::Absent) {
            self.start();
        } else if self.has_images()
            && self.has_word_of_hooks()
            && let Some(prompt) = self.queue.pop()
        {
            self.tell_queue();
            self.send_prompt(prompt);
        }
    }

    /// Whether the budget lets no new turn begin; told once.
    fn is_held(&mut self) -> bool {
        let reason = self.budget.holds(self.now.wall).filter(|_| !self.over_budget);
        let is_held = reason.is_some();
        if let Some(reason) = reason
            && !std::mem::replace(&mut self.hold_told, true)
        {
            self.emit(EventKind::Noted(Notice::warning(reason)));
        }
        self.hold_told = is_held;
        is_held
    }

    fn send_prompt(&mut self, mut prompt: Prompt) {
        self.trust.is_used();
        self.over_budget = false;
        let written = prompt.text.clone();
        if let Some(text) = self.text_of_hooks(&prompt.id) {
            prompt.text = text;
        }
        let message = UserMessage {
            content: self.content_of(&mut prompt),
            uuid: Some(prompt.id.0.to_string()),
            session_id: self.conversation.as_ref().map(|id| id.0.to_string()).unwrap_or_default(),
            priority: None,
            origin: Some(UserOrigin::Human),
        };
        self.write(Outbound::User(message));
        self.emit(EventKind::PromptSent(prompt.clone()));
        if matches!(prompt.origin, PromptOrigin::Surface(_)) {
            // Sent once more, hooks see it as it was written.
            self.last_prompt = Some(Prompt { text: written, ..prompt.clone() });
        }
        self.last_line = self.now.mono;
        self.begin_turn(Some(prompt));
    }

    fn begin_turn(&mut self, prompt: Option<Prompt>) {
        self.last_turn = self.last_turn.next();
        self.translator.begin_turn();
        self.hooking.iteration = 0;
        self.stall_told = false;
        let begun = prompt.is_none();
        let scheduled = self.begins_with.take();
        let id = prompt.as_ref().map(|prompt| prompt.id.clone()).or(scheduled);
        self.emit(EventKind::TurnStarted { turn: self.last_turn, prompt: id });
        self.turn = Some(Turn {
            id: self.last_turn,
            prompt,
            started: self.now.mono,
            begun,
            interrupt: None,
            waited: Duration::ZERO,
            waits_since: None,
            report: None,
            settle_until: None,
        });
    }

    /// The CLI works on a turn: ours, or one that it began by itself.
    pub(super) fn turn_sign(&mut self) {
        if !matches!(self.life, Life::Up) {
            return;
        }
        match &mut self.turn {
            Some(turn) if turn.report.is_none() => turn.begun = true,
            Some(_) => {
                self.end_turn();
                self.begin_turn(None);
            }
            None => self.begin_turn(None),
        }
    }

    pub(super) fn result(&mut self, result: &TurnResult) {
        if !self.tells_state {
            // CLIs that tell no state do not take back what a server asked, and with the turn its call is over.
            self.cancel_elicitations(Withdrawal::ByCli);
        }
        let interrupting = self.turn.as_ref().is_some_and(|turn| turn.interrupt.is_some());
        let report = self.translator.turn_report(result, interrupting);
        let Some(turn) = &mut self.turn else {
            if let TurnOutcome::Failed(trouble) = report.outcome {
                self.startup_error = Some(trouble.raw);
            }
            return;
        };
        // A turn that the CLI began by itself may end just after our prompt went out; ours is still to come.
        let foreign = result.origin.as_ref().is_some_and(|origin| origin.kind != "human")
            && turn.prompt.as_ref().is_some_and(|prompt| {
                let ours = |uuid: &String| **uuid == *prompt.id.0;
                !result.user_message_uuid.iter().any(ours) && !result.user_message_uuids.iter().any(ours)
            });
        turn.begun = true;
        turn.report = Some(report);
        let is_command = turn.prompt.as_ref().is_none_or(|prompt| prompt.text.trim_start().starts_with('/'));
        if std::mem::take(&mut self.resumed) && !is_command && is_nothing(result) {
            self.emit(EventKind::Noted(Notice::warning(DAMAGED)));
        }
        let Some(turn) = &mut self.turn else { return };
        if foreign {
            let prompt = turn.prompt.take();
            self.end_turn();
            self.begin_turn(prompt);
        } else if self.tells_state {
            turn.settle_until = Some(self.now.mono + SETTLE);
        } else {
            self.settle_turn();
        }
    }

    pub(super) fn state_is(&mut self, state: Option<&RunState>) {
        self.tells_state = true;
        let Some(turn) = &mut self.turn else { return };
        match state {
            Some(RunState::Idle) if turn.report.is_some() => self.settle_turn(),
            // Idle without a result: it may still be on its way.
            Some(RunState::Idle) if turn.begun => turn.settle_until = Some(self.now.mono + SETTLE),
            Some(RunState::Running) if turn.report.is_none() => turn.settle_until = None,
            _ => {}
        }
    }

    /// The turn is over and the CLI is idle: the next prompt may go out.
    pub(super) fn settle_turn(&mut self) {
        self.end_turn();
        self.restart_if_due();
        self.renew_if_idle();
        self.advance();
    }

    fn end_turn(&mut self) {
        let Some(turn) = self.turn.take() else { return };
        let waits = turn.waits_since.map_or(Duration::ZERO, |since| self.now.mono.saturating_sub(since));
        let waited = u64::try_from((turn.waited + waits).as_millis()).unwrap_or(u64::MAX);
        let duration = self.now.mono.saturating_sub(turn.started);
        let report = turn.report.unwrap_or_else(|| TurnReport {
            outcome: if turn.interrupt.is_some() { TurnOutcome::Interrupted } else { TurnOutcome::Completed },
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            tokens: Tokens::default(),
            cost_usd: 0.0,
            text: None,
            context: None,
            note: None,
        });
        self.idle_since = self.now.mono;
        self.known_until = self.known_until.max(self.now.wall);
        if let Some(context) = report.context {
            self.emit(EventKind::ContextMeasured(context));
        }
        let outcome = report.outcome.clone();
        self.emit(EventKind::TurnEnded {
            turn: turn.id,
            outcome: report.outcome,
            duration_ms: report.duration_ms.saturating_sub(waited),
            tokens: report.tokens,
            cost_usd: report.cost_usd,
            text: report.text,
        });
        if let Some(note) = report.note {
            self.emit(EventKind::Noted(note));
        }
        self.limit_after(&outcome);
        if let Some(warning) = self.budget.spend(self.now.wall, report.cost_usd) {
            self.emit(EventKind::Noted(Notice::warning(warning)));
        }
        self.effects.push(Effect::LookUpBranch(PathBuf::from(&self.at)));
    }

    /// Counts the time that a turn waits for a person, however many requests wait at once.
    pub(super) fn note_waiting(&mut self, kind: &EventKind) {
        let Some(turn) = &mut self.turn else { return };
        match kind {
            EventKind::ApprovalAsked(_) => {
                turn.waits_since.get_or_insert(self.now.mono);
            }
            EventKind::ApprovalResolved { .. } | EventKind::ApprovalWithdrawn { .. } if !self.desk.is_waiting() => {
                if let Some(since) = turn.waits_since.take() {
                    turn.waited += self.now.mono.saturating_sub(since);
                }
            }
            _ => {}
        }
    }

    /// A person ends the turn: what waits behind it waits for a word of theirs.
    pub(super) fn hold_queue(&mut self) {
        self.held_by_interrupt = !self.queue.is_empty();
    }

    /// Whether an interrupt by a person holds the queue; told once.
    fn interrupt_holds(&mut self) -> bool {
        let holds = self.held_by_interrupt;
        if holds && !std::mem::replace(&mut self.interrupt_hold_told, true) {
            let text =
                "What waits in the queue is held after the interrupt: the next prompt, or a retry, goes on with it.";
            self.emit(EventKind::Noted(Notice::info(text)));
        }
        holds
    }

    /// A person goes on.
    pub(super) fn interrupt_is_over(&mut self) {
        self.held_by_interrupt = false;
        self.interrupt_hold_told = false;
    }

    /// Asks the CLI to end the turn; its end tells that it did.
    pub(super) fn interrupt(&mut self) {
        if !matches!(self.life, Life::Up) {
            return;
        }
        let until = self.now.mono + Duration::from_secs(self.config.claude.interrupt_wait_s);
        let Some(turn) = &mut self.turn else { return };
        if turn.interrupt.is_some() || turn.report.is_some() {
            return;
        }
        turn.interrupt = Some(Interrupt { until, signalled: false });
        self.translator.note_interrupt();
        self.emit(EventKind::Interrupting);
        self.tell_of_agents_that_end();
        self.request(ClientRequest::Interrupt { cancel_queued: false }, Asked::Interrupt);
    }

    /// A denial that ends the turn is an interrupt that the CLI does by itself.
    pub(super) fn interrupted_by_denial(&mut self) {
        let until = self.now.mono + Duration::from_secs(self.config.claude.interrupt_wait_s);
        let Some(turn) = &mut self.turn else { return };
        if turn.interrupt.is_none() {
            turn.interrupt = Some(Interrupt { until, signalled: false });
            self.translator.note_interrupt();
            self.emit(EventKind::Interrupting);
        }
    }

    /// The turn did not end when asked: first the signal, then the process.
    pub(super) fn escalate_interrupt(&mut self) {
        let until = self.now.mono + Duration::from_secs(self.config.claude.stop_grace_s);
        let Some(turn) = &mut self.turn else { return };
        let Some(interrupt) = &mut turn.interrupt else { return };
        self.wanted = true;
        if interrupt.signalled {
            self.stop(None);
            return;
        }
        *interrupt = Interrupt { until, signalled: true };
        let text = "The turn does not end: the process is stopped, and goes on with the same conversation.";
        self.emit(EventKind::Noted(Notice::warning(text)));
        self.effects.push(Effect::Signal(Rung::Interrupt));
    }

    pub(super) fn time_out_turn(&mut self) {
        let minutes = self.profile.as_ref().map_or(0, |profile| profile.timeout_minutes);
        let text = format!(
            "The turn took longer than {} and is interrupted.",
            crate::core::figures::count(minutes, "minute", "minutes")
        );
        self.emit(EventKind::Noted(Notice::warning(text)));
        self.interrupt();
    }
}
