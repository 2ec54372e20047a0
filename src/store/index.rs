//! What of an event can be searched for, and words in a form that the index can find. Pure.

use serde_json::Value;

use crate::core::cell::BlockKind;
use crate::core::event::EventKind;

/// Characters of a tool's output that are searched: its beginning says what it is.
const OUTPUT_CHARS: usize = 2_000;
/// ... and of any other text.
const TEXT_CHARS: usize = 200_000;
/// What a tool call is about, in the order of how much it says.
const TELLING: [&str; 9] =
    ["command", "file_path", "notebook_path", "path", "pattern", "query", "url", "description", "prompt"];

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Person,
    Claude,
    Tool,
}

impl Who {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Person => "you",
            Self::Claude => "claude",
            Self::Tool => "tool",
        }
    }
}

/// What the event says.
pub(super) fn said(kind: &EventKind) -> Option<(Who, String)> {
    let (who, text) = match kind.told() {
        EventKind::PromptSent(prompt) => (Who::Person, cut(&prompt.shown(), TEXT_CHARS)),
        EventKind::BlockEnded { kind: BlockKind::Text | BlockKind::CommandOutput, text, .. } => {
            (Who::Claude, cut(text, TEXT_CHARS))
        }
        EventKind::ToolStarted { name, input, .. } => {
            let about = TELLING.iter().find_map(|key| input.get(key)?.as_str()).map_or_else(String::new, str::to_owned);
            let about = if about.is_empty() { short(input) } else { about };
            (Who::Tool, cut(&format!("{name} {about}"), TEXT_CHARS))
        }
        EventKind::ToolEnded { output, .. } => (Who::Tool, cut(&output.text, OUTPUT_CHARS)),
        EventKind::CompactionSummary { text } => (Who::Claude, cut(text, TEXT_CHARS)),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some((who, text))
}

fn short(input: &Value) -> String {
    if input.as_object().is_none_or(serde_json::Map::is_empty) { String::new() } else { input.to_string() }
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

/// The text with blanks around each character of a script that is written without them, so that any piece of
/// it can be found as a phrase.
pub(super) fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len() * 4 / 3);
    for c in text.chars() {
        if is_unspaced(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced
}

/// Han, Kana, Hangul, Bopomofo, Thai, Lao, Khmer, Myanmar.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17ff | 0x2e80..=0x2fdf | 0x3005..=0x3007
        | 0x3040..=0x312f | 0x3130..=0x318f | 0x31a0..=0x31bf | 0x31f0..=0x31ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xa960..=0xa97f | 0xac00..=0xd7ff | 0xf900..=0xfaff | 0xff66..=0xff9f | 0x2_0000..=0x3_ffff)
}

/// What a person typed as a query of the index: all words must be there, the last one may be a beginning.
/// `None` when there is nothing to look for.
pub(super) fn query(typed: &str) -> Option<String> {
    let phrases: Vec<String> = typed
        .split_whitespace()
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .map(|word| format!("\"{}\"", spaced(word).replace('"', "\"\"")))
        .collect();
    let is_beginning = typed.chars().next_back().is_some_and(char::is_alphanumeric);
    (!phrases.is_empty()).then(|| phrases.join(" ") + if is_beginning { " *" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_never_syntax() {
        assert_eq!(query("retry policy").as_deref(), Some("\"retry\" \"policy\" *"));
        assert_eq!(query("\"a\" OR NOT( NEAR").as_deref(), Some("\"\"\"a\"\"\" \"OR\" \"NOT(\" \"NEAR\" *"));
        assert_eq!(query("数据库").as_deref(), Some("\" 数  据  库 \" *"));
        assert_eq!(query("  - ' * "), None);
    }
}
