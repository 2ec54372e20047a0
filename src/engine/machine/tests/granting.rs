//! Grants: used as often and as long as they say, and no longer.

use super::*;
use crate::core::grant::GrantEnd;
use crate::core::grant::GrantRule;
use crate::core::grant::GrantTerms;
use crate::core::ids::GrantId;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::core::permission::Scope;

impl Bench {
    /// The call may be granted by a rule, and is covered by these grants.
    fn inspect_covered(&mut self, covered_by: &[u32]) -> &mut Self {
        for request_id in std::mem::take(&mut self.inspections) {
            let covered_by = covered_by.iter().map(|id| GrantId(*id)).collect();
            let inspection = Inspection { covered_by, offers: vec![everything()], ..Inspection::default() };
            self.give(Input::Inspected { request_id, inspection: Box::new(inspection) });
        }
        self
    }

    /// Asks for a call, which is granted for a time or so many further calls.
    fn granted(minutes: u32, uses: Option<u32>) -> Self {
        let mut bench = Self::running(|_| {});
        let terms = GrantTerms { rule: everything(), minutes, uses };
        bench.ask("a", &json!({})).inspect_covered(&[]).decide(1, Decision::Grant(terms)).write_all();
        bench
    }

    fn is_allowed(&self, request: &str) -> bool {
        matches!(self.answers.get(request).map(Vec::as_slice), Some([PermissionAnswer::Allow { .. }]))
    }
}

fn everything() -> GrantRule {
    GrantRule::Tool("Bash".into())
}

#[test]
fn a_grant_serves_as_many_calls_as_it_says() {
    let mut bench = Bench::granted(60, Some(2));
    assert!(bench.is_allowed("a"), "the call that it was given with does not count");
    for request in ["b", "c", "d"] {
        bench.ask(request, &json!({})).inspect_covered(&[1]);
    }
    assert!(bench.is_allowed("b") && bench.is_allowed("c"));
    assert!(!bench.answers.contains_key("d"), "the third is asked");
    assert_eq!(bench.fleet.inbox().len(), 1);
    assert!(bench.fleet.grants().iter().next().is_none());
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::GrantEnded { why: GrantEnd::UsedUp, .. })));
}

#[test]
fn calls_that_were_looked_at_together_share_what_is_left() {
    let mut bench = Bench::granted(60, Some(1));
    bench.ask("b", &json!({})).ask("c", &json!({})).inspect_covered(&[1]);
    assert!(bench.is_allowed("b") && !bench.answers.contains_key("c"));
}

#[test]
fn a_grant_ends_on_time_by_either_clock() {
    let mut bench = Bench::granted(20, None);
    bench.wait(20 * 60 - 1).ask("b", &json!({})).inspect_covered(&[1]);
    assert!(bench.is_allowed("b"));
    let due = bench.machine.next_deadline().unwrap();
    assert!(due <= bench.now + Duration::from_secs(1), "it wakes up for the end");
    bench.wait(1).ask("c", &json!({})).inspect_covered(&[1]);
    assert!(!bench.answers.contains_key("c"));
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::GrantEnded { why: GrantEnd::TimeOver, .. })));
    assert_eq!(bench.fleet.grants().iter().count(), 0);

    // A wall clock that is set back gives no time, and one that is set back before the beginning ends it.
    for (wall_s, mono_s, allowed) in [(60, 19 * 60, true), (60, 20 * 60, false), (20 * 60, 60, false), (-5, 60, false)]
    {
        let mut bench = Bench::granted(20, None);
        bench.ask("b", &json!({}));
        let begun = bench.now;
        let now = Now {
            wall: Timestamp(begun.as_millis() as i64 + wall_s * 1000),
            mono: begun + Duration::from_secs(mono_s),
        };
        let inspection = Inspection { covered_by: vec![GrantId(1)], ..Inspection::default() };
        let effects =
            bench.machine.handle(Input::Inspected { request_id: "b".into(), inspection: Box::new(inspection) }, now);
        let is_allowed = effects.iter().any(|effect| {
            matches!(
                effect,
                Effect::Write {
                    line: Outbound::Answer { answer: Answer::Permission(PermissionAnswer::Allow { .. }), .. },
                    ..
                }
            )
        });
        assert_eq!(is_allowed, allowed, "{wall_s} {mono_s}");
    }
}

#[test]
fn what_is_taken_back_counts_no_more_also_for_a_call_that_is_being_looked_at() {
    let mut bench = Bench::granted(20, None);
    bench.ask("b", &json!({}));
    bench.command(Command::Revoke { session: ID, grant: GrantId(1), by: Surface::Terminal }).inspect_covered(&[1]);
    assert!(!bench.answers.contains_key("b"));
    assert_eq!(bench.fleet.grants().iter().count(), 0);
    let again = bench.command(Command::Revoke { session: ID, grant: GrantId(1), by: Surface::Terminal });
    assert!(again.kinds().iter().any(|kind| matches!(kind, EventKind::Noted(notice) if notice.text.contains("ended"))));
}

#[test]
fn only_what_was_offered_is_granted_and_within_bounds() {
    let bad = [
        GrantTerms { rule: GrantRule::Tool("Write".into()), minutes: 20, uses: None },
        GrantTerms { rule: everything(), minutes: 0, uses: None },
        GrantTerms { rule: everything(), minutes: 24 * 60 + 1, uses: None },
        GrantTerms { rule: everything(), minutes: 20, uses: Some(0) },
        GrantTerms { rule: everything(), minutes: 20, uses: Some(1001) },
    ];
    for terms in bad {
        let mut bench = Bench::running(|_| {});
        bench.ask("a", &json!({})).inspect_covered(&[]).decide(1, Decision::Grant(terms.clone())).write_all();
        assert!(!bench.answers.contains_key("a"), "{terms:?}");
        assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::AnswerRefused { .. })), "{terms:?}");
    }
    let mut bench = Bench::running(|_| {});
    let terms = GrantTerms { rule: everything(), minutes: 20, uses: None };
    bench.ask("a", &json!({"suppress_always_allow_rule": true})).inspect_covered(&[]);
    bench.decide(1, Decision::Grant(terms)).write_all();
    assert!(!bench.answers.contains_key("a"));
}

#[test]
fn what_the_process_remembers_ends_with_it_and_is_taken_back_by_a_new_process() {
    let rule = PermissionUpdate::AddRules {
        rules: vec![Rule { tool: "Bash".into(), content: Some("ls".into()) }],
        behavior: RuleBehavior::Allow,
        scope: Scope::Session,
    };
    let remembered = || {
        let mut bench = Bench::running(|_| {});
        let decision = Decision::Allow { edited: None, remember: vec![rule.clone()], comment: None };
        bench.ask("a", &json!({})).inspect_covered(&[]).decide(1, decision).write_all();
        bench
    };
    let mut bench = remembered();
    assert_eq!(bench.fleet.grants().iter().next().unwrap().describe(), "Bash(ls)");
    bench.give(Input::Gone { code: Some(0), signal: None });
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::GrantEnded { why: GrantEnd::ProcessEnded, .. })));

    let mut bench = remembered();
    bench.command(Command::Revoke { session: ID, grant: GrantId(1), by: Surface::Terminal });
    assert!(!bench.kinds().iter().any(|kind| matches!(kind, EventKind::Stopping)), "the turn is not cut");
    bench.line(&result());
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::Stopping)), "now it is");
    bench.give(Input::Gone { code: Some(0), signal: None }).prompt("on", SendHow::Queue);
    assert_eq!(bench.n_launches, 2);
}
