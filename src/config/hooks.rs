//! `[[hooks]]`: programs of the person that are asked, and every way in which such a table may be wrong.
//!
//! **For:** checked values with their line. **Not for:** starting anything: `crate::hooks` does.
//!
//! Invariant: a table with a mistake is no hook; there is no way to write "allow" for a failure.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue;

use super::Config;
use super::Problem;
use super::rules::Pattern;
use super::section::Section;
use super::section::did_you_mean;
use super::section::kind;
use super::section::line_of;
use crate::core::hook::EVENTS;
use crate::core::hook::HookMode;
use crate::core::hook::OnFailure;

const MAX_NAME: usize = 64;
const MAX_ORDER: u64 = 1_000_000;
/// The CLI waits for a day; nobody waits so long for a program.
const MAX_TIMEOUT_MS: u64 = 10 * 60 * 1000;
const TIMEOUT_MS: u64 = 5000;
/// No name of a variable has one of these.
const NO_NAMES: [char; 2] = ['=', '\0'];

/// One hook.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Where it stands in the file.
    pub line: usize,
    pub name: String,
    /// A program and its arguments.
    pub command: Vec<String>,
    /// Added to its small environment.
    pub env: BTreeMap<String, String>,
    pub modes: Vec<HookMode>,
    /// Kinds of events it is told of; empty: all.
    pub events: Vec<String>,
    /// Tools it is asked about; empty: all.
    pub tools: Vec<Pattern>,
    /// Profiles of the sessions it is asked about; empty: all.
    pub profiles: Vec<Pattern>,
    /// Lower is asked first.
    pub order: u64,
    pub timeout: Duration,
    pub on_failure: OnFailure,
    pub may_allow: bool,
    pub may_respond: bool,
}

impl Hook {
    /// Whether it is asked about sessions of this profile. One without a profile is matched by `*` alone.
    pub fn is_for_profile(&self, profile: Option<&str>) -> bool {
        self.profiles.is_empty() || self.profiles.iter().any(|pattern| pattern.matches(profile.unwrap_or_default()))
    }

    pub fn is_for_tool(&self, tool: &str) -> bool {
        self.tools.is_empty() || self.tools.iter().any(|pattern| pattern.matches(tool))
    }

    pub fn has(&self, mode: HookMode) -> bool {
        self.modes.contains(&mode)
    }
}

/// Reads all tables of the file; they take the place of those of a lower layer.
pub(super) fn hooks(source: &str, line: usize, value: &DeValue<'_>, config: &mut Config, problems: &mut Vec<Problem>) {
    let DeValue::Array(items) = value else {
        let text = format!("hooks: expected tables [[hooks]], found {}", kind(value));
        return problems.push(Problem { line, text });
    };
    let mut found: Vec<Hook> = Vec::new();
    for item in items {
        let Some(hook) = hook(source, item, problems) else { continue };
        match found.iter().find(|other| other.name == hook.name) {
            Some(other) => problems.push(Problem {
                line: hook.line,
                text: format!(
                    "[[hooks]] name: “{}” is the hook of line {} already; give this one another name",
                    hook.name, other.line
                ),
            }),
            None => found.push(hook),
        }
    }
    config.hooks = found;
}

fn hook(source: &str, item: &Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Option<Hook> {
    let line = line_of(source, item.span().start);
    let DeValue::Table(table) = item.get_ref() else {
        let text = format!("hooks: expected tables [[hooks]], found {}", kind(item.get_ref()));
        problems.push(Problem { line, text });
        return None;
    };
    let mut section = Section::at(source, "[hooks]".to_owned(), table, item.span().start, problems);
    let n_before = section.n_problems();
    for (key, what) in [
        ("name", "a name of letters, digits, - and _"),
        ("command", "[\"python3\", \"gate.py\"]"),
        ("modes", "[\"tool\"]"),
    ] {
        if !table.contains_key(key) {
            section.wrong(key, format!("is missing; every hook needs one, such as {what}"));
        }
    }
    let name = section.string("name").unwrap_or_default();
    if table.contains_key("name") && !is_name(&name) {
        section.wrong("name", format!("“{name}” is no name: 1 to {MAX_NAME} letters, digits, - and _"));
    }
    let command = section.strings("command").unwrap_or_default();
    let is_runnable = command.first().is_some_and(|word| !word.trim().is_empty());
    if table.contains_key("command") && (!is_runnable || command.iter().any(|word| word.contains('\0'))) {
        section.wrong("command", "names no program; write a list of words such as [\"python3\", \"gate.py\"]");
    }
    let hook = Hook {
        line,
        name,
        command,
        env: env(&mut section),
        modes: modes(&mut section),
        events: events(&mut section),
        tools: patterns(&mut section, "tools"),
        profiles: patterns(&mut section, "profiles"),
        order: section.number("order", 0..=MAX_ORDER).unwrap_or(0),
        timeout: Duration::from_millis(section.number("timeout_ms", 1..=MAX_TIMEOUT_MS).unwrap_or(TIMEOUT_MS)),
        on_failure: on_failure(&mut section),
        may_allow: section.boolean("may_allow").unwrap_or(false),
        may_respond: section.boolean("may_respond").unwrap_or(false),
    };
    if hook.may_allow && !hook.has(HookMode::Approve) {
        section.wrong("may_allow", "counts only with mode \"approve\"; add it to modes, or take this out");
    }
    if hook.may_respond && !hook.has(HookMode::Tool) {
        section.wrong("may_respond", "counts only with mode \"tool\"; add it to modes, or take this out");
    }
    if !hook.events.is_empty() && !hook.has(HookMode::Observe) {
        section.wrong("events", "counts only with mode \"observe\"; add it to modes, or take this out");
    }
    let is_right = section.n_problems() == n_before;
    section.finish();
    is_right.then_some(hook)
}

/// A name as hooks and their tools may have it.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn modes(section: &mut Section<'_, '_>) -> Vec<HookMode> {
    let Some(words) = section.strings("modes") else { return Vec::new() };
    if words.is_empty() {
        section.wrong("modes", "is empty: nothing would ever be asked; write one of observe, tool, approve, llm");
    }
    let mut modes = Vec::new();
    for word in words {
        match HookMode::ALL.into_iter().find(|mode| mode.as_str() == word) {
            Some(mode) => modes.push(mode),
            None => {
                let names = HookMode::ALL.map(HookMode::as_str);
                let hint = did_you_mean(&word, names);
                section.wrong("modes", format!("“{word}” is none of {}{hint}", names.join(", ")));
            }
        }
    }
    modes
}

fn events(section: &mut Section<'_, '_>) -> Vec<String> {
    let words = section.strings("events").unwrap_or_default();
    for word in words.iter().filter(|word| !EVENTS.contains(&word.as_str())) {
        let hint = did_you_mean(word, EVENTS);
        section.wrong("events", format!("“{word}” is none of {}{hint}", EVENTS.join(", ")));
    }
    words
}

fn patterns(section: &mut Section<'_, '_>, key: &'static str) -> Vec<Pattern> {
    let mut patterns = Vec::new();
    for word in section.strings(key).unwrap_or_default() {
        match Pattern::new(&word) {
            _ if word.trim().is_empty() => section.wrong(key, "an empty text matches nothing; leave it out"),
            Ok(pattern) => patterns.push(pattern),
            Err(why) => section.wrong(key, format!("“{word}” is no pattern: {why}")),
        }
    }
    patterns
}

fn on_failure(section: &mut Section<'_, '_>) -> OnFailure {
    match section.string("on_failure").as_deref() {
        None | Some("ask") => OnFailure::Ask,
        Some("deny") => OnFailure::Deny,
        Some("allow") => {
            section
                .wrong("on_failure", "there is no “allow”: a hook that fails never allows; write \"ask\" or \"deny\"");
            OnFailure::Deny
        }
        Some(other) => {
            let hint = did_you_mean(other, ["ask", "deny"]);
            section.wrong("on_failure", format!("“{other}” is none of ask, deny{hint}"));
            OnFailure::Deny
        }
    }
}

fn env(section: &mut Section<'_, '_>) -> BTreeMap<String, String> {
    let mut env = BTreeMap::new();
    let Some(table) = section.table("env") else { return env };
    for (key, value) in table {
        let name = key.get_ref().to_string();
        match value.get_ref() {
            _ if name.is_empty() || name.contains(NO_NAMES) => {
                section.wrong("env", format!("“{name}” is no name of a variable"));
            }
            DeValue::String(text) if text.contains('\0') => section.wrong("env", format!("{name} has a zero byte")),
            DeValue::String(text) => {
                env.insert(name, text.to_string());
            }
            other => section.wrong("env", format!("{name}: expected text, found {}", kind(other))),
        }
    }
    env
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        parse(text).err().unwrap_or_default().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_hook_has_what_it_says_and_defaults_that_never_allow() {
        let config = parse(
            "[[hooks]]\nname = \"gate\"\ncommand = [\"python3\", \"gate.py\"]\nmodes = [\"tool\", \"approve\"]\n\
             tools = [\"Bash\", \"mcp__*\"]\nprofiles = [\"*\"]\norder = 10\nenv = { LEVEL = \"strict\" }\n",
        )
        .unwrap();
        let [hook] = &config.hooks[..] else { panic!("one hook") };
        assert_eq!((hook.line, hook.order, hook.on_failure), (1, 10, OnFailure::Ask));
        assert!(!hook.may_allow && !hook.may_respond);
        assert_eq!(hook.timeout, Duration::from_secs(5));
        assert!(hook.is_for_tool("Bash") && hook.is_for_tool("mcp__x__y") && !hook.is_for_tool("Read"));
        assert!(hook.is_for_profile(None) && hook.is_for_profile(Some("fast")));
        assert_eq!(hook.env["LEVEL"], "strict");
    }

    #[test]
    fn a_hook_without_profiles_is_for_all_and_a_named_one_not_for_sessions_without() {
        let of = |profiles: &str| {
            let text = format!("[[hooks]]\nname = \"a\"\ncommand = \"x\"\nmodes = \"tool\"\nprofiles = {profiles}\n");
            parse(&text).unwrap().hooks.remove(0)
        };
        assert!(of("[]").is_for_profile(None));
        assert!(of("[\"fast\"]").is_for_profile(Some("fast")) && !of("[\"fast\"]").is_for_profile(None));
    }

    #[test]
    fn every_mistake_has_its_line_and_what_to_do() {
        let text = "[[hooks]]\nname = \"a b\"\ncommand = []\nmodes = [\"tools\"]\non_failure = \"allow\"\n\
                    events = [\"turn_begin\"]\ntimeout_ms = 0\ntools = [\"[\"]\n\
                    [[hooks]]\nnam = \"x\"\n[[hooks]]\nname = \"y\"\ncommand = \"z\"\nmodes = [\"tool\"]\nmay_allow = true\n";
        let found = problems(text);
        for (line, part) in [
            (2, "“a b” is no name"),
            (3, "names no program"),
            (4, "did you mean “tool”?"),
            (5, "there is no “allow”"),
            (6, "did you mean"),
            (7, "expected a whole number from 1"),
            (8, "is no pattern"),
            (9, "name: is missing"),
            (9, "command: is missing"),
            (9, "modes: is missing"),
            (10, "did you mean “name”?"),
            (15, "counts only with mode"),
        ] {
            let begins = format!("{line}: [[hooks]]");
            assert!(found.iter().any(|p| p.starts_with(&begins) && p.contains(part)), "{line} {part}: {found:#?}");
        }
        assert_eq!(problems("hooks = 3\n"), ["1: hooks: expected tables [[hooks]], found a number"]);
        assert_eq!(problems("[hooks]\n"), ["1: hooks: expected tables [[hooks]], found a table"]);
        let twice = "[[hooks]]\nname = \"a\"\ncommand = \"x\"\nmodes = \"tool\"\n";
        assert!(problems(&twice.repeat(2))[0].contains("is the hook of line 1 already"));
    }
}
