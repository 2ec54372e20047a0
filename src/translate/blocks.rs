//! Blocks of the model's messages: text, thinking and tool calls, streamed and whole.
//!
//! A message's blocks come as deltas, and each again whole in an `assistant` line of its own with the
//! same message id. The lines follow the order of the blocks, so a whole block belongs to the first
//! streamed one of its kind that is not whole yet. Without deltas (sub-agents, older CLIs) blocks are
//! simply counted.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::path::Path;

use serde_json::Value;

use super::MAX_REMEMBERED;
use super::Output;
use super::TouchedFile;
use super::Translator;
use super::bound;
use super::tokens_of;
use crate::core::cell::BlockKind;
use crate::core::event::EventKind;
use crate::core::ids::BlockId;
use crate::core::ids::ToolCallId;
use crate::core::tool::ToolOutcome;
use crate::core::tool::ToolOutput;
use crate::core::usage::Tokens;
use crate::wire::inbound::api::Content;
use crate::wire::inbound::api::ContentBlock;
use crate::wire::inbound::api::ToolUse;
use crate::wire::inbound::api::Usage;
use crate::wire::inbound::stream::Delta;
use crate::wire::inbound::stream::Event;
use crate::wire::inbound::stream::StreamEvent;
use crate::wire::inbound::turn::Assistant;

/// Messages whose blocks are remembered. Lines of a message follow each other closely.
const MAX_MESSAGES: usize = 64;
/// Blocks of one message beyond this are not told apart; no message has as many.
const MAX_BLOCKS: usize = 4096;
/// Texts with which the CLI fills a place where nobody said anything.
const FILLERS: [&str; 2] = ["No response requested.", "(no content)"];

#[derive(Debug, Default)]
pub(super) struct Blocks {
    /// The message that streams now: of the session itself, and of each sub-agent.
    current: HashMap<Option<String>, usize>,
    messages: VecDeque<Message>,
    /// How many messages have been forgotten: the number of the first one kept.
    first: usize,
}

#[derive(Debug)]
struct Message {
    id: String,
    /// Ids are the server's, and not every server keeps them unique.
    name: String,
    blocks: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    index: u64,
    kind: SlotKind,
    bytes: u64,
    whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SlotKind {
    Text,
    Thinking,
    Tool(String),
    Other,
}

impl Blocks {
    fn begin(&mut self, parent: Option<String>, id: &str) {
        let number = self.push(id);
        if self.current.len() >= MAX_MESSAGES {
            self.current.clear();
        }
        self.current.insert(parent, number);
    }

    fn push(&mut self, id: &str) -> usize {
        let number = self.first + self.messages.len();
        let known = self.messages.iter().any(|message| message.id == id);
        let name = if known || id.is_empty() { format!("{id}~{number}") } else { id.to_owned() };
        self.messages.push_back(Message { id: id.to_owned(), name, blocks: Vec::new() });
        if self.messages.len() > MAX_MESSAGES {
            self.messages.pop_front();
            self.first += 1;
        }
        number
    }

    fn streaming(&mut self, parent: Option<&String>) -> Option<&mut Message> {
        let number = *self.current.get(&parent.cloned())?;
        self.messages.get_mut(number.checked_sub(self.first)?)
    }

    /// The newest message of that id; made when there is none.
    fn of_id(&mut self, id: &str) -> Option<&mut Message> {
        let place = match self.messages.iter().rposition(|message| message.id == id && !id.is_empty()) {
            Some(place) => place,
            None => self.push(id).checked_sub(self.first)?,
        };
        self.messages.get_mut(place)
    }
}

impl Message {
    fn block_id(&self, index: u64) -> BlockId {
        BlockId::from(format!("{}:{index}", self.name).as_str())
    }

    fn slot(&mut self, index: u64) -> Option<&mut Slot> {
        self.blocks.iter_mut().rfind(|slot| slot.index == index)
    }

    /// The place of a block that has come whole.
    fn settle(&mut self, kind: &SlotKind) -> u64 {
        if let Some(slot) = self.blocks.iter_mut().find(|slot| !slot.whole && slot.kind == *kind) {
            slot.whole = true;
            return slot.index;
        }
        let index = self.blocks.iter().map(|slot| slot.index + 1).max().unwrap_or(0);
        if self.blocks.len() < MAX_BLOCKS {
            self.blocks.push(Slot { index, kind: kind.clone(), bytes: 0, whole: true });
        }
        index
    }
}

fn call_id(id: &str) -> ToolCallId {
    ToolCallId::from(id)
}

fn parent_id(parent: Option<&String>) -> Option<ToolCallId> {
    parent.map(|parent| call_id(parent))
}

impl Translator {
    pub(super) fn stream(&mut self, line: StreamEvent, output: &mut Output) {
        let parent = line.parent_tool_use_id;
        match line.event {
            Event::MessageStart(message) => {
                self.repeating &= parent.is_some();
                self.blocks.begin(parent.clone(), message.id.as_deref().unwrap_or_default());
                if parent.is_none() {
                    self.tokens = self.tokens.plus(std::mem::take(&mut self.message_tokens));
                    self.count(message.usage.as_ref(), output);
                }
            }
            Event::BlockStart { index, block } => self.block_started(parent.as_ref(), index, block, output),
            Event::BlockDelta { index, delta } => self.block_grew(parent.as_ref(), index, delta, output),
            Event::MessageDelta { usage, .. } if parent.is_none() => self.count(usage.as_ref(), output),
            Event::MessageDelta { .. } | Event::BlockStop { .. } | Event::MessageStop | Event::Ping => {}
            Event::Error { kind, message } => tracing::debug!(kind, message, "the API broke off"),
            Event::Unknown(unknown) => tracing::debug!(kind = unknown.kind, "a stream event of an unknown kind"),
        }
    }

    fn count(&mut self, usage: Option<&Usage>, output: &mut Output) {
        let Some(usage) = usage else { return };
        let new = tokens_of(usage);
        let old = self.message_tokens;
        // The later report may leave out what the earlier one said.
        self.message_tokens = Tokens {
            uncached: new.uncached.max(old.uncached),
            cache_read: new.cache_read.max(old.cache_read),
            cache_write: new.cache_write.max(old.cache_write),
            output: new.output.max(old.output),
        };
        let now = self.message_tokens;
        self.context_tokens = Some(now.uncached + now.cache_read + now.cache_write + now.output);
        output.push(EventKind::TokensCounted(self.tokens.plus(now)));
    }

    fn block_started(&mut self, parent: Option<&String>, index: u64, block: ContentBlock, output: &mut Output) {
        let Some(message) = self.blocks.streaming(parent) else { return };
        let kind = match block {
            ContentBlock::Text(_) => SlotKind::Text,
            ContentBlock::Thinking(_) => SlotKind::Thinking,
            ContentBlock::ToolUse(tool) | ContentBlock::ServerToolUse(tool) => {
                let call = call_id(&tool.id);
                output.push(EventKind::ToolAnnounced {
                    call,
                    parent: parent_id(parent),
                    name: bound::word(&tool.name),
                });
                SlotKind::Tool(tool.id)
            }
            _ => SlotKind::Other,
        };
        if message.blocks.len() < MAX_BLOCKS {
            message.blocks.push(Slot { index, kind, bytes: 0, whole: false });
        }
    }

    fn block_grew(&mut self, parent: Option<&String>, index: u64, delta: Delta, output: &mut Output) {
        let Some(message) = self.blocks.streaming(parent) else { return };
        let block = message.block_id(index);
        let Some(slot) = message.slot(index) else { return };
        let (kind, text) = match (delta, &slot.kind) {
            (Delta::Text(text), SlotKind::Text) => (BlockKind::Text, text),
            (Delta::Thinking(text), SlotKind::Thinking) => (BlockKind::Thinking, text),
            (Delta::InputJson(json), SlotKind::Tool(id)) => {
                let call = call_id(id);
                slot.bytes = slot.bytes.saturating_add(json.len() as u64);
                output.push(EventKind::ToolInputGrew { call, bytes: slot.bytes });
                return;
            }
            _ => return,
        };
        if text.is_empty() || slot.whole {
            return;
        }
        // A block begins to exist with its first text: many a thinking block never has any.
        if slot.bytes == 0 {
            output.push(EventKind::BlockStarted { block: block.clone(), parent: parent_id(parent), kind });
        }
        slot.bytes = slot.bytes.saturating_add(text.len() as u64);
        output.push(EventKind::BlockDelta { block, text });
    }

    pub(super) fn assistant(&mut self, line: Assistant, output: &mut Output) {
        let parent = line.parent_tool_use_id;
        if parent.is_none() {
            self.fault_word.clone_from(&line.error);
        }
        let blocks = match line.message.content {
            Content::Text(text) => {
                vec![ContentBlock::Text(crate::wire::inbound::api::TextBlock { text, citations: None })]
            }
            Content::Blocks(blocks) => blocks,
        };
        if line.message.model.as_deref() == Some("<synthetic>") {
            // With an error the text comes again in the result, which is told as the trouble it is.
            if line.error.is_none() {
                self.synthetic(&blocks, parent.as_ref(), output);
            }
            return;
        }
        let id = line.message.id.unwrap_or_default();
        for block in blocks {
            self.whole_block(&id, parent.as_ref(), block, output);
        }
        // Without partial messages this is the only report of a running turn's tokens.
        if parent.is_none() && self.message_tokens.is_zero() {
            self.count(line.message.usage.as_ref(), output);
        }
    }

    fn synthetic(&mut self, blocks: &[ContentBlock], parent: Option<&String>, output: &mut Output) {
        let texts: Vec<&str> = blocks
            .iter()
            .filter_map(|block| match block {
                ContentBlock::Text(text) => Some(text.text.as_str()),
                _ => None,
            })
            .collect();
        let text = texts.join("\n");
        let is_new = !self.repeating || text != self.last_synthetic;
        if is_new && !text.trim().is_empty() && !FILLERS.contains(&text.trim()) {
            self.last_synthetic.clone_from(&text);
            output.push(self.local_output(text, parent));
        }
    }

    /// A block that only the CLI wrote.
    pub(super) fn local_output(&mut self, text: String, parent: Option<&String>) -> EventKind {
        self.n_local += 1;
        let block = BlockId::from(format!("local:{}{}", self.name, self.n_local).as_str());
        EventKind::BlockEnded { block, parent: parent_id(parent), kind: BlockKind::CommandOutput, text }
    }

    fn whole_block(&mut self, id: &str, parent: Option<&String>, block: ContentBlock, output: &mut Output) {
        let repeating = self.repeating && parent.is_none();
        let Some(message) = self.blocks.of_id(id) else { return };
        if repeating && message.blocks.iter().any(|slot| slot.whole) {
            return;
        }
        let (kind, text) = match block {
            ContentBlock::Text(text) => (BlockKind::Text, text.text),
            ContentBlock::Thinking(thinking) => (BlockKind::Thinking, thinking.thinking),
            ContentBlock::ToolUse(tool) | ContentBlock::ServerToolUse(tool) => {
                message.settle(&SlotKind::Tool(tool.id.clone()));
                self.tool_started(&tool, parent, output);
                return;
            }
            ContentBlock::Unknown(unknown) => {
                message.settle(&SlotKind::Other);
                server_result(&unknown.kind, &unknown.raw, output);
                return;
            }
            ContentBlock::RedactedThinking | ContentBlock::ToolResult(_) | ContentBlock::Image(_) => {
                message.settle(&SlotKind::Other);
                return;
            }
        };
        let slot = if kind == BlockKind::Text { SlotKind::Text } else { SlotKind::Thinking };
        let index = message.settle(&slot);
        let was_shown = message.slot(index).is_some_and(|slot| slot.bytes > 0);
        if !text.is_empty() || was_shown {
            let block = message.block_id(index);
            output.push(EventKind::BlockEnded { block, parent: parent_id(parent), kind, text });
        }
    }

    fn tool_started(&mut self, tool: &ToolUse, parent: Option<&String>, output: &mut Output) {
        let call = call_id(&tool.id);
        if tool.name == "ExitPlanMode" {
            if self.plans.len() >= MAX_REMEMBERED {
                self.plans.clear();
            }
            self.plans.insert(call.clone(), tool.input.clone());
        }
        if let Some(file) = super::results::file_of(&tool.name, &tool.input) {
            if self.files.len() >= MAX_REMEMBERED {
                self.files.clear();
            }
            let is_plan = parent.is_none()
                && tool.name != "Read"
                && Path::new(&file).parent().is_some_and(|folder| folder == self.plans_folder);
            self.files.insert(call.clone(), TouchedFile { path: file, is_plan });
        }
        let input = bound::input(&tool.input);
        let changed = super::changes::of_input(&tool.name, &tool.input, &input);
        self.schedule_made(&call, &tool.name, &tool.input);
        let name = bound::word(&tool.name);
        output.push(EventKind::ToolStarted { call, parent: parent_id(parent), name, input, changed });
    }
}

/// The result of a tool that runs on the API's side comes inside the message.
fn server_result(kind: &str, raw: &Value, output: &mut Output) {
    let Some(call) = raw.get("tool_use_id").and_then(Value::as_str) else { return };
    if !kind.ends_with("_tool_result") {
        return;
    }
    let content = raw.get("content").unwrap_or(&Value::Null);
    let failed = content.get("error_code").is_some();
    let titles: Vec<&str> = content
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.get("title").or_else(|| item.get("url")).and_then(Value::as_str))
        .collect();
    let (text, omitted) = bound::output(&titles.join("\n"));
    output.push(EventKind::ToolEnded {
        call: call_id(call),
        outcome: if failed { ToolOutcome::Failed } else { ToolOutcome::Done },
        output: ToolOutput { text, omitted, ..ToolOutput::default() },
    });
}
