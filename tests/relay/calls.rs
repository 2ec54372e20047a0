//! What goes out.

use std::time::Duration;

use adjutant::relay::feishu::api::Api;
use adjutant::relay::feishu::api::Outgoing;
use adjutant::relay::feishu::api::Resource;
use adjutant::relay::feishu::api::Target;
use adjutant::relay::feishu::fault::Fault;
use serde_json::Value;
use serde_json::json;

use super::account;
use crate::support::feishu::Act;
use crate::support::feishu::BOT;
use crate::support::feishu::CHAT;
use crate::support::feishu::Feishu;
use crate::support::feishu::USER;
use crate::support::feishu::code;
use crate::support::feishu::html;

fn text(text: &str) -> Outgoing {
    Outgoing::Text(text.to_owned())
}

fn person() -> Target {
    Target::Person(USER.to_owned())
}

fn card(content: &str) -> Value {
    json!({ "schema": "2.0", "config": { "update_multi": true }, "body": { "elements": [
        { "tag": "markdown", "element_id": "what", "content": content } ] } })
}

async fn start() -> (Feishu, Api) {
    let feishu = Feishu::start().await;
    let api = Api::new(account(&feishu));
    (feishu, api)
}

#[tokio::test]
async fn messages_are_sent_answered_and_changed() {
    let (feishu, api) = start().await;
    assert_eq!(api.bot().await.unwrap().open_id, BOT);
    let sent = api.send(&person(), &Outgoing::Card(card("pending")), "u1").await.unwrap();
    assert_eq!(sent.chat_id, CHAT);
    api.patch_card(&sent.message_id, &card("denied")).await.unwrap();
    let markdown = Outgoing::Markdown { title: String::new(), text: "**done**".into() };
    let reply = api.reply(&sent.message_id, CHAT, &markdown, "u2").await.unwrap();
    let line = api.send(&Target::Chat(CHAT.into()), &text("first"), "u3").await.unwrap();
    api.edit(&line.message_id, &text("second")).await.unwrap();
    assert_eq!(api.react(&line.message_id, "OnIt").await.unwrap(), "r-OnIt");
    api.unreact(&line.message_id, "r-OnIt").await.unwrap();
    assert_eq!(api.urge(&sent.message_id, &[USER]).await.unwrap(), Vec::<String>::new());
    let taken = feishu.taken();
    assert_eq!((&taken[0].content, taken[0].n_changes), (&card("denied"), 1));
    assert_eq!(
        (taken[1].reply_to.as_deref(), &taken[1].message_id),
        (Some(sent.message_id.as_str()), &reply.message_id)
    );
    assert_eq!(taken[2].content, json!({ "text": "second" }));
    assert_eq!(feishu.n_calls("token"), 1);
}

#[tokio::test]
async fn a_token_that_expired_is_replaced_and_the_message_is_sent_once() {
    let (feishu, api) = start().await;
    api.send(&person(), &text("one"), "u1").await.unwrap();
    feishu.expire_tokens();
    api.send(&person(), &text("two"), "u2").await.unwrap();
    let bodies = feishu.with(|state| {
        state.seen.iter().filter(|seen| seen.name == "send").map(|seen| seen.body["uuid"].clone()).collect::<Vec<_>>()
    });
    assert_eq!(bodies, [json!("u1"), json!("u2"), json!("u2")], "the same uuid again");
    assert_eq!((feishu.taken().len(), feishu.n_calls("token")), (2, 2));
}

#[tokio::test]
async fn a_token_that_is_never_accepted_is_not_asked_for_for_ever() {
    let (feishu, api) = start().await;
    let stale = code(400, 99_991_663, "Invalid access token");
    feishu.script("send", [stale.clone(), stale.clone(), stale]);
    let fault = api.send(&person(), &text("x"), "u1").await.unwrap_err();
    assert!(matches!(fault, Fault::Retry { .. }), "{fault:?}");
    assert_eq!((feishu.n_calls("token"), feishu.n_calls("send")), (2, 2));
}

#[tokio::test]
async fn many_calls_at_once_ask_for_one_token() {
    let (feishu, api) = start().await;
    feishu.script("token", [Act::Slow(Duration::from_millis(100))]);
    let calls = (0..20).map(|_| api.bot());
    for result in futures_util::future::join_all(calls).await {
        result.unwrap();
    }
    assert_eq!(feishu.n_calls("token"), 1);
}

#[tokio::test]
async fn those_who_wait_for_a_token_share_its_failure() {
    let (feishu, api) = start().await;
    let body = json!({ "code": 10_014, "msg": "app secret invalid" }).to_string();
    let wrong = Act::Answer { status: 200, headers: vec![("content-type", "application/json".into())], body };
    feishu.script("token", [wrong]);
    let results = futures_util::future::join_all((0..20).map(|_| api.bot())).await;
    for result in results {
        let Err(Fault::Configuration(why)) = result else { panic!("{result:?}") };
        assert!(why.contains("its secret is wrong (app secret invalid, code 10014)"), "{why}");
    }
    assert_eq!(feishu.n_calls("token"), 1);
    assert!(api.bot().await.is_ok(), "the next who asks gets one");
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed() {
    let (feishu, api) = start().await;
    feishu.with(|state| state.expire = 601);
    api.bot().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    api.bot().await.unwrap();
    assert_eq!(feishu.n_calls("token"), 2);
}

#[tokio::test]
async fn an_answer_that_was_lost_on_the_way_costs_no_second_message() {
    let (feishu, api) = start().await;
    feishu.script("send", [Act::DropAfter, Act::DropBefore, html(502)]);
    for _ in 0..3 {
        let fault = api.send(&person(), &text("x"), "u1").await.unwrap_err();
        assert!(matches!(fault, Fault::Transport(_)) && fault.again_after().is_some(), "{fault:?}");
    }
    api.send(&person(), &text("x"), "u1").await.unwrap();
    assert_eq!(feishu.taken().len(), 1);
}

#[tokio::test]
async fn faults_are_told_apart_by_their_code() {
    let (feishu, api) = start().await;
    let body = json!({ "code": 99_991_672, "msg": "Access denied", "error": { "permission_violations": [{ "subject": "im:message" }] } });
    let scope =
        Act::Answer { status: 400, headers: vec![("content-type", "application/json".into())], body: body.to_string() };
    feishu
        .script("send", [code(400, 230_028, "DLP"), code(200, 230_025, "long"), code(400, 99_991_403, "quota"), scope]);
    let send = async || api.send(&person(), &text("x"), "u").await.unwrap_err();
    assert_eq!(send().await, Fault::Withheld);
    assert_eq!(send().await, Fault::TooBig("long".into()));
    assert_eq!(send().await, Fault::Quota);
    let Fault::Configuration(why) = send().await else { panic!("no configuration") };
    assert!(why.starts_with("the app lacks the scope im:message: add it"), "{why}");
    let gone = api.patch_card("om_never", &card("x")).await.unwrap_err();
    assert!(matches!(gone, Fault::Gone(_)), "{gone:?}");
}

#[tokio::test]
async fn a_card_that_the_real_one_would_refuse_is_refused() {
    let (feishu, api) = start().await;
    let mut wrong = card("x");
    wrong["body"]["elements"][0]["tag"] = json!("note");
    let fault = api.send(&person(), &Outgoing::Card(wrong), "u1").await.unwrap_err();
    assert!(matches!(fault, Fault::Format(_)), "{fault:?}");
    assert_eq!(feishu.take_complaints().len(), 1);
}

#[tokio::test]
async fn a_flood_stays_within_the_limits() {
    let (feishu, api) = start().await;
    let sends = (0..9).map(|n| {
        let api = &api;
        async move { api.send(&person(), &text("x"), &format!("u{n}")).await }
    });
    for result in futures_util::future::join_all(sends).await {
        result.unwrap();
    }
    let bots = (0..60).map(|_| api.bot());
    for result in futures_util::future::join_all(bots).await {
        result.unwrap();
    }
    assert_eq!((feishu.taken().len(), feishu.with(|state| state.n_limited)), (9, 0));
}

#[tokio::test]
async fn when_feishu_finds_it_too_fast_everybody_waits() {
    let (feishu, api) = start().await;
    let body = json!({ "code": 99_991_400, "msg": "request trigger frequency limit" }).to_string();
    let headers = vec![("content-type", "application/json".into()), ("x-ogw-ratelimit-reset", "1".to_owned())];
    feishu.script("send", [Act::Answer { status: 429, headers, body }]);
    let fault = api.send(&person(), &text("x"), "u1").await.unwrap_err();
    assert_eq!(fault, Fault::RateLimited { after: Duration::from_secs(1) });
    let waiting = api.bot();
    let soon = tokio::time::timeout(Duration::from_millis(300), waiting).await;
    assert!(soon.is_err(), "the next call did not wait");
    api.bot().await.unwrap();
}

#[tokio::test]
async fn files_go_up_and_come_down() {
    let (feishu, api) = start().await;
    let key = api.upload_file("../报告/a.PDF", b"%PDF".to_vec().into()).await.unwrap();
    let image = api.upload_image(vec![7; 9_000_000].into()).await.unwrap();
    assert!(key.starts_with("key_") && image.starts_with("key_"));
    feishu.with(|state| {
        let (file, image) = (&state.uploads[0], &state.uploads[1]);
        assert_eq!((file.fields["file_type"].as_str(), file.fields["file_name"].as_str()), ("pdf", "..报告a.PDF"));
        assert_eq!((file.bytes.as_slice(), image.bytes.len()), (&b"%PDF"[..], 9_000_000));
        assert_eq!(image.fields["image_type"], "message");
        let headers = vec![
            ("content-disposition", "attachment; filename=\"d.json\"".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        state.resources.insert("file_1".into(), (b"{\"code\":5}".to_vec(), headers));
        state.resources.insert("file_2".into(), (vec![1; 2_000_000], vec![]));
    });
    api.send(&person(), &Outgoing::File(key), "u1").await.unwrap();
    let mut bytes = Vec::new();
    let down = api.download("om_1", "file_1", Resource::File, &mut bytes, 100).await.unwrap();
    assert_eq!((down.n_bytes, down.name.as_deref(), bytes.as_slice()), (10, Some("d.json"), &b"{\"code\":5}"[..]));
    let mut none = Vec::new();
    let fault = api.download("om_1", "file_2", Resource::File, &mut none, 1_999_999).await.unwrap_err();
    assert!(matches!(fault, Fault::TooBig(_)) && none.is_empty(), "{fault:?}");
    assert!(api.download("om_1", "file_3", Resource::Image, &mut none, 10).await.is_err());
    for (message, key) in [("../x", "file_1"), ("om_1", "a/../../b"), ("om_1", "x?type=image")] {
        assert!(matches!(api.download(message, key, Resource::File, &mut none, 10).await, Err(Fault::Format(_))));
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_secret() {
    let (feishu, api) = start().await;
    let elsewhere = Feishu::start().await;
    let to = format!("{}/open-apis/auth/v3/tenant_access_token/internal", elsewhere.url);
    feishu.script("token", [Act::Answer { status: 307, headers: vec![("location", to)], body: String::new() }]);
    assert!(api.bot().await.is_err());
    assert_eq!(elsewhere.with(|state| state.seen.len()), 0);
    assert_eq!(feishu.n_calls("token"), 1);
}
