//! A record made ready to be written: redacted, and no longer than allowed.
//!
//! What is too long is cut, and says so with its size and hash. The hash is that of the *redacted* value: a
//! hash of a value with a short secret in it would let anyone try out secrets against it.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use sha2::Digest as _;
use sha2::Sha256;

use super::record::Record;
use crate::redact::Redactor;

/// Texts are kept up to this length, and up to the second when many are long.
const MAX_TEXT_BYTES: [usize; 2] = [16 * 1024, 512];
/// No entry is longer, or only by what its other fields take.
const MAX_ENTRY_BYTES: usize = 256 * 1024;
/// A field of an entry that is still too long is kept up to this length.
const MAX_FIELD_BYTES: usize = 4096;
/// Deeper values are cut: they could not be read back.
const MAX_DEPTH: usize = 64;

/// What goes into a line, but for its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The inner part of a JSON object, beginning with `"at"`.
    pub(super) fields: String,
    /// It must be on the disk before anything else is taken.
    pub(super) is_urgent: bool,
}

/// A value that was shortened: where it stands, and what it was.
#[derive(Debug, Serialize)]
struct Cut {
    at: String,
    bytes: usize,
    sha256: String,
}

/// The hash of some bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |text, byte| text + &format!("{byte:02x}"))
}

impl Entry {
    pub fn new(record: &Record, redactor: &Redactor) -> Self {
        let body = serde_json::to_value(&record.body).unwrap_or_default();
        let Value::Object(mut fields) = redactor.json(&body) else { return Self::of(record, &Map::new()) };
        let cuts = bound(&mut fields);
        if !cuts.is_empty() {
            fields.insert("cut".into(), serde_json::to_value(cuts).unwrap_or_default());
        }
        Self::of(record, &fields)
    }

    fn of(record: &Record, body: &Map<String, Value>) -> Self {
        let mut fields = Map::new();
        fields.insert("at".into(), time(record).into());
        fields.insert("session".into(), record.session.map(|session| session.0).into());
        fields.extend(body.clone());
        let text = Value::Object(fields).to_string();
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        Self { fields: inner.to_owned(), is_urgent: record.body.is_urgent() }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }
}

fn time(record: &Record) -> String {
    let at = jiff::Timestamp::from_millisecond(record.at.0).unwrap_or_default();
    format!("{at:.3}")
}

/// Cuts what is too long.
fn bound(fields: &mut Map<String, Value>) -> Vec<Cut> {
    for limit in MAX_TEXT_BYTES {
        let mut shorter = fields.clone();
        let mut cuts = Vec::new();
        for (key, value) in &mut shorter {
            shorten(value, &format!("/{key}"), 0, limit, &mut cuts);
        }
        let n_bytes = json_bytes(&shorter) + json_bytes(&cuts);
        if n_bytes <= MAX_ENTRY_BYTES {
            *fields = shorter;
            return cuts;
        }
    }
    let mut cuts = Vec::new();
    for (key, value) in fields.iter_mut().filter(|(_, value)| json_bytes(value) > MAX_FIELD_BYTES) {
        let text = value.to_string();
        cuts.push(cut(&format!("/{key}"), &text));
        *value = Value::String(beginning(&text, MAX_FIELD_BYTES));
    }
    cuts
}

fn shorten(value: &mut Value, at: &str, depth: usize, limit: usize, cuts: &mut Vec<Cut>) {
    match value {
        Value::Array(_) | Value::Object(_) if depth == MAX_DEPTH => {
            cuts.push(cut(at, &value.to_string()));
            *value = Value::Null;
        }
        Value::String(text) if text.len() > limit => {
            cuts.push(cut(at, text));
            *text = beginning(text, limit);
        }
        Value::Array(items) => {
            for (place, item) in items.iter_mut().enumerate() {
                shorten(item, &format!("{at}/{place}"), depth + 1, limit, cuts);
            }
        }
        Value::Object(fields) => {
            for (key, value) in fields.iter_mut() {
                let key = key.replace('~', "~0").replace('/', "~1");
                shorten(value, &format!("{at}/{key}"), depth + 1, limit, cuts);
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn cut(at: &str, text: &str) -> Cut {
    Cut { at: at.to_owned(), bytes: text.len(), sha256: sha256(text.as_bytes()) }
}

fn beginning(text: &str, limit: usize) -> String {
    format!("{}…", &text[..text.floor_char_boundary(limit)])
}

fn json_bytes<T: Serialize>(value: &T) -> usize {
    serde_json::to_string(value).map_or(usize::MAX / 4, |text| text.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::record::Body;
    use crate::core::ids::SessionId;
    use crate::core::ids::Timestamp;

    fn entry(input: Value) -> Value {
        let body = Body::ToolStarted { call: "c".into(), parent: None, tool: "Bash".into(), input };
        let record = Record { at: Timestamp(1_700_000_000_007), session: Some(SessionId(3)), body };
        let entry = Entry::new(&record, &Redactor::new(["known-secret".to_owned()]));
        serde_json::from_str(&format!("{{{}}}", entry.fields)).unwrap()
    }

    #[test]
    fn an_entry_is_redacted_and_says_when_and_where() {
        let entry = entry(json!({"command": "export X_TOKEN=known-secret; psql --password hunter2"}));
        let expected = json!({
            "at": "2023-11-14T22:13:20.007Z",
            "session": 3,
            "kind": "tool_started",
            "call": "c",
            "tool": "Bash",
            "input": {"command": "export X_TOKEN=[redacted:token]; psql --password [redacted:password]"},
        });
        let token_as_known = expected.to_string().replace("[redacted:token]", "[redacted:known]");
        assert_eq!(entry.to_string(), token_as_known);
    }

    #[test]
    fn what_is_too_long_is_cut_and_carries_its_size_and_hash() {
        let text = "é".repeat(20_000);
        let entry = entry(json!({"a/b": text}));
        let kept = entry["input"]["a/b"].as_str().unwrap();
        assert!(kept.len() <= MAX_TEXT_BYTES[0] + 3 && kept.ends_with("é…"));
        let cut = json!([{"at": "/input/a~1b", "bytes": 40_000, "sha256": sha256(text.as_bytes())}]);
        assert_eq!(entry["cut"], cut);
    }

    #[test]
    fn nothing_makes_an_entry_longer_or_deeper_than_allowed() {
        let deep = (0..120).fold(json!("x"), |inner, _| json!([inner]));
        let many: Vec<Value> = (0..50_000).map(|n| json!({"n": n.to_string().repeat(10)})).collect();
        let long: Vec<Value> = (0..100).map(|_| json!("y".repeat(15_000))).collect();
        for input in [deep, json!(many), json!(long), json!("z".repeat(3_000_000))] {
            let entry = entry(input);
            assert!(entry.to_string().len() <= MAX_ENTRY_BYTES + 1024, "{}", entry.to_string().len());
            assert!(!entry["cut"].as_array().unwrap().is_empty());
        }
    }
}
