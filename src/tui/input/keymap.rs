//! The resolved keymap: the table's defaults with `[keys]` of the configuration over them.

use std::collections::HashMap;

use super::action::ACTIONS;
use super::action::Action;
use super::action::Context;
use super::key::Key;
use super::key::KeySequence;
use super::key::label;
use crate::config::KeyLine;
use crate::config::Problem;
use crate::config::section::did_you_mean;

/// What a key, or the second key of a sequence, leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    Found(Action),
    /// The first key of a sequence.
    Prefix,
    Nothing,
}

#[derive(Debug, Clone)]
pub struct Keymap {
    by_keys: HashMap<(Context, KeySequence), Action>,
    by_action: HashMap<Action, Vec<KeySequence>>,
}

impl Default for Keymap {
    fn default() -> Self {
        // The table's own keys are well formed; a test holds that.
        let (keymap, _) = build(&[]);
        keymap
    }
}

impl Keymap {
    /// The table with the person's lines over it, or everything that is wrong with these.
    pub fn resolve(lines: &[KeyLine]) -> Result<Self, Vec<Problem>> {
        let (keymap, problems) = build(lines);
        if problems.is_empty() { Ok(keymap) } else { Err(problems) }
    }

    /// What the keys pressed so far mean in a context alone; the caller walks the layers.
    pub fn look_up(&self, context: Context, keys: &[Key]) -> Lookup {
        if let Some(action) = self.by_keys.get(&(context, keys.to_vec())) {
            return Lookup::Found(*action);
        }
        let begins = |(other, sequence): &(Context, KeySequence)| {
            *other == context && sequence.len() > keys.len() && sequence.starts_with(keys)
        };
        if self.by_keys.keys().any(begins) { Lookup::Prefix } else { Lookup::Nothing }
    }

    /// The first key of an action, as a hint shows it.
    pub fn key_of(&self, action: Action) -> Option<String> {
        self.by_action.get(&action)?.first().map(|sequence| label(sequence))
    }

    /// All keys of an action, as the help page shows them.
    pub fn keys_of(&self, action: Action) -> Vec<String> {
        self.by_action.get(&action).map(|all| all.iter().map(|sequence| label(sequence)).collect()).unwrap_or_default()
    }
}

fn build(lines: &[KeyLine]) -> (Keymap, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut by_action: HashMap<Action, Vec<KeySequence>> = HashMap::new();
    for def in ACTIONS {
        let keys = def.keys.iter().filter_map(|text| Key::parse_sequence(text).ok()).collect();
        by_action.insert(def.action, keys);
    }
    let mut changed: HashMap<Action, usize> = HashMap::new();
    for line in lines {
        let Some(def) = Action::by_name(&line.action) else {
            let hint = did_you_mean(&line.action, ACTIONS.iter().map(|def| def.name));
            problems
                .push(Problem {
                    line: line.line, text: format!("[keys] there is no action “{}”{hint}", line.action)
                });
            continue;
        };
        let mut keys = Vec::new();
        for text in &line.keys {
            match Key::parse_sequence(text) {
                Ok(sequence) => keys.push(sequence),
                Err(what) => {
                    problems.push(Problem { line: line.line, text: format!("[keys] {}: {what}", line.action) });
                }
            }
        }
        by_action.insert(def.action, keys);
        changed.insert(def.action, line.line);
    }
    let mut by_keys: HashMap<(Context, KeySequence), Action> = HashMap::new();
    // The person's own bindings last: they take a key from a default, but not from each other.
    let (own, defaults): (Vec<_>, Vec<_>) = ACTIONS.iter().partition(|def| changed.contains_key(&def.action));
    for def in defaults.into_iter().chain(own) {
        for keys in by_action.get(&def.action).cloned().unwrap_or_default() {
            let before = by_keys.insert((def.context, keys.clone()), def.action);
            let Some(before) = before.filter(|before| *before != def.action) else { continue };
            match (changed.get(&before), changed.get(&def.action)) {
                (Some(_), Some(line)) => problems.push(Problem {
                    line: *line,
                    text: format!("[keys] {}: {} is already {}", def.name, label(&keys), before.def().name),
                }),
                _ => {
                    if let Some(list) = by_action.get_mut(&before) {
                        list.retain(|other| *other != keys);
                    }
                }
            }
        }
    }
    (Keymap { by_keys, by_action }, problems)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn line(action: &str, keys: &[&str]) -> KeyLine {
        KeyLine { action: action.into(), keys: keys.iter().map(ToString::to_string).collect(), line: 7 }
    }

    fn keys(text: &str) -> KeySequence {
        Key::parse_sequence(text).unwrap()
    }

    #[test]
    fn the_table_is_well_formed_and_without_conflict() {
        let mut seen = HashSet::new();
        for def in ACTIONS {
            for text in def.keys {
                let sequence = Key::parse_sequence(text).unwrap_or_else(|what| panic!("{}: {what}", def.name));
                assert!(seen.insert((def.context, sequence)), "{}: {text} twice", def.name);
            }
        }
    }

    #[test]
    fn sequences_are_found_key_by_key() {
        let keymap = Keymap::default();
        assert_eq!(keymap.look_up(Context::Input, &keys("ctrl-x")), Lookup::Prefix);
        assert_eq!(keymap.look_up(Context::Input, &keys("ctrl-x ctrl-e")), Lookup::Found(Action::ExternalEditor));
        assert_eq!(keymap.look_up(Context::Input, &keys("ctrl-x a")), Lookup::Nothing);
        assert_eq!(keymap.look_up(Context::Approval, &keys("N")), Lookup::Found(Action::DenyWithMessage));
        assert_eq!(keymap.key_of(Action::DenyWithMessage).as_deref(), Some("N"));
    }

    #[test]
    fn own_keys_replace_the_defaults_and_take_keys_from_others() {
        let keymap = Keymap::resolve(&[line("send", &["ctrl-j"]), line("escape", &[])]).unwrap();
        assert_eq!(keymap.look_up(Context::Input, &keys("ctrl-j")), Lookup::Found(Action::Send));
        assert_eq!(keymap.look_up(Context::Input, &keys("enter")), Lookup::Nothing);
        assert_eq!(keymap.look_up(Context::Input, &keys("esc")), Lookup::Nothing);
        assert!(!keymap.keys_of(Action::Newline).contains(&"ctrl-j".to_owned()));
    }

    #[test]
    fn mistakes_are_named_with_the_nearest_action() {
        let problems = Keymap::resolve(&[
            line("sned", &["x"]),
            line("help", &["hyper-q"]),
            line("queue", &["f9"]),
            line("panel", &["f9"]),
        ])
        .unwrap_err();
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], "7: [keys] there is no action “sned”; did you mean “send”?");
        assert!(texts[1].contains("“hyper” is no modifier"), "{texts:?}");
        assert!(texts[2].contains("f9 is already"), "{texts:?}");
    }
}
