//! Approvals, questions and plans on a card: what is shown, what can be pressed, and what a press decides.
//!
//! Pure. Invariants: a press means only what stood on the card that was pressed; whatever is missing, unknown or
//! contradicts itself is refused, and "allow" is never the answer to that; what cannot be shown whole says so.

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
use super::typed::fold;
use super::words;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::danger::DangerClass;
use crate::core::grant::GrantRule;
use crate::core::grant::GrantTerms;
use crate::core::language;
use crate::core::language::Language;
use crate::core::permission::PermissionMode;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Scope;
use crate::core::tool::table;
use crate::core::trust::TrustAnswer;
use crate::redact::Redactor;

/// What is asked and what is known about it.
mod content;
/// The card of a request that has ended.
mod ended;
/// What a folder brings.
mod folders;
/// A server's form.
mod forms;
/// Questions, and their answers.
mod questions;

use content::Cut;
use content::about;
use content::beside_the_plan;
use content::content;
use content::cut_between_steps;
use content::cut_middle;
use content::dangers;
pub use content::only_deny;
pub use ended::End;
pub use ended::by;
pub use ended::ended;
pub use ended::how;
pub use questions::answers_in_words;
pub use questions::are_choices;
pub use questions::are_options;
pub use questions::usage;

/// Bytes of what is asked that a card shows; what is longer comes as a file too.
const MAX_SHOWN: usize = 6_000;
/// Bytes of a choice; what is longer would be cut where it is shown.
const MAX_LABEL: usize = 300;
/// Limits that are offered for each grant: minutes, and calls.
const LIMITS: [(u32, Option<u32>); 3] = [(20, None), (120, None), (24 * 60, Some(5))];
/// What must be typed where one press must not be enough.
const YES: &str = "yes";
const YES_CHINESE: &str = "允许";

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
    pub language: Language,
    pub redactor: &'a Redactor,
}

/// The card that asks.
pub fn asked(approval: &Approval, mark: Mark<'_>, around: Around<'_>) -> Shown {
    let language = around.language;
    let (mut card, whole) = described(approval, around);
    card.tone = Tone::Pending;
    card = card.tagged(waits(approval, language));
    if let Some(deadline) = approval.deadline {
        let seconds = deadline.millis_since(approval.asked) / 1000;
        // The card may arrive late: the time of day says how much is left.
        let at = words::time_of_day(deadline);
        let text = match language {
            Language::English => format!(
                "Denied by itself after {} without an answer, at {at}.",
                crate::core::figures::count(seconds, "second", "seconds")
            ),
            Language::Chinese if seconds >= 60 && seconds % 60 == 0 => {
                format!("{} 分钟内（至 {at}）无答复将自动拒绝。", seconds / 60)
            }
            Language::Chinese => format!("{seconds} 秒内（至 {at}）无答复将自动拒绝。"),
        };
        card.blocks.push(Block::Small(text));
    }
    let keys = Keys { mark, language, redactor: around.redactor };
    let only_deny = only_deny(approval, around.redactor);
    if let Some(why) = only_deny {
        card.blocks.push(Block::Warning(why.describe(language).to_owned()));
    }
    match &approval.ask {
        Ask::Tool if only_deny.is_some() => deny_keys(&mut card, keys),
        Ask::Plan(_) if only_deny.is_some() => feedback_keys(&mut card, keys),
        Ask::Tool => tool_keys(&mut card, approval, keys),
        Ask::Questions(questions) => questions::keys(&mut card, questions, keys),
        Ask::Elicitation(asked) => forms::keys(&mut card, asked, keys),
        Ask::Trust(brought) => folders::keys(&mut card, brought, only_deny.is_some(), keys),
        Ask::Plan(_) => plan_keys(&mut card, keys),
    }
    let allow = match &approval.ask {
        Ask::Questions(questions) => Some(usage(approval.id, questions, language)),
        Ask::Elicitation(_) | Ask::Trust(_) => None,
        Ask::Tool | Ask::Plan(_) if approval.binding.default_to_no || only_deny.is_some() => None,
        Ask::Tool | Ask::Plan(_) => Some(format!("/approve {}", approval.id)),
    };
    let words = allow.into_iter().chain([format!("/deny {}", approval.id)]);
    card.blocks.push(Block::Small(words.collect::<Vec<_>>().join(" · ")));
    Shown { card, whole }
}

/// What kind of answer a request waits for.
fn waits(approval: &Approval, language: Language) -> &'static str {
    match &approval.ask {
        Ask::Tool => language.pick("waits for you", "待审批"),
        Ask::Questions(_) => language.pick("waits for your answer", "待回答"),
        Ask::Plan(_) => language.pick("waits for your word", "待确认计划"),
        Ask::Elicitation(_) => language.pick("waits to be filled in", "待填写"),
        Ask::Trust(_) => language.pick("waits for you", "待确认"),
    }
}

/// What a locked phone shows: what waits, in words of ours alone. A name of a tool is ours where the tool is built in.
fn summary(approval: &Approval, language: Language) -> String {
    let tool = if approval.binding.posing || table::is_unknown(&approval.tool) {
        language.pick("A tool", "工具")
    } else {
        approval.tool.as_str()
    };
    let mark = approval.dangers().first().map(|danger| language::danger_kind(danger, language));
    let about = match (&approval.ask, mark) {
        (Ask::Tool, Some(mark)) => format!("{tool} {}{}{mark}", waits(approval, language), language.pick(": ", "：")),
        (Ask::Tool, None) => format!("{tool} {}", waits(approval, language)),
        (Ask::Questions(_), _) => language.pick("A question waits for your answer", "提问待回答").to_owned(),
        (Ask::Plan(_), _) => language.pick("A plan waits for your word", "计划待确认").to_owned(),
        (Ask::Elicitation(_), _) => language.pick("A server's form waits to be filled in", "表单待填写").to_owned(),
        (Ask::Trust(_), _) => language.pick("Trust this folder?", "是否信任目录").to_owned(),
    };
    match language {
        Language::English => format!("{about} ({})", approval.id),
        Language::Chinese => format!("{about}（{}）", approval.id),
    }
}

/// What is asked, and all that is known about it.
fn described(approval: &Approval, around: Around<'_>) -> (Card, Option<String>) {
    let Around { session, language, redactor } = around;
    let title = match &approval.ask {
        Ask::Tool => format!("{} · {session}", approval.tool),
        Ask::Questions(_) => format!("{} · {session}", language.pick("A question", "提问")),
        Ask::Elicitation(_) => format!("{} · {session}", language.pick("A server asks", "服务器请求")),
        Ask::Plan(_) => format!("{} · {session}", language.pick("A plan", "计划")),
        Ask::Trust(_) => format!("{} · {session}", language.pick("Trust this folder?", "信任此目录？")),
    };
    let summary = summary(approval, language);
    let mut card = Card::new(Tone::Pending, title, summary);
    let safe = |text: &str| redactor.text(text).into_owned();
    let (mut is_long, mut has_secret, mut whole) = (false, false, None);
    let mut fits = |text: &str, cut: Cut| {
        let shown = redactor.text(text);
        has_secret = shown != text;
        is_long = shown.len() > MAX_SHOWN;
        whole = is_long.then(|| shown.clone().into_owned());
        cut(&shown, language).into_owned()
    };
    match &approval.ask {
        Ask::Questions(_) | Ask::Elicitation(_) => {}
        Ask::Trust(brought) => {
            let text = language.pick(
                "This folder brings what runs or decides something unasked:",
                "此目录自带会自动执行或影响判断的内容：",
            );
            card.blocks.push(Block::Text(text.to_owned()));
            card.blocks
                .push(Block::Fact { name: language.pick("folder", "目录").into(), value: safe(&brought.folder) });
            let text = folders::listing(brought, language);
            card.blocks.push(Block::Code { language: "text".to_owned(), text: fits(&text, cut_middle) });
        }
        Ask::Plan(plan) => {
            card.blocks.push(Block::Prose(fits(plan, cut_between_steps)));
            if let Some(more) = beside_the_plan(approval) {
                let text = language.pick("With the plan comes:", "随计划一同提出：");
                card.blocks.push(Block::Warning(text.to_owned()));
                card.blocks.push(Block::Code { language: "json".to_owned(), text: safe(&more) });
            }
        }
        Ask::Tool => {
            let content = content(approval, language);
            card.blocks.extend(dangers(approval, language).map(|text| Block::Warning(safe(&text))));
            card.blocks.extend(content.warnings.iter().map(|text| Block::Warning(safe(text))));
            let facts = content.facts.iter();
            card.blocks.extend(facts.map(|(name, value)| Block::Fact { name: (*name).into(), value: safe(value) }));
            if !content.text.is_empty() {
                let text = fits(&content.text, cut_middle);
                card.blocks.extend(content::in_view(content.language, &text, language));
            }
        }
    }
    if is_long {
        let text =
            language.pick("It does not fit here: the whole is in the file below.", "内容过长，完整内容见下方文件。");
        card.blocks.push(Block::Warning(text.to_owned()));
    }
    if has_secret {
        let text = language.pick(
            "Secrets in it are not shown here; the terminal shows the whole.",
            "其中的密钥已脱敏；完整内容见终端。",
        );
        card.blocks.push(Block::Warning(text.to_owned()));
    }
    let safely = |block: Block| match block {
        Block::Fact { name, value } => Block::Fact { name, value: safe(&value) },
        Block::Warning(text) => Block::Warning(safe(&text)),
        block => block,
    };
    let (seen, folded) = about(approval, language);
    card.blocks.extend(seen.into_iter().map(safely));
    let title = language.pick("More about it", "更多信息").to_owned();
    card.blocks.push(Block::Folded { title, blocks: folded.into_iter().map(safely).collect() });
    (card, whole)
}

#[derive(Debug, Clone, Copy)]
struct Keys<'a> {
    mark: Mark<'a>,
    language: Language,
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

/// Denying in all its forms, where nothing else is offered.
fn deny_keys(card: &mut Card, keys: Keys<'_>) {
    card.blocks.push(Block::Buttons(vec![deny_button(keys)]));
    more_keys(card, keys, Vec::new(), None);
}

fn deny_button(keys: Keys<'_>) -> Button {
    keys.button("deny", keys.language.pick("Deny", "拒绝"), Style::Danger)
}

/// What is wanted less often, folded away: allowing more than this call, and denying with a reason or for good.
fn more_keys(card: &mut Card, keys: Keys<'_>, mut fields: Vec<Field>, always: Option<Button>) {
    let language = keys.language;
    fields.push(Field {
        name: "reason".into(),
        label: language.pick("Why it is denied, and what to do instead", "拒绝理由（会告诉 Claude）").into(),
        kind: FieldKind::Text { max_chars: 1000, required: false },
    });
    let with_reason = keys.button("deny_reason", language.pick("Deny with reason", "拒绝并说明理由"), Style::Plain);
    let stop = keys.button("deny_stop", language.pick("Deny and stop", "拒绝并中断"), Style::Plain);
    let mut buttons: Vec<Button> = always.into_iter().chain([with_reason, stop]).collect();
    let submit = buttons.remove(0);
    let folded = Some(language.pick("More options", "更多选项").to_owned());
    card.blocks.push(Block::Form(Form { others: buttons, folded, ..Form::new("f_more", fields, submit) }));
}

fn tool_keys(card: &mut Card, approval: &Approval, keys: Keys<'_>) {
    let language = keys.language;
    if approval.binding.default_to_no {
        card.blocks.push(Block::Buttons(vec![deny_button(keys)]));
        let label = match language {
            Language::English => format!("This must not be allowed by one press. Type {YES} to allow it"),
            Language::Chinese => "高风险操作，请输入「允许」确认".to_owned(),
        };
        let field = Field { name: "typed".into(), label, kind: FieldKind::Text { max_chars: 10, required: true } };
        let submit = keys.button("allow_typed", language.pick("Allow once", "允许一次"), Style::Plain);
        card.blocks.push(Block::Form(Form::new("f_allow", vec![field], submit)));
    } else {
        // What is dangerous must not be the button that a thumb finds first.
        let is_grave = approval.wants_a_look() || approval.danger_class() == DangerClass::Dangerous;
        let style = if is_grave { Style::Plain } else { Style::Primary };
        let allow = keys.button("allow", language.pick("Allow once", "允许一次"), style);
        card.blocks.push(Block::Buttons(vec![allow, deny_button(keys)]));
    }
    let choices = always(approval, language, keys.redactor);
    if choices.is_empty() {
        return more_keys(card, keys, Vec::new(), None);
    }
    let of_files = |rule: &&GrantRule| matches!(rule, GrantRule::Edits { .. } | GrantRule::Reads { .. });
    let reach = approval
        .grants
        .iter()
        .find(of_files)
        .and_then(GrantRule::reach)
        .map(|reach| language.pick(reach, "不含疑似机密或影响工具行为的文件，也不含链接指向别处的文件"));
    let options = choices.into_iter().map(|(name, label, _)| (name, label)).collect();
    let label = language.pick("What is allowed from now on", "放行范围");
    let label = reach.map_or_else(|| label.to_owned(), |reach| format!("{label} · {reach}"));
    let field = Field { name: "always".into(), label, kind: FieldKind::Choice { options, initial: None } };
    let mut submit = keys.button("always", language.pick("Always…", "一段时间内允许…"), Style::Plain);
    submit.confirm = Some(language.pick("Allow more than this one call?", "之后同类操作将不再询问，确定？").to_owned());
    more_keys(card, keys, vec![field], Some(submit));
}

/// What can be allowed beyond the call: a name for the press, the words, and what it means. Only what its words tell
/// whole is offered.
fn always(approval: &Approval, language: Language, redactor: &Redactor) -> Vec<(String, String, Decision)> {
    // Where one press must not be enough, a choice in a list is not either.
    if approval.binding.no_always || approval.binding.default_to_no {
        return Vec::new();
    }
    let mut choices = Vec::new();
    let is_for_here = |update: &PermissionUpdate| match update {
        PermissionUpdate::Other(_) => false,
        PermissionUpdate::SetMode { mode, .. } => !mode.is_dangerous(),
        PermissionUpdate::AddRules { .. } | PermissionUpdate::AddDirectories { .. } => true,
    };
    for (at, update) in approval.suggestions.iter().enumerate().filter(|(_, update)| is_for_here(update)) {
        let mut scopes: Vec<Option<Scope>> = vec![update.scope()];
        if update.scope().is_some_and(|scope| scope != Scope::Session) {
            scopes.insert(0, Some(Scope::Session));
        }
        for (nth, scope) in scopes.into_iter().enumerate() {
            let update = scope.map_or_else(|| update.clone(), |scope| update.with_scope(scope));
            let place = match scope {
                Some(scope) => scope.file().map_or(language::scope(scope, language), |file| file),
                None => language.pick("as the CLI keeps it", "由 Claude Code 决定"),
            };
            let warning =
                language::warning(&update, language).map(|warning| format!(" ⚠ {warning}")).unwrap_or_default();
            let label = format!("{place} · {}{warning}", language::update(&update, language));
            choices.push((format!("s{at}.{nth}"), label, Decision::remembering(&update)));
        }
    }
    for (at, rule) in approval.grants.iter().enumerate() {
        for (nth, (minutes, uses)) in LIMITS.into_iter().enumerate() {
            let terms = GrantTerms { rule: rule.clone(), minutes, uses };
            // What differs stands first: a phone shows the beginning.
            let label = format!("{} · {}", language::limit(&terms, language), language::rule(rule, language));
            choices.push((format!("g{at}.{nth}"), label, Decision::Grant(terms)));
        }
    }
    choices.retain(|(_, label, _)| label.len() <= MAX_LABEL && redactor.text(label) == *label);
    choices
}

fn plan_keys(card: &mut Card, keys: Keys<'_>) {
    accept_keys(card, keys);
    feedback_keys(card, keys);
}

fn accept_keys(card: &mut Card, keys: Keys<'_>) {
    let language = keys.language;
    card.blocks.push(Block::Buttons(vec![
        keys.button("plan", language.pick("Accept, ask before edits", "同意，改文件前问我"), Style::Primary),
        Button {
            confirm: Some(language.pick("Every edit runs without asking?", "改文件将不再询问，确定？").to_owned()),
            ..keys.button("plan_edits", language.pick("Accept, edit freely", "同意，改文件不用问"), Style::Plain)
        },
    ]));
}

fn feedback_keys(card: &mut Card, keys: Keys<'_>) {
    let language = keys.language;
    let feedback = Field {
        name: "reason".into(),
        label: language.pick("What should be different", "想改哪里").into(),
        kind: FieldKind::Text { max_chars: 1000, required: true },
    };
    let submit = keys.button("deny_reason", language.pick("Keep planning", "继续完善计划"), Style::Plain);
    card.blocks.push(Block::Form(Form::new("f_plan", vec![feedback], submit)));
}

/// What the model is told where the person gave no reason.
const DENIED: &str = "The person denied this call from their phone. Go on without it or ask.";
const STOPPED: &str = "The person denied this call from their phone and stopped the turn.";

/// What "no" without a reason means.
pub fn denied() -> Decision {
    Decision::deny(DENIED)
}

/// Whether these are our words, and no reason that a person gave.
fn is_unsaid(message: &str) -> bool {
    [DENIED, STOPPED].contains(&message)
}

/// What a press on this approval's card decides; the sentence says why it decides nothing.
pub fn decide(
    card: &Card,
    approval: &Approval,
    value: &Value,
    form: &Map<String, Value>,
    language: Language,
    redactor: &Redactor,
) -> Result<Decision, String> {
    let act = value.get("act").and_then(Value::as_str).unwrap_or_default();
    let typed = |name: &str| form.get(name).and_then(Value::as_str).map(str::trim).unwrap_or_default();
    let not_offered = || Err(language.pick("That was not offered.", "该操作不可用。").to_owned());
    let reason = |stop| match typed("reason") {
        "" => Err(language.pick("Say why.", "请填写原因。").to_owned()),
        text => Ok(Decision::Deny { message: text.to_owned(), stop }),
    };
    match (&approval.ask, act) {
        (_, "deny") => Ok(denied()),
        _ if card.offers(act).is_none() => not_offered(),
        (Ask::Tool, "deny_stop") => Ok(Decision::Deny { message: STOPPED.to_owned(), stop: true }),
        (Ask::Tool | Ask::Plan(_), "deny_reason") => reason(false),
        (Ask::Tool, "allow") if !approval.binding.default_to_no => Ok(Decision::allow_once()),
        (Ask::Tool, "allow_typed") if approval.binding.default_to_no => match fold::folded(typed("typed")).as_str() {
            YES | YES_CHINESE => Ok(Decision::allow_once()),
            _ => Err(match language {
                Language::English => format!("It is allowed only when you type {YES}."),
                Language::Chinese => "输入「允许」后才会执行。".to_owned(),
            }),
        },
        (Ask::Tool, "always") => {
            let chosen = typed("always");
            let found = always(approval, language, redactor).into_iter().find(|(name, ..)| name == chosen);
            match found {
                Some((.., decision)) => Ok(decision),
                None => Err(language.pick("Choose what is allowed from now on.", "请选择今后允许的范围。").to_owned()),
            }
        }
        (Ask::Questions(questions), "answers") => questions::answers(questions, form, language).map(Decision::Answers),
        (Ask::Questions(questions), act) => match questions::pressed(questions, act, language) {
            Some(answers) => answers.map(Decision::Answers),
            None => not_offered(),
        },
        (Ask::Elicitation(asked), "fill") => forms::decision(asked, form, language),
        (Ask::Trust(_), "trust") => Ok(Decision::Trust(TrustAnswer::Trust)),
        (Ask::Trust(_), "trust_without") => Ok(Decision::Trust(TrustAnswer::Without)),
        (Ask::Plan(_), "plan") => Ok(Decision::AcceptPlan { mode: PermissionMode::Default }),
        (Ask::Plan(_), "plan_edits") => Ok(Decision::AcceptPlan { mode: PermissionMode::AcceptEdits }),
        _ => not_offered(),
    }
}

#[cfg(test)]
mod tests;
