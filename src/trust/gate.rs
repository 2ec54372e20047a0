//! What the engine asks: how a session may be started in a folder, and what must be asked first.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::Value;

use super::cli_record;
use super::files;
use super::inventory;
use super::inventory::Inventory;
use super::records::Record;
use super::records::Records;
use crate::clock;
use crate::config::Config;
use crate::config::places::below_home;
use crate::core::prompt::Surface;
use crate::core::trust::Brought;
use crate::core::trust::Item;
use crate::core::trust::Kind;
use crate::engine::trust::AT_TERMINAL;
use crate::engine::trust::Gate;
use crate::engine::trust::Look;
use crate::engine::trust::Restraint;
use crate::engine::trust::Sighting;
use crate::engine::trust::Start;

/// A decision that the CLI's own record has made.
const BY_CLI: &str = "the CLI's own record";

/// Knows what was decided of folders.
#[derive(Debug, Clone)]
pub struct Keeper {
    records: Records,
    /// Whatever lies below these is trusted: the configuration says so.
    roots: Vec<PathBuf>,
    /// Whatever lies below these may be trusted from the phone.
    phone_roots: Vec<PathBuf>,
}

/// A folder as it stands: what it brings, and what of that is trusted.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub folder: PathBuf,
    pub trusted: Vec<Item>,
    pub unknown: Vec<Item>,
    /// The record of the folder itself.
    pub record: Option<Record>,
}

impl Keeper {
    pub fn of(data_dir: &Path) -> Self {
        Self { records: Records::of(data_dir), roots: Vec::new(), phone_roots: Vec::new() }
    }

    /// With what the configuration says of folders.
    pub fn configured(data_dir: &Path, config: &Config) -> Self {
        let real = |roots: &[String]| roots.iter().filter_map(|root| real(root)).collect();
        Self {
            roots: real(&config.claude.trusted_folders),
            phone_roots: real(&config.feishu.trusted_roots),
            ..Self::of(data_dir)
        }
    }

    /// Whether a folder, by its real path, may be trusted from the phone.
    fn is_for_phone(&self, folder: &Path) -> bool {
        self.phone_roots.iter().any(|root| folder.starts_with(root))
    }

    /// How a folder stands, for those who only want to know.
    pub fn standing(&self, directory: &Path, claude_home: &Path) -> Result<Standing, String> {
        let inventory = inventory::survey(directory, claude_home)?;
        let all = self.records.all()?;
        let (trusted, unknown) = self.judge(&inventory, &all, claude_home);
        let record = all.get(&inventory.folder).cloned();
        Ok(Standing { folder: inventory.folder, trusted, unknown, record })
    }

    /// All decisions.
    pub fn all(&self) -> Result<BTreeMap<PathBuf, Record>, String> {
        self.records.all()
    }

    /// Trusts what a folder brings now; with `below`, whatever lies below it as well. Returns what was trusted.
    pub fn add(&self, directory: &Path, claude_home: &Path, below: bool, by: &str) -> Result<Standing, String> {
        let inventory = inventory::survey(directory, claude_home)?;
        self.remember(&inventory.folder, &inventory.items, below, by)?;
        self.standing(directory, claude_home)
    }

    /// Forgets what was decided of a folder; whether there was anything.
    pub fn remove(&self, folder: &Path) -> Result<bool, String> {
        let mut had = false;
        self.records.change(|all| had = all.remove(folder).is_some())?;
        Ok(had)
    }

    fn remember(&self, folder: &Path, items: &[Item], below: bool, by: &str) -> Result<(), String> {
        self.records.change(|all| {
            let record = all.entry(folder.to_owned()).or_default();
            record.decided = Some(clock::now());
            by.clone_into(&mut record.by);
            record.below |= below;
            // What is no longer there is no longer trusted, should it come back as something else.
            record.items.retain(|_, name| name.starts_with(OWN));
            record.items.extend(items.iter().map(|item| (item.digest.clone(), label(item))));
        })
    }

    /// What of a folder is trusted, and what is not.
    fn judge(
        &self,
        inventory: &Inventory,
        all: &BTreeMap<PathBuf, Record>,
        claude_home: &Path,
    ) -> (Vec<Item>, Vec<Item>) {
        let kin: Vec<&Record> = inventory.kin.iter().filter_map(|folder| all.get(folder)).collect();
        let is_below = inventory.kin.iter().any(|folder| {
            self.roots.iter().any(|root| folder.starts_with(root))
                || folder.ancestors().any(|above| all.get(above).is_some_and(|record| record.below))
        });
        let is_decided = kin.iter().any(|record| record.decided.is_some());
        if is_below
            || (!is_decided && !inventory.items.is_empty() && cli_record::trusts(claude_home, &inventory.known_as))
        {
            if !is_below && let Err(error) = self.remember(&inventory.folder, &inventory.items, false, BY_CLI) {
                tracing::warn!(error, "that the CLI trusts a folder could not be noted");
            }
            return (inventory.items.clone(), Vec::new());
        }
        // Newer CLIs keep rules at the top of the repository, for all that works in it.
        let tops: Vec<&Record> = inventory.known_as.iter().filter_map(|folder| all.get(folder)).collect();
        let is_known = |item: &Item| {
            let records = if is_given(item) { kin.iter().chain(&tops) } else { kin.iter().chain(&[]) };
            records.into_iter().any(|record| record.items.contains_key(&item.digest))
        };
        inventory.items.iter().cloned().partition(is_known)
    }
}

/// A folder of the configuration as it really is, if it is there.
fn real(root: &str) -> Option<PathBuf> {
    below_home(root).unwrap_or_else(|| root.into()).canonicalize().ok()
}

/// Marks what our own answers had the CLI remember.
const OWN: &str = "remembered ";

/// What an item is called in the records: no text of it, which may hold a secret.
fn label(item: &Item) -> String {
    let name: String = item.name.chars().take(60).collect();
    format!("{} {name} ({})", item.kind.words().0, item.place)
}

impl Gate for Keeper {
    fn look(&self, look: &Look) -> Sighting {
        let inventory = match inventory::survey(&look.directory, &look.claude_home) {
            Ok(inventory) => inventory,
            // There is no folder: the start says so, and nothing of it can take effect.
            Err(why) => {
                tracing::debug!(why, "a folder could not be looked at");
                return Sighting::Clear(Start::Restrained(Restraint::default()));
            }
        };
        let all = self.records.all().unwrap_or_else(|error| {
            tracing::error!(error, "no folder is trusted");
            BTreeMap::new()
        });
        let (trusted, unknown) = self.judge(&inventory, &all, &look.claude_home);
        let restraint = Restraint {
            settings: settings(&inventory.harmless, &trusted),
            instructions: inventory.instructions.clone(),
            git_keys: Vec::new(),
            is_refused: false,
        };
        if unknown.is_empty() {
            // Rules can be given to a process that has nothing else of the project.
            let is_more = trusted.iter().any(|item| !is_given(item));
            return Sighting::Clear(if is_more { Start::Whole } else { Start::Restrained(restraint) });
        }
        let digests: Vec<&[u8]> = unknown.iter().map(|item| item.digest.as_bytes()).collect();
        let brought = Brought {
            folder: inventory.folder.display().to_string(),
            mark: files::digest(&digests),
            n_trusted: trusted.len(),
            from_phone: self.is_for_phone(&inventory.folder),
            items: unknown,
        };
        let without = Restraint { git_keys: inventory.git_keys, is_refused: true, ..restraint };
        Sighting::Unknown { brought: Box::new(brought), without }
    }

    fn trust(&self, look: &Look, brought: &Brought, by: &Surface) -> Result<(), String> {
        let inventory = inventory::survey(&look.directory, &look.claude_home)?;
        if matches!(by, Surface::Phone(_)) && !self.is_for_phone(&inventory.folder) {
            return Err(AT_TERMINAL.into());
        }
        let all = self.records.all()?;
        let (mut trusted, unknown) = self.judge(&inventory, &all, &look.claude_home);
        if unknown.iter().any(|item| !brought.items.contains(item)) {
            return Err("the folder has changed since it was shown, and is asked about anew".into());
        }
        trusted.extend(unknown);
        self.remember(&inventory.folder, &trusted, false, &by.describe())
    }

    fn homes_of_rules(&self, directory: &Path) -> Vec<PathBuf> {
        inventory::homes_of_rules(directory).unwrap_or_else(|_| vec![directory.to_owned()])
    }

    fn adopt(&self, look: &Look, rules: &[String], directories: &[String]) -> Result<(), String> {
        let folders = inventory::homes_of_rules(&look.directory)?;
        self.records.change(|all| {
            for folder in folders {
                let record = all.entry(folder).or_default();
                for rule in rules {
                    record.items.insert(inventory::rule_digest(rule), format!("{OWN}rule"));
                }
                for directory in directories {
                    record.items.insert(inventory::directory_digest(directory), format!("{OWN}directory"));
                }
            }
        })
    }
}

/// Whether a trusted item is given to a restrained process by its settings.
fn is_given(item: &Item) -> bool {
    list_of(item).is_some()
}

/// The list of permissions that a given item belongs to.
fn list_of(item: &Item) -> Option<&'static str> {
    match item.kind {
        Kind::AllowRule => Some("allow"),
        Kind::Directory if item.name == inventory::DIRECTORIES => Some(inventory::DIRECTORIES),
        _ => None,
    }
}

fn settings(harmless: &Map<String, Value>, trusted: &[Item]) -> Map<String, Value> {
    let mut settings = harmless.clone();
    for (list, item) in trusted.iter().filter_map(|item| Some((list_of(item)?, item))) {
        let permissions = settings.entry("permissions").or_insert_with(|| Value::Object(Map::new()));
        let list =
            permissions.as_object_mut().map(|lists| lists.entry(list).or_insert_with(|| Value::Array(Vec::new())));
        if let Some(list) = list.and_then(Value::as_array_mut) {
            list.push(item.text.clone().into());
        }
    }
    settings
}

#[cfg(test)]
mod tests;
