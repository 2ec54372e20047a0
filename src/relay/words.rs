//! The two languages of the phone.
//!
//! Each text stands beside its translation where it is used: a table far away is where translations go stale.

use crate::config::feishu::Language;
use crate::core::ids::Timestamp;

/// The language that is spoken in the chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tongue {
    #[default]
    English,
    Chinese,
}

impl Tongue {
    pub fn pick<'a>(self, english: &'a str, chinese: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Chinese => chinese,
        }
    }
}

impl From<Language> for Tongue {
    fn from(language: Language) -> Self {
        match language {
            Language::English => Self::English,
            Language::Chinese => Self::Chinese,
        }
    }
}

/// A line that was cut elsewhere, without the word that the cut went through: it may be half a secret, which nothing
/// would know for one.
pub fn whole(line: &str) -> &str {
    match line.strip_suffix('…') {
        Some(cut) => cut.rsplit_once(char::is_whitespace).map_or("…", |(whole, _)| whole),
        None => line,
    }
}

/// The time of day where the computer is.
pub fn time_of_day(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string()
}

/// How long ago something was, in one unit.
pub fn ago(ms: u64, tongue: Tongue) -> String {
    let minutes = ms / 60_000;
    let (n, english, chinese) = match minutes {
        0 => return tongue.pick("just now", "刚刚").to_owned(),
        1..60 => (minutes, ("minute", "minutes"), "分钟"),
        60..1_440 => (minutes / 60, ("hour", "hours"), "小时"),
        _ => (minutes / 1_440, ("day", "days"), "天"),
    };
    match tongue {
        Tongue::English => format!("{} ago", crate::core::figures::count(n, english.0, english.1)),
        Tongue::Chinese => format!("{n} {chinese}前"),
    }
}

/// `1 tool call`, `2 tool calls`.
pub fn tool_calls(n: u32, tongue: Tongue) -> String {
    match (tongue, n) {
        (Tongue::English, 1) => "1 tool call".to_owned(),
        (Tongue::English, n) => format!("{n} tool calls"),
        (Tongue::Chinese, n) => format!("{n} 次工具调用"),
    }
}
