//! Keys over a dialog that answers: which action a key stands for there, what that means to the guard, and what
//! becomes of keys that prove to be text.

use crossterm::event::KeyEvent;

use super::act;
use super::typed;
use crate::core::ids::Timestamp;
use crate::tui::input::action::Action;
use crate::tui::input::action::Context;
use crate::tui::input::key::Key;
use crate::tui::input::keymap::Lookup;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::CHOICES;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::guard::Outcome;
use crate::tui::ui::guard::Press;
use crate::tui::ui::guard::Role;
use crate::tui::update::Effect;
use crate::tui::update::World;

/// Whether a key would go to a dialog that answers. Text boxes are no such dialogs: what is typed there is text already.
pub(super) fn is_answering(ui: &Ui, world: World<'_>, context: Context) -> bool {
    match ui.layers.last() {
        Some(layer) => matches!(layer, Layer::Confirm(_)),
        None => context != Context::Editor && ui.shown_approval(world.fleet).is_some(),
    }
}

/// Since when that dialog has been on the screen.
fn shown_since(ui: &Ui) -> Option<Timestamp> {
    match ui.layers.last() {
        Some(Layer::Confirm(confirm)) => Some(confirm.opened),
        _ => ui.approval.as_ref()?.drawn,
    }
}

/// What a key means to the dialog.
fn role(ui: &Ui, context: Context, found: Lookup, is_printable: bool) -> Role {
    let action = match found {
        Lookup::Found(action) => action,
        Lookup::Prefix => return Role::Moves,
        Lookup::Nothing => return Role::Foreign,
    };
    if action.def().context != context {
        return Role::Foreign;
    }
    match action {
        Action::Later | Action::LaterQuestions | Action::LaterPlan | Action::LaterTrust if !is_printable => {
            Role::Leaves
        }
        Action::ListClose | Action::PageClose | Action::ConfirmNo if !is_printable => Role::Leaves,
        _ if reads_on(ui, action) => Role::Moves,
        Action::ListClose
        | Action::PageClose
        | Action::ConfirmNo
        | Action::ConfirmUp
        | Action::ConfirmDown
        | Action::NextApproval
        | Action::PreviousApproval
        | Action::DialogUp
        | Action::DialogDown
        | Action::DialogPageUp
        | Action::DialogPageDown
        | Action::DialogTop
        | Action::DialogBottom
        | Action::NextDanger
        | Action::ChoiceNext
        | Action::ChoicePrevious
        | Action::WholeInput
        | Action::OptionDown
        | Action::OptionUp
        | Action::OptionToggle
        | Action::QuestionNext
        | Action::QuestionPrevious
        | Action::PlanUp
        | Action::PlanDown
        | Action::PlanPageUp
        | Action::PlanPageDown
        | Action::TrustUp
        | Action::TrustDown
        | Action::TrustPageUp
        | Action::TrustPageDown
        | Action::ListDown
        | Action::ListUp
        | Action::ListScope
        | Action::ListEdit
        | Action::PageLineUp
        | Action::PageLineDown
        | Action::PagePageUp
        | Action::PagePageDown
        | Action::PageTop
        | Action::PageBottom
        | Action::PageCopy => Role::Moves,
        _ => Role::Answers,
    }
}

/// Whether a key that would allow only scrolls on, because there is more to read.
pub(in crate::tui::update) fn reads_on(ui: &Ui, action: Action) -> bool {
    if let Some(Layer::Confirm(confirm)) = ui.layers.last() {
        return action == Action::ConfirmYes && confirm.must_be_read();
    }
    let form = ui.approval.as_ref().and_then(|focus| ui.forms.get(&focus.id));
    let Some(form) = form.filter(|form| form.n_unseen() > 0 && matches!(form.pane, Pane::Main)) else { return false };
    let chosen = form.choice.and_then(|choice| CHOICES.get(choice));
    matches!(
        action,
        Action::AllowOnce
            | Action::AllowForAWhile
            | Action::AllowAlways
            | Action::AllowWithComment
            | Action::AcceptPlan
            | Action::TrustFolder
            | Action::AcceptPlanEdits
    ) || (action == Action::ChoiceTake && chosen == Some(&Action::AllowOnce))
}

/// Sends a key past the guard; tells whether it goes on to what it is bound to.
pub(super) fn passes(ui: &mut Ui, world: World<'_>, event: KeyEvent, found: Lookup, is_burst: bool) -> bool {
    let role = role(ui, ui.focus(world.fleet), found, Key::from(event).typed().is_some());
    let may_follow = matches!(found, Lookup::Found(Action::AllowOnce | Action::Deny));
    let press = Press { event, role, is_burst, may_follow, shown: shown_since(ui), now: world.now };
    match ui.guard.press(press) {
        Outcome::Act => return true,
        Outcome::TooEarly | Outcome::TakenBack => {}
        Outcome::Hold => {
            if let Lookup::Found(action) = found {
                ui.guard.hold(action, event, world.now);
            }
        }
        Outcome::Text(events) => {
            put_away(ui, world);
            for event in events {
                typed(ui, world, event);
            }
        }
    }
    false
}

/// The person is typing: the dialog goes out of the way, and the input box has the keys.
pub(super) fn put_away(ui: &mut Ui, world: World<'_>) {
    if matches!(ui.layers.last(), Some(Layer::Confirm(_))) {
        ui.layers.pop();
    }
    if !ui.layers.is_empty() {
        return;
    }
    if let Some(id) = ui.close_approval(world.now)
        && let Some(form) = ui.forms.get_mut(&id)
    {
        form.pane = Pane::Main;
    }
    if let Some(tab) = ui.tab_mut() {
        tab.selected = None;
    }
}

/// Gives the answer that was held, once no more can follow.
pub(in crate::tui::update) fn give_held(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    let Some((action, event)) = ui.guard.due(world.now) else { return Vec::new() };
    let context = ui.focus(world.fleet);
    if !is_answering(ui, world, context) || action.def().context != context {
        return Vec::new();
    }
    act(ui, world, action, Some(event))
}
