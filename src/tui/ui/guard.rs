//! The guard before every dialog that answers: whether a key is an answer, part of a sentence, or neither.
//!
//! **For:** one pure state machine of (key, what it means to the dialog, when), so that it can be tried with a
//! million hands in seconds. **Not for:** deciding what a key means, and not for doing anything.
//!
//! Invariants (A6): an answer needs a dialog that was on the screen for [`ARMING_MS`], and a keyboard that was
//! quiet for as long. The first answer after anything but an answer is held for [`HOLD_MS`]; a key that follows
//! within that time takes it back. Printable keys that follow one another faster than that are text, from the
//! first of them on, and no key of a sentence is lost.

use crossterm::event::KeyEvent;

use crate::core::ids::Timestamp;
use crate::tui::input::action::Action;
use crate::tui::input::key::Key;

/// How long a dialog must have been visible, and the keyboard quiet, before a key answers.
pub const ARMING_MS: u64 = 400;
/// How long the first answer waits for a sentence to go on. Slow typists need a quarter of a second for a key.
pub const HOLD_MS: u64 = 250;
/// Answers follow in a row while no more than this lies between them: time enough to read a request.
const ROW_MS: u64 = 5_000;
/// A key that is held down repeats itself after up to this time, and then every [`REPEAT_MS`] at most.
const FIRST_REPEAT_MS: u64 = 750;
/// No hand presses the same key again this fast.
const REPEAT_MS: u64 = 50;
/// Keys of a sentence that are remembered before it is known to be one. It is known at the second key that
/// does more than scroll.
const MAX_RUN: usize = 64;
/// How long "press again" shows.
const AGAIN_MS: i64 = 1_500;

/// What a key means to the dialog that has the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It answers, or opens the part of the dialog in which an answer is written.
    Answers,
    /// It only changes what is shown or selected.
    Moves,
    /// It puts the dialog away without an answer.
    Leaves,
    /// It is no key of the dialog.
    Foreign,
}

/// One key, as the guard sees it.
#[derive(Debug, Clone, Copy)]
pub struct Press {
    pub event: KeyEvent,
    pub role: Role,
    /// It came in one piece with other keys, as no hand types.
    pub is_burst: bool,
    /// It may go at once when it follows on an answer. Only what is pressed request by request may: every further key
    /// that skips the pause is one more letter that a sentence can begin with.
    pub may_follow: bool,
    /// Since when the dialog has been on the screen with the focus.
    pub shown: Option<Timestamp>,
    pub now: Timestamp,
}

/// What becomes of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It does what it is bound to.
    Act,
    /// It is an answer, unless more follows: see [`AnswerGuard::due`].
    Hold,
    /// These keys, in this order, are text.
    Text(Vec<KeyEvent>),
    /// It is no answer: the dialog was not seen long enough, or the hands had not rested.
    TooEarly,
    /// It takes back the answer that was held, and does nothing else.
    TakenBack,
}

/// What the dialog says about the keys that were pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// This answer is given unless another key follows.
    Holding(Action),
    /// The last key did not count.
    PressAgain,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    action: Action,
    event: KeyEvent,
    since: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Previous {
    at: Timestamp,
    key: Key,
    role: Role,
}

#[derive(Debug, Clone, Default)]
pub struct AnswerGuard {
    /// Printable keys that followed one another fast: the beginning of a sentence, perhaps.
    run: Vec<KeyEvent>,
    /// Nothing in it but keys that scroll.
    run_moves: bool,
    run_at: Timestamp,
    held: Option<Held>,
    previous: Option<Previous>,
    /// The last answer that was given, if nothing but answers and scrolling came since.
    row: Option<(Key, Timestamp)>,
    again_until: Option<Timestamp>,
}

impl AnswerGuard {
    /// A key was pressed while a dialog that answers has the focus. After [`Outcome::Hold`] the caller says
    /// what is held by [`hold`](Self::hold).
    pub fn press(&mut self, press: Press) -> Outcome {
        let Press { event, role, now, .. } = press;
        let key = Key::from(event);
        let is_printable = key.typed().is_some();
        let previous = self.previous.replace(Previous { at: now, key, role });
        let was_held = self.held.take().is_some();
        self.again_until = None;
        if !is_printable {
            self.run.clear();
            return match role {
                Role::Leaves => Outcome::Act,
                _ if was_held => self.again(now, Outcome::TakenBack),
                Role::Moves => Outcome::Act,
                Role::Foreign => {
                    self.row = None;
                    Outcome::Act
                }
                Role::Answers if self.is_too_early(&press, previous) => self.again(now, Outcome::TooEarly),
                Role::Answers => {
                    self.row = Some((key, now));
                    Outcome::Act
                }
            };
        }
        let is_repeat = !press.is_burst
            && role == Role::Answers
            && previous.is_some_and(|previous| previous.key == key && now.millis_since(previous.at) <= REPEAT_MS);
        if is_repeat {
            self.run.clear();
            return self.again(now, Outcome::TooEarly);
        }
        let follows = was_held || (!self.run.is_empty() && now.millis_since(self.run_at) <= HOLD_MS);
        if !follows {
            self.run.clear();
            self.run_moves = true;
        }
        self.run_moves &= role == Role::Moves;
        self.run_at = now;
        if self.run.len() < MAX_RUN {
            self.run.push(event);
        }
        if role == Role::Foreign || (follows && !self.run_moves) {
            self.row = None;
            return Outcome::Text(std::mem::take(&mut self.run));
        }
        match role {
            Role::Moves | Role::Leaves | Role::Foreign => Outcome::Act,
            Role::Answers if self.is_too_early(&press, previous) => self.again(now, Outcome::TooEarly),
            Role::Answers if press.may_follow && self.is_in_a_row(key, now) => {
                self.given(key, now);
                Outcome::Act
            }
            Role::Answers => Outcome::Hold,
        }
    }

    /// The key just pressed stands for this action, and waits.
    pub fn hold(&mut self, action: Action, event: KeyEvent, now: Timestamp) {
        self.held = Some(Held { action, event, since: now });
    }

    /// Whether the time of the held answer is over.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.held.is_some_and(|held| now.millis_since(held.since) > HOLD_MS)
    }

    /// The held answer, once its time is over and nothing followed.
    pub fn due(&mut self, now: Timestamp) -> Option<(Action, KeyEvent)> {
        let held = self.held.filter(|_| self.is_due(now))?;
        self.held = None;
        self.given(Key::from(held.event), held.since);
        Some((held.action, held.event))
    }

    /// Something else came between: what is held is not given.
    pub fn drop_held(&mut self, now: Timestamp) {
        if self.held.take().is_some() {
            self.again_until = Some(Timestamp(now.0.saturating_add(AGAIN_MS)));
        }
    }

    pub fn is_holding(&self) -> bool {
        self.held.is_some()
    }

    /// A key that no dialog takes: it ends a row of answers. What was typed over a dialog that has just gone
    /// belongs before it.
    pub fn elsewhere(&mut self, event: KeyEvent, now: Timestamp) -> Vec<KeyEvent> {
        let run = std::mem::take(&mut self.run);
        let key = Key::from(event);
        self.previous = Some(Previous { at: now, key, role: Role::Foreign });
        self.row = None;
        let follows = key.typed().is_some() && now.millis_since(self.run_at) <= HOLD_MS;
        if follows { run } else { Vec::new() }
    }

    pub fn status(&self, now: Timestamp) -> Option<Status> {
        match self.held {
            Some(held) => Some(Status::Holding(held.action)),
            None => self.again_until.filter(|until| now < *until).map(|_| Status::PressAgain),
        }
    }

    /// When something changes by itself.
    pub fn next_wake(&self) -> Option<Timestamp> {
        match self.held {
            Some(held) => Some(Timestamp(held.since.0.saturating_add(HOLD_MS as i64 + 1))),
            None => self.again_until,
        }
    }

    fn again(&mut self, now: Timestamp, outcome: Outcome) -> Outcome {
        self.again_until = Some(Timestamp(now.0.saturating_add(AGAIN_MS)));
        outcome
    }

    fn given(&mut self, key: Key, now: Timestamp) {
        self.run.clear();
        self.row = Some((key, now));
    }

    fn is_too_early(&self, press: &Press, previous: Option<Previous>) -> bool {
        let now = press.now;
        let was_seen = press.shown.is_some_and(|shown| now.millis_since(shown) >= ARMING_MS);
        let is_printable = Key::from(press.event).typed().is_some();
        // Enter may follow at once on the arrow that selected what it takes; a letter needs quiet after any key.
        let is_quiet = previous.is_none_or(|previous| {
            (!is_printable && previous.role == Role::Moves) || now.millis_since(previous.at) >= ARMING_MS
        });
        let may_be_held_down = !is_printable
            && self
                .row
                .is_some_and(|(key, at)| key == Key::from(press.event) && now.millis_since(at) < FIRST_REPEAT_MS)
            && previous.is_some_and(|previous| previous.key == Key::from(press.event));
        press.is_burst || !was_seen || !is_quiet || may_be_held_down
    }

    /// Whether an answer follows on another, and by another press of the hand.
    fn is_in_a_row(&self, key: Key, now: Timestamp) -> bool {
        self.row.is_some_and(|(last, at)| {
            let since = now.millis_since(at);
            since <= ROW_MS && (key != last || since >= FIRST_REPEAT_MS)
        })
    }
}

#[cfg(test)]
mod tests;
