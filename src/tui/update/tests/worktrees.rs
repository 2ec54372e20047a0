//! Sessions in worktrees: what is asked, and what each key does then.

use super::*;
use crate::core::prompt::Surface;
use crate::core::worktree::Aside;
use crate::core::worktree::Listed;
use crate::core::worktree::Place;
use crate::core::worktree::Report;
use crate::core::worktree::WorktreeSpec;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::TextKind;

fn place() -> Place {
    Place {
        path: "/w/p-1/x".into(),
        git_dir: "/p/.git/worktrees/x".into(),
        common_dir: "/p/.git".into(),
        origin: "/p".into(),
        branch: "adjutant/x".into(),
        base: "0".into(),
        base_branch: None,
    }
}

/// A terminal on a session that has a worktree.
fn desk() -> Desk {
    let mut desk = Desk { ui: Ui::default(), fleet: Fleet::default(), keymap: Keymap::default(), now: 100_000 };
    let worktree = Some(WorktreeSpec::Made(Box::new(place())));
    let spec = SessionSpec { directory: "/w/p-1/x".into(), worktree, ..SessionSpec::default() };
    desk.happens(EventKind::Opened { spec, tag: None });
    desk
}

impl Desk {
    fn effects(&mut self, key: &str) -> Vec<Effect> {
        let parsed = crate::tui::input::key::Key::parse(key).unwrap();
        let event = KeyEvent::new(parsed.code, parsed.modifiers);
        let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
        let mut effects = keys::key(&mut self.ui, world, event, false);
        self.settle();
        if self.ui.guard.is_holding() {
            self.now += HOLD_MS as i64 + 1;
            let world = World { fleet: &self.fleet, keymap: &self.keymap, now: Timestamp(self.now) };
            effects.extend(give_held(&mut self.ui, world));
            self.settle();
        }
        effects
    }

    fn types(&mut self, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' { "space".to_owned() } else { c.to_string() };
            assert!(self.press(&key).is_empty());
            self.wait(100);
        }
    }

    /// An event, and what the terminal makes of it.
    fn learns(&mut self, kind: EventKind) {
        let (seq, at) = (self.fleet.seq() + 1, Timestamp(self.now));
        let event = Event { seq, session: SessionId(1), generation: Generation(0), at, kind };
        self.fleet.apply(&event);
        events::note(&mut self.ui, &self.fleet, &event, at);
        self.settle();
    }

    /// alt-x on a session whose worktree is as in this report.
    fn closes(&mut self, report: Report) {
        let effects = self.effects("alt-x");
        assert_eq!(effects, [Effect::Send(Command::LookAtWorktree { session: SessionId(1) })]);
        self.learns(EventKind::WorktreeLooked(Box::new(report)));
        self.wait(ARMING_MS);
    }

    fn text_error(&self) -> Option<String> {
        match self.ui.layers.last() {
            Some(Layer::Text(dialog)) => dialog.error.clone(),
            _ => None,
        }
    }
}

fn clean() -> Report {
    Report { mark: "m".into(), is_merged: true, ..Report::default() }
}

fn dirty() -> Report {
    let mut untracked = Listed::default();
    untracked.push("notes.txt");
    Report { untracked, ..clean() }
}

fn remove(named: Option<&str>) -> Effect {
    let named = named.map(str::to_owned);
    Effect::Send(Command::RemoveWorktree { session: SessionId(1), seen: "m".into(), named, by: Surface::Terminal })
}

#[test]
fn a_clean_worktree_goes_with_one_key_and_with_no_other() {
    let close = Effect::Send(Command::Close { session: SessionId(1) });
    for (key, expected) in [("enter", None), ("y", None), ("s", None), ("r", Some(remove(None))), ("k", Some(close))] {
        let mut desk = desk();
        desk.closes(clean());
        let effects = desk.effects(key);
        assert_eq!(effects, expected.iter().cloned().collect::<Vec<_>>(), "{key}");
        assert_eq!(desk.ui.layers.is_empty(), expected.is_some(), "{key}: the question stays until it is answered");
    }
    let mut desk = desk();
    desk.closes(clean());
    assert!(desk.effects("esc").is_empty() && desk.ui.layers.is_empty());
    // Who types means the prompt: the question goes away, and nothing is done.
    let mut desk = self::desk();
    desk.closes(clean());
    desk.types("keep it");
    assert_eq!((desk.draft().as_str(), desk.ui.layers.is_empty()), ("keep it", true));
}

#[test]
fn what_would_be_lost_goes_only_when_the_branch_is_typed() {
    let mut desk = desk();
    desk.closes(dirty());
    assert!(desk.effects("r").is_empty());
    assert!(
        matches!(desk.ui.layers.last(), Some(Layer::Text(text)) if matches!(text.kind, TextKind::RemoveWorktree { .. }))
    );
    let world = World { fleet: &desk.fleet, keymap: &desk.keymap, now: Timestamp(desk.now) };
    assert!(keys::paste(&mut desk.ui, world, "adjutant/x").is_empty());
    desk.types("adjutant/");
    assert!(desk.effects("enter").is_empty());
    assert!(desk.text_error().unwrap().contains("That is not adjutant/x"));
    desk.types("x");
    assert_eq!(desk.effects("enter"), [remove(Some("adjutant/x"))]);
    assert!(desk.ui.layers.is_empty());
}

#[test]
fn what_may_not_be_removed_is_only_offered_to_be_kept() {
    let mut desk = desk();
    desk.closes(Report { locked: Some("usb".into()), ..clean() });
    assert!(desk.effects("r").is_empty() && !desk.ui.layers.is_empty());
    desk.wait(ARMING_MS);
    assert_eq!(desk.effects("k"), [Effect::Send(Command::Close { session: SessionId(1) })]);
}

#[test]
fn the_question_does_not_open_over_another_dialog() {
    let mut desk = desk();
    desk.effects("alt-x");
    desk.effects("f1");
    desk.learns(EventKind::WorktreeLooked(Box::new(clean())));
    assert!(matches!(desk.ui.layers.as_slice(), [Layer::Page(_)]));
}

#[test]
fn a_removal_is_undone_by_its_key_from_anywhere() {
    let mut desk = desk();
    let aside = Aside {
        id: "1".into(),
        path: "/w/.adjutant/1/tree".into(),
        until: Some(Timestamp(110_000)),
        tip: None,
        branch_goes: true,
    };
    assert!(desk.effects("alt-z").is_empty());
    let (place, by) = (Box::new(place()), Surface::Terminal);
    desk.learns(EventKind::WorktreeAside { place, aside: Box::new(aside), by, lost: Vec::new() });
    assert!(desk.effects("alt-x").is_empty(), "it closes by itself");
    desk.effects("f1");
    let restore = Command::RestoreWorktree { session: SessionId(1), by: Surface::Terminal };
    assert_eq!(desk.effects("alt-z"), [Effect::Send(restore)]);
}

#[test]
fn a_worktree_is_asked_for_by_key_or_from_the_dialog_and_again_when_it_is_refused() {
    let wanted = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Send(Command::Open { spec, tag: Some(tag) })] => {
            (spec.directory.clone(), spec.worktree.clone().unwrap(), *tag)
        }
        other => panic!("{other:?}"),
    };
    let mut desk = desk();
    desk.effects("alt-n");
    let (directory, worktree, tag) = wanted(desk.effects("enter"));
    assert_eq!((directory.as_str(), worktree), ("/p", WorktreeSpec::Wanted { branch: None }), "beside, not inside");
    desk.learns(EventKind::OpenRefused { tag: Some(tag), why: "it is bare".into(), instead: None });
    assert!(desk.text_error().unwrap().contains("it is bare"));
    desk.effects("esc");

    desk.effects("ctrl-t");
    desk.effects("alt-n");
    desk.types("feat/x");
    let (directory, worktree, tag) = wanted(desk.effects("enter"));
    let branch = Some("feat/x".to_owned());
    assert_eq!((directory.as_str(), worktree), ("/w/p-1/x", WorktreeSpec::Wanted { branch }));
    let instead = Some("feat/x-2".to_owned());
    desk.learns(EventKind::OpenRefused { tag: Some(tag), why: "there is a branch feat/x already".into(), instead });
    let (_, worktree, _) = wanted(desk.effects("enter"));
    assert_eq!(worktree, WorktreeSpec::Wanted { branch: Some("feat/x-2".into()) });
}
