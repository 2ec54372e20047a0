//! How events of its worktree change a session.

use super::Session;
use crate::core::cell::CellBody;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::Timestamp;

impl Session {
    pub(super) fn worktree_event(&mut self, kind: &EventKind, at: Timestamp) {
        let Some(worktree) = &mut self.worktree else { return };
        let branch = worktree.place.branch.clone();
        let notice = match kind {
            EventKind::WorktreeLooked(report) => {
                worktree.report = Some((**report).clone());
                return;
            }
            EventKind::WorktreeKept { why } => Notice::warning(format!("The worktree of {branch} stays: {why}.")),
            EventKind::WorktreeAside { aside, lost, .. } => {
                worktree.aside = Some((**aside).clone());
                let text = match aside.until {
                    Some(_) => format!("The worktree of {branch} is removed; for a moment this can be undone."),
                    None => format!("The worktree of {branch} waits in {} until somebody decides.", aside.path),
                };
                let notice = Notice::warning(text);
                if lost.is_empty() { notice } else { notice.with_detail(lost.join("\n")) }
            }
            EventKind::WorktreeBack { .. } => {
                worktree.aside = None;
                worktree.report = None;
                Notice::info(format!("The worktree of {branch} is where it was."))
            }
            _ => return,
        };
        self.transcript.push(at, None, CellBody::Notice(notice));
    }

    /// Whether the folder that it works in is put aside: nothing may start then.
    pub fn is_aside(&self) -> bool {
        self.worktree.as_ref().is_some_and(|worktree| worktree.aside.is_some())
    }
}
