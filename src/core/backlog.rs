//! The backlog of a project: features in an order, what each depends on, and who works on which.
//!
//! **For:** the rules of every change, as pure functions on the whole backlog of one project. **Not for:** keeping it,
//! or telling two projects apart. Invariants: whatever the order of changes, a feature is worked on by one session at
//! most; dependencies form no cycle and name only features that exist; a change that is refused changed nothing.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::Serialize;

use super::ids::FeatureId;
use super::ids::SessionId;
use super::ids::Timestamp;

mod rules;
#[cfg(test)]
pub(crate) mod tests;

/// Features of a project. More is no list that anybody works off.
pub const MAX_FEATURES: usize = 5_000;
/// Characters of a name, and of a category.
pub const MAX_NAME: usize = 200;
/// Characters of a description, of the evidence, and of a step: what an issue on GitHub may have (65,536) fits.
pub const MAX_TEXT: usize = 70_000;
/// Steps, and dependencies, of one feature.
pub const MAX_STEPS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Todo,
    InProgress,
    Passing,
}

/// Where a feature stands, its dependencies considered. Each is in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// To be done, and everything that it depends on passes.
    Ready,
    InProgress,
    /// To be done, and something that it depends on does not pass yet.
    Blocked,
    Passing,
}

impl Standing {
    pub const ALL: [Self; 4] = [Self::Ready, Self::InProgress, Self::Blocked, Self::Passing];

    pub fn words(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::InProgress => "in progress",
            Self::Blocked => "blocked",
            Self::Passing => "passing",
        }
    }
}

/// How much of the backlog a session may touch. Each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    Read,
    /// New features, and putting them off.
    Manage,
    /// Working features off.
    Work,
}

/// Who changes the backlog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// At the terminal, a phone or the command line.
    Person,
    Session(SessionId),
    /// A program that speaks MCP with us, by a name that is its own for as long as it runs.
    Client(String),
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person => f.write_str("a person"),
            Self::Session(session) => write!(f, "session {session}"),
            Self::Client(name) => write!(f, "MCP client {name}"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feature {
    pub id: FeatureId,
    pub category: String,
    pub name: String,
    pub description: String,
    pub steps: Vec<String>,
    pub status: Status,
    /// How often it was put off.
    pub skipped: u32,
    pub depends_on: Vec<FeatureId>,
    /// Who works on it; nobody unless it is in progress.
    pub worker: Option<Who>,
    /// What shows that it passes.
    pub evidence: Option<String>,
    pub made_by: Who,
    pub made: Timestamp,
    pub changed: Timestamp,
}

impl Feature {
    /// `is_free`: whether everything that it depends on passes.
    fn standing(&self, is_free: impl FnOnce(&Self) -> bool) -> Standing {
        match self.status {
            Status::InProgress => Standing::InProgress,
            Status::Passing => Standing::Passing,
            Status::Todo if is_free(self) => Standing::Ready,
            Status::Todo => Standing::Blocked,
        }
    }
}

/// What somebody wants to be a feature.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft {
    pub category: String,
    pub name: String,
    pub description: String,
    pub steps: Vec<String>,
    pub depends_on: Vec<Needs>,
    /// It passes already, and this shows it.
    pub evidence: Option<String>,
}

/// A dependency of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Feature(FeatureId),
    /// The draft at this place of the same list, counted from 0.
    Draft(usize),
}

/// What is to be another text; `None` leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    pub category: Option<String>,
    pub name: Option<String>,
    pub description: Option<String>,
    pub steps: Option<Vec<String>>,
}

/// What happened to a feature: its history, and the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Created,
    Edited,
    Moved,
    Skipped,
    Claimed,
    SetBack,
    Passed,
    Reopened,
    DependencyAdded,
    DependencyRemoved,
    Removed,
}

impl What {
    pub fn words(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Moved => "moved",
            Self::Skipped => "skipped",
            Self::Claimed => "begun",
            Self::SetBack => "set back",
            Self::Passed => "passed",
            Self::Reopened => "reopened",
            Self::DependencyAdded => "dependency added",
            Self::DependencyRemoved => "dependency removed",
            Self::Removed => "removed",
        }
    }
}

/// Why a change was not made. Nothing of it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("there is no feature {0} in this project's backlog")]
    Unknown(FeatureId),
    #[error("{place}: {what} is missing")]
    Empty { place: String, what: &'static str },
    #[error("{place}: {what} is too long ({found} characters; {most} at most): say it shorter")]
    TooLong { place: String, what: &'static str, found: usize, most: usize },
    #[error("{place}: more than {most} {what}: split the feature")]
    TooMany { place: String, what: &'static str, most: usize },
    #[error("the backlog would have {0} features; {MAX_FEATURES} fit: remove or export what is done")]
    Full(usize),
    #[error("{place}: it would depend on itself ({})", chain(cycle))]
    Cycle { place: String, cycle: Vec<String> },
    #[error("{place}: depends on number {index} of the list, and the list has {len}")]
    NoDraft { place: String, index: usize, len: usize },
    #[error("{place}: depends on feature {id}, which does not exist")]
    NoDependency { place: String, id: FeatureId },
    #[error("feature {id} is blocked: it waits for {}", list(waits_for))]
    Blocked { id: FeatureId, waits_for: Vec<FeatureId> },
    #[error("feature {id} is worked on by {by}")]
    Taken { id: FeatureId, by: Who },
    #[error("feature {0} passes already")]
    Passes(FeatureId),
    #[error("feature {0} is not in progress: claim it first")]
    NotBegun(FeatureId),
    #[error("feature {0} does not pass, so there is nothing to reopen")]
    NotPassing(FeatureId),
    #[error("feature {id} does not depend on feature {needs}")]
    NoSuchDependency { id: FeatureId, needs: FeatureId },
    #[error("{} on feature {id}; remove that first, or use --force", depend(by))]
    Needed { id: FeatureId, by: Vec<FeatureId> },
    #[error("say what shows that it passes: the command that was run, and what came of it")]
    NoEvidence,
    #[error("nothing is ready{}", if *.n_blocked > 0 { format!(" ({n_blocked} blocked)") } else { String::new() })]
    NothingReady { n_blocked: usize },
}

fn list(ids: &[FeatureId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn depend(by: &[FeatureId]) -> String {
    if let [one] = by { format!("feature {one} depends") } else { format!("features {} depend", list(by)) }
}

fn chain(cycle: &[String]) -> String {
    cycle.join(" → ")
}

/// How many stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Stats {
    pub ready: usize,
    pub in_progress: usize,
    pub blocked: usize,
    pub passing: usize,
    pub total: usize,
    /// Of all, rounded down: 100 only when everything passes.
    pub percent_passing: usize,
}

/// The backlog of one project. The order of the features is the order of work.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    features: Vec<Feature>,
    /// The highest number ever given; none is given twice.
    last: FeatureId,
    /// What happened since it was taken up.
    log: Vec<(FeatureId, What)>,
}

impl Backlog {
    /// As it was kept.
    pub fn new(features: Vec<Feature>, last: FeatureId) -> Self {
        let last = features.iter().map(|feature| feature.id).max().unwrap_or_default().max(last);
        Self { features, last, log: Vec::new() }
    }

    pub fn features(&self) -> &[Feature] {
        &self.features
    }

    pub fn last(&self) -> FeatureId {
        self.last
    }

    /// What the changes were, in order.
    pub fn log(&self) -> &[(FeatureId, What)] {
        &self.log
    }

    pub fn get(&self, id: FeatureId) -> Result<&Feature, Refused> {
        self.features.iter().find(|feature| feature.id == id).ok_or(Refused::Unknown(id))
    }

    /// What a feature waits for.
    pub fn waits_for(&self, feature: &Feature) -> Vec<FeatureId> {
        let passes = |id: &FeatureId| self.get(*id).is_ok_and(|feature| feature.status == Status::Passing);
        feature.depends_on.iter().copied().filter(|id| !passes(id)).collect()
    }

    pub fn standing(&self, feature: &Feature) -> Standing {
        feature.standing(|_| self.waits_for(feature).is_empty())
    }

    /// Each feature with where it stands, in the order of work.
    pub fn standings(&self) -> Vec<(&Feature, Standing)> {
        let passing = self.features.iter().filter(|feature| feature.status == Status::Passing);
        let passing: HashSet<FeatureId> = passing.map(|feature| feature.id).collect();
        let is_free = |feature: &Feature| feature.depends_on.iter().all(|id| passing.contains(id));
        self.features.iter().map(|feature| (feature, feature.standing(is_free))).collect()
    }

    pub fn stats(&self) -> Stats {
        let mut stats = Stats { total: self.features.len(), ..Stats::default() };
        for (_, standing) in self.standings() {
            *match standing {
                Standing::Ready => &mut stats.ready,
                Standing::InProgress => &mut stats.in_progress,
                Standing::Blocked => &mut stats.blocked,
                Standing::Passing => &mut stats.passing,
            } += 1;
        }
        stats.percent_passing = (stats.passing * 100).checked_div(stats.total).unwrap_or(0);
        stats
    }
}
