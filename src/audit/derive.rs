//! What events mean for the log: a pure function of the event and a little memory.

use std::collections::HashMap;
use std::collections::VecDeque;

use serde_json::Value;

use super::record::Body;
use super::record::Decided;
use super::record::Record;
use crate::core::approval::Approval;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::cell::TurnOutcome;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::grant::Granted;
use crate::core::hook::HookDid;
use crate::core::hook::HookMark;
use crate::core::hook::OnFailure;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::ToolCallId;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::core::tool::ToolOutcome;
use crate::core::worktree::Place;
use crate::core::worktree::WorktreeSpec;

/// Calls of a session whose names are remembered.
const MAX_CALLS: usize = 4096;
/// The CLI decided by itself, without asking anybody here.
const CLI: &str = "cli";

/// What has to be remembered of earlier events.
#[derive(Debug, Default)]
pub struct Scribe {
    sessions: HashMap<SessionId, Known>,
}

#[derive(Debug, Default)]
struct Known {
    conversation: Option<String>,
    mode: Option<&'static str>,
    model: Option<String>,
    calls: VecDeque<Call>,
    asked: Vec<Approval>,
}

#[derive(Debug)]
struct Call {
    id: ToolCallId,
    tool: String,
    /// Who decided about it; nobody but the CLI itself so far.
    by: &'static str,
}

impl Known {
    fn call(&self, id: &ToolCallId) -> Option<&Call> {
        self.calls.iter().rev().find(|call| call.id == *id)
    }

    fn tool(&self, call: &ToolCallId) -> String {
        self.call(call).map(|call| call.tool.clone()).unwrap_or_default()
    }

    fn decided(&mut self, id: &ToolCallId, by: &'static str) {
        if let Some(call) = self.calls.iter_mut().rev().find(|call| call.id == *id) {
            call.by = by;
        }
    }

    /// Who let the call run, or kept it from running.
    fn by(&self, id: &ToolCallId, outcome: ToolOutcome, output: &str) -> &'static str {
        let by = self.call(id).map_or(CLI, |call| call.by);
        let was_kept = matches!(outcome, ToolOutcome::Failed | ToolOutcome::Denied);
        if by == CLI && was_kept && output.starts_with("PreToolUse:") { "hook" } else { by }
    }

    fn automatic(&mut self, call: &ToolCallId, decision: &str, rule: &str) -> Body {
        self.decided(call, if rule.starts_with("grant ") { "grant" } else { "rule" });
        Body::Automatic {
            call: call.to_string(),
            tool: self.tool(call),
            who: "policy".into(),
            decision: decision.into(),
            rule: rule.to_owned(),
        }
    }

    fn hook(&mut self, call: Option<&ToolCallId>, mark: &HookMark) -> Body {
        let none = || (Value::Null, Value::Null);
        let (did, decides, (from, to)) = match &mark.did {
            HookDid::Changed { from, to } => ("changed", false, (from.clone(), to.clone())),
            HookDid::Refused { .. } => ("refused", true, none()),
            HookDid::Answered { text } => ("answered", true, (Value::Null, text.as_str().into())),
            HookDid::Allowed => ("allowed", true, none()),
            HookDid::ChangedResult { from, to, .. } => {
                ("changed_result", false, (from.as_str().into(), to.as_str().into()))
            }
            HookDid::Aborted { .. } => ("aborted", false, none()),
            HookDid::Failed { then, .. } => ("failed", *then == OnFailure::Deny, none()),
        };
        if let Some(call) = call.filter(|_| decides) {
            self.decided(call, "hook");
        }
        Body::Hook {
            hook: mark.hook.clone(),
            call: call.map(ToString::to_string),
            tool: call.map(|call| self.tool(call)).unwrap_or_default(),
            did: did.to_owned(),
            text: mark.sentence(),
            from,
            to,
        }
    }

    fn name_call(&mut self, call: &ToolCallId, name: &str) {
        if self.calls.len() == MAX_CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Call { id: call.clone(), tool: name.to_owned(), by: CLI });
    }

    fn tool_asked(&self, id: ApprovalId) -> String {
        self.asked.iter().find(|approval| approval.id == id).map(|asked| asked.tool.clone()).unwrap_or_default()
    }

    fn take(&mut self, id: ApprovalId) -> Option<Approval> {
        let place = self.asked.iter().position(|approval| approval.id == id)?;
        Some(self.asked.remove(place))
    }
}

impl Scribe {
    /// The records of an event; most events have none.
    pub fn records(&mut self, event: &Event) -> Vec<Record> {
        let record = |body| Record { at: event.at, session: Some(event.session), body };
        self.bodies(event).into_iter().map(record).collect()
    }

    fn bodies(&mut self, event: &Event) -> Vec<Body> {
        let known = self.sessions.entry(event.session).or_default();
        let body = match &event.kind {
            EventKind::Opened { spec, .. } => {
                let worktree = spec.worktree.as_ref().and_then(WorktreeSpec::place).map(made);
                let opened = Body::Opened {
                    directory: spec.directory.clone(),
                    profile: spec.profile.clone(),
                    mode: spec.mode.map(|mode| mode.as_str().to_owned()),
                    model: spec.model.clone(),
                    resume: spec.resume.as_ref().map(ToString::to_string),
                    fork: spec.fork,
                };
                return std::iter::once(opened).chain(worktree).collect();
            }
            EventKind::OpenRefused { why, .. } => Body::OpenRefused { why: why.clone() },
            EventKind::WorktreeAside { place, aside, by, lost } => Body::WorktreeRemoved {
                who: who(by).into(),
                person: person(by),
                path: place.path.clone(),
                branch: place.branch.clone(),
                commit: aside.tip.clone(),
                branch_goes: aside.branch_goes,
                lost: lost.clone(),
            },
            EventKind::WorktreeBack { path, by } => {
                Body::WorktreeRestored { who: who(by).into(), person: person(by), path: path.clone() }
            }
            EventKind::WorktreeGone { path, branch_gone } => {
                Body::WorktreeDeleted { path: path.clone(), branch_gone: *branch_gone }
            }
            EventKind::Moved { directory } => Body::Moved { directory: directory.clone() },
            EventKind::Closed => {
                self.sessions.remove(&event.session);
                Body::Closed
            }
            EventKind::Starting => Body::ProcessStarting,
            EventKind::Ready(cli) => Body::ProcessReady { version: cli.version.clone(), pid: cli.pid },
            EventKind::Exited(exit) => {
                known.calls.clear();
                Body::ProcessExited {
                    code: exit.code,
                    signal: exit.signal,
                    expected: exit.expected,
                    trouble: exit.trouble.as_ref().map(|trouble| trouble.raw.clone()),
                }
            }
            // The CLI names all three at each turn; only what is new is recorded.
            EventKind::Conversation { id, model, mode } => {
                let conversation = changed(&mut known.conversation, id.to_string()).map(|id| Body::Conversation { id });
                let model = changed(&mut known.model, model.clone()).map(|model| Body::Model { model });
                let mode = changed(&mut known.mode, mode.as_str()).map(|mode| Body::Mode { mode: mode.to_owned() });
                return [conversation, model, mode].into_iter().flatten().collect();
            }
            EventKind::ModeChanged(mode) => {
                known.mode = Some(mode.as_str());
                Body::Mode { mode: mode.as_str().to_owned() }
            }
            EventKind::ModelChanged(model) => {
                known.model = Some(model.clone());
                Body::Model { model: model.clone() }
            }
            EventKind::PromptSent(prompt) => {
                let (who, person, approval) = match &prompt.origin {
                    PromptOrigin::Surface(surface) => (who(surface).to_owned(), person(surface), None),
                    PromptOrigin::Comment(approval) => ("comment".to_owned(), None, Some(approval.0)),
                    PromptOrigin::Scheduled => ("schedule".to_owned(), None, None),
                };
                Body::Prompt { who, person, prompt: prompt.id.to_string(), text: prompt.shown(), approval }
            }
            EventKind::Interrupting => Body::Interrupted,
            EventKind::TurnEnded { turn, outcome, duration_ms, cost_usd, .. } => Body::TurnEnded {
                turn: turn.0,
                outcome: match outcome {
                    TurnOutcome::Failed(trouble) => format!("{}: {}", outcome.word(), trouble.raw),
                    TurnOutcome::Completed | TurnOutcome::Interrupted => outcome.word().into(),
                },
                duration_ms: *duration_ms,
                cost_usd: *cost_usd,
            },
            EventKind::ToolStarted { call, parent, name, input, .. } => {
                known.name_call(call, name);
                Body::ToolStarted {
                    call: call.to_string(),
                    parent: parent.as_ref().map(ToString::to_string),
                    tool: name.clone(),
                    input: input.clone(),
                }
            }
            EventKind::CallJudged { call, directory, asked } => Body::Call {
                call: call.to_string(),
                tool: known.tool(call),
                directory: directory.clone(),
                asked: asked.clone(),
            },
            EventKind::HookActed { call, mark } => known.hook(call.as_ref(), mark),
            EventKind::ToolEnded { call, outcome, output } => Body::ToolEnded {
                by: Some(known.by(call, *outcome, &output.text).to_owned()),
                call: call.to_string(),
                tool: known.tool(call),
                outcome: match outcome {
                    ToolOutcome::Done => "done",
                    ToolOutcome::Failed => "failed",
                    ToolOutcome::Denied => "denied",
                    ToolOutcome::Cut => "cut",
                }
                .into(),
            },
            EventKind::ApprovalAsked(approval) => {
                known.asked.push((**approval).clone());
                asked(approval)
            }
            EventKind::ApprovalResolved { approval, verdict } => {
                let asked = known.take(*approval);
                if let Some(call) = asked.as_ref().and_then(|asked| asked.call.as_ref()) {
                    known.decided(call, "asked");
                }
                decided(*approval, asked, verdict)
            }
            EventKind::ApprovedByPolicy { call, rule } => known.automatic(call, "allow", rule),
            EventKind::DeniedByPolicy { call, rule, .. } => known.automatic(call, "deny", rule),
            EventKind::ApprovalWithdrawn { approval, why } => Body::Withdrawn {
                approval: approval.0,
                tool: known.take(*approval).map(|asked| asked.tool).unwrap_or_default(),
                why: why.describe().into(),
            },
            EventKind::Granted(grant) => Body::Granted {
                grant: grant.id.0,
                approval: grant.approval.0,
                who: who(&grant.by).to_owned(),
                person: person(&grant.by),
                rule: grant.describe(),
                scope: grant.scope(),
                until: match &grant.granted {
                    Granted::Boxed { until, .. } => Some(until.0),
                    Granted::Remembered(_) => None,
                },
                uses: grant.left(),
            },
            EventKind::GrantEnded { grant, why } => Body::GrantEnded { grant: grant.0, why: why.describe() },
            EventKind::AnswerRefused { approval, why } => {
                Body::Refused { approval: approval.0, tool: known.tool_asked(*approval), why: why.clone() }
            }
            // What others did, or what was before: nothing of it was decided here.
            EventKind::Past { .. } | EventKind::Followed(_) => return Vec::new(),
            EventKind::Renamed { .. }
            | EventKind::TitleSuggested { .. }
            | EventKind::GoesOn(_)
            // Who decided it is told by the answer.
            | EventKind::FolderStands(_)
            | EventKind::ResumePlanned(_)
            | EventKind::BranchChanged(_)
            | EventKind::WorktreeLooked(_)
            | EventKind::WorktreeKept { .. }
            | EventKind::Stopping
            | EventKind::Stderr(_)
            | EventKind::Heard
            | EventKind::Stalled { .. }
            | EventKind::UnknownMessage { .. }
            | EventKind::QueueChanged(_)
            | EventKind::TurnStarted { .. }
            | EventKind::BlockStarted { .. }
            | EventKind::BlockDelta { .. }
            | EventKind::BlockEnded { .. }
            | EventKind::ToolAnnounced { .. }
            | EventKind::ToolInputGrew { .. }
            | EventKind::ApprovalClaimed { .. }
            | EventKind::HookWaits { .. }
            | EventKind::GrantUsed { .. }
            | EventKind::TokensCounted(_)
            | EventKind::ContextMeasured(_)
            | EventKind::Retrying { .. }
            | EventKind::CompactionStarted
            | EventKind::Compacted { .. }
            | EventKind::CompactionSummary { .. }
            | EventKind::TaskStarted { .. }
            | EventKind::TaskProgress { .. }
            | EventKind::TaskEnded { .. }
            | EventKind::TasksListed(_)
            | EventKind::Noted(_) => return Vec::new(),
        };
        vec![body]
    }
}

/// The new value, when it is one.
fn changed<T: Clone + PartialEq>(known: &mut Option<T>, now: T) -> Option<T> {
    if known.as_ref() == Some(&now) {
        return None;
    }
    *known = Some(now.clone());
    Some(now)
}

fn made(place: &Place) -> Body {
    Body::WorktreeMade {
        path: place.path.clone(),
        branch: place.branch.clone(),
        commit: place.base.clone(),
        origin: place.origin.clone(),
    }
}

/// Who it was, in one word that does not change.
fn who(surface: &Surface) -> &'static str {
    match surface {
        Surface::Terminal => "terminal",
        Surface::Phone(_) => "phone",
        Surface::Headless => "headless",
        Surface::Policy(_) => "policy",
        Surface::Engine => "engine",
    }
}

fn person(surface: &Surface) -> Option<String> {
    match surface {
        Surface::Phone(person) => Some(person.clone()),
        Surface::Terminal | Surface::Headless | Surface::Policy(_) | Surface::Engine => None,
    }
}

fn asked(approval: &Approval) -> Body {
    Body::Asked {
        approval: approval.id.0,
        call: approval.call.as_ref().map(ToString::to_string),
        tool: approval.tool.clone(),
        input: approval.input.clone(),
        agent: approval.agent.as_ref().map(|agent| agent.id.clone()),
        reason: approval.reason.clone(),
        blocked_path: approval.blocked_path.clone(),
        asked_by_rule: approval.binding.asked_by_rule.clone(),
        offered: serde_json::to_value(&approval.suggestions).unwrap_or_default(),
        directory: approval.place.directory.clone(),
    }
}

fn decided(id: ApprovalId, asked: Option<Approval>, verdict: &Verdict) -> Body {
    let (call, tool, input) =
        asked.map_or((None, String::new(), Value::Null), |asked| (asked.call, asked.tool, asked.input));
    let decision = &verdict.decision;
    let mut decided = Decided {
        approval: id.0,
        call: call.as_ref().map(ToString::to_string),
        tool,
        who: who(&verdict.by).to_owned(),
        person: person(&verdict.by),
        decision: if decision.is_allow() { "allow" } else { "deny" }.into(),
        how: decision.describe().into(),
        input,
        edited: None,
        remember: Value::Null,
        message: None,
        answers: Value::Null,
        mode: None,
        after_ms: verdict.after_ms,
    };
    match decision {
        Decision::Allow { edited, remember, comment } => {
            decided.edited.clone_from(edited);
            if !remember.is_empty() {
                decided.remember = serde_json::to_value(remember).unwrap_or_default();
            }
            decided.message.clone_from(comment);
        }
        // What was granted is a record of its own.
        Decision::Grant(_) => {}
        Decision::Answers(answers) => decided.answers = serde_json::to_value(answers).unwrap_or_default(),
        Decision::Fill(content) => decided.answers = content.clone(),
        // Which of the two stands in the words.
        Decision::Trust(_) | Decision::Dismiss => {}
        Decision::AcceptPlan { mode } => decided.mode = Some(mode.as_str().to_owned()),
        Decision::Deny { message, .. } => decided.message = Some(message.clone()),
    }
    Body::Decided(Box::new(decided))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::approval::Withdrawal;
    use crate::core::ids::Generation;
    use crate::core::ids::Timestamp;
    use crate::core::permission::PermissionMode;
    use crate::core::permission::PermissionUpdate;
    use crate::core::permission::Scope;

    fn approval(id: u32) -> EventKind {
        EventKind::ApprovalAsked(Box::new(Approval {
            call: Some("c1".into()),
            asked: Timestamp(1),
            ..Approval::new(ApprovalId(id), SessionId(1), "Bash", json!({"command": "ls"}))
        }))
    }

    fn resolved(id: u32, decision: Decision, by: Surface) -> EventKind {
        EventKind::ApprovalResolved { approval: ApprovalId(id), verdict: Verdict { decision, by, after_ms: 7 } }
    }

    /// What the last of these events is recorded as.
    fn last(kinds: Vec<EventKind>) -> Vec<Value> {
        let mut scribe = Scribe::default();
        let mut records = Vec::new();
        for kind in kinds {
            let event = Event { seq: 1, session: SessionId(1), generation: Generation(1), at: Timestamp(5), kind };
            records = scribe.records(&event);
            assert!(records.iter().all(|record| record.at == Timestamp(5) && record.session == Some(SessionId(1))));
        }
        records.iter().map(|record| serde_json::to_value(&record.body).unwrap()).collect()
    }

    #[test]
    fn what_is_granted_is_recorded_from_its_beginning_to_its_end() {
        use crate::core::grant::Grant;
        use crate::core::grant::GrantEnd;
        use crate::core::grant::GrantRule;
        use crate::core::grant::GrantTerms;
        use crate::core::ids::GrantId;
        let terms = GrantTerms { rule: GrantRule::Tool("Bash".into()), minutes: 20, uses: Some(5) };
        let grant = Grant {
            id: GrantId(2),
            session: SessionId(1),
            directory: "/p".into(),
            granted: Granted::Boxed { terms, until: Timestamp(1_200_000) },
            by: Surface::Terminal,
            at: Timestamp(5),
            approval: ApprovalId(3),
            used: 0,
        };
        let given = last(vec![EventKind::Granted(Box::new(grant))]);
        let expected = json!({
            "kind": "granted", "grant": 2, "approval": 3, "who": "terminal", "rule": "every call of Bash",
            "scope": "this session", "until": 1_200_000, "uses": 5,
        });
        assert_eq!(given, [expected]);
        let why = GrantEnd::Revoked(Surface::Phone("ou_1".into()));
        let ended = last(vec![EventKind::GrantEnded { grant: GrantId(2), why }]);
        assert_eq!(ended, [json!({"kind": "grant_ended", "grant": 2, "why": "taken back by ou_1 on the phone"})]);
    }

    #[test]
    fn a_decision_is_recorded_with_what_was_shown_and_all_that_belongs_to_it() {
        let rule = PermissionUpdate::SetMode { mode: PermissionMode::AcceptEdits, scope: Scope::Session };
        let allow = Decision::Allow {
            edited: Some(json!({"command": "ls a"})),
            remember: vec![rule.clone()],
            comment: Some("fine".into()),
        };
        let found = last(vec![approval(3), resolved(3, allow, Surface::Terminal)]);
        let expected = json!({
            "kind": "decided", "approval": 3, "call": "c1", "tool": "Bash", "who": "terminal", "decision": "allow",
            "how": "edited, then allowed", "input": {"command": "ls"}, "edited": {"command": "ls a"},
            "remember": [serde_json::to_value(rule).unwrap()], "message": "fine", "after_ms": 7,
        });
        assert_eq!(found, [expected]);
        let found = last(vec![approval(3), resolved(3, Decision::deny("no"), Surface::Engine)]);
        let marks = (&found[0]["who"], &found[0]["decision"], &found[0]["message"]);
        assert_eq!(marks, (&json!("engine"), &json!("deny"), &json!("no")));
        let found = last(vec![approval(3), resolved(3, Decision::allow_once(), Surface::Phone("ou_1".into()))]);
        assert_eq!((&found[0]["who"], &found[0]["person"]), (&json!("phone"), &json!("ou_1")));
        let plan = Decision::AcceptPlan { mode: PermissionMode::Plan };
        let found = last(vec![approval(3), resolved(3, plan, Surface::Headless)]);
        assert_eq!((&found[0]["decision"], &found[0]["mode"]), (&json!("allow"), &json!("plan")));
    }

    #[test]
    fn requests_that_nobody_answered_are_recorded_with_their_tool() {
        let withdrawn = EventKind::ApprovalWithdrawn { approval: ApprovalId(3), why: Withdrawal::ByCli };
        let found = last(vec![approval(3), withdrawn]);
        assert_eq!((&found[0]["kind"], &found[0]["tool"]), (&json!("withdrawn"), &json!("Bash")));
        let refused = EventKind::AnswerRefused { approval: ApprovalId(3), why: "too late".into() };
        assert_eq!(last(vec![approval(3), refused])[0]["why"], "too late");
        let start = EventKind::ToolStarted {
            call: "c1".into(),
            parent: None,
            name: "Read".into(),
            input: json!({}),
            changed: None,
        };
        let allowed = EventKind::ApprovedByPolicy { call: "c1".into(), rule: "auto_allow Read".into() };
        let found = last(vec![start, allowed]);
        assert_eq!((&found[0]["tool"], &found[0]["who"]), (&json!("Read"), &json!("policy")));
    }

    #[test]
    fn of_every_call_it_is_recorded_who_decided_about_it() {
        let started = |call: &str| EventKind::ToolStarted {
            call: call.into(),
            parent: None,
            name: "Bash".into(),
            input: json!({"command": "ls"}),
            changed: None,
        };
        let ended = |call: &str, outcome, text: &str| EventKind::ToolEnded {
            call: call.into(),
            outcome,
            output: crate::core::tool::ToolOutput { text: text.into(), ..Default::default() },
        };
        let by = |kinds: Vec<EventKind>| last(kinds)[0]["by"].clone();
        let done = || ended("c1", ToolOutcome::Done, "");
        let passed = EventKind::CallJudged { call: "c1".into(), directory: "/p/sub".into(), asked: None };
        assert_eq!(by(vec![started("c1"), passed.clone(), done()]), "cli");
        let ruled = |rule: &str| EventKind::ApprovedByPolicy { call: "c1".into(), rule: rule.into() };
        assert_eq!(by(vec![started("c1"), ruled("allow Bash “ls”"), done()]), "rule");
        assert_eq!(by(vec![started("c1"), ruled("grant 3: x"), done()]), "grant");
        let asked = vec![started("c1"), approval(3), resolved(3, Decision::allow_once(), Surface::Terminal), done()];
        assert_eq!(by(asked), "asked");
        let hook = ended("c1", ToolOutcome::Failed, "PreToolUse:Bash hook error: no");
        assert_eq!(by(vec![started("c1"), hook]), "hook");
        let told = last(vec![started("c1"), passed]);
        assert_eq!(told, [json!({"kind": "call", "call": "c1", "tool": "Bash", "directory": "/p/sub"})]);
    }

    #[test]
    fn mode_and_model_are_recorded_when_they_change() {
        let turn = |mode| EventKind::Conversation { id: "x".into(), model: "m".into(), mode };
        let kinds = |records: Vec<Value>| records.iter().map(|record| record["kind"].clone()).collect::<Vec<_>>();
        let first = last(vec![turn(PermissionMode::Default)]);
        assert_eq!(kinds(first), ["conversation", "model", "mode"]);
        assert!(last(vec![turn(PermissionMode::Default), turn(PermissionMode::Default)]).is_empty());
        let changed = last(vec![turn(PermissionMode::Default), turn(PermissionMode::BypassPermissions)]);
        assert_eq!(changed, [json!({"kind": "mode", "mode": "bypassPermissions"})]);
        let told = vec![EventKind::ModeChanged(PermissionMode::Plan), turn(PermissionMode::Plan)];
        assert_eq!(kinds(last(told)), ["conversation", "model"]);
    }

    #[test]
    fn worktrees_are_recorded_from_their_making_to_their_end() {
        let place = crate::core::worktree::Place {
            path: "/w/x".into(),
            git_dir: "/r/.git/worktrees/x".into(),
            common_dir: "/r/.git".into(),
            origin: "/r".into(),
            branch: "adjutant/x".into(),
            base: "1a2b".into(),
            base_branch: None,
        };
        let worktree = Some(WorktreeSpec::Made(Box::new(place.clone())));
        let spec = crate::core::session::SessionSpec { worktree, ..crate::core::session::SessionSpec::default() };
        let found = last(vec![EventKind::Opened { spec, tag: None }]);
        let kinds: Vec<&Value> = found.iter().map(|record| &record["kind"]).collect();
        assert_eq!(kinds, ["opened", "worktree_made"]);
        assert_eq!((&found[1]["branch"], &found[1]["commit"]), (&json!("adjutant/x"), &json!("1a2b")));
        let aside = crate::core::worktree::Aside {
            id: "1".into(),
            path: "/w/.adjutant/1/tree".into(),
            until: None,
            tip: Some("3c4d".into()),
            branch_goes: true,
        };
        // What a restart does not know is in the event itself.
        let (place, aside, lost) = (Box::new(place), Box::new(aside), vec!["1 untracked file: a".to_owned()]);
        let found = last(vec![EventKind::WorktreeAside { place, aside, by: Surface::Terminal, lost }]);
        let expected = json!({
            "kind": "worktree_removed", "who": "terminal", "path": "/w/x", "branch": "adjutant/x", "commit": "3c4d",
            "branch_goes": true, "lost": ["1 untracked file: a"],
        });
        assert_eq!(found, [expected]);
        let found = last(vec![EventKind::WorktreeBack { path: "/w/x".into(), by: Surface::Headless }]);
        assert_eq!(found, [json!({"kind": "worktree_restored", "who": "headless", "path": "/w/x"})]);
        let found = last(vec![EventKind::WorktreeGone { path: "/w/x".into(), branch_gone: true }]);
        assert_eq!(found, [json!({"kind": "worktree_deleted", "path": "/w/x", "branch_gone": true})]);
        let found = last(vec![EventKind::OpenRefused { tag: None, why: "it is bare".into(), instead: None }]);
        assert_eq!(found, [json!({"kind": "open_refused", "why": "it is bare"})]);
    }
}
