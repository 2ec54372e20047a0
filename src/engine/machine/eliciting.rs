//! Requests of MCP servers for input: asked like requests for permission, answered in their own words.
//!
//! Invariant: a server is told "declined" only when a person declined. Whatever ends unanswered is cancelled.

use super::Machine;
use super::lifecycle::Life;
use crate::core::approval::Ask;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::engine::approvals::Pending;
use crate::engine::approvals::Stage;
use crate::engine::approvals::ask;
use crate::engine::approvals::ask::Surroundings;
use crate::engine::approvals::dialog;
use crate::engine::approvals::elicit;
use crate::translate::bound;
use crate::wire::inbound::control::Elicitation;
use crate::wire::inbound::control::UserDialog;
use crate::wire::outbound::Answer;
use crate::wire::outbound::ElicitationAnswer;
use crate::wire::outbound::UserDialogAnswer;

/// Calls of servers that are followed.
const MAX_CALLS: usize = 1000;

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
        let approval = elicit::approval(request, &self.around());
        self.ask_at_once(Pending::open(request_id, approval, self.now.mono));
    }

    /// The session, as far as a form of no call shows it.
    fn around(&self) -> Surroundings<'_> {
        Surroundings {
            session: self.session,
            directory: &self.directory,
            branch: self.branch.as_deref(),
            now: self.now.wall,
            ..Surroundings::default()
        }
    }

    /// A dialog of the CLI. One that is not known here must not be answered: the CLI ends it by itself.
    pub(super) fn user_dialog(&mut self, request_id: String, request: &UserDialog) {
        if self.desk.knows(&request_id) || !matches!(self.life, Life::Up | Life::Starting { .. }) {
            return;
        }
        let shown = dialog::approval(request, &self.around()).filter(|_| !self.desk.is_full());
        let Some(approval) = shown else {
            self.desk.note_ended_request(&request_id);
            let text =
                "The CLI wants to show a dialog that cannot be shown here. It goes on without an answer after a while.";
            self.emit(EventKind::Noted(Notice::info(text).with_detail(bound::word(&request.dialog_kind))));
            return;
        };
        self.ask_at_once(Pending { is_dialog: true, ..Pending::open(request_id, approval, self.now.mono) });
    }

    /// Closes what a server asked when its last call has ended: older CLIs do not say that nobody waits any more.
    pub(super) fn follow_servers(&mut self, event: &EventKind) {
        match event {
            EventKind::ToolStarted { call, name, .. } => {
                let server = name.strip_prefix("mcp__").and_then(|rest| rest.split_once("__"));
                if let Some((server, _)) = server.filter(|_| self.server_calls.len() < MAX_CALLS) {
                    self.server_calls.insert(call.clone(), server.to_owned());
                }
            }
            EventKind::ToolEnded { call, .. } => {
                let Some(server) = self.server_calls.remove(call) else { return };
                if !self.tells_state && !self.server_calls.values().any(|other| *other == server) {
                    self.cancel_elicitations_of(Withdrawal::ByCli, |asker| ask::in_names(asker) == server);
                }
            }
            _ => {}
        }
    }

    /// Cancels what servers asked and nobody answered.
    pub(super) fn cancel_elicitations(&mut self, why: Withdrawal) {
        self.cancel_elicitations_of(why, |_| true);
        for request_id in self.desk.request_ids() {
            if self
                .desk
                .of_request(&request_id)
                .is_some_and(|pending| pending.is_dialog && pending.stage == Stage::Open)
            {
                self.answer(request_id.clone(), Answer::UserDialog(UserDialogAnswer::Cancelled));
                self.withdraw(&request_id, why);
            }
        }
    }

    fn cancel_elicitations_of(&mut self, why: Withdrawal, is_of: impl Fn(&str) -> bool) {
        for request_id in self.desk.request_ids() {
            let is_open = self.desk.of_request(&request_id).is_some_and(|pending| {
                pending.stage == Stage::Open
                    && matches!(&pending.approval.ask, Ask::Elicitation(asked) if is_of(&asked.server))
            });
            if is_open {
                self.answer(request_id.clone(), Answer::Elicitation(ElicitationAnswer::Cancel));
                self.withdraw(&request_id, why);
            }
        }
    }
}
