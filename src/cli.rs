//! The command line: what can be asked for, and the wiring of the rooms for each verb.
//!
//! **For:** arguments, exit codes, putting rooms together. **Not for:** doing the work of any room.

use std::path::PathBuf;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

/// `audit verify`, `audit search` and `audit show`.
pub mod audit;
/// `config check` and `config default`.
pub mod config;
/// The terminal, on real sessions or on the demo.
pub mod open;
/// The engine together with what is written down about it.
pub mod records;
/// One prompt without a terminal.
pub mod run;
/// What every verb needs: places, configuration, log, engine.
pub mod setup;

/// Exit codes that scripts rely on.
pub mod exit {
    pub const OK: u8 = 0;
    /// The turn ended with an error, or something that was asked for could not be done.
    pub const FAILED: u8 = 1;
    /// Wrong arguments or a wrong configuration.
    pub const USAGE: u8 = 2;
    /// An approval was needed and nobody could give it.
    pub const NOBODY_TO_ASK: u8 = 3;
}

/// A control room for several Claude Code sessions.
#[derive(Debug, Parser)]
#[command(name = "adjutant", version, subcommand_precedence_over_arg = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub verb: Option<Verb>,
    #[command(flatten)]
    pub open: Open,
}

impl Cli {
    /// Directories and options of the terminal given together with a verb: one of them was not meant.
    pub fn contradiction(&self) -> Option<setup::Stop> {
        let Open { directories, prompt, resume, profile } = &self.open;
        let is_terminal = !directories.is_empty() || prompt.is_some() || resume.is_some() || profile.is_some();
        (self.verb.is_some() && is_terminal).then(|| {
            setup::Stop::usage("directories and options of the terminal do not go with a verb; write what belongs to the verb after it, and a directory with the name of a verb as ./NAME")
        })
    }
}

/// Options of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// The configuration file (default: config.toml in the platform's configuration directory).
    #[arg(long, global = true, value_name = "FILE", env = "ADJUTANT_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where adjutant keeps its data and logs (default: the platform's data directory).
    #[arg(long, global = true, value_name = "DIR", env = "ADJUTANT_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
}

/// Opening the terminal.
#[derive(Debug, Args)]
pub struct Open {
    /// A session for each of these directories (default: the current one).
    #[arg(value_name = "DIR")]
    pub directories: Vec<PathBuf>,
    /// A first prompt for the first session.
    #[arg(long, short = 'p', value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Go on with an earlier conversation of the CLI.
    #[arg(long, value_name = "ID")]
    pub resume: Option<String>,
    /// Settings of this name from the configuration.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// See everything on scripted sessions: no account, no network, nothing installed.
    Demo,
    /// Send one prompt without a terminal, and end with its turn.
    Run(Run),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Look at the audit log.
    #[command(subcommand)]
    Audit(audit::AuditVerb),
}

#[derive(Debug, Args)]
pub struct Run {
    /// The prompt; “-” reads it from standard input.
    #[arg(long, short = 'p', value_name = "TEXT")]
    pub prompt: String,
    /// The directory to work in (default: the current one).
    #[arg(value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// Print every event as one JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// Who answers approvals.
    #[arg(long, value_enum, default_value_t = Approve::Policy)]
    pub approve: Approve,
    /// The permission mode, by the CLI's name for it.
    #[arg(long, value_name = "MODE", value_parser = permission_mode)]
    pub mode: Option<crate::core::permission::PermissionMode>,
    /// The model, by the CLI's name for it.
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Go on with an earlier conversation of the CLI.
    #[arg(long, value_name = "ID")]
    pub resume: Option<String>,
    /// Settings of this name from the configuration.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
}

/// Who answers what the policy leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Approve {
    /// The configuration's policy; what it does not allow is denied, and the exit code is 3.
    Policy,
    /// Nobody: everything that is asked is denied.
    Deny,
    /// Lines on standard input: “allow ID”, “deny ID why”, or a JSON object.
    Stdin,
}

#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Check the configuration and name everything that is wrong with it.
    Check,
    /// Print the commented defaults.
    Default,
}

fn permission_mode(word: &str) -> Result<crate::core::permission::PermissionMode, String> {
    use crate::core::permission::PermissionMode;
    PermissionMode::parse(word).ok_or_else(|| {
        let words: Vec<&str> = PermissionMode::ALL.iter().map(|mode| mode.as_str()).collect();
        let hint = crate::config::section::did_you_mean(word, words.iter().copied());
        format!("there is no such mode; the modes are {}{hint}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_may_stand_before_or_after_the_verb_but_not_on_both_sides() {
        let parse = |words: &str| Cli::try_parse_from(words.split(' '));
        for good in [
            "adjutant",
            "adjutant a b",
            "adjutant --config c run -p x d",
            "adjutant run -p x --config c",
            "adjutant demo",
        ] {
            let parsed = parse(good).unwrap();
            assert!(parsed.contradiction().is_none(), "{good}");
            assert_eq!(parsed.verb.is_some(), good.contains("run") || good.contains("demo"), "{good}");
        }
        assert!(parse("adjutant ./run").unwrap().verb.is_none());
        assert!(parse("adjutant a demo").unwrap().contradiction().is_some());
        assert!(parse("adjutant run").is_err());
        assert!(parse("adjutant run -p x --mode yolo").unwrap_err().to_string().contains("bypassPermissions"));
    }
}
