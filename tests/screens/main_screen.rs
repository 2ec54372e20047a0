//! The screen under all dialogs, in its sizes and states.

use adjutant::core::cell::TurnOutcome;
use adjutant::core::event::EventKind;
use adjutant::core::ids::Timestamp;
use adjutant::core::permission::PermissionMode;
use adjutant::core::phone::Connection;
use adjutant::core::phone::PairingCode;
use adjutant::core::phone::PhoneView;
use adjutant::core::session::Followed;
use adjutant::core::session::Resume;
use adjutant::core::trouble::Trouble;
use adjutant::core::trouble::TroubleKind;
use adjutant::tui::theme::Glyphs;
use adjutant::tui::theme::Theme;

use crate::support::fleet;
use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::screen::snapshot;

fn check(name: &str, stage: &mut Stage, story: &Story, width: u16, height: u16) {
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
    insta::assert_snapshot!(name, snapshot(&buffer, drawn.cursor));
}

#[test]
fn busy_in_all_sizes() {
    let story = fleet::busy();
    let mut stage = Stage::of(&story.fleet);
    for (width, height) in [(120, 40), (80, 24), (40, 10), (200, 60)] {
        check(&format!("busy_{width}x{height}"), &mut stage, &story, width, height);
    }
}

#[test]
fn ascii_without_colour() {
    let story = fleet::busy();
    let mut stage = Stage::of(&story.fleet);
    stage.theme = Theme::no_color().with_glyphs(Glyphs::ascii());
    check("ascii_no_color", &mut stage, &story, 120, 40);
}

#[test]
fn a_new_session_says_where_it_is_and_what_to_do() {
    let mut story = Story::default();
    story.open(1, None, "/home/me/src/api", Some("main"));
    check("empty", &mut Stage::of(&story.fleet), &story, 100, 30);
    check("empty_40x10", &mut Stage::of(&story.fleet), &story, 40, 10);
}

#[test]
fn a_missing_cli_is_explained() {
    let mut story = Story::default();
    story.open(1, None, "/home/me/src/api", Some("main"));
    let mut stage = Stage::of(&story.fleet);
    stage.ui.cli_missing = Some("claude".into());
    check("cli_missing", &mut stage, &story, 100, 30);
}

#[test]
fn without_sessions_one_can_be_opened() {
    let story = Story::default();
    check("no_session", &mut Stage::of(&story.fleet), &story, 80, 20);
}

#[test]
fn bypass_is_red_all_the_time() {
    let mut story = Story::default();
    story.open(1, Some("scratch"), "/tmp/scratch", None).ready("claude-haiku-5", PermissionMode::BypassPermissions);
    story.prompt("do it").text("Done.");
    let mut stage = Stage::of(&story.fleet);
    stage.tab(1).composer.insert("go on");
    check("bypass", &mut stage, &story, 80, 20);
    check("bypass_40x10", &mut stage, &story, 40, 10);
}

#[test]
fn what_is_followed_is_seen_to_be() {
    let mut story = Story::default();
    story.open(1, Some("elsewhere"), "/home/me/src/api", None).prompt("do it").text("Doing it.");
    story.event(EventKind::Followed(Some(Followed { by: Some("a claude in another terminal (process 7)".into()) })));
    check("followed", &mut Stage::of(&story.fleet), &story, 120, 20);
    story.event(EventKind::Followed(Some(Followed { by: None })));
    check("followed_to_end", &mut Stage::of(&story.fleet), &story, 80, 20);
}

#[test]
fn a_usage_limit_says_when_it_goes_on() {
    let mut story = fleet::busy();
    let lifts = Timestamp(story.now.0 + 3 * 3_600_000);
    let trouble = Trouble::new(TroubleKind::UsageLimit { lifts: Some(lifts) }, "limit reached");
    story.in_session(1).end(TurnOutcome::Failed(trouble), 14_000, "");
    check("limited", &mut Stage::of(&story.fleet), &story, 120, 30);
    let at = Timestamp(lifts.0 + 42_000);
    story.event(EventKind::GoesOn(true)).event(EventKind::ResumePlanned(Some(Resume { at, text: "x".into() })));
    check("limited_goes_on", &mut Stage::of(&story.fleet), &story, 80, 24);
}

#[test]
fn the_relay_is_seen_with_what_is_in_its_way() {
    let story = fleet::busy();
    let view = |connection, pairing| PhoneView {
        messenger: "Feishu".into(),
        connection,
        paused: false,
        n_waiting: 3,
        n_people: 0,
        trouble: None,
        pairing,
        tested: None,
    };
    let code = PairingCode { code: "K7M2PQ9X".into(), until: Timestamp(story.now.0 + 200_000) };
    let refused = "the app secret is wrong: look at Credentials in the developer console";
    let views = [
        ("phone_connected", view(Connection::Connected { since: Timestamp(story.now.0 - 4_000_000) }, None)),
        ("phone_pairing", view(Connection::Connecting { attempt: 3, trouble: None }, Some(code))),
        ("phone_refused", view(Connection::Refused { why: refused.into() }, None)),
    ];
    for (name, view) in views {
        let mut stage = Stage::of(&story.fleet);
        stage.ui.phone = Some(view);
        check(name, &mut stage, &story, 120, 44);
    }
}

#[test]
fn a_long_message_is_shown_whole_or_keeps_what_to_do() {
    let story = fleet::busy();
    let mut stage = Stage::of(&story.fleet);
    let text = "The editor “code --wait --new-window” could not be started: no such file or directory (os error 2). Set \
                $EDITOR or [ui] editor.";
    stage.ui.say(text, true, story.now);
    for (width, height) in [(200, 60), (120, 40), (80, 24), (40, 10)] {
        check(&format!("message_{width}x{height}"), &mut stage, &story, width, height);
    }
    let long =
        "Files that were left: ".to_owned() + &"src/part/of/something.rs, ".repeat(30) + ". Remove them by hand.";
    stage.ui.say(long, true, story.now);
    check("message_long_80x24", &mut stage, &story, 80, 24);
}
