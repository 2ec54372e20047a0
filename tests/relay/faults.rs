//! A thousand faults at random while messages, presses and cards flow: nothing is lost, nothing is doubled, and what
//! is told in a chat is told in order.
//!
//! The stand-in pushes again what was not acknowledged, as Feishu does, and a person presses again who saw nothing
//! happen. `ADJUTANT_FAULTS` sets how many faults there are, `ADJUTANT_SEED` which; the seed of each run is printed.
//!
//! What is true of a message while the relay is killed: it is acted on exactly once when it became a command or was
//! not taken in. One that waits for a directory or a file to be looked at (`/new`, `/file`, an attachment) is acted on
//! at most once: a kill in between loses it, and nothing here does that.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;

use adjutant::core::ids::ApprovalId;
use adjutant::core::phone::Connection;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::support::feishu::Act;
use crate::support::feishu::Pongs;
use crate::support::feishu::code;
use crate::support::feishu::html;
use crate::support::stage::Stage;
use crate::support::stage::button;
use crate::support::stage::person;
use crate::support::stage::pressed;
use crate::support::stage::said;

const N_PEOPLE: usize = 8;
/// Feishu waits three seconds and then far longer; here it is not as patient.
const REPEAT: Duration = Duration::from_millis(120);
/// Every so many faults a message is written.
const FAULTS_PER_MESSAGE: u64 = 8;
const PATIENCE: Duration = Duration::from_mins(2);

/// What goes wrong; first what breaks the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    Break,
    BreakAfterMessage,
    BreakAfterHalfAMessage,
    BreakAfterPress,
    Close,
    NoFrame,
    Discovery,
    Handshake,
    NoPong,
    SendDroppedAfter,
    SendDroppedBefore,
    SendSlow,
    SendGateway,
    SendFailed,
    TooFast,
    TokensExpired,
    NoToken,
    ChangeTooFast,
    ChangeDroppedAfter,
    ReactionFailed,
    Kill,
}

/// How often each happens.
const FAULTS: &[(Fault, u32)] = &[
    (Fault::Break, 10),
    (Fault::BreakAfterMessage, 10),
    (Fault::BreakAfterHalfAMessage, 5),
    (Fault::BreakAfterPress, 10),
    (Fault::Close, 6),
    (Fault::NoFrame, 4),
    (Fault::Discovery, 10),
    (Fault::Handshake, 10),
    (Fault::NoPong, 2),
    (Fault::SendDroppedAfter, 4),
    (Fault::SendDroppedBefore, 3),
    (Fault::SendSlow, 2),
    (Fault::SendGateway, 2),
    (Fault::SendFailed, 2),
    (Fault::TooFast, 1),
    (Fault::TokensExpired, 4),
    (Fault::NoToken, 2),
    (Fault::ChangeTooFast, 3),
    (Fault::ChangeDroppedAfter, 3),
    (Fault::ReactionFailed, 2),
    (Fault::Kill, 4),
];

/// A message that was written, until it is acknowledged.
struct Written {
    id: String,
    payload: Value,
    /// The last push of it, on which connection, and when.
    pushed: Option<(u64, u32, Instant)>,
    n_pushes: u32,
}

struct Storm {
    stage: Stage,
    rng: fastrand::Rng,
    /// Every prompt that was written.
    prompts: Vec<String>,
    waiting: Vec<Written>,
    /// The last press of each card that asks, until it is known to have counted.
    presses: HashMap<String, Option<(u64, u32, Instant)>>,
    n_repeated: u32,
    n_pressed: u32,
    happened: BTreeMap<Fault, u32>,
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_faults_lose_nothing_and_double_nothing() {
    let seed = number("ADJUTANT_SEED").unwrap_or_else(|| fastrand::u64(..));
    let n_faults = number("ADJUTANT_FAULTS").unwrap_or(1_000);
    eprintln!("ADJUTANT_SEED={seed} ADJUTANT_FAULTS={n_faults}");
    let mut storm = Storm::begin(seed).await;
    let began = Instant::now();
    for nth in 0..n_faults {
        if nth % FAULTS_PER_MESSAGE == 0 {
            storm.write();
        }
        storm.step().await;
        storm.fault().await;
        let pause = storm.rng.u64(0..25);
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    eprintln!("{} s of faults", began.elapsed().as_secs());
    storm.calm().await;
    storm.check();
}

impl Storm {
    async fn begin(seed: u64) -> Self {
        Self {
            stage: Stage::start(N_PEOPLE).await,
            rng: fastrand::Rng::with_seed(seed),
            prompts: Vec::new(),
            waiting: Vec::new(),
            presses: HashMap::new(),
            n_repeated: 0,
            n_pressed: 0,
            happened: BTreeMap::new(),
        }
    }

    /// Somebody writes something.
    fn write(&mut self) {
        let nth = self.prompts.len();
        let text = if self.rng.bool() { format!("ask m{nth}") } else { format!("do m{nth}") };
        let id = format!("om_m{nth}");
        let payload = said(self.rng.usize(..N_PEOPLE), &id, &text);
        self.prompts.push(text);
        self.waiting.push(Written { id, payload, pushed: None, n_pushes: 0 });
    }

    /// Feishu pushes what was not acknowledged; people press what can be pressed.
    async fn step(&mut self) {
        self.push_waiting();
        self.press_waiting();
        tokio::task::yield_now().await;
    }

    /// What became of a push: acknowledged, to be repeated, or neither yet.
    fn outcome(&self, (push, connection, at): (u64, u32, Instant)) -> Option<Result<Option<Value>, ()>> {
        self.stage.feishu.with(|state| {
            let ack = state.pushed.get(&push).and_then(|pushed| pushed.ack.clone());
            match ack {
                Some(ack) if ack.code == 200 => Some(Ok(ack.data)),
                Some(_) => Some(Err(())),
                None => (connection != state.n_connections || at.elapsed() > REPEAT).then_some(Err(())),
            }
        })
    }

    fn push(&self, payload: &Value) -> Option<(u64, u32, Instant)> {
        let number = self.stage.feishu.try_push(payload)?;
        Some((number, self.stage.feishu.with(|state| state.n_connections), Instant::now()))
    }

    fn push_waiting(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|written| !written.pushed.is_some_and(|push| matches!(self.outcome(push), Some(Ok(_)))));
        for written in &mut waiting {
            if written.pushed.is_some_and(|push| self.outcome(push).is_none()) {
                continue;
            }
            if written.n_pushes > 0 && self.rng.bool() {
                written.payload["header"]["event_id"] = format!("e_{}_{}", written.id, written.n_pushes).into();
            }
            if let Some(push) = self.push(&written.payload) {
                written.pushed = Some(push);
                written.n_pushes += 1;
                self.n_repeated += u32::from(written.n_pushes > 1);
            }
        }
        self.waiting = waiting;
    }

    /// Cards that ask, whose they are, and what their buttons carry.
    fn asking(&self) -> Vec<(String, usize, Value)> {
        let taken = self.stage.feishu.taken();
        let cards = taken.iter().filter_map(|taken| {
            let act = if taken.message_id.len() % 2 == 0 { "allow" } else { "deny" };
            let value = button(&taken.content, act)?;
            let at = (0..N_PEOPLE).find(|at| person(*at).1 == taken.chat_id)?;
            Some((taken.message_id.clone(), at, value))
        });
        cards.collect()
    }

    fn press_waiting(&mut self) {
        for (card, at, value) in self.asking() {
            match self.presses.get(&card).copied() {
                Some(Some(push)) => match self.outcome(push) {
                    None => continue,
                    // It counted, or had counted before: the card says so in a moment.
                    Some(Ok(Some(data))) if !data.to_string().contains("press") => continue,
                    Some(_) => {}
                },
                // Nobody presses at once.
                _ if self.rng.u8(..4) > 0 => continue,
                _ => {}
            }
            let push = self.push(&pressed(at, &card, &value));
            self.n_pressed += u32::from(push.is_some());
            self.presses.insert(card, push);
        }
    }

    /// What is to go wrong next with a call, if not enough is to go wrong with it already.
    fn script(&self, name: &'static str, act: Act) -> bool {
        let is_enough = self.stage.feishu.with(|state| state.scripts.get(name).is_some_and(|acts| acts.len() >= 2));
        if !is_enough {
            self.stage.feishu.script(name, [act]);
        }
        !is_enough
    }

    /// One thing goes wrong; when one cannot just now, another does.
    async fn fault(&mut self) {
        loop {
            let all: u32 = FAULTS.iter().map(|(_, weight)| weight).sum();
            let mut place = self.rng.u32(..all);
            let mut faults = FAULTS.iter();
            let fault = loop {
                let (fault, weight) = faults.next().expect("the weights are summed up");
                match place.checked_sub(*weight) {
                    Some(rest) => place = rest,
                    None => break *fault,
                }
            };
            if self.strike(fault).await {
                *self.happened.entry(fault).or_default() += 1;
                return;
            }
        }
    }

    async fn strike(&mut self, fault: Fault) -> bool {
        if fault < Fault::SendDroppedAfter {
            // What is broken already cannot break.
            let number = self.stage.feishu.with(|state| state.n_connections);
            self.stage.feishu.connected(number).await;
        }
        let feishu = &self.stage.feishu;
        let limited = || Act::Answer {
            status: 429,
            headers: vec![("content-type", "application/json".into()), ("x-ogw-ratelimit-reset", "1".into())],
            body: r#"{"code":99991400,"msg":"request trigger frequency limit"}"#.into(),
        };
        let refused = |headers: &[(&'static str, &str)]| Act::Answer {
            status: 400,
            headers: headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            body: String::new(),
        };
        match fault {
            Fault::Break => feishu.break_connection(),
            Fault::BreakAfterMessage => {
                self.write();
                self.push_waiting();
                self.breathe().await;
                self.stage.feishu.break_connection();
            }
            Fault::BreakAfterHalfAMessage => {
                let Some(written) = self.waiting.first() else { return false };
                if feishu.try_push_parts(&written.payload, &[1], 2).is_none() {
                    return false;
                }
                feishu.break_connection();
            }
            Fault::BreakAfterPress => {
                let asking = self.asking();
                let Some((card, at, value)) = asking.first() else { return false };
                let push = self.push(&pressed(*at, card, value));
                self.n_pressed += u32::from(push.is_some());
                self.presses.insert(card.clone(), push);
                self.breathe().await;
                self.stage.feishu.break_connection();
            }
            Fault::Close => return feishu.try_send(Message::Close(None)),
            Fault::NoFrame => return feishu.try_send(Message::binary(vec![0; 6 << 20])),
            Fault::Discovery => {
                let act = match self.rng.u8(..5) {
                    0 => html(502),
                    1 => Act::DropBefore,
                    2 => Act::DropAfter,
                    3 => code(200, 1_000_040_345, "app_id or app_secret is invalid"),
                    _ => code(500, 1_000_040_343, "internal error"),
                };
                feishu.break_connection();
                return self.script("discovery", act);
            }
            Fault::Handshake => {
                let act = match self.rng.u8(..4) {
                    0 => html(503),
                    1 => Act::DropBefore,
                    2 => refused(&[("Handshake-Status", "514"), ("Handshake-Msg", "auth failed")]),
                    _ => refused(&[
                        ("Handshake-Status", "514"),
                        ("Handshake-Autherrcode", "1000040350"),
                        ("Handshake-Msg", "exceed"),
                    ]),
                };
                feishu.break_connection();
                return self.script("handshake", act);
            }
            Fault::NoPong => {
                let before = feishu.with(|state| {
                    state.pongs = Pongs::Never;
                    state.n_connections
                });
                feishu.break_connection();
                // The next connection is left by itself, because nothing answers its ping.
                feishu.connected(before + 2).await;
                self.stage.feishu.with(|state| state.pongs = Pongs::Plain);
            }
            Fault::SendDroppedAfter => return self.script("send", Act::DropAfter),
            Fault::SendDroppedBefore => return self.script("send", Act::DropBefore),
            Fault::SendSlow => return self.script("send", Act::Slow(Duration::from_millis(300))),
            Fault::SendGateway => return self.script("send", html(502)),
            Fault::SendFailed => return self.script("send", code(500, 230_049, "the message is being sent")),
            Fault::TooFast => return self.script("send", limited()),
            Fault::TokensExpired => feishu.expire_tokens(),
            Fault::NoToken => {
                feishu.expire_tokens();
                return self.script("token", Act::DropBefore);
            }
            Fault::ChangeTooFast => return self.script("patch", code(400, 230_020, "frequency limit")),
            Fault::ChangeDroppedAfter => return self.script("patch", Act::DropAfter),
            Fault::ReactionFailed => return self.script("react", html(500)),
            Fault::Kill => self.stage.kill_and_begin().await,
        }
        true
    }

    /// Lets things get as far as chance will have it.
    async fn breathe(&mut self) {
        tokio::time::sleep(Duration::from_micros(self.rng.u64(..4_000))).await;
    }

    /// Nothing goes wrong any more, and everything comes to its end.
    async fn calm(&mut self) {
        self.stage.feishu.with(|state| state.scripts.clear());
        let deadline = Instant::now() + PATIENCE;
        while !(self.waiting.is_empty() && self.is_decided() && self.asking().is_empty()) {
            self.step().await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(
                Instant::now() < deadline,
                "{} messages are not acknowledged, {} cards ask still; {:?}; {:?}",
                self.waiting.len(),
                self.asking().len(),
                self.happened,
                self.stage.view()
            );
        }
        self.stage.settled().await;
        // What was to be sent is known to be sent; a card may be changed once more.
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.stage.settled().await;
    }

    fn is_decided(&self) -> bool {
        self.stage.clerk.with(|books| books.prompts.len() >= self.prompts.len() && books.fleet.inbox().is_empty())
    }

    fn check(&self) {
        let view = self.stage.view();
        assert!(matches!(view.connection, Connection::Connected { .. }), "{view:?}");
        let mut written = self.prompts.clone();
        self.stage.clerk.with(|books| {
            let mut prompts: Vec<String> = books.prompts.iter().map(|(_, text)| text.clone()).collect();
            prompts.sort();
            written.sort();
            assert_eq!(prompts, written, "each message is one prompt");
            let asked = u32::try_from(written.iter().filter(|text| text.starts_with("ask")).count()).unwrap();
            let mut decided: Vec<ApprovalId> = books.decisions.iter().map(|(id, _)| *id).collect();
            decided.sort();
            let each_once: Vec<ApprovalId> = (1..=asked).map(ApprovalId).collect();
            assert_eq!(decided, each_once, "each request has one decision");
            let taken = self.stage.feishu.taken();
            for (at, session) in self.stage.sessions.iter().enumerate() {
                let chat = person(at).1;
                let shown: Vec<String> = taken
                    .iter()
                    .filter(|taken| taken.chat_id == chat)
                    .filter_map(|taken| told(&taken.content))
                    .collect();
                let expected = books.told.get(session).cloned().unwrap_or_default();
                assert_eq!(shown, expected, "what is told in chat {at} comes once, and in order");
            }
            for taken in &taken {
                let text = taken.content.to_string();
                let is_behind = ["waits for you", "working", "/approve"].iter().any(|word| text.contains(word));
                assert!(!is_behind || text.contains("\"tag\":\"person\""), "a card was left behind: {text}");
            }
            eprintln!(
                "{} messages, {} pushed again, {} presses for {asked} requests ({} answers refused), {} connections, \
                 {} messages sent: {:?}",
                written.len(),
                self.n_repeated,
                self.n_pressed,
                books.n_refused,
                self.stage.feishu.with(|state| state.n_connections),
                taken.len(),
                self.happened
            );
        });
    }
}

/// Which of the things it is that must be told: a request or the end of a turn.
fn told(content: &Value) -> Option<String> {
    let text = content.to_string();
    let begin = text.find("touch for-").or_else(|| text.find("answer-to-"))?;
    let end = text[begin..].find('.')?;
    Some(text[begin..=begin + end].to_owned())
}
