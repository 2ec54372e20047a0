//! Tasks: sub-agents, shells that go on in the background after their call has returned, and the turns that follow their end.

use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use serde_json::json;

use super::player::INTERRUPTED;
use super::player::Player;
use super::player::Stop;
use super::script::Agent;
use super::script::Background;

/// One that has not ended.
#[derive(Debug)]
pub(super) struct Running {
    id: String,
    call: String,
    until: Instant,
    work: Background,
}

impl Player {
    pub(super) fn begin_background(&mut self, work: &Background) {
        let input = json!({"command": work.command, "description": work.description, "run_in_background": true});
        let call = self.call("Bash", &input);
        let id = self.id("shell");
        let file = std::env::temp_dir().join(format!("{id}.output"));
        self.system(
            "task_started",
            json!({"task_id": id, "tool_use_id": call, "description": work.description, "task_type": "local_bash"}),
        );
        let text =
            format!("Command running in background with ID: {id}. Output is being written to: {}", file.display());
        self.result(&call, &text, &json!({"backgroundTaskId": id}), false);
        let until = Instant::now() + Duration::from_millis(work.takes_ms);
        self.background.push(Running { id, call, until, work: work.clone() });
        self.list_background();
    }

    fn list_background(&self) {
        let task = |running: &Running| json!({"task_id": running.id, "task_type": "local_bash", "description": running.work.description});
        let tasks: Vec<Value> = self.background.iter().map(task).collect();
        self.system("background_tasks_changed", json!({ "tasks": tasks }));
    }

    /// When the next one ends by itself.
    pub(super) fn next_background(&self) -> Option<Instant> {
        self.background.iter().map(|running| running.until).min()
    }

    /// Ends what is due; a turn follows that nobody asked for.
    pub(super) fn end_due_background(&mut self) {
        let now = Instant::now();
        while let Some(place) = self.background.iter().position(|running| running.until <= now) {
            let running = self.background.remove(place);
            self.end_background(&running, "completed");
            self.own_turn(&running.work.then);
        }
    }

    fn end_background(&self, running: &Running, status: &str) {
        let patch = if status == "completed" { "completed" } else { "killed" };
        self.system("task_updated", json!({"task_id": running.id, "patch": {"status": patch}}));
        self.system(
            "task_notification",
            json!({"task_id": running.id, "tool_use_id": running.call, "status": status,
                "summary": format!("{} has ended", running.work.description), "output_file": ""}),
        );
        self.list_background();
    }

    pub(super) fn stop_background(&mut self, id: &str) {
        if let Some(place) = self.background.iter().position(|running| running.id == id) {
            let running = self.background.remove(place);
            self.end_background(&running, "stopped");
        }
    }

    /// What one has printed, or that there is no such task.
    pub(super) fn output_of(&self, id: &str) -> Option<Value> {
        let running = self.background.iter().find(|running| running.id == id)?;
        let output = &running.work.output;
        Some(json!({"output": output, "total_bytes": output.len(), "truncated": false}))
    }

    pub(super) fn agent(&mut self, agent: &Agent) -> Result<(), Stop> {
        let input = json!({"description": agent.description, "subagent_type": agent.kind, "prompt": agent.description});
        let call = self.call("Agent", &input);
        let task = self.id("task");
        let about = json!({"task_id": task, "tool_use_id": call, "description": agent.description,
            "subagent_type": agent.kind, "task_type": "local_agent"});
        self.system("task_started", about);
        let above = self.parent.replace(call.clone());
        let stop = self.steps(&agent.steps);
        self.parent = above;
        let status = if stop.is_ok() { "completed" } else { "stopped" };
        self.system(
            "task_notification",
            json!({"task_id": task, "tool_use_id": call, "status": status,
            "summary": agent.result}),
        );
        let text = if stop.is_ok() { agent.result.as_str() } else { INTERRUPTED };
        self.result(&call, text, &Value::Null, stop.is_err());
        stop
    }
}
