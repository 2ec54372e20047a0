//! Calls of git: what refspecs, paths and settings make of them.

use super::steps::Deed;
use super::steps::Run;
use super::steps::deed;
use crate::core::anatomy::Effect;

/// Keys of git's configuration by which it runs other programs, or talks to others than it seems.
const STEERS_GIT: [&str; 24] = [
    "alias.",
    "core.hookspath",
    "core.fsmonitor",
    "core.editor",
    "core.pager",
    "core.sshcommand",
    "core.gitproxy",
    "core.askpass",
    "core.alternaterefscommand",
    "filter.",
    "diff.external",
    ".textconv",
    ".command",
    ".driver",
    ".cmd",
    "credential.",
    "init.templatedir",
    "include.path",
    "includeif.",
    ".insteadof",
    ".proxy",
    "gpg.",
    "sequence.editor",
    "uploadpack.",
];

fn steers_git(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let is_one = |part: &&str| if part.starts_with('.') { key.contains(part) } else { key.starts_with(part) };
    STEERS_GIT.iter().any(is_one) || key.starts_with("remote.") || key == "http.sslverify" || key.starts_with("pager.")
}

/// What a call of git does, where its row does not say all.
pub(super) fn deeds(run: &Run<'_>, row: &[Deed]) -> Option<Vec<Deed>> {
    let operands = &run.parsed.operands;
    let sub = *operands.first()?;
    let mut deeds = row.to_vec();
    let behind = &operands[1..];
    match sub {
        // A refspec that begins so rewrites or deletes the branch there.
        "push" if row[0].effect == Effect::Publishes => {
            if behind.iter().any(|word| word.starts_with(':') && word.len() > 1) {
                deeds.insert(0, deed(Effect::Deletes, behind));
            }
            if behind.iter().any(|word| word.starts_with(['+', ':'])) {
                deeds.insert(0, deed(Effect::RewritesHistory, behind));
            }
        }
        "checkout" if row[0].effect == Effect::Writes && !run.parsed.has_any(&["-b", "--orphan", "-t", "--track"]) => {
            let paths = run.words.iter().position(|word| word == "--").map(|at| run.words.len() - at - 1);
            let is_path = |word: &&str| {
                word.starts_with([':', '.']) || word.ends_with('/') || word.contains('*') || run.place.holds(word)
            };
            let discards = paths.is_some_and(|n| n > 0) || behind.len() > 1 || behind.iter().any(is_path);
            if discards || run.parsed.has_any(&["--ours", "--theirs", "-m", "--pathspec-from-file"]) {
                deeds = vec![deed(Effect::DiscardsWork, behind)];
            }
        }
        "config" => {
            let key = behind.iter().find(|word| word.contains('.'));
            let is_global = run.parsed.has_any(&["--global", "--system", "-f", "--file"]);
            let sets = matches!(row[0].effect, Effect::Persists)
                && (behind.len() > 1
                    || run.parsed.has_any(&["--unset", "--unset-all", "--add", "--replace-all", "-e", "--edit"]));
            deeds = match key {
                Some(key) if sets && steers_git(key) => vec![deed(Effect::Persists, &[key])],
                Some(key) if sets => vec![deed(Effect::Writes, &[key])],
                _ if run.parsed.has_any(&["-e", "--edit", "--remove-section", "--rename-section"]) => row.to_vec(),
                _ => vec![deed(Effect::Reads, &[])],
            };
            if sets && is_global {
                deeds.push(deed(
                    Effect::LeavesProject,
                    &[if run.parsed.has("--system") { "/etc/gitconfig" } else { "~/.gitconfig" }],
                ));
            }
        }
        _ => {}
    }
    let is_steered = |value: &&str| value.split_once('=').is_some_and(|(key, _)| steers_git(key));
    let harmless =
        |value: &&str| value.ends_with("pager=cat") || value.ends_with("pager=") || value.ends_with("editor=true");
    let steered: Vec<&str> =
        run.parsed.values(&["-c", "--config-env"]).into_iter().filter(|it| is_steered(it) && !harmless(it)).collect();
    if !steered.is_empty() {
        deeds.push(deed(Effect::RunsUnread, &steered));
    }
    let other = run.parsed.values(&["--upload-pack", "--receive-pack", "--exec", "--extcmd"]);
    if !other.is_empty() || behind.iter().any(|word| word.starts_with("ext::")) {
        deeds.push(deed(Effect::RunsUnread, &other));
    }
    Some(deeds)
}
