//! The card of a request that has ended: what was decided, by whom, and nothing to press.

use serde_json::Value;

use super::content::cut_middle;
use super::said;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::approval::Withdrawal;
use crate::core::trust::TrustAnswer;
use crate::redact::Redactor;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Tone;
use crate::relay::words::Tongue;

/// How a request ended.
#[derive(Debug)]
pub enum End<'a> {
    Decided(&'a Verdict),
    Withdrawn(Withdrawal),
    /// Not yet, but it was answered here.
    Claimed,
    /// While the relay did not listen.
    Unknown,
}

/// The card that asked, once its request has ended.
pub fn ended(asked: &Card, end: &End<'_>, tongue: Tongue, redactor: &Redactor) -> Card {
    let mut details = Vec::new();
    let (tone, tag, text) = match end {
        End::Decided(verdict) => {
            details = details_of(&verdict.decision, tongue);
            let tone = if verdict.decision.is_allow() { Tone::Good } else { Tone::Bad };
            (
                tone,
                tag(&verdict.decision, tongue),
                format!("{} {}", how(&verdict.decision, tongue), said::by(&verdict.by, tongue)),
            )
        }
        End::Withdrawn(why) => (Tone::Over, tongue.pick("over", "已失效"), withdrawn(*why, tongue).to_owned()),
        End::Claimed => {
            let text = tongue.pick("The answer is on its way.", "答复正在发送。");
            (Tone::Working, tongue.pick("answered", "已答复"), text.to_owned())
        }
        End::Unknown => {
            let text =
                tongue.pick("It has ended; the terminal and the audit log say how.", "已结束，详情见终端与审计日志。");
            (Tone::Over, tongue.pick("over", "已失效"), text.to_owned())
        }
    };
    let mut card = asked.clone();
    card.blocks.retain(|block| !matches!(block, Block::Buttons(_) | Block::Form(_) | Block::Small(_)));
    card.tone = tone;
    // The list of chats shows it: a request that has ended must not look as if it waited.
    card.summary = match tongue {
        Tongue::English => format!("Request: {tag}"),
        Tongue::Chinese => format!("请求：{tag}"),
    };
    card = card.tagged(tag);
    card.blocks.push(Block::Divider);
    card.blocks.push(Block::Text(text));
    let safe = |text: String| redactor.text(&text).into_owned();
    card.blocks.extend(details.into_iter().map(|block| match block {
        Block::Text(text) => Block::Text(safe(text)),
        Block::Fact { name, value } => Block::Fact { name: safe(name), value: safe(value) },
        Block::Code { language, text } => Block::Code { language, text: cut_middle(&safe(text), tongue).into_owned() },
        block => block,
    }));
    card
}

fn tag(decision: &Decision, tongue: Tongue) -> &'static str {
    match decision {
        Decision::Answers(_) => tongue.pick("answered", "已回答"),
        Decision::AcceptPlan { .. } => tongue.pick("accepted", "已接受"),
        Decision::Trust(TrustAnswer::Trust) => tongue.pick("trusted", "已信任"),
        Decision::Trust(TrustAnswer::Without) => tongue.pick("without it", "不启用"),
        Decision::Fill(_) => tongue.pick("answered", "已回答"),
        Decision::Dismiss => tongue.pick("dismissed", "未作答"),
        Decision::Deny { .. } => tongue.pick("denied", "已拒绝"),
        Decision::Allow { .. } | Decision::Grant(_) => tongue.pick("allowed", "已允许"),
    }
}

/// The decision in a few words.
pub fn how(decision: &Decision, tongue: Tongue) -> &'static str {
    match (tongue, decision) {
        (Tongue::English, decision) => decision.describe(),
        (_, Decision::Allow { edited: Some(_), .. }) => "修改后允许",
        (_, Decision::Allow { remember, .. }) if !remember.is_empty() => "已允许并记住",
        (_, Decision::Allow { .. }) => "已允许一次",
        (_, Decision::Grant(_)) => "限时允许",
        (_, Decision::Answers(_)) => "已回答",
        (_, Decision::AcceptPlan { .. }) => "计划已接受",
        (_, Decision::Trust(TrustAnswer::Trust)) => "已信任此目录",
        (_, Decision::Trust(TrustAnswer::Without)) => "已启动，目录自带内容未启用",
        (_, Decision::Fill(Value::Null)) => "已同意打开页面",
        (_, Decision::Fill(_)) => "已填写",
        (_, Decision::Dismiss) => "未作答即关闭",
        (_, Decision::Deny { stop: true, .. }) => "已拒绝并停止",
        (_, Decision::Deny { .. }) => "已拒绝",
    }
}

fn withdrawn(why: Withdrawal, tongue: Tongue) -> &'static str {
    match why {
        Withdrawal::ByCli => tongue.pick(why.describe(), "CLI 已撤回"),
        Withdrawal::SessionGone => tongue.pick(why.describe(), "会话已结束"),
        Withdrawal::FileChanged => tongue.pick(why.describe(), "文件已变化，重新询问"),
        Withdrawal::Edited => tongue.pick(why.describe(), "已修改，重新询问"),
        Withdrawal::Expired => tongue.pick(why.describe(), "等待期间 adjutant 已停止"),
    }
}

/// What exactly was decided, where the word for it does not say all.
fn details_of(decision: &Decision, tongue: Tongue) -> Vec<Block> {
    let fact = |name: &str, value: String| Block::Fact { name: name.to_owned(), value };
    match decision {
        Decision::Answers(answers) => answers
            .iter()
            .map(|given| fact(given.question.trim_end_matches(['?', '？']), given.answer.clone()))
            .collect(),
        Decision::Grant(terms) => {
            vec![fact(
                tongue.pick("allowed", "允许"),
                format!("{} · {}", said::rule(&terms.rule, tongue), said::limit(terms, tongue)),
            )]
        }
        // What was filled in is for the server, and stands in no chat.
        Decision::Fill(_) | Decision::Trust(_) | Decision::Dismiss => Vec::new(),
        Decision::AcceptPlan { mode } => vec![fact(tongue.pick("mode", "模式"), mode.as_str().to_owned())],
        Decision::Deny { message, .. } if message.trim().is_empty() || super::is_unsaid(message) => Vec::new(),
        Decision::Deny { message, .. } => vec![fact(tongue.pick("reason", "原因"), message.clone())],
        Decision::Allow { edited, remember, comment } => {
            let mut details = Vec::new();
            if let Some(edited) = edited {
                details.push(Block::Text(tongue.pick("What runs instead:", "实际执行：").to_owned()));
                let command = edited.get("command").and_then(Value::as_str);
                let (language, text) =
                    match command.filter(|_| edited.as_object().is_some_and(|input| input.len() == 1)) {
                        Some(command) => ("bash", command.to_owned()),
                        None => ("json", serde_json::to_string_pretty(edited).unwrap_or_default()),
                    };
                details.push(Block::Code { language: language.to_owned(), text });
            }
            for update in remember {
                details.push(fact(tongue.pick("remembered", "记住"), said::update(update, tongue)));
            }
            if let Some(comment) = comment {
                details.push(fact(tongue.pick("comment", "备注"), comment.clone()));
            }
            details
        }
    }
}
