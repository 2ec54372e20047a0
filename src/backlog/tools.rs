//! The tools by which a model sees and changes the backlog, whoever serves them.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use super::BacklogError;
use super::Project;
use super::export;
use super::export::Shown;
use crate::core::backlog::Access;
use crate::core::backlog::Backlog;
use crate::core::backlog::Draft;
use crate::core::backlog::Needs;
use crate::core::backlog::Refused;
use crate::core::backlog::Standing;
use crate::core::backlog::What;
use crate::core::backlog::Who;
use crate::core::ids::FeatureId;
use crate::core::ids::Timestamp;
use crate::mcp;

/// The name of the server: the model's tools are `mcp__features__…`.
pub const SERVER: &str = "features";
/// Features that one answer has, when nothing else is asked for, and at most.
const FEW: usize = 10;
const MANY: usize = 50;
/// Characters of a description in an answer with several.
const SHORT: usize = 2_000;
/// Features that one call makes.
const MAX_BULK: usize = 500;

macro_rules! tools {
    ($($tool:ident $name:literal $access:ident $about:literal $properties:tt $required:tt)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Tool { $($tool),* }

        impl Tool {
            pub const ALL: &[Self] = &[$(Self::$tool),*];

            pub fn name(self) -> &'static str {
                match self { $(Self::$tool => $name),* }
            }

            /// What a session must have to be offered it.
            pub fn access(self) -> Access {
                match self { $(Self::$tool => Access::$access),* }
            }

            /// What the model is told about it.
            pub fn about(self) -> &'static str {
                match self { $(Self::$tool => $about),* }
            }

            /// The JSON schema of its input.
            pub fn schema(self) -> Value {
                let (properties, required) = match self { $(Self::$tool => (json!($properties), json!($required))),* };
                json!({ "type": "object", "properties": properties, "required": required })
            }
        }
    };
}

tools! {
    Stats "feature_get_stats" Read
        "How many features of the project's backlog are ready, in progress, blocked and passing." {} []
    ById "feature_get_by_id" Read "One feature with everything that is known of it."
        { "feature_id": { "type": "integer" } } ["feature_id"]
    Ready "feature_get_ready" Read "Features that can be worked on now, in the order of work."
        { "limit": { "type": "integer", "minimum": 1, "maximum": 50 } } []
    Blocked "feature_get_blocked" Read "Features that wait for others, and what for."
        { "limit": { "type": "integer", "minimum": 1, "maximum": 50 } } []
    Create "feature_create" Manage "Adds one feature at the end of the order."
        {
            "category": { "type": "string" },
            "name": { "type": "string" },
            "description": { "type": "string" },
            "steps": { "type": "array", "items": { "type": "string" }, "description": "How to see that it works" },
            "depends_on": { "type": "array", "items": { "type": "integer" }, "description": "Numbers of features" }
        } ["category", "name", "description", "steps"]
    CreateBulk "feature_create_bulk" Manage "Adds several features at the end of the order: all of them, or none."
        {
            "features": { "type": "array", "items": {
                "type": "object",
                "properties": {
                    "category": { "type": "string" },
                    "name": { "type": "string" },
                    "description": { "type": "string" },
                    "steps": { "type": "array", "items": { "type": "string" } },
                    "depends_on_indices": {
                        "type": "array", "items": { "type": "integer" },
                        "description": "Places in this list, counted from 0"
                    },
                    "depends_on": {
                        "type": "array", "items": { "type": "integer" },
                        "description": "Numbers of features that exist"
                    }
                },
                "required": ["category", "name", "description", "steps"]
            } }
        } ["features"]
    Skip "feature_skip" Manage "Puts a feature off to the end of the order."
        { "feature_id": { "type": "integer" } } ["feature_id"]
    ClaimNext "feature_claim_next" Work "Gives you the next ready feature to work on; nobody else gets it." {} []
    MarkInProgress "feature_mark_in_progress" Work "Gives you this feature to work on."
        { "feature_id": { "type": "integer" } } ["feature_id"]
    MarkPassing "feature_mark_passing" Work "Says that the feature you work on passes."
        {
            "feature_id": { "type": "integer" },
            "evidence": { "type": "string", "description": "What was run, and what came of it" }
        } ["feature_id", "evidence"]
    ClearInProgress "feature_clear_in_progress" Work "Gives a feature back that you work on."
        { "feature_id": { "type": "integer" } } ["feature_id"]
    AddDependency "feature_add_dependency" Work "Makes a feature wait for another."
        { "feature_id": { "type": "integer" }, "dependency_id": { "type": "integer" } } ["feature_id", "dependency_id"]
    RemoveDependency "feature_remove_dependency" Work "Makes a feature wait for another no longer."
        { "feature_id": { "type": "integer" }, "dependency_id": { "type": "integer" } } ["feature_id", "dependency_id"]
}

impl Tool {
    /// As a client is told of it.
    pub fn described(self) -> mcp::Tool {
        mcp::Tool {
            name: self.name().to_owned(),
            about: self.about().to_owned(),
            schema: self.schema(),
            only_reads: self.access() == Access::Read,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|tool| tool.name() == name)
    }

    /// Those that a session with this access is offered.
    pub fn offered(access: Access) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |tool| tool.access() <= access)
    }
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For the model.
    pub text: String,
    pub is_error: bool,
    /// What it changed: for the audit log.
    pub changed: Vec<(FeatureId, What)>,
}

/// A feature as a model writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    category: String,
    name: String,
    description: String,
    steps: Vec<String>,
    depends_on: Vec<u32>,
    depends_on_indices: Vec<usize>,
}

impl Wanted {
    fn draft(self) -> Draft {
        let features = self.depends_on.into_iter().map(|id| Needs::Feature(FeatureId(id)));
        let drafts = self.depends_on_indices.into_iter().map(Needs::Draft);
        Draft {
            category: self.category,
            name: self.name,
            description: self.description,
            steps: self.steps,
            depends_on: features.chain(drafts).collect(),
            evidence: None,
        }
    }
}

/// Why a call was not carried out.
#[derive(Debug, thiserror::Error)]
enum Wrong {
    #[error("{0}")]
    Input(String),
    #[error(transparent)]
    Backlog(#[from] BacklogError),
}

/// Carries a call out. Blocking.
pub fn call(data_dir: &Path, folder: &Path, access: Access, who: &Who, name: &str, input: &Value) -> Answer {
    let tool = Tool::named(name).filter(|tool| tool.access() <= access);
    let done = match tool {
        Some(tool) => Project::open(data_dir, folder)
            .map_err(Wrong::from)
            .and_then(|mut project| run(&mut project, who, tool, input)),
        None => Err(Wrong::Input(format!("there is no tool {name} here"))),
    };
    match done {
        Ok((value, changed)) => Answer { text: value.to_string(), is_error: false, changed },
        Err(error) => Answer { text: error.to_string(), is_error: true, changed: Vec::new() },
    }
}

fn run(project: &mut Project, who: &Who, tool: Tool, input: &Value) -> Result<(Value, Vec<(FeatureId, What)>), Wrong> {
    let id = || number(input, "feature_id");
    let other = || number(input, "dependency_id");
    let (said, changed) = match tool {
        Tool::Stats => {
            let stats = project.read()?.stats();
            let mut value = serde_json::to_value(stats).unwrap_or_default();
            value["percentage"] = stats.percent_passing.into();
            (value, Vec::new())
        }
        Tool::ById => {
            let (backlog, id) = (project.read()?, id()?);
            let feature = backlog.get(id).map_err(BacklogError::from)?;
            (json!(export::shown(&backlog, feature)), Vec::new())
        }
        Tool::Ready => (listed(project, Standing::Ready, input)?, Vec::new()),
        Tool::Blocked => (listed(project, Standing::Blocked, input)?, Vec::new()),
        Tool::Create => {
            let draft = wanted(input, "the input")?;
            let (ids, changed) = project.change(who, |backlog, now| backlog.create(vec![draft], who, now))?;
            let id = ids.first().copied().unwrap_or_default();
            (after(project, id, "created")?, changed)
        }
        Tool::CreateBulk => {
            let drafts = bulk(input)?;
            let (ids, changed) = project.change(who, |backlog, now| backlog.create(drafts, who, now))?;
            (json!({ "created": ids.len(), "ids": ids }), changed)
        }
        Tool::Skip => {
            changed(project, who, id()?, "put off to the end", |backlog, id, now| backlog.skip(id, who, now))?
        }
        Tool::ClaimNext => {
            let (id, changed) = project.change(who, |backlog, now| backlog.claim_next(who, now))?;
            (after(project, id, "yours")?, changed)
        }
        Tool::MarkInProgress => {
            changed(project, who, id()?, "in progress", |backlog, id, now| backlog.begin(id, who, now))?
        }
        Tool::MarkPassing => {
            let evidence = input.get("evidence").and_then(Value::as_str).unwrap_or_default().to_owned();
            changed(project, who, id()?, "passing", |backlog, id, now| backlog.pass(id, evidence, who, now))?
        }
        Tool::ClearInProgress => {
            changed(project, who, id()?, "given back", |backlog, id, now| backlog.set_back(id, who, now))?
        }
        Tool::AddDependency => {
            let other = other()?;
            changed(project, who, id()?, "waits", |backlog, id, now| backlog.add_dependency(id, other, now))?
        }
        Tool::RemoveDependency => {
            let other = other()?;
            changed(project, who, id()?, "does not wait", |backlog, id, now| backlog.remove_dependency(id, other, now))?
        }
    };
    Ok((said, changed))
}

fn changed(
    project: &mut Project,
    who: &Who,
    id: FeatureId,
    message: &str,
    change: impl FnOnce(&mut Backlog, FeatureId, Timestamp) -> Result<(), Refused>,
) -> Result<(Value, Vec<(FeatureId, What)>), Wrong> {
    let ((), changed) = project.change(who, |backlog, now| change(backlog, id, now))?;
    Ok((after(project, id, message)?, changed))
}

/// The feature as it is now.
fn after(project: &mut Project, id: FeatureId, message: &str) -> Result<Value, Wrong> {
    let backlog = project.read()?;
    let feature = backlog.get(id).ok().map(|feature| export::shown(&backlog, feature));
    Ok(json!({ "success": true, "message": message, "feature": feature }))
}

fn listed(project: &mut Project, standing: Standing, input: &Value) -> Result<Value, Wrong> {
    let limit = match input.get("limit") {
        None | Some(Value::Null) => FEW,
        Some(_) => usize::try_from(number(input, "limit")?.0).unwrap_or(MANY).clamp(1, MANY),
    };
    let all = export::all(&project.read()?);
    let fit: Vec<Shown> = all.into_iter().filter(|feature| feature.standing == standing).collect();
    let total = fit.len();
    let features: Vec<Shown> = fit.into_iter().take(limit).map(short).collect();
    Ok(json!({ "count": features.len(), "total": total, "features": features }))
}

fn short(mut feature: Shown) -> Shown {
    if let Some((end, _)) = feature.description.char_indices().nth(SHORT) {
        feature.description.truncate(end);
        feature.description_is_cut = true;
    }
    feature
}

/// A whole number, also one that the model wrote as text.
fn number(input: &Value, name: &str) -> Result<FeatureId, Wrong> {
    let value = input.get(name).filter(|value| !value.is_null());
    let value = value.ok_or_else(|| Wrong::Input(format!("{name} is missing")))?;
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    number
        .and_then(|number| u32::try_from(number).ok())
        .map(FeatureId)
        .ok_or_else(|| Wrong::Input(format!("{name} must be a whole number")))
}

fn wanted(value: &Value, place: &str) -> Result<Draft, Wrong> {
    Wanted::deserialize(value).map(Wanted::draft).map_err(|error| Wrong::Input(format!("{place}: {error}")))
}

fn bulk(input: &Value) -> Result<Vec<Draft>, Wrong> {
    let list = input.get("features").and_then(Value::as_array);
    let list = list.ok_or_else(|| Wrong::Input("features must be a list".to_owned()))?;
    if list.is_empty() || list.len() > MAX_BULK {
        return Err(Wrong::Input(format!("features has {}; 1 to {MAX_BULK} can be made at once", list.len())));
    }
    list.iter().enumerate().map(|(at, one)| wanted(one, &format!("features[{at}]"))).collect()
}
