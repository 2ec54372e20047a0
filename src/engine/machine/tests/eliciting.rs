//! What an MCP server asks is pending until a person answers it, and "declined" is said only by a person.

use super::*;
use crate::core::approval::Ask;
use crate::core::approval::Withdrawal;
use crate::wire::outbound::ElicitationAnswer;

impl Bench {
    fn server_asks(&mut self, id: &str) -> &mut Self {
        let schema = json!({"type": "object", "required": ["n"],
            "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 5}}});
        let request = json!({"subtype": "elicitation", "mcp_server_name": "tiny", "message": "How many?",
            "mode": "form", "requested_schema": schema});
        self.line(&json!({"type": "control_request", "request_id": id, "request": request}))
    }

    fn told_server(&self) -> Vec<ElicitationAnswer> {
        let answer = |line: &Outbound| match line {
            Outbound::Answer { answer: Answer::Elicitation(answer), .. } => Some(answer.clone()),
            _ => None,
        };
        self.lines.iter().filter_map(answer).collect()
    }

    fn is_withdrawn(&self, why: Withdrawal) -> bool {
        self.kinds().iter().any(|kind| matches!(kind, EventKind::ApprovalWithdrawn { why: found, .. } if *found == why))
    }
}

#[test]
fn a_servers_form_waits_and_takes_only_what_fits() {
    let mut bench = Bench::running(|_| {});
    bench.server_asks("e");
    let open = bench.fleet.approval(ApprovalId(1)).expect("it waits");
    assert!(matches!(open.approval.ask, Ask::Elicitation(_)));
    assert!(bench.told_server().is_empty(), "nobody answered yet");
    for wrong in [Decision::allow_once(), Decision::Fill(json!({})), Decision::Fill(json!({"n": 9}))] {
        bench.decide(1, wrong);
        assert!(bench.told_server().is_empty());
    }
    bench.decide(1, Decision::Fill(json!({"n": 3}))).write_all();
    assert_eq!(bench.told_server(), [ElicitationAnswer::Accept { content: json!({"n": 3}) }]);
    assert!(bench.fleet.approval(ApprovalId(1)).is_none());
    bench.server_asks("e");
    assert_eq!(bench.told_server().len(), 1, "one answer for one request");
}

#[test]
fn a_person_declines_and_nobody_else_does() {
    for (decision, expected) in [
        (Decision::deny("no"), ElicitationAnswer::Decline),
        (Decision::Deny { message: "no".into(), stop: true }, ElicitationAnswer::Decline),
        (Decision::Dismiss, ElicitationAnswer::Cancel),
    ] {
        let mut bench = Bench::running(|_| {});
        bench.server_asks("e").decide(1, decision).write_all();
        assert_eq!(bench.told_server(), [expected]);
        assert!(!bench.kinds().iter().any(|kind| matches!(kind, EventKind::Interrupting)));
    }
}

#[test]
fn what_ends_unanswered_is_cancelled() {
    let mut bench = Bench::running(|_| {});
    bench.server_asks("e").command(Command::Close { session: ID });
    assert_eq!(bench.told_server(), [ElicitationAnswer::Cancel]);
    assert!(bench.is_withdrawn(Withdrawal::SessionGone));

    let mut bench = Bench::running(|_| {});
    bench.server_asks("e").line(&json!({"type": "control_cancel_request", "request_id": "e"}));
    assert!(bench.told_server().is_empty(), "what was taken back wants no answer");
    assert!(bench.is_withdrawn(Withdrawal::ByCli));
}

#[test]
fn an_older_cli_takes_nothing_back_so_the_turns_end_does() {
    let result = json!({"type": "result", "subtype": "success", "result": "ok"});
    let mut old = Bench::running(|_| {});
    old.prompt("go", SendHow::Queue).server_asks("e").line(&result);
    assert_eq!(old.told_server(), [ElicitationAnswer::Cancel]);
    assert!(old.is_withdrawn(Withdrawal::ByCli));

    // A newer one does, and a sub-agent's request outlives the turn.
    let mut new = Bench::running(|_| {});
    new.line(&json!({"type": "system", "subtype": "session_state_changed", "state": "running"}));
    new.prompt("go", SendHow::Queue).server_asks("e").line(&result);
    assert!(new.told_server().is_empty() && new.fleet.approval(ApprovalId(1)).is_some());
}

#[test]
fn the_end_of_a_servers_last_call_closes_what_it_asked_where_the_cli_does_not_say_so() {
    let mut bench = Bench::running(|_| {});
    for (id, name) in [("c1", "mcp__tiny__ask"), ("c2", "mcp__tiny__ask"), ("c3", "mcp__other__ask")] {
        let call = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
        bench.line(&json!({"type": "assistant", "message": {"id": id, "content": [call]}}));
    }
    let ended = |id: &str| {
        let result = json!({"type": "tool_result", "tool_use_id": id, "content": "timeout", "is_error": true});
        json!({"type": "user", "message": {"role": "user", "content": [result]}})
    };
    bench.server_asks("e").line(&ended("c3")).line(&ended("c1"));
    assert!(bench.told_server().is_empty(), "another call of the server may still wait for it");
    bench.line(&ended("c2"));
    assert_eq!(bench.told_server(), [ElicitationAnswer::Cancel]);
    assert!(bench.is_withdrawn(Withdrawal::ByCli) && bench.fleet.inbox().is_empty());
}

#[test]
fn a_known_dialog_is_answered_by_a_person_and_an_unknown_one_by_nobody() {
    use crate::wire::outbound::UserDialogAnswer;
    let dialog = |id: &str, kind: &str| {
        json!({"type": "control_request", "request_id": id, "request": {"subtype": "request_user_dialog",
            "dialog_kind": kind, "payload": {"originalModel": "claude-a", "fallbackModel": "claude-b"}}})
    };
    let told = |bench: &Bench| -> Vec<UserDialogAnswer> {
        let answer = |line: &Outbound| match line {
            Outbound::Answer { answer: Answer::UserDialog(answer), .. } => Some(answer.clone()),
            _ => None,
        };
        bench.lines.iter().filter_map(answer).collect()
    };
    let mut bench = Bench::running(|_| {});
    let n_lines = bench.lines.len();
    bench.line(&dialog("u", "overage_consent_prompt"));
    assert_eq!((bench.lines.len(), bench.fleet.inbox().len()), (n_lines, 0), "neither an answer nor an error");
    bench.line(&dialog("d", "refusal_fallback_prompt"));
    let Ask::Questions(questions) = bench.fleet.inbox()[0].approval.ask.clone() else { panic!("a question") };
    let answer = |text: &str| {
        Decision::Answers(vec![crate::core::approval::Answer {
            question: questions[0].text.clone(),
            answer: text.into(),
        }])
    };
    bench.decide(1, answer("as you like"));
    assert!(told(&bench).is_empty(), "only what is offered");
    bench.decide(1, answer("Ask claude-b")).write_all();
    assert_eq!(told(&bench), [UserDialogAnswer::Completed { result: "retry_fallback".into() }]);
    assert!(bench.fleet.inbox().is_empty());
    bench.line(&dialog("e", "refusal_fallback_prompt"));
    bench.line(&json!({"type": "control_cancel_request", "request_id": "e"}));
    assert_eq!((told(&bench).len(), bench.fleet.inbox().len()), (1, 0));
}
