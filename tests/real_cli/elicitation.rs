//! What an MCP server asks on the real CLI: what the server hears is what the person did.

use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use adjutant::core::approval::Approval;
use adjutant::core::approval::Ask;
use adjutant::core::approval::Decision;
use adjutant::core::approval::elicitation::Elicitation;
use adjutant::core::approval::elicitation::Wanted;
use adjutant::core::event::EventKind;
use adjutant::core::ids::SessionId;
use serde_json::Value;
use serde_json::json;

use super::with_each_cli;
use crate::support::api::Api;
use crate::support::api::text;
use crate::support::api::tool;
use crate::support::rig::Rig;

/// Whether the server can run here.
fn has_python() -> bool {
    let found = std::process::Command::new("python3").arg("--version").output().is_ok_and(|out| out.status.success());
    if !found {
        eprintln!("skipped: there is no python3 here for the MCP server");
    }
    found
}

/// A session in which a server has just asked for this.
async fn asking(cli: &Path, params: Value, wait: f64) -> (Rig, Api, SessionId, Approval) {
    let api = Api::start(&[]).await;
    let server = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_cli/asking_server.py");
    let mut rig = Rig::with(vec![cli.display().to_string()], Some(&api), |config| {
        let profile = config.profiles.get_mut("test").unwrap();
        let servers = json!({"tiny": {"command": "python3", "args": [server]}});
        profile.mcp_servers = Some(servers);
    });
    let call = json!({ "params": params.to_string(), "wait": wait });
    api.script("ask me", vec![tool("mcp__tiny__ask", call), text("done")]);
    let id = rig.open().await;
    rig.prompt(id, "ask me").await;
    let call = rig.approval().await;
    assert_eq!(call.tool, "mcp__tiny__ask");
    rig.answer(id, call.id, Decision::allow_once()).await;
    let asked = rig.approval().await;
    (rig, api, id, asked)
}

fn form() -> Value {
    json!({"mode": "form", "message": "How many?", "requestedSchema": {"type": "object", "required": ["n"],
        "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 5},
            "where": {"type": "string", "enum": ["eu", "us"], "default": "us"}}}})
}

fn of_server(approval: &Approval) -> &Elicitation {
    let Ask::Elicitation(asked) = &approval.ask else { panic!("{approval:?}") };
    assert_eq!(asked.server, "tiny");
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_hears_what_the_person_did() {
    async fn test(cli: PathBuf) {
        for (decision, heard) in [
            (
                Decision::Fill(json!({"n": 3, "where": "us"})),
                r#"{"action": "accept", "content": {"n": 3, "where": "us"}}"#,
            ),
            (Decision::deny("no"), r#"{"action": "decline"}"#),
            (Decision::Dismiss, r#"{"action": "cancel"}"#),
        ] {
            let (mut rig, api, id, asked) = asking(&cli, form(), 60.0).await;
            let Wanted::Form(fields) = &of_server(&asked).wanted else { panic!("a form") };
            let names: Vec<(&str, bool)> = fields.iter().map(|field| (field.name.as_str(), field.required)).collect();
            assert_eq!(names, [("n", true), ("where", false)]);
            rig.answer(id, asked.id, decision).await;
            rig.turn_end().await;
            let results = api.tool_results();
            assert!(results.iter().any(|result| result.contains(heard)), "{heard}: {results:?}");
            rig.end().await;
        }
    }
    if has_python() {
        with_each_cli!(test);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_does_not_outlive_the_call_that_asked() {
    async fn test(cli: PathBuf) {
        let (mut rig, api, _, asked) = asking(&cli, form(), 1.0).await;
        let gone =
            |kind: &EventKind| matches!(kind, EventKind::ApprovalWithdrawn { approval, .. } if *approval == asked.id);
        rig.wait("the dialog's end", gone).await;
        rig.listen(Duration::from_millis(200)).await;
        assert!(api.tool_results().iter().any(|result| result.contains("nothing")), "it gave up");
        rig.end().await;
    }
    if has_python() {
        with_each_cli!(test);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_pages_of_the_web_are_offered_and_only_by_newer_clis() {
    async fn test(cli: PathBuf) {
        // The oldest one answers the server by itself.
        if cli.display().to_string().contains("2.1.197") {
            return;
        }
        let page = |url: &str| json!({"mode": "url", "message": "Sign in", "url": url, "elicitationId": "e1"});
        let (mut rig, api, id, asked) = asking(&cli, page("https://example.test/in?a=1"), 60.0).await;
        let Wanted::Page { host, url } = &of_server(&asked).wanted else { panic!("a page") };
        assert_eq!((host.as_str(), url.as_str()), ("example.test", "https://example.test/in?a=1"));
        rig.answer(id, asked.id, Decision::Fill(Value::Null)).await;
        rig.turn_end().await;
        let results = api.tool_results();
        assert!(results.iter().any(|result| result.contains(r#"{"action": "accept"}"#)), "{results:?}");
        rig.end().await;

        let (mut rig, api, id, asked) = asking(&cli, page("javascript:alert(1)"), 60.0).await;
        assert!(matches!(of_server(&asked).wanted, Wanted::Unfit(_)), "{asked:?}");
        rig.answer(id, asked.id, Decision::Dismiss).await;
        rig.turn_end().await;
        assert!(api.tool_results().iter().any(|result| result.contains("cancel")));
        rig.end().await;
    }
    if has_python() {
        with_each_cli!(test);
    }
}
