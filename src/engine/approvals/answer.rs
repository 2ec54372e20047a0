//! From a decision to the answer. Pure; what does not fit the request is refused, never bent.

use serde_json::Value;

use super::Pending;
use super::ask::suggestion;
use super::dialog;
use super::elicit;
use crate::core::approval::Answer;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::grant::MAX_MINUTES;
use crate::core::grant::MAX_USES;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::RuleBehavior;
use crate::core::permission::Scope;
use crate::core::prompt::Surface;
use crate::wire::inbound::words::PermissionMode;
use crate::wire::outbound as wire_out;
use crate::wire::permission as wire;
use crate::wire::permission::PermissionAnswer;

/// What the model reads when a person gave no reason.
const DENIED: &str = "The user denied this tool call.";

/// The answer for the CLI, whatever the request was, or a sentence about why this decision cannot answer it.
pub(crate) fn answer(pending: &Pending, decision: &Decision, by: &Surface) -> Result<wire_out::Answer, String> {
    if pending.is_dialog {
        return dialog::answer(&pending.approval, decision, by).map(wire_out::Answer::UserDialog);
    }
    match &pending.approval.ask {
        Ask::Elicitation(asked) => elicit::answer(asked, decision, by).map(wire_out::Answer::Elicitation),
        Ask::Trust(_) => Err("this request is about a folder".into()),
        Ask::Tool | Ask::Questions(_) | Ask::Plan(_) => {
            permission(pending, decision, by).map(wire_out::Answer::Permission)
        }
    }
}

/// The answer to a request for permission, or a sentence about why this decision cannot answer this request.
fn permission(pending: &Pending, decision: &Decision, by: &Surface) -> Result<PermissionAnswer, String> {
    let approval = &pending.approval;
    let is_away = !by.is_person() || (approval.is_for_the_session() && *by != Surface::Terminal);
    if decision.is_allow() && approval.binding.needs_person && is_away {
        return Err("only a person at the session itself may approve this; it can be denied from here".into());
    }
    match (decision, &approval.ask) {
        (Decision::Deny { message, stop }, _) => {
            let message = if message.trim().is_empty() { DENIED.to_owned() } else { message.clone() };
            let decision_classification = Some(wire::Classification::UserReject);
            Ok(PermissionAnswer::Deny { message, interrupt: *stop, decision_classification })
        }
        (Decision::Allow { .. }, Ask::Questions(_)) => Err("questions want answers, not a permission".into()),
        (Decision::Allow { edited, remember, .. }, Ask::Tool | Ask::Plan(_)) => {
            if edited.as_ref().is_some_and(|input| !input.is_object()) {
                return Err("the edited input is no JSON object".into());
            }
            // The CLI takes an empty input for none, and runs what was asked for.
            if edited.as_ref().is_some_and(|input| is_empty(input) && !is_empty(&approval.input)) {
                return Err("an empty input would run the call as it was: deny it instead".into());
            }
            if !remember.is_empty() && approval.binding.no_always {
                return Err("this call may be allowed only once".into());
            }
            let updates = remember.iter().map(|update| to_wire(update, pending)).collect::<Result<Vec<_>, _>>()?;
            Ok(allow(edited.clone().unwrap_or_else(|| approval.input.clone()), updates))
        }
        (Decision::Grant(terms), Ask::Tool) => {
            if approval.binding.no_always {
                return Err("this call may be allowed only once".into());
            }
            if !approval.offers(&terms.rule) {
                return Err("that was not offered with this request".into());
            }
            if !(1..=MAX_MINUTES).contains(&terms.minutes) || terms.uses.is_some_and(|n| n == 0 || n > MAX_USES) {
                return Err(format!("a grant is for 1 to {MAX_MINUTES} minutes, and for 1 to {MAX_USES} calls"));
            }
            Ok(allow(approval.input.clone(), Vec::new()))
        }
        (Decision::Grant(_), _) => Err("only calls of a tool can be granted".into()),
        (Decision::Answers(answers), Ask::Questions(_)) => {
            Ok(allow(with_answers(&approval.input, answers, pending.says_unanswered), Vec::new()))
        }
        // The mode goes with the answer: left alone, the CLI would go back to the one from before planning,
        // which may ask for less than the person has just been told.
        (Decision::AcceptPlan { mode }, Ask::Plan(_)) => {
            let update = PermissionUpdate::SetMode { mode: *mode, scope: Scope::Session };
            Ok(allow(approval.input.clone(), vec![to_wire(&update, pending)?]))
        }
        (Decision::Fill(_) | Decision::Dismiss, _) | (Decision::Allow { .. }, Ask::Elicitation(_)) => {
            Err("this request is no form of a server".into())
        }
        (Decision::Trust(_), _) | (Decision::Allow { .. }, Ask::Trust(_)) => {
            Err("this request is about no folder".into())
        }
        (Decision::Answers(_), _) => Err("this request asks no question".into()),
        (Decision::AcceptPlan { .. }, _) => Err("this request proposes no plan".into()),
    }
}

fn is_empty(input: &Value) -> bool {
    input.as_object().is_some_and(serde_json::Map::is_empty)
}

fn allow(updated_input: Value, updated_permissions: Vec<wire::PermissionUpdate>) -> PermissionAnswer {
    PermissionAnswer::Allow { updated_input, updated_permissions, decision_classification: None }
}

/// What the model reads in the place of an answer that was left out: of the mark beside it it sees nothing.
const UNANSWERED: &str = "(not answered: the user skipped this question)";

fn with_answers(input: &Value, answers: &[Answer], says_unanswered: bool) -> Value {
    let mut input = input.clone();
    if let Some(fields) = input.as_object_mut() {
        let mut answers: serde_json::Map<String, Value> =
            answers.iter().map(|answer| (answer.question.clone(), answer.answer.clone().into())).collect();
        let mut annotations = annotations(fields.get("questions"), &answers);
        let questions = fields.get("questions").and_then(Value::as_array).into_iter().flatten();
        let left = questions.filter_map(|question| question.get("question")?.as_str()).map(str::to_owned);
        for question in left.filter(|question| !answers.contains_key(question)).collect::<Vec<_>>() {
            if says_unanswered {
                annotations.insert(question.clone(), serde_json::json!({ "unanswered": "skipped" }));
            }
            answers.insert(question, UNANSWERED.into());
        }
        fields.insert("answers".into(), answers.into());
        if !annotations.is_empty() {
            fields.insert("annotations".into(), annotations.into());
        }
    }
    input
}

/// The previews of what was chosen, which the model is told too.
fn annotations(questions: Option<&Value>, answers: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    let mut annotations = serde_json::Map::new();
    for question in questions.and_then(Value::as_array).into_iter().flatten() {
        let Some(text) = question.get("question").and_then(Value::as_str) else { continue };
        let Some(answer) = answers.get(text) else { continue };
        let options = question.get("options").and_then(Value::as_array).into_iter().flatten();
        let chosen = options.into_iter().find(|option| option.get("label") == Some(answer));
        if let Some(preview @ Value::String(_)) = chosen.and_then(|option| option.get("preview")) {
            annotations.insert(text.to_owned(), serde_json::json!({ "preview": preview }));
        }
    }
    annotations
}

fn to_wire(update: &PermissionUpdate, pending: &Pending) -> Result<wire::PermissionUpdate, String> {
    // One that was offered goes back as it came; one with fields that we do not know was shown as a whole.
    if let Some(offered) = pending.offered.iter().find(|offered| suggestion(offered) == *update) {
        return Ok(offered.clone());
    }
    let change = match update {
        PermissionUpdate::AddRules { rules, behavior, scope } => wire::Change::AddRules {
            rules: rules
                .iter()
                .map(|rule| wire::Rule { tool_name: rule.tool.clone(), rule_content: rule.content.clone() })
                .collect(),
            behavior: match behavior {
                RuleBehavior::Allow => wire::Behavior::Allow,
                RuleBehavior::Deny => wire::Behavior::Deny,
                RuleBehavior::Ask => wire::Behavior::Ask,
            },
            destination: destination(*scope),
        },
        PermissionUpdate::AddDirectories { directories, scope } => {
            wire::Change::AddDirectories { directories: directories.clone(), destination: destination(*scope) }
        }
        PermissionUpdate::SetMode { mode, scope } => {
            wire::Change::SetMode { mode: PermissionMode::from(mode.as_str()), destination: destination(*scope) }
        }
        PermissionUpdate::Other(_) => return Err("the CLI did not offer to remember that".into()),
    };
    wire::PermissionUpdate::new(change).ok_or_else(|| "that cannot be remembered".into())
}

fn destination(scope: Scope) -> wire::Destination {
    match scope {
        Scope::Session => wire::Destination::Session,
        Scope::Local => wire::Destination::LocalSettings,
        Scope::Project => wire::Destination::ProjectSettings,
        Scope::User => wire::Destination::UserSettings,
    }
}
