//! `… | xargs PROGRAM`: a program that only reads, given names of files that another program lists.
//!
//! **For:** finding out which names these may be, so that the program can be judged as if they stood there. **Not for:**
//! anything else on the input: what a file says is not known.
//!
//! Invariants: more names are taken than may come, never fewer; a name that `xargs` would cut or that looks like an
//! option is judged as such or not at all.

use globset::GlobBuilder;
use globset::GlobMatcher;

use super::Ground;
use super::expand;
use super::plain::Joint;
use super::plain::PlainCommand;
use super::plain::PlainWord;

/// Programs that hand on lines as they are, or leave some out.
const FILTERS: [&str; 5] = ["head", "tail", "sort", "uniq", "grep"];
/// Options of `grep` with which its output is something else.
const CHANGES_LINES: &str = "oclLnHbABCZ";
/// Options of `xargs` that only say how many at once.
const COUNTS: [&str; 6] = ["-n", "-P", "-L", "--max-args", "--max-procs", "--max-lines"];
/// Names that one call is given.
const MAX_NAMES: usize = 3000;

/// The command that `xargs` would run, with every name that it may be given.
pub(super) fn unfolded(all: &[PlainCommand], at: usize, ground: &Ground<'_>) -> Result<Vec<PlainWord>, String> {
    let command = &all[at];
    let (start, by_nulls, placeholder) = options(&command.words)?;
    let inner = &command.words[start..];
    if inner.is_empty() {
        return Err("xargs names no program".into());
    }
    let names = names(all, at, ground)?;
    if names.len() > MAX_NAMES {
        return Err("xargs is given too many files to look at each".into());
    }
    let cuts = |c: char| c.is_whitespace() || "'\"\\".contains(c);
    if let Some(odd) = names.iter().find(|name| name.is_empty() || (!by_nulls && name.contains(cuts))) {
        return Err(format!("xargs would not take “{odd}” as one name"));
    }
    let word = |text: String| PlainWord { text, quoted: true, ..PlainWord::default() };
    let Some(placeholder) = placeholder else {
        return Ok(inner.iter().cloned().chain(names.into_iter().map(word)).collect());
    };
    if inner[0].text.contains(&placeholder) {
        return Err("xargs would make up the program".into());
    }
    let mut words = Vec::new();
    for part in inner {
        if part.text.contains(&placeholder) {
            words.extend(names.iter().map(|name| word(part.text.replace(&placeholder, name))));
        } else {
            words.push(part.clone());
        }
    }
    Ok(words)
}

/// Where its command begins, whether names end in a null byte, and what stands for a name.
fn options(words: &[PlainWord]) -> Result<(usize, bool, Option<String>), String> {
    let (mut at, mut by_nulls, mut placeholder) = (1, false, None);
    while let Some(text) = words.get(at).map(|word| word.text.as_str()).filter(|text| text.starts_with('-')) {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let next = words.get(at + 1).map(|word| word.text.as_str()).unwrap_or_default();
        match text {
            "-0" | "--null" => by_nulls = true,
            "-r" | "-t" | "--no-run-if-empty" | "--verbose" => {}
            "-I" if !next.is_empty() && !next.starts_with('-') => {
                placeholder = Some(next.to_owned());
                at += 1;
            }
            "-I{}" => placeholder = Some("{}".to_owned()),
            _ if COUNTS.contains(&text) && is_number(next) => at += 1,
            _ if ["-n", "-P", "-L"].iter().any(|option| text.strip_prefix(option).is_some_and(is_number)) => {}
            _ => return Err(format!("{text} is not among the options of xargs that are known")),
        }
        at += 1;
    }
    Ok((at, by_nulls, placeholder))
}

/// Every name that may come through the pipe.
fn names(all: &[PlainCommand], at: usize, ground: &Ground<'_>) -> Result<Vec<String>, String> {
    let mut at = at;
    loop {
        if all[at].joint != Joint::Pipe || at == 0 {
            return Err("what xargs is given is not known".into());
        }
        at -= 1;
        let command = &all[at];
        let is_whole = command.reads.is_empty() && !command.has_input && !command.is_text;
        let words: Vec<&str> = command.words.iter().map(|word| word.text.as_str()).collect();
        let is_known = command.words.iter().all(|word| word.uses.is_empty() && !word.is_pattern);
        if !is_whole || !is_known {
            return Err("what xargs is given is not known".into());
        }
        if FILTERS.contains(&words[0]) && command.joint == Joint::Pipe && is_filter(&words) {
            continue;
        }
        return listed(&words, ground);
    }
}

/// Whether it hands lines on unchanged; it has no file of its own to print.
fn is_filter(words: &[&str]) -> bool {
    let options = || words[1..].iter().filter(|word| word.starts_with('-'));
    let operands: Vec<&&str> = words[1..].iter().filter(|word| !word.starts_with('-')).collect();
    match words[0] {
        "grep" => {
            let changes = |word: &&&str| word.starts_with("--") || word.contains(|c| CHANGES_LINES.contains(c));
            operands.len() == 1 && !options().any(|word| changes(&word))
        }
        "head" | "tail" => {
            let is_number = |word: &&&str| word.bytes().all(|byte| byte.is_ascii_digit());
            operands.iter().all(is_number) && !options().any(|word| word.contains('c') || word.contains('v'))
        }
        "sort" => operands.is_empty(),
        "uniq" => operands.is_empty() && !options().any(|word| word.contains('c')),
        _ => false,
    }
}

/// Options of searches whose value is the next word.
const VALUES: [&str; 16] = [
    "-g",
    "-t",
    "-e",
    "-m",
    "-A",
    "-B",
    "-C",
    "--glob",
    "--type",
    "-d",
    "-E",
    "--include",
    "-T",
    "--exclude",
    "-x",
    "-r",
];

/// What a program that lists files may print.
fn listed(words: &[&str], ground: &Ground<'_>) -> Result<Vec<String>, String> {
    let unknown = || Err(format!("what {} prints is not known", words.join(" ")));
    let operands = |from: usize, with_value: &[&str]| -> Vec<String> {
        let mut found = Vec::new();
        let mut at = from;
        while let Some(word) = words.get(at) {
            if with_value.contains(word) {
                at += 1;
            } else if !word.starts_with('-') {
                found.push((*word).to_owned());
            }
            at += 1;
        }
        found
    };
    let below = |places: Vec<String>| -> Result<Vec<String>, String> {
        let places = if places.is_empty() { vec![String::from(".")] } else { places };
        let mut all = Vec::new();
        for place in places {
            all.extend(expand::files_below(&place, ground)?);
        }
        Ok(all)
    };
    // Some print names as they are, some with `./` before them.
    let bare = |names: Vec<String>| -> Vec<String> {
        names.into_iter().map(|name| name.strip_prefix("./").map_or(name.clone(), str::to_owned)).collect()
    };
    let has = |option: &str| words.contains(&option);
    let letters = |letter: char| {
        words[1..].iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter))
    };
    match words {
        ["find", rest @ ..] => {
            let n_places = rest.iter().take_while(|word| !word.starts_with(['-', '(', '!'])).count();
            let places = rest[..n_places].iter().map(|place| (*place).to_owned()).collect();
            let expression = &rest[n_places..];
            if expression.iter().any(|word| ["-printf", "-ls", "-fls", "-fprintf"].contains(word)) {
                return unknown();
            }
            let is_simple = !expression.iter().any(|word| ["-o", "-or", "!", "-not", "(", ","].contains(word));
            // It goes into `.git` too.
            let mut names = below(places)?;
            let only_files = is_simple && expression.windows(2).any(|two| two == ["-type", "f"]);
            let name = expression.windows(2).find(|two| two[0] == "-name").filter(|_| is_simple);
            let glob = name.and_then(|two| GlobBuilder::new(two[1]).build().ok()).map(|glob| glob.compile_matcher());
            if glob.is_none() && rest[..n_places].iter().any(|place| ground.exists(&format!("{place}/.git"))) {
                return Err("it would also be given what is in .git".into());
            }
            if let Some(glob) = glob {
                if glob.is_match("config") {
                    return Err("it may also be given what is in .git".into());
                }
                names.retain(|name| glob.is_match(name.rsplit('/').next().unwrap_or(name)));
            } else if !only_files {
                return Err("it would also be given directories".into());
            }
            Ok(names)
        }
        // The pattern may stand elsewhere then.
        ["rg" | "grep" | "fd", ..] if words.iter().any(|word| by_option(word)) => unknown(),
        ["rg", ..] if has("--files") => Ok(seen(words, bare(below(operands(1, &VALUES))?))),
        ["rg", ..] if letters('l') || has("--files-with-matches") => {
            Ok(seen(words, bare(below(operands(1, &VALUES).into_iter().skip(1).collect())?)))
        }
        ["grep", ..] if letters('l') && letters('r') => {
            Ok(bare(below(operands(1, &VALUES).into_iter().skip(1).collect())?))
        }
        ["git", "ls-files", ..] => {
            Ok(bare(below(operands(2, &[]).into_iter().filter(|word| !word.contains('*')).collect())?))
        }
        ["git", "grep", ..] if letters('l') => Ok(bare(below(Vec::new())?)),
        ["git", "diff", ..] if has("--name-only") => Ok(bare(below(Vec::new())?)),
        ["fd", ..] => Ok(seen(words, bare(below(operands(1, &VALUES).into_iter().skip(1).collect())?))),
        ["ls"] => Ok(bare(below(Vec::new())?)),
        _ => unknown(),
    }
}

/// Whether an option of a search holds its pattern, or shows what is hidden.
fn by_option(word: &str) -> bool {
    let is_short = word.starts_with('-') && !word.starts_with("--");
    (is_short && word.contains(['e', 'f', 'u', '.', 'H']))
        || ["--regexp", "--file", "--hidden"]
            .iter()
            .any(|option| word.starts_with(option) && word != "--files" && !word.starts_with("--files-with"))
}

/// Without what is hidden, but for names that a pattern of the search asks for.
fn seen(words: &[&str], names: Vec<String>) -> Vec<String> {
    let globs: Vec<GlobMatcher> = words
        .windows(2)
        .filter(|two| ["-g", "--glob"].contains(&two[0]))
        .filter_map(|two| GlobBuilder::new(two[1]).build().ok())
        .map(|glob| glob.compile_matcher())
        .collect();
    let has_other = words.iter().any(|word| word.starts_with("-g") && word.len() > 2 || word.starts_with("--glob="));
    let is_hidden = |name: &str| name.split('/').any(|part| part.starts_with('.') && part != "." && part != "..");
    let keeps = |name: &String| {
        let file = name.rsplit('/').next().unwrap_or(name);
        !is_hidden(name) || has_other || globs.iter().any(|glob| glob.is_match(file) || glob.is_match(name))
    };
    names.into_iter().filter(keeps).collect()
}
