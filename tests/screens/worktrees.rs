//! Sessions in git worktrees: where they show, and what is asked when they are closed.

use adjutant::core::cell::Notice;
use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::permission::PermissionMode;
use adjutant::core::prompt::Surface;
use adjutant::core::session::SessionSpec;
use adjutant::core::worktree::Aside;
use adjutant::core::worktree::Listed;
use adjutant::core::worktree::Place;
use adjutant::core::worktree::Report;
use adjutant::core::worktree::WorktreeSpec;
use adjutant::tui::ui::dialog::Layer;
use adjutant::tui::update::World;
use adjutant::tui::update::events;
use adjutant::tui::update::keys;
use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyModifiers;

use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::screen::snapshot;

const BRANCH: &str = "adjutant/fix-登录";

fn place() -> Place {
    Place {
        path: "/home/me/.local/share/adjutant/worktrees/api-1a2b3c4d/fix".into(),
        git_dir: "/home/me/src/api/.git/worktrees/fix".into(),
        common_dir: "/home/me/src/api/.git".into(),
        origin: "/home/me/src/api".into(),
        branch: BRANCH.into(),
        base: "0123456789abcdef".into(),
        base_branch: Some("main".into()),
    }
}

/// Two sessions, the first of which has a worktree.
fn story() -> Story {
    let mut story = Story::default();
    let spec = SessionSpec {
        directory: place().path,
        title: Some("fix the login".into()),
        branch: Some(BRANCH.into()),
        worktree: Some(WorktreeSpec::Made(Box::new(place()))),
        ..SessionSpec::default()
    };
    story.in_session(1).event(EventKind::Opened { spec, tag: None });
    story.ready("claude-opus-5-5", PermissionMode::Default);
    let notice = format!(
        "This session works in a git worktree of its own, on the new branch {BRANCH}, made from main (0123456789). 3 \
         changes that are not committed in /home/me/src/api are not in it."
    );
    story.note(Notice::info(notice).with_detail(place().path));
    story.open(2, Some("web"), "/home/me/src/web", Some("main"));
    story.in_session(1);
    story
}

fn listed(names: &[&str]) -> Listed {
    let mut listed = Listed::default();
    for name in names {
        listed.push(*name);
    }
    listed
}

fn clean() -> Report {
    let mark = "m".to_owned();
    Report {
        mark,
        head: Some(BRANCH.into()),
        is_merged: true,
        ignored: listed(&["target/", ".env"]),
        ..Report::default()
    }
}

fn dirty() -> Report {
    Report {
        changed: listed(&["src/login.rs", "src/main.rs"]),
        untracked: listed(&["a.txt", "b\u{1b}[31m.txt", "新文件.txt", "d", "e", "f", "g"]),
        commits: listed(&["1a2b3c4 Fix the login", "5d6e7f8 Test it"]),
        stashes: listed(&["WIP on adjutant/fix-登录: 0123456 first"]),
        under_way: Some("a rebase".into()),
        is_merged: false,
        ..clean()
    }
}

/// A terminal that is about to close the first session.
fn closing(story: &mut Story, report: Report) -> Stage {
    let mut stage = Stage::of(&story.fleet);
    press(&mut stage, story, KeyCode::Char('w'), KeyModifiers::CONTROL);
    happens(&mut stage, story, EventKind::WorktreeLooked(Box::new(report)));
    stage
}

fn happens(stage: &mut Stage, story: &mut Story, kind: EventKind) {
    story.event(kind.clone());
    let (seq, session, at) = (story.fleet.seq(), SessionId(1), story.now);
    let event = adjutant::core::event::Event { seq, session, generation: adjutant::core::ids::Generation(1), at, kind };
    events::note(&mut stage.ui, &story.fleet, &event, story.now);
}

fn press(stage: &mut Stage, story: &Story, code: KeyCode, modifiers: KeyModifiers) {
    // Any dialog has been on the screen for long enough.
    let now = Timestamp(story.now.0 + 1_000);
    let world = World { fleet: &story.fleet, keymap: &stage.keymap, now };
    keys::key(&mut stage.ui, world, KeyEvent::new(code, modifiers), false);
}

fn check(name: &str, stage: &mut Stage, story: &Story) {
    for (width, height) in [(80, 24), (120, 40)] {
        let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), snapshot(&buffer, drawn.cursor));
    }
}

#[test]
fn a_worktree_shows_in_its_tab_and_its_panel() {
    let story = story();
    check("worktree", &mut Stage::of(&story.fleet), &story);
}

#[test]
fn a_worktree_is_asked_for_with_what_is_not_in_it() {
    let story = story();
    let mut stage = Stage::of(&story.fleet);
    press(&mut stage, &story, KeyCode::Char('t'), KeyModifiers::CONTROL);
    check("worktree_new_tab", &mut stage, &story);
    press(&mut stage, &story, KeyCode::Char('n'), KeyModifiers::ALT);
    assert!(matches!(stage.ui.layers.last(), Some(Layer::Text(_))));
    check("worktree_branch", &mut stage, &story);
}

#[test]
fn a_clean_one_is_offered_for_removal() {
    let mut story = story();
    let mut stage = closing(&mut story, clean());
    check("worktree_clean", &mut stage, &story);
}

#[test]
fn what_would_be_lost_is_listed_before_the_branch_is_asked_for() {
    let mut story = story();
    let mut stage = closing(&mut story, dirty());
    check("worktree_dirty", &mut stage, &story);
    press(&mut stage, &story, KeyCode::Char('r'), KeyModifiers::NONE);
    press(&mut stage, &story, KeyCode::Char('x'), KeyModifiers::NONE);
    press(&mut stage, &story, KeyCode::Enter, KeyModifiers::NONE);
    check("worktree_named", &mut stage, &story);
}

#[test]
fn one_that_is_in_use_is_kept() {
    let mut story = story();
    let report = Report { users: vec!["claude (process 4711)".into()], ..clean() };
    let mut stage = closing(&mut story, report);
    check("worktree_in_use", &mut stage, &story);
}

#[test]
fn a_removal_counts_down_and_names_the_key_that_undoes_it() {
    let mut story = story();
    let mut stage = Stage::of(&story.fleet);
    let aside = Aside {
        id: "1".into(),
        path: "/home/me/.local/share/adjutant/worktrees/.adjutant/1/tree".into(),
        until: Some(Timestamp(story.now.0 + 8_300)),
        tip: None,
        branch_goes: true,
    };
    let (place, aside, by) = (Box::new(place()), Box::new(aside), Surface::Terminal);
    happens(&mut stage, &mut story, EventKind::WorktreeAside { place, aside, by, lost: dirty().losses() });
    assert_eq!(stage.ui.active, Some(SessionId(2)), "the neighbour is looked at");
    let (_, drawn) = stage.draw(&story.fleet, story.now, 80, 24);
    assert_eq!(drawn.next_change, Some(Timestamp(story.now.0 + 300)), "it counts by itself");
    check("worktree_removed", &mut stage, &story);
    stage.ui.active = Some(SessionId(1));
    check("worktree_removed_itself", &mut stage, &story);
}
