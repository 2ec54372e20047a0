use std::sync::Arc;

use super::*;
use crate::core::approval::Withdrawal;
use crate::core::cell::BlockKind;
use crate::core::cell::TurnOutcome;
use crate::core::event::EventKind;
use crate::core::ids::Generation;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::ids::TurnId;
use crate::core::prompt::Prompt;
use crate::core::prompt::PromptOrigin;
use crate::core::prompt::Surface;
use crate::core::session::SessionSpec;
use crate::core::usage::Tokens;
use crate::link::tap::Tap;
use crate::link::tap::tap;

/// Writes events as an engine would, and hands the folder back when all are on the disk.
struct Pen {
    folder: tempfile::TempDir,
    tap: Option<Tap>,
    thread: Option<std::thread::JoinHandle<()>>,
    seq: u64,
    fleet: Fleet,
}

impl Pen {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (tap, recorder) = tap();
        let thread = keep(Store::open(folder.path()).unwrap(), recorder, None).unwrap();
        Self { folder, tap: Some(tap), thread: Some(thread), seq: 0, fleet: Fleet::default() }
    }

    fn write(&mut self, session: u32, kind: EventKind) -> &mut Self {
        self.seq += 1;
        let at = Timestamp(self.seq as i64 * 1000);
        let event = Event { seq: self.seq, session: SessionId(session), generation: Generation(0), at, kind };
        self.fleet.apply(&event);
        self.tap.as_mut().unwrap().offer(&[Arc::new(event)]);
        self
    }

    fn past(&mut self, session: u32, at: i64, kind: EventKind) -> &mut Self {
        self.write(session, EventKind::Past { at: Timestamp(at), kind: Box::new(kind) })
    }

    fn opened(&mut self, session: u32) -> &mut Self {
        let spec = SessionSpec { directory: format!("/p{session}"), ..SessionSpec::default() };
        self.write(session, EventKind::Opened { spec, tag: None })
    }

    fn prompt(&mut self, session: u32, text: &str) -> &mut Self {
        let origin = PromptOrigin::Surface(Surface::Terminal);
        self.write(session, EventKind::PromptSent(Prompt::new("p".into(), text, origin)))
    }

    fn says(&mut self, session: u32, text: &str) -> &mut Self {
        let block = format!("b{}", self.seq).as_str().into();
        let kind = EventKind::BlockEnded { block, parent: None, kind: BlockKind::Text, text: text.into() };
        self.write(session, kind)
    }

    /// Ends the engine; everything is on the disk.
    fn end(&mut self) -> Store {
        drop(self.tap.take());
        self.thread.take().unwrap().join().unwrap();
        Store::read(self.folder.path()).unwrap()
    }
}

#[test]
fn what_was_open_comes_back_as_it_was() {
    let mut pen = Pen::new();
    pen.opened(1).opened(2).opened(3).prompt(1, "fix it").says(1, "done").prompt(3, "look");
    pen.write(2, EventKind::Closed);
    let live = pen.fleet.clone();
    let left_off = pen.end().restore().unwrap();
    assert_eq!(left_off.fleet, live);
    assert_eq!(left_off.last_session, 3);
    assert_eq!(left_off.fleet.seq(), pen.seq);
}

#[test]
fn words_are_found_whatever_their_script() {
    let mut pen = Pen::new();
    pen.opened(1).prompt(1, "the retry-policy of the client").says(1, "重试数据库连接三次 and gives up, naïvely");
    pen.opened(2).prompt(2, "something else").write(2, EventKind::Closed);
    let store = pen.end();
    let found = |typed: &str| {
        let hits = store.search(typed, 10).unwrap();
        hits.iter().map(|hit| format!("{} {}", hit.session, hit.who)).collect::<Vec<_>>().join(", ")
    };
    for (typed, expected) in [
        ("retry", "1 you"),
        ("RETRY client", "1 you"),
        ("retry-pol", "1 you"),
        ("数据库", "1 claude"),
        ("据库连", "1 claude"),
        ("库", "1 claude"),
        ("库据", ""),
        ("naively", "1 claude"),
        ("else", "2 you"),
        ("retry else", ""),
        ("", ""),
        ("\" OR *", ""),
        ("NEAR(", ""),
    ] {
        assert_eq!(found(typed), expected, "{typed}");
    }
    let hits = store.search("else", 10).unwrap();
    assert!(!hits[0].is_open && hits[0].directory == "/p2" && hits[0].title == "something else");
}

#[test]
fn approvals_are_numbered_on() {
    let mut pen = Pen::new();
    pen.opened(1);
    let approval = crate::core::ids::ApprovalId(7);
    pen.write(1, EventKind::ApprovalWithdrawn { approval, why: Withdrawal::ByCli });
    let store = pen.end();
    assert_eq!(store.restore().unwrap().last_approval, 0, "one that was never asked is none");
    let writing = rusqlite::Connection::open(pen.folder.path().join(FILE)).unwrap();
    let sql = "INSERT INTO approvals (id, session, asked, tool, state) VALUES (41, 1, 1, 'Bash', 'pending')";
    writing.execute(sql, []).unwrap();
    assert_eq!(store.restore().unwrap().last_approval, 41);
}

#[test]
fn a_store_that_cannot_be_used_is_told_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    assert!(matches!(Store::read(folder.path()), Err(StoreError::Missing(_))));

    std::fs::write(&path, "this is no database, but somebody's text ".repeat(200)).unwrap();
    let before = std::fs::read(&path).unwrap();
    let Err(error) = Store::open(folder.path()) else { panic!("it was opened") };
    assert!(matches!(error, StoreError::Damaged { .. }) && error.to_string().contains("left as it is"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    std::fs::remove_file(&path).unwrap();
    drop(Store::open(folder.path()).unwrap());
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", schema::FORMAT + 1).unwrap();
    drop(newer);
    assert!(matches!(Store::open(folder.path()), Err(StoreError::Newer { .. })));
    assert!(matches!(Store::read(folder.path()), Err(StoreError::Newer { .. })));
}

/// Every page after the first few is filled with noise, one at a time: no panic, no wrong answer but a sentence.
#[test]
fn a_damaged_page_is_an_error_and_never_a_panic() {
    let mut pen = Pen::new();
    pen.opened(1);
    for n in 0..300 {
        pen.prompt(1, &format!("prompt {n} {}", "with many words ".repeat(20)));
    }
    drop(pen.end());
    let path = pen.folder.path().join(FILE);
    let whole = std::fs::read(&path).unwrap();
    let n_pages = whole.len() / 4096;
    assert!(n_pages > 10);
    let mut n_errors = 0;
    for page in 0..n_pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
        std::fs::write(&path, damaged).unwrap();
        let read = Store::read(pen.folder.path()).and_then(|store| {
            store.restore()?;
            store.search("words", 10)
        });
        n_errors += usize::from(read.is_err());
    }
    assert!(n_errors > n_pages / 3, "{n_errors} of {n_pages}");
}

#[test]
fn an_event_that_cannot_be_read_costs_only_itself() {
    let mut pen = Pen::new();
    pen.opened(1).prompt(1, "first").prompt(1, "second");
    drop(pen.end());
    let writing = rusqlite::Connection::open(pen.folder.path().join(FILE)).unwrap();
    writing
        .execute("UPDATE events SET body = '{\"seq\": 2, \"kind\": {\"Brand\": \"new\"}}' WHERE seq = 2", [])
        .unwrap();
    drop(writing);
    let left_off = Store::read(pen.folder.path()).unwrap().restore().unwrap();
    let session = left_off.fleet.get(SessionId(1)).unwrap();
    assert_eq!(session.last_prompt().map(|prompt| prompt.text.as_str()), Some("second"));
    assert_eq!(notices(session), ["One event is missing here: the store has it as number 2, but it cannot be read."]);
}

fn notices(session: &crate::core::session::Session) -> Vec<&str> {
    let cells = session.transcript.iter().filter_map(|cell| match &cell.body {
        crate::core::cell::CellBody::Notice(notice) => Some(notice.text.as_str()),
        _ => None,
    });
    cells.collect()
}

/// What did not fit is a gap at its place in the sessions that it belonged to, and nowhere else.
#[test]
fn a_log_with_a_hole_says_where() {
    let mut pen = Pen::new();
    pen.opened(1).opened(2).prompt(1, "first").prompt(2, "other");
    drop(pen.end());
    let (tap, recorder) = crate::link::tap::tap_holding(2000);
    pen.tap = Some(tap);
    for n in 0..10 {
        pen.says(1, &format!("{n} {}", "words ".repeat(100)));
    }
    pen.thread = Some(keep(Store::open(pen.folder.path()).unwrap(), recorder, None).unwrap());
    let held = pen.tap.as_ref().unwrap().settled();
    while held.borrow().seq == 0 {
        std::thread::yield_now();
    }
    pen.prompt(1, "after");
    let left_off = pen.end().restore().unwrap();
    let session = left_off.fleet.get(SessionId(1)).unwrap();
    let [gap] = notices(session)[..] else { panic!("{:?}", notices(session)) };
    assert!(gap.contains(" events are missing here"), "{gap}");
    let cells: Vec<&crate::core::cell::CellBody> = session.transcript.iter().map(|cell| &cell.body).collect();
    let place = cells.iter().position(|body| matches!(body, crate::core::cell::CellBody::Notice(_))).unwrap();
    assert!(place > 1 && place == cells.len() - 2, "between what was kept and what came after: {place}");
    assert_eq!(notices(left_off.fleet.get(SessionId(2)).unwrap()), [] as [&str; 0]);
}

/// A conversation that was held elsewhere is kept once it was shown, and nothing of it was used here.
#[test]
fn what_was_said_before_is_found_and_comes_back_but_counts_nowhere() {
    let mut pen = Pen::new();
    pen.opened(1);
    let origin = PromptOrigin::Surface(Surface::Terminal);
    let prompt = Prompt::new("p".into(), "an old question", origin);
    pen.past(1, 77, EventKind::PromptSent(prompt));
    pen.past(1, 77, EventKind::TurnStarted { turn: TurnId(1), prompt: None });
    let block = EventKind::BlockEnded {
        block: "b".into(),
        parent: None,
        kind: BlockKind::Text,
        text: "an old answer with marzipan".into(),
    };
    pen.past(1, 78, block);
    let tokens = Tokens { output: 5, ..Tokens::default() };
    pen.past(
        1,
        79,
        EventKind::TurnEnded {
            turn: TurnId(1),
            outcome: TurnOutcome::Completed,
            duration_ms: 1,
            tokens,
            cost_usd: 0.5,
            text: None,
        },
    );
    let fleet = pen.fleet.clone();
    let store = pen.end();
    let hits = store.search("marzipan", 5).unwrap();
    assert_eq!((hits.len(), hits[0].at, hits[0].title.as_str()), (1, Timestamp(78), "an old question"));
    assert_eq!(store.usage(usage::By::Day, None).unwrap(), []);
    let restored = store.restore().unwrap().fleet;
    assert_eq!(restored, fleet);
    let session = restored.get(SessionId(1)).unwrap();
    assert_eq!(session.transcript.len(), 3);
    assert!(session.usage.tokens.is_zero() && session.usage.cost_usd.abs() < f64::EPSILON);
}

#[test]
fn a_store_that_is_to_hold_no_secrets_holds_none_and_tells_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let (mut tap, recorder) = tap();
    let redactor = Arc::new(crate::redact::Redactor::new(["correct-horse-battery".to_owned()]));
    let thread = keep(Store::open(folder.path()).unwrap(), recorder, Some(redactor)).unwrap();
    let origin = PromptOrigin::Surface(Surface::Terminal);
    let said = "log in with password=hunter22 and correct-horse-battery, please";
    let input = serde_json::json!({"command": "mysql -phunter22", "password": "sunflower", "n": 1});
    let kinds = [
        EventKind::Opened { spec: SessionSpec { directory: "/p".into(), ..SessionSpec::default() }, tag: None },
        EventKind::PromptSent(Prompt::new("p".into(), said, origin)),
        EventKind::ToolStarted { call: "toolu_1".into(), parent: None, name: "Bash".into(), input, changed: None },
        EventKind::TurnEnded {
            outcome: TurnOutcome::Completed,
            turn: TurnId(1),
            duration_ms: 5,
            tokens: Tokens { uncached: 7, ..Tokens::default() },
            cost_usd: 0.5,
            text: None,
        },
    ];
    for (place, kind) in kinds.into_iter().enumerate() {
        let (seq, at) = (place as u64 + 1, Timestamp(1));
        tap.offer(&[Arc::new(Event { seq, session: SessionId(1), generation: Generation(0), at, kind })]);
    }
    drop(tap);
    thread.join().unwrap();
    for entry in folder.path().read_dir().unwrap() {
        let bytes = String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned();
        for secret in ["hunter22", "sunflower", "correct-horse-battery"] {
            assert!(!bytes.contains(secret), "{secret}");
        }
    }
    let store = Store::read(folder.path()).unwrap();
    assert_eq!(store.search("please", 9).unwrap().len(), 1);
    let left = store.restore().unwrap();
    let session = left.fleet.get(SessionId(1)).unwrap();
    assert!((session.usage.cost_usd - 0.5).abs() < 1e-9);
    assert!(session.transcript.len() >= 2, "nothing else is missing");
}
