//! Which conversations there are: their files first, and then what each is about.
//!
//! Only the first and the last bytes of a file are read, so that thousands of files of any size are listed
//! in a moment.

use std::fs::DirEntry;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use memchr::memmem;
use serde::Serialize;

use super::ENDING;
use super::is_id;
use super::open_regular;
use super::tell;
use crate::core::ids::ConversationId;
use crate::core::ids::Timestamp;
use crate::core::session::title_of;
use crate::wire::transcript::Record;

/// Bytes that are looked at, at each end of a file.
const LOOK: usize = 64 << 10;
/// Bytes that are enough for most beginnings.
const FIRST_LOOK: usize = 16 << 10;
/// Conversations that are told of at a time.
const BATCH: usize = 100;

/// A conversation of the CLI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub id: ConversationId,
    pub path: PathBuf,
    pub bytes: u64,
    /// When something was last added to it.
    pub modified: Timestamp,
    /// The title that a person or a model gave it, or its first prompt.
    pub title: Option<String>,
    /// The directory it was held in; `None` when its beginning does not say.
    pub directory: Option<String>,
}

/// Every conversation, the one that was changed last first.
pub fn list(projects: &Path) -> Vec<Entry> {
    let mut all = Vec::new();
    list_in_batches(projects, &mut |batch| {
        all.extend(batch);
        true
    });
    all
}

/// The same in pieces, as they are read. Ends early when `take` wants no more.
pub fn list_in_batches(projects: &Path, take: &mut dyn FnMut(Vec<Entry>) -> bool) {
    let mut entries = files(projects);
    entries.sort_by(|a, b| b.modified.cmp(&a.modified).then_with(|| a.path.cmp(&b.path)));
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(4);
    let mut rest = entries.as_mut_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at_mut(rest.len().min(BATCH * n_threads));
        std::thread::scope(|scope| {
            for part in now.chunks_mut(BATCH) {
                scope.spawn(|| part.iter_mut().for_each(look));
            }
        });
        if !take(now.to_vec()) {
            return;
        }
        rest = later;
    }
}

/// The files, without a look into them.
fn files(projects: &Path) -> Vec<Entry> {
    let folders = std::fs::read_dir(projects).into_iter().flatten().flatten();
    let folders = folders.filter(|folder| folder.file_type().is_ok_and(|kind| kind.is_dir()));
    folders
        .flat_map(|folder| std::fs::read_dir(folder.path()).into_iter().flatten().flatten())
        .filter_map(|entry| file(&entry))
        .collect()
}

fn file(entry: &DirEntry) -> Option<Entry> {
    let path = entry.path();
    let id = path.file_stem()?.to_str().filter(|id| is_id(id) && !id.starts_with("agent-"))?;
    if path.extension()? != ENDING || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
        return None;
    }
    let meta = entry.metadata().ok().filter(|meta| meta.is_file() && meta.len() > 0)?;
    Some(Entry {
        id: ConversationId::from(id),
        bytes: meta.len(),
        modified: modified(&meta),
        title: None,
        directory: None,
        path,
    })
}

pub(super) fn modified(meta: &Metadata) -> Timestamp {
    let since = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// One conversation by its file.
pub fn entry(path: &Path) -> Option<Entry> {
    let id = path.file_stem()?.to_str().filter(|id| is_id(id))?;
    let meta = std::fs::symlink_metadata(path).ok().filter(Metadata::is_file)?;
    let mut entry = Entry {
        id: ConversationId::from(id),
        path: path.to_owned(),
        bytes: meta.len(),
        modified: modified(&meta),
        title: None,
        directory: None,
    };
    look(&mut entry);
    Some(entry)
}

/// Looks into the file for a title and the directory. What cannot be read stays unknown.
fn look(entry: &mut Entry) {
    // A file that went away meanwhile has nothing to say.
    let _ = look_into(entry);
}

fn look_into(entry: &mut Entry) -> io::Result<()> {
    let (file, bytes) = open_regular(&entry.path)?;
    let mut buffer = vec![0; LOOK];
    let mut about = About::default();
    let n_read = read_up_to(&file, &mut buffer, bytes.saturating_sub(LOOK as u64))?;
    about.end(&buffer[..n_read]);
    let tail = buffer[..n_read].to_vec();
    for room in [FIRST_LOOK, LOOK] {
        let n_read = read_up_to(&file, &mut buffer[..room], 0)?;
        about.begin(&buffer[..n_read]);
        if about.is_enough() || n_read < room {
            break;
        }
    }
    if about.directory.is_none() {
        about.directory = last_directory(&tail);
    }
    entry.title = about.title();
    entry.directory = about.directory;
    Ok(())
}

fn read_up_to(file: &std::fs::File, buffer: &mut [u8], start: u64) -> io::Result<usize> {
    let mut n_read = 0;
    while n_read < buffer.len() {
        match file.read_at(&mut buffer[n_read..], start + n_read as u64)? {
            0 => break,
            n => n_read += n,
        }
    }
    Ok(n_read)
}

/// The directory of the last line that names one.
fn last_directory(bytes: &[u8]) -> Option<String> {
    let lines = bytes.rsplit(|byte| *byte == b'\n').filter(|line| memmem::find(line, b"\"cwd\":").is_some());
    lines.filter_map(|line| Record::read(&String::from_utf8_lossy(line))?.cwd).find(|cwd| cwd.starts_with('/'))
}

/// What the two ends of a file say.
#[derive(Debug, Default)]
struct About {
    given: Option<String>,
    generated: Option<String>,
    summary: Option<String>,
    first_prompt: Option<String>,
    last_prompt: Option<String>,
    directory: Option<String>,
}

impl About {
    fn is_enough(&self) -> bool {
        self.directory.is_some() && self.first_prompt.is_some()
    }

    fn title(&self) -> Option<String> {
        let all = [&self.given, &self.generated, &self.summary, &self.first_prompt, &self.last_prompt];
        all.into_iter().flatten().map(|title| title_of(title)).find(|title| !title.is_empty())
    }

    /// Reads the beginning of a file, as far as it is of use.
    fn begin(&mut self, bytes: &[u8]) {
        let bytes = bytes.strip_prefix(super::BOM).unwrap_or(bytes);
        for line in bytes.split(|byte| *byte == b'\n') {
            if self.is_enough() {
                return;
            }
            let Some(record) = Record::read(&String::from_utf8_lossy(line)) else { continue };
            if self.directory.is_none() {
                self.directory = record.cwd.clone().filter(|cwd| cwd.starts_with('/'));
            }
            if self.first_prompt.is_none() && !record.is_sidechain {
                self.first_prompt = tell::prompt_of(&record).filter(|text| !text.starts_with('/'));
            }
            self.title_line(record);
        }
    }

    /// Reads the end of a file, backwards: the newest title counts.
    fn end(&mut self, bytes: &[u8]) {
        for line in bytes.rsplit(|byte| *byte == b'\n') {
            if self.given.is_some() {
                return;
            }
            let may_say = [&b"Title\":"[..], b"\"summary\":", b"\"lastPrompt\":"]
                .iter()
                .any(|key| memmem::find(line, key).is_some());
            if may_say && let Some(record) = Record::read(&String::from_utf8_lossy(line)) {
                self.title_line(record);
            }
        }
    }

    /// The first that is seen of each kind counts, and the end is looked at before the beginning.
    fn title_line(&mut self, record: Record) {
        let (place, text) = match record.kind.as_str() {
            "custom-title" => (&mut self.given, record.custom_title),
            "ai-title" => (&mut self.generated, record.ai_title),
            "summary" => (&mut self.summary, record.summary),
            "last-prompt" => (&mut self.last_prompt, record.last_prompt),
            _ => return,
        };
        if place.is_none() {
            *place = text.filter(|text| !text.trim().is_empty());
        }
    }
}
