//! What happened while no terminal was attached.

use super::World;
use crate::core::cell::CellBody;
use crate::core::cell::TurnOutcome;
use crate::core::ids::Timestamp;
use crate::core::session::ProcessState;
use crate::core::session::Session;
use crate::tui::ui::Ui;
use crate::tui::ui::dialog::Layer;
use crate::tui::ui::dialog::Page;
use crate::tui::ui::dialog::PageContent;

/// Whoever was away for less than this has seen it all.
const BLINK_MS: u64 = 30_000;

/// Marks what is new in each tab, and shows a page about it when there is any.
pub fn tell(ui: &mut Ui, world: World<'_>, left: Timestamp) {
    let mut lines = Vec::new();
    for session in world.fleet.sessions() {
        let n_new = session.transcript.iter().rev().filter(|cell| cell.at > left).count() as u64;
        if let Some(tab) = ui.tabs.get_mut(&session.id) {
            tab.seen = session.transcript.n_ever().saturating_sub(n_new);
        }
        lines.extend(line(session, left, n_new));
    }
    if lines.is_empty() || world.now.millis_since(left) < BLINK_MS {
        return;
    }
    ui.layers.push(Layer::Page(Page {
        title: "While you were away".into(),
        content: PageContent::Text(lines.join("\n")),
        scroll: 0,
        max_scroll: 0,
    }));
}

/// What happened in a session, in one line; nothing when nothing did.
fn line(session: &Session, left: Timestamp, n_new: u64) -> Option<String> {
    let (mut done, mut failed, mut cut) = (0, 0, 0);
    for cell in session.transcript.iter().filter(|cell| cell.at > left) {
        if let CellBody::TurnEnd(end) = &cell.body {
            match end.outcome {
                TurnOutcome::Completed => done += 1,
                TurnOutcome::Failed(_) => failed += 1,
                TurnOutcome::Interrupted => cut += 1,
            }
        }
    }
    let mut said = Vec::new();
    let mut count = |n: usize, one: &str, many: &str| {
        if n > 0 {
            said.push(format!("{n} {}", if n == 1 { one } else { many }));
        }
    };
    count(session.approvals.len(), "request waits for you", "requests wait for you");
    count(failed, "turn failed", "turns failed");
    count(done, "turn done", "turns done");
    count(cut, "turn interrupted", "turns interrupted");
    if matches!(&session.process, ProcessState::Exited(exit) if exit.trouble.is_some()) {
        said.push("its process ended with an error".into());
    }
    if session.turn.is_some() {
        said.push("still at work".into());
    }
    if said.is_empty() && n_new > 0 {
        said.push(format!("{n_new} new {}", if n_new == 1 { "entry" } else { "entries" }));
    }
    (!said.is_empty()).then(|| format!("{}: {}", session.title, said.join(", ")))
}
