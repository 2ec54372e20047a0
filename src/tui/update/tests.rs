//! Keys over approvals, as tables of (state, key, time) → what is sent. Nothing here draws or waits.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;
use serde_json::json;

use super::*;
use crate::core::approval::Approval;
use crate::core::approval::Binding;
use crate::core::approval::Decision;
use crate::core::approval::Withdrawal;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::ids::ApprovalId;
use crate::core::ids::Generation;
use crate::core::ids::TaskId;
use crate::core::session::SessionSpec;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::guard::ARMING_MS;
use crate::tui::ui::guard::HOLD_MS;

/// A server's form.
mod elicitation;
/// Several requests allowed at once.
mod inbox;
/// The menu over the input box.
mod menu;
/// The last messages.
mod messages;
/// Sessions in worktrees.
mod worktrees;

/// A terminal without a screen: `see` stands for a frame.
struct Desk {
    ui: Ui,
    fleet: Fleet,
    keymap: Keymap,
    now: i64,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self { ui: Ui::default(), fleet: Fleet::default(), keymap: Keymap::default(), now: 100_000 };
        desk.happens(EventKind::Opened {
            spec: SessionSpec { directory: "/p".into(), ..SessionSpec::default() },
            tag: None,
        });
        desk
    }

    fn happens(&mut self, kind: EventKind) {
        let (seq, at) = (self.fleet.seq() + 1, Timestamp(self.now));
        self.fleet.apply(&Event { seq, session: SessionId(1), generation: Generation(0), at, kind });
        self.settle();
    }

    fn settle(&mut self) {
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        settle(&mut self.ui, world);
    }

    fn asked(&mut self, id: u32, command: &str, binding: Binding) {
        let approval = Approval {
            binding,
            asked: Timestamp(self.now),
            ..Approval::new(ApprovalId(id), SessionId(1), "Bash", json!({ "command": command }))
        };
        self.happens(EventKind::ApprovalAsked(Box::new(approval)));
    }

    /// A frame is drawn: what the loop notes of it.
    fn see(&mut self) {
        self.settle();
        let at = Timestamp(self.now);
        if let Some(focus) = &mut self.ui.approval {
            focus.drawn.get_or_insert(at);
            focus.twins = self.fleet.same_requests(focus.id);
        }
    }

    /// Time passes; tells what was decided by an answer that was held until then.
    fn wait(&mut self, ms: u64) -> Vec<String> {
        self.now += ms as i64;
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        let effects = give_held(&mut self.ui, world);
        self.settle();
        effects.iter().filter_map(decided).collect()
    }

    /// Presses a key and lets the time pass in which it could be taken back.
    fn answer(&mut self, key: &str) -> Vec<String> {
        let mut all = self.press(key);
        all.extend(self.wait(HOLD_MS + 1));
        all
    }

    fn draft(&self) -> String {
        self.ui.tab().unwrap().composer.text()
    }

    fn press(&mut self, key: &str) -> Vec<String> {
        self.press_with(key, false)
    }

    /// Presses a key and tells what was decided by it.
    fn press_with(&mut self, key: &str, is_burst: bool) -> Vec<String> {
        let parsed = crate::tui::input::key::Key::parse(key).unwrap();
        let event = KeyEvent::new(parsed.code, parsed.modifiers);
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        let effects = keys::key(&mut self.ui, world, event, is_burst);
        self.settle();
        effects.iter().filter_map(decided).collect()
    }

    fn shown(&self) -> Option<u32> {
        self.ui.approval.as_ref().map(|focus| focus.id.0)
    }
}

fn decided(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Send(Command::Answer { approval, decision, .. }) => Some(format!("{approval} {}", decision.describe())),
        Effect::Send(Command::Send { text, .. }) => Some(format!("sent {text}")),
        Effect::Send(other) => Some(format!("{other:?}")),
        _ => None,
    }
}

#[test]
fn a_dialog_opens_over_an_empty_input_and_answers_when_it_was_seen() {
    let mut desk = Desk::new();
    desk.asked(7, "ls", Binding::default());
    assert_eq!(desk.shown(), Some(7));
    assert!(desk.answer("y").is_empty(), "it was not drawn yet");
    desk.see();
    desk.wait(ARMING_MS - 1);
    assert!(desk.answer("y").is_empty(), "it was not seen long enough");
    desk.wait(ARMING_MS - HOLD_MS - 2);
    assert!(desk.answer("y").is_empty(), "the keyboard was not quiet for long enough");
    desk.wait(ARMING_MS);
    assert!(desk.press("y").is_empty(), "the first answer is held");
    assert!(desk.wait(HOLD_MS).is_empty(), "its time is not over");
    assert_eq!(desk.wait(1), ["7 allowed once"]);
    assert_eq!(desk.shown(), None);
}

#[test]
fn typing_a_prompt_never_answers() {
    let mut desk = Desk::new();
    for key in ["a", "l", "l", "o", "w"] {
        assert!(desk.press(key).is_empty());
    }
    desk.asked(1, "ls", Binding::default());
    for key in ["space", "y", "e", "s", "enter", "y", "n"] {
        desk.see();
        let sent = desk.press(key);
        assert!(sent.is_empty() || sent == ["sent allow yes"], "{key}: {sent:?}");
        assert!(desk.wait(50).is_empty());
    }
    assert_eq!((desk.shown(), desk.draft()), (None, "yn".into()), "the draft keeps the focus");
    desk.press("alt-a");
    assert_eq!(desk.shown(), Some(1));
    desk.see();
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("n"), ["1 denied"]);
    assert_eq!(desk.draft(), "yn");
}

#[test]
fn sentences_over_a_dialog_become_a_draft_and_the_dialog_is_docked() {
    let keys_of = |text: &str| -> Vec<String> {
        let key = |c: char| {
            if c == ' ' {
                "space".to_owned()
            } else if c == '-' {
                "minus".to_owned()
            } else {
                c.to_string()
            }
        };
        text.chars().map(key).collect()
    };
    for sentence in
        ["try it again", "why does it ask", "no, you may not yet", "yes, but first look", "go on", "x", "执行"]
    {
        for step in [60, 120, 250] {
            let mut desk = Desk::new();
            desk.asked(1, "ls", Binding::default());
            desk.see();
            desk.wait(1_500);
            for key in keys_of(sentence) {
                assert_eq!(desk.press(&key), Vec::<String>::new(), "{sentence} at {step}");
                assert_eq!(desk.wait(step), Vec::<String>::new(), "{sentence} at {step}");
                desk.see();
            }
            if sentence == "x" {
                // One letter that is a key of the dialog is an answer, if nothing follows.
                continue;
            }
            assert_eq!((desk.draft().as_str(), desk.shown()), (sentence, None), "at {step}");
            assert_eq!(desk.fleet.inbox().len(), 1);
            // Once it is sent the request comes back by itself.
            assert_eq!(desk.press("enter"), [format!("sent {sentence}")]);
            assert_eq!(desk.shown(), Some(1));
        }
    }
}

#[test]
fn only_what_is_being_typed_holds_a_dialog_back() {
    let mut desk = Desk::new();
    desk.press("x");
    desk.press("backspace");
    desk.asked(1, "ls", Binding::default());
    assert_eq!(desk.shown(), None);
    desk.wait(999);
    assert_eq!(desk.shown(), None);
    desk.wait(1);
    assert_eq!(desk.shown(), Some(1));
    // A prompt that was sent, and an answer that was given, hold nothing back.
    let mut desk = Desk::new();
    desk.press("x");
    desk.press("enter");
    desk.asked(1, "ls", Binding::default());
    assert_eq!(desk.shown(), Some(1));
    desk.see();
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["1 allowed once"]);
    desk.asked(2, "pwd", Binding::default());
    assert_eq!(desk.shown(), Some(2));
    desk.see();
    desk.wait(750);
    assert_eq!(desk.press("y"), ["2 allowed once"], "an answer in a row goes at once");
}

#[test]
fn what_does_not_answer() {
    for (name, act) in [
        ("enter without a selection", (|desk: &mut Desk| desk.answer("enter")) as fn(&mut Desk) -> Vec<String>),
        ("a burst", |desk| [desk.press_with("y", true), desk.wait(400)].concat()),
        ("a terminal that had lost the focus", |desk| {
            desk.ui.screen.focused = false;
            desk.answer("y")
        }),
        ("a repeated key", |desk| {
            let event =
                KeyEvent::new_with_kind(KeyCode::Char('y'), KeyModifiers::NONE, crossterm::event::KeyEventKind::Repeat);
            let world = World { fleet: &desk.fleet, keymap: &desk.keymap, now: Timestamp(desk.now) };
            let mut all: Vec<String> =
                keys::key(&mut desk.ui, world, event, false).iter().filter_map(decided).collect();
            all.extend(desk.wait(400));
            all
        }),
        ("keys that act on the session behind it", |desk| [desk.answer("shift-tab"), desk.answer("alt-x")].concat()),
        ("always, with nothing to remember", |desk| desk.answer("a")),
    ] {
        let mut desk = Desk::new();
        desk.asked(1, "ls", Binding::default());
        desk.see();
        desk.wait(5_000);
        assert_eq!(act(&mut desk), Vec::<String>::new(), "{name}");
        assert_eq!(desk.shown(), Some(1), "{name}");
        assert!(desk.ui.answered.is_empty(), "{name}");
    }
}

#[test]
fn a_paste_over_a_dialog_goes_to_the_input() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.see();
    desk.wait(5_000);
    desk.press("y");
    let world = World { fleet: &desk.fleet, keymap: &desk.keymap, now: Timestamp(desk.now) };
    assert!(keys::paste(&mut desk.ui, world, "y\n").is_empty());
    assert!(desk.wait(5_000).is_empty());
    assert_eq!((desk.shown(), desk.draft().as_str()), (None, "y\n"));
}

#[test]
fn a_key_proves_the_focus_and_the_next_one_counts() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.see();
    desk.wait(5_000);
    desk.ui.screen.focused = false;
    assert!(desk.answer("y").is_empty());
    let status = desk.ui.guard.status(Timestamp(desk.now));
    assert_eq!(status, Some(crate::tui::ui::guard::Status::PressAgain));
    desk.see();
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["1 allowed once"]);
}

#[test]
fn a_key_held_down_does_not_answer_the_next_request() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.asked(2, "pwd", Binding::default());
    desk.see();
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["1 allowed once"]);
    assert_eq!(desk.shown(), Some(2));
    desk.see();
    // The first repetition comes late, the others fast.
    desk.wait(660 - HOLD_MS - 1);
    for _ in 0..60 {
        assert!(desk.press("y").is_empty());
        assert!(desk.wait(33).is_empty());
    }
    assert_eq!((desk.shown(), desk.draft().as_str()), (Some(2), ""));
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("y"), ["2 allowed once"]);
}

#[test]
fn twins_are_answered_together_only_when_they_were_shown_and_guard_the_same() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.asked(2, "ls", Binding::default());
    desk.see();
    desk.wait(ARMING_MS);
    desk.asked(3, "ls", Binding::default());
    assert_eq!(desk.answer("y"), ["1 allowed once", "2 allowed once"]);
    assert_eq!(desk.shown(), Some(3));
    desk.asked(4, "ls", Binding { safety_check: true, ..Binding::default() });
    desk.see();
    desk.wait(750);
    assert_eq!(desk.press("y"), ["3 allowed once"], "a stricter twin is asked by itself");
}

#[test]
fn what_must_not_be_allowed_by_one_key_wants_a_word() {
    let mut desk = Desk::new();
    desk.asked(1, "rm -rf ~", Binding { default_to_no: true, ..Binding::default() });
    desk.see();
    desk.wait(ARMING_MS);
    assert!(desk.answer("y").is_empty());
    for key in ["y", "e", "enter"] {
        assert!(desk.press(key).is_empty(), "{key}: half a word is none");
    }
    desk.wait(ARMING_MS);
    desk.answer("y");
    for key in ["y", "e", "s"] {
        assert!(desk.press(key).is_empty());
    }
    assert_eq!(desk.press("enter"), ["1 allowed once"]);
    // Anything but the word is a prompt that is being written.
    desk.asked(2, "rm -rf ~", Binding { default_to_no: true, ..Binding::default() });
    desk.see();
    desk.wait(5_000);
    desk.answer("y");
    for key in ["y", "e", "a", "h"] {
        assert!(desk.press(key).is_empty());
    }
    assert_eq!((desk.shown(), desk.draft().as_str()), (None, "yeah"));
}

#[test]
fn while_lines_are_unread_allowing_scrolls_on() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.see();
    let seen = |desk: &mut Desk, seen_to| {
        let form = desk.ui.forms.get_mut(&ApprovalId(1)).unwrap();
        (form.n_lines, form.page, form.seen_to) = (50, 20, seen_to);
    };
    seen(&mut desk, 20);
    desk.wait(ARMING_MS);
    for (scroll, seen_to) in [(20, 40), (30, 50)] {
        assert!(desk.answer("y").is_empty());
        assert_eq!(desk.ui.forms[&ApprovalId(1)].scroll, scroll);
        seen(&mut desk, seen_to);
        desk.wait(ARMING_MS);
    }
    assert_eq!(desk.answer("y"), ["1 allowed once"]);
}

#[test]
fn what_was_written_in_a_dialog_that_went_away_becomes_a_draft_and_is_not_sent() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.see();
    desk.wait(ARMING_MS);
    desk.answer("shift-n");
    desk.press("u");
    desk.happens(EventKind::ApprovalWithdrawn { approval: ApprovalId(1), why: Withdrawal::ByCli });
    for key in ["s", "e", "enter"] {
        assert!(desk.press(key).is_empty());
        desk.wait(100);
    }
    assert_eq!(desk.draft(), "use");
    desk.wait(1_000);
    assert_eq!(desk.press("enter"), ["sent use"]);
}

#[test]
fn esc_puts_away_all_that_waits_until_it_is_asked_for_or_something_new_comes() {
    let mut desk = Desk::new();
    desk.happens(EventKind::PromptSent(crate::core::prompt::Prompt::new(
        "p1".into(),
        "do it",
        crate::core::prompt::PromptOrigin::Surface(crate::core::prompt::Surface::Terminal),
    )));
    desk.asked(1, "ls", Binding::default());
    desk.asked(2, "pwd", Binding::default());
    desk.see();
    assert!(desk.press("esc").is_empty(), "it works before the dialog was seen, too");
    assert!(desk.press("esc").is_empty(), "twice does not end the turn");
    desk.wait(10_000);
    assert_eq!((desk.shown(), desk.fleet.inbox().len()), (None, 2));
    assert!(desk.press("esc").is_empty(), "a session that waits for the person is not interrupted");
    desk.press("alt-a");
    assert_eq!(desk.shown(), Some(1));
    desk.press("esc");
    desk.asked(3, "id", Binding::default());
    assert_eq!(desk.shown(), Some(3));
    desk.see();
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("n"), ["3 denied"]);
    assert_eq!(desk.shown(), Some(1), "then those that were put off");
}

#[test]
fn another_tab_puts_the_dialog_away() {
    let mut desk = Desk::new();
    let spec = SessionSpec { directory: "/q".into(), ..SessionSpec::default() };
    let (seq, at) = (desk.fleet.seq() + 1, Timestamp(desk.now));
    let kind = EventKind::Opened { spec, tag: None };
    desk.fleet.apply(&Event { seq, session: SessionId(2), generation: Generation(0), at, kind });
    desk.asked(1, "ls", Binding::default());
    desk.see();
    desk.wait(ARMING_MS);
    desk.press("alt-2");
    assert_eq!((desk.shown(), desk.ui.active), (None, Some(SessionId(2))));
    for key in ["t", "r", "y"] {
        assert!(desk.answer(key).is_empty());
    }
    assert_eq!(desk.draft(), "try");
}

#[test]
fn an_answer_from_elsewhere_closes_the_dialog_and_takes_back_what_was_held() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.see();
    desk.wait(ARMING_MS);
    desk.press("y");
    let verdict = crate::core::approval::Verdict {
        decision: Decision::deny("no"),
        by: crate::core::prompt::Surface::Engine,
        after_ms: 1,
    };
    desk.asked(2, "rm x", Binding::default());
    desk.happens(EventKind::ApprovalResolved { approval: ApprovalId(1), verdict });
    assert_eq!(desk.shown(), Some(2));
    desk.see();
    assert!(desk.wait(HOLD_MS + 1).is_empty(), "the answer was not for this one");
    assert_eq!(desk.ui.approval.as_ref().map(|focus| focus.id), Some(ApprovalId(2)));
}

#[test]
fn the_one_dangerous_mode_is_asked_for_and_not_taken_by_a_key_typed_ahead() {
    let mut desk = Desk::new();
    desk.press("alt-m");
    for key in ["b", "y", "p", "a", "s", "s"] {
        desk.press(key);
    }
    assert!(desk.press("enter").is_empty());
    assert!(desk.answer("y").is_empty(), "typed ahead");
    desk.wait(ARMING_MS);
    let sent = desk.answer("y");
    assert!(sent.len() == 1 && sent[0].contains("BypassPermissions"), "{sent:?}");
}

fn entry(id: &str, directory: &str, title: &str, age_s: i64) -> crate::transcripts::list::Entry {
    crate::transcripts::list::Entry {
        id: id.into(),
        path: format!("/x/{id}.jsonl").into(),
        bytes: 3_200,
        modified: Timestamp(100_000 - age_s * 1000),
        title: Some(title.into()),
        directory: Some(directory.into()),
    }
}

impl Desk {
    fn opening(&mut self, key: &str) -> Option<SessionSpec> {
        let parsed = crate::tui::input::key::Key::parse(key).unwrap();
        let event = KeyEvent::new(parsed.code, parsed.modifiers);
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        let effects = keys::key(&mut self.ui, world, event, false);
        self.settle();
        effects.into_iter().find_map(|effect| match effect {
            Effect::Send(Command::Open { spec, .. }) => Some(*spec),
            _ => None,
        })
    }

    /// Opens the list and fills it in two pieces.
    fn picking(&mut self) {
        assert_eq!(self.opening("alt-c"), None);
        let first = vec![entry("c1", "/elsewhere", "newest \u{1b}[31mred\u{1b}[0m", 1)];
        conversations::found(&mut self.ui, Some(&first));
        conversations::found(&mut self.ui, Some(&[entry("c2", "/p", "older, but here", 60)]));
        conversations::found(&mut self.ui, None);
    }

    fn rows(&self) -> Vec<String> {
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        let rows = lists::entries(&self.ui, world).unwrap();
        rows.iter().map(|row| format!("{} | {}", row.label, row.detail)).collect()
    }
}

#[test]
fn the_list_of_conversations_begins_with_this_project_and_opens_what_is_taken() {
    let mut desk = Desk::new();
    desk.picking();
    assert_eq!(
        desk.rows(),
        ["older, but here | /p · 1m 00s ago · 3.2 kB", "newest red | /elsewhere · 1.0s ago · 3.2 kB"]
    );
    let taken = desk.opening("enter").unwrap();
    assert_eq!(
        (taken.directory.as_str(), taken.resume, taken.fork, taken.follow),
        ("/p", Some("c2".into()), false, false)
    );
    desk.picking();
    desk.press("r");
    desk.press("e");
    desk.press("d");
    assert_eq!(desk.rows().len(), 1);
    let forked = desk.opening("alt-f").unwrap();
    assert_eq!((forked.resume, forked.fork, forked.follow), (Some("c1".into()), true, false));
    desk.picking();
    let followed = desk.opening("alt-l").unwrap();
    assert_eq!((followed.resume, followed.fork, followed.follow), (Some("c2".into()), false, true));
}

#[test]
fn a_conversation_that_is_open_is_gone_to() {
    let mut desk = Desk::new();
    let (model, mode) = ("m".into(), crate::core::permission::PermissionMode::Default);
    desk.happens(EventKind::Conversation { id: "c2".into(), model, mode });
    desk.picking();
    assert_eq!(desk.opening("enter"), None);
    assert_eq!(desk.ui.active, Some(SessionId(1)));
    desk.picking();
    assert!(desk.opening("alt-f").unwrap().fork, "a copy of it is another one");
}

#[test]
fn a_fork_before_a_prompt_begins_with_its_text() {
    let mut desk = Desk::new();
    let (model, mode) = ("m".into(), crate::core::permission::PermissionMode::Default);
    let origin = crate::core::prompt::PromptOrigin::Surface(crate::core::prompt::Surface::Terminal);
    let prompt = crate::core::prompt::Prompt::new("p1".into(), "say it", origin);
    desk.happens(EventKind::PromptSent(prompt));
    desk.press("ctrl-g");
    assert_eq!(desk.opening("f"), None, "there is no conversation yet");
    desk.happens(EventKind::Conversation { id: "c".into(), model, mode });
    let tag = desk.ui.next_tag;
    let spec = desk.opening("f").unwrap();
    assert_eq!((spec.fork, spec.fork_at.clone(), spec.resume.clone()), (true, Some("p1".into()), Some("c".into())));
    let event = Event {
        seq: 99,
        session: SessionId(2),
        generation: Generation(0),
        at: Timestamp(desk.now),
        kind: EventKind::Opened { spec, tag: Some(tag) },
    };
    desk.fleet.apply(&event);
    events::note(&mut desk.ui, &desk.fleet, &event, Timestamp(desk.now));
    assert_eq!(desk.ui.active, Some(SessionId(2)));
    assert_eq!(desk.ui.tab().unwrap().composer.text(), "say it");
}

#[test]
fn enter_on_nothing_sends_what_an_interrupt_holds() {
    let mut desk = Desk::new();
    assert!(desk.press("enter").is_empty());
    let prompt = crate::core::prompt::Prompt::new(
        crate::core::ids::PromptId::from("p"),
        "next".to_owned(),
        crate::core::prompt::PromptOrigin::Surface(crate::core::prompt::Surface::Terminal),
    );
    let mut queue = crate::core::prompt::Queue::default();
    queue.push(prompt);
    desk.happens(EventKind::QueueChanged(queue));
    desk.happens(EventKind::TurnEnded {
        turn: crate::core::ids::TurnId(1),
        outcome: crate::core::cell::TurnOutcome::Interrupted,
        duration_ms: 1,
        tokens: crate::core::usage::Tokens::default(),
        cost_usd: 0.0,
        text: None,
    });
    assert_eq!(desk.press("enter"), [format!("{:?}", Command::Retry { session: SessionId(1) })]);
}

#[test]
fn what_is_followed_keeps_the_draft_and_says_how_to_take_it_over() {
    let mut desk = Desk::new();
    let followed =
        |by: Option<&str>| EventKind::Followed(Some(crate::core::session::Followed { by: by.map(str::to_owned) }));
    desk.happens(followed(Some("a claude")));
    desk.press("h");
    assert!(desk.press("enter").is_empty());
    let said = desk.ui.toast.as_ref().unwrap().text.clone();
    assert!(said.contains("a claude works on it") && said.contains("alt-k"), "{said}");
    assert_eq!(desk.ui.tab().unwrap().composer.text(), "h");
    assert!(desk.press("alt-k").is_empty(), "not while it is held");
    desk.happens(followed(None));
    assert_eq!(desk.press("alt-k"), [format!("{:?}", Command::TakeOver { session: SessionId(1) })]);
}

#[test]
fn the_loop_is_woken_when_a_held_answer_is_due() {
    let mut desk = Desk::new();
    desk.asked(1, "ls", Binding::default());
    desk.see();
    desk.wait(5_000);
    desk.press("y");
    let world = World { fleet: &desk.fleet, keymap: &desk.keymap, now: Timestamp(desk.now) };
    assert_eq!(next_wake(&desk.ui, world), Some(Timestamp(desk.now + HOLD_MS as i64 + 1)));
}

#[test]
fn one_key_allows_for_a_while_what_is_smallest() {
    let mut desk = Desk::new();
    let same = crate::core::grant::GrantRule::Same { tool: "Bash".into(), input: json!({ "command": "ls" }) };
    let approval = Approval {
        grants: vec![same],
        ..Approval::new(ApprovalId(1), SessionId(1), "Bash", json!({ "command": "ls" }))
    };
    desk.happens(EventKind::ApprovalAsked(Box::new(approval)));
    desk.see();
    desk.wait(ARMING_MS);
    assert_eq!(desk.answer("+"), ["1 allowed for a time"]);
    desk.asked(2, "ls", Binding::default());
    desk.see();
    desk.wait(1_000);
    assert!(desk.answer("+").is_empty(), "nothing can be granted");
}

#[test]
fn the_palette_finds_by_name_and_synonym_and_never_destroys_by_a_weak_match() {
    for (typed, first) in [
        ("queue", Some("queue")),
        ("cost", Some("panel")),
        ("resume", Some("conversations")),
        ("approvals", Some("inbox")),
        ("close", Some("close tab")),
        ("quit", Some("quit")),
        ("settings", None),
        ("theme", None),
        ("diff", None),
        ("del", Some("choose model")),
    ] {
        let mut desk = Desk::new();
        desk.press("ctrl-p");
        for c in typed.chars() {
            desk.press(&c.to_string());
        }
        let world = World { fleet: &desk.fleet, keymap: &desk.keymap, now: Timestamp(desk.now) };
        let rows = lists::entries(&desk.ui, world).unwrap();
        match first {
            Some(first) => assert_eq!(rows.first().map(|row| row.detail.as_str()), Some(first), "{typed}"),
            None => {
                let destroys = ["close tab", "quit", "stop session", "remove worktree"];
                assert!(rows.iter().all(|row| !destroys.contains(&row.detail.as_str())), "{typed}: {rows:?}");
                assert!(rows.is_empty(), "nothing is called so: {typed}: {rows:?}");
            }
        }
    }
}

#[test]
fn what_the_model_has_scheduled_is_named_before_it_is_cut_off() {
    for is_attached in [true, false] {
        let mut desk = Desk::new();
        desk.ui.is_attached = is_attached;
        assert!(desk.press("ctrl-q").is_empty());
        assert!(desk.ui.layers.is_empty(), "nothing waits, so nothing is asked");
        let waits = [("w", "wake-up", "look at the build again"), ("s", "schedule", "every day: read the mail")];
        for (id, kind, description) in waits {
            let task = TaskId::from(id);
            desk.happens(EventKind::TaskStarted {
                task,
                call: None,
                kind: kind.into(),
                description: description.into(),
            });
        }
        desk.press("ctrl-q");
        let Some(Layer::Confirm(confirm)) = desk.ui.layers.last() else { panic!("it quits without a question") };
        let details = confirm.details.join("\n");
        for (_, kind, description) in waits {
            assert!(details.contains(&format!("a {kind} of the model, {description}")), "{details}");
        }
        assert!(!details.contains("background task"), "{details}");
    }
}
