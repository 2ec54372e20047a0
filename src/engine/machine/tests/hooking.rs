//! Hooks: each question once, changed calls judged and shown as changed, and no word of theirs against rules and people.

use futures_util::future::BoxFuture;
use tokio::sync::broadcast;

use super::*;
use crate::core::hook::HookDid;
use crate::core::hook::HookMark;
use crate::core::hook::HookWish;
use crate::core::hook::HooksView;
use crate::core::hook::OnFailure;
use crate::engine::hooks::Abort;
use crate::engine::hooks::Aftermath;
use crate::engine::hooks::Call;
use crate::engine::hooks::Finished;
use crate::engine::hooks::Meta;
use crate::engine::hooks::News;
use crate::engine::hooks::Outgoing;
use crate::engine::hooks::Permission;
use crate::engine::hooks::Point;
use crate::engine::hooks::PromptWord;
use crate::engine::hooks::Reply;
use crate::engine::hooks::Said;
use crate::engine::hooks::Slow;
use crate::engine::hooks::Verdict;
use crate::engine::hooks::Word;

/// What a test makes of an inspection.
type Change<'a> = &'a dyn Fn(&mut Inspection);

/// Wants to be asked at some points; the bench answers in its place.
#[derive(Debug)]
struct Wanting(Vec<Point>);

impl Hooks for Wanting {
    fn wants(&self, point: Point, _: Option<&str>, _: Option<&str>) -> bool {
        self.0.contains(&point)
    }
    fn before_call(&self, _: Call, _: Slow) -> BoxFuture<'static, Reply<Verdict>> {
        unreachable!("the bench has no tasks")
    }
    fn permission(&self, _: Permission, _: Slow) -> BoxFuture<'static, Reply<Word>> {
        unreachable!("the bench has no tasks")
    }
    fn after_call(&self, _: Finished, _: Slow) -> BoxFuture<'static, Reply<Aftermath>> {
        unreachable!("the bench has no tasks")
    }
    fn before_prompt(&self, _: Outgoing, _: Slow) -> BoxFuture<'static, Reply<PromptWord>> {
        unreachable!("the bench has no tasks")
    }
    fn after_message(&self, _: Said, _: Slow) -> BoxFuture<'static, Reply<Option<Abort>>> {
        unreachable!("the bench has no tasks")
    }
    fn observe(&self, _: &Meta, _: &EventKind) {}
    fn wish(&self, _: &HookWish) -> HooksView {
        HooksView { hooks: Vec::new(), trouble: None }
    }
    fn news(&self) -> broadcast::Receiver<News> {
        broadcast::channel(1).1
    }
}

fn reply<T>(outcome: T) -> Reply<T> {
    Reply { marks: Vec::new(), outcome }
}

fn changes(from: &str, to: &str) -> Reply<Verdict> {
    let (from, to) = (json!({"command": from}), json!({"command": to}));
    let mark = HookMark::new("gate", HookDid::Changed { from, to: to.clone() });
    Reply { marks: vec![mark], outcome: Verdict::Pass(Some(to)) }
}

impl Bench {
    fn hooking(points: &[Point]) -> Self {
        let spec = SessionSpec { directory: "/w".into(), ..SessionSpec::default() };
        let mut bench = Self::made(spec, |_| {}, false, Some(Arc::new(Wanting(points.to_vec()))));
        bench.prompt("go", SendHow::Queue).reply("initialize");
        if !points.contains(&Point::BeforePrompt) {
            bench.line(&init());
        }
        bench
    }

    fn tell_hooked(&mut self, call: &str) -> &mut Self {
        let block = json!({"type": "tool_use", "id": call, "name": "Bash", "input": {"command": call}});
        self.line(&json!({"type": "assistant", "message": {"id": format!("m{call}"), "content": [block]}}));
        self.callback_of("PreToolUse", call)
    }

    fn callback_of(&mut self, event: &str, call: &str) -> &mut Self {
        let mut input = json!({"hook_event_name": event, "cwd": "/w", "tool_name": "Bash",
            "tool_input": {"command": call}, "tool_use_id": call});
        if event == "PostToolUse" {
            input["tool_response"] = json!({"stdout": "secret", "stderr": "", "isImage": false});
        }
        self.line(&json!({"type": "control_request", "request_id": format!("{event}-{call}"),
            "request": {"subtype": "hook_callback", "callback_id": "adjutant-call", "tool_use_id": call, "input": input}}))
    }

    fn verdict(&mut self, reply: &Reply<Verdict>) -> &mut Self {
        for asking in std::mem::take(&mut self.askings) {
            let Asking::Call { request_id, .. } = asking else { panic!("{asking:?}") };
            self.give(Input::Hooked(Box::new(Hooked::Call { request_id, reply: reply.clone() })));
        }
        self
    }

    fn word(&mut self, reply: &Reply<Word>) -> &mut Self {
        for asking in std::mem::take(&mut self.askings) {
            let Asking::Permission { request_id, .. } = asking else { panic!("{asking:?}") };
            self.give(Input::Hooked(Box::new(Hooked::Permission { request_id, reply: reply.clone() })));
        }
        self
    }

    fn prompt_word(&mut self, outcome: &PromptWord) -> &mut Self {
        for asking in std::mem::take(&mut self.askings) {
            let Asking::Prompt { prompt, .. } = asking else { panic!("{asking:?}") };
            self.give(Input::Hooked(Box::new(Hooked::Prompt { prompt, reply: reply(outcome.clone()) })));
        }
        self
    }

    fn judge(&mut self, judgement: &Judgement) -> &mut Self {
        for job in std::mem::take(&mut self.judging) {
            self.give(Input::Judged { request_id: job.request_id, judgement: judgement.clone() });
        }
        self
    }

    /// The policy was asked, and spoke of no rule.
    fn inspect_open(&mut self, change: impl Fn(&mut Inspection)) -> &mut Self {
        for request_id in std::mem::take(&mut self.inspections) {
            let ruling = Ruling { action: RuleBehavior::Ask, rule: None, why: String::new(), parts: Vec::new() };
            let mut inspection = Inspection { ruling: Some(ruling), ..Inspection::default() };
            change(&mut inspection);
            self.give(Input::Inspected { request_id, inspection: Box::new(inspection) });
        }
        self
    }

    fn texts_sent(&self) -> Vec<Value> {
        let sent = self.lines.iter().filter_map(|line| match line {
            Outbound::User(message) => Some(serde_json::to_value(&message.content).unwrap()),
            _ => None,
        });
        sent.collect()
    }
}

#[test]
fn without_a_hook_that_wants_it_nothing_more_is_declared_or_asked() {
    let declared = |bench: &Bench| {
        let found = bench.lines.iter().find_map(|line| match line {
            Outbound::Request { request, .. } => Some(serde_json::to_value(request).unwrap()),
            _ => None,
        });
        found.unwrap()["hooks"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    let mut bench = Bench::hooking(&[]);
    assert_eq!(declared(&bench), ["PreToolUse", "UserPromptSubmit"]);
    bench.tell_hooked("a").ask("a", &json!({}));
    assert!(bench.askings.is_empty() && bench.judging.len() == 1 && bench.inspections.len() == 1);
    let bench = Bench::hooking(&[Point::AfterCall]);
    assert_eq!(declared(&bench), ["PostToolUse", "PostToolUseFailure", "PreToolUse", "UserPromptSubmit"]);
}

#[test]
fn a_changed_call_is_judged_and_shown_as_changed() {
    let mut bench = Bench::hooking(&[Point::BeforeCall]);
    bench.tell_hooked("a");
    assert!(bench.judging.is_empty(), "the hooks come first");
    bench.verdict(&changes("a", "safe a"));
    assert_eq!(bench.judging[0].approval.input, json!({"command": "safe a"}));
    bench.judge(&Judgement::Pass);
    let expected = CallAnswer::Change { input: json!({"command": "safe a"}), ask: None };
    assert_eq!(bench.said["PreToolUse-a"], [expected]);
    bench.ask("safe a", &json!({"tool_use_id": "a"})).inspect_all(None);
    let asked = &bench.fleet.inbox()[0].approval;
    assert_eq!(asked.input, json!({"command": "safe a"}));
    assert_eq!(asked.hooks[0].sentence(), "changed by hook gate");
    let session = bench.fleet.get(ID).unwrap();
    let call = session.transcript.call(&"a".into()).unwrap();
    assert_eq!((call.input["command"].as_str(), call.hooks.len()), (Some("safe a"), 1));
    // A rule that asks about the changed call asks with the changed input.
    bench.tell_hooked("b").verdict(&changes("b", "other b"));
    bench.judge(&Judgement::Ask(Question::Secret(".env".into())));
    assert!(
        matches!(&bench.said["PreToolUse-b"][..], [CallAnswer::Change { ask: Some(why), .. }] if why.contains(".env"))
    );
    bench.tell_hooked("c").verdict(&changes("c", "rm c"));
    bench.judge(&Judgement::Deny { rule: "deny rm".into(), why: "it is rm".into() });
    assert!(matches!(&bench.said["PreToolUse-c"][..], [CallAnswer::Deny { .. }]));
}

#[test]
fn a_refusal_an_answer_and_a_failure_never_let_the_call_run() {
    let mut bench = Bench::hooking(&[Point::BeforeCall]);
    let deny = Verdict::Deny { hook: "gate".into(), reason: "no".into() };
    let respond = Verdict::Respond { hook: "gate".into(), text: "42".into() };
    for (call, verdict, part) in [("a", deny, "refuses this call: no"), ("b", respond, "answered in its place")] {
        bench.tell_hooked(call).verdict(&reply(verdict));
        let said = &bench.said[&format!("PreToolUse-{call}")];
        assert!(matches!(&said[..], [CallAnswer::Deny { reason }] if reason.contains(part)), "{said:?}");
    }
    assert!(bench.judging.is_empty());
    let ask = Verdict::Ask { hook: "gate".into(), why: "it slept".into(), changed: None };
    bench.tell_hooked("call-c").verdict(&reply(ask)).judge(&Judgement::Pass);
    let [CallAnswer::Ask { reason }] = &bench.said["PreToolUse-call-c"][..] else { panic!("it asks") };
    let hook = json!({"decision_reason_type": "hook", "decision_reason": reason.clone()});
    bench.ask("c", &hook).inspect_all(None);
    let binding = &bench.fleet.inbox()[0].approval.binding;
    assert!(binding.asked_by_hook.as_deref().is_some_and(|why| why.contains("it slept")));
    assert!(!binding.permits_automatic(), "a person decides, whatever rules allow");
}

#[test]
fn an_answer_after_the_end_changes_nothing() {
    let mut bench = Bench::hooking(&[Point::BeforeCall, Point::Permission, Point::AfterCall]);
    bench.tell_hooked("a").line(&json!({"type": "control_cancel_request", "request_id": "PreToolUse-a"}));
    bench.verdict(&changes("a", "x"));
    assert!(bench.said.is_empty() && bench.judging.is_empty());
    bench.ask("r", &json!({})).line(&json!({"type": "control_cancel_request", "request_id": "r"}));
    bench.word(&reply(Word::Allowed { hook: "gate".into() }));
    assert!(bench.answers.is_empty() && bench.inspections.is_empty());
    bench.tell_hooked("b").give(Input::Gone { code: Some(1), signal: None });
    bench.prompt("again", SendHow::Queue).reply("initialize").verdict(&reply(Verdict::Pass(None)));
    assert!(bench.said.is_empty() && bench.judging.is_empty(), "the new process has asked nothing");
    // The same callback twice is one question.
    bench.tell_hooked("d").callback_of("PreToolUse", "d");
    assert_eq!(bench.askings.len(), 1);
    let asking = std::mem::take(&mut bench.askings);
    let Asking::Call { request_id, .. } = &asking[0] else { panic!() };
    for _ in 0..2 {
        let hooked = Hooked::Call { request_id: request_id.clone(), reply: reply(Verdict::Pass(None)) };
        bench.give(Input::Hooked(Box::new(hooked)));
    }
    assert_eq!(bench.judging.len(), 1);
    bench.judge(&Judgement::Pass).callback_of("PreToolUse", "d");
    assert!(bench.askings.is_empty() && bench.said["PreToolUse-d"].len() == 1);
}

#[test]
fn a_question_to_the_person_is_not_changed() {
    let mut bench = Bench::hooking(&[Point::BeforeCall]);
    bench.line(&json!({"type": "control_request", "request_id": "q", "request": {"subtype": "hook_callback",
        "callback_id": "adjutant-call", "tool_use_id": "q", "input": {"hook_event_name": "PreToolUse", "cwd": "/w",
        "tool_name": "AskUserQuestion", "tool_input": {"questions": []}, "tool_use_id": "q"}}}));
    bench.verdict(&changes("q", "answered")).judge(&Judgement::Pass);
    assert_eq!(bench.said["q"], [CallAnswer::Pass]);
}

#[test]
fn a_hook_allows_only_where_nothing_is_against_it() {
    let allowed = reply(Word::Allowed { hook: "gate".into() });
    let case = |extra: Value, change: &dyn Fn(&mut Inspection)| {
        let mut bench = Bench::hooking(&[Point::Permission]);
        bench.ask("a", &extra).word(&allowed).inspect_open(change);
        bench
    };
    let bench = case(json!({}), &|_| {});
    assert!(matches!(&bench.answers["a"][..], [PermissionAnswer::Allow { .. }]));
    let by = bench.kinds().into_iter().find_map(|kind| match kind {
        EventKind::ApprovedByPolicy { rule, .. } => Some(rule.clone()),
        _ => None,
    });
    assert_eq!(by.as_deref(), Some("hook gate"));
    let ruled = |action| {
        move |inspection: &mut Inspection| {
            let ruling = Ruling { action, rule: Some("my rule".into()), why: String::new(), parts: Vec::new() };
            inspection.ruling = Some(ruling);
        }
    };
    let denied = case(json!({}), &ruled(RuleBehavior::Deny));
    assert!(matches!(&denied.answers["a"][..], [PermissionAnswer::Deny { .. }]));
    let cases: [(&str, Value, Change<'_>); 9] = [
        ("an ask rule", json!({}), &ruled(RuleBehavior::Ask)),
        ("no policy could be asked", json!({}), &|inspection| inspection.ruling = None),
        ("the audit log is not kept", json!({}), &|inspection| inspection.is_unrecorded = true),
        ("a person is wanted", json!({"requires_user_interaction": true}), &|_| {}),
        ("a safety check", json!({"decision_reason_type": "safetyCheck"}), &|_| {}),
        ("another hook asks", json!({"decision_reason_type": "hook", "decision_reason": "x"}), &|_| {}),
        ("a field that nobody knows", json!({"some_new_field": 1}), &|_| {}),
        ("a plan", json!({"tool_name": "ExitPlanMode", "input": {"plan": "p"}}), &|_| {}),
        ("no call", json!({"tool_use_id": ""}), &|_| {}),
    ];
    for (name, extra, change) in cases {
        let bench = case(extra, change);
        assert!(bench.answers.is_empty(), "{name}: {:?}", bench.answers);
        assert_eq!(bench.fleet.inbox().len(), 1, "{name}");
    }
}

#[test]
fn a_hook_that_denies_or_fails_is_heard_before_rules_and_people() {
    let mut bench = Bench::hooking(&[Point::Permission]);
    bench.ask("a", &json!({})).word(&reply(Word::Denied { hook: "gate".into(), reason: "no".into() }));
    assert!(matches!(&bench.answers["a"][..], [PermissionAnswer::Deny { message, .. }] if message.contains("gate")));
    assert!(bench.inspections.is_empty() && bench.fleet.inbox().is_empty());
    bench.ask("b", &json!({})).word(&reply(Word::Ask { hook: "gate".into(), why: "it slept".into() }));
    bench.inspect_open(|_| {});
    let asked = &bench.fleet.inbox()[0].approval;
    assert!(asked.binding.asked_by_hook.is_some() && !asked.binding.permits_automatic());
    let abort = Abort { hook: "gate".into(), reason: "enough".into(), hard: false };
    bench.ask("c", &json!({})).word(&reply(Word::Abort(abort)));
    assert!(matches!(&bench.answers["c"][..], [PermissionAnswer::Deny { .. }]));
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::Interrupting)));
}

#[test]
fn a_prompt_waits_for_the_hooks_and_goes_out_as_they_made_it() {
    let mut bench = Bench::hooking(&[Point::BeforePrompt]);
    assert_eq!(bench.n_prompts_sent(), 0);
    bench.prompt_word(&PromptWord::Change("go, please".into()));
    assert_eq!(bench.texts_sent(), [json!("go, please")]);
    bench.line(&init()).line(&result()).prompt("next", SendHow::Queue).prompt_word(&PromptWord::Send);
    assert_eq!(bench.texts_sent().len(), 2);
}

#[test]
fn a_prompt_that_could_not_be_looked_at_waits_for_a_person() {
    for (then, n_asked) in [(OnFailure::Ask, 0), (OnFailure::Deny, 1)] {
        let mut bench = Bench::hooking(&[Point::BeforePrompt]);
        let hold = PromptWord::Hold { hook: "gate".into(), why: "it slept".into(), then };
        bench.prompt_word(&hold).wait(100);
        assert_eq!((bench.n_prompts_sent(), bench.askings.len()), (0, 0), "{then:?}");
        assert_eq!(bench.fleet.get(ID).unwrap().queue.len(), 1, "nothing is lost");
        bench.command(Command::Retry { session: ID });
        assert_eq!(bench.askings.len(), n_asked, "{then:?}");
        bench.prompt_word(&PromptWord::Send);
        assert_eq!(bench.n_prompts_sent(), 1, "{then:?}");
    }
}

#[test]
fn a_result_is_changed_and_an_abort_ends_the_turn() {
    let mut bench = Bench::hooking(&[Point::AfterCall]);
    let answer = |bench: &mut Bench, outcome: Aftermath| {
        let asking = std::mem::take(&mut bench.askings);
        let [Asking::Result { request_id, finished, .. }] = &asking[..] else { panic!("{asking:?}") };
        assert_eq!(finished.result, "secret");
        let hooked = Hooked::Result { request_id: request_id.clone(), reply: reply(outcome) };
        bench.give(Input::Hooked(Box::new(hooked)));
        bench.lines.iter().rev().find_map(|line| match line {
            Outbound::Answer { answer: Answer::Hook(value), .. } => Some(value.clone()),
            _ => None,
        })
    };
    bench.tell_hooked("a").judge(&Judgement::Pass).callback_of("PostToolUse", "a").callback_of("PostToolUse", "a");
    let told = answer(&mut bench, Aftermath::Change { hook: "gate".into(), text: "***".into() }).unwrap();
    assert_eq!(told["hookSpecificOutput"]["updatedToolOutput"]["stdout"], "***");
    bench.tell_hooked("b").judge(&Judgement::Pass).callback_of("PostToolUse", "b");
    let abort = Abort { hook: "gate".into(), reason: "enough".into(), hard: true };
    assert_eq!(answer(&mut bench, Aftermath::Abort(abort)), Some(json!({})));
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::Stopping)));
}
