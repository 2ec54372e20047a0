//! Messages that are taken back on the phone.

use std::time::Duration;

use adjutant::core::event::EventKind;
use adjutant::relay::messenger::ChatId;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::MessageId;
use adjutant::relay::messenger::Reply;
use adjutant::relay::messenger::Said;
use serde_json::json;

use super::service::CHAT;
use super::service::Hand;
use super::service::asks;

async fn take_back(hand: &Hand, message: &MessageId) {
    let recalled = Happening::Recalled { chat: ChatId(CHAT.into()), message: message.clone() };
    assert_eq!(hand.happens(recalled).await, Reply::Done);
}

async fn say(hand: &mut Hand, text: &str) -> Said {
    let said = hand.said(text);
    assert_eq!(hand.happens(Happening::Said(said.clone())).await, Reply::Done);
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_waits_goes_with_its_message_and_the_others_stay() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |_| {}).await;
    hand.say("/new project first").await;
    let asked = hand.asked().await;
    let wrong = say(&mut hand, "drop the table").await;
    say(&mut hand, "and go on").await;
    rig.wait("both in the queue", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 2)).await;
    take_back(&hand, &wrong.message).await;
    hand.wait("word of it", |message| message.text().contains("taken back, and its prompt with it")).await;
    let left = rig.wait("one left", |kind| matches!(kind, EventKind::QueueChanged(queue) if queue.len() == 1)).await;
    let EventKind::QueueChanged(queue) = &left.kind else { unreachable!("just matched") };
    assert_eq!(queue.iter().next().unwrap().text, "and go on");
    // Again, and one that nobody knows: nothing happens.
    take_back(&hand, &wrong.message).await;
    take_back(&hand, &MessageId("om_unknown".into())).await;
    let press = Hand::press(&asked, "deny", json!({}));
    hand.happens(Happening::Pressed(press)).await;
    rig.approval().await;
    let sent: Vec<String> = rig
        .events
        .iter()
        .filter_map(
            |event| if let EventKind::PromptSent(prompt) = &event.kind { Some(prompt.text.clone()) } else { None },
        )
        .collect();
    assert_eq!(sent, ["first", "and go on"]);
    let told = hand.messages().into_iter().filter(|message| message.text().contains("taken back"));
    assert_eq!(told.count(), 1);
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_taken_back_before_it_is_heard_does_nothing_and_one_that_is_at_work_says_so() {
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |_| {}).await;
    let unheard = hand.said("/new project never");
    take_back(&hand, &unheard.message).await;
    assert_eq!(hand.happens(Happening::Said(unheard)).await, Reply::Done);
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(rig.fleet.len(), 0);
    let running = say(&mut hand, "/new project go").await;
    hand.asked().await;
    take_back(&hand, &running.message).await;
    hand.wait("word of it", |message| message.text().contains("/stop 1 interrupts it")).await;
    rig.end().await;
}
