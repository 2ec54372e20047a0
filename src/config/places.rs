//! Where the configuration and the data live: named by the person, or the platform's folders.

use std::path::Path;
use std::path::PathBuf;

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

    pub fn log_dir(&self) -> PathBuf {
        self.data_dir.join("logs")
    }
}

/// Makes a directory that only this user may enter.
pub fn make_private_dir(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
