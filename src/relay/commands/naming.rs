//! What a command is about, as people write it on a phone: numbers, names, paths.
//!
//! Invariant: a text that begins with the number of a request means that request or none.

use crate::relay::typed::fold;

/// What may stand between a command, a number, and what follows.
const SEPARATORS: &[char] = &['：', ':', '，', ',', '、', '；', ';', '。', '.', '！', '!', '—', '–', '｡', '､'];
/// What people write before the number of a request, and behind it.
const BEFORE: &[&str] = &["#", "＃", "№", "no.", "No.", "请求", "request", "Request", "第", "编号", "ID", "id"];
const BEHIND: &[char] = &['号', '个', '条'];

/// The request that a text begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named<'t> {
    None,
    /// Its number, and what follows.
    Request(u32, &'t str),
    /// It begins like a number, and is none for certain.
    Unclear,
}

fn digit(c: char) -> Option<u32> {
    c.to_digit(10).or_else(|| ('０'..='９').contains(&c).then(|| u32::from(c) - u32::from('０')))
}

/// The digits at the beginning, and what follows; `None` where there are none.
fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c| digit(c).is_none()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

pub(super) fn named(text: &str) -> Named<'_> {
    let text = text.trim();
    let behind = BEFORE.iter().find_map(|before| text.strip_prefix(before)).unwrap_or(text).trim_start();
    let Some((number, rest)) = digits(behind) else {
        let signed =
            text.strip_prefix(['-', '+', '－', '＋']).is_some_and(|rest| rest.starts_with(|c| digit(c).is_some()));
        return if signed { Named::Unclear } else { Named::None };
    };
    let Some(number) = fold::number(number) else { return Named::Unclear };
    let rest = rest.strip_prefix(BEHIND).unwrap_or(rest);
    let is_apart = |c: char| c.is_whitespace() || SEPARATORS.contains(&c);
    if !rest.is_empty() && !rest.starts_with(is_apart) {
        return Named::Unclear;
    }
    let is_fraction =
        rest.starts_with(['.', ',', ':', '，', '、', '：']) && rest.chars().nth(1).is_some_and(|c| digit(c).is_some());
    let rest = rest.trim_start_matches(is_apart).trim_end();
    let is_list = digits(rest).is_some_and(|(_, after)| after.is_empty() || after.starts_with(is_apart));
    if is_fraction || is_list { Named::Unclear } else { Named::Request(number, rest) }
}

/// The requests that a text speaks of, by their numbers.
pub fn requests_in(text: &str) -> Vec<u32> {
    let words = ["请求", "request ", "Request ", "#", "＃"];
    let behind = words.iter().flat_map(|word| text.match_indices(word).map(|(at, word)| &text[at + word.len()..]));
    behind.filter_map(|rest| fold::number(digits(rest.trim_start())?.0)).collect()
}

/// The name of a command, and what follows it. The name ends where something stands that no name has.
pub(super) fn command(text: &str) -> (&str, &str) {
    let ends =
        |c: char| c.is_whitespace() || SEPARATORS.contains(&c) || fold::QUOTES.iter().any(|(open, _)| *open == c);
    let end = text.find(ends).unwrap_or(text.len());
    (&text[..end], text[end..].trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '：' | ':')))
}

/// Without what ends a sentence.
pub(super) fn ended(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '。' | '.' | '！' | '!' | '，' | ',' | '｡'))
}

/// A path as it is meant: without quotation marks and the full stop of a sentence, its tilde and slashes narrow.
pub(super) fn path(text: &str) -> String {
    let text = fold::unquoted(text.trim_end_matches(['。', '！', '｡']));
    let mut path = text.to_owned();
    if path.starts_with(['～', '〜']) {
        path = path.replacen(['～', '〜'], "~", 1);
    }
    if path.contains('／') && !path.contains('/') { path.replace('／', "/") } else { path }
}

/// The first word, which quotation marks may hold together, and what follows it.
pub(super) fn word(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let first = text.chars().next()?;
    let Some((_, closing)) = fold::QUOTES.iter().find(|(open, _)| *open == first) else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let inside = &text[first.len_utf8()..];
    let end = inside.find(*closing)?;
    Some((inside[..end].to_owned(), &inside[end + closing.len_utf8()..]))
}

/// The directory that a text begins with, and what follows it: a wide comma or colon ends it, unless it is quoted.
pub(super) fn directory(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let is_quoted = fold::QUOTES.iter().any(|(open, _)| text.starts_with(*open));
    let (first, rest) = word(text)?;
    if is_quoted {
        return Some((path(&first), rest.trim_start_matches(['，', '：', '。', '；'])));
    }
    let end = first.find(['，', '：', '；', '。']).unwrap_or(first.len());
    let rest = &text[end..];
    Some((path(&first[..end]), rest.trim_start_matches(['，', '：', '；', '。'])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_its_request_or_nothing() {
        for (text, expected) in [
            ("", Named::None),
            ("not now", Named::None),
            ("请求太危险", Named::None),
            ("python3 is old", Named::None),
            ("7", Named::Request(7, "")),
            ("７。", Named::Request(7, "")),
            ("7：理由", Named::Request(7, "理由")),
            ("8, 理由", Named::Request(8, "理由")),
            ("7、不行", Named::Request(7, "不行")),
            ("7 use the lock file", Named::Request(7, "use the lock file")),
            ("#7 no", Named::Request(7, "no")),
            ("请求 7：不要", Named::Request(7, "不要")),
            ("第7个，不要", Named::Request(7, "不要")),
            ("7号 不要", Named::Request(7, "不要")),
            ("7理由", Named::Unclear),
            ("3rd party code", Named::Unclear),
            ("7.5 is too much", Named::Unclear),
            ("7,8", Named::Unclear),
            ("7 8", Named::Unclear),
            ("7：8 也不行", Named::Unclear),
            ("-1", Named::Unclear),
            ("99999999999 x", Named::Unclear),
        ] {
            assert_eq!(named(text), expected, "{text}");
        }
        assert_eq!(requests_in("不要执行请求 7，也不要 #８"), [7, 8]);
    }

    #[test]
    fn paths_are_what_they_look_like() {
        for (text, expected) in
            [("～/x", "~/x"), ("「目录」", "目录"), ("～／a／b", "~/a/b"), ("a/b.rs。", "a/b.rs"), ("a.", "a.")]
        {
            assert_eq!(path(text), expected);
        }
        assert_eq!(directory("web，修复测试"), Some(("web".into(), "修复测试")));
        assert_eq!(directory("「我的 项目」修复"), Some(("我的 项目".into(), "修复")));
        assert_eq!(directory("'open"), None);
    }
}
