//! `import`: the conversations that the CLI keeps, with or without a runner.

use std::time::Duration;

use super::flat;
use super::say;
use super::say_json;
use super::say_table;
use crate::cli::Global;
use crate::cli::Import;
use crate::cli::exit;
use crate::cli::open;
use crate::cli::setup;
use crate::cli::setup::Stop;
use crate::core::figures;
use crate::transcripts::list;
use crate::transcripts::list::Entry;

pub fn main(global: &Global, import: &Import) -> Result<u8, Stop> {
    let ground = setup::ground(global)?;
    setup::check_profile(&ground.config, import.profile.as_deref())?;
    // A project may be gone while its conversations are still there.
    let project = import.project.as_ref().map(|named| setup::directory(Some(named)).or_else(|_| absolute(named)));
    let project = project.transpose()?.map(|path| path.display().to_string());
    let projects = open::conversations(&ground.config, import.profile.as_deref());
    let mut entries = list::list(&projects);
    entries.retain(|entry| project.is_none() || entry.directory == project);
    if import.json {
        for entry in &entries {
            say_json(entry)?;
        }
        return Ok(exit::OK);
    }
    if entries.is_empty() {
        say(&format!("There is no conversation in {}.", projects.display()))?;
        return Ok(exit::OK);
    }
    let mut rows = vec![["ID", "AGE", "SIZE", "PROJECT", "TITLE"].map(str::to_owned).to_vec()];
    rows.extend(entries.iter().map(row));
    say_table(&rows)?;
    Ok(exit::OK)
}

fn absolute(named: &std::path::Path) -> Result<std::path::PathBuf, Stop> {
    std::path::absolute(named)
        .map_err(|error| Stop::usage(format!("the directory {} cannot be used: {error}", named.display())))
}

fn row(entry: &Entry) -> Vec<String> {
    vec![
        entry.id.to_string(),
        figures::duration(Duration::from_millis(crate::clock::now().millis_since(entry.modified))),
        figures::bytes(entry.bytes),
        flat(entry.directory.as_deref().unwrap_or("?")),
        flat(entry.title.as_deref().unwrap_or("(no prompt)")),
    ]
}
