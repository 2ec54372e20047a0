//! How tool calls, approvals and tasks change a session.

use serde_json::Value;

use super::Session;
use crate::core::approval::OpenApproval;
use crate::core::approval::Verdict;
use crate::core::ids::ApprovalId;
use crate::core::ids::TaskId;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;
use crate::core::task::Task;
use crate::core::task::TaskReport;
use crate::core::task::TaskState;
use crate::core::tool::ToolOutcome;
use crate::core::tool::ToolOutput;
use crate::core::tool::ToolState;

/// Tasks beyond this many are forgotten: the oldest that has ended, else the oldest.
const MAX_TASKS: usize = 200;

impl Session {
    pub(super) fn tool_started(
        &mut self,
        id: &ToolCallId,
        parent: Option<&ToolCallId>,
        name: &str,
        input: &Value,
        at: Timestamp,
    ) {
        self.transcript.ensure_call(id, parent, name, at);
        let waiting = self.approvals.iter().any(|open| open.approval.call.as_ref() == Some(id));
        self.transcript.change_call(id, |call| {
            call.input = input.clone();
            if call.state == ToolState::Receiving {
                call.state = ToolState::Running;
                if waiting {
                    call.begin_wait(at);
                }
            }
        });
        if !self.approvals.is_empty() {
            self.settle_waits(at);
        }
        if let Some(turn) = &mut self.turn {
            turn.n_calls = turn.n_calls.saturating_add(1);
        }
        if parent.is_none() {
            self.todo.note_call(name, input);
        }
    }

    pub(super) fn tool_ended(&mut self, id: &ToolCallId, outcome: ToolOutcome, output: &ToolOutput, at: Timestamp) {
        let in_background = self.transcript.call(id).is_some_and(|call| self.runs_in_background(call));
        self.transcript.change_call(id, |call| {
            call.output = Some(output.clone());
            if in_background && outcome == ToolOutcome::Done {
                call.state = ToolState::Background;
            } else {
                call.end(outcome, at);
            }
        });
        if let Some(call) = self.transcript.call(id) {
            let (name, input) = (call.name.clone(), call.input.clone());
            if outcome == ToolOutcome::Done {
                self.todo.note_result(&name, &input, &output.detail);
            }
        }
    }

    pub(super) fn take_approval(&mut self, id: ApprovalId) -> Option<OpenApproval> {
        let place = self.approvals.iter().position(|open| open.approval.id == id)?;
        Some(self.approvals.remove(place))
    }

    pub(super) fn approval_resolved(&mut self, id: ApprovalId, verdict: &Verdict, at: Timestamp) {
        let Some(open) = self.take_approval(id) else { return };
        let Some(call) = &open.approval.call else { return };
        self.transcript.change_call(call, |call| {
            call.end_wait(at);
            call.verdict = Some(verdict.clone());
        });
        self.settle_waits(at);
    }

    pub(super) fn unwait(&mut self, call: Option<&ToolCallId>, at: Timestamp) {
        let Some(call) = call else { return };
        self.transcript.change_call(call, |call| call.end_wait(at));
    }

    pub(super) fn task_started(
        &mut self,
        id: &TaskId,
        call: Option<&ToolCallId>,
        kind: &str,
        description: &str,
        at: Timestamp,
    ) {
        if self.tasks.iter().any(|task| task.id == *id) {
            return;
        }
        if self.tasks.len() >= MAX_TASKS {
            let ended = self.tasks.iter().position(|task| task.state != TaskState::Running);
            self.tasks.remove(ended.unwrap_or(0));
        }
        self.tasks.push(Task {
            id: id.clone(),
            call: call.cloned(),
            kind: kind.to_owned(),
            description: description.to_owned(),
            state: TaskState::Running,
            started: at,
            ended: None,
            tool_uses: 0,
            tokens: 0,
            last: None,
            output: None,
        });
        if let Some(call) = call {
            self.transcript.change_call(call, |call| call.task = Some(id.clone()));
        }
    }

    /// What it prints stands in the timeline under the call that began it.
    pub(super) fn task_progressed(&mut self, id: &TaskId, report: &TaskReport) {
        let Some(task) = self.tasks.iter_mut().find(|known| known.id == *id) else { return };
        task.note(report.clone());
        let (Some(call), Some(text)) = (task.call.clone(), &report.output) else { return };
        self.transcript.change_call(&call, |call| {
            let output = call.output.get_or_insert_default();
            output.text.clone_from(text);
            output.omitted = 0;
        });
    }

    pub(super) fn task_ended(&mut self, id: &TaskId, state: TaskState, report: &TaskReport, at: Timestamp) {
        let Some(task) = self.tasks.iter_mut().find(|task| task.id == *id) else { return };
        task.note(report.clone());
        if task.state == TaskState::Running {
            task.state = state;
            task.ended = Some(at);
        }
        let Some(call) = task.call.clone() else { return };
        let outcome = match state {
            TaskState::Running | TaskState::Done => ToolOutcome::Done,
            TaskState::Failed => ToolOutcome::Failed,
            TaskState::Stopped => ToolOutcome::Cut,
        };
        self.transcript.change_call(&call, |call| {
            if call.state == ToolState::Background {
                call.end(outcome, at);
            }
        });
    }
}
