//! Grants: what may be granted with a call, and which calls a grant covers.
//!
//! **For:** the offers under "always", and answering later calls by them. **Not for:** counting and ending
//! them, which the session's machine does.
//!
//! Invariants: a grant is turned into rules that allow, behind those of the configuration, and judged with
//! them: it covers nothing that such rules would not, and nothing that a rule denies or asks. What is offered
//! covers the call that it is offered with.

/// Words that a person marks as free.
mod marked;

use std::path::Path;

use serde_json::Value;

use super::Scene;
use super::anatomy;
use super::decide;
use super::rules::is_at_home;
use super::shell;
use super::why_bound;
use crate::config::Approvals;
use crate::config::rules::Condition;
use crate::config::rules::FILE_TOOLS;
use crate::config::rules::Rule;
use crate::core::approval::Approval;
use crate::core::grant::CommandWords;
use crate::core::grant::Grant;
use crate::core::grant::GrantRule;
use crate::core::grant::Granted;
use crate::core::ids::GrantId;
use crate::core::permission::RuleBehavior;
use crate::core::permission::runs_anything;
use crate::core::permission::wide_directory;
use crate::core::tool::table;

/// Tools that change a file.
const EDITS: [&str; 4] = ["Edit", "MultiEdit", "Write", "NotebookEdit"];
/// Fields that only say what a call is for.
const WORDS_ABOUT_IT: [&str; 1] = ["description"];
/// A larger input cannot be compared by eye, and is not offered "again".
const MAX_SAME: usize = 8 << 10;
/// Beginnings of commands in one offer.
const MAX_COMMANDS: usize = 4;
/// Words of such a beginning.
const MAX_WORDS: usize = 3;

/// The grants of a session that cover the call, oldest first.
pub(crate) fn covering(grants: &[Grant], approval: &Approval, config: &Approvals, scene: &Scene) -> Vec<GrantId> {
    let serves = |grant: &&Grant| match &grant.granted {
        Granted::Boxed { terms, .. } => {
            is_there(&terms.rule, &grant.directory, approval) && covers(&terms.rule, approval, config, scene)
        }
        Granted::Remembered(_) => false,
    };
    grants.iter().filter(serves).map(|grant| grant.id).collect()
}

/// Whether the call runs where the grant holds.
fn is_there(rule: &GrantRule, directory: &str, approval: &Approval) -> bool {
    let place = &approval.place;
    !rule.is_of_a_place() || (!place.is_doubtful && Path::new(&place.directory) == Path::new(directory))
}

/// Whether the grant allows the call.
fn covers(rule: &GrantRule, approval: &Approval, config: &Approvals, scene: &Scene) -> bool {
    if !may_be_granted(approval) {
        return false;
    }
    if let GrantRule::Same { tool, input } = rule {
        // A rule that denies or asks is stronger here too.
        let is_same = *tool == approval.tool && without_words(input) == without_words(&approval.input);
        return is_same && decide(approval, config, scene).rule.is_none();
    }
    if let GrantRule::Marked { tool, input, holes } = rule {
        return *tool == approval.tool && marked::covers(input, holes, approval, config, scene);
    }
    let Some(rules) = rules(rule) else { return false };
    let mut extended = config.clone();
    let granted_there = !is_at_home(approval, scene);
    if granted_there {
        // Rules of the configuration that allow hold where the session was opened; only the grant is for this place.
        extended.rules.retain(|rule| rule.action != RuleBehavior::Allow);
    }
    extended.rules.extend(rules);
    let scene = Scene { granted_there, ..scene.clone() };
    decide(approval, &extended, &scene).action == RuleBehavior::Allow
}

/// Whether anything but a person may allow calls like this one, and more than this one may be allowed.
fn may_be_granted(approval: &Approval) -> bool {
    why_bound(approval).is_none() && !approval.binding.no_always
}

fn without_words(input: &Value) -> Value {
    let mut input = input.clone();
    if let Some(fields) = input.as_object_mut() {
        fields.retain(|name, _| !WORDS_ABOUT_IT.contains(&name.as_str()));
    }
    input
}

/// The grant as rules of the configuration; nothing when one of them could not stand there.
fn rules(rule: &GrantRule) -> Option<Vec<Rule>> {
    let path = |path: &str, below: bool| {
        let escaped = globset::escape(path.trim_end_matches('/'));
        Condition::Path(if below { format!("{escaped}/**") } else { escaped })
    };
    let all = |tools: &mut dyn Iterator<Item = &str>, condition: &Condition| {
        tools.map(|tool| Rule::allowing(tool, condition.clone())).collect::<Result<Vec<_>, _>>()
    };
    let made = match rule {
        // A rule of the configuration cannot say it.
        GrantRule::Same { .. } | GrantRule::Marked { .. } => return None,
        GrantRule::Commands(commands) => commands
            .iter()
            .map(|CommandWords { words, more }| {
                Rule::allowing("Bash", Condition::Command { words: words.clone(), more: *more })
            })
            .collect(),
        GrantRule::Edits { path: at, below } => all(&mut EDITS.into_iter(), &path(at, *below)),
        GrantRule::Reads { path: at, below } => {
            all(&mut FILE_TOOLS.into_iter().filter(|tool| !EDITS.contains(tool)), &path(at, *below))
        }
        GrantRule::Fetches { host } => all(&mut ["WebFetch"].into_iter(), &Condition::Host(host.clone())),
        GrantRule::Tool(tool) => all(&mut [tool.as_str()].into_iter(), &Condition::None),
    };
    made.ok()
}

/// What may be granted with this call, the narrowest first; nothing where only a person may answer.
pub(crate) fn offers(approval: &Approval, config: &Approvals, scene: &Scene) -> Vec<GrantRule> {
    if !may_be_granted(approval) {
        return Vec::new();
    }
    let tool = approval.tool.as_str();
    let mut offers = Vec::new();
    let is_file_tool = FILE_TOOLS.contains(&tool);
    let knows_place = !approval.place.is_doubtful;
    if !is_file_tool && knows_place && approval.input.to_string().len() <= MAX_SAME {
        offers.push(GrantRule::Same { tool: tool.to_owned(), input: approval.input.clone() });
    }
    let text = |field: &str| approval.input.get(field).and_then(Value::as_str);
    match tool {
        _ if table::runs_text(tool) => {
            let line = table::command(tool, &approval.input);
            offers.extend(line.and_then(|line| commands(line, approval, config, scene)));
        }
        "WebFetch" => {
            let host = text("url").and_then(|url| url::Url::parse(url).ok()?.host_str().map(str::to_owned));
            offers.extend(host.map(|host| GrantRule::Fetches { host }));
        }
        _ if is_file_tool => offers.extend(places(approval, scene)),
        _ => offers.push(GrantRule::Tool(tool.to_owned())),
    }
    offers.retain(|offer| covers(offer, approval, config, scene));
    offers
}

pub(crate) use marked::markable;

/// The file itself, and the directory of the session that it lies in, or else its own.
fn places(approval: &Approval, scene: &Scene) -> Vec<GrantRule> {
    let field =
        ["file_path", "notebook_path", "path"].into_iter().find_map(|field| approval.input.get(field)?.as_str());
    let Some(path) = field else { return Vec::new() };
    let root = scene.directories.iter().find(|root| Path::new(path).starts_with(root));
    let is_edit = EDITS.contains(&approval.tool.as_str());
    // Elsewhere, changes are granted by the file.
    let folder = root.map(|root| root.as_path()).or_else(|| Path::new(path).parent().filter(|_| !is_edit));
    let folder = folder.filter(|folder| wide_directory(&folder.to_string_lossy()).is_none());
    let both = [Some((path.to_owned(), false)), folder.map(|folder| (folder.to_string_lossy().into_owned(), true))];
    let rule =
        |(path, below)| if is_edit { GrantRule::Edits { path, below } } else { GrantRule::Reads { path, below } };
    both.into_iter().flatten().map(rule).collect()
}

/// The shortest beginnings of the line's commands that cover it. A line that destroys or reaches far is only
/// offered again as it is.
fn commands(line: &str, approval: &Approval, config: &Approvals, scene: &Scene) -> Option<GrantRule> {
    let read = anatomy::of(line, Path::new(&approval.place.directory));
    if !approval.risks.is_empty() || !anatomy::is_tame(&read) {
        return None;
    }
    let mut found: Vec<CommandWords> = Vec::new();
    for (text, command) in shell::plain_commands(line)? {
        if command.iter().any(|word| runs_anything(word)) {
            return None;
        }
        let alone = Approval { input: serde_json::json!({ "command": text }), ..approval.clone() };
        // What the table does not have is offered only as it is.
        if !shell::is_in_table(&command) {
            return None;
        }
        let of_one = beginnings(&command)
            .find(|words| covers(&GrantRule::Commands(vec![words.clone()]), &alone, config, scene))?;
        if !found.contains(&of_one) {
            found.push(of_one);
        }
    }
    (!found.is_empty() && found.len() <= MAX_COMMANDS).then_some(GrantRule::Commands(found))
}

fn beginnings(command: &[String]) -> impl Iterator<Item = CommandWords> {
    let n_words = command.len().min(MAX_WORDS);
    // Free operands of a program whose options nobody knows are for the person's own rules only.
    (1..=n_words).map(|n| CommandWords { words: command[..n].to_vec(), more: false })
}

#[cfg(test)]
mod tests;
