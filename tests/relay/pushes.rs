//! What comes in by the connection, and how it is answered.

use std::time::Duration;

use adjutant::relay::feishu::answer::ToastKind;
use adjutant::relay::feishu::connection::Timing;
use adjutant::relay::feishu::event::Content;
use adjutant::relay::feishu::event::Event;
use adjutant::relay::feishu::frame;
use adjutant::relay::feishu::frame::Frame;
use serde_json::Value;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::Rig;
use super::quick;
use crate::support::feishu::SERVICE;
use crate::support::feishu::TENANT;
use crate::support::feishu::USER;
use crate::support::feishu::pushes::event;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::message_of;
use crate::support::feishu::pushes::press;

fn card() -> Value {
    json!({ "schema": "2.0", "config": { "update_multi": true }, "body": { "elements": [
        { "tag": "markdown", "element_id": "what", "content": "denied" } ] } })
}

#[tokio::test]
async fn a_message_arrives_whole_and_is_answered_with_a_bare_200() {
    let mut rig = Rig::start(quick()).await;
    let number = rig.feishu.push(&message("om_1", "how far is it?"));
    let push = rig.pushed().await;
    let Event::Message(message) = push.event else { panic!("no message: {:?}", push.event) };
    assert_eq!(message.content, Content::Text("how far is it?".into()));
    assert_eq!((message.envelope.tenant.as_str(), message.sender.open_id.as_str()), (TENANT, USER));
    assert!(push.answer.done());
    let ack = rig.feishu.ack(number).await;
    assert_eq!((ack.code, ack.data), (200, None));
}

#[tokio::test]
async fn what_the_consumer_cannot_do_is_pushed_again() {
    let mut rig = Rig::start(quick()).await;
    let failed = rig.feishu.push(&message("om_1", "a"));
    assert!(rig.pushed().await.answer.failed());
    assert_eq!(rig.feishu.ack(failed).await.code, 500);
    let dropped = rig.feishu.push(&message("om_1", "a"));
    drop(rig.pushed().await);
    assert_eq!(rig.feishu.ack(dropped).await.code, 500);
}

#[tokio::test]
async fn a_press_can_be_answered_with_a_note_a_card_or_nothing() {
    let mut rig = Rig::start(quick()).await;
    let value = json!({ "rid": "r1", "n": "9f" });
    let noted = rig.feishu.push(&press("om_9", &value));
    let push = rig.pushed().await;
    let Event::Press(pressed) = push.event else { panic!("no press: {:?}", push.event) };
    assert_eq!((pressed.value, pressed.message_id.as_str()), (value.clone(), "om_9"));
    assert!(push.answer.toast(ToastKind::Info, "already denied at 12:01"));
    let ack = rig.feishu.ack(noted).await;
    assert_eq!(ack.data.unwrap()["toast"], json!({ "type": "info", "content": "already denied at 12:01" }));

    let carded = rig.feishu.push(&press("om_9", &value));
    assert!(rig.pushed().await.answer.card(&card(), Some((ToastKind::Success, "done"))));
    let data = rig.feishu.ack(carded).await.data.unwrap();
    assert_eq!((&data["card"]["data"], &data["toast"]["type"]), (&card(), &json!("success")));

    let bare = rig.feishu.push(&press("om_9", &value));
    assert!(rig.pushed().await.answer.done());
    assert_eq!(rig.feishu.ack(bare).await.data, Some(json!({})));
}

#[tokio::test]
async fn a_consumer_that_is_too_slow_holds_up_nobody() {
    let timing = Timing { answer: Duration::from_secs(1), ..quick() };
    let mut rig = Rig::start(timing).await;
    let slow = rig.feishu.push(&press("om_1", &json!({})));
    let slow_event = rig.feishu.push(&message("om_2", "slow"));
    let held = (rig.pushed().await, rig.pushed().await);
    let fast = rig.feishu.push(&press("om_3", &json!({})));
    assert!(rig.pushed().await.answer.done());
    // The fast one is answered while the slow ones still wait.
    rig.feishu.ack(fast).await;
    let ack = rig.feishu.ack(slow).await;
    assert_eq!((ack.code, &ack.data.unwrap()["toast"]["type"]), (200, &json!("warning")));
    assert_eq!(rig.feishu.ack(slow_event).await.code, 500);
    assert!(!held.0.answer.done(), "it says that it came too late");
    assert!(!held.1.answer.done());
}

#[tokio::test]
async fn parts_may_come_in_any_order_and_twice() {
    let mut rig = Rig::start(quick()).await;
    let text = "长".repeat(5_000);
    for (order, n_parts) in [(vec![2, 0, 1], 3), (vec![1, 1, 0], 2), (vec![3, 1, 3, 0, 2], 4)] {
        let number = rig.feishu.push_parts(&message("om_1", &text), &order, n_parts);
        let push = rig.pushed().await;
        let Event::Message(message) = push.event else { panic!("no message: {:?}", push.event) };
        assert_eq!(message.content, Content::Text(text.clone()));
        assert!(push.answer.done());
        rig.feishu.ack(number).await;
    }
}

#[tokio::test]
async fn an_empty_part_completes_a_message_too() {
    let mut rig = Rig::start(quick()).await;
    // One part has all of it, and the other is empty.
    let payload = message("om_1", "x");
    let bytes = payload.to_string().into_bytes();
    let frames = [bytes, Vec::new()].into_iter().enumerate().map(|(seq, payload)| {
        let mut frame = Frame {
            seq_id: 77,
            log_id: 78,
            service: SERVICE,
            method: frame::DATA,
            payload: Some(payload),
            ..Frame::default()
        };
        frame.add(frame::TYPE, "event");
        frame.add(frame::MESSAGE_ID, "split");
        frame.add(frame::SUM, "2");
        frame.add(frame::SEQ, seq.to_string());
        frame
    });
    for frame in frames {
        rig.feishu.send(Message::binary(frame.bytes()));
    }
    assert_eq!(rig.message().await, "om_1");
    // The stand-in did not push it by itself, so it does not know the answer.
    rig.feishu.until("the answer", |state| (!state.complaints.is_empty()).then_some(())).await;
    let complaints = rig.feishu.take_complaints();
    assert!(complaints[0].starts_with("an answer to what was not pushed"), "{complaints:?}");
}

#[tokio::test]
async fn what_nobody_understands_neither_ends_the_connection_nor_goes_unanswered() {
    let mut rig = Rig::start(quick()).await;
    rig.feishu.send(Message::text("hello"));
    rig.feishu.send(Message::binary(vec![0xff; 40]));
    rig.feishu.send(Message::binary(Vec::new()));
    rig.feishu.send(Message::Ping(b"x".to_vec().into()));
    for (method, kind) in [(7, "event"), (frame::CONTROL, "new"), (frame::DATA, "card"), (frame::DATA, "new")] {
        let mut strange = Frame { service: SERVICE, method, payload: Some(b"{}".to_vec()), ..Frame::default() };
        strange.add(frame::TYPE, kind);
        rig.feishu.send(Message::binary(strange.bytes()));
    }
    let mut numberless = Frame { service: SERVICE, method: frame::DATA, ..Frame::default() };
    numberless.add(frame::TYPE, "event");
    numberless.add(frame::SUM, "many");
    rig.feishu.send(Message::binary(numberless.bytes()));
    let unknown = rig.feishu.push(&event("im.message.message_read_v1", "e1", &json!({ "reader": {} })));
    assert_eq!(rig.feishu.ack(unknown).await.code, 200);
    let broken = rig.feishu.push(&json!("no event at all"));
    assert_eq!(rig.feishu.ack(broken).await.code, 200);
    let sticker = rig.feishu.push(&message_of("om_1", "sticker", &json!({ "file_key": "x" })));
    let push = rig.pushed().await;
    let Event::Message(message) = push.event else { panic!("no message: {:?}", push.event) };
    assert_eq!(message.content, Content::Unsupported("sticker".into()));
    assert!(push.answer.done());
    rig.feishu.ack(sticker).await;
    assert_eq!(rig.feishu.with(|state| state.n_connections), 1);
}

#[tokio::test]
async fn a_push_for_another_app_reaches_nobody() {
    let mut rig = Rig::start(quick()).await;
    let mut foreign = press("om_1", &json!({ "act": "allow" }));
    foreign["header"]["app_id"] = json!("cli_other");
    let number = rig.feishu.push(&foreign);
    let ack = rig.feishu.ack(number).await;
    assert_eq!((ack.code, ack.data), (200, Some(json!({}))));
    assert!(rig.connection.pushes.try_recv().is_err());
}

#[tokio::test]
async fn the_same_event_twice_is_handed_on_twice_with_the_same_ids() {
    let mut rig = Rig::start(quick()).await;
    for _ in 0..2 {
        let number = rig.feishu.push(&message("om_1", "again"));
        assert_eq!(rig.message().await, "om_1");
        rig.feishu.ack(number).await;
    }
}

#[tokio::test]
async fn a_consumer_that_takes_nothing_is_answered_for_and_memory_is_bounded() {
    let rig = Rig::start(Timing { answer: Duration::from_millis(200), ..quick() }).await;
    let numbers: Vec<u64> = (0..3_000).map(|n| rig.feishu.push(&message(&format!("om_{n}"), "flood"))).collect();
    for number in numbers {
        assert_eq!(rig.feishu.ack(number).await.code, 500);
    }
    assert!(rig.connection.pushes.len() <= 2_048);
}

#[tokio::test]
async fn large_pushes_that_nobody_takes_are_bounded_by_their_bytes() {
    let mut rig = Rig::start(Timing { answer: Duration::from_millis(200), ..quick() }).await;
    let large = "x".repeat(1 << 20);
    let numbers: Vec<u64> = (0..40).map(|n| rig.feishu.push(&message(&format!("om_{n}"), &large))).collect();
    for number in numbers {
        assert_eq!(rig.feishu.ack(number).await.code, 500);
    }
    let n_held = rig.connection.pushes.len();
    assert!((10..16).contains(&n_held), "{n_held} MiB are held");
    // Once they are taken there is room again.
    for _ in 0..n_held {
        drop(rig.pushed().await);
    }
    let number = rig.feishu.push(&message("om_again", &large));
    assert_eq!(rig.message().await, "om_again");
    assert_eq!(rig.feishu.ack(number).await.code, 200);
}

#[tokio::test]
async fn a_hundred_presses_at_once_are_answered_each() {
    let mut rig = Rig::start(quick()).await;
    let numbers: Vec<u64> = (0..100).map(|n| rig.feishu.push(&press(&format!("om_{n}"), &json!({ "n": n })))).collect();
    for _ in 0..100 {
        let push = rig.pushed().await;
        assert!(push.answer.card(&card(), None));
    }
    let mut times = Vec::new();
    for number in numbers {
        let ack = rig.feishu.ack(number).await;
        assert_eq!(ack.data.unwrap()["card"]["data"], card());
        times.push(ack.after.as_micros());
    }
    times.sort_unstable();
    eprintln!("press to answer, 100 at once: median {} us, slowest {} us", times[50], times[99]);
    let mut alone = Vec::new();
    for n in 0..100 {
        let number = rig.feishu.push(&press(&format!("om_{n}"), &json!({ "n": n })));
        assert!(rig.pushed().await.answer.card(&card(), None));
        alone.push(rig.feishu.ack(number).await.after.as_micros());
    }
    alone.sort_unstable();
    eprintln!("press to answer, one after another: median {} us, slowest {} us", alone[50], alone[99]);
}
