//! All sessions together, and the one inbox over them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::approval::OpenApproval;
use super::cell::Cell;
use super::event::Event;
use super::event::EventKind;
use super::grant::Grants;
use super::ids::ApprovalId;
use super::ids::SessionId;
use super::session::Session;

/// The fold of all events. Everything that anyone sees is computed from this.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fleet {
    sessions: BTreeMap<SessionId, Session>,
    /// Some outlive their session.
    #[serde(default)]
    grants: Grants,
    /// The last event that was folded.
    seq: u64,
}

impl Fleet {
    /// Folds one event. An event that is already in, names no open session, or belongs to an earlier
    /// process generation changes nothing.
    pub fn apply(&mut self, event: &Event) {
        if event.seq <= self.seq {
            return;
        }
        self.seq = event.seq;
        match &event.kind {
            EventKind::Opened { spec, tag } => {
                let session = Session { tag: *tag, ..Session::new(event.session, spec.clone(), event.at) };
                self.sessions.entry(event.session).or_insert(session);
            }
            EventKind::Closed => {
                self.sessions.remove(&event.session);
            }
            EventKind::Granted(grant) => self.grants.add((**grant).clone()),
            EventKind::GrantUsed { grant } => self.grants.used(*grant),
            EventKind::GrantEnded { grant, .. } => self.grants.end(*grant),
            _ => {
                if let Some(session) = self.sessions.get_mut(&event.session) {
                    session.apply(event);
                }
            }
        }
    }

    /// The same with only the newest cells of each session: what a client is handed first.
    #[must_use]
    pub fn tail(&self, n_cells: usize) -> Self {
        let sessions = self.sessions.iter().map(|(id, session)| (*id, session.tail(n_cells)));
        Self { sessions: sessions.collect(), grants: self.grants.clone(), seq: self.seq }
    }

    /// Puts older cells of a session back in front of those that are here.
    pub fn prepend(&mut self, session: SessionId, older: Vec<Cell>) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.transcript.prepend(older);
        }
    }

    /// Numbers that were used before the sessions that are here.
    pub fn go_on_after(&mut self, seq: u64) {
        self.seq = self.seq.max(seq);
    }

    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn sessions(&self) -> impl DoubleEndedIterator<Item = &Session> {
        self.sessions.values()
    }

    pub fn get(&self, id: SessionId) -> Option<&Session> {
        self.sessions.get(&id)
    }

    /// What is allowed beyond single calls, by any session.
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Everything that waits for a person, over all sessions, first in first out.
    pub fn inbox(&self) -> Vec<&OpenApproval> {
        let mut open: Vec<&OpenApproval> = self.sessions.values().flat_map(|session| &session.approvals).collect();
        open.sort_by_key(|open| (open.approval.asked, open.approval.id));
        open
    }

    pub fn approval(&self, id: ApprovalId) -> Option<&OpenApproval> {
        self.sessions.values().flat_map(|session| &session.approvals).find(|open| open.approval.id == id)
    }

    /// Pending requests that one decision can answer together with this one, itself included, oldest first.
    pub fn same_requests(&self, id: ApprovalId) -> Vec<ApprovalId> {
        let Some(this) = self.approval(id) else { return Vec::new() };
        self.inbox()
            .into_iter()
            .filter(|open| open.approval.id == id || open.approval.is_same_request(&this.approval))
            .map(|open| open.approval.id)
            .collect()
    }

    pub fn cost_usd(&self) -> f64 {
        self.sessions.values().map(|session| session.usage.cost_usd).sum()
    }
}
