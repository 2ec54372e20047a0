//! One line to one message.
//!
//! For: deciding what a line is and reading it as that. Not for: reporting bad lines; they come
//! back as values, and the engine decides what to do about them.
//!
//! Invariants:
//! - No input panics, and none is an error: the worst is [`Decoded::NotJson`].
//! - A line that streams text is parsed once. Other lines are skimmed first for the tags that
//!   decide how to read them, since the tags may stand anywhere in the line.
//! - A request that cannot be read still yields its id where that is possible, because the CLI
//!   waits for an answer.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::wire::framing::PREVIEW_CHARS;
use crate::wire::inbound::control::{ControlRequest, ControlResponse};
use crate::wire::inbound::stream::RawStreamEvent;
use crate::wire::inbound::{Inbound, Message, System, Unknown, notices, turn};
use crate::wire::lenient::{self, Loose};
use crate::wire::macros::wire_struct;
use crate::wire::scan::{Scan, scan, shallow};

/// What became of a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// A message, perhaps of a kind that we do not know.
    Message(Box<Inbound>),
    /// No JSON: a warning that something printed, a line cut short, or JSON nested too deeply.
    NotJson(BadLine),
    /// JSON, but no object.
    NotObject(BadLine),
}

/// A line that is no message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BadLine {
    /// Its length.
    pub bytes: usize,
    /// Its beginning, unsanitized.
    pub preview: String,
    /// What the parser had to say.
    pub reason: String,
    /// Its type, when that much could be read.
    pub kind: Option<String>,
    /// Its request id, when that much could be read: answer it with an error.
    pub request_id: Option<String>,
}

wire_struct! {
    /// The tags that say how to read a line.
    struct Tags {
        pub kind ["type"]: Option<String>,
        pub subtype: Option<String>,
        pub session_id: Option<String>,
        pub uuid: Option<String>,
        pub request_id: Option<String>,
    }
}

/// How a line of streamed text begins, in every version seen. Only a shortcut: a line that begins
/// otherwise is found by its tags.
const STREAM_EVENT_START: &str = r#"{"type":"stream_event","#;

/// Reads one line, without its newline.
pub fn decode(line: &str) -> Decoded {
    // Some programs put one before each text they write.
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let mut decoded = decode_text(line);
    if let Decoded::Message(inbound) = &mut decoded {
        match &mut inbound.message {
            Message::ControlRequest(request) => request.judge(line),
            Message::ControlResponse(response) => response.pending.iter_mut().for_each(|request| request.judge(line)),
            _ => {}
        }
    }
    decoded
}

fn decode_text(line: &str) -> Decoded {
    let error = match read(line) {
        Ok(decoded) => return decoded,
        Err(error) => error,
    };
    if let Some(why) = (Scan { depth: scan(line).depth, ..Scan::default() }).objection() {
        return too_deep(line, why);
    }
    if let Some(repaired) = replace_lone_surrogates(line)
        && let Ok(Decoded::Message(mut inbound)) = read(&repaired)
    {
        inbound.repaired = true;
        return Decoded::Message(inbound);
    }
    // A key that stands twice in an object stops a struct, but not a `Value`: the last one counts,
    // as it does in JavaScript.
    if let Ok(value) = serde_json::from_str::<Value>(line)
        && let Ok(decoded) = read(&value.to_string())
    {
        return decoded;
    }
    Decoded::NotJson(cut_short(line, &error.to_string()))
}

/// A line that nests deeper than is read: it counts as what it is, without what is that deep. A request is not cut: it
/// comes back as one that cannot be read.
fn too_deep(line: &str, why: String) -> Decoded {
    let shallow = shallow(line);
    let whole = cut_short(&shallow, &why);
    if whole.kind.as_deref() == Some("control_request") {
        return Decoded::NotJson(BadLine {
            kind: whole.kind,
            request_id: whole.request_id,
            reason: why,
            ..bad_line(line)
        });
    }
    match decode_text(&shallow) {
        Decoded::Message(message) => Decoded::Message(message),
        Decoded::NotJson(_) | Decoded::NotObject(_) => Decoded::NotJson(cut_short(line, &why)),
    }
}

/// A text in which nothing is left that JavaScript reads and we cannot: halves of characters, and too many levels.
pub(crate) fn repaired(line: &str) -> String {
    let shallow = shallow(line);
    replace_lone_surrogates(&shallow).unwrap_or(shallow)
}

/// What can be told of a line that is not whole, or not quite JSON: the tags that stand before the damage.
pub fn cut_short(line: &str, reason: &str) -> BadLine {
    let mut tags = TagsSoFar::default();
    // The error is the damage itself; what was read before it counts.
    let _ = serde_json::Deserializer::from_str(line).deserialize_map(&mut tags);
    BadLine { reason: reason.to_owned(), kind: tags.kind, request_id: tags.request_id, ..bad_line(line) }
}

#[derive(Default)]
struct TagsSoFar {
    kind: Option<String>,
    request_id: Option<String>,
}

impl<'de> Visitor<'de> for &mut TagsSoFar {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "type" => self.kind = Some(map.next_value()?),
                "request_id" => self.request_id = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// The fields of a line, at its top, that this version of the program does not read. It costs a
/// pass over the line: for a debug log, once for each kind.
pub fn unknown_fields(line: &str) -> Vec<String> {
    let Ok(fields) = serde_json::from_str::<Map<String, Value>>(line) else {
        return Vec::new();
    };
    let tags: Tags = lenient::from_text(line).ok().flatten().unwrap_or_default();
    let Some(known) =
        known_fields(tags.kind.as_deref().unwrap_or_default(), tags.subtype.as_deref().unwrap_or_default())
    else {
        return Vec::new();
    };
    fields
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !known.contains(&name.as_str()) && !Tags::FIELDS.contains(&name.as_str()))
        .collect()
}

fn read(line: &str) -> Result<Decoded, serde_json::Error> {
    if line.starts_with(STREAM_EVENT_START) {
        return stream_event(line).map(Decoded::from);
    }
    let Some(tags) = lenient::from_text::<Tags>(line)? else {
        return Ok(Decoded::NotObject(BadLine { reason: "it is JSON, but no object".to_owned(), ..bad_line(line) }));
    };
    if tags.kind.as_deref() == Some("stream_event") {
        return stream_event(line).map(Decoded::from);
    }
    let message = message(&tags, line)?;
    Ok(Decoded::from(Inbound { session_id: tags.session_id, uuid: tags.uuid, repaired: false, message }))
}

impl From<Inbound> for Decoded {
    fn from(inbound: Inbound) -> Self {
        Self::Message(Box::new(inbound))
    }
}

fn stream_event(line: &str) -> Result<Inbound, serde_json::Error> {
    let mut raw: RawStreamEvent = whole(line)?;
    Ok(Inbound {
        session_id: raw.session_id.take(),
        uuid: raw.uuid.take(),
        repaired: false,
        message: Message::StreamEvent(raw.sort(|| serde_json::from_str(line).unwrap_or_default())),
    })
}

fn message(tags: &Tags, line: &str) -> Result<Message, serde_json::Error> {
    let kind = tags.kind.as_deref().unwrap_or_default();
    let sorted = match kind {
        "assistant" => Some(Message::Assistant(whole(line)?)),
        "user" => Some(Message::User(whole(line)?)),
        "result" => Some(Message::Result(whole(line)?)),
        "system" => {
            let subtype = tags.subtype.as_deref().unwrap_or_default();
            Some(Message::System(match System::read(subtype, line) {
                Some(system) => system?,
                None => System::Unknown(unknown(subtype, line)?),
            }))
        }
        "rate_limit_event" => Some(Message::RateLimit(whole(line)?)),
        "tool_progress" => Some(Message::ToolProgress(whole(line)?)),
        "tool_use_summary" => Some(Message::ToolUseSummary(whole(line)?)),
        "auth_status" => Some(Message::AuthStatus(whole(line)?)),
        "prompt_suggestion" => Some(Message::PromptSuggestion(whole(line)?)),
        "conversation_reset" => Some(Message::ConversationReset(whole(line)?)),
        "command_lifecycle" => Some(Message::CommandLifecycle(whole(line)?)),
        "active_goal" => Some(Message::ActiveGoal(whole(line)?)),
        "keep_alive" => Some(Message::KeepAlive),
        "control_request" => ControlRequest::read(line)?.map(Message::ControlRequest),
        "control_response" => ControlResponse::read(line)?.map(Message::ControlResponse),
        "control_cancel_request" => {
            let request_id = tags.request_id.clone();
            request_id.map(|request_id| Message::ControlCancel { request_id })
        }
        _ => None,
    };
    match sorted {
        Some(message) => Ok(message),
        None => unknown(kind, line).map(Message::Unknown),
    }
}

pub(super) fn known_fields(kind: &str, subtype: &str) -> Option<&'static [&'static str]> {
    match kind {
        "assistant" => Some(turn::Assistant::FIELDS),
        "user" => Some(turn::User::FIELDS),
        "result" => Some(turn::TurnResult::FIELDS),
        "system" => System::fields(subtype),
        "stream_event" => Some(RawStreamEvent::FIELDS),
        "rate_limit_event" => Some(notices::RateLimitEvent::FIELDS),
        "tool_progress" => Some(notices::ToolProgress::FIELDS),
        "tool_use_summary" => Some(notices::ToolUseSummary::FIELDS),
        "auth_status" => Some(notices::AuthStatus::FIELDS),
        "prompt_suggestion" => Some(notices::PromptSuggestion::FIELDS),
        "conversation_reset" => Some(notices::ConversationReset::FIELDS),
        "command_lifecycle" => Some(notices::CommandLifecycle::FIELDS),
        "active_goal" => Some(notices::ActiveGoal::FIELDS),
        "keep_alive" | "control_cancel_request" => Some(&[]),
        "control_request" => Some(&["request"]),
        "control_response" => Some(&["response"]),
        _ => None,
    }
}

fn whole<T: Loose + Default>(line: &str) -> Result<T, serde_json::Error> {
    Ok(lenient::from_text(line)?.unwrap_or_default())
}

fn unknown(kind: &str, line: &str) -> Result<Unknown, serde_json::Error> {
    Ok(Unknown { kind: kind.to_owned(), raw: serde_json::from_str(line)? })
}

fn bad_line(line: &str) -> BadLine {
    BadLine { bytes: line.len(), preview: line.chars().take(PREVIEW_CHARS).collect(), ..BadLine::default() }
}

/// Puts U+FFFD in the place of each `\ud83d`-like escape that lacks its other half: JSON allows
/// them, JavaScript writes them, and no Rust string can hold them. `None` when there are none.
fn replace_lone_surrogates(line: &str) -> Option<String> {
    let mut repaired: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while let Some(offset) = line[at..].find('\\') {
        let escape = at + offset;
        match surrogate_at(line, escape) {
            Some(Surrogate::High) if surrogate_at(line, escape + 6) == Some(Surrogate::Low) => {
                at = escape + 12;
            }
            Some(_) => {
                let text = repaired.get_or_insert_default();
                text.push_str(&line[copied..escape]);
                text.push_str("\\ufffd");
                copied = escape + 6;
                at = copied;
            }
            // Step over the escaped character too: in `\\ud83d` the second backslash is a text.
            None => {
                let escaped = line[escape + 1..].chars().next().map_or(0, char::len_utf8);
                at = escape + 1 + escaped;
            }
        }
    }
    let mut text = repaired?;
    text.push_str(&line[copied..]);
    Some(text)
}

#[derive(Debug, PartialEq)]
enum Surrogate {
    High,
    Low,
}

fn surrogate_at(line: &str, at: usize) -> Option<Surrogate> {
    let digits = line.get(at..at + 6)?.strip_prefix("\\u")?;
    match u16::from_str_radix(digits, 16).ok()? {
        0xd800..=0xdbff => Some(Surrogate::High),
        0xdc00..=0xdfff => Some(Surrogate::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
