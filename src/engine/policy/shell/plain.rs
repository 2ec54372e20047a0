//! The strict reading of a command line: only what means the same in every shell, or nothing at all.
//!
//! **For:** the words of a line that may be allowed. **Not for:** finding what a line might run (`tree`
//! does): this reading gives up at the first thing that is not plain.
//!
//! Invariants: no expansion of any kind, no assignment, no redirection but to `/dev/null` and between
//! descriptors, no comment, no here-document. What it yields is what bash and zsh alike would run. It
//! reads each byte once.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

/// One word as the program gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PlainWord {
    pub(super) text: String,
    pub(super) span: Range<usize>,
    pub(super) quoted: bool,
}

/// The words of one simple command.
pub(super) type PlainCommand = Vec<PlainWord>;

/// Words that only shape a list of commands.
const SHAPES: [&str; 12] = ["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "{", "}", "!"];
/// Shapes after which no further word may stand.
const CLOSES: [&str; 3] = ["fi", "done", "}"];
/// Words that begin something which is not a plain list.
const TOO_MUCH: [&str; 9] = ["for", "case", "esac", "select", "function", "coproc", "repeat", "foreach", "in"];

const NOWHERE: &str = "/dev/null";
const BRACES: &str = "it has braces that a shell may expand";

/// The simple commands of a line, in order; the sentence says what is not plain about it.
pub(super) fn read(line: &str) -> Result<Vec<PlainCommand>, String> {
    let mut reader = Reader {
        line,
        chars: line.char_indices().peekable(),
        commands: Vec::new(),
        words: Vec::new(),
        place: Place::Start,
        redirected: false,
        is_empty: false,
    };
    reader.all()?;
    Ok(reader.commands)
}

/// What may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A command: at the beginning, after an operator or a shape.
    Start,
    /// Further words of a command.
    Words,
    /// Only operators, after something that closes.
    Closed,
}

struct Reader<'a> {
    line: &'a str,
    chars: Peekable<CharIndices<'a>>,
    commands: Vec<PlainCommand>,
    words: PlainCommand,
    place: Place,
    /// A redirection stands before the first word.
    redirected: bool,
    /// Nothing stands in the group yet.
    is_empty: bool,
}

impl Reader<'_> {
    fn all(&mut self) -> Result<(), String> {
        while let Some(&(at, c)) = self.chars.peek() {
            match c {
                ' ' | '\t' => {
                    self.chars.next();
                }
                '\n' => {
                    self.chars.next();
                    self.end_command()?;
                }
                ';' | '&' | '|' => self.operator(at, c)?,
                '(' if self.place == Place::Start => {
                    self.chars.next();
                    if self.chars.peek().is_some_and(|&(_, c)| c == '(') {
                        return Err("it may compute something".into());
                    }
                    self.is_empty = true;
                }
                ')' => {
                    self.chars.next();
                    self.end_command()?;
                    self.close()?;
                }
                '<' | '>' => self.redirection()?,
                '#' => return Err("it has a comment".into()),
                _ => self.word(at)?,
            }
        }
        self.end_command()?;
        Ok(())
    }

    fn end_command(&mut self) -> Result<(), String> {
        // Some shells run a program of their own choice then.
        if std::mem::take(&mut self.redirected) {
            return Err("it redirects without a command".into());
        }
        if !self.words.is_empty() {
            self.commands.push(std::mem::take(&mut self.words));
        }
        self.place = Place::Start;
        Ok(())
    }

    fn operator(&mut self, at: usize, c: char) -> Result<(), String> {
        let rest = &self.line[at..];
        if rest.starts_with("&>") {
            self.chars.next();
            return self.redirection();
        }
        let length = if ["&&", "||", "|&"].iter().any(|operator| rest.starts_with(operator)) { 2 } else { 1 };
        if self.place == Place::Start {
            return Err(format!("there is no command before “{c}”"));
        }
        for _ in 0..length {
            self.chars.next();
        }
        self.end_command()?;
        Ok(())
    }

    /// At `<` or `>`.
    fn redirection(&mut self) -> Result<(), String> {
        self.redirected |= self.place == Place::Start;
        let away = "it redirects to or from a file";
        let opened = self.chars.next().map(|(_, c)| c);
        let mut next = self.chars.peek().map(|&(_, c)| c);
        if opened == Some('>') && next == Some('>') {
            self.chars.next();
            next = self.chars.peek().map(|&(_, c)| c);
        } else if opened == Some('>') && next == Some('&') {
            self.chars.next();
            let target = self.chars.next().map(|(_, c)| c);
            let after = self.chars.peek().map(|&(_, c)| c);
            let ends = after.is_none_or(|c| " \t\n;|&)".contains(c));
            return if matches!(target, Some('1' | '2')) && ends { Ok(()) } else { Err(away.into()) };
        }
        while self.chars.next_if(|&(_, c)| c == ' ' || c == '\t').is_some() {}
        let Some(&(at, _)) = self.chars.peek() else { return Err("a redirection has no target".into()) };
        let rest = &self.line[at..];
        let ends = rest
            .get(NOWHERE.len()..)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', ';', '|', '&', ')']));
        if !rest.starts_with(NOWHERE) || !ends {
            return Err(if opened == Some('<') && next == Some('<') {
                "it has a here-document".into()
            } else {
                away.into()
            });
        }
        for _ in 0..NOWHERE.len() {
            self.chars.next();
        }
        Ok(())
    }

    fn word(&mut self, start: usize) -> Result<(), String> {
        let (mut text, mut quoted, mut has_brace) = (String::new(), false, false);
        let mut end = start;
        while let Some(&(at, c)) = self.chars.peek() {
            match c {
                ' ' | '\t' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '\'' => {
                    quoted = true;
                    self.single_quoted(&mut text)?;
                }
                '"' => {
                    quoted = true;
                    self.double_quoted(&mut text)?;
                }
                _ => {
                    self.bare(at, c, &text)?;
                    has_brace |= matches!(c, '{' | '}');
                    text.push(c);
                }
            }
            end = self.chars.peek().map_or(self.line.len(), |&(at, _)| at);
        }
        if quoted && has_brace {
            return Err(BRACES.into());
        }
        let word = PlainWord { text, span: start..end, quoted };
        // Digits right before a redirection name the descriptor.
        if matches!(self.chars.peek(), Some((_, '<' | '>'))) && is_number(&word) {
            let known = ["0", "1", "2"].contains(&word.text.as_str());
            return if known { self.redirection() } else { Err("it redirects an unusual descriptor".into()) };
        }
        self.take(word)
    }

    fn take(&mut self, word: PlainWord) -> Result<(), String> {
        let bare = if word.quoted { "" } else { word.text.as_str() };
        match self.place {
            Place::Start | Place::Closed if CLOSES.contains(&bare) => self.close(),
            Place::Closed => Err(format!("“{}” stands where only an operator may", word.text)),
            Place::Start if TOO_MUCH.contains(&bare) => Err(format!("it uses “{bare}”")),
            Place::Start if self.redirected && SHAPES.contains(&bare) => Err("it redirects before a command".into()),
            Place::Start if bare == "!" => Ok(()),
            Place::Start if SHAPES.contains(&bare) => {
                self.is_empty = true;
                Ok(())
            }
            Place::Words if ["{", "}"].contains(&bare) => Err("a brace stands among the words".into()),
            Place::Start if is_assignment(&word) => Err("a variable is set before the command".into()),
            Place::Start | Place::Words if bare.contains(['{', '}']) && !is_reflog(bare) => Err(BRACES.into()),
            Place::Start | Place::Words => {
                self.words.push(word);
                (self.redirected, self.is_empty) = (false, false);
                self.place = Place::Words;
                Ok(())
            }
        }
    }

    /// At the end of a group or a block, which needs something in it.
    fn close(&mut self) -> Result<(), String> {
        self.place = Place::Closed;
        if self.is_empty { Err("a group in it is empty".into()) } else { Ok(()) }
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
            _ => false,
        };
        if is_plain {
            self.chars.next();
            return Ok(());
        }
        Err(match c {
            '$' => "it has an expansion ($)".into(),
            '`' => "it has a command substitution (`)".into(),
            '*' | '?' | '[' | ']' => "it has a pattern that the shell expands to file names".into(),
            '\\' => "it has a backslash outside quotes".into(),
            '~' => "it has a ~ that the shell expands".into(),
            '(' => "it has a parenthesis among its words".into(),
            c if c.is_ascii_graphic() => format!("it has a “{c}” that the shell may interpret"),
            _ => format!("it has the character U+{:04X} outside quotes", u32::from(c)),
        })
    }

    fn single_quoted(&mut self, text: &mut String) -> Result<(), String> {
        self.chars.next();
        let start = text.len();
        for (_, c) in self.chars.by_ref() {
            match c {
                // Not every shell ends the quotes there.
                '\'' if text[start..].ends_with('\\') => return Err("a quoted word ends in a backslash".into()),
                '\'' => return Ok(()),
                c => text.push(quotable(c)?),
            }
        }
        Err("a quote is not closed".into())
    }

    fn double_quoted(&mut self, text: &mut String) -> Result<(), String> {
        self.chars.next();
        while let Some((_, c)) = self.chars.next() {
            match c {
                '"' => return Ok(()),
                '$' | '`' => return Err("it has an expansion inside double quotes".into()),
                '!' => return Err("it has a “!” inside double quotes".into()),
                // Before any other character a backslash is itself.
                '\\' => match self.chars.peek() {
                    Some(&(_, c)) if !"$`\"\\\n!".contains(c) => text.push('\\'),
                    _ => return Err("it has an escape inside double quotes".into()),
                },
                c => text.push(quotable(c)?),
            }
        }
        Err("a quote is not closed".into())
    }
}

/// Letters of every script, but nothing that hides or moves.
fn quotable(c: char) -> Result<char, String> {
    let is_plain = c.is_ascii_graphic() || matches!(c, ' ' | '\t' | '\n') || (!c.is_ascii() && c.is_alphanumeric());
    if is_plain { Ok(c) } else { Err(format!("it has the character U+{:04X}", u32::from(c))) }
}

fn is_number(word: &PlainWord) -> bool {
    !word.quoted && !word.text.is_empty() && word.text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a shell may take the word for an assignment; quotes in the value do not matter.
fn is_assignment(word: &PlainWord) -> bool {
    word.text.contains('=')
}

/// `stash@{0}`: braces that no shell expands.
fn is_reflog(word: &str) -> bool {
    word.split_once("@{").is_some_and(|(before, rest)| {
        let inside = rest.split_once('}');
        let letters = |text: &str| !text.contains(['{', '}', ',']);
        inside.is_some_and(|(inside, after)| {
            letters(before)
                && letters(after)
                && !inside.is_empty()
                && inside.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<String> {
        let show = |command: &PlainCommand| command.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join("|");
        read(line).ok().map(|commands| commands.iter().map(show).collect::<Vec<_>>().join(" ; "))
    }

    #[test]
    fn plain_lines_are_cut_into_their_commands() {
        for (line, expected) in [
            ("git status", "git|status"),
            ("  a\tb  ", "a|b"),
            ("a && b || c; d & e | f |& g\nh", "a ; b ; c ; d ; e ; f ; g ; h"),
            ("(a; b) && { c; }", "a ; b ; c"),
            ("if a; then b; else c; fi", "a ; b ; c"),
            ("! a", "a"),
            ("a 2>/dev/null | b >/dev/null 2>&1", "a ; b"),
            ("a 2>/dev/null b >&2 c", "a|b|c"),
            ("a &> /dev/null", "a"),
            ("a 'b c' \"d e\" f\"g\"'h'", "a|b c|d e|fgh"),
            ("rg \"\\bx\\.y\"", "rg|\\bx\\.y"),
            ("git show HEAD~1 HEAD^^ stash@{0} a..b", "git|show|HEAD~1|HEAD^^|stash@{0}|a..b"),
            ("a 'größe 中文'", "a|größe 中文"),
        ] {
            assert_eq!(words(line).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn whatever_is_not_plain_is_no_reading() {
        for line in [
            "a $b",
            "a `b`",
            "a *",
            "a ?",
            "a [b]",
            "a {b,c}",
            "a {}",
            "a ~",
            "a ~b",
            "a=~",
            "a b=~/c",
            "a \\b",
            "a \"$b\"",
            "a \"\\$b\"",
            "a \"!b\"",
            "a 'b",
            "a \"b",
            "a # b",
            "a > b",
            "a >> b",
            "a < b",
            "a << b",
            "a <<< b",
            "a >| b",
            "a <> b",
            "a >& b",
            "a >&b",
            "a >&2b",
            "a 3>/dev/null",
            "a > /dev/nullx",
            "a >/dev/null/../x",
            "a > '/dev/null'",
            "A=1 b",
            "A='1' b",
            "a () b",
            "a(b)",
            "a;; b",
            "; a",
            "a && && b",
            "a & | b",
            "for a in b; do c; done",
            "case a in b) c;; esac",
            "a\r",
            "a\u{a0}b",
            "а b",
            "a '\u{202e}'",
            "a '\u{200b}'",
            "a '\0'",
            "=a",
            "a =b",
            "%a",
            "function a { b; }",
            "fi a",
            "{ a; } b",
            "a }",
            "a 'b\\'",
            "a <(b)",
            "a >(b)",
            "a $'b'",
            "a $\"b\"",
            "a {b..c}",
        ] {
            assert_eq!(words(line), None, "{line}");
        }
    }
}
