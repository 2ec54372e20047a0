//! Grants: what a person allowed beyond one call, for a time, for some calls, or for good.
//!
//! A grant for a time is ours: the engine answers later calls by it, and ends it. What the CLI was told to
//! remember is the CLI's, and listed here so that it can be found and taken back.

pub mod marked;

use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;

use self::marked::Hole;
use super::ids::ApprovalId;
use super::ids::GrantId;
use super::ids::SessionId;
use super::ids::Timestamp;
use super::permission::PermissionUpdate;
use super::permission::RuleBehavior;
use super::permission::Scope;
use super::prompt::Surface;

/// No grant lasts longer.
pub const MAX_MINUTES: u32 = 24 * 60;
/// No grant serves more calls.
pub const MAX_USES: u32 = 1000;
/// Grants that are kept in mind; beyond it the oldest that the CLI remembers anyway is forgotten here.
const MAX_GRANTS: usize = 1000;

/// Which calls a grant allows. Each is matched as strictly as an `allow` rule of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum GrantRule {
    /// The same call again, byte for byte.
    Same { tool: String, input: Value },
    /// The same command again, with other values in the places that the person marked as free.
    Marked { tool: String, input: Value, holes: Vec<Hole> },
    /// Command lines of which every simple command begins with one of these.
    Commands(Vec<CommandWords>),
    /// Changes to this file, or to everything below this directory.
    Edits { path: String, below: bool },
    /// Reading this file, or everything below this directory.
    Reads { path: String, below: bool },
    /// Pages of this host.
    Fetches { host: String },
    /// Every call of the tool.
    Tool(String),
}

/// The first words of a simple command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandWords {
    pub words: Vec<String>,
    /// Plain operands may follow, whatever the program.
    pub more: bool,
}

impl CommandWords {
    pub fn text(&self) -> String {
        format!("{}{}", self.words.join(" "), if self.more { " *" } else { "" })
    }
}

impl GrantRule {
    /// Which calls, in words that fit after "allow".
    pub fn describe(&self) -> String {
        let place = |path: &str, below: bool| if below { format!("below {path}") } else { format!("of {path}") };
        match self {
            Self::Same { tool, input } => match input.get("command").and_then(Value::as_str) {
                Some(command) => format!("exactly this {tool} command: {command}"),
                None => format!("exactly this call of {tool}: {input}"),
            },
            Self::Marked { tool, input, holes } => {
                let command = input.get("command").and_then(Value::as_str).unwrap_or_default();
                format!("this {tool} command with free words: {}", marked::pattern(command, holes))
            }
            Self::Commands(commands) => {
                let texts: Vec<String> = commands.iter().map(|words| format!("“{}”", words.text())).collect();
                format!("commands that are {}", texts.join(" or "))
            }
            Self::Edits { path, below } => format!("changes {}", place(path, *below)),
            Self::Reads { path, below } => format!("reading {}", place(path, *below)),
            Self::Fetches { host } => format!("pages of {host}"),
            Self::Tool(tool) => format!("every call of {tool}"),
        }
    }

    /// Whether it holds only where it was given: what the call means depends on the directory that it runs in.
    pub fn is_of_a_place(&self) -> bool {
        match self {
            Self::Same { .. } | Self::Marked { .. } | Self::Commands(_) => true,
            Self::Edits { .. } | Self::Reads { .. } | Self::Fetches { .. } | Self::Tool(_) => false,
        }
    }

    /// How far it goes beyond [`describe`](Self::describe), or where it stops.
    pub fn reach(&self) -> Option<&'static str> {
        match self {
            Self::Same { .. } => Some("in this directory"),
            Self::Marked { .. } => Some("in this directory; the rest of the line stays as it is, byte for byte"),
            Self::Commands(_) => {
                Some("in this directory, with further words that change nothing; anything else on the line is asked")
            }
            Self::Edits { .. } | Self::Reads { .. } => {
                Some("but nothing that looks secret or steers tools, and nothing that links lead to elsewhere")
            }
            Self::Fetches { .. } | Self::Tool(_) => Some("whatever it is given"),
        }
    }
}

/// What a person grants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrantTerms {
    pub rule: GrantRule,
    pub minutes: u32,
    /// So many calls, the present one not counted; `None`: as many as come in the time.
    pub uses: Option<u32>,
}

impl GrantTerms {
    /// How much of it, in words that fit behind what is allowed.
    pub fn limit(&self) -> String {
        let time = match self.minutes {
            1 => "a minute".to_owned(),
            minutes if minutes % 60 != 0 => format!("{minutes} minutes"),
            60 => "an hour".to_owned(),
            minutes => format!("{} hours", minutes / 60),
        };
        match self.uses {
            None => format!("for {time}"),
            Some(1) => format!("once more, within {time}"),
            Some(uses) => format!("the next {uses} times, within {time}"),
        }
    }
}

/// What was allowed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Granted {
    /// By us, in this session, until then.
    Boxed { terms: GrantTerms, until: Timestamp },
    /// By the CLI, which was told to remember it.
    Remembered(PermissionUpdate),
}

/// One grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    pub id: GrantId,
    pub session: SessionId,
    /// Where the call would have run that it was given with; of what the CLI remembers, where the session works: what a
    /// rule of a project belongs to.
    pub directory: String,
    pub granted: Granted,
    pub by: Surface,
    pub at: Timestamp,
    /// The request that it was given with.
    pub approval: ApprovalId,
    /// Calls that it has allowed; the CLI does not tell of its own.
    pub used: u32,
}

impl Grant {
    /// Calls that are left; `None` where they are not counted.
    pub fn left(&self) -> Option<u32> {
        match &self.granted {
            Granted::Boxed { terms: GrantTerms { uses, .. }, .. } => uses.map(|uses| uses.saturating_sub(self.used)),
            Granted::Remembered(_) => None,
        }
    }

    /// Whether it may still serve a call. A clock from before it was given is no clock to trust.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        let Granted::Boxed { until, .. } = &self.granted else { return false };
        self.at <= now && now < *until && self.left() != Some(0)
    }

    /// How much is left of it, in a word or two.
    pub fn remaining(&self, now: Timestamp) -> String {
        let Granted::Boxed { until, .. } = &self.granted else { return "until taken back".into() };
        let minutes = until.millis_since(now).div_ceil(60_000);
        let time = if minutes > 99 { format!("{}h", minutes.div_ceil(60)) } else { format!("{minutes}m") };
        match self.left() {
            Some(uses) => format!("{uses} more, {time} left"),
            None => format!("{time} left"),
        }
    }

    /// It lasts no longer than its session's process.
    pub fn ends_with_process(&self) -> bool {
        matches!(&self.granted, Granted::Remembered(update) if update.scope().is_none_or(|scope| scope == Scope::Session))
    }

    /// It lasts no longer than its session.
    pub fn ends_with_session(&self) -> bool {
        matches!(self.granted, Granted::Boxed { .. }) || self.ends_with_process()
    }

    /// What is allowed, in one line.
    pub fn describe(&self) -> String {
        match &self.granted {
            Granted::Boxed { terms, .. } if terms.rule.is_of_a_place() => {
                format!("{} in {}", terms.rule.describe(), self.directory)
            }
            Granted::Boxed { terms, .. } => terms.rule.describe(),
            Granted::Remembered(update) => update.text(),
        }
    }

    /// For whom it holds and where it is kept, in words.
    pub fn scope(&self) -> String {
        match &self.granted {
            Granted::Boxed { .. } => Scope::Session.describe().to_owned(),
            Granted::Remembered(update) => match update.scope() {
                Some(scope) => scope.describe().to_owned(),
                None => "as the CLI keeps it".to_owned(),
            },
        }
    }
}

/// Why a grant is one no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantEnd {
    Revoked(Surface),
    TimeOver,
    UsedUp,
    /// The CLI that remembered it has ended.
    ProcessEnded,
    SessionClosed,
}

impl GrantEnd {
    pub fn describe(&self) -> String {
        match self {
            Self::Revoked(by) => format!("taken back by {}", by.describe()),
            Self::TimeOver => "its time is over".into(),
            Self::UsedUp => "it is used up".into(),
            Self::ProcessEnded => "the session's process has ended".into(),
            Self::SessionClosed => "its session was closed".into(),
        }
    }
}

/// The grants of all sessions, oldest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Grants {
    list: Vec<Grant>,
}

impl Grants {
    pub fn iter(&self) -> std::slice::Iter<'_, Grant> {
        self.list.iter()
    }

    pub fn get(&self, id: GrantId) -> Option<&Grant> {
        self.list.iter().find(|grant| grant.id == id)
    }

    pub fn of(&self, session: SessionId) -> impl Iterator<Item = &Grant> {
        self.list.iter().filter(move |grant| grant.session == session)
    }

    pub(super) fn add(&mut self, grant: Grant) {
        if self.get(grant.id).is_some() {
            return;
        }
        if self.list.len() >= MAX_GRANTS {
            let kept_by_cli = |grant: &Grant| matches!(grant.granted, Granted::Remembered(_));
            self.list.remove(self.list.iter().position(kept_by_cli).unwrap_or(0));
        }
        self.list.push(grant);
    }

    pub(super) fn used(&mut self, id: GrantId) {
        if let Some(grant) = self.list.iter_mut().find(|grant| grant.id == id) {
            grant.used = grant.used.saturating_add(1);
        }
    }

    pub(super) fn end(&mut self, id: GrantId) {
        self.list.retain(|grant| grant.id != id);
    }
}

/// The changes of a decision that allow more than its call, each once: a rule that is saved to a file is
/// given to the session too, and is one grant.
pub fn lasting(remember: &[PermissionUpdate]) -> impl Iterator<Item = &PermissionUpdate> {
    let widens = |update: &PermissionUpdate| match update {
        PermissionUpdate::AddRules { behavior, .. } => *behavior == RuleBehavior::Allow,
        PermissionUpdate::AddDirectories { .. } | PermissionUpdate::Other(_) => true,
        // The mode is shown all the time, and changed by its own key.
        PermissionUpdate::SetMode { .. } => false,
    };
    let is_copy = |at: usize, update: &PermissionUpdate| {
        let is_same = |other: &PermissionUpdate| other.with_scope(Scope::Session) == *update;
        update.scope() == Some(Scope::Session)
            && remember
                .iter()
                .enumerate()
                .any(|(place, other)| is_same(other) && (other.scope() != Some(Scope::Session) || place < at))
    };
    remember.iter().enumerate().filter(move |(at, update)| widens(update) && !is_copy(*at, update)).map(|(_, u)| u)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::permission::Rule;

    fn boxed(uses: Option<u32>, used: u32) -> Grant {
        let terms = GrantTerms { rule: GrantRule::Tool("WebSearch".into()), minutes: 20, uses };
        Grant {
            id: GrantId(1),
            session: SessionId(1),
            directory: "/p".into(),
            granted: Granted::Boxed { terms, until: Timestamp(2_000) },
            by: Surface::Terminal,
            at: Timestamp(1_000),
            approval: ApprovalId(1),
            used,
        }
    }

    #[test]
    fn a_grant_holds_within_its_time_and_its_number_of_calls_and_never_before_it_was_given() {
        let table = [
            (None, 0, 1_000, true),
            (None, 900, 1_999, true),
            (None, 0, 2_000, false),
            (None, 0, 999, false),
            (Some(2), 0, 1_500, true),
            (Some(2), 1, 1_500, true),
            (Some(2), 2, 1_500, false),
            (Some(2), 3, 1_500, false),
        ];
        for (uses, used, now, holds) in table {
            assert_eq!(boxed(uses, used).holds_at(Timestamp(now)), holds, "{uses:?} {used} {now}");
        }
    }

    #[test]
    fn what_is_saved_and_given_to_the_session_is_one_grant_and_a_mode_is_none() {
        let rules = |text: &str, scope| PermissionUpdate::AddRules {
            rules: vec![Rule::parse(text).unwrap()],
            behavior: RuleBehavior::Allow,
            scope,
        };
        let saved = rules("Bash(ls)", Scope::Local);
        let mode =
            PermissionUpdate::SetMode { mode: super::super::permission::PermissionMode::Plan, scope: Scope::Session };
        let all = [saved.clone(), saved.with_scope(Scope::Session), mode, rules("Bash(pwd)", Scope::Session)];
        let found: Vec<String> = lasting(&all).map(PermissionUpdate::text).collect();
        assert_eq!(found, ["Bash(ls)", "Bash(pwd)"]);
        let twice = [rules("Bash(ls)", Scope::Session), rules("Bash(ls)", Scope::Session)];
        assert_eq!(lasting(&twice).count(), 1);
    }

    #[test]
    fn limits_are_said_in_words() {
        let said = |minutes, uses| GrantTerms { rule: GrantRule::Tool("x".into()), minutes, uses }.limit();
        assert_eq!(said(20, None), "for 20 minutes");
        assert_eq!(said(60, None), "for an hour");
        assert_eq!(said(480, Some(5)), "the next 5 times, within 8 hours");
        assert_eq!(said(1440, Some(1)), "once more, within 24 hours");
    }
}
