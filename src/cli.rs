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
/// `backlog`, and `mcp backlog` for models.
pub mod backlog;
/// `config check` and `config default`.
pub mod config;
/// Whether everything that is needed is there.
pub mod doctor;
/// What the policy would answer.
pub mod explain;
/// The person's own programs that are asked.
pub mod hooks;
/// The engine with its records.
pub mod house;
/// The terminal, on real sessions or on the demo.
pub mod open;
/// The relay in the runner.
mod phone;
/// Printing for the verbs.
pub mod print;
/// One prompt without a terminal.
pub mod run;
/// Reaching the runner, and starting it when there is none.
pub mod runner;
/// The runner itself.
pub mod serve;
/// The MCP servers in this program.
mod servers;
/// What every verb needs: places, configuration, log, engine.
pub mod setup;
/// Folders that are trusted.
pub mod trust;
/// Verbs that talk to the runner, or read what it has kept.
pub mod verbs;

/// Exit codes that scripts rely on.
pub mod exit {
    pub const OK: u8 = 0;
    /// The turn ended with an error, or something that was asked for could not be done.
    pub const FAILED: u8 = 1;
    /// Wrong arguments or a wrong configuration.
    pub const USAGE: u8 = 2;
    /// An approval was needed and nobody could give it.
    pub const NOBODY_TO_ASK: u8 = 3;
    /// The turn ended well, and something was still at work in the background.
    pub const TASKS_LEFT: u8 = 4;
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
        let Open { directories, prompt, resume, profile, worktree, foreground } = &self.open;
        let is_named = prompt.is_some() || resume.is_some() || profile.is_some() || worktree.is_some();
        let is_terminal = !directories.is_empty() || is_named || *foreground;
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
    #[arg(long, short = 'p', value_name = "TEXT", allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// Go on with an earlier conversation of the CLI; without an ID, choose one from a list.
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    pub resume: Option<String>,
    /// Settings of this name from the configuration.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Give each session a git worktree of its own, on a new branch of this name or of one that is chosen.
    #[arg(long, value_name = "BRANCH", num_args = 0..=1, default_missing_value = "", conflicts_with = "resume")]
    pub worktree: Option<String>,
    /// Keep everything in this process: the sessions end with the terminal.
    #[arg(long)]
    pub foreground: bool,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// See everything on scripted sessions: no account, no network, nothing installed.
    Demo,
    /// Run the sessions without a terminal; terminals attach to it and leave as they like. `adjutant` starts
    /// it by itself.
    Serve(Serve),
    /// Open the terminal on the sessions that run, and on nothing else.
    Attach,
    /// End the runner in order: every session is stopped, and comes back with the next start.
    Stop,
    /// Send one prompt without a terminal, and end with its turn.
    Run(Run),
    /// List the sessions.
    List {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Tell what the runner is doing, or one session.
    Status {
        /// A session: its number, title, directory or folder's name.
        #[arg(value_name = "SESSION")]
        session: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// List what is allowed for a time or for good, or take it back.
    Grants {
        #[command(subcommand)]
        verb: Option<GrantsVerb>,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// Tell how the relay to the phone is, pair a phone, pause.
    Relay {
        #[command(subcommand)]
        verb: Option<RelayVerb>,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// List the hooks and how they are, restart one, or try one.
    Hooks {
        #[command(subcommand)]
        verb: Option<hooks::HooksVerb>,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// List the folders that are trusted with what they bring, trust one, or forget one.
    Trust {
        #[command(subcommand)]
        verb: Option<trust::TrustVerb>,
        /// Print JSON.
        #[arg(long, global = true)]
        json: bool,
    },
    /// List what is to be built in the project, in the order of work, and change it.
    Backlog {
        #[command(flatten)]
        at: backlog::Where,
        #[command(subcommand)]
        verb: Option<backlog::BacklogVerb>,
    },
    /// Serve tools to another program, by the Model Context Protocol on standard input and output.
    #[command(subcommand)]
    Mcp(backlog::McpVerb),
    /// Send a prompt to a session.
    Send(Send),
    /// Allow a request once.
    Approve {
        /// The request's number, as `status` shows it.
        #[arg(value_name = "ID")]
        id: u32,
        #[arg(long)]
        json: bool,
    },
    /// Deny a request.
    Deny {
        /// The request's number, as `status` shows it.
        #[arg(value_name = "ID")]
        id: u32,
        /// Why, for the model.
        #[arg(long, short = 'm', value_name = "TEXT", allow_hyphen_values = true)]
        message: Option<String>,
        /// Also end the turn.
        #[arg(long)]
        stop: bool,
        #[arg(long)]
        json: bool,
    },
    /// Follow what happens.
    Tail(Tail),
    /// Find words in everything that was said, in open and closed sessions.
    Search {
        /// Words that must all be there; the last one may be a beginning.
        #[arg(value_name = "TEXT", required = true)]
        words: Vec<String>,
        /// So many hits at most, the newest first.
        #[arg(long, short = 'n', value_name = "N", default_value_t = verbs::records::DEFAULT_HITS)]
        limit: usize,
        /// Print one JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// List the conversations that the CLI keeps; `adjutant --resume ID` goes on with one.
    Import(Import),
    /// Count tokens and money.
    Usage(Usage),
    /// Say what the policy would answer to a call, and why.
    Explain(Explain),
    /// See whether everything that is needed is there and works, and what to do where it does not.
    Doctor {
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Look at the audit log.
    #[command(subcommand)]
    Audit(audit::AuditVerb),
}

#[derive(Debug, Args)]
pub struct Send {
    /// The session: its number, title, directory or folder's name.
    #[arg(value_name = "SESSION")]
    pub session: String,
    /// The prompt; “-” reads it from standard input.
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub text: String,
    /// Interrupt the running turn instead of waiting for it.
    #[arg(long)]
    pub now: bool,
    /// Wait for the end of its turn, and print the answer.
    #[arg(long)]
    pub wait: bool,
    /// Trust what the session's directory brings (hooks, servers, rules), as it is now.
    #[arg(long)]
    pub trust: bool,
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Tail {
    /// Only this session: its number, title, directory or folder's name.
    #[arg(value_name = "SESSION")]
    pub session: Option<String>,
    /// So many entries of what was before.
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub lines: usize,
    /// Do not wait for more.
    #[arg(long)]
    pub once: bool,
    /// Print every event as one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Import {
    /// Only those that were held in this directory.
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// As with this profile, whose environment may say where they are.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Usage {
    /// What to count together.
    #[arg(long, value_enum, default_value = "day")]
    pub by: crate::store::usage::By,
    /// Only so many days back, today included.
    #[arg(long, value_name = "N")]
    pub days: Option<u32>,
    /// Print one JSON array.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Leave the terminal it was started from, and end some time after the last one has left.
    #[arg(long, hide = true)]
    pub background: bool,
}

#[derive(Debug, Args)]
pub struct Run {
    /// The prompt; “-” reads it from standard input. What is piped to standard input beside a prompt is added to it.
    #[arg(long, short = 'p', value_name = "TEXT", allow_hyphen_values = true)]
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
    /// Wait so long for what the turn left at work in the background, and for what comes of it.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub tasks_wait: u64,
    /// Trust what the directory brings (hooks, servers, rules), as it is now; without this, what nobody has trusted
    /// takes no effect.
    #[arg(long)]
    pub trust: bool,
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

#[derive(Debug, Args)]
pub struct Explain {
    /// The tool, by the CLI's name for it: Bash, Read, Write and so on.
    #[arg(value_name = "TOOL")]
    pub tool: String,
    /// A command for Bash, a path for the file tools, an address for web pages; for any tool a JSON object.
    #[arg(value_name = "INPUT", allow_hyphen_values = true)]
    pub input: String,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
    /// As in a session with this profile.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// As in a session in this directory (default: the current one).
    #[arg(long, value_name = "DIR")]
    pub directory: Option<PathBuf>,
    /// As in a session with this title.
    #[arg(long, value_name = "TITLE")]
    pub session: Option<String>,
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

#[derive(Debug, Clone, Copy, Subcommand)]
pub enum RelayVerb {
    /// Show a code that makes a phone known when it is sent to the bot.
    Pair,
    /// Forget everybody who was paired, as after a phone was lost. Those of `allowed_open_ids` stay.
    Unpair,
    /// Try everything from the settings to a press on a card.
    Test,
    /// Send nothing, and let nothing count that comes in.
    Pause,
    /// End a pause.
    Resume,
}

#[derive(Debug, Subcommand)]
pub enum GrantsVerb {
    /// Take a grant back.
    Revoke {
        /// The grant's number, as `grants` shows it.
        #[arg(value_name = "ID")]
        id: u32,
    },
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
        let Some(Verb::Run(run)) = parse("adjutant run -p -x --json").unwrap().verb else { panic!() };
        assert_eq!((run.prompt.as_str(), run.json), ("-x", true), "a prompt may begin with a dash");
        let Some(Verb::Send(send)) = parse("adjutant send 1 --now -1+2").unwrap().verb else { panic!() };
        assert_eq!((send.text.as_str(), send.now), ("-1+2", true));
        assert_eq!(parse("adjutant -p --fix").unwrap().open.prompt.as_deref(), Some("--fix"));
        assert!(parse("adjutant run -p x --mode yolo").unwrap_err().to_string().contains("bypassPermissions"));
    }
}
