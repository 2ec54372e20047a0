//! One word: its quotes, escapes, and the few expansions whose outcome is known.

use super::Place;
use super::PlainCommand;
use super::PlainWord;
use super::Reader;
use super::Use;
use super::Value;
use super::here;

/// What a backslash outside quotes makes plain, in every shell.
const ESCAPABLE: &str = "()!*?.|;&<>[]{}$'\"#~^=,:+@%/-_ ";
/// What may stand behind a `!` in double quotes without a shell looking for an earlier line.
const BEHIND_BANG: &str = " \t\n\"=():,.;'";
/// Numbers that a shell keeps of what ran last.
const STATUS: [&str; 3] = ["$?", "${PIPESTATUS[0]}", "${pipestatus[1]}"];

impl Reader<'_> {
    pub(super) fn word(&mut self, start: usize) -> Result<(), String> {
        if let Some(word) = self.of_test(start) {
            return self.take(word);
        }
        let word = self.one_word(start)?;
        // Digits right before a redirection name the descriptor.
        if matches!(self.chars.peek(), Some((_, '<' | '>'))) && is_number(&word) {
            let known = ["0", "1", "2"].contains(&word.text.as_str());
            return if known { self.redirection() } else { Err("it redirects an unusual descriptor".into()) };
        }
        self.take(word)
    }

    pub(super) fn one_word(&mut self, start: usize) -> Result<PlainWord, String> {
        let mut word = PlainWord::default();
        let mut has_brace = false;
        let mut end = start;
        while let Some(&(at, c)) = self.chars.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '\'' => {
                    word.quoted = true;
                    self.single_quoted(&mut word.text)?;
                }
                '"' => {
                    word.quoted = true;
                    self.double_quoted(at, &mut word)?;
                }
                '\\' => {
                    word.quoted = true;
                    self.escaped(&mut word.text)?;
                }
                '$' => self.value(at, &mut word, false)?,
                '*' | '?' => {
                    self.chars.next();
                    word.is_pattern = true;
                    word.text.push(c);
                }
                _ => {
                    self.bare(at, c, &word.text)?;
                    has_brace |= matches!(c, '{' | '}');
                    word.text.push(c);
                }
            }
            end = self.chars.peek().map_or(self.line.len(), |&(at, _)| at);
        }
        let is_odd =
            word.text.contains(['~', '^', '#', '%', '=', '+', '@', '{', '}', ',', ':', '\\', '!']) || word.quoted;
        if word.is_pattern && (is_odd || !word.uses.is_empty()) {
            return Err("it has a pattern that not every shell expands to the same file names".into());
        }
        if has_brace && (word.quoted || !word.uses.is_empty()) {
            return Err("it has braces that a shell may expand".into());
        }
        word.span = start..end;
        Ok(word)
    }

    /// The brackets of a test, and what is compared in it.
    fn of_test(&mut self, start: usize) -> Option<PlainWord> {
        let first = self.command.words.first().map(|word| word.text.clone());
        let rest = &self.line[start..];
        let ends = |text: &str| rest[text.len()..].chars().next().is_none_or(|c| " \t\n;&|)".contains(c));
        let marks: &[&str] = match (self.place, first.as_deref()) {
            (Place::Start, _) => &["[[", "["],
            (Place::Words, Some("[")) => &["]", "==", "=", "!=", "!"],
            (Place::Words, Some("[[")) => &["]]", "!=", "!"],
            (Place::Words, Some("test")) => &["=", "!=", "!"],
            _ => &[],
        };
        let mark = marks.iter().find(|mark| rest.starts_with(**mark) && ends(mark))?;
        for _ in 0..mark.len() {
            self.chars.next();
        }
        Some(PlainWord { text: (*mark).to_owned(), span: start..start + mark.len(), ..PlainWord::default() })
    }

    /// One character outside quotes.
    fn bare(&mut self, at: usize, c: char, before: &str) -> Result<(), String> {
        let is_plain = match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '.' | '/' | ',' | ':' | '+' | '@' | '-' | '{' | '}' => true,
            '%' => !before.is_empty(),
            '=' => !before.is_empty(),
            '!' => before.is_empty() && self.line[at + 1..].starts_with([' ', '\t']),
            // Revisions of git: HEAD~1, HEAD^.
            '~' | '^' => before.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '~' || c == '^' || c == '}'),
            c if !c.is_ascii() && self.place == Place::Words => is_letter(c),
            _ => false,
        };
        if is_plain {
            self.chars.next();
            return Ok(());
        }
        Err(match c {
            '`' => "it has a command substitution (`)".into(),
            '[' | ']' => "it has a pattern that the shell expands to file names".into(),
            '~' => "it has a ~ that the shell expands".into(),
            '(' => "it has a parenthesis among its words".into(),
            c if c.is_ascii_graphic() => format!("it has a “{c}” that the shell may interpret"),
            _ => format!("it has the character U+{:04X} outside quotes", u32::from(c)),
        })
    }

    fn escaped(&mut self, text: &mut String) -> Result<(), String> {
        self.chars.next();
        match self.chars.next_if(|&(_, c)| ESCAPABLE.contains(c)) {
            Some((_, c)) => {
                text.push(c);
                Ok(())
            }
            None => Err("it has a backslash outside quotes".into()),
        }
    }

    /// At a `$`.
    fn value(&mut self, at: usize, word: &mut PlainWord, quoted: bool) -> Result<(), String> {
        let rest = &self.line[at..];
        let (text, of) = if let Some(status) = STATUS.iter().find(|status| rest.starts_with(**status)) {
            if !quoted && *status != "$?" {
                return Err("it has an expansion ($) outside quotes".into());
            }
            (*status, Value::Status)
        } else {
            let braced = rest.starts_with("${");
            let name_at = if braced { 2 } else { 1 };
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name = rest[name_at..].split(|c: char| !is_part(c)).next().unwrap_or_default();
            let behind = &rest[name_at + name.len()..];
            let index = self.loop_of(name).filter(|_| !name.is_empty());
            let ends = if braced { behind.starts_with('}') } else { !behind.starts_with(['[', ':']) };
            let (Some(index), true) = (index, ends) else {
                return Err(if rest.starts_with("$(") {
                    "it has a command substitution ($)".into()
                } else {
                    "it has an expansion ($)".into()
                });
            };
            (&rest[..name_at + name.len() + usize::from(braced)], Value::Loop(index))
        };
        let from = word.text.len();
        word.text.push_str(text);
        word.uses.push(Use { at: from..word.text.len(), of, quoted });
        for _ in text.chars() {
            self.chars.next();
        }
        Ok(())
    }

    fn single_quoted(&mut self, text: &mut String) -> Result<(), String> {
        self.chars.next();
        let start = text.len();
        for (_, c) in self.chars.by_ref() {
            match c {
                // Not every shell ends the quotes there.
                '\'' if text[start..].ends_with('\\') => return Err("a quoted word ends in a backslash".into()),
                '\'' => return Ok(()),
                '\n' if !self.here.is_empty() => return Err("a quote runs into a here-document".into()),
                c => text.push(joined(quotable(c)?, text)?),
            }
        }
        Err("a quote is not closed".into())
    }

    fn double_quoted(&mut self, at: usize, word: &mut PlainWord) -> Result<(), String> {
        if let Some(found) = here::substituted(self.line, at)? {
            let from = word.text.len();
            word.text.push_str(&found.body);
            word.uses.push(Use { at: from..word.text.len(), of: Value::Here(found.body), quoted: true });
            let cat = PlainWord { text: "cat".into(), span: found.cat, ..PlainWord::default() };
            self.inner.push(PlainCommand { words: vec![cat], is_text: true, ..PlainCommand::default() });
            while self.chars.next_if(|&(at, _)| at < found.end).is_some() {}
            return Ok(());
        }
        self.chars.next();
        while let Some(&(at, c)) = self.chars.peek() {
            if c == '$' {
                self.value(at, word, true)?;
                continue;
            }
            self.chars.next();
            let next = self.chars.peek().map(|&(_, c)| c);
            match c {
                '"' => return Ok(()),
                '`' => return Err("it has an expansion inside double quotes".into()),
                '!' if next.is_none_or(|c| !BEHIND_BANG.contains(c)) => {
                    return Err("it has a “!” inside double quotes".into());
                }
                '\\' => match next {
                    Some(c) if "$`\"\\".contains(c) => {
                        self.chars.next();
                        word.text.push(c);
                    }
                    // Before any other character a backslash is itself.
                    Some(c) if c != '\n' && c != '!' => word.text.push('\\'),
                    _ => return Err("it has an escape inside double quotes".into()),
                },
                '\n' if !self.here.is_empty() => return Err("a quote runs into a here-document".into()),
                c => word.text.push(joined(quotable(c)?, &word.text)?),
            }
        }
        Err("a quote is not closed".into())
    }
}

/// Everything that is seen, but nothing that hides or moves.
pub(super) fn quotable(c: char) -> Result<char, String> {
    let is_plain = if c.is_ascii() { c.is_ascii_graphic() || " \t\n".contains(c) } else { !is_hidden(c) };
    if is_plain { Ok(c) } else { Err(format!("it has the character U+{:04X}", u32::from(c))) }
}

/// Marks that join pictures stand only behind one.
pub(super) fn joined(c: char, before: &str) -> Result<char, String> {
    let is_picture =
        |c: char| matches!(u32::from(c), 0x203c..=0x3299 | 0x1f000..=0x1faff | 0xfe0f | 0x23 | 0x2a | 0x30..=0x39);
    let fits = match c {
        '\u{200d}' | '\u{fe0f}' => before.chars().next_back().is_some_and(is_picture),
        _ => true,
    };
    if fits { Ok(c) } else { Err(format!("it has the character U+{:04X}", u32::from(c))) }
}

/// What no eye sees, or what makes other text look different.
fn is_hidden(c: char) -> bool {
    if c.is_control() || (c.is_whitespace() && c != '\u{3000}') {
        return true;
    }
    matches!(
        u32::from(c),
        0xad | 0x34f | 0x600..=0x605 | 0x61c | 0x6dd | 0x70f | 0x8e2 | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
            | 0x200b | 0x200c | 0x200e..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f | 0x2800 | 0x3164 | 0xe000..=0xf8ff
            | 0xfdd0..=0xfdef | 0xfe00..=0xfe0e | 0xfeff | 0xffa0 | 0xfff0..=0xffff | 0x110bd | 0x110cd | 0x13430..=0x1345f
            | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..
    )
}

/// A letter of another script whose bytes no shell takes for a blank.
fn is_letter(c: char) -> bool {
    let mut bytes = [0; 4];
    let has_blank = c.encode_utf8(&mut bytes).bytes().any(|byte| byte == 0x85 || byte == 0xa0);
    c.is_alphanumeric() && !is_hidden(c) && !has_blank
}

fn is_number(word: &PlainWord) -> bool {
    !word.quoted && !word.text.is_empty() && word.text.bytes().all(|byte| byte.is_ascii_digit())
}
