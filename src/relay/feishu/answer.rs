//! The consumer's answer to a push.
//!
//! Feishu waits three seconds. An answer that does not come in time is given here: an event is said to have
//! failed, so that it is pushed again; a press gets a note, because presses are not repeated.
//!
//! Invariants: an answer is used at most once; a callback always gets data, if only `{}`: without any the
//! phone shows an error.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::oneshot;

use super::event::Event;

/// How long a consumer may take: half a second less than Feishu waits.
pub const PATIENCE: Duration = Duration::from_millis(2500);

const WORKING: Toast<'_> = Toast {
    kind: ToastKind::Warning,
    english: "Still working on it; look at the terminal.",
    chinese: "仍在处理，请查看终端。",
};
const FAILED: Toast<'_> = Toast {
    kind: ToastKind::Error,
    english: "This could not be done; look at the terminal.",
    chinese: "操作失败，请查看终端。",
};

/// A push and the answer to it.
#[derive(Debug)]
pub struct Push {
    pub event: Event,
    pub answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    Info,
    Success,
    Warning,
    Error,
}

impl ToastKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A note of this module's own, in both languages.
#[derive(Debug, Clone, Copy)]
struct Toast<'a> {
    kind: ToastKind,
    english: &'a str,
    chinese: &'a str,
}

impl Toast<'_> {
    fn json(self) -> Value {
        json!({ "toast": { "type": self.kind.as_str(), "content": self.english,
            "i18n": { "en_us": self.english, "zh_cn": self.chinese } } })
    }
}

fn toast(kind: ToastKind, text: &str) -> Value {
    json!({ "type": kind.as_str(), "content": text })
}

/// What is answered.
#[derive(Debug)]
enum Reply {
    /// With the data of a callback.
    Done(Value),
    Failed,
}

/// Answers one push, once. Each way says whether the answer was still in time to be sent; `true` does not
/// mean that it arrived. Dropped without use, it is as if no answer came in time.
#[derive(Debug)]
#[must_use = "a push that is not answered is pushed again"]
pub struct Answer {
    reply: oneshot::Sender<Reply>,
    /// The push's place among all that wait, for as long as it does.
    room: Option<OwnedSemaphorePermit>,
}

impl Answer {
    /// Keeps the place until the push is answered or dropped.
    pub(super) fn hold(&mut self, room: OwnedSemaphorePermit) {
        self.room = Some(room);
    }

    /// It is taken care of: an event is not pushed again, a card stays as it is.
    pub fn done(self) -> bool {
        self.reply.send(Reply::Done(json!({}))).is_ok()
    }

    /// A note at the phone's edge. Only a press can have one.
    pub fn toast(self, kind: ToastKind, text: &str) -> bool {
        self.reply.send(Reply::Done(json!({ "toast": toast(kind, text) }))).is_ok()
    }

    /// The card that was pressed becomes this one, whole. Only a press can have one.
    pub fn card(self, card: &Value, note: Option<(ToastKind, &str)>) -> bool {
        let mut data = json!({ "card": { "type": "raw", "data": card } });
        if let Some((kind, text)) = note {
            data["toast"] = toast(kind, text);
        }
        self.reply.send(Reply::Done(data)).is_ok()
    }

    /// It could not be done: an event is pushed again, up to four times within hours; a press gets a note.
    pub fn failed(self) -> bool {
        self.reply.send(Reply::Failed).is_ok()
    }
}

/// The transport's end of an answer.
#[derive(Debug)]
pub(super) struct Awaited {
    reply: oneshot::Receiver<Reply>,
    is_press: bool,
}

/// A push for the consumer, and what waits for its answer.
pub(super) fn push(event: Event) -> (Push, Awaited) {
    let (sender, reply) = oneshot::channel();
    let is_press = matches!(event, Event::Press(_));
    (Push { event, answer: Answer { reply: sender, room: None } }, Awaited { reply, is_press })
}

impl Awaited {
    /// The payload of the answer; given by ourselves when none comes within `patience`.
    pub(super) async fn payload(self, patience: Duration) -> Vec<u8> {
        let reply = tokio::time::timeout(patience, self.reply).await;
        match (self.is_press, reply) {
            (true, Ok(Ok(Reply::Done(data)))) => payload(200, Some(&data)),
            (false, Ok(Ok(Reply::Done(_)))) => payload(200, None),
            (true, Ok(Ok(Reply::Failed))) => payload(200, Some(&FAILED.json())),
            (true, Ok(Err(_)) | Err(_)) => payload(200, Some(&WORKING.json())),
            (false, Ok(Ok(Reply::Failed) | Err(_)) | Err(_)) => payload(500, None),
        }
    }

    /// The payload when the consumer cannot take more.
    pub(super) fn refused(&self) -> Vec<u8> {
        if self.is_press { payload(200, Some(&FAILED.json())) } else { payload(500, None) }
    }
}

/// The payload for what nobody acts on.
pub(super) fn ignored(is_callback: bool) -> Vec<u8> {
    payload(200, is_callback.then(|| json!({})).as_ref())
}

fn payload(code: u16, data: Option<&Value>) -> Vec<u8> {
    let mut answer = json!({ "code": code, "headers": {} });
    if let Some(data) = data {
        answer["data"] = Value::String(STANDARD.encode(data.to_string()));
    }
    answer.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relay::feishu::event::Reading;
    use crate::relay::feishu::event::read;

    fn event(is_press: bool) -> Event {
        let (kind, event) = if is_press {
            (
                "card.action.trigger",
                json!({ "operator": { "open_id": "ou_1" }, "context": { "open_message_id": "om_1" } }),
            )
        } else {
            ("im.message.recalled_v1", json!({ "message_id": "om_1" }))
        };
        let push = json!({ "header": { "event_type": kind, "app_id": "cli_1" }, "event": event });
        match read(push.to_string().as_bytes(), "cli_1") {
            Reading::Event(event) => *event,
            Reading::Ignored { why, .. } => panic!("{why}"),
        }
    }

    /// The code and the data of the answer that `use_it` leads to.
    async fn answered(is_press: bool, use_it: impl FnOnce(Answer)) -> (u64, Option<Value>) {
        let (push, awaited) = push(event(is_press));
        use_it(push.answer);
        let payload: Value = serde_json::from_slice(&awaited.payload(Duration::from_millis(10)).await).unwrap();
        let data = payload
            .get("data")
            .map(|data| serde_json::from_slice(&STANDARD.decode(data.as_str().unwrap()).unwrap()).unwrap());
        (payload["code"].as_u64().unwrap(), data)
    }

    #[tokio::test]
    async fn an_event_gets_a_code_and_nothing_else() {
        assert_eq!(answered(false, |answer| assert!(answer.done())).await, (200, None));
        assert_eq!(answered(false, |answer| assert!(answer.toast(ToastKind::Info, "x"))).await, (200, None));
        assert_eq!(answered(false, |answer| assert!(answer.failed())).await, (500, None));
        assert_eq!(answered(false, drop).await, (500, None));
    }

    #[tokio::test]
    async fn a_press_always_gets_data() {
        assert_eq!(answered(true, |answer| assert!(answer.done())).await, (200, Some(json!({}))));
        let (code, data) =
            answered(true, |answer| assert!(answer.card(&json!({ "a": 1 }), Some((ToastKind::Success, "ok"))))).await;
        let expected =
            json!({ "card": { "type": "raw", "data": { "a": 1 } }, "toast": { "type": "success", "content": "ok" } });
        assert_eq!((code, data), (200, Some(expected)));
        for (use_it, kind) in [(drop as fn(Answer), "warning"), (|answer| assert!(answer.failed()), "error")] {
            let (code, data) = answered(true, use_it).await;
            assert_eq!((code, &data.unwrap()["toast"]["type"]), (200, &json!(kind)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_too_late_is_not_sent_and_says_so() {
        let (push, awaited) = push(event(true));
        let payload: Value = serde_json::from_slice(&awaited.payload(PATIENCE).await).unwrap();
        assert_eq!(payload["code"], 200);
        assert!(!push.answer.done());
    }
}
