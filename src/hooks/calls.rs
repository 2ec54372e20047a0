//! Questions under way, by their numbers.
//!
//! Invariants: a number is given once in the life of the program, so no answer of an earlier process can be taken for
//! one of a later; none can be told before it is given, so nothing is answered before it was asked; each question gets one outcome; whoever stops waiting takes its number along.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::message;

/// Lines that wait for a hook that does not read.
pub(super) const MAX_WAITING: usize = 4096;
/// Of a number, what cannot be guessed. All of it fits into what any language takes for a whole number (53 bits).
const GUESS_BITS: u32 = 20;
/// Bytes of these lines.
const MAX_WAITING_BYTES: usize = 16 << 20;

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CallError {
    /// It ended, or is not there. As JSON-RPC has it: -32000.
    Exited,
    Off(String),
    NotReady,
    TimedOut(Duration),
    /// It reads nothing.
    Busy,
    QuestionTooLong,
    AnswerTooLong,
    /// It answered with an error.
    Refused(String),
    /// Its answer is none that counts there.
    Bad(String),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited => write!(f, "it ended before it answered (-32000)"),
            Self::Off(why) => write!(f, "it is off: {why}"),
            Self::NotReady => write!(f, "it is not running and did not come back in time"),
            Self::TimedOut(after) => write!(f, "it gave no answer within {} ms", after.as_millis()),
            Self::Busy => write!(f, "it does not read what it is sent"),
            Self::QuestionTooLong => write!(f, "the question is longer than the 1 MiB that a line may have"),
            Self::AnswerTooLong => write!(f, "its answer is longer than the 1 MiB that a line may have"),
            Self::Refused(why) => write!(f, "it answered with an error: {why}"),
            Self::Bad(why) => write!(f, "its answer does not count: {why}"),
        }
    }
}

type Outcome = Result<Value, CallError>;

/// All questions to one hook.
#[derive(Debug, Default)]
pub(super) struct Calls {
    last: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    open: HashMap<u64, oneshot::Sender<Outcome>>,
    /// To the process that runs now.
    lines: Option<mpsc::Sender<String>>,
    /// Bytes that wait for it.
    waiting: Arc<AtomicUsize>,
}

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct OpenCall {
    calls: Arc<Calls>,
    id: u64,
    outcome: oneshot::Receiver<Outcome>,
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.calls.lock().open.remove(&self.id);
    }
}

impl OpenCall {
    /// Cancel-safe.
    pub(super) async fn outcome(&mut self) -> Outcome {
        (&mut self.outcome).await.unwrap_or(Err(CallError::Exited))
    }
}

impl Calls {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A process is there: lines go to it, and these bytes of them wait.
    pub(super) fn attach(&self, lines: mpsc::Sender<String>) -> Arc<AtomicUsize> {
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut inner = self.lock();
        inner.lines = Some(lines);
        inner.waiting = Arc::clone(&waiting);
        waiting
    }

    /// It is gone: whatever was open has failed.
    pub(super) fn detach(&self) {
        let open = {
            let mut inner = self.lock();
            inner.lines = None;
            std::mem::take(&mut inner.open)
        };
        for sender in open.into_values() {
            // Whoever does not wait any more need not know.
            let _ = sender.send(Err(CallError::Exited));
        }
    }

    /// Sends a question.
    pub(super) fn open(self: &Arc<Self>, method: &str, params: &Value) -> Result<OpenCall, CallError> {
        let id = (self.last.fetch_add(1, Ordering::Relaxed) + 1) << GUESS_BITS | fastrand::u64(..1 << GUESS_BITS);
        let line = message::request(id, method, params).map_err(|_| CallError::QuestionTooLong)?;
        let (sender, outcome) = oneshot::channel();
        let mut inner = self.lock();
        inner.send(line)?;
        inner.open.insert(id, sender);
        drop(inner);
        Ok(OpenCall { calls: Arc::clone(self), id, outcome })
    }

    /// Sends what wants no answer.
    pub(super) fn tell(&self, method: &str, params: &Value) -> Result<(), CallError> {
        let line = message::notification(method, params).map_err(|_| CallError::QuestionTooLong)?;
        self.lock().send(line)
    }

    /// An answer came. `false`: nobody waits for one of that number.
    pub(super) fn answered(&self, id: u64, outcome: Outcome) -> bool {
        let sender = self.lock().open.remove(&id);
        sender.is_some_and(|sender| sender.send(outcome).is_ok())
    }

    #[cfg(test)]
    pub(super) fn n_open(&self) -> usize {
        self.lock().open.len()
    }
}

impl Inner {
    fn send(&self, line: String) -> Result<(), CallError> {
        let Some(lines) = &self.lines else { return Err(CallError::Exited) };
        let n = line.len();
        let before = self.waiting.fetch_add(n, Ordering::Relaxed);
        let sent = if before > 0 && before + n > MAX_WAITING_BYTES {
            Err(CallError::Busy)
        } else {
            lines.try_send(line).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => CallError::Busy,
                mpsc::error::TrySendError::Closed(_) => CallError::Exited,
            })
        };
        if sent.is_err() {
            self.waiting.fetch_sub(n, Ordering::Relaxed);
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_counts_once_and_for_its_own_question_alone() {
        let calls = Arc::new(Calls::default());
        assert_eq!(calls.open("m", &Value::Null).map(|_| ()), Err(CallError::Exited), "no process is there");
        let (lines, mut sent) = mpsc::channel(8);
        calls.attach(lines);
        let mut first = calls.open("m", &Value::from(1)).unwrap();
        let mut second = calls.open("m", &Value::from(2)).unwrap();
        assert!(sent.recv().await.unwrap().contains("\"params\":1"));
        assert!(calls.answered(second.id, Ok(Value::from("two"))));
        assert!(!calls.answered(second.id, Ok(Value::from("again"))), "twice");
        assert!(!calls.answered(999, Ok(Value::Null)), "unknown");
        assert_eq!(second.outcome().await, Ok(Value::from("two")));
        let third = calls.open("m", &Value::from(3)).unwrap();
        let id = third.id;
        drop(third);
        assert!(!calls.answered(id, Ok(Value::Null)), "nobody waits any more");
        calls.detach();
        assert_eq!(first.outcome().await, Err(CallError::Exited));
        assert_eq!(calls.n_open(), 0);
        let (lines, _sent) = mpsc::channel(8);
        calls.attach(lines);
        let fourth = calls.open("m", &Value::Null).unwrap();
        assert!(fourth.id > id, "numbers are never given again");
    }

    #[tokio::test]
    async fn a_hook_that_reads_nothing_takes_no_more_than_so_much() {
        let calls = Arc::new(Calls::default());
        let (lines, _unread) = mpsc::channel(MAX_WAITING);
        calls.attach(lines);
        let big = Value::from("x".repeat(900_000));
        let mut open = Vec::new();
        let full = loop {
            match calls.open("m", &big) {
                Ok(call) => open.push(call),
                Err(error) => break error,
            }
        };
        assert_eq!(full, CallError::Busy);
        assert!(open.len() * 900_000 <= MAX_WAITING_BYTES);
    }
}
