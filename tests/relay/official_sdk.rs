//! The stand-in against the official SDK of Feishu: what that understands and sends, the stand-in must too,
//! and then our client, which is tested against the stand-in, speaks to the real one alike. `.ci/run` installs
//! the SDK and makes it mandatory; without it the tests say that they were skipped.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use serde_json::json;
use tokio::process::Child;
use tokio::process::Command;

use crate::support::feishu::APP_ID;
use crate::support::feishu::APP_SECRET;
use crate::support::feishu::CHAT;
use crate::support::feishu::Feishu;
use crate::support::feishu::TENANT;
use crate::support::feishu::USER;
use crate::support::feishu::pushes::message;
use crate::support::feishu::pushes::press;

/// A Python that has `lark_oapi`.
const NAMED: &str = "ADJUTANT_TEST_LARK_PYTHON";
/// When set, a missing SDK is a failure.
const REQUIRED: &str = "ADJUTANT_REQUIRE_LARK";

fn python() -> Option<PathBuf> {
    let found = std::env::var_os(NAMED).map(PathBuf::from).filter(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var_os(REQUIRED).is_none(), "no official SDK: {NAMED} names no Python that has it");
        eprintln!("skipped: there is no official SDK of Feishu on this machine ({NAMED})");
    }
    found
}

fn start(python: &PathBuf, verb: &str, feishu: &Feishu) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/official_sdk.py");
    Command::new(python)
        .args([script, verb, &feishu.url, APP_ID, APP_SECRET])
        .env("NO_PROXY", "127.0.0.1")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test]
async fn the_official_sdk_takes_pushes_and_answers_them() {
    let Some(python) = python() else { return };
    let feishu = Feishu::start().await;
    let _client = start(&python, "listen", &feishu);
    feishu.connected(1).await;
    let whole = feishu.push(&message("om_1", "hello"));
    assert_eq!(feishu.ack(whole).await.code, 200);
    let parts = feishu.push_parts(&message("om_2", &"long ".repeat(2_000)), &[2, 0, 1], 3);
    assert_eq!(feishu.ack(parts).await.code, 200);
    let pressed = feishu.push(&press("om_3", &json!({ "rid": "r1" })));
    let ack = feishu.ack(pressed).await;
    let toast = &ack.data.expect("no data")["toast"];
    assert_eq!((ack.code, &toast["content"]), (200, &json!("r1 of ou_user in om_3")));
    // The SDK sent what it had understood back as messages.
    let texts = feishu
        .until("what was understood", |state| {
            let texts: Vec<Value> = state.taken.iter().map(|taken| taken.content["text"].clone()).collect();
            (texts.len() >= 2).then_some(texts)
        })
        .await;
    assert_eq!(texts[0], json!(format!("om_1 {CHAT} {USER} {TENANT} hello")));
    assert!(texts[1].as_str().is_some_and(|text| text.len() > 10_000));
}

#[tokio::test]
async fn the_official_sdk_makes_every_call() {
    let Some(python) = python() else { return };
    let feishu = Feishu::start().await;
    feishu.with(|state| {
        let headers = vec![("content-disposition", "attachment; filename=\"a.txt\"".to_owned())];
        state.resources.insert("file_1".into(), (b"content".to_vec(), headers));
    });
    let output = start(&python, "call", &feishu).wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    let said: Value = serde_json::from_str(said.lines().last().unwrap_or_default()).expect(&said);
    let taken = feishu.taken();
    assert_eq!(said["sent"], json!([taken[0].message_id, CHAT]));
    assert_eq!((said["again"].as_str(), taken.len()), (Some(taken[0].message_id.as_str()), 2), "one for each uuid");
    assert_eq!((taken[1].reply_to.as_ref(), taken[0].n_changes), (Some(&taken[0].message_id), 1));
    assert_eq!(said["gone"], 230_011);
    assert_eq!((&said["downloaded"], &said["bot"]), (&json!("content"), &json!("ou_bot")));
    assert_eq!(said["reaction"], "r-OnIt");
    let uploads = feishu.with(|state| state.uploads.clone());
    assert_eq!((uploads[0].bytes.as_slice(), uploads[0].fields["file_type"].as_str()), (&b"hello"[..], "stream"));
    assert_eq!(uploads[1].fields["image_type"], "message");
    assert!(said["file_key"].is_string() && said["image_key"].is_string(), "{said}");
}
