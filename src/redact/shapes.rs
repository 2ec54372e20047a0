//! Secrets that are known by their shape, and those known by the words before them.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;
use regex::RegexSet;

use super::assigned::is_reference;
use super::assigned::looks_random;
use super::is_mark;
use super::mark;

/// Keys that tell by their form what they are: kind and pattern.
const KEYS: &[(&str, &str)] = &[
    ("anthropic-key", r"sk-ant-[A-Za-z0-9_-]{8,}"),
    (
        "api-key",
        r"(?-u:\b)sk-(?:(?:proj|svcacct|admin|None|or-v1|lf)-[A-Za-z0-9_-]{16,}|[A-Za-z0-9]{20,})|(?-u:\b)(?:gsk|xai|pplx|r8|fw|nvapi|tvly|dckr_pat|dop_v1|doo_v1|shpat|lin_api|whsec|sntrys)[_-][A-Za-z0-9_-]{20,}",
    ),
    ("stripe-key", r"(?-u:\b)[rs]k_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("github-token", r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"),
    ("gitlab-token", r"(?-u:\b)gl(?:pat|oas|dt|rt|ptt|ft|soat|agent|cbt|imt)-[A-Za-z0-9_-]{16,}"),
    ("slack-token", r"xox[abeoprs]-[A-Za-z0-9-]{10,}|(?-u:\b)xapp-[0-9]-[A-Za-z0-9-]{10,}"),
    ("aws-key", r"(?-u:\b)(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?-u:\b)"),
    ("google-key", r"(?-u:\b)AIza[A-Za-z0-9_-]{35}|(?-u:\b)ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}"),
    ("jwt", r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,3}\.[A-Za-z0-9_-]*"),
    ("npm-token", r"(?-u:\b)npm_[A-Za-z0-9]{30,}"),
    ("hugging-face-token", r"(?-u:\b)(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("pypi-token", r"pypi-[A-Za-z0-9_-]{50,}"),
    ("sendgrid-key", r"(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("telegram-token", r"(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    ("age-key", r"AGE-SECRET-KEY-1[A-Z0-9]{20,}"),
];

/// Secrets after something that stays: kind, pattern with what stays in group 1 and the secret in group 2,
/// and whether the secret has to look like one.
const IN_CONTEXT: &[(&str, &str, Look)] = &[
    (
        "webhook",
        r"(https://(?:hooks\.slack\.com/[a-z]+|(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook)/)([A-Za-z0-9_/-]+)",
        Look::Any,
    ),
    // Up to the last @ before the path: a password may contain one.
    ("password", r#"([A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@?#\[\]"'<>`]*:)([^\s/?#"'<>`]+)@"#, Look::Any),
    ("token", r"(https?://)([A-Za-z0-9_.~%-]{20,})@", Look::Random),
    (
        "authorization",
        r#"(?i)((?-u:\b)(?:proxy-)?authorization\\*["']?\s{0,3}[:=]\s{0,3}\\*["']?(?:[a-z0-9-]{1,20}\s{1,3}))([^\s"'\\,;]{4,})"#,
        Look::NoWord,
    ),
    ("authorization", r"(?i)((?-u:\b)bearer\s{1,3})([a-z0-9._~+/=-]{12,})", Look::Random),
    ("cookie", r#"(?i)((?-u:\b)(?:set-)?cookie:\s{0,3})([^\s=;"'\\]+=[^\r\n"'\\]+)"#, Look::Any),
    (
        "password",
        r#"(\s(?:-u|-U|--user|--proxy-user)[\s=]{0,2}["']?[A-Za-z0-9_.@+-]{1,100}:)([^\s"']+)"#,
        Look::NotDigits,
    ),
    ("password", r#"(\bsshpass\s{1,3}-p\s{0,3}["']?)([^\s"']+)"#, Look::Any),
    ("password", r#"(?i)((?-u:\b)IDENTIFIED\s{1,3}BY\s{1,3}["'])([^"'\n]+)"#, Look::Any),
];

/// What a secret in its place must look like to be taken for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Any,
    Random,
    /// Not a plain word, as in "authorization: please ask".
    NoWord,
    /// Not a number, as in `docker run -u 1000:1000`.
    NotDigits,
}

struct Table {
    set: RegexSet,
    rules: Vec<Regex>,
}

impl Table {
    fn new<'a>(patterns: impl Iterator<Item = &'a str> + Clone) -> Option<Self> {
        let rules: Result<Vec<Regex>, _> = patterns.clone().map(Regex::new).collect();
        Some(Self { set: RegexSet::new(patterns).ok()?, rules: rules.ok()? })
    }
}

// A test holds that every pattern is one.
static KEY_TABLE: LazyLock<Option<Table>> = LazyLock::new(|| Table::new(KEYS.iter().map(|(_, pattern)| *pattern)));
static CONTEXT_TABLE: LazyLock<Option<Table>> =
    LazyLock::new(|| Table::new(IN_CONTEXT.iter().map(|(_, pattern, _)| *pattern)));

/// Takes out keys that tell by their form what they are; `None` when there are none.
pub(super) fn redact_keys(text: &str) -> Option<String> {
    let table = KEY_TABLE.as_ref()?;
    let mut redacted: Option<String> = None;
    for place in table.set.matches(text) {
        let (Some(rule), Some((kind, _))) = (table.rules.get(place), KEYS.get(place)) else { continue };
        let text = redacted.as_deref().unwrap_or(text);
        redacted = Some(rule.replace_all(text, mark(kind).as_str()).into_owned());
    }
    redacted.filter(|redacted| redacted != text)
}

/// Takes out what stands where secrets stand; `None` when there is nothing.
pub(super) fn redact_in_context(text: &str) -> Option<String> {
    let table = CONTEXT_TABLE.as_ref()?;
    let mut redacted: Option<String> = None;
    for place in table.set.matches(text) {
        let (Some(rule), Some((kind, _, look))) = (table.rules.get(place), IN_CONTEXT.get(place)) else { continue };
        let replace = |found: &Captures<'_>| {
            let (whole, secret) = (&found[0], &found[2]);
            if is_mark(secret) || !look.accepts(secret) {
                return whole.to_owned();
            }
            let after = &whole[found[1].len() + secret.len()..];
            format!("{}{}{after}", &found[1], mark(kind))
        };
        let text = redacted.as_deref().unwrap_or(text);
        redacted = Some(rule.replace_all(text, replace).into_owned());
    }
    redacted.filter(|redacted| redacted != text)
}

impl Look {
    fn accepts(self, secret: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Random => looks_random(secret),
            Self::NoWord if is_reference(secret) => false,
            Self::NoWord => !secret.bytes().all(|byte| byte.is_ascii_lowercase() || b".,;:!?)".contains(&byte)),
            Self::NotDigits => !secret.bytes().all(|byte| byte.is_ascii_digit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(KEY_TABLE.as_ref().unwrap().rules.len(), KEYS.len());
        assert_eq!(CONTEXT_TABLE.as_ref().unwrap().rules.len(), IN_CONTEXT.len());
    }
}
