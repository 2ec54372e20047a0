//! The words of a searching program, read so far as it takes to tell what it would print.

use std::path::Path;
use std::path::PathBuf;

use globset::Glob;

use super::Search;
use crate::config::places::below_home;
use crate::engine::policy::shell;

/// How the program reads a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Syntax {
    /// Of `grep`: a bare parenthesis is a character.
    Basic,
    Extended,
    Fixed,
}

/// What one of the programs is like.
#[derive(Clone, Copy)]
struct Kind {
    /// Letters of options that take a value.
    valued: &'static str,
    syntax: Syntax,
    /// It looks into folders without being told.
    is_recursive: bool,
    sees_hidden: bool,
    /// As one that looks into folders by itself has it: then `-L` follows links.
    minds_ignore_files: bool,
}

/// Long options of these programs that take a value in the next word.
const VALUED: [&str; 20] = [
    "--regexp",
    "--file",
    "--max-count",
    "--after-context",
    "--before-context",
    "--context",
    "--glob",
    "--iglob",
    "--type",
    "--type-not",
    "--include",
    "--exclude",
    "--exclude-dir",
    "--max-depth",
    "--max-columns",
    "--threads",
    "--encoding",
    "--color",
    "--sort",
    "--replace",
];
/// Options that have only names or numbers printed, or nothing.
const PRINTS_NO_LINE: [&str; 9] = [
    "--files-with-matches",
    "--files-without-match",
    "--count",
    "--count-matches",
    "--quiet",
    "--silent",
    "--files",
    "--type-list",
    "--name-only",
];

/// The search that a command is; `None` when it is none, or prints no line.
pub(super) fn read(words: &[String], here: &Path) -> Option<Search> {
    let program = shell::name(words.first()?);
    let at = |path: &str| below_home(path).unwrap_or_else(|| here.join(path));
    let grep = Kind {
        valued: "efmABCdD",
        syntax: Syntax::Basic,
        is_recursive: false,
        sees_hidden: true,
        minds_ignore_files: false,
    };
    let rg = Kind {
        valued: "efmABCgtTjMErd",
        syntax: Syntax::Extended,
        is_recursive: true,
        sees_hidden: false,
        minds_ignore_files: true,
    };
    match program.as_str() {
        "grep" => search(&words[1..], here, grep),
        "egrep" | "zgrep" => search(&words[1..], here, Kind { syntax: Syntax::Extended, ..grep }),
        "fgrep" => search(&words[1..], here, Kind { syntax: Syntax::Fixed, ..grep }),
        "rgrep" => search(&words[1..], here, Kind { is_recursive: true, ..grep }),
        "rg" => search(&words[1..], here, rg),
        "ag" | "ack" => search(&words[1..], here, Kind { valued: "ABCGgm", ..rg }),
        "git" => {
            let mut here = here.to_owned();
            let mut rest = words[1..].iter();
            loop {
                match rest.next()?.as_str() {
                    "grep" => break,
                    "-C" => here = here.join(rest.next()?),
                    "-c" => {
                        rest.next()?;
                    }
                    option if option.starts_with('-') => {}
                    _ => return None,
                }
            }
            search(rest.as_slice(), &here, Kind { is_recursive: true, valued: "efmABCO", ..grep })
        }
        "diff" => {
            let is_recursive = |word: &String| {
                word == "--recursive" || (word.starts_with('-') && !word.starts_with("--") && word.contains('r'))
            };
            let names_only = words.iter().any(|word| ["-q", "--brief", "-rq", "-qr"].contains(&word.as_str()));
            let places: Vec<PathBuf> =
                words[1..].iter().filter(|word| !word.starts_with('-')).map(|word| at(word)).collect();
            (words.iter().any(is_recursive) && !names_only).then(|| Search::of_everything(places))
        }
        _ => None,
    }
}

fn search(words: &[String], here: &Path, kind: Kind) -> Option<Search> {
    let follows_with_l = kind.minds_ignore_files;
    let Kind { valued, mut syntax, mut is_recursive, mut sees_hidden, mut minds_ignore_files } = kind;
    let mut patterns: Vec<String> = Vec::new();
    let mut operands: Vec<&str> = Vec::new();
    let mut search = Search::of_everything(Vec::new());
    let (mut whole_word, mut inverted, mut is_file_of_patterns, mut only_operands) = (false, false, false, false);
    let mut rest = words.iter().map(String::as_str);
    while let Some(word) = rest.next() {
        if only_operands || !word.starts_with('-') || word == "-" {
            operands.push(word);
            continue;
        }
        if word == "--" {
            only_operands = true;
            continue;
        }
        let (letters, long, value): (&str, &str, Option<&str>) = if word.starts_with("--") {
            let (name, attached) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            ("", name, if attached.is_none() && VALUED.contains(&name) { rest.next() } else { attached })
        } else {
            let letters = &word[1..];
            match letters.char_indices().find(|(_, letter)| valued.contains(*letter)) {
                Some((place, letter)) => {
                    let attached = &letters[place + letter.len_utf8()..];
                    let value = if attached.is_empty() { rest.next() } else { Some(attached) };
                    (&letters[..place + letter.len_utf8()], "", value)
                }
                None => (letters, "", None),
            }
        };
        let last = letters.chars().next_back().filter(|letter| valued.contains(*letter));
        let is = |short: char, name: &str| letters.contains(short) || long == name;
        let takes = |short: char, name: &str| last == Some(short) || long == name;
        let lists = if follows_with_l { &['l', 'q', 'c'][..] } else { &['l', 'L', 'q', 'c'] };
        if PRINTS_NO_LINE.contains(&long) || letters.contains(lists) {
            return None;
        }
        search.follows_links |=
            is('R', "--dereference-recursive") || long == "--follow" || (follows_with_l && letters.contains('L'));
        if takes('e', "--regexp") {
            patterns.extend(value.map(str::to_owned));
        }
        is_file_of_patterns |= takes('f', "--file");
        is_recursive |= is('r', "--recursive") || is('R', "--dereference-recursive") || value == Some("recurse");
        search.ignores_case |= is('i', "--ignore-case") || is('S', "--smart-case") || is('y', "--no-case");
        whole_word |= is('w', "--word-regexp");
        inverted |= is('v', "--invert-match");
        if is('F', "--fixed-strings") {
            syntax = Syntax::Fixed;
        } else if is('E', "--extended-regexp") || is('P', "--perl-regexp") {
            syntax = Syntax::Extended;
        }
        sees_hidden |= is('.', "--hidden") || letters.matches('u').count() > 1 || long == "--unrestricted";
        minds_ignore_files &= !(letters.contains('u') || long.starts_with("--no-ignore") || long == "--unrestricted");
        let glob =
            || value.and_then(|value| Glob::new(value.trim_start_matches('!')).ok()).map(|glob| glob.compile_matcher());
        let is_glob = last == Some('g') || ["--glob", "--iglob", "--include"].contains(&long);
        if ["--exclude", "--exclude-dir"].contains(&long)
            || (is_glob && value.is_some_and(|value| value.starts_with('!')))
        {
            search.never.extend(glob());
        } else if is_glob {
            search.only.extend(glob());
        }
        search.with_ending |= takes('t', "--type");
    }
    if !is_recursive {
        return None;
    }
    if patterns.is_empty() && !is_file_of_patterns {
        if operands.is_empty() {
            return None;
        }
        patterns.push(operands.remove(0).to_owned());
    }
    let place = |operand: &&str| below_home(operand).unwrap_or_else(|| here.join(operand));
    search.places = operands.iter().map(place).filter(|place| place.exists()).collect();
    if search.places.is_empty() {
        search.places.push(here.to_owned());
    }
    let bare = |pattern: &String| {
        let pattern = pattern.split('\n').map(|line| translated(line, syntax)).collect::<Vec<_>>().join("|");
        if whole_word { format!(r"\b(?:{pattern})\b") } else { pattern }
    };
    let is_told = !inverted && !is_file_of_patterns;
    search.pattern = is_told.then(|| patterns.iter().map(bare).collect::<Vec<_>>().join("|"));
    (search.sees_hidden, search.minds_ignore_files) = (sees_hidden, minds_ignore_files);
    Some(search)
}

/// A pattern as the `regex` crate reads it.
fn translated(pattern: &str, syntax: Syntax) -> String {
    match syntax {
        Syntax::Extended => pattern.to_owned(),
        Syntax::Fixed => regex::escape(pattern),
        Syntax::Basic => {
            let mut out = String::new();
            let mut chars = pattern.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' => match chars.next() {
                        Some(special @ ('|' | '(' | ')' | '{' | '}' | '+' | '?')) => out.push(special),
                        Some(other) => out.extend(['\\', other]),
                        None => out.push_str(r"\\"),
                    },
                    '|' | '(' | ')' | '{' | '}' | '+' | '?' => out.extend(['\\', c]),
                    c => out.push(c),
                }
            }
            out
        }
    }
}
