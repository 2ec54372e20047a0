//! Titles by a model: what it is shown, what it may say, and what it costs when it fails.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use adjutant::config::Secretary;
use adjutant::core::command::Command;
use adjutant::core::event::EventKind;
use adjutant::redact::Redactor;
use adjutant::secretary::model::Model;
use adjutant::secretary::titles;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::Value;
use serde_json::json;

use crate::engine::play;

/// What the endpoint was asked, whole.
type Asked = Arc<Mutex<Vec<(Option<String>, Value)>>>;

/// An endpoint that always answers this.
async fn endpoint(status: u16, answer: String) -> (String, Asked) {
    let asked = Asked::default();
    let handler = move |State(asked): State<Asked>, headers: HeaderMap, body: String| async move {
        let key = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        asked.lock().unwrap().push((key, serde_json::from_str(&body).unwrap()));
        (StatusCode::from_u16(status).unwrap(), answer)
    };
    let app = Router::new().route("/v1/chat/completions", post(handler)).with_state(Arc::clone(&asked));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, asked)
}

fn says(title: &str) -> String {
    json!({"choices": [{"message": {"role": "assistant", "content": title}}]}).to_string()
}

fn model(base_url: &str) -> Model {
    let config = Secretary {
        base_url: Some(base_url.into()),
        api_key_env: Some("KEY".into()),
        model: Some("small".into()),
        titles: true,
    };
    Model::of(&config, |name| (name == "KEY").then(|| "k-123456".to_owned())).unwrap().unwrap()
}

const ANSWERS: &str = r#"{"turn": [{"say": "The token is sk-ant-api03-abcdefghijklmnopqrstuvwxyz012345."}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_session_gets_a_title_from_the_model_without_any_secret_leaving() {
    let (mut rig, _script) = play(&[ANSWERS, ANSWERS]);
    let (url, asked) = endpoint(200, says("\"Rotate the token\"")).await;
    tokio::spawn(titles::run(rig.engine.connect(), model(&url), Arc::new(Redactor::new(["s3cr3t-in-env".into()]))));
    let id = rig.open().await;
    rig.prompt(id, "rotate s3cr3t-in-env please").await;
    rig.wait("the title", |kind| matches!(kind, EventKind::TitleSuggested { .. })).await;
    assert_eq!(rig.session(id).title, "Rotate the token");
    rig.prompt(id, "and again").await;
    rig.turn_end().await;
    rig.listen(Duration::from_millis(200)).await;
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "asked once");
    let (key, body) = &asked[0];
    assert_eq!(key.as_deref(), Some("Bearer k-123456"));
    let text = body.to_string();
    assert!(text.contains("rotate") && text.contains("The token is"), "{text}");
    assert!(!text.contains("s3cr3t-in-env") && !text.contains("sk-ant-api03"), "{text}");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_by_hand_stays() {
    let (mut rig, _script) = play(&[ANSWERS]);
    let (url, asked) = endpoint(200, says("Something else")).await;
    tokio::spawn(titles::run(rig.engine.connect(), model(&url), Arc::default()));
    let id = rig.open().await;
    rig.send(Command::Rename { session: id, title: "mine".into() }).await;
    rig.prompt(id, "go").await;
    rig.turn_end().await;
    rig.send(Command::SuggestTitle { session: id, title: "late".into() }).await;
    rig.listen(Duration::from_millis(200)).await;
    assert_eq!(rig.session(id).title, "mine");
    assert!(asked.lock().unwrap().is_empty(), "nothing is sent for it");
    rig.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_costs_nothing() {
    for (status, answer) in [
        (500, "<html>".to_owned()),
        (401, json!({"error": {"message": "no such key"}}).to_string()),
        (200, "{}".to_owned()),
        (200, says("")),
        (200, says(&"a long story ".repeat(100))),
        (200, "x".repeat(2 << 20)),
        (307, String::new()),
    ] {
        let (mut rig, _script) = play(&[ANSWERS]);
        let (url, asked) = endpoint(status, answer).await;
        tokio::spawn(titles::run(rig.engine.connect(), model(&url), Arc::default()));
        let id = rig.open().await;
        rig.prompt(id, "fix the build").await;
        rig.turn_end().await;
        while asked.lock().unwrap().is_empty() {
            rig.listen(Duration::from_millis(20)).await;
        }
        rig.listen(Duration::from_millis(100)).await;
        assert_eq!(rig.session(id).title, "fix the build", "{status}");
        rig.end().await;
    }
}
