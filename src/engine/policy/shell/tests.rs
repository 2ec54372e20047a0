//! Lines that must pass, lines that must not, and everything in between.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::config::parse;
use crate::engine::policy::paths::Own;

/// Ready-made rules.
mod presets;

/// What a person might well write.
const RULES: &str = r"
    deny  | rm
    deny  | git push
    ask   | git stash
    allow | git status
    allow | git diff
    allow | git log
    allow | git show
    allow | git branch
    allow | git blame
    allow | ls
    allow | cat
    allow | head
    allow | tail
    allow | wc
    allow | sort
    allow | uniq
    allow | rg
    allow | grep
    allow | find
    allow | sed
    allow | awk
    allow | echo
    allow | printf
    allow | pwd
    allow | cd
    allow | cargo test
    allow | cargo check
    allow | cargo clippy
    allow | npm run lint
    allow | make test
    allow | scripts/build.sh fast
    allow | deploy staging *
    allow | bash scripts/ci.sh
    allow | test -f x
    allow | [
    allow | [[
";

fn config(rules: &str) -> crate::config::Config {
    let rule = |line: &str| {
        let (action, command) = line.split_once('|').unwrap();
        format!(
            "[[approvals.rules]]\ntool = \"Bash\"\naction = \"{}\"\ncommand = \"{}\"\n",
            action.trim(),
            command.trim()
        )
    };
    let text: String = rules.lines().filter(|line| line.contains('|')).map(rule).collect();
    parse(&text).unwrap()
}

/// A project with links out of it and something private in it.
struct Project {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

static PROJECT: LazyLock<Project> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let root = base.join("web");
    for name in [
        "web/src",
        "web/docs",
        "web/.ssh",
        "web/scripts",
        "web/fixtures/evil/.git",
        "web/fixtures/bare/objects",
        "web/fixtures/linked",
        "web/fixtures/bare/refs",
        "other",
    ] {
        fs::create_dir_all(base.join(name)).unwrap();
    }
    for name in [
        "web/src/a.rs",
        "web/docs/read me.md",
        "web/.env",
        "web/.ssh/id_rsa",
        "other/b.txt",
        "secret",
        "x",
        "web/fixtures/evil/Makefile",
        "web/fixtures/evil/package.json",
        "web/fixtures/evil/Cargo.toml",
        "web/fixtures/evil/go.mod",
        "web/fixtures/evil/conftest.py",
        "web/fixtures/bare/HEAD",
        "web/fixtures/bare/config",
        "web/fixtures/linked/HEAD",
        "web/fixtures/linked/commondir",
    ] {
        fs::write(base.join(name), "x").unwrap();
    }
    symlink(base.join("other"), root.join("out")).unwrap();
    symlink(root.join(".env"), root.join("plain.txt")).unwrap();
    symlink(base.join("nowhere"), root.join("dangling")).unwrap();
    symlink("loop", root.join("loop")).unwrap();
    symlink("/proc/self/cwd", root.join("here")).unwrap();
    Project { _folder: folder, root }
});

static OWN: LazyLock<crate::config::OwnPlaces> = LazyLock::new(Default::default);

static CONFIG: LazyLock<crate::config::Config> = LazyLock::new(|| config(RULES));

fn ruling(line: &str) -> Ruling {
    ruling_by(line, &CONFIG)
}

fn ruling_by(line: &str, config: &crate::config::Config) -> Ruling {
    let rules: Vec<&Rule> = config.approvals.rules.iter().collect();
    judge(line, &rules, &Ground::new(&PROJECT.root, std::slice::from_ref(&PROJECT.root), Own(&OWN), None, true))
}

/// The characters that the tables write as escapes.
fn characters(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (c, length) = match after.as_bytes()[0] {
            b'n' => ('\n', 1),
            b'r' => ('\r', 1),
            b't' => ('\t', 1),
            b'\\' => ('\\', 1),
            b'x' => (code(&after[1..3]), 3),
            b'u' => (code(&after[1..5]), 5),
            other => unreachable!("\\{} in {text}", char::from(other)),
        };
        out.push(c);
        rest = &after[length..];
    }
    out + rest
}

fn code(digits: &str) -> char {
    char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap()
}

/// The lines of a table.
fn cases(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.is_empty() && !line.starts_with('#') || line.starts_with("# comment"))
}

#[test]
fn ordinary_lines_are_allowed() {
    let escaped = |line: &str| line.contains("\\n") && !line.contains('\'');
    let mut wrong = Vec::new();
    for case in cases(include_str!("ordinary.txt")) {
        let line = if escaped(case) { characters(case) } else { case.to_owned() };
        let ruling = ruling(&line);
        if ruling.action != RuleBehavior::Allow {
            wrong.push(format!("{case}: {} {}", ruling.action.as_str(), ruling.why));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hostile_lines_are_asked_or_denied() {
    let mut wrong = Vec::new();
    let mut n_cases = 0;
    for case in cases(include_str!("hostile.txt")) {
        let (expected, line) = case.split_once(' ').unwrap();
        let ruling = ruling(&characters(line));
        n_cases += 1;
        if ruling.action.as_str() != expected {
            wrong.push(format!("{case}: {} {:?} {}", ruling.action.as_str(), ruling.rule, ruling.why));
        }
    }
    assert!(n_cases >= 2000, "{n_cases}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = config("allow | git push origin main\ndeny | git push\nask | git\nallow | git status\nallow | ls");
    let action = |line: &str| ruling_by(line, &rules).action;
    assert_eq!(action("git push origin main"), RuleBehavior::Allow);
    assert_eq!(action("git push -f origin main"), RuleBehavior::Deny);
    assert_eq!(action("git push origin main; git push"), RuleBehavior::Deny);
    assert_eq!(action("git status"), RuleBehavior::Ask);
    assert_eq!(action("ls; git status"), RuleBehavior::Ask);
    assert_eq!(action("ls; git push"), RuleBehavior::Deny);
    assert_eq!(action("ls"), RuleBehavior::Allow);
}

#[test]
fn options_of_a_rule_that_denies_are_found_however_they_are_written() {
    let rules = config("deny | rm -rf\ndeny | git push --force\nallow | git status");
    let action = |line: &str| ruling_by(line, &rules).action;
    for line in [
        "rm -rf x",
        "rm -fr x",
        "rm -r -f x",
        "rm x -fr",
        "rm -vrf x",
        "git push --force",
        "git push a b --forc",
        "git -C x push --force=y",
    ] {
        assert_eq!(action(line), RuleBehavior::Deny, "{line}");
    }
    for line in ["rm -r x", "git push", "git log --force", "git commit -m 'push --force'"] {
        assert_eq!(action(line), RuleBehavior::Ask, "{line}");
    }
}

#[test]
fn says_why_and_says_it_of_each_command() {
    let ruling = ruling("git status; rm -rf /");
    assert_eq!(ruling.action, RuleBehavior::Deny);
    assert_eq!(ruling.rule.as_deref(), Some("deny Bash “rm” (config.toml line 1)"));
    assert_eq!(ruling.why, "of “rm -rf /”: it is or may run “rm”");
    let parts: Vec<(&str, &str)> =
        ruling.parts.iter().map(|part| (part.command.as_str(), part.action.as_str())).collect();
    assert_eq!(parts, [("git status", "allow"), ("rm -rf /", "deny")]);
    for (line, why) in [
        ("git log --output=x", "--output=x is not among the options of git log that surely only read"),
        ("git log $X", "no rule can allow the line: it has an expansion ($)"),
        ("cat .env", "“.env” looks secret"),
        ("cat ../x", "“../x” is outside the session's directories"),
        ("make test evil", "“evil” is an operand of make that the rule does not name"),
        ("evil", "no rule is for it"),
        ("git log > x", "it redirects to a file: “x”"),
    ] {
        let found = super::tests::ruling(line).why;
        assert!(found.contains(why), "{line}: {found}");
    }
}

#[test]
fn too_long_too_deep_and_too_many_is_asked() {
    let longest = format!("git log {}", "a ".repeat(400));
    assert_eq!(ruling(&longest).action, RuleBehavior::Allow);
    for line in [
        format!("git log {}", "a".repeat(tree::MAX_BYTES)),
        format!("git log {}", "a ".repeat(2000)),
        "git status;".repeat(1000),
        format!("{}git status{}", "(".repeat(500), ")".repeat(500)),
        format!("{}git status{}", "$(".repeat(500), ")".repeat(500)),
        format!("{}git status", "sudo ".repeat(900)),
        format!("{}git status", "bwrap ".repeat(900)),
        "sh -c 'a' ".repeat(150),
    ] {
        assert_eq!(ruling(&line).action, RuleBehavior::Ask, "{}", &line[..40]);
    }
    let everything = parse("[[approvals.rules]]\ntool = \"Bash\"\naction = \"deny\"\n").unwrap();
    assert_eq!(ruling_by(&"a".repeat(tree::MAX_BYTES + 1), &everything).action, RuleBehavior::Deny);
    assert_eq!(ruling_by("", &everything).action, RuleBehavior::Deny);
    assert_eq!(ruling("").action, RuleBehavior::Ask);
}

/// Pieces that make any line something to look at.
const FRAGMENTS: [&str; 40] = [
    "; evil",
    " && evil",
    " | evil",
    " & evil",
    "\nevil",
    " $(evil)",
    " `evil`",
    " <(evil)",
    " > x",
    " >> x",
    " < .env",
    " <<E\n$(x)\nE",
    " <<< x",
    " --output=x",
    " -o ../x",
    " --exec evil",
    " --config x",
    " $X",
    " ${X}",
    " /etc/*",
    " /e?c",
    " [a]",
    " {a,b}",
    " ~",
    " ~/x",
    " \\x",
    " 'a",
    " \"a",
    "#x",
    "\r",
    "\0",
    "\u{200b}",
    "\u{a0}",
    " \u{202e}",
    " '\u{202e}'",
    " (x)",
    " 3>&1",
    " !!",
    " --pre=evil",
    " --help=$(x)",
];

const PREFIXES: [&str; 14] = [
    "evil; ", "X=1 ", "X= ", "sudo ", "env X=1 ", "eval ", "exec ", "command ", "> x ", "$X ", "\\", "./", "evil | ",
    "xargs ",
];

fn ordinary() -> Vec<&'static str> {
    cases(include_str!("ordinary.txt")).filter(|line| !line.contains(['\\', '#'])).collect()
}

#[test]
fn no_character_is_too_large_for_the_grammar() {
    for c in ['é', '\u{3000}', '한', '\u{ffff}', '𠀀', '\u{10ffff}'] {
        for line in [
            "echo {C}",
            "echo {1..C}",
            "{C",
            "a[C",
            "echo ${C:-C}",
            "cat <<C\nx\nC",
            "[[ C =~ C ]]",
            "@(C|C)",
            "echo \\C{C",
        ] {
            let line = line.replace('C', &c.to_string());
            assert_ne!(ruling(&line).action, RuleBehavior::Allow, "{line}");
            assert_eq!(ruling(&format!("{line}\nrm x")).action, RuleBehavior::Deny, "{line}");
        }
        // The end of a here-document that is not its end hides nothing.
        let line = format!("cat <<{c}\n한\ncat <<'END'\n{c}\nrm x\nEND");
        assert_eq!(ruling(&line).action, RuleBehavior::Deny, "{line}");
        if !c.is_whitespace() {
            assert_eq!(ruling(&format!("{c}=1 rm x")).action, RuleBehavior::Deny, "{c}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_judged_without_a_panic(line in any::<String>()) {
        prop_assert_ne!(ruling(&line).action, RuleBehavior::Allow);
    }

    #[test]
    fn any_soup_of_shell_is_judged_without_a_panic(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "git", "status", " ", ";", "&&", "|", "(", ")", "{", "}", "$", "$(", "`", "'", "\"", "\\", "\n", "<", ">", "<<", "E", "if ",
            "then ", "fi", "for ", "in ", "do ", "done", "case ", "esac", "[[", "]]", "((", "))", "#", "*", "=", "&", "-c", "sh", "rm", "!",
            "..", "é", "한", "𠀀", "\u{10ffff}", "${", "[", "]", "@(", ",",
        ]), 0..60),
    ) {
        let line = pieces.concat();
        let ruling = ruling(&line);
        // What is allowed runs nothing but git.
        if ruling.action == RuleBehavior::Allow {
            let plain = plain::read(&line).unwrap();
            prop_assert!(plain.commands.iter().all(|command| command.words[0].text == "git"), "{}", line);
        }
    }

    #[test]
    fn a_hostile_piece_spoils_every_line(
        line in prop::sample::select(ordinary()),
        fragment in prop::sample::select(FRAGMENTS.to_vec()),
        other in prop::sample::select(ordinary()),
    ) {
        // From a folder below the session's, one up is inside still.
        prop_assume!(!(line.starts_with("cd ") && fragment.contains(" ../")));
        prop_assert_ne!(ruling(&format!("{line}{fragment}")).action, RuleBehavior::Allow, "{}{}", line, fragment);
        let joined = format!("{other}; {line}{fragment}\n{other}");
        prop_assert_ne!(ruling(&joined).action, RuleBehavior::Allow, "{}", joined);
    }

    #[test]
    fn a_hostile_beginning_spoils_every_line(
        prefix in prop::sample::select(PREFIXES.to_vec()),
        line in prop::sample::select(ordinary().into_iter().filter(|line| line.starts_with("git")).collect::<Vec<_>>()),
    ) {
        prop_assert_ne!(ruling(&format!("{prefix}{line}")).action, RuleBehavior::Allow, "{}{}", prefix, line);
    }

    #[test]
    fn a_denied_command_is_found_wherever_it_is_put(
        before in prop::sample::select(ordinary()),
        wrapper in prop::sample::select(vec![
            "", "sudo ", "sudo -u x ", "env A=1 ", "nice -n 3 ", "timeout 5 ", "nohup ", "time ", "command ", "exec ", "! ", "xargs -n 1 ",
        ]),
        name in prop::sample::select(vec!["rm", "'rm'", "\"rm\"", "r\\m", "/bin/rm", "r''m", "$'rm'"]),
        frame in prop::sample::select(vec![
            ("", ""), ("(", ")"), ("{ ", "; }"), ("echo $(", ")"), ("echo `", "`"), ("echo \"$(", ")\""), ("if ", "; then ls; fi"),
            ("while ", "; do ls; done"), ("f() { ", "; }"), ("cat <(", ")"), ("x=$(", ")"), ("cat <<E\n$(", ")\nE"),
        ]),
    ) {
        // Inside backticks a backslash is spent once more, which is no quoting of the name then.
        prop_assume!(!(frame.0.contains('`') && name.contains('\\')));
        let line = format!("{before}; {}{wrapper}{name} -rf x{}", frame.0, frame.1);
        prop_assert_eq!(ruling(&line).action, RuleBehavior::Deny, "{}", line);
    }

    #[test]
    fn one_changed_character_never_lets_another_program_in(
        line in prop::sample::select(ordinary()),
        place in any::<prop::sample::Index>(),
        with in any::<char>(),
    ) {
        let mut chars: Vec<char> = line.chars().collect();
        let at = place.index(chars.len());
        chars[at] = with;
        let changed: String = chars.into_iter().collect();
        let ruling = ruling(&changed);
        if ruling.action == RuleBehavior::Allow {
            let plain = plain::read(&changed).unwrap();
            let known = |command: &PlainCommand| CONFIG.approvals.rules.iter().any(|rule| {
                let named = &rule.command.as_ref().unwrap().words[0];
                rule.action == RuleBehavior::Allow && command.words.iter().any(|word| word.text == *named)
            });
            prop_assert!(plain.commands.iter().all(known), "{}", changed);
        }
    }
}

/// Lines of a few letters and everything that could trip a reader, from a fixed seed.
fn random_lines(n_lines: usize) -> Vec<String> {
    const PIECES: &[&str] = &[
        "a",
        "b",
        "c",
        "xy",
        " ",
        " ",
        " ",
        " ",
        "\t",
        ";",
        "; ",
        "\n",
        " && ",
        "'",
        "'",
        "\"",
        "\"",
        "\\",
        "(",
        ")",
        "{ ",
        "; }",
        "=",
        "~",
        "^",
        "{",
        "}",
        "@{0}",
        ",",
        "..",
        "%",
        "#",
        " 2>/dev/null ",
        ">/dev/null",
        " # c",
        "\n# d\n",
        " \\\n ",
        "\\(",
        "\\ ",
        "\\*",
        "$?",
        "\"$?\"",
        "CI=1 ",
        "RUST_LOG=a=b ",
        "for x in a 'b c' {1..2}; do ",
        "for y in b\ndo a ",
        "; done",
        "\ndone\n",
        " $x",
        " \"$x\"",
        " \"${y}z\"",
        " <<'E'\n",
        " <<E\n",
        "\nE\n",
        "b $(c) ' \"",
        " \"$(cat <<'E'\n",
        "\nE\n)\"",
        "(d)",
        "!",
        "\\\"",
        "\\$",
        "\\`",
        " 中文 ",
        "，",
        "if a; then ",
        "; fi",
        "! ",
        "else ",
        "<",
        ">",
        "|",
        "*",
    ];
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as usize
    };
    (0..n_lines).map(|_| (0..=next() % 16).map(|_| PIECES[next() % PIECES.len()]).collect()).collect()
}

/// What a shell runs for each line, told by its own hook for commands that it does not find.
fn run_by(shell: &str, hook: &str, lines: &[String]) -> Option<Vec<String>> {
    let script = format!(
        "cat() {{ while IFS= read -r line; do printf '%s\\n' \"$line\"; done; }}\n\
         {hook}() {{ local all; printf -v all '%s\\037' \"$@\"; printf '%s\\036' \"$all\" >&3; return 0; }}\n\
         while IFS= read -r -d '' line; do ( eval \"$line\" ) 3>&3 >/dev/null 2>&1 </dev/null; printf '\\035' >&3; done 3>&1"
    );
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("lines");
    fs::write(&input, lines.join("\0") + "\0").unwrap();
    let output = std::process::Command::new(shell)
        .args(["-c", &script])
        .env_clear()
        .env("PATH", "/nowhere")
        .current_dir(folder.path())
        .stdin(fs::File::open(&input).unwrap())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(text.split('\u{1d}').map(str::to_owned).collect())
}

/// Programs that a shell has itself, or that the test defines.
const BUILTINS: &str = " echo printf pwd true false test type cat which exit return time nice sleep kill rm cd break continue bye logout wait times ";

/// What a line would run by the strict reading, sorted; nothing for a line that the test cannot follow.
fn expected(line: &str) -> Option<Vec<String>> {
    let (_, plain) = read(line).ok()?;
    let plain = plain.ok()?;
    let ground = Ground::new(&PROJECT.root, std::slice::from_ref(&PROJECT.root), Own(&OWN), None, true);
    let mut all = Vec::new();
    // A loop in a loop runs its body more often than its own words say.
    let in_background = line.replace("&&", "").replace(">&", "").contains('&');
    let has_pattern = plain.loops.iter().flatten().any(|word| word.is_pattern);
    if has_pattern
        || plain.loops.len() > 1
        || in_background
        || !plain.block_reads.is_empty()
        || !plain.block_writes.is_empty()
    {
        return None;
    }
    for command in plain.commands.iter().filter(|command| !command.is_text) {
        let first = &command.words[0];
        // The hook is not asked for a name with a slash, a builtin or a name in quotes.
        let is_hooked =
            !first.quoted && !first.text.contains(['/', '[', '.', '-', ':']) && !first.text.starts_with("command");
        if BUILTINS.contains(&format!(" {} ", first.text)) {
            return None;
        }
        let is_changing = crate::core::permission::changes_shell(&first.text);
        if !is_hooked
            || is_changing
            || command.words.iter().any(|word| word.is_pattern)
            || !command.writes.is_empty()
            || !command.reads.is_empty()
        {
            return None;
        }
        let forms = expand::variants(&command.words, &plain.loops, &ground).ok()?;
        all.extend(
            forms.iter().map(|words| words.iter().flat_map(|word| [word.text.as_str(), "\u{1f}"]).collect::<String>()),
        );
    }
    all.sort();
    all.dedup();
    Some(all)
}

#[test]
fn real_shells_run_exactly_the_words_of_the_strict_reading() {
    let own = cases(include_str!("hostile.txt")).filter_map(|case| Some(characters(case.split_once(' ')?.1)));
    let own = own
        .chain(ordinary().into_iter().map(str::to_owned))
        .filter(|line| !["cd ", "while ", "until "].iter().any(|word| line.contains(word)));
    let lines: Vec<String> =
        random_lines(60_000).into_iter().chain(own).filter(|line| expected(line).is_some()).collect();
    assert!(lines.len() > 1000, "{}", lines.len());
    for (shell, hook) in [("/bin/bash", "command_not_found_handle"), ("/bin/zsh", "command_not_found_handler")] {
        // A machine without it cannot tell.
        let Some(ran) = run_by(shell, hook, &lines) else { continue };
        let mut wrong = Vec::new();
        for (line, ran) in lines.iter().zip(ran) {
            let mut ran: Vec<String> = ran.split_terminator('\u{1e}').map(str::to_owned).collect();
            ran.sort();
            ran.dedup();
            let expected = expected(line).unwrap();
            // What a condition leaves out is no harm; what nobody expected is.
            let has_conditions = line.contains(['|', '!', '&']) || line.contains("if ") || line.contains("while ");
            let is_right =
                if has_conditions { ran.iter().all(|words| expected.contains(words)) } else { ran == expected };
            if !is_right {
                wrong.push(format!("{shell}: {line:?}\n  ran {ran:?}\n  not {expected:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong[..wrong.len().min(20)].join("\n"));
    }
}
