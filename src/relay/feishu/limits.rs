//! How fast calls may follow each other, a little under what Feishu allows: five a second for a chat and for a
//! message, fifty a second and a thousand a minute for an app.
//!
//! Invariants: in no window of time are there more than its number, however the calls are spread (a bucket
//! that refills would let twice as many through across its edge) and however long each is under way: one
//! counts from its beginning until a whole window after its end, because Feishu counts it somewhere in between.
//! What is remembered is bounded. No clock: the caller says `now`.

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

/// When to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wait {
    Until(Instant),
    /// Until another call ends.
    ForAnother,
}

/// The calls of the last while: so many in a window of time, and no more.
#[derive(Debug)]
struct Window {
    most: usize,
    length: Duration,
    n_under_way: usize,
    ended: VecDeque<Instant>,
    /// Feishu said to wait.
    held_until: Option<Instant>,
}

impl Window {
    fn new(most: usize, length: Duration) -> Self {
        Self { most, length, n_under_way: 0, ended: VecDeque::new(), held_until: None }
    }

    /// When the next call may be, if not now.
    fn wait(&mut self, now: Instant) -> Option<Wait> {
        while self.ended.front().is_some_and(|ended| *ended + self.length <= now) {
            self.ended.pop_front();
        }
        let n_over = (self.n_under_way + self.ended.len() + 1).saturating_sub(self.most);
        let by_count = n_over.checked_sub(1).map(|at| match self.ended.get(at) {
            Some(ended) => Wait::Until(*ended + self.length),
            None => Wait::ForAnother,
        });
        by_count.max(self.held_until.filter(|until| *until > now).map(Wait::Until))
    }

    fn begin(&mut self) {
        self.n_under_way += 1;
    }

    fn end(&mut self, now: Instant) {
        self.n_under_way = self.n_under_way.saturating_sub(1);
        self.ended.push_back(now);
    }

    fn is_quiet(&mut self, now: Instant) -> bool {
        self.wait(now).is_none() && self.n_under_way == 0 && self.ended.is_empty()
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
    /// Counts a call that begins now, or says when to ask again and counts nothing. One that began must end.
    pub fn begin(&mut self, key: Option<&Key>, now: Instant) -> Result<(), Wait> {
        let keyed = key.and_then(|key| self.keys.get_mut(key)).and_then(|window| window.wait(now));
        if let Some(wait) = self.second.wait(now).max(self.minute.wait(now)).max(keyed) {
            return Err(wait);
        }
        self.second.begin();
        self.minute.begin();
        if let Some(key) = key {
            self.window(key, now).begin();
        }
        Ok(())
    }

    /// A call that began has ended, in whatever way.
    pub fn end(&mut self, key: Option<&Key>, now: Instant) {
        self.second.end(now);
        self.minute.end(now);
        if let Some(key) = key {
            self.window(key, now).end(now);
        }
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

    /// A call that takes no time.
    fn call(limits: &mut Limits, key: Option<&Key>, now: Instant) -> Result<(), Wait> {
        limits.begin(key, now)?;
        limits.end(key, now);
        Ok(())
    }

    #[test]
    fn the_fifth_call_of_a_chat_waits_and_another_chat_does_not() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for _ in 0..KEY_PER_SECOND {
            assert_eq!(call(&mut limits, Some(&chat("a")), now), Ok(()));
        }
        assert_eq!(call(&mut limits, Some(&chat("a")), now), Err(Wait::Until(now + SECOND)));
        assert_eq!(call(&mut limits, Some(&chat("b")), now), Ok(()));
        assert_eq!(call(&mut limits, Some(&Key::Message("a".into())), now), Ok(()));
        assert_eq!(call(&mut limits, Some(&chat("a")), now + SECOND), Ok(()));
    }

    #[test]
    fn a_call_counts_until_a_second_after_its_end() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        for _ in 0..KEY_PER_SECOND {
            assert_eq!(limits.begin(Some(&chat("a")), now), Ok(()));
        }
        assert_eq!(limits.begin(Some(&chat("a")), now + 5 * SECOND), Err(Wait::ForAnother));
        limits.end(Some(&chat("a")), now + 5 * SECOND);
        assert_eq!(limits.begin(Some(&chat("a")), now + 5 * SECOND), Err(Wait::Until(now + 6 * SECOND)));
        assert_eq!(limits.begin(Some(&chat("a")), now + 6 * SECOND), Ok(()));
    }

    #[test]
    fn what_feishu_says_to_wait_is_waited() {
        let (mut limits, now) = (Limits::default(), Instant::now());
        let until = now + Duration::from_secs(7);
        limits.hold(Some(&chat("a")), until, now);
        assert_eq!(call(&mut limits, Some(&chat("a")), now), Err(Wait::Until(until)));
        assert_eq!(call(&mut limits, None, now), Ok(()));
        limits.hold(None, until, now);
        limits.hold(None, now, now);
        assert_eq!(call(&mut limits, Some(&chat("b")), now), Err(Wait::Until(until)));
        assert_eq!(call(&mut limits, Some(&chat("b")), until), Ok(()));
    }

    #[test]
    fn quiet_chats_are_forgotten() {
        let (mut limits, mut now) = (Limits::default(), Instant::now());
        for n in 0..5_000 {
            if let Err(Wait::Until(at)) = call(&mut limits, Some(&chat(&n.to_string())), now) {
                now = at;
            }
        }
        assert!(limits.keys.len() <= MAX_QUIET_KEYS + 1, "{}", limits.keys.len());
    }

    /// The most calls in any window of this length.
    fn most_in(times: &[Instant], length: Duration) -> usize {
        let in_window = |from: &Instant| times.iter().filter(|at| *at >= from && **at < *from + length).count();
        times.iter().map(in_window).max().unwrap_or(0)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn no_window_ever_holds_more_than_it_may(
            // A pause, whose chat, how long it takes, and how much of that until Feishu counts it.
            calls in prop::collection::vec((0_u64..60, 0_usize..12, 0_u64..700, 0.0..=1.0), 1..400),
        ) {
            let (mut limits, mut now) = (Limits::default(), Instant::now());
            let mut counted: Vec<(Instant, usize)> = Vec::new();
            let mut under_way: Vec<(Instant, usize)> = Vec::new();
            for (pause_ms, key, length_ms, share) in calls {
                now += Duration::from_millis(pause_ms);
                loop {
                    under_way.sort();
                    while under_way.first().is_some_and(|(end, _)| *end <= now) {
                        let (end, key) = under_way.remove(0);
                        limits.end(Some(&chat(&key.to_string())), end);
                    }
                    match limits.begin(Some(&chat(&key.to_string())), now) {
                        Ok(()) => break,
                        Err(Wait::Until(at)) => { prop_assert!(at > now); now = at; }
                        Err(Wait::ForAnother) => now = now.max(under_way[0].0),
                    }
                }
                let length = Duration::from_millis(length_ms);
                under_way.push((now + length, key));
                counted.push((now + length.mul_f64(share), key));
            }
            let all: Vec<Instant> = counted.iter().map(|(at, _)| *at).collect();
            prop_assert!(most_in(&all, SECOND) <= APP_PER_SECOND);
            prop_assert!(most_in(&all, MINUTE) <= APP_PER_MINUTE);
            for key in 0..12 {
                let of_key: Vec<Instant> = counted.iter().filter(|(_, of)| *of == key).map(|(at, _)| *at).collect();
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
            match call(&mut limits, None, now) {
                Ok(()) => taken.push(now),
                Err(Wait::Until(at)) => now = at,
                Err(Wait::ForAnother) => panic!("nothing is under way"),
            }
        }
        assert_eq!(most_in(&taken, MINUTE), APP_PER_MINUTE);
        assert_eq!(most_in(&taken, SECOND), APP_PER_SECOND);
        assert!(now < start + 3 * MINUTE, "it went on as soon as it might");
    }
}
