//! Strangers, and pairing: a code that the terminal shows for a few minutes makes whoever sends it to the bot known.
//!
//! Invariants: a code is used once, dies after five wrong tries or five minutes, and is never guessed by its beginning.

use super::Service;
use crate::core::ids::Timestamp;
use crate::core::language::Language;
use crate::core::phone::PairingCode;
use crate::relay::access;
use crate::relay::access::Member;
use crate::relay::commands;
use crate::relay::commands::CODE_ALPHABET;
use crate::relay::commands::CODE_CHARS;
use crate::relay::commands::is_code;
use crate::relay::ledger::LedgerError;
use crate::relay::messenger::ChatId;
use crate::relay::messenger::Messenger;
use crate::relay::messenger::PersonId;
use crate::relay::messenger::Said;

const LIFE_MS: i64 = 5 * 60_000;
const MAX_TRIES: u32 = 5;
/// A stranger is told who they are at most so often.
const STRANGER_MS: u64 = 60 * 60_000;
/// Wrong codes are answered so often in so long: to one person, and to all.
const WRONG_MS: u64 = 10 * 60_000;
const WRONG_EACH: usize = 5;
const WRONG_ALL: usize = 30;

#[derive(Debug, Default)]
pub(super) struct Pairing {
    code: Option<(PairingCode, u32)>,
    /// To whom a wrong code was answered, and when.
    wrong: Vec<(PersonId, Timestamp)>,
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

    /// Whether a code is shown that still counts.
    pub(super) fn is_pending(&mut self, now: Timestamp) -> bool {
        self.expire(now);
        self.code.is_some()
    }

    pub(super) fn shown(&self) -> Option<PairingCode> {
        self.code.as_ref().map(|(code, _)| code.clone())
    }

    pub(super) fn until(&self) -> Option<Timestamp> {
        self.code.as_ref().map(|(code, _)| code.until)
    }

    /// Whether a wrong code of this person is answered: often enough for slips, too seldom to be of use to a machine.
    fn may_answer(&mut self, person: &PersonId, now: Timestamp) -> bool {
        self.wrong.retain(|(_, at)| now.millis_since(*at) < WRONG_MS);
        let n_theirs = self.wrong.iter().filter(|(of, _)| of == person).count();
        let may = n_theirs < WRONG_EACH && self.wrong.len() < WRONG_ALL;
        if may {
            self.wrong.push((person.clone(), now));
        }
        may
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

impl<M: Messenger> Service<M> {
    /// Somebody who is not known: a code makes them known, anything else tells them who they are.
    pub(super) fn stranger(&mut self, said: &Said, now: Timestamp) -> Result<(), LedgerError> {
        let language = self.settings.language;
        if said.is_group || !access::is_of_the_house(&said.who) {
            return Ok(());
        }
        if let Some(code) = commands::code(&said.text)
            && self.pairing.takes(&code, now)
        {
            let member = Member { person: said.who.person.clone(), tenant: Some(said.who.tenant.clone()) };
            self.ledger.pair(&member, &said.chat, now)?;
            tracing::info!(person = %said.who.person, "somebody was paired");
            let text =
                language.pick("Paired. /help tells what you can do here.", "配对成功。发送 /help 查看可用命令。");
            return self.say(&said.chat, text);
        }
        if !commands::is_like_a_code(&said.text) {
            return self.tell_who_they_are(&said.chat, &said.who.person, now);
        }
        if !self.pairing.may_answer(&said.who.person, now) {
            return Ok(());
        }
        // The same whether a code is shown just now or not: that is nobody's business.
        let text = language.pick(
            "This code is not valid, or not any more. `adjutant relay pair` on the computer shows a new one; it has eight \
             characters and counts once, for five minutes.",
            "配对码无效或已过期。请在电脑上运行 `adjutant relay pair` 获取新的配对码（8 位，5 分钟内有效，只能用一次）。",
        );
        self.say(&said.chat, text)
    }

    /// Tells somebody who is not known how to become so, now and then.
    pub(super) fn tell_who_they_are(
        &mut self,
        chat: &ChatId,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let told = self.strangers.get(person);
        let is_fresh = told.is_some_and(|told| now.millis_since(*told) < STRANGER_MS);
        if person.0.is_empty() || is_fresh || self.strangers.len() > 1_000 {
            return Ok(());
        }
        self.strangers.insert(person.clone(), now);
        let text = match self.settings.language {
            Language::English => format!(
                "This bot does not know you. On the computer, `adjutant relay pair` shows a code to send here; or add \
                 {person} to allowed_open_ids."
            ),
            Language::Chinese => format!(
                "还不认识你。请在电脑上运行 `adjutant relay pair`，把配对码发到这里；或把 {person} 加入 allowed_open_ids。"
            ),
        };
        self.say(chat, text)
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
    fn wrong_codes_are_answered_now_and_then() {
        let mut pairing = Pairing::default();
        let (one, other) = (PersonId("ou_1".into()), PersonId("ou_2".into()));
        let n_answered = |pairing: &mut Pairing, person: &PersonId, at: i64| {
            (0..100).filter(|_| pairing.may_answer(person, Timestamp(at))).count()
        };
        assert_eq!(n_answered(&mut pairing, &one, 0), WRONG_EACH);
        assert_eq!(n_answered(&mut pairing, &other, 1), WRONG_EACH);
        let all = (3..50).map(|n| n_answered(&mut pairing, &PersonId(format!("ou_{n}")), 2)).sum::<usize>();
        assert_eq!(all, WRONG_ALL - 2 * WRONG_EACH);
        assert_eq!(n_answered(&mut pairing, &one, i64::try_from(WRONG_MS).unwrap()), WRONG_EACH, "time goes by");
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
