use proptest::prelude::*;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::*;

const APP: &str = "cli_1";

fn wrapped(event_type: &str, event: &Value) -> Value {
    json!({ "schema": "2.0", "header": { "event_id": "e1", "event_type": event_type, "create_time": "1608725989000",
            "token": "", "app_id": APP, "tenant_key": "t1" }, "event": event })
}

fn event(event_type: &str, event: &Value) -> Event {
    match read(wrapped(event_type, event).to_string().as_bytes(), APP) {
        Reading::Event(event) => *event,
        Reading::Ignored { why, .. } => panic!("{why}"),
    }
}

fn ignored(value: &Value) -> (bool, String) {
    match read(value.to_string().as_bytes(), APP) {
        Reading::Event(event) => panic!("{event:?}"),
        Reading::Ignored { is_callback, why } => (is_callback, why),
    }
}

fn a_message() -> Value {
    json!({
        "sender": { "sender_id": { "union_id": "on_1", "user_id": "u1", "open_id": "ou_1" }, "sender_type": "user", "tenant_key": "t2" },
        "message": { "message_id": "om_1", "root_id": "om_0", "create_time": "1609073151345", "chat_id": "oc_1",
            "chat_type": "group", "message_type": "text", "content": "{\"text\":\"@_user_1 ask @_user_10 or @_all, @ you\"}",
            "mentions": [
                { "key": "@_user_1", "id": { "open_id": "ou_bot" }, "name": "adjutant", "tenant_key": "t1" },
                { "key": "@_user_10", "id": { "open_id": "ou_2" }, "name": "Tom" } ] },
    })
}

fn a_press() -> Value {
    json!({
        "operator": { "tenant_key": "t2", "open_id": "ou_1" }, "token": "c-s3cret",
        "action": { "value": { "rid": "r1" }, "tag": "button", "name": "b", "form_value": { "reason": "no" },
            "input_value": "x", "option": "o", "options": ["p"], "checked": true },
        "context": { "open_message_id": "om_1", "open_chat_id": "oc_1" },
    })
}

#[test]
fn a_message_is_read_whole() {
    let Event::Message(message) = event("im.message.receive_v1", &a_message()) else { panic!("no message") };
    assert_eq!(message.envelope.tenant, "t1");
    assert_eq!((message.sender.open_id.as_str(), message.sender.tenant.as_str()), ("ou_1", "t2"));
    assert_eq!((message.message_id.as_str(), message.chat_id.as_str(), message.chat), ("om_1", "oc_1", Chat::Group));
    assert_eq!((message.root_id.as_deref(), message.parent_id.as_deref()), (Some("om_0"), None));
    assert_eq!(message.created, Some(Timestamp(1_609_073_151_345)));
    assert!(message.mentions("ou_bot") && !message.mentions("ou_3") && !message.mentions(""));
    assert_eq!(message.text_for("ou_bot").unwrap(), "ask @Tom or @_all, @ you");
}

#[test]
fn only_people_in_a_known_chat_are_heard() {
    for path in ["/sender/sender_id/open_id", "/message/message_id", "/message/chat_id", "/sender/sender_type"] {
        let mut message = a_message();
        *message.pointer_mut(path).unwrap() = json!("");
        let (is_callback, _) = ignored(&wrapped("im.message.receive_v1", &message));
        assert!(!is_callback, "{path}");
    }
    let mut message = a_message();
    message["message"]["chat_type"] = json!("p2p");
    let Event::Message(direct) = event("im.message.receive_v1", &message) else { panic!("no message") };
    assert_eq!(direct.chat, Chat::Direct);
}

#[test]
fn a_press_is_read_whole_and_its_token_is_not_shown() {
    let Event::Press(press) = event("card.action.trigger", &a_press()) else { panic!("no press") };
    assert_eq!((press.operator.open_id.as_str(), press.operator.tenant.as_str()), ("ou_1", "t2"));
    assert_eq!(press.value, json!({ "rid": "r1" }));
    assert_eq!(press.form["reason"], "no");
    assert_eq!((press.message_id.as_str(), press.chat_id.as_str()), ("om_1", "oc_1"));
    assert_eq!((press.input.as_deref(), press.option.as_deref(), press.checked), (Some("x"), Some("o"), Some(true)));
    assert_eq!(press.token.expose_secret(), "c-s3cret");
    assert!(!format!("{press:?}").contains("s3cret"));
}

#[test]
fn what_a_button_carries_may_be_a_text() {
    for (sent, read) in [
        (json!("{\"rid\":\"r1\"}"), json!({ "rid": "r1" })),
        (json!("plain"), json!("plain")),
        (Value::Null, Value::Null),
    ] {
        let mut press = a_press();
        press["action"]["value"] = sent;
        let Event::Press(press) = event("card.action.trigger", &press) else { panic!("no press") };
        assert_eq!(press.value, read);
    }
}

#[test]
fn the_other_events_are_read() {
    let entered = json!({ "chat_id": "oc_1", "operator_id": { "open_id": "ou_1" }, "last_message_id": "om_9" });
    let Event::ChatEntered(entered) = event("im.chat.access_event.bot_p2p_chat_entered_v1", &entered) else {
        panic!("not entered")
    };
    assert_eq!((entered.chat_id.as_str(), entered.operator.open_id.as_str()), ("oc_1", "ou_1"));
    for timestamp in [json!(1_669_364_458), json!("1669364458")] {
        let menu = json!({ "operator": { "operator_name": "T", "operator_id": { "open_id": "ou_1" } }, "event_key": "k",
            "timestamp": timestamp });
        let Event::Menu(menu) = event("application.bot.menu_v6", &menu) else { panic!("no menu") };
        assert_eq!((menu.key.as_str(), menu.operator.open_id.as_str()), ("k", "ou_1"));
    }
    let Event::Recalled(recalled) =
        event("im.message.recalled_v1", &json!({ "message_id": "om_1", "chat_id": "oc_1" }))
    else {
        panic!("not recalled")
    };
    assert_eq!(recalled.message_id, "om_1");
}

#[test]
fn what_is_for_another_app_or_unknown_is_ignored() {
    let mut foreign = wrapped("card.action.trigger", &a_press());
    foreign["header"]["app_id"] = json!("cli_2");
    assert_eq!(ignored(&foreign), (true, "card.action.trigger is for another app".into()));
    foreign["header"].as_object_mut().unwrap().remove("app_id");
    assert!(ignored(&foreign).0);
    let (is_callback, why) = ignored(&wrapped("im.message.message_read_v1", &json!({})));
    assert!(!is_callback && why.contains("nothing we act on"), "{why}");
    assert!(ignored(&json!({ "uuid": "x", "event": { "type": "message" } })).1.contains("no event type"));
    assert!(matches!(read(b"\xff{", APP), Reading::Ignored { is_callback: true, .. }));
}

#[test]
fn times_come_in_three_units() {
    for (value, expected) in [
        (json!("1608725989000"), Some(1_608_725_989_000)),
        (json!("1603977298000000"), Some(1_603_977_298_000)),
        (json!(1_669_364_458), Some(1_669_364_458_000)),
        (json!("0"), None),
        (json!("soon"), None),
        (json!(-5), None),
        (json!(i64::MAX), Some(i64::MAX / 1000)),
    ] {
        assert_eq!(time(&value), expected.map(Timestamp), "{value}");
    }
}

/// Any JSON of a few levels, with the keys that are looked at.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!("{\"text\":1}")),
        Just(json!("user")),
    ];
    let key = prop::sample::select(vec![
        "sender",
        "sender_id",
        "open_id",
        "sender_type",
        "message",
        "message_id",
        "chat_id",
        "content",
        "message_type",
        "mentions",
        "operator",
        "action",
        "value",
        "context",
        "open_message_id",
        "form_value",
        "tag",
        "text",
    ]);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..8)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_that_is_pushed_makes_it_fail(
        kind in prop::sample::select(vec!["im.message.receive_v1", "card.action.trigger", "application.bot.menu_v6"]),
        body in any_json(),
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let _ = read(&bytes, APP);
        if let Reading::Event(event) = read(wrapped(kind, &body).to_string().as_bytes(), APP)
            && let Event::Message(message) = *event
        {
            prop_assert!(!message.message_id.is_empty() && !message.sender.open_id.is_empty());
            let _ = message.text_for("ou_1");
        }
        let _ = Content::read("post", &body);
    }
}
