//! Answers to our own requests.

use serde_json::Value;

use super::Machine;
use super::lifecycle::Life;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::TaskId;
use crate::core::permission::PermissionMode;
use crate::core::session::CliInfo;
use crate::core::session::ModelChoice;
use crate::core::session::SlashCommand;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::core::usage::ContextUse;
use crate::engine::spawn::normal_model;
use crate::engine::unasked::unasked;
use crate::translate::bound;
use crate::wire::inbound::control::ControlResponse;
use crate::wire::inbound::control::Outcome;
use crate::wire::inbound::replies::ContextUsageReply;
use crate::wire::inbound::replies::InitializeReply;
use crate::wire::inbound::system;
use crate::wire::inbound::words;
use crate::wire::outbound::ClientRequest;

/// Models, and slash commands, that a person can choose from.
const MAX_CHOICES: usize = 1000;
/// Bytes of one description.
const MAX_DESCRIPTION: usize = 1000;

/// What a request of ours was about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Initialize { mode: Option<PermissionMode>, model: Option<String> },
    Interrupt,
    SetMode(PermissionMode),
    SetModel(String),
    Context,
    Settings,
    StopTask,
    TaskOutput(TaskId),
}

impl Machine {
    pub(super) fn response(&mut self, response: ControlResponse) {
        // An id that is not ours: the CLI repeats our own answers in some modes.
        let Some(asked) = self.requests.remove(&response.request_id) else { return };
        for request in response.pending {
            self.control_request(request);
        }
        match (asked, response.outcome) {
            (Asked::Initialize { mode, model }, Outcome::Success(payload)) => {
                self.ready(&InitializeReply::from_payload(payload), mode, model.as_ref());
            }
            (Asked::Initialize { .. }, Outcome::Error { message, .. }) => {
                self.stop(Some(Trouble::new(TroubleKind::CliTooOld, message)));
            }
            // The end of the turn tells; when it does not come, a deadline does.
            (Asked::Interrupt | Asked::StopTask, Outcome::Success(_)) => {}
            (Asked::Interrupt, Outcome::Error { message, .. }) => tracing::debug!(message, "interrupt refused"),
            (Asked::SetMode(mode), Outcome::Success(_)) => {
                if self.mode != Some(mode) {
                    self.mode = Some(mode);
                    self.emit(EventKind::ModeChanged(mode));
                }
            }
            // A process that was started without it may not take it up: it must be started anew.
            (Asked::SetMode(PermissionMode::BypassPermissions), Outcome::Error { .. }) => {
                self.restart_in = Some(PermissionMode::BypassPermissions);
                self.restart_if_due();
            }
            (Asked::SetMode(mode), Outcome::Error { message, .. }) => {
                self.refused(&format!("The CLI refused the mode {}.", mode.as_str()), message);
            }
            (Asked::SetModel(model), Outcome::Success(_)) => {
                self.model = Some(model.clone());
                self.emit(EventKind::ModelChanged(model));
            }
            (Asked::SetModel(model), Outcome::Error { message, .. }) => {
                self.refused(&format!("The CLI refused the model {model}."), message);
            }
            (Asked::Context, Outcome::Success(payload)) => {
                let reply = ContextUsageReply::from_payload(payload);
                let limit = if reply.raw_max_tokens > 0 { reply.raw_max_tokens } else { reply.max_tokens };
                self.emit(EventKind::ContextMeasured(ContextUse { tokens: reply.total_tokens, limit }));
            }
            (Asked::Settings, Outcome::Success(payload)) => self.tell_unasked(&payload),
            (Asked::Settings, Outcome::Error { message, .. }) => tracing::debug!(message, "no settings told"),
            (Asked::Context, Outcome::Error { message, .. }) => {
                self.refused("This CLI does not tell how full the context is.", message);
            }
            (Asked::TaskOutput(task), Outcome::Success(payload)) => self.task_output(&task, Ok(payload)),
            (Asked::TaskOutput(task), Outcome::Error { message, .. }) => self.task_output(&task, Err(message)),
            (Asked::StopTask, Outcome::Error { message, .. }) => {
                self.refused("The task could not be stopped.", message);
            }
        }
    }

    /// Starts the process anew for a mode that it only takes at its start, once no turn is cut by that.
    pub(super) fn restart_if_due(&mut self) {
        let Some(mode) = self.restart_in.filter(|_| matches!(self.life, Life::Up)) else { return };
        if self.turn.is_some() {
            let text = format!("The mode {} begins after this turn.", mode.as_str());
            self.emit(EventKind::Noted(Notice::info(text)));
            return;
        }
        self.restart_in = None;
        self.mode = Some(mode);
        self.emit(EventKind::ModeChanged(mode));
        self.stop(None);
    }

    /// Says what in the settings keeps requests from the person; each once.
    fn tell_unasked(&mut self, settings: &Value) {
        for text in unasked(settings) {
            if !self.unasked_told.contains(&text) {
                self.unasked_told.push(text.clone());
                self.emit(EventKind::Noted(Notice::warning(text)));
            }
        }
    }

    fn refused(&mut self, text: &str, detail: String) {
        self.emit(EventKind::Noted(Notice::warning(text).with_detail(detail)));
    }

    fn ready(&mut self, reply: &InitializeReply, mode: Option<PermissionMode>, model: Option<&String>) {
        if !matches!(self.life, Life::Starting { .. }) {
            return;
        }
        self.life = Life::Up;
        self.idle_since = self.now.mono;
        self.cli = CliInfo {
            version: reply.claude_code_version.clone(),
            pid: reply.pid.and_then(|pid| u32::try_from(pid).ok()),
            models: reply
                .models
                .iter()
                .take(MAX_CHOICES)
                .map(|model| ModelChoice {
                    value: model.value.clone(),
                    label: bound::word(&model.display_name),
                    description: bound::word(&model.description),
                })
                .collect(),
            commands: commands(&reply.commands),
        };
        self.emit(EventKind::Ready(self.cli.clone()));
        self.request(ClientRequest::GetSettings, Asked::Settings);
        // What was chosen while it started could not be on its command line any more.
        if self.mode != mode
            && let Some(mode) = self.mode
        {
            let request = ClientRequest::SetPermissionMode { mode: words::PermissionMode::from(mode.as_str()) };
            self.request(request, Asked::SetMode(mode));
        }
        if self.model.as_ref() != model
            && let Some(model) = self.model.clone()
        {
            let name = normal_model(&model, self.config.claude.raw_model_names);
            self.request(ClientRequest::SetModel { model: Some(name) }, Asked::SetModel(model));
        }
        self.advance();
    }

    pub(super) fn commands_changed(&mut self, list: &[system::SlashCommand]) {
        self.cli.commands = commands(list);
        if matches!(self.life, Life::Up) {
            self.emit(EventKind::Ready(self.cli.clone()));
        }
    }
}

/// Names that a command has besides its own.
const MAX_ALIASES: usize = 8;

fn commands(list: &[system::SlashCommand]) -> Vec<SlashCommand> {
    list.iter()
        .take(MAX_CHOICES)
        .map(|command| SlashCommand {
            name: bound::word(&command.name),
            aliases: command.aliases.iter().take(MAX_ALIASES).map(|alias| bound::word(alias)).collect(),
            description: bound::cut(&command.description, MAX_DESCRIPTION),
            argument_hint: bound::word(&command.argument_hint),
        })
        .collect()
}
