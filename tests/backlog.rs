//! The backlog from the command line, and over MCP to the official client and to one that speaks nonsense.

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;

/// A Python that has the official MCP client.
const NAMED: &str = "ADJUTANT_TEST_MCP_PYTHON";
/// When set, a missing one is a failure.
const REQUIRED: &str = "ADJUTANT_REQUIRE_MCP";

struct Stage(TempDir);

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["data", "home", "web/.git/objects", "web/.git/refs", "web/src", "other"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        std::fs::write(folder.path().join("web/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path("web/src")).env_clear().env("HOME", self.path("home")).env("TZ", "UTC");
        command.env("ADJUTANT_DATA_DIR", self.path("data")).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut child = self.command(Path::new(env!("CARGO_BIN_EXE_adjutant"))).args(arguments).spawn().unwrap();
        drop(child.stdin.take());
        child.wait_with_output().unwrap()
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_person_keeps_a_backlog_at_the_command_line() {
    let stage = Stage::new();
    assert!(stage.says(&["backlog"]).contains("is empty; `adjutant backlog add NAME`"));
    assert_eq!(stage.says(&["backlog", "add", "Sign in", "-c", "login"]), "1 Sign in: created. It is ready.\n");
    let text = stage.says(&["backlog", "add", "Reset\u{1b}[31m password", "--needs", "1", "--step", "mail comes"]);
    assert_eq!(text, "2 Reset password: created. It is blocked by 1.\n");
    let list = "ID  STATE         CATEGORY  NAME\n1   ready         login     Sign in\n2   blocked by 1            Reset \
                password\n0 of 2 passing (0 %), 1 ready.\n";
    assert_eq!(stage.says(&["backlog", "list"]), list);
    assert_eq!(stage.says(&["backlog", "pass", "1", "-m", "cargo test: ok"]), "1 Sign in: passed. It is passing.\n");
    let shown = stage.says(&["backlog", "show", "2"]);
    assert!(shown.contains("needs 1 Sign in (passing)") && shown.contains("1. mail comes"), "{shown}");
    assert!(stage.fails(&["backlog", "rm", "1"]).contains("feature 2 depends on feature 1; remove that first"));
    assert!(stage.fails(&["backlog", "show", "9"]).contains("`adjutant backlog list` has them"));
    assert!(stage.fails(&["backlog", "depend", "1", "2"]).contains("it would depend on itself (1 → 2 → 1)"));
    let json: Value = serde_json::from_str(&stage.says(&["backlog", "list", "ready", "--json"])).unwrap();
    assert_eq!((json[0]["id"].clone(), json.as_array().unwrap().len()), (json!(2), 1));
    let other = stage.path("other");
    assert!(stage.says(&["backlog", "--project", other.to_str().unwrap()]).contains("is empty"));
}

#[test]
fn files_are_imported_whole_or_not_at_all() {
    let stage = Stage::new();
    let write = |name: &str, bytes: &[u8]| {
        let path = stage.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let list = write("list.md", b"# A\n- one\n- two: second\n- [x] old\n");
    assert_eq!(
        stage.says(&["backlog", "import", &list]),
        "2 features were added. 1 entry is done or closed and was left out.\n"
    );
    let cycle = write("cycle.json", br#"[{"name":"x","depends_on":[1]},{"name":"y","depends_on":[0]}]"#);
    let said = stage.fails(&["backlog", "import", &cycle]);
    assert!(said.contains("number 1 (x): it would depend on itself (x → y → x)"), "{said}");
    let many = write("many.json", format!("[{}]", vec![r#"{"name":"x"}"#; 10_000].join(",")).as_bytes());
    assert!(stage.fails(&["backlog", "import", &many]).contains("it has 10000 features; 5000 fit"));
    let latin = write("latin.md", b"- caf\xe9\n");
    assert!(stage.fails(&["backlog", "import", &latin]).contains("not text in UTF-8 (byte 5)"));
    let huge = write("huge.md", &vec![b'-'; 20 << 20]);
    assert!(stage.fails(&["backlog", "import", &huge]).contains("larger than 16 MiB"));
    let none = stage.path("none.md");
    assert!(stage.fails(&["backlog", "import", none.to_str().unwrap()]).contains("it cannot be read: No such file"));
    let pipe = stage.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(stage.fails(&["backlog", "import", pipe.to_str().unwrap()]).contains("was not imported"));
    let all: Value = serde_json::from_str(&stage.says(&["backlog", "export"])).unwrap();
    assert_eq!(all["features"].as_array().unwrap().len(), 2, "nothing half done");
}

#[test]
fn a_client_that_speaks_nonsense_costs_nobody_anything() {
    let stage = Stage::new();
    let mut child = stage.command(Path::new(env!("CARGO_BIN_EXE_adjutant"))).args(["mcp", "backlog"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
    let done = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
                       "params": { "name": "feature_get_stats", "arguments": {} } });
    for line in [hello.to_string(), done.to_string(), "garbage".into(), "{\"jsonrpc\":".into(), call.to_string()] {
        writeln!(input, "{line}").unwrap();
    }
    let output = {
        use std::io::BufRead as _;
        let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let answers = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        answers.filter(|answer| answer.get("result").is_some()).take(2).collect::<Vec<_>>()
    };
    assert_eq!(output[0]["result"]["serverInfo"]["name"], "features");
    assert!(output[1]["result"]["content"][0]["text"].as_str().unwrap().contains("\"total\":0"), "{output:?}");
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_official_client_works_in_both_eras() {
    let found = std::env::var_os(NAMED).map(PathBuf::from).filter(|path| path.is_file());
    let Some(python) = found else {
        assert!(std::env::var_os(REQUIRED).is_none(), "{NAMED} names no Python that has the official MCP client");
        eprintln!("skipped: there is no official MCP client on this machine ({NAMED})");
        return;
    };
    for mode in ["legacy", "auto", "2026-07-28"] {
        let stage = Stage::new();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/backlog/mcp_client.py");
        let data = stage.path("data");
        let mut command = stage.command(&python);
        command.args([
            script,
            mode,
            env!("CARGO_BIN_EXE_adjutant"),
            "--data-dir",
            data.to_str().unwrap(),
            "mcp",
            "backlog",
        ]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let seen: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{mode}: {said}"));
        // Who adopts a protocol without asking is told no name.
        let named = if mode == "2026-07-28" { Value::Null } else { json!("features") };
        assert_eq!(seen["server"], named, "{mode}");
        assert_eq!(seen["tools"].as_array().unwrap().len(), 13);
        assert_eq!(seen["required"]["feature_mark_passing"], json!(["feature_id", "evidence"]));
        assert!(seen["created"]["text"].as_str().unwrap().contains("\"message\":\"created\""), "{seen}");
        assert!(seen["claimed"]["text"].as_str().unwrap().contains("\"status\":\"in_progress\""), "{seen}");
        assert_eq!(seen["again"], json!({ "error": true, "text": "nothing is ready" }));
        assert_eq!(seen["wrong"], json!({ "error": true, "text": "feature_id must be a whole number" }));
        assert!(seen["unknown"]["text"].as_str().unwrap().contains("feature_destroy"), "{seen}");
        assert_eq!(seen["mixed_up"], json!([]));
        let read_only = [
            script,
            mode,
            env!("CARGO_BIN_EXE_adjutant"),
            "--data-dir",
            data.to_str().unwrap(),
            "mcp",
            "backlog",
            "--read-only",
        ];
        let output = stage.command(&python).args(read_only).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("feature_create"), "{mode}: {said}");
    }
}
