//! The built-in tools of the CLI: what a call of each does, whatever the model says about it.
//!
//! **For:** rules, marks, grants and the timeline, which must agree on it. **Not for:** deciding.
//!
//! Source: the names in `BUILTIN_TOOL_NAMES` and the inputs in `sdk-tools.d.ts` of the npm package
//! `@anthropic-ai/claude-agent-sdk` 0.3.332, and the tools that the CLIs 2.1.197, 2.1.331 and 2.1.332 name when they
//! start. A tool that is not here may do anything.

use serde_json::Value;

/// What a call does to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Runs the command line in this field in the session's shell.
    Runs { field: &'static str },
    /// Runs the text in this field by something else than that shell: its words are not ours to read.
    RunsOther { field: &'static str },
    /// Changes the file in `path`; the other fields are no paths.
    Changes { path: &'static str, others: &'static [&'static str] },
    /// Reads files.
    Reads,
    /// Fetches from the network.
    Fetches,
    /// Starts work with tools of its own, each call of which is judged by itself.
    Delegates,
    /// Begins a turn later, with this prompt.
    Schedules { prompt: &'static str },
    /// Moves the session to another directory.
    Moves,
    /// Reaches people or programs outside.
    Sends,
    /// Is a dialog with the person.
    Asks,
    /// Touches nothing but the CLI's own lists and state.
    Keeps,
}

/// A built-in tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tool {
    pub name: &'static str,
    pub does: Does,
}

/// Reading tools of earlier CLIs that none of those named above offers: their models search by Bash.
const GONE: [&str; 4] = ["Glob", "Grep", "LS", "NotebookRead"];

/// Which of these tools no CLI offers that was tried.
pub fn gone<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    names.filter(|name| GONE.contains(name)).collect()
}

const fn tool(name: &'static str, does: Does) -> Tool {
    Tool { name, does }
}

const TOOLS: &[Tool] = &[
    tool("Bash", Does::Runs { field: "command" }),
    tool("Monitor", Does::Runs { field: "command" }),
    tool("PowerShell", Does::RunsOther { field: "command" }),
    tool("REPL", Does::RunsOther { field: "code" }),
    tool("Workflow", Does::RunsOther { field: "script" }),
    tool("Write", Does::Changes { path: "file_path", others: &["content"] }),
    tool("Edit", Does::Changes { path: "file_path", others: &["old_string", "new_string", "replace_all"] }),
    tool("MultiEdit", Does::Changes { path: "file_path", others: &["edits"] }),
    tool(
        "NotebookEdit",
        Does::Changes { path: "notebook_path", others: &["new_source", "cell_id", "cell_type", "edit_mode"] },
    ),
    tool("Read", Does::Reads),
    tool("NotebookRead", Does::Reads),
    tool("Glob", Does::Reads),
    tool("Grep", Does::Reads),
    tool("LS", Does::Reads),
    tool("LSP", Does::Reads),
    tool("WebFetch", Does::Fetches),
    tool("WebSearch", Does::Fetches),
    tool("Agent", Does::Delegates),
    tool("Task", Does::Delegates),
    tool("Skill", Does::Delegates),
    tool("SlashCommand", Does::Delegates),
    tool("ScheduleWakeup", Does::Schedules { prompt: "prompt" }),
    tool("CronCreate", Does::Schedules { prompt: "prompt" }),
    tool("EnterWorktree", Does::Moves),
    tool("ExitWorktree", Does::Moves),
    tool("Artifact", Does::Sends),
    tool("ClaudeDesign", Does::Sends),
    tool("Projects", Does::Sends),
    tool("PushNotification", Does::Sends),
    tool("RemoteTrigger", Does::Sends),
    tool("SendFeedback", Does::Sends),
    tool("SendMessage", Does::Sends),
    tool("SendUserFile", Does::Sends),
    tool("ShareOnboardingGuide", Does::Sends),
    tool("AskUserQuestion", Does::Asks),
    tool("ExitPlanMode", Does::Asks),
    tool("OfferChromeSetup", Does::Asks),
    tool("ShowOnboardingRolePicker", Does::Asks),
    tool("BashOutput", Does::Keeps),
    tool("CronDelete", Does::Keeps),
    tool("CronList", Does::Keeps),
    tool("DeferredToolPlaceholder", Does::Keeps),
    tool("EndConversation", Does::Keeps),
    tool("EnterPlanMode", Does::Keeps),
    tool("KillBash", Does::Keeps),
    tool("KillShell", Does::Keeps),
    tool("ListAgents", Does::Keeps),
    tool("ListMcpResourcesTool", Does::Keeps),
    tool("ReadMcpResourceDirTool", Does::Sends),
    tool("ReadMcpResourceTool", Does::Sends),
    tool("ReadNotifications", Does::Keeps),
    tool("RefreshMcpTools", Does::Keeps),
    tool("ReportFindings", Does::Keeps),
    tool("SendUserMessage", Does::Keeps),
    tool("SetGoal", Does::Keeps),
    tool("StructuredOutput", Does::Keeps),
    tool("SubagentHandback", Does::Keeps),
    tool("TaskCreate", Does::Keeps),
    tool("TaskGet", Does::Keeps),
    tool("TaskList", Does::Keeps),
    tool("TaskOutput", Does::Keeps),
    tool("TaskStop", Does::Keeps),
    tool("TaskUpdate", Does::Keeps),
    tool("TodoWrite", Does::Keeps),
    tool("ToolSearch", Does::Keeps),
    tool("WaitForMcpServers", Does::Keeps),
    tool("propose_goal", Does::Keeps),
    tool("propose_skills", Does::Keeps),
];

/// The tool of that name; `None` for one that this version does not know, and for those of MCP servers.
pub fn of(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Every built-in tool.
pub fn all() -> impl Iterator<Item = &'static Tool> {
    TOOLS.iter()
}

/// Whether the tool runs command lines in the session's shell: for rules, marks and grants it is Bash.
pub fn is_shell(name: &str) -> bool {
    of(name).is_some_and(|tool| matches!(tool.does, Does::Runs { .. }))
}

/// Whether the tool runs a text, in whatever language.
pub fn runs_text(name: &str) -> bool {
    of(name).is_some_and(|tool| matches!(tool.does, Does::Runs { .. } | Does::RunsOther { .. }))
}

/// The command line that a call runs in the session's shell.
pub fn command<'a>(name: &str, input: &'a Value) -> Option<&'a str> {
    match of(name)?.does {
        Does::Runs { field } => input.get(field)?.as_str(),
        _ => None,
    }
}

/// The prompt that a call has begin a turn later.
pub fn scheduled_prompt<'a>(name: &str, input: &'a Value) -> Option<&'a str> {
    match of(name)?.does {
        Does::Schedules { prompt } => input.get(prompt)?.as_str(),
        _ => None,
    }
}

/// Whether nobody knows what the tool does: it is none of the CLI's own that this version knows.
pub fn is_unknown(name: &str) -> bool {
    of(name).is_none()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    /// What the CLIs name in `init.tools`, and `BUILTIN_TOOL_NAMES` of the newest public types.
    const NAMED: &str = include_str!("builtin-tools.txt");

    #[test]
    fn every_tool_that_a_cli_names_stands_in_the_table_once() {
        let names: BTreeSet<&str> = all().map(|tool| tool.name).collect();
        assert_eq!(names.len(), all().count());
        let missing: Vec<&str> =
            NAMED.lines().filter(|line| !line.is_empty() && !line.starts_with('#') && !names.contains(line)).collect();
        assert_eq!(missing, Vec::<&str>::new());
    }

    #[test]
    fn monitor_is_a_shell_and_powershell_is_not_ours_to_read() {
        assert_eq!(
            command("Monitor", &json!({"command": "rm -rf build; tail -f log"})),
            Some("rm -rf build; tail -f log")
        );
        assert!(is_shell("Bash") && is_shell("Monitor") && !is_shell("PowerShell") && runs_text("PowerShell"));
        assert_eq!(command("PowerShell", &json!({"command": "ls"})), None);
        assert_eq!(command("mcp__x__Bash", &json!({"command": "ls"})), None);
        assert_eq!(scheduled_prompt("CronCreate", &json!({"prompt": "look"})), Some("look"));
        assert!(is_unknown("mcp__x__y") && is_unknown("bash") && !is_unknown("Skill"));
    }
}
