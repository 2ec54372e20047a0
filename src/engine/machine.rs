//! What a session's task decides, without doing it.
//!
//! **For:** the life of a session's process, its turns, its queue and its requests for permission, as a
//! machine: an [`Input`] in, [`Effect`]s out. **Not for:** doing any of it (`session` does), reading
//! lines (`translate` does), or reading a clock: the time comes with each input.
//!
//! Invariants:
//! - Every request for permission gets exactly one answer, or is withdrawn, or its session is gone; no
//!   path but a decision that says "allow", or the policy's definite yes, answers "allow".
//! - A prompt is in the queue, or sent, or, when the process died before its turn began, in the queue
//!   again.
//! - When nothing is under way there is no deadline: an idle session never wakes up.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use self::calls::Calls;
use self::changes::Changes;
use crate::config::Config;
use crate::config::Profile;
use crate::core::event::EventKind;
use crate::core::grant::Grant;
use crate::core::ids::ConversationId;
use crate::core::ids::Generation;
use crate::core::ids::PromptId;
use crate::core::ids::SessionId;
use crate::core::ids::TaskId;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;
use crate::core::ids::TurnId;
use crate::core::permission::PermissionMode;
use crate::core::prompt::Prompt;
use crate::core::prompt::Queue;
use crate::core::session::CliInfo;
use crate::core::session::Followed;
use crate::core::session::Session;
use crate::engine::approvals::Desk;
use crate::engine::budget::Budget;
use crate::engine::hooks::Hooks;
use crate::engine::served::Offer;
use crate::translate::Translator;
use crate::wire::outbound::Answer;
use crate::wire::outbound::ClientRequest;
use crate::wire::outbound::Outbound;

mod asking;
mod background;
/// Calls before they begin.
mod calls;
mod changes;
mod clock;
mod commands;
/// What MCP servers ask.
mod eliciting;
mod grants;
/// What the person's hooks are asked.
mod hooking;
mod images;
/// What goes into the machine and what comes out.
pub(crate) mod io;
mod lifecycle;
mod limit;
mod lines;
mod past;
mod replies;
/// MCP servers in this program.
mod serving;
mod tree;
mod trusting;
mod turns;

pub(crate) use hooking::Asking;
pub(crate) use hooking::Hooked;
pub(crate) use io::Effect;
pub(crate) use io::Input;
pub(crate) use io::Loaded;
pub(crate) use io::Now;

use grants::Held;
use hooking::Hooking;
use lifecycle::Life;
use limit::Limit;
use replies::Asked;
use tree::Tree;
use trusting::Trusting;
use turns::Turn;

/// Lines of standard error that explain an end.
const MAX_STDERR: usize = 20;

/// What a session's machine is made from.
#[derive(Debug)]
pub(crate) struct Origin<'a> {
    /// As it was just opened, or as an earlier engine left it.
    pub(crate) session: &'a Session,
    pub(crate) config: Arc<Config>,
    /// Counted over all sessions.
    pub(crate) approval_ids: Arc<AtomicU32>,
    pub(crate) grant_ids: Arc<AtomicU32>,
    /// Those of the session that hold.
    pub(crate) grants: Vec<Grant>,
    /// Of all sessions together.
    pub(crate) budget: Arc<Budget>,
    /// Somebody knows folders.
    pub(crate) is_gated: bool,
    /// The person's own programs that are asked.
    pub(crate) hooks: Option<Arc<dyn Hooks>>,
    /// The MCP servers in this program that it has.
    pub(crate) offers: Vec<Offer>,
}

#[derive(Debug)]
pub(crate) struct Machine {
    session: SessionId,
    config: Arc<Config>,
    /// The name of a profile that does not exist must not fall back to no profile at all.
    profile: Result<Profile, String>,
    profile_name: Option<String>,
    /// The title that a person gave, as rules know the session by.
    given_title: Option<String>,
    /// Seconds until a request is denied by itself; zero never.
    deadline_s: u64,
    directory: String,
    branch: Option<String>,
    approval_ids: Arc<AtomicU32>,
    grant_ids: Arc<AtomicU32>,
    grants: Vec<Held>,
    budget: Arc<Budget>,
    /// The next prompt goes out although the budget is spent: a person said so.
    over_budget: bool,
    /// That the budget holds prompts was told.
    hold_told: bool,

    now: Now,
    effects: Vec<Effect>,
    generation: Generation,

    life: Life,
    /// Somebody wants the queue to be worked off: a stopped process is started for it.
    wanted: bool,
    /// What follows the end of the process.
    ending: Option<Ending>,
    cli: CliInfo,
    conversation: Option<ConversationId>,
    fork: bool,
    /// The fork ends before this prompt.
    fork_at: Option<PromptId>,
    /// What was said before is not known yet.
    wants_history: bool,
    /// It is being read: prompts wait for it.
    reading: bool,
    /// Somebody else works on the conversation, and this session only looks on.
    followed: Option<Followed>,
    /// The newest thing that is known of the past.
    known_until: Timestamp,
    /// What is watched tells again what is known until then.
    skip_until: Timestamp,
    /// The process went on with a conversation and has not answered in it yet.
    resumed: bool,
    mode: Option<PermissionMode>,
    model: Option<String>,
    stderr: VecDeque<String>,
    /// What a `result` before the first turn complained about.
    startup_error: Option<String>,
    garbage_told: bool,

    queue: Queue,
    limit: Limit,
    /// A person has interrupted a turn while prompts waited behind it: they wait on for a word.
    held_by_interrupt: bool,
    interrupt_hold_told: bool,
    /// The queue as it was last told.
    queue_told: Queue,
    last_prompt: Option<Prompt>,
    /// The images of the prompt that comes next, while they are read and when they have been.
    loading: Option<PromptId>,
    loaded: Option<Loaded>,
    turn: Option<Turn>,
    /// The prompt of the turn that the CLI is about to begin by itself.
    begins_with: Option<PromptId>,
    last_turn: TurnId,
    /// A mode that the process takes only at its start.
    restart_in: Option<PermissionMode>,
    /// The process holds something that no longer counts.
    renew: bool,
    /// This CLI tells when it is idle; an older one only sends a `result`.
    tells_state: bool,
    /// Where shells in the background write, and that this CLI tells their output nowhere else.
    task_files: HashMap<TaskId, PathBuf>,
    reads_task_files: bool,
    /// The MCP servers in this program that the session has.
    offers: Vec<Offer>,
    /// The servers of calls that have not ended, by call.
    server_calls: HashMap<ToolCallId, String>,
    /// This CLI takes the word that a question was left unanswered.
    says_unanswered: bool,
    /// What was said of settings that keep requests from the person.
    unasked_told: Vec<String>,

    /// The worktree of its own.
    tree: Option<Tree>,
    trust: Trusting,
    hooking: Hooking,

    desk: Desk,
    calls: Calls,
    /// Where the CLI works: the session's directory, or where the model has moved it to.
    at: String,
    changes: Changes,
    translator: Translator,
    requests: HashMap<String, Asked>,
    n_requests: u64,

    last_line: Duration,
    last_event: Duration,
    stall_told: bool,
    idle_since: Duration,
}

/// Why the session itself is about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// A person closed it: it is forgotten.
    Close,
    /// The engine stops: it is there again next time.
    Quit,
}

impl Machine {
    pub(crate) fn new(origin: Origin<'_>) -> Self {
        let Origin { session, config, approval_ids, grant_ids, grants, budget, is_gated, hooks, offers } = origin;
        let spec = &session.spec;
        let own = |profile: Profile| Profile {
            idle_minutes: spec.idle_minutes.unwrap_or(profile.idle_minutes),
            timeout_minutes: spec.timeout_minutes.unwrap_or(profile.timeout_minutes),
            ..profile
        };
        let profile = config.profile(spec.profile.as_deref()).map(own).ok_or_else(|| {
            format!("there is no [profiles.{}] in config.toml", spec.profile.as_deref().unwrap_or_default())
        });
        let of_profile = profile.as_ref().ok();
        let known_until = past::known_until(session);
        let has_run = session.generation > Generation(0);
        Self {
            session: session.id,
            // What was chosen later than at the opening counts.
            mode: Some(session.mode).filter(|_| has_run).or(spec.mode).or(of_profile.and_then(|profile| profile.mode)),
            model: session.model.clone().or_else(|| of_profile.and_then(|profile| profile.model.clone())),
            profile_name: spec.profile.clone().or_else(|| config.claude.default_profile.clone()),
            given_title: session.titled_by_hand.then(|| session.title.clone()),
            deadline_s: spec.deadline_s.unwrap_or(config.approvals.deadline_s),
            config,
            profile,
            directory: spec.directory.clone(),
            branch: session.branch.clone(),
            approval_ids,
            grant_ids,
            grants: grants.into_iter().map(Held::restored).collect(),
            budget,
            over_budget: false,
            hold_told: false,
            now: Now::default(),
            effects: Vec::new(),
            generation: session.generation,
            life: Life::Absent,
            wanted: false,
            ending: None,
            cli: CliInfo::default(),
            conversation: session.conversation.clone(),
            fork: spec.fork && session.conversation == spec.resume,
            fork_at: spec.fork_at.clone(),
            wants_history: spec.resume.is_some() && session.transcript.n_ever() == 0,
            reading: false,
            followed: session.followed.clone(),
            known_until,
            skip_until: known_until,
            resumed: false,
            stderr: VecDeque::new(),
            startup_error: None,
            garbage_told: false,
            queue: session.queue.clone(),
            limit: Limit::of(session),
            held_by_interrupt: session.queue_is_held(),
            interrupt_hold_told: false,
            queue_told: session.queue.clone(),
            last_prompt: session.last_prompt().cloned(),
            loading: None,
            loaded: None,
            turn: None,
            begins_with: None,
            last_turn: session.last_turn.as_ref().map_or(TurnId(0), |turn| turn.turn),
            restart_in: None,
            renew: false,
            tells_state: false,
            task_files: HashMap::new(),
            reads_task_files: false,
            offers,
            server_calls: HashMap::new(),
            says_unanswered: false,
            unasked_told: Vec::new(),
            tree: Tree::of(session),
            trust: Trusting::new(is_gated, spec.trust),
            hooking: Hooking::new(hooks),
            desk: Desk::default(),
            calls: Calls::default(),
            at: session.directory().to_owned(),
            changes: Changes::default(),
            translator: Translator::default(),
            requests: HashMap::new(),
            n_requests: 0,
            last_line: Duration::ZERO,
            last_event: Duration::ZERO,
            stall_told: false,
            idle_since: Duration::ZERO,
        }
    }

    /// Takes one input at a time of day and returns what is to be done, in order.
    pub(crate) fn handle(&mut self, input: Input, now: Now) -> Vec<Effect> {
        self.now = now;
        match input {
            Input::Begin => self.begin(),
            Input::History(read) => self.history(read),
            Input::Watched { told, by } => self.watched(told, by),
            Input::Command(command) => self.command(command),
            Input::Quit => self.end(Ending::Quit),
            Input::Launched { plans, real } => self.launched(plans, real),
            Input::LaunchFailed(trouble) => self.launch_failed(trouble),
            Input::Lines(lines) => self.lines(lines),
            Input::Stderr(lines) => self.stderr_lines(lines),
            Input::Written(request_id) => self.written(&request_id),
            Input::Unwritable => self.unwritable(),
            Input::Gone { code, signal } => self.gone(code, signal),
            Input::Judged { request_id, judgement } => self.judged(&request_id, judgement),
            Input::Hooked(hooked) => self.hooked(*hooked),
            Input::Inspected { request_id, inspection } => self.inspected(&request_id, *inspection),
            Input::Rechecked { request_id, found } => self.rechecked(&request_id, *found),
            Input::ServerReplied { generation, request_id, reply } => {
                self.server_replied(generation, request_id, reply);
            }
            Input::Compared { file, verdict } => self.compared(&file, verdict),
            Input::Branch(branch) => self.branch_is(branch),
            Input::Worktree(outcome) => self.tree_outcome(*outcome),
            Input::ImagesLoaded(loaded) => self.images_loaded(loaded),
            Input::TaskRead { task, text } => self.task_printed(&task, &text),
            Input::Sighted(sighting) => self.sighted(*sighting),
            Input::FolderTrusted(done) => self.folder_trusted(done),
            Input::Tick => self.tick(),
        }
        self.renew_if_idle();
        self.advance_tree();
        self.tell_queue();
        std::mem::take(&mut self.effects)
    }

    fn emit(&mut self, kind: EventKind) {
        self.last_event = self.now.mono;
        self.note_work(&kind);
        self.note_waiting(&kind);
        self.effects.push(Effect::Emit(self.generation, kind));
    }

    fn write(&mut self, line: Outbound) {
        self.effects.push(Effect::Write { line, receipt: None });
    }

    fn answer(&mut self, request_id: String, answer: Answer) {
        self.write(Outbound::Answer { request_id, answer });
    }

    /// Sends a request of ours and remembers what its answer is about.
    fn request(&mut self, request: ClientRequest, asked: Asked) {
        self.n_requests += 1;
        let request_id = format!("adjutant-{}", self.n_requests);
        self.requests.insert(request_id.clone(), asked);
        self.write(Outbound::Request { request_id, request });
    }

    fn tell_queue(&mut self) {
        if self.queue != self.queue_told {
            self.queue_told = self.queue.clone();
            self.emit(EventKind::QueueChanged(self.queue.clone()));
        }
    }

    fn branch_is(&mut self, branch: Option<String>) {
        if branch != self.branch {
            self.branch.clone_from(&branch);
            self.emit(EventKind::BranchChanged(branch));
        }
    }
}

#[cfg(test)]
mod tests;
