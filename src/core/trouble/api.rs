//! From what is told of a failed call of the API to its kind.
//!
//! Invariant: the status decides where there is one. A message of the API quotes the conversation, so words in it say
//! nothing about what happened.

use super::Trouble;
use super::TroubleKind;

/// Characters of the API's own sentence that are shown beside ours.
const MAX_SENTENCE: usize = 300;

/// What the CLI tells of a failure.
#[derive(Debug, Clone, Copy, Default)]
pub struct ApiFault<'a> {
    /// The HTTP status of the answer.
    pub status: Option<u64>,
    /// The CLI's own word for the kind, such as `billing_error`.
    pub word: Option<&'a str>,
    /// The CLI has said that the account's limit is reached.
    pub at_limit: bool,
}

impl Trouble {
    /// Reads the kind out of a failed call of the API.
    pub fn from_api(fault: ApiFault<'_>, raw: impl Into<String>) -> Self {
        let raw = raw.into();
        Self { kind: fault.kind(&raw), raw }
    }

    /// Reads the kind out of words alone, as a process leaves them that did not start.
    pub fn from_words(raw: impl Into<String>) -> Self {
        Self::from_api(ApiFault::default(), raw)
    }
}

impl ApiFault<'_> {
    fn kind(self, raw: &str) -> TroubleKind {
        match self.status.or_else(|| status_in(raw)) {
            Some(status) => self.of_status(status, raw),
            None => self.of_word(raw),
        }
    }

    fn of_status(self, status: u64, raw: &str) -> TroubleKind {
        match status {
            401 | 403 => TroubleKind::Authentication,
            402 => TroubleKind::Billing,
            404 if self.word == Some("model_not_found") => TroubleKind::ModelMissing,
            408 | 500..=502 | 504..=528 | 530..=599 => TroubleKind::ServerFault,
            503 | 529 => TroubleKind::Overloaded,
            429 => self.limit(raw),
            400..=499 if self.word == Some("billing_error") => TroubleKind::Billing,
            400..=499 if is_too_long(raw) => TroubleKind::ContextTooLong,
            400..=499 => TroubleKind::Refused,
            _ => self.of_word(raw),
        }
    }

    /// There was no answer, or it is not known which.
    fn of_word(self, raw: &str) -> TroubleKind {
        match self.word {
            Some("authentication_failed" | "oauth_org_not_allowed") => TroubleKind::Authentication,
            Some("billing_error") => TroubleKind::Billing,
            Some("rate_limit") => self.limit(raw),
            Some("overloaded") => TroubleKind::Overloaded,
            Some("model_not_found") => TroubleKind::ModelMissing,
            Some("invalid_request") if is_too_long(raw) => TroubleKind::ContextTooLong,
            Some("invalid_request") => TroubleKind::Refused,
            Some("server_error") if is_unreachable(raw) => TroubleKind::Network,
            Some("server_error") => TroubleKind::ServerFault,
            _ => of_text(raw),
        }
    }

    fn limit(self, raw: &str) -> TroubleKind {
        if self.at_limit || says_limit(raw) { TroubleKind::UsageLimit { lifts: None } } else { TroubleKind::Throttled }
    }
}

/// Sentences that the CLI itself writes, known by how they begin.
fn of_text(raw: &str) -> TroubleKind {
    let is_any = |of: fn(&str) -> bool| raw.lines().any(of);
    if is_too_long(raw) {
        TroubleKind::ContextTooLong
    } else if is_any(is_sign_in) {
        TroubleKind::Authentication
    } else if is_any(|line| begins(line, &["credit balance is too low", "your credit balance is too low"])) {
        TroubleKind::Billing
    } else if says_limit(raw) {
        TroubleKind::UsageLimit { lifts: None }
    } else if is_any(|line| begins(line, &["overloaded"])) {
        TroubleKind::Overloaded
    } else if is_any(is_unreachable) {
        TroubleKind::Network
    } else if is_any(|line| begins(line, &["no conversation found"])) {
        TroubleKind::ConversationGone
    } else {
        TroubleKind::Other
    }
}

/// `API Error: 400 …`, as the CLI writes it into records that have no field for the status.
fn status_in(raw: &str) -> Option<u64> {
    let rest = raw.trim_start().strip_prefix("API Error: ")?;
    let (digits, _) = rest.split_once(|c: char| !c.is_ascii_digit())?;
    digits.parse().ok().filter(|status| (400..=599).contains(status))
}

fn begins(line: &str, with: &[&str]) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("API Error:").unwrap_or(line).trim_start();
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start();
    let text: String = line.chars().take(80).collect::<String>().to_lowercase().replace('’', "'");
    with.iter().any(|words| text.starts_with(words))
}

fn is_too_long(raw: &str) -> bool {
    begins(raw, &["prompt is too long", "input length and `max_tokens` exceed context limit"])
}

fn is_sign_in(line: &str) -> bool {
    begins(
        line,
        &[
            "invalid api key",
            "invalid x-api-key",
            "please run /login",
            "not logged in",
            "failed to authenticate",
            "oauth token",
        ],
    )
}

fn is_unreachable(line: &str) -> bool {
    begins(
        line,
        &[
            "connection error",
            "connection refused",
            "connection reset",
            "connection closed",
            "unable to connect",
            "request timed out",
            "network error",
            "fetch failed",
            "the socket connection",
        ],
    ) || ["(ECONN", "(ENOTFOUND", "(ETIMEDOUT", "(EAI_AGAIN", "(ConnectionRefused"]
        .iter()
        .any(|code| line.contains(code))
}

fn says_limit(raw: &str) -> bool {
    begins(
        raw,
        &[
            "you've hit your",
            "you've reached your",
            "you're out of extra usage",
            "you're out of usage credits",
            "usage limit reached",
            "claude usage limit reached",
            "claude ai usage limit reached",
        ],
    )
}

/// The API's sentence without what the CLI puts before it.
pub(super) fn sentence(raw: &str) -> Option<String> {
    let line = raw.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line = line.strip_prefix("API Error:").unwrap_or(line).trim_start();
    let mut chars = line.chars();
    let mut text: String = chars.by_ref().take(MAX_SENTENCE).collect();
    if chars.next().is_some() {
        text.push('…');
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind(status: Option<u64>, word: &str, raw: &str) -> TroubleKind {
        let word = Some(word).filter(|word| !word.is_empty());
        Trouble::from_api(ApiFault { status, word, at_limit: false }, raw).kind
    }

    #[test]
    fn the_status_decides_and_no_word() {
        let refused = TroubleKind::Refused;
        for text in [
            "API Error: 400 tools.0.input: enum value limit reached",
            "API Error: 400 messages.401.content: bad",
            "API Error: 400 messages.3: connection timeout not permitted",
            "API Error: 400 tools.2: /login is no authentication",
            "API Error: 400 tools.2: the credit balance of billing is overloaded",
        ] {
            assert_eq!(kind(Some(400), "unknown", text), refused, "{text}");
            assert_eq!(kind(None, "", text), refused, "{text}: an older record");
        }
        assert_eq!(kind(Some(401), "", "x"), TroubleKind::Authentication);
        assert_eq!(kind(Some(402), "unknown", "API Error: 402 pay"), TroubleKind::Billing);
        assert_eq!(kind(Some(404), "model_not_found", "There's an issue"), TroubleKind::ModelMissing);
        assert_eq!(kind(Some(413), "invalid_request", "Request too large (max 32MB)."), refused);
        assert_eq!(
            kind(Some(500), "server_error", "API Error: 500 connection limit reached"),
            TroubleKind::ServerFault
        );
        assert_eq!(kind(Some(529), "server_error", "x"), TroubleKind::Overloaded);
        assert_eq!(kind(Some(400), "billing_error", "Credit balance is too low"), TroubleKind::Billing);
        let long = "API Error: 400 prompt is too long: 210000 tokens > 200000 maximum";
        assert_eq!(kind(Some(400), "", long), TroubleKind::ContextTooLong);
    }

    #[test]
    fn a_plain_429_is_no_usage_limit() {
        let throttled = "API Error: Request rejected (429) · Number of requests: usage limit reached";
        assert_eq!(kind(Some(429), "rate_limit", throttled), TroubleKind::Throttled);
        let limit = TroubleKind::UsageLimit { lifts: None };
        assert_eq!(kind(Some(429), "rate_limit", "You’ve hit your limit · resets 3pm"), limit);
        assert_eq!(kind(None, "", "Claude AI usage limit reached|1719846000"), limit);
        let fault = ApiFault { status: Some(429), word: None, at_limit: true };
        assert_eq!(Trouble::from_api(fault, throttled).kind, limit);
        let fault = ApiFault { status: Some(400), ..fault };
        assert_eq!(Trouble::from_api(fault, "x").kind, TroubleKind::Refused, "a limit explains a 429 only");
    }

    #[test]
    fn without_a_status_the_clis_own_words_are_read() {
        assert_eq!(kind(None, "", "Invalid API key · Please run /login"), TroubleKind::Authentication);
        assert_eq!(
            kind(None, "server_error", "API Error: Unable to connect to API (ConnectionRefused)"),
            TroubleKind::Network
        );
        assert_eq!(kind(None, "", "API Error: Connection error."), TroubleKind::Network);
        assert_eq!(kind(None, "", "No conversation found with session ID: x"), TroubleKind::ConversationGone);
        assert_eq!(kind(None, "", "the connection of tool 401 has a timeout"), TroubleKind::Other);
    }

    #[test]
    fn records_of_earlier_versions_are_read() {
        let kind = |text: &str| serde_json::from_str::<TroubleKind>(text).unwrap();
        assert_eq!(kind(r#"{"RateLimit":{"lifts":null}}"#), TroubleKind::UsageLimit { lifts: None });
    }

    proptest! {
        #[test]
        fn no_message_of_a_refusal_moves_it(status in prop::sample::select(vec![400_u64, 404, 405, 413, 422]),
            path in "[a-z]{1,8}\\.[0-9]{1,3}", words in "(connection|timeout|401|limit reached|overloaded|billing|/login| ){0,6}") {
            let raw = format!("API Error: {status} {path}: {words}");
            prop_assert_eq!(kind(Some(status), "unknown", &raw), TroubleKind::Refused);
            prop_assert_eq!(kind(None, "", &raw), TroubleKind::Refused);
        }
    }
}
