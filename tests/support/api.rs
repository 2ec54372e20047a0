//! A scripted Messages API on loopback: the model that the real CLI talks to in tests.
//!
//! A script maps a word in the newest text of the user to the replies of that turn; which reply is due is
//! the number of assistant messages since that text. Every request is kept, so that a test can assert what
//! really reached the model.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::post;
use serde_json::Value;
use serde_json::json;

/// A block of a reply.
#[derive(Debug, Clone)]
pub enum Block {
    Text(String),
    Thinking(String),
    Tool { name: String, input: Value },
}

/// What the model answers to one request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A message; each piece of text after this pause.
    Message { blocks: Vec<Block>, pause: Duration },
    /// An HTTP error with the API's error type and message.
    Error { status: u16, kind: &'static str, message: String },
    /// The limit of a subscription, until this second since 1970.
    Limit { lifts: i64 },
    /// The headers and the first piece, then the connection breaks.
    Broken,
    /// The first piece, then nothing for a very long time.
    Hang,
    /// The model refuses to answer.
    Refusal,
}

pub fn text(text: &str) -> Reply {
    message(vec![Block::Text(text.to_owned())])
}

pub fn tool(name: &str, input: Value) -> Reply {
    message(vec![Block::Tool { name: name.to_owned(), input }])
}

/// Several calls in one message.
pub fn tools(calls: &[(&str, Value)]) -> Reply {
    message(calls.iter().map(|(name, input)| Block::Tool { name: (*name).to_owned(), input: input.clone() }).collect())
}

pub fn message(blocks: Vec<Block>) -> Reply {
    Reply::Message { blocks, pause: Duration::ZERO }
}

/// A text whose pieces come slowly, so that something can happen in between.
pub fn slow_text(text: &str, pause_ms: u64) -> Reply {
    Reply::Message { blocks: vec![Block::Text(text.to_owned())], pause: Duration::from_millis(pause_ms) }
}

pub fn error(status: u16, kind: &'static str, message: &str) -> Reply {
    Reply::Error { status, kind, message: message.to_owned() }
}

#[derive(Debug, Default)]
struct Shared {
    scripts: Vec<(String, Vec<Reply>)>,
    requests: Vec<Value>,
    n_replies: u64,
    /// Replies taken from the front before any script, whatever was asked.
    first: Vec<Reply>,
}

/// The running server; it ends with the test.
#[derive(Debug)]
pub struct Api {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Api {
    pub async fn start(scripts: &[(&str, Vec<Reply>)]) -> Self {
        let scripts = scripts.iter().map(|(word, replies)| ((*word).to_owned(), replies.clone())).collect();
        let shared = Arc::new(Mutex::new(Shared { scripts, ..Shared::default() }));
        let app = Router::new()
            .route("/v1/messages", post(messages))
            .route("/v1/messages/count_tokens", post(|| async { Json(json!({ "input_tokens": 10 })) }))
            .fallback(|| async { (StatusCode::NOT_FOUND, "{}") })
            .layer(axum::extract::DefaultBodyLimit::max(64 << 20))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        Self { url, shared, task }
    }

    /// Adds a script; an earlier one with a word that fits too wins.
    pub fn script(&self, word: &str, replies: Vec<Reply>) {
        self.shared.lock().unwrap().scripts.push((word.to_owned(), replies));
    }

    /// Answers the next requests with these, before any script.
    pub fn first(&self, replies: Vec<Reply>) {
        self.shared.lock().unwrap().first = replies;
    }

    /// Bodies of all requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.shared.lock().unwrap().requests.clone()
    }

    /// The results of tool calls that reached the model, as text, in order, each once.
    pub fn tool_results(&self) -> Vec<String> {
        let requests = self.requests();
        let mut seen = Vec::new();
        let mut results = Vec::new();
        for request in &requests {
            for block in request["messages"].as_array().into_iter().flatten().flat_map(blocks_of) {
                if block["type"] == "tool_result" && !seen.contains(&block["tool_use_id"]) {
                    seen.push(block["tool_use_id"].clone());
                    results.push(plain(&block["content"]));
                }
            }
        }
        results
    }

    /// Texts of the user that reached the model, without the CLI's own reminders, each once.
    pub fn user_texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        for request in self.requests() {
            for message in
                request["messages"].as_array().into_iter().flatten().filter(|message| message["role"] == "user")
            {
                for text in user_texts(message) {
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
            }
        }
        texts
    }
}

fn blocks_of(message: &Value) -> Vec<Value> {
    match &message["content"] {
        Value::Array(blocks) => blocks.clone(),
        Value::String(text) => vec![json!({ "type": "text", "text": text })],
        _ => Vec::new(),
    }
}

fn plain(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(blocks) => blocks.iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

fn user_texts(message: &Value) -> Vec<String> {
    blocks_of(message)
        .iter()
        .filter(|block| block["type"] == "text")
        .filter_map(|block| block["text"].as_str())
        .filter(|text| !text.trim_start().starts_with("<system-reminder>"))
        .map(str::to_owned)
        .collect()
}

/// The newest text of the user, and how many assistant messages came after it.
fn place(body: &Value) -> (String, usize) {
    let messages = body["messages"].as_array().cloned().unwrap_or_default();
    let mut n_after = 0;
    for message in messages.iter().rev() {
        match message["role"].as_str() {
            Some("assistant") => n_after += 1,
            Some("user") => {
                let texts = user_texts(message);
                if !texts.is_empty() {
                    return (texts.join("\n"), n_after);
                }
            }
            _ => {}
        }
    }
    (String::new(), n_after)
}

async fn messages(State(shared): State<Arc<Mutex<Shared>>>, Json(body): Json<Value>) -> Response {
    let (reply, number) = {
        let mut shared = shared.lock().unwrap();
        shared.requests.push(body.clone());
        shared.n_replies += 1;
        let (asked, step) = place(&body);
        let scripted = shared.scripts.iter().find(|(word, _)| asked.contains(word.as_str()));
        let scripted = scripted.and_then(|(_, replies)| replies.get(step)).cloned();
        let first = (!shared.first.is_empty()).then(|| shared.first.remove(0));
        (first.or(scripted).unwrap_or_else(|| text("Done.")), shared.n_replies)
    };
    match reply {
        Reply::Error { status, kind, message } => {
            let body = json!({ "type": "error", "error": { "type": kind, "message": message } });
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        }
        Reply::Limit { lifts } => {
            let headers = [
                ("x-should-retry", "false".to_owned()),
                ("anthropic-ratelimit-unified-status", "rejected".to_owned()),
                ("anthropic-ratelimit-unified-reset", lifts.to_string()),
                ("anthropic-ratelimit-unified-representative-claim", "five_hour".to_owned()),
            ];
            let body = json!({ "type": "error", "error": { "type": "rate_limit_error", "message": "limit" } });
            (StatusCode::TOO_MANY_REQUESTS, headers, Json(body)).into_response()
        }
        Reply::Message { blocks, pause } => stream(events(number, &blocks), pause, After::End),
        Reply::Refusal => {
            let mut events = events(number, &[Block::Text("I will not".into())]);
            for event in &mut events {
                if event["type"] == "message_delta" {
                    event["delta"]["stop_reason"] = "refusal".into();
                    event["delta"]["stop_details"] =
                        json!({ "type": "refusal", "category": "cyber", "explanation": "x" });
                }
            }
            stream(events, Duration::ZERO, After::End)
        }
        Reply::Broken => {
            stream(events(number, &[Block::Text("one two three".into())])[..3].to_vec(), Duration::ZERO, After::Break)
        }
        Reply::Hang => {
            stream(events(number, &[Block::Text("one two three".into())])[..3].to_vec(), Duration::ZERO, After::Hang)
        }
    }
}

#[derive(Clone, Copy)]
enum After {
    End,
    Break,
    Hang,
}

fn stream(events: Vec<Value>, pause: Duration, after: After) -> Response {
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<String, std::io::Error>>(8);
    tokio::spawn(async move {
        for event in events {
            if event["type"] == "content_block_delta" && !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            let name = event["type"].as_str().unwrap_or_default();
            if sender.send(Ok(format!("event: {name}\ndata: {event}\n\n"))).await.is_err() {
                return;
            }
        }
        match after {
            After::End => {}
            After::Break => {
                let _ = sender.send(Err(std::io::Error::other("broken on purpose"))).await;
            }
            After::Hang => {
                let _ = tokio::time::timeout(Duration::from_mins(10), sender.closed()).await;
            }
        }
    });
    let body =
        futures_util::stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) });
    Response::builder().header("content-type", "text/event-stream").body(Body::from_stream(body)).unwrap()
}

/// The stream events of a message, in the public form.
fn events(number: u64, blocks: &[Block]) -> Vec<Value> {
    let usage = json!({ "input_tokens": 100, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 1000, "output_tokens": 1 });
    let mut events = vec![json!({ "type": "message_start", "message": {
        "id": format!("msg_{number}"), "type": "message", "role": "assistant", "model": "claude-opus-4-1",
        "content": [], "stop_reason": null, "stop_sequence": null, "usage": usage,
    }})];
    for (index, block) in blocks.iter().enumerate() {
        let (start, deltas) = match block {
            Block::Text(text) => {
                let pieces =
                    text.split_inclusive(' ').map(|piece| json!({ "type": "text_delta", "text": piece })).collect();
                (json!({ "type": "text", "text": "" }), pieces)
            }
            Block::Thinking(text) => (
                json!({ "type": "thinking", "thinking": "", "signature": "" }),
                vec![
                    json!({ "type": "thinking_delta", "thinking": text }),
                    json!({ "type": "signature_delta", "signature": "c2ln" }),
                ],
            ),
            Block::Tool { name, input } => (
                json!({ "type": "tool_use", "id": format!("toolu_{number}_{index}"), "name": name, "input": {} }),
                vec![json!({ "type": "input_json_delta", "partial_json": input.to_string() })],
            ),
        };
        let deltas: Vec<Value> = deltas;
        events.push(json!({ "type": "content_block_start", "index": index, "content_block": start }));
        events.extend(
            deltas.into_iter().map(|delta| json!({ "type": "content_block_delta", "index": index, "delta": delta })),
        );
        events.push(json!({ "type": "content_block_stop", "index": index }));
    }
    let calls = blocks.iter().any(|block| matches!(block, Block::Tool { .. }));
    let reason = if calls { "tool_use" } else { "end_turn" };
    events.push(json!({ "type": "message_delta", "delta": { "stop_reason": reason, "stop_sequence": null }, "usage": { "output_tokens": 25 } }));
    events.push(json!({ "type": "message_stop" }));
    events
}
