//! Changing what runs, or the rule that is remembered, before it is allowed.

use serde_json::Value;

use crate::core::approval::Approval;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::tui::render::sanitize::reveal;
use crate::tui::ui::approval::AlwaysChoice;
use crate::tui::ui::approval::AlwaysList;
use crate::tui::ui::approval::EditBox;
use crate::tui::ui::composer::Composer;

/// What is edited: a command as text, anything else as JSON. Hidden characters are taken out first,
/// because an input box could not show them.
pub(super) fn edit_box(approval: &Approval) -> EditBox {
    let field = (approval.tool == "Bash" && approval.input["command"].is_string()).then_some("command");
    let text = match field.and_then(|field| approval.input[field].as_str()) {
        Some(text) => text.to_owned(),
        None => serde_json::to_string_pretty(&approval.input).unwrap_or_default(),
    };
    let hidden = reveal(&text).hidden;
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for place in hidden_places(&text) {
        clean.push_str(&text[from..place.start]);
        from = place.end;
    }
    clean.push_str(&text[from..]);
    let error = match hidden.len() {
        0 => None,
        1 => Some("One hidden character was taken out.".to_owned()),
        n => Some(format!("{n} hidden characters were taken out.")),
    };
    EditBox { composer: Composer::with_text(&clean), field, error }
}

/// Where in the source the characters stand that would not show themselves.
fn hidden_places(text: &str) -> Vec<std::ops::Range<usize>> {
    text.char_indices()
        .filter(|(_, c)| !matches!(c, '\n' | '\t') && !reveal(c.encode_utf8(&mut [0; 4])).hidden.is_empty())
        .map(|(place, c)| place..place + c.len_utf8())
        .collect()
}

/// The input as the person left it, or what is wrong with it.
pub(super) fn edited_input(edit: &EditBox, input: &Value) -> Result<Value, String> {
    let text = edit.composer.text();
    if !hidden_places(&text).is_empty() {
        return Err("The text has hidden characters in it; type it instead of pasting it.".into());
    }
    match edit.field {
        Some(field) => {
            if text.trim().is_empty() {
                return Err("There is nothing left to run; deny the request instead.".into());
            }
            let mut edited = input.clone();
            edited[field] = Value::String(text);
            Ok(edited)
        }
        None => match serde_json::from_str::<Value>(&text) {
            Ok(edited) if edited.is_object() => Ok(edited),
            Ok(_) => Err("The input must stay a JSON object: { … }.".into()),
            Err(error) => Err(format!("This is no JSON: {error}.")),
        },
    }
}

/// Takes over a rule's changed text, or says what is wrong with it.
pub(super) fn finish_rule(list: &mut AlwaysList) {
    let Some(edit) = &mut list.editing else { return };
    let Some(AlwaysChoice::Remember(PermissionUpdate::AddRules { rules, .. })) = list.choices.get_mut(list.selected)
    else {
        list.editing = None;
        return;
    };
    let tool = rules.first().map(|rule| rule.tool.clone());
    match Rule::parse(&edit.text) {
        Ok(rule) if tool.as_deref().is_some_and(|tool| tool != rule.tool) => {
            edit.error = Some(format!("The rule must stay one for {}.", tool.unwrap_or_default()));
        }
        Ok(rule) => {
            *rules = vec![rule];
            list.editing = None;
        }
        Err(error) => edit.error = Some(error),
    }
}
