//! Lines on standard input that answer approvals.

use serde::Deserialize;

use crate::core::approval::Decision;
use crate::core::ids::ApprovalId;

/// An answer as a script writes it in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    approval: u32,
    /// The whole decision, as it stands in the events; or one of the words.
    decision: AnswerWord,
    message: Option<String>,
    input: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AnswerWord {
    Word(Word),
    Whole(Box<Decision>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Allow,
    Deny,
    Stop,
}

pub(super) fn read(line: &str, open: &[ApprovalId]) -> Result<Option<(ApprovalId, Decision)>, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    if line.starts_with('{') {
        let answer: AnswerLine =
            serde_json::from_str(line).map_err(|error| format!("“{line}” is no answer: {error}"))?;
        let id = ApprovalId(answer.approval);
        let is_word_allow = matches!(answer.decision, AnswerWord::Word(Word::Allow));
        if (is_word_allow && answer.message.is_some()) || (!is_word_allow && answer.input.is_some()) {
            return Err(format!("“{line}”: a message goes with a denial, an input with “allow”"));
        }
        let message = answer.message.unwrap_or_else(|| "Denied.".into());
        let decision = match answer.decision {
            AnswerWord::Whole(decision) => *decision,
            AnswerWord::Word(Word::Allow) => {
                Decision::Allow { edited: answer.input, remember: Vec::new(), comment: None }
            }
            AnswerWord::Word(Word::Deny) => Decision::Deny { message, stop: false },
            AnswerWord::Word(Word::Stop) => Decision::Deny { message, stop: true },
        };
        return known(id, open).map(|id| Some((id, decision)));
    }
    let mut words = line.splitn(3, char::is_whitespace);
    let verb = words.next().unwrap_or_default();
    let (id, rest) = match words.next() {
        // A number each time: what was the oldest when the line was written may be gone when it is read.
        None => return Err(format!("“{line}”: write which approval is meant, as in “{verb} 3”")),
        Some(word) => match word.parse() {
            Ok(number) => (ApprovalId(number), words.next()),
            Err(_) => return Err(format!("“{word}” is no approval's number; write “{verb} NUMBER”")),
        },
    };
    let decision = match verb {
        "allow" | "y" | "yes" if rest.is_none() => Decision::allow_once(),
        "deny" | "n" | "no" => Decision::deny(rest.unwrap_or("Denied.")),
        _ => return Err(format!("“{line}” is no answer; write “allow NUMBER” or “deny NUMBER why”")),
    };
    known(id, open).map(|id| Some((id, decision)))
}

fn known(id: ApprovalId, open: &[ApprovalId]) -> Result<ApprovalId, String> {
    if open.contains(&id) { Ok(id) } else { Err(format!("approval {id} is not open")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_strictly() {
        let open = [ApprovalId(3), ApprovalId(4)];
        let read = |line: &str| super::read(line, &open);
        assert_eq!(read("allow 4"), Ok(Some((ApprovalId(4), Decision::allow_once()))));
        assert_eq!(read("deny 3 not this way"), Ok(Some((ApprovalId(3), Decision::deny("not this way")))));
        let json = r#"{"approval":3,"decision":"allow"}"#;
        assert_eq!(read(json), Ok(Some((ApprovalId(3), Decision::allow_once()))));
        assert_eq!(read(""), Ok(None));
        for bad in [
            "allow 9",
            "allow x",
            "allow 3 4",
            "allowed 3",
            "{}",
            "y",
            r#"{"decision":"allow"}"#,
            r#"{"approval":3,"decision":"allow","message":"x"}"#,
            r#"{"decision":"alow"}"#,
            r#"{"decision":"allow","approvl":3}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(super::read("y", &[]).is_err());
    }
}
