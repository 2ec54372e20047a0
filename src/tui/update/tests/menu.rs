//! The menu over the input box: when it opens, and that it never takes what was meant for the prompt.

use super::*;
use crate::core::session::CliInfo;
use crate::core::session::SlashCommand;
use crate::tui::finder::Answer;
use crate::tui::mention::FileName;
use crate::tui::ui::menu::Menu;

impl Desk {
    /// A session whose CLI has named its commands.
    fn with_commands() -> Self {
        let mut desk = Self::new();
        let command = |name: &str, aliases: &[&str]| SlashCommand {
            name: name.into(),
            aliases: aliases.iter().map(ToString::to_string).collect(),
            description: format!("what {name} does"),
            argument_hint: String::new(),
        };
        let commands = vec![
            command("compact", &[]),
            command("clear", &["reset"]),
            command("my:deploy-app", &[]),
            command("cost", &[]),
        ];
        desk.happens(EventKind::Starting);
        desk.happens(EventKind::Ready(CliInfo { commands, ..CliInfo::default() }));
        desk
    }

    fn menu(&self) -> Option<&Menu> {
        self.ui.completing.menu.as_ref().filter(|menu| menu.is_shown())
    }

    fn labels(&self) -> Vec<&str> {
        self.menu().map(|menu| menu.items.iter().map(|item| item.label.as_str()).collect()).unwrap_or_default()
    }

    /// A hand types at an even pace.
    fn hand(&mut self, text: &str, pace_ms: u64) {
        for c in text.chars() {
            let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
            assert!(self.press(&key).is_empty(), "{c} of {text}");
            self.wait(pace_ms);
        }
    }

    fn asked_for(&mut self) -> Option<String> {
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        update_menu::wanted(&mut self.ui, world).map(|query| query.typed)
    }

    fn found(&mut self, names: &[&str]) {
        let typed = self.ui.completing.menu.as_ref().unwrap().word.name.clone();
        self.found_for(&typed, names);
    }

    fn found_for(&mut self, typed: &str, names: &[&str]) {
        let file = |name: &&str| FileName {
            shown: (*name).into(),
            is_text: !name.contains("\\x"),
            is_folder: name.ends_with('/'),
        };
        let query = crate::tui::finder::Query { directory: "/p".into(), home: String::new(), typed: typed.into() };
        let answer = Answer { query, found: names.iter().map(file).collect(), is_complete: true, is_cut: false };
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        update_menu::found(&mut self.ui, world, answer);
        self.settle();
    }
}

use crate::tui::update::menu as update_menu;

#[test]
fn commands_show_as_they_are_typed_and_tab_takes_one() {
    let mut desk = Desk::with_commands();
    desk.hand("/", 120);
    assert_eq!(desk.labels(), ["/clear", "/compact", "/cost", "/my:deploy-app"]);
    desk.hand("c", 120);
    assert_eq!(desk.labels(), ["/clear", "/compact", "/cost"]);
    desk.press("down");
    desk.press("tab");
    assert_eq!(desk.draft(), "/compact ");
    assert_eq!(desk.menu(), None);
    for (typed, first) in
        [("/reset", "/clear"), ("/dep", "/my:deploy-app"), ("/omp", "/compact"), ("/mda", "/my:deploy-app")]
    {
        let mut desk = Desk::with_commands();
        desk.hand(typed, 120);
        assert_eq!(desk.labels().first(), Some(&first), "{typed}");
        assert_eq!(desk.draft(), typed, "nothing typed is lost");
    }
    let mut desk = Desk::with_commands();
    desk.hand("see /c", 120);
    assert_eq!(desk.menu(), None, "a command begins the prompt");
}

#[test]
fn enter_takes_what_was_seen_and_sends_what_stands_there_already() {
    let mut desk = Desk::with_commands();
    desk.hand("/comp", 120);
    desk.wait(300);
    assert!(desk.press("enter").is_empty());
    assert_eq!(desk.draft(), "/compact ");
    let mut desk = Desk::with_commands();
    desk.hand("/compact", 120);
    desk.wait(300);
    assert_eq!(desk.press("enter"), ["sent /compact"]);
    // Entries that come while the hand is on its way to enter take nothing.
    let mut desk = Desk::with_commands();
    desk.hand("ask @pe", 60);
    assert_eq!(desk.asked_for().as_deref(), Some("pe"));
    desk.found(&["src/people.rs"]);
    desk.wait(100);
    assert_eq!(desk.press("enter"), ["sent ask @pe"]);
}

#[test]
fn escape_closes_it_and_keeps_it_closed_for_the_word() {
    let mut desk = Desk::with_commands();
    desk.hand("/c", 120);
    desk.press("esc");
    assert_eq!(desk.menu(), None);
    desk.wait(200);
    desk.hand("ompa", 120);
    assert_eq!((desk.menu(), desk.draft().as_str()), (None, "/compa"));
    // The person asks for it.
    desk.press("tab");
    assert_eq!(desk.draft(), "/compact ");
}

#[test]
fn it_opens_for_nothing_that_was_not_typed() {
    // A paste with brackets, in the middle of which it would take the enter.
    let mut desk = Desk::with_commands();
    let world = World { fleet: &desk.fleet, keymap: &desk.keymap, now: Timestamp(desk.now) };
    keys::paste(&mut desk.ui, world, "/c");
    desk.wait(500);
    assert_eq!(desk.menu(), None);
    // Without brackets: all at once, or in pieces with the shortest of pauses.
    let mut desk = Desk::with_commands();
    for key in ["/", "c", "o"] {
        desk.press_with(key, true);
    }
    desk.wait(500);
    assert_eq!(desk.menu(), None);
    let mut desk = Desk::with_commands();
    desk.hand("/clear", 10);
    assert_eq!(desk.menu(), None, "no pause yet");
    assert_eq!(desk.press("enter"), ["sent /clear"]);
    // A prompt of the history.
    let mut desk = Desk::with_commands();
    desk.ui.history.push(PastPrompt { directory: "/p".into(), text: "/cost".into() });
    desk.press("up");
    desk.wait(500);
    assert_eq!((desk.menu(), desk.draft().as_str()), (None, "/cost"));
    desk.press("up");
    assert_eq!(desk.menu(), None);
}

#[test]
fn keys_in_one_piece_are_text_though_it_is_open() {
    let mut desk = Desk::with_commands();
    desk.hand("/c", 120);
    assert!(desk.menu().is_some());
    desk.press_with("tab", true);
    desk.press_with("x", true);
    assert_eq!(desk.press_with("enter", true), ["sent /cx"]);
}

#[test]
fn files_are_asked_for_once_a_word_and_late_answers_do_not_show() {
    let mut desk = Desk::new();
    desk.hand("see @s", 120);
    assert_eq!(desk.asked_for().as_deref(), Some("s"));
    assert_eq!(desk.asked_for(), None);
    desk.found(&["src/", "src/client.rs", "setup.cfg"]);
    assert_eq!(desk.labels(), ["src/", "src/client.rs", "setup.cfg"]);
    desk.hand("r", 120);
    assert_eq!(desk.labels(), ["src/", "src/client.rs"], "what fits stays until better comes");
    desk.found_for("s", &["old"]);
    assert_eq!(desk.labels(), ["src/", "src/client.rs"]);
    assert_eq!(desk.asked_for().as_deref(), Some("sr"));
    desk.press("down");
    desk.found(&["src/", "src/a.rs", "src/client.rs"]);
    assert_eq!(desk.menu().unwrap().current().unwrap().label, "src/client.rs", "what was gone to stays");
    desk.press("up");
    desk.press("up");
    // A folder is gone into.
    desk.press("tab");
    assert_eq!(desk.draft(), "see @src/");
    assert_eq!(desk.asked_for().as_deref(), Some("src/"));
    desk.found(&["src/client.rs"]);
    desk.press("tab");
    assert_eq!((desk.draft().as_str(), desk.menu()), ("see @src/client.rs ", None));
}

#[test]
fn tab_takes_the_only_one_and_names_are_written_as_the_cli_reads_them() {
    for (typed, found, expected) in [
        ("@cl", "src/client.rs", "@src/client.rs "),
        ("@no", "notes and more.md", "@\"notes and more.md\" "),
        ("@\"my no", "my notes/", "@\"my notes/"),
        ("see @\"my notes/a b", "my notes/a b.md", "see @\"my notes/a b.md\" "),
        ("@wen", "文件", "@\"文件\" "),
        ("@c#", "c#.md", "c#.md "),
    ] {
        let mut desk = Desk::new();
        desk.ui.tab_mut().unwrap().composer.set_text(typed);
        desk.press("tab");
        assert!(desk.asked_for().is_some(), "{typed}");
        desk.found(&[found]);
        assert_eq!(desk.draft(), expected);
    }
}

#[test]
fn a_name_that_no_prompt_can_carry_is_shown_and_refused_with_a_reason() {
    let mut desk = Desk::new();
    desk.hand("@caf", 120);
    desk.asked_for();
    desk.found(&["caf\\xE9.txt"]);
    assert_eq!(desk.labels(), ["caf\\xE9.txt"]);
    desk.press("tab");
    assert_eq!(desk.draft(), "@caf");
    assert!(desk.ui.toast.as_ref().unwrap().text.contains("not UTF-8"), "{:?}", desk.ui.toast);
}

#[test]
fn it_gives_way_to_dialogs_and_to_other_tabs() {
    let mut desk = Desk::with_commands();
    desk.hand("/c", 120);
    desk.press("f1");
    assert_eq!(desk.menu(), None);
    desk.press("esc");
    desk.hand("l", 120);
    assert!(desk.menu().is_some());
    desk.asked(7, "ls", Binding::default());
    desk.press("alt-a");
    assert_eq!((desk.shown(), desk.menu()), (Some(7), None));
    assert_eq!(desk.draft(), "/cl");
}

#[test]
fn words_of_all_kinds_go_through_it_as_they_are_typed() {
    let texts = ["/c and more", "@src and @me", "a@b c/d /e", "//", "@@ @", "@\"a b\" c", "/我 @你好 ok", "why @"];
    for text in texts {
        for pace in [10, 60, 120, 250] {
            let mut desk = Desk::with_commands();
            for c in text.chars() {
                let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
                desk.press(&key);
                if desk.asked_for().is_some() {
                    desk.found(&["src/", "me.txt", "a b"]);
                }
                desk.wait(pace);
            }
            assert_eq!(desk.draft(), text, "{pace}");
        }
    }
}
