//! What the words of a command may be once the shell has put values and names of files in.
//!
//! **For:** loops over words that stand in the line, and patterns of file names given to programs that only read.
//! **Not for:** any other expansion: the strict reading has none.
//!
//! Invariants: more names may be found than the shell would find, never fewer; what would be too many is not judged.

use std::path::Path;
use std::path::PathBuf;

use globset::GlobBuilder;
use globset::GlobMatcher;

use super::Ground;
use super::plain::PlainWord;
use super::plain::Value;
use super::plain::structure::range;

/// Ways in which one command of a loop may run.
const MAX_VARIANTS: usize = 400;
/// Names that one pattern may stand for.
const MAX_NAMES: usize = 2000;
/// Entries that are looked at for it.
const MAX_LOOKED_AT: usize = 20_000;

/// Every form that the words may take in a directory.
pub(super) fn variants(
    words: &[PlainWord],
    loops: &[Vec<PlainWord>],
    ground: &Ground<'_>,
) -> Result<Vec<Vec<PlainWord>>, String> {
    let mut used: Vec<usize> = Vec::new();
    for part in words.iter().flat_map(|word| &word.uses) {
        if let Value::Loop(index) = part.of
            && !used.contains(&index)
        {
            used.push(index);
        }
    }
    let mut rounds: Vec<Vec<(usize, String)>> = vec![Vec::new()];
    for index in used {
        let values = values(loops.get(index).map(Vec::as_slice).unwrap_or_default(), ground)?;
        rounds = rounds
            .into_iter()
            .flat_map(|round| {
                values
                    .iter()
                    .map(move |value| round.iter().cloned().chain([(index, value.clone())]).collect::<Vec<_>>())
            })
            .collect();
        if rounds.len() > MAX_VARIANTS {
            return Err("its loops go through too much".into());
        }
    }
    rounds.iter().map(|round| filled(words, round, ground)).collect()
}

/// What the words of a loop stand for.
fn values(words: &[PlainWord], ground: &Ground<'_>) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for word in words {
        if word.is_pattern {
            all.extend(names(&word.text, ground)?);
        } else if let Some(numbers) = range(&word.text).filter(|_| !word.quoted) {
            all.extend(numbers.map(|number| number.to_string()));
        } else {
            all.push(word.text.clone());
        }
    }
    Ok(all)
}

/// The words with values in the place of variables, and names in the place of patterns.
fn filled(words: &[PlainWord], round: &[(usize, String)], ground: &Ground<'_>) -> Result<Vec<PlainWord>, String> {
    let mut all = Vec::with_capacity(words.len());
    for word in words {
        if word.is_pattern {
            let name = |text| PlainWord { text, quoted: true, span: word.span.clone(), ..PlainWord::default() };
            all.extend(names(&word.text, ground)?.into_iter().map(name));
            continue;
        }
        let mut text = word.text.clone();
        for part in word.uses.iter().rev() {
            let value = match &part.of {
                Value::Here(_) => continue,
                Value::Status => "0",
                Value::Loop(index) => {
                    let value = round.iter().find(|(of, _)| of == index).map(|(_, value)| value.as_str());
                    let value = value.ok_or("a variable has no value")?;
                    // Outside quotes some shells cut it and look for names.
                    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
                    if !part.quoted && (value.is_empty() || !value.chars().all(is_plain)) {
                        return Err(format!("“{value}” stands outside quotes in the loop"));
                    }
                    value
                }
            };
            text.replace_range(part.at.clone(), value);
        }
        all.push(PlainWord { text, uses: Vec::new(), ..word.clone() });
    }
    Ok(all)
}

/// Every name that a pattern may stand for, and the pattern itself when there is none.
fn names(pattern: &str, ground: &Ground<'_>) -> Result<Vec<String>, String> {
    let (named, rest) = split(pattern);
    let mut looked_at = 0;
    ground.inside(if named.is_empty() { "." } else { named })?;
    let mut found = vec![named.to_owned()];
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    for part in parts {
        let mut next = Vec::new();
        let matcher = GlobBuilder::new(part).case_insensitive(true).build().map(|glob| glob.compile_matcher());
        let matcher = matcher.map_err(|_| format!("“{pattern}” is no pattern"))?;
        for folder in &found {
            if part == "**" {
                below(folder, ground, &mut next, &mut looked_at)?;
            }
            level(folder, &matcher, part, ground, &mut next, &mut looked_at)?;
        }
        next.sort();
        next.dedup();
        found = next;
        if found.len() > MAX_NAMES || looked_at > MAX_LOOKED_AT {
            return Err(format!("“{pattern}” stands for too many files"));
        }
    }
    if found.is_empty() { Ok(vec![pattern.to_owned()]) } else { Ok(found) }
}

/// The folder that stands before the first wildcard, with its slash.
fn split(pattern: &str) -> (&str, &str) {
    let first = pattern.find(['*', '?']).unwrap_or(pattern.len());
    let slash = pattern[..first].rfind('/').map_or(0, |at| at + 1);
    pattern.split_at(slash)
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() || folder.ends_with('/') { format!("{folder}{name}") } else { format!("{folder}/{name}") }
}

fn entries(folder: &str, ground: &Ground<'_>) -> Vec<(String, PathBuf)> {
    let place = if folder.is_empty() { ground.directory.to_path_buf() } else { ground.directory.join(folder) };
    let Ok(read) = std::fs::read_dir(place) else { return Vec::new() };
    read.flatten().map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())).collect()
}

fn level(
    folder: &str,
    matcher: &GlobMatcher,
    part: &str,
    ground: &Ground<'_>,
    found: &mut Vec<String>,
    looked_at: &mut usize,
) -> Result<(), String> {
    let is_pattern = part.contains(['*', '?']);
    if !is_pattern {
        let name = joined(folder, part);
        if ground.exists(&name) {
            found.push(name);
        }
        return Ok(());
    }
    for (name, _) in entries(folder, ground) {
        *looked_at += 1;
        if matcher.is_match(&name) {
            found.push(joined(folder, &name));
        }
        if *looked_at > MAX_LOOKED_AT {
            return Err("a pattern stands for too many files".into());
        }
    }
    Ok(())
}

/// Every folder below, and the folder itself: what `**` may stand for.
fn below(folder: &str, ground: &Ground<'_>, found: &mut Vec<String>, looked_at: &mut usize) -> Result<(), String> {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for (name, path) in entries(&folder, ground) {
            *looked_at += 1;
            if *looked_at > MAX_LOOKED_AT {
                return Err("a pattern stands for too many files".into());
            }
            if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
                waiting.push(joined(&folder, &name));
            }
        }
        found.push(folder);
    }
    Ok(())
}

/// Every file below a place, links not followed: what a program that lists files may print.
pub(super) fn files_below(place: &str, ground: &Ground<'_>) -> Result<Vec<String>, String> {
    ground.inside(place)?;
    let mut found = Vec::new();
    let mut waiting = vec![place.trim_end_matches('/').to_owned()];
    let mut looked_at = 0;
    if !ground.directory.join(place).is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    while let Some(folder) = waiting.pop() {
        for (name, path) in entries(&folder, ground) {
            looked_at += 1;
            if looked_at > MAX_LOOKED_AT {
                return Err(format!("there are too many files below “{place}” to look at each"));
            }
            let is_folder = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
            let name = joined(&folder, &name);
            if is_folder && Path::new(&name).file_name().is_none_or(|name| name != ".git") {
                waiting.push(name);
            } else {
                found.push(name);
            }
        }
    }
    Ok(found)
}
