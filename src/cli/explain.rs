//! `explain`: what the policy would answer to a call.
//!
//! **For:** printing it. **Not for:** judging: the engine's own policy does, by the same function.

use serde_json::json;

use super::Explain;
use super::Global;
use super::exit;
use super::print::say;
use super::setup::Stop;
use super::setup::check_profile;
use super::setup::directory;
use super::setup::places;
use super::setup::read_config;
use crate::core::anatomy::Anatomy;
use crate::core::approval::Approval;
use crate::engine::policy;
use crate::engine::policy::Part;
use crate::engine::policy::Question;
use crate::engine::policy::Ruling;
use crate::tui::render::sanitize::reveal;

pub fn main(global: &Global, explain: &Explain) -> Result<u8, Stop> {
    let places = places(global)?;
    let (config, _) = read_config(&places).map_err(|error| Stop::usage(error.to_string()))?;
    check_profile(&config, explain.profile.as_deref())?;
    let question = Question {
        tool: explain.tool.clone(),
        input: explain.input.clone(),
        directory: directory(explain.directory.as_deref())?,
        profile: explain.profile.clone(),
        session: explain.session.clone(),
    };
    let ruling = policy::explain(&question, &config).map_err(Stop::usage)?;
    let approval = policy::described(&question).map_err(Stop::usage)?;
    let text = if explain.json {
        as_json(&ruling, &approval)
    } else {
        [as_text(&ruling), does(&approval)].join("\n").trim_end().to_owned()
    };
    say(&text)?;
    Ok(exit::OK)
}

fn as_json(ruling: &Ruling, approval: &Approval) -> String {
    let part = |part: &Part| json!({ "command": part.command, "action": part.action.as_str(), "rule": part.rule, "why": part.why });
    let mut shown = json!({ "action": ruling.action.as_str(), "rule": ruling.rule, "why": ruling.why, "who": policy::answerer(ruling).0 });
    if ruling.parts.len() > 1 {
        shown["commands"] = ruling.parts.iter().map(part).collect();
    }
    shown["marks"] = approval.dangers().iter().map(|danger| json!(danger.mark())).collect();
    if let Some(anatomy) = &approval.anatomy {
        shown["anatomy"] = json!(anatomy);
    }
    shown.to_string()
}

/// The marks of the call, and what else its line does, the worst first.
fn does(approval: &Approval) -> String {
    let line = |what: &str, text: &str| reveal(&format!("{what:<5} {}", text.replace('\n', "⏎"))).text.to_string();
    let mut lines: Vec<String> = approval.dangers().iter().map(|danger| line("mark", &danger.describe())).collect();
    let groups = approval.anatomy.as_ref().map(Anatomy::groups).unwrap_or_default();
    let others = groups.iter().filter(|group| !group.effect.is_danger());
    lines.extend(others.map(|group| line("does", &format!("{} {}", group.effect.verb(), group.about()))));
    lines.join("\n")
}

fn as_text(ruling: &Ruling) -> String {
    let line = |action: &str, what: &str| reveal(&format!("{action:<5} {}", what.replace('\n', "⏎"))).text.to_string();
    let mut lines = vec![line(ruling.action.as_str(), &ruling.why)];
    lines.extend(ruling.rule.iter().map(|rule| line("rule", rule)));
    lines.push(line("by", policy::answerer(ruling).1));
    if ruling.parts.len() > 1 {
        for part in &ruling.parts {
            lines.push(line(&format!("  {}", part.action.as_str()), &format!("“{}”: {}", part.command, part.why)));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::permission::RuleBehavior;

    fn ruling(command: &str) -> Ruling {
        let part = |command: &str| Part {
            command: command.into(),
            action: RuleBehavior::Ask,
            rule: None,
            why: "no rule is for it".into(),
        };
        let parts = vec![part(command), part("ls")];
        Ruling { action: RuleBehavior::Deny, rule: Some("deny Bash “rm”".into()), why: "it is".into(), parts }
    }

    fn approval(command: &str) -> Approval {
        let question = Question {
            tool: "Bash".into(),
            input: command.into(),
            directory: "/p".into(),
            profile: None,
            session: None,
        };
        policy::described(&question).unwrap()
    }

    #[test]
    fn marks_stand_before_what_else_a_line_does() {
        assert_eq!(does(&approval("ls; rm -rf x")), "mark  deletes x\ndoes  reads ls");
        assert_eq!(does(&approval("rm \"x\ny\"\u{1b}[2J")).lines().count(), 1);
        assert!(does(&approval("if ; rm")).contains("mark  a part of this could not be read"));
    }

    #[test]
    fn what_comes_from_outside_cannot_steer_the_terminal() {
        let text = as_text(&ruling("a\u{1b}]0;x\u{7}\n\u{202e}b"));
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 5);
        assert!(text.starts_with("deny  it is\nrule  deny Bash “rm”\nby    the rule: it does not run, in any permission mode, asked or not\n  ask “a"), "{text:?}");
    }

    #[test]
    fn the_object_names_action_rule_and_reason() {
        let shown: serde_json::Value = serde_json::from_str(&as_json(&ruling("rm"), &approval("rm x"))).unwrap();
        assert_eq!(shown["action"], "deny");
        assert_eq!(shown["rule"], "deny Bash “rm”");
        assert_eq!(shown["commands"][0]["command"], "rm");
        assert_eq!(shown["marks"][0]["effect"], "deletes");
        assert_eq!(shown["marks"][0]["class"], "dangerous");
        assert_eq!(shown["marks"][0]["says"], "deletes x");
        assert_eq!(shown["anatomy"]["steps"][0]["program"], "rm");
        assert_eq!(shown["who"], "rule");
        let asked = Ruling { action: RuleBehavior::Ask, rule: None, ..ruling("ls") };
        let shown: serde_json::Value = serde_json::from_str(&as_json(&asked, &approval("ls"))).unwrap();
        assert_eq!(shown["who"], "claude");
    }
}
