//! Looks at the disk for calls and requests, each beside the session's task and with an end to its patience.

use std::sync::Arc;

use super::DISK_PATIENCE;
use super::Task;
use crate::core::permission::RuleBehavior;
use crate::engine::approvals::before;
use crate::engine::approvals::before::Judgement;
use crate::engine::approvals::before::Question;
use crate::engine::approvals::inspect;
use crate::engine::approvals::inspect::Inspection;
use crate::engine::approvals::inspect::Job;
use crate::engine::approvals::look;
use crate::engine::approvals::look::Compare;
use crate::engine::approvals::look::Recheck;
use crate::engine::approvals::look::Rechecked;
use crate::engine::machine::Input;
use crate::link::tap::Health;

impl Task {
    /// Asks the policy about a call that the CLI holds back until it is answered.
    pub(super) fn judge(&self, job: before::Job) {
        let (found, config) = (self.found.clone(), Arc::clone(&self.outfit.config));
        let records = Arc::clone(&self.outfit.records);
        tokio::spawn(async move {
            let request_id = job.request_id.clone();
            let judging = tokio::task::spawn_blocking(move || before::judge(&job, &config.approvals));
            let not_judged = |why: &str| Judgement::Ask(Question::NotJudged(why.to_owned()));
            let judgement = match tokio::time::timeout(DISK_PATIENCE, judging).await {
                Ok(Ok(judgement)) => judgement,
                Ok(Err(_)) => not_judged("its own work on it failed"),
                Err(_) => not_judged("the disk does not answer"),
            };
            let judgement = match judgement {
                Judgement::Pass if records.iter().any(Health::is_failing) => Judgement::Ask(Question::NotRecorded),
                judgement => judgement,
            };
            let _ = found.send(Input::Judged { request_id, judgement }).await;
        });
    }

    /// Looks at what a request would touch. Looks run side by side, but tell what they found in the order of
    /// the requests: first in, first out.
    pub(super) fn inspect(&mut self, job: Job) {
        let before = self.last_look.take();
        let (found, marks, config) = (self.found.clone(), self.marks.clone(), Arc::clone(&self.outfit.config));
        let records = Arc::clone(&self.outfit.records);
        self.last_look = Some(tokio::spawn(async move {
            let request_id = job.request_id.clone();
            let look = tokio::task::spawn_blocking(move || inspect::inspect(&job, &config.approvals, &marks));
            // Whatever goes wrong, the request is shown, and nothing allows it by itself.
            let mut inspection = match tokio::time::timeout(DISK_PATIENCE, look).await {
                Ok(Ok(inspection)) => inspection,
                Ok(Err(_)) | Err(_) => Inspection::default(),
            };
            if let Some(before) = before {
                let _ = before.await;
            }
            if records.iter().any(Health::is_failing) {
                inspection.ruling = inspection.ruling.filter(|ruling| ruling.action != RuleBehavior::Allow);
                inspection.covered_by.clear();
                inspection.is_unrecorded = true;
            }
            let _ = found.send(Input::Inspected { request_id, inspection: Box::new(inspection) }).await;
        }));
    }

    /// Looks at the file of a request that is about to be allowed. Whatever goes wrong, the file is not known then.
    pub(super) fn recheck(&self, job: Recheck) {
        let (found, marks) = (self.found.clone(), self.marks.clone());
        tokio::spawn(async move {
            let request_id = job.request_id.clone();
            let look = tokio::task::spawn_blocking(move || look::recheck(&job, &marks));
            let found_now = match tokio::time::timeout(DISK_PATIENCE, look).await {
                Ok(Ok(found)) => found,
                Ok(Err(_)) | Err(_) => Rechecked::default(),
            };
            let _ = found.send(Input::Rechecked { request_id, found: Box::new(found_now) }).await;
        });
    }

    /// Sees what came of an allowed change. The looks for later requests wait for it: what is answered after it
    /// cannot have changed the file.
    pub(super) fn compare(&mut self, job: Compare) {
        let before = self.last_look.take();
        let found = self.found.clone();
        self.last_look = Some(tokio::spawn(async move {
            let (file, call) = (job.file.clone(), job.call.clone());
            let look = tokio::task::spawn_blocking(move || look::compare(&job));
            let verdict = tokio::time::timeout(DISK_PATIENCE, look).await;
            if let Some(before) = before {
                let _ = before.await;
            }
            match verdict {
                Ok(Ok(Some(verdict))) => {
                    let _ = found.send(Input::Compared { file, verdict }).await;
                }
                other => tracing::warn!(%call, ?file, ?other, "an allowed change could not be compared"),
            }
        }));
    }
}
