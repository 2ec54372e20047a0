//! The list of what could be remembered: in words, as the rule's text, and where it goes.

use ratatui::text::Line;

use super::sheet::Sheet;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::core::permission::RuleBehavior;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::theme::Theme;
use crate::tui::ui::approval::AlwaysList;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// The choices as lines, and the line at which the selected one begins and ends.
pub(super) fn lines(list: &AlwaysList, room: usize, theme: &Theme) -> (Vec<Line<'static>>, std::ops::Range<usize>) {
    let mut out = Vec::new();
    let mut at = 0..0;
    for (idx, update) in list.choices.iter().enumerate() {
        let is_selected = idx == list.selected;
        let start = out.len();
        let mark = if is_selected { theme.glyphs.folded } else { " " };
        let indent = Indent::hanging(vec![span(format!("{mark} "), theme.key)]);
        let style = if is_selected { theme.selection } else { theme.text };
        out.extend(wrap(&[span(words(update, theme), style)], room, &indent));
        let under = Indent { first: vec![span("    ", theme.text)], rest: vec![span("    ", theme.text)] };
        if !(is_selected && list.editing.is_some()) {
            let mut sheet = Sheet::new(room, theme);
            let text = sheet.reveal(&rule_text(update));
            for line in crate::tui::render::spans::of_text(&text, theme.code, theme) {
                out.extend(wrap(&line, room, &under));
            }
        }
        out.extend(wrap(&[span(spelled(&place(update), theme), theme.dim)], room, &under));
        if let Some(warning) = update.warning() {
            let warning = reveal_with(&warning, &theme.glyphs).text;
            let mark = Indent::hanging(vec![span(format!("  {} ", theme.glyphs.warning), theme.warning)]);
            out.extend(wrap(&[span(warning.as_str().replace('\n', " "), theme.warning)], room, &mark));
        }
        if is_selected {
            at = start..out.len();
        }
    }
    (out, at)
}

/// Where it is kept, and for whom it holds.
fn place(update: &PermissionUpdate) -> String {
    match update.scope() {
        Some(scope) => match scope.file() {
            Some(file) => format!("for {} · kept in {file}", scope.describe()),
            None => format!("for {}, then forgotten", scope.describe()),
        },
        None => "kept where the CLI keeps it".to_owned(),
    }
}

fn rule_text(update: &PermissionUpdate) -> String {
    match update {
        PermissionUpdate::AddRules { rules, .. } => rules.iter().map(Rule::text).collect::<Vec<_>>().join(", "),
        PermissionUpdate::AddDirectories { directories, .. } => directories.join(", "),
        PermissionUpdate::SetMode { mode, .. } => mode.as_str().to_owned(),
        PermissionUpdate::Other(value) => value.to_string(),
    }
}

/// What it means, as a sentence.
fn words(update: &PermissionUpdate, theme: &Theme) -> String {
    let text = match update {
        PermissionUpdate::AddRules { rules, behavior, .. } => {
            let verb = match behavior {
                RuleBehavior::Allow => "allow",
                RuleBehavior::Deny => "deny",
                RuleBehavior::Ask => "ask before",
            };
            let what: Vec<String> = rules.iter().map(|rule| rule_words(rule, theme)).collect();
            format!("{verb} {}", what.join(" and "))
        }
        PermissionUpdate::AddDirectories { directories, .. } => {
            format!("let the session work in {} too", directories.join(" and "))
        }
        PermissionUpdate::SetMode { mode, .. } => format!("go to the mode {}: {}", mode.as_str(), mode.meaning()),
        PermissionUpdate::Other(_) => "send back what the CLI suggests".to_owned(),
    };
    reveal_with(&text, &theme.glyphs).text.as_str().replace('\n', " ")
}

fn rule_words(rule: &Rule, theme: &Theme) -> String {
    let tool = &rule.tool;
    let Some(content) = rule.content.as_deref() else { return format!("every call of {tool}") };
    if tool == "Bash" {
        let beginning =
            content.strip_suffix(":*").or_else(|| content.strip_suffix(" *")).or_else(|| content.strip_suffix('*'));
        return match beginning {
            Some("") => "every Bash command".to_owned(),
            Some(beginning) => format!("every Bash command beginning with {}", quoted(beginning, theme)),
            None => format!("the Bash command {}", quoted(content, theme)),
        };
    }
    if let Some(domain) = content.strip_prefix("domain:") {
        return format!("{tool} from {domain}");
    }
    format!("{tool} in {content}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_said_in_words() {
        let theme = Theme::default();
        let said = |text: &str| rule_words(&Rule::parse(text).unwrap(), &theme);
        assert_eq!(said("Bash(npm ci *)"), "every Bash command beginning with “npm ci”");
        assert_eq!(said("Bash(npm test:*)"), "every Bash command beginning with “npm test”");
        assert_eq!(said("Bash(git status)"), "the Bash command “git status”");
        assert_eq!(said("Bash(*)"), "every Bash command");
        assert_eq!(said("Edit"), "every call of Edit");
        assert_eq!(said("WebFetch(domain:docs.rs)"), "WebFetch from docs.rs");
        assert_eq!(said("Edit(src/**)"), "Edit in src/**");
    }
}
