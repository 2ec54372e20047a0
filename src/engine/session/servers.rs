//! Messages of the process for MCP servers that live in this program.

use std::collections::hash_map::Entry;

use serde_json::Value;
use serde_json::json;

use super::Task;
use crate::core::ids::Generation;
use crate::engine::machine::Input;
use crate::engine::served::Caller;

impl Task {
    /// Hands a message over, on a connection that is made with the first one.
    pub(super) fn ask_server(&mut self, generation: Generation, request_id: String, server: &str, message: Value) {
        let id = message.get("id").cloned();
        let connection = match self.connections.entry(server.to_owned()) {
            Entry::Occupied(made) => Some(made.into_mut()),
            Entry::Vacant(place) => {
                let caller = Caller {
                    session: self.outfit.session,
                    directory: self.outfit.directory.clone(),
                    profile: self.outfit.profile.clone(),
                };
                let made = self.outfit.servers.as_ref().and_then(|servers| servers.connect(&caller, server));
                made.map(|made| place.insert(made))
            }
        };
        let reply = connection.map(|connection| connection.message(message));
        let found = self.found.clone();
        tokio::spawn(async move {
            let gone =
                || json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32000, "message": "it is not there" } });
            let reply = match reply {
                Some(reply) => reply.await,
                None => gone(),
            };
            let _ = found.send(Input::ServerReplied { generation, request_id, reply }).await;
        });
    }
}
