//! How long to wait before the next attempt: twice as long each time, anywhere below that by chance, and never
//! for good. How often the server wants it tried (`ReconnectCount`) is not looked at: it has been seen to say
//! once, and those who obeyed stayed away for ever.

use std::time::Duration;

/// However lucky the draw, attempts are this far apart, or as far as the first pause is long.
const SHORTEST: Duration = Duration::from_millis(50);
/// As after so many failures: two seconds at most.
const EASED: u32 = 2;

#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    longest: Duration,
    /// After a refusal.
    refused: Duration,
    /// The server wants attempts no further apart than this.
    ceiling: Option<Duration>,
    n_failed: u32,
}

impl Backoff {
    pub(super) fn new((first, longest): (Duration, Duration), refused: Duration) -> Self {
        Self { first, longest, refused, ceiling: None, n_failed: 0 }
    }

    /// Which attempt comes next, from one.
    pub(super) fn attempt(&self) -> u32 {
        self.n_failed.saturating_add(1)
    }

    /// A connection held: the pauses begin anew.
    pub(super) fn reset(&mut self) {
        self.n_failed = 0;
    }

    /// A connection worked for a while: the next pauses are short. There are networks, and hours at Feishu, that
    /// end every connection after half a minute; whoever waits longer each time is away more than there.
    pub(super) fn ease(&mut self) {
        self.n_failed = self.n_failed.min(EASED);
    }

    pub(super) fn set_ceiling(&mut self, ceiling: Option<Duration>) {
        self.ceiling = ceiling;
    }

    /// Counts a failure; `chance` is between zero and one.
    pub(super) fn pause(&mut self, chance: f64) -> Duration {
        let doubled = 2_u32.checked_pow(self.n_failed).map_or(self.longest, |times| self.first.saturating_mul(times));
        self.n_failed = self.n_failed.saturating_add(1);
        let most = doubled.min(self.longest).min(self.ceiling.unwrap_or(self.longest));
        most.mul_f64(chance.clamp(0.0, 1.0)).max(SHORTEST.min(self.first))
    }

    /// Counts a refusal: between once and twice the pause for those.
    pub(super) fn long_pause(&mut self, chance: f64) -> Duration {
        self.n_failed = self.n_failed.saturating_add(1);
        self.refused.mul_f64(1.0 + chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn backoff() -> Backoff {
        Backoff::new((Duration::from_millis(500), Duration::from_mins(1)), Duration::from_mins(1))
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_never_end() {
        let mut backoff = backoff();
        let pauses: Vec<u128> = (0..9).map(|_| backoff.pause(1.0).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        for _ in 0..10_000 {
            backoff.pause(1.0);
        }
        assert_eq!(backoff.pause(1.0), Duration::from_mins(1));
        backoff.ease();
        assert_eq!(backoff.pause(1.0), Duration::from_secs(2));
        backoff.reset();
        backoff.ease();
        assert_eq!((backoff.attempt(), backoff.pause(0.5).as_millis()), (1, 250));
    }

    #[test]
    fn the_server_can_ask_for_shorter_pauses_only() {
        let mut backoff = backoff();
        backoff.set_ceiling(Some(Duration::from_secs(3)));
        let longest = (0..9).map(|_| backoff.pause(1.0)).max();
        assert_eq!(longest, Some(Duration::from_secs(3)));
        backoff.set_ceiling(Some(Duration::from_hours(1)));
        assert_eq!(backoff.pause(1.0), Duration::from_mins(1));
    }

    proptest! {
        #[test]
        fn chance_never_leaves_the_bounds(chances in prop::collection::vec(any::<f64>(), 1..40)) {
            let mut backoff = backoff();
            for chance in chances.into_iter().filter(|chance| chance.is_finite()) {
                let pause = backoff.pause(chance);
                prop_assert!((SHORTEST..=Duration::from_mins(1)).contains(&pause));
                let pause = backoff.long_pause(chance);
                prop_assert!((Duration::from_mins(1)..=Duration::from_mins(2)).contains(&pause));
            }
        }
    }
}
