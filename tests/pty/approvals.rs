//! Approvals by keyboard, and all that must not answer them.

use super::ASKS;
use super::Stage;
use crate::support::pty::Pty;

/// A session that asks, with its dialog open and armed.
fn asked(stage: &Stage) -> Pty {
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("look around\r");
    pty.wait_for("[y] allow once");
    Pty::let_it_arm();
    pty
}

/// Nothing was answered: after a while the dialog is still there.
fn is_still_open(pty: &Pty) {
    std::thread::sleep(std::time::Duration::from_millis(500));
    let screen = pty.screen();
    assert!(screen.contains("waiting") && !screen.contains("it-was"), "{screen}");
}

#[test]
fn a_denial_with_a_message_and_later() {
    let stage = Stage::new(ASKS);
    let mut pty = asked(&stage);
    pty.press("\x1b");
    pty.wait_for("alt-a to look");
    pty.press("\x1ba");
    pty.wait_for("[y] allow once");
    Pty::let_it_arm();
    pty.press("N");
    pty.wait_for("enter");
    pty.press("use another command");
    pty.wait_for("use another command");
    pty.press("\r");
    pty.wait_for("it-was-denied");
    pty.wait_for("use another command");
}

#[test]
fn always_shows_the_rule_and_its_file_before_it_is_saved() {
    let stage = Stage::new(ASKS);
    let mut pty = asked(&stage);
    pty.press("a");
    pty.wait_for("Bash(ls *)");
    pty.wait_for("settings.local.json");
    // What ends by itself stands first; the rule is the last.
    pty.press("\x1b[A");
    pty.press("\x13");
    pty.wait_until("another scope", |screen| screen.contains(".claude/settings.json"));
    Pty::let_it_arm();
    pty.press("\r");
    pty.wait_for("it-was-allowed");
    pty.wait_for("always allowed");
}

#[test]
fn what_is_edited_is_allowed() {
    let stage = Stage::new(ASKS);
    let mut pty = asked(&stage);
    pty.press("e");
    pty.wait_for("what will run");
    pty.press(" src");
    pty.wait_for("ls -la src");
    pty.press("\r");
    pty.wait_for("it-was-allowed");
    pty.wait_for("edited, then allowed");
}

/// Types as a hand does, key by key.
fn type_slowly(pty: &mut Pty, text: &str, step_ms: u64) {
    for c in text.chars() {
        pty.press(&c.to_string());
        std::thread::sleep(std::time::Duration::from_millis(step_ms));
    }
}

#[test]
fn typing_ahead_pasting_and_a_lost_focus_answer_nothing() {
    let stage = Stage::new(ASKS);
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("look around\r");
    pty.wait_for("ls -la");
    // Typed as if for the input, while the dialog appears.
    type_slowly(&mut pty, &"y".repeat(20), 60);
    is_still_open(&pty);
    pty.press(&"\x7f".repeat(25));
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    pty.press("\x1ba");
    pty.wait_for("[y] allow once");
    Pty::let_it_arm();
    pty.paste("y\n");
    pty.wait_for("alt-a to look");
    is_still_open(&pty);
    pty.press("\x03");
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    pty.press("yyyy");
    pty.wait_for("yyyy");
    is_still_open(&pty);
    pty.press("\x03");
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    pty.wait_for("[y] allow once");
    pty.press("\x1b[O");
    Pty::let_it_arm();
    pty.press("y");
    is_still_open(&pty);
    Pty::let_it_arm();
    pty.press("y");
    pty.wait_for("it-was-allowed");
}

#[test]
fn a_sentence_over_an_open_dialog_is_a_draft() {
    let stage = Stage::new(ASKS);
    let mut pty = asked(&stage);
    for (sentence, step) in [("try it again", 120), ("yes, but first look", 200), ("no, you may not yet", 90)] {
        std::thread::sleep(std::time::Duration::from_millis(900));
        type_slowly(&mut pty, sentence, step);
        pty.wait_for(&format!("❯ {sentence}"));
        pty.wait_for("alt-a to look");
        is_still_open(&pty);
        pty.press("\x03");
        pty.wait_for("[y] allow once");
    }
}

#[test]
fn esc_twice_puts_the_dialog_away_and_does_not_end_the_turn() {
    let stage = Stage::new(ASKS);
    let mut pty = asked(&stage);
    pty.press("\x1b");
    std::thread::sleep(std::time::Duration::from_millis(200));
    pty.press("\x1b");
    pty.wait_for("alt-a to look");
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    pty.press("\x1b");
    pty.wait_for("waits for your answer");
    is_still_open(&pty);
    pty.press("\x1ba");
    pty.wait_for("[y] allow once");
    Pty::let_it_arm();
    pty.press("y");
    pty.wait_for("it-was-allowed");
}

#[test]
fn a_draft_keeps_the_keys() {
    let script = format!("{{\"turn\": [{{\"say\": \"hello\"}}]}} {ASKS}");
    let stage = Stage::new(&script.replace(
        "{\"turn\": [\n    {\"say\": \"I would",
        "{\"turn\": [{\"sleep_ms\": 1500},\n    {\"say\": \"I would",
    ));
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("one\r");
    pty.wait_for("hello");
    pty.press("two\r");
    pty.press("my draft");
    pty.wait_for("alt-a to look");
    pty.press(" says yes");
    pty.wait_for("my draft says yes");
    is_still_open(&pty);
}

#[test]
fn questions_and_plans_are_answered() {
    let script = r##"{"turn": [
        {"tool": {"name": "AskUserQuestion", "ask": true, "result": "x", "input": {"questions": [
            {"question": "Which colour?", "header": "Colour", "multiSelect": false, "options": [{"label": "red", "description": "r"}, {"label": "blue", "description": "b"}]},
            {"question": "Which sizes?", "header": "Sizes", "multiSelect": true, "options": [{"label": "small", "description": "s"}, {"label": "large", "description": "l"}]}]}}},
        {"tool": {"name": "ExitPlanMode", "ask": true, "result": "x", "input": {"plan": "# My plan\n\n- step one"}, "allowed": [{"say": "plan-accepted"}]}}
    ]}"##;
    let stage = Stage::new(script);
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press("ask me\r");
    pty.wait_for("( ) red");
    Pty::let_it_arm();
    pty.press("\x1b[B");
    std::thread::sleep(std::time::Duration::from_millis(50));
    pty.press("\r");
    pty.wait_for("Which sizes?");
    std::thread::sleep(std::time::Duration::from_millis(50));
    pty.press(" ");
    std::thread::sleep(std::time::Duration::from_millis(50));
    pty.press("\r");
    pty.wait_for("step one");
    std::thread::sleep(std::time::Duration::from_millis(900));
    pty.press("y");
    pty.wait_for("plan-accepted");
}
