//! A settings file of the CLI: what in it runs or decides something, and what is harmless.
//!
//! Invariant: a key that is not known to be harmless is an item.

use serde_json::Map;
use serde_json::Value;

use super::inventory::Finder;
use crate::core::trust::Kind;

/// Settings that a project may make unasked: looks, words and limits of nothing that runs. A rule that denies or asks
/// only makes things stricter.
const HARMLESS: [&str; 27] = [
    "$schema",
    "alwaysThinkingEnabled",
    "attribution",
    "autoCompactEnabled",
    "autoScrollEnabled",
    "cleanupPeriodDays",
    "companyAnnouncements",
    "disabledMcpjsonServers",
    "disableSkillShellExecution",
    "effortLevel",
    "fileCheckpointingEnabled",
    "includeCoAuthoredBy",
    "includeGitInstructions",
    "language",
    "model",
    "prefersReducedMotion",
    "respectGitignore",
    "showThinkingSummaries",
    "showTurnDuration",
    "skillListingBudgetFraction",
    "skillListingMaxDescChars",
    "spinnerTipsEnabled",
    "spinnerVerbs",
    "syntaxHighlightingDisabled",
    "terminalProgressBarEnabled",
    "theme",
    "verbose",
];
/// The CLI's own output styles.
const OWN_STYLES: [&str; 3] = ["default", "explanatory", "learning"];
/// Keys whose value is a program to run; further ones are known by their ends.
const HELPERS: [&str; 3] = ["policyHelper", "policyHelpers", "processWrapper"];
const HELPER_ENDS: [&str; 5] = ["Helper", "Refresh", "Export", "Command", "Wrapper"];
const STATUS_LINES: [&str; 3] = ["statusLine", "subagentStatusLine", "fileSuggestion"];
const PLUGINS: [&str; 4] = ["enabledPlugins", "extraKnownMarketplaces", "pluginConfigs", "plugins"];

/// Reads a settings file. What is harmless in it is added to `harmless`, later files over earlier ones.
pub(super) fn read(finder: &mut Finder<'_>, place: &str, text: &str, harmless: &mut Map<String, Value>) {
    if text.trim().is_empty() {
        return;
    }
    let settings: Map<String, Value> = match serde_json::from_str(text) {
        Ok(settings) => settings,
        Err(error) => return finder.unreadable(place, &format!("it is no JSON object: {error}"), text),
    };
    for (key, value) in settings {
        if value.is_null() {
            continue;
        }
        match key.as_str() {
            "hooks" => hooks(finder, place, "", &value),
            "permissions" => permissions(finder, place, &value, harmless),
            "env" => each(finder, place, Kind::Environment, &key, &value),
            "enableAllProjectMcpServers" if value == Value::Bool(false) => {}
            "enabledMcpjsonServers" if value.as_array().is_some_and(Vec::is_empty) => {}
            "enableAllProjectMcpServers" | "enabledMcpjsonServers" => {
                finder.add(Kind::McpServer, place, &key, &plain(&value));
            }
            "outputStyle" if is_own_style(&value) => drop(harmless.insert(key, value)),
            "outputStyle" => finder.add(Kind::OutputStyle, place, &key, &plain(&value)),
            "agent" => finder.add(Kind::Agent, place, &key, &plain(&value)),
            "autoMemoryDirectory" => finder.add(Kind::Directory, place, &key, &plain(&value)),
            name if STATUS_LINES.contains(&name) => command(finder, place, Kind::StatusLine, name, &value),
            name if is_helper(name) => command(finder, place, Kind::Helper, name, &value),
            name if PLUGINS.contains(&name) => each(finder, place, Kind::Plugin, name, &value),
            name if HARMLESS.contains(&name) => drop(harmless.insert(key, value)),
            name => finder.add(Kind::Setting, place, name, &plain(&value)),
        }
    }
}

fn is_helper(name: &str) -> bool {
    HELPERS.contains(&name) || HELPER_ENDS.iter().any(|end| name.ends_with(end))
}

fn is_own_style(value: &Value) -> bool {
    value.as_str().is_some_and(|name| OWN_STYLES.contains(&name.to_lowercase().as_str()))
}

/// A text as it is, anything else as JSON.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A setting that is a command line, alone or as `{"type": "command", "command": …}`.
fn command(finder: &mut Finder<'_>, place: &str, kind: Kind, name: &str, value: &Value) {
    let line = value.get("command").map_or_else(|| plain(value), plain);
    finder.add_command(kind, place, name, &line, value);
}

fn each(finder: &mut Finder<'_>, place: &str, kind: Kind, key: &str, value: &Value) {
    match value.as_object() {
        Some(entries) => {
            for (name, value) in entries {
                finder.add(kind, place, name, &plain(value));
            }
        }
        None => finder.add(kind, place, key, &plain(value)),
    }
}

fn permissions(finder: &mut Finder<'_>, place: &str, value: &Value, harmless: &mut Map<String, Value>) {
    let Some(entries) = value.as_object() else {
        return finder.add(Kind::Setting, place, "permissions", &plain(value));
    };
    for (key, value) in entries {
        match (key.as_str(), value.as_array()) {
            (_, None) if value.is_null() => {}
            ("allow", Some(rules)) => {
                for rule in rules {
                    finder.add_rule(place, &plain(rule));
                }
            }
            ("additionalDirectories", Some(folders)) => {
                for folder in folders {
                    finder.add_directory(place, &plain(folder));
                }
            }
            ("deny" | "ask", Some(rules)) => {
                let kept = harmless.entry("permissions").or_insert_with(|| Value::Object(Map::new()));
                let list = kept.as_object_mut().map(|kept| kept.entry(key).or_insert_with(|| Value::Array(Vec::new())));
                if let Some(list) = list.and_then(Value::as_array_mut) {
                    list.extend(rules.iter().filter(|rule| rule.is_string()).cloned());
                }
            }
            ("defaultMode", _) if matches!(value.as_str(), Some("default" | "plan")) => {}
            ("defaultMode", _) => finder.add(Kind::Mode, place, key, &plain(value)),
            ("disableBypassPermissionsMode" | "disableAutoMode", _) => {}
            _ => finder.add(Kind::Setting, place, &format!("permissions.{key}"), &plain(value)),
        }
    }
}

/// Hooks of a settings file, or of what else may have some: `of` names it.
pub(super) fn hooks(finder: &mut Finder<'_>, place: &str, of: &str, value: &Value) {
    let Some(events) = value.as_object() else {
        return finder.add(Kind::Hook, place, &format!("{of}hooks"), &plain(value));
    };
    for (event, matchers) in events {
        let Some(matchers) = matchers.as_array() else {
            finder.add(Kind::Hook, place, &format!("{of}{event}"), &plain(matchers));
            continue;
        };
        for matcher in matchers {
            let on = matcher.get("matcher").map(plain).filter(|on| !on.is_empty());
            let name = on.map_or_else(|| format!("{of}{event}"), |on| format!("{of}{event} {on}"));
            match matcher.get("hooks").and_then(Value::as_array) {
                Some(hooks) => {
                    for hook in hooks {
                        one_hook(finder, place, &name, hook);
                    }
                }
                None => finder.add(Kind::Hook, place, &name, &plain(matcher)),
            }
        }
    }
}

fn one_hook(finder: &mut Finder<'_>, place: &str, name: &str, hook: &Value) {
    let args = hook.get("args").and_then(Value::as_array);
    let line = hook.get("command").map(|command| {
        let args = args.into_iter().flatten().map(plain);
        std::iter::once(plain(command)).chain(args).collect::<Vec<_>>().join(" ")
    });
    match line {
        // The whole of it is shown when it is more than a command.
        Some(line) if hook.as_object().is_some_and(|hook| hook.len() <= 2 || hook.contains_key("timeout")) => {
            finder.add_command(Kind::Hook, place, name, &line, hook);
        }
        _ => finder.add_command(Kind::Hook, place, name, &hook.to_string(), hook),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::trust::Item;

    fn of(settings: &Value) -> (Vec<Item>, Map<String, Value>) {
        let base = tempfile::tempdir().unwrap();
        let mut finder = Finder::new(base.path(), base.path());
        let mut harmless = Map::new();
        read(&mut finder, "s", &settings.to_string(), &mut harmless);
        (finder.into_items(), harmless)
    }

    #[test]
    fn every_setting_that_runs_or_decides_something_is_an_item() {
        for (settings, kind, text) in [
            (json!({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "a b"}]}]}}), Kind::Hook, "a b"),
            (
                json!({"hooks": {"Stop": [{"hooks": [{"type": "http", "url": "http://x"}]}]}}),
                Kind::Hook,
                r#"{"type":"http","url":"http://x"}"#,
            ),
            (json!({"hooks": {"Stop": "odd"}}), Kind::Hook, "odd"),
            (json!({"hooks": ["odd"]}), Kind::Hook, r#"["odd"]"#),
            (json!({"apiKeyHelper": "x"}), Kind::Helper, "x"),
            (json!({"awsAuthRefresh": "x"}), Kind::Helper, "x"),
            (json!({"someNewHelper": "x"}), Kind::Helper, "x"),
            (json!({"processWrapper": "x"}), Kind::Helper, "x"),
            (json!({"statusLine": {"type": "command", "command": "x y"}}), Kind::StatusLine, "x y"),
            (json!({"env": {"PATH": "/evil"}}), Kind::Environment, "/evil"),
            (json!({"permissions": {"allow": ["Bash(rm *)"]}}), Kind::AllowRule, "Bash(rm *)"),
            (json!({"permissions": {"additionalDirectories": ["/"]}}), Kind::Directory, "/"),
            (json!({"permissions": {"defaultMode": "bypassPermissions"}}), Kind::Mode, "bypassPermissions"),
            (json!({"permissions": {"new": true}}), Kind::Setting, "true"),
            (json!({"permissions": "odd"}), Kind::Setting, "odd"),
            (json!({"enableAllProjectMcpServers": true}), Kind::McpServer, "true"),
            (json!({"enabledMcpjsonServers": ["x"]}), Kind::McpServer, r#"["x"]"#),
            (json!({"enabledPlugins": {"a@b": true}}), Kind::Plugin, "true"),
            (json!({"extraKnownMarketplaces": {"m": {"source": "x"}}}), Kind::Plugin, r#"{"source":"x"}"#),
            (json!({"outputStyle": "mine"}), Kind::OutputStyle, "mine"),
            (json!({"agent": "mine"}), Kind::Agent, "mine"),
            (json!({"autoMemoryDirectory": "/x"}), Kind::Directory, "/x"),
            (json!({"sandbox": {"enabled": false}}), Kind::Setting, r#"{"enabled":false}"#),
            (json!({"disableAllHooks": true}), Kind::Setting, "true"),
            (json!({"somethingNew": 1}), Kind::Setting, "1"),
        ] {
            let (items, _) = of(&settings);
            let found: Vec<_> = items.iter().map(|item| (item.kind, item.text.as_str())).collect();
            assert_eq!(found, [(kind, text)], "{settings}");
        }
    }

    #[test]
    fn what_is_harmless_is_kept_and_asks_nothing() {
        let (items, harmless) = of(&json!({
            "model": "opus", "outputStyle": "Explanatory", "env": {}, "hooks": {}, "apiKeyHelper": null,
            "enableAllProjectMcpServers": false, "enabledMcpjsonServers": [],
            "permissions": {"deny": ["Read(.env)"], "ask": ["Bash(git push *)"], "allow": [], "defaultMode": "plan"},
        }));
        assert_eq!(items, []);
        let kept = json!({
            "model": "opus", "outputStyle": "Explanatory",
            "permissions": {"deny": ["Read(.env)"], "ask": ["Bash(git push *)"]},
        });
        assert_eq!(Value::Object(harmless), kept);
    }

    #[test]
    fn what_is_no_settings_file_is_asked_about() {
        for text in ["{", "[]", "7", "\"x\"", "{\"hooks\": {}} //"] {
            let base = tempfile::tempdir().unwrap();
            let mut finder = Finder::new(base.path(), base.path());
            read(&mut finder, "s", text, &mut Map::new());
            assert_eq!(finder.into_items()[0].kind, Kind::Unreadable, "{text}");
        }
    }
}
