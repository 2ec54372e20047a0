//! Git worktrees of sessions: made, looked at, removed so that it can be undone.
//!
//! **For:** everything that is done with git. **Not for:** deciding when (`machine::tree` does), and not for what a
//! loss is (`core::worktree`). Invariants: git runs no hook, no monitor and no filter that the repository itself
//! defines, reaches no network, asks nothing, and has a time limit; what cannot be judged is kept; nothing is deleted
//! that was not put aside first, and `journal` knows of it before it is touched.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::core::worktree::Aside;
use crate::core::worktree::Place;
use crate::core::worktree::Report;

/// Files that git does not have, brought along.
mod copies;
mod git;
/// What was begun, on the disk.
mod journal;
mod look;
mod make;
mod names;
mod remove;
/// What `git status` says.
mod status;
/// What an engine that was killed left half done.
pub(crate) mod sweep;
mod users;

pub(crate) use make::Made;
pub(crate) use make::NotMade;
pub(crate) use make::Order;
pub(crate) use make::confirm;
pub(crate) use make::make;

/// How long a removal can be undone.
pub(crate) const UNDO: Duration = Duration::from_secs(10);
/// A disk that does not answer for so long is given up.
const DISK_PATIENCE: Duration = Duration::from_secs(10);

/// What a session's task is to do with its worktree.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    Look,
    /// Put it aside, if it is still as in the report with this mark.
    PutAside {
        seen: String,
        named: Option<String>,
    },
    PutBack(Aside),
    Delete(Aside),
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Outcome {
    Looked(Report),
    /// It is aside, and what goes with it.
    Aside {
        aside: Aside,
        lost: Vec<String>,
    },
    Back,
    Gone {
        branch_gone: bool,
        trouble: Option<String>,
    },
    /// Nothing was done. With a report when it is another than the one that was seen.
    Refused {
        why: String,
        report: Option<Report>,
    },
}

/// Does a job.
pub(crate) async fn work(place: Place, job: Job) -> Outcome {
    let done = match job {
        Job::Look => look::look(&place).await.map(Outcome::Looked),
        Job::PutAside { seen, named } => remove::put_aside(&place, &seen, named.as_deref()).await,
        Job::PutBack(aside) => remove::put_back(&place, &aside).await.map(|()| Outcome::Back),
        Job::Delete(aside) => remove::delete(&place, &aside).await,
    };
    done.unwrap_or_else(|why| Outcome::Refused { why, report: None })
}

/// The folder of all worktrees that one is in.
fn root_of(place: &Place) -> Option<PathBuf> {
    Path::new(&place.path).parent()?.parent().map(Path::to_owned)
}

/// Does something on the disk, which may not answer.
async fn on_disk<T: Send + 'static>(
    what: &str,
    patience: Duration,
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, String> {
    match tokio::time::timeout(patience, tokio::task::spawn_blocking(act)).await {
        Ok(Ok(Ok(value))) => Ok(value),
        Ok(Ok(Err(error))) => Err(format!("{what}: {}", plain(&error))),
        Ok(Err(error)) => Err(format!("{what}: {error}")),
        Err(_) => Err(format!("{what}: the disk does not answer")),
    }
}

/// An error of the system, without its number when it can be said better.
fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::StorageFull => "the disk is full".into(),
        std::io::ErrorKind::PermissionDenied => "that is not permitted".into(),
        _ => error.to_string(),
    }
}
