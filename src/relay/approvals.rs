//! Approvals, questions and plans on a card: what is shown, what can be pressed, and what a press decides.
//!
//! Pure. Invariants: a press means only what stood on the card that was pressed; whatever is missing, unknown or
//! contradicts itself is refused, and "allow" is never the answer to that; what cannot be shown whole says so.

use std::fmt::Write as _;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::card::Block;
use super::card::Button;
use super::card::Card;
use super::card::Field;
use super::card::FieldKind;
use super::card::Form;
use super::card::Style;
use super::card::Tone;
use super::words::Tongue;
use crate::core::approval::Answer;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Question;
use crate::core::approval::Verdict;
use crate::core::approval::Withdrawal;
use crate::core::grant::GrantTerms;
use crate::core::permission::PermissionMode;
use crate::core::permission::Scope;
use crate::redact::Redactor;

/// What is asked, as text.
mod content;

use content::content;
use content::cut_middle;

/// Bytes of what is asked that a card shows; what is longer comes as a file too.
const MAX_SHOWN: usize = 6_000;
/// Limits that are offered for each grant: minutes, and calls.
const LIMITS: [(u32, Option<u32>); 3] = [(20, None), (120, None), (24 * 60, Some(5))];
/// What must be typed where one press must not be enough.
const YES: &str = "yes";

/// An approval as a card shows it.
#[derive(Debug)]
pub struct Shown {
    pub card: Card,
    /// The whole of what is asked, where the card shows only a part of it.
    pub whole: Option<String>,
}

/// What makes a card this approval's and nobody else's.
#[derive(Debug, Clone, Copy)]
pub struct Mark<'a> {
    pub card: i64,
    pub nonce: &'a str,
}

/// Whom and what a card is written for.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    pub session: &'a str,
    pub tongue: Tongue,
    pub redactor: &'a Redactor,
}

/// The card that asks.
pub fn asked(approval: &Approval, mark: Mark<'_>, around: Around<'_>) -> Shown {
    let tongue = around.tongue;
    let (mut card, whole) = described(approval, around);
    card.tone = Tone::Pending;
    card = card.tagged(tongue.pick("waits for you", "等待处理"));
    if let Some(deadline) = approval.deadline {
        let seconds = deadline.millis_since(approval.asked) / 1000;
        let text = match tongue {
            Tongue::English => format!("Denied by itself after {seconds} seconds without an answer."),
            Tongue::Chinese => format!("{seconds} 秒内无答复将自动拒绝。"),
        };
        card.blocks.push(Block::Small(text));
    }
    let keys = Keys { mark, tongue, redactor: around.redactor };
    match &approval.ask {
        Ask::Tool => tool_keys(&mut card, approval, keys),
        Ask::Questions(questions) => question_keys(&mut card, questions, keys),
        Ask::Plan(_) => plan_keys(&mut card, keys),
    }
    card.blocks.push(Block::Small(format!("/approve {id} · /deny {id}", id = approval.id)));
    Shown { card, whole }
}

/// The card that asked, once its request has ended: without anything to press.
pub fn ended(asked: &Card, end: &End<'_>, tongue: Tongue) -> Card {
    let (tone, tag, text) = match end {
        End::Decided(verdict) => {
            let is_allow = verdict.decision.is_allow();
            let tag = if is_allow { tongue.pick("allowed", "已允许") } else { tongue.pick("denied", "已拒绝") };
            let how = how(&verdict.decision, tongue);
            let text = match tongue {
                Tongue::English => format!("{how} by {}", verdict.by.describe()),
                Tongue::Chinese => format!("{how}（{}）", verdict.by.describe()),
            };
            (if is_allow { Tone::Good } else { Tone::Bad }, tag, text)
        }
        End::Withdrawn(why) => {
            (Tone::Over, tongue.pick("over", "已失效"), tongue.pick(why.describe(), withdrawn(*why)).to_owned())
        }
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
    card
}

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

fn withdrawn(why: Withdrawal) -> &'static str {
    match why {
        Withdrawal::ByCli => "CLI 已撤回",
        Withdrawal::SessionGone => "会话已结束",
        Withdrawal::Expired => "等待期间 adjutant 已停止",
    }
}

fn how(decision: &Decision, tongue: Tongue) -> &'static str {
    match (tongue, decision) {
        (Tongue::English, decision) => decision.describe(),
        (_, Decision::Allow { edited: Some(_), .. }) => "修改后允许",
        (_, Decision::Allow { remember, .. }) if !remember.is_empty() => "已允许并记住",
        (_, Decision::Allow { .. }) => "已允许一次",
        (_, Decision::Grant(_)) => "限时允许",
        (_, Decision::Answers(_)) => "已回答",
        (_, Decision::AcceptPlan { .. }) => "计划已接受",
        (_, Decision::Deny { stop: true, .. }) => "已拒绝并停止",
        (_, Decision::Deny { .. }) => "已拒绝",
    }
}

/// What is asked, and all that is known about it.
fn described(approval: &Approval, around: Around<'_>) -> (Card, Option<String>) {
    let Around { session, tongue, redactor } = around;
    let title = match (&approval.ask, tongue) {
        (Ask::Tool, Tongue::English) => format!("{} · {session}", approval.tool),
        (Ask::Tool, Tongue::Chinese) => format!("{} · {session}", approval.tool),
        (Ask::Questions(_), _) => format!("{} · {session}", tongue.pick("A question", "提问")),
        (Ask::Plan(_), _) => format!("{} · {session}", tongue.pick("A plan", "计划")),
    };
    let summary = match tongue {
        Tongue::English => format!("A request waits ({})", approval.id),
        Tongue::Chinese => format!("有请求等待处理（{}）", approval.id),
    };
    let mut card = Card::new(Tone::Pending, title, summary);
    let (language, text) = match &approval.ask {
        Ask::Tool => content(approval),
        Ask::Questions(_) => ("", String::new()),
        Ask::Plan(plan) => ("markdown", plan.clone()),
    };
    let safe = redactor.text(&text);
    let has_secret = *safe != text;
    let is_long = safe.len() > MAX_SHOWN;
    let part = if is_long { cut_middle(&safe, tongue) } else { safe.to_string() };
    if let Ask::Plan(_) = approval.ask {
        card.blocks.push(Block::Prose(part));
    } else if !part.is_empty() {
        card.blocks.push(Block::Code { language: language.to_owned(), text: part });
    }
    if is_long {
        let text =
            tongue.pick("It does not fit here: the whole is in the file below.", "内容过长，完整内容见下方文件。");
        card.blocks.push(Block::Warning(text.to_owned()));
    }
    if has_secret {
        let text = tongue.pick(
            "Secrets in it are not shown here; the terminal shows the whole.",
            "其中的机密已隐藏；完整内容见终端。",
        );
        card.blocks.push(Block::Warning(text.to_owned()));
    }
    let mut fact = |name: &str, value: &str| {
        let value = redactor.text(value).into_owned();
        card.blocks.push(Block::Fact { name: name.to_owned(), value });
    };
    let place = match &approval.place.branch {
        Some(branch) => format!("{} ({branch})", approval.place.directory),
        None => approval.place.directory.clone(),
    };
    fact(tongue.pick("where", "位置"), &place);
    if let Some(agent) = &approval.agent {
        fact(tongue.pick("sub-agent", "子代理"), agent.description.as_deref().unwrap_or(&agent.id));
    }
    if let Some(description) = approval.description.as_deref().filter(|text| !text.is_empty()) {
        fact(tongue.pick("the model says", "模型说明"), description);
    }
    if let Some(reason) = approval.reason.as_deref().filter(|text| !text.is_empty()) {
        fact(tongue.pick("asked because", "询问原因"), reason);
    }
    if let Some(rule) = &approval.binding.asked_by_rule {
        fact(tongue.pick("asked by rule", "询问规则"), rule);
    }
    if let Some(path) = &approval.blocked_path {
        fact(tongue.pick("path", "路径"), path);
    }
    for risk in &approval.risks {
        card.blocks.push(Block::Warning(risk.describe().to_owned()));
    }
    if !approval.binding.not_understood.is_empty() {
        let names = approval.binding.not_understood.join(", ");
        card.blocks.push(Block::Warning(match tongue {
            Tongue::English => format!("The request says more than adjutant understands: {names}"),
            Tongue::Chinese => format!("请求包含 adjutant 无法理解的内容：{names}"),
        }));
    }
    (card, (is_long || has_secret).then(|| safe.into_owned()).filter(|_| is_long))
}

#[derive(Debug, Clone, Copy)]
struct Keys<'a> {
    mark: Mark<'a>,
    tongue: Tongue,
    redactor: &'a Redactor,
}

impl Keys<'_> {
    /// A text from outside, without its secrets.
    fn safe(self, text: &str) -> String {
        self.redactor.text(text).into_owned()
    }

    fn button(self, act: &str, label: &str, style: Style) -> Button {
        let value = json!({ "v": 1, "act": act, "rid": self.mark.card, "n": self.mark.nonce });
        Button { label: label.to_owned(), style, value, confirm: None }
    }
}

fn deny_keys(card: &mut Card, keys: Keys<'_>) {
    let tongue = keys.tongue;
    let reason = Field {
        name: "reason".into(),
        label: tongue.pick("Why, and what to do instead", "原因，以及应如何处理").into(),
        kind: FieldKind::Text { max_chars: 1000, required: true },
    };
    let submit = keys.button("deny_reason", tongue.pick("Deny with reason", "拒绝并说明"), Style::Plain);
    card.blocks.push(Block::Form(Form { name: "f_deny".into(), fields: vec![reason], submit }));
}

fn tool_keys(card: &mut Card, approval: &Approval, keys: Keys<'_>) {
    let tongue = keys.tongue;
    let deny = keys.button("deny", tongue.pick("Deny", "拒绝"), Style::Danger);
    let stop = keys.button("deny_stop", tongue.pick("Deny and stop", "拒绝并停止"), Style::Plain);
    if approval.binding.default_to_no {
        card.blocks.push(Block::Buttons(vec![deny, stop]));
        let label = match tongue {
            Tongue::English => format!("This must not be allowed by one press. Type {YES} to allow it"),
            Tongue::Chinese => format!("此操作不能一键允许。输入 {YES} 以允许"),
        };
        let field = Field { name: "typed".into(), label, kind: FieldKind::Text { max_chars: 10, required: true } };
        let submit = keys.button("allow_typed", tongue.pick("Allow once", "允许一次"), Style::Plain);
        card.blocks.push(Block::Form(Form { name: "f_allow".into(), fields: vec![field], submit }));
    } else {
        let allow = keys.button("allow", tongue.pick("Allow once", "允许一次"), Style::Primary);
        card.blocks.push(Block::Buttons(vec![allow, deny, stop]));
    }
    let choices = always(approval, tongue);
    if !choices.is_empty() {
        let options = choices.into_iter().map(|(name, label, _)| (name, keys.safe(&label))).collect();
        let field = Field {
            name: "always".into(),
            label: tongue.pick("What is allowed from now on", "今后允许的范围").into(),
            kind: FieldKind::Choice { options, initial: None },
        };
        let mut submit = keys.button("always", tongue.pick("Always…", "始终允许…"), Style::Plain);
        submit.confirm = Some(tongue.pick("Allow more than this one call?", "确定允许不止这一次调用？").to_owned());
        card.blocks.push(Block::Form(Form { name: "f_always".into(), fields: vec![field], submit }));
    }
    deny_keys(card, keys);
}

/// What can be allowed beyond the call: a name for the press, the words, and what it means.
fn always(approval: &Approval, tongue: Tongue) -> Vec<(String, String, Decision)> {
    // Where one press must not be enough, a choice in a list is not either.
    if approval.binding.no_always || approval.binding.default_to_no {
        return Vec::new();
    }
    let mut choices = Vec::new();
    for (at, update) in approval.suggestions.iter().enumerate() {
        let mut scopes: Vec<Option<Scope>> = vec![update.scope()];
        if update.scope().is_some_and(|scope| scope != Scope::Session) {
            scopes.insert(0, Some(Scope::Session));
        }
        for (nth, scope) in scopes.into_iter().enumerate() {
            let update = scope.map_or_else(|| update.clone(), |scope| update.with_scope(scope));
            let place = match scope {
                Some(scope) => scope.file().map_or(scope.describe(), |file| file),
                None => tongue.pick("as the CLI keeps it", "由 CLI 保存"),
            };
            let warning = update.warning().map(|warning| format!(" ⚠ {warning}")).unwrap_or_default();
            let label = format!("{} · {place}{warning}", update.text());
            choices.push((format!("s{at}.{nth}"), label, Decision::remembering(&update)));
        }
    }
    for (at, rule) in approval.grants.iter().enumerate() {
        for (nth, (minutes, uses)) in LIMITS.into_iter().enumerate() {
            let terms = GrantTerms { rule: rule.clone(), minutes, uses };
            let label = format!("{} · {}", rule.describe(), terms.limit());
            choices.push((format!("g{at}.{nth}"), label, Decision::Grant(terms)));
        }
    }
    choices
}

fn question_keys(card: &mut Card, questions: &[Question], keys: Keys<'_>) {
    let tongue = keys.tongue;
    let mut fields = Vec::new();
    for (at, question) in questions.iter().enumerate() {
        let mut text = question.text.clone();
        for option in question.options.iter().filter(|option| !option.description.is_empty()) {
            let _ = write!(text, "\n· {}: {}", option.label, option.description);
        }
        card.blocks.push(Block::Text(keys.safe(&text)));
        let options: Vec<(String, String)> = question
            .options
            .iter()
            .enumerate()
            .map(|(nth, option)| (nth.to_string(), keys.safe(&option.label)))
            .collect();
        let named = if question.header.is_empty() { &question.text } else { &question.header };
        let label = format!("{}. {}", at + 1, keys.safe(named));
        if !options.is_empty() {
            let several = question.multiple;
            let kind =
                if several { FieldKind::Choices { options } } else { FieldKind::Choice { options, initial: None } };
            fields.push(Field { name: format!("q{at}"), label, kind });
        }
        fields.push(Field {
            name: format!("t{at}"),
            label: format!("{}. {}", at + 1, tongue.pick("or in your own words", "或自行填写")),
            kind: FieldKind::Text { max_chars: 1000, required: false },
        });
    }
    let submit = keys.button("answers", tongue.pick("Answer", "回答"), Style::Primary);
    card.blocks.push(Block::Form(Form { name: "f_answers".into(), fields, submit }));
    card.blocks.push(Block::Buttons(vec![keys.button("deny", tongue.pick("Deny", "拒绝"), Style::Plain)]));
}

fn plan_keys(card: &mut Card, keys: Keys<'_>) {
    let tongue = keys.tongue;
    card.blocks.push(Block::Buttons(vec![
        keys.button("plan", tongue.pick("Accept, ask before edits", "接受，修改前询问"), Style::Primary),
        Button {
            confirm: Some(tongue.pick("Every edit runs without asking?", "所有修改都不再询问？").to_owned()),
            ..keys.button("plan_edits", tongue.pick("Accept, edit freely", "接受，自由修改"), Style::Plain)
        },
    ]));
    let feedback = Field {
        name: "reason".into(),
        label: tongue.pick("What should be different", "应如何修改").into(),
        kind: FieldKind::Text { max_chars: 1000, required: true },
    };
    let submit = keys.button("deny_reason", tongue.pick("Keep planning", "继续规划"), Style::Plain);
    card.blocks.push(Block::Form(Form { name: "f_plan".into(), fields: vec![feedback], submit }));
}

/// What "no" without a reason means.
pub fn denied() -> Decision {
    Decision::deny("The person denied this call from their phone. Go on without it or ask.")
}

/// What a press on this approval's card decides; the sentence says why it decides nothing.
pub fn decide(
    approval: &Approval,
    value: &Value,
    form: &Map<String, Value>,
    tongue: Tongue,
) -> Result<Decision, String> {
    let act = value.get("act").and_then(Value::as_str).unwrap_or_default();
    let typed = |name: &str| form.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let not_offered = || Err(tongue.pick("That was not offered.", "该操作不可用。").to_owned());
    let reason = |stop| match typed("reason") {
        "" => Err(tongue.pick("Say why.", "请填写原因。").to_owned()),
        text => Ok(Decision::Deny { message: text.to_owned(), stop }),
    };
    match (&approval.ask, act) {
        (_, "deny") => Ok(denied()),
        (Ask::Tool, "deny_stop") => {
            let message = "The person denied this call from their phone and stopped the turn.".to_owned();
            Ok(Decision::Deny { message, stop: true })
        }
        (Ask::Tool | Ask::Plan(_), "deny_reason") => reason(false),
        (Ask::Tool, "allow") if !approval.binding.default_to_no => Ok(Decision::allow_once()),
        (Ask::Tool, "allow_typed") if approval.binding.default_to_no => match typed("typed").to_lowercase().as_str() {
            YES => Ok(Decision::allow_once()),
            _ => Err(match tongue {
                Tongue::English => format!("It is allowed only when you type {YES}."),
                Tongue::Chinese => format!("输入 {YES} 后才会允许。"),
            }),
        },
        (Ask::Tool, "always") => {
            let chosen = typed("always");
            let found = always(approval, tongue).into_iter().find(|(name, ..)| name == chosen);
            match found {
                Some((.., decision)) => Ok(decision),
                None => Err(tongue.pick("Choose what is allowed from now on.", "请选择今后允许的范围。").to_owned()),
            }
        }
        (Ask::Questions(questions), "answers") => answers(questions, form, tongue).map(Decision::Answers),
        (Ask::Plan(_), "plan") => Ok(Decision::AcceptPlan { mode: PermissionMode::Default }),
        (Ask::Plan(_), "plan_edits") => Ok(Decision::AcceptPlan { mode: PermissionMode::AcceptEdits }),
        _ => not_offered(),
    }
}

fn answers(questions: &[Question], form: &Map<String, Value>, tongue: Tongue) -> Result<Vec<Answer>, String> {
    let mut answers = Vec::new();
    for (at, question) in questions.iter().enumerate() {
        let chosen = match form.get(&format!("q{at}")) {
            Some(Value::String(one)) if !one.is_empty() => vec![one.as_str()],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if chosen.len() > 1 && !question.multiple {
            return Err(tongue.pick("Choose one.", "只能选择一项。").to_owned());
        }
        let mut parts = Vec::new();
        for name in chosen {
            let option = name.parse().ok().and_then(|place: usize| question.options.get(place));
            parts.push(
                option.ok_or_else(|| tongue.pick("That was not offered.", "该选项不可用。").to_owned())?.label.as_str(),
            );
        }
        let own = form.get(&format!("t{at}")).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if !own.is_empty() && (question.multiple || parts.is_empty()) {
            parts.push(own);
        } else if !own.is_empty() {
            return Err(tongue.pick("Choose an answer or write one, not both.", "请选择或填写其一。").to_owned());
        }
        if parts.is_empty() {
            return Err(match tongue {
                Tongue::English => format!("Question {} has no answer yet.", at + 1),
                Tongue::Chinese => format!("问题 {} 尚未回答。", at + 1),
            });
        }
        answers.push(Answer { question: question.text.clone(), answer: parts.join(", ") });
    }
    Ok(answers)
}

#[cfg(test)]
mod tests;
