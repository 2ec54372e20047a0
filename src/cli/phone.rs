//! The relay in the runner: from the configuration to a task at work, or a sentence about why there is none.

use std::fs::File;
use std::fs::TryLockError;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::house::House;
use super::setup;
use super::setup::Ground;
use crate::config::feishu::Feishu;
use crate::config::places::make_private_dir;
use crate::core::phone::Connection;
use crate::core::phone::PhoneView;
use crate::engine::lock_folder;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::connection::Timing;
use crate::relay::feishu::messenger;
use crate::relay::ledger::Ledger;
use crate::relay::messenger::PersonId;
use crate::relay::service;
use crate::relay::service::Ends;
use crate::relay::service::Settings;
use crate::relay::words::Tongue;

/// Changes of a progress card are gathered for so long: cards may be changed five times a second, and a phone is
/// looked at less often.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
const MESSENGER: &str = "Feishu";

/// The relay while it runs; dropped, it lets go of the app.
#[derive(Debug)]
pub(super) struct Relay {
    // Held for its lock.
    _app: File,
}

/// Starts the relay, if one is configured. What keeps it from starting is shown where its state would be.
pub(super) fn start(ground: &Ground, house: &House, cancel: &CancellationToken) -> Option<Relay> {
    let feishu = &ground.config.feishu;
    if !feishu.enabled {
        return None;
    }
    match begin(ground, house, feishu, cancel) {
        Ok(relay) => Some(relay),
        Err(why) => {
            tracing::error!(why, "the relay does not start");
            house.phone.view.send_replace(Some(PhoneView {
                messenger: MESSENGER.into(),
                connection: Connection::Refused { why },
                paused: false,
                n_waiting: 0,
                n_people: 0,
                trouble: None,
                pairing: None,
                tested: None,
            }));
            None
        }
    }
}

fn begin(ground: &Ground, house: &House, feishu: &Feishu, cancel: &CancellationToken) -> Result<Relay, String> {
    let app_id = feishu.app_id.as_deref().ok_or("[relay.feishu] app_id is missing")?;
    let secret = setup::app_secret(&ground.config, &ground.places.config_file).map_err(|error| error.to_string())?;
    let account = Account::new(app_id, secret, &feishu.base_url).map_err(|fault| fault.to_string())?;
    let app = lock(app_id)?;
    let ledger = Ledger::open(&ground.places.data_dir).map_err(|error| error.to_string())?;
    let wishes = house.phone.wishes().ok_or("it runs already")?;
    let tongue = Tongue::from(feishu.language);
    let (messenger, heard, connection) = messenger::start(account, tongue, Timing::default(), cancel.clone());
    let settings = Settings {
        name: MESSENGER.into(),
        tongue,
        allowed: feishu.allowed_open_ids.iter().cloned().map(PersonId).collect(),
        roots: feishu.roots.clone(),
        presence: feishu.presence,
        away_ms: feishu.away_minutes.saturating_mul(60_000),
        groups: feishu.groups,
        deadline_s: feishu.approval_seconds,
        urgent_ms: feishu.urgent.then(|| feishu.urgent_minutes.saturating_mul(60_000)),
        files: ground.places.data_dir.join("files"),
        progress_every: PROGRESS_EVERY,
    };
    let ends = Ends {
        link: house.engine.connect(),
        heard,
        connection,
        wishes,
        view: house.phone.view.clone(),
        attention: Arc::clone(&house.phone.attention),
        quit: cancel.clone(),
    };
    tokio::spawn(service::run(settings, Arc::new(messenger), ledger, Arc::clone(&ground.redactor), ends));
    Ok(Relay { _app: app })
}

/// Feishu gives each push to one connection of an app: two relays would take each other's.
fn lock(app_id: &str) -> Result<File, String> {
    let folder = lock_folder();
    make_private_dir(&folder).map_err(|error| format!("{} cannot be used: {error}", folder.display()))?;
    let name: String = app_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let path = folder.join(format!("{name}.lock"));
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|error| format!("{} cannot be used: {error}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(format!("another runner on this machine serves the app {app_id} already; one of them is enough"))
        }
        Err(TryLockError::Error(error)) => Err(format!("{} cannot be locked: {error}", path.display())),
    }
}
