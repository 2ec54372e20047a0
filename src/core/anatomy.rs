//! What a command line does to the world: each program with its effect and what it acts on.
//!
//! **For:** words under a command, in the terminal, on a card and in `explain`. **Not for:** deciding: what a table
//! does not know is "unknown", and what a program does once it runs is not looked at.

use serde::Deserialize;
use serde::Serialize;

use super::approval::danger::DangerClass;

/// What a call does, the worst first. These are also the marks beside the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Effect {
    Deletes,
    Overwrites,
    /// Changes that were never committed are lost.
    DiscardsWork,
    RewritesHistory,
    /// Runs code from elsewhere: what the call fetches, or what a variable makes programs load.
    RunsDownloaded,
    /// Sends local files or what they hold to others.
    Exfiltrates,
    #[serde(alias = "Privileged")]
    Privilege,
    /// Changes users, groups, keys, firewalls: who gets in.
    ChangesAccess,
    Publishes,
    /// Costs money.
    Spends,
    TouchesProduction,
    /// Changes what runs elsewhere: clusters, clouds, databases.
    ChangesRemote,
    /// Runs or steers something later by itself: at a start, at a commit, by a clock.
    Persists,
    Stops,
    /// Reads or shows what looks secret.
    Secrets,
    NoSandbox,
    /// Runs something that the line computes: what it is stands nowhere.
    RunsUnread,
    /// A tool of which this version knows nothing.
    UnknownTool,
    Installs,
    LeavesProject,
    Network,
    /// Runs code that the line or the project brings.
    #[serde(alias = "RunsAnything")]
    RunsCode,
    Writes,
    Unknown,
    Reads,
}

impl Effect {
    pub const ALL: [Self; 25] = [
        Self::Deletes,
        Self::Overwrites,
        Self::DiscardsWork,
        Self::RewritesHistory,
        Self::RunsDownloaded,
        Self::Exfiltrates,
        Self::Privilege,
        Self::ChangesAccess,
        Self::Publishes,
        Self::Spends,
        Self::TouchesProduction,
        Self::ChangesRemote,
        Self::Persists,
        Self::Stops,
        Self::Secrets,
        Self::NoSandbox,
        Self::RunsUnread,
        Self::UnknownTool,
        Self::Installs,
        Self::LeavesProject,
        Self::Network,
        Self::RunsCode,
        Self::Writes,
        Self::Unknown,
        Self::Reads,
    ];

    /// Its name in what programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Deletes => "deletes",
            Self::Overwrites => "overwrites",
            Self::DiscardsWork => "discards_work",
            Self::RewritesHistory => "rewrites_history",
            Self::RunsDownloaded => "runs_downloaded",
            Self::Exfiltrates => "exfiltrates",
            Self::Privilege => "privilege",
            Self::ChangesAccess => "changes_access",
            Self::Publishes => "publishes",
            Self::Spends => "spends",
            Self::TouchesProduction => "touches_production",
            Self::ChangesRemote => "changes_remote",
            Self::Persists => "persists",
            Self::Stops => "stops",
            Self::Secrets => "secrets",
            Self::NoSandbox => "no_sandbox",
            Self::RunsUnread => "runs_unread",
            Self::UnknownTool => "unknown_tool",
            Self::Installs => "installs",
            Self::LeavesProject => "leaves_project",
            Self::Network => "network",
            Self::RunsCode => "runs_code",
            Self::Writes => "writes",
            Self::Unknown => "unknown",
            Self::Reads => "reads",
        }
    }

    /// The effect as a verb, to stand before what it acts on.
    pub fn verb(self) -> &'static str {
        match self {
            Self::Deletes => "deletes",
            Self::Overwrites => "overwrites",
            Self::DiscardsWork => "discards changes",
            Self::RewritesHistory => "rewrites history",
            Self::RunsDownloaded => "runs foreign code",
            Self::Exfiltrates => "sends files out",
            Self::Privilege => "more rights",
            Self::ChangesAccess => "changes access",
            Self::Publishes => "publishes",
            Self::Spends => "costs money",
            Self::TouchesProduction => "production",
            Self::ChangesRemote => "changes remote",
            Self::Persists => "runs later",
            Self::Stops => "stops",
            Self::Secrets => "secrets",
            Self::NoSandbox => "no sandbox",
            Self::RunsUnread => "runs unknown",
            Self::UnknownTool => "unknown tool",
            Self::Installs => "installs",
            Self::LeavesProject => "outside project",
            Self::Network => "network",
            Self::RunsCode => "runs code",
            Self::Writes => "writes",
            Self::Unknown => "unknown",
            Self::Reads => "reads",
        }
    }

    /// The effect as a whole phrase, where nothing follows it.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Deletes => "deletes data",
            Self::Overwrites => "overwrites data",
            Self::DiscardsWork => "discards changes that were never committed",
            Self::RewritesHistory => "throws away or rewrites history",
            Self::RunsDownloaded => "runs code from elsewhere",
            Self::Exfiltrates => "sends local files out",
            Self::Privilege => "asks for more rights",
            Self::ChangesAccess => "changes users, keys or firewalls",
            Self::Publishes => "publishes or pushes to others",
            Self::Spends => "costs money",
            Self::TouchesProduction => "touches production",
            Self::ChangesRemote => "changes what runs elsewhere",
            Self::Persists => "takes effect later by itself",
            Self::Stops => "stops what runs",
            Self::Secrets => "touches what looks secret",
            Self::NoSandbox => "runs outside the CLI's sandbox",
            Self::RunsUnread => "runs what cannot be read here",
            Self::UnknownTool => "adjutant does not know what this tool does",
            Self::Installs => "installs packages",
            Self::LeavesProject => "reaches outside the project directory",
            Self::Network => "talks to the network",
            Self::RunsCode => "runs code",
            Self::Writes => "writes files",
            Self::Unknown => "does something unknown",
            Self::Reads => "reads",
        }
    }

    /// How careful a person has to be with it.
    pub fn class(self) -> DangerClass {
        match self {
            Self::Deletes
            | Self::Overwrites
            | Self::DiscardsWork
            | Self::RewritesHistory
            | Self::RunsDownloaded
            | Self::Exfiltrates
            | Self::Privilege
            | Self::ChangesAccess
            | Self::Publishes
            | Self::Spends
            | Self::TouchesProduction
            | Self::ChangesRemote
            | Self::Persists
            | Self::Stops
            | Self::Secrets
            | Self::NoSandbox
            | Self::RunsUnread => DangerClass::Dangerous,
            Self::UnknownTool
            | Self::Installs
            | Self::LeavesProject
            | Self::Network
            | Self::RunsCode
            | Self::Unknown => DangerClass::Notable,
            Self::Writes | Self::Reads => DangerClass::Harmless,
        }
    }

    /// Whether it must be in view beside the answers.
    pub fn is_danger(self) -> bool {
        self <= Self::Network
    }
}

/// Something that a program acts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// As the line names it.
    pub named: String,
    /// Where it really leads, if that is somewhere else than it says.
    pub leads_to: Option<String>,
}

/// One program of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// With its sub-command: `git push`.
    pub program: String,
    pub effect: Effect,
    pub targets: Vec<Target>,
    /// The line of the text it stands in, counted from 1; none for what another shell would read.
    pub line: Option<usize>,
}

/// A whole line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anatomy {
    /// In the order of the text.
    pub steps: Vec<Step>,
    /// All of it was understood as a command line; else there may be more.
    pub whole: bool,
    /// It has more than one line.
    pub several_lines: bool,
}

/// Everything that has one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<'a> {
    pub effect: Effect,
    /// Each once, in the order of the text.
    pub steps: Vec<&'a Step>,
}

impl Anatomy {
    /// The steps by their effect, the worst first.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: Vec<Group<'_>> = Vec::new();
        for effect in Effect::ALL {
            let mut steps: Vec<&Step> = Vec::new();
            for step in self.steps.iter().filter(|step| step.effect == effect) {
                let is_known = steps.iter().any(|known| known.program == step.program && known.targets == step.targets);
                if !is_known {
                    steps.push(step);
                }
            }
            if !steps.is_empty() {
                groups.push(Group { effect, steps });
            }
        }
        groups
    }

    /// The lines on which something dangerous stands, the worst first.
    pub fn danger_lines(&self) -> Vec<usize> {
        let mut lines = Vec::new();
        for group in self.groups().iter().filter(|group| group.effect.is_danger()) {
            for line in group.steps.iter().filter_map(|step| step.line) {
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
        lines
    }
}

impl Step {
    /// What it acts on, or else the program itself, where the effect does not say it already.
    pub fn about(&self) -> String {
        if self.targets.is_empty() {
            return self.program.clone();
        }
        let one = |target: &Target| match &target.leads_to {
            Some(place) => format!("{} → {place}", target.named),
            None => target.named.clone(),
        };
        self.targets.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

impl Group<'_> {
    /// What the effect is about, in a few words.
    pub fn about(&self) -> String {
        let mut about: Vec<String> = Vec::new();
        for one in self.steps.iter().map(|step| step.about()) {
            if !about.contains(&one) {
                about.push(one);
            }
        }
        about.join(", ")
    }
}
