//! Lines for PowerShell, and for the command line of Windows.
//!
//! **For:** the calls in them, for their anatomy. **Not for:** rules: it is no full grammar, and says so by calling a line
//! that it does not follow not whole.

use super::steps::Deed;
use super::steps::Run;
use super::steps::deed;
use crate::core::anatomy::Effect;
use crate::engine::policy::shell::flow::Call;
use crate::engine::policy::shell::flow::Calls;

/// Longer lines are not read.
const MAX_BYTES: usize = 64 << 10;
const MAX_CALLS: usize = 500;

/// All calls of a line.
pub(super) fn calls(line: &str) -> Option<Calls> {
    if line.len() > MAX_BYTES {
        return None;
    }
    let mut reader = Reader {
        calls: Calls { whole: true, ..Calls::default() },
        words: Vec::new(),
        word: None,
        begin: 0,
        pipes: false,
        writes: None,
    };
    let mut chars = line.char_indices().peekable();
    let mut open = Vec::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '`' => match chars.next() {
                Some((_, '\n')) => {}
                Some((_, next)) => reader.push(at, next),
                None => {}
            },
            '\'' | '"' => {
                reader.push_str(at, "");
                let mut closed = false;
                while let Some((_, inner)) = chars.next() {
                    if inner == c {
                        if chars.peek().is_some_and(|(_, next)| *next == c) {
                            chars.next();
                            reader.push(at, c);
                            continue;
                        }
                        closed = true;
                        break;
                    }
                    match inner {
                        '`' if c == '"' => {
                            reader.word.get_or_insert_default().extend(chars.next().map(|(_, next)| next));
                        }
                        inner => reader.push(at, inner),
                    }
                }
                reader.calls.whole &= closed;
            }
            '#' if reader.word.is_none() => while chars.next_if(|(_, next)| *next != '\n').is_some() {},
            '|' => {
                let is_or = chars.next_if(|(_, next)| *next == '|').is_some();
                reader.end_call(!is_or);
            }
            '&' if reader.words.is_empty()
                && reader.word.is_none()
                && chars.peek().is_some_and(|(_, next)| *next != '&') => {}
            ';' | '\n' | '&' => reader.end_call(false),
            '(' | '{' => {
                open.push(c);
                // `$(` and `@{` begin something; a name before it is a call of a method.
                reader.end_word();
                if !reader.words.is_empty() {
                    reader.end_call(false);
                }
            }
            ')' | '}' => {
                reader.calls.whole &= open.pop().is_some();
                reader.end_call(false);
            }
            '>' => {
                reader.end_stream_number();
                let appends = chars.next_if(|(_, next)| *next == '>').is_some();
                if chars.next_if(|(_, next)| *next == '&').is_some() {
                    chars.next();
                } else {
                    reader.writes = Some((appends, at));
                }
            }
            '=' if reader.is_assignment() => reader.drop_assignment(),
            c if c.is_whitespace() => reader.end_word(),
            c => reader.push(at, c),
        }
        if reader.calls.all.len() > MAX_CALLS {
            return None;
        }
    }
    reader.end_call(false);
    reader.calls.whole &= open.is_empty();
    Some(reader.calls)
}

struct Reader {
    calls: Calls,
    words: Vec<String>,
    word: Option<String>,
    begin: usize,
    /// The next call reads what the last one says.
    pipes: bool,
    /// The next word is the name of a file to write.
    writes: Option<(bool, usize)>,
}

impl Reader {
    fn push(&mut self, at: usize, c: char) {
        self.push_str(at, c.encode_utf8(&mut [0; 4]));
    }

    fn push_str(&mut self, at: usize, text: &str) {
        if self.words.is_empty() && self.word.is_none() {
            self.begin = at;
        }
        self.word.get_or_insert_default().push_str(text);
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match self.writes.take() {
            Some((appends, at)) => {
                self.calls.writes.push(crate::engine::policy::shell::flow::Written {
                    name: word,
                    appends,
                    at: Some(at),
                });
            }
            None => self.words.push(word),
        }
    }

    /// `2>` is no word.
    fn end_stream_number(&mut self) {
        if self.word.as_deref().is_some_and(|word| word == "*" || word.bytes().all(|byte| byte.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
    }

    fn is_assignment(&self) -> bool {
        let name = self.word.as_deref().or(self.words.last().map(String::as_str));
        self.words.len() + usize::from(self.word.is_some()) == 1 && name.is_some_and(|name| name.starts_with('$'))
    }

    fn drop_assignment(&mut self) {
        self.word = None;
        self.words.clear();
    }

    fn end_call(&mut self, pipes: bool) {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        let from = self.pipes.then(|| self.calls.all.len().checked_sub(1)).flatten();
        self.pipes = pipes;
        // A value alone is no call.
        if words.first().is_none_or(|word| word.starts_with(['$', '@', '[']) && words.len() == 1) {
            return;
        }
        let call = Call {
            words,
            beginnings: vec![0],
            at: Some(self.begin),
            elsewhere: false,
            from,
            within: None,
            given: Vec::new(),
            input: None,
        };
        self.calls.all.push(call);
    }
}

/// What a line does that another shell hands to PowerShell.
pub(super) fn within(run: &Run<'_>) -> Option<Vec<Deed>> {
    let words = &run.words[1..];
    let is_encoded = words.iter().any(|word| {
        let option = word.trim_start_matches(['-', '/']).to_ascii_lowercase();
        word.starts_with(['-', '/']) && option.len() > 1 && "encodedcommand".starts_with(&option)
            || option == "ec"
            || option == "e"
    });
    if is_encoded {
        return Some(vec![deed(Effect::RunsUnread, &[])]);
    }
    let begins = |word: &String| {
        let option = word.to_ascii_lowercase();
        matches!(option.as_str(), "-command" | "-c" | "/c" | "/k" | "//c") || option.starts_with("-com")
    };
    let at = words.iter().position(begins)?;
    let text = words.get(at + 1..)?.join(" ");
    let anatomy = super::of_powershell(&text, std::path::Path::new("/nowhere"));
    let mut deeds = vec![deed(Effect::RunsCode, &[])];
    for step in anatomy.steps.iter().filter(|step| step.effect.is_danger() && step.effect != Effect::LeavesProject) {
        let mut named: Vec<&str> = step.targets.iter().map(|target| target.named.as_str()).collect();
        if named.is_empty() {
            named.push(&text);
        }
        let found = deed(step.effect, &named);
        if !deeds.contains(&found) {
            deeds.push(found);
        }
    }
    if !anatomy.whole {
        deeds.push(deed(Effect::RunsUnread, &[]));
    }
    Some(deeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_into_calls() {
        let read = |line: &str| calls(line).unwrap().all.iter().map(|call| call.words.join("|")).collect::<Vec<_>>();
        assert_eq!(read("Remove-Item -Recurse 'a b'; git status"), ["Remove-Item|-Recurse|a b", "git|status"]);
        assert_eq!(
            read("Get-ChildItem | ForEach-Object { Remove-Item $_ }"),
            ["Get-ChildItem", "ForEach-Object", "Remove-Item|$_"]
        );
        assert_eq!(read("$x = Get-Content a.txt"), ["Get-Content|a.txt"]);
        assert_eq!(read("& 'C:\\x.exe' y"), ["C:\\x.exe|y"]);
        assert!(!calls("Remove-Item 'x").unwrap().whole && !calls("a )").unwrap().whole);
        let found = calls("iwr x | iex 2>$null; echo a > b.txt").unwrap();
        assert_eq!(found.all[1].from, Some(0));
        assert_eq!(found.writes.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["$null", "b.txt"]);
    }
}
