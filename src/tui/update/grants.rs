//! The list of what is allowed beyond single calls, and taking it back.

use super::Effect;
use super::World;
use super::pages;
use crate::core::command::Command;
use crate::core::figures;
use crate::core::grant::Grant;
use crate::core::grant::Granted;
use crate::core::ids::GrantId;
use crate::core::prompt::Surface;
use crate::tui::render::sanitize::sanitize;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::ListItem;

/// The newest first: that is the one a person wants back.
pub(super) fn rows(world: World<'_>) -> Vec<ListEntry> {
    world.fleet.grants().iter().rev().map(|grant| row(world, grant)).collect()
}

fn row(world: World<'_>, grant: &Grant) -> ListEntry {
    let flat = |text: &str| sanitize(text).as_str().replace('\n', " ");
    let session = world.fleet.get(grant.session).map_or_else(|| "closed".to_owned(), |session| flat(&session.title));
    ListEntry {
        item: ListItem::Grant(grant.id),
        label: flat(&grant.describe()),
        detail: format!("{} · {session}", flat(&grant.scope())),
        key: grant.remaining(world.now),
        is_dangerous: false,
    }
}

pub(super) fn revoke(world: World<'_>, id: GrantId) -> Option<Effect> {
    let grant = world.fleet.grants().get(id)?;
    Some(Effect::Send(Command::Revoke { session: grant.session, grant: id, by: Surface::Terminal }))
}

/// Shows everything there is about a grant.
pub(super) fn look(ui: &mut Ui, world: World<'_>, id: GrantId) {
    let Some(grant) = world.fleet.grants().get(id) else { return };
    let session = world.fleet.get(grant.session).map_or("closed meanwhile", |session| session.title.as_str());
    let age = figures::duration(std::time::Duration::from_millis(world.now.millis_since(grant.at)));
    let used = match &grant.granted {
        Granted::Boxed { .. } => figures::count(grant.used.into(), "call", "calls"),
        Granted::Remembered(_) => "the CLI does not tell".to_owned(),
    };
    let lines = [
        grant.describe(),
        String::new(),
        format!("holds for   {}", grant.scope()),
        format!("left        {}", grant.remaining(world.now)),
        format!("used        {used}"),
        format!("given by    {}, {age} ago, with request {}", grant.by.describe(), grant.approval),
        format!("session     {session}"),
        format!("directory   {}", grant.directory),
    ];
    pages::open_text(ui, &format!("Grant {id}"), lines.join("\n"));
}
