//! `presets` of `[approvals]`: ready-made rules that allow, each a file that one can read.
//!
//! **For:** the rules of the named presets, behind those of the person. **Not for:** anything that a person could not
//! write: the files hold first words of commands and nothing else.

use serde::Deserialize;

use super::rules::Condition;
use super::rules::Rule;

/// Every preset and its file.
pub const PRESETS: [(&str, &str); 8] = [
    ("look", include_str!("../../assets/presets/look.toml")),
    ("git-read", include_str!("../../assets/presets/git-read.toml")),
    ("git-commit", include_str!("../../assets/presets/git-commit.toml")),
    ("rust", include_str!("../../assets/presets/rust.toml")),
    ("node", include_str!("../../assets/presets/node.toml")),
    ("python", include_str!("../../assets/presets/python.toml")),
    ("go", include_str!("../../assets/presets/go.toml")),
    ("docker-read", include_str!("../../assets/presets/docker-read.toml")),
];

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    /// Presets whose rules are part of it.
    #[serde(default)]
    include: Vec<String>,
    /// First words of commands.
    rules: Vec<String>,
    /// Lines that it never allows; tests hold them.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests look at them"))]
    hostile: Vec<String>,
}

/// The rules of the presets, each once; the sentence names one that there is not.
pub fn rules(names: &[String]) -> Result<Vec<Rule>, String> {
    let mut waiting: Vec<String> = names.iter().rev().cloned().collect();
    let mut seen: Vec<&str> = Vec::new();
    let mut all = Vec::new();
    while let Some(name) = waiting.pop() {
        let known = || PRESETS.map(|(known, _)| known);
        let Some((preset, text)) = PRESETS.iter().find(|(known, _)| *known == name) else {
            let hint = super::section::did_you_mean(&name, known());
            return Err(format!("there is no preset “{name}”; there are {}{hint}", known().join(", ")));
        };
        if seen.contains(preset) {
            continue;
        }
        seen.push(preset);
        let found: Preset =
            toml::from_str(text).map_err(|error| format!("the preset “{name}” cannot be read: {error}"))?;
        for text in &found.rules {
            let words = text.split(' ').map(str::to_owned).collect();
            let rule = Rule::allowing("Bash", Condition::Command { words, more: false })
                .map_err(|why| format!("the preset “{name}” has a rule “{text}” that cannot be: {why}"))?;
            all.push(Rule { preset: Some(preset), ..rule });
        }
        waiting.extend(found.include.into_iter().rev());
    }
    Ok(all)
}

/// Lines that a preset never allows.
#[cfg(test)]
pub fn hostile(name: &str) -> Vec<String> {
    let text = PRESETS.iter().find(|(known, _)| *known == name).unwrap().1;
    toml::from_str::<Preset>(text).unwrap().hostile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_read_and_says_where_its_rules_come_from() {
        for (name, _) in PRESETS {
            let rules = rules(&[name.to_owned()]).unwrap();
            assert!(rules.len() > 40 && hostile(name).len() >= 35, "{name}");
            assert!(rules[0].to_string().ends_with(&format!("(preset {name})")), "{}", rules[0]);
        }
        let both = rules(&["rust".to_owned(), "go".to_owned()]).unwrap();
        assert_eq!(
            both.iter().filter(|rule| rule.preset == Some("look") && rule.to_string().contains("“ls”")).count(),
            1
        );
        let why = rules(&["ruts".to_owned()]).unwrap_err();
        assert!(why.contains("did you mean") || why.contains("“rust”"), "{why}");
    }
}
