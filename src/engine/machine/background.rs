//! What goes on in the background: what it prints, what stops it, what an interrupt does to it.
//!
//! Invariants: what is read of an output is its end, and bounded; a file is read only where this CLI has no request for
//! it, and only the one that the CLI itself named when it began to write it.

use std::path::PathBuf;

use serde_json::Value;

use super::Asked;
use super::Effect;
use super::Machine;
use super::lifecycle::Life;
use crate::core::cell::Notice;
use crate::core::change::CliRules;
use crate::core::event::EventKind;
use crate::core::ids::TaskId;
use crate::core::task::MAX_OUTPUT;
use crate::core::task::TaskReport;
use crate::wire::outbound::ClientRequest;

/// Files of outputs that are remembered.
const MAX_FILES: usize = 256;

impl Machine {
    /// Asks for what a task has printed. What a sub-agent does stands in the timeline as it comes.
    pub(super) fn read_task(&mut self, task: &TaskId) {
        let is_agent = self.translator.task(&task.0).is_some_and(|known| known.kind.is_some());
        if is_agent || !matches!(self.life, Life::Up) {
            return;
        }
        if self.reads_task_files {
            self.read_task_file(task);
        } else {
            let request = ClientRequest::GetTaskOutput { task_id: task.0.to_string() };
            self.request(request, Asked::TaskOutput(task.clone()));
        }
    }

    /// The CLI's answer. Older ones know no such request: they have the output in a file.
    pub(super) fn task_output(&mut self, task: &TaskId, answer: Result<Value, String>) {
        match answer {
            Ok(payload) => {
                let text = payload.get("output").and_then(Value::as_str).unwrap_or_default();
                self.task_printed(task, text);
            }
            Err(message) if message.to_lowercase().contains("unsupported") => {
                self.reads_task_files = true;
                self.read_task_file(task);
            }
            Err(message) => tracing::debug!(%task, message, "no output of a task"),
        }
    }

    fn read_task_file(&mut self, task: &TaskId) {
        if let Some(file) = self.task_files.get(task) {
            self.effects.push(Effect::ReadTask { task: task.clone(), file: file.clone() });
        }
    }

    pub(super) fn task_printed(&mut self, task: &TaskId, text: &str) {
        if text.is_empty() {
            return;
        }
        let start = text.ceil_char_boundary(text.len().saturating_sub(MAX_OUTPUT));
        let report = TaskReport { output: Some(text[start..].to_owned()), ..TaskReport::default() };
        self.emit(EventKind::TaskProgress { task: task.clone(), report });
    }

    /// Notes where a shell writes, and asks once more for what it printed when it is over.
    pub(super) fn follow_background(&mut self, event: &EventKind) {
        match event {
            EventKind::ToolEnded { output, .. } => {
                let Some((task, file)) = launched(&output.text) else { return };
                if self.task_files.len() < MAX_FILES && self.translator.task(&task.0).is_some() {
                    self.task_files.entry(task).or_insert(file);
                }
            }
            EventKind::TaskEnded { task, .. } if self.task_files.contains_key(task) => self.read_task(&task.clone()),
            _ => {}
        }
    }

    /// Older CLIs end background agents with an interrupt, whatever is declared.
    pub(super) fn tell_of_agents_that_end(&mut self) {
        let version = self.cli.version.clone().unwrap_or_default();
        let agents = self.translator.background_agents();
        if agents.is_empty() || !CliRules::of(Some(&version)).is_old() {
            return;
        }
        let text = format!(
            "This Claude Code ({version}) ends agents in the background with an interrupt: {}. Newer ones leave them alone.",
            agents.join("; ")
        );
        self.emit(EventKind::Noted(Notice::warning(text)));
    }
}

/// The id of a shell in the background and the file that it writes to, as its launch tells them.
fn launched(text: &str) -> Option<(TaskId, PathBuf)> {
    let rest = text.strip_prefix("Command running in background with ID: ")?;
    let (id, rest) = rest.split_once(['.', '\n', ' '])?;
    let (_, rest) = rest.split_once("Output is being written to: ")?;
    let path = rest.lines().next()?.trim();
    // A sentence may follow on the same line.
    let path = path.split_once(". ").map_or(path, |(path, _)| path);
    path.starts_with('/').then(|| (TaskId::from(id), PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_names_its_file() {
        let said = |text: &str| launched(text).map(|(id, file)| format!("{id} {}", file.display()));
        let text = "Command running in background with ID: b1x. Output is being written to: /tmp/t/b1x.output";
        assert_eq!(said(text).as_deref(), Some("b1x /tmp/t/b1x.output"));
        let more = format!("{text}. You will be told when it is over.");
        assert_eq!(said(&more).as_deref(), Some("b1x /tmp/t/b1x.output"));
        for other in [
            "",
            "done",
            "Output is being written to: /etc/passwd",
            "x Command running in background with ID: a. Output is being written to: /b",
        ] {
            assert_eq!(said(other), None);
        }
    }
}
