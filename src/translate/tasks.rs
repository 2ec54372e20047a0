//! Lines about background tasks and sub-agents.

use std::collections::BTreeMap;

use super::Output;
use super::Translator;
use super::bound;
use crate::core::event::EventKind;
use crate::core::ids::TaskId;
use crate::core::ids::ToolCallId;
use crate::core::task::TaskReport;
use crate::core::task::TaskState;
use crate::wire::inbound::tasks::BackgroundTasksChanged;
use crate::wire::inbound::tasks::TaskNotification;
use crate::wire::inbound::tasks::TaskProgress;
use crate::wire::inbound::tasks::TaskStarted;
use crate::wire::inbound::tasks::TaskUpdated;
use crate::wire::inbound::tasks::TaskUsage;
use crate::wire::inbound::words::TaskStatus;

/// Tasks that are remembered for the labels of approvals.
const MAX_TASKS: usize = 512;
const MAX_SUMMARY: usize = 4 << 10;

/// A task as far as its lines have told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KnownTask {
    pub(crate) description: String,
    /// The sub-agent's type.
    pub(crate) kind: Option<String>,
    running: bool,
    /// The call that began it, and that this call has returned.
    call: Option<String>,
    is_background: bool,
    /// It stood in a list of background tasks: when it is no longer in one, it has ended.
    listed: bool,
    /// It only waits for its time.
    waits: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tasks {
    known: BTreeMap<String, KnownTask>,
}

impl Tasks {
    pub(super) fn get(&self, id: &str) -> Option<&KnownTask> {
        self.known.get(id)
    }

    pub(super) fn any_running(&self) -> bool {
        self.known.values().any(|task| task.running)
    }

    /// Sub-agents that go on after their call, in words.
    pub(super) fn background_agents(&self) -> Vec<String> {
        let is_one = |task: &&KnownTask| task.running && task.is_background && task.kind.is_some();
        self.known.values().filter(is_one).map(|task| task.description.clone()).collect()
    }

    /// A call has returned, and its sub-agent goes on.
    pub(super) fn goes_on(&mut self, call: &str) {
        for task in self.known.values_mut().filter(|task| task.call.as_deref() == Some(call)) {
            task.is_background = true;
        }
    }

    /// A wake-up or a schedule of the model: it waits, and is in no list of the CLI's.
    pub(super) fn wait(&mut self, id: &str, description: &str) {
        let task = self.entry(id);
        task.running = true;
        task.waits = true;
        description.clone_into(&mut task.description);
    }

    /// Whether such a thing still waited.
    pub(super) fn end_waiting(&mut self, id: &str) -> bool {
        self.known.get_mut(id).is_some_and(|task| std::mem::take(&mut task.running))
    }

    /// Whether something runs that an end of the process would cut off.
    pub(super) fn any_working(&self) -> bool {
        self.known.values().any(|task| task.running && !task.waits)
    }

    fn entry(&mut self, id: &str) -> &mut KnownTask {
        if self.known.len() >= MAX_TASKS {
            self.known.retain(|_, task| task.running);
        }
        self.known.entry(id.to_owned()).or_default()
    }
}

fn report(usage: Option<&TaskUsage>, last: Option<String>) -> TaskReport {
    TaskReport {
        tool_uses: usage.map(|usage| usage.tool_uses),
        tokens: usage.map(|usage| usage.total_tokens),
        last: last.filter(|text| !text.is_empty()).map(|text| bound::cut(&text, MAX_SUMMARY)),
        output: None,
    }
}

fn ended(status: &TaskStatus) -> Option<TaskState> {
    match status {
        TaskStatus::Completed => Some(TaskState::Done),
        TaskStatus::Failed => Some(TaskState::Failed),
        TaskStatus::Killed | TaskStatus::Stopped => Some(TaskState::Stopped),
        TaskStatus::Pending | TaskStatus::Running | TaskStatus::Paused | TaskStatus::Other(_) => None,
    }
}

impl Translator {
    pub(super) fn task_started(&mut self, line: TaskStarted, output: &mut Output) {
        if line.ambient {
            return;
        }
        let description = bound::cut(&line.description, MAX_SUMMARY);
        let task = self.tasks.entry(&line.task_id);
        task.running = true;
        task.description.clone_from(&description);
        task.kind = line.subagent_type.as_deref().map(bound::word);
        task.call.clone_from(&line.tool_use_id);
        output.push(EventKind::TaskStarted {
            task: TaskId::from(line.task_id.as_str()),
            call: line.tool_use_id.as_deref().map(ToolCallId::from),
            kind: line.subagent_type.or(line.task_type).map_or_else(|| "task".into(), |kind| bound::word(&kind)),
            description,
        });
    }

    pub(super) fn task_progress(line: &TaskProgress, output: &mut Output) {
        let last = line.last_tool_name.clone().or_else(|| line.summary.clone());
        output.push(EventKind::TaskProgress {
            task: TaskId::from(line.task_id.as_str()),
            report: report(line.usage.as_ref(), last),
        });
    }

    pub(super) fn task_updated(&mut self, line: TaskUpdated, output: &mut Output) {
        let Some(state) = line.patch.status.as_ref().and_then(ended) else { return };
        self.task_over(&line.task_id, state, report(None, line.patch.error), output);
    }

    pub(super) fn task_notification(&mut self, line: TaskNotification, output: &mut Output) {
        let state = line.status.as_ref().and_then(ended).unwrap_or(TaskState::Done);
        self.task_over(&line.task_id, state, report(line.usage.as_ref(), Some(line.summary)), output);
    }

    fn task_over(&mut self, id: &str, state: TaskState, report: TaskReport, output: &mut Output) {
        if let Some(task) = self.tasks.known.get_mut(id) {
            task.running = false;
        }
        output.push(EventKind::TaskEnded { task: TaskId::from(id), state, report });
    }

    /// The list names only what runs in the background: a sub-agent in the foreground is not in it, and
    /// has not ended for that.
    pub(super) fn tasks_listed(&mut self, line: &BackgroundTasksChanged, output: &mut Output) {
        for task in &line.tasks {
            if task.ambient {
                continue;
            }
            let known = self.tasks.entry(&task.task_id);
            if known.description.is_empty() {
                known.description = bound::cut(&task.description, MAX_SUMMARY);
                known.kind = task.subagent_type.as_deref().map(bound::word);
            }
            known.running = true;
            known.listed = true;
        }
        let is_listed = |id: &str| line.tasks.iter().any(|task| task.task_id == id);
        for (id, task) in &mut self.tasks.known {
            task.running &= !task.listed || is_listed(id);
        }
        let running = self.tasks.known.iter().filter(|(_, task)| task.running);
        output.push(EventKind::TasksListed(running.map(|(id, _)| TaskId::from(id.as_str())).collect()));
    }
}
