//! A bot in a group: it answers when spoken to, by people who may, and belongs to who asked.

use serde_json::Value;
use serde_json::json;

use super::end_to_end::ASKS;
use super::end_to_end::Desk;
use super::end_to_end::find;
use super::end_to_end::stand_in;
use crate::support::feishu::Ack;
use crate::support::feishu::BOT;
use crate::support::feishu::CHAT;
use crate::support::feishu::Taken;
use crate::support::feishu::USER;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::press;

const GROUP: &str = "oc_group";
const OTHER: &str = "ou_other";
const STRANGER: &str = "ou_stranger";

/// What somebody writes in the group, perhaps to the bot.
fn in_group(id: &str, who: &str, text: &str, to_bot: bool) -> Value {
    let text = if to_bot { format!("@_user_1 {text}") } else { text.to_owned() };
    let mut push = message(id, &text);
    push["event"]["sender"]["sender_id"]["open_id"] = who.into();
    let written = &mut push["event"]["message"];
    written["create_time"] = jiff::Timestamp::now().as_millisecond().to_string().into();
    written["chat_id"] = GROUP.into();
    written["chat_type"] = "group".into();
    if to_bot {
        written["mentions"] = json!([{ "key": "@_user_1", "id": { "open_id": BOT }, "name": "adjutant" }]);
    }
    push
}

async fn said(desk: &Desk, push: &Value) {
    let number = desk.feishu.push(push);
    assert_eq!(desk.feishu.ack(number).await.code, 200);
}

fn in_chat(desk: &Desk, chat: &str) -> Vec<Taken> {
    desk.feishu.taken().into_iter().filter(|taken| taken.chat_id == chat).collect()
}

async fn presses(desk: &Desk, card: &Taken, value: &Value, who: &str) -> Ack {
    loop {
        let mut push = press(&card.message_id, value);
        push["event"]["operator"]["open_id"] = who.into();
        push["event"]["context"]["open_chat_id"] = card.chat_id.clone().into();
        let number = desk.feishu.push(&push);
        let ack = desk.feishu.ack(number).await;
        if !ack.data.as_ref().is_some_and(|data| data.to_string().contains("still being sent")) {
            return ack;
        }
    }
}

fn toast(ack: &Ack) -> String {
    ack.data.as_ref().map(|data| data["toast"].to_string()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_group_it_hears_who_may_speak_to_it_and_nobody_else() {
    let (command, _script) = stand_in(&[ASKS, ASKS].join("\n"));
    let desk = Desk::with(&command, None, "groups = true\n").await;
    // Nobody spoke to the bot; a stranger did; then somebody who may.
    said(&desk, &in_group("om_1", USER, "/new project not-meant", false)).await;
    said(&desk, &in_group("om_2", STRANGER, "/new project stranger", true)).await;
    said(&desk, &in_group("om_3", USER, "/new project meant", true)).await;
    let (card, value) = desk.asked("allow").await;
    assert_eq!(card.chat_id, GROUP);
    let told: Vec<String> = in_chat(&desk, GROUP).iter().map(|taken| taken.content.to_string()).collect();
    assert!(!told.iter().any(|text| text.contains("not-meant") || text.contains("stranger")), "{told:?}");
    // A stranger's press, and one of a member of the group that may speak but did not open the session.
    for who in [STRANGER, OTHER] {
        let ack = presses(&desk, &card, &value, who).await;
        assert!(toast(&ack).contains("You may not answer this"), "{who}: {}", toast(&ack));
        assert_eq!(find(ack.data.as_ref().unwrap(), "allow"), None);
    }
    // Words are no way round it.
    said(&desk, &in_group("om_4", OTHER, "y", true)).await;
    desk.sees("waits for no answer of yours").await;
    said(&desk, &in_group("om_5", OTHER, "/list", true)).await;
    desk.sees("There is no session").await;
    said(&desk, &in_group("om_6", STRANGER, "y", true)).await;
    let ack = presses(&desk, &card, &value, USER).await;
    assert!(toast(&ack).contains("success"), "{}", toast(&ack));
    desk.sees("it-was-allowed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bot_that_is_taken_out_of_a_group_tells_its_people_directly_and_answers_again_when_it_is_back() {
    let (command, _script) = stand_in(&[ASKS, ASKS].join("\n"));
    let desk = Desk::with(&command, None, "groups = true\n").await;
    desk.says("om_0", "/list");
    desk.sees("There is no session").await;
    said(&desk, &in_group("om_1", USER, "/new project", true)).await;
    desk.sees("Opened session 1").await;
    // From here on the group takes nothing.
    let out = "Bot/User can NOT be out of the chat";
    desk.feishu.with(|state| state.lost.insert(GROUP.into(), (230_002, out.into())));
    said(&desk, &in_group("om_2", USER, "go", true)).await;
    let (card, value) = desk.asked("allow").await;
    assert_eq!(card.chat_id, CHAT, "the request goes to who opened the session");
    let ack = presses(&desk, &card, &value, USER).await;
    assert!(toast(&ack).contains("success"), "{}", toast(&ack));
    let end = desk.sees("it-was-allowed").await;
    assert_eq!(end.chat_id, CHAT);
    desk.sees("cannot be reached: its news come here").await;
    // Added again: whoever speaks there is answered there.
    desk.feishu.with(|state| state.lost.clear());
    said(&desk, &in_group("om_3", USER, "/help", true)).await;
    desk.feishu
        .until("an answer in the group", |state| {
            let mut taken = state.taken.iter().filter(|taken| taken.chat_id == GROUP);
            taken.find(|taken| taken.content.to_string().contains("/new DIR")).map(|_| ())
        })
        .await;
}
