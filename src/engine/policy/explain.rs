//! A call as a person describes it, for the same judgement that the engine makes.
//!
//! **For:** `adjutant explain`. **Not for:** deciding: it only makes the request.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use super::Ruling;
use super::Scene;
use super::decide;
use super::secret;
use crate::config::Config;
use crate::core::approval::Approval;
use crate::core::ids::Timestamp;
use crate::core::permission::RuleBehavior;
use crate::core::tool::table;
use crate::engine::approvals::ask;
use crate::engine::approvals::inspect;
use crate::wire::permission::CanUseTool;

/// What is asked about.
#[derive(Debug, Clone)]
pub struct Question {
    pub tool: String,
    /// A command, a path, an address, or a JSON object.
    pub input: String,
    /// The session's directory, absolute.
    pub directory: PathBuf,
    pub profile: Option<String>,
    /// The session's title.
    pub session: Option<String>,
}

/// The call as it would be asked about, with what its command line does and its marks.
pub fn described(question: &Question) -> Result<Approval, String> {
    let approval = approval(question)?;
    Ok(Approval { anatomy: inspect::anatomy(&approval), ..approval })
}

/// What the policy would answer; the error says what is wrong with the question.
pub fn explain(question: &Question, config: &Config) -> Result<Ruling, String> {
    let name = question.profile.clone().or_else(|| config.claude.default_profile.clone());
    let profile = config.profile(name.as_deref()).ok_or("there is no such profile")?;
    let directory = &question.directory;
    let extra = profile.directories.iter().map(|extra| directory.join(extra));
    let directories = std::iter::once(directory.clone()).chain(extra).collect();
    let scene = Scene {
        directories,
        profile: name,
        session: question.session.clone(),
        granted_there: false,
        own_tools: Vec::new(),
    };
    let approval = approval(question)?;
    let ruling = decide(&approval, &config.approvals, &scene);
    let is_open = ruling.action == RuleBehavior::Ask && ruling.rule.is_none();
    let secret = if is_open { secret(&approval) } else { None };
    Ok(match secret {
        Some(what) => Ruling { why: format!("“{what}” looks secret"), rule: Some(SECRET.to_owned()), ..ruling },
        None => ruling,
    })
}

/// What asks about files that look secret, in the place of a rule.
const SECRET: &str = "files that look secret";

/// Who answers such a call, in one word and in a sentence.
pub fn answerer(ruling: &Ruling) -> (&'static str, &'static str) {
    match (ruling.action, &ruling.rule) {
        (RuleBehavior::Deny, _) => ("rule", "the rule: it does not run, in any permission mode, asked or not"),
        (RuleBehavior::Allow, _) => {
            ("rule", "the rule, where Claude Code asks; its own checks and modes stay as they are")
        }
        (RuleBehavior::Ask, Some(_)) => ("you", "you, before it runs, in every permission mode"),
        (RuleBehavior::Ask, None) => {
            ("claude", "Claude Code itself, by its own rules, mode and checks; you, where it asks")
        }
    }
}

fn approval(question: &Question) -> Result<Approval, String> {
    let request = CanUseTool {
        tool_name: question.tool.clone(),
        input: input(&question.tool, &question.input, &question.directory)?,
        ..CanUseTool::default()
    };
    let directory = question.directory.to_string_lossy();
    let around = ask::Surroundings { directory: &directory, now: Timestamp(0), ..ask::Surroundings::default() };
    Ok(ask::approval(&request, &[], &around))
}

/// The input as the CLI would send it.
fn input(tool: &str, text: &str, directory: &Path) -> Result<Value, String> {
    if text.trim_start().starts_with('{') && !table::runs_text(tool) || text.trim_start().starts_with("{\"") {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("the input is no JSON: {error}"))?;
        return if value.is_object() { Ok(value) } else { Err("the input is no JSON object".into()) };
    }
    // The CLI's own tools are given whole paths.
    let path = || directory.join(text);
    Ok(match tool {
        "Workflow" => json!({ "script": text }),
        "REPL" => json!({ "code": text }),
        _ if table::runs_text(tool) => json!({ "command": text }),
        "Read" | "Write" | "Edit" | "MultiEdit" => json!({ "file_path": path() }),
        "NotebookEdit" | "NotebookRead" => json!({ "notebook_path": path() }),
        "Glob" | "Grep" => json!({ "pattern": "x", "path": path() }),
        "LS" => json!({ "path": path() }),
        "WebFetch" => json!({ "url": text, "prompt": "" }),
        "WebSearch" => json!({ "query": text }),
        _ => return Err(format!("adjutant does not know what {tool} takes; write its input as a JSON object")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[[approvals.rules]]\naction = \"deny\"\ntool = \"Bash\"\ncommand = \"rm\"\n\
        [[approvals.rules]]\naction = \"ask\"\ntool = \"Bash\"\ncommand = \"make\"\n\
        [[approvals.rules]]\naction = \"allow\"\ntool = \"Bash\"\ncommand = \"grep *\"\n";

    #[test]
    fn who_would_answer_is_told_truly() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().canonicalize().unwrap();
        for name in ["a/.env", "b/x.txt", ".env"] {
            std::fs::create_dir_all(directory.join(name).parent().unwrap()).unwrap();
            std::fs::write(directory.join(name), "x").unwrap();
        }
        let config = crate::config::parse(CONFIG).unwrap();
        let explained = |tool: &str, input: &str| {
            let (tool, input, directory) = (tool.to_owned(), input.to_owned(), directory.clone());
            let question = Question { tool, input, directory, profile: None, session: None };
            let ruling = explain(&question, &config).unwrap();
            (ruling.action, answerer(&ruling).0, ruling.why)
        };
        for (tool, input, action, who, why) in [
            ("Bash", "rm x", RuleBehavior::Deny, "rule", ""),
            ("Bash", "make all", RuleBehavior::Ask, "you", ""),
            ("Bash", "grep x b/x.txt", RuleBehavior::Allow, "rule", ""),
            ("Bash", "grep -r x b", RuleBehavior::Allow, "rule", ""),
            ("Bash", "grep -r x a", RuleBehavior::Ask, "you", "“a/.env” looks secret"),
            ("Bash", "cat .env", RuleBehavior::Ask, "you", "“.env” looks secret"),
            ("Bash", "ls", RuleBehavior::Ask, "claude", "no rule"),
            ("Read", "b/x.txt", RuleBehavior::Allow, "rule", ""),
            ("Write", "b/y.txt", RuleBehavior::Ask, "claude", "no rule"),
        ] {
            let found = explained(tool, input);
            assert_eq!((found.0, found.1), (action, who), "{tool} {input}: {}", found.2);
            assert!(found.2.contains(why), "{tool} {input}: {}", found.2);
        }
    }
}
