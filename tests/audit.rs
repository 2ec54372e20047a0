//! The audit log of the real program, with the stand-in as its CLI.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::pty::Pty;

/// What an attacker would like to find in the files.
const KNOWN: &str = "value-of-a-variable";
const SECRETS: [&str; 6] =
    [KNOWN, "sk-ant-api03-abcdefghijklmnop", "hunter2", "Zm9vOmJhcg12", "MIIEvQIBADANBg", "s3cr3t-of-the-output"];

struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new(script: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data", "web"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let path = folder.path().join("script");
        fs::write(&path, script).unwrap();
        let words = [env!("CARGO_BIN_EXE_adjutant"), "__stand-in", &path.display().to_string()];
        let words = serde_json::to_string(&words).unwrap();
        let config = format!("[claude]\ncommand = {words}\n[log]\nlevel = \"trace\"\n{settings}\n");
        fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn log(&self) -> PathBuf {
        self.path().join("data/audit.jsonl")
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.path()).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let path = |name: &str| self.path().join(name).display().to_string();
        command.env("PATH", std::env::var("PATH").unwrap_or_default()).env("HOME", path("home"));
        command.env("ADJUTANT_CONFIG", path("config.toml")).env("ADJUTANT_DATA_DIR", path("data"));
        command.env("ANTHROPIC_AUTH_TOKEN", KNOWN);
        command
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(env!("CARGO_BIN_EXE_adjutant"), arguments).spawn().unwrap()
    }

    fn adjutant(&self, arguments: &[&str]) -> Output {
        self.spawn(arguments).wait_with_output().unwrap()
    }

    fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.log()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn verify(&self) -> Output {
        self.adjutant(&["audit", "verify"])
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn of<'a>(records: &'a [Value], kind: &str) -> Vec<&'a Value> {
    records.iter().filter(|record| record["kind"] == kind).collect()
}

#[test]
fn no_secret_reaches_the_audit_log_or_the_log() {
    let script = r#"{"turn": [
        {"stderr": "warning: ANTHROPIC_AUTH_TOKEN is value-of-a-variable, password=hunter2"},
        {"tool": {"name": "Bash", "ask": true, "input": {
            "command": "curl -u me:hunter2 -H 'Authorization: Basic Zm9vOmJhcg12' https://x.y",
            "description": "with value-of-a-variable"}, "result": "DB_PASSWORD=s3cr3t-of-the-output"}},
        {"tool": {"name": "Write", "input": {"file_path": "k.pem", "content":
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n"}}},
        {"raw": {"type": "sk-ant-api03-abcdefghijklmnop"}},
        {"raw": {"type": "value-of-a-variable"}},
        {"raw": "no JSON, but password=hunter2"},
        {"say": "done"}
    ]}"#;
    let stage = Stage::new(script, "");
    let prompt = "my key is sk-ant-api03-abcdefghijklmnop";
    let run = stage.adjutant(&["run", "-p", prompt, "--approve", "deny", "web"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let audit = fs::read_to_string(stage.log()).unwrap();
    let logs: Vec<PathBuf> =
        fs::read_dir(stage.path().join("data/logs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let log: String = logs.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    assert!(log.contains("[redacted:anthropic-key]") && log.contains("[redacted:known]"), "{log}");
    for secret in SECRETS {
        assert!(!audit.contains(secret), "{secret} is in the audit log: {audit}");
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    let records = stage.records();
    assert_eq!(of(&records, "prompt")[0]["text"], "my key is [redacted:anthropic-key]");
    let decided = of(&records, "decided")[0];
    let command = "curl -u me:[redacted:password] -H 'Authorization: Basic [redacted:authorization]' https://x.y";
    assert_eq!(decided["input"]["command"], command);
    let marks = (decided["who"].as_str(), decided["decision"].as_str(), decided["tool"].as_str());
    assert_eq!(marks, (Some("headless"), Some("deny"), Some("Bash")));
    assert_eq!(stage.verify().status.code(), Some(0));
}

#[test]
fn an_edited_input_is_recorded_in_both_versions() {
    let script =
        r#"{"turn": [{"tool": {"name": "Bash", "ask": true, "input": {"command": "rm -r a"}}}, {"say": "done"}]}"#;
    let stage = Stage::new(script, "");
    let mut child = stage.spawn(&["run", "-p", "go", "--approve", "stdin", "web"]);
    // Approval 1 is the first of the process; until it is asked, the answer is refused and said again.
    let answer = b"{\"approval\":1,\"decision\":\"allow\",\"input\":{\"command\":\"ls a\"}}\n";
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_mins(1));
        let _ = child.stdin.as_mut().unwrap().write_all(answer);
        std::thread::sleep(Duration::from_millis(50));
    }
    let records = stage.records();
    let said = child.wait_with_output().unwrap();
    let decided = of(&records, "decided");
    let [decided] = decided.as_slice() else {
        panic!("{} {} {records:#?}", text(&said.stdout), text(&said.stderr));
    };
    assert_eq!((&decided["input"]["command"], &decided["edited"]["command"]), (&"rm -r a".into(), &"ls a".into()));
    assert_eq!(decided["how"], "edited, then allowed");
}

#[test]
fn automatic_answers_are_recorded_with_their_rule() {
    let stage = Stage::new("", "");
    fs::write(stage.path().join("web/a.txt"), "a").unwrap();
    let input = serde_json::json!({"file_path": stage.path().canonicalize().unwrap().join("web/a.txt")});
    let tool = serde_json::json!({"turn": [{"tool": {"name": "Read", "ask": true, "input": input}}, {"say": "done"}]});
    fs::write(stage.path().join("script"), tool.to_string()).unwrap();
    let run = stage.adjutant(&["run", "-p", "go", "web"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let records = stage.records();
    let automatic = of(&records, "automatic")[0];
    assert_eq!((&automatic["tool"], &automatic["rule"]), (&"Read".into(), &"auto_allow Read".into()));
    let found = stage.adjutant(&["audit", "search", "--decision", "allow", "--tool", "read", "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&found.stdout).unwrap(), *automatic);

    // What stands in the log's place is no file: nothing starts on it.
    fs::rename(stage.log(), stage.path().join("kept")).unwrap();
    fs::create_dir(stage.log()).unwrap();
    let refused = stage.adjutant(&["run", "-p", "go", "web"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("audit.jsonl is a directory"), "{}", text(&refused.stderr));
    fs::remove_dir(stage.log()).unwrap();
    fs::rename(stage.path().join("kept"), stage.log()).unwrap();

    // Where the log must be kept and cannot be, because somebody holds it, the same call needs a person.
    let lock = fs::File::options().write(true).open(stage.path().join("data/audit.lock")).unwrap();
    lock.lock().unwrap();
    let config = fs::read_to_string(stage.path().join("config.toml")).unwrap();
    fs::write(stage.path().join("config.toml"), format!("{config}[audit]\nrequired = true\n")).unwrap();
    let script = fs::read_to_string(stage.path().join("script")).unwrap();
    let script = script.replacen("[{", "[{\"sleep_ms\": 8000}, {", 1);
    fs::write(stage.path().join("script"), script).unwrap();
    let bound = stage.adjutant(&["run", "-p", "go", "--json", "web"]);
    assert_eq!(bound.status.code(), Some(3), "{}", text(&bound.stdout));
    assert!(text(&bound.stdout).contains("nothing is allowed without asking you"), "{}", text(&bound.stdout));
}

#[test]
fn processes_of_one_data_directory_share_the_chain() {
    let stage = Stage::new(r#"{"turn": [{"say": "one"}, {"sleep_ms": 50}, {"say": "two"}]}"#, "");
    let children: Vec<Child> = (0..4).map(|_| stage.spawn(&["run", "-p", "go", "web"])).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let verify = stage.verify();
    assert_eq!(verify.status.code(), Some(0), "{}", text(&verify.stdout));
    let records = stage.records();
    for kind in ["started", "prompt", "turn_ended", "stopped"] {
        assert_eq!(of(&records, kind).len(), 4, "{kind}");
    }
}

#[test]
fn a_killed_program_leaves_a_log_that_goes_on() {
    let stage = Stage::new(r#"{"turn": [{"deltas": {"count": 100000, "per_second": 100}}]}"#, "");
    let mut child = stage.spawn(&["run", "-p", "go", "web"]);
    let start = Instant::now();
    while !fs::read_to_string(stage.log()).unwrap_or_default().contains("\"kind\":\"prompt\"") {
        assert!(start.elapsed() < Duration::from_mins(1));
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    fs::OpenOptions::new().append(true).open(stage.log()).unwrap().write_all(b"{\"n\":99,\"at\"").unwrap();
    fs::write(stage.path().join("script"), r#"{"turn": [{"say": "done"}]}"#).unwrap();
    assert_eq!(stage.adjutant(&["run", "-p", "again", "web"]).status.code(), Some(0));
    let verify = stage.verify();
    assert_eq!(verify.status.code(), Some(0), "{}", text(&verify.stdout));
    assert!(text(&verify.stdout).contains("this line is torn"), "{}", text(&verify.stdout));
}

#[test]
fn a_file_that_cannot_grow_stops_nobody_and_is_said() {
    let stage = Stage::new(r#"{"turn": [{"say": "done"}]}"#, "");
    let long = "x".repeat(12_000);
    for _ in 0..3 {
        assert_eq!(stage.adjutant(&["run", "-p", &long, "web"]).status.code(), Some(0));
    }
    let before = fs::read(stage.log()).unwrap();
    // No file may grow beyond a few blocks, which the log has passed already: as on a full disk, each write fails.
    let limited = format!("trap '' XFSZ; ulimit -f 16; exec \"{}\" run -p go web", env!("CARGO_BIN_EXE_adjutant"));
    let run = stage.command("sh", &["-c", &limited]).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!((run.status.code(), text(&run.stdout).trim()), (Some(0), "done"), "{}", text(&run.stderr));
    assert!(text(&run.stderr).contains("records of the audit log"), "{}", text(&run.stderr));
    assert_eq!(fs::read(stage.log()).unwrap(), before);
    assert_eq!(stage.adjutant(&["run", "-p", "go", "web"]).status.code(), Some(0));
    let verify = stage.verify();
    assert_eq!(verify.status.code(), Some(0), "{}", text(&verify.stdout));
}

#[test]
fn the_verbs_name_what_was_changed_and_print_nothing_that_a_terminal_obeys() {
    let stage = Stage::new(r#"{"turn": [{"say": "done"}]}"#, "");
    assert!(text(&stage.verify().stdout).starts_with("There is no audit log in "));
    assert_eq!(stage.adjutant(&["run", "-p", "look \u{1b}[2J here", "web"]).status.code(), Some(0));
    let search = text(&stage.adjutant(&["audit", "search", "--who", "headless", "--since", "1h", "LOOK"]).stdout);
    assert_eq!(search.lines().count(), 1, "{search}");
    assert!(search.ends_with("prompt           headless  look  here\n"), "{search}");
    let number = search.split_whitespace().next().unwrap();
    let show = text(&stage.adjutant(&["audit", "show", number]).stdout);
    assert!(show.contains("text     look  here\n") && !show.contains('\u{1b}'), "{show}");
    let line = text(&stage.adjutant(&["audit", "show", number, "--json"]).stdout);
    let log = fs::read_to_string(stage.log()).unwrap();
    assert!(log.contains(&line));
    fs::write(stage.log(), log.replace("here", "there")).unwrap();
    let verify = stage.verify();
    assert_eq!(verify.status.code(), Some(1));
    let expected = format!("DAMAGE  audit.jsonl:{number}  record {number} was edited: ");
    assert!(text(&verify.stdout).starts_with(&expected), "{}", text(&verify.stdout));
    let json: Value = serde_json::from_slice(&stage.adjutant(&["audit", "verify", "--json"]).stdout).unwrap();
    assert_eq!((&json["ok"], &json["findings"][0]["what"]), (&false.into(), &"edited".into()));
    let missing = stage.adjutant(&["audit", "show", "999"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(text(&missing.stderr).contains("there is no record 999"));
}

#[test]
fn the_terminal_records_who_decided() {
    // A dialog waits for a second without keys.
    let script = r#"{"turn": [{"sleep_ms": 1500}, {"tool": {"name": "Bash", "ask": true, "input": {"command": "ls"},
        "allowed": [{"say": "it-was-allowed"}]}}]}"#;
    let stage = Stage::new(script, "");
    let config = stage.path().join("config.toml").display().to_string();
    let mut pty = Pty::start(stage.path(), 100, 30, &["--foreground", "web"], &[("ADJUTANT_CONFIG", &config)]);
    pty.wait_for("❯");
    pty.press("go\r");
    pty.wait_for("[y] allow once");
    Pty::let_it_arm();
    pty.press("y");
    pty.wait_for("it-was-allowed");
    pty.press("\x03");
    pty.wait_for("ctrl-c once more");
    pty.press("\x03");
    assert_eq!(pty.wait_for_exit(), 0);
    let records = stage.records();
    let decided = of(&records, "decided")[0];
    assert_eq!((&decided["who"], &decided["decision"]), (&"terminal".into(), &"allow".into()));
    assert_eq!(records.last().unwrap()["kind"], "stopped");
    assert_eq!(stage.verify().status.code(), Some(0));
}

#[test]
fn what_is_trusted_from_the_command_line_is_on_the_record() {
    let stage = Stage::new(r#"{"turn": [{"say": "done"}]}"#, "[audit]\nrequired = true");
    fs::create_dir(stage.path().join("web/.claude")).unwrap();
    let settings = r#"{"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "touch x"}]}]}}"#;
    fs::write(stage.path().join("web/.claude/settings.json"), settings).unwrap();
    let of = |kind: &str| stage.records().into_iter().filter(|record| record["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(stage.adjutant(&["trust", "add", "web"]).status.code(), Some(0));
    let added = of("trust_added");
    assert_eq!(added.len(), 1);
    let folder = stage.path().join("web").canonicalize().unwrap();
    assert_eq!((&added[0]["who"], &added[0]["folder"]), (&"headless".into(), &folder.display().to_string().into()));
    assert!(added[0]["items"][0].as_str().unwrap().contains("SessionStart"), "{added:?}");
    assert_eq!((&added[0]["below"], &added[0]["session"]), (&false.into(), &Value::Null));
    assert_eq!(stage.adjutant(&["trust", "remove", "web"]).status.code(), Some(0));
    assert_eq!(of("trust_removed")[0]["folder"], folder.display().to_string());
    assert_eq!(stage.adjutant(&["trust", "remove", "web"]).status.code(), Some(1));
    assert_eq!(of("trust_removed").len(), 1, "nothing was removed the second time");
    let run = stage.adjutant(&["run", "--trust", "-p", "go", "web"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let decided = &of("decided")[0];
    assert_eq!((&decided["who"], &decided["decision"]), (&"headless".into(), &"allow".into()), "{decided}");
    assert_eq!(stage.verify().status.code(), Some(0));
    stage.adjutant(&["trust", "remove", "web"]);
    // Without the log that must be kept, nothing is trusted.
    let lock = fs::File::options().write(true).open(stage.path().join("data/audit.lock")).unwrap();
    lock.lock().unwrap();
    let refused = stage.adjutant(&["trust", "add", "web"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("nothing was changed"), "{}", text(&refused.stderr));
    assert!(text(&stage.adjutant(&["trust", "list"]).stdout).contains("No folder is trusted"));
}
