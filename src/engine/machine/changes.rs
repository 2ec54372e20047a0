//! Changes of files: looked at again before they are allowed, and compared with what was shown when they are over.

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use super::Effect;
use super::Machine;
use crate::core::approval::Approval;
use crate::core::approval::Decision;
use crate::core::approval::FilePreview;
use crate::core::approval::Withdrawal;
use crate::core::cell::Notice;
use crate::core::change::expected::Expected;
use crate::core::change::expected::Verdict;
use crate::core::event::EventKind;
use crate::core::ids::ApprovalId;
use crate::core::ids::ToolCallId;
use crate::core::prompt::Surface;
use crate::core::risk;
use crate::engine::approvals::Pending;
use crate::engine::approvals::Stage;
use crate::engine::approvals::look::Compare;
use crate::engine::approvals::look::Recheck;
use crate::engine::approvals::look::Rechecked;
use crate::engine::approvals::look::named_file;

/// Allowed changes that are not over, at most; of more nothing is expected.
const MAX_ALLOWED: usize = 256;

/// What was allowed in this process.
#[derive(Debug, Default)]
pub(super) struct Changes {
    allowed: HashMap<ToolCallId, (PathBuf, Expected)>,
    /// Files of which it was told that they are not as shown: once is enough.
    told: HashSet<PathBuf>,
}

impl Changes {
    /// Notes what is to become of a file.
    pub(super) fn allow(&mut self, approval: &Approval, expected: Option<Expected>) {
        let (Some(call), Some(file), Some(expected)) = (&approval.call, named_file(approval), expected) else { return };
        if self.allowed.len() < MAX_ALLOWED {
            self.allowed.insert(call.clone(), (file, expected));
        }
    }

    /// The calls of a process that is gone do not end any more.
    pub(super) fn forget(&mut self) {
        self.allowed.clear();
    }
}

/// What to look at before this decision is sent.
pub(super) fn recheck(pending: &Pending, decision: &Decision) -> Recheck {
    let edited = if let Decision::Allow { edited, .. } = decision { edited.clone() } else { None };
    Recheck { request_id: pending.request_id.clone(), approval: pending.approval.clone(), edited }
}

fn is_same_file(shown: Option<&FilePreview>, now: Option<&FilePreview>) -> bool {
    match (shown, now) {
        (Some(shown), Some(now)) => shown.is_same_file(now),
        // Nobody could look then either, and that was said.
        (shown, now) => shown.is_none() && now.is_none(),
    }
}

impl Machine {
    /// Sends the answer that waits, when the file is still the one that was shown; else asks anew.
    pub(super) fn rechecked(&mut self, request_id: &str, found: Rechecked) {
        let Some(pending) = self.desk.of_request(request_id) else { return };
        let Some((decision, answer)) = pending.held.take() else { return };
        if let (Decision::Allow { edited: Some(input), comment: None, .. }, Stage::Claimed(verdict)) =
            (&decision, &pending.stage)
            && verdict.by == Surface::Terminal
        {
            // What the person has written is a change that nobody has seen.
            let approval = &mut pending.approval;
            approval.original.get_or_insert_with(|| approval.input.clone());
            approval.risks = risk::judge(&approval.tool, input, &approval.place.directory);
            approval.input = input.clone();
            // They were offered for what the model had asked.
            (approval.suggestions, approval.grants) = (Vec::new(), Vec::new());
            pending.offered = Vec::new();
            return self.ask_anew(request_id, found.of_edited, Withdrawal::Edited);
        }
        if is_same_file(pending.approval.preview.as_ref(), found.preview.as_ref()) {
            self.changes.allow(&pending.approval, found.expected);
            return self.send_answer(request_id.to_owned(), answer, decision);
        }
        let again = found.preview.map(|preview| FilePreview { asked_again: true, ..preview });
        self.ask_anew(request_id, again, Withdrawal::FileChanged);
    }

    fn ask_anew(&mut self, request_id: &str, preview: Option<FilePreview>, why: Withdrawal) {
        let Some(pending) = self.desk.of_request(request_id) else { return };
        let old = pending.approval.id;
        let again = ApprovalId(self.approval_ids.fetch_add(1, Ordering::Relaxed));
        pending.stage = Stage::Open;
        pending.approval.id = again;
        pending.approval.preview = preview;
        let approval = pending.approval.clone();
        self.desk.note_ending(old, why.describe());
        self.emit(EventKind::ApprovalWithdrawn { approval: old, why });
        self.emit(EventKind::ApprovalAsked(Box::new(approval)));
    }

    /// A call has ended: was it a change that somebody allowed?
    pub(super) fn change_is_over(&mut self, call: &ToolCallId) -> Option<Effect> {
        let (file, expected) = self.changes.allowed.remove(call)?;
        Some(Effect::Compare(Box::new(Compare { call: call.clone(), file, expected })))
    }

    /// Tells when an allowed change is not what was shown.
    pub(super) fn compared(&mut self, file: &Path, verdict: Verdict) {
        match verdict {
            Verdict::AsShown => return,
            // Its error is in the timeline.
            Verdict::NotMade => {
                tracing::warn!(session = %self.session, ?file, "the CLI did not make a change that was expected");
                return;
            }
            Verdict::Different => {
                tracing::warn!(session = %self.session, ?file, "a file is not as the allowed change was shown");
            }
        }
        if self.changes.told.insert(file.to_owned()) {
            let text = format!(
                "{} is not as it was shown when its change was allowed: the CLI, a hook or another program has written \
                 something else. See what is in it now.",
                file.display()
            );
            self.emit(EventKind::Noted(Notice::warning(text)));
        }
    }
}
