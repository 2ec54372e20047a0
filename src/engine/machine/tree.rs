//! The session's worktree: looked at once the process has ended, put aside, put back or deleted.

use std::path::PathBuf;
use std::time::Duration;

use super::Effect;
use super::Ending;
use super::Machine;
use super::lifecycle::Life;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::prompt::Surface;
use crate::core::session::Session;
use crate::core::worktree::Aside;
use crate::core::worktree::Place;
use crate::engine::worktrees::Job;
use crate::engine::worktrees::Outcome;

/// A worktree, and how far it is on its way.
#[derive(Debug)]
pub(super) struct Tree {
    place: Place,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Here,
    /// It is looked at when the process has ended.
    Waiting,
    Looking,
    PuttingAside {
        by: Surface,
    },
    /// It can be put back until then; `None`: for as long as nobody decides.
    Aside {
        aside: Aside,
        until: Option<Duration>,
    },
    PuttingBack {
        aside: Aside,
        by: Surface,
    },
    Deleting(Aside),
}

impl Tree {
    /// As an earlier engine left it.
    pub(super) fn of(session: &Session) -> Option<Self> {
        let worktree = session.worktree.as_ref()?;
        let step = match &worktree.aside {
            Some(aside) => Step::Aside { aside: aside.clone(), until: None },
            None => Step::Here,
        };
        Some(Self { place: worktree.place.clone(), step })
    }

    /// Whether the folder is where the process would look for it.
    fn is_here(&self) -> bool {
        matches!(self.step, Step::Here | Step::Waiting | Step::Looking)
    }
}

impl Machine {
    /// The session's task begins: a removal goes on for as long as it had left.
    pub(super) fn begin_tree(&mut self) {
        let (wall, mono) = (self.now.wall, self.now.mono);
        if let Some(Tree { step: Step::Aside { aside, until }, .. }) = &mut self.tree {
            *until = aside.until.map(|at| mono + Duration::from_millis(at.millis_since(wall)));
        }
    }

    pub(super) fn tree_deadline(&self) -> Option<Duration> {
        match &self.tree {
            Some(Tree { step: Step::Aside { until, .. }, .. }) => *until,
            _ => None,
        }
    }

    /// The time is up in which the removal could be undone.
    pub(super) fn tree_overdue(&mut self) {
        let Some(Tree { step: Step::Aside { aside, .. }, .. }) = &self.tree else { return };
        let aside = aside.clone();
        self.go(Step::Deleting(aside.clone()), Job::Delete(aside));
    }

    /// Whether nothing may start, because the folder is away. Says so.
    pub(super) fn refuse_without_tree(&mut self) -> bool {
        let is_away = self.is_tree_away();
        if is_away {
            let text = "The worktree of this session is removed: nothing was sent. Undo the removal first.";
            self.emit(EventKind::Noted(Notice::warning(text)));
        }
        is_away
    }

    pub(super) fn is_tree_away(&self) -> bool {
        self.tree.as_ref().is_some_and(|tree| !tree.is_here())
    }

    /// Whether closing must wait: the session sees its removal through.
    pub(super) fn refuse_close(&mut self) -> bool {
        let is_busy = match &self.tree {
            Some(Tree { step: Step::Aside { until, .. }, .. }) => until.is_some(),
            Some(tree) => !tree.is_here(),
            None => false,
        };
        if is_busy {
            let text = "The session closes by itself when its worktree is deleted.";
            self.emit(EventKind::Noted(Notice::info(text)));
        }
        is_busy
    }

    pub(super) fn look_at_tree(&mut self) {
        match &mut self.tree {
            Some(tree) if tree.is_here() => tree.step = Step::Waiting,
            Some(_) => return self.keep("it is removed already"),
            None => return self.keep("this session has none"),
        }
        self.wanted = false;
        self.stop(None);
        self.advance_tree();
    }

    /// Looks, if that was waited for and the process has ended.
    pub(super) fn advance_tree(&mut self) {
        let is_waiting = matches!(&self.tree, Some(Tree { step: Step::Waiting, .. }));
        if is_waiting && matches!(self.life, Life::Absent) {
            self.go(Step::Looking, Job::Look);
        }
    }

    pub(super) fn remove_tree(&mut self, seen: String, named: Option<String>, by: Surface) {
        let step = self.tree.as_ref().map(|tree| &tree.step);
        match step {
            Some(Step::Here) if !matches!(self.life, Life::Absent) => self.keep("the session is at work in it again"),
            Some(Step::Here) => self.go(Step::PuttingAside { by }, Job::PutAside { seen, named }),
            Some(Step::Waiting | Step::Looking) => self.keep("it is being looked at"),
            Some(Step::PuttingAside { .. } | Step::Aside { .. } | Step::PuttingBack { .. } | Step::Deleting(_)) => {
                self.keep("it is removed already");
            }
            None => self.keep("this session has none"),
        }
    }

    pub(super) fn restore_tree(&mut self, by: Surface) {
        match self.tree.as_ref().map(|tree| &tree.step) {
            Some(Step::Aside { aside, .. }) => {
                let aside = aside.clone();
                self.go(Step::PuttingBack { aside: aside.clone(), by }, Job::PutBack(aside));
            }
            Some(Step::Deleting(_)) => {
                let text = "It is too late: the worktree is being deleted.";
                self.emit(EventKind::Noted(Notice::warning(text)));
            }
            _ => {}
        }
    }

    fn go(&mut self, step: Step, job: Job) {
        if let Some(tree) = &mut self.tree {
            tree.step = step;
            self.effects.push(Effect::Worktree { place: Box::new(tree.place.clone()), job });
        }
    }

    fn keep(&mut self, why: impl Into<String>) {
        self.emit(EventKind::WorktreeKept { why: why.into() });
    }

    /// What came of a job.
    pub(super) fn tree_outcome(&mut self, outcome: Outcome) {
        let Some(tree) = &mut self.tree else { return };
        let place = tree.place.clone();
        let step = std::mem::replace(&mut tree.step, Step::Here);
        match (step, outcome) {
            (_, Outcome::Looked(report)) => self.emit(EventKind::WorktreeLooked(Box::new(report))),
            (Step::PuttingAside { by }, Outcome::Aside { aside, lost }) => {
                self.put_aside(aside.clone());
                self.begin_tree();
                let aside = Box::new(aside);
                self.emit(EventKind::WorktreeAside { place: Box::new(place), aside, by, lost });
            }
            (step, Outcome::Back) => {
                let by = if let Step::PuttingBack { by, .. } = step { by } else { Surface::Engine };
                self.emit(EventKind::WorktreeBack { path: place.path, by });
                self.effects.push(Effect::LookUpBranch(PathBuf::from(&self.at)));
            }
            (_, Outcome::Gone { branch_gone, trouble }) => {
                if let Some(why) = trouble {
                    tracing::warn!(why, "a worktree is not wholly deleted; the next start tries again");
                    let text = "The worktree is not wholly deleted; the next start tries again.";
                    self.emit(EventKind::Noted(Notice::warning(text).with_detail(why)));
                }
                self.emit(EventKind::WorktreeGone { path: place.path, branch_gone });
                self.end(Ending::Close);
            }
            // What could not be put back, or deleted in order, is not touched before somebody says so.
            (Step::PuttingBack { aside, by }, Outcome::Refused { why, .. }) => self.hold(place, aside, by, &why),
            (Step::Deleting(aside), Outcome::Refused { why, .. }) => self.hold(place, aside, Surface::Engine, &why),
            (_, Outcome::Refused { why, report }) => {
                if let Some(report) = report {
                    self.emit(EventKind::WorktreeLooked(Box::new(report)));
                }
                self.keep(why);
                self.advance();
            }
            (step, Outcome::Aside { aside, lost }) => {
                tracing::error!(?step, "a worktree was put aside that nobody wanted aside");
                self.put_aside(aside.clone());
                let (place, aside, by) = (Box::new(place), Box::new(aside), Surface::Engine);
                self.emit(EventKind::WorktreeAside { place, aside, by, lost });
            }
        }
    }

    fn put_aside(&mut self, aside: Aside) {
        if let Some(tree) = &mut self.tree {
            tree.step = Step::Aside { aside, until: None };
        }
    }

    fn hold(&mut self, place: Place, aside: Aside, by: Surface, why: &str) {
        let aside = Aside { until: None, ..aside };
        self.put_aside(aside.clone());
        let lost = vec![format!("it is kept in {}", aside.path)];
        self.emit(EventKind::WorktreeAside { place: Box::new(place), aside: Box::new(aside), by, lost });
        self.emit(EventKind::Noted(Notice::error(format!("That was not possible: {why}."))));
    }
}
