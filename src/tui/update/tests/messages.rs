//! The last messages, on a page.

use super::*;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::PageContent;

impl Desk {
    fn page(&self) -> &str {
        match self.ui.layers.last() {
            Some(Layer::Page(page)) => match &page.content {
                PageContent::Text(text) => text,
                _ => panic!("another page"),
            },
            _ => panic!("no page"),
        }
    }
}

#[test]
fn the_last_fifty_are_shown_whole_the_newest_first() {
    let mut desk = Desk::new();
    desk.press("alt-e");
    assert_eq!(desk.page(), "nothing was said yet");
    desk.press("esc");
    let long = "a sentence that is long ".repeat(40);
    for n in 0..60 {
        desk.ui.say(format!("message {n}: {long}"), n % 2 == 0, Timestamp(desk.now));
        desk.now += 1_000;
    }
    desk.press("alt-e");
    let told: Vec<&str> = desk.page().split("\n\n").collect();
    assert_eq!(told.len(), 50);
    assert_eq!(told[0], format!("1.0s ago\nmessage 59: {long}"));
    assert!(told[49].starts_with("50s ago\nmessage 10: "), "{}", told[49]);
}

#[test]
fn the_page_opens_over_a_dialog_and_answers_nothing() {
    let mut desk = Desk::new();
    desk.asked(1, "make", Binding::default());
    desk.see();
    desk.wait(ARMING_MS);
    assert!(desk.press("alt-e").is_empty());
    assert_eq!(desk.page(), "nothing was said yet");
    desk.wait(ARMING_MS);
    assert!(desk.answer("y").is_empty());
    assert!(desk.press("esc").is_empty());
    assert_eq!(desk.fleet.inbox().len(), 1);
}
