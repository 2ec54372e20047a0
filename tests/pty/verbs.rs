//! The verbs that need no terminal.

use std::io::Write as _;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use adjutant::core::event::Event;
use adjutant::core::event::EventKind;

use super::ASKS;
use super::Stage;

fn adjutant(stage: &Stage, arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adjutant"));
    command
        .args(arguments)
        .current_dir(stage.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
        .env("ADJUTANT_CONFIG", stage.path().join("config.toml"))
        .env("ADJUTANT_DATA_DIR", stage.path().join("data"));
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn run_prints_the_answer_or_every_event() {
    let stage = Stage::new(r#"{"turn": [{"say": "hello there"}]}"#);
    let plain = adjutant(&stage, &["run", "-p", "hi", "web"], "");
    assert_eq!((plain.status.code(), text(&plain.stdout).trim()), (Some(0), "hello there"), "{}", text(&plain.stderr));
    let json = adjutant(&stage, &["run", "--json", "-p", "hi", "web"], "");
    let events: Vec<Event> = text(&json.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.len() > 5 && json.status.code() == Some(0));
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq));
}

#[test]
fn run_says_by_its_exit_code_what_became_of_approvals() {
    let stage = Stage::new(ASKS);
    let policy = adjutant(&stage, &["run", "-p", "hi", "web"], "");
    assert_eq!(policy.status.code(), Some(3), "{}", text(&policy.stderr));
    assert!(text(&policy.stdout).contains("it-was-denied"));
    let said = text(&policy.stderr);
    assert!(said.contains("denied, because nobody was there to ask:\n  Bash {"), "{said}");
    let deny = adjutant(&stage, &["run", "-p", "hi", "--approve", "deny", "web"], "");
    assert_eq!(deny.status.code(), Some(0));
    let nobody = adjutant(&stage, &["run", "-p", "hi", "--approve", "stdin", "web"], "");
    assert_eq!(nobody.status.code(), Some(3), "the end of the input is no answer");
}

/// The prompt that a run sent.
fn prompt_of(run: &Output) -> String {
    let sent = |line: &str| match serde_json::from_str::<Event>(line).unwrap().kind {
        EventKind::PromptSent(prompt) => Some(prompt.text),
        _ => None,
    };
    text(&run.stdout).lines().find_map(sent).unwrap_or_else(|| panic!("{}", text(&run.stderr)))
}

#[test]
fn run_takes_what_is_piped_and_a_prompt_that_begins_with_a_dash() {
    let stage = Stage::new(r#"{"turn": [{"say": "ok"}]}"#);
    let piped = adjutant(&stage, &["run", "--json", "-p", "sum up", "web"], "one\ntwo\n");
    assert_eq!(prompt_of(&piped), "sum up\n\none\ntwo\n");
    let whole = adjutant(&stage, &["run", "--json", "-p", "-", "web"], "all of it");
    assert_eq!(prompt_of(&whole), "all of it");
    let dash = adjutant(&stage, &["run", "-p", "--fix the dash", "--json", "web"], "");
    assert_eq!(prompt_of(&dash), "--fix the dash");
}

#[test]
fn nothing_but_text_goes_to_what_is_no_terminal() {
    let stage = Stage::new(r#"{"turn": [{"say": "\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007here"}]}"#);
    let run = adjutant(&stage, &["run", "-p", "hi", "web"], "");
    assert!(run.stdout.iter().all(|byte| *byte == b'\n' || !byte.is_ascii_control()), "{:?}", text(&run.stdout));
    assert!(text(&run.stdout).contains("red"));
    for arguments in [&[][..], &["demo"], &["attach"], &["--foreground", "web"]] {
        let screen = adjutant(&stage, arguments, "");
        assert_eq!((screen.status.code(), text(&screen.stdout).as_str()), (Some(2), ""), "{arguments:?}");
        assert!(text(&screen.stderr).contains("`adjutant run -p TEXT`"), "{}", text(&screen.stderr));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_directory_whose_name_no_protocol_carries_is_refused_with_the_reason() {
    use std::os::unix::ffi::OsStrExt as _;
    let stage = Stage::new(r#"{"turn": [{"say": "ok"}]}"#);
    let odd = stage.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::create_dir(&odd).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_adjutant"))
        .args(["run", "-p", "hi"])
        .arg(&odd)
        .env("ADJUTANT_CONFIG", stage.path().join("config.toml"))
        .env("ADJUTANT_DATA_DIR", stage.path().join("data"))
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(text(&run.stderr).contains("not UTF-8"), "{}", text(&run.stderr));
}

#[test]
fn run_says_what_the_api_refused() {
    let stage =
        Stage::new(r#"{"turn": [{"fail": {"status": 400, "text": "API Error: 400 messages.401: no connection"}}]}"#);
    let failed = adjutant(&stage, &["run", "-p", "hi", "web"], "");
    let said = text(&failed.stderr);
    assert_eq!((failed.status.code(), text(&failed.stdout).as_str()), (Some(1), ""));
    for part in ["refuses the conversation", "400 messages.401: no connection", "fork"] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn run_fails_clearly() {
    let stage = Stage::new(r#"{"turn": [{"fail": {"status": 401, "text": "no key"}}]}"#);
    let failed = adjutant(&stage, &["run", "-p", "hi", "web"], "");
    assert_eq!(failed.status.code(), Some(1));
    assert!(text(&failed.stderr).contains("does not accept the sign-in"), "{}", text(&failed.stderr));
    for (arguments, word) in [
        (&["run", "-p", "  ", "web"][..], "prompt is empty"),
        (&["run", "-p", "hi", "nowhere"], "nowhere"),
        (&["run", "-p", "hi", "--profile", "none"], "[profiles.none]"),
        (&["--config", "missing.toml"], "missing.toml"),
    ] {
        let wrong = adjutant(&stage, arguments, "");
        assert_eq!(wrong.status.code(), Some(2), "{arguments:?}");
        assert!(text(&wrong.stderr).contains(word), "{}", text(&wrong.stderr));
    }
}

#[test]
fn a_wrong_configuration_is_told_whole_before_the_terminal_is_taken() {
    let stage = Stage::new("");
    let config = "[claude]\ncomand = \"x\"\n[ui]\ntheme = \"drak\"\n[keys]\nsned = \"x\"\n";
    std::fs::write(stage.path().join("config.toml"), config).unwrap();
    for arguments in [&["config", "check"][..], &["web"]] {
        let wrong = adjutant(&stage, arguments, "");
        let told = text(&wrong.stderr);
        assert_eq!(wrong.status.code(), Some(2));
        for line in [
            "config.toml:2: [claude] has no key “comand”; did you mean “command”?",
            "config.toml:4: ",
            "config.toml:6: ",
        ] {
            assert!(told.contains(line), "{line}: {told}");
        }
        assert!(!text(&wrong.stdout).contains('\x1b'));
    }
    let default = adjutant(&stage, &["config", "default"], "");
    assert_eq!(text(&default.stdout), adjutant::config::DEFAULTS);
}

#[test]
fn explain_says_which_rule_would_answer_and_why() {
    let stage = Stage::new(r#"{"turn": [{"say": "x"}]}"#);
    let config = stage.path().join("config.toml");
    let rules = "\n[[approvals.rules]]\ntool = \"Bash\"\ncommand = \"git status\"\naction = \"allow\"\n\
                 [[approvals.rules]]\ntool = \"Bash\"\ncommand = \"rm\"\naction = \"deny\"\n";
    let before = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, before + rules).unwrap();
    for (input, action) in [("git status", "allow"), ("git status; rm -rf /", "deny"), ("git status > x", "ask")] {
        let json = adjutant(&stage, &["explain", "--json", "Bash", input], "");
        let shown: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
        assert_eq!((json.status.code(), &shown["action"]), (Some(0), &action.into()), "{shown}");
        assert!(shown["why"].as_str().is_some_and(|why| !why.is_empty()), "{shown}");
        assert_eq!(shown["rule"].is_null(), action == "ask", "{shown}");
        let plain = text(&adjutant(&stage, &["explain", "Bash", input], "").stdout);
        assert!(plain.starts_with(action), "{plain}");
    }
    let wrong = adjutant(&stage, &["explain", "mcp__x__y", "z"], "");
    assert!(wrong.status.code() == Some(2) && text(&wrong.stderr).contains("JSON object"));
}

#[test]
fn import_lists_what_the_cli_keeps_without_anything_that_a_terminal_would_obey() {
    let stage = Stage::new(r#"{"turn": [{"say": "x"}]}"#);
    let (home, project) = (stage.path().join("claude"), stage.path().join("web"));
    let folder = home.join("projects/-web");
    std::fs::create_dir_all(&folder).unwrap();
    let id = "11111111-2222-4333-8444-555555555555";
    let prompt = serde_json::json!({"type": "user", "uuid": "u", "cwd": std::fs::canonicalize(&project).unwrap(),
        "message": {"role": "user", "content": "fix \u{1b}]0;pwned\u{7}the \u{1b}[31mtests"}});
    std::fs::write(folder.join(format!("{id}.jsonl")), format!("{prompt}\n")).unwrap();
    let import = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adjutant"));
        command.arg("import").args(arguments).current_dir(stage.path());
        command.env("ADJUTANT_CONFIG", stage.path().join("config.toml")).env("CLAUDE_CONFIG_DIR", &home);
        command.env("ADJUTANT_DATA_DIR", stage.path().join("data")).output().unwrap()
    };
    let all = import(&[]);
    let printed = text(&all.stdout);
    assert_eq!(all.status.code(), Some(0), "{}", text(&all.stderr));
    assert!(printed.contains(id) && printed.contains("fix the tests") && !printed.contains('\u{1b}'), "{printed:?}");
    let here = import(&["--json", "--project", "web"]);
    let entry: serde_json::Value = serde_json::from_str(text(&here.stdout).trim()).unwrap();
    assert_eq!((entry["id"].as_str(), entry["bytes"].as_u64().is_some()), (Some(id), true));
    let elsewhere = import(&["--project", "/nowhere"]);
    assert_eq!(elsewhere.status.code(), Some(0));
    assert!(text(&elsewhere.stdout).contains("no conversation"), "{}", text(&elsewhere.stdout));
}

#[test]
fn run_waits_for_background_work_and_prints_what_came_of_it_or_says_what_it_left() {
    let work = |takes_ms: u64| {
        let background = serde_json::json!({"command": "make", "description": "build it", "takes_ms": takes_ms,
            "then": [{"say": "the build is green"}]});
        serde_json::json!({"turn": [{"background": background}, {"say": "started"}]}).to_string()
    };
    let stage = Stage::new(&work(700));
    let run = adjutant(&stage, &["run", "-p", "hi", "web"], "");
    assert_eq!((run.status.code(), text(&run.stdout).trim()), (Some(0), "the build is green"), "{}", text(&run.stderr));
    let stage = Stage::new(&work(60_000));
    let left = adjutant(&stage, &["run", "-p", "hi", "--tasks-wait", "1", "web"], "");
    assert_eq!((left.status.code(), text(&left.stdout).trim()), (Some(4), "started"), "{}", text(&left.stderr));
    assert!(text(&left.stderr).contains("build it"), "{}", text(&left.stderr));
}

#[test]
fn status_tells_what_runs_in_the_background_and_what_it_prints() {
    let background = serde_json::json!({"command": "make", "description": "build it", "takes_ms": 60_000});
    let stage = Stage::new(&serde_json::json!({"turn": [{"background": background}, {"say": "started"}]}).to_string());
    let mut pty = stage.start(100, 30, &["web"]);
    pty.wait_for("❯");
    pty.press("go\r");
    pty.wait_for("1 task in the background");
    let status = adjutant(&stage, &["status", "1", "--json"], "");
    let told: serde_json::Value = serde_json::from_str(&text(&status.stdout)).unwrap();
    assert_eq!((told["state"].as_str(), told["tasks"].as_u64()), (Some("background"), Some(1)), "{told}");
    let task = &told["background"][0];
    assert_eq!((task["description"].as_str(), task["kind"].as_str()), (Some("build it"), Some("local_bash")), "{told}");
    assert!(task["id"].as_str().is_some_and(|id| !id.is_empty()) && task["started"].is_number(), "{told}");
    assert!(task.get("last").is_some() && task.get("output").is_some(), "{told}");
}
