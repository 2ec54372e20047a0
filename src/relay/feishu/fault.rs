//! Why a call failed, and what to do about it.
//!
//! Feishu says it by the `code` in the body; the same code comes with different HTTP statuses, so those are
//! looked at only when there is no body to read. The codes are those of its documentation.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde_json::Value;

use crate::redact::Redactor;

/// When Feishu names no time.
const SHORT: Duration = Duration::from_millis(500);
/// The longest wait that is taken from an answer.
const LONGEST: Duration = Duration::from_mins(10);
/// What Feishu says is quoted up to here.
const MAX_QUOTE: usize = 300;
/// What it says is looked at up to here.
const MAX_READ: usize = 4096;

/// Tokens of a tenant, a user, an app or a card, whenever they were given out.
static TOKEN: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\b[tuac]-[A-Za-z0-9._-]{16,}").ok());

/// A call did not do what it was to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Something passing on Feishu's side: the same call again, with the same uuid.
    #[error("Feishu asks to try again: {text}")]
    Retry { after: Duration, text: String },
    /// Too fast.
    #[error("Feishu asks to slow down for {} ms", after.as_millis())]
    RateLimited { after: Duration },
    /// Nothing will work until a person changes something; the sentence says what.
    #[error("{0}")]
    Configuration(String),
    /// The text, card or file is too long.
    #[error("it is too long for Feishu: {0}")]
    TooBig(String),
    /// Feishu does not take a message of this form: try a simpler one.
    #[error("Feishu does not take it in this form: {0}")]
    Format(String),
    /// A filter of the organisation holds the text back.
    #[error("a filter of your organisation holds this text back")]
    Withheld,
    /// The message is recalled, deleted or too old to be changed, or its chat is not, or no longer, one of the bot's.
    #[error("the message or its chat is gone: {0}")]
    Gone(String),
    /// The bot may not do this here.
    #[error("the bot may not do this: {0}")]
    NoRight(String),
    /// The organisation's calls of this month are used up.
    #[error("your organisation has used up its calls to Feishu for this month")]
    Quota,
    /// Nothing that can be read came back; whether the call was done is not known.
    #[error("Feishu was not reached: {0}")]
    Transport(String),
    /// A code that is not known here.
    #[error("Feishu refused: {text} (code {code})")]
    Other { code: i64, text: String },
}

impl Fault {
    /// How long to wait before the same call may do better; `None`: it will not.
    pub fn again_after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after, .. } | Self::RateLimited { after } => Some(*after),
            Self::Transport(_) => Some(SHORT),
            Self::Configuration(_)
            | Self::TooBig(_)
            | Self::Format(_)
            | Self::Withheld
            | Self::Gone(_)
            | Self::NoRight(_)
            | Self::Quota
            | Self::Other { .. } => None,
        }
    }
}

/// An answer that is no success.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    pub status: u16,
    pub body: &'a Value,
    /// What it says, as [`quote`] gives it.
    pub text: &'a str,
    /// How long to wait, by a header, in seconds.
    pub wait_s: Option<u64>,
}

/// Whether the token was not accepted: a new one may be.
pub fn is_stale_token(code: i64) -> bool {
    matches!(code, 99_991_661 | 99_991_663 | 99_991_664 | 99_991_668 | 99_991_671)
}

/// The code of an answer; `None` when it is none of Feishu's.
pub fn code(body: &Value) -> Option<i64> {
    body.get("code").and_then(Value::as_i64)
}

/// What Feishu says in words, fit for a log and a screen: one short line without secrets, of which the cleaner
/// knows ours.
pub fn quote(text: &str, cleaner: &Redactor) -> String {
    let line: String = text.chars().take(MAX_READ).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line = cleaner.text(line.trim());
    // Cut only what is clean: half a secret would not be recognised.
    let clean = TOKEN.as_ref().map(|token| token.replace_all(&line, "[redacted:token]"));
    clean.unwrap_or_default().chars().take(MAX_QUOTE).collect()
}

/// The words of an answer.
pub fn message(body: &Value) -> &str {
    body.get("msg").and_then(Value::as_str).unwrap_or("no reason given")
}

/// Where support finds the call.
pub fn log_id(body: &Value) -> Option<&str> {
    body.pointer("/error/log_id").and_then(Value::as_str)
}

/// The kind of an answer with a code that is not zero.
pub fn classify(failure: Failure<'_>) -> Fault {
    let Failure { status, body, text, wait_s } = failure;
    let text = text.to_owned();
    let after = wait_s.map_or(SHORT, Duration::from_secs).min(LONGEST);
    let Some(code) = code(body) else { return without_code(status, wait_s) };
    match code {
        10_003 | 10_012 | 10_014 | 10_015 | 1_000_040_344 | 1_000_040_345 | 1_000_040_351 => {
            Fault::Configuration(format!(
                "Feishu does not know this app, or its secret is wrong ({text}, code {code}): compare app_id and the app \
                 secret with the developer console, under Credentials, and see that a version of the app is published"
            ))
        }
        99_991_400 | 230_020 | 11_232 => Fault::RateLimited { after },
        99_991_401 => Fault::Configuration(format!(
            "the app's IP allowlist does not have this machine ({text}): add its address in the developer console, under \
             Security settings"
        )),
        99_991_403 => Fault::Quota,
        99_991_672 | 99_991_679 => Fault::Configuration(missing_scope(body, &text)),
        230_006 | 234_007 => Fault::Configuration(
            "the app has no bot: add the ability Bot in the developer console and publish a version".to_owned(),
        ),
        230_013 => Fault::Configuration(
            "this person is outside the app's availability: add them in the developer console, under the version's \
             availability, and publish it"
                .to_owned(),
        ),
        230_022 | 230_028 => Fault::Withheld,
        230_025 | 234_006 | 300_305 | 200_860 => Fault::TooBig(text),
        230_099 if is_over_a_limit(body) => Fault::TooBig(text),
        230_001 | 230_054 | 230_055 | 230_071 | 230_072 | 230_099 | 232_007 | 234_001 | 234_010 | 234_011
        | 99_992_402 => Fault::Format(text),
        // Not in the chat (any more), of another organisation: the chat is lost to us, and to no other is anything wrong.
        230_002 | 230_011 | 230_019 | 230_031 | 230_038 | 230_050 | 230_110 | 230_111 | 232_009 | 234_038 => {
            Fault::Gone(text)
        }
        230_017 | 230_018 | 230_027 | 230_035 | 230_075 => Fault::NoRight(text),
        230_049 | 232_096 | 1 | 1_000_040_343 => Fault::Retry { after, text },
        code if is_stale_token(code) => Fault::Retry { after, text },
        code if status >= 500 => Fault::Retry { after, text: format!("{text} (code {code})") },
        code => Fault::Other { code, text },
    }
}

/// A gateway's page, or nothing at all.
fn without_code(status: u16, wait_s: Option<u64>) -> Fault {
    match (status, wait_s) {
        (429, _) | (503, Some(_)) => {
            Fault::RateLimited { after: Duration::from_secs(wait_s.unwrap_or(1)).min(LONGEST) }
        }
        _ => Fault::Transport(format!("an answer with status {status} that is not Feishu's own came back")),
    }
}

/// Sub-codes of "the card failed" that mean that there is too much of it.
fn is_over_a_limit(body: &Value) -> bool {
    let text = message(body);
    ["ErrCode: 11310", "ErrCode: 300305", "ErrCode: 200860"].iter().any(|code| text.contains(code))
}

/// Which scope to add, as far as the answer tells.
fn missing_scope(body: &Value, text: &str) -> String {
    let violations = body.pointer("/error/permission_violations").and_then(Value::as_array);
    let scopes: Vec<String> = violations
        .into_iter()
        .flatten()
        .filter_map(|violation| violation.get("subject").and_then(Value::as_str))
        .map(|scope| scope.chars().filter(|c| c.is_ascii_alphanumeric() || "_:.".contains(*c)).take(80).collect())
        .collect();
    let which = match scopes.len() {
        0 => format!("a scope ({text})"),
        1 => format!("the scope {}", scopes.concat()),
        _ => format!("one of the scopes {}", scopes.join(", ")),
    };
    format!("the app lacks {which}: add it in the developer console, under Permissions, and publish a version")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(status: u16, body: &Value) -> Fault {
        classify(Failure { status, body, text: message(body), wait_s: None })
    }

    #[test]
    fn codes_decide_and_not_the_status() {
        for status in [200, 400, 401, 429, 500] {
            assert_eq!(fault(status, &json!({ "code": 230_028, "msg": "DLP" })), Fault::Withheld);
            assert_eq!(fault(status, &json!({ "code": 99_991_403, "msg": "quota" })), Fault::Quota);
            assert_eq!(
                fault(status, &json!({ "code": 99_991_400, "msg": "frequency limit" })),
                Fault::RateLimited { after: SHORT }
            );
        }
    }

    #[test]
    fn each_kind_has_its_codes() {
        let kind = |code: i64, msg: &str| fault(400, &json!({ "code": code, "msg": msg }));
        assert!(matches!(kind(230_025, "long"), Fault::TooBig(_)));
        assert!(matches!(kind(230_099, "ext=ErrCode: 11310; over"), Fault::TooBig(_)));
        assert!(matches!(kind(230_099, "ext=ErrCode: 200861; tag"), Fault::Format(_)));
        assert!(matches!(kind(230_031, "14 days"), Fault::Gone(_)));
        assert!(matches!(kind(230_002, "not in the group"), Fault::Gone(_)));
        assert!(matches!(kind(230_018, "muted"), Fault::NoRight(_)));
        assert!(matches!(kind(230_049, "being sent"), Fault::Retry { .. }));
        assert!(matches!(kind(99_991_663, "token"), Fault::Retry { .. }));
        assert!(matches!(kind(10_014, "app secret invalid"), Fault::Configuration(_)));
        assert_eq!(kind(77, "new"), Fault::Other { code: 77, text: "new".into() });
        assert!(matches!(fault(502, &json!({ "code": 77, "msg": "x" })), Fault::Retry { .. }));
    }

    #[test]
    fn what_is_not_feishus_own_is_the_way_there() {
        assert!(matches!(fault(502, &Value::Null), Fault::Transport(_)));
        assert!(matches!(fault(200, &json!("page")), Fault::Transport(_)));
        let slow = Failure { status: 429, body: &Value::Null, text: "", wait_s: Some(9) };
        assert_eq!(classify(slow).again_after(), Some(Duration::from_secs(9)));
        let endless = Failure { wait_s: Some(u64::MAX), ..slow };
        assert_eq!(classify(endless).again_after(), Some(LONGEST));
    }

    #[test]
    fn a_missing_scope_is_named() {
        let body = json!({ "code": 99_991_672, "msg": "Access denied", "error": {
            "permission_violations": [{ "type": "action_scope_required", "subject": "im:message\u{1b}:send_as_bot" }] } });
        let Fault::Configuration(text) = fault(400, &body) else { panic!("{body}") };
        assert!(text.starts_with("the app lacks the scope im:message:send_as_bot: add it"), "{text}");
    }

    #[test]
    fn what_is_quoted_is_one_short_line_without_secrets() {
        let ours = Redactor::new(["S3cretOfTheApp".to_owned()]);
        let text = quote(&format!("a\n\u{1b}[31mb{}", "x".repeat(5_000)), &ours);
        assert!(text.len() <= MAX_QUOTE && !text.contains(['\n', '\u{1b}']), "{text}");
        let text = quote("no S3cretOfTheApp, t-g1044ghJRUIJJ5ZPPPJ6 or c-295ee57216a5dc9de90f", &ours);
        assert_eq!(text, "no [redacted:known], [redacted:token] or [redacted:token]");
        for n_before in 280..300 {
            let text = quote(&format!("{}S3cretOfTheApp t-g1044ghJRUIJJ5ZPPPJ6", " .".repeat(n_before / 2)), &ours);
            assert!(!text.contains("S3c") && !text.contains("t-g"), "{text}");
        }
        assert_eq!(message(&json!({ "code": 1 })), "no reason given");
    }
}
