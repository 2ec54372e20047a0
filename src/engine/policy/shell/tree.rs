//! The whole reading of a command line: every simple command anywhere in it.
//!
//! **For:** finding what a line might run, in whatever corner: lists, pipelines, substitutions, groups,
//! loops, functions, here-documents. **Not for:** judging it, and not for the words of what is allowed,
//! which must be read the same way by `plain`.
//!
//! Invariants: bounded time and no recursion, whatever the input; the parser, which is not written in Rust, gets nothing
//! but ASCII; where the grammar fails, the text is cut at everything that a shell may cut at.

use std::borrow::Cow;
use std::collections::HashMap;
use std::iter::repeat_n;
use std::ops::ControlFlow;
use std::ops::Range;
use std::time::Duration;
use std::time::Instant;

use tree_sitter::Node;
use tree_sitter::ParseOptions;
use tree_sitter::Parser;

/// Longer lines are not read at all.
pub(super) const MAX_BYTES: usize = 64 << 10;
/// Deeper nesting is nothing that a person would follow either.
const MAX_DEPTH: usize = 100;
/// A line of more commands, or of more words in one, is not read.
const MAX_COMMANDS: usize = 500;
const MAX_WORDS: usize = 1000;
/// In the place of what is not ASCII; no word of the shell has it.
const STAND_IN: char = 'X';
/// The parser is fast on nearly everything; this is for what nobody thought of.
const PATIENCE: Duration = Duration::from_millis(500);

/// A word, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// The shell expands something in it.
    pub(super) dynamic: bool,
    pub(super) span: Range<usize>,
}

/// A simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Simple {
    pub(super) words: Vec<Word>,
    pub(super) span: Range<usize>,
}

/// A file that the shell opens to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) target: Word,
    pub(super) appends: bool,
}

/// All that was found.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// In the order of the text.
    pub(super) commands: Vec<Simple>,
    /// Files that the shell itself opens to write, in the order of the text.
    pub(super) redirects: Vec<Redirect>,
    /// Files that the shell itself opens to read.
    pub(super) inputs: Vec<String>,
    /// `NAME=value`, before a command or by itself, and where it stands.
    pub(super) settings: Vec<(String, usize)>,
    /// Bodies of here-documents and other texts that a shell on the same line may be given.
    pub(super) texts: Vec<String>,
    /// The grammar understood all of it.
    pub(super) whole: bool,
}

/// Reads a line; `None` when it is too long, too deep or too much.
pub(super) fn read(line: &str) -> Option<Line> {
    // Long pipelines are the one form on which the parser is far from linear, and does not look at the time.
    let n_pipes = line.bytes().filter(|byte| *byte == b'|').count();
    if line.len() > MAX_BYTES || n_pipes > MAX_COMMANDS {
        return None;
    }
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    let began = Instant::now();
    let mut late = |_: &tree_sitter::ParseState| {
        if began.elapsed() > PATIENCE { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let tame = ascii(line);
    let bytes = tame.as_bytes();
    let mut input = |at: usize, _| bytes.get(at..).unwrap_or_default();
    let tree = parser.parse_with_options(&mut input, None, Some(ParseOptions::new().progress_callback(&mut late)))?;
    // With letters in their place, two different ends of here-documents may look the same.
    let is_same = line.is_ascii() || line.match_indices("<<").all(|(at, _)| is_plain_end(&line[at + 2..]));
    let mut found = Line { whole: is_same && !tree.root_node().has_error(), ..Line::default() };
    let mut extra: HashMap<usize, Vec<Word>> = HashMap::new();
    let mut waiting = vec![(tree.root_node(), 0)];
    while let Some((node, depth)) = waiting.pop() {
        if depth > MAX_DEPTH || found.commands.len() > MAX_COMMANDS {
            return None;
        }
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.children(&mut cursor).collect();
        match node.kind() {
            "redirected_statement" => {
                // `a 2>x b`: the grammar gives b to the redirection, the shell to the command.
                let body = node.child_by_field_name("body").map(|body| body.id());
                let late = children.iter().flat_map(|child| behind_redirection(*child, line));
                extra.entry(body.unwrap_or(node.id())).or_default().extend(late);
            }
            "command" => {
                let mut words: Vec<Word> = Vec::new();
                for child in &children {
                    match child.kind() {
                        "variable_assignment" => {}
                        "file_redirect" | "herestring_redirect" | "heredoc_redirect" => {
                            words.extend(behind_redirection(*child, line));
                        }
                        _ => words.push(word(*child, line)),
                    }
                }
                words.extend(extra.remove(&node.id()).unwrap_or_default());
                found.commands.push(Simple { words, span: node.byte_range() });
            }
            "declaration_command" | "unset_command" | "test_command" => {
                let words = children.iter().map(|child| word(*child, line)).collect();
                found.commands.push(Simple { words, span: node.byte_range() });
            }
            "variable_assignment" => found.settings.push((unquoted(text_of(node, line)).0, node.start_byte())),
            "file_redirect" => {
                found.redirects.extend(redirect(node, line));
                found.inputs.extend(opened_to_read(node, line));
            }
            // The grammar does not look into all of it.
            "expansion" => found.commands.extend(scraps(text_of(node, line))),
            "heredoc_body" | "raw_string" | "string" | "ansi_c_string" | "herestring_redirect" => {
                let text = text_of(node, line);
                found.texts.push(if node.kind() == "heredoc_body" { text.to_owned() } else { unquoted(text).0 });
            }
            _ => {}
        }
        waiting.extend(children.into_iter().rev().map(|child| (child, depth + 1)));
    }
    if !found.whole {
        found.commands.extend(scraps(line));
    }
    let is_small = found.commands.iter().all(|command| command.words.len() <= MAX_WORDS);
    found.commands.sort_by_key(|command| command.span.start);
    is_small.then_some(found)
}

/// The line as the parser gets it: a letter for each byte of what is not ASCII, which to a shell is as good a part of a
/// word. The scanner of the grammar looks characters up in a table that is too short for them: `{` and a character
/// beyond the table would end the process.
fn ascii(line: &str) -> Cow<'_, str> {
    if line.is_ascii() {
        return Cow::Borrowed(line);
    }
    let tame = |c: char| match c {
        _ if c.is_ascii() => c,
        // To no shell, but whoever hid something behind one meant it so.
        _ if c.is_whitespace() => ' ',
        _ => STAND_IN,
    };
    Cow::Owned(line.chars().flat_map(|c| repeat_n(tame(c), c.len_utf8())).collect())
}

/// Whether the word that ends a here-document cannot be taken for another line once letters stand in.
fn is_plain_end(behind: &str) -> bool {
    let word = behind.trim_start_matches(['-', ' ', '\t', '\'', '"', '\\']);
    let word = word.split([' ', '\t', '\n', '\'', '"', ';', '&', '|', ')', '<', '>']).next().unwrap_or_default();
    word.is_ascii() && !word.is_empty() && !word.contains(STAND_IN)
}

/// What stands at a node; where it ends within a character, with all of that.
fn text_of<'a>(node: Node<'_>, line: &'a str) -> &'a str {
    let Range { start, end } = node.byte_range();
    line.get(line.floor_char_boundary(start)..line.ceil_char_boundary(end)).unwrap_or_default()
}

fn word(node: Node<'_>, line: &str) -> Word {
    let (text, dynamic) = unquoted(text_of(node, line));
    Word { text, dynamic, span: node.byte_range() }
}

/// Words of the command that stand behind the target of a redirection.
fn behind_redirection(node: Node<'_>, line: &str) -> Vec<Word> {
    let field = if node.kind() == "heredoc_redirect" { "argument" } else { "destination" };
    let skip = usize::from(node.kind() == "file_redirect");
    if !matches!(node.kind(), "file_redirect" | "heredoc_redirect") {
        return Vec::new();
    }
    node.children_by_field_name(field, &mut node.walk()).skip(skip).map(|child| word(child, line)).collect()
}

/// The file behind `<`.
fn opened_to_read(node: Node<'_>, line: &str) -> Option<String> {
    let mut cursor = node.walk();
    node.children(&mut cursor).find(|child| matches!(child.kind(), "<" | "<>"))?;
    Some(word(node.child_by_field_name("destination")?, line).text)
}

/// The file behind `>` and its kin; none for what only reads, and for numbers of open files.
fn redirect(node: Node<'_>, line: &str) -> Option<Redirect> {
    let mut cursor = node.walk();
    let operator = node.children(&mut cursor).map(|child| child.kind()).find(|kind| kind.contains('>'))?;
    let target = word(node.child_by_field_name("destination")?, line);
    let is_number = operator.ends_with('&') && target.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (!is_number).then_some(Redirect { target, appends: operator.contains(">>") })
}

/// Simple commands by the look of a text that is no shell grammar.
fn scraps(text: &str) -> Vec<Simple> {
    text.split([';', '|', '&', '(', ')', '{', '}', '<', '>', '`', '\n', '\r', '$', '=', '"', '\''])
        .map(|part| {
            let words = part.split_whitespace().map(|word| Word { text: unquoted(word).0, dynamic: false, span: 0..0 });
            Simple { words: words.collect(), span: usize::MAX..usize::MAX }
        })
        .filter(|command: &Simple| !command.words.is_empty())
        .collect()
}

/// A word without its quotes, and whether the shell expands something in it.
pub(super) fn unquoted(word: &str) -> (String, bool) {
    let (mut text, mut dynamic) = (String::new(), false);
    let mut chars = word.chars().peekable();
    let mut in_double = false;
    while let Some(c) = chars.next() {
        match c {
            '\'' if !in_double => text.extend(chars.by_ref().take_while(|c| *c != '\'')),
            '"' => in_double = !in_double,
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c) if in_double && !"$`\"\\".contains(c) => text.extend(['\\', c]),
                Some(c) => text.push(c),
                None => {}
            },
            '$' if !in_double && chars.peek() == Some(&'\'') => {
                chars.next();
                ansi_c(&mut chars, &mut text);
            }
            '$' if !in_double && chars.peek() == Some(&'"') => {}
            '$' | '`' => {
                dynamic = true;
                text.push(c);
            }
            '*' | '?' | '[' | '{' | '(' if !in_double => {
                dynamic = true;
                text.push(c);
            }
            '~' if text.is_empty() && !in_double => {
                dynamic = true;
                text.push(c);
            }
            c => text.push(c),
        }
    }
    (text, dynamic)
}

/// The inside of `$'…'`.
fn ansi_c(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, text: &mut String) {
    while let Some(c) = chars.next() {
        match c {
            '\'' => return,
            '\\' => {
                let (digits, radix, most) = match chars.next() {
                    Some('x') => (String::new(), 16, 2),
                    Some('u') => (String::new(), 16, 4),
                    Some('U') => (String::new(), 16, 8),
                    Some(digit @ '0'..='7') => (digit.to_string(), 8, 3),
                    Some('n') => {
                        text.push('\n');
                        continue;
                    }
                    Some('t') => {
                        text.push('\t');
                        continue;
                    }
                    Some(c) => {
                        text.push(c);
                        continue;
                    }
                    None => return,
                };
                let mut digits = digits;
                while digits.len() < most {
                    let Some(digit) = chars.next_if(|c| c.is_digit(radix)) else { break };
                    digits.push(digit);
                }
                text.extend(u32::from_str_radix(&digits, radix).ok().and_then(char::from_u32));
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(line: &str) -> Vec<String> {
        let first = |command: &Simple| command.words.first().map(|word| word.text.clone()).unwrap_or_default();
        read(line).unwrap().commands.iter().map(first).collect()
    }

    #[test]
    fn finds_commands_in_every_corner() {
        for line in [
            "rm",
            "a; rm",
            "a && rm",
            "a | rm",
            "a & rm",
            "a\nrm",
            "(rm)",
            "{ rm; }",
            "! rm",
            "a $(rm)",
            "a `rm`",
            "a \"$(rm)\"",
            "a <(rm)",
            "a >(rm)",
            "if rm; then a; fi",
            "if a; then rm; fi",
            "while rm; do a; done",
            "for i in $(rm); do a; done",
            "for i in a; do rm; done",
            "case a in b) rm;; esac",
            "f() { rm; }",
            "function f { rm; }",
            "X=$(rm)",
            "X=$(rm) a",
            "export X=$(rm)",
            "a > $(rm)",
            "a <<E\n$(rm)\nE\n",
            "a <<< $(rm)",
            "echo $((1+$(rm)))",
            "[[ -n $(rm) ]]",
            "a ${x:-$(rm)}",
            "x=(1 $(rm))",
            "\\rm",
            "'rm'",
            "r\"\"m",
            "$'rm'",
            "$'\\x72\\x6d'",
            "$'\\162m'",
            "a 2>x rm; rm",
            "a )) ; rm",
            "a ' ; rm",
            "if ; rm",
        ] {
            assert!(names(line).iter().any(|name| name == "rm"), "{line}: {:?}", read(line));
        }
    }

    #[test]
    fn hostile_sizes_are_refused_or_read_without_a_crash() {
        for piece in
            ["$(", "(", "((", "\"$(echo ", "{ ", "cat <<a ", "if a; then ", "`", "case a in a) ", "${a:-", "a[", "<("]
        {
            for n in [50, 500, 5000] {
                let line = piece.repeat(n);
                assert!(read(&line).is_none_or(|line| !line.whole || n < 100), "{piece} {n}");
            }
        }
        assert!(read(&"a;".repeat(MAX_COMMANDS + 2)).is_none());
        assert!(read(&"a|".repeat(MAX_BYTES / 2)).is_none() && read(&"a |& ".repeat(10_000)).is_none());
        assert!(read(&"a ".repeat(MAX_WORDS + 1)).is_none());
        assert!(read(&"a".repeat(MAX_BYTES + 1)).is_none());
    }
}
