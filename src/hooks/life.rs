//! From the start of a hook's process to the next: greeted, watched, started anew after longer and longer pauses, off
//! after too many ends.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use tokio::sync::Notify;
use tokio::sync::broadcast;
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer;
use super::answer::Tool;
use super::calls::CallError;
use super::calls::Calls;
use super::calls::MAX_WAITING;
use super::codec::Line;
use super::message;
use super::message::Incoming;
use super::process;
use super::process::GRACE;
use super::process::LastWords;
use super::stats::Stats;
use crate::clock;
use crate::config::hooks::Hook;
use crate::core::cell::Notice;
use crate::core::hook::HookMode;
use crate::core::hook::HookState;
use crate::core::hook::HookStatus;
use crate::core::ids::Timestamp;
use crate::engine::hooks::News;

/// How long the answer to the greeting may take.
const HELLO_TIME: Duration = Duration::from_secs(5);
/// The longest pause before a new start.
const MAX_PAUSE: Duration = Duration::from_mins(1);
/// So many ends
const MAX_ENDS: usize = 5;
/// within this time, and it stays off.
const ENDS_WITHIN: Duration = Duration::from_mins(1);
/// After its end, what it wrote before may still be read for so long.
const DRAIN: Duration = Duration::from_millis(200);
/// The version of the protocol.
const VERSION: u64 = 1;

/// One hook, whether or not a process is there.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) hook: Hook,
    folder: PathBuf,
    guard_program: Option<PathBuf>,
    pub(super) calls: Arc<Calls>,
    state: watch::Sender<HookState>,
    stats: Mutex<Stats>,
    tools: Mutex<Vec<Tool>>,
    remarks: Mutex<Vec<String>>,
    news: broadcast::Sender<News>,
    restart: Notify,
    quit: CancellationToken,
}

/// Why a run is over.
#[derive(Debug)]
enum End {
    Exited(String),
    Restart,
    Quit,
}

/// When it may be started again.
#[derive(Debug, Default)]
struct Ends {
    at: VecDeque<Instant>,
    n_in_a_row: u32,
}

impl Ends {
    /// It ended, after it was up for so long; the pause until the next start, or none.
    fn note(&mut self, now: Instant, was_up: Duration) -> Option<Duration> {
        if was_up >= ENDS_WITHIN {
            self.n_in_a_row = 0;
        }
        self.at.push_back(now);
        while self.at.len() > MAX_ENDS {
            self.at.pop_front();
        }
        let is_too_often = self.at.len() == MAX_ENDS && self.at.front().is_some_and(|first| now - *first < ENDS_WITHIN);
        let pause = Duration::from_secs(1_u64 << self.n_in_a_row.min(6)).min(MAX_PAUSE);
        self.n_in_a_row += 1;
        (!is_too_often).then_some(pause)
    }
}

impl Life {
    pub(super) fn new(
        hook: Hook,
        folder: PathBuf,
        guard_program: Option<PathBuf>,
        news: broadcast::Sender<News>,
        quit: CancellationToken,
    ) -> Self {
        Self {
            hook,
            folder,
            guard_program,
            calls: Arc::default(),
            state: watch::Sender::new(HookState::Starting),
            stats: Mutex::default(),
            tools: Mutex::default(),
            remarks: Mutex::default(),
            news,
            restart: Notify::new(),
            quit,
        }
    }

    /// Keeps a process there until everything ends.
    pub(super) async fn keep(self: Arc<Self>) {
        let mut ends = Ends::default();
        loop {
            self.state.send_replace(HookState::Starting);
            let begun = Instant::now();
            let why = match self.run().await {
                End::Exited(why) => why,
                End::Restart => {
                    ends = Ends::default();
                    continue;
                }
                End::Quit => break,
            };
            let is_first = ends.n_in_a_row == 0;
            let name = &self.hook.name;
            let pause = ends.note(Instant::now(), begun.elapsed());
            tracing::warn!(hook = name, why, ?pause, "a hook ended");
            let waited = if let Some(pause) = pause {
                if is_first {
                    self.tell(Notice::warning(format!("Hook {name} is started again: {why}.")));
                }
                let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
                let until = Timestamp(clock::now().0.saturating_add(millis));
                self.state.send_replace(HookState::Waiting { why, until });
                pause
            } else {
                self.tell(Notice::error(format!(
                    "Hook {name} stays off: it ended {MAX_ENDS} times within a minute, at last because {why}. What it is \
                     asked is {}. `adjutant hooks restart {name}` starts it again.",
                    match self.hook.on_failure {
                        crate::core::hook::OnFailure::Ask => "put to you",
                        crate::core::hook::OnFailure::Deny => "denied",
                    }
                )));
                self.state.send_replace(HookState::Off { why });
                Duration::MAX
            };
            tokio::select! {
                () = tokio::time::sleep(waited) => {}
                () = self.restart.notified() => ends = Ends::default(),
                () = self.quit.cancelled() => break,
            }
        }
        self.state.send_replace(HookState::Stopped);
    }

    fn tell(&self, notice: Notice) {
        // Without a receiver nobody has to know.
        let _ = self.news.send(News { notice });
    }

    async fn run(self: &Arc<Self>) -> End {
        let (mut process, pipes) = match process::start(&self.hook, &self.folder, self.guard_program.as_deref()) {
            Ok(started) => started,
            Err(error) => {
                let program = self.hook.command.first().map_or("", String::as_str);
                return End::Exited(format!("{program} could not be started in {}: {error}", self.folder.display()));
            }
        };
        let last = LastWords::default();
        let (lines, receiver) = mpsc::channel(MAX_WAITING);
        let waiting = self.calls.attach(lines);
        tokio::spawn(process::write(pipes.stdin, receiver, waiting));
        tokio::spawn(process::read_stderr(pipes.stderr, self.hook.name.clone(), Arc::clone(&last)));
        let me = Arc::clone(self);
        let mut reader = tokio::spawn(process::read(pipes.stdout, move |line| me.take(line)));
        let end = tokio::select! {
            greeted = self.greet() => greeted.err(),
            _ = process.ended() => Some(End::Exited(String::new())),
            () = self.restart.notified() => Some(End::Restart),
            () = self.quit.cancelled() => Some(End::Quit),
        };
        let end = match end {
            Some(end) => end,
            None => {
                self.state.send_replace(HookState::Up { pid: process.id(), since: clock::now() });
                tracing::info!(hook = self.hook.name, pid = process.id(), "a hook is up");
                tokio::select! {
                    _ = process.ended() => End::Exited(String::new()),
                    _ = &mut reader => End::Exited(String::new()),
                    () = self.restart.notified() => End::Restart,
                    () = self.quit.cancelled() => End::Quit,
                }
            }
        };
        if matches!(&end, End::Exited(why) if why.is_empty()) && !reader.is_finished() {
            // The last answer may still be in the pipe.
            let _ = tokio::time::timeout(DRAIN, &mut reader).await;
        }
        self.state.send_replace(HookState::Starting);
        // This closes its input as well.
        self.calls.detach();
        let is_asked_nicely = !matches!(&end, End::Exited(why) if !why.is_empty());
        let status = process.end(if is_asked_nicely { GRACE } else { Duration::ZERO }).await;
        reader.abort();
        match end {
            End::Exited(why) if why.is_empty() => End::Exited(process::how(status, &last)),
            End::Exited(why) => {
                let said = last.lock().unwrap_or_else(PoisonError::into_inner).back().cloned();
                End::Exited(said.map_or(why.clone(), |said| format!("{why}: {said}")))
            }
            end => end,
        }
    }

    async fn greet(&self) -> Result<(), End> {
        let hook = &self.hook;
        let params = json!({
            "name": hook.name,
            "version": VERSION,
            "modes": hook.modes,
            "host": "adjutant",
            "host_version": env!("CARGO_PKG_VERSION"),
        });
        let failed = |why: String| End::Exited(why);
        let mut call = self.calls.open("hook.hello", &params).map_err(|error| failed(error.to_string()))?;
        let answer = match tokio::time::timeout(HELLO_TIME, call.outcome()).await {
            Ok(Ok(answer)) => answer,
            // Its end explains itself.
            Ok(Err(CallError::Exited)) => std::future::pending().await,
            Ok(Err(error)) => return Err(failed(format!("it did not answer hook.hello as it must: {error}"))),
            Err(_) => {
                return Err(failed(format!("it did not answer hook.hello within {} s", HELLO_TIME.as_secs())));
            }
        };
        if answer.get("ok").and_then(Value::as_bool) != Some(true) {
            return Err(failed("it answered hook.hello without \"ok\": true".to_owned()));
        }
        let (tools, mut remarks) = answer::tools(answer.get("tools"));
        if hook.has(HookMode::Llm) {
            remarks.push(
                "Claude Code shows no single model call: before_llm is asked once a turn and can change the last user \
                 text alone, after_llm can change nothing."
                    .to_owned(),
            );
        }
        for remark in &remarks {
            tracing::warn!(hook = hook.name, remark, "a hook wants what it cannot have");
        }
        *self.tools.lock().unwrap_or_else(PoisonError::into_inner) = tools;
        *self.remarks.lock().unwrap_or_else(PoisonError::into_inner) = remarks;
        Ok(())
    }

    fn take(&self, line: Line) {
        let hook = &self.hook.name;
        match line {
            Line::Whole(line) => match message::read(&line) {
                Incoming::Answer { id, outcome } => {
                    let outcome = outcome.map_err(|why| CallError::Refused(answer::clean(&why)));
                    if !self.calls.answered(id, outcome) {
                        tracing::warn!(hook, id, "an answer came that nobody waits for");
                    }
                }
                Incoming::Other(why) => tracing::warn!(hook, why, "a line of a hook is left aside"),
            },
            Line::TooLong { id } => {
                let is_known = id.is_some_and(|id| self.calls.answered(id, Err(CallError::AnswerTooLong)));
                tracing::warn!(hook, is_known, "a line of a hook is longer than 1 MiB");
            }
            Line::NotUtf8 => tracing::warn!(hook, "a line of a hook is not UTF-8"),
        }
    }

    /// Asks, and waits no longer than the configuration says: for the process, and for its answer.
    pub(super) async fn ask<T>(
        &self,
        method: &str,
        params: &Value,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<T, CallError> {
        let begun = Instant::now();
        let asked = tokio::time::timeout(self.hook.timeout, async {
            self.up().await?;
            self.calls.open(method, params)?.outcome().await
        });
        let outcome = match asked.await {
            Ok(outcome) => outcome,
            Err(_) if matches!(*self.state.borrow(), HookState::Up { .. }) => {
                Err(CallError::TimedOut(self.hook.timeout))
            }
            Err(_) => Err(CallError::NotReady),
        };
        let outcome = outcome.and_then(|answer| read(answer).map_err(CallError::Bad));
        let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        match &outcome {
            Ok(_) => stats.answered(begun.elapsed()),
            Err(_) => stats.failed(),
        }
        outcome
    }

    /// Waits for a process that answers.
    async fn up(&self) -> Result<(), CallError> {
        let mut state = self.state.subscribe();
        loop {
            match &*state.borrow_and_update() {
                HookState::Up { .. } => return Ok(()),
                HookState::Off { why } => return Err(CallError::Off(why.clone())),
                HookState::Stopped => return Err(CallError::Exited),
                HookState::Starting | HookState::Waiting { .. } => {}
            }
            if state.changed().await.is_err() {
                return Err(CallError::Exited);
            }
        }
    }

    /// It offers tools beside those that it was greeted with.
    pub(super) fn offer(&self, tools: Vec<Tool>, remarks: Vec<String>) {
        let mut known = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        for tool in tools {
            match known.iter_mut().find(|other| other.name == tool.name) {
                Some(other) => *other = tool,
                None => known.push(tool),
            }
        }
        drop(known);
        let mut told = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        for remark in remarks {
            if !told.contains(&remark) {
                tracing::warn!(hook = self.hook.name, remark, "a hook wants what it cannot have");
                told.push(remark);
            }
        }
    }

    pub(super) fn restart(&self) {
        self.restart.notify_one();
    }

    pub(super) fn state(&self) -> watch::Receiver<HookState> {
        self.state.subscribe()
    }

    pub(super) fn status(&self) -> HookStatus {
        let stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        let tools = self.tools.lock().unwrap_or_else(PoisonError::into_inner);
        HookStatus {
            name: self.hook.name.clone(),
            state: self.state.borrow().clone(),
            modes: self.hook.modes.clone(),
            order: self.hook.order,
            calls: stats.calls,
            failures: stats.failures,
            p50_ms: stats.percentile_ms(50),
            p99_ms: stats.percentile_ms(99),
            tools: tools.iter().map(|tool| tool.name.clone()).collect(),
            remarks: self.remarks.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_five_ends_within_a_minute_are_enough() {
        let start = Instant::now();
        let at = |s: u64| start + Duration::from_secs(s);
        let mut ends = Ends::default();
        let pauses: Vec<_> = [0, 1, 3, 7].map(|s| ends.note(at(s), Duration::ZERO).map(|p| p.as_secs())).into();
        assert_eq!(pauses, [Some(1), Some(2), Some(4), Some(8)]);
        assert_eq!(ends.note(at(15), Duration::ZERO), None);
        let mut ends = Ends::default();
        let pauses: Vec<_> = (0..8).map(|n| ends.note(at(n * 60), Duration::ZERO).map(|p| p.as_secs())).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60].map(Some));
        assert_eq!(ends.note(at(1000), Duration::from_secs(61)), Some(Duration::from_secs(1)), "it was up long enough");
    }
}
