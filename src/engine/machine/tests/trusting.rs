//! What a folder brings: asked before the first start and before each turn, and decided by nobody but a person.

use super::*;
use crate::core::permission::PermissionUpdate;
use crate::core::trust::Brought;
use crate::core::trust::Item;
use crate::core::trust::Kind;
use crate::core::trust::TrustAnswer;
use crate::core::trust::TrustChoice;
use crate::core::trust::TrustState;
use crate::engine::trust::Restraint;
use crate::engine::trust::Sighting;

fn without() -> Restraint {
    Restraint { is_refused: true, ..Restraint::default() }
}

fn nothing() -> Sighting {
    Sighting::Clear(Start::Restrained(Restraint::default()))
}

fn brings(mark: &str) -> Sighting {
    let item = Item {
        kind: Kind::Hook,
        place: ".claude/settings.json".into(),
        name: "Stop".into(),
        text: "id".into(),
        digest: mark.into(),
    };
    let brought =
        Brought { folder: "/w".into(), items: vec![item], n_trusted: 0, mark: mark.into(), from_phone: false };
    Sighting::Unknown { brought: Box::new(brought), without: without() }
}

impl Bench {
    fn gated(choice: TrustChoice) -> Self {
        let spec = SessionSpec { directory: "/w".into(), trust: choice, ..SessionSpec::default() };
        Self::made(spec, |_| (), true, None)
    }

    fn sees(&mut self, sighting: Sighting) -> &mut Self {
        self.give(Input::Sighted(Box::new(sighting)))
    }

    fn n_asked(&self) -> usize {
        self.log.iter().filter(|event| matches!(event.kind, EventKind::ApprovalAsked(_))).count()
    }

    fn refusals(&self) -> Vec<String> {
        let why = |event: &Event| match &event.kind {
            EventKind::AnswerRefused { why, .. } => Some(why.clone()),
            _ => None,
        };
        self.log.iter().filter_map(why).collect()
    }

    fn standing(&self) -> Option<TrustState> {
        self.fleet.get(ID).unwrap().trust
    }

    fn by(&mut self, approval: u32, decision: Decision, by: Surface) -> &mut Self {
        let approval = ApprovalId(approval);
        self.command(Command::Answer { session: ID, approval, decision: Box::new(decision), by })
    }
}

const TRUST: Decision = Decision::Trust(TrustAnswer::Trust);
const WITHOUT: Decision = Decision::Trust(TrustAnswer::Without);

#[test]
fn nothing_starts_before_the_folder_was_looked_at_and_one_that_brings_nothing_asks_nothing() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    assert_eq!((bench.n_looks, bench.n_launches), (1, 0));
    bench.sees(nothing());
    assert_eq!((bench.n_launches, bench.n_asked()), (1, 0));
    assert_eq!(bench.launches, [Start::Restrained(Restraint::default())]);
    assert_eq!(bench.standing(), Some(TrustState::Nothing));
}

#[test]
fn what_a_folder_brings_is_asked_first_and_trusted_only_by_a_person() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(brings("m"));
    assert_eq!((bench.n_launches, bench.n_asked()), (0, 1));
    for decision in [Decision::allow_once(), Decision::Dismiss, Decision::Fill(json!({}))] {
        bench.decide(1, decision);
    }
    bench.by(1, TRUST, Surface::Engine).by(1, WITHOUT, Surface::Policy("rule".into()));
    bench.by(1, TRUST, Surface::Phone("ou_x".into()));
    assert_eq!(bench.refusals().len(), 6);
    assert_eq!(bench.n_launches, 0);
    bench.decide(1, TRUST);
    assert_eq!((bench.trusted.as_slice(), bench.n_launches), (["m".to_owned()].as_slice(), 0));
    bench.decide(1, TRUST);
    bench.give(Input::FolderTrusted(Ok(())));
    assert_eq!((bench.n_looks, bench.n_launches), (2, 0), "it is looked at once more");
    bench.sees(Sighting::Clear(Start::Whole));
    assert_eq!(bench.launches, [Start::Whole]);
    assert_eq!(bench.standing(), Some(TrustState::Trusted));
}

#[test]
fn a_decision_that_cannot_be_kept_asks_anew_and_starts_nothing() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(brings("m")).decide(1, TRUST);
    bench.give(Input::FolderTrusted(Err("it has changed".into())));
    bench.sees(brings("n"));
    assert_eq!((bench.n_launches, bench.n_asked()), (0, 2));
}

#[test]
fn started_without_it_is_not_asked_again_until_it_changes() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(brings("m")).decide(1, WITHOUT);
    assert_eq!(bench.launches, [Start::Restrained(without())]);
    bench.reply("initialize").sees(brings("m"));
    assert_eq!(bench.n_asked(), 1);
    assert_eq!(bench.standing(), Some(TrustState::Without));
    bench.line(&result());
    bench.prompt("more", SendHow::Queue);
    bench.sees(brings("n"));
    assert_eq!(bench.n_asked(), 2);
}

#[test]
fn do_not_start_keeps_the_prompt_and_the_next_one_asks_again() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(brings("m")).decide(1, Decision::deny(""));
    assert_eq!((bench.n_launches, bench.fleet.get(ID).unwrap().queue.len()), (0, 1));
    bench.wait(60);
    assert_eq!(bench.n_looks, 1);
    bench.prompt("again", SendHow::Queue);
    bench.sees(brings("m"));
    assert_eq!((bench.n_launches, bench.n_asked()), (0, 2));
}

#[test]
fn what_appears_later_is_asked_before_the_next_turn_and_starts_the_process_anew() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(nothing()).reply("initialize").sees(nothing());
    bench.line(&result());
    bench.prompt("more", SendHow::Queue);
    bench.sees(brings("m"));
    assert_eq!(bench.n_asked(), 1);
    bench.decide(1, TRUST).give(Input::FolderTrusted(Ok(())));
    bench.sees(Sighting::Clear(Start::Whole));
    bench.give(Input::Gone { code: Some(0), signal: None });
    bench.sees(Sighting::Clear(Start::Whole));
    assert_eq!(bench.launches, [Start::Restrained(Restraint::default()), Start::Whole]);
}

#[test]
fn the_question_outlives_the_process() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(nothing()).reply("initialize").sees(nothing());
    bench.line(&result());
    bench.prompt("more", SendHow::Queue);
    bench.sees(brings("m"));
    bench.give(Input::Gone { code: Some(0), signal: None });
    assert_eq!(bench.fleet.get(ID).unwrap().approvals.len(), 1);
    bench.decide(1, WITHOUT);
    assert_eq!(bench.n_launches, 2);
}

#[test]
fn a_run_is_answered_by_how_it_was_started_and_both_are_on_the_record() {
    for (choice, expected) in [(TrustChoice::Without, WITHOUT), (TrustChoice::Trust, TRUST)] {
        let mut bench = Bench::gated(choice);
        bench.prompt("go", SendHow::Queue);
        bench.sees(brings("m"));
        if choice == TrustChoice::Trust {
            assert_eq!((bench.trusted.as_slice(), bench.n_launches), (["m".to_owned()].as_slice(), 0));
            bench.give(Input::FolderTrusted(Ok(()))).sees(Sighting::Clear(Start::Whole));
        }
        assert_eq!(bench.n_launches, 1);
        let decided = bench.log.iter().any(
            |event| matches!(&event.kind, EventKind::ApprovalResolved { verdict, .. } if verdict.decision == expected),
        );
        assert!(decided, "{choice:?}");
    }
}

#[test]
fn changed_settings_of_a_trusted_folder_are_kept_from_the_process_until_they_are_trusted() {
    let mut bench = Bench::gated(TrustChoice::Ask);
    bench.prompt("go", SendHow::Queue);
    bench.sees(Sighting::Clear(Start::Whole)).reply("initialize").sees(Sighting::Clear(Start::Whole));
    let change = |id: &str| {
        json!({"type": "control_request", "request_id": id, "request": {"subtype": "hook_callback",
            "callback_id": super::super::trusting::SETTINGS_CALLBACK, "input": {"hook_event_name": "ConfigChange"}}})
    };
    let answered = |bench: &Bench| {
        let answer = |line: &Outbound| match line {
            Outbound::Answer { answer: Answer::Hook(answer), .. } => Some(answer.clone()),
            _ => None,
        };
        bench.lines.iter().filter_map(answer).collect::<Vec<_>>()
    };
    bench.line(&change("c1"));
    assert!(answered(&bench).is_empty(), "not before it is known what has changed");
    bench.sees(Sighting::Clear(Start::Whole));
    bench.line(&change("c2")).line(&change("c2")).sees(brings("m"));
    let answers = answered(&bench);
    assert_eq!(answers.len(), 2);
    assert_eq!((&answers[0], &answers[1]["decision"]), (&json!({}), &json!("block")));
    // With a rule that is saved, the CLI would read its settings again.
    bench.ask("ls", &json!({})).inspect_all(None);
    let rule = PermissionUpdate::AddRules {
        rules: vec![crate::core::permission::Rule { tool: "Bash".into(), content: Some("ls".into()) }],
        behavior: RuleBehavior::Allow,
        scope: crate::core::permission::Scope::Local,
    };
    let id = bench.fleet.get(ID).unwrap().approvals[0].approval.id.0;
    bench.decide(id, Decision::remembering(&rule));
    assert_eq!(bench.refusals().len(), 1);
    bench.decide(id, Decision::allow_once());
    assert_eq!(bench.refusals().len(), 1);
}
