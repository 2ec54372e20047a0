//! What a surface may ask of the engine. Every command names its session; the answer is events.

use serde::Deserialize;
use serde::Serialize;

use super::approval::Decision;
use super::ids::ApprovalId;
use super::ids::GrantId;
use super::ids::PromptId;
use super::ids::SessionId;
use super::ids::TaskId;
use super::image::ImageRef;
use super::permission::PermissionMode;
use super::prompt::MoveWay;
use super::prompt::SendHow;
use super::prompt::Surface;
use super::session::SessionSpec;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Opens a session; no process starts before the first prompt. `tag` comes back in `Opened`, or in
    /// `OpenRefused` when its worktree cannot be made.
    Open {
        spec: Box<SessionSpec>,
        tag: Option<u64>,
    },
    /// Stops the process in order and forgets the session.
    Close {
        session: SessionId,
    },
    Rename {
        session: SessionId,
        title: String,
    },
    Send {
        session: SessionId,
        text: String,
        how: SendHow,
        by: Surface,
        /// What the prompt will be called, for whoever must find it again; `None`: anything.
        #[serde(default)]
        id: Option<PromptId>,
        #[serde(default)]
        images: Vec<ImageRef>,
    },
    EditQueued {
        session: SessionId,
        prompt: PromptId,
        text: String,
    },
    DropQueued {
        session: SessionId,
        prompt: PromptId,
    },
    MoveQueued {
        session: SessionId,
        prompt: PromptId,
        way: MoveWay,
    },
    Interrupt {
        session: SessionId,
    },
    /// Stops the process in order; the next prompt starts it again with the same conversation.
    Stop {
        session: SessionId,
    },
    /// Goes on after an error: works off the queue when something is in it, else sends the last prompt
    /// once more.
    Retry {
        session: SessionId,
    },
    /// A better title than the first prompt; one that a person gave stays.
    SuggestTitle {
        session: SessionId,
        title: String,
    },
    /// Whether it goes on by itself when a usage limit has lifted.
    SetGoesOn {
        session: SessionId,
        goes_on: bool,
    },
    SetMode {
        session: SessionId,
        mode: PermissionMode,
    },
    SetModel {
        session: SessionId,
        model: String,
    },
    /// Answers a pending approval. The first answer wins; a later one is refused with an event.
    Answer {
        session: SessionId,
        approval: ApprovalId,
        decision: Box<Decision>,
        by: Surface,
    },
    /// Takes a grant back.
    Revoke {
        session: SessionId,
        grant: GrantId,
        by: Surface,
    },
    StopTask {
        session: SessionId,
        task: TaskId,
    },
    /// Asks for what a background task has printed.
    ReadTask {
        session: SessionId,
        task: TaskId,
    },
    /// Only looks on while somebody else goes on with the conversation.
    Follow {
        session: SessionId,
    },
    /// Goes on with a conversation that was followed, once nobody else works on it.
    TakeOver {
        session: SessionId,
    },
    /// Starts the process anew once nothing is under way: it holds something that no longer counts.
    Renew {
        session: SessionId,
    },
    /// Stops the process and sees what removing the session's worktree would lose; the answer is
    /// `WorktreeLooked` or `WorktreeKept`.
    LookAtWorktree {
        session: SessionId,
    },
    /// Removes the session's worktree, and then the session, as far as the report allows it that was looked at.
    RemoveWorktree {
        session: SessionId,
        /// The mark of that report.
        seen: String,
        /// The branch as the person typed it, when something would be lost.
        named: Option<String>,
        by: Surface,
    },
    /// Puts a worktree back that was just removed.
    RestoreWorktree {
        session: SessionId,
        by: Surface,
    },
    /// Asks the CLI how full the context is; the answer is `ContextMeasured`.
    MeasureContext {
        session: SessionId,
    },
}

impl Command {
    /// The session it is for; `None` for the one that makes a session.
    pub fn session(&self) -> Option<SessionId> {
        match self {
            Self::Open { .. } => None,
            Self::Close { session }
            | Self::Rename { session, .. }
            | Self::Send { session, .. }
            | Self::EditQueued { session, .. }
            | Self::DropQueued { session, .. }
            | Self::MoveQueued { session, .. }
            | Self::Interrupt { session }
            | Self::Stop { session }
            | Self::Retry { session }
            | Self::SuggestTitle { session, .. }
            | Self::SetGoesOn { session, .. }
            | Self::SetMode { session, .. }
            | Self::SetModel { session, .. }
            | Self::Answer { session, .. }
            | Self::Revoke { session, .. }
            | Self::StopTask { session, .. }
            | Self::ReadTask { session, .. }
            | Self::Follow { session }
            | Self::TakeOver { session }
            | Self::Renew { session }
            | Self::LookAtWorktree { session }
            | Self::RemoveWorktree { session, .. }
            | Self::RestoreWorktree { session, .. }
            | Self::MeasureContext { session } => Some(*session),
        }
    }
}
