//! MCP servers in this program: their messages, and which of their tools run without being asked about.

use serde_json::Value;

use super::Effect;
use super::Machine;
use super::lifecycle::Life;
use crate::core::ids::Generation;
use crate::engine::approvals::ask::in_names;
use crate::wire::inbound::control::McpMessage;
use crate::wire::outbound::Answer;
use crate::wire::permission::McpServerProvenance;

/// What the CLI says of a server that was declared by us.
const OURS: &str = "sdk";

impl Machine {
    pub(super) fn mcp_message(&mut self, request_id: String, request: McpMessage) {
        if self.desk.knows(&request_id) {
            return;
        }
        self.desk.note_ended_request(&request_id);
        let McpMessage { server_name: server, message } = request;
        if self.offers.iter().any(|offer| offer.server == server) {
            self.effects.push(Effect::AskServer { generation: self.generation, request_id, server, message });
        } else {
            let id = message.get("id").cloned().unwrap_or(Value::Null);
            self.answer(request_id, Answer::McpNoSuchServer { id, server_name: server });
        }
    }

    /// A reply counts for the process that asked.
    pub(super) fn server_replied(&mut self, generation: Generation, request_id: String, reply: Value) {
        if generation == self.generation && matches!(self.life, Life::Up | Life::Starting { .. }) {
            self.answer(request_id, Answer::Mcp(reply));
        }
    }

    /// The tools of ours that run unless a rule of the person says otherwise, as the CLI names them.
    pub(super) fn own_tools(&self) -> Vec<String> {
        let names = |server: &str, tools: &[String]| -> Vec<String> {
            tools.iter().map(|tool| format!("mcp__{}__{}", in_names(server), in_names(tool))).collect()
        };
        self.offers.iter().flat_map(|offer| names(&offer.server, &offer.unasked)).collect()
    }

    /// Whether somebody else's server goes by the name of one of ours.
    pub(super) fn is_impostor(&self, server: Option<&McpServerProvenance>) -> bool {
        server.is_some_and(|server| {
            server.source != OURS && self.offers.iter().any(|offer| in_names(&offer.server) == in_names(&server.name))
        })
    }
}
