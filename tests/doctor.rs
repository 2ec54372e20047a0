//! `adjutant doctor`: what it finds on machines that lack something, and that it changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::cli;
use crate::support::rig::environment;

struct Machine {
    folder: TempDir,
}

impl Machine {
    fn with(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("home")).unwrap();
        fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    /// With the stand-in as its CLI, on this script.
    fn playing(script: &str) -> Self {
        let machine = Self::with("");
        fs::write(machine.path().join("script"), script).unwrap();
        let script = machine.path().join("script").display().to_string();
        let words = Value::from(vec![env!("CARGO_BIN_EXE_adjutant").to_owned(), "__stand-in".into(), script]);
        let config = format!("[claude]\ncommand = {words}\ninitialize_timeout_s = 5\n");
        fs::write(machine.path().join("config.toml"), config).unwrap();
        machine
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adjutant"));
        command.args(arguments).current_dir(self.path()).env_clear();
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.path().join("home")).env("LANG", "C.UTF-8");
        command.env("TERM", "xterm-256color").env("ADJUTANT_CONFIG", self.path().join("config.toml"));
        command.env("ADJUTANT_DATA_DIR", self.path().join("data")).output().unwrap()
    }

    /// What is found, and whether the exit code says that all is well.
    fn doctor(&self) -> (Value, bool) {
        let output = self.run(&["doctor", "--json"]);
        let found: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(found["ok"], output.status.success(), "{found}");
        (found, output.status.success())
    }
}

fn finding<'f>(found: &'f Value, what: &str) -> &'f Value {
    let all = found["findings"].as_array().unwrap();
    all.iter()
        .find(|finding| finding["what"].as_str().unwrap().contains(what))
        .unwrap_or_else(|| panic!("{what}: {found}"))
}

fn is(found: &Value, what: &str, state: &str, saying: &str) {
    let finding = finding(found, what);
    assert_eq!(finding["state"], state, "{finding}");
    assert!(finding.to_string().contains(saying), "{finding} does not say {saying}");
}

#[test]
fn a_machine_without_the_cli_is_told_how_to_get_it_and_nothing_is_made() {
    let machine = Machine::with("[claude]\ncommand = \"no-such-claude\"\n");
    let (found, good) = machine.doctor();
    assert!(!good);
    is(&found, "Claude Code", "bad", "npm install");
    is(&found, "configuration", "good", "config.toml");
    is(&found, "runner", "off", "adjutant");
    is(&found, "store", "off", "nothing has happened");
    is(&found, "phone", "off", "not set up");
    assert!(!machine.path().join("data").exists(), "looking makes nothing");
    let printed = String::from_utf8(machine.run(&["doctor"]).stdout).unwrap();
    assert!(printed.contains("✗ Claude Code") && printed.contains("must be put right"), "{printed}");
}

#[test]
fn a_wrong_configuration_is_named_with_its_line() {
    let (found, good) = Machine::with("[claude]\ncomand = \"claude\"\n").doctor();
    assert!(!good);
    is(&found, "configuration", "bad", "command");
    assert!(!found.to_string().contains("Claude Code"), "what is meant is not known: {found}");
}

#[test]
fn tools_that_no_claude_code_has_are_said() {
    let machine = Machine::playing("");
    let config = fs::read_to_string(machine.path().join("config.toml")).unwrap();
    let with = |list: &str| {
        fs::write(machine.path().join("config.toml"), format!("{config}[approvals]\nauto_allow = {list}\n")).unwrap();
        let printed = String::from_utf8(machine.run(&["config", "check"]).stdout).unwrap();
        (machine.doctor().0, printed)
    };
    let (found, printed) = with(r#"["Read", "LS", "Grep"]"#);
    is(&found, "automatic answers", "warning", "no longer has: LS, Grep");
    assert!(printed.contains("⚠ auto_allow names what Claude Code no longer has: LS, Grep."), "{printed}");
    for list in [r#"["Read", "WebSearch"]"#, r#"["Read", "Glob", "Grep", "WebSearch"]"#] {
        let (found, printed) = with(list);
        assert!(!found.to_string().contains("automatic answers") && !printed.contains('⚠'), "{list}: {printed}");
    }
}

#[test]
fn each_profile_is_tried_as_its_sessions_would_start() {
    let machine = Machine::playing("");
    let config = fs::read_to_string(machine.path().join("config.toml")).unwrap();
    let config = format!("{config}[profiles.gone]\ncommand = [\"/no/such/claude\"]\n[profiles.old]\n");
    fs::write(machine.path().join("config.toml"), config).unwrap();
    let (found, _) = machine.doctor();
    is(&found, "profile gone", "bad", "/no/such/claude");
    // The stand-in says that it is old, and that nobody is signed in: the latter is worse.
    is(&found, "profile old", "bad", "nobody is signed in");
    assert_eq!(
        found["findings"].as_array().unwrap().iter().filter(|f| f.to_string().contains("Claude Code")).count(),
        3
    );
}

#[test]
fn a_cli_that_does_not_answer_or_dies_is_named_with_its_last_words() {
    for (script, saying) in [
        (r#"{"stderr": "out of coffee"} {"exit": 3}"#, "out of coffee"),
        (r#""never_initialize" {"sleep_ms": 600000}"#, "does not answer"),
        (r#""ignore_sigterm" "never_initialize" {"sleep_ms": 600000}"#, "does not answer"),
        (r#"{"flood": 3000000} {"exit": 0}"#, "ended unexpectedly"),
    ] {
        let (found, good) = Machine::playing(script).doctor();
        assert!(!good, "{script}");
        is(&found, "Claude Code", "bad", saying);
    }
}

#[test]
fn damage_of_what_is_kept_is_found() {
    let machine = Machine::playing("");
    let data = machine.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(data.join("adjutant.db"), "this is no database, however long it may be".repeat(100)).unwrap();
    fs::write(data.join("audit.jsonl"), "{\"n\": 7}\n").unwrap();
    let (found, good) = machine.doctor();
    assert!(!good);
    is(&found, "data directory", "warning", "chmod 700");
    is(&found, "store", "bad", "adjutant.db");
    is(&found, "audit log", "bad", "audit verify");
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o755, "nothing is repaired");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_cli_says_its_version_and_whose_it_is() {
    for cli in cli::all() {
        let api = Api::start(&[]).await;
        let machine = Machine::with("");
        let env: Vec<String> = environment(&machine.path().join("home"), Some(&api))
            .iter()
            .map(|(name, value)| format!("{name} = {}", Value::from(value.as_str())))
            .collect();
        let command = Value::from(vec![cli.to_str().unwrap()]);
        let config = format!("[claude]\ncommand = {command}\n[profiles.key.env]\n{}\n", env.join("\n"));
        fs::write(machine.path().join("config.toml"), config).unwrap();
        let machine = tokio::task::spawn_blocking(move || {
            let (found, good) = machine.doctor();
            // Without a profile nothing is set: nobody is signed in there.
            assert!(!good);
            is(&found, "Claude Code", "bad", "nobody is signed in");
            is(&found, "profile key", "good", "2.1.");
            is(&found, "profile key", "good", "ANTHROPIC_API_KEY");
            machine
        });
        machine.await.unwrap();
        assert!(api.requests().is_empty(), "nothing is sent to a model");
    }
}

#[test]
fn the_oldest_version_that_is_named_is_the_oldest_that_is_tried() {
    let pins = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pins")).unwrap();
    let pinned = pins.lines().find_map(|line| line.strip_prefix("CLAUDE_NPM_OLDEST=")).unwrap();
    assert_eq!(adjutant::engine::probe::OLDEST_TRIED, pinned);
}
