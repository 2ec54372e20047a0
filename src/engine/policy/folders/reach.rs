//! Which programs read or copy whole folders, and which of the files in them.

use std::path::Path;

use globset::GlobBuilder;

use super::super::secrets::at;
use super::super::shell;

/// Programs that tell of files without reading them, or only move or remove them.
const ONLY_NAMES: [&str; 24] = [
    "ls", "echo", "printf", "stat", "du", "file", "test", "[", "basename", "dirname", "realpath", "readlink", "rm",
    "rmdir", "mv", "mkdir", "chmod", "chown", "ln", "touch", "tree", "cd", "for", "true",
];
/// Programs that look for a text in files.
const SEARCH: [&str; 9] = ["grep", "egrep", "fgrep", "rgrep", "zgrep", "ugrep", "rg", "ack", "ag"];

/// Whether a program does not read the files that it is given.
pub(super) fn only_names(program: &str) -> bool {
    ONLY_NAMES.contains(&program)
}

/// Whether the word behind an option is a pattern for the program itself, which no shell expands.
pub(super) fn takes_pattern(option: &str) -> bool {
    let options =
        ["-g", "--glob", "--iglob", "-name", "-iname", "-path", "-ipath", "-wholename", "-regex", "-e", "--regexp"];
    options.contains(&option) || ["--include", "--exclude", "--exclude-dir", "-x"].contains(&option)
}

/// What a command reads below its folders.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    /// The folders, as the command names them.
    pub roots: Vec<String>,
    pub hidden: bool,
    /// Files that `.gitignore` names are left out.
    pub minds_ignored: bool,
    /// Only what git keeps.
    pub only_tracked: bool,
    pub follows_links: bool,
    pub max_depth: Option<usize>,
    /// Patterns of ripgrep, which also bring hidden files in.
    pub globs: Vec<String>,
    /// Names of which a file must have one; any when empty.
    only: Vec<String>,
    /// Names of files and folders that are left out.
    without: Vec<String>,
}

impl Reach {
    /// `None` for a command that reads no folder whole.
    pub(super) fn of(words: &[String], here: &Path) -> Option<Self> {
        let program = shell::name(words.first()?);
        let program = program.as_str();
        let rest = &words[1..];
        let has = |letters: &str, long: &[&str]| {
            rest.iter().any(|word| is_short(word, letters) || long.iter().any(|long| word == long))
        };
        let mut reach = Self { hidden: true, ..Self::default() };
        let is_copy = matches!(program, "cp" | "rsync" | "scp");
        match program {
            "rg" | "ag" => {
                if has("", &["--files", "--type-list", "--help", "--version"]) {
                    return None;
                }
                let n_less: usize =
                    rest.iter().map(|word| if is_cluster(word) { word.matches('u').count() } else { 0 }).sum();
                let n_less = n_less + rest.iter().filter(|word| *word == "--unrestricted").count();
                reach.hidden = n_less > 1 || has(".", &["--hidden"]) || (program == "ag" && n_less > 0);
                reach.minds_ignored = n_less == 0 && !rest.iter().any(|word| word.starts_with("--no-ignore"));
                reach.follows_links = has("L", &["--follow"]);
                reach.globs = values(rest, &["-g", "--glob", "--iglob"]);
            }
            "grep" | "egrep" | "fgrep" | "zgrep" | "ugrep" | "diff" => {
                let is_deep = has("rR", &["--recursive", "--dereference-recursive", "--directories=recurse"])
                    || values(rest, &["-d"]).iter().any(|value| value == "recurse");
                if !is_deep {
                    return None;
                }
                reach.follows_links = has("R", &["--dereference-recursive"]);
                reach.only = values(rest, &["--include"]);
                reach.without = values(rest, &["--exclude", "--exclude-dir"]);
            }
            "rgrep" | "ack" => {}
            "git" if rest.iter().find(|word| !word.starts_with('-')).is_some_and(|word| word == "grep") => {
                (reach.minds_ignored, reach.only_tracked) = (true, true);
            }
            "find" => return Self::of_find(rest, here, reach),
            "tar" | "bsdtar" | "gtar" => {
                let mode = rest.first().is_some_and(|word| !word.starts_with("--") && word.contains(['c', 'r', 'u']));
                if !mode && !has("cru", &["--create", "--append", "--update"]) {
                    return None;
                }
                reach.follows_links = has("h", &["--dereference"]);
                reach.without = values(rest, &["--exclude"]);
            }
            "cp" | "scp" if has("rRa", &["--recursive", "--archive"]) => {
                reach.follows_links = has("L", &["--dereference"]);
            }
            "rsync" if has("ra", &["--recursive", "--archive"]) => {
                reach.follows_links = has("L", &["--copy-links"]);
                reach.without = values(rest, &["--exclude"]);
            }
            "zip" if has("r", &["--recurse-paths"]) => reach.without = values(rest, &["-x", "--exclude"]),
            "7z" | "7za" | "7zr" | "rar" if rest.first().is_some_and(|word| word == "a") => {}
            "pax" if has("w", &[]) => {}
            _ => return None,
        }
        let mut operands: Vec<&String> = rest.iter().filter(|word| !word.starts_with('-')).collect();
        if is_copy && !has("t", &[]) && !rest.iter().any(|word| word.starts_with("--target-directory")) {
            // The last one is where it goes.
            operands.pop();
        }
        reach.roots = operands.iter().filter(|word| at(word, here).is_dir()).map(|word| (*word).clone()).collect();
        // Folders that are attached to an option, other than those that are left out.
        let is_place = |word: &&String| !word.starts_with("--exclude") && !word.starts_with("--include");
        let attached = rest
            .iter()
            .filter(is_place)
            .filter_map(|word| word.strip_prefix('-')?.split_once('=').map(|(_, value)| value));
        reach.roots.extend(attached.filter(|value| at(value, here).is_dir()).map(str::to_owned));
        let is_search = SEARCH.contains(&program) || program == "git";
        if is_search && reach.roots.is_empty() {
            let has_pattern =
                has("ef", &["--regexp", "--file"]) || rest.iter().any(|word| word.starts_with("--regexp="));
            let files = operands.iter().skip(usize::from(!has_pattern) + usize::from(program == "git"));
            if !files.into_iter().any(|word| at(word, here).exists()) {
                reach.roots.push(".".to_owned());
            }
        }
        Some(reach)
    }

    /// `find` with a program that is given what was found.
    fn of_find(rest: &[String], here: &Path, mut reach: Self) -> Option<Self> {
        let runs = rest.iter().position(|word| matches!(word.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir"))?;
        if rest.get(runs + 1).is_some_and(|program| only_names(&shell::name(program))) {
            return None;
        }
        let tests = &rest[..runs];
        let is_simple =
            !tests.iter().any(|word| matches!(word.as_str(), "-o" | "-or" | "!" | "-not" | "," | "(" | "\\("));
        if is_simple {
            reach.only = values(tests, &["-name", "-iname"]);
            reach.max_depth = values(tests, &["-maxdepth"]).first().and_then(|depth| depth.parse().ok());
        }
        reach.follows_links = rest.first().is_some_and(|word| word == "-L");
        let starts = tests.iter().skip_while(|word| matches!(word.as_str(), "-L" | "-P" | "-H"));
        let starts = starts.take_while(|word| !word.starts_with(['-', '(', '!']));
        reach.roots = starts.filter(|word| at(word, here).is_dir()).cloned().collect();
        if reach.roots.is_empty() {
            reach.roots.push(".".to_owned());
        }
        Some(reach)
    }

    /// Whether files of this name are read.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|glob| is_match(glob, name))
    }

    /// Whether the file or a folder above it is left out by its name.
    pub(super) fn leaves_out(&self, path: &Path) -> bool {
        let names = path.iter().map(|name| name.to_string_lossy());
        names.into_iter().any(|name| self.without.iter().any(|glob| is_match(glob.trim_end_matches('/'), &name)))
    }
}

fn is_match(glob: &str, name: &str) -> bool {
    let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() else { return false };
    glob.compile_matcher().is_match(name)
}

fn is_cluster(word: &str) -> bool {
    word.starts_with('-') && !word.starts_with("--")
}

/// Whether an option of one letter is among these.
fn is_short(word: &str, letters: &str) -> bool {
    is_cluster(word) && word.contains(|letter| letters.contains(letter))
}

/// The values of options, attached or in the next word.
fn values(words: &[String], options: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for (place, word) in words.iter().enumerate() {
        for option in options {
            let Some(rest) = word.strip_prefix(option) else { continue };
            if rest.is_empty() {
                all.extend(words.get(place + 1).cloned());
            } else if let Some(value) = rest.strip_prefix('=') {
                all.push(value.to_owned());
            } else if !option.starts_with("--") && option.len() == 2 {
                all.push(rest.to_owned());
            }
        }
    }
    all
}
