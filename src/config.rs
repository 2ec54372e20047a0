//! The configuration: embedded defaults, the person's file over them, and every problem at once.
//!
//! **For:** reading `config.toml` into typed values before the terminal is taken, and saying of each
//! mistake where it stands and what was probably meant. **Not for:** what keys do (`[keys]` is kept as
//! written; the keymap judges it) and not for secrets, which stay in the environment.
//!
//! Invariants: `config.example.toml` is the lowest layer and names every key; a file with any mistake
//! is refused whole, never half applied.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::core::backlog::Access;
use crate::core::permission::PermissionMode;
use crate::core::tool::table;
use crate::disk;
use crate::disk::Refused;

/// The table of the Feishu relay.
pub mod feishu;
/// Programs that are asked.
pub mod hooks;
/// Where the configuration and the data live.
pub mod places;
/// Ready-made rules.
pub mod presets;
/// The tables of the file, one function each.
mod read;
/// The person's own rules for approvals.
pub mod rules;
/// TOML with line numbers: values are taken by key, what is left over is a mistake.
pub mod section;

pub use feishu::Feishu;
pub use section::Problem;

/// The commented defaults: the lowest layer, and what `adjutant config default` prints.
pub const DEFAULTS: &str = include_str!("../config.example.toml");

/// No configuration is longer.
const MAX_BYTES: u64 = 4 << 20;

#[derive(Debug, Clone, Default)]
pub struct Config {
    pub claude: Claude,
    pub profiles: BTreeMap<String, Profile>,
    pub approvals: Approvals,
    pub ui: Ui,
    /// `[keys]` as written: which keys each action is bound to.
    pub keys: Vec<KeyLine>,
    pub secretary: Secretary,
    pub budget: Budget,
    pub runner: Runner,
    pub worktrees: Worktrees,
    pub log: Log,
    pub store: Store,
    pub audit: Audit,
    pub feishu: Feishu,
    /// As they stand in the file.
    pub hooks: Vec<hooks::Hook>,
}

/// How the CLI is started and supervised.
#[derive(Debug, Clone, Default)]
pub struct Claude {
    /// The program and arguments that come before ours.
    pub command: Vec<String>,
    /// The profile of a session that names none.
    pub default_profile: Option<String>,
    /// Environment variables that reach the CLI; a trailing `*` matches any ending.
    pub env_pass: Vec<String>,
    /// A longer line of the CLI is dropped with a notice.
    pub max_line_mib: u64,
    /// How long the first answer may take.
    pub initialize_timeout_s: u64,
    /// How long the CLI may take to end after its input was closed, and again after SIGTERM.
    pub stop_grace_s: u64,
    /// A busy session silent for this long is reported as stalled.
    pub stall_after_s: u64,
    /// How long interrupt-and-send waits for the turn to end.
    pub interrupt_wait_s: u64,
    /// Model names go to the CLI as written, for gateways that want `vendor/model`.
    pub raw_model_names: bool,
    /// Whatever the folders below these bring is trusted unasked.
    pub trusted_folders: Vec<String>,
}

/// A named set of session settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile {
    pub command: Option<Vec<String>>,
    pub mode: Option<PermissionMode>,
    pub model: Option<String>,
    pub effort: Option<String>,
    pub tools: Option<Vec<String>>,
    pub allowed_tools: Vec<String>,
    pub disallowed_tools: Vec<String>,
    pub directories: Vec<String>,
    pub system_prompt: Option<String>,
    /// As `--mcp-config` takes it, in JSON.
    pub mcp_servers: Option<serde_json::Value>,
    pub env: BTreeMap<String, String>,
    /// The process is stopped after so many minutes without work; zero never.
    pub idle_minutes: u64,
    /// A turn is interrupted after so many minutes; zero never.
    pub timeout_minutes: u64,
    /// Its sessions go on by themselves when a usage limit has lifted.
    pub go_on_after_limit: bool,
    /// How much of the project's backlog its sessions may touch; nothing by default.
    pub backlog: Option<Access>,
}

/// The CLI's tools that only read: all that `auto_allow` may name.
pub const READING_TOOLS: [&str; 7] = ["Read", "Glob", "Grep", "LS", "NotebookRead", "WebSearch", "WebFetch"];

/// What `auto_allow` is when nobody writes another list.
pub const AUTO_ALLOW: [&str; 4] = ["Read", "Glob", "Grep", "WebSearch"];

impl Approvals {
    /// What is to be said of tools in `auto_allow` that no Claude Code offers that was tried. Those that stand there by
    /// default are no mistake of anybody's.
    pub fn gone_tools(&self) -> Option<String> {
        let gone = table::gone(self.auto_allow.iter().map(String::as_str));
        let is_said = self.auto_allow != AUTO_ALLOW && !gone.is_empty();
        is_said.then(|| format!("auto_allow names what Claude Code no longer has: {}", gone.join(", ")))
    }
}

#[derive(Debug, Clone, Default)]
pub struct Approvals {
    /// Tools that run without asking, as far as their input allows it.
    pub auto_allow: Vec<String>,
    /// Reading outside the session's directories is automatic too.
    pub anywhere: bool,
    /// The person's own rules, then those of the presets; the first that matches decides, before `auto_allow`.
    pub rules: Vec<rules::Rule>,
    /// Ready-made rules that were named.
    pub presets: Vec<String>,
    /// Denied by itself after so many seconds; zero never.
    pub deadline_s: u64,
    /// Where adjutant keeps what is its own; told by the wiring, not by the file.
    pub own: OwnPlaces,
}

/// adjutant's own files: no rule covers them that does not name them.
#[derive(Debug, Clone, Default)]
pub struct OwnPlaces {
    pub private: Vec<PathBuf>,
    /// Places below these that are the sessions'.
    pub open: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// Dark or light, as the terminal's ground is; its own colours where it does not say.
    #[default]
    Auto,
    Ansi,
    Dark,
    Light,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotifyHow {
    None,
    #[default]
    Bell,
    /// A desktop notification by the terminal (OSC 9), and the bell.
    Terminal,
}

#[derive(Debug, Clone, Default)]
pub struct Ui {
    pub theme: ThemeName,
    /// Plain ASCII marks and borders.
    pub ascii: bool,
    pub notify: NotifyHow,
    /// Overrides `$VISUAL` and `$EDITOR`.
    pub editor: Option<String>,
    /// Lines of a tool's output that show unfolded.
    pub output_lines: u64,
}

/// A language model for small words about the sessions, behind any endpoint that speaks as OpenAI's does.
#[derive(Debug, Clone, Default)]
pub struct Secretary {
    /// Such as `https://api.openai.com/v1`; none: there is no secretary.
    pub base_url: Option<String>,
    /// The environment variable with the key; none: the endpoint wants none.
    pub api_key_env: Option<String>,
    pub model: Option<String>,
    /// Sessions without a title by hand get one from it after their first turn.
    pub titles: bool,
}

#[derive(Debug, Clone, Default)]
pub struct Budget {
    /// Dollars a day over all sessions; zero is no limit.
    pub day_usd: f64,
}

/// The process that the sessions live in.
#[derive(Debug, Clone, Default)]
pub struct Runner {
    /// One that was started by itself ends this long after the last terminal left, if nothing runs.
    pub linger_minutes: u64,
}

/// Git worktrees of sessions.
#[derive(Debug, Clone, Default)]
pub struct Worktrees {
    /// Where they are made; `None`: in the data directory.
    pub dir: Option<PathBuf>,
    /// Files that come along although git does not have them, seen from the repository's top.
    pub copy: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub struct Log {
    /// A `tracing` filter.
    pub level: String,
    /// Daily files that are kept.
    pub keep_days: u64,
}

/// What is kept of the sessions.
#[derive(Debug, Clone, Default)]
pub struct Store {
    /// Secrets are taken out of what is kept.
    pub redact: bool,
}

/// The audit log.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// A file that would grow beyond this is put aside and a new one begun.
    pub rotate_mib: u64,
    /// Full files that are kept; zero keeps all.
    pub keep: u64,
    /// While it cannot be written, nothing is allowed without a person.
    pub required: bool,
}

/// One line of `[keys]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    pub action: String,
    pub keys: Vec<String>,
    pub line: usize,
}

/// The configuration could not be used; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("could not read the configuration {path}: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the configuration decides here what runs ([{what}]), and {open}")]
    OpenToOthers { what: String, open: Refused },
    #[error("{}", list(.path, .problems))]
    Wrong { path: PathBuf, problems: Vec<Problem> },
}

/// All problems, a line each, as `file:line: what is wrong`.
fn list(path: &Path, problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{}:{problem}", path.display())).collect::<Vec<_>>().join("\n")
}

/// Loads the defaults and, over them, the file. A missing file is fine unless `must_exist`: the person
/// named it.
/// `check_keys` judges `[keys]`, so that its mistakes are told together with all others.
pub fn load(
    path: &Path,
    must_exist: bool,
    check_keys: impl FnOnce(&[KeyLine]) -> Vec<Problem>,
) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
    let (bytes, closed) = match read_file(path) {
        Ok(read) => read,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound && !must_exist => (Vec::new(), Ok(())),
        Err(source) => return Err(unreadable(source)),
    };
    let text = String::from_utf8(bytes)
        .map_err(|error| unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error())))?;
    if let (Err(open), Some(what)) = (closed, read::steers(&text)) {
        return Err(ConfigError::OpenToOthers { what, open });
    }
    parse_checked(&text, check_keys).map_err(|problems| ConfigError::Wrong { path: path.to_owned(), problems })
}

/// The file as it is on the disk, and whether it is closed to the writing of others.
pub fn read_file(path: &Path) -> std::io::Result<(Vec<u8>, Result<(), Refused>)> {
    disk::read_of_person(path, MAX_BYTES)
}

/// The defaults with `text` over them, or everything that is wrong with it.
pub fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    parse_checked(text, |_| Vec::new())
}

fn parse_checked(text: &str, check_keys: impl FnOnce(&[KeyLine]) -> Vec<Problem>) -> Result<Config, Vec<Problem>> {
    let mut config = Config::default();
    let mut problems = Vec::new();
    // A test holds that the defaults themselves have no problem.
    read::layer(DEFAULTS, &mut config, &mut problems);
    read::layer(text, &mut config, &mut problems);
    problems.extend(check_keys(&config.keys));
    problems.sort_by_key(|problem| problem.line);
    if problems.is_empty() {
        read::whole(&config, text, &mut problems);
    }
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

impl Config {
    /// The settings of a profile; of no profile, the default one or none at all.
    pub fn profile(&self, name: Option<&str>) -> Option<Profile> {
        match name.or(self.claude.default_profile.as_deref()) {
            Some(name) => self.profiles.get(name).cloned(),
            None => Some(Profile::default()),
        }
    }

    /// The folder of all worktrees.
    pub fn worktrees_in(&self, data_dir: &Path) -> PathBuf {
        self.worktrees.dir.clone().unwrap_or_else(|| data_dir.join("worktrees"))
    }

    /// The CLI's own folder, where its record of conversations is: as the profile's environment says, or ours,
    /// which `inherited` looks up.
    pub fn claude_home(
        &self,
        profile: Option<&str>,
        inherited: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> PathBuf {
        let profile = self.profile(profile).unwrap_or_default();
        let set = |name: &str| profile.env.get(name).map(Into::into).or_else(|| inherited(name));
        match set("CLAUDE_CONFIG_DIR").filter(|folder| !folder.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => PathBuf::from(set("HOME").unwrap_or_default()).join(".claude"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        parse(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_defaults_have_no_problem_and_say_what_they_say() {
        let config = parse("").unwrap();
        assert_eq!(config.claude.command, ["claude"]);
        assert_eq!(config.claude.max_line_mib, 32);
        assert_eq!(config.approvals.auto_allow, ["Read", "Glob", "Grep", "WebSearch"]);
        assert_eq!(config.approvals.auto_allow, AUTO_ALLOW);
        assert_eq!(config.approvals.deadline_s, 0);
        assert!(config.profiles.is_empty());
    }

    #[test]
    fn a_file_overrides_only_what_it_names() {
        let config =
            parse("[claude]\ncommand = \"/opt/claude\"\n[profiles.fast]\nmodel = \"haiku\"\nmode = \"plan\"\n")
                .unwrap();
        assert_eq!(config.claude.command, ["/opt/claude"]);
        assert_eq!(config.claude.stop_grace_s, 5);
        assert_eq!(config.profile(Some("fast")).unwrap().mode, Some(PermissionMode::Plan));
        assert_eq!(config.profile(Some("none")), None);
    }

    #[test]
    fn names_every_mistake_with_its_line_and_the_nearest_key() {
        let text = "[claude]\ncomand = \"x\"\nstop_grace_s = \"long\"\n\n[aprovals]\n\n[ui]\ntheme = \"drak\"\n[profiles.p]\nmode = \"yolo\"\n";
        assert_eq!(
            problems(text),
            [
                "2: [claude] has no key “comand”; did you mean “command”?",
                "3: [claude] stop_grace_s: expected a whole number from 0 to 3600, found text",
                "5: there is no table “aprovals”; did you mean “approvals”?",
                "8: [ui] theme: “drak” is none of auto, ansi, dark, light; did you mean “dark”?",
                "10: [profiles.p] mode: “yolo” is none of default, acceptEdits, plan, auto, dontAsk, bypassPermissions",
            ]
        );
    }

    #[test]
    fn syntax_errors_have_lines_too() {
        let found = problems("[claude\ncommand = 3\n\n[ui]\ntheme = \n");
        assert!(found[0].starts_with("1: "), "{found:?}");
        assert!(found.iter().any(|problem| problem.starts_with("5: ")), "{found:?}");
    }

    #[test]
    fn only_reading_tools_can_be_allowed_without_asking() {
        let found = problems("[approvals]\nauto_allow = [\"Read\", \"Bash\", \"Grpe\"]\n");
        assert!(found[0].starts_with("2: [approvals] auto_allow: “Bash” is none of the reading tools"), "{found:?}");
        assert!(found[1].ends_with("did you mean “Grep”?"), "{found:?}");
    }

    #[test]
    fn worktrees_have_a_place_and_bring_only_files_of_the_repository() {
        let config = parse("[worktrees]\ndir = \"/big/disk\"\ncopy = [\".env\", \"config/local.toml\"]\n").unwrap();
        assert_eq!(config.worktrees_in(Path::new("/data")), Path::new("/big/disk"));
        assert_eq!(config.worktrees.copy.len(), 2);
        assert_eq!(parse("").unwrap().worktrees_in(Path::new("/data")), Path::new("/data/worktrees"));
        let found = problems("[worktrees]\ndir = \"here\"\ncopy = [\"../x\", \"/etc/passwd\", \"\"]\n");
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn a_default_profile_must_exist() {
        assert_eq!(
            problems("[claude]\ndefault_profile = \"x\"\n"),
            ["2: [claude] default_profile: there is no [profiles.x]"]
        );
    }

    #[test]
    fn a_file_that_others_may_write_is_refused_where_it_steers() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let load = |text: &str, mode: u32| {
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            load(&path, true, |_| Vec::new()).map(drop).map_err(|error| error.to_string())
        };
        for (table, text) in [
            ("claude", "[claude]\ncommand = \"x\"\n"),
            ("approvals", "[[approvals.rules]]\n"),
            ("approvals", "[keys]\n[approvals]\nauto_allow = []\n"),
            ("profiles", "profiles.x.env.A = \"1\"\n"),
            ("ui", "[ui]\neditor = \"vi\"\n"),
            ("ui", "ui = {editor = \"vi\"}\n"),
            ("claude", "\"claude\".command = \"x\"\n"),
            ("relay", "[relay.feishu]\n"),
            ("claude", "[claude"),
        ] {
            for mode in [0o622, 0o660, 0o606] {
                let error = load(text, mode).unwrap_err();
                let how = format!("chmod go-w {}", path.display());
                assert!(error.contains(&format!("[{table}]")) && error.contains(&how), "{text}: {error}");
            }
        }
        load("[claude]\ncommand = \"x\"\n", 0o644).unwrap();
        for harmless in ["", "[ui]\ntheme = \"dark\"\n[keys]\nsend = \"f5\"\n", "[log]\nkeep_days = 1\n"] {
            load(harmless, 0o666).unwrap();
        }
    }

    #[test]
    fn what_is_no_file_is_no_configuration_and_nothing_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let load = || load(&path, false, |_| Vec::new()).map(drop).map_err(|error| error.to_string());
        load().unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert!(load().unwrap_err().contains("a named pipe"));
        for target in ["/dev/zero", "/nowhere/at/all", "."] {
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(target, &path).unwrap();
            assert!(load().unwrap_err().contains("config.toml"), "{target}");
        }
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, b"# \xff\n").unwrap();
        assert!(load().unwrap_err().contains("utf-8"));
    }

    #[test]
    fn any_text_is_answered_without_a_panic() {
        for text in [
            "\u{0}",
            "a=1",
            "[[claude]]",
            "[claude.command]",
            "claude = 1",
            "[profiles]\nx = 1",
            "[keys]\nsend = 4",
            "[profiles.\"\"]",
            "[keys]\nsend = [\"a\", 1]",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
