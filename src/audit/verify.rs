//! Finding what was changed: edited, removed, inserted, reordered lines, and a cut end.
//!
//! Lines are read one by one, whatever the size of the log. What a line says about its neighbours is judged
//! by [`Check`]; this file only feeds it.

use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;

use super::chain::Tip;
use super::files::Folder;
use super::lines;
use crate::disk;

mod check;

use check::Check;

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    Edited,
    Removed,
    Inserted,
    Reordered,
    CutTail,
    /// A process was killed while it wrote: a fault, but nobody's doing.
    Torn,
    /// Old files were deleted as the configuration wants it.
    Forgotten,
}

impl Damage {
    /// Whether somebody changed the log.
    pub fn is_bad(self) -> bool {
        !matches!(self, Self::Torn | Self::Forgotten)
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub what: Damage,
    pub file: String,
    /// Counted from 1; zero speaks of the whole file.
    pub line: u64,
    pub record: Option<u64>,
    pub text: String,
}

/// What was found out.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub ok: bool,
    /// Records that are in order.
    pub records: u64,
    /// The last of them: kept elsewhere, it shows a log that was made anew.
    pub head: Option<Tip>,
    pub findings: Vec<Finding>,
    /// Findings beyond those listed.
    pub more: u64,
}

/// Where a line stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: u64,
}

/// The log as it was at one moment; files that are full do not change any more.
#[derive(Debug)]
pub struct Snapshot {
    full: Vec<PathBuf>,
    active: Option<(PathBuf, File, u64)>,
    head: Option<Tip>,
}

impl Snapshot {
    /// Looks at the files while no line is being written.
    pub fn take(folder: &Path) -> io::Result<Self> {
        let folder = Folder::new(folder);
        if !folder.path().is_dir() {
            return Ok(Self { full: Vec::new(), active: None, head: None });
        }
        // Who may only read looks without the lock.
        let _lock = folder.lock().ok();
        let full = folder.all_full()?.into_iter().map(|(_, path)| path).collect();
        let active = match disk::open_read(&folder.active()) {
            Ok(file) => {
                let length = file.metadata()?.len();
                Some((folder.active(), file, length))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { full, active, head: folder.head()? })
    }

    /// Gives each line of the log, with its place, and whether it was ended.
    pub(super) fn each(self, mut take: impl FnMut(&Place, &[u8], bool) -> io::Result<bool>) -> io::Result<()> {
        let full = self.full.into_iter().map(|path| {
            let file = disk::open_read(&path);
            file.map(|file| (path, file, u64::MAX))
        });
        let mut line = Vec::new();
        for part in full.chain(self.active.map(Ok)) {
            let (path, file, length) = part?;
            let mut source = BufReader::new(file.take(length));
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let mut place = Place { file: name, line: 0 };
            while let Some(ended) = lines::next(&mut source, &mut line)? {
                place.line += 1;
                if !take(&place, &line, ended)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Reads the whole log of a folder.
pub fn verify(folder: &Path) -> io::Result<Report> {
    let snapshot = Snapshot::take(folder)?;
    let mut check = Check::new(snapshot.head.clone());
    snapshot.each(|place, line, ended| {
        check.line(place, line, ended);
        Ok(true)
    })?;
    Ok(check.end())
}

#[cfg(test)]
mod tests;
