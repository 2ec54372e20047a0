//! Scripts of the project that a line runs: what the script on the disk says.
//!
//! **For:** marks where the text of a script is at hand. **Not for:** deciding, and not for scripts in other languages.
//! What cannot be read stays unknown.
//!
//! Invariants: only small regular files below the session's directory are read; a script is read, and not what it runs.

use std::io::Read;

use serde_json::Value;

use super::steps::Deed;
use super::steps::Run;
use crate::core::anatomy::Effect;
use crate::disk;

/// A larger file is not read.
const MAX_BYTES: u64 = 16 << 10;
/// Effects of a script that are told of it: what it writes and talks to on its way is what scripts do.
const TOLD: [Effect; 13] = [
    Effect::Deletes,
    Effect::DiscardsWork,
    Effect::RewritesHistory,
    Effect::RunsDownloaded,
    Effect::Exfiltrates,
    Effect::Privilege,
    Effect::ChangesAccess,
    Effect::Publishes,
    Effect::Spends,
    Effect::TouchesProduction,
    Effect::ChangesRemote,
    Effect::Persists,
    Effect::Stops,
];

/// What the script does that a call runs, beside running.
pub(super) fn deeds(run: &Run<'_>) -> Vec<Deed> {
    let Some((named, text)) = script(run) else { return Vec::new() };
    let mut deeds: Vec<Deed> = Vec::new();
    for step in super::within(&text).steps.iter().filter(|step| TOLD.contains(&step.effect)) {
        let about = format!("{named}: {} {}", step.program, step.about());
        match deeds.iter_mut().find(|deed| deed.effect == step.effect) {
            Some(deed) => deed.named.push(about),
            None => deeds.push(Deed { effect: step.effect, named: vec![about] }),
        }
    }
    deeds
}

/// The name of the script, and its text.
fn script(run: &Run<'_>) -> Option<(String, String)> {
    let operands = &run.parsed.operands;
    match run.name {
        "npm" | "pnpm" | "yarn" | "bun" => {
            let name = match *operands.first()? {
                "run" | "run-script" => *operands.get(1)?,
                name @ ("test" | "start" | "stop" | "restart") => name,
                name if run.name != "npm" => name,
                _ => return None,
            };
            let package: Value = serde_json::from_str(&read(run, "package.json")?).ok()?;
            let text = package.get("scripts")?.get(name)?.as_str()?;
            Some((name.to_owned(), text.to_owned()))
        }
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "source" | "." => {
            if run.parsed.has_any(&["-c", "-n", "-s"]) {
                return None;
            }
            let named = *operands.first()?;
            Some((named.to_owned(), read(run, named)?))
        }
        _ if run.words[0].contains('/') && !run.table.knows(run.name) => {
            let text = read(run, &run.words[0])?;
            let first = text.lines().next().unwrap_or_default();
            let is_shell = match first.strip_prefix("#!") {
                Some(interpreter) => interpreter.trim_end().ends_with("sh"),
                None => run.words[0].ends_with("sh"),
            };
            is_shell.then(|| (run.words[0].clone(), text))
        }
        _ => None,
    }
}

/// A small file of the project.
fn read(run: &Run<'_>, named: &str) -> Option<String> {
    let path = run.place.file(named)?;
    let file = disk::open_read(&path).ok()?;
    let mut text = String::new();
    let n_bytes = file.take(MAX_BYTES + 1).read_to_string(&mut text).ok()?;
    (n_bytes as u64 <= MAX_BYTES).then_some(text)
}
