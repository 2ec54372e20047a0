//! What the person's hooks are asked, and what their answers mean for the session.
//!
//! Invariants: a callback or request that hooks are asked about is answered once, or taken back, or its process is
//! gone; an answer of a hook that comes after that changes nothing; a changed call is judged by the policy as it is
//! then, and asked about as it is then; a hook's word allows only where nothing of the person, the policy and the CLI
//! is against it.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use super::Effect;
use super::Machine;
use crate::core::approval::Ask;
use crate::core::approval::danger::Danger;
use crate::core::event::EventKind;
use crate::core::hook::HookDid;
use crate::core::hook::HookMark;
use crate::core::hook::OnFailure;
use crate::core::ids::PromptId;
use crate::core::ids::ToolCallId;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::RuleBehavior;
use crate::engine::approvals::Stage;
use crate::engine::approvals::before;
use crate::engine::approvals::before::Question;
use crate::engine::approvals::inspect;
use crate::engine::approvals::inspect::Inspection;
use crate::engine::hooks::Abort;
use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Hooks;
use crate::engine::hooks::Meta;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Permission;
use crate::engine::hooks::Point;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Said;
use crate::engine::hooks::Verdict;
use crate::engine::hooks::Word;
use crate::translate::bound;
use crate::wire::outbound::Answer;
use crate::wire::outbound::CallAnswer;
use crate::wire::permission::CanUseTool;
use crate::wire::permission::PermissionAnswer;

/// Calls whose marks are remembered.
const MAX_CALLS: usize = 4096;
/// Tools that are dialogs with the person.
const DIALOGS: [&str; 2] = ["AskUserQuestion", "ExitPlanMode"];

/// What is sent, and what is said.
mod prompts;
/// Results: what hooks may still change of a call.
mod results;

pub(super) use results::AFTER;

/// A question for the hooks; `Hooked` with the same follows.
#[derive(Debug)]
pub(crate) enum Asking {
    Call { request_id: String, about: ToolCallId, call: Call },
    Permission { request_id: String, about: Option<ToolCallId>, permission: Permission },
    Result { request_id: String, about: ToolCallId, finished: Finished },
    Prompt { prompt: PromptId, outgoing: Outgoing },
    Said(Said),
}

/// What the hooks say.
#[derive(Debug)]
pub(crate) enum Hooked {
    Call {
        request_id: String,
        reply: Reply<Verdict>,
    },
    Permission {
        request_id: String,
        reply: Reply<Word>,
    },
    Result {
        request_id: String,
        reply: Reply<crate::engine::hooks::Aftermath>,
    },
    Prompt {
        prompt: PromptId,
        reply: Reply<PromptWord>,
    },
    Said(Reply<Option<Abort>>),
    /// One of them takes long.
    Slow {
        about: ToolCallId,
        hook: String,
    },
}

/// What is asked of hooks right now.
#[derive(Debug, Default)]
pub(super) struct Hooking {
    hooks: Option<Arc<dyn Hooks>>,
    /// Callbacks about calls that hooks look at.
    calls: HashMap<String, Held>,
    /// Requests for permission that they look at.
    permissions: HashMap<String, inspect::Job>,
    results: HashMap<String, results::Awaited>,
    prompt: Option<prompts::Prompted>,
    /// A person let this prompt go out although a hook could not look at it.
    waived: Option<PromptId>,
    /// Texts and calls of the message that the model is writing.
    said: Option<(String, Said)>,
    /// Messages of the model in this turn.
    pub(super) iteration: u64,
    /// What hooks did to calls that are not over.
    marks: HashMap<ToolCallId, Vec<HookMark>>,
    /// Calls of which it was told that they wait for a hook.
    slow: HashSet<ToolCallId>,
}

/// A callback as it came.
#[derive(Debug)]
struct Held {
    request: CanUseTool,
    doubt: Option<String>,
}

impl Hooking {
    pub(super) fn new(hooks: Option<Arc<dyn Hooks>>) -> Self {
        Self { hooks, ..Self::default() }
    }

    /// A new process knows nothing of the old one's callbacks.
    pub(super) fn process_starts(&mut self) {
        self.calls.clear();
        self.permissions.clear();
        self.results.clear();
        self.marks.clear();
        self.slow.clear();
        self.said = None;
    }

    /// What hooks did to a call.
    pub(super) fn marks_of(&self, call: &ToolCallId) -> &[HookMark] {
        self.marks.get(call).map_or(&[], Vec::as_slice)
    }

    pub(super) fn forget_call(&mut self, call: &ToolCallId) {
        self.marks.remove(call);
    }

    pub(super) fn forget(&mut self, request_id: &str) {
        self.calls.remove(request_id);
        self.permissions.remove(request_id);
        self.results.remove(request_id);
    }
}

impl Machine {
    /// Where something happens.
    pub(crate) fn meta(&self, agent: Option<String>) -> Meta {
        Meta {
            session: self.session,
            turn: self.turn.as_ref().map_or(self.last_turn, |turn| turn.id),
            agent,
            iteration: self.hooking.iteration,
            directory: self.at.clone(),
            branch: self.branch.clone(),
            profile: self.profile_name.clone(),
            title: self.given_title.clone(),
            model: self.model.clone(),
        }
    }

    pub(crate) fn wants_hooks(&self, point: Point, tool: Option<&str>) -> bool {
        let profile = self.profile_name.as_deref();
        self.hooking.hooks.as_ref().is_some_and(|hooks| hooks.wants(point, profile, tool))
    }

    pub(super) fn hooked(&mut self, hooked: Hooked) {
        match hooked {
            Hooked::Call { request_id, reply } => self.call_hooked(request_id, reply),
            Hooked::Permission { request_id, reply } => self.permission_hooked(&request_id, reply),
            Hooked::Result { request_id, reply } => self.result_hooked(&request_id, &reply),
            Hooked::Prompt { prompt, reply } => self.prompt_hooked(&prompt, reply),
            Hooked::Said(reply) => {
                self.tell_marks(None, &reply.marks);
                if let Some(abort) = reply.outcome {
                    self.abort(&abort);
                }
            }
            Hooked::Slow { about, hook } => {
                self.hooking.slow.insert(about.clone());
                self.emit(EventKind::HookWaits { call: about, hook: Some(bound::word(&hook)) });
            }
        }
    }

    /// That a hook takes long was told; it has answered now.
    fn waits_no_more(&mut self, call: &ToolCallId) {
        if self.hooking.slow.remove(call) {
            self.emit(EventKind::HookWaits { call: call.clone(), hook: None });
        }
    }

    fn tell_marks(&mut self, call: Option<&ToolCallId>, marks: &[HookMark]) {
        for mark in marks {
            self.emit(EventKind::HookActed { call: call.cloned(), mark: bounded(mark) });
        }
    }

    /// A hook ends the turn.
    fn abort(&mut self, abort: &Abort) {
        self.hold_queue();
        if abort.hard {
            self.wanted = false;
            self.stop(None);
        } else {
            self.interrupt();
        }
    }

    /// Hands a call to the hooks, or else to the policy.
    pub(super) fn look_at_call(
        &mut self,
        request_id: String,
        call: &ToolCallId,
        request: CanUseTool,
        doubt: Option<String>,
    ) {
        if !self.wants_hooks(Point::BeforeCall, Some(&request.tool_name)) {
            let job = self.job_of(request_id, call, &request, doubt);
            return self.effects.push(Effect::Judge(Box::new(job)));
        }
        let asked = Call {
            meta: self.meta(request.agent_id.clone()),
            tool: request.tool_name.clone(),
            input: request.input.clone(),
        };
        self.hooking.calls.insert(request_id.clone(), Held { request, doubt });
        let asking = Asking::Call { request_id, about: call.clone(), call: asked };
        self.effects.push(Effect::AskHooks(Box::new(asking)));
    }

    fn call_hooked(&mut self, request_id: String, reply: Reply<Verdict>) {
        let Some(Held { mut request, doubt }) = self.hooking.calls.remove(&request_id) else { return };
        let Some(call) = self.unanswered_call(&request_id) else { return };
        self.waits_no_more(&call);
        let Reply { mut marks, mut outcome } = reply;
        if DIALOGS.contains(&request.tool_name.as_str()) {
            keep_dialog(&mut marks, &mut outcome);
        }
        self.tell_marks(Some(&call), &marks);
        if !marks.is_empty() && self.hooking.marks.len() < MAX_CALLS {
            self.hooking.marks.insert(call.clone(), marks.iter().map(bounded).collect());
        }
        let (changed, ask) = match outcome {
            Verdict::Pass(changed) => (changed, None),
            Verdict::Ask { hook, why, changed } => (changed, Some(Question::Hook { hook, why })),
            Verdict::Deny { hook, reason } => {
                return self.deny_by_hook(
                    request_id,
                    call,
                    format!("The user's hook {hook} refuses this call: {reason}"),
                );
            }
            Verdict::Respond { hook, text } => {
                let text = format!(
                    "The tool did not run: the user's hook {hook} answered in its place. This is its answer:\n{text}"
                );
                return self.deny_by_hook(request_id, call, text);
            }
            Verdict::Abort(abort) => {
                let reason = format!("The user's hook {} ended the turn: {}", abort.hook, abort.reason);
                self.deny_by_hook(request_id, call, reason);
                return self.abort(&abort);
            }
        };
        if let Some(input) = changed {
            request.input = input.clone();
            self.note_change(&request_id, input);
        }
        if let Some(question) = ask {
            self.note_question(&request_id, question);
        }
        let job = self.job_of(request_id, &call, &request, doubt);
        self.effects.push(Effect::Judge(Box::new(job)));
    }

    fn deny_by_hook(&mut self, request_id: String, call: ToolCallId, reason: String) {
        self.end_callback(&request_id);
        self.translator.note_denied(call);
        self.answer(request_id, Answer::Call(CallAnswer::Deny { reason }));
    }

    /// Hands a request for permission to the hooks, or else to the disk and the policy.
    pub(super) fn look_at_request(&mut self, job: inspect::Job, agent: Option<String>) {
        let approval = &job.approval;
        if !self.wants_hooks(Point::Permission, Some(&approval.tool)) {
            return self.effects.push(Effect::Inspect(Box::new(job)));
        }
        let call = Call { meta: self.meta(agent), tool: approval.tool.clone(), input: approval.input.clone() };
        let permission = Permission {
            call,
            reason: approval.reason.clone(),
            suggestions: approval.suggestions.iter().map(PermissionUpdate::text).collect(),
            risk: approval.dangers().iter().map(Danger::describe).collect(),
        };
        let (request_id, about) = (job.request_id.clone(), approval.call.clone());
        self.hooking.permissions.insert(request_id.clone(), job);
        self.effects.push(Effect::AskHooks(Box::new(Asking::Permission { request_id, about, permission })));
    }

    fn permission_hooked(&mut self, request_id: &str, reply: Reply<Word>) {
        let Some(mut job) = self.hooking.permissions.remove(request_id) else { return };
        let Some(pending) = self.desk.of_request(request_id) else { return };
        if pending.stage != Stage::Inspecting {
            return;
        }
        let call = pending.approval.call.clone();
        match &reply.outcome {
            Word::Ask { hook, why } => {
                let text = format!("hook {hook} could not check it: {why}");
                pending.approval.binding.asked_by_hook = Some(text.clone());
                job.approval.binding.asked_by_hook = Some(text);
            }
            Word::Allowed { hook } => pending.allowed_by = Some(hook.clone()),
            Word::NoObjection | Word::Denied { .. } | Word::Abort(_) => {}
        }
        if let Some(call) = &call {
            self.waits_no_more(call);
        }
        self.tell_marks(call.as_ref(), &reply.marks);
        let (message, abort) = match reply.outcome {
            Word::NoObjection | Word::Allowed { .. } | Word::Ask { .. } => {
                return self.effects.push(Effect::Inspect(Box::new(job)));
            }
            Word::Denied { hook, reason } => (format!("The user's hook {hook} refuses this call: {reason}"), None),
            Word::Abort(abort) => {
                (format!("The user's hook {} ended the turn: {}", abort.hook, abort.reason), Some(abort))
            }
        };
        self.desk.end(request_id, "a hook denied it");
        if let Some(call) = call {
            self.translator.note_denied(call);
        }
        let answer = PermissionAnswer::Deny { message, interrupt: false, decision_classification: None };
        self.answer(request_id.to_owned(), Answer::Permission(answer));
        if let Some(abort) = abort {
            self.abort(&abort);
        }
    }

    /// The hook that allows the request, where nothing is against it: no rule, no check of the CLI, no dialog that a
    /// person has to answer, and a policy that could be asked.
    pub(super) fn allowing_hook(&mut self, request_id: &str, inspection: &Inspection) -> Option<String> {
        let pending = self.desk.of_request(request_id)?;
        let ruling = inspection.ruling.as_ref().filter(|_| !inspection.is_unrecorded)?;
        let is_open = ruling.action == RuleBehavior::Ask && ruling.rule.is_none();
        let approval = &pending.approval;
        let may =
            is_open && approval.ask == Ask::Tool && approval.binding.permits_automatic() && approval.call.is_some();
        pending.allowed_by.take().filter(|_| may)
    }

    fn job_of(
        &self,
        request_id: String,
        call: &ToolCallId,
        request: &CanUseTool,
        doubt: Option<String>,
    ) -> before::Job {
        let approval = self.approval_before(call, request);
        before::Job { request_id, approval, scene: self.scene(), doubt }
    }
}

/// What the person is asked is theirs to answer: no hook changes it.
fn keep_dialog(marks: &mut [HookMark], outcome: &mut Verdict) {
    for mark in marks {
        if matches!(mark.did, HookDid::Changed { .. }) {
            let why = "a question to you cannot be changed".to_owned();
            mark.did = HookDid::Failed { why, then: OnFailure::Ask };
        }
    }
    if let Verdict::Pass(changed) | Verdict::Ask { changed, .. } = outcome {
        *changed = None;
    }
}

/// A mark as it is kept: what there was and what it was made into are bounded.
fn bounded(mark: &HookMark) -> HookMark {
    let text = |text: &String| bound::output(text).0;
    let did = match &mark.did {
        HookDid::Changed { from, to } => HookDid::Changed { from: bound::input(from), to: bound::input(to) },
        HookDid::Answered { text: answer } => HookDid::Answered { text: text(answer) },
        HookDid::ChangedResult { from, to, added } => {
            HookDid::ChangedResult { from: text(from), to: text(to), added: *added }
        }
        did @ (HookDid::Refused { .. } | HookDid::Allowed | HookDid::Aborted { .. } | HookDid::Failed { .. }) => {
            did.clone()
        }
    };
    HookMark { hook: mark.hook.clone(), did }
}
