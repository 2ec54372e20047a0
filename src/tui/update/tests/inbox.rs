//! The inbox: several requests allowed at once, only harmless ones, only as they were seen.

use super::*;
use crate::core::anatomy::Anatomy;
use crate::core::anatomy::Effect as Does;
use crate::core::anatomy::Step;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::Reading;

impl Desk {
    fn wants(&mut self, id: u32, command: &str, effect: Does) {
        let step = Step { program: "x".into(), effect, targets: Vec::new(), line: Some(1) };
        let approval = Approval {
            anatomy: Some(Anatomy { steps: vec![step], whole: true, several_lines: false }),
            asked: Timestamp(self.now),
            ..Approval::new(ApprovalId(id), SessionId(1), "Bash", json!({ "command": command }))
        };
        self.happens(EventKind::ApprovalAsked(Box::new(approval)));
    }

    /// A frame that shows so many lines of a question of ours, from where it is scrolled to.
    fn frame(&mut self, n_lines: usize, page: usize) {
        let Some(Layer::Confirm(confirm)) = self.ui.layers.last_mut() else { panic!("no question is open") };
        let scroll = confirm.reading.scroll;
        confirm.reading.note(Reading { scroll, n_lines, page, seen_to: scroll + page });
    }

    fn three_harmless_and_one_other(&mut self) {
        for (id, command) in [(1, "ls a"), (2, "ls b"), (4, "ls c")] {
            self.wants(id, command, Does::Reads);
        }
        self.wants(3, "rm -rf build", Does::Deletes);
        self.press("alt-i");
    }

    fn question(&self) -> Option<&crate::tui::ui::dialog::Confirm> {
        if let Some(Layer::Confirm(confirm)) = self.ui.layers.last() { Some(confirm) } else { None }
    }
}

#[test]
fn the_harmless_ones_are_allowed_together_after_all_of_them_were_shown() {
    let mut desk = Desk::new();
    desk.three_harmless_and_one_other();
    assert!(desk.press("alt-enter").is_empty());
    assert!(desk.question().unwrap().question.contains("3 harmless requests"));
    // One that arrives now is not among them.
    desk.wants(5, "ls d", Does::Reads);
    desk.wait(ARMING_MS);
    assert!(desk.answer("y").is_empty(), "no frame was drawn yet");
    desk.frame(7, 4);
    desk.wait(ARMING_MS);
    assert!(desk.answer("y").is_empty(), "it scrolls on");
    desk.frame(7, 4);
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["1 allowed once", "2 allowed once", "4 allowed once"]);
    assert!(desk.question().is_none());
}

#[test]
fn what_changed_since_it_was_shown_is_not_allowed() {
    let mut desk = Desk::new();
    desk.three_harmless_and_one_other();
    desk.press("alt-enter");
    desk.frame(7, 7);
    desk.happens(EventKind::ApprovalWithdrawn { approval: ApprovalId(2), why: Withdrawal::ByCli });
    desk.wants(2, "ls somewhere else", Does::Reads);
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["1 allowed once", "4 allowed once"]);
    assert!(desk.ui.toast.as_ref().unwrap().text.contains("1 was no longer"), "{:?}", desk.ui.toast);
}

#[test]
fn lines_of_another_width_are_read_again() {
    let mut desk = Desk::new();
    desk.three_harmless_and_one_other();
    desk.press("alt-enter");
    desk.frame(7, 7);
    // The window becomes narrow.
    desk.frame(12, 4);
    desk.wait(ARMING_MS);
    assert!(desk.answer("y").is_empty());
    assert!(desk.question().is_some());
}

#[test]
fn after_a_resize_or_without_the_focus_all_is_shown_again() {
    let mut desk = Desk::new();
    desk.three_harmless_and_one_other();
    desk.press("alt-enter");
    desk.frame(7, 7);
    desk.wait(ARMING_MS);
    desk.ui.see_anew(Timestamp(desk.now));
    desk.wait(ARMING_MS);
    assert!(desk.answer("y").is_empty(), "no frame was drawn since");
    desk.frame(7, 7);
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["1 allowed once", "2 allowed once", "4 allowed once"]);
}

#[test]
fn only_harmless_requests_can_be_marked() {
    let mut desk = Desk::new();
    desk.wants(1, "rm -rf build", Does::Deletes);
    desk.wants(2, "ls", Does::Reads);
    desk.wants(3, "ls b", Does::Reads);
    desk.press("alt-i");
    desk.press("tab");
    let marked = |desk: &Desk| match desk.ui.layers.last() {
        Some(Layer::List(list)) => list.marked.len(),
        _ => panic!("no list"),
    };
    assert_eq!(marked(&desk), 0);
    desk.press("down");
    desk.press("tab");
    desk.press("tab");
    assert_eq!(marked(&desk), 2);
    desk.press("enter");
    assert_eq!(desk.question().unwrap().details.len(), 2);
    // A sentence over the question answers nothing and goes to the input box.
    desk.frame(4, 4);
    desk.wait(ARMING_MS);
    for c in "yes but first".chars() {
        let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
        assert!(desk.press(&key).is_empty());
        assert!(desk.wait(120).is_empty());
    }
    assert_eq!(desk.draft(), "yes but first");
}

#[test]
fn without_a_harmless_one_the_first_is_looked_at() {
    let mut desk = Desk::new();
    desk.wants(1, "rm -rf build", Does::Deletes);
    desk.press("alt-i");
    desk.press("alt-enter");
    assert_eq!((desk.question().is_none(), desk.shown()), (true, Some(1)));
}
