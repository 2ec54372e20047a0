//! `trust`: the folders whose hooks, servers, rules and the like may take effect.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

use super::Global;
use super::exit;
use super::house;
use super::print::say;
use super::setup;
use super::setup::Ground;
use super::setup::Stop;
use super::verbs::flat;
use super::verbs::say_json;
use super::verbs::say_table;
use crate::audit::append::Appender;
use crate::audit::entry::Entry;
use crate::audit::record::Body;
use crate::audit::record::Record;
use crate::clock;
use crate::core::ids::Timestamp;
use crate::core::prompt::Surface;
use crate::core::trust::Item;
use crate::engine;
use crate::trust::gate::Keeper;
use crate::trust::gate::Standing;
use crate::tui::render::sanitize::sanitize;

/// Who decides here, as the audit log says it.
const WHO: &str = "headless";

/// What can be done with trust.
#[derive(Debug, Subcommand)]
pub enum TrustVerb {
    /// List what was decided.
    List,
    /// Say what a folder brings, and what of it is trusted.
    Show {
        /// The folder (default: the current one).
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Trust what a folder brings, as it is now; what changes later is asked about again.
    Add {
        /// The folder (default: the current one).
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
        /// Also trust whatever lies in it or below, now and later.
        #[arg(long)]
        below: bool,
    },
    /// Forget what was decided of a folder.
    Remove {
        /// The folder (default: the current one).
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
}

/// A decision as `--json` prints it.
#[derive(Debug, Serialize)]
struct Row {
    folder: PathBuf,
    decided: Option<Timestamp>,
    by: String,
    below: bool,
    items: Vec<String>,
}

/// A folder as `--json` prints it.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    folder: &'a Path,
    trusted: &'a [Item],
    unknown: &'a [Item],
}

pub fn main(global: &Global, verb: Option<&TrustVerb>, json: bool) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    let keeper = keeper(&ground);
    match verb.unwrap_or(&TrustVerb::List) {
        TrustVerb::List => list(&keeper, json),
        TrustVerb::Show { folder } => {
            let folder = setup::directory(folder.as_deref())?;
            let standing = keeper.standing(&folder, &claude_home(&ground)).map_err(Stop::failed)?;
            show(&standing, json)
        }
        TrustVerb::Add { folder, below } => {
            let folder = setup::directory(folder.as_deref())?;
            let standing = add(&ground, &keeper, &folder, &claude_home(&ground), *below)?;
            if !json {
                let below = if *below { ", and whatever lies below it" } else { "" };
                say(&format!("Trusted: {}{below}.", flat(&standing.folder.display().to_string())))?;
            }
            show(&standing, json)
        }
        TrustVerb::Remove { folder } => remove(&ground, &keeper, folder.as_deref(), json),
    }
}

/// What knows the folders, as the runner does.
pub fn keeper(ground: &Ground) -> Keeper {
    Keeper::configured(&ground.places.data_dir, &ground.config)
}

/// Trusts what a folder brings, once that is in the audit log.
pub fn add(ground: &Ground, keeper: &Keeper, folder: &Path, home: &Path, below: bool) -> Result<Standing, Stop> {
    let before = keeper.standing(folder, home).map_err(Stop::failed)?;
    let label = |item: &Item| format!("{} {} ({})", item.kind.words().0, item.name, item.place);
    let items = before.unknown.iter().map(label).collect();
    let folder_name = before.folder.display().to_string();
    note(ground, Body::TrustAdded { who: WHO.to_owned(), folder: folder_name, below, items })?;
    keeper.add(folder, home, below, &Surface::Headless.describe()).map_err(Stop::failed)
}

/// Writes down what is decided here. Where the log must be kept, nothing is decided without it.
fn note(ground: &Ground, body: Body) -> Result<(), Stop> {
    let config = &ground.config.audit;
    let entry = Entry::new(&Record { at: clock::now(), session: None, body }, &ground.redactor);
    let mut log = Appender::new(&ground.places.data_dir, house::limits(config));
    match log.append(&[entry], clock::now()) {
        Ok(()) => Ok(()),
        Err(error) if config.required => Err(Stop::failed(format!(
            "nothing was changed: [audit] required wants it on the record, and the audit log cannot be written: {error}"
        ))),
        Err(error) => {
            complain(&format!("this is not on the record: the audit log cannot be written: {error}"));
            Ok(())
        }
    }
}

fn complain(text: &str) {
    // Where nobody reads it, nothing else can be said either.
    let _ = writeln!(std::io::stderr(), "adjutant: {text}");
}

fn claude_home(ground: &Ground) -> PathBuf {
    engine::claude_home(&ground.config, None)
}

fn list(keeper: &Keeper, json: bool) -> Result<u8, Stop> {
    let all = keeper.all().map_err(Stop::failed)?;
    let rows = all.into_iter().map(|(folder, record)| Row {
        folder,
        decided: record.decided,
        by: record.by,
        below: record.below,
        items: record.items.into_values().collect(),
    });
    if json {
        say_json(&rows.collect::<Vec<_>>())?;
        return Ok(exit::OK);
    }
    let mut table = vec![["FOLDER", "BY", "HOLDS FOR", "WHAT"].map(str::to_owned).to_vec()];
    table.extend(rows.map(|row| {
        let holds = if row.below { "all below it" } else { "this content" };
        let by = if row.decided.is_some() { flat(&row.by) } else { "answers to requests".to_owned() };
        vec![flat(&row.folder.display().to_string()), by, holds.to_owned(), flat(&row.items.join("; "))]
    }));
    match table.len() {
        1 => say("No folder is trusted beyond what was asked about.")?,
        _ => say_table(&table)?,
    }
    Ok(exit::OK)
}

fn show(standing: &Standing, json: bool) -> Result<u8, Stop> {
    if json {
        let Standing { folder, trusted, unknown, .. } = standing;
        say_json(&Shown { folder, trusted, unknown })?;
        return Ok(exit::OK);
    }
    for (head, items) in [("Not trusted:", &standing.unknown), ("Trusted:", &standing.trusted)] {
        if items.is_empty() {
            continue;
        }
        say(head)?;
        for item in items {
            say(&format!("  {} {} ({})", item.kind.words().0, flat(&item.name), flat(&item.place)))?;
            for line in sanitize(&item.text).as_str().lines() {
                say(&format!("      {line}"))?;
            }
            if let Some(note) = item.note() {
                say(&format!("      ({note})"))?;
            }
        }
    }
    if standing.unknown.is_empty() && standing.trusted.is_empty() {
        say("The folder brings nothing that runs or decides something.")?;
    }
    Ok(exit::OK)
}

fn remove(ground: &Ground, keeper: &Keeper, folder: Option<&Path>, json: bool) -> Result<u8, Stop> {
    // A folder that is gone can be forgotten too.
    let named = match folder {
        Some(folder) => folder.to_owned(),
        None => setup::directory(None)?,
    };
    let absolute = std::path::absolute(&named).unwrap_or(named);
    let folder = absolute.canonicalize().unwrap_or(absolute);
    let had = keeper.all().map_err(Stop::failed)?.contains_key(&folder);
    if had {
        note(ground, Body::TrustRemoved { who: WHO.to_owned(), folder: folder.display().to_string() })?;
    }
    let had = had && keeper.remove(&folder).map_err(Stop::failed)?;
    let shown = flat(&folder.display().to_string());
    if json {
        say_json(&serde_json::json!({ "folder": folder, "removed": had }))?;
    } else if had {
        say(&format!("Forgotten: {shown}. What it brings is asked about again."))?;
    }
    if had { Ok(exit::OK) } else { Err(Stop::failed(format!("nothing was decided of {shown}"))) }
}
