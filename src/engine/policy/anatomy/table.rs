//! What programs do to the world: tables of facts, from their manuals.
//!
//! A line of a table is `PROGRAM WORD … {OPTION …} = EFFECT,… TARGETS`. Programs and words may be alternatives with
//! `|`, and words may have a `*` at an end; `*` alone is any word, `**` any number of them. One of the options must be
//! there. `takes PROGRAM OPTION …` names options that have a value. The row that says most of a call counts, the first
//! one of several. A program without a row is unknown.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::core::anatomy::Effect;

/// What of a call the effect is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// Nothing that could be named: the program says it all.
    Itself,
    /// Every word that is no option, behind the sub-command.
    Operands,
    /// ... only the last.
    Last,
    /// ... only the first.
    First,
    /// ... all but the first, which is a pattern or a program.
    AllButFirst,
    /// What stands behind a word such as `of=`.
    Behind(&'static str),
    /// The values of these options.
    Values(&'static str),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Alternatives for each word that follows the program, options left out.
    pub(super) words: Vec<Vec<&'static str>>,
    /// One of these options is there.
    pub(super) with: Vec<&'static str>,
    /// The first is the one that it is shown under.
    pub(super) effects: Vec<Effect>,
    pub(super) about: About,
    pub(super) domain: Domain,
}

/// What the words of a program are names of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Domain {
    /// Files, mostly.
    Files,
    /// Branches, packages and other things, and now and then files.
    Things,
    /// What is on other machines.
    Remote,
}

/// All tables.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: HashMap<&'static str, Vec<Row>>,
    takes: HashMap<&'static str, Vec<&'static str>>,
    /// Lines that could not be read; a test holds that there are none.
    #[cfg(test)]
    pub(super) wrong: Vec<&'static str>,
}

const TABLES: [(&str, Domain); 8] = [
    (include_str!("tables/files.txt"), Domain::Files),
    (include_str!("tables/running.txt"), Domain::Files),
    (include_str!("tables/system.txt"), Domain::Files),
    (include_str!("tables/network.txt"), Domain::Files),
    (include_str!("tables/git.txt"), Domain::Things),
    (include_str!("tables/packages.txt"), Domain::Things),
    (include_str!("tables/cloud.txt"), Domain::Remote),
    (include_str!("tables/databases.txt"), Domain::Remote),
];
const WINDOWS: (&str, Domain) = (include_str!("tables/powershell.txt"), Domain::Files);

static PROGRAMS: LazyLock<Table> = LazyLock::new(|| Table::read(TABLES.into_iter()));
/// The words of Windows stand before those of other systems.
static POWERSHELL: LazyLock<Table> = LazyLock::new(|| Table::read(std::iter::once(WINDOWS).chain(TABLES)));

pub(super) fn programs() -> &'static Table {
    &PROGRAMS
}

pub(super) fn powershell() -> &'static Table {
    &POWERSHELL
}

pub(super) fn effect(word: &str) -> Option<Effect> {
    Some(match word {
        "deletes" => Effect::Deletes,
        "overwrites" => Effect::Overwrites,
        "discards" => Effect::DiscardsWork,
        "history" => Effect::RewritesHistory,
        "download" => Effect::RunsDownloaded,
        "exfil" => Effect::Exfiltrates,
        "privilege" => Effect::Privilege,
        "access" => Effect::ChangesAccess,
        "publishes" => Effect::Publishes,
        "spends" => Effect::Spends,
        "remote" => Effect::ChangesRemote,
        "persists" => Effect::Persists,
        "stops" => Effect::Stops,
        "secrets" => Effect::Secrets,
        "unread" => Effect::RunsUnread,
        "installs" => Effect::Installs,
        "network" => Effect::Network,
        "code" => Effect::RunsCode,
        "writes" => Effect::Writes,
        "reads" => Effect::Reads,
        _ => return None,
    })
}

impl Table {
    fn read(texts: impl Iterator<Item = (&'static str, Domain)>) -> Self {
        let mut table = Self::default();
        for (text, domain) in texts {
            for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
                if table.line(line, domain).is_none() {
                    #[cfg(test)]
                    table.wrong.push(line);
                }
            }
        }
        table
    }

    fn line(&mut self, line: &'static str, domain: Domain) -> Option<()> {
        if let Some(rest) = line.strip_prefix("takes ") {
            let mut words = rest.split_whitespace();
            for program in words.next()?.split('|') {
                self.takes.entry(program).or_default().extend(words.clone());
            }
            return Some(());
        }
        let (pattern, facts) = line.rsplit_once(" = ")?;
        let (pattern, with) = match pattern.split_once(" {") {
            Some((pattern, options)) => (pattern, options.strip_suffix('}')?.split_whitespace().collect()),
            None => (pattern, Vec::new()),
        };
        let mut words = pattern.split_whitespace();
        let programs = words.next()?;
        let words: Vec<Vec<&str>> = words.map(|word| word.split('|').collect()).collect();
        let mut facts = facts.split_whitespace();
        let effects: Vec<Effect> = facts.next()?.split(',').map(effect).collect::<Option<_>>()?;
        let about = match facts.next() {
            None => About::Itself,
            Some("all") => About::Operands,
            Some("last") => About::Last,
            Some("first") => About::First,
            Some("rest") => About::AllButFirst,
            Some(mark) if mark.ends_with('=') => About::Behind(mark),
            Some(options) if options.starts_with('-') => About::Values(options),
            Some(_) => return None,
        };
        for program in programs.split('|') {
            let row = Row { words: words.clone(), with: with.clone(), effects: effects.clone(), about, domain };
            self.rows.entry(program).or_default().push(row);
        }
        facts.next().is_none().then_some(())
    }

    fn rows(&self, program: &str) -> &[Row] {
        // `mkfs.ext4`
        let stem = program.split_once('.').map(|(stem, _)| stem).filter(|stem| *stem == "mkfs");
        let row =
            self.rows.get(program).or_else(|| self.rows.get(stem?)).or_else(|| self.rows.get(unversioned(program)));
        row.map_or(&[], Vec::as_slice)
    }

    pub(super) fn knows(&self, program: &str) -> bool {
        !self.rows(program).is_empty()
    }

    /// The row that says most of a call with these words, and how many of them it speaks of.
    pub(super) fn row(&self, program: &str, operands: &[&str], has: &dyn Fn(&str) -> bool) -> Option<(&Row, usize)> {
        let mut best: Option<(&Row, usize, usize)> = None;
        for row in self.rows(program) {
            let Some((n_words, weight)) = fits(&row.words, operands) else { continue };
            if !row.with.is_empty() && !row.with.iter().any(|option| has(option)) {
                continue;
            }
            // An option by which the whole program only looks says more than any word behind it.
            let only_looks = row.words.is_empty() && row.effects == [Effect::Reads];
            let weight = match row.with.is_empty() {
                true => weight,
                false if only_looks => weight + 10,
                false => weight + 1,
            };
            if best.is_none_or(|(_, _, known)| weight > known) {
                best = Some((row, n_words, weight));
            }
        }
        best.map(|(row, n_words, _)| (row, n_words))
    }

    /// Whether a row of the program may speak of the word that stands behind these.
    pub(super) fn reaches(&self, program: &str, before: &[String]) -> bool {
        let n_options = before.iter().filter(|word| word.starts_with('-')).count();
        // Which of the words are values of options is not known.
        let (least, most) = (before.len().saturating_sub(2 * n_options), before.len() - n_options);
        self.rows(program).iter().any(|row| {
            let is_named = |(alternatives, word): (&Vec<&'static str>, &String)| {
                alternatives.iter().any(|known| *known == "*" || is_like(word, known))
            };
            let fits = || n_options > 0 || row.words.iter().zip(before).take(most).all(is_named);
            // A word that may stand anywhere tells no place apart.
            !row.words.iter().any(|word| word.contains(&"**")) && row.words.len() > least && fits()
        })
    }

    /// Whether a row speaks of the first words of a call, or none speaks of any words.
    pub(super) fn speaks_of(&self, program: &str, operands: &[&str]) -> bool {
        let rows = self.rows(program);
        rows.iter().all(|row| row.words.is_empty())
            || rows.iter().any(|row| !row.words.is_empty() && fits(&row.words, operands).is_some())
    }

    /// Options of a program that have a value: `git`, or `git:commit`.
    pub(super) fn takes(&self, program: &str) -> &[&'static str] {
        self.takes.get(program).map_or(&[], Vec::as_slice)
    }

    /// Whether the program never does anything but to say something.
    pub(super) fn only_speaks(&self, program: &str) -> bool {
        let rows = self.rows(program);
        !rows.is_empty() && rows.iter().all(|row| row.effects == [Effect::Reads] && row.about == About::Itself)
    }
}

/// `python3.12` is `python3`.
fn unversioned(program: &str) -> &str {
    match program.split_once('.') {
        Some((name, version)) if version.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-'),
    }
}

/// How many operands a row speaks of, and how much it says of them.
fn fits(words: &[Vec<&str>], operands: &[&str]) -> Option<(usize, usize)> {
    let (mut at, mut weight) = (0, 0);
    let mut anywhere = false;
    for alternatives in words {
        match alternatives.as_slice() {
            ["**"] => anywhere = true,
            ["*"] => {
                operands.get(at)?;
                at += 1;
            }
            _ => {
                let is_one = |operand: &&str| alternatives.iter().any(|word| is_like(operand, word));
                let n_skipped = operands.get(at..)?.iter().position(is_one)?;
                if n_skipped > 0 && !anywhere {
                    return None;
                }
                at += n_skipped + 1;
                weight += 2;
                anywhere = false;
            }
        }
    }
    Some((at, weight))
}

fn is_like(word: &str, pattern: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (_, Some(start)) => word.starts_with(start),
        (Some(end), None) => word.ends_with(end),
        (None, None) => word == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_tables_is_read() {
        assert_eq!(programs().wrong, [] as [&str; 0]);
        assert_eq!(powershell().wrong, [] as [&str; 0]);
        assert!(programs().rows.len() > 500, "{}", programs().rows.len());
        for name in programs().rows.keys().chain(powershell().rows.keys()) {
            assert!(!name.chars().any(char::is_uppercase), "{name}: programs are compared in small letters");
        }
    }

    #[test]
    fn the_row_that_says_most_counts() {
        let effects = |program: &str, operands: &[&str], options: &[&str]| {
            programs().row(program, operands, &|option| options.contains(&option)).map(|(row, _)| row.effects.clone())
        };
        assert_eq!(effects("git", &["push"], &[]), Some(vec![Effect::Publishes]));
        assert_eq!(effects("git", &["push"], &["-f"]).unwrap()[0], Effect::RewritesHistory);
        assert_eq!(effects("aws", &["ec2", "terminate-instances"], &[]), Some(vec![Effect::Deletes]));
        assert_eq!(effects("gcloud", &["compute", "instances", "delete", "x"], &[]), Some(vec![Effect::Deletes]));
        assert_eq!(effects("python3.12", &["x.py"], &[]), Some(vec![Effect::RunsCode]));
        assert_eq!(effects("nobody-knows", &[], &[]), None);
    }
}
