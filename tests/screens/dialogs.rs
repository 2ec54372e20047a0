//! Pages, lists, questions of ours and texts.

use adjutant::core::grant::GrantRule;
use adjutant::core::grant::GrantTerms;
use adjutant::core::grant::Granted;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::permission::PermissionMode;
use adjutant::core::permission::PermissionUpdate;
use adjutant::core::permission::Rule;
use adjutant::core::permission::RuleBehavior;
use adjutant::core::permission::Scope;
use adjutant::tui::input::action::ACTIONS;
use adjutant::tui::input::action::Context;
use adjutant::tui::ui::dialog::Confirm;
use adjutant::tui::ui::dialog::ConfirmKind;
use adjutant::tui::ui::dialog::Layer;
use adjutant::tui::ui::dialog::ListDialog;
use adjutant::tui::ui::dialog::ListEntry;
use adjutant::tui::ui::dialog::ListItem;
use adjutant::tui::ui::dialog::ListKind;
use adjutant::tui::ui::dialog::Page;
use adjutant::tui::ui::dialog::PageContent;
use adjutant::tui::ui::dialog::Reading;
use adjutant::tui::ui::dialog::TextDialog;
use adjutant::tui::ui::dialog::TextKind;
use adjutant::tui::update::World;
use adjutant::tui::update::lists;

use crate::support::fleet;
use crate::support::screen::Stage;
use crate::support::screen::snapshot;

fn check(name: &str, layer: Layer, entries: Option<Vec<ListEntry>>, width: u16, height: u16) {
    let story = fleet::busy();
    let mut stage = Stage::of(&story.fleet);
    stage.ui.layers.push(layer);
    stage.entries = entries;
    let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
    insta::assert_snapshot!(name, snapshot(&buffer, drawn.cursor));
}

fn page(content: PageContent, title: &str) -> Layer {
    Layer::Page(Page { title: title.into(), content, scroll: 0, max_scroll: 0 })
}

#[test]
fn help_is_made_of_the_table() {
    check("help", page(PageContent::Help, "Keys"), None, 120, 40);
    check("help_40x10", page(PageContent::Help, "Keys"), None, 40, 10);
}

#[test]
fn pages_of_text_and_progress() {
    let text = "Bash cargo test retry\n\nrunning 6 tests\n\u{1b}[32mok\u{1b}[0m\n".repeat(20);
    check("page_text", page(PageContent::Text(text), "Details"), None, 100, 30);
    check("page_progress", page(PageContent::Progress, "Progress"), None, 80, 24);
}

fn entry(item: ListItem, label: &str, detail: &str, key: &str) -> ListEntry {
    ListEntry { item, label: label.into(), detail: detail.into(), key: key.into(), is_dangerous: false }
}

#[test]
fn the_palette_lists_actions_with_their_keys() {
    let offered = ACTIONS.iter().filter(|def| matches!(def.context, Context::Global | Context::Input));
    let entries: Vec<ListEntry> = offered
        .map(|def| {
            entry(ListItem::Action(def.action), def.doc, &def.name.replace('_', " "), def.keys.first().unwrap_or(&""))
        })
        .collect();
    let mut list = ListDialog::new(ListKind::Palette);
    list.selected = 5;
    check("palette", Layer::List(list), Some(entries.clone()), 120, 40);
    let mut list = ListDialog::new(ListKind::Palette);
    list.filter.insert("ses");
    check("palette_40x10", Layer::List(list), Some(entries), 40, 10);
    let mut list = ListDialog::new(ListKind::Palette);
    list.filter.insert("zzz");
    check("palette_nothing", Layer::List(list), Some(Vec::new()), 80, 24);
}

#[test]
fn choices_and_queues() {
    let modes: Vec<ListEntry> = PermissionMode::ALL
        .into_iter()
        .map(|mode| ListEntry {
            is_dangerous: mode.is_dangerous(),
            ..entry(ListItem::Mode(mode), mode.as_str(), mode.meaning(), "")
        })
        .collect();
    check("modes", Layer::List(ListDialog::new(ListKind::Modes(SessionId(1)))), Some(modes), 100, 30);
    let item = |id: &str| ListItem::Prompt(id.into());
    let queue = vec![
        entry(item("q0"), "then update the docs", "", ""),
        entry(item("q1"), "然后更新日志，并检查所有链接", "", ""),
    ];
    check("queue", Layer::List(ListDialog::new(ListKind::Queue(SessionId(1)))), Some(queue.clone()), 100, 30);
}

#[test]
fn what_is_granted_is_listed_and_stands_in_the_panel() {
    let mut story = fleet::busy();
    let terms =
        |path: &str, uses| GrantTerms { rule: GrantRule::Edits { path: path.into(), below: true }, minutes: 20, uses };
    let until = Timestamp(story.now.0 + 20 * 60_000);
    story.in_session(1).grant(1, Granted::Boxed { terms: terms("/home/me/src/api", None), until });
    let remembered = PermissionUpdate::AddRules {
        rules: vec![Rule::parse("Bash(npm ci:*)").expect("a rule")],
        behavior: RuleBehavior::Allow,
        scope: Scope::Local,
    };
    story.in_session(2).grant(2, Granted::Remembered(remembered));
    story.in_session(1).grant(3, Granted::Boxed { terms: terms("/home/me/src/网站", Some(5)), until });
    story.wait(90_000);
    let mut stage = Stage::of(&story.fleet);
    stage.ui.layers.push(Layer::List(ListDialog::new(ListKind::Grants)));
    let world = World { fleet: &story.fleet, keymap: &stage.keymap, now: story.now };
    let entries = lists::entries(&stage.ui, world);
    stage.entries = entries;
    for (width, height) in [(120, 40), (80, 24), (40, 10)] {
        let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
        insta::assert_snapshot!(format!("grants_{width}x{height}"), snapshot(&buffer, drawn.cursor));
    }
}

#[test]
fn questions_of_ours_say_what_is_at_stake() {
    let confirm = Confirm {
        kind: ConfirmKind::Quit,
        question: "Quit while sessions are running?".into(),
        details: vec!["api-refactor is working: the turn is cut off".into(), "docs waits for your answer".into()],
        is_dangerous: false,
        opened: Timestamp(0),
        reading: Reading::default(),
    };
    check("confirm", Layer::Confirm(confirm), None, 100, 30);
    let confirm = Confirm {
        kind: ConfirmKind::SetMode(SessionId(1), PermissionMode::BypassPermissions),
        question: "Let api-refactor run everything without asking?".into(),
        details: vec!["every command, every edit and every fetch runs at once".into()],
        is_dangerous: true,
        opened: Timestamp(0),
        reading: Reading::default(),
    };
    check("confirm_dangerous", Layer::Confirm(confirm.clone()), None, 100, 30);
    check("confirm_40x10", Layer::Confirm(confirm), None, 40, 10);
}

#[test]
fn texts_are_asked_for_in_a_box() {
    let mut text = TextDialog {
        kind: TextKind::NewTab,
        title: "Open a session".into(),
        hint: "a directory; ~ is your home".into(),
        composer: adjutant::tui::ui::composer::Composer::with_text("~/src/网站"),
        error: None,
    };
    text.error = Some("There is no such directory.".into());
    check("text_dialog", Layer::Text(text), None, 80, 24);
}

#[test]
fn conversations_are_listed_while_they_are_read() {
    let list = |is_reading| Layer::List(ListDialog::new(ListKind::Conversations { found: Vec::new(), is_reading }));
    check("conversations_reading", list(true), Some(Vec::new()), 80, 24);
    let row = |label: &str, detail: &str, key: &str| entry(ListItem::Text(label.into()), label, detail, key);
    let rows = vec![
        row("make the retry policy configurable", "~/src/api · 3m 12s ago · 342 kB", "open"),
        row("修复登录页面的测试", "~/src/web · 2h 05m ago · 1.2 MB", ""),
        row("a \u{1b}]0;title\u{7}trick \u{202e}", "/tmp/x · 3d 4h ago · 12 kB", ""),
    ];
    check("conversations", list(false), Some(rows.clone()), 100, 30);
    check("conversations_40x10", list(false), Some(rows), 40, 10);
}
