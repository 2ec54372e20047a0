//! Lists: their entries, computed from the state whenever they are needed, and what taking one does.

use nucleo_matcher::Config;
use nucleo_matcher::Matcher;
use nucleo_matcher::pattern::CaseMatching;
use nucleo_matcher::pattern::Normalization;
use nucleo_matcher::pattern::Pattern;

use super::Effect;
use super::World;
use super::approvals;
use super::compose;
use super::conversations;
use super::grants;
use super::pages;
use super::search;
use super::sessions;
use super::waiting;
use crate::core::approval::danger::DangerClass;
use crate::core::command::Command;
use crate::core::permission::PermissionMode;
use crate::core::permission::PermissionUpdate;
use crate::core::prompt::MoveWay;
use crate::core::session::title_of;
use crate::core::task::Task;
use crate::tui::input::action::ACTIONS;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::theme::Glyphs;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::AlwaysChoice;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::approval::RuleEdit;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::ListDialog;
use crate::tui::ui::dialog::ListEntry;
use crate::tui::ui::dialog::ListItem;
use crate::tui::ui::dialog::ListKind;
use crate::tui::ui::dialog::TextKind;
use crate::tui::ui::glance::at_a_glance;

/// The rows of the topmost list, as far as its filter lets them through, best first.
pub fn entries(ui: &Ui, world: World<'_>) -> Option<Vec<ListEntry>> {
    let Some(Layer::List(list)) = ui.layers.last() else { return None };
    let all = all_entries(ui, world, list);
    // The store has looked already, in its own way.
    if matches!(list.kind, ListKind::Found { .. }) {
        return Some(all);
    }
    let filter = list.filter.text();
    Some(if filter.trim().is_empty() { all } else { fuzzy(all, &filter) })
}

/// How well an action fits what was typed: words of its name before its synonyms, these before its description;
/// letters that are only scattered over its name come last, and never find what destroys or sends.
fn rank(action: Action, filter: &str) -> Option<u32> {
    let wanted: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let begins = |text: &str| {
        let text = text.to_lowercase();
        let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
        wanted.iter().all(|typed| words.iter().any(|word| word.starts_with(typed.as_str())))
    };
    let def = action.def();
    match () {
        () if begins(def.name) => Some(3),
        () if begins(&format!("{} {}", def.name, action.synonyms())) => Some(2),
        () if begins(def.doc) => Some(1),
        () if action.is_destructive() || matches!(action, Action::Retry | Action::SendNow) => None,
        () => (is_scattered(&wanted.concat(), def.name)).then_some(0),
    }
}

/// Whether the letters come in this order.
fn is_scattered(letters: &str, name: &str) -> bool {
    let mut name = name.chars();
    letters.chars().all(|letter| name.any(|other| other == letter))
}

fn fuzzy(all: Vec<ListEntry>, filter: &str) -> Vec<ListEntry> {
    let pattern = Pattern::parse(filter, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut buffer = Vec::new();
    let mut scored: Vec<((u32, u32), ListEntry)> = all
        .into_iter()
        .filter_map(|entry| {
            let synonyms = if let ListItem::Action(action) = &entry.item { action.synonyms() } else { "" };
            let text = format!("{} {} {synonyms}", entry.label, entry.detail);
            let score = pattern.score(nucleo_matcher::Utf32Str::new(&text, &mut buffer), &mut matcher)?;
            let rank = match &entry.item {
                ListItem::Action(action) => rank(*action, filter)?,
                _ => 0,
            };
            Some(((rank, score), entry))
        })
        .collect();
    // Stable: equals keep the order of the list.
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, entry)| entry).collect()
}

fn entry(item: ListItem, label: impl Into<String>, detail: impl Into<String>) -> ListEntry {
    ListEntry { item, label: label.into(), detail: detail.into(), key: String::new(), is_dangerous: false }
}

fn all_entries(ui: &Ui, world: World<'_>, list: &ListDialog) -> Vec<ListEntry> {
    match &list.kind {
        ListKind::Palette => palette(ui, world),
        ListKind::Modes(id) => {
            let current = world.fleet.get(*id).map(|session| session.mode);
            let row = |mode: PermissionMode| {
                let mark = if current == Some(mode) { " · now" } else { "" };
                let detail = format!("{}{mark}", mode.meaning());
                ListEntry { is_dangerous: mode.is_dangerous(), ..entry(ListItem::Mode(mode), mode.as_str(), detail) }
            };
            PermissionMode::ALL.into_iter().map(row).collect()
        }
        ListKind::Models(id) => {
            let Some(session) = world.fleet.get(*id) else { return Vec::new() };
            let models = session.cli.models.iter();
            models.map(|model| entry(ListItem::Model(model.value.clone()), &model.label, &model.description)).collect()
        }
        ListKind::Queue(id) => {
            let Some(session) = world.fleet.get(*id) else { return Vec::new() };
            session
                .queue
                .iter()
                .map(|prompt| entry(ListItem::Prompt(prompt.id.clone()), title_of(&prompt.text), ""))
                .collect()
        }
        ListKind::Tasks(id) => {
            let Some(session) = world.fleet.get(*id) else { return Vec::new() };
            let tasks = session.running_tasks();
            let row = |task: &Task| {
                let printed = task.output.as_deref().or(task.last.as_deref()).unwrap_or_default();
                let newest = printed.lines().rev().find(|line| !line.trim().is_empty());
                let kind = task.kind_in_words();
                let detail = newest.map_or_else(|| kind.to_string(), |line| format!("{kind}: {}", line.trim()));
                entry(ListItem::Task(task.id.clone()), &task.description, detail)
            };
            tasks.map(row).collect()
        }
        ListKind::Grants => grants::rows(world),
        ListKind::Inbox => waiting(ui, world.fleet).into_iter().map(|open| inbox_row(world, &open.approval)).collect(),
        ListKind::History(id) => {
            let Some(session) = world.fleet.get(*id) else { return Vec::new() };
            let past = compose::past_of(ui, &session.spec.directory);
            past.into_iter().map(|past| entry(ListItem::Text(past.text.clone()), title_of(&past.text), "")).collect()
        }
        ListKind::Conversations { found, .. } => conversations::rows(ui, world, found),
        ListKind::Found { hits, .. } => search::rows(ui, world, hits),
    }
}

fn palette(ui: &Ui, world: World<'_>) -> Vec<ListEntry> {
    let here = if ui.tab().is_some_and(|tab| tab.selected.is_some()) { Context::Timeline } else { Context::Input };
    let offered = ACTIONS.iter().filter(|def| def.context == Context::Global || def.context == here);
    offered
        .filter(|def| def.action != Action::Palette)
        .map(|def| ListEntry {
            key: world.keymap.key_of(def.action).unwrap_or_default(),
            ..entry(ListItem::Action(def.action), def.doc, def.name.replace('_', " "))
        })
        .collect()
}

fn inbox_row(world: World<'_>, approval: &crate::core::approval::Approval) -> ListEntry {
    let title = world.fleet.get(approval.session).map(|session| session.title.clone()).unwrap_or_default();
    let what = ["command", "file_path", "url", "query", "description"]
        .iter()
        .find_map(|key| approval.input.get(key)?.as_str())
        .unwrap_or_default();
    // No row drops what the dialog would show.
    let what = reveal_with(&title_of(what), &Glyphs::unicode()).text.to_string();
    let dangers = approval.dangers().iter().map(|danger| danger.describe()).collect::<Vec<_>>().join(" ");
    // The row is drawn from the request itself; this is what the filter looks at.
    let detail = format!("{what} {dangers} {}", approval.place.directory);
    let is_dangerous = approval.danger_class() == DangerClass::Dangerous;
    ListEntry { is_dangerous, ..entry(ListItem::Approval(approval.id), format!("{title}: {}", approval.tool), detail) }
}

/// The filter changed: the best row is the first again.
pub(super) fn filter_changed(ui: &mut Ui) {
    if let Some(Layer::List(list)) = ui.layers.last_mut() {
        list.selected = 0;
    }
}

pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    let Some(rows) = entries(ui, world) else { return act_on_always(ui, world, action) };
    let Some(Layer::List(list)) = ui.layers.last_mut() else { return Vec::new() };
    list.selected = list.selected.min(rows.len().saturating_sub(1));
    let current = rows.get(list.selected).map(|row| row.item.clone());
    match action {
        Action::ListDown => list.selected = (list.selected + 1) % rows.len().max(1),
        Action::ListUp => list.selected = (list.selected + rows.len().max(1) - 1) % rows.len().max(1),
        Action::ListClose => {
            ui.layers.pop();
        }
        Action::ListTake => {
            let kind = list.kind.clone();
            let marked = std::mem::take(&mut list.marked);
            ui.layers.pop();
            return current.map(|item| take(ui, world, &kind, item, &marked)).unwrap_or_default();
        }
        Action::ListFork | Action::ListFollow => {
            if let Some(ListItem::Conversation(entry)) = current {
                ui.layers.pop();
                return conversations::take(ui, world, &entry, action);
            }
        }
        Action::ListToggle => {
            if let (ListKind::Inbox, Some(item)) = (&list.kind, current) {
                let open = if let ListItem::Approval(id) = &item { world.fleet.approval(*id) } else { None };
                if open.and_then(|open| at_a_glance(&open.approval)).is_none() {
                    let text = "Only harmless requests of one line can be marked and allowed together.";
                    ui.say(text, false, world.now);
                    return Vec::new();
                }
                match list.marked.iter().position(|marked| *marked == item) {
                    Some(place) => {
                        list.marked.remove(place);
                    }
                    None => list.marked.push(item),
                }
                list.selected = (list.selected + 1) % rows.len().max(1);
            }
        }
        Action::ListTogether if list.kind == ListKind::Inbox => {
            let marked = std::mem::take(&mut list.marked);
            let rows: Vec<ListItem> = rows.into_iter().map(|row| row.item).collect();
            let items = if marked.is_empty() { rows } else { marked };
            let ids: Vec<_> = items
                .iter()
                .filter_map(|item| if let ListItem::Approval(id) = item { Some(*id) } else { None })
                .collect();
            ui.layers.pop();
            approvals::together::ask_together(ui, world, &ids);
        }
        Action::ListDrop => {
            let kind = list.kind.clone();
            return current.and_then(|item| drop_item(world, &kind, item)).into_iter().collect();
        }
        Action::ListMoveUp | Action::ListMoveDown => {
            return shift(list, rows.len(), current, action).into_iter().collect();
        }
        Action::ListEdit => {
            if let (ListKind::Queue(session), Some(ListItem::Prompt(prompt))) = (list.kind.clone(), current) {
                let text = world.fleet.get(session).and_then(|session| {
                    session.queue.iter().find(|queued| queued.id == prompt).map(|queued| queued.text.clone())
                });
                let kind = TextKind::EditQueued { session, prompt };
                pages::ask_text(ui, kind, "Change the prompt", "it stays in its place", &text.unwrap_or_default());
            }
        }
        _ => {}
    }
    Vec::new()
}

fn drop_item(world: World<'_>, kind: &ListKind, item: ListItem) -> Option<Effect> {
    match (kind, item) {
        (ListKind::Grants, ListItem::Grant(id)) => grants::revoke(world, id),
        (ListKind::Queue(session), ListItem::Prompt(prompt)) => {
            Some(Effect::Send(Command::DropQueued { session: *session, prompt }))
        }
        (ListKind::Tasks(session), ListItem::Task(task)) => {
            Some(Effect::Send(Command::StopTask { session: *session, task }))
        }
        _ => None,
    }
}

fn shift(list: &mut ListDialog, n_rows: usize, current: Option<ListItem>, action: Action) -> Option<Effect> {
    let (ListKind::Queue(session), Some(ListItem::Prompt(prompt))) = (&list.kind, current) else { return None };
    let (way, next) = match action {
        Action::ListMoveUp => (MoveWay::Up, list.selected.checked_sub(1)?),
        _ => (MoveWay::Down, Some(list.selected + 1).filter(|next| *next < n_rows)?),
    };
    list.selected = next;
    Some(Effect::Send(Command::MoveQueued { session: *session, prompt, way }))
}

fn take(ui: &mut Ui, world: World<'_>, kind: &ListKind, item: ListItem, marked: &[ListItem]) -> Vec<Effect> {
    match (kind, item) {
        (_, ListItem::Action(action)) => return sessions::from_palette(ui, world, action),
        (ListKind::Modes(id), ListItem::Mode(mode)) => {
            return world
                .fleet
                .get(*id)
                .map(|session| sessions::set_mode(ui, world.now, session, mode))
                .unwrap_or_default();
        }
        (ListKind::Models(session), ListItem::Model(model)) => {
            return vec![Effect::Send(Command::SetModel { session: *session, model })];
        }
        (_, ListItem::Approval(id)) => {
            let ids: Vec<_> = marked
                .iter()
                .filter_map(|item| if let ListItem::Approval(id) = item { Some(*id) } else { None })
                .collect();
            match ids.as_slice() {
                [] | [_] => approvals::look_at(ui, world, ids.first().copied().unwrap_or(id)),
                ids => approvals::together::ask_together(ui, world, ids),
            }
        }
        (_, ListItem::Conversation(entry)) => return conversations::take(ui, world, &entry, Action::ListTake),
        (ListKind::Found { asked, .. }, ListItem::Hit(hit)) => return search::take(ui, world, &hit, asked),
        (ListKind::Tasks(session), ListItem::Task(task)) => return pages::look_at_task(ui, *session, task),
        (_, ListItem::Grant(id)) => grants::look(ui, world, id),
        (_, ListItem::Text(text)) => {
            if let Some(tab) = ui.tab_mut() {
                tab.composer.set_text(&text);
            }
        }
        _ => {}
    }
    Vec::new()
}

/// The list of what to remember, inside an approval.
fn act_on_always(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    let Some(open) = ui.shown_approval(world.fleet) else { return Vec::new() };
    let Some(form) = ui.approval.as_ref().and_then(|focus| ui.forms.get_mut(&focus.id)) else { return Vec::new() };
    let Pane::Always(list) = &mut form.pane else { return Vec::new() };
    let n_choices = list.choices.len().max(1);
    match action {
        Action::ListDown => list.selected = (list.selected + 1) % n_choices,
        Action::ListUp => list.selected = (list.selected + n_choices - 1) % n_choices,
        Action::ListScope => list.next_scope(),
        Action::ListToggle => match list.marks_mut() {
            Some(marks) => marks.toggle(),
            None => ui.say("Only words of a command can be marked.", false, world.now),
        },
        Action::ListEdit if list.marks_mut().is_some() => {
            if let Some(marks) = list.marks_mut() {
                marks.next_word();
            }
        }
        Action::ListEdit => {
            let rule = match list.current() {
                Some(AlwaysChoice::Remember(PermissionUpdate::AddRules { rules, .. })) => {
                    rules.first().map(|rule| rule.text())
                }
                _ => None,
            };
            match rule {
                Some(text) => list.editing = Some(RuleEdit { text, error: None }),
                None => ui.say("Only a rule can be changed.", false, world.now),
            }
        }
        Action::ListTake => {
            let Some(decision) = list.decision() else {
                let text = "Mark a word first: “mark” makes the one in brackets free.";
                ui.say(text, false, world.now);
                return Vec::new();
            };
            return approvals::decide(ui, world, &open.approval, decision);
        }
        Action::ListClose => form.pane = Pane::Main,
        _ => {}
    }
    Vec::new()
}
