use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_000);

fn draft(name: &str, depends_on: &[Needs]) -> Draft {
    Draft { name: name.into(), depends_on: depends_on.to_vec(), ..Draft::default() }
}

fn id(number: u32) -> FeatureId {
    FeatureId(number)
}

fn session(number: u32) -> Who {
    Who::Session(SessionId(number))
}

/// A needs nothing, B needs A, C needs A and B.
fn abc() -> Backlog {
    let mut backlog = Backlog::default();
    let drafts = vec![draft("C", &[Needs::Draft(1), Needs::Draft(2)]), draft("A", &[]), draft("B", &[Needs::Draft(1)])];
    assert_eq!(backlog.create(drafts, &Who::Person, NOW), Ok(vec![id(1), id(2), id(3)]));
    backlog
}

#[test]
fn work_follows_the_dependencies_and_then_the_order() {
    let mut backlog = abc();
    assert_eq!(backlog.claim_next(&session(1), NOW), Ok(id(2)));
    let nothing = Refused::NothingReady { n_blocked: 2 };
    assert_eq!(nothing.to_string(), "nothing is ready (2 blocked)");
    assert_eq!(backlog.claim_next(&session(2), NOW), Err(nothing));
    assert_eq!(backlog.begin(id(3), &session(2), NOW), Err(Refused::Blocked { id: id(3), waits_for: vec![id(2)] }));
    assert_eq!(backlog.pass(id(2), "cargo test: ok".into(), &session(1), NOW), Ok(()));
    assert_eq!(backlog.claim_next(&session(2), NOW), Ok(id(3)));
    let stats = Stats { blocked: 1, in_progress: 1, passing: 1, total: 3, percent_passing: 33, ready: 0 };
    assert_eq!(backlog.stats(), stats);
}

#[test]
fn only_whoever_works_on_a_feature_ends_it() {
    let mut backlog = abc();
    backlog.begin(id(2), &session(1), NOW).unwrap();
    let taken = Err(Refused::Taken { id: id(2), by: session(1) });
    assert_eq!(backlog.begin(id(2), &session(2), NOW), taken);
    assert_eq!(backlog.pass(id(2), "x".into(), &session(2), NOW), taken);
    assert_eq!(backlog.set_back(id(2), &Who::Client("c".into()), NOW), taken);
    assert_eq!(backlog.skip(id(2), &session(2), NOW), taken);
    assert_eq!(backlog.begin(id(2), &session(1), NOW), Ok(()), "asking twice is no fault");
    assert_eq!(backlog.pass(id(2), " \n".into(), &session(1), NOW), Err(Refused::NoEvidence));
    assert_eq!(backlog.pass(id(1), "x".into(), &session(1), NOW), Err(Refused::NotBegun(id(1))));
    assert_eq!(backlog.set_back(id(2), &Who::Person, NOW), Ok(()));
    assert_eq!(backlog.get(id(2)).unwrap().worker, None);
}

#[test]
fn a_cycle_is_named_and_nothing_is_half_done() {
    let mut backlog = abc();
    let before = backlog.clone();
    let refused = backlog.add_dependency(id(2), id(1), NOW).unwrap_err();
    assert_eq!(refused.to_string(), "feature 2: it would depend on itself (2 → 1 → 2)");
    let own = backlog.add_dependency(id(2), id(2), NOW).unwrap_err();
    assert_eq!(own.to_string(), "feature 2: it would depend on itself (2 → 2)");
    let drafts = vec![draft("free", &[]), draft("x", &[Needs::Draft(2)]), draft("y", &[Needs::Draft(1)])];
    let refused = backlog.create(drafts, &Who::Person, NOW).unwrap_err();
    assert_eq!(refused.to_string(), "number 2 (x): it would depend on itself (x → y → x)");
    let long = Draft { description: "x".repeat(MAX_TEXT + 1), ..draft("long", &[]) };
    for (bad, sentence) in [
        (draft(" ", &[]), "number 2: the name is missing"),
        (draft("z", &[Needs::Draft(9)]), "number 2 (z): depends on number 9 of the list, and the list has 2"),
        (draft("z", &[Needs::Feature(id(9))]), "number 2 (z): depends on feature 9, which does not exist"),
        (long, "number 2 (long): the description is too long (70001 characters; 70000 at most): say it shorter"),
    ] {
        let refused = backlog.create(vec![draft("good", &[]), bad], &Who::Person, NOW).unwrap_err();
        assert_eq!(refused.to_string(), sentence);
    }
    assert_eq!(backlog, before);
}

#[test]
fn what_others_need_is_not_taken_out_by_accident() {
    let mut backlog = abc();
    let refused = backlog.remove(id(2), false, NOW).unwrap_err();
    assert_eq!(refused.to_string(), "features 1, 3 depend on feature 2; remove that first, or use --force");
    backlog.remove(id(2), true, NOW).unwrap();
    assert_eq!(backlog.get(id(3)).unwrap().depends_on, []);
    assert_eq!(backlog.create(vec![draft("D", &[])], &Who::Person, NOW), Ok(vec![id(4)]), "no number is given twice");
    backlog.remove(id(4), false, NOW).unwrap();
    assert_eq!(backlog.create(vec![draft("E", &[])], &Who::Person, NOW), Ok(vec![id(5)]));
}

#[derive(Debug, Clone)]
enum Step {
    Create(Vec<(u8, bool)>),
    Claim(u8),
    Begin(u8, u8),
    Pass(u8, u8),
    SetBack(u8, u8),
    Skip(u8, u8),
    Reopen(u8),
    Depend(u8, u8),
    Undepend(u8, u8),
    Reorder(u8, u8),
    Remove(u8, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let byte = any::<u8>;
    prop_oneof![
        prop::collection::vec((byte(), any::<bool>()), 0..4).prop_map(Step::Create),
        byte().prop_map(Step::Claim),
        (byte(), byte()).prop_map(|(a, b)| Step::Begin(a, b)),
        (byte(), byte()).prop_map(|(a, b)| Step::Pass(a, b)),
        (byte(), byte()).prop_map(|(a, b)| Step::SetBack(a, b)),
        (byte(), byte()).prop_map(|(a, b)| Step::Skip(a, b)),
        byte().prop_map(Step::Reopen),
        (byte(), byte()).prop_map(|(a, b)| Step::Depend(a, b)),
        (byte(), byte()).prop_map(|(a, b)| Step::Depend(a, b)),
        (byte(), byte()).prop_map(|(a, b)| Step::Undepend(a, b)),
        (byte(), byte()).prop_map(|(a, b)| Step::Reorder(a, b)),
        (byte(), any::<bool>()).prop_map(|(a, b)| Step::Remove(a, b)),
    ]
}

fn who(number: u8) -> Who {
    match number % 8 {
        0 => Who::Person,
        7 => Who::Client("c".into()),
        n => session(u32::from(n)),
    }
}

impl Step {
    fn take(&self, backlog: &mut Backlog) -> Result<(), Refused> {
        // Mostly features that exist.
        let at = |number: u8| id(u32::from(number) % (backlog.last().0 + 2));
        match self {
            Self::Create(list) => {
                let needs = |(number, is_new): &(u8, bool)| match is_new {
                    true => Needs::Draft(usize::from(*number) % (list.len() + 1)),
                    false => Needs::Feature(at(*number)),
                };
                let drafts = list.iter().map(|one| draft("f", &[needs(one)])).chain([draft("g", &[])]).collect();
                backlog.create(drafts, &Who::Person, NOW).map(|_| ())
            }
            Self::Claim(by) => backlog.claim_next(&who(*by), NOW).map(|_| ()),
            Self::Begin(a, by) => backlog.begin(at(*a), &who(*by), NOW),
            Self::Pass(a, by) => backlog.pass(at(*a), "seen".into(), &who(*by), NOW),
            Self::SetBack(a, by) => backlog.set_back(at(*a), &who(*by), NOW),
            Self::Skip(a, by) => backlog.skip(at(*a), &who(*by), NOW),
            Self::Reopen(a) => backlog.reopen(at(*a), NOW),
            Self::Depend(a, b) => backlog.add_dependency(at(*a), at(*b), NOW),
            Self::Undepend(a, b) => backlog.remove_dependency(at(*a), at(*b), NOW),
            Self::Reorder(a, to) => backlog.reorder(at(*a), usize::from(*to) % 9, NOW),
            Self::Remove(a, force) => backlog.remove(at(*a), *force, NOW),
        }
    }
}

/// What no sequence of changes may break.
pub(crate) fn check(backlog: &Backlog) {
    let ids: std::collections::BTreeSet<FeatureId> = backlog.features().iter().map(|feature| feature.id).collect();
    assert_eq!(ids.len(), backlog.features().len(), "a number stands twice");
    let stats = backlog.stats();
    assert_eq!(stats.ready + stats.in_progress + stats.blocked + stats.passing, ids.len());
    let mut done = std::collections::BTreeSet::new();
    loop {
        let before = done.len();
        for feature in backlog.features() {
            assert_eq!(feature.worker.is_some(), feature.status == Status::InProgress, "{feature:?}");
            assert_eq!(feature.evidence.is_some(), feature.status == Status::Passing, "{feature:?}");
            assert!(feature.depends_on.iter().all(|needs| ids.contains(needs)), "{feature:?}");
            if feature.depends_on.iter().all(|needs| done.contains(needs)) {
                done.insert(feature.id);
            }
        }
        if done.len() == before {
            break;
        }
    }
    assert_eq!(done, ids, "some depend on themselves");
}

proptest! {
    #[test]
    fn no_order_of_changes_breaks_the_backlog(steps in prop::collection::vec(step(), 1..60)) {
        let mut backlog = Backlog::default();
        for step in steps {
            let before = backlog.clone();
            let taken = step.take(&mut backlog);
            check(&backlog);
            if taken.is_err() {
                prop_assert_eq!(&backlog, &before, "{:?} was refused and changed something", step);
            } else {
                prop_assert!(backlog.log().len() >= before.log().len());
            }
        }
    }
}
