//! The list of what could be remembered: in words, as the rule's text, and where it goes.

use ratatui::text::Line;
use serde_json::Value;

use super::sheet::Sheet;
use crate::core::grant::GrantRule;
use crate::core::grant::GrantTerms;
use crate::core::grant::marked::Takes;
use crate::core::permission::Scope;
use crate::tui::render::sanitize::reveal_with;
use crate::tui::render::wrap::Indent;
use crate::tui::render::wrap::wrap;
use crate::tui::theme::Theme;
use crate::tui::ui::approval::AlwaysChoice;
use crate::tui::ui::approval::AlwaysList;
use crate::tui::ui::marks::Marks;
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
        if let AlwaysChoice::Marks(marks) = choice {
            for text in marking(marks, is_selected) {
                out.extend(wrap(&[span(spelled(&text, theme).into_owned(), theme.text)], room, &under));
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
        AlwaysChoice::Grant(_) | AlwaysChoice::Marks(_) => {
            return format!("for {}; adjutant ends it by itself", Scope::Session.describe());
        }
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
        AlwaysChoice::Grant(terms) => terms.rule.reach().unwrap_or_default().to_owned(),
        AlwaysChoice::Marks(marks) => marks.pattern(),
    }
}

/// Which words are free, what may stand there, and another line that would be allowed.
fn marking(marks: &Marks, is_selected: bool) -> Vec<String> {
    if !is_selected {
        return Vec::new();
    }
    let word = |(text, is_free, is_here): (&str, bool, bool)| {
        let text = if is_free { format!("{text} (free)") } else { text.to_owned() };
        if is_here { format!("[{text}]") } else { text }
    };
    let mut out = vec![format!("words: {}", marks.words().map(word).collect::<Vec<_>>().join(" · "))];
    let holes = marks.holes();
    if holes.is_empty() {
        return out;
    }
    for takes in [Takes::Word, Takes::Number] {
        if holes.iter().any(|hole| hole.takes == takes) {
            out.push(format!("{} is {}", takes.shown(), takes.describe()));
        }
    }
    out.push(format!("would also run: {}", marks.example()));
    out
}

fn warning(choice: &AlwaysChoice) -> Option<String> {
    match choice {
        AlwaysChoice::Remember(update) => update.warning(),
        AlwaysChoice::Grant(_) => None,
        // Of digits the program's own meaning is plain enough.
        AlwaysChoice::Marks(marks) => marks.holes().iter().any(|hole| hole.takes == Takes::Word).then(|| {
            "what the program does with another word is not known: a word may also name something to run".to_owned()
        }),
    }
}

/// What it means, as a sentence.
fn words(choice: &AlwaysChoice, theme: &Theme) -> String {
    let text = match choice {
        AlwaysChoice::Remember(update) => update.words(&|text| quoted(text, theme)),
        AlwaysChoice::Grant(terms) => {
            let what = match &terms.rule {
                GrantRule::Same { .. } => "exactly this again".to_owned(),
                rule => rule.describe(),
            };
            format!("allow {what} {}", terms.limit())
        }
        AlwaysChoice::Marks(marks) if marks.holes().is_empty() => {
            format!("allow this with other values in the words that you mark, {}", marks.limit())
        }
        AlwaysChoice::Marks(marks) => format!("allow this with other values in the marked words, {}", marks.limit()),
    };
    reveal_with(&text, &theme.glyphs).text.as_str().replace('\n', " ")
}
