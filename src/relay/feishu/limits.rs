//! How fast calls may follow each other, a little under what Feishu allows: five a second for a chat and for a
//! message, fifty a second and a thousand a minute for an app.
//!
//! Invariants: in no window of time is there more than its number, however the calls are spread (a bucket
//! that refills would let twice as many through across its edge); what is remembered is bounded. No clock:
//! the caller says `now`.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);
/// Calls to one chat, and changes of one message, a second.
pub const KEY_PER_SECOND: usize = 4;
/// Calls a second, all in all.
pub const APP_PER_SECOND: usize = 40;
/// Calls a minute, all in all.
pub const APP_PER_MINUTE: usize = 900;
/// With more chats and messages than this the quiet ones are forgotten.
const MAX_QUIET_KEYS: usize = 256;

/// When the last few calls were: so many in a window of time, and no more.
#[derive(Debug)]
struct Window {
    most: usize,
    length: Duration,
    taken: VecDeque<Instant>,
    /// Feishu said to wait.
    held_until: Option<Instant>,
}

impl Window {
    fn new(most: usize, length: Duration) -> Self {
        Self { most, length, taken: VecDeque::new(), held_until: None }
    }

    /// When the next call may be, at the earliest.
    fn free_at(&self, now: Instant) -> Instant {
        let n_over = (self.taken.len() + 1).saturating_sub(self.most);
        let by_count =
            n_over.checked_sub(1).and_then(|at| self.taken.get(at)).map_or(now, |taken| *taken + self.length);
        now.max(by_count).max(self.held_until.unwrap_or(now))
    }

    fn take(&mut self, now: Instant) {
        self.taken.push_back(now);
        while self.taken.len() > self.most {
            self.taken.pop_front();
        }
    }

    fn is_quiet(&self, now: Instant) -> bool {
        self.free_at(now) <= now && self.taken.back().is_none_or(|taken| *taken + self.length <= now)
    }
}

/// What a call counts for, beside the app.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// A chat, or the person whose direct chat it is.
    Chat(String),
    /// A message that is changed.
    Message(String),
}

/// All windows of one app.
#[derive(Debug)]
pub struct Limits {
    second: Window,
    minute: Window,
    keys: HashMap<Key, Window>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            second: Window::new(APP_PER_SECOND, SECOND),
            minute: Window::new(APP_PER_MINUTE, MINUTE),
            keys: HashMap::new(),
        }
    }
}

impl Limits {
    /// Counts a call that happens now, or says when to ask again and counts nothing.
    pub fn take(&mut self, key: Option<&Key>, now: Instant) -> Result<(), Instant> {
        let keyed = key.and_then(|key| self.keys.get(key)).map_or(now, |window| window.free_at(now));
        let free_at = self.second.free_at(now).max(self.minute.free_at(now)).max(keyed);
        if free_at > now {
            return Err(free_at);
        }
        self.second.take(now);
        self.minute.take(now);
        if let Some(key) = key {
            self.window(key, now).take(now);
        }
        Ok(())
    }

    /// Feishu found it too fast: nothing more of this kind (of the app, when there is no key) before `until`.
    pub fn hold(&mut self, key: Option<&Key>, until: Instant, now: Instant) {
        let window = match key {
            Some(key) => self.window(key, now),
            None => &mut self.second,
        };
        window.held_until = window.held_until.max(Some(until));
    }

    fn window(&mut self, key: &Key, now: Instant) -> &mut Window {
        if self.keys.len() >= MAX_QUIET_KEYS && !self.keys.contains_key(key) {
            self.keys.retain(|_, window| !window.is_quiet(now));
        }
        self.keys.entry(key.clone()).or_insert_with(|| Window::new(KEY_PER_SECOND, SECOND))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chat(name: &str) -> Key {
        Key::Chat(name.to_owned())
    }

    #[test]
    fn the_fifth_call_of_a_chat_waits_and_another_chat_does_not() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for _ in 0..KEY_PER_SECOND {
            assert_eq!(limits.take(Some(&chat("a")), now), Ok(()));
        }
        assert_eq!(limits.take(Some(&chat("a")), now), Err(now + SECOND));
        assert_eq!(limits.take(Some(&chat("b")), now), Ok(()));
        assert_eq!(limits.take(Some(&Key::Message("a".into())), now), Ok(()));
        assert_eq!(limits.take(Some(&chat("a")), now + SECOND), Ok(()));
    }

    #[test]
    fn what_feishu_says_to_wait_is_waited() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let until = now + Duration::from_secs(7);
        limits.hold(Some(&chat("a")), until, now);
        assert_eq!(limits.take(Some(&chat("a")), now), Err(until));
        assert_eq!(limits.take(None, now), Ok(()));
        limits.hold(None, until, now);
        limits.hold(None, now, now);
        assert_eq!(limits.take(Some(&chat("b")), now), Err(until));
        assert_eq!(limits.take(Some(&chat("b")), until), Ok(()));
    }

    #[test]
    fn quiet_chats_are_forgotten() {
        let (mut limits, mut now) = (Limits::default(), Instant::now());
        for n in 0..5_000 {
            now = limits.take(Some(&chat(&n.to_string())), now).err().unwrap_or(now);
        }
        assert!(limits.keys.len() <= MAX_QUIET_KEYS + 1, "{}", limits.keys.len());
    }

    /// The most calls in any window of this length.
    fn most_in(times: &[Instant], length: Duration) -> usize {
        times
            .iter()
            .map(|from| times.iter().filter(|at| *at >= from && **at < *from + length).count())
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn no_window_ever_holds_more_than_it_may(
            calls in prop::collection::vec((0_u64..120, 0_usize..12), 1..400),
        ) {
            let (mut limits, mut now) = (Limits::default(), Instant::now());
            let mut taken: Vec<(Instant, usize)> = Vec::new();
            for (pause_ms, key) in calls {
                now += Duration::from_millis(pause_ms);
                // Somebody who waits as long as told gets through in the end.
                for _ in 0..4 {
                    match limits.take(Some(&chat(&key.to_string())), now) {
                        Ok(()) => { taken.push((now, key)); break; }
                        Err(at) => { prop_assert!(at > now); now = at; }
                    }
                }
            }
            let all: Vec<Instant> = taken.iter().map(|(at, _)| *at).collect();
            prop_assert!(most_in(&all, SECOND) <= APP_PER_SECOND);
            prop_assert!(most_in(&all, MINUTE) <= APP_PER_MINUTE);
            for key in 0..12 {
                let of_key: Vec<Instant> = taken.iter().filter(|(_, of)| *of == key).map(|(at, _)| *at).collect();
                prop_assert!(most_in(&of_key, SECOND) <= KEY_PER_SECOND);
            }
        }
    }

    #[test]
    fn a_flood_keeps_within_the_minute() {
        let (mut limits, start) = (Limits::default(), Instant::now());
        let mut now = start;
        let mut taken = Vec::new();
        while taken.len() < 2_000 {
            match limits.take(None, now) {
                Ok(()) => taken.push(now),
                Err(at) => now = at,
            }
        }
        assert_eq!(most_in(&taken, MINUTE), APP_PER_MINUTE);
        assert_eq!(most_in(&taken, SECOND), APP_PER_SECOND);
        assert!(now < start + 3 * MINUTE, "it went on as soon as it might");
    }
}
