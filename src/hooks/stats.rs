//! How fast and how well a hook answers.

use std::collections::VecDeque;
use std::time::Duration;

/// Answers whose time is remembered.
const KEPT: usize = 1000;

#[derive(Debug, Default)]
pub(super) struct Stats {
    pub(super) calls: u64,
    pub(super) failures: u64,
    times: VecDeque<Duration>,
}

impl Stats {
    pub(super) fn answered(&mut self, took: Duration) {
        self.calls += 1;
        if self.times.len() >= KEPT {
            self.times.pop_front();
        }
        self.times.push_back(took);
    }

    pub(super) fn failed(&mut self) {
        self.calls += 1;
        self.failures += 1;
    }

    /// The time within which so many of a hundred answers came, in milliseconds.
    pub(super) fn percentile_ms(&self, of_hundred: usize) -> Option<f64> {
        let mut times: Vec<Duration> = self.times.iter().copied().collect();
        times.sort_unstable();
        let place = (times.len() * of_hundred).div_ceil(100).saturating_sub(1);
        times.get(place).map(|time| time.as_secs_f64() * 1000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let mut stats = Stats::default();
        assert_eq!(stats.percentile_ms(50), None);
        for n in 1..=100 {
            stats.answered(Duration::from_millis(n));
        }
        assert_eq!((stats.percentile_ms(50), stats.percentile_ms(99)), (Some(50.0), Some(99.0)));
        stats.failed();
        assert_eq!((stats.calls, stats.failures), (101, 1));
    }
}
