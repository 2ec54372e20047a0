//! Sessions that are opened in a worktree of their own: the worktree is made first, beside everything else.

use std::path::PathBuf;

use super::Hub;
use crate::core::command::Command;
use crate::core::event::EventKind;
use crate::core::ids::SessionId;
use crate::core::session::SessionSpec;
use crate::core::worktree::WorktreeSpec;
use crate::engine::worktrees;
use crate::engine::worktrees::Made;
use crate::engine::worktrees::NotMade;
use crate::engine::worktrees::Order;
use crate::engine::worktrees::sweep;

/// A worktree that was made for a session, or why it was not.
#[derive(Debug)]
pub(super) struct Making {
    session: SessionId,
    spec: SessionSpec,
    tag: Option<u64>,
    made: Result<Made, NotMade>,
}

impl Hub {
    /// Makes a worktree for a session that is opened afterwards.
    pub(super) fn make_worktree(&mut self, spec: SessionSpec, branch: Option<String>, tag: Option<u64>) {
        let session = SessionId(self.numbers.next());
        let config = &self.settings.config;
        let order = Order {
            session: session.0,
            title: spec.title.clone(),
            directory: PathBuf::from(&spec.directory),
            branch,
            root: config.worktrees_in(&self.settings.data_dir),
            copy: config.worktrees.copy.clone(),
        };
        self.making.spawn(async move {
            let made = worktrees::make(&order).await;
            Making { session, spec, tag, made }
        });
    }

    /// It is made: the session opens in it.
    pub(super) fn worktree_made(&mut self, making: Making) {
        let Making { session, mut spec, tag, made } = making;
        match made {
            Err(NotMade { why, instead }) => self.tell(session, EventKind::OpenRefused { tag, why, instead }),
            Ok(made) => {
                spec.directory.clone_from(&made.directory);
                spec.branch = Some(made.place.branch.clone());
                spec.worktree = Some(WorktreeSpec::Made(Box::new(made.place.clone())));
                self.open_as(session, spec, tag);
                self.tell(session, EventKind::Noted(made.notice.clone()));
                tokio::spawn(worktrees::confirm(made));
            }
        }
    }

    /// Whether something on a worktree is refused because another session works in it. Says so.
    pub(super) fn refuse_shared(&mut self, session: SessionId, command: &Command) -> bool {
        if !matches!(command, Command::LookAtWorktree { .. } | Command::RemoveWorktree { .. }) {
            return false;
        }
        let place =
            self.fleet.get(session).and_then(|session| session.worktree.as_ref()).map(|tree| tree.place.clone());
        let Some(place) = place else { return false };
        let other = self.fleet.sessions().find(|other| other.id != session && place.holds(&other.spec.directory));
        let Some(other) = other else { return false };
        let why = format!("session {} “{}” works in it too; close that one first", other.id, other.title);
        self.tell(session, EventKind::WorktreeKept { why });
        true
    }

    /// Settles what an earlier engine began, and finds the worktrees that it left, beside everything else.
    pub(super) fn sweep_worktrees(&mut self) {
        if !self.settings.is_alone {
            return;
        }
        let root = self.settings.config.worktrees_in(&self.settings.data_dir);
        let worktrees = self.fleet.sessions().filter_map(|session| session.worktree.as_ref());
        let known = sweep::Known::new(root, worktrees);
        self.sweeping.spawn(sweep::sweep(known));
    }

    /// The worktree that a directory is in, if it is one of ours.
    pub(super) fn worktree_at(&self, directory: &str) -> Option<WorktreeSpec> {
        self.places.iter().find(|place| place.holds(directory)).cloned().map(Box::new).map(WorktreeSpec::Made)
    }

    /// Remembers which worktrees there are.
    pub(super) fn note_places(&mut self, kind: &EventKind) {
        match kind {
            EventKind::Opened { spec: SessionSpec { worktree: Some(WorktreeSpec::Made(place)), .. }, .. } => {
                self.places.retain(|known| known.path != place.path);
                self.places.push((**place).clone());
            }
            EventKind::WorktreeGone { path, .. } => self.places.retain(|known| known.path != *path),
            _ => {}
        }
    }
}
