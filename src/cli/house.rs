//! The engine with its records: what the runner, a terminal that does without one, and `run` start alike.

use std::io;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use super::servers::Own;
use super::setup::Ground;
use super::trust;
use crate::audit::append::Limits;
use crate::audit::entry::sha256;
use crate::audit::record::Body;
use crate::audit::writer::Audit;
use crate::audit::writer::Notes;
use crate::audit::writer::Options;
use crate::config;
use crate::config::Config;
use crate::config::Secretary;
use crate::engine::Engine;
use crate::engine::Restored;
use crate::engine::Settings;
use crate::engine::hooks::Hooks;
use crate::hooks::keeper::Keeper;
use crate::link::phone::PhoneLine;
use crate::link::tap;
use crate::secretary::model::Model;
use crate::secretary::titles;
use crate::store;
use crate::store::LeftOff;
use crate::store::Store;
use crate::store::StoreError;

/// The running engine and those who keep its records.
#[derive(Debug)]
pub struct House {
    pub engine: Engine,
    /// What the person must know: the sessions work, but are not kept.
    pub trouble: Option<String>,
    /// Between the relay and the terminals.
    pub phone: Arc<PhoneLine>,
    /// The person's own programs that are asked, where there are any.
    pub hooks: Option<Arc<Keeper>>,
    audit: Audit,
    store: Option<JoinHandle<()>>,
}

/// How large the files of the audit log get, and how many are kept.
pub fn limits(config: &crate::config::Audit) -> Limits {
    Limits { file_bytes: config.rotate_mib.saturating_mul(1024 * 1024), keep: config.keep }
}

impl House {
    /// Starts the engine where the last one left off, and keeps what happens. A store that cannot be used
    /// costs the keeping, never the work: it is left as it is. Must be called in a runtime.
    pub fn start(ground: &Ground, config: Arc<Config>) -> Self {
        let mut settings = Settings::new(config, ground.places.data_dir.clone());
        settings.is_alone = true;
        settings.trust = Some(Arc::new(trust::keeper(ground)));
        let (tap, recorder) = tap::tap_awaited();
        let kept = open(&ground.places.data_dir).and_then(|(store, left_off)| {
            let LeftOff { fleet, last_approval, last_session, last_grant, spent_today } = left_off;
            settings.restored = Restored { fleet, last_approval, last_session, last_grant, spent_today };
            let redactor = settings.config.store.redact.then(|| Arc::clone(&ground.redactor));
            store::keep(store, recorder, redactor).map_err(|error| format!("its thread could not be started: {error}"))
        });
        match kept {
            Ok(thread) => Self { store: Some(thread), ..Self::audited(ground, settings, vec![tap]) },
            Err(why) => {
                tracing::error!(why, "nothing is kept");
                let trouble = Some(format!("Nothing of this is kept: {why}."));
                Self { trouble, ..Self::audited(ground, settings, Vec::new()) }
            }
        }
    }

    /// The engine for sessions that end with it and leave only the audit log.
    pub fn passing(ground: &Ground, config: Arc<Config>) -> Self {
        let mut settings = Settings::new(config, ground.places.data_dir.clone());
        // Only to give none of their numbers again. Without a store there are none to know.
        let last = Store::read(&ground.places.data_dir).and_then(|store| store.last_session());
        settings.restored.last_session = last.unwrap_or(0);
        settings.trust = Some(Arc::new(trust::keeper(ground)));
        Self::audited(ground, settings, Vec::new())
    }

    fn audited(ground: &Ground, mut settings: Settings, mut taps: Vec<tap::Tap>) -> Self {
        let (tap, recorder) = tap::tap();
        taps.push(tap);
        let config = &settings.config.audit;
        let options = Options {
            folder: ground.places.data_dir.clone(),
            limits: limits(config),
            redactor: Arc::clone(&ground.redactor),
            required: config.required,
        };
        let audit = Audit::start(options, started(ground), recorder);
        let secretary = settings.config.secretary.clone();
        let phone = Arc::clone(&settings.phone);
        let hooks = hooks(ground, &settings);
        settings.hooks = hooks.clone().map(|keeper| keeper as Arc<dyn Hooks>);
        settings.servers = Some(Arc::new(Own { data_dir: ground.places.data_dir.clone(), notes: audit.notes() }));
        let engine = Engine::start_tapped(settings, taps);
        employ(&secretary, &engine, ground);
        Self { engine, trouble: None, phone, hooks, audit, store: None }
    }

    /// A way into the audit log for what is no event of the engine.
    pub fn notes(&self) -> Notes {
        self.audit.notes()
    }

    /// Stops every session in order, and returns when all of it is on the disk.
    pub async fn shutdown(self) {
        self.engine.shutdown().await;
        drop(self.engine);
        if let Some(hooks) = self.hooks {
            hooks.stop().await;
        }
        if let Some(store) = self.store {
            let joined = tokio::task::spawn_blocking(move || store.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("the store's thread ended by a defect of ours");
            }
        }
        if let Err(unwritten) = self.audit.finish().await {
            tracing::error!(%unwritten, "the audit log is not complete");
            // There is nobody left to tell when this cannot be written either.
            let _ = writeln!(io::stderr(), "adjutant: {unwritten}");
        }
    }
}

/// Lets the configured model give titles, for as long as the engine runs.
fn employ(secretary: &Secretary, engine: &Engine, ground: &Ground) {
    if !secretary.titles {
        return;
    }
    match Model::of(secretary, |name| std::env::var(name).ok()) {
        Ok(None) => {}
        Ok(Some(model)) => {
            tokio::spawn(titles::run(engine.connect(), model, Arc::clone(&ground.redactor)));
        }
        Err(why) => tracing::error!(why, "there is no secretary"),
    }
}

/// Starts the hooks of the configuration, in its folder.
fn hooks(ground: &Ground, settings: &Settings) -> Option<Arc<Keeper>> {
    let hooks = &settings.config.hooks;
    let folder = ground.places.config_dir();
    (!hooks.is_empty()).then(|| Keeper::start(hooks, &folder, settings.guard_program.as_deref()))
}

fn open(data_dir: &Path) -> Result<(Store, LeftOff), String> {
    let opened = Store::open(data_dir).and_then(|store| store.restore().map(|left_off| (store, left_off)));
    opened.map_err(|error: StoreError| error.to_string())
}

/// The configuration in effect, as it stood on the disk.
fn started(ground: &Ground) -> Body {
    let file = &ground.places.config_file;
    Body::Started {
        version: env!("CARGO_PKG_VERSION").into(),
        pid: std::process::id(),
        config: file.display().to_string(),
        config_sha256: config::read_file(file).ok().map(|(bytes, _)| sha256(&bytes)),
    }
}
