//! How the CLI is started: its arguments and environment, from the configuration and what was chosen.
//!
//! **For:** the command line as a value, and telling a missing directory from a missing program before
//! anything runs. **Not for:** running it (`process`).
//!
//! Invariants: a value from a person is never a word of its own (`--flag=value`), so none can be taken
//! for a flag; nothing of adjutant's own environment, nor of a CLI that adjutant was started from,
//! reaches the CLI.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::config::Claude;
use crate::config::Profile;
use crate::core::ids::ConversationId;
use crate::core::ids::PromptId;
use crate::core::permission::PermissionMode;
use crate::core::trouble::Trouble;
use crate::core::trouble::TroubleKind;
use crate::engine::trust::Start;

/// The variable that every process of a session carries, so that strays are found by it.
pub(crate) const MARK: &str = "ADJUTANT_SESSION";

/// What changes from one start of a session to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Launch {
    pub(crate) directory: String,
    pub(crate) resume: Option<ConversationId>,
    /// Go on in a copy of the conversation.
    pub(crate) fork: bool,
    /// The copy ends before this prompt; looked up before the start.
    pub(crate) fork_at: Option<PromptId>,
    /// The last message that the copy has.
    pub(crate) resume_at: Option<String>,
    pub(crate) mode: Option<PermissionMode>,
    pub(crate) model: Option<String>,
    /// What of the folder takes effect.
    pub(crate) trust: Start,
    /// MCP servers in this program that the process may talk to.
    pub(crate) servers: Vec<String>,
}

/// A command line, ready to run.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CommandLine {
    pub(crate) program: OsString,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) directory: PathBuf,
    pub(crate) environment: Vec<(OsString, OsString)>,
}

/// Environment values and a system prompt may be secret: a log line shows neither.
impl std::fmt::Debug for CommandLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommandLine")
            .field("program", &self.program)
            .field("n_arguments", &self.arguments.len())
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

/// Builds the command line. `inherited` is the environment that adjutant itself has.
pub(crate) fn command_line(
    claude: &Claude,
    profile: &Profile,
    launch: &Launch,
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
    mark: &str,
) -> CommandLine {
    let words = profile.command.as_ref().unwrap_or(&claude.command);
    let (program, before) = words.split_first().map_or(("claude", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut arguments: Vec<OsString> = before.iter().map(OsString::from).collect();
    arguments.extend(flags(claude, profile, launch).into_iter().map(OsString::from));
    CommandLine {
        program: program.into(),
        arguments,
        directory: PathBuf::from(&launch.directory),
        environment: environment(claude, profile, launch, inherited, mark),
    }
}

/// Where a CLI of the profile keeps its own files.
pub(crate) fn claude_home(claude: &Claude, profile: &Profile) -> PathBuf {
    command_line(claude, profile, &Launch::default(), std::env::vars_os(), "").claude_home()
}

fn flags(claude: &Claude, profile: &Profile, launch: &Launch) -> Vec<String> {
    let mut flags: Vec<String> = [
        "-p",
        "--output-format=stream-json",
        "--input-format=stream-json",
        "--verbose",
        "--permission-prompt-tool=stdio",
        "--include-partial-messages",
    ]
    .map(str::to_owned)
    .into();
    let mut flag = |name: &str, value: &str| flags.push(format!("--{name}={value}"));
    // Always said: left out, an older CLI takes it from the project's own settings, which may allow everything.
    flag("permission-mode", launch.mode.or(profile.mode).unwrap_or_default().as_str());
    if let Some(model) = launch.model.as_ref().or(profile.model.as_ref()) {
        flag("model", &normal_model(model, claude.raw_model_names));
    }
    if let Some(effort) = &profile.effort {
        flag("effort", effort);
    }
    if let Some(conversation) = &launch.resume {
        flag("resume", &conversation.0);
        if let Some(message) = &launch.resume_at {
            flag("resume-session-at", message);
        }
    }
    if let Some(tools) = &profile.tools {
        flag("tools", &tools.join(","));
    }
    if !profile.allowed_tools.is_empty() {
        flag("allowedTools", &profile.allowed_tools.join(","));
    }
    if !profile.disallowed_tools.is_empty() {
        flag("disallowedTools", &profile.disallowed_tools.join(","));
    }
    for directory in &profile.directories {
        flag("add-dir", &Path::new(&launch.directory).join(directory).to_string_lossy());
    }
    if let Some(prompt) = &profile.system_prompt {
        flag("append-system-prompt", prompt);
    }
    let mut servers = profile.mcp_servers.as_ref().and_then(Value::as_object).cloned().unwrap_or_default();
    // Ours come last: no server of the configuration takes their place.
    servers.extend(launch.servers.iter().map(|name| (name.clone(), json!({ "type": "sdk", "name": name }))));
    if !servers.is_empty() {
        flag("mcp-config", &json!({ "mcpServers": servers }).to_string());
    }
    if let Start::Restrained(restraint) = &launch.trust {
        flags.extend(restraint.flags(&launch.directory));
    }
    if launch.resume.is_some() && launch.fork {
        flags.push("--fork-session".into());
    }
    flags
}

/// `anthropic/claude-x.y` as the CLI's own API names it: `claude-x-y`. Names of other makers stay.
pub(crate) fn normal_model(name: &str, raw: bool) -> String {
    let bare = name.strip_prefix("anthropic/").unwrap_or(name);
    if raw || !bare.starts_with("claude") { name.to_owned() } else { bare.replace('.', "-") }
}

fn environment(
    claude: &Claude,
    profile: &Profile,
    launch: &Launch,
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
    mark: &str,
) -> Vec<(OsString, OsString)> {
    let mut variables: BTreeMap<OsString, OsString> =
        inherited.into_iter().filter(|(name, _)| passes(&name.to_string_lossy(), &claude.env_pass)).collect();
    for (name, value) in &profile.env {
        variables.insert(name.into(), value.into());
    }
    if let Start::Restrained(restraint) = &launch.trust {
        let count =
            variables.get(&OsString::from("GIT_CONFIG_COUNT")).map(|count| count.to_string_lossy().into_owned());
        variables.extend(restraint.environment(count.as_deref()));
    }
    variables.insert("PWD".into(), launch.directory.as_str().into());
    variables.insert("CLAUDE_CODE_SDK_READS_SESSION_STATE".into(), "1".into());
    variables.insert(MARK.into(), mark.into());
    variables.into_iter().collect()
}

fn passes(name: &str, patterns: &[String]) -> bool {
    let ours = name.starts_with("ADJUTANT_");
    // A CLI that finds these believes that it runs inside another one.
    let outer = ["CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SIMPLE"].contains(&name);
    !ours
        && !outer
        && patterns.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        })
}

impl CommandLine {
    /// Says what is missing, if something is: the system's own error is the same for both. Reads the disk.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        if !self.directory.is_dir() {
            let path = self.directory.to_string_lossy().into_owned();
            return Err(Trouble::new(TroubleKind::DirectoryGone { path: path.clone() }, path));
        }
        if self.find_program().is_none() {
            let program = self.program.to_string_lossy().into_owned();
            let raw = format!("{program}: no such program on the PATH, or it may not be run");
            return Err(Trouble::new(TroubleKind::CliMissing { program }, raw));
        }
        Ok(())
    }

    /// The CLI's own folder: where it says so itself, or in the home it will have.
    pub(crate) fn claude_home(&self) -> PathBuf {
        let variable = |wanted: &str| self.environment.iter().find(|(name, _)| name == wanted).map(|(_, value)| value);
        match variable("CLAUDE_CONFIG_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => Path::new(variable("HOME").map_or("", |home| home.to_str().unwrap_or_default())).join(".claude"),
        }
    }

    /// The program's file, looked for as the system will: on the PATH the child gets, or from its directory.
    pub(crate) fn find_program(&self) -> Option<PathBuf> {
        if self.program.to_string_lossy().contains('/') {
            return Some(self.directory.join(&self.program)).filter(|path| is_executable(path));
        }
        let path = self.environment.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.clone());
        let path = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
        std::env::split_paths(&path).map(|folder| folder.join(&self.program)).find(|path| is_executable(path))
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claude() -> Claude {
        Claude { command: vec!["claude".into()], env_pass: vec!["*".into()], ..Claude::default() }
    }

    fn line(profile: &Profile, launch: &Launch, env: &[(&str, &str)]) -> CommandLine {
        let env = env.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        command_line(&claude(), profile, launch, env, "m1")
    }

    fn words(line: &CommandLine) -> Vec<String> {
        line.arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn values_of_a_person_are_never_words_of_their_own() {
        let profile = Profile {
            command: Some(vec!["ssh".into(), "-T".into(), "host".into(), "claude".into()]),
            model: Some("anthropic/claude-sonnet-4.5".into()),
            tools: Some(vec![]),
            allowed_tools: vec!["Bash(git log *)".into(), "Read".into()],
            directories: vec!["../lib".into(), "/abs".into()],
            system_prompt: Some("--dangerously-skip-permissions".into()),
            mcp_servers: Some(serde_json::json!({"files": {"command": "mcp-files"}})),
            ..Profile::default()
        };
        let launch = Launch {
            directory: "/home/me/web".into(),
            resume: Some("abc".into()),
            fork: true,
            resume_at: Some("m1".into()),
            mode: Some(PermissionMode::Plan),
            ..Launch::default()
        };
        let line = line(&profile, &launch, &[]);
        assert_eq!(line.program, "ssh");
        let words = words(&line);
        assert_eq!(words[..3], ["-T", "host", "claude"]);
        assert_eq!(
            words[9..],
            [
                "--permission-mode=plan",
                "--model=claude-sonnet-4-5",
                "--resume=abc",
                "--resume-session-at=m1",
                "--tools=",
                "--allowedTools=Bash(git log *),Read",
                "--add-dir=/home/me/web/../lib",
                "--add-dir=/abs",
                "--append-system-prompt=--dangerously-skip-permissions",
                "--mcp-config={\"mcpServers\":{\"files\":{\"command\":\"mcp-files\"}}}",
                "--fork-session",
            ]
        );
    }

    #[test]
    fn what_was_chosen_wins_over_the_profile() {
        let profile = Profile { mode: Some(PermissionMode::Plan), model: Some("haiku".into()), ..Profile::default() };
        let launch = Launch { mode: Some(PermissionMode::Default), model: Some("opus".into()), ..Launch::default() };
        let words = words(&line(&profile, &launch, &[]));
        assert!(words.contains(&"--permission-mode=default".into()));
        assert!(words.contains(&"--model=opus".into()));
    }

    #[test]
    fn a_mode_is_always_given_so_that_no_settings_of_a_project_choose_it() {
        let words = words(&line(&Profile::default(), &Launch::default(), &[]));
        assert!(words.contains(&"--permission-mode=default".into()), "{words:?}");
    }

    #[test]
    fn model_names_are_normalised_unless_a_gateway_wants_them_raw() {
        assert_eq!(normal_model("anthropic/claude-opus-4.1", false), "claude-opus-4-1");
        assert_eq!(normal_model("claude-opus-4.1", false), "claude-opus-4-1");
        assert_eq!(normal_model("opus[1m]", false), "opus[1m]");
        assert_eq!(normal_model("z-ai/glm-4.6", false), "z-ai/glm-4.6");
        assert_eq!(normal_model("anthropic/claude-opus-4.1", true), "anthropic/claude-opus-4.1");
    }

    #[test]
    fn the_environment_is_filtered_and_marked() {
        let profile = Profile { env: [("FOO".into(), "profile".into())].into(), ..Profile::default() };
        let launch = Launch { directory: "/w".into(), ..Launch::default() };
        let env = [("HOME", "/h"), ("FOO", "x"), ("CLAUDECODE", "1"), ("ADJUTANT_X", "1"), ("PWD", "/old")];
        let line = line(&profile, &launch, &env);
        let names: Vec<String> =
            line.environment.iter().map(|(n, v)| format!("{}={}", n.display(), v.display())).collect();
        assert_eq!(
            names,
            ["ADJUTANT_SESSION=m1", "CLAUDE_CODE_SDK_READS_SESSION_STATE=1", "FOO=profile", "HOME=/h", "PWD=/w"]
        );
        assert!(passes("ANTHROPIC_API_KEY", &["ANTHROPIC_*".into()]));
        assert!(!passes("AWS_KEY", &["ANTHROPIC_*".into(), "HOME".into()]));
        assert!(!format!("{line:?}").contains("profile"));
    }

    #[test]
    fn a_missing_directory_is_not_a_missing_program() {
        let with = |directory: &str, program: &str| {
            let mut line = line(&Profile::default(), &Launch::default(), &[("PATH", "/bin")]);
            line.directory = directory.into();
            line.program = program.into();
            line.check().map_err(|trouble| trouble.kind)
        };
        assert_eq!(with("/", "sh"), Ok(()));
        assert_eq!(with("/", "/bin/sh"), Ok(()));
        assert_eq!(with("/none", "sh"), Err(TroubleKind::DirectoryGone { path: "/none".into() }));
        assert_eq!(with("/", "no-such"), Err(TroubleKind::CliMissing { program: "no-such".into() }));
    }
}
