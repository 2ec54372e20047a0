//! The task between the engine's tap and the disk.
//!
//! Invariants: the engine never waits for the disk; what waits here is bounded; when writing fails the
//! person is told once, writing is tried again, and what did not fit is counted in the log afterwards.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::append::Appender;
use super::append::Limits;
use super::derive::Scribe;
use super::entry::Entry;
use super::record::Body;
use super::record::Record;
use crate::clock;
use crate::core::cell::Notice;
use crate::core::ids::SessionId;
use crate::link::tap::Recorder;
use crate::link::tap::Tapped;
use crate::redact::Redactor;

/// Events taken at once.
const BATCH: usize = 256;
/// Notes of others that wait.
const NOTE_BUFFER: usize = 256;
/// Entries that wait for the disk; beyond half of it, only those that matter most are kept.
const MAX_WAITING_BYTES: usize = 16 * 1024 * 1024;
/// What an entry costs beside its text.
const ENTRY_BYTES: usize = 64;
/// After a failure, writing is tried again this often.
const RETRY: Duration = Duration::from_secs(5);

/// Where and how to write.
#[derive(Debug, Clone)]
pub struct Options {
    pub folder: PathBuf,
    pub limits: Limits,
    pub redactor: Arc<Redactor>,
    /// While nothing can be written, nothing is allowed without a person.
    pub required: bool,
}

/// The running task.
#[derive(Debug)]
pub struct Audit {
    task: JoinHandle<Result<(), Unwritten>>,
    notes: mpsc::Sender<Record>,
}

/// The log ends without its last records.
#[derive(Debug, thiserror::Error)]
#[error("{records} records of the audit log in {} could not be written: {why}", .folder.display())]
pub struct Unwritten {
    pub records: u64,
    pub folder: PathBuf,
    pub why: String,
}

/// A way into the log for what is no event of the engine.
#[derive(Debug, Clone)]
pub struct Notes(mpsc::Sender<Record>);

impl Notes {
    /// `false`: too much waits already, or the task ended.
    pub fn note(&self, session: Option<SessionId>, body: Body) -> bool {
        self.0.try_send(Record { at: clock::now(), session, body }).is_ok()
    }
}

impl Audit {
    /// Writes the first record at once, so that a log that cannot be written is known before anything
    /// runs; then records what comes from the tap, on the runtime this is called in.
    pub fn start(options: Options, started: Body, mut recorder: Recorder) -> Self {
        let (notes, inbox) = mpsc::channel(NOTE_BUFFER);
        let mut keeper = Keeper::new(options);
        keeper.add(&Record { at: clock::now(), session: None, body: started });
        keeper.flush();
        let mut teller = Teller::default();
        teller.tell(&keeper, &mut recorder);
        let task = tokio::spawn(run(keeper, teller, recorder, inbox));
        Self { task, notes }
    }

    /// For whoever has something to record that is no event of the engine.
    pub fn notes(&self) -> Notes {
        Notes(self.notes.clone())
    }

    /// Waits until all is written; the engine must have ended.
    pub async fn finish(self) -> Result<(), Unwritten> {
        drop(self.notes);
        self.task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "the audit log's task failed");
            Ok(())
        })
    }
}

async fn run(
    mut keeper: Keeper,
    mut teller: Teller,
    mut recorder: Recorder,
    mut notes: mpsc::Receiver<Record>,
) -> Result<(), Unwritten> {
    let mut is_open = true;
    while is_open {
        let mut tapped = Vec::new();
        let mut note = None;
        tokio::select! {
            more = recorder.recv_many(&mut tapped, BATCH) => is_open = more,
            Some(record) = notes.recv() => note = Some(record),
            () = tokio::time::sleep(RETRY), if keeper.trouble.is_some() => {}
        }
        if !is_open {
            while let Ok(record) = notes.try_recv() {
                keeper.add(&record);
            }
        }
        let step = tokio::task::spawn_blocking(move || {
            keeper.take(tapped);
            if let Some(record) = note {
                keeper.add(&record);
            }
            if !is_open {
                keeper.add(&Record {
                    at: clock::now(),
                    session: None,
                    body: Body::Stopped { pid: std::process::id() },
                });
            }
            keeper.flush();
            keeper
        });
        keeper = match step.await {
            Ok(keeper) => keeper,
            Err(error) => {
                tracing::error!(%error, "the audit log was given up");
                recorder.tell(Notice::error("The audit log stopped because of a mistake in adjutant."));
                recorder.set_failing(true);
                return Ok(());
            }
        };
        teller.tell(&keeper, &mut recorder);
    }
    keeper.end()
}

/// Tells the person about each failure once.
#[derive(Debug, Default)]
struct Teller {
    told: bool,
}

impl Teller {
    fn tell(&mut self, keeper: &Keeper, recorder: &mut Recorder) {
        let folder = keeper.options.folder.display();
        match (&keeper.trouble, self.told) {
            (Some(why), false) => {
                tracing::error!(%folder, why, "the audit log cannot be written");
                let text = if keeper.options.required {
                    "The audit log cannot be written. Until it can, nothing is allowed without asking you."
                } else {
                    "The audit log cannot be written. What happens is kept in memory for a while and written when possible."
                };
                recorder.tell(Notice::error(text).with_detail(format!("{folder}: {why}")));
            }
            (None, true) => {
                tracing::info!(%folder, "the audit log is written again");
                recorder.tell(Notice::info("The audit log is written again."));
            }
            (Some(_), true) | (None, false) => {}
        }
        self.told = keeper.trouble.is_some();
        recorder.set_failing(keeper.trouble.is_some() && keeper.options.required);
    }
}

/// What waits for the disk.
#[derive(Debug)]
struct Keeper {
    options: Options,
    scribe: Scribe,
    appender: Appender,
    waiting: VecDeque<Entry>,
    waiting_bytes: usize,
    /// Records that did not fit here.
    lost: u64,
    /// Why the last attempt to write failed.
    trouble: Option<String>,
}

impl Keeper {
    fn new(options: Options) -> Self {
        Self {
            appender: Appender::new(&options.folder, options.limits),
            options,
            scribe: Scribe::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lost: 0,
            trouble: None,
        }
    }

    fn take(&mut self, tapped: Vec<Tapped>) {
        for item in tapped {
            match item {
                Tapped::Event(event) => {
                    for record in self.scribe.records(&event) {
                        self.add(&record);
                    }
                }
                Tapped::Lost(lost) => {
                    let why = "the disk did not keep up with the events".to_owned();
                    let records = lost.iter().map(|lost| lost.events).sum();
                    self.add(&Record { at: clock::now(), session: None, body: Body::Lost { records, why } });
                }
            }
        }
    }

    fn add(&mut self, record: &Record) {
        let entry = Entry::new(record, &self.options.redactor);
        let bytes = entry.len() + ENTRY_BYTES;
        let limit = if entry.is_urgent { MAX_WAITING_BYTES } else { MAX_WAITING_BYTES / 2 };
        if self.waiting_bytes > 0 && self.waiting_bytes + bytes > limit {
            self.lost += 1;
            return;
        }
        self.waiting_bytes += bytes;
        self.waiting.push_back(entry);
    }

    /// Writes what waits, each urgent entry before anything after it.
    fn flush(&mut self) {
        while !self.waiting.is_empty() {
            let n_entries =
                self.waiting.iter().position(|entry| entry.is_urgent).map_or(self.waiting.len(), |at| at + 1);
            let n_entries = n_entries.min(BATCH);
            let entries = &self.waiting.make_contiguous()[..n_entries];
            match self.appender.append(entries, clock::now()) {
                Ok(()) => {
                    for entry in self.waiting.drain(..n_entries) {
                        self.waiting_bytes -= entry.len() + ENTRY_BYTES;
                    }
                }
                Err(error) => {
                    self.trouble = Some(in_words(&error));
                    return;
                }
            }
            if self.waiting.is_empty() {
                self.count_lost();
            }
        }
        self.trouble = None;
    }

    fn count_lost(&mut self) {
        let records = std::mem::take(&mut self.lost);
        if records > 0 {
            let why = self.trouble.clone().unwrap_or_else(|| "too many waited to be written".to_owned());
            self.add(&Record { at: clock::now(), session: None, body: Body::Lost { records, why } });
        }
    }

    fn end(self) -> Result<(), Unwritten> {
        let records = self.waiting.len() as u64 + self.lost;
        match self.trouble {
            Some(why) if records > 0 => Err(Unwritten { records, folder: self.options.folder, why }),
            _ => Ok(()),
        }
    }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the disk can only be read".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not write there".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
