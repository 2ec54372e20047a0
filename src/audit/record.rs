//! What is recorded: a closed set of kinds, written as they stand here.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;

/// One thing worth keeping.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub at: Timestamp,
    pub session: Option<SessionId>,
    pub body: Body,
}

/// What it was. None of the fields may be called like those of the line itself: `n`, `at`, `session`,
/// `kind`, `cut`, `prev`, `hash`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// A process of adjutant began, with this configuration in effect.
    Started {
        version: String,
        pid: u32,
        config: String,
        /// Of the file's bytes; none when there is no file.
        config_sha256: Option<String>,
    },
    /// It ended in order.
    Stopped {
        pid: u32,
    },

    Opened {
        directory: String,
        profile: Option<String>,
        mode: Option<String>,
        model: Option<String>,
        resume: Option<String>,
        fork: bool,
    },
    Closed,
    /// The model moved the session to another directory, or back.
    Moved {
        directory: String,
    },
    /// A session was not opened: its worktree could not be made.
    OpenRefused {
        why: String,
    },
    /// A feature of a project's backlog was changed.
    Backlog {
        who: String,
        project: String,
        feature: u32,
        what: String,
    },
    WorktreeMade {
        path: String,
        branch: String,
        commit: String,
        origin: String,
    },
    /// It was put aside, to be deleted soon.
    WorktreeRemoved {
        who: String,
        /// Who that is, as the messenger knows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        path: String,
        branch: String,
        /// What was checked out: `git branch NAME COMMIT` brings it back for as long as git keeps it.
        commit: Option<String>,
        branch_goes: bool,
        lost: Vec<String>,
    },
    /// The removal was undone.
    WorktreeRestored {
        who: String,
        /// Who that is, as the messenger knows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        path: String,
    },
    WorktreeDeleted {
        path: String,
        branch_gone: bool,
    },
    ProcessStarting,
    ProcessReady {
        version: Option<String>,
        pid: Option<u32>,
    },
    ProcessExited {
        code: Option<i32>,
        signal: Option<i32>,
        expected: bool,
        trouble: Option<String>,
    },
    Conversation {
        id: String,
    },
    Mode {
        mode: String,
    },
    Model {
        model: String,
    },

    Prompt {
        who: String,
        /// Who that is, as the messenger knows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        prompt: String,
        text: String,
        /// The approval it was a comment on.
        #[serde(skip_serializing_if = "Option::is_none")]
        approval: Option<u32>,
    },
    Interrupted,
    TurnEnded {
        turn: u32,
        outcome: String,
        duration_ms: u64,
        cost_usd: f64,
    },
    ToolStarted {
        call: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        parent: Option<String>,
        tool: String,
        input: Value,
    },
    /// The CLI told of a call before it ran it.
    Call {
        call: String,
        tool: String,
        /// Where it runs.
        directory: String,
        /// Why a person was to be asked about it; none when it was left to the CLI.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        asked: Option<String>,
    },
    ToolEnded {
        call: String,
        tool: String,
        outcome: String,
        /// Who decided about it: `asked` (a person was), `rule`, `grant`, `hook` (one of the person's), or `cli` (the CLI
        /// itself, by its own rules, mode and checks). Absent in older logs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },

    /// A request for permission, as it was shown.
    Asked {
        approval: u32,
        call: Option<String>,
        tool: String,
        input: Value,
        agent: Option<String>,
        reason: Option<String>,
        blocked_path: Option<String>,
        /// The person's own ask rule that brought it up.
        asked_by_rule: Option<String>,
        offered: Value,
        directory: String,
    },
    Decided(Box<Decided>),
    /// A rule of the configuration allowed a call and nobody was asked.
    Automatic {
        call: String,
        tool: String,
        who: String,
        decision: String,
        rule: String,
    },
    /// A hook of the person changed, refused, answered or allowed something, or failed.
    Hook {
        hook: String,
        call: Option<String>,
        tool: String,
        /// `changed`, `refused`, `answered`, `allowed`, `changed_result`, `aborted` or `failed`.
        did: String,
        /// In a sentence.
        text: String,
        /// What there was, and what it made of it.
        from: Value,
        to: Value,
    },
    Withdrawn {
        approval: u32,
        tool: String,
        why: String,
    },
    /// An answer that changed nothing.
    Refused {
        approval: u32,
        tool: String,
        why: String,
    },
    /// More than one call was allowed.
    Granted {
        grant: u32,
        /// The request that it was given with.
        approval: u32,
        who: String,
        /// Who that is, as the messenger knows them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        rule: String,
        scope: String,
        /// Milliseconds since 1970; none for what the CLI remembers.
        until: Option<i64>,
        uses: Option<u32>,
    },
    GrantEnded {
        grant: u32,
        why: String,
    },
    /// What a folder brings was trusted from the command line, without a request.
    TrustAdded {
        who: String,
        folder: String,
        /// Whatever lies below it, too, now and later.
        below: bool,
        /// What was not trusted until then.
        items: Vec<String>,
    },
    TrustRemoved {
        who: String,
        folder: String,
    },
    /// An order that came from outside the terminal.
    Command {
        who: String,
        /// As the messenger knows them, and where they said it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        chat: Option<String>,
        text: String,
        /// What they were told came of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        came: Option<String>,
    },

    /// So many records were not written.
    Lost {
        records: u64,
        why: String,
    },
    /// Bytes between the record before and this one are no record: a process was killed while it wrote.
    Torn {
        bytes: u64,
        sha256: String,
        text: String,
    },
    /// The end of the log was not what `audit.head` says.
    Broken {
        found: u64,
        expected: Option<u64>,
        expected_hash: Option<String>,
    },
    /// This file is deleted, as the configuration wants it.
    Forgot {
        file: String,
        last: u64,
        last_hash: String,
    },
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub approval: u32,
    pub call: Option<String>,
    pub tool: String,
    pub who: String,
    /// Who that is, as the messenger knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// `allow` or `deny`; what else belongs to it stands in the other fields.
    pub decision: String,
    /// In words: once, always, edited.
    pub how: String,
    /// What was shown.
    pub input: Value,
    /// What runs instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited: Option<Value>,
    /// The rules that the CLI was told to remember.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub remember: Value,
    /// What the model was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub answers: Value,
    /// The mode in which an accepted plan goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    pub after_ms: u64,
}

impl Body {
    /// Whether it must be on the disk before anything else is taken.
    pub fn is_urgent(&self) -> bool {
        match self {
            Self::Started { .. }
            | Self::Prompt { .. }
            | Self::Asked { .. }
            | Self::Decided(_)
            | Self::Automatic { .. }
            | Self::Hook { .. }
            | Self::Withdrawn { .. }
            | Self::Refused { .. }
            | Self::Granted { .. }
            | Self::GrantEnded { .. }
            | Self::Mode { .. }
            | Self::WorktreeRemoved { .. }
            | Self::WorktreeRestored { .. }
            | Self::TrustAdded { .. }
            | Self::TrustRemoved { .. }
            | Self::Command { .. }
            | Self::Backlog { .. }
            | Self::Lost { .. }
            | Self::Torn { .. }
            | Self::Broken { .. }
            | Self::Forgot { .. } => true,
            Self::Stopped { .. }
            | Self::Opened { .. }
            | Self::Closed
            | Self::Moved { .. }
            | Self::Call { .. }
            | Self::OpenRefused { .. }
            | Self::WorktreeMade { .. }
            | Self::WorktreeDeleted { .. }
            | Self::ProcessStarting
            | Self::ProcessReady { .. }
            | Self::ProcessExited { .. }
            | Self::Conversation { .. }
            | Self::Model { .. }
            | Self::Interrupted
            | Self::TurnEnded { .. }
            | Self::ToolStarted { .. }
            | Self::ToolEnded { .. } => false,
        }
    }
}
