//! The stand-in's own complaints: what it would let pass, no test could find.

use std::time::Instant;

use adjutant::relay::feishu::frame;
use adjutant::relay::feishu::frame::Frame;
use serde_json::Value;
use serde_json::json;

use crate::support::feishu::Pushed;
use crate::support::feishu::lint;

fn pushed(is_callback: bool) -> Pushed {
    let mut frame = Frame { seq_id: 1, log_id: 2, service: 3, method: frame::DATA, ..Frame::default() };
    frame.add(frame::TYPE, "event");
    frame.add(frame::MESSAGE_ID, "m");
    Pushed { frame, is_callback, sent: Instant::now(), ack: None }
}

fn answer(payload: &Value) -> Frame {
    pushed(true).frame.answered(payload.to_string().into_bytes(), 5)
}

#[test]
fn a_right_answer_is_taken() {
    // "e30=" is {} in base64.
    let taken = lint::acknowledgement(&pushed(true), &answer(&json!({ "code": 200, "headers": {}, "data": "e30=" })));
    assert_eq!(taken, Ok((200, Some(json!({})))));
    assert_eq!(lint::acknowledgement(&pushed(false), &answer(&json!({ "code": 500 }))), Ok((500, None)));
}

#[test]
fn every_way_to_answer_wrongly_is_noticed() {
    let right = answer(&json!({ "code": 200, "data": "e30=" }));
    let changed = |change: fn(&mut Frame)| {
        let mut frame = right.clone();
        change(&mut frame);
        frame
    };
    let wrong = [
        changed(|frame| frame.seq_id = 9),
        changed(|frame| frame.log_id = 9),
        changed(|frame| frame.service = 9),
        changed(|frame| frame.method = frame::CONTROL),
        changed(|frame| frame.headers[1].value = "other".into()),
        changed(|frame| drop(frame.headers.remove(0))),
        changed(|frame| drop(frame.headers.pop())),
        changed(|frame| frame.headers[2].value = "-3".into()),
        changed(|frame| frame.add("more", "x")),
        changed(|frame| frame.payload = None),
        answer(&json!({ "data": "e30=" })),
        answer(&json!({ "code": "200", "data": "e30=" })),
        answer(&json!({ "code": 200 })),
        answer(&json!({ "code": 200, "data": {} })),
        answer(&json!({ "code": 200, "data": "{}" })),
        answer(&json!({ "code": 200, "data": "W10=" })),
    ];
    for (n, frame) in wrong.iter().enumerate() {
        assert!(lint::acknowledgement(&pushed(true), frame).is_err(), "{n}: {frame:?}");
    }
}

fn with_elements(elements: &Value) -> Value {
    json!({ "schema": "2.0", "config": { "update_multi": true }, "body": { "elements": elements } })
}

fn button(name: &str) -> Value {
    json!({ "tag": "button", "name": name, "behaviors": [{ "type": "callback", "value": { "tag": "note" } }] })
}

#[test]
fn cards_are_taken_or_refused_as_feishu_does() {
    let good = [
        with_elements(&json!([{ "tag": "markdown", "element_id": "what", "content": "x" }, button("a"), button("a")])),
        with_elements(&json!([{ "tag": "form", "elements": [button("a"), { "tag": "input", "name": "b" }] },
                              { "tag": "form", "elements": [button("a")] }])),
    ];
    for card in good {
        assert_eq!(lint::card(&card), Ok(()), "{card}");
    }
    let bad = [
        (with_elements(&json!([{ "tag": "markdown", "content": "x".repeat(30_000) }])), 230_025),
        (with_elements(&Value::from(vec![json!({ "tag": "hr" }); 201])), 300_305),
        (with_elements(&json!([{ "tag": "note" }])), 230_099),
        (
            with_elements(
                &json!([{ "tag": "column_set", "columns": [{ "tag": "column", "elements": [{ "tag": "action" }] }] }]),
            ),
            230_099,
        ),
        (with_elements(&json!([{ "tag": "hr", "element_id": "a" }, { "tag": "hr", "element_id": "a" }])), 230_099),
        (with_elements(&json!([{ "tag": "hr", "element_id": "1a" }])), 230_099),
        (with_elements(&json!([{ "tag": "button", "value": { "old": "way" } }])), 230_099),
        (with_elements(&json!([{ "tag": "form", "elements": [button("")] }])), 230_099),
        (with_elements(&json!([{ "tag": "form", "elements": [button("a"), button("a")] }])), 230_099),
        (with_elements(&json!([{ "tag": "input", "name": "alone" }])), 230_099),
        (json!({ "schema": "2.0", "body": { "elements": [] } }), 230_099),
        (json!({ "config": { "update_multi": true }, "elements": [] }), 230_099),
    ];
    for (card, expected) in bad {
        let refused = lint::card(&card).map_err(|(code, _)| code);
        assert_eq!(refused, Err(expected), "{card}");
    }
}
