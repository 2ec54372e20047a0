//! How each event changes a session. Nothing here can fail: what does not fit changes nothing.

use super::Exit;
use super::ProcessState;
use super::Session;
use super::Turn;
use super::title_of;
use crate::core::approval::ApprovalState;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::OpenApproval;
use crate::core::approval::Verdict;
use crate::core::cell::CellBody;
use crate::core::cell::Compaction;
use crate::core::cell::Notice;
use crate::core::cell::Retry;
use crate::core::cell::TurnEnd;
use crate::core::cell::TurnOutcome;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::ids::CellId;
use crate::core::ids::TaskId;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::core::task::TaskReport;
use crate::core::task::TaskState;
use crate::core::tool::ToolCall;
use crate::core::tool::ToolOutcome;
use crate::core::tool::ToolState;
use crate::core::usage::Tokens;

/// Lines of standard error that are kept.
const MAX_STDERR_LINES: usize = 20;

impl Session {
    /// Folds one event of this session.
    pub fn apply(&mut self, event: &Event) {
        if event.generation < self.generation {
            return;
        }
        self.generation = event.generation;
        match &event.kind {
            EventKind::Past { at, kind } => self.apply_past(kind, *at),
            kind => self.apply_kind(kind, event.at),
        }
    }

    /// Folds what happened before, or elsewhere: it is shown as if it had happened here, and used nothing here.
    fn apply_past(&mut self, kind: &EventKind, at: Timestamp) {
        let is_of_a_conversation = matches!(
            kind,
            EventKind::PromptSent(_)
                | EventKind::TurnStarted { .. }
                | EventKind::TurnEnded { .. }
                | EventKind::BlockEnded { .. }
                | EventKind::ToolStarted { .. }
                | EventKind::ToolEnded { .. }
                | EventKind::Compacted { .. }
                | EventKind::CompactionSummary { .. }
                | EventKind::Noted(_)
        );
        if is_of_a_conversation {
            let usage = self.usage.clone();
            self.apply_kind(kind, at);
            self.usage = usage;
        }
    }

    fn apply_kind(&mut self, kind: &EventKind, at: Timestamp) {
        match kind {
            EventKind::Opened { .. }
            | EventKind::Closed
            | EventKind::OpenRefused { .. }
            | EventKind::AnswerRefused { .. } => {}
            // The fleet keeps them.
            EventKind::Granted(_) | EventKind::GrantUsed { .. } | EventKind::GrantEnded { .. } => {}
            EventKind::Renamed { title } => {
                self.title.clone_from(title);
                self.titled = true;
                self.titled_by_hand = true;
            }
            EventKind::TitleSuggested { title } if !self.titled_by_hand => {
                self.title.clone_from(title);
                self.titled = true;
            }
            EventKind::TitleSuggested { .. } => {}
            EventKind::GoesOn(goes_on) => self.goes_on = *goes_on,
            EventKind::FolderStands(state) => self.trust = Some(*state),
            EventKind::ResumePlanned(resume) => self.resume.clone_from(resume),
            EventKind::BranchChanged(branch) => self.branch.clone_from(branch),
            EventKind::Moved { directory } => {
                self.moved_to = Some(directory.clone()).filter(|directory| *directory != self.spec.directory);
                self.hear(at);
            }
            EventKind::WorktreeLooked(_)
            | EventKind::WorktreeKept { .. }
            | EventKind::WorktreeAside { .. }
            | EventKind::WorktreeBack { .. }
            | EventKind::WorktreeGone { .. } => self.worktree_event(kind, at),

            EventKind::Starting => {
                self.process = ProcessState::Starting;
                self.stderr.clear();
                self.hear(at);
            }
            EventKind::Ready(info) => {
                self.process = ProcessState::Running;
                self.cli = info.clone();
                self.hear(at);
            }
            EventKind::Conversation { id, model, mode } => {
                self.conversation = Some(id.clone());
                self.model = Some(model.clone());
                self.mode = *mode;
                self.hear(at);
            }
            EventKind::Stopping => self.process = ProcessState::Stopping,
            EventKind::Exited(exit) => self.exited(exit, at),
            EventKind::Stderr(line) => {
                if self.stderr.len() >= MAX_STDERR_LINES {
                    self.stderr.pop_front();
                }
                self.stderr.push_back(line.clone());
            }
            EventKind::Heard => self.hear(at),
            EventKind::Stalled { .. } => self.stalled = true,
            EventKind::UnknownMessage { .. } => {
                self.n_unknown = self.n_unknown.saturating_add(1);
                self.hear(at);
            }

            EventKind::QueueChanged(queue) => self.queue = queue.clone(),
            EventKind::PromptSent(prompt) => self.prompt_sent(prompt, at),
            EventKind::TurnStarted { turn, prompt } => {
                let prompt_line = prompt.as_ref().and_then(|id| self.prompt_line(id)).unwrap_or_default();
                self.turn = Some(Turn {
                    id: *turn,
                    prompt: prompt.clone(),
                    prompt_line,
                    started: at,
                    n_calls: 0,
                    interrupting: false,
                });
                self.usage.current = Tokens::default();
                self.hear(at);
            }
            EventKind::Interrupting => {
                if let Some(turn) = &mut self.turn {
                    turn.interrupting = true;
                }
            }
            EventKind::TurnEnded { turn, outcome, duration_ms, tokens, cost_usd, text } => {
                let n_calls = self.turn.as_ref().map_or(0, |turn| turn.n_calls);
                let end = TurnEnd {
                    turn: *turn,
                    outcome: outcome.clone(),
                    duration_ms: *duration_ms,
                    tokens: *tokens,
                    cost_usd: *cost_usd,
                    n_calls,
                    text: text.clone(),
                };
                self.turn_ended(end, at);
            }

            EventKind::BlockStarted { block, parent, kind } => {
                self.progressed(at);
                self.transcript.ensure_block(block, parent.as_ref(), *kind, at);
            }
            EventKind::BlockDelta { block, text } => {
                self.progressed(at);
                self.transcript.append(block, text);
            }
            EventKind::BlockEnded { block, parent, kind, text } => {
                self.progressed(at);
                self.transcript.ensure_block(block, parent.as_ref(), *kind, at);
                self.transcript.finish(block, text.clone());
            }

            EventKind::ToolAnnounced { call, parent, name } => {
                self.progressed(at);
                self.transcript.ensure_call(call, parent.as_ref(), name, at);
            }
            EventKind::ToolInputGrew { call, bytes } => {
                self.hear(at);
                self.transcript.change_call(call, |call| call.received = *bytes);
            }
            EventKind::ToolStarted { call, parent, name, input, changed } => {
                self.progressed(at);
                self.tool_started(call, parent.as_ref(), name, input, at);
                self.transcript.change_call(call, |call| call.changed = *changed);
            }
            EventKind::ToolEnded { call, outcome, output } => {
                self.hear(at);
                self.tool_ended(call, *outcome, output, at);
            }

            EventKind::CallJudged { .. } => self.hear(at),
            EventKind::HookActed { call, mark } => self.hook_acted(call.as_ref(), mark, at),
            EventKind::HookWaits { call, hook } => self.hook_waits(call, hook.as_ref(), at),

            EventKind::ApprovalAsked(approval) => {
                self.hear(at);
                if let Some(call) = &approval.call {
                    self.transcript.change_call(call, |call| call.begin_wait(at));
                }
                if self.approvals.iter().all(|open| open.approval.id != approval.id) {
                    self.approvals.push(OpenApproval { approval: (**approval).clone(), state: ApprovalState::Pending });
                }
                self.settle_waits(at);
            }
            EventKind::ApprovalClaimed { approval, by } => {
                if let Some(open) = self.approvals.iter_mut().find(|open| open.approval.id == *approval) {
                    open.state = ApprovalState::Claimed { by: by.clone() };
                }
            }
            EventKind::ApprovedByPolicy { call, rule } => {
                self.hear(at);
                let by = Surface::Policy(rule.clone());
                let verdict = Verdict { decision: Decision::allow_once(), by, after_ms: 0 };
                self.transcript.change_call(call, |call| {
                    call.begins_not_before(at);
                    call.verdict = Some(verdict);
                });
            }
            EventKind::DeniedByPolicy { call, rule, message } => {
                self.hear(at);
                let by = Surface::Policy(rule.clone());
                let verdict = Verdict { decision: Decision::deny(message.as_str()), by, after_ms: 0 };
                self.transcript.change_call(call, |call| call.verdict = Some(verdict));
            }
            EventKind::ApprovalResolved { approval, verdict } => self.approval_resolved(*approval, verdict, at),
            EventKind::ApprovalWithdrawn { approval, .. } => {
                if let Some(open) = self.take_approval(*approval) {
                    self.unwait(open.approval.call.as_ref(), at);
                    self.settle_waits(at);
                }
            }

            EventKind::ModeChanged(mode) => self.mode = *mode,
            EventKind::ModelChanged(model) => self.model = Some(model.clone()),
            EventKind::TokensCounted(tokens) => self.usage.current = *tokens,
            EventKind::ContextMeasured(context) => self.usage.context = Some(*context),
            EventKind::Retrying { attempt, max, delay_ms, trouble } => {
                self.hear(at);
                let until = Timestamp(at.0.saturating_add(i64::try_from(*delay_ms).unwrap_or(i64::MAX)));
                let retry = Retry { attempt: *attempt, max: *max, until, trouble: trouble.clone(), over: false };
                match self.open_cell(|body| matches!(body, CellBody::Retry(_))) {
                    Some(id) => self.transcript.change_at(id, |cell| cell.body = CellBody::Retry(retry)),
                    None => {
                        self.transcript.push(at, None, CellBody::Retry(retry));
                    }
                }
            }
            EventKind::CompactionStarted => {
                self.hear(at);
                if self.open_cell(|body| matches!(body, CellBody::Compaction(_))).is_none() {
                    let compaction = Compaction {
                        automatic: false,
                        tokens_before: None,
                        tokens_after: None,
                        done: false,
                        summary: None,
                    };
                    self.transcript.push(at, None, CellBody::Compaction(compaction));
                }
            }
            EventKind::Compacted { automatic, tokens_before, tokens_after } => {
                self.hear(at);
                let compaction = Compaction {
                    automatic: *automatic,
                    tokens_before: *tokens_before,
                    tokens_after: *tokens_after,
                    done: true,
                    summary: None,
                };
                match self.open_cell(|body| matches!(body, CellBody::Compaction(_))) {
                    Some(id) => self.transcript.change_at(id, |cell| cell.body = CellBody::Compaction(compaction)),
                    None => {
                        self.transcript.push(at, None, CellBody::Compaction(compaction));
                    }
                }
            }
            EventKind::CompactionSummary { text } => {
                let last = self.transcript.find_last(20, |cell| matches!(cell.body, CellBody::Compaction(_)));
                if let Some(id) = last {
                    self.transcript.change_at(id, |cell| {
                        if let CellBody::Compaction(compaction) = &mut cell.body {
                            compaction.summary = Some(text.clone());
                        }
                    });
                }
            }

            EventKind::TaskStarted { task, call, kind, description } => {
                self.hear(at);
                self.task_started(task, call.as_ref(), kind, description, at);
            }
            EventKind::TaskProgress { task, report } => {
                self.hear(at);
                self.task_progressed(task, report);
            }
            EventKind::TaskEnded { task, state, report } => {
                self.hear(at);
                self.task_ended(task, *state, report, at);
            }
            EventKind::TasksListed(running) => {
                self.hear(at);
                let ended: Vec<TaskId> = self
                    .running_tasks()
                    .filter(|task| !running.contains(&task.id))
                    .map(|task| task.id.clone())
                    .collect();
                for task in ended {
                    self.task_ended(&task, TaskState::Done, &TaskReport::default(), at);
                }
            }

            // One inside another is never told.
            EventKind::Past { .. } => {}
            EventKind::Followed(followed) => {
                self.followed.clone_from(followed);
                self.hear(at);
            }

            EventKind::Noted(notice) => {
                self.transcript.push(at, None, CellBody::Notice(notice.clone()));
            }
        }
    }

    pub(super) fn hear(&mut self, at: Timestamp) {
        self.heard = self.heard.max(at);
        self.stalled = false;
    }

    /// The model or a tool moves again: a retry that was shown has succeeded.
    fn progressed(&mut self, at: Timestamp) {
        self.hear(at);
        self.close_retries();
    }

    fn close_retries(&mut self) {
        if let Some(id) = self.open_cell(|body| matches!(body, CellBody::Retry(_))) {
            self.transcript.change_at(id, |cell| {
                if let CellBody::Retry(retry) = &mut cell.body {
                    retry.over = true;
                }
            });
        }
    }

    /// The newest cell of a kind that is still open. Such cells are among the last few, or over.
    fn open_cell(&self, wanted: impl Fn(&CellBody) -> bool) -> Option<CellId> {
        const REACH: usize = 8;
        self.transcript.find_last(REACH, |cell| {
            let open = match &cell.body {
                CellBody::Retry(retry) => !retry.over,
                CellBody::Compaction(compaction) => !compaction.done,
                _ => false,
            };
            open && wanted(&cell.body)
        })
    }

    fn prompt_line(&self, id: &crate::core::ids::PromptId) -> Option<String> {
        let wanted =
            |cell: &crate::core::cell::Cell| matches!(&cell.body, CellBody::Prompt(prompt) if prompt.id == *id);
        let cell = self.transcript.get(self.transcript.find_last(200, wanted)?)?;
        match &cell.body {
            CellBody::Prompt(prompt) => Some(title_of(&prompt.shown())),
            _ => None,
        }
    }

    fn prompt_sent(&mut self, prompt: &Prompt, at: Timestamp) {
        let is_comment = matches!(prompt.origin, PromptOrigin::Comment(_) | PromptOrigin::Scheduled);
        if !self.titled && !is_comment && !prompt.text.trim_start().starts_with('/') {
            let title = title_of(&prompt.shown());
            if !title.is_empty() {
                self.title = title;
                self.titled = true;
            }
        }
        self.transcript.push(at, None, CellBody::Prompt(prompt.clone()));
        if let ProcessState::Exited(exit) = &mut self.process {
            exit.trouble = None;
        }
    }

    fn turn_ended(&mut self, end: TurnEnd, at: Timestamp) {
        self.hear(at);
        self.usage.tokens = self.usage.tokens.plus(end.tokens);
        self.usage.current = Tokens::default();
        self.usage.cost_usd += end.cost_usd;
        self.close_open_cells(at, Remains::Background);
        self.transcript.push(at, None, CellBody::TurnEnd(end.clone()));
        self.last_turn = Some(end);
        self.turn = None;
    }

    fn exited(&mut self, exit: &Exit, at: Timestamp) {
        // The question about the folder is the session's own, with a process or without.
        let is_of_session = |open: &OpenApproval| matches!(open.approval.ask, Ask::Trust(_));
        let (kept, ended): (Vec<_>, Vec<_>) = std::mem::take(&mut self.approvals).into_iter().partition(is_of_session);
        self.approvals = kept;
        for open in ended {
            self.unwait(open.approval.call.as_ref(), at);
        }
        self.settle_waits(at);
        self.close_open_cells(at, Remains::Nothing);
        for task in self.tasks.iter_mut().filter(|task| task.state == TaskState::Running) {
            task.state = TaskState::Stopped;
            task.ended = Some(at);
        }
        if let Some(turn) = self.turn.take() {
            let outcome = match &exit.trouble {
                Some(trouble) => TurnOutcome::Failed(trouble.clone()),
                None => TurnOutcome::Interrupted,
            };
            let end = TurnEnd {
                turn: turn.id,
                outcome,
                duration_ms: at.millis_since(turn.started),
                tokens: self.usage.current,
                cost_usd: 0.0,
                n_calls: turn.n_calls,
                text: None,
            };
            self.usage.tokens = self.usage.tokens.plus(end.tokens);
            self.usage.current = Tokens::default();
            self.transcript.push(at, None, CellBody::TurnEnd(end.clone()));
            self.last_turn = Some(end);
        } else if let Some(trouble) = &exit.trouble {
            let notice =
                Notice::error(format!("{} {}", trouble.headline(), trouble.advice())).with_detail(trouble.raw.clone());
            self.transcript.push(at, None, CellBody::Notice(notice));
        }
        self.stalled = false;
        self.process = ProcessState::Exited(exit.clone());
    }

    /// No spinner runs for ever: at the end of a turn whatever has no result gets none any more, except
    /// what goes on in the background.
    fn close_open_cells(&mut self, at: Timestamp, remains: Remains) {
        for id in self.transcript.open_cells() {
            if remains == Remains::Background && self.is_background(id) {
                continue;
            }
            self.transcript.change_at(id, |cell| match &mut cell.body {
                CellBody::Block(block) => block.done = true,
                CellBody::Tool(call) => call.end(ToolOutcome::Cut, at),
                CellBody::Retry(retry) => retry.over = true,
                CellBody::Compaction(compaction) => compaction.done = true,
                CellBody::Prompt(_) | CellBody::Notice(_) | CellBody::TurnEnd(_) => {}
            });
        }
    }

    /// Whether a cell is, or belongs to, a call whose task goes on after the turn.
    fn is_background(&self, id: CellId) -> bool {
        let Some(cell) = self.transcript.get(id) else { return false };
        let mut call = match &cell.body {
            CellBody::Tool(call) => Some(&**call),
            _ => None,
        };
        let mut parent = cell.parent.as_ref();
        // The depth is bounded by the transcript's own u8.
        for _ in 0..=u8::MAX {
            if call.is_some_and(|call| self.runs_in_background(call)) {
                return true;
            }
            let Some(above) = parent else { return false };
            call = self.transcript.call(above);
            parent = call.and_then(|call| self.parent_of(&call.id));
        }
        false
    }

    pub(super) fn runs_in_background(&self, call: &ToolCall) -> bool {
        call.state == ToolState::Background
            || call.task.as_ref().is_some_and(|id| self.running_tasks().any(|task| task.id == *id))
    }

    fn parent_of(&self, id: &ToolCallId) -> Option<&ToolCallId> {
        self.transcript.cell_of(id)?.parent.as_ref()
    }
}

/// What may stay open when cells are closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remains {
    Background,
    Nothing,
}
