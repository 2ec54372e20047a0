//! Texts made harmless: for plain elements, for boxes of code, for text messages.
//!
//! Invariants: what would not show itself is shown by its number; a box of code ends where we end it; nothing here
//! takes a visible character out.

use crate::core::language::Language;
use crate::tui::render::sanitize::reveal;

/// Stands where markup is broken up; takes no room.
const BREAK: char = '\u{200b}';
/// Begins a fact and a warning of ours; a line from outside that does so is marked.
pub(super) const FACT: char = '▪';
pub(super) const WARNING: char = '⚠';
/// What a notice of a cut takes; a text that is longer by no more than this stays whole.
const NOTICE: usize = 40;
/// Characters of a text message. Feishu takes more, but nobody reads them on a phone.
const MAX_MESSAGE: usize = 3_500;

/// Exactly what is there, also blanks of other kinds: for what is decided on.
pub(super) fn exact(text: &str) -> String {
    reveal(text).text.to_string()
}

/// Whether a character is seen where it stands.
pub fn shows_itself(c: char) -> bool {
    c == ' ' || reveal(c.encode_utf8(&mut [0; 4])).hidden.is_empty()
}

/// What is there, but for differences that only look: kinds of line ends and blanks, the colour of an emoji.
pub(super) fn calm(text: &str) -> String {
    let mut calm = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\t' => calm.push_str("    "),
            '\u{a0}' | '\u{202f}' | '\u{3000}' => calm.push(' '),
            '\u{fe0f}' | '\u{200d}' => {}
            _ => calm.push(c),
        }
    }
    exact(&calm)
}

/// For a plain element of several lines: none of them passes for a fact or warning of ours.
pub(super) fn plain(text: &str) -> String {
    let text = calm(text);
    let lines = text.split('\n').map(|line| match line.trim_start().chars().next() {
        Some(FACT | WARNING) => format!("│ {line}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// For a plain element of one line.
pub(super) fn line(text: &str) -> String {
    calm(text).trim().replace('\n', " ↵ ")
}

/// The same with every character that does not show itself: for paths, rules and all else that is decided on.
pub(super) fn exact_line(text: &str) -> String {
    let text = exact(text).replace('\n', " ↵ ");
    let shown = text.trim_matches(' ');
    let marks = |n: usize| "␠".repeat(n);
    let n_before = text.len() - text.trim_start_matches(' ').len();
    let n_after = text.len() - text.trim_end_matches(' ').len();
    if shown.is_empty() { String::new() } else { format!("{}{shown}{}", marks(n_before), marks(n_after)) }
}

/// A box of code: nothing in it ends it, and no tag in it is one.
pub(super) fn fenced(language: &str, text: &str) -> String {
    let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '#' | '-');
    let language: String = language.chars().filter(is_name).take(20).collect();
    let text = exact(text);
    let fence = "`".repeat(longest_run(&text, '`').max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", broken(&text))
}

/// Markup broken up for a reader that does not keep to the rules of code: tags, entities, links, ends of the box.
pub(super) fn broken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut last, mut n_run) = ('\n', 0);
    for c in text.chars() {
        let opens = c.is_ascii_alphanumeric() || matches!(c, '/' | '!' | '?' | '#');
        n_run = if c == last { n_run + 1 } else { 1 };
        let is_fence = matches!(c, '`' | '~') && n_run > 2;
        if is_fence {
            n_run = 1;
        }
        let is_markup = match last {
            '<' | '&' => opens,
            '@' => c == '_' || c.is_ascii_alphabetic(),
            ']' => c == '(',
            _ => is_fence,
        };
        if is_markup {
            out.push(BREAK);
        }
        out.push(c);
        last = c;
    }
    out
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

/// Both ends of a text of more than `cap` bytes, with what is missing said between them.
pub(super) fn cut_middle(text: &str, cap: usize, gap: &str, language: Language) -> Option<String> {
    if text.len() <= cap + NOTICE {
        return None;
    }
    let head = text.floor_char_boundary(cap * 2 / 3);
    let tail = text.ceil_char_boundary(text.len() - cap / 3);
    let n_cut = tail - head;
    let notice = match language {
        Language::English => format!("… {n_cut} bytes cut …"),
        Language::Chinese => format!("… 省略 {n_cut} 字节 …"),
    };
    Some(format!("{}{gap}{notice}{gap}{}", text.get(..head)?, text.get(tail..)?))
}

/// A text as messages: no tag, link or emphasis in it is one, and none is longer than a phone shows well. There is
/// at least one.
pub fn messages(text: &str) -> Vec<String> {
    let text = calm(text);
    let mut parts = Vec::new();
    let mut rest = text.trim_end();
    while let Some((at, _)) = rest.char_indices().nth(MAX_MESSAGE) {
        let (head, _) = rest.split_at(at);
        let end = head.rfind('\n').filter(|end| *end > at / 2).unwrap_or(at);
        let (part, more) = rest.split_at(end);
        parts.push(unmarked(part));
        rest = more.strip_prefix('\n').unwrap_or(more);
    }
    parts.push(unmarked(if rest.is_empty() { "…" } else { rest }));
    parts
}

/// Text messages know tags, links and emphasis too.
fn unmarked(text: &str) -> String {
    let pairs = [("**", "*\u{200b}*"), ("~~", "~\u{200b}~")];
    pairs.iter().fold(broken(text), |text, (from, to)| {
        // Once more: of three stars the last two are a pair again.
        text.replace(from, to).replace(from, to)
    })
}

/// A note at the phone's edge: one short line.
pub fn note(text: &str) -> String {
    const MAX_NOTE: usize = 200;
    line(text).chars().take(MAX_NOTE).collect()
}
