//! A server that lives in this program: messages come as JSON, one after another, and each request gets its reply.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use rmcp::RoleServer;
use rmcp::ServiceExt as _;
use rmcp::model::JsonRpcMessage;
use rmcp::service::RxJsonRpcMessage;
use rmcp::service::TxJsonRpcMessage;
use rmcp::transport::Transport;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

use super::Server;
use super::Tools;

/// Messages that wait for the server.
const BUFFER: usize = 256;
/// As JSON-RPC numbers them.
const INVALID_REQUEST: i64 = -32600;
const GONE: i64 = -32000;

/// Requests without a reply yet, by their id as JSON.
type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Value>>>>;

/// One client's connection to a set of tools. It ends when this is dropped.
#[derive(Debug)]
pub struct Inside {
    inbox: mpsc::Sender<RxJsonRpcMessage<RoleServer>>,
    waiting: Waiting,
    _task: AbortOnDropHandle<()>,
}

impl Inside {
    /// Starts it on the runtime this is called in.
    pub fn start(tools: impl Tools) -> Self {
        let (inbox, messages) = mpsc::channel(BUFFER);
        let waiting = Waiting::default();
        let pipe = Pipe { messages, waiting: Arc::clone(&waiting) };
        let task = tokio::spawn(async move {
            match Server(Arc::new(tools)).serve(pipe).await {
                Ok(running) => {
                    let _ = running.waiting().await;
                }
                Err(error) => tracing::warn!(%error, "an MCP client inside could not be served"),
            }
        });
        Self { inbox, waiting, _task: AbortOnDropHandle::new(task) }
    }

    /// Hands a message over. The reply is one of JSON-RPC; what needs none gets an empty one. Messages are taken in
    /// the order of the calls; their replies come in any order.
    pub fn message(&self, message: Value) -> impl Future<Output = Value> + Send + 'static {
        let id = message.get("id").cloned();
        let reply = self.hand_over(id.as_ref(), message);
        async move {
            match (reply, id) {
                (Ok(Some(reply)), id) => {
                    reply.await.unwrap_or_else(|_| failure(id.as_ref(), GONE, "the server has ended"))
                }
                (Ok(None), _) => json!({ "jsonrpc": "2.0", "result": {} }),
                (Err((code, why)), id) => failure(id.as_ref(), code, &why),
            }
        }
    }

    fn hand_over(&self, id: Option<&Value>, message: Value) -> Result<Option<oneshot::Receiver<Value>>, (i64, String)> {
        let message: RxJsonRpcMessage<RoleServer> =
            serde_json::from_value(message).map_err(|error| (INVALID_REQUEST, error.to_string()))?;
        let is_request = matches!(message, JsonRpcMessage::Request(_));
        let reply = match id.filter(|_| is_request) {
            Some(id) => {
                let (sender, reply) = oneshot::channel();
                // A second request under one id takes the place of the first, whose caller is told that it is gone.
                locked(&self.waiting).insert(id.to_string(), sender);
                Some(reply)
            }
            None => None,
        };
        self.inbox.try_send(message).map_err(|_| {
            id.and_then(|id| locked(&self.waiting).remove(&id.to_string()));
            (GONE, "too much waits for the server, or it has ended".to_owned())
        })?;
        Ok(reply)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failure(id: Option<&Value>, code: i64, why: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": why } })
}

/// The server's end of a connection.
struct Pipe {
    messages: mpsc::Receiver<RxJsonRpcMessage<RoleServer>>,
    waiting: Waiting,
}

impl Transport<RoleServer> for Pipe {
    type Error = serde_json::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        let sent = serde_json::to_value(message).map(|message| {
            let id = message.get("id").map(ToString::to_string);
            let waiting = id.and_then(|id| locked(&self.waiting).remove(&id));
            // Nobody waits for what the server says of its own accord.
            waiting.is_some_and(|waiting| waiting.send(message).is_ok())
        });
        std::future::ready(sent.map(|_| ()))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        self.messages.recv().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.messages.close();
        locked(&self.waiting).clear();
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        locked(&self.waiting).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::Answer;
    use crate::mcp::Tool;

    /// Says what it was called with.
    struct Echo;

    impl Tools for Echo {
        fn name(&self) -> &'static str {
            "echo"
        }

        fn offered(&self) -> Vec<Tool> {
            let schema = json!({ "type": "object" });
            vec![Tool { name: "say".into(), about: "Says it again.".into(), schema, only_reads: true }]
        }

        fn call(&self, _name: &str, input: &Value) -> Answer {
            assert!(input.get("panic").is_none(), "asked to");
            Answer { text: input["text"].to_string(), is_error: input["fail"] == true }
        }
    }

    fn initialize(version: &str) -> Value {
        json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } })
    }

    fn call(id: u32, arguments: &Value) -> Value {
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": "say", "arguments": arguments } })
    }

    async fn opened() -> Inside {
        let inside = Inside::start(Echo);
        let hello = inside.message(initialize("2025-11-25")).await;
        assert_eq!((&hello["id"], &hello["result"]["serverInfo"]["name"]), (&json!(0), &json!("echo")), "{hello}");
        let told = inside.message(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        assert_eq!(told, json!({ "jsonrpc": "2.0", "result": {} }));
        inside
    }

    #[tokio::test]
    async fn each_request_gets_its_own_reply() {
        let inside = opened().await;
        let tools = inside.message(json!({ "jsonrpc": "2.0", "id": "l", "method": "tools/list" })).await;
        assert_eq!((&tools["id"], &tools["result"]["tools"][0]["name"]), (&json!("l"), &json!("say")));
        let calls: Vec<_> = (1..=200).map(|n| inside.message(call(n, &json!({ "text": n })))).collect();
        for (n, call) in (1..).zip(calls) {
            let reply = call.await;
            assert_eq!((&reply["id"], &reply["result"]["content"][0]["text"]), (&json!(n), &json!(n.to_string())));
        }
    }

    #[tokio::test]
    async fn what_fails_is_a_reply_and_the_next_call_works() {
        let inside = opened().await;
        let failed = inside.message(call(1, &json!({ "text": "no", "fail": true }))).await;
        assert_eq!(failed["result"]["isError"], json!(true));
        let panicked = inside.message(call(2, &json!({ "panic": 1 }))).await;
        assert_eq!(panicked["result"]["isError"], json!(true));
        let unknown = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "none" } });
        assert!(inside.message(unknown).await["error"]["message"].as_str().is_some_and(|text| text.contains("none")));
        for garbage in
            [json!(7), json!({}), json!({ "id": 9, "method": 3 }), json!({ "id": { "a": 1 }, "method": "ping" })]
        {
            let reply = inside.message(garbage.clone()).await;
            assert!(reply.get("error").is_some(), "{garbage} got {reply}");
        }
        let ping = inside.message(json!({ "jsonrpc": "2.0", "id": 4, "method": "ping" })).await;
        assert_eq!(ping["id"], json!(4), "{ping}");
        assert_eq!(inside.message(call(5, &json!({ "text": "on" }))).await["result"]["content"][0]["text"], "\"on\"");
    }

    #[tokio::test]
    async fn the_era_without_a_handshake_works_too() {
        let inside = Inside::start(Echo);
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                           "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
                           "io.modelcontextprotocol/clientCapabilities": {} });
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } });
        let reply = inside.message(list).await;
        assert_eq!(reply["result"]["tools"][0]["name"], "say", "{reply}");
    }
}
