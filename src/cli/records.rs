//! The engine together with what is written down about it.

use std::io;
use std::io::Write as _;
use std::sync::Arc;

use super::setup::Ground;
use crate::audit::append::Limits;
use crate::audit::entry::sha256;
use crate::audit::record::Body;
use crate::audit::writer::Audit;
use crate::audit::writer::Options;
use crate::config::Config;
use crate::engine::Engine;
use crate::engine::Settings;
use crate::link::tap;

/// An engine whose events are recorded.
#[derive(Debug)]
pub struct Recorded {
    pub engine: Engine,
    audit: Audit,
}

impl Recorded {
    /// Starts both, on the runtime this is called in.
    pub fn start(ground: &Ground, config: Arc<Config>) -> Self {
        let (tap, recorder) = tap::tap();
        let options = Options {
            folder: ground.places.data_dir.clone(),
            limits: Limits { file_bytes: config.audit.rotate_mib.saturating_mul(1024 * 1024), keep: config.audit.keep },
            redactor: Arc::clone(&ground.redactor),
            required: config.audit.required,
        };
        let audit = Audit::start(options, started(ground), recorder);
        let engine = Engine::start_tapped(Settings::new(config, ground.places.data_dir.clone()), vec![tap]);
        Self { engine, audit }
    }

    /// Stops every session, then waits until all is written down.
    pub async fn end(self) {
        self.engine.shutdown().await;
        drop(self.engine);
        if let Err(unwritten) = self.audit.finish().await {
            tracing::error!(%unwritten, "the audit log is not complete");
            // There is nobody left to tell when this cannot be written either.
            let _ = writeln!(io::stderr(), "adjutant: {unwritten}");
        }
    }
}

/// The configuration in effect, as it stood on the disk.
fn started(ground: &Ground) -> Body {
    let file = &ground.places.config_file;
    Body::Started {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        config: file.display().to_string(),
        config_sha256: std::fs::read(file).ok().map(|bytes| sha256(&bytes)),
    }
}
