//! Dialogs that the CLI asks its host to show. Pure.
//!
//! Invariants: only kinds that are drawn here are declared, and only these are answered; nothing but an answer that was
//! offered settles one. Source: `SDKControlRequestUserDialogRequest` in the npm package `@anthropic-ai/claude-agent-sdk`
//! (0.3.332); the payload and the results were seen on the wire.

use serde_json::Value;

use super::ask::Surroundings;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Place;
use crate::core::approval::Question;
use crate::core::approval::QuestionOption;
use crate::core::ids::ApprovalId;
use crate::core::ids::ToolCallId;
use crate::core::prompt::Surface;
use crate::translate::bound;
use crate::wire::inbound::control::UserDialog;
use crate::wire::outbound::UserDialogAnswer;

/// The model refused twice: another model may be asked, the prompt changed, or neither.
const REFUSAL: &str = "refusal_fallback_prompt";
/// What `initialize` declares.
pub(crate) const KINDS: [&str; 1] = [REFUSAL];

/// What can be answered, in the CLI's words and in those that a person reads.
const ANSWERS: [(&str, &str); 3] = [
    ("retry_fallback", "The same prompt goes to that model."),
    ("edit_prompt", "The turn ends, and the prompt can be put in other words."),
    ("cancelled", "The turn ends with the refusal."),
];

/// A dialog as it is shown; `None` for a kind that is not known here.
pub(crate) fn approval(dialog: &UserDialog, around: &Surroundings<'_>) -> Option<Approval> {
    if dialog.dialog_kind != REFUSAL {
        return None;
    }
    let mut approval = Approval::new(ApprovalId(0), around.session, REFUSAL, dialog.payload.clone());
    approval.call = dialog.tool_use_id.as_deref().map(ToolCallId::from);
    approval.title = Some("The model refused to answer".to_owned());
    approval.ask = Ask::Questions(vec![question(&dialog.payload)]);
    // Another model's answer is the person's to choose, and may cost more.
    approval.binding.needs_person = true;
    approval.place =
        Place { directory: around.directory.to_owned(), branch: around.branch.map(str::to_owned), ..Place::default() };
    approval.asked = around.now;
    Some(approval)
}

fn question(payload: &Value) -> Question {
    let word = |key: &str| payload.get(key).and_then(Value::as_str).map(bound::word);
    let refused = word("originalModel").unwrap_or_else(|| "The model".into());
    let other = word("fallbackModel").unwrap_or_else(|| "another model".into());
    let category = word("apiRefusalCategory").map(|category| format!(" ({category})")).unwrap_or_default();
    let labels = [format!("Ask {other}"), "Change the prompt".to_owned(), "Leave it".to_owned()];
    let option = |(label, (_, description)): (String, (&str, &str))| QuestionOption {
        label,
        description: description.to_owned(),
        preview: None,
    };
    Question {
        text: format!("{refused} refused to answer{category}. What now?"),
        header: "Refused".into(),
        multiple: false,
        options: labels.into_iter().zip(ANSWERS).map(option).collect(),
    }
}

/// The answer for the CLI, or why this decision is none.
pub(crate) fn answer(approval: &Approval, decision: &Decision, by: &Surface) -> Result<UserDialogAnswer, String> {
    let Ask::Questions(questions) = &approval.ask else { return Err("this dialog cannot be answered here".into()) };
    match decision {
        Decision::Deny { .. } | Decision::Dismiss => Ok(UserDialogAnswer::Cancelled),
        Decision::Answers(answers) if by.is_person() => {
            let given = answers.first().map(|answer| answer.answer.as_str()).unwrap_or_default();
            let options = questions.first().map_or(&[][..], |question| &question.options);
            let chosen = options.iter().zip(ANSWERS).find(|(option, _)| option.label == given);
            let (_, (result, _)) = chosen.ok_or("this dialog takes one of its own answers")?;
            Ok(UserDialogAnswer::Completed { result: result.into() })
        }
        _ => Err("this dialog takes one of its own answers, from a person".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::approval::Answer;

    fn dialog(kind: &str) -> UserDialog {
        let payload = json!({"originalModel": "claude-a", "fallbackModel": "claude-b", "apiRefusalCategory": "cyber"});
        UserDialog { dialog_kind: kind.into(), payload, tool_use_id: None }
    }

    #[test]
    fn only_what_is_offered_settles_a_known_dialog() {
        assert!(approval(&dialog("fable_overage_consent_prompt"), &Surroundings::default()).is_none());
        let shown = approval(&dialog(REFUSAL), &Surroundings::default()).unwrap();
        let Ask::Questions(questions) = &shown.ask else { panic!("a question") };
        assert!(questions[0].text.contains("claude-a refused to answer (cyber)"));
        let give = |text: &str, by: &Surface| {
            answer(
                &shown,
                &Decision::Answers(vec![Answer { question: questions[0].text.clone(), answer: text.into() }]),
                by,
            )
        };
        let results =
            ["Ask claude-b", "Change the prompt", "Leave it"].map(|label| give(label, &Surface::Terminal).unwrap());
        let expected = ["retry_fallback", "edit_prompt", "cancelled"];
        assert_eq!(results, expected.map(|result| UserDialogAnswer::Completed { result: result.into() }));
        assert!(give("do as you like", &Surface::Terminal).is_err() && give("", &Surface::Terminal).is_err());
        assert!(give("Ask claude-b", &Surface::Policy("r".into())).is_err());
        assert!(answer(&shown, &Decision::Answers(Vec::new()), &Surface::Terminal).is_err());
        assert!(answer(&shown, &Decision::allow_once(), &Surface::Terminal).is_err());
        assert_eq!(answer(&shown, &Decision::deny("no"), &Surface::Engine), Ok(UserDialogAnswer::Cancelled));
    }

    #[test]
    fn a_payload_that_says_nothing_is_shown_all_the_same() {
        for payload in [Value::Null, json!([1]), json!({"fallbackModel": 7})] {
            let dialog = UserDialog { payload, ..dialog(REFUSAL) };
            let shown = approval(&dialog, &Surroundings::default()).unwrap();
            let Ask::Questions(questions) = &shown.ask else { panic!("a question") };
            assert_eq!(questions[0].options[0].label, "Ask another model");
        }
    }
}
