//! The words that people answer with, and what looks like one.
//!
//! Invariant: only the whole message is a word, never a part of one: 不允许, 允许吗 and 行不行 allow nothing.

use super::fold;

/// What a whole message says, where it says no more than an answer does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Means allowing and nothing else.
    Yes,
    /// Means denying and nothing else.
    No,
    /// May be an answer, and may be said of anything.
    Weak,
    /// Numbers of options, or of requests.
    Numbers,
}

const YES: &[&str] = &["y", "yes", "是", "允许", "同意", "批准", "通过", "allow", "approve"];
const NO: &[&str] = &["n", "no", "否", "拒绝", "不同意", "不允许", "不批准", "deny"];

/// What people say for yes and no, and also of the weather. Emoji of the messenger's own stand in brackets.
const WEAK: &[&str] = &[
    "好",
    "好的",
    "好吧",
    "好啊",
    "好呀",
    "好滴",
    "好哒",
    "好嘞",
    "行",
    "行吧",
    "可以",
    "可以的",
    "可",
    "没问题",
    "对",
    "对的",
    "是的",
    "嗯",
    "嗯嗯",
    "恩",
    "唔",
    "哦",
    "中",
    "成",
    "准",
    "准了",
    "放行",
    "通过吧",
    "确认",
    "确定",
    "没事",
    "执行",
    "继续",
    "运行",
    "跑吧",
    "做吧",
    "来吧",
    "收到",
    "了解",
    "明白",
    "知道了",
    "赞成",
    "支持",
    "接受",
    "授权",
    "ok",
    "okay",
    "okey",
    "okk",
    "oki",
    "k",
    "kk",
    "okok",
    "yep",
    "yeah",
    "yup",
    "ya",
    "yea",
    "sure",
    "fine",
    "right",
    "correct",
    "accept",
    "accepted",
    "allowed",
    "approved",
    "agree",
    "agreed",
    "confirm",
    "confirmed",
    "go",
    "go ahead",
    "go on",
    "do it",
    "run it",
    "continue",
    "proceed",
    "please do",
    "yes please",
    "lgtm",
    "allow once",
    "允许一次",
    "始终允许",
    "always allow",
    "always",
    "true",
    "t",
    "不行",
    "不",
    "不要",
    "不可以",
    "不可",
    "不好",
    "不对",
    "不用",
    "不用了",
    "不必",
    "不能",
    "不准",
    "不许",
    "别",
    "别动",
    "取消",
    "停",
    "停下",
    "停止",
    "终止",
    "中断",
    "算了",
    "等等",
    "等一下",
    "等下",
    "稍等",
    "先别",
    "驳回",
    "禁止",
    "反对",
    "nope",
    "nah",
    "not now",
    "don't",
    "dont",
    "do not",
    "stop",
    "cancel",
    "abort",
    "wait",
    "hold on",
    "reject",
    "rejected",
    "denied",
    "refuse",
    "never",
    "no thanks",
    "no way",
    "disagree",
    "disallow",
    "false",
    "f",
    "拒绝并中断",
    "拒绝并中断",
    "deny and stop",
    "👍",
    "👌",
    "✅",
    "✔",
    "🆗",
    "🙆",
    "🙆‍♂",
    "🙆‍♀",
    "💯",
    "🉑",
    "☑",
    "⭕",
    "🤝",
    "🙏",
    "👎",
    "❌",
    "✖",
    "✗",
    "🙅",
    "🚫",
    "⛔",
    "🛑",
    "✋",
    "🆖",
    "[ok]",
    "[赞]",
    "[强]",
    "[好的]",
    "[thumbsup]",
    "[yes]",
    "[no]",
    "[done]",
    "[鼓掌]",
    "[弱]",
    "[踩]",
    "[打叉]",
    "[打钩]",
    "[对勾]",
    "[checkmark]",
    "[crossmark]",
    "[like]",
    "[get]",
    "[收到]",
];

/// What ends a message and says nothing.
const ENDS: [char; 3] = ['。', '.', '!'];
/// What people put behind a word that makes it softer, or into a question: such a message is not the word.
const TONES: &[&str] =
    &["~", ",", "、", ";", ":", "…", "吧", "呀", "啊", "哦", "喔", "啦", "了", "的", "哈", "呢", "嘛", "哟", "噢"];
/// What stands between words that are said in a row.
const BETWEEN: &[char] =
    &[' ', '\n', '\t', ',', '，', '、', ';', '。', '.', '!', '~', ':', '#', '-', '(', ')', '+', '/'];

/// The word that the whole message is, if it is one.
pub fn word(message: &str) -> Option<Word> {
    let folded = fold::folded(message);
    let text = folded.trim_end_matches(ENDS).trim_end();
    if text.is_empty() {
        return None;
    }
    exactly(text).or_else(|| is_nearly(text).then_some(Word::Weak))
}

fn exactly(text: &str) -> Option<Word> {
    let is_of = |list: &[&str]| list.contains(&text);
    // The joiner inside an emoji was folded away.
    let is_weak = || WEAK.iter().any(|word| *word == text || word.replace('\u{200d}', "") == text);
    match () {
        () if is_of(YES) => Some(Word::Yes),
        () if is_of(NO) => Some(Word::No),
        () if are_numbers(text) => Some(Word::Numbers),
        () if is_weak() => Some(Word::Weak),
        () => None,
    }
}

fn are_numbers(text: &str) -> bool {
    let is_between = |c: char| BETWEEN.contains(&c) || c == '和' || c == '&';
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || is_between(c))
}

/// Words in a row, softened, quoted or with a number: it may be an answer, and must not become anything else.
fn is_nearly(text: &str) -> bool {
    let whole = fold::unquoted(text).trim_end_matches(ENDS);
    if is_word(whole) || is_repeated(whole) {
        return true;
    }
    let mut parts = whole.split(BETWEEN).map(fold::unquoted).filter(|part| !part.is_empty());
    if parts.clone().count() > 1 && parts.all(|part| is_word(part) || is_number(part)) {
        return true;
    }
    // 允许1, y1, 允许第7个: the number of a request or of an option.
    let word = whole.trim_end_matches(['号', '个', '条']).trim_end_matches(|c: char| c.is_ascii_digit());
    let word = word.trim_end().trim_end_matches('第').trim_end_matches("请求").trim_end();
    word.len() < whole.len() && !word.is_empty() && is_word(word)
}

/// A word, perhaps made softer.
fn is_word(mut text: &str) -> bool {
    loop {
        if exactly(text).is_some() {
            return true;
        }
        let Some(shorter) = TONES.iter().find_map(|tone| text.strip_suffix(tone)) else { return false };
        text = shorter.trim_end();
    }
}

/// 好好好, 👍👍, 允许允许.
fn is_repeated(text: &str) -> bool {
    let mut words = [YES, NO, WEAK].into_iter().flatten();
    words.any(|word| text.len() > word.len() && text.starts_with(word) && text.replace(word, "").is_empty())
}

fn is_number(text: &str) -> bool {
    text.trim_start_matches('第').trim_end_matches(['号', '个', '项']).bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_message_is_a_word() {
        let of = |text: &str| word(text);
        for text in
            ["y", "Y", "Ｙ", "yes.", "YES!", " 是。", "允许", "允许！", "允许。。", "同意", "批准", "通过", "允许\n"]
        {
            assert_eq!(of(text), Some(Word::Yes), "{text}");
        }
        for text in ["n", "No.", "否", "拒绝", "不同意！", "不允许"] {
            assert_eq!(of(text), Some(Word::No), "{text}");
        }
        for text in [
            "好",
            "ok",
            "OK!",
            "👍🏻",
            "👍👍",
            "好好好",
            "允许吧",
            "允许~",
            "「允许」",
            "允许 1",
            "允许1",
            "y y",
            "好，可以",
            "拒绝 7",
        ] {
            assert_eq!(of(text), Some(Word::Weak), "{text}");
        }
        for text in ["1", "１", "1。", "①", "1,2", "１、２", "1 2", "1；2", "007"] {
            assert_eq!(of(text), Some(Word::Numbers), "{text}");
        }
        for text in [
            "允许吗？",
            "行不行",
            "是不是",
            "可以吗",
            "允许访问网络",
            "no problem at all",
            "y tho",
            "不允许吗",
            "",
            "。",
            "修一下",
            "1 plus 1",
            "好难",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
