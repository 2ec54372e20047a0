//! Lines of the CLI: what the machine itself acts on, before the rest is translated.

use std::path::Path;
use std::path::PathBuf;

use super::Effect;
use super::Machine;
use super::clock::HEARTBEAT;
use super::trusting::SETTINGS_CALLBACK;
use crate::config::AUTO_ALLOW;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::ConversationId;
use crate::core::permission::PermissionMode;
use crate::engine::process::FromStdout;
use crate::translate::Output;
use crate::translate::coalesce;
use crate::wire::decode::BadLine;
use crate::wire::decode::Decoded;
use crate::wire::inbound::Inbound;
use crate::wire::inbound::Message;
use crate::wire::inbound::System;
use crate::wire::inbound::control::ControlRequest;
use crate::wire::inbound::control::Request;
use crate::wire::inbound::stream;
use crate::wire::inbound::system::Init;
use crate::wire::inbound::turn::TurnResult;
use crate::wire::inbound::words::CommandState;
use crate::wire::outbound::Answer;

impl Machine {
    pub(super) fn lines(&mut self, lines: Vec<FromStdout>) {
        self.last_line = self.now.mono;
        self.stall_told = false;
        let told = self.last_event;
        let n_effects = self.effects.len();
        let mut output = Output::default();
        for line in lines {
            match line {
                FromStdout::Line(Decoded::Message(inbound)) => self.message(*inbound, &mut output),
                FromStdout::Line(Decoded::NotJson(bad) | Decoded::NotObject(bad)) => self.bad_line(bad),
                FromStdout::NotUtf8 { preview } => self.garbage(preview),
                FromStdout::TooLong(bad) => self.too_long(bad),
            }
        }
        self.release(&mut output);
        if self.effects.len() == n_effects && self.now.mono.saturating_sub(told) >= HEARTBEAT {
            self.emit(EventKind::Heard);
        }
    }

    /// Passes on what was translated, before something that must come after it.
    fn release(&mut self, output: &mut Output) {
        for event in coalesce(std::mem::take(&mut output.events)) {
            match &event {
                EventKind::ModeChanged(mode) if self.mode == Some(*mode) => continue,
                EventKind::ModeChanged(mode) => self.mode = Some(*mode),
                _ => {}
            }
            let ended = match &event {
                EventKind::ToolEnded { call, outcome, .. } => Some((call.clone(), *outcome)),
                EventKind::ToolStarted { call, name, .. } => {
                    self.call_is_made(call, name);
                    None
                }
                _ => None,
            };
            let over = ended.as_ref().and_then(|(call, _)| self.change_is_over(call));
            self.follow_servers(&event);
            self.emit(event.clone());
            self.effects.extend(over);
            self.follow_background(&event);
            if let Some((call, outcome)) = ended {
                self.call_is_over(&call, outcome);
            }
        }
        self.effects.extend(output.touched.drain(..).map(Effect::NoteFile));
    }

    fn message(&mut self, inbound: Inbound, output: &mut Output) {
        let Inbound { session_id, mut message, repaired, .. } = inbound;
        if let (true, Message::ControlRequest(request)) = (repaired, &mut message) {
            // What would be sent back is not quite what came: nothing automatic may answer that.
            request.unknown_fields.push("text that is not Unicode".into());
        }
        let is_ours = matches!(
            message,
            Message::ControlRequest(_)
                | Message::ControlResponse(_)
                | Message::ControlCancel { .. }
                | Message::Result(_)
                | Message::System(System::Init(_) | System::SessionStateChanged(_) | System::CommandsChanged(_))
                | Message::ConversationReset(_)
        );
        if is_ours {
            self.release(output);
        }
        match message {
            Message::ControlRequest(request) => self.control_request(request),
            Message::ControlResponse(response) => self.response(response),
            Message::ControlCancel { request_id } => {
                self.call_withdrawn(&request_id);
                self.withdraw(&request_id, Withdrawal::ByCli);
            }
            Message::Result(result) => self.result(&result),
            Message::System(System::Init(init)) => self.init(session_id, &init),
            Message::System(System::SessionStateChanged(line)) => self.state_is(line.state.as_ref()),
            Message::System(System::CommandsChanged(line)) => self.commands_changed(&line.commands),
            Message::ConversationReset(reset) => {
                self.conversation = Some(ConversationId::from(reset.new_conversation_id.as_str()));
            }
            Message::CommandLifecycle(line) => {
                if line.state == Some(CommandState::Started)
                    && let Some(turn) = &mut self.turn
                    && turn.prompt.as_ref().is_some_and(|prompt| *prompt.id.0 == *line.command_uuid)
                {
                    turn.begun = true;
                }
            }
            Message::Assistant(line) => {
                self.note_said(&line);
                self.translator.read(Message::Assistant(line), output);
            }
            Message::StreamEvent(event) => {
                if event.parent_tool_use_id.is_none() && matches!(event.event, stream::Event::MessageStop) {
                    self.message_is_whole();
                }
                if event.parent_tool_use_id.is_none() && matches!(event.event, stream::Event::MessageStart(_)) {
                    self.release(output);
                    self.turn_sign();
                }
                self.translator.read(Message::StreamEvent(event), output);
            }
            message => self.translator.read(message, output),
        }
    }

    fn init(&mut self, session_id: Option<String>, init: &Init) {
        self.turn_sign();
        let Some(id) = session_id else { return };
        let id = ConversationId::from(id.as_str());
        let mode = init.permission_mode.as_ref().and_then(|mode| PermissionMode::parse(mode.as_str()));
        let mode = mode.or(self.mode).unwrap_or_default();
        self.says_unanswered = init.capabilities.iter().any(|word| word == "ask_user_question_unanswered_v1");
        self.conversation = Some(id.clone());
        self.fork = false;
        self.mode = Some(mode);
        if self.cli.version.is_none() && !init.claude_code_version.is_empty() {
            // Older CLIs tell their version only here.
            self.cli.version = Some(init.claude_code_version.clone());
            self.emit(EventKind::Ready(self.cli.clone()));
        }
        let event = self.translator.conversation(&id, &init.model, mode);
        self.emit(event);
        self.moved(&init.cwd);
        self.tell_missing_tools(&init.tools);
    }

    /// Says once which tools `auto_allow` names that this CLI does not have. Those that stand there by default are no
    /// mistake of anybody's.
    fn tell_missing_tools(&mut self, tools: &[String]) {
        let allowed = &self.config.approvals.auto_allow;
        if tools.is_empty() || *allowed == AUTO_ALLOW {
            return;
        }
        let missing: Vec<&str> = allowed.iter().filter(|tool| !tools.contains(tool)).map(String::as_str).collect();
        let text = format!("auto_allow names what this Claude Code does not have: {}.", missing.join(", "));
        if !missing.is_empty() && !self.unasked_told.contains(&text) {
            self.unasked_told.push(text.clone());
            self.emit(EventKind::Noted(Notice::info(text)));
        }
    }

    /// The CLI names the directory that it works in, which the model may have changed.
    fn moved(&mut self, cwd: &str) {
        if !Path::new(cwd).is_absolute() {
            return;
        }
        let directory = self.in_our_words(cwd);
        if directory != self.at {
            self.at.clone_from(&directory);
            self.emit(EventKind::Moved { directory });
            self.effects.push(Effect::LookUpBranch(PathBuf::from(&self.at)));
        }
    }

    pub(super) fn control_request(&mut self, line: ControlRequest) {
        let ControlRequest { request_id, request, unknown_fields } = line;
        let answer = match request {
            Request::CanUseTool(request) => {
                self.can_use_tool(request_id, *request, &unknown_fields);
                return;
            }
            Request::HookCallback(callback) if callback.callback_id == SETTINGS_CALLBACK => {
                if !self.desk.knows(&request_id) {
                    self.desk.note_ended_request(&request_id);
                    self.settings_changed(request_id);
                }
                return;
            }
            Request::HookCallback(callback) => {
                let doubts: Vec<String> = unknown_fields.into_iter().filter(|field| field.contains(' ')).collect();
                self.callback(request_id, *callback, &doubts);
                return;
            }
            Request::UnfitCall(why) => {
                if !self.desk.knows(&request_id) {
                    self.tell_unfit(&why);
                }
                self.unfit_call(request_id, unfit(&why));
                return;
            }
            Request::McpMessage(request) => {
                self.mcp_message(request_id, request);
                return;
            }
            Request::Elicitation(request) => {
                self.elicitation(request_id, &request);
                return;
            }
            Request::UserDialog(dialog) => {
                self.user_dialog(request_id, &dialog);
                return;
            }
            Request::Unfit(why) => {
                if !self.desk.knows(&request_id) {
                    self.tell_unfit(&why);
                }
                Answer::Error(unfit(&why))
            }
            Request::Unknown(unknown) => Answer::Error(format!("unsupported request `{}`", unknown.kind)),
        };
        if !self.desk.knows(&request_id) {
            self.desk.note_ended_request(&request_id);
            self.answer(request_id, answer);
        }
    }

    /// A line that cannot be read. If it was a request, the CLI waits for an answer.
    fn bad_line(&mut self, bad: BadLine) {
        tracing::debug!(bytes = bad.bytes, reason = bad.reason, "a line that is no message");
        if self.refuse_unread(&bad) {
            self.tell_unfit(&bad.reason);
        } else {
            self.garbage(bad.preview);
        }
    }

    /// Told each time: somebody waits for what the request was about.
    fn tell_unfit(&mut self, why: &str) {
        let text = "A request of the CLI was refused: it cannot be shown as what it is.";
        self.emit(EventKind::Noted(Notice::warning(text).with_detail(why.to_owned())));
    }

    fn too_long(&mut self, bad: BadLine) {
        let mib = self.config.claude.max_line_mib;
        if bad.kind.as_deref() == Some("result") {
            // Whatever it says, it is the end of the turn.
            self.result(&TurnResult::default());
        }
        let mut text = format!("The CLI sends a line longer than {mib} MiB, which is thrown away.");
        if self.refuse_unread(&bad) {
            text.push_str(" It was a request: it was refused. A higher [claude] max_line_mib lets it pass.");
        }
        self.emit(EventKind::Noted(Notice::warning(text).with_detail(bad.preview)));
    }

    /// Answers a request that nobody could read with an error; `false` when the line was none.
    fn refuse_unread(&mut self, bad: &BadLine) -> bool {
        let (Some("control_request"), Some(request_id)) = (bad.kind.as_deref(), &bad.request_id) else { return false };
        if !self.desk.knows(request_id) {
            self.desk.note_ended_request(request_id);
            // It may have been about a call, which an error would let through.
            let answer = Answer::Refuse { reason: unfit(&bad.reason) };
            self.answer(request_id.clone(), answer);
        }
        true
    }

    /// Told once: whoever prints into the protocol usually does so more than once.
    fn garbage(&mut self, preview: String) {
        if !std::mem::replace(&mut self.garbage_told, true) {
            let notice = Notice::warning("The CLI printed something that is not its protocol.");
            self.emit(EventKind::Noted(notice.with_detail(preview)));
        }
    }
}

/// What the CLI, and so the model, is told of a request that cannot be shown.
fn unfit(why: &str) -> String {
    format!("The request was refused because it cannot be shown to the user as what it is: {why}. Put it more plainly.")
}
