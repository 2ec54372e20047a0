//! Usage limits: the queue waits for the end of one, and where a person has said so, the session goes on then.
//!
//! Invariants: one limit brings at most one prompt of ours, however often the engine is started anew meanwhile;
//! whatever a person does about it comes first, and cancels it; a session that nobody opted in sends nothing.

use std::time::Duration;

use super::Machine;
use super::commands::new_prompt;
use super::grants::CLOCK_DOUBT;
use crate::core::cell::Notice;
use crate::core::cell::TurnOutcome;
use crate::core::event::EventKind;
use crate::core::ids::Timestamp;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::core::session::Resume;
use crate::core::session::Session;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;

/// The soonest moment after a limit has lifted. Clocks differ, and the server's counts.
const MARGIN_MS: u64 = 15_000;
/// Everybody's limit lifts on the hour: sessions spread over so long after it.
const JITTER_MS: u64 = 75_000;
/// A limit that is said to have lifted and has not is tried again after so long, the second time twice that.
const AGAIN_MS: u64 = 5 * 60_000;
/// Times in a row that going on may end at the limit again.
const MAX_TRIES: u32 = 4;
/// What goes on with a turn that a limit has cut off.
const GO_ON: &str = "Go on from where the usage limit interrupted you.";

/// A limit, and when it lifts, as far as the CLI has said.
#[derive(Debug, Clone, Copy)]
struct Reached {
    lifts: Option<Timestamp>,
}

/// What is known of a usage limit.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// The person wants the session to go on by itself.
    goes_on: bool,
    /// The last turn ended at one: the queue waits.
    reached: Option<Reached>,
    /// What is to be sent when.
    resume: Option<Resume>,
    /// Times in a row that going on ended at the limit again.
    n_tries: u32,
    /// The running turn has got somewhere: it is gone on with, not begun again.
    has_worked: bool,
    hold_told: bool,
}

impl Limit {
    pub(super) fn of(session: &Session) -> Self {
        let reached = match session.last_trouble() {
            Some(Trouble { kind: TroubleKind::UsageLimit { lifts }, .. }) => Some(Reached { lifts: *lifts }),
            _ => None,
        };
        Self { goes_on: session.goes_on, reached, resume: session.resume.clone(), ..Self::default() }
    }
}

impl Machine {
    pub(super) fn note_work(&mut self, kind: &EventKind) {
        match kind {
            EventKind::TurnStarted { .. } => self.limit.has_worked = false,
            EventKind::BlockStarted { .. } | EventKind::ToolStarted { .. } => self.limit.has_worked = true,
            _ => {}
        }
    }

    /// A turn has ended: at a limit, or not.
    pub(super) fn limit_after(&mut self, outcome: &TurnOutcome) {
        let TurnOutcome::Failed(Trouble { kind: TroubleKind::UsageLimit { lifts }, .. }) = outcome else {
            self.limit.reached = None;
            self.limit.n_tries = 0;
            return;
        };
        self.limit.reached = Some(Reached { lifts: *lifts });
        self.limit.hold_told = false;
        if self.limit.goes_on {
            self.plan_resume();
        }
    }

    fn plan_resume(&mut self) {
        let Some(Reached { lifts }) = self.limit.reached else { return };
        let Some(lifts) = lifts else {
            let text = "The CLI did not say when the limit lifts, so this session does not go on by itself.";
            return self.emit(EventKind::Noted(Notice::warning(text)));
        };
        if self.limit.n_tries >= MAX_TRIES {
            let text = format!(
                "The limit was said to have lifted {MAX_TRIES} times and had not: this session goes on when you say so."
            );
            return self.emit(EventKind::Noted(Notice::warning(text)));
        }
        // A limit that should be over and is not: patience.
        let again = if self.limit.n_tries == 0 { 0 } else { AGAIN_MS << (self.limit.n_tries - 1) };
        let jitter = u64::try_from(uuid::Uuid::new_v4().as_u128() % u128::from(JITTER_MS)).unwrap_or(0);
        let from = lifts.max(self.now.wall);
        let at = Timestamp(from.0.saturating_add_unsigned(MARGIN_MS + jitter + again));
        let text = match &self.last_prompt {
            Some(prompt) if !self.limit.has_worked => prompt.text.clone(),
            _ => GO_ON.to_owned(),
        };
        let resume = Resume { at, text };
        self.limit.resume = Some(resume.clone());
        self.emit(EventKind::ResumePlanned(Some(resume)));
    }

    /// Whether a limit holds the queue; told once.
    pub(super) fn limit_holds(&mut self) -> bool {
        let holds = self.limit.reached.is_some();
        if holds && !self.queue.is_empty() && !std::mem::replace(&mut self.limit.hold_told, true) {
            let text = "The usage limit holds what waits in the queue; a retry goes on with it now.";
            self.emit(EventKind::Noted(Notice::info(text)));
        }
        holds
    }

    /// A person goes on: nothing holds the queue, and nothing goes out by itself.
    pub(super) fn limit_is_over(&mut self) {
        self.limit.reached = None;
        self.limit.n_tries = 0;
        self.cancel_resume();
    }

    pub(super) fn cancel_resume(&mut self) {
        if self.limit.resume.take().is_some() {
            self.emit(EventKind::ResumePlanned(None));
        }
    }

    pub(super) fn set_goes_on(&mut self, goes_on: bool) {
        if goes_on == self.limit.goes_on {
            return;
        }
        self.limit.goes_on = goes_on;
        self.emit(EventKind::GoesOn(goes_on));
        if !goes_on {
            self.cancel_resume();
        } else if self.turn.is_none() {
            self.plan_resume();
        }
    }

    /// When the session goes on, or, since the clock on the wall may be set, when it is looked at again.
    pub(super) fn resume_deadline(&self) -> Option<Duration> {
        let resume = self.limit.resume.as_ref()?;
        let left = Duration::from_millis(resume.at.millis_since(self.now.wall));
        Some(self.now.mono + left.min(CLOCK_DOUBT))
    }

    pub(super) fn resume_if_due(&mut self) {
        let is_due = |resume: &mut Resume| resume.at <= self.now.wall;
        let Some(resume) = self.limit.resume.take_if(is_due) else { return };
        self.emit(EventKind::ResumePlanned(None));
        if self.turn.is_some() || self.ending.is_some() || self.followed.is_some() {
            return;
        }
        self.emit(EventKind::Noted(Notice::info("The usage limit should have lifted: the session goes on.")));
        self.limit.reached = None;
        self.limit.n_tries += 1;
        let again = self.last_prompt.as_ref().filter(|last| last.text == resume.text);
        let images = again.map(|last| last.images.clone()).unwrap_or_default();
        let prompt = new_prompt(resume.text, PromptOrigin::Surface(Surface::Engine));
        self.queue.push_front(Prompt { images, ..prompt });
        self.wanted = true;
        self.advance();
    }
}
