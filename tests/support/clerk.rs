//! An engine that starts no process and keeps books: what it was told, what it told.
//!
//! A prompt that begins with `ask` opens a request, which waits for its answer; one that begins with `long` runs until
//! it is told to end; every other one is answered at once.
//! A client may come and go, as a relay does that is killed; while it is held still nothing happens.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use adjutant::clock;
use adjutant::core::approval::Approval;
use adjutant::core::approval::ApprovalState;
use adjutant::core::approval::Decision;
use adjutant::core::approval::Place;
use adjutant::core::approval::Verdict;
use adjutant::core::cell::TurnOutcome;
use adjutant::core::command::Command;
use adjutant::core::event::Event;
use adjutant::core::event::EventKind;
use adjutant::core::fleet::Fleet;
use adjutant::core::ids::ApprovalId;
use adjutant::core::ids::Generation;
use adjutant::core::ids::PromptId;
use adjutant::core::ids::SessionId;
use adjutant::core::ids::Timestamp;
use adjutant::core::ids::TurnId;
use adjutant::core::prompt::Prompt;
use adjutant::core::prompt::PromptOrigin;
use adjutant::core::prompt::Queue;
use adjutant::core::prompt::Surface;
use adjutant::core::usage::Tokens;
use adjutant::link;
use adjutant::link::Link;
use adjutant::link::Order;
use adjutant::link::Peer;
use serde_json::json;
use tokio::sync::mpsc;

/// Enough that the relay misses nothing.
const HELD_UPDATES: usize = 10_000;

/// What the books say.
#[derive(Debug, Default)]
pub struct Books {
    pub fleet: Fleet,
    /// Prompts, in the order in which they came.
    pub prompts: Vec<(SessionId, String)>,
    /// Answers that counted.
    pub decisions: Vec<(ApprovalId, Decision)>,
    /// Answers that came when it was decided already.
    pub n_refused: usize,
    /// What was told of each session that a phone should show, in order.
    pub told: HashMap<SessionId, Vec<String>>,
    /// Requests must be answered within this; they are not denied by themselves here.
    pub deadline: Option<Duration>,
    seq: u64,
    n_turns: u32,
    n_approvals: u32,
    n_sessions: u32,
    queues: HashMap<SessionId, Queue>,
    /// What the client is to be told next.
    news: Vec<Arc<Event>>,
}

/// The engine, as long as this is kept.
#[derive(Debug)]
pub struct Clerk {
    pub books: Arc<Mutex<Books>>,
    orders: mpsc::Sender<Order>,
    inbox: Arc<tokio::sync::Mutex<mpsc::Receiver<Order>>>,
    peer: Arc<tokio::sync::Mutex<Option<Peer>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Default for Clerk {
    fn default() -> Self {
        Self::new()
    }
}

impl Clerk {
    pub fn new() -> Self {
        let (orders, inbox) = link::order_channel();
        let inbox = Arc::new(tokio::sync::Mutex::new(inbox));
        let peer: Arc<tokio::sync::Mutex<Option<Peer>>> = Arc::default();
        let books: Arc<Mutex<Books>> = Arc::default();
        let task = tokio::spawn(work(Arc::clone(&books), Arc::clone(&inbox), Arc::clone(&peer)));
        Self { books, orders, inbox, peer, task }
    }

    /// Lets a client in, in the place of the one before.
    pub async fn connect(&self) -> Link {
        let (link, mut peer) = link::connect_holding(self.orders.clone(), HELD_UPDATES);
        let mut place = self.peer.lock().await;
        let mut books = self.books.lock().unwrap();
        // What is in the snapshot already is no news.
        books.news.clear();
        peer.offer_snapshot(&books.fleet);
        *place = Some(peer);
        drop(books);
        link
    }

    /// Nothing is taken in and nothing told until the guard is dropped; the client has read all it was told.
    pub async fn hold(&self) -> tokio::sync::OwnedMutexGuard<mpsc::Receiver<Order>> {
        let guard = Arc::clone(&self.inbox).lock_owned().await;
        if let Some(peer) = &*self.peer.lock().await {
            peer.drained().await;
        }
        guard
    }

    /// A kill takes what was on its way with it. Answers stay: a real engine would have ended, and their requests too.
    pub fn lose_prompts(inbox: &mut mpsc::Receiver<Order>) -> Vec<Command> {
        let mut stay = Vec::new();
        while let Ok(order) = inbox.try_recv() {
            match order {
                Order::Command(Command::Send { .. } | Command::Open { .. }) => {}
                Order::Command(command) => stay.push(command),
                _ => {}
            }
        }
        stay
    }

    pub fn command(&self, command: Command) {
        self.with(|books| books.command(command));
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut Books) -> T) -> T {
        look(&mut self.books.lock().unwrap())
    }

    /// Waits until the books say so.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Books) -> bool) {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while !self.with(|books| is_so(books)) {
            assert!(tokio::time::Instant::now() < deadline, "waited in vain for {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Tells something; it is passed on with the next turn of the engine.
    pub fn tell(&self, session: SessionId, kind: EventKind) {
        self.with(|books| books.tell(session, kind));
    }
}

async fn work(
    books: Arc<Mutex<Books>>,
    inbox: Arc<tokio::sync::Mutex<mpsc::Receiver<Order>>>,
    peer: Arc<tokio::sync::Mutex<Option<Peer>>>,
) {
    loop {
        // Whoever holds the inbox holds everything.
        let mut inbox = inbox.lock().await;
        let order = tokio::time::timeout(Duration::from_millis(5), inbox.recv()).await;
        let mut peer = peer.lock().await;
        let mut books = books.lock().unwrap();
        if let Ok(Some(Order::Command(command))) = order {
            books.command(command);
        }
        let news = std::mem::take(&mut books.news);
        if let Some(there) = peer.as_mut()
            && !(there.offer(&news, &books.fleet) && there.offer_snapshot(&books.fleet))
        {
            *peer = None;
        }
    }
}

impl Books {
    pub fn tell(&mut self, session: SessionId, kind: EventKind) {
        self.seq += 1;
        let event = Event { seq: self.seq, session, generation: Generation(0), at: clock::now(), kind };
        self.fleet.apply(&event);
        self.news.push(Arc::new(event));
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Open { spec, tag } => {
                self.n_sessions += 1;
                self.tell(SessionId(self.n_sessions), EventKind::Opened { spec: *spec, tag });
            }
            Command::Send { session, text, by, id, .. } => {
                self.prompts.push((session, text.clone()));
                self.take_in(session, text, by, id);
            }
            Command::Answer { session, approval, decision, by } => self.answered(session, approval, *decision, by),
            other => panic!("nobody asks for this here: {other:?}"),
        }
    }

    fn take_in(&mut self, session: SessionId, text: String, by: Surface, id: Option<PromptId>) {
        let id = id.unwrap_or_else(|| PromptId::from(format!("p{}", self.seq).as_str()));
        self.queues.entry(session).or_default().push(Prompt::new(id, text, PromptOrigin::Surface(by)));
        self.next(session);
        let queue = self.queues[&session].clone();
        self.tell(session, EventKind::QueueChanged(queue));
    }

    /// The next prompt of the queue, when nothing runs.
    fn next(&mut self, session: SessionId) {
        while self.fleet.get(session).is_some_and(|session| session.turn.is_none()) {
            let Some(prompt) = self.queues.entry(session).or_default().pop() else { return };
            self.n_turns += 1;
            let (id, text) = (prompt.id.clone(), prompt.text.clone());
            self.tell(session, EventKind::PromptSent(prompt));
            self.tell(session, EventKind::TurnStarted { turn: TurnId(self.n_turns), prompt: Some(id) });
            if text.starts_with("ask") {
                self.ask(session, &text);
            } else if !text.starts_with("long") {
                self.end(session, &text);
            }
        }
    }

    fn ask(&mut self, session: SessionId, text: &str) {
        self.n_approvals += 1;
        let command = format!("touch for-{}.", text.replace(' ', "-"));
        self.told.entry(session).or_default().push(command.clone());
        let asked = clock::now();
        let deadline = self.deadline.map(|wait| Timestamp(asked.0 + i64::try_from(wait.as_millis()).unwrap()));
        let approval = Approval {
            call: Some("c".into()),
            place: Place { directory: "/p".into(), ..Place::default() },
            asked,
            deadline,
            ..Approval::new(ApprovalId(self.n_approvals), session, "Bash", json!({ "command": command }))
        };
        self.tell(session, EventKind::ApprovalAsked(Box::new(approval)));
    }

    fn answered(&mut self, session: SessionId, id: ApprovalId, decision: Decision, by: Surface) {
        let waits = self.fleet.approval(id).is_some_and(|open| open.state == ApprovalState::Pending);
        if !waits {
            self.n_refused += 1;
            let why = "it was decided already".to_owned();
            return self.tell(session, EventKind::AnswerRefused { approval: id, why });
        }
        self.decisions.push((id, decision.clone()));
        self.tell(session, EventKind::ApprovalClaimed { approval: id, by: by.clone() });
        let verdict = Verdict { decision, by, after_ms: 1 };
        self.tell(session, EventKind::ApprovalResolved { approval: id, verdict });
        self.finish(session);
    }

    /// Somebody writes at the terminal.
    pub fn prompt_at_terminal(&mut self, session: SessionId, text: &str) {
        self.take_in(session, text.to_owned(), Surface::Terminal, None);
    }

    /// Somebody answers at the terminal.
    pub fn answer_at_terminal(&mut self, id: ApprovalId, decision: Decision) {
        let session = self.fleet.approval(id).map(|open| open.approval.session).expect("it is asked");
        self.answered(session, id, decision, Surface::Terminal);
    }

    /// The turn that runs ends, and the next begins.
    pub fn finish(&mut self, session: SessionId) {
        let turn = self.fleet.get(session).and_then(|session| session.turn.as_ref());
        let prompt = turn.map(|turn| turn.prompt_line.clone()).expect("a turn runs");
        self.end(session, &prompt);
        self.next(session);
    }

    /// The turn ends with an answer that names the prompt.
    fn end(&mut self, session: SessionId, prompt: &str) {
        let text = format!("answer-to-{}.", prompt.replace(' ', "-"));
        let turn = self.fleet.get(session).and_then(|session| session.turn.as_ref()).map(|turn| turn.id);
        self.told.entry(session).or_default().push(text.clone());
        self.tell(
            session,
            EventKind::TurnEnded {
                turn: turn.expect("a turn runs"),
                outcome: TurnOutcome::Completed,
                duration_ms: 1,
                tokens: Tokens::default(),
                cost_usd: 0.0,
                text: Some(text),
            },
        );
    }
}
