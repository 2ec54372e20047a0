//! The real program in a real pseudo-terminal, driven by keys as a person would.

mod approvals;
mod endings;
mod grants;
mod hardship;
mod main_job;
mod real_cli;
mod remote;
mod runner;
mod tmux;
mod trust;
mod verbs;
mod worktrees;

use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use rustix::process::Pid;
use tempfile::TempDir;

use crate::support::pty::Pty;

/// A project and a configuration whose CLI is the stand-in with this script.
struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data", "web", "api"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let path = folder.path().join("script");
        std::fs::write(&path, script).unwrap();
        let stage = Self { folder };
        stage.command(&[env!("CARGO_BIN_EXE_adjutant"), "__stand-in", &path.display().to_string()]);
        stage
    }

    /// Lets the sessions run this program.
    fn command(&self, words: &[&str]) {
        let words = serde_json::to_string(words).unwrap();
        std::fs::write(self.path().join("config.toml"), format!("[claude]\ncommand = {words}\n")).unwrap();
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The process that the sessions live in.
    fn runner_pid(&self) -> Pid {
        let text = std::fs::read_to_string(self.path().join("data/runner.lock")).unwrap();
        Pid::from_raw(text.trim().parse().unwrap()).unwrap()
    }

    fn start(&self, columns: u16, rows: u16, arguments: &[&str]) -> Pty {
        let config = self.path().join("config.toml").display().to_string();
        Pty::start(self.path(), columns, rows, arguments, &[("ADJUTANT_CONFIG", &config)])
    }
}

impl Drop for Stage {
    /// No runner outlives its test.
    fn drop(&mut self) {
        let stop = Command::new(env!("CARGO_BIN_EXE_adjutant"))
            .arg("--data-dir")
            .arg(self.path().join("data"))
            .arg("stop")
            .stdout(Stdio::null())
            .status();
        assert!(std::thread::panicking() || stop.is_ok_and(|status| status.success()), "the runner does not end");
    }
}

/// A turn that asks for one command and says what became of it.
const ASKS: &str = r#"{"turn": [
    {"say": "I would like to look around."},
    {"tool": {"name": "Bash", "ask": true, "input": {"command": "ls -la"}, "result": "two files",
        "request": {"permission_suggestions": [{"type": "addRules", "rules": [{"toolName": "Bash", "ruleContent": "ls *"}], "behavior": "allow", "destination": "localSettings"}]},
        "allowed": [{"say": "it-was-allowed"}], "denied": [{"say": "it-was-denied"}]}}
]}"#;
