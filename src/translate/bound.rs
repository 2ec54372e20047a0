//! Cutting what is kept to a bearable size. The CLI has the whole; an approval carries the whole.

use serde_json::Value;

/// Bytes of a tool's output that are kept, from its beginning and from its end.
const OUTPUT_HEAD: usize = 48 << 10;
const OUTPUT_TAIL: usize = 16 << 10;
/// Bytes of one text in a tool's input.
const INPUT_TEXT: usize = 32 << 10;
/// Bytes of all texts in a tool's input; behind them only the beginnings are kept.
const INPUT_TOTAL: usize = 128 << 10;
const INPUT_SHORT: usize = 200;
/// Entries of one list or object in a tool's input.
const INPUT_ENTRIES: usize = 500;
/// A structured result larger than this is left out.
pub(super) const DETAIL_BYTES: usize = 16 << 10;

/// The beginning and the end of a text, and how many bytes between them are left out.
pub(crate) fn output(text: &str) -> (String, u64) {
    if text.len() <= OUTPUT_HEAD + OUTPUT_TAIL {
        return (text.to_owned(), 0);
    }
    let head = text.floor_char_boundary(OUTPUT_HEAD);
    let tail = text.ceil_char_boundary(text.len() - OUTPUT_TAIL);
    let omitted = tail - head;
    (format!("{}\n… {omitted} bytes left out …\n{}", &text[..head], &text[tail..]), omitted as u64)
}

/// A tool's input for the timeline: long texts are cut with a mark.
pub(crate) fn input(value: &Value) -> Value {
    bounded(value, &mut 0)
}

fn bounded(value: &Value, spent: &mut usize) -> Value {
    match value {
        Value::String(text) => {
            let room = if *spent < INPUT_TOTAL { INPUT_TEXT } else { INPUT_SHORT };
            *spent += text.len().min(room);
            Value::String(cut(text, room))
        }
        Value::Array(items) => items.iter().take(INPUT_ENTRIES).map(|item| bounded(item, spent)).collect(),
        Value::Object(fields) => fields
            .iter()
            .take(INPUT_ENTRIES)
            .map(|(key, value)| {
                *spent += key.len();
                (cut(key, INPUT_SHORT), bounded(value, spent))
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// A name: of a tool, of a kind. No real one is longer than this.
pub(crate) fn word(text: &str) -> String {
    cut(text, INPUT_SHORT)
}

/// The beginning of a text, with a mark when there was more.
pub(crate) fn cut(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(room);
    format!("{}… ({} bytes more)", &text[..end], text.len() - end)
}

/// A structured result when it is small; null otherwise.
pub(crate) fn detail(value: Option<Value>) -> Value {
    value.filter(|value| size(value, 0) <= DETAIL_BYTES).unwrap_or(Value::Null)
}

/// About how many bytes a value takes as text; stops counting when it is clearly too many.
fn size(value: &Value, so_far: usize) -> usize {
    const NODE: usize = 8;
    if so_far > DETAIL_BYTES {
        return so_far;
    }
    match value {
        Value::String(text) => so_far + text.len() + NODE,
        Value::Array(items) => items.iter().fold(so_far + NODE, |sum, item| size(item, sum)),
        Value::Object(fields) => {
            fields.iter().fold(so_far + NODE, |sum, (key, value)| size(value, sum + key.len() + NODE))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => so_far + NODE,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_long_output_keeps_its_ends() {
        let text = format!("begin{}end", "é".repeat(100_000));
        let (kept, omitted) = output(&text);
        assert!(kept.starts_with("begin") && kept.ends_with("end"));
        assert!(kept.len() < 70_000);
        assert!((omitted as usize).abs_diff(text.len() - (OUTPUT_HEAD + OUTPUT_TAIL)) < 4);
        assert_eq!(output("short"), ("short".into(), 0));
    }

    #[test]
    fn an_input_is_bounded_at_every_depth() {
        let long = "x".repeat(1 << 20);
        let value = json!({"a": long, "b": [long, {"c": long}], "d": vec![long.as_str(); 100], "n": 7});
        let kept = input(&value);
        assert!(kept.to_string().len() < 300_000);
        assert_eq!(kept["n"], 7);
        assert!(kept["a"].as_str().unwrap().ends_with("bytes more)"));
    }

    #[test]
    fn a_detail_is_small_or_absent() {
        assert_eq!(detail(Some(json!({"task": {"id": "1"}}))), json!({"task": {"id": "1"}}));
        assert_eq!(detail(Some(json!("x".repeat(20_000)))), Value::Null);
        assert_eq!(detail(None), Value::Null);
    }
}
