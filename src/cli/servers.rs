//! The MCP servers that live in this program, for the engine: today the backlog.

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::audit::record::Body;
use crate::audit::writer::Notes;
use crate::backlog::tools;
use crate::config::Profile;
use crate::core::backlog::Access;
use crate::core::backlog::Who;
use crate::core::ids::SessionId;
use crate::engine::served::Caller;
use crate::engine::served::Connection;
use crate::engine::served::Offer;
use crate::engine::served::Servers;
use crate::mcp;
use crate::mcp::inside::Inside;

/// Knows what sessions of which profile have.
#[derive(Debug)]
pub(super) struct Own {
    pub data_dir: PathBuf,
    pub notes: Notes,
}

impl Servers for Own {
    fn of(&self, profile: &Profile) -> Vec<Offer> {
        let offered = profile.backlog.map(|access| Offer {
            server: tools::SERVER.to_owned(),
            unasked: tools::Tool::offered(access).map(|tool| tool.name().to_owned()).collect(),
        });
        offered.into_iter().collect()
    }

    fn connect(&self, caller: &Caller, server: &str) -> Option<Box<dyn Connection>> {
        let access = caller.profile.backlog.filter(|_| server == tools::SERVER)?;
        let features = Features {
            data_dir: self.data_dir.clone(),
            folder: caller.directory.clone(),
            access,
            session: caller.session,
            notes: self.notes.clone(),
        };
        Some(Box::new(Connected(Arc::new(Inside::start(features)))))
    }
}

#[derive(Debug)]
struct Connected(Arc<Inside>);

impl Connection for Connected {
    fn message(&self, message: Value) -> BoxFuture<'static, Value> {
        self.0.message(message).boxed()
    }
}

/// The backlog's tools for one session.
#[derive(Debug)]
struct Features {
    data_dir: PathBuf,
    folder: PathBuf,
    access: Access,
    session: SessionId,
    notes: Notes,
}

impl mcp::Tools for Features {
    fn name(&self) -> &'static str {
        tools::SERVER
    }

    fn offered(&self) -> Vec<mcp::Tool> {
        tools::Tool::offered(self.access).map(tools::Tool::described).collect()
    }

    fn call(&self, name: &str, input: &Value) -> mcp::Answer {
        let who = Who::Session(self.session);
        let tools::Answer { text, is_error, changed } =
            tools::call(&self.data_dir, &self.folder, self.access, &who, name, input);
        for (feature, what) in changed {
            let body = Body::Backlog {
                who: who.to_string(),
                project: self.folder.display().to_string(),
                feature: feature.0,
                what: what.words().to_owned(),
            };
            if !self.notes.note(Some(self.session), body) {
                tracing::error!(%feature, "a change of the backlog is missing in the audit log");
            }
        }
        mcp::Answer { text, is_error }
    }
}
