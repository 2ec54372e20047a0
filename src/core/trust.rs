//! What a folder brings that would run or decide something, and what was answered when that was shown.
//!
//! Pure: `crate::trust` reads folders, the engine asks, the surfaces show.

use serde::Deserialize;
use serde::Serialize;

/// What an item can do. The order is the order in which they are shown: what runs first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Could not be read as what it must be: nobody knows what it does.
    Unreadable,
    Hook,
    Helper,
    McpServer,
    StatusLine,
    Environment,
    Plugin,
    /// A program that git runs by itself.
    Git,
    AllowRule,
    Mode,
    Directory,
    Skill,
    Command,
    Agent,
    Workflow,
    Schedule,
    OutputStyle,
    /// Another setting that is not known to be harmless.
    Setting,
}

impl Kind {
    /// The heading over items of this kind.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Unreadable => "Cannot be read",
            Self::Hook => "Hooks, run without asking",
            Self::Helper => "Helper programs, run without asking",
            Self::McpServer => "MCP servers, started without asking",
            Self::StatusLine => "Status lines, run without asking",
            Self::Environment => "Environment variables",
            Self::Plugin => "Plugins and where they come from",
            Self::Git => "Programs that git runs",
            Self::AllowRule => "Rules that allow without asking",
            Self::Mode => "Permission mode",
            Self::Directory => "Further directories",
            Self::Skill => "Skills",
            Self::Command => "Slash commands",
            Self::Agent => "Agents",
            Self::Workflow => "Workflows",
            Self::Schedule => "Prompts that are sent by the clock",
            Self::OutputStyle => "Output styles",
            Self::Setting => "Other settings",
        }
    }

    /// One of them in words, and several.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("file that cannot be read", "files that cannot be read"),
            Self::Hook => ("hook", "hooks"),
            Self::Helper => ("helper program", "helper programs"),
            Self::McpServer => ("MCP server", "MCP servers"),
            Self::StatusLine => ("status line", "status lines"),
            Self::Environment => ("environment variable", "environment variables"),
            Self::Plugin => ("plugin setting", "plugin settings"),
            Self::Git => ("program of git", "programs of git"),
            Self::AllowRule => ("allow rule", "allow rules"),
            Self::Mode => ("permission mode", "permission modes"),
            Self::Directory => ("further directory", "further directories"),
            Self::Skill => ("skill", "skills"),
            Self::Command => ("slash command", "slash commands"),
            Self::Agent => ("agent", "agents"),
            Self::Workflow => ("workflow", "workflows"),
            Self::Schedule => ("scheduled prompt", "scheduled prompts"),
            Self::OutputStyle => ("output style", "output styles"),
            Self::Setting => ("other setting", "other settings"),
        }
    }

    /// Whether it runs a program, or lets one run, before anybody is asked.
    pub fn is_dangerous(self) -> bool {
        match self {
            Self::Unreadable
            | Self::Hook
            | Self::Helper
            | Self::McpServer
            | Self::StatusLine
            | Self::Environment
            | Self::Plugin
            | Self::Git
            | Self::AllowRule
            | Self::Mode => true,
            Self::Directory
            | Self::Skill
            | Self::Command
            | Self::Agent
            | Self::Workflow
            | Self::Schedule
            | Self::OutputStyle
            | Self::Setting => false,
        }
    }
}

/// One thing that a folder brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub kind: Kind,
    /// The file that brings it: below the folder, or a whole path.
    pub place: String,
    /// What it is called there: an event and its matcher, a server, a variable.
    pub name: String,
    /// What runs, or is set, whole.
    pub text: String,
    /// Of everything that it is made of, files that it names included.
    pub digest: String,
}

impl Item {
    /// What it can do that its text does not say.
    pub fn note(&self) -> Option<&'static str> {
        // Seen on 2.1.197 to 2.1.332: all hooks of a call are asked at once, and what one of them changes is not told to
        // the others. Only a request for permission shows the changed call.
        let is_on = |event: &str| self.kind == Kind::Hook && self.name.contains(event);
        if is_on("PreToolUse") {
            Some("may also change or allow a call after rules and secret files were looked at")
        } else if is_on("PermissionRequest") {
            Some("may also answer requests before you see them")
        } else {
            None
        }
    }
}

/// What a folder brings that nobody has trusted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Where the folder really is.
    pub folder: String,
    /// Sorted by kind, what runs first.
    pub items: Vec<Item>,
    /// So many more are there that were trusted before.
    pub n_trusted: usize,
    /// A digest over all items: an answer is for exactly these.
    pub mark: String,
    /// It may be trusted from the phone.
    #[serde(default)]
    pub from_phone: bool,
}

impl Brought {
    /// How many of each kind, in words.
    pub fn summary(&self) -> String {
        summary(&self.items)
    }
}

/// How many of each kind, in words.
pub fn summary(items: &[Item]) -> String {
    let mut counts: Vec<(Kind, usize)> = Vec::new();
    for item in items {
        match counts.iter_mut().find(|(kind, _)| *kind == item.kind) {
            Some((_, n)) => *n += 1,
            None => counts.push((item.kind, 1)),
        }
    }
    counts.sort_unstable();
    let parts = counts.iter().map(|(kind, n)| {
        let (one, many) = kind.words();
        super::figures::count(u64::try_from(*n).unwrap_or(u64::MAX), one, many)
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// What of a folder takes effect in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustState {
    /// It brings nothing that runs or decides something.
    Nothing,
    /// All that it brings is trusted.
    Trusted,
    /// It brings something, and nothing of that takes effect.
    Without,
}

impl TrustState {
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Trusted => "trusted",
            Self::Without => "without",
        }
    }
}

/// What a person answers, beside not to start at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustAnswer {
    /// All of it takes effect; remembered for this folder and this content.
    Trust,
    /// Nothing of it takes effect; for this session and this content.
    Without,
}

impl TrustAnswer {
    pub fn describe(self) -> &'static str {
        match self {
            Self::Trust => "folder trusted",
            Self::Without => "started without what the folder brings",
        }
    }
}

/// How a session opened where nobody can be asked answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustChoice {
    /// A person is asked.
    #[default]
    Ask,
    /// What the folder brings is trusted, as if a person had said so.
    Trust,
    /// What nobody has trusted does not take effect.
    Without,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_brought_is_counted_in_words_and_what_runs_comes_first() {
        let item =
            |kind| Item { kind, place: String::new(), name: String::new(), text: String::new(), digest: String::new() };
        let items = [Kind::Skill, Kind::Hook, Kind::Hook, Kind::McpServer].map(item).to_vec();
        let brought = Brought { folder: "/w".into(), items, n_trusted: 0, mark: "m".into(), from_phone: false };
        assert_eq!(brought.summary(), "2 hooks, 1 MCP server, 1 skill");
    }

    #[test]
    fn a_hook_that_may_change_calls_says_so() {
        let item = |kind, name: &str| {
            let name = name.to_owned();
            Item { kind, place: String::new(), name, text: String::new(), digest: String::new() }
        };
        for (kind, name, says) in [
            (Kind::Hook, "PreToolUse Bash", "change or allow"),
            (Kind::Hook, "PreToolUse", "change or allow"),
            (Kind::Hook, "PermissionRequest", "answer requests"),
        ] {
            assert!(item(kind, name).note().unwrap().contains(says), "{name}");
        }
        assert_eq!(item(Kind::Hook, "PostToolUse").note(), None);
        assert_eq!(item(Kind::Helper, "PreToolUse").note(), None);
    }
}
