//! The public Messages API as it passes through the CLI: messages, content blocks, usage.
//!
//! For: `assistant` and `user` lines and the events of a stream. Not for: what the CLI adds around
//! them. Source: the `beta/messages` types of the npm package `@anthropic-ai/sdk`.
//!
//! Invariant: a block of a kind not listed here is kept whole in [`ContentBlock::Unknown`].

use serde::de::{Deserialize, MapAccess, SeqAccess, value::MapAccessDeserializer};
use serde_json::Value;

use crate::wire::inbound::Unknown;
use crate::wire::lenient::{self, Loose};
use crate::wire::macros::wire_struct;

wire_struct! {
    /// A message of either role.
    ///
    /// One message of the model comes as several `assistant` lines, one for each block, all with
    /// the same `id`.
    pub struct ApiMessage {
        /// Absent in user messages.
        pub id: Option<String>,
        /// `<synthetic>` when the CLI wrote the answer itself.
        pub model: Option<String>,
        /// `user` or `assistant`.
        pub role: String,
        /// What it says.
        pub content: Content,
        /// `end_turn`, `tool_use`, `max_tokens`, `refusal`, …; null while the message streams.
        pub stop_reason: Option<String>,
        /// The sequence that stopped it.
        pub stop_sequence: Option<String>,
        /// Tokens so far.
        pub usage: Option<Usage>,
    }

    /// Tokens of one call, or of one turn in a `result`. Absent and null mean "not reported".
    pub struct Usage {
        /// Input that was neither read from nor written to the cache.
        pub input_tokens: Option<u64>,
        /// Input written to the cache.
        pub cache_creation_input_tokens: Option<u64>,
        /// Input read from the cache.
        pub cache_read_input_tokens: Option<u64>,
        /// Output, thinking included.
        pub output_tokens: Option<u64>,
        /// `standard`, `priority` or `batch`.
        pub service_tier: Option<String>,
        /// Calls of the tools that run on the API's side.
        pub server_tool_use: Option<ServerToolUsage>,
    }

    /// Calls of the tools that run on the API's side.
    pub struct ServerToolUsage {
        /// Searches.
        pub web_search_requests: u64,
        /// Fetches.
        pub web_fetch_requests: u64,
    }

    /// Text of the model or of a user.
    pub struct TextBlock {
        /// The text, often Markdown.
        pub text: String,
        /// Where it comes from, as received.
        pub citations: Option<Value>,
    }

    /// The model's thinking.
    pub struct ThinkingBlock {
        /// May be empty when only the signature is sent.
        pub thinking: String,
        /// Opaque proof for the API.
        pub signature: String,
    }

    /// A call of a tool, by the model.
    pub struct ToolUse {
        /// What the result, the approval and the sub-agent's lines refer to.
        pub id: String,
        /// The tool's name.
        pub name: String,
        /// Its arguments as received; `{}` in `content_block_start`, where they follow as deltas.
        pub input: Value,
        /// The MCP server, in `mcp_tool_use` blocks.
        pub server_name: Option<String>,
    }

    /// What a tool gave back.
    pub struct ToolResult {
        /// The call it answers.
        pub tool_use_id: String,
        /// Text, or blocks of text and images.
        pub content: Content,
        /// The tool failed or was denied.
        pub is_error: bool,
    }

    /// An image.
    pub struct Image {
        /// Where its bytes are.
        pub source: ImageSource,
    }

    /// Where the bytes of an image are.
    pub struct ImageSource {
        /// `base64`, `url` or `file`.
        pub kind ["type"]: String,
        /// Such as `image/png`, for `base64`.
        pub media_type: Option<String>,
        /// The bytes, for `base64`.
        pub data: Option<String>,
        /// For `url`.
        pub url: Option<String>,
        /// For `file`.
        pub file_id: Option<String>,
    }
}

impl Usage {
    /// Tokens of the whole prompt: the context in use when the call was made.
    pub fn prompt_tokens(&self) -> u64 {
        [self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens]
            .into_iter()
            .flatten()
            .fold(0, u64::saturating_add)
    }
}

/// Content is a plain string or a list of blocks; both mean the same.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// One text.
    Text(String),
    /// Several blocks.
    Blocks(Vec<ContentBlock>),
}

impl Default for Content {
    fn default() -> Self {
        Self::Blocks(Vec::new())
    }
}

impl Loose for Content {
    fn from_text(value: &str) -> Option<Self> {
        Some(Self::Text(value.to_owned()))
    }
    fn from_string(value: String) -> Option<Self> {
        Some(Self::Text(value))
    }
    fn from_seq<'de, A: SeqAccess<'de>>(seq: A) -> Result<Option<Self>, A::Error> {
        Ok(Vec::from_seq(seq)?.map(Self::Blocks))
    }
}

/// One block of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum ContentBlock {
    /// `text`
    Text(TextBlock),
    /// `thinking`
    Thinking(ThinkingBlock),
    /// `redacted_thinking`: thinking that only the API can read.
    RedactedThinking,
    /// `tool_use`, and `mcp_tool_use` with its `server_name`
    ToolUse(ToolUse),
    /// `server_tool_use`: a tool that runs on the API's side.
    ServerToolUse(ToolUse),
    /// `tool_result`, and `mcp_tool_result`
    ToolResult(ToolResult),
    /// `image`
    Image(Image),
    /// Anything else, such as the results of tools that run on the API's side.
    Unknown(Unknown),
}

impl Loose for ContentBlock {
    /// A bare string among blocks is taken for text.
    fn from_text(value: &str) -> Option<Self> {
        Self::from_string(value.to_owned())
    }
    fn from_string(text: String) -> Option<Self> {
        let citations = None;
        Some(Self::Text(TextBlock { text, citations }))
    }
    fn from_map<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(|raw| Some(Self::from_object(raw)))
    }
}

impl ContentBlock {
    fn from_object(raw: Value) -> Self {
        fn read<T: Loose + Default>(raw: Value) -> T {
            lenient::from_value(raw).unwrap_or_default()
        }
        match raw["type"].as_str().unwrap_or_default() {
            "text" => Self::Text(read(raw)),
            "thinking" => Self::Thinking(read(raw)),
            "redacted_thinking" => Self::RedactedThinking,
            "tool_use" | "mcp_tool_use" => Self::ToolUse(read(raw)),
            "server_tool_use" => Self::ServerToolUse(read(raw)),
            "tool_result" | "mcp_tool_result" => Self::ToolResult(read(raw)),
            "image" => Self::Image(read(raw)),
            kind => Self::Unknown(Unknown { kind: kind.to_owned(), raw }),
        }
    }
}
