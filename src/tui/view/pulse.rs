//! What changes by itself: spinners, counters, countdowns. Asking for one notes when it changes next, so
//! that the loop sleeps exactly as long as the picture stays true.

use std::time::Duration;

use crate::core::figures;
use crate::core::ids::Timestamp;
use crate::core::tool::ToolCall;
use crate::tui::theme::Theme;

/// How long one frame of a spinner stands.
const SPIN_MS: i64 = 100;
const MINUTE_MS: i64 = 60_000;
const SECOND_MS: i64 = 1_000;

#[derive(Debug)]
pub(super) struct Pulse {
    pub(super) now: Timestamp,
    pub(super) animates: bool,
    pub(super) next: Option<Timestamp>,
}

impl Pulse {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { now, animates: false, next: None }
    }

    /// The frame of the spinner for now.
    pub(super) fn spin(&mut self, theme: &Theme) -> &'static str {
        self.animates = true;
        let tick = self.now.0.div_euclid(SPIN_MS).rem_euclid(1 << 20);
        theme.glyphs.spinner_frame(usize::try_from(tick).unwrap_or(0))
    }

    /// The picture changes then, if that is still to come.
    pub(super) fn change_at(&mut self, at: Timestamp) {
        if at > self.now {
            self.next = Some(self.next.map_or(at, |next| next.min(at)));
        }
    }

    /// How long something has been going on, in whole seconds.
    pub(super) fn since(&mut self, start: Timestamp) -> String {
        let elapsed_ms = self.now.millis_since(start);
        let seconds = elapsed_ms / 1_000;
        let next = i64::try_from((seconds + 1).saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.change_at(Timestamp(start.0.saturating_add(next)));
        seconds_text(seconds)
    }

    /// How long a call has worked that works no more for now.
    pub(super) fn so_far(&self, call: &ToolCall) -> String {
        seconds_text(call.works_ms(self.now) / 1_000)
    }

    /// How long is left until then; `0:00` when it has come.
    pub(super) fn until(&mut self, end: Timestamp) -> String {
        let left_ms = end.millis_since(self.now);
        if left_ms > 0 {
            let rest = i64::try_from(left_ms).unwrap_or(i64::MAX).rem_euclid(SECOND_MS);
            self.change_at(Timestamp(self.now.0.saturating_add(if rest == 0 { SECOND_MS } else { rest })));
        }
        figures::countdown(Duration::from_millis(left_ms.div_ceil(1_000).saturating_mul(1_000)))
    }

    /// How long ago that was, in whole minutes: for what is hours ago.
    pub(super) fn minutes_since(&mut self, start: Timestamp) -> String {
        let gone_ms = self.now.millis_since(start);
        let rest = MINUTE_MS - i64::try_from(gone_ms).unwrap_or(0).rem_euclid(MINUTE_MS);
        self.change_at(Timestamp(self.now.0.saturating_add(rest)));
        if gone_ms < 60_000 { "<1m".to_owned() } else { minutes_text(gone_ms / 60_000) }
    }

    /// How long is left until then, in whole minutes, rounded up: for what is hours away.
    pub(super) fn minutes_until(&mut self, end: Timestamp) -> String {
        let left_ms = end.millis_since(self.now);
        if left_ms > 0 {
            let rest = i64::try_from(left_ms).unwrap_or(i64::MAX).rem_euclid(MINUTE_MS);
            self.change_at(Timestamp(self.now.0.saturating_add(if rest == 0 { MINUTE_MS } else { rest })));
        }
        minutes_text(left_ms.div_ceil(60_000))
    }
}

fn minutes_text(minutes: u64) -> String {
    if minutes < 60 { format!("{minutes}m") } else { format!("{}h {:02}m", minutes / 60, minutes % 60) }
}

/// Whole seconds below a minute, then as durations read.
pub(super) fn seconds_text(seconds: u64) -> String {
    if seconds < 60 { format!("{seconds}s") } else { figures::duration(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_know_when_they_change() {
        let mut pulse = Pulse::new(Timestamp(10_400));
        assert_eq!(pulse.since(Timestamp(8_000)), "2s");
        assert_eq!(pulse.next, Some(Timestamp(11_000)));
        assert_eq!(pulse.until(Timestamp(13_000)), "0:03");
        assert_eq!(pulse.next, Some(Timestamp(11_000)));
        assert!(!pulse.animates);
        let mut late = Pulse::new(Timestamp(10_000));
        assert_eq!(late.until(Timestamp(9_000)), "0:00");
        assert_eq!(late.next, None);
        assert_eq!(late.since(Timestamp(i64::MIN)), late.since(Timestamp(i64::MIN)));
    }
}
