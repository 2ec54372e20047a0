//! Whether what a folder brings may take effect: the question that is asked before a process is started, and before
//! each turn.
//!
//! **For:** the narrow trait by which the engine asks, and what an answer means for the CLI's command line.
//! **Not for:** reading folders or keeping decisions; `crate::trust` does.
//!
//! Invariant: whatever goes wrong on the way, the process is started without what the folder brings, or not at all.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Map;
use serde_json::Value;

use crate::core::prompt::Surface;
use crate::core::sensitive::secret;
use crate::core::trust::Brought;

/// Why a folder is not trusted from the phone.
pub(crate) const AT_TERMINAL: &str =
    "this folder may be trusted only at the terminal: [relay.feishu] trusted_roots names nothing above it";

/// Where a session works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    pub directory: PathBuf,
    /// The CLI's own folder: the person's.
    pub claude_home: PathBuf,
}

/// Knows folders. All calls block on the disk.
pub trait Gate: std::fmt::Debug + Send + Sync {
    fn look(&self, look: &Look) -> Sighting;

    /// Remembers that a person trusts all of it.
    fn trust(&self, look: &Look, brought: &Brought, by: &Surface) -> Result<(), String>;

    /// The folders in whose settings the CLI may keep rules for a session there: its own first, then the top of the
    /// repository, where newer CLIs keep them.
    fn homes_of_rules(&self, directory: &Path) -> Vec<PathBuf>;

    /// Remembers rules and further directories that an answer of a person has the CLI write into the project's
    /// settings.
    fn adopt(&self, look: &Look, rules: &[String], directories: &[String]) -> Result<(), String>;
}

/// What was seen of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sighting {
    /// Nothing needs to be asked.
    Clear(Start),
    /// Something is there that nobody has trusted.
    Unknown { brought: Box<Brought>, without: Restraint },
}

/// How a process may be started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Start {
    /// As the CLI does it: all of it is trusted.
    #[default]
    Whole,
    /// Without the project's settings, so that nothing that appears in the folder takes effect either.
    Restrained(Restraint),
}

/// What a process is given in place of the project's settings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restraint {
    /// Settings that may take effect.
    pub settings: Map<String, Value>,
    /// The project's instructions that the CLI does not read by itself then.
    pub instructions: Option<String>,
    /// Keys of git's configuration that are overruled, because they run something.
    pub git_keys: Vec<String>,
    /// Something that nobody has trusted is kept out, also what the CLI would do by the clock.
    pub is_refused: bool,
}

/// Makes the CLI read the instructions of a directory that was added, and nothing else of it.
const INSTRUCTIONS: &str = "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD";
/// Files that the CLI never takes for instructions, imported ones included. Seen on 2.1.197, 2.1.331 and 2.1.332.
const NOT_TAKEN_IN: &str = "claudeMdExcludes";
const NO_SCHEDULES: &str = "CLAUDE_CODE_DISABLE_CRON";

impl Restraint {
    /// What goes onto the command line.
    pub(crate) fn flags(&self, directory: &str) -> Vec<String> {
        // Sources: the person's own settings only. The folder itself is added, which it is anyway, so that its
        // instructions are read.
        let mut settings = self.settings.clone();
        let mut env = Map::from_iter([(INSTRUCTIONS.to_owned(), Value::from("1"))]);
        if self.is_refused {
            env.insert(NO_SCHEDULES.to_owned(), "1".into());
            // 2.1.197 takes it from the project's local settings although it is told not to read them.
            settings.insert("autoMemoryDirectory".into(), "".into());
        }
        // Instructions may take in other files (`@.env`): what looks secret would reach the model unasked.
        settings.insert(NOT_TAKEN_IN.into(), secret::globs::globs(directory).into());
        // In the settings too: a command that starts the CLI elsewhere hands no variables on.
        settings.insert("env".into(), env.into());
        let settings = Value::Object(settings);
        vec!["--setting-sources=user".to_owned(), format!("--add-dir={directory}"), format!("--settings={settings}")]
    }

    /// Variables of the process. `inherited`: how many settings of git its environment has already.
    pub(crate) fn environment(&self, inherited: Option<&str>) -> Vec<(OsString, OsString)> {
        let mut variables: Vec<(OsString, OsString)> = vec![(INSTRUCTIONS.into(), "1".into())];
        if !self.is_refused {
            return variables;
        }
        variables.push((NO_SCHEDULES.into(), "1".into()));
        let first: usize = inherited.and_then(|count| count.parse().ok()).unwrap_or(0);
        let fixed = [("core.fsmonitor", "false"), ("core.hooksPath", "/dev/null")];
        let keys = self.git_keys.iter().map(|key| (key.as_str(), ""));
        let all: Vec<(&str, &str)> = keys.filter(|(key, _)| *key != "core.fsmonitor").chain(fixed).collect();
        for (place, (key, value)) in all.iter().enumerate() {
            let place = first + place;
            variables.push((format!("GIT_CONFIG_KEY_{place}").into(), key.into()));
            variables.push((format!("GIT_CONFIG_VALUE_{place}").into(), value.into()));
        }
        variables.push(("GIT_CONFIG_COUNT".into(), (first + all.len()).to_string().into()));
        variables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_folder_gets_neither_settings_nor_programs_of_git() {
        let restraint = Restraint {
            git_keys: vec!["diff.external".into(), "core.fsmonitor".into()],
            is_refused: true,
            ..Restraint::default()
        };
        let flags = restraint.flags("/w");
        assert_eq!(flags[..2], ["--setting-sources=user", "--add-dir=/w"]);
        let settings: Value = serde_json::from_str(flags[2].strip_prefix("--settings=").unwrap()).unwrap();
        let env =
            serde_json::json!({ "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD": "1", "CLAUDE_CODE_DISABLE_CRON": "1" });
        assert_eq!((&settings["autoMemoryDirectory"], &settings["env"]), (&Value::from(""), &env));
        let kept_out = settings["claudeMdExcludes"].as_array().unwrap();
        for glob in ["**/.env", "**/id_rsa", "**/*.pem", "/w/**/.ssh/**"] {
            assert!(kept_out.contains(&glob.into()), "{glob}");
        }
        let environment = restraint.environment(Some("1"));
        let value =
            |name: &str| environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.to_str().unwrap());
        assert_eq!(value("GIT_CONFIG_COUNT"), Some("4"));
        assert_eq!((value("GIT_CONFIG_KEY_1"), value("GIT_CONFIG_VALUE_1")), (Some("diff.external"), Some("")));
        assert_eq!((value("GIT_CONFIG_KEY_2"), value("GIT_CONFIG_VALUE_2")), (Some("core.fsmonitor"), Some("false")));
        assert_eq!(value("GIT_CONFIG_KEY_3"), Some("core.hooksPath"));
        assert_eq!(value(NO_SCHEDULES), Some("1"));
        let plain = Restraint::default().environment(None);
        assert_eq!(plain.len(), 1, "a folder that brings nothing keeps its git and its schedules: {plain:?}");
    }
}
