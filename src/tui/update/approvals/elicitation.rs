//! The form of a server: moving, choosing, writing, and sending what is right.

use serde_json::Value;

use super::decide;
use super::form;
use super::questions::picked;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Wanted;
use crate::core::approval::elicitation::filled;
use crate::tui::input::action::Action;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::composer::Composer;
use crate::tui::ui::elicitation::Row;
use crate::tui::ui::elicitation::field_of;
use crate::tui::ui::elicitation::rows;
use crate::tui::update::Effect;
use crate::tui::update::World;

/// Carries out a key of the form.
pub(super) fn act(ui: &mut Ui, world: World<'_>, approval: &Approval, action: Action) -> Vec<Effect> {
    let Ask::Elicitation(asked) = &approval.ask else { return Vec::new() };
    let Some(form) = form(ui) else { return Vec::new() };
    let n_rows = rows(asked).len();
    let filling = &mut form.filling;
    let row = filling.current(asked);
    let (action, row) = match picked(action) {
        None => (action, row),
        // A digit is an option of the field under the cursor.
        Some(option) => match field_of(row).map(|field| Row::Option(field, option)) {
            Some(option) if rows(asked).contains(&option) => (Action::OptionToggle, option),
            _ => return Vec::new(),
        },
    };
    match action {
        Action::OptionDown => filling.row = (filling.row + 1) % n_rows,
        Action::OptionUp => filling.row = (filling.row + n_rows - 1) % n_rows,
        Action::QuestionNext => {
            let next = field_of(row).map_or(0, |field| field + 1);
            filling.go_to_field(asked, next);
        }
        Action::QuestionPrevious => {
            let last = filling.fields.len();
            let previous = field_of(row).unwrap_or(last).checked_sub(1);
            filling.go_to_field(asked, previous.unwrap_or(last));
        }
        Action::OptionToggle | Action::SubmitAnswers => match row {
            Row::Write(field) => {
                let text = filling.fields.get(field).map(|given| given.text.clone()).unwrap_or_default();
                form.pane = Pane::FreeText(Box::new(Composer::with_text(&text)));
            }
            Row::Option(field, option) => choose(form, asked, field, option, action == Action::SubmitAnswers),
            // Only enter ends the dialog: a blank is part of a sentence.
            _ if action == Action::OptionToggle => {}
            Row::Send => return send(ui, world, approval, asked),
            Row::OpenPage => return open_page(ui, world, approval, asked),
            Row::Dismiss => return decide(ui, world, approval, Decision::Dismiss),
        },
        _ => {}
    }
    Vec::new()
}

/// Enter chooses and goes on where one may be chosen; where several may be, it goes on with what is chosen.
fn choose(form: &mut ApprovalForm, asked: &Elicitation, field: usize, option: usize, go_on: bool) {
    let Wanted::Form(fields) = &asked.wanted else { return };
    let (Some(asked_field), Some(given)) = (fields.get(field), form.filling.fields.get_mut(field)) else { return };
    let found = given.chosen.iter().position(|chosen| *chosen == option);
    if asked_field.is_multiple() {
        match found {
            Some(_) if go_on => {}
            Some(place) => {
                given.chosen.remove(place);
            }
            None => given.chosen.push(option),
        }
        given.chosen.sort_unstable();
    } else if go_on || found.is_none() {
        given.chosen = vec![option];
    } else {
        given.chosen.clear();
    }
    form.filling.fault = None;
    if go_on {
        form.filling.go_to_field(asked, field + 1);
    }
}

fn send(ui: &mut Ui, world: World<'_>, approval: &Approval, asked: &Elicitation) -> Vec<Effect> {
    let Wanted::Form(fields) = &asked.wanted else { return Vec::new() };
    let Some(form) = form(ui) else { return Vec::new() };
    match filled(fields, &form.filling.fields) {
        Ok(content) => decide(ui, world, approval, Decision::Fill(Value::Object(content))),
        Err((field, why)) => {
            form.filling.go_to_field(asked, field);
            form.filling.fault = Some((field, why));
            Vec::new()
        }
    }
}

fn open_page(ui: &mut Ui, world: World<'_>, approval: &Approval, asked: &Elicitation) -> Vec<Effect> {
    let Wanted::Page { url, .. } = &asked.wanted else { return Vec::new() };
    let mut effects = decide(ui, world, approval, Decision::Fill(Value::Null));
    effects.insert(0, Effect::Copy(url.clone()));
    ui.say("The address is in the clipboard: open it in your browser.", false, world.now);
    effects
}

/// The text of a field is done: it is kept, and the next field has the cursor.
pub(super) fn written(form: &mut ApprovalForm, asked: &Elicitation, text: &str) {
    form.pane = Pane::Main;
    let Wanted::Form(fields) = &asked.wanted else { return };
    let Some(field) = field_of(form.filling.current(asked)) else { return };
    let (Some(wanted), Some(given)) = (fields.get(field), form.filling.fields.get_mut(field)) else { return };
    text.clone_into(&mut given.text);
    match wanted.value(given) {
        Ok(_) => {
            form.filling.fault = None;
            form.filling.go_to_field(asked, field + 1);
        }
        Err(why) => form.filling.fault = Some((field, why)),
    }
}
