//! The form of the model's questions.

use super::decide;
use super::form;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Question;
use crate::tui::input::action::Action;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::approval::QuestionDraft;
use crate::tui::ui::composer::Composer;
use crate::tui::update::Effect;
use crate::tui::update::World;

/// Moves through the form, chooses, answers.
pub(super) fn question(ui: &mut Ui, world: World<'_>, approval: &Approval, action: Action) -> Vec<Effect> {
    let Ask::Questions(questions) = &approval.ask else { return Vec::new() };
    let Some(form) = form(ui) else { return Vec::new() };
    let Some(asked) = questions.get(form.question) else { return Vec::new() };
    let Some(draft) = form.questions.get_mut(form.question) else { return Vec::new() };
    let n_rows = asked.options.len() + 1;
    let action = match picked(action) {
        Some(row) if row >= n_rows => return Vec::new(),
        Some(row) => {
            draft.row = row;
            Action::OptionToggle
        }
        None => action,
    };
    let on_free_text = draft.row + 1 == n_rows;
    match action {
        Action::OptionDown => draft.row = (draft.row + 1) % n_rows,
        Action::OptionUp => draft.row = (draft.row + n_rows - 1) % n_rows,
        Action::QuestionNext => form.question = (form.question + 1) % questions.len(),
        Action::QuestionPrevious => form.question = (form.question + questions.len() - 1) % questions.len(),
        Action::SkipQuestion => {
            *draft = QuestionDraft { row: draft.row, skipped: true, ..QuestionDraft::default() };
            if let Some(answers) = form.answers(questions) {
                return decide(ui, world, approval, Decision::Answers(answers));
            }
            go_to_unanswered(form, questions);
        }
        Action::OptionToggle if on_free_text => open_free_text(form),
        Action::OptionToggle => draft.toggle(draft.row, asked.multiple),
        Action::SubmitAnswers => {
            // Enter on a single choice takes the row under the cursor; on several it takes what is chosen.
            if draft.answer(asked).is_none() {
                if on_free_text {
                    open_free_text(form);
                    return Vec::new();
                }
                draft.toggle(draft.row, asked.multiple);
            }
            if let Some(answers) = form.answers(questions) {
                return decide(ui, world, approval, Decision::Answers(answers));
            }
            go_to_unanswered(form, questions);
        }
        _ => {}
    }
    Vec::new()
}

/// The row that a digit stands for.
pub(super) fn picked(action: Action) -> Option<usize> {
    [Action::Pick1, Action::Pick2, Action::Pick3, Action::Pick4, Action::Pick5].iter().position(|pick| *pick == action)
}

/// Shows the next question that has no answer yet.
pub(super) fn go_to_unanswered(form: &mut ApprovalForm, questions: &[Question]) {
    let here = form.question;
    let open = (here..questions.len()).chain(0..here).find(|place| {
        let draft = form.questions.get(*place);
        let is_settled =
            |question: &Question| draft.is_some_and(|draft| draft.skipped || draft.answer(question).is_some());
        questions.get(*place).is_some_and(|question| !is_settled(question))
    });
    form.question = open.unwrap_or(form.question);
}

fn open_free_text(form: &mut ApprovalForm) {
    let text = form.questions.get(form.question).map(|draft| draft.free_text.clone()).unwrap_or_default();
    form.pane = Pane::FreeText(Box::new(Composer::with_text(&text)));
}
