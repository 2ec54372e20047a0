//! Which requests are answered without a person: the person's own rules, then the list of reading tools.
//!
//! **For:** one answer to "allow, ask or deny?" with the rule and the reason; the engine and `adjutant
//! explain` ask the same function. **Not for:** answering the CLI, and not for a tool's own permissions. It
//! follows links and reads the disk, so it runs where blocking is allowed.
//!
//! Invariants: only a definite yes allows; whatever cannot be resolved, read or understood is asked. A
//! request that binds its dialog is never allowed here, but it can be denied. The first rule that matches
//! decides; what denies or asks matches liberally, what allows matches strictly.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use self::folders::Seen;
use self::paths::Own;
use crate::config::Approvals;
use crate::config::rules::Rule;
use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::permission::RuleBehavior;
use crate::core::tool::table;
use crate::core::tool::table::Does;

/// What a command line does to the world.
pub(crate) mod anatomy;
/// A call as `explain` is given it.
mod explain;
/// What a person granted for a time.
/// Files that look secret in the folders that a command reads.
mod folders;
mod granted;
mod paths;
mod reading;
mod rules;
/// Searches that would print a line of a secret file.
mod searches;
/// What a call touches that looks secret.
mod secrets;
mod shell;

pub use explain::Question;
pub use explain::answerer;
pub use explain::described;
pub use explain::explain;
pub(crate) use granted::covering;
pub(crate) use granted::markable;
pub(crate) use granted::offers;
pub(crate) use secrets::secret;

/// When a listed tool is asked all the same.
const NOT_REACHED: &str =
    "it names a place outside the session's directories, or one that looks secret or cannot be told for sure";

/// What a session is, as far as rules ask.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scene {
    /// The session's directory and its extra ones.
    pub(crate) directories: Vec<PathBuf>,
    pub(crate) profile: Option<String>,
    /// The title that a person gave it.
    pub(crate) session: Option<String>,
    /// The rules were made for the very directory that the call runs in.
    pub(crate) granted_there: bool,
    /// Tools of MCP servers in this program that run unless a rule says otherwise.
    pub(crate) own_tools: Vec<String>,
}

/// What the policy says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub action: RuleBehavior,
    /// The rule that decided, or `auto_allow`; none when nothing matched.
    pub rule: Option<String>,
    /// One sentence.
    pub why: String,
    /// The simple commands of a line, when it is one.
    pub parts: Vec<Part>,
}

/// One simple command of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub command: String,
    pub action: RuleBehavior,
    pub rule: Option<String>,
    pub why: String,
}

impl Ruling {
    fn ask(why: String) -> Self {
        Self { action: RuleBehavior::Ask, rule: None, why, parts: Vec::new() }
    }

    fn by_rule(rule: &Rule, why: String) -> Self {
        Self { action: rule.action, rule: Some(rule.to_string()), why, parts: Vec::new() }
    }
}

/// Judges a request.
pub(crate) fn decide(approval: &Approval, config: &Approvals, scene: &Scene) -> Ruling {
    let of_scene: Vec<&Rule> = config.rules.iter().filter(|rule| rules::is_for(rule, &approval.tool, scene)).collect();
    let own = Own(&config.own);
    let text = |field: &str| approval.input.get(field).and_then(Value::as_str);
    let ruling = match table::of(&approval.tool).map(|tool| tool.does) {
        Some(Does::Runs { field }) if text(field).is_some() => {
            rules::of_command(approval, text(field).unwrap_or_default(), &of_scene, scene, own)
        }
        Some(Does::RunsOther { field }) => {
            rules::of_foreign(approval, text(field).unwrap_or_default(), &of_scene, scene, own)
        }
        _ => rules::of_call(approval, &of_scene, own),
    };
    let ruling = match (ruling.action, &ruling.rule) {
        (RuleBehavior::Ask, None) if scene.own_tools.contains(&approval.tool) => Ruling {
            action: RuleBehavior::Allow,
            rule: Some(format!("own tool {}", approval.tool)),
            why: "it is a tool of adjutant's own, which the session's profile has".into(),
            parts: Vec::new(),
        },
        (RuleBehavior::Ask, None) => match reading::allows(approval, config, &scene.directories) {
            Some(rule) => Ruling {
                action: RuleBehavior::Allow,
                rule: Some(rule),
                why: "it only reads, and only where reading is allowed".into(),
                parts: Vec::new(),
            },
            None if config.auto_allow.contains(&approval.tool) => {
                Ruling { why: format!("{}; auto_allow does not reach it either: {NOT_REACHED}", ruling.why), ..ruling }
            }
            None => ruling,
        },
        (RuleBehavior::Allow, _) => among_files(approval, ruling),
        _ => ruling,
    };
    if ruling.action == RuleBehavior::Allow
        && let Some(what) = searches::secret(approval)
    {
        return Ruling {
            parts: ruling.parts,
            ..Ruling::ask(format!("it would print from “{what}”, which looks secret"))
        };
    }
    match why_bound(approval) {
        Some(why) if ruling.action == RuleBehavior::Allow => Ruling { action: RuleBehavior::Ask, why, ..ruling },
        _ => ruling,
    }
}

/// An allowance of a command, if no file that looks secret is among those that it reads without naming them.
fn among_files(approval: &Approval, ruling: Ruling) -> Ruling {
    let Some(Does::Runs { field }) = table::of(&approval.tool).map(|tool| tool.does) else { return ruling };
    let Some(line) = approval.input.get(field).and_then(Value::as_str) else { return ruling };
    let why = match folders::seen(line, Path::new(&approval.place.directory)) {
        Seen::Harmless => return ruling,
        Seen::Secret(found) => format!("“{found}” is among what it reads, and looks secret"),
        Seen::Unknown(why) => format!("what it reads is not known: {why}"),
    };
    Ruling { action: RuleBehavior::Ask, rule: None, why, ..ruling }
}

/// Why nothing automatic may allow the request, if so.
fn why_bound(approval: &Approval) -> Option<String> {
    if approval.ask != Ask::Tool {
        return Some("questions and plans are answered by you".into());
    }
    let binding = &approval.binding;
    let why = match binding {
        _ if binding.asked_by_rule.is_some() => "an ask rule of yours brought it up in the CLI",
        _ if binding.asked_by_hook.is_some() => "a hook of yours could not check it",
        _ if binding.safety_check => "a safety check of the CLI brought it up",
        _ if binding.posing => "it comes from an MCP server under a name that is not that server's",
        _ if !binding.permits_automatic() => "the CLI wants a person to answer it",
        _ => return None,
    };
    Some(format!("{why}, so no rule may allow it"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::approval::Binding;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;

    #[test]
    fn a_tool_of_our_own_runs_unless_a_rule_or_a_doubt_stands_against_it() {
        let tool = "mcp__features__feature_skip";
        let scene = Scene { own_tools: vec![tool.to_owned()], ..Scene::default() };
        let rule = |action: &str| format!("[[approvals.rules]]\ntool = \"mcp__features__*\"\naction = \"{action}\"\n");
        let judge = |rules: &str, tool: &str, binding: Binding| {
            let config = crate::config::parse(rules).unwrap().approvals;
            let approval = Approval::new(ApprovalId(1), SessionId(1), tool, json!({ "feature_id": 1 }));
            decide(&Approval { binding, ..approval }, &config, &scene).action
        };
        assert_eq!(judge("", tool, Binding::default()), RuleBehavior::Allow);
        assert_eq!(judge(&rule("deny"), tool, Binding::default()), RuleBehavior::Deny);
        assert_eq!(judge(&rule("ask"), tool, Binding::default()), RuleBehavior::Ask);
        assert_eq!(judge("", tool, Binding { posing: true, ..Binding::default() }), RuleBehavior::Ask);
        assert_eq!(judge("", tool, Binding { safety_check: true, ..Binding::default() }), RuleBehavior::Ask);
        assert_eq!(judge("", "mcp__features__feature_new", Binding::default()), RuleBehavior::Ask);
    }
}
