//! What a message asks for: the commands of the phone, and everything else as a prompt.
//!
//! **For:** the grammar, the same in every messenger. **Not for:** doing it, nor for asking who may. Pure.

use std::fmt::Write as _;

use crate::core::permission::PermissionMode;
use crate::core::worktree::WorktreeSpec;
use crate::relay::words::Tongue;

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
    /// What removing the worktree of a session would lose, and the question whether to.
    Worktree(Option<u32>),
    Switch(u32),
    /// Of the active session, or of the one named.
    Close(Option<u32>),
    Stop(Option<u32>),
    Progress(Option<u32>),
    Tail(Option<u32>),
    Mode(PermissionMode),
    /// The request that waits longest, or the one named.
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
    /// `y` or `n` alone: an answer, if exactly one request waits.
    Yes,
    No,
    /// A pairing code, as the terminal shows it.
    Code(String),
    /// A command that cannot be carried out as it was written, and why.
    Wrong(String),
}

/// One row of the help.
struct Entry {
    usage: &'static str,
    english: &'static str,
    chinese: &'static str,
}

const ENTRIES: [Entry; 18] = [
    Entry {
        usage: "/new DIR [text] [--timeout N] [--idle N]",
        english: "open a session in a directory, and begin with the text; N are minutes",
        chinese: "在目录中打开会话，并以文本开始；N 为分钟",
    },
    Entry {
        usage: "/new DIR --worktree[=BRANCH] [text]",
        english: "the same in a git worktree of its own, on a new branch",
        chinese: "同上，但在独立的 git 工作树与新分支中（也可写 --工作树）",
    },
    Entry { usage: "/list", english: "the sessions, and what they do", chinese: "会话及其状态" },
    Entry { usage: "/switch N", english: "make session N the active one", chinese: "切换到会话 N" },
    Entry { usage: "/progress [N]", english: "what a session is doing", chinese: "会话进度" },
    Entry { usage: "/tail [N]", english: "the last lines of a session", chinese: "会话的最后几行" },
    Entry { usage: "/stop [N]", english: "interrupt the running turn", chinese: "中断正在运行的回合" },
    Entry { usage: "/close [N]", english: "close a session", chinese: "关闭会话" },
    Entry {
        usage: "/worktree [N]",
        english: "what removing a session's worktree would lose, and remove it",
        chinese: "查看删除会话工作树会丢失什么，并可删除",
    },
    Entry {
        usage: "/mode M", english: "the permission mode of the active session", chinese: "当前会话的权限模式"
    },
    Entry { usage: "/approve [ID]", english: "allow a request once", chinese: "允许一次" },
    Entry { usage: "/deny [ID] [reason]", english: "deny a request", chinese: "拒绝请求" },
    Entry {
        usage: "/answer ID text",
        english: "answer a question, with numbers of its options or in words; ; between several questions",
        chinese: "回答提问：选项编号或自行填写，多个问题用分号隔开",
    },
    Entry {
        usage: "/file PATH",
        english: "send a file of the active session's directory",
        chinese: "发送会话目录中的文件",
    },
    Entry {
        usage: "/pause · /resume",
        english: "no news and no requests for you, until you resume; commands go on",
        chinese: "暂停或恢复向您推送消息与请求；命令仍可用",
    },
    Entry { usage: "/help", english: "this page", chinese: "本页" },
    Entry {
        usage: "y · n",
        english: "allow once or deny the request above, or the one that you reply to",
        chinese: "允许或拒绝上方的请求，或您所回复的请求",
    },
    Entry {
        usage: "…",
        english: "anything else goes to the active session, a reply to the session that the message is of",
        chinese: "其他文本发送到当前会话；回复某条消息则发送到该消息所属的会话",
    },
];

/// All commands with what they do.
pub fn help(tongue: Tongue) -> String {
    let mut text = String::new();
    for entry in &ENTRIES {
        let _ = writeln!(text, "{} — {}", entry.usage, tongue.pick(entry.english, entry.chinese));
    }
    text.trim_end().to_owned()
}

/// Characters of a pairing code; see [`is_code`].
pub const CODE_CHARS: usize = 8;

/// Whether the text can be a pairing code: letters and digits that are not mistaken for each other.
pub fn is_code(text: &str) -> bool {
    text.len() == CODE_CHARS && text.bytes().all(|byte| CODE_ALPHABET.contains(&byte))
}

/// What codes are made of.
pub const CODE_ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Reads a message.
pub fn read(text: &str, tongue: Tongue) -> Wish {
    let text = text.trim();
    // Keyboards of phones begin with a capital, and Chinese ones write wide characters.
    match text.to_lowercase().trim_end_matches(['.', '!', '。', '！']) {
        "y" | "yes" | "ｙ" | "是" => return Wish::Yes,
        "n" | "no" | "ｎ" | "否" => return Wish::No,
        _ if is_code(&text.to_uppercase()) && text.bytes().any(|byte| byte.is_ascii_digit()) => {
            return Wish::Code(text.to_uppercase());
        }
        _ => {}
    }
    let Some(command) = text.strip_prefix(['/', '／']) else { return Wish::Prompt(text.to_owned()) };
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let wrong = |usage: &str| Wish::Wrong(format!("{} {usage}", tongue.pick("It is written like this:", "用法：")));
    let number = |usage: &str, wish: fn(Option<u32>) -> Wish| match rest {
        "" => wish(None),
        rest => rest.parse().map_or_else(|_| wrong(usage), |number| wish(Some(number))),
    };
    match name.to_ascii_lowercase().as_str() {
        "new" => new(rest, tongue),
        "list" => Wish::List,
        "switch" => rest.parse().map_or_else(|_| wrong("/switch N"), Wish::Switch),
        "close" => number("/close [N]", Wish::Close),
        "worktree" | "工作树" => number("/worktree [N]", Wish::Worktree),
        "stop" => number("/stop [N]", Wish::Stop),
        "progress" => number("/progress [N]", Wish::Progress),
        "tail" => number("/tail [N]", Wish::Tail),
        "mode" => PermissionMode::parse(rest).map_or_else(
            || {
                let modes = PermissionMode::ALL.map(PermissionMode::as_str).join(", ");
                Wish::Wrong(format!("{} {modes}", tongue.pick("The modes are", "可用模式：")))
            },
            Wish::Mode,
        ),
        "approve" => number("/approve [ID]", Wish::Approve),
        "deny" => {
            let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let (request, reason) = first.parse().map_or((None, rest), |request| (Some(request), after));
            Wish::Deny { request, reason: Some(reason.trim().to_owned()).filter(|text| !text.is_empty()) }
        }
        "answer" => {
            let (first, text) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            match (first.parse(), text.trim()) {
                (Ok(request), text) if !text.is_empty() => Wish::Answer { request, text: text.to_owned() },
                _ => wrong("/answer ID text"),
            }
        }
        "file" if !rest.is_empty() => Wish::File(rest.to_owned()),
        "file" => wrong("/file PATH"),
        "pause" => Wish::Quiet(true),
        "resume" => Wish::Quiet(false),
        "help" => Wish::Help,
        // The CLI has commands of its own: what is not ours goes to the session as it is.
        _ => Wish::Prompt(text.to_owned()),
    }
}

/// What stands behind `/new DIR`, before the text or after it.
#[derive(Debug, Default)]
struct Options {
    timeout_minutes: Option<u64>,
    idle_minutes: Option<u64>,
    worktree: Option<WorktreeSpec>,
}

impl Options {
    /// Takes an option in; `false` when it is none, is there already, or its value is none.
    fn take(&mut self, name: &str, value: Option<&str>) -> bool {
        match (name, value) {
            ("timeout", Some(value)) if self.timeout_minutes.is_none() => {
                self.timeout_minutes = minutes(value);
                self.timeout_minutes.is_some()
            }
            ("idle", Some(value)) if self.idle_minutes.is_none() => {
                self.idle_minutes = minutes(value);
                self.idle_minutes.is_some()
            }
            ("worktree" | "工作树", branch) if self.worktree.is_none() && branch != Some("") => {
                self.worktree = Some(WorktreeSpec::Wanted { branch: branch.map(str::to_owned) });
                true
            }
            _ => false,
        }
    }
}

/// The name of an option, and the value that is written to it with `=`. Phones make one dash of two.
fn option(word: &str) -> Option<(&str, Option<&str>)> {
    let body = ["--", "—", "–"].iter().find_map(|dashes| word.strip_prefix(dashes))?;
    let split = body.split_once(['=', '＝']);
    let (name, value) = split.map_or((body, None), |(name, value)| (name, Some(value)));
    // A dash may also begin a sentence.
    let is_ours = matches!(name, "timeout" | "idle" | "worktree" | "工作树");
    (is_ours || word.starts_with("--")).then_some((name, value))
}

/// Whether the value of the option is the word behind it.
fn takes_a_word(name: &str) -> bool {
    matches!(name, "timeout" | "idle")
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

fn new(rest: &str, tongue: Tongue) -> Wish {
    let usage = "/new DIR [text] [--worktree[=BRANCH]] [--timeout N] [--idle N]";
    let wrong = || Wish::Wrong(format!("{} {usage}", tongue.pick("It is written like this:", "用法：")));
    let Some((directory, mut rest)) = word(rest) else { return wrong() };
    if directory.trim_matches(['.', '/']).is_empty() && directory.starts_with('.') {
        return Wish::Wrong(match tongue {
            Tongue::English => format!("There is no current directory here, so “{directory}” names none. {usage}"),
            Tongue::Chinese => format!("此处没有当前目录，“{directory}”不代表任何目录。{usage}"),
        });
    }
    let mut options = Options::default();
    // Options stand right behind the directory, or at the very end.
    while let Some((first, behind)) = word(rest) {
        let Some((name, value)) = option(&first) else { break };
        let (value, behind) = match value {
            None if takes_a_word(name) => {
                let Some((value, behind)) = word(behind) else { return wrong() };
                (Some(value), behind)
            }
            value => (value.map(str::to_owned), behind),
        };
        if !options.take(name, value.as_deref()) {
            return wrong();
        }
        rest = behind;
    }
    while let Some((before, name, value)) = last_option(rest) {
        if !options.take(name, value) {
            break;
        }
        rest = before;
    }
    let prompt = Some(rest.trim().to_owned()).filter(|text| !text.is_empty());
    let Options { timeout_minutes, idle_minutes, worktree } = options;
    Wish::New { directory, prompt, timeout_minutes, idle_minutes, worktree }
}

/// The first word, which quotes may hold together, and what follows it.
fn word(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let first = text.chars().next()?;
    let closing = match first {
        '"' | '\'' => first,
        '“' => '”',
        _ => {
            let end = text.find(char::is_whitespace).unwrap_or(text.len());
            return Some((text[..end].to_owned(), &text[end..]));
        }
    };
    let inside = &text[first.len_utf8()..];
    let end = inside.find(closing)?;
    Some((inside[..end].to_owned(), &inside[end + closing.len_utf8()..]))
}

/// What stands before the last option, its name and its value.
fn last_option(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (before, last) = split_last(text)?;
    if let Some((name, value)) = option(last) {
        return (value.is_some() || !takes_a_word(name)).then_some((before, name, value));
    }
    let (before, name) = split_last(before)?;
    let (name, None) = option(name)? else { return None };
    takes_a_word(name).then_some((before, name, Some(last)))
}

/// The last word, and what stands before it.
fn split_last(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let at = text.rfind(char::is_whitespace).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    (!text.is_empty()).then(|| text.split_at(at))
}

/// Up to a week.
fn minutes(text: &str) -> Option<u64> {
    text.parse().ok().filter(|minutes| *minutes <= 7 * 24 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn english(text: &str) -> Wish {
        read(text, Tongue::English)
    }

    fn opened(directory: &str, prompt: Option<&str>, timeout: Option<u64>, idle: Option<u64>) -> Wish {
        Wish::New {
            directory: directory.into(),
            prompt: prompt.map(Into::into),
            timeout_minutes: timeout,
            idle_minutes: idle,
            worktree: None,
        }
    }

    fn in_a_worktree(prompt: Option<&str>, branch: Option<&str>) -> Wish {
        let prompt = prompt.map(Into::into);
        let worktree = Some(WorktreeSpec::Wanted { branch: branch.map(Into::into) });
        Wish::New { directory: "web".into(), prompt, timeout_minutes: None, idle_minutes: None, worktree }
    }

    #[test]
    fn a_worktree_is_asked_for_before_the_text_or_after_it() {
        for (text, expected) in [
            ("/new web --worktree", in_a_worktree(None, None)),
            ("/new web --worktree fix the tests", in_a_worktree(Some("fix the tests"), None)),
            ("/new web --worktree=fix-1 fix the tests", in_a_worktree(Some("fix the tests"), Some("fix-1"))),
            ("/new web fix the tests --worktree=fix/1", in_a_worktree(Some("fix the tests"), Some("fix/1"))),
            ("/new web fix the tests --worktree", in_a_worktree(Some("fix the tests"), None)),
            ("/new web —worktree fix", in_a_worktree(Some("fix"), None)),
            ("/new web --工作树＝修复 修复测试", in_a_worktree(Some("修复测试"), Some("修复"))),
            ("/worktree", Wish::Worktree(None)),
            ("/工作树 3", Wish::Worktree(Some(3))),
        ] {
            assert_eq!(english(text), expected, "{text}");
        }
        for text in ["/new web --worktree= go", "/new web --worktree --worktree go", "/worktree x"] {
            assert!(matches!(english(text), Wish::Wrong(_)), "{text}: {:?}", english(text));
        }
    }

    #[test]
    fn every_command_is_read() {
        let deny = |request, reason: Option<&str>| Wish::Deny { request, reason: reason.map(Into::into) };
        let table = [
            ("/new web", opened("web", None, None, None)),
            ("/new ~/src/web fix the tests", opened("~/src/web", Some("fix the tests"), None, None)),
            ("/new \"my web\" fix --timeout 5", opened("my web", Some("fix"), Some(5), None)),
            ("/new “我的 项目” 修复 --idle 9 --timeout 5", opened("我的 项目", Some("修复"), Some(5), Some(9))),
            ("/new web --timeout 5 --idle 6 go\non", opened("web", Some("go\non"), Some(5), Some(6))),
            ("/new web explain --timeout", opened("web", Some("explain --timeout"), None, None)),
            ("/list", Wish::List),
            (" /LIST ", Wish::List),
            ("/switch 3", Wish::Switch(3)),
            ("/close", Wish::Close(None)),
            ("/close 2", Wish::Close(Some(2))),
            ("/stop", Wish::Stop(None)),
            ("/progress 7", Wish::Progress(Some(7))),
            ("/tail", Wish::Tail(None)),
            ("/mode plan", Wish::Mode(PermissionMode::Plan)),
            ("/approve", Wish::Approve(None)),
            ("/approve 12", Wish::Approve(Some(12))),
            ("/deny", deny(None, None)),
            ("/deny 12", deny(Some(12), None)),
            ("/deny 12 use the lock file", deny(Some(12), Some("use the lock file"))),
            ("/deny not now", deny(None, Some("not now"))),
            ("/file src/my file.rs", Wish::File("src/my file.rs".into())),
            ("/pause", Wish::Quiet(true)),
            ("/resume", Wish::Quiet(false)),
            ("/help", Wish::Help),
            ("y", Wish::Yes),
            ("否", Wish::No),
            ("k7m2pq9x", Wish::Code("K7M2PQ9X".into())),
            ("/compact now", Wish::Prompt("/compact now".into())),
            ("  fix it\n", Wish::Prompt("fix it".into())),
            ("yes please", Wish::Prompt("yes please".into())),
            ("", Wish::Prompt(String::new())),
        ];
        for (text, expected) in table {
            assert_eq!(english(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_wrong_is_told_and_never_a_prompt() {
        for text in [
            "/new",
            "/new .",
            "/new ./ fix it",
            "/new .. go",
            "/new \"unclosed dir",
            "/new web --timeout x",
            "/new web --timeout 99999999",
            "/new web --tiemout 5 go",
            "/switch",
            "/switch x",
            "/switch -1",
            "/close all",
            "/mode yolo",
            "/mode",
            "/approve x",
            "/approve 4294967296",
            "/file",
        ] {
            assert!(matches!(english(text), Wish::Wrong(_)), "{text}: {:?}", english(text));
        }
        assert!(matches!(read("/mode x", Tongue::Chinese), Wish::Wrong(why) if why.contains("可用模式")));
    }

    #[test]
    fn the_help_names_every_command_in_both_languages() {
        for tongue in [Tongue::English, Tongue::Chinese] {
            let help = help(tongue);
            for name in [
                "new", "list", "switch", "close", "stop", "progress", "mode", "approve", "deny", "file", "tail",
                "worktree", "pause", "resume", "help",
            ] {
                assert!(help.contains(&format!("/{name}")), "{name}");
            }
        }
        assert!(help(Tongue::Chinese).contains("会话"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_fail(text in "\\PC*", prefix in "(/new |/deny |/close |/file |)") {
            let _ = read(&format!("{prefix}{text}"), Tongue::Chinese);
        }
    }
}
