//! Looking at conversations for a session: their history, and those that somebody else goes on with.
//!
//! **For:** reading the CLI's record off the session's task, and telling it what came of that. **Not for:**
//! deciding. Invariants: a watch wakes up only while its session follows; nothing here writes.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::core::ids::ConversationId;
use crate::core::ids::PromptId;
use crate::engine::lock;
use crate::engine::machine::Input;
use crate::transcripts;
use crate::transcripts::holder;
use crate::transcripts::read;
use crate::transcripts::read::ForkPoint;
use crate::transcripts::read::Told;
use crate::transcripts::read::Watch;

/// How often a conversation that is followed is looked at.
const STEP: Duration = Duration::from_millis(500);
/// Who works on it is looked up with every so many steps.
const STEPS_PER_LOOK: u32 = 4;
/// A file that has changed so lately has somebody who writes it.
const FRESH: Duration = Duration::from_secs(5);

/// Where a conversation is, and who may work on it.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) claude_home: PathBuf,
    pub(crate) locks: PathBuf,
    pub(crate) directory: PathBuf,
}

impl Ground {
    fn find(&self, conversation: &ConversationId) -> Result<PathBuf, String> {
        let projects = transcripts::projects(&self.claude_home);
        let found = transcripts::find(&projects, conversation, &self.directory.to_string_lossy());
        found.ok_or_else(|| format!("there is no file {conversation}.jsonl under {}", projects.display()))
    }

    /// Who works on a conversation, besides this session. Reads the disk.
    pub(crate) fn holder(&self, conversation: &ConversationId) -> Option<String> {
        let adjutant = lock::holder(&self.locks, conversation).map(|holder| holder.describe());
        adjutant.or_else(|| holder::of(&self.claude_home, conversation).map(|holder| holder.describe()))
    }

    /// The message that a fork before a prompt goes on from; `None`: from the beginning. Reads the disk.
    pub(crate) fn fork_point(
        &self,
        conversation: &ConversationId,
        prompt: &PromptId,
    ) -> Result<Option<String>, String> {
        match read::fork_point(&self.find(conversation)?, prompt)? {
            ForkPoint::After(uuid) => Ok(Some(uuid)),
            ForkPoint::Beginning => Ok(None),
        }
    }
}

/// Reads what was said before.
pub(crate) fn read_history(
    ground: Ground,
    conversation: ConversationId,
    before: Option<PromptId>,
    found: mpsc::Sender<Input>,
) {
    tokio::spawn(async move {
        let look = tokio::task::spawn_blocking(move || {
            let path = ground.find(&conversation)?;
            let history = read::read(&path, before.as_ref());
            history.map(|history| history.events).map_err(|error| format!("{}: {error}", path.display()))
        });
        let read = look.await.unwrap_or_else(|error| Err(format!("reading it failed: {error}")));
        let _ = found.send(Input::History(read)).await;
    });
}

/// Looks at a conversation until the handle is dropped.
pub(crate) fn watch(ground: Ground, conversation: ConversationId, found: mpsc::Sender<Input>) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut look = Look { ground, conversation, watch: None, by: None, n_steps: 0 };
        loop {
            let stepped = tokio::task::spawn_blocking(move || {
                let told = look.step();
                (look, told)
            });
            let Ok((next, told)) = stepped.await else { return };
            look = next;
            if found.send(Input::Watched { told, by: look.by.clone() }).await.is_err() {
                return;
            }
            tokio::time::sleep(STEP).await;
        }
    }))
}

/// A conversation that is looked at.
#[derive(Debug)]
struct Look {
    ground: Ground,
    conversation: ConversationId,
    /// `None` until its file is there.
    watch: Option<(PathBuf, Watch)>,
    by: Option<String>,
    n_steps: u32,
}

impl Look {
    fn step(&mut self) -> Vec<Told> {
        let mut told = match &mut self.watch {
            Some((_, watch)) => watch.step().unwrap_or_default(),
            None => self.begin(),
        };
        if self.n_steps.is_multiple_of(STEPS_PER_LOOK) {
            let by = self.ground.holder(&self.conversation).or_else(|| self.unknown_writer());
            if let (None, Some((_, watch))) = (&by, &mut self.watch) {
                told.extend(watch.end());
            }
            self.by = by;
        }
        self.n_steps = self.n_steps.wrapping_add(1);
        told
    }

    fn begin(&mut self) -> Vec<Told> {
        let Ok(path) = self.ground.find(&self.conversation) else { return Vec::new() };
        let Ok((watch, history)) = Watch::begin(&path) else { return Vec::new() };
        self.watch = Some((path, watch));
        history.events
    }

    /// Nobody says that they work on it, but somebody writes.
    fn unknown_writer(&self) -> Option<String> {
        let (path, _) = self.watch.as_ref()?;
        let age = SystemTime::now().duration_since(changed(path)?).unwrap_or_default();
        (age < FRESH).then(|| "probably a program that this machine does not show (its file has just changed)".into())
    }
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::symlink_metadata(path).ok()?.modified().ok()
}
