//! Tools, paths, hosts, profiles, sessions: what is covered and what is not.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::json;

use super::*;
use crate::config::Approvals;
use crate::config::parse;
use crate::core::approval::Ask;
use crate::engine::approvals::ask;
use crate::engine::policy::decide;
use crate::wire::permission::CanUseTool;

fn approvals(text: &str) -> Approvals {
    parse(text).unwrap().approvals
}

fn rule(lines: &str) -> String {
    format!("[[approvals.rules]]\n{lines}\n")
}

fn approval(directory: &Path, tool: &str, input: Value) -> Approval {
    let request = CanUseTool { tool_name: tool.into(), input, ..CanUseTool::default() };
    let directory = directory.to_string_lossy();
    ask::approval(&request, &[], &ask::Surroundings { directory: &directory, ..ask::Surroundings::default() })
}

struct Project {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

fn project() -> Project {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().canonicalize().unwrap();
    let root = base.join("web");
    for name in ["web/src", "web/.git/hooks", "other"] {
        fs::create_dir_all(base.join(name)).unwrap();
    }
    for name in ["web/src/a.rs", "web/.env", "other/b.txt"] {
        fs::write(base.join(name), "x").unwrap();
    }
    symlink(base.join("other"), root.join("src/out")).unwrap();
    symlink(root.join(".env"), root.join("src/plain.txt")).unwrap();
    Project { _folder: folder, root }
}

fn action(project: &Project, config: &Approvals, tool: &str, input: Value) -> &'static str {
    let scene = Scene { directories: vec![project.root.clone()], ..Scene::default() };
    decide(&approval(&project.root, tool, input), config, &scene).action.as_str()
}

#[test]
fn a_path_must_cover_every_place_wherever_links_lead() {
    let project = project();
    let at = |path: &str| json!({ "file_path": project.root.join(path), "content": "x" });
    let config = approvals(&rule("tool = \"Write\"\npath = \"src/**\"\naction = \"allow\""));
    for (input, expected) in [
        (at("src/a.rs"), "allow"),
        (at("src/new/b.rs"), "allow"),
        (at("srcs/a.rs"), "ask"),
        (at("src/../.env"), "ask"),
        (at("src/out/b.txt"), "ask"),
        (at("src/plain.txt"), "ask"),
        (at("src/.env"), "ask"),
        (at("src/.git/hooks/x"), "ask"),
        (at("src/.claude/settings.json"), "ask"),
        (json!({ "file_path": "src/a.rs" }), "ask"),
        (json!({ "file_path": format!(" {}", project.root.join("src/a.rs").display()) }), "ask"),
        (json!({ "file_path": project.root.join("src/a.rs"), "path": "/etc/passwd" }), "ask"),
        (json!({}), "ask"),
        (json!("x"), "ask"),
    ] {
        assert_eq!(action(&project, &config, "Write", input.clone()), expected, "{input}");
    }
    let text = json!({ "file_path": project.root.join("src/a.rs"), "content": "../x\n/etc/passwd ~/.ssh" });
    assert_eq!(action(&project, &config, "Write", text), "allow");
    assert_eq!(action(&project, &config, "Edit", at("src/a.rs")), "ask");
    let edits = approvals(&rule("tool = \"MultiEdit\"\npath = \"src/*.rs\"\naction = \"allow\""));
    let many = |path: &str| json!({ "file_path": project.root.join(path), "edits": [{ "old_string": "a", "new_string": "b" }] });
    assert_eq!(action(&project, &edits, "MultiEdit", many("src/a.rs")), "allow");
    assert_eq!(action(&project, &edits, "MultiEdit", many("src/out/b.rs")), "ask");
    let named = approvals(&rule("tool = \"Write\"\npath = \".env\"\naction = \"allow\""));
    assert_eq!(action(&project, &named, "Write", at(".env")), "allow");
    assert_eq!(action(&project, &named, "Write", at("src/plain.txt")), "allow");
}

#[test]
fn a_link_in_the_project_is_no_way_for_a_pattern_to_reach_elsewhere() {
    let project = project();
    symlink("/etc", project.root.join("docs")).unwrap();
    let at = |path: &str| json!({ "file_path": project.root.join(path) });
    for (tool, path) in [("Read", "docs/**"), ("Read", "docs/passwd"), ("Write", "docs/**"), ("Edit", "**")] {
        let config = approvals(&rule(&format!("tool = \"{tool}\"\npath = \"{path}\"\naction = \"allow\"")));
        assert_eq!(action(&project, &config, tool, at("docs/passwd")), "ask", "{tool} {path}");
    }
    let config = approvals(&rule("tool = \"Read\"\npath = \"docs/**\"\naction = \"deny\""));
    assert_eq!(action(&project, &config, "Read", at("docs/passwd")), "deny");
}

#[test]
fn what_steers_tools_is_changed_only_by_a_pattern_that_names_it() {
    let project = project();
    let at = |path: &str| json!({ "file_path": project.root.join(path), "content": "x" });
    let wide = approvals(&rule("tool = \"Write\"\npath = \"**\"\naction = \"allow\""));
    for path in [
        ".github/workflows/ci.yml",
        "CLAUDE.md",
        "package.json",
        "src/build.rs",
        "conftest.py",
        "secrets/a",
        "a.tfvars",
    ] {
        assert_eq!(action(&project, &wide, "Write", at(path)), "ask", "{path}");
        let named = rule(&format!("tool = \"Write\"\npath = \"{path}\"\naction = \"allow\""));
        assert_eq!(action(&project, &approvals(&named), "Write", at(path)), "allow", "{path}");
    }
    let mut own = wide;
    own.own.private = vec![project.root.join("data")];
    assert_eq!(action(&project, &own, "Write", at("data/x")), "ask");
    assert_eq!(action(&project, &own, "Write", at("src/x")), "allow");
}

#[test]
fn a_path_that_is_denied_is_denied_under_each_of_its_names() {
    let project = project();
    let at = |path: &str| json!({ "file_path": project.root.join(path) });
    let rules = rule("tool = \"Read\"\npath = \"**/.env\"\naction = \"deny\"")
        + &rule("tool = \"Glob\"\npath = \"src/**\"\naction = \"deny\"")
        + &rule("tool = \"Read\"\npath = \"/etc/**\"\naction = \"ask\"");
    let config = approvals(&rules);
    for path in [".env", "src/plain.txt", "src/../.env", "./.env", ".ENV", "none/../.env"] {
        assert_eq!(action(&project, &config, "Read", at(path)), "deny", "{path}");
    }
    assert_eq!(action(&project, &config, "Read", json!({ "file_path": ".env" })), "deny");
    assert_eq!(action(&project, &config, "Read", json!({ "file_path": " .env " })), "deny");
    assert_eq!(action(&project, &config, "Read", json!({ "file_path": "/etc/../etc/passwd" })), "ask");
    assert_eq!(action(&project, &config, "Read", at("src/a.rs")), "allow");
    for input in [json!({ "pattern": "*", "path": project.root.join("src") }), json!({ "pattern": "src/*.rs" })] {
        assert_eq!(action(&project, &config, "Glob", input.clone()), "deny", "{input}");
    }
}

#[test]
fn a_host_is_what_a_url_parser_finds() {
    let project = project();
    let rules = rule("tool = \"WebFetch\"\nhost = \"evil.org\"\naction = \"deny\"")
        + &rule("tool = \"WebFetch\"\nhost = \"docs.rs\"\naction = \"allow\"")
        + &rule("tool = \"WebFetch\"\nhost = \"*.example.org\"\naction = \"allow\"")
        + &rule("tool = \"WebFetch\"\nhost = \"bücher.example\"\naction = \"allow\"");
    let config = approvals(&rules);
    for (url, expected) in [
        ("https://docs.rs/x?y#z", "allow"),
        ("http://docs.rs", "allow"),
        ("https://DOCS.rs/x", "allow"),
        ("https://docs.rs:443/x", "allow"),
        ("docs.rs/x", "allow"),
        ("https://a.example.org/", "allow"),
        ("https://a.b.example.org/", "allow"),
        ("https://xn--bcher-kva.example/", "allow"),
        ("https://example.org/", "ask"),
        ("https://aexample.org/", "ask"),
        ("https://.example.org/", "ask"),
        ("https://docs.rs.evil.net/", "ask"),
        ("https://docs.rs@evil.net/", "ask"),
        ("https://docs.rs:x@evil.net/", "ask"),
        ("https://x@docs.rs/", "ask"),
        ("https://docs.rs\\@evil.net/", "ask"),
        ("https://evil.net\\docs.rs/", "ask"),
        ("https://docs.rs:8080/", "ask"),
        ("https://docs.rs./", "ask"),
        ("ftp://docs.rs/", "ask"),
        ("file://docs.rs/etc/passwd", "ask"),
        ("https://dоcs.rs/", "ask"),
        ("https://docs.rs\u{200b}/", "ask"),
        ("https://do\tcs.rs/", "ask"),
        (" https://docs.rs/", "ask"),
        ("https:docs.rs", "allow"),
        ("https://docs%2ers/", "allow"),
        ("javascript:docs.rs", "ask"),
        ("", "ask"),
        ("https://evil.org/", "deny"),
        ("https://EVIL.org:8080/", "deny"),
        ("https://x@evil.org./", "deny"),
        ("evil.org", "deny"),
        ("evil.org:8080/x", "deny"),
        ("docs.rs:8080/x", "ask"),
        ("https://e\tvil.org", "deny"),
    ] {
        assert_eq!(action(&project, &config, "WebFetch", json!({ "url": url, "prompt": "p" })), expected, "{url:?}");
    }
    assert_eq!(action(&project, &config, "WebFetch", json!({ "prompt": "p" })), "ask");
}

#[test]
fn tools_profiles_and_sessions_narrow_a_rule() {
    let project = project();
    let rules = rule("tool = \"mcp__github__delete_*\"\naction = \"deny\"")
        + &rule("tool = \"mcp__github__*\"\naction = \"allow\"\nprofile = \"p\"")
        + &rule("tool = \"mcp__files__read\"\naction = \"allow\"\nsession = \"web *\"")
        + "[profiles.p]\n";
    let config = approvals(&rules);
    let say = |tool: &str, profile: Option<&str>, session: Option<&str>| {
        let scene = Scene {
            directories: vec![project.root.clone()],
            profile: profile.map(str::to_owned),
            session: session.map(str::to_owned),
            ..Scene::default()
        };
        decide(&approval(&project.root, tool, json!({})), &config, &scene).action.as_str()
    };
    assert_eq!(say("mcp__github__list", Some("p"), None), "allow");
    assert_eq!(say("mcp__github__list", None, None), "ask");
    assert_eq!(say("mcp__github__delete_repo", Some("p"), None), "deny");
    assert_eq!(say("mcp__githubx__list", Some("p"), None), "ask");
    assert_eq!(say("mcp__files__read", None, Some("web api")), "allow");
    assert_eq!(say("mcp__files__read", None, Some("api")), "ask");
    assert_eq!(say("mcp__files__read", None, None), "ask");
}

#[test]
fn what_binds_the_dialog_is_never_allowed_but_can_be_denied() {
    let project = project();
    let rules = rule("tool = \"Bash\"\ncommand = \"rm\"\naction = \"deny\"")
        + &rule("tool = \"Bash\"\ncommand = \"ls\"\naction = \"allow\"")
        + &rule("tool = \"AskUserQuestion\"\naction = \"deny\"");
    let config = approvals(&rules);
    let scene = Scene { directories: vec![project.root.clone()], ..Scene::default() };
    let say = |command: &str, change: fn(&mut Approval)| {
        let mut approval = approval(&project.root, "Bash", json!({ "command": command }));
        change(&mut approval);
        decide(&approval, &config, &scene).action.as_str()
    };
    assert_eq!(say("ls", |_| {}), "allow");
    let changes: [fn(&mut Approval); 10] = [
        |approval| approval.binding.safety_check = true,
        |approval| approval.binding.asked_by_rule = Some("Bash".into()),
        |approval| approval.binding.needs_person = true,
        |approval| approval.binding.default_to_no = true,
        |approval| approval.binding.posing = true,
        |approval| approval.ask = Ask::Plan(String::new()),
        |approval| approval.blocked_path = Some("/etc/passwd".into()),
        |approval| approval.input["dangerouslyDisableSandbox"] = json!(true),
        |approval| approval.input["dangerouslyDisableSandbox"] = json!("false"),
        |approval| approval.input["env"] = json!({ "PATH": "." }),
    ];
    for change in changes {
        assert_eq!(say("ls", change), "ask");
        assert_eq!(say("rm x", change), "deny");
    }
    assert_eq!(action(&project, &config, "AskUserQuestion", json!({ "questions": [] })), "deny");
    for input in [json!({ "command": 7 }), json!({ "command": ["ls"] }), json!({}), json!("ls")] {
        assert_eq!(action(&project, &config, "Bash", input), "ask");
    }
}

#[test]
fn a_server_cannot_pose_as_a_built_in_tool() {
    let project = project();
    let rules = rule("tool = \"Bash\"\ncommand = \"ls\"\naction = \"allow\"")
        + &rule("tool = \"mcp__git_hub__*\"\naction = \"allow\"")
        + &rule("tool = \"Bash\"\ncommand = \"rm\"\naction = \"deny\"");
    let config = approvals(&rules);
    let scene = Scene { directories: vec![project.root.clone()], ..Scene::default() };
    let say = |tool: &str, server: Option<&str>, input: Value| {
        let server = server
            .map(|name| crate::wire::permission::McpServerProvenance { name: name.into(), source: "user".into() });
        let request = CanUseTool { tool_name: tool.into(), input, mcp_server: server, ..CanUseTool::default() };
        let directory = project.root.to_string_lossy();
        let around = ask::Surroundings { directory: &directory, ..ask::Surroundings::default() };
        decide(&ask::approval(&request, &[], &around), &config, &scene).action.as_str()
    };
    let grep = || json!({ "pattern": "x" });
    assert_eq!(say("Grep", None, grep()), "allow");
    assert_eq!(say("Grep", Some("x"), grep()), "ask");
    assert_eq!(say("Bash", None, json!({ "command": "ls" })), "allow");
    assert_eq!(say("Bash", Some("x"), json!({ "command": "ls" })), "ask");
    assert_eq!(say("Bash", Some("x"), json!({ "command": "rm x" })), "deny");
    assert_eq!(say("mcp__git_hub__list", Some("git.hub"), json!({})), "allow");
    assert_eq!(say("mcp__git_hub__list", Some("git"), json!({})), "ask");
    assert_eq!(say("mcp__git_hub__list", Some("other"), json!({})), "ask");
    assert_eq!(say("mcp__git_hub__list", Some(""), json!({})), "ask");
    assert_eq!(say("mcp__git_hub__list", None, json!({})), "allow");
}

#[test]
fn rules_go_before_the_list_of_reading_tools() {
    let project = project();
    let read = || json!({ "file_path": project.root.join("src/a.rs") });
    assert_eq!(action(&project, &approvals(""), "Read", read()), "allow");
    let config = approvals(&rule("tool = \"Read\"\naction = \"ask\""));
    assert_eq!(action(&project, &config, "Read", read()), "ask");
    let config = approvals(&rule("tool = \"*\"\naction = \"deny\""));
    assert_eq!(action(&project, &config, "Read", read()), "deny");
    assert_eq!(action(&project, &config, "Bash", json!({ "command": "ls" })), "deny");
}

#[test]
fn whatever_runs_commands_is_bash_to_rules() {
    let project = project();
    let config = approvals(
        &[
            rule("tool = \"Bash\"\ncommand = \"rm\"\naction = \"deny\""),
            rule("tool = \"Monitor\"\ncommand = \"tail -f log\"\naction = \"allow\""),
            rule("tool = \"Bash\"\ncommand = \"cargo test\"\naction = \"allow\""),
        ]
        .concat(),
    );
    let line = |tool: &str, line: &str| action(&project, &config, tool, json!({ "command": line }));
    assert_eq!(line("Monitor", "rm -rf build; tail -f log"), "deny");
    assert_eq!(line("Monitor", "tail -f log"), "allow");
    assert_eq!(line("Bash", "tail -f log"), "ask", "a rule for Monitor is for Monitor");
    assert_eq!(line("Monitor", "cargo test"), "allow");
    assert_eq!(line("PowerShell", "rm x"), "deny");
    assert_eq!(line("PowerShell", "cargo test"), "ask", "what another program reads is never allowed");
    let script = |text: &str| action(&project, &config, "Workflow", json!({ "script": text }));
    assert_eq!(script("cargo test"), "ask");
    assert!(parse(&rule("tool = \"Monitor\"\naction = \"allow\"")).is_err(), "it would allow every command");
    assert!(parse(&rule("tool = \"PowerShell\"\ncommand = \"ls\"\naction = \"allow\"")).is_err());
}

#[test]
fn newer_fields_of_a_request_that_bind_nothing_keep_no_rule_away() {
    let project = project();
    let config = approvals(&rule("tool = \"mcp__docs__*\"\naction = \"allow\""));
    let line = json!({"type": "control_request", "request_id": "r", "request": {"subtype": "can_use_tool",
        "tool_name": "mcp__docs__find", "input": {"q": "x"}, "tool_use_id": "c", "server_policy_ask_only": true,
        "mcp_server": {"name": "docs", "source": "project"}, "decision_reason_rule_source": "x"}});
    let crate::wire::decode::Decoded::Message(inbound) = crate::wire::decode::decode(&line.to_string()) else {
        panic!("a message")
    };
    let crate::wire::inbound::Message::ControlRequest(request) = inbound.message else { panic!("a request") };
    let crate::wire::inbound::control::Request::CanUseTool(asked) = request.request else { panic!("for permission") };
    let directory = project.root.to_string_lossy();
    let around = ask::Surroundings { directory: &directory, ..ask::Surroundings::default() };
    let approval = ask::approval(&asked, &request.unknown_fields, &around);
    let scene = Scene { directories: vec![project.root.clone()], ..Scene::default() };
    assert_eq!(decide(&approval, &config, &scene).action.as_str(), "allow");
}
