//! A backlog as JSON: what `--json` prints, what models see, and what `import` reads again.

use serde::Serialize;

use crate::core::backlog::Backlog;
use crate::core::backlog::Feature;
use crate::core::backlog::Standing;
use crate::core::backlog::Stats;
use crate::core::backlog::Status;
use crate::core::ids::FeatureId;
use crate::core::ids::Timestamp;

/// Fields are only added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub id: FeatureId,
    /// In the order of work, from 1.
    pub position: usize,
    pub category: String,
    pub name: String,
    pub description: String,
    /// The description is longer than what is shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub description_is_cut: bool,
    pub steps: Vec<String>,
    pub status: Status,
    pub standing: Standing,
    pub skipped: u32,
    pub depends_on: Vec<FeatureId>,
    /// Those of `depends_on` that do not pass yet.
    pub waits_for: Vec<FeatureId>,
    pub worker: Option<String>,
    pub evidence: Option<String>,
    pub made_by: String,
    pub made: Timestamp,
    pub changed: Timestamp,
}

#[derive(Debug, Serialize)]
pub struct All {
    pub project: String,
    pub stats: Stats,
    pub features: Vec<Shown>,
}

/// A feature with its place in the order.
pub fn shown(backlog: &Backlog, feature: &Feature) -> Shown {
    let position = backlog.features().iter().position(|other| other.id == feature.id).map_or(0, |at| at + 1);
    placed(backlog, position, feature, backlog.standing(feature))
}

/// All features in the order of work.
pub fn all(backlog: &Backlog) -> Vec<Shown> {
    let standings = backlog.standings();
    (1..).zip(standings).map(|(position, (feature, standing))| placed(backlog, position, feature, standing)).collect()
}

fn placed(backlog: &Backlog, position: usize, feature: &Feature, standing: Standing) -> Shown {
    let waits_for = if standing == Standing::Blocked { backlog.waits_for(feature) } else { Vec::new() };
    Shown {
        id: feature.id,
        position,
        category: feature.category.clone(),
        name: feature.name.clone(),
        description: feature.description.clone(),
        description_is_cut: false,
        steps: feature.steps.clone(),
        status: feature.status,
        standing,
        skipped: feature.skipped,
        depends_on: feature.depends_on.clone(),
        waits_for,
        worker: feature.worker.as_ref().map(ToString::to_string),
        evidence: feature.evidence.clone(),
        made_by: feature.made_by.to_string(),
        made: feature.made,
        changed: feature.changed,
    }
}
