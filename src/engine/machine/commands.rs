//! What surfaces ask for.

use super::Asked;
use super::Ending;
use super::Machine;
use super::lifecycle::Life;
use crate::core::cell::Notice;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::PromptId;
use crate::core::permission::PermissionMode;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::core::session::title_of;
use crate::engine::spawn::normal_model;
use crate::wire::inbound::words;
use crate::wire::outbound::ClientRequest;

pub(super) fn new_prompt(text: String, origin: PromptOrigin) -> Prompt {
    Prompt::new(PromptId::from(uuid::Uuid::new_v4().to_string().as_str()), text, origin)
}

impl Machine {
    pub(super) fn command(&mut self, command: Command) {
        self.idle_since = self.now.mono;
        match command {
            // The hub makes sessions.
            Command::Open { .. } => {}
            Command::Close { .. } => {
                if !self.refuse_close() {
                    self.end(Ending::Close);
                }
            }
            Command::LookAtWorktree { .. } => self.look_at_tree(),
            Command::RemoveWorktree { seen, named, by, .. } => self.remove_tree(seen, named, by),
            Command::RestoreWorktree { by, .. } => self.restore_tree(by),
            Command::Rename { title, .. } => {
                self.given_title = Some(title.clone());
                self.emit(EventKind::Renamed { title });
            }
            Command::Send { text, how, by, id, images, .. } => {
                let prompt = Prompt { images, ..new_prompt(text, PromptOrigin::Surface(by)) };
                // The CLI takes nothing but a UUID for a name.
                let id = id.filter(|id| uuid::Uuid::parse_str(&id.0).is_ok());
                self.send(Prompt { id: id.unwrap_or_else(|| prompt.id.clone()), ..prompt }, how);
            }
            Command::EditQueued { prompt, text, .. } => {
                let there = self.queue.edit(&prompt, text);
                self.expect_queued(there);
            }
            Command::DropQueued { prompt, .. } => {
                let there = self.queue.take(&prompt).is_some();
                self.expect_queued(there);
            }
            // At an end of the queue there is nothing to do and nothing to say.
            Command::MoveQueued { prompt, way, .. } => drop(self.queue.shift(&prompt, way)),
            Command::Interrupt { .. } => self.interrupt_or_stop(),
            Command::Stop { .. } => {
                self.cancel_resume();
                self.wanted = false;
                self.stop(None);
            }
            Command::Retry { .. } => self.retry(),
            Command::SuggestTitle { title, .. } => {
                let title = title_of(&title);
                if self.given_title.is_none() && !title.is_empty() {
                    self.emit(EventKind::TitleSuggested { title });
                }
            }
            Command::SetGoesOn { goes_on, .. } => self.set_goes_on(goes_on),
            Command::SetMode { mode, .. } => self.set_mode(mode),
            Command::SetModel { model, .. } => self.set_model(model),
            Command::Answer { approval, decision, by, .. } => self.decide(approval, *decision, by),
            Command::ReadTask { task, .. } => self.read_task(&task),
            Command::StopTask { task, .. } => {
                if self.expect_process() {
                    let task_id = task.0.to_string();
                    self.request(ClientRequest::StopTask { task_id }, Asked::StopTask);
                }
            }
            Command::Revoke { grant, by, .. } => self.revoke(grant, &by),
            Command::Renew { .. } => self.renew(),
            Command::Follow { .. } => self.follow(),
            Command::TakeOver { .. } => self.take_over(),
            Command::MeasureContext { .. } => {
                if self.expect_process() {
                    self.request(ClientRequest::GetContextUsage, Asked::Context);
                }
            }
        }
    }

    fn send(&mut self, prompt: Prompt, how: SendHow) {
        if self.ending.is_some() {
            self.emit(EventKind::Noted(Notice::warning("The session is closing: the prompt was not sent.")));
            return;
        }
        if self.refuse_followed() || self.refuse_without_tree() {
            return;
        }
        self.limit_is_over();
        self.interrupt_is_over();
        match how {
            SendHow::Queue => self.queue.push(prompt),
            SendHow::InterruptFirst => {
                self.queue.push_front(prompt);
                self.interrupt();
            }
        }
        self.wanted = true;
        self.advance();
    }

    /// Goes on after an error: with what is queued, else with the last prompt once more.
    fn retry(&mut self) {
        if self.refuse_followed() || self.refuse_without_tree() {
            return;
        }
        self.limit_is_over();
        self.interrupt_is_over();
        if self.turn.is_none() && self.queue.is_empty() {
            let Some(Prompt { text, images, .. }) = self.last_prompt.clone() else { return };
            let again = new_prompt(text, PromptOrigin::Surface(Surface::Terminal));
            self.queue.push(Prompt { images, ..again });
        }
        self.wanted = true;
        self.over_budget = true;
        self.advance();
    }

    fn expect_queued(&mut self, there: bool) {
        if !there {
            self.emit(EventKind::Noted(Notice::warning("That prompt has left the queue already.")));
        }
    }

    fn expect_process(&mut self) -> bool {
        let is_up = matches!(self.life, Life::Up);
        if !is_up {
            self.emit(EventKind::Noted(Notice::info("The session's process does not run; a prompt starts it.")));
        }
        is_up
    }

    /// Interrupts the turn; while the process is still starting, that means not to start.
    fn interrupt_or_stop(&mut self) {
        self.cancel_resume();
        if self.turn.is_some() {
            self.hold_queue();
            self.interrupt();
        } else if matches!(self.life, Life::Starting { .. }) {
            self.wanted = false;
            self.stop(None);
        }
    }

    fn set_mode(&mut self, mode: PermissionMode) {
        self.restart_in = None;
        match self.life {
            Life::Up => {
                let request = ClientRequest::SetPermissionMode { mode: words::PermissionMode::from(mode.as_str()) };
                self.request(request, Asked::SetMode(mode));
            }
            // One that is starting is asked as soon as it listens.
            Life::Absent | Life::Starting { .. } | Life::Stopping(_) => {
                self.mode = Some(mode);
                self.emit(EventKind::ModeChanged(mode));
            }
        }
    }

    fn set_model(&mut self, model: String) {
        if matches!(self.life, Life::Up) {
            let name = normal_model(&model, self.config.claude.raw_model_names);
            self.request(ClientRequest::SetModel { model: Some(name) }, Asked::SetModel(model));
        } else {
            self.model = Some(model.clone());
            self.emit(EventKind::ModelChanged(model));
        }
    }
}
