//! The queue of a session on the phone: shown, taken back, and what stopping and closing does to it.

use adjutant::core::event::EventKind;
use adjutant::relay::card::Tone;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::Mood;
use serde_json::json;

use super::service::Hand;
use super::service::Message;
use super::service::asks;
use super::service::note;
use super::service::values;
use crate::support::rig::Rig;

/// A session that waits for an answer, with these messages behind it.
async fn queued(rig: &mut Rig, hand: &mut Hand, texts: &[&str]) {
    hand.say("/new project go").await;
    hand.asked().await;
    for text in texts {
        hand.say(text).await;
    }
    let n = texts.len();
    rig.wait("the queue", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == n)).await;
    // The relay knows of it too.
    let shows = |message: &Message| message.card().is_some() && message.text().contains(&format!("{n} queued"));
    hand.wait("the queue on the card", shows).await;
}

fn is_queue(message: &Message) -> bool {
    message.card().is_some_and(|card| card.offers("queue_drop").is_some())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_shown_and_taken_back_one_by_one() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/queue").await;
    hand.wait("word of it", |message| message.text().contains("No session is active")).await;
    queued(&mut rig, &mut hand, &["drop the table", "and go on"]).await;
    hand.say("/queue").await;
    let shown = hand.wait("the queue", is_queue).await;
    assert!(shown.text().contains("1. drop the table\n2. and go on"), "{}", shown.text());
    hand.settled().await;
    // A press that was made up takes nothing back.
    let mut press = Hand::press(&shown, "queue_drop", json!({}));
    press.value["prompt"] = json!("another");
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Warning);
    let press = Hand::press(&shown, "queue_drop", json!({}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press.clone())).await), (Mood::Success, "Taken back."));
    let left = rig.wait("one left", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
    let EventKind::QueueChanged(queue) = &left.kind else { unreachable!("just matched") };
    assert_eq!(queue.iter().next().unwrap().text, "and go on");
    let is_less = |message: &Message| message.id == shown.id && !message.text().contains("drop the table");
    let less = hand.wait("the card without it", is_less).await;
    assert_eq!(values(less.card().unwrap()).len(), 1);
    let shows = |message: &Message| message.card().is_some() && message.text().contains("1 queued");
    hand.wait("one on the card", shows).await;
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Info, "it waits no more");
    // The request still is what a word answers.
    hand.settled().await;
    hand.say("n").await;
    let is_over = |message: &Message| message.id == shown.id && message.card().is_some_and(|card| !card.is_live());
    hand.wait("the end of the queue", is_over).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_says_what_is_held_and_the_queue_lets_it_go_on() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    queued(&mut rig, &mut hand, &["the next one"]).await;
    hand.say("/stop").await;
    let is_told = |message: &Message| {
        let text = message.text();
        text.contains("Interrupting · 1")
            && text.contains("1 queued message is held")
            && text.contains("“the next one”")
    };
    hand.wait("what becomes of the queue", is_told).await;
    rig.turn_end().await;
    let is_end = |message: &Message| message.card().is_some_and(|card| card.tag.as_deref() == Some("interrupted"));
    hand.wait("the end of the turn", is_end).await;
    hand.say("/stop").await;
    hand.wait("word of it", |message| message.text().contains("Nothing is running there. 1 queued message is held"))
        .await;
    hand.say("/queue").await;
    let is_held = |message: &Message| message.card().is_some_and(|card| card.offers("queue_go").is_some());
    let shown = hand.wait("the held queue", is_held).await;
    hand.settled().await;
    let reply = hand.happens(Happening::Pressed(Hand::press(&shown, "queue_go", json!({})))).await;
    assert_eq!(note(&reply).0, Mood::Success);
    let is_it = |kind: &EventKind| matches!(kind, EventKind::PromptSent(prompt) if prompt.text == "the next one");
    rig.wait("the prompt", is_it).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_says_what_is_dropped_and_that_it_is_done_and_no_card_goes_on() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    queued(&mut rig, &mut hand, &["one more", "and another"]).await;
    hand.say("/close").await;
    let is_told = |message: &Message| {
        let text = message.text();
        text.starts_with("Closing · 1")
            && text.contains("The running turn is cut off: “go”")
            && text.contains("1 request is not answered")
            && text.contains("2 queued messages are dropped: “one more”, “and another”")
    };
    hand.wait("what is dropped", is_told).await;
    hand.wait("the end", |message| message.text().starts_with("Closed · 1")).await;
    hand.settled().await;
    let goes_on = |message: &Message| message.card().is_some_and(|card| card.tone == Tone::Working);
    assert!(!hand.messages().iter().any(goes_on), "{:#?}", hand.messages());
    rig.end().await;
}
