//! Deadlines. Each is computed from what is under way: when nothing is, there is none.

use std::time::Duration;

use super::Machine;
use super::lifecycle::Life;
use crate::core::approval::Decision;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::prompt::Surface;

/// A sign of life is told at most this often when nothing else is.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);

impl Machine {
    /// When `Tick` is due next.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let turn = self.turn.as_ref();
        [
            self.life_deadline(),
            turn.and_then(|turn| turn.settle_until),
            turn.and_then(|turn| turn.interrupt.map(|interrupt| interrupt.until))
                .filter(|_| matches!(self.life, Life::Up)),
            self.stall_deadline(),
            self.timeout_deadline(),
            self.idle_deadline(),
            self.desk.next_deadline(),
            self.tree_deadline(),
            self.grant_deadline(),
            self.resume_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    pub(super) fn tick(&mut self) {
        let now = self.now.mono;
        let is_due = |deadline: Option<Duration>| deadline.is_some_and(|at| at <= now);
        for approval in self.desk.overdue(now) {
            let seconds = self.deadline_s;
            let decision = Decision::deny(format!(
                "Nobody answered within {}.",
                crate::core::figures::count(seconds, "second", "seconds")
            ));
            self.decide(approval, decision, Surface::Engine);
        }
        self.end_grants();
        self.resume_if_due();
        if is_due(self.turn.as_ref().and_then(|turn| turn.settle_until)) {
            self.settle_turn();
        }
        if matches!(self.life, Life::Up)
            && is_due(self.turn.as_ref().and_then(|turn| turn.interrupt.map(|interrupt| interrupt.until)))
        {
            self.escalate_interrupt();
        }
        if is_due(self.stall_deadline()) {
            self.stall_told = true;
            let silent_ms = u64::try_from((now.saturating_sub(self.last_line)).as_millis()).unwrap_or(u64::MAX);
            self.emit(EventKind::Stalled { silent_ms });
        }
        if is_due(self.timeout_deadline()) {
            self.time_out_turn();
        }
        if is_due(self.idle_deadline()) {
            let minutes = self.profile.as_ref().map_or(0, |profile| profile.idle_minutes);
            let text = format!(
                "Stopped after {} without work; the next prompt starts it again.",
                crate::core::figures::count(minutes, "minute", "minutes")
            );
            self.emit(EventKind::Noted(Notice::info(text)));
            self.stop(None);
        }
        if is_due(self.life_deadline()) {
            self.life_overdue();
        }
        if is_due(self.tree_deadline()) {
            self.tree_overdue();
        }
    }

    fn stall_deadline(&self) -> Option<Duration> {
        let after = self.config.claude.stall_after_s;
        let waits = self.turn.as_ref().is_some_and(|turn| turn.report.is_none()) && self.desk.is_empty();
        (after > 0 && waits && !self.stall_told && matches!(self.life, Life::Up))
            .then(|| self.last_line + Duration::from_secs(after))
    }

    fn timeout_deadline(&self) -> Option<Duration> {
        let minutes = self.profile.as_ref().map_or(0, |profile| profile.timeout_minutes);
        let turn = self.turn.as_ref().filter(|turn| turn.interrupt.is_none() && turn.report.is_none())?;
        (minutes > 0 && matches!(self.life, Life::Up)).then(|| turn.started + Duration::from_secs(minutes * 60))
    }

    fn idle_deadline(&self) -> Option<Duration> {
        let minutes = self.profile.as_ref().map_or(0, |profile| profile.idle_minutes);
        let idle = matches!(self.life, Life::Up)
            && self.turn.is_none()
            && self.queue.is_empty()
            && self.desk.is_empty()
            && !self.translator.has_running_tasks();
        (minutes > 0 && idle).then(|| self.idle_since + Duration::from_secs(minutes * 60))
    }
}
