//! From a request to what a person is shown. Pure.

use serde_json::Value;

use crate::core::approval::AgentLabel;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Binding;
use crate::core::approval::Place;
use crate::core::approval::Question as Asked;
use crate::core::approval::QuestionOption;
use crate::core::hook::HookMark;
use crate::core::ids::ApprovalId;
use crate::core::ids::SessionId;
use crate::core::ids::Timestamp;
use crate::core::ids::ToolCallId;
use crate::core::permission::PermissionMode;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::core::permission::RuleBehavior;
use crate::core::permission::Scope;
use crate::core::risk;
use crate::engine::approvals::before::Question;
use crate::translate::KnownTask;
use crate::translate::bound;
use crate::wire::permission as wire;
use crate::wire::permission::Approvable;
use crate::wire::permission::CanUseTool;

/// What the session knows that the request does not say.
#[derive(Debug, Default)]
pub(crate) struct Surroundings<'a> {
    pub(crate) session: SessionId,
    /// Where the call would run.
    pub(crate) directory: &'a str,
    /// The CLI did not say so.
    pub(crate) is_doubtful: bool,
    /// Where the session works, when that is elsewhere.
    pub(crate) session_in: Option<&'a str>,
    /// What the callback for this call was answered, when that was a question.
    pub(crate) own: Option<&'a Question>,
    /// What hooks did to the call before it was asked about.
    pub(crate) hooks: &'a [HookMark],
    pub(crate) branch: Option<&'a str>,
    /// The sub-agent that asks, if the session knows it.
    pub(crate) agent: Option<&'a KnownTask>,
    /// The input of the plan call, when the request leaves it out.
    pub(crate) plan: Option<&'a Value>,
    pub(crate) now: Timestamp,
}

/// Reads a request. `unknown_fields` are those that a newer CLI added: they may bind the dialog in a way
/// that we do not know, so nothing automatic may answer it.
pub(crate) fn approval(request: &CanUseTool, unknown_fields: &[String], around: &Surroundings<'_>) -> Approval {
    let call = Some(&request.tool_use_id).filter(|id| !id.is_empty()).map(|id| ToolCallId::from(id.as_str()));
    let agent = request.agent_id.as_ref().map(|id| AgentLabel {
        id: id.clone(),
        description: around.agent.map(|task| task.description.clone()).filter(|text| !text.is_empty()),
        kind: around.agent.and_then(|task| task.kind.clone()),
    });
    let own = around.own.filter(|own| is_own(request, own));
    let ask = ask(request, around.plan);
    Approval {
        id: ApprovalId(0),
        session: around.session,
        call,
        agent,
        tool: request.tool_name.clone(),
        title: request.title.clone(),
        input: request.input.clone(),
        original: None,
        place: Place {
            directory: around.directory.to_owned(),
            is_doubtful: around.is_doubtful && ask == Ask::Tool,
            session_in: around.session_in.map(str::to_owned),
            branch: around.branch.map(str::to_owned),
            leads_to: None,
        },
        ask,
        grants: Vec::new(),
        markable: Vec::new(),
        suggestions: request.permission_suggestions.iter().map(suggestion).collect(),
        description: request.description.clone(),
        // What a hook could not do is told as what binds the answer.
        reason: own
            .map_or_else(|| reason(request), |own| own.words().filter(|_| !matches!(own, Question::Hook { .. }))),
        not_allowed: None,
        blocked_path: request.blocked_path.clone(),
        binding: binding(request, unknown_fields, around.own, own.is_some()),
        hooks: around.hooks.to_vec(),
        risks: risk::judge(&request.tool_name, &request.input, around.directory),
        anatomy: None,
        preview: None,
        asked: around.now,
        deadline: None,
    }
}

/// Why the CLI asks: its own sentence, or its word for it in ours.
fn reason(request: &CanUseTool) -> Option<String> {
    let kind = request.decision_reason_type.as_deref();
    // Some versions send the word in the place of the sentence.
    let sentence = request.decision_reason.as_deref().filter(|text| !text.trim().is_empty() && Some(*text) != kind);
    if let Some(sentence) = sentence.filter(|text| *text != "subcommandResults") {
        return Some(sentence.to_owned());
    }
    let words = match kind.or(sentence)? {
        "subcommandResults" => "of the commands in this line, not all are allowed",
        "workingDir" => "it reaches outside the session's directories",
        "mode" => "the permission mode asks for this",
        "classifier" => "Claude Code's classifier was not sure of it",
        "asyncAgent" => "a sub-agent in the background asks",
        "sandboxOverride" => "it wants to run outside the sandbox",
        "hook" => "a hook asks for this",
        "rule" => "a rule asks for this",
        // Said elsewhere, or says nothing.
        "safetyCheck" | "permissionPromptTool" | "other" => return None,
        other => return Some(format!("Claude Code says: {other}")),
    };
    Some(words.to_owned())
}

/// Fields that are named to the person, at most.
const MAX_NAMED: usize = 10;

/// Whether the request is the one that our answer to the callback brought about. A hook of the person's own that asked
/// as well, or a check of the CLI, gives another reason.
fn is_own(request: &CanUseTool, own: &Question) -> bool {
    request.decision_reason_type.as_deref() == Some("hook")
        && request.decision_reason.as_deref() == Some(own.reason().as_str())
}

fn binding(request: &CanUseTool, unknown_fields: &[String], own: Option<&Question>, is_own: bool) -> Binding {
    let reason = request.decision_reason_type.as_deref().filter(|_| !is_own);
    let rule = request.matched_ask_rule.as_ref().map(|rule| match &rule.rule_content {
        Some(content) => format!("{}({content})", rule.tool_name),
        None => rule.tool_name.clone(),
    });
    // Older CLIs name no rule; a hook of the person's own that says "ask" counts as one.
    let rule = rule.or_else(|| match reason {
        Some("rule" | "hook") => Some(request.decision_reason.clone().unwrap_or_else(|| "a rule".into())),
        _ => None,
    });
    let rule = rule.or_else(|| own.and_then(Question::rule).map(str::to_owned));
    Binding {
        default_to_no: request.default_to_no.is_set(),
        no_always: request.suppress_always_allow_rule.is_set(),
        needs_person: request.requires_user_interaction.is_set(),
        asked_by_rule: rule,
        asked_by_hook: match own {
            Some(own @ Question::Hook { .. }) => own.words(),
            _ => None,
        },
        safety_check: reason == Some("safetyCheck") || request.classifier_approvable == Approvable::No,
        not_understood: unknown_fields.iter().take(MAX_NAMED).map(|field| bound::word(field)).collect(),
        posing: request.mcp_server.as_ref().is_some_and(|server| !belongs(&request.tool_name, &server.name)),
    }
}

/// The name of a server as it stands in the names of its tools.
pub(crate) fn in_names(server: &str) -> String {
    server.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' }).collect()
}

/// Whether a tool is named after its server, as the CLI names them: `mcp__server__tool`.
fn belongs(tool: &str, server: &str) -> bool {
    let rest = tool.strip_prefix("mcp__").and_then(|rest| rest.strip_prefix(&in_names(server)));
    rest.is_some_and(|rest| rest.len() > 2 && rest.starts_with("__"))
}

fn ask(request: &CanUseTool, plan: Option<&Value>) -> Ask {
    match request.tool_name.as_str() {
        "AskUserQuestion" => {
            let questions = questions(&request.input);
            if questions.is_empty() { Ask::Tool } else { Ask::Questions(questions) }
        }
        "ExitPlanMode" => {
            let text = |input: &Value| input.get("plan").and_then(Value::as_str).map(str::to_owned);
            Ask::Plan(text(&request.input).or_else(|| text(plan?)).unwrap_or_default())
        }
        _ => Ask::Tool,
    }
}

/// All questions, or none when one of them cannot be read: a form must not leave out what it answers.
fn questions(input: &Value) -> Vec<Asked> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let question = |value: &Value| {
        let options = value.get("options").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let option = |value: &Value| {
            let description = text(value, "description").unwrap_or_default();
            Some(QuestionOption { label: text(value, "label")?, description, preview: text(value, "preview") })
        };
        Some(Asked {
            text: text(value, "question")?,
            header: text(value, "header").unwrap_or_default(),
            multiple: value.get("multiSelect").and_then(Value::as_bool).unwrap_or(false),
            options: options.iter().map(option).collect::<Option<_>>()?,
        })
    };
    let list = input.get("questions").and_then(Value::as_array);
    list.and_then(|list| list.iter().map(question).collect::<Option<_>>()).unwrap_or_default()
}

/// A suggestion in the domain's words; one that these cannot hold in full stays as it came.
pub(crate) fn suggestion(update: &wire::PermissionUpdate) -> PermissionUpdate {
    known_suggestion(update.change()).unwrap_or_else(|| PermissionUpdate::Other(update.as_value().clone()))
}

fn known_suggestion(change: &wire::Change) -> Option<PermissionUpdate> {
    Some(match change {
        wire::Change::AddRules { rules, behavior, destination } => PermissionUpdate::AddRules {
            rules: rules
                .iter()
                .map(|rule| Rule { tool: rule.tool_name.clone(), content: rule.rule_content.clone() })
                .collect(),
            behavior: match behavior {
                wire::Behavior::Allow => RuleBehavior::Allow,
                wire::Behavior::Deny => RuleBehavior::Deny,
                wire::Behavior::Ask => RuleBehavior::Ask,
                wire::Behavior::Other(_) => return None,
            },
            scope: scope(destination)?,
        },
        wire::Change::AddDirectories { directories, destination } => {
            PermissionUpdate::AddDirectories { directories: directories.clone(), scope: scope(destination)? }
        }
        wire::Change::SetMode { mode, destination } => {
            PermissionUpdate::SetMode { mode: PermissionMode::parse(mode.as_str())?, scope: scope(destination)? }
        }
        wire::Change::ReplaceRules { .. }
        | wire::Change::RemoveRules { .. }
        | wire::Change::RemoveDirectories { .. }
        | wire::Change::Unknown => return None,
    })
}

fn scope(destination: &wire::Destination) -> Option<Scope> {
    match destination {
        wire::Destination::Session => Some(Scope::Session),
        wire::Destination::LocalSettings => Some(Scope::Local),
        wire::Destination::ProjectSettings => Some(Scope::Project),
        wire::Destination::UserSettings => Some(Scope::User),
        wire::Destination::CliArg | wire::Destination::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machines_word_for_why_it_asks_becomes_a_sentence() {
        let request = |text: Option<&str>, kind: Option<&str>| CanUseTool {
            decision_reason: text.map(str::to_owned),
            decision_reason_type: kind.map(str::to_owned),
            ..CanUseTool::default()
        };
        let several = Some("of the commands in this line, not all are allowed".to_owned());
        for (text, kind, expected) in [
            (None, Some("subcommandResults"), several.clone()),
            (Some("subcommandResults"), None, several.clone()),
            (Some("subcommandResults"), Some("subcommandResults"), several),
            (Some("Path is outside"), Some("workingDir"), Some("Path is outside".into())),
            (None, Some("workingDir"), Some("it reaches outside the session's directories".into())),
            (None, Some("other"), None),
            (None, Some("moonPhase"), Some("Claude Code says: moonPhase".into())),
            (None, None, None),
        ] {
            assert_eq!(reason(&request(text, kind)), expected, "{text:?} {kind:?}");
        }
    }
}
