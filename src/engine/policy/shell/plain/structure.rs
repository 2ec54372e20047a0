//! The list's own grammar: groups, blocks, loops, and what may be a word where.

use super::Block;
use super::Joint;
use super::Place;
use super::PlainCommand;
use super::PlainWord;
use super::Reader;
use super::settings;

/// Words that only shape a list of commands.
const SHAPES: [&str; 12] = ["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "{", "}", "!"];
/// Shapes after which no further word may stand.
const CLOSES: [&str; 3] = ["fi", "done", "}"];
/// Words that begin something which is not a plain list.
const TOO_MUCH: [&str; 9] = ["for", "case", "esac", "select", "function", "coproc", "repeat", "foreach", "in"];
const BRACES: &str = "it has braces that a shell may expand";

/// Names of loop variables of more than two letters. Others may mean something to a shell: `path` does to zsh.
const VARIABLES: &[&str] = &[
    "file",
    "files",
    "dir",
    "dirs",
    "folder",
    "name",
    "names",
    "item",
    "line",
    "test",
    "tests",
    "pkg",
    "package",
    "crate",
    "mod",
    "module",
    "lib",
    "app",
    "service",
    "svc",
    "repo",
    "branch",
    "tag",
    "commit",
    "rev",
    "sha",
    "hash",
    "url",
    "host",
    "port",
    "addr",
    "lang",
    "locale",
    "ext",
    "num",
    "idx",
    "index",
    "count",
    "step",
    "attempt",
    "try",
    "size",
    "key",
    "val",
    "value",
    "arg",
    "word",
    "src",
    "dst",
    "target",
    "tool",
    "cmd",
    "bin",
    "prog",
    "img",
    "image",
    "page",
    "doc",
    "spec",
    "case_name",
    "suite",
    "version",
    "ver",
    "day",
    "year",
    "month",
    "env_name",
    "user_name",
    "table",
    "col",
    "field",
    "model",
    "config",
    "log",
    "txt",
    "json",
    "yaml",
    "yml",
    "md",
    "rs",
    "py",
    "js",
    "ts",
    "entry",
    "elem",
    "node",
    "id",
    "pid_file",
    "component",
    "feature",
    "project",
    "path_name",
];

impl Reader<'_> {
    pub(super) fn open_shell(&mut self) -> Result<(), String> {
        self.chars.next();
        if self.chars.peek().is_some_and(|&(_, c)| c == '(') {
            return Err("it may compute something".into());
        }
        if self.command.has_settings {
            return Err("a variable is set before a group".into());
        }
        self.n_shells += 1;
        self.blocks.push(Block::Shell(self.n_shells));
        self.is_empty = true;
        Ok(())
    }

    pub(super) fn close_shell(&mut self) -> Result<(), String> {
        match self.blocks.pop() {
            Some(Block::Shell(_)) => self.close(),
            _ => Err("a parenthesis closes nothing".into()),
        }
    }

    /// At the end of a group or a block, which needs something in it.
    fn close(&mut self) -> Result<(), String> {
        self.place = Place::Closed;
        self.joint = Joint::After;
        self.negated = false;
        if self.is_empty { Err("a group in it is empty".into()) } else { Ok(()) }
    }

    pub(super) fn take(&mut self, word: PlainWord) -> Result<(), String> {
        let text = word.text.clone();
        let bare = if word.quoted || !word.uses.is_empty() { "" } else { text.as_str() };
        let is_free = self.command.words.is_empty() && !self.command.has_settings;
        match self.place {
            Place::Start | Place::Closed if CLOSES.contains(&bare) && is_free => self.close_block(bare),
            Place::Closed => Err(format!("“{text}” stands where only an operator may")),
            Place::Start if bare == "for" && is_free && !self.redirected => self.for_loop(),
            Place::Start if TOO_MUCH.contains(&bare) => Err(format!("it uses “{bare}”")),
            Place::Start if self.redirected && SHAPES.contains(&bare) => Err("it redirects before a command".into()),
            Place::Start if SHAPES.contains(&bare) && !is_free => Err(format!("“{bare}” stands where a program must")),
            Place::Start if bare == "!" => {
                self.negated = true;
                Ok(())
            }
            Place::Start if SHAPES.contains(&bare) => self.open_block(bare),
            Place::Words if ["{", "}"].contains(&bare) => Err("a brace stands among the words".into()),
            Place::Start if word.text.contains('=') && word.uses.is_empty() && !word.is_pattern => {
                // A quoted name is no name.
                let name = word.text.split_inclusive('=').next().unwrap_or_default();
                if !self.line[word.span.clone()].starts_with(name) {
                    return Err("a variable is set before the command".into());
                }
                settings::is_harmless(&word.text)?;
                if self.redirected {
                    return Err("it redirects before a command".into());
                }
                self.command.has_settings = true;
                Ok(())
            }
            Place::Start if word.text.contains('=') => Err("a variable is set before the command".into()),
            Place::Start | Place::Words
                if bare.contains(['{', '}']) && !is_reflog(bare) && !(bare == "{}" && self.place == Place::Words) =>
            {
                Err(BRACES.into())
            }
            Place::Start if !word.uses.is_empty() || word.is_pattern || !word.text.is_ascii() => {
                Err("the name of a program is not plain".into())
            }
            Place::Start | Place::Words => {
                self.command.words.push(word);
                (self.redirected, self.is_empty) = (false, false);
                self.place = Place::Words;
                Ok(())
            }
        }
    }

    fn open_block(&mut self, shape: &str) -> Result<(), String> {
        let block = match shape {
            "if" => Block::If,
            "while" | "until" => Block::While,
            "{" => Block::Group,
            // `then`, `else`, `elif`, `do`: the next part of what is open.
            _ => {
                let fits = match self.blocks.last() {
                    Some(Block::If) => ["then", "else", "elif"].contains(&shape),
                    Some(Block::While | Block::For { .. }) => shape == "do",
                    Some(Block::Shell(_) | Block::Group) | None => false,
                };
                self.is_empty = true;
                self.joint = Joint::After;
                return if fits { Ok(()) } else { Err(format!("“{shape}” stands where nothing needs it")) };
            }
        };
        self.blocks.push(block);
        self.joint = Joint::After;
        self.is_empty = true;
        Ok(())
    }

    fn close_block(&mut self, shape: &str) -> Result<(), String> {
        let fits = matches!(
            (self.blocks.pop(), shape),
            (Some(Block::If), "fi") | (Some(Block::While | Block::For { .. }), "done") | (Some(Block::Group), "}")
        );
        if fits { self.close() } else { Err(format!("“{shape}” closes nothing")) }
    }

    /// Behind `for`: a name, `in`, and words that stand there.
    fn for_loop(&mut self) -> Result<(), String> {
        let variable = self.bare_name();
        let is_known = variable.len() <= 2 && !variable.is_empty() || VARIABLES.contains(&variable.as_str());
        if !is_known {
            return Err(format!("adjutant does not know what a shell does with a variable “{variable}”"));
        }
        if self.bare_name() != "in" {
            return Err("a loop has no words to go through".into());
        }
        let mut words = Vec::new();
        loop {
            self.blanks();
            match self.chars.peek().copied() {
                Some((_, ';' | '\n')) if !words.is_empty() => {
                    self.chars.next();
                    break;
                }
                Some((_, c)) if " \t\n;&|()<>#\\".contains(c) => return Err("a loop has no plain words".into()),
                Some((at, _)) => {
                    let word = self.one_word(at)?;
                    if !word.uses.is_empty() {
                        return Err("the words of a loop are not known".into());
                    }
                    let is_range = !word.quoted && range(&word.text).is_some();
                    if word.text.contains(['{', '}']) && !is_range {
                        return Err(BRACES.into());
                    }
                    words.push(word);
                }
                None => return Err("a loop has no end".into()),
            }
        }
        self.found.loops.push(words);
        self.blocks.push(Block::For { variable, index: self.found.loops.len() - 1 });
        self.joint = Joint::After;
        self.place = Place::Start;
        self.is_empty = true;
        // Blanks and line ends, then `do`.
        while self.chars.next_if(|&(_, c)| " \t\n".contains(c)).is_some() {}
        if self.bare_name() == "do" { Ok(()) } else { Err("a loop has no body".into()) }
    }

    /// The loop that a variable is of; the innermost counts.
    pub(super) fn loop_of(&self, name: &str) -> Option<usize> {
        self.blocks.iter().rev().find_map(|block| match block {
            Block::For { variable, index } if variable == name => Some(*index),
            Block::Shell(_) | Block::Group | Block::If | Block::While | Block::For { .. } => None,
        })
    }

    pub(super) fn blanks(&mut self) {
        while self.chars.next_if(|&(_, c)| c == ' ' || c == '\t').is_some() {}
    }

    /// Small letters, digits and lines, behind blanks.
    pub(super) fn bare_name(&mut self) -> String {
        self.blanks();
        let mut name = String::new();
        while let Some((_, c)) = self.chars.next_if(|&(_, c)| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
        {
            name.push(c);
        }
        let ends = self.chars.peek().is_none_or(|&(_, c)| " \t\n;".contains(c));
        if ends && !name.starts_with(|c: char| c.is_ascii_digit()) { name } else { String::new() }
    }
}

/// A test that begins with a bracket ends in one.
pub(super) fn is_closed_test(command: &PlainCommand) -> Result<(), String> {
    let text = |word: Option<&PlainWord>| word.map(|word| word.text.clone()).unwrap_or_default();
    let (first, last) = (text(command.words.first()), text(command.words.last()));
    let is_closed = match first.as_str() {
        "[" => last == "]",
        "[[" => last == "]]",
        _ => true,
    };
    if is_closed { Ok(()) } else { Err(format!("“{first}” has no end")) }
}

/// `{1..5}`: the numbers that it stands for, if they are few.
pub(in crate::engine::policy::shell) fn range(word: &str) -> Option<std::ops::RangeInclusive<u32>> {
    let (from, to) = word.strip_prefix('{')?.strip_suffix('}')?.split_once("..")?;
    let number = |text: &str| {
        let is_plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| is_plain && (text == "0" || !text.starts_with('0')))
    };
    let (from, to): (u32, u32) = (number(from)?, number(to)?);
    (from <= to && to - from < 100).then_some(from..=to)
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
