//! What the stand-in pushes: whole, in parts, shuffled, twice, and what nobody understands.

use std::time::Instant;

use adjutant::relay::feishu::frame;
use adjutant::relay::feishu::frame::Frame;
use serde_json::Value;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::APP_ID;
use super::Ack;
use super::CHAT;
use super::Feishu;
use super::Pushed;
use super::SERVICE;
use super::TENANT;
use super::USER;

/// Any event, as it is pushed.
pub fn event(event_type: &str, event_id: &str, event: &Value) -> Value {
    json!({ "schema": "2.0", "header": { "event_id": event_id, "event_type": event_type,
        "create_time": "1608725989000", "token": "", "app_id": APP_ID, "tenant_key": TENANT }, "event": event })
}

/// A text in the direct chat.
pub fn message(message_id: &str, text: &str) -> Value {
    message_of(message_id, "text", &json!({ "text": text }))
}

pub fn message_of(message_id: &str, kind: &str, content: &Value) -> Value {
    event(
        "im.message.receive_v1",
        &format!("e_{message_id}"),
        &json!({
        "sender": { "sender_id": { "open_id": USER, "union_id": "on_user" }, "sender_type": "user", "tenant_key": TENANT },
        "message": { "message_id": message_id, "create_time": "1609073151345", "chat_id": CHAT, "chat_type": "p2p",
            "message_type": kind, "content": content.to_string() } }),
    )
}

/// A press of a button of the card in this message.
pub fn press(message_id: &str, value: &Value) -> Value {
    event(
        "card.action.trigger",
        &format!("e_press_{message_id}"),
        &json!({
        "operator": { "tenant_key": TENANT, "open_id": USER, "union_id": "on_user" },
        "token": "c-TokenOfACard00112233445566",
        "action": { "value": value, "tag": "button", "timezone": "Asia/Shanghai", "name": "allow" },
        "host": "im_message",
        "context": { "open_message_id": message_id, "open_chat_id": CHAT } }),
    )
}

impl Feishu {
    /// Pushes something whole; gives its number.
    pub fn push(&self, payload: &Value) -> u64 {
        self.try_push(payload).expect("nobody is connected")
    }

    /// The same; `None` when nobody is connected.
    pub fn try_push(&self, payload: &Value) -> Option<u64> {
        self.try_push_parts(payload, &[0], 1)
    }

    /// Pushes something in `n_parts` parts, in this order; the parts may come more than once.
    pub fn push_parts(&self, payload: &Value, order: &[usize], n_parts: usize) -> u64 {
        self.try_push_parts(payload, order, n_parts).expect("nobody is connected")
    }

    pub fn try_push_parts(&self, payload: &Value, order: &[usize], n_parts: usize) -> Option<u64> {
        let bytes = payload.to_string().into_bytes();
        let is_callback = payload["header"]["event_type"] == "card.action.trigger";
        let length = bytes.len().div_ceil(n_parts);
        let number = self.with(|state| state.next_id());
        let mut last = 0;
        for seq in order {
            let part = bytes.get(seq * length..).unwrap_or_default();
            let part = &part[..part.len().min(length)];
            let seq_id = self.with(|state| state.next_id());
            let mut frame = Frame {
                seq_id,
                log_id: 1000 + seq_id,
                service: SERVICE,
                method: frame::DATA,
                payload: Some(part.to_vec()),
                log_id_new: Some(format!("log{seq_id}")),
                ..Frame::default()
            };
            frame.add(frame::TYPE, "event");
            frame.add(frame::MESSAGE_ID, format!("push-{number}"));
            frame.add(frame::SUM, n_parts.to_string());
            frame.add(frame::SEQ, seq.to_string());
            frame.add("trace_id", format!("trace-{number}"));
            frame.add("timestamp", "1609073151345");
            last = seq_id;
            if Some(seq) == order.last() {
                let sent = Frame { payload: None, ..frame.clone() };
                let pushed = Pushed { frame: sent, is_callback, sent: Instant::now(), ack: None };
                self.with(|state| state.pushed.insert(seq_id, pushed));
            }
            if !self.try_send(Message::binary(frame.bytes())) {
                return None;
            }
        }
        Some(last)
    }

    /// Sends anything at all to the one who is connected.
    pub fn send(&self, message: Message) {
        assert!(self.try_send(message), "nobody is connected");
    }

    pub fn try_send(&self, message: Message) -> bool {
        self.with(|state| state.socket.as_ref().is_some_and(|socket| socket.send(message).is_ok()))
    }

    /// Breaks the connection without a word.
    pub fn break_connection(&self) {
        self.with(|state| state.socket = None);
    }

    /// Waits for the answer to a push.
    pub async fn ack(&self, number: u64) -> Ack {
        self.until(&format!("the answer to push {number}"), |state| state.pushed.get(&number)?.ack.clone()).await
    }
}
