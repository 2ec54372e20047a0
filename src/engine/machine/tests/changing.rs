//! A file that changes while its change is asked, and what comes of a change that was allowed.

use super::*;
use crate::core::approval::FileBefore;
use crate::core::approval::FilePreview;
use crate::core::approval::Withdrawal;
use crate::core::change::expected::Expected;
use crate::core::change::expected::Verdict;
use crate::engine::approvals::look::Rechecked;

fn preview(text: &str) -> FilePreview {
    FilePreview::new("a.txt", FileBefore::Text(text.into()))
}

impl Bench {
    /// An edit is asked, with the file as it is.
    fn asks_edit(&mut self, text: &str) -> &mut Self {
        let input = json!({"file_path": "a.txt", "old_string": "one", "new_string": "two"});
        self.ask("a", &json!({"tool_name": "Edit", "input": input}));
        let request_id = self.inspections.pop().unwrap();
        let inspection = Inspection { preview: Some(preview(text)), ..Inspection::default() };
        self.give(Input::Inspected { request_id, inspection: Box::new(inspection) })
    }

    /// The look before the answer finds the file like this.
    fn rechecked(&mut self, now: Option<FilePreview>) -> &mut Self {
        let job = self.rechecks.pop().unwrap();
        let expected = crate::core::change::expected::of(&job.approval, job.edited.as_ref());
        let of_edited = job.edited.as_ref().and(now.clone());
        let found = Box::new(Rechecked { preview: now, of_edited, expected });
        self.give(Input::Rechecked { request_id: job.request_id, found })
    }

    fn n_answers(&self) -> usize {
        self.answers.values().map(Vec::len).sum()
    }

    fn expected(&self) -> &Expected {
        &self.compares.last().unwrap().expected
    }
}

#[test]
fn an_answer_to_a_change_waits_for_a_look_at_the_file() {
    let mut bench = Bench::running(|_| {});
    bench.asks_edit("one\n").decide(1, Decision::allow_once());
    assert_eq!(bench.n_answers(), 0, "not before the file was looked at");
    bench.rechecked(Some(preview("one\n"))).write_all();
    assert!(matches!(bench.answers["a"][..], [PermissionAnswer::Allow { .. }]));
}

#[test]
fn a_file_that_changed_since_it_was_shown_is_asked_anew_and_nothing_is_sent() {
    let mut bench = Bench::running(|_| {});
    bench.asks_edit("one\n").decide(1, Decision::allow_once()).rechecked(Some(preview("one\nmore\n"))).write_all();
    assert_eq!(bench.n_answers(), 0);
    let kinds = bench.kinds();
    let is_withdrawn = |kind: &&EventKind| {
        matches!(kind, EventKind::ApprovalWithdrawn { approval: ApprovalId(1), why: Withdrawal::FileChanged })
    };
    assert!(kinds.iter().any(is_withdrawn));
    let inbox = bench.fleet.inbox();
    let [open] = &inbox[..] else { panic!("{inbox:?}") };
    let again = open.approval.preview.as_ref().unwrap();
    assert!(open.approval.id == ApprovalId(2) && again.asked_again && again.before == preview("one\nmore\n").before);
    // The old one is over; the new one is answered like any other.
    bench.decide(1, Decision::allow_once());
    assert!(bench.kinds().iter().any(|kind| matches!(kind, EventKind::AnswerRefused { .. })));
    bench.decide(2, Decision::allow_once()).rechecked(Some(preview("one\nmore\n"))).write_all();
    assert_eq!(bench.answers["a"].len(), 1);
}

#[test]
fn what_the_person_has_edited_is_shown_before_it_is_sent() {
    let mut bench = Bench::running(|_| {});
    let edit = |new: &str| json!({"file_path": "a.txt", "old_string": "one", "new_string": new});
    let edited = |new: &str| Decision::Allow { edited: Some(edit(new)), remember: Vec::new(), comment: None };
    bench.asks_edit("one\n").decide(1, edited("three")).rechecked(Some(preview("one\n"))).write_all();
    assert_eq!(bench.n_answers(), 0);
    let is_withdrawn = |kind: &&EventKind| {
        matches!(kind, EventKind::ApprovalWithdrawn { approval: ApprovalId(1), why: Withdrawal::Edited })
    };
    assert!(bench.kinds().iter().any(is_withdrawn));
    let shown = |bench: &Bench| bench.fleet.inbox()[0].approval.clone();
    let again = shown(&bench);
    assert_eq!((&again.input, &again.original), (&edit("three"), &Some(edit("two"))));
    let Some(crate::core::change::Change::File(change)) = crate::core::change::of(&again) else { panic!("{again:?}") };
    assert_eq!(change.pieces[0].after, "three\n");
    // Edited once more, and at last allowed as it stands there.
    bench.decide(2, edited("four")).rechecked(Some(preview("one\n"))).write_all();
    assert_eq!((bench.n_answers(), &shown(&bench).original), (0, &Some(edit("two"))));
    bench.decide(3, Decision::allow_once()).rechecked(Some(preview("one\n"))).write_all();
    let [PermissionAnswer::Allow { updated_input, .. }] = &bench.answers["a"][..] else { panic!("not allowed") };
    assert_eq!(updated_input, &edit("four"));
    let is_told = |kind: &&EventKind| matches!(kind, EventKind::ApprovalResolved { verdict, .. } if verdict.decision.describe() == "edited, then allowed");
    assert!(bench.kinds().iter().any(is_told));
}

#[test]
fn a_look_that_fails_allows_nothing() {
    let mut bench = Bench::running(|_| {});
    bench.asks_edit("one\n").decide(1, Decision::allow_once()).rechecked(None).write_all();
    assert_eq!((bench.n_answers(), bench.fleet.inbox().len()), (0, 1));
    // A denial waits for nothing.
    bench.decide(2, Decision::deny("no"));
    assert!(matches!(bench.answers["a"][..], [PermissionAnswer::Deny { .. }]));
}

#[test]
fn a_request_that_is_cancelled_during_the_look_gets_no_answer() {
    let mut bench = Bench::running(|_| {});
    bench.asks_edit("one\n").decide(1, Decision::allow_once());
    bench.line(&json!({"type": "control_cancel_request", "request_id": "a"}));
    bench.rechecked(Some(preview("one\n"))).write_all();
    assert_eq!((bench.n_answers(), bench.fleet.inbox().len()), (0, 0));
}

#[test]
fn what_came_of_an_allowed_change_is_compared_and_a_difference_is_told_once() {
    let mut bench = Bench::running(|_| {});
    bench.asks_edit("one\n").decide(1, Decision::allow_once()).rechecked(Some(preview("one\n"))).write_all();
    let content = json!([{"type": "tool_use", "id": "call-a", "name": "Edit", "input": {}}]);
    bench.line(&json!({"type": "assistant", "message": {"id": "m", "role": "assistant", "content": content}}));
    let result = json!([{"type": "tool_result", "tool_use_id": "call-a", "content": "done"}]);
    bench.line(&json!({"type": "user", "message": {"role": "user", "content": result}}));
    assert_eq!(bench.compares.last().unwrap().file, std::path::Path::new("/w/a.txt"));
    let expected = bench.expected();
    assert_eq!(expected.compare(Some(b"two\n")), Verdict::AsShown);
    assert_eq!(expected.compare(Some(b"one\n")), Verdict::NotMade);
    assert_eq!(expected.compare(Some(b"two\r\n")), Verdict::Different);
    assert_eq!(expected.compare(None), Verdict::Different);
    let n_told = |bench: &Bench| {
        let notices = bench.kinds().into_iter().filter(|kind| matches!(kind, EventKind::Noted(_)));
        notices.count()
    };
    let before = n_told(&bench);
    let file = std::path::PathBuf::from("/w/a.txt");
    for verdict in [Verdict::AsShown, Verdict::NotMade, Verdict::Different, Verdict::Different] {
        bench.give(Input::Compared { file: file.clone(), verdict });
    }
    assert_eq!(n_told(&bench), before + 1);
}
