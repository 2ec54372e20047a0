//! What a folder brings, item by item, each of them whole: what runs comes first.

use super::sheet::Sheet;
use crate::core::figures::count;
use crate::core::trust::Brought;
use crate::core::trust::Item;
use crate::core::trust::Kind;
use crate::tui::render::highlight::Language;

const LEAD: &str = "This folder brings what runs or decides something unasked. Trust it only if you know where it comes \
                    from. What changes later is asked about again.";
const WITHOUT: &str = "Without it, the session has your own settings and the project\'s instructions; nothing of the \
                       above takes effect.";

pub(super) fn show(sheet: &mut Sheet<'_>, brought: &Brought) {
    let theme = sheet.theme;
    sheet.say(LEAD, theme.text);
    sheet.blank();
    sheet.row("folder", &brought.folder, theme.strong);
    let mut last = None;
    for item in &brought.items {
        if last != Some(item.kind) {
            last = Some(item.kind);
            sheet.blank();
            if item.kind.is_dangerous() {
                sheet.warn(item.kind.heading(), theme.warning);
            } else {
                sheet.say(item.kind.heading(), theme.strong);
            }
        }
        show_item(sheet, item);
    }
    sheet.blank();
    if brought.n_trusted > 0 {
        let n = count(u64::try_from(brought.n_trusted).unwrap_or(u64::MAX), "more thing was", "more things were");
        sheet.say(&format!("{n} trusted before, with no change since."), theme.dim);
    }
    sheet.say(WITHOUT, theme.dim);
}

fn show_item(sheet: &mut Sheet<'_>, item: &Item) {
    let theme = sheet.theme;
    let name = sheet.reveal(&item.name).as_str().replace('\n', " ");
    let place = sheet.reveal(&item.place).as_str().replace('\n', " ");
    let about = if name.is_empty() { place } else { format!("{name} ({place})") };
    sheet.say(&about, theme.dim);
    match item.kind {
        Kind::Unreadable => {
            let text = sheet.reveal(&item.text).as_str().to_owned();
            sheet.say(&text, theme.text);
        }
        Kind::Hook | Kind::Helper | Kind::McpServer | Kind::StatusLine | Kind::Git => {
            sheet.code(&item.text, Language::from_token("bash"));
        }
        _ => sheet.code(&item.text, None),
    }
    if let Some(note) = item.note() {
        sheet.say(note, theme.warning);
    }
}
