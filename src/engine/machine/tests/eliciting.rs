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
