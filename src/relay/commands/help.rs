//! The help: every command, in both languages.

use std::fmt::Write as _;

use crate::relay::words::Tongue;

/// One row of the help.
struct Entry {
    usage: &'static str,
    english: &'static str,
    chinese: &'static str,
}

const ENTRIES: [Entry; 21] = [
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
    Entry {
        usage: "/resume [N] [text]",
        english: "go on with an earlier conversation; without N it shows which there are",
        chinese: "恢复以前的对话；不写 N 则列出对话",
    },
    Entry {
        usage: "/fork [N] [text]",
        english: "go on in a copy of a session's conversation",
        chinese: "在会话的副本中继续，原会话不变",
    },
    Entry { usage: "/list", english: "the sessions, and what they do", chinese: "会话及其状态" },
    Entry { usage: "/switch N", english: "make session N the active one", chinese: "切换到会话 N" },
    Entry { usage: "/progress [N]", english: "what a session is doing", chinese: "会话进度" },
    Entry { usage: "/tail [N]", english: "the last lines of a session", chinese: "会话的最后几行" },
    Entry { usage: "/stop [N]", english: "interrupt the running turn", chinese: "中断正在运行的回合" },
    Entry {
        usage: "/queue [N]",
        english: "what waits to be sent, and take it back",
        chinese: "查看排队的消息，可逐条撤回",
    },
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
        usage: "/pause · /unpause",
        english: "no news and no requests for you, until you unpause; commands go on",
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
