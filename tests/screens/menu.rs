//! The menu over the input box.

use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::tui::mention::FileName;
use adjutant::tui::theme::Glyphs;
use adjutant::tui::theme::Theme;
use adjutant::tui::ui::menu::Menu;
use adjutant::tui::ui::menu::MenuItem;
use adjutant::tui::ui::menu::MenuKind;
use adjutant::tui::ui::menu::Take;
use adjutant::tui::ui::menu::Word;
use adjutant::tui::ui::menu::WordAt;

use crate::support::fleet;
use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::screen::snapshot;

fn check(name: &str, stage: &mut Stage, story: &Story, width: u16, height: u16) {
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
    insta::assert_snapshot!(name, snapshot(&buffer, drawn.cursor));
}

fn item(label: &str, detail: &str, is_file: bool) -> MenuItem {
    let file = FileName { shown: label.into(), is_text: !label.contains("\\x"), is_folder: label.ends_with('/') };
    MenuItem {
        label: label.into(),
        detail: detail.into(),
        take: if file.is_text { Take::Put(label.into()) } else { Take::Refuse("it is not UTF-8".into()) },
        file: is_file.then_some(file),
    }
}

fn stage(text: &str, kind: MenuKind, items: Vec<MenuItem>) -> (Story, Stage) {
    let story = fleet::busy();
    let mut stage = Stage::of(&story.fleet);
    stage.tab(1).composer.insert(text);
    let at = WordAt { session: SessionId(1), row: 0, column: 0 };
    let word = Word { at, kind, text: text.into(), name: text[1..].into(), is_quoted: false };
    let mut menu = Menu::new(word);
    menu.fill(items, Timestamp(0));
    stage.ui.completing.menu = Some(menu);
    (story, stage)
}

fn commands() -> Vec<MenuItem> {
    let long =
        "Clear conversation history but keep a summary in context. Optional: instructions for what to keep in it";
    let mut items = vec![
        item("/compact", &format!("<instructions>  {long}"), false),
        item("/context", "Show what fills the context", false),
        item("/cost", "/usage  Show the cost of this session\nand of others", false),
        item("/部署:现在", "把应用部署到测试环境", false),
    ];
    items.extend((0..20).map(|n| item(&format!("/custom-{n}"), "a command of the project", false)));
    items
}

#[test]
fn commands_stand_over_the_input_with_what_they_do() {
    let (story, mut stage) = stage("/c", MenuKind::Commands, commands());
    for (width, height) in [(200, 60), (120, 40), (80, 24), (40, 10)] {
        check(&format!("menu_commands_{width}x{height}"), &mut stage, &story, width, height);
    }
    stage.theme = Theme::no_color().with_glyphs(Glyphs::ascii());
    stage.ui.completing.menu.as_mut().expect("it is open").selected = 15;
    check("menu_commands_ascii", &mut stage, &story, 100, 30);
}

#[test]
fn files_show_their_ends_and_what_cannot_be_named() {
    let deep = "crates/server/src/handlers/authentication/providers/openid/refresh_tokens.rs";
    let items = vec![
        item("src/client.rs", "", true),
        item("说明/第一章 开始.md", "", true),
        item(deep, "", true),
        item("c#.md", "after @, # would mean a line: stands as plain text", true),
        item("caf\\xE9.txt", "the name is not UTF-8: Claude Code cannot be told it; rename the file", true),
        item("a\u{202e}b.rs", "", true),
    ];
    let (story, mut stage) = stage("@c", MenuKind::Files, items);
    stage.ui.completing.menu.as_mut().expect("it is open").note =
        Some("there are more files here than are looked through".into());
    for (width, height) in [(120, 40), (60, 20), (40, 10)] {
        check(&format!("menu_files_{width}x{height}"), &mut stage, &story, width, height);
    }
}

#[test]
fn a_session_that_has_not_run_says_why_there_are_no_commands() {
    let (story, mut stage) = stage("/", MenuKind::Commands, Vec::new());
    stage.ui.completing.menu.as_mut().expect("it is open").note =
        Some("Claude Code lists its commands once it runs: send a first prompt".into());
    check("menu_nothing", &mut stage, &story, 80, 24);
}
