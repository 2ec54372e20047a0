//! Requests for permission: asked, decided, answered, withdrawn.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Effect;
use super::Machine;
use super::calls::denial;
use super::changes::recheck;
use super::commands::new_prompt;
use super::lifecycle::Life;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::change;
use crate::core::change::expected::Expected;
use crate::core::event::EventKind;
use crate::core::hook::HookDid;
use crate::core::hook::HookMark;
use crate::core::ids::ApprovalId;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;
use crate::core::permission::RuleBehavior;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::engine::approvals::MAX_PENDING;
use crate::engine::approvals::Pending;
use crate::engine::approvals::Stage;
use crate::engine::approvals::answer;
use crate::engine::approvals::ask;
use crate::engine::approvals::inspect::Inspection;
use crate::engine::approvals::inspect::Job;
use crate::engine::policy::Ruling;
use crate::wire::outbound::Answer;
use crate::wire::outbound::Outbound;
use crate::wire::permission::CanUseTool;
use crate::wire::permission::PermissionAnswer;

/// A decision as it is told: what the person has edited and seen again is allowed as edited.
fn as_told(pending: &Pending, decision: &Decision) -> Decision {
    let Approval { original, input, .. } = &pending.approval;
    match decision.clone() {
        Decision::Allow { edited: None, remember, comment } if original.is_some() => {
            Decision::Allow { edited: Some(input.clone()), remember, comment }
        }
        decision => decision,
    }
}

impl Machine {
    pub(super) fn can_use_tool(&mut self, request_id: String, request: CanUseTool, unknown_fields: &[String]) {
        // Asked twice under one id: the one answer serves both. After the input was closed no answer
        // would arrive; the process is about to be gone.
        if self.desk.knows(&request_id) || !matches!(self.life, Life::Up | Life::Starting { .. }) {
            return;
        }
        if self.desk.is_full() {
            self.desk.note_ended_request(&request_id);
            let message =
                format!("{MAX_PENDING} requests wait for the person already; ask again when some are answered.");
            let answer = PermissionAnswer::Deny { message, interrupt: false, decision_classification: None };
            self.answer(request_id, Answer::Permission(answer));
            self.emit(EventKind::Noted(Notice::warning("A request was denied because too many are waiting.")));
            return;
        }
        let call = ToolCallId::from(request.tool_use_id.as_str());
        let place = self.place_of(&call);
        let around = ask::Surroundings {
            session: self.session,
            directory: place.unwrap_or(&self.at),
            is_doubtful: place.is_none(),
            session_in: Some(self.at.as_str()).filter(|at| place.is_some_and(|place| place != *at)),
            own: self.question_of(&call),
            hooks: self.hooking.marks_of(&call),
            branch: self.branch.as_deref().filter(|_| place.is_none_or(|place| place == self.at)),
            agent: request.agent_id.as_deref().and_then(|id| self.translator.task(id)),
            plan: self.translator.plan_of(&call),
            now: self.now.wall,
        };
        let mut approval = ask::approval(&request, unknown_fields, &around);
        approval.binding.posing |= self.is_impostor(request.mcp_server.as_ref());
        let is_empty_plan = matches!(&approval.ask, Ask::Plan(plan) if plan.is_empty());
        let job = Job {
            request_id: request_id.clone(),
            approval: approval.clone(),
            plan_file: self.translator.plan_file().filter(|_| is_empty_plan).map(Path::to_owned),
            scene: self.scene(),
            grants: self.grants.iter().map(|held| held.grant.clone()).collect(),
            cli: self.cli.version.clone(),
        };
        let agent = request.agent_id.clone();
        self.desk.add(Pending {
            offered: request.permission_suggestions,
            stage: Stage::Inspecting,
            says_unanswered: self.says_unanswered,
            ..Pending::open(request_id, approval, self.now.mono)
        });
        self.look_at_request(job, agent);
    }

    /// Numbers and shows what needs no look at the disk.
    pub(super) fn ask_at_once(&mut self, mut pending: Pending) -> ApprovalId {
        let id = ApprovalId(self.approval_ids.fetch_add(1, Ordering::Relaxed));
        pending.approval.id = id;
        let approval = Box::new(pending.approval.clone());
        self.desk.add(pending);
        self.emit(EventKind::ApprovalAsked(approval));
        id
    }

    pub(super) fn inspected(&mut self, request_id: &str, mut inspection: Inspection) {
        let Some(pending) = self.desk.of_request(request_id) else { return };
        if pending.stage != Stage::Inspecting {
            return;
        }
        let by_hook = self.allowing_hook(request_id, &inspection);
        let Some(pending) = self.desk.of_request(request_id) else { return };
        match inspection.ruling {
            // What could not be told to anybody is not allowed unasked.
            Some(Ruling { action: RuleBehavior::Allow, rule: Some(rule), .. }) if pending.approval.call.is_some() => {
                let expected = inspection.expected.take();
                return self.allow_by_rule(request_id, rule, expected);
            }
            Some(Ruling { action: RuleBehavior::Deny, rule: Some(rule), why, .. }) => {
                return self.deny_by_rule(request_id, rule, &why);
            }
            _ if pending.approval.call.is_some() => {
                let by_grant = inspection.covered_by.iter().find_map(|grant| self.use_grant(*grant));
                if let Some(rule) = by_grant {
                    return self.allow_by_rule(request_id, rule, inspection.expected);
                }
                if let Some(hook) = by_hook {
                    return self.allow_by_hook(request_id, &hook);
                }
            }
            _ => {}
        }
        let Some(pending) = self.desk.of_request(request_id) else { return };
        let after = self.deadline_s;
        if after > 0 && pending.approval.ask == Ask::Tool {
            let millis = i64::try_from(after.saturating_mul(1000)).unwrap_or(i64::MAX);
            pending.deadline = Some(self.now.mono + Duration::from_secs(after));
            pending.approval.deadline = Some(Timestamp(self.now.wall.0.saturating_add(millis)));
        }
        pending.approval.id = ApprovalId(self.approval_ids.fetch_add(1, Ordering::Relaxed));
        if let (Ask::Plan(plan), Some(text)) = (&mut pending.approval.ask, inspection.plan) {
            *plan = text;
        }
        pending.approval.preview = inspection.preview;
        pending.approval.place.leads_to = inspection.directory_leads_to;
        pending.approval.grants = inspection.offers;
        pending.approval.markable = inspection.markable;
        pending.approval.anatomy = inspection.anatomy;
        pending.approval.not_allowed = inspection.not_allowed;
        pending.stage = Stage::Open;
        let approval = pending.approval.clone();
        self.emit(EventKind::ApprovalAsked(Box::new(approval)));
    }

    /// This one call, as it was asked; nothing is remembered, whatever was suggested.
    fn allow_by_rule(&mut self, request_id: &str, rule: String, expected: Option<Expected>) {
        let Some(pending) = self.desk.end(request_id, &format!("it was allowed by rule {rule}")) else { return };
        self.changes.allow(&pending.approval, expected);
        let answer = PermissionAnswer::Allow {
            updated_input: pending.approval.input,
            updated_permissions: Vec::new(),
            decision_classification: None,
        };
        self.answer(request_id.to_owned(), Answer::Permission(answer));
        if let Some(call) = pending.approval.call {
            self.emit(EventKind::ApprovedByPolicy { call, rule });
        }
    }

    /// As by a rule, in the name of the hook.
    fn allow_by_hook(&mut self, request_id: &str, hook: &str) {
        let call = self.desk.of_request(request_id).and_then(|pending| pending.approval.call.clone());
        self.allow_by_rule(request_id, format!("hook {hook}"), None);
        self.emit(EventKind::HookActed { call, mark: HookMark::new(hook, HookDid::Allowed) });
    }

    fn deny_by_rule(&mut self, request_id: &str, rule: String, why: &str) {
        let Some(pending) = self.desk.end(request_id, &format!("it was denied by rule {rule}")) else { return };
        let message = denial(&rule, why);
        let answer =
            PermissionAnswer::Deny { message: message.clone(), interrupt: false, decision_classification: None };
        self.answer(request_id.to_owned(), Answer::Permission(answer));
        match pending.approval.call {
            Some(call) => {
                self.translator.note_denied(call.clone());
                self.emit(EventKind::DeniedByPolicy { call, rule, message });
            }
            None => {
                let text = format!("A call of {} was denied by rule {rule}.", pending.approval.tool);
                self.emit(EventKind::Noted(Notice::warning(text)));
            }
        }
    }

    /// Decides an open request; the first decision wins.
    pub(super) fn decide(&mut self, id: ApprovalId, decision: Decision, by: Surface) {
        if self.asks_about_folder(id) {
            return self.decide_about_folder(id, &decision, &by);
        }
        if let Some(why) = self.blocks_saving(&decision) {
            return self.emit(EventKind::AnswerRefused { approval: id, why });
        }
        let now = self.now.mono;
        let refusal = match self.desk.get(id) {
            None => Some(self.desk.ending(id).unwrap_or("there is no such request").to_owned()),
            Some(Pending { stage: Stage::Claimed(verdict), .. }) => {
                Some(format!("it was answered already by {}", verdict.by.describe()))
            }
            Some(pending) => match answer::answer(pending, &decision, &by) {
                Err(why) => Some(why),
                Ok(answer) => {
                    let after = now.saturating_sub(pending.asked);
                    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                    let verdict = Verdict { decision: as_told(pending, &decision), by: by.clone(), after_ms };
                    pending.stage = Stage::Claimed(verdict);
                    let request_id = pending.request_id.clone();
                    let must_look = decision.is_allow() && change::is_change(&pending.approval.tool);
                    if must_look {
                        let recheck = recheck(pending, &decision);
                        pending.held = Some((decision, answer));
                        self.effects.push(Effect::Recheck(Box::new(recheck)));
                        self.emit(EventKind::ApprovalClaimed { approval: id, by });
                    } else {
                        self.emit(EventKind::ApprovalClaimed { approval: id, by });
                        self.send_answer(request_id, answer, decision);
                    }
                    None
                }
            },
        };
        if let Some(why) = refusal {
            self.emit(EventKind::AnswerRefused { approval: id, why });
        }
    }

    pub(super) fn send_answer(&mut self, request_id: String, answer: Answer, decision: Decision) {
        let Some(pending) = self.desk.of_request(&request_id) else { return };
        let is_permission = !pending.is_dialog && !matches!(pending.approval.ask, Ask::Elicitation(_));
        let (id, call) = (pending.approval.id, pending.approval.call.clone());
        self.adopt_rules(&decision);
        let line = Outbound::Answer { request_id: request_id.clone(), answer };
        self.effects.push(Effect::Write { line, receipt: Some(request_id) });
        if is_permission {
            self.follow_decision(id, decision, call);
        }
    }

    /// What a decision means beyond its answer.
    fn follow_decision(&mut self, id: ApprovalId, decision: Decision, call: Option<ToolCallId>) {
        match decision {
            Decision::Deny { stop, .. } => {
                if let Some(call) = call {
                    self.translator.note_denied(call);
                }
                if stop {
                    self.hold_queue();
                    self.interrupted_by_denial();
                }
            }
            Decision::Allow { comment: Some(comment), .. } if !comment.trim().is_empty() => {
                self.queue.push_front(new_prompt(comment, PromptOrigin::Comment(id)));
                self.wanted = true;
                self.advance();
            }
            Decision::Allow { .. }
            | Decision::Grant(_)
            | Decision::AcceptPlan { .. }
            | Decision::Answers(_)
            | Decision::Fill(_)
            | Decision::Trust(_)
            | Decision::Dismiss => {}
        }
    }

    /// The answer is in the pipe.
    pub(super) fn written(&mut self, request_id: &str) {
        let Some(Pending { stage: Stage::Claimed(verdict), .. }) = self.desk.of_request(request_id) else { return };
        let verdict = verdict.clone();
        let how = format!("it was {} by {}", verdict.decision.describe(), verdict.by.describe());
        if let Some(pending) = self.desk.end(request_id, &how) {
            self.emit(EventKind::ApprovalResolved { approval: pending.approval.id, verdict: verdict.clone() });
            self.grant(&pending.approval, verdict);
        }
    }

    pub(super) fn withdraw(&mut self, request_id: &str, why: Withdrawal) {
        let Some(pending) = self.desk.end(request_id, why.describe()) else { return };
        // One that nobody has seen yet goes as it came.
        if pending.stage != Stage::Inspecting {
            self.emit(EventKind::ApprovalWithdrawn { approval: pending.approval.id, why });
        }
    }
}
