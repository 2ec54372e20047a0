//! Here-documents: bodies that are taken as they stand.

use std::ops::Range;

use super::Here;
use super::Reader;
use super::word::quotable;

/// `"$(cat <<'E' … E)"`, the way in which a text of several lines becomes one word.
pub(super) struct Substituted {
    /// Without the line ends behind it, which the shell takes off.
    pub(super) body: String,
    pub(super) cat: Range<usize>,
    /// Behind the closing quote.
    pub(super) end: usize,
}

impl Reader<'_> {
    /// Behind `<<`.
    pub(super) fn here_document(&mut self) -> Result<(), String> {
        let dashed = self.chars.next_if(|&(_, c)| c == '-').is_some();
        self.blanks();
        let Some(&(at, _)) = self.chars.peek() else { return Err("a here-document has no end".into()) };
        let (end, literal, length) =
            delimiter(&self.line[at..]).ok_or("the end of a here-document is no plain word")?;
        for _ in 0..length {
            self.chars.next();
        }
        self.here.push(Here { end, dashed, literal });
        self.command.has_input = true;
        Ok(())
    }

    /// The bodies of the here-documents on the line that just ended.
    pub(super) fn bodies(&mut self) -> Result<(), String> {
        for here in std::mem::take(&mut self.here) {
            loop {
                let line = self.one_line().ok_or("a here-document has no end")?;
                let line = if here.dashed { line.trim_start_matches('\t') } else { line };
                if line == here.end {
                    break;
                }
                of_body(line, here.literal)?;
            }
        }
        Ok(())
    }

    /// The rest of a line, its end taken off.
    fn one_line(&mut self) -> Option<&str> {
        let &(start, _) = self.chars.peek()?;
        let mut end = start;
        while let Some((at, c)) = self.chars.next_if(|&(_, c)| c != '\n') {
            end = at + c.len_utf8();
        }
        self.chars.next();
        self.line.get(start..end)
    }
}

/// One line of a body.
fn of_body(line: &str, literal: bool) -> Result<(), String> {
    if !literal && line.contains(['$', '`', '\\']) {
        return Err("it has an expansion in a here-document".into());
    }
    line.chars().try_for_each(|c| quotable(c).map(|_| ()))
}

/// The word that ends a here-document, whether nothing in its body is expanded, and how long it is as it stands.
fn delimiter(text: &str) -> Option<(String, bool, usize)> {
    let quote = text.chars().next().filter(|c| *c == '\'' || *c == '"');
    let inside = &text[quote.map_or(0, char::len_utf8)..];
    let word: String = inside.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let behind = &inside[word.len()..];
    let behind = match quote {
        Some(quote) => behind.strip_prefix(quote)?,
        None => behind,
    };
    let ends = behind.chars().next().is_some_and(|c| " \t\n;&|)<>".contains(c));
    let length = text.len() - behind.len();
    (!word.is_empty() && ends).then_some((word, quote.is_some(), length))
}

/// At a double quote: the text that is all there is between it and the next one, if it is such a word.
pub(super) fn substituted(line: &str, at: usize) -> Result<Option<Substituted>, String> {
    let opening = "\"$(cat <<";
    let Some(rest) = line[at..].strip_prefix(opening) else { return Ok(None) };
    let dashed = rest.starts_with('-');
    let rest = rest.trim_start_matches('-').trim_start_matches(' ');
    let Some((end, literal, length)) = delimiter(rest) else { return Ok(None) };
    let Some(text) = rest[length..].strip_prefix('\n') else { return Ok(None) };
    let mut body = String::new();
    let mut offset = line.len() - text.len();
    for piece in text.split_inclusive('\n') {
        offset += piece.len();
        let one = piece.strip_suffix('\n').unwrap_or(piece);
        let one = if dashed { one.trim_start_matches('\t') } else { one };
        if one != end {
            of_body(one, literal)?;
            body.push_str(one);
            body.push('\n');
            continue;
        }
        let closing = line[offset..].trim_start_matches([' ', '\t', '\n']);
        let Some(behind) = closing.strip_prefix(")\"") else {
            return Err("a substitution holds more than a here-document".into());
        };
        if !piece.ends_with('\n') {
            return Err("a here-document has no end".into());
        }
        let start = at + "\"$(".len();
        is_same_in_old_shells(&body, behind)?;
        return Ok(Some(Substituted {
            body: body.trim_end_matches('\n').to_owned(),
            cat: start..start + "cat".len(),
            end: line.len() - behind.len(),
        }));
    }
    Err("a here-document has no end".into())
}

/// Some shells look for the parenthesis that ends the substitution before they know of here-documents: they count
/// quotes and parentheses in the body. They must come to the same end.
fn is_same_in_old_shells(body: &str, behind: &str) -> Result<(), String> {
    let odd = || Err("a here-document may end early in some shells".to_owned());
    let (mut plain, mut minding) = (0_usize, 0_usize);
    let mut quote: Option<char> = None;
    let mut chars = body.chars();
    while let Some(c) = chars.next() {
        match c {
            '(' => plain += 1,
            ')' => match plain.checked_sub(1) {
                Some(less) => plain = less,
                None => return odd(),
            },
            _ => {}
        }
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => {
                // What it hides was counted above; two readings that differ by it are not the same.
                let hidden = chars.next();
                if hidden.is_some_and(|c| "()'\"".contains(c)) {
                    return odd();
                }
            }
            (Some(_), _) => {}
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '(') => minding += 1,
            (None, ')') => match minding.checked_sub(1) {
                Some(less) => minding = less,
                None => return odd(),
            },
            _ => {}
        }
    }
    // An apostrophe that stays open runs on to the next quote of the line, if there is one.
    let runs_on = quote.is_some() && behind.contains(['\'', '"', '`']);
    if plain > 0 || (minding > 0 && quote.is_none()) || runs_on { odd() } else { Ok(()) }
}
