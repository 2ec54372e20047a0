//! JSON-RPC 2.0: lines out, and what a line that came in is.

use serde_json::Value;
use serde_json::json;

use super::codec::MAX_LINE;

/// The line would be longer than a line may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// A question, with the end of its line.
pub(super) fn request(id: u64, method: &str, params: &Value) -> Result<String, TooLong> {
    line(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}

/// A message that wants no answer.
pub(super) fn notification(method: &str, params: &Value) -> Result<String, TooLong> {
    line(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
}

fn line(message: &Value) -> Result<String, TooLong> {
    let mut line = message.to_string();
    if line.len() > MAX_LINE {
        return Err(TooLong);
    }
    line.push('\n');
    Ok(line)
}

/// What a line of a hook is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Incoming {
    Answer {
        id: u64,
        outcome: Result<Value, String>,
    },
    /// Nothing that anybody waits for.
    Other(&'static str),
}

pub(super) fn read(line: &str) -> Incoming {
    let Ok(Value::Object(mut message)) = serde_json::from_str(line) else {
        return Incoming::Other("it is no JSON object");
    };
    if message.contains_key("method") {
        return Incoming::Other("a hook asks nothing");
    }
    let Some(id) = message.get("id").and_then(Value::as_u64) else {
        return Incoming::Other("it names no call");
    };
    let outcome = match (message.remove("error").filter(|error| !error.is_null()), message.remove("result")) {
        (Some(error), _) => Err(match error.get("message").and_then(Value::as_str) {
            Some(message) => message.to_owned(),
            None => error.to_string(),
        }),
        (None, Some(result)) => Ok(result),
        (None, None) => Err("it has neither a result nor an error".to_owned()),
    };
    Incoming::Answer { id, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_with_a_number_is_one_and_an_error_wins_over_a_result() {
        let answer = |line: &str| match read(line) {
            Incoming::Answer { id, outcome } => Some((id, outcome.is_ok())),
            Incoming::Other(_) => None,
        };
        assert_eq!(answer(r#"{"jsonrpc":"2.0","id":3,"result":{}}"#), Some((3, true)));
        assert_eq!(answer(r#"{"id":3,"result":{},"error":{"code":1,"message":"no"}}"#), Some((3, false)));
        assert_eq!(answer(r#"{"id":3,"result":{},"error":null}"#), Some((3, true)));
        assert_eq!(answer(r#"{"id":3}"#), Some((3, false)));
        for line in
            ["", "[]", "3", r#"{"id":"3","result":{}}"#, r#"{"id":-1,"result":{}}"#, r#"{"result":{}}"#, "{\"id\":1"]
        {
            assert_eq!(answer(line), None, "{line}");
        }
        assert_eq!(answer(r#"{"id":3,"method":"hook.x","result":{}}"#), None);
    }

    #[test]
    fn a_question_is_one_line_of_a_bounded_length() {
        let text = request(1, "hook.before_tool", &json!({ "a": "x\ny" })).unwrap();
        assert_eq!(text.matches('\n').count(), 1);
        assert_eq!(request(1, "m", &json!("x".repeat(MAX_LINE))), Err(TooLong));
    }
}
