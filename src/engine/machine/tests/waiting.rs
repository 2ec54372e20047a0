//! What waits for a person: held prompts, time that is not the tools', requests that cannot be shown.

use super::*;
use crate::core::cell::CellBody;
use crate::core::tool::ToolCall;

impl Bench {
    fn interrupted(&mut self) -> &mut Self {
        self.command(Command::Interrupt { session: ID });
        self.line(&json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
            "terminal_reason": "aborted_streaming"}))
    }

    fn call(&self, id: &str) -> &ToolCall {
        let call = crate::core::ids::ToolCallId::from(id);
        self.fleet.get(ID).unwrap().transcript.call(&call).unwrap()
    }

    fn starts(&mut self, id: &str) -> &mut Self {
        let call = json!({"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "x"}});
        self.line(&json!({"type": "assistant", "message": {"id": id, "content": [call]}}))
    }

    fn ends(&mut self, id: &str) -> &mut Self {
        let block = json!({"type": "tool_result", "tool_use_id": id, "content": "done"});
        self.line(&json!({"type": "user", "message": {"role": "user", "content": [block]}}))
    }

    fn n_refusals(&self) -> usize {
        let is_error = |line: &&Outbound| {
            matches!(line, Outbound::Answer { answer: Answer::Error(_) | Answer::Refuse { .. }, .. })
        };
        self.lines.iter().filter(is_error).count()
    }

    fn n_told(&self, words: &str) -> usize {
        let says = |kind: &&&EventKind| matches!(kind, EventKind::Noted(notice) if notice.text.contains(words));
        self.kinds().iter().filter(says).count()
    }
}

#[test]
fn an_interrupt_by_a_person_holds_the_queue_until_a_word_of_theirs() {
    let send = Command::Send {
        session: ID,
        text: "more".into(),
        how: SendHow::Queue,
        by: Surface::Terminal,
        id: None,
        images: Vec::new(),
    };
    for word in [send, Command::Retry { session: ID }] {
        let mut bench = Bench::running(|_| {});
        bench.prompt("next", SendHow::Queue).interrupted().wait(60);
        assert_eq!(bench.n_prompts_sent(), 1, "nothing goes out by itself");
        assert!(bench.fleet.get(ID).unwrap().queue_is_held());
        assert_eq!(bench.n_told("held after the interrupt"), 1);
        bench.command(word);
        assert_eq!(bench.n_prompts_sent(), 2);
        assert!(!bench.fleet.get(ID).unwrap().queue_is_held());
    }
}

#[test]
fn an_interrupt_for_a_prompt_holds_nothing() {
    let mut bench = Bench::running(|_| {});
    bench.prompt("now", SendHow::InterruptFirst).interrupted();
    let mut bench = Bench::running(|_| {});
    bench.prompt("now", SendHow::InterruptFirst);
    bench.line(&json!({"type": "result", "is_error": true, "terminal_reason": "aborted_streaming"}));
    assert_eq!(bench.n_prompts_sent(), 2);
}

#[test]
fn the_time_a_person_takes_is_not_the_tools_nor_the_turns() {
    let mut bench = Bench::running(|_| {});
    bench.starts("call-a").wait(1).ask("a", &Value::Null).inspect_all(None).wait(20);
    bench.decide(1, Decision::allow_once()).write_all().wait(2).ends("call-a");
    assert_eq!(bench.call("call-a").took_ms(), 2_000);
    bench.line(&json!({"type": "result", "subtype": "success", "duration_ms": 23_500}));
    let session = bench.fleet.get(ID).unwrap();
    let end = session.transcript.iter().find_map(|cell| match &cell.body {
        CellBody::TurnEnd(end) => Some(end.duration_ms),
        _ => None,
    });
    assert_eq!(end, Some(3_500));
}

#[test]
fn a_call_behind_one_that_is_asked_does_not_count_the_wait_nor_what_came_before_its_own_request() {
    let mut bench = Bench::running(|_| {});
    bench.starts("call-a").starts("call-b").starts("read").ask("a", &Value::Null).inspect_all(None).wait(20);
    assert_eq!(bench.call("read").works_ms(bench.wall()), 0, "its clock stands");
    bench.decide(1, Decision::allow_once()).write_all().wait(5).ends("call-a");
    bench.ask("b", &Value::Null).inspect_all(None).wait(30);
    bench.decide(2, Decision::allow_once()).write_all().wait(1).ends("call-b").wait(1).ends("read");
    let took = |id: &str| bench.call(id).took_ms();
    assert_eq!((took("call-a"), took("call-b")), (5_000, 1_000));
    assert_eq!(took("read"), 7_000, "it may have run beside the others, but not while the person was waited for");
}

#[test]
fn a_call_that_ends_while_another_waits_has_run() {
    let mut bench = Bench::running(|_| {});
    bench.starts("call-a").starts("fetch").ask("a", &Value::Null).inspect_all(None).wait(4).ends("fetch");
    assert_eq!(bench.call("fetch").took_ms(), 4_000);
    bench.wait(10).interrupted();
    assert_eq!(bench.call("call-a").took_ms(), 0);
}

#[test]
fn a_sub_agent_does_not_count_what_its_calls_wait_for() {
    let mut bench = Bench::running(|_| {});
    let agent = json!({"type": "tool_use", "id": "agent", "name": "Agent", "input": {"prompt": "x"}});
    bench.line(&json!({"type": "assistant", "message": {"id": "m", "content": [agent]}})).wait(2);
    for id in ["call-a", "call-b"] {
        let call = json!({"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "x"}});
        bench.line(
            &json!({"type": "assistant", "parent_tool_use_id": "agent", "message": {"id": id, "content": [call]}}),
        );
    }
    bench.ask("a", &Value::Null).ask("b", &Value::Null).inspect_all(None).wait(10);
    bench.decide(1, Decision::allow_once()).write_all().wait(10);
    bench.decide(2, Decision::allow_once()).write_all().wait(3).ends("agent");
    assert_eq!(bench.call("agent").took_ms(), 5_000);
}

#[test]
fn a_rule_s_word_begins_a_call() {
    let mut bench = Bench::running(|_| {});
    bench.starts("call-a").wait(7).ask("a", &Value::Null).inspect_all(Some("r")).wait(2).ends("call-a");
    assert_eq!(bench.call("call-a").took_ms(), 2_000);
}

#[test]
fn a_denial_that_stops_holds_the_queue_until_a_word() {
    let mut bench = Bench::running(|_| {});
    bench.ask("a", &Value::Null).inspect_all(None).prompt("next", SendHow::Queue);
    bench.decide(1, Decision::Deny { message: "no".into(), stop: true }).write_all();
    bench.line(&json!({"type": "result", "subtype": "error_during_execution", "is_error": true,
        "terminal_reason": "aborted_tools"}));
    bench.wait(60);
    assert_eq!(bench.n_prompts_sent(), 1, "nothing goes out by itself");
    assert!(bench.fleet.get(ID).unwrap().queue_is_held());
    assert_eq!(bench.n_told("held after the interrupt"), 1);
    bench.command(Command::Retry { session: ID });
    assert_eq!(bench.n_prompts_sent(), 2);
}

#[test]
fn two_that_wait_at_once_count_once() {
    let mut bench = Bench::running(|_| {});
    bench.starts("call-a").starts("call-b");
    bench.ask("a", &Value::Null).ask("b", &Value::Null).inspect_all(None).wait(10);
    bench.decide(1, Decision::allow_once()).write_all().wait(10);
    bench.decide(2, Decision::allow_once()).write_all().wait(1).ends("call-a").ends("call-b");
    assert_eq!((bench.call("call-a").took_ms(), bench.call("call-b").took_ms()), (11_000, 1_000));
    bench.line(&json!({"type": "result", "subtype": "success", "duration_ms": 21_000}));
    assert_eq!(bench.fleet.get(ID).unwrap().last_turn.as_ref().unwrap().duration_ms, 1_000);
}

#[test]
fn each_request_that_cannot_be_shown_is_refused_with_a_word_and_the_result_counts() {
    let mut deep = json!("x");
    for _ in 0..200 {
        deep = json!({ "a": deep });
    }
    let mut bench = Bench::running(|_| {});
    for n in 0..2 {
        bench.line(&json!({"request": {"subtype": "can_use_tool", "tool_name": "T", "input": deep}, "request_id": format!("d{n}"),
            "type": "control_request"}));
        bench.line(&json!({"type": "control_request", "request_id": format!("n{n}"),
            "request": {"subtype": "can_use_tool", "tool_name": "T", "input": [1]}}));
    }
    assert_eq!((bench.n_refusals(), bench.n_told("cannot be shown")), (4, 4));
    assert!(bench.fleet.inbox().is_empty() && bench.inspections.is_empty(), "nothing is offered");
    bench.line(&json!({"type": "result", "subtype": "success", "result": "end",
        "permission_denials": [{"tool_name": "T", "tool_input": deep}]}));
    let session = bench.fleet.get(ID).unwrap();
    assert!(session.turn.is_none());
    assert_eq!(session.last_turn.as_ref().unwrap().text.as_deref(), Some("end"));
}

#[test]
fn an_input_that_is_edited_away_allows_nothing() {
    let mut bench = Bench::running(|_| {});
    bench.ask("a", &Value::Null).inspect_all(None);
    bench.decide(1, Decision::Allow { edited: Some(json!({})), remember: Vec::new(), comment: None });
    assert!(bench.answers.is_empty());
    assert!(matches!(bench.kinds().last(), Some(EventKind::AnswerRefused { why, .. }) if why.contains("empty")));
}

#[test]
fn the_launch_of_a_sub_agent_is_told_in_our_words() {
    let mut bench = Bench::running(|_| {});
    bench.starts("t");
    let block = json!({"type": "tool_result", "tool_use_id": "t",
        "content": "Async agent launched successfully.\nagentId: a1 (internal ID - do not mention to user)"});
    bench.line(&json!({"type": "user", "message": {"role": "user", "content": [block]}}));
    assert_eq!(bench.call("t").output.as_ref().unwrap().text, "started in the background");
}

#[test]
fn a_sub_agent_that_the_turn_waits_for_is_not_in_the_background() {
    let mut bench = Bench::running(|_| {});
    bench.starts("t");
    bench.line(
        &json!({"type": "system", "subtype": "task_started", "task_id": "k", "tool_use_id": "t", "description": "d"}),
    );
    let session = bench.fleet.get(ID).unwrap();
    assert_eq!((session.running_tasks().count(), session.background_tasks().count()), (1, 0));
    bench.ends("t");
    assert_eq!(bench.fleet.get(ID).unwrap().background_tasks().count(), 1, "the call is over and its task goes on");
}
