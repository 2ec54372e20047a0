//! Turns that the model has begin later: wake-ups (`ScheduleWakeup`) and schedules (`CronCreate`).
//!
//! **For:** telling what waits, as tasks that run until their turn begins. **Not for:** beginning turns: the CLI does.
//!
//! Seen on 2.1.197, 2.1.331 and 2.1.332: the result of `CronCreate` names an id, that of `ScheduleWakeup` a time, which
//! is zero when nothing was scheduled; both die with the process unless they are durable; a new wake-up replaces the one
//! before it.

use serde_json::Value;

use super::Output;
use super::Translator;
use super::bound;
use crate::core::event::EventKind;
use crate::core::figures::count;
use crate::core::ids::TaskId;
use crate::core::ids::ToolCallId;
use crate::core::task::TaskReport;
use crate::core::task::TaskState;
use crate::core::tool::table;

/// What waits, at most.
const MAX_WAITING: usize = 64;
/// Bytes of a prompt that are kept.
const MAX_PROMPT: usize = 4 << 10;
/// There is one wake-up at a time.
const WAKE_UP: &str = "wake-up";

/// One turn that is to begin.
#[derive(Debug, Clone)]
struct Waiting {
    id: String,
    prompt: String,
    recurring: bool,
}

#[derive(Debug, Default)]
pub(super) struct Schedules {
    /// Calls whose results are not there yet.
    made: Vec<(ToolCallId, String, Value)>,
    waiting: Vec<Waiting>,
}

impl Translator {
    /// The model schedules something, or takes it back.
    pub(super) fn schedule_made(&mut self, call: &ToolCallId, name: &str, input: &Value) {
        let is_about_one = table::scheduled_prompt(name, input).is_some()
            || (name == "ScheduleWakeup" && input.get("stop") == Some(&Value::Bool(true)))
            || name == "CronDelete";
        if is_about_one && self.schedules.made.len() < MAX_WAITING {
            self.schedules.made.push((call.clone(), name.to_owned(), input.clone()));
        }
    }

    /// Such a call is over.
    pub(super) fn schedule_told(&mut self, call: &ToolCallId, done: bool, detail: Option<&Value>, output: &mut Output) {
        let Some(place) = self.schedules.made.iter().position(|(made, ..)| made == call) else { return };
        let (_, name, input) = self.schedules.made.remove(place);
        if !done {
            return;
        }
        let detail = detail.unwrap_or(&Value::Null);
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
        match (name.as_str(), table::scheduled_prompt(&name, &input)) {
            ("CronCreate", Some(prompt)) => {
                let Some(id) = text(detail, "id") else { return };
                let recurring = detail.get("recurring").and_then(Value::as_bool).unwrap_or(true);
                let when = text(detail, "humanSchedule").or_else(|| text(&input, "cron")).unwrap_or_default();
                let when = if recurring { when } else { format!("once, {}", when.to_lowercase()) };
                self.wait_for(
                    Waiting { id: format!("schedule {id}"), prompt: prompt.to_owned(), recurring },
                    &when,
                    output,
                );
            }
            ("ScheduleWakeup", Some(prompt)) if is_scheduled(detail) => {
                self.waits_no_more(WAKE_UP, TaskState::Stopped, output);
                let seconds = detail.get("clampedDelaySeconds").or_else(|| input.get("delaySeconds"));
                let seconds = seconds.and_then(Value::as_u64).unwrap_or_default();
                let when = format!("{} from its call", count(seconds, "second", "seconds"));
                self.wait_for(
                    Waiting { id: WAKE_UP.into(), prompt: prompt.to_owned(), recurring: false },
                    &when,
                    output,
                );
            }
            ("ScheduleWakeup", None) => self.waits_no_more(WAKE_UP, TaskState::Stopped, output),
            ("CronDelete", _) => {
                if let Some(id) = text(&input, "id") {
                    self.waits_no_more(&format!("schedule {id}"), TaskState::Stopped, output);
                }
            }
            _ => {}
        }
    }

    fn wait_for(&mut self, waiting: Waiting, when: &str, output: &mut Output) {
        if self.schedules.waiting.len() >= MAX_WAITING {
            return;
        }
        let prompt = bound::cut(&waiting.prompt, MAX_PROMPT);
        let description = format!("{}: {prompt}", bound::word(when));
        self.tasks.wait(&waiting.id, &description);
        let kind = if waiting.id == WAKE_UP { "wake-up" } else { "schedule" };
        let task = TaskId::from(waiting.id.as_str());
        output.push(EventKind::TaskStarted { task, call: None, kind: kind.into(), description });
        self.schedules.waiting.push(waiting);
    }

    fn waits_no_more(&mut self, id: &str, state: TaskState, output: &mut Output) {
        self.schedules.waiting.retain(|waiting| waiting.id != id);
        if self.tasks.end_waiting(id) {
            output.push(EventKind::TaskEnded { task: TaskId::from(id), state, report: TaskReport::default() });
        }
    }

    /// A prompt reached the model that nobody here has sent: whether it is one that was scheduled. One that was for once
    /// waits no more.
    pub(crate) fn woke(&mut self, prompt: &str, output: &mut Output) -> bool {
        let found = self.schedules.waiting.iter().find(|waiting| waiting.prompt.trim() == prompt.trim()).cloned();
        if let Some(waiting) = &found
            && !waiting.recurring
        {
            self.waits_no_more(&waiting.id, TaskState::Done, output);
        }
        found.is_some()
    }
}

/// Older CLIs answer without having scheduled anything.
fn is_scheduled(detail: &Value) -> bool {
    detail.get("scheduledFor").and_then(Value::as_u64).is_none_or(|at| at > 0)
}
