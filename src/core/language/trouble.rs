//! What went wrong and what to do about it, in both languages.
//!
//! The Chinese advice is for whoever reads it, also away from the computer: it names no key.

use super::Language;
use crate::core::ids::Timestamp;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;

/// What happened, what the API said about it, and what to do. `clock` writes a time of day.
pub fn in_full(trouble: &Trouble, language: Language, clock: impl Fn(Timestamp) -> String) -> String {
    if language == Language::English {
        return trouble.in_full();
    }
    let said = trouble.said().map(|said| language.quoted(&said)).unwrap_or_default();
    format!("{}{said}{}", headline(&trouble.kind, clock), advice(&trouble.kind))
}

fn headline(kind: &TroubleKind, clock: impl Fn(Timestamp) -> String) -> String {
    match kind {
        TroubleKind::Authentication => "Claude 登录已失效。".into(),
        TroubleKind::UsageLimit { lifts: Some(at) } => format!("已达用量上限（{} 恢复）。", clock(*at)),
        TroubleKind::UsageLimit { lifts: None } => "已达用量上限。".into(),
        TroubleKind::Throttled => "请求过于频繁，被限流。".into(),
        TroubleKind::Overloaded => "Claude 服务繁忙，与本机无关。".into(),
        TroubleKind::ServerFault => "Claude 服务出错，与本机无关。".into(),
        TroubleKind::Network => "连不上 Claude 服务。".into(),
        TroubleKind::ContextTooLong => "上下文已满。".into(),
        TroubleKind::Billing => "账号余额或套餐不可用。".into(),
        TroubleKind::Refused => "Claude 服务不接受当前对话。".into(),
        TroubleKind::ModelMissing => "模型不存在，或账号无权使用。".into(),
        TroubleKind::ImageRefused => "图片无法使用。".into(),
        TroubleKind::MalformedCall => "模型的工具调用连续多次无法解析。".into(),
        TroubleKind::StructuredOutput => "回答不符合要求的格式。".into(),
        TroubleKind::TurnSetup => "Claude Code CLI 无法开始本轮。".into(),
        TroubleKind::DeferredCall => "被推迟的工具调用已无法执行。".into(),
        TroubleKind::CliMissing { program } => format!("无法启动 Claude Code CLI「{program}」。"),
        TroubleKind::CliTooOld => "Claude Code CLI 版本过旧。".into(),
        TroubleKind::CliSilent => "Claude Code CLI 已启动，但没有响应。".into(),
        TroubleKind::DirectoryGone { path } => format!("目录「{path}」已不存在。"),
        TroubleKind::ConversationGone => "Claude Code CLI 中已没有这个对话。".into(),
        TroubleKind::ConversationHeld { by } => format!("另一个进程正在使用这个对话：「{by}」。"),
        TroubleKind::Crashed => "Claude Code 进程意外退出。".into(),
        TroubleKind::MaxTurns => "已达单条消息的轮数上限。".into(),
        TroubleKind::Budget => "本会话的预算已用完。".into(),
        TroubleKind::Other => "本轮出错停止。".into(),
    }
}

fn advice(kind: &TroubleKind) -> &'static str {
    match kind {
        TroubleKind::Authentication => "请在电脑上运行 `claude` 重新登录，或设置 ANTHROPIC_API_KEY，然后重发。",
        TroubleKind::UsageLimit { .. } => "请等恢复后重发，或换用其他模型或账号。",
        TroubleKind::Throttled | TroubleKind::Overloaded | TroubleKind::ServerFault => "请过一分钟重发。",
        TroubleKind::Network => "请检查网络、代理和 ANTHROPIC_BASE_URL，然后重发。",
        TroubleKind::ContextTooLong => "发送 /compact 压缩，或新开会话。",
        TroubleKind::Billing => "请检查套餐或余额，然后重发。",
        TroubleKind::Refused => "被拒的内容会留在对话里，再发也会被拒：请新开会话，或在终端从之前的消息处分叉。",
        TroubleKind::ModelMissing => "请在终端换一个模型，然后重发。",
        TroubleKind::ImageRefused => "请去掉图片或换小一些的再发；仍被拒时请新开会话。",
        TroubleKind::MalformedCall => "请重发，或把任务拆小。",
        TroubleKind::StructuredOutput => "请重发，或降低要求。",
        TroubleKind::TurnSetup => "请在终端查看详情，然后重发。",
        TroubleKind::DeferredCall => "发送「继续」即可跳过它。",
        TroubleKind::CliMissing { .. } => {
            "请用 `npm install -g @anthropic-ai/claude-code` 安装，或在 config.toml 中设置 [claude] command。"
        }
        TroubleKind::CliTooOld => "请运行 `claude update`。",
        TroubleKind::CliSilent => "请在电脑上运行 `claude -p hello` 查看原因；再发消息会重新启动。",
        TroubleKind::DirectoryGone { .. } => "请重新创建，或在其他目录新开会话。",
        TroubleKind::ConversationGone => "重发会开始新的对话。",
        TroubleKind::ConversationHeld { .. } => "请先在那边关闭再重发，或用 /fork 在副本中继续。",
        TroubleKind::Crashed => "重发会接着原对话。",
        TroubleKind::MaxTurns => "发送「继续」接着执行。",
        TroubleKind::Budget => "请在 config.toml 中提高预算，或新开会话。",
        TroubleKind::Other => "详情见终端；再发消息会接着原对话。",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_apis_own_sentence_stands_between_quotation_marks() {
        let trouble = Trouble::new(TroubleKind::Refused, "API Error: 400 messages.401: no connection");
        let text = in_full(&trouble, Language::Chinese, |_| String::new());
        let said = trouble.said().unwrap();
        assert!(text.contains(&format!("。「{said}」")), "{text}");
        assert_eq!(in_full(&trouble, Language::English, |_| String::new()), trouble.in_full());
        let limit = Trouble::new(TroubleKind::UsageLimit { lifts: Some(Timestamp(0)) }, "x");
        let text = in_full(&limit, Language::Chinese, |_| "18:00".into());
        assert_eq!(text, "已达用量上限（18:00 恢复）。请等恢复后重发，或换用其他模型或账号。");
    }
}
