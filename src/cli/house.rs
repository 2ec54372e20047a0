//! The engine with its records: what the runner and a terminal that does without one start alike.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::config::Config;
use crate::engine::Engine;
use crate::engine::Restored;
use crate::engine::Settings;
use crate::link::tap;
use crate::store;
use crate::store::LeftOff;
use crate::store::Store;
use crate::store::StoreError;

/// How long what is promised may wait for the disk before it is shown.
const PATIENCE: Duration = Duration::from_millis(5);

/// The running engine and the threads that keep its records.
#[derive(Debug)]
pub struct House {
    pub engine: Engine,
    /// What the person must know: the sessions work, but are not kept.
    pub trouble: Option<String>,
    recorders: Vec<JoinHandle<()>>,
}

impl House {
    /// Starts the engine where the last one left off. A store that cannot be used costs the keeping, never
    /// the work: it is left as it is. Must be called in a runtime.
    pub fn start(config: Arc<Config>, data_dir: &Path) -> Self {
        let mut settings = Settings::new(config, data_dir.to_owned());
        let (tap, recorder) = tap::tap_waiting(PATIENCE);
        let kept = open(data_dir).and_then(|(store, left_off)| {
            let LeftOff { fleet, last_approval, last_session, spent_today } = left_off;
            settings.restored = Restored { fleet, last_approval, last_session, spent_today };
            store::keep(store, recorder).map_err(|error| format!("its thread could not be started: {error}"))
        });
        let (taps, recorders, trouble) = match kept {
            Ok(thread) => (vec![tap], vec![thread], None),
            Err(why) => {
                tracing::error!(why, "nothing is kept");
                (Vec::new(), Vec::new(), Some(format!("Nothing of this is kept: {why}.")))
            }
        };
        Self { engine: Engine::start_tapped(settings, taps), trouble, recorders }
    }

    /// Stops every session in order, and returns when all of it is on the disk.
    pub async fn shutdown(self) {
        self.engine.shutdown().await;
        drop(self.engine);
        for recorder in self.recorders {
            let joined = tokio::task::spawn_blocking(move || recorder.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                tracing::error!("a recorder ended by a defect of ours");
            }
        }
    }
}

fn open(data_dir: &Path) -> Result<(Store, LeftOff), String> {
    let opened = Store::open(data_dir).and_then(|store| store.restore().map(|left_off| (store, left_off)));
    opened.map_err(|error: StoreError| error.to_string())
}
