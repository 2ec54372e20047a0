//! Pending approvals: what is asked, what it would do, how it was decided.
//!
//! An approval's life is pending → claimed → resolved, or withdrawn by the CLI, or its session gone.
//! There is no way from any of these to "allowed" but a [`Decision`] that says so.

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use self::elicitation::Elicitation;
pub use self::file::FileBefore;
pub use self::file::FilePreview;
use super::anatomy::Anatomy;
use super::anatomy::Effect;
use super::grant::GrantRule;
use super::grant::GrantTerms;
use super::grant::marked::Hole;
use super::hook::HookMark;
use super::ids::ApprovalId;
use super::ids::SessionId;
use super::ids::Timestamp;
use super::ids::ToolCallId;
use super::permission::PermissionMode;
use super::permission::PermissionUpdate;
use super::permission::Scope;
use super::prompt::Surface;
use super::trust::Brought;
use super::trust::TrustAnswer;

/// What is known about a request, and what binds its answer.
pub mod about;
/// Its marks, and how careful a person has to be.
pub mod danger;
/// What an MCP server asks the person.
pub mod elicitation;
/// The file a call would change.
pub mod file;

/// One answer that a question offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOption {
    pub label: String,
    pub description: String,
    /// What it would look like: a text of several lines.
    #[serde(default)]
    pub preview: Option<String>,
}

/// A question of the model to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The text is also the key under which the answer goes back.
    pub text: String,
    pub header: String,
    pub multiple: bool,
    pub options: Vec<QuestionOption>,
}

/// What kind of dialog a request needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ask {
    /// May this tool run?
    Tool,
    Questions(Vec<Question>),
    /// May planning end? The plan is Markdown.
    Plan(String),
    /// An MCP server asks for input.
    Elicitation(Box<Elicitation>),
    /// May what the folder brings take effect?
    Trust(Box<Brought>),
}

/// Fields of the request that bind the dialog; each makes it stricter, none looser.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Binding {
    /// Approve is never preselected, and one key alone does not approve.
    pub default_to_no: bool,
    /// No "always" in any form.
    pub no_always: bool,
    /// Only a person may approve, and a tool only at the session itself.
    pub needs_person: bool,
    /// An ask rule of the person forced this request: no automatic approval may answer it.
    pub asked_by_rule: Option<String>,
    /// The CLI's own safety check forced it: no automatic approval may answer it.
    pub safety_check: bool,
    /// The tool comes from an MCP server but does not carry that server's name: no automatic approval may
    /// answer it.
    #[serde(default)]
    pub posing: bool,
    /// A hook of the person could not look at it, and the person decides then: no automatic approval may answer it.
    #[serde(default)]
    pub asked_by_hook: Option<String>,
    /// What else the request said that this version does not understand: no automatic approval may answer it.
    #[serde(default)]
    pub not_understood: Vec<String>,
}

impl Binding {
    /// Whether a policy may answer in the person's place at all.
    pub fn permits_automatic(&self) -> bool {
        !self.default_to_no
            && !self.needs_person
            && self.asked_by_rule.is_none()
            && self.asked_by_hook.is_none()
            && !self.safety_check
            && !self.posing
            && self.not_understood.is_empty()
    }
}

/// Where the call would run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    pub directory: String,
    /// The CLI did not say where: it may be another directory, and no relative path is judged by this one.
    #[serde(default)]
    pub is_doubtful: bool,
    /// Where the session works, when the call runs elsewhere.
    #[serde(default)]
    pub session_in: Option<String>,
    /// Where it leads, when it goes through a symbolic link.
    #[serde(default)]
    pub leads_to: Option<String>,
    pub branch: Option<String>,
}

/// A sub-agent that asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentLabel {
    pub id: String,
    /// What it was asked to do, and its type, as far as the session knows.
    pub description: Option<String>,
    pub kind: Option<String>,
}

/// One request for permission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    pub id: ApprovalId,
    pub session: SessionId,
    pub call: Option<ToolCallId>,
    pub agent: Option<AgentLabel>,
    pub tool: String,
    /// The CLI's own heading for the request, where it sent one.
    pub title: Option<String>,
    /// Exactly what runs when it is allowed unedited.
    pub input: Value,
    /// What was asked before the person put `input` in its place; nothing has been sent of it.
    #[serde(default)]
    pub original: Option<Value>,
    pub ask: Ask,
    /// "Always allow" in the forms that the CLI offers.
    pub suggestions: Vec<PermissionUpdate>,
    /// What may be granted for a time, each covering this call.
    #[serde(default)]
    pub grants: Vec<GrantRule>,
    /// Words of the command that may be marked as free in a grant.
    #[serde(default)]
    pub markable: Vec<Hole>,
    /// The model's own words about the call. They may lie.
    pub description: Option<String>,
    /// Why the CLI asks.
    pub reason: Option<String>,
    /// Why no rule of the person allowed it.
    #[serde(default)]
    pub not_allowed: Option<String>,
    pub blocked_path: Option<String>,
    pub binding: Binding,
    /// What hooks made of it: `input` is what they made.
    #[serde(default)]
    pub hooks: Vec<HookMark>,
    /// What the call does beside what its command line says.
    pub risks: Vec<Effect>,
    /// What a command line does, as far as it was read.
    #[serde(default)]
    pub anatomy: Option<Anatomy>,
    pub preview: Option<FilePreview>,
    pub place: Place,
    pub asked: Timestamp,
    /// When it is denied by itself; `None` waits for ever.
    pub deadline: Option<Timestamp>,
}

impl Approval {
    /// A request to use a tool, of which nothing more is known.
    pub fn new(id: ApprovalId, session: SessionId, tool: impl Into<String>, input: Value) -> Self {
        Self {
            id,
            session,
            call: None,
            agent: None,
            tool: tool.into(),
            title: None,
            input,
            original: None,
            ask: Ask::Tool,
            suggestions: Vec::new(),
            grants: Vec::new(),
            markable: Vec::new(),
            description: None,
            reason: None,
            not_allowed: None,
            blocked_path: None,
            binding: Binding::default(),
            hooks: Vec::new(),
            risks: Vec::new(),
            anatomy: None,
            preview: None,
            place: Place::default(),
            asked: Timestamp::default(),
            deadline: None,
        }
    }

    /// Whether one decision can serve both: the same call of the same asker, under the same guards.
    pub fn is_same_request(&self, other: &Self) -> bool {
        let is_tool = self.ask == Ask::Tool && other.ask == Ask::Tool;
        let is_same_call = self.session == other.session && self.tool == other.tool && self.input == other.input;
        let is_same_asker = self.agent == other.agent && self.place.directory == other.place.directory;
        let is_as_strict = self.binding == other.binding && self.blocked_path == other.blocked_path;
        is_tool && is_same_call && is_same_asker && is_as_strict
    }
}

/// One answered question: its text, and the labels or free text given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub question: String,
    pub answer: String,
}

/// What the person, or a rule, decided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Decision {
    Allow {
        /// The input as the person edited it; `None` sends back what was asked.
        edited: Option<Value>,
        /// What to remember; empty for "once".
        remember: Vec<PermissionUpdate>,
        /// Follows as a message, because the protocol has no place for it.
        comment: Option<String>,
    },
    /// Allows this one call as it was asked, and those like it for a time.
    Grant(GrantTerms),
    /// Answers to [`Ask::Questions`].
    Answers(Vec<Answer>),
    /// Accepts [`Ask::Plan`] and goes on in this mode.
    AcceptPlan { mode: PermissionMode },
    /// Accepts [`Ask::Elicitation`]: with what was filled in, or null for a page.
    Fill(Value),
    /// Closes [`Ask::Elicitation`] with no answer: the server is told that nobody gave one.
    Dismiss,
    /// Answers [`Ask::Trust`]; denying it starts nothing.
    Trust(TrustAnswer),
    /// To [`Ask::Elicitation`] it says that the person does not want to.
    Deny {
        /// Reaches the model as the tool's error.
        message: String,
        /// Also ends the turn.
        stop: bool,
    },
}

impl Decision {
    /// Allows this one call as it was asked.
    pub fn allow_once() -> Self {
        Self::Allow { edited: None, remember: Vec::new(), comment: None }
    }

    /// Allows this one call, and has the CLI remember it. A rule that is saved to a file is given to the session too:
    /// not every CLI takes a file's rules into account before it is started again.
    pub fn remembering(update: &PermissionUpdate) -> Self {
        let is_saved = update.scope().is_some_and(|scope| scope != Scope::Session);
        let for_now = (is_saved && matches!(update, PermissionUpdate::AddRules { .. }))
            .then(|| update.with_scope(Scope::Session));
        let remember = [update.clone()].into_iter().chain(for_now).collect();
        Self::Allow { edited: None, remember, comment: None }
    }

    pub fn deny(message: impl Into<String>) -> Self {
        Self::Deny { message: message.into(), stop: false }
    }

    pub fn is_allow(&self) -> bool {
        !matches!(self, Self::Deny { .. } | Self::Dismiss)
    }

    /// The decision in a few words, for the timeline and for logs.
    pub fn describe(&self) -> &'static str {
        match self {
            Self::Allow { edited: Some(_), .. } => "edited, then allowed",
            Self::Allow { remember, .. } if !remember.is_empty() => "always allowed",
            Self::Allow { .. } => "allowed once",
            Self::Grant(_) => "allowed for a time",
            Self::Answers(_) => "answered",
            Self::AcceptPlan { .. } => "plan accepted",
            Self::Fill(Value::Null) => "page accepted",
            Self::Fill(_) => "filled in",
            Self::Dismiss => "dismissed without an answer",
            Self::Trust(answer) => answer.describe(),
            Self::Deny { stop: true, .. } => "denied and stopped",
            Self::Deny { .. } => "denied",
        }
    }
}

/// A decision and its author.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub decision: Decision,
    pub by: Surface,
    /// From the request to the decision.
    pub after_ms: u64,
}

/// Why an approval ended without anybody's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Withdrawal {
    /// The CLI cancelled the request.
    ByCli,
    /// The session's process ended.
    SessionGone,
    /// adjutant itself ended while it waited, and was started again.
    Expired,
    /// The file it would change is no longer the one that was shown: it is asked anew.
    FileChanged,
    /// The person has put another change in its place, which is asked as it would be.
    Edited,
}

impl Withdrawal {
    /// How it ended, in words that fit after “it ended because”.
    pub fn describe(self) -> &'static str {
        match self {
            Self::ByCli => "the CLI has withdrawn it",
            Self::SessionGone => "its session has ended",
            Self::Expired => "adjutant was stopped while it waited",
            Self::FileChanged => "its file has changed since, and it is asked anew",
            Self::Edited => "it was edited, and is asked anew as it would be now",
        }
    }
}

/// What can be done with a request right now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ApprovalState {
    Pending,
    /// An answer is on its way to the CLI; a second one comes too late.
    Claimed {
        by: Surface,
    },
}

/// An approval that has not ended yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenApproval {
    pub approval: Approval,
    pub state: ApprovalState,
}
