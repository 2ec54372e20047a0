//! What goes into the machine and what comes out.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::hooking::Asking;
use super::hooking::Hooked;
use crate::core::change::expected::Verdict;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::ConversationId;
use crate::core::ids::Generation;
use crate::core::ids::PromptId;
use crate::core::ids::TaskId;
use crate::core::ids::Timestamp;
use crate::core::prompt::Surface;
use crate::core::trouble::Trouble;
use crate::core::trust::Brought;
use crate::core::worktree::Place;
use crate::engine::approvals::before;
use crate::engine::approvals::before::Judgement;
use crate::engine::approvals::inspect::Inspection;
use crate::engine::approvals::inspect::Job;
use crate::engine::approvals::look::Compare;
use crate::engine::approvals::look::Recheck;
use crate::engine::approvals::look::Rechecked;
use crate::engine::images::Mentioned;
use crate::engine::images::Wanted;
use crate::engine::process::FromStdout;
use crate::engine::process::Rung;
use crate::engine::spawn::Launch;
use crate::engine::trust::Sighting;
use crate::engine::worktrees;
use crate::transcripts::read::Told;
use crate::wire::outbound::Outbound;
use crate::wire::outbound::UserImage;

/// The time, twice: the wall's for people, the monotonic for deadlines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Now {
    pub(crate) wall: Timestamp,
    pub(crate) mono: Duration,
}

/// The images of a prompt as the CLI takes them, or why one cannot be sent.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) prompt: PromptId,
    pub(crate) images: Vec<Result<UserImage, String>>,
    /// Images that its text names and the CLI would leave out.
    pub(crate) mentioned: Vec<Mentioned>,
}

#[derive(Debug)]
pub(crate) enum Input {
    /// The session's task begins.
    Begin,
    Command(Command),
    /// The engine stops.
    Quit,
    /// It runs; where it has plans written.
    Launched {
        plans: PathBuf,
        /// The session's directory with links resolved, as the CLI names it.
        real: Option<PathBuf>,
    },
    LaunchFailed(Trouble),
    Lines(Vec<FromStdout>),
    Stderr(Vec<String>),
    /// The answer to that request is in the pipe.
    Written(String),
    /// A line could not be handed over: the CLI reads nothing any more.
    Unwritable,
    /// The process has ended, and everything it wrote has been read.
    Gone {
        code: Option<i32>,
        signal: Option<i32>,
    },
    /// What the policy makes of a call that has not begun.
    Judged {
        request_id: String,
        judgement: Judgement,
    },
    Inspected {
        request_id: String,
        inspection: Box<Inspection>,
    },
    /// The file of a request that is about to be allowed, as it is now.
    Rechecked {
        request_id: String,
        found: Box<Rechecked>,
    },
    /// An allowed change is over, and this came of it.
    Compared {
        file: PathBuf,
        verdict: Verdict,
    },
    /// What an MCP server in this program replied to a message of that process.
    ServerReplied {
        generation: Generation,
        request_id: String,
        reply: Value,
    },
    Branch(Option<String>),
    /// What was said in the conversation before, or why it could not be read.
    History(Result<Vec<Told>, String>),
    /// What has come in a conversation that is followed, and who works on it.
    Watched {
        told: Vec<Told>,
        by: Option<String>,
    },
    /// What came of a job on the session's worktree.
    Worktree(Box<worktrees::Outcome>),
    ImagesLoaded(Loaded),
    /// The end of what a background task has printed.
    TaskRead {
        task: TaskId,
        text: String,
    },
    /// What hooks say.
    Hooked(Box<Hooked>),
    /// What the folder brings, and what of it is trusted.
    Sighted(Box<Sighting>),
    /// A decision about it is written down, or why it is not.
    FolderTrusted(Result<(), String>),
    /// A deadline may have passed.
    Tick,
}

#[derive(Debug)]
pub(crate) enum Effect {
    Emit(Generation, EventKind),
    Launch(Launch),
    /// A line for the CLI; with a receipt, `Written` follows.
    Write {
        line: Outbound,
        receipt: Option<String>,
    },
    CloseInput,
    Signal(Rung),
    /// Ask the policy about a call that has not begun; `Judged` follows.
    Judge(Box<before::Job>),
    /// Ask the person's hooks; `Hooked` follows.
    AskHooks(Box<Asking>),
    /// Look at the disk for a request; `Inspected` follows.
    Inspect(Box<Job>),
    /// Hand a message to an MCP server in this program; `ServerReplied` follows.
    AskServer {
        generation: Generation,
        request_id: String,
        server: String,
        message: Value,
    },
    /// Look again at the file of a request before it is allowed; `Rechecked` follows.
    Recheck(Box<Recheck>),
    /// See what came of an allowed change; `Compared` follows.
    Compare(Box<Compare>),
    /// The session knows this file as it is now.
    NoteFile(String),
    /// See which branch is checked out there; `Branch` follows.
    LookUpBranch(PathBuf),
    /// Read what was said in a conversation, perhaps only before a prompt; `History` follows.
    ReadHistory {
        conversation: ConversationId,
        before: Option<PromptId>,
    },
    /// Look at a conversation from now on; `Watched` follows again and again.
    Watch(ConversationId),
    EndWatch,
    /// Read the images of a prompt; `ImagesLoaded` follows.
    LoadImages {
        prompt: PromptId,
        wanted: Wanted,
    },
    /// Read the end of what a background task prints; `TaskRead` follows.
    ReadTask {
        task: TaskId,
        file: PathBuf,
    },
    /// See what the folder brings; `Sighted` follows.
    LookAtFolder,
    /// Write down that it is trusted with what it brings; `FolderTrusted` follows.
    TrustFolder {
        brought: Box<Brought>,
        by: Surface,
    },
    /// Write down, before anything else is done, that these rules and directories in its settings are the person's.
    AdoptRules {
        rules: Vec<String>,
        directories: Vec<String>,
    },
    /// Do something with the session's worktree; an outcome follows.
    Worktree {
        place: Box<Place>,
        job: worktrees::Job,
    },
    /// The session's task ends.
    Finish,
}
