//! The relay in the runner: from the configuration to a task at work, or a sentence about why there is none.

use std::fs::File;
use std::fs::TryLockError;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::house::House;
use super::open;
use super::setup;
use super::setup::Ground;
use crate::audit::record::Body;
use crate::audit::writer::Notes;
use crate::core::phone::Connection;
use crate::core::phone::PhoneView;
use crate::disk;
use crate::disk::Content;
use crate::engine::Engine;
use crate::engine::lock_folder;
use crate::link::phone::PhoneLine;
use crate::redact::Redactor;
use crate::relay::feishu::account::Account;
use crate::relay::feishu::connection::Timing;
use crate::relay::feishu::messenger;
use crate::relay::ledger::Ledger;
use crate::relay::messenger::PersonId;
use crate::relay::service;
use crate::relay::service::Commanded;
use crate::relay::service::Ends;
use crate::relay::service::Settings;
use crate::relay::service::Witness;

/// Changes of a progress card are gathered for so long: cards may be changed five times a second, and a phone is
/// looked at less often.
const PROGRESS_EVERY: Duration = Duration::from_secs(2);
/// A turn that is over by then rings once, at its end.
const PROGRESS_AFTER: Duration = Duration::from_secs(15);
/// Photos that are sent in a row come a second or so apart.
const GATHER: Duration = Duration::from_millis(2_500);
const MESSENGER: &str = "Feishu";

/// While another runner serves the app, it is looked this often whether it still does.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The relay while it runs, or waits until it may; dropped, it lets go of the app.
#[derive(Debug)]
pub(super) struct Relay {
    // Held for its lock.
    _app: Arc<OnceLock<File>>,
}

/// Starts the relay, if one is configured. What keeps it from starting is shown where its state would be; while another
/// runner serves the same app, this one waits for its end.
pub(super) fn start(ground: &Ground, house: &House, cancel: &CancellationToken) -> Option<Relay> {
    if !ground.config.feishu.enabled {
        return None;
    }
    let begun = plan(ground, house, cancel).and_then(|plan| {
        let app = Arc::new(OnceLock::new());
        match lock(&plan.app_id) {
            Ok(file) => {
                let _ = app.set(file);
                plan.begin()?;
            }
            Err(Shut::Taken) => {
                plan.show_taken();
                tokio::spawn(plan.wait(Arc::clone(&app)));
            }
            Err(Shut::Broken(why)) => return Err(why),
        }
        Ok(Relay { _app: app })
    });
    begun.map_err(|why| refuse(&house.phone, why)).ok()
}

fn refuse(phone: &PhoneLine, why: String) {
    tracing::error!(why, "the relay does not start");
    phone.view.send_replace(Some(PhoneView {
        messenger: MESSENGER.into(),
        connection: Connection::Refused { why },
        paused: false,
        n_waiting: 0,
        n_people: 0,
        trouble: None,
        pairing: None,
        tested: None,
    }));
}

/// Everything that a relay needs to begin.
#[derive(Debug)]
struct Plan {
    app_id: String,
    account: Arc<Account>,
    settings: Settings,
    data_dir: PathBuf,
    redactor: Arc<Redactor>,
    engine: Engine,
    phone: Arc<PhoneLine>,
    notes: Notes,
    cancel: CancellationToken,
}

fn plan(ground: &Ground, house: &House, cancel: &CancellationToken) -> Result<Plan, String> {
    let feishu = &ground.config.feishu;
    let app_id = feishu.app_id.as_deref().ok_or("[relay.feishu] app_id is missing")?;
    let secret = setup::app_secret(&ground.config, &ground.places.config_file).map_err(|error| error.to_string())?;
    let account = Account::new(app_id, secret, &feishu.base_url).map_err(|fault| fault.to_string())?;
    let settings = Settings {
        name: MESSENGER.into(),
        language: feishu.language,
        allowed: feishu.allowed_open_ids.iter().cloned().map(PersonId).collect(),
        roots: feishu.roots.clone(),
        presence: feishu.presence,
        away_ms: feishu.away_minutes.saturating_mul(60_000),
        groups: feishu.groups,
        deadline_s: feishu.approval_seconds,
        urgent_ms: feishu.urgent.then(|| feishu.urgent_minutes.saturating_mul(60_000)),
        files: ground.places.data_dir.join("files"),
        conversations: open::conversations(&ground.config, None),
        gather: GATHER,
        progress_every: PROGRESS_EVERY,
        progress_after: PROGRESS_AFTER,
    };
    Ok(Plan {
        app_id: app_id.to_owned(),
        account,
        settings,
        data_dir: ground.places.data_dir.clone(),
        redactor: Arc::clone(&ground.redactor),
        engine: house.engine.clone(),
        phone: Arc::clone(&house.phone),
        notes: house.notes(),
        cancel: cancel.clone(),
    })
}

/// Puts what is commanded from the phone into the audit log.
fn witness(notes: Notes) -> Witness {
    Witness::new(move |Commanded { session, person, chat, line, came }| {
        let (person, chat) = (Some(person.0), Some(chat.0));
        notes.note(session, Body::Command { who: "phone".into(), person, chat, text: line, came: Some(came) })
    })
}

impl Plan {
    fn begin(self) -> Result<(), String> {
        let ledger = Ledger::open(&self.data_dir).map_err(|error| error.to_string())?;
        let wishes = self.phone.wishes().ok_or("it runs already")?;
        let (messenger, heard, connection) =
            messenger::start(self.account, self.settings.language, Timing::default(), self.cancel.clone());
        let ends = Ends {
            link: self.engine.connect(),
            heard,
            connection,
            wishes,
            view: self.phone.view.clone(),
            attention: Arc::clone(&self.phone.attention),
            witness: witness(self.notes),
            quit: self.cancel,
        };
        tokio::spawn(service::run(self.settings, Arc::new(messenger), ledger, self.redactor, ends));
        Ok(())
    }

    fn show_taken(&self) {
        let why = format!(
            "another runner on this machine serves the app {} already; this one takes over when that one ends",
            self.app_id
        );
        refuse(&self.phone, why);
    }

    /// Begins as soon as the other runner has ended.
    async fn wait(self, app: Arc<OnceLock<File>>) {
        loop {
            tokio::select! {
                () = self.cancel.cancelled() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
            // A folder that cannot be used now may be later.
            let Ok(file) = lock(&self.app_id) else { continue };
            let _ = app.set(file);
            tracing::info!("the other runner has ended: the relay begins");
            let phone = Arc::clone(&self.phone);
            if let Err(why) = self.begin() {
                refuse(&phone, why);
            }
            return;
        }
    }
}

/// Why the app is not ours.
enum Shut {
    /// Another runner has it.
    Taken,
    Broken(String),
}

/// Feishu gives each push to one connection of an app: two relays would take each other's.
fn lock(app_id: &str) -> Result<File, Shut> {
    let unusable = |error: std::io::Error| Shut::Broken(format!("the lock of the relay cannot be used: {error}"));
    let folder = lock_folder().map_err(unusable)?;
    let name: String = app_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let path = folder.join(format!("{name}.lock"));
    let file = disk::open_private(&path, Content::Keep).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Shut::Taken),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}
