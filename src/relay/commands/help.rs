//! The help: every command, in both languages, by what it is about.

use crate::core::language::Language;

/// Rows of the help that belong together, and what they are about.
struct Group {
    title: (&'static str, &'static str),
    rows: &'static [Row],
}

/// How a command is written and what it does, each in both languages.
struct Row {
    usage: (&'static str, &'static str),
    does: (&'static str, &'static str),
}

const fn row(usage: (&'static str, &'static str), does: (&'static str, &'static str)) -> Row {
    Row { usage, does }
}

const GROUPS: [Group; 4] = [
    Group {
        title: ("Sessions", "会话"),
        rows: &[
            row(
                ("/new DIR [text] [--timeout N] [--idle N]", "/new 目录 [消息] [--timeout 分钟] [--idle 分钟]"),
                (
                    "open a session in a directory, and begin with the text; N are minutes",
                    "在目录中打开会话，可直接带上第一条消息",
                ),
            ),
            row(
                ("/new DIR --worktree[=BRANCH] [text]", "/new 目录 --worktree[=分支] [消息]"),
                (
                    "the same in a git worktree of its own, on a new branch",
                    "同上，但在独立的 git worktree 和新分支里（也可写 --工作树）",
                ),
            ),
            row(
                ("/resume [N] [text]", "/resume [编号] [消息]"),
                (
                    "go on with an earlier conversation; without N it shows which there are",
                    "恢复以前的对话；不写编号则列出对话",
                ),
            ),
            row(
                ("/fork [N] [text]", "/fork [会话] [消息]"),
                ("go on in a copy of a session's conversation", "在副本中继续，原会话不变"),
            ),
            row(("/list", "/list"), ("the sessions, and what they do", "会话及其状态")),
            row(("/switch N", "/switch 会话"), ("make session N the active one", "切换当前会话")),
            row(("/close [N]", "/close [会话]"), ("close a session", "关闭会话")),
            row(
                ("/worktree [N]", "/worktree [会话]"),
                (
                    "what removing a session's worktree would lose, and remove it",
                    "查看删除 worktree 会丢失什么，并可删除",
                ),
            ),
            row(("/mode M", "/mode 模式"), ("the permission mode of the active session", "当前会话的权限模式")),
        ],
    },
    Group {
        title: ("What goes on", "进展"),
        rows: &[
            row(("/progress [N]", "/progress [会话]"), ("what a session is doing", "会话在做什么")),
            row(("/tail [N]", "/tail [会话]"), ("the last lines of a session", "会话的最后几行")),
            row(("/stop [N]", "/stop [会话]"), ("interrupt the running turn", "中断本轮")),
            row(
                ("/queue [N]", "/queue [会话]"),
                ("what waits to be sent, and take it back", "查看排队的消息，可逐条撤回"),
            ),
            row(
                ("/file PATH", "/file 路径"),
                ("send a file of the active session's directory", "发送会话目录中的文件"),
            ),
        ],
    },
    Group {
        title: ("Requests", "请求"),
        rows: &[
            row(
                ("y · n", "允许 · 拒绝"),
                (
                    "allow once or deny the request above, or the one that you reply to",
                    "允许或拒绝上方的请求，或你回复的那个",
                ),
            ),
            row(("/approve [ID]", "/approve [请求]"), ("allow a request once", "允许一次")),
            row(("/deny [ID] [reason]", "/deny [请求] [理由]"), ("deny a request", "拒绝请求")),
            row(
                ("/answer ID text", "/answer 请求 答案"),
                (
                    "answer a question, with numbers of its options or in words; ; between several questions",
                    "回答提问：选项编号或自己的话，多个问题用分号隔开",
                ),
            ),
        ],
    },
    Group {
        title: ("Everything else", "其他"),
        rows: &[
            row(
                ("/pause · /unpause", "/pause · /unpause"),
                ("no news and no requests for you, until you unpause; commands go on", "暂停或恢复推送；命令仍可用"),
            ),
            row(("/help", "/help"), ("this page", "本页")),
            row(
                ("…", "…"),
                (
                    "anything else goes to the active session, a reply to the session that the message is of",
                    "其他文字发给当前会话；回复某条消息则发给那条消息所属的会话",
                ),
            ),
        ],
    },
];

/// What can be pressed on the help: what it says, and the command that it stands for.
pub const SHORTCUTS: [((&str, &str), &str); 5] = [
    (("Sessions", "会话列表"), "/list"),
    (("Progress", "当前进度"), "/progress"),
    (("Queue", "排队消息"), "/queue"),
    (("Earlier conversations", "以前的对话"), "/resume"),
    (("Stop", "中断本轮"), "/stop"),
];

/// All commands with what they do, in groups: the title of each, and its rows.
pub fn help(language: Language) -> Vec<(&'static str, String)> {
    let pick = |(english, chinese): (&'static str, &'static str)| language.pick(english, chinese);
    let rows = |group: &Group| {
        let rows = group.rows.iter().map(|row| format!("{} — {}", pick(row.usage), pick(row.does)));
        rows.collect::<Vec<_>>().join("\n")
    };
    GROUPS.iter().map(|group| (pick(group.title), rows(group))).collect()
}
