//! What lines mean, one after the other: the events that a session would have told.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::core::cell::TurnOutcome;
use crate::core::event::EventKind;
use crate::core::ids::PromptId;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;
use crate::core::ids::TurnId;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::core::tool::is_agent_tool;
use crate::core::trouble::ApiFault;
use crate::core::trouble::Trouble;
use crate::core::usage::Tokens;
use crate::translate::Output;
use crate::translate::Translator;
use crate::translate::bound;
use crate::translate::tokens_of;
use crate::wire::inbound::Message;
use crate::wire::inbound::System;
use crate::wire::inbound::api::ApiMessage;
use crate::wire::inbound::api::Content;
use crate::wire::inbound::api::ContentBlock;
use crate::wire::inbound::system::CompactBoundary;
use crate::wire::inbound::system::CompactMetadata;
use crate::wire::inbound::turn::Assistant;
use crate::wire::inbound::turn::User;
use crate::wire::transcript::Record;

/// How the CLI's note about an interrupt begins.
const INTERRUPTED: &str = "[Request interrupted by user";
/// How the result of a call begins that a person has denied.
const DENIED: [&str; 2] =
    ["The user doesn't want to proceed with this tool use", "The user doesn't want to take this action"];
/// A prompt is kept to this length.
const MAX_PROMPT: usize = 256 << 10;
/// A turn's end repeats its last text to this length.
const MAX_END_TEXT: usize = 16 << 10;
/// Sub-agents whose lines stand among the others are told apart up to this many.
const MAX_AGENTS: usize = 4096;

/// What the CLI itself wrote stands in one of these elements.
const OWN: [&str; 8] = [
    "<local-command-",
    "<bash-std",
    "<task-notification",
    "<system-reminder",
    "<user-prompt-submit-hook",
    "<user-memory-input",
    "<command-message",
    "<teammate-message",
];

/// Something that happened, and when.
pub type Told = (Timestamp, EventKind);

/// Reads lines in their order.
#[derive(Debug)]
pub(super) struct Teller {
    translator: Translator,
    turn: Option<Turn>,
    last_turn: TurnId,
    at: Timestamp,
    n_prompts: u64,
    /// The call that started the sub-agent whose lines these all are.
    inside: Option<ToolCallId>,
    /// Calls of sub-agents that have not ended, by what was asked of them.
    asked: HashMap<String, ToolCallId>,
    /// Lines of sub-agents among the others, by the call that started them.
    side: HashMap<String, ToolCallId>,
}

/// A turn that has begun.
#[derive(Debug)]
struct Turn {
    id: TurnId,
    started: Timestamp,
    open: HashSet<ToolCallId>,
    /// The last report of each message counts.
    tokens: HashMap<String, Tokens>,
    text: Option<String>,
    has_answer: bool,
    /// The model's last reason to stop leaves nothing to do.
    is_final: bool,
    cut: bool,
    trouble: Option<Trouble>,
}

/// The text of a prompt that a person, or a script, sent; `None` for all other lines.
pub(super) fn prompt_of(record: &Record) -> Option<String> {
    let attachment = &record.attachment;
    let (content, origin) = match record.kind.as_str() {
        "user" if !record.is_meta && !record.is_compact_summary => (&record.message.content, &record.origin),
        "attachment" if attachment.kind == "queued_command" && !attachment.is_meta => {
            (&attachment.prompt, &attachment.origin)
        }
        _ => return None,
    };
    if origin.as_ref().is_some_and(|origin| !matches!(origin.kind.as_str(), "" | "human" | "channel" | "peer")) {
        return None;
    }
    if attachment.command_mode.as_deref().is_some_and(|mode| mode != "prompt") {
        return None;
    }
    let mut parts: Vec<String> = Vec::new();
    match content {
        Content::Text(text) => parts.extend(typed(text)),
        Content::Blocks(blocks) => {
            for block in blocks {
                match block {
                    ContentBlock::Text(text) => parts.extend(typed(&text.text)),
                    ContentBlock::Image(image) => {
                        let kind = image.source.media_type.as_deref().unwrap_or(&image.source.kind);
                        parts.push(format!("[image {}]", bound::word(kind)));
                    }
                    ContentBlock::ToolResult(_) => return None,
                    _ => {}
                }
            }
        }
    }
    (!parts.is_empty()).then(|| bound::cut(&parts.join("\n"), MAX_PROMPT))
}

/// What a person typed for this text to be there, if anybody did.
fn typed(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.starts_with(INTERRUPTED) {
        return None;
    }
    if let Some(name) = inside(trimmed, "command-name") {
        let arguments = inside(trimmed, "command-args").unwrap_or_default();
        return Some(format!("{name} {arguments}").trim_end().to_owned());
    }
    if let Some(command) = inside(trimmed, "bash-input") {
        return Some(format!("! {command}"));
    }
    (!OWN.iter().any(|own| trimmed.starts_with(own))).then(|| text.to_owned())
}

/// What stands in the first element of that name.
fn inside<'t>(text: &'t str, element: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(&format!("<{element}>"))?;
    text.starts_with('<').then(|| rest.split_once(&format!("</{element}>")).map_or(rest, |(body, _)| body).trim())
}

fn time_of(record: &Record) -> Option<Timestamp> {
    let at: jiff::Timestamp = record.timestamp.as_ref()?.parse().ok()?;
    Some(Timestamp(at.as_millisecond()))
}

impl Teller {
    /// For the lines of a conversation.
    pub(super) fn new() -> Self {
        Self::with("past.".into(), None)
    }

    /// For the file of a sub-agent.
    pub(super) fn of_agent(call: ToolCallId) -> Self {
        Self::with(format!("{call}."), Some(call))
    }

    fn with(name: String, inside: Option<ToolCallId>) -> Self {
        Self {
            translator: Translator::named(name),
            turn: None,
            last_turn: TurnId(0),
            at: Timestamp(0),
            n_prompts: 0,
            inside,
            asked: HashMap::new(),
            side: HashMap::new(),
        }
    }

    /// Reads one line. Calls that ended with it are handed to `before_end`, before their end is told.
    pub(super) fn tell(
        &mut self,
        record: Record,
        told: &mut Vec<Told>,
        before_end: &mut dyn FnMut(&ToolCallId, &mut Vec<Told>),
    ) {
        self.at = time_of(&record).unwrap_or(self.at);
        let parent = match &self.inside {
            Some(call) => Some(call.clone()),
            None if record.is_sidechain => match self.side_call(&record) {
                Some(call) => Some(call),
                None => return,
            },
            None => None,
        };
        for call in results(&record) {
            before_end(&call, told);
            self.asked.retain(|_, asked| *asked != call);
        }
        match record.kind.as_str() {
            "assistant" => self.assistant(record, parent, told),
            "user" | "attachment" => self.user(record, parent, told),
            "system" if parent.is_none() => self.system(record, told),
            _ => {}
        }
    }

    /// Nothing more comes: what is open is closed.
    pub(super) fn end(&mut self, told: &mut Vec<Told>) {
        self.end_turn(told);
    }

    /// The turn is over as far as the lines can say, although nothing followed it yet.
    pub(super) fn settle(&mut self, told: &mut Vec<Told>) {
        if self.turn.as_ref().is_some_and(|turn| turn.open.is_empty() && (turn.is_final || turn.cut)) {
            self.end_turn(told);
        }
    }

    /// The call that a sub-agent's line among the others belongs to: by the line before, or by what was asked.
    fn side_call(&mut self, record: &Record) -> Option<ToolCallId> {
        let uuid = record.uuid.clone()?;
        let call = match &record.parent_uuid {
            Some(parent) => self.side.get(parent)?.clone(),
            None => match &record.message.content {
                Content::Text(text) => self.asked.remove(text)?,
                Content::Blocks(blocks) => blocks.iter().find_map(|block| match block {
                    ContentBlock::Text(text) => self.asked.remove(&text.text),
                    _ => None,
                })?,
            },
        };
        if self.side.len() < MAX_AGENTS {
            self.side.insert(uuid, call.clone());
        }
        Some(call)
    }

    fn push(&self, told: &mut Vec<Told>, output: Output) {
        told.extend(output.events.into_iter().filter(EventKind::is_lasting).map(|event| (self.at, event)));
    }

    fn assistant(&mut self, record: Record, parent: Option<ToolCallId>, told: &mut Vec<Told>) {
        let failed = record.is_api_error_message || record.error.is_some();
        if parent.is_none() {
            self.count(&record, failed, told);
        }
        self.note_agents(&record.message);
        let line = Assistant {
            message: record.message,
            parent_tool_use_id: parent.map(|call| call.to_string()),
            error: failed.then(|| record.error.unwrap_or_default()),
            ..Assistant::default()
        };
        let mut output = Output::default();
        self.translator.read(Message::Assistant(line), &mut output);
        if let Some(turn) = &mut self.turn {
            for event in &output.events {
                if let EventKind::ToolStarted { call, parent: None, .. } = event {
                    turn.open.insert(call.clone());
                }
            }
        }
        self.push(told, output);
    }

    /// Adds to what the running turn will have come to.
    fn count(&mut self, record: &Record, failed: bool, told: &mut Vec<Told>) {
        if self.turn.is_none() {
            self.begin_turn(None, told);
        }
        let Some(turn) = &mut self.turn else { return };
        turn.has_answer = true;
        turn.is_final = record.message.stop_reason.as_deref().is_some_and(|reason| reason != "tool_use");
        let text = text_of(&record.message.content);
        if failed {
            let fault =
                ApiFault { status: record.api_error_status, word: record.error.as_deref(), ..ApiFault::default() };
            turn.trouble = Some(Trouble::from_api(fault, bound::cut(&text, MAX_END_TEXT)));
        } else {
            turn.trouble = None;
            if !text.is_empty() {
                turn.text = Some(bound::cut(&text, MAX_END_TEXT));
            }
        }
        if let (Some(id), Some(usage)) = (&record.message.id, &record.message.usage) {
            turn.tokens.insert(id.clone(), tokens_of(usage));
        }
    }

    fn note_agents(&mut self, message: &ApiMessage) {
        let Content::Blocks(blocks) = &message.content else { return };
        for block in blocks {
            if let ContentBlock::ToolUse(tool) = block
                && is_agent_tool(&tool.name)
                && let Some(prompt) = tool.input.get("prompt").and_then(serde_json::Value::as_str)
                && self.asked.len() < MAX_AGENTS
            {
                self.asked.insert(prompt.to_owned(), ToolCallId::from(tool.id.as_str()));
            }
        }
    }

    fn user(&mut self, record: Record, parent: Option<ToolCallId>, told: &mut Vec<Told>) {
        if parent.is_none() && !record.is_compact_summary {
            if let Some(text) = prompt_of(&record) {
                self.prompt(&record, text, told);
                return;
            }
            let is_notification = record.origin.as_ref().is_some_and(|origin| origin.kind == "task-notification");
            if is_notification && record.kind == "user" {
                self.begin_turn(None, told);
                return;
            }
        }
        if record.kind != "user" {
            return;
        }
        if let Some(turn) = self.turn.as_mut().filter(|_| parent.is_none()) {
            turn.cut |= text_of(&record.message.content).trim_start().starts_with(INTERRUPTED);
        }
        for (call, text) in failures(&record.message.content) {
            if DENIED.iter().any(|denied| text.starts_with(denied)) {
                self.translator.note_denied(call);
            }
        }
        let line = User {
            message: shell_output(record.message),
            parent_tool_use_id: parent.map(|call| call.to_string()),
            tool_use_result: record.tool_use_result,
            ..User::default()
        };
        let mut output = Output::default();
        self.translator.read(Message::User(line), &mut output);
        if let Some(turn) = &mut self.turn {
            for event in &output.events {
                if let EventKind::ToolEnded { call, .. } = event {
                    turn.open.remove(call);
                }
            }
            turn.has_answer |= !output.events.is_empty();
        }
        self.push(told, output);
    }

    fn prompt(&mut self, record: &Record, text: String, told: &mut Vec<Told>) {
        self.n_prompts += 1;
        let id = record.uuid.clone().or_else(|| record.attachment.source_uuid.clone());
        let id = PromptId::from(id.unwrap_or_else(|| format!("past-{}", self.n_prompts)).as_str());
        let origin = PromptOrigin::Surface(Surface::Terminal);
        let prompt = Prompt::new(id.clone(), text, origin);
        // A prompt that was taken in while a turn ran began none.
        if record.kind == "attachment" && self.turn.is_some() {
            told.push((self.at, EventKind::PromptSent(prompt)));
            return;
        }
        self.end_turn(told);
        told.push((self.at, EventKind::PromptSent(prompt)));
        self.begin_turn(Some(id), told);
    }

    fn begin_turn(&mut self, prompt: Option<PromptId>, told: &mut Vec<Told>) {
        self.end_turn(told);
        self.last_turn = self.last_turn.next();
        self.translator.begin_turn();
        told.push((self.at, EventKind::TurnStarted { turn: self.last_turn, prompt }));
        self.turn = Some(Turn {
            id: self.last_turn,
            started: self.at,
            open: HashSet::new(),
            tokens: HashMap::new(),
            text: None,
            has_answer: false,
            is_final: false,
            cut: false,
            trouble: None,
        });
    }

    fn end_turn(&mut self, told: &mut Vec<Told>) {
        let Some(turn) = self.turn.take() else { return };
        let outcome = match turn.trouble {
            _ if turn.cut => TurnOutcome::Interrupted,
            Some(trouble) => TurnOutcome::Failed(trouble),
            None if turn.has_answer && turn.open.is_empty() => TurnOutcome::Completed,
            None => TurnOutcome::Interrupted,
        };
        let end = told.last().map_or(self.at, |(at, _)| *at).max(turn.started);
        told.push((
            end,
            EventKind::TurnEnded {
                turn: turn.id,
                outcome,
                duration_ms: end.millis_since(turn.started),
                tokens: turn.tokens.values().fold(Tokens::default(), |sum, tokens| sum.plus(*tokens)),
                cost_usd: 0.0,
                text: turn.text,
            },
        ));
    }

    fn system(&mut self, record: Record, told: &mut Vec<Told>) {
        let mut output = Output::default();
        match record.subtype.as_deref() {
            Some("compact_boundary") => {
                let facts = record.compact_metadata;
                let compact_metadata = CompactMetadata {
                    trigger: facts.trigger,
                    pre_tokens: facts.pre_tokens,
                    post_tokens: facts.post_tokens,
                    ..CompactMetadata::default()
                };
                let boundary = System::CompactBoundary(CompactBoundary { compact_metadata });
                self.translator.read(Message::System(boundary), &mut output);
            }
            Some("local_command") => {
                let content = Content::Text(record.content.unwrap_or_default());
                let line = User { message: ApiMessage { content, ..ApiMessage::default() }, ..User::default() };
                self.translator.read(Message::User(line), &mut output);
            }
            _ => {}
        }
        if let Some(turn) = &mut self.turn {
            turn.has_answer |= !output.events.is_empty();
            turn.is_final |= !output.events.is_empty();
        }
        self.push(told, output);
    }
}

/// The output of a command that a person ran in the CLI's own shell mode, as that of a slash command.
fn shell_output(mut message: ApiMessage) -> ApiMessage {
    if let Content::Text(text) = &message.content
        && let Some(out) = inside(text.trim(), "bash-stdout")
    {
        let error = inside(text.trim(), "bash-stderr").unwrap_or_default();
        let both = format!("{out}\n{error}");
        message.content = Content::Text(format!("<local-command-stdout>{}</local-command-stdout>", both.trim()));
    }
    message
}

fn blocks_of(content: &Content) -> &[ContentBlock] {
    match content {
        Content::Text(_) => &[],
        Content::Blocks(blocks) => blocks,
    }
}

/// The calls whose results a line brings.
fn results(record: &Record) -> Vec<ToolCallId> {
    let blocks = blocks_of(&record.message.content).iter();
    let calls = blocks.filter_map(|block| match block {
        ContentBlock::ToolResult(result) => Some(ToolCallId::from(result.tool_use_id.as_str())),
        _ => None,
    });
    if record.kind == "user" { calls.collect() } else { Vec::new() }
}

/// Failed results, each with its text.
fn failures(content: &Content) -> Vec<(ToolCallId, String)> {
    let failed = blocks_of(content).iter().filter_map(|block| match block {
        ContentBlock::ToolResult(result) if result.is_error => {
            Some((ToolCallId::from(result.tool_use_id.as_str()), text_of(&result.content)))
        }
        _ => None,
    });
    failed.collect()
}

fn text_of(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Blocks(blocks) => {
            let texts = blocks.iter().filter_map(|block| match block {
                ContentBlock::Text(text) => Some(text.text.as_str()),
                _ => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        }
    }
}
