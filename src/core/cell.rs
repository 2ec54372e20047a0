//! Cells: the entries of a transcript. A cell keeps its text as received; whoever shows it cleans it.

use serde::Deserialize;
use serde::Serialize;

use super::ids::BlockId;
use super::ids::CellId;
use super::ids::Timestamp;
use super::ids::ToolCallId;
use super::ids::TurnId;
use super::prompt::Prompt;
use super::tool::ToolCall;
use super::trouble::Trouble;
use super::usage::Tokens;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    pub id: CellId,
    /// Grows with every change, so that a rendering can be kept until then.
    pub rev: u32,
    pub at: Timestamp,
    /// How deep inside sub-agents; zero for the session's own.
    pub depth: u8,
    /// The sub-agent's call that this belongs to.
    pub parent: Option<ToolCallId>,
    pub body: CellBody,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CellBody {
    Prompt(Prompt),
    Block(Block),
    Tool(Box<ToolCall>),
    Notice(Notice),
    Retry(Retry),
    Compaction(Compaction),
    TurnEnd(TurnEnd),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKind {
    /// The model's answer: Markdown.
    Text,
    Thinking,
    /// The CLI's own answer to a slash command: Markdown or plain text.
    CommandOutput,
}

/// A piece of text of the model, streamed or whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub id: BlockId,
    pub kind: BlockKind,
    pub text: String,
    pub done: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NoticeLevel {
    Info,
    Warning,
    Error,
}

/// Something worth a line that is neither the model's nor a tool's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub level: NoticeLevel,
    pub text: String,
    /// The raw text behind it, one key away.
    pub detail: Option<String>,
}

impl Notice {
    pub fn new(level: NoticeLevel, text: impl Into<String>) -> Self {
        Self { level, text: text.into(), detail: None }
    }

    pub fn info(text: impl Into<String>) -> Self {
        Self::new(NoticeLevel::Info, text)
    }

    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(NoticeLevel::Warning, text)
    }

    pub fn error(text: impl Into<String>) -> Self {
        Self::new(NoticeLevel::Error, text)
    }

    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// The CLI waits before it asks the API again. Consecutive attempts share one cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retry {
    pub attempt: u64,
    pub max: u64,
    /// When the next attempt starts.
    pub until: Timestamp,
    pub trouble: Trouble,
    /// The API answered again, or the turn ended.
    pub over: bool,
}

/// The conversation was, or is being, summarised to make room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compaction {
    pub automatic: bool,
    pub tokens_before: Option<u64>,
    pub tokens_after: Option<u64>,
    pub done: bool,
    /// The summary that takes the place of the conversation so far.
    pub summary: Option<String>,
}

/// How a turn ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TurnOutcome {
    Completed,
    Interrupted,
    Failed(Trouble),
}

impl TurnOutcome {
    /// The outcome in one word that scripts and records rely on.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Failed(_) => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnEnd {
    pub turn: TurnId,
    pub outcome: TurnOutcome,
    pub duration_ms: u64,
    pub tokens: Tokens,
    /// Of this turn alone.
    pub cost_usd: f64,
    pub n_calls: u32,
    /// The final answer's text, bounded; the cells above hold the whole.
    pub text: Option<String>,
}

impl Cell {
    /// What a person would copy or search: the source text, not its rendering.
    pub fn plain_text(&self) -> String {
        match &self.body {
            CellBody::Prompt(prompt) => prompt.shown(),
            CellBody::Block(block) => block.text.clone(),
            CellBody::Tool(call) => {
                let input = match call.input.get("command").and_then(serde_json::Value::as_str) {
                    Some(command) => command.to_owned(),
                    None => serde_json::to_string_pretty(&call.input).unwrap_or_default(),
                };
                let output = call.output.as_ref().map_or("", |output| output.text.as_str());
                format!("{} {input}\n{output}", call.name).trim_end().to_owned()
            }
            CellBody::Notice(notice) => match &notice.detail {
                Some(detail) => format!("{}\n{detail}", notice.text),
                None => notice.text.clone(),
            },
            CellBody::Retry(retry) => format!("{}\n{}", retry.trouble.headline(), retry.trouble.raw),
            CellBody::Compaction(compaction) => compaction.summary.clone().unwrap_or_default(),
            CellBody::TurnEnd(end) => match &end.outcome {
                TurnOutcome::Failed(trouble) => format!("{} {}\n{}", trouble.headline(), trouble.advice(), trouble.raw),
                TurnOutcome::Completed | TurnOutcome::Interrupted => end.text.clone().unwrap_or_default(),
            },
        }
    }

    /// The file that the entry is about, and the line in it, as far as its tool call says.
    pub fn file(&self) -> Option<(String, u64)> {
        let CellBody::Tool(call) = &self.body else { return None };
        let path = ["file_path", "notebook_path", "path"].iter().find_map(|key| call.input.get(key)?.as_str())?;
        Some((path.to_owned(), call.input.get("offset").and_then(serde_json::Value::as_u64).unwrap_or(1)))
    }
}
