//! Pending requests for permission: from `can_use_tool` to exactly one answer.
//!
//! **For:** reading a request into an [`Approval`](crate::core::approval::Approval), looking at the disk
//! for it, and turning a decision into the answer. **Not for:** deciding.
//!
//! Invariants: a request is answered once, or withdrawn, or its session is gone; an error on the way
//! answers nothing at all; what is sent back is what was shown, unless the person edited it.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::hash::RandomState;
use std::time::Duration;

use crate::core::approval::Approval;
use crate::core::approval::Decision;
use crate::core::approval::Verdict;
use crate::core::ids::ApprovalId;
use crate::wire::outbound::Answer;
use crate::wire::permission::PermissionUpdate;

/// From a decision to the answer.
pub(crate) mod answer;
/// From a request to what a person is shown.
pub(crate) mod ask;
/// Calls that have not begun, whether or not the CLI would ask about them.
pub(crate) mod before;
/// The CLI's own dialogs.
pub(crate) mod dialog;
/// An MCP server's requests for input.
pub(crate) mod elicit;
/// What the disk says about a request: the file it would change, whether the policy lets it pass.
pub(crate) mod inspect;
/// The file that a call would change, before and after.
pub(crate) mod look;

/// Requests of one session that wait at the same time; what comes beyond is denied.
pub(crate) const MAX_PENDING: usize = 256;
/// Approvals whose end is remembered in words, to tell a late answer from a wrong one.
const MAX_ENDED: usize = 256;
/// Requests that are remembered as answered, each by eight bytes: one that is sent again gets no second
/// answer. A process asks far fewer in its life.
const MAX_ENDED_REQUESTS: usize = 1 << 16;

/// Where a request stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stage {
    /// The disk is being looked at; nobody has seen it yet.
    Inspecting,
    Open,
    /// The answer is on its way to the CLI.
    Claimed(Verdict),
}

#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) request_id: String,
    pub(crate) approval: Approval,
    /// The suggestions as they came: one that is accepted unchanged goes back byte for byte.
    pub(crate) offered: Vec<PermissionUpdate>,
    pub(crate) stage: Stage,
    /// On the machine's own clock.
    pub(crate) asked: Duration,
    pub(crate) deadline: Option<Duration>,
    /// An answer that waits for a look at the file that it would have changed.
    pub(crate) held: Option<(Decision, Answer)>,
    /// It is a dialog of the CLI, and answered as such.
    pub(crate) is_dialog: bool,
    /// The CLI takes the word that a question was left unanswered.
    pub(crate) says_unanswered: bool,
    /// A hook that may has allowed it, as far as that counts.
    pub(crate) allowed_by: Option<String>,
}

impl Pending {
    /// A request that is shown at once, and that nothing of the CLI's binds.
    pub(crate) fn open(request_id: String, approval: Approval, asked: Duration) -> Self {
        Self {
            request_id,
            approval,
            offered: Vec::new(),
            stage: Stage::Open,
            asked,
            deadline: None,
            held: None,
            is_dialog: false,
            says_unanswered: false,
            allowed_by: None,
        }
    }
}

/// The requests of one process.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pending: Vec<Pending>,
    /// Hashes of ids: these come from outside and may be of any length.
    ended_requests: HashSet<u64>,
    ended_order: VecDeque<u64>,
    hasher: RandomState,
    ended: VecDeque<(ApprovalId, String)>,
}

impl Desk {
    /// Whether the CLI has sent a request of that id already. It gets no second answer.
    pub(crate) fn knows(&self, request_id: &str) -> bool {
        self.pending.iter().any(|pending| pending.request_id == request_id)
            || self.ended_requests.contains(&self.hasher.hash_one(request_id))
    }

    /// Whether more requests wait than any person looks at; a flood of them must not fill the memory.
    pub(crate) fn is_full(&self) -> bool {
        self.pending.len() >= MAX_PENDING
    }

    pub(crate) fn add(&mut self, pending: Pending) {
        self.pending.push(pending);
    }

    pub(crate) fn of_request(&mut self, request_id: &str) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.request_id == request_id)
    }

    pub(crate) fn get(&mut self, id: ApprovalId) -> Option<&mut Pending> {
        self.pending.iter_mut().find(|pending| pending.approval.id == id && pending.stage != Stage::Inspecting)
    }

    /// Takes a request off the desk, with a word about how it ended.
    pub(crate) fn end(&mut self, request_id: &str, how: &str) -> Option<Pending> {
        let place = self.pending.iter().position(|pending| pending.request_id == request_id)?;
        let pending = self.pending.remove(place);
        self.note_ended_request(request_id);
        self.note_ending(pending.approval.id, how);
        Some(pending)
    }

    /// Remembers how an approval ended.
    pub(crate) fn note_ending(&mut self, id: ApprovalId, how: &str) {
        if self.ended.len() >= MAX_ENDED {
            self.ended.pop_front();
        }
        self.ended.push_back((id, how.to_owned()));
    }

    /// Remembers a request that was answered without ever lying on the desk.
    pub(crate) fn note_ended_request(&mut self, request_id: &str) {
        let hash = self.hasher.hash_one(request_id);
        if !self.ended_requests.insert(hash) {
            return;
        }
        self.ended_order.push_back(hash);
        if self.ended_order.len() > MAX_ENDED_REQUESTS
            && let Some(oldest) = self.ended_order.pop_front()
        {
            self.ended_requests.remove(&oldest);
        }
    }

    /// How an approval that is no longer on the desk ended.
    pub(crate) fn ending(&self, id: ApprovalId) -> Option<&str> {
        self.ended.iter().rev().find(|(ended, _)| *ended == id).map(|(_, how)| how.as_str())
    }

    pub(crate) fn request_ids(&self) -> Vec<String> {
        self.pending.iter().map(|pending| pending.request_id.clone()).collect()
    }

    /// Whether a person is waited for.
    pub(crate) fn is_waiting(&self) -> bool {
        self.pending.iter().any(|pending| pending.stage != Stage::Inspecting)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// The next moment at which something is denied by itself.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        let open = self.pending.iter().filter(|pending| pending.stage == Stage::Open);
        open.filter_map(|pending| pending.deadline).min()
    }

    /// Approvals whose time is over.
    pub(crate) fn overdue(&self, now: Duration) -> Vec<ApprovalId> {
        let open = self.pending.iter().filter(|pending| pending.stage == Stage::Open);
        open.filter(|pending| pending.deadline.is_some_and(|at| at <= now)).map(|p| p.approval.id).collect()
    }

    /// A new process knows nothing of the old one's requests.
    pub(crate) fn forget_requests(&mut self) {
        self.ended_requests.clear();
        self.ended_order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_comes_again_after_thousands_of_others_is_still_known() {
        let mut desk = Desk::default();
        desk.note_ended_request("first");
        for n in 0..MAX_ENDED_REQUESTS - 1 {
            desk.note_ended_request(&n.to_string());
            desk.note_ended_request("0");
        }
        assert!(desk.knows("first") && desk.knows("0") && desk.knows("5000"));
        assert!(!desk.knows("another"));
        desk.note_ended_request("one too many");
        assert!(!desk.knows("first") && desk.knows("0"));
        assert_eq!(desk.ended_requests.len(), desk.ended_order.len());
        desk.forget_requests();
        assert!(!desk.knows("0"));
    }
}
