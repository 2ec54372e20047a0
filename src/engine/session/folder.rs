//! Looking at the session's folder, and writing down what was decided of it.

use std::time::Duration;

use super::DISK_PATIENCE;
use super::Task;
use crate::core::prompt::Surface;
use crate::core::trust::Brought;
use crate::engine::machine::Input;
use crate::engine::spawn;
use crate::engine::trust::Look;
use crate::engine::trust::Restraint;
use crate::engine::trust::Sighting;
use crate::engine::trust::Start;

/// A large folder on a slow disk is looked at within this, or it is refused whatever it brings.
const PATIENCE: Duration = Duration::from_secs(10);

impl Task {
    fn look(&self) -> Look {
        let claude_home = spawn::claude_home(&self.outfit.config.claude, &self.outfit.profile);
        Look { directory: self.outfit.directory.clone(), claude_home }
    }

    /// Sees what the folder brings. Whatever goes wrong, nothing of it takes effect.
    pub(super) fn look_at_folder(&self) {
        let (found, gate, look) = (self.found.clone(), self.outfit.trust.clone(), self.look());
        tokio::spawn(async move {
            let sighting = match gate {
                None => Sighting::Clear(Start::Whole),
                Some(gate) => {
                    let looking = tokio::task::spawn_blocking(move || gate.look(&look));
                    match tokio::time::timeout(PATIENCE, looking).await {
                        Ok(Ok(sighting)) => sighting,
                        failed => {
                            tracing::error!(?failed, "a folder could not be looked at; nothing of it takes effect");
                            let restraint = Restraint { is_refused: true, ..Restraint::default() };
                            Sighting::Clear(Start::Restrained(restraint))
                        }
                    }
                }
            };
            let _ = found.send(Input::Sighted(Box::new(sighting))).await;
        });
    }

    pub(super) fn trust_folder(&self, brought: Brought, by: Surface) {
        let (found, gate, look) = (self.found.clone(), self.outfit.trust.clone(), self.look());
        tokio::spawn(async move {
            let done = match gate {
                None => Ok(()),
                Some(gate) => {
                    let writing = tokio::task::spawn_blocking(move || gate.trust(&look, &brought, &by));
                    match tokio::time::timeout(PATIENCE, writing).await {
                        Ok(Ok(done)) => done,
                        Ok(Err(error)) => Err(format!("adjutant's own work on it failed: {error}")),
                        Err(_) => Err("the disk does not answer".into()),
                    }
                }
            };
            let _ = found.send(Input::FolderTrusted(done)).await;
        });
    }

    /// Done before the answer is sent that has the CLI write them.
    pub(super) async fn adopt_rules(&self, rules: Vec<String>, directories: Vec<String>) {
        let Some(gate) = self.outfit.trust.clone() else { return };
        let look = self.look();
        let writing = tokio::task::spawn_blocking(move || gate.adopt(&look, &rules, &directories));
        match tokio::time::timeout(DISK_PATIENCE, writing).await {
            Ok(Ok(Ok(()))) => {}
            // The rules are asked about at the next look, then.
            failed => tracing::warn!(?failed, "that rules are the person's own could not be written down"),
        }
    }
}
