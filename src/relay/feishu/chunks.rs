//! A message that came in parts, put together.
//!
//! Invariants: parts may come in any order and more than once, and may be empty; what is held is bounded in
//! sets, parts and bytes; a set that is not complete in time is forgotten. No clock: the caller says `now`.

use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;

/// More parts than this are refused.
pub const MAX_PARTS: u32 = 256;
/// A message is no longer than this, and neither is all that waits for its other parts, times two.
pub const MAX_BYTES: usize = 4 << 20;
/// So many messages may be incomplete at once.
pub const MAX_OPEN: usize = 64;
/// The other parts come within this (the official SDKs wait 5 to 10 s).
pub const PATIENCE: Duration = Duration::from_secs(10);

/// One part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'a> {
    pub message: &'a str,
    pub sum: u32,
    pub seq: u32,
    pub bytes: &'a [u8],
}

/// Why a part is not taken; what was held of its message is forgotten, unless only this part is strange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("its numbers cannot be: part {seq} of {sum}")]
    Numbers { seq: u32, sum: u32 },
    #[error("it has no message id")]
    Nameless,
    #[error("it is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("too many messages are incomplete")]
    TooMany,
}

#[derive(Debug)]
struct Open {
    since: Instant,
    parts: Vec<Option<Vec<u8>>>,
}

impl Open {
    fn n_bytes(&self) -> usize {
        self.parts.iter().flatten().map(Vec::len).sum()
    }
}

/// The messages that are not complete.
#[derive(Debug, Default)]
pub struct Chunks {
    open: HashMap<String, Open>,
}

impl Chunks {
    /// Takes a part; gives the message when this one completes it. A part that is there already changes
    /// nothing.
    pub fn take(&mut self, part: Part<'_>, now: Instant) -> Result<Option<Vec<u8>>, Refused> {
        self.forget(now);
        if part.sum == 0 || part.sum > MAX_PARTS || part.seq >= part.sum {
            return Err(Refused::Numbers { seq: part.seq, sum: part.sum });
        }
        if part.bytes.len() > MAX_BYTES {
            return Err(Refused::TooLong);
        }
        if part.sum == 1 {
            return Ok(Some(part.bytes.to_vec()));
        }
        if part.message.is_empty() {
            return Err(Refused::Nameless);
        }
        if !self.open.contains_key(part.message) && self.open.len() >= MAX_OPEN {
            return Err(Refused::TooMany);
        }
        let n_held: usize = self.open.values().map(Open::n_bytes).sum();
        let n_parts = part.sum as usize;
        let open =
            self.open.entry(part.message.to_owned()).or_insert_with(|| Open { since: now, parts: vec![None; n_parts] });
        if open.parts.len() != n_parts {
            return Err(Refused::Numbers { seq: part.seq, sum: part.sum });
        }
        let n_bytes = open.n_bytes();
        let Some(place) = open.parts.get_mut(part.seq as usize) else {
            return Err(Refused::Numbers { seq: part.seq, sum: part.sum });
        };
        if place.is_none() {
            if n_bytes + part.bytes.len() > MAX_BYTES {
                self.open.remove(part.message);
                return Err(Refused::TooLong);
            }
            if n_held + part.bytes.len() > 2 * MAX_BYTES {
                return Err(Refused::TooMany);
            }
            *place = Some(part.bytes.to_vec());
        }
        if open.parts.iter().any(Option::is_none) {
            return Ok(None);
        }
        let whole = self.open.remove(part.message);
        Ok(whole.map(|open| open.parts.into_iter().flatten().flatten().collect()))
    }

    /// How many messages are incomplete.
    pub fn n_open(&self) -> usize {
        self.open.len()
    }

    fn forget(&mut self, now: Instant) {
        self.open.retain(|message, open| {
            let keep = now.saturating_duration_since(open.since) < PATIENCE;
            if !keep {
                let n_missing = open.parts.iter().filter(|part| part.is_none()).count();
                tracing::warn!(message, n_missing, n_parts = open.parts.len(), "the rest of a push never came");
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part<'a>(message: &'a str, sum: u32, seq: u32, bytes: &'a [u8]) -> Part<'a> {
        Part { message, sum, seq, bytes }
    }

    #[test]
    fn parts_are_joined_in_order_and_an_empty_one_counts() {
        let (mut chunks, now) = (Chunks::default(), Instant::now());
        assert_eq!(chunks.take(part("a", 3, 2, b"c"), now), Ok(None));
        assert_eq!(chunks.take(part("a", 3, 1, b""), now), Ok(None));
        assert_eq!(chunks.take(part("b", 2, 0, b"x"), now), Ok(None));
        assert_eq!(chunks.take(part("a", 3, 0, b"a"), now), Ok(Some(b"ac".to_vec())));
        assert_eq!(chunks.n_open(), 1);
        assert_eq!(chunks.take(part("", 1, 0, b"whole"), now), Ok(Some(b"whole".to_vec())));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let (mut chunks, now) = (Chunks::default(), Instant::now());
        for (sum, seq) in [(0, 0), (2, 2), (257, 0), (u32::MAX, 1)] {
            assert_eq!(chunks.take(part("a", sum, seq, b""), now), Err(Refused::Numbers { seq, sum }));
        }
        assert_eq!(chunks.take(part("", 2, 0, b"x"), now), Err(Refused::Nameless));
        assert_eq!(chunks.take(part("a", 2, 0, b"x"), now), Ok(None));
        assert_eq!(chunks.take(part("a", 3, 1, b"x"), now), Err(Refused::Numbers { seq: 1, sum: 3 }));
        assert_eq!(chunks.take(part("a", 2, 1, b"y"), now), Ok(Some(b"xy".to_vec())));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let (mut chunks, now) = (Chunks::default(), Instant::now());
        let long = vec![0; MAX_BYTES];
        assert_eq!(chunks.take(part("a", 2, 0, &long), now), Ok(None));
        assert_eq!(chunks.take(part("a", 2, 1, b"x"), now), Err(Refused::TooLong));
        assert_eq!(chunks.n_open(), 0);
        for n in 0..MAX_OPEN {
            assert_eq!(chunks.take(part(&n.to_string(), 2, 0, b"x"), now), Ok(None));
        }
        assert_eq!(chunks.take(part("more", 2, 0, b"x"), now), Err(Refused::TooMany));
        assert_eq!(chunks.take(part("1", 2, 1, b"y"), now), Ok(Some(b"xy".to_vec())));
        assert_eq!(chunks.take(part("2", 3, 1, &long), now), Err(Refused::Numbers { seq: 1, sum: 3 }));
        for n in ["3", "4"] {
            let taken = chunks.take(part(n, 2, 1, &long[1..]), now);
            assert_eq!(taken.map(|whole| whole.map(|bytes| bytes.len())), Ok(Some(MAX_BYTES)));
        }
    }

    #[test]
    fn many_long_messages_do_not_fill_the_memory() {
        let (mut chunks, now) = (Chunks::default(), Instant::now());
        let long = vec![0; MAX_BYTES];
        assert_eq!(chunks.take(part("a", 2, 0, &long), now), Ok(None));
        assert_eq!(chunks.take(part("b", 2, 0, &long), now), Ok(None));
        assert_eq!(chunks.take(part("c", 2, 0, b"x"), now), Err(Refused::TooMany));
    }

    #[test]
    fn the_rest_that_never_comes_is_not_waited_for() {
        let (mut chunks, now) = (Chunks::default(), Instant::now());
        assert_eq!(chunks.take(part("a", 2, 0, b"x"), now), Ok(None));
        let later = now + PATIENCE;
        assert_eq!(chunks.take(part("b", 2, 0, b"x"), later), Ok(None));
        assert_eq!(chunks.n_open(), 1);
        assert_eq!(chunks.take(part("a", 2, 1, b"y"), later), Ok(None));
    }

    proptest! {
        #[test]
        fn any_order_and_repetition_gives_the_same_message(
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 2..20),
            order in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
            shift in any::<prop::sample::Index>(),
        ) {
            let (mut chunks, now) = (Chunks::default(), Instant::now());
            let n_parts = parts.len();
            // Any parts in any order, then all of them from somewhere on: every part comes at least once.
            let order = order.iter().map(|index| index.index(n_parts));
            let all = (0..n_parts).map(|seq| (seq + shift.index(n_parts)) % n_parts);
            let mut whole = None;
            for seq in order.chain(all) {
                let taken = chunks.take(part("m", n_parts as u32, seq as u32, &parts[seq]), now).unwrap();
                whole = whole.or(taken);
            }
            prop_assert_eq!(whole, Some(parts.concat()));
        }
    }
}
