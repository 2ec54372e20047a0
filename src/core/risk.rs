//! What a tool call may do to the person's machine, judged from its input alone.
//!
//! **For:** the marks of calls that are no command line. **Not for:** deciding anything: a call without a mark is
//! not safe, it is only not conspicuous. And not for command lines: what those do is their anatomy.

use serde_json::Value;

use super::anatomy::Effect;
use super::sensitive::lets_in;
use super::sensitive::looks_secret;
use super::sensitive::takes_effect;
use super::tool::table;
use super::tool::table::Does;

/// Judges a call of `tool` with `input` in a session that works in `directory`.
pub fn judge(tool: &str, input: &Value, directory: &str) -> Vec<Effect> {
    let mut risks = Vec::new();
    if table::is_unknown(tool) {
        risks.push(Effect::UnknownTool);
    }
    let does = table::of(tool).map(|tool| tool.does);
    match does {
        Some(Does::Runs { .. } | Does::RunsOther { .. }) => {
            if input.get("dangerouslyDisableSandbox").is_some_and(|value| *value != Value::Bool(false)) {
                risks.push(Effect::NoSandbox);
            }
        }
        Some(Does::Fetches | Does::Sends) => risks.push(Effect::Network),
        Some(Does::Schedules { .. }) => risks.push(Effect::Persists),
        _ => {
            for key in ["file_path", "notebook_path", "path"] {
                let path = text(input, key);
                if path.is_empty() {
                    continue;
                }
                if leaves(path, directory) {
                    risks.push(Effect::LeavesProject);
                }
                if looks_secret(path) {
                    risks.push(Effect::Secrets);
                }
                if !matches!(does, Some(Does::Reads)) {
                    risks.extend(of_change(path));
                }
            }
        }
    }
    risks.sort_unstable();
    risks.dedup();
    risks
}

fn text<'a>(input: &'a Value, key: &str) -> &'a str {
    input.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What a change of a file does beyond its own text.
pub fn of_change(path: &str) -> Option<Effect> {
    if lets_in(path) { Some(Effect::ChangesAccess) } else { takes_effect(path).then_some(Effect::Persists) }
}

/// Whether a path, taken literally, lies outside `directory`. Links are not followed here.
fn leaves(path: &str, directory: &str) -> bool {
    if path.starts_with('~') {
        return true;
    }
    if path.starts_with('/') {
        let harmless = ["/dev/null", "/dev/stdout", "/dev/stderr"].contains(&path) || path == "/";
        return (!harmless || path == "/") && !within(path, directory);
    }
    let mut depth = 0_i32;
    for part in path.split('/') {
        match part {
            ".." => depth -= 1,
            "" | "." => {}
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

fn within(path: &str, directory: &str) -> bool {
    let root = directory.trim_end_matches('/');
    let inside = path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    inside && !path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_what_leaves_the_sandbox() {
        let judge_flag =
            |flag: Value| judge("Bash", &json!({ "command": "ls", "dangerouslyDisableSandbox": flag }), "/p");
        assert_eq!(judge_flag(json!(true)), [Effect::NoSandbox]);
        assert_eq!(judge_flag(json!("yes")), [Effect::NoSandbox]);
        assert_eq!(judge_flag(json!(false)), []);
    }

    #[test]
    fn marks_paths() {
        let judge_path = |path: &str| judge("Write", &json!({ "file_path": path }), "/home/me/web");
        assert_eq!(judge_path("/home/me/web/src/x.rs"), []);
        assert_eq!(judge_path("/home/me/web/../x.rs"), [Effect::LeavesProject]);
        assert_eq!(judge_path("/etc/passwd"), [Effect::ChangesAccess, Effect::LeavesProject]);
        assert_eq!(judge_path("/etc/motd"), [Effect::LeavesProject]);
        assert_eq!(judge_path("/home/me/web/.env.local"), [Effect::Secrets]);
        assert_eq!(judge_path("/home/me/web/src/token.rs"), []);
        assert_eq!(judge_path("/home/me/web/github_token.txt"), [Effect::Secrets]);
        assert_eq!(judge_path("/home/me/web/.git/hooks/pre-commit"), [Effect::Persists]);
        assert_eq!(judge_path("/home/me/.bashrc"), [Effect::Persists, Effect::LeavesProject]);
        assert_eq!(judge_path("/etc/sudoers.d/x"), [Effect::ChangesAccess, Effect::LeavesProject]);
        assert_eq!(judge("Read", &json!({ "file_path": "/home/me/web/.envrc" }), "/home/me/web"), [Effect::Secrets]);
    }
}
