//! What somebody is told whose words did nothing: why, and what would.

use crate::core::language::Language;

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// It may be an answer to one of these, and is too little for one.
    Weak(Vec<u32>),
    /// It is an answer, and not certain to which of these.
    Unsure(Vec<u32>),
    /// A question waits, and this answers none of it.
    AskedHere(u32),
    /// A question wants an answer, in this form.
    Question(u32, String),
    /// It does not answer the question, and why.
    NoAnswer(u32, String),
    /// A form is filled in on its card.
    Form(u32),
    /// No word allows it.
    WantsALook { id: u32, by_number: bool },
    /// Its card has not been seen here.
    NotShown(u32),
    /// It was asked after this was written.
    Before(u32),
    /// The request that is meant, if one is, waits no more, or not for this person.
    Ended(Option<u32>),
    /// The words may be a reason for denying it.
    Reason(u32),
    /// It would deny the first, and speaks of the second.
    Names(u32, u32),
}

impl Hint {
    /// The request that it is about, where it is about one.
    pub fn request(&self) -> Option<u32> {
        match self {
            Self::Weak(ids) | Self::Unsure(ids) => {
                if let [one] = ids.as_slice() {
                    Some(*one)
                } else {
                    None
                }
            }
            Self::AskedHere(id)
            | Self::Question(id, _)
            | Self::NoAnswer(id, _)
            | Self::Form(id)
            | Self::WantsALook { id, .. }
            | Self::NotShown(id)
            | Self::Before(id)
            | Self::Reason(id)
            | Self::Names(id, _) => Some(*id),
            Self::Ended(id) => *id,
        }
    }

    pub fn describe(&self, language: Language) -> String {
        let say = |english: String, chinese: String| match language {
            Language::English => english,
            Language::Chinese => chinese,
        };
        match self {
            Self::Weak(ids) | Self::Unsure(ids) if ids.len() != 1 => {
                let commands = ids.iter().map(|id| format!("/approve {id}"));
                let commands: Vec<String> = commands.collect();
                say(
                    format!(
                        "{} requests wait, and it is not certain which you mean. Reply to its card with yes or no, or \
                         write {}.",
                        ids.len(),
                        commands.join(" or ")
                    ),
                    format!(
                        "有 {} 个请求待审批，无法确定你指哪一个。请回复对应卡片「允许」或「拒绝」，或发送 {}。",
                        ids.len(),
                        commands.join(" 或 ")
                    ),
                )
            }
            Self::Weak(ids) => {
                let id = ids.first().copied().unwrap_or_default();
                say(
                    format!("Request {id} waits: answer with yes or no, or press on its card. Nothing was done."),
                    format!("请求 {id} 待审批：回复「允许」或「拒绝」，或点卡片。未执行任何操作。"),
                )
            }
            Self::Unsure(ids) => {
                let id = ids.first().copied().unwrap_or_default();
                say(
                    format!(
                        "It is not certain what you mean: something else came after request {id}. Reply to its card, or \
                         write /approve {id} or /deny {id}."
                    ),
                    format!(
                        "无法确定你指的是什么：请求 {id} 之后还有别的消息。请回复该卡片，或发送 /approve {id}、/deny {id}。"
                    ),
                )
            }
            Self::AskedHere(id) => say(
                format!("Question {id} waits: answer with the number or the name of an option, or reply to its card."),
                format!("提问 {id} 待回答：发送选项编号或名称，或直接回复卡片。"),
            ),
            Self::Question(_, usage) => say(
                format!("A question wants an answer, on its card or as in {usage}"),
                format!("这是提问，请在卡片上回答，或发送 {usage}"),
            ),
            Self::NoAnswer(_, why) => why.clone(),
            Self::Form(_) => say(
                "A form is filled in on its card or at the terminal.".to_owned(),
                "表单请在卡片上或终端填写。".to_owned(),
            ),
            Self::WantsALook { id, by_number: true } => say(
                format!(
                    "Request {id} is marked as dangerous, so a word is not enough: look at it, then press on its card or \
                     write /approve {id}."
                ),
                format!("请求 {id} 有风险标记，一个词不够：请看清内容后点卡片，或发送 /approve {id}。"),
            ),
            Self::WantsALook { id, by_number: false } => say(
                format!("Request {id} wants more than a word: use its card."),
                format!("请求 {id} 需要在卡片上确认。"),
            ),
            Self::NotShown(id) => say(
                format!("Request {id} has not been shown here; look at it first, here or at the terminal."),
                format!("请求 {id} 尚未在此显示，请先在此处或终端查看。"),
            ),
            Self::Before(id) => say(
                format!("Request {id} was asked after you wrote this; nothing was allowed."),
                format!("请求 {id} 晚于你的消息，未允许任何操作。"),
            ),
            Self::Ended(Some(id)) => say(
                format!("Request {id} waits for no answer of yours; nothing was done."),
                format!("请求 {id} 已结束或不由你处理，未执行任何操作。"),
            ),
            Self::Ended(None) => say("No such request waits here.".to_owned(), "没有待审批的请求。".to_owned()),
            Self::Reason(id) => say(
                format!("Request {id} waits. Is this the reason for denying it, or a message?"),
                format!("请求 {id} 待审批。这是拒绝理由，还是一条消息？"),
            ),
            Self::Names(id, other) => say(
                format!("This would deny request {id}, and speaks of {other}. Write /deny {id} or /deny {other}."),
                format!("这会拒绝请求 {id}，但文中提到 {other}。请发送 /deny {id} 或 /deny {other}。"),
            ),
        }
    }
}
