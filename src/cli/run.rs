//! One prompt without a terminal: it is also how scripts use and test the engine.

use std::io;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncBufReadExt as _;
use tokio::sync::mpsc;

use super::Approve;
use super::Global;
use super::Run;
use super::exit;
use super::house::House;
use super::setup;
use super::setup::Stop;
use super::verbs::flat;
use super::verbs::look::whole;
use crate::core::approval::Approval;
use crate::core::approval::ApprovalState;
use crate::core::approval::Ask;
use crate::core::approval::Decision;
use crate::core::cell::Cell;
use crate::core::cell::CellBody;
use crate::core::cell::TurnOutcome;
use crate::core::command::Command;
use crate::core::event::Event;
use crate::core::event::EventKind;
use crate::core::fleet::Fleet;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::prompt::SendHow;
use crate::core::prompt::Surface;
use crate::core::session::SessionSpec;
use crate::core::tool::ToolState;
use crate::core::trouble::Trouble;
use crate::core::trust::TrustChoice;
use crate::link::Link;
use crate::link::Update;
use crate::tui::render::sanitize::reveal;
use crate::tui::render::sanitize::sanitize;

mod answers;
mod input;

/// The tag of the one session that is opened.
const TAG: u64 = 1;
/// After the last task has ended, the CLI may begin a turn by itself within this time.
const AFTERMATH: Duration = Duration::from_secs(3);
/// Every event is printed: a reader has to be very slow before one is missed.
const HELD_UPDATES: usize = 10_000;

pub fn main(global: &Global, run: &Run) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    setup::check_profile(&ground.config, run.profile.as_deref())?;
    // Looked at first: what cannot be done need not wait for standard input.
    let directory = setup::directory(run.directory.as_deref())?;
    let prompt = input::prompt(run)?;
    let spec = SessionSpec {
        directory: setup::name_of(&directory)?,
        profile: run.profile.clone(),
        mode: run.mode,
        model: run.model.clone(),
        resume: run.resume.as_deref().map(Into::into),
        trust: if run.trust { TrustChoice::Trust } else { TrustChoice::Without },
        ..SessionSpec::default()
    };
    let runtime = setup::runtime()?;
    let code = runtime.block_on(async {
        let house = House::passing(&ground, Arc::clone(&ground.config));
        let mut headless = Headless::new(house.engine.connect_holding(HELD_UPDATES), run);
        let code = headless.go(spec, prompt).await;
        house.shutdown().await;
        headless.drain().await;
        headless.tell_denied()?;
        code
    });
    // A reader of standard input cannot be woken up; it must not hold the exit back.
    runtime.shutdown_background();
    code
}

/// Says what becomes of what the directory brings.
fn tell_folder(summary: &str, is_trusted: bool) -> Result<(), Stop> {
    complain(&if is_trusted {
        format!("the directory is trusted with what it brings: {summary}")
    } else {
        format!(
            "what the directory brings takes no effect, because nobody has trusted it: {summary}; `adjutant trust show` \
             shows it, --trust trusts it"
        )
    })
}

struct Headless {
    link: Link,
    json: bool,
    /// What the directory brings is trusted.
    trust: bool,
    approve: Approve,
    session: Option<SessionId>,
    answers: mpsc::Receiver<String>,
    /// Requests that wait for a line on standard input.
    open: Vec<ApprovalId>,
    /// Standard input has ended: nobody will answer any more.
    input_over: bool,
    /// What was denied because nobody could be asked.
    denied: Vec<String>,
    /// Everything that was told, to know what goes on in the background.
    fleet: Fleet,
    /// How long to wait for background tasks.
    patience: Duration,
    /// The last turn that has ended, while something goes on in the background.
    last: Option<(TurnOutcome, Option<String>)>,
    /// When waiting is over.
    until: Option<tokio::time::Instant>,
}

impl Headless {
    fn new(link: Link, run: &Run) -> Self {
        let approve = run.approve;
        let (sender, answers) = mpsc::channel(16);
        if approve == Approve::Stdin {
            tokio::spawn(async move {
                let mut lines = tokio::io::BufReader::new(tokio::io::stdin()).lines();
                while let Ok(Some(line)) = lines.next_line().await {
                    if sender.send(line).await.is_err() {
                        break;
                    }
                }
            });
        }
        Self {
            link,
            json: run.json,
            trust: run.trust,
            approve,
            session: None,
            answers,
            open: Vec::new(),
            input_over: false,
            denied: Vec::new(),
            fleet: Fleet::default(),
            patience: Duration::from_secs(run.tasks_wait),
            last: None,
            until: None,
        }
    }

    async fn go(&mut self, spec: SessionSpec, prompt: String) -> Result<u8, Stop> {
        let gone = |_| Stop::failed("the engine stopped unexpectedly; the log may say why");
        self.link.send(Command::Open { spec: Box::new(spec), tag: Some(TAG) }).await.map_err(gone)?;
        let mut prompt = Some(prompt);
        loop {
            tokio::select! {
                update = self.link.recv() => {
                    let Some(update) = update else { return Err(Stop::failed("the engine stopped unexpectedly")) };
                    let events = match update {
                        Update::Events(events) => events,
                        Update::Snapshot(fleet) => {
                            if let Some(code) = self.catch_up(&fleet).await? {
                                return Ok(code);
                            }
                            continue;
                        }
                        Update::History { .. } | Update::Phone(_) | Update::Hooks(_) => continue,
                    };
                    for event in events {
                        self.fleet.apply(&event);
                        if let EventKind::Opened { tag: Some(TAG), .. } = &event.kind {
                            self.session = Some(event.session);
                        }
                        if self.session != Some(event.session) {
                            continue;
                        }
                        self.print(&event)?;
                        if let (EventKind::Opened { .. }, Some(text)) = (&event.kind, prompt.take()) {
                            let (session, how, by) = (event.session, SendHow::Queue, Surface::Headless);
                            self.link.send(Command::Send { session, text, how, by, id: None, images: Vec::new() }).await.map_err(gone)?;
                        }
                        if let Some(code) = self.take(&event).await? {
                            return Ok(code);
                        }
                    }
                }
                () = async { tokio::time::sleep_until(self.until.unwrap_or_else(tokio::time::Instant::now)).await },
                    if self.until.is_some() => return self.over(),
                line = self.answers.recv(), if self.approve == Approve::Stdin && !self.input_over => match line {
                    Some(line) => self.answer_line(&line).await?,
                    None => {
                        self.input_over = true;
                        for id in std::mem::take(&mut self.open) {
                            let asked = self.fleet.approval(id).map(|open| open.approval.clone());
                            if let Some(approval) = asked {
                                self.nobody(&approval).await?;
                            }
                        }
                    }
                },
            }
        }
    }

    /// Events were missed because standard output was slow: what they asked for is still in the state.
    async fn catch_up(&mut self, fleet: &Fleet) -> Result<Option<u8>, Stop> {
        self.fleet = fleet.clone();
        let Some(session) = self.session.and_then(|id| fleet.get(id)) else { return Ok(None) };
        for open in &session.approvals {
            let is_of_folder = matches!(open.approval.ask, Ask::Trust(_));
            if open.state == ApprovalState::Pending && !self.open.contains(&open.approval.id) && !is_of_folder {
                self.asked(&open.approval).await?;
            }
        }
        let is_over = session.turn.is_none() && session.queue.is_empty();
        match &session.last_turn {
            Some(end) if is_over => self.turn_ended(&end.outcome, end.text.as_deref()),
            _ => Ok(None),
        }
    }

    /// Prints what the engine still tells while it stops.
    async fn drain(&mut self) {
        while let Some(update) = self.link.recv().await {
            let Update::Events(events) = update else { continue };
            for event in events {
                if self.session == Some(event.session) && self.print(&event).is_err() {
                    return;
                }
            }
        }
    }

    fn print(&self, event: &Event) -> Result<(), Stop> {
        if !self.json {
            return Ok(());
        }
        let line = serde_json::to_string(event)
            .map_err(|error| Stop::failed(format!("an event could not be written: {error}")))?;
        say(&line)
    }

    /// Acts on an event; the exit code when it was the last that matters.
    async fn take(&mut self, event: &Event) -> Result<Option<u8>, Stop> {
        match &event.kind {
            EventKind::ApprovalAsked(approval) => match &approval.ask {
                // Answered by how the run was started.
                Ask::Trust(brought) => tell_folder(&brought.summary(), self.trust)?,
                _ => self.asked(approval).await?,
            },
            EventKind::ApprovalResolved { approval, .. } | EventKind::ApprovalWithdrawn { approval, .. } => {
                self.open.retain(|id| id != approval);
            }
            EventKind::TurnStarted { .. } => self.until = None,
            EventKind::TurnEnded { outcome, text, .. } => return self.turn_ended(outcome, text.as_deref()),
            EventKind::TaskStarted { .. } | EventKind::TaskEnded { .. } | EventKind::TasksListed(_)
                if self.last.is_some() =>
            {
                self.wait();
            }
            EventKind::Exited(end) => {
                if !self.denied.is_empty() {
                    return Ok(Some(exit::NOBODY_TO_ASK));
                }
                let trouble = end.trouble.as_ref();
                let stop = trouble.map_or_else(|| Stop::failed("the session ended before the turn did"), in_words);
                return if self.json { Ok(Some(exit::FAILED)) } else { Err(stop) };
            }
            EventKind::Closed => return Ok(Some(exit::FAILED)),
            _ => {}
        }
        Ok(None)
    }

    /// A turn is over. What goes on in the background may bring another one, and its answer is the one that counts.
    fn turn_ended(&mut self, outcome: &TurnOutcome, text: Option<&str>) -> Result<Option<u8>, Stop> {
        let is_last = !self.goes_on() || *outcome != TurnOutcome::Completed;
        self.last = Some((outcome.clone(), text.map(str::to_owned)));
        self.until = None;
        if is_last {
            return self.over().map(Some);
        }
        self.wait();
        Ok(None)
    }

    /// Waits for what goes on in the background, or a little for what comes of it.
    fn wait(&mut self) {
        let is_idle = self.session.and_then(|id| self.fleet.get(id)).is_none_or(|session| session.turn.is_none());
        if !is_idle {
            return;
        }
        let now = tokio::time::Instant::now();
        self.until =
            if self.tasks().is_empty() { Some(now + AFTERMATH) } else { self.until.or(Some(now + self.patience)) };
    }

    /// Whether something goes on in the background, or is about to: a shell may begin only after its turn.
    fn goes_on(&self) -> bool {
        let Some(session) = self.session.and_then(|id| self.fleet.get(id)) else { return false };
        let is_background =
            |cell: &Cell| matches!(&cell.body, CellBody::Tool(call) if call.state == ToolState::Background);
        session.running_tasks().any(|task| !task.only_waits()) || session.transcript.iter().any(is_background)
    }

    /// What goes on in the background, in words.
    fn tasks(&self) -> Vec<String> {
        let session = self.session.and_then(|id| self.fleet.get(id));
        let running = session.into_iter().flat_map(|session| session.running_tasks());
        running.filter(|task| !task.only_waits()).map(|task| flat(&task.description)).collect()
    }

    /// Nothing more is waited for: the last answer, and the exit code.
    fn over(&self) -> Result<u8, Stop> {
        let Some((outcome, text)) = &self.last else { return Ok(exit::FAILED) };
        let code = self.ended(outcome, text.as_deref())?;
        let left = self.tasks();
        if left.is_empty() || code != exit::OK {
            return Ok(code);
        }
        complain(&format!("this was still at work in the background, and ends now: {}", left.join("; ")))?;
        Ok(exit::TASKS_LEFT)
    }

    /// What nobody could be asked about, said once, at the end.
    fn tell_denied(&self) -> Result<(), Stop> {
        if self.denied.is_empty() {
            return Ok(());
        }
        let list = self.denied.join("\n  ");
        complain(&format!("denied, because nobody was there to ask:\n  {list}"))
    }

    /// The turn is over: its text, and the exit code.
    fn ended(&self, outcome: &TurnOutcome, text: Option<&str>) -> Result<u8, Stop> {
        // The text of a failed turn is what the API said about it, which is told as such.
        if !self.json
            && let Some(text) = text
            && !matches!(outcome, TurnOutcome::Failed(_))
        {
            say(&sanitize(text).to_string())?;
        }
        match outcome {
            _ if !self.denied.is_empty() => Ok(exit::NOBODY_TO_ASK),
            TurnOutcome::Completed => Ok(exit::OK),
            TurnOutcome::Interrupted if self.json => Ok(exit::FAILED),
            TurnOutcome::Interrupted => Err(Stop::failed("the turn was interrupted")),
            TurnOutcome::Failed(_) if self.json => Ok(exit::FAILED),
            TurnOutcome::Failed(trouble) => Err(in_words(trouble)),
        }
    }

    async fn asked(&mut self, approval: &Approval) -> Result<(), Stop> {
        match self.approve {
            Approve::Deny => {
                self.send(approval.id, Decision::deny("This run denies everything that needs an approval.")).await
            }
            Approve::Policy => self.nobody(approval).await,
            Approve::Stdin if self.input_over => self.nobody(approval).await,
            Approve::Stdin => {
                self.open.push(approval.id);
                if self.json {
                    Ok(())
                } else {
                    say(&reveal(&format!("approval {}: {} {}", approval.id, approval.tool, approval.input))
                        .text
                        .to_string())
                }
            }
        }
    }

    /// Denies what nobody can answer, and remembers that it was so.
    async fn nobody(&mut self, approval: &Approval) -> Result<(), Stop> {
        self.denied.push(format!("{} {}", flat(&approval.tool), whole(&approval.input)));
        self.send(
            approval.id,
            Decision::deny("This needs an approval, and nobody is there to give it. Go on without it."),
        )
        .await
    }

    async fn send(&mut self, approval: ApprovalId, decision: Decision) -> Result<(), Stop> {
        let Some(session) = self.session else { return Ok(()) };
        let command = Command::Answer { session, approval, decision: Box::new(decision), by: Surface::Headless };
        self.link.send(command).await.map_err(|_| Stop::failed("the engine stopped unexpectedly"))
    }

    async fn answer_line(&mut self, line: &str) -> Result<(), Stop> {
        match answers::read(line, &self.open) {
            Ok(Some((id, decision))) => {
                self.open.retain(|open| *open != id);
                self.send(id, decision).await
            }
            Ok(None) => Ok(()),
            // A line that cannot be understood changes nothing: least of all does it allow anything.
            Err(what) => complain(&what),
        }
    }
}

fn in_words(trouble: &Trouble) -> Stop {
    let raw = sanitize(&trouble.raw);
    Stop::failed(format!("{} {}\n{raw}", trouble.headline(), trouble.advice()))
}

fn say(line: &str) -> Result<(), Stop> {
    writeln!(io::stdout(), "{line}").map_err(|error| Stop::failed(format!("could not print: {error}")))
}

fn complain(line: &str) -> Result<(), Stop> {
    writeln!(io::stderr(), "adjutant: {line}").map_err(|error| Stop::failed(format!("could not print: {error}")))
}
