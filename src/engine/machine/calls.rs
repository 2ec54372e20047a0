//! Calls before they begin. The CLI tells of each by a callback, and waits for the answer: here deny and ask rules, and
//! files that look secret, reach the calls that it would never ask about, in every permission mode.
//!
//! Seen on 2.1.197, 2.1.331 and 2.1.332: "ask" brings a request for permission in all six modes, with our reason in it
//! unless the CLI has a stronger one of its own; "deny" wins over hooks that allow; a callback that is not answered in
//! time, or whose turn is interrupted, is taken back and its call does not run; on 2.1.197 an *error* for an answer lets
//! the call run, so none is ever sent.
//!
//! Invariants: a callback gets exactly one answer, or is taken back, or its process is gone; no answer allows.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::Machine;
use super::commands::new_prompt;
use super::lifecycle::Life;
use crate::core::approval::Approval;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::ToolCallId;
use crate::core::prompt::PromptOrigin;
use crate::core::tool::ToolOutcome;
use crate::core::tool::table;
use crate::core::tool::table::Does;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::engine::approvals::ask;
use crate::engine::approvals::before::Judgement;
use crate::engine::approvals::before::Question;
use crate::engine::policy::Scene;
use crate::translate::Output;
use crate::translate::bound;
use crate::wire::inbound::control::HookCallback;
use crate::wire::outbound::Answer;
use crate::wire::outbound::CallAnswer;
use crate::wire::outbound::HookMatcher;
use crate::wire::outbound::OnFailure;
use crate::wire::permission::CanUseTool;

/// The events that callbacks are declared for: a call is about to run, a prompt is about to reach the model.
pub(super) const EVENTS: [&str; 2] = ["PreToolUse", PROMPT];
const PROMPT: &str = "UserPromptSubmit";
/// Ours to choose: it comes back with each callback.
const CALLBACK: &str = "adjutant-call";
/// How long the CLI waits for an answer, in seconds. It comes within milliseconds; a machine that slept may take longer.
const PATIENCE_S: u64 = 24 * 60 * 60;
/// Bytes of a prompt that the model scheduled that are kept.
const MAX_PROMPT: usize = 16 << 10;
/// Calls that are remembered until they end.
const MAX_CALLS: usize = 4096;
/// Callbacks that are being judged; what comes beyond is refused.
const MAX_UNANSWERED: usize = 1024;

/// The declaration for every call of the session and its sub-agents, or every prompt.
pub(super) fn declaration(event: &str) -> HookMatcher {
    HookMatcher {
        matcher: None,
        hook_callback_ids: vec![CALLBACK.to_owned()],
        timeout: Some(PATIENCE_S),
        on_failure: (event == EVENTS[0]).then_some(OnFailure::Block),
    }
}

/// What a call's callback told.
#[derive(Debug, Clone)]
struct Known {
    directory: String,
    /// Why it is asked, when our answer asks.
    asked: Option<Question>,
}

/// A callback that is being judged.
#[derive(Debug, Clone)]
struct Unanswered {
    call: ToolCallId,
    /// What hooks made of its input.
    changed: Option<Value>,
    /// Why it is to be asked, whatever the policy makes of it.
    question: Option<Question>,
}

/// The calls of one process.
#[derive(Debug, Default)]
pub(super) struct Calls {
    known: HashMap<ToolCallId, Known>,
    order: VecDeque<ToolCallId>,
    /// Callbacks that are being judged.
    unanswered: HashMap<String, Unanswered>,
    /// Calls that began and of which no callback has come; it must before they are done.
    untold: HashSet<ToolCallId>,
    /// The session's directory as the CLI names it.
    real: Option<PathBuf>,
    /// That a call ran without a callback was told.
    told_unseen: bool,
}

impl Calls {
    pub(super) fn begin(&mut self, real: Option<PathBuf>) {
        *self = Self { real, ..Self::default() };
    }

    fn note(&mut self, call: ToolCallId, directory: String) {
        self.untold.remove(&call);
        if self.known.insert(call.clone(), Known { directory, asked: None }).is_none() {
            self.order.push_back(call);
        }
        if self.order.len() > MAX_CALLS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn forget(&mut self, call: &ToolCallId) {
        if self.known.remove(call).is_some() {
            self.order.retain(|other| other != call);
        }
    }
}

impl Machine {
    /// A place as the CLI names it, in the words in which the session was opened.
    pub(super) fn in_our_words(&self, directory: &str) -> String {
        let rest = self.calls.real.as_deref().and_then(|real| Path::new(directory).strip_prefix(real).ok());
        match rest {
            Some(rest) if rest.as_os_str().is_empty() => self.directory.clone(),
            Some(rest) => Path::new(&self.directory).join(rest).to_string_lossy().into_owned(),
            None => directory.to_owned(),
        }
    }

    /// Where a call runs; `None` when the CLI has not said so.
    pub(super) fn place_of(&self, call: &ToolCallId) -> Option<&str> {
        self.calls.known.get(call).map(|known| known.directory.as_str())
    }

    /// Why a call is asked, when it is we who had it asked.
    pub(super) fn question_of(&self, call: &ToolCallId) -> Option<&Question> {
        self.calls.known.get(call)?.asked.as_ref()
    }

    pub(super) fn scene(&self) -> Scene {
        let extra = self.profile.as_ref().map_or(&[][..], |profile| &profile.directories);
        let directory = Path::new(&self.directory);
        let directories = std::iter::once(PathBuf::from(directory)).chain(extra.iter().map(|d| directory.join(d)));
        Scene {
            directories: directories.collect(),
            profile: self.profile_name.clone(),
            session: self.given_title.clone(),
            granted_there: false,
            own_tools: self.own_tools(),
        }
    }

    /// A callback came. `doubts`: what about its text is not as it was sent.
    pub(super) fn callback(&mut self, request_id: String, callback: HookCallback, doubts: &[String]) {
        let is_answerable = matches!(self.life, Life::Up | Life::Starting { .. });
        if self.calls.unanswered.contains_key(&request_id) || self.desk.knows(&request_id) || !is_answerable {
            return;
        }
        if !callback.is_about_a_call() {
            self.desk.note_ended_request(&request_id);
            if self.result_came(&request_id, &callback) {
                return;
            }
            if callback.input.hook_event_name == PROMPT && callback.input.agent_id.is_none() {
                self.prompt_arrives(callback.input.prompt.as_deref().unwrap_or_default());
            }
            return self.answer(request_id, Answer::Hook(Value::Object(serde_json::Map::new())));
        }
        if self.calls.unanswered.len() >= MAX_UNANSWERED {
            let reason = "Too many calls wait for adjutant; try again.".to_owned();
            self.desk.note_ended_request(&request_id);
            return self.answer(request_id, Answer::Call(CallAnswer::Deny { reason }));
        }
        let input = callback.input;
        let id = callback.tool_use_id.or(input.tool_use_id).unwrap_or_default();
        let call = ToolCallId::from(id.as_str());
        let told = input.cwd.filter(|cwd| Path::new(cwd).is_absolute());
        let directory = told.as_deref().map(|cwd| self.in_our_words(cwd));
        let request = CanUseTool {
            tool_name: input.tool_name.unwrap_or_default(),
            input: input.tool_input.unwrap_or_default(),
            tool_use_id: id,
            agent_id: input.agent_id,
            ..CanUseTool::default()
        };
        if let Some(directory) = directory {
            self.calls.note(call.clone(), directory);
        }
        let unanswered = Unanswered { call: call.clone(), changed: None, question: None };
        self.calls.unanswered.insert(request_id.clone(), unanswered);
        let doubt = doubts.first().map(|doubt| format!("it has {doubt}"));
        self.look_at_call(request_id, &call, request, doubt);
    }

    /// What the policy is asked about a call before it begins.
    pub(super) fn approval_before(&self, call: &ToolCallId, request: &CanUseTool) -> Approval {
        let place = self.place_of(call);
        let around = ask::Surroundings {
            session: self.session,
            directory: place.unwrap_or(&self.at),
            is_doubtful: place.is_none(),
            now: self.now.wall,
            ..ask::Surroundings::default()
        };
        ask::approval(request, &[], &around)
    }

    /// The call of a callback that still wants an answer.
    pub(super) fn unanswered_call(&self, request_id: &str) -> Option<ToolCallId> {
        self.calls.unanswered.get(request_id).map(|unanswered| unanswered.call.clone())
    }

    /// Hooks made another call of it.
    pub(super) fn note_change(&mut self, request_id: &str, input: Value) {
        if let Some(unanswered) = self.calls.unanswered.get_mut(request_id) {
            unanswered.changed = Some(input);
        }
    }

    pub(super) fn note_question(&mut self, request_id: &str, question: Question) {
        if let Some(unanswered) = self.calls.unanswered.get_mut(request_id) {
            unanswered.question = Some(question);
        }
    }

    /// The callback is about to be answered.
    pub(super) fn end_callback(&mut self, request_id: &str) {
        self.calls.unanswered.remove(request_id);
        self.desk.note_ended_request(request_id);
    }

    /// A prompt is about to reach the model. One that nobody here has sent, and that the model had scheduled, is shown
    /// as what the turn is about.
    fn prompt_arrives(&mut self, text: &str) {
        let is_ours = self.turn.as_ref().is_some_and(|turn| turn.report.is_none() && turn.prompt.is_some());
        if is_ours {
            return;
        }
        let mut output = Output::default();
        let was_scheduled = self.translator.woke(text, &mut output);
        for event in output.events {
            self.emit(event);
        }
        if was_scheduled {
            let prompt = new_prompt(bound::cut(text, MAX_PROMPT), PromptOrigin::Scheduled);
            self.emit(EventKind::PromptSent(prompt.clone()));
            self.begins_with = Some(prompt.id);
        }
    }

    /// A callback whose call cannot be judged as what it is.
    pub(super) fn unfit_call(&mut self, request_id: String, reason: String) {
        if !self.desk.knows(&request_id) {
            self.desk.note_ended_request(&request_id);
            self.answer(request_id, Answer::Call(CallAnswer::Deny { reason }));
        }
    }

    pub(super) fn judged(&mut self, request_id: &str, judgement: Judgement) {
        let Some(Unanswered { call, changed, question }) = self.calls.unanswered.remove(request_id) else { return };
        self.desk.note_ended_request(request_id);
        let judgement = with_question(judgement, question);
        let directory = self.place_of(&call).unwrap_or(&self.at).to_owned();
        let answer = match judgement {
            Judgement::Pass => {
                self.emit(EventKind::CallJudged { call, directory, asked: None });
                match changed {
                    Some(input) => CallAnswer::Change { input, ask: None },
                    None => CallAnswer::Pass,
                }
            }
            Judgement::Ask(question) => {
                let reason = question.reason();
                if let Some(known) = self.calls.known.get_mut(&call) {
                    known.asked = Some(question);
                }
                self.emit(EventKind::CallJudged { call, directory, asked: Some(reason.clone()) });
                match changed {
                    Some(input) => CallAnswer::Change { input, ask: Some(reason) },
                    None => CallAnswer::Ask { reason },
                }
            }
            Judgement::Deny { rule, why } => {
                let message = denial(&rule, &why);
                self.translator.note_denied(call.clone());
                self.emit(EventKind::DeniedByPolicy { call, rule, message: message.clone() });
                CallAnswer::Deny { reason: message }
            }
        };
        self.answer(request_id.to_owned(), Answer::Call(answer));
    }

    /// The CLI wants no answer any more.
    pub(super) fn call_withdrawn(&mut self, request_id: &str) {
        self.hooking.forget(request_id);
        if self.calls.unanswered.remove(request_id).is_some() {
            self.desk.note_ended_request(request_id);
        }
    }

    /// The model has made a call. What runs elsewhere, as a search on the API's side, comes with no callback.
    pub(super) fn call_is_made(&mut self, call: &ToolCallId, name: &str) {
        let does = table::of(name).map(|tool| tool.does);
        let is_ours =
            matches!(does, Some(Does::Runs { .. } | Does::RunsOther { .. } | Does::Changes { .. } | Does::Reads))
                || name.starts_with("mcp__");
        if is_ours && self.calls.untold.len() < MAX_CALLS && !self.calls.known.contains_key(call) {
            self.calls.untold.insert(call.clone());
        }
    }

    /// A call is over. One that was done without a callback shows that the CLI keeps calls from us.
    pub(super) fn call_is_over(&mut self, call: &ToolCallId, outcome: ToolOutcome) {
        self.calls.forget(call);
        self.hooking.forget_call(call);
        let is_untold = self.calls.untold.remove(call) && outcome == ToolOutcome::Done;
        if !is_untold || std::mem::replace(&mut self.calls.told_unseen, true) {
            return;
        }
        let text = "The CLI ran a call without asking adjutant first: rules and the audit log do not reach what it does. \
                    A setting such as CLAUDE_CODE_SIMPLE in the project's settings may be the cause.";
        if self.config.approvals.rules.is_empty() {
            self.emit(EventKind::Noted(Notice::error(text)));
        } else {
            self.stop(Some(Trouble::new(TroubleKind::Other, text)));
        }
    }
}

/// A question of a hook that failed stands beside whatever else is asked; nothing takes it away.
fn with_question(judgement: Judgement, question: Option<Question>) -> Judgement {
    match (judgement, question) {
        (Judgement::Pass, Some(question)) => Judgement::Ask(question),
        (Judgement::Ask(other), Some(Question::Hook { hook, why })) if other.rule().is_none() => {
            let why = format!("{why}; {}", other.words().unwrap_or_default());
            Judgement::Ask(Question::Hook { hook, why })
        }
        (judgement, _) => judgement,
    }
}

/// What the model reads of a call that a rule denies.
pub(super) fn denial(rule: &str, why: &str) -> String {
    format!("A rule of the user denies this call: {rule}; {why}. Do not try it in another form.")
}
