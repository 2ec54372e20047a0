//! Searching everything that was said: the list fills with what the store finds for the words typed.

use std::sync::Arc;

use super::Effect;
use super::World;
use super::sessions;
use super::timeline;
use crate::core::figures;
use crate::core::session::SessionSpec;
use crate::store::search::Hit;
use crate::tui::render::paths;
use crate::tui::render::sanitize::sanitize;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::ListItem;
use crate::tui::ui::dialog::ListKind;
use crate::tui::ui::dialog::Page;
use crate::tui::ui::dialog::PageContent;

/// The words that are to be looked for now, if they have changed. They count as asked for from here on.
pub fn wanted(ui: &mut Ui) -> Option<String> {
    let Some(Layer::List(list)) = ui.layers.last_mut() else { return None };
    let typed = list.filter.text();
    let ListKind::Found { asked, .. } = &mut list.kind else { return None };
    (*asked != typed).then(|| asked.clone_from(&typed)).map(|()| typed)
}

/// What the store has found. An answer to words that have changed meanwhile is not shown.
pub fn answered(ui: &mut Ui, typed: &str, answer: Result<Vec<Hit>, String>) {
    for layer in &mut ui.layers {
        let Layer::List(list) = layer else { continue };
        let ListKind::Found { asked, hits, trouble } = &mut list.kind else { continue };
        if asked == typed {
            (*hits, *trouble) = match answer {
                Ok(found) => (found.into_iter().map(Arc::new).collect(), None),
                Err(why) => (Vec::new(), Some(why)),
            };
            return;
        }
    }
}

pub(super) fn rows(ui: &Ui, world: World<'_>, hits: &[Arc<Hit>]) -> Vec<ListEntry> {
    hits.iter().map(|hit| row(ui, world, hit)).collect()
}

fn row(ui: &Ui, world: World<'_>, hit: &Arc<Hit>) -> ListEntry {
    const PROJECT_WIDTH: usize = 24;
    let flat = |text: &str| sanitize(text).as_str().replace('\n', " ");
    let project = paths::short(&sanitize(&hit.directory), Some(&ui.home), PROJECT_WIDTH, "…");
    let age = figures::duration(std::time::Duration::from_millis(world.now.millis_since(hit.at)));
    ListEntry {
        item: ListItem::Hit(Arc::clone(hit)),
        label: format!("{}: {}", hit.who, flat(&hit.snippet)),
        detail: format!("{} · {project} · {age} ago", flat(&hit.title)),
        key: if hit.is_open { "open".into() } else { String::new() },
        is_dangerous: false,
    }
}

/// Shows where it was said: in its tab, or, when that is closed, in the conversation opened again.
pub(super) fn take(ui: &mut Ui, world: World<'_>, hit: &Hit, typed: &str) -> Vec<Effect> {
    if world.fleet.get(hit.session).is_some() {
        sessions::go_to(ui, hit.session);
        // The longest word says most; the search in the timeline knows no others.
        if let Some(word) = typed.split_whitespace().max_by_key(|word| word.chars().count()) {
            timeline::find(ui, world, word, None);
        }
        return Vec::new();
    }
    match &hit.conversation {
        Some(conversation) => {
            let spec = SessionSpec {
                directory: hit.directory.clone(),
                title: Some(hit.title.clone()),
                resume: Some(conversation.as_str().into()),
                ..SessionSpec::default()
            };
            vec![sessions::open(ui, spec)]
        }
        None => {
            ui.layers.push(Layer::Page(Page {
                title: hit.title.clone(),
                content: PageContent::Text(format!("{}: {}", hit.who, hit.snippet)),
                scroll: 0,
                max_scroll: 0,
            }));
            Vec::new()
        }
    }
}
