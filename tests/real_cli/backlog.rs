//! The backlog in a session: the real CLI talks to a server inside this program.

use std::path::Path;
use std::path::PathBuf;
use std::process::Output;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::Command;

use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::Reply;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::rig::environment;

struct Stage {
    folder: TempDir,
}

impl Stage {
    fn new(cli: &Path, api: &Api, settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "data", "web"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let env: Vec<String> = environment(&folder.path().join("home"), Some(api))
            .iter()
            .map(|(name, value)| format!("{name} = {}", json!(value)))
            .collect();
        let config = format!(
            "[claude]\ncommand = [{}]\n[profiles.test]\n{settings}\n[profiles.test.env]\n{}\n",
            json!(cli.display().to_string()),
            env.join("\n")
        );
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        Self { folder }
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let path = |name: &str| self.folder.path().join(name);
        Command::new(env!("CARGO_BIN_EXE_adjutant"))
            .args(arguments)
            .current_dir(path("web"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", path("home"))
            .env("ADJUTANT_CONFIG", path("config.toml"))
            .env("ADJUTANT_DATA_DIR", path("data"))
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap()
    }

    async fn backlog(&self) -> Vec<Value> {
        let output = self.run(&["backlog", "list", "--json"]).await;
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn call(name: &str, input: Value) -> Reply {
    tool(&format!("mcp__features__feature_{name}"), input)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_works_a_feature_off_without_being_asked() {
    async fn test(cli: PathBuf) {
        let api = Api::start(&[]).await;
        let stage = Stage::new(&cli, &api, "backlog = \"work\"");
        let added = stage.run(&["backlog", "add", "Sign in"]).await;
        assert!(added.status.success(), "{added:?}");
        let evidence = json!({ "feature_id": 1, "evidence": "cargo test: 3 passed" });
        let script = vec![
            call("claim_next", json!({})),
            call("mark_passing", evidence),
            call("claim_next", json!({})),
            text("all is done"),
        ];
        api.script("work it off", script);
        let done = stage.run(&["run", "-p", "work it off", "--profile", "test"]).await;
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(
            (done.status.code(), String::from_utf8_lossy(&done.stdout).trim()),
            (Some(0), "all is done"),
            "{said}"
        );
        let feature = &stage.backlog().await[0];
        assert_eq!((&feature["status"], &feature["evidence"]), (&json!("passing"), &json!("cargo test: 3 passed")));
        let results = api.tool_results();
        assert!(results[0].contains("Sign in") && results[2].contains("nothing is ready"), "{results:?}");
        let log = std::fs::read_to_string(stage.folder.path().join("data/audit.jsonl")).unwrap();
        let records: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let changes = records.iter().filter(|record| record["kind"] == "backlog");
        let changes: Vec<_> = changes.map(|record| (record["who"].clone(), record["what"].clone())).collect();
        let session = json!("session 1");
        assert_eq!(changes, [(session.clone(), json!("begun")), (session, json!("passed"))], "{log}");
    }
    with_each_cli!(test);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_no_more_of_it_than_its_profile_says() {
    async fn test(cli: PathBuf) {
        for (access, reads) in [("read", true), ("off", false)] {
            let api = Api::start(&[]).await;
            let stage = Stage::new(&cli, &api, &format!("backlog = \"{access}\""));
            stage.run(&["backlog", "add", "Sign in"]).await;
            let script = vec![call("get_stats", json!({})), call("claim_next", json!({})), text("so be it")];
            api.script("look at it", script);
            let done = stage.run(&["run", "-p", "look at it", "--profile", "test"]).await;
            assert_eq!(String::from_utf8_lossy(&done.stdout).trim(), "so be it");
            let results = api.tool_results();
            assert_eq!(results[0].contains("\"total\":1"), reads, "{results:?}");
            assert_eq!(stage.backlog().await[0]["status"], "todo", "{results:?}");
        }
    }
    with_each_cli!(test);
}
