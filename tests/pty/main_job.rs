//! The main job by keyboard: tabs, prompts, streaming, the queue, interrupts, sizes, languages.

use super::ASKS;
use super::Stage;
use crate::support::pty::Pty;

#[test]
fn a_prompt_is_typed_asked_about_and_answered() {
    for (columns, rows) in [(120, 40), (80, 24), (40, 10)] {
        let stage = Stage::new(ASKS);
        let mut pty = stage.start(columns, rows, &["web"]);
        pty.wait_until("the input", |screen| screen.contains('❯'));
        pty.press("look around\r");
        pty.wait_for("ls -la");
        pty.wait_for("[y]");
        Pty::let_it_arm();
        // On a small screen the first presses read on.
        while pty.screen().contains("[y] read on") {
            pty.press("y");
            Pty::let_it_arm();
        }
        pty.press("y");
        pty.wait_for("it-was-allowed");
        pty.press("\x11");
        assert_eq!(pty.wait_for_exit(), 0);
    }
}

#[test]
fn a_second_prompt_waits_and_an_interrupt_ends_the_first() {
    let script =
        r#"{"turn": [{"deltas": {"count": 100000, "per_second": 200}}]} {"turn": [{"say": "the-second-answer"}]}"#;
    let stage = Stage::new(script);
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("first\r");
    pty.wait_for("interrupt");
    pty.press("second\r");
    pty.wait_for("QUEUE 1");
    pty.press("\x1b");
    // The queue is held until the person goes on.
    pty.wait_until("the turn to end", |screen| !screen.contains("esc interrupt"));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!pty.screen().contains("the-second-answer"), "{}", pty.screen());
    pty.press("\r");
    pty.wait_for("the-second-answer");
}

#[test]
fn tabs_open_switch_take_names_and_close() {
    let stage = Stage::new(r#"{"turn": [{"say": "hello"}]}"#);
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("1 · web");
    pty.press("\x14");
    pty.wait_for("Open a session in");
    pty.press("\x15");
    let other = stage.path().join("api").display().to_string();
    // The box holds the present directory: cleared letter by letter, as a person would.
    pty.press(&"\x7f".repeat(200));
    pty.press(&format!("{other}\r"));
    pty.wait_for("2 · api");
    pty.press("\x1bOQ");
    pty.wait_for("Title of this session");
    pty.press(&"\x7f".repeat(20));
    pty.press("renamed\r");
    pty.wait_for("2 · renamed");
    pty.press("\x1b1");
    pty.press("\x1bx");
    // An empty session closes at once and comes back the same way.
    pty.wait_until("the tab to close", |screen| !screen.contains("· web"));
    pty.press("\x1bw");
    pty.wait_for("2 · web");
    pty.press("\x1bx");
    pty.wait_until("the tab to close", |screen| !screen.contains("· web") && screen.contains("1 · renamed"));
}

#[test]
fn the_screen_survives_every_size_while_it_streams() {
    let script = r#"{"turn": [{"say": {"text": "| a | b |\n|---|---|\n| 中文 | 👩‍👧 |\n\n```rust\nfn main() {}\n```\n", "chars_per_second": 400}},
        {"deltas": {"count": 2000, "per_second": 1000}}, {"say": "the-end"}]}"#;
    let stage = Stage::new(script);
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("❯");
    pty.press("go\r");
    for (columns, rows) in [(20, 5), (400, 120), (1, 1), (40, 10), (200, 60), (21, 6), (80, 24)] {
        pty.resize(columns, rows);
        std::thread::sleep(std::time::Duration::from_millis(150));
    }
    pty.resize(120, 40);
    pty.wait_for("the-end");
}

#[test]
fn a_megabyte_is_pasted_as_one_and_chinese_is_echoed() {
    let stage = Stage::new(r#"{"turn": [{"say": "got-it"}]}"#);
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press("写一个测试 ");
    pty.wait_for("写一个测试");
    pty.paste(&"line of a large paste\n".repeat(50_000));
    pty.wait_for("⟦paste 1:");
    pty.wait_for("50001 lines⟧");
    pty.press("\r");
    pty.wait_for("got-it");
}

#[test]
fn without_a_cli_it_says_what_is_missing_and_offers_the_demo() {
    let stage = Stage::new("");
    stage.command(&["no-such-claude"]);
    let mut pty = stage.start(120, 40, &["web"]);
    pty.wait_for("no-such-claude");
    pty.wait_for("npm install -g @anthropic-ai/claude-code");
    pty.press("d");
    pty.wait_for("retry policy");
    pty.wait_for("waiting");
}

#[test]
fn the_demo_can_be_played_to_its_end() {
    let stage = Stage::new("");
    let mut pty = stage.start(120, 40, &["demo"]);
    pty.wait_for("4 waiting");
    // Whatever asks is answered: y allows and accepts, space and enter answer questions.
    let end = std::time::Instant::now() + std::time::Duration::from_secs(100);
    let mut n_quiet = 0;
    while n_quiet < 4 {
        assert!(std::time::Instant::now() < end, "the demo does not end:\n{}", pty.screen());
        let screen = pty.screen();
        if screen.contains("[space]") {
            Pty::let_it_arm();
            pty.press(" ");
            std::thread::sleep(std::time::Duration::from_millis(100));
            pty.press("\r");
        } else if screen.contains("[y]") {
            Pty::let_it_arm();
            pty.press("y");
        } else if screen.contains("waiting") {
            pty.press("\x1ba");
        } else if screen.contains("working") {
            n_quiet = 0;
        } else {
            n_quiet += 1;
        }
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    for (tab, told) in
        [("1", "nothing changes for those who"), ("2", "set up"), ("3", "begin with the table"), ("4", "overloaded")]
    {
        pty.press(&format!("\x1b{tab}"));
        pty.wait_for(told);
    }
}
