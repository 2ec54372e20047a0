//! What the words of a call name beside what it is about: secrets, and places outside the project.

use super::place::Place;
use super::place::is_path_like;
use super::steps::Deed;
use super::steps::FETCHERS;
use super::steps::Run;
use super::steps::deed;
use super::table::About;
use super::table::Domain;
use super::words::Words;
use crate::core::anatomy::Effect;
use crate::core::risk::of_change;
use crate::core::sensitive::looks_secret;

/// What the words of a program name beside its targets: secrets, and places outside.
pub(super) fn about_words(run: &Run<'_>) -> Vec<Deed> {
    let mut deeds = Vec::new();
    let secret = |word: &&String| !matches!(run.name, "test" | "[" | "[[") && names_secret(word);
    let variables: Vec<&str> = run.words[1..].iter().filter(secret).map(String::as_str).collect();
    if !variables.is_empty() {
        deeds.push(deed(Effect::Secrets, &variables));
    }
    if run.table.only_speaks(run.name) {
        return deeds;
    }
    let row = run.table.row(run.name, &run.parsed.operands, &|option| run.parsed.has(option));
    let domain = row.map_or(Domain::Files, |(row, _)| row.domain);
    let n_skipped = match row {
        Some((row, n_words)) => n_words + usize::from(row.about == About::AllButFirst && !has_pattern(run.parsed)),
        None => 0,
    };
    let is_web = FETCHERS.contains(&run.name) || matches!(run.name, "ssh" | "scp" | "rsync" | "sftp");
    let mut words: Vec<&str> = run.parsed.operands.iter().skip(n_skipped).copied().collect();
    // What stands behind the host is for the other machine.
    if matches!(run.name, "ssh" | "mosh" | "autossh") {
        words.clear();
    }
    words.extend(run.parsed.values(&PATH_OPTIONS));
    words.retain(|word| !(word.contains("://") || is_web && word.contains(':')));
    words.extend(run.call().input.as_deref());
    let is_secret = |word: &&str| {
        let name = word.rsplit_once(':').filter(|_| domain == Domain::Things).map_or(*word, |(_, path)| path);
        let is_file = match domain {
            Domain::Files => is_path_like(name),
            Domain::Things => name != *word || run.place.holds(name),
            Domain::Remote => run.place.holds(name),
        };
        is_file && looks_secret(name)
    };
    let secrets: Vec<&str> = words.iter().filter(|word| is_secret(word)).copied().collect();
    if !secrets.is_empty() {
        deeds.push(deed(Effect::Secrets, &secrets));
    }
    let is_path = |word: &&str| {
        let is_mounted = word.contains(':') && domain == Domain::Remote;
        (domain != Domain::Remote || is_mounted || word.starts_with("../")) && !is_pattern(word)
    };
    let outside: Vec<&str> = words
        .into_iter()
        .filter(is_path)
        .filter(|word| run.place.is_outside(word.split(':').next().unwrap_or(word)))
        .collect();
    if !outside.is_empty() {
        deeds.push(deed(Effect::LeavesProject, &outside));
    }
    deeds
}

/// Options whose value is a file or a directory, in most programs.
const PATH_OPTIONS: [&str; 26] = [
    "-C",
    "-f",
    "-o",
    "-t",
    "-T",
    "-i",
    "-K",
    "-v",
    "--file",
    "--output",
    "--directory",
    "--prefix",
    "--target-directory",
    "--env-file",
    "--config",
    "--volume",
    "--cwd",
    "--dir",
    "--manifest-path",
    "--git-dir",
    "--work-tree",
    "--kubeconfig",
    "--input-file",
    "--upload-file",
    "--target",
    "--project",
];

/// `/x/` in a program of sed or awk is no path.
fn is_pattern(word: &str) -> bool {
    word.starts_with('/') && word.contains([' ', '{', '(', '^', '|']) || word.starts_with("s/")
}

pub(super) fn has_pattern(parsed: &Words<'_>) -> bool {
    parsed.has_any(&["-e", "-f", "--regexp", "--file", "--expression", "--files", "--from-file"])
}

/// Whether a word puts a variable that is named like a secret into what it says.
fn names_secret(word: &str) -> bool {
    word.split('$').skip(1).any(|rest| {
        let name: String = rest
            .trim_start_matches(['{', '('])
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let upper = name.to_ascii_uppercase();
        let parts: Vec<&str> = upper.split('_').collect();
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASS", "APIKEY", "CREDENTIAL", "CREDENTIALS", "PAT"]
            .iter()
            .any(|part| parts.contains(part))
            || ["API_KEY", "PRIVATE_KEY", "ACCESS_KEY", "SECRET_KEY"].iter().any(|part| upper.contains(part))
    })
}

/// What files are beside their text.
pub(super) fn about_files(named: &[&str], effect: Effect, place: &Place) -> Vec<Deed> {
    let changes = matches!(effect, Effect::Deletes | Effect::Overwrites | Effect::Writes | Effect::Privilege);
    let mut deeds: Vec<Deed> = Vec::new();
    let mut add = |effect: Effect, name: &str| match deeds.iter_mut().find(|deed| deed.effect == effect) {
        Some(deed) => deed.named.push(name.to_owned()),
        None => deeds.push(deed(effect, &[name])),
    };
    for name in named {
        if let Some(steered) = of_change(name).filter(|_| changes && is_path_like(name)) {
            add(steered, name);
        }
        if is_path_like(name) && looks_secret(name) {
            add(Effect::Secrets, name);
        }
        if changes && !name.contains("://") && place.is_outside(name) {
            add(Effect::LeavesProject, name);
        }
    }
    deeds
}
