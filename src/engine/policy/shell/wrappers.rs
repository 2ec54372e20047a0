//! Programs that run other programs: what could be inside.
//!
//! **For:** every place in a command where another command may begin, taken liberally, and the few
//! wrappers that are surely transparent. **Not for:** judging either.

use super::plain::PlainWord;
use super::tree::Word;
use crate::core::permission::changes_shell;

/// Where the command of a wrapper may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// After options, assignments and numbers, and after this many other words.
    After(usize),
    /// After these words.
    Behind(&'static [&'static str]),
    /// Anywhere.
    Anywhere,
}

/// Wrappers that take a command as words.
const WRAPPERS: &[(&str, Inside)] = &[
    ("sudo", Inside::After(0)),
    ("doas", Inside::After(0)),
    ("env", Inside::After(0)),
    ("nohup", Inside::After(0)),
    ("nice", Inside::After(0)),
    ("ionice", Inside::After(0)),
    ("time", Inside::After(0)),
    ("gtime", Inside::After(0)),
    ("timeout", Inside::After(1)),
    ("gtimeout", Inside::After(1)),
    ("xargs", Inside::After(0)),
    ("parallel", Inside::After(0)),
    ("watch", Inside::After(0)),
    ("entr", Inside::After(0)),
    ("setsid", Inside::After(0)),
    ("stdbuf", Inside::After(0)),
    ("unbuffer", Inside::After(0)),
    ("rlwrap", Inside::After(0)),
    ("caffeinate", Inside::After(0)),
    ("chronic", Inside::After(0)),
    ("chroot", Inside::After(1)),
    ("chrt", Inside::After(1)),
    ("taskset", Inside::After(1)),
    ("flock", Inside::After(1)),
    ("repeat", Inside::After(1)),
    ("command", Inside::After(0)),
    ("builtin", Inside::After(0)),
    ("exec", Inside::After(0)),
    ("coproc", Inside::After(1)),
    ("noglob", Inside::After(0)),
    ("nocorrect", Inside::After(0)),
    ("-", Inside::After(0)),
    ("busybox", Inside::After(0)),
    ("toybox", Inside::After(0)),
    ("pkexec", Inside::After(0)),
    ("runuser", Inside::After(1)),
    ("su", Inside::After(1)),
    ("ssh", Inside::After(1)),
    ("npx", Inside::After(0)),
    ("bunx", Inside::After(0)),
    ("script", Inside::After(1)),
    ("ld.so", Inside::Anywhere),
    ("strace", Inside::Anywhere),
    ("ltrace", Inside::Anywhere),
    ("unshare", Inside::Anywhere),
    ("nsenter", Inside::Anywhere),
    ("setpriv", Inside::Anywhere),
    ("systemd-run", Inside::Anywhere),
    ("bwrap", Inside::Anywhere),
    ("firejail", Inside::Anywhere),
    ("docker", Inside::Behind(&["exec", "run"])),
    ("podman", Inside::Behind(&["exec", "run"])),
    ("kubectl", Inside::Behind(&["exec", "--"])),
    ("find", Inside::Behind(&["-exec", "-execdir", "-ok", "-okdir"])),
    ("fd", Inside::Behind(&["-x", "-X", "--exec", "--exec-batch"])),
    ("git", Inside::Behind(&["foreach", "run", "--exec", "-x", "--extcmd"])),
];

/// Programs that take a command as a text.
const SHELLS: [&str; 24] = [
    "sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "fish", "rbash", "eval", "source", ".", "trap", "su", "ssh",
    "watch", "script", "env", "parallel", "flock", "runuser", "alias", "tmux", "screen",
];

/// Those that make one text of all their words.
const JOIN_WORDS: [&str; 3] = ["eval", "watch", "trap"];

/// Programs and parts of shells whose words are program texts, files to run, expressions, names of secrets, or what is
/// in production.
const NOT_ORDINARY: [&str; 82] = [
    "python",
    "pypy",
    "node",
    "nodejs",
    "deno",
    "bun",
    "ruby",
    "perl",
    "php",
    "lua",
    "luajit",
    "tsx",
    "ts-node",
    "rscript",
    "java",
    "julia",
    "elixir",
    "swift",
    "osascript",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "gsed",
    "jq",
    "yq",
    "gdb",
    "lldb",
    "vim",
    "vi",
    "view",
    "nvim",
    "emacs",
    "ed",
    "ex",
    "tmux",
    "screen",
    "expect",
    "at",
    "batch",
    "crontab",
    "bc",
    "dc",
    "expr",
    "test",
    "[",
    "[[",
    "let",
    "exit",
    "return",
    "break",
    "continue",
    "bye",
    "logout",
    "private",
    "getln",
    "vared",
    "print",
    "read",
    "getopts",
    "sqlite3",
    "kubectl",
    "oc",
    "helm",
    "terraform",
    "tofu",
    "pulumi",
    "ansible",
    "ansible-playbook",
    "aws",
    "gcloud",
    "az",
    "vault",
    "op",
    "pass",
    "gopass",
    "doppler",
    "psql",
    "mysql",
    "redis-cli",
    "mongosh",
];

/// Whether the words of a program are only values to it, as far as anybody knows.
pub(super) fn is_ordinary(program: &str) -> bool {
    let name = name(program);
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_among = |list: &[&str]| list.contains(&name.as_str()) || list.contains(&plain);
    let wraps = WRAPPERS.iter().any(|(wrapper, _)| *wrapper == name || *wrapper == plain);
    !(wraps || is_among(&SHELLS) || is_among(&JOIN_WORDS) || is_among(&NOT_ORDINARY) || changes_shell(&name))
}

/// A program's own name, as it would be looked up, in small letters: some file systems do not mind.
pub(in crate::engine::policy) fn name(word: &str) -> String {
    word.rsplit('/').next().unwrap_or(word).to_ascii_lowercase()
}

/// Whether it runs texts: what it is given as a word or on its input may be a command line.
pub(super) fn takes_text(program: &str) -> bool {
    SHELLS.contains(&name(program).as_str())
}

/// Whether it may be given commands in other ways than in its own words: on its input, or by a pipe.
pub(in crate::engine::policy) fn reads_commands(program: &str) -> bool {
    let name = name(program);
    name.ends_with("sh") && takes_text(&name) || ["eval", "su", "parallel", "xargs"].contains(&name.as_str())
}

/// Whether its words together are the text.
pub(super) fn joins_words(program: &str) -> bool {
    JOIN_WORDS.contains(&name(program).as_str())
}

/// Every index at which a command may begin, the first word included.
pub(super) fn beginnings(words: &[Word]) -> Vec<usize> {
    let mut seen = vec![false; words.len()];
    let mut waiting = vec![0];
    while let Some(start) = waiting.pop() {
        let Some(first) = words.get(start) else { continue };
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        let program = name(&first.text);
        let Some((_, inside)) = WRAPPERS.iter().find(|(wrapper, _)| *wrapper == program) else { continue };
        let rest = start + 1..words.len();
        match inside {
            Inside::Anywhere => waiting.extend(rest),
            Inside::Behind(markers) => {
                let mut behind = false;
                for at in rest {
                    if behind {
                        waiting.push(at);
                    }
                    behind |= markers.contains(&words[at].text.as_str());
                }
            }
            Inside::After(n_skipped) => waiting.extend(after(words, rest, *n_skipped)),
        }
    }
    (0..words.len()).filter(|at| seen[*at]).collect()
}

/// Where the command may begin behind options that may have values.
pub(super) fn after(words: &[Word], rest: std::ops::Range<usize>, n_skipped: usize) -> Vec<usize> {
    // It only tells where the program is.
    if name(&words[rest.start - 1].text) == "command"
        && words.get(rest.start).is_some_and(|word| ["-v", "-V"].contains(&word.text.as_str()))
    {
        return Vec::new();
    }
    let (mut found, mut n_plain, mut behind_option) = (Vec::new(), 0, false);
    for at in rest {
        let text = words[at].text.as_str();
        if text.starts_with('-') {
            behind_option = true;
            continue;
        }
        let is_setting = text.contains('=') || text.starts_with(|c: char| c.is_ascii_digit());
        if is_setting {
            n_plain += usize::from(n_skipped > 0 && !behind_option);
            behind_option = false;
            continue;
        }
        found.push(at);
        if !behind_option {
            n_plain += 1;
        }
        if n_plain > n_skipped {
            break;
        }
        behind_option = false;
    }
    found
}

/// How many words of a transparent wrapper stand before the command itself; zero when it is none. Only
/// forms that change neither the environment nor the command.
pub(super) fn transparent(words: &[PlainWord]) -> usize {
    let Some(first) = words.first().filter(|word| !word.quoted) else { return 0 };
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match first.text.as_str() {
        "nohup" | "env" => 1,
        "time" => 1 + usize::from(text(1) == "-p"),
        "nice" if text(1) == "-n" && is_number(text(2)) => 3,
        "nice" => 1,
        "timeout" => {
            let mut at = 1;
            loop {
                match text(at) {
                    "--foreground" | "--preserve-status" | "-v" => at += 1,
                    "-k" | "-s" => at += 2,
                    word if word.starts_with("--kill-after=") || word.starts_with("--signal=") => at += 1,
                    word => {
                        let digits = word.strip_suffix(['s', 'm', 'h', 'd']).unwrap_or(word);
                        return if is_number(digits) { at + 1 } else { 0 };
                    }
                }
            }
        }
        _ => 0,
    }
}
