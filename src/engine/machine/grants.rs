//! Grants of the session: given, used, ended.
//!
//! Invariants: a grant is used only while it holds by both clocks, and counted before the answer is written;
//! a grant that ended serves no request that was being looked at meanwhile.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Machine;
use super::lifecycle::Life;
use crate::core::approval::Approval;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::cell::Notice;
use crate::core::event::EventKind;
use crate::core::grant::Grant;
use crate::core::grant::GrantEnd;
use crate::core::grant::Granted;
use crate::core::grant::lasting;
use crate::core::ids::ApprovalId;
use crate::core::ids::GrantId;
use crate::core::ids::Timestamp;
use crate::core::prompt::Surface;

/// The clock on the wall may be set forward: it is looked at again after so long at the latest.
pub(super) const CLOCK_DOUBT: Duration = Duration::from_mins(1);

/// A grant of this session.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) grant: Grant,
    /// The end on the machine's own clock, which nobody can set; not known of one from an earlier engine.
    until: Option<Duration>,
}

impl Held {
    pub(super) fn restored(grant: Grant) -> Self {
        Self { grant, until: None }
    }
}

impl Machine {
    /// What a person allowed beyond the call.
    pub(super) fn grant(&mut self, approval: &Approval, verdict: Verdict) {
        let by = verdict.by;
        // One of ours holds where its call would have run; what the CLI remembers belongs to the session's project.
        let place = approval.place.directory.clone();
        let approval = approval.id;
        match verdict.decision {
            Decision::Grant(terms) => {
                let after = Duration::from_secs(u64::from(terms.minutes) * 60);
                let until = Timestamp(self.now.wall.0.saturating_add(i64::from(terms.minutes) * 60_000));
                let granted = Granted::Boxed { terms, until };
                self.keep_grant(approval, by, place, granted, Some(self.now.mono + after));
            }
            Decision::Allow { remember, .. } => {
                for update in lasting(&remember) {
                    let (by, project) = (by.clone(), self.directory.clone());
                    self.keep_grant(approval, by, project, Granted::Remembered(update.clone()), None);
                }
            }
            Decision::Answers(_)
            | Decision::AcceptPlan { .. }
            | Decision::Fill(_)
            | Decision::Trust(_)
            | Decision::Dismiss
            | Decision::Deny { .. } => {}
        }
    }

    fn keep_grant(
        &mut self,
        approval: ApprovalId,
        by: Surface,
        directory: String,
        granted: Granted,
        until: Option<Duration>,
    ) {
        let grant = Grant {
            id: GrantId(self.grant_ids.fetch_add(1, Ordering::Relaxed)),
            session: self.session,
            directory,
            granted,
            by,
            at: self.now.wall,
            approval,
            used: 0,
        };
        if grant.ends_with_session() {
            self.grants.push(Held { grant: grant.clone(), until });
        }
        self.emit(EventKind::Granted(Box::new(grant)));
    }

    /// Takes one use of a grant, if it still holds; returns what allowed the call, in words.
    pub(super) fn use_grant(&mut self, id: GrantId) -> Option<String> {
        self.end_grants();
        let held = self.grants.iter_mut().find(|held| held.grant.id == id)?;
        held.grant.used = held.grant.used.saturating_add(1);
        let rule = format!("grant {id}: {}", held.grant.describe());
        self.emit(EventKind::GrantUsed { grant: id });
        self.end_grants();
        Some(rule)
    }

    /// When a grant ends by itself next.
    pub(super) fn grant_deadline(&self) -> Option<Duration> {
        let wall = self.now.wall;
        let end = |held: &Held| match &held.grant.granted {
            Granted::Boxed { until, .. } => {
                let by_wall = self.now.mono + Duration::from_millis(until.millis_since(wall)).min(CLOCK_DOUBT);
                Some(held.until.map_or(by_wall, |until| until.min(by_wall)))
            }
            Granted::Remembered(_) => None,
        };
        self.grants.iter().filter_map(end).min()
    }

    /// Ends those that are over.
    pub(super) fn end_grants(&mut self) {
        let now = self.now;
        self.end_grants_that(|held| match &held.grant.granted {
            Granted::Remembered(_) => None,
            Granted::Boxed { .. } if held.grant.left() == Some(0) => Some(GrantEnd::UsedUp),
            Granted::Boxed { .. } => {
                let holds = held.grant.holds_at(now.wall) && held.until.is_none_or(|until| now.mono < until);
                (!holds).then_some(GrantEnd::TimeOver)
            }
        });
    }

    pub(super) fn end_grants_of_process(&mut self) {
        self.end_grants_that(|held| held.grant.ends_with_process().then_some(GrantEnd::ProcessEnded));
    }

    pub(super) fn end_all_grants(&mut self) {
        self.end_grants_that(|_| Some(GrantEnd::SessionClosed));
    }

    fn end_grants_that(&mut self, end: impl Fn(&Held) -> Option<GrantEnd>) {
        let mut ended = Vec::new();
        self.grants.retain(|held| match end(held) {
            Some(why) => {
                ended.push((held.grant.id, why));
                false
            }
            None => true,
        });
        for (grant, why) in ended {
            self.emit(EventKind::GrantEnded { grant, why });
        }
    }

    /// Takes a grant back: one of ours at once, one that the process remembers by starting it anew.
    pub(super) fn revoke(&mut self, id: GrantId, by: &Surface) {
        let Some(held) = self.grants.iter().find(|held| held.grant.id == id) else {
            self.emit(EventKind::Noted(Notice::warning(format!("Grant {id} has ended already."))));
            return;
        };
        let is_with_process = held.grant.ends_with_process();
        self.end_grants_that(|held| (held.grant.id == id).then(|| GrantEnd::Revoked(by.clone())));
        if is_with_process {
            self.renew();
        }
    }

    /// The process holds what no longer counts: it ends once that cuts nothing off, and the next prompt starts
    /// it again with the same conversation.
    pub(super) fn renew(&mut self) {
        self.renew = matches!(self.life, Life::Up | Life::Starting { .. });
        if self.renew {
            let text = "The session's process remembers what was taken back; as soon as it is idle it is ended, and \
                        the next prompt starts it anew.";
            self.emit(EventKind::Noted(Notice::info(text)));
        }
    }

    pub(super) fn renew_if_idle(&mut self) {
        let is_idle = self.turn.is_none() && !self.translator.has_working_tasks();
        if self.renew && is_idle && matches!(self.life, Life::Up) {
            self.renew = false;
            self.stop(None);
        }
    }
}
