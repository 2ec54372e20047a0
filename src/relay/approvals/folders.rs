//! What a folder brings, on a card. It is trusted from here only where the configuration says so.

use super::Keys;
use crate::core::language::Language;
use crate::core::trust::Brought;
use crate::core::trust::Kind;
use crate::relay::card::Block;
use crate::relay::card::Button;
use crate::relay::card::Card;
use crate::relay::card::Style;

/// All items, what runs first.
pub(super) fn listing(brought: &Brought, language: Language) -> String {
    let mut text = String::new();
    let mut last = None;
    for item in &brought.items {
        if last != Some(item.kind) {
            last = Some(item.kind);
            let gap = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{gap}{}\n", heading(item.kind, language)));
        }
        let name = if item.name.is_empty() { String::new() } else { format!(" · {}", item.name) };
        text.push_str(&format!("  {}{name}\n", item.place));
        for line in item.text.lines() {
            text.push_str(&format!("    {line}\n"));
        }
        if let Some(note) = item.note() {
            let chinese = "还可能在规则和敏感文件检查之后更改或放行调用";
            text.push_str(&format!("    {}\n", language.pick(note, chinese)));
        }
    }
    text
}

fn heading(kind: Kind, language: Language) -> &'static str {
    let chinese = match kind {
        Kind::Unreadable => "无法读取",
        Kind::Hook => "hook（自动执行）",
        Kind::Helper => "辅助程序（自动执行）",
        Kind::McpServer => "MCP 服务器（自动启动）",
        Kind::StatusLine => "状态行（自动执行）",
        Kind::Environment => "环境变量",
        Kind::Plugin => "插件及其来源",
        Kind::Git => "git 会执行的程序",
        Kind::AllowRule => "免询问的允许规则",
        Kind::Mode => "权限模式",
        Kind::Directory => "额外目录",
        Kind::Skill => "skill",
        Kind::Command => "斜杠命令",
        Kind::Agent => "agent",
        Kind::Workflow => "工作流",
        Kind::Schedule => "定时发送的消息",
        Kind::OutputStyle => "输出风格",
        Kind::Setting => "其他设置",
    };
    language.pick(kind.heading(), chinese)
}

/// `is_hidden`: more than a key is taken out of what is shown.
pub(super) fn keys(card: &mut Card, brought: &Brought, is_hidden: bool, keys: Keys<'_>) {
    let language = keys.language;
    let mut buttons = Vec::new();
    if brought.from_phone && !is_hidden {
        let text = language.pick("Everything above takes effect from now on?", "以上内容将全部生效，确定信任？");
        let trust = keys.button("trust", language.pick("Trust and start", "信任并启动"), Style::Plain);
        buttons.push(Button { confirm: Some(text.to_owned()), ..trust });
    } else if !brought.from_phone {
        let text = language.pick(
            "It can be trusted only at the terminal: [relay.feishu] trusted_roots names nothing above it.",
            "只能在终端信任：[relay.feishu] trusted_roots 未包含此目录。",
        );
        card.blocks.push(Block::Warning(text.to_owned()));
    }
    buttons.push(keys.button("trust_without", language.pick("Start without it", "不启用，直接启动"), Style::Primary));
    buttons.push(keys.button("deny", language.pick("Do not start", "不启动"), Style::Danger));
    card.blocks.push(Block::Buttons(buttons));
}
