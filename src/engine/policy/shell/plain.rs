//! The strict reading of a command line: only what means the same in every shell, or nothing at all.
//!
//! **For:** the words of a line that may be allowed. **Not for:** finding what a line might run (`tree`
//! does): this reading gives up at the first thing that is not plain.
//!
//! Invariants: nothing is expanded but the status of the last command, the variable of a `for` loop over words that
//! stand there, and patterns of file names, each marked as such for whoever judges; what is set is in the table of
//! `settings`; a here-document is taken as it stands. What it yields is what bash and zsh alike would run. It reads
//! each byte once, but for here-documents.

use std::iter::Peekable;
use std::ops::Range;
use std::str::CharIndices;

/// Bodies of here-documents.
mod here;
/// Assignments that change nothing but how a program speaks.
mod settings;
/// Where a redirection leads.
mod streams;
/// Words of the list's own grammar: blocks, loops, tests.
pub(super) mod structure;
/// One word: quotes, escapes, expansions.
mod word;

/// One word as the program gets it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PlainWord {
    /// With `$f` where a value stands.
    pub(super) text: String,
    pub(super) span: Range<usize>,
    pub(super) quoted: bool,
    /// The shell looks for names of files that fit.
    pub(super) is_pattern: bool,
    pub(super) uses: Vec<Use>,
}

/// A value in a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    /// Where in the text it stands.
    pub(super) at: Range<usize>,
    pub(super) of: Value,
    /// Inside double quotes: it stays one word.
    pub(super) quoted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// `$?` and its kin: a number.
    Status,
    /// The variable of the loop with this number.
    Loop(usize),
    /// The text of a here-document.
    Here(String),
}

/// How a command follows what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Joint {
    /// Whatever came before.
    #[default]
    After,
    /// Only when the one before succeeded.
    And,
    /// It gets what the one before writes.
    Pipe,
}

/// One simple command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PlainCommand {
    pub(super) words: Vec<PlainWord>,
    pub(super) joint: Joint,
    /// A pipe, `&` or `!` makes its own success or place another's affair.
    pub(super) is_apart: bool,
    /// Parentheses around it, each with a number of its own.
    pub(super) shells: Vec<usize>,
    /// It stands in a block that may not run, or run again.
    pub(super) in_block: bool,
    pub(super) in_loop: bool,
    /// It gets a here-document.
    pub(super) has_input: bool,
    /// Files that the shell opens for it.
    pub(super) reads: Vec<PlainWord>,
    pub(super) writes: Vec<PlainWord>,
    /// It only hands a here-document on: `$(cat <<'E' …)`.
    pub(super) is_text: bool,
    /// Something was set for it.
    pub(super) has_settings: bool,
}

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plain {
    pub(super) commands: Vec<PlainCommand>,
    /// The words of each `for`.
    pub(super) loops: Vec<Vec<PlainWord>>,
    /// Files that are opened for a whole block.
    pub(super) block_reads: Vec<PlainWord>,
    pub(super) block_writes: Vec<PlainWord>,
    /// Where every target of `>` stands.
    pub(super) targets: Vec<Range<usize>>,
}

/// The simple commands of a line, in order; the sentence says what is not plain about it.
pub(super) fn read(line: &str) -> Result<Plain, String> {
    let mut reader = Reader {
        line,
        chars: line.char_indices().peekable(),
        found: Plain::default(),
        command: PlainCommand::default(),
        inner: Vec::new(),
        place: Place::Start,
        redirected: false,
        is_empty: false,
        joint: Joint::After,
        negated: false,
        blocks: Vec::new(),
        n_shells: 0,
        here: Vec::new(),
    };
    reader.all()?;
    Ok(reader.found)
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

/// What is open around a command.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Block {
    Shell(usize),
    Group,
    If,
    /// `while` and `until`.
    While,
    For {
        variable: String,
        index: usize,
    },
}

/// A here-document whose body is still to come.
#[derive(Debug)]
struct Here {
    end: String,
    /// Tabs before its lines do not count.
    dashed: bool,
    /// Nothing in it is expanded.
    literal: bool,
}

struct Reader<'a> {
    line: &'a str,
    chars: Peekable<CharIndices<'a>>,
    found: Plain,
    command: PlainCommand,
    /// Commands inside words of the present one.
    inner: Vec<PlainCommand>,
    place: Place,
    /// A redirection stands before the first word.
    redirected: bool,
    /// Nothing stands in the group yet.
    is_empty: bool,
    /// How the next command follows.
    joint: Joint,
    negated: bool,
    blocks: Vec<Block>,
    n_shells: usize,
    here: Vec<Here>,
}

impl Reader<'_> {
    fn all(&mut self) -> Result<(), String> {
        while let Some(&(at, c)) = self.chars.peek() {
            match c {
                ' ' | '\t' => {
                    self.chars.next();
                }
                '\\' if self.line[at..].starts_with("\\\n") => {
                    self.chars.next();
                    self.chars.next();
                }
                '\n' => {
                    self.chars.next();
                    // Behind an operator a line goes on.
                    let ends = self.place != Place::Start;
                    self.end_command()?;
                    if ends {
                        self.joint = Joint::After;
                    }
                    self.bodies()?;
                }
                ';' | '&' | '|' => self.operator(at, c)?,
                '(' if self.place == Place::Start => self.open_shell()?,
                ')' => {
                    self.chars.next();
                    self.end_command()?;
                    self.close_shell()?;
                }
                '<' | '>' => self.redirection()?,
                '#' => self.comment(at)?,
                _ => self.word(at)?,
            }
        }
        self.end_command()?;
        if !self.here.is_empty() {
            return Err("a here-document has no end".into());
        }
        if self.blocks.is_empty() { Ok(()) } else { Err("a group or a block has no end".into()) }
    }

    fn comment(&mut self, at: usize) -> Result<(), String> {
        if !(at == 0 || self.line[..at].ends_with([' ', '\t', '\n'])) {
            return Err("it has a “#” that not every shell takes for a comment".into());
        }
        let mut last = '#';
        while let Some((_, c)) = self.chars.next_if(|&(_, c)| c != '\n') {
            last = word::quotable(c)?;
        }
        if last == '\\' { Err("a comment ends in a backslash".into()) } else { Ok(()) }
    }

    fn end_command(&mut self) -> Result<(), String> {
        // Some shells run a program of their own choice then.
        if std::mem::take(&mut self.redirected) {
            return Err("it redirects without a command".into());
        }
        let mut command = std::mem::take(&mut self.command);
        if command.words.is_empty() {
            let is_bare = command.has_settings || command.has_input || !command.reads.is_empty();
            if is_bare || !command.writes.is_empty() {
                return Err("it sets or redirects something without a command".into());
            }
        } else {
            structure::is_closed_test(&command)?;
            command.joint = std::mem::replace(&mut self.joint, Joint::After);
            command.is_apart |= std::mem::take(&mut self.negated) || command.joint == Joint::Pipe;
            let shells = self.blocks.iter().filter_map(|block| match block {
                Block::Shell(number) => Some(*number),
                Block::Group | Block::If | Block::While | Block::For { .. } => None,
            });
            command.shells = shells.collect();
            let since_shell = self.blocks.iter().rev().take_while(|block| !matches!(block, Block::Shell(_)));
            command.in_block = since_shell.clone().next().is_some();
            command.in_loop = since_shell.into_iter().any(|block| matches!(block, Block::While | Block::For { .. }));
            for inner in &mut self.inner {
                inner.shells.clone_from(&command.shells);
                (inner.in_block, inner.in_loop) = (command.in_block, command.in_loop);
            }
            self.found.commands.push(command);
            self.found.commands.append(&mut self.inner);
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
        let n_before = self.found.commands.len();
        let was_closed = self.place == Place::Closed;
        self.end_command()?;
        self.joint = match &rest[..length] {
            "&&" if !was_closed => Joint::And,
            "|" | "|&" => Joint::Pipe,
            _ => Joint::After,
        };
        let is_apart = self.joint == Joint::Pipe || &rest[..length] == "&";
        for command in self.found.commands.iter_mut().skip(n_before) {
            command.is_apart |= is_apart;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
