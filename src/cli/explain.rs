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
    let anatomy = policy::anatomy_of(&question).map_err(Stop::usage)?;
    let text = if explain.json {
        as_json(&ruling, anatomy.as_ref())
    } else {
        [as_text(&ruling), anatomy.as_ref().map(does).unwrap_or_default()].join("\n").trim_end().to_owned()
    };
    say(&text)?;
    Ok(exit::OK)
}

fn as_json(ruling: &Ruling, anatomy: Option<&Anatomy>) -> String {
    let part = |part: &Part| json!({ "command": part.command, "action": part.action.as_str(), "rule": part.rule, "why": part.why });
    let mut shown = json!({ "action": ruling.action.as_str(), "rule": ruling.rule, "why": ruling.why, "who": policy::answerer(ruling).0 });
    if ruling.parts.len() > 1 {
        shown["commands"] = ruling.parts.iter().map(part).collect();
    }
    if let Some(anatomy) = anatomy {
        shown["anatomy"] = json!(anatomy);
    }
    shown.to_string()
}

/// What the line does, the worst first.
fn does(anatomy: &Anatomy) -> String {
    let mut lines: Vec<String> = anatomy
        .groups()
        .iter()
        .map(|group| {
            reveal(&format!("does  {} {}", group.effect.verb(), group.about().replace('\n', "⏎"))).text.to_string()
        })
        .collect();
    if !anatomy.whole {
        lines.push("does  more than could be read".to_owned());
    }
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

    #[test]
    fn what_comes_from_outside_cannot_steer_the_terminal() {
        let text = as_text(&ruling("a\u{1b}]0;x\u{7}\n\u{202e}b"));
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
        assert_eq!(text.lines().count(), 5);
        assert!(text.starts_with("deny  it is\nrule  deny Bash “rm”\nby    the rule: it does not run, in any permission mode, asked or not\n  ask “a"), "{text:?}");
    }

    #[test]
    fn the_object_names_action_rule_and_reason() {
        let shown: serde_json::Value = serde_json::from_str(&as_json(&ruling("rm"), None)).unwrap();
        assert_eq!(shown["action"], "deny");
        assert_eq!(shown["rule"], "deny Bash “rm”");
        assert_eq!(shown["commands"][0]["command"], "rm");
    }
}
