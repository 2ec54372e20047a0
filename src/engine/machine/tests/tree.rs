//! The worktree on its way: looked at, put aside, put back, deleted.

use super::*;
use crate::core::worktree::Aside;
use crate::core::worktree::Place;
use crate::core::worktree::Report;
use crate::core::worktree::WorktreeSpec;
use crate::engine::worktrees::Outcome;

fn place() -> Place {
    Place {
        path: "/w/r/x".into(),
        git_dir: "/r/.git/worktrees/x".into(),
        common_dir: "/r/.git".into(),
        origin: "/r".into(),
        branch: "x".into(),
        base: "0".into(),
        base_branch: None,
    }
}

fn aside(until: i64) -> Aside {
    Aside {
        id: "1".into(),
        path: "/w/.adjutant/1/tree".into(),
        until: Some(Timestamp(until)),
        tip: None,
        branch_goes: true,
    }
}

fn spec() -> SessionSpec {
    let worktree = Some(WorktreeSpec::Made(Box::new(place())));
    SessionSpec { directory: "/w/r/x".into(), worktree, ..SessionSpec::default() }
}

fn bench() -> Bench {
    Bench::with(spec(), |_| ())
}

impl Bench {
    fn came(&mut self, outcome: Outcome) -> &mut Self {
        self.give(Input::Worktree(Box::new(outcome)))
    }

    fn remove(&mut self) -> &mut Self {
        self.command(Command::RemoveWorktree { session: ID, seen: "m".into(), named: None, by: Surface::Terminal })
    }

    fn restore(&mut self) -> &mut Self {
        self.command(Command::RestoreWorktree { session: ID, by: Surface::Terminal })
    }

    fn is_aside(&self) -> bool {
        self.fleet.get(ID).is_some_and(Session::is_aside)
    }
}

#[test]
fn it_is_looked_at_only_when_the_process_has_ended() {
    let mut bench = bench();
    bench.prompt("hello", SendHow::Queue);
    assert!(bench.alive);
    bench.command(Command::LookAtWorktree { session: ID });
    assert!(bench.jobs.is_empty(), "the process is still there");
    bench.remove();
    assert!(bench.jobs.is_empty());
    bench.give(Input::Gone { code: Some(0), signal: None });
    assert!(matches!(bench.jobs.as_slice(), [Job::Look]));
    bench.came(Outcome::Looked(Report::default()));
    bench.prompt("again", SendHow::Queue);
    assert!(bench.alive, "looking keeps nobody from working");
    bench.remove();
    assert_eq!(bench.jobs.len(), 1, "at work again: nothing is removed");
}

#[test]
fn a_removal_can_be_undone_until_its_time_is_up_and_then_ends_the_session() {
    let mut bench = bench();
    bench.remove().came(Outcome::Aside { aside: aside(10_000), lost: Vec::new() });
    assert!(bench.is_aside());
    assert_eq!(bench.machine.next_deadline(), Some(Duration::from_secs(10)));
    bench
        .prompt("hello", SendHow::Queue)
        .command(Command::Retry { session: ID })
        .command(Command::Close { session: ID });
    assert!(!bench.alive && !bench.finished && bench.fleet.get(ID).unwrap().queue.is_empty());
    bench.restore();
    assert!(matches!(bench.jobs.as_slice(), [Job::PutAside { .. }, Job::PutBack(_)]));
    assert_eq!(bench.machine.next_deadline(), None, "who puts it back is not in a hurry");
    bench.came(Outcome::Back);
    assert!(!bench.is_aside());
    bench.remove().came(Outcome::Aside { aside: aside(10_000), lost: Vec::new() });
    bench.now = Duration::from_secs(10);
    bench.give(Input::Tick);
    assert!(matches!(bench.jobs.last(), Some(Job::Delete(_))));
    bench.restore();
    assert_eq!(bench.jobs.len(), 4, "it is too late");
    bench.came(Outcome::Gone { branch_gone: true, trouble: None });
    assert!(bench.finished && bench.fleet.get(ID).is_none());
}

#[test]
fn what_could_not_be_put_back_is_not_deleted_by_time() {
    let mut bench = bench();
    bench.remove().came(Outcome::Aside { aside: aside(10_000), lost: Vec::new() });
    bench.restore().came(Outcome::Refused { why: "something is in the way".into(), report: None });
    assert!(bench.is_aside());
    assert_eq!(bench.machine.next_deadline(), None);
    bench.now = Duration::from_mins(10);
    bench.give(Input::Tick);
    assert!(matches!(bench.jobs.last(), Some(Job::PutBack(_))), "nothing is deleted");
    bench.restore().came(Outcome::Back);
    assert!(!bench.is_aside());
}

#[test]
fn what_is_refused_leaves_the_session_as_it_was() {
    let mut bench = bench();
    let report = Report { mark: "n".into(), ..Report::default() };
    bench.remove().came(Outcome::Refused { why: "it has changed".into(), report: Some(report.clone()) });
    assert_eq!(bench.fleet.get(ID).unwrap().worktree.as_ref().unwrap().report, Some(report));
    bench.prompt("hello", SendHow::Queue);
    assert!(bench.alive);
}

#[test]
fn a_new_engine_goes_on_with_a_removal_for_as_long_as_it_had_left() {
    for (until, expected) in [(Some(12_000), Some(7)), (Some(1_000), Some(0)), (None, None)] {
        let mut session = Session::new(ID, spec(), Timestamp(0));
        session.worktree.as_mut().unwrap().aside = Some(Aside { until: until.map(Timestamp), ..aside(0) });
        let mut machine = Machine::new(Origin {
            session: &session,
            config: Arc::new(crate::config::parse("").unwrap()),
            approval_ids: Arc::new(AtomicU32::new(1)),
            grant_ids: Arc::new(AtomicU32::new(1)),
            grants: Vec::new(),
            budget: Arc::new(Budget::new(0.0, Timestamp(0), 0.0)),
            is_gated: false,
            hooks: None,
            offers: Vec::new(),
        });
        machine.handle(Input::Begin, Now { wall: Timestamp(5_000), mono: Duration::ZERO });
        assert_eq!(machine.next_deadline(), expected.map(Duration::from_secs));
    }
}
