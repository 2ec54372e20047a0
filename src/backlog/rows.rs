//! Features as rows, and back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Failed;
use super::Happened;
use crate::core::backlog::Backlog;
use crate::core::backlog::Feature;
use crate::core::backlog::What;
use crate::core::backlog::Who;
use crate::core::ids::FeatureId;
use crate::core::ids::Timestamp;

/// The number of a project in the database.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProjectRow(i64);

/// A project that is known, and the highest number of its features.
pub(super) fn project(connection: &Connection, root: &Path) -> Result<Option<(ProjectRow, FeatureId)>, Failed> {
    let root: &OsStr = root.as_os_str();
    let found =
        connection.query_row("SELECT id, last_feature FROM projects WHERE root = ?1", [root.as_bytes()], |row| {
            Ok((ProjectRow(row.get(0)?), FeatureId(row.get(1)?)))
        });
    Ok(found.optional()?)
}

pub(super) fn add_project(connection: &Connection, root: &Path) -> Result<ProjectRow, Failed> {
    connection.execute("INSERT INTO projects (root) VALUES (?1)", [root.as_os_str().as_bytes()])?;
    Ok(ProjectRow(connection.last_insert_rowid()))
}

/// The features of a project in the order of work.
pub(super) fn features(connection: &Connection, project: ProjectRow) -> Result<Vec<Feature>, Failed> {
    let mut rows = connection.prepare(
        "SELECT id, category, name, description, steps, status, skipped, depends_on, worker, evidence, made_by, made,
                changed
         FROM features WHERE project = ?1 ORDER BY position, id",
    )?;
    let mut rows = rows.query([project.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(feature(row)?);
    }
    Ok(found)
}

fn feature(row: &Row<'_>) -> Result<Feature, Failed> {
    let worker: Option<String> = row.get(8)?;
    Ok(Feature {
        id: FeatureId(row.get(0)?),
        category: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        steps: parsed("the steps", &row.get::<_, String>(4)?)?,
        status: parsed("the status", &row.get::<_, String>(5)?)?,
        skipped: row.get(6)?,
        depends_on: parsed("the dependencies", &row.get::<_, String>(7)?)?,
        worker: worker.map(|text| parsed("the worker", &text)).transpose()?,
        evidence: row.get(9)?,
        made_by: parsed("its maker", &row.get::<_, String>(10)?)?,
        made: Timestamp(row.get(11)?),
        changed: Timestamp(row.get(12)?),
    })
}

fn parsed<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Failed> {
    serde_json::from_str(text).map_err(|error| Failed::Content(format!("{what} of a feature: {error}")))
}

fn written<T: Serialize>(value: &T) -> Result<String, Failed> {
    serde_json::to_string(value).map_err(|error| Failed::Content(error.to_string()))
}

/// Writes what is otherwise than before.
pub(super) fn write(
    connection: &Connection,
    project: ProjectRow,
    before: &Backlog,
    after: &Backlog,
) -> Result<(), Failed> {
    let old: std::collections::HashMap<FeatureId, (usize, &Feature)> =
        before.features().iter().enumerate().map(|(position, feature)| (feature.id, (position, feature))).collect();
    let mut put = connection.prepare(
        "INSERT OR REPLACE INTO features (project, id, position, category, name, description, steps, status, skipped,
                                          depends_on, worker, evidence, made_by, made, changed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?;
    let mut shift = connection.prepare("UPDATE features SET position = ?3 WHERE project = ?1 AND id = ?2")?;
    for (position, feature) in after.features().iter().enumerate() {
        match old.get(&feature.id) {
            Some((at, same)) if *same == feature && *at == position => {}
            Some((_, same)) if *same == feature => {
                shift.execute(params![project.0, feature.id.0, position as i64])?;
            }
            _ => {
                put.execute(params![
                    project.0,
                    feature.id.0,
                    position as i64,
                    feature.category,
                    feature.name,
                    feature.description,
                    written(&feature.steps)?,
                    written(&feature.status)?,
                    feature.skipped,
                    written(&feature.depends_on)?,
                    feature.worker.as_ref().map(written).transpose()?,
                    feature.evidence,
                    written(&feature.made_by)?,
                    feature.made.0,
                    feature.changed.0,
                ])?;
            }
        }
    }
    for gone in before.features().iter().filter(|feature| after.get(feature.id).is_err()) {
        connection.execute("DELETE FROM features WHERE project = ?1 AND id = ?2", params![project.0, gone.id.0])?;
    }
    connection.execute("UPDATE projects SET last_feature = ?2 WHERE id = ?1", params![project.0, after.last().0])?;
    Ok(())
}

pub(super) fn note(
    connection: &Connection,
    project: ProjectRow,
    who: &Who,
    at: Timestamp,
    happened: &[(FeatureId, What)],
) -> Result<(), Failed> {
    let who = written(who)?;
    let mut put =
        connection.prepare("INSERT INTO history (project, feature, at, who, what) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (id, what) in happened {
        put.execute(params![project.0, id.0, at.0, who, written(what)?])?;
    }
    Ok(())
}

/// The newest of what happened to a feature, the oldest of it first.
pub(super) fn history(
    connection: &Connection,
    project: ProjectRow,
    id: FeatureId,
    most: u32,
) -> Result<Vec<Happened>, Failed> {
    let mut rows = connection
        .prepare("SELECT at, who, what FROM history WHERE project = ?1 AND feature = ?2 ORDER BY id DESC LIMIT ?3")?;
    let mut rows = rows.query(params![project.0, id.0, most])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Happened {
            at: Timestamp(row.get(0)?),
            who: parsed("its history", &row.get::<_, String>(1)?)?,
            what: parsed("its history", &row.get::<_, String>(2)?)?,
        });
    }
    found.reverse();
    Ok(found)
}
