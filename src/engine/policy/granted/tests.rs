//! What is offered with a call, and what a grant then covers.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use serde_json::json;

use super::*;
use crate::config::parse;
use crate::core::approval::Binding;
use crate::engine::approvals::ask;
use crate::wire::permission::CanUseTool;

pub(super) struct Project {
    _folder: tempfile::TempDir,
    pub(super) root: PathBuf,
}

pub(super) fn project() -> Project {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let root = base.join("a/b/web");
    for place in [root.join("src"), root.join(".git/hooks"), base.join("other")] {
        fs::create_dir_all(place).unwrap();
    }
    fs::write(root.join("src/a.rs"), "x").unwrap();
    fs::write(root.join(".env"), "x").unwrap();
    symlink(base.join("other"), root.join("src/out")).unwrap();
    Project { _folder: folder, root }
}

impl Project {
    pub(super) fn call(&self, tool: &str, input: Value) -> Approval {
        let request = CanUseTool { tool_name: tool.into(), input, ..CanUseTool::default() };
        let directory = self.root.to_string_lossy();
        ask::approval(&request, &[], &ask::Surroundings { directory: &directory, ..ask::Surroundings::default() })
    }

    pub(super) fn bash(&self, line: &str) -> Approval {
        self.call("Bash", json!({ "command": line, "description": "words" }))
    }

    pub(super) fn scene(&self) -> Scene {
        Scene { directories: vec![self.root.clone()], ..Scene::default() }
    }

    fn offered(&self, call: &Approval) -> Vec<String> {
        let config = parse("").unwrap().approvals;
        let root = self.root.display().to_string();
        let offers = offers(call, &config, &self.scene());
        offers.iter().map(|rule| rule.describe().replace(&root, "~")).collect()
    }

    fn covers(&self, rule: &GrantRule, call: &Approval, config: &str) -> bool {
        covers(rule, call, &parse(config).unwrap().approvals, &self.scene())
    }
}

fn commands(texts: &[&str]) -> GrantRule {
    let words = |text: &&str| CommandWords {
        words: text.split(' ').filter(|word| *word != "*").map(str::to_owned).collect(),
        more: text.ends_with('*'),
    };
    GrantRule::Commands(texts.iter().map(words).collect())
}

#[test]
fn a_command_is_offered_again_and_by_the_shortest_beginning_that_covers_it() {
    let project = project();
    let table: [(&str, &[&str]); 15] = [
        ("cargo test retry --lib", &["commands that are “cargo test”"]),
        ("git status --short", &["commands that are “git status”"]),
        ("cargo build && cargo test x", &["commands that are “cargo build” or “cargo test”"]),
        ("make lint", &["commands that are “make lint”"]),
        ("python3.11 x.py", &[]),
        ("gdb x", &[]),
        ("git -C x log", &[]),
        ("busybox ls", &[]),
        ("curl https://x.example/a", &["commands that are “curl https://x.example/a”"]),
        ("tee a.txt", &[]),
        ("npm run evil", &["commands that are “npm run evil”"]),
        // Nothing shorter than the whole is safe, or it is no plain line.
        ("cargo test > /tmp/x", &[]),
        ("FOO=1 cargo test", &[]),
        ("rm -rf build", &[]),
        ("cargo test $(cat x)", &[]),
    ];
    for (line, expected) in table {
        let again = format!("exactly this Bash command: {line}");
        let expected: Vec<&str> = std::iter::once(again.as_str()).chain(expected.iter().copied()).collect();
        assert_eq!(project.offered(&project.bash(line)), expected, "{line}");
    }
}

#[test]
fn files_pages_and_other_tools_are_offered_as_narrow_as_they_can_be() {
    let project = project();
    let at = |path: &str| json!({ "file_path": project.root.join(path), "content": "x" });
    let offered = |tool: &str, input: Value| project.offered(&project.call(tool, input));
    assert_eq!(offered("Write", at("src/a.rs")), ["changes of ~/src/a.rs", "changes below ~"]);
    // What looks secret or steers tools is granted by its own name, or not at all.
    assert_eq!(offered("Write", at(".env")), ["changes of ~/.env"]);
    assert_eq!(offered("Write", at(".git/hooks/post-commit")), ["changes of ~/.git/hooks/post-commit"]);
    assert_eq!(offered("Write", json!({ "file_path": "/etc/motd", "content": "" })), ["changes of /etc/motd"]);
    assert_eq!(
        offered("Read", json!({ "file_path": "/usr/share/doc/x" })),
        ["reading of /usr/share/doc/x", "reading below /usr/share/doc"]
    );
    let page = json!({ "url": "https://docs.rs/x?y", "prompt": "" });
    assert_eq!(offered("WebFetch", page)[1..], ["pages of docs.rs"]);
    assert_eq!(
        offered("mcp__x__y", json!({ "a": 1 })),
        ["exactly this call of mcp__x__y: {\"a\":1}", "every call of mcp__x__y"]
    );
    assert_eq!(offered("ExitPlanMode", json!({ "plan": "x" })), Vec::<String>::new());
}

#[test]
fn nothing_is_offered_where_only_a_person_may_answer() {
    let project = project();
    let bind = |binding: Binding| Approval { binding, ..project.bash("cargo test") };
    for binding in [
        Binding { no_always: true, ..Binding::default() },
        Binding { default_to_no: true, ..Binding::default() },
        Binding { needs_person: true, ..Binding::default() },
        Binding { asked_by_rule: Some("x".into()), ..Binding::default() },
        Binding { safety_check: true, ..Binding::default() },
        Binding { posing: true, ..Binding::default() },
        Binding { not_understood: vec!["x".into()], ..Binding::default() },
    ] {
        let call = bind(binding.clone());
        assert!(project.offered(&call).is_empty(), "{binding:?}");
        assert!(!project.covers(&commands(&["cargo test"]), &call, ""), "{binding:?}");
        let same = GrantRule::Same { tool: "Bash".into(), input: call.input.clone() };
        assert!(!project.covers(&same, &call, ""), "{binding:?}");
    }
}

#[test]
fn a_grant_for_commands_covers_nothing_else_on_the_line() {
    let project = project();
    let grant = commands(&["cargo test", "git status"]);
    for covered in ["cargo test", "cargo test retry", "cargo test && git status", "git status 2>/dev/null"] {
        assert!(project.covers(&grant, &project.bash(covered), ""), "{covered}");
    }
    for asked in [
        "cargo test; rm -rf /",
        "cargo test --config x=y",
        "cargo testx",
        "FOO=1 cargo test",
        "cargo test > x",
        "cargo test $(id)",
        "cargo test `id`",
        "./cargo test",
        "cargo 'test' | sh",
        "git -c core.fsmonitor=x status",
        "cargo build",
        "cargo test\nid",
        "",
    ] {
        assert!(!project.covers(&grant, &project.bash(asked), ""), "{asked}");
    }
    let unboxed = project.call("Bash", json!({ "command": "cargo test", "dangerouslyDisableSandbox": true }));
    assert!(!project.covers(&grant, &unboxed, ""));
}

#[test]
fn the_same_call_is_the_same_to_the_byte_but_for_its_description() {
    let project = project();
    let first = project.call("Bash", json!({ "command": "x > y", "description": "one", "timeout": 5 }));
    let grant = GrantRule::Same { tool: "Bash".into(), input: first.input };
    let covers = |input: Value| project.covers(&grant, &project.call("Bash", input), "");
    assert!(covers(json!({ "command": "x > y", "description": "two", "timeout": 5 })));
    assert!(covers(json!({ "timeout": 5, "command": "x > y" })));
    assert!(!covers(json!({ "command": "x > y ", "timeout": 5 })));
    assert!(!covers(json!({ "command": "x > y", "timeout": 6 })));
    assert!(!covers(json!({ "command": "x > y", "timeout": 5, "dangerouslyDisableSandbox": true })));
    assert!(!project.covers(&grant, &project.call("PowerShell", json!({ "command": "x > y", "timeout": 5 })), ""));
}

#[test]
fn a_grant_for_a_directory_ends_at_its_links_and_secrets() {
    let project = project();
    let at = |path: &str| project.call("Write", json!({ "file_path": project.root.join(path), "content": "x" }));
    let grant = GrantRule::Edits { path: project.root.to_string_lossy().into_owned(), below: true };
    assert!(project.covers(&grant, &at("src/a.rs"), "") && project.covers(&grant, &at("new/b.rs"), ""));
    for path in ["src/out/b.txt", ".env", ".git/hooks/x", ".claude/settings.json", "../other/b.txt", "src/../../x"] {
        assert!(!project.covers(&grant, &at(path), ""), "{path}");
    }
    assert!(!project.covers(
        &grant,
        &project.call("Read", json!({ "file_path": project.root.join("src/a.rs") })),
        "[approvals]\nauto_allow = []\n"
    ));
    // A name with the marks of a pattern in it is a name.
    let odd = project.root.join("a[b]*");
    fs::create_dir(&odd).unwrap();
    let grant = GrantRule::Edits { path: odd.to_string_lossy().into_owned(), below: true };
    assert!(project.covers(&grant, &at("a[b]*/x"), ""));
    assert!(!project.covers(&grant, &at("ab/x"), "") && !project.covers(&grant, &at("a[b]cd/x"), ""));
}

#[test]
fn a_rule_that_denies_or_asks_is_stronger_than_any_grant() {
    let project = project();
    for action in ["deny", "ask"] {
        let config = format!("[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"cargo test\"\naction = \"{action}\"\n");
        let call = project.bash("cargo test x");
        assert!(!project.covers(&commands(&["cargo test"]), &call, &config), "{action}");
        let same = GrantRule::Same { tool: "Bash".into(), input: call.input.clone() };
        assert!(!project.covers(&same, &call, &config), "{action}");
        assert!(project.covers(&commands(&["cargo build"]), &project.bash("cargo build"), &config), "{action}");
    }
}

#[test]
fn a_grant_of_a_place_holds_there_and_nowhere_else() {
    let project = project();
    let there = |directory: PathBuf, line: &str| {
        let call = project.bash(line);
        let place =
            crate::core::approval::Place { directory: directory.to_string_lossy().into_owned(), ..call.place.clone() };
        Approval { place, ..call }
    };
    let grant = |rule: GrantRule, directory: PathBuf| Grant {
        id: GrantId(1),
        session: crate::core::ids::SessionId(1),
        directory: directory.to_string_lossy().into_owned(),
        granted: Granted::Boxed {
            terms: crate::core::grant::GrantTerms { rule, minutes: 5, uses: None },
            until: crate::core::ids::Timestamp(1),
        },
        by: crate::core::prompt::Surface::Terminal,
        at: crate::core::ids::Timestamp(0),
        approval: crate::core::ids::ApprovalId(1),
        used: 0,
    };
    let (home, sub) = (project.root.clone(), project.root.join("src"));
    let config = parse("").unwrap().approvals;
    let same = |line: &str| GrantRule::Same { tool: "Bash".into(), input: json!({ "command": line }) };
    for rule in [same("make test"), commands(&["make test"])] {
        for (given, runs, holds) in
            [(&home, &home, true), (&home, &sub, false), (&sub, &sub, true), (&sub, &home, false)]
        {
            let call = there(runs.clone(), "make test");
            let covered = covering(&[grant(rule.clone(), given.clone())], &call, &config, &project.scene());
            assert_eq!(!covered.is_empty(), holds, "{rule:?} given in {given:?}, run in {runs:?}");
        }
        let call = there(home.clone(), "make test");
        let place = crate::core::approval::Place { is_doubtful: true, ..call.place.clone() };
        let covered = covering(&[grant(rule, home.clone())], &Approval { place, ..call }, &config, &project.scene());
        assert!(covered.is_empty(), "where it runs is not known");
    }
    // A rule of the configuration holds where the session was opened, also behind a grant for another place.
    let rules = "[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"make test\"\naction = \"allow\"\n";
    let config = parse(rules).unwrap().approvals;
    let action = |directory: &PathBuf| decide(&there(directory.clone(), "make test"), &config, &project.scene()).action;
    assert_eq!((action(&home), action(&sub)), (RuleBehavior::Allow, RuleBehavior::Ask));
    let call = there(sub.clone(), "make test");
    let other = grant(commands(&["cargo test"]), sub);
    assert!(covering(&[other], &call, &config, &project.scene()).is_empty());
}
