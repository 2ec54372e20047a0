//! Calls before they begin: one answer each, and where they run.

use super::*;
use crate::core::tool::ToolOutcome;

impl Bench {
    /// The CLI tells of a Bash call that it is about to run there.
    fn tell_call(&mut self, call: &str, cwd: &str) -> &mut Self {
        let block = json!({"type": "tool_use", "id": call, "name": "Bash", "input": {"command": call}});
        self.line(&json!({"type": "assistant", "message": {"id": format!("m{call}"), "content": [block]}}));
        self.line(&callback(call, cwd))
    }

    fn judge_all(&mut self, judgement: &Judgement) -> &mut Self {
        for job in std::mem::take(&mut self.judging) {
            self.give(Input::Judged { request_id: job.request_id, judgement: judgement.clone() });
        }
        self
    }

    fn end_call(&mut self, call: &str, is_error: bool) -> &mut Self {
        let block = json!({"type": "tool_result", "tool_use_id": call, "content": "x", "is_error": is_error});
        self.line(&json!({"type": "user", "message": {"role": "user", "content": [block]}}))
    }
}

fn callback(call: &str, cwd: &str) -> Value {
    json!({"type": "control_request", "request_id": format!("h-{call}"), "request": {"subtype": "hook_callback",
        "callback_id": "adjutant-call", "tool_use_id": call, "input": {"hook_event_name": "PreToolUse", "cwd": cwd,
        "tool_name": "Bash", "tool_input": {"command": call}, "tool_use_id": call}}})
}

fn secret() -> Judgement {
    Judgement::Ask(Question::Secret(".env".into()))
}

fn rule() -> Question {
    Question::Rule { rule: "ask *".into(), why: "every call".into() }
}

#[test]
fn every_call_is_declared_with_a_patience_that_the_clis_timers_can_count() {
    let bench = Bench::running(|_| {});
    let first = bench.lines.iter().find_map(|line| match line {
        Outbound::Request { request, .. } => Some(serde_json::to_value(request).unwrap()),
        _ => None,
    });
    let first = first.unwrap();
    assert!(first["hooks"]["UserPromptSubmit"][0].get("onFailure").is_none());
    let matcher = &first["hooks"]["PreToolUse"][0];
    assert!(matcher.get("matcher").is_none(), "it is for every tool");
    assert_eq!(matcher["onFailure"], "block");
    let timeout = matcher["timeout"].as_u64().unwrap();
    assert!(timeout >= 60 * 60 && timeout * 1000 < (1 << 31));
}

#[test]
fn a_callback_gets_one_answer_and_none_that_allows() {
    let mut bench = Bench::running(|_| {});
    let deny = Judgement::Deny { rule: "deny Bash “cat”".into(), why: "it is cat".into() };
    bench.tell_call("a", "/w").line(&callback("a", "/w")).judge_all(&Judgement::Pass);
    bench.tell_call("b", "/w").judge_all(&deny);
    bench.tell_call("c", "/w").judge_all(&secret());
    for call in ["a", "b", "c"] {
        bench.line(&callback(call, "/w")).judge_all(&Judgement::Pass);
        assert_eq!(bench.said[&format!("h-{call}")].len(), 1, "{call}");
    }
    assert_eq!(bench.said["h-a"], [CallAnswer::Pass]);
    assert!(matches!(&bench.said["h-b"][..], [CallAnswer::Deny { reason }] if reason.contains("deny Bash “cat”")));
    assert!(matches!(&bench.said["h-c"][..], [CallAnswer::Ask { reason }] if reason.contains(".env")));
    assert!(!bench.lines.iter().any(|line| format!("{line:?}").contains("permissionDecision\":\"allow")));
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::DeniedByPolicy { .. })));
    bench.end_call("b", true);
    let denied = |kind: &&&EventKind| matches!(kind, EventKind::ToolEnded { outcome: ToolOutcome::Denied, .. });
    assert_eq!(bench.kinds().iter().filter(denied).count(), 1);
}

#[test]
fn a_callback_that_was_taken_back_or_outlived_its_process_is_answered_no_more() {
    let mut bench = Bench::running(|_| {});
    bench.tell_call("a", "/w").line(&json!({"type": "control_cancel_request", "request_id": "h-a"}));
    bench.judge_all(&Judgement::Pass);
    assert!(bench.said.is_empty());
    bench.tell_call("b", "/w").give(Input::Gone { code: Some(1), signal: None });
    bench.prompt("again", SendHow::Queue).reply("initialize").judge_all(&Judgement::Pass);
    assert!(bench.said.is_empty(), "the new process has asked nothing");
}

#[test]
fn the_request_that_our_question_brings_is_shown_as_ours_and_grants_may_answer_it() {
    let mut bench = Bench::running(|_| {});
    bench.tell_call("call-a", "/w/sub").judge_all(&secret());
    let [CallAnswer::Ask { reason }] = &bench.said["h-call-a"][..] else { panic!("asked") };
    let hook = json!({"decision_reason_type": "hook", "decision_reason": reason.clone()});
    bench.ask("a", &hook).inspect_all(None);
    let asked = bench.fleet.inbox()[0].approval.clone();
    assert_eq!(asked.reason.as_deref(), Some("“.env” looks secret"));
    assert!(asked.binding.permits_automatic());
    assert_eq!((asked.place.directory.as_str(), asked.place.session_in.as_deref()), ("/w/sub", Some("/w")));
    // Another hook's question, or the same words for another call, bind as ever.
    let other = json!({"decision_reason_type": "hook", "decision_reason": "adjutant asks: something else"});
    bench.tell_call("call-b", "/w").judge_all(&secret()).ask("b", &other).inspect_all(None);
    assert!(bench.fleet.inbox()[1].approval.binding.asked_by_rule.is_some());
    bench.tell_call("call-c", "/w").judge_all(&Judgement::Pass).ask("c", &hook).inspect_all(None);
    assert!(bench.fleet.inbox()[2].approval.binding.asked_by_rule.is_some());
}

#[test]
fn an_ask_rule_binds_whatever_reason_the_cli_gives() {
    let mut bench = Bench::running(|_| {});
    bench.tell_call("call-a", "/w").judge_all(&Judgement::Ask(rule()));
    bench.ask("a", &json!({"decision_reason_type": "safetyCheck", "decision_reason": "Dangerous"})).inspect_all(None);
    let binding = &bench.fleet.inbox()[0].approval.binding;
    assert_eq!(binding.asked_by_rule.as_deref(), Some("ask *"));
    assert!(binding.safety_check);
}

#[test]
fn where_a_call_runs_is_doubtful_until_the_cli_has_said_so() {
    let mut bench = Bench::running(|_| {});
    bench.ask("a", &json!({})).inspect_all(None);
    bench.tell_call("call-b", "/w").judge_all(&Judgement::Pass).ask("b", &json!({})).inspect_all(None);
    bench.tell_call("call-c", "not absolute").judge_all(&Judgement::Pass).ask("c", &json!({})).inspect_all(None);
    let places: Vec<bool> = bench.fleet.inbox().iter().map(|open| open.approval.place.is_doubtful).collect();
    assert_eq!(places, [true, false, true]);
}

#[test]
fn the_session_moves_with_its_init_line_and_back() {
    let mut bench = Bench::running(|_| {});
    let there = |cwd: &str| {
        let mut line = init();
        line["cwd"] = cwd.into();
        line
    };
    bench.line(&there("/w")).line(&there("/w/.claude/worktrees/feat"));
    assert_eq!(bench.fleet.get(ID).unwrap().directory(), "/w/.claude/worktrees/feat");
    bench.ask("a", &json!({})).inspect_all(None);
    assert_eq!(bench.fleet.inbox()[0].approval.place.directory, "/w/.claude/worktrees/feat");
    bench.line(&there("")).line(&there("relative")).line(&there("/w"));
    let session = bench.fleet.get(ID).unwrap();
    assert_eq!((session.directory(), session.moved_to.as_ref()), ("/w", None));
    let moves = bench.kinds().iter().filter(|kind| matches!(kind, EventKind::Moved { .. })).count();
    assert_eq!(moves, 2);
}

#[test]
fn a_cli_that_runs_calls_without_telling_is_stopped_where_there_are_rules() {
    let text = "[[approvals.rules]]\ntool = \"Bash\"\naction = \"ask\"\n";
    for (with_rules, stops) in [(true, true), (false, false)] {
        let mut bench = Bench::running(|config| {
            if with_rules {
                *config = crate::config::parse(text).unwrap();
            }
        });
        bench.tell_call("a", "/w").judge_all(&Judgement::Pass).end_call("a", false);
        assert!(matches!(bench.machine.life, Life::Up));
        let block = json!({"type": "tool_use", "id": "b", "name": "Bash", "input": {"command": "b"}});
        bench.line(&json!({"type": "assistant", "message": {"id": "m", "content": [block]}}));
        // A call that failed may never have come so far.
        bench.end_call("b", true);
        assert!(matches!(bench.machine.life, Life::Up));
        let block = json!({"type": "tool_use", "id": "c", "name": "Bash", "input": {"command": "c"}});
        bench.line(&json!({"type": "assistant", "message": {"id": "n", "content": [block]}})).end_call("c", false);
        assert_eq!(matches!(bench.machine.life, Life::Stopping(_)), stops);
    }
}

#[test]
fn a_line_that_nobody_can_read_is_refused_for_a_callback_too() {
    let mut bench = Bench::running(|_| {});
    let odd = callback("a", "/w").to_string().replace("{\"command\":\"a\"}", "{\"command\":\"a\",\"command\":\"b\"}");
    bench.give(Input::Lines(vec![FromStdout::Line(decode(&odd))]));
    assert!(matches!(&bench.said["h-a"][..], [CallAnswer::Deny { .. }]), "{:?}", bench.said);
    let bad = crate::wire::decode::BadLine {
        kind: Some("control_request".into()),
        request_id: Some("big".into()),
        ..Default::default()
    };
    bench.give(Input::Lines(vec![FromStdout::TooLong(bad)]));
    let refused = bench.lines.iter().any(|line| matches!(line, Outbound::Answer { answer: Answer::Refuse { .. }, .. }));
    assert!(refused);
    assert!(!bench.lines.iter().any(|line| matches!(line, Outbound::Answer { answer: Answer::Error(_), .. })));
}

/// A call of a tool of the CLI's, told before it runs and done with this result as data.
fn done_call(bench: &mut Bench, call: &str, name: &str, input: &Value, detail: &Value) {
    let block = json!({"type": "tool_use", "id": call, "name": name, "input": input});
    bench.line(&json!({"type": "assistant", "message": {"id": format!("m{call}"), "content": [block]}}));
    let block = json!({"type": "tool_result", "tool_use_id": call, "content": "done"});
    bench.line(&json!({"type": "user", "message": {"role": "user", "content": [block]}, "tool_use_result": detail}));
}

fn prompt_submitted(text: &str) -> Value {
    json!({"type": "control_request", "request_id": format!("p-{text}"), "request": {"subtype": "hook_callback",
        "callback_id": "adjutant-call", "input": {"hook_event_name": "UserPromptSubmit", "prompt": text}}})
}

#[test]
fn what_the_model_schedules_waits_is_busy_and_begins_its_turn_with_its_prompt() {
    let mut bench = Bench::running(|config| {
        let profile = Profile { idle_minutes: 5, ..Profile::default() };
        config.profiles.insert("p".into(), profile);
        config.claude.default_profile = Some("p".into());
    });
    let once = json!({"cron": "* * * * *", "prompt": "look at the deploy", "recurring": false});
    let detail = json!({"id": "a1", "humanSchedule": "Every minute", "recurring": false});
    done_call(&mut bench, "a", "CronCreate", &once, &detail);
    let daily = json!({"cron": "0 9 * * *", "prompt": "read the news"});
    done_call(&mut bench, "b", "CronCreate", &daily, &json!({"id": "b2", "humanSchedule": "Daily", "recurring": true}));
    let later = json!({"delaySeconds": 60, "prompt": "look again", "reason": "r"});
    done_call(&mut bench, "c", "ScheduleWakeup", &later, &json!({"scheduledFor": 9, "clampedDelaySeconds": 90}));
    done_call(&mut bench, "d", "ScheduleWakeup", &later, &json!({"scheduledFor": 0}));
    bench.line(&result());
    let waiting: Vec<String> =
        bench.fleet.get(ID).unwrap().running_tasks().map(|task| task.description.clone()).collect();
    let expected =
        ["once, every minute: look at the deploy", "Daily: read the news", "90 seconds from its call: look again"];
    assert_eq!(waiting, expected);
    assert!(bench.fleet.get(ID).unwrap().is_busy());
    bench.wait(3600);
    assert!(matches!(bench.machine.life, Life::Up), "an idle process with a schedule is not stopped");
    bench.line(&prompt_submitted("look at the deploy")).line(&init());
    let session = bench.fleet.get(ID).unwrap();
    assert_eq!(session.turn.as_ref().map(|turn| turn.prompt_line.as_str()), Some("look at the deploy"));
    assert_eq!(session.running_tasks().count(), 2, "what was for once waits no more");
    bench.line(&result()).line(&prompt_submitted("read the news")).line(&init()).line(&result());
    assert_eq!(bench.fleet.get(ID).unwrap().running_tasks().count(), 2, "what recurs waits on");
    // Somebody else's words are no prompt of the model's.
    bench.line(&prompt_submitted("<task-notification>x</task-notification>")).line(&init());
    assert_eq!(bench.fleet.get(ID).unwrap().turn.as_ref().and_then(|turn| turn.prompt.clone()), None);
    done_call(&mut bench, "e", "CronDelete", &json!({"id": "b2"}), &json!({}));
    done_call(&mut bench, "f", "ScheduleWakeup", &json!({"stop": true}), &json!({}));
    assert_eq!(bench.fleet.get(ID).unwrap().running_tasks().count(), 0);
}

#[test]
fn our_own_prompt_is_not_taken_for_a_scheduled_one() {
    let mut bench = Bench::new(|_| {});
    bench.prompt("go", SendHow::Queue).reply("initialize").line(&prompt_submitted("go")).line(&init());
    let sent = bench.kinds().iter().filter(|kind| matches!(kind, EventKind::PromptSent(_))).count();
    assert_eq!(sent, 1);
}

#[test]
fn a_result_of_the_apis_own_side_needs_no_callback() {
    let text = "[[approvals.rules]]\ntool = \"Bash\"\naction = \"ask\"\n";
    let mut bench = Bench::running(|config| *config = crate::config::parse(text).unwrap());
    done_call(&mut bench, "s", "web_search", &json!({"query": "x"}), &Value::Null);
    assert!(matches!(bench.machine.life, Life::Up));
}
