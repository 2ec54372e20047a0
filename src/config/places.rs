//! Where the configuration and the data live: named by the person, or the platform's folders.

use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::disk;

/// What the data directory holds under a fixed name.
const FILES: [&str; 14] = [
    "adjutant.db",
    "adjutant.db-shm",
    "adjutant.db-wal",
    "audit.head",
    "audit.jsonl",
    "audit.lock",
    "history.jsonl",
    "next-session",
    "next-session.lock",
    "relay.db",
    "relay.db-shm",
    "relay.db-wal",
    "runner.lock",
    "logs/runner.stderr",
];
const FOLDERS: [&str; 5] = ["demo", "files", "logs", "tmp", "worktrees"];

/// A path as people write it below their home, with `~/` in front; nothing when it does not begin so, or there is no home.
pub fn below_home(path: &str) -> Option<PathBuf> {
    path.strip_prefix("~/").and_then(|rest| Some(std::env::home_dir()?.join(rest)))
}

/// The two places the program reads and writes.
#[derive(Debug, Clone)]
pub struct Places {
    pub config_file: PathBuf,
    /// The person named the file, so it must exist.
    pub config_named: bool,
    pub data_dir: PathBuf,
}

impl Places {
    /// Explicit paths win over the platform's folders; the error says which variable would help.
    pub fn find(config: Option<PathBuf>, data_dir: Option<PathBuf>) -> Result<Self, String> {
        let folders = directories::ProjectDirs::from("", "", "adjutant");
        let missing = |what: &str, option: &str, variable: &str| {
            format!("there is no home directory to keep the {what} in; name a place with {option} or {variable}")
        };
        let config_named = config.is_some();
        let config_file = config
            .or_else(|| folders.as_ref().map(|folders| folders.config_dir().join("config.toml")))
            .ok_or_else(|| missing("configuration", "--config FILE", "ADJUTANT_CONFIG"))?;
        let data_dir = data_dir
            .or_else(|| folders.as_ref().map(|folders| folders.data_local_dir().to_owned()))
            .ok_or_else(|| missing("data", "--data-dir DIR", "ADJUTANT_DATA_DIR"))?;
        Ok(Self { config_file, config_named, data_dir })
    }

    /// Where the configuration stands: what it names without a whole path is seen from there.
    pub fn config_dir(&self) -> PathBuf {
        let file = std::path::absolute(&self.config_file).unwrap_or_else(|_| self.config_file.clone());
        file.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned)
    }

    pub fn log_dir(&self) -> PathBuf {
        self.data_dir.join("logs")
    }

    /// Refuses a data directory in which something stands that is not what its name says, or that others may change.
    /// Nothing is opened for it, and nothing is made.
    pub fn check(&self) -> io::Result<()> {
        disk::check_directory(&self.data_dir)?;
        for name in FOLDERS {
            disk::check_directory(&self.data_dir.join(name))?;
        }
        for name in FILES {
            disk::check_file(&self.data_dir.join(name))?;
        }
        check_named(&self.data_dir, |name| name.starts_with("audit-") && name.ends_with(".jsonl"))?;
        check_named(&self.log_dir(), |name| name.starts_with("adjutant.") || name.starts_with("runner."))
    }
}

/// Files of a directory whose names are numbered or dated.
fn check_named(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    // One that cannot be read is told by whoever needs it.
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(&is_ours) {
            disk::check_file(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn whatever_stands_under_a_fixed_name_is_looked_at() {
        let check = |prepare: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path().join("data");
            disk::private_dir(&data.join("logs")).unwrap();
            prepare(&data);
            Places::find(Some("config.toml".into()), Some(data)).unwrap().check()
        };
        check(&|_| {}).unwrap();
        check(&|data| std::fs::write(data.join("of-the-person"), "").unwrap()).unwrap();
        check(&|data| std::fs::remove_dir_all(data).unwrap()).unwrap();
        let more = ["audit-000001.jsonl", "logs/adjutant.2026-01-01.log", "logs/runner.stderr"];
        for name in FILES.into_iter().chain(more) {
            for what in ["link", "pipe", "folder", "open"] {
                let refused = check(&|data| {
                    let path = data.join(name);
                    match what {
                        "link" => symlink("/dev/null", path).unwrap(),
                        "pipe" => rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RUSR).unwrap(),
                        "folder" => std::fs::create_dir(path).unwrap(),
                        _ => {
                            std::fs::write(&path, "").unwrap();
                            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o622);
                            std::fs::set_permissions(path, mode).unwrap();
                        }
                    }
                });
                let text = refused.expect_err(&format!("{name} as {what}")).to_string();
                assert!(text.contains(name), "{text}");
            }
        }
        for name in FOLDERS {
            let refused = check(&|data| {
                let _ = std::fs::remove_dir(data.join(name));
                symlink("/", data.join(name)).unwrap();
            });
            assert!(refused.unwrap_err().to_string().contains(&format!("{name} is a link")));
        }
    }
}
