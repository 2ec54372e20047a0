//! What a message asks for: the commands of the phone, and everything else as text.
//!
//! **For:** the grammar, the same in every messenger: commands as people type them, in any width, in two languages.
//! **Not for:** doing it, nor for asking who may; whether a text is an answer is told by [`typed`](super::typed). Pure.

use crate::core::language;
use crate::core::language::Language;
use crate::core::permission::PermissionMode;
use crate::core::worktree::WorktreeSpec;
use crate::relay::typed::fold;

/// Every command, in both languages.
mod help;
/// Numbers, names and paths.
mod naming;
/// `/new` and its options.
mod opening;

pub use help::SHORTCUTS;
pub use help::help;
use naming::Named;
pub use naming::requests_in;

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    New {
        directory: String,
        prompt: Option<String>,
        timeout_minutes: Option<u64>,
        idle_minutes: Option<u64>,
        /// In a git worktree of its own, on a branch of this name or of one that is chosen.
        worktree: Option<WorktreeSpec>,
    },
    List,
    /// Goes on with an earlier conversation; without one it shows which there are.
    Resume {
        which: Option<Conversation>,
        prompt: Option<String>,
    },
    /// Goes on in a copy of a session's conversation.
    Fork {
        session: Option<u32>,
        prompt: Option<String>,
    },
    /// What waits to be sent to a session.
    Queue(Option<u32>),
    /// What removing the worktree of a session would lose, and the question whether to.
    Worktree(Option<u32>),
    Switch(u32),
    /// Of the active session, or of the one named.
    Close(Option<u32>),
    Stop(Option<u32>),
    Progress(Option<u32>),
    Tail(Option<u32>),
    Mode(PermissionMode),
    /// The request named, or the one that a word alone would mean.
    Approve(Option<u32>),
    Deny {
        request: Option<u32>,
        reason: Option<String>,
    },
    /// Answers to the questions of a request, in words.
    Answer {
        request: u32,
        text: String,
    },
    File(String),
    /// Whether news come, to this person.
    Quiet(bool),
    Help,
    /// Text for the active session.
    Prompt(String),
    /// Text for this session: a reply to a message about it.
    PromptTo(u32, String),
    /// A command that cannot be carried out as it was written, and why.
    Wrong(String),
}

/// Which conversation is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversation {
    /// By its place in the list that was shown last.
    Nth(u32),
    Id(String),
}

/// Which command a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    New,
    Resume,
    Fork,
    Queue,
    List,
    Worktree,
    Switch,
    Close,
    Stop,
    Progress,
    Tail,
    Mode,
    Approve,
    Deny,
    Answer,
    File,
    Pause,
    Unpause,
    Help,
}

/// Every name of a command, with its usage in both languages.
const VERBS: &[(Verb, &[&str], (&str, &str))] = &[
    (Verb::New, &["new", "新建", "打开", "开始"], opening::USAGE),
    (Verb::Resume, &["resume", "恢复", "继续会话"], ("/resume [N] [text]", "/resume [编号] [消息]")),
    (Verb::Fork, &["fork", "分叉"], ("/fork [N] [text]", "/fork [会话] [消息]")),
    (Verb::Queue, &["queue", "队列", "排队"], ("/queue [N]", "/queue [会话]")),
    (Verb::List, &["list", "列表", "会话"], ("/list", "/list")),
    (Verb::Worktree, &["worktree", "工作树"], ("/worktree [N]", "/worktree [会话]")),
    (Verb::Switch, &["switch", "切换"], ("/switch N", "/switch 会话")),
    (Verb::Close, &["close", "关闭"], ("/close [N]", "/close [会话]")),
    (Verb::Stop, &["stop", "停止", "中断", "停"], ("/stop [N]", "/stop [会话]")),
    (Verb::Progress, &["progress", "进度", "状态"], ("/progress [N]", "/progress [会话]")),
    (Verb::Tail, &["tail", "最近", "尾部"], ("/tail [N]", "/tail [会话]")),
    (Verb::Mode, &["mode", "模式"], ("/mode M", "/mode 模式")),
    (Verb::Approve, &["approve", "批准", "允许", "同意"], ("/approve [ID]", "/approve [请求]")),
    (Verb::Deny, &["deny", "拒绝"], ("/deny [ID] [reason]", "/deny [请求] [理由]")),
    (Verb::Answer, &["answer", "回答"], ("/answer ID text", "/answer 请求 答案")),
    (Verb::File, &["file", "文件"], ("/file PATH", "/file 路径")),
    (Verb::Pause, &["pause", "暂停"], ("/pause", "/pause")),
    (Verb::Unpause, &["unpause", "恢复推送", "取消暂停"], ("/unpause", "/unpause")),
    (Verb::Help, &["help", "帮助"], ("/help", "/help")),
];

fn verb(name: &str) -> Option<(Verb, (&'static str, &'static str))> {
    let name = fold::folded(name);
    VERBS.iter().find(|(_, names, _)| names.contains(&name.as_str())).map(|(verb, _, usage)| (*verb, *usage))
}

/// Characters of a pairing code; see [`is_code`].
pub const CODE_CHARS: usize = 8;

/// Whether the text can be a pairing code: letters and digits that are not mistaken for each other.
pub fn is_code(text: &str) -> bool {
    text.len() == CODE_CHARS && text.bytes().all(|byte| CODE_ALPHABET.contains(&byte))
}

/// What codes are made of.
pub const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// What people write before a code.
const BEFORE_CODE: &[&str] = &["/PAIR", "PAIRING CODE", "配对码", "验证码", "配对", "CODE", "PAIR"];

/// A message without what stands around a code: blanks, dashes, quotation marks, a word that says what it is.
fn bare_code(text: &str) -> String {
    let text = fold::folded(fold::unquoted(text.trim())).to_uppercase();
    let text = BEFORE_CODE.iter().find_map(|word| text.strip_prefix(word)).unwrap_or(&text);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '：' | '是' | '=' | ','));
    let between = |c: &char| c.is_whitespace() || matches!(c, '-' | '_' | '.' | '。' | '·' | '!');
    fold::unquoted(text).chars().filter(|c| !between(c)).collect()
}

/// Whether a message was meant for a code, though it may be none: letters and digits, about as many.
pub fn is_like_a_code(text: &str) -> bool {
    let bare = bare_code(text);
    let is_named = BEFORE_CODE.iter().any(|word| fold::folded(text).to_uppercase().starts_with(word));
    let has_digit = bare.bytes().any(|byte| byte.is_ascii_digit());
    (CODE_CHARS - 2..=CODE_CHARS + 2).contains(&bare.len())
        && bare.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (has_digit || (is_named && bare.len() == CODE_CHARS))
}

/// The pairing code that a message is, in any width, whatever blanks and dashes stand in it.
pub fn code(text: &str) -> Option<String> {
    let text = bare_code(text);
    // One without a digit is a word.
    (is_code(&text) && text.bytes().any(|byte| byte.is_ascii_digit())).then_some(text)
}

/// Reads a message.
pub fn read(text: &str, language: Language) -> Wish {
    let text = text.trim();
    let prompt = || Wish::Prompt(text.to_owned());
    // Chinese keyboards write 、 for the slash.
    let Some(command) = text.strip_prefix(['/', '／', '、', '､']) else { return prompt() };
    let (name, rest) = naming::command(command.trim_start());
    let Some((verb, usage)) = verb(name) else {
        return glued(name).map_or_else(prompt, |(name, number)| asks_back(name, number, language));
    };
    let wrong = || wrong(usage, language);
    let number = |wish: fn(Option<u32>) -> Wish| match naming::ended(rest) {
        "" => wish(None),
        rest => match naming::named(rest) {
            Named::Request(number, "") => wish(Some(number)),
            Named::Request(..) | Named::Unclear | Named::None => wrong(),
        },
    };
    match verb {
        Verb::New => opening::new(rest, language),
        Verb::Resume => match conversation(rest) {
            Some((which, prompt)) => Wish::Resume { which, prompt },
            None => wrong(),
        },
        Verb::Fork => match naming::named(rest) {
            Named::Request(session, text) => Wish::Fork { session: Some(session), prompt: prompt_in(text) },
            Named::None => Wish::Fork { session: None, prompt: prompt_in(rest) },
            Named::Unclear => wrong(),
        },
        Verb::Queue => number(Wish::Queue),
        Verb::List => Wish::List,
        Verb::Switch => match number(Wish::Close) {
            Wish::Close(Some(session)) => Wish::Switch(session),
            _ => wrong(),
        },
        Verb::Close => number(Wish::Close),
        Verb::Worktree => number(Wish::Worktree),
        Verb::Stop => number(Wish::Stop),
        Verb::Progress => number(Wish::Progress),
        Verb::Tail => number(Wish::Tail),
        Verb::Mode => mode(rest, language),
        Verb::Approve => number(Wish::Approve),
        Verb::Deny => deny(rest, language),
        Verb::Answer => match naming::named(rest) {
            Named::Request(request, text) if !text.is_empty() => Wish::Answer { request, text: text.to_owned() },
            // A number may follow the number.
            Named::Unclear => answer(rest).unwrap_or_else(wrong),
            Named::Request(..) | Named::None => wrong(),
        },
        Verb::File => match naming::path(rest) {
            path if path.is_empty() => wrong(),
            path => Wish::File(path),
        },
        Verb::Pause => Wish::Quiet(true),
        Verb::Unpause => Wish::Quiet(false),
        Verb::Help => Wish::Help,
    }
}

fn wrong((english, chinese): (&str, &str), language: Language) -> Wish {
    Wish::Wrong(format!("{}{}", language.pick("It is written like this: ", "用法："), language.pick(english, chinese)))
}

fn prompt_in(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The conversation that a text begins with, and the words to go on with; `None`: it begins with none.
fn conversation(text: &str) -> Option<(Option<Conversation>, Option<String>)> {
    let text = text.trim();
    if naming::ended(text).is_empty() {
        return Some((None, None));
    }
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    // As the CLI calls them.
    let is_id = first.len() == 36 && first.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_id {
        return Some((Some(Conversation::Id(first.to_ascii_lowercase())), prompt_in(rest)));
    }
    match naming::named(text) {
        Named::Request(nth, rest) => Some((Some(Conversation::Nth(nth)), prompt_in(rest))),
        Named::Unclear | Named::None => None,
    }
}

/// A command with a number right behind it: which was meant cannot be told from a name.
fn glued(name: &str) -> Option<(&str, u32)> {
    let at = name.find(|c: char| c == '#' || c == '＃' || fold::number(c.encode_utf8(&mut [0; 4])).is_some())?;
    let (name, number) = name.split_at(at);
    let number = fold::number(number.trim_start_matches(['#', '＃']).trim_end_matches(['号', '个']))?;
    verb(name).map(|_| (name, number))
}

fn asks_back(name: &str, number: u32, language: Language) -> Wish {
    Wish::Wrong(match language {
        Language::English => {
            format!("Nothing was done. Did you mean /{name} {number}? There is a blank before the number.")
        }
        Language::Chinese => format!("未执行任何操作。是指 /{name} {number} 吗？编号前请加空格。"),
    })
}

fn deny(rest: &str, language: Language) -> Wish {
    let rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "：:，,、；;。.！!".contains(c));
    let reason = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match naming::named(rest) {
        Named::Request(request, text) => Wish::Deny { request: Some(request), reason: reason(text) },
        Named::None => Wish::Deny { request: None, reason: reason(rest) },
        Named::Unclear => Wish::Wrong(match language {
            Language::English => {
                "Nothing was denied: it is not certain whether this begins with the number of a request. \
                                Write /deny ID reason, with a blank behind the number."
                    .to_owned()
            }
            Language::Chinese => {
                "未拒绝任何请求：无法确定开头的数字是否为请求编号。请发送 /deny 请求 理由，编号后加空格。".to_owned()
            }
        }),
    }
}

/// `1 2`, `1：2；3`: a request, and numbers of options.
fn answer(rest: &str) -> Option<Wish> {
    let rest = rest.trim();
    let ends = |c: char| c.is_whitespace() || matches!(c, '：' | ':');
    let request = fold::number(&rest[..rest.find(ends)?])?;
    let text = rest[rest.find(ends)?..].trim_matches(ends);
    (!text.is_empty()).then(|| Wish::Answer { request, text: text.to_owned() })
}

/// What people call the modes, in small letters.
const MODES: [(PermissionMode, &[&str]); 6] = [
    (PermissionMode::Default, &["default", "默认", "默认模式", "每次询问"]),
    (PermissionMode::AcceptEdits, &["acceptedits", "accept edits", "自动接受修改", "接受修改"]),
    (PermissionMode::Plan, &["plan", "计划", "计划模式"]),
    (PermissionMode::Auto, &["auto", "自动", "自动模式"]),
    (PermissionMode::DontAsk, &["dontask", "don't ask", "不询问"]),
    (PermissionMode::BypassPermissions, &["bypasspermissions", "bypass", "跳过权限检查"]),
];

fn mode(rest: &str, language: Language) -> Wish {
    let named = fold::folded(fold::unquoted(naming::ended(rest)));
    let found = MODES.iter().find(|(_, names)| names.contains(&named.as_str()));
    found.map_or_else(
        || {
            let modes = PermissionMode::ALL.map(|mode| language::mode(mode, language).to_owned());
            Wish::Wrong(format!("{}{}", language.pick("The modes are ", "可用模式："), language.listed(&modes)))
        },
        |(mode, _)| Wish::Mode(*mode),
    )
}

/// What an item of the bot's menu asks for, by the key that it was given in the console.
pub fn chosen(key: &str) -> Option<Wish> {
    match key.trim().trim_start_matches('/') {
        "status" => Some(Wish::Progress(None)),
        "list" => Some(Wish::List),
        "help" => Some(Wish::Help),
        "pause" => Some(Wish::Quiet(true)),
        "resume" => Some(Wish::Quiet(false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
