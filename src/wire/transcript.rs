//! A line of the CLI's own record of a conversation, as a type.
//!
//! For: `<config>/projects/<project>/<conversation>.jsonl` and the files of its sub-agents, as versions
//! 2.1.197 to 2.1.329 write them. Not for: what the lines mean together; `transcripts` knows that.
//! Messages are those of the protocol; what stands around them is named otherwise.

use serde_json::Value;

use crate::wire::decode;
use crate::wire::inbound::api::{ApiMessage, Content};
use crate::wire::inbound::turn::Origin;
use crate::wire::lenient;
use crate::wire::macros::wire_struct;

wire_struct! {
    /// One line. Which fields it has depends on its type; those of internal types are not read.
    pub struct Record {
        /// `user`, `assistant`, `system`, `attachment`, `summary`, `custom-title`, `ai-title`,
        /// `last-prompt`, …; many more are internal.
        pub kind ["type"]: String,
        /// Of `system` lines: `compact_boundary`, `local_command`, …
        pub subtype: Option<String>,
        /// Its name; a prompt that was sent with one keeps it.
        pub uuid: Option<String>,
        /// The line it follows. Null at the beginning and after a compaction.
        pub parent_uuid ["parentUuid"]: Option<String>,
        /// After a compaction: the last line before it.
        pub logical_parent_uuid ["logicalParentUuid"]: Option<String>,
        /// ISO 8601.
        pub timestamp: Option<String>,
        /// Of a sub-agent. Newer versions keep these in files of their own.
        pub is_sidechain ["isSidechain"]: bool,
        /// Written by the CLI for the model.
        pub is_meta ["isMeta"]: bool,
        /// The summary that takes the place of what was before.
        pub is_compact_summary ["isCompactSummary"]: bool,
        /// The directory the CLI worked in.
        pub cwd: Option<String>,
        /// The message of `user` and `assistant` lines.
        pub message: ApiMessage,
        /// A tool's output as data.
        pub tool_use_result ["toolUseResult"]: Option<Value>,
        /// An answer that is the text of an API error.
        pub is_api_error_message ["isApiErrorMessage"]: bool,
        /// Which error.
        pub error: Option<String>,
        /// Its HTTP status.
        pub api_error_status ["apiErrorStatus"]: Option<u64>,
        /// Who caused it; absent for a person.
        pub origin: Option<Origin>,
        /// The text of some `system` lines.
        pub content: Option<String>,
        /// Of `compact_boundary`.
        pub compact_metadata ["compactMetadata"]: CompactFacts,
        /// Of `attachment`.
        pub attachment: Attachment,
        /// The title a person gave.
        pub custom_title ["customTitle"]: Option<String>,
        /// The title a model gave.
        pub ai_title ["aiTitle"]: Option<String>,
        /// The title of older versions.
        pub summary: Option<String>,
        /// The prompt that was sent last.
        pub last_prompt ["lastPrompt"]: Option<String>,
    }

    /// Facts about a compaction.
    pub struct CompactFacts {
        /// `manual` or `auto`.
        pub trigger: String,
        /// Tokens before.
        pub pre_tokens ["preTokens"]: u64,
        /// Tokens after.
        pub post_tokens ["postTokens"]: Option<u64>,
    }

    /// What the CLI added to the conversation beside a message.
    pub struct Attachment {
        /// `queued_command` is a prompt that was sent while a turn ran; the others are internal.
        pub kind ["type"]: String,
        /// Of `queued_command`.
        pub prompt: Content,
        /// Of `queued_command`: `prompt` when a person wrote it.
        pub command_mode ["commandMode"]: Option<String>,
        /// Of `queued_command`: the name the prompt was sent with.
        pub source_uuid: Option<String>,
        /// Of `queued_command`: who caused it; absent for a person.
        pub origin: Option<Origin>,
        /// Of `queued_command`: written by the CLI for the model.
        pub is_meta ["isMeta"]: bool,
    }

    /// What stands beside the file of a sub-agent.
    pub struct AgentFacts {
        /// The call that started it. Absent in older versions.
        pub tool_use_id ["toolUseId"]: Option<String>,
    }

    /// What a running CLI says of itself in `<config>/sessions/<pid>.json`.
    pub struct RunningCli {
        /// Its process.
        pub pid: Option<u64>,
        /// When the process started, as `/proc/<pid>/stat` counts: tells it from a later one of that number.
        pub proc_start ["procStart"]: Option<String>,
        /// The conversation.
        pub session_id ["sessionId"]: Option<String>,
        /// Where.
        pub cwd: Option<String>,
        /// `interactive`, …
        pub kind: Option<String>,
        /// `idle`, `busy`, `waiting`, …
        pub status: Option<String>,
    }
}

impl Record {
    /// Reads one line as the CLI does: NULs before the record, as a crash of the machine leaves them, and whatever
    /// stands behind it cost nothing. (A CLI passes over such NULs only in files of some megabytes.) `None`: it begins
    /// with no JSON object.
    pub fn read(line: &str) -> Option<Self> {
        let line = line.trim_start_matches(['\0', ' ', '\t', '\r']);
        lenient::first_of(line).or_else(|| lenient::first_of(&decode::repaired(line)))
    }
}

impl AgentFacts {
    /// Reads the file beside a sub-agent's.
    pub fn read(text: &str) -> Option<Self> {
        lenient::from_text(text).ok().flatten()
    }
}

impl RunningCli {
    /// Reads what a CLI says of itself.
    pub fn read(text: &str) -> Option<Self> {
        lenient::from_text(text).ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_odd_field_costs_only_itself() {
        let line = r#"{"type":"user","uuid":7,"isMeta":"x","message":{"role":"user","content":"hi"},"cwd":["no"]}"#;
        let record = Record::read(line).unwrap();
        assert_eq!((record.kind.as_str(), record.uuid, record.cwd), ("user", None, None));
        assert_eq!(record.message.content, Content::Text("hi".into()));
        assert_eq!(Record::read("[1]"), None);
        assert_eq!(Record::read("{\"type\":\"us"), None);
    }
}
