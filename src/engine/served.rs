//! MCP servers that live in this program, as the engine knows them.
//!
//! **For:** the narrow trait by which a session's process reaches them. **Not for:** the protocol (`crate::mcp`), and
//! not for what their tools do.

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::config::Profile;
use crate::core::ids::SessionId;

/// The process of a session that wants to talk to a server.
#[derive(Debug, Clone)]
pub struct Caller {
    pub session: SessionId,
    pub directory: PathBuf,
    pub profile: Profile,
}

/// Knows which servers a session has, and connects it to them.
pub trait Servers: std::fmt::Debug + Send + Sync {
    /// The names of the servers that sessions of a profile have, with the tools of each that may run without being
    /// asked about, by their bare names.
    fn of(&self, profile: &Profile) -> Vec<Offer>;

    /// A connection for one process; `None` for a server that it does not have.
    fn connect(&self, caller: &Caller, server: &str) -> Option<Box<dyn Connection>>;
}

/// A server that a session has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub server: String,
    /// Its tools that run without being asked about, unless a rule of the person says otherwise.
    pub unasked: Vec<String>,
}

/// One process and one server.
pub trait Connection: std::fmt::Debug + Send + Sync {
    /// Hands a message over, and returns the reply to come. What needs no reply gets an empty one.
    fn message(&self, message: Value) -> BoxFuture<'static, Value>;
}
