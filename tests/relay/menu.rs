//! The bot's menu, quiet, and requests that ring.

use std::time::Duration;

use adjutant::clock;
use adjutant::core::ids::Timestamp;
use adjutant::relay::messenger::ChatId;
use adjutant::relay::messenger::Happening;
use adjutant::relay::messenger::MessageId;
use adjutant::relay::messenger::Mood;
use adjutant::relay::messenger::PersonId;
use adjutant::relay::messenger::Reply;
use adjutant::relay::messenger::TenantId;
use adjutant::relay::messenger::Who;
use serde_json::json;

use super::end_to_end::Desk;
use super::end_to_end::stand_in;
use super::service::CHAT;
use super::service::Hand;
use super::service::ME;
use super::service::Message;
use super::service::asks;
use super::service::note;
use super::service::who;
use crate::support::feishu::USER;
use crate::support::feishu::pushes::event;

async fn choose(hand: &Hand, n: u32, who: Who, key: &str, at: Timestamp) {
    let id = MessageId(format!("menu {n}"));
    let chosen = Happening::Chosen { id, who, at: Some(at), key: key.into() };
    assert_eq!(hand.happens(chosen).await, Reply::Done);
}

/// Somebody as the menu's events name them: without their organisation.
fn unnamed(person: &str) -> Who {
    Who { tenant: TenantId::default(), ..who(person) }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_opens_the_chat_is_met_or_told_how_to_become_known() {
    let (mut rig, _script) = asks(1);
    let hand = Hand::start(&rig, |_| {});
    let enter = async |chat: &str, who: Who| {
        let entered = Happening::Entered { chat: ChatId(chat.into()), who };
        assert_eq!(hand.happens(entered).await, Reply::Done);
    };
    for _ in 0..3 {
        enter("oc_theirs", unnamed("ou_stranger")).await;
        enter("oc_guest", Who { tenant: TenantId("theirs".into()), ..who(ME) }).await;
        enter("oc_nobody", unnamed("")).await;
    }
    let told = hand.wait("a word to the stranger", |message| message.chat.0 == "oc_theirs").await;
    assert!(told.text().contains("does not know you"), "{}", told.text());
    enter(CHAT, unnamed(ME)).await;
    // Who was met is asked when something waits.
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    assert_eq!(hand.asked().await.chat.0, CHAT);
    assert_eq!(hand.messages().iter().filter(|message| message.chat.0 != CHAT).count(), 1, "{:?}", hand.messages());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_answers_whoever_may_speak_in_their_own_chat_and_once() {
    let (rig, _script) = asks(1);
    let hand = Hand::start(&rig, |_| {});
    let guest = Who { tenant: TenantId("theirs".into()), ..who(ME) };
    for (n, who) in [who("ou_stranger"), unnamed("ou_stranger"), guest].into_iter().enumerate() {
        choose(&hand, 10 + n as u32, who, "list", clock::now()).await;
    }
    choose(&hand, 2, who(ME), "list", Timestamp(clock::now().0 - 11 * 60_000)).await;
    // Where nobody has spoken yet, the person's id is their chat.
    choose(&hand, 3, unnamed(ME), "list", clock::now()).await;
    let told = hand.wait("the list", |message| message.text().contains("There is no session")).await;
    assert_eq!(told.chat.0, ME);
    let mut hand = hand;
    hand.say("/help").await;
    hand.wait("the help", |message| message.chat.0 == CHAT).await;
    for _ in 0..2 {
        choose(&hand, 4, unnamed(ME), "status", clock::now()).await;
    }
    hand.wait("the state", |message| message.chat.0 == CHAT && message.text().contains("There is no session")).await;
    choose(&hand, 5, who(ME), "rm -rf", clock::now()).await;
    hand.wait("the keys", |message| message.text().contains("The keys are")).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(hand.messages().len(), 4, "{:?}", hand.messages());
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_quiet_is_told_of_nothing_until_they_want_it_again() {
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |_| {}).await;
    choose(&hand, 1, who(ME), "pause", clock::now()).await;
    hand.wait("word of it", |message| message.text().contains("Quiet")).await;
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    rig.approval().await;
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(hand.messages().len(), 2, "{:?}", hand.messages());
    hand.say("/list").await;
    hand.wait("commands go on", |message| message.text().contains("waits for you")).await;
    choose(&hand, 2, who(ME), "resume", clock::now()).await;
    let asked = hand.asked().await;
    let press = Hand::press(&asked, "deny", json!({}));
    hand.happens(Happening::Pressed(press)).await;
    rig.turn_end().await;
    hand.wait("the end", |message| message.text().contains("it-was-denied")).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_rings_once_and_a_ring_that_fails_costs_nothing() {
    let (mut rig, _script) = asks(2);
    let mut hand = Hand::known(&rig, |settings| settings.urgent_ms = Some(50)).await;
    hand.say("/new project go").await;
    let asked = hand.asked().await;
    let rung = || hand.phone.rung.lock().unwrap().clone();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while rung().is_empty() {
        assert!(tokio::time::Instant::now() < deadline, "nothing rings");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rig.listen(Duration::from_millis(300)).await;
    assert_eq!(rung(), [(asked.id.clone(), PersonId(ME.into()))]);
    let press = Hand::press(&asked, "allow", json!({}));
    hand.happens(Happening::Pressed(press)).await;
    hand.wait("the end", |message| message.text().contains("it-was-allowed")).await;
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_menu_and_the_opening_of_the_chat_arrive_as_feishu_sends_them() {
    let (command, _script) = stand_in("");
    let desk = Desk::start(&command, None).await;
    let person = json!({ "open_id": USER, "union_id": "on_user", "user_id": "u" });
    let entered = json!({ "chat_id": "oc_direct_2", "operator_id": person, "last_message_id": "om_0" });
    let chosen = json!({ "operator": { "operator_name": "A", "operator_id": person }, "event_key": "list",
        "timestamp": 1_669_364_458 });
    for (kind, id, what) in [
        ("im.chat.access_event.bot_p2p_chat_entered_v1", "e_1", entered),
        ("application.bot.menu_v6", "e_2", chosen.clone()),
        ("application.bot.menu_v6", "e_2", chosen),
    ] {
        let mut push = event(kind, id, &what);
        push["header"]["create_time"] = clock::now().0.to_string().into();
        let number = desk.feishu.push(&push);
        assert_eq!(desk.feishu.ack(number).await.code, 200);
    }
    let told = desk.sees("There is no session").await;
    assert_eq!(told.chat_id, "oc_direct_2");
    assert_eq!(desk.feishu.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_has_commands_to_press_and_a_press_in_a_group_brings_no_news_there() {
    const GROUP: &str = "oc_group";
    let (mut rig, _script) = asks(1);
    let mut hand = Hand::known(&rig, |settings| settings.groups = true).await;
    let mut said = hand.said("/help");
    (said.chat.0, said.is_group, said.mentions_us) = (GROUP.into(), true, true);
    hand.happens(Happening::Said(said)).await;
    let is_help = |message: &Message| message.chat.0 == GROUP && message.text().contains("/new DIR");
    let help = hand.wait("the help", is_help).await;
    hand.settled().await;
    let mut press = Hand::press(&help, "command", json!({}));
    assert_eq!(note(&hand.happens(Happening::Pressed(press.clone())).await), (Mood::Success, "/list"));
    let is_answer = |message: &Message| message.chat.0 == GROUP && message.text().contains("There is no session");
    hand.wait("the answer", is_answer).await;
    // Words that stand on no button are none.
    press.value["command"] = json!("/new project go");
    assert_eq!(note(&hand.happens(Happening::Pressed(press)).await).0, Mood::Warning);
    let id = rig.open().await;
    rig.prompt(id, "go").await;
    let asked = hand.asked().await;
    assert_eq!(asked.chat.0, CHAT);
    let in_group = hand.messages().into_iter().filter(|message| message.chat.0 == GROUP).count();
    assert_eq!(in_group, 2, "the help and the answer: {:#?}", hand.messages());
    rig.end().await;
}
