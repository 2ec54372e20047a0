//! `backlog`: what is to be built in a project, and `mcp backlog`: the same for models.

use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use super::Global;
use super::exit;
use super::print::say;
use super::setup;
use super::setup::Stop;
use super::verbs::flat;
use super::verbs::say_json;
use super::verbs::say_table;
use crate::backlog::BacklogError;
use crate::backlog::Happened;
use crate::backlog::Project;
use crate::backlog::export;
use crate::backlog::export::Shown;
use crate::backlog::import;
use crate::backlog::tools;
use crate::core::backlog::Access;
use crate::core::backlog::Backlog;
use crate::core::backlog::Draft;
use crate::core::backlog::Edit;
use crate::core::backlog::Needs;
use crate::core::backlog::Refused;
use crate::core::backlog::Standing;
use crate::core::backlog::Who;
use crate::core::ids::FeatureId;
use crate::core::ids::Timestamp;
use crate::disk;
use crate::mcp;
use crate::tui::render::sanitize::sanitize;

/// Options of every verb of the backlog.
#[derive(Debug, Args)]
pub struct Where {
    /// A folder of the project (default: the current one). All work trees of a repository have one backlog.
    #[arg(long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with a backlog.
#[derive(Debug, Subcommand)]
pub enum BacklogVerb {
    /// List the features in the order of work.
    List {
        /// Only those that stand here.
        #[arg(value_enum)]
        standing: Option<StandingArg>,
    },
    /// Tell everything of a feature.
    Show { id: u32 },
    /// Add a feature at the end.
    Add(Texts),
    /// Change the texts of a feature.
    Edit {
        id: u32,
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        #[arg(long, short = 'c', value_name = "TEXT")]
        category: Option<String>,
        #[arg(long, short = 'd', value_name = "TEXT")]
        description: Option<String>,
        /// A step by which one sees that it works; given once, these steps replace those before.
        #[arg(long = "step", value_name = "TEXT")]
        steps: Vec<String>,
    },
    /// Add the features of a Markdown list, a JSON file, or `gh issue list --json number,title,body,labels,state`.
    Import {
        /// The file; “-” reads standard input.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print everything as JSON that `import` reads again.
    Export,
    /// Put a feature at this place of the order, counted from 1.
    Move { id: u32, place: usize },
    /// Put a feature off to the end of the order.
    Skip { id: u32 },
    /// Have a feature wait for another.
    Depend {
        id: u32,
        /// The feature that must pass first.
        on: u32,
        /// Wait for it no longer.
        #[arg(long)]
        no_longer: bool,
    },
    /// Say that a feature passes.
    Pass {
        id: u32,
        /// What shows it.
        #[arg(long, short = 'm', value_name = "TEXT", default_value = "a person said so")]
        evidence: String,
    },
    /// Take back that a feature passes, or that somebody works on it.
    Reopen { id: u32 },
    /// Take a feature out.
    Rm {
        id: u32,
        /// Also when others depend on it (they lose that dependency), or somebody works on it.
        #[arg(long)]
        force: bool,
    },
}

/// A new feature.
#[derive(Debug, Args)]
pub struct Texts {
    #[arg(value_name = "NAME", allow_hyphen_values = true)]
    pub name: String,
    #[arg(long, short = 'c', value_name = "TEXT", default_value = "")]
    pub category: String,
    #[arg(long, short = 'd', value_name = "TEXT", default_value = "", allow_hyphen_values = true)]
    pub description: String,
    /// A step by which one sees that it works.
    #[arg(long = "step", value_name = "TEXT")]
    pub steps: Vec<String>,
    /// A feature that must pass first.
    #[arg(long = "needs", value_name = "ID")]
    pub needs: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StandingArg {
    Ready,
    InProgress,
    Blocked,
    Passing,
}

impl StandingArg {
    fn standing(self) -> Standing {
        match self {
            Self::Ready => Standing::Ready,
            Self::InProgress => Standing::InProgress,
            Self::Blocked => Standing::Blocked,
            Self::Passing => Standing::Passing,
        }
    }
}

/// What is served to models on standard input and output.
#[derive(Debug, Subcommand)]
pub enum McpVerb {
    /// Serve the tools of the project's backlog, for a program that speaks MCP.
    Backlog {
        /// A folder of the project (default: the current one).
        #[arg(long, value_name = "DIR")]
        project: Option<PathBuf>,
        /// Offer only what reads.
        #[arg(long)]
        read_only: bool,
    },
}

/// A change of one feature.
type Change<'a> = dyn Fn(&mut Backlog, FeatureId, Timestamp) -> Result<(), Refused> + 'a;

fn failed(error: BacklogError) -> Stop {
    match error {
        BacklogError::Refused(Refused::Unknown(_)) => {
            Stop::failed(format!("{error}; `adjutant backlog list` has them"))
        }
        error => Stop::failed(error.to_string()),
    }
}

fn open(global: &Global, folder: Option<&Path>) -> Result<Project, Stop> {
    let places = setup::places(global)?;
    places.check().map_err(|error| Stop::usage(error.to_string()))?;
    let folder = setup::directory(folder)?;
    Project::open(&places.data_dir, &folder).map_err(failed)
}

pub fn main(global: &Global, at: &Where, verb: Option<&BacklogVerb>) -> Result<u8, Stop> {
    let mut project = open(global, at.project.as_deref())?;
    let change = |project: &mut Project, id: &u32, change: &Change<'_>| {
        let id = FeatureId(*id);
        changed(project, at.json, |backlog, now| change(backlog, id, now).map(|()| id))
    };
    match verb.unwrap_or(&BacklogVerb::List { standing: None }) {
        BacklogVerb::List { standing } => list(&mut project, *standing, at.json),
        BacklogVerb::Show { id } => show(&mut project, FeatureId(*id), at.json),
        BacklogVerb::Add(texts) => {
            let draft = Draft {
                category: texts.category.clone(),
                name: texts.name.clone(),
                description: texts.description.clone(),
                steps: texts.steps.clone(),
                depends_on: texts.needs.iter().map(|id| Needs::Feature(FeatureId(*id))).collect(),
                evidence: None,
            };
            changed(&mut project, at.json, |backlog, now| {
                let ids = backlog.create(vec![draft], &Who::Person, now)?;
                Ok(ids.first().copied().unwrap_or_default())
            })
        }
        BacklogVerb::Edit { id, name, category, description, steps } => {
            let edit = Edit {
                category: category.clone(),
                name: name.clone(),
                description: description.clone(),
                steps: (!steps.is_empty()).then(|| steps.clone()),
            };
            change(&mut project, id, &move |backlog, id, now| backlog.edit(id, edit.clone(), now))
        }
        BacklogVerb::Import { file } => import_file(&mut project, file, at.json),
        BacklogVerb::Export => {
            let backlog = project.read().map_err(failed)?;
            say_json(&export::All {
                project: project.root().display().to_string(),
                stats: backlog.stats(),
                features: export::all(&backlog),
            })?;
            Ok(exit::OK)
        }
        BacklogVerb::Move { id, place } => {
            change(&mut project, id, &|backlog, id, now| backlog.reorder(id, *place, now))
        }
        BacklogVerb::Skip { id } => change(&mut project, id, &|backlog, id, now| backlog.skip(id, &Who::Person, now)),
        BacklogVerb::Depend { id, on, no_longer } => change(&mut project, id, &|backlog, id, now| match no_longer {
            true => backlog.remove_dependency(id, FeatureId(*on), now),
            false => backlog.add_dependency(id, FeatureId(*on), now),
        }),
        BacklogVerb::Pass { id, evidence } => {
            change(&mut project, id, &|backlog, id, now| backlog.pass(id, evidence.clone(), &Who::Person, now))
        }
        BacklogVerb::Reopen { id } => change(&mut project, id, &|backlog, id, now| match backlog.get(id)?.worker {
            Some(_) => backlog.set_back(id, &Who::Person, now),
            None => backlog.reopen(id, now),
        }),
        BacklogVerb::Rm { id, force } => change(&mut project, id, &|backlog, id, now| backlog.remove(id, *force, now)),
    }
}

/// Makes a change and tells what became of it.
fn changed(
    project: &mut Project,
    json: bool,
    change: impl FnOnce(&mut Backlog, Timestamp) -> Result<FeatureId, Refused>,
) -> Result<u8, Stop> {
    let (id, happened) = project.change(&Who::Person, change).map_err(failed)?;
    let backlog = project.read().map_err(failed)?;
    let now = backlog.get(id).ok().map(|feature| export::shown(&backlog, feature));
    if json {
        say_json(
            &json!({ "id": id, "happened": happened.iter().map(|(_, what)| what).collect::<Vec<_>>(), "feature": now }),
        )?;
        return Ok(exit::OK);
    }
    let what = happened.iter().find(|(other, _)| *other == id).map_or("as it was", |(_, what)| what.words());
    match now {
        Some(feature) => say(&format!("{id} {}: {what}. It is {}.", flat(&feature.name), place(&feature)))?,
        None => say(&format!("{id}: {what}."))?,
    }
    for (other, what) in happened.iter().filter(|(other, _)| *other != id) {
        say(&format!("{other}: {}.", what.words()))?;
    }
    Ok(exit::OK)
}

/// Where a feature stands, in words.
fn place(feature: &Shown) -> String {
    let ids = |ids: &[FeatureId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match (&feature.worker, feature.standing) {
        (Some(worker), _) => format!("in progress ({})", flat(worker)),
        (None, Standing::Blocked) => format!("blocked by {}", ids(&feature.waits_for)),
        (None, standing) => standing.words().to_owned(),
    }
}

fn list(project: &mut Project, standing: Option<StandingArg>, json: bool) -> Result<u8, Stop> {
    let backlog = project.read().map_err(failed)?;
    let mut features = export::all(&backlog);
    features.retain(|feature| standing.is_none_or(|standing| standing.standing() == feature.standing));
    if json {
        say_json(&features)?;
        return Ok(exit::OK);
    }
    let stats = backlog.stats();
    if features.is_empty() {
        let root = flat(&project.root().display().to_string());
        say(&match stats.total {
            0 => format!(
                "The backlog of {root} is empty; `adjutant backlog add NAME` adds a feature, `import FILE` a list."
            ),
            _ => "No feature stands there.".to_owned(),
        })?;
        return Ok(exit::OK);
    }
    let mut rows = vec![["ID", "STATE", "CATEGORY", "NAME"].map(str::to_owned).to_vec()];
    rows.extend(
        features
            .iter()
            .map(|feature| vec![feature.id.to_string(), place(feature), flat(&feature.category), flat(&feature.name)]),
    );
    say_table(&rows)?;
    let (ready, passing, total) = (stats.ready, stats.passing, stats.total);
    say(&format!("{passing} of {total} passing ({} %), {ready} ready.", stats.percent_passing))?;
    Ok(exit::OK)
}

fn show(project: &mut Project, id: FeatureId, json: bool) -> Result<u8, Stop> {
    let backlog = project.read().map_err(failed)?;
    let feature = backlog.get(id).map_err(|error| failed(error.into()))?;
    let shown = export::shown(&backlog, feature);
    let history = project.history(id).map_err(failed)?;
    if json {
        let mut value = serde_json::to_value(&shown).unwrap_or_default();
        value["history"] = json!(history);
        say_json(&value)?;
        return Ok(exit::OK);
    }
    say(&format!("{id} {}", flat(&shown.name)))?;
    say(&format!("  {}, place {} of {}", place(&shown), shown.position, backlog.features().len()))?;
    if !shown.category.is_empty() {
        say(&format!("  category: {}", flat(&shown.category)))?;
    }
    if shown.skipped > 0 {
        say(&format!(
            "  put off {}",
            if shown.skipped == 1 { "once".to_owned() } else { format!("{} times", shown.skipped) }
        ))?;
    }
    for needed in &shown.depends_on {
        let name = backlog.get(*needed).map(|feature| flat(&feature.name)).unwrap_or_default();
        let waits = if shown.waits_for.contains(needed) { "not passing yet" } else { "passing" };
        say(&format!("  needs {needed} {name} ({waits})"))?;
    }
    let block = |text: &str| -> Result<(), Stop> {
        for line in sanitize(text).as_str().lines() {
            say(&format!("  {line}"))?;
        }
        Ok(())
    };
    if !shown.description.is_empty() {
        say("")?;
        block(&shown.description)?;
    }
    for (n, step) in (1..).zip(&shown.steps) {
        say(&format!("  {n}. {}", flat(step)))?;
    }
    if let Some(evidence) = &shown.evidence {
        say("")?;
        say("  Passing because:")?;
        block(evidence)?;
    }
    say("")?;
    for Happened { at, who, what } in &history {
        let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
        let at = at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M");
        say(&format!("  {at}  {} by {}", what.words(), flat(&who.to_string())))?;
    }
    Ok(exit::OK)
}

fn import_file(project: &mut Project, file: &Path, json: bool) -> Result<u8, Stop> {
    let shown = flat(&file.display().to_string());
    let cannot = |what: String| Stop::failed(format!("{shown} was not imported: {what}"));
    let mut bytes = Vec::new();
    let most = import::MAX_BYTES;
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(most + 1).read_to_end(&mut bytes)
    } else {
        file.canonicalize().and_then(|real| disk::open_read(&real)?.take(most + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| cannot(format!("it cannot be read: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(cannot(format!("it is larger than {} MiB, which no list of features is", most >> 20)));
    }
    let import = import::read(&bytes).map_err(|error| cannot(error.to_string()))?;
    let left_out = import.left_out;
    let done = project.change(&Who::Person, |backlog, now| backlog.create(import.drafts, &Who::Person, now));
    let (ids, _) = done.map_err(|error| cannot(error.to_string()))?;
    if json {
        say_json(&json!({ "created": ids.len(), "ids": ids, "left_out": left_out }))?;
        return Ok(exit::OK);
    }
    let done = match left_out {
        0 => String::new(),
        1 => " 1 entry is done or closed and was left out.".to_owned(),
        n => format!(" {n} entries are done or closed and were left out."),
    };
    let features = if ids.len() == 1 { "1 feature was".to_owned() } else { format!("{} features were", ids.len()) };
    say(&format!("{features} added.{done}"))?;
    Ok(exit::OK)
}

/// The backlog's tools for a program that speaks MCP. Each run is a client of its own.
#[derive(Debug)]
struct Served {
    data_dir: PathBuf,
    folder: PathBuf,
    access: Access,
    who: Who,
}

impl mcp::Tools for Served {
    fn name(&self) -> &'static str {
        tools::SERVER
    }

    fn offered(&self) -> Vec<mcp::Tool> {
        tools::Tool::offered(self.access).map(tools::Tool::described).collect()
    }

    fn call(&self, name: &str, input: &Value) -> mcp::Answer {
        let tools::Answer { text, is_error, .. } =
            tools::call(&self.data_dir, &self.folder, self.access, &self.who, name, input);
        mcp::Answer { text, is_error }
    }
}

pub fn serve(global: &Global, verb: &McpVerb) -> Result<u8, Stop> {
    let McpVerb::Backlog { project, read_only } = verb;
    let opened = open(global, project.as_deref())?;
    let places = setup::places(global)?;
    let served = Served {
        data_dir: places.data_dir,
        folder: opened.root().to_owned(),
        access: if *read_only { Access::Read } else { Access::Work },
        who: Who::Client(std::process::id().to_string()),
    };
    drop(opened);
    setup::runtime()?.block_on(mcp::on_stdio(served)).map_err(Stop::failed)?;
    Ok(exit::OK)
}
