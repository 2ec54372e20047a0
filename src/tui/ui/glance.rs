//! Which requests may be allowed together: harmless ones of which one line shows all there is.

use serde_json::Value;

use crate::core::approval::Approval;
use crate::core::approval::Ask;
use crate::core::approval::Binding;
use crate::core::approval::danger::DangerClass;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::theme::Glyphs;

/// More are not read with one answer in mind.
pub const MAX_TOGETHER: usize = 20;
/// A longer text is no line.
const MAX_CHARS: usize = 160;
/// More blanks in a row could push a part of it out of sight.
const MAX_BLANKS: &str = "    ";

/// The whole of a request in one line; none for what has to be looked at by itself.
pub fn at_a_glance(approval: &Approval) -> Option<String> {
    let is_free = approval.binding == Binding::default() && approval.ask == Ask::Tool;
    if !is_free || approval.danger_class() != DangerClass::Harmless {
        return None;
    }
    let (main, beside): (&str, &[&str]) = match approval.tool.as_str() {
        // The model's own words about a command change nothing of it.
        "Bash" | "PowerShell" => ("command", &["description", "timeout"]),
        "Read" => ("file_path", &[]),
        "NotebookRead" => ("notebook_path", &[]),
        "Glob" | "Grep" => ("pattern", &[]),
        "LS" => ("path", &[]),
        _ => return None,
    };
    let fields = approval.input.as_object()?;
    let mut line = fields.get(main)?.as_str()?.to_owned();
    for (key, value) in fields.iter().filter(|(key, _)| *key != main && !beside.contains(&key.as_str())) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        line.push_str(&format!(" · {key} {text}"));
    }
    if !approval.is_command() {
        line.insert_str(0, &format!("{} ", approval.tool));
    }
    let is_short = line.chars().nth(MAX_CHARS).is_none() && !line.contains(['\n', '\t']) && !line.contains(MAX_BLANKS);
    (is_short && reveal_with(&line, &Glyphs::unicode()).is_plain()).then_some(line)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::anatomy::Anatomy;
    use crate::core::anatomy::Effect;
    use crate::core::anatomy::Step;
    use crate::core::ids::ApprovalId;
    use crate::core::ids::SessionId;

    fn call(tool: &str, input: Value) -> Approval {
        Approval::new(ApprovalId(1), SessionId(1), tool, input)
    }

    fn command(line: &str, effect: Effect) -> Approval {
        let step = Step { program: "x".into(), effect, targets: Vec::new(), line: Some(1) };
        let anatomy = Anatomy { steps: vec![step], whole: true, several_lines: false };
        Approval { anatomy: Some(anatomy), ..call("Bash", json!({ "command": line, "description": "look" })) }
    }

    #[test]
    fn a_harmless_request_is_one_line_with_all_of_its_input() {
        let read = call("Read", json!({ "file_path": "/p/a", "limit": 5 }));
        assert_eq!(at_a_glance(&read).as_deref(), Some("Read /p/a · limit 5"));
        assert_eq!(at_a_glance(&command("ls -la", Effect::Reads)).as_deref(), Some("ls -la"));
    }

    #[test]
    fn what_is_not_harmless_or_not_whole_in_a_line_is_asked_by_itself() {
        let bound =
            Approval { binding: Binding { no_always: true, ..Binding::default() }, ..command("ls", Effect::Reads) };
        let background =
            Approval { input: json!({ "command": "ls", "env": { "PATH": "/tmp" } }), ..command("ls", Effect::Reads) };
        for approval in [
            command("rm a", Effect::Deletes),
            command("make", Effect::RunsCode),
            command(&format!("ls {}", "x".repeat(MAX_CHARS)), Effect::Reads),
            command("ls\nls", Effect::Reads),
            command("ls \u{202e}a", Effect::Reads),
            command("ls      ; x", Effect::Reads),
            call("Write", json!({ "file_path": "/p/new", "content": "x" })),
            call("Edit", json!({ "file_path": "/p/a" })),
            call("Grep", json!({ "pattern": "x", "more": [1] })),
            call("mcp__a__b", json!({})),
            bound,
            background,
        ] {
            assert_eq!(at_a_glance(&approval), None, "{approval:?}");
        }
    }
}
