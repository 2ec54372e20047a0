//! The main job by keyboard on the real CLI: a command, a change of a file, a denial with its reason.

use std::path::Path;

use serde_json::json;

use super::Stage;
use crate::support::api::Api;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::cli;
use crate::support::pty::Pty;
use crate::support::rig::environment;

#[test]
fn the_main_job_is_done_by_keyboard_on_the_real_cli() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for cli in cli::all() {
        for (columns, rows) in [(120, 40), (80, 24)] {
            let stage = Stage::new("");
            let api = runtime.block_on(Api::start(&[]));
            script(&api, stage.path());
            configure(&stage, &cli, &api);
            work(&stage, &api, columns, rows);
        }
    }
}

fn script(api: &Api, folder: &Path) {
    let file = folder.join("web/hello.py").display().to_string();
    api.script(
        "work",
        vec![
            tool("Bash", json!({ "command": "touch made-by-bash", "description": "make a file" })),
            tool("Write", json!({ "file_path": file, "content": "print('héllo 世界')\n" })),
            tool("Bash", json!({ "command": "touch never", "description": "make another" })),
            text("that-is-all"),
        ],
    );
}

fn configure(stage: &Stage, cli: &Path, api: &Api) {
    let home = stage.path().join("home");
    let cli = cli.display();
    let mut config = format!("[claude]\ncommand = \"{cli}\"\ndefault_profile = \"test\"\n[profiles.test.env]\n");
    for (name, value) in environment(&home, Some(api)) {
        config.push_str(&format!("{name} = {value:?}\n"));
    }
    std::fs::write(stage.path().join("config.toml"), config).unwrap();
}

fn work(stage: &Stage, api: &Api, columns: u16, rows: u16) {
    let mut pty = stage.start(columns, rows, &["web"]);
    pty.wait_for("❯");
    pty.press("work\r");
    pty.wait_for("touch made-by-bash");
    pty.wait_for("[y]");
    Pty::let_it_arm();
    pty.press("y");
    pty.wait_for("héllo 世界");
    pty.wait_until("the second dialog", |screen| screen.contains("[y]") && screen.contains("hello.py"));
    assert!(stage.path().join("web/made-by-bash").exists());
    Pty::let_it_arm();
    pty.press("y");
    pty.wait_until("the third dialog", |screen| screen.contains("[y]") && screen.contains("touch never"));
    assert_eq!(std::fs::read_to_string(stage.path().join("web/hello.py")).unwrap(), "print('héllo 世界')\n");
    Pty::let_it_arm();
    pty.press("N");
    pty.wait_until("the box", |screen| !screen.contains("[y]"));
    pty.press("not this one");
    pty.wait_for("not this one");
    pty.press("\r");
    pty.wait_for("that-is-all");
    pty.wait_for("what shall be done?");
    assert!(!stage.path().join("web/never").exists());
    assert!(api.requests().iter().any(|request| request.to_string().contains("not this one")));
    pty.press("\x11");
    assert_eq!(pty.wait_for_exit(), 0);
}
