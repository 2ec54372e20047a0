//! Several requests allowed at once: only what can be judged at a glance, and all of it on the screen.

use serde_json::Value;

use super::is_pending;
use super::look_at;
use super::send_answer;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Binding;
use crate::core::approval::Decision;
use crate::core::approval::OpenApproval;
use crate::core::ids::ApprovalId;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::theme::Glyphs;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Confirm;
use crate::tui::ui::dialog::ConfirmKind;
use crate::tui::ui::dialog::Layer;
use crate::tui::update::Effect;
use crate::tui::update::World;

/// More than these are not taken in at one glance.
const MAX_TOGETHER: usize = 8;
/// A longer command is not read in a list.
const MAX_GLANCE_CHARS: usize = 120;
/// The smallest screen on which the question shows every command whole.
const GLANCE_SCREEN: (u16, u16) = (80, 24);

/// The whole of a request in one line, if it can be judged by that: a plain, short command.
fn at_a_glance(approval: &Approval) -> Option<&str> {
    let only_command = |(key, _): (&String, &Value)| matches!(key.as_str(), "command" | "description" | "timeout");
    let command = approval.input.get("command")?.as_str()?;
    let is_short = command.chars().nth(MAX_GLANCE_CHARS).is_none() && !command.contains('\n');
    let is_plain =
        reveal_with(command, &Glyphs::unicode()).is_plain() && approval.input.as_object()?.iter().all(only_command);
    let is_free = approval.binding == Binding::default() && approval.ask == Ask::Tool;
    (is_short && is_plain && is_free).then_some(command)
}

/// Asks whether to allow several requests at once, with all of them on the screen.
pub(in crate::tui::update) fn ask_together(ui: &mut Ui, world: World<'_>, ids: Vec<ApprovalId>) {
    let open: Vec<&Approval> =
        ids.iter().filter_map(|id| world.fleet.approval(*id)).map(|open| &open.approval).collect();
    let title = |approval: &Approval| world.fleet.get(approval.session).map_or("", |session| session.title.as_str());
    let lines: Option<Vec<String>> =
        open.iter().map(|approval| Some(format!("{}: {}", title(approval), at_a_glance(approval)?))).collect();
    let has_room = ui.screen.width >= GLANCE_SCREEN.0 && ui.screen.height >= GLANCE_SCREEN.1;
    let Some(details) = lines.filter(|lines| has_room && lines.len() <= MAX_TOGETHER) else {
        ui.say(
            "These cannot be judged at a glance: only a few short commands can be allowed together.",
            true,
            world.now,
        );
        if let Some(first) = ids.first() {
            look_at(ui, world, *first);
        }
        return;
    };
    ui.layers.push(Layer::Confirm(Confirm {
        question: format!("Allow these {} commands once?", details.len()),
        is_dangerous: open.iter().any(|approval| !approval.risks.is_empty()),
        kind: ConfirmKind::AllowTogether(ids),
        details,
        opened: world.now,
    }));
}

/// Allows what was asked together, as far as it is still open.
pub(in crate::tui::update) fn allow_together(ui: &mut Ui, world: World<'_>, ids: &[ApprovalId]) -> Vec<Effect> {
    let open: Vec<&OpenApproval> = ids.iter().filter_map(|id| world.fleet.approval(*id)).collect();
    let open = open.into_iter().filter(|open| is_pending(ui, open)).map(|open| &open.approval).collect::<Vec<_>>();
    open.into_iter().map(|approval| send_answer(ui, approval, Decision::allow_once())).collect()
}
