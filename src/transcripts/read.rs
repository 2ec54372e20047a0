//! One conversation as events, at once or as it grows.

use std::io;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;
use std::path::PathBuf;

use super::BOM;
use super::agents::Agents;
use super::branch;
use super::open_regular;
use super::tell;
use super::tell::Teller;
pub use super::tell::Told;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::ids::PromptId;
use crate::core::ids::Timestamp;
use crate::wire::transcript::Record;

/// The newest bytes of a conversation that are read; a session's memory holds no more either.
pub const MAX_BYTES: u64 = 32 << 20;
/// Bytes that are taken in at a time while a conversation is watched.
const MAX_STEP: u64 = 4 << 20;

/// A conversation as it was read.
#[derive(Debug, Default, PartialEq)]
pub struct History {
    pub events: Vec<Told>,
    /// Lines that could not be read.
    pub n_garbage: u64,
    /// Older bytes that were left out.
    pub left_out: u64,
}

/// Reads a conversation. `before`: only what came before that prompt.
pub fn read(path: &Path, before: Option<&PromptId>) -> io::Result<History> {
    let mut lines = Lines::new(path.to_owned());
    lines.skip_to_last(MAX_BYTES)?;
    let left_out = lines.offset;
    let (records, n_garbage) = lines.read_on(MAX_BYTES)?;
    let mut records = commands_first(branch::active(records));
    if let Some(place) = before.and_then(|prompt| records.iter().position(|record| is_named(record, prompt))) {
        records.truncate(place);
    }
    let (mut teller, mut agents) = (Teller::new(), Agents::beside(path));
    let mut events = Vec::new();
    for record in records {
        teller.tell(record, &mut events, &mut |call, told| agents.tell(call, told));
    }
    agents.tell_all(&mut events);
    teller.end(&mut events);
    if let Some(notice) = incomplete(n_garbage, left_out) {
        let at = events.first().map_or(Timestamp(0), |(at, _)| *at);
        events.insert(0, (at, EventKind::Noted(notice)));
    }
    Ok(History { events, n_garbage, left_out })
}

fn is_named(record: &Record, prompt: &PromptId) -> bool {
    record.uuid.as_deref() == Some(&*prompt.0)
}

/// What is missing, said where the conversation begins.
fn incomplete(n_garbage: u64, left_out: u64) -> Option<Notice> {
    let mut parts = Vec::new();
    if left_out > 0 {
        parts.push(format!("The oldest {} MiB of the conversation are not shown.", left_out.div_ceil(1 << 20)));
    }
    if n_garbage > 0 {
        let lines = if n_garbage == 1 { "1 line".to_owned() } else { format!("{n_garbage} lines") };
        parts.push(format!("{lines} of its file could not be read."));
    }
    (!parts.is_empty()).then(|| Notice::info(parts.join(" ")))
}

/// The CLI writes the command to compact behind what came of it.
fn commands_first(mut records: Vec<Record>) -> Vec<Record> {
    const REACH: usize = 8;
    let is_boundary = |record: &Record| record.subtype.as_deref() == Some("compact_boundary");
    let mut idx = 0;
    while idx < records.len() {
        let reach = (idx + REACH).min(records.len());
        let is_command = |record: &Record| {
            tell::prompt_of(record).is_some_and(|text| text.split_whitespace().next() == Some("/compact"))
        };
        if is_boundary(&records[idx])
            && let Some(place) = records[idx..reach].iter().position(is_command)
        {
            records[idx..=idx + place].rotate_right(1);
            idx += place;
        }
        idx += 1;
    }
    records
}

/// Where a fork goes on that leaves out a prompt and everything after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkPoint {
    /// With the message of this name as the last.
    After(String),
    /// Nothing came before it: a new conversation is the same.
    Beginning,
}

/// Finds the message that came before a prompt.
pub fn fork_point(path: &Path, prompt: &PromptId) -> Result<ForkPoint, String> {
    let failed = |error: io::Error| format!("the conversation's file {} cannot be read: {error}", path.display());
    let mut lines = Lines::new(path.to_owned());
    lines.skip_to_last(MAX_BYTES).map_err(failed)?;
    let is_whole = lines.offset == 0;
    let (records, _) = lines.read_on(MAX_BYTES).map_err(failed)?;
    let records = branch::active(records);
    let Some(place) = records.iter().position(|record| is_named(record, prompt)) else {
        return Err("the prompt is not in the CLI's record of the conversation (any more)".into());
    };
    let (before, after) = records.split_at(place);
    if after.iter().any(|record| record.subtype.as_deref() == Some("compact_boundary")) {
        return Err(
            "the conversation was summarised after that prompt, and the CLI can only go back to prompts after \
                    the summary"
                .into(),
        );
    }
    let is_message = |record: &&Record| record.kind == "assistant" && !record.is_sidechain && record.uuid.is_some();
    match before.iter().rev().find(is_message).and_then(|record| record.uuid.clone()) {
        Some(uuid) => Ok(ForkPoint::After(uuid)),
        None if is_whole => Ok(ForkPoint::Beginning),
        None => Err("what came before that prompt is too far back in the conversation's file".into()),
    }
}

/// The lines of a file, read on from where they ended the last time.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    /// How far whole lines were taken.
    offset: u64,
    /// Bytes of a line that was longer than what is read at a time: the rest of it is no line.
    is_inside: bool,
}

impl Lines {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, offset: 0, is_inside: false }
    }

    /// Leaves out all but the newest bytes.
    fn skip_to_last(&mut self, bytes: u64) -> io::Result<()> {
        let (_, length) = open_regular(&self.path)?;
        if length > bytes {
            self.offset = length - bytes;
            self.is_inside = true;
        }
        Ok(())
    }

    /// The whole lines that have come, and how many were none. At most so many bytes are read.
    pub(super) fn read_on(&mut self, max: u64) -> io::Result<(Vec<Record>, u64)> {
        let (mut file, length) = open_regular(&self.path)?;
        if length < self.offset {
            // Another file took its place.
            (self.offset, self.is_inside) = (length, false);
        }
        let mut bytes = Vec::new();
        let is_beginning = self.offset == 0;
        file.seek(SeekFrom::Start(self.offset))?;
        file.take(max).read_to_end(&mut bytes)?;
        let is_full = bytes.len() as u64 == max;
        let end = match memchr::memrchr(b'\n', &bytes) {
            Some(last) => last + 1,
            // A line longer than that is none that could be shown.
            None if is_full => {
                self.offset += bytes.len() as u64;
                self.is_inside = true;
                return Ok((Vec::new(), 0));
            }
            None => return Ok((Vec::new(), 0)),
        };
        bytes.truncate(end);
        self.offset += end as u64;
        let mut rest = bytes.as_slice();
        if is_beginning {
            rest = rest.strip_prefix(BOM).unwrap_or(rest);
        }
        if std::mem::take(&mut self.is_inside) {
            rest = memchr::memchr(b'\n', rest).map_or(&[][..], |first| &rest[first + 1..]);
        }
        let mut n_garbage = 0;
        let is_blank = |line: &&[u8]| line.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace());
        let lines = rest.split(|byte| *byte == b'\n').filter(|line| !is_blank(line));
        let records = lines.filter_map(|line| {
            let record = Record::read(&String::from_utf8_lossy(line));
            n_garbage += u64::from(record.is_none());
            record
        });
        let records = records.collect();
        Ok((records, n_garbage))
    }
}

/// A conversation that somebody else goes on with.
#[derive(Debug)]
pub struct Watch {
    lines: Lines,
    teller: Teller,
    agents: Agents,
}

impl Watch {
    /// Reads what is there already; what comes after is told by [`step`](Self::step).
    pub fn begin(path: &Path) -> io::Result<(Self, History)> {
        let mut lines = Lines::new(path.to_owned());
        lines.skip_to_last(MAX_BYTES)?;
        let left_out = lines.offset;
        let (records, n_garbage) = lines.read_on(MAX_BYTES)?;
        let (mut teller, mut agents) = (Teller::new(), Agents::beside(path));
        let mut events = Vec::new();
        for record in commands_first(branch::active(records)) {
            teller.tell(record, &mut events, &mut |call, told| agents.tell(call, told));
        }
        if let Some(notice) = incomplete(n_garbage, left_out) {
            let at = events.first().map_or(Timestamp(0), |(at, _)| *at);
            events.insert(0, (at, EventKind::Noted(notice)));
        }
        Ok((Self { lines, teller, agents }, History { events, n_garbage, left_out }))
    }

    /// What has come since. A turn whose last word was said is over when nothing more comes.
    pub fn step(&mut self) -> io::Result<Vec<Told>> {
        let mut told = Vec::new();
        let (records, _) = self.lines.read_on(MAX_STEP)?;
        let is_quiet = records.is_empty();
        for record in records {
            self.teller.tell(record, &mut told, &mut |call, told| self.agents.tell(call, told));
        }
        self.agents.tell_all(&mut told);
        if is_quiet {
            self.teller.settle(&mut told);
        }
        Ok(told)
    }

    /// Nobody goes on with it any more: what is open is closed.
    pub fn end(&mut self) -> Vec<Told> {
        let mut told = self.step().unwrap_or_default();
        self.teller.end(&mut told);
        told
    }
}
