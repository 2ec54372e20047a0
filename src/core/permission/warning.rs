//! What remembering a rule of the CLI would allow besides the call at hand.
//!
//! **For:** the sentence beside ⚠ in the dialog and on the card. **Not for:** adjutant's own grants, whose further words
//! are judged one by one.

use super::Rule;
use super::runs_anything;
use crate::core::gives_away::example;
use crate::core::gives_away::line;

/// Why remembering this rule would allow far more than one call, if it would.
pub(super) fn of_rule(rule: &Rule) -> Option<String> {
    let content = match rule.content.as_deref().map(str::trim) {
        None | Some("" | "*" | "**" | ":*" | "//**" | "/**" | "~/**") => {
            let harmless = matches!(rule.tool.as_str(), "Read" | "Glob" | "Grep" | "WebSearch");
            return (!harmless || rule.content.is_some())
                .then(|| format!("{} allows every call of {}", rule.text(), rule.tool));
        }
        Some(content) => content,
    };
    if rule.tool != "Bash" {
        return path_warning(rule, content);
    }
    // An assignment before the program is no program.
    let is_setting = |word: &&str| word.contains('=') && !word.starts_with(['=', '/', '.', '-']);
    let unquoted = content.replace(['"', '\'', '\\'], "");
    let words: Vec<&str> = unquoted.split_whitespace().skip_while(is_setting).collect();
    let first = words.first().copied().unwrap_or_default();
    let program = first.split([':', '*']).next().unwrap_or_default();
    if program.is_empty() {
        return Some(format!("{} names no program: it allows any", rule.text()));
    }
    if runs_anything(program) {
        return Some(format!("{} can run anything: {program} executes whatever follows it", rule.text()));
    }
    // Without a star it is this one command.
    let (beginning, _) = unquoted.split_once('*')?;
    let beginning = beginning.trim_end().trim_end_matches(':');
    let named: Vec<&str> = beginning.split_whitespace().skip_while(is_setting).collect();
    Some(match example(&named) {
        Some(example) => format!("{} would also allow {example}", rule.text()),
        None => format!(
            "{} would also allow “{beginning} …” with every option and every file: adjutant does not know what {program} \
             does with them",
            rule.text()
        ),
    })
}

/// The line of the example in the warning.
pub(super) fn example_of(rule: &Rule) -> Option<&'static str> {
    let content = rule.content.as_deref().filter(|_| rule.tool == "Bash")?;
    let (beginning, _) = content.split_once('*')?;
    let words: Vec<&str> = beginning.trim_end().trim_end_matches(':').split_whitespace().collect();
    line(&words)
}

/// What a rule for files gives away besides the files that it seems to be about.
fn path_warning(rule: &Rule, content: &str) -> Option<String> {
    const CHANGING: [&str; 4] = ["Edit", "Write", "MultiEdit", "NotebookEdit"];
    const READING: [&str; 5] = ["Read", "Glob", "Grep", "LS", "NotebookRead"];
    let below = content.strip_suffix("/**").or_else(|| content.strip_suffix("**"))?;
    let place = if below.is_empty() { "." } else { below };
    if CHANGING.contains(&rule.tool.as_str()) {
        return Some(format!(
            "{} would also allow a change of “{place}/package.json”, “{place}/Makefile” and whatever else there is run later",
            rule.text()
        ));
    }
    READING.contains(&rule.tool.as_str()).then(|| {
        format!("{} would also allow reading “{place}/.env” and other files there that look secret", rule.text())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(text: &str) -> Option<String> {
        of_rule(&Rule::parse(text).unwrap())
    }

    #[test]
    fn warns_of_rules_that_allow_anything() {
        for loud in [
            "Bash",
            "Bash(*)",
            "Bash(sh)",
            "Bash(sh *)",
            "Bash(/bin/bash -c:*)",
            "Bash(env FOO=1 x)",
            "Bash(find . -exec *)",
            "Write",
            "Edit(**)",
        ] {
            assert!(warning(loud).is_some(), "{loud}");
        }
        for loud in [
            "Bash(FOO=1 sh *)",
            "Bash(A=1 B=2 bash -c *)",
            "Bash(FOO=1 *)",
            "Bash(A=1)",
            "Bash('sh' *)",
            "Bash(\\sh *)",
        ] {
            assert!(warning(loud).is_some(), "{loud}");
        }
        for quiet in ["Bash(npm ci)", "Bash(git status)", "Read", "Edit(src/a.rs)", "WebFetch(domain:docs.rs)"] {
            assert_eq!(warning(quiet), None, "{quiet}");
        }
    }

    #[test]
    fn says_with_an_example_what_free_words_give_away() {
        for (rule, example) in [
            ("Bash(make *)", "make SHELL=PROGRAM"),
            ("Bash(make:*)", "make SHELL=PROGRAM"),
            ("Bash(make test*)", "make SHELL=PROGRAM"),
            ("Bash(FOO=1 npm ci *)", "npm ci --prefix OTHER"),
            ("Bash(git log:*)", "git log --output=FILE"),
            ("Bash(python3.11 -m x *)", "can run anything"),
            ("Bash(gdb *)", "can run anything"),
            ("Bash(git -C *)", "OTHER-REPOSITORY"),
            ("Bash(shfmt *)", "“shfmt …” with every option and every file"),
            ("Edit(src/**)", "src/package.json"),
            ("Read(//etc/**)", "//etc/.env"),
        ] {
            let said = warning(rule).unwrap_or_default();
            assert!(said.contains(example), "{rule}: {said}");
        }
    }
}
