//! Lengths of time and counts, in both languages.

use std::time::Duration;

use super::Language;
use crate::core::figures;

/// How long something took: `1m 49s`, `1 分 49 秒`.
pub fn duration(elapsed: Duration, language: Language) -> String {
    if language == Language::English {
        return figures::duration(elapsed);
    }
    let seconds = elapsed.as_secs();
    // From 9.95 s on, one decimal would read "10.0".
    if elapsed.as_millis() < 9_950 {
        return format!("{:.1} 秒", elapsed.as_secs_f64());
    }
    match seconds {
        0..60 => format!("{} 秒", seconds.max(10)),
        60..3_600 => format!("{} 分 {} 秒", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} 小时 {} 分", seconds / 3_600, seconds % 3_600 / 60),
        86_400.. => format!("{} 天 {} 小时", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long ago something was, in one unit.
pub fn ago(ms: u64, language: Language) -> String {
    let minutes = ms / 60_000;
    let (n, english, chinese) = match minutes {
        0 => return language.pick("just now", "刚刚").to_owned(),
        1..60 => (minutes, ("minute", "minutes"), "分钟"),
        60..1_440 => (minutes / 60, ("hour", "hours"), "小时"),
        _ => (minutes / 1_440, ("day", "days"), "天"),
    };
    match language {
        Language::English => format!("{} ago", figures::count(n, english.0, english.1)),
        Language::Chinese => format!("{n} {chinese}前"),
    }
}

/// `1 tool call`, `2 次工具调用`.
pub fn tool_calls(n: u32, language: Language) -> String {
    match language {
        Language::English => figures::count(n.into(), "tool call", "tool calls"),
        Language::Chinese => format!("{n} 次工具调用"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_say_them() {
        for (ms, expected) in [
            (100, "0.1 秒"),
            (41_000, "41 秒"),
            (109_000, "1 分 49 秒"),
            (3_720_000, "1 小时 2 分"),
            (u64::MAX, "213503982334 天 14 小时"),
        ] {
            assert_eq!(duration(Duration::from_millis(ms), Language::Chinese), expected);
        }
        assert_eq!(
            (ago(30_000, Language::Chinese), ago(7_200_000, Language::English)),
            ("刚刚".into(), "2 hours ago".into())
        );
        assert_eq!(
            (tool_calls(1, Language::English), tool_calls(2, Language::Chinese)),
            ("1 tool call".into(), "2 次工具调用".into())
        );
    }
}
