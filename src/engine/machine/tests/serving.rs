//! Servers in this program: replies reach the process that asked, and only our own tools run unasked.

use super::*;
use crate::engine::served::Offer;
use crate::wire::permission::McpServerProvenance;

fn with_features() -> Bench {
    let mut bench = Bench::running(|_| {});
    bench.machine.offers = vec![Offer { server: "features".into(), unasked: vec!["feature_skip".into()] }];
    bench
}

impl Bench {
    fn message(&mut self, request_id: &str, server: &str, id: u32) -> &mut Self {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/list" });
        self.line(&json!({"type": "control_request", "request_id": request_id,
            "request": {"subtype": "mcp_message", "server_name": server, "message": message}}))
    }

    fn replies(&self) -> Vec<(&str, &Value)> {
        let replies = self.lines.iter().filter_map(|line| match line {
            Outbound::Answer { request_id, answer: Answer::Mcp(reply) } => Some((request_id.as_str(), reply)),
            _ => None,
        });
        replies.collect()
    }
}

#[test]
fn a_reply_reaches_the_process_that_asked_once() {
    let mut bench = with_features();
    bench.message("m1", "features", 1).message("m1", "features", 1).message("m2", "other", 2);
    let [(generation, request, message)] = bench.messages.as_slice() else { panic!("{:?}", bench.messages) };
    assert_eq!((request.as_str(), &message["id"]), ("m1", &json!(1)));
    let generation = *generation;
    let reply = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    bench.give(Input::ServerReplied { generation, request_id: "m1".into(), reply: reply.clone() });
    assert_eq!(bench.replies(), [("m1", &reply)]);
    // What the one before asked is no answer to this process.
    bench.give(Input::ServerReplied { generation: Generation(77), request_id: "m1".into(), reply });
    assert_eq!(bench.replies().len(), 1);
}

#[test]
fn only_tools_of_our_own_server_run_unasked() {
    let bench = with_features();
    assert_eq!(bench.machine.scene().own_tools, ["mcp__features__feature_skip"]);
    let server = |name: &str, source: &str| McpServerProvenance { name: name.into(), source: source.into() };
    let posing = |server: &McpServerProvenance| bench.machine.is_impostor(Some(server));
    assert!(!posing(&server("features", "sdk")) && !posing(&server("files", "project")));
    assert!(posing(&server("features", "project")) && !bench.machine.is_impostor(None));
}
