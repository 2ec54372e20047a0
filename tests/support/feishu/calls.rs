//! The calls: tokens, discovery, messages, files.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::extract::FromRequest as _;
use axum::extract::Multipart;
use axum::extract::Request;
use axum::extract::State as Extract;
use axum::http::Method;
use axum::response::Response;
use serde_json::Value;
use serde_json::json;

use super::APP_ID;
use super::APP_SECRET;
use super::Act;
use super::BOT;
use super::CHAT;
use super::SERVICE;
use super::Seen;
use super::Shared;
use super::State;
use super::TENANT;
use super::Taken;
use super::USER;
use super::Upload;
use super::lint;
use super::socket;

const MAX_BODY: usize = 40 << 20;

/// A call that was understood: its name, and what its path names.
type Named<'a> = (&'static str, Vec<&'a str>);

/// What the code of an answer is, the HTTP status it comes with, and the rest.
type Answered = Result<Value, (u16, i64, String)>;

pub fn app(shared: Arc<Shared>, url: &str) -> Router {
    Router::new().fallback(handle).with_state((shared, url.to_owned()))
}

fn named<'a>(method: &Method, path: &'a str) -> Option<Named<'a>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    Some(match (method.as_str(), parts.as_slice()) {
        ("POST", ["callback", "ws", "endpoint"]) => ("discovery", vec![]),
        ("GET", ["ws"]) => ("handshake", vec![]),
        ("POST", ["open-apis", "auth", "v3", "tenant_access_token", "internal"]) => ("token", vec![]),
        ("GET", ["open-apis", "bot", "v3", "info"]) => ("bot", vec![]),
        ("POST", ["open-apis", "im", "v1", "messages"]) => ("send", vec![]),
        ("POST", ["open-apis", "im", "v1", "messages", id, "reply"]) => ("reply", vec![id]),
        ("PATCH", ["open-apis", "im", "v1", "messages", id]) => ("patch", vec![id]),
        ("PUT", ["open-apis", "im", "v1", "messages", id]) => ("edit", vec![id]),
        ("POST", ["open-apis", "im", "v1", "messages", id, "reactions"]) => ("react", vec![id]),
        ("DELETE", ["open-apis", "im", "v1", "messages", id, "reactions", reaction]) => ("unreact", vec![id, reaction]),
        ("PATCH", ["open-apis", "im", "v1", "messages", id, "urgent_app"]) => ("urge", vec![id]),
        ("GET", ["open-apis", "im", "v1", "messages", id, "resources", key]) => ("resource", vec![id, key]),
        ("POST", ["open-apis", "im", "v1", "files"]) => ("file", vec![]),
        ("POST", ["open-apis", "im", "v1", "images"]) => ("image", vec![]),
        _ => return None,
    })
}

async fn handle(Extract((shared, url)): Extract<(Arc<Shared>, String)>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let Some((name, ids)) = named(request.method(), &path) else {
        shared.with(|state| state.complain(format!("a call that is none: {} {path}", request.method())));
        return json_response(404, &json!({ "code": 99_991_404, "msg": "no such call" }));
    };
    let act = shared.with(|state| state.act(name));
    match &act {
        // Ends the task of this connection without a word on standard error.
        Some(Act::DropBefore) => std::panic::resume_unwind(Box::new("dropped by script")),
        Some(Act::Answer { status, headers, body }) => {
            shared.with(|state| state.seen.push(Seen { name, path: path.clone(), body: Value::Null }));
            return response(*status, headers, body.clone().into_bytes());
        }
        Some(Act::Slow(pause)) => tokio::time::sleep(*pause).await,
        Some(Act::DropAfter) | None => {}
    }
    if name == "handshake" {
        return socket::open(&shared, request);
    }
    let done = dispatch(&shared, &url, (name, ids), &path, request).await;
    if matches!(act, Some(Act::DropAfter)) {
        std::panic::resume_unwind(Box::new("dropped by script"));
    }
    done
}

async fn dispatch(shared: &Arc<Shared>, url: &str, (name, ids): Named<'_>, path: &str, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default().to_owned();
    let body = if ["file", "image"].contains(&name) {
        match upload(shared, request).await {
            Ok(body) => body,
            Err(why) => return json_response(400, &json!({ "code": 234_001, "msg": why })),
        }
    } else {
        let bytes = axum::body::to_bytes(request.into_body(), MAX_BODY).await.unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    shared.with(|state| {
        state.seen.push(Seen { name, path: path.to_owned(), body: body.clone() });
        if name == "discovery" {
            return answer(discovery(state, url, &body));
        }
        if name == "token" {
            return answer(give_token(state, &body));
        }
        if !state.tokens.contains(&token) {
            let msg = "Invalid access token for authorization. Please make a request with token attached.";
            return answer(Err((400, 99_991_663, msg.to_owned())));
        }
        if name == "resource" {
            return resource(state, ids[1]);
        }
        let key = match name {
            "send" => body["receive_id"].as_str().map(str::to_owned),
            "patch" | "edit" | "urge" => Some(ids[0].to_owned()),
            _ => None,
        };
        if let Some(limited) = limited(state, key.as_deref()) {
            return limited;
        }
        answer(match name {
            "bot" => Ok(json!({ "code": 0, "msg": "ok", "bot": { "open_id": BOT, "app_name": "adjutant", "activate_status": 2 } })),
            "send" => send(state, &body, &query),
            "reply" => reply(state, ids[0], &body),
            "patch" | "edit" => change(state, name, ids[0], &body),
            "react" => Ok(json!({ "code": 0, "data": { "reaction_id": format!("r-{}", body["reaction_type"]["emoji_type"].as_str().unwrap_or_default()) } })),
            "unreact" => Ok(json!({ "code": 0, "data": {} })),
            "urge" => Ok(json!({ "code": 0, "data": { "invalid_user_id_list": [] } })),
            "file" => Ok(json!({ "code": 0, "data": { "file_key": body["key"] } })),
            _ => Ok(json!({ "code": 0, "data": { "image_key": body["key"] } })),
        })
    })
}

/// More than five a second for a chat or a message, or fifty for the app, are refused.
fn limited(state: &mut State, key: Option<&str>) -> Option<Response> {
    let now = tokio::time::Instant::now().into_std();
    let mut over = |key: &str, most: usize| {
        let times = state.limits.entry(key.to_owned()).or_default();
        times.retain(|at| now.duration_since(*at) < Duration::from_secs(1));
        times.push_back(now);
        times.len() > most
    };
    let body = if key.is_some_and(|key| over(key, 5)) {
        json!({ "code": 230_020, "msg": "This operation triggers the frequency limit." })
    } else if over("", 50) {
        json!({ "code": 99_991_400, "msg": "request trigger frequency limit" })
    } else {
        return None;
    };
    state.n_limited += 1;
    let headers = [("content-type", "application/json".to_owned()), ("x-ogw-ratelimit-reset", "1".to_owned())];
    Some(response(if key.is_some() { 400 } else { 429 }, &headers, body.to_string().into_bytes()))
}

fn discovery(state: &mut State, url: &str, body: &Value) -> Answered {
    if body["AppID"] != APP_ID || body["AppSecret"] != APP_SECRET {
        return Err((200, 1_000_040_345, "app_id or app_secret is invalid".into()));
    }
    let ticket = format!("ticket=TicketOfAConnection{}", state.next_id());
    state.tickets.insert(ticket.clone());
    let socket = url.replace("http://", "ws://").replace("https://", "wss://");
    Ok(json!({ "code": 0, "msg": "", "data": {
        "URL": format!("{socket}/ws?fpid=493&aid=552564&device_id=7441873153905737730&access_key=KeyOfAConnection&service_id={SERVICE}&{ticket}"),
        "ClientConfig": state.client_config } }))
}

fn give_token(state: &mut State, body: &Value) -> Answered {
    if body["app_id"] != APP_ID || body["app_secret"] != APP_SECRET {
        return Err((200, 10_014, "app secret invalid".into()));
    }
    state.n_tokens += 1;
    let token = format!("t-TokenOfTheTenant{:08}", state.n_tokens);
    state.tokens.push(token.clone());
    Ok(json!({ "code": 0, "msg": "ok", "tenant_access_token": token, "expire": state.expire }))
}

/// The content of a message, checked as far as Feishu checks it.
fn content(state: &mut State, body: &Value) -> Result<Value, (u16, i64, String)> {
    let text = body["content"].as_str().ok_or((400, 230_001, "ext=content is not a string".to_owned()))?;
    let content: Value = serde_json::from_str(text)
        .map_err(|error| (400, 230_001, format!("ext=content is not a string of JSON: {error}")))?;
    let needed = match body["msg_type"].as_str().unwrap_or("interactive") {
        "text" => "/text",
        "post" => "/zh_cn/content",
        "image" => "/image_key",
        "file" => "/file_key",
        "interactive" if content["type"] == "card" => "/data/card_id",
        "interactive" => {
            lint::card(&content).map_err(|(code, why)| {
                state.complain(why.clone());
                (400, code, why)
            })?;
            return Ok(content);
        }
        other => return Err((400, 230_054, format!("unsupported type {other}"))),
    };
    match content.pointer(needed) {
        Some(_) => Ok(content),
        None => Err((400, 230_001, format!("ext=content has no {needed}"))),
    }
}

fn send(state: &mut State, body: &Value, query: &str) -> Answered {
    let to = body["receive_id"].as_str().unwrap_or_default().to_owned();
    let chat = match query {
        "receive_id_type=chat_id" => to,
        // Each person has a direct chat of their own.
        "receive_id_type=open_id" if to == USER => CHAT.to_owned(),
        "receive_id_type=open_id" => format!("oc_of_{to}"),
        other => return Err((400, 99_992_402, format!("receive_id_type is wrong: {other}"))),
    };
    if let Some((code, why)) = state.lost.get(&chat) {
        return Err((400, *code, why.clone()));
    }
    take(state, body, chat, None)
}

fn reply(state: &mut State, to: &str, body: &Value) -> Answered {
    let chat = state.taken.iter().find(|taken| taken.message_id == to).map(|taken| taken.chat_id.clone());
    take(state, body, chat.unwrap_or_else(|| CHAT.to_owned()), Some(to.to_owned()))
}

/// One message for each uuid.
fn take(state: &mut State, body: &Value, chat_id: String, reply_to: Option<String>) -> Answered {
    let content = content(state, body)?;
    let uuid = body["uuid"].as_str().unwrap_or_default().to_owned();
    if uuid.len() > 50 {
        return Err((400, 99_992_402, "uuid is too long".into()));
    }
    let earlier = state.taken.iter().find(|taken| !uuid.is_empty() && taken.uuid == uuid).cloned();
    let taken = match earlier {
        Some(earlier) => earlier,
        None => {
            let message_id = format!("om_{}", state.next_id());
            let kind = body["msg_type"].as_str().unwrap_or_default().to_owned();
            let taken = Taken { message_id, chat_id, kind, content, uuid, reply_to, n_changes: 0 };
            state.taken.push(taken.clone());
            taken
        }
    };
    Ok(json!({ "code": 0, "msg": "success", "data": {
        "message_id": taken.message_id, "chat_id": taken.chat_id, "msg_type": taken.kind, "create_time": "1615380573411",
        "update_time": "1615380573411", "deleted": false, "updated": false,
        "sender": { "id": APP_ID, "id_type": "app_id", "sender_type": "app", "tenant_key": TENANT },
        "body": { "content": taken.content.to_string() } } }))
}

fn change(state: &mut State, name: &str, id: &str, body: &Value) -> Answered {
    let content = content(state, body)?;
    let Some(taken) = state.taken.iter_mut().find(|taken| taken.message_id == id) else {
        return Err((400, 230_011, "The message was withdrawn.".into()));
    };
    if (name == "patch") != (taken.kind == "interactive") {
        return Err((400, 230_001, "ext=not a card, or one".into()));
    }
    taken.content = content;
    taken.n_changes += 1;
    Ok(json!({ "code": 0, "msg": "success", "data": {} }))
}

async fn upload(shared: &Arc<Shared>, request: Request) -> Result<Value, String> {
    let mut request = request;
    DefaultBodyLimit::max(MAX_BODY).apply(&mut request);
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| error.body_text())?;
    let mut upload = Upload { name: None, fields: std::collections::HashMap::new(), bytes: Vec::new() };
    while let Some(field) = form.next_field().await.map_err(|error| error.body_text())? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let bytes = field.bytes().await.map_err(|error| error.body_text())?;
        // The official SDK sends the file without a name.
        if ["file", "image"].contains(&name.as_str()) {
            upload.name = file_name;
            upload.bytes = bytes.to_vec();
        } else {
            upload.fields.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    if upload.bytes.is_empty() {
        return Err("file size is 0".into());
    }
    Ok(shared.with(|state| {
        let key = format!("key_{}", state.next_id());
        state.uploads.push(upload);
        json!({ "key": key })
    }))
}

fn resource(state: &State, key: &str) -> Response {
    match state.resources.get(key) {
        Some((bytes, headers)) => response(200, headers, bytes.clone()),
        None => answer(Err((400, 234_003, "file not in message".into()))),
    }
}

fn answer(answered: Answered) -> Response {
    match answered {
        Ok(value) => json_response(200, &value),
        Err((status, code, msg)) => {
            json_response(status, &json!({ "code": code, "msg": msg, "error": { "log_id": "LOG456" } }))
        }
    }
}

fn json_response(status: u16, value: &Value) -> Response {
    let headers = [("content-type", "application/json; charset=utf-8".to_owned())];
    response(status, &headers, value.to_string().into_bytes())
}

fn response(status: u16, headers: &[(&'static str, String)], body: Vec<u8>) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, value);
    }
    response.body(Body::from(body)).unwrap()
}
