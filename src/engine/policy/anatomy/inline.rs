//! Programs in other languages that a line brings as a text: `python -c`, `node -e`, a here-document.
//!
//! **For:** the plain calls in them that delete, write, run or talk. **Not for:** these languages: what is not found
//! here is code that runs, no more and no less.

use std::path::Path;

use super::steps::Deed;
use super::steps::Run;
use super::steps::deed;
use crate::core::anatomy::Effect;

/// A longer text is not looked into.
const MAX_TEXT: usize = 64 << 10;
/// Texts in a text that may be command lines.
const MAX_COMMANDS: usize = 20;

const DELETES: [&str; 28] = [
    "rmtree",
    "os.remove",
    "os.unlink",
    "os.rmdir",
    "os.removedirs",
    ".unlink(",
    "unlink(",
    "rmsync",
    "unlinksync",
    "rmdirsync",
    "fs.rm(",
    "fs.rmdir",
    "file.delete",
    "fileutils.rm",
    "rm_rf",
    "rm_r(",
    "rm_f(",
    "dir.delete",
    "dir.rmdir",
    "remove_tree",
    "deno.remove",
    "removesync",
    "rimraf",
    "emptydir",
    "unlink ",
    "rmdir ",
    "rmdir(",
    ".rmdir(",
];
const OVERWRITES: [&str; 16] = [
    "writefilesync",
    "writefile(",
    "write_text",
    "write_bytes",
    "file.write",
    "file_put_contents",
    "truncate",
    "os.replace",
    "os.rename",
    "shutil.move",
    "renamesync",
    "shutil.copy",
    "copyfilesync",
    "deno.writetextfile",
    "io.write(",
    "bun.write",
];
const NETWORK: [&str; 22] = [
    "requests.",
    "urllib",
    "http.client",
    "httpx",
    "aiohttp",
    "socket",
    "fetch(",
    "axios",
    "http.get",
    "https.get",
    "http.request",
    "https.request",
    "net::http",
    "open-uri",
    "lwp::",
    "smtplib",
    "ftplib",
    "paramiko",
    "curl_exec",
    "io::socket",
    "net.connect",
    "websocket",
];
const RUNS: [&str; 26] = [
    "os.system",
    "os.popen",
    "os.exec",
    "os.spawn",
    "subprocess",
    "child_process",
    "execsync",
    "spawnsync",
    "popen",
    "system(",
    "system ",
    "exec(",
    "exec ",
    "eval(",
    "shell_exec",
    "passthru",
    "proc_open",
    "open3",
    "pty.spawn",
    "do shell script",
    "deno.command",
    "bun.spawn",
    "__import__",
    "qx{",
    "qx(",
    "kernel.spawn",
];
const SECRETS: [&str; 7] = [
    "print(os.environ",
    "json.stringify(process.env)",
    "console.log(process.env)",
    "puts env",
    "dict(os.environ",
    "p env",
    "getpass.getuser",
];

/// How code sends something, and how it reads what lies on the disk.
const SENDS: [&str; 9] = ["post(", "put(", "patch(", "data=", "files=", "body:", "body=", "sendall(", "send("];
const LOOKS: [&str; 9] = [
    "open(",
    "readfile",
    "readfilesync",
    "read_text",
    "read_bytes",
    "file_get_contents",
    "file.read",
    "os.environ",
    "process.env",
];

/// What the code that a call brings does beside running.
pub(super) fn deeds(run: &Run<'_>, given: Option<&str>) -> Vec<Deed> {
    let options: &[&str] = match run.name {
        "python" | "python2" | "python3" | "pypy" | "pypy3" => &["-c"],
        "node" | "nodejs" | "deno" | "bun" => &["-e", "-p", "-pe", "--eval", "--print"],
        "perl" => &["-e", "-E"],
        "ruby" | "lua" | "rscript" | "osascript" | "tclsh" => &["-e"],
        "php" => &["-r"],
        _ => return Vec::new(),
    };
    // A cluster such as `-ne` ends with the option; its value is the next word.
    let ends = |word: &str| {
        let letters = options.iter().filter_map(|option| option.strip_prefix('-')).filter(|it| it.len() == 1);
        let mut letters = letters.filter(|letter| word.ends_with(*letter));
        options.contains(&word) || word.starts_with('-') && !word.starts_with("--") && letters.next().is_some()
    };
    let words = &run.words[1..];
    let mut texts: Vec<&str> = (0..words.len())
        .filter(|at| ends(&words[*at]))
        .filter_map(|at| words.get(at + 1))
        .map(String::as_str)
        .collect();
    for word in words {
        texts.extend(options.iter().filter_map(|option| word.strip_prefix(option)).filter(|rest| rest.len() > 3));
    }
    if run.name == "deno" && run.parsed.operands.first() == Some(&"eval") {
        texts.extend(run.parsed.operands.get(1));
    }
    texts.extend(given);
    let mut deeds: Vec<Deed> = Vec::new();
    for text in texts {
        for found in of_code(text, run) {
            if !deeds.contains(&found) {
                deeds.push(found);
            }
        }
    }
    deeds
}

fn of_code(text: &str, run: &Run<'_>) -> Vec<Deed> {
    if text.len() > MAX_TEXT {
        return vec![deed(Effect::RunsUnread, &[])];
    }
    let lower = text.to_ascii_lowercase();
    let has = |names: &[&'static str]| names.iter().find(|name| begins_a_word(&lower, name)).copied();
    let mut deeds = Vec::new();
    let kinds: [(Effect, &[&'static str]); 4] = [
        (Effect::Deletes, &DELETES),
        (Effect::Overwrites, &OVERWRITES),
        (Effect::Network, &NETWORK),
        (Effect::Secrets, &SECRETS),
    ];
    for (effect, names) in kinds {
        if let Some(name) = has(names) {
            deeds.push(deed(effect, &[name.trim_end_matches(['(', ' ', '.'])]));
        }
    }
    let sends = has(&NETWORK).is_some() && has(&SENDS).is_some();
    if sends && has(&LOOKS).is_some() {
        deeds.push(deed(Effect::Exfiltrates, &["what it reads"]));
    }
    let opens = lower.split("open(").skip(1).any(|rest| {
        let arguments = rest.split(')').next().unwrap_or_default();
        ["'w", "\"w", "'a", "\"a", "'>", "\">"].iter().any(|mode| arguments.contains(mode))
    });
    if opens && !deeds.iter().any(|it| it.effect == Effect::Overwrites) {
        deeds.push(deed(Effect::Overwrites, &["open"]));
    }
    if has(&RUNS).is_some() || lower.contains('`') && matches!(run.name, "ruby" | "perl" | "php") {
        let found = of_texts(text, run);
        if found.is_empty() {
            deeds.push(deed(Effect::RunsUnread, &[]));
        }
        deeds.extend(found);
    }
    deeds
}

/// Whether a name stands there, and not as the end of a longer one.
fn begins_a_word(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !name.starts_with(|c: char| c.is_alphabetic()) || before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

/// The dangers of the texts in a piece of code, read as command lines.
pub(super) fn of_texts(code: &str, run: &Run<'_>) -> Vec<Deed> {
    let mut deeds: Vec<Deed> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for quote in ['"', '\'', '`'] {
        texts.extend(
            code.split(quote).skip(1).step_by(2).filter(|text| text.len() > 1).take(MAX_COMMANDS).map(str::to_owned),
        );
    }
    // `["rm", "-rf", "x"]`
    for list in code.split('[').skip(1).take(MAX_COMMANDS) {
        let list = list.split(']').next().unwrap_or_default();
        let words: Vec<&str> = list.split(',').map(|word| word.trim().trim_matches(['"', '\''])).collect();
        if words.len() > 1 && words.iter().all(|word| !word.contains(char::is_whitespace)) {
            texts.push(words.join(" "));
        }
    }
    texts.truncate(MAX_COMMANDS);
    for text in texts {
        // Only one level deep: what is in the text is no code of another language.
        if text.contains(code) || run.call().at.is_none() {
            continue;
        }
        for step in super::of(&text, Path::new("/nowhere")).steps {
            let is_told = deeds.iter().any(|it| it.effect == step.effect);
            if step.effect.is_danger() && step.effect != Effect::LeavesProject && !is_told {
                deeds.push(deed(step.effect, &[&text]));
            }
        }
    }
    deeds
}
