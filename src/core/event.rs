//! What happened: the closed enum of everything the engine tells. Every consumer matches it whole.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use super::approval::Approval;
use super::approval::Verdict;
use super::approval::Withdrawal;
use super::cell::BlockKind;
use super::cell::Notice;
use super::cell::TurnOutcome;
use super::grant::Grant;
use super::grant::GrantEnd;
use super::hook::HookMark;
use super::ids::ApprovalId;
use super::ids::BlockId;
use super::ids::ConversationId;
use super::ids::Generation;
use super::ids::GrantId;
use super::ids::PromptId;
use super::ids::SessionId;
use super::ids::TaskId;
use super::ids::Timestamp;
use super::ids::ToolCallId;
use super::ids::TurnId;
use super::permission::PermissionMode;
use super::prompt::Prompt;
use super::prompt::Queue;
use super::prompt::Surface;
use super::session::CliInfo;
use super::session::Exit;
use super::session::Followed;
use super::session::Resume;
use super::session::SessionSpec;
use super::task::TaskReport;
use super::task::TaskState;
use super::tool::ChangedLines;
use super::tool::ToolOutcome;
use super::tool::ToolOutput;
use super::trouble::Trouble;
use super::trust::TrustState;
use super::usage::ContextUse;
use super::usage::Tokens;
use super::worktree::Aside;
use super::worktree::Place;
use super::worktree::Report;

/// One thing that happened to one session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counted over all sessions, without gaps, from 1: a consumer that joins knows what it has seen.
    pub seq: u64,
    pub session: SessionId,
    /// Which start of the session's process this comes from; an earlier one's events change nothing.
    pub generation: Generation,
    pub at: Timestamp,
    pub kind: EventKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum EventKind {
    // The session itself.
    /// The first event of every session. `tag` is the one that the opening command carried.
    Opened {
        spec: SessionSpec,
        tag: Option<u64>,
    },
    Renamed {
        title: String,
    },
    /// A title that a model made of what is done; one that a person gave stays.
    TitleSuggested {
        title: String,
    },
    /// Whether it goes on by itself when a usage limit has lifted.
    GoesOn(bool),
    /// It will do so then, or it will not.
    ResumePlanned(Option<Resume>),
    /// The git branch of the directory, when it differs from what was known.
    BranchChanged(Option<String>),
    /// The model has moved the session to another directory, or back.
    Moved {
        directory: String,
    },
    /// The last event of every session.
    Closed,
    /// There is no session of this number: its worktree could not be made.
    OpenRefused {
        tag: Option<u64>,
        why: String,
        /// A branch name that is free, when the one asked for is not.
        instead: Option<String>,
    },

    // Its worktree.
    /// What removing it would lose.
    WorktreeLooked(Box<Report>),
    /// It was not removed, or not put back, and why.
    WorktreeKept {
        why: String,
    },
    /// It is removed, and can be put back for a while.
    WorktreeAside {
        place: Box<Place>,
        aside: Box<Aside>,
        by: Surface,
        /// What goes with it, a line each.
        lost: Vec<String>,
    },
    /// It is where it was.
    WorktreeBack {
        path: String,
        by: Surface,
    },
    /// It is deleted; the end of the session follows.
    WorktreeGone {
        path: String,
        branch_gone: bool,
    },

    /// What of its folder takes effect in it, when that was not so before.
    FolderStands(TrustState),

    // Its process.
    /// A process is being started; the event carries the new generation.
    Starting,
    /// It answered `initialize`.
    Ready(CliInfo),
    /// The CLI named the conversation, its model and its mode; it does so at each turn.
    Conversation {
        id: ConversationId,
        model: String,
        mode: PermissionMode,
    },
    Stopping,
    Exited(Exit),
    /// A line the process wrote to its standard error.
    Stderr(String),
    /// The process is alive: sent when nothing else was for a few seconds.
    Heard,
    /// Nothing was heard for the configured time although a turn runs.
    Stalled {
        silent_ms: u64,
    },
    /// A message of a kind that this version does not know; kept in the log, counted here.
    UnknownMessage {
        kind: String,
    },

    // Prompts and turns.
    QueueChanged(Queue),
    /// The prompt went to the CLI.
    PromptSent(Prompt),
    TurnStarted {
        turn: TurnId,
        prompt: Option<PromptId>,
    },
    /// An interrupt was asked for; the end of the turn follows.
    Interrupting,
    TurnEnded {
        turn: TurnId,
        outcome: TurnOutcome,
        duration_ms: u64,
        tokens: Tokens,
        cost_usd: f64,
        text: Option<String>,
    },

    // What the model says.
    BlockStarted {
        block: BlockId,
        parent: Option<ToolCallId>,
        kind: BlockKind,
    },
    BlockDelta {
        block: BlockId,
        text: String,
    },
    /// The whole text; it replaces what the deltas gave.
    BlockEnded {
        block: BlockId,
        parent: Option<ToolCallId>,
        kind: BlockKind,
        text: String,
    },

    // What it does.
    ToolAnnounced {
        call: ToolCallId,
        parent: Option<ToolCallId>,
        name: String,
    },
    ToolInputGrew {
        call: ToolCallId,
        bytes: u64,
    },
    ToolStarted {
        call: ToolCallId,
        parent: Option<ToolCallId>,
        name: String,
        input: Value,
        /// The lines of a change, where `input` had to be cut.
        #[serde(default)]
        changed: Option<ChangedLines>,
    },
    ToolEnded {
        call: ToolCallId,
        outcome: ToolOutcome,
        output: ToolOutput,
    },

    /// The CLI told of a call before it ran it, and the policy was asked. Without a question the CLI does as it would.
    CallJudged {
        call: ToolCallId,
        /// Where it runs.
        directory: String,
        /// Why a request for permission is to come for it.
        asked: Option<String>,
    },

    // What hooks of the person do.
    /// One has changed, refused or answered something: a call, or else the prompt or the turn.
    HookActed {
        call: Option<ToolCallId>,
        mark: HookMark,
    },
    /// A call waits for this one; `None`: for none any more.
    HookWaits {
        call: ToolCallId,
        hook: Option<String>,
    },

    // Approvals.
    ApprovalAsked(Box<Approval>),
    /// An answer is on its way to the CLI.
    ApprovalClaimed {
        approval: ApprovalId,
        by: Surface,
    },
    ApprovalResolved {
        approval: ApprovalId,
        verdict: Verdict,
    },
    ApprovalWithdrawn {
        approval: ApprovalId,
        why: Withdrawal,
    },
    /// A rule of the configuration allowed a call without asking anybody.
    ApprovedByPolicy {
        call: ToolCallId,
        rule: String,
    },
    /// A rule of the configuration denied a call without asking anybody.
    DeniedByPolicy {
        call: ToolCallId,
        rule: String,
        /// What the model was told.
        message: String,
    },
    /// A person allowed more than one call.
    Granted(Box<Grant>),
    /// A call is allowed by a grant; [`Self::ApprovedByPolicy`] tells which.
    GrantUsed {
        grant: GrantId,
    },
    GrantEnded {
        grant: GrantId,
        why: GrantEnd,
    },
    /// An answer came too late or was not possible; nothing changed.
    AnswerRefused {
        approval: ApprovalId,
        why: String,
    },

    // State that the CLI reports.
    ModeChanged(PermissionMode),
    ModelChanged(String),
    /// Tokens of the running turn so far.
    TokensCounted(Tokens),
    ContextMeasured(ContextUse),
    Retrying {
        attempt: u64,
        max: u64,
        delay_ms: u64,
        trouble: Trouble,
    },
    CompactionStarted,
    Compacted {
        automatic: bool,
        tokens_before: Option<u64>,
        tokens_after: Option<u64>,
    },
    /// The summary that replaced the conversation.
    CompactionSummary {
        text: String,
    },

    // Background work.
    TaskStarted {
        task: TaskId,
        call: Option<ToolCallId>,
        kind: String,
        description: String,
    },
    TaskProgress {
        task: TaskId,
        report: TaskReport,
    },
    TaskEnded {
        task: TaskId,
        state: TaskState,
        report: TaskReport,
    },
    /// All background tasks that run now; those not named have ended.
    TasksListed(Vec<TaskId>),

    Noted(Notice),

    // Conversations that began elsewhere.
    /// Something that happened before the session was opened, or that somebody else did: read from the
    /// CLI's own record. It is shown, and counts nowhere.
    Past {
        at: Timestamp,
        kind: Box<EventKind>,
    },
    /// The conversation is only looked at, or no longer.
    Followed(Option<Followed>),
}

impl EventKind {
    /// What happened, whether now or in the past.
    pub fn told(&self) -> &Self {
        match self {
            Self::Past { kind, .. } => kind,
            kind => kind,
        }
    }

    /// Whether somebody may rely on it as soon as it is shown: it must be on the disk by then.
    pub fn is_promise(&self) -> bool {
        matches!(
            self,
            Self::Opened { .. }
                | Self::Followed(_)
                | Self::Closed
                | Self::WorktreeAside { .. }
                | Self::WorktreeBack { .. }
                | Self::WorktreeGone { .. }
                | Self::Renamed { .. }
                | Self::GoesOn(_)
                | Self::ResumePlanned(_)
                | Self::QueueChanged(_)
                | Self::PromptSent(_)
                | Self::ApprovalAsked(_)
                | Self::ApprovalClaimed { .. }
                | Self::ApprovalResolved { .. }
                | Self::Granted(_)
                | Self::GrantUsed { .. }
                | Self::GrantEnded { .. }
        )
    }

    /// Whether the event is worth keeping: not a sign of life, nor a piece of what comes whole later.
    pub fn is_lasting(&self) -> bool {
        if let Self::Past { kind, .. } = self {
            return kind.is_lasting();
        }
        !matches!(self, Self::BlockDelta { .. } | Self::ToolInputGrew { .. } | Self::HookWaits { .. } | Self::Heard)
    }
}
