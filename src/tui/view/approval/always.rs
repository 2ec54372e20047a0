//! The list of what could be remembered: in words, as the rule's text, and where it goes.

use ratatui::text::Line;
use serde_json::Value;

use super::sheet::Sheet;
use crate::core::grant::GrantRule;
use crate::core::grant::GrantTerms;
use crate::core::permission::PermissionUpdate;
use crate::core::permission::Rule;
use crate::core::permission::RuleBehavior;
use crate::core::permission::Scope;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::theme::Theme;
use crate::tui::ui::approval::AlwaysChoice;
use crate::tui::ui::approval::AlwaysList;
use crate::tui::view::paint::quoted;
use crate::tui::view::paint::span;
use crate::tui::view::paint::spelled;

/// The choices as lines, and the line at which the selected one begins and ends.
pub(super) fn lines(list: &AlwaysList, room: usize, theme: &Theme) -> (Vec<Line<'static>>, std::ops::Range<usize>) {
    let mut out = Vec::new();
    let mut at = 0..0;
    for (idx, choice) in list.choices.iter().enumerate() {
        let is_selected = idx == list.selected;
        let start = out.len();
        let mark = if is_selected { theme.glyphs.folded } else { " " };
        let indent = Indent::hanging(vec![span(format!("{mark} "), theme.key)]);
        let style = if is_selected { theme.selection } else { theme.text };
        out.extend(wrap(&[span(words(choice, theme), style)], room, &indent));
        let under = Indent { first: vec![span("    ", theme.text)], rest: vec![span("    ", theme.text)] };
        if !(is_selected && list.editing.is_some()) {
            let mut sheet = Sheet::new(room, theme);
            let text = sheet.reveal(&exactly(choice));
            for line in crate::tui::render::spans::of_text(&text, theme.code, theme) {
                out.extend(wrap(&line, room, &under));
            }
        }
        out.extend(wrap(&[span(spelled(&place(choice), theme), theme.dim)], room, &under));
        if let Some(warning) = warning(choice) {
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
fn place(choice: &AlwaysChoice) -> String {
    let update = match choice {
        AlwaysChoice::Remember(update) => update,
        AlwaysChoice::Grant(_) => return format!("for {}; adjutant ends it by itself", Scope::Session.describe()),
    };
    match update.scope() {
        Some(scope) => match scope.file() {
            Some(file) => format!("for {} · kept in {file}", scope.describe()),
            None => format!("for {}, then forgotten", scope.describe()),
        },
        None => "kept where the CLI keeps it".to_owned(),
    }
}

/// What is remembered, to the letter.
fn exactly(choice: &AlwaysChoice) -> String {
    match choice {
        AlwaysChoice::Remember(update) => update.text(),
        AlwaysChoice::Grant(GrantTerms { rule: GrantRule::Same { input, .. }, .. }) => {
            input.get("command").and_then(Value::as_str).map_or_else(|| input.to_string(), str::to_owned)
        }
        AlwaysChoice::Grant(GrantTerms { rule: GrantRule::Commands(_), .. }) => {
            "with further words that change nothing; anything else on the line is asked".to_owned()
        }
        AlwaysChoice::Grant(GrantTerms { rule: GrantRule::Edits { .. } | GrantRule::Reads { .. }, .. }) => {
            "but nothing that looks secret or steers tools, and nothing that links lead to elsewhere".to_owned()
        }
        AlwaysChoice::Grant(_) => "whatever it is given".to_owned(),
    }
}

fn warning(choice: &AlwaysChoice) -> Option<String> {
    match choice {
        AlwaysChoice::Remember(update) => update.warning(),
        AlwaysChoice::Grant(_) => None,
    }
}

/// What it means, as a sentence.
fn words(choice: &AlwaysChoice, theme: &Theme) -> String {
    let update = match choice {
        AlwaysChoice::Remember(update) => update,
        AlwaysChoice::Grant(terms) => {
            let what = match &terms.rule {
                GrantRule::Same { .. } => "exactly this again".to_owned(),
                rule => rule.describe(),
            };
            let text = format!("allow {what} {}", terms.limit());
            return reveal_with(&text, &theme.glyphs).text.as_str().replace('\n', " ");
        }
    };
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
