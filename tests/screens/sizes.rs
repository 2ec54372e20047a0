//! Any size and any state draws.

use adjutant::core::permission::PermissionMode;
use adjutant::tui::theme::Glyphs;
use adjutant::tui::theme::Theme;
use adjutant::tui::ui::Panel;
use adjutant::tui::ui::approval::ApprovalFocus;
use adjutant::tui::ui::approval::ApprovalForm;
use adjutant::tui::ui::approval::Pane;
use adjutant::tui::ui::dialog::Layer;
use adjutant::tui::ui::dialog::ListDialog;
use adjutant::tui::ui::dialog::ListKind;
use adjutant::tui::ui::dialog::Page;
use adjutant::tui::ui::dialog::PageContent;
use proptest::prelude::*;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::support::fleet;
use crate::support::fleet::Story;
use crate::support::screen::Stage;
use crate::support::screen::rows;

/// A state of the program, by number.
fn state(number: usize) -> (Story, Stage) {
    let mut story = fleet::busy();
    if number == 0 {
        story = Story::default();
    }
    let mut stage = Stage::of(&story.fleet);
    match number {
        2 => stage.theme = Theme::no_color().with_glyphs(Glyphs::ascii()),
        3 => {
            stage.tab(1).composer.insert(&"一行很长的文字 and some words ".repeat(40));
            stage.ui.panel = Panel::Overlay;
        }
        4 => stage.ui.cli_missing = Some("claude".into()),
        5 => stage.ui.layers.push(Layer::List(ListDialog::new(ListKind::Palette))),
        6 => stage.ui.layers.push(Layer::Page(Page {
            title: "Keys".into(),
            content: PageContent::Help,
            scroll: 7,
            max_scroll: 0,
        })),
        7..=10 => {
            let id = story.fleet.inbox()[0].approval.id;
            let mut form = ApprovalForm::new(&story.fleet.inbox()[0].approval);
            form.scroll = 3;
            form.pane = match number {
                7 => Pane::Main,
                8 => Pane::Whole,
                9 => Pane::DenyMessage(Box::default()),
                _ => Pane::Edit(Box::new(adjutant::tui::ui::approval::EditBox {
                    composer: adjutant::tui::ui::composer::Composer::with_text(&"rm -rf build 中文 ".repeat(30)),
                    field: Some("command"),
                    error: Some("no".into()),
                })),
            };
            stage.ui.forms.insert(id, form);
            stage.ui.approval = Some(ApprovalFocus::new(id, None));
        }
        11 => {
            story.open(9, Some("危险"), "/", None).ready("m", PermissionMode::BypassPermissions);
            story.prompt("x").tool("x", "Bash", json!({"command": "\u{202e}中文\t\u{1b}[2J".repeat(50)}));
            stage = Stage::of(&story.fleet);
            stage.ui.active = stage.ui.order.last().copied();
            stage.tab(9).all_unfolded = Some(true);
        }
        _ => {}
    }
    (story, stage)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]
    #[test]
    fn every_size_draws(number in 0usize..12, width in 1u16..=400, height in 1u16..=120, small in any::<bool>()) {
        let (width, height) = if small { (1 + width % 60, 1 + height % 20) } else { (width, height) };
        let (story, mut stage) = state(number);
        let (buffer, drawn) = stage.draw(&story.fleet, story.now, width, height);
        for row in rows(&buffer) {
            prop_assert!(row.width() <= usize::from(width), "{row:?}");
        }
        if let Some(cursor) = drawn.cursor {
            prop_assert!(cursor.x < width && cursor.y < height);
        }
    }
}
