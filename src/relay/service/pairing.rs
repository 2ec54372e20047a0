//! Pairing: a code that the terminal shows for a few minutes makes whoever sends it to the bot known.
//!
//! Invariants: a code is used once, dies after five wrong tries or five minutes, and is never guessed by its beginning.

use crate::core::ids::Timestamp;
use crate::core::phone::PairingCode;
use crate::relay::commands::CODE_ALPHABET;
use crate::relay::commands::CODE_CHARS;
use crate::relay::commands::is_code;

const LIFE_MS: i64 = 5 * 60_000;
const MAX_TRIES: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Pairing {
    code: Option<(PairingCode, u32)>,
}

impl Pairing {
    /// Begins with a new code; an earlier one counts no more.
    pub(super) fn begin(&mut self, now: Timestamp) {
        let mut code = fresh();
        // One without a digit would be read as a word.
        while !code.bytes().any(|byte| byte.is_ascii_digit()) {
            code = fresh();
        }
        debug_assert!(is_code(&code));
        self.code = Some((PairingCode { code, until: Timestamp(now.0.saturating_add(LIFE_MS)) }, 0));
    }

    pub(super) fn end(&mut self) {
        self.code = None;
    }

    pub(super) fn expire(&mut self, now: Timestamp) {
        self.code.take_if(|(code, n_tries)| code.until <= now || *n_tries >= MAX_TRIES);
    }

    pub(super) fn shown(&self) -> Option<PairingCode> {
        self.code.as_ref().map(|(code, _)| code.clone())
    }

    pub(super) fn until(&self) -> Option<Timestamp> {
        self.code.as_ref().map(|(code, _)| code.until)
    }

    /// Whether this is the code; it is used up by that. A wrong one counts.
    pub(super) fn takes(&mut self, tried: &str, now: Timestamp) -> bool {
        self.expire(now);
        let Some((code, n_tries)) = &mut self.code else { return false };
        let differs = code.code.bytes().zip(tried.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
        if tried.len() == CODE_CHARS && differs == 0 {
            self.code = None;
            return true;
        }
        *n_tries += 1;
        false
    }
}

fn fresh() -> String {
    // A UUID's random bits; the few that are fixed are left out.
    let mut bits = uuid::Uuid::new_v4().as_u128() >> 64 << 64 | uuid::Uuid::new_v4().as_u128() >> 68;
    let n = CODE_ALPHABET.len() as u128;
    (0..CODE_CHARS)
        .map(|_| {
            let place = (bits % n) as usize;
            bits /= n;
            CODE_ALPHABET[place] as char
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    #[test]
    fn a_code_counts_once_and_not_for_ever() {
        let mut pairing = Pairing::default();
        assert!(!pairing.takes("", NOW) && !pairing.takes("23456789", NOW));
        pairing.begin(NOW);
        let code = pairing.shown().unwrap().code;
        assert!(!pairing.takes(&code[..7], NOW));
        assert!(pairing.takes(&code, NOW) && !pairing.takes(&code, NOW));
        pairing.begin(NOW);
        let code = pairing.shown().unwrap().code;
        assert!(!pairing.takes(&code, Timestamp(NOW.0 + LIFE_MS)), "it is over");
    }

    #[test]
    fn five_wrong_ones_end_it() {
        let mut pairing = Pairing::default();
        pairing.begin(NOW);
        let code = pairing.shown().unwrap().code;
        for _ in 0..5 {
            assert!(!pairing.takes("22222222", NOW));
        }
        assert!(!pairing.takes(&code, NOW) && pairing.shown().is_none());
    }

    #[test]
    fn codes_differ_and_can_be_told_from_words() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..500 {
            let mut pairing = Pairing::default();
            pairing.begin(NOW);
            let code = pairing.shown().unwrap().code;
            assert!(is_code(&code) && code.bytes().any(|byte| byte.is_ascii_digit()), "{code}");
            assert!(seen.insert(code));
        }
    }
}
