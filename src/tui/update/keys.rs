//! Keys and pastes on their way through the layers: the focused one first, then the actions that work
//! everywhere, then plain typing.

use crossterm::event::KeyCode;
use crossterm::event::KeyEvent;
use crossterm::event::KeyEventKind;
use tui_textarea::Input;

use super::Effect;
use super::World;
use super::approvals;
use super::compose;
use super::lists;
use super::menu;
use super::pages;
use super::sessions;
use super::timeline;
use crate::core::image::named;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;
use crate::tui::input::key::Key;
use crate::tui::input::key::label;
use crate::tui::input::keymap::Keymap;
use crate::tui::input::keymap::Lookup;
use crate::tui::input::layout::by_place;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::composer::Composer;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::TextDialog;
use crate::tui::ui::dialog::TextKind;
use crate::tui::ui::guard::ARMING_MS;

/// Keys over a dialog that answers.
pub(super) mod guarded;

/// Whether the focus is on an approval, under no other dialog.
fn is_on_approval(ui: &Ui, world: World<'_>) -> bool {
    ui.layers.is_empty() && ui.shown_approval(world.fleet).is_some()
}

/// A key was pressed. `is_burst`: it arrived in one piece with others, as no hand types, so that it was typed
/// before what is on the screen now could be seen, or was pasted.
pub fn key(ui: &mut Ui, world: World<'_>, event: KeyEvent, is_burst: bool) -> Vec<Effect> {
    prove_focus(ui, world);
    let event = by_place(event);
    let pressed = Key::from(event);
    if ui.deaf_until.is_some_and(|until| world.now < until) {
        // What goes on being typed is kept as a draft; nothing is sent.
        if pressed.typed().is_some() {
            typed(ui, world, event);
        }
        return Vec::new();
    }
    let context = match ui.focus(world.fleet) {
        // What came in one piece is text, whatever stands over the input box.
        Context::Menu if is_burst => Context::Input,
        context => context,
    };
    let keys: Vec<Key> = ui.pending_key.take().into_iter().chain([pressed]).collect();
    let found = look_up(world.keymap, context, &keys);
    if event.kind == KeyEventKind::Repeat && matches!(found, Lookup::Found(action) if decides(action)) {
        return Vec::new();
    }
    if guarded::is_answering(ui, world, context) {
        if !guarded::passes(ui, world, event, found, is_burst) {
            return Vec::new();
        }
    } else if is_on_approval(ui, world) && is_unseen(ui, world, found, is_burst) {
        return Vec::new();
    } else {
        for event in ui.guard.elsewhere(event, world.now) {
            typed(ui, world, event);
        }
    }
    match found {
        Lookup::Found(action) => {
            ui.completing.typed = None;
            act(ui, world, action, Some(event))
        }
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
            let writes = pressed.typed().is_some() || event.code == KeyCode::Backspace;
            menu::typed(ui, world, writes, is_burst);
            Vec::new()
        }
    }
}

/// A key comes only to a terminal that has the focus, whether or not the terminal said so. What is on the screen
/// may not have been looked at before: it must be seen anew.
fn prove_focus(ui: &mut Ui, world: World<'_>) {
    if !std::mem::replace(&mut ui.screen.focused, true) {
        ui.see_anew(world.now);
    }
}

/// Whether the key that would end the text of a dialog comes before that dialog was seen.
fn is_unseen(ui: &Ui, world: World<'_>, found: Lookup, is_burst: bool) -> bool {
    let drawn = ui.approval.as_ref().and_then(|focus| focus.drawn);
    let was_seen = drawn.is_some_and(|drawn| world.now.millis_since(drawn) >= ARMING_MS);
    matches!(found, Lookup::Found(action) if decides(action)) && (is_burst || !was_seen)
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
            | Action::AllowForAWhile
            | Action::Deny
            | Action::DenyAndStop
            | Action::ChoiceTake
            | Action::SubmitAnswers
            | Action::DeclineQuestions
            | Action::AcceptPlan
            | Action::AcceptPlanEdits
            | Action::StopPlanning
            | Action::TrustFolder
            | Action::StartWithout
            | Action::DoNotStart
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
            | Action::Messages
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
            if !matches!(context, Context::Input | Context::Menu | Context::Timeline)
                && !works_over_dialogs(action) =>
        {
            Lookup::Nothing
        }
        found => found,
    };
    let under = if context == Context::Menu { Some(Context::Input) } else { None };
    let layers = [Some(context), under].into_iter().flatten();
    let found = layers.map(|layer| keymap.look_up(layer, keys)).find(|found| *found != Lookup::Nothing);
    found.unwrap_or_else(everywhere)
}

/// Text was pasted. It is never an answer: over a dialog that answers it goes to the input box.
pub fn paste(ui: &mut Ui, world: World<'_>, text: &str) -> Vec<Effect> {
    prove_focus(ui, world);
    ui.pending_key = None;
    ui.last_typed = Some(world.now);
    ui.completing.stop();
    ui.guard.drop_held(world.now);
    let context = ui.focus(world.fleet);
    if is_on_approval(ui, world) && matches!(shown_pane(ui), Some(Pane::TypeYes { .. })) {
        return Vec::new();
    }
    if guarded::is_answering(ui, world, context) {
        guarded::put_away(ui, world);
    }
    if matches!(ui.layers.last(), Some(Layer::Text(TextDialog { kind: TextKind::RemoveWorktree { .. }, .. }))) {
        ui.say("The name must be typed.", false, world.now);
        return Vec::new();
    }
    // What will run stands in the box letter by letter, however long it is; a token could hide it.
    let is_edit = is_on_approval(ui, world) && matches!(shown_pane(ui), Some(Pane::Edit(_)));
    let is_prompt = ui.layers.is_empty() && !is_on_approval(ui, world);
    if let Some(composer) = text_box(ui, world) {
        // A picture that is dropped on the terminal comes as its path: the model is to see it.
        match named::pasted(text).filter(|_| is_prompt) {
            Some(mention) => composer.insert(&mention),
            None if is_edit => composer.insert(text),
            None => composer.paste(text),
        }
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
            Some(Pane::TypeYes { typed: word, .. }) => {
                edit_word(word, event, typed);
                if !"yes".starts_with(word.as_str()) {
                    let word = std::mem::take(word);
                    guarded::put_away(ui, world);
                    insert(ui, world, &word);
                }
                return;
            }
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
        ui.last_typed = Some(world.now);
        if is_list {
            lists::filter_changed(ui);
        }
    }
}

/// Puts text where it would have been typed.
pub(super) fn insert(ui: &mut Ui, world: World<'_>, text: &str) {
    if let Some(composer) = text_box(ui, world) {
        composer.insert(text);
        ui.last_typed = Some(world.now);
    }
}

/// The shortest of line editors, for a word.
fn edit_word(word: &mut String, event: KeyEvent, typed: Option<char>) {
    match (event.code, typed) {
        (KeyCode::Backspace, _) => {
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
        Context::Menu => menu::act(ui, world, action),
        Context::Timeline => timeline::act(ui, world, action),
        Context::Approval | Context::Questions | Context::Plan | Context::Trust => approvals::act(ui, world, action),
        Context::List => lists::act(ui, world, action),
        Context::Editor | Context::Confirm | Context::Page => pages::act(ui, world, action),
    }
}
