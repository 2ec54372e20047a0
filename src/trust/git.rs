//! Programs that a repository's own configuration has git run, read without git.
//!
//! A clone brings none of this; an archive, a shared folder or a colleague's copy does. The CLI itself runs
//! `git status` at its start, and lets the model run it unasked.

use std::path::Path;

use super::files::Found;
use super::inventory::Finder;
use super::inventory::open_anywhere;
use crate::config::places::below_home;
use crate::core::trust::Kind;

/// Files that include one another.
const MAX_INCLUDES: usize = 8;
/// Keys whose value git runs; `*` stands for a name of the repository's own.
const RUNS: [&str; 45] = [
    "browser.*.cmd",
    "browser.*.path",
    "core.alternaterefscommand",
    "core.askpass",
    "core.editor",
    "core.fsmonitor",
    "core.gitproxy",
    "core.pager",
    "core.sshcommand",
    "credential.*.helper",
    "credential.helper",
    "diff.*.command",
    "diff.*.textconv",
    "diff.external",
    "difftool.*.cmd",
    "difftool.*.path",
    "filter.*.clean",
    "filter.*.process",
    "filter.*.smudge",
    "gc.recentobjectshook",
    "gpg.*.program",
    "gpg.program",
    "gpg.ssh.defaultkeycommand",
    "guitool.*.cmd",
    "hook.*.command",
    "imap.tunnel",
    "instaweb.httpd",
    "interactive.difffilter",
    "lfs.customtransfer.*.path",
    "lfs.extension.*.clean",
    "lfs.extension.*.smudge",
    "man.*.cmd",
    "man.*.path",
    "merge.*.driver",
    "mergetool.*.cmd",
    "mergetool.*.path",
    "remote.*.receivepack",
    "remote.*.uploadpack",
    "remote.*.vcs",
    "sendemail.*cmd",
    "sendemail.*smtpserver",
    "sequence.editor",
    "trailer.*.cmd",
    "trailer.*.command",
    "uploadpack.packobjectshook",
];
/// Hooks that run without a commit: at a checkout, a status, any change of a reference.
const HOOKS: [&str; 3] = ["post-checkout", "post-index-change", "reference-transaction"];
/// Helpers of git itself and of the system's key stores.
const KNOWN_HELPERS: [&str; 7] = ["", "cache", "libsecret", "manager", "osxkeychain", "store", "wincred"];

/// Reads the repository's configuration and hooks. Returns the keys that must be overruled to keep it from running
/// anything.
pub(super) fn read(finder: &mut Finder<'_>, git: &Path, common: &Path) -> Vec<String> {
    let mut keys = Vec::new();
    let mut hooks = common.join("hooks");
    let mut waiting = vec![common.join("config"), git.join("config.worktree")];
    let mut n_read = 0;
    while let Some(path) = waiting.pop() {
        n_read += 1;
        if n_read > MAX_INCLUDES {
            finder.unreadable(&path.display().to_string(), "too many files include one another", "");
            break;
        }
        let place = finder.shown(&path);
        let text = match open_anywhere(&path) {
            Found::Nothing => continue,
            Found::Unfit { why, digest } => {
                finder.unreadable(&place, &why, &digest);
                continue;
            }
            Found::Text(text) => text,
        };
        for (key, value) in entries(&text) {
            let folder = path.parent().unwrap_or(common);
            if key == "include.path" || (key.starts_with("includeif.") && key.ends_with(".path")) {
                waiting.push(below_home(&value).unwrap_or_else(|| folder.join(&value)));
            } else if key == "core.hookspath" {
                hooks = below_home(&value).unwrap_or_else(|| finder.top().join(&value));
            } else if runs(&key, &value) {
                finder.add_command(Kind::Git, &place, &key, &value, &serde_json::Value::Null);
                keys.push(key);
            }
        }
    }
    for name in HOOKS {
        let path = hooks.join(name);
        let place = finder.shown(&path);
        match open_anywhere(&path) {
            Found::Nothing => {}
            Found::Unfit { why, digest } => finder.unreadable(&place, &why, &digest),
            Found::Text(text) => finder.add_made_of(Kind::Git, &place, name, text.trim(), &[text.as_bytes()]),
        }
    }
    keys
}

fn runs(key: &str, value: &str) -> bool {
    let is_bool = ["true", "false", "yes", "no", "on", "off", "1", "0", ""].contains(&value.to_lowercase().as_str());
    match key {
        "core.fsmonitor" => !is_bool,
        _ if key.starts_with("alias.") => value.trim_start().starts_with('!'),
        _ if key.starts_with("pager.") => !is_bool,
        _ if key.starts_with("submodule.") && key.ends_with(".update") => value.starts_with('!'),
        // The address that others are turned into stands in the key.
        _ if key.starts_with("url.") => key.starts_with("url.ext::"),
        _ if key.ends_with(".url") || key.ends_with(".pushurl") => value.starts_with("ext::"),
        _ if key.starts_with("credential") => matches(key) && !KNOWN_HELPERS.contains(&value),
        _ if key.starts_with("filter.lfs.") => !is_lfs(value),
        _ => matches(key) && !value.is_empty(),
    }
}

/// What `git lfs install --local` writes.
fn is_lfs(value: &str) -> bool {
    ["git-lfs clean -- %f", "git-lfs smudge -- %f", "git-lfs filter-process"].contains(&value)
}

fn matches(key: &str) -> bool {
    RUNS.iter().any(|known| match known.split_once('*') {
        Some((start, end)) => key.len() >= start.len() + end.len() && key.starts_with(start) && key.ends_with(end),
        None => key == *known,
    })
}

/// Keys and values of a configuration file. The section and the last part of a key are written small, as git does.
fn entries(text: &str) -> Vec<(String, String)> {
    let mut section = String::new();
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim().to_owned();
        while goes_on(&line) {
            line.pop();
            line.push_str(lines.next().unwrap_or_default().trim_end());
        }
        let mut rest = line.as_str();
        if let Some(head) = rest.strip_prefix('[') {
            // A subsection in quotes may hold the bracket itself.
            let mut in_quotes = false;
            let end = head.char_indices().find(|(at, c)| {
                if *c == '"' && !head[..*at].ends_with('\\') {
                    in_quotes = !in_quotes;
                }
                *c == ']' && !in_quotes
            });
            let Some((end, _)) = end else { continue };
            let name = &head[..end];
            section = match name.split_once('"') {
                Some((word, rest)) => {
                    let sub = rest.trim_end().strip_suffix('"').unwrap_or(rest);
                    format!("{}.{}", word.trim().to_lowercase(), sub.replace("\\\"", "\"").replace("\\\\", "\\"))
                }
                None => name.trim().to_lowercase(),
            };
            rest = head[end + 1..].trim();
        }
        if rest.is_empty() || rest.starts_with(['#', ';']) {
            continue;
        }
        let (name, value) = match rest.split_once('=') {
            Some((name, value)) => (name.trim(), unquoted(value.trim())),
            None => (rest, "true".to_owned()),
        };
        found.push((format!("{section}.{}", name.to_lowercase()), value));
    }
    found
}

/// Whether a line goes on in the next one: it ends in a backslash that neither another one nor a comment takes away.
fn goes_on(line: &str) -> bool {
    let (mut in_quotes, mut is_escaped) = (false, false);
    for c in line.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => in_quotes = !in_quotes,
            '#' | ';' if !in_quotes => return false,
            _ => {}
        }
    }
    is_escaped
}

/// A value without its quotes and the comment behind it.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut in_quotes = false;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => in_quotes = !in_quotes,
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(other) => text.push(other),
                None => {}
            },
            '#' | ';' if !in_quotes => break,
            c => text.push(c),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_would_run_is_found_however_it_is_written() {
        let text = "[core]\n\tfsmonitor = \"/tmp/evil\" # words\n[CORE] PAGER = less\n[diff \"a]b\"]\n command = x\n\
                    [filter \"lfs\"]\n clean = git-lfs clean -- %f\n smudge = evil\n[alias]\n a = status\n b = \"!id\"\n\
                    [core]\nsshCommand = \\\n  ssh -i x\n[remote \"o\"]\n url = ext::sh -c id\n fetch = +x\n\
                    [credential]\n helper = store\n helper = !evil\n[core]\n fsmonitor = true\n bare\n";
        let found: Vec<_> = entries(text).into_iter().filter(|(key, value)| runs(key, value)).collect();
        let found: Vec<_> = found.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            found,
            [
                ("core.fsmonitor", "/tmp/evil"),
                ("core.pager", "less"),
                ("diff.a]b.command", "x"),
                ("filter.lfs.smudge", "evil"),
                ("alias.b", "!id"),
                ("core.sshcommand", "ssh -i x"),
                ("remote.o.url", "ext::sh -c id"),
                ("credential.helper", "!evil"),
            ]
        );
    }

    #[test]
    fn a_comment_hides_no_line_behind_it() {
        for text in [
            "[core]\n# \\\nfsmonitor = evil\n",
            "[core]\n\tx = 1 ; words \\\nfsmonitor = evil\n",
            "[core]\n\tx = \"#\" # \\\nfsmonitor = evil\n",
            "[core] ; \\\nfsmonitor = evil\n",
            "[core]\n\tx = a\\\\\nfsmonitor = evil\n",
            "[core]\n\tx = \"a # \\\n b\"\nfsmonitor = evil\n",
            "[core]\n\tfsmonitor = ev\\\nil\n",
        ] {
            let found: Vec<_> = entries(text).into_iter().filter(|(key, value)| runs(key, value)).collect();
            assert_eq!(found, [("core.fsmonitor".to_owned(), "evil".to_owned())], "{text}");
        }
    }

    #[test]
    fn what_rarer_commands_of_git_run_is_found_too() {
        let text = "[gc]\n recentObjectsHook = a\n[url \"ext::sh -c id\"]\n insteadOf = https://x\n[remote \"o\"]\n vcs = b\n\
                    [mergetool \"m\"]\n cmd = c\n[hook \"h\"]\n command = d\n event = pre-commit\n[sendemail]\n toCmd = e\n\
                    [lfs \"customtransfer.t\"]\n path = f\n[url \"https://y\"]\n insteadOf = git://y\n";
        let found: Vec<_> = entries(text).into_iter().filter(|(key, value)| runs(key, value)).collect();
        let keys: Vec<_> = found.iter().map(|(key, _)| key.as_str()).collect();
        let expected = [
            "gc.recentobjectshook",
            "url.ext::sh -c id.insteadof",
            "remote.o.vcs",
            "mergetool.m.cmd",
            "hook.h.command",
            "sendemail.tocmd",
            "lfs.customtransfer.t.path",
        ];
        assert_eq!(keys, expected);
    }
}
