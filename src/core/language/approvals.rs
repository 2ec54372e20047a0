//! What a request would do, what it would change and what is offered with it, in both languages.

use std::borrow::Cow;

use super::Language;
use super::mode as mode_name;
use crate::core::anatomy::Effect;
use crate::core::approval::danger::Danger;
use crate::core::change::Doubt;
use crate::core::change::Refusal;
use crate::core::change::Remark;
use crate::core::grant::GrantRule;
use crate::core::grant::GrantTerms;
use crate::core::grant::marked::pattern;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::core::permission::RuleBehavior;
use crate::core::permission::Scope;

/// A mark in words: what a command does, with what it is about.
pub fn danger(danger: &Danger, language: Language) -> String {
    match (language, danger) {
        (Language::Chinese, Danger::Does { effect: done, about, lines }) => {
            let at = lines.first().map(|line| format!("（第 {line} 行）")).unwrap_or_default();
            format!("{} {about}{at}", effect(*done))
        }
        (Language::English, Danger::Does { lines, .. }) => {
            let at = lines.first().map(|line| format!(" (line {line})")).unwrap_or_default();
            format!("{}{at}", danger.describe())
        }
        (_, Danger::Mark(mark)) => language.pick(mark.phrase(), effect(*mark)).to_owned(),
        (_, Danger::NotRead) => language.pick("a part of this could not be read", "有一部分无法解析").to_owned(),
    }
}

fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::Deletes => "删除",
        Effect::Overwrites => "覆盖",
        Effect::DiscardsWork => "丢弃未提交的修改",
        Effect::RewritesHistory => "改写历史",
        Effect::RunsDownloaded => "运行外来代码",
        Effect::Exfiltrates => "向外发送本地内容",
        Effect::Privilege => "提升权限",
        Effect::ChangesAccess => "更改用户、密钥或防火墙",
        Effect::Publishes => "发布或推送",
        Effect::Spends => "产生费用",
        Effect::TouchesProduction => "涉及生产环境",
        Effect::ChangesRemote => "修改远端系统",
        Effect::Persists => "以后自动运行",
        Effect::Stops => "停止",
        Effect::Secrets => "涉及疑似机密",
        Effect::NoSandbox => "在 CLI 沙箱之外运行",
        Effect::RunsUnread => "运行无法解析的内容",
        Effect::UnknownTool => "adjutant 不了解此工具的作用",
        Effect::Installs => "安装",
        Effect::LeavesProject => "涉及项目目录之外",
        Effect::Network => "访问网络",
        Effect::RunsCode => "运行代码",
        Effect::Writes => "写入",
        Effect::Unknown => "未知",
        Effect::Reads => "读取",
    }
}

pub fn doubt(doubt: &Doubt, language: Language) -> Cow<'static, str> {
    match (language, doubt) {
        (Language::English, doubt) => doubt.describe(),
        (_, Doubt::ChangedSinceRead) => "会话上次读取后，此文件已被他人修改。".into(),
        (_, Doubt::NotCompared(why)) => format!("未与当前文件比较：{why}").into(),
        (_, Doubt::Edited) => "这是你修改后的内容，尚未发送。".into(),
        (_, Doubt::ChangedSinceShown) => "询问期间文件已变化，未发送任何回答；以下是现在的修改内容。".into(),
        (_, Doubt::Refused(refusal)) => match refusal {
            Refusal::Same => "新旧文本相同：CLI 会拒绝此修改。".into(),
            Refusal::NoSuchFile => "文件不存在：此修改将失败。".into(),
            Refusal::Exists => "文件已有内容：CLI 会拒绝重新创建。".into(),
            Refusal::IsNotebook => "这是笔记本文件：CLI 会拒绝按文本修改。".into(),
            Refusal::NotNotebook => "这不是笔记本文件：CLI 会拒绝此修改。".into(),
            Refusal::Encoding => "文件不是 UTF-8 或含有 NUL 字节：CLI 会拒绝修改，以免丢失内容。".into(),
            Refusal::NotFound => "文件中找不到要替换的文本：CLI 会拒绝此修改。".into(),
            Refusal::Several(n) => format!("要替换的文本在文件中出现 {n} 次：此修改将失败。").into(),
            Refusal::NothingChanges => "内容不会有任何变化：CLI 会拒绝此修改。".into(),
            Refusal::Link => "路径是符号链接：CLI 会拒绝写入。".into(),
            Refusal::NoCellType => "新单元格缺少类型：CLI 会拒绝此修改。".into(),
            Refusal::NoCellNamed => "未指明单元格：CLI 会拒绝此修改。".into(),
            Refusal::NoSuchCell => "单元格不存在：CLI 会拒绝此修改。".into(),
            Refusal::BrokenNotebook => "此处无法读取该笔记本：修改结果未知。".into(),
        },
    }
}

/// What a change does that its lines do not show.
pub fn remark(remark: &Remark, language: Language) -> Cow<'static, str> {
    if language == Language::English {
        return remark.describe();
    }
    match remark {
        Remark::BytesLost(n) => format!("{n} 个非文本字节将永久丢失：整个文件会被重写。").into(),
        Remark::Ends { now, n } => format!("整个文件的行尾变为 {}：影响 {n} 行。", now.name()).into(),
        Remark::NewEnds(end) => format!("行尾为 {}。", end.name()).into(),
        Remark::MarkGone => "文件开头的字节顺序标记将被去掉。".into(),
        Remark::MarkAdded => "文件开头将加上字节顺序标记。".into(),
        Remark::Utf16 => "文件为 UTF-16，保持不变。".into(),
        Remark::Unmarked => "文件将以 UTF-16 写入但没有标记：其他程序可能无法读取。".into(),
        Remark::CurlyQuotes => "文件此处使用弯引号：按直引号查找，并予以保留。".into(),
        Remark::Escapes => "文件与修改对某些字符的写法不同（\\uXXXX）。".into(),
        Remark::Joins => "其后的换行也会去掉：下一行会接上来。".into(),
        Remark::Left(n) => format!("另有 {n} 处保持不变：只去掉行尾的。").into(),
        Remark::OtherNames(n) => format!("文件另有 {n} 个名称（硬链接），它们会保留旧内容。").into(),
        Remark::ReadOnly => "文件是只读的；CLI 仍会替换它。".into(),
        Remark::OutputsGone => "单元格的输出会被去掉。".into(),
        Remark::Rewritten(n) => format!("整个笔记本会被重写：另有 {n} 行的格式会改变。").into(),
    }
}

/// The kind of a danger in words of ours alone, without what it is about.
pub fn danger_kind(danger: &Danger, language: Language) -> &'static str {
    match danger {
        Danger::Does { effect: done, .. } => language.pick(done.verb(), effect(*done)),
        Danger::Mark(mark) => language.pick(mark.phrase(), effect(*mark)),
        Danger::NotRead => language.pick("a part of this could not be read", "有一部分无法解析"),
    }
}

/// Which calls a grant covers.
pub fn rule(rule: &GrantRule, language: Language) -> String {
    let place = |path: &str, below: bool| if below { format!("{path} 目录内") } else { path.to_owned() };
    match (language, rule) {
        (Language::English, GrantRule::Same { .. }) => "exactly this again".to_owned(),
        (Language::English, rule) => rule.describe(),
        (_, GrantRule::Same { .. }) => "仅这条命令".to_owned(),
        (_, GrantRule::Marked { input, holes, .. }) => {
            let command = input.get("command").and_then(serde_json::Value::as_str).unwrap_or_default();
            format!("此命令，标出的词可变：{}", language.quoted(&pattern(command, holes)))
        }
        (_, GrantRule::Commands(commands)) => {
            let texts: Vec<String> = commands.iter().map(|words| language.quoted(&words.text())).collect();
            format!("命令 {}", texts.join(" 或 "))
        }
        (_, GrantRule::Edits { path, below }) => format!("修改 {}", place(path, *below)),
        (_, GrantRule::Reads { path, below }) => format!("读取 {}", place(path, *below)),
        (_, GrantRule::Fetches { host }) => format!("{host} 的网页"),
        (_, GrantRule::Tool(tool)) => format!("{tool} 的所有调用"),
    }
}

/// How much of it.
pub fn limit(terms: &GrantTerms, language: Language) -> String {
    if language == Language::English {
        return terms.limit();
    }
    let time = match terms.minutes {
        minutes if minutes % 60 == 0 => format!("{} 小时", minutes / 60),
        minutes => format!("{minutes} 分钟"),
    };
    match terms.uses {
        None => format!("{time}内"),
        Some(uses) => format!("之后 {uses} 次，{time}内"),
    }
}

/// What the CLI would remember.
pub fn update(update: &PermissionUpdate, language: Language) -> String {
    let of = |rule: &Rule| language.quoted(&rule.text());
    match (language, update) {
        (Language::English, update) => update.words(&|text: &str| language.quoted(text)),
        (_, PermissionUpdate::AddRules { rules, behavior, .. }) => {
            let verb = match behavior {
                RuleBehavior::Allow => "允许",
                RuleBehavior::Deny => "拒绝",
                RuleBehavior::Ask => "询问",
            };
            format!("{verb} {}", rules.iter().map(of).collect::<Vec<_>>().join("、"))
        }
        (_, PermissionUpdate::AddDirectories { directories, .. }) => {
            format!("会话也可在 {} 中工作", directories.join("、"))
        }
        (_, PermissionUpdate::SetMode { mode, .. }) => {
            format!("切换到模式「{}」", mode_name(*mode, language))
        }
        (_, PermissionUpdate::Other(_)) => "Claude Code 建议的设置".to_owned(),
    }
}

pub fn scope(scope: Scope, language: Language) -> &'static str {
    let chinese = match scope {
        Scope::Session => "本次会话",
        Scope::Local => "本项目，仅限我",
        Scope::Project => "本项目，所有人",
        Scope::User => "我的所有项目",
    };
    language.pick(scope.describe(), chinese)
}

/// What remembering it would allow besides the call.
pub fn warning(update: &PermissionUpdate, language: Language) -> Option<String> {
    let warning = update.warning()?;
    Some(match (language, update.example()) {
        (Language::English, _) => warning,
        (Language::Chinese, Some(example)) => format!("放行的远不止这一次，例如「{example}」"),
        (Language::Chinese, None) => "放行的远不止这一次".to_owned(),
    })
}
