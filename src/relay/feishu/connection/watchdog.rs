//! When to ping, when to give up, and whether the machine slept.
//!
//! A connection that looks open and brings nothing for hours is what others were hurt by most: after sleep,
//! behind routers that forget, at idle half hours. So every ping must be followed by something.

use std::time::Duration;

use tokio::time::Instant;

use crate::core::ids::Timestamp;

/// Clocks that drift apart by more than this did not drift.
const DRIFT: Duration = Duration::from_secs(30);

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Ping,
    /// A ping was followed by nothing.
    Dead,
    Nothing,
}

#[derive(Debug)]
pub(super) struct Watchdog {
    every: Duration,
    patience: Duration,
    next_ping: Instant,
    /// Something must come by then.
    deadline: Option<Instant>,
}

impl Watchdog {
    /// The first ping is due at once.
    pub(super) fn new(every: Duration, patience: Duration, now: Instant) -> Self {
        Self { every, patience, next_ping: now, deadline: None }
    }

    /// When to ask again what is due.
    pub(super) fn wake(&self) -> Instant {
        self.deadline.map_or(self.next_ping, |deadline| deadline.min(self.next_ping))
    }

    pub(super) fn due(&mut self, now: Instant) -> Due {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            return Due::Dead;
        }
        if self.next_ping > now {
            return Due::Nothing;
        }
        self.next_ping = now + self.every;
        self.deadline.get_or_insert(now + self.patience);
        Due::Ping
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.deadline = None;
    }

    /// The server wants another pause between pings.
    pub(super) fn set_every(&mut self, every: Duration, now: Instant) {
        self.every = every;
        self.next_ping = self.next_ping.min(now + every);
    }
}

/// Returns when the wall clock went another way than time itself, which stands still while a machine sleeps.
pub(super) async fn slept(check: Duration, wall: fn() -> Timestamp) {
    let mut before = (Instant::now(), wall());
    loop {
        tokio::time::sleep(check).await;
        let now = (Instant::now(), wall());
        if is_jump(now.0 - before.0, before.1, now.1) {
            return;
        }
        before = now;
    }
}

fn is_jump(passed: Duration, before: Timestamp, now: Timestamp) -> bool {
    let passed_ms = i64::try_from(passed.as_millis()).unwrap_or(i64::MAX);
    let drift = now.0.saturating_sub(before.0).saturating_sub(passed_ms);
    u128::from(drift.unsigned_abs()) > DRIFT.as_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_mins(1);
    const PATIENCE: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn pings_at_once_and_then_at_each_interval() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(EVERY, PATIENCE, start);
        assert_eq!((watchdog.wake(), watchdog.due(start)), (start, Due::Ping));
        watchdog.heard();
        assert_eq!((watchdog.wake(), watchdog.due(start + PATIENCE)), (start + EVERY, Due::Nothing));
        assert_eq!(watchdog.due(start + EVERY), Due::Ping);
    }

    #[tokio::test(start_paused = true)]
    async fn a_ping_that_nothing_follows_is_the_end() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(EVERY, PATIENCE, start);
        assert_eq!(watchdog.due(start), Due::Ping);
        assert_eq!(watchdog.wake(), start + PATIENCE);
        assert_eq!(watchdog.due(start + PATIENCE), Due::Dead);
    }

    #[tokio::test(start_paused = true)]
    async fn more_pings_give_no_more_time() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(Duration::from_secs(10), PATIENCE, start);
        for seconds in [0, 10, 20] {
            assert_eq!(watchdog.due(start + Duration::from_secs(seconds)), Due::Ping);
        }
        assert_eq!(watchdog.due(start + PATIENCE), Due::Dead);
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_interval_counts_from_now() {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(EVERY, PATIENCE, start);
        watchdog.due(start);
        watchdog.heard();
        watchdog.set_every(Duration::from_secs(10), start);
        assert_eq!(watchdog.wake(), start + Duration::from_secs(10));
        watchdog.set_every(EVERY, start);
        assert_eq!(watchdog.wake(), start + Duration::from_secs(10));
    }

    #[test]
    fn a_machine_that_slept_is_noticed_and_a_clock_that_is_corrected_a_little_is_not() {
        let jump = |wall_ms: i64| is_jump(Duration::from_secs(5), Timestamp(1_000_000), Timestamp(1_000_000 + wall_ms));
        assert!(!jump(5_000) && !jump(6_500) && !jump(35_000) && !jump(-25_000));
        assert!(jump(35_001) && jump(3_600_000) && jump(-25_001));
        assert!(is_jump(Duration::MAX, Timestamp(i64::MIN), Timestamp(i64::MAX)) || !jump(0));
    }
}
