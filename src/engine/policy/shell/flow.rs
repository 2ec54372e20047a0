//! The calls of a line and how they hang together: what a call reads from, what it stands in, what it is given.
//!
//! **For:** the anatomy of a line. **Not for:** rules; nothing here allows anything.
//!
//! Invariants: every command that the liberal reading finds is there; how calls hang together is told by where they
//! stand, and is left out where that says nothing.

use std::ops::Range;

/// Where the command of a program that runs others begins.
mod inside;

use super::MAX_TEXTS;
use super::MAX_TEXTS_DEEP;
use super::tree;
use super::tree::Simple;
use super::tree::Word;
use super::wrappers;

/// One simple command as a reader of the whole line finds it.
#[derive(Debug)]
pub(in crate::engine::policy) struct Call {
    pub(in crate::engine::policy) words: Vec<String>,
    /// Where in these words a command may begin.
    pub(in crate::engine::policy) beginnings: Vec<usize>,
    /// Where in the line it stands; none for what stands in a text that a shell on it is given.
    pub(in crate::engine::policy) at: Option<usize>,
    /// It runs on another machine, or in a container: names are not those of this machine.
    pub(in crate::engine::policy) elsewhere: bool,
    /// The call whose output it reads.
    pub(in crate::engine::policy) from: Option<usize>,
    /// The call in whose words it stands.
    pub(in crate::engine::policy) within: Option<usize>,
    /// Here-documents that it is given.
    pub(in crate::engine::policy) given: Vec<String>,
    /// The file that it reads from.
    pub(in crate::engine::policy) input: Option<String>,
}

/// A file that the shell opens to write.
#[derive(Debug)]
pub(in crate::engine::policy) struct Written {
    pub(in crate::engine::policy) name: String,
    pub(in crate::engine::policy) appends: bool,
    pub(in crate::engine::policy) at: Option<usize>,
}

/// Everything that a line may run and write.
#[derive(Debug, Default)]
pub(in crate::engine::policy) struct Calls {
    pub(in crate::engine::policy) all: Vec<Call>,
    pub(in crate::engine::policy) writes: Vec<Written>,
    /// `NAME=value`, and where it stands.
    pub(in crate::engine::policy) settings: Vec<(String, Option<usize>)>,
    pub(in crate::engine::policy) whole: bool,
}

/// All commands of a line, read liberally; `None` when it is too long or too deep.
pub(in crate::engine::policy) fn read(line: &str) -> Option<Calls> {
    let mut found = Calls::default();
    found.whole = add(&mut found, line, Kind::Line)?;
    let mut n_texts = 0;
    let mut begin = 0;
    // Texts that are handed to shells, and texts in these.
    for _ in 0..MAX_TEXTS_DEEP {
        let level: Vec<(String, Kind)> = (begin..found.all.len())
            .flat_map(|at| texts_of(&found, at).into_iter().map(move |text| (text, at)))
            .map(|(text, at)| (text, Kind::Text { elsewhere: is_elsewhere(&found.all[at]) }))
            .collect();
        begin = found.all.len();
        for (text, kind) in level {
            n_texts += 1;
            if n_texts > MAX_TEXTS {
                return None;
            }
            add(&mut found, &text, kind)?;
        }
        if begin == found.all.len() {
            return Some(found);
        }
    }
    found.whole = false;
    Some(found)
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Line,
    /// A text that a call hands to a shell, here or elsewhere.
    Text {
        elsewhere: bool,
    },
}

/// Programs that run programs of other machines.
pub(in crate::engine::policy) const ELSEWHERE: [&str; 9] =
    ["ssh", "docker", "podman", "nerdctl", "kubectl", "oc", "mosh", "docker-compose", "k"];

/// Whether what a call hands on runs elsewhere.
fn is_elsewhere(call: &Call) -> bool {
    call.elsewhere
        || call.beginnings.iter().any(|start| ELSEWHERE.contains(&wrappers::name(&call.words[*start]).as_str()))
}

/// Adds the calls of a text; whether all of it was understood.
fn add(found: &mut Calls, text: &str, kind: Kind) -> Option<bool> {
    let is_inner = kind != Kind::Line;
    let tree = tree::read(text)?;
    let base = found.all.len();
    let commands: Vec<&Simple> = tree.commands.iter().filter(|command| !command.words.is_empty()).collect();
    let spans: Vec<Range<usize>> = commands.iter().map(|command| command.span.clone()).collect();
    for (at, command) in commands.iter().enumerate() {
        let is_placed = command.span.start < text.len();
        found.all.push(Call {
            words: command.words.iter().map(|word| word.text.clone()).collect(),
            beginnings: beginnings(&command.words),
            at: Some(command.span.start).filter(|_| is_placed && !is_inner),
            elsewhere: kind == Kind::Text { elsewhere: true },
            from: feeder(text, &spans, at).map(|feeder| base + feeder),
            within: holder(&spans, at).map(|holder| base + holder),
            given: if is_placed { given(text, &command.span) } else { Vec::new() },
            input: if is_placed { input(text, &spans, at) } else { None },
        });
    }
    found.writes.extend(tree.redirects.iter().map(|it| Written {
        name: it.target.text.clone(),
        appends: it.appends,
        at: Some(it.target.span.start).filter(|_| !is_inner),
    }));
    let placed = |(text, at): (String, usize)| (text, Some(at).filter(|_| !is_inner));
    found.settings.extend(tree.settings.into_iter().map(placed));
    Some(tree.whole)
}

/// Programs that run a word of theirs as a command line, and are no shells.
const TAKE_TEXTS: [&str; 17] = [
    "expect",
    "tmux",
    "screen",
    "hyperfine",
    "concurrently",
    "nodemon",
    "watchexec",
    "entr",
    "nix-shell",
    "vagrant",
    "gcloud",
    "fly",
    "flyctl",
    "xterm",
    "sg",
    "chronic",
    "npm-run-all",
];

/// Programs whose own commands can run one of the shell.
const EDITORS: [&str; 9] = ["vim", "nvim", "vi", "view", "ex", "ed", "gdb", "lldb", "less"];

/// The texts that a call hands to a shell.
fn texts_of(found: &Calls, at: usize) -> Vec<String> {
    let call = &found.all[at];
    let mut texts = Vec::new();
    for start in &call.beginnings {
        let words = &call.words[*start..];
        let Some(program) = words.first() else { continue };
        let name = wrappers::name(program);
        // `alias x='…'`
        if name == "alias" {
            texts.extend(words[1..].iter().filter_map(|word| Some(word.split_once('=')?.1.to_owned())));
        }
        // `vim -c '!…'`
        if EDITORS.contains(&name.as_str()) {
            let escaped = |word: &String| {
                let text = word.trim_start_matches(['+', ':']);
                text.strip_prefix('!').or_else(|| text.strip_prefix("shell ")).map(str::to_owned)
            };
            texts.extend(words[1..].iter().filter_map(escaped));
        }
        if wrappers::takes_text(program) || TAKE_TEXTS.contains(&name.as_str()) {
            let behind_c = |at: usize| words[at - 1].starts_with('-') && words[at - 1].contains('c');
            let is_text = |at: usize| behind_c(at) || words[at].contains([' ', '\t', '\n', ';', '|', '&', '$', '`']);
            texts.extend((1..words.len()).filter(|at| is_text(*at)).map(|at| words[at].clone()));
            if wrappers::joins_words(program) {
                texts.push(words[1..].join(" "));
            }
        }
        if wrappers::reads_commands(program) || matches!(name.as_str(), "at" | "batch" | "crontab") {
            texts.extend(call.given.iter().cloned());
            texts.extend(said(found, call.from));
        }
    }
    texts.retain(|text| !text.trim().is_empty());
    texts.sort();
    texts.dedup();
    texts
}

/// What a call says on its output, where the line itself holds it.
pub(in crate::engine::policy) fn said(found: &Calls, call: Option<usize>) -> Option<String> {
    let call = found.all.get(call?)?;
    match call.words.first().map(|word| wrappers::name(word)).as_deref() {
        Some("echo" | "printf") => {
            let text = call.words[1..].join(" ").replace("\\n", "\n");
            // Letters by their numbers say something else than what stands there.
            let is_encoded = text.split('\\').skip(1).any(|rest| rest.starts_with(['x', 'u', 'U', '0', '1']));
            (!is_encoded).then_some(text)
        }
        Some("cat" | "tee") if !call.given.is_empty() => Some(call.given.join("\n")),
        _ => None,
    }
}

/// Where a command may begin: what stands behind a container, a `--` or an `-exec` begins at one place only.
fn beginnings(words: &[Word]) -> Vec<usize> {
    let all = wrappers::beginnings(words);
    let known = all.iter().find_map(|start| {
        let rest = &words[*start..];
        Some((*start, inside::begins(rest)?))
    });
    let Some((outer, inner)) = known else { return all };
    let mut exact: Vec<usize> = all.into_iter().filter(|at| *at <= outer).collect();
    for begin in inner.into_iter().map(|at| outer + at) {
        if let Some(rest) = words.get(begin..).filter(|rest| !rest.is_empty()) {
            exact.extend(beginnings(rest).into_iter().map(|at| begin + at));
        }
    }
    exact.sort_unstable();
    exact.dedup();
    exact
}

/// The nearest call before this one, where only a pipe stands between them.
fn feeder(text: &str, spans: &[Range<usize>], at: usize) -> Option<usize> {
    let start = spans[at].start;
    let before = spans.iter().enumerate().filter(|(_, span)| span.end <= start && span.start < text.len());
    let (feeder, span) = before.max_by_key(|(_, span)| (span.end, std::cmp::Reverse(span.start)))?;
    let between = text.get(span.end..start)?;
    let between = between.replace("2>&1", "").replace(">&2", "").replace("|&", "|").replace("\\\n", "");
    let is_pipe = between.contains('|') && !between.contains("||") && !between.contains(';') && !between.contains('&');
    let is_next = between.rsplit('|').next().is_some_and(|rest| !rest.contains(['<', '>']));
    (is_pipe && is_next).then_some(feeder)
}

/// The innermost call whose words hold this one.
fn holder(spans: &[Range<usize>], at: usize) -> Option<usize> {
    let span = &spans[at];
    let holds = |(other, outer): &(usize, &Range<usize>)| {
        *other != at && outer.start <= span.start && span.end <= outer.end && *outer != span
    };
    spans.iter().enumerate().filter(holds).max_by_key(|(_, outer)| outer.start).map(|(holder, _)| holder)
}

/// The here-documents and here-strings that begin on the lines of a call.
fn given(text: &str, span: &Range<usize>) -> Vec<String> {
    let Some(own) = text.get(span.start..) else { return Vec::new() };
    let n_own = own.get(span.len()..).and_then(|rest| rest.find('\n')).map_or(own.len(), |at| span.len() + at);
    let mut rest = &own[..n_own];
    let mut texts = Vec::new();
    while let Some(at) = rest.find("<<") {
        rest = &rest[at + 2..];
        if let Some(string) = rest.strip_prefix('<') {
            let end = string.find([';', '|', '&', '\n']).unwrap_or(string.len());
            texts.push(tree::unquoted(string[..end].trim()).0);
            rest = string;
            continue;
        }
        let mark = rest.trim_start_matches('-').trim_start();
        let end = mark.find([' ', '\t', '\n', ';', '|', '&', '>', '<', ')']).unwrap_or(mark.len());
        let (mark, _) = tree::unquoted(&mark[..end]);
        if mark.is_empty() {
            continue;
        }
        let body = own.get(n_own..).unwrap_or_default().trim_start_matches('\n');
        texts.push(
            body.lines()
                .take_while(|line| line.trim_start_matches('\t').trim_end() != mark)
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
    texts
}

/// The file behind a `<` that follows the call.
fn input(text: &str, spans: &[Range<usize>], at: usize) -> Option<String> {
    let span = &spans[at];
    let next = spans.iter().map(|span| span.start).filter(|start| *start >= span.end && *start < text.len()).min();
    let tail = text.get(span.end..next.unwrap_or(text.len()))?;
    let tail = tail.split(['\n', ';', '|', ')']).next()?;
    let place = tail.find('<').filter(|at| !tail[at + 1..].starts_with(['<', '(', '&']))?;
    let name = tail[place + 1..].split_whitespace().next()?;
    Some(tree::unquoted(name).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(call: &Call) -> &str {
        &call.words[0]
    }

    #[test]
    fn calls_know_what_they_read_and_where_they_stand() {
        let found = read("curl x 2>/dev/null | sudo bash").unwrap();
        assert_eq!(found.all[1].from, Some(0));
        let found = read("a; b || c && d").unwrap();
        assert!(found.all.iter().all(|call| call.from.is_none()));
        let found = read("bash -c \"$(curl x)\"").unwrap();
        let inner = found.all.iter().find(|call| program(call) == "curl").unwrap();
        assert_eq!(program(&found.all[inner.within.unwrap()]), "bash");
        let found = read("nc host 1 < secret.txt").unwrap();
        assert_eq!(found.all[0].input.as_deref(), Some("secret.txt"));
    }

    #[test]
    fn texts_for_shells_are_read_and_other_texts_are_not() {
        let names = |line: &str| {
            let found = read(line).unwrap();
            found.all.iter().filter(|call| call.at.is_none()).map(|call| call.words[0].clone()).collect::<Vec<_>>()
        };
        assert_eq!(names("bash <<'E'\nrm x\nE\nls"), ["rm"]);
        assert_eq!(names("echo 'rm x' | sh"), ["rm"]);
        assert_eq!(names("cat <<E | bash\nrm x\nE"), ["rm"]);
        assert_eq!(names("ssh host 'rm x'"), ["rm"]);
        assert_eq!(names("bash build.sh && echo 'rm x done'"), [] as [&str; 0]);
        assert_eq!(names("sh -c \"sh -c 'rm x'\""), ["sh", "rm"]);
    }

    #[test]
    fn a_container_has_one_command() {
        let starts = |line: &str| read(line).unwrap().all[0].beginnings.clone();
        assert_eq!(starts("docker exec -it web npm install"), [0, 4]);
        assert_eq!(starts("docker run --rm -v /a:/b alpine rm x"), [0, 6]);
        assert_eq!(starts("sudo docker exec web rm x"), [0, 1, 4]);
        assert_eq!(starts("find . -exec grep install {} +"), [0, 3]);
        assert_eq!(starts("kubectl exec pod -- rm x"), [0, 4]);
    }
}
