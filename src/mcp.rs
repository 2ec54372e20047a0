//! Tools for models over the Model Context Protocol.
//!
//! **For:** serving a set of tools, on standard input and output or inside this program. The protocol itself, in both of its eras (with an
//! `initialize` handshake, and without one), is `rmcp`'s. **Not for:** what a tool does.
//! Invariants: a call that fails is an answer, never the end of the server; what a client sends that is no message of
//! the protocol ends nothing but that message.

use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use rmcp::model::CallToolResponse;
use rmcp::model::CallToolResult;
use rmcp::model::ContentBlock;
use rmcp::model::ErrorData;
use rmcp::model::Implementation;
use rmcp::model::ListToolsResult;
use rmcp::model::PaginatedRequestParams;
use rmcp::model::ServerCapabilities;
use rmcp::model::ServerConfig;
use rmcp::service::RequestContext;
use serde_json::Value;

/// A server inside this program.
pub mod inside;

/// A tool as a client is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub name: String,
    pub about: String,
    /// A JSON schema, which is an object.
    pub schema: Value,
    /// It changes nothing.
    pub only_reads: bool,
}

/// What came of a call, for the model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub is_error: bool,
}

/// Whoever knows the tools of a server.
pub trait Tools: Send + Sync + 'static {
    /// By which name the server calls itself.
    fn name(&self) -> &'static str;

    /// Those that are offered now.
    fn offered(&self) -> Vec<Tool>;

    /// Carries a call out; never for a tool that is not offered. Blocking.
    fn call(&self, name: &str, input: &Value) -> Answer;
}

/// The protocol's side of a set of tools.
#[derive(Debug)]
struct Server<T>(Arc<T>);

impl<T: Tools> ServerHandler for Server<T> {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let server = Implementation::new(self.0.name(), env!("CARGO_PKG_VERSION"));
        ServerConfig::new(capabilities).with_server_info(server)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.0.offered().into_iter().map(described).collect()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.into_owned();
        if !self.0.offered().iter().any(|tool| tool.name == name) {
            return Err(ErrorData::invalid_params(format!("there is no tool {name} here"), None));
        }
        let input = Value::Object(request.arguments.unwrap_or_default());
        let tools = self.0.clone();
        let answer = tokio::task::spawn_blocking(move || tools.call(&name, &input)).await;
        let answer = answer.unwrap_or_else(|error| {
            tracing::error!(%error, "a tool failed");
            Answer { text: "the tool failed; adjutant's log says why".to_owned(), is_error: true }
        });
        let content = vec![ContentBlock::text(answer.text)];
        Ok(if answer.is_error { CallToolResult::error(content) } else { CallToolResult::success(content) }.into())
    }
}

fn described(tool: Tool) -> rmcp::model::Tool {
    let schema = match tool.schema {
        Value::Object(schema) => schema,
        _ => serde_json::Map::new(),
    };
    let annotations = rmcp::model::ToolAnnotations::new().read_only(tool.only_reads).open_world(false);
    rmcp::model::Tool::new(tool.name, tool.about, schema).with_annotations(annotations)
}

/// Serves tools on standard input and output until the client goes. What goes wrong is a sentence.
pub async fn on_stdio(tools: impl Tools) -> Result<(), String> {
    let server = Server(Arc::new(tools));
    let running = server.serve(rmcp::transport::stdio()).await;
    match running {
        Ok(running) => running.waiting().await.map(|_| ()).map_err(|error| format!("the server failed: {error}")),
        // A client that goes before it has said anything is none.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => Ok(()),
        Err(error) => Err(format!("the client does not speak MCP: {error}")),
    }
}
