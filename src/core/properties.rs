//! Properties of the fold over any sequence of events, sensible or not.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::approval::Approval;
use super::approval::Decision;
use super::approval::Verdict;
use super::approval::Withdrawal;
use super::cell::BlockKind;
use super::cell::CellBody;
use super::cell::Notice;
use super::cell::TurnOutcome;
use super::event::Event;
use super::event::EventKind;
use super::fleet::Fleet;
use super::ids::ApprovalId;
use super::ids::Generation;
use super::ids::SessionId;
use super::ids::Timestamp;
use super::ids::TurnId;
use super::permission::PermissionMode;
use super::prompt::Prompt;
use super::prompt::PromptOrigin;
use super::prompt::Queue;
use super::prompt::Surface;
use super::session::Exit;
use super::session::Followed;
use super::session::ProcessState;
use super::session::SessionSpec;
use super::task::TaskReport;
use super::task::TaskState;
use super::tool::ToolOutcome;
use super::tool::ToolOutput;
use super::trouble::Trouble;
use super::trouble::TroubleKind;
use super::usage::ContextUse;
use super::usage::Tokens;
use super::worktree::Aside;
use super::worktree::Place as WorktreePlace;
use super::worktree::WorktreeSpec;

fn approval(session: u32, id: u32, call: Option<u8>) -> Approval {
    Approval {
        call: call.map(|call| format!("call{call}").as_str().into()),
        asked: Timestamp(1),
        ..Approval::new(ApprovalId(id), SessionId(session), "Bash", json!({ "command": "ls" }))
    }
}

/// Events of a worktree, in any order and also where there is none.
fn worktrees() -> impl Strategy<Value = EventKind> {
    let place = WorktreePlace {
        path: "/w".into(),
        git_dir: "/g".into(),
        common_dir: "/c".into(),
        origin: "/o".into(),
        branch: "b".into(),
        base: "0".into(),
        base_branch: None,
    };
    let worktree = Some(WorktreeSpec::Made(Box::new(place.clone())));
    let spec = SessionSpec { worktree, ..SessionSpec::default() };
    let aside = Aside { id: "1".into(), path: "/t".into(), until: None, tip: None, branch_goes: true };
    prop_oneof![
        Just(EventKind::Opened { spec, tag: None }),
        Just(EventKind::OpenRefused { tag: None, why: "w".into(), instead: None }),
        Just(EventKind::WorktreeLooked(Box::default())),
        Just(EventKind::WorktreeKept { why: "w".into() }),
        Just(EventKind::WorktreeAside {
            place: Box::new(place),
            aside: Box::new(aside),
            by: Surface::Terminal,
            lost: vec!["l".into()],
        }),
        Just(EventKind::WorktreeBack { path: "/w".into(), by: Surface::Engine }),
        Just(EventKind::WorktreeGone { path: "/w".into(), branch_gone: true }),
    ]
}

/// Any event. Few ids, so that events meet: a call that ends twice, a task without a call, and so on.
fn kind() -> impl Strategy<Value = EventKind> {
    let id = 0..4_u8;
    let parent = prop::option::of(0..4_u8);
    let name = prop_oneof![Just("Bash"), Just("Agent"), Just("TodoWrite"), Just("TaskCreate"), Just("TaskUpdate")];
    let outcome = prop_oneof![
        Just(ToolOutcome::Done),
        Just(ToolOutcome::Failed),
        Just(ToolOutcome::Denied),
        Just(ToolOutcome::Cut)
    ];
    let trouble = prop::option::of(Just(Trouble::new(TroubleKind::Crashed, "raw")));
    let call = |id: u8| format!("call{id}").as_str().into();
    let block = |id: u8| format!("block{id}").as_str().into();
    let task = |id: u8| format!("task{id}").as_str().into();
    let speech = prop_oneof![
        (id.clone(), parent.clone()).prop_map(move |(id, parent)| EventKind::BlockStarted {
            block: block(id),
            parent: parent.map(call),
            kind: BlockKind::Text
        }),
        (id.clone(), ".{0,8}").prop_map(move |(id, text)| EventKind::BlockDelta { block: block(id), text }),
        (id.clone(), parent.clone(), ".{0,8}").prop_map(move |(id, parent, text)| EventKind::BlockEnded {
            block: block(id),
            parent: parent.map(call),
            kind: BlockKind::Thinking,
            text
        }),
    ];
    let tools = prop_oneof![
        (id.clone(), parent.clone(), name.clone()).prop_map(move |(id, parent, name)| EventKind::ToolAnnounced {
            call: call(id),
            parent: parent.map(call),
            name: name.into()
        }),
        (id.clone(), parent, name).prop_map(move |(id, parent, name)| EventKind::ToolStarted {
            call: call(id),
            parent: parent.map(call),
            name: name.into(),
            input: json!({ "todos": [{ "content": "x" }], "taskId": "1", "subject": "y" }),
            changed: None
        }),
        (id.clone(), outcome).prop_map(move |(id, outcome)| EventKind::ToolEnded {
            call: call(id),
            outcome,
            output: ToolOutput { text: "out".into(), ..ToolOutput::default() }
        }),
        (id.clone(), any::<u64>()).prop_map(move |(id, bytes)| EventKind::ToolInputGrew { call: call(id), bytes }),
    ];
    let approvals = prop_oneof![
        (0..6_u32, prop::option::of(0..4_u8))
            .prop_map(|(id, call)| EventKind::ApprovalAsked(Box::new(approval(1, id, call)))),
        (0..6_u32).prop_map(|id| EventKind::ApprovalClaimed { approval: ApprovalId(id), by: Surface::Terminal }),
        (0..6_u32).prop_map(|id| EventKind::ApprovalResolved {
            approval: ApprovalId(id),
            verdict: Verdict { decision: Decision::allow_once(), by: Surface::Terminal, after_ms: 1 }
        }),
        (0..4_u8).prop_map(move |id| EventKind::DeniedByPolicy {
            call: call(id),
            rule: "r".into(),
            message: "m".into()
        }),
        (0..6_u32).prop_map(|id| EventKind::ApprovalWithdrawn { approval: ApprovalId(id), why: Withdrawal::ByCli }),
    ];
    let tasks = prop_oneof![
        (id.clone(), prop::option::of(0..4_u8)).prop_map(move |(id, from)| EventKind::TaskStarted {
            task: task(id),
            call: from.map(call),
            kind: "shell".into(),
            description: "wait".into()
        }),
        (id.clone(), prop_oneof![Just(TaskState::Done), Just(TaskState::Failed), Just(TaskState::Stopped)])
            .prop_map(move |(id, state)| EventKind::TaskEnded { task: task(id), state, report: TaskReport::default() }),
        vec(id, 0..3).prop_map(move |ids| EventKind::TasksListed(ids.into_iter().map(task).collect())),
    ];
    let turns = prop_oneof![
        (0..9_u32).prop_map(|turn| EventKind::TurnStarted { turn: TurnId(turn), prompt: None }),
        (0..9_u32, trouble.clone(), any::<u32>()).prop_map(|(turn, trouble, n)| EventKind::TurnEnded {
            turn: TurnId(turn),
            outcome: trouble.map_or(TurnOutcome::Completed, TurnOutcome::Failed),
            duration_ms: n.into(),
            tokens: Tokens { output: u64::MAX / 2, ..Tokens::default() },
            cost_usd: 0.5,
            text: None
        }),
        trouble.prop_map(|trouble| EventKind::Exited(Exit { trouble, ..Exit::default() })),
        Just(EventKind::Starting),
        Just(EventKind::Stopping),
        Just(EventKind::Interrupting),
        ".{0,8}".prop_map(|text| EventKind::PromptSent(Prompt::new(
            "p".into(),
            text,
            PromptOrigin::Surface(Surface::Terminal)
        ))),
    ];
    let rest = prop_oneof![
        Just(EventKind::Opened { spec: SessionSpec::default(), tag: None }),
        Just(EventKind::Closed),
        Just(EventKind::QueueChanged(Queue::default())),
        Just(EventKind::ModeChanged(PermissionMode::Plan)),
        Just(EventKind::CompactionStarted),
        Just(EventKind::Compacted { automatic: true, tokens_before: None, tokens_after: Some(1) }),
        Just(EventKind::CompactionSummary { text: "s".into() }),
        Just(EventKind::Retrying {
            attempt: 1,
            max: 2,
            delay_ms: u64::MAX,
            trouble: Trouble::new(TroubleKind::Network, "")
        }),
        Just(EventKind::ContextMeasured(ContextUse { tokens: 1, limit: 0 })),
        Just(EventKind::Noted(Notice::info("n"))),
        Just(EventKind::Heard),
        Just(EventKind::Stalled { silent_ms: 1 }),
        worktrees(),
    ];
    let now = prop_oneof![3 => speech, 4 => tools, 3 => approvals, 2 => tasks, 3 => turns, 1 => rest];
    let followed = prop::option::of(prop::option::of("[a-z]{1,4}").prop_map(|by| Followed { by }));
    let past = (now.clone().boxed(), any::<i64>())
        .prop_map(|(kind, at)| EventKind::Past { at: Timestamp(at), kind: Box::new(kind) });
    prop_oneof![12 => now, 4 => past, 1 => followed.prop_map(EventKind::Followed)]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (kind(), 1..3_u32, 0..3_u32, any::<i64>());
    vec(one, 0..80).prop_map(|all| {
        let opened = |session: u32| (EventKind::Opened { spec: SessionSpec::default(), tag: None }, session, 0, 0);
        let all = [opened(1), opened(2)].into_iter().chain(all).zip(1..);
        all.map(|((kind, session, generation, at), seq)| Event {
            seq,
            session: SessionId(session),
            generation: Generation(generation),
            at: Timestamp(at),
            kind,
        })
        .collect()
    })
}

fn fold(events: &[Event]) -> Fleet {
    let mut fleet = Fleet::default();
    for event in events {
        fleet.apply(event);
    }
    fleet
}

proptest! {
    #[test]
    fn any_sequence_folds_and_leaves_nothing_contradictory(events in events()) {
        let fleet = fold(&events);
        for session in fleet.sessions() {
            let order = session.transcript.order();
            prop_assert_eq!(order.len(), session.transcript.len());
            let mut unique = order.to_vec();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(unique.len(), order.len(), "each cell stands once");
            if matches!(session.process, ProcessState::Exited(_)) && session.approvals.is_empty() {
                prop_assert!(!matches!(session.activity(), super::session::Activity::Waiting(_)));
            }
            let _ = session.activity();
        }
        let _ = fleet.inbox();
    }

    #[test]
    fn the_fold_of_a_saved_log_equals_the_live_state(events in events()) {
        let saved: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
        let read: Vec<Event> = saved.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        prop_assert_eq!(&read, &events);
        let live = fold(&events);
        prop_assert_eq!(&fold(&read), &live);
        // A client that joins with a snapshot in the middle ends up with the same state.
        let middle = events.len() / 2;
        let snapshot = serde_json::to_string(&fold(&events[..middle])).unwrap();
        let mut joined: Fleet = serde_json::from_str(&snapshot).unwrap();
        for event in &events {
            joined.apply(event);
        }
        prop_assert_eq!(&joined, &live);
    }

    #[test]
    fn an_event_of_an_earlier_generation_changes_nothing(events in events(), late in kind()) {
        let mut fleet = fold(&events);
        let Some(session) = fleet.sessions().find(|session| session.generation.0 > 0) else { return Ok(()) };
        if matches!(late, EventKind::Closed | EventKind::Opened { .. }) {
            return Ok(());
        }
        let (id, before) = (session.id, session.clone());
        let generation = Generation(session.generation.0 - 1);
        fleet.apply(&Event { seq: fleet.seq() + 1, session: id, generation, at: Timestamp(5), kind: late });
        prop_assert_eq!(fleet.get(id), Some(&before));
    }

    #[test]
    fn nothing_spins_after_the_process_has_ended(events in events()) {
        let mut fleet = fold(&events);
        let Some(session) = fleet.sessions().next() else { return Ok(()) };
        let (id, generation) = (session.id, session.generation);
        let kind = EventKind::Exited(Exit::default());
        fleet.apply(&Event { seq: fleet.seq() + 1, session: id, generation, at: Timestamp(5), kind });
        let session = fleet.get(id).unwrap();
        prop_assert!(session.transcript.open_cells().is_empty());
        prop_assert!(session.approvals.is_empty());
        prop_assert!(session.running_tasks().next().is_none());
        let spinning = session.transcript.iter().any(|cell| matches!(&cell.body, CellBody::Tool(call) if call.state.is_open()));
        prop_assert!(!spinning);
    }
}
