//! One session: process, turn, transcript, progress; the fold of its events.

use std::collections::VecDeque;

use serde::Deserialize;
use serde::Serialize;

use super::approval::ApprovalState;
use super::approval::OpenApproval;
use super::approval::Withdrawal;
use super::cell::CellBody;
use super::cell::Notice;
use super::cell::TurnEnd;
use super::cell::TurnOutcome;
use super::event::EventKind;
use super::ids::ConversationId;
use super::ids::Generation;
use super::ids::PromptId;
use super::ids::SessionId;
use super::ids::Timestamp;
use super::ids::TurnId;
use super::permission::PermissionMode;
use super::prompt::Prompt;
use super::prompt::PromptOrigin;
use super::prompt::Queue;
use super::task::Task;
use super::task::TaskState;
use super::todo::TodoList;
use super::tool::ToolState;
use super::transcript::Transcript;
use super::trouble::Trouble;
use super::trouble::TroubleKind;
use super::trust::TrustChoice;
use super::trust::TrustState;
use super::usage::UsageTotals;
use super::worktree::Worktree;
use super::worktree::WorktreeSpec;

mod fold;
/// What hooks did.
mod hooking;
mod tree;
mod waiting;
mod work;

/// What a session is opened with. Secrets stay in the profile, which is named here and kept by the engine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SessionSpec {
    pub directory: String,
    /// Given by the person; without one the first prompt becomes the title.
    pub title: Option<String>,
    pub profile: Option<String>,
    /// `None`: the profile's, or the CLI's own default.
    pub mode: Option<PermissionMode>,
    pub model: Option<String>,
    /// An earlier conversation to go on with.
    pub resume: Option<ConversationId>,
    /// Go on in a copy of it.
    pub fork: bool,
    /// The copy ends before this prompt.
    #[serde(default)]
    pub fork_at: Option<PromptId>,
    /// Only look on while somebody else goes on with it.
    #[serde(default)]
    pub follow: bool,
    /// Go on by itself when a usage limit has lifted; `None`: as the profile says.
    #[serde(default)]
    pub go_on: Option<bool>,
    /// Instead of the profile's: minutes until an idle process is stopped, and a turn is interrupted.
    #[serde(default)]
    pub idle_minutes: Option<u64>,
    #[serde(default)]
    pub timeout_minutes: Option<u64>,
    /// Instead of the configuration's: seconds until a request is denied by itself.
    #[serde(default)]
    pub deadline_s: Option<u64>,
    /// The git branch, filled in by the engine.
    pub branch: Option<String>,
    /// A worktree of its own. The engine makes it and fills in where it is.
    #[serde(default)]
    pub worktree: Option<WorktreeSpec>,
    /// What happens with what the folder brings and nobody has trusted.
    #[serde(default)]
    pub trust: TrustChoice,
}

/// What the CLI said of itself when it started.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CliInfo {
    pub version: Option<String>,
    pub pid: Option<u32>,
    pub models: Vec<ModelChoice>,
    pub commands: Vec<SlashCommand>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelChoice {
    /// What `set_model` takes.
    pub value: String,
    pub label: String,
    pub description: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlashCommand {
    /// Without the slash.
    pub name: String,
    #[serde(default)]
    pub aliases: Vec<String>,
    pub description: String,
    pub argument_hint: String,
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Exit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// We asked for it.
    pub expected: bool,
    /// What it means for the person, when it was not expected.
    pub trouble: Option<Trouble>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProcessState {
    /// Nothing runs before the first prompt.
    NotStarted,
    Starting,
    Running,
    Stopping,
    Exited(Exit),
}

/// The turn that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub id: TurnId,
    /// `None`: the CLI began by itself, after a background task.
    pub prompt: Option<PromptId>,
    /// The prompt in one line.
    pub prompt_line: String,
    pub started: Timestamp,
    pub n_calls: u32,
    pub interrupting: bool,
}

/// A conversation that is only looked at, because somebody else works on it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Followed {
    /// Who, in words; `None` when nobody does any more, and it can be taken over.
    pub by: Option<String>,
}

/// The prompt that goes out by itself once a usage limit has lifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    pub at: Timestamp,
    pub text: String,
}

/// What a session is doing, as its tab shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    NotStarted,
    Starting,
    Working,
    /// So many approvals are pending.
    Waiting(usize),
    /// Nothing runs but background tasks.
    Background(usize),
    Idle,
    /// Idle, after an error nobody has answered with a new prompt.
    Failed,
    /// Idle, because a usage limit was reached.
    Limited,
    Stopping,
    /// Read-only: somebody else works on the conversation.
    Followed,
    /// Read-only: nobody works on it any more.
    FollowedToEnd,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    /// What the command that opened it was marked with: whoever asked for it knows it by that.
    #[serde(default)]
    pub tag: Option<u64>,
    pub generation: Generation,
    pub spec: SessionSpec,
    pub title: String,
    /// The title is no longer the directory's name: prompts do not change it.
    pub titled: bool,
    /// ... and a person gave it: nobody else changes it.
    #[serde(default)]
    pub titled_by_hand: bool,
    pub branch: Option<String>,
    pub opened: Timestamp,
    pub process: ProcessState,
    pub cli: CliInfo,
    pub conversation: Option<ConversationId>,
    /// As the CLI reported it, not as it was last asked for.
    pub mode: PermissionMode,
    pub model: Option<String>,
    pub turn: Option<Turn>,
    pub last_turn: Option<TurnEnd>,
    pub transcript: Transcript,
    pub approvals: Vec<OpenApproval>,
    pub queue: Queue,
    pub todo: TodoList,
    pub tasks: Vec<Task>,
    pub usage: UsageTotals,
    /// When the process last gave a sign of life.
    pub heard: Timestamp,
    /// It has been silent for longer than configured.
    pub stalled: bool,
    /// The last lines of the process's standard error.
    pub stderr: VecDeque<String>,
    pub n_unknown: u64,
    /// The conversation is only looked at.
    #[serde(default)]
    pub followed: Option<Followed>,
    /// It goes on by itself when a usage limit has lifted.
    #[serde(default)]
    pub goes_on: bool,
    #[serde(default)]
    pub resume: Option<Resume>,
    #[serde(default)]
    pub worktree: Option<Worktree>,
    /// Where the model has moved it to, when that is not where it was opened.
    #[serde(default)]
    pub moved_to: Option<String>,
    /// What of its folder takes effect; not known before the first start.
    #[serde(default)]
    pub trust: Option<TrustState>,
}

/// Titles are cut to this many characters.
const MAX_TITLE_CHARS: usize = 60;

impl Session {
    pub fn new(id: SessionId, spec: SessionSpec, at: Timestamp) -> Self {
        let folder = spec.directory.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let title =
            spec.title.clone().unwrap_or_else(|| if folder.is_empty() { "/".into() } else { folder.to_owned() });
        Self {
            id,
            tag: None,
            generation: Generation::default(),
            titled: spec.title.is_some(),
            titled_by_hand: spec.title.is_some(),
            title,
            branch: spec.branch.clone(),
            opened: at,
            process: ProcessState::NotStarted,
            cli: CliInfo::default(),
            conversation: spec.resume.clone(),
            mode: spec.mode.unwrap_or_default(),
            model: spec.model.clone(),
            turn: None,
            last_turn: None,
            transcript: Transcript::default(),
            approvals: Vec::new(),
            queue: Queue::default(),
            todo: TodoList::default(),
            tasks: Vec::new(),
            usage: UsageTotals::default(),
            heard: at,
            stalled: false,
            stderr: VecDeque::new(),
            n_unknown: 0,
            followed: spec.follow.then(Followed::default),
            goes_on: spec.go_on.unwrap_or_default(),
            resume: None,
            worktree: spec.worktree.as_ref().and_then(WorktreeSpec::place).cloned().map(Worktree::new),
            moved_to: None,
            trust: None,
            spec,
        }
    }

    /// The same with only the newest cells. Written out, so that the others are not copied on the way.
    #[must_use]
    pub fn tail(&self, n_cells: usize) -> Self {
        Self {
            id: self.id,
            tag: self.tag,
            generation: self.generation,
            spec: self.spec.clone(),
            title: self.title.clone(),
            titled: self.titled,
            titled_by_hand: self.titled_by_hand,
            branch: self.branch.clone(),
            opened: self.opened,
            process: self.process.clone(),
            cli: self.cli.clone(),
            conversation: self.conversation.clone(),
            mode: self.mode,
            model: self.model.clone(),
            turn: self.turn.clone(),
            last_turn: self.last_turn.clone(),
            transcript: self.transcript.tail(n_cells),
            approvals: self.approvals.clone(),
            queue: self.queue.clone(),
            todo: self.todo.clone(),
            tasks: self.tasks.clone(),
            usage: self.usage.clone(),
            heard: self.heard,
            stalled: self.stalled,
            stderr: self.stderr.clone(),
            n_unknown: self.n_unknown,
            followed: self.followed.clone(),
            goes_on: self.goes_on,
            resume: self.resume.clone(),
            worktree: self.worktree.clone(),
            moved_to: self.moved_to.clone(),
            trust: self.trust,
        }
    }

    /// Where it works now.
    pub fn directory(&self) -> &str {
        self.moved_to.as_deref().unwrap_or(&self.spec.directory)
    }

    /// The last prompt that a person or a script sent.
    pub fn last_prompt(&self) -> Option<&Prompt> {
        self.transcript.iter().rev().find_map(|cell| match &cell.body {
            CellBody::Prompt(prompt) if matches!(prompt.origin, PromptOrigin::Surface(_)) => Some(prompt),
            _ => None,
        })
    }

    /// What brings a session to rest whose engine was ended without a chance to do so itself.
    pub fn loose_ends(&self) -> Vec<EventKind> {
        let withdrawn =
            |open: &OpenApproval| EventKind::ApprovalWithdrawn { approval: open.approval.id, why: Withdrawal::Expired };
        let mut ends: Vec<EventKind> = self.approvals.iter().map(withdrawn).collect();
        for open in &self.approvals {
            let text =
                format!("The request for {} has expired: {}.", open.approval.tool, Withdrawal::Expired.describe());
            ends.push(EventKind::Noted(Notice::warning(text)));
        }
        if let Some(turn) = &self.turn {
            let text = format!(
                "adjutant was stopped during this turn ({}). The next prompt goes on with the conversation; what the \
                 model was doing may be half done.",
                turn.prompt_line
            );
            ends.push(EventKind::Noted(Notice::warning(text)));
        }
        if matches!(self.process, ProcessState::Starting | ProcessState::Running | ProcessState::Stopping) {
            ends.push(EventKind::Exited(Exit { expected: true, ..Exit::default() }));
        }
        ends
    }

    /// Whether it is about to go on, or goes on, with this conversation; a fork of it does not.
    pub fn is_on(&self, conversation: &ConversationId) -> bool {
        let is_fork = self.spec.fork && self.spec.resume.as_ref() == Some(conversation);
        self.conversation.as_ref() == Some(conversation) && !is_fork
    }

    pub fn activity(&self) -> Activity {
        match &self.followed {
            Some(Followed { by: Some(_) }) => return Activity::Followed,
            Some(Followed { by: None }) => return Activity::FollowedToEnd,
            None => {}
        }
        let n_pending = self.approvals.iter().filter(|open| open.state == ApprovalState::Pending).count();
        if n_pending > 0 {
            return Activity::Waiting(n_pending);
        }
        match &self.process {
            ProcessState::Stopping => return Activity::Stopping,
            ProcessState::Exited(exit) if exit.trouble.is_some() => return Activity::Failed,
            ProcessState::Starting if self.turn.is_none() => return Activity::Starting,
            ProcessState::NotStarted if self.transcript.is_empty() => return Activity::NotStarted,
            _ => {}
        }
        if self.turn.is_some() {
            return Activity::Working;
        }
        let n_tasks = self.running_tasks().count();
        if n_tasks > 0 {
            return Activity::Background(n_tasks);
        }
        match self.last_trouble() {
            Some(Trouble { kind: TroubleKind::UsageLimit { .. }, .. }) => Activity::Limited,
            Some(_) => Activity::Failed,
            None => Activity::Idle,
        }
    }

    /// The error that ended the last turn or the process, if one did.
    pub fn last_trouble(&self) -> Option<&Trouble> {
        if let ProcessState::Exited(Exit { trouble: Some(trouble), .. }) = &self.process {
            return Some(trouble);
        }
        match &self.last_turn.as_ref()?.outcome {
            super::cell::TurnOutcome::Failed(trouble) => Some(trouble),
            super::cell::TurnOutcome::Completed | super::cell::TurnOutcome::Interrupted => None,
        }
    }

    pub fn running_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.state == TaskState::Running)
    }

    /// Tasks that go on beside the turn. A sub-agent that the turn waits for is none.
    pub fn background_tasks(&self) -> impl Iterator<Item = &Task> {
        self.running_tasks().filter(|task| !self.is_waited_for(task))
    }

    fn is_waited_for(&self, task: &Task) -> bool {
        let call = task.call.as_ref().and_then(|call| self.transcript.call(call));
        self.turn.is_some() && call.is_some_and(|call| call.state.is_open() && call.state != ToolState::Background)
    }

    /// Whether prompts wait that nothing will send by itself, because a person has interrupted the turn before them.
    pub fn queue_is_held(&self) -> bool {
        let was_interrupted = self.last_turn.as_ref().is_some_and(|end| end.outcome == TurnOutcome::Interrupted);
        self.turn.is_none() && !self.queue.is_empty() && was_interrupted
    }

    /// Whether closing it would cut something off.
    pub fn is_busy(&self) -> bool {
        if self.followed.is_some() {
            return false;
        }
        self.turn.is_some()
            || !self.approvals.is_empty()
            || self.running_tasks().next().is_some()
            || !self.queue.is_empty()
    }
}

/// A prompt as a title: its first line with words in it, cut to a length a tab can bear.
pub fn title_of(prompt: &str) -> String {
    let line = prompt.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut title: String = line.chars().take(MAX_TITLE_CHARS).collect();
    if line.chars().nth(MAX_TITLE_CHARS).is_some() {
        title.pop();
        title.push('…');
    }
    title
}
