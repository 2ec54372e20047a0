//! Settings of the CLI under which requests never reach the person.
//!
//! **For:** reading the answer to `get_settings` and naming what it holds of that kind. **Not for:** the permission
//! mode, which is always given on the command line, and rules that allow, which are the person's own answers.

use serde_json::Value;

/// Sources whose word counts for `denyInsteadOfPrompting`; a project's does not.
const TRUSTED: [&str; 3] = ["userSettings", "flagSettings", "policySettings"];
/// Hooks that can answer a request before a person sees it.
const ANSWERING: [&str; 2] = ["PreToolUse", "PermissionRequest"];
/// Commands that are named, at most, and how long each may be.
const MAX_NAMED: usize = 3;
const MAX_COMMAND: usize = 80;

/// What keeps requests from the person, a sentence each.
pub(crate) fn unasked(settings: &Value) -> Vec<String> {
    let sources = settings.get("sources").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for source in sources {
        let name = source.get("source").and_then(Value::as_str).unwrap_or_default();
        let held = source.get("settings").unwrap_or(&Value::Null);
        let denies = held.pointer("/permissions/denyInsteadOfPrompting").and_then(Value::as_bool) == Some(true);
        if denies && TRUSTED.contains(&name) {
            found.push(format!(
                "permissions.denyInsteadOfPrompting is on in {}: newer CLIs deny what they would ask, and no request comes.",
                place(name)
            ));
        }
        for event in ANSWERING {
            let commands = commands(held.pointer(&format!("/hooks/{event}")).unwrap_or(&Value::Null));
            if commands.is_empty() || held.get("disableAllHooks").and_then(Value::as_bool) == Some(true) {
                continue;
            }
            let n_more = commands.len().saturating_sub(MAX_NAMED);
            let mut named = commands.into_iter().take(MAX_NAMED).collect::<Vec<_>>().join("; ");
            if n_more > 0 {
                named = format!("{named}; and {n_more} more");
            }
            found.push(format!("A {event} hook in {} may answer requests before you see them: {named}", place(name)));
        }
    }
    found
}

fn commands(hooks: &Value) -> Vec<String> {
    let matchers = hooks.as_array().map_or(&[][..], Vec::as_slice);
    let hooks = matchers.iter().filter_map(|matcher| matcher.get("hooks")?.as_array()).flatten();
    let words = |hook: &Value| {
        let text = ["command", "url", "prompt"].iter().find_map(|key| hook.get(key)?.as_str());
        let text = text.or_else(|| hook.get("type")?.as_str()).unwrap_or("?");
        text.chars().take(MAX_COMMAND).collect::<String>()
    };
    hooks.map(words).collect()
}

fn place(source: &str) -> &str {
    match source {
        "userSettings" => "your settings",
        "projectSettings" => "the project's settings",
        "localSettings" => "the project's local settings",
        "flagSettings" => "settings from the command line",
        "policySettings" => "managed settings",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(source: &str, settings: &Value) -> Vec<String> {
        unasked(&json!({"effective": settings, "sources": [{"source": source, "settings": settings}]}))
    }

    #[test]
    fn what_denies_unasked_is_named_where_it_counts() {
        let denies = json!({"permissions": {"denyInsteadOfPrompting": true}});
        for (source, n) in [("userSettings", 1), ("policySettings", 1), ("projectSettings", 0), ("localSettings", 0)] {
            assert_eq!(of(source, &denies).len(), n, "{source}");
        }
        assert!(of("userSettings", &json!({"permissions": {"denyInsteadOfPrompting": false}})).is_empty());
        assert!(of("userSettings", &json!({"permissions": {"allow": ["Bash(ls)"]}})).is_empty());
        assert!(unasked(&json!({})).is_empty() && unasked(&Value::Null).is_empty());
    }

    #[test]
    fn hooks_that_can_answer_are_named_with_their_commands() {
        let hook = |n: usize| json!({"matcher": "", "hooks": [{"type": "command", "command": format!("check-{n}")}]});
        let hooks = |event: &str, n: usize| json!({"hooks": {event: (0..n).map(hook).collect::<Vec<_>>()}});
        let found = of("projectSettings", &hooks("PreToolUse", 5));
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("the project's settings") && found[0].contains("check-2; and 2 more"), "{found:?}");
        assert_eq!(of("userSettings", &hooks("PermissionRequest", 1)).len(), 1);
        assert!(of("userSettings", &hooks("PostToolUse", 1)).is_empty());
        let mut off = hooks("PreToolUse", 1);
        off["disableAllHooks"] = true.into();
        assert!(of("userSettings", &off).is_empty());
    }
}
