//! Usage limits: the queue waits, and the session goes on by itself where a person said so, once.

use super::*;
use crate::core::session::Resume;

/// Seconds since 1970 at which the limit lifts; the bench begins at zero.
const LIFTS_S: u64 = 3600;

fn goes_on() -> Command {
    Command::SetGoesOn { session: ID, goes_on: true }
}

impl Bench {
    /// The running turn ends at a limit.
    fn limited(&mut self) -> &mut Self {
        self.limited_until(LIFTS_S)
    }

    fn limited_until(&mut self, lifts_s: u64) -> &mut Self {
        self.line(&json!({"type": "rate_limit_event", "rate_limit_info":
            {"status": "rejected", "resetsAt": lifts_s, "rateLimitType": "five_hour"}}));
        self.line(&json!({"type": "result", "is_error": true, "api_error_status": 429, "result": "limit"}))
    }

    fn resume(&self) -> Option<&Resume> {
        self.fleet.get(ID)?.resume.as_ref()
    }

    fn sent(&self) -> Vec<String> {
        let text = |kind: &EventKind| match kind {
            EventKind::PromptSent(prompt) => Some(prompt.text.clone()),
            _ => None,
        };
        self.log.iter().filter_map(|event| text(&event.kind)).collect()
    }
}

#[test]
fn without_a_word_from_the_person_nothing_is_sent_and_the_queue_waits() {
    let mut bench = Bench::running(|_| {});
    bench.prompt("next", SendHow::Queue).limited();
    assert_eq!(bench.resume(), None);
    bench.wait(LIFTS_S).wait(LIFTS_S);
    assert_eq!(bench.sent(), ["go"], "the queue is not burned against the limit");
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("holds"))));
    assert_eq!(bench.machine.next_deadline(), None, "nothing wakes up for it");
    bench.command(Command::Retry { session: ID });
    assert_eq!(bench.sent(), ["go", "next"]);
}

#[test]
fn it_goes_on_once_some_time_after_the_limit_has_lifted() {
    let mut bench = Bench::running(|_| {});
    bench.command(goes_on()).prompt("next", SendHow::Queue).limited();
    let at = bench.resume().unwrap().at.0;
    let lifts = LIFTS_S as i64 * 1000;
    assert!((lifts + 15_000..lifts + 90_000).contains(&at), "{at}");
    assert!(bench.machine.next_deadline().unwrap() <= bench.now + Duration::from_mins(1));
    bench.wait(LIFTS_S);
    assert_eq!(bench.sent(), ["go"], "not at the very second");
    bench.wait(90);
    assert_eq!(bench.sent(), ["go", "go"], "nothing had come of the prompt: it is sent again, before the queue");
    assert_eq!(bench.resume(), None);
    bench.wait(LIFTS_S).line(&result());
    assert_eq!(bench.sent(), ["go", "go", "next"]);
    bench.line(&result()).wait(2 * LIFTS_S);
    assert_eq!(bench.sent().len(), 3, "once");
}

#[test]
fn a_turn_that_was_cut_off_is_gone_on_with() {
    let mut bench = Bench::running(|_| {});
    let call = json!({"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "/x"}});
    bench.line(&json!({"type": "assistant", "message": {"id": "m", "content": [call]}}));
    bench.command(goes_on()).limited().wait(LIFTS_S + 90);
    assert_eq!(bench.sent().len(), 2);
    assert!(bench.sent()[1].starts_with("Go on"), "{:?}", bench.sent());
}

#[test]
fn whatever_the_person_does_about_it_comes_first() {
    let send = Command::Send {
        session: ID,
        text: "mine".into(),
        how: SendHow::Queue,
        by: Surface::Terminal,
        id: None,
        images: Vec::new(),
    };
    for answer in [
        send,
        Command::Retry { session: ID },
        Command::Interrupt { session: ID },
        Command::SetGoesOn { session: ID, goes_on: false },
        Command::Stop { session: ID },
    ] {
        let mut bench = Bench::running(|_| {});
        bench.command(goes_on()).limited().command(answer.clone());
        let n_sent = bench.sent().len();
        assert_eq!(bench.resume(), None, "{answer:?}");
        bench.line(&result()).wait(LIFTS_S + 90);
        assert_eq!(bench.sent().len(), n_sent, "{answer:?}: {:?}", bench.sent());
    }
}

#[test]
fn it_may_be_asked_for_while_the_limit_holds_and_needs_to_know_when_that_ends() {
    let mut bench = Bench::running(|_| {});
    bench.limited().command(goes_on());
    assert!(bench.resume().is_some());

    let mut bench = Bench::running(|_| {});
    bench.command(goes_on());
    bench.line(&json!({"type": "result", "is_error": true, "result": "You've hit your limit"}));
    assert_eq!(bench.resume(), None);
    assert!(
        bench.kinds().iter().any(|kind| matches!(kind, EventKind::Noted(n) if n.text.contains("did not say when")))
    );
}

#[test]
fn what_is_no_limit_holds_no_queue() {
    for (status, said) in [
        (429, "API Error: Request rejected (429) · Number of requests per minute exceeded"),
        (400, "API Error: 400 tools.0.input: enum value limit reached"),
    ] {
        let mut bench = Bench::running(|_| {});
        bench.command(goes_on()).prompt("next", SendHow::Queue);
        bench.line(&json!({"type": "result", "is_error": true, "api_error_status": status, "result": said}));
        assert_eq!(bench.sent(), ["go", "next"], "{said}");
        assert_eq!(bench.resume(), None);
    }
}

#[test]
fn a_limit_that_does_not_lift_is_tried_ever_later_and_then_no_more() {
    let mut bench = Bench::running(|_| {});
    bench.command(goes_on()).limited();
    let mut waited = Vec::new();
    while let Some(resume) = bench.resume().cloned() {
        waited.push((resume.at.0 - bench.now.as_millis() as i64) / 60_000);
        bench.now = Duration::from_millis(resume.at.0 as u64);
        bench.wait(0).limited();
        assert!(waited.len() < 20, "it ends");
    }
    assert_eq!(waited.len(), 4, "{waited:?}");
    assert!(waited[1] >= 5 && waited[2] >= 10 && waited[3] >= 20, "{waited:?}");
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::Noted(n) if n.text.contains("when you say so"))));
}

#[test]
fn what_was_planned_is_done_once_after_a_restart_too() {
    let mut bench = Bench::running(|_| {});
    bench.command(goes_on()).prompt("next", SendHow::Queue).limited();
    let left = bench.fleet.clone();
    for asleep_s in [60, LIFTS_S + 1000] {
        let mut again = Bench::new(|_| {});
        again.fleet = left.clone();
        again.machine = Machine::new(Origin {
            session: left.get(ID).unwrap(),
            config: Arc::new(crate::config::parse("").unwrap()),
            approval_ids: Arc::new(AtomicU32::new(1)),
            grant_ids: Arc::new(AtomicU32::new(1)),
            grants: Vec::new(),
            budget: Arc::new(Budget::new(0.0, Timestamp(0), 0.0)),
            is_gated: false,
            hooks: None,
            offers: Vec::new(),
        });
        again.log = vec![];
        let seq = left.seq();
        again.fleet.go_on_after(seq);
        again.now = Duration::from_secs(asleep_s);
        again.give(Input::Begin);
        assert_eq!(again.n_launches, 0, "nothing starts before its time");
        again.now = Duration::from_secs(LIFTS_S + 1000);
        again.wait(0).reply("initialize").line(&init());
        assert_eq!(again.n_launches, 1);
        assert_eq!(again.sent(), ["go"], "{asleep_s}");
        again.line(&result()).wait(LIFTS_S);
        assert_eq!(again.sent(), ["go", "next"], "{asleep_s}");
    }
}
