//! What sessions do and under which rules, in both languages.

use super::Language;
use crate::core::approval::Ask;
use crate::core::cell::TurnOutcome;
use crate::core::permission::PermissionMode;
use crate::core::prompt::Surface;
use crate::core::session::Activity;
use crate::core::session::Session;

/// What a session does, in a word or two.
pub fn activity(session: &Session, language: Language) -> &'static str {
    match session.activity() {
        Activity::NotStarted => language.pick("not started", "未启动"),
        Activity::Starting => language.pick("starting", "启动中"),
        Activity::Working => language.pick("working", "运行中"),
        Activity::Waiting(_) => language.pick("waits for you", waits(session)),
        Activity::Background(_) => language.pick("in the background", "后台任务运行中"),
        Activity::Idle => language.pick("ready", "空闲"),
        Activity::Failed => language.pick("stopped by an error", "出错停止"),
        Activity::Limited => language.pick("usage limit", "已限额"),
        Activity::Stopping => language.pick("stopping", "停止中"),
        Activity::Followed | Activity::FollowedToEnd => language.pick("followed", "旁观"),
    }
}

/// What kind of answer is waited for.
fn waits(session: &Session) -> &'static str {
    match session.approvals.first().map(|open| &open.approval.ask) {
        Some(Ask::Questions(_)) => "待回答",
        Some(Ask::Plan(_)) => "待确认计划",
        Some(Ask::Elicitation(_)) => "待填写",
        Some(Ask::Trust(_)) => "待确认目录",
        Some(Ask::Tool) | None => "待审批",
    }
}

/// What a permission mode is called.
pub fn mode(mode: PermissionMode, language: Language) -> &'static str {
    let chinese = match mode {
        PermissionMode::Default => "默认（每次询问）",
        PermissionMode::AcceptEdits => "自动接受修改",
        PermissionMode::Plan => "计划模式",
        PermissionMode::Auto => "自动",
        PermissionMode::DontAsk => "不询问（未放行即拒）",
        PermissionMode::BypassPermissions => "跳过权限检查",
    };
    language.pick(mode.as_str(), chinese)
}

/// How a turn ended.
pub fn outcome(outcome: &TurnOutcome, language: Language) -> &'static str {
    match outcome {
        TurnOutcome::Completed => language.pick("done", "完成"),
        TurnOutcome::Interrupted => language.pick("interrupted", "已中断"),
        TurnOutcome::Failed(_) => language.pick("failed", "失败"),
    }
}

/// Who did something, for somebody who reads it elsewhere: "you" would be whoever reads it. Who was at a phone is told
/// by `None`: a messenger shows them by name.
pub fn surface(surface: &Surface, language: Language) -> Option<String> {
    let said = match surface {
        Surface::Terminal => language.pick("at the terminal", "（在终端）").to_owned(),
        Surface::Phone(_) => return None,
        Surface::Headless => language.pick("by a script", "（由脚本）").to_owned(),
        Surface::Policy(rule) => match language {
            Language::English => format!("by {}", surface.describe()),
            Language::Chinese => format!("（按规则「{rule}」）"),
        },
        Surface::Engine => language.pick("by adjutant", "（由 adjutant）").to_owned(),
    };
    Some(said)
}
