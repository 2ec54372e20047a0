//! `/new DIR`: the directory, the options, and the text to begin with.

use super::Wish;
use super::naming::directory;
use super::naming::word;
use crate::core::language::Language;
use crate::core::worktree::WorktreeSpec;
use crate::relay::typed::fold;

/// How it is written, in both languages.
pub(super) const USAGE: (&str, &str) = (
    "/new DIR [text] [--worktree[=BRANCH]] [--timeout N] [--idle N]",
    "/new 目录 [消息] [--worktree[=分支]] [--timeout 分钟] [--idle 分钟]",
);

/// What stands behind `/new DIR`, before the text or after it.
#[derive(Debug, Default)]
struct Options {
    timeout_minutes: Option<u64>,
    idle_minutes: Option<u64>,
    worktree: Option<WorktreeSpec>,
}

impl Options {
    /// Takes an option in; `false` when it is none, is there already, or its value is none.
    fn take(&mut self, name: &str, value: Option<&str>) -> bool {
        match (name, value) {
            ("timeout", Some(value)) if self.timeout_minutes.is_none() => {
                self.timeout_minutes = minutes(value);
                self.timeout_minutes.is_some()
            }
            ("idle", Some(value)) if self.idle_minutes.is_none() => {
                self.idle_minutes = minutes(value);
                self.idle_minutes.is_some()
            }
            ("worktree" | "工作树", branch) if self.worktree.is_none() && branch != Some("") => {
                self.worktree = Some(WorktreeSpec::Wanted { branch: branch.map(str::to_owned) });
                true
            }
            _ => false,
        }
    }
}

/// The name of an option, and the value that is written to it with `=`. Phones make one dash of two.
fn option(word: &str) -> Option<(&str, Option<&str>)> {
    let body = ["--", "——", "—", "–", "－－"].iter().find_map(|dashes| word.strip_prefix(dashes))?;
    let split = body.split_once(['=', '＝']);
    let (name, value) = split.map_or((body, None), |(name, value)| (name, Some(value)));
    // A dash may also begin a sentence.
    let is_ours = matches!(name, "timeout" | "idle" | "worktree" | "工作树");
    (is_ours || word.starts_with("--") || word.starts_with("－－")).then_some((name, value))
}

/// Whether the value of the option is the word behind it.
fn takes_a_word(name: &str) -> bool {
    matches!(name, "timeout" | "idle")
}

pub(super) fn new(rest: &str, language: Language) -> Wish {
    let usage = language.pick(USAGE.0, USAGE.1);
    let wrong = || super::wrong(USAGE, language);
    let Some((directory, mut rest)) = directory(rest) else { return wrong() };
    if directory.is_empty() {
        return wrong();
    }
    if directory.trim_matches(['.', '/']).is_empty() && directory.starts_with('.') {
        return Wish::Wrong(match language {
            Language::English => format!("There is no current directory here, so “{directory}” names none. {usage}"),
            Language::Chinese => format!("这里没有当前目录，「{directory}」不指任何目录。{usage}"),
        });
    }
    let mut options = Options::default();
    // Options stand right behind the directory, or at the very end.
    while let Some((first, behind)) = word(rest) {
        let Some((name, value)) = option(&first) else { break };
        let (value, behind) = match value {
            None if takes_a_word(name) => {
                let Some((value, behind)) = word(behind) else { return wrong() };
                (Some(value), behind)
            }
            value => (value.map(str::to_owned), behind),
        };
        if !options.take(name, value.as_deref()) {
            return wrong();
        }
        rest = behind;
    }
    while let Some((before, name, value)) = last_option(rest) {
        if !options.take(name, value) {
            break;
        }
        rest = before;
    }
    let prompt = Some(rest.trim().to_owned()).filter(|text| !text.is_empty());
    let Options { timeout_minutes, idle_minutes, worktree } = options;
    Wish::New { directory, prompt, timeout_minutes, idle_minutes, worktree }
}

/// What stands before the last option, its name and its value.
fn last_option(text: &str) -> Option<(&str, &str, Option<&str>)> {
    let (before, last) = split_last(text)?;
    if let Some((name, value)) = option(last) {
        return (value.is_some() || !takes_a_word(name)).then_some((before, name, value));
    }
    let (before, name) = split_last(before)?;
    let (name, None) = option(name)? else { return None };
    takes_a_word(name).then_some((before, name, Some(last)))
}

/// The last word, and what stands before it.
fn split_last(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_end();
    let at = text.rfind(char::is_whitespace).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    (!text.is_empty()).then(|| text.split_at(at))
}

/// Up to a week.
fn minutes(text: &str) -> Option<u64> {
    fold::number(text).map(u64::from).filter(|minutes| *minutes <= 7 * 24 * 60)
}
