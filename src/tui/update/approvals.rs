//! Answers to approvals. The rules that keep an answer from being given by accident are here and in
//! [`ui::approval`](crate::tui::ui::approval); they are pure functions of state, key and time.

use super::Effect;
use super::World;
use super::events::capitalised;
use super::keys::guarded::reads_on;
use super::waiting;
use crate::core::approval::Approval;
use crate::core::approval::ApprovalState;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::OpenApproval;
use crate::core::change;
use crate::core::command::Command;
use crate::core::grant::GrantTerms;
use crate::core::ids::ApprovalId;
use crate::core::ids::Timestamp;
use crate::core::permission::PermissionMode;
use crate::core::prompt::Surface;
use crate::core::trust::TrustAnswer;
use crate::tui::input::action::Action;
use crate::tui::ui::Ui;
use crate::tui::ui::approval::AlwaysList;
use crate::tui::ui::approval::ApprovalFocus;
use crate::tui::ui::approval::ApprovalForm;
use crate::tui::ui::approval::CHOICES;
use crate::tui::ui::approval::Pane;
use crate::tui::ui::approval::QUICK_GRANT_MINUTES;
use crate::tui::ui::guard::ARMING_MS;

/// Changing what runs before it is allowed.
mod edit;
/// The form of a server.
mod elicitation;
/// The form of the model's questions.
mod questions;
/// Several requests allowed at once.
pub(super) mod together;

use edit::edit_box;
use edit::edited_input;
use edit::finish_rule;
use questions::question;

/// How long nothing was typed before a dialog may open over an empty input box.
const QUIET_MS: u64 = 1_000;

/// Keys are thrown away for so long after a text box vanished under the person's hands: the rest of the
/// sentence must not become a prompt.
const DEAF_MS: i64 = 1_000;

/// Whether an approval still wants an answer from here.
pub fn is_pending(ui: &Ui, open: &OpenApproval) -> bool {
    open.state == ApprovalState::Pending && !ui.answered.contains(&open.approval.id)
}

/// Forgets what was decided elsewhere, and lets the next request take the focus where that is safe.
pub(super) fn settle(ui: &mut Ui, world: World<'_>) {
    let open = |id: &ApprovalId| world.fleet.approval(*id).is_some();
    let written = form(ui).and_then(|form| written(&mut form.pane));
    ui.forms.retain(|id, _| open(id));
    ui.deferred.retain(open);
    ui.answered.retain(open);
    let gone = |focus: &ApprovalFocus| world.fleet.approval(focus.id).is_none_or(|open| !is_pending(ui, open));
    if ui.approval.as_ref().is_some_and(gone) {
        ui.close_approval(world.now);
        if let Some(text) = written {
            ui.deaf_until = Some(Timestamp(world.now.0 + DEAF_MS));
            ui.say("The request is gone. What you were writing is in the input box.", true, world.now);
            super::keys::insert(ui, world, &text);
        }
    }
    if ui.approval.as_ref().is_some_and(|focus| focus.over != ui.active) {
        later(ui, world);
    }
    if ui.approval.is_none()
        && may_take_focus(ui)
        && is_quiet(ui, world.now)
        && let Some(id) = candidate(ui, world)
    {
        look_at(ui, world, id);
        ui.deferred.clear();
    }
}

/// The message that the person is writing in a dialog.
fn written(pane: &mut Pane) -> Option<String> {
    match pane {
        Pane::DenyMessage(composer)
        | Pane::Comment(composer)
        | Pane::PlanFeedback(composer)
        | Pane::FreeText(composer) => Some(composer.text()),
        Pane::Edit(_) => Some(String::new()),
        Pane::Main | Pane::Always(_) | Pane::Whole | Pane::TypeYes { .. } => None,
    }
}

/// No dialog opens over an unsent draft or over another dialog.
fn may_take_focus(ui: &Ui) -> bool {
    ui.layers.is_empty() && ui.pending_key.is_none() && ui.tab().is_none_or(|tab| tab.composer.is_blank())
}

/// Nothing is being typed: a prompt that was sent and an answer that was given hold no dialog back.
fn is_quiet(ui: &Ui, now: Timestamp) -> bool {
    ui.last_typed.is_none_or(|typed| now.millis_since(typed) >= QUIET_MS)
}

fn candidate(ui: &Ui, world: World<'_>) -> Option<ApprovalId> {
    waiting(ui, world.fleet).into_iter().map(|open| open.approval.id).find(|id| !ui.deferred.contains(id))
}

pub(super) fn next_wake(ui: &Ui, world: World<'_>) -> Option<Timestamp> {
    let dialog = match &ui.approval {
        // Once more when the keys begin to count, to show them in full colour.
        Some(focus) => focus.drawn.map(|drawn| Timestamp(drawn.0 + ARMING_MS as i64)),
        None => candidate(ui, world)
            .filter(|_| may_take_focus(ui))
            .and(ui.last_typed)
            .map(|typed| Timestamp(typed.0 + QUIET_MS as i64)),
    };
    dialog.into_iter().chain(ui.guard.next_wake()).filter(|at| *at > world.now).min()
}

/// Gives an approval the focus.
pub fn look_at(ui: &mut Ui, world: World<'_>, id: ApprovalId) {
    let Some(open) = world.fleet.approval(id) else { return };
    ui.deferred.remove(&id);
    ui.forms.entry(id).or_insert_with(|| ApprovalForm::new(&open.approval));
    ui.guard.drop_held(world.now);
    ui.approval = Some(ApprovalFocus::new(id, ui.active));
}

/// Goes to the request after the one that is shown, over all sessions, round and round.
pub fn look_at_next(ui: &mut Ui, world: World<'_>, step: isize) {
    let ids: Vec<ApprovalId> = waiting(ui, world.fleet).iter().map(|open| open.approval.id).collect();
    if ids.is_empty() {
        ui.say("Nothing waits for you.", false, world.now);
        return;
    }
    let here = ui.approval.as_ref().and_then(|focus| ids.iter().position(|id| *id == focus.id));
    let next = match here {
        Some(place) => place as isize + step,
        None => 0,
    };
    let next = ids[next.rem_euclid(ids.len() as isize) as usize];
    if ui.approval.as_ref().is_none_or(|focus| focus.id != next) {
        look_at(ui, world, next);
    }
}

/// Keeps all that waits pending, and out of the way until the person asks for it or something new is asked.
pub fn later(ui: &mut Ui, world: World<'_>) {
    let all: Vec<ApprovalId> = waiting(ui, world.fleet).iter().map(|open| open.approval.id).collect();
    ui.deferred.extend(all);
    ui.close_approval(world.now);
}

/// Carries out an action of the approval, question or plan dialog.
pub(super) fn act(ui: &mut Ui, world: World<'_>, action: Action) -> Vec<Effect> {
    let Some(open) = ui.shown_approval(world.fleet) else { return Vec::new() };
    let approval = &open.approval;
    if reads_on(ui, action) {
        read_on(ui);
        return Vec::new();
    }
    match action {
        Action::AllowOnce => return decide(ui, world, approval, Decision::allow_once()),
        Action::Deny => return decide(ui, world, approval, denial("", false)),
        Action::DenyAndStop | Action::StopPlanning => return decide(ui, world, approval, denial("", true)),
        Action::AcceptPlan => {
            return decide(ui, world, approval, Decision::AcceptPlan { mode: PermissionMode::Default });
        }
        Action::AcceptPlanEdits => {
            return decide(ui, world, approval, Decision::AcceptPlan { mode: PermissionMode::AcceptEdits });
        }
        Action::TrustFolder => return decide(ui, world, approval, Decision::Trust(TrustAnswer::Trust)),
        Action::StartWithout => return decide(ui, world, approval, Decision::Trust(TrustAnswer::Without)),
        Action::DoNotStart => return decide(ui, world, approval, Decision::deny("")),
        Action::DeclineQuestions if matches!(approval.ask, Ask::Elicitation(_)) => {
            return decide(ui, world, approval, Decision::deny("The person does not want to answer this."));
        }
        Action::DeclineQuestions => {
            let decision = Decision::deny(
                "The person does not want to answer these questions. Go on without, or ask differently.",
            );
            return decide(ui, world, approval, decision);
        }
        Action::AllowAlways => {
            let list = AlwaysList::of(approval);
            if approval.binding.no_always || list.choices.is_empty() {
                ui.say("There is nothing to remember for this request: it can be allowed once.", true, world.now);
            } else {
                set_pane(ui, Pane::Always(list));
            }
        }
        Action::AllowForAWhile => {
            if let Some(rule) = approval.smallest_grant() {
                let terms = GrantTerms { rule: rule.clone(), minutes: QUICK_GRANT_MINUTES, uses: None };
                return decide(ui, world, approval, Decision::Grant(terms));
            }
            ui.say("This request can only be allowed once.", true, world.now);
        }
        Action::DenyWithMessage => set_pane(ui, Pane::DenyMessage(Box::default())),
        Action::KeepPlanning => set_pane(ui, Pane::PlanFeedback(Box::default())),
        Action::AllowWithComment => set_pane(ui, Pane::Comment(Box::default())),
        Action::EditInput => {
            let edit = edit_box(approval);
            set_pane(ui, Pane::Edit(Box::new(edit)));
        }
        Action::WholeInput => {
            set_pane(ui, Pane::Whole);
            scroll(ui, |_| 0);
        }
        Action::Later | Action::LaterQuestions | Action::LaterPlan | Action::LaterTrust => later(ui, world),
        Action::NextApproval => look_at_next(ui, world, 1),
        Action::PreviousApproval => look_at_next(ui, world, -1),
        Action::DialogUp | Action::PlanUp | Action::TrustUp => scroll(ui, |line| line.saturating_sub(1)),
        Action::DialogDown | Action::PlanDown | Action::TrustDown => scroll(ui, |line| line + 1),
        Action::DialogPageUp | Action::PlanPageUp | Action::TrustPageUp => {
            page(ui, |line, page| line.saturating_sub(page));
        }
        Action::DialogPageDown | Action::PlanPageDown | Action::TrustPageDown => page(ui, |line, page| line + page),
        Action::DialogTop => scroll(ui, |_| 0),
        Action::DialogBottom => scroll(ui, |_| usize::MAX / 2),
        Action::NextDanger => go_to_danger(ui),
        Action::ChoiceNext => choose(ui, 1),
        Action::ChoicePrevious => choose(ui, -1),
        Action::ChoiceTake => {
            let choice = form(ui).and_then(|form| form.choice).and_then(|choice| CHOICES.get(choice).copied());
            return choice.map(|action| act(ui, world, action)).unwrap_or_default();
        }
        Action::OptionDown
        | Action::OptionUp
        | Action::OptionToggle
        | Action::Pick1
        | Action::Pick2
        | Action::Pick3
        | Action::Pick4
        | Action::Pick5
        | Action::QuestionNext
        | Action::QuestionPrevious
        | Action::SubmitAnswers => {
            return match &approval.ask {
                Ask::Elicitation(_) => elicitation::act(ui, world, approval, action),
                _ => question(ui, world, approval, action),
            };
        }
        _ => {}
    }
    Vec::new()
}

fn form(ui: &mut Ui) -> Option<&mut ApprovalForm> {
    ui.forms.get_mut(&ui.approval.as_ref()?.id)
}

pub(super) fn set_pane(ui: &mut Ui, pane: Pane) {
    if let Some(form) = form(ui) {
        form.pane = pane;
    }
}

fn scroll(ui: &mut Ui, to: impl Fn(usize) -> usize) {
    if let Some(form) = form(ui) {
        form.scroll = to(form.scroll);
    }
}

/// Scrolls by a page, of which the last line stays on the screen.
fn page(ui: &mut Ui, to: impl Fn(usize, usize) -> usize) {
    if let Some(form) = form(ui) {
        form.scroll = to(form.scroll, form.page.saturating_sub(1).max(1));
    }
}

/// Shows the next dangerous line, the worst first, a line below the edge.
fn go_to_danger(ui: &mut Ui) {
    if let Some(form) = form(ui)
        && !form.danger_rows.is_empty()
    {
        let row = form.danger_rows[form.next_danger % form.danger_rows.len()];
        form.next_danger += 1;
        form.scroll = row.saturating_sub(1);
    }
}

/// Goes to the first line that was not on the screen yet.
fn read_on(ui: &mut Ui) {
    if let Some(form) = form(ui) {
        form.scroll = form.seen_to.min(form.n_lines.saturating_sub(form.page));
    }
}

fn choose(ui: &mut Ui, step: isize) {
    if let Some(form) = form(ui) {
        let next = match form.choice {
            Some(choice) => choice as isize + step,
            None if step > 0 => 0,
            None => -1,
        };
        form.choice = Some(next.rem_euclid(CHOICES.len() as isize) as usize);
    }
}

fn denial(message: &str, stop: bool) -> Decision {
    let message = message.trim();
    let text = match (message.is_empty(), stop) {
        (false, _) => message,
        (true, false) => "The person denied this call. Do not try it again in another form; go on without it or ask.",
        (true, true) => "The person denied this call and stopped the turn.",
    };
    Decision::Deny { message: text.to_owned(), stop }
}

/// Sends a decision, for this request and for those that are the same; asks once more where one key must
/// not be enough.
pub(super) fn decide(ui: &mut Ui, world: World<'_>, approval: &Approval, decision: Decision) -> Vec<Effect> {
    let confirmed = form(ui).is_some_and(|form| matches!(&form.pane, Pane::TypeYes { typed, .. } if typed == "yes"));
    if decision.is_allow() && approval.binding.default_to_no && !confirmed {
        set_pane(ui, Pane::TypeYes { typed: String::new(), then: Box::new(decision) });
        return Vec::new();
    }
    // Only what the last frame spoke of: a twin that came after it, or was put off, was not answered.
    let twins = ui.approval.as_ref().map(|focus| focus.twins.clone()).unwrap_or_default();
    let ids = world.fleet.same_requests(approval.id).into_iter();
    let ids: Vec<ApprovalId> = ids.filter(|id| *id == approval.id || twins.contains(id)).collect();
    let mut effects = Vec::new();
    for id in ids {
        let Some(open) = world.fleet.approval(id) else { continue };
        if !is_pending(ui, open) {
            continue;
        }
        let decision = if id == approval.id { decision.clone() } else { without_extras(&decision) };
        effects.push(send_answer(ui, &open.approval, decision));
    }
    ui.close_approval(world.now);
    let title = world.fleet.get(approval.session).map_or("", |session| session.title.as_str());
    let is_shown_again =
        change::is_change(&approval.tool) && matches!(&decision, Decision::Allow { edited: Some(_), .. });
    let word = if is_shown_again { "edited, and asked as it is now" } else { decision.describe() };
    ui.say(format!("{} · {title}", capitalised(word)), false, world.now);
    effects
}

/// What the merged twin of a request gets: the same decision, remembered and commented only once.
fn without_extras(decision: &Decision) -> Decision {
    match decision {
        Decision::Allow { edited, .. } => {
            Decision::Allow { edited: edited.clone(), remember: Vec::new(), comment: None }
        }
        Decision::Grant(_) => Decision::allow_once(),
        other => other.clone(),
    }
}

fn send_answer(ui: &mut Ui, approval: &Approval, decision: Decision) -> Effect {
    ui.answered.insert(approval.id);
    Effect::Send(Command::Answer {
        session: approval.session,
        approval: approval.id,
        decision: Box::new(decision),
        by: Surface::Terminal,
    })
}

/// The text of a pane is done.
pub(super) fn text_done(ui: &mut Ui, world: World<'_>) -> Vec<Effect> {
    let Some(open) = ui.shown_approval(world.fleet) else { return Vec::new() };
    let approval = &open.approval;
    let Some(form) = form(ui) else { return Vec::new() };
    let decision = match &mut form.pane {
        Pane::DenyMessage(composer) | Pane::PlanFeedback(composer) => denial(&composer.text(), false),
        Pane::Comment(composer) => {
            let text = composer.text().trim().to_owned();
            Decision::Allow { edited: None, remember: Vec::new(), comment: Some(text).filter(|text| !text.is_empty()) }
        }
        Pane::Edit(edit) => match edited_input(edit, &approval.input) {
            Ok(input) => {
                let edited = Some(input).filter(|input| *input != approval.input);
                Decision::Allow { edited, remember: Vec::new(), comment: None }
            }
            Err(error) => {
                edit.error = Some(error);
                return Vec::new();
            }
        },
        Pane::TypeYes { typed, then } => {
            if typed != "yes" {
                form.pane = Pane::Main;
                return Vec::new();
            }
            (**then).clone()
        }
        Pane::FreeText(composer) => {
            let text = composer.text().trim().to_owned();
            if let Ask::Elicitation(asked) = &approval.ask {
                elicitation::written(form, asked, &text);
                return Vec::new();
            }
            if let Some(draft) = form.questions.get_mut(form.question) {
                if let Ask::Questions(questions) = &approval.ask
                    && questions.get(form.question).is_some_and(|question| !question.multiple)
                    && !text.is_empty()
                {
                    draft.chosen.clear();
                }
                draft.skipped &= text.is_empty();
                draft.free_text = text;
            }
            form.pane = Pane::Main;
            if let Ask::Questions(questions) = &approval.ask {
                questions::go_to_unanswered(form, questions);
            }
            return Vec::new();
        }
        Pane::Always(list) => {
            finish_rule(list);
            return Vec::new();
        }
        Pane::Main | Pane::Whole => return Vec::new(),
    };
    decide(ui, world, approval, decision)
}
