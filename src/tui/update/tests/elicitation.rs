//! Forms under the keys, of servers and of questions: chosen, written, held to their limits, sent, declined, closed.

use super::*;
use crate::core::approval::Ask;
use crate::core::approval::Question;
use crate::core::approval::QuestionOption;
use crate::core::approval::elicitation::Elicitation;
use crate::core::approval::elicitation::Field;
use crate::core::approval::elicitation::FieldKind;
use crate::core::approval::elicitation::Offered;
use crate::core::approval::elicitation::Wanted;

fn form() -> Wanted {
    let field =
        |name: &str, required, kind| Field { name: name.into(), title: None, description: None, required, kind };
    let options = ["eu", "us"].map(|value| Offered { value: value.into(), label: value.into() }).to_vec();
    Wanted::Form(vec![
        field("region", true, FieldKind::Choice { options, default: None }),
        field("n", true, FieldKind::Number { is_whole: true, min: None, max: Some(5.into()), default: None }),
    ])
}

fn asked(wanted: Wanted) -> Desk {
    let mut desk = Desk::new();
    let asked = Elicitation { server: "tiny".into(), message: "?".into(), wanted };
    let approval = Approval {
        ask: Ask::Elicitation(Box::new(asked)),
        ..Approval::new(ApprovalId(7), SessionId(1), "Elicitation", json!({}))
    };
    desk.happens(EventKind::ApprovalAsked(Box::new(approval)));
    desk.see();
    desk
}

impl Desk {
    /// One key after another, as somebody who looks at each of them; and the last decision.
    fn slowly(&mut self, keys: &[&str]) -> Option<Decision> {
        let mut last = None;
        for key in keys {
            self.see();
            self.now += 1_000;
            let parsed = crate::tui::input::key::Key::parse(key).unwrap();
            let event = KeyEvent::new(parsed.code, parsed.modifiers);
            let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
            let mut effects = keys::key(&mut self.ui, world, event, false);
            self.now += HOLD_MS as i64 + 1;
            let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
            effects.extend(give_held(&mut self.ui, world));
            self.settle();
            for effect in effects {
                if let Effect::Send(Command::Answer { decision, .. }) = effect {
                    last = Some(*decision);
                }
            }
        }
        last
    }
}

#[test]
fn a_form_is_filled_in_field_by_field_and_sent_when_it_is_right() {
    let mut desk = asked(form());
    assert_eq!(desk.slowly(&["down", "enter", "enter", "9", "enter"]), None);
    let form = &desk.ui.forms[&ApprovalId(7)];
    assert!(form.filling.fault.as_ref().is_some_and(|(field, _)| *field == 1), "{:?}", form.filling);
    assert_eq!(desk.slowly(&["enter", "backspace", "3", "enter"]), None);
    assert_eq!(desk.slowly(&["enter"]), Some(Decision::Fill(json!({"region": "us", "n": 3}))));
}

#[test]
fn nothing_is_sent_while_a_required_field_is_empty() {
    let mut desk = asked(form());
    assert_eq!(desk.slowly(&["up", "up", "enter"]), None);
    let form = &desk.ui.forms[&ApprovalId(7)];
    assert_eq!(form.filling.fault, Some((0, "this is required".into())));
    assert_eq!(form.filling.row, 0);
}

#[test]
fn a_form_is_declined_or_closed_on_purpose() {
    assert!(matches!(asked(form()).slowly(&["ctrl-x"]), Some(Decision::Deny { stop: false, .. })));
    assert_eq!(asked(form()).slowly(&["up", "enter"]), Some(Decision::Dismiss));
    let mut parked = asked(form());
    assert_eq!(parked.slowly(&["esc"]), None);
    assert_eq!(parked.shown(), None, "it waits");
}

#[test]
fn a_page_is_agreed_to_by_its_own_row_and_only_that() {
    let page = || Wanted::Page { url: "https://e.test/".into(), host: "e.test".into() };
    assert_eq!(asked(page()).slowly(&["space"]), None);
    assert_eq!(asked(page()).slowly(&["enter"]), Some(Decision::Dismiss));
    assert_eq!(asked(page()).slowly(&["up", "enter"]), Some(Decision::Fill(serde_json::Value::Null)));
    assert_eq!(asked(Wanted::Unfit("odd".into())).slowly(&["enter"]), Some(Decision::Dismiss));
}

#[test]
fn digits_choose_and_the_next_open_question_follows_an_own_answer() {
    let mut desk = Desk::new();
    let option = |label: &str| QuestionOption { label: label.into(), description: String::new(), preview: None };
    let question = |text: &str| Question {
        text: text.into(),
        header: String::new(),
        multiple: false,
        options: vec![option("a"), option("b")],
    };
    let approval = Approval {
        ask: Ask::Questions(vec![question("one"), question("two"), question("three")]),
        ..Approval::new(ApprovalId(7), SessionId(1), "AskUserQuestion", json!({}))
    };
    desk.happens(EventKind::ApprovalAsked(Box::new(approval)));
    desk.see();
    assert_eq!(desk.slowly(&["2", "enter", "3", "x", "enter"]), None);
    assert_eq!(desk.ui.forms[&ApprovalId(7)].question, 2, "the second has an own answer, the third is open");
    let Some(Decision::Answers(answers)) = desk.slowly(&["1", "enter"]) else { panic!("answered") };
    let given: Vec<&str> = answers.iter().map(|answer| answer.answer.as_str()).collect();
    assert_eq!(given, ["b", "x", "a"]);
}
