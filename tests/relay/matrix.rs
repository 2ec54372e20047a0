//! What people and Feishu do to the whole relay, one thing at a time and on the wire: what is pushed twice, pressed
//! late, pressed twice, forwarded, lost on the way or interrupted by a restart.

use std::time::Duration;

use adjutant::core::approval::Decision;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::SessionId;
use serde_json::Value;
use serde_json::json;

use crate::support::feishu::Act;
use crate::support::feishu::Taken;
use crate::support::feishu::code;
use crate::support::stage::Stage;
use crate::support::stage::button;
use crate::support::stage::person;
use crate::support::stage::pressed;
use crate::support::stage::said;

/// A person's card that asks, and what its button of this act carries.
async fn asked(stage: &Stage, at: usize, act: &str) -> (String, Value) {
    let chat = person(at).1;
    let found = stage
        .feishu
        .until("a card that asks", |state| {
            let mut mine = state.taken.iter().filter(|taken| taken.chat_id == chat);
            mine.find_map(|taken| Some((taken.message_id.clone(), button(&taken.content, act)?)))
        })
        .await;
    stage.settled().await;
    found
}

/// Pushes a press; gives the kind of the note at the phone's edge and its text.
async fn press(stage: &Stage, payload: &Value) -> (String, String) {
    let number = stage.feishu.push(payload);
    let data = stage.feishu.ack(number).await.data.expect("a press always gets data");
    let text = |name: &str| data["toast"][name].as_str().unwrap_or_default().to_owned();
    (text("type"), text("content"))
}

async fn ask(stage: &Stage) -> (String, Value) {
    stage.feishu.push(&said(0, "om_ask", "ask 1"));
    asked(stage, 0, "allow").await
}

fn decisions(stage: &Stage) -> Vec<(ApprovalId, Decision)> {
    stage.clerk.with(|books| books.decisions.clone())
}

/// Waits until a message has become this.
async fn becomes(stage: &Stage, message: &str, text: &str) -> Taken {
    stage
        .feishu
        .until(text, |state| {
            let card = state.taken.iter().find(|taken| taken.message_id == message)?;
            card.content.to_string().contains(text).then(|| card.clone())
        })
        .await
}

fn n_prompts(stage: &Stage) -> usize {
    stage.clerk.with(|books| books.prompts.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_counts_once_under_whatever_event_and_from_whom_it_should() {
    let stage = Stage::start(1).await;
    let push = async |change: &dyn Fn(&mut Value)| {
        let mut payload = said(0, "om_1", "do it");
        change(&mut payload);
        let number = stage.feishu.push(&payload);
        assert_eq!(stage.feishu.ack(number).await.code, 200);
    };
    push(&|_| {}).await;
    push(&|_| {}).await;
    push(&|payload| payload["header"]["event_id"] = "e_another".into()).await;
    let other = |payload: &mut Value, id: &str| payload["event"]["message"]["message_id"] = id.into();
    push(&|payload| {
        other(payload, "om_old");
        payload["event"]["message"]["create_time"] = "1609073151345".into();
    })
    .await;
    push(&|payload| {
        other(payload, "om_guest");
        payload["event"]["sender"]["tenant_key"] = "t_elsewhere".into();
    })
    .await;
    push(&|payload| {
        other(payload, "om_stranger");
        payload["event"]["sender"]["sender_id"]["open_id"] = "ou_stranger".into();
    })
    .await;
    push(&|payload| {
        other(payload, "om_bot");
        payload["event"]["sender"]["sender_type"] = "app".into();
    })
    .await;
    push(&|payload| {
        other(payload, "om_last");
        payload["event"]["message"]["content"] = json!({ "text": "do the last" }).to_string().into();
    })
    .await;
    stage.clerk.until("the last", |books| books.prompts.len() >= 2).await;
    let prompts: Vec<String> = stage.clerk.with(|books| books.prompts.iter().map(|(_, text)| text.clone()).collect());
    assert_eq!(prompts, ["do it", "do the last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_presses_on_the_wire_change_nothing() {
    let stage = Stage::start(2).await;
    let (card, value) = ask(&stage).await;
    let wrong = |change: &dyn Fn(&mut Value)| {
        let mut payload = pressed(0, &card, &value);
        change(&mut payload["event"]);
        payload
    };
    let cases: Vec<(&str, Value)> = vec![
        ("a stranger", wrong(&|event| event["operator"]["open_id"] = "ou_stranger".into())),
        ("a member whose session it is not", wrong(&|event| event["operator"]["open_id"] = person(1).0.into())),
        ("another organisation", wrong(&|event| event["operator"]["tenant_key"] = "t_elsewhere".into())),
        ("nobody", wrong(&|event| event["operator"] = json!({}))),
        ("a message it was forwarded to", wrong(&|event| event["context"]["open_message_id"] = "om_copy".into())),
        ("a chat it was forwarded to", wrong(&|event| event["context"]["open_chat_id"] = person(1).1.into())),
        ("a wrong nonce", wrong(&|event| event["action"]["value"]["n"] = "0".repeat(32).into())),
        ("a nonce that is no text", wrong(&|event| event["action"]["value"]["n"] = json!([1]))),
        ("an unknown card", wrong(&|event| event["action"]["value"]["rid"] = json!(4711))),
        ("a number beyond all", wrong(&|event| event["action"]["value"]["rid"] = json!(u64::MAX))),
        ("what was not offered", wrong(&|event| event["action"]["value"]["act"] = "plan_edits".into())),
        ("no value", wrong(&|event| event["action"]["value"] = Value::Null)),
        ("a value that is a list", wrong(&|event| event["action"]["value"] = json!([value]))),
    ];
    for (what, payload) in cases {
        let (kind, text) = press(&stage, &payload).await;
        assert_ne!(kind, "success", "{what}: {text}");
    }
    assert_eq!(decisions(&stage), []);
    // The right one counts, and the same frame again does not.
    let right = pressed(0, &card, &value);
    assert_eq!(press(&stage, &right).await.0, "success");
    assert_ne!(press(&stage, &right).await.0, "success");
    becomes(&stage, &card, "allowed once by").await;
    assert!(press(&stage, &right).await.1.contains("Already"));
    assert_eq!(decisions(&stage), [(ApprovalId(1), Decision::allow_once())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_after_its_time_is_over_counts_no_more() {
    let stage = Stage::start(1).await;
    stage.clerk.with(|books| books.deadline = Some(Duration::from_millis(1)));
    let (card, value) = ask(&stage).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    // The engine has not denied it yet, and still it is too late.
    let (kind, text) = press(&stage, &pressed(0, &card, &value)).await;
    assert_eq!((kind.as_str(), text.as_str()), ("warning", "Its time is over."));
    assert_eq!(decisions(&stage), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_whose_answer_is_lost_has_counted_and_is_not_counted_again() {
    let stage = Stage::start(1).await;
    let (card, value) = ask(&stage).await;
    let number = stage.feishu.with(|state| state.n_connections);
    stage.feishu.push(&pressed(0, &card, &value));
    stage.clerk.until("the decision", |books| books.decisions.len() == 1).await;
    stage.feishu.break_connection();
    stage.feishu.connected(number + 1).await;
    // Whoever saw an error presses again, and another button too.
    let (_, deny) = (0, button_of(&value, "deny"));
    for value in [&value, &deny] {
        assert_ne!(press(&stage, &pressed(0, &card, value)).await.0, "success");
    }
    // The card tells, whatever became of the answer.
    becomes(&stage, &card, "allowed once by").await;
    assert_eq!(decisions(&stage), [(ApprovalId(1), Decision::allow_once())]);
}

/// The same card's button of another act.
fn button_of(value: &Value, act: &str) -> Value {
    let mut other = value.clone();
    other["act"] = act.into();
    other
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_press_at_once_and_one_of_them_decides() {
    let stage = Stage::start(2).await;
    // One that was opened at the terminal is everybody's.
    let common = SessionId(99);
    stage.clerk.tell(
        common,
        adjutant::core::event::EventKind::Opened { spec: adjutant::core::session::SessionSpec::default(), tag: None },
    );
    stage.clerk.with(|books| books.prompt_at_terminal(common, "ask all"));
    let cards = [asked(&stage, 0, "allow").await, asked(&stage, 1, "deny").await];
    let numbers: Vec<u64> = (0..20)
        .map(|nth| {
            let (card, value) = &cards[nth % 2];
            stage.feishu.push(&pressed(nth % 2, card, value))
        })
        .collect();
    let mut n_counted = 0;
    for number in numbers {
        let ack = stage.feishu.ack(number).await;
        n_counted += usize::from(ack.data.unwrap()["toast"]["type"] == "success");
    }
    assert_eq!((n_counted, decisions(&stage).len()), (1, 1));
    // Both cards say how it ended.
    for (card, _) in &cards {
        becomes(&stage, card, "\"tag\":\"person\"").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_is_first_while_the_press_is_on_its_way() {
    let stage = Stage::start(1).await;
    let (card, value) = ask(&stage).await;
    stage.clerk.with(|books| books.answer_at_terminal(ApprovalId(1), Decision::deny("no")));
    // Whether the relay has heard of it by now or not, the engine has the last word.
    press(&stage, &pressed(0, &card, &value)).await;
    becomes(&stage, &card, "denied at the terminal").await;
    assert_eq!(decisions(&stage), [(ApprovalId(1), Decision::deny("no"))]);
    assert!(press(&stage, &pressed(0, &card, &value)).await.1.contains("Already"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_outlives_the_relay_and_is_not_told_twice() {
    let mut stage = Stage::start(1).await;
    let (card, value) = ask(&stage).await;
    let n_taken = stage.feishu.taken().len();
    for number in 2..5 {
        stage.kill_and_begin().await;
        stage.feishu.connected(number).await;
    }
    assert_eq!(press(&stage, &pressed(0, &card, &value)).await.0, "success");
    becomes(&stage, &card, "allowed once by").await;
    stage.settled().await;
    assert_eq!(decisions(&stage).len(), 1);
    let later: Vec<String> = stage.feishu.taken()[n_taken..].iter().map(|taken| taken.content.to_string()).collect();
    assert!(later.len() == 1 && later[0].contains("answer-to-ask-1"), "{later:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_of_messages_outlives_the_relay_in_order_and_each_comes_once() {
    let mut stage = Stage::start(1).await;
    stage.settled().await;
    let before = stage.feishu.taken().len();
    for nth in 0..12 {
        stage.feishu.push(&said(0, &format!("om_{nth}"), &format!("/deny {nth}")));
        stage.feishu.push(&said(0, &format!("om_do{nth}"), &format!("do {nth}")));
    }
    stage.clerk.until("the prompts", |books| books.prompts.len() == 12).await;
    // One is taken and its answer lost, and the rest waits, when the relay is killed.
    stage.feishu.script("send", [Act::DropAfter]);
    stage.kill_and_begin().await;
    stage.feishu.connected(2).await;
    stage.settled().await;
    let texts: Vec<String> = stage.feishu.taken()[before..].iter().map(|taken| taken.content.to_string()).collect();
    let answers: Vec<&String> = texts.iter().filter(|text| text.contains("answer-to-")).collect();
    assert_eq!(answers.len(), 12);
    for (nth, answer) in answers.iter().enumerate() {
        assert!(answer.contains(&format!("answer-to-do-{nth}.")), "{nth}: {answer}");
    }
    assert_eq!(texts.iter().filter(|text| text.contains("No such request")).count(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_as_too_fast_is_made_later() {
    let stage = Stage::start(1).await;
    let (card, value) = ask(&stage).await;
    stage.feishu.script("patch", [code(400, 230_020, "frequency limit"), code(500, 1, "busy"), Act::DropAfter]);
    assert_eq!(press(&stage, &pressed(0, &card, &value)).await.0, "success");
    let over = becomes(&stage, &card, "allowed once by").await;
    assert!(button(&over.content, "allow").is_none());
    stage.settled().await;
    assert!(stage.feishu.with(|state| state.scripts["patch"].is_empty()), "each failed once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_is_known_as_sent_only_to_the_phone_cannot_be_pressed_yet() {
    let stage = Stage::start(1).await;
    stage.settled().await;
    // The progress card goes first; the request is taken, and its answer is lost twice.
    stage.feishu.script("send", [Act::Slow(Duration::ZERO), Act::DropAfter, Act::DropAfter]);
    stage.feishu.push(&said(0, "om_ask", "ask 1"));
    let (card, value) = stage
        .feishu
        .until("the card", |state| {
            state.taken.iter().find_map(|taken| Some((taken.message_id.clone(), button(&taken.content, "allow")?)))
        })
        .await;
    // It could be a copy of the card: nobody knows yet which message it is.
    let (kind, text) = press(&stage, &pressed(0, &card, &value)).await;
    assert!(kind == "warning" && text.contains("still being sent"), "{kind}: {text}");
    assert_eq!(decisions(&stage), []);
    stage.settled().await;
    assert_eq!(press(&stage, &pressed(0, &card, &value)).await.0, "success");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_engine_takes_nothing_a_press_can_be_made_again_and_a_message_says_so() {
    // As many orders as wait for an engine, and more.
    const N_MESSAGES: usize = 300;
    let stage = Stage::start(1).await;
    let (card, value) = ask(&stage).await;
    let still = stage.clerk.hold().await;
    let messages = (0..N_MESSAGES).map(|nth| said(0, &format!("om_{nth}"), &format!("do {nth}")));
    let numbers: Vec<u64> = messages.map(|message| stage.feishu.push(&message)).collect();
    for number in numbers {
        stage.feishu.ack(number).await;
    }
    let (kind, text) = press(&stage, &pressed(0, &card, &value)).await;
    assert_eq!((kind.as_str(), text.as_str()), ("error", "The engine is too busy; press again."));
    drop(still);
    stage.clerk.until("the orders to be taken", |books| books.prompts.len() > 256).await;
    assert_eq!(press(&stage, &pressed(0, &card, &value)).await.0, "success");
    stage.clerk.until("the decision", |books| books.decisions.len() == 1).await;
    // What was not taken is said not to be, as fast as Feishu takes it.
    let ledger = rusqlite::Connection::open(stage.folder.path().join("data/relay.db")).unwrap();
    let sql = "SELECT count(*) FROM outbox WHERE parcel LIKE '%engine is too busy%'";
    let n_told: i64 = ledger.query_row(sql, [], |row| row.get(0)).unwrap();
    // The request was the first prompt.
    assert_eq!(n_prompts(&stage) - 1 + usize::try_from(n_told).unwrap(), N_MESSAGES);
    assert!(n_told > 0);
}
