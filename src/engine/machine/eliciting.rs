//! Requests of MCP servers for input: asked like requests for permission, answered in their own words.
//!
//! Invariant: a server is told "declined" only when a person declined. Whatever ends unanswered is cancelled.

use std::sync::atomic::Ordering;

use super::Machine;
use super::lifecycle::Life;
use crate::core::approval::Ask;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::ApprovalId;
use crate::engine::approvals::Pending;
use crate::engine::approvals::Stage;
use crate::engine::approvals::ask::Surroundings;
use crate::engine::approvals::elicit;
use crate::wire::inbound::control::Elicitation;
use crate::wire::outbound::Answer;
use crate::wire::outbound::ElicitationAnswer;

impl Machine {
    pub(super) fn elicitation(&mut self, request_id: String, request: &Elicitation) {
        if self.desk.knows(&request_id) || !matches!(self.life, Life::Up | Life::Starting { .. }) {
            return;
        }
        if self.desk.is_full() {
            self.desk.note_ended_request(&request_id);
            self.answer(request_id, Answer::Elicitation(ElicitationAnswer::Cancel));
            let text = "A server's request for input was dismissed because too many requests are waiting.";
            self.emit(EventKind::Noted(Notice::warning(text)));
            return;
        }
        let around = Surroundings {
            session: self.session,
            directory: &self.directory,
            branch: self.branch.as_deref(),
            now: self.now.wall,
            ..Surroundings::default()
        };
        let mut approval = elicit::approval(request, &around);
        approval.id = ApprovalId(self.approval_ids.fetch_add(1, Ordering::Relaxed));
        self.desk.add(Pending {
            request_id,
            approval: approval.clone(),
            offered: Vec::new(),
            stage: Stage::Open,
            asked: self.now.mono,
            held: None,
            deadline: None,
        });
        self.emit(EventKind::ApprovalAsked(Box::new(approval)));
    }

    /// Cancels what servers asked and nobody answered.
    pub(super) fn cancel_elicitations(&mut self, why: Withdrawal) {
        for request_id in self.desk.request_ids() {
            let is_open = self.desk.of_request(&request_id).is_some_and(|pending| {
                matches!(pending.approval.ask, Ask::Elicitation(_)) && pending.stage == Stage::Open
            });
            if is_open {
                self.answer(request_id.clone(), Answer::Elicitation(ElicitationAnswer::Cancel));
                self.withdraw(&request_id, why);
            }
        }
    }
}
