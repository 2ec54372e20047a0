//! One prompt without a terminal: it is also how scripts use and test the engine.

use std::io;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::sync::Arc;

use serde::Deserialize;
use tokio::io::AsyncBufReadExt as _;
use tokio::sync::mpsc;

use super::Approve;
use super::Global;
use super::Run;
use super::exit;
use super::house::House;
use super::setup;
use super::setup::Stop;
use crate::core::approval::Approval;
use crate::core::approval::ApprovalState;
use crate::core::approval::Decision;
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
use crate::core::trouble::Trouble;
use crate::link::Link;
use crate::link::Update;
use crate::tui::render::sanitize::reveal;
use crate::tui::render::sanitize::sanitize;

/// The tag of the one session that is opened.
const TAG: u64 = 1;
/// Every event is printed: a reader has to be very slow before one is missed.
const HELD_UPDATES: usize = 10_000;

pub fn main(global: &Global, run: &Run) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    setup::check_profile(&ground.config, run.profile.as_deref())?;
    let prompt = match run.prompt.as_str() {
        "-" => io::read_to_string(io::stdin())
            .map_err(|error| Stop::usage(format!("the prompt could not be read: {error}")))?,
        text => text.to_owned(),
    };
    if prompt.trim().is_empty() {
        return Err(Stop::usage("the prompt is empty"));
    }
    if run.prompt == "-" && run.approve == Approve::Stdin {
        return Err(Stop::usage(
            "standard input cannot bring both the prompt and the answers; give the prompt with -p TEXT",
        ));
    }
    let spec = SessionSpec {
        directory: setup::directory(run.directory.as_deref())?.display().to_string(),
        profile: run.profile.clone(),
        mode: run.mode,
        model: run.model.clone(),
        resume: run.resume.as_deref().map(Into::into),
        ..SessionSpec::default()
    };
    let runtime = setup::runtime()?;
    let code = runtime.block_on(async {
        let house = House::passing(&ground, Arc::clone(&ground.config));
        let mut headless = Headless::new(house.engine.connect_holding(HELD_UPDATES), run.json, run.approve);
        let code = headless.go(spec, prompt).await;
        house.shutdown().await;
        headless.drain().await;
        code
    });
    // A reader of standard input cannot be woken up; it must not hold the exit back.
    runtime.shutdown_background();
    code
}

struct Headless {
    link: Link,
    json: bool,
    approve: Approve,
    session: Option<SessionId>,
    answers: mpsc::Receiver<String>,
    /// Requests that wait for a line on standard input.
    open: Vec<ApprovalId>,
    /// Standard input has ended: nobody will answer any more.
    input_over: bool,
    nobody_to_ask: bool,
}

impl Headless {
    fn new(link: Link, json: bool, approve: Approve) -> Self {
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
        Self { link, json, approve, session: None, answers, open: Vec::new(), input_over: false, nobody_to_ask: false }
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
                        Update::History { .. } | Update::Phone(_) => continue,
                    };
                    for event in events {
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
                line = self.answers.recv(), if self.approve == Approve::Stdin && !self.input_over => match line {
                    Some(line) => self.answer_line(&line).await?,
                    None => {
                        self.input_over = true;
                        for id in std::mem::take(&mut self.open) {
                            self.nobody(id).await?;
                        }
                    }
                },
            }
        }
    }

    /// Events were missed because standard output was slow: what they asked for is still in the state.
    async fn catch_up(&mut self, fleet: &Fleet) -> Result<Option<u8>, Stop> {
        let Some(session) = self.session.and_then(|id| fleet.get(id)) else { return Ok(None) };
        for open in &session.approvals {
            if open.state == ApprovalState::Pending && !self.open.contains(&open.approval.id) {
                self.asked(&open.approval).await?;
            }
        }
        let is_over = session.turn.is_none() && session.queue.is_empty();
        match &session.last_turn {
            Some(end) if is_over => self.ended(&end.outcome, end.text.as_deref()).map(Some),
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
            EventKind::ApprovalAsked(approval) => self.asked(approval).await?,
            EventKind::ApprovalResolved { approval, .. } | EventKind::ApprovalWithdrawn { approval, .. } => {
                self.open.retain(|id| id != approval);
            }
            EventKind::TurnEnded { outcome, text, .. } => return self.ended(outcome, text.as_deref()).map(Some),
            EventKind::Exited(end) => {
                if self.nobody_to_ask {
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

    /// The turn is over: its text, and the exit code.
    fn ended(&self, outcome: &TurnOutcome, text: Option<&str>) -> Result<u8, Stop> {
        if !self.json
            && let Some(text) = text
        {
            say(&for_reader(text))?;
        }
        match outcome {
            _ if self.nobody_to_ask => Ok(exit::NOBODY_TO_ASK),
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
            Approve::Policy => self.nobody(approval.id).await,
            Approve::Stdin if self.input_over => self.nobody(approval.id).await,
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
    async fn nobody(&mut self, id: ApprovalId) -> Result<(), Stop> {
        self.nobody_to_ask = true;
        self.send(id, Decision::deny("This needs an approval, and nobody is there to give it. Go on without it.")).await
    }

    async fn send(&mut self, approval: ApprovalId, decision: Decision) -> Result<(), Stop> {
        let Some(session) = self.session else { return Ok(()) };
        let command = Command::Answer { session, approval, decision: Box::new(decision), by: Surface::Headless };
        self.link.send(command).await.map_err(|_| Stop::failed("the engine stopped unexpectedly"))
    }

    async fn answer_line(&mut self, line: &str) -> Result<(), Stop> {
        match read_answer(line, &self.open) {
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

/// A text of the model for a person's terminal is cleaned; for a file or a pipe it is left as it came.
fn for_reader(text: &str) -> String {
    if io::stdout().is_terminal() { sanitize(text).to_string() } else { text.to_owned() }
}

fn in_words(trouble: &Trouble) -> Stop {
    let raw = sanitize(&trouble.raw);
    Stop::failed(format!("{} {}\n{raw}", trouble.headline(), trouble.advice()))
}

/// An answer as a script writes it in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerLine {
    approval: u32,
    /// The whole decision, as it stands in the events; or one of the words.
    decision: AnswerWord,
    message: Option<String>,
    input: Option<serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AnswerWord {
    Word(Word),
    Whole(Box<Decision>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Allow,
    Deny,
    Stop,
}

fn read_answer(line: &str, open: &[ApprovalId]) -> Result<Option<(ApprovalId, Decision)>, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    if line.starts_with('{') {
        let answer: AnswerLine =
            serde_json::from_str(line).map_err(|error| format!("“{line}” is no answer: {error}"))?;
        let id = ApprovalId(answer.approval);
        let is_word_allow = matches!(answer.decision, AnswerWord::Word(Word::Allow));
        if (is_word_allow && answer.message.is_some()) || (!is_word_allow && answer.input.is_some()) {
            return Err(format!("“{line}”: a message goes with a denial, an input with “allow”"));
        }
        let message = answer.message.unwrap_or_else(|| "Denied.".into());
        let decision = match answer.decision {
            AnswerWord::Whole(decision) => *decision,
            AnswerWord::Word(Word::Allow) => {
                Decision::Allow { edited: answer.input, remember: Vec::new(), comment: None }
            }
            AnswerWord::Word(Word::Deny) => Decision::Deny { message, stop: false },
            AnswerWord::Word(Word::Stop) => Decision::Deny { message, stop: true },
        };
        return known(id, open).map(|id| Some((id, decision)));
    }
    let mut words = line.splitn(3, char::is_whitespace);
    let verb = words.next().unwrap_or_default();
    let (id, rest) = match words.next() {
        // A number each time: what was the oldest when the line was written may be gone when it is read.
        None => return Err(format!("“{line}”: write which approval is meant, as in “{verb} 3”")),
        Some(word) => match word.parse() {
            Ok(number) => (ApprovalId(number), words.next()),
            Err(_) => return Err(format!("“{word}” is no approval's number; write “{verb} NUMBER”")),
        },
    };
    let decision = match verb {
        "allow" | "y" | "yes" if rest.is_none() => Decision::allow_once(),
        "deny" | "n" | "no" => Decision::deny(rest.unwrap_or("Denied.")),
        _ => return Err(format!("“{line}” is no answer; write “allow NUMBER” or “deny NUMBER why”")),
    };
    known(id, open).map(|id| Some((id, decision)))
}

fn known(id: ApprovalId, open: &[ApprovalId]) -> Result<ApprovalId, String> {
    if open.contains(&id) { Ok(id) } else { Err(format!("approval {id} is not open")) }
}

fn say(line: &str) -> Result<(), Stop> {
    writeln!(io::stdout(), "{line}").map_err(|error| Stop::failed(format!("could not print: {error}")))
}

fn complain(line: &str) -> Result<(), Stop> {
    writeln!(io::stderr(), "adjutant: {line}").map_err(|error| Stop::failed(format!("could not print: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_strictly() {
        let open = [ApprovalId(3), ApprovalId(4)];
        let read = |line: &str| read_answer(line, &open);
        assert_eq!(read("allow 4"), Ok(Some((ApprovalId(4), Decision::allow_once()))));
        assert_eq!(read("deny 3 not this way"), Ok(Some((ApprovalId(3), Decision::deny("not this way")))));
        let json = r#"{"approval":3,"decision":"allow"}"#;
        assert_eq!(read(json), Ok(Some((ApprovalId(3), Decision::allow_once()))));
        assert_eq!(read(""), Ok(None));
        for bad in [
            "allow 9",
            "allow x",
            "allow 3 4",
            "allowed 3",
            "{}",
            "y",
            r#"{"decision":"allow"}"#,
            r#"{"approval":3,"decision":"allow","message":"x"}"#,
            r#"{"decision":"alow"}"#,
            r#"{"decision":"allow","approvl":3}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read_answer("y", &[]).is_err());
    }
}
