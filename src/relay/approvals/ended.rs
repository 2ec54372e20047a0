//! The card of a request that has ended: what was decided, by whom, and nothing to press.

use serde_json::Value;

use super::content::cut_middle;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::approval::Withdrawal;
use crate::core::language;
use crate::core::language::Language;
use crate::core::prompt::Surface;
use crate::core::trust::TrustAnswer;
use crate::redact::Redactor;
use crate::relay::card::Block;
use crate::relay::card::Card;
use crate::relay::card::Tone;

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
pub fn ended(asked: &Card, end: &End<'_>, language: Language, redactor: &Redactor) -> Card {
    let mut details = Vec::new();
    let (tone, tag, text) = match end {
        End::Decided(verdict) => {
            details = details_of(&verdict.decision, language);
            let tone = if verdict.decision.is_allow() { Tone::Good } else { Tone::Bad };
            (tone, tag(&verdict.decision, language), by(how(&verdict.decision, language), &verdict.by, language))
        }
        End::Withdrawn(why) => {
            (Tone::Over, language.pick("over", "已失效"), Block::Text(withdrawn(*why, language).to_owned()))
        }
        End::Claimed => {
            let text = language.pick("The answer is on its way.", "答复正在发送。");
            (Tone::Working, language.pick("answered", "已答复"), Block::Text(text.to_owned()))
        }
        End::Unknown => {
            let text = language
                .pick("It has ended; the terminal and the audit log say how.", "已结束，详情见终端与审计日志。");
            (Tone::Over, language.pick("over", "已失效"), Block::Text(text.to_owned()))
        }
    };
    let mut card = asked.clone();
    card.blocks.retain(|block| !matches!(block, Block::Buttons(_) | Block::Form(_) | Block::Small(_)));
    card.tone = tone;
    // The list of chats shows it: a request that has ended must not look as if it waited.
    card.summary = match language {
        Language::English => format!("Request: {tag}"),
        Language::Chinese => format!("请求：{tag}"),
    };
    card = card.tagged(tag);
    card.blocks.push(Block::Divider);
    card.blocks.push(text);
    let safe = |text: String| redactor.text(&text).into_owned();
    card.blocks.extend(details.into_iter().map(|block| match block {
        Block::Text(text) => Block::Text(safe(text)),
        Block::Fact { name, value } => Block::Fact { name: safe(name), value: safe(value) },
        Block::Code { language: of, text } => {
            Block::Code { language: of, text: cut_middle(&safe(text), language).into_owned() }
        }
        block => block,
    }));
    card
}

/// What was done, and by whom.
pub fn by(what: &str, surface: &Surface, language: Language) -> Block {
    match surface {
        Surface::Phone(person) => {
            let words = format!("{what}{}", language.pick(" by", "："));
            Block::Person { words, person: person.clone() }
        }
        _ => {
            let gap = language.pick(" ", "");
            let who = language::surface(surface, language).unwrap_or_default();
            Block::Text(format!("{what}{gap}{who}"))
        }
    }
}

fn tag(decision: &Decision, language: Language) -> &'static str {
    match decision {
        Decision::Answers(_) => language.pick("answered", "已回答"),
        Decision::AcceptPlan { .. } => language.pick("accepted", "已同意"),
        Decision::Trust(TrustAnswer::Trust) => language.pick("trusted", "已信任"),
        Decision::Trust(TrustAnswer::Without) => language.pick("without it", "不启用"),
        Decision::Fill(_) => language.pick("answered", "已回答"),
        Decision::Dismiss => language.pick("dismissed", "未作答"),
        Decision::Deny { .. } => language.pick("denied", "已拒绝"),
        Decision::Allow { .. } | Decision::Grant(_) => language.pick("allowed", "已允许"),
    }
}

/// The decision in a few words.
pub fn how(decision: &Decision, language: Language) -> &'static str {
    match (language, decision) {
        (Language::English, decision) => decision.describe(),
        (_, Decision::Allow { edited: Some(_), .. }) => "修改后允许",
        (_, Decision::Allow { remember, .. }) if !remember.is_empty() => "已允许并记住",
        (_, Decision::Allow { .. }) => "已允许一次",
        (_, Decision::Grant(_)) => "已限时放行",
        (_, Decision::Answers(_)) => "已回答",
        (_, Decision::AcceptPlan { .. }) => "已同意计划",
        (_, Decision::Trust(TrustAnswer::Trust)) => "已信任此目录",
        (_, Decision::Trust(TrustAnswer::Without)) => "已启动，目录自带内容未启用",
        (_, Decision::Fill(Value::Null)) => "已同意打开页面",
        (_, Decision::Fill(_)) => "已填写",
        (_, Decision::Dismiss) => "未作答即关闭",
        (_, Decision::Deny { stop: true, .. }) => "已拒绝并中断",
        (_, Decision::Deny { .. }) => "已拒绝",
    }
}

fn withdrawn(why: Withdrawal, language: Language) -> &'static str {
    match why {
        Withdrawal::ByCli => language.pick(why.describe(), "Claude Code 已撤回"),
        Withdrawal::SessionGone => language.pick(why.describe(), "会话已结束"),
        Withdrawal::FileChanged => language.pick(why.describe(), "文件已变化，重新询问"),
        Withdrawal::Edited => language.pick(why.describe(), "已修改，重新询问"),
        Withdrawal::Expired => language.pick(why.describe(), "等待期间 adjutant 已停止"),
    }
}

/// What exactly was decided, where the word for it does not say all.
fn details_of(decision: &Decision, language: Language) -> Vec<Block> {
    let fact = |name: &str, value: String| Block::Fact { name: name.to_owned(), value };
    match decision {
        Decision::Answers(answers) => answers
            .iter()
            .map(|given| fact(given.question.trim_end_matches(['?', '？']), given.answer.clone()))
            .collect(),
        Decision::Grant(terms) => {
            vec![fact(
                language.pick("allowed", "允许"),
                format!("{} · {}", language::rule(&terms.rule, language), language::limit(terms, language)),
            )]
        }
        // What was filled in is for the server, and stands in no chat.
        Decision::Fill(_) | Decision::Trust(_) | Decision::Dismiss => Vec::new(),
        Decision::AcceptPlan { mode } => {
            vec![fact(language.pick("mode", "模式"), language::mode(*mode, language).to_owned())]
        }
        Decision::Deny { message, .. } if message.trim().is_empty() || super::is_unsaid(message) => Vec::new(),
        Decision::Deny { message, .. } => vec![fact(language.pick("reason", "原因"), message.clone())],
        Decision::Allow { edited, remember, comment } => {
            let mut details = Vec::new();
            if let Some(edited) = edited {
                details.push(Block::Text(language.pick("What runs instead:", "实际执行：").to_owned()));
                let command = edited.get("command").and_then(Value::as_str);
                let (language, text) =
                    match command.filter(|_| edited.as_object().is_some_and(|input| input.len() == 1)) {
                        Some(command) => ("bash", command.to_owned()),
                        None => ("json", serde_json::to_string_pretty(edited).unwrap_or_default()),
                    };
                details.push(Block::Code { language: language.to_owned(), text });
            }
            for update in remember {
                details.push(fact(language.pick("remembered", "记住"), language::update(update, language)));
            }
            if let Some(comment) = comment {
                details.push(fact(language.pick("comment", "备注"), comment.clone()));
            }
            details
        }
    }
}
