//! Requests answered by words, questions, and what may not be allowed from a phone.

use std::time::Duration;

use adjutant::core::approval::Decision;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::core::ids::Timestamp;
use adjutant::core::prompt::Surface;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Mood;
use adjutant::relay::messenger::Reply;
use serde_json::json;

use super::service::Hand;
use super::service::ME;
use super::service::Message;
use super::service::note;
use super::service::values;
use crate::engine::play;

const QUESTIONS: &str = r#"{"turn": [{"tool": {"name": "AskUserQuestion", "ask": true, "result": "x", "request": {"requires_user_interaction": true},
    "input": {"questions": [
        {"question": "Which store?", "header": "Store", "options": [{"label": "SQLite", "description": "a file"}, {"label": "Postgres", "description": ""}]},
        {"question": "What else?", "header": "", "multiSelect": true, "options": [{"label": "Search", "description": ""}, {"label": "Sync", "description": ""}]}]}}},
    {"say": "thanks"}]}"#;

const SHUT: &str = r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "make deploy"}, "request": {"requires_user_interaction": true}}},
    {"say": "it-is-over"}]}"#;

fn one_line(script: &str) -> String {
    script.replace('\n', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_by_its_form_or_in_words_and_the_card_says_what_was_answered() {
    let questions = one_line(QUESTIONS);
    let (mut rig, _script) = play(&[&questions, &questions]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project go").await;
    let asked = hand.asked().await;
    let text = asked.text();
    assert!(text.contains("1. SQLite: a file\n2. Postgres") && text.contains("/answer 1 1; 1,2"), "{text}");
    for (said, told) in [
        ("/approve 1", "A question wants an answer"),
        ("y", "A question wants an answer"),
        ("好的", "Question 1 waits"),
        ("1", "There are 2 questions"),
        ("/answer 1 1", "There are 2 questions"),
        ("/answer 1 3; 1", "has 2 options"),
        ("/answer 1 1,2; 1", "Choose one"),
        ("/answer 9 1; 1", "No such request"),
        ("/answer it", "It is written like this: /answer ID text"),
    ] {
        let n_before = hand.messages().len();
        hand.say(said).await;
        let is_told = || hand.messages().iter().skip(n_before).any(|message| message.text().contains(told));
        hand.wait(said, |_| is_told()).await;
    }
    hand.say("/answer 1 2; 1, 2").await;
    let is_over = |message: &Message| message.id == asked.id && message.text().contains("Which store: Postgres");
    let over = hand.wait("the answers", is_over).await;
    assert!(over.text().contains("What else: Search, Sync") && over.text().contains("answered by ou_me"), "{over:?}");
    assert_eq!(over.card().unwrap().tag.as_deref(), Some("answered"));
    rig.turn_end().await;
    hand.say("again").await;
    let is_second = |message: &Message| {
        message.id != asked.id
            && message.card().is_some_and(|card| card.is_live() && message.text().contains("/answer 2"))
    };
    let again = hand.wait("the second card", is_second).await;
    hand.settled().await;
    let form = json!({ "q0": "", "t0": "none at all", "q1": ["1"] });
    let reply = hand.happens(Happening::Pressed(Hand::press(&again, "answers", form))).await;
    assert_eq!(note(&reply), (Mood::Success, "answered"));
    hand.wait("own words", |message| message.id == again.id && message.text().contains("Which store: none at all"))
        .await;
    rig.turn_end().await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_session_may_allow_cannot_be_allowed_from_the_phone_in_any_way() {
    let (mut rig, _script) = play(&[&one_line(SHUT)]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project go").await;
    let asked = hand.asked().await;
    assert!(asked.text().contains("Only somebody at the session"), "{}", asked.text());
    let acts: Vec<_> = values(asked.card().unwrap()).iter().map(|value| value["act"].clone()).collect();
    assert_eq!(acts, ["deny", "deny_reason", "deny_stop"]);
    for said in ["y", "/approve 1", "/answer 1 yes"] {
        let n_before = hand.messages().len();
        hand.say(said).await;
        hand.wait("a word of it", |_| hand.messages().len() > n_before).await;
    }
    // A press that was made up: everything on it is right but the act.
    let mut press = Hand::press(&asked, "deny", json!({ "typed": "yes", "always": "g0.0" }));
    for act in ["allow", "allow_typed", "always"] {
        press.value["act"] = act.into();
        let reply = hand.happens(Happening::Pressed(press.clone())).await;
        assert_eq!(note(&reply).0, Mood::Warning, "{act}: {reply:?}");
    }
    // The engine would not take it either.
    let approval = rig.approval().await;
    let allow = Command::Answer {
        session: approval.session,
        approval: approval.id,
        decision: Box::new(Decision::allow_once()),
        by: Surface::Phone(ME.into()),
    };
    rig.send(allow).await;
    rig.wait("the refusal", |kind| matches!(kind, EventKind::AnswerRefused { .. })).await;
    let reply = hand.happens(Happening::Pressed(Hand::press(&asked, "deny", json!({})))).await;
    assert_eq!(note(&reply).0, Mood::Success);
    hand.wait("the end", |message| message.text().contains("it-is-over")).await;
    assert!(!rig.events.iter().any(
        |event| matches!(&event.kind, EventKind::ApprovalResolved { verdict, .. } if verdict.decision.is_allow())
    ));
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_nobody_knows_becomes_no_prompt() {
    let turn = r#"{"turn": [{"say": "it-was-heard"}]}"#;
    let (mut rig, _script) = play(&[turn; 3]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project go").await;
    hand.wait("the answer", |message| message.text().contains("it-was-heard")).await;
    for wrong in ["/aprove 1", "/dney", "/"] {
        let n_before = hand.messages().len();
        hand.say(wrong).await;
        hand.wait(wrong, |_| {
            hand.messages().iter().skip(n_before).any(|message| message.text().contains("Neither this bot"))
        })
        .await;
    }
    rig.listen(Duration::from_millis(100)).await;
    // A command of the session, and a path.
    for right in ["/context", "/etc/hosts is what I mean"] {
        hand.say(right).await;
        let sent = rig.wait(right, |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == right)).await;
        assert!(matches!(sent.kind, EventKind::PromptSent(_)));
        rig.turn_end().await;
    }
    let sent = rig.events.iter().filter(|event| matches!(event.kind, EventKind::PromptSent(_)));
    assert_eq!(sent.count(), 3);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_tells_of_the_turn_that_runs_and_not_of_those_before() {
    let call = |command: &str| {
        format!(
            r#"{{"turn": [{{"tool": {{"name": "Bash", "ask": true, "input": {{"command": "{command}"}}, "result": "x"}}}}, {{"say": "end-of-{command}"}}]}}"#
        )
    };
    let (mut rig, _script) = play(&[&call("first"), &call("second")]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project one").await;
    let asked = hand.asked().await;
    hand.happens(Happening::Pressed(Hand::press(&asked, "allow", json!({})))).await;
    hand.wait("the end", |message| message.text().contains("end-of-first")).await;
    rig.turn_end().await;
    hand.say("/progress").await;
    let told = hand.wait("progress", |message| message.text().contains("✓ Bash first")).await;
    assert_eq!(told.text().matches("end-of-first").count(), usize::from(told.card().is_none()), "{}", told.text());
    hand.say("two").await;
    let waits = |message: &Message| message.text().contains("▲ Bash second");
    let card = hand.wait("the second progress card", waits).await;
    assert!(!card.text().contains("Bash first"), "{}", card.text());
    hand.say("/progress").await;
    let is_list = |message: &Message| message.card().is_none() && waits(message);
    let told = hand.wait("the list", is_list).await;
    assert!(!told.text().contains("first"), "{}", told.text());
    rig.end().await;
}

/// What somebody writes, perhaps as a reply, and long ago.
async fn writes(hand: &mut Hand, text: &str, reply_to: Option<&Message>, ago_ms: i64) {
    let mut said = hand.said(text);
    said.reply_to = reply_to.map(|message| message.id.clone());
    said.at = said.at.map(|at| Timestamp(at.0 - ago_ms));
    assert_eq!(hand.happens(Happening::Said(said)).await, Reply::Done);
}

async fn told(hand: &Hand, n_before: usize, what: &str) {
    let is_told = || hand.messages().iter().skip(n_before).any(|message| message.text().contains(what));
    hand.wait(what, |_| is_told()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_means_the_request_before_the_eyes_of_who_wrote_it_and_no_other() {
    let asks = one_line(
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "make it"}, "result": "made"}}, {"say": "it-is-over"}]}"#,
    );
    let (rig, _script) = play(&[&asks, &asks, &asks]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project one").await;
    let first = hand.asked().await;
    // It was written before the request was asked: it meant something else.
    writes(&mut hand, "y", None, 20_000).await;
    told(&hand, 0, "It is not certain what you mean").await;
    writes(&mut hand, "/approve 1", None, 20_000).await;
    told(&hand, 0, "was asked after you wrote this").await;
    // What may be an answer does nothing, and is no prompt either.
    for weak in ["允许吧", "好", "ok", "1", "👍", "允许 1"] {
        let n_before = hand.messages().len();
        hand.say(weak).await;
        told(&hand, n_before, "Request 1 waits: answer with yes or no").await;
    }
    let is_live = |message: &Message| message.card().is_some_and(|card| card.is_live());
    let now = hand.messages().into_iter().find(|message| message.id == first.id);
    assert!(now.as_ref().is_some_and(is_live), "nothing was allowed: {now:?}");
    // A reply says which.
    hand.settled().await;
    writes(&mut hand, "Yes.", Some(&first), 0).await;
    let is_allowed = |message: &Message| message.text().contains("allowed once by ou_me");
    hand.wait("the first", |message| message.id == first.id && is_allowed(message)).await;
    hand.wait("the end", |message| message.text().contains("it-is-over")).await;
    // The newest message is the card: a yes alone is enough.
    hand.say("again").await;
    let second =
        hand.wait("the second card", |message| is_live(message) && message.text().contains("/approve 2")).await;
    hand.settled().await;
    hand.say("Y").await;
    hand.wait("the second", |message| message.id == second.id && is_allowed(message)).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_goes_to_the_session_that_the_message_is_of() {
    let turn = |text: &str| format!(r#"{{"turn": [{{"say": "{text}"}}]}}"#);
    let (mut rig, _script) = play(&[&turn("said-1"), &turn("said-2"), &turn("said-3"), &turn("said-4")]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project one").await;
    let notice =
        hand.wait("the first end", |message| message.card().is_some() && message.text().contains("said-")).await;
    hand.say("/new project two").await;
    rig.wait("the second session", |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "two")).await;
    rig.turn_end().await;
    hand.settled().await;
    writes(&mut hand, "to the first", Some(&notice), 0).await;
    let sent =
        rig.wait("it", |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "to the first")).await;
    assert_eq!(sent.session.0, 1);
    writes(&mut hand, "/close", Some(&notice), 0).await;
    let closed = rig.wait("the end of the first", |kind| matches!(kind, EventKind::Closed)).await;
    assert_eq!(closed.session.0, 1);
    hand.say("to the active one").await;
    let sent = rig
        .wait("it", |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "to the active one"))
        .await;
    assert_eq!(sent.session.0, 2);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_allows_nothing_that_is_marked_as_dangerous_and_its_number_does() {
    let asks = one_line(
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "rm -rf ~/old"}, "result": "gone"}}, {"say": "it-is-over"}]}"#,
    );
    let (mut rig, _script) = play(&[&asks]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project one").await;
    let asked = hand.asked().await;
    for word in ["y", "允许", "/approve"] {
        let n_before = hand.messages().len();
        hand.say(word).await;
        told(&hand, n_before, "is marked as dangerous").await;
        let n_before = hand.messages().len();
        writes(&mut hand, word, Some(&asked), 0).await;
        told(&hand, n_before, "is marked as dangerous").await;
    }
    rig.listen(Duration::from_millis(100)).await;
    assert_eq!(rig.fleet.inbox().len(), 1, "it waits still");
    hand.say("/approve １。").await;
    hand.wait("the end", |message| message.text().contains("it-is-over")).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_means_the_request_that_it_names_or_none() {
    let asks = one_line(
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "make it"}, "result": "made"}}, {"say": "it-is-over"}]}"#,
    );
    let (mut rig, _script) = play(&[&asks]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project one").await;
    let asked = hand.asked().await;
    for (text, says) in [
        ("/deny 7：理由", "No such request waits"),
        ("/deny 8, 理由", "No such request waits"),
        ("/拒绝 7号 理由", "No such request waits"),
        ("/deny 7理由", "Nothing was denied"),
        ("/approve1", "Did you mean /approve 1"),
        ("/deny 不要执行请求 7", "speaks of 7"),
    ] {
        let n_before = hand.messages().len();
        hand.say(text).await;
        told(&hand, n_before, says).await;
    }
    rig.listen(Duration::from_millis(100)).await;
    assert_eq!(rig.fleet.inbox().len(), 1, "nothing was denied");
    hand.say("、deny １：太危险").await;
    let over = hand.wait("the denial", |message| message.id == asked.id && message.text().contains("denied by")).await;
    assert!(over.text().contains("reason: 太危险"), "{}", over.text());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_counts_though_the_progress_card_is_newer_and_a_text_waits_where_it_can_be_taken_back() {
    let asks = one_line(
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "make it"}, "result": "made"}}, {"say": "it-is-over"}]}"#,
    );
    let (mut rig, _script) = play(&[&asks, &asks]);
    let mut hand = Hand::known(&rig, |settings| settings.progress_after = Duration::from_millis(400)).await;
    hand.say("/new project one").await;
    let asked = hand.asked().await;
    let is_progress =
        |message: &Message| message.card().is_some_and(|card| card.tag.as_deref() == Some("waits for you"));
    hand.wait("the progress card", |message| message.id != asked.id && is_progress(message)).await;
    hand.settled().await;
    // Text is queued beside the request, and says so.
    hand.say("不允许的话就换个办法").await;
    let queued = hand.wait("the queue", |message| message.text().contains("Queued as number 1")).await;
    assert!(queued.text().contains("Request 1 waits"), "{}", queued.text());
    rig.wait("it", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
    hand.settled().await;
    let mut press = Hand::press(&queued, "aside_drop", json!({}));
    press.who = super::service::who("ou_other");
    assert_ne!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Success, "another person's");
    let reply = hand.happens(Happening::Pressed(Hand::press(&queued, "aside_drop", json!({})))).await;
    assert_eq!(note(&reply), (Mood::Success, "taken back"));
    rig.wait("it is gone", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.is_empty())).await;
    // What may be an answer is sent on only when somebody says that it is none.
    let n_before = hand.messages().len();
    hand.say("继续").await;
    told(&hand, n_before, "Request 1 waits: answer with yes or no").await;
    let hint = hand.messages().pop().unwrap();
    hand.settled().await;
    let reply = hand.happens(Happening::Pressed(Hand::press(&hint, "aside_send", json!({})))).await;
    assert_eq!(note(&reply).0, Mood::Success);
    rig.wait("it", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
    hand.settled().await;
    hand.say("允许").await;
    hand.wait("the answer", |message| message.id == asked.id && message.text().contains("allowed once by")).await;
    rig.wait("the second turn", |kind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "继续")).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_answers_a_question_and_is_offered_as_the_reason_for_denying() {
    let question = one_line(
        r#"{"turn": [{"tool": {"name": "AskUserQuestion", "ask": true, "result": "x", "request": {"requires_user_interaction": true},
            "input": {"questions": [{"question": "Which store?", "header": "Store", "options": [{"label": "SQLite", "description": ""}, {"label": "Postgres", "description": ""}]}]}}}]}"#,
    );
    let asks = one_line(
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "make it"}, "result": "made"}}, {"say": "it-is-over"}]}"#,
    );
    let (mut rig, _script) = play(&[&question, &question, &question, &asks]);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project one").await;
    for (nth, (text, replies, answer)) in
        [("２", false, "Postgres"), ("sqlite。", false, "SQLite"), ("用 DuckDB", true, "用 DuckDB")]
            .into_iter()
            .enumerate()
    {
        let is_it = |message: &Message| {
            message.text().contains(&format!("/answer {}", nth + 1))
                && message.card().is_some_and(|card| card.is_live())
        };
        let asked = hand.wait("the question", is_it).await;
        hand.settled().await;
        writes(&mut hand, text, replies.then_some(&asked), 0).await;
        let is_over =
            |message: &Message| message.id == asked.id && message.text().contains(&format!("Which store: {answer}"));
        hand.wait(text, is_over).await;
        rig.turn_end().await;
        hand.say("again").await;
    }
    let is_it =
        |message: &Message| message.text().contains("/approve 4") && message.card().is_some_and(|card| card.is_live());
    let asked = hand.wait("the request", is_it).await;
    hand.settled().await;
    writes(&mut hand, "先备份再说", Some(&asked), 0).await;
    let hint = hand.wait("the offer", |message| message.text().contains("reason for denying it, or a message")).await;
    hand.settled().await;
    let reply = hand.happens(Happening::Pressed(Hand::press(&hint, "aside_deny", json!({})))).await;
    assert_eq!(note(&reply).0, Mood::Success);
    let over = hand.wait("the denial", |message| message.id == asked.id && message.text().contains("denied by")).await;
    assert!(over.text().contains("reason: 先备份再说"), "{}", over.text());
    rig.end().await;
}
