//! Pages that are read, questions of ours, and texts that are asked for.

use super::EditTarget;
use super::Effect;
use super::World;
use super::approvals;
use super::keys;
use super::sessions;
use super::timeline;
use super::worktrees;
use crate::core::command::Command;
use crate::core::figures;
use crate::core::ids::SessionId;
use crate::core::ids::TaskId;
use crate::core::ids::Timestamp;
use crate::core::session::SessionSpec;
use crate::tui::input::action::Action;
use crate::tui::ui::Toast;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::composer::Composer;
use crate::tui::ui::dialog::Confirm;
use crate::tui::ui::dialog::ConfirmKind;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::NewWorktree;
use crate::tui::ui::dialog::Page;
use crate::tui::ui::dialog::PageContent;
use crate::tui::ui::dialog::TextDialog;
use crate::tui::ui::dialog::TextKind;

/// Lines that a page key scrolls.
const PAGE_LINES: usize = 10;

pub(super) fn open_help(ui: &mut Ui) {
    open_page(ui, "Keys", PageContent::Help);
}

pub(super) fn open_text(ui: &mut Ui, title: &str, text: String) {
    open_page(ui, title, PageContent::Text(text));
}

/// The last messages, newest first, each whole.
pub(super) fn open_messages(ui: &mut Ui, now: Timestamp) {
    let told = |(at, toast): &(Timestamp, Toast)| {
        let age = figures::duration(std::time::Duration::from_millis(now.millis_since(*at)));
        format!("{age} ago\n{}", toast.text)
    };
    let text = ui.messages.iter().rev().map(told).collect::<Vec<_>>().join("\n\n");
    open_text(ui, "Messages", if text.is_empty() { "nothing was said yet".into() } else { text });
}

pub(super) fn open_progress(ui: &mut Ui) {
    open_page(ui, "Progress", PageContent::Progress);
}

fn open_page(ui: &mut Ui, title: &str, content: PageContent) {
    ui.layers.push(Layer::Page(Page { title: title.to_owned(), content, scroll: 0, max_scroll: usize::MAX }));
}

pub(super) fn ask_text(ui: &mut Ui, kind: TextKind, title: &str, hint: &str, text: &str) {
    ui.layers.push(Layer::Text(TextDialog {
        kind,
        title: title.to_owned(),
        hint: hint.to_owned(),
        composer: Composer::with_text(text),
        error: None,
    }));
}

pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    match action {
        Action::EditorDone => return text_done(ui, world),
        Action::EditorNewline => {
            if let Some(composer) = keys::text_box(ui, world) {
                composer.newline();
            }
        }
        Action::EditorExternal => {
            if let Some(composer) = keys::text_box(ui, world) {
                return vec![Effect::Edit { text: composer.text(), target: EditTarget::Dialog }];
            }
        }
        Action::EditorWorktree => {
            if let Some(Layer::Text(TextDialog { kind: TextKind::NewTab, composer, .. })) = ui.layers.last() {
                let directory = absolute(composer.text().trim(), ui);
                let profile = ui.session(world.fleet).and_then(|session| session.spec.profile.clone());
                ui.layers.pop();
                worktrees::ask(ui, NewWorktree { directory, profile, draft: None }, "", None);
            }
        }
        Action::EditorClose => close(ui),
        Action::ConfirmRemove | Action::ConfirmKeep => return worktrees::answered(ui, world, action),
        Action::ConfirmUp | Action::ConfirmDown => {
            if let Some(Layer::Confirm(confirm)) = ui.layers.last_mut() {
                confirm.reading.page(action == Action::ConfirmDown);
            }
        }
        Action::ConfirmYes => {
            if let Some(Layer::Confirm(confirm)) = ui.layers.last_mut()
                && confirm.must_be_read()
            {
                confirm.reading.read_on();
                return Vec::new();
            }
            let is_other =
                matches!(ui.layers.last(), Some(Layer::Confirm(Confirm { kind: ConfirmKind::Worktree(..), .. })));
            if !is_other && let Some(Layer::Confirm(confirm)) = ui.layers.pop() {
                return sessions::confirmed(ui, world, &confirm.kind);
            }
        }
        Action::ConfirmStop => {
            let is_leaving =
                matches!(ui.layers.last(), Some(Layer::Confirm(confirm)) if confirm.kind == ConfirmKind::Leave);
            if is_leaving {
                ui.layers.pop();
                return vec![Effect::StopRunner];
            }
        }
        Action::ConfirmNo => close(ui),
        Action::PageLineUp => scroll(ui, |line| line.saturating_sub(1)),
        Action::PageLineDown => scroll(ui, |line| line + 1),
        Action::PagePageUp => scroll(ui, |line| line.saturating_sub(PAGE_LINES)),
        Action::PagePageDown => scroll(ui, |line| line + PAGE_LINES),
        Action::PageTop => scroll(ui, |_| 0),
        Action::PageBottom => scroll(ui, |_| usize::MAX / 2),
        Action::PageCopy => return copy(ui, world),
        Action::PageClose => close(ui),
        _ => {}
    }
    Vec::new()
}

/// Closes the topmost dialog, or goes back to the main part of an approval.
fn close(ui: &mut Ui) {
    if ui.layers.pop().is_some() {
        return;
    }
    let Some(form) = ui.approval.as_ref().and_then(|focus| ui.forms.get_mut(&focus.id)) else { return };
    match &mut form.pane {
        Pane::Always(list) if list.editing.is_some() => list.editing = None,
        _ => {
            form.pane = Pane::Main;
            form.scroll = 0;
        }
    }
}

fn scroll(ui: &mut Ui, to: impl Fn(usize) -> usize) {
    match ui.layers.last_mut() {
        Some(Layer::Page(page)) => page.scroll = to(page.scroll).min(page.max_scroll),
        Some(_) => {}
        None => {
            if let Some(form) = ui.approval.as_ref().and_then(|focus| ui.forms.get_mut(&focus.id)) {
                form.scroll = to(form.scroll);
            }
        }
    }
}

/// What a task in the background has printed, as it is told.
pub(super) fn look_at_task(ui: &mut Ui, session: SessionId, task: TaskId) -> Vec<Effect> {
    open_page(ui, "Background task", PageContent::Task(session, task.clone()));
    vec![Effect::Send(Command::ReadTask { session, task })]
}

fn copy(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    let text = match ui.layers.last() {
        Some(Layer::Page(Page { content: PageContent::Text(text), .. })) => text.clone(),
        Some(_) => return Vec::new(),
        None => match ui.shown_approval(world.fleet) {
            Some(open) => serde_json::to_string_pretty(&open.approval.input).unwrap_or_default(),
            None => return Vec::new(),
        },
    };
    vec![Effect::Copy(text)]
}

fn text_done(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    let Some(Layer::Text(dialog)) = ui.layers.last() else {
        return approvals::text_done(ui, world);
    };
    let text = dialog.composer.text().trim().to_owned();
    let kind = dialog.kind.clone();
    if let TextKind::NewWorktree(wanted) = kind {
        ui.layers.pop();
        return vec![worktrees::open(ui, wanted, &text)];
    }
    if text.is_empty() {
        ui.layers.pop();
        return Vec::new();
    }
    match kind {
        TextKind::NewWorktree(_) => {}
        TextKind::RemoveWorktree { .. } => return worktrees::named(ui, kind, &text),
        TextKind::NewTab => {
            let directory = absolute(&text, ui);
            let profile = ui.session(world.fleet).and_then(|session| session.spec.profile.clone());
            ui.layers.pop();
            let spec = SessionSpec { directory, profile, ..SessionSpec::default() };
            return vec![sessions::open(ui, spec)];
        }
        TextKind::Rename(session) => {
            ui.layers.pop();
            return vec![Effect::Send(Command::Rename { session, title: text })];
        }
        TextKind::EditQueued { session, prompt } => {
            ui.layers.pop();
            return vec![Effect::Send(Command::EditQueued { session, prompt, text })];
        }
        TextKind::Find { from } => {
            ui.layers.pop();
            timeline::find(ui, world, &text, from);
        }
    }
    Vec::new()
}

/// A directory as typed, made absolute; whether it exists is for the engine to say.
fn absolute(text: &str, ui: &Ui) -> String {
    if text == "~" {
        return ui.home.clone();
    }
    match text.strip_prefix("~/") {
        Some(rest) => format!("{}/{rest}", ui.home),
        None if text.starts_with('/') => text.to_owned(),
        None => format!("{}/{text}", ui.here.trim_end_matches('/')),
    }
}
