//! What lies in a `.claude` folder beside the settings: skills, slash commands, agents, workflows, schedules.

use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::files;
use super::files::Found;
use super::inventory::Finder;
use super::settings;
use crate::core::trust::Kind;

/// Folders in one another that are looked through for commands and agents.
const MAX_DEPTH: usize = 6;

/// Reads one `.claude` folder.
pub(super) fn read(finder: &mut Finder<'_>, room: &Path) {
    for (name, kind) in [("commands", Kind::Command), ("agents", Kind::Agent), ("workflows", Kind::Workflow)] {
        texts(finder, &room.join(name), kind, 0);
    }
    skills(finder, &room.join("skills"));
    plugins(finder, &room.join("plugins"));
    schedules(finder, &room.join("scheduled_tasks.json"));
}

fn listed(finder: &mut Finder<'_>, folder: &Path) -> Vec<PathBuf> {
    if !finder.is_inside(folder) {
        return Vec::new();
    }
    files::list(folder).unwrap_or_else(|why| {
        let place = finder.shown(folder);
        finder.unreadable(&place, &why, "");
        Vec::new()
    })
}

fn texts(finder: &mut Finder<'_>, folder: &Path, kind: Kind, depth: usize) {
    if depth > MAX_DEPTH || !folder.is_dir() {
        return;
    }
    for path in listed(finder, folder) {
        if path.is_dir() {
            texts(finder, &path, kind, depth + 1);
            continue;
        }
        let is_text = path.extension().is_some_and(|end| end == "md");
        if is_text || kind == Kind::Workflow {
            text(finder, &path, kind, "");
        }
    }
}

/// One file that speaks to the model, and may have commands run.
fn text(finder: &mut Finder<'_>, path: &Path, kind: Kind, tree: &str) {
    let place = finder.shown(path);
    match finder.open(path) {
        Found::Nothing => {}
        Found::Unfit { why, digest } => finder.unreadable(&place, &why, &digest),
        Found::Text(text) => {
            let folder = path.parent().and_then(Path::file_name);
            let name = if kind == Kind::Skill { folder } else { path.file_stem() };
            let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let shown = if kind == Kind::Workflow { text.clone() } else { excerpt(&text) };
            finder.add_made_of(kind, &place, &name, &shown, &[text.as_bytes(), tree.as_bytes()]);
        }
    }
}

fn skills(finder: &mut Finder<'_>, folder: &Path) {
    if !folder.is_dir() {
        return;
    }
    for path in listed(finder, folder) {
        if !path.is_dir() {
            continue;
        }
        // Whatever lies beside the text is the skill's as well: its scripts.
        let tree = files::tree_digest(&path);
        let inside = finder.is_inside(&path);
        if inside {
            text(finder, &path.join("SKILL.md"), Kind::Skill, &tree);
            plugin(finder, &path, &tree);
        }
    }
}

fn plugins(finder: &mut Finder<'_>, folder: &Path) {
    if !folder.is_dir() {
        return;
    }
    for path in listed(finder, folder) {
        if path.is_dir() && finder.is_inside(&path) {
            plugin(finder, &path, &files::tree_digest(&path));
        }
    }
}

/// A folder that is a plugin of its own: its hooks are shown one by one, the rest as one.
fn plugin(finder: &mut Finder<'_>, folder: &Path, tree: &str) {
    let manifest = folder.join(".claude-plugin/plugin.json");
    let Found::Text(text) = finder.open(&manifest) else { return };
    let place = finder.shown(&manifest);
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    finder.add_made_of(Kind::Plugin, &place, &name, text.trim(), &[tree.as_bytes()]);
    let hooks = folder.join("hooks/hooks.json");
    if let Found::Text(text) = finder.open(&hooks) {
        let place = finder.shown(&hooks);
        match serde_json::from_str::<Value>(&text) {
            Ok(whole) => settings::hooks(finder, &place, "", whole.get("hooks").unwrap_or(&whole)),
            Err(error) => finder.unreadable(&place, &format!("it is no JSON: {error}"), &text),
        }
    }
}

fn schedules(finder: &mut Finder<'_>, path: &Path) {
    let place = finder.shown(path);
    match finder.open(path) {
        Found::Nothing => {}
        Found::Unfit { why, digest } => finder.unreadable(&place, &why, &digest),
        Found::Text(text) => {
            let tasks = serde_json::from_str::<Value>(&text).ok();
            let tasks = tasks.as_ref().and_then(|whole| whole.get("tasks")).and_then(Value::as_array);
            for task in tasks.into_iter().flatten() {
                let word = |key: &str| task.get(key).map(settings::plain).unwrap_or_default();
                finder.add_made_of(
                    Kind::Schedule,
                    &place,
                    &word("cron"),
                    &word("prompt"),
                    &[task.to_string().as_bytes()],
                );
            }
        }
    }
}

/// What of such a text takes effect by itself: its head, and the lines that run a command.
fn excerpt(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut lines = text.lines().peekable();
    if lines.peek().is_some_and(|line| line.trim_end() == "---") {
        lines.next();
        kept.extend(lines.by_ref().take_while(|line| line.trim_end() != "---"));
    }
    let mut in_commands = false;
    for line in lines {
        let is_fence = line.trim_start().starts_with("```");
        if is_fence {
            in_commands = !in_commands && line.trim_start().starts_with("```!");
        }
        if line.contains("!`") || in_commands {
            kept.push(line);
        }
    }
    if kept.is_empty() { "words for the model only".to_owned() } else { kept.join("\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_and_the_commands_of_a_skill_are_shown() {
        let text = "---\nname: x\nallowed-tools: Bash\n---\nWords\nNow !`id`\n```!\nls\n```\n```sh\nno\n```\nmore";
        assert_eq!(excerpt(text), "name: x\nallowed-tools: Bash\nNow !`id`\n```!\nls");
        assert_eq!(excerpt("Only words"), "words for the model only");
    }
}
