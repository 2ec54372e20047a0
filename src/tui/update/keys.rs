//! Keys and pastes on their way through the layers: the focused one first, then the actions that work
//! everywhere, then plain typing.

use crossterm::event::KeyEvent;
use crossterm::event::KeyEventKind;
use tui_textarea::Input;

use super::Effect;
use super::World;
use super::approvals;
use super::compose;
use super::lists;
use super::pages;
use super::sessions;
use super::timeline;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;
use crate::tui::input::key::Key;
use crate::tui::input::key::label;
use crate::tui::input::keymap::Keymap;
use crate::tui::input::keymap::Lookup;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::ARMING_MS;
use crate::tui::ui::approval::ApprovalFocus;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::composer::Composer;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::TextDialog;
use crate::tui::ui::dialog::TextKind;

/// Whether the focus is on an approval, under no other dialog.
fn is_on_approval(ui: &Ui, world: World<'_>) -> bool {
    ui.layers.is_empty() && ui.shown_approval(world.fleet).is_some()
}

/// Whether what is typed now must be thrown away, because the dialog it would act on was not seen yet.
fn is_too_early(ui: &Ui, world: World<'_>) -> bool {
    if let Some(Layer::Confirm(confirm)) = ui.layers.last() {
        return world.now.millis_since(confirm.opened) < ARMING_MS || !ui.screen.focused;
    }
    let armed = |focus: &ApprovalFocus| focus.is_armed(world.now, ui.screen.focused);
    is_on_approval(ui, world) && !ui.approval.as_ref().is_some_and(armed)
}

/// A key that came too early starts the dialog's guard again: a key held down, or a hand that is still
/// typing, must rest before anything it does can be an answer.
fn begin_anew(ui: &mut Ui, world: World<'_>) {
    match (ui.layers.last_mut(), &mut ui.approval) {
        (Some(Layer::Confirm(confirm)), _) => confirm.opened = world.now,
        (None, Some(focus)) => focus.drawn = focus.drawn.map(|_| world.now),
        _ => {}
    }
}

/// A key was pressed. `is_burst`: it arrived in one piece with others, as no hand types, so that it was typed
/// before what is on the screen now could be seen, or was pasted.
pub fn key(ui: &mut Ui, world: World<'_>, event: KeyEvent, is_burst: bool) -> Vec<Effect> {
    if ui.deaf_until.is_some_and(|until| world.now < until) {
        return Vec::new();
    }
    let context = ui.focus(world.fleet);
    let answers = matches!(context, Context::Approval | Context::Questions | Context::Plan | Context::Confirm);
    let too_early = is_too_early(ui, world) || (answers && is_burst);
    ui.last_key = world.now;
    if too_early {
        ui.pending_key = None;
        begin_anew(ui, world);
        return Vec::new();
    }
    let pressed = Key::from(event);
    let keys: Vec<Key> = ui.pending_key.take().into_iter().chain([pressed]).collect();
    match look_up(world.keymap, context, &keys) {
        Lookup::Found(action) if event.kind == KeyEventKind::Repeat && decides(action) => Vec::new(),
        Lookup::Found(action) => act(ui, world, action, Some(event)),
        Lookup::Prefix => {
            ui.pending_key = Some(pressed);
            Vec::new()
        }
        Lookup::Nothing if keys.len() > 1 => {
            ui.say(format!("{} does nothing here.", label(&keys)), true, world.now);
            Vec::new()
        }
        Lookup::Nothing if asks_for_demo(ui, context, pressed) => vec![Effect::StartDemo],
        Lookup::Nothing => {
            typed(ui, world, event);
            Vec::new()
        }
    }
}

/// Without a CLI there is nothing to type for; the start page offers the demo under one letter.
fn asks_for_demo(ui: &Ui, context: Context, pressed: Key) -> bool {
    let is_blank = ui.tab().is_none_or(|tab| tab.composer.is_blank());
    ui.cli_missing.is_some() && context == Context::Input && is_blank && pressed.typed() == Some('d')
}

/// Actions that a key held down must not do again.
fn decides(action: Action) -> bool {
    matches!(
        action,
        Action::AllowOnce
            | Action::Deny
            | Action::DenyAndStop
            | Action::ChoiceTake
            | Action::SubmitAnswers
            | Action::DeclineQuestions
            | Action::AcceptPlan
            | Action::AcceptPlanEdits
            | Action::StopPlanning
            | Action::ConfirmYes
            | Action::ConfirmStop
            | Action::ConfirmRemove
            | Action::ConfirmKeep
            | Action::ListTake
            | Action::EditorDone
    )
}

/// Actions that work everywhere also work over a dialog, but for those that would act on a session
/// behind it: its keys mean something else to a hand that answers or types.
fn works_over_dialogs(action: Action) -> bool {
    matches!(
        action,
        Action::Help
            | Action::NextWaiting
            | Action::Inbox
            | Action::UndoRemoval
            | Action::NextTab
            | Action::PreviousTab
            | Action::Tab1
            | Action::Tab2
            | Action::Tab3
            | Action::Tab4
            | Action::Tab5
            | Action::Tab6
            | Action::Tab7
            | Action::Tab8
            | Action::Tab9
            | Action::Redraw
            | Action::Suspend
            | Action::Quit
            | Action::ClearOrQuit
    )
}

fn look_up(keymap: &Keymap, context: Context, keys: &[Key]) -> Lookup {
    let everywhere = || match keymap.look_up(Context::Global, keys) {
        Lookup::Found(action)
            if !matches!(context, Context::Input | Context::Timeline) && !works_over_dialogs(action) =>
        {
            Lookup::Nothing
        }
        found => found,
    };
    match keymap.look_up(context, keys) {
        Lookup::Nothing => everywhere(),
        found => found,
    }
}

/// Text was pasted. It is never an answer: over an approval it only counts inside a text box.
pub fn paste(ui: &mut Ui, world: World<'_>, text: &str) -> Vec<Effect> {
    let is_deaf = ui.deaf_until.is_some_and(|until| world.now < until);
    let too_early = is_too_early(ui, world) || is_deaf;
    ui.last_key = world.now;
    ui.pending_key = None;
    if too_early {
        begin_anew(ui, world);
        return Vec::new();
    }
    if is_on_approval(ui, world) && matches!(shown_pane(ui), Some(Pane::TypeYes { .. })) {
        return Vec::new();
    }
    if matches!(ui.layers.last(), Some(Layer::Text(TextDialog { kind: TextKind::RemoveWorktree { .. }, .. }))) {
        ui.say("The name must be typed.", false, world.now);
        return Vec::new();
    }
    // What will run stands in the box letter by letter, however long it is; a token could hide it.
    let is_edit = is_on_approval(ui, world) && matches!(shown_pane(ui), Some(Pane::Edit(_)));
    if let Some(composer) = text_box(ui, world) {
        if is_edit { composer.insert(text) } else { composer.paste(text) }
    }
    Vec::new()
}

fn shown_pane(ui: &mut Ui) -> Option<&mut Pane> {
    Some(&mut ui.forms.get_mut(&ui.approval.as_ref()?.id)?.pane)
}

/// Where typed text goes at the moment.
pub(super) fn text_box<'u>(ui: &'u mut Ui, world: World<'_>) -> Option<&'u mut Composer> {
    if !ui.layers.is_empty() {
        return match ui.layers.last_mut()? {
            Layer::List(list) => Some(&mut list.filter),
            Layer::Text(dialog) => Some(&mut dialog.composer),
            Layer::Page(_) | Layer::Confirm(_) => None,
        };
    }
    if is_on_approval(ui, world) {
        return match shown_pane(ui)? {
            Pane::DenyMessage(composer)
            | Pane::Comment(composer)
            | Pane::PlanFeedback(composer)
            | Pane::FreeText(composer) => Some(composer),
            Pane::Edit(edit) => Some(&mut edit.composer),
            Pane::Main | Pane::Whole | Pane::Always(_) | Pane::TypeYes { .. } => None,
        };
    }
    let tab = ui.tab_mut()?;
    tab.selected.is_none().then_some(&mut tab.composer)
}

/// A key that is bound to nothing: plain typing where there is a text, else nothing.
fn typed(ui: &mut Ui, world: World<'_>, event: KeyEvent) {
    let typed = Key::from(event).typed();
    if is_on_approval(ui, world) {
        match shown_pane(ui) {
            Some(Pane::TypeYes { typed: word, .. }) => return edit_word(word, event, typed),
            Some(Pane::Always(list)) => {
                if let Some(edit) = &mut list.editing {
                    edit_word(&mut edit.text, event, typed);
                }
                return;
            }
            _ => {}
        }
    }
    let is_list = matches!(ui.layers.last(), Some(Layer::List(_)));
    if let Some(composer) = text_box(ui, world) {
        composer.recall = None;
        composer.key(Input::from(event));
        if is_list {
            lists::filter_changed(ui);
        }
    }
}

/// The shortest of line editors, for a word.
fn edit_word(word: &mut String, event: KeyEvent, typed: Option<char>) {
    match (event.code, typed) {
        (crossterm::event::KeyCode::Backspace, _) => {
            word.pop();
        }
        (_, Some(c)) => word.push(c),
        _ => {}
    }
}

/// Does an action, wherever it was asked for: by its key or from the palette.
pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action, event: Option<KeyEvent>) -> Vec<Effect> {
    match action.def().context {
        Context::Global => sessions::act(ui, world, action),
        Context::Input => compose::act(ui, world, action, event),
        Context::Timeline => timeline::act(ui, world, action),
        Context::Approval | Context::Questions | Context::Plan => approvals::act(ui, world, action),
        Context::List => lists::act(ui, world, action),
        Context::Editor | Context::Confirm | Context::Page => pages::act(ui, world, action),
    }
}
