//! Several requests allowed at once: harmless ones, of which all was on the screen, as they were then.

use super::is_pending;
use super::look_at;
use super::send_answer;
use crate::core::approval::Approval;
use crate::core::approval::Decision;
use crate::core::figures::count;
use crate::core::ids::ApprovalId;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Confirm;
use crate::tui::ui::dialog::ConfirmKind;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::glance::MAX_TOGETHER;
use crate::tui::ui::glance::at_a_glance;
use crate::tui::update::Effect;
use crate::tui::update::World;

/// Asks whether to allow several requests at once, with all of them on the screen.
pub(in crate::tui::update) fn ask_together(ui: &mut Ui, world: World<'_>, ids: &[ApprovalId]) {
    let title = |approval: &Approval| world.fleet.get(approval.session).map_or("", |session| session.title.as_str());
    let open = ids.iter().filter_map(|id| world.fleet.approval(*id)).filter(|open| is_pending(ui, open));
    let (mut lines, mut asked, mut n_left) = (Vec::new(), Vec::new(), 0);
    for approval in open.map(|open| &open.approval) {
        match at_a_glance(approval).filter(|_| asked.len() < MAX_TOGETHER) {
            Some(line) => {
                lines.push(format!("{}: {line}", title(approval)));
                asked.push(approval.clone());
            }
            None => n_left += 1,
        }
    }
    if n_left == 0 && asked.is_empty() {
        ui.say("Nothing waits for you.", false, world.now);
        return;
    }
    if asked.is_empty() {
        ui.say("None of these is harmless and short enough to be allowed unread: look at each.", true, world.now);
        if let Some(first) = ids.first() {
            look_at(ui, world, *first);
        }
        return;
    }
    if n_left > 0 {
        lines.push(format!("({} in the inbox)", count(n_left, "other stays", "others stay")));
    }
    let what = count(asked.len() as u64, "harmless request", "harmless requests");
    ui.layers.push(Layer::Confirm(Confirm::new(
        ConfirmKind::AllowTogether(asked),
        format!("Allow {what} once?"),
        lines,
        world.now,
    )));
}

/// Allows what was asked together, as far as it is still open and still the same.
pub(in crate::tui::update) fn allow_together(ui: &mut Ui, world: World<'_>, asked: &[Approval]) -> Vec<Effect> {
    let is_same = |seen: &&Approval| {
        world.fleet.approval(seen.id).is_some_and(|open| is_pending(ui, open) && open.approval == **seen)
    };
    let same: Vec<&Approval> = asked.iter().filter(is_same).collect();
    let effects: Vec<Effect> = same.iter().map(|approval| send_answer(ui, approval, Decision::allow_once())).collect();
    let n_other = (asked.len() - effects.len()) as u64;
    let allowed = format!("{} allowed once", count(effects.len() as u64, "request", "requests"));
    if n_other > 0 {
        let other = count(n_other, "was no longer what you had seen", "were no longer what you had seen");
        ui.say(format!("{allowed}; {other}."), true, world.now);
    } else {
        ui.say(format!("{allowed}."), false, world.now);
    }
    effects
}
