//! The day's money over all sessions: a warning when most of it is spent, and no new turn when all is.
//!
//! A turn that runs is never cut: what it costs is known only at its end. Days are the person's own.

use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::core::ids::Timestamp;

/// The part of the budget after which a word is said.
const WARN_AT: f64 = 0.8;

#[derive(Debug)]
pub(crate) struct Budget {
    /// Dollars a day; zero is no limit.
    limit: f64,
    zone: TimeZone,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    day: Date,
    spent: f64,
    warned: bool,
}

impl Budget {
    /// A budget of which so much was spent on the day of `now` before this engine began.
    pub(crate) fn new(limit: f64, now: Timestamp, spent: f64) -> Self {
        Self::in_zone(limit, now, spent, TimeZone::system())
    }

    fn in_zone(limit: f64, now: Timestamp, spent: f64, zone: TimeZone) -> Self {
        let state = State { day: day(now, &zone), spent, warned: false };
        Self { limit, zone, state: Mutex::new(state) }
    }

    /// Counts what a turn cost; a sentence when that passed the mark.
    pub(crate) fn spend(&self, now: Timestamp, dollars: f64) -> Option<String> {
        self.on(now, |state, limit| {
            state.spent += dollars.max(0.0);
            let is_near = limit > 0.0 && state.spent >= limit * WARN_AT && state.spent < limit;
            (is_near && !std::mem::replace(&mut state.warned, true)).then(|| {
                let percent = (state.spent / limit * 100.0).floor();
                format!("{percent} % of the day's budget of ${limit:.2} is spent.")
            })
        })
    }

    /// Why no new turn may begin, if none may.
    pub(crate) fn holds(&self, now: Timestamp) -> Option<String> {
        self.on(now, |state, limit| {
            (limit > 0.0 && state.spent >= limit).then(|| {
                format!(
                    "The day's budget of ${limit:.2} is spent (${:.2}): prompts wait in the queue. A retry sends one \
                     all the same; [budget] day_usd raises it.",
                    state.spent
                )
            })
        })
    }

    fn on<T>(&self, now: Timestamp, act: impl FnOnce(&mut State, f64) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let today = day(now, &self.zone);
        if state.day != today {
            *state = State { day: today, ..State::default() };
        }
        act(&mut state, self.limit)
    }
}

fn day(now: Timestamp, zone: &TimeZone) -> Date {
    let at = jiff::Timestamp::from_millisecond(now.0).unwrap_or_default();
    at.to_zoned(zone.clone()).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 3600 * 1000;

    #[test]
    fn warns_once_holds_when_spent_and_begins_anew_each_day() {
        let budget = Budget::in_zone(10.0, Timestamp(0), 5.0, TimeZone::UTC);
        assert_eq!(budget.spend(Timestamp(1), 2.9), None);
        assert_eq!(budget.holds(Timestamp(1)), None);
        let warning = budget.spend(Timestamp(2), 0.1).unwrap();
        assert!(warning.contains("80 %") && warning.contains("$10.00"), "{warning}");
        assert_eq!(budget.spend(Timestamp(3), 0.1), None, "once is enough");
        budget.spend(Timestamp(4), 5.0);
        assert!(budget.holds(Timestamp(5)).unwrap().contains("$13.10"));
        assert_eq!(budget.holds(Timestamp(DAY)), None);
        assert!(budget.spend(Timestamp(DAY), 8.5).is_some());
    }

    #[test]
    fn without_a_limit_nothing_is_held_and_nonsense_adds_nothing() {
        let budget = Budget::in_zone(0.0, Timestamp(0), 0.0, TimeZone::UTC);
        assert_eq!((budget.spend(Timestamp(1), 1e9), budget.holds(Timestamp(1))), (None, None));
        let budget = Budget::in_zone(1.0, Timestamp(0), 0.0, TimeZone::UTC);
        budget.spend(Timestamp(1), -5.0);
        budget.spend(Timestamp(1), f64::NAN);
        budget.spend(Timestamp(1), 1.0);
        assert!(budget.holds(Timestamp(1)).is_some());
    }
}
