//! The question whether a tool may run, what may be remembered about it, and the answer.
//!
//! For: `can_use_tool` and its answers. Not for: deciding (the engine's broker does).
//! Source: `SDKControlPermissionRequest`, `PermissionUpdate` and `PermissionResult` in the npm
//! package `@anthropic-ai/claude-agent-sdk`.
//!
//! Invariants:
//! - A field that makes the dialog more careful counts as set when it cannot be read. Everywhere
//!   else in this room an odd field is as good as absent; here that would take a guard away.
//! - A suggestion goes back exactly as it came, with fields we do not know.
//! - The typed view of a suggestion is strict: one that cannot be read in full is
//!   [`Change::Unknown`], so that no dialog shows half of what would be remembered. A field that this
//!   version does not know is such a half.

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::wire::inbound::words::PermissionMode;
use crate::wire::lenient::FromJson;
use crate::wire::macros::{loose_from_json, wire_struct, wire_words};

wire_struct! {
    /// `can_use_tool`: may this tool run with this input?
    ///
    /// Any text in it may carry escape sequences, and the model wrote some of it.
    pub struct CanUseTool {
        /// The tool.
        pub tool_name: String,
        /// Its name for people.
        pub display_name: Option<String>,
        /// A title for the dialog.
        pub title: Option<String>,
        /// The model's own words about the call: it may lie.
        pub description: Option<String>,
        /// The arguments as received. They go back with the answer.
        pub input: Value,
        /// The call.
        pub tool_use_id: String,
        /// The sub-agent that makes it.
        pub agent_id: Option<String>,
        /// What could be remembered, in the CLI's opinion. Judge it before offering it.
        pub permission_suggestions: Vec<PermissionUpdate>,
        /// The path that is out of bounds.
        pub blocked_path: Option<String>,
        /// Why the question comes up, for a person.
        pub decision_reason: Option<String>,
        /// Why, as a word: `rule`, `mode`, `subcommandResults`, `hook`, `safetyCheck`, `classifier`, …
        pub decision_reason_type: Option<String>,
        /// The hook event that asked, such as `PreToolUse`.
        pub decision_reason_hook_event: Option<String>,
        /// Where that hook is declared, such as `settings`; absent for one that the host declared.
        pub decision_reason_hook_source: Option<String>,
        /// The settings that the rule stands in which asked, such as `projectSettings`.
        pub decision_reason_rule_source: Option<String>,
        /// Of an MCP tool: only the default of the server's policy asked. It binds nothing.
        pub server_policy_ask_only: Option<bool>,
        /// Set when a safety check is involved; when it is not `Yes`, no automatic approval.
        pub classifier_approvable: Approvable,
        /// Offer no "always".
        pub suppress_always_allow_rule: Guard,
        /// Do not preselect approval, and take no single key for it.
        pub default_to_no: Guard,
        /// Only the session's own screen may approve; elsewhere it can only be denied.
        pub requires_user_interaction: Guard,
        /// A rule of the user forced the question: no automatic approval may answer it.
        pub matched_ask_rule: Option<AskRule>,
        /// The MCP server behind the tool.
        pub mcp_server: Option<McpServerProvenance>,
    }

    /// Where an MCP tool comes from.
    pub struct McpServerProvenance {
        /// The server.
        pub name: String,
        /// `sdk`, `plugin`, `user`, …: an open set, of which only `sdk` means "registered by us".
        pub source: String,
    }
}

/// A flag that asks for more care: set unless it is absent, null or `false`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guard(pub bool);

impl Guard {
    /// Whether the care is asked for.
    pub fn is_set(self) -> bool {
        self.0
    }
}

impl FromJson for Guard {
    fn from_json(value: Value) -> Option<Self> {
        Some(Self(!matches!(value, Value::Null | Value::Bool(false))))
    }
}

/// Whether something other than a person may approve a call that a safety check stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Approvable {
    /// No safety check is involved.
    #[default]
    NoSafetyCheck,
    /// A classifier may.
    Yes,
    /// Only a person may. Also when the field cannot be read.
    No,
}

impl FromJson for Approvable {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::NoSafetyCheck),
            Value::Bool(true) => Some(Self::Yes),
            _ => Some(Self::No),
        }
    }
}

/// The rule of the user that forced a question; empty where it could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskRule {
    /// The settings it stands in.
    pub source: String,
    /// The tool it names.
    pub tool_name: String,
    /// The pattern it names.
    pub rule_content: Option<String>,
}

impl FromJson for AskRule {
    fn from_json(value: Value) -> Option<Self> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        (!value.is_null()).then(|| Self {
            source: text("source").unwrap_or_default(),
            tool_name: text("tool_name").unwrap_or_default(),
            rule_content: text("rule_content"),
        })
    }
}

wire_words! {
    /// Where a change is remembered (`PermissionUpdateDestination`).
    pub enum Destination {
        /// The settings of the user, for all projects.
        UserSettings = "userSettings",
        /// The settings of the project, which others share.
        ProjectSettings = "projectSettings",
        /// The settings of the user for this project.
        LocalSettings = "localSettings",
        /// This session only.
        Session = "session",
        /// This process only, as if given at its start.
        CliArg = "cliArg",
    }

    /// What a rule does.
    pub enum Behavior {
        /// The call passes.
        Allow = "allow",
        /// The call fails.
        Deny = "deny",
        /// A person is asked.
        Ask = "ask",
    }

    /// Whether an answer was for once or for good (`PermissionDecisionClassification`).
    pub enum Classification {
        /// Allowed once, or for the session.
        UserTemporary = "user_temporary",
        /// Allowed for good.
        UserPermanent = "user_permanent",
        /// Denied.
        UserReject = "user_reject",
    }
}

/// A rule (`PermissionRuleValue`), such as `Bash` with `echo one *`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The tool.
    #[serde(rename = "toolName")]
    pub tool_name: String,
    /// The pattern; without one the rule is about every call of the tool.
    #[serde(rename = "ruleContent", skip_serializing_if = "Option::is_none")]
    pub rule_content: Option<String>,
}

/// What a [`PermissionUpdate`] would change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Change {
    /// Adds rules to those there are.
    AddRules {
        /// The rules.
        rules: Vec<Rule>,
        /// What they do.
        behavior: Behavior,
        /// Where they are remembered.
        destination: Destination,
    },
    /// Puts rules in the place of all there are.
    ReplaceRules {
        /// The rules.
        rules: Vec<Rule>,
        /// What they do.
        behavior: Behavior,
        /// Where they are remembered.
        destination: Destination,
    },
    /// Takes rules away.
    RemoveRules {
        /// The rules.
        rules: Vec<Rule>,
        /// What they do.
        behavior: Behavior,
        /// Where they are remembered.
        destination: Destination,
    },
    /// Changes the permission mode.
    SetMode {
        /// The new one.
        mode: PermissionMode,
        /// Where it is remembered.
        destination: Destination,
    },
    /// Lets tools into more directories.
    AddDirectories {
        /// The directories.
        directories: Vec<String>,
        /// Where they are remembered.
        destination: Destination,
    },
    /// Keeps tools out of directories again.
    RemoveDirectories {
        /// The directories.
        directories: Vec<String>,
        /// Where they are remembered.
        destination: Destination,
    },
    /// Something that cannot be shown in full, so it should not be offered.
    #[serde(skip)]
    Unknown,
}

/// Something to remember with an answer (`PermissionUpdate`).
#[derive(Debug, Clone, PartialEq)]
pub struct PermissionUpdate {
    raw: Value,
    change: Change,
}

impl PermissionUpdate {
    /// A change of our own making; `None` for [`Change::Unknown`].
    pub fn new(change: Change) -> Option<Self> {
        let raw = serde_json::to_value(&change).ok()?;
        Some(Self { raw, change })
    }

    /// What it would change.
    pub fn change(&self) -> &Change {
        &self.change
    }

    /// All of it, as it came and as it goes back.
    pub fn as_value(&self) -> &Value {
        &self.raw
    }
}

impl FromJson for PermissionUpdate {
    fn from_json(raw: Value) -> Option<Self> {
        let change = Change::deserialize(&raw).unwrap_or(Change::Unknown);
        Some(Self { raw, change })
    }
}

impl Serialize for PermissionUpdate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

loose_from_json!(Guard, Approvable, AskRule, PermissionUpdate);

/// The answer to [`CanUseTool`] (`PermissionResult`).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "behavior", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PermissionAnswer {
    /// The tool runs.
    Allow {
        /// With this input: the one that was shown, unless a person edited it. Older versions
        /// insist on it being there.
        updated_input: Value,
        /// What is remembered.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        updated_permissions: Vec<PermissionUpdate>,
        /// For once or for good.
        #[serde(skip_serializing_if = "Option::is_none")]
        decision_classification: Option<Classification>,
    },
    /// The tool does not run.
    Deny {
        /// Why; the model reads it as the tool's error.
        message: String,
        /// Whether the turn ends as well.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        interrupt: bool,
        /// [`Classification::UserReject`], when a person did it.
        #[serde(skip_serializing_if = "Option::is_none")]
        decision_classification: Option<Classification>,
    },
}

#[cfg(test)]
mod tests;
